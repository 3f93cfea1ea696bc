//! Domain names within options: 81 (RFC 4702), 119 (RFC 3397), 120 (RFC 3361).
//!
//! The encoding of names, and the pointers that shorten them, are those of
//! RFC 1035 §3.1 and §4.1.4.

use crate::WireText;
use crate::dhcp::options::Value;
use crate::dhcp::read;
use crate::dhcp::show;
use crate::notes::Notes;

/// The longest name, with dots (RFC 1035 §2.3.4).
const NAME_MAX_BYTES: usize = 255;

/// The most pointers in one name, so that a chain of them costs little.
const POINTERS_MAX: usize = 16;

/// The flag of option 81 that says the name is encoded (RFC 4702 §2.1).
const ENCODED: u8 = 0x04;

/// Encoded domain names, one behind the other.
pub(super) fn domain_names(bytes: &[u8], notes: &mut Notes) -> Value {
    names_from(bytes, 0, notes)
}

/// SIP servers (RFC 3361 §3).
///
/// ```text
///   1 byte
/// +----------+------------------------+
/// |    0     |  encoded domain names  |
/// +----------+------------------------+
/// |    1     |  addresses, 4 bytes each
/// +----------+------------------------+
/// ```
pub(super) fn sip_servers(bytes: &[u8], notes: &mut Notes) -> Value {
    match bytes.split_first() {
        Some((0, _)) => names_from(bytes, 1, notes),
        Some((1, servers)) => {
            if !servers.len().is_multiple_of(4) {
                notes.malformed(
                    1..bytes.len(),
                    format!(
                        "has {} of addresses, must be a multiple of 4",
                        show::n_bytes(servers.len())
                    ),
                );
            }
            read::addresses(servers)
        }
        Some(_) if read::is_printable(bytes) => {
            let text = WireText::without_trailing_nuls(bytes);
            notes.malformed(
                0..bytes.len(),
                format!("holds the text \"{text}\" where an encoding byte of 0 or 1 belongs"),
            );
            Value::Text(text)
        }
        Some((encoding, _)) => {
            notes.malformed(0..1, format!("has encoding {encoding}, must be 0 or 1"));
            Value::Bytes(bytes.to_vec())
        }
        None => Value::Bytes(Vec::new()),
    }
}

/// The client's name (RFC 4702 §2).
///
/// ```text
///  1 byte   1 byte   1 byte
/// +-------+--------+--------+-------------+
/// | flags | rcode1 | rcode2 | domain name |
/// +-------+--------+--------+-------------+
/// ```
///
/// The result codes say nothing any more. Without the flag `E` the name is plain
/// text; with it a partial name has no end.
pub(super) fn client_name(bytes: &[u8], notes: &mut Notes) -> Value {
    let Some((&[flags, _rcode1, _rcode2], rest)) = bytes.split_first_chunk::<3>() else {
        return Value::Bytes(bytes.to_vec());
    };
    if flags & ENCODED == 0 {
        let name = WireText::without_trailing_nuls(rest);
        return Value::ClientName { flags, name };
    }
    match name_at(bytes, 3) {
        Ok(name) => Value::ClientName {
            flags,
            name: WireText(name.text),
        },
        Err(fault) => {
            notes.malformed(3..bytes.len(), fault);
            Value::Bytes(bytes.to_vec())
        }
    }
}

/// Names up to the end of `bytes`, of which the first `start` bytes are none.
fn names_from(bytes: &[u8], start: usize, notes: &mut Notes) -> Value {
    let mut names = Vec::new();
    let mut position = start;
    while position < bytes.len() {
        let read = name_at(bytes, position).and_then(|name| {
            if name.is_partial {
                Err("has a domain name without an end".into())
            } else {
                Ok(name)
            }
        });
        match read {
            Ok(name) => {
                position = name.next;
                names.push(WireText(name.text));
            }
            Err(_) if names.is_empty() && bytes.get(start..).is_some_and(read::is_printable) => {
                let text = WireText::without_trailing_nuls(bytes.get(start..).unwrap_or_default());
                notes.malformed(
                    start..bytes.len(),
                    format!("holds the text \"{text}\" where encoded domain names belong"),
                );
                return Value::Text(text);
            }
            Err(fault) => {
                notes.malformed(position..bytes.len(), fault);
                break;
            }
        }
    }
    if names.is_empty() {
        return Value::Bytes(bytes.to_vec());
    }
    Value::Texts(names)
}

/// One name.
struct Name {
    /// With dots; a lone dot for the root.
    text: Vec<u8>,
    /// Whether the bytes end without the empty label that ends a name.
    is_partial: bool,
    /// Where the next one starts.
    next: usize,
}

/// The name that starts at `start`. A pointer must point before all that was
/// read of this name, which rules out loops.
fn name_at(bytes: &[u8], start: usize) -> Result<Name, String> {
    let mut text = Vec::new();
    let mut position = start;
    let mut earliest = start;
    let mut next = None;
    let mut is_partial = false;
    let mut n_pointers = 0;
    loop {
        let Some(&length) = bytes.get(position) else {
            is_partial = true;
            break;
        };
        position += 1;
        match length {
            0 => break,
            1..=63 => {
                let end = position + usize::from(length);
                let label = bytes.get(position..end).ok_or_else(|| {
                    format!(
                        "has a label of {}, but only {} left",
                        show::n_bytes(length.into()),
                        show::n_bytes(bytes.len() - position)
                    )
                })?;
                if !text.is_empty() {
                    text.push(b'.');
                }
                text.extend_from_slice(label);
                position = end;
            }
            0xc0..=0xff => {
                let low = *bytes.get(position).ok_or("ends within a pointer")?;
                next.get_or_insert(position + 1);
                position = usize::from(u16::from_be_bytes([length & 0x3f, low]));
                if position >= earliest {
                    return Err(format!("has a pointer to byte {position}, must point back"));
                }
                earliest = position;
                n_pointers += 1;
                if n_pointers > POINTERS_MAX {
                    return Err(format!("has more than {POINTERS_MAX} pointers in a name"));
                }
            }
            _ => return Err(format!("has a label of the unknown type 0x{length:02x}")),
        }
        if text.len() > NAME_MAX_BYTES {
            return Err(format!(
                "has a domain name of more than {NAME_MAX_BYTES} bytes"
            ));
        }
    }
    if text.is_empty() {
        text.push(b'.');
    }
    Ok(Name {
        text,
        is_partial,
        next: next.unwrap_or(position),
    })
}

#[cfg(test)]
mod tests {
    use crate::WireText;
    use crate::dhcp::options::{Value, value};

    /// What an option prints, and the details of its issues with their spans.
    fn says(code: u8, bytes: &[u8]) -> (String, Vec<String>) {
        let (value, issues) = value(code, bytes);
        let issues = issues.iter().map(|i| format!("{:?} {}", i.span, i.detail));
        (value.to_string(), issues.collect())
    }

    fn assert_says(code: u8, bytes: &[u8], text: &str, issues: &[&str]) {
        let issues = issues.iter().map(|&issue| issue.to_owned()).collect();
        assert_eq!(says(code, bytes), (text.to_owned(), issues));
    }

    #[test]
    fn reads_names_and_the_pointers_that_shorten_them() {
        // RFC 3397 §2, the example: eng.apple.com. marketing.apple.com.
        let example = b"\x03eng\x05apple\x03com\0\x09marketing\xc0\x04";
        assert_says(119, example, "eng.apple.com, marketing.apple.com", &[]);
        assert_says(119, b"\0", ".", &[]);
        assert_eq!(
            value(119, b"\x01a\0").0,
            Value::Texts(vec![WireText::from("a")])
        );
    }

    #[test]
    fn keeps_the_names_before_a_fault() {
        let fault = |tail: &[u8], issue: &str| {
            let mut bytes = b"\x01a\0".to_vec();
            bytes.extend(tail);
            let issue = format!("3..{} {issue}", bytes.len());
            assert_says(119, &bytes, "a", &[&issue]);
        };
        fault(b"\x04bc", "has a label of 4 bytes, but only 2 bytes left");
        fault(b"\x01b", "has a domain name without an end");
        fault(b"\xc0", "ends within a pointer");
        fault(b"\xc0\x03", "has a pointer to byte 3, must point back");
        fault(b"\x01b\xc0\x05", "has a pointer to byte 5, must point back");
        fault(b"\xc1\x00", "has a pointer to byte 256, must point back");
        fault(b"\x80\x00", "has a label of the unknown type 0x80");
        assert_says(
            119,
            b"\xc0\x00",
            "c000",
            &["0..2 has a pointer to byte 0, must point back"],
        );
    }

    #[test]
    fn bounds_the_length_of_a_name_and_the_pointers_in_it() {
        let mut long = Vec::new();
        for _ in 0..5 {
            long.push(63);
            long.extend([0xe9; 63]);
        }
        long.push(0);
        let (_, issues) = says(119, &long);
        assert_eq!(issues, ["0..321 has a domain name of more than 255 bytes"]);

        let mut chain = b"\x01a\0".to_vec();
        chain.extend([0xc0, 0]);
        for target in (3..3 + 2 * 16).step_by(2) {
            chain.extend([0xc0, target]);
        }
        let (_, issues) = says(119, &chain);
        assert_eq!(issues, ["35..37 has more than 16 pointers in a name"]);
    }

    #[test]
    fn tells_text_where_encoded_names_belong() {
        assert_says(
            119,
            b"example.com",
            "example.com",
            &["0..11 holds the text \"example.com\" where encoded domain names belong"],
        );
        assert_says(119, b"", "", &["0..0 is 0 bytes, must be at least 1"]);
    }

    #[test]
    fn reads_sip_servers_by_their_encoding() {
        assert_says(
            120,
            &[1, 192, 0, 2, 1, 192, 0, 2, 2],
            "192.0.2.1, 192.0.2.2",
            &[],
        );
        assert_says(120, b"\0\x03sip\x07example\0", "sip.example", &[]);
        assert_says(
            120,
            &[1, 192, 0, 2, 1, 192],
            "192.0.2.1",
            &["1..6 has 5 bytes of addresses, must be a multiple of 4"],
        );
        assert_says(120, &[1], "", &["0..1 is 1 byte, must be at least 2"]);
        assert_says(120, &[0], "00", &["0..1 is 1 byte, must be at least 2"]);
        assert_says(
            120,
            &[2, 0],
            "0200",
            &["0..1 has encoding 2, must be 0 or 1"],
        );
        assert_says(120, b"", "", &["0..0 is 0 bytes, must be at least 2"]);
        assert_says(
            120,
            b"sip.example",
            "sip.example",
            &["0..11 holds the text \"sip.example\" where an encoding byte of 0 or 1 belongs"],
        );
        assert_says(
            120,
            b"\0sip.example",
            "sip.example",
            &["1..12 holds the text \"sip.example\" where encoded domain names belong"],
        );
    }

    #[test]
    fn reads_client_names_plain_and_encoded() {
        assert_says(81, b"\0\0\0phone", "phone", &[]);
        assert_says(81, b"\x04\0\0\x05phone\x07example\0", "phone.example", &[]);
        assert_says(81, b"\x04\0\0\x05phone", "phone", &[]);
        assert_eq!(
            value(81, b"\x05\0\0").0,
            Value::ClientName {
                flags: 5,
                name: WireText::from("."),
            }
        );
        assert_says(
            81,
            b"\0\0",
            "0000",
            &["0..2 is 2 bytes, must be at least 3"],
        );
        assert_says(
            81,
            b"\x04\0\0\x09a",
            "0400000961",
            &["3..5 has a label of 9 bytes, but only 1 byte left"],
        );
    }
}
