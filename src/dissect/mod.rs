//! Frames into messages: link layers, tags, IP fragments, UDP, TCP streams, and
//! which protocol speaks where.
//!
//! [`Dissector`] is fed frames and gives [`Dissected`] items. It decides by
//! ethertype, by SNAP id, by port and by expectation (a TFTP server answers from
//! a port that nobody knows beforehand), and by what a stream says (HTTP on any
//! port). It judges nothing.

pub mod certificate;
mod connection;
mod connections;
mod copies;
mod dissector;
mod expect;
mod fragments;
mod framed;
mod ftp;
mod give;
mod layers;
mod link;
mod network;
mod ppp;
mod prefilter;
mod recognize;
mod segment;
mod services;
mod signaling;
mod stream;
#[cfg(test)]
mod testing;
mod tunnel;
mod voice;
mod wireless;

use phoneboot_parsers::{DecodeError, Issue, Message, Protocol, WireText};

pub use self::dissector::Dissector;
pub use self::ftp::{FtpControl, FtpData};
use self::link::VlanIds;
use crate::event::{At, Endpoint};

/// What one frame brought, with the addresses it came under.
#[derive(Debug, Clone, Copy)]
pub struct Dissected<'a> {
    /// Which frame, when.
    pub at: At,
    /// Who sent it.
    pub source: Endpoint,
    /// Whom it was sent to.
    pub destination: Endpoint,
    /// VLAN ids of the tags, outermost first. Priority tags (id 0) are left out.
    pub vlans: &'a [u16],
    /// IPv4 time to live or IPv6 hop limit; `None` below IP.
    pub hop_limit: Option<u8>,
    /// What it brought.
    pub item: Item<'a>,
}

/// What a frame brought.
#[derive(Debug, Clone, Copy)]
pub enum Item<'a> {
    /// A message was read; the slice holds what was odd about it.
    Message(&'a Message<'a>, &'a [Issue]),
    /// A TFTP message, together with the file of its transfer (`None` when the
    /// request was not captured).
    Tftp {
        /// The message.
        message: &'a phoneboot_parsers::tftp::Message<'a>,
        /// What was odd about it.
        issues: &'a [Issue],
        /// The transfer's file.
        of_file: Option<&'a WireText>,
        /// Whether the transfer's client sent it.
        from_client: bool,
    },
    /// A message could not be read at all.
    Undecodable(Protocol, &'a DecodeError),
    /// Something happened to a TCP connection.
    Tcp(TcpNotice),
    /// Something happened on a data connection of FTP.
    FtpData {
        /// The control connection that it belongs to.
        control: FtpControl,
        /// What happened.
        what: FtpData<'a>,
    },
    /// A copy of an earlier frame, which bears the tags that the earlier one lacked: a
    /// mirror shows the frame before and behind a tagging port.
    TaggedCopy {
        /// The earlier frame, whose items were given.
        of: At,
    },
}

/// What happened to a TCP connection. The [`Dissected`] item's source is who did it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TcpNotice {
    /// SYN. `again` when the same SYN was sent before.
    Open {
        /// Whether it repeats an earlier one.
        again: bool,
    },
    /// SYN and ACK.
    Accept,
    /// RST that answers a SYN.
    Refuse,
    /// RST within an established connection.
    Reset,
    /// The first FIN of this direction.
    Finish,
    /// Bytes are missing in this direction, and will not come any more.
    Gap {
        /// How many.
        missing_bytes: u64,
    },
}

/// A table that was full, and what that cost. One row a table in the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LimitReached {
    /// The table's name in the report: `ftp-data`, `ip-fragments`, `tcp-buffers`, `tcp-streams`,
    /// `tftp-flows`.
    pub limit: &'static str,
    /// How many entries it holds at the most; of `tcp-buffers`, how many bytes.
    pub max: u64,
    /// How many entries were given up to make room.
    pub evicted: u64,
}

/// Whom the items are given to.
type Emit<'e> = &'e mut dyn FnMut(Dissected<'_>);

/// Where a message stands and under which addresses it came: all of [`Dissected`]
/// but the item.
#[derive(Debug, Clone, Copy)]
struct Origin {
    at: At,
    source: Endpoint,
    destination: Endpoint,
    vlans: VlanIds,
    hop_limit: Option<u8>,
    /// Encapsulations that were peeled off to get here.
    nesting: u8,
}

impl Origin {
    fn give(&self, item: Item<'_>, emit: Emit<'_>) {
        emit(Dissected {
            at: self.at,
            source: self.source,
            destination: self.destination,
            vlans: self.vlans.as_slice(),
            hop_limit: self.hop_limit,
            item,
        });
    }

    /// The other direction at the same place. How many hops it takes is not known.
    fn turned(&self) -> Self {
        Self {
            source: self.destination,
            destination: self.source,
            hop_limit: None,
            ..*self
        }
    }
}
