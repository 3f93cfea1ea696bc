//! The three areas of a message that may hold options, read into one list.
//!
//! RFC 2132 §9.3 and RFC 2131 §4.1 (overload), RFC 3396 (long options).

use std::collections::BTreeMap;
use std::ops::Range;

use crate::dhcp::tlv::{self, Fillers};
use crate::dhcp::{Area, BOOT_FILE, COOKIE, RawOption, SERVER_NAME, options};
use crate::{Issue, IssueKind};

/// Option 52, which puts options into `file` and `sname` (RFC 2132 §9.3).
const OVERLOAD: u8 = 52;

/// The options of all areas as they are being read.
#[derive(Default)]
pub(super) struct Areas {
    pub(super) options: Vec<RawOption>,
    pub(super) issues: Vec<Issue>,
    /// Codes of options that their area cuts off: what is wrong with their value
    /// has been told.
    cut_off: Vec<u8>,
}

impl Areas {
    /// Reads one area. Only a length that overruns it ends the list early.
    pub(super) fn read(&mut self, area: Area, list: &[u8], short_kind: IssueKind) {
        let start = area.offset_bytes();
        for entry in tlv::entries(list, Fillers::PadAndEnd) {
            let offset_bytes = start + entry.offset_bytes;
            if let Some(detail) = entry.fault() {
                self.cut_off.push(entry.code);
                self.issues.push(Issue {
                    kind: short_kind,
                    field: format!("option {}", entry.code),
                    span: offset_bytes..start + list.len(),
                    detail,
                });
            }
            self.options.push(RawOption {
                code: entry.code,
                bytes: entry.bytes.to_vec(),
                area,
                offset_bytes,
            });
        }
    }

    /// What the first option 52 says. Asked before the other areas are read, so
    /// that one within them has no say.
    pub(super) fn overload(&self) -> Overload {
        let first = self.options.iter().find(|option| option.code == OVERLOAD);
        let said = first.and_then(|option| option.bytes.first());
        Overload {
            file: matches!(said, Some(1 | 3)),
            server_name: matches!(said, Some(2 | 3)),
        }
    }

    /// Every option 52 behind the first one is ignored.
    pub(super) fn note_idle_overloads(&mut self) {
        let overloads = self.options.iter().filter(|option| option.code == OVERLOAD);
        for option in overloads.skip(1) {
            let detail = match option.area {
                Area::Options => "is repeated and ignored",
                Area::File | Area::ServerName => "stands in an overloaded field and is ignored",
            };
            self.issues.push(Issue::malformed(
                format!("option {OVERLOAD}"),
                option.offset_bytes..option.value_offset_bytes() + option.bytes.len(),
                detail,
            ));
        }
    }

    /// Reads every option's value, pieces joined, for the issues in it.
    pub(super) fn note_values(&mut self) {
        let mut pieces_by_code: BTreeMap<u8, Vec<&RawOption>> = BTreeMap::new();
        for option in &self.options {
            pieces_by_code.entry(option.code).or_default().push(option);
        }
        for (code, mut pieces) in pieces_by_code {
            if self.cut_off.contains(&code) {
                continue;
            }
            if code == OVERLOAD {
                pieces.truncate(1);
            }
            let (_value, issues) = options::value(code, &join(pieces.iter().copied()));
            self.issues.extend(issues.into_iter().map(|issue| Issue {
                span: span_in_message(&pieces, &issue.span),
                ..issue
            }));
        }
    }
}

/// Where option 52 puts more options.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Overload {
    pub(super) file: bool,
    pub(super) server_name: bool,
}

/// The bytes of an option's pieces (RFC 3396 §7).
pub(super) fn join<'a>(pieces: impl Iterator<Item = &'a RawOption>) -> Vec<u8> {
    pieces
        .flat_map(|piece| piece.bytes.iter().copied())
        .collect()
}

/// Where `span` of an option's joined value stands in the message. One that goes
/// on in the next piece is given up to the end of its first piece, for the pieces
/// need not follow one another.
fn span_in_message(pieces: &[&RawOption], span: &Range<usize>) -> Range<usize> {
    let mut behind = 0;
    for (index, piece) in pieces.iter().enumerate() {
        let before = behind;
        behind += piece.bytes.len();
        if span.start < behind || index + 1 == pieces.len() {
            let offset = |position: usize| {
                piece.value_offset_bytes() + position.clamp(before, behind) - before
            };
            return offset(span.start)..offset(span.end);
        }
    }
    span.clone()
}

impl Area {
    /// Where the area starts in a message.
    fn offset_bytes(self) -> usize {
        match self {
            Self::Options => COOKIE.end,
            Self::File => BOOT_FILE.start,
            Self::ServerName => SERVER_NAME.start,
        }
    }
}
