//! Which direction of a boot the capture shows, and what cannot be said without the
//! other.

use phoneboot_parsers::dhcp::MessageType;

use crate::event::At;
use crate::finding::{Finding, Severity};
use crate::session::Boot;

/// The only direction that the capture shows of a boot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// What the phone sends. The frame proves that answers came.
    FromPhone(At),
    /// What is sent to the phone. The frame is the first.
    ToPhone(At),
}

/// Findings about answers that are missing.
const NEED_ANSWERS: &[&str] = &[
    "call-server-unreachable",
    "connection-blocked",
    "dhcp-ack-missing",
    "dhcp-offer-missing",
    "dns-name-unresolved",
    "port-auth-failed",
    "registration-unanswered",
    "server-unreachable",
    "tftp-request-unanswered",
    "tftp-transfer-stalled",
    "tls-handshake-failed",
    "voice-vlan-not-offered",
];

/// Findings about what the phone does not do, or did not get to do.
const NEED_QUESTIONS: &[&str] = &[
    "boot-loop",
    "cdp-low-power",
    "config-not-accepted",
    "dhcp-offer-not-accepted",
    "dhcp-option-150-missing",
    "dhcp-provisioning-missing",
    "dhcp-router-missing",
    "firmware-incomplete",
    "firmware-not-requested",
    "http-redirect-unfollowed",
    "tftp-options-refused",
    "tftp-transfer-stalled",
    "voice-vlan-ignored",
];

/// The direction that the capture shows; `None` when it shows both, or too little to
/// tell.
pub(super) fn only_side(boot: &Boot) -> Option<Side> {
    let lease = &boot.lease.messages;
    let heard_answers =
        boot.frames_to_phone > 0 || lease.iter().any(|message| message.message.op == 2);
    let heard_phone =
        boot.frames_from_phone > 0 || lease.iter().any(|message| message.message.op == 1);
    match (heard_phone, heard_answers) {
        (true, false) => proof_of_answers(boot).map(Side::FromPhone),
        (false, true) => Some(Side::ToPhone(boot.started)),
        _ => None,
    }
}

/// A frame that the phone sends only after it was answered: a REQUEST that takes an
/// offer, an answer by EAP to what nobody asks, or anything to one address alone, whose
/// owner it knows from an ARP answer.
fn proof_of_answers(boot: &Boot) -> Option<At> {
    let takes_offer = boot
        .lease
        .of_kind(MessageType::Request)
        .filter(|message| message.message.server_identifier().is_some())
        .map(|message| message.at);
    let asks = boot.transfers.iter().map(|transfer| transfer.first);
    let calls = boot.reach.connections.iter().map(|call| call.first);
    let registers = boot.registrations.iter().map(|attempt| attempt.first);
    let auth = &boot.link.auth;
    let authenticates = auth
        .responses()
        .filter(|_| auth.requests().next().is_none())
        .map(|response| response.first);
    let proofs = takes_offer.chain(authenticates).chain(asks);
    proofs.chain(calls).chain(registers).min()
}

/// Takes out what the direction that is missing could disprove.
pub(super) fn keep_what_is_proven(boot: &Boot, findings: &mut Vec<Finding>) {
    let unproven = match only_side(boot) {
        Some(Side::FromPhone(_)) => NEED_ANSWERS,
        Some(Side::ToPhone(_)) => NEED_QUESTIONS,
        None => return,
    };
    findings.retain(|finding| !unproven.contains(&finding.id));
    // That the phone starts over is plain; at what, the answers would tell.
    for finding in findings
        .iter_mut()
        .filter(|finding| finding.id == "boot-loop")
    {
        finding.severity = finding.severity.min(Severity::Warning);
    }
}

#[cfg(test)]
mod tests {
    use phoneboot_parsers::eapol;

    use super::*;
    use crate::session::testing::BootBuilder;
    use crate::session::transfer::Status;

    fn one_way(boot: BootBuilder, to_phone: bool) -> Boot {
        let mut boot = boot.build();
        if to_phone {
            boot.frames_from_phone = 0;
            boot.lease
                .messages
                .retain(|message| message.message.op == 2);
        } else {
            boot.frames_to_phone = 0;
            boot.lease
                .messages
                .retain(|message| message.message.op == 1);
        }
        boot
    }

    fn fetching() -> BootBuilder {
        BootBuilder::new()
            .lease(&[150], &[(150, &[192, 0, 2, 10])])
            .tftp("SEP001AA17BE638.cnf.xml", Status::Complete)
    }

    #[test]
    fn tells_which_direction_there_is() {
        assert_eq!(only_side(&fetching().build()), None);
        let from = one_way(fetching(), false);
        let request = from.lease.of_kind(MessageType::Request).next().unwrap().at;
        assert_eq!(only_side(&from), Some(Side::FromPhone(request)));
        let to = one_way(fetching(), true);
        assert_eq!(only_side(&to), Some(Side::ToPhone(to.started)));
    }

    #[test]
    fn a_phone_that_nobody_answers_proves_nothing() {
        let boot = (0..4).fold(BootBuilder::new(), |boot, _| {
            boot.after_secs(4).dhcp(MessageType::Discover, &[])
        });
        assert_eq!(only_side(&one_way(boot, false)), None);
    }

    #[test]
    fn an_eap_answer_without_a_question_proves_that_one_is_missing() {
        let packet = |code| eapol::Packet {
            code,
            method: Some(eapol::IDENTITY),
            ..eapol::Packet::default()
        };
        let answers = || {
            BootBuilder::new()
                .eap(true, packet(eapol::RESPONSE))
                .dhcp(MessageType::Discover, &[])
        };
        let is_one_sided =
            |boot| matches!(only_side(&one_way(boot, false)), Some(Side::FromPhone(_)));
        assert!(is_one_sided(answers()));
        assert!(!is_one_sided(answers().eap(false, packet(eapol::REQUEST))));
    }

    #[test]
    fn takes_out_only_what_the_other_direction_could_disprove() {
        let said = || {
            ["connection-blocked", "boot-loop", "file-missing"]
                .map(|id| Finding::new(id, Severity::Error, ""))
                .to_vec()
        };
        for (boot, left) in [
            (
                fetching().build(),
                &["connection-blocked", "boot-loop", "file-missing"][..],
            ),
            (one_way(fetching(), false), &["boot-loop", "file-missing"]),
            (
                one_way(fetching(), true),
                &["connection-blocked", "file-missing"],
            ),
        ] {
            let mut findings = said();
            keep_what_is_proven(&boot, &mut findings);
            let ids: Vec<_> = findings.iter().map(|finding| finding.id).collect();
            assert_eq!(ids, left);
        }
    }
}
