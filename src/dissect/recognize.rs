//! Which protocol a direction of a TCP connection speaks, by its first bytes, and where
//! these tell too little by the connection's ports.

use phoneboot_parsers::{dns, ftp, h323, http, sip, tls};

use super::framed::FramedProtocol;
use super::ftp::CONTROL_PORT;
use super::services::DNS_PORT;

/// Cisco's call manager listens here for SCCP.
const SCCP_PORT: u16 = 2000;

/// Where H.323 terminals listen for calls.
const H323_PORT: u16 = 1720;

/// Whose port one of a connection's ports is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hint {
    Dns,
    /// FTP's control connections, or what turned out to be one.
    Ftp,
    /// H.323's call signalling.
    H323,
    Sccp,
    /// No protocol's that is known by it.
    Nothing,
}

impl Hint {
    /// What these two tell.
    pub(super) fn of(ports: [u16; 2]) -> Self {
        [
            (DNS_PORT, Self::Dns),
            (CONTROL_PORT, Self::Ftp),
            (H323_PORT, Self::H323),
            (SCCP_PORT, Self::Sccp),
        ]
        .into_iter()
        .find(|(port, _)| ports.contains(port))
        .map_or(Self::Nothing, |(_, hint)| hint)
    }
}

/// What the first bytes of a direction turn out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Recognized {
    Http,
    Framed(FramedProtocol),
    /// FTP, if the other direction is.
    PerhapsFtp,
    Tls,
    NeedsMore,
    Foreign,
}

/// Tells a protocol by the first bytes heard; `from_start` when these surely are the first
/// of a message.
pub(super) fn recognize(start: &[u8], from_start: bool, hint: Hint) -> Recognized {
    match hint {
        Hint::Dns => return recognize_dns(start),
        Hint::H323 => return recognize_h323(start),
        Hint::Sccp => match looks_like_sccp(start) {
            Some(true) => return Recognized::Framed(FramedProtocol::Sccp),
            Some(false) => {}
            None => return Recognized::NeedsMore,
        },
        Hint::Ftp | Hint::Nothing => {}
    }
    match tls::speaks_tls(start) {
        Some(true) => return Recognized::Tls,
        Some(false) => {}
        None => return Recognized::NeedsMore,
    }
    if hint == Hint::Ftp {
        match ftp::looks_like_ftp(start) {
            Some(true) => return Recognized::Framed(FramedProtocol::Ftp),
            Some(false) => {}
            None => return Recognized::NeedsMore,
        }
    } else if from_start {
        match ftp::opening(start) {
            ftp::Opening::Ftp => return Recognized::Framed(FramedProtocol::Ftp),
            ftp::Opening::Perhaps => return Recognized::PerhapsFtp,
            ftp::Opening::NeedsMore => return Recognized::NeedsMore,
            ftp::Opening::Other => {}
        }
    }
    if sip::looks_like_sip(start) {
        return Recognized::Framed(FramedProtocol::Sip);
    }
    // SIP is told by the end of its first line.
    let may_be_line = from_start && start.iter().all(|byte| (b' '..=b'~').contains(byte));
    match http::speaks_http(start) {
        Some(true) => Recognized::Http,
        Some(false) if !may_be_line => Recognized::Foreign,
        Some(false) | None => Recognized::NeedsMore,
    }
}

/// On the port of call signalling nothing else is looked for.
fn recognize_h323(start: &[u8]) -> Recognized {
    match h323::looks_like_call(start) {
        Some(true) => Recognized::Framed(FramedProtocol::H323),
        Some(false) => Recognized::Foreign,
        None => Recognized::NeedsMore,
    }
}

/// Whether an SCCP header stands here: little-endian length (of what follows the
/// second word), header version and message id. `None` when more bytes are needed.
fn looks_like_sccp(start: &[u8]) -> Option<bool> {
    /// Ids of messages in use end below 0x0160; those of stations' extensions at
    /// 0x8000 are rare.
    const PLAUSIBLE_IDS: u32 = 0x8200;
    /// Header versions in use: 0 and 0x0a to 0x16.
    const PLAUSIBLE_VERSIONS: u32 = 0x20;
    /// Length of the message id and of the largest body seen, in bytes.
    const PLAUSIBLE_LENGTHS: std::ops::RangeInclusive<u32> = 4..=8192;

    let (words, _) = start.as_chunks::<4>();
    let mut words = words.iter().map(|word| u32::from_le_bytes(*word));
    let length = words.next()?;
    let version = words.next()?;
    let id = words.next()?;
    Some(PLAUSIBLE_LENGTHS.contains(&length) && version <= PLAUSIBLE_VERSIONS && id < PLAUSIBLE_IDS)
}

/// What stands in a stream of the port of DNS: DNS, or nothing that is understood.
fn recognize_dns(start: &[u8]) -> Recognized {
    match dns::looks_framed(start) {
        Some(true) => Recognized::Framed(FramedProtocol::Dns),
        Some(false) => Recognized::Foreign,
        None => Recognized::NeedsMore,
    }
}
