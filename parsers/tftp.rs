//! TFTP: one UDP datagram in, one message out.
//!
//! RFC 1350 (The TFTP Protocol, revision 2), RFC 2347 (option extension),
//! RFC 2348 (block size), RFC 2349 (timeout and transfer size), RFC 7440
//! (window size). Which transfer a datagram belongs to is not known here, nor
//! are options checked against what the other side asked for.

use std::ops::Range;

use nom::Parser;
use nom::error::context;
use nom::number::complete::be_u16;

use crate::{DecodeError, Decoded, Input, Issue, IssueKind, Outcome, Parsed, WireText};

/// The longest request that carries options (RFC 2347, "Packet Formats").
const MAX_REQUEST_BYTES: usize = 512;

/// The most options that are read of one message. 512 bytes hold 128 of the
/// shortest ones.
const MAX_OPTIONS: usize = 128;

/// Opcodes: the name that reports use, and where it is defined.
pub const OPCODES: &[(u16, &str, &str)] = &[
    (1, "rrq", "RFC 1350 §5"),
    (2, "wrq", "RFC 1350 §5"),
    (3, "data", "RFC 1350 §5"),
    (4, "ack", "RFC 1350 §5"),
    (5, "error", "RFC 1350 §5"),
    (6, "oack", "RFC 2347"),
];

/// Error codes: the meaning, and where it is defined.
pub const ERROR_CODES: &[(u16, &str, &str)] = &[
    (0, "not defined, see the message", "RFC 1350 appendix I"),
    (1, "file not found", "RFC 1350 appendix I"),
    (2, "access violation", "RFC 1350 appendix I"),
    (3, "disk full or allocation exceeded", "RFC 1350 appendix I"),
    (4, "illegal TFTP operation", "RFC 1350 appendix I"),
    (5, "unknown transfer id", "RFC 1350 appendix I"),
    (6, "file already exists", "RFC 1350 appendix I"),
    (7, "no such user", "RFC 1350 appendix I"),
    (8, "option negotiation refused", "RFC 2347"),
];

/// Transfer modes (RFC 1350 §1 and §5), sent in any case.
const MODES: &[&str] = &["mail", "netascii", "octet"];

/// Options whose value is a decimal number: least and greatest value, source.
const NUMBER_OPTIONS: &[(&str, u64, u64, &str)] = &[
    ("blksize", 8, 65_464, "RFC 2348"),
    ("timeout", 1, 255, "RFC 2349"),
    ("tsize", 0, u64::MAX, "RFC 2349"),
    ("windowsize", 1, 65_535, "RFC 7440"),
];

/// One TFTP datagram.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message<'a> {
    /// RRQ or WRQ (opcodes 1 and 2).
    Request(Request),
    /// DATA (opcode 3; RFC 1350 §5, figure 5-2).
    ///
    /// ```text
    ///  2 bytes    2 bytes    0 ..= block size
    /// +----------+----------+----------------+
    /// | opcode 3 | block #  |      data      |
    /// +----------+----------+----------------+
    /// ```
    ///
    /// A block shorter than the agreed size ends the transfer. That size comes
    /// from the OACK (RFC 2348); 512 holds when there was none.
    Data {
        /// Block number, from 1; wraps after 65,535.
        block: u16,
        /// The block's bytes, as far as they were captured.
        data: &'a [u8],
        /// Bytes that the block has on the wire.
        wire_length: usize,
    },
    /// ACK (opcode 4; RFC 1350 §5, figure 5-3).
    ///
    /// ```text
    ///  2 bytes    2 bytes
    /// +----------+----------+
    /// | opcode 4 | block #  |
    /// +----------+----------+
    /// ```
    Ack {
        /// The last block that arrived; 0 acknowledges an OACK or a WRQ.
        block: u16,
    },
    /// ERROR (opcode 5; RFC 1350 §5, figure 5-4).
    ///
    /// ```text
    ///  2 bytes    2 bytes      string    1 byte
    /// +----------+------------+---------+-----+
    /// | opcode 5 | error code | message |  0  |
    /// +----------+------------+---------+-----+
    /// ```
    Error {
        /// Error code (RFC 1350 appendix I; 8 from RFC 2347).
        code: u16,
        /// The text that goes with it; may be empty.
        message: WireText,
    },
    /// OACK (opcode 6; RFC 2347, "Packet Formats").
    ///
    /// ```text
    ///  2 bytes    string  1 byte   string   1 byte
    /// +----------+-------+-----+---------+-----+----
    /// | opcode 6 | opt 1 |  0  | value 1 |  0  |  …
    /// +----------+-------+-----+---------+-----+----
    /// ```
    OptionAck {
        /// Options that the server accepts, in wire order.
        options: Vec<(WireText, WireText)>,
    },
}

/// RRQ or WRQ: the file asked for or offered (RFC 1350 §5, figure 5-1, with the
/// options of RFC 2347).
///
/// ```text
///  2 bytes      string  1 byte string 1 byte string 1 byte  string  1 byte
/// +------------+------+-----+------+-----+-------+-----+---------+-----+----
/// | opcode 1|2 | file |  0  | mode |  0  | opt 1 |  0  | value 1 |  0  |  …
/// +------------+------+-----+------+-----+-------+-----+---------+-----+----
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Read (RRQ) or write (WRQ).
    pub direction: Direction,
    /// The file name, byte for byte. Empty when the message ends before it.
    pub file: WireText,
    /// `octet`, `netascii` or `mail`, in the case that the client used. Empty
    /// when the message ends before it.
    pub mode: WireText,
    /// Options with their values, in wire order (RFC 2347). A last option
    /// without a value is kept with an empty one.
    pub options: Vec<(WireText, WireText)>,
}

/// Which way the file goes, seen from the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Direction {
    /// The client fetches the file (RRQ).
    Read,
    /// The client stores the file (WRQ).
    Write,
}

impl Message<'_> {
    /// The opcode that the message has on the wire.
    pub fn opcode(&self) -> u16 {
        match self {
            Self::Request(request) => match request.direction {
                Direction::Read => 1,
                Direction::Write => 2,
            },
            Self::Data { .. } => 3,
            Self::Ack { .. } => 4,
            Self::Error { .. } => 5,
            Self::OptionAck { .. } => 6,
        }
    }

    /// The opcode's name in reports: `rrq`, `wrq`, `data` …
    pub fn opcode_name(&self) -> &'static str {
        name_in(OPCODES, self.opcode()).unwrap_or("unknown")
    }
}

/// Decodes one datagram's payload.
pub fn decode(input: Input<'_>) -> Outcome<Message<'_>> {
    let error = |error| DecodeError::from_nom(input, error);
    let (rest, opcode) = number("opcode", input.bytes).map_err(error)?;
    let mut fields = Fields {
        input,
        rest,
        open_ended: false,
        issues: Vec::new(),
    };
    let value = match opcode {
        1 => Message::Request(fields.request(Direction::Read)),
        2 => Message::Request(fields.request(Direction::Write)),
        3 => {
            let (data, block) = number("block number", rest).map_err(error)?;
            Message::Data {
                block,
                data,
                wire_length: data.len().saturating_add(input.missing),
            }
        }
        4 => {
            let (left, block) = number("block number", rest).map_err(error)?;
            fields.rest = left;
            fields.note_left_over("block number");
            Message::Ack { block }
        }
        5 => {
            let (left, code) = number("error code", rest).map_err(error)?;
            fields.rest = left;
            fields.error(code)
        }
        6 => Message::OptionAck {
            options: fields.acknowledged_options(),
        },
        other => {
            let detail = format!("is {other}, must be 1 to 6");
            return Err(DecodeError::malformed("opcode", 0, detail));
        }
    };
    let mut issues = fields.issues;
    issues.sort_by_key(|issue| issue.span.start);
    Ok(Decoded { value, issues })
}

/// Whether a datagram between unknown ports may be TFTP: an opcode from 1 to 6
/// and the structure that belongs to it.
///
/// Requests, errors and option acknowledgments are hard to mistake. DATA and ACK
/// are little more than a number: believe them only between hosts that were
/// seen to start a transfer.
pub fn looks_like_tftp(bytes: &[u8]) -> bool {
    let Some((&[0, opcode], rest)) = bytes.split_first_chunk::<2>() else {
        return false;
    };
    match opcode {
        1 | 2 => {
            let mut strings = rest.split(|&byte| byte == 0);
            let file = strings.next().unwrap_or_default();
            let mode = strings.next().unwrap_or_default();
            // The NUL behind the mode gives one more, perhaps empty, string.
            strings.next().is_some() && is_shown(file) && is_mode(mode)
        }
        3 => rest.len() >= 2,
        4 => rest.len() == 2,
        5 => match rest.split_first_chunk::<2>() {
            // Spectralink servers use codes up to 255 of their own.
            Some((&[0, _], [message @ .., 0])) => message.is_empty() || is_shown(message),
            _ => false,
        },
        6 => match rest {
            [options @ .., 0] => {
                let mut n_strings = 0_usize;
                let named = options.split(|&byte| byte == 0).all(|string| {
                    n_strings += 1;
                    is_shown(string)
                });
                named && n_strings.is_multiple_of(2)
            }
            _ => false,
        },
        _ => false,
    }
}

/// The value of the first option of this name, in any case.
pub fn option<'m>(options: &'m [(WireText, WireText)], name: &str) -> Option<&'m WireText> {
    option_named(options, name.as_bytes())
}

/// The value of the first option of this name, when it is a decimal number.
pub fn number_option(options: &[(WireText, WireText)], name: &str) -> Option<u64> {
    decimal(option(options, name)?.as_bytes())
}

/// The meaning of an error code; `None` when no RFC gives it one.
pub fn error_name(code: u16) -> Option<&'static str> {
    name_in(ERROR_CODES, code)
}

fn option_named<'m>(options: &'m [(WireText, WireText)], name: &[u8]) -> Option<&'m WireText> {
    options
        .iter()
        .find(|(key, _)| key.as_bytes().eq_ignore_ascii_case(name))
        .map(|(_, value)| value)
}

fn name_in(table: &[(u16, &'static str, &str)], code: u16) -> Option<&'static str> {
    table
        .iter()
        .find(|(row, _, _)| *row == code)
        .map(|(_, name, _)| *name)
}

fn number<'a>(field: &'static str, bytes: &'a [u8]) -> Parsed<'a, u16> {
    context(field, be_u16).parse_complete(bytes)
}

/// Digits and nothing else: no sign, no blank.
fn decimal(text: &[u8]) -> Option<u64> {
    if !text.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(text).ok()?.parse().ok()
}

fn is_mode(text: &[u8]) -> bool {
    MODES
        .iter()
        .any(|mode| mode.as_bytes().eq_ignore_ascii_case(text))
}

/// Whether it is text: something, and no control characters.
fn is_shown(text: &[u8]) -> bool {
    !text.is_empty() && !text.iter().any(u8::is_ascii_control)
}

/// What is left to read of a datagram, and what was odd so far.
struct Fields<'a> {
    input: Input<'a>,
    rest: &'a [u8],
    /// Whether a string without its NUL was met: nothing can follow it, and
    /// that is one fault, not one for every field behind it.
    open_ended: bool,
    issues: Vec<Issue>,
}

/// A string of the datagram, its NUL left out.
struct Text<'a> {
    bytes: &'a [u8],
    span: Range<usize>,
    /// Whether the capture holds all of it.
    whole: bool,
}

impl<'a> Fields<'a> {
    fn request(&mut self, direction: Direction) -> Request {
        let file = self.text("file name", "is missing");
        if let Some(file) = &file
            && file.whole
            && file.bytes.is_empty()
        {
            self.malformed("file name", file.span.clone(), "is empty");
        }
        let mode = self.text("mode", "is missing");
        if let Some(mode) = &mode {
            self.check_mode(mode);
        }
        let options = self.options();
        let length = self.input.bytes.len().saturating_add(self.input.missing);
        if !options.is_empty() && length > MAX_REQUEST_BYTES {
            let detail =
                format!("is {length} bytes, at most {MAX_REQUEST_BYTES} are allowed with options");
            self.malformed("request", 0..length, detail);
        }
        let text = |text: Option<Text<'_>>| text.map_or_else(WireText::default, |t| t.bytes.into());
        Request {
            direction,
            file: text(file),
            mode: text(mode),
            options,
        }
    }

    fn check_mode(&mut self, mode: &Text<'_>) {
        if !mode.whole {
            return;
        }
        if mode.bytes.eq_ignore_ascii_case(b"mail") {
            let detail = "is mail, which RFC 1350 calls obsolete";
            self.issue(IssueKind::Unusual, "mode", mode.span.clone(), detail);
        } else if !is_mode(mode.bytes) {
            let found = WireText::new(mode.bytes);
            let detail = format!("is {found:?}, must be octet, netascii or mail");
            self.malformed("mode", mode.span.clone(), detail);
        }
    }

    fn error(&mut self, code: u16) -> Message<'a> {
        if error_name(code).is_none() {
            let detail = format!("is {code}, which no RFC defines");
            self.issue(IssueKind::Unusual, "error code", 2..4, detail);
        }
        let (message, rest) = until_nul(self.rest);
        if let Some(rest) = rest {
            self.rest = rest;
            self.note_left_over("error message");
        } else {
            let span = self.offset()..self.input.bytes.len();
            let kind = self.forgivable_kind();
            self.issue(kind, "error message", span, "has no NUL at its end");
        }
        Message::Error {
            code,
            message: message.into(),
        }
    }

    fn acknowledged_options(&mut self) -> Vec<(WireText, WireText)> {
        let options = self.options();
        if options.is_empty() {
            let span = 2..self.input.bytes.len();
            let kind = self.forgivable_kind();
            self.issue(
                kind,
                "options",
                span,
                "are none, an OACK must name at least one",
            );
        }
        options
    }

    fn options(&mut self) -> Vec<(WireText, WireText)> {
        let mut options: Vec<(WireText, WireText)> = Vec::new();
        let last_text = self.input.bytes.iter().rposition(|&byte| byte != 0);
        while !self.rest.is_empty() {
            let start = self.offset();
            if last_text.is_none_or(|last| start > last) {
                self.note_left_over("options");
                break;
            }
            if options.len() >= MAX_OPTIONS {
                let span = start..self.input.bytes.len();
                let detail = format!("are more than {MAX_OPTIONS}, the rest was passed over");
                self.issue(IssueKind::Limit, "options", span, detail);
                break;
            }
            let Some(name) = self.text("option name", "is missing") else {
                break;
            };
            if name.whole && name.bytes.is_empty() {
                self.malformed("option name", name.span, "is empty");
            }
            let name = WireText::new(name.bytes);
            let field = format!("option {name}");
            let value = self.text(&field, "has no value");
            if option_named(&options, name.as_bytes()).is_some() {
                let span = start..self.offset();
                self.issue(IssueKind::Unusual, &field, span, "is given more than once");
            }
            if let Some(value) = &value {
                self.check_option(&name, &field, value);
            }
            let value = value.map_or_else(WireText::default, |value| value.bytes.into());
            options.push((name, value));
        }
        options
    }

    fn check_option(&mut self, name: &WireText, field: &str, value: &Text<'_>) {
        let row = NUMBER_OPTIONS
            .iter()
            .find(|(row, ..)| row.as_bytes().eq_ignore_ascii_case(name.as_bytes()));
        let Some(&(_, least, greatest, source)) = row.filter(|_| value.whole) else {
            return;
        };
        match decimal(value.bytes) {
            Some(number) if (least..=greatest).contains(&number) => {}
            Some(number) => {
                let detail = format!("is {number}, must be {least} to {greatest} ({source})");
                self.malformed(field, value.span.clone(), detail);
            }
            None => {
                let found = WireText::new(value.bytes);
                let detail = format!("is {found:?}, must be a decimal number ({source})");
                self.malformed(field, value.span.clone(), detail);
            }
        }
    }

    /// Takes the next string, with an issue when it or its NUL is not there.
    /// Gives `None` when nothing at all is left; `absent` says that in words.
    fn text(&mut self, field: &str, absent: &str) -> Option<Text<'a>> {
        let start = self.offset();
        if self.rest.is_empty() {
            if !self.open_ended {
                self.issue(self.input.short_kind(), field, start..start, absent);
                self.open_ended = true;
            }
            return None;
        }
        let (bytes, rest) = until_nul(self.rest);
        let span = start..start + bytes.len();
        self.rest = rest.unwrap_or_default();
        let mut whole = true;
        if rest.is_none() {
            self.open_ended = true;
            whole = self.input.missing == 0;
            let kind = self.input.short_kind();
            self.issue(kind, field, span.clone(), "has no NUL at its end");
        }
        Some(Text { bytes, span, whole })
    }

    /// Says that bytes follow where the message should be over.
    fn note_left_over(&mut self, last: &str) {
        if !self.rest.is_empty() {
            let span = self.offset()..self.input.bytes.len();
            let detail = format!("is followed by {} bytes that belong to nothing", span.len());
            self.issue(IssueKind::Unusual, last, span, detail);
            self.rest = &[];
        }
    }

    /// The kind of a fault that receivers are known to live with.
    fn forgivable_kind(&self) -> IssueKind {
        match self.input.short_kind() {
            IssueKind::CutShort => IssueKind::CutShort,
            _ => IssueKind::Unusual,
        }
    }

    fn offset(&self) -> usize {
        self.input.bytes.len().saturating_sub(self.rest.len())
    }

    fn malformed(&mut self, field: &str, span: Range<usize>, detail: impl Into<String>) {
        self.issue(IssueKind::Malformed, field, span, detail);
    }

    fn issue(
        &mut self,
        kind: IssueKind,
        field: &str,
        span: Range<usize>,
        detail: impl Into<String>,
    ) {
        self.issues.push(Issue {
            kind,
            field: field.into(),
            span,
            detail: detail.into(),
        });
    }
}

/// The bytes before the first NUL, and those behind it; `None` without a NUL.
fn until_nul(bytes: &[u8]) -> (&[u8], Option<&[u8]>) {
    let end = bytes.iter().position(|&byte| byte == 0);
    let text = bytes.get(..end.unwrap_or(bytes.len())).unwrap_or_default();
    let rest = end.and_then(|end| bytes.get(end + 1..));
    (text, rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(options: &[(&str, &str)]) -> Vec<(WireText, WireText)> {
        options
            .iter()
            .map(|&(name, value)| (name.into(), value.into()))
            .collect()
    }

    fn request(file: &str, mode: &str, options: &[(&str, &str)]) -> Message<'static> {
        Message::Request(Request {
            direction: Direction::Read,
            file: file.into(),
            mode: mode.into(),
            options: pairs(options),
        })
    }

    fn issue(kind: IssueKind, field: &str, span: Range<usize>, detail: &str) -> Issue {
        Issue {
            kind,
            field: field.into(),
            span,
            detail: detail.into(),
        }
    }

    /// What decoding gives for a message that was captured whole.
    fn whole(bytes: &[u8]) -> (Message<'_>, Vec<Issue>) {
        let decoded = decode(Input::whole(bytes)).unwrap();
        (decoded.value, decoded.issues)
    }

    fn cut(bytes: &[u8], missing: usize) -> (Message<'_>, Vec<Issue>) {
        let decoded = decode(Input::cut(bytes, missing)).unwrap();
        (decoded.value, decoded.issues)
    }

    /// The only issue of a message that was captured whole.
    fn only_issue(bytes: &[u8]) -> Issue {
        let (_, issues) = whole(bytes);
        assert_eq!(issues.len(), 1, "{issues:?}");
        issues.into_iter().next().unwrap()
    }

    // tshark:
    //     Opcode: Read Request (1)
    //     Source File: pxelinux.0
    //     Type: octet
    //     Option: blksize = 1432
    //     Option: tsize = 0
    #[test]
    fn reads_a_request_with_options() {
        let (message, issues) = whole(b"\0\x01pxelinux.0\0octet\0blksize\x001432\0tsize\x000\0");
        assert_eq!(
            message,
            request(
                "pxelinux.0",
                "octet",
                &[("blksize", "1432"), ("tsize", "0")]
            )
        );
        assert_eq!(issues, []);
        assert_eq!(message.opcode_name(), "rrq");
    }

    // tshark:
    //     Opcode: Write Request (2)
    //     Destination File: rfc1350.txt
    //     Type: octet
    #[test]
    fn reads_a_write_request() {
        let (message, issues) = whole(b"\0\x02rfc1350.txt\0octet\0");
        let expected = Message::Request(Request {
            direction: Direction::Write,
            file: "rfc1350.txt".into(),
            mode: "octet".into(),
            options: vec![],
        });
        assert_eq!((message.opcode(), message.opcode_name()), (2, "wrq"));
        assert_eq!((message, issues), (expected, vec![]));
    }

    #[test]
    fn reads_data_with_and_without_bytes() {
        let data = |block, data, wire_length| Message::Data {
            block,
            data,
            wire_length,
        };
        let (message, issues) = whole(b"\0\x03\xff\xffabc");
        assert_eq!((message.opcode(), message.opcode_name()), (3, "data"));
        assert_eq!((message, issues), (data(0xffff, b"abc", 3), vec![]));
        assert_eq!(whole(b"\0\x03\0\x02"), (data(2, b"", 0), vec![]));
    }

    #[test]
    fn counts_data_that_the_capture_left_out() {
        let (message, issues) = cut(b"\0\x03\0\x01abc", 509);
        let expected = Message::Data {
            block: 1,
            data: b"abc",
            wire_length: 512,
        };
        assert_eq!((message, issues), (expected, vec![]));
    }

    #[test]
    fn reads_an_acknowledgment() {
        let (message, issues) = whole(b"\0\x04\x01\x02");
        assert_eq!((message.opcode(), message.opcode_name()), (4, "ack"));
        assert_eq!((message, issues), (Message::Ack { block: 0x0102 }, vec![]));
    }

    #[test]
    fn notes_bytes_behind_an_acknowledgment() {
        assert_eq!(
            only_issue(b"\0\x04\0\x01ab"),
            issue(
                IssueKind::Unusual,
                "block number",
                4..6,
                "is followed by 2 bytes that belong to nothing"
            )
        );
    }

    // tshark:
    //     Opcode: Error Code (5)
    //     Error code: File not found (1)
    //     Error message: File Not Found
    #[test]
    fn reads_an_error() {
        let (message, issues) = whole(b"\0\x05\0\x01File Not Found\0");
        let expected = Message::Error {
            code: 1,
            message: "File Not Found".into(),
        };
        assert_eq!((message.opcode(), message.opcode_name()), (5, "error"));
        assert_eq!((message, issues), (expected, vec![]));
    }

    #[test]
    fn reads_an_error_with_an_empty_message() {
        let expected = Message::Error {
            code: 8,
            message: WireText::default(),
        };
        assert_eq!(whole(b"\0\x05\0\x08\0"), (expected, vec![]));
    }

    #[test]
    fn keeps_an_error_message_without_nul() {
        let expected = Message::Error {
            code: 0,
            message: "no".into(),
        };
        let detail = "has no NUL at its end";
        let unusual = issue(IssueKind::Unusual, "error message", 4..6, detail);
        let cut_short = issue(IssueKind::CutShort, "error message", 4..6, detail);
        assert_eq!(whole(b"\0\x05\0\0no"), (expected.clone(), vec![unusual]));
        assert_eq!(cut(b"\0\x05\0\0no", 3), (expected, vec![cut_short]));
        // Not even the NUL of an empty message.
        let absent = issue(IssueKind::Unusual, "error message", 4..4, detail);
        assert_eq!(only_issue(b"\0\x05\0\0"), absent);
    }

    #[test]
    fn keeps_an_unknown_error_code() {
        let (message, issues) = whole(b"\0\x05\0\x10oops\0rest");
        let expected = Message::Error {
            code: 16,
            message: "oops".into(),
        };
        let code = issue(
            IssueKind::Unusual,
            "error code",
            2..4,
            "is 16, which no RFC defines",
        );
        let rest = issue(
            IssueKind::Unusual,
            "error message",
            9..13,
            "is followed by 4 bytes that belong to nothing",
        );
        assert_eq!((message, issues), (expected, vec![code, rest]));
    }

    // tshark:
    //     Opcode: Option Acknowledgement (6)
    //     Option: blksize = 1408
    //     Option: tsize = 122044
    #[test]
    fn reads_an_option_acknowledgment() {
        let (message, issues) = whole(b"\0\x06blksize\x001408\0tsize\x00122044\0");
        let expected = Message::OptionAck {
            options: pairs(&[("blksize", "1408"), ("tsize", "122044")]),
        };
        assert_eq!((message.opcode(), message.opcode_name()), (6, "oack"));
        assert_eq!((message, issues), (expected, vec![]));
    }

    #[test]
    fn notes_an_option_acknowledgment_without_options() {
        let detail = "are none, an OACK must name at least one";
        assert_eq!(
            only_issue(b"\0\x06"),
            issue(IssueKind::Unusual, "options", 2..2, detail)
        );
        let (_, issues) = cut(b"\0\x06", 10);
        let expected = issue(IssueKind::CutShort, "options", 2..2, detail);
        assert_eq!(issues, [expected]);
    }

    #[test]
    fn rejects_what_is_too_short_for_its_opcode() {
        for (bytes, field, left) in [
            (&b""[..], "opcode", 0),
            (b"\0", "opcode", 1),
            (b"\0\x03", "block number", 0),
            (b"\0\x03\0", "block number", 1),
            (b"\0\x04\0", "block number", 1),
            (b"\0\x05\0", "error code", 1),
        ] {
            let error = |kind| DecodeError {
                kind,
                field: field.into(),
                offset_bytes: bytes.len() - left,
                detail: format!("only {left} bytes are left for it"),
            };
            let malformed = decode(Input::whole(bytes));
            assert_eq!(malformed, Err(error(IssueKind::Malformed)));
            let cut_short = decode(Input::cut(bytes, 9));
            assert_eq!(cut_short, Err(error(IssueKind::CutShort)));
        }
    }

    #[test]
    fn rejects_unknown_opcodes() {
        for (bytes, opcode) in [(b"\0\0ab", 0), (b"\0\x07ab", 7), (b"\x01\x01ab", 257)] {
            let error = DecodeError::malformed("opcode", 0, format!("is {opcode}, must be 1 to 6"));
            assert_eq!(decode(Input::whole(bytes)), Err(error));
        }
    }

    #[test]
    fn says_once_where_a_request_breaks_off() {
        // The whole message is "a", NUL, "octet", NUL, "tsize", NUL, "0", NUL.
        let bytes = b"\0\x01a\0octet\0tsize\x000\0";
        let no_nul = "has no NUL at its end";
        let tsize = |value| vec![("tsize", value)];
        for (length, file, mode, options, field, span, detail) in [
            (2, "", "", vec![], "file name", 2..2, "is missing"),
            (3, "a", "", vec![], "file name", 2..3, no_nul),
            (4, "a", "", vec![], "mode", 4..4, "is missing"),
            (9, "a", "octet", vec![], "mode", 4..9, no_nul),
            (15, "a", "octet", tsize(""), "option name", 10..15, no_nul),
            (
                16,
                "a",
                "octet",
                tsize(""),
                "option tsize",
                16..16,
                "has no value",
            ),
            (17, "a", "octet", tsize("0"), "option tsize", 16..17, no_nul),
        ] {
            let part = &bytes[..length];
            let expected = |kind| {
                (
                    request(file, mode, &options),
                    vec![issue(kind, field, span.clone(), detail)],
                )
            };
            assert_eq!(whole(part), expected(IssueKind::Malformed), "{length}");
            assert_eq!(cut(part, 20), expected(IssueKind::CutShort), "{length}");
        }
        // Cut between two options, which only the length can tell.
        assert_eq!(cut(&bytes[..10], 8), (request("a", "octet", &[]), vec![]));
    }

    #[test]
    fn blames_no_value_that_is_cut() {
        let no_nul = "has no NUL at its end";
        let (_, issues) = cut(b"\0\x01a\0oct", 3);
        let expected = issue(IssueKind::CutShort, "mode", 4..7, no_nul);
        assert_eq!(issues, [expected]);
        let (_, issues) = cut(b"\0\x06blksize\x005", 3);
        let expected = issue(IssueKind::CutShort, "option blksize", 10..11, no_nul);
        assert_eq!(issues, [expected]);
    }

    #[test]
    fn notes_an_empty_file_name() {
        assert_eq!(
            whole(b"\0\x01\0octet\0"),
            (
                request("", "octet", &[]),
                vec![issue(IssueKind::Malformed, "file name", 2..2, "is empty")]
            )
        );
    }

    #[test]
    fn takes_modes_in_any_case_and_notes_others() {
        assert_eq!(
            whole(b"\0\x01a\0OcTeT\0"),
            (request("a", "OcTeT", &[]), vec![])
        );
        assert_eq!(
            whole(b"\0\x01a\0netascii\0"),
            (request("a", "netascii", &[]), vec![])
        );
        assert_eq!(
            only_issue(b"\0\x01a\0mail\0"),
            issue(
                IssueKind::Unusual,
                "mode",
                4..8,
                "is mail, which RFC 1350 calls obsolete"
            )
        );
        assert_eq!(
            whole(b"\0\x01a\0bin\xff\0"),
            (
                Message::Request(Request {
                    direction: Direction::Read,
                    file: "a".into(),
                    mode: WireText::new(b"bin\xff"),
                    options: vec![],
                }),
                vec![issue(
                    IssueKind::Malformed,
                    "mode",
                    4..8,
                    "is \"bin\\xff\", must be octet, netascii or mail"
                )]
            )
        );
    }

    #[test]
    fn checks_the_numbers_of_the_options_it_knows() {
        for (name, least, greatest, source) in [
            ("blksize", 8, 65_464, "RFC 2348"),
            ("TimeOut", 1, 255, "RFC 2349"),
            ("windowsize", 1, 65_535, "RFC 7440"),
        ] {
            for (value, good) in [
                (least - 1, false),
                (least, true),
                (greatest, true),
                (greatest + 1, false),
            ] {
                let bytes = format!("\0\x06{name}\0{value}\0");
                let start = 3 + name.len();
                let bad = issue(
                    IssueKind::Malformed,
                    &format!("option {name}"),
                    start..bytes.len() - 1,
                    &format!("is {value}, must be {least} to {greatest} ({source})"),
                );
                let expected = if good { vec![] } else { vec![bad] };
                assert_eq!(whole(bytes.as_bytes()).1, expected);
            }
        }
        // The greatest number that 64 bits hold, and one more.
        assert_eq!(whole(b"\0\x06tsize\x0018446744073709551615\0").1, []);
        let issue = only_issue(b"\0\x06tsize\x0018446744073709551616\0");
        assert_eq!(
            issue.detail,
            "is \"18446744073709551616\", must be a decimal number (RFC 2349)"
        );
    }

    #[test]
    fn notes_values_that_are_no_numbers() {
        for value in ["", " 512", "+512", "-1", "0x200", "512 "] {
            let bytes = format!("\0\x06blksize\0{value}\0");
            assert_eq!(
                only_issue(bytes.as_bytes()),
                issue(
                    IssueKind::Malformed,
                    "option blksize",
                    10..10 + value.len(),
                    &format!("is \"{value}\", must be a decimal number (RFC 2348)")
                )
            );
        }
    }

    #[test]
    fn leaves_unknown_options_alone() {
        let (message, issues) = whole(b"\0\x01a\0octet\0grandstream_MODEL\0HT-502\0");
        assert_eq!(
            (message, issues),
            (
                request("a", "octet", &[("grandstream_MODEL", "HT-502")]),
                vec![]
            )
        );
    }

    #[test]
    fn keeps_duplicate_options_in_wire_order() {
        let (message, issues) = whole(b"\0\x01a\0octet\0tsize\x000\0TSIZE\x001\0");
        let expected = request("a", "octet", &[("tsize", "0"), ("TSIZE", "1")]);
        let twice = issue(
            IssueKind::Unusual,
            "option TSIZE",
            18..26,
            "is given more than once",
        );
        assert_eq!((message, issues), (expected, vec![twice]));
    }

    #[test]
    fn keeps_an_option_with_an_empty_name() {
        let (message, issues) = whole(b"\0\x01a\0octet\0\0b\0");
        let expected = request("a", "octet", &[("", "b")]);
        let empty = issue(IssueKind::Malformed, "option name", 10..10, "is empty");
        assert_eq!((message, issues), (expected, vec![empty]));
    }

    #[test]
    fn takes_nuls_at_the_end_for_padding() {
        let (message, issues) = whole(b"\0\x01a\0octet\0\0\0\0");
        let padding = issue(
            IssueKind::Unusual,
            "options",
            10..13,
            "is followed by 3 bytes that belong to nothing",
        );
        assert_eq!(
            (message, issues),
            (request("a", "octet", &[]), vec![padding])
        );
        // Nothing but NULs: an empty name, an empty mode, padding.
        let (message, issues) = whole(b"\0\x01\0\0\0");
        let fields: Vec<_> = issues.iter().map(|issue| issue.field.as_str()).collect();
        assert_eq!(message, request("", "", &[]));
        assert_eq!(fields, ["file name", "mode", "options"]);
    }

    #[test]
    fn notes_a_request_with_options_beyond_512_bytes() {
        let file = "f".repeat(494);
        let longest = format!("\0\x01{file}\0octet\0tsize\x0000\0");
        assert_eq!(longest.len(), 512);
        assert_eq!(whole(longest.as_bytes()).1, []);
        let longer = format!("\0\x01{file}f\0octet\0tsize\x0000\0");
        let expected = issue(
            IssueKind::Malformed,
            "request",
            0..513,
            "is 513 bytes, at most 512 are allowed with options",
        );
        assert_eq!(only_issue(longer.as_bytes()), expected);
        let without_options = format!("\0\x01{file}{file}\0octet\0");
        assert_eq!(whole(without_options.as_bytes()).1, []);
    }

    #[test]
    fn stops_at_the_limit_of_options() {
        let bytes = format!("\0\x06{}", "a\0b\0".repeat(MAX_OPTIONS + 1));
        let (message, issues) = whole(bytes.as_bytes());
        let Message::OptionAck { options } = message else {
            panic!("{message:?}");
        };
        assert_eq!(options.len(), MAX_OPTIONS);
        assert_eq!(
            issues.last().unwrap(),
            &issue(
                IssueKind::Limit,
                "options",
                514..518,
                "are more than 128, the rest was passed over"
            )
        );
    }

    #[test]
    fn finds_options_in_any_case() {
        let options = pairs(&[("BlkSize", "1468"), ("tsize", "big"), ("blksize", "512")]);
        assert_eq!(option(&options, "blksize"), Some(&"1468".into()));
        assert_eq!(option(&options, "timeout"), None);
        assert_eq!(number_option(&options, "BLKSIZE"), Some(1468));
        assert_eq!(number_option(&options, "tsize"), None);
        assert_eq!(number_option(&options, "timeout"), None);
        assert_eq!(number_option(&pairs(&[("tsize", "")]), "tsize"), None);
    }

    #[test]
    fn tables_are_sorted_and_unique() {
        assert!(OPCODES.windows(2).all(|pair| pair[0].0 < pair[1].0));
        assert!(ERROR_CODES.windows(2).all(|pair| pair[0].0 < pair[1].0));
        assert_eq!(error_name(8), Some("option negotiation refused"));
        assert_eq!(error_name(9), None);
    }

    #[test]
    fn tells_tftp_by_its_structure() {
        for bytes in [
            &b"\0\x01a\0octet\0"[..],
            b"\0\x02a b\0NETASCII\0blksize\x00512\0",
            b"\0\x03\0\x01",
            b"\0\x03\0\x01data",
            b"\0\x04\0\0",
            b"\0\x05\0\x01File not found\0",
            b"\0\x05\0\x51\0",
            b"\0\x06tsize\x000\0",
        ] {
            assert!(looks_like_tftp(bytes), "{bytes:?}");
        }
        for bytes in [
            &b""[..],
            b"\0",
            b"\0\x01",
            b"\0\x01a\0octet",
            b"\0\x01\0octet\0",
            b"\0\x01a\x01\0octet\0",
            b"\0\x01a\0binary\0",
            b"\0\x03\0",
            b"\0\x04\0",
            b"\0\x04\0\0\0",
            b"\0\x05\0",
            b"\0\x05\0\x01text",
            b"\0\x05\x01\x01text\0",
            b"\0\x05\0\x01te\x01xt\0",
            b"\0\x06",
            b"\0\x06\0",
            b"\0\x06tsize\0",
            b"\0\x06tsize\x000",
            b"\0\x06tsize\x000\0\0",
            b"\0\x07",
            b"\x01\x01a\0octet\0",
        ] {
            assert!(!looks_like_tftp(bytes), "{bytes:?}");
        }
    }
}
