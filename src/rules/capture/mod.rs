//! Rules about the capture itself.

pub(super) mod capture_clock_stepped;
pub(super) mod capture_cut_short;
pub(super) mod capture_frames_doubled;
pub(super) mod capture_one_sided;
pub(super) mod capture_starts_late;
pub(super) mod frames_malformed;
