//! CDP announcements as lines show them.

use phoneboot_parsers::cdp;
use schemars::JsonSchema;
use serde::Serialize;

use super::{bit_names, text};

/// A CDP announcement. Null or empty is what its TLV is absent for.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Cdp {
    /// 1 or 2.
    pub version: u8,
    /// How long the announcement holds, in seconds.
    pub ttl: u8,
    /// Whether the checksum is right; null when the capture does not hold all bytes.
    pub checksum_ok: Option<bool>,
    /// Name of the device.
    pub device_id: Option<String>,
    /// Name of its port.
    pub port_id: Option<String>,
    /// What the device is.
    pub platform: Option<String>,
    /// Its software.
    pub software: Option<String>,
    /// What it can do: `switch`, `phone` …; null without the TLV.
    pub capabilities: Option<Vec<&'static str>>,
    /// VTP domain.
    pub vtp_domain: Option<String>,
    /// VLAN of untagged frames.
    pub native_vlan: Option<u16>,
    /// Voice VLAN that the switch names.
    pub voice_vlan: Option<u16>,
    /// Voice VLAN that the phone names as it asks; null also when it names none.
    pub voice_vlan_query: Option<u16>,
    /// Duplex of the port.
    #[schemars(extend("enum" = ["full", "half", null]))]
    pub duplex: Option<&'static str>,
    /// What the device draws.
    pub power_consumption_mw: Option<u32>,
    /// What a powered device asks for.
    pub power_request: Option<PowerRequest>,
    /// What the switch grants.
    pub power_available: Option<PowerAvailable>,
    /// Largest frame of the port, in bytes.
    pub mtu: Option<u32>,
    /// Whether the phone's PC port is trusted: the TLV's bits.
    pub trust_bitmap: Option<u8>,
    /// Class of service that frames of an untrusted port get.
    pub untrusted_cos: Option<u8>,
    /// System name.
    pub system_name: Option<String>,
    /// Location.
    pub location: Option<String>,
    /// Addresses of the port.
    pub addresses: Vec<String>,
    /// Addresses to manage the device at.
    pub management_addresses: Vec<String>,
    /// Every TLV's head in wire order.
    pub tlvs: Vec<Tlv>,
}

/// TLV 0x0019.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct PowerRequest {
    /// Goes up when the wish changes.
    pub request_id: u16,
    /// Management id.
    pub management_id: u16,
    /// Levels that the device could run at, best first.
    pub levels_mw: Vec<u32>,
}

/// TLV 0x001a.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct PowerAvailable {
    /// The request that is answered; 0 when none is pending.
    pub request_id: u16,
    /// Management id.
    pub management_id: u16,
    /// What may be drawn.
    pub available_mw: u32,
    /// Management power level; null when the TLV ends before it.
    pub management_level_mw: Option<u32>,
}

/// Head of a TLV.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "CdpTlv")]
pub struct Tlv {
    /// Type.
    #[serde(rename = "type")]
    pub kind: u16,
    /// Length in bytes, head included, as it stands on the wire.
    pub length: u16,
}

pub(super) fn cdp(message: &cdp::Message) -> Cdp {
    Cdp {
        version: message.version,
        ttl: message.ttl_secs,
        checksum_ok: message.checksum_ok,
        device_id: text(message.device_id.as_ref()),
        port_id: text(message.port_id.as_ref()),
        platform: text(message.platform.as_ref()),
        software: text(message.software.as_ref()),
        capabilities: message
            .capabilities
            .map(|bits| bit_names(bits, cdp::CAPABILITIES)),
        vtp_domain: text(message.vtp_domain.as_ref()),
        native_vlan: message.native_vlan,
        voice_vlan: message.voice_vlan.and_then(|voice| voice.vlan),
        voice_vlan_query: message.voice_vlan_query.and_then(|voice| voice.vlan),
        duplex: message
            .full_duplex
            .map(|full| if full { "full" } else { "half" }),
        power_consumption_mw: message.power_consumption_mw,
        power_request: message.power_request.as_ref().map(|request| PowerRequest {
            request_id: request.request_id,
            management_id: request.management_id,
            levels_mw: request.levels_mw.clone(),
        }),
        power_available: message.power_available.map(|available| PowerAvailable {
            request_id: available.request_id,
            management_id: available.management_id,
            available_mw: available.available_mw,
            management_level_mw: available.management_level_mw,
        }),
        mtu: message.mtu_bytes,
        trust_bitmap: message.trust_bitmap,
        untrusted_cos: message.untrusted_cos,
        system_name: text(message.system_name.as_ref()),
        location: text(message.location.as_ref()),
        addresses: message.addresses.iter().map(ToString::to_string).collect(),
        management_addresses: message
            .management_addresses
            .iter()
            .map(ToString::to_string)
            .collect(),
        tlvs: message
            .tlvs
            .iter()
            .map(|tlv| Tlv {
                kind: tlv.kind,
                length: tlv.length,
            })
            .collect(),
    }
}
