//! [`WireText`]: bytes that a stranger sent and that are meant to be text.

use std::fmt;

/// Text as it stood on the wire: any bytes at all.
///
/// It is kept as bytes, compared as bytes, and escaped only when it is shown:
/// [`Display`](fmt::Display) for people, [`to_json`](WireText::to_json) for
/// machines.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct WireText(pub Vec<u8>);

impl WireText {
    /// A copy of `bytes` as they are.
    pub fn new(bytes: &[u8]) -> Self {
        Self(bytes.to_vec())
    }

    /// A copy of `bytes` up to the first NUL, as in the fixed `sname` and `file`
    /// fields of DHCP.
    pub fn until_nul(bytes: &[u8]) -> Self {
        Self::new(bytes.split(|&byte| byte == 0).next().unwrap_or_default())
    }

    /// A copy of `bytes` without NULs at the end, which phones and servers add.
    pub fn without_trailing_nuls(bytes: &[u8]) -> Self {
        let end = bytes
            .iter()
            .rposition(|&byte| byte != 0)
            .map_or(0, |last| last + 1);
        Self::new(bytes.get(..end).unwrap_or_default())
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The text, when it is valid UTF-8.
    pub fn as_str(&self) -> Option<&str> {
        std::str::from_utf8(&self.0).ok()
    }

    /// Valid UTF-8 as it is, every other byte as `\xNN`. Control characters stay:
    /// JSON escapes them for itself.
    pub fn to_json(&self) -> String {
        self.escape(|_| false)
    }

    fn escape(&self, hide: impl Fn(char) -> bool) -> String {
        let mut out = String::with_capacity(self.0.len());
        for chunk in self.0.utf8_chunks() {
            for character in chunk.valid().chars() {
                if hide(character) {
                    let mut utf8 = [0; 4];
                    for byte in character.encode_utf8(&mut utf8).bytes() {
                        push_hex(&mut out, byte);
                    }
                } else {
                    out.push(character);
                }
            }
            for &byte in chunk.invalid() {
                push_hex(&mut out, byte);
            }
        }
        out
    }
}

fn push_hex(out: &mut String, byte: u8) {
    use fmt::Write;
    // Writing to a String cannot fail.
    let _ = write!(out, "\\x{byte:02x}");
}

/// Whether a terminal may act on this character instead of showing it: control
/// characters, and the marks that turn the direction of writing.
fn acts_on_a_terminal(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

impl fmt::Display for WireText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.escape(acts_on_a_terminal))
    }
}

impl fmt::Debug for WireText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{self}\"")
    }
}

impl From<&str> for WireText {
    fn from(text: &str) -> Self {
        Self::new(text.as_bytes())
    }
}

impl From<&[u8]> for WireText {
    fn from(bytes: &[u8]) -> Self {
        Self::new(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_control_characters_as_hex_and_keeps_letters() {
        let text = WireText::new(b"caf\xc3\xa9\x1b[31m\xff\n");
        assert_eq!(text.to_string(), "caf\u{e9}\\x1b[31m\\xff\\x0a");
        assert_eq!(text.to_json(), "caf\u{e9}\u{1b}[31m\\xff\n");
    }

    #[test]
    fn hides_marks_that_turn_the_direction_of_writing() {
        let text = WireText::from("a\u{202e}b");
        assert_eq!(text.to_string(), "a\\xe2\\x80\\xaeb");
    }

    #[test]
    fn trims_nuls_only_where_asked() {
        assert_eq!(WireText::new(b"a\0").as_bytes(), b"a\0");
        assert_eq!(
            WireText::without_trailing_nuls(b"a\0b\0\0").as_bytes(),
            b"a\0b"
        );
        assert_eq!(WireText::without_trailing_nuls(b"\0").as_bytes(), b"");
        assert_eq!(WireText::until_nul(b"a\0b\0").as_bytes(), b"a");
    }
}
