//! Attempts to register with a call server, and what the phone says of its last run.

use std::net::IpAddr;

use phoneboot_parsers::sccp::LastReason;
use phoneboot_parsers::{Protocol, WireText};

use crate::event::{At, Endpoint, Seen};

use super::{Boot, lookup};

/// How many registrations are kept in a boot.
pub const MAX_REGISTRATIONS: usize = 32;

/// Ports of call servers, over UDP and TCP: H.323 (gatekeeper, call signalling), SCCP, SCCP
/// over TLS, MGCP, SIP, SIP over TLS.
pub const CALL_SERVER_PORTS: [u16; 8] = [1719, 1720, 2000, 2427, 2443, 2727, 5060, 5061];

/// A nonce may be stale once or twice; a server that says so this often refuses.
pub const STALE_REPEATS: u64 = 5;

/// Ports of a call server at which it does something else: files, time, names, trust
/// (2445), certificates (3804) and web pages.
const OTHER_PORTS: [u16; 14] = [
    21, 53, 69, 80, 123, 443, 2445, 3804, 6970, 6971, 6972, 8080, 8443, 8445,
];

impl Boot {
    /// Whether a configuration that was delivered names this server, by its address or by a
    /// name that the phone looked up, as one to register with, and the port may be for that.
    pub(super) fn is_configured_call_server(&self, server: IpAddr, port: u16) -> bool {
        !OTHER_PORTS.contains(&port) && self.configuration_names(server)
    }

    /// The call servers that configurations name, as they are written.
    pub(crate) fn configured_call_servers(&self) -> impl Iterator<Item = &WireText> {
        self.transfers
            .iter()
            .filter_map(|transfer| transfer.manifest.as_deref())
            .flat_map(|manifest| &manifest.servers)
    }

    /// Whether a configuration names this address, or a name that leads there, as that of a
    /// call server.
    pub(crate) fn configuration_names(&self, server: IpAddr) -> bool {
        self.configured_call_servers().any(|name| {
            let text = name.to_string();
            text.parse() == Ok(server) || self.leads_to(&text, server)
        })
    }

    /// Whether the phone was told that this name has this address.
    fn leads_to(&self, name: &str, address: IpAddr) -> bool {
        self.lookups
            .iter()
            .filter(|lookup| lookup.name.to_string().eq_ignore_ascii_case(name))
            .filter_map(|lookup| lookup.answer())
            .any(|answer| {
                matches!(&answer.value, lookup::Answer::Found { addresses, .. } if addresses.contains(&address))
            })
    }
}

/// The attempts to register one name with one server by one protocol. A phone with
/// four lines makes four of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registration {
    /// SIP or SCCP.
    pub protocol: Protocol,
    /// The call server; `None` when its address was not captured.
    pub server: Option<IpAddr>,
    /// Its port.
    pub server_port: Option<u16>,
    /// How it stands.
    pub status: Status,
    /// The server's words for it: `403 Forbidden`, a reject's text.
    pub detail: Option<String>,
    /// The name that the phone registers.
    pub name: Option<WireText>,
    /// Whether credentials were sent.
    pub with_credentials: bool,
    /// The first request.
    pub first: At,
    /// The frame that settled it, else the last request.
    pub last: At,
    /// Requests sent.
    pub requests: u64,
    /// `Call-ID` of the SIP registration, so that its answers are told from others'.
    pub call_id: Option<WireText>,
    /// The phone's port, of the last request.
    pub client_port: Option<u16>,
    /// The last request.
    pub last_request: At,
    /// What was asked since the last final answer; `None` while nothing was, or while
    /// there is no answer at all.
    pub asked_again: Option<Silence>,
    /// The last final answer; `None` while there is none.
    pub answer: Option<Answer>,
    /// How often the server asked for credentials.
    pub challenges: u64,
    /// How often it called the nonce of its own challenge stale, since it last accepted.
    pub stale: u64,
    /// Final answers that refused, since the server last accepted.
    pub refusals: u64,
    /// The first of them.
    pub first_refusal: Option<At>,
    /// How often an SCCP server told the phone to wait and ask for leave again.
    pub put_off: u64,
    /// The server's 1xx, which says that it heard the phone and no more.
    pub provisional: Option<At>,
    /// Set while the phone repeats what was answered.
    pub unheard: Option<Unheard>,
    /// The frame in which the server refused to go on after it had accepted; `None`
    /// again when it accepts anew.
    pub lapsed: Option<At>,
}

impl Registration {
    /// An attempt that begins with the frame `at`, of which no request is counted yet.
    pub fn new(
        protocol: Protocol,
        server: Option<IpAddr>,
        server_port: Option<u16>,
        at: At,
    ) -> Self {
        Self {
            protocol,
            server,
            server_port,
            status: Status::Unanswered,
            detail: None,
            name: None,
            with_credentials: false,
            first: at,
            last: at,
            requests: 0,
            call_id: None,
            client_port: None,
            last_request: at,
            asked_again: None,
            answer: None,
            challenges: 0,
            stale: 0,
            refusals: 0,
            first_refusal: None,
            put_off: 0,
            provisional: None,
            unheard: None,
            lapsed: None,
        }
    }

    /// What the phone asked and got no final answer to; `None` when the last request
    /// was answered.
    pub fn silence(&self) -> Option<Silence> {
        match self.answer {
            Some(_) => self.asked_again,
            None => Some(Silence {
                since: self.first,
                requests: self.requests,
            }),
        }
    }

    /// Whether the server only told the phone what to do otherwise: a challenge that it
    /// has no credentials for, a longer interval, another place.
    pub fn is_told_otherwise(&self) -> bool {
        self.answer
            .as_ref()
            .is_some_and(|answer| match answer.status {
                300..=399 | 423 => true,
                401 | 407 => !self.with_credentials,
                _ => false,
            })
    }

    /// Counts a request that is not yet answered.
    pub(in crate::session) fn asked(&mut self, at: At) {
        self.requests = self.requests.saturating_add(1);
        self.last_request = at;
        if self.status == Status::Rejected && self.is_told_otherwise() {
            self.status = Status::Unanswered;
        }
        if self.status == Status::Unanswered {
            self.last = at;
        }
        if self.answer.is_some() {
            let silence = self.asked_again.get_or_insert(Silence {
                since: at,
                requests: 0,
            });
            silence.requests = silence.requests.saturating_add(1);
        }
    }

    /// Takes in a final answer of the server, after which the attempt stands so.
    pub(in crate::session) fn settle(&mut self, status: Status, words: String, answer: Answer) {
        match status {
            Status::Registered => {
                self.lapsed = None;
                self.refusals = 0;
                self.stale = 0;
                self.first_refusal = None;
            }
            Status::Rejected => {
                self.refusals = self.refusals.saturating_add(1);
                self.first_refusal = self.first_refusal.or(Some(answer.at));
            }
            Status::Unanswered => {}
        }
        self.detail = Some(words).filter(|words| !words.is_empty());
        self.last = answer.at;
        self.asked_again = None;
        let at = answer.at;
        self.answer = Some(answer);
        if self.status != Status::Registered {
            self.status = status;
        } else if status == Status::Rejected && !self.is_told_otherwise() {
            self.lapsed = Some(at);
        }
    }
}

/// Requests that nothing came back for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Silence {
    /// The first of them.
    pub since: At,
    /// How many, repeats included.
    pub requests: u64,
}

/// A final answer to a request to register.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Its frame.
    pub at: At,
    /// SIP status; 0 for SCCP.
    pub status: u16,
    /// What the server says beside status and reason phrase: the text of a `Warning`
    /// or `Reason` field.
    pub hint: Option<WireText>,
    /// After how many seconds the server may be asked again.
    pub retry_after_secs: Option<u64>,
    /// The shortest registration that the server takes, in seconds.
    pub min_expires_secs: Option<u64>,
}

/// Answers that the phone does not hear: it repeats the same request behind them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unheard {
    /// The first request of the transaction.
    pub request: At,
    /// The first answer to it.
    pub answer: At,
    /// The last repeat.
    pub repeat: At,
    /// How often the request was repeated after it had been answered.
    pub repeats: u64,
    /// Where the request came from.
    pub request_from: Endpoint,
    /// Where the answer went to.
    pub answer_to: Endpoint,
    /// Innermost VLAN of request and answer; `None` when untagged.
    pub vlans: (Option<u16>, Option<u16>),
    /// Whether the answer carries another `branch` than the request, by which the
    /// phone must take it for a stranger's.
    pub foreign_branch: bool,
}

/// What the phone says of the end of its last run: an SCCP alarm, or the `Reason` of a
/// SIP REGISTER.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PreviousEnd {
    /// SIP or SCCP.
    pub protocol: Protocol,
    /// The whole text, `Last=…` in it.
    pub text: WireText,
    /// The reason, if it is a known one.
    pub reason: Option<&'static LastReason>,
}

/// The search for a provisioning server by SIP multicast (plug and play).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PlugAndPlay {
    /// The first SUBSCRIBE.
    pub asked: Option<At>,
    /// The URL that the phone was told, credentials masked, and where.
    pub url: Option<(WireText, At)>,
    /// Who told it.
    pub told_by: Option<IpAddr>,
    /// `Call-ID` of the SUBSCRIBE.
    pub call_id: Option<WireText>,
    /// The first final answer to the SUBSCRIBE, with its status, and who gave it.
    pub answer: Option<Seen<(u16, Option<IpAddr>)>>,
}

/// How a registration stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Status {
    /// Asked, no answer yet; or challenged, and the credentials not sent yet; or put off.
    Unanswered,
    /// The server refused, or told the phone again and again what it does not do.
    Rejected,
    /// The server accepted.
    Registered,
}

impl Status {
    /// The word that reports use.
    pub fn name(self) -> &'static str {
        match self {
            Self::Unanswered => "unanswered",
            Self::Rejected => "rejected",
            Self::Registered => "registered",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::testing::{BootBuilder, SERVER};
    use crate::session::transfer;
    use phoneboot_parsers::manifest;

    /// A boot with a configuration that names this call server, which the name server
    /// knows as 192.0.2.11.
    fn configured(call_server: &str) -> Boot {
        let text = format!(
            "<device><callManagerGroup><processNodeName>{call_server}</processNodeName>\
             </callManagerGroup></device>"
        );
        let told = lookup::Answer::Found {
            addresses: vec![[192, 0, 2, 11].into()],
            targets: Vec::new(),
            canonical: None,
        };
        BootBuilder::new()
            .transfer(
                Protocol::Tftp,
                "SEP001AA17BE638.cnf.xml",
                transfer::Status::Complete,
                |transfer| transfer.manifest = manifest::read(text.as_bytes()).map(Box::new),
            )
            .lookup("cucm.example.com", lookup::A, 1, Some(told))
            .build()
    }

    #[test]
    fn a_server_of_the_configuration_is_a_call_server_on_any_port_of_its_own() {
        let call_server = IpAddr::from([192, 0, 2, 11]);
        for name in ["192.0.2.11", "CUCM.example.com"] {
            let boot = configured(name);
            assert!(boot.is_call_server(call_server, 5160), "{name}");
            assert!(!boot.is_call_server(call_server, 6970), "{name}");
            assert!(!boot.is_call_server(SERVER.into(), 5160), "{name}");
        }
        assert!(!configured("other.example.com").is_call_server(call_server, 5160));
    }
}
