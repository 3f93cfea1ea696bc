//! The phone asks to be registered and the call server says nothing.
//!
//! ## What it sees
//! REGISTER or `RegisterReq`, repeated, without any final answer to it.
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
//! frame to the phone first.
//!
//! ## References
//! RFC 3261 §17.1.2 (retransmission of non-INVITE requests: up to 32 s).

use crate::finding::{About, Confidence, Finding, Severity};
use crate::rules::Context;
use crate::session::Boot;
use crate::session::registration::Status;

/// A call server answers within this time, or the phone asks again.
const ANSWER_SECS: f64 = 8.0;

pub(in crate::rules) fn check(boot: &Boot, context: &Context<'_>) -> Vec<Finding> {
    if boot.is_registered() {
        return Vec::new();
    }
    boot.registrations
        .iter()
        .filter(|attempt| {
            attempt.status == Status::Unanswered
                && attempt.detail.is_none()
                && attempt.requests > 1
                && context.sees_answers(boot)
                && context.watched_secs_after(attempt.first) >= ANSWER_SECS
        })
        .map(|attempt| {
            let server = attempt
                .server
                .map_or("the call server".to_owned(), |server| server.to_string());
            Finding::new(
                "registration-unanswered",
                Severity::Error,
                format!("{server} does not answer the phone's registration"),
            )
            .confidence(Confidence::Likely)
            .detail(format!(
                "The phone asked {} times by {} and got no answer.",
                attempt.requests,
                attempt.protocol.name().to_ascii_uppercase()
            ))
            .about(About {
                server: attempt.server,
                port: attempt.server_port,
                protocol: Some(attempt.protocol.name()),
                ..About::default()
            })
            .evidence(attempt.first, "first request to register")
            .evidence(attempt.last, "last request to register")
            .remedy(format!(
                "See that the call server on {server} runs and listens on port {}.",
                attempt.server_port.unwrap_or(5060)
            ))
            .remedy("Look at the firewalls between phone and call server, both ways.")
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::Case;
    use crate::session::testing::BootBuilder;

    #[test]
    fn repeated_requests_without_an_answer_are_an_error() {
        let boot = BootBuilder::new().registration(Status::Unanswered, None);
        assert_eq!(Case::new("yealink-t4x", boot).check(check).len(), 1);
    }

    #[test]
    fn a_challenge_is_an_answer() {
        let boot = BootBuilder::new().registration(Status::Unanswered, Some("401 Unauthorized"));
        assert!(Case::new("yealink-t4x", boot).check(check).is_empty());
    }
}
