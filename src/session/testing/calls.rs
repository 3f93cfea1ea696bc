//! TLS and registrations of boots made by hand.

use std::net::IpAddr;

use phoneboot_parsers::tls::{ClientHello, Version};
use phoneboot_parsers::{Protocol, WireText};

use super::{BootBuilder, SERVER};
use crate::event::{At, Seen};
use crate::session::registration::{self, Registration};
use crate::session::signaling::Signaling;
use crate::session::{Phase, tls};

impl BootBuilder {
    /// The phone opens TLS to a port of [`SERVER`] as `prov.example.com` and offers up to
    /// TLS 1.2; changed by hand from a hello without an answer.
    pub(crate) fn tls(self, port: u16, change: impl FnOnce(&mut tls::Session, At)) -> Self {
        let mut boot = self.connection(SERVER, port, |connection, at| {
            connection.accepted = Some(at);
        });
        let at = boot.tick();
        boot.step(Phase::Fetch, Protocol::Tls, "tls-client-hello", true);
        let hello = ClientHello {
            legacy_version: Version::TLS_1_2,
            server_name: Some("prov.example.com".into()),
            ..ClientHello::default()
        };
        let mut session = tls::Session {
            server: IpAddr::V4(SERVER),
            server_port: port,
            client_port: 50000,
            hello: Seen::new(hello, at),
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
            last: at,
        };
        change(&mut session, at);
        boot.boot.tls.push(session);
        boot
    }

    /// The phone registers with [`SERVER`] by SIP.
    pub(crate) fn registration(
        mut self,
        status: registration::Status,
        detail: Option<&str>,
    ) -> Self {
        let first = self.tick();
        self.step(Phase::Register, Protocol::Sip, "sip-register", true);
        let last = self.tick();
        let server = Some(IpAddr::V4(SERVER));
        self.boot.registrations.push(Registration {
            status,
            detail: detail.map(str::to_owned),
            name: Some(WireText::from("sip:100@pbx.example")),
            with_credentials: true,
            last,
            requests: 2,
            call_id: Some(WireText::from("call")),
            client_port: Some(5060),
            answer: detail.map(|words| registration::Answer {
                at: last,
                status: words.split(' ').next().unwrap().parse().unwrap_or(0),
                hint: None,
                retry_after_secs: None,
                min_expires_secs: None,
            }),
            ..Registration::new(Protocol::Sip, server, Some(5060), first)
        });
        self
    }

    /// The phone speaks MGCP or H.323 to [`SERVER`] so many times, a second apart.
    pub(crate) fn signaling(
        mut self,
        protocol: Protocol,
        calls: u64,
        answered: bool,
        refused: Option<&str>,
    ) -> Self {
        let first = self.tick();
        self.step(Phase::Register, protocol, "signaling", true);
        for _ in 1..calls {
            self = self.after_secs(1);
        }
        let last = self.tick();
        self.boot.signaling.push(Signaling {
            spoken: Some(first),
            last_spoken: Some(last),
            calls,
            answered: answered.then_some(last),
            refused: refused.map(|words| Seen::new(words.into(), last)),
            ..Signaling::new(protocol, IpAddr::V4(SERVER), first)
        });
        self
    }

    /// Changes the last registration.
    pub(crate) fn last_registration(mut self, change: impl FnOnce(&mut Registration)) -> Self {
        if let Some(last) = self.boot.registrations.last_mut() {
            change(last);
        }
        self
    }
}
