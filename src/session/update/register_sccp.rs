//! SCCP of a host: an answer belongs to the connection that it comes over.

use phoneboot_parsers::{Protocol, WireText, sccp};

use crate::event::Event;
use crate::session::Phase;
use crate::session::hosts::Host;
use crate::session::phone::{Clue, ClueSource};
use crate::session::registration::{Answer, Registration, Status};

use super::register::{attempt, previous_end};
use super::{Change, step};

pub(super) fn sccp(
    host: &mut Host,
    event: &Event<'_>,
    message: &sccp::Message,
    from_client: bool,
) -> Change {
    if from_client {
        of_phone(host, event, &message.body)
    } else {
        of_server(host, event, &message.body);
        Change::default()
    }
}

fn of_phone(host: &mut Host, event: &Event<'_>, body: &sccp::Body) -> Change {
    let (name, summary) = match body {
        sccp::Body::Register { device_name, .. } => {
            attempt(host, event, Protocol::Sccp, Some(device_name));
            ("sccp-register", format!("registers as {device_name}"))
        }
        sccp::Body::RegisterToken { device_name, .. } => {
            attempt(host, event, Protocol::Sccp, Some(device_name));
            let summary = format!("asks for leave to register as {device_name}");
            ("sccp-token", summary)
        }
        sccp::Body::Alarm { text, .. } => {
            previous_end(host, event, Protocol::Sccp, text);
            ("sccp-alarm", format!("reports \"{text}\""))
        }
        sccp::Body::XmlAlarm { .. } => {
            let summary = "reports by XML why it was last out of service";
            ("sccp-alarm", summary.to_owned())
        }
        sccp::Body::Unregister { .. } => {
            ("sccp-unregister", "takes its registration back".to_owned())
        }
        _ => return Change::default(),
    };
    step(host, event, Phase::Register, Protocol::Sccp, name, summary);
    let clues = clues(body);
    Change { clues }
}

fn clues(body: &sccp::Body) -> Vec<Clue> {
    let (sccp::Body::Register {
        device_name,
        device_type,
        ..
    }
    | sccp::Body::RegisterToken {
        device_name,
        device_type,
        ..
    }) = body
    else {
        return Vec::new();
    };
    // The numbers are those that SIP loads put into their Contact.
    let model = device_type.map(|number| Clue {
        source: ClueSource::SipUserAgent,
        value: format!("model.ccm.cisco.com=\"{number}\"").as_str().into(),
    });
    let name = Clue {
        source: ClueSource::SccpDeviceName,
        value: device_name.clone(),
    };
    std::iter::once(name).chain(model).collect()
}

fn of_server(host: &mut Host, event: &Event<'_>, body: &sccp::Body) {
    let (name, summary) = match body {
        sccp::Body::RegisterAck { .. } => {
            settle(host, event, Status::Registered, None);
            ("sccp-registered", "is registered".to_owned())
        }
        sccp::Body::RegisterReject { text } => {
            settle(host, event, Status::Rejected, Some(text.to_string()));
            ("sccp-rejected", format!("is refused: \"{text}\""))
        }
        sccp::Body::RegisterTokenAck => ("sccp-token", "is given leave to register".to_owned()),
        sccp::Body::RegisterTokenReject { wait_secs } => {
            let words = format!("no leave to register, ask again in {wait_secs} s");
            let summary = format!("is refused: {words}");
            settle(host, event, Status::Rejected, Some(words));
            ("sccp-rejected", summary)
        }
        sccp::Body::Reset { kind } => {
            let what = match kind {
                1 => "is told to reset",
                2 => "is told to restart",
                _ => "is told to apply a configuration",
            };
            ("sccp-reset", what.to_owned())
        }
        sccp::Body::Version { text } => {
            let summary = format!("is told that {text} is the firmware to run");
            ("sccp-version", summary)
        }
        _ => return,
    };
    step(host, event, Phase::Register, Protocol::Sccp, name, summary);
}

/// The call server's answer: to what was asked on the same connection.
fn settle(host: &mut Host, event: &Event<'_>, status: Status, detail: Option<String>) {
    let asked_here = |known: &&mut Registration| {
        known.protocol == Protocol::Sccp
            && known.server == event.source.ip
            && known.client_port == event.destination.port
    };
    let list = host.boot.registrations.iter_mut();
    let Some(registration) = list.rev().find(asked_here) else {
        return;
    };
    if (registration.status, status) == (Status::Registered, Status::Rejected) {
        registration.lapsed = Some(event.at);
    } else {
        registration.status = status;
        registration.lapsed = None;
    }
    registration.answer = Some(Answer {
        at: event.at,
        status: 0,
        hint: detail.as_deref().map(WireText::from),
        retry_after_secs: None,
        min_expires_secs: None,
    });
    registration.detail = detail;
    registration.last = event.at;
}
