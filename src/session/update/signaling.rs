//! MGCP and H.323 of a host: with whom it speaks them, told once a server.

use phoneboot_parsers::mgcp::StartLine;
use phoneboot_parsers::{Protocol, WireText, h323, mgcp};

use crate::event::Event;
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
    spoken(host, event, Protocol::Mgcp, &what)
}

pub(super) fn h323(host: &mut Host, event: &Event<'_>, message: h323::Message) -> Change {
    spoken(host, event, Protocol::H323, message.name())
}

fn spoken(host: &mut Host, event: &Event<'_>, protocol: Protocol, what: &str) -> Change {
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
            list.push(Signaling {
                protocol,
                server,
                first: event.at,
                spoken: None,
                answered: None,
            });
            list.len() - 1
        }
    };
    let Some(signaling) = list.get_mut(index) else {
        return Change::default();
    };
    let told = if from_phone {
        &mut signaling.spoken
    } else {
        &mut signaling.answered
    };
    if told.is_some() {
        return Change::default();
    }
    *told = Some(event.at);
    let what = WireText::from(what);
    let (title, name) = if protocol == Protocol::Mgcp {
        ("MGCP", "mgcp")
    } else {
        ("H.323", "h323")
    };
    let summary = if from_phone {
        format!("speaks {title} to {server}: {what}")
    } else {
        format!("{server} speaks {title} to it: {what}")
    };
    step(host, event, Phase::Register, protocol, name, summary);
    Change::default()
}
