//! The command line: what it takes, and which part answers.

mod analyze;
mod decode;
mod explain;
mod interfaces;
mod page;
mod phones;
mod screen;
mod shared;
mod signals;
mod sniff;
mod watch;

use std::io::{IsTerminal, Write};
use std::path::PathBuf;

use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};

use crate::error::{Error, Exit};

/// Tells from a packet capture why an IP phone does not boot.
#[derive(Debug, Parser)]
#[command(name = "phoneboot", version, about, max_term_width = 100)]
#[command(after_help = AFTER_HELP)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

const AFTER_HELP: &str = "\
Examples:
  phoneboot analyze boot.pcapng                 why the phone does not boot
  phoneboot analyze --format json boot.pcapng   the same for a script
  tcpdump -r big.pcap -w - | phoneboot analyze -
  sudo phoneboot sniff -i eth0 -w boot.pcapng   watch a phone boot
  ssh host tcpdump -U -w - | phoneboot analyze -
  phoneboot explain tftp-file-too-large         what a finding means
  phoneboot phones 7970                         what is known of a phone

Exit status: 0 nothing at or above --fail-on; 1 such a finding; 2 wrong usage;
3 a capture or interface cannot be read or an output cannot be written; 4 no phone boot in it.";

#[derive(Debug, Subcommand)]
enum Command {
    /// Read saved captures and report every phone's boot
    Analyze(analyze::Arguments),
    /// Listen on an interface and tell what phones do while they boot
    Sniff(sniff::Arguments),
    /// List capture interfaces, and what right is missing to capture on them
    Interfaces,
    /// Print every decoded message as one line of JSON, without diagnosis
    Decode(decode::Arguments),
    /// Explain a finding: what it sees, why the phone stops, how to fix it
    Explain {
        /// The finding's id, as in `file-missing`; without it, the list
        id: Option<String>,
    },
    /// Tell what is known of phone families: files, options, power, reset keys
    Phones {
        /// A family, a model or a part of it, or an address, as in `7970`; without it, the list
        name: Vec<String>,
        /// Additional phone families, one TOML file each
        #[arg(long, value_name = "DIR")]
        profiles: Option<PathBuf>,
    },
    /// Print the JSON Schema of an output
    Schema {
        /// Which output
        #[arg(value_enum, default_value_t = SchemaName::Report)]
        of: SchemaName,
    },
    /// Print a shell's completion script
    Completions {
        /// Which shell
        #[arg(value_enum)]
        shell: clap_complete::Shell,
    },
    /// Print the manual page in roff
    Man,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum SchemaName {
    /// `--format json`
    Report,
    /// A line of `--format ndjson`
    Event,
    /// A line of `phoneboot decode`
    Decode,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ColorChoice {
    /// On a terminal, unless `NO_COLOR` is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// How results look.
#[derive(Debug, Args)]
struct Look {
    /// When to use colour
    #[arg(long, value_enum, value_name = "WHEN", default_value_t = ColorChoice::Auto)]
    color: ColorChoice,
    /// Only the verdicts and the findings
    #[arg(short, long)]
    quiet: bool,
    /// Every line of every boot's timeline
    #[arg(short, long, conflicts_with = "quiet")]
    verbose: bool,
}

impl Look {
    /// The style for an output; `to_terminal` says whether it goes to one.
    fn style(&self, to_terminal: bool) -> crate::report::Style {
        let color = match self.color {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => {
                to_terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
            }
        };
        crate::report::Style {
            color,
            width: page::width(to_terminal),
            quiet: self.quiet,
            verbose: self.verbose,
        }
    }
}

/// Runs what the command line asks for; `out` is standard output, `messages` is
/// standard error.
pub fn run(cli: &Cli, out: &mut dyn Write, messages: &mut dyn Write) -> Exit {
    let to_terminal = std::io::stdout().is_terminal();
    let result = match &cli.command {
        Command::Analyze(arguments) => analyze::run(arguments, to_terminal, out, messages),
        Command::Sniff(arguments) => sniff::run(arguments, to_terminal, out, messages),
        Command::Interfaces => interfaces::run(out),
        Command::Decode(arguments) => decode::run(arguments, out, messages),
        Command::Explain { id } => explain::run(id.as_deref(), to_terminal, out),
        Command::Phones { name, profiles } => {
            phones::run(&name.join(" "), profiles.as_deref(), to_terminal, out)
        }
        Command::Schema { of } => schema(*of, out),
        Command::Completions { shell } => {
            clap_complete::generate(*shell, &mut Cli::command(), "phoneboot", out);
            Ok(Exit::Clean)
        }
        Command::Man => clap_mangen::Man::new(Cli::command())
            .render(out)
            .map(|()| Exit::Clean)
            .map_err(to_output),
    };
    result.unwrap_or_else(|error| {
        if is_closed_pipe(&error) {
            return Exit::Clean;
        }
        say(messages, &error);
        error.exit()
    })
}

fn schema(of: SchemaName, out: &mut dyn Write) -> Result<Exit, Error> {
    use crate::report::SchemaOf;
    let which = match of {
        SchemaName::Report => SchemaOf::Report,
        SchemaName::Event => SchemaOf::Event,
        SchemaName::Decode => SchemaOf::Decode,
    };
    let schema = crate::report::schema(which);
    writeln!(out, "{schema:#}").map_err(to_output)?;
    Ok(Exit::Clean)
}

/// Tells the user of an error that does not end the run.
fn say(messages: &mut dyn Write, error: &dyn std::fmt::Display) {
    // When standard error is closed, nobody listens.
    let _ = writeln!(messages, "phoneboot: {error}");
}

/// An error of writing to standard output.
fn to_output(source: std::io::Error) -> Error {
    Error::Output {
        path: "standard output".into(),
        source,
    }
}

/// Whether the reader of an output went away, as `head` does: no fault of anyone's.
fn is_closed_pipe(error: &Error) -> bool {
    matches!(error, Error::Output { source, .. } if source.kind() == std::io::ErrorKind::BrokenPipe)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
