//! The first OFFER comes more than five seconds after the phone began to ask.
//!
//! ## What it sees
//! More than five seconds between the first DISCOVER in a VLAN and the first OFFER there. When
//! the capture holds the port's BPDUs or its EAP requests, the report says whether the port
//! held the phone back.
//!
//! ## Why the phone stops
//! Mostly it does not: it comes up late. A phone that gives up sooner starts over, or goes on
//! without a lease in the wrong VLAN.
//!
//! ## How to fix it
//! 1. Make the switch port an edge port, so that it forwards at once: `spanning-tree portfast`
//!    on Cisco, `admin-edge-port` on Aruba, `edge` on Juniper. Spanning tree holds any other
//!    port back for 30 seconds (twice its forward delay).
//! 2. A port that runs 802.1X asks two or three times before it falls back to the MAC address:
//!    let it ask in shorter intervals (`dot1x timeout tx-period 5` on Cisco), or try the MAC
//!    address first.
//! 3. If neither holds, look at the relay agent and at the server: some probe each address by
//!    ping before they offer it.
//!
//! ## When it may be wrong
//! When the capture lost the first OFFER, or the server's first answer went another way.
//!
//! ## References
//! RFC 2131 §4.1; IEEE Std 802.1D-2004 clause 17 (edge ports, forward delay); IEEE Std
//! 802.1X-2010 clause 8.

use phoneboot_parsers::dhcp::MessageType;

use crate::event::At;
use crate::finding::{About, Confidence, Finding, Severity};
use crate::rules::Context;
use crate::rules::switch::Port;
use crate::session::Boot;
use crate::session::port::{TreePort, TreeState};

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
    let held = held_back(boot, offer.vlan, first.at, offer.at);
    let title = if matches!(held, Some(Held::Tree { .. })) {
        format!("spanning tree holds the port back: the first OFFER comes after {waited_secs:.0} s")
    } else {
        format!("the first OFFER comes after {waited_secs:.0} s")
    };
    let why = held
        .as_ref()
        .map_or_else(String::new, |held| format!(" {}", held.words(waited_secs)));
    let finding = Finding::new("dhcp-answer-slow", Severity::Warning, title)
        .confidence(Confidence::Certain)
        .detail(format!("The phone had sent {asked} DISCOVER by then.{why}"))
        .about(About {
            server: offer.server().map(Into::into),
            vlan: offer.vlan,
            protocol: Some("dhcp"),
            ..About::default()
        });
    let mut evidence = vec![(first.at, "first DISCOVER"), (offer.at, "first OFFER")];
    if let Some(held) = &held {
        evidence.extend(held.evidence());
    }
    evidence.sort_by_key(|(at, _)| *at);
    let finding = evidence
        .into_iter()
        .fold(finding, |finding, (at, words)| finding.evidence(at, words));
    vec![advise(finding, held.as_ref(), &Port::of(boot))]
}

/// What the port did meanwhile, by its own words.
enum Held {
    /// Spanning tree: where it said so, and where it let frames through.
    Tree { held: At, opened: Option<At> },
    /// It speaks STP, which does not tell its state, with this forward delay.
    Stp { first: At, delay_secs: f64 },
    /// 802.1X: so many questions that the phone did not answer.
    Auth { first: At, last: At, asked: u64 },
}

/// What held the port back between the first DISCOVER and the OFFER.
fn held_back(boot: &Boot, vlan: Option<u16>, first: At, offer: At) -> Option<Held> {
    let tree = boot.link.spanning_tree.port_for(vlan);
    if let Some((held, opened)) = tree.and_then(TreePort::held_back)
        && held < offer
        && opened.is_none_or(|opened| opened > first)
    {
        let opened = opened.filter(|opened| *opened < offer);
        return Some(Held::Tree { held, opened });
    }
    let auth = &boot.link.auth;
    let questions = || auth.requests().filter(|request| request.first < offer);
    if auth.responses().next().is_none()
        && let (Some(one), Some(last)) = (questions().next(), questions().next_back())
        && last.last > first
    {
        return Some(Held::Auth {
            first: one.first,
            last: last.last,
            asked: questions().map(|request| request.count).sum(),
        });
    }
    let stp = tree.and_then(|port| {
        let seen = port.states.first()?;
        let delay_secs = port.forward_delay_secs()?;
        (seen.value == TreeState::Unknown && seen.at < offer).then_some(Held::Stp {
            first: seen.at,
            delay_secs,
        })
    });
    stp.filter(|_| fits_spanning_tree(offer.time.secs_since(first.time)))
}

/// Whether the wait is one that spanning tree makes: the phone begins to ask some seconds
/// after the link came up, and asks in growing intervals.
fn fits_spanning_tree(waited_secs: f64) -> bool {
    (15.0..=65.0).contains(&waited_secs)
}

impl Held {
    fn words(&self, waited_secs: f64) -> String {
        match self {
            Self::Tree {
                held,
                opened: Some(opened),
            } => format!(
                "The port's BPDUs say that it let nothing through for {:.0} s.",
                opened.time.secs_since(held.time)
            ),
            Self::Tree { opened: None, .. } => {
                "The port's BPDUs say that it let nothing through.".to_owned()
            }
            Self::Stp { delay_secs, .. } => format!(
                "The port speaks STP with a forward delay of {delay_secs:.0} s: unless it is an \
                 edge port, it lets nothing through for {:.0} s. The wait of {waited_secs:.0} s \
                 fits.",
                2.0 * delay_secs
            ),
            Self::Auth { asked, .. } => format!(
                "Meanwhile the port asked for 802.1X ({asked} EAP requests that the phone did not \
                 answer) and let it in another way at last."
            ),
        }
    }

    fn evidence(&self) -> Vec<(At, &'static str)> {
        match *self {
            Self::Tree { held, opened } => {
                let opened = opened.map(|at| (at, "BPDU: the port forwards"));
                let held = Some((held, "BPDU: the port lets nothing through"));
                held.into_iter().chain(opened).collect()
            }
            Self::Stp { first, .. } => vec![(first, "BPDU of STP")],
            Self::Auth { first, last, .. } => {
                vec![(first, "EAP request, identity"), (last, "last EAP request")]
            }
        }
    }
}

fn advise(finding: Finding, held: Option<&Held>, port: &Port) -> Finding {
    let edge = format!("Make {} an edge port: {}.", port.words(), port.edge_port());
    match held {
        Some(Held::Auth { .. }) => finding
            .remedy(
                "Let the port fall back sooner: fewer or quicker questions (`dot1x timeout \
                 tx-period 5` on Cisco), or the MAC address before 802.1X.",
            )
            .remedy("Or switch 802.1X on in the phone."),
        Some(_) => finding.remedy(edge),
        None => finding.remedy(edge).remedy(
            "If it is one, look at the relay agent and the server: does it ping before it offers?",
        ),
    }
}

#[cfg(test)]
mod tests {
    use phoneboot_parsers::eapol;

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

    fn slow(boot: BootBuilder) -> Finding {
        let boot = boot.dhcp(MessageType::Offer, &[]);
        Case::new("cisco-79x1", boot).check(check).remove(0)
    }

    #[test]
    fn a_port_that_says_so_has_held_the_phone_back() {
        let boot = BootBuilder::new()
            .tree(TreeState::Discarding)
            .dhcp(MessageType::Discover, &[])
            .after_secs(28)
            .tree(TreeState::Forwarding);
        let finding = slow(boot);
        assert!(
            finding
                .title
                .starts_with("spanning tree holds the port back")
        );
        assert!(finding.detail.ends_with("let nothing through for 28 s."));
        assert_eq!(finding.evidence.len(), 4);
        assert_eq!(finding.remedy.len(), 1);
    }

    #[test]
    fn a_port_that_forwarded_all_the_time_has_not() {
        let boot = BootBuilder::new()
            .tree(TreeState::Discarding)
            .tree(TreeState::Forwarding)
            .dhcp(MessageType::Discover, &[])
            .after_secs(28);
        assert_eq!(slow(boot).title, "the first OFFER comes after 28 s");
    }

    #[test]
    fn stp_does_not_say_and_the_wait_must_fit() {
        let after = |secs| {
            BootBuilder::new()
                .tree(TreeState::Unknown)
                .dhcp(MessageType::Discover, &[])
                .after_secs(secs)
        };
        let detail = slow(after(31)).detail;
        assert!(
            detail.ends_with("for 30 s. The wait of 31 s fits."),
            "{detail}"
        );
        assert!(!slow(after(6)).detail.contains("STP"));
    }

    #[test]
    fn questions_for_802_1x_explain_the_wait() {
        let question = || eapol::Packet {
            code: eapol::REQUEST,
            method: Some(eapol::IDENTITY),
            ..eapol::Packet::default()
        };
        let boot = BootBuilder::new()
            .eap(false, question())
            .dhcp(MessageType::Discover, &[])
            .after_secs(30)
            .eap(false, question());
        let finding = slow(boot);
        assert!(finding.detail.contains("2 EAP requests"));
        assert!(finding.remedy[0].contains("tx-period"));
    }

    #[test]
    fn an_offer_within_four_seconds_is_not() {
        assert!(offered_after(4).is_empty());
    }
}
