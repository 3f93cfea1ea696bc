//! EAPOL and BPDUs on a host's link.

use phoneboot_parsers::{MacAddress, Protocol, eapol, stp};

use crate::event::{At, Event, EventKind, Seen};
use crate::session::Phase;
use crate::session::hosts::Host;
use crate::session::port::{
    Auth, AuthMessage, MAX_AUTH_MESSAGES, MAX_TREE_PORTS, MAX_TREE_STATES, SpanningTree, TreePort,
    TreePortId, TreeState, method_name,
};

use super::{Change, step};

/// How often the same question is told of in a timeline.
const MAX_TOLD: u64 = 3;

/// An EAPOL message of, to or near the host.
pub(in crate::session) fn eapol(
    host: &mut Host,
    event: &Event<'_>,
    message: &eapol::Message,
) -> Change {
    let from_phone = host.sent(event);
    let method_before = host.boot.link.auth.method();
    let Some(count) = keep(&mut host.boot.link.auth, message, event.at, from_phone) else {
        return Change::default();
    };
    if let Some((name, summary)) = describe(message, method_before)
        && count <= MAX_TOLD
    {
        step(host, event, Phase::Link, Protocol::Eapol, name, summary);
    }
    Change::default()
}

/// Keeps what belongs to an authentication, and gives how often it was said in a row.
pub(in crate::session) fn keep(
    auth: &mut Auth,
    message: &eapol::Message,
    at: At,
    from_phone: bool,
) -> Option<u64> {
    let tells = matches!(message.kind, eapol::START | eapol::LOGOFF) || message.eap.is_some();
    if !tells {
        return None;
    }
    if let Some(last) = auth.messages.last_mut()
        && last.from_phone == from_phone
        && repeats(&last.message, message)
    {
        last.last = at;
        last.count = last.count.saturating_add(1);
        last.answered_by_other = false;
        last.message = message.clone();
        return Some(last.count);
    }
    if auth.messages.len() >= MAX_AUTH_MESSAGES {
        auth.left_out = auth.left_out.saturating_add(1);
        // The first messages tell how it began, the latest how it ended.
        auth.messages.remove(MAX_AUTH_MESSAGES / 2);
    }
    auth.messages.push(AuthMessage {
        first: at,
        last: at,
        count: 1,
        from_phone,
        answered_by_other: false,
        message: message.clone(),
    });
    Some(1)
}

/// Whether a message only says again what the one before did. The identifier of a
/// question changes when the switch begins anew.
fn repeats(before: &eapol::Message, now: &eapol::Message) -> bool {
    let asks_identity = |message: &eapol::Message| {
        message
            .eap
            .as_ref()
            .is_some_and(|eap| eap.code == eapol::REQUEST && eap.method == Some(eapol::IDENTITY))
    };
    (before.kind == eapol::START && now.kind == eapol::START)
        || (asks_identity(before) && asks_identity(now))
}

/// Another host answers the question that this one heard too.
pub(in crate::session) fn answered_by_other(host: &mut Host, id: u8, other: Option<MacAddress>) {
    if other.is_none() || other == host.mac {
        return;
    }
    if let Some(last) = host.boot.link.auth.messages.last_mut()
        && let Some(eap) = &last.message.eap
        && eap.code == eapol::REQUEST
        && eap.id == id
    {
        last.answered_by_other = true;
    }
}

/// The step's name and words. Rounds within a method are left out.
fn describe(message: &eapol::Message, method_before: Option<u8>) -> Option<(&'static str, String)> {
    let Some(eap) = &message.eap else {
        return Some(match message.kind {
            eapol::START => ("eapol-start", "starts 802.1X".to_owned()),
            eapol::LOGOFF => ("eapol-logoff", "leaves 802.1X".to_owned()),
            _ => return None,
        });
    };
    let alert = eap
        .tls_alert
        .map(|(_, description)| alert_words(description));
    Some(match (eap.code, eap.method) {
        (_, Some(_)) if alert.is_some() => (
            "eap-alert",
            format!("ends the TLS handshake: {}", alert.unwrap_or_default()),
        ),
        (eapol::REQUEST, Some(eapol::IDENTITY)) => {
            ("eap-identity-request", "asks who is there".to_owned())
        }
        (eapol::REQUEST, Some(eapol::NOTIFICATION)) => (
            "eap-notification",
            eap.notification.as_ref().map_or_else(
                || "says nothing".to_owned(),
                |text| format!("says \"{text}\""),
            ),
        ),
        (eapol::REQUEST, Some(method)) if method_before != Some(method) => {
            ("eap-request", format!("asks for {}", method_name(method)))
        }
        (eapol::RESPONSE, Some(eapol::IDENTITY)) => (
            "eap-identity",
            eap.identity.as_ref().map_or_else(
                || "says no name".to_owned(),
                |name| format!("says it is {name}"),
            ),
        ),
        (eapol::RESPONSE, Some(eapol::NAK)) => ("eap-nak", wants(&eap.wanted)),
        (eapol::SUCCESS, _) => ("eap-success", "lets the phone in".to_owned()),
        (eapol::FAILURE, _) => ("eap-failure", "keeps the phone out".to_owned()),
        _ => return None,
    })
}

fn wants(methods: &[u8]) -> String {
    let names: Vec<String> = methods
        .iter()
        .filter(|&&method| method != 0)
        .map(|&method| method_name(method))
        .collect();
    if names.is_empty() {
        "refuses the method and knows no other".to_owned()
    } else {
        format!("wants {} instead", names.join(" or "))
    }
}

/// A TLS alert in words (RFC 8446 §6).
pub(in crate::session) fn alert_words(description: u8) -> String {
    let name = match description {
        0 => "close notify",
        10 => "unexpected message",
        20 => "bad record MAC",
        40 => "handshake failure",
        42 => "bad certificate",
        43 => "unsupported certificate",
        44 => "certificate revoked",
        45 => "certificate expired",
        46 => "certificate unknown",
        47 => "illegal parameter",
        48 => "unknown CA",
        49 => "access denied",
        50 => "decode error",
        51 => "decrypt error",
        70 => "protocol version",
        71 => "insufficient security",
        80 => "internal error",
        116 => "certificate required",
        _ => return format!("alert {description}"),
    };
    format!("alert {description}, {name}")
}

/// What one BPDU says of its port, for the boots that hear it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::session) struct TreeNews {
    pub(in crate::session) id: TreePortId,
    version: u8,
    forward_delay: Option<u16>,
    state: TreeState,
    topology_change: bool,
}

impl TreeNews {
    /// What a BPDU says; `None` when its port does not serve this link.
    pub(in crate::session) fn of(event: &Event<'_>) -> Option<Self> {
        let EventKind::Bpdu(message, body) = event.kind else {
            return None;
        };
        let flags = body.flags;
        let state = match (message.kind, flags.role()) {
            (stp::CONFIGURATION, _) => TreeState::Unknown,
            (_, Some("designated")) if flags.forwarding() => TreeState::Forwarding,
            (_, Some("designated")) if flags.learning() => TreeState::Learning,
            (_, Some("designated")) => TreeState::Discarding,
            _ => return None,
        };
        Some(Self {
            id: TreePortId {
                mac: event.source.mac,
                port: body.port?,
                vlan: message.vlan.or(event.vlans.last().copied()),
            },
            version: message.version,
            forward_delay: body.forward_delay,
            state,
            topology_change: flags.topology_change(),
        })
    }
}

/// Takes up what a BPDU says; gives whether the port's state is another than before.
pub(in crate::session) fn hear_bpdu(tree: &mut SpanningTree, news: &TreeNews, at: At) -> bool {
    let changed_at = news.topology_change.then_some(at);
    let Some(port) = tree.ports.iter_mut().find(|port| port.id == news.id) else {
        if tree.ports.len() < MAX_TREE_PORTS {
            tree.ports.push(TreePort {
                id: news.id,
                version: news.version,
                forward_delay: news.forward_delay,
                states: vec![Seen::new(news.state, at)],
                topology_change: changed_at,
            });
            return true;
        }
        return false;
    };
    port.topology_change = port.topology_change.or(changed_at);
    let known = port.states.last().map(|seen| seen.value);
    if known == Some(news.state) || port.states.len() >= MAX_TREE_STATES {
        return false;
    }
    port.states.push(Seen::new(news.state, at));
    true
}

/// A port says something new about its spanning tree.
pub(in crate::session) fn bpdu(host: &mut Host, event: &Event<'_>) {
    let Some(news) = TreeNews::of(event) else {
        return;
    };
    let is_new = hear_bpdu(&mut host.boot.link.spanning_tree, &news, event.at);
    let was_held = host
        .boot
        .link
        .spanning_tree
        .ports
        .iter()
        .any(|port| port.id == news.id && port.held_back().is_some());
    // A port that forwards all the time is nothing to tell of.
    if !is_new || !was_held {
        return;
    }
    let number = news.id.port & 0x0fff;
    let tree = news
        .id
        .vlan
        .map_or(String::new(), |vlan| format!(" in VLAN {vlan}"));
    let summary = match news.state {
        TreeState::Discarding => format!("port {number} lets nothing through{tree}"),
        TreeState::Learning => format!("port {number} learns, and lets nothing through{tree}"),
        TreeState::Forwarding => format!("port {number} lets frames through{tree}"),
        TreeState::Unknown => format!("port {number} speaks STP{tree}"),
    };
    step(
        host,
        event,
        Phase::Link,
        Protocol::Stp,
        "stp-state",
        summary,
    );
}
