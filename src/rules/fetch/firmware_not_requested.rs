//! A firmware list was fetched whole, and nothing that it names was asked for.
//!
//! ## What it sees
//! The list arrived complete. No request for any file in it follows, and the phone starts
//! over or falls silent.
//!
//! ## Why the phone stops
//! The phone checks the list's signature before it believes it. Cisco signs loads from
//! 8.5(2)SR1 on with a new key, which firmware before 8.5(1) does not know: the screen
//! shows "Auth Fail". A list for other hardware, or one that was edited, is refused too.
//!
//! ## How to fix it
//! 1. Take the bridge first: a phone older than 8.3(3) needs 8.3(3), then 8.5(2), then 9.x.
//!    The recovery file termNN.default.loads must come from the bridge's archive.
//! 2. Do not edit or rename lists: any change breaks the signature.
//! 3. See that the list belongs to this model.
//!
//! ## When it may be wrong
//! A phone that has all files of the list already asks for none. Then it goes on to its
//! configuration or registers, and nothing is reported.
//!
//! ## References
//! Cisco IP phone release notes for 8.5(2)SR1; crimsonsilo.com and sysop.ca on "Auth Fail".

use phoneboot_parsers::manifest::{Kind, What};

use crate::finding::{Confidence, Finding, Severity};
use crate::rules::Context;
use crate::session::Boot;

use super::firmware::{self, List};
use super::loss;

pub(in crate::rules) fn check(boot: &Boot, context: &Context<'_>) -> Vec<Finding> {
    let lists = firmware::lists(boot, context);
    let Some(list) = lists.last() else {
        return Vec::new();
    };
    if list.entries.is_empty()
        || list.entries.iter().any(|entry| entry.asked.is_some())
        || !context.is_stuck_after(boot, list.transfer.last)
        || is_mended_later(context)
        || asked_for_more(boot, list)
    {
        return Vec::new();
    }
    vec![found(boot, context, list)]
}

/// Whether a later boot went further, by asking for the files or by registering: the
/// phone took its time, or a second step of a recovery followed.
fn is_mended_later(context: &Context<'_>) -> bool {
    context
        .phone
        .boots
        .iter()
        .skip(context.boot_index + 1)
        .any(|boot| {
            boot.is_registered()
                || firmware::lists(boot, context)
                    .iter()
                    .any(|list| list.entries.iter().any(|entry| entry.asked.is_some()))
        })
}

/// Whether the phone went on to other files behind the list.
fn asked_for_more(boot: &Boot, list: &List<'_>) -> bool {
    boot.transfers
        .iter()
        .any(|other| other.first > list.transfer.last)
}

fn found(boot: &Boot, context: &Context<'_>, list: &List<'_>) -> Finding {
    let name = loss::shown(list.transfer);
    let first = list.entries.first().map_or("", |entry| entry.name.as_str());
    let repeated = n_boots_alike(context, &name);
    let version = list
        .transfer
        .manifest
        .as_deref()
        .filter(|manifest| manifest.kind == Kind::LoadList)
        .and_then(|manifest| manifest.names(What::Image).next())
        .map_or(String::new(), |image| format!(" ({image} …)"));
    let mut finding = Finding::new(
        "firmware-not-requested",
        Severity::Error,
        format!("the phone reads \"{name}\" and asks for none of its files"),
    )
    .confidence(if repeated > 1 {
        Confidence::Certain
    } else {
        Confidence::Likely
    })
    .detail(format!(
        "The list came whole, {} bytes. It names {} files{version}; the phone asked for none and \
         {}. It does not accept the list: the signature is of a newer key than its firmware \
         knows (\"Auth Fail\"), or the list is for other hardware.",
        list.transfer.bytes,
        list.entries.len(),
        if boot.followed_by_another {
            "started over"
        } else {
            "fell silent"
        }
    ))
    .about(loss::about(list.transfer))
    .evidence(list.transfer.first, format!("request for {name}"))
    .evidence(list.transfer.last, format!("{name} is complete"));
    if let Some(next) = context.phone.boots.get(context.boot_index + 1) {
        finding = finding.evidence(next.started, "the phone starts over");
    } else {
        finding = finding.evidence(boot.last_heard, "the last that is heard of the phone");
    }
    finding
        .remedy(format!(
            "Serve a {name} of an older load first. For Cisco 79xx: 8.3(3), then 8.5(2), then 9.x."
        ))
        .remedy(format!(
            "See that {name} is unchanged, of this model's archive, and that {first} lies beside it."
        ))
}

/// In how many boots the phone fetched this list and asked for nothing in it.
fn n_boots_alike(context: &Context<'_>, name: &str) -> usize {
    context
        .phone
        .boots
        .iter()
        .filter(|boot| {
            firmware::lists(boot, context).iter().any(|list| {
                loss::shown(list.transfer) == name
                    && list.entries.iter().all(|entry| entry.asked.is_none())
            })
        })
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::fetch::testing::load_list;
    use crate::rules::testing::Case;
    use crate::session::registration;
    use crate::session::testing::BootBuilder;
    use crate::session::transfer::Status;

    const FILES: &[&str] = &["jar70sccp.sbn", "cnu70.sbn"];

    fn boot() -> BootBuilder {
        load_list(BootBuilder::new(), "term70.default.loads", FILES)
    }

    #[test]
    fn a_list_without_consequence_is_refused_firmware() {
        let findings = Case::new("cisco-79x1", boot()).check(check);
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].confidence, Confidence::Likely);
        let boots = vec![boot().build(), boot().build()];
        let findings = Case::of_boots("cisco-79x1", boots).check(check);
        assert_eq!(findings[0].confidence, Confidence::Certain);
    }

    #[test]
    fn a_phone_that_goes_on_is_silent() {
        let asks = boot().tftp("jar70sccp.sbn", Status::NotFound);
        assert!(Case::new("cisco-79x1", asks).check(check).is_empty());
        let registers = boot().registration(registration::Status::Registered, None);
        assert!(Case::new("cisco-79x1", registers).check(check).is_empty());
        let early = Case::new("cisco-79x1", boot()).ends_after_secs(10);
        assert!(early.check(check).is_empty());
    }
}
