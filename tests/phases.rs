//! What the phases of a boot say, against its findings and facts, in every capture.

use phoneboot::diagnosis::{BootDiagnosis, PhaseStatus};
use phoneboot::finding::{Finding, Severity};
use phoneboot::rules::RULES;
use phoneboot::session::tls::Session;
use phoneboot::session::transfer::Status;
use phoneboot::session::{Boot, Phase};

use crate::captures::{all, analyze};

/// Whether the finding's rule judges this phase. A loop is where its boots end, and TLS may
/// carry files or a registration.
fn is_of(finding: &Finding, phase: Phase) -> bool {
    !["boot-loop", "tls-handshake-failed"].contains(&finding.id)
        && RULES
            .iter()
            .any(|rule| rule.id == finding.id && rule.phase == Some(phase))
}

/// What of the boot may be called a success of a phase, or shows that there was one.
fn has_success(boot: &Boot, phase: Phase) -> bool {
    let reached = |later: Phase| {
        boot.timeline
            .iter()
            .any(|step| step.from_phone && step.phase >= later)
    };
    match phase {
        Phase::Link => boot.timeline.iter().any(|step| step.phase == Phase::Link),
        Phase::Lease => {
            let answers = ["dhcp-ack", "dhcpv6-reply"];
            reached(Phase::Reach)
                || boot
                    .timeline
                    .iter()
                    .any(|step| answers.contains(&step.event))
        }
        Phase::Reach => {
            reached(Phase::Fetch)
                || boot
                    .timeline
                    .iter()
                    .any(|step| step.phase == Phase::Reach && !step.from_phone)
        }
        Phase::Fetch => {
            let moved = |status| {
                matches!(
                    status,
                    Status::Complete | Status::NotModified | Status::AbortedByPhone
                )
            };
            boot.tls.iter().any(Session::is_established)
                || boot
                    .transfers
                    .iter()
                    .any(|transfer| moved(transfer.status) || transfer.bytes > 0)
        }
        Phase::Register => {
            boot.is_registered()
                || boot.tls.iter().any(Session::is_established)
                || boot.signaling.iter().any(|one| one.answered.is_some())
        }
    }
}

fn contradictions(boot: &Boot, found: &BootDiagnosis) -> Vec<String> {
    let mut wrong = Vec::new();
    for report in &found.phases {
        let (phase, status) = (report.phase, report.status);
        let worst = found
            .findings
            .iter()
            .filter(|finding| is_of(finding, phase))
            .map(|finding| finding.severity)
            .max();
        let agrees = match worst {
            Some(Severity::Error) => status == PhaseStatus::Failed,
            Some(Severity::Warning) => status >= PhaseStatus::Trouble,
            _ => true,
        };
        let is_earned = status != PhaseStatus::Ok || has_success(boot, phase);
        let is_unseen = status == PhaseStatus::NotSeen || phase <= found.phase;
        if !agrees || !is_earned || !is_unseen {
            wrong.push(format!(
                "{} is {}, the furthest is {}",
                phase.name(),
                status.name(),
                found.phase.name()
            ));
        }
    }
    let has = |status| found.phases.iter().any(|report| report.status == status);
    let has_error = found
        .findings
        .iter()
        .any(|finding| finding.severity == Severity::Error);
    if has(PhaseStatus::Failed) != has_error {
        wrong.push("a phase failed without an error, or the other way round".to_owned());
    }
    wrong
}

#[test]
fn phases_say_what_findings_and_facts_say() {
    let mut wrong = Vec::new();
    let mut seen = 0;
    for expected in all() {
        for phone in &analyze(&expected).phones {
            for (boot, found) in phone.boots() {
                seen += 1;
                for what in contradictions(boot, found) {
                    wrong.push(format!("{} boot {}: {what}", expected.name, boot.number));
                }
            }
        }
    }
    assert!(seen > 100, "only {seen} boots");
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn every_phase_of_a_healthy_boot_is_well() {
    for expected in all().iter().filter(|one| one.name.contains("/healthy-")) {
        for phone in &analyze(expected).phones {
            for (boot, found) in phone.boots() {
                for report in &found.phases {
                    let is_well = [PhaseStatus::Ok, PhaseStatus::NotSeen].contains(&report.status);
                    let is_seen = report.started.is_none() || report.status == PhaseStatus::Ok;
                    assert!(
                        is_well && is_seen,
                        "{} boot {}: {} is {}",
                        expected.name,
                        boot.number,
                        report.phase.name(),
                        report.status.name()
                    );
                }
            }
        }
    }
}
