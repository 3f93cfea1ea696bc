//! Servers that a phone asked for the time, and what they told.

use std::net::IpAddr;

use phoneboot_parsers::WireText;

use crate::event::{At, Seen};

/// How many time servers of one boot are kept.
pub const MAX_TIME_SERVERS: usize = 16;

/// One server that was asked for the time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeServer {
    /// The server.
    pub server: IpAddr,
    /// The first request.
    pub first: At,
    /// The last request.
    pub last: At,
    /// How many requests.
    pub asked: u64,
    /// Its answer, one that tells the time before all others; `None` while there is none.
    pub answer: Option<Seen<TimeAnswer>>,
}

/// What a time server says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TimeAnswer {
    /// The time.
    Told {
        /// Nanoseconds since 1970.
        unix_nanos: i64,
        /// How much that is ahead of the capture's clock, in nanoseconds; negative when
        /// it is behind.
        offset_nanos: i64,
        /// How far the server is from a clock.
        stratum: u8,
    },
    /// It refuses: the code of a "kiss of death".
    Refused(WireText),
    /// Its own clock is not set.
    NotSet,
}

impl TimeServer {
    /// Whether it told the time.
    pub fn told(&self) -> bool {
        matches!(&self.answer, Some(seen) if matches!(seen.value, TimeAnswer::Told { .. }))
    }
}
