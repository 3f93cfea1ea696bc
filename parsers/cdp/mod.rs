//! CDP: Cisco Discovery Protocol, versions 1 and 2.
//!
//! No public specification exists; layout after `packet-cdp.c` of Wireshark,
//! `print-cdp.c` of tcpdump and lldpd's `cdp.c`. The frame around it (802.3
//! length, LLC, SNAP) is [`crate::snap`]'s.
//!
//! Left out: the values of TLVs that say nothing about a phone's boot (on-demand
//! routing, protocol hello, `EnergyWise`); their heads stay in [`Message::tlvs`].

mod checksum;
mod tlvs;

use std::fmt;
use std::net::IpAddr;

use nom::Parser;
use nom::error::context;
use nom::number::complete::{be_u16, u8};

use crate::lldp::tlv::Field;
use crate::{DecodeError, Decoded, Input, Issue, IssueKind, Outcome, Parsed, WireText};

/// Version, time to live and checksum.
const HEADER_BYTES: usize = 4;

/// Type and length of a TLV.
const TLV_HEAD_BYTES: usize = 4;

/// One CDP announcement.
///
/// ```text
///      1        1        2        4 or more each
/// +---------+-------+----------+-------+-------+--
/// | version |  TTL  | checksum |  TLV  |  TLV  | …
/// +---------+-------+----------+-------+-------+--
/// ```
///
/// Every field is `None` or empty when its TLV is absent or could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Message {
    /// 1 or 2.
    pub version: u8,
    /// How long the receiver keeps the announcement, in seconds.
    pub ttl_secs: u8,
    /// The checksum field.
    pub checksum: u16,
    /// Whether the checksum is right, by either rule; `None` when the capture
    /// does not hold the whole message.
    pub checksum_ok: Option<bool>,
    /// TLV 0x0001: `SEP001AA17BE638`, or the switch's name.
    pub device_id: Option<WireText>,
    /// TLV 0x0002: addresses of the announcing port.
    pub addresses: Vec<IpAddr>,
    /// TLV 0x0003: `Port 1`, `FastEthernet0/7`.
    pub port_id: Option<WireText>,
    /// TLV 0x0004: the bit set of [`CAPABILITIES`].
    pub capabilities: Option<u32>,
    /// TLV 0x0005.
    pub software: Option<WireText>,
    /// TLV 0x0006: `Cisco IP Phone 7970`, `cisco WS-C3560-24PS`.
    pub platform: Option<WireText>,
    /// TLV 0x0009.
    pub vtp_domain: Option<WireText>,
    /// TLV 0x000a.
    pub native_vlan: Option<u16>,
    /// TLV 0x000b: `true` for full duplex.
    pub full_duplex: Option<bool>,
    /// TLV 0x000e, switch to phone: the voice VLAN.
    pub voice_vlan: Option<VoiceVlan>,
    /// TLV 0x000f, phone to switch: asks for the voice VLAN.
    pub voice_vlan_query: Option<VoiceVlan>,
    /// TLV 0x0010: what the device draws now, in milliwatts.
    pub power_consumption_mw: Option<u32>,
    /// TLV 0x0011, in bytes.
    pub mtu_bytes: Option<u32>,
    /// TLV 0x0012.
    pub trust_bitmap: Option<u8>,
    /// TLV 0x0013.
    pub untrusted_cos: Option<u8>,
    /// TLV 0x0014.
    pub system_name: Option<WireText>,
    /// TLV 0x0016.
    pub management_addresses: Vec<IpAddr>,
    /// TLV 0x0017, without its leading type byte.
    pub location: Option<WireText>,
    /// TLV 0x0019, powered device to switch.
    pub power_request: Option<PowerRequest>,
    /// TLV 0x001a, switch to powered device.
    pub power_available: Option<PowerAvailable>,
    /// TLV 0x001f: the bits of four-pair power.
    pub spare_pair: Option<u8>,
    /// Every TLV's head in wire order, unknown ones too.
    pub tlvs: Vec<TlvHead>,
}

/// The first four bytes of a TLV.
///
/// ```text
///    2        2       length less 4
/// +------+--------+------------------+
/// | type | length |      value       |
/// +------+--------+------------------+
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TlvHead {
    /// Type.
    pub kind: u16,
    /// Length in bytes, these four included, as it stands on the wire.
    pub length: u16,
}

/// The value of TLVs 0x000e and 0x000f.
///
/// ```text
///       1           0 or 2
/// +-------------+ - - - - - +
/// | application |  VLAN id  |
/// +-------------+ - - - - - +
/// ```
///
/// Replies are seen as `01` and the VLAN, 4095 for none. Queries are seen as
/// `20 02 00`, which is a marker and not VLAN 512, and as `20 00`, whose second
/// byte cannot be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VoiceVlan {
    /// Application; 1 is seen in replies, 0x20 in queries.
    pub application: u8,
    /// VLAN id; `None` in the two-byte form of the query.
    pub vlan: Option<u16>,
}

/// TLV 0x0019: the powered device asks for power.
///
/// ```text
///      2              2              4 each
/// +------------+---------------+-----------+--
/// | request id | management id | level, mW | …
/// +------------+---------------+-----------+--
/// ```
///
/// Phones that know fewer levels than they have room for send zeros behind
/// them; those stay, as tshark shows them too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PowerRequest {
    /// Goes up when the wish changes; the answer repeats it.
    pub request_id: u16,
    /// Management id.
    pub management_id: u16,
    /// Levels it could run at, best first, in milliwatts.
    pub levels_mw: Vec<u32>,
}

/// TLV 0x001a: the power sourcing equipment answers.
///
/// ```text
///      2              2                4                    4
/// +------------+---------------+---------------+ - - - - - - - - - - - +
/// | request id | management id | available, mW | management level, mW  |
/// +------------+---------------+---------------+ - - - - - - - - - - - +
/// ```
///
/// The management level is all ones where there is no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PowerAvailable {
    /// The request that is answered; 0 when none is pending.
    pub request_id: u16,
    /// Management id.
    pub management_id: u16,
    /// What may be drawn, in milliwatts. Zero with request id 0 is no answer yet.
    pub available_mw: u32,
    /// Management power level; `None` when the TLV ends before it.
    pub management_level_mw: Option<u32>,
}

/// Names of the bits of TLV 0x0004.
pub const CAPABILITIES: &[(u32, &str)] = &[
    (0x0001, "router"),
    (0x0002, "transparent-bridge"),
    (0x0004, "source-route-bridge"),
    (0x0008, "switch"),
    (0x0010, "host"),
    (0x0020, "igmp"),
    (0x0040, "repeater"),
    (0x0080, "phone"),
    (0x0100, "remotely-managed"),
    (0x0200, "cvta"),
    (0x0400, "two-port-mac-relay"),
];

/// Decodes the bytes that follow SNAP's protocol id.
pub fn decode(input: Input<'_>) -> Outcome<Message> {
    let (_, (version, ttl_secs, checksum)) =
        header(input.bytes).map_err(|error| DecodeError::from_nom(input, error))?;
    let mut message = Message {
        version,
        ttl_secs,
        checksum,
        ..Message::default()
    };
    let mut issues = Vec::new();
    if !(1..=2).contains(&version) {
        issues.push(Issue::malformed(
            "version",
            0..1,
            format!("is {version}, must be 1 or 2"),
        ));
    }
    if input.missing == 0 {
        let ok = checksum::is_right(input.bytes);
        message.checksum_ok = Some(ok);
        if !ok {
            let must = checksum::of(input.bytes);
            issues.push(Issue::malformed(
                "checksum",
                2..HEADER_BYTES,
                format!("is {checksum:#06x}, must be {must:#06x}"),
            ));
        }
    }
    read_tlvs(input, &mut message, &mut issues);
    note_missing_end(input, &mut issues);
    Ok(Decoded {
        value: message,
        issues,
    })
}

fn header(input: &[u8]) -> Parsed<'_, (u8, u8, u16)> {
    let (input, version) = context("version", u8).parse_complete(input)?;
    let (input, ttl_secs) = context("time to live", u8).parse_complete(input)?;
    let (input, checksum) = context("checksum", be_u16).parse_complete(input)?;
    Ok((input, (version, ttl_secs, checksum)))
}

fn read_tlvs(input: Input<'_>, message: &mut Message, issues: &mut Vec<Issue>) {
    let n_bytes = input.bytes.len();
    let mut seen = Vec::new();
    let mut start = HEADER_BYTES;
    while start < n_bytes {
        let rest = input.bytes.get(start..).unwrap_or_default();
        let Some(head) = TlvHead::of(rest) else {
            issues.push(Issue {
                kind: input.short_kind(),
                field: format!("TLV {}", message.tlvs.len() + 1),
                span: start..n_bytes,
                detail: format!("only {} bytes are left for its head", rest.len()),
            });
            return;
        };
        message.tlvs.push(head);
        let length = usize::from(head.length);
        if length < TLV_HEAD_BYTES {
            issues.push(Issue::malformed(
                head.to_string(),
                start..start + TLV_HEAD_BYTES,
                format!("length is {length}, must be at least {TLV_HEAD_BYTES}"),
            ));
            return;
        }
        let understated = tlvs::understated_bytes(head, rest, input.missing);
        if understated > 0 {
            issues.push(Issue::malformed(
                head.to_string(),
                start..start + length + understated,
                format!(
                    "length is {length}, its value ends after {}",
                    length + understated
                ),
            ));
        }
        let end = start + length + understated;
        if end > n_bytes {
            issues.push(overrun(input, head, start));
        }
        read_tlv(
            message,
            &mut seen,
            head,
            &mut Field {
                label: &head,
                bytes: input
                    .bytes
                    .get(start + TLV_HEAD_BYTES..end.min(n_bytes))
                    .unwrap_or_default(),
                span: start..end.min(n_bytes),
                counted_bytes: TLV_HEAD_BYTES,
                whole: end <= n_bytes,
                issues,
            },
        );
        start = end;
    }
}

/// Reads a value into its place. Of TLVs of one type the first one counts.
fn read_tlv(message: &mut Message, seen: &mut Vec<u16>, head: TlvHead, field: &mut Field<'_>) {
    let Some(row) = tlvs::row_of(head.kind) else {
        return;
    };
    let Some(read) = row.read else {
        return;
    };
    if seen.contains(&head.kind) {
        field.unusual("stands there again, the first one counts");
        return;
    }
    seen.push(head.kind);
    if field.fits(row.lengths) {
        read(message, field);
    }
}

/// The issue of a TLV that goes on behind the captured bytes. It is the
/// capture's fault only if the missing bytes would have held the rest.
fn overrun(input: Input<'_>, head: TlvHead, start: usize) -> Issue {
    let n_bytes = input.bytes.len();
    let n_left = n_bytes - start + input.missing;
    let length = head.length;
    let (kind, detail) = if usize::from(length) > n_left {
        let detail = format!("length is {length}, but the message has {n_left} bytes left");
        (IssueKind::Malformed, detail)
    } else {
        let n_captured = n_bytes - start;
        let detail = format!("only {n_captured} of {length} bytes were captured");
        (IssueKind::CutShort, detail)
    };
    Issue {
        kind,
        field: head.to_string(),
        span: start..n_bytes,
        detail,
    }
}

/// Says that the capture left bytes out where no TLV was cut in two.
fn note_missing_end(input: Input<'_>, issues: &mut Vec<Issue>) {
    let is_noted = issues.iter().any(|issue| issue.kind == IssueKind::CutShort);
    if input.missing > 0 && !is_noted {
        let n_bytes = input.bytes.len();
        issues.push(Issue::cut_short(
            "message",
            n_bytes..n_bytes + input.missing,
            format!("{} bytes at its end were not captured", input.missing),
        ));
    }
}

impl TlvHead {
    fn of(bytes: &[u8]) -> Option<Self> {
        let (&kind, rest) = bytes.split_first_chunk()?;
        let length = *rest.first_chunk()?;
        Some(Self {
            kind: u16::from_be_bytes(kind),
            length: u16::from_be_bytes(length),
        })
    }

    /// What the type is called; `None` for types without a known name.
    pub fn name(self) -> Option<&'static str> {
        tlvs::row_of(self.kind).map(|row| row.name)
    }
}

impl fmt::Display for TlvHead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TLV {:#06x}", self.kind)?;
        match self.name() {
            Some(name) => write!(f, " ({name})"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;
    use crate::snap;

    /// A message of version 2 with these TLVs and a right checksum.
    fn message(tlvs: &[&[u8]]) -> Vec<u8> {
        let mut bytes = vec![2, 180, 0, 0];
        bytes.extend(tlvs.concat());
        let checksum = checksum::of(&bytes).to_be_bytes();
        bytes[2..4].copy_from_slice(&checksum);
        bytes
    }

    fn read(tlvs: &[&[u8]]) -> Decoded<Message> {
        decode(Input::whole(&message(tlvs))).unwrap()
    }

    fn heads(heads: &[(u16, u16)]) -> Vec<TlvHead> {
        let head = |&(kind, length)| TlvHead { kind, length };
        heads.iter().map(head).collect()
    }

    fn details(issues: &[Issue]) -> Vec<String> {
        let detail = |issue: &Issue| format!("{}: {}", issue.field, issue.detail);
        issues.iter().map(detail).collect()
    }

    #[test]
    fn reads_the_announcement_of_a_7970() {
        // Version: 2  TTL: 180 seconds  Checksum: 0x1e74 [correct]
        // Device ID: SEP0012DADBD34E
        // Addresses, 1: 10.10.33.65
        // Port ID: Port 1
        // Capabilities: 0x00000490
        // Software Version: SIP70.8-5-3S
        // Platform: Cisco IP Phone 7970
        // Type: Unknown (0x001c), length: 7
        // Power Request: 10250 mW, 6300 mW (Request-ID: 54094, Management-ID: 0)
        // Duplex: Full
        // Power Consumption: 6300 mW
        let bytes = [
            b"\x02\xb4\x1e\x74".as_slice(),
            b"\x00\x01\x00\x13SEP0012DADBD34E",
            b"\x00\x02\x00\x11\x00\x00\x00\x01\x01\x01\xcc\x00\x04\x0a\x0a\x21\x41",
            b"\x00\x03\x00\x0aPort 1",
            b"\x00\x04\x00\x08\x00\x00\x04\x90",
            b"\x00\x05\x00\x10SIP70.8-5-3S",
            b"\x00\x06\x00\x17Cisco IP Phone 7970",
            b"\x00\x1c\x00\x07\x00\x02\x00",
            b"\x00\x19\x00\x10\xd3\x4e\x00\x00\x00\x00\x28\x0a\x00\x00\x18\x9c",
            b"\x00\x0b\x00\x05\x01",
            b"\x00\x10\x00\x06\x18\x9c",
        ]
        .concat();
        let expected = Message {
            version: 2,
            ttl_secs: 180,
            checksum: 0x1e74,
            checksum_ok: Some(true),
            device_id: Some("SEP0012DADBD34E".into()),
            addresses: vec![Ipv4Addr::new(10, 10, 33, 65).into()],
            port_id: Some("Port 1".into()),
            capabilities: Some(0x490),
            software: Some("SIP70.8-5-3S".into()),
            platform: Some("Cisco IP Phone 7970".into()),
            full_duplex: Some(true),
            power_consumption_mw: Some(6300),
            power_request: Some(PowerRequest {
                request_id: 54094,
                management_id: 0,
                levels_mw: vec![10250, 6300],
            }),
            tlvs: heads(&[
                (0x01, 19),
                (0x02, 17),
                (0x03, 10),
                (0x04, 8),
                (0x05, 16),
                (0x06, 23),
                (0x1c, 7),
                (0x19, 16),
                (0x0b, 5),
                (0x10, 6),
            ]),
            ..Message::default()
        };
        assert_eq!(decode(Input::whole(&bytes)), Ok(Decoded::clean(expected)));
    }

    #[test]
    fn reads_the_announcement_of_a_7912() {
        // Version: 2  TTL: 180 seconds  Checksum: 0xa160 [correct]
        // Device ID: SEP001B53489EE0  Addresses, 1: 10.10.33.97  Port ID: Port 1
        // Capabilities: 0x00000090  Software Version: CP7912-v8-00-1-060412A
        // Platform: Cisco IP Phone 7912  Power Consumption: 6300 mW
        let bytes = [
            b"\x02\xb4\xa1\x60".as_slice(),
            b"\x00\x01\x00\x13SEP001B53489EE0",
            b"\x00\x02\x00\x11\x00\x00\x00\x01\x01\x01\xcc\x00\x04\x0a\x0a\x21\x61",
            b"\x00\x03\x00\x0aPort 1",
            b"\x00\x04\x00\x08\x00\x00\x00\x90",
            b"\x00\x05\x00\x1aCP7912-v8-00-1-060412A",
            b"\x00\x06\x00\x17Cisco IP Phone 7912",
            b"\x00\x10\x00\x06\x18\x9c",
        ]
        .concat();
        let expected = Message {
            version: 2,
            ttl_secs: 180,
            checksum: 0xa160,
            checksum_ok: Some(true),
            device_id: Some("SEP001B53489EE0".into()),
            addresses: vec![Ipv4Addr::new(10, 10, 33, 97).into()],
            port_id: Some("Port 1".into()),
            capabilities: Some(0x90),
            software: Some("CP7912-v8-00-1-060412A".into()),
            platform: Some("Cisco IP Phone 7912".into()),
            power_consumption_mw: Some(6300),
            tlvs: heads(&[
                (0x01, 19),
                (0x02, 17),
                (0x03, 10),
                (0x04, 8),
                (0x05, 26),
                (0x06, 23),
                (0x10, 6),
            ]),
            ..Message::default()
        };
        assert_eq!(decode(Input::whole(&bytes)), Ok(Decoded::clean(expected)));
    }

    #[test]
    fn reads_the_announcement_of_a_switch_with_power() {
        // Version: 2  TTL: 180 seconds  Checksum: 0xb0bd [correct]
        // Device ID: Switch  Platform: cisco WS-C3560G-24PS
        // Addresses, 1: 192.168.0.1  Port ID: GigabitEthernet0/5
        // Capabilities: 0x00000028  Protocol Hello: Cluster Management
        // VTP Management Domain: Lab  Native VLAN: 1  Duplex: Full
        // Trust Bitmap: 0x00  Untrusted port CoS: 0x00
        // Management Addresses, 1: 192.168.0.1
        // Power Available: 0 mW, 4294967295 mW (Request-ID: 0, Management-ID: 1)
        let software = "Cisco IOS Software, C3560 Software (C3560-ADVIPSERVICESK9-M), \
            Version 12.2(25)SEB4, RELEASE SOFTWARE (fc1)\n\
            Copyright (c) 1986-2005 by Cisco Systems, Inc.\n\
            Compiled Tue 30-Aug-05 17:56 by yenanh";
        let bytes = [
            b"\x02\xb4\xb0\xbd".as_slice(),
            b"\x00\x01\x00\x0aSwitch",
            b"\x00\x05\x00\xc4",
            software.as_bytes(),
            b"\x00\x06\x00\x18cisco WS-C3560G-24PS",
            b"\x00\x02\x00\x11\x00\x00\x00\x01\x01\x01\xcc\x00\x04\xc0\xa8\x00\x01",
            b"\x00\x03\x00\x16GigabitEthernet0/5",
            b"\x00\x04\x00\x08\x00\x00\x00\x28",
            b"\x00\x08\x00\x24\x00\x00\x0c\x01\x12\x00\x00\x00\x00\xff\xff\xff\xff\x01",
            b"\x02\x21\xff\x00\x00\x00\x00\x00\x00\x00\x19\x06\xea\xb8\x80\xff\x00\x00",
            b"\x00\x09\x00\x07Lab",
            b"\x00\x0a\x00\x06\x00\x01",
            b"\x00\x0b\x00\x05\x01",
            b"\x00\x12\x00\x05\x00",
            b"\x00\x13\x00\x05\x00",
            b"\x00\x16\x00\x11\x00\x00\x00\x01\x01\x01\xcc\x00\x04\xc0\xa8\x00\x01",
            b"\x00\x1a\x00\x10\x00\x00\x00\x01\x00\x00\x00\x00\xff\xff\xff\xff",
        ]
        .concat();
        let address = Ipv4Addr::new(192, 168, 0, 1).into();
        let expected = Message {
            version: 2,
            ttl_secs: 180,
            checksum: 0xb0bd,
            checksum_ok: Some(true),
            device_id: Some("Switch".into()),
            addresses: vec![address],
            port_id: Some("GigabitEthernet0/5".into()),
            capabilities: Some(0x28),
            software: Some(software.into()),
            platform: Some("cisco WS-C3560G-24PS".into()),
            vtp_domain: Some("Lab".into()),
            native_vlan: Some(1),
            full_duplex: Some(true),
            trust_bitmap: Some(0),
            untrusted_cos: Some(0),
            management_addresses: vec![address],
            power_available: Some(PowerAvailable {
                request_id: 0,
                management_id: 1,
                available_mw: 0,
                management_level_mw: Some(u32::MAX),
            }),
            tlvs: heads(&[
                (0x01, 10),
                (0x05, 196),
                (0x06, 24),
                (0x02, 17),
                (0x03, 22),
                (0x04, 8),
                (0x08, 36),
                (0x09, 7),
                (0x0a, 6),
                (0x0b, 5),
                (0x12, 5),
                (0x13, 5),
                (0x16, 17),
                (0x1a, 16),
            ]),
            ..Message::default()
        };
        assert_eq!(decode(Input::whole(&bytes)), Ok(Decoded::clean(expected)));
    }

    /// What a 7970 in recovery sends; TLVs after the checksum.
    const RECOVERY: [&[u8]; 11] = [
        b"\x00\x01\x00\x13SEP001AA17BE638",
        b"\x00\x02\x00\x11\x00\x00\x00\x01\x01\x01\xcc\x00\x04\x00\x00\x00\x00",
        b"\x00\x03\x00\x0aPort 1",
        b"\x00\x04\x00\x08\x00\x00\x04\x90",
        b"\x00\x05\x00\x12term70.default",
        b"\x00\x06\x00\x17Cisco IP Phone 7970",
        b"\x00\x1c\x00\x07\x00\x01\x00",
        b"\x00\x0f\x00\x07\x20\x02\x00",
        b"\x00\x0b\x00\x05\x01",
        b"\x00\x10\x00\x06\x18\x9c",
        b"\x00\x19\x00\x0c\x12\x34\x00\x02\x00\x00\x2e\xe0",
    ];

    /// What a switch answers.
    const REPLY: [&[u8]; 7] = [
        b"\x00\x01\x00\x11access-switch",
        b"\x00\x03\x00\x13FastEthernet0/7",
        b"\x00\x04\x00\x08\x00\x00\x00\x28",
        b"\x00\x0a\x00\x06\x00\x01",
        b"\x00\x0b\x00\x05\x01",
        b"\x00\x0e\x00\x07\x01\x00\x6e",
        b"\x00\x1a\x00\x10\x15\x40\x00\x01\x00\x00\x2e\xe0\xff\xff\xff\xff",
    ];

    /// The frame behind its MAC addresses: length, LLC, SNAP, CDP.
    fn frame(checksum: u16, tlvs: &[&[u8]]) -> Vec<u8> {
        let length = u16::try_from(12 + tlvs.concat().len()).unwrap();
        [
            length.to_be_bytes().as_slice(),
            b"\xaa\xaa\x03\x00\x00\x0c\x20\x00",
            b"\x02\xb4",
            &checksum.to_be_bytes(),
            &tlvs.concat(),
            b"padding",
        ]
        .concat()
    }

    fn through_snap(frame: &[u8]) -> Decoded<Message> {
        let (length, llc) = frame.split_first_chunk().unwrap();
        let snap = snap::decode(Input::whole(llc), u16::from_be_bytes(*length)).unwrap();
        assert_eq!(snap.value.snap, Some(snap::CDP));
        assert_eq!(snap.issues, []);
        decode(snap.value.payload).unwrap()
    }

    #[test]
    fn checks_even_and_odd_checksums_as_cisco_makes_them() {
        // tshark says of each: [Checksum Status: Good].
        let without_query = [&RECOVERY[..7], &RECOVERY[9..]].concat();
        let odd_high = [&without_query[..], &[b"\x00\x06\x00\x05\xf1"]].concat();
        let odd_lowest_high = [&REPLY[..], &[b"\x00\x14\x00\x05\x80"]].concat();
        let vectors: [(usize, u16, &[&[u8]]); 4] = [
            (136, 0xeb4d, &RECOVERY),
            (129, 0x1b6b, &odd_high),
            (82, 0x1107, &REPLY),
            (87, 0x116e, &odd_lowest_high),
        ];
        for (n_bytes, checksum, tlvs) in vectors {
            assert_eq!(4 + tlvs.concat().len(), n_bytes);
            let right = through_snap(&frame(checksum, tlvs)).value;
            assert_eq!(right.checksum, checksum);
            assert_eq!(right.checksum_ok, Some(true), "{checksum:#06x}");
            let wrong = through_snap(&frame(checksum ^ 0x0100, tlvs));
            assert_eq!(wrong.value.checksum_ok, Some(false));
            let issue = &wrong.issues[0];
            assert_eq!(
                (issue.field.as_str(), issue.span.clone()),
                ("checksum", 2..4)
            );
            assert_eq!(
                issue.detail,
                format!("is {:#06x}, must be {checksum:#06x}", checksum ^ 0x0100)
            );
        }
    }

    #[test]
    fn reads_request_and_answer_of_power_and_voice_vlan() {
        let asks = through_snap(&frame(0xeb4d, &RECOVERY));
        assert_eq!(asks.issues, []);
        assert_eq!(
            asks.value.voice_vlan_query,
            Some(VoiceVlan {
                application: 0x20,
                vlan: Some(0x0200),
            })
        );
        assert_eq!(
            asks.value.power_request,
            Some(PowerRequest {
                request_id: 0x1234,
                management_id: 2,
                levels_mw: vec![12000],
            })
        );
        assert_eq!(asks.value.addresses, [IpAddr::from([0, 0, 0, 0])]);
        let answers = through_snap(&frame(0x1107, &REPLY));
        assert_eq!(answers.issues, []);
        assert_eq!(
            answers.value.voice_vlan,
            Some(VoiceVlan {
                application: 1,
                vlan: Some(110),
            })
        );
        assert_eq!(
            answers.value.power_available,
            Some(PowerAvailable {
                request_id: 0x1540,
                management_id: 1,
                available_mw: 12000,
                management_level_mw: Some(u32::MAX),
            })
        );
    }

    #[test]
    fn needs_the_header() {
        for (length, field) in [
            (0, "version"),
            (1, "time to live"),
            (2, "checksum"),
            (3, "checksum"),
        ] {
            let bytes = &[2, 180, 0xfd, 0x4b][..length];
            let error = decode(Input::whole(bytes)).unwrap_err();
            assert_eq!(
                (error.kind, error.field.as_str()),
                (IssueKind::Malformed, field)
            );
            let error = decode(Input::cut(bytes, 90)).unwrap_err();
            assert_eq!(
                (error.kind, error.field.as_str()),
                (IssueKind::CutShort, field)
            );
        }
        let expected = Message {
            version: 2,
            ttl_secs: 180,
            checksum: 0xfd4b,
            checksum_ok: Some(true),
            ..Message::default()
        };
        assert_eq!(read(&[]), Decoded::clean(expected));
    }

    #[test]
    fn takes_versions_one_and_two() {
        for (version, is_fine) in [(0, false), (1, true), (2, true), (3, false)] {
            let mut bytes = [version, 180, 0, 0];
            let [high, low] = checksum::of(&bytes).to_be_bytes();
            bytes[2..].copy_from_slice(&[high, low]);
            let decoded = decode(Input::whole(&bytes)).unwrap();
            assert_eq!(decoded.value.version, version);
            assert_eq!(decoded.issues.is_empty(), is_fine);
        }
        let bytes = [3, 180, 0xfc, 0x4b];
        assert_eq!(
            decode(Input::whole(&bytes)).unwrap().issues,
            [Issue::malformed("version", 0..1, "is 3, must be 1 or 2")]
        );
    }

    #[test]
    fn goes_on_after_a_tlv_of_wrong_length() {
        let decoded = read(&[
            b"\x00\x04\x00\x07\x00\x00\x01", // capabilities, one byte short
            b"\x00\x0a\x00\x06\x00\x6e",
        ]);
        assert_eq!(decoded.value.capabilities, None);
        assert_eq!(decoded.value.native_vlan, Some(110));
        assert_eq!(decoded.value.tlvs, heads(&[(4, 7), (10, 6)]));
        assert_eq!(
            decoded.issues,
            [Issue::malformed(
                "TLV 0x0004 (capabilities)",
                4..11,
                "length is 7, must be 8"
            )]
        );
    }

    #[test]
    fn stops_at_a_length_below_that_of_the_head() {
        for length in 0..4 {
            let decoded = read(&[
                b"\x00\x0b\x00\x05\x00",
                &[0x00, 0x03, 0x00, length],
                b"\x00\x0a\x00\x06\x00\x6e",
            ]);
            assert_eq!(decoded.value.full_duplex, Some(false));
            assert_eq!(decoded.value.native_vlan, None);
            assert_eq!(decoded.value.tlvs, heads(&[(11, 5), (3, length.into())]));
            assert_eq!(
                decoded.issues,
                [Issue::malformed(
                    "TLV 0x0003 (port id)",
                    9..13,
                    format!("length is {length}, must be at least 4")
                )]
            );
        }
    }

    #[test]
    fn keeps_what_is_there_of_a_tlv_that_is_too_long() {
        let decoded = read(&[b"\x00\x06\x00\x0eCisco IP"]);
        assert_eq!(decoded.value.platform, Some("Cisco IP".into()));
        assert_eq!(decoded.value.checksum_ok, Some(true));
        assert_eq!(
            decoded.issues,
            [Issue::malformed(
                "TLV 0x0006 (platform)",
                4..16,
                "length is 14, but the message has 12 bytes left"
            )]
        );
        // A number is not read from half of its bytes, and that is one fault.
        let decoded = read(&[b"\x00\x04\x00\x08\x00\x00"]);
        assert_eq!(decoded.value.capabilities, None);
        assert_eq!(decoded.issues.len(), 1);
        let decoded = read(&[b"\x00\x10\x00\x06\x18"]);
        assert_eq!(decoded.value.power_consumption_mw, None);
        assert_eq!(decoded.issues.len(), 1);
    }

    #[test]
    fn blames_the_capture_for_what_it_left_out() {
        let bytes = message(&[b"\x00\x06\x00\x0cCisco IP"]);
        let decoded = decode(Input::cut(&bytes[..bytes.len() - 3], 3)).unwrap();
        assert_eq!(decoded.value.platform, Some("Cisco".into()));
        assert_eq!(decoded.value.checksum_ok, None);
        assert_eq!(
            decoded.issues,
            [Issue::cut_short(
                "TLV 0x0006 (platform)",
                4..13,
                "only 9 of 12 bytes were captured"
            )]
        );
        // Two bytes more than the sender sent.
        let decoded = decode(Input::cut(&bytes[..bytes.len() - 3], 2)).unwrap();
        assert_eq!(
            decoded.issues[0],
            Issue::malformed(
                "TLV 0x0006 (platform)",
                4..13,
                "length is 12, but the message has 11 bytes left"
            )
        );
        assert_eq!(
            details(&decoded.issues[1..]),
            ["message: 2 bytes at its end were not captured"]
        );
        // Cut between two TLVs, and within a head.
        let decoded = decode(Input::cut(&bytes, 20)).unwrap();
        assert_eq!(
            decoded.issues,
            [Issue::cut_short(
                "message",
                16..36,
                "20 bytes at its end were not captured"
            )]
        );
        let decoded = decode(Input::cut(&bytes[..7], 9)).unwrap();
        assert_eq!(
            decoded.issues,
            [Issue::cut_short(
                "TLV 1",
                4..7,
                "only 3 bytes are left for its head"
            )]
        );
        assert_eq!(decoded.value.tlvs, []);
    }

    #[test]
    fn reports_bytes_too_few_for_a_head() {
        for n_bytes in 1..4 {
            let decoded = read(&[b"\x00\x0b\x00\x05\x01", &[0, 0, 0][..n_bytes]]);
            assert_eq!(decoded.value.full_duplex, Some(true));
            assert_eq!(
                decoded.issues,
                [Issue::malformed(
                    "TLV 2",
                    9..9 + n_bytes,
                    format!("only {n_bytes} bytes are left for its head")
                )]
            );
        }
    }

    #[test]
    fn keeps_heads_of_unknown_types_and_of_values_that_do_not_matter() {
        let decoded = read(&[
            b"\x00\x1c\x00\x07\x00\x02\x00",
            b"\x10\x03\x00\x05\x00",
            b"\x00\x15\x00\x04",
            b"\x00\x15\x00\x04",
        ]);
        assert_eq!(
            decoded.value.tlvs,
            heads(&[(0x1c, 7), (0x1003, 5), (0x15, 4), (0x15, 4)])
        );
        assert_eq!(decoded.issues, []);
    }

    #[test]
    fn counts_the_first_of_two_tlvs_of_one_type() {
        let decoded = read(&[b"\x00\x0a\x00\x06\x00\x01", b"\x00\x0a\x00\x06\x00\x02"]);
        assert_eq!(decoded.value.native_vlan, Some(1));
        assert_eq!(decoded.value.tlvs, heads(&[(10, 6), (10, 6)]));
        assert_eq!(decoded.issues[0].kind, IssueKind::Unusual);
        assert_eq!(
            details(&decoded.issues),
            ["TLV 0x000a (native VLAN): stands there again, the first one counts"]
        );
    }

    #[test]
    fn finds_the_end_of_a_port_id_that_counts_three_bytes_too_few() {
        // Sent through Interface: Port 1 (tshark; the length on the wire is 7)
        let decoded = read(&[
            b"\x00\x03\x00\x07Port 1",
            b"\x00\x04\x00\x08\x00\x00\x04\x90",
        ]);
        assert_eq!(decoded.value.port_id, Some("Port 1".into()));
        assert_eq!(decoded.value.capabilities, Some(0x490));
        assert_eq!(decoded.value.tlvs, heads(&[(3, 7), (4, 8)]));
        assert_eq!(
            decoded.issues,
            [Issue::malformed(
                "TLV 0x0003 (port id)",
                4..14,
                "length is 7, its value ends after 10"
            )]
        );
        let last = read(&[b"\x00\x03\x00\x07Port 1"]);
        assert_eq!(last.value.port_id, Some("Port 1".into()));
        assert_eq!(last.issues, decoded.issues);
    }

    #[test]
    fn leaves_a_port_id_alone_that_may_be_right() {
        // The next type is above 0x00ff and its TLV makes sense.
        let decoded = read(&[
            b"\x00\x03\x00\x0aPort 1",
            b"\x10\x03\x00\x06ab",
            b"\x00\x0a\x00\x06\x00\x05",
        ]);
        assert_eq!(decoded.value.port_id, Some("Port 1".into()));
        assert_eq!(decoded.value.tlvs, heads(&[(3, 10), (0x1003, 6), (10, 6)]));
        assert_eq!(decoded.issues, []);
        // Nothing makes sense three bytes on.
        let decoded = read(&[b"\x00\x03\x00\x07Port 1\x00\x04\x00"]);
        assert_eq!(decoded.value.port_id, Some("Por".into()));
        // Another type does not count three bytes too few.
        let decoded = read(&[b"\x00\x14\x00\x07Port 1"]);
        assert_eq!(decoded.value.system_name, Some("Por".into()));
        assert_eq!(decoded.issues.len(), 1);
        // The capture ends there: no telling.
        let bytes = message(&[b"\x00\x03\x00\x07Port 1"]);
        let decoded = decode(Input::cut(&bytes, 40)).unwrap();
        assert_eq!(decoded.value.port_id, Some("Por".into()));
        let decoded = decode(Input::cut(&bytes[..12], 42)).unwrap();
        assert_eq!(decoded.value.port_id, Some("Por".into()));
    }

    #[test]
    fn names_every_type_it_knows() {
        let head = |kind| TlvHead { kind, length: 4 };
        assert_eq!(head(0x1a).name(), Some("power available"));
        assert_eq!(head(0x1a).to_string(), "TLV 0x001a (power available)");
        assert_eq!(head(0x1c).name(), None);
        assert_eq!(head(0x1c).to_string(), "TLV 0x001c");
    }

    #[test]
    fn reads_any_bytes_without_panic() {
        let whole = message(&RECOVERY);
        for n_bytes in 0..whole.len() {
            let cut = Input::cut(&whole[..n_bytes], whole.len() - n_bytes);
            if let Ok(decoded) = decode(cut) {
                let kinds = decoded.issues.iter().map(|issue| issue.kind);
                assert!(kinds.eq([IssueKind::CutShort]), "{n_bytes}");
            }
            for byte in [0x00, 0x01, 0x7f, 0x80, 0xff] {
                let mut wrong = whole.clone();
                wrong[n_bytes] = byte;
                assert!(decode(Input::whole(&wrong)).is_ok());
            }
        }
    }
}
