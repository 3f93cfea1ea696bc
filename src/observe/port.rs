//! What EAPOL and spanning tree mean: whether a switch port lets a phone in, and when.

use phoneboot_parsers::{eapol, stp};

use crate::dissect::Dissected;
use crate::event::{Endpoint, EventKind, Subject};

pub(super) fn eapol<'a>(
    dissected: &Dissected<'a>,
    message: &'a eapol::Message,
) -> (Subject, EventKind<'a>) {
    let kind = EventKind::Eapol(message);
    let (Endpoint { mac: to, .. }, from) = (dissected.destination, dissected.source);
    let subject = match message.from_supplicant() {
        // Every PC of an office does the same.
        Some(true) => host(from),
        Some(false) if to.is_some_and(|to| !to.is_group()) => host(dissected.destination),
        Some(false) => Subject::Segment,
        None => Subject::Either,
    };
    (subject, kind)
}

/// A port tells its state to whoever hears it; a topology change notification goes the
/// other way, to other switches.
pub(super) fn stp(message: &stp::Message) -> Option<(Subject, EventKind<'_>)> {
    let body = message.body.as_ref()?;
    Some((Subject::Segment, EventKind::Bpdu(message, body)))
}

fn host(endpoint: Endpoint) -> Subject {
    Subject::Host {
        endpoint,
        hop_limit: None,
        telling: false,
    }
}
