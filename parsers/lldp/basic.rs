//! LLDP's own TLVs, types 1 to 8 (IEEE Std 802.1AB clause 8.5).

use nom::Parser;
use nom::bytes::complete::take;
use nom::error::context;
use nom::number::complete::{be_u32, u8};

use super::tlv::{Field, between, exactly};
use super::{Capabilities, Id, IdValue, ManagementAddress, Row, ip_address};
use crate::{MacAddress, Parsed, WireText};

/// Chassis id subtypes of a MAC address and of a network address (table 8-2).
const CHASSIS_SUBTYPES: (u8, u8) = (4, 5);

/// Port id subtypes of a MAC address and of a network address (table 8-3).
const PORT_SUBTYPES: (u8, u8) = (3, 4);

#[rustfmt::skip]
pub(super) const TLVS: &[Row] = &[
    Row { kind: 1, name: "chassis id", lengths: between(2, 256), once: true, read: |m, f| m.chassis_id = id(f, CHASSIS_SUBTYPES) },
    Row { kind: 2, name: "port id", lengths: between(2, 256), once: true, read: |m, f| m.port_id = id(f, PORT_SUBTYPES) },
    Row { kind: 3, name: "time to live", lengths: exactly(2), once: true, read: |m, f| m.ttl_secs = f.u16() },
    Row { kind: 4, name: "port description", lengths: between(0, 255), once: true, read: |m, f| m.port_description = Some(f.text()) },
    Row { kind: 5, name: "system name", lengths: between(0, 255), once: true, read: |m, f| m.system_name = Some(f.text()) },
    Row { kind: 6, name: "system description", lengths: between(0, 255), once: true, read: |m, f| m.system_description = Some(f.text()) },
    Row { kind: 7, name: "system capabilities", lengths: exactly(4), once: true, read: |m, f| m.capabilities = capabilities(f) },
    Row { kind: 8, name: "management address", lengths: between(9, 167), once: false, read: |m, f| m.management_addresses.extend(management_address(f)) },
];

/// A chassis or port id. An address that cannot be one is kept as its bytes.
fn id(field: &mut Field<'_>, (mac, network_address): (u8, u8)) -> Option<Id> {
    let (&subtype, bytes) = field.bytes.split_first()?;
    if !(1..=7).contains(&subtype) {
        field.malformed(format!("subtype is {subtype}, must be 1 to 7"));
    }
    let value = if subtype == mac {
        mac_address(field, bytes).unwrap_or_else(|| IdValue::Text(WireText::new(bytes)))
    } else if subtype == network_address {
        address(field, bytes).unwrap_or_else(|| IdValue::Text(WireText::new(bytes)))
    } else {
        IdValue::Text(field.text_of(bytes))
    };
    Some(Id { subtype, value })
}

fn mac_address(field: &mut Field<'_>, bytes: &[u8]) -> Option<IdValue> {
    if let Ok(mac) = bytes.try_into() {
        return Some(IdValue::Mac(MacAddress(mac)));
    }
    field.short(format!("MAC address is {} bytes, must be 6", bytes.len()));
    None
}

fn address(field: &mut Field<'_>, bytes: &[u8]) -> Option<IdValue> {
    let (&family, address) = bytes.split_first()?;
    match ip_address(family, address) {
        Ok(ip) => ip.map(IdValue::Address),
        Err(must) => {
            field.short(format!(
                "address is {} bytes, must be {must}",
                address.len()
            ));
            None
        }
    }
}

fn capabilities(field: &mut Field<'_>) -> Option<Capabilities> {
    let bits = field.u32()?;
    let [a, b, c, d] = bits.to_be_bytes();
    let capabilities = Capabilities {
        system: u16::from_be_bytes([a, b]),
        enabled: u16::from_be_bytes([c, d]),
    };
    let extra = capabilities.enabled & !capabilities.system;
    if extra != 0 {
        field.malformed(format!("enables {extra:#06x}, which the system cannot do"));
    }
    Some(capabilities)
}

fn management_address(field: &mut Field<'_>) -> Option<ManagementAddress> {
    let (rest, (length, address)) = field.read(field.bytes, parse_management_address)?;
    if !(2..=32).contains(&length) {
        field.malformed(format!("address length is {length}, must be 2 to 32"));
    }
    if let Err(must) = ip_address(address.family, &address.address) {
        field.malformed(format!(
            "address is {} bytes, must be {must}",
            address.address.len()
        ));
    }
    if !(1..=3).contains(&address.interface_subtype) {
        field.malformed(format!(
            "interface subtype is {}, must be 1 to 3",
            address.interface_subtype
        ));
    }
    if !rest.is_empty() {
        field.malformed(format!("{} bytes stand behind the object id", rest.len()));
    }
    Some(address)
}

/// The address, and the length that counts its family too.
fn parse_management_address(input: &[u8]) -> Parsed<'_, (u8, ManagementAddress)> {
    let (input, length) = context("address length", u8).parse_complete(input)?;
    let (input, family) = context("address family", u8).parse_complete(input)?;
    let (input, address) =
        context("address", take(length.saturating_sub(1))).parse_complete(input)?;
    let (input, interface_subtype) = context("interface subtype", u8).parse_complete(input)?;
    let (input, interface) = context("interface number", be_u32).parse_complete(input)?;
    let (input, object_id_length) = context("object id length", u8).parse_complete(input)?;
    let (input, object_id) = context("object id", take(object_id_length)).parse_complete(input)?;
    let address = ManagementAddress {
        family,
        address: address.to_vec(),
        interface_subtype,
        interface,
        object_id: object_id.to_vec(),
    };
    Ok((input, (length, address)))
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::super::tests::{n_issues, read_one};
    use super::super::{Decoded, Input, Message, decode};
    use super::*;

    fn read_ids(chassis: &[u8], port: &[u8]) -> Decoded<Message> {
        let length = |value: &[u8]| u8::try_from(value.len()).unwrap();
        let bytes = [
            &[0x02, length(chassis)],
            chassis,
            &[0x04, length(port)],
            port,
            b"\x06\x02\x00\x78\x00\x00",
        ]
        .concat();
        decode(Input::whole(&bytes)).unwrap()
    }

    /// An id as chassis id and as port id, with one detail for both.
    fn check_ids(subtypes: (u8, u8), bytes: &[u8], value: &IdValue, details: &[&str]) {
        let [chassis, port] = [subtypes.0, subtypes.1].map(|subtype| [&[subtype], bytes].concat());
        let decoded = read_ids(&chassis, &port);
        let id = |subtype| {
            Some(Id {
                subtype,
                value: value.clone(),
            })
        };
        assert_eq!(decoded.value.chassis_id, id(subtypes.0));
        assert_eq!(decoded.value.port_id, id(subtypes.1));
        let found: Vec<_> = decoded.issues.iter().map(|issue| &*issue.detail).collect();
        assert_eq!(found, [details, details].concat());
    }

    fn text(bytes: &[u8]) -> IdValue {
        IdValue::Text(WireText::new(bytes))
    }

    #[test]
    fn minds_the_lengths() {
        for (kind, min, max) in [(4, 0, 255), (5, 0, 255), (6, 0, 255), (7, 4, 4)] {
            assert_eq!(n_issues(kind, None, min), 0);
            assert_eq!(n_issues(kind, None, max), 0);
            assert_eq!(n_issues(kind, None, max + 1), 1);
        }
        assert_eq!(n_issues(7, None, 3), 1);
        let (message, details) = read_one(5, None, &[b'a'; 256]);
        assert_eq!(message.system_name.unwrap().as_bytes(), [b'a'; 256]);
        assert_eq!(details, ["length is 256, must be 0 to 255"]);
    }

    #[test]
    fn reads_ids_of_every_subtype() {
        let mac = [0x00, 0x1a, 0xa1, 0x7b, 0xe6, 0x38];
        check_ids((4, 3), &mac, &IdValue::Mac(MacAddress(mac)), &[]);
        let address: IpAddr = [192, 0, 2, 7].into();
        check_ids((5, 4), &[1, 192, 0, 2, 7], &IdValue::Address(address), &[]);
        let v6 = [2, 0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7];
        let address: IpAddr = "2001:db8::7".parse().unwrap();
        check_ids((5, 4), &v6, &IdValue::Address(address), &[]);
        check_ids((5, 4), b"\x04ab", &text(b"\x04ab"), &[]);
        for subtype in [1, 2, 6, 7] {
            check_ids((subtype, subtype), b"Port 1", &text(b"Port 1"), &[]);
        }
        check_ids((3, 5), b"Port 1", &text(b"Port 1"), &[]);
        let detail = "ends with NUL bytes (1)";
        check_ids((7, 7), b"23\0", &text(b"23"), &[detail]);
    }

    #[test]
    fn keeps_ids_that_are_not_what_they_say() {
        for length in [5, 7] {
            let bytes = &[1; 7][..length];
            let detail = format!("MAC address is {length} bytes, must be 6");
            check_ids((4, 3), bytes, &text(bytes), &[&detail]);
        }
        let short = [1, 192, 0, 2];
        let detail = "address is 3 bytes, must be 4";
        check_ids((5, 4), &short, &text(&short), &[detail]);
        let detail = "address is 4 bytes, must be 16";
        let short = [2, 10, 10, 10, 10];
        check_ids((5, 4), &short, &text(&short), &[detail]);
        for subtype in [0, 8] {
            let detail = format!("subtype is {subtype}, must be 1 to 7");
            check_ids((subtype, subtype), b"a", &text(b"a"), &[&detail]);
        }
    }

    #[test]
    fn needs_a_byte_behind_the_subtype() {
        let decoded = read_ids(&[4], &[]);
        assert_eq!(decoded.value.chassis_id, None);
        assert_eq!(decoded.value.port_id, None);
        let details: Vec<_> = decoded.issues.iter().map(|issue| &*issue.detail).collect();
        assert_eq!(
            details,
            [
                "length is 1, must be 2 to 256",
                "length is 0, must be 2 to 256"
            ]
        );
    }

    #[test]
    fn minds_the_length_of_the_time_to_live() {
        for (tlv, ttl_secs) in [
            (b"\x06\x01\x78".as_slice(), None),
            (b"\x06\x03\x00\x78\x00", Some(120)),
        ] {
            let first = b"\x02\x02\x07a\x04\x02\x07b";
            let decoded = decode(Input::whole(&[first, tlv, &[0, 0]].concat())).unwrap();
            assert_eq!(decoded.value.ttl_secs, ttl_secs);
            let detail = format!("length is {}, must be 2", tlv[1]);
            assert_eq!(decoded.issues[0].detail, detail);
        }
    }

    #[test]
    fn reads_both_sets_of_capabilities() {
        let (message, details) = read_one(7, None, &[0x00, 0x24, 0x00, 0x20]);
        assert_eq!(
            message.capabilities,
            Some(Capabilities {
                system: 0x24,
                enabled: 0x20,
            })
        );
        assert_eq!(details, [""; 0]);
        let (message, details) = read_one(7, None, &[0x00, 0x24, 0x00, 0x30]);
        assert_eq!(message.capabilities.unwrap().enabled, 0x30);
        assert_eq!(details, ["enables 0x0010, which the system cannot do"]);
    }

    #[test]
    fn reads_management_addresses_of_any_family() {
        let read = |value: &[u8]| {
            let (message, details) = read_one(8, None, value);
            assert_eq!(details, [""; 0]);
            message.management_addresses.into_iter().next().unwrap()
        };
        let v4 = read(&[5, 1, 192, 0, 2, 7, 2, 0, 0, 0, 7, 0]);
        assert_eq!(
            v4,
            ManagementAddress {
                family: 1,
                address: vec![192, 0, 2, 7],
                interface_subtype: 2,
                interface: 7,
                object_id: vec![],
            }
        );
        assert_eq!(v4.ip(), Some([192, 0, 2, 7].into()));
        let v6 = read(&[
            17, 2, // length, family
            0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7, // address
            1, 0, 0, 0, 1, // interface
            3, 0x2b, 6, 1, // object id
        ]);
        assert_eq!(v6.ip(), Some("2001:db8::7".parse().unwrap()));
        assert_eq!(v6.object_id, [0x2b, 6, 1]);
        let mac = read(&[7, 6, 0, 1, 2, 3, 4, 5, 3, 0, 0, 0, 2, 0]);
        assert_eq!((mac.family, mac.address.len()), (6, 6));
        assert_eq!(mac.ip(), None);
    }

    #[test]
    fn reads_management_addresses_as_far_as_they_make_sense() {
        let read = |value: &[u8]| {
            let (message, details) = read_one(8, None, value);
            (message.management_addresses.len(), details)
        };
        let whole = [5, 1, 192, 0, 2, 7, 2, 0, 0, 0, 7, 1, 9];
        let (n_read, details) = read(&whole[..8]);
        assert_eq!((n_read, details.len()), (0, 1));
        for (n_bytes, detail) in [
            (10, "interface number: only 3 bytes are left for it"),
            (11, "object id length: only 0 bytes are left for it"),
            (12, "object id: only 0 bytes are left for it"),
        ] {
            assert_eq!(read(&whole[..n_bytes]), (0, vec![detail.to_string()]));
        }
        let longer = [&whole[..], &[0]].concat();
        let detail = "1 bytes stand behind the object id".to_string();
        assert_eq!(read(&longer), (1, vec![detail]));
        // Length 1: a family without an address; a subtype of zero.
        let (n_read, details) = read(&[1, 1, 0, 0, 0, 0, 7, 2, 8, 8]);
        assert_eq!(n_read, 1);
        assert_eq!(
            details,
            [
                "address length is 1, must be 2 to 32",
                "address is 0 bytes, must be 4",
                "interface subtype is 0, must be 1 to 3",
            ]
        );
        let (n_read, details) = read(&[9, 1, 192]);
        assert_eq!((n_read, details.len()), (0, 1));
    }

    #[test]
    fn reads_an_address_length_of_zero() {
        let (message, details) = read_one(8, None, &[0, 6, 2, 0, 0, 0, 7, 2, 8, 8]);
        assert_eq!(message.management_addresses[0].interface, 7);
        assert_eq!(details, ["address length is 0, must be 2 to 32"]);
    }
}
