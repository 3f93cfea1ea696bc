//! The call server answers, and the phone does not hear it.
//!
//! ## What it sees
//! The phone repeats the same REGISTER over and over although each was answered, long
//! after the answer: same `Call-ID`, same `CSeq`, same branch.
//!
//! ## Why the phone stops
//! The answer goes where the phone does not listen, or is thrown away on the way back. The
//! server may even hold the phone for registered; the phone shows no line.
//!
//! ## How to fix it
//! 1. When the answer goes to another port or address than the request came from: let the
//!    server answer to where the request came from (`rport`, RFC 3581; in Asterisk
//!    `force_rport=yes` and `rewrite_contact=yes`).
//! 2. Switch the router's SIP ALG off: it rewrites requests and forgets the answers.
//! 3. When request and answer are in different VLANs, mend the one that does not come back.
//! 4. Try SIP over TCP, which answers over the same connection.
//!
//! ## When it may be wrong
//! One or two lost answers are the network's daily life; the rule waits for three. A capture
//! taken at the server sees answers that are lost further on: then the fault lies between
//! the capture and the phone.
//!
//! ## References
//! RFC 3261 §17.1.2.2 (retransmission), §18.2.2 (where answers go); RFC 3581 (`rport`).

use phoneboot_parsers::MacAddress;

use super::attempts;
use crate::event::{Endpoint, Unreachable};
use crate::finding::{Confidence, Finding};
use crate::rules::Context;
use crate::session::Boot;
use crate::session::registration::{Registration, Unheard};

pub(in crate::rules) fn check(boot: &Boot, _context: &Context<'_>) -> Vec<Finding> {
    attempts::open(boot)
        .filter_map(|attempt| Some(lost(boot, attempt, attempt.unheard?)))
        .collect()
}

/// Why the phone does not hear, with the remedies.
struct Cause {
    sentence: String,
    remedies: Vec<String>,
    confidence: Confidence,
}

fn lost(boot: &Boot, attempt: &Registration, unheard: Unheard) -> Finding {
    let (name, server) = (attempts::name(attempt), attempts::server(attempt));
    let words = attempt.detail.as_deref().unwrap_or("an answer");
    let cause = cause(boot, attempt, &unheard, &server);
    let finding = Finding::new(
        "registration-answer-lost",
        attempts::severity(boot),
        format!("{server} answers {name} and the phone does not hear it"),
    )
    .confidence(cause.confidence)
    .detail(format!(
        "The server answered \"{words}\"; the phone repeated the same request {} times after \
         that. {}{}",
        unheard.repeats,
        cause.sentence,
        attempts::other_lines(boot)
    ))
    .about(attempts::about(attempt))
    .evidence(unheard.request, "the request to register")
    .evidence(unheard.answer, format!("the answer: {words}"))
    .evidence(unheard.repeat, "the same request again");
    cause.remedies.into_iter().fold(finding, Finding::remedy)
}

fn cause(boot: &Boot, attempt: &Registration, unheard: &Unheard, server: &str) -> Cause {
    let alg = "Switch off SIP ALG (also called SIP helper or SIP inspection) on the routers and \
               firewalls between phone and server.";
    let (from, to) = (unheard.request_from, unheard.answer_to);
    let certain = |sentence: String, remedies: Vec<String>| Cause {
        sentence,
        remedies,
        confidence: Confidence::Certain,
    };
    if refused_by_phone(boot, attempt) {
        return certain(
            format!(
                "The phone sends the answer back by ICMP: it does not listen on port {}.",
                to.port.unwrap_or_default()
            ),
            vec![
                format!("Let {server} answer to the port that the request came from (rport)."),
                alg.to_owned(),
            ],
        );
    }
    if unheard.foreign_branch {
        return certain(
            "The answer carries another Via branch than the request, so that the phone must take \
             it for a stranger's: something on the way rewrites SIP."
                .to_owned(),
            vec![alg.to_owned()],
        );
    }
    if (from.ip, from.port) != (to.ip, to.port) {
        return certain(
            format!(
                "The request came from {}, the answer goes to {}.",
                place(from),
                place(to)
            ),
            vec![
                format!(
                    "Let {server} answer to where the request came from (rport; in Asterisk \
                     force_rport=yes)."
                ),
                alg.to_owned(),
            ],
        );
    }
    if unheard.vlans.0 != unheard.vlans.1 {
        let vlan =
            |vlan: Option<u16>| vlan.map_or("untagged".to_owned(), |id| format!("VLAN {id}"));
        return certain(
            format!(
                "The request is in {}, the answer in {}.",
                vlan(unheard.vlans.0),
                vlan(unheard.vlans.1)
            ),
            vec![
                "See that the switch port carries the phone's VLAN in both directions, tagged as \
                 the phone expects it."
                    .to_owned(),
            ],
        );
    }
    if let Some((phone, other)) = other_mac(from, to) {
        return certain(
            format!("The answer goes to the MAC address {other}, the phone has {phone}."),
            vec![format!(
                "Look for another device with the phone's address {}, and clear the ARP table of \
                 {server} and of the router.",
                to.ip.map_or(String::new(), |ip| ip.to_string())
            )],
        );
    }
    Cause {
        sentence: "The answers go to where the requests came from, so they are lost between the \
                   place of the capture and the phone, or the phone drops them."
            .to_owned(),
        remedies: vec![
            "Capture at the phone's own switch port: if the answers are not there, a firewall or \
             a one-way VLAN on the way drops them."
                .to_owned(),
            alg.to_owned(),
            "Try SIP over TCP for this phone.".to_owned(),
        ],
        confidence: Confidence::Likely,
    }
}

/// Whether the phone told the server by ICMP that nobody listens there.
fn refused_by_phone(boot: &Boot, attempt: &Registration) -> bool {
    boot.reach.unreachables.iter().any(|seen| {
        let quoted = seen.value.quoted;
        seen.value.refused_by_phone
            && seen.value.why == Unreachable::Port
            && Some(quoted.source) == attempt.server
            && quoted.ports.map(|(port, _)| port) == attempt.server_port
    })
}

/// The two MAC addresses, when the answer goes to another than the request came from.
fn other_mac(from: Endpoint, to: Endpoint) -> Option<(MacAddress, MacAddress)> {
    let pair = (from.mac?, to.mac?);
    (pair.0 != pair.1).then_some(pair)
}

fn place(end: Endpoint) -> String {
    let ip = end.ip.map_or("?".to_owned(), |ip| ip.to_string());
    format!("{ip} port {}", end.port.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Severity;
    use crate::rules::testing::Case;
    use crate::session::registration::Status;
    use crate::session::testing::{BootBuilder, MAC, PHONE};

    fn unheard(change: impl FnOnce(&mut Unheard)) -> BootBuilder {
        BootBuilder::new()
            .registration(Status::Unanswered, Some("200 OK"))
            .last_registration(|attempt| {
                let phone = Endpoint {
                    mac: Some(MAC),
                    ip: Some(PHONE.into()),
                    port: Some(5060),
                };
                let mut unheard = Unheard {
                    request: attempt.first,
                    answer: attempt.last,
                    repeat: attempt.last,
                    repeats: 5,
                    request_from: phone,
                    answer_to: phone,
                    vlans: (None, None),
                    foreign_branch: false,
                };
                change(&mut unheard);
                attempt.unheard = Some(unheard);
            })
    }

    fn detail(boot: BootBuilder) -> String {
        let findings = Case::new("yealink-t4x", boot).check(check);
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].severity, Severity::Error);
        findings[0].detail.clone()
    }

    #[test]
    fn says_where_the_answer_goes_astray() {
        let told = detail(unheard(|lost| lost.answer_to.port = Some(62000)));
        assert!(told.contains("the answer goes to 192.0.2.51 port 62000"));
        let told = detail(unheard(|lost| lost.vlans = (Some(110), None)));
        assert!(told.contains("in VLAN 110, the answer in untagged"));
        let told = detail(unheard(|lost| {
            lost.answer_to.mac = Some(MacAddress([2, 0, 0, 0, 0, 9]));
        }));
        assert!(told.contains("MAC address 02:00:00:00:00:09"));
        let told = detail(unheard(|lost| lost.foreign_branch = true));
        assert!(told.contains("another Via branch"));
        let told = detail(unheard(|_| {}));
        assert!(told.contains("lost between"));
    }

    #[test]
    fn a_phone_that_was_heard_at_last_is_fine() {
        let boot = unheard(|_| {}).last_registration(|attempt| attempt.status = Status::Registered);
        assert!(Case::new("yealink-t4x", boot).check(check).is_empty());
    }
}
