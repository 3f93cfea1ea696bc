//! Names that a phone looked up, and what it was told.

use std::net::IpAddr;

use phoneboot_parsers::WireText;

use crate::event::{At, Seen};

use super::Boot;

/// How many lookups of one boot are kept.
pub const MAX_LOOKUPS: usize = 64;
/// How many are kept of a host that shows no sign of being a phone.
pub const MAX_LOOKUPS_OF_STRANGERS: usize = 16;
/// How many name servers of one lookup are kept.
pub const MAX_SERVERS: usize = 8;
/// How many addresses, and how many targets, of one answer are kept.
pub const MAX_ANSWERS: usize = 16;

/// One name and type, with every server that was asked for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lookup {
    /// The name, as it was asked for first.
    pub name: WireText,
    /// The type of record, as a number ([`phoneboot_parsers::dns::TYPES`]).
    pub kind: u16,
    /// The servers, in the order in which they were first asked; never empty.
    pub asked: Vec<Asked>,
}

/// What one server was asked and said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// The server.
    pub server: IpAddr,
    /// The first question.
    pub first: At,
    /// The last question.
    pub last: At,
    /// How many questions.
    pub count: u64,
    /// The answer, one that brings what was asked for before all others; `None` while
    /// there is none.
    pub answer: Option<Seen<Answer>>,
    /// The name that the one asked for stands for, where that is what the server does not
    /// find.
    pub alias: Option<WireText>,
    /// Id and port of the questions whose answers are to come.
    pub(super) waiting: Vec<(u16, u16)>,
}

/// What a name server says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// Records of the type asked for.
    Found {
        /// Addresses, when these were asked for.
        addresses: Vec<IpAddr>,
        /// Hosts, when SRV, NAPTR or other names were asked for.
        targets: Vec<Target>,
        /// The name that the one asked for stands for; `None` when it is its own.
        canonical: Option<WireText>,
    },
    /// The name exists, and has no record of this type.
    NoData,
    /// NXDOMAIN: nothing has this name.
    NoName,
    /// SERVFAIL: the server could not find out.
    ServerFailed,
    /// REFUSED: the server does not want to.
    Refused,
    /// Another result code.
    Failed(u16),
    /// The answer did not fit into a datagram.
    Truncated,
}

/// A host that an answer names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The host; a lone dot says that there is none.
    pub host: WireText,
    /// The port; `None` in types without.
    pub port: Option<u16>,
    /// Its addresses, as far as the same answer holds them.
    pub addresses: Vec<IpAddr>,
}

impl Lookup {
    /// The answer that counts: one that brings something, else the first.
    pub fn answer(&self) -> Option<&Seen<Answer>> {
        let answers = || self.asked.iter().filter_map(|asked| asked.answer.as_ref());
        answers()
            .find(|answer| matches!(answer.value, Answer::Found { .. }))
            .or_else(|| answers().next())
    }

    /// Whether a server had what was asked for.
    pub fn is_found(&self) -> bool {
        matches!(self.answer(), Some(seen) if matches!(seen.value, Answer::Found { .. }))
    }

    /// The first question.
    pub fn first(&self) -> Option<At> {
        self.asked.iter().map(|asked| asked.first).min()
    }

    /// The last question or answer.
    pub fn last(&self) -> Option<At> {
        let answered = |asked: &Asked| asked.answer.as_ref().map(|seen| seen.at);
        let last = |asked: &Asked| Some(asked.last).max(answered(asked));
        self.asked.iter().filter_map(last).max()
    }

    /// How many questions were sent, to all servers.
    pub fn count(&self) -> u64 {
        self.asked
            .iter()
            .fold(0, |sum, asked| asked.count.saturating_add(sum))
    }

    /// Whether it asks for an address, of whichever version.
    pub fn is_for_address(&self) -> bool {
        matches!(self.kind, A | AAAA)
    }
}

/// The type that asks for an IPv4 address.
pub const A: u16 = 1;
/// The type that asks for an IPv6 address.
pub const AAAA: u16 = 28;
/// The type that asks where a service is.
pub const SRV: u16 = 33;
/// The type that asks how to go on with a name.
pub const NAPTR: u16 = 35;

impl Boot {
    /// The name by which the phone found this address; `None` when it looked none up.
    pub fn name_of(&self, address: IpAddr) -> Option<&WireText> {
        self.lookups
            .iter()
            .find_map(|lookup| match &lookup.answer()?.value {
                Answer::Found { addresses, .. } if addresses.contains(&address) => {
                    Some(&lookup.name)
                }
                Answer::Found { targets, .. } => targets
                    .iter()
                    .find(|target| target.addresses.contains(&address))
                    .map(|target| &target.host),
                _ => None,
            })
    }

    /// An address as people know it: `prov.example.com (192.0.2.10)`, or alone when no
    /// name led to it.
    pub fn called(&self, address: IpAddr) -> String {
        match self.name_of(address) {
            Some(name) => format!("{name} ({address})"),
            None => address.to_string(),
        }
    }
}
