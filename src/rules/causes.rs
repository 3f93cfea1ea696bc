//! What follows from what: one cause gives one error.
//!
//! Rules do not know each other. Here stands which finding is only the consequence
//! of which other; the consequence is lowered and names its cause.

use crate::finding::{Finding, Severity};

/// One row: the effect only follows when the reason stands in the same boot.
struct Consequence {
    effect: &'static str,
    reason: &'static str,
    /// Whether both must speak of the same server.
    same_server: bool,
    /// What the effect is lowered to; `None` leaves it out.
    lowered_to: Option<Severity>,
}

const fn cause(effect: &'static str, reason: &'static str) -> Consequence {
    Consequence {
        effect,
        reason,
        same_server: false,
        lowered_to: Some(Severity::Note),
    }
}

const fn at_same_server(effect: &'static str, reason: &'static str) -> Consequence {
    Consequence {
        effect,
        reason,
        same_server: true,
        lowered_to: None,
    }
}

/// Consequences and their causes. The first row that holds wins.
const CAUSES: &[Consequence] = &[
    at_same_server("tftp-request-unanswered", "server-unreachable"),
    at_same_server("tftp-request-unanswered", "server-port-closed"),
    at_same_server("connection-blocked", "server-unreachable"),
    at_same_server("ftp-transfer-failed", "connection-blocked"),
    at_same_server("ftp-transfer-failed", "server-port-closed"),
    at_same_server("registration-unanswered", "server-unreachable"),
    at_same_server("registration-unanswered", "server-port-closed"),
    at_same_server("registration-unanswered", "call-server-unreachable"),
    at_same_server("call-server-unreachable", "server-unreachable"),
    cause("file-missing", "tftp-file-too-large"),
    cause("file-missing", "file-name-doubled"),
    cause("tftp-block-wrap", "tftp-file-too-large"),
    cause("tftp-retransmissions", "tftp-transfer-stalled"),
    cause("tftp-retransmissions", "cdp-low-power"),
    cause("firmware-incomplete", "tftp-options-refused"),
    cause("firmware-incomplete", "http-body-truncated"),
    // What the list lacks is said of the file itself.
    cause("firmware-incomplete", "file-missing"),
    cause("firmware-incomplete", "file-name-case-mismatch"),
    cause("firmware-incomplete", "tftp-file-too-large"),
    cause("firmware-incomplete", "tftp-transfer-stalled"),
    cause("firmware-incomplete", "tftp-transfer-refused"),
    cause("firmware-incomplete", "firmware-file-renamed"),
    cause("firmware-not-requested", "firmware-file-renamed"),
    // Firmware of the other protocol calls where nobody listens, or is not known.
    cause("config-not-accepted", "firmware-of-other-protocol"),
    cause("registration-rejected", "firmware-of-other-protocol"),
    cause("registration-unanswered", "firmware-of-other-protocol"),
    cause("call-server-unreachable", "firmware-of-other-protocol"),
    cause("tftp-retransmissions", "duplex-mismatch"),
    cause("power-protocols-conflict", "cdp-low-power"),
    cause("power-protocols-conflict", "lldp-low-power"),
    // What cuts the power while the flash is written makes the loader begin again.
    cause("firmware-fetched-again", "cdp-low-power"),
    cause("tftp-request-unanswered", "cdp-low-power"),
    cause("tftp-transfer-stalled", "cdp-low-power"),
    cause("dhcp-provisioning-missing", "dhcp-provisioning-malformed"),
    cause("dhcp-option-150-missing", "dhcp-provisioning-malformed"),
    cause("dhcp-offer-not-accepted", "dhcp-provisioning-malformed"),
    cause("tftp-request-unanswered", "dhcp-provisioning-malformed"),
    cause("server-unreachable", "dhcp-provisioning-malformed"),
    // What the voice VLAN has, another VLAN need not have.
    cause("dhcp-offer-missing", "voice-vlan-ignored"),
    cause("dhcp-option-150-missing", "voice-vlan-ignored"),
    cause("dhcp-provisioning-missing", "voice-vlan-ignored"),
    cause("server-unreachable", "voice-vlan-ignored"),
    // A port that keeps the phone out drops whatever it asks.
    cause("voice-vlan-not-offered", "port-auth-failed"),
    cause("dhcp-offer-missing", "port-auth-failed"),
    cause("dhcp-ack-missing", "port-auth-failed"),
    cause("server-unreachable", "port-auth-failed"),
    cause("connection-blocked", "port-auth-failed"),
    cause("tftp-request-unanswered", "port-auth-failed"),
    cause("dhcp-option-150-missing", "dhcp-servers-disagree"),
    cause("dhcp-provisioning-missing", "dhcp-servers-disagree"),
    cause("server-unreachable", "dhcp-router-missing"),
    cause("tftp-request-unanswered", "dhcp-router-missing"),
    cause("connection-blocked", "dhcp-router-missing"),
    at_same_server("dns-name-unresolved", "server-unreachable"),
    cause("dns-name-unresolved", "dhcp-provisioning-malformed"),
    // A phone that was told of no server looks for its maker's, or the call manager, by name.
    cause("dns-name-unresolved", "dhcp-provisioning-missing"),
    cause("dns-name-unresolved", "dhcp-option-150-missing"),
    cause("dhcp-name-server-missing", "dhcp-provisioning-malformed"),
    cause("frames-malformed", "dhcp-provisioning-malformed"),
    // Without a server a Cisco phone asks the DHCP server itself.
    cause("tftp-request-unanswered", "dhcp-option-150-missing"),
    cause("server-port-closed", "dhcp-option-150-missing"),
    // A phone that was told of no server has nothing to ask, whatever its power.
    cause("cdp-low-power", "dhcp-option-150-missing"),
    cause("cdp-low-power", "dhcp-provisioning-malformed"),
    cause("cdp-low-power", "dhcp-provisioning-missing"),
    cause("cdp-low-power", "server-unreachable"),
    cause("lldp-low-power", "dhcp-option-150-missing"),
    cause("lldp-low-power", "dhcp-provisioning-malformed"),
    cause("lldp-low-power", "dhcp-provisioning-missing"),
    cause("lldp-low-power", "server-unreachable"),
    cause("lldp-low-power", "port-auth-failed"),
];

/// Lowers what only follows, and sorts: worst first, what follows behind its cause.
pub(super) fn fold(findings: &mut Vec<Finding>) {
    let causes: Vec<(&'static str, Severity, Option<std::net::IpAddr>)> = findings
        .iter()
        .map(|f| (f.id, f.severity, f.subject.server))
        .collect();
    findings.retain_mut(|finding| {
        let row = CAUSES.iter().find(|row| {
            row.effect == finding.id
                && causes.iter().any(|(id, severity, server)| {
                    *id == row.reason
                        && *severity > Severity::Note
                        && *severity >= finding.severity
                        && (!row.same_server || *server == finding.subject.server)
                })
        });
        let Some(row) = row else {
            return true;
        };
        finding.caused_by = Some(row.reason);
        finding.severity = finding
            .severity
            .min(row.lowered_to.unwrap_or(Severity::Note));
        row.lowered_to.is_some()
    });
    fold_loop(findings);
    findings.sort_by(|a, b| {
        (
            a.caused_by.is_some(),
            b.severity,
            b.confidence,
            a.first_frame(),
        )
            .cmp(&(
                b.caused_by.is_some(),
                a.severity,
                a.confidence,
                b.first_frame(),
            ))
    });
    put_behind_causes(findings);
}

/// A loop is the consequence of whatever else stops every one of its boots.
fn fold_loop(findings: &mut [Finding]) {
    let reason = findings
        .iter()
        .find(|f| f.id != "boot-loop" && f.severity == Severity::Error)
        .map(|f| f.id);
    let Some(reason) = reason else {
        return;
    };
    for finding in findings.iter_mut().filter(|f| f.id == "boot-loop") {
        finding.caused_by = Some(reason);
        finding.severity = finding.severity.min(Severity::Warning);
    }
}

/// Moves each consequence right behind its cause.
fn put_behind_causes(findings: &mut Vec<Finding>) {
    let (mut ordered, effects): (Vec<Finding>, Vec<Finding>) = std::mem::take(findings)
        .into_iter()
        .partition(|f| f.caused_by.is_none());
    for effect in effects.into_iter().rev() {
        let place = ordered
            .iter()
            .position(|f| Some(f.id) == effect.caused_by)
            .map_or(ordered.len(), |at| at + 1);
        ordered.insert(place, effect);
    }
    *findings = ordered;
}

impl Finding {
    /// Where its evidence begins.
    fn first_frame(&self) -> Option<crate::event::At> {
        self.evidence.first().map(|evidence| evidence.at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::RULES;

    #[test]
    fn rows_name_rules_that_exist() {
        for row in CAUSES {
            for id in [row.effect, row.reason] {
                assert!(RULES.iter().any(|rule| rule.id == id), "{id}");
            }
        }
    }

    #[test]
    fn a_consequence_is_lowered_and_stands_behind_its_cause() {
        let mut findings = vec![
            Finding::new("dhcp-provisioning-missing", Severity::Error, "b"),
            Finding::new("config-fallback-used", Severity::Warning, "c"),
            Finding::new("dhcp-provisioning-malformed", Severity::Error, "a"),
        ];
        fold(&mut findings);
        let ids: Vec<&str> = findings.iter().map(|f| f.id).collect();
        assert_eq!(
            ids,
            [
                "dhcp-provisioning-malformed",
                "dhcp-provisioning-missing",
                "config-fallback-used"
            ]
        );
        assert_eq!(findings[1].severity, Severity::Note);
        assert_eq!(findings[1].caused_by, Some("dhcp-provisioning-malformed"));
    }

    #[test]
    fn silence_of_a_server_that_is_not_there_says_nothing_new() {
        let at = |id, server: [u8; 4]| {
            Finding::new(id, Severity::Error, id).about(crate::finding::About {
                server: Some(server.into()),
                ..Default::default()
            })
        };
        let mut findings = vec![
            at("tftp-request-unanswered", [192, 0, 2, 10]),
            at("tftp-request-unanswered", [192, 0, 2, 11]),
            at("server-unreachable", [192, 0, 2, 10]),
        ];
        fold(&mut findings);
        let ids: Vec<&str> = findings.iter().map(|f| f.id).collect();
        assert_eq!(ids, ["tftp-request-unanswered", "server-unreachable"]);
        assert_eq!(findings[0].subject.server, Some([192, 0, 2, 11].into()));
    }

    #[test]
    fn a_loop_with_a_reason_is_a_warning() {
        let mut findings = vec![
            Finding::new("boot-loop", Severity::Error, "loop"),
            Finding::new("file-missing", Severity::Error, "missing"),
        ];
        fold(&mut findings);
        assert_eq!(findings[1].id, "boot-loop");
        assert_eq!(findings[1].severity, Severity::Warning);
        let mut alone = vec![Finding::new("boot-loop", Severity::Error, "loop")];
        fold(&mut alone);
        assert_eq!(alone[0].severity, Severity::Error);
    }
}
