//! DNS questions of a host, and their answers.

use std::net::IpAddr;

use phoneboot_parsers::dns::{self, Data, Message, Record};
use phoneboot_parsers::{Protocol, WireText};

use crate::event::{Event, Seen};
use crate::session::Phase;
use crate::session::hosts::Host;
use crate::session::lookup::{
    A, AAAA, Answer, Asked, Lookup, MAX_ANSWERS, MAX_LOOKUPS, MAX_LOOKUPS_OF_STRANGERS,
    MAX_SERVERS, NAPTR, SRV, Target,
};

use super::{Change, step};

/// Questions to one server whose answers are awaited at a time.
const MAX_WAITING: usize = 8;
/// The most aliases that lead from one name to another.
const MAX_ALIASES: usize = 16;
/// How many addresses or targets a line of the timeline names.
const MAX_SHOWN: usize = 4;
/// Repeats of one question that the timeline shows.
const MAX_REPEATS_SHOWN: u64 = 3;

pub(super) fn message(
    host: &mut Host,
    event: &Event<'_>,
    message: &Message,
    from_client: bool,
) -> Change {
    if message.flags.opcode() == 0
        && let [question] = message.questions.as_slice()
    {
        if from_client {
            ask(host, event, message.id, question);
        } else {
            answer(host, event, message, question);
        }
    }
    Change::default()
}

fn is_same(name: &WireText, other: &WireText) -> bool {
    name.as_bytes().eq_ignore_ascii_case(other.as_bytes())
}

fn ask(host: &mut Host, event: &Event<'_>, id: u16, question: &dns::Question) {
    let (Some(server), Some(port)) = (event.destination.ip, event.source.port) else {
        return;
    };
    let is_pair = has_sibling(&host.boot.lookups, &question.name, question.kind);
    let limit = if host.is_phone {
        MAX_LOOKUPS
    } else {
        MAX_LOOKUPS_OF_STRANGERS
    };
    let list = &mut host.boot.lookups;
    let known = list
        .iter()
        .position(|known| known.kind == question.kind && is_same(&known.name, &question.name));
    let index = match known {
        Some(index) => index,
        None if list.len() >= limit => return,
        None => {
            list.push(Lookup {
                name: question.name.clone(),
                kind: question.kind,
                asked: Vec::new(),
            });
            list.len() - 1
        }
    };
    let Some(lookup) = list.get_mut(index) else {
        return;
    };
    let again = match lookup.asked.iter().position(|asked| asked.server == server) {
        Some(_) => true,
        None if lookup.asked.len() >= MAX_SERVERS => return,
        None => {
            lookup.asked.push(Asked {
                server,
                first: event.at,
                last: event.at,
                count: 0,
                answer: None,
                alias: None,
                waiting: Vec::new(),
            });
            false
        }
    };
    let Some(asked) = lookup.asked.iter_mut().find(|asked| asked.server == server) else {
        return;
    };
    asked.count = asked.count.saturating_add(1);
    asked.last = event.at;
    if !asked.waiting.contains(&(id, port)) {
        if asked.waiting.len() >= MAX_WAITING {
            asked.waiting.remove(0);
        }
        asked.waiting.push((id, port));
    }
    let is_told = asked.answer.is_some() || asked.count > MAX_REPEATS_SHOWN;
    if is_pair || (again && is_told) {
        return;
    }
    let again = if again { " again" } else { "" };
    let what = asked_for(&question.name, question.kind);
    let summary = format!("asks {server}{again} {what}");
    say(host, event, "dns-query", summary);
}

/// Whether the other half of a pair was asked for before: a phone that knows IPv6 asks
/// for both kinds of address, and one line tells it.
fn has_sibling(lookups: &[Lookup], name: &WireText, kind: u16) -> bool {
    sibling(lookups, name, kind).is_some_and(|sibling| {
        let own = lookups
            .iter()
            .position(|known| known.kind == kind && is_same(&known.name, name));
        own.is_none_or(|own| own > sibling)
    })
}

/// The place of the question for the same name's address of the other version.
fn sibling(lookups: &[Lookup], name: &WireText, kind: u16) -> Option<usize> {
    let other = match kind {
        A => AAAA,
        AAAA => A,
        _ => return None,
    };
    lookups
        .iter()
        .position(|known| known.kind == other && is_same(&known.name, name))
}

fn answer(host: &mut Host, event: &Event<'_>, message: &Message, question: &dns::Question) {
    let (Some(server), Some(port)) = (event.source.ip, event.destination.port) else {
        return;
    };
    let lookups = &mut host.boot.lookups;
    let is_second = question.kind == AAAA && sibling(lookups, &question.name, AAAA).is_some();
    let Some(asked) = lookups
        .iter_mut()
        .find(|known| known.kind == question.kind && is_same(&known.name, &question.name))
        .and_then(|lookup| lookup.asked.iter_mut().find(|asked| asked.server == server))
    else {
        return;
    };
    let Some(place) = asked
        .waiting
        .iter()
        .position(|waiting| *waiting == (message.id, port))
    else {
        return;
    };
    asked.waiting.remove(place);
    let new = meaning(message, question);
    let before = asked.answer.as_ref().map(|seen| &seen.value);
    let is_news = match before {
        None => true,
        Some(Answer::Found { .. }) => return,
        Some(before) => *before != new,
    };
    // What matters of a name without an IPv6 address is whether it has the other.
    let is_shown = is_news && (!is_second || matches!(new, Answer::Found { .. }));
    let summary = is_shown.then(|| told(&question.name, question.kind, &new, server));
    if is_news {
        asked.alias = matches!(new, Answer::NoData | Answer::NoName)
            .then(|| canonical(message, question))
            .flatten()
            .cloned();
        asked.answer = Some(Seen::new(new, event.at));
    }
    if let Some(summary) = summary {
        say(host, event, "dns-answer", summary);
    }
}

/// What an answer says to its question.
fn meaning(message: &Message, question: &dns::Question) -> Answer {
    match message.rcode() {
        0 => {}
        2 => return Answer::ServerFailed,
        3 => return Answer::NoName,
        5 => return Answer::Refused,
        other => return Answer::Failed(other),
    }
    let canonical = canonical(message, question);
    let name = canonical.unwrap_or(&question.name);
    let mut addresses = Vec::new();
    let mut targets = Vec::new();
    let mut is_found = false;
    for record in message.answers.iter().filter(|record| {
        is_same(&record.name, name) && (record.kind == question.kind || question.kind == ANY)
    }) {
        is_found = true;
        addresses.extend(address(record));
        targets.extend(target(record).map(|(host, port)| {
            Target {
                host: host.clone(),
                port,
                addresses: message
                    .additional
                    .iter()
                    .filter(|record| is_same(&record.name, host))
                    .filter_map(address)
                    .take(MAX_ANSWERS)
                    .collect(),
            }
        }));
        if addresses.len().max(targets.len()) >= MAX_ANSWERS {
            break;
        }
    }
    match is_found {
        true => Answer::Found {
            addresses,
            targets,
            canonical: canonical.cloned(),
        },
        false if message.flags.is_truncated() => Answer::Truncated,
        false => Answer::NoData,
    }
}

/// Where aliases lead from the name asked for; `None` when it is none.
fn canonical<'m>(message: &'m Message, question: &dns::Question) -> Option<&'m WireText> {
    let alias_of = |name: &WireText| {
        message
            .answers
            .iter()
            .filter(|record| record.kind != question.kind && is_same(&record.name, name))
            .find_map(|record| match (record.kind, &record.data) {
                (CNAME, Data::Name(target)) => Some(target),
                _ => None,
            })
    };
    let first = alias_of(&question.name);
    std::iter::successors(first, |name| alias_of(name))
        .take(MAX_ALIASES)
        .last()
}

const CNAME: u16 = 5;
const PTR: u16 = 12;
const ANY: u16 = 255;

fn address(record: &Record) -> Option<IpAddr> {
    match record.data {
        Data::A(address) => Some(address.into()),
        Data::Aaaa(address) => Some(address.into()),
        _ => None,
    }
}

fn target(record: &Record) -> Option<(&WireText, Option<u16>)> {
    match &record.data {
        Data::Srv(srv) => Some((&srv.target, Some(srv.port))),
        Data::Naptr(naptr) => Some((&naptr.replacement, None)),
        Data::Name(name) => Some((name, None)),
        Data::Mx { exchange, .. } => Some((exchange, None)),
        _ => None,
    }
}

fn say(host: &mut Host, event: &Event<'_>, name: &'static str, summary: String) {
    step(host, event, Phase::Reach, Protocol::Dns, name, summary);
}

/// The second half of "asks 192.0.2.53 …".
fn asked_for(name: &WireText, kind: u16) -> String {
    match kind {
        A | AAAA => format!("for the address of {name}"),
        SRV => format!("where {name} is (SRV)"),
        NAPTR => format!("how to reach {name} (NAPTR)"),
        PTR => format!("whose address {name} is"),
        _ => format!("for the {} of {name}", record_name(kind)),
    }
}

fn record_name(kind: u16) -> String {
    match dns::type_name(kind) {
        Some(name) => format!("{name} record"),
        None => format!("record of type {kind}"),
    }
}

/// What the timeline says of an answer.
fn told(name: &WireText, kind: u16, answer: &Answer, server: IpAddr) -> String {
    match answer {
        Answer::Found {
            addresses,
            targets,
            canonical,
        } => {
            let by = canonical
                .as_ref()
                .map_or(String::new(), |alias| format!(" (as {alias})"));
            if !addresses.is_empty() {
                return format!("{name} is {}{by}", some_of(addresses, IpAddr::to_string));
            }
            if targets.is_empty() {
                return format!("{name} has {}{by}", a_record(kind));
            }
            let shown = some_of(targets, |target| match target.port {
                Some(port) => format!("{} port {port}", target.host),
                None => target.host.to_string(),
            });
            match kind {
                NAPTR => format!("{name} goes on at {shown}{by}"),
                PTR => format!("{name} is {shown}{by}"),
                _ => format!("{name} is at {shown}{by}"),
            }
        }
        Answer::NoData => match kind {
            A => format!("{name} has no IPv4 address"),
            AAAA => format!("{name} has no IPv6 address"),
            _ => format!("{name} has no {}", record_name(kind)),
        },
        Answer::NoName if kind == AAAA => format!("there is no IPv6 address of {name} (NXDOMAIN)"),
        Answer::NoName => format!("there is no {name} (NXDOMAIN)"),
        Answer::ServerFailed => format!("{server} cannot find {name} out (SERVFAIL)"),
        Answer::Refused => format!("{server} refuses to look {name} up (REFUSED)"),
        Answer::Failed(code) => match dns::rcode_name(*code) {
            Some(word) => format!("{server} does not look {name} up ({word})"),
            None => format!("{server} does not look {name} up (code {code})"),
        },
        Answer::Truncated => format!("the answer for {name} does not fit, TCP is needed"),
    }
}

fn a_record(kind: u16) -> String {
    format!("a {}", record_name(kind))
}

/// The first of a list in words.
fn some_of<T>(list: &[T], show: impl Fn(&T) -> String) -> String {
    let mut shown: Vec<String> = list.iter().take(MAX_SHOWN).map(show).collect();
    if list.len() > MAX_SHOWN {
        shown.push(format!("{} more", list.len() - MAX_SHOWN));
    }
    shown.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use phoneboot_parsers::Input;
    use phoneboot_parsers::dns::Question;

    /// Asks for `name`, one record of this type at the second name.
    fn read(bytes: &[u8]) -> Message {
        dns::decode(Input::whole(bytes)).unwrap().value
    }

    fn question(name: &str, kind: u16) -> Question {
        Question {
            name: name.into(),
            kind,
            class: 1,
        }
    }

    const WWW: &[u8] = b"\0\x01\x81\x80\0\x01\0\x02\0\0\0\0\x03www\x07example\0\0\x01\0\x01\
        \xc0\x0c\0\x05\0\x01\0\0\0\x3c\0\x07\x04PROV\xc0\x10\
        \x04prov\xc0\x10\0\x01\0\x01\0\0\0\x3c\0\x04\xc0\0\x02\x0a";

    fn told_of(answer: &Answer, kind: u16) -> String {
        let server = IpAddr::from([192, 0, 2, 53]);
        told(&"www.example".into(), kind, answer, server)
    }

    #[test]
    fn follows_aliases_to_the_address() {
        let answer = meaning(&read(WWW), &question("WWW.example", A));
        let expected = Answer::Found {
            addresses: vec![IpAddr::from([192, 0, 2, 10])],
            targets: Vec::new(),
            canonical: Some("PROV.example".into()),
        };
        assert_eq!(answer, expected);
        assert_eq!(
            told_of(&answer, A),
            "www.example is 192.0.2.10 (as PROV.example)"
        );
        // The alias leads to nothing of this type, and a circle of them to nothing at all.
        let ipv6 = meaning(&read(WWW), &question("www.example", AAAA));
        assert_eq!(ipv6, Answer::NoData);
        let alias = |bytes, name| {
            let message = read(bytes);
            canonical(&message, &question(name, AAAA)).map(ToString::to_string)
        };
        assert_eq!(alias(WWW, "www.example").as_deref(), Some("PROV.example"));
        assert_eq!(alias(WWW, "prov.example"), None);
        let circle = b"\0\x01\x81\x80\0\x01\0\x01\0\0\0\0\x01a\0\0\x01\0\x01\
            \xc0\x0c\0\x05\0\x01\0\0\0\x3c\0\x02\xc0\x0c";
        assert_eq!(meaning(&read(circle), &question("a", A)), Answer::NoData);
    }

    #[test]
    fn result_codes_are_what_they_say() {
        for (flags, answer, words) in [
            (
                [0x81, 0x80],
                Answer::NoData,
                "www.example has no IPv4 address",
            ),
            (
                [0x83, 0x80],
                Answer::Truncated,
                "the answer for www.example does not fit, TCP is needed",
            ),
            (
                [0x81, 0x82],
                Answer::ServerFailed,
                "192.0.2.53 cannot find www.example out (SERVFAIL)",
            ),
            (
                [0x81, 0x83],
                Answer::NoName,
                "there is no www.example (NXDOMAIN)",
            ),
            (
                [0x81, 0x85],
                Answer::Refused,
                "192.0.2.53 refuses to look www.example up (REFUSED)",
            ),
            (
                [0x81, 0x84],
                Answer::Failed(4),
                "192.0.2.53 does not look www.example up (NOTIMP)",
            ),
            (
                [0x81, 0x8c],
                Answer::Failed(12),
                "192.0.2.53 does not look www.example up (code 12)",
            ),
        ] {
            let bytes = [&[0, 1][..], &flags, &[0; 8]].concat();
            let said = meaning(&read(&bytes), &question("www.example", A));
            assert_eq!(said, answer);
            assert_eq!(told_of(&said, A), words);
        }
        assert_eq!(
            told_of(&Answer::NoName, AAAA),
            "there is no IPv6 address of www.example (NXDOMAIN)"
        );
        assert_eq!(
            told_of(&Answer::NoData, SRV),
            "www.example has no SRV record"
        );
    }

    #[test]
    fn services_bring_the_addresses_that_come_with_them() {
        let bytes = b"\0\x01\x81\x80\0\0\0\x01\0\0\0\x01\
            \x04_sip\x04_udp\x01a\0\0\x21\0\x01\0\0\0\x3c\0\x0b\0\x0a\0\0\x13\xc4\x03sip\0\
            \x03sip\0\0\x01\0\x01\0\0\0\x3c\0\x04\xc0\0\x02\x14";
        let answer = meaning(&read(bytes), &question("_sip._udp.a", SRV));
        let Answer::Found { targets, .. } = &answer else {
            panic!("{answer:?}");
        };
        let target = Target {
            host: "sip".into(),
            port: Some(5060),
            addresses: vec![IpAddr::from([192, 0, 2, 20])],
        };
        assert_eq!(*targets, [target]);
        assert_eq!(told_of(&answer, SRV), "www.example is at sip port 5060");
    }

    #[test]
    fn long_lists_are_shortened() {
        assert_eq!(some_of(&[1, 2, 3, 4], ToString::to_string), "1, 2, 3, 4");
        assert_eq!(
            some_of(&[1, 2, 3, 4, 5, 6], ToString::to_string),
            "1, 2, 3, 4, 2 more"
        );
    }
}
