//! The switch port asks for 802.1X, and the phone does not get in.
//!
//! ## What it sees
//! EAP failure; or EAP requests of the switch that the phone never answers; or EAPOL-Start
//! of the phone that the switch never answers. And after that nothing that a server would
//! have to answer gets one: no OFFER, no ARP reply, no file.
//!
//! ## Why the phone stops
//! A port that runs 802.1X drops every frame but EAPOL (and mostly CDP and LLDP) until the
//! phone is let in. To the phone it looks like a network without DHCP server.
//!
//! ## How to fix it
//! 1. Look into the RADIUS server's log for the identity or the MAC address that the report
//!    names: it says why the phone was refused.
//! 2. "Unknown CA" and other certificate alerts: the side that sends the alert lacks the
//!    other's CA. From the phone: give it the CA of the RADIUS server. From the server:
//!    import the CA of the phone's certificate (the maker's, or your own).
//! 3. "Wants PEAP instead" and the like: allow a method that the phone knows.
//! 4. A phone that never answers has 802.1X switched off, or does not know it. Switch it on,
//!    or let the port fall back to the MAC address (`mab` on Cisco).
//!
//! ## When it may be wrong
//! Most switches ask every port two or three times, and fall back to the MAC address or a
//! guest VLAN after that: half a minute to one and a half after the link came up. A capture
//! that ends before cannot show it. A phone that gets in that way is fine; after an EAP failure
//! that is noted, as a guest VLAN may not be what you want. EAPOL-Start without an answer
//! is normal on ports without 802.1X; it is only told when nothing else gets through.
//!
//! ## References
//! IEEE Std 802.1X-2010 clause 8; RFC 3748 §4; RFC 5216 §2.1.3; RFC 8446 §6 (alerts).

use phoneboot_parsers::eapol;

use crate::event::At;
use crate::finding::{About, Confidence, Finding, Severity};
use crate::rules::Context;
use crate::rules::switch::Port;
use crate::session::port::{Auth, AuthMessage, AuthState, method_name, tls_alert_words};
use crate::session::{Boot, Phase, Step};

/// Other ways into the port are taken within this time after a failure.
const OTHER_WAY_SECS: f64 = 20.0;
/// A phone that is let in has its OFFER within this time.
const OFFER_SECS: f64 = 10.0;

pub(in crate::rules) fn check(boot: &Boot, context: &Context<'_>) -> Vec<Finding> {
    let auth = &boot.link.auth;
    let found = match auth.state() {
        Some(AuthState::Failure) => failure(boot, context),
        Some(AuthState::PhoneSilent) => phone_silent(boot, context),
        Some(AuthState::SwitchSilent) => switch_silent(boot, context),
        Some(AuthState::Success | AuthState::Unfinished) | None => None,
    };
    found.into_iter().collect()
}

/// Where something came through the port after this moment that had to come from behind
/// it.
fn came_through(boot: &Boot, after: At) -> Option<At> {
    let lease = boot.lease.messages.iter();
    let leases = lease
        .filter(|seen| seen.message.op == 2)
        .map(|seen| seen.at);
    let transfers = boot
        .transfers
        .iter()
        .filter_map(|transfer| transfer.answered);
    let calls = boot.reach.connections.iter();
    let calls = calls.filter_map(|call| call.accepted.or(call.refused));
    let neighbors = boot.reach.arp.iter().filter_map(|target| target.answer);
    leases
        .chain(transfers)
        .chain(calls)
        .chain(neighbors.map(|answer| answer.at))
        .find(|at| *at > after)
}

/// What the phone asked of the network after this moment.
fn efforts(boot: &Boot, after: At) -> impl DoubleEndedIterator<Item = &Step> {
    boot.timeline
        .iter()
        .filter(move |step| step.from_phone && step.phase != Phase::Link && step.at > after)
}

fn new(severity: Severity, confidence: Confidence, title: String) -> Finding {
    Finding::new("port-auth-failed", severity, title)
        .confidence(confidence)
        .about(About {
            protocol: Some("eapol"),
            ..About::default()
        })
}

fn failure(boot: &Boot, context: &Context<'_>) -> Option<Finding> {
    let auth = &boot.link.auth;
    let (_, failed) = auth.result()?;
    let by = auth.method().map(method_name);
    let method = by.map_or_else(String::new, |by| format!(" ({by})"));
    if let Some(through) = came_through(boot, failed.last) {
        let title = format!("802.1X failed{method}, and the port let the phone in all the same");
        let finding = new(Severity::Note, Confidence::Certain, title)
            .detail(format!(
                "{}The port fell back to the phone's MAC address or to a guest VLAN.",
                account(auth)
            ))
            .evidence(failed.last, "EAP failure")
            .evidence(through, "an answer from behind the port");
        return Some(finding);
    }
    let first = first_failure(auth).unwrap_or(failed.first);
    let keeps_out = came_through(boot, first).is_none();
    let since = if keeps_out { first } else { failed.last };
    if boot.is_registered() || context.watched_secs_after(since) < OTHER_WAY_SECS {
        return None;
    }
    let tried = efforts(boot, since).next_back();
    // A phone that tried nothing may be waiting for the next round.
    if tried.is_none() && context.watched_secs_after(failed.last) < context.patience_secs() {
        return None;
    }
    let confidence = if tried.is_some() {
        Confidence::Certain
    } else {
        Confidence::Likely
    };
    let port = Port::of(boot);
    let title = format!(
        "802.1X failed{method}: {} keeps the phone out",
        port.words()
    );
    let mut finding = new(Severity::Error, confidence, title).detail(format!(
        "{}After the EAP failure nothing came through the port any more.",
        account(auth)
    ));
    if let Some((_, alert)) = auth.alert() {
        finding = finding.evidence(alert.first, "TLS alert within EAP");
    }
    finding = finding.evidence(failed.last, "EAP failure");
    if let Some(tried) = tried {
        finding = finding.evidence(tried.at, format!("no answer: {}", tried.summary));
    }
    for remedy in remedies(auth) {
        finding = finding.remedy(remedy);
    }
    Some(let_in_by_mac(finding, &port, context))
}

/// The first EAP failure.
fn first_failure(auth: &Auth) -> Option<At> {
    let is_failure = |message: &&AuthMessage| {
        let packet = message.message.eap.as_ref();
        packet.is_some_and(|packet| packet.code == eapol::FAILURE)
    };
    Some(auth.messages.iter().find(is_failure)?.first)
}

/// Whether the port may be what drops the phone's frames, and the capture ends before that
/// can be told.
pub(in crate::rules) fn may_come(boot: &Boot, context: &Context<'_>) -> bool {
    let state = boot.link.auth.state();
    matches!(state, Some(AuthState::Failure | AuthState::PhoneSilent))
        && came_through(boot, boot.started).is_none()
        && context.idle_secs(boot) < context.patience_secs()
        && check(boot, context).is_empty()
}

/// What was said before the failure, in sentences.
fn account(auth: &Auth) -> String {
    let identity = auth
        .identity()
        .map(|identity| format!("The phone says it is \"{identity}\". "));
    let wish = auth.wanted().map(|(wanted, _)| match wanted {
        [0] => "It refused the switch's method and named no other. ".to_owned(),
        wanted => format!("It wanted {} instead. ", method_names(wanted)),
    });
    let alert = auth.alert().map(|(description, alert)| {
        let side = if alert.from_phone {
            "The phone"
        } else {
            "The RADIUS server"
        };
        let alert = tls_alert_words(description);
        format!("{side} ended the TLS handshake with {alert}. ")
    });
    let notification = auth
        .notification()
        .map(|text| format!("The switch says: \"{text}\". "));
    let sentences = [identity, wish, alert, notification];
    sentences.into_iter().flatten().collect()
}

fn method_names(methods: &[u8]) -> String {
    let names: Vec<String> = methods.iter().map(|&method| method_name(method)).collect();
    names.join(" or ")
}

/// What to do about the reason that was given.
fn remedies(auth: &Auth) -> Vec<String> {
    let mut remedies = Vec::new();
    match auth.alert() {
        Some((42..=46 | 48, alert)) if alert.from_phone => remedies.push(
            "Give the phone the CA that issued the RADIUS server's certificate, or the server a \
             certificate that the phone trusts; see that it has not expired."
                .to_owned(),
        ),
        Some((42..=46 | 48 | 116, _)) => remedies.push(
            "Import the CA of the phone's certificate (its maker's, or your own) into the RADIUS \
             server, or give the phone a certificate that the server trusts."
                .to_owned(),
        ),
        Some((40 | 70 | 71, _)) => remedies.push(
            "Allow a TLS version and ciphers on the RADIUS server that the phone knows: old \
             phones speak TLS 1.0 only."
                .to_owned(),
        ),
        _ => {}
    }
    if let Some((wanted, _)) = auth.wanted().filter(|(wanted, _)| *wanted != [0]) {
        remedies.push(format!(
            "Allow {} for this phone on the RADIUS server.",
            method_names(wanted)
        ));
    }
    remedies.push(match auth.identity() {
        Some(identity) => {
            format!("Look for \"{identity}\" in the RADIUS server's log: it says why.")
        }
        None => "Look for the phone in the RADIUS server's log: it says why.".to_owned(),
    });
    remedies
}

fn let_in_by_mac(finding: Finding, port: &Port, context: &Context<'_>) -> Finding {
    let mac = context
        .phone
        .mac
        .map_or_else(|| "its MAC address".to_owned(), |mac| mac.to_string());
    finding.remedy(format!(
        "Or let the port accept {mac} without 802.1X: {}, and add the address to the RADIUS \
         server.",
        port.mac_bypass()
    ))
}

fn phone_silent(boot: &Boot, context: &Context<'_>) -> Option<Finding> {
    let mut requests = boot.link.auth.requests();
    let first = requests.next()?;
    let last = requests.next_back().unwrap_or(first);
    let count: u64 = boot.link.auth.requests().map(|request| request.count).sum();
    if boot.is_registered()
        || came_through(boot, boot.started).is_some()
        || context.watched_secs_after(first.first) < OFFER_SECS
    {
        return None;
    }
    let tried = efforts(boot, first.first).next_back()?;
    if efforts(boot, first.first).count() < 2 && context.watched_secs_after(tried.at) < OFFER_SECS {
        return None;
    }
    let port = Port::of(boot);
    let confidence = if count > 1 {
        Confidence::Likely
    } else {
        Confidence::Possible
    };
    let title = format!(
        "{} asks for 802.1X, and the phone never answers",
        port.words()
    );
    let times = if count == 1 {
        "once".to_owned()
    } else {
        format!("{count} times")
    };
    let finding = new(Severity::Error, confidence, title)
        .detail(format!(
            "The switch asked {times} who is there, and got no answer. Nothing came through the \
             port since, so what the phone sends is dropped there."
        ))
        .evidence(first.first, "EAP request, identity")
        .evidence(last.last, "still: EAP request, identity")
        .evidence(tried.at, format!("no answer: {}", tried.summary))
        .remedy(
            "Switch 802.1X on in the phone's network settings, with the user and password or the \
             certificate that the RADIUS server knows.",
        );
    Some(let_in_by_mac(finding, &port, context))
}

fn switch_silent(boot: &Boot, context: &Context<'_>) -> Option<Finding> {
    let first = boot.link.auth.starts().next()?;
    let last = boot.link.auth.starts().next_back()?;
    let count: u64 = boot.link.auth.starts().map(|start| start.count).sum();
    if boot.is_registered()
        || count < 2
        || came_through(boot, boot.started).is_some()
        || context.watched_secs_after(first.first) < OTHER_WAY_SECS
    {
        return None;
    }
    let tried = efforts(boot, first.first).next_back()?;
    let port = Port::of(boot);
    let finding = new(
        Severity::Warning,
        Confidence::Possible,
        format!(
            "the phone starts 802.1X, and {} never answers",
            port.words()
        ),
    )
    .detail(format!(
        "The phone sent EAPOL-Start {count} times. That is normal on a port without 802.1X; but \
         nothing else came through either."
    ))
    .evidence(first.first, "EAPOL-Start")
    .evidence(last.last, "last EAPOL-Start")
    .evidence(tried.at, format!("no answer: {}", tried.summary))
    .remedy(
        "If the port should run 802.1X: see that it does, that the switch reaches its RADIUS \
         server, and that no unmanaged switch or media converter between drops EAPOL \
         (01:80:c2:00:00:03).",
    )
    .remedy("If it should not: look at DHCP in the phone's VLAN first.");
    Some(finding)
}

#[cfg(test)]
mod tests {
    use phoneboot_parsers::dhcp::MessageType;
    use phoneboot_parsers::eapol;

    use super::*;
    use crate::rules::testing::Case;
    use crate::session::registration::Status;
    use crate::session::testing::BootBuilder;

    fn eap(code: u8, method: Option<u8>) -> eapol::Packet {
        eapol::Packet {
            code,
            id: 1,
            length: 5,
            method,
            ..eapol::Packet::default()
        }
    }

    fn asked() -> BootBuilder {
        BootBuilder::new().eap(false, eap(eapol::REQUEST, Some(eapol::IDENTITY)))
    }

    fn discovers(boot: BootBuilder) -> BootBuilder {
        boot.after_secs(1)
            .dhcp(MessageType::Discover, &[])
            .after_secs(8)
            .dhcp(MessageType::Discover, &[])
    }

    /// Identity, then TLS, which `phone` ends with "unknown CA".
    fn refused(by_phone: bool) -> BootBuilder {
        asked()
            .eap(
                true,
                eapol::Packet {
                    identity: Some("CP-7961G-SEP001AA17BE638".into()),
                    ..eap(eapol::RESPONSE, Some(eapol::IDENTITY))
                },
            )
            .eap(false, eap(eapol::REQUEST, Some(13)))
            .eap(
                by_phone,
                eapol::Packet {
                    tls_alert: Some((2, 48)),
                    ..eap(
                        if by_phone {
                            eapol::RESPONSE
                        } else {
                            eapol::REQUEST
                        },
                        Some(13),
                    )
                },
            )
            .eap(false, eap(eapol::FAILURE, None))
    }

    fn check_of(boot: BootBuilder) -> Vec<Finding> {
        Case::new("cisco-79x1", boot).check(check)
    }

    #[test]
    fn a_failure_without_another_way_is_an_error() {
        let findings = check_of(discovers(refused(true)));
        assert_eq!(findings.len(), 1);
        let finding = &findings[0];
        assert_eq!(finding.severity, Severity::Error);
        assert_eq!(finding.confidence, Confidence::Certain);
        assert_eq!(
            finding.title,
            "802.1X failed (EAP-TLS): the switch port keeps the phone out"
        );
        assert_eq!(
            finding.detail,
            "The phone says it is \"CP-7961G-SEP001AA17BE638\". The phone ended the TLS \
             handshake with alert 48, unknown CA. After the EAP failure nothing came through the \
             port any more."
        );
        assert!(finding.remedy[0].starts_with("Give the phone the CA"));
        assert_eq!(finding.evidence.len(), 3);
        let by_server = check_of(discovers(refused(false)));
        assert!(by_server[0].remedy[0].starts_with("Import the CA"));
    }

    #[test]
    fn a_failed_phone_that_tries_nothing_is_likely_stuck() {
        assert_eq!(check_of(refused(true))[0].confidence, Confidence::Likely);
        let soon = Case::new("cisco-79x1", refused(true)).ends_after_secs(19);
        assert!(soon.check(check).is_empty());
    }

    #[test]
    fn failures_in_a_row_need_no_long_end() {
        let round = |boot: BootBuilder| {
            boot.eap(false, eap(eapol::FAILURE, None))
                .dhcp(MessageType::Discover, &[])
                .after_secs(30)
                .eap(false, eap(eapol::REQUEST, Some(eapol::IDENTITY)))
                .eap(true, eap(eapol::RESPONSE, Some(eapol::IDENTITY)))
        };
        let twice = round(round(BootBuilder::new())).eap(false, eap(eapol::FAILURE, None));
        let case = Case::new("cisco-79x1", twice).ends_after_secs(2);
        assert_eq!(case.check(check)[0].severity, Severity::Error);
    }

    #[test]
    fn a_wish_for_another_method_is_named() {
        let boot = asked()
            .eap(false, eap(eapol::REQUEST, Some(4)))
            .eap(
                true,
                eapol::Packet {
                    wanted: vec![25],
                    ..eap(eapol::RESPONSE, Some(eapol::NAK))
                },
            )
            .eap(false, eap(eapol::FAILURE, None));
        let finding = &check_of(discovers(boot))[0];
        assert!(finding.detail.starts_with("It wanted EAP-PEAP instead."));
        assert_eq!(
            finding.remedy[0],
            "Allow EAP-PEAP for this phone on the RADIUS server."
        );
    }

    #[test]
    fn a_phone_that_gets_in_another_way_is_noted() {
        let findings = check_of(refused(true).lease(&[150], &[]));
        assert_eq!(findings[0].severity, Severity::Note);
    }

    #[test]
    fn a_success_after_a_failure_is_a_success() {
        let boot = refused(true).eap(false, eap(eapol::SUCCESS, None));
        assert!(check_of(discovers(boot)).is_empty());
    }

    #[test]
    fn questions_that_the_phone_never_answers_are_an_error() {
        let boot = discovers(asked()).eap(false, eap(eapol::REQUEST, Some(eapol::IDENTITY)));
        let findings = check_of(boot);
        assert_eq!(findings[0].severity, Severity::Error);
        assert_eq!(findings[0].confidence, Confidence::Likely);
        assert_eq!(
            findings[0].title,
            "the switch port asks for 802.1X, and the phone never answers"
        );
        assert!(findings[0].remedy[1].contains("00:1a:a1:7b:e6:38"));
    }

    #[test]
    fn questions_before_the_mac_address_lets_the_phone_in_are_none() {
        assert!(check_of(discovers(asked()).lease(&[150], &[])).is_empty());
        let registered = asked().registration(Status::Registered, None);
        assert!(check_of(registered).is_empty());
    }

    #[test]
    fn questions_to_a_phone_that_wants_nothing_are_none() {
        assert!(check_of(asked()).is_empty());
    }

    #[test]
    fn a_question_that_a_pc_answers_is_none_to_the_phone() {
        let boot = asked().with(|boot, _| boot.link.auth.messages[0].answered_by_other = true);
        assert!(check_of(discovers(boot)).is_empty());
    }

    #[test]
    fn starts_without_an_answer_are_a_warning_when_nothing_comes_through() {
        let boot = (0..3).fold(BootBuilder::new(), |boot, _| boot.eapol_start());
        let findings = check_of(discovers(boot));
        assert_eq!(findings[0].severity, Severity::Warning);
        let boot = (0..3).fold(BootBuilder::new(), |boot, _| boot.eapol_start());
        assert!(check_of(boot.lease(&[150], &[])).is_empty());
    }

    #[test]
    fn a_capture_that_ends_at_once_proves_nothing() {
        let boot = asked().dhcp(MessageType::Discover, &[]);
        let case = Case::new("cisco-79x1", boot).ends_after_secs(5);
        assert!(case.check(check).is_empty());
    }
}
