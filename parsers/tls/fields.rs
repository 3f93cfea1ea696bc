//! [`Fields`]: the fields of one handshake message, one after the other, of which what
//! is there is kept.

use nom::Parser;
use nom::bytes::complete::take;
use nom::error::context;
use nom::number::complete::{be_u8, be_u16, be_u24};

use crate::{DecodeError, Input, Issue, NomError};

/// Reads field after field. The first one that is not whole becomes an issue, and
/// ends the reading.
pub(super) struct Fields<'a, 'i> {
    part: Part<'a>,
    rest: &'a [u8],
    issues: &'i mut Vec<Issue>,
}

/// A stretch of a message.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part<'a> {
    /// Its bytes.
    pub(super) input: Input<'a>,
    /// Where it begins in its message, in bytes.
    pub(super) start: usize,
}

impl<'a, 'i> Fields<'a, 'i> {
    /// The fields of a part.
    pub(super) fn of(part: Part<'a>, issues: &'i mut Vec<Issue>) -> Self {
        Self {
            part,
            rest: part.input.bytes,
            issues,
        }
    }

    /// Whether the sender wrote nothing more.
    pub(super) fn is_over(&self) -> bool {
        self.rest.is_empty() && self.part.input.missing == 0
    }

    /// Whether there is something left to be read.
    pub(super) fn has_more(&self) -> bool {
        !self.rest.is_empty()
    }

    pub(super) fn u8(&mut self, field: &'static str) -> Option<u8> {
        self.read(field, be_u8)
    }

    pub(super) fn u16(&mut self, field: &'static str) -> Option<u16> {
        self.read(field, be_u16)
    }

    pub(super) fn u24(&mut self, field: &'static str) -> Option<usize> {
        let length = self.read(field, be_u24)?;
        usize::try_from(length).ok()
    }

    pub(super) fn bytes(&mut self, length: usize, field: &'static str) -> Option<&'a [u8]> {
        self.read(field, take(length))
    }

    /// The next `length` bytes, as far as they are there. `None` when none of them is.
    pub(super) fn part(&mut self, length: usize, field: &'static str) -> Option<Part<'a>> {
        let start = self.place();
        if let Some((bytes, rest)) = self.rest.split_at_checked(length) {
            self.rest = rest;
            return Some(Part {
                input: Input::whole(bytes),
                start,
            });
        }
        let bytes = std::mem::take(&mut self.rest);
        let short = length - bytes.len();
        self.issues.push(Issue {
            kind: self.part.input.short_kind(),
            field: field.to_owned(),
            span: start..start + bytes.len(),
            detail: format!("only {} of its {length} bytes are there", bytes.len()),
        });
        let missing = short.min(self.part.input.missing);
        (!bytes.is_empty()).then_some(Part {
            input: Input::cut(bytes, missing),
            start,
        })
    }

    /// A part without bytes.
    pub(super) fn empty_part(&self) -> Part<'a> {
        Part {
            input: Input::whole(&[]),
            start: self.place(),
        }
    }

    /// The fields of a part of this one.
    pub(super) fn inside<'b>(&'b mut self, part: Part<'a>) -> Fields<'a, 'b> {
        Fields::of(part, self.issues)
    }

    /// The two-byte numbers of a part, as far as they are there.
    pub(super) fn numbers(&mut self, part: Part<'a>, field: &'static str) -> Vec<u16> {
        let (pairs, odd) = part.input.bytes.as_chunks::<2>();
        if !odd.is_empty() && part.input.missing == 0 {
            let length = part.input.bytes.len();
            let detail = format!("is {length} bytes, must be a multiple of 2");
            let span = part.start..part.start + length;
            self.issues.push(Issue::malformed(field, span, detail));
        }
        pairs.iter().map(|pair| u16::from_be_bytes(*pair)).collect()
    }

    /// Where in the message the next field begins.
    fn place(&self) -> usize {
        self.part.start + self.part.input.bytes.len() - self.rest.len()
    }

    fn read<T>(
        &mut self,
        field: &'static str,
        parser: impl Parser<&'a [u8], Output = T, Error = NomError>,
    ) -> Option<T> {
        match context(field, parser).parse_complete(self.rest) {
            Ok((rest, value)) => {
                self.rest = rest;
                Some(value)
            }
            Err(error) => {
                let Part { input, start } = self.part;
                let mut error = DecodeError::from_nom(input, error);
                error.offset_bytes += start;
                self.issues
                    .push(error.into_issue(start + input.bytes.len()));
                self.rest = &[];
                None
            }
        }
    }
}
