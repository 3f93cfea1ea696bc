//! What DNS and NTP mean: a phone asks for an address or for the time, and is told.

use phoneboot_parsers::{dns, ntp};

use crate::dissect::Dissected;
use crate::event::{EventKind, Subject};

/// The port of name servers. What neighbours ask each other by mDNS and LLMNR is no
/// part of a boot.
const DNS_PORT: u16 = 53;

pub(super) fn dns<'a>(
    dissected: &Dissected<'a>,
    message: &'a dns::Message,
) -> Option<(Subject, EventKind<'a>)> {
    let from_client = !message.flags.is_response();
    let server = if from_client {
        dissected.destination
    } else {
        dissected.source
    };
    if server.port != Some(DNS_PORT) {
        return None;
    }
    Some((
        client(dissected, from_client),
        EventKind::Dns {
            message,
            from_client,
        },
    ))
}

pub(super) fn ntp<'a>(
    dissected: &Dissected<'a>,
    message: &'a ntp::Message,
) -> Option<(Subject, EventKind<'a>)> {
    let from_client = match message.mode {
        ntp::Mode::Client => true,
        ntp::Mode::Server => false,
        _ => return None,
    };
    Some((
        client(dissected, from_client),
        EventKind::Ntp {
            message,
            from_client,
        },
    ))
}

/// The asker: the frame's sender, or its receiver.
fn client(dissected: &Dissected<'_>, sent: bool) -> Subject {
    let (endpoint, hop_limit) = if sent {
        (dissected.source, dissected.hop_limit)
    } else {
        (dissected.destination, None)
    };
    Subject::Known {
        endpoint,
        hop_limit,
    }
}
