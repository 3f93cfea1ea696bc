//! `phoneboot analyze`.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use phoneboot_parsers::MacAddress;

use crate::analysis;
use crate::capture::{Timestamp, inputs};
use crate::diagnosis::{Diagnosis, PhoneDiagnosis, Verdict};
use crate::error::{Error, Exit};
use crate::finding::Severity;
use crate::profiles::Profiles;
use crate::report::{self, Format, Generated};
use crate::rules::Options;

use super::{Look, say, to_output};

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
    /// The report's format [default: by the extension of --output, else table]
    #[arg(long, value_name = "FORMAT", value_parser = format_names())]
    format: Option<String>,
    /// Write the report to this file
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Only the phone with this MAC or IP address; may be given more than once
    #[arg(long, value_name = "MAC|IP")]
    phone: Vec<String>,
    /// Which findings make the exit status 1
    #[arg(long, value_enum, value_name = "LEVEL", default_value_t = FailOn::Error)]
    fail_on: FailOn,
    /// Additional phone families, one TOML file each
    #[arg(long, value_name = "DIR")]
    profiles: Option<PathBuf>,
    /// Also hosts that show no sign of being a phone
    #[arg(long)]
    all_hosts: bool,
    #[command(flatten)]
    look: Look,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FailOn {
    /// Errors
    Error,
    /// Errors and warnings
    Warning,
    /// None
    Never,
}

fn format_names() -> clap::builder::PossibleValuesParser {
    report::FORMATS
        .iter()
        .map(|(_, name, _)| *name)
        .collect::<Vec<_>>()
        .into()
}

/// A phone that the user named.
enum Wanted {
    Mac(MacAddress),
    Ip(IpAddr),
}

impl Wanted {
    fn parse(text: &str) -> Result<Self, Error> {
        if let Ok(ip) = text.parse() {
            return Ok(Self::Ip(ip));
        }
        MacAddress::parse(text)
            .map(Self::Mac)
            .ok_or_else(|| Error::Usage(format!("--phone {text}: neither a MAC nor an IP address")))
    }

    fn is(&self, phone: &PhoneDiagnosis) -> bool {
        match self {
            Self::Mac(mac) => phone.mac == Some(*mac),
            Self::Ip(ip) => phone.phone.addresses.contains(ip),
        }
    }
}

pub(super) fn run(
    arguments: &Arguments,
    to_terminal: bool,
    out: &mut dyn Write,
    messages: &mut dyn Write,
) -> Result<Exit, Error> {
    let wanted = arguments
        .phone
        .iter()
        .map(|text| Wanted::parse(text))
        .collect::<Result<Vec<_>, _>>()?;
    let format = format(arguments)?;
    let more = arguments
        .profiles
        .as_deref()
        .map(Profiles::with_folder)
        .transpose()?;
    let profiles = more.as_ref().unwrap_or_else(|| Profiles::embedded());
    let options = Options {
        all_hosts: arguments.all_hosts,
    };

    let (paths, errors) = inputs::expand(&arguments.files);
    let mut exit = Exit::Clean;
    for error in &errors {
        say(messages, error);
        exit = exit.worse(Exit::Unreadable);
    }
    let single = arguments.merge || is_single(&arguments.files);
    let mut reports = Vec::new();
    let results = if arguments.merge && !paths.is_empty() {
        vec![analysis::analyze_merged(&paths, profiles, options)]
    } else {
        paths
            .iter()
            .map(|path| analysis::analyze_file(path, profiles, options))
            .collect()
    };
    for result in results {
        match result {
            Ok(mut diagnosis) => {
                keep_wanted(&mut diagnosis, &wanted, messages);
                exit = exit.worse(status(&diagnosis, arguments.fail_on));
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
    write_reports(arguments, &reports, format, single, to_terminal, out)?;
    Ok(exit)
}

/// Whether one report is asked for: one file, not a folder.
fn is_single(files: &[PathBuf]) -> bool {
    matches!(files, [only] if !only.is_dir())
}

fn write_reports(
    arguments: &Arguments,
    reports: &[Diagnosis],
    format: Format,
    single: bool,
    to_terminal: bool,
    out: &mut dyn Write,
) -> Result<(), Error> {
    let generated = Generated {
        at: generated_at()?,
    };
    let Some(path) = &arguments.output else {
        let style = arguments.look.style(to_terminal);
        return report::write(reports, format, single, &generated, &style, out).map_err(to_output);
    };
    let style = arguments.look.style(false);
    let failed = |source| Error::Output {
        path: path.clone(),
        source,
    };
    let mut file = BufWriter::new(File::create(path).map_err(failed)?);
    report::write(reports, format, single, &generated, &style, &mut file).map_err(failed)?;
    file.flush().map_err(failed)
}

/// The format that was asked for: by name, else by the output's extension.
fn format(arguments: &Arguments) -> Result<Format, Error> {
    if let Some(name) = &arguments.format {
        return Format::from_name(name)
            .ok_or_else(|| Error::Usage(format!("--format {name}: no such format")));
    }
    let Some(path) = &arguments.output else {
        return Ok(Format::Table);
    };
    let Some(extension) = path.extension().and_then(|extension| extension.to_str()) else {
        return Ok(Format::Table);
    };
    Format::from_extension(extension).ok_or_else(|| {
        Error::Usage(format!(
            "--output {}: no format has the extension .{extension}, give --format",
            path.display()
        ))
    })
}

/// When the report is made: now, or what `SOURCE_DATE_EPOCH` says, so that the same
/// capture gives the same bytes.
fn generated_at() -> Result<Timestamp, Error> {
    let Some(epoch) = std::env::var_os("SOURCE_DATE_EPOCH") else {
        let now = chrono::Utc::now().timestamp_nanos_opt().unwrap_or_default();
        return Ok(Timestamp(now));
    };
    epoch
        .to_str()
        .and_then(|text| text.parse::<i64>().ok())
        .and_then(|secs| secs.checked_mul(1_000_000_000))
        .map(Timestamp)
        .ok_or_else(|| {
            Error::Usage(format!(
                "SOURCE_DATE_EPOCH is {}, must be seconds since 1970",
                Path::new(&epoch).display()
            ))
        })
}

/// Leaves only the phones that the user named, if any were.
fn keep_wanted(diagnosis: &mut Diagnosis, wanted: &[Wanted], messages: &mut dyn Write) {
    if wanted.is_empty() {
        return;
    }
    let there: Vec<String> = diagnosis
        .phones
        .iter()
        .map(|phone| phone.id.clone())
        .collect();
    diagnosis
        .phones
        .retain(|phone| wanted.iter().any(|wanted| wanted.is(phone)));
    if diagnosis.phones.is_empty() && !there.is_empty() {
        let there = there.join(", ");
        say(
            messages,
            &format_args!("--phone leaves no phone; the capture has {there}"),
        );
    }
    diagnosis.verdict = Verdict::of(&diagnosis.phones);
}

/// The exit status of one report.
fn status(diagnosis: &Diagnosis, fail_on: FailOn) -> Exit {
    let limit = match fail_on {
        FailOn::Error => Some(Severity::Error),
        FailOn::Warning => Some(Severity::Warning),
        FailOn::Never => None,
    };
    let fails = limit.is_some_and(|limit| {
        diagnosis
            .findings()
            .any(|finding| finding.severity >= limit)
    });
    match (fails, diagnosis.verdict) {
        (true, _) => Exit::Findings,
        (false, Verdict::NoPhone) => Exit::NoPhone,
        (false, Verdict::Boot(_)) => Exit::Clean,
    }
}
