//! Somebody else has the address that DHCP gave the phone.
//!
//! ## What it sees
//! DECLINE of DHCP or DHCPv6, by which a phone gives an address back that it found in use; or a
//! message of ARP or IPv6 neighbor discovery in which another MAC address claims the address
//! that the phone was offered or given, or makes for itself.
//!
//! ## Why the phone stops
//! A phone that declines starts over, and may be offered the same address again. One that
//! does not notice shares the address: answers of its servers go to the other host, now
//! and then or always.
//!
//! ## How to fix it
//! 1. Find the other host by its MAC address (`show mac address-table address …` on the
//!    switch) and give it another address: mostly it was set by hand inside the DHCP range.
//! 2. Take fixed addresses out of the range, or exclude them there.
//! 3. A second DHCP server that gives out the same range does the same harm.
//!
//! ## When it may be wrong
//! A router with proxy ARP or a neighbor discovery proxy answers for addresses that are not its
//! own. The rule passes over
//! answers from the router's MAC address, and from one that answers for several addresses,
//! unless the phone itself declines.
//!
//! ## References
//! RFC 2131 §3.1 (5), §4.4.1; RFC 5227 §2.1.1; RFC 1027 (proxy ARP); RFC 4862 §5.4; RFC 8415
//! §18.2.8; RFC 4389 (neighbor discovery proxies).

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};

use phoneboot_parsers::MacAddress;
use phoneboot_parsers::dhcp::MessageType;

use crate::event::{At, Seen};
use crate::finding::{About, Confidence, Finding, Severity};
use crate::rules::Context;
use crate::session::Boot;
use crate::session::lease::LeaseMessage;

pub(in crate::rules) fn check(boot: &Boot, context: &Context<'_>) -> Vec<Finding> {
    let by_ipv4 = by_arp(boot, context).into_iter();
    by_ipv4
        .chain(super::duplicate_address::check(boot, context))
        .collect()
}

/// A DECLINE, or a claim by ARP.
fn by_arp(boot: &Boot, context: &Context<'_>) -> Option<Finding> {
    let declines: Vec<&LeaseMessage> = boot.lease.of_kind(MessageType::Decline).collect();
    if let (Some(first), Some(last)) = (declines.first(), declines.last()) {
        return Some(declined(boot, context, first, last, declines.len()));
    }
    let claim = claims(boot).find(|claim| !is_proxy(boot, claim.mac))?;
    Some(claimed(boot, context, &claim))
}

/// Somebody who says that it has an address.
struct Claim {
    address: Ipv4Addr,
    mac: MacAddress,
    at: At,
}

/// Claims to addresses of the phone, answers to its own probes included.
fn claims(boot: &Boot) -> impl Iterator<Item = Claim> {
    let probes = boot.reach.arp.iter().filter(|target| target.probe);
    let answered = probes.filter_map(|target| {
        let answer = target.answer?;
        Some((target.address, answer))
    });
    let heard = boot.reach.claims.iter().filter_map(|seen| {
        let (IpAddr::V4(address), mac) = seen.value else {
            return None;
        };
        Some((address, Seen::new(mac, seen.at)))
    });
    answered.chain(heard).map(|(address, seen)| Claim {
        address,
        mac: seen.value,
        at: seen.at,
    })
}

/// Whether the MAC address is the router's, or answers for several addresses.
fn is_proxy(boot: &Boot, mac: MacAddress) -> bool {
    let routers = boot
        .lease
        .boot_data()
        .and_then(|lease| lease.message.addresses(3))
        .unwrap_or_default();
    let answered_for: BTreeSet<Ipv4Addr> = boot
        .reach
        .arp
        .iter()
        .filter(|target| target.answer.is_some_and(|answer| answer.value == mac))
        .map(|target| target.address)
        .chain(
            claims(boot)
                .filter(|claim| claim.mac == mac)
                .map(|claim| claim.address),
        )
        .collect();
    answered_for.len() > 1 || answered_for.iter().any(|address| routers.contains(address))
}

fn declined(
    boot: &Boot,
    context: &Context<'_>,
    first: &LeaseMessage,
    last: &LeaseMessage,
    count: usize,
) -> Finding {
    let address = first.message.requested_address();
    let shown = address.map_or_else(|| "an address".to_owned(), |address| address.to_string());
    let leased_later = boot
        .lease
        .acknowledged()
        .is_some_and(|lease| lease.at > last.at);
    let severity = if leased_later || boot.is_registered() || context.fetched_anything(boot) {
        Severity::Warning
    } else {
        Severity::Error
    };
    let claim = claims(boot).find(|claim| Some(claim.address) == address);
    let who = claim.as_ref().map_or_else(String::new, |claim| {
        let proxy = if is_proxy(boot, claim.mac) {
            ", which answers for other addresses too: proxy ARP"
        } else {
            ""
        };
        format!(" It belongs to {}{proxy}.", claim.mac)
    });
    let times = if count == 1 {
        String::new()
    } else {
        format!(" It declined {count} times in all.")
    };
    let mut finding = new(
        severity,
        Confidence::Certain,
        format!("the phone declines {shown}: somebody else uses it"),
        first,
    )
    .detail(format!(
        "The phone tried the address that it was given and found it in use.{who}{times}"
    ));
    if let Some(claim) = claim.filter(|claim| claim.at < first.at) {
        finding = finding.evidence(claim.at, format!("{} has it", claim.mac));
    }
    finding = finding.evidence(first.at, "DECLINE");
    if count > 1 {
        finding = finding.evidence(last.at, "last DECLINE");
    }
    advise(finding, &shown)
}

fn claimed(boot: &Boot, context: &Context<'_>, claim: &Claim) -> Finding {
    let severity = if boot.is_registered() || context.is_loaded(boot) {
        Severity::Warning
    } else {
        Severity::Error
    };
    let lease = boot.lease.boot_data();
    let Claim { address, mac, at } = claim;
    let title = format!("{mac} uses the phone's address {address} too");
    let finding = match lease {
        Some(lease) => new(severity, Confidence::Likely, title, lease)
            .evidence(lease.at, format!("the phone is to have {address}")),
        None => Finding::new("address-in-use", severity, title).confidence(Confidence::Possible),
    };
    let finding = finding
        .detail(format!(
            "DHCP gave {address} to the phone; another host says by ARP that it is its own."
        ))
        .evidence(*at, format!("{address} is at {mac}"));
    advise(finding, &address.to_string())
}

fn new(severity: Severity, confidence: Confidence, title: String, lease: &LeaseMessage) -> Finding {
    Finding::new("address-in-use", severity, title)
        .confidence(confidence)
        .about(About {
            vlan: lease.vlan,
            protocol: Some("dhcp"),
            ..About::default()
        })
}

fn advise(finding: Finding, address: &str) -> Finding {
    finding
        .remedy(format!(
            "Find the host that has {address} by its MAC address (`show mac address-table` on the \
             switch) and give it another address."
        ))
        .remedy(format!(
            "Exclude addresses that are set by hand from the DHCP range (`ip dhcp \
             excluded-address {address}` on Cisco), and see that no second server gives out the \
             same range."
        ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::Case;
    use crate::session::reach::ArpTarget;
    use crate::session::testing::{BootBuilder, PHONE};
    use crate::session::transfer::Status;

    const OTHER: MacAddress = MacAddress([2, 0, 0, 0, 0, 9]);
    const ROUTER: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);

    /// An ARP question of the phone that `OTHER` answers.
    fn answered(boot: BootBuilder, address: Ipv4Addr, probe: bool) -> BootBuilder {
        boot.with(move |boot, at| {
            boot.reach.arp.push(ArpTarget {
                address,
                probe,
                first: at,
                last: at,
                asked: 1,
                answer: Some(Seen::new(OTHER, at)),
            });
        })
    }

    fn leased() -> BootBuilder {
        BootBuilder::new().lease(&[150], &[(150, &[192, 0, 2, 10])])
    }

    fn declined() -> BootBuilder {
        answered(leased(), PHONE, true).dhcp(MessageType::Decline, &[(50, &PHONE.octets())])
    }

    fn check_of(boot: BootBuilder) -> Vec<Finding> {
        Case::new("cisco-79x1", boot).check(check)
    }

    #[test]
    fn a_decline_without_another_lease_is_an_error() {
        let findings = check_of(declined());
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].severity, Severity::Error);
        assert_eq!(
            findings[0].title,
            "the phone declines 192.0.2.51: somebody else uses it"
        );
        assert!(
            findings[0]
                .detail
                .ends_with("It belongs to 02:00:00:00:00:09.")
        );
        assert_eq!(findings[0].evidence.len(), 2);
    }

    #[test]
    fn a_decline_and_another_lease_is_a_warning() {
        let boot = declined().lease(&[150], &[]);
        assert_eq!(check_of(boot)[0].severity, Severity::Warning);
    }

    #[test]
    fn an_answer_to_the_phones_probe_is_a_claim() {
        let boot = answered(leased(), PHONE, true);
        assert_eq!(check_of(boot)[0].severity, Severity::Error);
        let boot = answered(leased(), PHONE, true).tftp("a", Status::Complete);
        assert_eq!(check_of(boot)[0].severity, Severity::Warning);
    }

    #[test]
    fn a_claim_that_was_heard_counts_likewise() {
        let boot =
            leased().with(|boot, at| boot.reach.claims.push(Seen::new((PHONE.into(), OTHER), at)));
        assert_eq!(
            check_of(boot)[0].title,
            "02:00:00:00:00:09 uses the phone's address 192.0.2.51 too"
        );
    }

    #[test]
    fn a_router_with_proxy_arp_is_none() {
        let boot = answered(answered(leased(), ROUTER, false), PHONE, true);
        assert!(check_of(boot).is_empty());
        let server = Ipv4Addr::new(192, 0, 2, 10);
        let boot = answered(answered(leased(), server, false), PHONE, true);
        assert!(check_of(boot).is_empty());
    }

    #[test]
    fn an_answered_question_for_a_server_is_none() {
        assert!(check_of(answered(leased(), Ipv4Addr::new(192, 0, 2, 10), false)).is_empty());
    }
}
