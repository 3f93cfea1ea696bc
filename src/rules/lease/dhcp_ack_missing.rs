//! The phone takes an offer and the server does not confirm it.
//!
//! ## What it sees
//! A REQUEST that the phone repeats, or after which it waits, without ACK or NAK, and
//! nothing that it could do only with an address.
//!
//! ## Why the phone stops
//! An offer is only an offer: without the ACK the phone must not use the address.
//!
//! ## How to fix it
//! 1. Two servers that share a scope badly: each ignores a REQUEST for the other's offer.
//!    Look for the server that the REQUEST names (option 54) and whether it still runs.
//! 2. DHCP snooping or a filter that lets OFFERs pass and ACKs not.
//!
//! ## When it may be wrong
//! An ACK sent to the phone alone is not seen from another port of the switch. A phone that
//! goes on to fetch files has got it, and the rule is silent.
//!
//! ## References
//! RFC 2131 §3.1 (steps 3 to 5).

use phoneboot_parsers::dhcp::MessageType;

use super::dhcpv6;
use crate::finding::{About, Confidence, Finding, Severity};
use crate::rules::Context;
use crate::session::Boot;

/// A server confirms within this time.
const ACK_SECS: f64 = 8.0;

pub(in crate::rules) fn check(boot: &Boot, context: &Context<'_>) -> Vec<Finding> {
    let by_ipv4 = request_unanswered(boot, context);
    let by_ipv6 = dhcpv6::reply_missing(boot, context);
    by_ipv4.or(by_ipv6).into_iter().collect()
}

fn request_unanswered(boot: &Boot, context: &Context<'_>) -> Option<Finding> {
    let lease = &boot.lease;
    let last = lease.of_kind(MessageType::Request).next_back()?;
    let settled = lease
        .messages
        .iter()
        .any(|message| matches!(message.kind, Some(MessageType::Ack | MessageType::Nak)));
    let went_on = !boot.transfers.is_empty()
        || !boot.registrations.is_empty()
        || !boot.reach.connections.is_empty()
        || dhcpv6::got_on_by_ipv6(boot)
        || boot.reach.arp.iter().any(|target| !target.probe);
    // A renewal that nobody answers leaves the phone its address for hours.
    let renewal = !last.message.client_address.is_unspecified();
    let first = lease.of_kind(MessageType::Request).next()?;
    // Who begins from DISCOVER again has waited long enough.
    let begins_again = lease
        .of_kind(MessageType::Discover)
        .any(|discover| discover.at.time.secs_since(first.at.time) >= ACK_SECS);
    let waited = begins_again || context.watched_secs_after(last.at) >= ACK_SECS;
    if settled || went_on || renewal || !waited {
        return None;
    }
    let count = lease.of_kind(MessageType::Request).count();
    let server = last.message.server_identifier();
    let whom = server.map_or("the server".to_owned(), |server| {
        format!("DHCP server {server}")
    });
    // A phone that asks for its former address and hears nothing starts from DISCOVER.
    let confidence = if count > 1 && context.sees_answers(boot) {
        Confidence::Certain
    } else {
        Confidence::Likely
    };
    Some(
        Finding::new(
            "dhcp-ack-missing",
            Severity::Error,
            format!("{whom} does not confirm the address that the phone takes"),
        )
        .confidence(confidence)
        .detail(format!(
            "The phone sent REQUEST {}; neither ACK nor NAK followed.",
            if count == 1 {
                "once".to_owned()
            } else {
                format!("{count} times")
            }
        ))
        .about(About {
            server: server.map(Into::into),
            protocol: Some("dhcp"),
            vlan: last.vlan,
            ..About::default()
        })
        .evidence(first.at, "first REQUEST")
        .evidence(last.at, "last REQUEST")
        .remedy(format!(
            "See whether {whom} runs and gets the REQUEST (its log names it)."
        ))
        .remedy("Look for a second DHCP server, and for DHCP snooping on the way back."),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::Case;
    use crate::session::testing::BootBuilder;

    fn asked() -> BootBuilder {
        BootBuilder::new()
            .dhcp(MessageType::Discover, &[])
            .dhcp(MessageType::Offer, &[])
            .dhcp(MessageType::Request, &[(54, &[192, 0, 2, 10])])
            .after_secs(4)
            .dhcp(MessageType::Request, &[(54, &[192, 0, 2, 10])])
    }

    #[test]
    fn requests_without_an_answer_are_an_error() {
        let findings = Case::new("cisco-79x1", asked()).check(check);
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].confidence, Confidence::Certain);
    }

    #[test]
    fn a_phone_that_begins_again_has_waited_long_enough() {
        let boot = asked().after_secs(8).dhcp(MessageType::Discover, &[]);
        let boot = boot.dhcp(MessageType::Request, &[(54, &[192, 0, 2, 10])]);
        let check = |boot| {
            let case = Case::new("cisco-79x1", boot).ends_after_secs(1);
            case.check(check).len()
        };
        assert_eq!(check(boot), 1);
        assert_eq!(check(asked()), 0);
    }

    #[test]
    fn a_confirmed_address_is_fine() {
        let boot = asked().dhcp(MessageType::Ack, &[]);
        assert!(Case::new("cisco-79x1", boot).check(check).is_empty());
    }

    #[test]
    fn a_phone_that_goes_on_has_its_address() {
        let boot = asked().tftp(
            "SEP001AA17BE638.cnf.xml",
            crate::session::transfer::Status::Complete,
        );
        assert!(Case::new("cisco-79x1", boot).check(check).is_empty());
    }
}
