//! Unpacks captures that are packed with gzip or zstd.
//!
//! They are recognised by their first bytes, and unpacked as they are read.
//! Normative: RFC 1952, gzip; RFC 8878, zstd. Concatenated parts are read as one
//! capture, as both formats demand.

use std::io::{self, Cursor, Read};

use flate2::read::MultiGzDecoder;

const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];
const ZSTD_MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// `input` itself, or what it unpacks to and the name of the packing.
pub(super) fn open(
    mut input: Box<dyn Read + Send>,
) -> io::Result<(Box<dyn Read + Send>, Option<&'static str>)> {
    let first = read_first(&mut input)?;
    let gzip = first.starts_with(&GZIP_MAGIC);
    let zstd = first.starts_with(&ZSTD_MAGIC);
    let input = Cursor::new(first).chain(input);
    Ok(if gzip {
        let input = MultiGzDecoder::new(input);
        (
            Box::new(Named {
                name: "gzip",
                input,
            }),
            Some("gzip"),
        )
    } else if zstd {
        let input = zstd::Decoder::new(input)?;
        (
            Box::new(Named {
                name: "zstd",
                input,
            }),
            Some("zstd"),
        )
    } else {
        (Box::new(input), None)
    })
}

/// The first four bytes, or what there is when there are fewer.
pub(super) fn read_first(input: &mut dyn Read) -> io::Result<Vec<u8>> {
    let mut first = Vec::with_capacity(4);
    input.take(4).read_to_end(&mut first)?;
    Ok(first)
}

/// Puts the name of the packing before a decoder's own words.
struct Named<R> {
    name: &'static str,
    input: R,
}

impl<R: Read> Read for Named<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.input.read(buffer).map_err(|error| {
            let words = format!("{}: {error}", self.name);
            io::Error::new(error.kind(), words)
        })
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;
    use crate::capture::file::{Reader, is_capture};
    use crate::capture::samples::{Failing, OneByte, all, every_block, read_all, read_bytes};

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn zstd(bytes: &[u8]) -> Vec<u8> {
        zstd::encode_all(bytes, 1).unwrap()
    }

    #[test]
    fn unpacks_what_is_packed() {
        for sample in all() {
            let (frames, mut facts) = read_bytes(&sample);
            for (name, packed) in [("gzip", gzip(&sample)), ("zstd", zstd(&sample))] {
                facts.compression = Some(name);
                let expected = (frames.clone(), facts.clone());
                assert_eq!(read_bytes(&packed), expected);
                assert_eq!(read_all(OneByte::new(packed.clone())), expected);
                assert!(is_capture(Box::new(Cursor::new(packed))).unwrap());
            }
        }
    }

    #[test]
    fn reads_concatenated_parts_as_one() {
        let sample = every_block();
        let (first, second) = sample.split_at(100);
        for packed in [
            [gzip(first), gzip(second)].concat(),
            [zstd(first), zstd(second)].concat(),
        ] {
            assert_eq!(read_bytes(&packed).0, read_bytes(&sample).0);
        }
    }

    /// A capture with frames that do not pack, so that a cut leaves some of them.
    fn incompressible() -> Vec<u8> {
        let mut state = 1_u32;
        let mut file = crate::capture::samples::Pcap::new([0xd4, 0xc3, 0xb2, 0xa1], 0, 1);
        for second in 0..300 {
            let frame: Vec<u8> = (0..1000)
                .map(|_| {
                    state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    state.to_be_bytes()[0]
                })
                .collect();
            file = file.frame([second, 0], &frame);
        }
        file.bytes
    }

    #[test]
    fn delivers_what_was_unpacked_before_the_damage() {
        let sample = incompressible();
        let whole = read_bytes(&sample).0;
        for (packed, words) in [
            (gzip(&sample), ": gzip: incomplete deflate stream"),
            (zstd(&sample), ": zstd: incomplete frame"),
        ] {
            let (frames, facts) = read_bytes(&packed[..packed.len() / 2]);
            assert!(whole.starts_with(&frames));
            assert!(frames.len() > 10, "{} frames", frames.len());
            let reason = facts.cut_short.unwrap().reason;
            assert!(reason.ends_with(words), "{reason}");
            let (frames, facts) = read_all(Failing(Cursor::new(packed)));
            assert_eq!(frames, whole);
            // The decoder may look for another part, or know that none follows.
            assert!(
                facts
                    .cut_short
                    .is_none_or(|cut| { cut.reason.ends_with(": the disk is on fire") })
            );
        }
    }

    #[test]
    fn tells_damage_in_the_middle() {
        let sample = incompressible();
        let mut packed = gzip(&sample);
        let end = packed.len() - 8;
        packed[end] ^= 1;
        let (frames, facts) = read_bytes(&packed);
        assert!(frames.len() > 290);
        let reason = facts.cut_short.unwrap().reason;
        assert!(reason.contains("gzip: corrupt gzip stream"), "{reason}");
    }

    fn refusal(bytes: &[u8]) -> String {
        let input = Box::new(Cursor::new(bytes.to_vec()));
        Reader::from_read(input, "x.gz", 0)
            .err()
            .unwrap()
            .to_string()
    }

    #[test]
    fn refuses_packed_files_that_hold_no_capture() {
        assert_eq!(
            refusal(&gzip(b"hello")),
            "x.gz: not a capture: gzip data that holds no capture: \
             it begins with 68 65 6c 6c 6f \"hello\" and is text"
        );
        assert_eq!(
            refusal(&zstd(b"")),
            "x.gz: not a capture: zstd data that holds no capture: it is empty"
        );
        assert_eq!(
            refusal(&gzip(&gzip(&every_block()))),
            "x.gz: not a capture: gzip data that holds no capture: \
             it begins with 1f 8b 08 00 00 00 00 00 \"........\" and is gzip data; unpack it first"
        );
        assert_eq!(
            refusal(b"\x1f\x8b\x08"),
            "x.gz: not a capture: it does not unpack: gzip: unexpected end of file"
        );
    }

    #[test]
    fn finds_no_capture_in_what_does_not_unpack() {
        for bytes in [b"\x1f\x8b\x08\0".as_slice(), b"\x28\xb5\x2f\xfd\0", b"abc"] {
            assert!(!is_capture(Box::new(Cursor::new(bytes.to_vec()))).unwrap());
        }
        assert!(is_capture(Box::new(Failing(Cursor::new(vec![])))).is_err());
    }
}
