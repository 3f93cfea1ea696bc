//! The phone gets its configuration whole, does nothing that stands in it, and fetches it
//! again.
//!
//! ## What it sees
//! The phone's own configuration is delivered to its last byte three times or more: every few
//! seconds up to a minute in one boot, or once in each of several boots. Nothing follows that
//! the file could have told the phone: no call server is called, looked up or asked for by
//! ARP, and no file is fetched but configurations and trust lists.
//!
//! ## Why the phone stops
//! It refuses the file: an error in the XML, a template for another model or protocol, a value
//! that is too long, or a signature that it cannot check. Without a configuration it knows no
//! call server. Cisco 88xx then ask again every 15 to 45 seconds.
//!
//! ## How to fix it
//! 1. Check the file: `xmllint --noout FILE`. One root element, every tag closed, `&` written
//!    as `&amp;`.
//! 2. Begin with the complete file of a phone of the same model that works, and change one
//!    thing at a time.
//! 3. A phone that belonged to a secured cluster keeps its trust list: erase that (ITL, CTL)
//!    in its security settings, or reset the phone.
//! 4. The phone's status messages say what it dislikes.
//!
//! ## When it may be wrong
//! A capture at the file server does not show whom else a phone calls: without a frame that
//! never leaves the phone's own link, boots that end behind the file are a warning only.
//! Phones that run and look for news do so every few minutes, or are told that there is
//! nothing new; neither is reported.
//!
//! ## References
//! Orders of files, and how the families show their status messages: `phoneboot phones <family>`.

use phoneboot_parsers::manifest::Kind;
use phoneboot_parsers::tftp::Direction;

use crate::event::At;
use crate::finding::{Confidence, Finding, Severity};
use crate::profiles::Role;
use crate::rules::Context;
use crate::rules::context::TransferVerdict;
use crate::session::transfer::Transfer;
use crate::session::{Beginning, Boot};

use super::loss;

/// So many deliveries that lead to nothing are a refusal.
const PROOF: usize = 3;
/// Who asks again sooner than this repeats a request, and has not read the file.
const SOONEST_SECS: f64 = 5.0;
/// Who asks again later than this may only look for news.
const LATEST_SECS: f64 = 60.0;

pub(in crate::rules) fn check(boot: &Boot, context: &Context<'_>) -> Vec<Finding> {
    let Some(fetched) = fetched_in_vain(boot, context) else {
        return Vec::new();
    };
    let later = context.phone.boots.iter().skip(context.boot_index + 1);
    if later.clone().any(Boot::is_registered) {
        return Vec::new();
    }
    let row = one_after_another(&fetched);
    let n_boots = n_boots_alike(context, &fetched);
    if row.len() >= PROOF {
        vec![repeated(context, &row)]
    } else if n_boots >= PROOF {
        vec![in_each_boot(boot, context, &fetched, n_boots)]
    } else {
        Vec::new()
    }
}

/// The deliveries of the phone's own configuration, when nothing follows the first that
/// shows that the phone has understood it.
fn fetched_in_vain<'b>(boot: &'b Boot, context: &Context<'_>) -> Option<Vec<&'b Transfer>> {
    let delivered: Vec<&Transfer> = boot
        .transfers
        .iter()
        .filter(|transfer| {
            transfer.direction == Direction::Read
                && context.verdict(boot, transfer) == TransferVerdict::Complete
                && context
                    .file(transfer)
                    .is_some_and(|file| file.role() == Role::Config)
                && transfer
                    .manifest
                    .as_deref()
                    .is_none_or(|manifest| manifest.kind != Kind::WebPage)
        })
        .collect();
    let name = delivered.last()?.file_name();
    let fetched: Vec<&Transfer> = delivered
        .into_iter()
        .filter(|transfer| transfer.file_name() == name)
        .collect();
    let first = *fetched.first()?;
    let in_vain = boot.joined.is_none()
        && !calls_out(boot, first)
        && !goes_on(boot, context, first)
        && !talks_elsewhere(boot, first);
    in_vain.then_some(fetched)
}

/// Whether the phone spoke to a call server, in any way, at any time of the boot.
fn calls_out(boot: &Boot, config: &Transfer) -> bool {
    let calls = boot
        .reach
        .connections
        .iter()
        .any(|call| boot.is_call_server(call.server, call.server_port));
    !boot.registrations.is_empty()
        || !boot.signaling.is_empty()
        || boot.previous_end.is_some()
        || boot
            .tls
            .iter()
            .any(|session| session.is_for_registration() || session.hello.at > config.last)
        || calls
}

/// Whether the phone went on to files that come after a configuration.
fn goes_on(boot: &Boot, context: &Context<'_>, config: &Transfer) -> bool {
    boot.transfers.iter().any(|other| {
        let role = context.file(other).map(|file| file.role());
        other.first > config.last
            && other.direction == Direction::Read
            && !matches!(
                role,
                Some(Role::Config | Role::ConfigCommon | Role::ConfigDefault | Role::Trust)
            )
    })
}

/// Whether the phone turned to somebody whom it can only know from the file.
fn talks_elsewhere(boot: &Boot, config: &Transfer) -> bool {
    let is_new = |at: At| at > config.last;
    let lease = boot.lease.acknowledged();
    let known = |address: std::net::IpAddr| {
        address == config.server
            || lease.is_some_and(|lease| {
                let routers = lease.message.addresses(3).unwrap_or_default();
                let names = lease.message.addresses(6).unwrap_or_default();
                routers
                    .into_iter()
                    .chain(names)
                    .chain(lease.server())
                    .any(|own| std::net::IpAddr::V4(own) == address)
            })
    };
    let reach = &boot.reach;
    let by_name = boot
        .lookups
        .iter()
        .any(|lookup| lookup.first().is_some_and(is_new));
    by_name
        || reach
            .connections
            .iter()
            .any(|call| is_new(call.first) && call.server != config.server)
        || reach
            .arp
            .iter()
            .any(|target| is_new(target.first) && !target.probe && !known(target.address.into()))
        || boot.neighbors.iter().any(|target| is_new(target.first))
        || boot.time.iter().any(|server| is_new(server.first))
}

/// The last deliveries that followed each other at the pace of a phone that tries again.
fn one_after_another<'b>(fetched: &[&'b Transfer]) -> Vec<&'b Transfer> {
    let mut row: Vec<&Transfer> = Vec::new();
    for transfer in fetched {
        let at_pace = row.last().is_none_or(|before| {
            let gap_secs = transfer.first.time.secs_since(before.last.time);
            (SOONEST_SECS..=LATEST_SECS).contains(&gap_secs)
        });
        if !at_pace && row.len() < PROOF {
            row.clear();
        }
        if at_pace || row.is_empty() {
            row.push(transfer);
        }
    }
    row
}

/// How many boots in a row, this one among them, ended behind this file. A boot that only
/// the file itself shows may be a phone that runs and looks for news.
fn n_boots_alike(context: &Context<'_>, fetched: &[&Transfer]) -> usize {
    let name = fetched.first().map(|transfer| transfer.file_name());
    let alike = |(index, boot): &(usize, &Boot)| {
        let context = Context {
            boot_index: *index,
            ..*context
        };
        let begun = boot.began_by != Beginning::FirstFileAgain && !boot.lease.messages.is_empty();
        begun
            && fetched_in_vain(boot, &context)
                .and_then(|fetched| Some(fetched.first()?.file_name()))
                == name
    };
    let boots = &context.phone.boots;
    let before = boots.iter().enumerate().take(context.boot_index + 1).rev();
    let after = boots.iter().enumerate().skip(context.boot_index + 1);
    before.take_while(alike).count() + after.take_while(alike).count()
}

fn repeated(context: &Context<'_>, row: &[&Transfer]) -> Finding {
    let n_times = row.len();
    let (first, last) = (row.first(), row.last());
    let secs = first.zip(last).map_or(0.0, |(first, last)| {
        last.first.time.secs_since(first.first.time)
    });
    let name = last.map(|last| loss::shown(last)).unwrap_or_default();
    let detail = format!(
        "{name} came whole {n_times} times in {secs:.0} s, and the phone called no call server nor \
         did anything else that stands in it."
    );
    let mut finding = found(context, last.copied(), Severity::Error, detail);
    for (transfer, words) in [(first, "first"), (last, "last")] {
        if let Some(transfer) = transfer {
            finding = finding.evidence(transfer.last, format!("{words} delivery of {name}"));
        }
    }
    finding
}

fn in_each_boot(
    boot: &Boot,
    context: &Context<'_>,
    fetched: &[&Transfer],
    n_boots: usize,
) -> Finding {
    // CDP and LLDP never leave the link: where they are seen, all else would be too.
    let mut boots = context.phone.boots.iter();
    let at_phone =
        boots.any(|boot| !boot.link.phone_cdp.is_empty() || !boot.link.phone_lldp.is_empty());
    let severity = if at_phone {
        Severity::Error
    } else {
        Severity::Warning
    };
    let last = fetched.last();
    let name = last.map(|last| loss::shown(last)).unwrap_or_default();
    let detail = format!(
        "{name} comes whole in each of {n_boots} boots, and each time the phone starts over \
         without having called a call server."
    );
    let mut finding = found(context, last.copied(), severity, detail);
    if !at_phone {
        finding = finding.confidence(Confidence::Possible);
    }
    if let Some(last) = last {
        finding = finding.evidence(last.last, format!("{name} is complete"));
    }
    match context.phone.boots.get(context.boot_index + 1) {
        Some(next) => finding.evidence(next.started, "the phone starts over"),
        None => finding.evidence(boot.last_heard, "the last that is heard of the phone"),
    }
}

fn found(
    context: &Context<'_>,
    config: Option<&Transfer>,
    severity: Severity,
    detail: String,
) -> Finding {
    let name = config.map(loss::shown).unwrap_or_default();
    let names_no_server = config
        .and_then(|config| config.manifest.as_deref())
        .is_some_and(|manifest| {
            manifest.kind == Kind::CiscoConfiguration && manifest.servers.is_empty()
        });
    let detail = if names_no_server {
        format!("{detail} No call server (processNodeName) can be read in it.")
    } else {
        detail
    };
    let finding = Finding::new(
        "config-not-accepted",
        severity,
        format!("the phone fetches \"{name}\" again and again and does not act on it"),
    )
    .confidence(Confidence::Likely)
    .detail(detail)
    .about(config.map(loss::about).unwrap_or_default());
    let is_xml = name.to_ascii_lowercase().contains(".xml");
    let finding = if is_xml {
        finding.remedy(format!(
            "Check the file for errors: xmllint --noout {name}. One root element, every tag closed, & \
             written as &amp;."
        ))
    } else {
        finding.remedy(format!(
            "Compare {name} line by line with that of a phone of this model that works."
        ))
    };
    let finding = if context.vendor() == "Cisco" {
        finding.remedy(
            "Has the phone been in another cluster? Then erase its trust list (ITL, CTL) in the \
             security settings, or reset it.",
        )
    } else {
        finding
    };
    finding
        .remedy("Take the template of this model and protocol, and change one thing at a time.")
        .remedy("Read the phone's status messages: they name what it dislikes.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::Case;
    use crate::session::registration;
    use crate::session::testing::BootBuilder;
    use crate::session::transfer::Status;

    const CONFIG: &str = "SEP001AA17BE638.cnf.xml";

    fn leased() -> BootBuilder {
        BootBuilder::new().lease(&[150], &[(150, &[192, 0, 2, 10])])
    }

    fn fetched(times: u32, gap_secs: u32) -> BootBuilder {
        (0..times).fold(leased(), |boot, _| {
            boot.tftp("CTLSEP001AA17BE638.tlv", Status::NotFound)
                .tftp(CONFIG, Status::Complete)
                .after_secs(gap_secs)
        })
    }

    fn findings(boot: BootBuilder) -> Vec<Finding> {
        Case::new("cisco-79x1", boot).check(check)
    }

    #[test]
    fn a_file_that_is_fetched_every_15_seconds_is_refused() {
        let found = findings(fetched(4, 15));
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].severity, Severity::Error);
        assert!(found[0].detail.contains("came whole 4 times in 45 s"));
    }

    #[test]
    fn a_phone_that_acts_on_the_file_has_taken_it() {
        let at_call_server = |boot: BootBuilder| {
            boot.connection([192, 0, 2, 11].into(), 2000, |call, _| call.opens = 3)
        };
        for boot in [
            fetched(4, 15).registration(registration::Status::Unanswered, None),
            at_call_server(fetched(4, 15)),
            fetched(4, 15).arp([192, 0, 2, 11].into(), 4, false),
            fetched(4, 15).lookup("cucm.example.com", 1, 1, None),
            fetched(4, 15).tftp("SCCP41.9-4-2.loads", Status::NotFound),
        ] {
            assert!(findings(boot).is_empty());
        }
    }

    #[test]
    fn looking_for_news_is_no_refusal() {
        assert!(findings(fetched(5, 300)).is_empty());
        assert!(findings(fetched(2, 15)).is_empty());
        let joined = fetched(5, 15).with(|boot, at| boot.joined = Some(at));
        assert!(findings(joined).is_empty());
    }

    /// Boots that end behind the file, each begun by DHCP.
    fn boots(count: usize, at_phone: bool) -> Vec<Finding> {
        let boot = || {
            let mut boot = fetched(1, 40);
            if at_phone {
                boot = boot.phone_cdp(phoneboot_parsers::cdp::Message::default());
            }
            let mut boot = boot.build();
            boot.began_by = Beginning::Dhcp;
            boot
        };
        let boots = (0..count).map(|_| boot()).collect();
        Case::of_boots("cisco-79x1", boots).check(check)
    }

    #[test]
    fn boots_that_end_behind_the_file_are_a_refusal() {
        assert!(boots(2, true).is_empty());
        assert_eq!(boots(3, true)[0].severity, Severity::Error);
        let elsewhere = boots(3, false);
        assert_eq!(elsewhere[0].severity, Severity::Warning);
        assert_eq!(elsewhere[0].confidence, Confidence::Possible);
    }

    #[test]
    fn a_phone_that_polls_without_dhcp_does_not_start_over() {
        let polls = || {
            let mut boot = fetched(1, 40).build();
            boot.began_by = Beginning::FirstFileAgain;
            boot
        };
        let boots = (0..5).map(|_| polls()).collect();
        assert!(Case::of_boots("cisco-79x1", boots).check(check).is_empty());
    }
}
