//! The phone calls a server and nobody answers, neither yes nor no.
//!
//! ## What it sees
//! The same TCP SYN repeated over seconds, without SYN and ACK, without RST and without an
//! ICMP error. Likewise a data connection of FTP that does not open, be it that the phone
//! calls the server's passive port or that the server calls the phone (active mode): SYN
//! without an answer, or the server's reply 425.
//!
//! ## Why the phone stops
//! Something on the way drops the packets: a firewall between the phone and its provider is
//! the usual one. The phone waits, tries again, and has no configuration or no registration
//! in the meantime.
//!
//! ## How to fix it
//! 1. Let the phone's subnet reach this address and port; the firewall's log shows what it
//!    dropped.
//! 2. Is the address still right? Providers move and switch old servers off.
//! 3. FTP needs more than port 21: open the server's passive ports, or let the firewall
//!    follow FTP.
//! 4. From a PC in the phone's VLAN: `nc -vz <address> <port>`.
//!
//! ## When it may be wrong
//! When answers come back by another way that neither the capture nor the phone sees. A phone
//! that has other servers and comes up, or still asks elsewhere, is only noted; so is the
//! maker's own service beside a server of one's own. A boot that lost seconds over FTP's data
//! connections and came up is a warning.
//!
//! ## References
//! RFC 9293 §3.8.1 (retransmission of SYN), RFC 6298; RFC 959 §5.4 (reply 425); RFC 1579
//! (FTP behind firewalls).

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use crate::event::Seen;
use crate::finding::{About, Confidence, Finding, Severity};
use crate::rules::{Context, elsewhere, names};
use crate::session::Boot;
use crate::session::reach::{Connection, Undelivered};

use super::ftp_data;

/// A server answers a SYN within this time on any way.
const ANSWER_SECS: f64 = 5.0;

/// Who calls this often has got no answer, whatever the capture shows.
const PROOF: u64 = 3;

pub(in crate::rules) fn check(boot: &Boot, context: &Context<'_>) -> Vec<Finding> {
    // A phone that tries one port after the other has met one fault.
    let mut by_server: BTreeMap<IpAddr, Vec<&Connection>> = BTreeMap::new();
    for connection in &boot.reach.connections {
        let carries_ftp = boot
            .ftp
            .is_data_port(connection.server, connection.server_port);
        // Calls to the call server have a rule of their own.
        let calls = boot.is_call_server(connection.server, connection.server_port);
        if !carries_ftp && !calls && is_blocked(boot, context, connection) {
            by_server
                .entry(connection.server)
                .or_default()
                .push(connection);
        }
    }
    by_server
        .into_iter()
        .filter(|(server, _)| {
            let sent_back = |seen: &Seen<Undelivered>| seen.value.quoted.destination == *server;
            !boot.reach.unreachables.iter().any(sent_back)
        })
        .filter_map(|(server, connections)| blocked(boot, context, server, &connections))
        .chain(ftp_data::blocked(boot, context))
        .collect()
}

/// Whether calls to this port of the server were proven to go unanswered.
fn is_blocked(boot: &Boot, context: &Context<'_>, connection: &Connection) -> bool {
    let answered = |other: &Connection| {
        other.server == connection.server
            && other.server_port == connection.server_port
            && (other.accepted.is_some() || other.refused.is_some())
    };
    let proven = connection.opens >= PROOF || (connection.opens > 1 && context.sees_answers(boot));
    proven
        && context.watched_secs_after(connection.first) >= ANSWER_SECS
        && !boot.reach.connections.iter().any(answered)
}

fn blocked(
    boot: &Boot,
    context: &Context<'_>,
    server: IpAddr,
    connections: &[&Connection],
) -> Option<Finding> {
    let first = connections.first()?;
    let opens: u64 = connections.iter().map(|connection| connection.opens).sum();
    let ports: BTreeSet<u16> = connections.iter().map(|c| c.server_port).collect();
    let ports: Vec<String> = ports.iter().map(ToString::to_string).collect();
    let ports = ports.join(" and ");
    let came_up = boot.is_registered() || context.is_loaded(boot);
    let gave_up = elsewhere::gave_up(boot, context, first.first, |to, port| {
        to == first.server && connections.iter().any(|c| c.server_port == port)
    });
    let is_spare = names::is_spare_service(boot, context.profile, first.server);
    let severity = if came_up || !gave_up || is_spare {
        Severity::Note
    } else {
        Severity::Error
    };
    let mut finding = Finding::new(
        "connection-blocked",
        severity,
        format!(
            "{} port {ports} does not answer the phone's calls",
            boot.called(server)
        ),
    )
    .confidence(Confidence::Likely)
    .detail(format!(
        "The phone sent {opens} SYN and got neither an answer nor a refusal: packets are \
         dropped on the way, or nobody has this address."
    ))
    .about(About {
        server: Some(server),
        port: Some(first.server_port),
        protocol: Some("tcp"),
        ..About::default()
    });
    for connection in connections {
        let port = connection.server_port;
        finding = finding
            .evidence(connection.first, format!("first SYN to port {port}"))
            .evidence(connection.last, format!("last SYN to port {port}"));
    }
    Some(
        finding
            .remedy(format!(
                "Let the phone's subnet reach {server} on TCP port {ports}; look into the \
                 firewall's log."
            ))
            .remedy(format!(
                "From a PC in the phone's VLAN: `nc -vz {server} {}`. If that works, a rule blocks \
                 this phone's address.",
                first.server_port
            ))
            .remedy(
                "If the phone belonged to another provider, reset it and give it your own server.",
            ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::Case;
    use crate::session::lookup::Answer;
    use crate::session::registration;
    use crate::session::testing::{BootBuilder, SERVER};
    use crate::session::transfer::Status;

    fn silent(opens: u64) -> BootBuilder {
        BootBuilder::new().connection(SERVER, 443, move |connection, _| connection.opens = opens)
    }

    #[test]
    fn calls_without_any_answer_are_an_error() {
        let findings = Case::new("yealink-t4x", silent(5)).check(check);
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].severity, Severity::Error);
        assert!(findings[0].detail.contains("5 SYN"));
    }

    #[test]
    fn two_ports_of_one_server_are_one_fault() {
        let boot = silent(3).connection(SERVER, 80, |connection, _| connection.opens = 4);
        let findings = Case::new("yealink-t4x", boot).check(check);
        assert_eq!(findings.len(), 1);
        assert!(findings[0].title.contains("port 80 and 443"));
    }

    #[test]
    fn an_answered_call_is_fine() {
        let boot = BootBuilder::new().connection(SERVER, 443, |connection, at| {
            connection.opens = 2;
            connection.accepted = Some(at);
        });
        assert!(Case::new("yealink-t4x", boot).check(check).is_empty());
    }

    #[test]
    fn a_phone_that_registers_elsewhere_is_a_note() {
        let boot = silent(3).registration(registration::Status::Registered, None);
        let findings = Case::new("yealink-t4x", boot).check(check);
        assert_eq!(findings[0].severity, Severity::Note);
    }

    #[test]
    fn a_phone_that_still_asks_elsewhere_is_a_note() {
        let boot = silent(4)
            .after_secs(20)
            .tftp("CTLSEP001AA17BE638.tlv", Status::NotFound);
        let case = Case::new("cisco-89xx-99xx", boot).ends_after_secs(5);
        assert_eq!(case.check(check)[0].severity, Severity::Note);
    }

    #[test]
    fn the_makers_service_beside_an_own_server_is_a_note() {
        let found = || {
            Some(Answer::Found {
                addresses: vec![SERVER.into()],
                targets: Vec::new(),
                canonical: None,
            })
        };
        for (option, severity) in [(66, Severity::Note), (42, Severity::Error)] {
            let boot = BootBuilder::new()
                .lease(&[66], &[(option, &[0xc0, 0, 2, 11])])
                .lookup("fm.grandstream.com", 1, 1, found())
                .connection(SERVER, 443, |connection, _| connection.opens = 4);
            let findings = Case::new("grandstream", boot).check(check);
            assert_eq!(findings[0].severity, severity);
        }
    }

    #[test]
    fn one_call_at_the_end_of_the_capture_proves_nothing() {
        assert!(Case::new("yealink-t4x", silent(1)).check(check).is_empty());
    }
}
