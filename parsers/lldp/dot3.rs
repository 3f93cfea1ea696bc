//! LLDP TLVs of IEEE 802.3 (organisation 00-12-0F, IEEE Std 802.3 clause 79).
//!
//! Left out: Energy-Efficient Ethernet and additional capabilities (subtypes 5
//! and 7).

use nom::Parser;
use nom::error::context;
use nom::number::complete::{be_u16, be_u24, be_u32, u8};

use super::Row;
use super::tlv::{Field, at_least, exactly};
use crate::Parsed;

/// The most power that a field can speak of: 99.9 W.
const MAX_POWER_DW: u16 = 999;

/// What the 802.3 TLVs say.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Dot3 {
    /// Subtype 1: MAC and PHY configuration.
    pub phy: Option<Phy>,
    /// Subtype 2: power by the cable.
    pub power: Option<Power>,
    /// Subtype 3: aggregation status and port id, one and four bytes.
    pub aggregation: Option<(u8, u32)>,
    /// Subtype 4: largest frame in bytes, two bytes.
    pub max_frame_bytes: Option<u16>,
}

/// MAC and PHY configuration (subtype 1, IEEE Std 802.3 clause 79.3.1).
///
/// ```text
///         1              2            2
/// +-----------------+------------+----------+
/// | autonegotiation | advertised | MAU type |
/// +-----------------+------------+----------+
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Phy {
    /// Bit 0 supported, bit 1 enabled.
    pub autonegotiation: u8,
    /// Advertised capabilities, a bit set.
    pub advertised: u16,
    /// Operational MAU type.
    pub mau_type: u16,
}

/// Power by the cable (subtype 2, IEEE Std 802.3 clause 79.3.2).
///
/// ```text
///       1          1        1          5               17
/// +-------------+------+-------+ - - - - - - - + - - - - - - - - +
/// | MDI support | pair | class |  negotiation  |    four pair    |
/// +-------------+------+-------+ - - - - - - - + - - - - - - - - +
/// |<------ length 7 ---------->|
/// |<------ length 12 ------------------------->|
/// |<------ length 29 ------------------------------------------->|
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Power {
    /// Bit 0 power sourcing equipment, bit 1 supported, bit 2 enabled, bit 3
    /// pair control.
    pub mdi_support: u8,
    /// 1 signal pairs, 2 spare pairs.
    pub pse_pair: u8,
    /// Class on the wire: value less one is the class (1 is class 0).
    pub class: u8,
    /// The 802.3at part; `None` where the TLV has only 7 bytes (802.3af).
    pub negotiation: Option<PowerNegotiation>,
    /// The 802.3bt part; `None` where the TLV ends after 12 bytes.
    pub four_pair: Option<FourPair>,
}

/// The part that IEEE 802.3at added.
///
/// ```text
///            1                2           2
/// +------------------------+-----------+-----------+
/// | type, source, priority | requested | allocated |
/// +------------------------+-----------+-----------+
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PowerNegotiation {
    /// Bits 7-6 type, 5-4 source, 1-0 priority.
    pub type_source_priority: u8,
    /// What the powered device asks for, in tenths of a watt.
    pub requested_dw: u16,
    /// What the power sourcing equipment grants, in tenths of a watt.
    pub allocated_dw: u16,
}

/// The part that IEEE 802.3bt added.
///
/// ```text
///      2         2         2         2        2       1     2     1      3
/// +---------+---------+---------+---------+--------+-----+-----+------+------+
/// | request | request | alloc.  | alloc.  | status | set | max | auto | down |
/// |    A    |    B    |    A    |    B    |        | -up |     | class|      |
/// +---------+---------+---------+---------+--------+-----+-----+------+------+
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FourPair {
    /// Dual-signature request on alternatives A and B, in tenths of a watt.
    pub requested_dw: (u16, u16),
    /// Dual-signature allocation on alternatives A and B, in tenths of a watt.
    pub allocated_dw: (u16, u16),
    /// Power status, a bit set.
    pub status: u16,
    /// System setup: type extension and load.
    pub system_setup: u8,
    /// The most that the equipment can give, in tenths of a watt.
    pub max_available_dw: u16,
    /// Autoclass bits.
    pub autoclass: u8,
    /// Power-down request and time.
    pub power_down: u32,
}

impl Power {
    /// Whether the sender is power sourcing equipment, a switch; else it is
    /// powered by it.
    pub fn is_pse(self) -> bool {
        self.mdi_support & 1 == 1
    }
}

#[rustfmt::skip]
pub(super) const TLVS: &[Row] = &[
    Row { kind: 1, name: "MAC and PHY configuration", lengths: exactly(5), once: true, read: |m, f| m.dot3.phy = read_phy(f) },
    Row { kind: 2, name: "power via MDI", lengths: at_least(3), once: true, read: |m, f| m.dot3.power = read_power(f) },
    Row { kind: 3, name: "link aggregation", lengths: exactly(5), once: true, read: |m, f| m.dot3.aggregation = read_aggregation(f) },
    Row { kind: 4, name: "maximum frame size", lengths: exactly(2), once: true, read: |m, f| m.dot3.max_frame_bytes = f.u16() },
];

fn read_phy(field: &mut Field<'_>) -> Option<Phy> {
    field.read(field.bytes, phy).map(|(_, phy)| phy)
}

fn phy(input: &[u8]) -> Parsed<'_, Phy> {
    let (input, autonegotiation) = context("autonegotiation", u8).parse_complete(input)?;
    let (input, advertised) = context("advertised capabilities", be_u16).parse_complete(input)?;
    let (input, mau_type) = context("MAU type", be_u16).parse_complete(input)?;
    let phy = Phy {
        autonegotiation,
        advertised,
        mau_type,
    };
    Ok((input, phy))
}

fn read_aggregation(field: &mut Field<'_>) -> Option<(u8, u32)> {
    field.read(field.bytes, aggregation).map(|(_, both)| both)
}

fn aggregation(input: &[u8]) -> Parsed<'_, (u8, u32)> {
    let (input, status) = context("aggregation status", u8).parse_complete(input)?;
    let (input, port) = context("aggregated port id", be_u32).parse_complete(input)?;
    Ok((input, (status, port)))
}

/// Reads the parts that are there whole. A TLV that ends inside a part, or goes
/// on behind the last one, is reported.
fn read_power(field: &mut Field<'_>) -> Option<Power> {
    let (rest, mut power) = field.read(field.bytes, power)?;
    if !rest.is_empty()
        && let Some((rest, negotiation)) = field.read(rest, negotiation)
    {
        power.negotiation = Some(negotiation);
        if !rest.is_empty()
            && let Some((rest, four_pair)) = field.read(rest, four_pair)
        {
            power.four_pair = Some(four_pair);
            if !rest.is_empty() {
                field.malformed(format!("{} bytes stand behind its last part", rest.len()));
            }
        }
    }
    check_power(field, &power);
    Some(power)
}

fn check_power(field: &mut Field<'_>, power: &Power) {
    // Zero is not defined either; powered devices and switches (Extreme's
    // Summit300) send it for "unknown".
    if power.pse_pair > 2 {
        field.malformed(format!("power pair is {}, must be 1 or 2", power.pse_pair));
    }
    if power.class > 5 {
        field.malformed(format!("power class is {}, must be 1 to 5", power.class));
    }
    let Some(negotiation) = power.negotiation else {
        return;
    };
    let values = [
        ("requested power", negotiation.requested_dw),
        ("allocated power", negotiation.allocated_dw),
    ];
    for (name, value) in values {
        if value > MAX_POWER_DW {
            field.malformed(format!("{name} is {value}, must be at most {MAX_POWER_DW}"));
        }
    }
}

fn power(input: &[u8]) -> Parsed<'_, Power> {
    let (input, mdi_support) = context("MDI power support", u8).parse_complete(input)?;
    let (input, pse_pair) = context("power pair", u8).parse_complete(input)?;
    let (input, class) = context("power class", u8).parse_complete(input)?;
    let power = Power {
        mdi_support,
        pse_pair,
        class,
        negotiation: None,
        four_pair: None,
    };
    Ok((input, power))
}

fn negotiation(input: &[u8]) -> Parsed<'_, PowerNegotiation> {
    let (input, type_source_priority) =
        context("type, source and priority", u8).parse_complete(input)?;
    let (input, requested_dw) = context("requested power", be_u16).parse_complete(input)?;
    let (input, allocated_dw) = context("allocated power", be_u16).parse_complete(input)?;
    let negotiation = PowerNegotiation {
        type_source_priority,
        requested_dw,
        allocated_dw,
    };
    Ok((input, negotiation))
}

fn four_pair(input: &[u8]) -> Parsed<'_, FourPair> {
    let (input, requested_a) = context("requested power, mode A", be_u16).parse_complete(input)?;
    let (input, requested_b) = context("requested power, mode B", be_u16).parse_complete(input)?;
    let (input, allocated_a) = context("allocated power, A", be_u16).parse_complete(input)?;
    let (input, allocated_b) = context("allocated power, B", be_u16).parse_complete(input)?;
    let (input, status) = context("power status", be_u16).parse_complete(input)?;
    let (input, system_setup) = context("system setup", u8).parse_complete(input)?;
    let (input, max_available_dw) = context("available power", be_u16).parse_complete(input)?;
    let (input, autoclass) = context("autoclass", u8).parse_complete(input)?;
    let (input, power_down) = context("power down", be_u24).parse_complete(input)?;
    let four_pair = FourPair {
        requested_dw: (requested_a, requested_b),
        allocated_dw: (allocated_a, allocated_b),
        status,
        system_setup,
        max_available_dw,
        autoclass,
        power_down,
    };
    Ok((input, four_pair))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{n_issues, read_one};
    use super::*;

    /// Power via MDI, type 2, of the four-pair kind, behind its subtype:
    ///
    /// MDI Power Support: 0x0f (PSE)  PSE Power Pair: 1  Power Class: 4 (5)
    /// Power Type: 0, Source: 1, Priority: 3
    /// PD Requested: 71.0 W  PSE Allocated: 51.0 W
    /// Mode A: 35.5 W, Mode B: 35.5 W, Alt A: 25.5 W, Alt B: 25.5 W
    /// Power Status: 0xce4f  System Setup: 0x0a  Maximum Available: 51.0 W
    /// Autoclass: 0x01  Power down: 0x80000a
    const FOUR_PAIR: [u8; 25] = [
        0x0f, // MDI support
        0x01, // pair
        0x05, // class
        0x13, // type, source, priority
        0x02, 0xc6, // requested
        0x01, 0xfe, // allocated
        0x01, 0x63, 0x01, 0x63, // requested A, B
        0x00, 0xff, 0x00, 0xff, // allocated A, B
        0xce, 0x4f, // status
        0x0a, // system setup
        0x01, 0xfe, // maximum available
        0x01, // autoclass
        0x80, 0x00, 0x0a, // power down
    ];

    const PLAIN: Power = Power {
        mdi_support: 0x0f,
        pse_pair: 1,
        class: 5,
        negotiation: None,
        four_pair: None,
    };

    const NEGOTIATION: PowerNegotiation = PowerNegotiation {
        type_source_priority: 0x13,
        requested_dw: 710,
        allocated_dw: 510,
    };

    fn read(subtype: u8, value: &[u8]) -> (Dot3, Vec<String>) {
        let (message, details) = read_one(127, Some(([0x00, 0x12, 0x0f], subtype)), value);
        (message.dot3, details)
    }

    #[test]
    fn minds_the_lengths() {
        for (subtype, length) in [(1, 5), (2, 3), (3, 5), (4, 2)] {
            let of = Some(([0x00, 0x12, 0x0f], subtype));
            assert_eq!(n_issues(127, of, length), 0);
            assert_eq!(n_issues(127, of, length - 1), 1);
            assert_eq!(n_issues(127, of, length + 1), 1);
            assert_eq!(n_issues(127, of, 0), 1);
        }
    }

    #[test]
    fn reads_small_values_into_their_places() {
        let (dot3, _) = read(1, &[3, 0x6c, 0x01, 0x00, 0x1e]);
        assert_eq!(
            dot3.phy,
            Some(Phy {
                autonegotiation: 3,
                advertised: 0x6c01,
                mau_type: 0x1e,
            })
        );
        assert_eq!(read(3, &[3, 0, 0, 0, 9]).0.aggregation, Some((3, 9)));
        assert_eq!(read(4, &[0x05, 0xf2]).0.max_frame_bytes, Some(1522));
    }

    #[test]
    fn reads_power_of_seven_twelve_and_29_bytes() {
        let (dot3, details) = read(2, &FOUR_PAIR[..3]);
        assert_eq!(dot3.power, Some(PLAIN));
        assert_eq!(details, [""; 0]);
        let at = Power {
            negotiation: Some(NEGOTIATION),
            ..PLAIN
        };
        let (dot3, details) = read(2, &FOUR_PAIR[..8]);
        assert_eq!(dot3.power, Some(at));
        assert_eq!(details, [""; 0]);
        let (dot3, details) = read(2, &FOUR_PAIR);
        let bt = Power {
            four_pair: Some(FourPair {
                requested_dw: (355, 355),
                allocated_dw: (255, 255),
                status: 0xce4f,
                system_setup: 0x0a,
                max_available_dw: 510,
                autoclass: 1,
                power_down: 0x0080_000a,
            }),
            ..at
        };
        assert_eq!(dot3.power, Some(bt));
        assert_eq!(details, [""; 0]);
        assert!(bt.is_pse());
        let (dot3, details) = read(2, &[&FOUR_PAIR[..], &[7, 7]].concat());
        assert_eq!(dot3.power, Some(bt));
        assert_eq!(details, ["2 bytes stand behind its last part"]);
    }

    #[test]
    fn keeps_the_parts_before_one_that_is_cut() {
        for n_bytes in 4..25 {
            let (dot3, details) = read(2, &FOUR_PAIR[..n_bytes]);
            let power = dot3.power.unwrap();
            assert_eq!(power.negotiation.is_some(), n_bytes >= 8);
            assert_eq!(power.four_pair, None);
            assert_eq!(details.len(), usize::from(n_bytes != 8), "{n_bytes}");
        }
        let (_, details) = read(2, &FOUR_PAIR[..7]);
        assert_eq!(details, ["allocated power: only 1 bytes are left for it"]);
        let (_, details) = read(2, &FOUR_PAIR[..24]);
        assert_eq!(details, ["power down: only 2 bytes are left for it"]);
    }

    #[test]
    fn keeps_values_out_of_their_range() {
        let (dot3, details) = read(2, &[0x00, 3, 6, 0x53, 0x03, 0xe8, 0xff, 0xff]);
        let power = dot3.power.unwrap();
        assert!(!power.is_pse());
        assert_eq!(power.negotiation.unwrap().requested_dw, 1000);
        assert_eq!(
            details,
            [
                "power pair is 3, must be 1 or 2",
                "power class is 6, must be 1 to 5",
                "requested power is 1000, must be at most 999",
                "allocated power is 65535, must be at most 999",
            ]
        );
        let (_, details) = read(2, &[0x00, 0, 0, 0x53, 0x03, 0xe7, 0, 0]);
        assert_eq!(details, [""; 0]);
    }
}
