//! The phone asks to be registered and the call server says nothing.
//!
//! ## What it sees
//! REGISTER or `RegisterReq`, repeated, without any final answer to the last of them.
//!
//! ## Why the phone stops
//! It has all its files and no line.
//!
//! ## How to fix it
//! 1. Does the call server run, and is this its address? The configuration names it.
//! 2. Does a firewall between them let SIP (UDP and TCP 5060) or SCCP (TCP 2000) pass, both
//!    ways?
//! 3. Does the server want TCP or TLS where the phone speaks UDP?
//!
//! ## When it may be wrong
//! A capture that shows only what the phone sends cannot show answers; the rule asks for a
//! frame to the phone first. When another server has accepted the same name, this is a note.
//!
//! ## References
//! RFC 3261 §17.1.2 (retransmission of non-INVITE requests: up to 32 s).

use phoneboot_parsers::Protocol;

use super::attempts::{self, ANSWER_SECS};
use crate::finding::{Confidence, Finding, Severity};
use crate::rules::Context;
use crate::session::Boot;
use crate::session::registration::{Registration, Status};

pub(in crate::rules) fn check(boot: &Boot, context: &Context<'_>) -> Vec<Finding> {
    boot.registrations
        .iter()
        .filter(|attempt| is_unanswered(boot, attempt, context))
        .map(|attempt| unanswered(boot, attempt))
        .collect()
}

fn is_unanswered(boot: &Boot, attempt: &Registration, context: &Context<'_>) -> bool {
    // A server that has answered once may still be silent to what followed.
    let silent_since = match &attempt.answer {
        None => attempt.first,
        Some(answer) if answer.at < attempt.last_request && attempt.unheard.is_none() => {
            attempt.last_request
        }
        Some(_) => return false,
    };
    attempt.status == Status::Unanswered
        && attempt.requests > 1
        && context.sees_answers(boot)
        && context.watched_secs_after(silent_since) >= ANSWER_SECS
}

fn unanswered(boot: &Boot, attempt: &Registration) -> Finding {
    let (name, server) = (attempts::name(attempt), attempts::server(attempt));
    let severity = if boot.is_name_registered(attempt) {
        Severity::Note
    } else {
        attempts::severity(boot)
    };
    let protocol = attempt.protocol.name().to_ascii_uppercase();
    let (title, detail) = match (&attempt.answer, attempt.provisional) {
        (Some(_), _) => (
            format!("{server} answers no more once the phone sends its credentials"),
            format!(
                "The server asked for credentials (\"{}\"); since the phone sends them as {name}, \
                 nothing comes back.",
                attempt.detail.as_deref().unwrap_or_default()
            ),
        ),
        (None, Some(_)) => (
            format!("{server} takes the phone's registration and never answers it"),
            "The server says that it is trying (1xx) and then nothing: it waits for another \
             machine behind it."
                .to_owned(),
        ),
        (None, None) => (
            format!("{server} does not answer the phone's registration"),
            format!(
                "The phone asked {} times by {protocol} as {name} and got no answer.",
                attempt.requests
            ),
        ),
    };
    let finding = Finding::new("registration-unanswered", severity, title)
        .confidence(Confidence::Likely)
        .detail(format!("{detail}{}", attempts::other_lines(boot)))
        .about(attempts::about(attempt))
        .evidence(attempt.first, "first request to register")
        .evidence(attempt.last_request, "last request to register")
        .remedy(format!(
            "See that the call server on {server} runs and listens on port {}.",
            attempt.server_port.unwrap_or(5060)
        ))
        .remedy("Look at the firewalls between phone and call server, both ways.");
    match (&attempt.answer, attempt.protocol) {
        (Some(_), _) => finding
            .remedy(format!(
                "Look whether {server} has banned the phone's address after wrong passwords \
                 (fail2ban, an intrusion filter)."
            ))
            .remedy(
                "Requests with credentials are longer: see that datagrams of over 1400 bytes pass, \
                 or use TCP.",
            ),
        (None, Protocol::Sip) => finding.remedy(
            "See whether the server wants TCP or TLS, and set the same transport in the phone.",
        ),
        (None, _) => finding,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::Case;
    use crate::session::testing::BootBuilder;

    fn judge(boot: BootBuilder) -> Vec<Finding> {
        Case::new("yealink-t4x", boot).check(check)
    }

    #[test]
    fn repeated_requests_without_an_answer_are_an_error() {
        let boot = BootBuilder::new().registration(Status::Unanswered, None);
        let findings = judge(boot);
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].severity, Severity::Error);
    }

    #[test]
    fn a_challenge_is_an_answer() {
        let boot = BootBuilder::new().registration(Status::Unanswered, Some("401 Unauthorized"));
        assert!(judge(boot).is_empty());
    }

    #[test]
    fn silence_after_the_challenge_is_told() {
        let boot = BootBuilder::new()
            .registration(Status::Unanswered, Some("401 Unauthorized"))
            .last_registration(|attempt| {
                attempt.last_request = attempt.last;
                attempt.last_request.frame.0 += 1;
            });
        assert!(judge(boot)[0].title.contains("answers no more"));
    }

    #[test]
    fn a_server_that_only_tries_is_told() {
        let boot = BootBuilder::new()
            .registration(Status::Unanswered, None)
            .last_registration(|attempt| attempt.provisional = Some(attempt.first));
        assert!(judge(boot)[0].title.contains("never answers"));
    }

    #[test]
    fn another_server_that_accepts_makes_it_a_note() {
        let boot = BootBuilder::new()
            .registration(Status::Unanswered, None)
            .registration(Status::Registered, Some("200 OK"));
        assert_eq!(judge(boot)[0].severity, Severity::Note);
    }

    #[test]
    fn an_end_of_the_capture_is_no_silence() {
        let boot = BootBuilder::new().registration(Status::Unanswered, None);
        let soon = Case::new("yealink-t4x", boot).ends_after_secs(3);
        assert!(soon.check(check).is_empty());
    }
}
