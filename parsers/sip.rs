//! SIP heads, from a datagram or from the start of a stream's next message.
//!
//! RFC 3261 §7 (messages), §25 (grammar), §7.3.3 (compact header names). Bodies
//! are counted and passed over, but for the URL of a provisioning server (plug
//! and play, the phones' own dialect of RFC 6080). What single header fields say
//! stands in `fields.rs`; [`crate::http::masked`] takes the credentials out of a
//! field before it is shown.

mod fields;

pub use fields::parameter;

use crate::http::head::{
    self, Field, Grammar, decimal, is_name, is_token, split_at_blank, status_code, without_line_end,
};
use crate::{DecodeError, Decoded, Input, Issue, IssueKind, WireText};

/// The longest head that is read.
const MAX_HEAD_BYTES: usize = 64 * 1024;

/// Compact names, sorted, with the full ones and where they are defined.
const COMPACT_NAMES: &[(u8, &str, &str)] = &[
    (b'a', "Accept-Contact", "RFC 3841 §9.2"),
    (b'b', "Referred-By", "RFC 3892 §3"),
    (b'c', "Content-Type", "RFC 3261 §20.15"),
    (b'd', "Request-Disposition", "RFC 3841 §9.1"),
    (b'e', "Content-Encoding", "RFC 3261 §20.12"),
    (b'f', "From", "RFC 3261 §20.20"),
    (b'i', "Call-ID", "RFC 3261 §20.8"),
    (b'j', "Reject-Contact", "RFC 3841 §9.2"),
    (b'k', "Supported", "RFC 3261 §20.37"),
    (b'l', "Content-Length", "RFC 3261 §20.14"),
    (b'm', "Contact", "RFC 3261 §20.10"),
    (b'n', "Identity-Info", "RFC 4474 §9"),
    (b'o', "Event", "RFC 6665 §8.2.1"),
    (b'r', "Refer-To", "RFC 3515 §2.1"),
    (b's', "Subject", "RFC 3261 §20.36"),
    (b't', "To", "RFC 3261 §20.39"),
    (b'u', "Allow-Events", "RFC 6665 §8.2.2"),
    (b'v', "Via", "RFC 3261 §20.42"),
    (b'x', "Session-Expires", "RFC 4028 §4"),
    (b'y', "Identity", "RFC 8224 §4"),
];

/// One SIP message's start line and header fields.
///
/// ```text
/// METHOD SP request-URI SP SIP/2.0 CRLF     (or: SIP/2.0 SP status SP reason)
/// name: value CRLF                          (any number, may be folded)
/// CRLF
/// body                                      (Content-Length bytes)
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The first line.
    pub start: StartLine,
    /// Header fields in wire order; compact names are given in full (`v` is `Via`).
    pub headers: Vec<(WireText, WireText)>,
    /// Bytes of the body, by `Content-Length`, else what the datagram holds.
    pub body_length: usize,
    /// The URL of a provisioning server (plug and play): an `application/url` body,
    /// the text of a NOTIFY that begins with a URL, or the `URL` of a
    /// `message/external-body` (RFC 4483). Without the line ends behind it and as far
    /// as it was captured; else `None`.
    pub url: Option<WireText>,
}

/// The first line of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StartLine {
    /// `REGISTER sip:192.0.2.10 SIP/2.0`
    Request {
        /// `REGISTER`, `SUBSCRIBE` …
        method: WireText,
        /// Request URI.
        uri: WireText,
    },
    /// `SIP/2.0 200 OK`
    Response {
        /// Three digits.
        status: u16,
        /// The words behind it.
        reason: WireText,
    },
}

impl Message {
    /// The first header field of this name, in any case.
    pub fn header(&self, name: &str) -> Option<&WireText> {
        self.headers
            .iter()
            .find(|(key, _)| is_name(key, name))
            .map(|(_, value)| value)
    }

    /// The number and the method of `CSeq`; `None` when it is absent or is
    /// something else.
    pub fn cseq(&self) -> Option<(u32, WireText)> {
        let value = self.header("CSeq")?.as_bytes();
        let (number, method) = split_at_blank(value)?;
        let method = head::trimmed(method);
        let number = decimal(number).and_then(|number| u32::try_from(number).ok())?;
        is_token(method).then(|| (number, method.into()))
    }

    /// What ties the messages of one registration or call together.
    pub fn call_id(&self) -> Option<&WireText> {
        self.header("Call-ID")
    }

    /// For how many seconds a registration or subscription is meant to hold: the
    /// `expires` parameter of the first contact, else the `Expires` field (RFC
    /// 3261 §10.2.1.1). `None` when neither is a number.
    pub fn expires(&self) -> Option<u32> {
        let of_contact = self
            .header("Contact")
            .and_then(|contact| contact_expires(contact.as_bytes()));
        let expires = of_contact.or_else(|| decimal(self.header("Expires")?.as_bytes()))?;
        u32::try_from(expires).ok()
    }
}

/// Decodes the first message of `input`. Gives `None` when the head is not yet
/// whole, else the message and how many bytes it takes.
///
/// That may be more than `input` has: `Content-Length` tells where the next
/// message of a stream begins, and a stream may bring the rest of the body
/// later. In a datagram it means that the `Content-Length` is wrong.
pub fn decode(input: Input<'_>) -> Result<Option<(Decoded<Message>, usize)>, DecodeError> {
    // Keep-alives, and what is left of the message before (RFC 3261 §7.5).
    let is_line_end = |byte: &&u8| matches!(byte, b'\r' | b'\n');
    let offset = input.bytes.iter().take_while(is_line_end).count();
    let bytes = input.bytes.get(offset..).unwrap_or_default();
    let lines = Lines::of(bytes);
    let mut issues = Vec::new();
    let Some(first) = lines.first else {
        let is_text = |&byte: &u8| byte >= b' ' || matches!(byte, b'\t' | b'\r');
        if !bytes.iter().all(is_text) {
            return Err(no_start_line(bytes, offset));
        }
        return lines.not_whole(input, offset).map(|()| None);
    };
    let start =
        start_line(first, offset, &mut issues).ok_or_else(|| no_start_line(first, offset))?;
    if !lines.is_whole && (input.missing == 0 || lines.is_too_long) {
        return lines.not_whole(input, offset).map(|()| None);
    }
    let mut fields = head::fields(
        lines.fields,
        offset + first.len(),
        Grammar::Sip,
        &mut issues,
    );
    for field in &mut fields {
        expand(&mut field.name);
    }
    let announced_length = content_length(&fields, &mut issues);
    let head_end = offset + lines.n_bytes;
    let (body_length, url, end) = if lines.is_whole {
        let body = Input {
            bytes: input.bytes.get(head_end..).unwrap_or_default(),
            ..input
        };
        let body_length = body_length(body, head_end, announced_length, &mut issues);
        let url = url(&start, body, head_end, body_length, &fields, &mut issues);
        (body_length, url, head_end.saturating_add(body_length))
    } else {
        let span = head_end..input.bytes.len();
        let detail = "is not whole in the capture";
        issues.push(Issue::cut_short("head", span, detail));
        let end = input.bytes.len().saturating_add(input.missing);
        (announced_length.unwrap_or(0), None, end)
    };
    issues.sort_by_key(|issue| issue.span.start);
    let headers = fields.into_iter().map(|field| (field.name, field.value));
    let value = Message {
        start,
        headers: headers.collect(),
        body_length,
        url,
    };
    Ok(Some((Decoded { value, issues }, end)))
}

/// Whether bytes begin with a SIP start line: `METHOD uri SIP/2.0` or
/// `SIP/2.0 NNN`.
pub fn looks_like_sip(bytes: &[u8]) -> bool {
    let text = bytes.trim_ascii_start();
    let line = text.split(|&byte| byte == b'\n').next().unwrap_or_default();
    start_line(line, 0, &mut Vec::new()).is_some_and(|start| match start {
        StartLine::Request { uri, .. } => uri.as_bytes().contains(&b':'),
        StartLine::Response { .. } => true,
    })
}

/// The lines of a head, as far as they are whole.
struct Lines<'a> {
    /// The start line; `None` while it has no end.
    first: Option<&'a [u8]>,
    /// The lines behind it, without the empty one at the end.
    fields: &'a [u8],
    /// All of these, the empty line included.
    n_bytes: usize,
    /// Whether the empty line was there.
    is_whole: bool,
    /// Whether it cannot become whole within [`MAX_HEAD_BYTES`].
    is_too_long: bool,
}

impl<'a> Lines<'a> {
    fn of(bytes: &'a [u8]) -> Self {
        let most = bytes.get(..MAX_HEAD_BYTES).unwrap_or(bytes);
        let mut lines = Self {
            first: None,
            fields: b"",
            n_bytes: 0,
            is_whole: false,
            is_too_long: false,
        };
        for line in most.split_inclusive(|&byte| byte == b'\n') {
            if !line.ends_with(b"\n") {
                break;
            }
            let start = lines.n_bytes;
            lines.n_bytes += line.len();
            if without_line_end(line).is_empty() {
                lines.is_whole = true;
                break;
            }
            let first = *lines.first.get_or_insert(line);
            let behind = if start == 0 {
                lines.n_bytes
            } else {
                first.len()
            };
            lines.fields = bytes.get(behind..lines.n_bytes).unwrap_or_default();
        }
        lines.is_too_long = !lines.is_whole && bytes.len() >= MAX_HEAD_BYTES;
        lines
    }

    /// What to say of a head that cannot be read yet, or not at all.
    fn not_whole(&self, input: Input<'_>, offset: usize) -> Result<(), DecodeError> {
        let (kind, field, detail) = if self.is_too_long {
            let detail = format!("is longer than {MAX_HEAD_BYTES} bytes");
            (IssueKind::Limit, "head", detail)
        } else if input.missing > 0 {
            let detail = "is not whole in the capture".to_owned();
            (IssueKind::CutShort, "start line", detail)
        } else {
            return Ok(());
        };
        Err(DecodeError {
            kind,
            field: field.into(),
            offset_bytes: offset,
            detail,
        })
    }
}

/// Reads a request line or a status line (RFC 3261 §7.1 and §7.2).
fn start_line(line: &[u8], offset: usize, issues: &mut Vec<Issue>) -> Option<StartLine> {
    let text = without_line_end(line);
    let (first, rest) = split_at_blank(text)?;
    if is_version(first) {
        let (status, reason) = split_at_blank(rest).unwrap_or((rest, b""));
        return Some(StartLine::Response {
            status: status_code(status)?,
            reason: head::trimmed(reason).into(),
        });
    }
    let last_blank = rest.iter().rposition(|&byte| byte == b' ');
    let (uri, version) = rest.split_at_checked(last_blank?)?;
    if !is_token(first) || !is_version(head::trimmed(version)) {
        return None;
    }
    if uri.is_empty() || uri.contains(&b' ') {
        let start = offset + first.len() + 1;
        let span = start..start + uri.len();
        let detail = match uri {
            [] => "is missing",
            _ => "holds a blank",
        };
        issues.push(Issue::malformed("request URI", span, detail));
    }
    Some(StartLine::Request {
        method: first.into(),
        uri: uri.into(),
    })
}

/// The `expires` parameter of the first contact.
///
/// ```text
/// "name" <sip:user@host;parameters of the URI>;parameters of the contact, …
/// ```
fn contact_expires(contact: &[u8]) -> Option<u64> {
    let behind_uri = contact
        .iter()
        .position(|&byte| byte == b'>')
        .and_then(|end| contact.get(end + 1..))
        .unwrap_or(contact);
    let first = behind_uri.split(|&byte| byte == b',').next()?;
    first.split(|&byte| byte == b';').skip(1).find_map(|part| {
        let equals = part.iter().position(|&byte| byte == b'=')?;
        let (name, value) = part.split_at_checked(equals)?;
        let is_expires = head::trimmed(name).eq_ignore_ascii_case(b"expires");
        let value = head::trimmed(value.get(1..)?);
        is_expires.then(|| decimal(value)).flatten()
    })
}

fn no_start_line(line: &[u8], offset: usize) -> DecodeError {
    let most = line.get(..40).unwrap_or(line);
    let found = WireText::new(without_line_end(most));
    let detail = format!("is {found:?}, must be a request or a status line of SIP/2.0");
    DecodeError::malformed("start line", offset, detail)
}

fn is_version(text: &[u8]) -> bool {
    text.eq_ignore_ascii_case(b"SIP/2.0")
}

/// Replaces a compact name by the full one.
fn expand(name: &mut WireText) {
    let [letter] = *name.as_bytes() else {
        return;
    };
    let letter = letter.to_ascii_lowercase();
    let row = COMPACT_NAMES.iter().find(|(row, ..)| *row == letter);
    if let Some((_, full, _)) = row {
        *name = WireText::from(*full);
    }
}

/// What `Content-Length` says. Of several that differ the first one counts; what
/// is no number does not.
fn content_length(fields: &[Field], issues: &mut Vec<Issue>) -> Option<usize> {
    let mut length = None;
    for field in fields {
        if !is_name(&field.name, "Content-Length") {
            continue;
        }
        let number = decimal(field.value.as_bytes()).and_then(|n| usize::try_from(n).ok());
        let detail = match (number, length) {
            (Some(_), None) => {
                length = number;
                continue;
            }
            (Some(number), Some(first)) if number == first => continue,
            (Some(number), Some(first)) => format!("is {number} here and {first} before"),
            (None, _) => format!("is {:?}, must be a decimal number", field.value),
        };
        issues.push(Issue::malformed(
            "Content-Length",
            field.span.clone(),
            detail,
        ));
    }
    length
}

/// How many bytes the body has. Without a `Content-Length` it is all the rest.
fn body_length(
    body: Input<'_>,
    start: usize,
    announced_length: Option<usize>,
    issues: &mut Vec<Issue>,
) -> usize {
    let there = body.bytes.len().saturating_add(body.missing);
    let Some(length) = announced_length else {
        return there;
    };
    // Only of a datagram it is known that no more will come.
    if body.missing > 0 && length > there {
        let span = start..start.saturating_add(there);
        let detail = format!("is {there} bytes, Content-Length says {length}");
        issues.push(Issue::malformed("body", span, detail));
    }
    length
}

/// The URL of a provisioning server, which the body is or its type names.
fn url(
    start_line: &StartLine,
    body: Input<'_>,
    start: usize,
    length: usize,
    fields: &[Field],
    issues: &mut Vec<Issue>,
) -> Option<WireText> {
    let field = fields
        .iter()
        .find(|field| is_name(&field.name, "Content-Type"))?;
    let content_type = field.value.as_bytes();
    let media_type = content_type.split(|&byte| byte == b';').next()?;
    let is_type = |name: &str| head::trimmed(media_type).eq_ignore_ascii_case(name.as_bytes());
    if is_type("message/external-body") {
        return parameter(content_type, "URL");
    }
    let is_notify = matches!(start_line, StartLine::Request { method, .. }
        if method.as_bytes() == b"NOTIFY");
    let is_text = is_notify && is_type("text/plain");
    if !(is_text || is_type("application/url")) || length == 0 {
        return None;
    }
    let there = body.bytes.get(..length).unwrap_or(body.bytes);
    if is_text && !begins_like_url(there) {
        return None;
    }
    if there.len() < length && body.missing > 0 {
        let span = start..start + there.len();
        let detail = format!("lacks {} bytes in the capture", length - there.len());
        issues.push(Issue::cut_short("body", span, detail));
    }
    let is_url = |byte: &u8| !matches!(byte, b'\r' | b'\n');
    let end = there.iter().rposition(is_url).map_or(0, |last| last + 1);
    Some(there.get(..end).unwrap_or_default().into())
}

/// Whether a scheme stands here by which phones fetch.
fn begins_like_url(text: &[u8]) -> bool {
    [&b"http://"[..], b"https://", b"tftp://", b"ftp://"]
        .iter()
        .any(|scheme| {
            text.get(..scheme.len())
                .is_some_and(|begin| begin.eq_ignore_ascii_case(scheme))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The message, its issues and how many bytes it takes.
    type Read = (Message, Vec<Issue>, usize);

    fn read(input: Input<'_>) -> Read {
        let (decoded, length) = decode(input).unwrap().unwrap();
        (decoded.value, decoded.issues, length)
    }

    fn whole(bytes: &[u8]) -> Read {
        read(Input::whole(bytes))
    }

    fn headers(pairs: &[(&str, &str)]) -> Vec<(WireText, WireText)> {
        pairs
            .iter()
            .map(|&(name, value)| (name.into(), value.into()))
            .collect()
    }

    fn request(method: &str, uri: &str, pairs: &[(&str, &str)]) -> Message {
        Message {
            start: StartLine::Request {
                method: method.into(),
                uri: uri.into(),
            },
            headers: headers(pairs),
            body_length: 0,
            url: None,
        }
    }

    fn with(pairs: &[(&str, &str)]) -> Message {
        request("REGISTER", "sip:a", pairs)
    }

    // tshark:
    //     Request-Line: REGISTER sip:sip.cybercity.dk SIP/2.0
    //         Method: REGISTER
    //         Request-URI: sip:sip.cybercity.dk
    //     Message Header
    //         Via: SIP/2.0/UDP 192.168.1.2;branch=z9hG4bKnp151248737-46ea715e192.168.1.2;rport
    //         From: <sip:voi18063@sip.cybercity.dk>;tag=903df0a
    //         To: <sip:voi18063@sip.cybercity.dk>
    //         Call-ID: 578222729-4665d775@578222732-4665d772
    //         Contact:  <sip:voi18063@192.168.1.2:5060;line=9c7d2dbd8822013c>;expires=1200;q=0.500
    //             Contact parameter: expires=1200
    //         Expires: 1200
    //         CSeq: 68 REGISTER
    //             Sequence Number: 68
    //             Method: REGISTER
    //         Content-Length: 0
    //         Max-Forwards: 70
    //         User-Agent: Nero SIPPS IP Phone Version 2.0.51.16
    #[test]
    fn reads_a_request() {
        let bytes = b"REGISTER sip:sip.cybercity.dk SIP/2.0\r\n\
            Via: SIP/2.0/UDP 192.168.1.2;branch=z9hG4bKnp151248737-46ea715e192.168.1.2;rport\r\n\
            From: <sip:voi18063@sip.cybercity.dk>;tag=903df0a\r\n\
            To: <sip:voi18063@sip.cybercity.dk>\r\n\
            Call-ID: 578222729-4665d775@578222732-4665d772\r\n\
            Contact:  <sip:voi18063@192.168.1.2:5060;line=9c7d2dbd8822013c>;expires=1200;q=0.500\r\n\
            Expires: 1200\r\n\
            CSeq: 68 REGISTER\r\n\
            Content-Length: 0\r\n\
            Max-Forwards: 70\r\n\
            User-Agent: Nero SIPPS IP Phone Version 2.0.51.16\r\n\
            \r\n";
        let (message, issues, length) = whole(bytes);
        let expected = request(
            "REGISTER",
            "sip:sip.cybercity.dk",
            &[
                (
                    "Via",
                    "SIP/2.0/UDP 192.168.1.2;branch=z9hG4bKnp151248737-46ea715e192.168.1.2;rport",
                ),
                ("From", "<sip:voi18063@sip.cybercity.dk>;tag=903df0a"),
                ("To", "<sip:voi18063@sip.cybercity.dk>"),
                ("Call-ID", "578222729-4665d775@578222732-4665d772"),
                (
                    "Contact",
                    "<sip:voi18063@192.168.1.2:5060;line=9c7d2dbd8822013c>;expires=1200;q=0.500",
                ),
                ("Expires", "1200"),
                ("CSeq", "68 REGISTER"),
                ("Content-Length", "0"),
                ("Max-Forwards", "70"),
                ("User-Agent", "Nero SIPPS IP Phone Version 2.0.51.16"),
            ],
        );
        assert_eq!(message, expected);
        assert_eq!((issues, length), (vec![], bytes.len()));
        assert_eq!(message.cseq(), Some((68, "REGISTER".into())));
        let call_id = WireText::from("578222729-4665d775@578222732-4665d772");
        assert_eq!(message.call_id(), Some(&call_id));
        assert_eq!(message.expires(), Some(1200));
        assert!(looks_like_sip(bytes));
    }

    // tshark:
    //     Status-Line: SIP/2.0 403 Wrong password
    //         Status-Code: 403
    #[test]
    fn reads_a_response() {
        let bytes = b"SIP/2.0 403 Wrong password\r\nCSeq: 69 REGISTER\r\n\r\n";
        let (message, issues, length) = whole(bytes);
        let expected = Message {
            start: StartLine::Response {
                status: 403,
                reason: "Wrong password".into(),
            },
            headers: headers(&[("CSeq", "69 REGISTER")]),
            body_length: 0,
            url: None,
        };
        assert_eq!((message, issues, length), (expected, vec![], bytes.len()));
    }

    #[test]
    fn reads_folded_lines_compact_names_and_bare_line_feeds() {
        let bytes = b"sip/2.0 200\nv: 1\n  2\nI : x\nq: y\nl: 0\n\n";
        let (message, issues, length) = whole(bytes);
        let expected = Message {
            start: StartLine::Response {
                status: 200,
                reason: WireText::default(),
            },
            headers: headers(&[
                ("Via", "1 2"),
                ("Call-ID", "x"),
                ("q", "y"),
                ("Content-Length", "0"),
            ]),
            body_length: 0,
            url: None,
        };
        assert_eq!((message, issues, length), (expected, vec![], bytes.len()));
        assert!(COMPACT_NAMES.windows(2).all(|pair| pair[0].0 < pair[1].0));
    }

    #[test]
    fn keeps_duplicates_and_lines_without_colon() {
        let (message, issues, _) = whole(b"A sip:a SIP/2.0\r\nVia: 1\r\nno\r\nv: 2\r\n\r\n");
        let expected = request("A", "sip:a", &[("Via", "1"), ("no", ""), ("Via", "2")]);
        assert_eq!(message, expected);
        let no_colon = Issue::malformed("header field", 25..27, "has no colon");
        assert_eq!(issues, [no_colon]);
    }

    #[test]
    fn waits_for_the_rest_of_a_head() {
        let bytes = b"\r\n\r\nA sip:a SIP/2.0\r\nVia: 1\r\n\r\n";
        for length in 0..bytes.len() {
            let part = Input::whole(&bytes[..length]);
            assert_eq!(decode(part), Ok(None), "{length}");
        }
        let (message, issues, length) = whole(bytes);
        assert_eq!(message, request("A", "sip:a", &[("Via", "1")]));
        assert_eq!((issues, length), (vec![], bytes.len()));
    }

    #[test]
    fn keeps_what_was_captured_of_a_datagram() {
        let bytes = b"A sip:a SIP/2.0\r\nVia: 1\r\nl: 7\r\nCall-";
        let (message, issues, length) = read(Input::cut(bytes, 20));
        let mut expected = request("A", "sip:a", &[("Via", "1"), ("Content-Length", "7")]);
        expected.body_length = 7;
        assert_eq!(message, expected);
        let cut = Issue::cut_short("head", 31..36, "is not whole in the capture");
        assert_eq!((issues, length), (vec![cut], 56));
        // Without a length that is known the body counts as empty.
        let (message, ..) = read(Input::cut(&bytes[..20], 20));
        assert_eq!(message, request("A", "sip:a", &[]));
        for length in [0, 5, 16] {
            let error = DecodeError {
                kind: IssueKind::CutShort,
                field: "start line".into(),
                offset_bytes: 0,
                detail: "is not whole in the capture".into(),
            };
            assert_eq!(decode(Input::cut(&bytes[..length], 9)), Err(error));
        }
    }

    #[test]
    fn rejects_what_is_not_sip() {
        for (line, shown) in [
            (&b"HTTP/1.1 200 OK\r\n"[..], "HTTP/1.1 200 OK"),
            (b"GET / HTTP/1.1\n", "GET / HTTP/1.1"),
            (b"A\r\n", "A"),
            (b"A SIP/2.0\r\n", "A SIP/2.0"),
            (b"A(b sip:a SIP/2.0\r\n", "A(b sip:a SIP/2.0"),
            (b"SIP/2.0 20 OK\r\n", "SIP/2.0 20 OK"),
            (b"SIP/2.0 2x0 OK\r\n", "SIP/2.0 2x0 OK"),
            (b"SIP/3.0 200 OK\r\n", "SIP/3.0 200 OK"),
            (b"\0\0\0\0", "\\x00\\x00\\x00\\x00"),
        ] {
            let detail = format!("is \"{shown}\", must be a request or a status line of SIP/2.0");
            let error = DecodeError::malformed("start line", 0, detail);
            assert_eq!(decode(Input::whole(line)), Err(error));
        }
    }

    #[test]
    fn notes_odd_request_uris() {
        let (message, issues, _) = whole(b"A sip:a b SIP/2.0\r\n\r\n");
        assert_eq!(message, request("A", "sip:a b", &[]));
        let blank = Issue::malformed("request URI", 2..9, "holds a blank");
        assert_eq!(issues, [blank]);
        let (message, issues, _) = whole(b"A  SIP/2.0\r\n\r\n");
        assert_eq!(message, request("A", "", &[]));
        let missing = Issue::malformed("request URI", 2..2, "is missing");
        assert_eq!(issues, [missing]);
    }

    #[test]
    fn bounds_heads() {
        let error = DecodeError {
            kind: IssueKind::Limit,
            field: "head".into(),
            offset_bytes: 0,
            detail: "is longer than 65536 bytes".into(),
        };
        let head =
            |n_bytes: usize| format!("A sip:a SIP/2.0\r\nB: {}\r\n\r\n", "x".repeat(n_bytes));
        let longest = head(65_512);
        assert_eq!(longest.len(), 65_536);
        assert_eq!(whole(longest.as_bytes()).2, 65_536);
        let longer = head(65_513);
        let one_line = "x ".repeat(40_000);
        for bytes in [&longer, &one_line] {
            let whole = Input::whole(bytes.as_bytes());
            assert_eq!(decode(whole), Err(error.clone()));
            let cut = Input::cut(bytes.as_bytes(), 9);
            assert_eq!(decode(cut), Err(error.clone()));
        }
    }

    #[test]
    fn counts_bodies() {
        let bytes = b"A sip:a SIP/2.0\r\nContent-Length: 3\r\n\r\nabcB sip:b SIP/2.0";
        let (message, issues, length) = whole(bytes);
        assert_eq!((message.body_length, length, issues), (3, 41, vec![]));
        // More than there is: a stream may still bring it.
        let (message, issues, length) = whole(&bytes[..39]);
        assert_eq!((message.body_length, length, issues), (3, 41, vec![]));
        // In a datagram that was cut, the length is known.
        let (message, issues, length) = read(Input::cut(&bytes[..39], 2));
        assert_eq!((message.body_length, length, issues), (3, 41, vec![]));
        let (message, issues, length) = read(Input::cut(&bytes[..39], 1));
        let short = Issue::malformed("body", 38..40, "is 2 bytes, Content-Length says 3");
        assert_eq!((message.body_length, length, issues), (3, 41, vec![short]));
        // Without a length it is all the rest.
        let (message, _, length) = whole(b"A sip:a SIP/2.0\r\n\r\nabcd");
        assert_eq!((message.body_length, length), (4, 23));
        let (message, _, length) = read(Input::cut(b"A sip:a SIP/2.0\r\n\r\nabcd", 2));
        assert_eq!((message.body_length, length), (6, 25));
    }

    #[test]
    fn notes_odd_lengths() {
        let read = |lengths: &str| {
            let bytes = format!("A sip:a SIP/2.0\r\n{lengths}\r\nabc");
            let (message, issues, _) = whole(bytes.as_bytes());
            (message.body_length, issues)
        };
        assert_eq!(read("l: 2\r\nContent-Length: 2\r\n"), (2, vec![]));
        let differ = Issue::malformed("Content-Length", 23..27, "is 3 here and 2 before");
        assert_eq!(read("l: 2\r\nl: 3\r\n"), (2, vec![differ]));
        let text = Issue::malformed(
            "Content-Length",
            17..21,
            "is \"x\", must be a decimal number",
        );
        assert_eq!(read("l: x\r\n"), (3, vec![text]));
    }

    #[test]
    fn keeps_the_url_of_a_provisioning_server() {
        let head = "NOTIFY sip:a SIP/2.0\r\nContent-Type: Application/URL ; a=b\r\n";
        let url = |rest: &str, missing| {
            let bytes = format!("{head}{rest}");
            let (message, issues, _) = read(Input::cut(bytes.as_bytes(), missing));
            (message.url, issues)
        };
        let found = Some(WireText::from("http://192.0.2.1/{mac}"));
        let body = "\r\nhttp://192.0.2.1/{mac}\r\n\r\n";
        assert_eq!(url(body, 0), (found.clone(), vec![]));
        let body = "l: 22\r\n\r\nhttp://192.0.2.1/{mac}left over";
        assert_eq!(url(body, 0), (found, vec![]));
        let cut = Issue::cut_short("body", 61..68, "lacks 15 bytes in the capture");
        let part = Some(WireText::from("http://"));
        assert_eq!(url("\r\nhttp://", 15), (part, vec![cut]));
        assert_eq!(url("\r\n", 0), (None, vec![]));
        for (head, found) in [
            ("A sip:a SIP/2.0\r\nc: text/plain\r\n\r\nhttp://a", None),
            (
                "NOTIFY sip:a SIP/2.0\r\nc: text/plain\r\n\r\nHTTP://a\r\n",
                Some("HTTP://a"),
            ),
            ("NOTIFY sip:a SIP/2.0\r\nc: text/plain\r\n\r\nhello", None),
            (
                "NOTIFY sip:a SIP/2.0\r\nc: message/external-body;access-type=\"URL\";URL=\"http://a\"\r\n\r\n",
                Some("http://a"),
            ),
        ] {
            let message = whole(head.as_bytes()).0;
            assert_eq!(message.url, found.map(WireText::from), "{head}");
        }
    }

    #[test]
    fn reads_sequence_numbers() {
        for (value, expected) in [
            ("4294967295 REGISTER", Some((u32::MAX, "REGISTER".into()))),
            ("1  ACK", Some((1, "ACK".into()))),
            ("4294967296 REGISTER", None),
            ("x REGISTER", None),
            ("1", None),
            ("1 ", None),
        ] {
            assert_eq!(with(&[("CSeq", value)]).cseq(), expected, "{value}");
        }
        assert_eq!(with(&[]).cseq(), None);
        assert_eq!(with(&[]).call_id(), None);
    }

    #[test]
    fn reads_how_long_a_registration_holds() {
        for (contact, header, expected) in [
            (
                "<sip:a;expires=1>;q=1;Expires = 60 , <sip:b>;expires=2",
                "5",
                Some(60),
            ),
            ("\"a;expires=9\" <sip:a>;expires=60", "5", Some(60)),
            ("sip:a;expires=60", "5", Some(60)),
            ("<sip:a>, <sip:b>;expires=2", "5", Some(5)),
            ("<sip:a>;expires=soon", "5", Some(5)),
            ("*", "0", Some(0)),
            ("*", "soon", None),
            ("*", "4294967296", None),
        ] {
            let message = with(&[("Contact", contact), ("Expires", header)]);
            assert_eq!(message.expires(), expected, "{contact}");
        }
        assert_eq!(with(&[("Expires", "3600")]).expires(), Some(3600));
        assert_eq!(with(&[("Contact", "<sip:a>;expires=7")]).expires(), Some(7));
        assert_eq!(with(&[]).expires(), None);
    }

    #[test]
    fn tells_sip_by_its_first_line() {
        for bytes in [
            &b"OPTIONS sip:a SIP/2.0"[..],
            b"\r\nREGISTER sips:a@192.0.2.1 SIP/2.0\r\nVia:",
            b"SUBSCRIBE sip:MAC%3a0004132f5b2c@224.0.1.75 SIP/2.0\r\n",
            b"SIP/2.0 200",
            b"SIP/2.0 200 OK\r\n",
        ] {
            assert!(looks_like_sip(bytes), "{bytes:?}");
        }
        for bytes in [
            &b""[..],
            b"\r\n\r\n",
            b"OPTIONS sip:a SIP/2",
            b"OPTIONS a SIP/2.0\r\n",
            b"OPTIONS * RTSP/1.0\r\n",
            b"GET / HTTP/1.1\r\n",
            b"SIP/2.0 20",
            b"HTTP/1.1 200 OK\r\n",
        ] {
            assert!(!looks_like_sip(bytes), "{bytes:?}");
        }
    }
}
