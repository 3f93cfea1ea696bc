//! Rules of the link phase: power, VLANs and the switch port.

pub(super) mod cdp_low_power;
pub(super) mod port_auth_failed;
