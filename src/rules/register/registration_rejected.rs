//! The call server refuses the phone's registration.
//!
//! ## What it sees
//! A SIP answer of 400 and above to REGISTER, after credentials were sent where they were
//! asked for; a 423 or a redirection that the phone does not follow; a challenge that the
//! phone never answers; nonces that the server calls stale again and again; a 200 that registers the phone for no time; or an SCCP
//! `RegisterReject`. An SCCP `RegisterTokenReject` is an order to wait: a note, and a
//! warning when the server gives it again and again. Of H.323 it is a `gatekeeperReject` or
//! `registrationReject`, of MGCP an answer of 400 and above, that nothing better follows.
//!
//! ## Why the phone stops
//! It has all its files and no line: the server does not know it, or its password is wrong.
//!
//! ## How to fix it
//! 1. SIP 401, 403, 407: compare user and password on both sides; is the account switched on?
//! 2. SIP 404: the account or the domain does not exist on this server.
//! 3. SIP 423: the phone's registration interval is shorter than the server's least.
//! 4. SIP 5xx: the server itself is in trouble; its log says which.
//! 5. SCCP: add the device under exactly this name, or allow auto-registration.
//!
//! ## When it may be wrong
//! A server under load answers 503 and takes the phone a little later; then the line is
//! registered and this is not reported. Where other lines of the phone are registered it is
//! a warning, as when the capture ends before the phone could try another server. After a
//! 5xx, which phones take as an order to do so, it is a note until then.
//!
//! ## References
//! RFC 3261 §10.3, §20.33, §21.3 to §21.6, §22; SCCP message 0x009d as in chan-sccp's
//! `sccp_protocol.h`.

use std::fmt::Write as _;

use phoneboot_parsers::Protocol;

use super::attempts::{self, ANSWER_SECS};
use super::signaling;
use crate::event::At;
use crate::finding::{Confidence, Finding, Severity};
use crate::rules::Context;
use crate::session::Boot;
use crate::session::registration::{Answer, Registration, STALE_REPEATS, Status};

/// Who is asked so often for credentials has none.
const PROOF: u64 = 3;

pub(in crate::rules) fn check(boot: &Boot, context: &Context<'_>) -> Vec<Finding> {
    let all: Vec<&Registration> = attempts::open(boot)
        .filter(|attempt| attempt.unheard.is_none() && is_refused(boot, attempt, context))
        .collect();
    // Servers that know each other say the same: the last one asked speaks for all.
    let refused = all.iter().enumerate().filter_map(|(index, attempt)| {
        let is_same = |other: &&&Registration| says_the_same(attempt, other);
        let is_last = !all.iter().skip(index + 1).any(|other| is_same(&other));
        let before: Vec<&Registration> = all.iter().take(index).filter(is_same).copied().collect();
        is_last.then(|| refusal(boot, attempt, &before, context))
    });
    let put_off = attempts::open(boot)
        .filter(|attempt| attempt.put_off > 0 && attempt.asked_again.is_none())
        .map(put_off);
    let lapsed = boot
        .registrations
        .iter()
        .filter_map(|attempt| Some((attempt, attempt.lapsed?)))
        .map(|(attempt, at)| lapse(attempt, at));
    refused
        .chain(put_off)
        .chain(lapsed)
        .chain(signaling::refused(boot, context))
        .collect()
}

/// Whether another server refuses the same name in the same words.
fn says_the_same(one: &Registration, other: &Registration) -> bool {
    one.protocol == other.protocol
        && one.server != other.server
        && one.name == other.name
        && one.detail == other.detail
}

/// Whether the phone asked another server after it was sent on.
fn has_followed(boot: &Boot, attempt: &Registration) -> bool {
    let is_sent_on = |answer: &&Answer| matches!(answer.status, 300..=399);
    let sent_on = attempt.answer.as_ref().filter(is_sent_on);
    sent_on.is_some_and(|answer| {
        boot.registrations.iter().any(|other| {
            other.name == attempt.name
                && other.server != attempt.server
                && other.last_request > answer.at
        })
    })
}

fn is_refused(boot: &Boot, attempt: &Registration, context: &Context<'_>) -> bool {
    if has_followed(boot, attempt) {
        return false;
    }
    if attempt.status == Status::Rejected
        && (!attempt.is_told_otherwise() || attempt.refusals >= PROOF)
    {
        return true;
    }
    // The phone was told what to do, and does not do it.
    attempt.answer.as_ref().is_some_and(|answer| {
        let gave_up = answer.at >= attempt.last_request
            && context.watched_secs_after(answer.at) >= ANSWER_SECS;
        match answer.status {
            401 | 407 => !attempt.with_credentials && (gave_up || attempt.challenges >= PROOF),
            300..=399 | 423 => gave_up,
            _ => false,
        }
    })
}

fn refusal(
    boot: &Boot,
    attempt: &Registration,
    before: &[&Registration],
    context: &Context<'_>,
) -> Finding {
    let words = attempt.detail.as_deref().unwrap_or("no reason given");
    let (name, server) = (attempts::name(attempt), attempts::server(attempt));
    let status = attempt.answer.as_ref().map_or(0, |answer| answer.status);
    let without_credentials = !attempt.with_credentials && matches!(status, 401 | 407);
    let title = if without_credentials {
        format!("{server} asks {name} for a password and the phone sends none: {words}")
    } else {
        format!("{server} refuses to register {name}: {words}")
    };
    let mut detail = format!(
        "The phone asked {}{}.",
        attempts::times(attempt.requests),
        if attempt.with_credentials {
            ", with credentials"
        } else {
            ""
        }
    );
    if let Some(hint) = attempt
        .answer
        .as_ref()
        .and_then(|answer| answer.hint.as_ref())
        && attempt.protocol == Protocol::Sip
    {
        detail = format!("{detail} The server adds: \"{hint}\".");
    }
    if attempt.stale >= STALE_REPEATS {
        detail.push_str(
            " The server calls every nonce stale that it has given out itself: it forgets them, or \
             several servers behind one address do not share them.",
        );
    } else {
        detail.push_str(meaning(status));
    }
    if !before.is_empty() {
        let others: Vec<String> = before.iter().map(|one| attempts::server(one)).collect();
        let _ = write!(detail, " The same was said by {}.", others.join(" and "));
    }
    detail.push_str(attempts::other_lines(boot));
    let mut severity = severity(boot, attempt, context);
    let first = attempt.first_refusal.unwrap_or(attempt.last);
    if attempts::is_undecided(boot, context, first, attempt.last) {
        severity = severity.min(if is_servers_trouble(status) {
            Severity::Note
        } else {
            Severity::Warning
        });
        detail.push_str(attempts::ENDS_TOO_SOON);
    }
    let finding = Finding::new("registration-rejected", severity, title)
        .confidence(if without_credentials {
            Confidence::Likely
        } else {
            Confidence::Certain
        })
        .detail(detail)
        .about(attempts::about(attempt))
        .evidence(attempt.first, "first request to register")
        .evidence(attempt.last, format!("refused: {words}"));
    let finding = before.iter().fold(finding, |finding, one| {
        finding.evidence(one.last, format!("refused by {}", attempts::server(one)))
    });
    remedies(attempt, status, &name, &server)
        .into_iter()
        .fold(finding, Finding::remedy)
}

/// A server that is in trouble for the moment may take the phone yet.
fn severity(boot: &Boot, attempt: &Registration, context: &Context<'_>) -> Severity {
    let passing = attempt.answer.as_ref().is_some_and(|answer| {
        let wait_secs = answer.retry_after_secs.map_or(ANSWER_SECS, |secs| {
            f64::from(u32::try_from(secs).unwrap_or(u32::MAX))
        });
        is_servers_trouble(answer.status)
            && context.watched_secs_after(answer.at) < wait_secs.max(ANSWER_SECS)
            && attempt.requests <= 2
    });
    if passing {
        Severity::Note
    } else {
        attempts::severity(boot)
    }
}

/// Whether a status tells of a trouble of the server or behind it, for which phones turn to
/// another server or ask again.
fn is_servers_trouble(status: u16) -> bool {
    matches!(status, 408 | 480 | 500 | 502..=599)
}

/// What a status says of the reason, as a sentence.
fn meaning(status: u16) -> &'static str {
    match status {
        200..=299 => {
            " The server says yes and holds the phone for no time at all (expires=0), so that \
             nobody can call it."
        }
        300..=399 => " It sends the phone to another server, and the phone does not go there.",
        401 | 407 => " User name or password are not those of the account.",
        403 => {
            " The server knows what is asked and will not do it: a wrong password, an account \
             that is switched off, or an address that it does not let in."
        }
        404 => " The server has no such account, or is not the server of this domain.",
        405 | 501 => " This machine takes no registrations: it is no registrar.",
        408 | 504 => " The machine that answered got no answer itself from the one behind it.",
        423 => " The phone wants to register for a shorter time than the server allows.",
        483 => " The request went round in circles between proxies.",
        488 | 606 => " The server does not accept what the phone offers.",
        500 | 502 => " The server is in trouble itself.",
        503 => " The server is overloaded or being serviced.",
        600 | 603 => " The server declines for this account everywhere.",
        _ => "",
    }
}

fn remedies(attempt: &Registration, status: u16, name: &str, server: &str) -> Vec<String> {
    if attempt.protocol == Protocol::Sccp {
        return vec![
            format!("Add the device {name} on {server}, or allow auto-registration there."),
            "If it is there: is it of this model and protocol (SCCP, not SIP), and is no other \
             device registered under the name?"
                .to_owned(),
        ];
    }
    if attempt.stale >= STALE_REPEATS {
        return vec![
            format!(
                "Look on {server} how long a nonce holds and whether its clock jumps (Asterisk: \
                 `nonce_lifetime`, Kamailio: `nonce_expire`)."
            ),
            "Where several servers share one address or a load balancer stands before them, let \
             them share their nonces, or keep each phone on one of them."
                .to_owned(),
        ];
    }
    let compare = format!(
        "Compare user name and password of {name} in the phone's configuration and on {server}, \
         and see that the account is switched on."
    );
    match status {
        200..=299 => vec![format!(
            "See on {server} how many registrations the account of {name} may have and for how \
             long (in Asterisk max_contacts, remove_existing, maximum_expiration), and whether a \
             proxy on the way changes Expires."
        )],
        404 => vec![
            format!(
                "Create the account {name} on {server}, or correct the user name in the phone."
            ),
            format!("See that {server} serves the domain behind the @ of {name}."),
        ],
        423 => {
            let least = attempt
                .answer
                .as_ref()
                .and_then(|answer| answer.min_expires_secs);
            vec![match least {
                Some(secs) => format!(
                    "Set the phone's registration interval to {secs} s or more, or lower the \
                     server's least interval."
                ),
                None => "Lengthen the phone's registration interval.".to_owned(),
            }]
        }
        300..=399 => vec![format!(
            "Give the phone the server that {server} sends it to, or let {server} register it \
             itself."
        )],
        403 => vec![
            compare,
            format!(
                "Look into the log of {server}: an access list or a ban after wrong passwords \
                 (fail2ban) refuses by address, whatever the password."
            ),
        ],
        405 | 501 => vec![format!(
            "Give the phone the address of the registrar; {server} is another machine."
        )],
        408 | 480 | 483 | 500..=599 => {
            let again = attempt
                .answer
                .as_ref()
                .and_then(|answer| answer.retry_after_secs)
                .map(|secs| format!("The server wants to be asked again after {secs} s."));
            let log =
                format!("Look into the log of {server}: the fault is there, not in the phone.");
            std::iter::once(log).chain(again).collect()
        }
        _ => vec![compare],
    }
}

/// The server takes its phones one after the other, and this one has to wait.
fn put_off(attempt: &Registration) -> Finding {
    let words = attempt.detail.as_deref().unwrap_or("ask again later");
    let (name, server) = (attempts::name(attempt), attempts::server(attempt));
    let again_and_again = attempt.put_off >= PROOF;
    let (severity, title) = if again_and_again {
        let title = format!("{server} puts {name} off again and again: {words}");
        (Severity::Warning, title)
    } else {
        (
            Severity::Note,
            format!("{server} lets {name} wait: {words}"),
        )
    };
    let finding = Finding::new("registration-rejected", severity, title)
        .detail(format!(
            "The phone asked for leave to register and was put off {}. That is no refusal: a \
             call server takes its phones one after the other, and they ask again by themselves.",
            attempts::times(attempt.put_off)
        ))
        .about(attempts::about(attempt))
        .evidence(attempt.last, words.to_owned());
    if again_and_again {
        finding.remedy(format!(
            "Look at the load of {server}, and how many phones wait there for their turn."
        ))
    } else {
        finding.remedy("Capture for longer than the wait, to see the phone ask again.")
    }
}

/// The phone was registered, and then refused.
fn lapse(attempt: &Registration, at: At) -> Finding {
    let words = attempt.detail.as_deref().unwrap_or("no reason given");
    let (name, server) = (attempts::name(attempt), attempts::server(attempt));
    Finding::new(
        "registration-rejected",
        Severity::Warning,
        format!("{server} had registered {name} and refuses it now: {words}"),
    )
    .detail("The boot went well; the registration was refused when the phone renewed it.")
    .about(attempts::about(attempt))
    .evidence(at, format!("refused: {words}"))
    .remedy(format!(
        "See what was changed on {server} since the phone came up: account, password, access."
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::Case;
    use crate::session::testing::BootBuilder;

    fn judge(boot: BootBuilder) -> Vec<Finding> {
        Case::new("yealink-t4x", boot).check(check)
    }

    fn line(name: &str) -> impl FnOnce(&mut Registration) {
        let name = name.into();
        |attempt| attempt.name = Some(name)
    }

    #[test]
    fn a_refusal_is_told_in_the_servers_words() {
        let boot = BootBuilder::new().registration(Status::Rejected, Some("403 Forbidden"));
        let findings = judge(boot);
        assert_eq!(
            findings[0].title,
            "192.0.2.10 refuses to register sip:100@pbx.example: 403 Forbidden"
        );
        assert_eq!(findings[0].severity, Severity::Error);
        assert!(findings[0].detail.contains("a wrong password"));
    }

    #[test]
    fn a_phone_that_is_registered_is_fine() {
        let boot = BootBuilder::new()
            .registration(Status::Rejected, Some("503 Service Unavailable"))
            .registration(Status::Registered, Some("200 OK"));
        assert!(judge(boot).is_empty());
    }

    #[test]
    fn servers_that_say_the_same_are_one_fault() {
        let boot = BootBuilder::new()
            .registration(Status::Rejected, Some("403 Forbidden"))
            .registration(Status::Rejected, Some("403 Forbidden"))
            .last_registration(|attempt| attempt.server = Some([192, 0, 2, 11].into()));
        let findings = judge(boot);
        assert_eq!(findings.len(), 1);
        assert!(findings[0].title.starts_with("192.0.2.11 refuses"));
        assert!(
            findings[0]
                .detail
                .contains("The same was said by 192.0.2.10.")
        );
        assert_eq!(findings[0].evidence.len(), 3);
    }

    #[test]
    fn a_redirection_that_is_followed_is_no_refusal() {
        let sent_on =
            || BootBuilder::new().registration(Status::Rejected, Some("302 Moved Temporarily"));
        assert_eq!(judge(sent_on()).len(), 1);
        let followed = sent_on()
            .registration(Status::Unanswered, None)
            .last_registration(|attempt| {
                attempt.server = Some([192, 0, 2, 11].into());
                attempt.last_request = attempt.last;
            });
        assert!(judge(followed).is_empty());
    }

    #[test]
    fn a_nonce_that_is_always_stale_is_the_servers_fault() {
        let boot = BootBuilder::new()
            .registration(Status::Rejected, Some("401 Unauthorized"))
            .last_registration(|attempt| attempt.stale = STALE_REPEATS);
        let findings = judge(boot);
        assert!(findings[0].detail.contains("calls every nonce stale"));
        assert!(findings[0].remedy[1].contains("share their nonces"));
    }

    #[test]
    fn one_line_of_two_refused_is_a_warning() {
        let boot = BootBuilder::new()
            .registration(Status::Registered, Some("200 OK"))
            .registration(Status::Rejected, Some("404 Not Found"))
            .last_registration(line("sip:101@pbx.example"));
        let findings = judge(boot);
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].severity, Severity::Warning);
        assert!(findings[0].detail.contains("another of its lines"));
    }

    #[test]
    fn a_refusal_in_the_last_seconds_is_a_warning() {
        let refused = || BootBuilder::new().registration(Status::Rejected, Some("403 Forbidden"));
        let soon = |boot| Case::new("yealink-t4x", boot).ends_after_secs(2);
        let findings = soon(refused()).check(check);
        assert_eq!(findings[0].severity, Severity::Warning);
        assert!(findings[0].detail.contains("capture for longer"));
        // The phone had been refused before, and came back.
        let again = refused().last_registration(|attempt| {
            let mut before = attempt.last;
            before.time.0 -= 30_000_000_000;
            attempt.first = before;
            attempt.first_refusal = Some(before);
        });
        assert_eq!(soon(again).check(check)[0].severity, Severity::Error);
    }

    #[test]
    fn an_order_to_wait_is_no_refusal() {
        let waiting = |put_off| {
            BootBuilder::new()
                .registration(Status::Unanswered, Some("ask again in 30 s"))
                .last_registration(move |attempt| {
                    attempt.protocol = Protocol::Sccp;
                    attempt.put_off = put_off;
                })
        };
        assert_eq!(judge(waiting(1))[0].severity, Severity::Note);
        assert_eq!(judge(waiting(3))[0].severity, Severity::Warning);
        assert!(judge(waiting(0)).is_empty());
    }

    #[test]
    fn an_interval_refused_again_and_again_is_told_at_once() {
        let boot = |refusals| {
            BootBuilder::new()
                .registration(Status::Rejected, Some("423 Interval Too Brief"))
                .last_registration(move |attempt| {
                    attempt.refusals = refusals;
                    let mut before = attempt.last;
                    before.time.0 -= 40_000_000_000;
                    attempt.first = before;
                    attempt.first_refusal = Some(before);
                })
        };
        let soon = |boot| Case::new("yealink-t4x", boot).ends_after_secs(0);
        assert_eq!(soon(boot(3)).check(check)[0].severity, Severity::Error);
        assert!(soon(boot(1)).check(check).is_empty());
    }

    #[test]
    fn a_phone_without_a_password_is_told() {
        let challenged = || {
            BootBuilder::new()
                .registration(Status::Unanswered, Some("401 Unauthorized"))
                .last_registration(|attempt| attempt.with_credentials = false)
        };
        let findings = judge(challenged());
        assert!(findings[0].title.contains("the phone sends none"));
        // It may be thinking.
        let soon = Case::new("yealink-t4x", challenged()).ends_after_secs(2);
        assert!(soon.check(check).is_empty());
        // It did send some, and the answer to those is still out.
        let sent = challenged().last_registration(|attempt| attempt.with_credentials = true);
        assert!(judge(sent).is_empty());
    }

    #[test]
    fn an_interval_that_is_too_brief_names_the_least() {
        let boot = BootBuilder::new()
            .registration(Status::Unanswered, Some("423 Interval Too Brief"))
            .last_registration(|attempt| {
                let answer = attempt.answer.as_mut().unwrap();
                answer.min_expires_secs = Some(600);
            });
        let findings = judge(boot);
        assert!(findings[0].remedy[0].contains("600 s or more"));
    }

    #[test]
    fn a_server_in_trouble_for_the_moment_is_a_note() {
        let boot = || {
            BootBuilder::new()
                .registration(Status::Rejected, Some("503 Service Unavailable"))
                .last_registration(|attempt| {
                    let answer = attempt.answer.as_mut().unwrap();
                    answer.retry_after_secs = Some(30);
                    answer.hint = Some("overload".into());
                })
        };
        let soon = Case::new("yealink-t4x", boot()).ends_after_secs(20);
        let findings = soon.check(check);
        assert_eq!(findings[0].severity, Severity::Note);
        let no_registrar = BootBuilder::new().registration(Status::Rejected, Some("501 X"));
        let soon = Case::new("yealink-t4x", no_registrar).ends_after_secs(2);
        assert_eq!(soon.check(check)[0].severity, Severity::Warning);
        assert!(findings[0].detail.contains("\"overload\""));
        assert!(findings[0].remedy[1].contains("30 s"));
        assert_eq!(judge(boot())[0].severity, Severity::Error);
    }

    #[test]
    fn every_status_has_its_remedy() {
        for (status, words) in [
            (200, "max_contacts"),
            (301, "sends it to"),
            (404, "Create the account"),
            (405, "registrar"),
            (403, "fail2ban"),
            (423, "Lengthen"),
            (488, "Compare"),
            (500, "log of"),
        ] {
            let boot = BootBuilder::new()
                .registration(Status::Unanswered, Some(&format!("{status} X")))
                .last_registration(|attempt| {
                    if !matches!(status, 301 | 423) {
                        attempt.status = Status::Rejected;
                    }
                });
            let findings = judge(boot);
            let text = findings[0].remedy.join(" ");
            assert!(text.contains(words), "{status}: {text}");
        }
    }

    #[test]
    fn a_reject_of_sccp_asks_for_the_device() {
        let boot = BootBuilder::new()
            .registration(Status::Rejected, Some("Error: DB Config"))
            .last_registration(|attempt| attempt.protocol = Protocol::Sccp);
        assert!(judge(boot)[0].remedy[0].starts_with("Add the device"));
    }

    #[test]
    fn a_registration_that_lapses_is_a_warning() {
        let boot = BootBuilder::new()
            .registration(Status::Registered, Some("403 Forbidden"))
            .last_registration(|attempt| attempt.lapsed = Some(attempt.last));
        let findings = judge(boot);
        assert_eq!(findings[0].severity, Severity::Warning);
        assert!(findings[0].title.contains("refuses it now"));
    }
}
