//! The name of a server that the phone depends on leads to no address.
//!
//! ## What it sees
//! DNS questions for a name, and the answer "no such name" (NXDOMAIN), "I cannot find out"
//! (SERVFAIL), "I will not" (REFUSED), an answer without an address or with one that no server
//! has (0.0.0.0, 127.0.0.1), or none at all; and no
//! other question of this boot that found the name: not another server, not the other
//! version of IP, not the name with a search domain behind it.
//!
//! ## Why the phone stops
//! It knows the name of its provisioning or call server, and not where that is.
//!
//! ## How to fix it
//! 1. Ask the same name server yourself, from the phone's VLAN: `dig @SERVER NAME`.
//! 2. NXDOMAIN or no address: create the record, or correct the name in DHCP.
//! 3. SERVFAIL, REFUSED, silence: mend the name server, or give the phones another in
//!    DHCP option 6.
//!
//! ## When it may be wrong
//! It is an error only where the phone does nothing more afterwards. Makers' redirection
//! services are not to be found in closed networks; their names, and those of time servers,
//! are notes. A name that no option and no answer gave may be of no weight. Silence is told
//! only when other frames to the phone were captured.
//!
//! ## References
//! RFC 1035 §4.1.1 (result codes); RFC 2308 (absent names); RFC 3263 (names of SIP servers).

use std::net::IpAddr;

use phoneboot_parsers::dns;

use crate::event::{At, Unreachable};
use crate::finding::{About, Confidence, Finding, Severity};
use crate::rules::Context;
use crate::rules::names::{self, Failure, Role, Wanted};
use crate::session::Boot;
use crate::session::lookup::{A, AAAA, Answer, NAPTR, SRV};

/// Phones ask again, or elsewhere, after one to five seconds; silence for this long is
/// an absence.
const ANSWER_SECS: f64 = 5.0;

/// A phone that has another way takes it within this many seconds.
const OTHER_WAY_SECS: f64 = 10.0;

const DNS_PORT: u16 = 53;
/// A phone that still asks for a name after this time has no other way: resolvers repeat a
/// question for some ten seconds.
const INSISTS_SECS: f64 = 30.0;

/// The option of DHCPv6 that holds the URL to boot from.
const BOOT_URL: u8 = 59;

/// Name servers that anybody may ask: Google's, Cloudflare's, Quad9's and Cisco's.
const PUBLIC_RESOLVERS: &[&str] = &[
    "1.0.0.1",
    "1.1.1.1",
    "8.8.4.4",
    "8.8.8.8",
    "9.9.9.9",
    "149.112.112.112",
    "208.67.220.220",
    "208.67.222.222",
    "2001:4860:4860::8844",
    "2001:4860:4860::8888",
    "2606:4700:4700::1001",
    "2606:4700:4700::1111",
    "2620:fe::fe",
];

pub(in crate::rules) fn check(boot: &Boot, context: &Context<'_>) -> Vec<Finding> {
    let mut names = names::wanted(boot, context.profile);
    names.sort_by_key(|name| (name.role, name.first()));
    let mut findings: Vec<Finding> = Vec::new();
    let mut silent_servers: Vec<Vec<IpAddr>> = Vec::new();
    for name in &names {
        let useless = is_of_no_use(boot, context, name);
        let Some(failure) = name.failure().or(useless.then_some(Failure::NoData)) else {
            continue;
        };
        let is_silence = failure == Failure::Silence;
        if is_silence && !is_proven(boot, context, name) {
            continue;
        }
        let Some((mut severity, confidence)) = weight(boot, context, name) else {
            continue;
        };
        if useless && severity != Severity::Error {
            continue;
        }
        // A server that is silent is one fault, however many names it was asked for.
        if is_silence && silent_servers.contains(&name.servers()) {
            continue;
        }
        if is_silence {
            silent_servers.push(name.servers());
        }
        // One cause gives one error: the name that weighs most.
        if findings
            .iter()
            .any(|found| found.severity == Severity::Error)
        {
            severity = severity.min(Severity::Note);
        }
        findings.extend(unresolved(boot, name, failure, severity, confidence));
    }
    findings
}

/// Whether the name leads to addresses of the version of IP that the phone has no address
/// of, and the name server says that it has no others.
fn is_of_no_use(boot: &Boot, context: &Context<'_>, name: &Wanted<'_>) -> bool {
    let addresses = &context.phone.addresses;
    let has_ipv4 = boot.lease.acknowledged().is_some()
        || boot.lease6.ipv4_in_use
        || addresses.iter().any(IpAddr::is_ipv4);
    let has_ipv6 = boot.lease6.granted().is_some()
        || addresses
            .iter()
            .any(|ip| matches!(ip, IpAddr::V6(ip) if !ip.is_unicast_link_local()));
    let mut found = name.lookups.iter().filter(|lookup| lookup.is_found());
    let (useless, needed) = match (has_ipv4, has_ipv6) {
        (true, false) => (AAAA, A),
        (false, true) => (A, AAAA),
        _ => return false,
    };
    name.is_found()
        && found.all(|lookup| lookup.kind == useless)
        && name.lookups.iter().any(|lookup| {
            let answer = lookup.answer().map(|seen| &seen.value);
            lookup.kind == needed && answer == Some(&Answer::NoData)
        })
}

/// The type of record that would give the phone the address: the one that is lacking.
fn lacking(name: &Wanted<'_>, server: IpAddr) -> &'static str {
    let asks = |kind| {
        name.lookups
            .iter()
            .any(|lookup| lookup.kind == kind && !lookup.is_found())
    };
    match (asks(A), asks(AAAA)) {
        (false, true) => "AAAA",
        (true, true) if server.is_ipv6() => "AAAA",
        _ => "A",
    }
}

/// Whether the capture would have shown an answer.
fn is_proven(boot: &Boot, context: &Context<'_>, name: &Wanted<'_>) -> bool {
    let Some(first) = name.first() else {
        return false;
    };
    if name
        .servers()
        .iter()
        .all(|server| is_closed(boot, *server).is_some())
    {
        return true;
    }
    let waited = context.watched_secs_after(first);
    context.sees_answers(boot)
        && waited >= ANSWER_SECS
        && (name.is_asked_again() || name.servers().len() > 1 || waited >= 2.0 * ANSWER_SECS)
}

/// How bad it is, and how sure that is; `None` when it is of no weight.
fn weight(boot: &Boot, context: &Context<'_>, name: &Wanted<'_>) -> Option<(Severity, Confidence)> {
    let last = name.last()?;
    let went_on = went_on(boot, last);
    // Who asks the same again and again knows no other way.
    let insists = name.first().is_some_and(|first| {
        last.time.secs_since(first.time) >= INSISTS_SECS && !self::went_on(boot, first)
    });
    let is_over =
        insists || boot.followed_by_another || context.watched_secs_after(last) >= OTHER_WAY_SECS;
    let stopped = !went_on && is_over && !boot.is_registered();
    let fetched = context.fetched_anything(boot);
    let severity = match name.role {
        Role::Unknown if boot.is_registered() => return None,
        Role::Unknown if stopped && (!fetched || name.is_asked_again()) => {
            return Some((Severity::Error, Confidence::Likely));
        }
        Role::Unknown | Role::Maker | Role::Time => Severity::Note,
        _ if stopped => Severity::Error,
        // It found its way by what it had stored.
        Role::Provisioning(_) | Role::BootUrl if !fetched && (went_on || boot.is_registered()) => {
            Severity::Warning
        }
        Role::CallServer | Role::Redirect if went_on && !boot.is_registered() => Severity::Warning,
        _ => Severity::Note,
    };
    Some((severity, Confidence::Certain))
}

/// Whether the phone got hold of any server after this moment.
fn went_on(boot: &Boot, after: At) -> bool {
    boot.transfers
        .iter()
        .any(|transfer| transfer.last > after && transfer.answered.is_some())
        || boot
            .reach
            .connections
            .iter()
            .any(|connection| connection.first > after)
        || boot
            .registrations
            .iter()
            .any(|attempt| attempt.last > after)
}

fn unresolved(
    boot: &Boot,
    name: &Wanted<'_>,
    failure: Failure,
    severity: Severity,
    confidence: Confidence,
) -> Option<Finding> {
    let servers = name.servers();
    let server = *servers.first()?;
    let finding = Finding::new(
        "dns-name-unresolved",
        severity,
        title(boot, name, failure, &servers),
    )
    .confidence(confidence)
    .detail(detail(boot, name, failure, &servers))
    .about(About {
        server: Some(server),
        port: Some(DNS_PORT),
        option: match name.role {
            Role::Provisioning(option) => option,
            Role::BootUrl => Some(BOOT_URL),
            _ => None,
        },
        protocol: Some("dns"),
        ..About::default()
    });
    Some(remedies(
        with_evidence(finding, name, failure),
        name,
        failure,
        server,
    ))
}

fn title(boot: &Boot, name: &Wanted<'_>, failure: Failure, servers: &[IpAddr]) -> String {
    let host = &name.host;
    let who = list(servers);
    let closed = servers
        .iter()
        .all(|server| is_closed(boot, *server).is_some());
    if let (Failure::NoName | Failure::NoData, Some(alias)) = (failure, name.alias()) {
        let lacks = if failure == Failure::NoName {
            "is not in DNS (NXDOMAIN from"
        } else {
            "has no address in DNS (asked:"
        };
        return format!("\"{host}\" stands for \"{alias}\", which {lacks} {who})");
    }
    match failure {
        Failure::NoName => format!("there is no \"{host}\" in DNS (NXDOMAIN from {who})"),
        Failure::NoData if name.is_found() => {
            let kind = servers.first().map_or("A", |server| lacking(name, *server));
            format!("\"{host}\" has no {kind} record in DNS (asked: {who})")
        }
        Failure::NoData if name.lookups.iter().any(|lookup| lookup.is_for_address()) => {
            format!("\"{host}\" has no address in DNS (asked: {who})")
        }
        Failure::NoData => format!("\"{host}\" has no SRV record in DNS (asked: {who})"),
        Failure::Silence if servers.len() > 1 && !closed => {
            format!("name servers {who} do not answer for \"{host}\"")
        }
        Failure::Refused => format!("name server {who} refuses to look up \"{host}\" (REFUSED)"),
        Failure::ServerFailed => format!("name server {who} cannot find \"{host}\" out (SERVFAIL)"),
        Failure::Failed(code) => {
            let word = dns::rcode_name(code).map_or_else(|| code.to_string(), str::to_owned);
            format!("name server {who} does not look up \"{host}\" ({word})")
        }
        Failure::Silence if closed => {
            format!("{who} runs no name server, and \"{host}\" is not found")
        }
        Failure::Silence => format!("name server {who} does not answer for \"{host}\""),
        Failure::Unusable(address) => {
            format!("\"{host}\" leads to {address}, which no server can have (asked: {who})")
        }
    }
}

fn detail(boot: &Boot, name: &Wanted<'_>, failure: Failure, servers: &[IpAddr]) -> String {
    let n_asked: u64 = name.lookups.iter().map(|lookup| lookup.count()).sum();
    let mut kinds: Vec<&str> = Vec::new();
    for lookup in &name.lookups {
        let kind = dns::type_name(lookup.kind).unwrap_or("other");
        if !kinds.contains(&kind) {
            kinds.push(kind);
        }
    }
    let times = if n_asked == 1 {
        "once".to_owned()
    } else {
        format!("{n_asked} times")
    };
    let role = match name.role {
        Role::Provisioning(Some(option)) => {
            format!("DHCP option {option} names it as the provisioning server.")
        }
        Role::Provisioning(None) => {
            "The DHCP header (sname) names it as the provisioning server.".to_owned()
        }
        Role::BootUrl => {
            format!("DHCPv6 option {BOOT_URL} names it as the provisioning server.")
        }
        Role::Redirect => "A server sent the phone there.".to_owned(),
        Role::CallServer => "It is where the phone wants to register.".to_owned(),
        Role::Unknown => "Neither DHCP nor a redirect named it: it stands in the phone's settings \
                          or in a file that it fetched."
            .to_owned(),
        Role::Time => "By its name it tells the time.".to_owned(),
        Role::Maker => "It is the maker's own service, which phones ask when nobody else names a \
                        server; a closed network has none, and that is no fault."
            .to_owned(),
    };
    let kinds = kinds.join(", ");
    let mut text = format!("The phone asked for it {times} ({kinds}). {role}");
    if failure == Failure::NoData && name.is_found() {
        let (has, no) = match servers.first().map(|server| lacking(name, *server)) {
            Some("AAAA") => ("IPv6", "IPv4"),
            _ => ("IPv4", "IPv6"),
        };
        let found = format!(" The phone has {has} only, and the name only an {no} address.");
        text.push_str(&found);
    }
    if failure == Failure::Silence && servers.iter().any(|server| is_lost(boot, *server)) {
        text.push_str(" Nobody answers ARP for the name server either.");
    }
    text
}

fn with_evidence(finding: Finding, name: &Wanted<'_>, failure: Failure) -> Finding {
    let mut frames: Vec<(At, String)> = Vec::new();
    for lookup in &name.lookups {
        let kind = dns::type_name(lookup.kind).unwrap_or("?");
        for asked in &lookup.asked {
            let what = format!("asks {} for {} {kind}", asked.server, lookup.name);
            frames.push((asked.first, what));
            match &asked.answer {
                Some(seen) if matches!(seen.value, Answer::Found { .. }) => {
                    frames.push((seen.at, format!("answer: {kind} record")));
                }
                Some(seen) => frames.push((seen.at, word(failure).to_owned())),
                None if asked.last > asked.first => {
                    frames.push((asked.last, "last question, no answer".to_owned()));
                }
                None => {}
            }
        }
    }
    frames.sort_by_key(|(at, _)| *at);
    frames.truncate(4);
    frames
        .into_iter()
        .fold(finding, |finding, (at, what)| finding.evidence(at, what))
}

fn word(failure: Failure) -> &'static str {
    match failure {
        Failure::NoName => "answer: no such name",
        Failure::NoData => "answer: no such record",
        Failure::Refused => "answer: refused",
        Failure::ServerFailed => "answer: server failure",
        Failure::Failed(_) | Failure::Silence | Failure::Unusable(_) => "answer",
    }
}

fn remedies(finding: Finding, name: &Wanted<'_>, failure: Failure, server: IpAddr) -> Finding {
    if name.role == Role::Maker {
        return finding.remedy(
            "Nothing, if the phones are provisioned from here: name your own server in DHCP.",
        );
    }
    let by_service = name.lookups.iter().find(|lookup| lookup.kind == SRV);
    let only_services = name
        .lookups
        .iter()
        .all(|lookup| matches!(lookup.kind, SRV | NAPTR));
    let (asked, kind) = match (name.alias(), by_service) {
        (Some(alias), _) => (alias.to_string(), lacking(name, server)),
        (None, Some(lookup)) if only_services => (lookup.name.to_string(), "SRV"),
        (None, _) => (in_domain(name), lacking(name, server)),
    };
    let option = if server.is_ipv6() {
        "DHCPv6 option 23"
    } else {
        "DHCP option 6"
    };
    let try_it = format!("From a PC in the phone's VLAN: `dig @{server} {asked} {kind}`.");
    let finding = match failure {
        Failure::NoName | Failure::NoData => finding
            .remedy(format!(
                "Create the {kind} record \"{asked}\" in the zone that {server} answers from{}.",
                if name.role == Role::CallServer && kind == "SRV" {
                    ", or set the call server's host and port in the phone's configuration"
                } else {
                    ""
                }
            ))
            .remedy(try_it),
        Failure::Refused => finding
            .remedy(format!(
                "Let {server} answer the phones' subnet (`allow-query` and `allow-recursion`, or \
                 the like), or give the phones another name server in {option}."
            ))
            .remedy(try_it),
        Failure::ServerFailed | Failure::Failed(_) => finding
            .remedy(format!(
                "{server} gets no answer from those that it asks itself: check its forwarders, its \
                 way to the Internet, and DNSSEC."
            ))
            .remedy(try_it),
        Failure::Silence => finding
            .remedy(format!(
                "See that a name server runs on {server} and that UDP port 53 gets there from the \
                 phone's VLAN; else correct {option}."
            ))
            .remedy(try_it),
        Failure::Unusable(address) => finding
            .remedy(format!(
                "Put the server's address into the {kind} record \"{asked}\"; where a filter on \
                 {server} answers {address} in its place, exempt the name there."
            ))
            .remedy(try_it),
    };
    let is_public = PUBLIC_RESOLVERS.contains(&server.to_string().as_str());
    let finding = if is_public && matches!(failure, Failure::NoName | Failure::NoData) {
        finding.remedy(format!(
            "{server} is a public name server and knows no names of your own network: if \"{asked}\" \
             is one, give the phones your own name server in {option}."
        ))
    } else {
        finding
    };
    match name.role {
        Role::Provisioning(Some(option)) => finding.remedy(format!(
            "Or correct the name in DHCP option {option}, or write the server's address there."
        )),
        Role::BootUrl => finding.remedy(format!(
            "Or correct the name in DHCPv6 option {BOOT_URL}, or write the server's address there, in \
             brackets."
        )),
        _ => finding,
    }
}

/// The name to look for: with the search domain that the phone put behind a bare one.
fn in_domain(name: &Wanted<'_>) -> String {
    let in_domain = name
        .lookups
        .iter()
        .map(|lookup| lookup.name.to_string())
        .find(|asked| asked.trim_end_matches('.').contains('.'));
    match in_domain {
        Some(asked) if !name.host.contains('.') => asked,
        _ => name.host.clone(),
    }
}

/// Where the server said that nothing listens on the port of DNS.
fn is_closed(boot: &Boot, server: IpAddr) -> Option<At> {
    boot.reach
        .unreachables
        .iter()
        .find(|seen| {
            let quoted = &seen.value.quoted;
            seen.value.why == Unreachable::Port
                && quoted.destination == server
                && quoted.ports.is_some_and(|(_, port)| port == DNS_PORT)
        })
        .map(|seen| seen.at)
}

/// Whether nobody says that the server's address is theirs.
fn is_lost(boot: &Boot, server: IpAddr) -> bool {
    boot.reach.arp.iter().any(|target| {
        IpAddr::V4(target.address) == server && target.answer.is_none() && target.asked > 1
    })
}

fn list(servers: &[IpAddr]) -> String {
    let words: Vec<String> = servers.iter().map(ToString::to_string).collect();
    words.join(" and ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::Case;
    use crate::session::lookup::Target;
    use crate::session::registration::Status as Registered;
    use crate::session::testing::{BootBuilder, SERVER};
    use crate::session::transfer::Status;

    const PROV: &str = "prov.example.com";

    /// A lease whose option 66 names the server.
    fn leased() -> BootBuilder {
        let servers: &[u8] = &[192, 0, 2, 53];
        BootBuilder::new().lease(&[66, 6], &[(66, b"http://prov.example.com/"), (6, servers)])
    }

    fn found() -> Answer {
        Answer::Found {
            addresses: vec![IpAddr::V4(SERVER)],
            targets: Vec::new(),
            canonical: None,
        }
    }

    fn said(boot: BootBuilder) -> Vec<(Severity, String)> {
        said_of(&Case::new("yealink-t4x", boot))
    }

    fn said_of(case: &Case) -> Vec<(Severity, String)> {
        let findings = case.check(check);
        assert!(findings.iter().all(|found| !found.evidence.is_empty()));
        findings
            .into_iter()
            .map(|found| (found.severity, found.title))
            .collect()
    }

    fn error(title: &str) -> Vec<(Severity, String)> {
        vec![(Severity::Error, title.to_owned())]
    }

    #[test]
    fn each_way_of_failing_has_its_words() {
        let from = "192.0.2.53";
        for (told, title) in [
            (
                Some(Answer::NoName),
                format!("there is no \"{PROV}\" in DNS (NXDOMAIN from {from})"),
            ),
            (
                Some(Answer::NoData),
                format!("\"{PROV}\" has no address in DNS (asked: {from})"),
            ),
            (
                Some(Answer::Refused),
                format!("name server {from} refuses to look up \"{PROV}\" (REFUSED)"),
            ),
            (
                Some(Answer::ServerFailed),
                format!("name server {from} cannot find \"{PROV}\" out (SERVFAIL)"),
            ),
            (
                Some(Answer::Failed(4)),
                format!("name server {from} does not look up \"{PROV}\" (NOTIMP)"),
            ),
            (
                None,
                format!("name server {from} does not answer for \"{PROV}\""),
            ),
        ] {
            assert_eq!(said(leased().lookup(PROV, A, 2, told)), error(&title));
        }
    }

    #[test]
    fn a_phone_that_asks_over_and_over_needs_no_long_end() {
        let severity = |secs| {
            let no_name = || Some(Answer::NoName);
            let boot = leased().lookup(PROV, A, 1, no_name()).after_secs(secs);
            let boot = boot.lookup(PROV, A, 1, no_name());
            said_of(&Case::new("yealink-t4x", boot).ends_after_secs(1))[0].0
        };
        assert_eq!(severity(5), Severity::Note);
        assert_eq!(severity(40), Severity::Error);
    }

    #[test]
    fn the_remedy_names_record_option_and_command() {
        let boot = leased().lookup(PROV, A, 1, Some(Answer::NoName));
        let findings = Case::new("yealink-t4x", boot).check(check);
        let remedy = findings[0].remedy.join("\n");
        for part in [
            "A record \"prov.example.com\"",
            "dig @192.0.2.53 prov.example.com A",
            "option 66",
        ] {
            assert!(remedy.contains(part), "{remedy}");
        }
        assert_eq!(findings[0].subject.option, Some(66));
    }

    fn remedy_of(boot: BootBuilder) -> String {
        let findings = Case::new("yealink-t4x", boot).check(check);
        findings[0].remedy.join("\n")
    }

    #[test]
    fn an_alias_that_leads_nowhere_is_named() {
        for (answer, title) in [
            (Answer::NoName, "is not in DNS (NXDOMAIN from 192.0.2.53)"),
            (Answer::NoData, "has no address in DNS (asked: 192.0.2.53)"),
        ] {
            let boot = || {
                leased()
                    .lookup(PROV, A, 2, Some(answer.clone()))
                    .with(|boot, _| {
                        boot.lookups[0].asked[0].alias = Some("web7.example.com".into());
                    })
            };
            assert_eq!(
                said(boot()),
                error(&format!(
                    "\"prov.example.com\" stands for \"web7.example.com\", which {title}"
                ))
            );
            assert!(remedy_of(boot()).contains("A record \"web7.example.com\""));
        }
    }

    #[test]
    fn an_address_that_no_server_has_leads_nowhere() {
        for address in ["0.0.0.0", "127.0.0.1"] {
            let answer = || Answer::Found {
                addresses: vec![address.parse().unwrap()],
                targets: Vec::new(),
                canonical: None,
            };
            let boot = leased().lookup(PROV, A, 2, Some(answer()));
            let title = format!(
                "\"prov.example.com\" leads to {address}, which no server can have (asked: \
                 192.0.2.53)"
            );
            assert_eq!(said(boot), error(&title));
            let other =
                leased()
                    .lookup(PROV, A, 2, Some(answer()))
                    .http("/a.cfg", Status::Complete, 200);
            assert!(
                said(other)
                    .iter()
                    .all(|(severity, _)| *severity < Severity::Warning)
            );
        }
    }

    #[test]
    fn remedies_name_the_search_domain_the_option_and_public_servers() {
        let bare = BootBuilder::new()
            .lease(&[66, 6], &[(66, b"prov"), (6, &[192, 0, 2, 53])])
            .lookup("prov.corp.example.com", A, 2, Some(Answer::NoName))
            .lookup("prov", A, 2, Some(Answer::NoName));
        assert!(remedy_of(bare).contains("A record \"prov.corp.example.com\""));
        let asked_at = |server: &str, told| {
            leased().lookup(PROV, A, 3, told).with(|boot, _| {
                boot.lookups[0].asked[0].server = server.parse().unwrap();
            })
        };
        let silent = remedy_of(asked_at("2001:db8::53", None));
        assert!(silent.contains("else correct DHCPv6 option 23"), "{silent}");
        let public = remedy_of(asked_at(PUBLIC_RESOLVERS[0], Some(Answer::NoName)));
        assert!(public.contains("is a public name server"), "{public}");
    }

    /// A phone with an address by DHCPv6 alone, whose option 59 names the server.
    fn leased_by_ipv6() -> BootBuilder {
        BootBuilder::new().dhcpv6_lease(&[(59, b"http://prov.example.com/")])
    }

    fn check_v6(boot: BootBuilder) -> Vec<Finding> {
        Case::new("yealink-t4x", boot)
            .without_addresses()
            .check(check)
    }

    #[test]
    fn a_name_in_option_59_is_the_provisioning_server() {
        let findings = check_v6(leased_by_ipv6().lookup(PROV, AAAA, 2, Some(Answer::NoName)));
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].confidence, Confidence::Certain);
        assert_eq!(findings[0].subject.option, Some(59));
        assert!(findings[0].detail.contains("DHCPv6 option 59 names it"));
        let remedy = findings[0].remedy.join("\n");
        for part in ["AAAA record", "prov.example.com AAAA", "in brackets"] {
            assert!(remedy.contains(part), "{remedy}");
        }
    }

    #[test]
    fn addresses_of_the_other_version_are_of_no_use() {
        let boot = || {
            leased_by_ipv6().lookup(PROV, A, 2, Some(found())).lookup(
                PROV,
                AAAA,
                2,
                Some(Answer::NoData),
            )
        };
        let findings = check_v6(boot());
        assert_eq!(findings[0].severity, Severity::Error);
        assert_eq!(
            findings[0].title,
            "\"prov.example.com\" has no AAAA record in DNS (asked: 192.0.2.53)"
        );
        assert!(findings[0].remedy[0].starts_with("Create the AAAA record"));
        // A phone with both versions takes the address that there is, and one that goes on
        // has another way.
        assert_eq!(said(boot()), []);
        assert_eq!(check_v6(boot().http("/a.cfg", Status::Complete, 200)), []);
        // The other question was not answered, or not asked.
        let alone = || leased_by_ipv6().lookup(PROV, A, 2, Some(found()));
        assert_eq!(check_v6(alone()), []);
        assert_eq!(check_v6(alone().lookup(PROV, AAAA, 2, None)), []);
    }

    #[test]
    fn any_way_to_the_address_is_enough() {
        let near_misses = [
            leased()
                .lookup(PROV, AAAA, 1, Some(Answer::NoName))
                .lookup(PROV, A, 1, Some(found())),
            leased().lookup(PROV, A, 1, Some(Answer::NoName)).lookup(
                "prov.example.com.lan",
                A,
                1,
                Some(found()),
            ),
            leased()
                .lookup("_sip._udp.prov.example.com", SRV, 1, Some(Answer::NoName))
                .lookup(PROV, NAPTR, 1, Some(Answer::NoData))
                .lookup(PROV, A, 1, Some(found())),
            // One of two servers is silent.
            leased().lookup(PROV, A, 3, Some(found())).with(|boot, _| {
                let mut silent = boot.lookups[0].asked[0].clone();
                silent.answer = None;
                boot.lookups[0].asked.insert(0, silent);
            }),
            leased().lookup(PROV, A, 1, Some(Answer::Truncated)),
            leased().lookup("ciscocm1.example.com", A, 3, Some(Answer::NoName)),
        ];
        for (index, boot) in near_misses.into_iter().enumerate() {
            assert_eq!(said(boot), [], "{index}");
        }
    }

    #[test]
    fn a_phone_that_goes_on_is_not_stopped_by_it() {
        let severity = |boot: BootBuilder| said(boot)[0].0;
        let failed = || leased().lookup(PROV, A, 1, Some(Answer::NoName));
        let fetched = failed().http("/a.cfg", Status::Complete, 200);
        assert_eq!(severity(fetched), Severity::Note);
        // It came up by what it had stored.
        let registered = failed().registration(Registered::Registered, None);
        assert_eq!(severity(registered), Severity::Warning);
        let early = Case::new("yealink-t4x", failed()).ends_after_secs(4);
        assert_eq!(said_of(&early)[0].0, Severity::Note);
    }

    #[test]
    fn silence_is_told_only_where_an_answer_would_be_seen() {
        let silent = || leased().lookup(PROV, A, 1, None);
        assert_eq!(said(silent())[0].0, Severity::Error);
        let one_sided = silent().with(|boot, _| boot.frames_to_phone = 0);
        assert_eq!(said(one_sided), []);
        let early = Case::new("yealink-t4x", silent()).ends_after_secs(7);
        assert_eq!(said_of(&early), []);
        let closed = silent()
            .with(|boot, _| boot.frames_to_phone = 0)
            .unreachable(Unreachable::Port, [192, 0, 2, 53].into(), 53);
        assert_eq!(
            said(closed),
            error("192.0.2.53 runs no name server, and \"prov.example.com\" is not found")
        );
    }

    #[test]
    fn a_silent_server_is_told_once() {
        let boot = leased()
            .lookup(PROV, A, 2, None)
            .lookup("ntp.example.com", A, 2, None)
            .lookup("rps.yealink.com", A, 2, None);
        assert_eq!(
            said(boot),
            error("name server 192.0.2.53 does not answer for \"prov.example.com\"")
        );
    }

    #[test]
    fn names_of_the_maker_and_of_clocks_are_notes() {
        let boot = leased()
            .lookup(PROV, A, 1, Some(Answer::NoName))
            .lookup("rps.yealink.com", A, 1, Some(Answer::NoName))
            .lookup("0.pool.ntp.org", A, 3, Some(Answer::Refused));
        let severities: Vec<Severity> = said(boot).into_iter().map(|(s, _)| s).collect();
        assert_eq!(
            severities,
            [Severity::Error, Severity::Note, Severity::Note]
        );
    }

    #[test]
    fn a_call_server_that_is_not_found_stops_the_boot() {
        let configured = || {
            leased()
                .lookup(PROV, A, 1, Some(found()))
                .http("/a.cfg", Status::Complete, 200)
        };
        let by_service = configured()
            .lookup("_sip._udp.example.com", SRV, 1, Some(Answer::NoName))
            .lookup("example.com", A, 1, Some(Answer::NoData));
        assert_eq!(
            said(by_service),
            error("\"example.com\" has no address in DNS (asked: 192.0.2.53)")
        );
        let target = Target {
            host: "sip.example.com".into(),
            port: Some(5060),
            addresses: Vec::new(),
        };
        let services = Answer::Found {
            addresses: Vec::new(),
            targets: vec![target],
            canonical: None,
        };
        let by_target = configured()
            .lookup("_sip._udp.example.com", SRV, 1, Some(services))
            .lookup("sip.example.com", A, 1, Some(Answer::NoName));
        assert_eq!(
            said(by_target),
            error("there is no \"sip.example.com\" in DNS (NXDOMAIN from 192.0.2.53)")
        );
        // Nobody knows what this name is for; only who insists on it depends on it.
        let unknown =
            |count| configured().lookup("calls.example.com", A, count, Some(Answer::NoName));
        assert_eq!(said(unknown(1))[0].0, Severity::Note);
        assert_eq!(said(unknown(2))[0].0, Severity::Error);
        let registered = unknown(2).registration(Registered::Registered, None);
        assert_eq!(said(registered), []);
    }
}
