//! There is no way to the server: nobody has its address, or a router says so.
//!
//! ## What it sees
//! ARP questions, or IPv6 neighbor solicitations, for the address of the server, a name server
//! or the router that nobody answers, those for the call server that DNS, DHCP or a
//! configuration names among them, or ICMP "host unreachable", "network unreachable" or "administratively prohibited" for a packet
//! of the phone, or "time to live exceeded" again and again.
//!
//! ## Why the phone stops
//! Its requests do not even leave the subnet, or are sent back on the way.
//!
//! ## How to fix it
//! 1. Is the server up, and in the subnet that the phone believes it to be in? The phone asks
//!    by ARP only for addresses inside its own mask: compare option 1 (mask) with the plan.
//! 2. For the router: is option 3 right, and does the router live in this VLAN?
//! 3. For a name server: is option 6 right? Without it the phone finds no server by name.
//! 4. "Prohibited" is a router's access list: allow the phone's subnet.
//! 5. "Time to live exceeded": routers send the packet to each other, a routing loop.
//!
//! ## When it may be wrong
//! ARP answers go to the phone alone; from another port of the switch they are not seen. The
//! rule takes three questions as proof that none came, and is silent when the server is heard
//! later.
//!
//! ## References
//! RFC 826 (ARP); RFC 4861 §7.2 (neighbor solicitation); RFC 4443 §3.1; RFC 792 (type 3); RFC 1812 §5.2.7.1 (codes 9, 10, 13).

use std::net::{IpAddr, Ipv4Addr};

use crate::event::{At, Unreachable};
use crate::finding::{About, Confidence, Finding, Severity};
use crate::rules::{Context, names, servers};
use crate::session::Boot;
use crate::session::quoted::Request;
use crate::session::reach::ArpTarget;

use super::call_servers;

/// An answer to ARP comes within milliseconds; this many seconds are enough.
const ANSWER_SECS: f64 = 3.0;

/// Who asks this often has got no answer, whatever the capture shows: IPv6 hosts ask three
/// times, a second apart, and give up (RFC 4861 §10, `MAX_MULTICAST_SOLICIT`).
const PROOF: u64 = 3;

/// What a phone wants of an address that it looks names up at.
pub(super) const NAME_SERVER: &str = "name server";

const DNS_PORT: u16 = 53;

/// Packets that die on the way this often go round in a circle.
const LOOP_PROOF: usize = 3;

pub(in crate::rules) fn check(boot: &Boot, context: &Context<'_>) -> Vec<Finding> {
    let mut findings: Vec<Finding> = boot
        .reach
        .arp
        .iter()
        .filter(|target| is_silent(boot, context, target))
        .filter_map(|target| {
            let role = role_of(boot, context, target.address)?;
            let address = IpAddr::V4(target.address);
            let may_ask_another =
                role == "server" && servers::is_another_left(boot, context, address, target.first);
            (!may_ask_another).then(|| no_arp(boot, context, target, role))
        })
        .collect();
    findings.extend(super::neighbors::silent(boot, context));
    one_name_server(&mut findings);
    call_servers::one_error(boot, context, &mut findings);
    findings.extend(sent_back(boot, context));
    findings
}

/// Name servers stand in for each other: that all are silent is one fault.
fn one_name_server(findings: &mut [Finding]) {
    let of_name_servers = findings
        .iter_mut()
        .filter(|finding| finding.subject.port == Some(DNS_PORT));
    for finding in of_name_servers.skip(1) {
        finding.severity = Severity::Note;
    }
}

/// Whether nobody answered, and the capture would have shown it.
pub(super) fn is_silent(boot: &Boot, context: &Context<'_>, target: &ArpTarget) -> bool {
    !target.probe
        && target.answer.is_none()
        && is_asked_in_vain(boot, context, target.asked, target.first)
        && !is_heard(boot, IpAddr::V4(target.address))
}

/// Whether so many questions since this moment show that no answer came.
pub(super) fn is_asked_in_vain(boot: &Boot, context: &Context<'_>, asked: u64, first: At) -> bool {
    (asked >= PROOF || (asked > 1 && context.sees_answers(boot)))
        && context.watched_secs_after(first) >= ANSWER_SECS
}

/// Whether the address answered anything in this boot.
fn is_heard(boot: &Boot, address: IpAddr) -> bool {
    boot.transfers
        .iter()
        .any(|transfer| transfer.server == address && transfer.answered.is_some())
        || boot
            .reach
            .connections
            .iter()
            .any(|connection| connection.server == address && connection.accepted.is_some())
        || boot
            .lookups
            .iter()
            .flat_map(|lookup| &lookup.asked)
            .any(|asked| asked.server == address && asked.answer.is_some())
}

/// What the phone wants of this address; `None` when it is of no weight to the boot.
fn role_of(boot: &Boot, context: &Context<'_>, address: Ipv4Addr) -> Option<&'static str> {
    let lease = boot.lease.boot_data();
    let holds = |code: u8| {
        lease
            .and_then(|lease| lease.message.addresses(code))
            .is_some_and(|list| list.contains(&address))
    };
    let named = |code: u8| {
        lease
            .and_then(|lease| lease.message.text(code))
            .is_some_and(|text| text.to_string().contains(&address.to_string()))
    };
    let asked = boot
        .transfers
        .iter()
        .any(|transfer| transfer.server == IpAddr::V4(address))
        || boot
            .reach
            .connections
            .iter()
            .any(|connection| connection.server == IpAddr::V4(address));
    let next_server = lease.is_some_and(|lease| lease.message.server_address == address);
    if holds(3) {
        Some("router")
    } else if holds(150) || next_server || asked || [66, 160, 159, 161].into_iter().any(named) {
        Some("server")
    } else if holds(6) {
        Some(NAME_SERVER)
    } else if call_servers::is_named(boot, address.into()) {
        Some(call_servers::CALL_SERVER)
    } else if names::server_at(boot, context.profile, address.into()).is_some() {
        Some("server")
    } else {
        None
    }
}

fn severity(boot: &Boot, context: &Context<'_>, (role, address): (&str, IpAddr)) -> Severity {
    let finds_names = || boot.lookups.iter().any(|lookup| lookup.answer().is_some());
    let is_router = role == "router";
    if role == NAME_SERVER && !boot.is_registered() && !finds_names() {
        // What a phone that has its files still wants of DNS is not known.
        if context.fetched_anything(boot) {
            Severity::Warning
        } else {
            Severity::Error
        }
    } else if call_servers::asked_in_vain(boot, context).contains(&address) {
        Severity::Error
    } else if role == NAME_SERVER || boot.is_registered() || context.is_loaded(boot) {
        Severity::Note
    } else if (is_router && context.fetched_anything(boot))
        || (!is_router && servers::another_answers(boot, address, boot.started))
    {
        Severity::Warning
    } else {
        Severity::Error
    }
}

/// Finding for an address that nobody answers for; `asked` says how it was asked for, and by
/// which protocol. What to do is left to the caller.
pub(super) fn nobody_answers(
    boot: &Boot,
    context: &Context<'_>,
    (role, address): (&str, IpAddr),
    (asked, protocol): (&str, &'static str),
    (first, last): (At, At),
) -> Finding {
    let finding = Finding::new(
        "server-unreachable",
        severity(boot, context, (role, address)),
        format!("nobody answers for the {role}'s address {address}"),
    )
    .confidence(Confidence::Likely)
    .detail(format!(
        "The phone asked {asked} who has {address}; no answer is in the capture."
    ))
    .about(About {
        server: Some(address),
        port: (role == NAME_SERVER).then_some(DNS_PORT),
        protocol: Some(protocol),
        ..About::default()
    })
    .evidence(first, format!("who has {address}?"))
    .evidence(last, format!("still: who has {address}?"));
    by_name(finding, boot, context, address)
}

fn no_arp(boot: &Boot, context: &Context<'_>, target: &ArpTarget, role: &str) -> Finding {
    let address = target.address;
    let asked = format!("{} times by ARP", target.asked);
    let finding = nobody_answers(
        boot,
        context,
        (role, IpAddr::V4(address)),
        (&asked, "arp"),
        (target.first, target.last),
    );
    if role == "router" {
        finding.remedy(format!(
            "See that the router has {address} in this VLAN, or correct option 3 (router) in DHCP."
        ))
    } else if role == NAME_SERVER {
        finding
            .remedy(format!(
                "See that the name server {address} is switched on and in the phone's VLAN; from a \
                 PC there: `ping {address}`."
            ))
            .remedy("Or give the phones another name server in DHCP option 6.")
    } else {
        finding
            .remedy(format!(
                "See that {address} is switched on and in the phone's VLAN; from a PC there: \
                 `ping {address}`."
            ))
            .remedy(
                "If the server is in another subnet, the phone's mask (option 1) is too wide: it \
                 should ask the router.",
            )
    }
}

/// Adds the name by which the phone came to this address.
fn by_name(mut finding: Finding, boot: &Boot, context: &Context<'_>, address: IpAddr) -> Finding {
    let Some(name) = names::server_at(boot, context.profile, address) else {
        return finding;
    };
    finding.detail = format!("DNS gives this address for \"{name}\". {}", finding.detail);
    finding.remedy(format!(
        "See whether {address} is the server's address; else correct the record \"{name}\" in DNS."
    ))
}

/// The file that was asked for, if it was one.
pub(super) fn file_of(request: Option<&Request>) -> Option<String> {
    match request? {
        Request::File(file) => Some(file.to_string()),
        _ => None,
    }
}

/// Whether packets to this server keep going round until they die; one alone may be
/// somebody's traceroute.
fn circles(boot: &Boot, server: IpAddr) -> bool {
    let died = boot.reach.unreachables.iter().filter(|seen| {
        seen.value.why == Unreachable::HopsExceeded && seen.value.quoted.destination == server
    });
    died.count() >= LOOP_PROOF
}

/// Findings for packets that a router sent back, one a server.
fn sent_back(boot: &Boot, context: &Context<'_>) -> Vec<Finding> {
    let mut seen_servers = Vec::new();
    let mut findings = Vec::new();
    for seen in &boot.reach.unreachables {
        let value = &seen.value;
        let why = match value.why {
            Unreachable::Host => "host unreachable",
            Unreachable::Network => "network unreachable",
            Unreachable::Prohibited => "prohibited by a filter",
            Unreachable::HopsExceeded if circles(boot, value.quoted.destination) => {
                "time to live exceeded, a routing loop"
            }
            Unreachable::Port
            | Unreachable::TooBig
            | Unreachable::HopsExceeded
            | Unreachable::NotReassembled
            | Unreachable::Redirected
            | Unreachable::Other => continue,
        };
        let server = value.quoted.destination;
        let calls = value
            .quoted
            .ports
            .is_some_and(|(_, port)| boot.is_call_server(server, port));
        // Nobody's boot waits for a log.
        let is_minor = matches!(value.request, Some(Request::Log | Request::Management));
        if value.refused_by_phone
            || calls
            || is_minor
            || seen_servers.contains(&server)
            || is_heard(boot, server)
        {
            continue;
        }
        seen_servers.push(server);
        let from = value
            .from
            .map_or("a router".to_owned(), |from| from.to_string());
        findings.push(
            Finding::new(
                "server-unreachable",
                severity(boot, context, ("server", server)),
                format!("no way to {server}: {why}"),
            )
            .detail(format!(
                "{from} sent {} to {server} back with \"{why}\".",
                value
                    .request
                    .as_ref()
                    .map_or("a packet of the phone".to_owned(), |request| format!(
                        "the phone's {request}"
                    ))
            ))
            .about(About {
                file: file_of(value.request.as_ref()),
                server: Some(server),
                port: value.quoted.ports.map(|(_, port)| port),
                protocol: Some("icmp"),
                ..About::default()
            })
            .evidence(seen.at, why)
            .remedy(match value.why {
                Unreachable::Prohibited => format!(
                    "Allow the phone's subnet to reach {server} in the access list of {from}."
                ),
                Unreachable::HopsExceeded => format!(
                    "Correct the route to {server} on {from} and the router behind it: they send \
                     the packets round in a circle; `traceroute {server}` from the phone's VLAN \
                     shows where."
                ),
                _ => format!("See that {server} is up, and that {from} has a route to it."),
            }),
        );
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::Case;
    use crate::session::lookup::Answer;
    use crate::session::testing::{BootBuilder, SERVER};
    use crate::session::transfer::Status;

    fn leased() -> BootBuilder {
        BootBuilder::new().lease(&[150], &[(150, &SERVER.octets())])
    }

    #[test]
    fn a_server_that_answers_no_arp_is_an_error() {
        let findings = Case::new("cisco-79x1", leased().arp(SERVER, 4, false)).check(check);
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].severity, Severity::Error);
        assert_eq!(
            findings[0].title,
            "nobody answers for the server's address 192.0.2.10"
        );
    }

    #[test]
    fn a_second_server_of_the_list_is_waited_for() {
        let list = [192, 0, 2, 10, 192, 0, 2, 11];
        let boot = || BootBuilder::new().lease(&[150], &[(150, &list)]);
        let asked = |address| boot().arp(address, 4, false);
        let check = |boot, secs| {
            let case = Case::new("cisco-79x1", boot).ends_after_secs(secs);
            case.check(check)
        };
        assert_eq!(check(asked(SERVER), 5), []);
        assert_eq!(check(asked(SERVER), 120)[0].severity, Severity::Error);
        let router = Ipv4Addr::new(192, 0, 2, 1);
        assert_eq!(check(asked(router), 5)[0].severity, Severity::Error);
        let second = asked(SERVER).transfer(
            phoneboot_parsers::Protocol::Tftp,
            "CTLSEP001AA17BE638.tlv",
            Status::NotFound,
            |transfer| transfer.server = [192, 0, 2, 11].into(),
        );
        assert_eq!(check(second, 5)[0].severity, Severity::Warning);
    }

    #[test]
    fn a_late_answer_is_an_answer() {
        let boot = leased().arp(SERVER, 4, true);
        assert!(Case::new("cisco-79x1", boot).check(check).is_empty());
    }

    #[test]
    fn a_name_server_that_answers_no_arp_is_one_error() {
        let [first, second] = [53, 54].map(|last| Ipv4Addr::new(192, 0, 2, last));
        let servers = [first.octets(), second.octets()].concat();
        let given: &[(u8, &[u8])] = &[(66, b"http://prov.example.com/"), (6, &servers)];
        let asked = || {
            BootBuilder::new()
                .lease(&[66, 6], given)
                .arp(first, 4, false)
        };
        let said = |boot| {
            let findings = Case::new("yealink-t4x", boot).check(check);
            findings
                .iter()
                .map(|f| (f.severity, f.title.clone()))
                .collect::<Vec<_>>()
        };
        let nobody = |last| format!("nobody answers for the name server's address 192.0.2.{last}");
        assert_eq!(said(asked()), [(Severity::Error, nobody(53))]);
        assert_eq!(
            said(asked().arp(second, 4, false)),
            [(Severity::Error, nobody(53)), (Severity::Note, nobody(54))]
        );
        let loaded = asked().http("/a.cfg", Status::Complete, 200);
        assert_eq!(said(loaded)[0].0, Severity::Warning);
        // 192.0.2.53 itself answers, or another in its place.
        let answered = asked().lookup("prov.example.com", 1, 1, Some(Answer::NoName));
        assert_eq!(said(answered), []);
        let other = asked().with(|boot, at| {
            let mut asked = BootBuilder::new()
                .lookup("prov.example.com", 1, 1, Some(Answer::NoName))
                .build()
                .lookups;
            asked[0].asked[0].server = second.into();
            asked[0].asked[0].first = at;
            boot.lookups = asked;
        });
        assert_eq!(said(other), [(Severity::Note, nobody(53))]);
    }

    #[test]
    fn an_address_that_dns_gives_is_the_servers() {
        let found = |name| {
            let answer = Answer::Found {
                addresses: vec![Ipv4Addr::new(192, 0, 2, 99).into()],
                targets: Vec::new(),
                canonical: None,
            };
            BootBuilder::new()
                .lease(&[66, 6], &[(6, &[192, 0, 2, 53])])
                .lookup(name, 1, 1, Some(answer))
                .arp(Ipv4Addr::new(192, 0, 2, 99), 4, false)
        };
        let findings = Case::new("yealink-t4x", found("prov.example.com")).check(check);
        assert_eq!(findings[0].severity, Severity::Error);
        assert_eq!(
            findings[0].detail,
            "DNS gives this address for \"prov.example.com\". The phone asked 4 times by ARP who \
             has 192.0.2.99; no answer is in the capture."
        );
        let clock = Case::new("yealink-t4x", found("ntp.example.com"));
        assert!(clock.check(check).is_empty());
    }

    #[test]
    fn a_neighbor_of_no_weight_is_none() {
        let boot = leased().arp(Ipv4Addr::new(192, 0, 2, 77), 4, false);
        assert!(Case::new("cisco-79x1", boot).check(check).is_empty());
    }

    #[test]
    fn a_server_that_is_heard_is_there() {
        let boot = leased()
            .arp(SERVER, 4, false)
            .tftp("SEP001AA17BE638.cnf.xml", Status::Complete);
        assert!(Case::new("cisco-79x1", boot).check(check).is_empty());
    }

    #[test]
    fn the_request_that_came_back_is_named() {
        let boot = leased()
            .tftp("SEP001AA17BE638.cnf.xml", Status::Unanswered)
            .unreachable(Unreachable::Host, SERVER, 69);
        let findings = Case::new("cisco-79x1", boot).check(check);
        assert_eq!(
            findings[0].detail,
            "192.0.2.10 sent the phone's request for SEP001AA17BE638.cnf.xml to 192.0.2.10 back \
             with \"host unreachable\"."
        );
        assert_eq!(
            findings[0].subject.file.as_deref(),
            Some("SEP001AA17BE638.cnf.xml")
        );
    }

    #[test]
    fn logs_loops_and_fragments_are_no_unreachable_server() {
        let boot = leased()
            .unreachable(Unreachable::Host, SERVER, 514)
            .unreachable(Unreachable::HopsExceeded, SERVER, 69)
            .unreachable(Unreachable::NotReassembled, SERVER, 69);
        assert!(Case::new("cisco-79x1", boot).check(check).is_empty());
    }

    #[test]
    fn a_routing_loop_and_its_router_are_named() {
        let boot = (0..3).fold(leased(), |boot, _| {
            boot.tftp("a.cfg", Status::Unanswered).unreachable(
                Unreachable::HopsExceeded,
                SERVER,
                69,
            )
        });
        let findings = Case::new("cisco-79x1", boot).check(check);
        assert_eq!(
            findings[0].title,
            "no way to 192.0.2.10: time to live exceeded, a routing loop"
        );
        assert!(findings[0].remedy[0].starts_with("Correct the route to 192.0.2.10 on "));
    }

    #[test]
    fn a_filter_is_named() {
        let boot = leased().unreachable(Unreachable::Prohibited, SERVER, 69);
        let findings = Case::new("cisco-79x1", boot).check(check);
        assert_eq!(
            findings[0].title,
            "no way to 192.0.2.10: prohibited by a filter"
        );
    }
}
