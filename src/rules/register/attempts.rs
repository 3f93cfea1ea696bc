//! What the rules about registrations share: which of them count, and how much.

use std::net::IpAddr;

use crate::event::At;
use crate::finding::{About, Severity};
use crate::rules::Context;
use crate::session::Boot;
use crate::session::reach::Connection;
use crate::session::registration::{Registration, Status};

/// A call server answers within this time, or the phone asks again.
pub(super) const ANSWER_SECS: f64 = 8.0;
/// A phone that goes on to another server does so within this time.
const SETTLED_SECS: f64 = 5.0;

/// The attempts whose name no server has accepted: a phone that is refused here and
/// registered there is up.
pub(super) fn open(boot: &Boot) -> impl Iterator<Item = &Registration> {
    boot.registrations
        .iter()
        .filter(|attempt| attempt.status != Status::Registered && !boot.is_name_registered(attempt))
}

/// A phone of which one line is up has booted; without any line it has not.
pub(super) fn severity(boot: &Boot) -> Severity {
    if boot.is_registered() {
        Severity::Warning
    } else {
        Severity::Error
    }
}

/// Whether the capture shows too little of what the phone did after `last`, or of the
/// call server that it turned to last, to say that it is stuck. `first` is when the same
/// came to pass for the first time: a phone that came back to it has gone through its
/// list.
pub(super) fn is_undecided(boot: &Boot, context: &Context<'_>, first: At, last: At) -> bool {
    let came_back = last.time.secs_since(first.time) >= SETTLED_SECS;
    let too_soon = context.watched_secs_after(last) < SETTLED_SECS && !came_back;
    !boot.followed_by_another && (too_soon || has_turned_elsewhere(boot, context))
}

/// Whether the phone turned to a call server that it had not tried before just when the
/// capture ends.
fn has_turned_elsewhere(boot: &Boot, context: &Context<'_>) -> bool {
    let calls = boot.reach.connections.iter().filter_map(|connection| {
        let place = (connection.server, connection.server_port);
        boot.is_call_server(place.0, place.1)
            .then_some((place, connection.first))
    });
    let requests = boot
        .registrations
        .iter()
        .filter_map(|attempt| Some(((attempt.server?, attempt.server_port?), attempt.first)));
    let tries: Vec<((IpAddr, u16), At)> = calls.chain(requests).collect();
    tries.iter().any(|(place, at)| {
        context.watched_secs_after(*at) < SETTLED_SECS
            && !tries
                .iter()
                .any(|(other, before)| other == place && before < at)
    })
}

/// The connection that the last request went over, if the server had accepted it and
/// the capture has all of it; `None` over UDP.
pub(super) fn connection<'b>(boot: &'b Boot, attempt: &Registration) -> Option<&'b Connection> {
    boot.reach.connections.iter().rev().find(|connection| {
        Some(connection.server) == attempt.server
            && Some(connection.server_port) == attempt.server_port
            && Some(connection.client_port) == attempt.client_port
            && connection.accepted.is_some()
            && connection.missing_bytes == 0
    })
}

/// `once`, `4 times`.
pub(super) fn times(n: u64) -> String {
    if n == 1 {
        "once".to_owned()
    } else {
        format!("{n} times")
    }
}

/// `One call`, `4 calls`.
pub(super) fn calls(n: u64) -> String {
    if n == 1 {
        "One call".to_owned()
    } else {
        format!("{n} calls")
    }
}

/// What is said when [`is_undecided`] holds, as a sentence.
pub(super) const ENDS_TOO_SOON: &str =
    " The capture ends before it shows what the phone did about it: capture for longer.";

/// The call server, for sentences.
pub(super) fn server(attempt: &Registration) -> String {
    attempt
        .server
        .map_or("the call server".to_owned(), |server| server.to_string())
}

/// Who registers, for sentences.
pub(super) fn name(attempt: &Registration) -> String {
    attempt
        .name
        .as_ref()
        .map_or("the phone".to_owned(), ToString::to_string)
}

/// What a finding about this attempt is about.
pub(super) fn about(attempt: &Registration) -> About {
    About {
        server: attempt.server,
        port: attempt.server_port,
        protocol: Some(attempt.protocol.name()),
        ..About::default()
    }
}

/// What follows for the phone's other lines, as a sentence; empty when there are none.
pub(super) fn other_lines(boot: &Boot) -> &'static str {
    if boot.is_registered() {
        " The phone is up: another of its lines is registered."
    } else {
        ""
    }
}
