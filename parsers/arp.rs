//! ARP for IPv4 over Ethernet (RFC 826; probes and announcements: RFC 5227).

use std::net::Ipv4Addr;

use nom::Parser;
use nom::combinator::map;
use nom::error::{ErrorKind, ParseError, context};
use nom::number::complete::{be_u8, be_u16, be_u32};

use crate::{DecodeError, Decoded, Input, MacAddress, NomError, Outcome, Parsed};

/// Hardware type of Ethernet.
const ETHERNET: u16 = 1;
/// Protocol type of IPv4: its ethertype.
const IPV4: u16 = 0x0800;

/// One ARP packet (RFC 826, "Packet format").
///
/// ```text
///  2 bytes    2 bytes    1 byte   1 byte   2 bytes
/// +----------+----------+--------+--------+-----------+
/// | hardware | protocol | length | length | operation |
/// | type 1   | 0x0800   |   6    |   4    |           |
/// +----------+----------+--------+--------+-----------+
///
///  6 bytes      4 bytes          6 bytes      4 bytes
/// +------------+----------------+------------+----------------+
/// | sender MAC | sender address | target MAC | target address |
/// +------------+----------------+------------+----------------+
/// ```
///
/// What follows is padding of the frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Message {
    /// 1 request, 2 reply.
    pub operation: u16,
    /// Sender's MAC address.
    pub sender_mac: MacAddress,
    /// Sender's address; 0.0.0.0 in a probe.
    pub sender_address: Ipv4Addr,
    /// Target's MAC address; mostly zero in a request.
    pub target_mac: MacAddress,
    /// Target's address.
    pub target_address: Ipv4Addr,
}

/// Decodes the bytes that follow the ethertype.
///
/// ARP for any other network or protocol is an error that names the field.
pub fn decode(input: Input<'_>) -> Outcome<Message> {
    let (rest, kinds) = kinds(input.bytes).map_err(|e| DecodeError::from_nom(input, e))?;
    for (field, offset_bytes, found, needed) in [
        ("hardware type", 0, kinds.hardware_type, ETHERNET),
        ("protocol type", 2, kinds.protocol_type, IPV4),
        ("hardware length", 4, kinds.hardware_length, 6),
        ("protocol length", 5, kinds.protocol_length, 4),
    ] {
        if found != needed {
            let detail = format!("is {found:#x}, must be {needed:#x}");
            return Err(DecodeError::malformed(field, offset_bytes, detail));
        }
    }
    // The offset of an error counts what is left, so it holds for any tail.
    let (_padding, message) = message(rest).map_err(|e| DecodeError::from_nom(input, e))?;
    Ok(Decoded::clean(message))
}

/// What kinds of addresses the packet holds; the lengths as 16-bit numbers.
struct Kinds {
    hardware_type: u16,
    protocol_type: u16,
    hardware_length: u16,
    protocol_length: u16,
}

fn kinds(input: &[u8]) -> Parsed<'_, Kinds> {
    let (input, hardware_type) = context("hardware type", be_u16).parse_complete(input)?;
    let (input, protocol_type) = context("protocol type", be_u16).parse_complete(input)?;
    let (input, hardware_length) = context("hardware length", be_u8).parse_complete(input)?;
    let (input, protocol_length) = context("protocol length", be_u8).parse_complete(input)?;
    let kinds = Kinds {
        hardware_type,
        protocol_type,
        hardware_length: hardware_length.into(),
        protocol_length: protocol_length.into(),
    };
    Ok((input, kinds))
}

fn message(input: &[u8]) -> Parsed<'_, Message> {
    let (input, operation) = context("operation", be_u16).parse_complete(input)?;
    let (input, sender_mac) = context("sender MAC address", mac).parse_complete(input)?;
    let (input, sender_address) = context("sender address", address).parse_complete(input)?;
    let (input, target_mac) = context("target MAC address", mac).parse_complete(input)?;
    let (input, target_address) = context("target address", address).parse_complete(input)?;
    let message = Message {
        operation,
        sender_mac,
        sender_address,
        target_mac,
        target_address,
    };
    Ok((input, message))
}

fn mac(input: &[u8]) -> Parsed<'_, MacAddress> {
    let (bytes, rest) =
        input
            .split_first_chunk::<6>()
            .ok_or(nom::Err::Error(NomError::from_error_kind(
                input,
                ErrorKind::Eof,
            )))?;
    Ok((rest, MacAddress(*bytes)))
}

fn address(input: &[u8]) -> Parsed<'_, Ipv4Addr> {
    map(be_u32, Ipv4Addr::from).parse_complete(input)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::IssueKind;

    /// Frame 2 of `tests/functional/inputs/arp.pcap` in CESNET/ipfixprobe
    /// (BSD-3-Clause), without the frame's padding. tshark says:
    ///
    /// ```text
    /// Address Resolution Protocol (reply)
    ///     Opcode: reply (2)
    ///     Sender MAC address: Tp-LinkT_fb:c0:e2 (64:70:02:fb:c0:e2)
    ///     Sender IP address: 192.168.0.2
    ///     Target MAC address: IntelCor_2b:6a:4c (dc:53:60:2b:6a:4c)
    ///     Target IP address: 192.168.0.11
    /// ```
    const REPLY: [u8; 28] = [
        0x00, 0x01, // hardware type: Ethernet
        0x08, 0x00, // protocol type: IPv4
        0x06, 0x04, // lengths
        0x00, 0x02, // operation: reply
        0x64, 0x70, 0x02, 0xfb, 0xc0, 0xe2, // sender MAC
        192, 168, 0, 2, // sender
        0xdc, 0x53, 0x60, 0x2b, 0x6a, 0x4c, // target MAC
        192, 168, 0, 11, // target
    ];

    fn expected() -> Message {
        Message {
            operation: 2,
            sender_mac: MacAddress([0x64, 0x70, 0x02, 0xfb, 0xc0, 0xe2]),
            sender_address: Ipv4Addr::new(192, 168, 0, 2),
            target_mac: MacAddress([0xdc, 0x53, 0x60, 0x2b, 0x6a, 0x4c]),
            target_address: Ipv4Addr::new(192, 168, 0, 11),
        }
    }

    /// The error of `REPLY` with one byte changed.
    fn error_with(position: usize, byte: u8) -> DecodeError {
        let mut bytes = REPLY;
        bytes[position] = byte;
        decode(Input::whole(&bytes)).unwrap_err()
    }

    #[test]
    fn reads_a_reply_with_and_without_padding() {
        let clean = Ok(Decoded::clean(expected()));
        assert_eq!(decode(Input::whole(&REPLY)), clean);
        let mut padded = REPLY.to_vec();
        padded.extend([0; 18]);
        assert_eq!(decode(Input::whole(&padded)), clean);
        assert_eq!(decode(Input::cut(&REPLY, 18)), clean);
    }

    #[test]
    fn keeps_an_unknown_operation() {
        let mut bytes = REPLY;
        bytes[7] = 9;
        let message = decode(Input::whole(&bytes)).unwrap().value;
        assert_eq!(
            message,
            Message {
                operation: 9,
                ..expected()
            }
        );
    }

    #[test]
    fn names_the_field_that_is_not_of_ethernet_or_ipv4() {
        let error = |field: &str, offset_bytes, detail: &str| {
            DecodeError::malformed(field, offset_bytes, detail)
        };
        assert_eq!(
            error_with(1, 6),
            error("hardware type", 0, "is 0x6, must be 0x1")
        );
        assert_eq!(
            error_with(2, 0x86),
            error("protocol type", 2, "is 0x8600, must be 0x800")
        );
        assert_eq!(
            error_with(4, 8),
            error("hardware length", 4, "is 0x8, must be 0x6")
        );
        assert_eq!(
            error_with(5, 16),
            error("protocol length", 5, "is 0x10, must be 0x4")
        );
    }

    #[test]
    fn names_the_field_that_is_cut_off() {
        let cut = |length: usize| {
            let error = decode(Input::whole(&REPLY[..length])).unwrap_err();
            (error.field, error.offset_bytes, error.detail)
        };
        let left = |n: usize| format!("only {n} bytes are left for it");
        assert_eq!(cut(0), ("hardware type".into(), 0, left(0)));
        assert_eq!(cut(3), ("protocol type".into(), 2, left(1)));
        assert_eq!(cut(4), ("hardware length".into(), 4, left(0)));
        assert_eq!(cut(5), ("protocol length".into(), 5, left(0)));
        assert_eq!(cut(7), ("operation".into(), 6, left(1)));
        assert_eq!(cut(13), ("sender MAC address".into(), 8, left(5)));
        assert_eq!(cut(17), ("sender address".into(), 14, left(3)));
        assert_eq!(cut(18), ("target MAC address".into(), 18, left(0)));
        assert_eq!(cut(27), ("target address".into(), 24, left(3)));
    }

    #[test]
    fn blames_a_cut_capture_and_not_the_sender() {
        let error = decode(Input::cut(&REPLY[..20], 8)).unwrap_err();
        assert_eq!(error.kind, IssueKind::CutShort);
        let error = decode(Input::whole(&REPLY[..20])).unwrap_err();
        assert_eq!(error.kind, IssueKind::Malformed);
    }
}
