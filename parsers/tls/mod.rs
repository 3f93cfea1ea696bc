//! TLS and SSL, as far as it is clear text: records, handshake messages, alerts.
//!
//! RFC 8446 (TLS 1.3), RFC 5246 (1.2), RFC 4346 (1.1), RFC 2246 (1.0), RFC 6101 (SSL
//! 3.0), RFC 6066 (server name), RFC 7301 (ALPN). The [`Reader`] is fed the bytes of one
//! direction in order and gives [`Message`]s; it knows nothing of ports, times or of the
//! other direction, except which side it listens to.
//!
//! Left out: all keys, so that nothing behind the handshake's clear part is read; DTLS;
//! the contents of certificates, which are given as DER.

mod certificates;
pub mod ciphers;
mod fields;
mod hello;
mod names;
mod recognize;
mod record;

use std::fmt;

use crate::WireText;

pub use names::{alert, content_type, handshake_type};
pub use recognize::speaks_tls;
pub use record::Reader;

/// Record types that are told apart here (RFC 8446 §5.1).
pub const CHANGE_CIPHER_SPEC: u8 = 20;
/// See [`CHANGE_CIPHER_SPEC`].
pub const ALERT: u8 = 21;
/// See [`CHANGE_CIPHER_SPEC`].
pub const HANDSHAKE: u8 = 22;
/// See [`CHANGE_CIPHER_SPEC`].
pub const APPLICATION_DATA: u8 = 23;

/// One message, or one record of which no more can be known.
///
/// ```text
///     1          2          2
/// +--------+-----------+--------+----------------------
/// |  type  |  version  | length | fragment
/// +--------+-----------+--------+----------------------
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Who sent it; `None` when the connection's beginning was not captured and nothing
    /// has told yet.
    pub sender: Option<Sender>,
    /// Version of the record in which it begins. [`Version::SSL_2`] for a hello in SSL
    /// 2.0's form.
    pub record_version: Version,
    /// Type of that record; 22 for a hello in SSL 2.0's form too.
    pub content_type: u8,
    /// What it says.
    pub body: Body,
}

/// A side of the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Sender {
    /// Who opened the connection and speaks first.
    Client,
    /// Who answers.
    Server,
}

/// What a message says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// The client's offer.
    ClientHello(Box<ClientHello>),
    /// The server's choice, or its wish for another client hello.
    ServerHello(Box<ServerHello>),
    /// DER certificates, the sender's own first; empty when a client has none. Only in
    /// TLS 1.2 and before.
    Certificate(Vec<Vec<u8>>),
    /// The server wants a certificate of the client. Only in TLS 1.2 and before.
    CertificateRequest(CertificateRequest),
    /// Any other handshake message in clear text.
    Handshake {
        /// Its type.
        kind: u8,
        /// Bytes behind its header.
        length: usize,
    },
    /// An alert in clear text.
    Alert(Alert),
    /// What the sender says next is encrypted, by the keys that were agreed on. In TLS
    /// 1.3 it says nothing (RFC 8446 §5).
    ChangeCipherSpec,
    /// An encrypted record.
    ///
    /// Given are the first one of each type in a row; and of TLS 1.3, which hides the
    /// types, the first ones, since only their lengths tell an alert from a handshake.
    Encrypted {
        /// Bytes of the record behind its header.
        length: usize,
    },
}

/// A client hello.
///
/// ```text
///    2       32      1    id    2    suites  1   methods   2    extensions
/// +-------+--------+---+------+---+--------+---+---------+---+-------------+
/// |version| random |len|  id  |len|2 each  |len| 1 each  |len|2 + 2 + data |
/// +-------+--------+---+------+---+--------+---+---------+---+-------------+
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ClientHello {
    /// `client_version`, `legacy_version` in TLS 1.3: the highest up to TLS 1.2.
    pub legacy_version: Version,
    /// The first four bytes of the random: in old stacks the client's clock, in seconds
    /// since 1970 (RFC 5246 §7.4.1.2), in others chance. `None` when not captured, and
    /// in SSL 2.0's form.
    pub random_time_secs: Option<u32>,
    /// Session to be taken up again; in TLS 1.3 it means nothing.
    pub session_id: Vec<u8>,
    /// Cipher suites in the client's order, GREASE and signals included.
    pub cipher_suites: Vec<u16>,
    /// Ciphers of SSL 2.0 that are no suites; only in its form.
    pub ssl2_cipher_specs: Vec<u32>,
    /// Compression methods.
    pub compression_methods: Vec<u8>,
    /// Types of all extensions, in wire order.
    pub extensions: Vec<u16>,
    /// `server_name`: the host that the client means to call.
    pub server_name: Option<WireText>,
    /// `supported_versions`, in wire order, GREASE included; empty without.
    pub supported_versions: Vec<Version>,
    /// Application protocols; empty without.
    pub alpn: Vec<WireText>,
    /// Whether a session ticket is shown.
    pub has_ticket: bool,
    /// Whether a pre-shared key is offered: in TLS 1.3 mostly an old session.
    pub has_pre_shared_key: bool,
}

/// A server hello.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ServerHello {
    /// `server_version`; TLS 1.2 where `selected_version` says what holds.
    pub legacy_version: Version,
    /// Whether it is a `HelloRetryRequest`: the client shall send another hello.
    pub is_retry_request: bool,
    /// The session; the client's own when it is taken up again.
    pub session_id: Vec<u8>,
    /// The chosen suite; `None` when not captured.
    pub cipher_suite: Option<u16>,
    /// The chosen compression.
    pub compression_method: Option<u8>,
    /// Types of all extensions, in wire order.
    pub extensions: Vec<u16>,
    /// `supported_versions`: what is spoken from here on; `None` before TLS 1.3.
    pub selected_version: Option<Version>,
    /// The chosen application protocol; empty without.
    pub alpn: Vec<WireText>,
}

/// A `CertificateRequest`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CertificateRequest {
    /// Kinds of certificates that would do: 1 RSA, 64 ECDSA.
    pub certificate_types: Vec<u8>,
    /// DER names of the issuers that would do; empty: any.
    pub authorities: Vec<Vec<u8>>,
}

/// An alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Alert {
    /// 1 warning, 2 fatal.
    pub level: u8,
    /// Why.
    pub description: u8,
}

/// A protocol version as it stands on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Version(pub u16);

impl Message {
    /// Type of the handshake message; `None` for what is none.
    pub fn handshake_type(&self) -> Option<u8> {
        Some(match &self.body {
            Body::ClientHello(_) => 1,
            Body::ServerHello(_) => 2,
            Body::Certificate(_) => 11,
            Body::CertificateRequest(_) => 13,
            Body::Handshake { kind, .. } => *kind,
            Body::Alert(_) | Body::ChangeCipherSpec | Body::Encrypted { .. } => return None,
        })
    }
}

impl Sender {
    /// The other side.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::Client => Self::Server,
            Self::Server => Self::Client,
        }
    }
}

impl ClientHello {
    /// The highest version that the client speaks.
    pub fn highest_version(&self) -> Version {
        let real = |version: &&Version| !is_grease(version.0);
        let offered = self.supported_versions.iter().filter(real).copied();
        offered.max().unwrap_or(self.legacy_version)
    }

    /// The lowest version that the client is known to speak; `None` without
    /// `supported_versions`, by which alone it could say so.
    pub fn lowest_version(&self) -> Option<Version> {
        let real = |version: &&Version| !is_grease(version.0);
        self.supported_versions.iter().filter(real).min().copied()
    }

    /// Whether an earlier session shall be taken up again.
    pub fn offers_resumption(&self) -> bool {
        let knows_1_3 = self.highest_version() >= Version::TLS_1_3;
        self.has_pre_shared_key || self.has_ticket || (!self.session_id.is_empty() && !knows_1_3)
    }
}

impl ServerHello {
    /// The version that is spoken from here on.
    pub fn version(&self) -> Version {
        self.selected_version.unwrap_or(self.legacy_version)
    }
}

impl Alert {
    /// Whether the connection ends by it.
    pub fn is_fatal(self) -> bool {
        self.level == 2
    }

    /// The name of its level; `None` for an unknown one.
    pub fn level_name(self) -> Option<&'static str> {
        match self.level {
            1 => Some("warning"),
            2 => Some("fatal"),
            _ => None,
        }
    }

    /// Its name; `None` for an unknown one.
    pub fn name(self) -> Option<&'static str> {
        alert(self.description)
    }
}

impl Version {
    /// SSL 2.0, in the form of its hellos.
    pub const SSL_2: Self = Self(0x0002);
    /// SSL 3.0.
    pub const SSL_3: Self = Self(0x0300);
    /// TLS 1.0.
    pub const TLS_1_0: Self = Self(0x0301);
    /// TLS 1.1.
    pub const TLS_1_1: Self = Self(0x0302);
    /// TLS 1.2.
    pub const TLS_1_2: Self = Self(0x0303);
    /// TLS 1.3.
    pub const TLS_1_3: Self = Self(0x0304);
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0x0002 => f.write_str("SSL 2.0"),
            0x0300 => f.write_str("SSL 3.0"),
            minor @ 0x0301..=0x0304 => write!(f, "TLS 1.{}", minor - 0x0301),
            draft @ 0x7f00..=0x7fff => write!(f, "TLS 1.3 draft {}", draft - 0x7f00),
            other => write!(f, "version 0x{other:04x}"),
        }
    }
}

/// Whether a number was only put in to see that it is passed over (RFC 8701 §2).
pub fn is_grease(number: u16) -> bool {
    let [high, low] = number.to_be_bytes();
    high == low && low & 0x0f == 0x0a
}

#[cfg(test)]
mod tests;
