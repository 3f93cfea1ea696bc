//! SIP of a host: which message goes where, and what it says about the phone.

use phoneboot_parsers::sip::{self, StartLine};
use phoneboot_parsers::{Protocol, WireText, http, sccp};

use crate::event::{Event, Seen};
use crate::session::Phase;
use crate::session::hosts::Host;
use crate::session::phone::{Clue, ClueSource};
use crate::session::registration::{MAX_REGISTRATIONS, PreviousEnd, Registration};

use super::{Change, register_sccp, register_sip, step};

pub(super) fn sip(
    host: &mut Host,
    event: &Event<'_>,
    message: &sip::Message,
    from_client: bool,
) -> Change {
    match &message.start {
        StartLine::Request { method, .. } => match method.as_bytes() {
            b"REGISTER" if from_client => {
                register_sip::request(host, event, message);
                previous_end_of_reason(host, event, message);
                let clues = sip_clues(message);
                Change { clues }
            }
            b"SUBSCRIBE" if from_client && asks_for_profile(message) => {
                plug_and_play(host, event, message)
            }
            b"NOTIFY" => {
                notified(host, event, message);
                Change::default()
            }
            _ => Change::default(),
        },
        StartLine::Response { status, reason } => {
            let of_register = message
                .cseq()
                .is_some_and(|(_, method)| method.as_bytes() == b"REGISTER");
            if of_register && !from_client {
                register_sip::answer(host, event, message, *status, reason);
            } else if !from_client && *status >= 200 {
                subscribed(host, event, message, *status, reason);
            }
            Change::default()
        }
    }
}

/// Whether a SUBSCRIBE is the search for a provisioning server.
fn asks_for_profile(message: &sip::Message) -> bool {
    message
        .header("Event")
        .is_some_and(|event| event_name(event).eq_ignore_ascii_case("ua-profile"))
}

/// The package's name, without parameters.
fn event_name(event: &WireText) -> String {
    let text = event.to_string();
    text.split(';').next().unwrap_or(&text).trim().to_owned()
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
    let load = message
        .header("Reason")
        .and_then(|reason| sip::parameter(reason.as_bytes(), "text"))
        .and_then(|text| register_sccp::running_load(sccp::running_load(text.as_bytes())?));
    agent.into_iter().chain(contact).chain(load).collect()
}

/// The phone says in a `Reason` why it last went off the call server.
fn previous_end_of_reason(host: &mut Host, event: &Event<'_>, message: &sip::Message) {
    let text = message
        .header("Reason")
        .and_then(|reason| sip::parameter(reason.as_bytes(), "text"));
    if let Some(text) = text.filter(|text| text.to_string().contains("Last=")) {
        previous_end(host, event, Protocol::Sip, &text);
    }
}

/// Keeps the first thing that the phone says of its last run.
pub(super) fn previous_end(
    host: &mut Host,
    event: &Event<'_>,
    protocol: Protocol,
    text: &WireText,
) {
    if host.boot.previous_end.is_some() {
        return;
    }
    let end = PreviousEnd {
        protocol,
        text: text.clone(),
        reason: sccp::last_reason(text.as_bytes()),
    };
    host.boot.previous_end = Some(Seen::new(end, event.at));
    if protocol == Protocol::Sip {
        let summary = format!("reports \"{text}\"");
        step(host, event, Phase::Register, protocol, "sip-alarm", summary);
    }
}

fn plug_and_play(host: &mut Host, event: &Event<'_>, message: &sip::Message) -> Change {
    let pnp = &mut host.boot.plug_and_play;
    if pnp.asked.is_none() {
        pnp.asked = Some(event.at);
        pnp.call_id = message.call_id().cloned();
        let summary = "asks by multicast for a provisioning server (SIP PnP)";
        let name = "sip-pnp-subscribe";
        step(host, event, Phase::Reach, Protocol::Sip, name, summary);
    }
    let mut clues = sip_clues(message);
    clues.extend(profile_clue(message));
    Change { clues }
}

/// A server answers the search; only its NOTIFY will say where the configuration is.
fn subscribed(
    host: &mut Host,
    event: &Event<'_>,
    message: &sip::Message,
    status: u16,
    reason: &WireText,
) {
    let pnp = &mut host.boot.plug_and_play;
    let is_ours = pnp.asked.is_some() && message.call_id() == pnp.call_id.as_ref();
    if is_ours && pnp.answer.is_none() {
        pnp.answer = Some(Seen::new((status, event.source.ip), event.at));
        let summary = format!("is answered: {status} {reason} (SIP PnP)");
        let name = "sip-pnp-answer";
        step(host, event, Phase::Reach, Protocol::Sip, name, summary);
    }
}

/// Vendor, model and version out of the `Event`, and the MAC address out of the URI.
fn profile_clue(message: &sip::Message) -> Option<Clue> {
    let event = message.header("Event")?.as_bytes();
    let parameter = |name: &str, spelled: &str| {
        let value = sip::parameter(event, spelled)?;
        Some(format!("{name}=\"{value}\""))
    };
    let mac = match &message.start {
        StartLine::Request { uri, .. } => mac_of_uri(&uri.to_string()),
        StartLine::Response { .. } => None,
    };
    let parts: Vec<String> = [
        // Panasonic writes "vender".
        parameter("vendor", "vendor").or_else(|| parameter("vendor", "vender")),
        parameter("model", "model"),
        parameter("version", "version"),
        mac.map(|mac| format!("mac=\"{mac}\"")),
    ]
    .into_iter()
    .flatten()
    .collect();
    Some(Clue {
        source: ClueSource::SipPnp,
        value: parts.join(";").as_str().into(),
    })
}

/// `sip:MAC%3a000413010203@224.0.1.75`, and with `:`, `=` or nothing between.
fn mac_of_uri(uri: &str) -> Option<String> {
    let behind = uri.get(..7)?.eq_ignore_ascii_case("sip:mac");
    let rest = uri.get(7..).filter(|_| behind)?;
    let rest = rest
        .strip_prefix("%3a")
        .or_else(|| rest.strip_prefix("%3A"))
        .unwrap_or(rest)
        .trim_start_matches([':', '=', ' ']);
    let user = rest.split('@').next()?;
    let digits: String = user.chars().filter(char::is_ascii_hexdigit).collect();
    (digits.len() == 12).then_some(digits)
}

/// A server tells the phone where its configuration is, or to look for a new one.
fn notified(host: &mut Host, event: &Event<'_>, message: &sip::Message) {
    let what = message.header("Event").map(event_name).unwrap_or_default();
    let is_profile = what.eq_ignore_ascii_case("ua-profile");
    if let Some(url) = message
        .url
        .as_ref()
        .filter(|_| is_profile || what.is_empty())
    {
        let url = http::masked_target(url);
        let summary = format!("is told to fetch from {url} (SIP PnP)");
        let pnp = &mut host.boot.plug_and_play;
        pnp.url = Some((url.clone(), event.at));
        pnp.told_by = event.source.ip;
        let name = "sip-pnp-notify";
        step(host, event, Phase::Reach, Protocol::Sip, name, summary);
        return;
    }
    let told = match what.to_ascii_lowercase().as_str() {
        "check-sync" | "resync" => "to look for a new configuration",
        "service-control" => "to reset, restart or apply a configuration",
        "reboot" => "to restart",
        _ => return,
    };
    let summary = format!("is told {told} ({what})");
    let name = "sip-reset";
    step(host, event, Phase::Register, Protocol::Sip, name, summary);
}

/// The registration that a request belongs to: the one of this name with this server,
/// or a new one. `None` when there are too many.
pub(super) fn attempt(
    host: &mut Host,
    event: &Event<'_>,
    protocol: Protocol,
    name: Option<&WireText>,
) -> Option<usize> {
    let list = &mut host.boot.registrations;
    let server = event.destination.ip;
    let known = list.iter().position(|known| {
        known.protocol == protocol && known.server == server && known.name.as_ref() == name
    });
    let index = match known {
        Some(index) => index,
        None if list.len() >= MAX_REGISTRATIONS => return None,
        None => {
            list.push(Registration {
                name: name.cloned(),
                ..Registration::new(protocol, server, event.destination.port, event.at)
            });
            list.len() - 1
        }
    };
    let registration = list.get_mut(index)?;
    registration.asked(event.at);
    registration.client_port = event.source.port;
    Some(index)
}
