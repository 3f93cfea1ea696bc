//! Phones and their boots, as the wire shows them.
//!
//! [`tracker::Tracker`] puts events into these types; nothing here judges them.
//! Whether an absent file matters is for the profiles and rules to say.

mod begin6;
pub mod clock;
pub mod ftp;
mod hosts;
pub mod lease;
pub mod lease6;
pub mod link;
pub mod lookup;
pub mod neighbors;
pub mod phone;
pub mod port;
mod ports;
pub mod quoted;
pub mod reach;
pub mod registration;
pub mod signaling;
#[cfg(test)]
pub(crate) mod testing;
pub mod tls;
pub mod tracker;
pub mod transfer;
mod update;

use std::collections::BTreeSet;
use std::net::IpAddr;

use phoneboot_parsers::{MacAddress, Protocol};

use crate::event::{At, Endpoint, Seen};

use clock::TimeServer;
use ftp::Ftp;
use lease::Lease;
use lease6::{Lease6, RouterAdvertisement};
use link::Link;
use lookup::Lookup;
use neighbors::Neighbor;
use phone::Clue;
use reach::Reach;
use registration::{PlugAndPlay, PreviousEnd, Registration};
use signaling::Signaling;
use transfer::Transfer;

/// A host and its boots. Whether it is a phone is for the profiles to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Phone {
    /// Its MAC address; `None` when the capture was taken behind a router and
    /// nothing the host said names it.
    pub mac: Option<MacAddress>,
    /// Addresses that it used or was given, in the order they were seen.
    pub addresses: Vec<IpAddr>,
    /// What it said about itself, each thing once, where it was first seen.
    pub clues: Vec<Seen<Clue>>,
    /// Its boots, in their order; never empty.
    pub boots: Vec<Boot>,
    /// How many boots were given up between the first and the others shown, because
    /// there were more than are kept.
    pub boots_evicted: u64,
}

/// One boot of one phone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Boot {
    /// From 1.
    pub number: u32,
    /// Its first frame.
    pub started: At,
    /// Its last frame so far.
    pub ended: At,
    /// The last frame of any sort that the phone sent.
    pub last_heard: At,
    /// A frame of something that had begun before the capture, and that came before
    /// anything else; `None` in a boot that the capture shows from its beginning.
    pub joined: Option<At>,
    /// What shows that it began here.
    pub began_by: Beginning,
    /// Whether the same phone booted again after it; else the capture ends in it.
    pub followed_by_another: bool,
    /// What phone and switch told each other.
    pub link: Link,
    /// The DHCP exchange.
    pub lease: Lease,
    /// The DHCPv6 exchange.
    pub lease6: Lease6,
    /// What IPv6 routers tell, each thing once, in the order in which it was first said.
    pub router_advertisements: Vec<RouterAdvertisement>,
    /// IPv6 addresses that the phone asked for, in the order of the first question.
    pub neighbors: Vec<Neighbor>,
    /// ARP, ICMP and TCP connections.
    pub reach: Reach,
    /// Names that the phone looked up, in the order of the first questions.
    pub lookups: Vec<Lookup>,
    /// Servers that it asked for the time, in the order of the first requests.
    pub time: Vec<TimeServer>,
    /// Files asked for or sent, in the order of their first request.
    pub transfers: Vec<Transfer>,
    /// FTP logins and data connections.
    pub ftp: Ftp,
    /// Attempts to register, one a server and protocol, in their order.
    /// Attempts to register, one a server, protocol and name, in their order.
    pub registrations: Vec<Registration>,
    /// What the phone says of the end of its last run.
    pub previous_end: Option<Seen<PreviousEnd>>,
    /// Its search for a provisioning server by SIP multicast.
    pub plug_and_play: PlugAndPlay,
    /// With whom it speaks MGCP or H.323.
    pub signaling: Vec<Signaling>,
    /// TLS connections that the phone opened, in their order.
    pub tls: Vec<tls::Session>,
    /// Protocols of which the capture does not hold every message whole.
    pub cut_short: BTreeSet<Protocol>,
    /// Messages of or to the phone that break their specification.
    pub malformed: Vec<Seen<Malformed>>,
    /// What happened, in the order of the frames.
    pub timeline: Vec<Step>,
    /// Steps that were left out because the timeline was full.
    pub steps_left_out: u64,
    /// Frames that the phone sent, as far as they were looked at.
    pub frames_from_phone: u64,
    /// Frames that were sent to it alone, as far as they were looked at.
    pub frames_to_phone: u64,
}

/// What shows that a boot began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Beginning {
    /// The first thing that the capture shows of the phone.
    FirstSeen,
    /// A new DHCP round after the last boot had got on.
    Dhcp,
    /// The first file of the last boot is asked for again after a silence.
    FirstFileAgain,
}

/// A message that breaks its specification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Malformed {
    /// Of which protocol.
    pub protocol: Protocol,
    /// Whether the phone sent it.
    pub from_phone: bool,
    /// Which field.
    pub field: String,
    /// What was found and what is allowed.
    pub detail: String,
}

/// One line of a boot's timeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Which frame, when.
    pub at: At,
    /// Which phase of the boot it belongs to.
    pub phase: Phase,
    /// Which protocol said it.
    pub protocol: Protocol,
    /// What sort of step it is: `dhcp-discover`, `tftp-request`.
    pub event: &'static str,
    /// Whether the phone sent it, be it by way of a relay agent.
    pub from_phone: bool,
    /// Who sent the frame.
    pub source: Endpoint,
    /// Whom it was sent to.
    pub destination: Endpoint,
    /// Innermost VLAN id of the frame; `None` when untagged.
    pub vlan: Option<u16>,
    /// What happened, as a clause without subject: `asks for term70.default.loads`.
    /// Text of the wire in it is escaped.
    pub summary: String,
}

/// The phases of a boot, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Phase {
    /// CDP, LLDP: power, voice VLAN.
    Link,
    /// DHCP: an address and a server.
    Lease,
    /// ARP, DNS, TCP: the way to the server.
    Reach,
    /// TFTP, FTP, HTTP: files.
    Fetch,
    /// SIP, SCCP.
    Register,
}

impl Phase {
    /// All of them, in their order.
    pub const ALL: [Self; 5] = [
        Self::Link,
        Self::Lease,
        Self::Reach,
        Self::Fetch,
        Self::Register,
    ];

    /// The name that reports use.
    pub fn name(self) -> &'static str {
        match self {
            Self::Link => "link",
            Self::Lease => "lease",
            Self::Reach => "reach",
            Self::Fetch => "fetch",
            Self::Register => "register",
        }
    }
}

/// Milliwatts as watts: `6.3 W`.
pub fn watts(milliwatts: u32) -> String {
    let tenths = milliwatts.saturating_add(50) / 100;
    format!("{}.{} W", tenths / 10, tenths % 10)
}

impl Boot {
    /// A boot that begins with the frame `at`.
    pub fn new(number: u32, at: At, began_by: Beginning) -> Self {
        Self {
            number,
            started: at,
            ended: at,
            last_heard: at,
            joined: None,
            began_by,
            followed_by_another: false,
            link: Link::default(),
            lease: Lease::default(),
            lease6: Lease6::default(),
            router_advertisements: Vec::new(),
            neighbors: Vec::new(),
            reach: Reach::default(),
            lookups: Vec::new(),
            time: Vec::new(),
            transfers: Vec::new(),
            ftp: Ftp::default(),
            registrations: Vec::new(),
            previous_end: None,
            plug_and_play: PlugAndPlay::default(),
            signaling: Vec::new(),
            tls: Vec::new(),
            cut_short: BTreeSet::new(),
            malformed: Vec::new(),
            timeline: Vec::new(),
            steps_left_out: 0,
            frames_from_phone: 0,
            frames_to_phone: 0,
        }
    }

    /// The last moment at which the boot got on or tried to: announcements, and questions
    /// for its neighbors, go on for ever and are no progress.
    pub fn last_effort(&self) -> At {
        let is_upkeep = |step: &Step| step.phase == Phase::Link || step.protocol == Protocol::Arp;
        let step = self
            .timeline
            .iter()
            .rfind(|step| !is_upkeep(step))
            .map_or(self.started, |step| step.at);
        let transfer = self.transfers.iter().map(|transfer| transfer.last).max();
        transfer.map_or(step, |at| at.max(step))
    }

    /// Whether this is where a call server listens: by its port, because the phone asked
    /// there to be registered, or because its configuration says so.
    pub fn is_call_server(&self, server: IpAddr, port: u16) -> bool {
        registration::CALL_SERVER_PORTS.contains(&port)
            || self.is_configured_call_server(server, port)
            || self
                .registrations
                .iter()
                .any(|attempt| attempt.server == Some(server) && attempt.server_port == Some(port))
    }

    /// Whether the name of an attempt was accepted, by whichever server.
    pub fn is_name_registered(&self, attempt: &Registration) -> bool {
        self.registrations.iter().any(|other| {
            other.name == attempt.name && other.status == registration::Status::Registered
        })
    }

    /// Whether the phone was accepted by a call server.
    pub fn is_registered(&self) -> bool {
        self.registrations
            .iter()
            .any(|attempt| attempt.status == registration::Status::Registered)
    }
}
