//! The phone asks to be registered and the call server says nothing.
//!
//! ## What it sees
//! REGISTER or `RegisterReq`, repeated, without any final answer to the last of them; over
//! TCP, which repeats nothing, one request that the server took is enough. Likewise MGCP and
//! H.323 messages, repeated, to a server that never says anything.
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
//! frame to the phone first, and for half a minute of silence or for five requests over 15
//! seconds. When another server has accepted the same name, or when the phone turns to
//! another one just as the capture ends, this is a note.
//!
//! ## References
//! RFC 3261 §17.1.2 (retransmission of non-INVITE requests: up to 32 s).

use phoneboot_parsers::Protocol;

use super::{attempts, signaling};
use crate::finding::{Confidence, Finding, Severity};
use crate::rules::Context;
use crate::session::Boot;
use crate::session::registration::{Registration, Status};

/// Over TCP a call server answers within this time.
const TCP_SECS: f64 = 20.0;
/// A phone gives a request up after 32 s (timer F).
const GIVEN_UP_SECS: f64 = 30.0;
/// Who asks so often, for so long, and is watched for a while behind that.
const MANY: u64 = 5;
const MANY_SECS: f64 = 15.0;
const BEHIND_SECS: f64 = 5.0;

pub(in crate::rules) fn check(boot: &Boot, context: &Context<'_>) -> Vec<Finding> {
    boot.registrations
        .iter()
        .filter(|attempt| is_unanswered(boot, attempt, context))
        .map(|attempt| unanswered(boot, attempt, context))
        .chain(signaling::unanswered(boot, context))
        .collect()
}

fn is_unanswered(boot: &Boot, attempt: &Registration, context: &Context<'_>) -> bool {
    // A server that has answered once may still be silent to what followed.
    let Some(silence) = attempt.silence() else {
        return false;
    };
    let last = attempt.last_request;
    let behind = context.watched_secs_after(last);
    let over_tcp = attempts::connection(boot, attempt).is_some();
    let given_up =
        silence.requests > 1 && context.watched_secs_after(silence.since) >= GIVEN_UP_SECS;
    let many = silence.requests >= MANY
        && last.time.secs_since(silence.since.time) >= MANY_SECS
        && behind >= BEHIND_SECS;
    attempt.status == Status::Unanswered
        && attempt.unheard.is_none()
        && context.sees_answers(boot)
        && (given_up || many || (over_tcp && behind >= TCP_SECS))
}

fn unanswered(boot: &Boot, attempt: &Registration, context: &Context<'_>) -> Finding {
    let (name, server) = (attempts::name(attempt), attempts::server(attempt));
    let undecided = attempts::is_undecided(boot, context, attempt.first, attempt.last_request);
    let severity = if boot.is_name_registered(attempt) || undecided {
        Severity::Note
    } else {
        attempts::severity(boot)
    };
    let protocol = attempt.protocol.name().to_ascii_uppercase();
    let over_tcp = attempts::connection(boot, attempt).is_some();
    let (title, detail) = match (&attempt.answer, attempt.provisional) {
        (Some(_), _) if attempt.protocol == Protocol::Sccp => (
            format!("{server} answers {name} no more"),
            "The server had answered before; to the phone's last request to register it says \
             nothing."
                .to_owned(),
        ),
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
                "The phone asked {} by {protocol} as {name} and got no answer.{}",
                attempts::times(attempt.requests),
                if over_tcp {
                    " The server took the connection, and TCP repeats nothing that arrived."
                } else {
                    ""
                }
            ),
        ),
    };
    let finding = Finding::new("registration-unanswered", severity, title)
        .confidence(Confidence::Likely)
        .detail(format!(
            "{detail}{}{}",
            attempts::other_lines(boot),
            if undecided {
                attempts::ENDS_TOO_SOON
            } else {
                ""
            }
        ))
        .about(attempts::about(attempt))
        .evidence(attempt.first, "first request to register")
        .evidence(attempt.last_request, "last request to register");
    let port = attempt.server_port.unwrap_or(5060);
    if over_tcp {
        return finding
            .remedy(format!(
                "Port {port} of {server} is open and says nothing: look into the log of the call \
                 server there and restart its service."
            ))
            .remedy(format!(
                "See that {protocol} without TLS is what {server} speaks on port {port}."
            ))
            .remedy("Look for a firewall or proxy between them that inspects the protocol.");
    }
    let finding = finding
        .remedy(format!(
            "See that the call server on {server} runs and listens on port {port}."
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
    use crate::session::registration::Silence;
    use crate::session::testing::{BootBuilder, SERVER};

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
                attempt.asked_again = Some(Silence {
                    since: attempt.last_request,
                    requests: 5,
                });
            });
        assert!(judge(boot)[0].title.contains("answers no more"));
    }

    #[test]
    fn one_request_over_tcp_is_enough() {
        let boot = |missing_bytes| {
            BootBuilder::new()
                .registration(Status::Unanswered, None)
                .last_registration(|attempt| {
                    attempt.requests = 1;
                    attempt.client_port = Some(50_000);
                })
                .connection(SERVER, 5060, move |connection, at| {
                    connection.accepted = Some(at);
                    connection.missing_bytes = missing_bytes;
                })
        };
        let after = |boot, secs| {
            Case::new("yealink-t4x", boot)
                .ends_after_secs(secs)
                .check(check)
        };
        let findings = after(boot(0), 25);
        assert_eq!(findings[0].severity, Severity::Error);
        assert!(findings[0].remedy[0].contains("is open and says nothing"));
        assert!(after(boot(0), 15).is_empty());
        assert!(after(boot(40), 25).is_empty());
        // Over UDP the one request may be lost.
        let by_udp = BootBuilder::new()
            .registration(Status::Unanswered, None)
            .last_registration(|attempt| attempt.requests = 1);
        assert!(after(by_udp, 60).is_empty());
    }

    #[test]
    fn repeats_count_when_the_capture_goes_on_behind_them() {
        let boot = |secs: i64| {
            BootBuilder::new()
                .registration(Status::Unanswered, None)
                .last_registration(move |attempt| {
                    attempt.requests = 7;
                    attempt.first.time.0 -= secs * 1_000_000_000;
                })
        };
        let after = |boot, secs| {
            Case::new("yealink-t4x", boot)
                .ends_after_secs(secs)
                .check(check)
        };
        assert!(after(boot(16), 0).is_empty());
        assert_eq!(after(boot(16), 6)[0].severity, Severity::Error);
        assert_eq!(after(boot(31), 0)[0].severity, Severity::Error);
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
