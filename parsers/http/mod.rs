//! HTTP/1.x: heads and bodies out of one direction of a TCP stream.
//!
//! RFC 9112 (HTTP/1.1), RFC 1945 (HTTP/1.0). The [`Reader`] is fed the bytes of
//! one direction in order and gives [`Piece`]s; it knows nothing of ports, times
//! or of the other direction, except which request method a response answers.
//!
//! Left out: HTTP/0.9 and HTTP/2, trailer fields, and what follows a `CONNECT`
//! or an upgrade.

mod body;
pub(crate) mod head;
mod lines;
mod mask;
mod search;
mod unanswered;

use crate::{Issue, IssueKind, WireText};
use body::{Body, Framing};
use head::is_token_byte;
use lines::{Lines, Taken};
use search::{Search, begins_response};
use unanswered::Unanswered;

/// The longest head, and the longest trailer.
const MAX_HEAD_BYTES: usize = 64 * 1024;

/// How far [`speaks_http`] looks for the end of a request line.
const MAX_REQUEST_LINE_BYTES: usize = 8 * 1024;

/// The longest method that may begin a request.
const MAX_METHOD_BYTES: usize = 32;

/// Methods by which a request is found behind a gap (RFC 9110 §9, RFC 5789, RFC
/// 4918, RFC 3253, and those of `UPnP`), sorted.
const METHODS: &[&str] = &[
    "CONNECT",
    "COPY",
    "DELETE",
    "GET",
    "HEAD",
    "LOCK",
    "M-SEARCH",
    "MKCOL",
    "MOVE",
    "NOTIFY",
    "OPTIONS",
    "PATCH",
    "POST",
    "PROPFIND",
    "PROPPATCH",
    "PUT",
    "REPORT",
    "SUBSCRIBE",
    "TRACE",
    "UNLOCK",
    "UNSUBSCRIBE",
];

/// Part of a message, as its stream delivers it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece<'a> {
    /// Start line and header fields.
    Head(Head),
    /// The next bytes of the body, chunk framing removed.
    Body(&'a [u8]),
    /// The message is over.
    End(End),
}

/// Start line and header fields of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The first line.
    pub start: StartLine,
    /// Header fields in wire order, blanks around the value removed.
    pub headers: Vec<(WireText, WireText)>,
}

/// The first line of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StartLine {
    /// `GET /file HTTP/1.1`
    Request {
        /// `GET`, `PUT` …
        method: WireText,
        /// What follows the method: a path, or a whole URL to a proxy.
        target: WireText,
        /// `HTTP/1.1`
        version: WireText,
    },
    /// `HTTP/1.1 404 Not Found`
    Response {
        /// `HTTP/1.1`
        version: WireText,
        /// Three digits.
        status: u16,
        /// The words behind the status; may be empty.
        reason: WireText,
    },
}

/// How and after how many bytes a message ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct End {
    /// The message's head once more, so that it can be shown whole here.
    pub head: Head,
    /// Body bytes that were delivered, chunk framing not counted.
    pub body_length: u64,
    /// Body bytes that the head announced (`Content-Length`); `None` for chunked
    /// bodies, for those that last until the connection closes, and for messages
    /// that have no body whatever they announce (the answer to a `HEAD`, a 304).
    pub announced_length: Option<u64>,
    /// Why it is over.
    pub ending: Ending,
}

/// Why a message is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// As its framing says: the announced length, the last chunk, or the close
    /// of a connection whose body lasts until then.
    Complete,
    /// The connection closed before the framing said so.
    Closed,
    /// The capture lost bytes of it; where it ends on the wire is not known.
    Gap,
    /// The capture or the tracking of the connection ended within it.
    Unfinished,
    /// The framing is not HTTP (a chunk size that is no number).
    Malformed,
}

impl Head {
    /// The first header field of this name, in any case.
    pub fn header(&self, name: &str) -> Option<&WireText> {
        self.headers
            .iter()
            .find(|(key, _)| head::is_name(key, name))
            .map(|(_, value)| value)
    }

    /// What the first `Content-Length` says, whether or not it frames the body.
    /// `None` when there is none or it is no number.
    pub fn content_length(&self) -> Option<u64> {
        let value = self.header("Content-Length")?.as_bytes();
        let first = value.split(|&byte| byte == b',').next()?;
        head::decimal(head::trimmed(first))
    }

    /// Whether it is a request's head.
    pub fn is_request(&self) -> bool {
        matches!(self.start, StartLine::Request { .. })
    }
}

/// Reads the messages of one direction of a TCP stream.
///
/// Every message gives its [`Piece::Head`], any number of [`Piece::Body`] and a
/// [`Piece::End`]. The pieces do not depend on how the bytes were cut into
/// segments, except for where one `Body` ends and the next begins. It holds at
/// most one head of 64 KiB; bodies are passed through.
///
/// A head that a gap, the close or the end of the capture breaks off is given as
/// far as its lines are whole; without a whole first line there is nothing to
/// give.
#[derive(Debug, Default)]
pub struct Reader {
    state: State,
    /// The head that is being collected.
    lines: Lines,
    /// Whether that head was found by searching, so that it may be none.
    is_found: bool,
    unanswered: Unanswered,
}

#[derive(Debug, Default)]
enum State {
    /// Collects a head.
    #[default]
    Head,
    /// Looks for the next message behind a gap.
    Search(Search),
    /// Reads a body.
    Body(Box<Body>),
    /// The stream is not HTTP, or no longer.
    Failed,
}

impl Reader {
    /// A reader at the start of a stream.
    pub fn new() -> Self {
        Self::default()
    }

    /// Says that the other direction sent a request: the next response that is
    /// not an interim one answers it, and has no body if this was a `HEAD`.
    pub fn expect_answer_to(&mut self, method: &WireText) {
        self.unanswered.push(method);
    }

    /// Takes the next bytes of the stream.
    pub fn push(&mut self, bytes: &[u8], emit: &mut dyn FnMut(Piece<'_>, &[Issue])) {
        let mut rest = bytes;
        while !rest.is_empty() {
            rest = match &mut self.state {
                State::Head => self.push_head(rest, emit),
                State::Search(search) => {
                    let (rest, found) = search.push(rest);
                    if let Some(start) = found {
                        self.begin_found(&start);
                    }
                    rest
                }
                State::Body(body) => {
                    let (rest, ending) = body.push(rest, emit);
                    if let Some(ending) = ending {
                        self.end_body(ending, emit);
                    }
                    rest
                }
                State::Failed => return,
            };
        }
    }

    /// Says that the capture lost the next `missing_bytes` of the stream.
    ///
    /// Within a body of known length, within a chunk, and within a body that
    /// lasts until the connection closes, the reader goes on behind them.
    /// Elsewhere the message ends, and the reader looks for the next one.
    pub fn gap(&mut self, missing_bytes: u64, emit: &mut dyn FnMut(Piece<'_>, &[Issue])) {
        match &mut self.state {
            _ if missing_bytes == 0 => return,
            State::Failed => return,
            State::Body(body) => {
                let (n_behind, ending) = body.gap(missing_bytes);
                if let Some(ending) = ending {
                    self.end_body(ending, emit);
                }
                if n_behind == 0 {
                    return;
                }
            }
            State::Head | State::Search(_) => {
                self.break_head(Ending::Gap, IssueKind::CutShort, LOST, emit);
            }
        }
        self.search();
    }

    /// Says that this direction of the connection was closed (FIN or RST).
    pub fn close(&mut self, emit: &mut dyn FnMut(Piece<'_>, &[Issue])) {
        if let State::Body(body) = &self.state {
            let ending = body.closed();
            self.end_body(ending, emit);
        } else {
            let detail = "is not over when the connection closes";
            self.break_head(Ending::Closed, IssueKind::Malformed, detail, emit);
        }
        self.start_over();
    }

    /// Says that the capture, or the tracking of the connection, is over.
    pub fn finish(&mut self, emit: &mut dyn FnMut(Piece<'_>, &[Issue])) {
        if let State::Body(_) = &self.state {
            self.end_body(Ending::Unfinished, emit);
        } else {
            self.break_head(Ending::Unfinished, IssueKind::CutShort, LOST, emit);
        }
        self.start_over();
    }

    /// Whether the stream is not HTTP, or no longer: more bytes give nothing.
    pub fn failed(&self) -> bool {
        matches!(self.state, State::Failed)
    }

    fn start_over(&mut self) {
        if !self.failed() {
            *self = Self::default();
        }
    }

    /// Looks for the next message, with no knowledge of how many were missed.
    fn search(&mut self) {
        self.unanswered.lose_step();
        self.lines.clear();
        self.state = State::Search(Search::default());
    }

    fn begin_found(&mut self, start: &[u8]) {
        self.is_found = true;
        self.state = State::Head;
        self.lines.clear();
        self.lines.take(start, MAX_HEAD_BYTES);
    }

    fn push_head<'b>(
        &mut self,
        input: &'b [u8],
        emit: &mut dyn FnMut(Piece<'_>, &[Issue]),
    ) -> &'b [u8] {
        let (rest, taken) = self.lines.take(input, MAX_HEAD_BYTES);
        let n_lines = self.lines.n_lines();
        match taken {
            // Empty lines before a message are passed over (RFC 9112 §2.2).
            Taken::Blank if n_lines == 1 => self.lines.clear(),
            Taken::Blank => self.take_head(None, emit),
            Taken::Full => {
                let detail = format!("is longer than {MAX_HEAD_BYTES} bytes");
                self.break_head(Ending::Malformed, IssueKind::Limit, &detail, emit);
                self.state = State::Failed;
            }
            Taken::Line if n_lines == 1 && !is_start_line(self.lines.whole()) => self.reject(),
            Taken::Part if !may_begin_message(self.lines.as_bytes()) => self.reject(),
            Taken::Line | Taken::Part => {}
        }
        rest
    }

    /// Gives up on a head whose first line is none.
    fn reject(&mut self) {
        if self.is_found {
            self.search();
        } else {
            self.state = State::Failed;
        }
    }

    /// Gives the head that was collected, as far as its lines are whole, and its
    /// end.
    fn break_head(
        &mut self,
        ending: Ending,
        kind: IssueKind,
        detail: &str,
        emit: &mut dyn FnMut(Piece<'_>, &[Issue]),
    ) {
        let start = self.lines.whole().len();
        let end = self.lines.as_bytes().len();
        let issue = Issue {
            kind,
            field: "head".into(),
            span: start..end,
            detail: detail.into(),
        };
        self.take_head(Some((ending, issue)), emit);
    }

    /// Gives the head that was collected and goes over to its body. `broken`
    /// says why the head is not whole; nothing can follow it then.
    fn take_head(
        &mut self,
        broken: Option<(Ending, Issue)>,
        emit: &mut dyn FnMut(Piece<'_>, &[Issue]),
    ) {
        let lines = self.lines.whole();
        let head_bytes = lines.len();
        let fields_end = match broken {
            Some(_) => head_bytes,
            None => end_of_fields(lines),
        };
        let parsed = lines.get(..fields_end).and_then(head::parse);
        let Some(mut parsed) = parsed else {
            self.lines.clear();
            return;
        };
        self.is_found = false;
        self.lines.clear();
        let answered = self.unanswered.answered_by(&mut parsed);
        let (framing, announced_length) = Framing::of(&mut parsed, answered);
        let is_tunnel = parsed.begins_tunnel(answered);
        let (head, mut issues) = parsed.into_head();
        let broken = broken.map(|(ending, issue)| {
            issues.push(issue);
            ending
        });
        emit(Piece::Head(head.clone()), &issues);
        let body = Body::new(head, head_bytes, framing, announced_length);
        let ending = broken.or_else(|| body.natural_end());
        self.state = State::Body(Box::new(body));
        if let Some(ending) = ending {
            self.end_body(ending, emit);
        }
        if is_tunnel {
            self.state = State::Failed;
        }
    }

    /// Gives the end of the message whose body is being read.
    fn end_body(&mut self, ending: Ending, emit: &mut dyn FnMut(Piece<'_>, &[Issue])) {
        let next = match ending {
            Ending::Malformed => State::Failed,
            _ => State::Head,
        };
        if let State::Body(body) = std::mem::replace(&mut self.state, next) {
            let (end, issues) = body.end(ending);
            emit(Piece::End(end), &issues);
        }
    }
}

/// What an [`Issue`] says of a head that the capture does not hold whole.
const LOST: &str = "is not whole in the capture";

/// Where the empty line begins that ends a head.
fn end_of_fields(lines: &[u8]) -> usize {
    let fields = lines.strip_suffix(b"\n").unwrap_or(lines);
    fields.strip_suffix(b"\r").unwrap_or(fields).len()
}

fn is_start_line(line: &[u8]) -> bool {
    head::start_line(line, &mut Vec::new()).is_some()
}

/// Whether a line that is not whole may become a start line: `HTTP/`, or a
/// method of any name.
fn may_begin_message(line: &[u8]) -> bool {
    let ends = |byte: &u8| matches!(byte, b' ' | b'/');
    let name = match line.iter().position(ends) {
        None => line,
        // Nothing but the beginning of an empty line may stand there.
        Some(0) => return false,
        Some(end) => line.get(..end).unwrap_or_default(),
    };
    let is_name = name.len() <= MAX_METHOD_BYTES && name.iter().all(|&byte| is_token_byte(byte));
    is_name || line == b"\r"
}

/// Whether a stream's first bytes are HTTP/1.x; `None` while too few to tell.
///
/// Any method in capitals counts (Microsoft's `CCM_POST` stands in no RFC), and the
/// version has to stand at the end of the line, so that neither SIP nor RTSP is
/// taken for HTTP.
pub fn speaks_http(start: &[u8]) -> Option<bool> {
    let blanks = start
        .iter()
        .take_while(|byte| matches!(byte, b'\r' | b'\n'))
        .count();
    let start = start.get(blanks..).unwrap_or_default();
    let response = begins_response(start);
    if response != Some(false) {
        return response;
    }
    let Some((method, rest)) = head::split_at_blank(start) else {
        let may_follow = start.is_empty() || is_method(start);
        return if may_follow { None } else { Some(false) };
    };
    if !is_method(method) {
        return Some(false);
    }
    let end = rest.iter().position(|&byte| byte == b'\n');
    let line = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default();
    let line = head::without_line_end(line);
    let version = line.rsplit(|&byte| byte == b' ').next().unwrap_or_default();
    if version.len() < line.len() && version.starts_with(b"HTTP/1.") {
        return Some(true);
    }
    let is_text = line.iter().all(|&byte| byte >= b' ' || byte == b'\t');
    if end.is_some() || !is_text || start.len() > MAX_REQUEST_LINE_BYTES {
        return Some(false);
    }
    None
}

/// Whether this may be the method of a stream's first request.
fn is_method(name: &[u8]) -> bool {
    name.len() <= MAX_METHOD_BYTES
        && head::is_token(name)
        && !name.iter().any(u8::is_ascii_lowercase)
}

/// A header field's value as it may be shown: credentials are replaced by `***`,
/// the scheme before them (`Basic`, `Digest`) stays. SIP uses the same fields.
pub fn masked(name: &WireText, value: &WireText) -> WireText {
    mask::header_value(name, value)
}

/// A request target, or any text with URLs in it, as it may be shown: the
/// `user:password` of a URL and the values of parameters that are named like
/// secrets are replaced by `***`.
pub fn masked_target(target: &WireText) -> WireText {
    mask::urls(target)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What happens to a stream, in order.
    #[derive(Debug, Clone, Copy)]
    enum Step<'s> {
        Asked(&'s str),
        Bytes(&'s [u8]),
        Gap(u64),
        Close,
        Finish,
    }
    use Step::{Asked, Bytes, Close, Finish, Gap};

    /// The pieces of a stream, each with its issues; bodies joined.
    #[derive(Debug, PartialEq, Eq)]
    enum Seen {
        Head(Head, Vec<Issue>),
        Body(Vec<u8>),
        End(End, Vec<Issue>),
    }

    fn note(seen: &mut Vec<Seen>, piece: Piece<'_>, issues: &[Issue]) {
        match piece {
            Piece::Head(head) => seen.push(Seen::Head(head, issues.to_vec())),
            Piece::Body(bytes) => {
                assert!(!bytes.is_empty());
                assert_eq!(issues, []);
                if let Some(Seen::Body(body)) = seen.last_mut() {
                    body.extend_from_slice(bytes);
                } else {
                    seen.push(Seen::Body(bytes.to_vec()));
                }
            }
            Piece::End(end) => seen.push(Seen::End(end, issues.to_vec())),
        }
    }

    /// Feeds a stream in parts of at most `n_bytes`.
    fn read_in_parts(steps: &[Step<'_>], n_bytes: usize) -> (Vec<Seen>, bool) {
        let mut reader = Reader::new();
        let mut seen = Vec::new();
        let mut emit = |piece: Piece<'_>, issues: &[Issue]| note(&mut seen, piece, issues);
        for step in steps {
            match step {
                Asked(method) => reader.expect_answer_to(&WireText::from(*method)),
                Bytes(bytes) => {
                    for part in bytes.chunks(n_bytes) {
                        reader.push(part, &mut emit);
                    }
                }
                Gap(missing) => reader.gap(*missing, &mut emit),
                Close => reader.close(&mut emit),
                Finish => reader.finish(&mut emit),
            }
        }
        let failed = reader.failed();
        (seen, failed)
    }

    /// Feeds a stream at once, byte by byte and by three bytes, which must not
    /// make a difference.
    fn read_all(steps: &[Step<'_>]) -> (Vec<Seen>, bool) {
        let at_once = read_in_parts(steps, usize::MAX);
        assert_eq!(at_once, read_in_parts(steps, 1));
        assert_eq!(at_once, read_in_parts(steps, 3));
        at_once
    }

    fn shown_issues(issues: &[Issue]) -> String {
        let shown = issues.iter().map(|issue| {
            let kind = issue.kind.name();
            format!(
                " ! {kind} {} {:?} {}",
                issue.field, issue.span, issue.detail
            )
        });
        shown.collect()
    }

    /// The pieces as lines: `GET /a`, `200 OK`, `body …` and `end …` with the
    /// delivered length, the announced one and the ending; then the issues.
    fn read(steps: &[Step<'_>]) -> Vec<String> {
        let (seen, failed) = read_all(steps);
        let mut lines: Vec<String> = seen
            .iter()
            .map(|seen| match seen {
                Seen::Head(head, issues) => {
                    let start = match &head.start {
                        StartLine::Request { method, target, .. } => format!("{method} {target}"),
                        StartLine::Response { status, reason, .. } => format!("{status} {reason}"),
                    };
                    start + &shown_issues(issues)
                }
                Seen::Body(body) => format!("body {}", WireText::new(body)),
                Seen::End(end, issues) => {
                    let announced = end
                        .announced_length
                        .map_or("-".into(), |length| length.to_string());
                    let shown = format!("end {}/{announced} {:?}", end.body_length, end.ending);
                    shown + &shown_issues(issues)
                }
            })
            .collect();
        if failed {
            lines.push("failed".into());
        }
        lines
    }

    fn head_of(start: StartLine, headers: &[(&str, &str)]) -> Head {
        let headers = headers
            .iter()
            .map(|&(name, value)| (name.into(), value.into()))
            .collect();
        Head { start, headers }
    }

    // tshark:
    //     POST /re/abcdefghijklmnopqrstuvwxyz123456 HTTP/1.1\r\n
    //         Request Method: POST
    //         Request URI: /re/abcdefghijklmnopqrstuvwxyz123456
    //         Request Version: HTTP/1.1
    //     Host: example.com\r\n
    //     Expect: 100-continue\r\n
    //     Connection: Keep-Alive\r\n
    //     Content-Length: 12\r\n
    //     File Data: 12 bytes
    #[test]
    fn reads_a_request_with_a_body() {
        let bytes = b"POST /re/abcdefghijklmnopqrstuvwxyz123456 HTTP/1.1\r\n\
            Host: example.com\r\n\
            Expect: 100-continue\r\n\
            Connection: Keep-Alive\r\n\
            Content-Length: 12\r\n\
            \r\n\
            aGVsbG8NCg==";
        let head = head_of(
            StartLine::Request {
                method: "POST".into(),
                target: "/re/abcdefghijklmnopqrstuvwxyz123456".into(),
                version: "HTTP/1.1".into(),
            },
            &[
                ("Host", "example.com"),
                ("Expect", "100-continue"),
                ("Connection", "Keep-Alive"),
                ("Content-Length", "12"),
            ],
        );
        let end = End {
            head: head.clone(),
            body_length: 12,
            announced_length: Some(12),
            ending: Ending::Complete,
        };
        let (seen, failed) = read_all(&[Bytes(bytes)]);
        let expected = vec![
            Seen::Head(head.clone(), vec![]),
            Seen::Body(b"aGVsbG8NCg==".to_vec()),
            Seen::End(end, vec![]),
        ];
        assert_eq!((seen, failed), (expected, false));
        assert!(head.is_request());
        assert_eq!(head.header("HOST"), Some(&"example.com".into()));
        assert_eq!(head.header("Accept"), None);
        assert_eq!(head.content_length(), Some(12));
    }

    // tshark, answering HEAD /UpdataConfig.dat:
    //     HTTP/1.1 500 Internal Server Error\r\n
    //         Response Version: HTTP/1.1
    //         Status Code: 500
    //         Response Phrase: Internal Server Error
    //     Date: Tue, 26 Feb 2013 15:10:21 GMT\r\n
    //     Server: Apache\r\n
    //     Connection: close\r\n
    //     Content-Type: text/html; charset=iso-8859-1\r\n
    #[test]
    fn reads_the_answer_to_a_head_request() {
        let bytes = b"HTTP/1.1 500 Internal Server Error\r\n\
            Date: Tue, 26 Feb 2013 15:10:21 GMT\r\n\
            Server: Apache\r\n\
            Connection: close\r\n\
            Content-Type: text/html; charset=iso-8859-1\r\n\
            \r\n";
        let head = head_of(
            StartLine::Response {
                version: "HTTP/1.1".into(),
                status: 500,
                reason: "Internal Server Error".into(),
            },
            &[
                ("Date", "Tue, 26 Feb 2013 15:10:21 GMT"),
                ("Server", "Apache"),
                ("Connection", "close"),
                ("Content-Type", "text/html; charset=iso-8859-1"),
            ],
        );
        let end = End {
            head: head.clone(),
            body_length: 0,
            announced_length: None,
            ending: Ending::Complete,
        };
        assert!(!head.is_request());
        assert_eq!(head.content_length(), None);
        let (seen, failed) = read_all(&[Asked("HEAD"), Bytes(bytes), Close]);
        let expected = vec![Seen::Head(head, vec![]), Seen::End(end, vec![])];
        assert_eq!((seen, failed), (expected, false));
    }

    #[test]
    fn reads_pipelined_messages() {
        let bytes = b"GET /a HTTP/1.1\r\n\r\nPUT /b HTTP/1.1\r\nContent-Length: 2\r\n\r\nxy\
            \r\nGET /c HTTP/1.0\n\n";
        assert_eq!(
            read(&[Bytes(bytes), Finish]),
            [
                "GET /a",
                "end 0/- Complete",
                "PUT /b",
                "body xy",
                "end 2/2 Complete",
                "GET /c ! unusual line end 0..16 is LF without CR",
                "end 0/- Complete",
            ]
        );
    }

    #[test]
    fn knows_responses_that_have_no_body() {
        let bytes = b"HTTP/1.1 100 Continue\r\n\r\n\
            HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n\
            HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n\
            HTTP/1.1 204 No Content\r\n\r\n\
            HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n\
            HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx";
        let asked = ["HEAD", "GET", "DELETE", "GET", "head"].map(Asked);
        let mut steps = asked.to_vec();
        steps.push(Bytes(bytes));
        assert_eq!(
            read(&steps),
            [
                "100 Continue",
                "end 0/- Complete",
                "200 OK",
                "end 0/- Complete",
                "304 Not Modified",
                "end 0/- Complete",
                "204 No Content",
                "end 0/- Complete",
                "200 OK",
                "end 0/0 Complete",
                "200 OK",
                "body x",
                "end 1/1 Complete",
            ]
        );
    }

    #[test]
    fn stops_where_a_tunnel_begins() {
        let tunnel = b"HTTP/1.1 200 Connected\r\n\r\nGET / HTTP/1.1\r\n\r\n";
        let expected = ["200 Connected", "end 0/- Complete", "failed"];
        assert_eq!(read(&[Asked("CONNECT"), Bytes(tunnel)]), expected);
        let refused = b"HTTP/1.1 407 No\r\nContent-Length: 1\r\n\r\nx";
        let expected = ["407 No", "body x", "end 1/1 Complete"];
        assert_eq!(read(&[Asked("CONNECT"), Bytes(refused)]), expected);
        let upgrade = b"HTTP/1.1 101 Switching\r\n\r\n\x81\x05hello";
        let expected = ["101 Switching", "end 0/- Complete", "failed"];
        assert_eq!(read(&[Asked("GET"), Bytes(upgrade), Close]), expected);
    }

    #[test]
    fn reads_a_body_up_to_the_close() {
        let bytes = b"HTTP/1.0 200 OK\r\n\r\nHTTP/1.0 200 OK\r\n\r\n";
        let body = "body HTTP/1.0 200 OK\\x0d\\x0a\\x0d\\x0a";
        assert_eq!(
            read(&[Bytes(bytes), Close, Close, Finish]),
            ["200 OK", body, "end 19/- Complete"]
        );
        assert_eq!(
            read(&[Bytes(bytes), Finish, Finish, Close]),
            ["200 OK", body, "end 19/- Unfinished"]
        );
    }

    #[test]
    fn tells_a_body_that_is_too_short() {
        let bytes = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabcd";
        let start = ["200 OK", "body abcd"];
        assert_eq!(
            read(&[Bytes(bytes), Close]),
            [&start[..], &["end 4/5 Closed"]].concat()
        );
        assert_eq!(
            read(&[Bytes(bytes), Finish]),
            [&start[..], &["end 4/5 Unfinished"]].concat()
        );
        let nothing = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n";
        assert_eq!(read(&[Bytes(nothing), Close]), ["200 OK", "end 0/5 Closed"]);
    }

    #[test]
    fn fails_at_bytes_behind_a_body() {
        let bytes = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc<d>";
        assert_eq!(
            read(&[Bytes(bytes), Gap(1), Close]),
            ["200 OK", "body abc", "end 3/3 Complete", "failed"]
        );
    }

    #[test]
    fn reads_chunks_with_extensions_and_trailer() {
        let bytes = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, Chunked\r\n\r\n\
            3;a=\"b\"\r\nabc\r\n0A \nabcdefghij\n000\r\nA: b\r\nC: d\r\n\r\n\
            HTTP/1.1 204 No\r\n\r\n";
        assert_eq!(
            read(&[Bytes(bytes)]),
            [
                "200 OK",
                "body abcabcdefghij",
                "end 13/- Complete",
                "204 No",
                "end 0/- Complete",
            ]
        );
    }

    #[test]
    fn reads_an_empty_chunked_body() {
        let bytes = b"PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
        assert_eq!(read(&[Bytes(bytes)]), ["PUT /", "end 0/- Complete"]);
        // Some servers leave out the last empty line.
        let bytes = b"PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n";
        assert_eq!(read(&[Bytes(bytes), Close]), ["PUT /", "end 0/- Closed"]);
    }

    /// What becomes of a chunked body, after its head of 47 bytes.
    fn chunked(body: &[u8], last: Step<'_>) -> Vec<String> {
        let head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
        assert_eq!(head.len(), 47);
        let mut lines = read(&[Bytes(head), Bytes(body), last]);
        assert_eq!(lines.remove(0), "200 OK");
        lines
    }

    #[test]
    fn stops_at_chunks_that_are_none() {
        for (size, shown) in [
            ("", ""),
            ("x", "x"),
            ("-1", "-1"),
            ("+1", "+1"),
            ("0x1", "0x1"),
            ("1 2", "1 2"),
            ("10000000000000000", "10000000000000000"),
        ] {
            let end = 47 + size.len() + 2;
            let detail = format!("is \"{shown}\", must be a hexadecimal number");
            assert_eq!(
                chunked(format!("{size}\r\nabc").as_bytes(), Close),
                [
                    format!("end 0/- Malformed ! malformed chunk size 47..{end} {detail}"),
                    "failed".into()
                ]
            );
        }
        assert_eq!(
            chunked(b"1\r\nab\r\n", Close),
            [
                "body a",
                "end 1/- Malformed ! malformed chunk end 51..53 is \"b\\x0d\", must be a line end",
                "failed"
            ]
        );
        assert_eq!(
            chunked(b"1\r\nab\n", Close),
            [
                "body a",
                "end 1/- Malformed ! malformed chunk end 51..53 is \"b\\x0a\", must be a line end",
                "failed"
            ]
        );
    }

    #[test]
    fn tells_chunked_bodies_that_are_not_whole() {
        for part in ["", "3", "3\r\n", "3\r\nabc", "3\r\nabc\r", "0\r\nA: b\r\n"] {
            for (last, ending) in [(Close, "Closed"), (Finish, "Unfinished")] {
                let mut lines = chunked(part.as_bytes(), last);
                if part.contains("abc") {
                    assert_eq!(lines.remove(0), "body abc");
                    assert_eq!(lines, [format!("end 3/- {ending}")]);
                } else {
                    assert_eq!(lines, [format!("end 0/- {ending}")]);
                }
            }
        }
    }

    #[test]
    fn bounds_chunk_sizes_and_trailers() {
        let extension = "x".repeat(4096);
        assert_eq!(
            chunked(format!("1;{extension}\r\n").as_bytes(), Close),
            [
                "end 0/- Malformed ! limit chunk size 47..4143 is longer than 4096 bytes",
                "failed"
            ]
        );
        let trailer = "A: b\r\n".repeat(20_000);
        assert_eq!(
            chunked(format!("0\r\n{trailer}").as_bytes(), Close),
            [
                "end 0/- Malformed ! limit trailer 50..65586 is longer than 65536 bytes",
                "failed"
            ]
        );
    }

    #[test]
    fn bounds_heads() {
        let long = format!("GET / HTTP/1.1\r\nA: {}\r\n\r\n", "x".repeat(65_513));
        assert_eq!(long.len(), 65_536);
        assert_eq!(
            read(&[Bytes(long.as_bytes())]),
            ["GET /", "end 0/- Complete"]
        );
        let longer = long.replace("A: ", "A: x");
        assert_eq!(
            read(&[Bytes(longer.as_bytes())]),
            [
                "GET / ! limit head 65535..65536 is longer than 65536 bytes",
                "end 0/- Malformed",
                "failed"
            ]
        );
        let one_line = "A".to_owned() + " /".repeat(40_000).as_str();
        assert_eq!(read(&[Bytes(one_line.as_bytes())]), ["failed"]);
    }

    #[test]
    fn follows_the_first_of_two_lengths() {
        let request = |lengths: &str| format!("PUT / HTTP/1.1\r\n{lengths}\r\nabc");
        for lengths in [
            "Content-Length: 3\r\nContent-Length: 3\r\n",
            "Content-Length: 3, 3\r\n",
        ] {
            assert_eq!(
                read(&[Bytes(request(lengths).as_bytes())]),
                ["PUT /", "body abc", "end 3/3 Complete"]
            );
        }
        assert_eq!(
            read(&[Bytes(
                request("Content-Length: 3\r\nContent-Length: 4\r\n").as_bytes()
            )]),
            [
                "PUT / ! malformed Content-Length 35..52 is 4 here and 3 before",
                "body abc",
                "end 3/3 Complete"
            ]
        );
        assert_eq!(
            read(&[Bytes(
                request("Content-Length: x\r\nContent-Length: 3\r\n").as_bytes()
            )]),
            [
                "PUT / ! malformed Content-Length 16..33 is \"x\", must be a decimal number",
                "body abc",
                "end 3/3 Complete"
            ]
        );
    }

    #[test]
    fn passes_over_lengths_that_are_none() {
        let bytes = b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nabc";
        assert_eq!(
            read(&[Bytes(bytes), Close]),
            [
                "200 OK ! malformed Content-Length 17..35 is \"-1\", must be a decimal number",
                "body abc",
                "end 3/- Complete"
            ]
        );
        let head = head_of(
            StartLine::Response {
                version: "HTTP/1.1".into(),
                status: 200,
                reason: "OK".into(),
            },
            &[("content-length", "7 , 8")],
        );
        assert_eq!(head.content_length(), Some(7));
    }

    #[test]
    fn sets_transfer_codings_above_lengths() {
        let bytes = b"PUT / HTTP/1.1\r\nContent-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n\
            1\r\na\r\n0\r\n\r\n";
        assert_eq!(
            read(&[Bytes(bytes)]),
            [
                "PUT / ! malformed Transfer-Encoding 35..61 \
                 stands beside a Content-Length, which is passed over",
                "body a",
                "end 1/- Complete"
            ]
        );
        let bytes = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nabc";
        assert_eq!(
            read(&[Bytes(bytes), Close]),
            ["200 OK", "body abc", "end 3/- Complete"]
        );
        let bytes = b"PUT / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\nabc";
        assert_eq!(
            read(&[Bytes(bytes), Close]),
            [
                "PUT / ! malformed Transfer-Encoding 16..39 \
                 does not end in chunked, so the request has no end",
                "body abc",
                "end 3/- Complete"
            ]
        );
        let bytes = b"GET / HTTP/1.1\r\nTransfer-Encoding: identity,\r\n\r\n";
        assert_eq!(read(&[Bytes(bytes)]), ["GET /", "end 0/- Complete"]);
    }

    #[test]
    fn goes_on_behind_a_gap_in_a_body() {
        let head = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n";
        let next = b"HTTP/1.1 204 No\r\n\r\n";
        let expected = |body: &'static [&'static str], end| {
            [&["200 OK"], body, &[end, "204 No", "end 0/- Complete"]].concat()
        };
        assert_eq!(
            read(&[
                Bytes(head),
                Bytes(b"ab"),
                Gap(3),
                Bytes(b"f"),
                Gap(1),
                Bytes(b"hi"),
                Bytes(next)
            ]),
            expected(
                &["body abfhi"],
                "end 5/9 Gap ! cut-short body 40..45 lacks 4 bytes in the capture"
            )
        );
        // The gap takes the end of the body, and nothing else.
        assert_eq!(
            read(&[Bytes(head), Bytes(b"ab"), Gap(0), Gap(7), Bytes(next)]),
            expected(
                &["body ab"],
                "end 2/9 Gap ! cut-short body 40..47 lacks 7 bytes in the capture"
            )
        );
        // The gap takes more than the body.
        assert_eq!(
            read(&[Bytes(head), Gap(10), Bytes(b"one\r\n\r\n"), Bytes(next)]),
            expected(
                &[],
                "end 0/9 Gap ! cut-short body 38..47 lacks 9 bytes in the capture"
            )
        );
        assert_eq!(
            read(&[Bytes(head), Gap(3), Bytes(b"def"), Close]),
            [
                "200 OK",
                "body def",
                "end 3/9 Closed ! cut-short body 38..41 lacks 3 bytes in the capture"
            ]
        );
    }

    #[test]
    fn goes_on_behind_a_gap_before_the_close() {
        assert_eq!(
            read(&[
                Bytes(b"HTTP/1.0 200 OK\r\n\r\nab"),
                Gap(2),
                Bytes(b"ef"),
                Close
            ]),
            [
                "200 OK",
                "body abef",
                "end 4/- Gap ! cut-short body 21..23 lacks 2 bytes in the capture"
            ]
        );
    }

    #[test]
    fn goes_on_behind_a_gap_in_a_chunk() {
        let head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\na";
        let start = ["200 OK", "body ad"];
        assert_eq!(
            read(&[Bytes(head), Gap(2), Bytes(b"d\r\n0\r\n\r\n")]),
            [
                &start[..],
                &["end 2/- Gap ! cut-short body 51..53 lacks 2 bytes in the capture"]
            ]
            .concat()
        );
        assert_eq!(
            read(&[Bytes(head), Gap(3), Bytes(b"\r\n0\r\n\r\n")]),
            [
                "200 OK",
                "body a",
                "end 1/- Gap ! cut-short body 51..54 lacks 3 bytes in the capture"
            ]
        );
        // From the framing of chunks on, nothing is known.
        assert_eq!(
            read(&[
                Bytes(head),
                Gap(4),
                Bytes(b"\n0\r\n\r\nHTTP/1.1 204 No\r\n\r\n")
            ]),
            [
                "200 OK",
                "body a",
                "end 1/- Gap ! cut-short body 51..54 lacks 3 bytes in the capture",
                "204 No",
                "end 0/- Complete"
            ]
        );
        assert_eq!(
            read(&[Bytes(head), Bytes(b"bcd\r\n"), Gap(4), Finish]),
            [
                "200 OK",
                "body abcd",
                "end 4/- Gap ! cut-short body 56..56 is missing in the capture from here on"
            ]
        );
    }

    #[test]
    fn keeps_whole_lines_of_a_broken_head() {
        let bytes = b"GET /a HTTP/1.1\r\nHost: b\r\nContent-Length: 5\r\nUser-Ag";
        for (last, ending, what) in [
            (
                Gap(9),
                "Gap",
                "cut-short head 45..52 is not whole in the capture",
            ),
            (
                Close,
                "Closed",
                "malformed head 45..52 is not over when the connection closes",
            ),
            (
                Finish,
                "Unfinished",
                "cut-short head 45..52 is not whole in the capture",
            ),
        ] {
            assert_eq!(
                read(&[Bytes(bytes), last]),
                [format!("GET /a ! {what}"), format!("end 0/5 {ending}")]
            );
        }
        for last in [Gap(9), Close, Finish] {
            assert_eq!(read(&[Bytes(b"GET /a HTTP/1.1"), last]), [""; 0]);
            assert_eq!(read(&[Bytes(b"\r\n"), last]), [""; 0]);
        }
    }

    #[test]
    fn finds_the_next_message_behind_a_gap() {
        for (bytes, found) in [
            (&b"GET /a HTTP/1.1\r\n\r\n"[..], "GET /a"),
            (b"\r\nGET /a HTTP/1.1\r\n\r\n", "GET /a"),
            (
                b"GGET /a HTTP/1.1\r\n\r\n PUT /b HTTP/1.0\r\n\r\n",
                "PUT /b",
            ),
            (b"GET /a\nGET /b\x01HEAD * HTTP/1.1\r\n\r\n", "HEAD *"),
            (b"GET a OPTIONS h://b HTTP/1.1\r\n\r\n", "OPTIONS h://b"),
            (b"\xffCONNECT a:443 HTTP/1.1\r\n\r\n", "CONNECT a:443"),
            (b"xHTTP/1.HTTP/1.1 304 No\r\n\r\n", "304 No"),
            (b"HTTP/1.1 2000\r\nHTTP/1.1 204 No\r\n\r\n", "204 No"),
            (b"GET /a HTTP/1.x\r\nGET /b HTTP/1.1\r\n\r\n", "GET /b"),
        ] {
            assert_eq!(
                read(&[Gap(1), Bytes(bytes)]),
                [found, "end 0/- Complete"],
                "{}",
                WireText::new(bytes)
            );
        }
        // A request line that never ends.
        let line = format!("GET /{}\nGET /b HTTP/1.1\r\n\r\n", "a".repeat(9000));
        assert_eq!(
            read(&[Gap(1), Bytes(line.as_bytes())]),
            ["GET /b", "end 0/- Complete"]
        );
        assert_eq!(read(&[Gap(1), Bytes(b"nothing"), Gap(1), Close]), [""; 0]);
    }

    #[test]
    fn takes_the_last_request_for_the_open_one_behind_a_gap() {
        let ok = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n";
        assert_eq!(
            read(&[Asked("GET"), Gap(500), Asked("HEAD"), Bytes(ok)]),
            ["200 OK", "end 0/- Complete"]
        );
    }

    #[test]
    fn fails_at_once_where_there_is_no_http() {
        for bytes in [
            &b"\x16\x03\x01\x02\0"[..],
            b" GET / HTTP/1.1\r\n",
            b"/ HTTP/1.1\r\n",
            b"SIP/2.0 200 OK\r\n",
            b"OPTIONS * RTSP/1.0\r\n",
            b"GET /\r\n",
            b"\rGET / HTTP/1.1\r\n",
            b"ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFGHIJKLMNOPQRSTUVWXYZ",
        ] {
            assert_eq!(read(&[Bytes(bytes), Finish]), ["failed"], "{bytes:?}");
        }
        let mut reader = Reader::new();
        reader.push(b"{", &mut |_, _| panic!("nothing to give"));
        assert!(reader.failed());
    }

    #[test]
    fn takes_methods_that_nobody_knows() {
        assert_eq!(
            read(&[Bytes(b"BREW /pot HTTP/1.1\r\n\r\n")]),
            ["BREW /pot", "end 0/- Complete"]
        );
    }

    #[test]
    fn knows_http_by_its_first_bytes() {
        for bytes in [
            &b"GET / HTTP/1.1\r\n"[..],
            b"\r\nGET / HTTP/1.",
            b"NOTIFY /a b HTTP/1.0\n",
            b"M-SEARCH * HTTP/1.1\r\nHost: a\r\n",
            b"CONNECT a:1 HTTP/1.1\r\n",
            b"CCM_POST / HTTP/1.1\r\n",
            b"HTTP/1.0 404",
            b"HTTP/1.1 200 OK\r\n",
        ] {
            assert_eq!(speaks_http(bytes), Some(true), "{bytes:?}");
        }
        for bytes in [
            &b""[..],
            b"\r\n",
            b"G",
            b"GET",
            b"CCM_PO",
            b"GET ",
            b"GET /very/long",
            b"GET / HTTP/1",
            b"GET HTTP/1.1",
            b"OPTIONS sip:a@192.0.2.1 ",
            b"H",
            b"HTTP/1.1 20",
        ] {
            assert_eq!(speaks_http(bytes), None, "{bytes:?}");
        }
        let long = format!("GET /{}", "a".repeat(MAX_REQUEST_LINE_BYTES));
        for bytes in [
            &b"\x16\x03\x01"[..],
            b"get / HTTP/1.1\r\n",
            b"USER phone\r\n",
            b"GET /\r\n",
            b"GET HTTP/1.1\r\n",
            b"GET / HTTP/2.0\r\n",
            b"GET /\x01",
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            b"OPTIONS sip:a@192.0.2.1 SIP/2.0\r\n",
            b"SUBSCRIBE sip:a@192.0.2.1 SIP/2.0\r\n",
            b"OPTIONS rtsp://192.0.2.1/ RTSP/1.0\r\n",
            b"SIP/2.0 200 OK\r\n",
            b"RTSP/1.0 200 OK\r\n",
            b"HTTP/2 200",
            b"HTTP/1.1 2x0",
            long.as_bytes(),
        ] {
            assert_eq!(speaks_http(bytes), Some(false), "{bytes:?}");
        }
        assert!(METHODS.is_sorted());
    }

    #[test]
    fn forgets_requests_beyond_its_limit() {
        let mut steps = vec![Asked("HEAD")];
        steps.extend(std::iter::repeat_n(Asked("GET"), 4096));
        steps.push(Bytes(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx"));
        assert_eq!(
            read(&steps),
            [
                "200 OK ! limit status line 0..0 \
                 answers an unknown request: more than 4096 were open, 1 forgotten",
                "body x",
                "end 1/1 Complete"
            ]
        );
    }
}
