//! Captures made byte by byte, for the tests of the readers.

use std::io::{self, Read};

use crate::capture::file::Reader;
use crate::capture::{CaptureFacts, FrameNumber, LinkType, Timestamp};

/// The frames of most samples: an ARP request's first bytes, and less.
pub(super) const FIRST: &[u8] = b"\xff\xff\xff\xff\xff\xff\x02\0\0\0\0\x01\x08\x06\0\x01\x08\0";
pub(super) const SECOND: &[u8] = b"\x01\x80\xc2\0\0\x0e\x02";

/// All magic numbers of pcap.
pub(super) const PCAP_MAGICS: [[u8; 4]; 6] = [
    [0xd4, 0xc3, 0xb2, 0xa1],
    [0xa1, 0xb2, 0xc3, 0xd4],
    [0x4d, 0x3c, 0xb2, 0xa1],
    [0xa1, 0xb2, 0x3c, 0x4d],
    [0x34, 0xcd, 0xb2, 0xa1],
    [0xa1, 0xb2, 0xcd, 0x34],
];

/// A frame that was read, with a copy of its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Kept {
    pub(super) number: FrameNumber,
    pub(super) time: Timestamp,
    pub(super) link_type: LinkType,
    pub(super) bytes: Vec<u8>,
    pub(super) wire_length: usize,
}

/// Reads a capture to its end.
pub(super) fn read_all(input: impl Read + Send + 'static) -> (Vec<Kept>, CaptureFacts) {
    let mut reader = Reader::from_read(Box::new(input), "sample", 7).unwrap();
    let mut frames = Vec::new();
    while let Some(frame) = reader.next_frame() {
        assert_eq!(frame.capture, 7);
        frames.push(Kept {
            number: frame.number,
            time: frame.time,
            link_type: frame.link_type,
            bytes: frame.bytes.to_vec(),
            wire_length: frame.wire_length,
        });
    }
    assert!(reader.next_frame().is_none());
    (frames, reader.facts().clone())
}

/// What `read_all` says of a capture held in memory.
pub(super) fn read_bytes(bytes: &[u8]) -> (Vec<Kept>, CaptureFacts) {
    read_all(io::Cursor::new(bytes.to_vec()))
}

/// The reason for which reading a capture stops before its end.
pub(super) fn cut_short(bytes: &[u8]) -> (u64, String) {
    let cut = read_bytes(bytes).1.cut_short.unwrap();
    (cut.offset_bytes, cut.reason)
}

/// Gives one byte a read, and is interrupted before each.
pub(super) struct OneByte {
    bytes: Vec<u8>,
    at: usize,
    interrupted: bool,
}

impl OneByte {
    pub(super) fn new(bytes: Vec<u8>) -> Self {
        Self {
            bytes,
            at: 0,
            interrupted: false,
        }
    }
}

impl Read for OneByte {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.interrupted = !self.interrupted;
        if self.interrupted {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let (Some(byte), Some(room)) = (self.bytes.get(self.at), buffer.first_mut()) else {
            return Ok(0);
        };
        *room = *byte;
        self.at += 1;
        Ok(1)
    }
}

/// Gives its bytes, then fails.
pub(super) struct Failing(pub(super) io::Cursor<Vec<u8>>);

impl Read for Failing {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.0.read(buffer)? {
            0 => Err(io::Error::other("the disk is on fire")),
            length => Ok(length),
        }
    }
}

/// A pcap file under construction.
pub(super) struct Pcap {
    big_endian: bool,
    modified: bool,
    pub(super) bytes: Vec<u8>,
}

impl Pcap {
    pub(super) fn new(magic: [u8; 4], snap_length: u32, link_type: u32) -> Self {
        let mut file = Self {
            big_endian: magic[0] == 0xa1,
            modified: magic.contains(&0xcd),
            bytes: magic.to_vec(),
        };
        let versions = if file.big_endian {
            [0, 2, 0, 4]
        } else {
            [2, 0, 4, 0]
        };
        file.bytes.extend(versions);
        for value in [0, 0, snap_length, link_type] {
            file.u32(value);
        }
        file
    }

    fn u32(&mut self, value: u32) {
        self.bytes.extend(if self.big_endian {
            value.to_be_bytes()
        } else {
            value.to_le_bytes()
        });
    }

    /// A record header with `kept` as its claim, and the frame.
    pub(super) fn record(mut self, time: [u32; 2], kept: u32, wire: u32, frame: &[u8]) -> Self {
        for value in [time[0], time[1], kept, wire] {
            self.u32(value);
        }
        if self.modified {
            self.bytes.extend([0, 0, 0, 2, 8, 0, 0, 0]);
        }
        self.bytes.extend(frame);
        self
    }

    /// A record that is kept whole.
    pub(super) fn frame(self, time: [u32; 2], frame: &[u8]) -> Self {
        let length = u32::try_from(frame.len()).unwrap();
        self.record(time, length, length, frame)
    }
}

/// A pcapng file under construction.
pub(super) struct Pcapng {
    big_endian: bool,
    pub(super) bytes: Vec<u8>,
}

impl Pcapng {
    pub(super) fn new() -> Self {
        Self {
            big_endian: false,
            bytes: Vec::new(),
        }
    }

    pub(super) fn u16(&self, value: u16) -> [u8; 2] {
        if self.big_endian {
            value.to_be_bytes()
        } else {
            value.to_le_bytes()
        }
    }

    pub(super) fn u32(&self, value: u32) -> [u8; 4] {
        if self.big_endian {
            value.to_be_bytes()
        } else {
            value.to_le_bytes()
        }
    }

    pub(super) fn u64(&self, value: u64) -> [u8; 8] {
        if self.big_endian {
            value.to_be_bytes()
        } else {
            value.to_le_bytes()
        }
    }

    /// Any block: its body is padded to a multiple of four bytes.
    pub(super) fn block(mut self, kind: u32, body: &[u8]) -> Self {
        let padded = body.len().next_multiple_of(4);
        let length = self.u32(u32::try_from(padded).unwrap() + 12);
        self.bytes.extend(self.u32(kind));
        self.bytes.extend(length);
        self.bytes.extend(body);
        self.bytes.resize(self.bytes.len() + padded - body.len(), 0);
        self.bytes.extend(length);
        self
    }

    pub(super) fn section(mut self, big_endian: bool) -> Self {
        self.big_endian = big_endian;
        let mut body = self.u32(0x1a2b_3c4d).to_vec();
        body.extend(self.u16(1));
        body.extend(self.u16(0));
        body.extend([0xff; 8]);
        self.block(0x0a0d_0d0a, &body)
    }

    fn options(&self, options: &[(u16, &[u8])]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (code, value) in options {
            bytes.extend(self.u16(*code));
            bytes.extend(self.u16(u16::try_from(value.len()).unwrap()));
            bytes.extend(*value);
            bytes.resize(bytes.len().next_multiple_of(4), 0);
        }
        bytes
    }

    pub(super) fn interface(self, link_type: u16, snap: u32, options: &[(u16, &[u8])]) -> Self {
        let mut body = self.u16(link_type).to_vec();
        body.extend([0, 0]);
        body.extend(self.u32(snap));
        body.extend(self.options(options));
        self.block(1, &body)
    }

    /// An enhanced packet block.
    pub(super) fn frame(self, interface: u32, ticks: u64, wire: u32, frame: &[u8]) -> Self {
        self.frame_with(interface, ticks, wire, frame, &[])
    }

    pub(super) fn frame_with(
        self,
        interface: u32,
        ticks: u64,
        wire: u32,
        frame: &[u8],
        options: &[(u16, &[u8])],
    ) -> Self {
        let mut body = self.u32(interface).to_vec();
        body.extend(self.time_and_lengths(ticks, wire, frame));
        body.extend(frame);
        body.resize(body.len().next_multiple_of(4), 0);
        body.extend(self.options(options));
        self.block(6, &body)
    }

    /// The obsolete packet block.
    pub(super) fn old_frame(self, interface: u16, ticks: u64, wire: u32, frame: &[u8]) -> Self {
        let mut body = self.u16(interface).to_vec();
        body.extend([0xff, 0xff]);
        body.extend(self.time_and_lengths(ticks, wire, frame));
        body.extend(frame);
        self.block(2, &body)
    }

    fn time_and_lengths(&self, ticks: u64, wire: u32, frame: &[u8]) -> Vec<u8> {
        let high = u32::try_from(ticks >> 32).unwrap();
        let low = u32::try_from(ticks & 0xffff_ffff).unwrap();
        let kept = u32::try_from(frame.len()).unwrap();
        [high, low, kept, wire]
            .into_iter()
            .flat_map(|value| self.u32(value))
            .collect()
    }

    pub(super) fn simple_frame(self, wire: u32, frame: &[u8]) -> Self {
        let mut body = self.u32(wire).to_vec();
        body.extend(frame);
        self.block(3, &body)
    }

    pub(super) fn statistics(self, interface: u32, options: &[(u16, &[u8])]) -> Self {
        let mut body = self.u32(interface).to_vec();
        body.extend([0; 8]);
        body.extend(self.options(options));
        self.block(5, &body)
    }
}

/// One capture of every kind that is read.
pub(super) fn all() -> Vec<Vec<u8>> {
    let mut samples: Vec<Vec<u8>> = PCAP_MAGICS
        .into_iter()
        .map(|magic| {
            Pcap::new(magic, 65_535, 1)
                .frame([1_700_000_000, 123_456], FIRST)
                .record([1_700_000_001, 5], 7, 1514, SECOND)
                .frame([1_700_000_002, 0], b"")
                .bytes
        })
        .collect();
    samples.push(every_block());
    samples
}

/// A pcapng file with two sections, in both byte orders, and every kind of block.
pub(super) fn every_block() -> Vec<u8> {
    let comment: (u16, &[u8]) = (1, b"a comment");
    let end: (u16, &[u8]) = (0, b"");
    Pcapng::new()
        .section(false)
        .interface(1, 65_535, &[(2, b"eth0"), (9, &[9]), end])
        .interface(113, 96, &[comment])
        .frame_with(0, 1_700_000_000_000_000_001, 18, FIRST, &[comment, end])
        .block(4, b"\x01\0\x0b\0\xc0\0\x02\x01server\0\0\0\0\0\0")
        .frame(1, 1_700_000_000_500_000, 1514, SECOND)
        .block(10, b"KSLT\x04\0\0\0abcd")
        .block(0xbad, b"\x2a\0\0\0custom")
        .block(0x4000_0bad, b"\x2a\0\0\0")
        .block(9, b"__REALTIME_TIMESTAMP=1700000000000000\n")
        .statistics(0, &[(5, &3_u64.to_le_bytes()), (7, &4_u64.to_le_bytes())])
        .section(true)
        .interface(101, 0, &[(14, &1_700_000_000_u64.to_be_bytes()), end])
        .old_frame(0, 7, 18, FIRST)
        .simple_frame(7, SECOND)
        .statistics(0, &[(5, &10_u64.to_be_bytes())])
        .bytes
}
