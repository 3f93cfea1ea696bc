//! The neighbors that a phone asks for by IPv6 neighbor discovery.

use std::net::Ipv6Addr;

use phoneboot_parsers::MacAddress;

use crate::event::{At, Seen};

/// How many addresses asked for are kept in a boot.
pub const MAX_NEIGHBORS: usize = 64;

/// An address that the phone asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Neighbor {
    /// The address.
    pub address: Ipv6Addr,
    /// Whether only to see if it is free (RFC 4862 §5.4).
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
