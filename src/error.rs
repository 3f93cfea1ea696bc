//! [`Error`]: the run failed. A phone's fault is a finding, never this.

use std::path::PathBuf;

use crate::capture;
use crate::profiles::ProfileError;

/// Why a run could not do what it was asked to.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A capture cannot be read.
    #[error(transparent)]
    Capture(#[from] capture::Error),
    /// A profile of `--profiles` cannot be used.
    #[error(transparent)]
    Profile(#[from] ProfileError),
    /// An output cannot be written.
    #[error("{}: {source}", .path.display())]
    Output {
        /// Where to.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// Rights could not be given up, so nothing was listened to.
    #[error("rights cannot be given up: {source}")]
    Rights {
        /// Why not.
        source: std::io::Error,
    },
    /// The command line asks for something that does not exist.
    #[error("{0}")]
    Usage(String),
}

/// What the process tells its caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// No finding at or above `--fail-on`.
    Clean,
    /// Read, but there is no phone boot in it to judge.
    NoPhone,
    /// A finding at or above `--fail-on`.
    Findings,
    /// Wrong usage.
    Usage,
    /// A capture or interface cannot be read, or an output cannot be written.
    Unreadable,
}

impl Exit {
    /// The process's exit status.
    pub fn code(self) -> u8 {
        match self {
            Self::Clean => 0,
            Self::Findings => 1,
            Self::Usage => 2,
            Self::Unreadable => 3,
            Self::NoPhone => 4,
        }
    }

    /// The worse of two: what could not be read outweighs what was found, and that
    /// outweighs that there was nothing to judge.
    #[must_use]
    pub fn worse(self, other: Self) -> Self {
        let rank = |exit: Self| match exit {
            Self::Clean => 0,
            Self::NoPhone => 1,
            Self::Findings => 2,
            Self::Unreadable => 3,
            Self::Usage => 4,
        };
        if rank(other) > rank(self) {
            other
        } else {
            self
        }
    }
}

impl Error {
    /// The exit status of a run that ends with this error.
    pub fn exit(&self) -> Exit {
        match self {
            Self::Usage(_) | Self::Profile(_) | Self::Capture(capture::Error::Filter { .. }) => {
                Exit::Usage
            }
            Self::Capture(_) | Self::Output { .. } | Self::Rights { .. } => Exit::Unreadable,
        }
    }
}
