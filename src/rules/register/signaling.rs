//! MGCP and H.323: what the rules about registrations say of servers that keep silent or
//! refuse. Of these protocols only the names of messages are known.

use crate::event::At;
use crate::finding::{About, Confidence, Finding, Severity};
use crate::rules::Context;
use crate::session::Boot;
use crate::session::signaling::Signaling;

use super::attempts;

/// Who repeats a message for so long in vain has got no answer: a call agent answers within
/// a second, and RAS gives up after some (RFC 3435 §4.3, H.225.0 table 18).
const GIVEN_UP_SECS: f64 = 10.0;
/// How often that is at the least.
const CALLS: u64 = 3;
/// A server that refuses takes the phone within this time, or the phone goes elsewhere.
const REFUSED_SECS: f64 = 20.0;

/// The servers that never answer, as `registration-unanswered`.
pub(super) fn unanswered(boot: &Boot, context: &Context<'_>) -> Vec<Finding> {
    boot.signaling
        .iter()
        .filter_map(|one| {
            let (first, last) = one.spoken.zip(one.last_spoken)?;
            let is_silent = one.answered.is_none()
                && one.calls >= CALLS
                && context.sees_answers(boot)
                && context.watched_secs_after(first) >= GIVEN_UP_SECS;
            is_silent.then(|| silence(boot, context, one, (first, last)))
        })
        .collect()
}

/// The servers that refuse, as `registration-rejected`.
pub(super) fn refused(boot: &Boot, context: &Context<'_>) -> Vec<Finding> {
    boot.signaling
        .iter()
        .filter(|one| !one.is_accepted())
        .filter_map(|one| {
            let refused = one.refused.as_ref()?;
            let stays = context.watched_secs_after(refused.at) >= REFUSED_SECS;
            let (words, title) = (&refused.value, one.title());
            let finding = Finding::new(
                "registration-rejected",
                severity(boot, stays),
                format!("{} refuses the phone by {title}: {words}", one.server),
            )
            .detail(format!(
                "The phone asked by {title} to be served, and was refused. It has no line there."
            ))
            .about(about(one))
            .evidence(one.first, format!("first {title} message"))
            .evidence(refused.at, format!("refused: {words}"))
            .remedy(format!(
                "See that {} knows this phone, by the name or number that it gives, and that the \
                 account is switched on.",
                one.server
            ))
            .remedy(format!("Look into the log of {} at this time.", one.server));
            Some(finding)
        })
        .collect()
}

fn silence(
    boot: &Boot,
    context: &Context<'_>,
    one: &Signaling,
    (first, last): (At, At),
) -> Finding {
    let (server, title) = (one.server, one.title());
    let undecided = attempts::is_undecided(boot, context, first, last);
    let ends = if undecided {
        attempts::ENDS_TOO_SOON
    } else {
        ""
    };
    Finding::new(
        "registration-unanswered",
        severity(boot, !undecided),
        format!("{server} does not answer the phone by {title}"),
    )
    .confidence(Confidence::Likely)
    .detail(format!(
        "The phone sent {} messages of {title} and got no answer.{ends}",
        one.calls
    ))
    .about(about(one))
    .evidence(first, format!("first {title} message"))
    .evidence(last, format!("last {title} message"))
    .remedy(format!(
        "See that {server} is the call server, runs, and serves {title}."
    ))
    .remedy(match title {
        "MGCP" => "Let UDP ports 2427 and 2727 pass between phone and call server, both ways.",
        _ => "Let UDP port 1719 and TCP port 1720 pass between phone and call server, both ways.",
    })
}

/// A phone that another call server takes, or that may yet be taken, has not failed.
fn severity(boot: &Boot, is_settled: bool) -> Severity {
    let is_up = boot.is_registered() || boot.signaling.iter().any(Signaling::is_accepted);
    if is_up || !is_settled {
        Severity::Note
    } else {
        Severity::Error
    }
}

fn about(one: &Signaling) -> About {
    About {
        server: Some(one.server),
        protocol: Some(one.protocol.name()),
        ..About::default()
    }
}

#[cfg(test)]
mod tests {
    use phoneboot_parsers::Protocol;

    use super::*;
    use crate::rules::testing::Case;
    use crate::session::registration::Status;
    use crate::session::testing::BootBuilder;

    fn leased() -> BootBuilder {
        BootBuilder::new().lease(&[66], &[(66, b"192.0.2.10")])
    }

    #[test]
    fn a_call_agent_that_never_answers_is_told() {
        let silent = || leased().signaling(Protocol::Mgcp, 5, false, None);
        let findings = Case::new("cisco-79x1", silent()).check(unanswered);
        assert_eq!(findings[0].severity, Severity::Error);
        assert!(findings[0].title.ends_with("by MGCP"));
        // Another protocol has brought the phone up.
        let up = silent().registration(Status::Registered, None);
        let findings = Case::new("cisco-79x1", up).check(unanswered);
        assert_eq!(findings[0].severity, Severity::Note);
    }

    #[test]
    fn a_few_calls_or_seconds_prove_nothing() {
        let few = leased().signaling(Protocol::H323, 2, false, None);
        let answered = leased().signaling(Protocol::H323, 5, true, None);
        for boot in [few, answered] {
            assert!(Case::new("avaya-96x1", boot).check(unanswered).is_empty());
        }
        let silent = leased().signaling(Protocol::H323, 3, false, None);
        let case = Case::new("avaya-96x1", silent).ends_after_secs(2);
        assert!(case.check(unanswered).is_empty());
    }

    #[test]
    fn a_gatekeeper_that_refuses_is_told_once_the_phone_stays_so() {
        let boot = || leased().signaling(Protocol::H323, 1, true, Some("registrationReject"));
        let findings = Case::new("avaya-96x1", boot()).check(refused);
        assert_eq!(findings[0].severity, Severity::Error);
        assert!(findings[0].title.ends_with("H.323: registrationReject"));
        let soon = Case::new("avaya-96x1", boot()).ends_after_secs(2);
        assert_eq!(soon.check(refused)[0].severity, Severity::Note);
    }
}
