//! Encoded domain names, and the pointers that shorten them.
//!
//! RFC 1035 §3.1 (labels), §4.1.4 (pointers), §2.3.4 (limits).

use crate::WireText;

/// The longest name as it is encoded without pointers, in bytes.
const MAX_NAME_BYTES: usize = 255;

/// The most pointers in one name. A chain of them must cost little; writers use one,
/// or a few.
const MAX_POINTERS: usize = 64;

/// A name that was read.
pub(super) struct Name {
    /// With dots; a lone dot for the root.
    pub(super) text: WireText,
    /// Where what follows it begins.
    pub(super) next: usize,
}

/// Why a name cannot be read.
pub(super) struct Fault {
    /// Whether the bytes end inside it.
    pub(super) is_short: bool,
    pub(super) detail: String,
}

/// Reads the name that begins at `start`.
///
/// ```text
///  1 byte            1 byte                     2 bytes
/// +---------+-------+---------+-------+-----+  +----+--------+
/// | length  | label | length  | label |  0  |  | 11 | offset |
/// +---------+-------+---------+-------+-----+  +----+--------+
/// ```
///
/// The last form, a pointer, goes on at an earlier place of the message. It must point
/// before all that was read of this name, which rules out loops.
pub(super) fn read(message: &[u8], start: usize) -> Result<Name, Fault> {
    let mut text = Vec::with_capacity(32);
    let mut position = start;
    let mut earliest = start;
    let mut next = None;
    let mut n_bytes = 1;
    let mut n_pointers = 0;
    loop {
        let length = *message.get(position).ok_or_else(short)?;
        position += 1;
        match length {
            0 => break,
            1..=63 => {
                let end = position + usize::from(length);
                let label = message.get(position..end).ok_or_else(short)?;
                position = end;
                n_bytes += 1 + label.len();
                if n_bytes > MAX_NAME_BYTES {
                    return Err(malformed(format!("is longer than {MAX_NAME_BYTES} bytes")));
                }
                push_label(&mut text, label);
            }
            0xc0..=0xff => {
                let low = *message.get(position).ok_or_else(short)?;
                next.get_or_insert(position + 1);
                position = usize::from(u16::from_be_bytes([length & 0x3f, low]));
                if position >= earliest {
                    return Err(malformed(format!(
                        "has a pointer to byte {position}, must point before byte {earliest}"
                    )));
                }
                earliest = position;
                n_pointers += 1;
                if n_pointers > MAX_POINTERS {
                    return Err(malformed(format!("has more than {MAX_POINTERS} pointers")));
                }
            }
            _ => {
                return Err(malformed(format!(
                    "has a label of the unknown type 0x{length:02x}"
                )));
            }
        }
    }
    if text.is_empty() {
        text.push(b'.');
    }
    Ok(Name {
        text: WireText(text),
        next: next.unwrap_or(position),
    })
}

/// Adds a label. What would be read as the end of one gets a backslash (RFC 1035 §5.1).
fn push_label(text: &mut Vec<u8>, label: &[u8]) {
    if !text.is_empty() {
        text.push(b'.');
    }
    for &byte in label {
        if matches!(byte, b'.' | b'\\') {
            text.push(b'\\');
        }
        text.push(byte);
    }
}

fn short() -> Fault {
    Fault {
        is_short: true,
        detail: "has no end".into(),
    }
}

fn malformed(detail: String) -> Fault {
    Fault {
        is_short: false,
        detail,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(message: &[u8], start: usize) -> Result<(String, usize), String> {
        read(message, start)
            .map(|name| (name.text.to_string(), name.next))
            .map_err(|fault| fault.detail)
    }

    fn named(name: &str, next: usize) -> (String, usize) {
        (name.into(), next)
    }

    #[test]
    fn follows_pointers_back() {
        let message = b"\x04prov\x07example\0\x03ntp\xc0\x05\xc0\x0e!";
        assert_eq!(text(message, 0), Ok(named("prov.example", 14)));
        assert_eq!(text(message, 14), Ok(named("ntp.example", 20)));
        assert_eq!(text(message, 20), Ok(named("ntp.example", 22)));
        assert_eq!(text(b"\0", 0), Ok(named(".", 1)));
    }

    #[test]
    fn keeps_labels_apart_that_hold_dots() {
        assert_eq!(text(b"\x05a.b\\c\x01d\0", 0), Ok(named("a\\.b\\\\c.d", 9)));
    }

    #[test]
    fn refuses_pointers_that_do_not_go_back() {
        let forward = Err("has a pointer to byte 2, must point before byte 0".into());
        assert_eq!(text(b"\xc0\x02\x01a\0", 0), forward);
        let itself = Err("has a pointer to byte 0, must point before byte 0".into());
        assert_eq!(text(b"\xc0\x00", 0), itself);
        let round = Err("has a pointer to byte 0, must point before byte 0".into());
        assert_eq!(text(b"\x01a\xc0\x00\xc0\x00", 4), round);
    }

    #[test]
    fn refuses_a_long_chain_of_pointers() {
        // An empty name, and pointers each to the one before.
        let mut message = vec![0, 0];
        for before in 0..65 {
            message.extend([0xc0, 2 * before]);
        }
        assert_eq!(text(&message, 2 * 64), Ok(named(".", 2 * 65)));
        assert_eq!(
            text(&message, 2 * 65),
            Err("has more than 64 pointers".into())
        );
    }

    #[test]
    fn refuses_unknown_label_types_and_names_without_an_end() {
        let unknown = Err("has a label of the unknown type 0x41".into());
        assert_eq!(text(b"\x41a\0", 0), unknown);
        let whole = b"\x04prov\x07example\xc0\x00";
        for length in 0..whole.len() {
            let fault = read(&whole[..length], 0).err().unwrap();
            assert!(fault.is_short, "{length}");
        }
    }

    #[test]
    fn takes_names_of_255_bytes_and_no_longer() {
        let mut message = [[&[63][..], &[b'a'; 63]].concat().as_slice(); 3].concat();
        let end = message.len();
        message.extend([&[61][..], &[b'b'; 61], &[0]].concat());
        assert_eq!(text(&message, 0).unwrap().1, 255);
        message.truncate(end);
        message.extend([&[62][..], &[b'b'; 62], &[0]].concat());
        assert_eq!(text(&message, 0), Err("is longer than 255 bytes".into()));
    }
}
