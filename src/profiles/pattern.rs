//! [`Pattern`]: what something looks like, compiled when it is first asked.
//!
//! A run asks a few of the hundreds of patterns; compiling all of them would take
//! most of a short run. So a pattern also knows the letters that its text demands at
//! the value's start and end, and is compiled only for values that have those.

use std::sync::OnceLock;

use regex::bytes::{Captures, Regex, RegexBuilder};

/// What a value looks like. It works on bytes, since vendor classes and User-Agents
/// hold anything.
#[derive(Debug, Clone)]
pub struct Pattern {
    text: String,
    ignore_case: bool,
    /// What every match begins with; empty when that cannot be told.
    start: Vec<u8>,
    /// What every match ends with; empty when that cannot be told.
    end: Vec<u8>,
    compiled: OnceLock<Option<Regex>>,
}

impl Pattern {
    /// A pattern of the `regex` crate; its syntax is not looked at yet.
    pub(super) fn new(text: String, ignore_case: bool) -> Self {
        let (start, end) = if has_alternatives(&text) {
            (Vec::new(), Vec::new())
        } else {
            (literal_start(&text), literal_end(&text))
        };
        Self {
            text,
            ignore_case,
            start,
            end,
            compiled: OnceLock::new(),
        }
    }

    /// Says what is wrong with the pattern, if anything is.
    pub(super) fn check(&self) -> Result<(), regex::Error> {
        self.compile().map(|_| ())
    }

    /// Whether the value looks like it. A pattern that is none matches nothing.
    pub fn is_match(&self, value: &[u8]) -> bool {
        self.may_match(value) && self.regex().is_some_and(|regex| regex.is_match(value))
    }

    /// What the pattern's groups matched.
    pub(super) fn captures<'v>(&self, value: &'v [u8]) -> Option<Captures<'v>> {
        if !self.may_match(value) {
            return None;
        }
        self.regex()?.captures(value)
    }

    /// Whether the value begins and ends as every match does.
    fn may_match(&self, value: &[u8]) -> bool {
        let same = |found: Option<&[u8]>, wanted: &[u8]| {
            found.is_some_and(|found| {
                if self.ignore_case {
                    found.eq_ignore_ascii_case(wanted)
                } else {
                    found == wanted
                }
            })
        };
        let tail = value.len().checked_sub(self.end.len());
        same(value.get(..self.start.len()), &self.start)
            && same(tail.and_then(|tail| value.get(tail..)), &self.end)
    }

    fn regex(&self) -> Option<&Regex> {
        self.compiled.get_or_init(|| self.compile().ok()).as_ref()
    }

    fn compile(&self) -> Result<Regex, regex::Error> {
        RegexBuilder::new(&self.text)
            .unicode(false)
            .case_insensitive(self.ignore_case)
            .build()
    }
}

/// One character of a pattern that stands for itself.
fn literal(unit: &str) -> Option<u8> {
    match unit.as_bytes() {
        [byte] if byte.is_ascii_alphanumeric() || b"-_ /:=,@".contains(byte) => Some(*byte),
        [b'\\', byte] if byte.is_ascii_punctuation() => Some(*byte),
        _ => None,
    }
}

/// A pattern's text cut into characters, a backslash together with what follows it.
fn units(text: &str) -> Vec<&str> {
    let mut units = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let escaped = match rest.strip_prefix('\\') {
            // Two hexadecimal digits belong to it.
            Some(code) if code.starts_with('x') => {
                1 + code
                    .bytes()
                    .skip(1)
                    .take(2)
                    .filter(u8::is_ascii_hexdigit)
                    .count()
            }
            Some(code) => code.chars().next().map_or(0, char::len_utf8),
            None => 0,
        };
        let (unit, behind) = rest.split_at(first.len_utf8() + escaped);
        units.push(unit);
        rest = behind;
    }
    units
}

/// Whether the pattern offers alternatives outside of every group.
fn has_alternatives(text: &str) -> bool {
    let (mut depth, mut in_class) = (0_i32, false);
    units(text).into_iter().any(|unit| {
        match unit {
            "[" => in_class = true,
            "]" => in_class = false,
            "(" if !in_class => depth += 1,
            ")" if !in_class => depth -= 1,
            _ => {}
        }
        unit == "|" && depth == 0 && !in_class
    })
}

/// What follows `^`, as far as it stands for itself.
fn literal_start(text: &str) -> Vec<u8> {
    let units = units(text);
    let Some(("^", rest)) = units.split_first().map(|(first, rest)| (*first, rest)) else {
        return Vec::new();
    };
    let mut start: Vec<u8> = rest.iter().map_while(|unit| literal(unit)).collect();
    // A letter that may be absent or repeated is no certain one.
    if rest
        .get(start.len())
        .is_some_and(|next| matches!(*next, "?" | "*" | "+" | "{"))
    {
        start.pop();
    }
    start
}

/// What stands before `$`, as far as it stands for itself.
fn literal_end(text: &str) -> Vec<u8> {
    let units = units(text);
    let Some(("$", rest)) = units.split_last().map(|(last, rest)| (*last, rest)) else {
        return Vec::new();
    };
    let mut end: Vec<u8> = rest.iter().rev().map_while(|unit| literal(unit)).collect();
    end.reverse();
    end
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matches_bytes_with_or_without_regard_to_case() {
        let exact = Pattern::new("^sip\\xff".into(), false);
        assert!(exact.is_match(b"sip\xff"));
        assert!(!exact.is_match(b"SIP\xff"));
        assert!(Pattern::new("^sip".into(), true).is_match(b"SIP\xff"));
    }

    #[test]
    fn knows_what_every_match_begins_and_ends_with() {
        for (text, start, end) in [
            (r"^SEP[0-9A-F]{12}\.cnf\.xml$", "SEP", ".cnf.xml"),
            (r"^colou?r\.cfg$", "colo", "r.cfg"),
            (r"^a+b$", "", "b"),
            (r"^a\.cfg$|^b\.txt$", "", ""),
            (r"^(?:a|b)\.cfg$", "", ".cfg"),
            (r"^[|]x\d$", "", ""),
            (r"(?i)^x\.cfg", "", ""),
            (r"^Cisco Systems, Inc\.", "Cisco Systems, Inc.", ""),
            (r"^x\x00y$", "x", "y"),
            (r"^\\$", "\\", "\\"),
        ] {
            let pattern = Pattern::new(text.to_owned(), false);
            assert_eq!(pattern.start, start.as_bytes(), "{text}");
            assert_eq!(pattern.end, end.as_bytes(), "{text}");
        }
    }

    #[test]
    fn the_first_look_minds_case_as_the_pattern_does() {
        assert!(Pattern::new(r"^SEP.*\.xml$".into(), true).is_match(b"sep1.XML"));
        assert!(!Pattern::new(r"^SEP.*\.xml$".into(), false).is_match(b"sep1.XML"));
        assert!(!Pattern::new("^ab$".into(), false).is_match(b"a"));
    }

    #[test]
    fn a_pattern_that_is_none_says_so_and_matches_nothing() {
        let broken = Pattern::new("(".into(), false);
        assert!(broken.check().is_err());
        assert!(!broken.is_match(b"("));
    }
}
