//! The phone asks for power by CDP and the switch does not grant it.
//!
//! ## What it sees
//! The phone's CDP carries a power request (TLV 0x0019), and no CDP of the switch
//! answers it (TLV 0x001a), or the answer is less than the lowest level asked for. A
//! switch's 0x001a with request id 0 and no power says only that no request is pending,
//! and counts as no answer.
//!
//! ## Why the phone stops
//! A Cisco phone starts on about 6.3 W and raises its draw only when the switch says so
//! by CDP. A 7970 or 7971 in recovery assumes low power when no answer comes ("CDP: power
//! TLV's not detected - assume low power mode" on its console) and does not load
//! `term70.default.loads` then. Other models come up dim, or without their extras.
//!
//! ## How to fix it
//! 1. Connect the external power supply (CP-PWR-CUBE-3) for the recovery, or use a Cisco
//!    switch port that speaks CDP and gives enough power.
//! 2. On the switch: `cdp run`, on the port `cdp enable` and `power inline auto`; look at
//!    `show power inline` and `show cdp neighbors detail`.
//! 3. A mid-span injector or a switch of another maker never answers CDP. Use the power
//!    supply there.
//!
//! ## When it may be wrong
//! On an external power supply the phone asks too, and does not need the answer: then the
//! boot goes on, and this is a note. A capture that holds only what the phone sends cannot
//! show an answer; the rule asks for a frame sent to the phone first.
//!
//! ## References
//! CDP TLVs 0x0010, 0x0019 and 0x001a as in Wireshark's packet-cdp.c; Cisco
//! document K43691258 (factory reset of the 7970).

use crate::diagnosis::PowerState;
use crate::finding::{About, Confidence, Finding, Severity};
use crate::profiles::Role;
use crate::rules::Context;
use crate::rules::context::TransferVerdict;
use crate::rules::power;
use crate::session::Boot;
use crate::session::watts;

/// A switch answers a request within one exchange; twice that and more is no answer.
const ANSWER_SECS: f64 = 10.0;

/// A loader that has an address and enough power asks for its file at once; one that has
/// not for this long does not.
const RECOVERY_SECS: f64 = 20.0;

pub(in crate::rules) fn check(boot: &Boot, context: &Context<'_>) -> Vec<Finding> {
    let power = power::power(boot);
    if power.protocol != Some("cdp") {
        return Vec::new();
    }
    // Granted is granted, by whichever protocol.
    if power::by_lldp(boot).is_some_and(|lldp| lldp.state == PowerState::Granted) {
        return Vec::new();
    }
    let Some(request) = boot.link.phone_cdp.iter().find(|announcement| {
        announcement
            .first
            .value
            .power_request
            .as_ref()
            .is_some_and(|request| request.levels_mw.iter().any(|&level| level > 0))
    }) else {
        return Vec::new();
    };
    let asked_at = request.first.at;
    let least = power.requested_mw.iter().copied().min().unwrap_or_default();
    let (title, detail) = match power.state {
        PowerState::Unanswered => {
            let switch_speaks = !boot.link.switch_cdp.is_empty();
            if context.watched_secs_after(asked_at) < ANSWER_SECS
                || !(switch_speaks || context.sees_answers(boot))
            {
                return Vec::new();
            }
            let why = if switch_speaks {
                "The switch's own CDP frames carry no Power Available for this request"
            } else {
                "No CDP frame of a switch is in the capture: the port gives power without \
                 speaking CDP, or gives none"
            };
            (
                "no switch answers the phone's request for power by CDP".to_owned(),
                format!(
                    "The phone asked for {} and draws {}. {why}.",
                    levels(&power.requested_mw),
                    power
                        .drawn_mw
                        .map_or_else(|| "an unknown amount".to_owned(), watts),
                ),
            )
        }
        PowerState::Short => (
            format!(
                "the switch grants {}, the phone needs {}",
                watts(power.available_mw.unwrap_or_default()),
                watts(least)
            ),
            format!(
                "The phone asked for {} by CDP.",
                levels(&power.requested_mw)
            ),
        ),
        PowerState::Granted | PowerState::NotNegotiated => return Vec::new(),
    };
    let (severity, confidence) = severity(boot, context, power.state);
    let mut finding = Finding::new("cdp-low-power", severity, title)
        .confidence(confidence)
        .detail(detail)
        .about(About {
            protocol: Some("cdp"),
            ..About::default()
        })
        .evidence(asked_at, "the phone's CDP asks for power (0x0019)");
    if let Some(answer) = boot.link.switch_cdp.last() {
        finding = finding.evidence(answer.last, "the switch's latest CDP");
    } else {
        finding = finding.evidence(boot.last_heard, "up to here no CDP frame of a switch");
    }
    vec![
        finding
            .remedy("Connect the phone's external power supply and start it again.")
            .remedy(format!(
                "Or use a switch port that speaks CDP and can give {}: `cdp run`, on the port \
                 `cdp enable` and `power inline auto`.",
                watts(power.requested_mw.first().copied().unwrap_or(least))
            )),
    ]
}

/// A phone that came up has enough. One that stopped, and to which nothing else
/// happened, has not.
fn severity(boot: &Boot, context: &Context<'_>, state: PowerState) -> (Severity, Confidence) {
    let came_up = boot.is_registered() || context.is_loaded(boot);
    if came_up {
        return match state {
            PowerState::Short => (Severity::Warning, Confidence::Likely),
            _ => (Severity::Note, Confidence::Possible),
        };
    }
    let server_says_no = context.reads(boot).any(|(_, verdict)| {
        matches!(
            verdict,
            TransferVerdict::NotFound
                | TransferVerdict::Refused
                | TransferVerdict::Unauthorized
                | TransferVerdict::ServerError
        )
    });
    let idle_secs = context.idle_secs(boot);
    let stopped = boot.followed_by_another || idle_secs >= context.patience_secs();
    let cannot = context.profile.is_some_and(|profile| {
        !profile.power.boots_on_low_power(context.model)
            || (is_recovery(boot, context) && !profile.power.recovers_on_low_power(context.model))
    });
    if cannot {
        return if !server_says_no && (stopped || idle_secs >= RECOVERY_SECS) {
            (Severity::Error, Confidence::Likely)
        } else {
            (Severity::Warning, Confidence::Possible)
        };
    }
    let had_all_but_power = boot.lease.acknowledged().is_some() && boot.transfers.is_empty();
    match state {
        _ if stopped && had_all_but_power => (Severity::Error, Confidence::Possible),
        PowerState::Short => (Severity::Warning, Confidence::Possible),
        // Other switches give these phones what they need without a word of CDP.
        _ => (Severity::Note, Confidence::Possible),
    }
}

/// Whether the phone has no firmware but its loader: it asks for nothing, or for its
/// recovery file.
fn is_recovery(boot: &Boot, context: &Context<'_>) -> bool {
    boot.transfers.iter().all(|transfer| {
        context
            .file(transfer)
            .is_some_and(|file| matches!(file.role(), Role::Recovery | Role::Firmware))
    })
}

fn levels(levels_mw: &[u32]) -> String {
    let words: Vec<String> = levels_mw.iter().map(|&level| watts(level)).collect();
    words.join(", else ")
}

#[cfg(test)]
mod tests {
    use phoneboot_parsers::cdp::{self, PowerAvailable, PowerRequest};

    use super::*;
    use crate::rules::testing::Case;
    use crate::session::testing::BootBuilder;

    fn asking() -> cdp::Message {
        cdp::Message {
            platform: Some("Cisco IP Phone 7970".into()),
            power_consumption_mw: Some(6300),
            power_request: Some(PowerRequest {
                request_id: 0x1234,
                management_id: 2,
                levels_mw: vec![12_000, 0, 0],
            }),
            ..cdp::Message::default()
        }
    }

    fn answering(request_id: u16, available_mw: u32) -> cdp::Message {
        cdp::Message {
            device_id: Some("sw1".into()),
            power_available: Some(PowerAvailable {
                request_id,
                management_id: 1,
                available_mw,
                management_level_mw: None,
            }),
            ..cdp::Message::default()
        }
    }

    fn lease(boot: BootBuilder) -> BootBuilder {
        boot.lease(&[1, 150], &[(150, &[192, 0, 2, 10])])
    }

    #[test]
    fn a_7970_in_recovery_without_an_answer_cannot_boot() {
        let boot = lease(
            BootBuilder::new()
                .phone_cdp(asking())
                .switch_cdp(answering(0, 0)),
        );
        let findings = Case::new("cisco-79x1", boot).model("7970").check(check);
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].severity, Severity::Error);
        assert_eq!(findings[0].evidence.len(), 2);
    }

    #[test]
    fn a_phone_that_is_granted_power_is_fine() {
        let boot = lease(
            BootBuilder::new()
                .phone_cdp(asking())
                .switch_cdp(answering(0x1234, 12_000)),
        );
        assert!(
            Case::new("cisco-79x1", boot)
                .model("7970")
                .check(check)
                .is_empty()
        );
    }

    #[test]
    fn less_than_the_lowest_level_is_short() {
        let boot = lease(
            BootBuilder::new()
                .phone_cdp(asking())
                .switch_cdp(answering(0x1234, 6_300)),
        );
        let findings = Case::new("cisco-79x1", boot).model("7970").check(check);
        assert_eq!(
            findings[0].title,
            "the switch grants 6.3 W, the phone needs 12.0 W"
        );
    }

    #[test]
    fn a_phone_that_runs_on_little_power_and_misses_a_file_lacks_the_file() {
        let boot = lease(BootBuilder::new().phone_cdp(asking())).tftp(
            "SEP001AA17BE638.cnf.xml",
            crate::session::transfer::Status::NotFound,
        );
        let findings = Case::new("cisco-79x1", boot).model("7961").check(check);
        assert_eq!(findings[0].severity, Severity::Note);
    }

    #[test]
    fn a_phone_that_came_up_had_enough() {
        let boot = lease(BootBuilder::new().phone_cdp(asking()))
            .registration(crate::session::registration::Status::Registered, None);
        let findings = Case::new("cisco-79x1", boot).model("7970").check(check);
        assert_eq!(findings[0].severity, Severity::Note);
    }

    #[test]
    fn a_capture_of_one_direction_proves_nothing() {
        let boot = BootBuilder::new()
            .phone_cdp(asking())
            .with(|boot, _| boot.frames_to_phone = 0);
        assert!(
            Case::new("cisco-79x1", boot)
                .model("7970")
                .check(check)
                .is_empty()
        );
    }

    #[test]
    fn a_capture_that_ends_at_once_proves_nothing() {
        let boot = lease(BootBuilder::new().phone_cdp(asking()));
        let case = Case::new("cisco-79x1", boot)
            .model("7970")
            .ends_after_secs(1);
        assert!(case.check(check).is_empty());
    }
}
