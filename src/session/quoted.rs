//! What the phone wanted with a datagram that an ICMP error quotes.

use std::fmt;

use phoneboot_parsers::{Protocol, WireText, icmp};

use super::Boot;

const UDP: u8 = 17;
const DNS_PORT: u16 = 53;
const NTP_PORT: u16 = 123;
const SNMP_PORTS: [u16; 2] = [161, 162];
const SYSLOG_PORT: u16 = 514;

/// What a datagram of the phone asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// A file.
    File(WireText),
    /// To be registered, by this protocol.
    Registration(Protocol),
    /// What a name stands for.
    Name(WireText),
    /// The time.
    Time,
    /// Nothing: it is a line for a log.
    Log,
    /// Nothing: it is of the management by SNMP.
    Management,
}

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(file) => write!(f, "request for {file}"),
            Self::Registration(protocol) => {
                let name = protocol.name().to_ascii_uppercase();
                write!(f, "{name} registration")
            }
            Self::Name(name) => write!(f, "question for {name}"),
            Self::Time => f.write_str("question for the time"),
            Self::Log => f.write_str("log line"),
            Self::Management => f.write_str("SNMP message"),
        }
    }
}

impl Boot {
    /// What a datagram of the phone asked for, by its addresses and ports. The ports of
    /// files and names are those of the last requests: ask when the error comes.
    pub fn request_in(&self, quoted: &icmp::Quoted) -> Option<Request> {
        let (from, to) = quoted.ports?;
        let server = quoted.destination;
        let transfer = self
            .transfers
            .iter()
            .rev()
            .find(|transfer| transfer.server == server && transfer.client_port == from);
        if let Some(transfer) = transfer {
            return Some(Request::File(transfer.file.clone()));
        }
        let registration = self.registrations.iter().rev().find(|attempt| {
            attempt.server == Some(server) && attempt.server_port.is_none_or(|port| port == to)
        });
        if let Some(registration) = registration {
            return Some(Request::Registration(registration.protocol));
        }
        if to == DNS_PORT {
            return self.name_asked(quoted, from);
        }
        if quoted.protocol != UDP {
            return None;
        }
        match to {
            NTP_PORT => Some(Request::Time),
            SYSLOG_PORT => Some(Request::Log),
            _ if SNMP_PORTS.contains(&to) => Some(Request::Management),
            _ => None,
        }
    }

    /// The name that was asked for from this port and has no answer yet.
    fn name_asked(&self, quoted: &icmp::Quoted, port: u16) -> Option<Request> {
        let lookup = self.lookups.iter().rev().find(|lookup| {
            lookup.asked.iter().any(|asked| {
                asked.server == quoted.destination
                    && asked.waiting.iter().any(|(_, waiting)| *waiting == port)
            })
        })?;
        Some(Request::Name(lookup.name.clone()))
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;
    use crate::session::registration;
    use crate::session::testing::{BootBuilder, PHONE, SERVER};
    use crate::session::transfer::Status;

    fn quoted(from: u16, to: u16) -> icmp::Quoted {
        icmp::Quoted {
            source: IpAddr::V4(PHONE),
            destination: IpAddr::V4(SERVER),
            protocol: UDP,
            ports: Some((from, to)),
        }
    }

    fn words(boot: &Boot, quoted: &icmp::Quoted) -> Option<String> {
        boot.request_in(quoted).map(|request| request.to_string())
    }

    #[test]
    fn a_file_is_known_by_the_phone_s_port() {
        let boot = BootBuilder::new()
            .tftp("SEP001AA17BE638.cnf.xml", Status::Unanswered)
            .build();
        let found = words(&boot, &quoted(49_152, 69));
        assert_eq!(
            found.as_deref(),
            Some("request for SEP001AA17BE638.cnf.xml")
        );
        assert_eq!(words(&boot, &quoted(50_000, 69)), None);
    }

    #[test]
    fn a_registration_is_known_by_the_server_s_port() {
        let boot = BootBuilder::new()
            .registration(registration::Status::Unanswered, None)
            .build();
        let found = words(&boot, &quoted(5060, 5060));
        assert_eq!(found.as_deref(), Some("SIP registration"));
        assert_eq!(words(&boot, &quoted(5060, 5080)), None);
    }

    #[test]
    fn names_time_and_logs_are_known() {
        let boot = BootBuilder::new()
            .lookup("pbx.example", 1, 1, None)
            .with(|boot, _| {
                let asked = &mut boot.lookups[0].asked[0];
                asked.server = SERVER.into();
                asked.waiting.push((7, 40_001));
            })
            .build();
        let found = words(&boot, &quoted(40_001, 53));
        assert_eq!(found.as_deref(), Some("question for pbx.example"));
        assert_eq!(words(&boot, &quoted(40_002, 53)), None);
        for (to, said) in [
            (123, "question for the time"),
            (514, "log line"),
            (161, "SNMP message"),
        ] {
            assert_eq!(words(&boot, &quoted(40_003, to)).as_deref(), Some(said));
        }
        let tcp = icmp::Quoted {
            protocol: 6,
            ..quoted(40_003, 514)
        };
        assert_eq!(words(&boot, &tcp), None);
        let portless = icmp::Quoted {
            ports: None,
            ..quoted(0, 0)
        };
        assert_eq!(words(&boot, &portless), None);
    }
}
