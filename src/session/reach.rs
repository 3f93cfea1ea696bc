//! The way to the server: ARP questions, ICMP errors, TCP connections.

use std::net::{IpAddr, Ipv4Addr};

use phoneboot_parsers::{MacAddress, icmp};

use crate::event::{At, Seen, Unreachable};

use super::quoted::Request;

/// How many addresses asked for by ARP are kept in a boot.
pub const MAX_ARP_TARGETS: usize = 64;
/// How many claims of others to the phone's addresses are kept in a boot.
pub const MAX_CLAIMS: usize = 8;
/// How many ICMP errors are kept in a boot.
pub const MAX_UNREACHABLES: usize = 64;
/// How many connections are kept in a boot.
pub const MAX_CONNECTIONS: usize = 256;

/// The reach phase of a boot.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reach {
    /// Addresses that the phone asked for by ARP, in the order of the first question.
    pub arp: Vec<ArpTarget>,
    /// Others that say by ARP or neighbor discovery that they have an address which this
    /// boot's DHCP or DHCPv6 messages give to the phone.
    pub claims: Vec<Seen<(IpAddr, MacAddress)>>,
    /// Datagrams of the phone that were sent back, in their order.
    pub unreachables: Vec<Seen<Undelivered>>,
    /// TCP connections that the phone opened or tried to, in their order. Attempts
    /// at the same server and port that never got an answer are one.
    pub connections: Vec<Connection>,
}

/// An address that the phone asked for by ARP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArpTarget {
    /// The address.
    pub address: Ipv4Addr,
    /// Whether only to see if it is free (RFC 5227).
    pub probe: bool,
    /// The first question.
    pub first: At,
    /// The last question.
    pub last: At,
    /// How many questions.
    pub asked: u64,
    /// The first answer, and whose address it is; `None` while there is none.
    pub answer: Option<Seen<MacAddress>>,
}

/// A datagram that ICMP sent back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undelivered {
    /// Why.
    pub why: Unreachable,
    /// Who says so; `None` on link types without IP addresses.
    pub from: Option<IpAddr>,
    /// Whether the phone itself refuses what was sent to it.
    pub refused_by_phone: bool,
    /// Which datagram.
    pub quoted: icmp::Quoted,
    /// What it asked for; `None` when that was not seen.
    pub request: Option<Request>,
}

/// A TCP connection that the phone opened or tried to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection {
    /// The server.
    pub server: IpAddr,
    /// Its port.
    pub server_port: u16,
    /// The phone's port, of the last attempt.
    pub client_port: u16,
    /// The first SYN.
    pub first: At,
    /// The last SYN.
    pub last: At,
    /// SYNs sent, repeats included.
    pub opens: u64,
    /// SYN and ACK.
    pub accepted: Option<At>,
    /// RST in answer to the SYN.
    pub refused: Option<At>,
    /// How many RST answered its SYNs.
    pub refusals: u64,
    /// RST within the connection.
    pub reset: Option<At>,
    /// The first FIN.
    pub finished: Option<At>,
    /// Bytes that the capture lost.
    pub missing_bytes: u64,
}

impl Connection {
    /// A connection whose first SYN is sent at `at`.
    pub fn new((server, server_port): (IpAddr, u16), client_port: u16, at: At) -> Self {
        Self {
            server,
            server_port,
            client_port,
            first: at,
            last: at,
            opens: 1,
            accepted: None,
            refused: None,
            refusals: 0,
            reset: None,
            finished: None,
            missing_bytes: 0,
        }
    }
}
