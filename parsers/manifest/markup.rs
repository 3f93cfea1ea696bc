//! Elements and attributes out of XML as administrators write it: a look for the few
//! that are wanted, which an unclosed tag elsewhere does not spoil.

/// Gives the text of every element of this name, in their order. Names are compared by
/// case, as the phones do. Comments are passed over.
pub(super) fn elements<'a>(text: &'a [u8], name: &[u8]) -> Vec<&'a [u8]> {
    let mut found = Vec::new();
    for tag in Tags(text) {
        if tag.name == name
            && !tag.is_empty
            && let Some(end) = tag.behind.iter().position(|&byte| byte == b'<')
            && let Some(content) = tag.behind.get(..end)
        {
            found.push(content.trim_ascii());
        }
    }
    found
}

/// Whether there is an element whose name begins so.
pub(super) fn has_element(text: &[u8], name: &[u8]) -> bool {
    Tags(text).any(|tag| tag.name.starts_with(name))
}

/// Whether the text is a web page.
pub(super) fn is_web_page(text: &[u8]) -> bool {
    let start = text.trim_ascii_start();
    let begins = |with: &[u8]| {
        start
            .get(..with.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(with))
    };
    begins(b"<!doctype html") || begins(b"<html")
}

/// A start tag.
pub(super) struct Tag<'a> {
    pub(super) name: &'a [u8],
    /// What stands between its name and its end.
    attributes: &'a [u8],
    /// Whether it is an element by itself: `<a/>`.
    is_empty: bool,
    /// What follows the tag.
    behind: &'a [u8],
}

impl<'a> Tag<'a> {
    /// Names and values of its attributes, in their order.
    pub(super) fn attributes(&self) -> Vec<(&'a [u8], &'a [u8])> {
        let mut found = Vec::new();
        let mut rest = self.attributes;
        while let Some(equals) = rest.iter().position(|&byte| byte == b'=')
            && let Some((name, value)) = rest.split_at_checked(equals)
            && let Some((&quote, value)) = value
                .get(1..)
                .map(<[u8]>::trim_ascii_start)
                .and_then(<[u8]>::split_first)
        {
            let name = name.trim_ascii();
            let end = value.iter().position(|&byte| byte == quote);
            let is_quoted = matches!(quote, b'"' | b'\'');
            let Some((value, behind)) = end.and_then(|end| value.split_at_checked(end)) else {
                break;
            };
            if is_quoted {
                found.push((name, value));
            }
            rest = behind.get(1..).unwrap_or_default();
        }
        found
    }
}

/// The start tags of a text, comments and declarations left out.
pub(super) struct Tags<'a>(pub(super) &'a [u8]);

impl<'a> Iterator for Tags<'a> {
    type Item = Tag<'a>;

    fn next(&mut self) -> Option<Tag<'a>> {
        loop {
            let begin = self.0.iter().position(|&byte| byte == b'<')?;
            let rest = self.0.get(begin + 1..)?;
            if let Some(comment) = rest.strip_prefix(b"!--") {
                let end = comment.windows(3).position(|three| three == b"-->")?;
                self.0 = comment.get(end + 3..)?;
                continue;
            }
            let end = rest.iter().position(|&byte| byte == b'>')?;
            let (inside, behind) = rest.split_at_checked(end)?;
            let behind = behind.get(1..)?;
            self.0 = behind;
            if matches!(inside.first(), Some(b'/' | b'?' | b'!') | None) {
                continue;
            }
            let (inside, is_empty) = match inside.strip_suffix(b"/") {
                Some(inside) => (inside, true),
                None => (inside, false),
            };
            let length = inside
                .iter()
                .position(u8::is_ascii_whitespace)
                .unwrap_or(inside.len());
            let (name, attributes) = inside.split_at_checked(length)?;
            return Some(Tag {
                name,
                attributes,
                is_empty,
                behind,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_elements_in_sloppy_text() {
        let text = b"<?xml?><a><!-- <n>no</n> --><n> one </n><n/><n></n><x><n k='v'>two</n><n>cut";
        assert_eq!(elements(text, b"n"), [&b"one"[..], b"", b"two"]);
        assert!(elements(text, b"N").is_empty());
        assert!(has_element(text, b"x"));
        assert!(!has_element(b"<!-- <x> -->", b"x"));
        assert!(!has_element(b"<!-- <x>", b"x"));
    }

    #[test]
    fn reads_attributes_with_either_quote() {
        let tag = Tags(b"<A ONE=\"1 1\"\n TWO = 'a=\"b\"' THREE= FOUR=bare/>")
            .next()
            .unwrap();
        assert_eq!(tag.name, b"A");
        assert_eq!(
            tag.attributes(),
            [(&b"ONE"[..], &b"1 1"[..]), (b"TWO", b"a=\"b\"")]
        );
        let cut = Tags(b"<A ONE=\"1>").next().unwrap();
        assert!(cut.attributes().is_empty());
    }
}
