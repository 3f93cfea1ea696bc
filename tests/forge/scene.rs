//! The wire, its clock and its hosts; Ethernet, 802.1Q, ARP, IPv4, UDP and ICMP.
//!
//! IEEE 802.3 and 802.1Q, RFC 826 (ARP), RFC 791 (IPv4), RFC 768 (UDP), RFC 792
//! (ICMP). Between two hosts with IPv6 addresses all goes by IPv6, see
//! [`ipv6`](super::ipv6).

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, Ipv6Addr};

use crate::forge::dhcp;
use crate::forge::ipv6::{self, Ends};

/// 2026-01-15T09:36:00Z, the instant at which every capture begins.
pub(crate) const EPOCH_NS: u64 = 1_768_469_760_000_000_000;

/// Six octets, as they stand on the wire.
pub(crate) type Mac = [u8; 6];

/// Where every host listens.
pub(crate) const BROADCAST: Mac = [0xff; 6];

/// The shortest frame that Ethernet sends, without its check sequence.
const MIN_FRAME_BYTES: usize = 60;

const ETHERTYPE_IPV4: u16 = 0x0800;
const ETHERTYPE_ARP: u16 = 0x0806;
const ETHERTYPE_VLAN: u16 = 0x8100;
const PROTOCOL_ICMP: u8 = 1;
const PROTOCOL_UDP: u8 = 17;

/// One frame of the capture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Frame {
    /// Nanoseconds since 1970, always whole microseconds, so that captures with
    /// either resolution tell the same time.
    pub(crate) time_ns: u64,
    /// The frame from its destination address on, without check sequence.
    pub(crate) bytes: Vec<u8>,
}

/// A host as the wire shows it.
#[derive(Debug, Clone)]
pub(crate) struct Host {
    /// Who sends its frames. Behind a router that is the router.
    pub(crate) mac: Mac,
    /// Its address, known to the recipe before the host leases it.
    pub(crate) ip: Ipv4Addr,
    /// Its address for talk by IPv6 with others that have one.
    pub(crate) ip6: Option<Ipv6Addr>,
    /// The VLAN that its frames, and those to it, are tagged with.
    pub(crate) vlan: Option<u16>,
    /// Time to live of what it sends, as the capture sees it.
    pub(crate) ttl: u8,
    /// How it asks for a lease; nobody but DHCP clients needs it.
    pub(crate) dhcp: dhcp::Client,
}

/// A wire under observation.
#[derive(Debug, Clone)]
pub(crate) struct Scene {
    frames: Vec<Frame>,
    now_ns: u64,
    dice: u64,
    datagrams: BTreeMap<Ipv4Addr, u16>,
    ports: BTreeMap<Ipv4Addr, u16>,
    /// Transaction ids of the DHCP exchanges under way.
    pub(crate) dhcp_xids: BTreeMap<Mac, u32>,
    /// The frames as an odd capture shows them, in its order.
    as_captured: Option<Vec<Frame>>,
}

/// A UDP datagram's two ends.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ports {
    pub(crate) from: u16,
    pub(crate) to: u16,
}

/// What an ICMP destination unreachable says (RFC 792, RFC 1122 §3.2.2.1).
#[derive(Debug, Clone, Copy)]
pub(crate) enum Unreachable {
    Port = 3,
}

impl Host {
    /// A host with the time to live that Linux, and most phones, begin with.
    pub(crate) fn new(mac: Mac, ip: [u8; 4]) -> Self {
        Self {
            mac,
            ip: Ipv4Addr::from(ip),
            ip6: None,
            vlan: None,
            ttl: 64,
            dhcp: dhcp::Client::default(),
        }
    }

    /// The same host with an IPv6 address.
    pub(crate) fn with_ipv6(mut self, ip6: Ipv6Addr) -> Self {
        self.ip6 = Some(ip6);
        self
    }

    /// The address that it talks from as a URL has it: IPv6 in brackets (RFC 3986 §3.2.2).
    pub(crate) fn url_host(&self) -> String {
        match self.ip6 {
            Some(address) => format!("[{address}]"),
            None => self.ip.to_string(),
        }
    }

    /// The same host in a VLAN whose tag the capture shows.
    pub(crate) fn in_vlan(mut self, vlan: u16) -> Self {
        self.vlan = Some(vlan);
        self
    }

    /// The same host with another time to live, such as 128 on Windows.
    pub(crate) fn with_ttl(mut self, ttl: u8) -> Self {
        self.ttl = ttl;
        self
    }

    /// The same host asking for leases in its own way.
    pub(crate) fn leasing(mut self, client: dhcp::Client) -> Self {
        self.dhcp = client;
        self
    }

    /// The same host as it looks from behind `hops` routers, `router` the last.
    pub(crate) fn behind(mut self, router: &Host, hops: u8) -> Self {
        self.mac = router.mac;
        self.ttl -= hops;
        self
    }

    /// Its MAC address as twelve lower-case digits: `0004f2a1b2c3`.
    pub(crate) fn mac_digits(&self) -> String {
        self.mac.map(|octet| format!("{octet:02x}")).concat()
    }

    /// Its MAC address as reports print it: `00:04:f2:a1:b2:c3`.
    pub(crate) fn mac_colons(&self) -> String {
        self.mac.map(|octet| format!("{octet:02x}")).join(":")
    }

    /// The name that a Cisco phone gives itself: `SEP001AA17BE638`.
    pub(crate) fn cisco_name(&self) -> String {
        format!("SEP{}", self.mac_digits().to_uppercase())
    }
}

impl Scene {
    /// An empty wire at the fixed instant.
    pub(crate) fn new() -> Self {
        Self {
            frames: Vec::new(),
            now_ns: EPOCH_NS,
            dice: 0x2026_0115,
            datagrams: BTreeMap::new(),
            ports: BTreeMap::new(),
            dhcp_xids: BTreeMap::new(),
            as_captured: None,
        }
    }

    /// The frames in the order of their times.
    pub(crate) fn frames(&self) -> Vec<Frame> {
        if let Some(frames) = &self.as_captured {
            return frames.clone();
        }
        let mut frames = self.frames.clone();
        frames.sort_by_key(|frame| frame.time_ns);
        frames
    }

    /// The same wire as an odd capture shows it.
    pub(crate) fn captured_as(mut self, odd: impl FnOnce(Vec<Frame>) -> Vec<Frame>) -> Self {
        self.as_captured = Some(odd(self.frames()));
        self
    }

    /// Lets time pass.
    pub(crate) fn wait_secs(&mut self, secs: u64) {
        self.now_ns += secs * 1_000_000_000;
    }

    /// Lets time pass.
    pub(crate) fn wait_ms(&mut self, ms: u64) {
        self.now_ns += ms * 1_000_000;
    }

    /// Sets the clock to so long after the beginning, so that several hosts can
    /// do something at the same time. Going back is allowed.
    pub(crate) fn at_ms(&mut self, ms: u64) {
        self.now_ns = EPOCH_NS + ms * 1_000_000;
    }

    /// What the wire's clock says, in whole seconds since 1970.
    pub(crate) fn now_secs(&self) -> u64 {
        self.now_ns / 1_000_000_000
    }

    /// Lets some microseconds pass, never twice the same number of them.
    pub(crate) fn linger_us(&mut self, least: u64, most: u64) {
        self.now_ns += (least + u64::from(self.roll()) % (most - least + 1)) * 1_000;
    }

    /// The next of a fixed row of numbers that look like chance
    /// (D. Knuth's linear congruential generator, MMIX).
    pub(crate) fn roll(&mut self) -> u32 {
        self.dice = self
            .dice
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        u32::try_from(self.dice >> 32).unwrap()
    }

    /// A port that `host` did not use before.
    pub(crate) fn next_port(&mut self, host: &Host) -> u16 {
        let step = 1 + u16::try_from(self.roll() % 5).unwrap();
        let port = self.ports.entry(host.ip).or_insert(49_152);
        *port += step;
        *port
    }

    /// Puts one frame on the wire, padded to Ethernet's least length.
    pub(crate) fn ethernet(&mut self, from: Mac, to: Mac, vlan: Option<u16>, rest: &[u8]) {
        let mut bytes = Vec::with_capacity(MIN_FRAME_BYTES);
        bytes.extend(to);
        bytes.extend(from);
        if let Some(vlan) = vlan {
            bytes.extend(ETHERTYPE_VLAN.to_be_bytes());
            bytes.extend(vlan.to_be_bytes());
        }
        bytes.extend(rest);
        if bytes.len() < MIN_FRAME_BYTES {
            bytes.resize(MIN_FRAME_BYTES, 0);
        }
        self.frames.push(Frame {
            time_ns: self.now_ns,
            bytes,
        });
        self.linger_us(6, 30);
    }

    /// An IPv4 packet between two hosts; the client's VLAN tag, if any, is on it.
    pub(crate) fn ipv4(&mut self, from: &Host, to: &Host, protocol: u8, payload: &[u8]) {
        if let (Some(source), Some(destination)) = (from.ip6, to.ip6) {
            let ends = Ends {
                source,
                destination,
                to: to.mac,
            };
            self.ipv6(from, ends, to.vlan, protocol, payload);
            return;
        }
        let packet = self.ipv4_packet(from, to, protocol, payload);
        self.ipv4_frame(from, to, &packet);
    }

    /// A UDP datagram.
    pub(crate) fn udp(&mut self, from: &Host, to: &Host, ports: Ports, payload: &[u8]) {
        let datagram = udp_datagram(from, to, ports, payload, true);
        self.ipv4(from, to, PROTOCOL_UDP, &datagram);
    }

    /// A UDP datagram without a checksum, as the boot loaders of Cisco's 79xx
    /// send their DHCP.
    pub(crate) fn udp_unchecked(&mut self, from: &Host, to: &Host, ports: Ports, payload: &[u8]) {
        let datagram = udp_datagram(from, to, ports, payload, false);
        self.ipv4(from, to, PROTOCOL_UDP, &datagram);
    }

    /// A UDP datagram that `to` answers with ICMP destination unreachable, which
    /// quotes the whole datagram, as Linux does.
    pub(crate) fn udp_unreachable(
        &mut self,
        from: &Host,
        to: &Host,
        ports: Ports,
        payload: &[u8],
        why: Unreachable,
    ) {
        let datagram = udp_datagram(from, to, ports, payload, true);
        let packet = self.ipv4_packet(from, to, PROTOCOL_UDP, &datagram);
        self.ipv4_frame(from, to, &packet);
        self.linger_us(150, 600);
        let mut message = vec![3, why as u8, 0, 0, 0, 0, 0, 0];
        message.extend(packet);
        let sum = internet_checksum(&[&message]);
        message[2..4].copy_from_slice(&sum.to_be_bytes());
        self.ipv4(to, from, PROTOCOL_ICMP, &message);
    }

    /// A UDP datagram of which `router` says by ICMP what became of it (RFC 792): type, code
    /// and the four bytes behind the checksum, then the header and eight bytes more.
    pub(crate) fn udp_with_icmp(
        &mut self,
        (from, to, router): (&Host, &Host, &Host),
        ports: Ports,
        payload: &[u8],
        (kind, code, four): (u8, u8, [u8; 4]),
    ) {
        let datagram = udp_datagram(from, to, ports, payload, true);
        let packet = self.ipv4_packet(from, to, PROTOCOL_UDP, &datagram);
        self.ipv4_frame(from, router, &packet);
        self.linger_us(150, 600);
        let mut message = vec![kind, code, 0, 0];
        message.extend(four);
        message.extend(&packet[..28]);
        let sum = internet_checksum(&[&message]);
        message[2..4].copy_from_slice(&sum.to_be_bytes());
        self.ipv4(router, from, PROTOCOL_ICMP, &message);
    }

    /// `asker` asks for `owner`'s MAC address and gets it.
    pub(crate) fn arp(&mut self, asker: &Host, owner: &Host) {
        self.arp_request(asker, owner);
        self.linger_us(120, 500);
        let vlan = owner.vlan.or(asker.vlan);
        let reply = arp_packet(2, (owner.mac, owner.ip), (asker.mac, asker.ip));
        self.ethernet(owner.mac, asker.mac, vlan, &reply);
        self.linger_us(200, 900);
    }

    /// `asker` asks and nobody answers, `times` times with a second between.
    pub(crate) fn arp_unanswered(&mut self, asker: &Host, owner: &Host, times: usize) {
        for _ in 0..times {
            self.arp_request(asker, owner);
            self.wait_secs(1);
        }
    }

    /// `asker` tries whether its address is free, and `owner` says that it is not
    /// (RFC 5227 §2.1.1).
    pub(crate) fn arp_probe(&mut self, asker: &Host, owner: &Host) {
        let probe = arp_packet(1, (asker.mac, Ipv4Addr::UNSPECIFIED), ([0; 6], owner.ip));
        self.ethernet(asker.mac, BROADCAST, asker.vlan, &probe);
        self.linger_us(120, 500);
        let nobody = (asker.mac, Ipv4Addr::UNSPECIFIED);
        let reply = arp_packet(2, (owner.mac, owner.ip), nobody);
        self.ethernet(owner.mac, asker.mac, asker.vlan, &reply);
        self.linger_us(200, 900);
    }

    /// `host` tells everybody its own address.
    pub(crate) fn arp_announcement(&mut self, host: &Host) {
        let packet = arp_packet(1, (host.mac, host.ip), ([0; 6], host.ip));
        self.ethernet(host.mac, BROADCAST, host.vlan, &packet);
        self.linger_us(1_000, 5_000);
    }

    fn arp_request(&mut self, asker: &Host, owner: &Host) {
        let packet = arp_packet(1, (asker.mac, asker.ip), ([0; 6], owner.ip));
        self.ethernet(asker.mac, BROADCAST, asker.vlan.or(owner.vlan), &packet);
    }

    fn ipv4_frame(&mut self, from: &Host, to: &Host, packet: &[u8]) {
        let mac = if to.ip.is_broadcast() {
            BROADCAST
        } else {
            to.mac
        };
        let mut rest = ETHERTYPE_IPV4.to_be_bytes().to_vec();
        rest.extend(packet);
        self.ethernet(from.mac, mac, from.vlan.or(to.vlan), &rest);
    }

    fn ipv4_packet(&mut self, from: &Host, to: &Host, protocol: u8, payload: &[u8]) -> Vec<u8> {
        let identification = self.datagrams.entry(from.ip).or_insert(0x0100);
        *identification = identification.wrapping_add(1);
        let mut header = vec![0x45, 0];
        header.extend(length_u16(20 + payload.len()));
        header.extend(identification.to_be_bytes());
        header.extend([0, 0, from.ttl, protocol, 0, 0]);
        header.extend(from.ip.octets());
        header.extend(to.ip.octets());
        let sum = internet_checksum(&[&header]);
        header[10..12].copy_from_slice(&sum.to_be_bytes());
        header.extend(payload);
        header
    }
}

/// The Internet checksum (RFC 1071) over the parts, each of even length but the last.
pub(crate) fn internet_checksum(parts: &[&[u8]]) -> u16 {
    let mut sum = 0_u32;
    for part in parts {
        for pair in part.chunks(2) {
            let low = pair.get(1).copied().unwrap_or(0);
            sum += u32::from(u16::from_be_bytes([pair[0], low]));
        }
    }
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !u16::try_from(sum).unwrap()
}

/// What UDP and TCP count into their checksums beside themselves (RFC 768).
pub(crate) fn pseudo_header(from: &Host, to: &Host, protocol: u8, length: usize) -> Vec<u8> {
    if let (Some(source), Some(destination)) = (from.ip6, to.ip6) {
        return ipv6::pseudo_header(source, destination, protocol, length);
    }
    let mut header = Vec::with_capacity(12);
    header.extend(from.ip.octets());
    header.extend(to.ip.octets());
    header.extend([0, protocol]);
    header.extend(length_u16(length));
    header
}

/// A length as a field of two octets.
pub(crate) fn length_u16(length: usize) -> [u8; 2] {
    u16::try_from(length).unwrap().to_be_bytes()
}

fn udp_datagram(from: &Host, to: &Host, ports: Ports, payload: &[u8], checked: bool) -> Vec<u8> {
    let length = 8 + payload.len();
    let mut datagram = Vec::with_capacity(length);
    datagram.extend(ports.from.to_be_bytes());
    datagram.extend(ports.to.to_be_bytes());
    datagram.extend(length_u16(length));
    datagram.extend([0, 0]);
    datagram.extend(payload);
    if checked {
        let pseudo = pseudo_header(from, to, PROTOCOL_UDP, length);
        let sum = match internet_checksum(&[&pseudo, &datagram]) {
            0 => 0xffff,
            sum => sum,
        };
        datagram[6..8].copy_from_slice(&sum.to_be_bytes());
    }
    datagram
}

fn arp_packet(operation: u8, sender: (Mac, Ipv4Addr), target: (Mac, Ipv4Addr)) -> Vec<u8> {
    let mut packet = ETHERTYPE_ARP.to_be_bytes().to_vec();
    packet.extend([0, 1, 8, 0, 6, 4, 0, operation]);
    for (mac, ip) in [sender, target] {
        packet.extend(mac);
        packet.extend(ip.octets());
    }
    packet
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_are_those_that_etherparse_computes() {
        let phone = Host::new([0, 4, 0xf2, 1, 2, 3], [192, 0, 2, 51]).in_vlan(110);
        let server = Host::new([2, 0, 0, 0, 0, 1], [192, 0, 2, 10]);
        let mut scene = Scene::new();
        scene.udp(
            &phone,
            &server,
            Ports { from: 1069, to: 69 },
            b"\0\x01odd\0octet\0",
        );
        let frame = scene.frames().remove(0);
        let sliced = etherparse::PacketHeaders::from_ethernet_slice(&frame.bytes).unwrap();
        let Some(etherparse::NetHeaders::Ipv4(ip, _)) = sliced.net else {
            panic!("no IPv4 header");
        };
        assert_eq!(ip.header_checksum, ip.calc_header_checksum());
        let udp = sliced.transport.unwrap().udp().unwrap();
        let payload = sliced.payload.slice();
        assert_eq!(udp.checksum, udp.calc_checksum_ipv4(&ip, payload).unwrap());
    }

    #[test]
    fn pads_short_frames_to_sixty_bytes() {
        let host = Host::new([2, 0, 0, 0, 0, 1], [192, 0, 2, 10]);
        let mut scene = Scene::new();
        scene.arp_announcement(&host);
        assert_eq!(scene.frames()[0].bytes.len(), 60);
    }

    #[test]
    fn sorts_what_happened_at_the_same_time() {
        let host = Host::new([2, 0, 0, 0, 0, 1], [192, 0, 2, 10]);
        let mut scene = Scene::new();
        scene.at_ms(500);
        scene.arp_announcement(&host);
        scene.at_ms(100);
        scene.arp_announcement(&host);
        let frames = scene.frames();
        assert!(frames[0].time_ns < frames[1].time_ns);
        assert_eq!(frames[0].time_ns, EPOCH_NS + 100_000_000);
    }
}
