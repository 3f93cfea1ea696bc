//! What SIP and SCCP messages mean: a phone registers, or is told where to get its
//! configuration.

use phoneboot_parsers::{sccp, sip};

use crate::dissect::Dissected;
use crate::event::{EventKind, Subject};

use super::one_side;

/// The SIP methods that belong to a boot: registration, and the search for a
/// provisioning server by multicast (in the manner of RFC 6080).
const BOOT_METHODS: &[&[u8]] = &[b"REGISTER", b"SUBSCRIBE", b"NOTIFY"];

/// The event package of that search.
const PROFILE_EVENT: &[u8] = b"ua-profile";

pub(super) fn sip<'a>(
    dissected: &Dissected<'a>,
    message: &'a sip::Message,
) -> Option<(Subject, EventKind<'a>)> {
    let (method, is_request): (&[u8], bool) = match &message.start {
        sip::StartLine::Request { method, .. } => (method.as_bytes(), true),
        sip::StartLine::Response { .. } => (method_of_answer(message)?, false),
    };
    if !BOOT_METHODS.contains(&method) {
        return None;
    }
    // A NOTIFY goes to the phone, its answer comes from the phone.
    let from_client = is_request != (method == b"NOTIFY");
    // Only phones look for a provisioning server by SIP.
    let asks_for_profile = method == b"SUBSCRIBE"
        && message.header("Event").is_some_and(|event| {
            let name = event.as_bytes().get(..PROFILE_EVENT.len());
            name.is_some_and(|name| name.eq_ignore_ascii_case(PROFILE_EVENT))
        });
    let telling = is_request && (method == b"REGISTER" || asks_for_profile);
    Some((
        one_side(dissected, from_client, telling),
        EventKind::Sip {
            message,
            from_client,
        },
    ))
}

/// The method that an answer's `CSeq` names.
fn method_of_answer(message: &sip::Message) -> Option<&[u8]> {
    message
        .header("CSeq")?
        .as_bytes()
        .split(u8::is_ascii_whitespace)
        .rfind(|word| !word.is_empty())
}

pub(super) fn sccp<'a>(
    dissected: &Dissected<'a>,
    message: &'a sccp::Message,
) -> (Subject, EventKind<'a>) {
    // The call server listens on 2000 (2443 with TLS), the phone calls it.
    let from_client = dissected.destination.port == Some(SCCP_PORT);
    (
        one_side(dissected, from_client, true),
        EventKind::Sccp {
            message,
            from_client,
        },
    )
}

/// The port of SCCP's call servers.
const SCCP_PORT: u16 = 2000;
