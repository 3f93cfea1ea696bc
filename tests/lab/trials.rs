//! Runs named trials as Rust's own test harness does, with its words.
//!
//! The harness itself knows only functions; these trials are files, and may be skipped
//! with a reason that must be seen.

use std::io::Write as _;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use crate::Result;

/// Trials at once, where `--test-threads` says nothing: most of their time they only wait
/// for what a phone does next, and those at work see to it that they are few.
const AT_ONCE: usize = 32;

/// One scenario about to run.
pub(crate) struct Trial {
    pub(crate) name: String,
    /// Why it cannot run here.
    pub(crate) skipped: Option<String>,
    /// What is wrong is an error that says all of it.
    pub(crate) run: Box<dyn FnOnce() -> Result<()> + Send>,
}

/// How one ended.
enum Ending {
    Passed,
    Failed(String),
    Skipped(String),
}

/// Does what the command line asks for. Options of Rust's harness that make no
/// difference here are accepted, since `cargo test -- OPTION` gives them to all.
pub(crate) fn main(words: &[&str], all: &dyn Fn() -> Result<Vec<Trial>>) -> ExitCode {
    let mut filters = Vec::new();
    let mut skips = Vec::new();
    let (mut exact, mut list) = (false, false);
    let mut at_once = AT_ONCE;
    let mut words = words.iter();
    while let Some(word) = words.next() {
        match *word {
            "--exact" => exact = true,
            "--list" => list = true,
            "--skip" => skips.extend(words.next().copied()),
            "--test-threads" => {
                at_once = words
                    .next()
                    .and_then(|number| number.parse().ok())
                    .unwrap_or(AT_ONCE);
            }
            "--format" | "--color" | "--logfile" | "-Z" => {
                words.next();
            }
            option if option.starts_with('-') => {}
            filter => filters.push(filter),
        }
    }
    let trials = match all() {
        Ok(trials) => trials,
        Err(error) => {
            say(&format!("lab: {error}"));
            return ExitCode::FAILURE;
        }
    };
    let n_all = trials.len();
    let fits = |name: &str, filter: &str| {
        if exact {
            name == filter
        } else {
            name.contains(filter)
        }
    };
    let chosen: Vec<Trial> = trials
        .into_iter()
        .filter(|trial| {
            (filters.is_empty() || filters.iter().any(|filter| fits(&trial.name, filter)))
                && !skips.iter().any(|skip| fits(&trial.name, skip))
        })
        .collect();
    if list {
        for trial in &chosen {
            say(&format!("{}: test", trial.name));
        }
        return ExitCode::SUCCESS;
    }
    run(chosen, n_all, at_once.max(1))
}

fn run(chosen: Vec<Trial>, n_all: usize, at_once: usize) -> ExitCode {
    let started = Instant::now();
    let n_chosen = chosen.len();
    say(&format!("\nrunning {n_chosen} tests"));
    let waiting = Mutex::new(chosen.into_iter());
    let (sender, endings) = mpsc::channel();
    let mut failures = Vec::new();
    let (mut n_passed, mut n_skipped) = (0, 0);
    thread::scope(|scope| {
        for _ in 0..at_once {
            let (sender, waiting) = (sender.clone(), &waiting);
            scope.spawn(move || {
                while let Some(trial) = next(waiting) {
                    let began = Instant::now();
                    let ending = end_of(trial.skipped, trial.run);
                    if sender.send((trial.name, ending, began.elapsed())).is_err() {
                        break;
                    }
                }
            });
        }
        drop(sender);
        for (name, ending, time) in endings {
            match ending {
                Ending::Passed => {
                    n_passed += 1;
                    say(&format!("test {name} ... ok <{}>", secs(time)));
                }
                Ending::Skipped(reason) => {
                    n_skipped += 1;
                    say(&format!("test {name} ... ignored, {reason}"));
                }
                Ending::Failed(words) => {
                    say(&format!("test {name} ... FAILED <{}>", secs(time)));
                    failures.push((name, words));
                }
            }
        }
    });
    failures.sort();
    for (name, words) in &failures {
        say(&format!("\n---- {name} ----\n{words}"));
    }
    let verdict = if failures.is_empty() { "ok" } else { "FAILED" };
    say(&format!(
        "\ntest result: {verdict}. {n_passed} passed; {} failed; {n_skipped} ignored; \
         0 measured; {} filtered out; finished in {}\n",
        failures.len(),
        n_all - n_chosen,
        secs(started.elapsed())
    ));
    if failures.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(101)
    }
}

fn next(waiting: &Mutex<std::vec::IntoIter<Trial>>) -> Option<Trial> {
    waiting.lock().ok()?.next()
}

fn end_of(skipped: Option<String>, run: Box<dyn FnOnce() -> Result<()> + Send>) -> Ending {
    if let Some(reason) = skipped {
        return Ending::Skipped(reason);
    }
    // A panic has said on standard error what it is about.
    match thread::spawn(run).join() {
        Ok(Ok(())) => Ending::Passed,
        Ok(Err(error)) => Ending::Failed(error.to_string()),
        Err(_) => Ending::Failed("panicked".to_owned()),
    }
}

fn secs(time: Duration) -> String {
    format!("{:.1}s", time.as_secs_f32())
}

fn say(line: &str) {
    // Whoever closed our output does not want to read on.
    let _ = writeln!(std::io::stdout(), "{line}");
}
