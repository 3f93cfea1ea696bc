//! The first OFFER comes more than five seconds after the phone began to ask.
//!
//! ## What it sees
//! More than five seconds between the first DISCOVER in a VLAN and the first OFFER there.
//!
//! ## Why the phone stops
//! Mostly it does not: it comes up late. A phone that gives up sooner starts over, or goes on
//! without a lease in the wrong VLAN.
//!
//! ## How to fix it
//! 1. Make the switch port an edge port, so that it forwards at once: `spanning-tree portfast`
//!    on Cisco, `admin-edge` elsewhere. Spanning tree holds a port back for 30 seconds.
//! 2. If the port is an edge port, look at the relay agent and at the server: some probe each
//!    address by ping before they offer it.
//!
//! ## When it may be wrong
//! When the capture lost the first OFFER, or the server's first answer went another way.
//!
//! ## References
//! RFC 2131 §4.1; IEEE Std 802.1Q (spanning tree, edge ports).

use phoneboot_parsers::dhcp::MessageType;

use crate::finding::{About, Confidence, Finding, Severity};
use crate::rules::Context;
use crate::session::Boot;

/// Longer is slow.
const SLOW_SECS: f64 = 5.0;

pub(in crate::rules) fn check(boot: &Boot, _context: &Context<'_>) -> Vec<Finding> {
    let Some(offer) = boot.lease.of_kind(MessageType::Offer).next() else {
        return Vec::new();
    };
    let Some(first) = boot
        .lease
        .of_kind(MessageType::Discover)
        .find(|discover| discover.vlan == offer.vlan && discover.at < offer.at)
    else {
        return Vec::new();
    };
    let waited_secs = offer.at.time.secs_since(first.at.time);
    if waited_secs <= SLOW_SECS {
        return Vec::new();
    }
    let asked = boot
        .lease
        .of_kind(MessageType::Discover)
        .filter(|discover| discover.vlan == offer.vlan && discover.at < offer.at)
        .count();
    vec![
        Finding::new(
            "dhcp-answer-slow",
            Severity::Warning,
            format!("the first OFFER comes after {waited_secs:.0} s"),
        )
        .confidence(Confidence::Certain)
        .detail(format!("The phone had sent {asked} DISCOVER by then."))
        .about(About {
            server: offer.server().map(Into::into),
            vlan: offer.vlan,
            protocol: Some("dhcp"),
            ..About::default()
        })
        .evidence(first.at, "first DISCOVER")
        .evidence(offer.at, "first OFFER")
        .remedy("Make the switch port an edge port: `spanning-tree portfast` on Cisco.")
        .remedy(
            "If it is one, look at the relay agent and the server: does it ping before it offers?",
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::Case;
    use crate::session::testing::BootBuilder;

    fn offered_after(secs: u32) -> Vec<Finding> {
        let boot = BootBuilder::new()
            .dhcp(MessageType::Discover, &[])
            .after_secs(secs)
            .dhcp(MessageType::Offer, &[]);
        Case::new("cisco-79x1", boot).check(check)
    }

    #[test]
    fn an_offer_after_twelve_seconds_is_slow() {
        let findings = offered_after(12);
        assert_eq!(findings[0].title, "the first OFFER comes after 12 s");
        assert_eq!(findings[0].severity, Severity::Warning);
    }

    #[test]
    fn an_offer_within_four_seconds_is_not() {
        assert!(offered_after(4).is_empty());
    }
}
