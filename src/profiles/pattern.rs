//! [`Pattern`]: what something looks like, compiled when it is first needed.
//!
//! A run asks a few of the hundreds of patterns; compiling all of them would take
//! most of a short run. So the text that a pattern cannot do without is read off it,
//! and most values are turned away before anything is compiled.

use std::fmt;
use std::str::Chars;
use std::sync::{Arc, OnceLock};

use regex::bytes::{Captures, Regex, RegexBuilder};

/// What a value looks like. It works on bytes, since vendor classes and User-Agents
/// hold anything. Clones share what was compiled.
#[derive(Clone)]
pub struct Pattern(Arc<Inner>);

struct Inner {
    text: String,
    ignore_case: bool,
    /// What every match contains, case aside.
    needles: Vec<String>,
    /// `None` within: the text is no regular expression.
    regex: OnceLock<Option<Regex>>,
}

impl Pattern {
    /// A pattern of the `regex` crate; its syntax is not looked at yet.
    pub(super) fn new(text: String, ignore_case: bool) -> Self {
        Self(Arc::new(Inner {
            needles: needles(&text),
            text,
            ignore_case,
            regex: OnceLock::new(),
        }))
    }

    /// Says what is wrong with the pattern, if anything is.
    pub(super) fn check(&self) -> Result<(), regex::Error> {
        self.compile().map(drop)
    }

    /// Whether the pattern has a group of this name. A pattern that is none has none.
    pub(super) fn names_group(&self, name: &str) -> bool {
        self.regex()
            .is_some_and(|regex| regex.capture_names().flatten().any(|group| group == name))
    }

    /// Whether the value looks like it. A pattern that is none matches nothing.
    pub fn is_match(&self, value: &[u8]) -> bool {
        self.may_match(value) && self.regex().is_some_and(|regex| regex.is_match(value))
    }

    /// What the pattern's groups matched.
    pub(super) fn captures<'v>(&self, value: &'v [u8]) -> Option<Captures<'v>> {
        if !self.may_match(value) {
            return None;
        }
        self.regex()?.captures(value)
    }

    /// False when it surely does not match.
    fn may_match(&self, value: &[u8]) -> bool {
        self.0.needles.iter().all(|needle| {
            value
                .windows(needle.len())
                .any(|part| part.eq_ignore_ascii_case(needle.as_bytes()))
        })
    }

    fn regex(&self) -> Option<&Regex> {
        self.0.regex.get_or_init(|| self.compile().ok()).as_ref()
    }

    fn compile(&self) -> Result<Regex, regex::Error> {
        RegexBuilder::new(&self.0.text)
            .unicode(false)
            .case_insensitive(self.0.ignore_case)
            .build()
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pattern({:?})", self.0.text)
    }
}

/// The pieces of literal text that every match of a pattern contains, in any case.
/// A piece may be missing here, but none may be here that a match can do without.
fn needles(pattern: &str) -> Vec<String> {
    let mut finder = Finder::default();
    let mut rest = pattern.chars();
    while let Some(c) = rest.next() {
        match c {
            '\\' => finder.escape(&mut rest),
            '[' => {
                finder.end_piece();
                skip_class(&mut rest);
            }
            '(' => {
                if !finder.open_group(&mut rest) {
                    return Vec::new();
                }
            }
            ')' => finder.close_group(rest.clone().next()),
            '|' => finder.alternative(),
            '?' | '*' => finder.forget_last(),
            '{' => {
                finder.forget_last();
                rest.by_ref().find(|&c| c == '}');
            }
            '^' | '$' | '.' | '+' => finder.end_piece(),
            literal => finder.piece.push(literal),
        }
    }
    finder.finish()
}

/// Gathers what [`needles`] gives.
#[derive(Default)]
struct Finder {
    found: Vec<String>,
    /// The literal text that just grows.
    piece: String,
    /// Of every open group: how much was found before it, and whether it has
    /// alternatives.
    groups: Vec<(usize, bool)>,
    /// Whether there are alternatives outside any group.
    alternatives: bool,
}

impl Finder {
    fn end_piece(&mut self) {
        if !self.piece.is_empty() {
            self.found.push(std::mem::take(&mut self.piece));
        }
    }

    /// A quantifier follows that allows for none of the last character.
    fn forget_last(&mut self) {
        self.piece.pop();
        self.end_piece();
    }

    fn escape(&mut self, rest: &mut Chars<'_>) {
        let Some(c) = rest.next() else { return };
        // `\<` and `\>` are word boundaries, not characters.
        if c.is_ascii_punctuation() && !"<>".contains(c) {
            self.piece.push(c);
            return;
        }
        self.end_piece();
        let n_digits = match c {
            'p' | 'P' => 1,
            'x' => 2,
            'u' => 4,
            'U' => 8,
            _ => 0,
        };
        // In braces, as in `\x{41}`, they go the way of a quantifier.
        if n_digits > 0 && !rest.as_str().starts_with('{') {
            rest.nth(n_digits - 1);
        }
    }

    /// False when the group changes what characters mean.
    fn open_group(&mut self, rest: &mut Chars<'_>) -> bool {
        self.end_piece();
        if let Some(opening) = rest.as_str().strip_prefix('?') {
            let is_named = opening.starts_with(['P', '<']);
            let end = if is_named {
                opening.find('>')
            } else {
                opening.find([':', ')'])
            };
            let Some(end) = end else { return false };
            let (flags, inside) = opening.split_at(end);
            // Case does not matter here, nor what a dot stands for.
            if !is_named && !flags.chars().all(|flag| "is".contains(flag)) {
                return false;
            }
            *rest = inside.chars();
            if !inside.starts_with(')') {
                rest.next();
            }
        }
        self.groups.push((self.found.len(), false));
        true
    }

    fn close_group(&mut self, next: Option<char>) {
        self.end_piece();
        let Some((n_before, alternatives)) = self.groups.pop() else {
            return;
        };
        if alternatives || matches!(next, Some('?' | '*' | '{')) {
            self.found.truncate(n_before);
        }
    }

    fn alternative(&mut self) {
        self.end_piece();
        match self.groups.last_mut() {
            Some((_, alternatives)) => *alternatives = true,
            None => self.alternatives = true,
        }
    }

    fn finish(mut self) -> Vec<String> {
        self.end_piece();
        if self.alternatives {
            self.found.clear();
        }
        self.found
    }
}

/// Goes past the bracket that closes a class; one that stands first does not close.
fn skip_class(rest: &mut Chars<'_>) {
    let mut depth = 1;
    let mut is_first = true;
    while let Some(c) = rest.next() {
        match c {
            '^' if is_first => continue,
            '\\' => {
                rest.next();
            }
            '[' => {
                depth += 1;
                is_first = true;
                continue;
            }
            ']' if !is_first => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return;
        }
        is_first = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profiles::{EMBEDDED, Profiles, source};

    #[test]
    fn finds_what_no_match_can_do_without() {
        for (pattern, needed) in [
            ("", &[][..]),
            ("abc", &["abc"]),
            (
                r"^SEP(?P<mac>[0-9a-f]{12})\.cnf\.xml$",
                &["SEP", ".cnf.xml"],
            ),
            (
                r"^(?P<firmware>term(?P<model>06|11)\.default)$",
                &["term", ".default"],
            ),
            ("^(?i:cisco) x", &["cisco", " x"]),
            ("(?i)^ab$", &["ab"]),
            ("(?s)^a.b", &["a", "b"]),
            ("ab?c*d+e{0,3}f", &["a", "d", "f"]),
            ("ab??c+?d", &["a", "c", "d"]),
            ("a(?:bc)?d", &["a", "d"]),
            ("a(?:bc)+d", &["a", "bc", "d"]),
            ("a(?:b(?:c|d)e)f", &["a", "b", "e", "f"]),
            ("a(?:b|c(?:d)e){2}f", &["a", "f"]),
            ("a(?<x>b)*c", &["a", "c"]),
            ("abc|abd", &[]),
            ("(abc|abd)", &[]),
            (
                r"a[]|)]b[^]|)]c[[:alpha:]|]d[\]|]e",
                &["a", "b", "c", "d", "e"],
            ),
            (r"\x41\x{42}a\u0043b\pLc\p{Greek}d", &["a", "b", "c", "d"]),
            (r"\ba\b{start}b\d+c\<d", &["a", "b", "c", "d"]),
            (r"\$1\?", &["$1?"]),
            ("(?x) a b", &[]),
            ("(?-u:a)b", &[]),
            ("(?P<x", &[]),
        ] {
            assert_eq!(needles(pattern), needed, "{pattern}");
        }
    }

    #[test]
    fn turns_no_match_away() {
        // Every built-in pattern on every built-in example, its own and others', with
        // and without the look at what it cannot do without.
        let profiles = Profiles::embedded().all();
        let rules = || profiles.iter().flat_map(|profile| &profile.identify_rules);
        let files = || profiles.iter().flat_map(|profile| &profile.file_rules);
        let patterns = rules()
            .map(|rule| &rule.pattern)
            .chain(files().map(|rule| &rule.pattern));
        let families = source::embedded(EMBEDDED, true).unwrap();
        let clues = families
            .values()
            .flat_map(source::Family::examples)
            .flat_map(|example| &example.get_ref().clues);
        let mut values: Vec<Vec<u8>> = rules()
            .map(|rule| source::unescape(&rule.example))
            .chain(files().map(|rule| rule.example.clone().into_bytes()))
            .chain(clues.map(|(_, value)| source::unescape(value)))
            .collect();
        values.sort();
        values.dedup();
        let mut n_matches = 0;
        for pattern in patterns {
            let regex = pattern.compile().unwrap();
            for value in &values {
                let without = regex.is_match(value);
                let shown = value.escape_ascii();
                assert_eq!(pattern.is_match(value), without, "{pattern:?} on {shown}");
                n_matches += usize::from(without);
            }
        }
        assert!(n_matches > values.len());
    }

    #[test]
    fn minds_case_as_the_pattern_does() {
        assert!(Pattern::new(r"^SEP.*\.xml$".into(), true).is_match(b"sep1.XML"));
        assert!(!Pattern::new(r"^SEP.*\.xml$".into(), false).is_match(b"sep1.XML"));
        assert!(Pattern::new(r"(?i)^SEP.*\.xml$".into(), false).is_match(b"sep1.XML"));
        let exact = Pattern::new("^sip\\xff".into(), false);
        assert!(exact.is_match(b"sip\xff"));
        assert!(!exact.is_match(b"SIP\xff"));
    }

    #[test]
    fn a_pattern_that_is_none_says_so_and_matches_nothing() {
        let broken = Pattern::new("(".into(), false);
        assert!(broken.check().is_err());
        assert!(!broken.is_match(b"("));
        assert!(broken.captures(b"(").is_none());
    }
}
