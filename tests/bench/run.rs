//! Running a program to its end, and what it took.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use wait4::Wait4;

use crate::Failure;

/// What one run of a program took.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cost {
    /// From its start to its end.
    pub(crate) wall: Duration,
    /// Processor time of the program and of the kernel on its behalf.
    pub(crate) processor: Duration,
    /// The most memory that it held, in bytes.
    pub(crate) memory_bytes: u64,
}

/// Runs a program to its end, its output thrown away.
pub(crate) fn cost(command: &mut Command) -> Result<Cost, Failure> {
    let name = command.get_program().display().to_string();
    let started = Instant::now();
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| format!("{name}: {error}"))?;
    let used = child.wait4()?;
    Ok(Cost {
        wall: started.elapsed(),
        processor: used.rusage.utime + used.rusage.stime,
        memory_bytes: used.rusage.maxrss,
    })
}
