//! Frames out of files, pipes and interfaces: the only readers of either.
//!
//! Everything above sees a [`Frame`] and never learns where it came from.

use std::fmt;
use std::path::PathBuf;

mod buffer;
pub mod clock;
mod compressed;
pub mod file;
mod foreign;
pub mod inputs;
pub mod live;
pub mod order;
mod pcap;
mod pcapng;
#[cfg(test)]
mod samples;
pub mod save;
mod taken;

pub use taken::{ClockStep, Copied, Copies, Taken};

/// A frame's number in its capture, from 1, as Wireshark counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct FrameNumber(pub u64);

impl fmt::Display for FrameNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// When a frame was captured: nanoseconds since 1970-01-01 in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// Nanoseconds from `earlier` to this; negative when the clock stepped back.
    pub fn nanos_since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// Seconds from `earlier` to this; negative when the clock stepped back.
    #[expect(
        clippy::cast_precision_loss,
        reason = "a difference for people, not for sums"
    )]
    pub fn secs_since(self, earlier: Self) -> f64 {
        self.nanos_since(earlier) as f64 / 1e9
    }
}

/// The link-layer header that frames of an interface begin with, by the number
/// that pcap registers for it (the tcpdump group's list of link types).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum LinkType {
    /// 0: BSD loopback, address family in the byte order of the capturing host.
    Null,
    /// 1: Ethernet.
    Ethernet,
    /// 9: PPP, with or without HDLC's address and control field.
    Ppp,
    /// 50: PPP in HDLC framing, or Cisco's HDLC.
    PppSerial,
    /// 51: a `PPPoE` header and PPP.
    PppEthernet,
    /// 101, and 12 or 14 as older systems wrote it: an IP header at once.
    RawIp,
    /// 104: Cisco's HDLC.
    CiscoHdlc,
    /// 105: 802.11.
    Wireless,
    /// 108: OpenBSD loopback, address family in network byte order.
    Loop,
    /// 113: Linux cooked capture, version 1.
    LinuxSll,
    /// 119: 802.11 behind a Prism or AVS header.
    WirelessPrism,
    /// 127: 802.11 behind a radiotap header.
    WirelessRadiotap,
    /// 163: 802.11 behind an AVS header.
    WirelessAvs,
    /// 192: anything, mostly 802.11, behind a PPI header.
    Ppi,
    /// 228: raw IPv4.
    Ipv4,
    /// 229: raw IPv6.
    Ipv6,
    /// 276: Linux cooked capture, version 2.
    LinuxSll2,
    /// Any other.
    Other(u32),
}

/// One captured frame.
#[derive(Debug, Clone, Copy)]
pub struct Frame<'a> {
    /// Which of the run's captures it stands in, from 0.
    pub capture: usize,
    /// Its number there.
    pub number: FrameNumber,
    /// When it was captured.
    pub time: Timestamp,
    /// What it begins with.
    pub link_type: LinkType,
    /// The bytes that were kept.
    pub bytes: &'a [u8],
    /// Its length on the wire, in bytes.
    pub wire_length: usize,
}

/// What is known of a capture as a whole, complete once it was read to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaptureFacts {
    /// The file's path as it was given; `-` for standard input.
    pub name: String,
    /// `pcap` or `pcapng`.
    pub format: &'static str,
    /// `gzip` or `zstd`; `None` for a plain file.
    pub compression: Option<&'static str>,
    /// Every link type that occurs, in the order of its first frame.
    pub link_types: Vec<LinkType>,
    /// Frames read.
    pub frames: u64,
    /// Bytes of frames read, as far as they were kept.
    pub bytes: u64,
    /// Time of the earliest frame; `None` when there is none.
    pub first: Option<Timestamp>,
    /// Time of the latest frame.
    pub last: Option<Timestamp>,
    /// The largest snap length that the file declares, in bytes; `None` when it
    /// declares none.
    pub snap_length: Option<u32>,
    /// Frames that were kept shorter than they were on the wire.
    pub sliced_frames: u64,
    /// Why reading stopped before the end of the file; `None` when it did not.
    pub cut_short: Option<CutShort>,
    /// Frames that the capture itself reports as lost; `None` when it does not say.
    pub dropped: Option<u64>,
    /// How it was taken, by what its frames show.
    pub taken: Taken,
}

/// Where and why a capture ends before its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CutShort {
    /// Offset in the (decompressed) file at which the broken record begins.
    pub offset_bytes: u64,
    /// What was found there: `the record of frame 13 needs 90 bytes, the file has 41`.
    pub reason: String,
}

/// What could not be read at all, so that there is nothing to report.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The operating system refused.
    #[error("{}: {source}", .path.display())]
    Io {
        /// Which file or folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is no capture.
    #[error("{}: not a capture: {reason}", .path.display())]
    NotACapture {
        /// Which file.
        path: PathBuf,
        /// Its first bytes and what they are instead, when that can be told:
        /// `begins with 23 21 2f 62 "#!/b", a pcap file begins with …`.
        reason: String,
    },
    /// A folder holds no captures.
    #[error("{}: no capture in this folder", .path.display())]
    NoCaptures {
        /// Which folder.
        path: PathBuf,
    },
    /// This process lacks a right that capture needs.
    #[error("capture is not allowed: {right} is missing; {remedy}")]
    NoRight {
        /// Which right.
        right: &'static str,
        /// How to get it.
        remedy: String,
    },
    /// An interface cannot be listened on.
    #[error("{name}: {reason}; {remedy}")]
    Interface {
        /// Which interface.
        name: String,
        /// libpcap's words.
        reason: String,
        /// What helps.
        remedy: String,
    },
    /// A capture filter cannot be used.
    #[error("-f '{filter}': {reason}")]
    Filter {
        /// The filter.
        filter: String,
        /// libpcap's words.
        reason: String,
    },
    /// Interfaces cannot be used: libpcap is not installed, or refuses.
    #[error("cannot use the capture interfaces: {reason}")]
    Interfaces {
        /// Why.
        reason: String,
    },
}

impl CaptureFacts {
    /// What is known of a capture before its first frame.
    pub fn new(name: &str, format: &'static str) -> Self {
        Self {
            name: name.to_owned(),
            format,
            compression: None,
            link_types: Vec::new(),
            frames: 0,
            bytes: 0,
            first: None,
            last: None,
            snap_length: None,
            sliced_frames: 0,
            cut_short: None,
            dropped: None,
            taken: Taken::default(),
        }
    }

    /// Counts a frame of the capture.
    pub fn count(&mut self, frame: &Frame<'_>) {
        let kept = frame.bytes.len();
        self.frames += 1;
        self.bytes = self.bytes.saturating_add(kept as u64);
        self.sliced_frames += u64::from(kept < frame.wire_length);
        self.first = Some(self.first.map_or(frame.time, |at| at.min(frame.time)));
        self.last = self.last.max(Some(frame.time));
    }

    /// From when to when it shows what was on the wire: between its first and its last
    /// frame, and as long as it was listened beyond them. `None` without any frame.
    pub fn span(&self) -> Option<(Timestamp, Timestamp)> {
        let (first, last) = self.first.zip(self.last)?;
        let (from, to) = self.taken.listened.unwrap_or((first, last));
        Some((first.min(from), last.max(to)))
    }
}

impl LinkType {
    /// The link type of a pcap header's or an interface block's number.
    pub fn from_number(number: u32) -> Self {
        match number {
            0 => Self::Null,
            1 => Self::Ethernet,
            9 => Self::Ppp,
            12 | 14 | 101 => Self::RawIp,
            50 => Self::PppSerial,
            51 => Self::PppEthernet,
            104 => Self::CiscoHdlc,
            105 => Self::Wireless,
            108 => Self::Loop,
            113 => Self::LinuxSll,
            119 => Self::WirelessPrism,
            127 => Self::WirelessRadiotap,
            163 => Self::WirelessAvs,
            192 => Self::Ppi,
            228 => Self::Ipv4,
            229 => Self::Ipv6,
            276 => Self::LinuxSll2,
            other => Self::Other(other),
        }
    }

    /// The name that reports use.
    pub fn name(self) -> String {
        match self {
            Self::Null => "null".into(),
            Self::Ethernet => "ethernet".into(),
            Self::Ppp => "ppp".into(),
            Self::PppSerial => "ppp-serial".into(),
            Self::PppEthernet => "pppoe".into(),
            Self::RawIp => "raw-ip".into(),
            Self::CiscoHdlc => "c-hdlc".into(),
            Self::Wireless => "ieee802-11".into(),
            Self::WirelessPrism => "ieee802-11-prism".into(),
            Self::WirelessRadiotap => "ieee802-11-radiotap".into(),
            Self::WirelessAvs => "ieee802-11-avs".into(),
            Self::Ppi => "ppi".into(),
            Self::Loop => "loop".into(),
            Self::LinuxSll => "linux-sll".into(),
            Self::Ipv4 => "ipv4".into(),
            Self::Ipv6 => "ipv6".into(),
            Self::LinuxSll2 => "linux-sll2".into(),
            Self::Other(number) => format!("linktype-{number}"),
        }
    }
}
