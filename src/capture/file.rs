//! [`Reader`]: the frames of a capture file or a pipe, one after the other.
//!
//! Files are read here and not by libpcap, which stops at files that are common
//! elsewhere: a pcapng file with two interfaces whose link types or snap lengths
//! differ, or with sections in both byte orders.

use std::fmt::Display;
use std::fs::File;
use std::io::{self, Read};
use std::ops::Range;
use std::path::{Path, PathBuf};

use crate::capture::buffer::{Ending, Window};
use crate::capture::compressed;
use crate::capture::foreign;
use crate::capture::pcap;
use crate::capture::pcapng;
use crate::capture::{CaptureFacts, CutShort, Error, Frame, FrameNumber, LinkType, Timestamp};

/// The name that stands for standard input.
pub const STANDARD_INPUT: &str = "-";

/// Reads a capture frame by frame. Memory does not grow with the capture.
pub struct Reader {
    window: Window,
    format: Format,
    capture: usize,
    facts: CaptureFacts,
    ended: bool,
}

enum Format {
    Pcap(pcap::Records),
    Pcapng(pcapng::Section),
}

/// What a format finds at the beginning of the window.
pub(super) enum Next {
    /// A record with a frame, whole in the window.
    Frame(Record),
    /// The end of the capture.
    End,
    /// No record that can be read, and why.
    Broken(String),
}

/// A record and where its frame stands in it.
pub(super) struct Record {
    pub(super) number: FrameNumber,
    /// Length of the record, in bytes.
    pub(super) length: usize,
    /// Where in the record the frame is.
    pub(super) bytes: Range<usize>,
    pub(super) time: Timestamp,
    pub(super) link_type: LinkType,
    pub(super) wire_length: usize,
}

impl Reader {
    /// Opens the file at `path`, or standard input for `-`. It may be packed with
    /// gzip or zstd. `capture` is the number that its frames will bear.
    pub fn open(path: &Path, capture: usize) -> Result<Self, Error> {
        let name = path.display().to_string();
        if path == Path::new(STANDARD_INPUT) {
            return Self::from_read(Box::new(io::stdin()), &name, capture);
        }
        let failed = |source| Error::Io {
            path: path.to_owned(),
            source,
        };
        let file = File::open(path).map_err(failed)?;
        if file.metadata().map_err(failed)?.is_dir() {
            return Err(Error::NotACapture {
                path: path.to_owned(),
                reason: "it is a folder".into(),
            });
        }
        Self::from_read(Box::new(file), &name, capture)
    }

    /// Reads a capture from `input`; `name` is what reports call it.
    pub fn from_read(
        input: Box<dyn Read + Send>,
        name: &str,
        capture: usize,
    ) -> Result<Self, Error> {
        let (input, compression) = compressed::open(input).map_err(|source| Error::Io {
            path: PathBuf::from(name),
            source,
        })?;
        let mut facts = CaptureFacts::new(name, "pcap");
        facts.compression = compression;
        let mut window = Window::new(input);
        let format = recognize(&mut window, &mut facts)?;
        Ok(Self {
            window,
            format,
            capture,
            facts,
            ended: false,
        })
    }

    /// The next frame, or `None` at the end of the capture. A capture that breaks
    /// off or makes no sense any more ends there too, and
    /// [`facts`](Self::facts) tells it.
    pub fn next_frame(&mut self) -> Option<Frame<'_>> {
        if self.ended {
            return None;
        }
        let next = match &mut self.format {
            Format::Pcap(records) => records.next(&mut self.window, &mut self.facts),
            Format::Pcapng(section) => section.next(&mut self.window, &mut self.facts),
        };
        match next {
            Next::Frame(record) => Some(self.deliver(record)),
            Next::End => {
                self.ended = true;
                None
            }
            Next::Broken(reason) => {
                self.ended = true;
                self.facts.cut_short = Some(CutShort {
                    offset_bytes: self.window.offset(),
                    reason,
                });
                None
            }
        }
    }

    /// What is known of the capture so far.
    pub fn facts(&self) -> &CaptureFacts {
        &self.facts
    }

    fn deliver(&mut self, record: Record) -> Frame<'_> {
        let frame = Frame {
            capture: self.capture,
            number: record.number,
            time: record.time,
            link_type: record.link_type,
            bytes: self
                .window
                .take(record.length)
                .get(record.bytes)
                .unwrap_or_default(),
            wire_length: record.wire_length,
        };
        self.facts.count(&frame);
        frame
    }
}

/// Whether `input` begins as a capture does, unpacked where needed.
pub(super) fn is_capture(input: Box<dyn Read + Send>) -> io::Result<bool> {
    let (mut input, compression) = compressed::open(input)?;
    match compressed::read_first(&mut input) {
        Ok(first) => Ok(<[u8; 4]>::try_from(first.as_slice())
            .is_ok_and(|first| first == pcapng::MAGIC || pcap::is_magic(first))),
        // What does not unpack is no capture, and none of its reader's failures.
        Err(_) if compression.is_some() => Ok(false),
        Err(error) => Err(error),
    }
}

/// Adds a link type to those that occur.
pub(super) fn note_link_type(facts: &mut CaptureFacts, link_type: LinkType) {
    if !facts.link_types.contains(&link_type) {
        facts.link_types.push(link_type);
    }
}

/// What it means that `what` needs more bytes than still come.
pub(super) fn shortage(window: &Window, what: &dyn Display, needed: usize) -> Next {
    match (window.ending(), window.bytes().len()) {
        (Some(Ending::Failed(error)), had) => Next::Broken(format!(
            "{what} needs {needed} bytes, reading fails after {had}: {error}"
        )),
        (_, 0) => Next::End,
        (_, had) => Next::Broken(format!(
            "{what} needs {needed} bytes, the file ends after {had}"
        )),
    }
}

/// Tells by the first bytes which format it is, and reads its header.
fn recognize(window: &mut Window, facts: &mut CaptureFacts) -> Result<Format, Error> {
    window.fill(4);
    let first = window.bytes().first_chunk::<4>().copied();
    let reason = match first {
        Some(pcapng::MAGIC) => match pcapng::Section::open(window) {
            Ok(section) => {
                facts.format = "pcapng";
                return Ok(Format::Pcapng(section));
            }
            Err(reason) => format!("it begins as a pcapng file, but {reason}"),
        },
        Some(magic) if pcap::is_magic(magic) => {
            window.fill(pcap::HEADER_BYTES);
            let header = window.bytes().first_chunk().copied();
            if let Some(records) = header.and_then(|header| pcap::Records::open(header, facts)) {
                window.take(pcap::HEADER_BYTES);
                return Ok(Format::Pcap(records));
            }
            let end = match window.ending() {
                Some(Ending::Failed(error)) => {
                    format!("reading fails after {}: {error}", window.bytes().len())
                }
                _ => format!("the file ends after {}", window.bytes().len()),
            };
            format!(
                "it begins as a pcap file, but its header needs {} bytes, {end}",
                pcap::HEADER_BYTES
            )
        }
        _ => {
            window.fill(foreign::HEAD_BYTES);
            match (window.ending(), facts.compression) {
                (Some(Ending::Failed(error)), Some(_)) => format!("it does not unpack: {error}"),
                (Some(Ending::Failed(error)), None) => {
                    return Err(Error::Io {
                        path: PathBuf::from(&facts.name),
                        source: io::Error::new(error.kind(), error.to_string()),
                    });
                }
                (_, Some(packing)) => {
                    format!(
                        "{packing} data that holds no capture: {}",
                        foreign::describe(window.bytes())
                    )
                }
                (_, None) => foreign::describe(window.bytes()),
            }
        }
    };
    Err(Error::NotACapture {
        path: PathBuf::from(&facts.name),
        reason,
    })
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Cursor;

    use super::*;
    use crate::capture::samples::{
        FIRST, Failing, OneByte, Pcap, Pcapng, all, every_block, read_all, read_bytes,
    };

    /// Why bytes are no capture.
    fn refusal(bytes: &[u8]) -> String {
        match Reader::from_read(Box::new(Cursor::new(bytes.to_vec())), "sample", 0) {
            Err(Error::NotACapture { path, reason }) => {
                assert_eq!(path, Path::new("sample"));
                reason
            }
            Err(other) => panic!("{other}"),
            Ok(_) => panic!("{bytes:02x?} was taken for a capture"),
        }
    }

    #[test]
    fn reads_the_same_byte_by_byte() {
        for sample in all() {
            assert_eq!(read_all(OneByte::new(sample.clone())), read_bytes(&sample));
        }
    }

    #[test]
    fn delivers_everything_before_a_cut_at_any_byte() {
        for sample in all() {
            let (whole, _) = read_bytes(&sample);
            let header = if sample[0] == 0x0a { 28 } else { 24 };
            let mut clean_ends = 0;
            for end in 0..header {
                refusal(&sample[..end]);
            }
            for end in header..sample.len() {
                let (frames, facts) = read_bytes(&sample[..end]);
                assert!(whole.starts_with(&frames), "cut at {end}");
                match facts.cut_short {
                    None => clean_ends += 1,
                    Some(cut) => {
                        assert!(cut.offset_bytes < end as u64);
                        let had = end as u64 - cut.offset_bytes;
                        assert!(cut.reason.ends_with(&format!("ends after {had}")));
                    }
                }
            }
            let blocks = if sample[0] == 0x0a { 15 } else { 3 };
            assert_eq!(clean_ends, blocks);
        }
    }

    #[test]
    fn survives_any_wrong_byte() {
        for sample in all() {
            for at in 0..sample.len() {
                for wrong in [0, 1, 0x7f, 0x80, 0xff] {
                    let mut bytes = sample.clone();
                    bytes[at] = wrong;
                    let input = Box::new(Cursor::new(bytes));
                    let Ok(mut reader) = Reader::from_read(input, "sample", 0) else {
                        continue;
                    };
                    let mut frames = 0;
                    while let Some(frame) = reader.next_frame() {
                        frames += 1;
                        assert!(frame.bytes.len() <= sample.len());
                    }
                    assert_eq!(reader.facts().frames, frames);
                }
            }
        }
    }

    #[test]
    fn tells_that_reading_failed() {
        let file = Pcap::new([0xd4, 0xc3, 0xb2, 0xa1], 0, 1)
            .frame([1, 2], FIRST)
            .bytes;
        let (frames, facts) = read_all(Failing(Cursor::new(file.clone())));
        assert_eq!(frames.len(), 1);
        assert_eq!(
            facts.cut_short,
            Some(CutShort {
                offset_bytes: 58,
                reason: "the record header of frame 2 needs 16 bytes, \
                         reading fails after 0: the disk is on fire"
                    .into(),
            })
        );
        for (length, expected) in [
            (
                23,
                "sample: not a capture: it begins as a pcap file, but its header needs 24 bytes, \
                 reading fails after 23: the disk is on fire",
            ),
            (3, "sample: the disk is on fire"),
        ] {
            let input = Failing(Cursor::new(file[..length].to_vec()));
            let error = Reader::from_read(Box::new(input), "sample", 0)
                .err()
                .unwrap();
            assert_eq!(error.to_string(), expected);
        }
    }

    #[test]
    fn refuses_headers_that_are_cut() {
        let pcap = Pcap::new([0xa1, 0xb2, 0xc3, 0xd4], 0, 1).bytes;
        assert_eq!(
            refusal(&pcap[..10]),
            "it begins as a pcap file, but its header needs 24 bytes, the file ends after 10"
        );
        let pcapng = Pcapng::new().section(true).bytes;
        assert_eq!(
            refusal(&pcapng[..7]),
            "it begins as a pcapng file, but the block header before the first frame needs \
             8 bytes, the file ends after 7"
        );
        assert_eq!(
            refusal(&pcapng[..20]),
            "it begins as a pcapng file, but the section header before the first frame needs \
             28 bytes, the file ends after 20"
        );
        assert_eq!(
            refusal(b"\x0a\x0d\x0d\x0a\0\0\0\x1cwhat is this?"),
            "it begins as a pcapng file, but the block header before the first frame has the \
             byte-order mark [77, 68, 61, 74], must be 1a 2b 3c 4d or its reverse"
        );
    }

    #[test]
    fn says_what_a_file_is_instead() {
        assert_eq!(refusal(b""), "it is empty");
        assert_eq!(
            refusal(b"hello\n"),
            "it begins with 68 65 6c 6c 6f 0a \"hello.\" and is text"
        );
    }

    #[test]
    fn opens_files_and_refuses_folders() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("boot.pcapng");
        fs::write(&path, every_block()).unwrap();
        let mut reader = Reader::open(&path, 3).unwrap();
        assert_eq!(reader.next_frame().unwrap().capture, 3);
        assert_eq!(reader.facts().name, path.display().to_string());
        let error = Reader::open(folder.path(), 0).err().unwrap().to_string();
        assert!(
            error.ends_with(": not a capture: it is a folder"),
            "{error}"
        );
        let missing = Reader::open(&folder.path().join("nothing"), 0);
        assert!(matches!(missing, Err(Error::Io { .. })));
    }
}
