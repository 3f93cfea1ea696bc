//! When DHCPv6 begins a boot.

use std::net::IpAddr;

use phoneboot_parsers::Protocol;
use phoneboot_parsers::dhcpv6::{self, MessageType};

use super::hosts::Host;
use super::lease6::Lease6Message;
use super::neighbors::Neighbor;
use super::{Boot, Phase, Step};
use crate::event::{At, Event};

/// After this much silence a phone that was given an address and did nothing with it has
/// started over when it asks again.
const LEASE_RETRY_SECS: f64 = 30.0;

/// Whether a DHCPv6 message of the phone begins a new boot.
///
/// Of a phone that speaks DHCP for IPv4 too, that decides: its SOLICITs may go unanswered
/// for ever. Neither does a repeated SOLICIT begin one; its elapsed time counts up
/// (RFC 8415 §21.9).
pub(super) fn starts_over(host: &Host, message: &dhcpv6::Message, event: &Event<'_>) -> bool {
    let boot = &host.boot;
    let begins = matches!(message.kind, MessageType::Solicit | MessageType::Confirm);
    let first_try = message.elapsed_hundredths().is_none_or(|spent| spent == 0);
    let repeated = boot
        .lease6
        .of_kind(message.kind)
        .any(|known| known.message.transaction_id == message.transaction_id);
    let speaks_v4 = host.addresses.iter().any(IpAddr::is_ipv4)
        || boot.lease.messages.iter().any(|seen| seen.message.op == 1);
    if !begins || !first_try || repeated || speaks_v4 {
        return false;
    }
    let got_on = !boot.transfers.is_empty()
        || !boot.registrations.is_empty()
        || boot.reach.connections.iter().any(|c| c.accepted.is_some());
    let Some(granted) = boot.lease6.granted() else {
        return got_on;
    };
    let vlan_changed = granted.vlan != event.vlans.last().copied();
    let idle_secs = event.at.time.secs_since(granted.at.time);
    got_on || (!vlan_changed && idle_secs >= LEASE_RETRY_SECS)
}

/// Whether a round for an address tells when this boot began.
pub(super) fn was_begun_by(boot: &Boot) -> bool {
    boot.lease6.of_kind(MessageType::Solicit).next().is_some()
}

/// Whether a step may stand before the DISCOVER of a dual-stack phone's boot: it looks for
/// IPv6 routers and servers as soon as its link is up.
pub(super) fn is_prelude(step: &Step) -> bool {
    step.phase == Phase::Lease && matches!(step.protocol, Protocol::Dhcpv6 | Protocol::Icmp)
}

/// What a boot knows by DHCPv6 and neighbor discovery alone.
pub(super) struct Known {
    messages: Vec<Lease6Message>,
    neighbors: Vec<Neighbor>,
}

impl Known {
    /// Takes what was seen at or after `since` out of a boot.
    pub(super) fn split_off(boot: &mut Boot, since: At) -> Self {
        let messages = &mut boot.lease6.messages;
        let (before, after) = std::mem::take(messages)
            .into_iter()
            .partition(|seen| seen.at < since);
        *messages = before;
        let (before, neighbors) = std::mem::take(&mut boot.neighbors)
            .into_iter()
            .partition(|neighbor| neighbor.first < since);
        boot.neighbors = before;
        Self {
            messages: after,
            neighbors,
        }
    }

    /// Puts it into the boot that it belongs to.
    pub(super) fn put_into(self, boot: &mut Boot) {
        boot.lease6.messages = self.messages;
        boot.neighbors = self.neighbors;
    }
}
