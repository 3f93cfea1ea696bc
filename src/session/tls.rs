//! TLS connections that a phone opened: what it offered, what the server chose, whose
//! certificates were shown, and how the handshake ended.

use std::net::IpAddr;

use phoneboot_parsers::tls::{Alert, ClientHello, ServerHello};

use crate::dissect::certificate::Certificate;
use crate::event::{At, Seen};

/// How many TLS connections are kept in a boot; beyond, the oldest goes.
pub const MAX_SESSIONS: usize = 128;
/// How many alerts of one connection are kept.
pub const MAX_ALERTS: usize = 8;

/// Ports on which a call server takes registrations over TLS: SIP (RFC 3261 §19.1.2) and
/// secure SCCP.
pub const REGISTRATION_PORTS: [u16; 2] = [5061, 2443];

/// One connection, from its client hello on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// The server.
    pub server: IpAddr,
    /// Its port.
    pub server_port: u16,
    /// The phone's port.
    pub client_port: u16,
    /// The phone's first hello.
    pub hello: Seen<ClientHello>,
    /// What the server chose; `None` while it has not answered, or only asked for
    /// another hello.
    pub answer: Option<Seen<ServerHello>>,
    /// The server's chain, its own certificate first, as far as it can be read. `None`
    /// before it came, and from TLS 1.3 on, where it is encrypted.
    pub certificates: Option<Seen<Vec<Certificate>>>,
    /// The server asks for a certificate of the phone. Not seen from TLS 1.3 on.
    pub certificate_request: Option<At>,
    /// What the phone showed; empty when it has none that would do. From TLS 1.3 on only
    /// an empty one is seen, by its length.
    pub phone_certificates: Option<Seen<Vec<Certificate>>>,
    /// The server has said all of its first turn, in clear text.
    pub server_done: Option<At>,
    /// The phone's first encrypted record that is longer than an alert: it has accepted
    /// the server.
    pub phone_encrypts: Option<At>,
    /// Encrypted records of the phone that were told of, alerts not counted.
    pub phone_records: u8,
    /// The server's first encrypted record behind that one: it has accepted the phone.
    pub server_accepts: Option<At>,
    /// Alerts, in their order.
    pub alerts: Vec<Seen<SessionAlert>>,
    /// The first FIN or RST.
    pub ended: Option<Seen<End>>,
    /// The server's first HTTP response in clear text.
    pub speaks_http: Option<At>,
    /// Bytes that the capture lost.
    pub missing_bytes: u64,
    /// Its last message that was looked at.
    pub last: At,
}

/// An alert within a handshake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionAlert {
    /// Whether the phone sent it.
    pub from_phone: bool,
    /// What it says; `None` when it is encrypted.
    pub alert: Option<Alert>,
}

/// How a connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct End {
    /// Whether the phone ended it.
    pub by_phone: bool,
    /// By RST; else by FIN.
    pub reset: bool,
}

/// How a handshake stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Both sides have accepted each other.
    Established,
    /// One side ended it by a fatal alert, or by an encrypted one.
    Refused(Seen<SessionAlert>),
    /// One side closed the connection without a reason.
    CutOff(Seen<End>),
    /// The server has said nothing.
    HelloUnanswered,
    /// It goes on, or nobody says anything more.
    Unfinished,
}

impl Session {
    /// Whether both sides have accepted each other.
    pub fn is_established(&self) -> bool {
        self.phone_encrypts.is_some() && self.server_accepts.is_some()
    }

    /// How it stands.
    pub fn state(&self) -> State {
        // An encrypted record of an alert's length may also be a few bytes of data.
        let ends = |seen: &&Seen<SessionAlert>| {
            let has_ended = self.ended.is_some();
            seen.value.alert.map_or(has_ended, Alert::is_fatal)
        };
        if self.is_established() {
            State::Established
        } else if let Some(alert) = self.alerts.iter().find(ends) {
            State::Refused(*alert)
        } else if let Some(end) = self.ended {
            State::CutOff(end)
        } else if self.answer.is_none() && self.alerts.is_empty() {
            State::HelloUnanswered
        } else {
            State::Unfinished
        }
    }

    /// Whether the phone registers by it, as far as the port tells.
    pub fn is_for_registration(&self) -> bool {
        REGISTRATION_PORTS.contains(&self.server_port)
    }
}
