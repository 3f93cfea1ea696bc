//! JSON out: one document, or one line.
//!
//! JSON (RFC 8259 §7) asks only for C0 controls to be escaped. Whatever else a
//! terminal may act on is written as `\uNNNN` too, which is the same value to
//! every reader: a report is often looked at with `cat`.

use std::borrow::Cow;
use std::io::{self, Write};

use serde::Serialize;

use super::words::acts_on_a_terminal;

/// Writes a value over several lines, indented.
pub(super) fn pretty(value: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    let text = serde_json::to_string_pretty(value)?;
    writeln!(out, "{}", harmless(&text))
}

/// A value as one line, without its line end.
pub(super) fn line(value: &impl Serialize) -> io::Result<String> {
    let text = serde_json::to_string(value)?;
    Ok(harmless(&text).into_owned())
}

/// The same JSON without characters that a terminal may act on. Outside of strings
/// JSON has none but the line ends of its layout.
fn harmless(json: &str) -> Cow<'_, str> {
    use std::fmt::Write;

    let acts = |character: char| character != '\n' && acts_on_a_terminal(character);
    if !json.contains(acts) {
        return Cow::Borrowed(json);
    }
    let mut safe = String::with_capacity(json.len() + 16);
    for character in json.chars() {
        if acts(character) {
            // All of them are in the basic plane, so that four digits do. Writing to a
            // String cannot fail.
            let _ = write!(safe, "\\u{:04x}", u32::from(character));
        } else {
            safe.push(character);
        }
    }
    Cow::Owned(safe)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_what_a_terminal_acts_on_and_keeps_the_value() {
        let text = "\u{1b}[31m \u{9b}31m \u{7f} \u{202e} caf\u{e9}\n";
        let json = line(&text).unwrap();
        assert_eq!(json, r#""\u001b[31m \u009b31m \u007f \u202e café\n""#);
        assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
    }
}
