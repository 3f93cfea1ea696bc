//! Phoneboot side by side with tcpdump and tshark, on the same traffic and in one run.
//!
//! `cargo bench` measures files; `cargo bench -- live` measures an interface, as root.
//! Both print Markdown tables; `README.md` beside this file keeps the newest.

mod files;
mod live;
mod run;
mod traffic;

use std::io::Write;
use std::path::Path;
use std::process::{Command, ExitCode};

/// What can go wrong with a benchmark: the words are for the person who runs it.
type Failure = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    // Cargo adds `--bench` by itself.
    let words: Vec<String> = std::env::args()
        .skip(1)
        .filter(|word| word != "--bench")
        .collect();
    let out = &mut std::io::stdout().lock();
    let result = match words
        .iter()
        .map(String::as_str)
        .collect::<Vec<_>>()
        .as_slice()
    {
        [] | ["files"] => host(out).and_then(|()| files::measure(out)),
        ["live"] => host(out).and_then(|()| live::measure(out)),
        _ => Err("usage: cargo bench [-- files | -- live]".into()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            // When standard error is closed, nobody listens.
            let _ = writeln!(std::io::stderr(), "bench: {failure}");
            ExitCode::FAILURE
        }
    }
}

/// Prints what the figures were measured with.
fn host(out: &mut dyn Write) -> Result<(), Failure> {
    let cpus = std::fs::read_to_string("/proc/cpuinfo")?;
    let model = cpus
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(": "))
        .map_or("unknown processor", |(_, model)| model);
    let cores = std::thread::available_parallelism()?;
    writeln!(out, "* {cores} cores, {model}")?;
    for (program, argument) in [("tcpdump", "--version"), ("tshark", "--version")] {
        writeln!(
            out,
            "* {}",
            first_line(Command::new(program).arg(argument))?
        )?;
    }
    writeln!(
        out,
        "* {}",
        first_line(Command::new(phoneboot()).arg("--version"))?
    )?;
    writeln!(out)?;
    Ok(())
}

/// The program under test, as Cargo built it for this run.
fn phoneboot() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_phoneboot"))
}

fn first_line(command: &mut Command) -> Result<String, Failure> {
    let name = command.get_program().display().to_string();
    let output = command
        .output()
        .map_err(|error| format!("{name}: {error}"))?;
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text);
    Ok(text.lines().next().unwrap_or_default().to_owned())
}
