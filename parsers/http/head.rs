//! The head of an HTTP/1.x message: start line and header fields.
//!
//! RFC 9112 §2 to §5. SIP heads (RFC 3261 §7) are built alike, so their fields
//! are cut here as well. What a field's value means is left to others, but for
//! the lengths that frame a body.

use std::ops::Range;

use super::unanswered::Answered;
use super::{Head, StartLine};
use crate::{Issue, IssueKind, WireText};

/// A header field and where it lies in the message.
#[derive(Debug)]
pub(crate) struct Field {
    /// What stands before the colon; the whole line when there is no colon.
    pub(crate) name: WireText,
    /// What stands behind it, blanks around it removed, folded lines joined.
    pub(crate) value: WireText,
    /// From the first byte of the name to the last of the value.
    pub(crate) span: Range<usize>,
}

/// Whose rules the fields have to keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Grammar {
    /// RFC 9112 §5: no blank before the colon, and folding is obsolete.
    Http,
    /// RFC 3261 §7.3.1: both are allowed.
    Sip,
}

/// A head and what was odd about it.
#[derive(Debug)]
pub(super) struct Parsed {
    pub(super) start: StartLine,
    pub(super) fields: Vec<Field>,
    pub(super) issues: Vec<Issue>,
}

impl Parsed {
    /// The elements of all fields of this name, split at commas.
    pub(super) fn elements(&self, name: &str) -> impl Iterator<Item = (&[u8], Range<usize>)> {
        self.fields
            .iter()
            .filter(move |field| is_name(&field.name, name))
            .flat_map(|field| {
                let elements = field.value.as_bytes().split(|&byte| byte == b',');
                elements.map(|element| (trimmed(element), field.span.clone()))
            })
    }

    /// Whether no HTTP follows: the answer to a `CONNECT`, or an upgrade to
    /// another protocol.
    pub(super) fn begins_tunnel(&self, answered: Answered) -> bool {
        match self.start {
            StartLine::Request { .. } => false,
            StartLine::Response { status: 101, .. } => true,
            StartLine::Response { status, .. } => {
                answered == Answered::Connect && matches!(status, 200..=299)
            }
        }
    }

    /// The head as callers see it.
    pub(super) fn into_head(self) -> (Head, Vec<Issue>) {
        let headers = self
            .fields
            .into_iter()
            .map(|field| (field.name, field.value))
            .collect();
        let head = Head {
            start: self.start,
            headers,
        };
        let mut issues = self.issues;
        issues.sort_by_key(|issue| issue.span.start);
        (head, issues)
    }
}

/// Reads whole lines, without the empty one that ends a head. `None` when the
/// first is no start line of HTTP/1.x.
pub(super) fn parse(lines: &[u8]) -> Option<Parsed> {
    let first = lines.split_inclusive(|&byte| byte == b'\n').next()?;
    let mut issues = Vec::new();
    let start = start_line(first, &mut issues)?;
    let block = lines.get(first.len()..).unwrap_or_default();
    let fields = fields(block, first.len(), Grammar::Http, &mut issues);
    let bare = lines
        .split_inclusive(|&byte| byte == b'\n')
        .any(|line| !line.ends_with(b"\r\n"));
    if bare {
        issues.push(Issue {
            kind: IssueKind::Unusual,
            field: "line end".into(),
            span: 0..lines.len(),
            detail: "is LF without CR".into(),
        });
    }
    Some(Parsed {
        start,
        fields,
        issues,
    })
}

/// Reads a request line or a status line (RFC 9112 §3 and §4).
///
/// ```text
/// method SP target SP HTTP/1.x CRLF
/// HTTP/1.x SP status SP reason CRLF
/// ```
pub(super) fn start_line(line: &[u8], issues: &mut Vec<Issue>) -> Option<StartLine> {
    let text = without_line_end(line);
    let (first, rest) = split_at_blank(text)?;
    if is_version(first) {
        let rest = rest.trim_ascii_start();
        let (status, reason) = split_at_blank(rest).unwrap_or((rest, b""));
        return Some(StartLine::Response {
            version: first.into(),
            status: status_code(status)?,
            reason: trimmed(reason).into(),
        });
    }
    let last_blank = rest.iter().rposition(|&byte| byte == b' ');
    let version = rest.get(last_blank.map_or(0, |at| at + 1)..)?;
    if !is_token(first) || !is_version(version) {
        return None;
    }
    let target = rest.get(..last_blank.unwrap_or(0)).unwrap_or_default();
    let start = first.len() + 1;
    let span = start..start + target.len();
    if target.is_empty() {
        issues.push(Issue::malformed("request target", span, "is missing"));
    } else if target.contains(&b' ') {
        // A file name copied out of a list together with the blank behind it.
        issues.push(Issue::malformed("request target", span, "holds a blank"));
    }
    Some(StartLine::Request {
        method: first.into(),
        target: target.into(),
        version: version.into(),
    })
}

/// Cuts header fields out of whole lines that start at `offset_bytes` of the
/// message.
pub(crate) fn fields(
    block: &[u8],
    offset_bytes: usize,
    grammar: Grammar,
    issues: &mut Vec<Issue>,
) -> Vec<Field> {
    let mut fields: Vec<Field> = Vec::new();
    let mut start = offset_bytes;
    for line in block.split_inclusive(|&byte| byte == b'\n') {
        let text = without_line_end(line);
        let span = start..start + text.len();
        start += line.len();
        if text.starts_with(b" ") || text.starts_with(b"\t") {
            if grammar == Grammar::Http {
                let detail = "is folded over lines, which is obsolete";
                issues.push(Issue {
                    kind: IssueKind::Unusual,
                    field: "header field".into(),
                    span: span.clone(),
                    detail: detail.into(),
                });
            }
            if let Some(field) = fields.last_mut() {
                unfold(field, trimmed(text), span.end);
                continue;
            }
        }
        fields.push(field(text, span, grammar, issues));
    }
    fields
}

/// Joins a folded line to its field by one blank.
fn unfold(field: &mut Field, more: &[u8], end: usize) {
    if !field.value.is_empty() && !more.is_empty() {
        field.value.0.push(b' ');
    }
    field.value.0.extend_from_slice(more);
    field.span.end = end;
}

fn field(text: &[u8], span: Range<usize>, grammar: Grammar, issues: &mut Vec<Issue>) -> Field {
    let Some(colon) = text.iter().position(|&byte| byte == b':') else {
        issues.push(Issue::malformed(
            "header field",
            span.clone(),
            "has no colon",
        ));
        return Field {
            name: text.into(),
            value: WireText::default(),
            span,
        };
    };
    let (name, value) = text.split_at_checked(colon).unwrap_or((text, b""));
    let value = value.strip_prefix(b":").unwrap_or(value);
    let kept = trimmed(name);
    let blank_allowed = grammar == Grammar::Sip;
    if kept.is_empty() {
        let detail = "has no name before its colon";
        issues.push(Issue::malformed("header field", span.clone(), detail));
    } else if kept.len() != name.len() && !blank_allowed {
        let field = format!("header field {}", WireText::new(kept));
        let detail = "has a blank beside its name";
        issues.push(Issue::malformed(field, span.clone(), detail));
    }
    Field {
        name: kept.into(),
        value: trimmed(value).into(),
        span,
    }
}

/// Whether a field's name is this one, in any case.
pub(crate) fn is_name(field: &WireText, name: &str) -> bool {
    field.as_bytes().eq_ignore_ascii_case(name.as_bytes())
}

/// A line without its LF and the CRs before it.
pub(crate) fn without_line_end(line: &[u8]) -> &[u8] {
    let mut text = line.strip_suffix(b"\n").unwrap_or(line);
    while let Some(shorter) = text.strip_suffix(b"\r") {
        text = shorter;
    }
    text
}

/// What stands before and behind the first blank; `None` without one.
pub(crate) fn split_at_blank(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let blank = text.iter().position(|&byte| byte == b' ')?;
    let (before, rest) = text.split_at_checked(blank)?;
    Some((before, rest.get(1..)?))
}

/// Three digits.
pub(crate) fn status_code(text: &[u8]) -> Option<u16> {
    if text.len() != 3 {
        return None;
    }
    decimal(text).and_then(|number| u16::try_from(number).ok())
}

/// Digits and nothing else: no sign, no blank.
pub(crate) fn decimal(text: &[u8]) -> Option<u64> {
    if !text.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// Whether it is a method's or a field's name (`token`, RFC 9110 §5.6.2).
pub(crate) fn is_token(text: &[u8]) -> bool {
    !text.is_empty() && text.iter().all(|&byte| is_token_byte(byte))
}

pub(super) fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// Without blanks and tabs on both sides.
pub(crate) fn trimmed(text: &[u8]) -> &[u8] {
    let is_text = |byte: &u8| !matches!(byte, b' ' | b'\t');
    let start = text.iter().position(is_text).unwrap_or(text.len());
    let end = text
        .iter()
        .rposition(is_text)
        .map_or(start, |last| last + 1);
    text.get(start..end).unwrap_or_default()
}

fn is_version(text: &[u8]) -> bool {
    matches!(text, [b'H', b'T', b'T', b'P', b'/', b'1', b'.', minor] if minor.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(lines: &[u8], grammar: Grammar) -> (Vec<(WireText, WireText)>, Vec<Issue>) {
        let mut issues = Vec::new();
        let fields = fields(lines, 100, grammar, &mut issues);
        let headers = fields.into_iter().map(|field| (field.name, field.value));
        (headers.collect(), issues)
    }

    fn start(line: &[u8]) -> (Option<StartLine>, Vec<Issue>) {
        let mut issues = Vec::new();
        (start_line(line, &mut issues), issues)
    }

    fn request(method: &str, target: &str, version: &str) -> StartLine {
        StartLine::Request {
            method: method.into(),
            target: target.into(),
            version: version.into(),
        }
    }

    fn response(version: &str, status: u16, reason: &str) -> StartLine {
        StartLine::Response {
            version: version.into(),
            status,
            reason: reason.into(),
        }
    }

    #[test]
    fn reads_start_lines() {
        for (line, expected) in [
            (
                &b"GET /a HTTP/1.1\r\n"[..],
                request("GET", "/a", "HTTP/1.1"),
            ),
            (
                b"M-SEARCH * HTTP/1.0\n",
                request("M-SEARCH", "*", "HTTP/1.0"),
            ),
            (b"HTTP/1.1 200 OK\r\n", response("HTTP/1.1", 200, "OK")),
            (
                b"HTTP/1.0 404 Not Found\n",
                response("HTTP/1.0", 404, "Not Found"),
            ),
            (b"HTTP/1.1 304\r\n", response("HTTP/1.1", 304, "")),
            (b"HTTP/1.1  200  OK \r\n", response("HTTP/1.1", 200, "OK")),
        ] {
            assert_eq!(start(line), (Some(expected), vec![]), "{line:?}");
        }
    }

    #[test]
    fn rejects_other_start_lines() {
        for line in [
            &b"\r\n"[..],
            b"GET\r\n",
            b"GET /a\r\n",
            b"GET /a HTTP/2.0\r\n",
            b"GET /a HTTP/1.x\r\n",
            b"G(T /a HTTP/1.1\r\n",
            b" /a HTTP/1.1\r\n",
            b"OPTIONS sip:a@192.0.2.1 SIP/2.0\r\n",
            b"HTTP/1.1\r\n",
            b"HTTP/1.1 20 OK\r\n",
            b"HTTP/1.1 2000 OK\r\n",
            b"HTTP/1.1 2x0 OK\r\n",
            b"RTSP/1.0 200 OK\r\n",
        ] {
            assert_eq!(start(line), (None, vec![]), "{line:?}");
        }
    }

    #[test]
    fn keeps_blanks_in_a_target() {
        let (line, issues) = start(b"GET /dsp 1.sbn  HTTP/1.1\r\n");
        assert_eq!(line, Some(request("GET", "/dsp 1.sbn ", "HTTP/1.1")));
        let blank = Issue::malformed("request target", 4..15, "holds a blank");
        assert_eq!(issues, [blank]);
    }

    #[test]
    fn notes_a_missing_target() {
        for line in [&b"GET HTTP/1.1\r\n"[..], b"GET  HTTP/1.1\r\n"] {
            let (line, issues) = start(line);
            assert_eq!(line, Some(request("GET", "", "HTTP/1.1")));
            let missing = Issue::malformed("request target", 4..4, "is missing");
            assert_eq!(issues, [missing]);
        }
    }

    #[test]
    fn trims_values_and_keeps_duplicates() {
        let (headers, issues) = headers(b"A: \t1 \r\nB:\r\nA:2: 3\n", Grammar::Http);
        let expected = [("A", "1"), ("B", ""), ("A", "2: 3")];
        assert_eq!(
            headers,
            expected.map(|(name, value)| (name.into(), value.into()))
        );
        assert_eq!(issues, []);
    }

    #[test]
    fn joins_folded_lines() {
        let lines = b"A: 1\r\n 2\r\n\t \r\nB:\r\n  3 \r\n";
        let expected = [("A", "1 2"), ("B", "3")].map(|(name, value)| (name.into(), value.into()));
        let (http, issues) = headers(lines, Grammar::Http);
        assert_eq!(http, expected);
        let spans: Vec<_> = issues.iter().map(|issue| issue.span.clone()).collect();
        assert_eq!(spans, [106..108, 110..112, 118..122]);
        assert_eq!(
            issues.first().unwrap(),
            &Issue {
                kind: IssueKind::Unusual,
                field: "header field".into(),
                span: 106..108,
                detail: "is folded over lines, which is obsolete".into(),
            }
        );
        assert_eq!(headers(lines, Grammar::Sip), (expected.into(), vec![]));
    }

    #[test]
    fn keeps_a_folded_line_that_has_nothing_to_join() {
        let (headers, issues) = headers(b" A: 1\r\n", Grammar::Sip);
        assert_eq!(headers, [("A".into(), "1".into())]);
        assert_eq!(issues, []);
    }

    #[test]
    fn keeps_lines_without_colon() {
        let (headers, issues) = headers(b"nonsense\r\nA: 1\r\n", Grammar::Http);
        let expected = [("nonsense".into(), "".into()), ("A".into(), "1".into())];
        assert_eq!(headers, expected);
        let no_colon = Issue::malformed("header field", 100..108, "has no colon");
        assert_eq!(issues, [no_colon]);
    }

    #[test]
    fn notes_odd_names() {
        let (kept, issues) = headers(b"Host : a\r\n: b\r\n", Grammar::Http);
        assert_eq!(kept, [("Host".into(), "a".into()), ("".into(), "b".into())]);
        let blank = Issue::malformed("header field Host", 100..108, "has a blank beside its name");
        let empty = Issue::malformed("header field", 110..113, "has no name before its colon");
        assert_eq!(issues, [blank, empty]);
        assert_eq!(headers(b"Via : a\r\n", Grammar::Sip).1, []);
    }

    #[test]
    fn notes_bare_line_feeds_once() {
        let parsed = parse(b"GET / HTTP/1.1\nHost: a\nA: b\r\n").unwrap();
        let bare = Issue {
            kind: IssueKind::Unusual,
            field: "line end".into(),
            span: 0..29,
            detail: "is LF without CR".into(),
        };
        assert_eq!(parsed.issues, [bare]);
        assert_eq!(parse(b"GET / HTTP/1.1\r\nA: b\r\n").unwrap().issues, []);
        assert!(parse(b"").is_none());
    }

    #[test]
    fn splits_lists_over_all_fields() {
        let parsed = parse(b"GET / HTTP/1.1\r\nA: 1, 2\r\nB: 3\r\na:\r\n").unwrap();
        let elements: Vec<_> = parsed.elements("A").collect();
        assert_eq!(
            elements,
            [(&b"1"[..], 16..23), (b"2", 16..23), (b"", 31..33)]
        );
    }
}
