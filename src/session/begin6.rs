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
    let speaks_v4 = boot.lease6.ipv4_in_use
        || host.addresses.iter().any(IpAddr::is_ipv4)
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

#[cfg(test)]
mod tests {
    use phoneboot_parsers::{Input, MacAddress};

    use super::*;
    use crate::capture::{FrameNumber, Timestamp};
    use crate::event::{Endpoint, EventKind, Subject};
    use crate::session::tracker::Tracker;

    const PHONE: MacAddress = MacAddress([0x00, 0x1b, 0xd5, 0x85, 0x36, 0x61]);

    /// SOLICIT or REPLY with this transaction id, after this time, with an address when it
    /// is a REPLY.
    fn message(kind: u8, id: u8, hundredths: u8) -> dhcpv6::Message {
        let mut bytes = vec![kind, 0, 0, id, 0, 8, 0, 2, 0, hundredths];
        if kind == 7 {
            bytes.extend([0, 3, 0, 40, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5, 0, 24]);
            bytes.extend([0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x61]);
            bytes.extend([0, 0, 1, 0, 0, 0, 1, 0]);
        }
        dhcpv6::decode(Input::whole(&bytes)).unwrap().value
    }

    /// How many boots there are of a phone that sends and gets these messages, each so many
    /// seconds after the first.
    fn n_boots(messages: &[(i64, dhcpv6::Message)]) -> usize {
        let mut tracker = Tracker::new(Box::new(|_| true));
        for (number, (secs, message)) in (1..).zip(messages) {
            let phone = Endpoint {
                mac: Some(PHONE),
                ip: Some("fe80::21b:d5ff:fe85:3661".parse().unwrap()),
                port: Some(546),
            };
            let server = Endpoint {
                mac: Some(MacAddress([2, 0, 0, 0, 0, 1])),
                ip: Some("fe80::1".parse().unwrap()),
                port: Some(547),
            };
            let (source, destination) = if message.kind.is_from_client() {
                (phone, server)
            } else {
                (server, phone)
            };
            tracker.event(&Event {
                at: At {
                    capture: 0,
                    frame: FrameNumber(number),
                    time: Timestamp(secs * 1_000_000_000),
                },
                source,
                destination,
                vlans: &[],
                subject: Subject::Mac(PHONE),
                kind: EventKind::Dhcpv6(message),
            });
        }
        let phones = tracker.finish();
        assert_eq!(phones.len(), 1);
        phones[0].boots.len()
    }

    #[test]
    fn a_solicit_long_after_a_lease_begins_a_boot() {
        let lease = [(0, message(1, 1, 0)), (1, message(7, 2, 0))];
        let after = |secs: i64, solicit| n_boots(&[&lease[..], &[(secs, solicit)]].concat());
        assert_eq!(after(100, message(1, 3, 0)), 2);
        assert_eq!(after(10, message(1, 3, 0)), 1, "too soon");
        assert_eq!(after(100, message(1, 3, 200)), 1, "a repeat by its time");
        assert_eq!(after(100, message(1, 1, 0)), 1, "a repeat by its id");
        assert_eq!(after(100, message(5, 3, 0)), 1, "RENEW");
    }

    #[test]
    fn solicits_that_nobody_answers_are_one_boot() {
        let solicits: Vec<_> = (0..5)
            .map(|number| (i64::from(number) * 100, message(1, number, 0)))
            .collect();
        assert_eq!(n_boots(&solicits), 1);
    }
}
