//! LLDP: Link Layer Discovery Protocol.
//!
//! IEEE Std 802.1AB (mandatory and basic TLVs), IEEE Std 802.1Q annex D
//! (organisation 00-80-C2), IEEE Std 802.3 clause 79 (00-12-0F), ANSI/TIA-1057
//! (LLDP-MED, 00-12-BB).
//!
//! Left out: the values of other organisations' TLVs; their heads stay in
//! [`Message::tlvs`].

mod basic;
mod cisco;
pub mod dot1;
pub mod dot3;
pub mod med;
pub(crate) mod tlv;

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use self::tlv::{Field, Lengths};
use crate::{DecodeError, Decoded, Input, Issue, IssueKind, MacAddress, Outcome, WireText};

/// Type and length of a TLV.
const TLV_HEAD_BYTES: usize = 2;

/// Organisation and subtype, which an organisation's TLV begins with.
const ORGANIZATION_BYTES: usize = 4;

/// The TLV that ends the announcement.
const END: u8 = 0;

/// The TLV that belongs to an organisation.
const ORGANIZATION: u8 = 127;

/// The TLVs that must come first, in this order (IEEE Std 802.1AB clause 8.2).
const FIRST: [u8; 3] = [1, 2, 3];

/// One LLDP announcement.
///
/// ```text
/// +------------+---------+--------------+--------------+-----+
/// | chassis id | port id | time to live | further TLVs | end |
/// +------------+---------+--------------+--------------+-----+
/// ```
///
/// Every field is `None` or empty when its TLV is absent or could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Message {
    /// TLV 1.
    pub chassis_id: Option<Id>,
    /// TLV 2.
    pub port_id: Option<Id>,
    /// TLV 3, in seconds; 0 takes the announcement back.
    pub ttl_secs: Option<u16>,
    /// TLV 4.
    pub port_description: Option<WireText>,
    /// TLV 5.
    pub system_name: Option<WireText>,
    /// TLV 6.
    pub system_description: Option<WireText>,
    /// TLV 7 (IEEE Std 802.1AB clause 8.5.8).
    ///
    /// ```text
    ///       2         2
    /// +----------+---------+
    /// |  system  | enabled |
    /// +----------+---------+
    /// ```
    pub capabilities: Option<Capabilities>,
    /// TLV 8, every one of them.
    pub management_addresses: Vec<ManagementAddress>,
    /// Organisation 00-80-C2.
    pub dot1: dot1::Dot1,
    /// Organisation 00-12-0F.
    pub dot3: dot3::Dot3,
    /// Organisation 00-12-BB.
    pub med: med::Med,
    /// Organisation 00-01-42 subtype 1: Cisco's bits of four-pair power.
    pub cisco_upoe: Option<u8>,
    /// Every TLV's head in wire order, the end included.
    pub tlvs: Vec<TlvHead>,
}

/// The head of a TLV (IEEE Std 802.1AB clause 8.4).
///
/// ```text
///  0                   1                   2                   3
///  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
/// +-------------+-----------------+-------------------------------+
/// |    type     |     length      |   value, 0 to 511 bytes ...   |
/// +-------------+-----------------+-------------------------------+
/// ```
///
/// The value of a type 127 begins so:
///
/// ```text
///        3           1      0 to 507
/// +--------------+---------+---------+
/// | organisation | subtype |  value  |
/// +--------------+---------+---------+
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TlvHead {
    /// Type, 0 to 127.
    pub kind: u8,
    /// Length of the value in bytes, 0 to 511.
    pub length: u16,
    /// Organisation and subtype of a type 127.
    pub organization: Option<([u8; 3], u8)>,
}

/// A chassis or port id with its subtype (IEEE Std 802.1AB clauses 8.5.2
/// and 8.5.3).
///
/// ```text
///      1      1 to 255
/// +---------+---------+
/// | subtype |   id    |
/// +---------+---------+
/// ```
///
/// A network address begins with its address family (1 IPv4, 2 IPv6).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Id {
    /// Subtype: what sort of id it is.
    pub subtype: u8,
    /// The id.
    pub value: IdValue,
}

/// What an id says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IdValue {
    /// Chassis subtype 4, port subtype 3.
    Mac(MacAddress),
    /// Chassis subtype 5, port subtype 4.
    Address(IpAddr),
    /// A name or number in text; also network addresses of other families, as bytes.
    Text(WireText),
}

/// TLV 7 (IEEE Std 802.1AB clause 8.5.8).
///
/// ```text
///       2         2
/// +----------+---------+
/// |  system  | enabled |
/// +----------+---------+
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capabilities {
    /// What the system could do: bits of [`CAPABILITIES`].
    pub system: u16,
    /// What of it is switched on.
    pub enabled: u16,
}

/// TLV 8 (IEEE Std 802.1AB clause 8.5.9).
///
/// ```text
///     1       1     1 to 31      1            4         1    0 to 128
/// +--------+--------+---------+-----------+-----------+--------+-----------+
/// | length | family | address | interface | interface | length | object id |
/// |   of family and |         |  subtype  |  number   |        |           |
/// |         address |         |           |           |        |           |
/// +--------+--------+---------+-----------+-----------+--------+-----------+
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManagementAddress {
    /// IANA address family number; 1 is IPv4, 2 is IPv6, 6 is a MAC address.
    pub family: u8,
    /// The address's bytes.
    pub address: Vec<u8>,
    /// How the interface number is to be read.
    pub interface_subtype: u8,
    /// Interface number.
    pub interface: u32,
    /// Object identifier, BER without its head; mostly empty.
    pub object_id: Vec<u8>,
}

/// Names of the bits of TLV 7 (IEEE Std 802.1AB table 8-4).
pub const CAPABILITIES: &[(u16, &str)] = &[
    (0x0001, "other"),
    (0x0002, "repeater"),
    (0x0004, "bridge"),
    (0x0008, "wlan-access-point"),
    (0x0010, "router"),
    (0x0020, "telephone"),
    (0x0040, "docsis-cable-device"),
    (0x0080, "station-only"),
    (0x0100, "c-vlan-component"),
    (0x0200, "s-vlan-component"),
    (0x0400, "two-port-mac-relay"),
];

/// How a TLV is called and read.
struct Row {
    /// Type, or an organisation's subtype.
    kind: u8,
    name: &'static str,
    /// Of the value, behind organisation and subtype where there are some.
    lengths: Lengths,
    /// Whether a second one breaks the specification.
    once: bool,
    read: fn(&mut Message, &mut Field<'_>),
}

/// The organisations whose TLVs are read, with their rows sorted by subtype.
const ORGANIZATIONS: &[([u8; 3], &[Row])] = &[
    ([0x00, 0x01, 0x42], cisco::TLVS),
    ([0x00, 0x12, 0x0f], dot3::TLVS),
    ([0x00, 0x12, 0xbb], med::TLVS),
    ([0x00, 0x80, 0xc2], dot1::TLVS),
];

/// Decodes the bytes that follow the ethertype.
pub fn decode(input: Input<'_>) -> Outcome<Message> {
    if input.bytes.len() < TLV_HEAD_BYTES {
        return Err(DecodeError {
            kind: input.short_kind(),
            field: "chassis id".into(),
            offset_bytes: 0,
            detail: format!("only {} bytes are left for its head", input.bytes.len()),
        });
    }
    let mut message = Message::default();
    let mut issues = Vec::new();
    read_tlvs(input, &mut message, &mut issues);
    check_order(&message.tlvs, &mut issues);
    Ok(Decoded {
        value: message,
        issues,
    })
}

fn read_tlvs(input: Input<'_>, message: &mut Message, issues: &mut Vec<Issue>) {
    let n_bytes = input.bytes.len();
    let mut seen = Vec::new();
    let mut start = 0;
    loop {
        let rest = input.bytes.get(start..).unwrap_or_default();
        let Some(head) = TlvHead::of(rest) else {
            issues.push(Issue {
                kind: input.short_kind(),
                field: "end of LLDPDU".into(),
                span: start..n_bytes,
                detail: format!("is missing behind {} TLVs", message.tlvs.len()),
            });
            return;
        };
        message.tlvs.push(head);
        let head_bytes = head.bytes();
        let end = start + TLV_HEAD_BYTES + usize::from(head.length);
        if end > n_bytes {
            issues.push(overrun(input, head, start));
        }
        let mut field = Field {
            label: &head,
            bytes: input
                .bytes
                .get(start + head_bytes..end.min(n_bytes))
                .unwrap_or_default(),
            span: start..end.min(n_bytes),
            counted_bytes: head_bytes - TLV_HEAD_BYTES,
            whole: end <= n_bytes,
            issues,
        };
        if head.kind == END {
            // What stands behind it is padding.
            field.fits(tlv::exactly(0));
            return;
        }
        read_tlv(message, &mut seen, head, &mut field);
        if end > n_bytes {
            return;
        }
        start = end;
    }
}

/// Reads a value into its place. Where only one TLV of a sort is allowed, the
/// first one counts.
fn read_tlv(
    message: &mut Message,
    seen: &mut Vec<&'static str>,
    head: TlvHead,
    field: &mut Field<'_>,
) {
    if head.kind == ORGANIZATION && head.organization.is_none() {
        field.fits(tlv::at_least(ORGANIZATION_BYTES));
    }
    let Some(row) = head.row() else {
        return;
    };
    if row.once && seen.contains(&row.name) {
        field.malformed("stands there again, the first one counts");
        return;
    }
    if row.once {
        seen.push(row.name);
    }
    if field.fits(row.lengths) {
        (row.read)(message, field);
    }
}

/// The issue of a TLV that goes on behind the captured bytes. It is the
/// capture's fault only if the missing bytes would have held the rest.
fn overrun(input: Input<'_>, head: TlvHead, start: usize) -> Issue {
    let n_bytes = input.bytes.len();
    let n_captured = n_bytes - start - TLV_HEAD_BYTES;
    let n_left = n_captured + input.missing;
    let length = head.length;
    let (kind, detail) = if usize::from(length) > n_left {
        let detail = format!("length is {length}, but the message has {n_left} bytes left");
        (IssueKind::Malformed, detail)
    } else {
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

/// Chassis id, port id and time to live come first, in this order. Where the
/// list ends too early, that has been said already.
fn check_order(tlvs: &[TlvHead], issues: &mut Vec<Issue>) {
    let wrong = tlvs
        .iter()
        .zip(FIRST)
        .position(|(head, kind)| head.kind != kind);
    let Some(wrong) = wrong else {
        return;
    };
    let kinds: Vec<_> = tlvs
        .iter()
        .take(FIRST.len())
        .map(|head| head.kind.to_string())
        .collect();
    let start: usize = tlvs
        .iter()
        .take(wrong)
        .map(|head| TLV_HEAD_BYTES + usize::from(head.length))
        .sum();
    let issue = Issue::malformed(
        "order of TLVs",
        start..start + TLV_HEAD_BYTES,
        format!("begins with types {}, must be 1, 2, 3", kinds.join(", ")),
    );
    let behind = issues.partition_point(|earlier| earlier.span.start < start);
    issues.insert(behind, issue);
}

impl TlvHead {
    /// Reads the head and, of a type 127, as much as is there of what follows.
    fn of(bytes: &[u8]) -> Option<Self> {
        let (&head, value) = bytes.split_first_chunk()?;
        let [kind, _] = head;
        let length = u16::from_be_bytes(head) & 0x01ff;
        let kind = kind >> 1;
        let value = value.get(..length.into()).unwrap_or(value);
        let organization = value
            .first_chunk()
            .filter(|_| kind == ORGANIZATION)
            .map(|&[a, b, c, subtype]| ([a, b, c], subtype));
        Some(Self {
            kind,
            length,
            organization,
        })
    }

    /// How many bytes stand before the value.
    fn bytes(self) -> usize {
        TLV_HEAD_BYTES + self.organization.map_or(0, |_| ORGANIZATION_BYTES)
    }

    fn row(self) -> Option<&'static Row> {
        let (rows, kind) = match self.organization {
            None => (basic::TLVS, self.kind),
            Some((organization, subtype)) => {
                let mut known = ORGANIZATIONS.iter();
                let (_, rows) = known.find(|known| known.0 == organization)?;
                (*rows, subtype)
            }
        };
        rows.iter().find(|row| row.kind == kind)
    }

    /// What the TLV is called; `None` where it has no known name.
    pub fn name(self) -> Option<&'static str> {
        match self.kind {
            END => Some("end of LLDPDU"),
            _ => self.row().map(|row| row.name),
        }
    }
}

impl fmt::Display for TlvHead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TLV {}", self.kind)?;
        if let Some(([a, b, c], subtype)) = self.organization {
            write!(f, " {a:02x}-{b:02x}-{c:02x} subtype {subtype}")?;
        }
        match self.name() {
            Some(name) => write!(f, " ({name})"),
            None => Ok(()),
        }
    }
}

impl Message {
    /// Whether the sender says that it is a telephone: by its capabilities, or
    /// as a communication device (LLDP-MED class III).
    pub fn is_telephone(&self) -> bool {
        const TELEPHONE: u16 = 0x0020;

        let by_capability = self
            .capabilities
            .is_some_and(|capabilities| capabilities.enabled & TELEPHONE != 0);
        let by_class = self
            .med
            .capabilities
            .is_some_and(|(_, class)| class == med::COMMUNICATION_DEVICE);
        by_capability || by_class
    }
}

impl IdValue {
    /// The id as reports show it, control characters escaped.
    pub fn to_text(&self) -> String {
        self.to_string()
    }
}

impl fmt::Display for IdValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mac(mac) => mac.fmt(f),
            Self::Address(address) => address.fmt(f),
            Self::Text(text) => text.fmt(f),
        }
    }
}

impl ManagementAddress {
    /// The address, when it is one of IP.
    pub fn ip(&self) -> Option<IpAddr> {
        ip_address(self.family, &self.address).ok().flatten()
    }
}

/// An address of an IANA address family. `None` for other families than IP; the
/// length that it should have when it has another one.
fn ip_address(family: u8, bytes: &[u8]) -> Result<Option<IpAddr>, usize> {
    match family {
        1 => <[u8; 4]>::try_from(bytes)
            .map(|bytes| Some(Ipv4Addr::from(bytes).into()))
            .map_err(|_| 4),
        2 => <[u8; 16]>::try_from(bytes)
            .map(|bytes| Some(Ipv6Addr::from(bytes).into()))
            .map_err(|_| 16),
        _ => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::dot1::Dot1;
    use super::dot3::{Dot3, Phy};
    use super::med::{Inventory, Med, Policy};
    use super::*;

    const CHASSIS: &[u8] = b"\x02\x07\x04\x00\x1a\xa1\x7b\xe6\x38";
    const PORT: &[u8] = b"\x04\x07\x07Port 1";
    const TTL: &[u8] = b"\x06\x02\x00\x78";
    const LAST: &[u8] = b"\x00\x00";

    fn read(tlvs: &[&[u8]]) -> Decoded<Message> {
        decode(Input::whole(&tlvs.concat())).unwrap()
    }

    /// A message of which these TLVs stand between the first three and the end.
    fn read_between(tlvs: &[&[u8]]) -> Decoded<Message> {
        read(&[&[CHASSIS, PORT, TTL], tlvs, &[LAST]].concat())
    }

    fn first_three() -> Message {
        Message {
            chassis_id: Some(Id {
                subtype: 4,
                value: IdValue::Mac(MacAddress([0x00, 0x1a, 0xa1, 0x7b, 0xe6, 0x38])),
            }),
            port_id: Some(Id {
                subtype: 7,
                value: IdValue::Text("Port 1".into()),
            }),
            ttl_secs: Some(120),
            ..Message::default()
        }
    }

    fn head(kind: u8, length: u16) -> TlvHead {
        TlvHead {
            kind,
            length,
            organization: None,
        }
    }

    fn of_organization(organization: [u8; 3], subtype: u8, length: u16) -> TlvHead {
        TlvHead {
            kind: 127,
            length,
            organization: Some((organization, subtype)),
        }
    }

    fn details(issues: &[Issue]) -> Vec<String> {
        let detail = |issue: &Issue| format!("{}: {}", issue.field, issue.detail);
        issues.iter().map(detail).collect()
    }

    #[test]
    fn reads_a_switch_with_a_voice_policy() {
        // Chassis Id: 00:13:21:57:ca:40  Port Id (7): 1  Time To Live: 120
        // Port Description: 1  System Name: ProCurve Switch 2600-8-PWR
        // Capabilities: 0x0014  Enabled Capabilities: 0x0004
        // Management Address: 15.255.122.148, Interface (2): 0
        // Auto-Negotiation: 0x03, advertised 0x6c00, MAU type 0x0010
        // Media Capabilities: 0x000f, Class Type: Network Connectivity (4)
        // Application Type: Voice (1), Defined, Tagged, VLAN Id: 50,
        //   L2 Priority: 6, DSCP Priority: 46
        // Location Data Format: Civic Address LCI (2)
        // Power Type: PSE Device (0), Source: 0, Priority: Low (3), 6500 mW
        let location = b"\x28\x02US\x01\x02CA\x03\x09Roseville\x06\x09Foothills\
            \x13\x048000\x1a\x03R3L";
        let description = "ProCurve J8762A Switch 2600-8-PWR, revision H.08.89, ROM H.08.5X \
            (/sw/code/build/fish(ts_08_5))";
        let decoded = read(&[
            b"\x02\x07\x04\x00\x13\x21\x57\xca\x40",
            b"\x04\x02\x071",
            b"\x06\x02\x00\x78",
            b"\x08\x011",
            b"\x0a\x1aProCurve Switch 2600-8-PWR",
            b"\x0c\x5f",
            description.as_bytes(),
            b"\x0e\x04\x00\x14\x00\x04",
            b"\x10\x0c\x05\x01\x0f\xff\x7a\x94\x02\x00\x00\x00\x00\x00",
            b"\xfe\x09\x00\x12\x0f\x01\x03\x6c\x00\x00\x10",
            b"\xfe\x07\x00\x12\xbb\x01\x00\x0f\x04",
            b"\xfe\x08\x00\x12\xbb\x02\x01\x40\x65\xae",
            b"\xfe\x2e\x00\x12\xbb\x03\x02",
            location,
            b"\xfe\x07\x00\x12\xbb\x04\x03\x00\x41",
            b"\x00\x00",
        ]);
        let voice = Policy {
            application: 1,
            unknown: false,
            tagged: true,
            vlan: 50,
            priority: 6,
            dscp: 46,
        };
        let expected = Message {
            chassis_id: Some(Id {
                subtype: 4,
                value: IdValue::Mac(MacAddress([0x00, 0x13, 0x21, 0x57, 0xca, 0x40])),
            }),
            port_id: Some(Id {
                subtype: 7,
                value: IdValue::Text("1".into()),
            }),
            ttl_secs: Some(120),
            port_description: Some("1".into()),
            system_name: Some("ProCurve Switch 2600-8-PWR".into()),
            system_description: Some(description.into()),
            capabilities: Some(Capabilities {
                system: 0x0014,
                enabled: 0x0004,
            }),
            management_addresses: vec![ManagementAddress {
                family: 1,
                address: vec![15, 255, 122, 148],
                interface_subtype: 2,
                interface: 0,
                object_id: vec![],
            }],
            dot3: Dot3 {
                phy: Some(Phy {
                    autonegotiation: 3,
                    advertised: 0x6c00,
                    mau_type: 0x10,
                }),
                ..Dot3::default()
            },
            med: Med {
                capabilities: Some((0x000f, 4)),
                policies: vec![voice],
                location: Some((2, location.to_vec())),
                power: Some(med::Power {
                    kind: 0,
                    source: 0,
                    priority: 3,
                    power_dw: 65,
                }),
                ..Med::default()
            },
            tlvs: vec![
                head(1, 7),
                head(2, 2),
                head(3, 2),
                head(4, 1),
                head(5, 26),
                head(6, 95),
                head(7, 4),
                head(8, 12),
                of_organization([0x00, 0x12, 0x0f], 1, 9),
                of_organization([0x00, 0x12, 0xbb], 1, 7),
                of_organization([0x00, 0x12, 0xbb], 2, 8),
                of_organization([0x00, 0x12, 0xbb], 3, 46),
                of_organization([0x00, 0x12, 0xbb], 4, 7),
                head(0, 0),
            ],
            ..Message::default()
        };
        assert_eq!(decoded.value.med.voice_policy(), Some(&voice));
        assert!(!decoded.value.is_telephone());
        assert_eq!(decoded, Decoded::clean(expected));
    }

    #[test]
    fn reads_a_switch_with_an_inventory() {
        // Chassis Id: 00:1e:c1:42:42:00  Port Id (3): 00:1e:c1:42:42:42
        // Port Description: GigabitEthernet1/0/9 Interface  System Name: sw2.blat
        // Capabilities: 0x0014, both  Management Address: 172.20.202.1,
        //   Interface (2): 55, Object Identifier: 0.0
        // Media Capabilities: 0x0027, Class Type: Network Connectivity (4)
        // Application Type: Reserved (0), Unknown, VLAN Id: 0
        // Hardware: REV.B  Firmware: 506  Software: 5.02.00s168p20
        // Serial Number: YEASDASDASD00  Manufacturer: 3Com  Model: 3CR17762-91
        // Asset ID: Unknown  Auto-Negotiation: 0x03, 0x0000, MAU type 0x001e
        // MDI Power Support: 0x00, PSE Power Pair: 1, Power Class: 0 (1)
        // Aggregation Status: 0x03, Port Id: 9  Maximum Frame Size: 9216
        // Port VLAN Identifier: 1  Port and Protocol VLAN: Flags 0x02, 1
        // VLAN Name: 1, IASDASD
        let decoded = read(&[
            b"\x02\x07\x04\x00\x1e\xc1\x42\x42\x00",
            b"\x04\x07\x03\x00\x1e\xc1\x42\x42\x42",
            b"\x06\x02\x00\x78",
            b"\x08\x1eGigabitEthernet1/0/9 Interface",
            b"\x0a\x08sw2.blat",
            b"\x0e\x04\x00\x14\x00\x14",
            b"\x10\x0d\x05\x01\xac\x14\xca\x01\x02\x00\x00\x00\x37\x01\x00",
            b"\xfe\x07\x00\x12\xbb\x01\x00\x27\x04",
            b"\xfe\x08\x00\x12\xbb\x02\x00\x80\x00\x00",
            b"\xfe\x09\x00\x12\xbb\x05REV.B",
            b"\xfe\x07\x00\x12\xbb\x06506",
            b"\xfe\x12\x00\x12\xbb\x075.02.00s168p20",
            b"\xfe\x11\x00\x12\xbb\x08YEASDASDASD00",
            b"\xfe\x08\x00\x12\xbb\x093Com",
            b"\xfe\x0f\x00\x12\xbb\x0a3CR17762-91",
            b"\xfe\x0b\x00\x12\xbb\x0bUnknown",
            b"\xfe\x09\x00\x12\x0f\x01\x03\x00\x00\x00\x1e",
            b"\xfe\x07\x00\x12\x0f\x02\x00\x01\x01",
            b"\xfe\x09\x00\x12\x0f\x03\x03\x00\x00\x00\x09",
            b"\xfe\x06\x00\x12\x0f\x04\x24\x00",
            b"\xfe\x06\x00\x80\xc2\x01\x00\x01",
            b"\xfe\x07\x00\x80\xc2\x02\x02\x00\x01",
            b"\xfe\x0e\x00\x80\xc2\x03\x00\x01\x07IASDASD",
            b"\x00\x00",
        ]);
        let mac = |last| {
            let value = IdValue::Mac(MacAddress([0x00, 0x1e, 0xc1, 0x42, 0x42, last]));
            Some(value)
        };
        let message = decoded.value;
        assert_eq!(message.chassis_id.map(|id| id.value), mac(0x00));
        assert_eq!(message.port_id.map(|id| id.value), mac(0x42));
        assert_eq!(
            message.management_addresses,
            [ManagementAddress {
                family: 1,
                address: vec![172, 20, 202, 1],
                interface_subtype: 2,
                interface: 55,
                object_id: vec![0],
            }]
        );
        assert_eq!(
            message.dot1,
            Dot1 {
                port_vlan: Some(1),
                protocol_vlans: vec![(2, 1)],
                vlan_names: vec![(1, "IASDASD".into())],
            }
        );
        assert_eq!(
            message.dot3,
            Dot3 {
                phy: Some(Phy {
                    autonegotiation: 3,
                    advertised: 0,
                    mau_type: 0x1e,
                }),
                power: Some(dot3::Power {
                    mdi_support: 0,
                    pse_pair: 1,
                    class: 1,
                    negotiation: None,
                    four_pair: None,
                }),
                aggregation: Some((3, 9)),
                max_frame_bytes: Some(9216),
            }
        );
        assert_eq!(
            message.med,
            Med {
                capabilities: Some((0x27, 4)),
                policies: vec![Policy {
                    application: 0,
                    unknown: true,
                    tagged: false,
                    vlan: 0,
                    priority: 0,
                    dscp: 0,
                }],
                location: None,
                power: None,
                inventory: Inventory {
                    hardware: Some("REV.B".into()),
                    firmware: Some("506".into()),
                    software: Some("5.02.00s168p20".into()),
                    serial: Some("YEASDASDASD00".into()),
                    manufacturer: Some("3Com".into()),
                    model: Some("3CR17762-91".into()),
                    asset: Some("Unknown".into()),
                },
            }
        );
        assert_eq!(
            details(&decoded.issues),
            ["TLV 127 00-12-bb subtype 2 (network policy): application is 0, must be 1 to 8"]
        );
    }

    #[test]
    fn needs_the_head_of_one_tlv() {
        for n_bytes in 0..2 {
            let bytes = &CHASSIS[..n_bytes];
            let error = decode(Input::whole(bytes)).unwrap_err();
            assert_eq!(error.kind, IssueKind::Malformed);
            assert_eq!(
                (error.field.as_str(), error.offset_bytes),
                ("chassis id", 0)
            );
            let error = decode(Input::cut(bytes, 60)).unwrap_err();
            assert_eq!(error.kind, IssueKind::CutShort);
        }
    }

    #[test]
    fn takes_the_three_mandatory_tlvs_alone() {
        let mut expected = first_three();
        expected.tlvs = vec![head(1, 7), head(2, 7), head(3, 2), head(0, 0)];
        assert_eq!(read_between(&[]), Decoded::clean(expected.clone()));
        // Padding behind the end does not matter, nor that it was not captured.
        let padded = [CHASSIS, PORT, TTL, LAST, b"\x00\x00\xff"].concat();
        let decoded = decode(Input::cut(&padded, 20)).unwrap();
        assert_eq!(decoded, Decoded::clean(expected));
    }

    #[test]
    fn takes_an_announcement_back() {
        let decoded = read(&[CHASSIS, PORT, b"\x06\x02\x00\x00", LAST]);
        assert_eq!(decoded.value.ttl_secs, Some(0));
        assert_eq!(decoded.issues, []);
    }

    #[test]
    fn reports_a_wrong_order_and_reads_on() {
        let orders: [(&[&[u8]], &str, usize); 5] = [
            (&[PORT, TTL, LAST], "2, 3, 0", 0),
            (&[CHASSIS, TTL, LAST], "1, 3, 0", 9),
            (&[CHASSIS, PORT, LAST], "1, 2, 0", 18),
            (&[CHASSIS, TTL, PORT, LAST], "1, 3, 2", 9),
            (&[LAST], "0", 0),
        ];
        for (tlvs, kinds, start) in orders {
            let decoded = read(tlvs);
            assert_eq!(
                decoded.issues,
                [Issue::malformed(
                    "order of TLVs",
                    start..start + 2,
                    format!("begins with types {kinds}, must be 1, 2, 3")
                )]
            );
        }
        let decoded = read(&[CHASSIS, TTL, PORT, LAST]).value;
        let expected = first_three();
        assert_eq!(decoded.port_id, expected.port_id);
        assert_eq!(decoded.ttl_secs, expected.ttl_secs);
    }

    #[test]
    fn puts_the_order_between_the_issues_around_it() {
        let decoded = read(&[b"\x02\x00", TTL, b"\x04\x01\x07", LAST]);
        assert_eq!(
            details(&decoded.issues),
            [
                "TLV 1 (chassis id): length is 0, must be 2 to 256",
                "order of TLVs: begins with types 1, 3, 2, must be 1, 2, 3",
                "TLV 2 (port id): length is 1, must be 2 to 256",
            ]
        );
    }

    #[test]
    fn misses_the_end() {
        let bytes = [CHASSIS, PORT, TTL].concat();
        assert_eq!(
            read(&[&bytes]).issues,
            [Issue::malformed(
                "end of LLDPDU",
                22..22,
                "is missing behind 3 TLVs"
            )]
        );
        let cut = decode(Input::cut(&bytes, 2)).unwrap();
        assert_eq!(cut.issues[0].kind, IssueKind::CutShort);
        assert_eq!(cut.issues.len(), 1);
        assert_eq!(read(&[&bytes, b"\x00"]).issues[0].span, 22..23);
        // An end with a value ends the list all the same.
        assert_eq!(
            read(&[&bytes, b"\x00\x01\x00"]).issues,
            [Issue::malformed(
                "TLV 0 (end of LLDPDU)",
                22..25,
                "length is 1, must be 0"
            )]
        );
        assert_eq!(
            details(&read(&[&bytes, b"\x00\x01"]).issues),
            ["TLV 0 (end of LLDPDU): length is 1, but the message has 0 bytes left"]
        );
    }

    #[test]
    fn keeps_what_is_there_of_a_tlv_that_is_too_long() {
        let decoded = read(&[CHASSIS, PORT, TTL, b"\x0b\x04swi"]);
        assert_eq!(decoded.value.system_name, Some("swi".into()));
        assert_eq!(decoded.value.tlvs[3], head(5, 260));
        assert_eq!(
            decoded.issues,
            [Issue::malformed(
                "TLV 5 (system name)",
                22..27,
                "length is 260, but the message has 3 bytes left"
            )]
        );
        // A number is not read from half of its bytes.
        let decoded = read(&[CHASSIS, PORT, b"\x06\x02\x00"]);
        assert_eq!(decoded.value.ttl_secs, None);
        assert_eq!(decoded.issues.len(), 1);
    }

    #[test]
    fn blames_the_capture_for_what_it_left_out() {
        let bytes = [CHASSIS, PORT, TTL, b"\x0a\x06swi"].concat();
        let decoded = decode(Input::cut(&bytes, 5)).unwrap();
        assert_eq!(decoded.value.system_name, Some("swi".into()));
        assert_eq!(
            decoded.issues,
            [Issue::cut_short(
                "TLV 5 (system name)",
                22..27,
                "only 3 of 6 bytes were captured"
            )]
        );
        let decoded = decode(Input::cut(&bytes, 2)).unwrap();
        assert_eq!(
            decoded.issues,
            [Issue::malformed(
                "TLV 5 (system name)",
                22..27,
                "length is 6, but the message has 5 bytes left"
            )]
        );
    }

    #[test]
    fn counts_the_first_where_only_one_is_allowed() {
        let rows = [
            b"\x08\x01a".as_slice(),
            b"\x0a\x01a",
            b"\x0c\x01a",
            b"\x0e\x04\x00\x20\x00\x20",
            b"\xfe\x06\x00\x80\xc2\x01\x00\x01",
            b"\xfe\x09\x00\x12\x0f\x01\x03\x00\x00\x00\x1e",
            b"\xfe\x07\x00\x12\x0f\x02\x00\x01\x01",
            b"\xfe\x09\x00\x12\x0f\x03\x03\x00\x00\x00\x09",
            b"\xfe\x06\x00\x12\x0f\x04\x24\x00",
            b"\xfe\x07\x00\x12\xbb\x01\x00\x27\x03",
            b"\xfe\x07\x00\x12\xbb\x04\x53\x00\x3f",
            b"\xfe\x05\x00\x12\xbb\x05a",
            b"\xfe\x05\x00\x12\xbb\x06a",
            b"\xfe\x05\x00\x12\xbb\x07a",
            b"\xfe\x05\x00\x12\xbb\x08a",
            b"\xfe\x05\x00\x12\xbb\x09a",
            b"\xfe\x05\x00\x12\xbb\x0aa",
            b"\xfe\x05\x00\x12\xbb\x0ba",
            b"\xfe\x05\x00\x01\x42\x01\x0d",
        ];
        let once = read_between(&rows);
        assert_eq!(once.issues, []);
        assert_eq!(once.value.cisco_upoe, Some(0x0d));
        for row in rows {
            // The second one differs in its last byte.
            let mut again = row.to_vec();
            *again.last_mut().unwrap() = 2;
            let mut twice = read_between(&[&rows[..], &[&again]].concat());
            assert_eq!(twice.issues.len(), 1, "{row:02x?}");
            assert_eq!(twice.issues[0].kind, IssueKind::Malformed);
            assert_eq!(
                twice.issues[0].detail,
                "stands there again, the first one counts"
            );
            twice.value.tlvs = once.value.tlvs.clone();
            assert_eq!(twice.value, once.value);
        }
        let decoded = read_between(&[CHASSIS, PORT, b"\x06\x02\x00\x01"]);
        assert_eq!(decoded.value.ttl_secs, Some(120));
        assert_eq!(decoded.issues.len(), 3);
    }

    #[test]
    fn keeps_heads_of_what_it_does_not_know() {
        let decoded = read_between(&[
            b"\x12\x01\x00",                 // type 9 is reserved
            b"\xfe\x04\x00\x1b\x21\x01",     // another organisation
            b"\xfe\x05\x00\x12\x0f\x05\x00", // another subtype
            b"\xfe\x05\x00\x12\x0f\x05\x00", // and again
            b"\xfe\x03\x00\x12\x0f",         // no subtype
        ]);
        assert_eq!(
            decoded.value.tlvs[3..8],
            [
                head(9, 1),
                of_organization([0x00, 0x1b, 0x21], 1, 4),
                of_organization([0x00, 0x12, 0x0f], 5, 5),
                of_organization([0x00, 0x12, 0x0f], 5, 5),
                head(127, 3),
            ]
        );
        assert_eq!(
            details(&decoded.issues),
            ["TLV 127: length is 3, must be at least 4"]
        );
    }

    #[test]
    fn knows_a_telephone_by_capability_or_class() {
        let is_telephone = |tlv: &[u8]| read_between(&[tlv]).value.is_telephone();
        assert!(is_telephone(b"\x0e\x04\x00\x24\x00\x20"));
        assert!(!is_telephone(b"\x0e\x04\x00\x24\x00\x04"));
        assert!(is_telephone(b"\xfe\x07\x00\x12\xbb\x01\x00\x3f\x03"));
        assert!(!is_telephone(b"\xfe\x07\x00\x12\xbb\x01\x00\x3f\x02"));
        assert!(!is_telephone(b"\x0a\x05phone"));
    }

    #[test]
    fn shows_ids_as_text() {
        let mac = MacAddress([0x00, 0x1a, 0xa1, 0x7b, 0xe6, 0x38]);
        assert_eq!(IdValue::Mac(mac).to_text(), "00:1a:a1:7b:e6:38");
        let address = IdValue::Address([192, 0, 2, 7].into());
        assert_eq!(address.to_text(), "192.0.2.7");
        let text = IdValue::Text(WireText::new(b"Port\x1b1\xff"));
        assert_eq!(text.to_text(), "Port\\x1b1\\xff");
    }

    #[test]
    fn names_every_tlv_it_knows() {
        assert_eq!(head(0, 0).name(), Some("end of LLDPDU"));
        assert_eq!(head(1, 7).to_string(), "TLV 1 (chassis id)");
        assert_eq!(head(9, 7).to_string(), "TLV 9");
        assert_eq!(
            of_organization([0x00, 0x80, 0xc2], 3, 7).to_string(),
            "TLV 127 00-80-c2 subtype 3 (VLAN name)"
        );
        assert_eq!(of_organization([0x00, 0x80, 0xc2], 9, 7).name(), None);
        assert_eq!(of_organization([0xff, 0x80, 0xc2], 3, 7).name(), None);
    }

    #[test]
    fn rows_are_sorted_and_their_names_unique() {
        let mut names = Vec::new();
        let organizations = ORGANIZATIONS.iter().map(|(_, rows)| *rows);
        for rows in organizations.chain([basic::TLVS]) {
            assert!(rows.windows(2).all(|pair| pair[0].kind < pair[1].kind));
            names.extend(rows.iter().map(|row| row.name));
        }
        let n_rows = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), n_rows);
    }

    #[test]
    fn reads_any_bytes_without_panic() {
        let whole = [
            CHASSIS,
            PORT,
            TTL,
            b"\x10\x0c\x05\x01\xc0\x00\x02\x07\x02\x00\x00\x00\x01\x00",
            b"\xfe\x07\x00\x12\x0f\x02\x07\x01\x04",
            b"\xfe\x08\x00\x12\xbb\x02\x01\x40\xdd\x6e",
            LAST,
        ]
        .concat();
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

    /// Reads one TLV between the first three and the end; the details of its
    /// issues. For the tests of the tables.
    pub(super) fn read_one(
        kind: u8,
        organization: Option<([u8; 3], u8)>,
        value: &[u8],
    ) -> (Message, Vec<String>) {
        let mut tlv = Vec::new();
        if let Some((organization, subtype)) = organization {
            tlv.extend(organization);
            tlv.push(subtype);
        }
        tlv.extend(value);
        let head = u16::from(kind) << 9 | u16::try_from(tlv.len()).unwrap();
        let decoded = read_between(&[&head.to_be_bytes(), &tlv]);
        let details = decoded.issues.into_iter().map(|issue| issue.detail);
        (decoded.value, details.collect())
    }

    /// How many issues a TLV raises whose value is `length` times the byte 1.
    pub(super) fn n_issues(kind: u8, organization: Option<([u8; 3], u8)>, length: usize) -> usize {
        read_one(kind, organization, &vec![1; length]).1.len()
    }
}
