//! The lab: real servers and a scripted phone, watched by the real program.
//!
//! Each scenario in `scenarios/` gets a network of its own ([`net`]), the servers that its
//! phone needs ([`servers`]), a fault, and a phone that boots as its family does
//! ([`phone`]). `phoneboot` watches the phone's switch port meanwhile, and what it reports
//! is compared with what the scenario expects ([`expect`]).
//!
//! It takes root, because of the namespaces, and the servers' programs. Scenarios that
//! lack something are skipped by name; `PHONEBOOT_LAB=required` makes that an error.
//!
//! ```text
//! cargo test --test lab                     all scenarios
//! cargo test --test lab -- yealink          those with yealink in their name
//! cargo test --test lab -- --list           their names
//! ```

use std::io::Write as _;
use std::process::ExitCode;

mod expect;
#[path = "../forge/mod.rs"]
#[cfg(test)]
#[expect(
    dead_code,
    unused_imports,
    clippy::enum_glob_use,
    reason = "made for captures; the lab sends some of its frames"
)]
mod forge;
mod net;
mod phone;
mod run;
mod scenario;
mod servers;
mod trials;
mod wire;

/// What went wrong in the lab itself.
type Error = Box<dyn std::error::Error + Send + Sync>;
type Result<T> = std::result::Result<T, Error>;

/// One program, four parts: the tests, and what they start in namespaces.
fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        ["--phone"] => phone::boot(),
        ["--wire"] => wire::serve(),
        ["--janitor", pid] => {
            net::keep_clean(pid);
            Ok(())
        }
        _ => return trials::main(&words, &run::trials),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "{}: {error}", words.join(" "));
            ExitCode::FAILURE
        }
    }
}
