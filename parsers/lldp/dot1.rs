//! LLDP TLVs of IEEE 802.1 (organisation 00-80-C2, IEEE Std 802.1Q annex D).

use nom::Parser;
use nom::bytes::complete::take;
use nom::error::context;
use nom::number::complete::{be_u16, u8};

use super::Row;
use super::tlv::{Field, at_least, exactly};
use crate::{Parsed, WireText};

/// The greatest VLAN id that a frame can carry.
const MAX_VLAN: u16 = 4094;

/// The longest VLAN name (IEEE Std 802.1Q clause D.2.3).
const MAX_NAME_BYTES: usize = 32;

/// What the 802.1 TLVs say.
///
/// ```text
///                2
///           +---------+
/// subtype 1 | VLAN id |
///           +---------+
///               1         2
///           +-------+---------+
/// subtype 2 | flags | VLAN id |
///           +-------+---------+
///                2        1      0 to 32
///           +---------+--------+---------+
/// subtype 3 | VLAN id | length |  name   |
///           +---------+--------+---------+
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Dot1 {
    /// Subtype 1: port VLAN id.
    pub port_vlan: Option<u16>,
    /// Subtype 2: flags and VLAN id, every one of them.
    pub protocol_vlans: Vec<(u8, u16)>,
    /// Subtype 3: VLAN id and name, every one of them.
    pub vlan_names: Vec<(u16, WireText)>,
}

#[rustfmt::skip]
pub(super) const TLVS: &[Row] = &[
    Row { kind: 1, name: "port VLAN id", lengths: exactly(2), once: true, read: |m, f| m.dot1.port_vlan = port_vlan(f) },
    Row { kind: 2, name: "port and protocol VLAN id", lengths: exactly(3), once: false, read: |m, f| m.dot1.protocol_vlans.extend(protocol_vlan(f)) },
    Row { kind: 3, name: "VLAN name", lengths: at_least(3), once: false, read: |m, f| m.dot1.vlan_names.extend(vlan_name(f)) },
];

fn check(field: &mut Field<'_>, vlan: u16) {
    if vlan > MAX_VLAN {
        field.malformed(format!("VLAN is {vlan}, must be at most {MAX_VLAN}"));
    }
}

fn port_vlan(field: &mut Field<'_>) -> Option<u16> {
    let vlan = field.u16()?;
    check(field, vlan);
    Some(vlan)
}

fn protocol_vlan(field: &mut Field<'_>) -> Option<(u8, u16)> {
    let (&flags, rest) = field.bytes.split_first()?;
    let vlan = rest.first_chunk().copied().map(u16::from_be_bytes)?;
    check(field, vlan);
    Some((flags, vlan))
}

fn vlan_name(field: &mut Field<'_>) -> Option<(u16, WireText)> {
    let (rest, (vlan, name)) = field.read(field.bytes, vlan_and_name)?;
    check(field, vlan);
    if name.len() > MAX_NAME_BYTES {
        field.malformed(format!(
            "name is {} bytes, must be at most {MAX_NAME_BYTES}",
            name.len()
        ));
    }
    if !rest.is_empty() {
        field.malformed(format!("{} bytes stand behind the name", rest.len()));
    }
    Some((vlan, field.text_of(name)))
}

fn vlan_and_name(input: &[u8]) -> Parsed<'_, (u16, &[u8])> {
    let (input, vlan) = context("VLAN id", be_u16).parse_complete(input)?;
    let (input, length) = context("name length", u8).parse_complete(input)?;
    let (input, name) = context("name", take(length)).parse_complete(input)?;
    Ok((input, (vlan, name)))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{n_issues, read_one};
    use super::*;

    fn read(subtype: u8, value: &[u8]) -> (Dot1, Vec<String>) {
        let (message, details) = read_one(127, Some(([0x00, 0x80, 0xc2], subtype)), value);
        (message.dot1, details)
    }

    #[test]
    fn minds_the_lengths() {
        for (subtype, length) in [(1, 2), (2, 3), (3, 4)] {
            let of = Some(([0x00, 0x80, 0xc2], subtype));
            assert_eq!(n_issues(127, of, length), 0);
            assert_eq!(n_issues(127, of, length - 1), 1);
            assert_eq!(n_issues(127, of, length + 1), 1);
            assert_eq!(n_issues(127, of, 0), 1);
        }
        let (_, details) = read(1, &[0]);
        assert_eq!(details, ["length is 5, must be 6"]);
    }

    #[test]
    fn keeps_vlans_out_of_their_range() {
        let detail = "VLAN is 4095, must be at most 4094";
        let (dot1, details) = read(1, &[0x0f, 0xff]);
        assert_eq!((dot1.port_vlan, details), (Some(4095), vec![detail.into()]));
        let (dot1, details) = read(2, &[6, 0x0f, 0xff]);
        assert_eq!(dot1.protocol_vlans, [(6, 4095)]);
        assert_eq!(details, [detail]);
        let (dot1, details) = read(3, b"\x0f\xff\x00");
        assert_eq!(dot1.vlan_names, [(4095, "".into())]);
        assert_eq!(details, [detail]);
    }

    #[test]
    fn cuts_a_name_by_its_own_length() {
        let (dot1, details) = read(3, b"\x00\x6e\x05voice");
        assert_eq!(dot1.vlan_names, [(110, "voice".into())]);
        assert_eq!(details, [""; 0]);
        let (dot1, details) = read(3, b"\x00\x6e\x04voice");
        assert_eq!(dot1.vlan_names, [(110, "voic".into())]);
        assert_eq!(details, ["1 bytes stand behind the name"]);
        let (dot1, details) = read(3, b"\x00\x6e\x06voice");
        assert_eq!(dot1.vlan_names, []);
        assert_eq!(details, ["name: only 5 bytes are left for it"]);
        let (dot1, details) = read(3, b"\x00\x6e\x06voice\x00");
        assert_eq!(dot1.vlan_names, [(110, "voice".into())]);
        assert_eq!(details, ["ends with NUL bytes (1)"]);
        let long = [&[0, 110, 33], &[b'a'; 33][..]].concat();
        let (dot1, details) = read(3, &long);
        assert_eq!(dot1.vlan_names[0].1.as_bytes(), [b'a'; 33]);
        assert_eq!(details, ["name is 33 bytes, must be at most 32"]);
    }
}
