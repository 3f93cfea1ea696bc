//! The blocks of a pcapng file, section by section.
//!
//! Normative: draft-ietf-opsawg-pcapng, "PCAP Next Generation (pcapng) Capture File
//! Format". Every block is first cut out by its own two lengths, and only then
//! read; what a block of no interest holds is never looked at.
//! Not read: names, secrets, comments, and the blocks of other programs. They are
//! skipped, but those that Wireshark gives a frame number of their own leave theirs
//! unused, so that a number means the same frame here and there.

use std::fmt;

use pcap_parser::{
    PcapNGOption, parse_enhancedpacketblock_be, parse_enhancedpacketblock_le,
    parse_interfacedescriptionblock_be, parse_interfacedescriptionblock_le,
    parse_interfacestatisticsblock_be, parse_interfacestatisticsblock_le,
    parse_sectionheaderblock_be, parse_sectionheaderblock_le,
};

use crate::capture::buffer::{MAX_RECORD_BYTES, Window};
use crate::capture::file::{Next, Record, note_link_type, shortage};
use crate::capture::{CaptureFacts, FrameNumber, LinkType, Timestamp};

/// The first bytes of a section header, the same in both byte orders.
pub(super) const MAGIC: [u8; 4] = [0x0a, 0x0d, 0x0d, 0x0a];

/// The most interfaces a section may describe. The interface number of old packet
/// blocks has 16 bits, so more are hardly meant.
const MAX_INTERFACES: usize = 65_536;

/// Length of a section header up to its byte-order mark, in bytes.
const ORDER_BYTES: usize = 12;

/// Length of the type and length that begin a block, in bytes.
const BLOCK_HEADER_BYTES: usize = 8;

const SECTION_HEADER: u32 = 0x0a0d_0d0a;
const INTERFACE_DESCRIPTION: u32 = 1;
const PACKET: u32 = 2;
const SIMPLE_PACKET: u32 = 3;
const INTERFACE_STATISTICS: u32 = 5;
const ENHANCED_PACKET: u32 = 6;
const JOURNAL_ENTRY: u32 = 9;
const CUSTOM: u32 = 0x0000_0bad;
const CUSTOM_NOT_TO_COPY: u32 = 0x4000_0bad;

const END_OF_OPTIONS: u16 = 0;
const ISB_STARTTIME: u16 = 2;
const ISB_ENDTIME: u16 = 3;
const ISB_IFRECV: u16 = 4;
const ISB_IFDROP: u16 = 5;
const ISB_OSDROP: u16 = 7;
const IF_TSRESOL: u16 = 9;
const IF_TSOFFSET: u16 = 14;

/// The section that is being read.
pub(super) struct Section {
    big_endian: bool,
    interfaces: Vec<Interface>,
    last_time: Timestamp,
    /// The last frame number that was used, over all sections.
    last_number: u64,
}

/// What an interface description block says.
struct Interface {
    link_type: LinkType,
    snap_length: u32,
    clock: Clock,
    /// Frames lost so far, as its last statistics block says.
    dropped: Option<u64>,
    n_frames: u64,
}

/// How an interface counts time.
#[derive(Debug, PartialEq, Eq)]
struct Clock {
    /// A unit is `numerator / denominator` nanoseconds.
    numerator: u64,
    denominator: u128,
    offset_secs: i64,
}

impl Section {
    /// Reads the section header that begins a file, and says what is wrong with it
    /// otherwise.
    pub(super) fn open(window: &mut Window) -> Result<Self, String> {
        let mut section = Self {
            big_endian: false,
            interfaces: Vec::new(),
            last_time: Timestamp(0),
            last_number: 0,
        };
        let whole = match section.frame_block(window) {
            Ok(whole) => whole,
            Err(Next::Broken(reason)) => return Err(reason),
            Err(_) => return Err("it ends within its first bytes".into()),
        };
        section.begin(window.take(whole.length))?;
        Ok(section)
    }

    /// Finds the next block with a frame; blocks before it are consumed, and what
    /// they tell is noted in `facts`.
    pub(super) fn next(&mut self, window: &mut Window, facts: &mut CaptureFacts) -> Next {
        loop {
            let block = match self.frame_block(window) {
                Ok(block) => block,
                Err(next) => return next,
            };
            let bytes = window.bytes().get(..block.length).unwrap_or_default();
            let done = match block.kind {
                ENHANCED_PACKET => return self.enhanced_packet(bytes, facts),
                SIMPLE_PACKET => return self.simple_packet(bytes, facts),
                PACKET => return self.packet(bytes, facts),
                SECTION_HEADER => self.begin(bytes),
                INTERFACE_DESCRIPTION => self.describe_interface(bytes, facts),
                INTERFACE_STATISTICS => {
                    self.count_dropped(bytes, facts);
                    Ok(())
                }
                JOURNAL_ENTRY | CUSTOM | CUSTOM_NOT_TO_COPY => {
                    self.last_number += 1;
                    Ok(())
                }
                _ => Ok(()),
            };
            if let Err(reason) = done {
                return Next::Broken(reason);
            }
            window.take(block.length);
        }
    }

    /// Reads a block to its end and checks that its two lengths agree.
    ///
    /// ```text
    ///    4        4         length - 12         4
    /// +------+----------+-------------------+--------+
    /// | type |  length  |       body        | length |
    /// +------+----------+-------------------+--------+
    /// ```
    ///
    /// The body of a section header begins with the byte-order mark that says how
    /// to read its length, and everything up to the next section.
    fn frame_block(&mut self, window: &mut Window) -> Result<Block, Next> {
        let header = Subject::Between("block header", self.last_number);
        if !window.fill(BLOCK_HEADER_BYTES) {
            return Err(shortage(window, &header, BLOCK_HEADER_BYTES));
        }
        if window.bytes().starts_with(&MAGIC) {
            if !window.fill(ORDER_BYTES) {
                return Err(shortage(window, &header, ORDER_BYTES));
            }
            self.big_endian = match window.bytes().get(8..ORDER_BYTES) {
                Some([0x4d, 0x3c, 0x2b, 0x1a]) => false,
                Some([0x1a, 0x2b, 0x3c, 0x4d]) => true,
                mark => {
                    return Err(Next::Broken(format!(
                        "{header} has the byte-order mark {:02x?}, must be 1a 2b 3c 4d or its reverse",
                        mark.unwrap_or_default()
                    )));
                }
            };
        }
        let kind = self.u32_at(window.bytes(), 0).unwrap_or_default();
        let claimed = self.u32_at(window.bytes(), 4).unwrap_or_default();
        let what = match kind {
            ENHANCED_PACKET | SIMPLE_PACKET | PACKET => Subject::Record(self.last_number + 1),
            SECTION_HEADER => Subject::Between("section header", self.last_number),
            INTERFACE_DESCRIPTION => Subject::Between("interface description", self.last_number),
            _ => Subject::Between("block", self.last_number),
        };
        let length = usize::try_from(claimed).unwrap_or(usize::MAX);
        if length < 12 || length % 4 != 0 || length > MAX_RECORD_BYTES {
            return Err(Next::Broken(format!(
                "{what} claims {claimed} bytes, must be a multiple of 4 from 12 to {MAX_RECORD_BYTES}"
            )));
        }
        if !window.fill(length) {
            return Err(shortage(window, &what, length));
        }
        let repeated = self.u32_at(window.bytes(), length - 4).unwrap_or_default();
        if repeated != claimed {
            return Err(Next::Broken(format!(
                "{what} begins with length {claimed} and ends with length {repeated}"
            )));
        }
        Ok(Block { kind, length })
    }

    /// Begins a section: interfaces of the one before are forgotten.
    fn begin(&mut self, block: &[u8]) -> Result<(), String> {
        let what = Subject::Between("section header", self.last_number);
        let parsed = if self.big_endian {
            parse_sectionheaderblock_be(block)
        } else {
            parse_sectionheaderblock_le(block)
        };
        let Ok((_, header)) = parsed else {
            return Err(format!(
                "{what} is {} bytes, must be at least 28",
                block.len()
            ));
        };
        if header.major_version != 1 {
            return Err(format!(
                "{what} is of pcapng version {}.{}, only version 1 is known",
                header.major_version, header.minor_version
            ));
        }
        self.interfaces.clear();
        Ok(())
    }

    fn describe_interface(&mut self, block: &[u8], facts: &mut CaptureFacts) -> Result<(), String> {
        let parsed = if self.big_endian {
            parse_interfacedescriptionblock_be(block)
        } else {
            parse_interfacedescriptionblock_le(block)
        };
        let what = Subject::Between("interface description", self.last_number);
        let Ok((_, description)) = parsed else {
            return Err(format!(
                "{what} is {} bytes, must be at least 20",
                block.len()
            ));
        };
        if self.interfaces.len() == MAX_INTERFACES {
            return Err(format!(
                "{what} is one more than the {MAX_INTERFACES} of a section that are read"
            ));
        }
        if description.snaplen > 0 {
            facts.snap_length = facts.snap_length.max(Some(description.snaplen));
        }
        let resolution = match option(&description.options, IF_TSRESOL) {
            Some([resolution]) => *resolution,
            _ => 6,
        };
        let offset_secs = match option(&description.options, IF_TSOFFSET).map(<[u8; 8]>::try_from) {
            Some(Ok(offset)) if self.big_endian => i64::from_be_bytes(offset),
            Some(Ok(offset)) => i64::from_le_bytes(offset),
            _ => 0,
        };
        self.interfaces.push(Interface {
            link_type: LinkType::from_number(description.linktype.0.cast_unsigned()),
            snap_length: description.snaplen,
            clock: Clock::new(resolution, offset_secs),
            dropped: None,
            n_frames: 0,
        });
        Ok(())
    }

    /// Takes over an interface's count of lost frames. It runs from the beginning
    /// of the capture, so of several counts of one interface the last one holds.
    fn count_dropped(&mut self, block: &[u8], facts: &mut CaptureFacts) {
        let parsed = if self.big_endian {
            parse_interfacestatisticsblock_be(block)
        } else {
            parse_interfacestatisticsblock_le(block)
        };
        let Ok((_, statistics)) = parsed else { return };
        // `pcap-parser` offers these two as numbers, but reads them in
        // little-endian order in every section.
        let count = |code| {
            let value = <[u8; 8]>::try_from(option(&statistics.options, code)?).ok()?;
            Some(if self.big_endian {
                u64::from_be_bytes(value)
            } else {
                u64::from_le_bytes(value)
            })
        };
        let Some(interface) = usize::try_from(statistics.if_id)
            .ok()
            .and_then(|index| self.interfaces.get_mut(index))
        else {
            return;
        };
        let dropped = match (count(ISB_IFDROP), count(ISB_OSDROP)) {
            (None, None) => None,
            (interface, system) => Some(interface.unwrap_or(0).saturating_add(system.unwrap_or(0))),
        };
        // Two halves, the upper one first, in either order.
        let moment = |code| {
            let ticks = count(code)?;
            let ticks = if self.big_endian {
                ticks
            } else {
                ticks.rotate_left(32)
            };
            Some(interface.clock.time(ticks))
        };
        // Programs that cut a file leave the statistics as they were. Only a file that
        // holds all that was received is known to be silent until their end.
        let received = count(ISB_IFRECV);
        let is_whole = [0, dropped.unwrap_or(0)]
            .iter()
            .any(|lost| received == interface.n_frames.checked_add(*lost));
        if is_whole && let Some(span) = moment(ISB_STARTTIME).zip(moment(ISB_ENDTIME)) {
            note_listened(facts, span);
        }
        let Some(dropped) = dropped else { return };
        let before = interface.dropped.replace(dropped).unwrap_or(0);
        let total = facts.dropped.unwrap_or(0).saturating_sub(before);
        facts.dropped = Some(total.saturating_add(dropped));
    }

    fn enhanced_packet(&mut self, block: &[u8], facts: &mut CaptureFacts) -> Next {
        let parsed = if self.big_endian {
            parse_enhancedpacketblock_be(block)
        } else {
            parse_enhancedpacketblock_le(block)
        };
        let Ok((_, packet)) = parsed else {
            return self.overfull(block);
        };
        let ticks = u64::from(packet.ts_high) << 32 | u64::from(packet.ts_low);
        let found = Found {
            interface: packet.if_id,
            ticks: Some(ticks),
            first_byte: 28,
            kept: packet.caplen,
            wire_length: packet.origlen,
        };
        self.frame(block, &found, facts)
    }

    /// The obsolete packet block, which `pcap-parser` does not know.
    ///
    /// ```text
    ///  4      4         2          2       4      4       4       4
    /// +------+--------+-----------+-------+------+-----+------+---------+---
    /// | type | length | interface | drops | high | low | kept | on wire | …
    /// +------+--------+-----------+-------+------+-----+------+---------+---
    /// ```
    fn packet(&mut self, block: &[u8], facts: &mut CaptureFacts) -> Next {
        let at = |offset| self.u32_at(block, offset);
        let (Some(interface), Some(high), Some(low), Some(kept), Some(wire_length)) =
            (self.u16_at(block, 8), at(12), at(16), at(20), at(24))
        else {
            return self.overfull(block);
        };
        let found = Found {
            interface: u32::from(interface),
            ticks: Some(u64::from(high) << 32 | u64::from(low)),
            first_byte: 28,
            kept,
            wire_length,
        };
        self.frame(block, &found, facts)
    }

    /// The simple packet block: of the first interface, without a time.
    ///
    /// ```text
    ///  4      4        4
    /// +------+--------+---------+-------+--------+
    /// | type | length | on wire | bytes | length |
    /// +------+--------+---------+-------+--------+
    /// ```
    ///
    /// How many bytes were kept is not said: the interface's snap length, or all.
    fn simple_packet(&mut self, block: &[u8], facts: &mut CaptureFacts) -> Next {
        let Some(wire_length) = self.u32_at(block, 8).filter(|_| block.len() >= 16) else {
            return self.overfull(block);
        };
        let limit = match self.interfaces.first() {
            Some(first) if first.snap_length > 0 => first.snap_length,
            _ => u32::MAX,
        };
        let found = Found {
            interface: 0,
            ticks: None,
            first_byte: 12,
            kept: wire_length.min(limit),
            wire_length,
        };
        self.frame(block, &found, facts)
    }

    fn frame(&mut self, block: &[u8], found: &Found, facts: &mut CaptureFacts) -> Next {
        let kept = usize::try_from(found.kept).unwrap_or(usize::MAX);
        let end = found.first_byte.saturating_add(kept);
        if end > block.len() - 4 {
            return self.overfull(block);
        }
        let described = self.interfaces.len();
        let Some(interface) = usize::try_from(found.interface)
            .ok()
            .and_then(|index| self.interfaces.get_mut(index))
        else {
            return Next::Broken(format!(
                "frame {} is of interface {}, its section describes {described}, counted from 0",
                self.last_number + 1,
                found.interface,
            ));
        };
        if interface.n_frames == 0 {
            note_link_type(facts, interface.link_type);
        }
        interface.n_frames += 1;
        if let Some(ticks) = found.ticks {
            self.last_time = interface.clock.time(ticks);
        }
        self.last_number += 1;
        Next::Frame(Record {
            number: FrameNumber(self.last_number),
            length: block.len(),
            bytes: found.first_byte..end,
            time: self.last_time,
            link_type: interface.link_type,
            wire_length: usize::try_from(found.wire_length).unwrap_or(usize::MAX),
        })
    }

    fn overfull(&self, block: &[u8]) -> Next {
        Next::Broken(format!(
            "the record of frame {} is a block of {} bytes, too short for the frame that it claims to hold",
            self.last_number + 1,
            block.len()
        ))
    }

    fn u32_at(&self, bytes: &[u8], offset: usize) -> Option<u32> {
        let bytes = *bytes.get(offset..)?.first_chunk()?;
        Some(if self.big_endian {
            u32::from_be_bytes(bytes)
        } else {
            u32::from_le_bytes(bytes)
        })
    }

    fn u16_at(&self, bytes: &[u8], offset: usize) -> Option<u16> {
        let bytes = *bytes.get(offset..)?.first_chunk()?;
        Some(if self.big_endian {
            u16::from_be_bytes(bytes)
        } else {
            u16::from_le_bytes(bytes)
        })
    }
}

/// A block that stands whole in the window.
struct Block {
    kind: u32,
    length: usize,
}

/// What the three kinds of packet blocks say of their frame.
struct Found {
    interface: u32,
    /// `None` when the block has no time.
    ticks: Option<u64>,
    first_byte: usize,
    kept: u32,
    wire_length: u32,
}

impl Clock {
    /// A clock by its `if_tsresol`, in units of 10 to the minus `resolution`
    /// seconds, or 2 to the minus when the highest bit is set, and `if_tsoffset`.
    fn new(resolution: u8, offset_secs: i64) -> Self {
        const NANOS_PER_SEC: u64 = 1_000_000_000;
        let exponent = u32::from(resolution & 0x7f);
        let base: u128 = if resolution & 0x80 == 0 { 10 } else { 2 };
        let units_per_sec = base.checked_pow(exponent).unwrap_or(u128::MAX);
        // Nearly every clock ticks in a whole number of nanoseconds, which spares
        // a division per frame.
        match u64::try_from(units_per_sec) {
            Ok(units) if NANOS_PER_SEC.is_multiple_of(units) => Self {
                numerator: NANOS_PER_SEC / units,
                denominator: 1,
                offset_secs,
            },
            _ => Self {
                numerator: NANOS_PER_SEC,
                denominator: units_per_sec,
                offset_secs,
            },
        }
    }

    /// The time at `ticks`; what no [`Timestamp`] can hold becomes the nearest that
    /// it can.
    fn time(&self, ticks: u64) -> Timestamp {
        let mut nanos = u128::from(ticks) * u128::from(self.numerator);
        if self.denominator != 1 {
            nanos /= self.denominator;
        }
        let offset = i128::from(self.offset_secs) * 1_000_000_000;
        let nanos = i128::try_from(nanos)
            .unwrap_or(i128::MAX)
            .saturating_add(offset)
            .clamp(i128::from(i64::MIN), i128::from(i64::MAX));
        Timestamp(i64::try_from(nanos).unwrap_or(i64::MAX))
    }
}

/// The value of the first option with this code.
fn option<'a>(options: &'a [PcapNGOption<'_>], code: u16) -> Option<&'a [u8]> {
    options
        .iter()
        .take_while(|option| option.code.0 != END_OF_OPTIONS)
        .find(|option| option.code.0 == code)?
        .as_bytes()
        .ok()
}

/// What a sentence is about, put into words only when there is something to say.
enum Subject {
    /// The record of this frame.
    Record(u64),
    /// A block of this name after so many frames.
    Between(&'static str, u64),
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Record(frame) => write!(f, "the record of frame {frame}"),
            Self::Between(name, 0) => write!(f, "the {name} before the first frame"),
            Self::Between(name, frames) => write!(f, "the {name} after frame {frames}"),
        }
    }
}

/// Notes from when to when it was listened, if that makes sense with the frames.
fn note_listened(facts: &mut CaptureFacts, (from, to): (Timestamp, Timestamp)) {
    const MAX_NANOS: i64 = 86_400 * 1_000_000_000;
    let Some((first, last)) = facts.first.zip(facts.last) else {
        return;
    };
    let is_near = |nanos: i64| (0..=MAX_NANOS).contains(&nanos);
    if is_near(first.nanos_since(from)) && is_near(to.nanos_since(last)) {
        facts.taken.listened = Some((from, to));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::CutShort;
    use crate::capture::samples::{
        FIRST, Kept, Pcapng, SECOND, cut_short, every_block, read_bytes,
    };

    fn kept(number: u64, time: i64, link_type: LinkType, bytes: &[u8], wire: usize) -> Kept {
        Kept {
            number: FrameNumber(number),
            time: Timestamp(time),
            link_type,
            bytes: bytes.to_vec(),
            wire_length: wire,
        }
    }

    // tshark 4.0.17 on this file, as number, time, length, kept (3 to 5 are the custom
    // blocks and the journal entry; it shows no time for the simple packet):
    // 1 1700000000.000000001 18 18 | 2 1700000000.500000000 1514 7
    // 6 1700000000.000007000 18 18 | 7 - 7 7
    #[test]
    fn reads_every_block_in_sections_of_both_orders() {
        let (frames, facts) = read_bytes(&every_block());
        let (raw, cooked) = (LinkType::RawIp, LinkType::LinuxSll);
        assert_eq!(
            frames,
            [
                kept(1, 1_700_000_000_000_000_001, LinkType::Ethernet, FIRST, 18),
                kept(2, 1_700_000_000_500_000_000, cooked, SECOND, 1514),
                kept(6, 1_700_000_000_000_007_000, raw, FIRST, 18),
                kept(7, 1_700_000_000_000_007_000, raw, SECOND, 7),
            ]
        );
        assert_eq!(
            facts,
            CaptureFacts {
                name: "sample".into(),
                format: "pcapng",
                compression: None,
                link_types: vec![LinkType::Ethernet, cooked, raw],
                frames: 4,
                bytes: 50,
                first: Some(Timestamp(1_700_000_000_000_000_001)),
                last: Some(Timestamp(1_700_000_000_500_000_000)),
                snap_length: Some(65_535),
                sliced_frames: 1,
                cut_short: None,
                dropped: Some(17),
                taken: crate::capture::Taken::default(),
            }
        );
    }

    #[test]
    fn reads_every_kind_of_packet_in_both_orders() {
        for big_endian in [false, true] {
            let (frames, facts) = read_bytes(
                &Pcapng::new()
                    .section(big_endian)
                    .interface(1, 0, &[])
                    .simple_frame(7, SECOND)
                    .frame(0, 0x1_0000_0002, 18, FIRST)
                    .old_frame(0, 0x1_0000_0003, 99, SECOND)
                    .bytes,
            );
            let ethernet = LinkType::Ethernet;
            assert_eq!(
                frames,
                [
                    kept(1, 0, ethernet, SECOND, 7),
                    kept(2, 0x1_0000_0002 * 1000, ethernet, FIRST, 18),
                    kept(3, 0x1_0000_0003 * 1000, ethernet, SECOND, 99),
                ]
            );
            assert_eq!((facts.snap_length, facts.cut_short), (None, None));
        }
    }

    #[test]
    fn cuts_simple_packets_at_the_snap_length() {
        let file = Pcapng::new()
            .section(true)
            .interface(1, 5, &[])
            .simple_frame(60, &SECOND[..5]);
        let (frames, facts) = read_bytes(&file.bytes);
        assert_eq!(frames, [kept(1, 0, LinkType::Ethernet, &SECOND[..5], 60)]);
        assert_eq!((facts.sliced_frames, facts.snap_length), (1, Some(5)));
    }

    #[test]
    fn counts_time_as_the_interface_does() {
        let time = |resolution, offset, ticks| Clock::new(resolution, offset).time(ticks).0;
        assert_eq!(time(6, 0, 1_500_000), 1_500_000_000);
        assert_eq!(time(0, 0, 3), 3_000_000_000);
        assert_eq!(time(9, 0, 3), 3);
        assert_eq!(time(9, -1, 3), -999_999_997);
        assert_eq!(time(12, 1, 2_999), 1_000_000_002);
        assert_eq!(time(0x80, 0, 3), 3_000_000_000);
        assert_eq!(time(0x81, 0, 3), 1_500_000_000);
        assert_eq!(time(0x94, 0, 3 << 19), 1_500_000_000);
        assert_eq!(time(0xa0, 0, 3 << 31), 1_500_000_000);
        // The finest clocks there can be see no whole nanosecond.
        assert_eq!(time(0x7f, 0, u64::MAX), 0);
        assert_eq!(time(0xff, 0, u64::MAX), 0);
    }

    #[test]
    fn keeps_absurd_times_within_bounds() {
        let time = |resolution, offset, ticks| Clock::new(resolution, offset).time(ticks).0;
        assert_eq!(time(0, 0, u64::MAX), i64::MAX);
        assert_eq!(time(0, i64::MAX, u64::MAX), i64::MAX);
        assert_eq!(time(6, i64::MIN, 0), i64::MIN);
        assert_eq!(time(6, i64::MIN, u64::MAX), i64::MIN);
    }

    #[test]
    fn ignores_clock_options_of_a_wrong_length_and_behind_the_end() {
        let ticks = 1_500_000;
        for options in [
            &[(9, [9_u8, 9].as_slice()), (14, [1; 4].as_slice())],
            &[(0, [].as_slice()), (9, [9].as_slice())],
        ] {
            let file = Pcapng::new()
                .section(false)
                .interface(1, 0, options)
                .frame(0, ticks, 18, FIRST);
            assert_eq!(read_bytes(&file.bytes).0[0].time, Timestamp(1_500_000_000));
        }
    }

    /// From when to when it was listened, in seconds, by a file with two frames in the
    /// seconds 100 and 101.
    fn listened(big_endian: bool, span: [u64; 2], received: u64, lost: u64) -> Option<[i64; 2]> {
        let file = Pcapng::new()
            .section(big_endian)
            .interface(1, 0, &[])
            .frame(0, 100_000_000, 18, FIRST)
            .frame(0, 101_000_000, 18, FIRST);
        let moment = |secs: u64| {
            let mut bytes = file.u64(secs * 1_000_000);
            if !big_endian {
                bytes.rotate_left(4);
            }
            bytes
        };
        let [from, to] = span.map(moment);
        let (received, lost) = (file.u64(received), file.u64(lost));
        let file = file.statistics(0, &[(2, &from), (3, &to), (4, &received), (5, &lost)]);
        let listened = read_bytes(&file.bytes).1.taken.listened;
        listened.map(|(from, to)| [from, to].map(|time| time.0 / 1_000_000_000))
    }

    #[test]
    fn takes_the_time_of_listening_of_a_file_that_is_whole() {
        for big_endian in [false, true] {
            let of = |received, lost| listened(big_endian, [90, 130], received, lost);
            assert_eq!(of(2, 0), Some([90, 130]));
            // Some count what was lost as received, some do not.
            assert_eq!(of(2, 5), Some([90, 130]));
            assert_eq!(of(7, 5), Some([90, 130]));
            assert_eq!(of(3, 0), None);
            assert_eq!(listened(big_endian, [101, 130], 2, 0), None);
            assert_eq!(listened(big_endian, [90, 100], 2, 0), None);
            assert_eq!(listened(big_endian, [90, 200_000], 2, 0), None);
        }
    }

    #[test]
    fn takes_the_last_count_of_lost_frames_of_each_interface() {
        for big_endian in [false, true] {
            let file = Pcapng::new()
                .section(big_endian)
                .interface(1, 0, &[])
                .interface(1, 0, &[]);
            let [one, two, many] = [1, 2, 5].map(|count| file.u64(count));
            let file = file
                .statistics(0, &[(4, &two)])
                .statistics(0, &[(5, &one), (7, &one)])
                .statistics(0, &[(5, &many)])
                .statistics(1, &[(7, &two)])
                .statistics(2, &[(7, &many)]);
            assert_eq!(read_bytes(&file.bytes).1.dropped, Some(7));
        }
        let file = Pcapng::new()
            .section(false)
            .interface(1, 0, &[])
            .statistics(0, &[(4, &[1; 8]), (5, &[1; 4])]);
        assert_eq!(read_bytes(&file.bytes).1.dropped, None);
    }

    #[test]
    fn stops_at_an_interface_that_is_not_described() {
        let sample = || Pcapng::new().section(false).interface(1, 0, &[]);
        let start = sample().bytes.len() as u64;
        let reason = |interface, described| {
            format!(
                "frame 1 is of interface {interface}, its section describes {described}, \
                 counted from 0"
            )
        };
        assert_eq!(
            cut_short(&sample().frame(5, 0, 18, FIRST).bytes),
            (start, reason(5, 1))
        );
        assert_eq!(
            cut_short(&sample().old_frame(1, 0, 18, FIRST).bytes),
            (start, reason(1, 1))
        );
        // Interfaces are those of the section.
        assert_eq!(
            cut_short(&sample().section(false).simple_frame(7, SECOND).bytes),
            (start + 28, reason(0, 0))
        );
    }

    #[test]
    fn stops_at_lengths_that_contradict_each_other() {
        let head = || Pcapng::new().section(false).interface(1, 0, &[]);
        let start = head().bytes.len();
        let whole = head().frame(0, 0, 18, FIRST).bytes;
        let last = whole.len();
        let with = |offset: usize, value: u32| {
            let mut bytes = whole.clone();
            bytes[offset..offset + 4].copy_from_slice(&value.to_le_bytes());
            let (at, reason) = cut_short(&bytes);
            assert_eq!(at, start as u64);
            reason
        };
        assert_eq!(
            with(last - 4, 48),
            "the record of frame 1 begins with length 52 and ends with length 48"
        );
        for claimed in [0, 11, 50, 64 * 1024 * 1024 + 4, u32::MAX] {
            assert_eq!(
                with(start + 4, claimed),
                format!(
                    "the record of frame 1 claims {claimed} bytes, \
                     must be a multiple of 4 from 12 to 67108864"
                )
            );
        }
        assert_eq!(
            with(start + 4, 56),
            "the record of frame 1 needs 56 bytes, the file ends after 52"
        );
        for kept in [21, 0x7fff_ffff, u32::MAX] {
            assert_eq!(
                with(start + 20, kept),
                "the record of frame 1 is a block of 52 bytes, \
                 too short for the frame that it claims to hold"
            );
        }
    }

    #[test]
    fn stops_at_blocks_too_short_for_their_fields() {
        let head = || Pcapng::new().section(true).interface(1, 0, &[]);
        let frame = |length: usize| {
            format!(
                "the record of frame 1 is a block of {length} bytes, \
                 too short for the frame that it claims to hold"
            )
        };
        for (kind, least) in [(6, 20), (2, 20), (3, 4)] {
            for length in (0..least).step_by(4) {
                let file = head().block(kind, &[0; 20][..length]);
                assert_eq!(cut_short(&file.bytes).1, frame(length + 12));
            }
        }
        assert_eq!(
            cut_short(&head().simple_frame(8, &SECOND[..4]).bytes).1,
            frame(20)
        );
        assert_eq!(
            cut_short(&head().block(1, &[0; 4]).bytes).1,
            "the interface description before the first frame is 16 bytes, must be at least 20"
        );
        let file = head().frame(0, 0, 18, FIRST);
        assert_eq!(
            cut_short(&file.block(0x0a0d_0d0a, &[0x1a, 0x2b, 0x3c, 0x4d]).bytes).1,
            "the section header after frame 1 is 16 bytes, must be at least 28"
        );
        // Lost frames are not worth a broken capture.
        let (_, facts) = read_bytes(&head().block(5, &[0; 4]).bytes);
        assert_eq!((facts.cut_short, facts.dropped), (None, None));
    }

    #[test]
    fn stops_at_sections_that_nobody_can_read() {
        let frame = || {
            Pcapng::new()
                .section(false)
                .interface(1, 0, &[])
                .frame(0, 0, 18, FIRST)
        };
        assert_eq!(
            cut_short(&frame().block(0x0a0d_0d0a, &[1; 16]).bytes).1,
            "the block header after frame 1 has the byte-order mark [01, 01, 01, 01], \
             must be 1a 2b 3c 4d or its reverse"
        );
        let mut newer = 0x1a2b_3c4d_u32.to_le_bytes().to_vec();
        newer.extend([2, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(
            cut_short(&frame().block(0x0a0d_0d0a, &newer).bytes).1,
            "the section header after frame 1 is of pcapng version 2.3, only version 1 is known"
        );
    }

    #[test]
    fn limits_the_interfaces_of_a_section() {
        let mut file = Pcapng::new().section(false);
        let one = Pcapng::new().section(false).interface(1, 0, &[]).bytes;
        for _ in 0..MAX_INTERFACES {
            file.bytes.extend(&one[28..]);
        }
        assert_eq!(read_bytes(&file.bytes).1.cut_short, None);
        let end = file.bytes.len() as u64;
        assert_eq!(
            read_bytes(&file.interface(1, 0, &[]).bytes).1.cut_short,
            Some(CutShort {
                offset_bytes: end,
                reason: "the interface description before the first frame is one more than \
                         the 65536 of a section that are read"
                    .into(),
            })
        );
    }
}
