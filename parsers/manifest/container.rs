//! Cisco's container of signed files: `….loads`, `….sbn`, `….sgn`, trust lists.
//!
//! Seen in 127 of 127 signed files of the 79xx sets at `dkgroot/provision_sccp`.
//!
//! ```text
//!  1 byte  2 bytes          length
//! +-------+----------------+----------
//! | tag   | length         | value       … again and again, then the content
//! +-------+----------------+----------
//! ```
//!
//! Tag 0x0d is a filling byte and has no length. Tag 0x02 tells how long the whole
//! header is, 0x0e for which file name the signature was made. Tags 0x03, 0x07 and
//! 0x09 hold others: their length covers them.

use nom::Parser;
use nom::bytes::complete::take;
use nom::number::complete::{be_u8, be_u16};

use crate::{Parsed, WireText};

/// Tag and value of the container's version, 1.1, with which each such file begins.
const BEGINNING: &[u8] = &[0x01, 0x00, 0x02, 0x01, 0x01];

const TAG_HEADER_LENGTH: u8 = 0x02;
const TAG_FILLING: u8 = 0x0d;
const TAG_FILE_NAME: u8 = 0x0e;

/// A signed file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Container<'a> {
    /// The file name that the signature is for, without its NUL; `None` when the header
    /// does not tell.
    pub signed_for: Option<&'a [u8]>,
    /// What is signed.
    pub content: &'a [u8],
}

impl<'a> Container<'a> {
    /// Whether a file that begins so is in a container.
    pub fn begins(start: &[u8]) -> bool {
        start.starts_with(BEGINNING)
    }

    /// Reads the header. `None` when the file is no container.
    pub fn read(file: &'a [u8]) -> Option<Self> {
        if !Self::begins(file) {
            return None;
        }
        let mut signed_for = None;
        let mut header_length = None;
        let mut rest = file;
        while let Ok((behind, (tag, value))) = tagged(rest) {
            rest = behind;
            match tag {
                TAG_HEADER_LENGTH => {
                    header_length = value.first_chunk().map(|word| u16::from_be_bytes(*word));
                }
                TAG_FILE_NAME => {
                    signed_for = value.split(|&byte| byte == 0).next();
                }
                _ => {}
            }
            let read = file.len() - rest.len();
            if header_length.is_some_and(|length| read >= usize::from(length)) {
                break;
            }
        }
        let content = file.get(usize::from(header_length?)..).unwrap_or_default();
        Some(Self {
            signed_for: signed_for.filter(|name| !name.is_empty()),
            content,
        })
    }

    /// The file name that the signature is for, as text.
    pub(super) fn signed_name(&self) -> Option<WireText> {
        self.signed_for.map(WireText::new)
    }
}

/// One tag with its value. The containing tags' values are left for later: nothing in
/// them is of use here.
fn tagged(input: &[u8]) -> Parsed<'_, (u8, &[u8])> {
    let (rest, tag) = be_u8(input)?;
    if tag == TAG_FILLING {
        return Ok((rest, (tag, &[])));
    }
    let (rest, length) = be_u16(rest)?;
    let (rest, value) = take(length).parse_complete(rest)?;
    Ok((rest, (tag, value)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &[u8] = &[
        0x01, 0, 2, 1, 1, // version 1.1
        0x02, 0, 2, 0, 32, // header length
        0x03, 0, 3, 0x0e, 0, 0, // signer: what is in it is not the file's name
        0x0e, 0, 10, b'a', b'.', b'l', b'o', b'a', b'd', b's', 0, 0, 0, // name
        0x0d, 0x0d, 0x0d, // filling
    ];

    #[test]
    fn finds_name_and_content() {
        let file = [HEADER, b"content"].concat();
        assert_eq!(
            Container::read(&file),
            Some(Container {
                signed_for: Some(b"a.loads"),
                content: b"content",
            })
        );
    }

    #[test]
    fn keeps_what_a_cut_header_tells() {
        for cut in 0..HEADER.len() {
            let read = Container::read(&HEADER[..cut]);
            assert_eq!(read.is_some(), cut >= 10, "{cut}");
            if let Some(container) = read {
                assert!(container.content.is_empty());
                assert_eq!(container.signed_for.is_some(), cut >= 29, "{cut}");
            }
        }
    }

    #[test]
    fn leaves_other_files_alone() {
        for file in [
            &b""[..],
            b"\x01\0\x02\x01",
            b"# RELEASE",
            b"\x01\0\x02\x02\x01\x02\0\x02\0\x20",
        ] {
            assert_eq!(Container::read(file), None);
        }
    }
}
