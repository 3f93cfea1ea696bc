//! ARP and ICMP messages as lines show them.

use phoneboot_parsers::{arp, icmp};
use schemars::JsonSchema;
use serde::Serialize;

use super::neighbor::{Neighbor, neighbor};

/// An ARP packet.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Arp {
    /// 1 request, 2 reply.
    pub operation: u16,
    /// Sender's MAC address.
    pub sender_mac: String,
    /// Sender's address; 0.0.0.0 in a probe.
    pub sender_ip: String,
    /// Target's MAC address; mostly zero in a request.
    pub target_mac: String,
    /// Target's address.
    pub target_ip: String,
}

/// An ICMP or `ICMPv6` message.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Icmp {
    /// 4 or 6.
    pub ip_version: u8,
    /// Type.
    #[serde(rename = "type")]
    pub kind: u8,
    /// Code.
    pub code: u8,
    /// The datagram that an error quotes; null for messages that are no errors.
    pub quoted: Option<Quoted>,
    /// What a message of neighbor discovery carries; null for all others.
    pub neighbor: Option<Box<Neighbor>>,
}

/// The head of a datagram that an ICMP error quotes.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Quoted {
    /// Who sent it.
    pub src_ip: String,
    /// Where it should have gone.
    pub dst_ip: String,
    /// IP protocol number: 6 TCP, 17 UDP.
    pub protocol: u8,
    /// Its source port; null when not quoted.
    pub src_port: Option<u16>,
    /// Its destination port; null when not quoted.
    pub dst_port: Option<u16>,
}

pub(super) fn arp(message: &arp::Message) -> Arp {
    Arp {
        operation: message.operation,
        sender_mac: message.sender_mac.to_string(),
        sender_ip: message.sender_address.to_string(),
        target_mac: message.target_mac.to_string(),
        target_ip: message.target_address.to_string(),
    }
}

pub(super) fn icmp(message: &icmp::Message) -> Icmp {
    Icmp {
        ip_version: message.ip_version,
        kind: message.kind,
        code: message.code,
        quoted: message.quoted.map(|quoted| Quoted {
            src_ip: quoted.source.to_string(),
            dst_ip: quoted.destination.to_string(),
            protocol: quoted.protocol,
            src_port: quoted.ports.map(|(source, _)| source),
            dst_port: quoted.ports.map(|(_, destination)| destination),
        }),
        neighbor: message
            .neighbor
            .as_deref()
            .map(|message| Box::new(neighbor(message))),
    }
}
