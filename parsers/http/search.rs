//! The search for the next message behind bytes that the capture lost.

use super::head::is_token_byte;
use super::{MAX_REQUEST_LINE_BYTES, METHODS};

/// How a status line begins; `#` stands for a digit.
const RESPONSE: &[u8] = b"HTTP/1.# ###";

/// How a request line ends, but for the last digit.
const REQUEST_END: &[u8] = b" HTTP/1.";

/// Looks for what begins like a status line or a request line with a known
/// method. It takes time linear in the bytes passed over, and keeps at most one
/// request line.
#[derive(Debug, Default)]
pub(super) struct Search {
    /// What may be the beginning of a message.
    candidate: Vec<u8>,
    /// Whether that is a method and the first byte of a target.
    is_request: bool,
    /// The last byte that was passed over; `None` right behind the gap.
    before: Option<u8>,
}

impl Search {
    /// Takes bytes until a message begins. Gives the bytes that are left, and
    /// the message's first bytes when it was found.
    pub(super) fn push<'b>(&mut self, input: &'b [u8]) -> (&'b [u8], Option<Vec<u8>>) {
        for (index, &byte) in input.iter().enumerate() {
            self.candidate.push(byte);
            if self.is_found() {
                let rest = input.get(index + 1..).unwrap_or_default();
                return (rest, Some(std::mem::take(&mut self.candidate)));
            }
        }
        (b"", None)
    }

    /// Whether the candidate is a message's beginning, after one more byte of
    /// it. What cannot become one is dropped.
    fn is_found(&mut self) -> bool {
        if self.is_request {
            if self.candidate.ends_with(REQUEST_END) {
                return true;
            }
            let last = self.candidate.last().copied();
            let is_text = last.is_some_and(|byte| byte >= b' ');
            if !is_text || self.candidate.len() >= MAX_REQUEST_LINE_BYTES {
                self.candidate.clear();
                self.is_request = false;
                self.before = last;
            }
            return false;
        }
        while !self.candidate.is_empty() {
            let request = match self.before {
                Some(before) if is_token_byte(before) => Some(false),
                _ => begins_request(&self.candidate),
            };
            match (begins_response(&self.candidate), request) {
                (Some(true), _) => return true,
                (_, Some(true)) => {
                    self.is_request = true;
                    return false;
                }
                (None, _) | (_, None) => return false,
                (Some(false), Some(false)) => self.before = Some(self.candidate.remove(0)),
            }
        }
        false
    }
}

/// Whether bytes are the beginning of a status line; `None` while too few.
pub(super) fn begins_response(bytes: &[u8]) -> Option<bool> {
    let fits = RESPONSE
        .iter()
        .zip(bytes)
        .all(|(&wanted, &byte)| match wanted {
            b'#' => byte.is_ascii_digit(),
            _ => byte == wanted,
        });
    match fits {
        true if bytes.len() < RESPONSE.len() => None,
        fits => Some(fits),
    }
}

/// Whether bytes are a known method and the first byte of a target; `None`
/// while too few.
fn begins_request(bytes: &[u8]) -> Option<bool> {
    let mut may_follow = false;
    for method in METHODS {
        let Some(rest) = bytes.strip_prefix(method.as_bytes()) else {
            may_follow |= method.as_bytes().starts_with(bytes);
            continue;
        };
        match rest {
            [b' ', target, ..] => {
                let is_authority = *method == "CONNECT" && target.is_ascii_alphanumeric();
                return Some(is_authority || matches!(target, b'/' | b'*' | b'h' | b'['));
            }
            [] | [b' '] => may_follow = true,
            [..] => {}
        }
    }
    if may_follow { None } else { Some(false) }
}
