//! EAPOL messages and BPDUs as lines show them: what a switch port does to a phone.

use phoneboot_parsers::{eapol, stp};
use schemars::JsonSchema;
use serde::Serialize;

use super::{bit_names, text};

/// An EAPOL message.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Eapol {
    /// 1, 2 or 3.
    pub version: u8,
    /// Type.
    #[serde(rename = "type")]
    pub kind: u8,
    /// Name of the type; null when unknown.
    pub type_name: Option<&'static str>,
    /// Length of the body.
    pub length: u16,
    /// The EAP packet; null in other types than 0.
    pub eap: Option<Eap>,
    /// Head of a key message; null in other types than 3.
    pub key: Option<Key>,
}

/// An EAP packet.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Eap {
    /// Code.
    pub code: u8,
    /// Name of the code; null when unknown.
    pub code_name: Option<&'static str>,
    /// Identifier.
    pub id: u8,
    /// Length.
    pub length: u16,
    /// Type; null in success and failure.
    #[serde(rename = "type")]
    pub method: Option<u8>,
    /// Name of the type; null when unknown or absent.
    pub type_name: Option<&'static str>,
    /// Vendor and its type, of type 254; null else.
    pub expanded: Option<[u32; 2]>,
    /// Who the supplicant says it is; null when it does not say.
    pub identity: Option<String>,
    /// Text to show; null in other types.
    pub notification: Option<String>,
    /// Types that the supplicant wants instead.
    pub wanted: Vec<u8>,
    /// Flags of a method that carries TLS; null in other methods.
    pub tls_flags: Option<u8>,
    /// Level and description of a TLS alert; null when there is none.
    pub tls_alert: Option<[u8; 2]>,
}

/// Head of a key message.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Key {
    /// 1 RC4, 2 802.11, 254 WPA.
    pub descriptor: u8,
    /// Key information; null of descriptors without it.
    pub information: Option<u16>,
    /// Length of the key.
    pub length: u16,
    /// Replay counter.
    pub replay_counter: u64,
}

/// A BPDU of a spanning tree. Null is what a topology change notification does not have.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Stp {
    /// 0 STP, 2 RSTP, 3 MSTP, 4 SPB.
    pub version: u8,
    /// 0 configuration, 2 rapid or multiple, 128 topology change notification.
    #[serde(rename = "type")]
    pub kind: u8,
    /// Flags.
    pub flags: Option<u8>,
    /// Names of the flags that are set.
    pub flag_names: Vec<&'static str>,
    /// Role of the port; null in STP.
    pub port_role: Option<&'static str>,
    /// The root of the tree.
    pub root: Option<BridgeId>,
    /// Cost of the way to it.
    pub root_path_cost: Option<u32>,
    /// The switch that sent it.
    pub bridge: Option<BridgeId>,
    /// Its port: priority and number.
    pub port_id: Option<u16>,
    /// Age of what the root said.
    pub message_age_secs: Option<f64>,
    /// How old that may become.
    pub max_age_secs: Option<f64>,
    /// Time between two BPDUs.
    pub hello_time_secs: Option<f64>,
    /// How long a port listens, and then learns.
    pub forward_delay_secs: Option<f64>,
    /// The MST extension; null in other versions.
    pub region: Option<Region>,
    /// VLAN of the tree, in PVST+; null else.
    pub vlan: Option<u16>,
}

/// A bridge identifier.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct BridgeId {
    /// Priority.
    pub priority: u16,
    /// System id extension.
    pub extension: u16,
    /// MAC address.
    pub mac: String,
}

/// Head of the MST extension.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Region {
    /// Name.
    pub name: String,
    /// Revision.
    pub revision: u16,
    /// Cost of the way to the region's root.
    pub internal_root_path_cost: u32,
    /// The switch that sent it.
    pub bridge: BridgeId,
    /// Hops that are left.
    pub remaining_hops: u8,
    /// How many instances follow.
    pub instances: u16,
}

pub(super) fn eapol(message: &eapol::Message) -> Eapol {
    Eapol {
        version: message.version,
        kind: message.kind,
        type_name: eapol::name(eapol::TYPES, message.kind),
        length: message.length,
        eap: message.eap.as_ref().map(eap),
        key: message.key.map(|key| Key {
            descriptor: key.descriptor,
            information: key.information,
            length: key.key_length,
            replay_counter: key.replay_counter,
        }),
    }
}

fn eap(packet: &eapol::Packet) -> Eap {
    Eap {
        code: packet.code,
        code_name: eapol::name(eapol::CODES, packet.code),
        id: packet.id,
        length: packet.length,
        method: packet.method,
        type_name: packet
            .method
            .and_then(|method| eapol::name(eapol::METHODS, method)),
        expanded: packet.expanded.map(|(vendor, kind)| [vendor, kind]),
        identity: text(packet.identity.as_ref()),
        notification: text(packet.notification.as_ref()),
        wanted: packet.wanted.clone(),
        tls_flags: packet.tls_flags,
        tls_alert: packet.tls_alert.map(|(level, what)| [level, what]),
    }
}

pub(super) fn stp(message: &stp::Message) -> Stp {
    let body = message.body.as_ref();
    let secs = |time: fn(&stp::Body) -> Option<u16>| Some(f64::from(time(body?)?) / 256.0);
    Stp {
        version: message.version,
        kind: message.kind,
        flags: body.map(|body| body.flags.0),
        flag_names: body.map_or_else(Vec::new, |body| bit_names(body.flags.0, stp::FLAGS)),
        port_role: body.and_then(|body| body.flags.role()),
        root: body.and_then(|body| body.root).map(bridge_id),
        root_path_cost: body.and_then(|body| body.root_path_cost),
        bridge: body.and_then(|body| body.bridge).map(bridge_id),
        port_id: body.and_then(|body| body.port),
        message_age_secs: secs(|body| body.message_age),
        max_age_secs: secs(|body| body.max_age),
        hello_time_secs: secs(|body| body.hello_time),
        forward_delay_secs: secs(|body| body.forward_delay),
        region: body
            .and_then(|body| body.region.as_ref())
            .map(|region| Region {
                name: region.name.to_json(),
                revision: region.revision,
                internal_root_path_cost: region.internal_root_path_cost,
                bridge: bridge_id(region.bridge),
                remaining_hops: region.remaining_hops,
                instances: region.n_instances,
            }),
        vlan: message.vlan,
    }
}

fn bridge_id(id: stp::BridgeId) -> BridgeId {
    BridgeId {
        priority: id.priority,
        extension: id.extension,
        mac: id.mac.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use phoneboot_parsers::{MacAddress, Message};
    use serde_json::{Value, json};

    use super::super::tests::message;
    use super::*;

    #[test]
    fn eapol_lines_name_type_code_and_method() {
        let identity = eapol::Message {
            version: 2,
            kind: eapol::EAP_PACKET,
            length: 13,
            eap: Some(eapol::Packet {
                code: eapol::RESPONSE,
                id: 7,
                length: 13,
                method: Some(eapol::IDENTITY),
                identity: Some("phone-17".into()),
                ..eapol::Packet::default()
            }),
            key: None,
        };
        assert_eq!(
            message(&Message::Eapol(Box::new(identity))),
            json!({
                "version": 2, "type": 0, "type_name": "eap-packet", "length": 13, "key": null,
                "eap": {"code": 2, "code_name": "response", "id": 7, "length": 13, "type": 1,
                    "type_name": "identity", "expanded": null, "identity": "phone-17",
                    "notification": null, "wanted": [], "tls_flags": null, "tls_alert": null},
            })
        );
        let key = eapol::Message {
            version: 9,
            kind: 200,
            length: 0,
            eap: None,
            key: Some(eapol::Key {
                descriptor: 254,
                information: Some(0x8a),
                key_length: 16,
                replay_counter: 1,
            }),
        };
        assert_eq!(
            message(&Message::Eapol(Box::new(key))),
            json!({
                "version": 9, "type": 200, "type_name": null, "length": 0, "eap": null,
                "key": {"descriptor": 254, "information": 0x8a, "length": 16,
                    "replay_counter": 1},
            })
        );
    }

    #[test]
    fn stp_lines_have_times_in_seconds() {
        let id = stp::BridgeId {
            priority: 32768,
            extension: 1,
            mac: MacAddress([0, 0x19, 6, 0xea, 0xb8, 0x80]),
        };
        let bpdu = stp::Message {
            version: 3,
            kind: stp::RAPID,
            body: Some(stp::Body {
                flags: stp::Flags(0x3d),
                root: Some(id),
                root_path_cost: Some(4),
                bridge: Some(id),
                port: Some(0x8005),
                message_age: Some(384),
                max_age: Some(20 * 256),
                hello_time: Some(512),
                forward_delay: Some(15 * 256),
                region: Some(stp::Region {
                    name: "floor-2".into(),
                    revision: 1,
                    internal_root_path_cost: 9,
                    bridge: id,
                    remaining_hops: 19,
                    n_instances: 2,
                }),
            }),
            vlan: Some(110),
        };
        let id = json!({"priority": 32768, "extension": 1, "mac": "00:19:06:ea:b8:80"});
        assert_eq!(
            message(&Message::Stp(Box::new(bpdu))),
            json!({
                "version": 3, "type": 2, "flags": 0x3d,
                "flag_names": ["topology-change", "learning", "forwarding"],
                "port_role": "designated", "root": id, "root_path_cost": 4, "bridge": id,
                "port_id": 0x8005, "message_age_secs": 1.5, "max_age_secs": 20.0,
                "hello_time_secs": 2.0, "forward_delay_secs": 15.0,
                "region": {"name": "floor-2", "revision": 1, "internal_root_path_cost": 9,
                    "bridge": id, "remaining_hops": 19, "instances": 2},
                "vlan": 110,
            })
        );
        let change = stp::Message {
            version: 0,
            kind: stp::TOPOLOGY_CHANGE,
            body: None,
            vlan: None,
        };
        let told = message(&Message::Stp(Box::new(change)));
        assert_eq!(told["type"], 128);
        assert_eq!(told["flags"], Value::Null);
    }
}
