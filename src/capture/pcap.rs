//! The records of a pcap file, in all its byte orders and layouts.
//!
//! Normative: draft-ietf-opsawg-pcap, "PCAP Capture File Format". The "modified"
//! layout, whose records have eight more bytes of header, is Alexey Kuznetsov's
//! patch to libpcap; it is described by Wireshark's `wiretap/libpcap.h`.
//! Not read: the record layouts that some vendors (Ixia, Navtel, AIX) put under
//! magic numbers of their own, and the time zone of the file header, which is zero
//! in practice and which every other reader ignores.

use pcap_parser::nom::bytes::streaming::take;
use pcap_parser::nom::number::streaming::be_u32;
use pcap_parser::nom::{Err, IResult, Needed};
use pcap_parser::{
    LegacyPcapBlock, PcapError, parse_pcap_frame, parse_pcap_frame_be, parse_pcap_frame_modified,
    parse_pcap_header,
};

use crate::capture::buffer::{MAX_RECORD_BYTES, Window};
use crate::capture::file::{Next, Record, note_link_type, shortage};
use crate::capture::{CaptureFacts, FrameNumber, LinkType, Timestamp};

/// Length of the file header, in bytes.
pub(super) const HEADER_BYTES: usize = 24;

/// The longest frame that a file may hold whose header does not announce longer
/// ones, in bytes. It is the limit of libpcap and of Wireshark; without one, a
/// single wrong length would turn everything behind it into frames of rubbish.
const MAX_FRAME_BYTES: usize = 256 * 1024;

/// The bits of the header's last field that are the link type. Those above it tell
/// whether frames end with a checksum, and how long it is.
const LINK_TYPE_BITS: u32 = 0x03ff_ffff;

/// How to read the records of a file that begins with `magic`.
#[derive(Clone, Copy)]
struct Layout {
    magic: [u8; 4],
    big_endian: bool,
    record_header_bytes: usize,
    nanos_per_unit: i64,
    parse: for<'a> fn(&'a [u8]) -> Parsed<'a>,
}

type Parsed<'a> = IResult<&'a [u8], LegacyPcapBlock<'a>, PcapError<&'a [u8]>>;

#[rustfmt::skip]
const LAYOUTS: &[Layout] = &[
    Layout { magic: [0xd4, 0xc3, 0xb2, 0xa1], big_endian: false, record_header_bytes: 16, nanos_per_unit: 1000, parse: parse_pcap_frame },
    Layout { magic: [0xa1, 0xb2, 0xc3, 0xd4], big_endian: true,  record_header_bytes: 16, nanos_per_unit: 1000, parse: parse_pcap_frame_be },
    Layout { magic: [0x4d, 0x3c, 0xb2, 0xa1], big_endian: false, record_header_bytes: 16, nanos_per_unit: 1,    parse: parse_pcap_frame },
    Layout { magic: [0xa1, 0xb2, 0x3c, 0x4d], big_endian: true,  record_header_bytes: 16, nanos_per_unit: 1,    parse: parse_pcap_frame_be },
    Layout { magic: [0x34, 0xcd, 0xb2, 0xa1], big_endian: false, record_header_bytes: 24, nanos_per_unit: 1000, parse: parse_pcap_frame_modified },
    Layout { magic: [0xa1, 0xb2, 0xcd, 0x34], big_endian: true,  record_header_bytes: 24, nanos_per_unit: 1000, parse: parse_modified_be },
];

/// The records after a file header.
pub(super) struct Records {
    layout: Layout,
    link_type: LinkType,
    max_frame_bytes: usize,
    seen_a_frame: bool,
}

/// Whether a file that begins so is a pcap file.
pub(super) fn is_magic(first: [u8; 4]) -> bool {
    LAYOUTS.iter().any(|layout| layout.magic == first)
}

impl Records {
    /// Reads the file header, and notes in `facts` what it declares.
    ///
    /// ```text
    ///   4       2       2        4         4         4           4
    /// +-------+-------+-------+--------+---------+---------+-----------+
    /// | magic | major | minor |  zone  | sigfigs | snaplen | link type |
    /// +-------+-------+-------+--------+---------+---------+-----------+
    /// ```
    ///
    /// `None` when it is none.
    pub(super) fn open(header: [u8; HEADER_BYTES], facts: &mut CaptureFacts) -> Option<Self> {
        let magic = *header.first_chunk()?;
        let layout = *LAYOUTS.iter().find(|layout| layout.magic == magic)?;
        // All layouts share the header, so it is read under the two magic numbers
        // that everybody knows.
        let mut plain = header;
        *plain.first_chunk_mut()? = if layout.big_endian {
            [0xa1, 0xb2, 0xc3, 0xd4]
        } else {
            [0xd4, 0xc3, 0xb2, 0xa1]
        };
        let (_, header) = parse_pcap_header(&plain).ok()?;
        facts.snap_length = (header.snaplen > 0).then_some(header.snaplen);
        let snap_bytes = usize::try_from(header.snaplen).unwrap_or(usize::MAX);
        Some(Self {
            layout,
            link_type: LinkType::from_number(header.network.0.cast_unsigned() & LINK_TYPE_BITS),
            max_frame_bytes: snap_bytes.clamp(
                MAX_FRAME_BYTES,
                MAX_RECORD_BYTES - layout.record_header_bytes,
            ),
            seen_a_frame: false,
        })
    }

    /// Finds the next record at the beginning of `window`.
    ///
    /// ```text
    ///    4          4           4           4         (8)
    /// +---------+----------+----------+----------+- - - - - -+--------+
    /// | seconds | fraction |   kept   | on wire  |  modified | bytes  |
    /// +---------+----------+----------+----------+- - - - - -+--------+
    /// ```
    pub(super) fn next(&mut self, window: &mut Window, facts: &mut CaptureFacts) -> Next {
        let header_bytes = self.layout.record_header_bytes;
        loop {
            let available = window.bytes();
            let needed = match (self.layout.parse)(available) {
                Ok((rest, block)) => {
                    let length = available.len() - rest.len();
                    if length - header_bytes > self.max_frame_bytes {
                        return self.too_long(length - header_bytes, facts);
                    }
                    let record = self.record(length, &block, facts);
                    if !self.seen_a_frame {
                        self.seen_a_frame = true;
                        note_link_type(facts, self.link_type);
                    }
                    return Next::Frame(record);
                }
                Err(Err::Incomplete(Needed::Size(missing))) => {
                    let needed = available.len().saturating_add(missing.get());
                    needed.max(header_bytes)
                }
                // The parsers know no other fault; a record is only lengths.
                Err(_) => header_bytes,
            };
            if needed - header_bytes > self.max_frame_bytes {
                return self.too_long(needed - header_bytes, facts);
            }
            if window.bytes().len() >= needed || !window.fill(needed) {
                let part = if needed == header_bytes {
                    " header"
                } else {
                    ""
                };
                let what = format!("the record{part} of frame {}", facts.frames + 1);
                return shortage(window, &what, needed);
            }
        }
    }

    fn record(&self, length: usize, block: &LegacyPcapBlock<'_>, facts: &CaptureFacts) -> Record {
        let nanos = i64::from(block.ts_sec)
            .saturating_mul(1_000_000_000)
            .saturating_add(i64::from(block.ts_usec).saturating_mul(self.layout.nanos_per_unit));
        Record {
            number: FrameNumber(facts.frames + 1),
            length,
            bytes: self.layout.record_header_bytes..length,
            time: Timestamp(nanos),
            link_type: self.link_type,
            wire_length: usize::try_from(block.origlen).unwrap_or(usize::MAX),
        }
    }

    fn too_long(&self, claimed: usize, facts: &CaptureFacts) -> Next {
        Next::Broken(format!(
            "the record of frame {} claims {claimed} bytes, a frame of this file has at most {}",
            facts.frames + 1,
            self.max_frame_bytes
        ))
    }
}

/// A record of the modified layout in big-endian order, which `pcap-parser` lacks.
fn parse_modified_be(input: &[u8]) -> Parsed<'_> {
    let (rest, seconds) = be_u32(input)?;
    let (rest, fraction) = be_u32(rest)?;
    let (rest, caplen) = be_u32(rest)?;
    let (rest, origlen) = be_u32(rest)?;
    // Interface index, protocol, packet type and a pad byte.
    let (rest, _) = take(8_usize)(rest)?;
    let (rest, data) = take(caplen)(rest)?;
    let block = LegacyPcapBlock {
        ts_sec: seconds,
        ts_usec: fraction,
        caplen,
        origlen,
        data,
    };
    Ok((rest, block))
}

#[cfg(test)]
mod tests {
    use crate::capture::samples::{FIRST, Kept, PCAP_MAGICS, Pcap, SECOND, cut_short, read_bytes};
    use crate::capture::{CaptureFacts, CutShort, FrameNumber, LinkType, Timestamp};

    const MICRO_LE: [u8; 4] = PCAP_MAGICS[0];

    #[test]
    fn reads_every_magic_and_byte_order() {
        for magic in PCAP_MAGICS {
            let nanos_per_unit = if magic.contains(&0x4d) { 1 } else { 1000 };
            let file = Pcap::new(magic, 96, 1)
                .frame([1_700_000_000, 123_456], FIRST)
                .record([1_700_000_001, 5], 7, 1514, SECOND);
            let (frames, facts) = read_bytes(&file.bytes);
            let first = Timestamp(1_700_000_000_000_000_000 + 123_456 * nanos_per_unit);
            let last = Timestamp(1_700_000_001_000_000_000 + 5 * nanos_per_unit);
            assert_eq!(
                frames,
                [
                    Kept {
                        number: FrameNumber(1),
                        time: first,
                        link_type: LinkType::Ethernet,
                        bytes: FIRST.to_vec(),
                        wire_length: 18,
                    },
                    Kept {
                        number: FrameNumber(2),
                        time: last,
                        link_type: LinkType::Ethernet,
                        bytes: SECOND.to_vec(),
                        wire_length: 1514,
                    },
                ],
                "{magic:02x?}"
            );
            assert_eq!(
                facts,
                CaptureFacts {
                    name: "sample".into(),
                    format: "pcap",
                    compression: None,
                    link_types: vec![LinkType::Ethernet],
                    frames: 2,
                    bytes: 25,
                    first: Some(first),
                    last: Some(last),
                    snap_length: Some(96),
                    sliced_frames: 1,
                    cut_short: None,
                    dropped: None,
                    taken: crate::capture::Taken::default(),
                }
            );
        }
    }

    #[test]
    fn takes_a_header_alone_for_an_empty_capture() {
        let (frames, facts) = read_bytes(&Pcap::new(MICRO_LE, 0, 1).bytes);
        assert_eq!(frames, []);
        assert_eq!(
            (
                facts.link_types,
                facts.first,
                facts.snap_length,
                facts.cut_short
            ),
            (vec![], None, None, None)
        );
    }

    // tshark: frame.encap_type 1 for this header field, "Ethernet" with 4 bytes of
    // checksum.
    #[test]
    fn ignores_the_checksum_bits_beside_the_link_type() {
        let file = Pcap::new(MICRO_LE, 0, 0x1400_0001).frame([1, 2], FIRST);
        assert_eq!(read_bytes(&file.bytes).1.link_types, [LinkType::Ethernet]);
    }

    #[test]
    fn takes_a_frame_that_is_longer_than_it_was() {
        let file = Pcap::new(MICRO_LE, 0, 1).record([1, 2], 18, 4, FIRST);
        let (frames, facts) = read_bytes(&file.bytes);
        assert_eq!((frames[0].bytes.len(), frames[0].wire_length), (18, 4));
        assert_eq!(facts.sliced_frames, 0);
    }

    #[test]
    fn takes_the_latest_time_there_is() {
        let file = Pcap::new(MICRO_LE, 0, 1).frame([u32::MAX, u32::MAX], FIRST);
        assert_eq!(
            read_bytes(&file.bytes).0[0].time,
            Timestamp(4_294_967_295_000_000_000 + 4_294_967_295_000)
        );
    }

    #[test]
    fn counts_the_earliest_and_the_latest_frame_not_the_first_and_last() {
        let file = Pcap::new(PCAP_MAGICS[2], 0, 1)
            .frame([0, 20], FIRST)
            .frame([0, 30], FIRST)
            .frame([0, 10], FIRST);
        let facts = read_bytes(&file.bytes).1;
        assert_eq!(
            (facts.first, facts.last),
            (Some(Timestamp(10)), Some(Timestamp(30)))
        );
    }

    #[test]
    fn tells_where_a_record_breaks_off() {
        let whole = Pcap::new(MICRO_LE, 0, 1).frame([1, 2], FIRST);
        let begun = whole.frame([1, 2], FIRST).bytes;
        let second = 24 + 16 + 18;
        assert_eq!(
            cut_short(&begun[..second + 16 + 5]),
            (
                58,
                "the record of frame 2 needs 34 bytes, the file ends after 21".into()
            )
        );
        assert_eq!(
            cut_short(&begun[..second + 16]),
            (
                58,
                "the record of frame 2 needs 34 bytes, the file ends after 16".into()
            )
        );
        assert_eq!(
            cut_short(&begun[..=second]),
            (
                58,
                "the record header of frame 2 needs 16 bytes, the file ends after 1".into()
            )
        );
        for modified in [PCAP_MAGICS[4], PCAP_MAGICS[5]] {
            let file = Pcap::new(modified, 0, 1).frame([1, 2], FIRST).bytes;
            for end in 25..24 + 24 {
                let reason = format!(
                    "the record header of frame 1 needs 24 bytes, the file ends after {}",
                    end - 24
                );
                assert_eq!(cut_short(&file[..end]), (24, reason));
            }
            assert_eq!(
                cut_short(&file[..24 + 24]),
                (
                    24,
                    "the record of frame 1 needs 42 bytes, the file ends after 24".into()
                )
            );
        }
    }

    #[test]
    fn stops_at_a_length_that_no_frame_has() {
        for magic in PCAP_MAGICS {
            for claimed in [262_145, 0x7fff_ffff, u32::MAX] {
                let file = Pcap::new(magic, 65_535, 1).frame([1, 2], FIRST).record(
                    [1, 2],
                    claimed,
                    60,
                    &vec![0; 300_000],
                );
                let (frames, facts) = read_bytes(&file.bytes);
                assert_eq!(frames.len(), 1);
                let offset_bytes =
                    file.bytes.len() as u64 - 300_000 - if magic.contains(&0xcd) { 24 } else { 16 };
                assert_eq!(
                    facts.cut_short,
                    Some(CutShort {
                        offset_bytes,
                        reason: format!(
                            "the record of frame 2 claims {claimed} bytes, \
                             a frame of this file has at most 262144"
                        ),
                    })
                );
            }
        }
    }

    #[test]
    fn takes_longer_frames_where_the_header_announces_them() {
        let long = vec![9; 300_000];
        let file = Pcap::new(MICRO_LE, 300_000, 1).frame([1, 2], &long);
        let (frames, facts) = read_bytes(&file.bytes);
        assert_eq!(frames[0].bytes, long);
        assert_eq!(facts.cut_short, None);
        let file = Pcap::new(MICRO_LE, u32::MAX, 1).record([1, 2], u32::MAX, 60, FIRST);
        assert_eq!(
            cut_short(&file.bytes).1,
            "the record of frame 1 claims 4294967295 bytes, \
             a frame of this file has at most 67108848"
        );
    }
}
