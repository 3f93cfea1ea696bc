//! Call signalling of which a boot only shows that it is spoken: MGCP and H.323.

use std::net::IpAddr;

use phoneboot_parsers::Protocol;

use crate::event::At;

/// How many servers are kept in a boot.
pub const MAX_SIGNALING: usize = 16;

/// A phone and a server that speak such a protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Signaling {
    /// MGCP or H.323.
    pub protocol: Protocol,
    /// The call agent, gatekeeper or other side.
    pub server: IpAddr,
    /// The first message of either.
    pub first: At,
    /// The phone's first message; `None` while it said nothing.
    pub spoken: Option<At>,
    /// The server's first message; `None` while it said nothing.
    pub answered: Option<At>,
}
