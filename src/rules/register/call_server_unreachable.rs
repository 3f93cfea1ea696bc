//! The phone cannot reach its call server.
//!
//! ## What it sees
//! A TCP SYN to the call server (port 1720, 2000, 2443, 5060 or 5061, or the port that the
//! phone registers at) that is refused or repeated without an answer; or an ICMP error for what
//! the phone sent there by UDP.
//!
//! ## Why the phone stops
//! It has its configuration and finds nobody at the address that stands in it.
//!
//! ## How to fix it
//! 1. Refused: the machine is up and the call server's service is not, or listens on another
//!    port or transport.
//! 2. No answer: a firewall drops it, or the address is wrong. In a Cisco configuration that
//!    is `processNodeName`.
//! 3. Phones of Cisco try up to three servers, one after the other.
//!
//! ## When it may be wrong
//! When another call server takes the phone this is a note: that is what the second one is
//! for. It is a note too when the capture ends within seconds, or while the phone tries the
//! next server of its list. A server that had registered the phone and then cannot be reached
//! again, while no other takes the phone, is a warning.
//!
//! ## References
//! RFC 9293 §3.8.1, §3.10.7.1; RFC 792 (type 3); RFC 3261 §18.4.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::attempts;
use crate::event::{At, Unreachable};
use crate::finding::{About, Confidence, Finding, Severity};
use crate::rules::Context;
use crate::session::Boot;
use crate::session::reach::Connection;
use crate::session::registration::{Registration, Status};
use crate::session::signaling::Signaling;

/// A server answers a SYN within this time on any way.
const ANSWER_SECS: f64 = 5.0;
/// Who calls this often has got no answer, whatever the capture shows.
const PROOF: u64 = 3;
/// Who calls for so long in vain goes on calling.
const LONG_SECS: f64 = 15.0;
/// Ports of H.323 and MGCP, over UDP.
const SIGNALING_PORTS: [u16; 3] = [1719, 2427, 2727];

/// What came of the calls to one port of one server.
#[derive(Default)]
struct Calls {
    over_udp: bool,
    refused: Vec<(At, &'static str)>,
    n_refused: u64,
    silent: Option<(At, At, u64)>,
    /// Who sent a datagram back in the server's stead, and why.
    turned_back: Option<(IpAddr, Unreachable)>,
}

pub(in crate::rules) fn check(boot: &Boot, context: &Context<'_>) -> Vec<Finding> {
    let mut by_port: BTreeMap<(IpAddr, u16), Calls> = BTreeMap::new();
    for connection in &boot.reach.connections {
        let place = (connection.server, connection.server_port);
        if !boot.is_call_server(place.0, place.1) || is_reached(boot, place) {
            continue;
        }
        if let Some(refused) = connection.refused {
            let calls = by_port.entry(place).or_default();
            calls.refused.push((refused, "connection refused"));
            calls.n_refused += connection.opens;
        } else if is_silent(boot, context, connection) {
            let calls = by_port.entry(place).or_default();
            calls.silent = Some((connection.first, connection.last, connection.opens));
        }
    }
    for seen in &boot.reach.unreachables {
        let quoted = &seen.value.quoted;
        let Some((_, port)) = quoted.ports else {
            continue;
        };
        let place = (quoted.destination, port);
        let Some(why) = words(seen.value.why) else {
            continue;
        };
        if seen.value.refused_by_phone
            || !boot.is_call_server(place.0, place.1)
            || is_reached(boot, place)
        {
            continue;
        }
        let calls = by_port.entry(place).or_default();
        calls.over_udp = quoted.protocol == 17;
        calls.refused.push((seen.at, why));
        calls.n_refused += 1;
        let other = seen.value.from.filter(|from| *from != quoted.destination);
        calls.turned_back = calls
            .turned_back
            .or(other.map(|from| (from, seen.value.why)));
    }
    by_port
        .into_iter()
        .filter_map(|(place, calls)| unreachable(boot, context, place, &calls))
        .chain(lost(boot, context))
        .collect()
}

/// Call servers that had registered the phone, and that it then cannot reach again.
fn lost(boot: &Boot, context: &Context<'_>) -> Vec<Finding> {
    let mut found = BTreeMap::new();
    for attempt in &boot.registrations {
        let (Some(server), Some(port)) = (attempt.server, attempt.server_port) else {
            continue;
        };
        let answered = attempt
            .answer
            .as_ref()
            .map_or(attempt.last, |answer| answer.at);
        let in_vain = boot.reach.connections.iter().find(|call| {
            let refused = call.refused.is_some() && call.refusals >= PROOF;
            (call.server, call.server_port) == (server, port)
                && call.first > answered
                && call.accepted.is_none()
                && (refused || (call.refused.is_none() && is_silent(boot, context, call)))
        });
        let Some(call) = in_vain.filter(|call| !is_up_after(boot, call.first)) else {
            continue;
        };
        // Who registered by UDP need not be heard by TCP.
        let was_tcp = boot.reach.connections.iter().any(|before| {
            (before.server, before.server_port) == (server, port)
                && before
                    .accepted
                    .is_some_and(|accepted| accepted < call.first)
        });
        if attempt.status == Status::Registered && was_tcp {
            found.entry((server, port)).or_insert((attempt, call));
        }
    }
    found
        .into_values()
        .map(|(attempt, call)| gone(boot, context, attempt, call))
        .collect()
}

/// Whether any call server answered the phone after this moment.
fn is_up_after(boot: &Boot, at: At) -> bool {
    let answered = boot
        .registrations
        .iter()
        .filter_map(|attempt| attempt.answer.as_ref())
        .any(|answer| answer.at > at);
    answered
        || boot.reach.connections.iter().any(|call| {
            call.accepted.is_some_and(|accepted| accepted > at)
                && boot.is_call_server(call.server, call.server_port)
        })
}

fn gone(boot: &Boot, context: &Context<'_>, attempt: &Registration, call: &Connection) -> Finding {
    let undecided = attempts::is_undecided(boot, context, call.first, call.last);
    let (severity, ends) = if undecided {
        (Severity::Note, attempts::ENDS_TOO_SOON)
    } else {
        (Severity::Warning, "")
    };
    let how = match call.refused {
        Some(_) => "were refused",
        None => "got no answer",
    };
    let (server, port) = (call.server, call.server_port);
    let finding = Finding::new(
        "call-server-unreachable",
        severity,
        format!("the call server {server} has registered the phone and is then gone"),
    )
    .detail(format!(
        "The phone was registered. {} to TCP port {port} behind that {how}.{ends}",
        attempts::calls(call.opens)
    ))
    .about(About {
        server: Some(server),
        port: Some(port),
        protocol: Some("tcp"),
        ..About::default()
    })
    .evidence(attempt.last, "registered")
    .evidence(call.first, format!("first SYN to port {port} behind that"))
    .evidence(call.last, format!("last SYN to port {port}"));
    advise(finding, server, port, "TCP")
}

/// Whether calls were proven to go unanswered.
fn is_silent(boot: &Boot, context: &Context<'_>, connection: &Connection) -> bool {
    let proven = connection.opens >= PROOF || (connection.opens > 1 && context.sees_answers(boot));
    let waited = context.watched_secs_after(connection.last) >= ANSWER_SECS
        || connection.last.time.secs_since(connection.first.time) >= LONG_SECS;
    connection.accepted.is_none() && proven && waited
}

fn words(why: Unreachable) -> Option<&'static str> {
    Some(match why {
        Unreachable::Port => "port unreachable",
        Unreachable::Host => "host unreachable",
        Unreachable::Network => "network unreachable",
        Unreachable::Prohibited => "prohibited by a filter",
        Unreachable::HopsExceeded => "time to live exceeded",
        Unreachable::Other => "unreachable",
        Unreachable::TooBig | Unreachable::NotReassembled | Unreachable::Redirected => return None,
    })
}

/// Whether the server answered there at another time of the boot.
fn is_reached(boot: &Boot, (server, port): (IpAddr, u16)) -> bool {
    let by_tcp = boot.reach.connections.iter().any(|connection| {
        connection.server == server
            && connection.server_port == port
            && connection.accepted.is_some()
    });
    let by_answer = boot.registrations.iter().any(|attempt| {
        attempt.server == Some(server)
            && attempt.server_port == Some(port)
            && attempt.answer.is_some()
    });
    let by_name = boot.signaling.iter().any(|one| {
        one.server == server && one.answered.is_some() && SIGNALING_PORTS.contains(&port)
    });
    by_tcp || by_answer || by_name
}

/// Whether the phone got through to any call server; over TLS nobody sees what it says
/// there.
fn found_another(boot: &Boot) -> bool {
    boot.is_registered()
        || boot
            .registrations
            .iter()
            .any(|attempt| attempt.answer.is_some())
        || boot.signaling.iter().any(Signaling::is_accepted)
        || boot.reach.connections.iter().any(|connection| {
            connection.accepted.is_some()
                && boot.is_call_server(connection.server, connection.server_port)
        })
}

fn unreachable(
    boot: &Boot,
    context: &Context<'_>,
    (server, port): (IpAddr, u16),
    calls: &Calls,
) -> Option<Finding> {
    let refused = calls.refused.first().zip(calls.refused.last());
    let (first, last) = match (refused, calls.silent) {
        (Some((first, last)), _) => (first.0, last.0),
        (None, Some((first, last, _))) => (first, last),
        (None, None) => return None,
    };
    let undecided = attempts::is_undecided(boot, context, first, last);
    let severity = if found_another(boot) || undecided {
        Severity::Note
    } else {
        Severity::Error
    };
    let ends = if undecided {
        attempts::ENDS_TOO_SOON
    } else {
        ""
    };
    let over = if calls.over_udp { "UDP" } else { "TCP" };
    let about = About {
        server: Some(server),
        port: Some(port),
        protocol: Some(if calls.over_udp { "udp" } else { "tcp" }),
        ..About::default()
    };
    if let (Some((first, why)), Some((last, _))) = (calls.refused.first(), calls.refused.last()) {
        let title = match *why {
            "connection refused" | "port unreachable" => {
                format!("no call server listens on {over} port {port} of {server}")
            }
            why => format!("no way to the call server {server}: {why}"),
        };
        let finding = Finding::new("call-server-unreachable", severity, title)
            .detail(format!(
                "What the phone sent to {over} port {port} came back {}{}: {why}.{ends}",
                attempts::times(calls.n_refused),
                calls
                    .turned_back
                    .map_or(String::new(), |(from, _)| format!(" from {from}"))
            ))
            .about(about)
            .evidence(*first, *why)
            .evidence(*last, *why);
        let finding = match calls.turned_back {
            Some((from, why)) => finding.remedy(mend_way(from, why, server, over, port)),
            None => finding,
        };
        return Some(advise(finding, server, port, over));
    }
    let (first, last, opens) = calls.silent?;
    let finding = Finding::new(
        "call-server-unreachable",
        severity,
        format!("the call server {server} does not answer on TCP port {port}"),
    )
    .confidence(Confidence::Likely)
    .detail(format!(
        "The phone sent {opens} SYN and got neither an answer nor a refusal.{ends}"
    ))
    .about(about)
    .evidence(first, format!("first SYN to port {port}"))
    .evidence(last, format!("last SYN to port {port}"));
    Some(advise(finding, server, port, over))
}

/// What to do at the device on the way that sends the phone's packets back.
fn mend_way(from: IpAddr, why: Unreachable, server: IpAddr, over: &str, port: u16) -> String {
    match why {
        Unreachable::Prohibited | Unreachable::Port => format!(
            "Allow the phone's subnet to reach {server} {over} port {port} in the access list of \
             {from}: it sends the packets back."
        ),
        Unreachable::HopsExceeded => format!(
            "Correct the route to {server} on {from} and the router behind it: they send the \
             packets round in a circle."
        ),
        _ => format!(
            "Look on {from}, which sends the packets back: it needs a route to {server}, and in \
             the server's own subnet an answer to its ARP for {server}."
        ),
    }
}

fn advise(finding: Finding, server: IpAddr, port: u16, over: &str) -> Finding {
    let lists = if over == "UDP" {
        "ss -lnup"
    } else {
        "ss -lntp"
    };
    let speaks = match port {
        2000 => "SCCP",
        1719 | 1720 => "H.323",
        2427 | 2727 => "MGCP",
        2443 => "SCCP over TLS",
        5061 => "SIP over TLS",
        _ => "SIP",
    };
    let finding = finding
        .remedy(format!(
            "See that {server} is the call server and runs, and that it listens for {speaks} on \
             {over} port {port}: `{lists} | grep {port}`."
        ))
        .remedy(format!(
            "Let the phone's subnet pass to {server} {over} port {port} in the firewalls between."
        ));
    match port {
        2000 | 2443 => finding.remedy(
            "In a Cisco configuration the address is that of processNodeName (callManagerGroup); \
             a name there must resolve for the phone.",
        ),
        _ => finding.remedy(
            "Compare address, port and transport (UDP, TCP, TLS) of the server in the phone's \
             configuration.",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::Timestamp;
    use crate::rules::testing::Case;
    use crate::session::testing::{BootBuilder, SERVER};

    fn judge(boot: BootBuilder) -> Vec<Finding> {
        Case::new("cisco-79x1", boot).check(check)
    }

    #[test]
    fn a_refused_call_is_an_error() {
        let boot = BootBuilder::new().connection(SERVER, 2000, |connection, at| {
            connection.refused = Some(at);
        });
        let findings = judge(boot);
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].severity, Severity::Error);
        assert_eq!(
            findings[0].title,
            "no call server listens on TCP port 2000 of 192.0.2.10"
        );
    }

    #[test]
    fn silence_is_an_error_and_one_call_proves_nothing() {
        let silent = |opens| {
            BootBuilder::new().connection(SERVER, 5060, move |connection, _| {
                connection.opens = opens;
            })
        };
        assert_eq!(judge(silent(4))[0].severity, Severity::Error);
        assert!(judge(silent(1)).is_empty());
    }

    fn before(at: At, secs: i64) -> At {
        let time = Timestamp(at.time.0 - secs * 1_000_000_000);
        At { time, ..at }
    }

    #[test]
    fn a_phone_that_walks_its_list_is_not_stuck() {
        let other = [192, 0, 2, 11].into();
        let boot = || {
            BootBuilder::new()
                .connection(SERVER, 2000, |connection, _| {
                    connection.opens = 4;
                    connection.first = before(connection.first, 20);
                    connection.last = before(connection.last, 10);
                })
                .connection(other, 2000, |connection, at| connection.refused = Some(at))
        };
        let soon = Case::new("cisco-79x1", boot()).ends_after_secs(1);
        let findings = soon.check(check);
        assert_eq!(findings.len(), 2);
        assert!(
            findings
                .iter()
                .all(|found| found.severity == Severity::Note)
        );
        let later = Case::new("cisco-79x1", boot()).ends_after_secs(6);
        assert!(
            later
                .check(check)
                .iter()
                .all(|found| found.severity == Severity::Error)
        );
    }

    #[test]
    fn a_phone_that_comes_back_to_a_refusal_is_stuck() {
        let boot = BootBuilder::new()
            .connection(SERVER, 2000, |connection, at| {
                connection.first = before(at, 10);
                connection.refused = Some(connection.first);
            })
            .connection(SERVER, 2000, |connection, at| {
                connection.refused = Some(at);
            });
        let soon = Case::new("cisco-79x1", boot).ends_after_secs(0);
        assert_eq!(soon.check(check)[0].severity, Severity::Error);
    }

    #[test]
    fn icmp_for_a_registration_is_an_error() {
        let boot = BootBuilder::new()
            .registration(Status::Unanswered, None)
            .unreachable(Unreachable::Port, SERVER, 5060);
        assert_eq!(
            judge(boot)[0].title,
            "no call server listens on UDP port 5060 of 192.0.2.10"
        );
        let boot = BootBuilder::new()
            .registration(Status::Unanswered, None)
            .unreachable(Unreachable::Prohibited, SERVER, 5060);
        assert_eq!(
            judge(boot)[0].title,
            "no way to the call server 192.0.2.10: prohibited by a filter"
        );
    }

    #[test]
    fn the_router_that_sends_packets_back_is_named_first() {
        let boot = BootBuilder::new()
            .registration(Status::Unanswered, None)
            .unreachable(Unreachable::Prohibited, SERVER, 5060)
            .with(|boot, _| {
                for seen in &mut boot.reach.unreachables {
                    seen.value.from = Some([192, 0, 2, 1].into());
                }
            });
        let findings = judge(boot);
        assert!(findings[0].detail.contains("came back once from 192.0.2.1"));
        assert!(findings[0].remedy[0].contains("access list of 192.0.2.1"));
    }

    #[test]
    fn a_second_server_that_takes_the_phone_makes_it_a_note() {
        let boot = BootBuilder::new()
            .connection(SERVER, 2000, |connection, _| connection.opens = 4)
            .connection([192, 0, 2, 11].into(), 2443, |connection, at| {
                connection.accepted = Some(at);
            });
        assert_eq!(judge(boot)[0].severity, Severity::Note);
    }

    #[test]
    fn a_server_that_goes_after_it_took_the_phone_is_a_warning() {
        let up = || {
            BootBuilder::new()
                .connection(SERVER, 2000, |connection, at| {
                    connection.accepted = Some(at);
                })
                .registration(Status::Registered, Some("200 OK"))
                .last_registration(|attempt| attempt.server_port = Some(2000))
        };
        let refuses = |boot: BootBuilder| {
            boot.connection(SERVER, 2000, |connection, at| {
                connection.refused = Some(at);
                connection.refusals = 4;
                connection.opens = 4;
            })
        };
        let findings = judge(refuses(up()));
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].severity, Severity::Warning);
        assert!(
            findings[0].detail.contains("4 calls to TCP port 2000"),
            "{}",
            findings[0].detail
        );
        // Another one has taken it since.
        let moved = refuses(up()).connection([192, 0, 2, 11].into(), 2000, |connection, at| {
            connection.accepted = Some(at);
        });
        assert!(
            judge(moved)
                .iter()
                .all(|one| one.severity == Severity::Note)
        );
    }

    #[test]
    fn h323_has_a_call_server_too() {
        let boot = BootBuilder::new().connection(SERVER, 1720, |connection, at| {
            connection.refused = Some(at);
        });
        let findings = judge(boot);
        assert_eq!(findings[0].severity, Severity::Error);
        assert!(findings[0].remedy[0].contains("listens for H.323 on TCP port 1720"));
        // A gatekeeper that answers by UDP takes the phone.
        let boot = BootBuilder::new()
            .signaling(phoneboot_parsers::Protocol::H323, 1, true, None)
            .unreachable(Unreachable::Port, SERVER, 1719);
        assert!(judge(boot).is_empty());
    }

    #[test]
    fn other_ports_and_late_answers_are_no_fault() {
        let boot = BootBuilder::new().connection(SERVER, 80, |connection, at| {
            connection.refused = Some(at);
        });
        assert!(judge(boot).is_empty());
        let boot = BootBuilder::new()
            .connection(SERVER, 2000, |connection, at| {
                connection.refused = Some(at);
            })
            .connection(SERVER, 2000, |connection, at| {
                connection.accepted = Some(at);
            });
        assert!(judge(boot).is_empty());
        let boot = BootBuilder::new().unreachable(Unreachable::TooBig, SERVER, 5060);
        assert!(judge(boot).is_empty());
    }
}
