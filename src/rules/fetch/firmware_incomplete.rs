//! A firmware list was fetched, and not all that it names was delivered.
//!
//! ## What it sees
//! The list itself arrived and was read; at least one file that it names was asked for
//! and did not arrive, or the phone stopped in the middle of the list.
//!
//! ## Why the phone stops
//! The files of a list belong together: boot code, network code, applications, signal
//! processor, call control. A phone writes each to its flash as it comes. With one of them
//! missing it runs on its old firmware; after a factory reset there is none, and it stays
//! dark and begins again.
//!
//! ## How to fix it
//! 1. Copy every file of the firmware archive into the server's root, not the list alone.
//! 2. Compare the names with those of the list letter by letter: case counts.
//! 3. When the files are there, see why their transfers end: the other findings say.
//!
//! ## When it may be wrong
//! A phone may leave out files that it has already. As long as it goes on by itself, this
//! is not reported.
//!
//! ## References
//! Cisco load lists as published in `dkgroot/provision_sccp`: one name a line, in the order
//! in which the files are asked for.

use crate::finding::{Confidence, Finding, Severity};
use crate::profiles::Role;
use crate::rules::Context;
use crate::session::Boot;
use crate::session::transfer::Transfer;

use super::firmware::{self, List};
use super::loss;

pub(in crate::rules) fn check(boot: &Boot, context: &Context<'_>) -> Vec<Finding> {
    firmware::lists(boot, context)
        .iter()
        .filter_map(|list| incomplete(boot, context, list))
        .collect()
}

fn incomplete(boot: &Boot, context: &Context<'_>, list: &List<'_>) -> Option<Finding> {
    let n_arrived = list.entries.iter().filter(|entry| entry.arrived()).count();
    let failed: Vec<_> = list
        .entries
        .iter()
        .filter(|entry| !entry.arrived() && !entry.may_arrive() && entry.asked.is_some())
        .collect();
    let last_asked = list
        .entries
        .iter()
        .filter_map(|entry| entry.asked)
        .map(|(transfer, _)| transfer)
        .max_by_key(|transfer| transfer.last)?;
    let stopped = context.is_stuck_after(boot, last_asked.last);
    let came_up = boot.is_registered()
        || a_later_boot_registers(context)
        || a_later_boot_went_further(context, list);
    // What is not asked for any more counts once the phone has stopped in between.
    let not_asked = list.entries.iter().filter(|entry| entry.asked.is_none());
    let lacking: Vec<&str> = failed
        .iter()
        .copied()
        .chain(not_asked.filter(|_| stopped && !came_up))
        .map(|entry| entry.name.as_str())
        .collect();
    if lacking.is_empty() {
        return None;
    }
    let severity = if stopped && !came_up {
        Severity::Error
    } else {
        Severity::Warning
    };
    let name = loss::shown(list.transfer);
    let n_entries = list.entries.len();
    let mut finding = Finding::new(
        "firmware-incomplete",
        severity,
        format!("only {n_arrived} of the {n_entries} files that \"{name}\" lists arrived"),
    )
    .confidence(if failed.is_empty() {
        Confidence::Likely
    } else {
        Confidence::Certain
    })
    .detail(format!(
        "The list came whole from {}. Of the files in it the phone lacks {}.",
        list.transfer.server,
        lacking.join(", ")
    ))
    .about(loss::about(list.transfer))
    .evidence(list.transfer.last, format!("{name} is complete"));
    for entry in &failed {
        if let Some((transfer, verdict)) = entry.asked {
            finding =
                finding.evidence(transfer.last, format!("{}: {}", entry.name, verdict.name()));
        }
    }
    if failed.is_empty() {
        finding = finding.evidence(
            last_asked.last,
            "the last file of the list that was asked for",
        );
    }
    Some(finding.remedy(format!(
        "Put all {n_entries} files of the archive that {name} comes from into the root of {}: {}.",
        list.transfer.server,
        list.entries
            .iter()
            .map(|entry| entry.name.as_str())
            .collect::<Vec<_>>()
            .join(", ")
    )))
}

/// Whether the phone came up in the end: what it left out it had.
fn a_later_boot_registers(context: &Context<'_>) -> bool {
    context
        .phone
        .boots
        .iter()
        .skip(context.boot_index + 1)
        .any(Boot::is_registered)
}

/// Whether a later boot got to its configuration, and none began with this list again.
fn a_later_boot_went_further(context: &Context<'_>, list: &List<'_>) -> bool {
    let later = context.phone.boots.iter().skip(context.boot_index + 1);
    let asked: Vec<&Transfer> = later.flat_map(|boot| &boot.transfers).collect();
    let is_of_list = |transfer: &Transfer| {
        let name = transfer.file_name();
        name == list.transfer.file_name()
            || list
                .entries
                .iter()
                .any(|entry| name.eq_ignore_ascii_case(&entry.name))
    };
    let is_config = |transfer: &Transfer| {
        context
            .file(transfer)
            .is_some_and(|file| matches!(file.role(), Role::Config | Role::ConfigDefault))
    };
    asked.iter().any(|transfer| is_config(transfer))
        && !asked.iter().any(|transfer| is_of_list(transfer))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::fetch::testing::load_list;
    use crate::rules::testing::Case;
    use crate::session::testing::BootBuilder;
    use crate::session::transfer::Status;

    const FILES: &[&str] = &["jar70sccp.sbn", "cnu70.sbn", "apps70.sbn"];

    fn boot() -> BootBuilder {
        load_list(BootBuilder::new(), "term70.default.loads", FILES)
    }

    #[test]
    fn a_file_of_the_list_that_is_missing_is_named() {
        let boot = boot()
            .tftp("jar70sccp.sbn", Status::Complete)
            .tftp("cnu70.sbn", Status::NotFound);
        let findings = Case::new("cisco-79x1", boot).check(check);
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].severity, Severity::Error);
        assert_eq!(
            findings[0].title,
            "only 1 of the 3 files that \"term70.default.loads\" lists arrived"
        );
        assert!(findings[0].detail.ends_with("lacks cnu70.sbn, apps70.sbn."));
    }

    #[test]
    fn a_phone_that_stops_within_the_list_lacks_the_rest() {
        let boot = boot().tftp("jar70sccp.sbn", Status::Complete);
        let findings = Case::new("cisco-79x1", boot).check(check);
        assert_eq!(findings[0].confidence, Confidence::Likely);
    }

    #[test]
    fn a_boot_that_another_one_goes_beyond_lacks_nothing() {
        let first = |next: BootBuilder| {
            let first = boot().tftp("jar70sccp.sbn", Status::Complete).build();
            let mut case = Case::of_boots("cisco-79x1", vec![first, next.build()]);
            case.judge_boot(0);
            case.check(check)
        };
        let next = || BootBuilder::new().after_secs(60);
        let further = next().tftp("SEP001AA17BE638.cnf.xml", Status::Running);
        assert!(first(further).is_empty());
        let again = next()
            .tftp("SEP001AA17BE638.cnf.xml", Status::Complete)
            .tftp("term70.default.loads", Status::Running);
        assert_eq!(first(again)[0].severity, Severity::Error);
    }

    #[test]
    fn a_list_that_is_fetched_now_or_whole_is_silent() {
        for status in [Status::Complete, Status::Running, Status::Unanswered] {
            let going_on = boot().tftp("jar70sccp.sbn", status);
            let case = Case::new("cisco-79x1", going_on).ends_after_secs(2);
            assert!(case.check(check).is_empty(), "{status:?}");
        }
        let whole = FILES
            .iter()
            .fold(boot(), |boot, file| boot.tftp(file, Status::Complete));
        assert!(Case::new("cisco-79x1", whole).check(check).is_empty());
    }
}
