//! `phoneboot analyze`.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;

use crate::analysis;
use crate::capture::file::STANDARD_INPUT;
use crate::capture::inputs;
use crate::capture::live::feed::Feed;
use crate::error::{Error, Exit};
use crate::profiles::Profiles;

use super::say;
use super::shared::{Shared, keep_wanted_or_say};
use super::watch::{Limits, Outputs, Watch};

/// What `analyze` takes.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Captures (pcap or pcapng, plain, gzip or zstd), folders of captures, or `-` for
    /// standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Read all files as one time line, as those of one rotation
    #[arg(long)]
    merge: bool,
    /// Show what happens while the capture grows: of `-` as it comes, of a file as
    /// somebody writes it; Ctrl-C ends with the report
    #[arg(long, conflicts_with = "merge")]
    follow: bool,
    #[command(flatten)]
    shared: Shared,
}

pub(super) fn run(
    arguments: &Arguments,
    to_terminal: bool,
    out: &mut dyn Write,
    messages: &mut dyn Write,
) -> Result<Exit, Error> {
    let shared = &arguments.shared;
    let wanted = shared.wanted()?;
    let format = shared.format()?;
    let more = shared.more_profiles()?;
    let profiles = more.as_ref().unwrap_or_else(|| Profiles::embedded());
    if arguments.follow {
        let watch = Watch {
            shared,
            wanted,
            format,
            profiles,
            limits: Limits::default(),
            to_terminal,
            screen: None,
        };
        let feed = Feed::follow(followed(&arguments.files)?);
        return watch.run(feed, &mut Outputs::new(out, messages, shared)?);
    }

    let (paths, errors) = inputs::expand(&arguments.files);
    let mut exit = Exit::Clean;
    for error in &errors {
        say(messages, error);
        exit = exit.worse(Exit::Unreadable);
    }
    let single = arguments.merge || is_single(&arguments.files);
    let mut reports = Vec::new();
    let results = if arguments.merge && !paths.is_empty() {
        vec![analysis::analyze_merged(&paths, profiles, shared.options())]
    } else {
        paths
            .iter()
            .map(|path| analysis::analyze_file(path, profiles, shared.options()))
            .collect()
    };
    for result in results {
        match result {
            Ok(mut diagnosis) => {
                keep_wanted_or_say(&mut diagnosis, &wanted, messages);
                exit = exit.worse(shared.status(&diagnosis));
                reports.push(diagnosis);
            }
            Err(error) => {
                say(messages, &error);
                exit = exit.worse(Exit::Unreadable);
            }
        }
    }
    if single && reports.is_empty() {
        return Ok(exit);
    }
    shared.write_reports(&reports, format, single, to_terminal, out)?;
    Ok(exit)
}

/// Whether one report is asked for: one file, not a folder.
fn is_single(files: &[PathBuf]) -> bool {
    matches!(files, [only] if !only.is_dir())
}

/// The one capture that can be followed.
fn followed(files: &[PathBuf]) -> Result<&Path, Error> {
    match files {
        [only] if only == Path::new(STANDARD_INPUT) || !only.is_dir() => Ok(only),
        [only] => Err(Error::Usage(format!(
            "--follow {}: it is a folder",
            only.display()
        ))),
        _ => Err(Error::Usage("--follow takes one FILE".to_owned())),
    }
}
