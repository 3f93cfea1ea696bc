//! Lines for a terminal: wrapped at its width, escaped, and coloured on wish.
//!
//! [`Printer`] is the only way to the terminal, so that text of the wire cannot
//! pass unescaped and no line can be too long. Colours come last: they are put
//! around words whose width was measured before.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style as Ansi};
use comfy_table::{Cell, CellAlignment, ColumnConstraint, ContentArrangement, Table, presets};
use textwrap::core::display_width;
use textwrap::{Options, WordSplitter};

use super::Style;
use super::words::plain;

/// The fewest columns that a report is laid out for.
const MIN_WIDTH: usize = 40;

/// What a word is coloured by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
    /// As the terminal writes.
    Plain,
    /// A heading.
    Bold,
    /// Less important.
    Dim,
    /// It went well.
    Good,
    /// A warning.
    Warn,
    /// An error.
    Bad,
}

impl Tone {
    /// The tone of a severity.
    pub(super) fn of_severity(severity: &str) -> Self {
        match severity {
            "error" => Self::Bad,
            "warning" => Self::Warn,
            _ => Self::Dim,
        }
    }

    /// The tone of an outcome or a verdict.
    pub(super) fn of_outcome(outcome: &str) -> Self {
        match outcome {
            "registered" | "loaded" => Self::Good,
            "failed" => Self::Bad,
            _ => Self::Warn,
        }
    }

    fn ansi(self) -> Ansi {
        match self {
            Self::Plain => Ansi::new(),
            Self::Bold => Ansi::new().bold(),
            Self::Dim => Ansi::new().dimmed(),
            Self::Good => AnsiColor::Green.on_default().bold(),
            Self::Warn => AnsiColor::Yellow.on_default().bold(),
            Self::Bad => AnsiColor::Red.on_default().bold(),
        }
    }
}

/// A paragraph.
#[derive(Debug, Clone, Copy)]
pub(super) struct Para<'a> {
    /// Columns before its first line.
    pub(super) indent: usize,
    /// Columns before the lines after it.
    pub(super) hang: usize,
    /// Its first words, and their tone.
    pub(super) lead: (&'a str, Tone),
    /// What follows them.
    pub(super) text: &'a str,
}

/// Writes to the terminal.
pub(super) struct Printer<'a> {
    out: &'a mut dyn Write,
    width: usize,
    color: bool,
}

impl<'a> Printer<'a> {
    pub(super) fn new(style: &Style, out: &'a mut dyn Write) -> Self {
        Self {
            out,
            width: style.width.max(MIN_WIDTH),
            color: style.color,
        }
    }

    pub(super) fn blank(&mut self) -> io::Result<()> {
        writeln!(self.out)
    }

    /// Writes a paragraph.
    pub(super) fn para(&mut self, para: Para<'_>) -> io::Result<()> {
        let indent = " ".repeat(para.indent);
        let hang = " ".repeat(para.hang);
        let (lead, tone) = (plain(para.lead.0), para.lead.1);
        let text = plain(para.text);
        // A lead that leaves no room for text is wrapped like text.
        let leads = para.indent + display_width(&lead) + 8 <= self.width;
        let (first, text) = if leads && !lead.is_empty() {
            (format!("{indent}{lead} "), text)
        } else {
            let all = format!("{lead} {text}").trim().to_owned();
            (indent.clone(), all.into())
        };
        let options = Options::new(self.width)
            .initial_indent(&first)
            .subsequent_indent(&hang)
            .word_splitter(WordSplitter::NoHyphenation);
        let mut lines = textwrap::wrap(&text, options).into_iter();
        if let Some(line) = lines.next() {
            let line = line.trim_end();
            let begin = format!("{indent}{lead}");
            match line.strip_prefix(&begin) {
                Some(rest) if leads => {
                    let lead = self.paint(&lead, tone);
                    writeln!(self.out, "{indent}{lead}{rest}")?;
                }
                _ => writeln!(self.out, "{line}")?,
            }
        }
        for line in lines {
            writeln!(self.out, "{}", line.trim_end())?;
        }
        Ok(())
    }

    /// Writes a table, `indent` columns from the left. The first column holds a mark
    /// and its tone; the last one takes the room that is left, and wraps.
    pub(super) fn table<const N: usize>(
        &mut self,
        indent: usize,
        header: [&str; N],
        right: &[usize],
        rows: &[(Tone, [String; N])],
    ) -> io::Result<()> {
        let mut table = Table::new();
        table
            .load_style(presets::NOTHING)
            .set_content_arrangement(ContentArrangement::Dynamic)
            .set_width(u16::try_from(self.width - indent).unwrap_or(u16::MAX))
            .set_header(header);
        for (_, cells) in rows {
            table.add_row(cells.iter().map(|cell| Cell::new(plain(cell))));
        }
        for (index, column) in table.column_iter_mut().enumerate() {
            let last = index + 1 == N;
            column.set_padding((0, if last { 0 } else { 2 }));
            if !last {
                column.set_constraint(ColumnConstraint::ContentWidth);
            }
            if right.contains(&index) {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        // A row's first line begins with its mark, all others with a blank.
        let mut tones = rows
            .iter()
            .filter(|(_, cells)| cells.first().is_some_and(|mark| !mark.is_empty()))
            .map(|(tone, _)| *tone);
        let indent = " ".repeat(indent);
        for (index, line) in table.lines().enumerate() {
            let line = line.trim_end();
            let mark = line.chars().next().filter(|first| *first != ' ');
            match mark.and_then(|mark| line.split_at_checked(mark.len_utf8())) {
                _ if index == 0 => writeln!(self.out, "{indent}{}", self.paint(line, Tone::Dim))?,
                Some((mark, rest)) => {
                    let tone = tones.next().unwrap_or(Tone::Plain);
                    writeln!(self.out, "{indent}{}{rest}", self.paint(mark, tone))?;
                }
                None => writeln!(self.out, "{indent}{line}")?,
            }
        }
        Ok(())
    }

    fn paint(&self, text: &str, tone: Tone) -> String {
        if !self.color || tone == Tone::Plain || text.is_empty() {
            return text.to_owned();
        }
        let ansi = tone.ansi();
        format!("{ansi}{text}{ansi:#}")
    }
}
