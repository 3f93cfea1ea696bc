//! Signals that ask the program to end: Ctrl-C, `kill`, a terminal that went away.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

/// Whether the program was asked to end.
#[derive(Debug, Clone)]
pub(super) struct Asked(Arc<AtomicBool>);

impl Asked {
    /// From now on these signals are noted. A second one ends the process at once, with
    /// the exit status that shells give to its signal.
    pub(super) fn catch() -> io::Result<Self> {
        let asked = Arc::new(AtomicBool::new(false));
        let mut signals = vec![SIGINT, SIGTERM];
        #[cfg(unix)]
        signals.push(signal_hook::consts::SIGHUP);
        for signal in signals {
            // The order counts: the first signal finds the flag not set yet.
            flag::register_conditional_shutdown(signal, 128 + signal, Arc::clone(&asked))?;
            flag::register(signal, Arc::clone(&asked))?;
        }
        Ok(Self(asked))
    }

    /// Whether one of them came.
    pub(super) fn to_end(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
