//! Attempts to register with a call server.

use std::net::IpAddr;

use phoneboot_parsers::{Protocol, WireText};

use crate::event::At;

/// How many registrations are kept in a boot.
pub const MAX_REGISTRATIONS: usize = 32;

/// The attempts to register with one server by one protocol.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registration {
    /// SIP or SCCP.
    pub protocol: Protocol,
    /// The call server; `None` when its address was not captured.
    pub server: Option<IpAddr>,
    /// Its port.
    pub server_port: Option<u16>,
    /// How it stands.
    pub status: Status,
    /// The server's words for it: `403 Forbidden`, a reject's text.
    pub detail: Option<String>,
    /// The name that the phone registers.
    pub name: Option<WireText>,
    /// Whether credentials were sent.
    pub with_credentials: bool,
    /// The first request.
    pub first: At,
    /// The frame that settled it, else the last request.
    pub last: At,
    /// Requests sent.
    pub requests: u64,
    /// `Call-ID` of the SIP registration, so that its answers are told from others'.
    pub call_id: Option<WireText>,
}

/// How a registration stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Status {
    /// Asked, no answer yet; or challenged, and the credentials not sent yet.
    Unanswered,
    /// The server refused.
    Rejected,
    /// The server accepted.
    Registered,
}

impl Status {
    /// The word that reports use.
    pub fn name(self) -> &'static str {
        match self {
            Self::Unanswered => "unanswered",
            Self::Rejected => "rejected",
            Self::Registered => "registered",
        }
    }
}
