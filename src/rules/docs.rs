//! A rule's documentation, taken from the comment that opens its file.

/// The headings of every rule's documentation, in their order.
pub const HEADINGS: [&str; 5] = [
    "What it sees",
    "Why the phone stops",
    "How to fix it",
    "When it may be wrong",
    "References",
];

/// What a rule's file says about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Documentation {
    /// One sentence.
    pub summary: String,
    /// Heading and Markdown text, in the file's order.
    pub sections: Vec<(String, String)>,
}

impl Documentation {
    /// Reads the `//!` lines that open a source file.
    pub fn of_source(source: &str) -> Self {
        let mut summary = Vec::new();
        let mut sections: Vec<(String, Vec<&str>)> = Vec::new();
        let lines = source
            .lines()
            .map_while(|line| line.strip_prefix("//!"))
            .map(|line| line.strip_prefix(' ').unwrap_or(line));
        for line in lines {
            if let Some(heading) = line.strip_prefix("## ") {
                sections.push((heading.trim().to_owned(), Vec::new()));
            } else if let Some((_, text)) = sections.last_mut() {
                text.push(line);
            } else {
                summary.push(line);
            }
        }
        Self {
            summary: summary.join(" ").trim().to_owned(),
            sections: sections
                .into_iter()
                .map(|(heading, text)| (heading, text.join("\n").trim().to_owned()))
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::RULES;

    #[test]
    fn every_rule_has_all_headings_in_order_and_none_empty() {
        for rule in RULES {
            let docs = rule.documentation();
            let headings: Vec<&str> = docs.sections.iter().map(|(h, _)| h.as_str()).collect();
            assert_eq!(headings, HEADINGS, "{}", rule.id);
            assert!(docs.summary.ends_with('.'), "{}: {}", rule.id, docs.summary);
            for (heading, text) in &docs.sections {
                assert!(text.len() > 20, "{}: {heading} says nothing", rule.id);
            }
        }
    }

    #[test]
    fn rule_ids_are_unique_and_name_the_fault() {
        let mut ids: Vec<&str> = RULES.iter().map(|rule| rule.id).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), RULES.len());
        for id in ids {
            let cures = ["check-", "no-", "use-", "fix-", "avoid-"];
            assert!(!cures.iter().any(|cure| id.starts_with(cure)), "{id}");
            assert!(
                id.bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            );
        }
    }
}
