//! MGCP: the first line and the parameters of commands and responses.
//!
//! RFC 3435 §3.2 (commands), §3.3 (responses), §3.5.5 (several messages in one
//! datagram), Appendix A (grammar). What parameters mean and the session
//! descriptions behind them are left out: a boot shows that a phone speaks MGCP,
//! and with whom.

use crate::http::head::{is_token, split_at_blank, trimmed, without_line_end};
use crate::{Decoded, Input, Issue, Outcome, WireText};

/// The most parameter lines that are kept of one message.
const MAX_PARAMETERS: usize = 64;

/// One command or response.
///
/// ```text
/// RSIP 1200 aaln/1@192.0.2.51 MGCP 1.0 CRLF      (or: 200 1200 OK CRLF)
/// name: value CRLF                               (any number)
/// [CRLF session description]
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The first line.
    pub start: StartLine,
    /// Parameters in wire order, as `RM` and `restart`.
    pub parameters: Vec<(WireText, WireText)>,
}

/// The first line of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StartLine {
    /// `RSIP 1200 aaln/1@192.0.2.51 MGCP 1.0`
    Command {
        /// `RSIP`, `AUEP`, `CRCX` …
        verb: WireText,
        /// From 1 to 999999999.
        transaction: u32,
        /// `local-name@domain`
        endpoint: WireText,
        /// What stands behind `MGCP`: `1.0`, and a profile's name if there is one.
        version: WireText,
    },
    /// `200 1200 OK`
    Response {
        /// Three digits.
        code: u16,
        /// That of the command.
        transaction: u32,
        /// The words behind it; empty when there are none.
        comment: WireText,
    },
}

/// Decodes the first message of a datagram; [`parts`] finds the others.
pub fn decode(input: Input<'_>) -> Outcome<Message> {
    let mut lines = input.bytes.split_inclusive(|&byte| byte == b'\n');
    let line = lines.next().unwrap_or_default();
    let start = start_line(without_line_end(line)).ok_or_else(|| {
        let most = line.get(..40).unwrap_or(line);
        let found = WireText::new(without_line_end(most));
        let detail = format!("is {found:?}, must be a command or a response of MGCP 1.0");
        crate::DecodeError {
            kind: input.short_kind(),
            field: "first line".into(),
            offset_bytes: 0,
            detail,
        }
    })?;
    let mut issues = Vec::new();
    let mut parameters = Vec::new();
    let mut offset = line.len();
    for line in lines {
        let text = without_line_end(line);
        // Behind an empty line stands a session description.
        if text.is_empty() {
            break;
        }
        let span = offset..offset + text.len();
        offset += line.len();
        let Some(colon) = text.iter().position(|&byte| byte == b':') else {
            issues.push(if line.ends_with(b"\n") || input.missing == 0 {
                Issue::malformed("parameter", span, "has no colon")
            } else {
                Issue::cut_short("parameter", span, "is not whole in the capture")
            });
            continue;
        };
        if parameters.len() < MAX_PARAMETERS {
            let (name, value) = text.split_at(colon);
            let value = value.get(1..).unwrap_or_default();
            parameters.push((trimmed(name).into(), trimmed(value).into()));
        }
    }
    let value = Message { start, parameters };
    Ok(Decoded { value, issues })
}

/// The messages of a datagram: several are parted by lines with one dot (RFC 3435
/// §3.5.5).
pub fn parts(datagram: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = datagram;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let mut end = 0;
        for line in rest.split_inclusive(|&byte| byte == b'\n') {
            if without_line_end(line) == b"." {
                let part = rest.get(..end)?;
                rest = rest.get(end + line.len()..)?;
                return Some(part);
            }
            end += line.len();
        }
        Some(std::mem::take(&mut rest))
    })
    .filter(|part| !part.is_empty())
}

/// Whether a command or a response begins here.
pub fn looks_like_mgcp(bytes: &[u8]) -> bool {
    let line = bytes.split(|&byte| byte == b'\n').next();
    start_line(without_line_end(line.unwrap_or_default())).is_some()
}

fn start_line(line: &[u8]) -> Option<StartLine> {
    let (first, rest) = split_at_blank(line)?;
    let (transaction, rest) = split_at_blank(rest).unwrap_or((rest, b""));
    let transaction = number(transaction)?;
    if first.len() == 3 && first.iter().all(u8::is_ascii_digit) {
        let code = u16::try_from(number(first)?).ok()?;
        let comment = trimmed(rest).into();
        return Some(StartLine::Response {
            code,
            transaction,
            comment,
        });
    }
    let (endpoint, rest) = split_at_blank(rest)?;
    let (protocol, version) = split_at_blank(trimmed(rest))?;
    let is_command = first.len() == 4
        && is_token(first)
        && endpoint.contains(&b'@')
        && protocol.eq_ignore_ascii_case(b"MGCP");
    is_command.then(|| StartLine::Command {
        verb: WireText(first.to_ascii_uppercase()),
        transaction,
        endpoint: endpoint.into(),
        version: trimmed(version).into(),
    })
}

/// One to nine digits, as transaction identifiers have.
fn number(digits: &[u8]) -> Option<u32> {
    if digits.is_empty() || digits.len() > 9 || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    str::from_utf8(digits).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{DecodeError, IssueKind};

    fn read(input: Input<'_>) -> (Message, Vec<Issue>) {
        let decoded = decode(input).unwrap();
        (decoded.value, decoded.issues)
    }

    // tshark:
    //     RSIP 1200 aaln/1@192.0.2.51 MGCP 1.0 NCS 1.0
    //         Verb: RSIP
    //         Transaction ID: 1200
    //         Endpoint: aaln/1@192.0.2.51
    //         Version: MGCP 1.0 NCS 1.0
    //     Parameters
    //         RestartMethod (RM): restart
    #[test]
    fn reads_a_command() {
        let (message, issues) = read(Input::whole(
            b"rsip 1200 aaln/1@192.0.2.51 MGCP 1.0 NCS 1.0\r\nRM: restart\r\n",
        ));
        let expected = Message {
            start: StartLine::Command {
                verb: "RSIP".into(),
                transaction: 1200,
                endpoint: "aaln/1@192.0.2.51".into(),
                version: "1.0 NCS 1.0".into(),
            },
            parameters: vec![("RM".into(), "restart".into())],
        };
        assert_eq!((message, issues), (expected, vec![]));
    }

    // tshark:
    //     200 1200 OK
    //         Response Code: The requested transaction was executed normally. (200)
    //         Transaction ID: 1200
    //         Response String: OK
    #[test]
    fn reads_a_response_and_leaves_the_session_description() {
        let response = |comment: &str| StartLine::Response {
            code: 200,
            transaction: 1200,
            comment: comment.into(),
        };
        let bytes = b"200 1200 OK\nI: 1\n\nv=0\r\nc=IN IP4 192.0.2.51\n";
        let (message, issues) = read(Input::whole(bytes));
        let expected = Message {
            start: response("OK"),
            parameters: vec![("I".into(), "1".into())],
        };
        assert_eq!((message, issues), (expected, vec![]));
        let (message, _) = read(Input::whole(b"200 1200"));
        assert_eq!(message.start, response(""));
    }

    #[test]
    fn notes_lines_without_colon() {
        let bytes = b"200 1\r\nRM restart\r\nX: 1\r\nno";
        let (message, issues) = read(Input::whole(bytes));
        let no_colon = |span| Issue::malformed("parameter", span, "has no colon");
        assert_eq!(issues, [no_colon(7..17), no_colon(25..27)]);
        assert_eq!(message.parameters, [("X".into(), "1".into())]);
        let (_, issues) = read(Input::cut(bytes, 5));
        let cut = Issue::cut_short("parameter", 25..27, "is not whole in the capture");
        assert_eq!(issues[1], cut);
    }

    #[test]
    fn bounds_parameters() {
        let bytes = [b"200 1\n".as_slice(), &b"A: b\n".repeat(65)].concat();
        assert_eq!(read(Input::whole(&bytes)).0.parameters.len(), 64);
    }

    #[test]
    fn rejects_what_is_not_mgcp() {
        for line in [
            &b""[..],
            b"RSIP 1200",
            b"RSIP 1200 aaln/1 MGCP 1.0",
            b"RSIP 1200 aaln/1@a SIP 1.0",
            b"RSIPX 1200 aaln/1@a MGCP 1.0",
            b"RSIP 1234567890 aaln/1@a MGCP 1.0",
            b"RSIP x aaln/1@a MGCP 1.0",
            b"2000 1 OK",
            b"200 OK",
            b"OPTIONS sip:a SIP/2.0",
        ] {
            assert!(!looks_like_mgcp(line), "{line:?}");
            let error = decode(Input::whole(line)).unwrap_err();
            assert_eq!(error.kind, IssueKind::Malformed);
        }
        let error = decode(Input::cut(b"RSIP 12", 30)).unwrap_err();
        let expected = DecodeError {
            kind: IssueKind::CutShort,
            field: "first line".into(),
            offset_bytes: 0,
            detail: "is \"RSIP 12\", must be a command or a response of MGCP 1.0".into(),
        };
        assert_eq!(error, expected);
    }

    #[test]
    fn parts_a_datagram() {
        let all = |bytes| parts(bytes).collect::<Vec<_>>();
        assert_eq!(
            all(b"200 1 OK\r\n.\r\nDLCX 2 a@b MGCP 1.0\n"),
            [&b"200 1 OK\r\n"[..], b"DLCX 2 a@b MGCP 1.0\n"]
        );
        assert_eq!(all(b"200 1"), [&b"200 1"[..]]);
        assert_eq!(all(b".\n.\n200 1\n.\n"), [&b"200 1\n"[..]]);
        assert_eq!(all(b""), [&b""[..]; 0]);
    }
}
