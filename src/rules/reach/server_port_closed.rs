//! The server is there, and nothing listens on the port that the phone asks.
//!
//! ## What it sees
//! ICMP "port unreachable" that quotes the phone's request, or a TCP RST in answer to its
//! SYN.
//!
//! ## Why the phone stops
//! The machine is up and the service is not: no TFTP, web or call server runs there, or it
//! listens on another address or port.
//!
//! ## How to fix it
//! 1. Start the service, and look that it listens on this address: `ss -lnup` for UDP,
//!    `ss -lntp` for TCP.
//! 2. Is the address the right one? Option 150, 66 or the next-server field may name another
//!    machine than the one meant.
//! 3. A firewall that rejects instead of dropping gives the same answer.
//!
//! ## When it may be wrong
//! Phones try several ways on purpose: HTTP on port 6970 refused and TFTP used instead is
//! normal. When the phone gets its files all the same, or still asks elsewhere, this is a
//! note; so it is for the maker's own service beside a server of one's own.
//!
//! ## References
//! RFC 792 (type 3, code 3); RFC 4443 §3.1 (code 4); RFC 9293 §3.10.7.1 (reset).

use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::event::{At, Unreachable};
use crate::finding::{About, Finding, Severity};
use crate::rules::{Context, elsewhere, names};
use crate::session::Boot;
use crate::session::quoted::Request;

use super::ftp_data;
use super::server_unreachable::file_of;

/// What was refused at one server's port.
#[derive(Default)]
struct Refusals {
    over: &'static str,
    frames: Vec<At>,
    /// How often the server said so.
    count: u64,
    /// What was asked for, each once.
    requests: Vec<Request>,
}

/// A phone that is refused this often and asks nowhere else knows no other way.
const INSISTS: u64 = 3;

/// How many of the requests a finding names.
const MAX_NAMED: usize = 3;

impl Refusals {
    /// `request for a.cfg and request for b.cfg`, or `packets` when nothing is known of
    /// them.
    fn words(&self) -> String {
        let words: Vec<String> = self
            .requests
            .iter()
            .take(MAX_NAMED)
            .map(ToString::to_string)
            .collect();
        let more = self.requests.len() > MAX_NAMED;
        match words.as_slice() {
            [] => "packets".to_owned(),
            [all @ .., last] if !more && !all.is_empty() => {
                format!("{} and {last}", all.join(", "))
            }
            all => format!("{}{}", all.join(", "), if more { " and more" } else { "" }),
        }
    }
}

/// UDP services whose absence a phone does not mind: DNS goes to the next server, time
/// and logs can wait.
const MINOR_UDP_PORTS: &[u16] = &[53, 123, 137, 161, 162, 514, 1900, 5353];

pub(in crate::rules) fn check(boot: &Boot, context: &Context<'_>) -> Vec<Finding> {
    let mut by_port: BTreeMap<(IpAddr, u16), Refusals> = BTreeMap::new();
    for seen in &boot.reach.unreachables {
        let quoted = &seen.value.quoted;
        let Some((_, port)) = quoted.ports else {
            continue;
        };
        let minor = quoted.protocol == 17 && MINOR_UDP_PORTS.contains(&port);
        if seen.value.why == Unreachable::Port && !seen.value.refused_by_phone && !minor {
            let port = if quoted.protocol == 6 {
                one_for_ftp_data(boot, quoted.destination, port)
            } else {
                port
            };
            let refusals = by_port.entry((quoted.destination, port)).or_default();
            refusals.over = if quoted.protocol == 6 { "tcp" } else { "udp" };
            refusals.frames.push(seen.at);
            refusals.count += 1;
            if let Some(request) = &seen.value.request
                && !refusals.requests.contains(request)
            {
                refusals.requests.push(request.clone());
            }
        }
    }
    for connection in &boot.reach.connections {
        if let Some(refused) = connection.refused {
            let port = one_for_ftp_data(boot, connection.server, connection.server_port);
            let refusals = by_port.entry((connection.server, port)).or_default();
            refusals.over = "tcp";
            refusals.frames.push(refused);
            refusals.count += connection.refusals.max(1);
        }
    }
    by_port
        .into_iter()
        .filter(|((server, port), _)| {
            // Call servers have a rule of their own.
            !opened_later(boot, *server, *port) && !boot.is_call_server(*server, *port)
        })
        .map(|((server, port), refusals)| closed(boot, context, server, port, &refusals))
        .collect()
}

/// The port that stands for all that the server named for FTP's data: that none of them
/// opens is one fault.
fn one_for_ftp_data(boot: &Boot, server: IpAddr, port: u16) -> u16 {
    if !boot.ftp.is_data_port(server, port) {
        return port;
    }
    let mut ports = boot.reach.connections.iter();
    ports
        .find(|connection| {
            connection.server == server
                && connection.refused.is_some()
                && boot.ftp.is_data_port(server, connection.server_port)
        })
        .map_or(port, |connection| connection.server_port)
}

/// Whether the port answered at another time of the boot.
fn opened_later(boot: &Boot, server: IpAddr, port: u16) -> bool {
    boot.reach.connections.iter().any(|connection| {
        connection.server == server
            && connection.server_port == port
            && connection.accepted.is_some()
    }) || boot.transfers.iter().any(|transfer| {
        transfer.server == server && transfer.server_port == port && transfer.answered.is_some()
    })
}

/// Whether the same server answered at another port what the phone asked for next: that
/// way is the one that counts, be the answer "not found".
fn answers_elsewhere(boot: &Boot, server: IpAddr, port: u16, refusals: &Refusals) -> bool {
    let Some(first) = refusals.frames.iter().min() else {
        return false;
    };
    boot.transfers.iter().any(|transfer| {
        transfer.server == server
            && transfer.server_port != port
            && transfer.answered.is_some_and(|at| at > *first)
    })
}

fn closed(
    boot: &Boot,
    context: &Context<'_>,
    server: IpAddr,
    port: u16,
    refusals: &Refusals,
) -> Finding {
    let came_up = boot.is_registered() || context.is_loaded(boot);
    let went_on = refusals
        .frames
        .last()
        .is_some_and(|last| !context.is_stuck_after(boot, *last));
    // Asking elsewhere, or about to: phones try several ways on purpose.
    let gave_up = refusals.frames.iter().min().is_some_and(|first| {
        let is_here = |to, at| to == server && at == port;
        elsewhere::gave_up(boot, context, *first, is_here)
            || (refusals.count >= INSISTS && !elsewhere::is_tried(boot, *first, is_here))
    });
    let severity = if came_up
        || !gave_up
        || answers_elsewhere(boot, server, port, refusals)
        || (went_on && context.fetched_anything(boot))
        || names::is_spare_service(boot, context.profile, server)
    {
        Severity::Note
    } else {
        Severity::Error
    };
    let over = refusals.over.to_ascii_uppercase();
    let is_ftp_data = refusals.over == "tcp" && boot.ftp.is_data_port(server, port);
    let service = match (refusals.over, port) {
        _ if is_ftp_data => "FTP's data connection, for which the server named this port,",
        ("udp", 69) => "a TFTP server",
        (_, 80 | 443 | 6970 | 6971 | 8080) => "a web server",
        (_, 21) => "an FTP server",
        _ => "the service",
    };
    let title = if is_ftp_data {
        format!(
            "{} refuses FTP's data connection, port {port}",
            boot.called(server)
        )
    } else {
        format!(
            "nothing listens on {over} port {port} of {}",
            boot.called(server)
        )
    };
    let mut finding = Finding::new("server-port-closed", severity, title)
        .detail(format!(
            "{server} sent the phone's {} back {}: the machine is up, and {service} {} there.",
            refusals.words(),
            if refusals.count == 1 {
                "once".to_owned()
            } else {
                format!("{} times", refusals.count)
            },
            if is_ftp_data {
                "does not open"
            } else {
                "is not listening"
            }
        ))
        .about(About {
            file: file_of(refusals.requests.first()),
            server: Some(server),
            port: Some(port),
            protocol: Some(refusals.over),
            ..About::default()
        });
    let ends = [refusals.frames.first(), refusals.frames.last()];
    for (index, at) in ends.into_iter().flatten().enumerate() {
        if index == 0 || refusals.frames.len() > 1 {
            finding = finding.evidence(*at, "port unreachable, or connection refused");
        }
    }
    if is_ftp_data {
        return ftp_data::passive_remedies(finding, server);
    }
    let lists = if refusals.over == "tcp" {
        "ss -lntp"
    } else {
        "ss -lnup"
    };
    finding
        .remedy(format!(
            "Start {service} on {server} and see that it listens there: `{lists} | grep {port}`."
        ))
        .remedy("If this is the wrong machine, correct the address in DHCP or in the phone.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::Case;
    use crate::session::ftp::{DataConnection, Mode};
    use crate::session::testing::{BootBuilder, SERVER};
    use crate::session::transfer::Status;

    #[test]
    fn a_closed_tftp_port_is_an_error() {
        let boot = BootBuilder::new()
            .tftp("CTLSEP001AA17BE638.tlv", Status::Unanswered)
            .unreachable(Unreachable::Port, SERVER, 69);
        let findings = Case::new("cisco-79x1", boot).check(check);
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].severity, Severity::Error);
        assert_eq!(
            findings[0].title,
            "nothing listens on UDP port 69 of 192.0.2.10"
        );
        assert_eq!(
            findings[0].detail,
            "192.0.2.10 sent the phone's request for CTLSEP001AA17BE638.tlv back once: the machine \
             is up, and a TFTP server is not listening there."
        );
    }

    #[test]
    fn several_requests_are_named_and_logs_are_nothing() {
        let mut boot = BootBuilder::new().unreachable(Unreachable::Port, SERVER, 514);
        for file in ["a.cfg", "b.cfg", "c.cfg", "d.cfg"] {
            boot = boot
                .tftp(file, Status::Unanswered)
                .unreachable(Unreachable::Port, SERVER, 69);
        }
        let findings = Case::new("cisco-79x1", boot).check(check);
        assert_eq!(findings.len(), 1);
        assert!(
            findings[0].detail.starts_with(
                "192.0.2.10 sent the phone's request for a.cfg, request for b.cfg, request for \
                 c.cfg and more back 4 times"
            ),
            "{}",
            findings[0].detail
        );
    }

    #[test]
    fn http_refused_and_tftp_used_instead_is_a_note() {
        let boot = BootBuilder::new()
            .connection(SERVER, 6970, |connection, at| connection.refused = Some(at))
            .tftp("SEP001AA17BE638.cnf.xml", Status::Complete);
        let findings = Case::new("cisco-89xx-99xx", boot).check(check);
        assert_eq!(findings[0].severity, Severity::Note);
    }

    #[test]
    fn a_server_that_answers_not_found_by_tftp_is_judged_by_that() {
        let boot = BootBuilder::new()
            .connection(SERVER, 6970, |connection, at| connection.refused = Some(at))
            .tftp("SEP001AA17BE638.cnf.xml", Status::NotFound);
        let findings = Case::new("cisco-89xx-99xx", boot).check(check);
        assert_eq!(findings[0].severity, Severity::Note);
    }

    #[test]
    fn a_refusal_at_the_end_of_the_capture_is_a_note_and_counted_whole() {
        let boot = BootBuilder::new()
            .connection(SERVER, 6970, |connection, at| {
                connection.refused = Some(at);
                connection.refusals = 4;
            })
            .tftp("ITLFile.tlv", Status::NotFound);
        let case = Case::new("cisco-89xx-99xx", boot).ends_after_secs(5);
        let findings = case.check(check);
        assert_eq!(findings[0].severity, Severity::Note);
        assert!(findings[0].detail.contains("back 4 times"));
    }

    #[test]
    fn a_refused_data_connection_of_ftp_is_named_as_such() {
        let boot = BootBuilder::new()
            .with(|boot, at| {
                boot.ftp.data.push(DataConnection {
                    server: SERVER.into(),
                    server_port: 21,
                    mode: Mode::Passive,
                    address: None,
                    port: 40_001,
                    named: at,
                    file: None,
                    opens: 1,
                    first_open: Some(at),
                    last_open: Some(at),
                    accepted: None,
                    refused: Some(at),
                    failed: None,
                });
            })
            .connection(SERVER, 40_001, |connection, at| {
                connection.refused = Some(at);
            })
            .with(|boot, at| {
                let mut again = boot.ftp.data[0].clone();
                again.port = 40_002;
                again.named = at;
                boot.ftp.data.push(again);
            })
            .connection(SERVER, 40_002, |connection, at| {
                connection.refused = Some(at);
            });
        let findings = Case::new("polycom-soundpoint", boot).check(check);
        assert_eq!(findings.len(), 1);
        assert_eq!(
            findings[0].title,
            "192.0.2.10 refuses FTP's data connection, port 40001"
        );
        assert!(findings[0].remedy[0].contains("passive ports"));
    }

    #[test]
    fn a_host_that_is_not_there_is_another_fault() {
        let boot = BootBuilder::new().unreachable(Unreachable::Host, SERVER, 69);
        assert!(Case::new("cisco-79x1", boot).check(check).is_empty());
    }
}
