//! What a file is that is no capture, or none that is read here.
//!
//! References: Wireshark's list of file formats for those of other analyzers, and
//! the specifications of each for their first bytes.

use std::fmt::Write;

/// How much of a file is looked at, in bytes.
pub(super) const HEAD_BYTES: usize = 512;

/// How many bytes of a file are shown.
const SHOWN_BYTES: usize = 8;

/// Other analyzers' formats that Wireshark's `editcap` turns into pcapng.
const CONVERTIBLE: &str = "`editcap -F pcapng` converts it";

/// Offset, bytes found there, and what the file is then.
#[rustfmt::skip]
const SIGNATURES: &[(usize, &[u8], &str, Option<&str>)] = &[
    (0, b"snoop\0\0\0", "a Solaris snoop capture", Some(CONVERTIBLE)),
    (0, b"GMBU", "a Microsoft Network Monitor 2 capture", Some(CONVERTIBLE)),
    (0, b"RTSS", "a Microsoft Network Monitor 1 capture", Some(CONVERTIBLE)),
    (0, b"TRSNIFF data", "a Network General Sniffer capture", Some(CONVERTIBLE)),
    (0, b"XCP\0", "a NetXRay or Windows Sniffer capture", Some(CONVERTIBLE)),
    (0, b"iptrace ", "an AIX iptrace capture", Some(CONVERTIBLE)),
    (0, b"btsnoop\0", "a Bluetooth capture", None),
    (0, b"ObserverPktBuffer", "a Network Instruments Observer capture", Some(CONVERTIBLE)),
    (0, b"\x00\x00\x02\x00\x12\x05\x00\x10", "a Tektronix K12 capture", Some(CONVERTIBLE)),
    (0, b"\xac\x01\x00\x1c", "an Ixia capture", Some(CONVERTIBLE)),
    (0, b"\xab\x01\x00\x1c", "an Ixia capture", Some(CONVERTIBLE)),
    (0x48, b"\x02\x00\x01\xc0", "a Windows event trace (ETL)", Some("`etl2pcapng` converts it")),
    (0x48, b"\x02\x00\x02\xc0", "a Windows event trace (ETL)", Some("`etl2pcapng` converts it")),
    (0, b"\x7fELF", "an ELF program", None),
    (0, b"MZ", "a Windows program", None),
    (0, b"%PDF", "a PDF document", None),
    (0, b"\x89PNG", "a PNG image", None),
    (0, b"\xff\xd8\xff", "a JPEG image", None),
    (0, b"PK\x03\x04", "a zip archive", Some("unpack it first")),
    (0, b"Rar!", "a RAR archive", Some("unpack it first")),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", Some("unpack it first")),
    (0, b"\x1f\x8b", "gzip data", Some("unpack it first")),
    (0, b"\x28\xb5\x2f\xfd", "zstd data", Some("unpack it first")),
    (0, b"\xfd7zXZ\0", "xz data", Some("unpack it first")),
    (0, b"BZh", "bzip2 data", Some("unpack it first")),
    (0, b"\x04\x22\x4d\x18", "lz4 data", Some("unpack it first")),
    (257, b"ustar", "a tar archive", Some("unpack it first")),
    (0, b"\xff\xfe", "text in UTF-16", None),
    (0, b"\xfe\xff", "text in UTF-16", None),
];

/// Says what a file is that begins with `head`, as far as that can be told, and
/// what was expected.
pub(super) fn describe(head: &[u8]) -> String {
    if head.is_empty() {
        return "it is empty".into();
    }
    let mut words = String::from("it begins with");
    for byte in head.iter().take(SHOWN_BYTES) {
        // Writing to a string does not fail.
        let _ = write!(words, " {byte:02x}");
    }
    words.push_str(" \"");
    words.extend(head.iter().take(SHOWN_BYTES).map(|&byte| {
        if byte == b' ' || byte.is_ascii_graphic() {
            char::from(byte)
        } else {
            '.'
        }
    }));
    words.push('"');
    let known = SIGNATURES.iter().find(|(offset, bytes, ..)| {
        head.get(*offset..)
            .is_some_and(|rest| rest.starts_with(bytes))
    });
    if let Some((_, _, what, advice)) = known {
        words.push_str(" and is ");
        words.push_str(what);
        if let Some(advice) = advice {
            words.push_str("; ");
            words.push_str(advice);
        }
    } else if let Some(what) = text_kind(head) {
        words.push_str(" and is ");
        words.push_str(what);
    } else {
        words.push_str("; pcap begins with a1 b2 c3 d4 or d4 c3 b2 a1, pcapng with 0a 0d 0d 0a");
    }
    words
}

/// What kind of text it is; `None` when it is none.
fn text_kind(head: &[u8]) -> Option<&'static str> {
    let text = match std::str::from_utf8(head) {
        Ok(text) => text,
        // A character may be cut at the end of what was read.
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(head.get(..error.valid_up_to())?).ok()?
        }
        Err(_) => return None,
    };
    if text.contains(|character: char| character.is_control() && !character.is_ascii_whitespace()) {
        return None;
    }
    let text = text.trim_start_matches('\u{feff}').trim_start();
    let lower = text
        .get(..text.len().min(14))
        .unwrap_or_default()
        .to_ascii_lowercase();
    Some(if text.starts_with("#!") {
        "a script"
    } else if lower.starts_with("<!doctype html") || lower.starts_with("<html") {
        "an HTML page"
    } else if text.starts_with('<') {
        "XML text"
    } else if is_json(text) {
        "JSON text"
    } else {
        "text"
    })
}

/// Whether text begins as JSON does, and not as a configuration file with sections.
fn is_json(text: &str) -> bool {
    let inside = text.strip_prefix(['{', '[']).map(str::trim_start);
    inside.is_some_and(|inside| inside.starts_with(['"', '{', '[', '}', ']']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_the_first_bytes_safely() {
        assert_eq!(
            describe(b"\x1b[31m\x07\xff\0more"),
            "it begins with 1b 5b 33 31 6d 07 ff 00 \".[31m...\"; \
             pcap begins with a1 b2 c3 d4 or d4 c3 b2 a1, pcapng with 0a 0d 0d 0a"
        );
        assert_eq!(describe(b""), "it is empty");
    }

    #[test]
    fn knows_other_files_by_their_first_bytes() {
        for (offset, bytes, what, _) in SIGNATURES {
            let mut head = vec![0x15; *offset];
            head.extend(*bytes);
            head.resize(HEAD_BYTES, 0x16);
            let words = describe(&head);
            assert!(words.contains(&format!(" and is {what}")), "{words}");
            head.truncate(offset + bytes.len() - 1);
            assert!(!describe(&head).contains(what));
        }
        assert_eq!(
            describe(b"GMBU\0\x02\x01\0and so on"),
            "it begins with 47 4d 42 55 00 02 01 00 \"GMBU....\" \
             and is a Microsoft Network Monitor 2 capture; `editcap -F pcapng` converts it"
        );
    }

    #[test]
    fn knows_kinds_of_text() {
        for (text, what) in [
            ("  1 0.000 192.0.2.1 > 192.0.2.2", "text"),
            ("\u{feff}[{\"_index\": 1}]", "JSON text"),
            ("\n{ }", "JSON text"),
            ("[section]\nkey = value", "text"),
            ("<?xml version=\"1.0\"?>", "XML text"),
            ("<!DOCTYPE HTML><title>404", "an HTML page"),
            ("<html>", "an HTML page"),
            ("#!/bin/sh", "a script"),
            ("Äpfel und Öl \u{20ac}", "text"),
        ] {
            assert_eq!(text_kind(text.as_bytes()), Some(what), "{text}");
        }
        // Cut within a character, which is still text; then two that are none.
        assert_eq!(text_kind(b"1 \xe2\x82"), Some("text"));
        assert_eq!(text_kind(b"1 \xe2\x82 2"), None);
        assert_eq!(text_kind(b"a\0b"), None);
    }
}
