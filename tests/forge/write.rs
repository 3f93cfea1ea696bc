//! Frames into files: pcap, pcapng, compression, other link types.
//!
//! draft-ietf-opsawg-pcap (file header, packet records), draft-ietf-opsawg-pcapng
//! (blocks and options), and the tcpdump group's list of link types.
//!
//! Written here and not by a crate, because the files must also have the shapes
//! that no capturing program makes any more.

use std::io::Write;

use crate::forge::scene::{Frame, Scene};

/// What dumpcap writes when it is not told otherwise.
const SNAP_LENGTH: u32 = 262_144;

const ETHERTYPE_IPV4: u16 = 0x0800;
const ETHERTYPE_VLAN: u16 = 0x8100;

/// Byte order of a file or section.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    Little,
    Big,
}

/// What a unit of a time stamp is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Resolution {
    Micro,
    Nano,
}

/// What a frame begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Link {
    Null,
    Ethernet,
    RawIp,
    LinuxSll,
    LinuxSll2,
}

/// The same frames in another file.
#[derive(Debug, Clone)]
pub(crate) struct Variant {
    /// `pcap-nano-big`, `pcapng-linux-sll2`.
    pub(crate) name: &'static str,
    pub(crate) bytes: Vec<u8>,
    /// Whether every frame is still in it: link types without a place for CDP,
    /// LLDP and ARP lose those.
    pub(crate) complete: bool,
    /// Whether the frames have times: simple packet blocks have none.
    pub(crate) timed: bool,
}

/// Every container and link type that we read, each with the frames of `scene`.
pub(crate) fn variants(scene: &Scene) -> Vec<Variant> {
    use {Link::*, Order::*, Resolution::*};
    let frames = scene.frames();
    let classic = |order, resolution, link| pcap(&frames, order, resolution, link);
    let one_section = |order| {
        let mut file = Pcapng::default();
        file.section(order);
        file.interface(Ethernet, Nano);
        file.packets(0, &frames);
        file.bytes
    };
    let whole = |name, bytes| Variant {
        name,
        bytes,
        complete: true,
        timed: true,
    };
    let part = |name, link| Variant {
        complete: false,
        ..whole(name, classic(Little, Micro, link))
    };
    vec![
        whole("pcap-micro-little", classic(Little, Micro, Ethernet)),
        whole("pcap-micro-big", classic(Big, Micro, Ethernet)),
        whole("pcap-nano-little", classic(Little, Nano, Ethernet)),
        whole("pcap-nano-big", classic(Big, Nano, Ethernet)),
        whole("pcap-gzip", gzip(&classic(Little, Micro, Ethernet))),
        whole("pcap-zstd", zstd(&classic(Little, Micro, Ethernet))),
        whole("pcap-linux-sll", classic(Little, Micro, LinuxSll)),
        whole("pcap-linux-sll2", classic(Little, Micro, LinuxSll2)),
        part("pcap-raw-ip", RawIp),
        part("pcap-null", Null),
        whole("pcapng-little", one_section(Little)),
        whole("pcapng-big", one_section(Big)),
        whole("pcapng-gzip", gzip(&one_section(Little))),
        whole("pcapng-zstd", zstd(&one_section(Little))),
        whole("pcapng-two-interfaces", two_interfaces(&frames)),
        whole("pcapng-two-sections", two_sections(&frames)),
        whole("pcapng-comments", comments(&frames)),
        Variant {
            timed: false,
            ..whole("pcapng-simple-packets", simple_packets(&frames))
        },
    ]
}

/// A plain pcapng file: one section, one Ethernet interface, nanoseconds.
pub(crate) fn pcapng(frames: &[Frame]) -> Vec<u8> {
    let mut file = Pcapng::default();
    file.section(Order::Little);
    file.interface(Link::Ethernet, Resolution::Nano);
    file.packets(0, frames);
    file.bytes
}

/// A classic pcap file. Frames that the link type cannot carry are left out.
pub(crate) fn pcap(frames: &[Frame], order: Order, resolution: Resolution, link: Link) -> Vec<u8> {
    let magic = match resolution {
        Resolution::Micro => 0xa1b2_c3d4,
        Resolution::Nano => 0xa1b2_3c4d,
    };
    let mut bytes = Vec::new();
    bytes.extend(order.u32(magic));
    bytes.extend(order.u16(2));
    bytes.extend(order.u16(4));
    for field in [0, 0, SNAP_LENGTH, link.number()] {
        bytes.extend(order.u32(field));
    }
    for frame in frames {
        let Some(packet) = rewrap(&frame.bytes, link, order) else {
            continue;
        };
        let fraction = frame.time_ns % 1_000_000_000 / resolution.unit_ns();
        bytes.extend(order.u32(u32::try_from(frame.time_ns / 1_000_000_000).unwrap()));
        bytes.extend(order.u32(u32::try_from(fraction).unwrap()));
        bytes.extend(order.length(packet.len()));
        bytes.extend(order.length(packet.len()));
        bytes.extend(packet);
    }
    bytes
}

/// Compressed as `gzip` does it, without a time stamp.
pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Compressed as `zstd` does it.
pub(crate) fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 3).unwrap()
}

/// An Ethernet frame under another link header; `None` if that has no room for it.
pub(crate) fn rewrap(frame: &[u8], link: Link, order: Order) -> Option<Vec<u8>> {
    let (source, rest) = frame[6..].split_at(6);
    let kind = u16::from_be_bytes([rest[0], rest[1]]);
    // Linux calls an 802.3 frame, which has a length here, 4.
    let (protocol, payload) = if kind < 0x0600 {
        (4, &rest[2..2 + usize::from(kind)])
    } else {
        (kind, &rest[2..])
    };
    let packet_type: u8 = match frame[0] {
        0xff => 1,
        odd if odd & 1 == 1 => 2,
        _ => 3,
    };
    let protocol_bytes = protocol.to_be_bytes();
    match link {
        Link::Ethernet => Some(frame.to_vec()),
        Link::RawIp => ip_packet(protocol, payload),
        Link::Null => Some([order.u32(2).to_vec(), ip_packet(protocol, payload)?].concat()),
        Link::LinuxSll => {
            let head = [
                &[0, packet_type, 0, 1, 0, 6],
                source,
                &[0, 0],
                &protocol_bytes,
            ];
            Some([head.concat().as_slice(), payload].concat())
        }
        Link::LinuxSll2 => {
            let head: [&[u8]; 5] = [
                &protocol_bytes,
                &[0, 0, 0, 0, 0, 2, 0, 1],
                &[packet_type, 6],
                source,
                &[0, 0],
            ];
            Some([head.concat().as_slice(), payload].concat())
        }
    }
}

/// The IPv4 packet of a frame, without VLAN tag and padding.
fn ip_packet(protocol: u16, payload: &[u8]) -> Option<Vec<u8>> {
    match protocol {
        ETHERTYPE_IPV4 => {
            let length = u16::from_be_bytes([payload[2], payload[3]]);
            Some(payload[..usize::from(length)].to_vec())
        }
        ETHERTYPE_VLAN => ip_packet(u16::from_be_bytes([payload[2], payload[3]]), &payload[4..]),
        _ => None,
    }
}

/// Every other frame on a second interface, which is a Linux cooked one with
/// microseconds.
fn two_interfaces(frames: &[Frame]) -> Vec<u8> {
    let mut file = Pcapng::default();
    file.section(Order::Little);
    file.interface(Link::Ethernet, Resolution::Nano);
    file.interface(Link::LinuxSll, Resolution::Micro);
    for (index, frame) in frames.iter().enumerate() {
        file.packet(index % 2, frame, None);
    }
    file.bytes
}

/// The first half little-endian, the second half big-endian.
fn two_sections(frames: &[Frame]) -> Vec<u8> {
    let (first, second) = frames.split_at(frames.len() / 2);
    let mut file = Pcapng::default();
    for (order, resolution, part) in [
        (Order::Little, Resolution::Nano, first),
        (Order::Big, Resolution::Micro, second),
    ] {
        file.section(order);
        file.interface(Link::Ethernet, resolution);
        file.packets(0, part);
    }
    file.bytes
}

/// A comment on every packet, and blocks in between that say nothing of packets.
fn comments(frames: &[Frame]) -> Vec<u8> {
    let mut file = Pcapng::default();
    file.section(Order::Little);
    file.interface(Link::Ethernet, Resolution::Nano);
    for (index, frame) in frames.iter().enumerate() {
        file.packet(0, frame, Some(&format!("frame {}", index + 1)));
    }
    file.statistics(frames.len(), 3);
    file.block(0x0bad_c0de, b"a block of nobody's kind");
    file.bytes
}

fn simple_packets(frames: &[Frame]) -> Vec<u8> {
    let mut file = Pcapng::default();
    file.section(Order::Little);
    file.interface(Link::Ethernet, Resolution::Nano);
    for frame in frames {
        let mut body = file.order.length(frame.bytes.len()).to_vec();
        body.extend(&frame.bytes);
        file.block(3, &body);
    }
    file.bytes
}

/// A pcapng file that grows block by block.
#[derive(Debug)]
pub(crate) struct Pcapng {
    pub(crate) bytes: Vec<u8>,
    order: Order,
    interfaces: Vec<(Link, Resolution)>,
}

impl Default for Pcapng {
    fn default() -> Self {
        Self {
            bytes: Vec::new(),
            order: Order::Little,
            interfaces: Vec::new(),
        }
    }
}

impl Pcapng {
    /// A section header; what follows is in this byte order.
    pub(crate) fn section(&mut self, order: Order) {
        self.order = order;
        self.interfaces.clear();
        let mut body = order.u32(0x1a2b_3c4d).to_vec();
        body.extend(order.u16(1));
        body.extend(order.u16(0));
        body.extend([0xff; 8]);
        body.extend(self.option(4, b"phoneboot forge"));
        body.extend(self.option(0, b""));
        self.block(0x0a0d_0d0a, &body);
    }

    /// An interface description.
    pub(crate) fn interface(&mut self, link: Link, resolution: Resolution) {
        self.interfaces.push((link, resolution));
        let mut body = self
            .order
            .u16(u16::try_from(link.number()).unwrap())
            .to_vec();
        body.extend([0, 0]);
        body.extend(self.order.u32(SNAP_LENGTH));
        let exponent = match resolution {
            Resolution::Micro => 6,
            Resolution::Nano => 9,
        };
        body.extend(self.option(9, &[exponent]));
        body.extend(self.option(0, b""));
        self.block(1, &body);
    }

    /// Enhanced packet blocks for all of `frames`.
    pub(crate) fn packets(&mut self, interface: usize, frames: &[Frame]) {
        for frame in frames {
            self.packet(interface, frame, None);
        }
    }

    /// An enhanced packet block. The link type must have room for the frame.
    pub(crate) fn packet(&mut self, interface: usize, frame: &Frame, comment: Option<&str>) {
        let (link, resolution) = self.interfaces[interface];
        let packet = rewrap(&frame.bytes, link, self.order).unwrap();
        let units = frame.time_ns / resolution.unit_ns();
        let mut body = self.order.length(interface).to_vec();
        body.extend(self.order.u32(u32::try_from(units >> 32).unwrap()));
        body.extend(self.order.u32(u32::try_from(units & 0xffff_ffff).unwrap()));
        body.extend(self.order.length(packet.len()));
        body.extend(self.order.length(packet.len()));
        body.extend(packet);
        pad(&mut body);
        if let Some(comment) = comment {
            body.extend(self.option(1, comment.as_bytes()));
            body.extend(self.option(0, b""));
        }
        self.block(6, &body);
    }

    /// Interface statistics: so many frames received, so many lost.
    pub(crate) fn statistics(&mut self, received: usize, lost: u32) {
        let mut body = self.order.u32(0).to_vec();
        body.extend([0; 8]);
        for (code, count) in [(4, u32::try_from(received).unwrap()), (5, lost)] {
            let value = match self.order {
                Order::Little => u64::from(count).to_le_bytes(),
                Order::Big => u64::from(count).to_be_bytes(),
            };
            body.extend(self.option(code, &value));
        }
        body.extend(self.option(0, b""));
        self.block(5, &body);
    }

    /// Any block.
    pub(crate) fn block(&mut self, kind: u32, body: &[u8]) {
        let mut body = body.to_vec();
        pad(&mut body);
        let length = self.order.length(12 + body.len());
        self.bytes.extend(self.order.u32(kind));
        self.bytes.extend(length);
        self.bytes.extend(body);
        self.bytes.extend(length);
    }

    fn option(&self, code: u16, value: &[u8]) -> Vec<u8> {
        let mut option = self.order.u16(code).to_vec();
        option.extend(self.order.u16(u16::try_from(value.len()).unwrap()));
        option.extend(value);
        pad(&mut option);
        option
    }
}

impl Order {
    fn u16(self, value: u16) -> [u8; 2] {
        match self {
            Self::Little => value.to_le_bytes(),
            Self::Big => value.to_be_bytes(),
        }
    }

    fn u32(self, value: u32) -> [u8; 4] {
        match self {
            Self::Little => value.to_le_bytes(),
            Self::Big => value.to_be_bytes(),
        }
    }

    fn length(self, length: usize) -> [u8; 4] {
        self.u32(u32::try_from(length).unwrap())
    }
}

impl Resolution {
    fn unit_ns(self) -> u64 {
        match self {
            Self::Micro => 1_000,
            Self::Nano => 1,
        }
    }
}

impl Link {
    /// The tcpdump group's number.
    fn number(self) -> u32 {
        match self {
            Self::Null => 0,
            Self::Ethernet => 1,
            Self::RawIp => 101,
            Self::LinuxSll => 113,
            Self::LinuxSll2 => 276,
        }
    }
}

fn pad(bytes: &mut Vec<u8>) {
    bytes.resize(bytes.len().next_multiple_of(4), 0);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forge::recipes;

    /// What each container begins with, read off files of capinfos' acceptance.
    #[test]
    fn variants_begin_as_their_formats_do() {
        let scene = recipes::named("healthy-7961-sccp").scene;
        let variants = variants(&scene);
        for (name, start) in [
            ("pcap-micro-little", [0xd4, 0xc3, 0xb2, 0xa1]),
            ("pcap-micro-big", [0xa1, 0xb2, 0xc3, 0xd4]),
            ("pcap-nano-little", [0x4d, 0x3c, 0xb2, 0xa1]),
            ("pcap-nano-big", [0xa1, 0xb2, 0x3c, 0x4d]),
            ("pcap-gzip", [0x1f, 0x8b, 0x08, 0x00]),
            ("pcap-zstd", [0x28, 0xb5, 0x2f, 0xfd]),
            ("pcapng-big", [0x0a, 0x0d, 0x0d, 0x0a]),
        ] {
            let variant = variants.iter().find(|variant| variant.name == name);
            assert_eq!(variant.unwrap().bytes[..4], start, "{name}");
        }
    }

    #[test]
    fn only_link_types_without_ethernet_lose_frames() {
        let scene = recipes::named("healthy-7961-sccp").scene;
        let cdp = scene.frames().remove(0);
        for (link, length) in [
            (Link::Ethernet, Some(cdp.bytes.len())),
            (Link::LinuxSll, Some(cdp.bytes.len() - 14 + 16)),
            (Link::LinuxSll2, Some(cdp.bytes.len() - 14 + 20)),
            (Link::RawIp, None),
            (Link::Null, None),
        ] {
            let rewrapped = rewrap(&cdp.bytes, link, Order::Little);
            assert_eq!(rewrapped.map(|bytes| bytes.len()), length, "{link:?}");
        }
        let incomplete = variants(&scene);
        let incomplete = incomplete.iter().filter(|variant| !variant.complete);
        assert_eq!(incomplete.count(), 2);
        let untimed = variants(&scene);
        assert_eq!(untimed.iter().filter(|variant| !variant.timed).count(), 1);
    }
}
