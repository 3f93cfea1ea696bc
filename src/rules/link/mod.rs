//! Rules of the link phase: power and VLANs.

pub(super) mod cdp_low_power;
