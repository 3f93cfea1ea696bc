//! What holds for every format, and the formats for people.

mod json;
mod ndjson;

use std::fmt::Write as _;

use textwrap::core::display_width;

use super::testing::{GENERATED, PLAIN, diagnosis, no_phone, written};
use super::*;

const QUIET: Style = Style {
    quiet: true,
    ..PLAIN
};
const VERBOSE: Style = Style {
    verbose: true,
    ..PLAIN
};
const COLOR: Style = Style {
    color: true,
    ..PLAIN
};

/// A report in which every text of the wire is hostile.
fn hostile() -> Diagnosis {
    let evil = "\u{1b}]0;x\u{7}\u{9b}31m\u{202e}\u{2028}<b>|`a` [x](y)\r\n\u{0}日本\u{200d}";
    let mut diagnosis = diagnosis();
    diagnosis.captures[0].facts.name = evil.into();
    diagnosis.captures[0].notes[1].title = evil.into();
    let phone = &mut diagnosis.phones[0];
    phone.model = Some(evil.into());
    phone.name = Some(evil.into());
    phone.firmware = Some(evil.into());
    phone.identified_by[0].value.value = evil.into();
    for boot in &mut phone.phone.boots {
        boot.transfers[0].file = evil.into();
        boot.registrations[0].detail = Some(evil.into());
        boot.link.switch_cdp[0].first.value.port_id = Some(evil.into());
        for step in &mut boot.timeline {
            step.summary = evil.into();
        }
    }
    for found in &mut phone.boots {
        found.provisioning[0].value = evil.into();
        for finding in &mut found.findings {
            finding.title = evil.repeat(9);
            finding.detail = evil.into();
            finding.remedy = vec![evil.into()];
            finding.evidence[0].summary = evil.into();
        }
    }
    diagnosis
}

#[test]
fn no_line_of_a_table_is_wider_than_the_terminal() {
    for style in [PLAIN, QUIET, VERBOSE] {
        for width in [40, 60, 80, 132] {
            for diagnosis in [diagnosis(), hostile(), no_phone(812), no_phone(0)] {
                let style = Style { width, ..style };
                for line in written(&diagnosis, Format::Table, &style).lines() {
                    assert!(display_width(line) <= width, "{width}: {line}");
                    assert_eq!(line, line.trim_end());
                }
            }
        }
    }
}

#[test]
fn nothing_of_the_wire_acts_on_a_terminal() {
    for format in [
        Format::Table,
        Format::Json,
        Format::Ndjson,
        Format::Markdown,
    ] {
        for style in [PLAIN, QUIET, VERBOSE] {
            let text = written(&hostile(), format, &style);
            let acts = |c: &char| *c != '\n' && words::acts_on_a_terminal(*c);
            assert_eq!(text.chars().find(acts), None, "{format:?}");
        }
    }
}

#[test]
fn colors_change_nothing_but_colors() {
    let plain = written(&diagnosis(), Format::Table, &PLAIN);
    let colored = written(&diagnosis(), Format::Table, &COLOR);
    assert!(!plain.contains('\u{1b}'));
    assert!(colored.contains("\u{1b}[1m\u{1b}[31m✗ ERROR\u{1b}[0m"));
    let mut stripped = String::new();
    for (index, part) in colored.split("\u{1b}[").enumerate() {
        let part = if index > 0 {
            part.split_once('m').unwrap().1
        } else {
            part
        };
        stripped.push_str(part);
    }
    assert_eq!(stripped, plain);
}

#[test]
fn a_table_ends_with_the_verdict_over_all() {
    let text = written(&diagnosis(), Format::Table, &PLAIN);
    let last = text.lines().last().unwrap();
    assert_eq!(
        last,
        "2 phones, 4 boots: FAILED  3 errors, 4 warnings, 4 notes"
    );
}

#[test]
fn a_table_shows_the_last_boot_and_folds_the_others() {
    let text = written(&diagnosis(), Format::Table, &PLAIN);
    for expected in [
        "Boots 1 to 2 of 7  FAILED in fetch each time: file-missing, as below",
        "Boot 3 of 7  FAILED in fetch after 41.0 s (frames 202 to 299)",
        "link TROUBLE · lease ok · reach ok · fetch FAILED · register not seen",
        "… 6 steps like these (-v shows all)",
        "✗ ERROR  TFTP server has no file",
        "1. Put term70.default.loads",
        "follows from file-missing",
    ] {
        assert!(text.contains(expected), "{expected}\n{text}");
    }
    assert!(!text.contains("Boot 2 of 7"));
    let text = written(&diagnosis(), Format::Table, &VERBOSE);
    assert!(
        text.contains("Boot 2 of 7") && !text.contains("like these"),
        "{text}"
    );
    let text = written(&diagnosis(), Format::Table, &QUIET);
    assert!(text.lines().count() < 20, "{text}");
}

#[test]
fn without_a_phone_a_table_says_what_to_check() {
    let text = written(&no_phone(812), Format::Table, &PLAIN);
    assert!(text.contains("812 frames were read"), "{text}");
    assert!(text.contains("before the phone got power"), "{text}");
    assert_eq!(
        text.lines().last().unwrap(),
        "0 phones, 0 boots: NO PHONE  0 errors, 0 warnings, 0 notes"
    );
    let text = written(&no_phone(0), Format::Table, &PLAIN);
    assert!(
        text.contains("There are no frames in this capture"),
        "{text}"
    );
    let text = written(&no_phone(1), Format::Markdown, &PLAIN);
    assert!(text.contains("1 frame was read"), "{text}");
}

#[test]
fn frames_of_several_captures_name_their_capture() {
    let mut merged = diagnosis();
    merged.captures.push(merged.captures[0].clone());
    for step in &mut merged.phones[0].phone.boots[2].timeline {
        step.at.capture = 1;
    }
    let text = written(&merged, Format::Table, &PLAIN);
    assert!(text.contains("[2] captures/boot.pcapng"), "{text}");
    assert!(text.contains(" 2:211 "), "{text}");
}

#[test]
fn tables_of_markdown_keep_their_columns() {
    let mut columns = None;
    for line in written(&hostile(), Format::Markdown, &PLAIN).lines() {
        if !line.starts_with('|') {
            columns = None;
            continue;
        }
        let bars = line.replace(r"\|", "").matches('|').count();
        assert_eq!(*columns.get_or_insert(bars), bars, "{line}");
        assert!(!line.contains("<b>"), "{line}");
        assert!(!line.replace(r"\]", "").contains("]("), "{line}");
    }
}

#[test]
fn reports_follow_one_another() {
    let mut expected = String::new();
    let one = written(&no_phone(1), Format::Table, &PLAIN);
    write!(expected, "{one}\n{one}").unwrap();
    let mut out = Vec::new();
    let both = [no_phone(1), no_phone(1)];
    super::write(&both, Format::Table, false, &GENERATED, &PLAIN, &mut out).unwrap();
    assert_eq!(String::from_utf8(out).unwrap(), expected);
}

#[test]
fn formats_are_found_by_name_and_by_extension() {
    for (format, name, extensions) in FORMATS {
        assert_eq!(Format::from_name(name), Some(*format));
        for extension in *extensions {
            assert_eq!(Format::from_extension(extension), Some(*format));
            let upper = extension.to_uppercase();
            assert_eq!(Format::from_extension(&upper), Some(*format));
        }
    }
    assert_eq!(Format::from_name("yaml"), None);
    assert_eq!(Format::from_extension("pcap"), None);
}
