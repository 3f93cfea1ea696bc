//! Credentials in header fields and URLs, taken out before anyone sees them.
//!
//! RFC 9110 §11 (authentication), RFC 6265 (cookies), RFC 3986 §3.2.1 (user
//! information).

use super::head::{is_name, split_at_blank};
use crate::WireText;

/// How far into a URL its user and password are looked for.
const MAX_URL_BYTES: usize = 2 * 1024;

/// What stands in place of a secret.
const MASK: &[u8] = b"***";

/// Header fields whose value is a secret behind the name of its scheme.
const CREDENTIALS: &[&str] = &["Authorization", "Proxy-Authorization"];

/// Header fields whose whole value is a secret.
const COOKIES: &[&str] = &["Cookie", "Set-Cookie"];

/// Words that mark a header field or a parameter as secret.
const SECRET_WORDS: &[&str] = &["credential", "key", "pass", "pwd", "secret", "token"];

/// A word that holds one of those and is none.
const OPEN_WORD: &[u8] = b"keyword";

/// Header fields with such a word and no secret: whether a browser may send
/// credentials (Fetch standard), and the nonce of an upgrade (RFC 6455 §11.3.1).
const OPEN_HEADERS: &[&str] = &["Access-Control-Allow-Credentials", "Sec-WebSocket-Key"];

/// What [`super::masked`] gives.
pub(super) fn header_value(name: &WireText, value: &WireText) -> WireText {
    let is_one_of = |names: &[&str]| names.iter().any(|known| is_name(name, known));
    if value.is_empty() {
        return WireText::default();
    }
    if is_one_of(CREDENTIALS) {
        return match split_at_blank(value.as_bytes()) {
            Some((scheme, _)) => WireText([scheme, b" ", MASK].concat()),
            None => WireText::new(MASK),
        };
    }
    if is_one_of(COOKIES) || (is_secret(name.as_bytes()) && !is_one_of(OPEN_HEADERS)) {
        return WireText::new(MASK);
    }
    urls(value)
}

/// What [`super::masked_target`] gives.
pub(super) fn urls(target: &WireText) -> WireText {
    let text = masked_users(target.as_bytes());
    WireText(masked_parameters(&text))
}

fn masked_users(text: &[u8]) -> Vec<u8> {
    let mut shown = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.windows(3).position(|window| window == b"://") {
        let (scheme, behind) = rest.split_at_checked(at + 3).unwrap_or((rest, b""));
        shown.extend_from_slice(scheme);
        rest = behind;
        if let Some(length) = user_length(behind) {
            shown.extend_from_slice(MASK);
            rest = behind.get(length..).unwrap_or_default();
        }
    }
    shown.extend_from_slice(rest);
    shown
}

/// How long the user and password are that a URL has before its `@`.
fn user_length(authority_on: &[u8]) -> Option<usize> {
    let ends = |byte: &u8| b" \t\"<>,".contains(byte);
    let most = authority_on.len().min(MAX_URL_BYTES);
    let url_end = authority_on.iter().take(most).position(ends);
    let url = authority_on.get(..url_end.unwrap_or(most))?;
    let host_end = url.iter().position(|byte| b"/?#".contains(byte));
    let authority = url.get(..host_end.unwrap_or(url.len()))?;
    if let Some(at) = authority.iter().rposition(|&byte| byte == b'@') {
        return Some(at);
    }
    // Polycom phones take passwords with a slash in them, unescaped: what stands
    // behind the colon is no port then.
    let colon = authority.iter().position(|&byte| byte == b':')?;
    let port = authority.get(colon + 1..)?;
    if authority.starts_with(b"[") || port.iter().all(u8::is_ascii_digit) {
        return None;
    }
    url.iter().position(|&byte| byte == b'@')
}

fn masked_parameters(text: &[u8]) -> Vec<u8> {
    let Some(query) = text.iter().position(|&byte| byte == b'?') else {
        return text.to_vec();
    };
    let (path, query) = text.split_at_checked(query).unwrap_or((text, b""));
    let mut shown = path.to_vec();
    for parameter in query.split_inclusive(|byte| b"?&; ,".contains(byte)) {
        let equals = parameter.iter().position(|&byte| byte == b'=');
        match equals.and_then(|at| parameter.split_at_checked(at + 1)) {
            Some((name, value)) if is_secret(name) => {
                shown.extend_from_slice(name);
                shown.extend_from_slice(MASK);
                shown.extend(value.last().filter(|byte| b"?&; ,".contains(byte)));
            }
            _ => shown.extend_from_slice(parameter),
        }
    }
    shown
}

fn is_secret(name: &[u8]) -> bool {
    let name = name.to_ascii_lowercase();
    let mut ends = (0..name.len()).filter_map(|start| name.get(start..));
    ends.any(|end| {
        let mut words = SECRET_WORDS.iter();
        !end.starts_with(OPEN_WORD) && words.any(|word| end.starts_with(word.as_bytes()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_credentials_in_header_fields() {
        for (name, value, shown) in [
            ("Authorization", "Basic dXNlcjpwYXNz", "Basic ***"),
            (
                "proxy-authorization",
                "Digest a=\"b\", c=\"d\"",
                "Digest ***",
            ),
            ("Authorization", "dXNlcjpwYXNz", "***"),
            ("Authorization", "", ""),
            ("Cookie", "session=1; other=2", "***"),
            ("Set-Cookie", "session=1", "***"),
            ("X-Auth-Token", "abc", "***"),
            ("Sec-WebSocket-Key", "x3JJ", "x3JJ"),
            ("Access-Control-Allow-Credentials", "true", "true"),
            ("WWW-Authenticate", "Basic realm=\"a\"", "Basic realm=\"a\""),
            (
                "Location",
                "http://u:p@192.0.2.1/a",
                "http://***@192.0.2.1/a",
            ),
            ("User-Agent", "FileTransport a/1", "FileTransport a/1"),
        ] {
            assert_eq!(
                header_value(&name.into(), &value.into()),
                shown.into(),
                "{name}"
            );
        }
    }

    #[test]
    fn masks_credentials_in_targets() {
        for (target, shown) in [
            ("/a?b=c", "/a?b=c"),
            ("http://192.0.2.1:80/a@b", "http://192.0.2.1:80/a@b"),
            ("http://[2001:db8::1]:80/a@b", "http://[2001:db8::1]:80/a@b"),
            ("http://u:p@192.0.2.1/a", "http://***@192.0.2.1/a"),
            ("http://u:p@q@192.0.2.1/a@b", "http://***@192.0.2.1/a@b"),
            ("http://u:p/q@192.0.2.1/a", "http://***@192.0.2.1/a"),
            ("http://token@192.0.2.1", "http://***@192.0.2.1"),
            ("http://u:p/q", "http://u:p/q"),
            (
                "a \"ftp://u:p@b\", http://c@d/e",
                "a \"ftp://***@b\", http://***@d/e",
            ),
            ("/a?Password=b&mac=c", "/a?Password=***&mac=c"),
            ("/a?mac=c;apikey=b", "/a?mac=c;apikey=***"),
            ("/a?password", "/a?password"),
            ("/a?pass=", "/a?pass=***"),
            (
                "/a?jobkeyword=b&keykeyword=c",
                "/a?jobkeyword=b&keykeyword=***",
            ),
        ] {
            assert_eq!(urls(&target.into()), shown.into());
        }
    }
}
