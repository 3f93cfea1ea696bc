//! What the decoders of TLV protocols, LLDP and CDP, share: the value of one TLV
//! with a place for its faults, and the rule for its length.

use std::fmt;
use std::ops::Range;

use crate::{DecodeError, Input, Issue, IssueKind, Parsed, WireText};

/// The value of one TLV, and where its faults go.
pub(crate) struct Field<'a> {
    /// What issues call the TLV.
    pub(crate) label: &'a dyn fmt::Display,
    /// The value, as far as it is there.
    pub(crate) bytes: &'a [u8],
    /// Where the TLV stands in the message, its head included.
    pub(crate) span: Range<usize>,
    /// How many bytes the TLV's length field counts that are not in `bytes`:
    /// the head in CDP, organisation and subtype in LLDP. Issues give lengths as
    /// they stand on the wire.
    pub(crate) counted_bytes: usize,
    /// Whether all of the value is there. When it is not, that has been
    /// reported, and what follows from it is not reported again.
    pub(crate) whole: bool,
    /// Faults found so far.
    pub(crate) issues: &'a mut Vec<Issue>,
}

impl Field<'_> {
    fn report(&mut self, kind: IssueKind, detail: String) {
        self.issues.push(Issue {
            kind,
            field: self.label.to_string(),
            span: self.span.clone(),
            detail,
        });
    }

    /// The sender broke the specification.
    pub(crate) fn malformed(&mut self, detail: impl Into<String>) {
        self.report(IssueKind::Malformed, detail.into());
    }

    /// Allowed, or nowhere forbidden, yet worth a note.
    pub(crate) fn unusual(&mut self, detail: impl Into<String>) {
        self.report(IssueKind::Unusual, detail.into());
    }

    /// More than this decoder keeps.
    pub(crate) fn limit(&mut self, detail: impl Into<String>) {
        self.report(IssueKind::Limit, detail.into());
    }

    /// The value ends too early, unless that is known already.
    pub(crate) fn short(&mut self, detail: impl Into<String>) {
        if self.whole {
            self.malformed(detail);
        }
    }

    /// Whether the value is long enough to be read; reports a wrong length
    /// either way.
    pub(crate) fn fits(&mut self, lengths: Lengths) -> bool {
        let length = self.bytes.len();
        if length < lengths.min {
            self.short(self.wrong_length(lengths));
            return false;
        }
        if length > lengths.max {
            self.malformed(self.wrong_length(lengths));
        }
        true
    }

    fn wrong_length(&self, lengths: Lengths) -> String {
        let length = self.bytes.len() + self.counted_bytes;
        let min = lengths.min + self.counted_bytes;
        let max = lengths.max.saturating_add(self.counted_bytes);
        if min == max {
            format!("length is {length}, must be {min}")
        } else if max == usize::MAX {
            format!("length is {length}, must be at least {min}")
        } else {
            format!("length is {length}, must be {min} to {max}")
        }
    }

    /// Runs a parser over `input`, a part of this value, and reports where it
    /// ran out of bytes.
    pub(crate) fn read<'b, T>(
        &mut self,
        input: &'b [u8],
        parser: impl FnOnce(&'b [u8]) -> Parsed<'b, T>,
    ) -> Option<(&'b [u8], T)> {
        match parser(input) {
            Ok(read) => Some(read),
            Err(error) => {
                let error = DecodeError::from_nom(Input::whole(input), error);
                self.short(format!("{}: {}", error.field, error.detail));
                None
            }
        }
    }

    /// The value as text. NULs at its end are reported and left out.
    pub(crate) fn text(&mut self) -> WireText {
        self.text_of(self.bytes)
    }

    /// A part of the value as text, like [`text`](Self::text).
    pub(crate) fn text_of(&mut self, bytes: &[u8]) -> WireText {
        let text = WireText::without_trailing_nuls(bytes);
        let n_nuls = bytes.len() - text.as_bytes().len();
        if n_nuls > 0 {
            self.unusual(format!("ends with NUL bytes ({n_nuls})"));
        }
        text
    }

    /// The value's first byte.
    pub(crate) fn u8(&self) -> Option<u8> {
        self.bytes.first().copied()
    }

    /// The value's first two bytes.
    pub(crate) fn u16(&self) -> Option<u16> {
        self.bytes.first_chunk().copied().map(u16::from_be_bytes)
    }

    /// The value's first four bytes.
    pub(crate) fn u32(&self) -> Option<u32> {
        self.bytes.first_chunk().copied().map(u32::from_be_bytes)
    }
}

/// How long the value of a TLV may be, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Lengths {
    min: usize,
    max: usize,
}

/// This length only.
pub(crate) const fn exactly(length: usize) -> Lengths {
    between(length, length)
}

/// This length or any greater one.
pub(crate) const fn at_least(min: usize) -> Lengths {
    between(min, usize::MAX)
}

/// Any length from `min` to `max`.
pub(crate) const fn between(min: usize, max: usize) -> Lengths {
    Lengths { min, max }
}

#[cfg(test)]
mod tests {
    use nom::Parser;
    use nom::error::context;
    use nom::number::complete::be_u32;

    use super::*;

    fn with_field<T>(bytes: &[u8], whole: bool, test: fn(&mut Field<'_>) -> T) -> (T, Vec<Issue>) {
        let mut issues = Vec::new();
        let value = test(&mut Field {
            label: &"thing",
            bytes,
            span: 10..14 + bytes.len(),
            counted_bytes: 4,
            whole,
            issues: &mut issues,
        });
        (value, issues)
    }

    fn details(issues: &[Issue]) -> Vec<&str> {
        issues.iter().map(|issue| issue.detail.as_str()).collect()
    }

    #[test]
    fn names_lengths_as_they_stand_on_the_wire() {
        let (fits, issues) = with_field(b"abc", true, |field| field.fits(exactly(4)));
        assert!(!fits);
        assert_eq!(
            issues,
            [Issue::malformed("thing", 10..17, "length is 7, must be 8")]
        );
        let (fits, issues) = with_field(b"abc", true, |field| field.fits(at_least(4)));
        assert!(!fits);
        assert_eq!(details(&issues), ["length is 7, must be at least 8"]);
        let (fits, issues) = with_field(b"abc", true, |field| field.fits(between(1, 2)));
        assert!(fits);
        assert_eq!(details(&issues), ["length is 7, must be 5 to 6"]);
        let (fits, issues) = with_field(b"abc", true, |field| field.fits(between(1, 3)));
        assert!(fits && issues.is_empty());
    }

    #[test]
    fn reports_a_cut_value_only_once() {
        let (fits, issues) = with_field(b"abc", false, |field| field.fits(exactly(4)));
        assert!(!fits && issues.is_empty());
        let (read, issues) = with_field(b"abc", false, |field| {
            field.read(field.bytes, be_u32).is_some()
        });
        assert!(!read && issues.is_empty());
    }

    #[test]
    fn names_the_part_that_ran_out_of_bytes() {
        let (read, issues) = with_field(b"abc", true, |field| {
            let number = |input| context("number", be_u32).parse_complete(input);
            field.read(field.bytes, number).is_some()
        });
        assert!(!read);
        assert_eq!(details(&issues), ["number: only 3 bytes are left for it"]);
    }

    #[test]
    fn reads_numbers_from_the_front_and_text_without_its_nuls() {
        let (numbers, issues) = with_field(&[1, 2, 3, 4, 5], true, |field| {
            (field.u8(), field.u16(), field.u32())
        });
        assert_eq!(numbers, (Some(1), Some(0x0102), Some(0x0102_0304)));
        assert!(issues.is_empty());
        let (numbers, _) = with_field(b"", true, |field| (field.u8(), field.u16(), field.u32()));
        assert_eq!(numbers, (None, None, None));
        let (text, issues) = with_field(b"a\0b\0\0", true, |field| field.text_of(field.bytes));
        assert_eq!(text, WireText::new(b"a\0b"));
        assert_eq!(details(&issues), ["ends with NUL bytes (2)"]);
        assert_eq!(issues[0].kind, IssueKind::Unusual);
    }
}
