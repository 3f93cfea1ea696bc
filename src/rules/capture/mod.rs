//! Rules about the capture itself.

pub(super) mod capture_cut_short;
