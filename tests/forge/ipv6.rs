//! IPv6: packets, fragments, router advertisements and neighbor discovery.
//!
//! RFC 8200 (IPv6, fragment header in §4.5), RFC 4443 (`ICMPv6`), RFC 4861 (neighbor
//! discovery), RFC 4862 (addresses that hosts make for themselves), RFC 2464 (Ethernet).

use std::net::Ipv6Addr;

use crate::forge::scene::{Host, Mac, Scene, internet_checksum, length_u16};

const ETHERTYPE_IPV6: u16 = 0x86dd;
const PROTOCOL_ICMPV6: u8 = 58;
const FRAGMENT_HEADER: u8 = 44;

/// What fits into one frame behind the IPv6 header.
const MAX_PAYLOAD_BYTES: usize = 1_500 - 40;
/// What fits behind a fragment header too, in units of 8 bytes.
const FRAGMENT_BYTES: usize = (MAX_PAYLOAD_BYTES - 8) / 8 * 8;

/// Hop limit of neighbor discovery.
const ON_LINK: u8 = 255;

const UNSPECIFIED: Ipv6Addr = Ipv6Addr::UNSPECIFIED;

/// The two addresses of a packet, and who gets its frame.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ends {
    pub(crate) source: Ipv6Addr,
    pub(crate) destination: Ipv6Addr,
    pub(crate) to: Mac,
}

impl Ends {
    /// To a multicast group (RFC 2464 §7).
    pub(crate) fn to_group(source: Ipv6Addr, group: Ipv6Addr) -> Self {
        let [.., a, b, c, d] = group.octets();
        Self {
            source,
            destination: group,
            to: [0x33, 0x33, a, b, c, d],
        }
    }
}

/// What a router says of its link.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Advertised {
    pub(crate) managed: bool,
    pub(crate) other: bool,
    /// The /64, and whether hosts may make addresses from it.
    pub(crate) prefix: Ipv6Addr,
    pub(crate) autonomous: bool,
}

/// A group address.
pub(crate) fn group(last: [u16; 2]) -> Ipv6Addr {
    Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, last[0], last[1])
}

/// The group that whoever has this address listens to (RFC 4291 §2.7.1).
fn solicited_node(address: Ipv6Addr) -> Ipv6Addr {
    let [.., a, b, c] = address.octets();
    Ipv6Addr::new(
        0xff02,
        0,
        0,
        0,
        0,
        1,
        0xff00 | u16::from(a),
        u16::from_be_bytes([b, c]),
    )
}

impl Host {
    /// The link-local address that it makes from its MAC address.
    pub(crate) fn link_local(&self) -> Ipv6Addr {
        let mut octets = [0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xfe, 0, 0, 0];
        octets[8..11].copy_from_slice(&self.mac[..3]);
        octets[13..].copy_from_slice(&self.mac[3..]);
        octets[8] ^= 0x02;
        octets.into()
    }
}

impl Scene {
    /// An IPv6 packet of `from`, in fragments when it is too large for a frame.
    pub(crate) fn ipv6(
        &mut self,
        from: &Host,
        ends: Ends,
        vlan: Option<u16>,
        protocol: u8,
        payload: &[u8],
    ) {
        let hop_limit = from.ttl;
        if payload.len() <= MAX_PAYLOAD_BYTES {
            self.ipv6_packet(from, ends, vlan, (protocol, hop_limit), payload);
            return;
        }
        let identification = self.roll();
        let n_fragments = payload.len().div_ceil(FRAGMENT_BYTES);
        for (index, part) in payload.chunks(FRAGMENT_BYTES).enumerate() {
            let more = u16::from(index + 1 < n_fragments);
            let offset = u16::try_from(index * FRAGMENT_BYTES).unwrap() | more;
            let mut fragment = vec![protocol, 0];
            fragment.extend(offset.to_be_bytes());
            fragment.extend(identification.to_be_bytes());
            fragment.extend(part);
            self.ipv6_packet(from, ends, vlan, (FRAGMENT_HEADER, hop_limit), &fragment);
        }
    }

    fn ipv6_packet(
        &mut self,
        from: &Host,
        ends: Ends,
        vlan: Option<u16>,
        (protocol, hop_limit): (u8, u8),
        payload: &[u8],
    ) {
        let mut rest = ETHERTYPE_IPV6.to_be_bytes().to_vec();
        rest.extend([0x60, 0, 0, 0]);
        rest.extend(length_u16(payload.len()));
        rest.extend([protocol, hop_limit]);
        rest.extend(ends.source.octets());
        rest.extend(ends.destination.octets());
        rest.extend(payload);
        self.ethernet(from.mac, ends.to, from.vlan.or(vlan), &rest);
    }

    fn icmpv6(&mut self, from: &Host, ends: Ends, vlan: Option<u16>, message: &[u8]) {
        let mut message = message.to_vec();
        let (source, destination) = (ends.source, ends.destination);
        let pseudo = pseudo_header(source, destination, PROTOCOL_ICMPV6, message.len());
        let sum = internet_checksum(&[&pseudo, &message]);
        message[2..4].copy_from_slice(&sum.to_be_bytes());
        self.ipv6_packet(from, ends, vlan, (PROTOCOL_ICMPV6, ON_LINK), &message);
    }

    /// `host` asks whether anybody has the address that it is going to take.
    pub(crate) fn ipv6_claim(&mut self, host: &Host, address: Ipv6Addr) {
        let ends = Ends::to_group(UNSPECIFIED, solicited_node(address));
        let mut message = vec![135, 0, 0, 0, 0, 0, 0, 0];
        message.extend(address.octets());
        self.icmpv6(host, ends, None, &message);
        self.wait_secs(1);
    }

    /// `host` asks whether anybody has the address that it is going to take, and `owner` has
    /// it.
    pub(crate) fn ipv6_claim_answered(&mut self, host: &Host, owner: &Host, address: Ipv6Addr) {
        let ends = Ends::to_group(UNSPECIFIED, solicited_node(address));
        let mut message = vec![135, 0, 0, 0, 0, 0, 0, 0];
        message.extend(address.octets());
        self.icmpv6(host, ends, None, &message);
        self.linger_us(120, 500);
        let ends = Ends::to_group(address, group([0, 1]));
        let mut message = vec![136, 0, 0, 0, 0x20, 0, 0, 0];
        message.extend(address.octets());
        message.extend(link_layer_option(2, owner.mac));
        self.icmpv6(owner, ends, host.vlan, &message);
        self.linger_us(200, 900);
    }

    /// `host` asks for routers, and `router` tells everybody.
    pub(crate) fn ipv6_router(&mut self, host: &Host, router: &Host, said: &Advertised) {
        let ends = Ends::to_group(host.link_local(), group([0, 2]));
        let mut message = vec![133, 0, 0, 0, 0, 0, 0, 0];
        message.extend(link_layer_option(1, host.mac));
        self.icmpv6(host, ends, None, &message);
        self.linger_us(800, 9_000);
        self.ipv6_router_speaks(router, host.vlan, said);
    }

    /// A router tells everybody how the link works.
    pub(crate) fn ipv6_router_speaks(
        &mut self,
        router: &Host,
        vlan: Option<u16>,
        said: &Advertised,
    ) {
        let flags = u8::from(said.managed) << 7 | u8::from(said.other) << 6;
        let mut message = vec![134, 0, 0, 0, 64, flags];
        message.extend(1_800_u16.to_be_bytes());
        message.extend([0; 8]);
        message.extend(link_layer_option(1, router.mac));
        let prefix_flags = 0x80 | u8::from(said.autonomous) << 6;
        message.extend([3, 4, 64, prefix_flags]);
        message.extend(86_400_u32.to_be_bytes());
        message.extend(14_400_u32.to_be_bytes());
        message.extend([0; 4]);
        message.extend(said.prefix.octets());
        let ends = Ends::to_group(router.link_local(), group([0, 1]));
        self.icmpv6(router, ends, vlan, &message);
        self.linger_us(1_000, 4_000);
    }

    /// `asker` asks for `owner`'s MAC address and gets it.
    pub(crate) fn ipv6_neighbor(&mut self, asker: &Host, owner: &Host) {
        self.ipv6_neighbor_asked(asker, owner);
        self.linger_us(120, 500);
        let (mine, its) = (asker.ip6.unwrap(), owner.ip6.unwrap());
        let ends = Ends {
            source: its,
            destination: mine,
            to: asker.mac,
        };
        let mut message = vec![136, 0, 0, 0, 0x60, 0, 0, 0];
        message.extend(its.octets());
        message.extend(link_layer_option(2, owner.mac));
        self.icmpv6(owner, ends, asker.vlan, &message);
        self.linger_us(200, 900);
    }

    /// `asker` asks and nobody answers, `times` times with a second between.
    pub(crate) fn ipv6_neighbor_unanswered(&mut self, asker: &Host, owner: &Host, times: usize) {
        for _ in 0..times {
            self.ipv6_neighbor_asked(asker, owner);
            self.wait_secs(1);
        }
    }

    fn ipv6_neighbor_asked(&mut self, asker: &Host, owner: &Host) {
        let (mine, its) = (asker.ip6.unwrap(), owner.ip6.unwrap());
        let mut message = vec![135, 0, 0, 0, 0, 0, 0, 0];
        message.extend(its.octets());
        message.extend(link_layer_option(1, asker.mac));
        let ends = Ends::to_group(mine, solicited_node(its));
        self.icmpv6(asker, ends, None, &message);
    }
}

/// What UDP, TCP and `ICMPv6` count into their checksums (RFC 8200 §8.1).
pub(crate) fn pseudo_header(
    source: Ipv6Addr,
    destination: Ipv6Addr,
    protocol: u8,
    length: usize,
) -> Vec<u8> {
    let mut header = Vec::with_capacity(40);
    header.extend(source.octets());
    header.extend(destination.octets());
    header.extend(u32::try_from(length).unwrap().to_be_bytes());
    header.extend([0, 0, 0, protocol]);
    header
}

fn link_layer_option(code: u8, mac: Mac) -> Vec<u8> {
    [&[code, 1][..], &mac].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forge::scene::Ports;

    #[test]
    fn checksums_are_those_that_etherparse_computes() {
        let address = |last: u16| Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, last);
        let phone = Host::new([0, 4, 0xf2, 1, 2, 3], [192, 0, 2, 51]).with_ipv6(address(0x51));
        let server = Host::new([2, 0, 0, 0, 0, 1], [192, 0, 2, 10]).with_ipv6(address(0x10));
        let mut scene = Scene::new();
        let ports = Ports { from: 1069, to: 69 };
        scene.udp(&phone, &server, ports, b"\0\x01odd\0octet\0");
        scene.ipv6_claim(&phone, address(0x51));
        let frames = scene.frames();
        for frame in &frames {
            let sliced = etherparse::PacketHeaders::from_ethernet_slice(&frame.bytes).unwrap();
            let Some(etherparse::NetHeaders::Ipv6(ip, _)) = sliced.net else {
                panic!("no IPv6 header");
            };
            let payload = sliced.payload.slice();
            match sliced.transport.unwrap() {
                etherparse::TransportHeader::Udp(udp) => {
                    assert_eq!(udp.checksum, udp.calc_checksum_ipv6(&ip, payload).unwrap());
                }
                etherparse::TransportHeader::Icmpv6(icmp) => {
                    let kind = icmp.icmp_type;
                    let sum = kind
                        .calc_checksum(ip.source, ip.destination, payload)
                        .unwrap();
                    assert_eq!(icmp.checksum, sum);
                }
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(frames.len(), 2);
    }
}
