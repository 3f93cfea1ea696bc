//! What a decoder takes and gives: [`Input`], [`Decoded`] and [`Issue`].
//!
//! Decoding keeps what was read before a fault. A fault in the sender's bytes
//! ([`IssueKind::Malformed`]) is never mixed up with bytes that the capture
//! left out ([`IssueKind::CutShort`]): nobody is blamed for a small snap length.

use std::ops::Range;

/// The bytes of one message, and how many more the capture left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Input<'a> {
    /// What was captured, from the message's first byte.
    pub bytes: &'a [u8],
    /// How many bytes of the message are missing behind `bytes`, because the
    /// capture ends there (snap length, cut file). Zero for a whole message.
    pub missing: usize,
}

impl<'a> Input<'a> {
    /// A message that was captured whole.
    pub fn whole(bytes: &'a [u8]) -> Self {
        Self { bytes, missing: 0 }
    }

    /// A message of which `missing` bytes at the end were not captured.
    pub fn cut(bytes: &'a [u8], missing: usize) -> Self {
        Self { bytes, missing }
    }

    /// Which kind of fault a read beyond the end of `bytes` is.
    pub fn short_kind(self) -> IssueKind {
        if self.missing > 0 {
            IssueKind::CutShort
        } else {
            IssueKind::Malformed
        }
    }
}

impl<'a> From<&'a [u8]> for Input<'a> {
    fn from(bytes: &'a [u8]) -> Self {
        Self::whole(bytes)
    }
}

/// A value, and what was odd about the bytes that it was read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decoded<T> {
    /// What was read.
    pub value: T,
    /// What was odd, in the order of the bytes. Empty for a clean message.
    pub issues: Vec<Issue>,
}

impl<T> Decoded<T> {
    /// A value without issues.
    pub fn clean(value: T) -> Self {
        Self {
            value,
            issues: Vec::new(),
        }
    }

    /// Turns the value into another and keeps the issues.
    pub fn map<U>(self, make: impl FnOnce(T) -> U) -> Decoded<U> {
        Decoded {
            value: make(self.value),
            issues: self.issues,
        }
    }
}

/// Something odd in a message that was otherwise read.
///
/// A whole sentence can be made from it: which field, which bytes, what was
/// found and what was allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issue {
    /// Whose fault it is.
    pub kind: IssueKind,
    /// The field, as the specification names it: `option 150`, `TLV 0x001a`.
    pub field: String,
    /// Where in the message, in bytes from its start.
    pub span: Range<usize>,
    /// What was found and what is allowed: `is 6 bytes, must be a multiple of 4`.
    /// Lower case, no full stop.
    pub detail: String,
}

impl Issue {
    /// The sender broke the specification.
    pub fn malformed(
        field: impl Into<String>,
        span: Range<usize>,
        detail: impl Into<String>,
    ) -> Self {
        Self {
            kind: IssueKind::Malformed,
            field: field.into(),
            span,
            detail: detail.into(),
        }
    }

    /// The capture ends inside the field.
    pub fn cut_short(
        field: impl Into<String>,
        span: Range<usize>,
        detail: impl Into<String>,
    ) -> Self {
        Self {
            kind: IssueKind::CutShort,
            field: field.into(),
            span,
            detail: detail.into(),
        }
    }
}

/// Whose fault an [`Issue`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum IssueKind {
    /// The sender's bytes break the specification.
    Malformed,
    /// The capture does not hold all bytes of the message.
    CutShort,
    /// The specification allows it, yet receivers are known to trip over it
    /// (a trailing NUL in an option, a blank at the end of a file name).
    Unusual,
    /// A limit of this decoder was reached and the rest was passed over.
    Limit,
}

impl IssueKind {
    /// The word that reports use.
    pub fn name(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::CutShort => "cut-short",
            Self::Unusual => "unusual",
            Self::Limit => "limit",
        }
    }
}
