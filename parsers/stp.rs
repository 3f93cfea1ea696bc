//! Spanning tree: what a switch port tells while it holds frames back or lets them
//! through.
//!
//! IEEE Std 802.1D-2004 clause 9.3 (STP and RSTP), IEEE Std 802.1Q-2014 clause 14
//! (MSTP, SPB). Cisco's form for one VLAN (PVST+) is not documented; its trailer is as
//! Wireshark's `packet-bpdu.c` reads it.
//!
//! Left out: the single instances of MSTP and what SPB adds, beyond their number.

use nom::Parser;
use nom::bytes::complete::take;
use nom::error::context;
use nom::number::complete::{be_u8, be_u16, be_u32};

use crate::{DecodeError, Decoded, Input, Issue, MacAddress, NomError, Outcome, Parsed, WireText};

/// Protocol identifier of spanning tree; others share its LLC address.
pub const PROTOCOL: [u8; 2] = [0, 0];

/// Type of a configuration BPDU (STP).
pub const CONFIGURATION: u8 = 0x00;
/// Type of a rapid or multiple spanning tree BPDU.
pub const RAPID: u8 = 0x02;
/// Type of a topology change notification.
pub const TOPOLOGY_CHANGE: u8 = 0x80;

/// Where PVST+ keeps its TLV: behind the longest BPDU that it knows.
const PVST_TLV_AT: usize = 36;
/// Bytes of one MSTI configuration message (IEEE Std 802.1Q clause 14.4).
const INSTANCE_BYTES: u16 = 16;
/// Bytes of the MST extension without instances.
const MST_BYTES: u16 = 64;

/// A BPDU.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Protocol version: 0 STP, 2 RSTP, 3 MSTP, 4 SPB.
    pub version: u8,
    /// Type: [`CONFIGURATION`], [`RAPID`] or [`TOPOLOGY_CHANGE`]; others are kept.
    pub kind: u8,
    /// All else; `None` in a topology change notification, in unknown types, and when
    /// it could not be read.
    pub body: Option<Body>,
    /// VLAN of the tree, from the trailer of PVST+; `None` in other forms.
    pub vlan: Option<u16>,
}

/// Body of a configuration or rapid spanning tree BPDU (IEEE Std 802.1D-2004
/// clause 9.3.1, 9.3.3).
///
/// ```text
///  1 byte   8 bytes   4 bytes   8 bytes    2 bytes
/// +-------+---------+---------+----------+---------+
/// | flags | root id |  cost   |bridge id | port id |
/// +-------+---------+---------+----------+---------+
///  2 bytes       2 bytes   2 bytes      2 bytes         1 byte, RSTP on
/// +-------------+---------+------------+---------------+------------------+
/// | message age | max age | hello time | forward delay | version 1 length |
/// +-------------+---------+------------+---------------+------------------+
/// ```
///
/// Times are in 1/256 s. `None` stands for what lies behind the end of a short BPDU.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Body {
    /// Flags; see [`Flags`].
    pub flags: Flags,
    /// The tree's root.
    pub root: Option<BridgeId>,
    /// Cost of the way to it.
    pub root_path_cost: Option<u32>,
    /// The switch that sent it; in MSTP the region's root.
    pub bridge: Option<BridgeId>,
    /// The port that sent it: priority in the upper four bits, number below.
    pub port: Option<u16>,
    /// Age of what the root said, in 1/256 s.
    pub message_age: Option<u16>,
    /// How old that may become, in 1/256 s.
    pub max_age: Option<u16>,
    /// Time between two BPDUs, in 1/256 s.
    pub hello_time: Option<u16>,
    /// How long a port listens, and then learns, before it forwards, in 1/256 s.
    pub forward_delay: Option<u16>,
    /// The MST extension; `None` before version 3.
    pub region: Option<Region>,
}

/// Head of the MST extension (IEEE Std 802.1Q-2014 clause 14.4).
///
/// ```text
///  2 bytes             1 byte     32 bytes   2 bytes    16 bytes
/// +------------------+----------+----------+----------+----------+
/// | version 3 length | selector |   name   | revision |  digest  |
/// +------------------+----------+----------+----------+----------+
///  4 bytes                  8 bytes       1 byte           n x 16
/// +------------------------+-------------+----------------+-----------+
/// | internal root path cost| bridge id   | remaining hops | instances |
/// +------------------------+-------------+----------------+-----------+
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Region {
    /// Name of the region, NULs at its end cut off.
    pub name: WireText,
    /// Revision.
    pub revision: u16,
    /// Cost of the way to the region's root.
    pub internal_root_path_cost: u32,
    /// The switch that sent it.
    pub bridge: BridgeId,
    /// Hops that are left.
    pub remaining_hops: u8,
    /// How many instances follow.
    pub n_instances: u16,
}

/// A bridge identifier (IEEE Std 802.1D-2004 clause 9.2.5).
///
/// ```text
///  4 bits     12 bits               6 bytes
/// +----------+---------------------+-------------+
/// | priority | system id extension | MAC address |
/// +----------+---------------------+-------------+
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BridgeId {
    /// Priority, in steps of 4096.
    pub priority: u16,
    /// The VLAN in PVST+, else mostly 0.
    pub extension: u16,
    /// Address of the switch.
    pub mac: MacAddress,
}

/// Flags of a BPDU. A configuration BPDU uses the first and the last bit alone, and so
/// does not tell the state of its port.
///
/// ```text
///   7     6    5    4     3   2     1      0
/// +-----+----+----+----+--------+-------+----+
/// | TCA | AG | FW | LE | role   | PROP  | TC |
/// +-----+----+----+----+--------+-------+----+
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Flags(pub u8);

/// Names of the single flags.
pub const FLAGS: &[(u8, &str)] = &[
    (0x01, "topology-change"),
    (0x02, "proposal"),
    (0x10, "learning"),
    (0x20, "forwarding"),
    (0x40, "agreement"),
    (0x80, "topology-change-acknowledgment"),
];

impl Flags {
    /// The topology changed a short while ago.
    pub fn topology_change(self) -> bool {
        self.0 & 0x01 != 0
    }

    /// The port wants to forward at once, if the other side agrees.
    pub fn proposal(self) -> bool {
        self.0 & 0x02 != 0
    }

    /// What the port is in the tree: `alternate-backup`, `root`, `designated`; `None`
    /// for unknown, and in STP.
    pub fn role(self) -> Option<&'static str> {
        match self.0 >> 2 & 0b11 {
            1 => Some("alternate-backup"),
            2 => Some("root"),
            3 => Some("designated"),
            _ => None,
        }
    }

    /// The port learns addresses.
    pub fn learning(self) -> bool {
        self.0 & 0x10 != 0
    }

    /// The port lets frames through.
    pub fn forwarding(self) -> bool {
        self.0 & 0x20 != 0
    }
}

/// Decodes what follows LLC, or SNAP in PVST+ (`per_vlan`).
pub fn decode(input: Input<'_>, per_vlan: bool) -> Outcome<Message> {
    let (rest, (protocol, mut message)) =
        header(input.bytes).map_err(|error| DecodeError::from_nom(input, error))?;
    if protocol != 0 {
        let detail = format!("is {protocol:#x}, must be 0x0");
        return Err(DecodeError::malformed("protocol identifier", 0, detail));
    }
    let mut reader = Reader {
        input,
        rest,
        issues: Vec::new(),
    };
    if matches!(message.kind, CONFIGURATION | RAPID) {
        message.body = reader.body();
        // Versions from 3 on go with type 2; type 0 has nothing behind its times.
        if let Some(body) = &mut message.body
            && message.kind == RAPID
            && message.version >= 3
        {
            body.region = reader.field("MST extension", region);
        }
        if per_vlan && reader.issues.is_empty() {
            reader.rest = input.bytes;
            message.vlan = reader.field("PVST TLV", pvst).flatten();
        }
    }
    Ok(Decoded {
        value: message,
        issues: reader.issues,
    })
}

/// Reads one field after the other, up to the first that is not whole.
struct Reader<'a> {
    /// The whole BPDU.
    input: Input<'a>,
    rest: &'a [u8],
    issues: Vec<Issue>,
}

impl<'a> Reader<'a> {
    /// The next field; `None` when it, or one before it, is cut off.
    fn field<T>(
        &mut self,
        name: &'static str,
        parser: impl Parser<&'a [u8], Output = T, Error = NomError>,
    ) -> Option<T> {
        if !self.issues.is_empty() {
            return None;
        }
        match context(name, parser).parse_complete(self.rest) {
            Ok((rest, value)) => {
                self.rest = rest;
                Some(value)
            }
            Err(error) => {
                let error = DecodeError::from_nom(self.input, error);
                self.issues.push(error.into_issue(self.input.bytes.len()));
                None
            }
        }
    }

    fn body(&mut self) -> Option<Body> {
        Some(Body {
            flags: Flags(self.field("flags", be_u8)?),
            root: self.field("root identifier", bridge_id),
            root_path_cost: self.field("root path cost", be_u32),
            bridge: self.field("bridge identifier", bridge_id),
            port: self.field("port identifier", be_u16),
            message_age: self.field("message age", be_u16),
            max_age: self.field("max age", be_u16),
            hello_time: self.field("hello time", be_u16),
            forward_delay: self.field("forward delay", be_u16),
            region: None,
        })
    }
}

fn header(input: &[u8]) -> Parsed<'_, (u16, Message)> {
    let (input, protocol) = context("protocol identifier", be_u16).parse_complete(input)?;
    let (input, version) = context("protocol version", be_u8).parse_complete(input)?;
    let (input, kind) = context("BPDU type", be_u8).parse_complete(input)?;
    let message = Message {
        version,
        kind,
        body: None,
        vlan: None,
    };
    Ok((input, (protocol, message)))
}

fn bridge_id(input: &[u8]) -> Parsed<'_, BridgeId> {
    let (input, priority) = be_u16(input)?;
    let (input, mac) = take(6_usize).parse_complete(input)?;
    let id = BridgeId {
        priority: priority & 0xf000,
        extension: priority & 0x0fff,
        mac: MacAddress(mac.first_chunk().copied().unwrap_or_default()),
    };
    Ok((input, id))
}

fn region(input: &[u8]) -> Parsed<'_, Region> {
    let (input, _version_1) = context("version 1 length", be_u8).parse_complete(input)?;
    let (input, length) = context("version 3 length", be_u16).parse_complete(input)?;
    let (input, _selector) = context("MST selector", be_u8).parse_complete(input)?;
    let (input, name) = context("MST name", take(32_usize)).parse_complete(input)?;
    let (input, revision) = context("MST revision", be_u16).parse_complete(input)?;
    let (input, _digest) = context("MST digest", take(16_usize)).parse_complete(input)?;
    let (input, cost) = context("internal root path cost", be_u32).parse_complete(input)?;
    let (input, bridge) = context("CIST bridge identifier", bridge_id).parse_complete(input)?;
    let (input, remaining_hops) = context("remaining hops", be_u8).parse_complete(input)?;
    let region = Region {
        name: WireText::without_trailing_nuls(name),
        revision,
        internal_root_path_cost: cost,
        bridge,
        remaining_hops,
        n_instances: length.saturating_sub(MST_BYTES) / INSTANCE_BYTES,
    };
    Ok((input, region))
}

/// The trailer of PVST+, which stands at the same place behind STP and RSTP.
///
/// ```text
///  2 bytes   2 bytes     2 bytes
/// +---------+-----------+---------+
/// | type 0  | length 2  |  VLAN   |
/// +---------+-----------+---------+
/// ```
fn pvst(input: &[u8]) -> Parsed<'_, Option<u16>> {
    let (input, _bpdu) = context("PVST TLV", take(PVST_TLV_AT)).parse_complete(input)?;
    let (input, kind) = context("PVST TLV type", be_u16).parse_complete(input)?;
    let (input, length) = context("PVST TLV length", be_u16).parse_complete(input)?;
    if (kind, length) != (0, 2) {
        return Ok((input, None));
    }
    let (input, vlan) = context("PVST VLAN", be_u16).parse_complete(input)?;
    Ok((input, Some(vlan)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::IssueKind;

    const SWITCH: MacAddress = MacAddress([0x00, 0x19, 0x06, 0xea, 0xb8, 0x80]);

    /// Frame 1 of `tests/802.1w_rapid_STP.pcap` of the tcpdump project (BSD-3-Clause).
    /// tshark says:
    ///
    /// ```text
    /// Spanning Tree Protocol
    ///     Protocol Version Identifier: Rapid Spanning Tree (2)
    ///     BPDU Type: Rapid/Multiple Spanning Tree (0x02)
    ///     BPDU flags: 0x0e, Port Role: Designated, Proposal
    ///     Root Identifier: 32768 / 1 / 00:19:06:ea:b8:80
    ///     Root Path Cost: 0
    ///     Bridge Identifier: 32768 / 1 / 00:19:06:ea:b8:80
    ///     Port identifier: 0x800c
    ///     Message Age: 0
    ///     Max Age: 20
    ///     Hello Time: 2
    ///     Forward Delay: 15
    ///     Version 1 Length: 0
    /// ```
    const RAPID_BPDU: [u8; 36] = [
        0x00, 0x00, // protocol identifier
        0x02, 0x02, // version, type
        0x0e, // flags
        0x80, 0x01, 0x00, 0x19, 0x06, 0xea, 0xb8, 0x80, // root
        0x00, 0x00, 0x00, 0x00, // cost
        0x80, 0x01, 0x00, 0x19, 0x06, 0xea, 0xb8, 0x80, // bridge
        0x80, 0x0c, // port
        0x00, 0x00, // message age
        0x14, 0x00, // max age
        0x02, 0x00, // hello time
        0x0f, 0x00, // forward delay
        0x00, // version 1 length
    ];

    fn rapid() -> Message {
        let id = BridgeId {
            priority: 32768,
            extension: 1,
            mac: SWITCH,
        };
        Message {
            version: 2,
            kind: RAPID,
            body: Some(Body {
                flags: Flags(0x0e),
                root: Some(id),
                root_path_cost: Some(0),
                bridge: Some(id),
                port: Some(0x800c),
                message_age: Some(0),
                max_age: Some(20 * 256),
                hello_time: Some(2 * 256),
                forward_delay: Some(15 * 256),
                region: None,
            }),
            vlan: None,
        }
    }

    #[test]
    fn reads_a_rapid_bpdu() {
        let clean = Ok(Decoded::clean(rapid()));
        assert_eq!(decode(Input::whole(&RAPID_BPDU), false), clean);
        let flags = Flags(0x0e);
        assert!(flags.proposal() && !flags.learning() && !flags.forwarding());
        assert_eq!(flags.role(), Some("designated"));
        assert!(Flags(0x3d).topology_change() && Flags(0x3d).forwarding());
        assert!(Flags(0x10).learning());
        let roles = [Flags(0x04).role(), Flags(0x08).role(), Flags(0).role()];
        assert_eq!(roles, [Some("alternate-backup"), Some("root"), None]);
    }

    /// Frame 1 of `tests/802.1D_spanning_tree.pcap` differs in version, type, flags and
    /// port, and ends before the version 1 length.
    #[test]
    fn reads_a_configuration_bpdu_and_its_odd_versions() {
        let mut bytes = RAPID_BPDU[..35].to_vec();
        bytes[2..5].fill(0);
        bytes[26] = 5;
        let mut expected = rapid();
        expected.version = 0;
        expected.kind = CONFIGURATION;
        let body = expected.body.as_mut().unwrap();
        (body.flags, body.port) = (Flags(0), Some(0x8005));
        assert_eq!(
            decode(Input::whole(&bytes), false),
            Ok(Decoded::clean(expected.clone()))
        );
        bytes[2] = 7;
        expected.version = 7;
        assert_eq!(
            decode(Input::whole(&bytes), false),
            Ok(Decoded::clean(expected))
        );
    }

    #[test]
    fn keeps_what_has_no_body() {
        for kind in [TOPOLOGY_CHANGE, 0x55] {
            let expected = Message {
                version: 0,
                kind,
                body: None,
                vlan: None,
            };
            let bytes = [0, 0, 0, kind, 0, 0];
            assert_eq!(
                decode(Input::whole(&bytes), true),
                Ok(Decoded::clean(expected))
            );
        }
    }

    /// The BPDU and trailer of frame 3 of `tests/rpvstp-trunk-native-vid5.pcap` of the
    /// tcpdump project, with the switch of above. tshark says:
    /// `Originating VLAN (PVID): 1`.
    #[test]
    fn reads_the_vlan_of_pvst() {
        let bytes = [&RAPID_BPDU[..], &[0, 0, 0, 2, 0, 1]].concat();
        let expected = Message {
            vlan: Some(1),
            ..rapid()
        };
        assert_eq!(
            decode(Input::whole(&bytes), true),
            Ok(Decoded::clean(expected))
        );
        assert_eq!(
            decode(Input::whole(&bytes), false),
            Ok(Decoded::clean(rapid()))
        );
        let other = [&RAPID_BPDU[..], &[0, 1, 0, 2, 0, 1]].concat();
        assert_eq!(
            decode(Input::whole(&other), true),
            Ok(Decoded::clean(rapid()))
        );
        for (length, field) in [(36, "PVST TLV type"), (40, "PVST VLAN"), (35, "PVST TLV")] {
            let decoded = decode(Input::whole(&bytes[..length]), true).unwrap();
            assert_eq!(decoded.value, rapid());
            assert_eq!(decoded.issues[0].field, field);
        }
    }

    /// Head of frame 1 of `tests/MSTP_Intra-Region_BPDUs.pcap` of the tcpdump project:
    /// region "Brewery", revision 0, internal cost 200000, 20 hops left, two instances.
    #[test]
    fn reads_the_region_of_mstp() {
        let mut bytes = RAPID_BPDU.to_vec();
        bytes[2] = 3;
        bytes.extend([0, 96, 0]);
        bytes.extend(b"Brewery");
        bytes.resize(bytes.len() + 25, 0);
        bytes.extend([0, 0]);
        bytes.extend([0x93; 16]);
        bytes.extend([0x00, 0x03, 0x0d, 0x40]);
        bytes.extend([0x80, 0x00, 0x00, 0x1e, 0xf7, 0x05, 0xa8, 0x80]);
        bytes.push(20);
        let decoded = decode(Input::whole(&bytes), false).unwrap();
        assert_eq!(decoded.issues, []);
        assert_eq!(
            decoded.value.body.unwrap().region,
            Some(Region {
                name: "Brewery".into(),
                revision: 0,
                internal_root_path_cost: 200_000,
                bridge: BridgeId {
                    priority: 32768,
                    extension: 0,
                    mac: MacAddress([0x00, 0x1e, 0xf7, 0x05, 0xa8, 0x80]),
                },
                remaining_hops: 20,
                n_instances: 2,
            })
        );
        for (length, field) in [
            (35, "version 1 length"),
            (37, "version 3 length"),
            (38, "MST selector"),
            (50, "MST name"),
            (72, "MST revision"),
            (80, "MST digest"),
            (92, "internal root path cost"),
            (100, "CIST bridge identifier"),
            (101, "remaining hops"),
        ] {
            let decoded = decode(Input::whole(&bytes[..length]), false).unwrap();
            assert_eq!(decoded.issues[0].field, field);
            assert_eq!(decoded.value.body.unwrap().region, None);
        }
    }

    #[test]
    fn names_the_field_that_is_cut_off() {
        for (length, field) in [
            (4, "flags"),
            (12, "root identifier"),
            (15, "root path cost"),
            (24, "bridge identifier"),
            (26, "port identifier"),
            (28, "message age"),
            (30, "max age"),
            (32, "hello time"),
            (34, "forward delay"),
        ] {
            let decoded = decode(Input::cut(&RAPID_BPDU[..length], 9), false).unwrap();
            assert_eq!(decoded.issues[0].field, field);
            assert_eq!(decoded.issues[0].kind, IssueKind::CutShort);
            assert_eq!(decoded.issues.len(), 1);
            if let Some(body) = decoded.value.body {
                assert_eq!(body.flags, Flags(0x0e));
                assert_eq!(body.root.is_some(), length > 12);
                assert_eq!(body.port.is_some(), length > 26);
                assert_eq!(body.forward_delay, None);
            } else {
                assert_eq!(length, 4);
            }
            let decoded = decode(Input::whole(&RAPID_BPDU[..length]), false).unwrap();
            assert_eq!(decoded.issues[0].kind, IssueKind::Malformed);
        }
        for (length, field) in [
            (1, "protocol identifier"),
            (2, "protocol version"),
            (3, "BPDU type"),
        ] {
            let error = decode(Input::whole(&RAPID_BPDU[..length]), false).unwrap_err();
            assert_eq!(error.field, field);
        }
    }

    #[test]
    fn leaves_other_protocols_alone() {
        let error = decode(Input::whole(&[0, 1, 1, 2]), false).unwrap_err();
        assert_eq!(
            error,
            DecodeError::malformed("protocol identifier", 0, "is 0x1, must be 0x0")
        );
    }
}
