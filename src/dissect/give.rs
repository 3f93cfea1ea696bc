//! What decoders give, handed on: messages with their issues, and errors.

use phoneboot_parsers::{
    DecodeError, Input, Message, Outcome, Protocol, WireText, cdp, dhcp, dhcpv6, eapol, icmp, lldp,
    sip, stp, tftp,
};

use super::{Emit, Item, Origin};

pub(super) fn eapol(message: eapol::Message) -> Message<'static> {
    Message::Eapol(Box::new(message))
}

pub(super) fn stp(message: stp::Message) -> Message<'static> {
    Message::Stp(Box::new(message))
}

pub(super) fn cdp(message: cdp::Message) -> Message<'static> {
    Message::Cdp(Box::new(message))
}

pub(super) fn dhcpv6(message: dhcpv6::Message) -> Message<'static> {
    Message::Dhcpv6(Box::new(message))
}

pub(super) fn dhcp(message: dhcp::Message) -> Message<'static> {
    Message::Dhcp(Box::new(message))
}

pub(super) fn lldp(message: lldp::Message) -> Message<'static> {
    Message::Lldp(Box::new(message))
}

pub(super) fn give_icmp(payload: Input<'_>, ip_version: u8, origin: &Origin, emit: Emit<'_>) {
    let outcome = icmp::decode(payload, ip_version);
    give(Protocol::Icmp, outcome, Message::Icmp, origin, emit);
}

pub(super) fn give_sip(payload: Input<'_>, origin: &Origin, emit: Emit<'_>) {
    let outcome = sip::decode(payload).and_then(|found| {
        found
            .map(|(decoded, _)| decoded)
            .ok_or_else(|| DecodeError {
                kind: payload.short_kind(),
                field: "header fields".into(),
                offset_bytes: payload.bytes.len(),
                detail: "the empty line behind them is absent".into(),
            })
    });
    give(Protocol::Sip, outcome, Message::Sip, origin, emit);
}

pub(super) fn give_tftp(
    outcome: &Outcome<tftp::Message<'_>>,
    of_file: Option<&WireText>,
    from_client: bool,
    origin: &Origin,
    emit: Emit<'_>,
) {
    let item = match outcome {
        Ok(decoded) => Item::Tftp {
            message: &decoded.value,
            issues: &decoded.issues,
            of_file,
            from_client,
        },
        Err(error) => Item::Undecodable(Protocol::Tftp, error),
    };
    origin.give(item, emit);
}

pub(super) fn give<T>(
    protocol: Protocol,
    outcome: Outcome<T>,
    wrap: impl FnOnce(T) -> Message<'static>,
    origin: &Origin,
    emit: Emit<'_>,
) {
    match outcome {
        Ok(decoded) => {
            let decoded = decoded.map(wrap);
            origin.give(Item::Message(&decoded.value, &decoded.issues), emit);
        }
        Err(error) => origin.give(Item::Undecodable(protocol, &error), emit),
    }
}
