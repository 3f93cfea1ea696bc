//! The Network Time Protocol, and SNTP, which has the same messages.
//!
//! RFC 5905 (version 4), RFC 4330 (SNTP), RFC 1305 (version 3), RFC 9327 (mode 6).
//! Control and private messages are only named; extension fields and what signs a
//! message are not read.

use std::fmt;
use std::net::Ipv4Addr;

use nom::Parser;
use nom::error::context;
use nom::number::complete::{be_i8, be_u8, be_u32, be_u64};

use crate::{DecodeError, Decoded, Input, Outcome, Parsed, WireText};

/// Seconds between the era's beginning, 1900, and 1970 (RFC 5905 §6).
const SECS_1900_TO_1970: i64 = 2_208_988_800;

/// Seconds of one era: the seconds of a timestamp have 32 bits.
const ERA_SECS: i64 = 1 << 32;

/// An NTP message (RFC 5905 §7.3).
///
/// ```text
///  0                   1                   2                   3
///  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
/// +---+-----+-----+---------------+---------------+---------------+
/// |LI | VN  |mode |    stratum    |     poll      |   precision   |
/// +---+-----+-----+---------------+---------------+---------------+
/// |                          root delay                           |
/// +---------------------------------------------------------------+
/// |                        root dispersion                        |
/// +---------------------------------------------------------------+
/// |                         reference id                          |
/// +---------------------------------------------------------------+
/// |                 reference timestamp, 8 bytes                  |
/// |                  origin timestamp, 8 bytes                    |
/// |                  receive timestamp, 8 bytes                   |
/// |                  transmit timestamp, 8 bytes                  |
/// +---------------------------------------------------------------+
/// |               extension fields, key id, digest                |
/// +---------------------------------------------------------------+
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Message {
    /// `LI`: 1 and 2 announce a leap second, 3 says that the clock is not set.
    pub leap: u8,
    /// `VN`: 1 to 4.
    pub version: u8,
    /// Who speaks to whom: [`Mode`].
    pub mode: Mode,
    /// What it says of the time; `None` in control and private messages, and where it
    /// was not captured.
    pub time: Option<Time>,
}

/// What a message says of the time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Time {
    /// How far its sender is from a clock: 1 has one, 16 has no time, and 0 in an
    /// answer is a "kiss of death" ([`Message::kiss_code`]).
    pub stratum: u8,
    /// Time between two requests, as a power of two of seconds.
    pub poll: i8,
    /// How fine the clock is, as a power of two of seconds.
    pub precision: i8,
    /// Round trip to the first clock.
    pub root_delay: Short,
    /// What the time may be wrong by.
    pub root_dispersion: Short,
    /// Which clock or server the time is from; see [`Message::reference`].
    pub reference_id: [u8; 4],
    /// When the sender's clock was last set.
    pub reference: Timestamp,
    /// In an answer the request's `transmit`.
    pub origin: Timestamp,
    /// When the request arrived at the server.
    pub receive: Timestamp,
    /// When this message was sent, by the sender's clock.
    pub transmit: Timestamp,
}

/// Seconds, and a fraction in 1/2^32, since the beginning of an era. Zero when it is not
/// known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Timestamp(pub u64);

/// Seconds, and a fraction in 1/2^16.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Short(pub u32);

/// Who speaks to whom (RFC 5905 figure 10).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "each is the mode that its name says")]
pub enum Mode {
    Reserved,
    SymmetricActive,
    SymmetricPassive,
    Client,
    Server,
    Broadcast,
    Control,
    Private,
}

impl Mode {
    /// The mode in the lowest three bits.
    pub fn from_code(code: u8) -> Self {
        match code & 7 {
            1 => Self::SymmetricActive,
            2 => Self::SymmetricPassive,
            3 => Self::Client,
            4 => Self::Server,
            5 => Self::Broadcast,
            6 => Self::Control,
            7 => Self::Private,
            _ => Self::Reserved,
        }
    }

    /// The number on the wire.
    pub fn code(self) -> u8 {
        match self {
            Self::Reserved => 0,
            Self::SymmetricActive => 1,
            Self::SymmetricPassive => 2,
            Self::Client => 3,
            Self::Server => 4,
            Self::Broadcast => 5,
            Self::Control => 6,
            Self::Private => 7,
        }
    }

    /// The word that reports use.
    pub fn name(self) -> &'static str {
        match self {
            Self::Reserved => "reserved",
            Self::SymmetricActive => "symmetric-active",
            Self::SymmetricPassive => "symmetric-passive",
            Self::Client => "client",
            Self::Server => "server",
            Self::Broadcast => "broadcast",
            Self::Control => "control",
            Self::Private => "private",
        }
    }
}

impl Timestamp {
    /// Nanoseconds since 1970; `None` when it is not known.
    ///
    /// A first bit of 1 stands for 1968 to 2036, one of 0 for the era that begins then
    /// (RFC 4330 §3).
    pub fn unix_nanos(self) -> Option<i64> {
        if self.0 == 0 {
            return None;
        }
        let seconds = (self.0 >> 32).cast_signed();
        let fraction = self.0 & 0xffff_ffff;
        let era = if seconds < ERA_SECS / 2 { ERA_SECS } else { 0 };
        (seconds + era - SECS_1900_TO_1970)
            .checked_mul(1_000_000_000)?
            .checked_add_unsigned((fraction * 1_000_000_000) >> 32)
    }
}

/// In seconds, with six digits behind the dot.
impl fmt::Display for Short {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let micros = (u64::from(self.0) * 1_000_000 + 0x8000) >> 16;
        write!(f, "{}.{:06}", micros / 1_000_000, micros % 1_000_000)
    }
}

impl Message {
    /// Why a server tells no time (RFC 5905 §7.4): `DENY`, `RSTR`, `RATE`. `None` in any
    /// other message.
    pub fn kiss_code(&self) -> Option<WireText> {
        let time = self.time.filter(|time| time.stratum == 0)?;
        (self.mode == Mode::Server).then(|| WireText::until_nul(&time.reference_id))
    }

    /// Where the time is from: letters up to stratum 1 (`GPS`, `LOCL`), an IPv4 address or
    /// part of a digest beyond. `None` when it is empty.
    pub fn reference(&self) -> Option<WireText> {
        let time = self.time.filter(|time| time.reference_id != [0; 4])?;
        if time.stratum <= 1 {
            return Some(WireText::until_nul(&time.reference_id));
        }
        let address = Ipv4Addr::from(time.reference_id).to_string();
        Some(address.as_str().into())
    }

    /// Whether it tells a time that a client may take: an answer of a server whose own
    /// clock is set (RFC 4330 §5).
    pub fn tells_time(&self) -> bool {
        self.time
            .is_some_and(|time| (1..=15).contains(&time.stratum) && time.transmit != Timestamp(0))
            && self.leap != 3
    }
}

/// Reads a message.
pub fn decode(input: Input<'_>) -> Outcome<Message> {
    let read = context("leap, version and mode", be_u8).parse_complete(input.bytes);
    let (rest, first) = read.map_err(|error| DecodeError::from_nom(input, error))?;
    let mut message = Message {
        leap: first >> 6,
        version: first >> 3 & 7,
        mode: Mode::from_code(first),
        time: None,
    };
    let mut issues = Vec::new();
    if !matches!(message.mode, Mode::Control | Mode::Private) {
        match Time::parse(rest) {
            Ok((_, time)) => message.time = Some(time),
            Err(error) => {
                let error = DecodeError::from_nom(input, error);
                issues.push(error.into_issue(input.bytes.len()));
            }
        }
    }
    Ok(Decoded {
        value: message,
        issues,
    })
}

impl Time {
    fn parse(input: &[u8]) -> Parsed<'_, Self> {
        let (input, stratum) = context("stratum", be_u8).parse_complete(input)?;
        let (input, poll) = context("poll", be_i8).parse_complete(input)?;
        let (input, precision) = context("precision", be_i8).parse_complete(input)?;
        let (input, root_delay) = context("root delay", be_u32).parse_complete(input)?;
        let (input, root_dispersion) = context("root dispersion", be_u32).parse_complete(input)?;
        let (input, reference_id) = context("reference id", be_u32).parse_complete(input)?;
        let (input, reference) = context("reference timestamp", be_u64).parse_complete(input)?;
        let (input, origin) = context("origin timestamp", be_u64).parse_complete(input)?;
        let (input, receive) = context("receive timestamp", be_u64).parse_complete(input)?;
        let (input, transmit) = context("transmit timestamp", be_u64).parse_complete(input)?;
        let time = Self {
            stratum,
            poll,
            precision,
            root_delay: Short(root_delay),
            root_dispersion: Short(root_dispersion),
            reference_id: reference_id.to_be_bytes(),
            reference: Timestamp(reference),
            origin: Timestamp(origin),
            receive: Timestamp(receive),
            transmit: Timestamp(transmit),
        };
        Ok((input, time))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::IssueKind;

    /// An answer of chronyd, which tshark reads as follows:
    ///
    /// ```text
    /// Flags: 0x24, no warning, version 4, server; stratum 8; reference id 127.127.1.1
    /// Reference Timestamp: Nov 21, 2026 06:44:56.698400811 UTC
    /// Origin Timestamp:    Nov 21, 2026 06:44:58.278274536 UTC
    /// Receive Timestamp:   Nov 21, 2026 06:44:58.278702323 UTC
    /// Transmit Timestamp:  Nov 21, 2026 06:44:58.282547357 UTC
    /// ```
    const ANSWER: [u8; 48] = [
        0x24, 0x08, 0x00, 0xe6, 0, 0, 0, 0, 0, 0, 0, 0, 0x7f, 0x7f, 0x01, 0x01, 0xee, 0xab, 0xbc,
        0x68, 0xb2, 0xca, 0x65, 0x47, 0xee, 0xab, 0xbc, 0x6a, 0x47, 0x3d, 0x00, 0x00, 0xee, 0xab,
        0xbc, 0x6a, 0x47, 0x59, 0x09, 0x15, 0xee, 0xab, 0xbc, 0x6a, 0x48, 0x55, 0x06, 0x0e,
    ];

    /// 2026-11-21T06:44:58Z.
    const SECOND: i64 = 1_795_243_498_000_000_000;

    fn read(bytes: &[u8]) -> Message {
        let decoded = decode(Input::whole(bytes)).unwrap();
        assert_eq!(decoded.issues, []);
        decoded.value
    }

    #[test]
    fn reads_an_answer() {
        let message = read(&ANSWER);
        let expected = Message {
            leap: 0,
            version: 4,
            mode: Mode::Server,
            time: Some(Time {
                stratum: 8,
                poll: 0,
                precision: -26,
                root_delay: Short(0),
                root_dispersion: Short(0),
                reference_id: [127, 127, 1, 1],
                reference: Timestamp(0xeeab_bc68_b2ca_6547),
                origin: Timestamp(0xeeab_bc6a_473d_0000),
                receive: Timestamp(0xeeab_bc6a_4759_0915),
                transmit: Timestamp(0xeeab_bc6a_4855_060e),
            }),
        };
        assert_eq!(message, expected);
        assert!(message.tells_time());
        assert_eq!(message.reference(), Some("127.127.1.1".into()));
        assert_eq!(message.kiss_code(), None);
        let nanos = |stamp: Timestamp| stamp.unix_nanos().unwrap() - SECOND;
        let time = message.time.unwrap();
        assert_eq!(nanos(time.reference), 698_400_811 - 2_000_000_000);
        assert_eq!(nanos(time.origin), 278_274_536);
        assert_eq!(nanos(time.receive), 278_702_323);
        assert_eq!(nanos(time.transmit), 282_547_357);
    }

    #[test]
    fn counts_seconds_through_the_change_of_era() {
        let nanos = |stamp: u64| Timestamp(stamp).unix_nanos();
        assert_eq!(nanos(0), None);
        // 1970, the last second of era 0 (2036-02-07T06:28:15Z), the first moments of era 1,
        // and the earliest time that still belongs to era 0 (1968-01-20T03:14:08Z).
        assert_eq!(nanos(2_208_988_800 << 32), Some(0));
        assert_eq!(nanos(0xffff_ffff << 32), Some(2_085_978_495_000_000_000));
        assert_eq!(nanos(1 << 32), Some(2_085_978_497_000_000_000));
        assert_eq!(nanos(0x8000_0000 << 32), Some(-61_505_152_000_000_000));
        assert_eq!(nanos(0x8000_0000), Some(2_085_978_496_500_000_000));
    }

    #[test]
    fn tells_a_kiss_of_death_and_a_clock_that_is_not_set() {
        let mut bytes = ANSWER;
        bytes[0] = 0xe4;
        bytes[1] = 0;
        bytes[12..16].copy_from_slice(b"DENY");
        let kiss = read(&bytes);
        assert_eq!(kiss.leap, 3);
        assert_eq!(kiss.kiss_code(), Some("DENY".into()));
        assert!(!kiss.tells_time());
        bytes[0] = 0x23;
        assert_eq!(read(&bytes).kiss_code(), None);
        bytes = ANSWER;
        bytes[1] = 16;
        assert!(!read(&bytes).tells_time());
        bytes[1] = 1;
        bytes[12..16].copy_from_slice(b"GPS\0");
        assert!(read(&bytes).tells_time());
        assert_eq!(read(&bytes).reference(), Some("GPS".into()));
        bytes[40..].fill(0);
        assert!(!read(&bytes).tells_time());
        bytes[12..16].fill(0);
        assert_eq!(read(&bytes).reference(), None);
    }

    #[test]
    fn keeps_the_head_of_a_message_that_is_cut() {
        for length in 1..ANSWER.len() {
            let cut = Input::cut(&ANSWER[..length], ANSWER.len() - length);
            for (input, kind) in [
                (cut, IssueKind::CutShort),
                (Input::whole(cut.bytes), IssueKind::Malformed),
            ] {
                let decoded = decode(input).unwrap();
                assert_eq!(decoded.value.mode, Mode::Server);
                assert_eq!(decoded.value.time, None);
                assert_eq!(decoded.issues.len(), 1);
                assert_eq!(decoded.issues[0].kind, kind, "{length}");
            }
        }
        let issue = &decode(Input::whole(&ANSWER[..41])).unwrap().issues[0];
        assert_eq!(issue.field, "transmit timestamp");
        assert_eq!(issue.detail, "only 1 bytes are left for it");
        assert!(decode(Input::whole(&[])).is_err());
    }

    #[test]
    fn only_names_control_and_private_messages() {
        let control = read(&[0x16, 0x02, 0, 1]);
        assert_eq!((control.version, control.mode), (2, Mode::Control));
        assert_eq!(control.time, None);
        assert_eq!(read(&[0x17]).mode, Mode::Private);
        assert_eq!(control.kiss_code(), None);
        assert!(!control.tells_time());
    }

    #[test]
    fn takes_no_notice_of_what_signs_a_message() {
        let signed = [&ANSWER[..], &[0; 20]].concat();
        assert_eq!(read(&signed), read(&ANSWER));
    }

    #[test]
    fn modes_are_their_numbers() {
        for code in 0..8 {
            assert_eq!(Mode::from_code(code).code(), code);
        }
        let mut names: Vec<_> = (0..8).map(|code| Mode::from_code(code).name()).collect();
        names.dedup();
        assert_eq!(names.len(), 8);
    }

    #[test]
    fn short_times_are_seconds() {
        assert_eq!(Short(0x0001_8000).to_string(), "1.500000");
        assert_eq!(Short(1).to_string(), "0.000015");
    }
}
