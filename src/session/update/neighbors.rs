//! Neighbor discovery of a host: routers, and who has which IPv6 address.

use std::net::Ipv6Addr;

use phoneboot_parsers::{MacAddress, Protocol};

use crate::event::{At, Event, Seen};
use crate::session::hosts::Host;
use crate::session::lease6::{MAX_ROUTER_ADVERTISEMENTS, RouterAdvertisement};
use crate::session::neighbors::{MAX_NEIGHBORS, Neighbor};
use crate::session::{Boot, Phase};

use super::reach::claim;
use super::{Change, step};

/// Questions after the first that are told in the timeline.
const REPEATS_TOLD: u64 = 3;

pub(super) fn router_solicited(host: &mut Host, event: &Event<'_>) -> Change {
    let summary = "asks for IPv6 routers";
    let (phase, name) = (Phase::Lease, "router-solicitation");
    step(host, event, phase, Protocol::Icmp, name, summary);
    Change::default()
}

/// A router tells how the link works. Only a host that speaks IPv6 itself has that in its
/// timeline.
pub(super) fn router_advertised(
    host: &mut Host,
    event: &Event<'_>,
    advertisement: &RouterAdvertisement,
) {
    if hear_router(&mut host.boot, advertisement) && speaks_ipv6(&host.boot) {
        let summary = describe_router(advertisement);
        let (phase, name) = (Phase::Lease, "router-advertisement");
        step(host, event, phase, Protocol::Icmp, name, summary);
    }
}

/// Keeps what a router says; whether it is new to this boot.
pub(in crate::session) fn hear_router(boot: &mut Boot, said: &RouterAdvertisement) -> bool {
    let list = &mut boot.router_advertisements;
    if let Some(known) = list.iter_mut().find(|known| known.says_the_same_as(said)) {
        known.last = said.last;
        return false;
    }
    if list.len() >= MAX_ROUTER_ADVERTISEMENTS {
        list.remove(0);
    }
    list.push(said.clone());
    true
}

fn speaks_ipv6(boot: &Boot) -> bool {
    !boot.lease6.messages.is_empty()
        || !boot.neighbors.is_empty()
        || boot
            .timeline
            .iter()
            .any(|step| step.event == "router-solicitation")
}

fn describe_router(said: &RouterAdvertisement) -> String {
    let prefixes: Vec<String> = said
        .prefixes
        .iter()
        .map(|prefix| format!("{}/{}", prefix.prefix, prefix.length))
        .collect();
    let prefixes = if prefixes.is_empty() {
        String::new()
    } else {
        format!(" for {}", prefixes.join(", "))
    };
    let makes_own = said.prefixes.iter().any(|prefix| prefix.autonomous);
    let addresses = match (said.managed, makes_own) {
        (true, true) => "addresses by DHCPv6 or from the prefix",
        (true, false) => "addresses by DHCPv6",
        (false, true) => "addresses from the prefix",
        (false, false) => "no addresses to be had",
    };
    let other = if said.other && !said.managed {
        ", other settings by DHCPv6"
    } else {
        ""
    };
    let role = if said.lifetime_secs == 0 {
        "is no default router"
    } else {
        "is the router"
    };
    format!("{} {role}{prefixes}: {addresses}{other}", said.router)
}

pub(super) fn asked(host: &mut Host, event: &Event<'_>, target: Ipv6Addr, probe: bool) -> Change {
    let known = host
        .boot
        .neighbors
        .iter_mut()
        .find(|known| known.address == target && known.probe == probe);
    if let Some(known) = known {
        known.last = event.at;
        known.asked = known.asked.saturating_add(1);
        if known.answer.is_none() && known.asked <= REPEATS_TOLD {
            tell_question(host, event, probe, format!("asks again who has {target}"));
        }
        return Change::default();
    }
    if host.boot.neighbors.len() >= MAX_NEIGHBORS {
        return Change::default();
    }
    host.boot.neighbors.push(Neighbor {
        address: target,
        probe,
        first: event.at,
        last: event.at,
        asked: 1,
        answer: None,
    });
    let summary = if probe {
        format!("checks that nobody uses {target}")
    } else {
        format!("asks who has {target}")
    };
    tell_question(host, event, probe, summary);
    Change::default()
}

/// Questions of a phone that is not booting only keep its memory fresh.
fn tell_question(host: &mut Host, event: &Event<'_>, probe: bool, summary: String) {
    let boot = &host.boot;
    let boots = !boot.lease6.messages.is_empty()
        || !boot.lease.messages.is_empty()
        || !boot.transfers.is_empty();
    let phase = if probe { Phase::Lease } else { Phase::Reach };
    if probe || boots {
        let name = "neighbor-solicitation";
        step(host, event, phase, Protocol::Icmp, name, summary);
    }
}

pub(in crate::session) fn answered(
    host: &mut Host,
    event: &Event<'_>,
    address: Ipv6Addr,
    mac: Option<MacAddress>,
) -> Change {
    let Some(mac) = mac.filter(|mac| host.mac != Some(*mac)) else {
        return Change::default();
    };
    if host.boot.lease6.gives(address) {
        claim(host, event, Protocol::Icmp, address.into(), mac);
    }
    let Some(question) = host
        .boot
        .neighbors
        .iter_mut()
        .filter(|question| question.answer.is_none())
        .rfind(|question| question.address == address)
    else {
        return Change::default();
    };
    question.answer = Some(Seen::new(mac, event.at));
    let probe = question.probe;
    let told = host
        .boot
        .timeline
        .iter()
        .any(|step| step.event == "neighbor-solicitation");
    if told {
        let phase = if probe { Phase::Lease } else { Phase::Reach };
        let summary = format!("{address} is at {mac}");
        let name = "neighbor-advertisement";
        step(host, event, phase, Protocol::Icmp, name, summary);
    }
    Change::default()
}

/// The fact that an advertisement is, as the session keeps it; `None` when the message is
/// none, or comes from no IPv6 address.
pub(in crate::session) fn router_fact(
    event: &Event<'_>,
    message: &phoneboot_parsers::ndp::Message,
) -> Option<RouterAdvertisement> {
    use phoneboot_parsers::ndp::Body;
    let Body::RouterAdvertisement(body) = &message.body else {
        return None;
    };
    let Some(std::net::IpAddr::V6(router)) = event.source.ip else {
        return None;
    };
    let at: At = event.at;
    Some(RouterAdvertisement {
        first: at,
        last: at,
        vlan: event.vlans.last().copied(),
        router,
        managed: body.managed,
        other: body.other,
        lifetime_secs: body.lifetime_secs,
        prefixes: message.prefixes().copied().collect(),
        name_servers: message.name_servers().collect(),
    })
}
