//! Messages into events: what a message means in a phone's boot, and whose boot
//! it belongs to.
//!
//! The match over [`Message`] is exhaustive on purpose: a new protocol does not
//! compile until somebody says here what it means.

mod contents;
mod ftp;
mod ipv6;
mod link;
mod port;
mod reach;
mod register;
mod services;

use phoneboot_parsers::{IssueKind, Message, Protocol, http, tftp, tls};

use crate::dissect::{Dissected, Item};
use crate::event::{Endpoint, Event, EventKind, Subject};

use contents::Contents;

/// Makes events of what the dissector gives. It remembers nothing but files that are on
/// their way.
#[derive(Debug, Default)]
pub struct Observer {
    contents: Contents,
}

impl Observer {
    /// Gives the events of one dissected item to `emit`: what its message means, what a
    /// file names that ends with it, then one [`EventKind::Malformed`] for each thing in
    /// it that breaks its specification.
    pub fn observe(&mut self, dissected: &Dissected<'_>, emit: &mut dyn FnMut(&Event<'_>)) {
        observe(dissected, emit);
        if let Some(manifest) = self.contents.take(dissected) {
            let subject = one_side(dissected, false, false);
            emit(&event(dissected, subject, EventKind::Contents(&manifest)));
        }
    }
}

fn observe(dissected: &Dissected<'_>, emit: &mut dyn FnMut(&Event<'_>)) {
    let Some((subject, kind)) = meaning(dissected) else {
        return;
    };
    emit(&event(dissected, subject, kind));
    let (protocol, issues) = match dissected.item {
        Item::Message(message, issues) => (message.protocol(), issues),
        Item::Tftp { issues, .. } => (Protocol::Tftp, issues),
        _ => return,
    };
    // Of a file's block the length on the wire is enough.
    let is_block = matches!(
        dissected.item,
        Item::Tftp {
            message: tftp::Message::Data { .. },
            ..
        }
    );
    if !is_block && issues.iter().any(|issue| issue.kind == IssueKind::CutShort) {
        let kind = EventKind::CutShort(protocol);
        emit(&event(dissected, subject, kind));
    }
    for issue in issues
        .iter()
        .filter(|issue| issue.kind == IssueKind::Malformed)
    {
        let kind = EventKind::Malformed {
            protocol,
            field: &issue.field,
            detail: &issue.detail,
        };
        emit(&event(dissected, subject, kind));
    }
}

fn event<'a>(dissected: &Dissected<'a>, subject: Subject, kind: EventKind<'a>) -> Event<'a> {
    Event {
        at: dissected.at,
        source: dissected.source,
        destination: dissected.destination,
        vlans: dissected.vlans,
        subject,
        kind,
    }
}

/// What an item means; `None` when it means nothing to any boot.
fn meaning<'a>(dissected: &Dissected<'a>) -> Option<(Subject, EventKind<'a>)> {
    match dissected.item {
        Item::Message(message, _) => message_meaning(dissected, message),
        Item::Tftp {
            message,
            from_client,
            ..
        } => Some(tftp_meaning(dissected, message, from_client)),
        Item::Undecodable(protocol, error) => Some((
            Subject::Either,
            if error.kind == IssueKind::Malformed {
                EventKind::Malformed {
                    protocol,
                    field: &error.field,
                    detail: &error.detail,
                }
            } else {
                EventKind::CutShort(protocol)
            },
        )),
        Item::Tcp(notice) => Some(reach::tcp(dissected, notice)),
        Item::FtpData { control, what } => Some(ftp::data(dissected, control, what)),
        Item::TaggedCopy { of } => Some((Subject::Either, EventKind::TaggedCopy { of })),
    }
}

fn message_meaning<'a>(
    dissected: &Dissected<'a>,
    message: &'a Message<'a>,
) -> Option<(Subject, EventKind<'a>)> {
    match message {
        Message::Arp(message) => reach::arp(dissected, message),
        Message::Cdp(message) => link::cdp(dissected, message),
        Message::Dhcp(message) => {
            let mac = message.client_mac()?;
            Some((Subject::Mac(mac), EventKind::Dhcp(message)))
        }
        Message::Ftp(message) => Some(ftp::control(dissected, message)),
        Message::Dns(message) => services::dns(dissected, message),
        Message::Eapol(message) => Some(port::eapol(dissected, message)),
        Message::Dhcpv6(message) => ipv6::dhcpv6(dissected, message),
        Message::Http(piece) => Some(http_meaning(dissected, piece)),
        Message::Icmp(message) => match &message.neighbor {
            Some(neighbor) => ipv6::neighbor(dissected, neighbor),
            None => reach::icmp(message),
        },
        Message::Lldp(message) => link::lldp(dissected, message),
        Message::Ntp(message) => services::ntp(dissected, message),
        // Who is the phone, the session knows.
        Message::H323(message) => Some((Subject::Either, EventKind::H323(message))),
        Message::Mgcp(message) => Some((Subject::Either, EventKind::Mgcp(message))),
        Message::Sccp(message) => Some(register::sccp(dissected, message)),
        Message::Sip(message) => register::sip(dissected, message),
        Message::Stp(message) => port::stp(message),
        Message::Tftp(message) => Some(tftp_meaning(dissected, message, true)),
        Message::Tls(message) => Some(tls_meaning(dissected, message)),
    }
}

fn tftp_meaning<'a>(
    dissected: &Dissected<'a>,
    message: &'a tftp::Message<'a>,
    from_client: bool,
) -> (Subject, EventKind<'a>) {
    let subject = one_side(dissected, from_client, true);
    let kind = match message {
        tftp::Message::Request(request) => EventKind::TftpRequest(request),
        message => EventKind::Tftp {
            message,
            from_client,
        },
    };
    (subject, kind)
}

fn http_meaning<'a>(
    dissected: &Dissected<'a>,
    piece: &'a http::Piece<'a>,
) -> (Subject, EventKind<'a>) {
    match piece {
        http::Piece::Head(head) => {
            if matches!(head.start, http::StartLine::Request { .. }) {
                (
                    one_side(dissected, true, true),
                    EventKind::HttpRequest(head),
                )
            } else {
                (
                    one_side(dissected, false, false),
                    EventKind::HttpResponse(head),
                )
            }
        }
        http::Piece::Body(bytes) => (Subject::Either, EventKind::HttpBody(bytes)),
        http::Piece::End(end) => {
            let from_client = matches!(end.head.start, http::StartLine::Request { .. });
            (
                one_side(dissected, from_client, false),
                EventKind::HttpEnd { end, from_client },
            )
        }
    }
}

/// Every PC of an office speaks TLS: it makes nobody a phone.
fn tls_meaning<'a>(
    dissected: &Dissected<'a>,
    message: &'a tls::Message,
) -> (Subject, EventKind<'a>) {
    let subject = message.sender.map_or(Subject::Either, |sender| {
        one_side(dissected, sender == tls::Sender::Client, false)
    });
    (subject, EventKind::Tls(message))
}

/// The sender of a frame when `sent` by the subject, else its receiver.
fn one_side(dissected: &Dissected<'_>, sent: bool, telling: bool) -> Subject {
    let (endpoint, hop_limit): (Endpoint, _) = if sent {
        (dissected.source, dissected.hop_limit)
    } else {
        (dissected.destination, None)
    };
    Subject::Host {
        endpoint,
        hop_limit,
        telling,
    }
}
