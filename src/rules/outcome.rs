//! How a boot ended.
//!
//! The first row that holds:
//!
//! | What is known of the boot | Outcome |
//! |---|---|
//! | a call server accepted a line of the phone | `registered` |
//! | an error is found in it | `failed` |
//! | its files came, and it has turned to no call server | `loaded` |
//! | its files came, and a call server takes its call by TLS, MGCP or H.323, which do not show whether the phone is registered | `loaded` |
//! | only announcements of it are seen | `incomplete` |
//! | only one direction of it is seen, and it did not begin again | `incomplete` |
//! | it began again, fell silent or repeats itself beyond its family's patience | `stalled` |
//! | anything else | `incomplete` |
//!
//! A file of which the last request was never answered has not come, unless its family does
//! not care for it, or the phone went on to something else.
//!
//! So a phone that has its files and asks a call server in vain, be it refused, silent or
//! asking for credentials, is not `loaded`: its registration can be seen, and it is not there.

use crate::diagnosis::Outcome;
use crate::event::At;
use crate::finding::{Finding, Severity};
use crate::profiles::WhenAbsent;
use crate::session::reach::Connection;
use crate::session::signaling::Signaling;
use crate::session::tls::{Session, State};
use crate::session::{Boot, Phase};

use super::context::{Context, TransferVerdict};
use super::phases::entered;
use super::sides::{Side, only_side};

/// How the boot ended.
pub(super) fn outcome(boot: &Boot, context: &Context<'_>, findings: &[Finding]) -> Outcome {
    if boot.is_registered() {
        return Outcome::Registered;
    }
    if findings.iter().any(|f| f.severity == Severity::Error) {
        return Outcome::Failed;
    }
    if context.is_loaded(boot) && !is_turned_away(boot) && !awaits_file(boot, context) {
        return Outcome::Loaded;
    }
    // A phone that only announces itself may have been up for days.
    if entered(boot) == Phase::Link && !boot.followed_by_another {
        return Outcome::Incomplete;
    }
    let is_open = match only_side(boot) {
        Some(Side::FromPhone(_)) => !boot.followed_by_another,
        // That nothing more is sent to it says little of what it does.
        Some(Side::ToPhone(_)) => true,
        None => false,
    };
    if is_open {
        return Outcome::Incomplete;
    }
    // Some families take their time between the lease and their first request.
    let first_request_secs = context
        .profile
        .filter(|_| boot.transfers.is_empty())
        .and_then(|profile| profile.first_request_secs)
        .map_or(0.0, f64::from);
    let patience_secs = context.patience_secs().max(first_request_secs);
    if boot.followed_by_another
        || context.idle_secs(boot) >= patience_secs
        || repeats_itself(boot, context)
    {
        Outcome::Stalled
    } else {
        Outcome::Incomplete
    }
}

/// Whether the last thing that the phone did was to ask for a file that it uses, and nothing
/// came back.
fn awaits_file(boot: &Boot, context: &Context<'_>) -> bool {
    let goes_on = |at: At| {
        boot.transfers.iter().any(|other| other.first > at)
            || boot.reach.connections.iter().any(|call| call.last > at)
    };
    context.reads(boot).any(|(transfer, verdict)| {
        transfer.last == transfer.last_request
            && verdict != TransferVerdict::UpToDate
            && !transfer.is_delivered()
            && context.when_absent(transfer) != WhenAbsent::Benign
            && !goes_on(transfer.last)
    })
}

/// Whether the phone turned to call servers, and none of them took its call.
fn is_turned_away(boot: &Boot) -> bool {
    let calls = || {
        boot.reach
            .connections
            .iter()
            .filter(|call| boot.is_call_server(call.server, call.server_port))
    };
    let sent_back = boot.reach.unreachables.iter().any(|seen| {
        let quoted = &seen.value.quoted;
        !seen.value.refused_by_phone
            && quoted
                .ports
                .is_some_and(|(_, port)| boot.is_call_server(quoted.destination, port))
    });
    let has_tried = sent_back
        || calls().next().is_some()
        || boot.signaling.iter().any(|one| one.spoken.is_some());
    let is_heard = calls().any(|call| takes_call(boot, call))
        || boot.signaling.iter().any(Signaling::is_accepted);
    has_tried && !is_heard
}

/// Whether a call server takes a connection, and TLS over it does not end in the handshake.
fn takes_call(boot: &Boot, call: &Connection) -> bool {
    let is_over = |session: &Session| {
        matches!(
            session.state(),
            State::Refused(_) | State::CutOff(_) | State::HelloUnanswered
        )
    };
    let mut sessions = boot
        .tls
        .iter()
        .filter(|session| session.server == call.server && session.server_port == call.server_port)
        .peekable();
    let speaks_tls = sessions.peek().is_some();
    call.accepted.is_some() && (!speaks_tls || sessions.any(|session| !is_over(session)))
}

/// Whether the phone has asked for the same thing over and over for longer than its
/// family does without being stuck.
fn repeats_itself(boot: &Boot, context: &Context<'_>) -> bool {
    let repeated = boot
        .transfers
        .iter()
        .filter(|transfer| transfer.requests > 1)
        .map(|transfer| transfer.last_request.time.secs_since(transfer.first.time))
        .fold(0.0, f64::max);
    repeated >= context.patience_secs()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Seen;
    use crate::rules::testing::Case;
    use crate::session::testing::{BootBuilder, SERVER};
    use crate::session::transfer::Status;
    use crate::session::{registration, tls};
    use phoneboot_parsers::Protocol;

    /// The outcome of one boot of a Cisco phone, `secs` before the capture's end.
    fn outcome_of(boot: BootBuilder, secs: i64, findings: &[Finding]) -> &'static str {
        let case = Case::new("cisco-79x1", boot).ends_after_secs(secs);
        let said = case.check(|boot, context| {
            let word = outcome(boot, context, findings).name();
            vec![Finding::new(word, Severity::Note, "")]
        });
        said[0].id
    }

    fn fetched() -> BootBuilder {
        BootBuilder::new()
            .lease(&[150], &[(150, &[192, 0, 2, 10])])
            .tftp("SEP001AA17BE638.cnf.xml", Status::Complete)
    }

    #[test]
    fn a_registered_boot_is_registered_whatever_else_was_found() {
        let error = [Finding::new("file-missing", Severity::Error, "")];
        let boot = fetched().registration(registration::Status::Registered, None);
        assert_eq!(outcome_of(boot, 1, &error), "registered");
    }

    #[test]
    fn an_error_explains_a_failure_and_a_warning_does_not() {
        let error = [Finding::new("file-missing", Severity::Error, "")];
        let warning = [Finding::new("file-missing", Severity::Warning, "")];
        assert_eq!(outcome_of(fetched(), 1, &error), "failed");
        assert_eq!(outcome_of(fetched(), 1, &warning), "loaded");
    }

    #[test]
    fn silence_makes_the_difference_between_incomplete_and_stalled() {
        let asked = || BootBuilder::new().lease(&[150], &[(150, &[192, 0, 2, 10])]);
        assert_eq!(outcome_of(asked(), 5, &[]), "incomplete");
        assert_eq!(outcome_of(asked(), 300, &[]), "stalled");
    }

    #[test]
    fn one_direction_of_a_boot_does_not_show_that_it_stands_still() {
        let asked = || BootBuilder::new().lease(&[150], &[(150, &[192, 0, 2, 10])]);
        let to_phone = asked().with(|boot, _| {
            boot.frames_from_phone = 0;
            let messages = &mut boot.lease.messages;
            messages.retain(|message| message.message.op == 2);
        });
        let from_phone = asked().with(|boot, _| {
            boot.frames_to_phone = 0;
            let messages = &mut boot.lease.messages;
            messages.retain(|message| message.message.op == 1);
        });
        assert_eq!(outcome_of(to_phone, 300, &[]), "incomplete");
        assert_eq!(outcome_of(from_phone, 300, &[]), "incomplete");
        assert_eq!(outcome_of(asked(), 300, &[]), "stalled");
    }

    #[test]
    fn who_asks_a_call_server_in_vain_is_not_loaded() {
        let silent = || fetched().connection(SERVER, 2000, |_, _| {});
        let refused = || fetched().connection(SERVER, 1720, |call, at| call.refused = Some(at));
        let accepted = || fetched().connection(SERVER, 2000, |call, at| call.accepted = Some(at));
        assert_eq!(outcome_of(silent(), 5, &[]), "incomplete");
        assert_eq!(outcome_of(silent(), 300, &[]), "stalled");
        assert_eq!(outcome_of(refused(), 300, &[]), "stalled");
        assert_eq!(outcome_of(accepted(), 300, &[]), "loaded");
        // The second one takes it.
        let second = silent().connection([192, 0, 2, 12].into(), 2000, |call, at| {
            call.accepted = Some(at);
        });
        assert_eq!(outcome_of(second, 300, &[]), "loaded");
        // A file server that is silent is none.
        let other = fetched().connection(SERVER, 80, |_, _| {});
        assert_eq!(outcome_of(other, 300, &[]), "loaded");
    }

    #[test]
    fn a_file_that_is_asked_for_again_in_vain_has_not_come() {
        let asked_again = || {
            fetched().transfer(Protocol::Http, "/x.cfg", Status::Unauthorized, |transfer| {
                transfer.last_request = transfer.last;
            })
        };
        assert_eq!(outcome_of(asked_again(), 5, &[]), "incomplete");
        assert_eq!(outcome_of(asked_again(), 300, &[]), "stalled");
        let went_on = asked_again().tftp("ringlist.xml", Status::Complete);
        assert_eq!(outcome_of(went_on, 300, &[]), "loaded");
    }

    #[test]
    fn what_sip_says_in_the_clear_is_no_hidden_registration() {
        for status in [
            registration::Status::Unanswered,
            registration::Status::Rejected,
        ] {
            let boot = fetched().registration(status, Some("401 Unauthorized"));
            assert_eq!(outcome_of(boot, 300, &[]), "stalled");
        }
    }

    #[test]
    fn tls_to_the_call_server_hides_the_registration_once_it_stands() {
        let hello = || fetched().tls(5061, |_, _| {});
        let cut_off = fetched().tls(5061, |session, at| {
            let end = tls::End {
                by_phone: true,
                reset: false,
            };
            session.ended = Some(Seen::new(end, at));
        });
        let stands = fetched().tls(5061, |session, at| {
            session.phone_encrypts = Some(at);
            session.server_accepts = Some(at);
        });
        assert_eq!(outcome_of(hello(), 300, &[]), "stalled");
        assert_eq!(outcome_of(cut_off, 300, &[]), "stalled");
        assert_eq!(outcome_of(stands, 300, &[]), "loaded");
    }

    #[test]
    fn mgcp_and_h323_count_once_the_other_side_answers() {
        for (answered, refused, outcome) in [
            (false, None, "stalled"),
            (true, None, "loaded"),
            (true, Some("registrationReject"), "stalled"),
        ] {
            let boot = fetched().signaling(Protocol::H323, 1, answered, refused);
            assert_eq!(outcome_of(boot, 300, &[]), outcome);
        }
    }

    #[test]
    fn a_phone_that_only_announces_itself_is_not_judged() {
        let boot = BootBuilder::new().phone_cdp(phoneboot_parsers::cdp::Message::default());
        assert_eq!(outcome_of(boot, 300, &[]), "incomplete");
    }

    #[test]
    fn a_family_that_asks_late_is_waited_for() {
        for (family, expected) in [("htek", "incomplete"), ("yealink-t4x", "stalled")] {
            let boot = BootBuilder::new().lease(&[66], &[(66, b"http://192.0.2.10")]);
            let case = Case::new(family, boot).ends_after_secs(240);
            let said = case.check(|boot, context| {
                let word = outcome(boot, context, &[]).name();
                vec![Finding::new(word, Severity::Note, "")]
            });
            assert_eq!(said[0].id, expected, "{family}");
        }
    }

    #[test]
    fn questions_for_neighbors_do_not_keep_a_boot_alive() {
        let silent = || BootBuilder::new().lease(&[150], &[(150, &[192, 0, 2, 10])]);
        let boot = silent().after_secs(300).arp(SERVER, 1, false);
        assert_eq!(outcome_of(boot, 1, &[]), "stalled");
    }
}
