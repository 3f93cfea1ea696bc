//! No time server told the phone the time.
//!
//! ## What it sees
//! NTP requests, and no answer; or answers that refuse ("kiss of death") or say that the
//! server's own clock is not set.
//!
//! ## Why the phone stops
//! Mostly it does not: it shows a wrong time. A phone that has been reset believes in the
//! date of its factory, and then takes certificates for not yet or no longer valid: HTTPS and
//! SIP over TLS fail.
//!
//! ## How to fix it
//! 1. See that an NTP server runs there and that UDP port 123 gets to it.
//! 2. Name the right one in DHCP option 42, or in the phone's configuration.
//!
//! ## When it may be wrong
//! A note only: phones without certificates live well without the time.
//!
//! ## References
//! RFC 5905 §7.4 (kiss codes); RFC 4330 §5 (which answers count); RFC 2132 §8.3 (option 42).

use std::net::IpAddr;

use crate::finding::{About, Finding, Severity};
use crate::rules::Context;
use crate::session::Boot;
use crate::session::clock::{TimeAnswer, TimeServer};

/// An answer takes milliseconds; this many seconds are enough.
const ANSWER_SECS: f64 = 5.0;

pub(in crate::rules) fn check(boot: &Boot, context: &Context<'_>) -> Vec<Finding> {
    let servers = &boot.time;
    let has_time = servers.iter().any(TimeServer::told);
    let can_tell = |server: &TimeServer| {
        server.answer.is_some()
            || (context.sees_answers(boot)
                && context.watched_secs_after(server.first) >= ANSWER_SECS)
    };
    let [first, ..] = servers.as_slice() else {
        return Vec::new();
    };
    if has_time || !servers.iter().all(can_tell) {
        return Vec::new();
    }
    let who: Vec<String> = servers.iter().map(|s| boot.called(s.server)).collect();
    let who = who.join(", ");
    let refused = servers.iter().find_map(|server| {
        let seen = server.answer.as_ref()?;
        Some((server.server, seen))
    });
    let title = match refused.map(|(_, seen)| &seen.value) {
        None => format!("time server {who} does not answer"),
        Some(TimeAnswer::Refused(code)) => format!("time server {who} refuses the time ({code})"),
        Some(_) => format!("time server {who} does not know the time itself"),
    };
    let n_asked: u64 = servers.iter().map(|server| server.asked).sum();
    let last = servers.iter().map(|server| server.last).max();
    let mut finding = Finding::new("time-server-unanswered", Severity::Note, title)
        .detail(format!(
            "The phone asked {n_asked} times for the time and was told none. Certificates may then \
             seem not yet valid to it."
        ))
        .about(About {
            server: Some(refused.map_or(first.server, |(server, _)| server)),
            port: Some(123),
            protocol: Some("ntp"),
            ..About::default()
        })
        .evidence(first.first, "asks for the time");
    if let Some((_, seen)) = refused {
        finding = finding.evidence(seen.at, "an answer without the time");
    } else if let Some(last) = last {
        finding = finding.evidence(last, "the last request");
    }
    vec![finding.remedy(remedy(boot, first.server))]
}

fn remedy(boot: &Boot, server: IpAddr) -> String {
    let by_lease = boot.lease.boot_data().and_then(|lease| {
        let named = lease.message.addresses(42)?;
        named
            .iter()
            .any(|&named| IpAddr::V4(named) == server)
            .then_some(())
    });
    let place = if by_lease.is_some() {
        "correct DHCP option 42"
    } else {
        "name another in DHCP option 42 or in the phone's configuration"
    };
    format!("See that {server} runs an NTP server and lets UDP port 123 through, or {place}.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Seen;
    use crate::rules::testing::Case;
    use crate::session::testing::{BootBuilder, SERVER};

    fn asked(answer: Option<TimeAnswer>) -> BootBuilder {
        BootBuilder::new()
            .lease(&[42], &[(42, &SERVER.octets())])
            .with(|boot, at| {
                boot.time.push(TimeServer {
                    server: IpAddr::V4(SERVER),
                    first: at,
                    last: at,
                    asked: 3,
                    answer: answer.map(|answer| Seen::new(answer, at)),
                });
            })
    }

    #[test]
    fn silence_is_a_note() {
        let findings = Case::new("yealink-t4x", asked(None)).check(check);
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].severity, Severity::Note);
        assert_eq!(findings[0].title, "time server 192.0.2.10 does not answer");
        assert!(findings[0].remedy[0].ends_with("correct DHCP option 42."));
    }

    #[test]
    fn a_refusal_is_named() {
        let refused = asked(Some(TimeAnswer::Refused("DENY".into())));
        let findings = Case::new("yealink-t4x", refused).check(check);
        assert_eq!(
            findings[0].title,
            "time server 192.0.2.10 refuses the time (DENY)"
        );
        let findings = Case::new("yealink-t4x", asked(Some(TimeAnswer::NotSet))).check(check);
        assert_eq!(
            findings[0].title,
            "time server 192.0.2.10 does not know the time itself"
        );
    }

    #[test]
    fn one_answer_or_too_short_a_capture_is_silent() {
        let told = TimeAnswer::Told {
            unix_nanos: 0,
            offset_nanos: 0,
            stratum: 2,
        };
        let case = Case::new("yealink-t4x", asked(Some(told)));
        assert!(case.check(check).is_empty());
        let case = Case::new("yealink-t4x", asked(None)).ends_after_secs(2);
        assert!(case.check(check).is_empty());
        assert!(
            Case::new("yealink-t4x", BootBuilder::new())
                .check(check)
                .is_empty()
        );
    }
}
