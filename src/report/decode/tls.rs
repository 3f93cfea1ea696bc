//! TLS messages as lines show them.

use phoneboot_parsers::tls::{self, Body, Version, ciphers};
use phoneboot_parsers::{WireText, tls::Message};
use schemars::JsonSchema;
use serde::Serialize;

use super::super::model::Time;
use super::{hex, text};
use crate::capture::Timestamp;
use crate::dissect::certificate;

/// A TLS message, or an encrypted record. Null is what such a message does not have.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct Tls {
    /// Who sent it; null when the capture does not tell.
    #[schemars(extend("enum" = ["client", "server", null]))]
    pub sender: Option<&'static str>,
    /// Version of its record: `TLS 1.0`.
    pub record_version: String,
    /// Type of its record: `handshake`, `alert`, `change_cipher_spec`, `application_data`;
    /// null for an unknown one.
    pub content_type: Option<&'static str>,
    /// Type of the handshake message: `client_hello`; null for an unknown one.
    pub handshake_type: Option<&'static str>,
    /// Bytes of an encrypted record, or of a handshake message that is not told in full.
    pub length: Option<usize>,
    /// Of a client hello, `client_version`; of a server hello, `server_version`. From TLS
    /// 1.3 on `supported_versions` or `selected_version` says what holds.
    pub version: Option<String>,
    /// Host that the client means to call.
    pub sni: Option<String>,
    /// Suites that the client offers, in its order; their numbers where they have no name.
    pub cipher_suites: Vec<String>,
    /// Ciphers of SSL 2.0 that a hello in its form offers beside them, as numbers.
    pub ssl2_cipher_specs: Vec<String>,
    /// Versions that the client offers by extension, in its order.
    pub supported_versions: Vec<String>,
    /// Version that the server chose by extension.
    pub selected_version: Option<String>,
    /// Suite that the server chose.
    pub cipher: Option<String>,
    /// Application protocols: offered, or chosen.
    pub alpn: Vec<String>,
    /// Session id, as hexadecimal digits.
    pub session_id: Option<String>,
    /// Compression methods: offered, or chosen.
    pub compression_methods: Vec<u8>,
    /// Types of all extensions of a hello, in wire order.
    pub extensions: Vec<u16>,
    /// Whether a client hello offers to take up an earlier session.
    pub offers_resumption: Option<bool>,
    /// Whether a server hello asks for another client hello.
    pub retry_request: Option<bool>,
    /// `warning` or `fatal`; null for an unknown one.
    pub alert_level: Option<&'static str>,
    /// Name of the alert; its number where it has none.
    pub alert_description: Option<String>,
    /// Certificates, the sender's own first.
    pub certificates: Vec<Certificate>,
    /// Kinds of certificates that a server asks for.
    pub certificate_types: Vec<u8>,
    /// How many issuers a server asks for by name; 0: any will do.
    pub certificate_authorities: Option<usize>,
}

/// One certificate. Null where it cannot be read.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct Certificate {
    /// Bytes of its DER.
    pub length: usize,
    /// Whom it names.
    pub subject: Option<String>,
    /// Who signed it.
    pub issuer: Option<String>,
    /// The first second at which it holds.
    pub not_before: Option<Time>,
    /// The last second at which it holds.
    pub not_after: Option<Time>,
    /// Host names and addresses that it covers.
    pub names: Vec<String>,
    /// Kind and size of its key.
    pub key: Option<String>,
    /// How it is signed.
    pub signature: Option<String>,
    /// Whether it may sign others.
    pub ca: Option<bool>,
}

pub(super) fn tls(message: &Message) -> Tls {
    let line = Tls {
        sender: message.sender.map(|sender| match sender {
            tls::Sender::Client => "client",
            tls::Sender::Server => "server",
        }),
        record_version: message.record_version.to_string(),
        content_type: tls::content_type(message.content_type),
        handshake_type: message.handshake_type().and_then(tls::handshake_type),
        ..Tls::default()
    };
    match &message.body {
        Body::ClientHello(hello) => client_hello(line, hello),
        Body::ServerHello(hello) => Tls {
            version: Some(hello.legacy_version.to_string()),
            selected_version: hello.selected_version.as_ref().map(Version::to_string),
            cipher: hello.cipher_suite.map(suite),
            alpn: hello.alpn.iter().map(WireText::to_json).collect(),
            session_id: Some(hex(&hello.session_id, "")),
            compression_methods: hello.compression_method.into_iter().collect(),
            extensions: hello.extensions.clone(),
            retry_request: Some(hello.is_retry_request),
            ..line
        },
        Body::Certificate(chain) => Tls {
            certificates: chain.iter().map(|der| of_chain(der)).collect(),
            ..line
        },
        Body::CertificateRequest(request) => Tls {
            certificate_types: request.certificate_types.clone(),
            certificate_authorities: Some(request.authorities.len()),
            ..line
        },
        Body::Alert(alert) => Tls {
            alert_level: alert.level_name(),
            alert_description: Some(
                alert
                    .name()
                    .map_or_else(|| alert.description.to_string(), str::to_owned),
            ),
            ..line
        },
        Body::Handshake { length, .. } | Body::Encrypted { length } => Tls {
            length: Some(*length),
            ..line
        },
        Body::ChangeCipherSpec => line,
    }
}

fn client_hello(line: Tls, hello: &tls::ClientHello) -> Tls {
    Tls {
        version: Some(hello.legacy_version.to_string()),
        sni: text(hello.server_name.as_ref()),
        cipher_suites: hello.cipher_suites.iter().copied().map(suite).collect(),
        ssl2_cipher_specs: hello
            .ssl2_cipher_specs
            .iter()
            .map(|spec| format!("0x{spec:06x}"))
            .collect(),
        supported_versions: hello
            .supported_versions
            .iter()
            .map(Version::to_string)
            .collect(),
        alpn: hello.alpn.iter().map(WireText::to_json).collect(),
        session_id: Some(hex(&hello.session_id, "")),
        compression_methods: hello.compression_methods.clone(),
        extensions: hello.extensions.clone(),
        offers_resumption: Some(hello.offers_resumption()),
        ..line
    }
}

fn suite(suite: u16) -> String {
    ciphers::name(suite).map_or_else(|| format!("0x{suite:04x}"), str::to_owned)
}

fn of_chain(der: &[u8]) -> Certificate {
    let line = Certificate {
        length: der.len(),
        ..Certificate::default()
    };
    let Some(read) = certificate::read(der) else {
        return line;
    };
    let names = read.names.iter().map(WireText::to_json);
    let addresses = read.addresses.iter().map(ToString::to_string);
    Certificate {
        subject: Some(read.subject.to_json()),
        issuer: Some(read.issuer.to_json()),
        not_before: time(read.not_before_secs),
        not_after: time(read.not_after_secs),
        names: names.chain(addresses).collect(),
        key: Some(read.key),
        signature: Some(read.signature),
        ca: Some(read.is_ca),
        ..line
    }
}

/// Null beyond the years that a time can have here (1677 to 2262).
fn time(secs: i64) -> Option<Time> {
    let nanos = secs.checked_mul(1_000_000_000)?;
    Some(Time(Timestamp(nanos)))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn tls_line(content_type: u8, body: Body) -> Value {
        let message = Message {
            sender: Some(tls::Sender::Client),
            record_version: Version::TLS_1_0,
            content_type,
            body,
        };
        serde_json::to_value(tls(&message)).unwrap()
    }

    #[test]
    fn a_client_hello_names_host_versions_and_suites() {
        let hello = tls::ClientHello {
            legacy_version: Version::TLS_1_2,
            cipher_suites: vec![0x1301, 0x1a1a],
            server_name: Some("prov.example.com".into()),
            supported_versions: vec![Version::TLS_1_3],
            ..tls::ClientHello::default()
        };
        let line = tls_line(22, Body::ClientHello(Box::new(hello)));
        assert_eq!(line["sender"], "client");
        assert_eq!(line["record_version"], "TLS 1.0");
        assert_eq!(line["content_type"], "handshake");
        assert_eq!(line["handshake_type"], "client_hello");
        assert_eq!(line["version"], "TLS 1.2");
        assert_eq!(line["sni"], "prov.example.com");
        assert_eq!(line["supported_versions"], json!(["TLS 1.3"]));
        assert_eq!(
            line["cipher_suites"],
            json!(["TLS_AES_128_GCM_SHA256", "0x1a1a"])
        );
    }

    #[test]
    fn a_server_hello_names_what_was_chosen() {
        let hello = tls::ServerHello {
            legacy_version: Version::TLS_1_2,
            cipher_suite: Some(0xc02f),
            selected_version: Some(Version::TLS_1_3),
            ..tls::ServerHello::default()
        };
        let line = tls_line(22, Body::ServerHello(Box::new(hello)));
        assert_eq!(line["handshake_type"], "server_hello");
        assert_eq!(line["cipher"], "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256");
        assert_eq!(line["selected_version"], "TLS 1.3");
        assert_eq!(line["retry_request"], false);
    }

    #[test]
    fn alerts_and_encrypted_records_are_told_by_name_and_length() {
        let alert = tls::Alert {
            level: 2,
            description: 48,
        };
        let line = tls_line(21, Body::Alert(alert));
        assert_eq!(line["content_type"], "alert");
        assert_eq!(line["alert_level"], "fatal");
        assert_eq!(line["alert_description"], "unknown_ca");
        let line = tls_line(23, Body::Encrypted { length: 69 });
        assert_eq!(
            (&line["content_type"], &line["length"]),
            (&json!("application_data"), &json!(69))
        );
        let line = tls_line(
            22,
            Body::Handshake {
                kind: 14,
                length: 0,
            },
        );
        assert_eq!(line["handshake_type"], "server_hello_done");
        assert_eq!(
            tls_line(20, Body::ChangeCipherSpec)["content_type"],
            "change_cipher_spec"
        );
        let request = tls::CertificateRequest {
            certificate_types: vec![1, 64],
            authorities: vec![vec![0x30, 0]],
        };
        let line = tls_line(22, Body::CertificateRequest(request));
        assert_eq!(line["certificate_authorities"], 1);
    }

    #[test]
    #[cfg(feature = "tls")]
    fn certificates_are_told_in_the_order_of_the_wire() {
        let good = include_bytes!("../../../tests/forge/certificates/good.der");
        let chain = vec![good.to_vec(), b"no certificate".to_vec()];
        let line = tls_line(22, Body::Certificate(chain));
        assert_eq!(
            line["certificates"],
            json!([
                {"length": good.len(), "subject": "O=Example, CN=prov.example.com",
                 "issuer": "O=Example, CN=Example Test CA",
                 "not_before": "2025-06-01T00:00:00.000000Z", "not_after": "2027-06-01T00:00:00.000000Z",
                 "names": ["prov.example.com", "*.prov.example.com", "192.0.2.20"],
                 "key": "EC 256", "signature": "ecdsa-with-SHA256", "ca": false},
                {"length": 14, "subject": null, "issuer": null, "not_before": null, "not_after": null,
                 "names": [], "key": null, "signature": null, "ca": null},
            ])
        );
    }
}
