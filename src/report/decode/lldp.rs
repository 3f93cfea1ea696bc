//! LLDP announcements as lines show them.

use phoneboot_parsers::lldp::{self, dot3, med};
use schemars::JsonSchema;
use serde::Serialize;

use super::{bit_names, hex, text};
use crate::report::build::id_text;

/// An LLDP announcement. Null or empty is what its TLV is absent for.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Lldp {
    /// Chassis id as text.
    pub chassis_id: Option<String>,
    /// What sort of id it is.
    pub chassis_id_subtype: Option<u8>,
    /// Port id as text.
    pub port_id: Option<String>,
    /// What sort of id it is.
    pub port_id_subtype: Option<u8>,
    /// How long the announcement holds, in seconds; 0 takes it back.
    pub ttl: Option<u16>,
    /// Port description.
    pub port_description: Option<String>,
    /// System name.
    pub system_name: Option<String>,
    /// System description.
    pub system_description: Option<String>,
    /// What the system can do.
    pub capabilities: Option<Capabilities>,
    /// Addresses to manage it at; hexadecimal bytes when of an unknown family.
    pub management_addresses: Vec<String>,
    /// VLAN of untagged frames (IEEE 802.1).
    pub port_vlan: Option<u16>,
    /// Power by the cable (IEEE 802.3).
    pub dot3_power: Option<Dot3Power>,
    /// What the MED TLVs say.
    pub med: Med,
    /// Every TLV's head in wire order.
    pub tlvs: Vec<Tlv>,
}

/// System capabilities by name: `bridge`, `telephone` …
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Capabilities {
    /// What the system could do.
    pub system: Vec<&'static str>,
    /// What of it is switched on.
    pub enabled: Vec<&'static str>,
}

/// Power by the cable (IEEE 802.3 clause 79).
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Dot3Power {
    /// Whether the sender is the one that gives power.
    pub pse: bool,
    /// Whether it supports power over the cable.
    pub supported: bool,
    /// Whether power over the cable is switched on.
    pub enabled: bool,
    /// 1 signal pairs, 2 spare pairs.
    pub pair: u8,
    /// Power class; null when the value names none.
    pub class: Option<u8>,
    /// Type bits (802.3at); null in the short form.
    #[serde(rename = "type")]
    pub kind: Option<u8>,
    /// Source bits; null in the short form.
    pub source: Option<u8>,
    /// 1 critical, 2 high, 3 low; null in the short form.
    pub priority: Option<u8>,
    /// What the powered device asks for; null in the short form.
    pub requested_mw: Option<u32>,
    /// What the power sourcing equipment grants; null in the short form.
    pub allocated_mw: Option<u32>,
    /// The most that the equipment can give (802.3bt); null in the shorter forms.
    pub max_available_mw: Option<u32>,
}

/// LLDP-MED (ANSI/TIA-1057).
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Med {
    /// MED capabilities and device class; null when absent.
    pub capabilities: Option<MedCapabilities>,
    /// Network policies, every one of them.
    pub policies: Vec<Policy>,
    /// Extended power; null when absent.
    pub power: Option<MedPower>,
    /// Inventory.
    pub inventory: Inventory,
}

/// MED capabilities.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct MedCapabilities {
    /// The capability bits.
    pub bits: u16,
    /// 1 to 3 endpoints (3 a phone), 4 network connectivity.
    pub device_class: u8,
}

/// A network policy.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Policy {
    /// Application type.
    pub application: u8,
    /// Its name; null for an unknown one.
    pub name: Option<&'static str>,
    /// Whether the policy is required but not known to the sender.
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

/// Extended power.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct MedPower {
    /// 0 power sourcing equipment, 1 powered device.
    #[serde(rename = "type")]
    pub kind: u8,
    /// Source bits.
    pub source: u8,
    /// 1 critical, 2 high, 3 low.
    pub priority: u8,
    /// What is asked for or granted.
    pub power_mw: u32,
}

/// Inventory.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Inventory {
    /// Hardware revision.
    pub hardware: Option<String>,
    /// Firmware revision.
    pub firmware: Option<String>,
    /// Software revision.
    pub software: Option<String>,
    /// Serial number.
    pub serial: Option<String>,
    /// Manufacturer.
    pub manufacturer: Option<String>,
    /// Model.
    pub model: Option<String>,
    /// Asset id.
    pub asset: Option<String>,
}

/// Head of a TLV.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "LldpTlv")]
pub struct Tlv {
    /// Type.
    #[serde(rename = "type")]
    pub kind: u8,
    /// Length of the value in bytes.
    pub length: u16,
    /// Organisation of type 127 in hexadecimal digits; null for other types.
    pub oui: Option<String>,
    /// Subtype of type 127; null for other types.
    pub subtype: Option<u8>,
}

/// Names of MED application types (ANSI/TIA-1057 table 12).
const APPLICATIONS: &[(u8, &str)] = &[
    (1, "voice"),
    (2, "voice-signaling"),
    (3, "guest-voice"),
    (4, "guest-voice-signaling"),
    (5, "softphone-voice"),
    (6, "video-conferencing"),
    (7, "streaming-video"),
    (8, "video-signaling"),
];

pub(super) fn lldp(message: &lldp::Message) -> Lldp {
    Lldp {
        chassis_id: message.chassis_id.as_ref().map(id_text),
        chassis_id_subtype: message.chassis_id.as_ref().map(|id| id.subtype),
        port_id: message.port_id.as_ref().map(id_text),
        port_id_subtype: message.port_id.as_ref().map(|id| id.subtype),
        ttl: message.ttl_secs,
        port_description: text(message.port_description.as_ref()),
        system_name: text(message.system_name.as_ref()),
        system_description: text(message.system_description.as_ref()),
        capabilities: message.capabilities.map(|bits| Capabilities {
            system: bit_names(bits.system, lldp::CAPABILITIES),
            enabled: bit_names(bits.enabled, lldp::CAPABILITIES),
        }),
        management_addresses: message
            .management_addresses
            .iter()
            .map(|managed| match managed.ip() {
                Some(ip) => ip.to_string(),
                None => hex(&managed.address, ":"),
            })
            .collect(),
        port_vlan: message.dot1.port_vlan,
        dot3_power: message.dot3.power.as_ref().map(dot3_power),
        med: med(&message.med),
        tlvs: message
            .tlvs
            .iter()
            .map(|tlv| Tlv {
                kind: tlv.kind,
                length: tlv.length,
                oui: tlv.organization.map(|(oui, _)| hex(&oui, "-")),
                subtype: tlv.organization.map(|(_, subtype)| subtype),
            })
            .collect(),
    }
}

fn dot3_power(power: &dot3::Power) -> Dot3Power {
    let at = power.negotiation;
    Dot3Power {
        pse: power.mdi_support & 1 != 0,
        supported: power.mdi_support & 2 != 0,
        enabled: power.mdi_support & 4 != 0,
        pair: power.pse_pair,
        class: power.class.checked_sub(1),
        kind: at.map(|at| at.type_source_priority >> 6),
        source: at.map(|at| at.type_source_priority >> 4 & 3),
        priority: at.map(|at| at.type_source_priority & 3),
        requested_mw: at.map(|at| milliwatts(at.requested_dw)),
        allocated_mw: at.map(|at| milliwatts(at.allocated_dw)),
        max_available_mw: power.four_pair.map(|bt| milliwatts(bt.max_available_dw)),
    }
}

fn med(med: &med::Med) -> Med {
    let inventory = &med.inventory;
    Med {
        capabilities: med
            .capabilities
            .map(|(bits, device_class)| MedCapabilities { bits, device_class }),
        policies: med.policies.iter().copied().map(policy).collect(),
        power: med.power.map(|power| MedPower {
            kind: power.kind,
            source: power.source,
            priority: power.priority,
            power_mw: milliwatts(power.power_dw),
        }),
        inventory: Inventory {
            hardware: text(inventory.hardware.as_ref()),
            firmware: text(inventory.firmware.as_ref()),
            software: text(inventory.software.as_ref()),
            serial: text(inventory.serial.as_ref()),
            manufacturer: text(inventory.manufacturer.as_ref()),
            model: text(inventory.model.as_ref()),
            asset: text(inventory.asset.as_ref()),
        },
    }
}

fn policy(policy: med::Policy) -> Policy {
    Policy {
        application: policy.application,
        name: APPLICATIONS
            .iter()
            .find(|(application, _)| *application == policy.application)
            .map(|(_, name)| *name),
        unknown: policy.unknown,
        tagged: policy.tagged,
        vlan: policy.vlan,
        priority: policy.priority,
        dscp: policy.dscp,
    }
}

/// Tenths of a watt in milliwatts.
fn milliwatts(tenths: u16) -> u32 {
    u32::from(tenths) * 100
}
