//! Frames made by hand, for the tests of this folder.

use phoneboot_parsers::MacAddress;

use super::link::VlanIds;
use super::{Dissected, Dissector, Item, Origin};
use crate::capture::{Frame, FrameNumber, LinkType, Timestamp};
use crate::event::{At, Endpoint};

pub(super) const PHONE_MAC: [u8; 6] = [0x02, 0, 0, 0, 0, 1];
pub(super) const SERVER_MAC: [u8; 6] = [0x02, 0, 0, 0, 0, 2];
pub(super) const PHONE: [u8; 4] = [192, 0, 2, 51];
pub(super) const SERVER: [u8; 4] = [192, 0, 2, 10];
pub(super) const OTHER_SERVER: [u8; 4] = [192, 0, 2, 11];

/// One end of a datagram.
pub(super) type End = ([u8; 4], u16);

/// A frame that was captured whole, at 26 milliseconds a frame: the same one again is no
/// copy.
pub(super) fn frame(number: u64, link_type: LinkType, bytes: &[u8]) -> Frame<'_> {
    frame_at(number, millis(26 * number), link_type, bytes)
}

pub(super) fn frame_at(
    number: u64,
    time: Timestamp,
    link_type: LinkType,
    bytes: &[u8],
) -> Frame<'_> {
    Frame {
        capture: 0,
        number: FrameNumber(number),
        time,
        link_type,
        bytes,
        wire_length: bytes.len(),
    }
}

pub(super) fn millis(millis: u64) -> Timestamp {
    Timestamp(i64::try_from(millis).unwrap() * 1_000_000)
}

/// An Ethernet frame between the phone and the server; `phone_sends` says which way.
pub(super) fn ethernet(phone_sends: bool, ethertype: u16, payload: &[u8]) -> Vec<u8> {
    let (destination, source) = if phone_sends {
        (SERVER_MAC, PHONE_MAC)
    } else {
        (PHONE_MAC, SERVER_MAC)
    };
    let mut bytes = [destination, source].concat();
    bytes.extend(ethertype.to_be_bytes());
    bytes.extend(payload);
    bytes
}

/// The length of `bytes` and `more`, as a header writes it.
pub(super) fn length_field(more: usize, bytes: &[u8]) -> [u8; 2] {
    u16::try_from(more + bytes.len()).unwrap().to_be_bytes()
}

/// An IPv4 packet without options; `fragment` is the field of flags and offset.
pub(super) fn ipv4(
    protocol: u8,
    source: [u8; 4],
    destination: [u8; 4],
    fragment: u16,
    payload: &[u8],
) -> Vec<u8> {
    let mut bytes = vec![0x45, 0];
    bytes.extend(length_field(20, payload));
    // Without a number of its own.
    bytes.extend([0, 0]);
    bytes.extend(fragment.to_be_bytes());
    bytes.extend([64, protocol, 0, 0]);
    bytes.extend(source);
    bytes.extend(destination);
    bytes.extend(payload);
    bytes
}

pub(super) fn ipv6(next_header: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0x60, 0, 0, 0];
    bytes.extend(length_field(0, payload));
    bytes.extend([next_header, 63]);
    bytes.extend([0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
    bytes.extend([0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2]);
    bytes.extend(payload);
    bytes
}

pub(super) fn udp(source: u16, destination: u16, payload: &[u8]) -> Vec<u8> {
    let mut bytes = [source.to_be_bytes(), destination.to_be_bytes()].concat();
    bytes.extend(length_field(8, payload));
    bytes.extend([0, 0]);
    bytes.extend(payload);
    bytes
}

/// Flags of a TCP header.
pub(super) const FIN: u8 = 0x01;
pub(super) const SYN: u8 = 0x02;
pub(super) const RST: u8 = 0x04;
pub(super) const ACK: u8 = 0x10;

pub(super) fn tcp(
    source: u16,
    destination: u16,
    flags: u8,
    [sequence, acknowledged]: [u32; 2],
    payload: &[u8],
) -> Vec<u8> {
    let mut bytes = [source.to_be_bytes(), destination.to_be_bytes()].concat();
    bytes.extend(sequence.to_be_bytes());
    bytes.extend(acknowledged.to_be_bytes());
    bytes.extend([0x50, flags, 0xff, 0xff, 0, 0, 0, 0]);
    bytes.extend(payload);
    bytes
}

/// An Ethernet frame with a UDP datagram.
pub(super) fn datagram(from: End, to: End, payload: &[u8]) -> Vec<u8> {
    let packet = ipv4(17, from.0, to.0, 0, &udp(from.1, to.1, payload));
    ethernet(from.0 == PHONE, 0x0800, &packet)
}

/// An Ethernet frame with a TCP segment.
pub(super) fn segment(from: End, to: End, flags: u8, numbers: [u32; 2], payload: &[u8]) -> Vec<u8> {
    let segment = tcp(from.1, to.1, flags, numbers, payload);
    ethernet(from.0 == PHONE, 0x0800, &ipv4(6, from.0, to.0, 0, &segment))
}

/// A TFTP read request.
pub(super) fn read_request(file: &str) -> Vec<u8> {
    [b"\0\x01", file.as_bytes(), b"\0octet\0"].concat()
}

/// What the dissector gives for Ethernet frames, each item in one line that
/// begins with the number of its frame.
pub(super) fn lines(dissector: &mut Dissector, frames: &[Vec<u8>]) -> Vec<String> {
    let mut lines = Vec::new();
    for (number, bytes) in (1..).zip(frames) {
        let frame = frame(number, LinkType::Ethernet, bytes);
        dissector.frame(&frame, &mut |dissected| lines.push(line(&dissected)));
    }
    lines
}

/// The same, and what the dissector still holds in the end.
pub(super) fn all_lines(frames: &[Vec<u8>]) -> Vec<String> {
    let mut dissector = Dissector::new();
    let mut lines = lines(&mut dissector, frames);
    dissector.finish(&mut |dissected| lines.push(line(&dissected)));
    lines
}

/// `<frame> <phone or server> <item>`
fn line(dissected: &Dissected<'_>) -> String {
    let who = if dissected.source.mac == Some(MacAddress(PHONE_MAC)) {
        "phone"
    } else {
        "server"
    };
    let what = match dissected.item {
        Item::Tftp {
            of_file,
            from_client,
            ..
        } => {
            let side = if from_client { "client" } else { "server" };
            let file = of_file.map_or_else(|| "?".to_owned(), ToString::to_string);
            format!("tftp {side} {file}")
        }
        Item::Message(message, _) => format!("{} {message:?}", message.protocol().name()),
        Item::Undecodable(protocol, _) => format!("undecodable {}", protocol.name()),
        Item::Tcp(notice) => format!("{notice:?}"),
        Item::FtpData { what, .. } => format!("ftp data {what:?}"),
        Item::TaggedCopy { of } => format!("copy of {}", of.frame),
    };
    format!("{} {who} {what}", dissected.at.frame)
}

/// A sequence of numbers that looks random and is always the same (Knuth's MMIX
/// generator).
pub(super) struct Random(pub(super) u64);

impl Random {
    /// A number below `bound`.
    pub(super) fn below(&mut self, bound: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % bound
    }

    pub(super) fn byte(&mut self) -> u8 {
        u8::try_from(self.below(256)).unwrap()
    }

    pub(super) fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
    }
}

/// Where something stands that no test looks at.
pub(super) fn origin() -> Origin {
    Origin {
        at: At::default(),
        source: Endpoint::default(),
        destination: Endpoint::default(),
        vlans: VlanIds::default(),
        hop_limit: None,
        nesting: 0,
    }
}
