//! The body of an HTTP/1.x message: where it ends.
//!
//! RFC 9112 §6 (message body) and §7 (chunked coding). Trailer fields are read
//! over: nothing in a phone's boot rests on them. Content codings stay as they
//! are.

use std::ops::Range;

use super::head::{self, decimal, without_line_end};
use super::lines::{Lines, Taken};
use super::unanswered::Answered;
use super::{End, Ending, Head, MAX_HEAD_BYTES, Piece, StartLine};
use crate::{Issue, IssueKind, WireText};

/// The longest line with the size of a chunk, extensions included.
const MAX_CHUNK_SIZE_LINE_BYTES: usize = 4 * 1024;

/// What tells where a body ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Framing {
    /// After this many more bytes.
    Length(u64),
    /// When the connection closes.
    UntilClose,
    /// Chunked, and the line with a chunk's size comes next.
    ChunkSize,
    /// Within a chunk that has this many more bytes.
    Chunk(u64),
    /// At the line end behind a chunk's bytes.
    ChunkEnd,
    /// Among the trailer fields, up to an empty line.
    Trailer,
}

/// A message whose head was read and whose body is being read.
#[derive(Debug)]
pub(super) struct Body {
    head: Head,
    framing: Framing,
    announced_length: Option<u64>,
    delivered: u64,
    lost: Option<Lost>,
    /// Bytes of the message so far, head and framing included.
    position: usize,
    lines: Lines,
    issues: Vec<Issue>,
}

/// Bytes of the body that the capture does not hold.
#[derive(Debug)]
struct Lost {
    n_bytes: u64,
    span: Range<usize>,
}

impl Body {
    pub(super) fn new(
        head: Head,
        head_bytes: usize,
        framing: Framing,
        announced_length: Option<u64>,
    ) -> Self {
        Self {
            head,
            framing,
            announced_length,
            delivered: 0,
            lost: None,
            position: head_bytes,
            lines: Lines::default(),
            issues: Vec::new(),
        }
    }

    /// Takes bytes up to the end of the body at most. Gives those that are left
    /// and, when the body is over, why.
    pub(super) fn push<'b>(
        &mut self,
        input: &'b [u8],
        emit: &mut dyn FnMut(Piece<'_>, &[Issue]),
    ) -> (&'b [u8], Option<Ending>) {
        let rest = match self.framing {
            Framing::Length(left) | Framing::Chunk(left) => {
                let most = usize::try_from(left).unwrap_or(usize::MAX);
                let taken = input.len().min(most);
                let (data, rest) = input.split_at_checked(taken).unwrap_or((input, b""));
                self.deliver(data, emit);
                self.framing = self.framing.after(data.len() as u64);
                rest
            }
            Framing::UntilClose => {
                self.deliver(input, emit);
                b""
            }
            Framing::ChunkSize | Framing::ChunkEnd | Framing::Trailer => {
                return self.push_line(input);
            }
        };
        (rest, self.natural_end())
    }

    /// Takes chunked framing up to the end of a line at most.
    fn push_line<'b>(&mut self, input: &'b [u8]) -> (&'b [u8], Option<Ending>) {
        let limit = match self.framing {
            Framing::ChunkSize => MAX_CHUNK_SIZE_LINE_BYTES,
            Framing::ChunkEnd => b"\r\n".len(),
            _ => MAX_HEAD_BYTES,
        };
        let (rest, taken) = self.lines.take(input, limit);
        self.position = self.position.saturating_add(input.len() - rest.len());
        let ending = match (self.framing, taken) {
            (_, Taken::Part) | (Framing::Trailer, Taken::Line) => None,
            (Framing::ChunkSize, Taken::Line | Taken::Blank) => self.chunk_size(),
            (Framing::ChunkEnd, Taken::Blank) => {
                self.framing = Framing::ChunkSize;
                self.lines.clear();
                None
            }
            (Framing::ChunkEnd, _) => {
                let found = WireText::new(self.lines.as_bytes());
                Some(self.malformed("chunk end", format!("is {found:?}, must be a line end")))
            }
            (Framing::ChunkSize, Taken::Full) => Some(self.full("chunk size", limit)),
            (_, Taken::Full) => Some(self.full("trailer", limit)),
            (_, Taken::Blank | Taken::Line) => Some(self.ending()),
        };
        (rest, ending)
    }

    /// Reads `size [; extensions]` (RFC 9112 §7.1).
    fn chunk_size(&mut self) -> Option<Ending> {
        let line = without_line_end(self.lines.as_bytes());
        let size = line.split(|&byte| byte == b';').next().unwrap_or_default();
        let size = head::trimmed(size);
        let digits = size.iter().all(u8::is_ascii_hexdigit);
        let number = std::str::from_utf8(size)
            .ok()
            .filter(|_| digits)
            .and_then(|size| u64::from_str_radix(size, 16).ok());
        let Some(number) = number else {
            let found = WireText::new(size);
            let detail = format!("is {found:?}, must be a hexadecimal number");
            return Some(self.malformed("chunk size", detail));
        };
        self.lines.clear();
        self.framing = match number {
            0 => Framing::Trailer,
            size => Framing::Chunk(size),
        };
        None
    }

    /// Bytes that the capture lost. Within bytes that are known to be body the
    /// reader can go on behind them. Gives how many of them lie behind the body,
    /// and why it is over, when it is.
    pub(super) fn gap(&mut self, missing_bytes: u64) -> (u64, Option<Ending>) {
        let taken = match self.framing {
            Framing::Length(left) | Framing::Chunk(left) => left.min(missing_bytes),
            Framing::UntilClose => missing_bytes,
            Framing::ChunkSize | Framing::ChunkEnd | Framing::Trailer => 0,
        };
        let start = self.position;
        let length = usize::try_from(taken).unwrap_or(usize::MAX);
        self.position = self.position.saturating_add(length);
        self.framing = self.framing.after(taken);
        let lost = self.lost.get_or_insert(Lost {
            n_bytes: 0,
            span: start..start,
        });
        lost.n_bytes = lost.n_bytes.saturating_add(taken);
        lost.span.end = self.position;
        let behind = missing_bytes - taken;
        let ending = if behind > 0 {
            Some(Ending::Gap)
        } else {
            self.natural_end()
        };
        (behind, ending)
    }

    /// How the message ends when the connection closes now.
    pub(super) fn closed(&self) -> Ending {
        match self.framing {
            Framing::UntilClose => self.ending(),
            _ => Ending::Closed,
        }
    }

    /// Whether the framing says that the body is over.
    pub(super) fn natural_end(&self) -> Option<Ending> {
        (self.framing == Framing::Length(0)).then(|| self.ending())
    }

    /// The message's last piece, and what was odd about its body.
    pub(super) fn end(mut self, ending: Ending) -> (End, Vec<Issue>) {
        if let Some(lost) = self.lost {
            let n_bytes = lost.n_bytes;
            let detail = match n_bytes {
                0 => "is missing in the capture from here on".to_owned(),
                _ => format!("lacks {n_bytes} bytes in the capture"),
            };
            let issue = Issue::cut_short("body", lost.span, detail);
            self.issues.insert(0, issue);
        }
        let end = End {
            head: self.head,
            body_length: self.delivered,
            announced_length: self.announced_length,
            ending,
        };
        (end, self.issues)
    }

    fn deliver(&mut self, data: &[u8], emit: &mut dyn FnMut(Piece<'_>, &[Issue])) {
        if !data.is_empty() {
            self.delivered = self.delivered.saturating_add(data.len() as u64);
            self.position = self.position.saturating_add(data.len());
            emit(Piece::Body(data), &[]);
        }
    }

    /// How a body ends whose framing was kept to.
    fn ending(&self) -> Ending {
        match self.lost {
            Some(_) => Ending::Gap,
            None => Ending::Complete,
        }
    }

    fn malformed(&mut self, field: &str, detail: String) -> Ending {
        let span = self.line_span();
        self.issues.push(Issue::malformed(field, span, detail));
        Ending::Malformed
    }

    fn full(&mut self, field: &str, limit: usize) -> Ending {
        self.issues.push(Issue {
            kind: IssueKind::Limit,
            field: field.into(),
            span: self.line_span(),
            detail: format!("is longer than {limit} bytes"),
        });
        Ending::Malformed
    }

    fn line_span(&self) -> Range<usize> {
        let start = self.position.saturating_sub(self.lines.as_bytes().len());
        start..self.position
    }
}

impl Framing {
    /// The framing after `n_bytes` more of the body.
    fn after(self, n_bytes: u64) -> Self {
        match self {
            Self::Length(left) => Self::Length(left.saturating_sub(n_bytes)),
            Self::Chunk(left) if left <= n_bytes => Self::ChunkEnd,
            Self::Chunk(left) => Self::Chunk(left - n_bytes),
            other => other,
        }
    }

    /// What frames the body of this message (RFC 9112 §6.3), and the length that
    /// its head announces when that is what frames it.
    pub(super) fn of(parsed: &mut head::Parsed, answered: Answered) -> (Self, Option<u64>) {
        let is_response = match parsed.start {
            StartLine::Request { .. } => false,
            StartLine::Response { status, .. } => {
                if never_has_body(status, answered) {
                    return (Self::Length(0), None);
                }
                true
            }
        };
        let length = content_length(parsed);
        if let Some(framing) = transfer_coding(parsed, is_response, length.is_some()) {
            return (framing, None);
        }
        match length {
            Some(length) => (Self::Length(length), Some(length)),
            None if is_response => (Self::UntilClose, None),
            None => (Self::Length(0), None),
        }
    }
}

fn never_has_body(status: u16, answered: Answered) -> bool {
    match answered {
        _ if matches!(status, 100..=199 | 204 | 304) => true,
        Answered::Head => true,
        Answered::Connect => matches!(status, 200..=299),
        Answered::Other => false,
    }
}

/// The framing that `Transfer-Encoding` asks for; `None` without one.
fn transfer_coding(
    parsed: &mut head::Parsed,
    is_response: bool,
    has_length: bool,
) -> Option<Framing> {
    let mut last = None;
    for (coding, span) in parsed.elements("Transfer-Encoding") {
        // `identity` was withdrawn with RFC 7230; it means no coding.
        if !coding.is_empty() && !coding.eq_ignore_ascii_case(b"identity") {
            last = Some((coding.eq_ignore_ascii_case(b"chunked"), span));
        }
    }
    let (is_chunked, span) = last?;
    if has_length {
        let detail = "stands beside a Content-Length, which is passed over";
        let issue = Issue::malformed("Transfer-Encoding", span.clone(), detail);
        parsed.issues.push(issue);
    }
    if is_chunked {
        return Some(Framing::ChunkSize);
    }
    if !is_response {
        let detail = "does not end in chunked, so the request has no end";
        let issue = Issue::malformed("Transfer-Encoding", span, detail);
        parsed.issues.push(issue);
    }
    Some(Framing::UntilClose)
}

/// The length that `Content-Length` gives. Of several that differ the first one
/// counts; what is no number does not.
fn content_length(parsed: &mut head::Parsed) -> Option<u64> {
    let mut length = None;
    let mut issues = Vec::new();
    for (text, span) in parsed.elements("Content-Length") {
        let found = WireText::new(text);
        match (decimal(text), length) {
            (None, _) => {
                let detail = format!("is {found:?}, must be a decimal number");
                issues.push(Issue::malformed("Content-Length", span, detail));
            }
            (number, None) => length = number,
            (Some(number), Some(first)) if number != first => {
                let detail = format!("is {number} here and {first} before");
                issues.push(Issue::malformed("Content-Length", span, detail));
            }
            (Some(_), Some(_)) => {}
        }
    }
    parsed.issues.append(&mut issues);
    length
}
