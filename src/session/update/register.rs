//! SIP and SCCP registration of a host.

use phoneboot_parsers::sip::{self, StartLine};
use phoneboot_parsers::{Protocol, WireText, sccp};

use crate::event::Event;
use crate::session::Phase;
use crate::session::hosts::Host;
use crate::session::phone::{Clue, ClueSource};
use crate::session::registration::{MAX_REGISTRATIONS, Registration, Status};

use super::{Change, step};

pub(super) fn sip(
    host: &mut Host,
    event: &Event<'_>,
    message: &sip::Message,
    from_client: bool,
) -> Change {
    match &message.start {
        StartLine::Request { method, .. } if method.as_bytes() == b"REGISTER" => {
            register_request(host, event, message)
        }
        StartLine::Request { method, .. } if method.as_bytes() == b"SUBSCRIBE" && from_client => {
            if message.header("Event").is_some_and(is_profile_event) {
                let summary = "asks by multicast for a provisioning server (SIP PnP)";
                step(
                    host,
                    event,
                    Phase::Reach,
                    Protocol::Sip,
                    "sip-pnp-subscribe",
                    summary,
                );
            }
            Change::default()
        }
        StartLine::Request { method, .. } if method.as_bytes() == b"NOTIFY" => {
            if let Some(url) = &message.url {
                let url = phoneboot_parsers::http::masked_target(url);
                let summary = format!("is told to fetch from {url} (SIP PnP)");
                step(
                    host,
                    event,
                    Phase::Reach,
                    Protocol::Sip,
                    "sip-pnp-notify",
                    summary,
                );
            }
            Change::default()
        }
        StartLine::Response { status, reason } if !from_client => {
            register_answer(host, event, message, *status, reason);
            Change::default()
        }
        _ => Change::default(),
    }
}

fn is_profile_event(value: &WireText) -> bool {
    value
        .to_string()
        .to_ascii_lowercase()
        .starts_with("ua-profile")
}

/// Whether a REGISTER takes a registration back (RFC 3261 §10.2.2).
fn takes_back(message: &sip::Message) -> bool {
    let contact = message.header("Contact").map(ToString::to_string);
    let expires = message.header("Expires").map(ToString::to_string);
    let contact_expires_now = contact
        .as_deref()
        .is_some_and(|contact| contact.contains(";expires=0") && !contact.contains(";expires=0."));
    contact.as_deref() == Some("*")
        || contact_expires_now
        || expires.as_deref().map(str::trim) == Some("0")
}

fn register_request(host: &mut Host, event: &Event<'_>, message: &sip::Message) -> Change {
    let clues = sip_clues(message);
    let with_credentials = message.header("Authorization").is_some()
        || message.header("Proxy-Authorization").is_some();
    if takes_back(message) {
        step(
            host,
            event,
            Phase::Register,
            Protocol::Sip,
            "sip-unregister",
            "takes its registration back",
        );
        return Change { clues };
    }
    let name = message.header("To").map(address_of);
    let call_id = message.header("Call-ID").cloned();
    let Some(registration) = attempt(host, event, Protocol::Sip) else {
        return Change { clues };
    };
    registration.with_credentials |= with_credentials;
    registration.call_id = call_id;
    registration.name.clone_from(&name);
    let who = name.map_or(String::new(), |name| format!(" as {name}"));
    let how = if with_credentials {
        ", with credentials"
    } else {
        ""
    };
    let summary = format!("registers{who}{how}");
    step(
        host,
        event,
        Phase::Register,
        Protocol::Sip,
        "sip-register",
        summary,
    );
    Change { clues }
}

fn sip_clues(message: &sip::Message) -> Vec<Clue> {
    let clue = |value: &WireText| Clue {
        source: ClueSource::SipUserAgent,
        value: value.clone(),
    };
    let agent = message.header("User-Agent").map(clue);
    let contact = message
        .header("Contact")
        .filter(|contact| contact.to_string().contains("cisco.com"))
        .map(clue);
    agent.into_iter().chain(contact).collect()
}

/// The URI of a `To` or `From` value: what stands in `<…>`, else up to the first `;`.
fn address_of(value: &WireText) -> WireText {
    let text = value.to_string();
    let uri = match text.split_once('<') {
        Some((_, rest)) => rest.split('>').next().unwrap_or(rest),
        None => text.split(';').next().unwrap_or(&text),
    };
    uri.trim().into()
}

/// The registration that a request belongs to: the one with this server, or a new one.
fn attempt<'h>(
    host: &'h mut Host,
    event: &Event<'_>,
    protocol: Protocol,
) -> Option<&'h mut Registration> {
    let list = &mut host.boot.registrations;
    let server = event.destination.ip;
    let known = list
        .iter()
        .position(|known| known.protocol == protocol && known.server == server);
    let index = match known {
        Some(index) => index,
        None if list.len() >= MAX_REGISTRATIONS => return None,
        None => {
            list.push(Registration {
                protocol,
                server,
                server_port: event.destination.port,
                status: Status::Unanswered,
                detail: None,
                name: None,
                with_credentials: false,
                first: event.at,
                last: event.at,
                requests: 0,
                call_id: None,
            });
            list.len() - 1
        }
    };
    let registration = list.get_mut(index)?;
    registration.requests = registration.requests.saturating_add(1);
    if registration.status == Status::Unanswered {
        registration.last = event.at;
    }
    Some(registration)
}

fn register_answer(
    host: &mut Host,
    event: &Event<'_>,
    message: &sip::Message,
    status: u16,
    reason: &WireText,
) {
    if status < 200 {
        return;
    }
    let call_id = message.header("Call-ID");
    let Some(registration) = host
        .boot
        .registrations
        .iter_mut()
        .rev()
        .find(|known| known.protocol == Protocol::Sip && known.call_id.as_ref() == call_id)
    else {
        return;
    };
    let words = format!("{status} {reason}");
    let (new, name, summary) = match status {
        200..=299 => (
            Status::Registered,
            "sip-registered",
            format!("is registered: {words}"),
        ),
        // A challenge is answered with credentials; one that follows them refuses them,
        // unless only the nonce had expired (RFC 3261 §22).
        401 | 407 if !registration.with_credentials || is_stale(message) => (
            registration.status,
            "sip-challenge",
            format!("is asked for credentials: {words}"),
        ),
        // The server wants a longer or shorter interval, or another place; the phone
        // asks again.
        423 | 300..=399 => (
            registration.status,
            "sip-answer",
            format!("is asked to try otherwise: {words}"),
        ),
        _ => (
            Status::Rejected,
            "sip-rejected",
            format!("is refused: {words}"),
        ),
    };
    if registration.status != Status::Registered || new == Status::Rejected {
        registration.status = new;
    }
    registration.detail = Some(words);
    registration.last = event.at;
    step(host, event, Phase::Register, Protocol::Sip, name, summary);
}

fn is_stale(message: &sip::Message) -> bool {
    ["WWW-Authenticate", "Proxy-Authenticate"]
        .iter()
        .filter_map(|name| message.header(name))
        .any(|value| {
            value
                .to_string()
                .to_ascii_lowercase()
                .contains("stale=true")
        })
}

pub(super) fn sccp(
    host: &mut Host,
    event: &Event<'_>,
    message: &sccp::Message,
    from_client: bool,
) -> Change {
    match &message.body {
        sccp::Body::Register {
            device_name,
            device_type,
            ..
        } => {
            if let Some(registration) = attempt(host, event, Protocol::Sccp) {
                registration.name = Some(device_name.clone());
            }
            let summary = format!("registers as {device_name}");
            step(
                host,
                event,
                Phase::Register,
                Protocol::Sccp,
                "sccp-register",
                summary,
            );
            // The numbers are those that SIP loads put into their Contact.
            let model = device_type.map(|number| Clue {
                source: ClueSource::SipUserAgent,
                value: format!("model.ccm.cisco.com=\"{number}\"").as_str().into(),
            });
            let name = Clue {
                source: ClueSource::SccpDeviceName,
                value: device_name.clone(),
            };
            Change {
                clues: std::iter::once(name).chain(model).collect(),
            }
        }
        sccp::Body::Alarm { text, .. } if from_client => {
            let summary = format!("reports \"{text}\"");
            step(
                host,
                event,
                Phase::Register,
                Protocol::Sccp,
                "sccp-alarm",
                summary,
            );
            Change::default()
        }
        sccp::Body::RegisterAck { .. } if !from_client => {
            settle(host, event, Status::Registered, None);
            step(
                host,
                event,
                Phase::Register,
                Protocol::Sccp,
                "sccp-registered",
                "is registered",
            );
            Change::default()
        }
        sccp::Body::RegisterReject { text } if !from_client => {
            settle(host, event, Status::Rejected, Some(text.to_string()));
            let summary = format!("is refused: \"{text}\"");
            step(
                host,
                event,
                Phase::Register,
                Protocol::Sccp,
                "sccp-rejected",
                summary,
            );
            Change::default()
        }
        sccp::Body::Reset { kind } if !from_client => {
            let what = match kind {
                1 => "is told to reset",
                2 => "is told to restart",
                _ => "is told to apply a configuration",
            };
            step(
                host,
                event,
                Phase::Register,
                Protocol::Sccp,
                "sccp-reset",
                what,
            );
            Change::default()
        }
        _ => Change::default(),
    }
}

/// The call server's answer: to the registration that this server was asked for.
fn settle(host: &mut Host, event: &Event<'_>, status: Status, detail: Option<String>) {
    let server = event.source.ip;
    if let Some(registration) = host
        .boot
        .registrations
        .iter_mut()
        .rev()
        .find(|known| known.protocol == Protocol::Sccp && known.server == server)
    {
        registration.status = status;
        registration.detail = detail;
        registration.last = event.at;
    }
}
