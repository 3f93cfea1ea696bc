//! `phoneboot analyze`.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::Args;

use crate::analysis::{self, Analysis};
use crate::capture::file::{Reader, STANDARD_INPUT};
use crate::capture::live::batch::Batch;
use crate::capture::live::feed::Feed;
use crate::capture::{Timestamp, inputs};
use crate::diagnosis::Diagnosis;
use crate::error::{Error, Exit};
use crate::profiles::Profiles;

use super::shared::{Shared, keep_wanted_or_say};
use super::signals::Asked;
use super::watch::{Limits, Outputs, Watch};
use super::{say, to_output};

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
    /// Show what happens while the capture grows: of `-` as it comes (by itself when its
    /// first frame is new), of a file as somebody writes it; Ctrl-C ends with the report
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
    let input = if arguments.follow {
        Input::Growing(Feed::follow(followed(&arguments.files)?))
    } else if is_pipe(&arguments.files) {
        first_look_at_pipe()?
    } else {
        Input::Files
    };
    if let Input::Growing(feed) = input {
        let watch = Watch {
            shared,
            wanted,
            format,
            profiles,
            limits: Limits::default(),
            to_terminal,
            screen: None,
        };
        let mut outputs = Outputs::new(out, messages, shared)?;
        if !shared.look.quiet {
            outputs.say(&"the capture still grows; Ctrl-C ends with the report");
        }
        let asked = Asked::catch().map_err(to_output)?;
        return watch.run(feed, &asked, &mut outputs);
    }

    let (paths, errors) = inputs::expand(&arguments.files);
    let mut exit = Exit::Clean;
    for error in &errors {
        say(messages, error);
        exit = exit.worse(Exit::Unreadable);
    }
    let single = arguments.merge || is_single(&arguments.files);
    let mut reports = Vec::new();
    let results = if let Input::Begun(first, reader) = input {
        vec![Ok(analyze_begun(first.as_ref(), reader, profiles, shared))]
    } else if arguments.merge && !paths.is_empty() {
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

/// What is to be analyzed.
enum Input {
    /// What is named on the command line.
    Files,
    /// Standard input, and the frame that was read of it; `None` when there is none.
    Begun(Option<Batch>, Reader),
    /// A capture that still grows.
    Growing(Feed),
}

/// A pipe is followed when its first frame is not older than so long.
const FRESH_SECS: f64 = 60.0;

/// Whether the input is standard input alone, and no file.
fn is_pipe(files: &[PathBuf]) -> bool {
    #[cfg(unix)]
    let is_file = rustix::fs::fstat(io::stdin())
        .is_ok_and(|stat| rustix::fs::FileType::from_raw_mode(stat.st_mode).is_file());
    #[cfg(not(unix))]
    let is_file = true;
    matches!(files, [only] if only == Path::new(STANDARD_INPUT)) && !is_file
}

/// Whether a pipe brings what was captured long ago, or what is captured now: its first
/// frame tells.
fn first_look_at_pipe() -> Result<Input, Error> {
    let mut reader = Reader::open(Path::new(STANDARD_INPUT), 0)?;
    let Some(frame) = reader.next_frame() else {
        return Ok(Input::Begun(None, reader));
    };
    let (first, time) = (Batch::of(&frame), frame.time);
    let now = chrono::Utc::now().timestamp_nanos_opt().map(Timestamp);
    Ok(match now {
        Some(now) if now.secs_since(time).abs() <= FRESH_SECS => {
            Input::Growing(Feed::go_on(first, reader))
        }
        _ => Input::Begun(Some(first), reader),
    })
}

/// Analyzes a capture of which the first frame was read.
fn analyze_begun(
    first: Option<&Batch>,
    mut reader: Reader,
    profiles: &Profiles,
    shared: &Shared,
) -> Diagnosis {
    let mut analysis = Analysis::new(profiles, shared.options());
    for frame in first.into_iter().flat_map(Batch::frames) {
        analysis.frame(&frame);
    }
    while let Some(frame) = reader.next_frame() {
        analysis.frame(&frame);
    }
    analysis.finish(vec![reader.facts().clone()])
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
