//! IPv6 addresses that somebody else has, for `address-in-use`.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv6Addr};

use phoneboot_parsers::MacAddress;
use phoneboot_parsers::dhcpv6::MessageType;

use crate::event::At;
use crate::finding::{About, Confidence, Finding, Severity};
use crate::rules::Context;
use crate::session::Boot;
use crate::session::lease6::Lease6Message;

use super::dhcpv6::has_ipv4;

/// Somebody who says that it has an address of the phone.
struct Claim {
    address: Ipv6Addr,
    mac: MacAddress,
    at: At,
}

pub(super) fn check(boot: &Boot, context: &Context<'_>) -> Option<Finding> {
    let mut declines = boot.lease6.of_kind(MessageType::Decline);
    if let Some(first) = declines.next() {
        let last = declines.next_back().unwrap_or(first);
        return Some(declined(boot, context, first, last));
    }
    let claim = claims(boot).find(|claim| !is_proxy(boot, claim.mac))?;
    Some(claimed(boot, context, &claim))
}

/// Answers to the phone's own probes, and claims to what a server gave it.
fn claims(boot: &Boot) -> impl Iterator<Item = Claim> {
    let probes = boot.neighbors.iter().filter(|neighbor| neighbor.probe);
    let answered = probes.filter_map(|neighbor| {
        let answer = neighbor.answer?;
        Some((neighbor.address, answer.value, answer.at))
    });
    let heard = boot.reach.claims.iter().filter_map(|seen| {
        let (IpAddr::V6(address), mac) = seen.value else {
            return None;
        };
        Some((address, mac, seen.at))
    });
    answered
        .chain(heard)
        .map(|(address, mac, at)| Claim { address, mac, at })
}

/// Whether a router answers in the place of others (RFC 4389): the same MAC address answers
/// for the router, or for several addresses. Every host has a link-local one beside.
fn is_proxy(boot: &Boot, mac: MacAddress) -> bool {
    let answered_for: BTreeSet<Ipv6Addr> = boot
        .neighbors
        .iter()
        .filter(|neighbor| neighbor.answer.is_some_and(|answer| answer.value == mac))
        .map(|neighbor| neighbor.address)
        .chain(
            claims(boot)
                .filter(|claim| claim.mac == mac)
                .map(|claim| claim.address),
        )
        .collect();
    let is_router = boot
        .router_advertisements
        .iter()
        .any(|said| answered_for.contains(&said.router));
    let n_global = answered_for
        .iter()
        .filter(|address| !address.is_unicast_link_local())
        .count();
    is_router || n_global > 1
}

fn severity(boot: &Boot, context: &Context<'_>, went_on: bool) -> Severity {
    if has_ipv4(boot, context) {
        Severity::Note
    } else if went_on || boot.is_registered() || context.fetched_anything(boot) {
        Severity::Warning
    } else {
        Severity::Error
    }
}

fn declined(
    boot: &Boot,
    context: &Context<'_>,
    first: &Lease6Message,
    last: &Lease6Message,
) -> Finding {
    let address = first
        .message
        .leased_addresses()
        .first()
        .map(|leased| leased.address);
    let shown = address.map_or_else(|| "an address".to_owned(), |address| address.to_string());
    let leased_later = boot
        .lease6
        .granted()
        .is_some_and(|granted| granted.at > last.at);
    let claim = claims(boot).find(|claim| Some(claim.address) == address);
    let who = claim.as_ref().map_or_else(String::new, |claim| {
        format!(" It belongs to {}.", claim.mac)
    });
    let count = boot.lease6.of_kind(MessageType::Decline).count();
    let times = if count == 1 {
        String::new()
    } else {
        format!(" It declined {count} times in all.")
    };
    let mut finding = Finding::new(
        "address-in-use",
        severity(boot, context, leased_later),
        format!("the phone declines {shown}: somebody else uses it"),
    )
    .detail(format!(
        "The phone tried the address that DHCPv6 gave it and found it in use.{who}{times}"
    ))
    .about(about(Some(first), "dhcpv6"));
    if let Some(claim) = claim.filter(|claim| claim.at < first.at) {
        finding = finding.evidence(claim.at, format!("{} has it", claim.mac));
    }
    finding = finding.evidence(first.at, "DECLINE");
    if count > 1 {
        finding = finding.evidence(last.at, "last DECLINE");
    }
    advise(finding, &shown, true)
}

fn claimed(boot: &Boot, context: &Context<'_>, claim: &Claim) -> Finding {
    let Claim { address, mac, at } = claim;
    let lease = boot
        .lease6
        .answers()
        .find(|answer| answer.given_addresses().contains(address));
    let whence = if lease.is_some() {
        format!("DHCPv6 gave {address} to the phone")
    } else {
        format!("The phone makes {address} for itself")
    };
    let finding = Finding::new(
        "address-in-use",
        severity(boot, context, false),
        format!("{mac} uses the phone's address {address} too"),
    )
    .confidence(Confidence::Likely)
    .detail(format!(
        "{whence}; another host says by neighbor discovery that it is its own."
    ))
    .about(about(lease, "icmp"));
    let finding = match lease {
        Some(lease) => finding.evidence(lease.at, format!("the phone is to have {address}")),
        None => finding,
    };
    let finding = finding.evidence(*at, format!("{address} is at {mac}"));
    advise(finding, &address.to_string(), lease.is_some())
}

fn about(lease: Option<&Lease6Message>, protocol: &'static str) -> About {
    About {
        vlan: lease.and_then(|lease| lease.vlan),
        protocol: Some(protocol),
        ..About::default()
    }
}

fn advise(finding: Finding, address: &str, is_leased: bool) -> Finding {
    let finding = finding.remedy(format!(
        "Find the host that has {address} by its MAC address (`show mac address-table` on the \
         switch) and give it another address."
    ));
    if is_leased {
        finding.remedy(
            "Take addresses that are set by hand out of the DHCPv6 pool, and see that no second \
             server gives out the same addresses.",
        )
    } else {
        finding.remedy(
            "Look for a host with the same MAC address or interface identifier: a cloned device, \
             or an address that was set by hand.",
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Seen;
    use crate::rules::testing::Case;
    use crate::session::neighbors::Neighbor;
    use crate::session::testing::BootBuilder;

    const OTHER: MacAddress = MacAddress([2, 0, 0, 0, 0, 9]);

    fn address(last: u16) -> Ipv6Addr {
        Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, last)
    }

    /// An `IA_NA` with `address(0x61)`.
    fn association() -> Vec<u8> {
        let mut value = vec![0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5, 0, 24];
        value.extend(address(0x61).octets());
        value.extend([0, 0, 1, 0, 0, 0, 1, 0]);
        value
    }

    /// REPLY (7) or DECLINE (9) with the address.
    fn message(boot: BootBuilder, kind: u8) -> BootBuilder {
        boot.dhcpv6(kind, &[(3, &association())])
    }

    /// A question of the phone that `OTHER` answers.
    fn answered(boot: BootBuilder, address: Ipv6Addr, probe: bool) -> BootBuilder {
        boot.with(move |boot, at| {
            boot.neighbors.push(Neighbor {
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
        message(BootBuilder::new(), 7)
    }

    fn check_of(boot: BootBuilder) -> Vec<Finding> {
        Case::new("cisco-78xx-88xx", boot)
            .without_addresses()
            .check(|boot, context| check(boot, context).into_iter().collect())
    }

    #[test]
    fn a_decline_without_another_lease_is_an_error() {
        let declined = || message(answered(leased(), address(0x61), true), 9);
        let findings = check_of(declined());
        assert_eq!(findings[0].severity, Severity::Error);
        assert_eq!(
            findings[0].title,
            "the phone declines 2001:db8::61: somebody else uses it"
        );
        assert!(
            findings[0]
                .detail
                .ends_with("It belongs to 02:00:00:00:00:09.")
        );
        assert_eq!(findings[0].evidence.len(), 2);
        let settled = check_of(message(declined(), 7));
        assert_eq!(settled[0].severity, Severity::Warning);
        let by_ipv4 = declined().with(|boot, _| boot.lease6.ipv4_in_use = true);
        assert_eq!(check_of(by_ipv4)[0].severity, Severity::Note);
    }

    #[test]
    fn an_answer_to_the_phones_probe_is_a_claim() {
        let findings = check_of(answered(leased(), address(0x61), true));
        assert_eq!(findings[0].severity, Severity::Error);
        assert!(findings[0].detail.starts_with("DHCPv6 gave 2001:db8::61"));
        let own = check_of(answered(BootBuilder::new(), address(0x77), true));
        assert!(own[0].detail.starts_with("The phone makes 2001:db8::77"));
        assert!(own[0].remedy[1].contains("interface identifier"));
        let heard = leased().with(|boot, at| {
            let claim = (IpAddr::V6(address(0x61)), OTHER);
            boot.reach.claims.push(Seen::new(claim, at));
        });
        assert_eq!(
            check_of(heard)[0].title,
            "02:00:00:00:00:09 uses the phone's address 2001:db8::61 too"
        );
    }

    #[test]
    fn servers_and_proxies_claim_nothing() {
        assert_eq!(check_of(answered(leased(), address(0x10), false)), []);
        let proxy = answered(leased(), address(0x10), false);
        assert_eq!(check_of(answered(proxy, address(0x61), true)), []);
        // A link-local address is one that every host has.
        let host = answered(leased(), "fe80::9".parse().unwrap(), false);
        assert_eq!(check_of(answered(host, address(0x61), true)).len(), 1);
    }
}
