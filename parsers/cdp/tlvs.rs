//! CDP's TLVs: one row a type, and the readers of their values.
//!
//! Types and layouts after `packet-cdp.c` of Wireshark and `print-cdp.c` of
//! tcpdump; there is no specification to cite.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use nom::Parser;
use nom::bytes::complete::take;
use nom::error::context;
use nom::number::complete::{be_u16, be_u32, u8};

use super::{Message, PowerAvailable, PowerRequest, TlvHead, VoiceVlan};
use crate::lldp::tlv::{Field, Lengths, at_least, between, exactly};
use crate::{Parsed, WireText};

/// The largest VLAN id that 12 bits hold.
const MAX_VLAN: u16 = 4095;

/// How a type is called and read.
pub(super) struct Row {
    kind: u16,
    pub(super) name: &'static str,
    /// Of the value, the TLV's head not counted.
    pub(super) lengths: Lengths,
    /// `None` where the value does not matter to a boot.
    pub(super) read: Option<Read>,
}

type Read = fn(&mut Message, &mut Field<'_>);

const fn row(kind: u16, name: &'static str, lengths: Lengths, read: Read) -> Row {
    Row {
        kind,
        name,
        lengths,
        read: Some(read),
    }
}

const fn named(kind: u16, name: &'static str) -> Row {
    Row {
        kind,
        name,
        lengths: at_least(0),
        read: None,
    }
}

/// Every type with a known name, sorted by type.
#[rustfmt::skip]
const TLVS: &[Row] = &[
    row(0x0001, "device id", at_least(1), |m, f| m.device_id = Some(f.text())),
    row(0x0002, "addresses", at_least(4), |m, f| m.addresses = addresses(f)),
    row(0x0003, "port id", at_least(1), |m, f| m.port_id = Some(f.text())),
    row(0x0004, "capabilities", exactly(4), |m, f| m.capabilities = f.u32()),
    row(0x0005, "software version", at_least(0), |m, f| m.software = Some(f.text())),
    row(0x0006, "platform", at_least(0), |m, f| m.platform = Some(f.text())),
    named(0x0007, "IP prefixes"),
    named(0x0008, "protocol hello"),
    row(0x0009, "VTP management domain", at_least(0), |m, f| m.vtp_domain = Some(f.text())),
    row(0x000a, "native VLAN", exactly(2), |m, f| m.native_vlan = vlan(f)),
    row(0x000b, "duplex", exactly(1), |m, f| m.full_duplex = full_duplex(f)),
    row(0x000e, "VoIP VLAN reply", between(2, 3), |m, f| m.voice_vlan = voice_vlan(f)),
    row(0x000f, "VoIP VLAN query", between(2, 3), |m, f| m.voice_vlan_query = voice_vlan(f)),
    row(0x0010, "power consumption", between(1, 3), |m, f| m.power_consumption_mw = power_consumption(f)),
    row(0x0011, "MTU", exactly(4), |m, f| m.mtu_bytes = f.u32()),
    row(0x0012, "trust bitmap", exactly(1), |m, f| m.trust_bitmap = f.u8()),
    row(0x0013, "untrusted port class of service", exactly(1), |m, f| m.untrusted_cos = f.u8()),
    row(0x0014, "system name", at_least(0), |m, f| m.system_name = Some(f.text())),
    named(0x0015, "system object id"),
    row(0x0016, "management addresses", at_least(4), |m, f| m.management_addresses = addresses(f)),
    row(0x0017, "location", at_least(1), |m, f| m.location = Some(location(f))),
    named(0x0018, "external port id"),
    row(0x0019, "power requested", at_least(4), |m, f| m.power_request = power_request(f)),
    row(0x001a, "power available", at_least(8), |m, f| m.power_available = power_available(f)),
    named(0x001b, "port unidirectional"),
    named(0x001d, "EnergyWise"),
    row(0x001f, "spare pair power", exactly(1), |m, f| m.spare_pair = f.u8()),
];

/// The row of a type.
pub(super) fn row_of(kind: u16) -> Option<&'static Row> {
    let index = TLVS.binary_search_by_key(&kind, |row| row.kind).ok()?;
    TLVS.get(index)
}

/// How many bytes a port id goes on behind its length.
///
/// Some devices do not count three of the bytes. Wireshark takes it so
/// whenever the byte behind the length is not zero, the high half of a type.
/// Types from 0x1000 on exist too, so here the TLV behind the length must make
/// no sense and the one three bytes on must.
pub(super) fn understated_bytes(head: TlvHead, from_head: &[u8], missing: usize) -> usize {
    const PORT_ID: u16 = 0x0003;
    const UNDERSTATED_BYTES: usize = 3;

    let length = usize::from(head.length);
    let Some(behind) = from_head.get(length..) else {
        return 0;
    };
    let Some(behind_text) = behind.get(UNDERSTATED_BYTES..) else {
        return 0;
    };
    let makes_sense = |bytes: &[u8]| {
        TlvHead::of(bytes).is_some_and(|next| {
            (super::TLV_HEAD_BYTES..=bytes.len() + missing).contains(&usize::from(next.length))
        })
    };
    let is_understated = head.kind == PORT_ID
        && behind.first().is_some_and(|&byte| byte != 0)
        && !makes_sense(behind)
        && (behind_text.is_empty() && missing == 0
            || behind_text.first() == Some(&0) && makes_sense(behind_text));
    if is_understated { UNDERSTATED_BYTES } else { 0 }
}

fn vlan(field: &mut Field<'_>) -> Option<u16> {
    let vlan = field.u16()?;
    if vlan > MAX_VLAN {
        field.malformed(format!("VLAN is {vlan}, must be at most {MAX_VLAN}"));
    }
    Some(vlan)
}

fn full_duplex(field: &mut Field<'_>) -> Option<bool> {
    let duplex = field.u8()?;
    if duplex > 1 {
        field.malformed(format!("is {duplex}, must be 0 or 1"));
    }
    Some(duplex != 0)
}

fn voice_vlan(field: &mut Field<'_>) -> Option<VoiceVlan> {
    let (&application, rest) = field.bytes.split_first()?;
    let vlan = rest.first_chunk().copied().map(u16::from_be_bytes);
    if let Some(vlan) = vlan.filter(|&vlan| vlan > MAX_VLAN) {
        field.malformed(format!("VLAN is {vlan}, must be at most {MAX_VLAN}"));
    }
    Some(VoiceVlan { application, vlan })
}

/// A number of two bytes. One and three are taken too, as tcpdump does.
fn power_consumption(field: &mut Field<'_>) -> Option<u32> {
    // A value that the capture cuts would come out too small by a factor.
    if !field.whole {
        return None;
    }
    let bytes = field.bytes.get(..3).unwrap_or(field.bytes);
    if bytes.len() != 2 {
        field.unusual(format!("value is {} bytes, mostly 2", bytes.len()));
    }
    let number = |sum, &byte| sum << 8 | u32::from(byte);
    Some(bytes.iter().fold(0, number))
}

/// One byte, which cannot be told, and text.
fn location(field: &mut Field<'_>) -> WireText {
    field.bytes = field.bytes.get(1..).unwrap_or_default();
    field.text()
}

fn power_request(field: &mut Field<'_>) -> Option<PowerRequest> {
    let (rest, (request_id, management_id)) = field.read(field.bytes, power_ids)?;
    let levels_mw = levels_mw(field, rest);
    if rest.is_empty() {
        field.short("names no power level");
    }
    Some(PowerRequest {
        request_id,
        management_id,
        levels_mw,
    })
}

fn power_available(field: &mut Field<'_>) -> Option<PowerAvailable> {
    let (rest, (request_id, management_id)) = field.read(field.bytes, power_ids)?;
    let mut levels_mw = levels_mw(field, rest).into_iter();
    let available = PowerAvailable {
        request_id,
        management_id,
        available_mw: levels_mw.next()?,
        management_level_mw: levels_mw.next(),
    };
    if levels_mw.len() > 0 {
        field.unusual(format!(
            "names {} numbers behind the management level",
            levels_mw.len()
        ));
    }
    Some(available)
}

fn power_ids(input: &[u8]) -> Parsed<'_, (u16, u16)> {
    let (input, request_id) = context("request id", be_u16).parse_complete(input)?;
    let (input, management_id) = context("management id", be_u16).parse_complete(input)?;
    Ok((input, (request_id, management_id)))
}

fn levels_mw(field: &mut Field<'_>, bytes: &[u8]) -> Vec<u32> {
    let (levels, rest) = bytes.as_chunks::<4>();
    if !rest.is_empty() {
        field.short(format!("{} bytes are left for a power level", rest.len()));
    }
    levels.iter().copied().map(u32::from_be_bytes).collect()
}

/// The addresses of TLVs 0x0002 and 0x0016, those of unknown protocols passed
/// over by their lengths.
///
/// ```text
///    4      each:   1        1                        2
/// +--------+------------+---------+----------+---------+---------+--
/// | number | prot. type | length  | protocol | length  | address | …
/// +--------+------------+---------+----------+---------+---------+--
/// ```
fn addresses(field: &mut Field<'_>) -> Vec<IpAddr> {
    let mut addresses = Vec::new();
    let number = |input| context("number of addresses", be_u32).parse_complete(input);
    let Some((mut rest, number)) = field.read(field.bytes, number) else {
        return addresses;
    };
    for n_read in 0..number {
        if rest.is_empty() {
            field.short(format!("announces {number} addresses, holds {n_read}"));
            return addresses;
        }
        let Some((behind, address)) = field.read(rest, Address::parse) else {
            return addresses;
        };
        rest = behind;
        match address.ip() {
            Ok(ip) => addresses.extend(ip),
            Err(must) => field.malformed(format!(
                "address length is {}, must be {must}",
                address.bytes.len()
            )),
        }
    }
    if !rest.is_empty() {
        field.malformed(format!("{} bytes stand behind its addresses", rest.len()));
    }
    addresses
}

/// One address with its protocol.
struct Address<'a> {
    protocol_type: u8,
    protocol: &'a [u8],
    bytes: &'a [u8],
}

impl<'a> Address<'a> {
    fn parse(input: &'a [u8]) -> Parsed<'a, Self> {
        let (input, protocol_type) = context("protocol type", u8).parse_complete(input)?;
        let (input, length) = context("protocol length", u8).parse_complete(input)?;
        let (input, protocol) = context("protocol", take(length)).parse_complete(input)?;
        let (input, length) = context("address length", be_u16).parse_complete(input)?;
        let (input, bytes) = context("address", take(length)).parse_complete(input)?;
        let address = Self {
            protocol_type,
            protocol,
            bytes,
        };
        Ok((input, address))
    }

    /// The address; `None` of other protocols than IP. When it has a wrong
    /// length, the one that it must have.
    fn ip(&self) -> Result<Option<IpAddr>, usize> {
        let named = (self.protocol_type, self.protocol);
        if V4_PROTOCOLS.contains(&named) {
            let bytes = <[u8; 4]>::try_from(self.bytes).map_err(|_| 4_usize)?;
            Ok(Some(Ipv4Addr::from(bytes).into()))
        } else if V6_PROTOCOLS.contains(&named) {
            let bytes = <[u8; 16]>::try_from(self.bytes).map_err(|_| 16_usize)?;
            Ok(Some(Ipv6Addr::from(bytes).into()))
        } else {
            Ok(None)
        }
    }
}

/// How IPv4 is named in an address: protocol type (1 NLPID, ISO/IEC TR 9577;
/// 2 LLC and SNAP, IEEE Std 802.2) and protocol.
const V4_PROTOCOLS: &[(u8, &[u8])] = &[
    (1, &[0xcc]),
    (2, &[0xaa, 0xaa, 0x03, 0x00, 0x00, 0x00, 0x08, 0x00]),
];

/// How IPv6 is named.
const V6_PROTOCOLS: &[(u8, &[u8])] = &[
    (1, &[0x8e]),
    (2, &[0xaa, 0xaa, 0x03, 0x00, 0x00, 0x00, 0x86, 0xdd]),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Input, IssueKind, cdp};

    /// Reads one TLV and gives the details of its issues. The checksum is not
    /// looked at.
    fn read(kind: u16, value: &[u8]) -> (Message, Vec<String>) {
        let length = u16::try_from(4 + value.len()).unwrap();
        let [kind, length] = [kind, length].map(u16::to_be_bytes);
        let bytes = [&[2, 180, 0, 0], &kind[..], &length, value].concat();
        let decoded = cdp::decode(Input::whole(&bytes)).unwrap();
        let details = decoded
            .issues
            .into_iter()
            .filter(|issue| issue.field != "checksum")
            .map(|issue| issue.detail)
            .collect();
        (decoded.value, details)
    }

    #[test]
    fn rows_are_sorted_and_unique() {
        assert!(TLVS.windows(2).all(|pair| pair[0].kind < pair[1].kind));
    }

    #[test]
    fn every_row_with_a_length_minds_it() {
        // Type, shortest and longest value that raise nothing.
        let lengths = [
            (0x0001, 1, None),
            (0x0003, 1, None),
            (0x0004, 4, Some(4)),
            (0x0005, 0, None),
            (0x0006, 0, None),
            (0x0009, 0, None),
            (0x000a, 2, Some(2)),
            (0x000b, 1, Some(1)),
            (0x000e, 2, Some(3)),
            (0x000f, 2, Some(3)),
            (0x0010, 2, Some(2)),
            (0x0011, 4, Some(4)),
            (0x0012, 1, Some(1)),
            (0x0013, 1, Some(1)),
            (0x0014, 0, None),
            (0x0017, 1, None),
            (0x0019, 8, Some(8)),
            (0x001a, 8, Some(8)),
            (0x001f, 1, Some(1)),
        ];
        for (kind, min, max) in lengths {
            let value = [1; 20];
            let n_issues = |length: usize| read(kind, &value[..length]).1.len();
            assert_eq!(n_issues(min), 0, "{kind:#06x} {min}");
            if min > 0 {
                assert_eq!(n_issues(min - 1), 1, "{kind:#06x} {min} less 1");
            }
            match max {
                Some(max) => {
                    assert_eq!(n_issues(max), 0, "{kind:#06x} {max}");
                    assert_eq!(n_issues(max + 1), 1, "{kind:#06x} {max} and 1");
                }
                None => assert_eq!(n_issues(value.len()), 0, "{kind:#06x}"),
            }
        }
    }

    #[test]
    fn reads_a_fixed_value_from_a_tlv_that_is_too_long() {
        let (message, details) = read(0x000a, &[0x00, 0x6e, 0x77]);
        assert_eq!(message.native_vlan, Some(110));
        assert_eq!(details, ["length is 7, must be 6"]);
    }

    #[test]
    fn reads_small_values_into_their_places() {
        assert_eq!(read(0x0011, &[0, 0, 5, 0xdc]).0.mtu_bytes, Some(1500));
        assert_eq!(read(0x0012, &[1]).0.trust_bitmap, Some(1));
        assert_eq!(read(0x0013, &[5]).0.untrusted_cos, Some(5));
        assert_eq!(read(0x0014, b"name").0.system_name, Some("name".into()));
        assert_eq!(read(0x001f, &[0x0d]).0.spare_pair, Some(0x0d));
        assert_eq!(read(0x0009, b"").0.vtp_domain, Some("".into()));
        // Location: room 7 (tshark), UNKNOWN: 0x01
        assert_eq!(
            read(0x0017, b"\x01room 7").0.location,
            Some("room 7".into())
        );
    }

    #[test]
    fn reads_text_without_its_nuls() {
        let (message, details) = read(0x0001, b"SEP\0\0");
        assert_eq!(message.device_id, Some("SEP".into()));
        assert_eq!(details, ["ends with NUL bytes (2)"]);
    }

    #[test]
    fn keeps_values_out_of_their_range() {
        let (message, details) = read(0x000a, &[0x10, 0x00]);
        assert_eq!(message.native_vlan, Some(4096));
        assert_eq!(details, ["VLAN is 4096, must be at most 4095"]);
        let (message, details) = read(0x000e, &[1, 0xff, 0xff]);
        assert_eq!(message.voice_vlan.unwrap().vlan, Some(0xffff));
        assert_eq!(details, ["VLAN is 65535, must be at most 4095"]);
        let (message, details) = read(0x000b, &[2]);
        assert_eq!(message.full_duplex, Some(true));
        assert_eq!(details, ["is 2, must be 0 or 1"]);
    }

    #[test]
    fn reads_both_forms_of_voice_vlan_reply_and_query() {
        let without = Some(VoiceVlan {
            application: 0x20,
            vlan: None,
        });
        let marked = Some(VoiceVlan {
            application: 0x20,
            vlan: Some(512),
        });
        assert_eq!(read(0x000f, &[0x20, 0x00]).0.voice_vlan_query, without);
        assert_eq!(read(0x000f, &[0x20, 0x02, 0x00]).0.voice_vlan_query, marked);
        assert_eq!(read(0x000e, &[0x20, 0x00]).0.voice_vlan, without);
        assert_eq!(read(0x000e, &[0x20, 0x02, 0x00]).0.voice_vlan, marked);
        // VoIP VLAN Reply: VLAN 4095 (tshark, of a Broadcom 1100 phone)
        let (message, details) = read(0x000e, &[0x01, 0x0f, 0xff]);
        assert_eq!(message.voice_vlan.unwrap().vlan, Some(4095));
        assert_eq!(details, [""; 0]);
        assert_eq!(read(0x000f, &[0x20]).0.voice_vlan_query, None);
    }

    #[test]
    fn reads_power_consumption_of_one_to_three_bytes() {
        let read = |value| {
            let (message, details) = read(0x0010, value);
            (message.power_consumption_mw, details)
        };
        let details = |texts: &[&str]| texts.iter().map(ToString::to_string).collect();
        assert_eq!(read(&[0x18, 0x9c]), (Some(6300), details(&[])));
        assert_eq!(
            read(&[100]),
            (Some(100), details(&["value is 1 bytes, mostly 2"]))
        );
        assert_eq!(
            read(&[1, 0, 0]),
            (Some(65536), details(&["value is 3 bytes, mostly 2"]))
        );
        assert_eq!(read(&[]), (None, details(&["length is 4, must be 5 to 7"])));
        assert_eq!(
            read(&[1, 0, 0, 9]),
            (
                Some(65536),
                details(&["length is 8, must be 5 to 7", "value is 3 bytes, mostly 2"])
            )
        );
    }

    #[test]
    fn keeps_zeros_behind_the_levels_of_a_power_request() {
        // Power Requested: 6300mW, 0mW, 0mW, 0mW, 0mW (tshark)
        let (message, details) = read(
            0x0019,
            b"\x00\x01\x00\x03\x00\x00\x18\x9c\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
        );
        assert_eq!(
            message.power_request,
            Some(PowerRequest {
                request_id: 1,
                management_id: 3,
                levels_mw: vec![6300, 0, 0, 0, 0],
            })
        );
        assert_eq!(details, [""; 0]);
    }

    #[test]
    fn reads_a_power_request_as_far_as_it_goes() {
        let (message, details) = read(0x0019, &[0, 1, 0, 3]);
        assert_eq!(message.power_request.unwrap().levels_mw, [0; 0]);
        assert_eq!(details, ["names no power level"]);
        let (message, details) = read(0x0019, &[0, 1, 0, 3, 0, 0, 0x18, 0x9c, 7]);
        assert_eq!(message.power_request.unwrap().levels_mw, [6300]);
        assert_eq!(details, ["1 bytes are left for a power level"]);
        let (message, details) = read(0x0019, &[0, 1, 0]);
        assert_eq!(message.power_request, None);
        assert_eq!(details, ["length is 7, must be at least 8"]);
    }

    #[test]
    fn reads_an_answer_with_and_without_its_level() {
        let answer = |management_level_mw| {
            Some(PowerAvailable {
                request_id: 1,
                management_id: 3,
                available_mw: 12000,
                management_level_mw,
            })
        };
        let value = [
            0, 1, // request id
            0, 3, // management id
            0, 0, 0x2e, 0xe0, // available
            0xff, 0xff, 0xff, 0xff, // management level
            0, 0, 0, 9, // one number more
        ];
        let (message, details) = read(0x001a, &value[..8]);
        assert_eq!(message.power_available, answer(None));
        assert_eq!(details, [""; 0]);
        let (message, details) = read(0x001a, &value[..12]);
        assert_eq!(message.power_available, answer(Some(u32::MAX)));
        assert_eq!(details, [""; 0]);
        let (message, details) = read(0x001a, &value[..11]);
        assert_eq!(message.power_available, answer(None));
        assert_eq!(details, ["3 bytes are left for a power level"]);
        let (message, details) = read(0x001a, &value);
        assert_eq!(message.power_available, answer(Some(u32::MAX)));
        assert_eq!(details, ["names 1 numbers behind the management level"]);
        let (message, details) = read(0x001a, &value[..7]);
        assert_eq!(message.power_available, None);
        assert_eq!(details, ["length is 11, must be at least 12"]);
    }

    /// Protocol type, protocol and address of an entry, with their lengths.
    fn entry(protocol_type: u8, protocol: &[u8], address: &[u8]) -> Vec<u8> {
        let length = u8::try_from(address.len()).unwrap();
        let protocol_length = u8::try_from(protocol.len()).unwrap();
        [
            &[protocol_type, protocol_length],
            protocol,
            &[0, length],
            address,
        ]
        .concat()
    }

    fn read_addresses(number: u8, entries: &[Vec<u8>]) -> (Vec<IpAddr>, Vec<String>) {
        let value = [&[0, 0, 0, number], &entries.concat()[..]].concat();
        let (message, details) = read(0x0016, &value);
        assert_eq!((message.management_addresses.clone(), details.clone()), {
            let (message, details) = read(0x0002, &value);
            (message.addresses, details)
        });
        (message.management_addresses, details)
    }

    #[test]
    fn reads_addresses_by_every_name_of_ip_and_passes_over_others() {
        let v6 = [0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7];
        let (addresses, details) = read_addresses(
            5,
            &[
                entry(1, &[0x81], &[0x49, 0, 1]),
                entry(1, &[0xcc], &[192, 0, 2, 7]),
                entry(2, b"\xaa\xaa\x03\0\0\0\x08\0", &[192, 0, 2, 8]),
                entry(2, b"\xaa\xaa\x03\0\0\0\x86\xdd", &v6),
                entry(1, &[0x8e], &v6),
            ],
        );
        let expected: Vec<IpAddr> = ["192.0.2.7", "192.0.2.8", "2001:db8::7", "2001:db8::7"]
            .map(|address| address.parse().unwrap())
            .into();
        assert_eq!(addresses, expected);
        assert_eq!(details, [""; 0]);
        assert_eq!(read_addresses(0, &[]), (vec![], vec![]));
    }

    #[test]
    fn reads_addresses_as_far_as_they_go() {
        let first = entry(1, &[0xcc], &[192, 0, 2, 7]);
        let address: IpAddr = [192, 0, 2, 7].into();
        let check = |number, entries: &[Vec<u8>], detail: &str| {
            let (addresses, details) = read_addresses(number, entries);
            assert_eq!(addresses, [address], "{detail}");
            assert_eq!(details, [detail]);
        };
        let read = std::slice::from_ref(&first);
        check(2, read, "announces 2 addresses, holds 1");
        check(0xff, read, "announces 255 addresses, holds 1");
        let both = [first.clone(), vec![1, 2]];
        check(1, &both, "2 bytes stand behind its addresses");
        let cut = |n_bytes| [first.clone(), first[..n_bytes].to_vec()];
        for (n_bytes, detail) in [
            (1, "protocol length: only 0 bytes are left for it"),
            (2, "protocol: only 0 bytes are left for it"),
            (3, "address length: only 0 bytes are left for it"),
            (4, "address length: only 1 bytes are left for it"),
            (8, "address: only 3 bytes are left for it"),
        ] {
            check(2, &cut(n_bytes), detail);
        }
        let wrong = [entry(1, &[0xcc], &[192, 0, 2]), first.clone()];
        check(2, &wrong, "address length is 3, must be 4");
        let wrong = [entry(1, &[0x8e], &[192, 0, 2, 7]), first.clone()];
        check(2, &wrong, "address length is 4, must be 16");
        assert_eq!(
            super::tests::read(0x0002, &[0, 0, 0]).1,
            ["length is 7, must be at least 8"]
        );
    }

    #[test]
    fn notes_no_short_list_where_the_capture_ends() {
        let value = [&[0, 0, 0, 2], &entry(1, &[0xcc], &[192, 0, 2, 7])[..]].concat();
        for n_value in 0..value.len() {
            let bytes = [b"\x02\xb4\0\0\x00\x02\x00\x20", &value[..n_value]].concat();
            let decoded = cdp::decode(Input::cut(&bytes, 28 - n_value)).unwrap();
            let kinds: Vec<_> = decoded.issues.iter().map(|issue| issue.kind).collect();
            assert_eq!(kinds, [IssueKind::CutShort]);
        }
    }
}
