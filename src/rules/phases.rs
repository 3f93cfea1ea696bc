//! How each phase of a boot went, and which one is the furthest.
//!
//! | What is known of the phase | Status |
//! |---|---|
//! | an error is found in it | `failed` |
//! | a warning is found in it | `trouble` |
//! | something succeeded in it, or what came later shows that it did | `ok` |
//! | nothing did, and an error of an earlier phase is why | `failed` |
//! | nothing did, and a note says so, or the boot ended there | `trouble` |
//! | the capture shows neither a success nor a fault | `not-seen` |
//!
//! A boot that the capture leaves in the middle is not judged by what had not come yet.

use phoneboot_parsers::Protocol;
use phoneboot_parsers::dhcp::MessageType;
use phoneboot_parsers::dhcpv6;

use crate::diagnosis::{Outcome, PhaseReport, PhaseStatus};
use crate::finding::{Finding, Severity};
use crate::session::clock::TimeServer;
use crate::session::lookup::Lookup;
use crate::session::signaling::Signaling;
use crate::session::tls::{REGISTRATION_PORTS, Session};
use crate::session::{Boot, Phase};

use super::context::{Context, TransferVerdict, came};
use super::{RULES, Rule};

/// Findings that say that nobody gave the phone an address: what it does later proves no
/// lease then.
const NO_LEASE: [&str; 2] = ["dhcp-offer-missing", "dhcp-ack-missing"];

/// How each phase went.
pub(super) fn phases(
    boot: &Boot,
    context: &Context<'_>,
    outcome: Outcome,
    findings: &[Finding],
) -> Vec<PhaseReport> {
    Phase::ALL
        .into_iter()
        .map(|phase| {
            let mut steps = boot.timeline.iter().filter(|step| step.phase == phase);
            let started = steps.next().map(|step| step.at);
            let ended = steps.next_back().map(|step| step.at).or(started);
            let of_phase = |finding: &&Finding| phase_of(boot, finding) == Some(phase);
            let worst = findings
                .iter()
                .filter(of_phase)
                .map(|finding| finding.severity)
                .max();
            let status = match worst {
                Some(Severity::Error) => PhaseStatus::Failed,
                Some(Severity::Warning) => PhaseStatus::Trouble,
                _ if started.is_none() => PhaseStatus::NotSeen,
                _ if is_well(boot, context, phase, findings) => PhaseStatus::Ok,
                _ if outcome == Outcome::Incomplete => PhaseStatus::NotSeen,
                _ if failed_before(boot, phase, findings) => PhaseStatus::Failed,
                // What came before the capture may have been the success.
                Some(Severity::Note) if boot.joined.is_none() => PhaseStatus::Trouble,
                None if outcome == Outcome::Stalled && entered(boot) == phase => {
                    PhaseStatus::Trouble
                }
                _ => PhaseStatus::NotSeen,
            };
            PhaseReport {
                phase,
                status,
                started,
                ended,
            }
        })
        .collect()
}

/// The furthest phase that the phone reached: by a step, or by a fault.
pub(super) fn furthest(phases: &[PhaseReport]) -> Phase {
    phases
        .iter()
        .rfind(|report| report.started.is_some() || report.status != PhaseStatus::NotSeen)
        .map_or(Phase::Link, |report| report.phase)
}

/// The furthest phase of which the timeline has a step.
pub(super) fn entered(boot: &Boot) -> Phase {
    boot.timeline
        .iter()
        .map(|step| step.phase)
        .max()
        .unwrap_or(Phase::Link)
}

/// The phase that a finding is about, which is the one that its rule judges: except TLS to a
/// port by which phones register, and a loop, which is where the boot ends. `None` for the
/// capture.
pub(super) fn phase_of(boot: &Boot, finding: &Finding) -> Option<Phase> {
    let is_registration = finding
        .subject
        .port
        .is_some_and(|port| REGISTRATION_PORTS.contains(&port));
    match finding.id {
        "tls-handshake-failed" if is_registration => Some(Phase::Register),
        "boot-loop" => Some(entered(boot)),
        id => RULES
            .iter()
            .find(|rule: &&Rule| rule.id == id)
            .and_then(|rule| rule.phase),
    }
}

/// Whether an error of a phase before this one ended the boot.
fn failed_before(boot: &Boot, phase: Phase, findings: &[Finding]) -> bool {
    findings.iter().any(|finding| {
        finding.severity == Severity::Error
            && phase_of(boot, finding).is_some_and(|earlier| earlier < phase)
    })
}

/// Whether something succeeded in a phase, or the phone went on as it only does then.
fn is_well(boot: &Boot, context: &Context<'_>, phase: Phase, findings: &[Finding]) -> bool {
    let went_on_to = |later: Phase| {
        boot.timeline
            .iter()
            .any(|step| step.from_phone && step.phase >= later)
    };
    match phase {
        Phase::Link => has_link(boot) || has_lease(boot) || went_on_to(Phase::Reach),
        Phase::Lease => {
            let has_none = findings.iter().any(|one| NO_LEASE.contains(&one.id));
            has_lease(boot) || (!has_none && went_on_to(Phase::Reach))
        }
        // Who sends a request to an address has found its owner.
        Phase::Reach => has_reached(boot) || went_on_to(Phase::Fetch),
        Phase::Fetch => has_fetched(boot, context),
        Phase::Register => has_registered(boot),
    }
}

/// Whether the link carries frames, or the port let the phone in.
fn has_link(boot: &Boot) -> bool {
    boot.timeline.iter().any(|step| {
        matches!(step.protocol, Protocol::Cdp | Protocol::Lldp) || step.event == "eap-success"
    })
}

fn has_lease(boot: &Boot) -> bool {
    boot.lease.of_kind(MessageType::Ack).next().is_some()
        || boot
            .lease6
            .of_kind(dhcpv6::MessageType::Reply)
            .any(|reply| reply.refusal().is_none())
}

fn has_reached(boot: &Boot) -> bool {
    let arp = &boot.reach.arp;
    arp.iter().any(|one| !one.probe && one.answer.is_some())
        || boot
            .neighbors
            .iter()
            .any(|one| !one.probe && one.answer.is_some())
        || boot.lookups.iter().any(Lookup::is_found)
        || boot
            .reach
            .connections
            .iter()
            .any(|connection| connection.accepted.is_some())
        || boot.time.iter().any(TimeServer::told)
        || boot.plug_and_play.url.is_some()
}

/// Whether a file came, or went, or is on its way.
fn has_fetched(boot: &Boot, context: &Context<'_>) -> bool {
    let is_for_files = |session: &&Session| !session.is_for_registration();
    boot.transfers.iter().any(|transfer| {
        let verdict = context.verdict(boot, transfer);
        came(transfer, verdict) || (verdict == TransferVerdict::Unknown && transfer.bytes > 0)
    }) || boot
        .tls
        .iter()
        .filter(is_for_files)
        .any(Session::is_established)
}

fn has_registered(boot: &Boot) -> bool {
    boot.is_registered()
        || boot.signaling.iter().any(Signaling::is_accepted)
        || boot
            .tls
            .iter()
            .any(|session| session.is_for_registration() && session.is_established())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::Case;
    use crate::session::registration;
    use crate::session::testing::{BootBuilder, SERVER};
    use crate::session::transfer::Status;

    /// The statuses of a boot that ended so, as `link lease reach fetch register`, and the
    /// furthest phase.
    fn statuses(boot: BootBuilder, outcome: Outcome, findings: &[Finding]) -> String {
        let said = std::cell::RefCell::new(String::new());
        Case::new("cisco-79x1", boot).check(|boot, context| {
            let reports = phases(boot, context, outcome, findings);
            let words: Vec<&str> = reports.iter().map(|one| one.status.name()).collect();
            let furthest = furthest(&reports).name();
            *said.borrow_mut() = format!("{}: {furthest}", words.join(" "));
            Vec::new()
        });
        said.into_inner()
    }

    fn finding(id: &'static str, severity: Severity) -> Finding {
        Finding::new(id, severity, "")
    }

    fn leased() -> BootBuilder {
        BootBuilder::new().lease(&[150], &[(150, &[192, 0, 2, 10])])
    }

    fn asked() -> BootBuilder {
        BootBuilder::new().dhcp(MessageType::Discover, &[(55, &[150])])
    }

    #[test]
    fn a_question_without_an_answer_is_no_success() {
        let kept_out = [
            finding("port-auth-failed", Severity::Error),
            finding("dhcp-offer-missing", Severity::Note),
        ];
        for (outcome, findings, expected) in [
            (
                Outcome::Failed,
                &kept_out[..],
                "failed failed not-seen not-seen not-seen: lease",
            ),
            (
                Outcome::Stalled,
                &[],
                "not-seen trouble not-seen not-seen not-seen: lease",
            ),
            (
                Outcome::Incomplete,
                &[],
                "not-seen not-seen not-seen not-seen not-seen: lease",
            ),
        ] {
            assert_eq!(statuses(asked(), outcome, findings), expected);
        }
    }

    #[test]
    fn what_comes_later_shows_that_the_phone_has_an_address() {
        let got = || asked().tftp("a.cfg", Status::Complete);
        let said = statuses(got(), Outcome::Loaded, &[]);
        assert_eq!(said, "not-seen ok not-seen ok not-seen: fetch");
        // Not where it is known that nobody gave one.
        let none = [finding("dhcp-offer-missing", Severity::Note)];
        let said = statuses(got(), Outcome::Loaded, &none);
        assert_eq!(said, "not-seen trouble not-seen ok not-seen: fetch");
    }

    #[test]
    fn a_phone_that_got_no_file_has_not_fetched() {
        let missing = || leased().tftp("SEP001AA17BE638.cnf.xml", Status::NotFound);
        let note = [finding("file-missing", Severity::Note)];
        let up = missing().registration(registration::Status::Registered, None);
        let said = statuses(up, Outcome::Registered, &note);
        assert_eq!(said, "not-seen ok not-seen trouble ok: register");
        let late = missing()
            .registration(registration::Status::Registered, None)
            .with(|boot, at| boot.joined = Some(at));
        let said = statuses(late, Outcome::Registered, &note);
        assert_eq!(said, "not-seen ok not-seen not-seen ok: register");
        let said = statuses(missing(), Outcome::Incomplete, &note);
        assert_eq!(said, "not-seen ok not-seen not-seen not-seen: fetch");
    }

    #[test]
    fn a_fault_counts_where_it_is() {
        let fetched = || leased().tftp("SEP001AA17BE638.cnf.xml", Status::Complete);
        let silent = [finding("call-server-unreachable", Severity::Error)];
        let called = fetched().connection(SERVER, 2000, |_, _| {});
        let said = statuses(called, Outcome::Failed, &silent);
        assert_eq!(said, "not-seen ok ok ok failed: register");
        // A loop is where the boot ends, whichever phase its rule stands in.
        let looped = [finding("boot-loop", Severity::Warning)];
        let said = statuses(leased(), Outcome::Failed, &looped);
        assert_eq!(said, "not-seen trouble not-seen not-seen not-seen: lease");
    }

    #[test]
    fn tls_to_a_registration_port_belongs_to_that_phase() {
        let boot = leased().build();
        for (port, phase) in [(443, Phase::Fetch), (5061, Phase::Register)] {
            let about = crate::finding::About {
                port: Some(port),
                ..Default::default()
            };
            let finding = finding("tls-handshake-failed", Severity::Error).about(about);
            assert_eq!(phase_of(&boot, &finding), Some(phase));
        }
    }
}
