//! Names that were looked up, servers that were asked for the time, and TLS connections of a
//! boot, as the JSON report has them.

use phoneboot_parsers::WireText;
use phoneboot_parsers::dns;
use phoneboot_parsers::tls::{Alert, ServerHello, ciphers};
use schemars::JsonSchema;
use serde::Serialize;

use crate::capture::Timestamp;
use crate::dissect::certificate;
use crate::event::Seen;
use crate::session::clock::{TimeAnswer, TimeServer};
use crate::session::lookup::{Answer, Asked, Lookup};
use crate::session::tls::{Session, SessionAlert, State};

use super::build::offset_ms;
use super::model::Time;

/// A name, and what one server said of it.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct NameLookup {
    /// The name that was asked for.
    pub name: String,
    /// The type of record: `A`, `SRV`; its number where it has no name.
    #[serde(rename = "type")]
    pub kind: String,
    /// The name server that was asked.
    pub server: String,
    /// What came of it: `no-data` when the name has no such record, `no-name` when nothing has
    /// the name (NXDOMAIN), `server-failed` for SERVFAIL.
    #[schemars(extend("enum" = ["found", "no-data", "no-name", "server-failed", "refused",
        "failed", "truncated", "unanswered"]))]
    pub status: &'static str,
    /// Addresses, then hosts with their ports: `sip1.example.com:5060`.
    pub answers: Vec<String>,
    /// Questions sent, repeats included.
    pub requests: u64,
    /// The frame of the answer, else of the last question.
    pub frame: u64,
}

/// A server that was asked for the time.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct TimeSource {
    /// The server.
    pub server: String,
    /// What came of it: `not-set` when the server's own clock is not set.
    #[schemars(extend("enum" = ["told", "not-set", "refused", "unanswered"]))]
    pub status: &'static str,
    /// How far its time is ahead of the capture's clock; null when it told none.
    pub offset_ms: Option<f64>,
    /// Requests sent.
    pub requests: u64,
    /// The frame of the answer, else of the last request.
    pub frame: u64,
}

/// A TLS connection that the phone opened.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct TlsConnection {
    /// The server.
    pub server: String,
    /// Its port.
    pub port: u16,
    /// The host that the phone means to call; null when it does not say.
    pub server_name: Option<String>,
    /// The version that the server chose; null while it has not.
    pub version: Option<String>,
    /// The cipher suite that the server chose; null while it has not.
    pub cipher: Option<String>,
    /// How the handshake stands: `refused` by an alert, `cut-off` by the end of the
    /// connection, `unanswered` when the server said nothing, `unfinished` when it goes on.
    #[schemars(extend("enum" = ["established", "refused", "cut-off", "unanswered",
        "unfinished"]))]
    pub status: &'static str,
    /// The alert that ended it, else the first; null without.
    pub alert: Option<TlsAlert>,
    /// The server's own certificate; null before it came, and from TLS 1.3 on, where it is
    /// encrypted.
    pub certificate: Option<TlsCertificate>,
    /// Whether the server asks for a certificate of the phone, as far as that is seen.
    pub wants_phone_certificate: bool,
    /// The phone's own certificate; null when it showed none that could be read.
    pub phone_certificate: Option<TlsCertificate>,
    /// The frame that settled it, else the last of the handshake that was looked at.
    pub frame: u64,
}

/// An alert.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct TlsAlert {
    /// Its name, or its number where it has none; null when it is encrypted.
    pub description: Option<String>,
    /// Whether it ends the connection; null when it is encrypted.
    pub fatal: Option<bool>,
    /// Who sent it.
    #[schemars(extend("enum" = ["server", "phone"]))]
    pub from: &'static str,
}

/// A certificate.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct TlsCertificate {
    /// Whom it names.
    pub subject: String,
    /// Who signed it.
    pub issuer: String,
    /// The first second at which it holds.
    pub not_before: Time,
    /// The last second at which it holds.
    pub not_after: Time,
    /// Host names and addresses that it covers.
    pub names: Vec<String>,
}

pub(super) fn lookups(lookups: &[Lookup]) -> Vec<NameLookup> {
    lookups
        .iter()
        .flat_map(|lookup| lookup.asked.iter().map(|asked| name_lookup(lookup, asked)))
        .collect()
}

fn name_lookup(lookup: &Lookup, asked: &Asked) -> NameLookup {
    let (status, answers) = asked
        .answer
        .as_ref()
        .map_or(("unanswered", Vec::new()), |seen| said(&seen.value));
    NameLookup {
        name: lookup.name.to_json(),
        kind: dns::type_name(lookup.kind)
            .map_or_else(|| lookup.kind.to_string(), ToString::to_string),
        server: asked.server.to_string(),
        status,
        answers,
        requests: asked.count,
        frame: asked
            .answer
            .as_ref()
            .map_or(asked.last, |seen| seen.at)
            .frame
            .0,
    }
}

fn said(answer: &Answer) -> (&'static str, Vec<String>) {
    match answer {
        Answer::Found {
            addresses, targets, ..
        } => {
            let hosts = targets.iter().map(|target| {
                let host = target.host.to_json();
                target
                    .port
                    .map_or_else(|| host.clone(), |port| format!("{host}:{port}"))
            });
            let answers = addresses.iter().map(ToString::to_string).chain(hosts);
            ("found", answers.collect())
        }
        Answer::NoData => ("no-data", Vec::new()),
        Answer::NoName => ("no-name", Vec::new()),
        Answer::ServerFailed => ("server-failed", Vec::new()),
        Answer::Refused => ("refused", Vec::new()),
        Answer::Failed(_) => ("failed", Vec::new()),
        Answer::Truncated => ("truncated", Vec::new()),
    }
}

pub(super) fn time(servers: &[TimeServer]) -> Vec<TimeSource> {
    servers.iter().map(time_source).collect()
}

fn time_source(server: &TimeServer) -> TimeSource {
    let answer = server.answer.as_ref();
    let (status, offset_nanos) = match answer.map(|seen| &seen.value) {
        Some(TimeAnswer::Told { offset_nanos, .. }) => ("told", Some(*offset_nanos)),
        Some(TimeAnswer::NotSet) => ("not-set", None),
        Some(TimeAnswer::Refused(_)) => ("refused", None),
        None => ("unanswered", None),
    };
    TimeSource {
        server: server.server.to_string(),
        status,
        offset_ms: offset_nanos.map(|nanos| offset_ms(Timestamp(nanos), Timestamp(0))),
        requests: server.asked,
        frame: answer.map_or(server.last, |seen| seen.at).frame.0,
    }
}

pub(super) fn tls(sessions: &[Session]) -> Vec<TlsConnection> {
    sessions.iter().map(connection).collect()
}

fn connection(session: &Session) -> TlsConnection {
    let (status, settled) = match session.state() {
        State::Established => ("established", session.server_accepts),
        State::Refused(alert) => ("refused", Some(alert.at)),
        State::CutOff(end) => ("cut-off", Some(end.at)),
        State::HelloUnanswered => ("unanswered", Some(session.hello.at)),
        State::Unfinished => ("unfinished", None),
    };
    let alert = match session.state() {
        State::Refused(alert) => Some(alert),
        _ => session.alerts.first().copied(),
    };
    let own = |seen: &Option<Seen<Vec<certificate::Certificate>>>| {
        let chain = seen.as_ref()?;
        chain.value.first().map(certificate_of)
    };
    let chosen = session.answer.as_ref().map(|seen| &seen.value);
    TlsConnection {
        server: session.server.to_string(),
        port: session.server_port,
        server_name: session
            .hello
            .value
            .server_name
            .as_ref()
            .map(WireText::to_json),
        version: chosen.map(version),
        cipher: chosen.and_then(|hello| hello.cipher_suite).map(|suite| {
            ciphers::name(suite).map_or_else(|| format!("0x{suite:04x}"), str::to_owned)
        }),
        status,
        alert: alert.as_ref().map(alert_of),
        certificate: own(&session.certificates),
        wants_phone_certificate: session.certificate_request.is_some(),
        phone_certificate: own(&session.phone_certificates),
        frame: settled.unwrap_or(session.last).frame.0,
    }
}

fn version(hello: &ServerHello) -> String {
    hello
        .selected_version
        .unwrap_or(hello.legacy_version)
        .to_string()
}

fn alert_of(seen: &Seen<SessionAlert>) -> TlsAlert {
    let alert = seen.value.alert;
    TlsAlert {
        description: alert.map(|alert| {
            alert
                .name()
                .map_or_else(|| alert.description.to_string(), str::to_owned)
        }),
        fatal: alert.map(Alert::is_fatal),
        from: if seen.value.from_phone {
            "phone"
        } else {
            "server"
        },
    }
}

fn certificate_of(read: &certificate::Certificate) -> TlsCertificate {
    let second = |secs: i64| Time(Timestamp(secs.saturating_mul(1_000_000_000)));
    TlsCertificate {
        subject: read.subject.to_json(),
        issuer: read.issuer.to_json(),
        not_before: second(read.not_before_secs),
        not_after: second(read.not_after_secs),
        names: read
            .names
            .iter()
            .map(WireText::to_json)
            .chain(read.addresses.iter().map(ToString::to_string))
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::lookup::{A, SRV, Target};
    use crate::session::testing::BootBuilder;
    use crate::session::tls::End;
    use serde_json::{Value, json};

    fn found() -> Answer {
        Answer::Found {
            addresses: vec![[192, 0, 2, 11].into()],
            targets: vec![Target {
                host: "sip1.example.com".into(),
                port: Some(5060),
                addresses: Vec::new(),
            }],
            canonical: None,
        }
    }

    fn json_of<T: Serialize>(value: &[T]) -> Value {
        serde_json::to_value(value).unwrap()
    }

    #[test]
    fn a_name_is_told_with_what_its_server_said() {
        let boot = BootBuilder::new()
            .lookup("_sip._udp.example.com", SRV, 1, Some(found()))
            .lookup("prov.example.com", A, 3, None)
            .build();
        let told = json_of(&lookups(&boot.lookups));
        assert_eq!(told[0]["type"], "SRV");
        assert_eq!(told[0]["status"], "found");
        assert_eq!(
            told[0]["answers"],
            json!(["192.0.2.11", "sip1.example.com:5060"])
        );
        assert_eq!(told[1]["name"], "prov.example.com");
        assert_eq!(told[1]["status"], "unanswered");
        assert_eq!(told[1]["requests"], 3);
    }

    #[test]
    fn every_answer_has_its_word() {
        for (answer, word) in [
            (Answer::NoData, "no-data"),
            (Answer::NoName, "no-name"),
            (Answer::ServerFailed, "server-failed"),
            (Answer::Refused, "refused"),
            (Answer::Failed(9), "failed"),
            (Answer::Truncated, "truncated"),
        ] {
            assert_eq!(said(&answer), (word, Vec::new()));
        }
    }

    fn time_of(answer: Option<TimeAnswer>) -> TimeSource {
        let at = BootBuilder::new().build().started;
        time_source(&TimeServer {
            server: [192, 0, 2, 30].into(),
            first: at,
            last: at,
            asked: 2,
            answer: answer.map(|answer| Seen::new(answer, at)),
        })
    }

    #[test]
    fn a_time_server_is_told_with_its_offset() {
        let told = time_of(Some(TimeAnswer::Told {
            unix_nanos: 0,
            offset_nanos: -1_500_000_000,
            stratum: 2,
        }));
        assert_eq!((told.status, told.offset_ms), ("told", Some(-1500.0)));
        assert_eq!(time_of(None).status, "unanswered");
        assert_eq!(time_of(Some(TimeAnswer::NotSet)).status, "not-set");
        let refused = TimeAnswer::Refused("RATE".into());
        assert_eq!(time_of(Some(refused)).status, "refused");
    }

    #[test]
    fn a_tls_connection_is_told_by_its_state() {
        let boot = BootBuilder::new()
            .tls(443, |_, _| {})
            .tls(443, |session, at| {
                let alert = Alert {
                    level: 2,
                    description: 48,
                };
                let alert = SessionAlert {
                    from_phone: true,
                    alert: Some(alert),
                };
                session.alerts.push(Seen::new(alert, at));
            })
            .tls(443, |session, at| {
                let end = End {
                    by_phone: false,
                    reset: true,
                };
                session.answer = Some(Seen::new(ServerHello::default(), at));
                session.ended = Some(Seen::new(end, at));
            })
            .tls(5061, |session, at| {
                session.phone_encrypts = Some(at);
                session.server_accepts = Some(at);
            })
            .build();
        let told = tls(&boot.tls);
        let words: Vec<&str> = told.iter().map(|one| one.status).collect();
        assert_eq!(words, ["unanswered", "refused", "cut-off", "established"]);
        assert_eq!(told[0].server_name.as_deref(), Some("prov.example.com"));
        assert_eq!(
            json_of(&told)[1]["alert"],
            json!({"description": "unknown_ca", "fatal": true, "from": "phone"})
        );
        assert_eq!(told[0].version, None);
        assert!(told[2].version.is_some());
    }
}
