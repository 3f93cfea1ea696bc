//! The errors of decoding: [`DecodeError`] for callers, [`NomError`] within.
//!
//! [`NomError`] is what nom's parsers give here: how many bytes were left where
//! it went wrong and the innermost field name, so that no parser allocates on
//! its failing path. [`DecodeError`] is what a caller sees.

use std::fmt;

use nom::error::{ContextError, ErrorKind, FromExternalError, ParseError};

use crate::decoded::{Input, Issue, IssueKind};

/// The result of one nom parser.
pub type Parsed<'a, T> = nom::IResult<&'a [u8], T, NomError>;

/// Why a nom parser stopped: where, and in which field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NomError {
    /// Bytes left in the slice that was being parsed.
    pub left: usize,
    /// What nom was doing.
    pub kind: ErrorKind,
    /// The innermost field name given by `context`; empty when there was none.
    pub field: &'static str,
}

impl ParseError<&[u8]> for NomError {
    fn from_error_kind(input: &[u8], kind: ErrorKind) -> Self {
        Self {
            left: input.len(),
            kind,
            field: "",
        }
    }

    fn append(_input: &[u8], _kind: ErrorKind, other: Self) -> Self {
        other
    }
}

impl ContextError<&[u8]> for NomError {
    fn add_context(_input: &[u8], field: &'static str, other: Self) -> Self {
        if other.field.is_empty() {
            Self { field, ..other }
        } else {
            other
        }
    }
}

impl<E> FromExternalError<&[u8], E> for NomError {
    fn from_external_error(input: &[u8], kind: ErrorKind, _error: E) -> Self {
        Self::from_error_kind(input, kind)
    }
}

/// A message that could not be read at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecodeError {
    /// Whose fault it is.
    pub kind: IssueKind,
    /// The field that could not be read, as the specification names it.
    pub field: String,
    /// Where in the message it starts, in bytes.
    pub offset_bytes: usize,
    /// What was found and what was needed. Lower case, no full stop.
    pub detail: String,
}

impl DecodeError {
    /// The error of a nom parser that ran over the whole of `input.bytes`.
    ///
    /// Running out of bytes is the capture's fault when the capture left bytes
    /// out, else the sender's.
    #[expect(clippy::needless_pass_by_value, reason = "made for map_err")]
    pub fn from_nom(input: Input<'_>, error: nom::Err<NomError>) -> Self {
        let total = input.bytes.len();
        let Some(inner) = inner(&error) else {
            return Self {
                kind: input.short_kind(),
                field: "message".into(),
                offset_bytes: total,
                detail: format!("ends after {total} bytes"),
            };
        };
        let offset_bytes = total.saturating_sub(inner.left);
        let field = if inner.field.is_empty() {
            "message"
        } else {
            inner.field
        };
        let (kind, detail) = match inner.kind {
            ErrorKind::Eof | ErrorKind::Complete => (
                input.short_kind(),
                format!("only {} bytes are left for it", inner.left),
            ),
            _ => (
                IssueKind::Malformed,
                "has a value that is not allowed".into(),
            ),
        };
        Self {
            kind,
            field: field.into(),
            offset_bytes,
            detail,
        }
    }

    /// The sender broke the specification in `field`.
    pub fn malformed(
        field: impl Into<String>,
        offset_bytes: usize,
        detail: impl Into<String>,
    ) -> Self {
        Self {
            kind: IssueKind::Malformed,
            field: field.into(),
            offset_bytes,
            detail: detail.into(),
        }
    }

    /// The same fault as an issue that is kept beside a value.
    pub fn into_issue(self, end: usize) -> Issue {
        Issue {
            kind: self.kind,
            field: self.field,
            span: self.offset_bytes..end.max(self.offset_bytes),
            detail: self.detail,
        }
    }
}

fn inner(error: &nom::Err<NomError>) -> Option<NomError> {
    match error {
        nom::Err::Error(inner) | nom::Err::Failure(inner) => Some(*inner),
        nom::Err::Incomplete(_) => None,
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} at byte {}: {}",
            self.field, self.offset_bytes, self.detail
        )
    }
}

impl std::error::Error for DecodeError {}
