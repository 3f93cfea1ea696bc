//! How a boot ended, and how its phases went.

use crate::diagnosis::{Outcome, PhaseReport, PhaseStatus};
use crate::finding::{Finding, Severity};
use crate::session::tls::REGISTRATION_PORTS;
use crate::session::{Boot, Phase};

use super::context::Context;
use super::{RULES, Rule};

/// How the boot ended.
pub(super) fn outcome(boot: &Boot, context: &Context<'_>, findings: &[Finding]) -> Outcome {
    if boot.is_registered() {
        return Outcome::Registered;
    }
    if findings.iter().any(|f| f.severity == Severity::Error) {
        return Outcome::Failed;
    }
    if context.is_loaded(boot) {
        return Outcome::Loaded;
    }
    // A phone that only announces itself may have been up for days.
    if furthest(boot) == Phase::Link && !boot.followed_by_another {
        return Outcome::Incomplete;
    }
    if boot.followed_by_another
        || context.idle_secs(boot) >= context.patience_secs()
        || repeats_itself(boot, context)
    {
        Outcome::Stalled
    } else {
        Outcome::Incomplete
    }
}

/// Whether the phone has asked for the same thing over and over for longer than its
/// family does without being stuck.
fn repeats_itself(boot: &Boot, context: &Context<'_>) -> bool {
    let repeated = boot
        .transfers
        .iter()
        .filter(|transfer| transfer.requests > 1)
        .map(|transfer| transfer.last_request.time.secs_since(transfer.first.time))
        .fold(0.0, f64::max);
    repeated >= context.patience_secs()
}

/// How each phase went.
pub(super) fn phases(boot: &Boot, findings: &[Finding]) -> Vec<PhaseReport> {
    Phase::ALL
        .into_iter()
        .map(|phase| {
            let mut steps = boot.timeline.iter().filter(|step| step.phase == phase);
            let started = steps.next().map(|step| step.at);
            let ended = steps.next_back().map(|step| step.at).or(started);
            let worst = findings
                .iter()
                .filter(|finding| phase_of(finding) == Some(phase))
                .map(|finding| finding.severity)
                .max();
            let status = match (worst, started) {
                (Some(Severity::Error), _) => PhaseStatus::Failed,
                (Some(Severity::Warning), _) => PhaseStatus::Trouble,
                (_, Some(_)) => PhaseStatus::Ok,
                (_, None) => PhaseStatus::NotSeen,
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

/// The phase that a finding is about, which is the one that its rule judges: except TLS to a
/// port by which phones register. `None` for the capture.
pub(super) fn phase_of(finding: &Finding) -> Option<Phase> {
    let is_registration = finding
        .subject
        .port
        .is_some_and(|port| REGISTRATION_PORTS.contains(&port));
    if finding.id == "tls-handshake-failed" && is_registration {
        return Some(Phase::Register);
    }
    RULES
        .iter()
        .find(|rule: &&Rule| rule.id == finding.id)
        .and_then(|rule| rule.phase)
}

/// The furthest phase that the phone reached.
pub(super) fn furthest(boot: &Boot) -> Phase {
    boot.timeline
        .iter()
        .map(|step| step.phase)
        .max()
        .unwrap_or(Phase::Link)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::Case;
    use crate::session::registration;
    use crate::session::testing::BootBuilder;
    use crate::session::transfer::Status;

    /// The outcome of one boot of a Cisco phone, `secs` before the capture's end.
    fn outcome_of(boot: BootBuilder, secs: i64, findings: &[Finding]) -> &'static str {
        let case = Case::new("cisco-79x1", boot).ends_after_secs(secs);
        let said = case.check(|boot, context| {
            let word = outcome(boot, context, findings).name();
            vec![Finding::new(word, Severity::Note, "")]
        });
        said[0].id
    }

    fn fetched() -> BootBuilder {
        BootBuilder::new()
            .lease(&[150], &[(150, &[192, 0, 2, 10])])
            .tftp("SEP001AA17BE638.cnf.xml", Status::Complete)
    }

    #[test]
    fn a_registered_boot_is_registered_whatever_else_was_found() {
        let error = [Finding::new("file-missing", Severity::Error, "")];
        let boot = fetched().registration(registration::Status::Registered, None);
        assert_eq!(outcome_of(boot, 1, &error), "registered");
    }

    #[test]
    fn an_error_explains_a_failure_and_a_warning_does_not() {
        let error = [Finding::new("file-missing", Severity::Error, "")];
        let warning = [Finding::new("file-missing", Severity::Warning, "")];
        assert_eq!(outcome_of(fetched(), 1, &error), "failed");
        assert_eq!(outcome_of(fetched(), 1, &warning), "loaded");
    }

    #[test]
    fn silence_makes_the_difference_between_incomplete_and_stalled() {
        let asked = || BootBuilder::new().lease(&[150], &[(150, &[192, 0, 2, 10])]);
        assert_eq!(outcome_of(asked(), 5, &[]), "incomplete");
        assert_eq!(outcome_of(asked(), 300, &[]), "stalled");
    }

    #[test]
    fn tls_to_a_registration_port_belongs_to_that_phase() {
        for (port, phase) in [(443, Phase::Fetch), (5061, Phase::Register)] {
            let about = crate::finding::About {
                port: Some(port),
                ..Default::default()
            };
            let finding = Finding::new("tls-handshake-failed", Severity::Error, "").about(about);
            assert_eq!(phase_of(&finding), Some(phase));
        }
    }

    #[test]
    fn a_phone_that_only_announces_itself_is_not_judged() {
        let boot = BootBuilder::new().phone_cdp(phoneboot_parsers::cdp::Message::default());
        assert_eq!(outcome_of(boot, 300, &[]), "incomplete");
    }
}
