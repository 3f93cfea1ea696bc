//! Rules of the link phase: power, VLANs and the switch port.

pub(super) mod cdp_low_power;
pub(super) mod duplex_mismatch;
pub(super) mod lldp_low_power;
pub(super) mod port_auth_failed;
pub(super) mod power_protocols_conflict;
pub(super) mod voice_vlan_conflict;
pub(super) mod voice_vlan_ignored;
pub(super) mod voice_vlan_not_offered;

mod vlans;
