//! How a capture was taken, as far as its frames show: [`Taken`].

use super::{FrameNumber, Timestamp};

/// How a capture was taken. None of it is the phone's doing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Taken {
    /// Encapsulations out of which something was read, in alphabetical order:
    /// `erspan-2`, `vxlan`.
    pub encapsulations: Vec<&'static str>,
    /// Frames that came again within milliseconds: a mirror shows them twice, or two
    /// files of a rotation overlap.
    pub copies: Copies,
    /// Frames of phones and the like that bore a VLAN tag. Drivers that strip tags
    /// leave none.
    pub tagged_frames: u64,
    /// Where the capturing host's clock was set.
    pub clock_steps: Vec<ClockStep>,
    /// From when to when it was listened, where that is known beyond the first and last
    /// frame: a silence at either end is as good as one between frames.
    pub listened: Option<(Timestamp, Timestamp)>,
}

/// Frames that came again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Copies {
    /// How many, that were counted once.
    pub frames: u64,
    /// Frames that could have been one: those of phones and the like.
    pub compared: u64,
    /// How many are copies of a frame in the same file.
    pub in_same_capture: u64,
    /// The first of these with its original.
    pub first: Option<Copied>,
}

/// A frame and its copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Copied {
    /// The frame.
    pub original: (FrameNumber, Timestamp),
    /// Its copy.
    pub copy: (FrameNumber, Timestamp),
}

/// The capturing host's clock was set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClockStep {
    /// The first frame after it.
    pub frame: FrameNumber,
    /// When that frame came, by the clock as it would have gone on.
    pub time: Timestamp,
    /// By how much the clock was set, in nanoseconds; negative when it was set back.
    pub by_nanos: i64,
    /// What the times of the frames from here on have over those in the file, in
    /// nanoseconds.
    pub offset_nanos: i64,
}
