//! `phoneboot decode`: every message as one line of JSON.

use std::io::{self, Write};
use std::path::PathBuf;

use clap::Args;
use phoneboot_parsers::{PROTOCOLS, Protocol};

use crate::analysis::each_frame;
use crate::capture::file::Reader;
use crate::capture::inputs;
use crate::dissect::{Dissected, Dissector, Item};
use crate::error::{Error, Exit};
use crate::report::decode::{Content, DecodeLine, decode_line};

use super::{say, to_output};

/// What `decode` takes.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Only this protocol; may be given more than once
    #[arg(long, value_name = "NAME", value_parser = protocol_names())]
    protocol: Vec<String>,
    /// Captures, folders of captures, or `-` for standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

fn protocol_names() -> clap::builder::PossibleValuesParser {
    PROTOCOLS
        .iter()
        .map(|(_, name)| *name)
        .collect::<Vec<_>>()
        .into()
}

pub(super) fn run(
    arguments: &Arguments,
    out: &mut dyn Write,
    messages: &mut dyn Write,
) -> Result<Exit, Error> {
    let (paths, errors) = inputs::expand(&arguments.files);
    let mut exit = Exit::Clean;
    for error in &errors {
        say(messages, error);
        exit = Exit::Unreadable;
    }
    for (index, path) in paths.iter().enumerate() {
        match Reader::open(path, index) {
            Ok(reader) => {
                if let Some(cut) =
                    decode_one(reader, &arguments.protocol, out).map_err(to_output)?
                {
                    say(messages, &format_args!("{}: {cut}", path.display()));
                }
            }
            Err(error) => {
                say(messages, &error);
                exit = Exit::Unreadable;
            }
        }
    }
    Ok(exit)
}

/// Prints one capture's messages; gives why it ended early, if it did.
fn decode_one(
    reader: Reader,
    protocols: &[String],
    out: &mut dyn Write,
) -> io::Result<Option<String>> {
    let mut dissector = Dissector::new().with_copies();
    let mut failure = None;
    let mut print = |dissected: Dissected<'_>| {
        if failure.is_none() {
            failure = print_line(&dissected, protocols, out).err();
        }
    };
    let captures = each_frame(vec![reader], |frame| dissector.frame(frame, &mut print));
    dissector.finish(&mut print);
    match failure {
        Some(error) => Err(error),
        None => Ok(captures
            .into_iter()
            .find_map(|facts| facts.cut_short)
            .map(|cut| cut.reason)),
    }
}

fn print_line(
    dissected: &Dissected<'_>,
    protocols: &[String],
    out: &mut dyn Write,
) -> io::Result<()> {
    let (protocol, content) = match dissected.item {
        Item::Message(message, issues) => (message.protocol(), Content::Message(message, issues)),
        Item::Tftp {
            message,
            issues,
            of_file,
            ..
        } => (
            Protocol::Tftp,
            Content::Tftp {
                message,
                issues,
                of_file,
            },
        ),
        Item::Undecodable(protocol, error) => (protocol, Content::Undecodable(protocol, error)),
        Item::Tcp(_) | Item::FtpData { .. } | Item::TaggedCopy { .. } => return Ok(()),
    };
    let name = protocol.name();
    if !protocols.is_empty() && !protocols.iter().any(|wanted| wanted == name) {
        return Ok(());
    }
    let line = DecodeLine {
        at: dissected.at,
        source: dissected.source,
        destination: dissected.destination,
        vlans: dissected.vlans,
        content,
    };
    decode_line(&line, out)
}
