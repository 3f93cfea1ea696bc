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
    match body {
        sccp::Body::Register {
            device_name,
            device_type,
            load,
            ..
        } => device_clues(device_name, *device_type)
            .chain(running_load(load.as_bytes()))
            .collect(),
        sccp::Body::RegisterToken {
            device_name,
            device_type,
            ..
        } => device_clues(device_name, *device_type).collect(),
        sccp::Body::Alarm { text, .. } => sccp::running_load(text.as_bytes())
            .and_then(running_load)
            .into_iter()
            .collect(),
        _ => Vec::new(),
    }
}

fn device_clues(name: &WireText, device_type: Option<u32>) -> impl Iterator<Item = Clue> {
    // The numbers are those that SIP loads put into their Contact.
    let model = device_type.map(|number| Clue {
        source: ClueSource::SipUserAgent,
        value: format!("model.ccm.cisco.com=\"{number}\"").as_str().into(),
    });
    let name = Clue {
        source: ClueSource::SccpDeviceName,
        value: name.clone(),
    };
    std::iter::once(name).chain(model)
}

/// `None` for an empty name, which tells nothing.
pub(super) fn running_load(load: &[u8]) -> Option<Clue> {
    (!load.is_empty()).then(|| Clue {
        source: ClueSource::RunningLoad,
        value: WireText::new(load),
    })
}

fn of_server(host: &mut Host, event: &Event<'_>, body: &sccp::Body) {
    let (name, summary) = match body {
        sccp::Body::RegisterAck { .. } => {
            settle(host, event, Status::Registered, String::new(), None);
            ("sccp-registered", "is registered".to_owned())
        }
        sccp::Body::RegisterReject { text } => {
            settle(host, event, Status::Rejected, text.to_string(), None);
            ("sccp-rejected", format!("is refused: \"{text}\""))
        }
        sccp::Body::RegisterTokenAck => {
            settle(host, event, Status::Unanswered, String::new(), None);
            ("sccp-token", "is given leave to register".to_owned())
        }
        // No refusal: the server takes its phones one after the other.
        sccp::Body::RegisterTokenReject { wait_secs } => {
            let words = format!("no leave to register yet, ask again in {wait_secs} s");
            let wait_secs = Some(u64::from(*wait_secs));
            settle(host, event, Status::Unanswered, words.clone(), wait_secs);
            ("sccp-token", format!("is put off: {words}"))
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
fn settle(
    host: &mut Host,
    event: &Event<'_>,
    status: Status,
    words: String,
    wait_secs: Option<u64>,
) {
    let asked_here = |known: &&mut Registration| {
        known.protocol == Protocol::Sccp
            && known.server == event.source.ip
            && known.client_port == event.destination.port
    };
    let list = host.boot.registrations.iter_mut();
    let Some(registration) = list.rev().find(asked_here) else {
        return;
    };
    if wait_secs.is_some() {
        registration.put_off = registration.put_off.saturating_add(1);
    } else {
        registration.put_off = 0;
    }
    let answer = Answer {
        at: event.at,
        status: 0,
        hint: Some(WireText::from(words.as_str())).filter(|_| !words.is_empty()),
        retry_after_secs: wait_secs,
        min_expires_secs: None,
    };
    registration.settle(status, words, answer);
}
