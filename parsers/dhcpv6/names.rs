//! Domain names in DHCPv6 options and router advertisements (RFC 8415 §10,
//! RFC 8106 §5.2): labels, never shortened by pointers.

use crate::WireText;

/// The longest name, with dots (RFC 1035 §2.3.4).
const NAME_MAX_BYTES: usize = 255;

/// The names in `bytes`, and what is wrong behind them, from which byte on.
///
/// ```text
///  1 byte   length bytes            1 byte
/// +--------+------------+---------+------+
/// | length |   label    |    …    |  0   |
/// +--------+------------+---------+------+
/// ```
///
/// A name that the bytes end without is partial; `partial` allows that of the last
/// (RFC 4704 §4.2). Zeros behind the last name are padding.
pub(crate) fn names(bytes: &[u8], partial: bool) -> (Vec<WireText>, Option<(usize, String)>) {
    let mut names = Vec::new();
    let mut rest = bytes;
    while rest.iter().any(|&byte| byte != 0) {
        let start = bytes.len() - rest.len();
        match name(rest) {
            Ok((text, behind)) => {
                names.push(text);
                rest = behind;
            }
            Err(Fault::Partial(text)) if partial => {
                names.push(text);
                break;
            }
            Err(Fault::Partial(_)) => {
                return (
                    names,
                    Some((start, "has a domain name without an end".into())),
                );
            }
            Err(Fault::Other(detail)) => return (names, Some((start, detail))),
        }
    }
    (names, None)
}

enum Fault {
    /// The bytes end without the empty label that ends a name.
    Partial(WireText),
    Other(String),
}

fn name(bytes: &[u8]) -> Result<(WireText, &[u8]), Fault> {
    let mut text = Vec::new();
    let mut rest = bytes;
    loop {
        let Some((&length, behind)) = rest.split_first() else {
            return Err(Fault::Partial(WireText(text)));
        };
        if length == 0 {
            return Ok((WireText(text), behind));
        }
        if length > 63 {
            return Err(Fault::Other(format!(
                "has a label of the type 0x{length:02x}, which may not stand here"
            )));
        }
        let Some((label, behind)) = behind.split_at_checked(length.into()) else {
            let left = behind.len();
            return Err(Fault::Other(format!(
                "has a label of {length} bytes, but only {left} are left"
            )));
        };
        if !text.is_empty() {
            text.push(b'.');
        }
        text.extend_from_slice(label);
        if text.len() > NAME_MAX_BYTES {
            return Err(Fault::Other(format!(
                "has a domain name of more than {NAME_MAX_BYTES} bytes"
            )));
        }
        rest = behind;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn says(bytes: &[u8], partial: bool) -> (Vec<String>, Option<(usize, String)>) {
        let (found, fault) = names(bytes, partial);
        (found.iter().map(ToString::to_string).collect(), fault)
    }

    #[test]
    fn reads_names_padding_and_partial_ones() {
        let two = b"\x05phone\x07example\0\x03lab\0\0\0";
        assert_eq!(
            says(two, false),
            (vec!["phone.example".into(), "lab".into()], None)
        );
        assert_eq!(says(b"", false), (vec![], None));
        assert_eq!(says(b"\x03SEP", true), (vec!["SEP".into()], None));
    }

    #[test]
    fn keeps_what_stands_before_a_fault() {
        let fault = |tail: &[u8], detail: &str| {
            let bytes = [b"\x01a\0", tail].concat();
            assert_eq!(
                says(&bytes, false),
                (vec!["a".into()], Some((3, detail.into())))
            );
        };
        fault(b"\x01b", "has a domain name without an end");
        fault(b"\x05b", "has a label of 5 bytes, but only 1 are left");
        fault(
            b"\xc0\x00",
            "has a label of the type 0xc0, which may not stand here",
        );
        let long = [&[63; 64][..]; 5].concat();
        fault(&long, "has a domain name of more than 255 bytes");
    }
}
