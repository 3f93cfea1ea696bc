//! The phone looks for a DHCP server and none offers anything.
//!
//! ## What it sees
//! DISCOVER after DISCOVER, over several seconds, and neither an OFFER nor anything by the
//! phone that would follow one. Of DHCPv6: SOLICIT after SOLICIT without an ADVERTISE, from a
//! phone that has no IPv4 either, or where a router announces DHCPv6 (flag M); and
//! INFORMATION-REQUESTs without a REPLY, after which a phone that has no IPv4 asks nobody.
//!
//! ## Why the phone stops
//! Without an address it can ask nobody for anything; without its settings it knows nobody to
//! ask.
//!
//! ## How to fix it
//! 1. Is there a DHCP scope for the VLAN that the phone asks in, and has it free addresses?
//! 2. Is the server in another subnet? Then the router of this VLAN needs a relay agent
//!    (`ip helper-address` on Cisco).
//! 3. Does the switch drop the answers? DHCP snooping drops those that come in on an
//!    untrusted port.
//! 4. Is the phone in the right VLAN? The report shows the tag of its frames.
//! 5. For DHCPv6: a pool with addresses of the prefix that the router announces, a relay
//!    (`ipv6 dhcp relay destination`), and no DHCPv6 guard in the way.
//!
//! ## When it may be wrong
//! OFFERs are often sent to the phone alone. A capture taken at another port of the switch
//! shows only the broadcasts; a REQUEST of the phone then proves that an OFFER came, and the
//! rule is silent. It is silent, too, about DISCOVERs that the port's own BPDUs say were
//! dropped (spanning tree). A phone with IPv4 and IPv6 needs only one of them: what it asks
//! in vain by the other is a note at the most.
//!
//! ## References
//! RFC 2131 §3.1, §4.1 (retransmission: 4, 8, 16 … seconds); RFC 8415 §18.2.1 (SOLICIT),
//! §18.2.6 (INFORMATION-REQUEST); RFC 4861 §4.2 (flags M and O).

use phoneboot_parsers::dhcp::MessageType;

use super::{dhcpv6, without_lease};
use crate::finding::{About, Confidence, Finding, Severity};
use crate::rules::Context;
use crate::rules::link::port_auth_failed;
use crate::session::Boot;

/// A server that is going to offer does so within this time, relay agents included.
const OFFER_SECS: f64 = 10.0;

pub(in crate::rules) fn check(boot: &Boot, context: &Context<'_>) -> Vec<Finding> {
    let by_ipv4 = discover_unanswered(boot, context);
    let by_ipv6 = dhcpv6::offer_missing(boot, context)
        .or_else(|| super::stateless::unanswered(boot, context));
    // Where routers announce DHCPv6 and nothing is offered by IPv4, IPv6 is what is missing;
    // elsewhere one silence is enough to tell.
    match (by_ipv4, by_ipv6) {
        (Some(mut v4), Some(v6)) if !boot.router_advertisements.is_empty() => {
            v4.severity = v4.severity.min(Severity::Note);
            vec![v6, v4]
        }
        (Some(v4), _) => vec![v4],
        (None, v6) => v6.into_iter().collect(),
    }
}

fn discover_unanswered(boot: &Boot, context: &Context<'_>) -> Option<Finding> {
    let lease = &boot.lease;
    let answered = lease
        .messages
        .iter()
        .any(|message| message.message.op == 2 || message.kind == Some(MessageType::Request));
    // What a port of the spanning tree drops says nothing of DHCP.
    let tree = &boot.link.spanning_tree;
    let discovers: Vec<_> = lease
        .of_kind(MessageType::Discover)
        .filter(|discover| !tree.held_back_at(discover.vlan, discover.at))
        .collect();
    let (Some(first), Some(last)) = (discovers.first(), discovers.last()) else {
        return None;
    };
    let asked_secs = last.at.time.secs_since(first.at.time);
    let waited_secs = context.watched_secs_after(first.at);
    let proven = (discovers.len() > 1 && asked_secs >= 2.0 && waited_secs >= OFFER_SECS / 2.0)
        || waited_secs >= OFFER_SECS;
    if answered || !proven || port_auth_failed::may_come(boot, context) {
        return None;
    }
    let severity = without_lease(boot);
    let vlan = last.vlan;
    let place = vlan.map_or("untagged".to_owned(), |vlan| format!("in VLAN {vlan}"));
    Some(
        Finding::new(
            "dhcp-offer-missing",
            severity,
            format!("no DHCP server answers ({place})"),
        )
        .confidence(if discovers.len() > 1 {
            Confidence::Certain
        } else {
            Confidence::Likely
        })
        .detail(format!(
            "The phone sent {} DISCOVER over {asked_secs:.0} s; the capture goes on for \
             {:.0} s after the first and holds no OFFER.",
            discovers.len(),
            waited_secs
        ))
        .about(About {
            vlan,
            protocol: Some("dhcp"),
            ..About::default()
        })
        .evidence(first.at, "first DISCOVER")
        .evidence(last.at, "last DISCOVER")
        .remedy(format!(
            "Check that a DHCP scope serves the phones {place}, and that it has free addresses."
        ))
        .remedy(
            "If the server is in another subnet, set the relay agent on this VLAN's router \
             (`ip helper-address <server>`).",
        )
        .remedy(
            "Check that the switch trusts the server's port (DHCP snooping), and the port's VLAN.",
        ),
    )
}

#[cfg(test)]
mod tests {
    use phoneboot_parsers::eapol;

    use super::*;
    use crate::rules::testing::Case;
    use crate::session::port::TreeState;
    use crate::session::testing::BootBuilder;

    fn discovers(count: u32) -> BootBuilder {
        (0..count).fold(BootBuilder::new(), |boot, _| {
            boot.after_secs(4).dhcp(MessageType::Discover, &[])
        })
    }

    #[test]
    fn discovers_without_an_offer_are_an_error() {
        let findings = Case::new("cisco-79x1", discovers(4)).check(check);
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].severity, Severity::Error);
        assert!(
            findings[0]
                .detail
                .starts_with("The phone sent 4 DISCOVER over 12 s")
        );
    }

    #[test]
    fn an_offer_that_comes_late_is_an_offer() {
        let boot = discovers(3).dhcp(MessageType::Offer, &[]);
        assert!(Case::new("cisco-79x1", boot).check(check).is_empty());
    }

    #[test]
    fn discovers_that_the_port_drops_prove_nothing() {
        let held = |boot: BootBuilder| {
            boot.after_secs(4)
                .dhcp(MessageType::Discover, &[])
                .after_secs(8)
                .dhcp(MessageType::Discover, &[])
        };
        let boot = held(BootBuilder::new().tree(TreeState::Discarding));
        assert!(Case::new("cisco-79x1", boot).check(check).is_empty());
        let boot = BootBuilder::new().tree(TreeState::Learning);
        let boot = held(boot.tree(TreeState::Forwarding));
        assert_eq!(Case::new("cisco-79x1", boot).check(check).len(), 1);
    }

    #[test]
    fn a_port_that_keeps_the_phone_out_may_be_the_reason() {
        let failure = eapol::Packet {
            code: eapol::FAILURE,
            ..eapol::Packet::default()
        };
        let boot = BootBuilder::new().eap(false, failure);
        let boot = boot.after_secs(1).dhcp(MessageType::Discover, &[]);
        let case = Case::new("cisco-79x1", boot).ends_after_secs(12);
        assert!(case.check(check).is_empty());
    }

    #[test]
    fn a_request_proves_that_an_offer_came() {
        let boot = discovers(2).dhcp(MessageType::Request, &[(54, &[192, 0, 2, 10])]);
        assert!(Case::new("cisco-79x1", boot).check(check).is_empty());
    }

    #[test]
    fn a_capture_that_ends_at_once_proves_nothing() {
        let case = Case::new("cisco-79x1", discovers(1)).ends_after_secs(1);
        assert!(case.check(check).is_empty());
    }
}
