//! The first look at a packet: a few comparisons at fixed places, so that the
//! traffic of a whole office costs next to nothing.
//!
//! It may let through what turns out to be foreign, never the other way round:
//! whatever is not plainly a datagram of foreign ports, or a segment of a known
//! foreign connection, is looked at in full.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::segment::FlowKey;
use super::tunnel;

/// What the first look tells of an IP packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Glance<'a> {
    /// It must be looked at in full: a fragment, a header with options, ICMP, a
    /// packet cut short.
    Look,
    /// UDP: who sends to whom, and what.
    Udp {
        /// Source and destination.
        ports: [u16; 2],
        payload: &'a [u8],
    },
    /// An IP protocol that carries frames or packets, and what it carries.
    Tunnel(u8, &'a [u8]),
    /// TCP without SYN, FIN and RST.
    Tcp(FlowKey),
    /// A protocol that carries nothing for us.
    Foreign,
}

const PROTOCOL_ICMP: u8 = 1;
const PROTOCOL_TCP: u8 = 6;
const PROTOCOL_UDP: u8 = 17;
const PROTOCOL_AUTHENTICATION: u8 = 51;

/// FIN, SYN and RST: flags that end or begin something.
const TCP_EVENT_FLAGS: u8 = 0x07;

/// IPv4's "more fragments" and fragment offset.
const FRAGMENT_BITS: u16 = 0x3fff;

/// Finds the IP packet in an Ethernet frame without or with one or two tags.
/// `None` for whatever else a frame may be.
pub(super) fn packet_of(ethernet: &[u8]) -> Option<&[u8]> {
    let mut rest = ethernet.get(12..)?;
    for _ in 0..3 {
        let (ethertype, behind) = rest.split_first_chunk::<2>()?;
        match ethertype {
            [0x08, 0x00] | [0x86, 0xdd] => return Some(behind),
            [0x81, 0x00] | [0x88, 0xa8] => rest = behind.get(2..)?,
            _ => return None,
        }
    }
    None
}

/// Looks at a packet from its IP header on.
pub(super) fn glance(packet: &[u8]) -> Glance<'_> {
    match packet.first() {
        Some(0x45) => ipv4(packet),
        Some(0x60..=0x6f) => ipv6(packet),
        _ => None,
    }
    .unwrap_or(Glance::Look)
}

/// An IPv4 header of 20 bytes. `None` when it was not captured whole.
fn ipv4(packet: &[u8]) -> Option<Glance<'_>> {
    let (header, rest) = packet.split_first_chunk::<20>()?;
    let &[.., flags, offset, _, protocol, _, _, _, _, _, _, _, _, _, _] = header;
    match protocol {
        PROTOCOL_ICMP | PROTOCOL_AUTHENTICATION => return None,
        PROTOCOL_TCP | PROTOCOL_UDP => {}
        _ if tunnel::is_protocol(protocol) => {}
        _ => return Some(Glance::Foreign),
    }
    if u16::from_be_bytes([flags, offset]) & FRAGMENT_BITS != 0 {
        return None;
    }
    if protocol == PROTOCOL_UDP {
        return udp(rest);
    }
    if protocol != PROTOCOL_TCP {
        return Some(Glance::Tunnel(protocol, rest));
    }
    let (before, destination) = header.split_last_chunk::<4>()?;
    let source = before.last_chunk::<4>()?;
    let mapped = |address: &[u8; 4]| Ipv4Addr::from(*address).to_ipv6_mapped();
    tcp(mapped(source), mapped(destination), rest)
}

/// An IPv6 header. Extension headers come in the place of the protocol: they are
/// looked at in full, like everything rare.
fn ipv6(packet: &[u8]) -> Option<Glance<'_>> {
    let (&[_, _, _, _, _, _, next_header, _], rest) = packet.split_first_chunk::<8>()?;
    let (source, rest) = rest.split_first_chunk::<16>()?;
    let (destination, rest) = rest.split_first_chunk::<16>()?;
    match next_header {
        PROTOCOL_UDP => udp(rest),
        PROTOCOL_TCP => tcp(Ipv6Addr::from(*source), Ipv6Addr::from(*destination), rest),
        _ if tunnel::is_protocol(next_header) => Some(Glance::Tunnel(next_header, rest)),
        _ => None,
    }
}

fn udp(datagram: &[u8]) -> Option<Glance<'_>> {
    let (&[s0, s1, d0, d1, ..], payload) = datagram.split_first_chunk::<8>()?;
    Some(Glance::Udp {
        ports: [u16::from_be_bytes([s0, s1]), u16::from_be_bytes([d0, d1])],
        payload,
    })
}

fn tcp(source: Ipv6Addr, destination: Ipv6Addr, segment: &[u8]) -> Option<Glance<'_>> {
    let &[s0, s1, d0, d1, _, _, _, _, _, _, _, _, _, flags] = segment.first_chunk()?;
    if flags & TCP_EVENT_FLAGS != 0 {
        return None;
    }
    let source_port = u16::from_be_bytes([s0, s1]);
    let destination_port = u16::from_be_bytes([d0, d1]);
    let (key, _) = FlowKey::new((source, source_port), (destination, destination_port));
    Some(Glance::Tcp(key))
}

/// A set of 16-bit numbers that never shrinks: ports.
#[derive(Debug)]
pub(super) struct Bits {
    words: Box<[u64; 1024]>,
}

impl Bits {
    /// The set of these numbers.
    pub(super) fn of(members: &[u16]) -> Self {
        let mut bits = Self {
            words: Box::new([0; 1024]),
        };
        for &member in members {
            bits.insert(member);
        }
        bits
    }

    pub(super) fn insert(&mut self, member: u16) {
        if let Some(word) = self.words.get_mut(usize::from(member >> 6)) {
            *word |= 1 << (member & 63);
        }
    }

    pub(super) fn contains(&self, member: u16) -> bool {
        self.words
            .get(usize::from(member >> 6))
            .is_some_and(|word| word & 1 << (member & 63) != 0)
    }
}
