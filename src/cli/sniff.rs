//! `phoneboot sniff`.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;

use crate::capture::live::feed::Feed;
use crate::capture::live::interface::{Listener, SNAP_LENGTH, Settings};
use crate::capture::live::{filter, rights};
use crate::capture::save::Save;
use crate::error::{Error, Exit};
use crate::profiles::Profiles;
use crate::report::Format;

use super::shared::Shared;
use super::signals::Asked;
use super::to_output;
use super::watch::{Limits, Outputs, Until, Watch};

const AFTER_HELP: &str = "\
Examples:
  sudo phoneboot sniff -i eth0                  what phones do, until Ctrl-C
  sudo phoneboot sniff -i eth0 --until done -w boot.pcapng
  phoneboot sniff -i eth0 --format ndjson | logger
  phoneboot sniff -i eth0 -f 'ether host 00:1a:a1:7b:e6:38'
  phoneboot sniff -i eth0 -w - | wireshark -k -i -

Without sudo, once: sudo setcap cap_net_raw,cap_net_admin=eip /path/to/phoneboot
Rights are given up before the first frame is looked at.";

/// What `sniff` takes.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Arguments {
    /// The interface to listen on (`phoneboot interfaces` lists them), or `any`
    #[arg(short, long, value_name = "IFACE")]
    interface: String,
    /// Save every frame heard as pcapng, readable while it grows; `-` is standard output
    #[arg(short, long, value_name = "FILE.pcapng")]
    write: Option<PathBuf>,
    /// Capture filter in tcpdump's words [default: all but RTP, QUIC and ESP; -v shows it]
    #[arg(short, long, value_name = "EXPR")]
    filter: Option<String>,
    /// End after so many frames
    #[arg(short, long, value_name = "N")]
    count: Option<u64>,
    /// Keep so many bytes of each frame
    #[arg(short, long, value_name = "LEN", default_value_t = SNAP_LENGTH,
        value_parser = clap::value_parser!(u32).range(1..=i64::from(SNAP_LENGTH)))]
    snap_length: u32,
    /// Hear only frames to this host and to everyone
    #[arg(short = 'p', long)]
    no_promiscuous: bool,
    /// End after so many seconds
    #[arg(long, value_name = "SECS")]
    duration: Option<f64>,
    /// End when this happens; may be given more than once
    #[arg(long, value_enum, value_name = "WHAT")]
    until: Vec<Until>,
    /// How long no phone does anything until it is idle
    #[arg(long, value_name = "SECS", default_value_t = 30.0)]
    idle: f64,
    /// Show one screen that follows the boot, instead of lines; `q` ends it with the report
    #[arg(long)]
    screen: bool,
    #[command(flatten)]
    shared: Shared,
}

pub(super) fn run(
    arguments: &Arguments,
    to_terminal: bool,
    out: &mut dyn Write,
    messages: &mut dyn Write,
) -> Result<Exit, Error> {
    // Before anything is opened: what was begun is to be ended well.
    let asked = Asked::catch().map_err(to_output)?;
    let shared = &arguments.shared;
    if arguments.write.is_some() && arguments.write == shared.output {
        return Err(Error::Usage("-w and -o name the same file".into()));
    }
    let wanted = shared.wanted()?;
    let format = shared.format()?;
    let limits = limits(arguments)?;
    if arguments.screen {
        can_show_screen(arguments, format, to_terminal)?;
    }
    let more = shared.more_profiles()?;
    // All that needs rights is opened before they are given up, and no frame is looked at
    // before that.
    let listener = Listener::open(&Settings {
        interface: arguments.interface.clone(),
        filter: arguments.filter.clone(),
        snap_length: arguments.snap_length,
        promiscuous: !arguments.no_promiscuous,
    })?;
    let mut outputs = Outputs::new(out, messages, shared)?;
    let save = arguments
        .write
        .as_deref()
        .map(|path| begin_save(path, &listener))
        .transpose()?;
    outputs.out_is_taken = arguments.write.as_deref() == Some(Path::new("-"));
    let given_up = rights::give_up().map_err(|source| Error::Rights { source })?;
    if !shared.look.quiet && !arguments.screen {
        outputs.say(&beginning(arguments, &listener, &given_up));
    }
    let watch = Watch {
        shared,
        wanted,
        format,
        profiles: more.as_ref().unwrap_or_else(|| Profiles::embedded()),
        limits,
        to_terminal,
        screen: arguments.screen.then_some(&arguments.interface),
    };
    watch.run(
        Feed::listen(listener, save, arguments.count),
        &asked,
        &mut outputs,
    )
}

/// The screen needs a terminal of its own.
fn can_show_screen(arguments: &Arguments, format: Format, to_terminal: bool) -> Result<(), Error> {
    let why = if !to_terminal {
        "standard output is no terminal"
    } else if arguments.write.as_deref() == Some(Path::new("-")) {
        "-w - writes frames there"
    } else if format == Format::Ndjson && arguments.shared.output.is_none() {
        "--format ndjson writes lines there, unless -o names a file"
    } else {
        return Ok(());
    };
    Err(Error::Usage(format!("--screen cannot be shown: {why}")))
}

fn limits(arguments: &Arguments) -> Result<Limits, Error> {
    let secs = |option: &str, secs: f64| {
        Duration::try_from_secs_f64(secs)
            .map_err(|_| Error::Usage(format!("{option} {secs}: must be seconds from 0 on")))
    };
    let idle = secs("--idle", arguments.idle)?;
    Ok(Limits {
        duration: arguments
            .duration
            .map(|duration| secs("--duration", duration))
            .transpose()?,
        until: arguments.until.clone(),
        idle_secs: idle.as_secs_f64(),
    })
}

/// Opens the file that frames are saved in.
fn begin_save(path: &Path, listener: &Listener) -> Result<(Save, PathBuf), Error> {
    let failed = |source| Error::Output {
        path: path.to_owned(),
        source,
    };
    let file = if path == Path::new("-") {
        standard_output()
    } else {
        // What was in it goes. A pipe has no length.
        rights::create(path).inspect(|file| _ = file.set_len(0))
    };
    let save = Save::begin(file.map_err(failed)?, listener.origin()).map_err(failed)?;
    Ok((save, path.to_owned()))
}

#[cfg(unix)]
fn standard_output() -> std::io::Result<File> {
    use std::os::fd::AsFd;
    Ok(File::from(std::io::stdout().as_fd().try_clone_to_owned()?))
}

#[cfg(not(unix))]
fn standard_output() -> std::io::Result<File> {
    Err(std::io::ErrorKind::Unsupported.into())
}

/// What is listened on, how, and with which rights.
fn beginning(arguments: &Arguments, listener: &Listener, rights: &str) -> String {
    let origin = listener.origin();
    let filter = match &origin.filter {
        None => "no filter".to_owned(),
        Some(filter) if filter == filter::DEFAULT && !arguments.shared.look.verbose => {
            "all but RTP, QUIC and ESP (-v shows the filter)".to_owned()
        }
        Some(filter) => format!("filter {filter}"),
    };
    let promiscuous = if arguments.no_promiscuous {
        "frames to this host only"
    } else {
        "promiscuous"
    };
    format!(
        "listening on {} ({}), {promiscuous}, {filter}; rights: {rights}; Ctrl-C ends with the \
         report",
        origin.interface,
        listener.link_type().name()
    )
}
