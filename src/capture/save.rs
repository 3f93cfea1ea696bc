//! [`Save`]: frames into a pcapng file that can be read while it grows.
//!
//! One section and one interface with nanoseconds; at the end how many frames were
//! received and lost. Reference: draft-ietf-opsawg-pcapng.

use std::fs::File;
use std::io::{self, Seek, Write};

use super::{Frame, Timestamp};

/// Written at once when as many bytes wait.
const MAX_WAITING_BYTES: usize = 64 * 1024;

const SECTION_HEADER: u32 = 0x0a0d_0d0a;
const BYTE_ORDER_MAGIC: u32 = 0x1a2b_3c4d;
const INTERFACE_DESCRIPTION: u32 = 1;
const INTERFACE_STATISTICS: u32 = 5;
const ENHANCED_PACKET: u32 = 6;

const END_OF_OPTIONS: u16 = 0;
const SHB_OS: u16 = 3;
const SHB_APPLICATION: u16 = 4;
const IF_NAME: u16 = 2;
const IF_TIMESTAMP_RESOLUTION: u16 = 9;
const IF_FILTER: u16 = 11;
const IF_OS: u16 = 12;
const ISB_START: u16 = 2;
const ISB_END: u16 = 3;
const ISB_RECEIVED: u16 = 4;
const ISB_DROPPED: u16 = 5;

/// What the file tells of the interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// Name of the interface.
    pub interface: String,
    /// The capture filter in tcpdump's words; `None` without one.
    pub filter: Option<String>,
    /// The operating system; empty when unknown.
    pub system: String,
    /// Number of the link type as pcap registers it.
    pub link_type: u16,
    /// Most bytes of a frame that are kept.
    pub snap_length: u32,
}

/// A pcapng file that grows.
#[derive(Debug)]
pub struct Save {
    file: File,
    /// Whole blocks that wait to be written.
    waiting: Vec<u8>,
    /// Bytes of whole blocks in the file.
    written_bytes: u64,
    n_frames: u64,
}

impl Save {
    /// Begins the file: section and interface stand in it at once.
    pub fn begin(file: File, origin: &Origin) -> io::Result<Self> {
        let mut save = Self {
            file,
            waiting: Vec::new(),
            written_bytes: 0,
            n_frames: 0,
        };
        save.header(origin);
        save.flush()?;
        Ok(save)
    }

    /// Adds a frame. It may wait until [`flush`](Self::flush).
    pub fn frame(&mut self, frame: &Frame<'_>) -> io::Result<()> {
        let kept = u32::try_from(frame.bytes.len()).unwrap_or(u32::MAX);
        let on_wire = u32::try_from(frame.wire_length).unwrap_or(u32::MAX);
        let mut body = Vec::with_capacity(frame.bytes.len() + 24);
        body.extend(0_u32.to_le_bytes());
        body.extend(timestamp(frame.time));
        body.extend(kept.to_le_bytes());
        body.extend(on_wire.to_le_bytes());
        body.extend(frame.bytes);
        pad(&mut body);
        self.block(ENHANCED_PACKET, &body);
        self.n_frames += 1;
        if self.waiting.len() >= MAX_WAITING_BYTES {
            self.flush()?;
        }
        Ok(())
    }

    /// Writes what waits, so that a reader sees all of it. When that fails, the file ends
    /// with the last whole block that has room, as far as it can be cut.
    pub fn flush(&mut self) -> io::Result<()> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let result = self.file.write_all(&self.waiting);
        match result {
            Ok(()) => self.written_bytes += self.waiting.len() as u64,
            Err(_) => {
                // A pipe cannot be cut: then its reader meets the broken block.
                if self.file.set_len(self.written_bytes).is_ok() {
                    let _ = self.file.seek(io::SeekFrom::Start(self.written_bytes));
                }
            }
        }
        self.waiting.clear();
        result
    }

    /// Ends the file with the interface's statistics: from when to when it was listened,
    /// how many frames were received, and how many of these were lost. A reader that finds
    /// no fewer frames than that knows that nobody cut the file afterwards.
    pub fn end(mut self, listened: (Timestamp, Timestamp), dropped: u64) -> io::Result<()> {
        let (from, to) = listened;
        let received = self.n_frames.saturating_add(dropped);
        let mut body = 0_u32.to_le_bytes().to_vec();
        body.extend(timestamp(to));
        option(&mut body, ISB_START, &timestamp(from));
        option(&mut body, ISB_END, &timestamp(to));
        option(&mut body, ISB_RECEIVED, &received.to_le_bytes());
        option(&mut body, ISB_DROPPED, &dropped.to_le_bytes());
        option(&mut body, END_OF_OPTIONS, &[]);
        self.block(INTERFACE_STATISTICS, &body);
        self.flush()
    }

    /// Frames that were added.
    pub fn n_frames(&self) -> u64 {
        self.n_frames
    }

    fn header(&mut self, origin: &Origin) {
        let mut body = BYTE_ORDER_MAGIC.to_le_bytes().to_vec();
        body.extend([1, 0, 0, 0]);
        // The length of the section is not known beforehand.
        body.extend((-1_i64).to_le_bytes());
        text(&mut body, SHB_OS, &origin.system);
        let application = concat!("phoneboot ", env!("CARGO_PKG_VERSION"));
        text(&mut body, SHB_APPLICATION, application);
        option(&mut body, END_OF_OPTIONS, &[]);
        self.block(SECTION_HEADER, &body);

        let mut body = origin.link_type.to_le_bytes().to_vec();
        body.extend([0, 0]);
        body.extend(origin.snap_length.to_le_bytes());
        text(&mut body, IF_NAME, &origin.interface);
        option(&mut body, IF_TIMESTAMP_RESOLUTION, &[9]);
        if let Some(filter) = &origin.filter {
            // The first byte says that text in libpcap's language follows.
            let filter = [&[0], filter.as_bytes()].concat();
            option(&mut body, IF_FILTER, &filter);
        }
        text(&mut body, IF_OS, &origin.system);
        option(&mut body, END_OF_OPTIONS, &[]);
        self.block(INTERFACE_DESCRIPTION, &body);
    }

    /// Adds a block (§3.1): its type, its length, its body, its length again.
    fn block(&mut self, kind: u32, body: &[u8]) {
        let length = u32::try_from(body.len() + 12).unwrap_or(u32::MAX);
        self.waiting.extend(kind.to_le_bytes());
        self.waiting.extend(length.to_le_bytes());
        self.waiting.extend(body);
        self.waiting.extend(length.to_le_bytes());
    }
}

/// A time in two halves, the upper one first (§4.3).
fn timestamp(time: Timestamp) -> [u8; 8] {
    let nanos = u64::try_from(time.0).unwrap_or(0);
    let mut bytes = nanos.to_le_bytes();
    bytes.rotate_left(4);
    bytes
}

/// An option (§3.5): code, length, value, zeros up to 32 bits.
fn option(body: &mut Vec<u8>, code: u16, value: &[u8]) {
    let length = u16::try_from(value.len()).unwrap_or(u16::MAX);
    body.extend(code.to_le_bytes());
    body.extend(length.to_le_bytes());
    body.extend(value.iter().take(usize::from(length)));
    pad(body);
}

fn text(body: &mut Vec<u8>, code: u16, value: &str) {
    if !value.is_empty() {
        option(body, code, value.as_bytes());
    }
}

fn pad(bytes: &mut Vec<u8>) {
    bytes.resize(bytes.len().next_multiple_of(4), 0);
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;
    use crate::capture::file::Reader;
    use crate::capture::{FrameNumber, LinkType};

    fn origin() -> Origin {
        Origin {
            interface: "eth0".into(),
            filter: Some("not ip proto 50".into()),
            system: "Linux 6.1".into(),
            link_type: 1,
            snap_length: 262_144,
        }
    }

    fn frame(number: u64, bytes: &[u8]) -> Frame<'_> {
        Frame {
            capture: 0,
            number: FrameNumber(number),
            time: Timestamp(1_768_469_760_123_456_789 + i64::try_from(number).unwrap()),
            link_type: LinkType::Ethernet,
            bytes,
            wire_length: bytes.len() + 1,
        }
    }

    fn saved(file: &mut File) -> Vec<u8> {
        let mut bytes = Vec::new();
        file.rewind().unwrap();
        file.read_to_end(&mut bytes).unwrap();
        bytes
    }

    #[test]
    fn what_is_saved_is_read_again_while_it_grows_and_at_the_end() {
        let mut file = tempfile::tempfile().unwrap();
        let mut save = Save::begin(file.try_clone().unwrap(), &origin()).unwrap();
        for number in 1..=3_u64 {
            let bytes = vec![7; usize::try_from(number).unwrap() + 13];
            save.frame(&frame(number, &bytes)).unwrap();
            save.flush().unwrap();
            let input = Box::new(io::Cursor::new(saved(&mut file)));
            let mut reader = Reader::from_read(input, "growing", 0).unwrap();
            for seen in 1..=number {
                let read = reader.next_frame().unwrap();
                let written = frame(seen, &bytes);
                assert_eq!(read.time, written.time);
                assert_eq!(read.bytes.len(), usize::try_from(seen).unwrap() + 13);
                assert_eq!(read.wire_length, read.bytes.len() + 1);
            }
            assert!(reader.next_frame().is_none());
            assert_eq!(reader.facts().cut_short, None);
        }
        let (from, to) = (frame(1, &[]).time, frame(3, &[]).time);
        save.end((from, Timestamp(to.0 + 9_000_000_000)), 2)
            .unwrap();
        let input = Box::new(io::Cursor::new(saved(&mut file)));
        let mut reader = Reader::from_read(input, "whole", 0).unwrap();
        while reader.next_frame().is_some() {}
        let facts = reader.facts();
        assert_eq!((facts.frames, facts.dropped), (3, Some(2)));
        let listened = (from, Timestamp(to.0 + 9_000_000_000));
        assert_eq!(facts.taken.listened, Some(listened));
        assert_eq!(facts.snap_length, Some(262_144));
        assert_eq!(facts.link_types, [LinkType::Ethernet]);
    }

    #[test]
    fn a_full_disk_leaves_whole_blocks() {
        let Ok(full) = File::options().write(true).open("/dev/full") else {
            return;
        };
        let mut file = tempfile::tempfile().unwrap();
        let mut save = Save::begin(file.try_clone().unwrap(), &origin()).unwrap();
        save.frame(&frame(1, &[1; 60])).unwrap();
        save.flush().unwrap();
        let whole = saved(&mut file);
        save.file = full;
        save.frame(&frame(2, &[1; 60])).unwrap();
        let error = save.flush().unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
        assert_eq!(saved(&mut file), whole);
        assert_eq!(save.n_frames(), 2);
    }
}
