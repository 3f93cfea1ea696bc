//! 802.1X and spanning tree of a boot, as the JSON report has them.

use schemars::JsonSchema;
use serde::Serialize;

use phoneboot_parsers::{WireText, eapol};

use crate::session::port::{Auth, SpanningTree};

/// 802.1X between phone and switch port.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct PortAuth {
    /// How far it came. `phone-silent`: the switch asks and the phone never answers.
    /// `switch-silent`: the phone starts and the switch never asks.
    #[schemars(extend("enum" = ["success", "failure", "phone-silent", "switch-silent",
        "unfinished"]))]
    pub state: &'static str,
    /// EAP method that the switch asked for; null when it came to none.
    pub method: Option<String>,
    /// Who the phone says it is; null when it does not say.
    pub identity: Option<String>,
    /// EAPOL-Start of the phone.
    pub starts: u64,
    /// EAP requests of the switch.
    pub requests: u64,
    /// EAP responses of the phone.
    pub responses: u64,
    /// The frame that settled it, else the last one.
    pub frame: u64,
}

/// One switch port in one spanning tree.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct TreePort {
    /// Number of the port, as its switch counts.
    pub port: u16,
    /// VLAN of the tree; null in a tree for all VLANs.
    pub vlan: Option<u16>,
    /// 0 STP, 2 RSTP, 3 MSTP.
    pub version: u8,
    /// How long the port listens, and then learns; null when the BPDU was cut.
    pub forward_delay_secs: Option<f64>,
    /// Its states in their order.
    pub states: Vec<TreeState>,
}

/// One state of a port.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct TreeState {
    /// What the port does with frames; `unknown` in STP, which does not say.
    #[schemars(extend("enum" = ["unknown", "discarding", "learning", "forwarding"]))]
    pub state: &'static str,
    /// The first frame that says so.
    pub frame: u64,
}

pub(super) fn auth(auth: &Auth) -> Option<PortAuth> {
    let state = auth.state()?;
    let settled = auth.result().map(|(_, message)| message);
    let last = settled.or(auth.messages.last())?;
    Some(PortAuth {
        state: state.name(),
        method: auth.method().map(|method| {
            eapol::name(eapol::METHODS, method)
                .map_or_else(|| method.to_string(), |name| (*name).to_owned())
        }),
        identity: auth.identity().map(WireText::to_json),
        starts: auth.starts().map(|start| start.count).sum(),
        requests: auth.requests().map(|request| request.count).sum(),
        responses: auth.responses().map(|response| response.count).sum(),
        frame: last.last.frame.0,
    })
}

pub(super) fn trees(tree: &SpanningTree) -> Vec<TreePort> {
    tree.ports
        .iter()
        .map(|port| TreePort {
            port: port.id.port & 0x0fff,
            vlan: port.id.vlan,
            version: port.version,
            forward_delay_secs: port.forward_delay_secs(),
            states: port
                .states
                .iter()
                .map(|seen| TreeState {
                    state: seen.value.name(),
                    frame: seen.at.frame.0,
                })
                .collect(),
        })
        .collect()
}
