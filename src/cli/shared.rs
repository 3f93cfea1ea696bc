//! What `analyze` and `sniff` take alike: which phones, which format, where to, and which
//! findings count.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use phoneboot_parsers::MacAddress;

use crate::capture::Timestamp;
use crate::diagnosis::{Diagnosis, PhoneDiagnosis, Verdict};
use crate::error::{Error, Exit};
use crate::finding::Severity;
use crate::profiles::Profiles;
use crate::report::{self, Format, Generated};
use crate::rules::Options;

use super::{Look, say, to_output};

/// What `analyze` and `sniff` take alike.
#[derive(Debug, Args)]
pub(super) struct Shared {
    /// The report's format [default: by the extension of --output, else table]
    #[arg(long, value_name = "FORMAT", value_parser = format_names())]
    format: Option<String>,
    /// Write the report to this file
    #[arg(short, long, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
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
    pub(super) look: Look,
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
pub(super) enum Wanted {
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

impl Shared {
    /// The phones that the user named; all when empty.
    pub(super) fn wanted(&self) -> Result<Vec<Wanted>, Error> {
        self.phone.iter().map(|text| Wanted::parse(text)).collect()
    }

    /// The phone families with those of `--profiles`; `None` when there are none of those.
    pub(super) fn more_profiles(&self) -> Result<Option<Profiles>, Error> {
        let more = self.profiles.as_deref().map(Profiles::with_folder);
        Ok(more.transpose()?)
    }

    /// What is to be judged.
    pub(super) fn options(&self) -> Options {
        Options {
            all_hosts: self.all_hosts,
        }
    }

    /// The format that was asked for: by name, else by the output's extension.
    pub(super) fn format(&self) -> Result<Format, Error> {
        if let Some(name) = &self.format {
            return Format::from_name(name)
                .ok_or_else(|| Error::Usage(format!("--format {name}: no such format")));
        }
        let Some(path) = &self.output else {
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

    /// Writes the reports to `--output`, else to `out`.
    pub(super) fn write_reports(
        &self,
        reports: &[Diagnosis],
        format: Format,
        single: bool,
        to_terminal: bool,
        out: &mut dyn Write,
    ) -> Result<(), Error> {
        let Some(path) = &self.output else {
            return self.write_to(reports, format, single, to_terminal, out);
        };
        let file = File::create(path).map_err(|source| self.failed(source))?;
        let mut file = BufWriter::new(file);
        self.write_to(reports, format, single, false, &mut file)
            .and_then(|()| file.flush().map_err(to_output))
            .map_err(|error| self.of_output(error))
    }

    /// Writes the reports to this output.
    pub(super) fn write_to(
        &self,
        reports: &[Diagnosis],
        format: Format,
        single: bool,
        to_terminal: bool,
        out: &mut dyn Write,
    ) -> Result<(), Error> {
        let generated = Generated {
            at: generated_at()?,
        };
        let style = self.look.style(to_terminal);
        report::write(reports, format, single, &generated, &style, out).map_err(to_output)
    }

    /// Names `--output` in an error of writing.
    pub(super) fn of_output(&self, error: Error) -> Error {
        match error {
            Error::Output { source, .. } => self.failed(source),
            other => other,
        }
    }

    /// `--output` cannot be written.
    pub(super) fn failed(&self, source: std::io::Error) -> Error {
        Error::Output {
            path: self.output.clone().unwrap_or_default(),
            source,
        }
    }

    /// The exit status of one report.
    pub(super) fn status(&self, diagnosis: &Diagnosis) -> Exit {
        let limit = match self.fail_on {
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
}

/// Leaves only the phones that the user named, if any were.
pub(super) fn keep_wanted(diagnosis: &mut Diagnosis, wanted: &[Wanted]) {
    if wanted.is_empty() {
        return;
    }
    diagnosis
        .phones
        .retain(|phone| wanted.iter().any(|wanted| wanted.is(phone)));
    diagnosis.verdict = Verdict::of(&diagnosis.phones);
}

/// The same, and says so when none is left.
pub(super) fn keep_wanted_or_say(
    diagnosis: &mut Diagnosis,
    wanted: &[Wanted],
    messages: &mut dyn Write,
) {
    let there: Vec<String> = diagnosis
        .phones
        .iter()
        .map(|phone| phone.id.clone())
        .collect();
    keep_wanted(diagnosis, wanted);
    if diagnosis.phones.is_empty() && !there.is_empty() {
        let there = there.join(", ");
        say(
            messages,
            &format_args!("--phone leaves no phone; the capture has {there}"),
        );
    }
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
