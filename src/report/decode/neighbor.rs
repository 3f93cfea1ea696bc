//! The bodies of neighbor discovery messages as lines of ICMP show them.

use phoneboot_parsers::ndp::{self, Body};
use schemars::JsonSchema;
use serde::Serialize;

/// What a message of neighbor discovery carries, by the names of RFC 4861; fields that its
/// type does not have are left out.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct Neighbor {
    /// `router-solicitation`, `router-advertisement`, `neighbor-solicitation`,
    /// `neighbor-advertisement` or `redirect`.
    pub message_type: &'static str,
    /// Target address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// Destination address of a redirect.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub destination: Option<String>,
    /// Hop limit that hosts should use; 0 leaves it to them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cur_hop_limit: Option<u8>,
    /// M: addresses are to be had by DHCPv6.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub managed: Option<bool>,
    /// O: other settings are to be had by DHCPv6.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub other: Option<bool>,
    /// How much the router would like to be taken: `high`, `medium`, `low`, `reserved`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preference: Option<&'static str>,
    /// For how long it is a default router; 0 when it is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub router_lifetime: Option<u16>,
    /// Reachable time in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reachable_time: Option<u32>,
    /// Time between solicitations in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retrans_timer: Option<u32>,
    /// R: the sender is a router.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub router: Option<bool>,
    /// S: it answers a solicitation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub solicited: Option<bool>,
    /// O: what was known before no longer holds.
    #[serde(skip_serializing_if = "Option::is_none", rename = "override")]
    pub overrides: Option<bool>,
    /// The options in wire order.
    pub options: Vec<NeighborOption>,
}

/// One option as it stands on the wire.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct NeighborOption {
    /// Type.
    pub code: u8,
    /// Name; `option-N` when it has none.
    pub name: String,
    /// What it says.
    pub value: String,
}

pub(super) fn neighbor(message: &ndp::Message) -> Neighbor {
    Neighbor {
        options: message.options.iter().map(option).collect(),
        ..body(&message.body)
    }
}

fn body(body: &Body) -> Neighbor {
    match body {
        Body::RouterSolicitation => Neighbor {
            message_type: "router-solicitation",
            ..Neighbor::default()
        },
        Body::RouterAdvertisement(router) => Neighbor {
            message_type: "router-advertisement",
            cur_hop_limit: Some(router.hop_limit),
            managed: Some(router.managed),
            other: Some(router.other),
            preference: Some(router.preference.name()),
            router_lifetime: Some(router.lifetime_secs),
            reachable_time: Some(router.reachable_ms),
            retrans_timer: Some(router.retransmit_ms),
            ..Neighbor::default()
        },
        Body::NeighborSolicitation { target } => Neighbor {
            message_type: "neighbor-solicitation",
            target: Some(target.to_string()),
            ..Neighbor::default()
        },
        Body::NeighborAdvertisement(answer) => Neighbor {
            message_type: "neighbor-advertisement",
            target: Some(answer.target.to_string()),
            router: Some(answer.router),
            solicited: Some(answer.solicited),
            overrides: Some(answer.overrides),
            ..Neighbor::default()
        },
        Body::Redirect {
            target,
            destination,
        } => Neighbor {
            message_type: "redirect",
            target: Some(target.to_string()),
            destination: Some(destination.to_string()),
            ..Neighbor::default()
        },
    }
}

fn option(option: &ndp::RawOption) -> NeighborOption {
    let name = ndp::option_name(option.code).map(str::to_owned);
    NeighborOption {
        code: option.code,
        name: name.unwrap_or_else(|| format!("option-{}", option.code)),
        value: option.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use phoneboot_parsers::{Input, icmp};
    use serde_json::{Value, json};

    use super::*;

    fn told(bytes: &[u8]) -> Value {
        let decoded = icmp::decode(Input::whole(bytes), 6).unwrap();
        assert_eq!(decoded.issues, []);
        let message = decoded.value.neighbor.unwrap();
        serde_json::to_value(neighbor(&message)).unwrap()
    }

    #[test]
    fn every_message_has_its_own_fields() {
        let address = [0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
        let advertised = [
            &[134, 0, 0, 0, 64, 0xc0, 7, 8, 0, 0, 0, 1, 0, 0, 0, 2][..],
            &[200, 1, 1, 2, 3, 4, 5, 6],
        ]
        .concat();
        assert_eq!(
            told(&advertised),
            json!({"message_type": "router-advertisement", "cur_hop_limit": 64,
                "managed": true, "other": true, "preference": "medium",
                "router_lifetime": 1800, "reachable_time": 1, "retrans_timer": 2,
                "options": [{"code": 200, "name": "option-200", "value": "010203040506"}]})
        );
        assert_eq!(
            told(&[133, 0, 0, 0, 0, 0, 0, 0, 1, 1, 2, 0, 0, 0, 0, 1]),
            json!({"message_type": "router-solicitation", "options": [
                {"code": 1, "name": "source-link-layer-address", "value": "02:00:00:00:00:01"}]})
        );
        let with = |kind: u8, rest: &[u8]| {
            told(&[&[kind, 0, 0, 0, 0x60, 0, 0, 0], &address[..], rest].concat())
        };
        assert_eq!(
            with(135, &[]),
            json!({"message_type": "neighbor-solicitation", "target": "2001:db8::1",
                "options": []})
        );
        assert_eq!(
            with(136, &[]),
            json!({"message_type": "neighbor-advertisement", "target": "2001:db8::1",
                "router": false, "solicited": true, "override": true, "options": []})
        );
        assert_eq!(
            with(137, &address),
            json!({"message_type": "redirect", "target": "2001:db8::1",
                "destination": "2001:db8::1", "options": []})
        );
    }
}
