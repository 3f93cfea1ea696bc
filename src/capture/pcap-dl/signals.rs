//! Signals that ask a program to end: noted, and the second one ends it at once.

use std::ffi::c_int;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};

/// Ctrl-C, `kill`, and a terminal that went away.
const SIGNALS: [c_int; 3] = [libc::SIGINT, libc::SIGTERM, libc::SIGHUP];

static ASKED: AtomicBool = AtomicBool::new(false);

/// From now on these signals are noted. A second one ends the process with the exit
/// status that shells give to its signal.
pub fn catch() -> io::Result<()> {
    for signal in SIGNALS {
        // SAFETY: all of the structure may be zero: no flags, an empty mask.
        let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
        action.sa_sigaction = note as *const () as libc::sighandler_t;
        action.sa_flags = libc::SA_RESTART;
        // SAFETY: the handler has the type that these flags ask for, and calls nothing
        // that must not be called in a handler.
        let result = unsafe { libc::sigaction(signal, &raw const action, std::ptr::null_mut()) };
        if result != 0 {
            return Err(io::Error::last_os_error());
        }
    }
    Ok(())
}

/// Whether the process was asked to end.
pub fn asked() -> bool {
    ASKED.load(Ordering::Relaxed)
}

extern "C" fn note(signal: c_int) {
    if ASKED.swap(true, Ordering::Relaxed) {
        // SAFETY: ends the process, and may be called in a handler.
        unsafe { libc::_exit(128 + signal) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_the_first_signal() {
        catch().unwrap();
        assert!(!asked());
        // SAFETY: the signal has a handler.
        unsafe { libc::raise(libc::SIGTERM) };
        assert!(asked());
    }
}
