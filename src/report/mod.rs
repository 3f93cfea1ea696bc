//! Diagnoses as people and programs read them. A report shows; it decides nothing.
//!
//! [`model`] is the view model of every format and the contract of the JSON ones,
//! [`build`] fills it. Whatever goes to people passes through one of two escapers:
//! [`words::plain`] for terminals, `markdown`'s own for Markdown.

mod build;
mod checklist;
mod clock;
pub mod decode;
mod fold;
mod json;
pub mod live;
mod markdown;
pub mod model;
mod model6;
pub mod ndjson;
mod port;
mod schema;
pub mod screen;
mod services;
mod table;
mod terminal;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod words;

use std::io::{self, Write};

use crate::capture::Timestamp;
use crate::diagnosis::Diagnosis;

/// How a report for people looks. The machine formats do not look at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// Whether colours are written. They only underline what the text says.
    pub color: bool,
    /// Columns of the terminal. Less than 40 counts as 40.
    pub width: usize,
    /// Only the verdicts and what is wrong.
    pub quiet: bool,
    /// Every boot and step, and notes in full.
    pub verbose: bool,
}

/// What a report is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Format {
    /// For a terminal.
    Table,
    /// One document.
    Json,
    /// One line for every step, transfer, finding, boot and capture.
    Ndjson,
    /// For a ticket.
    Markdown,
}

/// Every format, the name that `--format` takes, and the extensions of files that
/// are written so when `--format` is absent.
pub const FORMATS: &[(Format, &str, &[&str])] = &[
    (Format::Table, "table", &["txt"]),
    (Format::Json, "json", &["json"]),
    (Format::Ndjson, "ndjson", &["ndjson", "jsonl"]),
    (Format::Markdown, "markdown", &["md", "markdown"]),
];

impl Format {
    /// The format of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        FORMATS
            .iter()
            .find(|(_, known, _)| *known == name)
            .map(|(format, _, _)| *format)
    }

    /// The format of files with this extension (without its dot), in any case.
    pub fn from_extension(extension: &str) -> Option<Self> {
        FORMATS
            .iter()
            .find(|(_, _, known)| known.iter().any(|one| one.eq_ignore_ascii_case(extension)))
            .map(|(format, _, _)| *format)
    }
}

/// When the reports are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Generated {
    /// `SOURCE_DATE_EPOCH`, else now.
    pub at: Timestamp,
}

/// Writes the reports one after the other. JSON is one document: the report itself
/// when `single` is set and there is exactly one, else an array.
pub fn write(
    reports: &[Diagnosis],
    format: Format,
    single: bool,
    generated: &Generated,
    style: &Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    let built = || {
        reports
            .iter()
            .map(|diagnosis| build::report(diagnosis, *generated))
    };
    if format == Format::Json {
        let all: Vec<_> = built().collect();
        return match all.as_slice() {
            [only] if single => json::pretty(only, out),
            all => json::pretty(&all, out),
        };
    }
    for (index, report) in built().enumerate() {
        match format {
            Format::Table => {
                if index > 0 {
                    writeln!(out)?;
                }
                table::write(&report, style, out)?;
            }
            Format::Markdown => {
                if index > 0 {
                    writeln!(out)?;
                }
                markdown::write(&report, out)?;
            }
            Format::Ndjson => ndjson::write(&report, out)?,
            Format::Json => {}
        }
    }
    Ok(())
}

/// Which JSON output a schema is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SchemaOf {
    /// `--format json`.
    Report,
    /// A line of `--format ndjson`.
    Event,
    /// A line of `phoneboot decode`.
    Decode,
}

/// The JSON Schema (draft 2020-12) of one JSON output.
pub fn schema(which: SchemaOf) -> serde_json::Value {
    schema::schema(which)
}
