//! LLDP-MED TLVs (organisation 00-12-BB, ANSI/TIA-1057).

use nom::Parser;
use nom::error::context;
use nom::number::complete::{be_u16, u8};

use super::Row;
use super::tlv::{Field, at_least, exactly};
use crate::{Parsed, WireText};

/// Device class of phones: endpoint class III.
pub const COMMUNICATION_DEVICE: u8 = 3;

/// Application type of voice, in network policies.
pub const VOICE: u8 = 1;

/// The greatest VLAN id that a frame can carry.
const MAX_VLAN: u16 = 4094;

/// The most power that subtype 4 can speak of: 102.3 W.
const MAX_POWER_DW: u16 = 1023;

/// The longest inventory text (ANSI/TIA-1057 clause 10.2.6).
const MAX_INVENTORY_BYTES: usize = 32;

/// What the MED TLVs say.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Med {
    /// Subtype 1: capability bits and device class (1 to 3 endpoints, 3 a phone;
    /// 4 network connectivity), two bytes and one.
    pub capabilities: Option<(u16, u8)>,
    /// Subtype 2: network policies, every one of them.
    pub policies: Vec<Policy>,
    /// Subtype 3: location format and data. Only the first one is kept.
    pub location: Option<(u8, Vec<u8>)>,
    /// Subtype 4: extended power.
    pub power: Option<Power>,
    /// Subtypes 5 to 11.
    pub inventory: Inventory,
}

/// Network policy (subtype 2, ANSI/TIA-1057 clause 10.2.3).
///
/// ```text
///  0                   1                   2                   3
///  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
/// +---------------+-+-+-+-----------------------+-----+-----------+
/// |  application  |U|T|0|        VLAN id        |prio.|   DSCP    |
/// +---------------+-+-+-+-----------------------+-----+-----------+
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// 1 voice, 2 voice signalling, …
    pub application: u8,
    /// The policy is required but not known to the sender.
    pub unknown: bool,
    /// Whether frames carry a VLAN tag.
    pub tagged: bool,
    /// VLAN id; 0 means priority tags.
    pub vlan: u16,
    /// Layer 2 priority.
    pub priority: u8,
    /// Differentiated services code point.
    pub dscp: u8,
}

/// Extended power (subtype 4, ANSI/TIA-1057 clause 10.2.5).
///
/// ```text
///  0                   1                   2
///  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3
/// +---+---+-------+-------------------------------+
/// |typ|src|priori.|   power, tenths of a watt     |
/// +---+---+-------+-------------------------------+
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Power {
    /// Bits 7-6: 0 power sourcing equipment, 1 powered device.
    pub kind: u8,
    /// Bits 5-4.
    pub source: u8,
    /// Bits 3-0: 1 critical, 2 high, 3 low.
    pub priority: u8,
    /// Tenths of a watt.
    pub power_dw: u16,
}

/// Inventory (subtypes 5 to 11), each a text of up to 32 bytes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Inventory {
    /// Subtype 5.
    pub hardware: Option<WireText>,
    /// Subtype 6.
    pub firmware: Option<WireText>,
    /// Subtype 7.
    pub software: Option<WireText>,
    /// Subtype 8.
    pub serial: Option<WireText>,
    /// Subtype 9.
    pub manufacturer: Option<WireText>,
    /// Subtype 10.
    pub model: Option<WireText>,
    /// Subtype 11.
    pub asset: Option<WireText>,
}

impl Med {
    /// The network policy for voice: the first one, when there are several.
    pub fn voice_policy(&self) -> Option<&Policy> {
        self.policies
            .iter()
            .find(|policy| policy.application == VOICE)
    }
}

impl Power {
    /// Whether the sender is power sourcing equipment, a switch; else it is
    /// powered by it.
    pub fn is_pse(self) -> bool {
        self.kind == 0
    }
}

#[rustfmt::skip]
pub(super) const TLVS: &[Row] = &[
    Row { kind: 1, name: "MED capabilities", lengths: exactly(3), once: true, read: |m, f| m.med.capabilities = read_capabilities(f) },
    Row { kind: 2, name: "network policy", lengths: exactly(4), once: false, read: |m, f| read_policy(&mut m.med, f) },
    Row { kind: 3, name: "location", lengths: at_least(1), once: false, read: |m, f| read_location(&mut m.med, f) },
    Row { kind: 4, name: "extended power via MDI", lengths: exactly(3), once: true, read: |m, f| m.med.power = read_power(f) },
    Row { kind: 5, name: "hardware revision", lengths: at_least(0), once: true, read: |m, f| m.med.inventory.hardware = Some(text(f)) },
    Row { kind: 6, name: "firmware revision", lengths: at_least(0), once: true, read: |m, f| m.med.inventory.firmware = Some(text(f)) },
    Row { kind: 7, name: "software revision", lengths: at_least(0), once: true, read: |m, f| m.med.inventory.software = Some(text(f)) },
    Row { kind: 8, name: "serial number", lengths: at_least(0), once: true, read: |m, f| m.med.inventory.serial = Some(text(f)) },
    Row { kind: 9, name: "manufacturer name", lengths: at_least(0), once: true, read: |m, f| m.med.inventory.manufacturer = Some(text(f)) },
    Row { kind: 10, name: "model name", lengths: at_least(0), once: true, read: |m, f| m.med.inventory.model = Some(text(f)) },
    Row { kind: 11, name: "asset id", lengths: at_least(0), once: true, read: |m, f| m.med.inventory.asset = Some(text(f)) },
];

fn read_capabilities(field: &mut Field<'_>) -> Option<(u16, u8)> {
    let (_, (bits, class)) = field.read(field.bytes, capabilities)?;
    if !(1..=4).contains(&class) {
        field.malformed(format!("device class is {class}, must be 1 to 4"));
    }
    Some((bits, class))
}

fn capabilities(input: &[u8]) -> Parsed<'_, (u16, u8)> {
    let (input, bits) = context("capabilities", be_u16).parse_complete(input)?;
    let (input, class) = context("device class", u8).parse_complete(input)?;
    Ok((input, (bits, class)))
}

fn read_policy(med: &mut Med, field: &mut Field<'_>) {
    let Some(&bytes) = field.bytes.first_chunk() else {
        return;
    };
    let policy = Policy::of(bytes);
    if !(1..=8).contains(&policy.application) {
        field.malformed(format!(
            "application is {}, must be 1 to 8",
            policy.application
        ));
    }
    if policy.vlan > MAX_VLAN {
        field.malformed(format!(
            "VLAN is {}, must be at most {MAX_VLAN}",
            policy.vlan
        ));
    }
    let is_again = med
        .policies
        .iter()
        .any(|earlier| earlier.application == policy.application);
    if is_again {
        field.malformed(format!(
            "a second one for application {}",
            policy.application
        ));
    }
    med.policies.push(policy);
}

impl Policy {
    fn of([application, flags, middle, low]: [u8; 4]) -> Self {
        Self {
            application,
            unknown: flags & 0x80 != 0,
            tagged: flags & 0x40 != 0,
            vlan: u16::from(flags & 0x1f) << 7 | u16::from(middle >> 1),
            priority: (middle & 1) << 2 | low >> 6,
            dscp: low & 0x3f,
        }
    }
}

fn read_location(med: &mut Med, field: &mut Field<'_>) {
    let Some((&format, data)) = field.bytes.split_first() else {
        return;
    };
    if !(1..=3).contains(&format) {
        field.malformed(format!("location format is {format}, must be 1 to 3"));
    }
    if med.location.is_some() {
        field.limit("stands there again, only the first one is kept");
        return;
    }
    med.location = Some((format, data.to_vec()));
}

fn read_power(field: &mut Field<'_>) -> Option<Power> {
    let (_, power) = field.read(field.bytes, power)?;
    if power.kind > 1 {
        field.malformed(format!("power type is {}, must be 0 or 1", power.kind));
    }
    if power.power_dw > MAX_POWER_DW {
        field.malformed(format!(
            "power is {}, must be at most {MAX_POWER_DW}",
            power.power_dw
        ));
    }
    Some(power)
}

fn power(input: &[u8]) -> Parsed<'_, Power> {
    let (input, bits) = context("type, source and priority", u8).parse_complete(input)?;
    let (input, power_dw) = context("power", be_u16).parse_complete(input)?;
    let power = Power {
        kind: bits >> 6,
        source: bits >> 4 & 0b11,
        priority: bits & 0x0f,
        power_dw,
    };
    Ok((input, power))
}

fn text(field: &mut Field<'_>) -> WireText {
    let text = field.text();
    if text.as_bytes().len() > MAX_INVENTORY_BYTES {
        field.malformed(format!(
            "text is {} bytes, must be at most {MAX_INVENTORY_BYTES}",
            text.as_bytes().len()
        ));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::tests::{n_issues, read_one};
    use super::super::{Input, decode};
    use super::*;
    use crate::IssueKind;

    fn read(subtype: u8, value: &[u8]) -> (Med, Vec<String>) {
        let (message, details) = read_one(127, Some(([0x00, 0x12, 0xbb], subtype)), value);
        (message.med, details)
    }

    #[test]
    fn minds_the_lengths() {
        for (subtype, length) in [(1, 3), (2, 4), (4, 3)] {
            let of = Some(([0x00, 0x12, 0xbb], subtype));
            assert_eq!(n_issues(127, of, length), 0);
            assert_eq!(n_issues(127, of, length - 1), 1);
            assert_eq!(n_issues(127, of, length + 1), 1);
            assert_eq!(n_issues(127, of, 0), 1);
        }
        for subtype in 5..=11 {
            let of = Some(([0x00, 0x12, 0xbb], subtype));
            assert_eq!(n_issues(127, of, 0), 0);
            assert_eq!(n_issues(127, of, 32), 0);
            assert_eq!(n_issues(127, of, 33), 1);
        }
        let (med, details) = read(10, &[b'a'; 33]);
        assert_eq!(med.inventory.model.unwrap().as_bytes(), [b'a'; 33]);
        assert_eq!(details, ["text is 33 bytes, must be at most 32"]);
    }

    #[test]
    fn reads_capabilities_and_class() {
        let (med, details) = read(1, &[0x00, 0x3f, 3]);
        assert_eq!(med.capabilities, Some((0x3f, COMMUNICATION_DEVICE)));
        assert_eq!(details, [""; 0]);
        for class in [0, 5] {
            let (med, details) = read(1, &[0x00, 0x3f, class]);
            assert_eq!(med.capabilities, Some((0x3f, class)));
            let detail = format!("device class is {class}, must be 1 to 4");
            assert_eq!(details, [detail]);
        }
    }

    #[test]
    fn reads_every_bit_of_a_policy() {
        // Voice (1), Tagged: Yes, VLAN Id: 110, L2 Priority: 5, DSCP: 46
        let (med, details) = read(2, &[1, 0x40, 0xdd, 0x6e]);
        let voice = Policy {
            application: VOICE,
            unknown: false,
            tagged: true,
            vlan: 110,
            priority: 5,
            dscp: 46,
        };
        assert_eq!(med.policies, [voice]);
        assert_eq!(med.voice_policy(), Some(&voice));
        assert_eq!(details, [""; 0]);
        // Voice Signaling (2), Policy: Unknown
        let (med, _) = read(2, &[2, 0x80, 0, 0]);
        let signalling = Policy {
            application: 2,
            unknown: true,
            tagged: false,
            vlan: 0,
            priority: 0,
            dscp: 0,
        };
        assert_eq!(med.policies, [signalling]);
        assert_eq!(med.voice_policy(), None);
        let (med, _) = read(2, &[3, 0x1f, 0xff, 0xff]);
        let all = Policy {
            application: 3,
            unknown: false,
            tagged: false,
            vlan: 4095,
            priority: 7,
            dscp: 63,
        };
        assert_eq!(med.policies, [all]);
    }

    #[test]
    fn keeps_policies_out_of_their_range() {
        let (med, details) = read(2, &[9, 0x5f, 0xfe, 0]);
        assert_eq!(med.policies[0].vlan, 4095);
        assert_eq!(
            details,
            [
                "application is 9, must be 1 to 8",
                "VLAN is 4095, must be at most 4094",
            ]
        );
    }

    #[test]
    fn keeps_every_policy_and_notes_a_second_one_for_an_application() {
        let bytes = [
            b"\x02\x07\x04\x00\x1a\xa1\x7b\xe6\x38".as_slice(),
            b"\x04\x02\x071",
            b"\x06\x02\x00\x78",
            b"\xfe\x08\x00\x12\xbb\x02\x02\x40\x02\x00",
            b"\xfe\x08\x00\x12\xbb\x02\x01\x40\x04\x00",
            b"\xfe\x08\x00\x12\xbb\x02\x01\x40\x06\x00",
            b"\xfe\x06\x00\x12\xbb\x03\x039",
            b"\xfe\x06\x00\x12\xbb\x03\x038",
            b"\x00\x00",
        ]
        .concat();
        let decoded = decode(Input::whole(&bytes)).unwrap();
        let med = decoded.value.med;
        let vlans: Vec<_> = med.policies.iter().map(|policy| policy.vlan).collect();
        assert_eq!(vlans, [1, 2, 3]);
        assert_eq!(med.voice_policy().unwrap().vlan, 2);
        assert_eq!(med.location, Some((3, b"9".to_vec())));
        let issues: Vec<_> = decoded
            .issues
            .iter()
            .map(|issue| (issue.kind, issue.detail.as_str()))
            .collect();
        assert_eq!(
            issues,
            [
                (IssueKind::Malformed, "a second one for application 1"),
                (
                    IssueKind::Limit,
                    "stands there again, only the first one is kept"
                ),
            ]
        );
    }

    #[test]
    fn keeps_a_location_as_it_is() {
        let (med, details) = read(3, b"\x03911");
        assert_eq!(med.location, Some((3, b"911".to_vec())));
        assert_eq!(details, [""; 0]);
        for format in [0, 4] {
            let (med, details) = read(3, &[format]);
            assert_eq!(med.location, Some((format, vec![])));
            let detail = format!("location format is {format}, must be 1 to 3");
            assert_eq!(details, [detail]);
        }
        assert_eq!(read(3, &[]).1, ["length is 4, must be at least 5"]);
    }

    #[test]
    fn reads_extended_power() {
        // Power Type: PD Device (1), Source: PSE (1), Priority: Low (3), 6300 mW
        let (med, details) = read(4, &[0x53, 0x00, 0x3f]);
        let power = Power {
            kind: 1,
            source: 1,
            priority: 3,
            power_dw: 63,
        };
        assert_eq!(med.power, Some(power));
        assert!(!power.is_pse());
        assert_eq!(details, [""; 0]);
        let (med, details) = read(4, &[0x03, 0x04, 0x00]);
        assert!(med.power.unwrap().is_pse());
        assert_eq!(details, ["power is 1024, must be at most 1023"]);
        let (med, details) = read(4, &[0x80, 0x03, 0xff]);
        assert_eq!(med.power.unwrap().kind, 2);
        assert_eq!(details, ["power type is 2, must be 0 or 1"]);
    }

    #[test]
    fn reads_an_inventory() {
        let texts: Vec<_> = (5..=11)
            .map(|subtype| read(subtype, b"V01\0").0.inventory)
            .collect();
        let text = || Some(WireText::from("V01"));
        let none = Inventory::default;
        let expected = [
            Inventory {
                hardware: text(),
                ..none()
            },
            Inventory {
                firmware: text(),
                ..none()
            },
            Inventory {
                software: text(),
                ..none()
            },
            Inventory {
                serial: text(),
                ..none()
            },
            Inventory {
                manufacturer: text(),
                ..none()
            },
            Inventory {
                model: text(),
                ..none()
            },
            Inventory {
                asset: text(),
                ..none()
            },
        ];
        assert_eq!(texts, expected);
        assert_eq!(read(5, b"V01\0").1, ["ends with NUL bytes (1)"]);
    }
}
