//! TLS connections of a host.

use phoneboot_parsers::tls::{self, Body, ClientHello, Message, Sender, ServerHello, ciphers};
use phoneboot_parsers::{Protocol, WireText};

use crate::dissect::TcpNotice;
use crate::dissect::certificate::{self, Certificate, date};
use crate::event::{Event, Seen};
use crate::session::hosts::Host;
use crate::session::tls::{End, MAX_ALERTS, MAX_SESSIONS, Session, SessionAlert};
use crate::session::{Boot, Phase};

use super::{Change, step};

/// The longest encrypted record that can be an alert: TLS 1.3 makes 19 bytes of it (two,
/// the hidden type, and 16 of the cipher's tag).
const MAX_ALERT_BYTES: usize = 24;

/// An empty Certificate message in TLS 1.3: a header of four, four of its own, the hidden
/// type, and the tag.
const EMPTY_CERTIFICATE_BYTES: usize = 25;

pub(super) fn message(host: &mut Host, event: &Event<'_>, message: &Message) -> Change {
    let from_phone = match message.sender {
        Some(sender) => sender == Sender::Client,
        None => host.sent(event),
    };
    if let Body::ClientHello(hello) = &message.body {
        client_hello(host, event, hello);
        return Change::default();
    }
    let Some(session) = find(&mut host.boot, event) else {
        return Change::default();
    };
    let was_established = session.is_established();
    session.last = event.at;
    let port = session.server_port;
    let said = match &message.body {
        Body::ServerHello(hello) => Some(server_hello(session, event, hello)),
        Body::Certificate(chain) => Some(certificates(session, event, chain, from_phone)),
        Body::CertificateRequest(_) => {
            session.certificate_request = Some(event.at);
            Some((
                "tls-certificate-request",
                "server asks for the phone's certificate".into(),
            ))
        }
        Body::Handshake { kind: 14, .. } => {
            session.server_done = Some(event.at);
            None
        }
        Body::Alert(alert) => clear_alert(session, event, *alert, from_phone),
        Body::Encrypted { length } => {
            encrypted(session, event, message.content_type, *length, from_phone)
        }
        Body::ClientHello(_) | Body::Handshake { .. } | Body::ChangeCipherSpec => None,
    };
    let is_established = session.is_established();
    if let Some((name, summary)) = said {
        tls_step(host, event, port, name, summary);
    }
    if is_established && !was_established {
        let summary = "the TLS handshake is complete";
        tls_step(host, event, port, "tls-established", summary.into());
    }
    Change::default()
}

/// What a TCP connection's end or a gap in it means for its TLS.
pub(super) fn connection(host: &mut Host, event: &Event<'_>, notice: TcpNotice) {
    let by_phone = host.sent(event);
    let Some(session) = find(&mut host.boot, event) else {
        return;
    };
    let reset = match notice {
        TcpNotice::Gap { missing_bytes } => {
            session.missing_bytes = session.missing_bytes.saturating_add(missing_bytes);
            return;
        }
        TcpNotice::Finish => false,
        TcpNotice::Reset => true,
        _ => return,
    };
    if session.ended.is_some() {
        return;
    }
    session.ended = Some(Seen::new(End { by_phone, reset }, event.at));
    session.last = event.at;
    let port = session.server_port;
    let is_cut = matches!(session.state(), crate::session::tls::State::CutOff(_));
    if is_cut {
        let how = if reset { "resets" } else { "closes" };
        let who = if by_phone { "" } else { "server " };
        let summary = format!("{who}{how} the connection in the middle of the TLS handshake");
        tls_step(host, event, port, "tls-cut-off", summary);
    }
}

/// An HTTP response in clear text, where the phone wants TLS.
pub(super) fn clear_text(host: &mut Host, event: &Event<'_>) {
    let by_phone = host.sent(event);
    let Some(session) = find(&mut host.boot, event) else {
        return;
    };
    let is_first = session.speaks_http.is_none();
    if by_phone || !is_first || session.answer.is_some() || session.ended.is_some() {
        return;
    }
    session.speaks_http = Some(event.at);
    session.last = event.at;
    let port = session.server_port;
    let summary = "server answers the TLS hello with HTTP in clear text";
    tls_step(host, event, port, "tls-clear-text", summary.into());
}

/// The connection of a frame, whichever way it goes.
fn find<'b>(boot: &'b mut Boot, event: &Event<'_>) -> Option<&'b mut Session> {
    let (source, destination) = (event.source, event.destination);
    boot.tls.iter_mut().rev().find(|session| {
        let server = (Some(session.server), Some(session.server_port));
        let client_port = Some(session.client_port);
        ((destination.ip, destination.port) == server && source.port == client_port)
            || ((source.ip, source.port) == server && destination.port == client_port)
    })
}

fn client_hello(host: &mut Host, event: &Event<'_>, hello: &ClientHello) {
    let (Some(server), Some(server_port), Some(client_port)) = (
        event.destination.ip,
        event.destination.port,
        event.source.port,
    ) else {
        return;
    };
    // The server asked for another hello, or the phone wants to agree anew.
    if let Some(known) = find(&mut host.boot, event)
        && known.ended.is_none()
        && known.alerts.is_empty()
    {
        known.last = event.at;
        return;
    }
    if host.boot.tls.len() >= MAX_SESSIONS {
        host.boot.tls.remove(0);
    }
    host.boot.tls.push(Session {
        server,
        server_port,
        client_port,
        hello: Seen::new(hello.clone(), event.at),
        answer: None,
        certificates: None,
        certificate_request: None,
        phone_certificates: None,
        server_done: None,
        phone_encrypts: None,
        phone_records: 0,
        server_accepts: None,
        alerts: Vec::new(),
        ended: None,
        speaks_http: None,
        missing_bytes: 0,
        last: event.at,
    });
    let name = hello.server_name.as_ref();
    let name = name.map_or_else(String::new, |name| format!(" as {name}"));
    let version = hello.highest_version();
    let summary = format!("offers {version} to {server} port {server_port}{name}");
    tls_step(host, event, server_port, "tls-client-hello", summary);
}

/// What happened, in a word and in a clause.
type Said = (&'static str, String);

fn server_hello(session: &mut Session, event: &Event<'_>, hello: &ServerHello) -> Said {
    let version = hello.version();
    if hello.is_retry_request {
        return ("tls-retry", "server asks for another hello".into());
    }
    let suite = hello.cipher_suite.map_or_else(String::new, |suite| {
        ciphers::name(suite).map_or_else(
            || format!(" with cipher 0x{suite:04x}"),
            |name| format!(" with {name}"),
        )
    });
    session
        .answer
        .get_or_insert(Seen::new(hello.clone(), event.at));
    (
        "tls-server-hello",
        format!("server chooses {version}{suite}"),
    )
}

fn certificates(
    session: &mut Session,
    event: &Event<'_>,
    chain: &[Vec<u8>],
    from_phone: bool,
) -> Said {
    let read: Vec<Certificate> = chain
        .iter()
        .filter_map(|der| certificate::read(der))
        .collect();
    let words = read.first().map(|leaf| described(leaf, event));
    let seen = Seen::new(read, event.at);
    if from_phone {
        session.phone_certificates = Some(seen);
        let summary = match words {
            None if chain.is_empty() => "has no certificate to show".to_owned(),
            None => "shows its certificate".to_owned(),
            Some(words) => format!("shows its certificate {words}"),
        };
        return ("tls-phone-certificate", summary);
    }
    session.certificates = Some(seen);
    let words = words.map_or_else(String::new, |words| format!(" {words}"));
    ("tls-certificate", format!("server's certificate{words}"))
}

/// A capture from before 2010 was taken by a machine whose clock was not set.
const CLOCK_SET_SECS: i64 = 1_262_304_000;

/// A certificate in a few words, held against the capture's clock.
fn described(leaf: &Certificate, event: &Event<'_>) -> String {
    let who = leaf.common_name.as_ref().map_or_else(
        || leaf.subject.to_string(),
        |name: &WireText| format!("CN={name}"),
    );
    let now_secs = event.at.time.0.div_euclid(1_000_000_000);
    if now_secs > leaf.not_after_secs {
        format!("{who} expired {}", date(leaf.not_after_secs))
    } else if now_secs < leaf.not_before_secs && now_secs >= CLOCK_SET_SECS {
        format!("{who} holds only from {} on", date(leaf.not_before_secs))
    } else {
        format!("{who}, good until {}", date(leaf.not_after_secs))
    }
}

fn clear_alert(
    session: &mut Session,
    event: &Event<'_>,
    alert: tls::Alert,
    from_phone: bool,
) -> Option<Said> {
    if session.is_established() {
        return None;
    }
    take_alert(session, event, Some(alert), from_phone);
    let name = alert.name().map_or_else(
        || format!("alert {}", alert.description),
        |name| name.replace('_', " ").replace(" ca", " CA"),
    );
    let who = if from_phone { "" } else { "server " };
    Some(if alert.is_fatal() {
        ("tls-alert", format!("{who}ends the handshake: {name}"))
    } else {
        ("tls-alert", format!("{who}warns: {name}"))
    })
}

fn take_alert(
    session: &mut Session,
    event: &Event<'_>,
    alert: Option<tls::Alert>,
    from_phone: bool,
) {
    if session.alerts.len() < MAX_ALERTS {
        let value = SessionAlert { from_phone, alert };
        session.alerts.push(Seen::new(value, event.at));
    }
}

/// What an encrypted record tells by its type, its length and its place.
fn encrypted(
    session: &mut Session,
    event: &Event<'_>,
    content_type: u8,
    length: usize,
    from_phone: bool,
) -> Option<Said> {
    if session.is_established() {
        return None;
    }
    let is_data = content_type == tls::APPLICATION_DATA;
    let is_alert = content_type == tls::ALERT || (is_data && length <= MAX_ALERT_BYTES);
    if from_phone {
        if is_alert && (!is_data || session.phone_encrypts.is_none()) {
            take_alert(session, event, None, true);
            return Some((
                "tls-alert",
                "ends the handshake by an encrypted alert".into(),
            ));
        }
        if is_data && length == EMPTY_CERTIFICATE_BYTES && session.phone_encrypts.is_none() {
            session.phone_certificates = Some(Seen::new(Vec::new(), event.at));
        }
        session.phone_encrypts.get_or_insert(event.at);
        session.phone_records = session.phone_records.saturating_add(1);
        return None;
    }
    // Up to TLS 1.2 it is Finished, and comes first where a session is taken up again.
    if content_type == tls::HANDSHAKE {
        session.server_accepts.get_or_insert(event.at);
        return None;
    }
    // From TLS 1.3 on the server's own part of the handshake is encrypted too.
    if session.phone_encrypts.is_none() {
        session.server_done.get_or_insert(event.at);
        return None;
    }
    if is_alert {
        take_alert(session, event, None, false);
        return Some((
            "tls-alert",
            "server ends the handshake by an encrypted alert".into(),
        ));
    }
    session.server_accepts.get_or_insert(event.at);
    None
}

fn tls_step(
    host: &mut Host,
    event: &Event<'_>,
    server_port: u16,
    name: &'static str,
    summary: String,
) {
    let phase = if crate::session::tls::REGISTRATION_PORTS.contains(&server_port) {
        Phase::Register
    } else {
        Phase::Fetch
    };
    step(host, event, phase, Protocol::Tls, name, summary);
}
