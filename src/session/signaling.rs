//! Call signalling of which a boot only shows that it is spoken: MGCP and H.323.

use std::net::IpAddr;

use phoneboot_parsers::{Protocol, WireText};

use crate::event::{At, Seen};

/// How many servers are kept in a boot.
pub const MAX_SIGNALING: usize = 16;

/// A phone and a server that speak such a protocol.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signaling {
    /// MGCP or H.323.
    pub protocol: Protocol,
    /// The call agent, gatekeeper or other side.
    pub server: IpAddr,
    /// The first message of either.
    pub first: At,
    /// The phone's first message; `None` while it said nothing.
    pub spoken: Option<At>,
    /// The phone's last message.
    pub last_spoken: Option<At>,
    /// How many messages it sent before the server said anything.
    pub calls: u64,
    /// The server's first message; `None` while it said nothing.
    pub answered: Option<At>,
    /// The first message by which the server took the phone.
    pub accepted: Option<At>,
    /// The words by which the server refused the phone, before it ever took it.
    pub refused: Option<Seen<WireText>>,
}

impl Signaling {
    /// A pair of which nothing was heard before the frame `at`.
    pub fn new(protocol: Protocol, server: IpAddr, at: At) -> Self {
        Self {
            protocol,
            server,
            first: at,
            spoken: None,
            last_spoken: None,
            calls: 0,
            answered: None,
            accepted: None,
            refused: None,
        }
    }

    /// Whether the server speaks with the phone and does not refuse it.
    pub fn is_accepted(&self) -> bool {
        self.answered.is_some() && (self.accepted.is_some() || self.refused.is_none())
    }

    /// MGCP or H.323, for sentences.
    pub fn title(&self) -> &'static str {
        if self.protocol == Protocol::Mgcp {
            "MGCP"
        } else {
            "H.323"
        }
    }
}
