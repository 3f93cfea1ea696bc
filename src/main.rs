//! The program `phoneboot`: the only part that owns the terminal.

use std::io::{BufWriter, Write};
use std::process::ExitCode;

use clap::Parser;
use phoneboot::cli::{self, Cli};

fn main() -> ExitCode {
    let cli = Cli::parse();
    let mut out = BufWriter::with_capacity(64 * 1024, std::io::stdout().lock());
    let mut messages = std::io::stderr().lock();
    let exit = cli::run(&cli, &mut out, &mut messages);
    // A reader that went away has seen what it wanted; a full disk has not.
    if let Err(error) = out.flush()
        && error.kind() != std::io::ErrorKind::BrokenPipe
    {
        let _ = writeln!(messages, "phoneboot: standard output: {error}");
        return ExitCode::from(3);
    }
    ExitCode::from(exit.code())
}
