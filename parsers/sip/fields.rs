//! What single header fields of a SIP message say: parameters, addresses,
//! challenges, hints when to try again.
//!
//! RFC 3261 §20 and §25.1 (grammar of the fields), RFC 2617 and RFC 8760 (digest
//! challenges), RFC 3326 (`Reason`). A field that cannot be read says nothing.

use super::Message;
use crate::WireText;
use crate::http::head::{decimal, trimmed};

impl Message {
    /// The `branch` of the topmost `Via`: which transaction the message belongs to
    /// (RFC 3261 §8.1.1.7). `None` when there is none, as with clients of RFC 2543.
    pub fn branch(&self) -> Option<WireText> {
        parameter(first(self.header("Via")?.as_bytes(), b','), "branch")
    }

    /// The URI of `To`, `From` or `Contact`, without its display name and the field's
    /// parameters.
    pub fn address(&self, field: &str) -> Option<WireText> {
        let value = self.header(field)?.as_bytes();
        let uri = match after_open_bracket(value) {
            Some(rest) => first(rest, b'>'),
            None => first(first(value, b','), b';'),
        };
        Some(trimmed(uri).into()).filter(|uri: &WireText| !uri.is_empty())
    }

    /// Whether the request carries credentials: an `Authorization` or
    /// `Proxy-Authorization` with a digest in it. One with an empty `response` only
    /// names the user and asks for a challenge (3GPP TS 24.229 §5.1.1.2).
    pub fn has_credentials(&self) -> bool {
        CREDENTIALS.iter().any(|name| {
            self.header(name).is_some_and(|value| {
                let response = digest_parameter(value.as_bytes(), "response");
                !response.is_some_and(|response| response.is_empty())
            })
        })
    }

    /// The `nonce` of the challenge that an answer brings, or of the one that a
    /// request's credentials were made for.
    pub fn nonce(&self) -> Option<WireText> {
        self.digest("nonce")
    }

    /// The `realm` of a challenge or of credentials.
    pub fn realm(&self) -> Option<WireText> {
        self.digest("realm")
    }

    /// Whether a challenge says that only the nonce had expired, and that user and
    /// password may well be right (RFC 2617 §3.2.1).
    pub fn is_stale(&self) -> bool {
        self.digest("stale")
            .is_some_and(|stale| stale.as_bytes().eq_ignore_ascii_case(b"true"))
    }

    /// `Retry-After`: after how many seconds the server may be asked again.
    pub fn retry_after_secs(&self) -> Option<u64> {
        let value = self.header("Retry-After")?.as_bytes();
        let digits = value
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        decimal(value.get(..digits).filter(|digits| !digits.is_empty())?)
    }

    /// `Min-Expires`: the shortest registration in seconds that the server takes.
    pub fn min_expires_secs(&self) -> Option<u64> {
        decimal(trimmed(self.header("Min-Expires")?.as_bytes()))
    }

    /// The text of `Warning` (`399 host "text"`, RFC 3261 §20.43), else of `Reason`
    /// (`SIP;cause=403;text="text"`, RFC 3326). Cisco phones tell in the `Reason` of
    /// a REGISTER why they last went off the call server.
    pub fn reason_text(&self) -> Option<WireText> {
        let warning = self.header("Warning").and_then(|value| {
            let value = value.as_bytes();
            let quote = value.iter().position(|&byte| byte == b'"')?;
            Some(unquoted(value.get(quote..)?))
        });
        warning.or_else(|| parameter(self.header("Reason")?.as_bytes(), "text"))
    }

    fn digest(&self, name: &str) -> Option<WireText> {
        CHALLENGES
            .iter()
            .chain(&CREDENTIALS)
            .find_map(|field| digest_parameter(self.header(field)?.as_bytes(), name))
    }
}

const CHALLENGES: [&str; 2] = ["WWW-Authenticate", "Proxy-Authenticate"];
const CREDENTIALS: [&str; 2] = ["Authorization", "Proxy-Authorization"];

/// A parameter of a header field, its quotes taken off. What stands in `<…>` belongs
/// to the URI and is passed over.
///
/// ```text
/// value ;name=value ;name="quoted; value" ;flag
/// ```
pub fn parameter(value: &[u8], name: &str) -> Option<WireText> {
    pieces(value, b';')
        .skip(1)
        .find_map(|piece| named(piece, name))
}

/// A parameter of a challenge or of credentials.
///
/// ```text
/// Digest name="value", name=value
/// ```
fn digest_parameter(value: &[u8], name: &str) -> Option<WireText> {
    let value = trimmed(value);
    let blank = value.iter().position(|&byte| byte == b' ')?;
    pieces(value.get(blank..)?, b',').find_map(|piece| named(piece, name))
}

fn named(piece: &[u8], name: &str) -> Option<WireText> {
    let equals = piece.iter().position(|&byte| byte == b'=')?;
    let (key, value) = piece.split_at_checked(equals)?;
    trimmed(key)
        .eq_ignore_ascii_case(name.as_bytes())
        .then(|| unquoted(trimmed(value.get(1..).unwrap_or_default())))
}

/// What stands between the quotes, a backslash before a character taken away; text
/// without quotes as it is.
fn unquoted(text: &[u8]) -> WireText {
    let Some(inside) = text.strip_prefix(b"\"") else {
        return text.into();
    };
    let mut bytes = inside.iter();
    let mut out = Vec::with_capacity(inside.len());
    while let Some(&byte) = bytes.next() {
        match byte {
            b'"' => break,
            b'\\' => out.extend(bytes.next()),
            _ => out.push(byte),
        }
    }
    WireText(out)
}

/// Up to the first separator outside of quotes and brackets.
fn first(value: &[u8], separator: u8) -> &[u8] {
    pieces(value, separator).next().unwrap_or(value)
}

/// What stands behind the first `<` outside of quotes.
fn after_open_bracket(value: &[u8]) -> Option<&[u8]> {
    let mut quotes = Quotes::default();
    let at = value
        .iter()
        .position(|&byte| quotes.pass(byte) && byte == b'<')?;
    value.get(at + 1..)
}

/// The pieces between separators that stand neither in quotes nor in `<…>`.
fn pieces(value: &[u8], separator: u8) -> impl Iterator<Item = &[u8]> {
    let mut quotes = Quotes::default();
    let mut in_brackets = false;
    value.split(move |&byte| {
        let outside = quotes.pass(byte);
        match byte {
            b'<' if outside => in_brackets = true,
            b'>' if outside && separator != b'>' => in_brackets = false,
            _ => {}
        }
        outside && byte == separator && !in_brackets
    })
}

/// Whether a byte stands inside of quotes, told one byte after the other.
#[derive(Debug, Default)]
struct Quotes {
    open: bool,
    escaped: bool,
}

impl Quotes {
    /// Takes the next byte; `true` when it stands outside of quotes.
    fn pass(&mut self, byte: u8) -> bool {
        let was_open = self.open;
        if self.open && self.escaped {
            self.escaped = false;
        } else if self.open && byte == b'\\' {
            self.escaped = true;
        } else if byte == b'"' {
            self.open = !self.open;
        }
        !was_open && byte != b'"'
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sip::StartLine;

    fn with(headers: &[(&str, &str)]) -> Message {
        Message {
            start: StartLine::Response {
                status: 401,
                reason: "Unauthorized".into(),
            },
            headers: headers
                .iter()
                .map(|&(name, value)| (name.into(), value.into()))
                .collect(),
            body_length: 0,
            url: None,
        }
    }

    #[test]
    fn finds_the_branch_of_the_topmost_via() {
        for (via, branch) in [
            (
                "SIP/2.0/UDP 192.0.2.51;branch=z9hG4bK1;rport",
                Some("z9hG4bK1"),
            ),
            (
                "SIP/2.0/UDP a ; Branch = x, SIP/2.0/UDP b;branch=y",
                Some("x"),
            ),
            ("SIP/2.0/UDP a, SIP/2.0/UDP b;branch=y", None),
            ("", None),
        ] {
            let found = with(&[("Via", via), ("Via", "SIP/2.0/UDP c;branch=z")]).branch();
            assert_eq!(found, branch.map(WireText::from), "{via}");
        }
    }

    #[test]
    fn finds_addresses() {
        for (value, uri) in [
            ("<sip:4801@pbx.example>;tag=1", Some("sip:4801@pbx.example")),
            ("\"a <b>\" <sip:a;x=y>;tag=1", Some("sip:a;x=y")),
            ("sip:a@b;tag=1", Some("sip:a@b")),
            ("sip:a, sip:b", Some("sip:a")),
            ("<sip:a", Some("sip:a")),
            ("", None),
            ("<>", None),
        ] {
            let found = with(&[("To", value)]).address("to");
            assert_eq!(found, uri.map(WireText::from), "{value}");
        }
        assert_eq!(with(&[]).address("To"), None);
    }

    #[test]
    fn reads_parameters_in_quotes() {
        let value = br#"ua-profile;profile-type="device";vendor="a;b\"c";model=snom370 ;auto"#;
        let found = |name| parameter(value, name);
        assert_eq!(found("vendor"), Some("a;b\"c".into()));
        assert_eq!(found("MODEL"), Some("snom370".into()));
        assert_eq!(found("auto"), None);
        assert_eq!(found("ua-profile"), None);
        assert_eq!(parameter(b"<sip:a;x=1>;y=2", "x"), None);
        assert_eq!(parameter(br#"a;x="open"#, "x"), Some("open".into()));
        assert_eq!(parameter(b"", "x"), None);
    }

    #[test]
    fn tells_credentials_from_the_wish_for_a_challenge() {
        for (value, expected) in [
            (
                r#"Digest username="a", realm="b", nonce="c", response="0f""#,
                true,
            ),
            (
                r#"Digest username="a", realm="b", nonce="", response="""#,
                false,
            ),
            ("Basic YTpi", true),
        ] {
            for field in CREDENTIALS {
                assert_eq!(with(&[(field, value)]).has_credentials(), expected);
            }
        }
        assert!(!with(&[]).has_credentials());
    }

    #[test]
    fn reads_challenges() {
        let challenge = r#"Digest realm="a, b",nonce="dcd9",stale=TRUE,algorithm=MD5"#;
        let message = with(&[("Proxy-Authenticate", challenge)]);
        assert_eq!(message.nonce(), Some("dcd9".into()));
        assert_eq!(message.realm(), Some("a, b".into()));
        assert!(message.is_stale());
        let fresh = with(&[("WWW-Authenticate", r#"Digest nonce="stale=true""#)]);
        assert!(!fresh.is_stale());
        assert_eq!(with(&[("WWW-Authenticate", "Digest")]).nonce(), None);
    }

    #[test]
    fn reads_when_to_try_again() {
        let retry = |value| with(&[("Retry-After", value)]).retry_after_secs();
        assert_eq!(retry("120"), Some(120));
        assert_eq!(retry("18000;duration=3600 (back soon)"), Some(18000));
        assert_eq!(retry("soon"), None);
        let least = |value| with(&[("Min-Expires", value)]).min_expires_secs();
        assert_eq!(least(" 60 "), Some(60));
        assert_eq!(least("x"), None);
    }

    #[test]
    fn reads_reasons() {
        let text = |field: &str, value: &str| with(&[(field, value)]).reason_text();
        let alarm = "cisco-alarm:25 Name=SEP001AA17BE638 Last=initialized";
        assert_eq!(
            text("Reason", &format!("SIP;cause=200;text=\"{alarm}\"")),
            Some(alarm.into())
        );
        assert_eq!(
            text("Warning", r#"399 pbx.example "no such account""#),
            Some("no such account".into())
        );
        assert_eq!(text("Warning", "399 pbx.example"), None);
        assert_eq!(text("Reason", "SIP;cause=200"), None);
    }
}
