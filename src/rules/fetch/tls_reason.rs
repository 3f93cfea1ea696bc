//! Why a TLS handshake came to nothing.

use std::net::IpAddr;

use phoneboot_parsers::tls::{Alert, Version};

use crate::dissect::certificate::Certificate;
use crate::event::At;
use crate::finding::Confidence;
use crate::rules::Context;
use crate::session::Boot;
use crate::session::tls::{End, Session, SessionAlert, State};

/// A server says hello within this time, or never.
const ANSWER_SECS: f64 = 8.0;
/// A handshake in which nobody says anything for this long is over.
const SILENCE_SECS: f64 = 20.0;

/// Seconds of a day.
const DAY_SECS: i64 = 86_400;
/// A clock without a time server runs on from here: 1970, or 2000.
const CLOCK_STARTS_SECS: [i64; 2] = [0, 946_684_800];
/// A clock that was started at power-on is this far from its start, in seconds.
const CLOCK_RAN_SECS: i64 = 30 * DAY_SECS;

/// What went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reason {
    /// No version that both speak.
    Version,
    /// The server answers in clear text HTTP.
    ClearText,
    /// No cipher that both speak; with an old phone it may be the version.
    Cipher,
    /// The server does not know the name that it was called by.
    UnknownName,
    /// A certificate of the server, this one of its chain, has expired.
    Expired(usize),
    /// A certificate of the server does not hold yet.
    NotYetValid(usize),
    /// The certificate is good, and the phone takes it for expired.
    Clock,
    /// The phone says that the certificate has expired; it cannot be seen.
    ExpiredUnseen,
    /// The phone does not know who signed the certificate.
    Untrusted,
    /// The certificate is for another name.
    WrongName,
    /// The phone does not accept the certificate, for a reason that it does not tell.
    NotAccepted,
    /// The server wants a certificate and the phone has none.
    PhoneCertificateMissing,
    /// The server does not accept the phone's certificate.
    PhoneCertificateRefused,
    /// Another alert.
    Alert(SessionAlert),
    /// Closed in the middle.
    CutOff { by_phone: bool, reset: bool },
    /// The server says nothing to the hello.
    HelloUnanswered,
    /// Somebody fell silent in the middle.
    Silence { by_phone: bool },
}

/// Why this handshake failed, how sure that is, and which frame shows it. `None` when it
/// did not, or when the capture cannot tell.
pub(super) fn of(
    session: &Session,
    boot: &Boot,
    context: &Context<'_>,
) -> Option<(Reason, Confidence, At)> {
    if let Some(at) = session.speaks_http
        && !session.is_established()
    {
        return Some((Reason::ClearText, Confidence::Certain, at));
    }
    match session.state() {
        State::Established => None,
        State::Refused(seen) => {
            let (reason, confidence) = match (seen.value.from_phone, seen.value.alert) {
                (true, Some(alert)) => by_phone(session, boot, alert),
                (true, None) => (Reason::NotAccepted, Confidence::Likely),
                (false, Some(alert)) => by_server(session, alert),
                (false, None) => by_server_in_secret(session, seen.value),
            };
            Some((reason, confidence, seen.at))
        }
        _ if session.missing_bytes > 0 || is_blind(session, boot) => None,
        State::CutOff(end) => {
            let (reason, confidence) = cut_off(session, boot, end.value);
            Some((reason, confidence, end.at))
        }
        State::HelloUnanswered => {
            let waited = context.watched_secs_after(session.last) >= ANSWER_SECS;
            waited.then_some((Reason::HelloUnanswered, Confidence::Likely, session.last))
        }
        State::Unfinished => {
            let waited = context.watched_secs_after(session.last) >= SILENCE_SECS;
            let by_phone = session.server_done.is_some() && session.phone_encrypts.is_none();
            let reason = Reason::Silence { by_phone };
            waited.then_some((reason, Confidence::Possible, session.last))
        }
    }
}

/// Whether the capture may lack what one side said.
fn is_blind(session: &Session, boot: &Boot) -> bool {
    match &session.answer {
        // Whoever encrypts was answered.
        None => session.phone_encrypts.is_some() || !is_accepted(session, boot),
        // From TLS 1.3 on a phone that has said its last word may go, and a server need
        // not answer it.
        Some(answer) => {
            session.phone_encrypts.is_some()
                && answer.value.version() >= Version::TLS_1_3
                && session.ended.is_none_or(|end| end.value.by_phone)
        }
    }
}

/// Whether the capture shows that the server takes calls: its side is captured too.
fn is_accepted(session: &Session, boot: &Boot) -> bool {
    boot.reach.connections.iter().any(|connection| {
        connection.server == session.server
            && connection.server_port == session.server_port
            && connection.client_port == session.client_port
            && connection.accepted.is_some()
    })
}

/// Whether the phone speaks nothing newer than TLS 1.1, which servers of today refuse.
pub(super) fn is_old(session: &Session) -> bool {
    session.hello.value.highest_version() < Version::TLS_1_2
}

fn by_server(session: &Session, alert: Alert) -> (Reason, Confidence) {
    let other = Reason::Alert(SessionAlert {
        from_phone: false,
        alert: Some(alert),
    });
    let was_asked = session.certificate_request.is_some() || session.phone_certificates.is_some();
    match alert.description {
        70 => (Reason::Version, Confidence::Certain),
        71 => (Reason::Cipher, Confidence::Certain),
        112 => (Reason::UnknownName, Confidence::Certain),
        116 => (Reason::PhoneCertificateMissing, Confidence::Certain),
        40 | 41 if was_asked && shows_none(session) => {
            (Reason::PhoneCertificateMissing, Confidence::Certain)
        }
        40 if session.answer.is_none() => (Reason::Cipher, Confidence::Likely),
        // OpenSSL 3 says so to a version that its security level forbids.
        80 if session.answer.is_none() && is_old(session) => (Reason::Version, Confidence::Likely),
        40..=46 | 48 | 49 | 51 if was_asked => {
            (Reason::PhoneCertificateRefused, Confidence::Certain)
        }
        _ => (other, Confidence::Certain),
    }
}

/// Whether the phone answered the server's wish for a certificate with none.
fn shows_none(session: &Session) -> bool {
    session
        .phone_certificates
        .as_ref()
        .is_none_or(|seen| seen.value.is_empty())
}

/// TLS 1.3: the server's only encrypted word behind the phone's proof is an alert.
fn by_server_in_secret(session: &Session, alert: SessionAlert) -> (Reason, Confidence) {
    match &session.phone_certificates {
        Some(shown) if shown.value.is_empty() => {
            (Reason::PhoneCertificateMissing, Confidence::Likely)
        }
        Some(_) => (Reason::PhoneCertificateRefused, Confidence::Likely),
        None if session.phone_records > 1 => {
            (Reason::PhoneCertificateRefused, Confidence::Possible)
        }
        None => (Reason::Alert(alert), Confidence::Likely),
    }
}

fn by_phone(session: &Session, boot: &Boot, alert: Alert) -> (Reason, Confidence) {
    match alert.description {
        70 => (Reason::Version, Confidence::Certain),
        71 => (Reason::Cipher, Confidence::Certain),
        42 | 45 | 46 | 48 => distrust(session, boot, Some(alert.description)),
        _ => {
            let alert = SessionAlert {
                from_phone: true,
                alert: Some(alert),
            };
            (Reason::Alert(alert), Confidence::Certain)
        }
    }
}

fn cut_off(session: &Session, boot: &Boot, end: End) -> (Reason, Confidence) {
    let End { by_phone, reset } = end;
    let cut = Reason::CutOff { by_phone, reset };
    if !by_phone {
        return match &session.phone_certificates {
            _ if session.answer.is_none() && is_old(session) => {
                (Reason::Version, Confidence::Likely)
            }
            Some(shown) if shown.value.is_empty() => {
                (Reason::PhoneCertificateMissing, Confidence::Likely)
            }
            Some(_) => (Reason::PhoneCertificateRefused, Confidence::Possible),
            None if session.phone_encrypts.is_some() => (cut, Confidence::Possible),
            None => (cut, Confidence::Likely),
        };
    }
    let saw_server = session.certificates.is_some() || session.server_done.is_some();
    if saw_server && session.phone_encrypts.is_none() {
        distrust(session, boot, None)
    } else {
        (cut, Confidence::Possible)
    }
}

/// The phone does not accept the server's certificate: for which reason, by the
/// certificate itself and what the phone says.
fn distrust(session: &Session, boot: &Boot, alert: Option<u8>) -> (Reason, Confidence) {
    const EXPIRED: u8 = 45;
    const UNKNOWN_CA: u8 = 48;

    if alert == Some(UNKNOWN_CA) {
        return (Reason::Untrusted, Confidence::Certain);
    }
    let Some(leaf) = chain(session).first() else {
        return match alert {
            Some(EXPIRED) => (Reason::ExpiredUnseen, Confidence::Certain),
            _ => (Reason::NotAccepted, Confidence::Likely),
        };
    };
    let sure = match alert {
        Some(EXPIRED) => Confidence::Certain,
        Some(_) => Confidence::Likely,
        None => Confidence::Possible,
    };
    let now_secs = secs(session.hello.at);
    let ends = |certificate: &Certificate| now_secs > certificate.not_after_secs;
    let begins = |certificate: &Certificate| now_secs < certificate.not_before_secs;
    if let Some(index) = chain(session).iter().position(ends) {
        return (Reason::Expired(index), sure);
    }
    if let Some(index) = chain(session).iter().position(begins) {
        return (Reason::NotYetValid(index), sure);
    }
    let is_for_another = called_name(session, boot).is_some_and(|name| !leaf.covers(&name));
    let clock = clock(session);
    if clock.is_some_and(|clock| !clock.is_right) {
        (Reason::Clock, sure)
    } else if alert == Some(EXPIRED) {
        (Reason::Clock, Confidence::Likely)
    } else if is_for_another {
        (Reason::WrongName, sure.min(Confidence::Likely))
    } else {
        (Reason::NotAccepted, sure.min(Confidence::Likely))
    }
}

/// By what the phone calls the server: the name in its hello, else the one that it looked up,
/// else the address, where DHCP gave it a URL with that. `None` when the capture cannot tell.
pub(super) fn called_name(session: &Session, boot: &Boot) -> Option<String> {
    let hello = session.hello.value.server_name.as_ref();
    let name = hello.or_else(|| boot.name_of(session.server));
    name.map(ToString::to_string)
        .or_else(|| is_called_by_address(session, boot).then(|| session.server.to_string()))
}

/// Whether DHCP led the phone to the address itself.
fn is_called_by_address(session: &Session, boot: &Boot) -> bool {
    let url = match session.server {
        IpAddr::V4(address) => format!("https://{address}"),
        IpAddr::V6(address) => format!("https://[{address}]"),
    };
    let given = boot.lease.boot_data();
    given.is_some_and(|data| {
        data.message.options.iter().any(|option| {
            let text = String::from_utf8_lossy(&option.bytes).to_ascii_lowercase();
            text.match_indices(&url).any(|(at, _)| {
                let rest = text.get(at + url.len()..).unwrap_or_default();
                !rest.starts_with(|next: char| next.is_ascii_digit() || next == '.')
            })
        })
    })
}

/// Whether the server speaks nothing as new as the phone wants.
pub(super) fn server_is_old(session: &Session) -> bool {
    let hello = &session.hello.value;
    let chosen = session.answer.as_ref().map(|answer| answer.value.version());
    match (chosen, hello.lowest_version()) {
        (Some(chosen), Some(lowest)) => chosen < lowest,
        // The phone itself refuses what the server chose.
        (Some(chosen), None) => chosen < hello.highest_version(),
        // There is nothing newer than TLS 1.3.
        (None, _) => hello.highest_version() >= Version::TLS_1_3,
    }
}

/// Whether the phone's own certificate had ended by the clock of the capture.
pub(super) fn own_certificate_expired(session: &Session) -> Option<&Certificate> {
    const EXPIRED: u8 = 45;

    let own = session.phone_certificates.as_ref()?.value.first()?;
    let ended = secs(session.hello.at) > own.not_after_secs;
    let is_told = session.alerts.iter().any(|seen| {
        !seen.value.from_phone
            && seen
                .value
                .alert
                .is_some_and(|alert| alert.description == EXPIRED)
    });
    (ended && is_told).then_some(own)
}

/// The server's chain, as far as it can be read.
pub(super) fn chain(session: &Session) -> &[Certificate] {
    session
        .certificates
        .as_ref()
        .map_or(&[], |seen| seen.value.as_slice())
}

/// The phone's clock, as its hello shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Clock {
    pub(super) secs: i64,
    pub(super) is_right: bool,
}

/// Old stacks put their clock into the hello (RFC 5246 §7.4.1.2). Others put chance there:
/// only a clock that is right, or that was just started, is believed.
pub(super) fn clock(session: &Session) -> Option<Clock> {
    let secs = i64::from(session.hello.value.random_time_secs?);
    let is_right = (secs - self::secs(session.hello.at)).abs() < DAY_SECS;
    let was_just_started = CLOCK_STARTS_SECS
        .iter()
        .any(|start| (*start..start + CLOCK_RAN_SECS).contains(&secs));
    (is_right || was_just_started).then_some(Clock { secs, is_right })
}

/// Seconds since 1970.
fn secs(at: At) -> i64 {
    at.time.0.div_euclid(1_000_000_000)
}
