//! How a boot ended, and how its phases went.

use crate::diagnosis::{Outcome, PhaseReport, PhaseStatus};
use crate::finding::{Finding, Severity};
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

/// The phase that a finding's rule judges; `None` for the capture.
pub(super) fn phase_of(finding: &Finding) -> Option<Phase> {
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
