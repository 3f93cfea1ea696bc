//! More than one DHCP server offers, and they say different things.
//!
//! ## What it sees
//! OFFERs of at least two servers (option 54) in one VLAN whose boot data differ: the
//! provisioning options (150, 66 and the like), the boot file, the router, or the subnet of
//! the address.
//!
//! ## Why the phone stops
//! Which offer a phone takes is chance: most take the first, some the one with the options that
//! they want. With the wrong one it has no server, or asks one that knows nothing of it, and at
//! the next start it may be fine again.
//!
//! ## How to fix it
//! 1. Find the server that does not belong there: mostly a small router or an access point that
//!    somebody plugged in, with its own DHCP left on. The report names its address and MAC.
//! 2. Switch its DHCP off, or have the switch drop it: DHCP snooping, only the uplink
//!    trusted.
//! 3. If both belong there, give both the same scope options.
//!
//! ## When it may be wrong
//! Two servers of one failover pair offer the same data and are passed over; so is a next-server
//! field that names the offering server itself, which many servers fill in unasked. PXE servers
//! that offer no address do not count.
//!
//! ## References
//! RFC 2131 §4.4.1 (choice among offers); RFC 3046 and DHCP snooping in your switch's manual.

use std::net::Ipv4Addr;

use phoneboot_parsers::dhcp::{self, MessageType};

use crate::finding::{About, Confidence, Finding, Severity};
use crate::rules::Context;
use crate::rules::servers;
use crate::session::lease::LeaseMessage;
use crate::session::{Boot, Phase};

/// Options whose difference matters to a boot, other than addresses in any order.
const BOOT_OPTIONS: &[u8] = &[66, 160, 159, 161, 156, 43, 125, 67, 176, 242];

/// A phone that knows a server asks it within this time after the lease.
const ASK_SECS: f64 = 30.0;

pub(in crate::rules) fn check(boot: &Boot, context: &Context<'_>) -> Vec<Finding> {
    let offers: Vec<&LeaseMessage> = boot
        .lease
        .of_kind(MessageType::Offer)
        .filter(|offer| !offer.message.your_address.is_unspecified())
        .collect();
    for (index, one) in offers.iter().enumerate() {
        for other in offers.iter().skip(index + 1) {
            let (Some(first), Some(second)) = (one.server(), other.server()) else {
                continue;
            };
            if first == second
                || one.vlan != other.vlan
                || may_be_of_two_vlans(boot, context, one, other)
            {
                continue;
            }
            let differences = differences(&one.message, &other.message);
            if !differences.is_empty() {
                return vec![disagree(boot, context, one, other, &differences)];
            }
        }
    }
    Vec::new()
}

/// Whether the two may have come in different VLANs, of which a capture whose driver
/// strips the tags shows nothing: the phone asked again in between.
fn may_be_of_two_vlans(
    boot: &Boot,
    context: &Context<'_>,
    one: &LeaseMessage,
    other: &LeaseMessage,
) -> bool {
    let asked_between = boot
        .lease
        .of_kind(MessageType::Discover)
        .any(|discover| discover.at > one.at && discover.at < other.at);
    asked_between && !context.sees_tags() && boot.link.voice_vlan().is_some()
}

/// What differs, in words.
fn differences(one: &dhcp::Message, other: &dhcp::Message) -> Vec<String> {
    let mut found = Vec::new();
    let mut compare = |what: &str, one: Option<String>, other: Option<String>| {
        if one != other {
            let shown = |value: Option<String>| value.unwrap_or_else(|| "nothing".to_owned());
            found.push(format!("{what}: {} against {}", shown(one), shown(other)));
        }
    };
    let sorted = |message: &dhcp::Message, code| {
        let mut list = message.addresses(code)?;
        list.sort_unstable();
        let list: Vec<String> = list.iter().map(ToString::to_string).collect();
        Some(list.join(", "))
    };
    for (code, what) in [(150, "option 150"), (3, "router")] {
        compare(what, sorted(one, code), sorted(other, code));
    }
    for &code in BOOT_OPTIONS {
        let value = |message: &dhcp::Message| {
            let mut bytes = message.option(code)?;
            while bytes.last() == Some(&0) {
                bytes.pop();
            }
            Some(dhcp::options::value(code, &bytes).0.to_string())
        };
        compare(&format!("option {code}"), value(one), value(other));
    }
    let next_server = |message| servers::by_next_server(message).map(|named| named.words());
    compare("next server", next_server(one), next_server(other));
    let text =
        |text: &phoneboot_parsers::WireText| Some(text.to_string()).filter(|t| !t.is_empty());
    compare("boot file", text(&one.boot_file), text(&other.boot_file));
    compare("subnet", subnet(one), subnet(other));
    found
}

/// The subnet of the offered address; `None` without a mask.
fn subnet(message: &dhcp::Message) -> Option<String> {
    let mask = *message.addresses(1)?.first()?;
    let network = u32::from(message.your_address) & u32::from(mask);
    Some(format!(
        "{}/{}",
        Ipv4Addr::from(network),
        u32::from(mask).count_ones()
    ))
}

fn disagree(
    boot: &Boot,
    context: &Context<'_>,
    one: &LeaseMessage,
    other: &LeaseMessage,
    differences: &[String],
) -> Finding {
    let name = |offer: &LeaseMessage| offer.server().map_or(String::new(), |ip| ip.to_string());
    let lease = boot.lease.acknowledged();
    let taken = lease.and_then(LeaseMessage::server);
    let went_on = boot.is_registered() || context.fetched_anything(boot);
    let asked_nothing = !boot
        .timeline
        .iter()
        .any(|step| step.phase >= Phase::Fetch && step.from_phone);
    // With what another server offers it would have had somewhere to go.
    let stuck = !went_on
        && asked_nothing
        && lease.is_some_and(|lease| {
            boot.followed_by_another || context.watched_secs_after(lease.at) >= ASK_SECS
        });
    let severity = if stuck {
        Severity::Error
    } else {
        Severity::Warning
    };
    let choice = taken.map_or_else(String::new, |taken| {
        format!(" The phone took that of {taken}.")
    });
    Finding::new(
        "dhcp-servers-disagree",
        severity,
        format!(
            "two DHCP servers offer different things: {} and {}",
            name(one),
            name(other)
        ),
    )
    .confidence(if stuck {
        Confidence::Likely
    } else {
        Confidence::Certain
    })
    .detail(format!(
        "Their OFFERs differ in {}.{choice}",
        differences.join("; ")
    ))
    .about(About {
        server: other.server().map(Into::into),
        vlan: one.vlan,
        protocol: Some("dhcp"),
        ..About::default()
    })
    .evidence(one.at, format!("OFFER of {}", name(one)))
    .evidence(other.at, format!("OFFER of {}", name(other)))
    .remedy(format!(
        "Find out which of {} and {} does not belong in this VLAN, and switch its DHCP off: \
         often a router or access point that somebody plugged in.",
        name(one),
        name(other)
    ))
    .remedy(
        "Let the switch drop it: `ip dhcp snooping` with only the uplink trusted (Cisco), or the \
         like.",
    )
    .remedy("If both belong there, give them the same options.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::Case;
    use crate::session::testing::BootBuilder;
    use crate::session::transfer::Status;

    const MASK: (u8, &[u8]) = (1, &[255, 255, 255, 0]);
    const HOME: (u8, &[u8]) = (54, &[192, 0, 2, 1]);
    const OTHER: (u8, &[u8]) = (54, &[192, 0, 2, 254]);
    const TFTP: (u8, &[u8]) = (150, &[192, 0, 2, 10]);

    fn offers(one: &[(u8, &[u8])], other: &[(u8, &[u8])]) -> BootBuilder {
        BootBuilder::new()
            .dhcp(MessageType::Discover, &[])
            .dhcp(MessageType::Offer, one)
            .dhcp(MessageType::Offer, other)
    }

    fn check_of(boot: BootBuilder) -> Vec<Finding> {
        Case::new("cisco-79x1", boot).check(check)
    }

    #[test]
    fn a_server_without_the_phones_option_disagrees() {
        let boot =
            offers(&[HOME, MASK, TFTP], &[OTHER, MASK]).dhcp(MessageType::Ack, &[OTHER, MASK]);
        let findings = check_of(boot);
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].severity, Severity::Error);
        assert_eq!(
            findings[0].detail,
            "Their OFFERs differ in option 150: 192.0.2.10 against nothing. The phone took that \
             of 192.0.2.254."
        );
    }

    #[test]
    fn a_phone_that_goes_on_was_lucky() {
        let boot = offers(&[HOME, MASK, TFTP], &[OTHER, MASK])
            .dhcp(MessageType::Ack, &[HOME, MASK, TFTP])
            .tftp("SEP001AA17BE638.cnf.xml", Status::Complete);
        assert_eq!(check_of(boot)[0].severity, Severity::Warning);
    }

    #[test]
    fn routers_and_subnets_are_compared() {
        let boot = offers(
            &[HOME, MASK, (3, &[192, 0, 2, 1])],
            &[OTHER, (1, &[255, 255, 0, 0]), (3, &[192, 0, 2, 254])],
        );
        let detail = &check_of(boot)[0].detail;
        assert!(detail.contains("router: 192.0.2.1 against 192.0.2.254"));
        assert!(detail.contains("subnet: 192.0.2.0/24 against 192.0.0.0/16"));
    }

    #[test]
    fn a_failover_pair_agrees() {
        let swapped: (u8, &[u8]) = (150, &[192, 0, 2, 11, 192, 0, 2, 10]);
        let both: (u8, &[u8]) = (150, &[192, 0, 2, 10, 192, 0, 2, 11]);
        assert!(check_of(offers(&[HOME, MASK, both], &[OTHER, MASK, swapped])).is_empty());
        let text: (u8, &[u8]) = (66, b"tftp.example");
        let with_nul: (u8, &[u8]) = (66, b"tftp.example\0");
        let boot = offers(&[HOME, MASK, text], &[OTHER, MASK, with_nul])
            .last_dhcp(|message| message.server_address = Ipv4Addr::new(192, 0, 2, 254));
        assert!(check_of(boot).is_empty());
    }

    #[test]
    fn the_same_server_twice_and_other_vlans_are_none() {
        assert!(check_of(offers(&[HOME, MASK, TFTP], &[HOME, MASK])).is_empty());
        let boot = offers(&[HOME, MASK, TFTP], &[OTHER, MASK])
            .with(|boot, _| boot.lease.messages[2].vlan = Some(110));
        assert!(check_of(boot).is_empty());
        let pxe = offers(&[HOME, MASK, TFTP], &[OTHER, MASK])
            .last_dhcp(|message| message.your_address = Ipv4Addr::UNSPECIFIED);
        assert!(check_of(pxe).is_empty());
    }
}
