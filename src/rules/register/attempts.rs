//! What the rules about registrations share: which of them count, and how much.

use crate::finding::{About, Severity};
use crate::session::Boot;
use crate::session::registration::{Registration, Status};

/// A call server answers within this time, or the phone asks again.
pub(super) const ANSWER_SECS: f64 = 8.0;

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
