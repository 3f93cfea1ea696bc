//! Plain pages for people: headings and wrapped text.

use std::io::{self, Write};

/// The width of pages where there is no terminal, in columns.
const DEFAULT_WIDTH: usize = 80;
/// Wider lines are hard to read.
const MAX_WIDTH: usize = 120;

/// The width to write for.
pub(super) fn width(to_terminal: bool) -> usize {
    if !to_terminal {
        return DEFAULT_WIDTH;
    }
    terminal_size::terminal_size().map_or(DEFAULT_WIDTH, |(width, _)| {
        usize::from(width.0).clamp(40, MAX_WIDTH)
    })
}

/// Text in columns: a page is at most 80 columns wide.
pub(super) struct Page<'w> {
    out: &'w mut dyn Write,
    width: usize,
    bold: bool,
}

impl<'w> Page<'w> {
    /// A page; headings are bold on a terminal.
    pub(super) fn new(out: &'w mut dyn Write, to_terminal: bool) -> Self {
        let bold = to_terminal && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty());
        Self {
            out,
            width: width(to_terminal).min(DEFAULT_WIDTH),
            bold,
        }
    }

    /// A heading on a line of its own.
    pub(super) fn heading(&mut self, text: &str) -> io::Result<()> {
        let style = anstyle::Style::new().bold();
        if self.bold {
            writeln!(self.out, "{style}{text}{style:#}")
        } else {
            writeln!(self.out, "{text}")
        }
    }

    /// A paragraph, each line behind `indent`.
    pub(super) fn paragraph(&mut self, text: &str, indent: &str) -> io::Result<()> {
        self.hanging(text, indent, indent)
    }

    /// A paragraph whose first line begins otherwise: `  1. ` and then `     `.
    pub(super) fn hanging(&mut self, text: &str, first: &str, rest: &str) -> io::Result<()> {
        let options = textwrap::Options::new(self.width)
            .initial_indent(first)
            .subsequent_indent(rest)
            .word_splitter(textwrap::WordSplitter::NoHyphenation)
            .break_words(false);
        for line in textwrap::wrap(text, options) {
            writeln!(self.out, "{}", line.trim_end())?;
        }
        Ok(())
    }

    /// What a phone says, word for word: broken wherever a line is full.
    pub(super) fn quote(&mut self, text: &str, first: &str, rest: &str) -> io::Result<()> {
        let options = textwrap::Options::new(self.width)
            .initial_indent(first)
            .subsequent_indent(rest)
            .word_splitter(textwrap::WordSplitter::NoHyphenation)
            .break_words(true);
        for line in textwrap::wrap(text, options) {
            writeln!(self.out, "{}", line.trim_end())?;
        }
        Ok(())
    }

    /// An empty line.
    pub(super) fn gap(&mut self) -> io::Result<()> {
        writeln!(self.out)
    }

    /// Markdown as the rules' documentation uses it: paragraphs, and lists of `*` or
    /// `1.` items.
    pub(super) fn markdown(&mut self, text: &str, indent: &str) -> io::Result<()> {
        for block in blocks(text) {
            match block {
                Block::Paragraph(text) => self.paragraph(&text, indent)?,
                Block::Item(mark, text) => {
                    let first = format!("{indent}{mark} ");
                    let rest = " ".repeat(first.len());
                    self.hanging(&text, &first, &rest)?;
                }
                Block::Gap => self.gap()?,
            }
        }
        Ok(())
    }
}

enum Block {
    Paragraph(String),
    Item(String, String),
    Gap,
}

/// Joins the lines of a Markdown text to blocks.
fn blocks(text: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    for line in text.lines() {
        let line = line.trim();
        if line.is_empty() {
            blocks.push(Block::Gap);
            continue;
        }
        if let Some((mark, rest)) = item(line) {
            blocks.push(Block::Item(mark.to_owned(), plain(rest)));
            continue;
        }
        match blocks.last_mut() {
            Some(Block::Paragraph(text) | Block::Item(_, text)) => {
                text.push(' ');
                text.push_str(&plain(line));
            }
            _ => blocks.push(Block::Paragraph(plain(line))),
        }
    }
    blocks
}

/// A list item's mark and text.
fn item(line: &str) -> Option<(&str, &str)> {
    let (mark, rest) = line.split_once(' ')?;
    let numbered = mark
        .strip_suffix('.')
        .is_some_and(|number| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()));
    (mark == "*" || mark == "-" || numbered).then_some((mark, rest))
}

/// Text without the marks of Markdown that a terminal cannot show.
fn plain(text: &str) -> String {
    text.replace(['`'], "").replace("**", "")
}
