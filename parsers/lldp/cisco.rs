//! LLDP TLVs of Cisco (organisation 00-01-42).
//!
//! Undocumented. Subtype 1 is seen from switches with four-pair power and read
//! so by Wireshark; its bits are those of CDP's TLV 0x001f: 1 the switch can, 2
//! the device's pairs are separate, 4 the device asks, 8 the switch does.

use super::Row;
use super::tlv::exactly;

#[rustfmt::skip]
pub(super) const TLVS: &[Row] = &[
    Row { kind: 1, name: "four-pair power", lengths: exactly(1), once: true, read: |m, f| m.cisco_upoe = f.u8() },
];
