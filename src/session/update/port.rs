//! EAPOL and BPDUs on a host's link.

use phoneboot_parsers::{MacAddress, Protocol, eapol, stp};

use crate::event::{At, Event, EventKind, Seen};
use crate::session::Phase;
use crate::session::hosts::Host;
use crate::session::phone::{Clue, ClueSource};
use crate::session::port::{
    Auth, AuthMessage, MAX_AUTH_MESSAGES, MAX_TREE_PORTS, MAX_TREE_STATES, SpanningTree, TreePort,
    TreePortId, TreeState, method_name, tls_alert_words,
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
    let to_all = event.destination.mac.is_none_or(MacAddress::is_group);
    if to_all && is_verdict(message) && !is_judged(&host.boot.link.auth) {
        return Change::default();
    }
    let method_before = host.boot.link.auth.method();
    let Some(count) = keep(&mut host.boot.link.auth, message, event.at, from_phone) else {
        return Change::default();
    };
    if let Some((name, summary)) = describe(message, method_before)
        && count <= MAX_TOLD
    {
        step(host, event, Phase::Link, Protocol::Eapol, name, summary);
    }
    let identity = message.eap.as_ref().and_then(|eap| eap.identity.clone());
    Change {
        clues: identity
            .filter(|_| from_phone)
            .map(|value| Clue {
                source: ClueSource::EapIdentity,
                value,
            })
            .into_iter()
            .collect(),
    }
}

/// Whether a message ends an authentication.
pub(in crate::session) fn is_verdict(message: &eapol::Message) -> bool {
    let eap = message.eap.as_ref();
    eap.is_some_and(|eap| matches!(eap.code, eapol::SUCCESS | eapol::FAILURE))
}

/// Whether a verdict that is sent to everybody is this phone's: it is of whoever answered
/// the switch last.
fn is_judged(auth: &Auth) -> bool {
    let last = auth.messages.last();
    auth.responses().next().is_some() && last.is_some_and(|last| !last.answered_by_other)
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
        .map(|(_, description)| tls_alert_words(description));
    Some(match (eap.code, eap.method) {
        (_, Some(_)) if alert.is_some() => (
            "eap-alert",
            format!("ends the TLS handshake: {}", alert.unwrap_or_default()),
        ),
        (eapol::REQUEST, Some(eapol::IDENTITY)) => (
            "eap-identity-request",
            "asks who is there (802.1X)".to_owned(),
        ),
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
        (eapol::SUCCESS, _) => ("eap-success", "lets the phone in (802.1X)".to_owned()),
        (eapol::FAILURE, _) => ("eap-failure", "keeps the phone out (802.1X)".to_owned()),
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
        TreeState::Discarding => format!("spanning tree: port {number} lets nothing through{tree}"),
        TreeState::Learning => {
            format!("spanning tree: port {number} learns, and lets nothing through{tree}")
        }
        TreeState::Forwarding => format!("spanning tree: port {number} lets frames through{tree}"),
        TreeState::Unknown => format!("spanning tree: port {number} speaks STP{tree}"),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::FrameNumber;
    use crate::session::port::AuthState;

    fn at(frame: u64) -> At {
        At {
            frame: FrameNumber(frame),
            ..At::default()
        }
    }

    fn eap(code: u8, id: u8, method: Option<u8>) -> eapol::Message {
        eapol::Message {
            version: 2,
            kind: eapol::EAP_PACKET,
            length: 5,
            eap: Some(eapol::Packet {
                code,
                id,
                length: 5,
                method,
                ..eapol::Packet::default()
            }),
            key: None,
        }
    }

    #[test]
    fn questions_in_a_row_are_one_and_what_is_no_eap_is_none() {
        let mut auth = Auth::default();
        let question = |id| eap(eapol::REQUEST, id, Some(eapol::IDENTITY));
        assert_eq!(keep(&mut auth, &question(1), at(1), false), Some(1));
        assert_eq!(keep(&mut auth, &question(2), at(2), false), Some(2));
        let key = eapol::Message {
            kind: eapol::KEY,
            eap: None,
            ..question(1)
        };
        assert_eq!(keep(&mut auth, &key, at(3), false), None);
        assert_eq!(auth.state(), Some(AuthState::PhoneSilent));
        let answer = eap(eapol::RESPONSE, 2, Some(eapol::IDENTITY));
        keep(&mut auth, &answer, at(4), true);
        assert_eq!(auth.state(), Some(AuthState::Unfinished));
        keep(&mut auth, &eap(eapol::FAILURE, 2, None), at(5), false);
        assert_eq!(auth.state(), Some(AuthState::Failure));
        keep(&mut auth, &question(3), at(6), false);
        keep(&mut auth, &eap(eapol::SUCCESS, 3, None), at(7), false);
        assert_eq!(auth.state(), Some(AuthState::Success));
        assert_eq!(auth.messages.len(), 5);
        assert_eq!(auth.messages[0].last, at(2));
    }

    #[test]
    fn a_verdict_to_everybody_is_of_who_answered_last() {
        let mut auth = Auth::default();
        let question = eap(eapol::REQUEST, 1, Some(eapol::IDENTITY));
        assert!(is_verdict(&eap(eapol::FAILURE, 1, None)) && !is_verdict(&question));
        keep(&mut auth, &question, at(1), false);
        assert!(!is_judged(&auth), "it has not answered");
        let answer = eap(eapol::RESPONSE, 1, Some(eapol::IDENTITY));
        keep(&mut auth, &answer, at(2), true);
        assert!(is_judged(&auth));
        keep(&mut auth, &question, at(3), false);
        auth.messages[2].answered_by_other = true;
        assert!(!is_judged(&auth), "another host answers now");
    }

    #[test]
    fn an_endless_exchange_keeps_its_ends() {
        let mut auth = Auth::default();
        for frame in 0..200 {
            keep(&mut auth, &eap(eapol::FAILURE, 1, None), at(frame), false);
        }
        assert_eq!(auth.messages.len(), MAX_AUTH_MESSAGES);
        assert_eq!(auth.left_out, 136);
        assert_eq!(auth.messages[0].first, at(0));
        assert_eq!(auth.messages[MAX_AUTH_MESSAGES - 1].first, at(199));
    }

    fn news(port: u16, state: TreeState) -> TreeNews {
        TreeNews {
            id: TreePortId {
                mac: None,
                port,
                vlan: None,
            },
            version: 2,
            forward_delay: Some(3840),
            state,
            topology_change: state == TreeState::Forwarding,
        }
    }

    #[test]
    fn a_tree_keeps_changes_of_a_few_ports() {
        let mut tree = SpanningTree::default();
        let states = [
            TreeState::Discarding,
            TreeState::Discarding,
            TreeState::Learning,
            TreeState::Forwarding,
        ];
        let said: Vec<bool> = (1..)
            .zip(states)
            .map(|(frame, state)| hear_bpdu(&mut tree, &news(1, state), at(frame)))
            .collect();
        assert_eq!(said, [true, false, true, true]);
        assert_eq!(tree.ports[0].held_back(), Some((at(1), Some(at(4)))));
        assert_eq!(tree.ports[0].topology_change, Some(at(4)));
        assert!(tree.held_back_at(None, at(3)) && !tree.held_back_at(None, at(4)));
        assert_eq!(tree.ports[0].state_at(at(0)), None);
        for port in 2..50 {
            hear_bpdu(&mut tree, &news(port, TreeState::Forwarding), at(9));
        }
        assert_eq!(tree.ports.len(), MAX_TREE_PORTS);
        for frame in 10..99 {
            let state = states[usize::try_from(frame % 2).unwrap() * 3];
            hear_bpdu(&mut tree, &news(1, state), at(frame));
        }
        assert_eq!(tree.ports[0].states.len(), MAX_TREE_STATES);
    }
}
