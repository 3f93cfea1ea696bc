//! Phone and server cannot agree on TLS, or one of them does not trust the other.
//!
//! ## What it sees
//! A client hello of the phone, and instead of a complete handshake a fatal alert, the
//! connection's end, or silence. What the alert says is held against the phone's offer, the
//! server's certificate, and the capture's clock. It also looks at registrations over TLS
//! (ports 5061 and 2443).
//!
//! ## Why the phone stops
//! Without the handshake there is no file and no registration. Old phones speak TLS 1.0 with
//! ciphers that servers of today refuse; they know the certificate authorities of the year
//! in which their firmware was built; and a phone without the time of day takes every
//! certificate for one that is not valid yet.
//!
//! ## How to fix it
//! 1. Version or cipher: newer firmware if there is one (Polycom SoundPoint: 4.0.15, VVX:
//!    5.9.4); else let the server speak the old version on a port of its own.
//! 2. Unknown issuer: load the issuer's certificate into the phone, by HTTP before HTTPS; or
//!    use one that its firmware knows; and let the server send the certificates in between.
//! 3. Expired: renew the certificate. Wrong clock: a time server in option 42 that answers.
//! 4. Wrong name: call the server by a name that its certificate covers.
//! 5. The phone's own certificate: add its issuer to the server, or do not ask for one.
//!
//! ## When it may be wrong
//! From TLS 1.3 on certificates and most alerts are encrypted; then lengths and the order of
//! the records are all there is, and the finding says that it is less sure. Phones that try
//! one version after the other, or that fall back to HTTP, are not reported once they
//! succeed with the same server. Right after the first failure of a fetch it is a note.
//!
//! ## References
//! RFC 8446 §6 (alerts), §4.1; RFC 5246 §7.2, §7.4; RFC 6066 §3 (server name); RFC 5280
//! §4.1.2.5 (validity); RFC 6125 (names).

use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::dissect::certificate::{Certificate, date};
use crate::event::At;
use crate::finding::{About, Confidence, Finding, Severity};
use crate::rules::{Context, names};
use crate::session::Boot;
use crate::session::tls::Session;

use super::loss::times;
use super::tls_reason::{
    self, Reason, called_name, chain, clock, is_old, own_certificate_expired, server_is_old,
};
use super::tls_remedy::remedy;

/// A phone that has another way takes it within this time.
const OTHER_WAY_SECS: f64 = 5.0;

/// Who hangs up this often means it.
const PROOF: usize = 3;

/// A handshake that failed.
struct Failure<'b> {
    session: &'b Session,
    reason: Reason,
    confidence: Confidence,
    at: At,
}

pub(in crate::rules) fn check(boot: &Boot, context: &Context<'_>) -> Vec<Finding> {
    let mut by_server: BTreeMap<(IpAddr, u16), Vec<Failure<'_>>> = BTreeMap::new();
    for session in &boot.tls {
        if let Some((reason, confidence, at)) = tls_reason::of(session, boot, context)
            && !succeeds_elsewhere(boot, session)
        {
            let place = (session.server, session.server_port);
            by_server.entry(place).or_default().push(Failure {
                session,
                reason,
                confidence,
                at,
            });
        }
    }
    by_server
        .into_values()
        .filter_map(|failures| finding(boot, context, &failures))
        .collect()
}

/// Whether the phone came through to the same server at some time.
fn succeeds_elsewhere(boot: &Boot, failed: &Session) -> bool {
    let name = &failed.hello.value.server_name;
    boot.tls.iter().any(|other| {
        let is_same = other.server == failed.server
            || (name.is_some() && other.hello.value.server_name == *name);
        is_same && other.server_port == failed.server_port && other.is_established()
    })
}

fn finding(boot: &Boot, context: &Context<'_>, failures: &[Failure<'_>]) -> Option<Finding> {
    let first = failures.first()?;
    // The clearest word counts, the last one of those.
    let said = failures.iter().max_by_key(|failure| failure.confidence)?;
    let session = said.session;
    let server = session.server;
    let port = session.server_port;
    let what = if session.is_for_registration() {
        "the registration"
    } else {
        "the connection"
    };
    let mut detail = detail(session, boot, said.reason);
    let confidence = confidence(boot, context, failures, said);
    if failures.len() > 1 {
        detail = format!(
            "{detail} The phone tried {}.",
            times(u64::try_from(failures.len()).unwrap_or(u64::MAX))
        );
    }
    let name = session.hello.value.server_name.as_ref();
    let mut finding = Finding::new(
        "tls-handshake-failed",
        severity(boot, context, failures, said, confidence),
        format!(
            "{what} to {server} port {port} fails: {}",
            title(session, said.reason)
        ),
    )
    .confidence(confidence)
    .detail(detail)
    .about(About {
        server: Some(server),
        port: Some(port),
        protocol: Some("tls"),
        ..About::default()
    });
    if first.session.hello.at != session.hello.at {
        finding = finding.evidence(first.session.hello.at, "first client hello");
    }
    let version = session.hello.value.highest_version();
    let name = name.map_or_else(String::new, |name| format!(" for {name}"));
    finding = finding.evidence(session.hello.at, format!("client hello: {version}{name}"));
    if let Some(seen) = &session.certificates
        && let Some(leaf) = seen.value.first()
    {
        let words = format!(
            "server's certificate: {}, {} to {}",
            leaf.subject,
            date(leaf.not_before_secs),
            date(leaf.not_after_secs)
        );
        finding = finding.evidence(seen.at, words);
    }
    finding = finding.evidence(said.at, proof(session, said));
    Some(remedy(finding, session, said.reason, boot))
}

/// How sure it is: a phone that hangs up on the certificate again and again, and then stops,
/// has told enough.
fn confidence(
    boot: &Boot,
    context: &Context<'_>,
    failures: &[Failure<'_>],
    said: &Failure<'_>,
) -> Confidence {
    let hung_up = |failure: &&Failure<'_>| {
        let session = failure.session;
        let by_phone = session.ended.is_some_and(|end| end.value.by_phone);
        by_phone && session.certificates.is_some() && session.phone_encrypts.is_none()
    };
    let is_proven =
        failures.iter().filter(hung_up).count() >= PROOF && context.is_stuck_after(boot, said.at);
    if is_proven {
        said.confidence.max(Confidence::Likely)
    } else {
        said.confidence
    }
}

fn severity(
    boot: &Boot,
    context: &Context<'_>,
    failures: &[Failure<'_>],
    said: &Failure<'_>,
    confidence: Confidence,
) -> Severity {
    let last = failures.iter().map(|failure| failure.at).max();
    let last = last.unwrap_or(said.at);
    let secure = boot
        .tls
        .iter()
        .filter(|session| session.is_established())
        .any(|session| session.is_for_registration() == said.session.is_for_registration());
    let tried_otherwise = boot.registrations.iter().any(|attempt| attempt.last > last);
    let fetched_otherwise = context
        .reads(boot)
        .any(|(transfer, _)| transfer.last > last && transfer.is_delivered());
    let went_on = if said.session.is_for_registration() {
        secure
    } else {
        secure || tried_otherwise || fetched_otherwise
    };
    let may_go_on = !boot.followed_by_another
        && failures.len() == 1
        && context.watched_secs_after(last) < OTHER_WAY_SECS;
    let is_spare = names::is_spare_service(boot, context.profile, said.session.server);
    // Many phones ask by HTTP next.
    let may_fetch_otherwise = may_go_on && !said.session.is_for_registration();
    if boot.is_registered() || went_on || is_spare || may_fetch_otherwise {
        Severity::Note
    } else if may_go_on || confidence == Confidence::Possible {
        Severity::Warning
    } else {
        Severity::Error
    }
}

fn title(session: &Session, reason: Reason) -> String {
    let chain = chain(session);
    let of = |index: usize| {
        if index == 0 {
            "the server's certificate"
        } else {
            "a certificate of the server's chain"
        }
    };
    let dated = |index: usize, pick: fn(&Certificate) -> i64| {
        chain
            .get(index)
            .map_or_else(String::new, |one| date(pick(one)))
    };
    match reason {
        Reason::Version if server_is_old(session) => {
            "no TLS version in common, the server's are too old for the phone".into()
        }
        Reason::Version => format!(
            "no TLS version in common, the phone offers {}",
            session.hello.value.highest_version()
        ),
        Reason::ClearText => "the server speaks HTTP there, not TLS".into(),
        Reason::Cipher => "no cipher in common".into(),
        Reason::UnknownName => "the server does not know the name that it is called by".into(),
        Reason::Expired(index) => {
            format!(
                "{} expired on {}",
                of(index),
                dated(index, |one| one.not_after_secs)
            )
        }
        Reason::NotYetValid(index) => {
            format!(
                "{} holds only from {} on",
                of(index),
                dated(index, |one| one.not_before_secs)
            )
        }
        Reason::Clock => {
            "the phone's clock is wrong, it takes a good certificate for expired".into()
        }
        Reason::ExpiredUnseen => "the phone says that the server's certificate has expired".into(),
        Reason::Untrusted => match chain.last() {
            Some(last) => format!("the phone does not know the issuer {}", last.issuer),
            None => "the phone does not know the issuer of the server's certificate".into(),
        },
        Reason::WrongName => "the server's certificate is for another name".into(),
        Reason::NotAccepted => "the phone does not accept the server's certificate".into(),
        Reason::PhoneCertificateMissing => {
            "the server wants a certificate of the phone, which has none".into()
        }
        Reason::PhoneCertificateRefused => match own_certificate_expired(session) {
            Some(own) => format!(
                "the phone's certificate expired on {}",
                date(own.not_after_secs)
            ),
            None => "the server does not accept the phone's certificate".into(),
        },
        Reason::Alert(alert) => format!("{} ends the handshake", who(alert.from_phone)),
        Reason::CutOff { by_phone, .. } => {
            format!(
                "{} closes the connection in the middle of the handshake",
                who(by_phone)
            )
        }
        Reason::HelloUnanswered => "the server does not answer the phone's TLS hello".into(),
        Reason::Silence { by_phone } => {
            format!(
                "{} falls silent in the middle of the handshake",
                who(by_phone)
            )
        }
    }
}

fn who(is_phone: bool) -> &'static str {
    if is_phone { "the phone" } else { "the server" }
}

/// What was seen, in whole sentences.
fn detail(session: &Session, boot: &Boot, reason: Reason) -> String {
    let hello = &session.hello.value;
    let version = hello.highest_version();
    let alert = session.alerts.iter().find_map(|seen| seen.value.alert);
    let says = alert.map_or_else(String::new, |alert| {
        let name = alert
            .name()
            .map_or_else(|| alert.description.to_string(), str::to_owned);
        format!(" The alert is {name}.")
    });
    let n_suites = hello.cipher_suites.len();
    match reason {
        Reason::Version => {
            let chosen = session.answer.as_ref().map_or_else(String::new, |answer| {
                format!(" The server chose {}.", answer.value.version())
            });
            if server_is_old(session) {
                let lowest = hello
                    .lowest_version()
                    .filter(|lowest| *lowest < version)
                    .map_or_else(String::new, |lowest| format!("{lowest} to "));
                return format!(
                    "The phone offers {lowest}{version}, and the server speaks none of \
                     these.{chosen}{says}"
                );
            }
            format!("The phone speaks {version} at most, and the server does not.{chosen}{says}")
        }
        Reason::ClearText => format!(
            "The phone offers {version}, and the server answers with an HTTP response in clear \
             text."
        ),
        Reason::Cipher if is_old(session) => format!(
            "The phone offers {n_suites} cipher suites and {version} at most; the server accepts \
             none of them, or not this version.{says}"
        ),
        Reason::Cipher => {
            format!("The phone offers {n_suites} cipher suites, and the server accepts none.{says}")
        }
        Reason::UnknownName => {
            let name = hello
                .server_name
                .as_ref()
                .map_or_else(String::new, ToString::to_string);
            format!("The phone calls the server {name}, for which it has no certificate.{says}")
        }
        Reason::Expired(_)
        | Reason::NotYetValid(_)
        | Reason::Clock
        | Reason::ExpiredUnseen
        | Reason::Untrusted
        | Reason::WrongName
        | Reason::NotAccepted => distrust(session, boot, reason) + &says,
        Reason::PhoneCertificateMissing => format!(
            "The server asks for the phone's certificate, the phone shows none, and the server \
             ends it.{says}"
        ),
        Reason::PhoneCertificateRefused => {
            let own = session
                .phone_certificates
                .as_ref()
                .and_then(|seen| seen.value.first());
            let own = own.map_or_else(String::new, |own| {
                format!(
                    " It is {}, signed by {}, from {} to {}.",
                    own.subject,
                    own.issuer,
                    date(own.not_before_secs),
                    date(own.not_after_secs)
                )
            });
            format!("The server ends the handshake behind the phone's certificate.{own}{says}")
        }
        Reason::Alert(_) if says.is_empty() => {
            "It does so by an encrypted alert, which this capture cannot show.".into()
        }
        Reason::Alert(_) => says.trim_start().to_owned(),
        Reason::CutOff { reset, .. } => format!(
            "It {} without a word{}.",
            if reset {
                "resets the connection"
            } else {
                "closes the connection"
            },
            if session.answer.is_some() {
                " behind the server's hello"
            } else {
                " behind the phone's hello"
            },
        ),
        Reason::HelloUnanswered => {
            format!("The connection stands, the phone offers {version}, and nothing comes back.")
        }
        Reason::Silence { .. } => "The handshake began, and nothing more came.".into(),
    }
}

/// What there is to see of the certificate that the phone does not accept.
fn distrust(session: &Session, boot: &Boot, reason: Reason) -> String {
    let chain = chain(session);
    let issuer = chain.last().map_or_else(String::new, |last| {
        format!(" It is signed by {}.", last.issuer)
    });
    match reason {
        Reason::Expired(_) | Reason::NotYetValid(_) => format!(
            "By the clock of this capture it is {}.{issuer}",
            date(session.hello.at.time.0.div_euclid(1_000_000_000))
        ),
        Reason::Clock => {
            let shown = clock(session).map_or_else(
                || {
                    "a phone that was not told the time begins in 1970 or at its factory date"
                        .into()
                },
                |clock| format!("its hello shows {}", date(clock.secs)),
            );
            let leaf = chain.first().map_or_else(String::new, |leaf| {
                format!(
                    "The certificate holds from {} to {}, which is right by the clock of this \
                     capture. ",
                    date(leaf.not_before_secs),
                    date(leaf.not_after_secs)
                )
            });
            format!("{leaf}The phone's clock differs: {shown}.")
        }
        Reason::ExpiredUnseen => "From TLS 1.3 on certificates are encrypted: this capture does \
                                  not show whether it has, or whether the phone's clock is wrong."
            .into(),
        Reason::Untrusted => untrusted(chain),
        Reason::WrongName => {
            let name = called_name(session, boot).unwrap_or_default();
            let names = chain.first().map_or_else(String::new, covered);
            format!("The phone calls the server {name}; the certificate is for {names}.")
        }
        _ => not_accepted(session),
    }
}

fn untrusted(chain: &[Certificate]) -> String {
    let (Some(leaf), Some(last)) = (chain.first(), chain.last()) else {
        return "Whose it is, TLS 1.3 keeps secret.".into();
    };
    if leaf.is_self_issued() {
        return format!("The certificate {} is signed by itself.", leaf.subject);
    }
    let between = match chain.len() {
        1 => "The server sends its own certificate alone".to_owned(),
        n => format!("The server sends {n} certificates"),
    };
    format!(
        "{between}: {}, the last one signed by {}.",
        leaf.subject, last.issuer
    )
}

fn not_accepted(session: &Session) -> String {
    let Some(leaf) = chain(session).first() else {
        return "The phone ends the handshake right behind the server's part of it, which TLS \
                1.3 encrypts."
            .into();
    };
    let clock = match clock(session) {
        Some(_) => "The phone's clock is right",
        None => "The phone's clock may be wrong",
    };
    format!(
        "The certificate is for {}, signed by {}, and good from {} to {}. {clock}; the phone may \
         not know the issuer.",
        covered(leaf),
        leaf.issuer,
        date(leaf.not_before_secs),
        date(leaf.not_after_secs)
    )
}

/// The names that a certificate is for.
fn covered(leaf: &Certificate) -> String {
    let names: Vec<String> = leaf.names.iter().map(ToString::to_string).collect();
    if names.is_empty() {
        leaf.subject.to_string()
    } else {
        names.join(", ")
    }
}

/// What the last frame shows.
fn proof(session: &Session, said: &Failure<'_>) -> String {
    let alert = session.alerts.iter().find(|seen| seen.at == said.at);
    if let Some(seen) = alert {
        let name = match seen.value.alert {
            Some(alert) => alert.name().unwrap_or("of an unknown number"),
            None => "encrypted",
        };
        return format!("alert of {}: {name}", who(seen.value.from_phone));
    }
    match (said.reason, session.ended) {
        (Reason::ClearText, _) => "HTTP response in clear text".into(),
        (Reason::HelloUnanswered, _) => "no answer to this".into(),
        (_, Some(end)) => format!("{} ends the connection", who(end.value.by_phone)),
        (_, None) => "the last word".into(),
    }
}

#[cfg(test)]
mod tests {
    use phoneboot_parsers::tls::{Alert, ServerHello, Version};

    use super::*;
    use crate::event::Seen;
    use crate::rules::testing::Case;
    use crate::session::registration::Status;
    use crate::session::testing::BootBuilder;
    use crate::session::tls::{End, SessionAlert};

    /// A day of 1970, by which the boots of these tests run, in seconds.
    const DAY: i64 = 86_400;

    fn judge(boot: BootBuilder) -> Vec<Finding> {
        Case::new("yealink-t4x", boot).check(check)
    }

    /// The words behind `fails:`, the confidence and the severity of the only finding.
    fn said(boot: BootBuilder) -> (String, &'static str, &'static str) {
        let findings = judge(boot);
        assert_eq!(findings.len(), 1, "{findings:?}");
        let (_, words) = findings[0].title.split_once("fails: ").unwrap();
        let words = words.to_owned();
        (
            words,
            findings[0].confidence.name(),
            findings[0].severity.name(),
        )
    }

    fn alert(session: &mut Session, at: At, from_phone: bool, description: u8) {
        let alert = Alert {
            level: 2,
            description,
        };
        let alert = SessionAlert {
            from_phone,
            alert: Some(alert),
        };
        session.alerts.push(Seen::new(alert, at));
    }

    fn answered(session: &mut Session, at: At) {
        let hello = ServerHello {
            legacy_version: Version::TLS_1_2,
            ..ServerHello::default()
        };
        session.answer = Some(Seen::new(hello, at));
    }

    fn shows(session: &mut Session, at: At, name: &str, days: [i64; 2]) {
        answered(session, at);
        let certificate = Certificate {
            subject: format!("CN={name}").as_str().into(),
            issuer: "CN=Example Test CA".into(),
            common_name: Some(name.into()),
            names: vec![name.into()],
            addresses: Vec::new(),
            not_before_secs: days[0] * DAY,
            not_after_secs: days[1] * DAY,
            key: "RSA 2048".into(),
            signature: "sha256WithRSAEncryption".into(),
            is_ca: false,
        };
        session.certificates = Some(Seen::new(vec![certificate], at));
        session.server_done = Some(at);
    }

    fn ends(session: &mut Session, at: At, by_phone: bool) {
        let reset = false;
        session.ended = Some(Seen::new(End { by_phone, reset }, at));
    }

    #[test]
    fn alerts_of_the_server_before_its_hello_tell_version_cipher_and_name() {
        for (description, words, confidence) in [
            (
                70,
                "no TLS version in common, the phone offers TLS 1.2",
                "certain",
            ),
            (40, "no cipher in common", "likely"),
            (
                112,
                "the server does not know the name that it is called by",
                "certain",
            ),
            (80, "the server ends the handshake", "certain"),
        ] {
            let boot =
                BootBuilder::new().tls(443, |session, at| alert(session, at, false, description));
            assert_eq!(said(boot), (words.into(), confidence, "error"));
        }
    }

    #[test]
    fn a_server_that_knows_nothing_newer_is_the_old_one() {
        let words = "no TLS version in common, the server's are too old for the phone";
        let new = || {
            BootBuilder::new().tls(443, |session, at| {
                session.hello.value.supported_versions = vec![Version::TLS_1_3, Version::TLS_1_2];
                alert(session, at, false, 70);
            })
        };
        assert_eq!(said(new()), (words.into(), "certain", "error"));
        let finding = judge(new()).remove(0);
        assert!(
            finding.detail.contains("TLS 1.2 to TLS 1.3"),
            "{}",
            finding.detail
        );
        assert!(finding.remedy[0].contains("speak TLS 1.2 as well"));
        let chosen = BootBuilder::new().tls(443, |session, at| {
            answered(session, at);
            session.answer.as_mut().unwrap().value.legacy_version = Version::TLS_1_0;
            alert(session, at, true, 70);
        });
        assert_eq!(said(chosen), (words.into(), "certain", "error"));
    }

    #[test]
    fn clear_text_is_told() {
        let boot = BootBuilder::new().tls(443, |session, at| {
            session.speaks_http = Some(at);
            ends(session, at, false);
        });
        let words = "the server speaks HTTP there, not TLS";
        assert_eq!(said(boot), (words.into(), "certain", "error"));
    }

    #[test]
    fn a_phone_that_hangs_up_on_each_certificate_is_an_error() {
        let tries = |n: usize| {
            (0..n).fold(BootBuilder::new(), |boot, _| {
                boot.tls(443, |session, at| {
                    shows(session, at, "prov.example.com", [-1, 1]);
                    ends(session, at, true);
                })
            })
        };
        let words = "the phone does not accept the server's certificate";
        for (n, confidence, severity) in [(1, "possible", "warning"), (3, "likely", "error")] {
            assert_eq!(said(tries(n)), (words.into(), confidence, severity));
        }
    }

    #[test]
    fn without_a_name_in_the_hello_the_address_counts_that_dhcp_gave() {
        let nameless = |boot: BootBuilder| {
            boot.tls(443, |session, at| {
                session.hello.value.server_name = None;
                shows(session, at, "prov.example.com", [-1, 1]);
                alert(session, at, true, 42);
            })
        };
        let by_address = BootBuilder::new().lease(&[66], &[(66, b"https://192.0.2.10/")]);
        let findings = judge(nameless(by_address));
        assert!(
            findings[0]
                .title
                .ends_with("certificate is for another name")
        );
        assert!(findings[0].detail.contains("calls the server 192.0.2.10;"));
        let unknown = BootBuilder::new().lease(&[66], &[(66, b"https://192.0.2.100/")]);
        assert!(!judge(nameless(unknown))[0].title.contains("another name"));
    }

    #[test]
    fn a_phones_certificate_that_has_ended_is_told() {
        let boot = BootBuilder::new().tls(443, |session, at| {
            shows(session, at, "phone", [-9, -1]);
            session.phone_certificates = session.certificates.take();
            alert(session, at, false, 45);
        });
        let finding = judge(boot).remove(0);
        assert!(
            finding
                .title
                .ends_with("the phone's certificate expired on 1969-12-31")
        );
        assert!(finding.remedy[0].contains("pass over the date"));
    }

    #[test]
    fn a_server_that_hangs_up_on_an_old_hello_refuses_the_version() {
        let old = |change: fn(&mut Session, At)| {
            BootBuilder::new().tls(443, move |session, at| {
                session.hello.value.legacy_version = Version::TLS_1_0;
                change(session, at);
            })
        };
        let words = "no TLS version in common, the phone offers TLS 1.0";
        let cut = old(|session, at| ends(session, at, false));
        assert_eq!(said(cut), (words.into(), "likely", "error"));
        let internal_error = old(|session, at| alert(session, at, false, 80));
        assert_eq!(said(internal_error), (words.into(), "likely", "error"));
        let new = BootBuilder::new().tls(443, |session, at| ends(session, at, false));
        assert!(said(new).0.starts_with("the server closes"));
    }

    #[test]
    fn an_unknown_issuer_is_named() {
        let boot = BootBuilder::new().tls(443, |session, at| {
            shows(session, at, "prov.example.com", [-1, 1]);
            alert(session, at, true, 48);
        });
        let words = "the phone does not know the issuer CN=Example Test CA";
        assert_eq!(said(boot), (words.into(), "certain", "error"));
    }

    #[test]
    fn dates_are_held_against_the_clock_of_the_capture() {
        let with = |days, description| {
            BootBuilder::new().tls(443, move |session, at| {
                shows(session, at, "prov.example.com", days);
                alert(session, at, true, description);
            })
        };
        let words = "the server's certificate expired on 1969-12-31";
        assert_eq!(said(with([-9, -1], 45)), (words.into(), "certain", "error"));
        assert_eq!(said(with([-9, -1], 42)), (words.into(), "likely", "error"));
        let words = "the server's certificate holds only from 1970-01-02 on";
        assert_eq!(said(with([1, 9], 46)), (words.into(), "likely", "error"));
        let words = "the phone's clock is wrong, it takes a good certificate for expired";
        assert_eq!(said(with([-9, 9], 45)), (words.into(), "likely", "error"));
        let words = "the phone does not accept the server's certificate";
        assert_eq!(said(with([-9, 9], 42)), (words.into(), "likely", "error"));
    }

    #[test]
    fn a_clock_in_the_hello_that_just_began_is_believed() {
        let boot = BootBuilder::new().tls(443, |session, at| {
            shows(session, at, "prov.example.com", [-9, 9]);
            session.hello.value.random_time_secs = Some(946_684_900);
            alert(session, at, true, 42);
        });
        let findings = judge(boot);
        assert!(findings[0].title.contains("clock is wrong"));
        assert!(findings[0].detail.contains("its hello shows 2000-01-01"));
        assert!(
            findings[0]
                .remedy
                .iter()
                .any(|step| step.contains("option 42"))
        );
    }

    #[test]
    fn another_name_counts_only_when_the_phone_complains() {
        let with = |complains: bool| {
            BootBuilder::new().tls(443, move |session, at| {
                shows(session, at, "www.example.net", [-9, 9]);
                if complains {
                    alert(session, at, true, 42);
                } else {
                    session.phone_encrypts = Some(at);
                    session.server_accepts = Some(at);
                }
            })
        };
        let words = "the server's certificate is for another name";
        assert_eq!(said(with(true)), (words.into(), "likely", "error"));
        assert!(judge(with(false)).is_empty());
    }

    #[test]
    fn the_phones_own_certificate_can_be_missing_or_refused() {
        let with = |own: usize, description| {
            BootBuilder::new().tls(443, move |session, at| {
                shows(session, at, "prov.example.com", [-9, 9]);
                session.certificate_request = Some(at);
                let chain = session.certificates.clone().unwrap().value;
                session.phone_certificates = Some(Seen::new(chain[..own].to_vec(), at));
                session.phone_encrypts = Some(at);
                alert(session, at, false, description);
            })
        };
        let words = "the server wants a certificate of the phone, which has none";
        assert_eq!(said(with(0, 40)), (words.into(), "certain", "error"));
        let words = "the server does not accept the phone's certificate";
        assert_eq!(said(with(1, 45)), (words.into(), "certain", "error"));
    }

    #[test]
    fn in_tls_1_3_lengths_and_order_have_to_do() {
        let with = |own: Option<usize>| {
            BootBuilder::new().tls(443, move |session, at| {
                answered(session, at);
                session.phone_certificates = own.map(|_| Seen::new(Vec::new(), at));
                session.phone_encrypts = Some(at);
                session.phone_records = 2;
                let secret = SessionAlert {
                    from_phone: false,
                    alert: None,
                };
                session.alerts.push(Seen::new(secret, at));
                ends(session, at, false);
            })
        };
        let words = "the server wants a certificate of the phone, which has none";
        assert_eq!(said(with(Some(0))), (words.into(), "likely", "error"));
        let words = "the server does not accept the phone's certificate";
        assert_eq!(said(with(None)), (words.into(), "possible", "warning"));
    }

    #[test]
    fn silence_behind_the_hello_is_the_servers() {
        let words = "the server does not answer the phone's TLS hello";
        let boot = || BootBuilder::new().tls(443, |_, _| {});
        assert_eq!(said(boot()), (words.into(), "likely", "error"));
        let short = Case::new("yealink-t4x", boot()).ends_after_secs(3);
        assert!(short.check(check).is_empty());
    }

    #[test]
    fn a_capture_of_one_side_proves_nothing() {
        let one_sided = |change: fn(&mut Session, At)| {
            BootBuilder::new().tls(443, change).with(|boot, _| {
                for connection in &mut boot.reach.connections {
                    connection.accepted = None;
                }
            })
        };
        assert!(judge(one_sided(|_, _| {})).is_empty());
        assert!(judge(one_sided(|session, at| ends(session, at, true))).is_empty());
        let lossy = BootBuilder::new().tls(443, |session, at| {
            session.missing_bytes = 500;
            ends(session, at, true);
        });
        assert!(judge(lossy).is_empty());
    }

    #[test]
    fn a_later_success_with_the_same_server_is_silent() {
        let boot = BootBuilder::new()
            .tls(443, |session, at| alert(session, at, false, 70))
            .tls(443, |session, at| {
                answered(session, at);
                session.phone_encrypts = Some(at);
                session.server_accepts = Some(at);
            });
        assert!(judge(boot).is_empty());
    }

    #[test]
    fn a_phone_that_gets_on_without_is_a_note() {
        let failing = || BootBuilder::new().tls(443, |session, at| alert(session, at, true, 48));
        let registered = failing().registration(Status::Registered, None);
        assert_eq!(judge(registered)[0].severity, Severity::Note);
        let fetched = failing().http("/a.cfg", crate::session::transfer::Status::Complete, 200);
        assert_eq!(judge(fetched)[0].severity, Severity::Note);
    }

    #[test]
    fn a_registration_is_not_made_good_by_files() {
        let boot = BootBuilder::new()
            .tls(443, |session, at| {
                answered(session, at);
                session.phone_encrypts = Some(at);
                session.server_accepts = Some(at);
            })
            .tls(5061, |session, at| alert(session, at, true, 48));
        let findings = judge(boot);
        assert_eq!(findings[0].severity, Severity::Error);
        assert!(
            findings[0]
                .title
                .starts_with("the registration to 192.0.2.10 port 5061")
        );
    }

    #[test]
    fn a_single_try_at_the_end_of_the_capture_may_not_be_the_last() {
        let severity = |port| {
            let boot = BootBuilder::new().tls(port, |session, at| alert(session, at, true, 48));
            let case = Case::new("yealink-t4x", boot).ends_after_secs(2);
            case.check(check)[0].severity
        };
        assert_eq!(severity(443), Severity::Note, "HTTP may come next");
        assert_eq!(severity(5061), Severity::Warning);
    }

    #[test]
    fn every_reason_has_words_and_a_remedy() {
        let hidden = SessionAlert {
            from_phone: false,
            alert: None,
        };
        let reasons = [
            Reason::Version,
            Reason::ClearText,
            Reason::Cipher,
            Reason::UnknownName,
            Reason::Expired(0),
            Reason::Expired(1),
            Reason::NotYetValid(0),
            Reason::Clock,
            Reason::ExpiredUnseen,
            Reason::Untrusted,
            Reason::WrongName,
            Reason::NotAccepted,
            Reason::PhoneCertificateMissing,
            Reason::PhoneCertificateRefused,
            Reason::Alert(hidden),
            Reason::CutOff {
                by_phone: true,
                reset: true,
            },
            Reason::CutOff {
                by_phone: false,
                reset: false,
            },
            Reason::HelloUnanswered,
            Reason::Silence { by_phone: true },
            Reason::Silence { by_phone: false },
        ];
        let boot = BootBuilder::new()
            .tls(443, |session, at| {
                shows(session, at, "prov.example.com", [-9, 9]);
            })
            .build();
        for reason in reasons {
            let session = &boot.tls[0];
            assert!(!title(session, reason).is_empty());
            assert!(
                detail(session, &boot, reason).ends_with('.'),
                "{}",
                detail(session, &boot, reason)
            );
            let finding = Finding::new("tls-handshake-failed", Severity::Error, "");
            assert!(!remedy(finding, session, reason, &boot).remedy.is_empty());
        }
    }
}
