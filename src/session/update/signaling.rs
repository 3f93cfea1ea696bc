//! MGCP and H.323 of a host: with whom it speaks them, told once a server.

use phoneboot_parsers::mgcp::StartLine;
use phoneboot_parsers::{Protocol, WireText, h323, mgcp};

use crate::event::{Event, Seen};
use crate::session::Phase;
use crate::session::hosts::Host;
use crate::session::signaling::{MAX_SIGNALING, Signaling};

use super::{Change, step};

pub(super) fn mgcp(host: &mut Host, event: &Event<'_>, message: &mgcp::Message) -> Change {
    let what = match &message.start {
        StartLine::Command { verb, endpoint, .. } => format!("{verb} {endpoint}"),
        StartLine::Response { code, comment, .. } if comment.is_empty() => code.to_string(),
        StartLine::Response { code, comment, .. } => format!("{code} {comment}"),
    };
    let verdict = match &message.start {
        StartLine::Response {
            code: 200..=299, ..
        } => Some(Verdict::Accepts),
        StartLine::Response {
            code: 400..=599, ..
        } => Some(Verdict::Refuses),
        _ => None,
    };
    spoken(host, event, Protocol::Mgcp, &what, verdict)
}

pub(super) fn h323(host: &mut Host, event: &Event<'_>, message: h323::Message) -> Change {
    let verdict = match message {
        h323::Message::Ras { index: 1 | 4 } => Some(Verdict::Accepts),
        h323::Message::Ras { index: 2 | 5 } => Some(Verdict::Refuses),
        _ => None,
    };
    spoken(host, event, Protocol::H323, message.name(), verdict)
}

/// What an answer says to the phone's wish to be served.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Accepts,
    Refuses,
}

fn spoken(
    host: &mut Host,
    event: &Event<'_>,
    protocol: Protocol,
    what: &str,
    verdict: Option<Verdict>,
) -> Change {
    let from_phone = host.sent(event);
    let other = if from_phone {
        event.destination
    } else {
        event.source
    };
    // The search for a gatekeeper by multicast names no server.
    let Some(server) = other.ip.filter(|ip| !ip.is_multicast()) else {
        return Change::default();
    };
    let list = &mut host.boot.signaling;
    let known = list
        .iter()
        .position(|known| known.protocol == protocol && known.server == server);
    let index = match known {
        Some(index) => index,
        None if list.len() >= MAX_SIGNALING => return Change::default(),
        None => {
            list.push(Signaling::new(protocol, server, event.at));
            list.len() - 1
        }
    };
    let Some(signaling) = list.get_mut(index) else {
        return Change::default();
    };
    let what = WireText::from(what);
    if from_phone {
        signaling.last_spoken = Some(event.at);
        signaling.calls += u64::from(signaling.answered.is_none());
    } else {
        match verdict {
            Some(Verdict::Accepts) => {
                signaling.accepted = signaling.accepted.or(Some(event.at));
            }
            Some(Verdict::Refuses) if signaling.accepted.is_none() => {
                signaling.refused = Some(Seen::new(what.clone(), event.at));
            }
            _ => {}
        }
    }
    let title = signaling.title();
    let told = if from_phone {
        &mut signaling.spoken
    } else {
        &mut signaling.answered
    };
    if told.is_some() {
        return Change::default();
    }
    *told = Some(event.at);
    let name = if protocol == Protocol::Mgcp {
        "mgcp"
    } else {
        "h323"
    };
    let summary = if from_phone {
        format!("speaks {title} to {server}: {what}")
    } else {
        format!("{server} speaks {title} to it: {what}")
    };
    step(host, event, Phase::Register, protocol, name, summary);
    Change::default()
}
