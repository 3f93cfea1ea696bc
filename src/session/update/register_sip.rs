//! REGISTER and its answers: every answer is held against the request that it is for.
//!
//! RFC 3261 §10 (registration), §17.1.3 (an answer belongs to the request with the same
//! `branch` and method), §22 (challenges).

use phoneboot_parsers::{Protocol, WireText, sip};

use crate::event::{At, Endpoint, Event};
use crate::session::Phase;
use crate::session::hosts::Host;
use crate::session::registration::{Answer, Registration, Status, Unheard};

use super::register::attempt;
use super::step;

/// Transactions that are remembered in a boot.
const MAX_TRANSACTIONS: usize = 64;
/// A request that follows its answer this soon was on its way already.
const CROSSED_SECS: f64 = 0.2;
/// Who repeats a request this often behind its answer does not hear the answers: one or
/// two may be lost.
const UNHEARD_REPEATS: u64 = 3;

/// A REGISTER with its repeats and its answers.
#[derive(Debug)]
pub(in crate::session) struct Transaction {
    call_id: Option<WireText>,
    sequence: Option<u32>,
    branch: Option<WireText>,
    /// Index of the boot's registrations; `None` for one that takes a registration back
    /// or only asks for it.
    registration: Option<usize>,
    with_credentials: bool,
    /// Whether the credentials were made for a challenge of this boot, so that another
    /// challenge refuses them.
    answers_challenge: bool,
    /// Whether the phone was registered when it asked: it renews.
    renews: bool,
    first: At,
    from: Endpoint,
    vlan: Option<u16>,
    answered: Option<Answered>,
    /// The nonce of the challenge that answered it.
    nonce: Option<WireText>,
}

/// The first final answer to a transaction.
#[derive(Debug, Clone, Copy)]
struct Answered {
    at: At,
    status: u16,
    to: Endpoint,
    vlan: Option<u16>,
    repeats: u64,
    foreign_branch: bool,
}

impl Transaction {
    fn is_of(&self, message: &sip::Message) -> bool {
        self.call_id.as_ref() == message.call_id()
            && self.sequence == message.cseq().map(|(number, _)| number)
    }

    fn has_branch(&self, branch: Option<&WireText>) -> bool {
        self.branch.as_ref() == branch
    }
}

pub(super) fn request(host: &mut Host, event: &Event<'_>, message: &sip::Message) {
    let branch = message.branch();
    let known = host
        .flows
        .sip
        .iter()
        .rposition(|known| known.is_of(message) && known.has_branch(branch.as_ref()));
    match known {
        Some(index) => repeated(host, event, index),
        None => begun(host, event, message, branch),
    }
}

/// A new transaction.
fn begun(host: &mut Host, event: &Event<'_>, message: &sip::Message, branch: Option<WireText>) {
    let with_credentials = message.has_credentials();
    let nonce = message.nonce();
    let answers_challenge = with_credentials
        && nonce.is_some()
        && host.flows.sip.iter().any(|known| known.nonce == nonce);
    let mut transaction = Transaction {
        call_id: message.call_id().cloned(),
        sequence: message.cseq().map(|(number, _)| number),
        branch,
        registration: None,
        with_credentials,
        answers_challenge,
        renews: false,
        first: event.at,
        from: event.source,
        vlan: event.vlans.last().copied(),
        answered: None,
        nonce: None,
    };
    if takes_back(message) {
        let summary = "takes its registration back";
        let name = "sip-unregister";
        step(host, event, Phase::Register, Protocol::Sip, name, summary);
    } else if message.header("Contact").is_some() {
        let name = message.address("To");
        transaction.registration = attempt(host, event, Protocol::Sip, name.as_ref());
        if let Some(registration) = registration_of(host, &transaction) {
            registration.with_credentials |= with_credentials;
            registration.call_id = message.call_id().cloned();
            transaction.renews = registration.status == Status::Registered;
            if answers_challenge {
                registration.unheard = None;
            }
        }
        if !transaction.renews {
            let who = name.map_or(String::new(), |name| format!(" as {name}"));
            let how = if with_credentials {
                ", with credentials"
            } else {
                ""
            };
            let summary = format!("registers{who}{how}");
            let name = "sip-register";
            step(host, event, Phase::Register, Protocol::Sip, name, summary);
        }
    } else {
        let summary = "asks for its registrations";
        let name = "sip-query";
        step(host, event, Phase::Register, Protocol::Sip, name, summary);
    }
    if host.flows.sip.len() >= MAX_TRANSACTIONS {
        host.flows.sip.remove(0);
    }
    host.flows.sip.push(transaction);
}

/// Whether a REGISTER takes a registration back (RFC 3261 §10.2.2).
fn takes_back(message: &sip::Message) -> bool {
    let all = message
        .header("Contact")
        .is_some_and(|contact| contact.as_bytes() == b"*");
    all || message.expires() == Some(0)
}

/// The same request again: over UDP the phone did not hear an answer yet.
fn repeated(host: &mut Host, event: &Event<'_>, index: usize) {
    let Some(transaction) = host.flows.sip.get_mut(index) else {
        return;
    };
    let mut unheard = None;
    if let Some(answered) = &mut transaction.answered
        && event.at.time.secs_since(answered.at.time) >= CROSSED_SECS
    {
        answered.repeats += 1;
        if answered.repeats >= UNHEARD_REPEATS {
            unheard = Some((
                Unheard {
                    request: transaction.first,
                    answer: answered.at,
                    repeat: event.at,
                    repeats: answered.repeats,
                    request_from: transaction.from,
                    answer_to: answered.to,
                    vlans: (transaction.vlan, answered.vlan),
                    foreign_branch: answered.foreign_branch,
                },
                answered.status,
            ));
        }
    }
    let renews = transaction.renews;
    let Some(registration) = transaction
        .registration
        .and_then(|index| host.boot.registrations.get_mut(index))
    else {
        return;
    };
    registration.requests = registration.requests.saturating_add(1);
    registration.last_request = event.at;
    if registration.status == Status::Unanswered {
        registration.last = event.at;
    }
    if let Some((unheard, status)) = unheard {
        registration.unheard = Some(unheard);
        // The server has taken the phone, and the phone does not know.
        if (200..300).contains(&status) && !renews {
            registration.status = Status::Unanswered;
        }
    }
    if !renews {
        let summary = "repeats its request to register";
        let name = "sip-register";
        step(host, event, Phase::Register, Protocol::Sip, name, summary);
    }
}

fn registration_of<'h>(
    host: &'h mut Host,
    transaction: &Transaction,
) -> Option<&'h mut Registration> {
    host.boot.registrations.get_mut(transaction.registration?)
}

pub(super) fn answer(
    host: &mut Host,
    event: &Event<'_>,
    message: &sip::Message,
    status: u16,
    reason: &WireText,
) {
    let branch = message.branch();
    let list = &mut host.flows.sip;
    let by_branch = list
        .iter()
        .rposition(|known| known.is_of(message) && known.has_branch(branch.as_ref()));
    let foreign_branch = by_branch.is_none();
    let Some(index) = by_branch.or_else(|| list.iter().rposition(|known| known.is_of(message)))
    else {
        return;
    };
    let Some(transaction) = list.get_mut(index) else {
        return;
    };
    let Some(registration) = transaction
        .registration
        .and_then(|index| host.boot.registrations.get_mut(index))
    else {
        // What takes back or asks needs credentials too.
        transaction.nonce = transaction.nonce.take().or_else(|| message.nonce());
        return;
    };
    if status < 200 {
        registration.provisional = registration.provisional.or(Some(event.at));
        return;
    }
    if transaction.answered.is_some() {
        return;
    }
    transaction.answered = Some(Answered {
        at: event.at,
        status,
        to: event.destination,
        vlan: event.vlans.last().copied(),
        repeats: 0,
        foreign_branch,
    });
    transaction.nonce = message.nonce();
    let words = format!("{status} {reason}");
    // A challenge is answered with credentials; one that follows them refuses them,
    // unless only the nonce had expired or was of another day (RFC 3261 §22).
    let refuses_credentials =
        transaction.with_credentials && transaction.answers_challenge && !message.is_stale();
    let renews = transaction.renews;
    let (new, name, summary) = match status {
        200..=299 => (
            Status::Registered,
            "sip-registered",
            format!("is registered: {words}"),
        ),
        401 | 407 if !refuses_credentials => (
            registration.status,
            "sip-challenge",
            format!("is asked for credentials: {words}"),
        ),
        // The server wants a longer interval, or another place; the phone asks again.
        423 | 300..=399 => (
            registration.status,
            "sip-answer",
            format!("is asked to try otherwise: {words}"),
        ),
        _ => (
            Status::Rejected,
            "sip-rejected",
            format!("is refused: {words}"),
        ),
    };
    if name == "sip-challenge" {
        registration.challenges += 1;
    }
    match (registration.status, new) {
        (Status::Registered, Status::Rejected) => registration.lapsed = Some(event.at),
        (_, Status::Registered) => registration.lapsed = None,
        _ => {}
    }
    if registration.status != Status::Registered {
        registration.status = new;
    }
    registration.detail = Some(words);
    registration.last = event.at;
    registration.answer = Some(Answer {
        at: event.at,
        status,
        hint: message.reason_text(),
        retry_after_secs: message.retry_after_secs(),
        min_expires_secs: message.min_expires_secs(),
    });
    // Renewing is a phone's life, not its boot.
    if !renews || new == Status::Rejected {
        step(host, event, Phase::Register, Protocol::Sip, name, summary);
    }
}
