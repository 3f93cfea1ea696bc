//! REGISTER and its answers: every answer is held against the request that it is for.
//!
//! RFC 3261 §10 (registration), §17.1.3 (an answer belongs to the request with the same
//! `branch` and method), §22 (challenges).

use phoneboot_parsers::{Protocol, WireText, sip};

use crate::event::{At, Endpoint, Event};
use crate::session::Phase;
use crate::session::hosts::Host;
use crate::session::registration::{Answer, Registration, STALE_REPEATS, Status, Unheard};

use super::register::attempt;
use super::step;

/// Transactions that are remembered in a boot.
const MAX_TRANSACTIONS: usize = 64;
/// A request that follows its answer this soon was on its way already.
const CROSSED_SECS: f64 = 0.2;
/// Who repeats a request this often behind its answer does not hear the answers: one or
/// two may be lost.
const UNHEARD_REPEATS: u64 = 3;
/// Who is asked this often for credentials and sends none has none.
const NO_CREDENTIALS: u64 = 3;

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
    /// Where the phone wants to be called.
    contact: Option<WireText>,
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
        contact: message.address("Contact"),
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
    let was_answered = transaction.answered.is_some();
    let Some(registration) = transaction
        .registration
        .and_then(|index| host.boot.registrations.get_mut(index))
    else {
        return;
    };
    if was_answered {
        registration.requests = registration.requests.saturating_add(1);
        registration.last_request = event.at;
        if registration.status == Status::Unanswered {
            registration.last = event.at;
        }
    } else {
        registration.asked(event.at);
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
    let mut words = format!("{status} {reason}");
    // A challenge is answered with credentials; one that follows them refuses them,
    // unless only the nonce had expired or was of another day (RFC 3261 §22).
    let answers_credentials = transaction.with_credentials && transaction.answers_challenge;
    if answers_credentials && matches!(status, 401 | 407) && message.is_stale() {
        registration.stale += 1;
    }
    let refuses_credentials =
        answers_credentials && (!message.is_stale() || registration.stale >= STALE_REPEATS);
    let renews = transaction.renews;
    let (new, name, summary) = match status {
        200..=299 if holds_nothing(message, transaction.contact.as_ref()) => {
            words.push_str(", but for 0 s");
            let summary = format!("is not registered: {words}");
            (Status::Rejected, "sip-rejected", summary)
        }
        // A phone must not take it for an answer to its request.
        200..=299 if foreign_branch => (
            Status::Registered,
            "sip-answer",
            format!("is answered with the branch of another request: {words}"),
        ),
        200..=299 => (
            Status::Registered,
            "sip-registered",
            format!("is registered: {words}"),
        ),
        401 | 407 if !refuses_credentials => {
            registration.challenges += 1;
            // Who is asked so often for credentials has none.
            let has_none =
                !registration.with_credentials && registration.challenges >= NO_CREDENTIALS;
            // Who was refused stays so while it asks anew.
            let new = if has_none || registration.status == Status::Rejected {
                Status::Rejected
            } else {
                Status::Unanswered
            };
            let summary = format!("is asked for credentials: {words}");
            (new, "sip-challenge", summary)
        }
        // The server wants a longer interval, or another place; the phone asks again.
        423 | 300..=399 => (
            Status::Rejected,
            "sip-answer",
            format!("is asked to try otherwise: {words}"),
        ),
        _ => (
            Status::Rejected,
            "sip-rejected",
            format!("is refused: {words}"),
        ),
    };
    let answer = Answer {
        at: event.at,
        status,
        hint: message.reason_text(),
        retry_after_secs: message.retry_after_secs(),
        min_expires_secs: message.min_expires_secs(),
    };
    registration.settle(new, words, answer);
    // Renewing is a phone's life, not its boot.
    if !renews || registration.lapsed == Some(event.at) {
        step(host, event, Phase::Register, Protocol::Sip, name, summary);
    }
}

/// Whether a 200 says that nothing is registered: that the phone's own contact ends in 0
/// seconds, or when it is not listed that all do (RFC 3261 §10.3, step 8).
fn holds_nothing(message: &sip::Message, own: Option<&WireText>) -> bool {
    let contacts = || {
        let is_contact = |name: &WireText| name.as_bytes().eq_ignore_ascii_case(b"Contact");
        message
            .headers
            .iter()
            .filter(move |(name, _)| is_contact(name))
            .flat_map(|(_, value)| value.as_bytes().split(|&byte| byte == b','))
    };
    let ends = |contact: &[u8]| {
        sip::parameter(contact, "expires").is_some_and(|secs| secs.as_bytes() == b"0")
    };
    let is_own = |contact: &&[u8]| own.is_some_and(|own| place(contact) == place(own.as_bytes()));
    if contacts().any(|contact| is_own(&contact)) {
        contacts().filter(is_own).all(ends)
    } else {
        contacts().next().is_some() && contacts().all(ends)
    }
}

/// `sip:user@host:port` of a contact, without its parameters.
fn place(contact: &[u8]) -> &[u8] {
    let mut behind = contact.split(|&byte| byte == b'<');
    let first = behind.next().unwrap_or_default();
    let uri = behind.next().unwrap_or(first);
    uri.split(|&byte| matches!(byte, b';' | b'>'))
        .next()
        .unwrap_or_default()
        .trim_ascii()
}
