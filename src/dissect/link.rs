//! The link layer: from a frame's first byte to what it carries.
//!
//! Ethernet and its tags (IEEE Std 802.1Q; 802.1ad's 0x88a8 and the older
//! 0x9100 for the outer of two), the length form of IEEE Std 802.3 with LLC and
//! SNAP, Linux cooked captures (`LINKTYPE_LINUX_SLL`, `LINKTYPE_LINUX_SLL2`),
//! BSD loopback (`LINKTYPE_NULL`, `LINKTYPE_LOOP`) and bare IP. Layouts after the
//! tcpdump group's list of link types. Wireless, PPP and tunnels have files of their
//! own.

use phoneboot_parsers::{Input, MacAddress, snap, stp};

use super::ppp;
use crate::capture::{Frame, LinkType};

/// What stands below the network layer, and what comes above it.
#[derive(Debug)]
pub(super) struct Link<'a> {
    /// Who sent the frame; `None` where the link layer does not say.
    pub(super) source: Option<MacAddress>,
    /// Whom it was sent to; `None` where the link layer does not say.
    pub(super) destination: Option<MacAddress>,
    /// VLAN ids.
    pub(super) vlans: VlanIds,
    /// What the frame carries.
    pub(super) network: Network<'a>,
}

/// What a frame carries, padding included where the link layer cannot tell.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Network<'a> {
    /// IPv4 or IPv6; the first four bits say which.
    Ip(Input<'a>),
    /// What follows the ethertype of ARP.
    Arp(Input<'a>),
    /// What follows the ethertype of LLDP.
    Lldp(Input<'a>),
    /// What follows CDP's SNAP protocol id.
    Cdp(Input<'a>),
    /// What follows the ethertype of EAPOL.
    Eapol(Input<'a>),
    /// A BPDU, and whether it came under PVST+'s SNAP protocol id.
    Stp(Input<'a>, bool),
    /// A stack of MPLS labels, and what they stand before.
    Mpls(Input<'a>),
    /// What follows the ethertype of a `PPPoE` session.
    Pppoe(Input<'a>),
    /// Nothing that is of use here, or a header that was not captured whole.
    Other,
}

/// VLAN ids of a frame's tags, outermost first; priority tags are left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct VlanIds {
    ids: [u16; MAX_TAGS],
    n_ids: usize,
}

/// Tags that are walked through in one frame. Networks stack two; more than this
/// is a frame made to waste time, and what it carries is left alone.
const MAX_TAGS: usize = 8;

/// Ethertypes below this are lengths (IEEE Std 802.3 clause 3.2.6).
const FIRST_ETHERTYPE: u16 = 0x0600;

pub(super) const ETHERTYPE_IPV4: u16 = 0x0800;
const ETHERTYPE_ARP: u16 = 0x0806;
const ETHERTYPE_VLAN: u16 = 0x8100;
pub(super) const ETHERTYPE_IPV6: u16 = 0x86dd;
const ETHERTYPE_PROVIDER_VLAN: u16 = 0x88a8;
const ETHERTYPE_EAPOL: u16 = 0x888e;
/// Pre-authentication (IEEE Std 802.11), in the same form.
const ETHERTYPE_EARLY_EAPOL: u16 = 0x88c7;
const ETHERTYPE_LLDP: u16 = 0x88cc;
const ETHERTYPE_OLD_DOUBLE_VLAN: u16 = 0x9100;
pub(super) const ETHERTYPE_MPLS: u16 = 0x8847;
const ETHERTYPE_MPLS_UPSTREAM: u16 = 0x8848;
const ETHERTYPE_PPPOE_SESSION: u16 = 0x8864;

/// Linux's `ETH_P_802_2`: an LLC header follows, without a length before it.
const SLL_PROTOCOL_LLC: u16 = 0x0004;

/// `ARPHRD_NETLINK`: the protocol field is a netlink family, no ethertype.
const HARDWARE_NETLINK: u16 = 824;

/// Organisation code of CDP in SNAP.
const SNAP_CISCO: [u8; 3] = [0x00, 0x00, 0x0c];

/// CDP's protocol id under [`SNAP_CISCO`].
const SNAP_CDP: u16 = 0x2000;

/// PVST+'s protocol id under [`SNAP_CISCO`].
const SNAP_PVST: u16 = 0x010b;

/// LLC's access point of bridges (IEEE Std 802.1D-2004 clause 7.12).
const LLC_BRIDGES: u8 = 0x42;

/// Organisation codes under which SNAP's protocol id is an ethertype (RFC 1042,
/// and IEEE Std 802.1H for bridges).
const SNAP_ETHERTYPES: [[u8; 3]; 2] = [[0x00; 3], [0x00, 0x00, 0xf8]];

/// Address families of `LINKTYPE_NULL` that mean IPv4 or IPv6: `AF_INET`
/// everywhere, and `AF_INET6` of Linux, of NetBSD and OpenBSD, of FreeBSD, and of
/// macOS.
const LOOPBACK_FAMILIES: [u32; 5] = [2, 10, 24, 28, 30];

/// Reads a frame's link layer. `None` when its link type is not known.
pub(super) fn parse<'a>(frame: &Frame<'a>) -> Option<Link<'a>> {
    let missing = frame.wire_length.saturating_sub(frame.bytes.len());
    let input = Input::cut(frame.bytes, missing);
    let link = match frame.link_type {
        LinkType::Ethernet => ethernet(input),
        LinkType::LinuxSll => linux_sll(input),
        LinkType::LinuxSll2 => linux_sll2(input),
        LinkType::Null | LinkType::Loop => loopback(input),
        LinkType::RawIp | LinkType::Ipv4 | LinkType::Ipv6 => Some(Link::bare(Network::Ip(input))),
        LinkType::Ppp | LinkType::PppSerial => ppp::frame(input),
        LinkType::CiscoHdlc => ppp::hdlc(input),
        LinkType::PppEthernet => Some(typed(ETHERTYPE_PPPOE_SESSION, input)),
        LinkType::Wireless
        | LinkType::WirelessPrism
        | LinkType::WirelessRadiotap
        | LinkType::WirelessAvs
        | LinkType::Ppi
        | LinkType::Other(_) => return None,
    };
    Some(link.unwrap_or_else(|| Link::bare(Network::Other)))
}

impl<'a> Link<'a> {
    /// A link layer without addresses and tags.
    fn bare(network: Network<'a>) -> Self {
        Self {
            source: None,
            destination: None,
            vlans: VlanIds::default(),
            network,
        }
    }

    /// A link layer with both addresses.
    pub(super) fn between(
        source: MacAddress,
        destination: MacAddress,
        network: Network<'a>,
    ) -> Self {
        Self {
            source: Some(source),
            destination: Some(destination),
            ..Self::bare(network)
        }
    }
}

/// What follows an ethertype of a link layer without addresses.
pub(super) fn typed(ethertype: u16, input: Input<'_>) -> Link<'_> {
    let (vlans, network) = tagged(ethertype, input, Cooked::No);
    Link {
        vlans,
        ..Link::bare(network)
    }
}

/// ```text
///  6 bytes      6 bytes  2 bytes
/// +-------------+--------+----------------+---------
/// | destination | source | type or length | payload
/// +-------------+--------+----------------+---------
/// ```
pub(super) fn ethernet(input: Input<'_>) -> Option<Link<'_>> {
    let (destination, rest) = input.bytes.split_first_chunk::<6>()?;
    let (source, rest) = rest.split_first_chunk::<6>()?;
    let (ethertype, rest) = take_u16(rest)?;
    let (vlans, network) = tagged(ethertype, Input::cut(rest, input.missing), Cooked::No);
    Some(Link {
        source: Some(MacAddress(*source)),
        destination: Some(MacAddress(*destination)),
        vlans,
        network,
    })
}

/// ```text
///  2 bytes       2 bytes          2 bytes          8 bytes          2 bytes
/// +-------------+----------------+----------------+----------------+----------+
/// | packet type | ARPHRD_ type   | address length | source address | protocol |
/// +-------------+----------------+----------------+----------------+----------+
/// ```
fn linux_sll(input: Input<'_>) -> Option<Link<'_>> {
    let (_packet_type, rest) = take_u16(input.bytes)?;
    let (hardware, rest) = take_u16(rest)?;
    let (address_length, rest) = take_u16(rest)?;
    let (address, rest) = rest.split_first_chunk::<8>()?;
    let (protocol, rest) = take_u16(rest)?;
    let payload = Input::cut(rest, input.missing);
    Some(cooked(
        hardware,
        address_length,
        *address,
        protocol,
        payload,
    ))
}

/// ```text
///  2 bytes    2     4 bytes      2 bytes        1             1          8 bytes
/// +----------+-----+------------+--------------+-------------+----------+---------+
/// | protocol | (0) | interface  | ARPHRD_ type | packet type | addr len | address |
/// +----------+-----+------------+--------------+-------------+----------+---------+
/// ```
fn linux_sll2(input: Input<'_>) -> Option<Link<'_>> {
    let (protocol, rest) = take_u16(input.bytes)?;
    let (_reserved_and_interface, rest) = rest.split_first_chunk::<6>()?;
    let (hardware, rest) = take_u16(rest)?;
    let (&[_packet_type, address_length], rest) = rest.split_first_chunk::<2>()?;
    let (address, rest) = rest.split_first_chunk::<8>()?;
    let payload = Input::cut(rest, input.missing);
    let address_length = u16::from(address_length);
    Some(cooked(
        hardware,
        address_length,
        *address,
        protocol,
        payload,
    ))
}

fn cooked(
    hardware: u16,
    address_length: u16,
    address: [u8; 8],
    protocol: u16,
    payload: Input<'_>,
) -> Link<'_> {
    let mac = address.first_chunk().copied().map(MacAddress);
    let source = mac.filter(|_| address_length == 6);
    let (vlans, network) = if hardware == HARDWARE_NETLINK {
        (VlanIds::default(), Network::Other)
    } else {
        tagged(protocol, payload, Cooked::Yes)
    };
    Link {
        source,
        destination: None,
        vlans,
        network,
    }
}

/// Four bytes of address family, in the capturing host's byte order or, in
/// `LINKTYPE_LOOP`, in network order. Which host wrote the file is not known, so
/// either order is taken where it makes sense.
fn loopback(input: Input<'_>) -> Option<Link<'_>> {
    let (family, rest) = input.bytes.split_first_chunk::<4>()?;
    let is_ip = LOOPBACK_FAMILIES.contains(&u32::from_be_bytes(*family))
        || LOOPBACK_FAMILIES.contains(&u32::from_le_bytes(*family));
    let payload = Input::cut(rest, input.missing);
    Some(Link::bare(if is_ip {
        Network::Ip(payload)
    } else {
        Network::Other
    }))
}

/// Whether the type field comes from a cooked capture, where small numbers are
/// Linux's own protocol numbers and not lengths.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Cooked {
    No,
    Yes,
}

/// Walks through the tags, if any, to what they stand before.
///
/// ```text
///  2 bytes                   2 bytes
/// +---------------+---+-----+---------------------+
/// | PCP (3 bits)  | D | VID | next type or length |
/// +---------------+---+-----+---------------------+
/// ```
fn tagged(ethertype: u16, input: Input<'_>, from: Cooked) -> (VlanIds, Network<'_>) {
    let mut vlans = VlanIds::default();
    let mut ethertype = ethertype;
    let mut rest = input.bytes;
    for _ in 0..=MAX_TAGS {
        if !matches!(
            ethertype,
            ETHERTYPE_VLAN | ETHERTYPE_PROVIDER_VLAN | ETHERTYPE_OLD_DOUBLE_VLAN
        ) {
            let payload = Input::cut(rest, input.missing);
            return (vlans, untagged(ethertype, payload, from));
        }
        let Some((control, behind)) = take_u16(rest) else {
            break;
        };
        let Some((next, behind)) = take_u16(behind) else {
            break;
        };
        vlans.push(control & 0x0fff);
        ethertype = next;
        rest = behind;
    }
    (vlans, Network::Other)
}

fn untagged(ethertype: u16, payload: Input<'_>, from: Cooked) -> Network<'_> {
    match ethertype {
        ETHERTYPE_IPV4 | ETHERTYPE_IPV6 => Network::Ip(payload),
        ETHERTYPE_ARP => Network::Arp(payload),
        ETHERTYPE_LLDP => Network::Lldp(payload),
        ETHERTYPE_EAPOL | ETHERTYPE_EARLY_EAPOL => Network::Eapol(payload),
        ETHERTYPE_MPLS | ETHERTYPE_MPLS_UPSTREAM => Network::Mpls(payload),
        ETHERTYPE_PPPOE_SESSION => Network::Pppoe(payload),
        SLL_PROTOCOL_LLC if from == Cooked::Yes => {
            let length = payload.bytes.len().saturating_add(payload.missing);
            logical_link(payload, u16::try_from(length).unwrap_or(u16::MAX))
        }
        length if length < FIRST_ETHERTYPE => logical_link(payload, length),
        _ => Network::Other,
    }
}

/// LLC and SNAP. Other access points (IPX) carry nothing for us, nor does what else
/// bridges tell each other (GARP).
pub(super) fn logical_link(payload: Input<'_>, length: u16) -> Network<'_> {
    let Ok(frame) = snap::decode(payload, length) else {
        return Network::Other;
    };
    let carried = frame.value.payload;
    match frame.value.snap {
        Some((SNAP_CISCO, SNAP_CDP)) => Network::Cdp(carried),
        Some((SNAP_CISCO, SNAP_PVST)) => Network::Stp(carried, true),
        None if frame.value.dsap == LLC_BRIDGES && carried.bytes.starts_with(&stp::PROTOCOL) => {
            Network::Stp(carried, false)
        }
        Some((organisation, ethertype)) if SNAP_ETHERTYPES.contains(&organisation) => {
            match ethertype {
                ETHERTYPE_IPV4 | ETHERTYPE_IPV6 => Network::Ip(carried),
                ETHERTYPE_ARP => Network::Arp(carried),
                ETHERTYPE_LLDP => Network::Lldp(carried),
                ETHERTYPE_EAPOL | ETHERTYPE_EARLY_EAPOL => Network::Eapol(carried),
                _ => Network::Other,
            }
        }
        _ => Network::Other,
    }
}

pub(super) fn take_u16(bytes: &[u8]) -> Option<(u16, &[u8])> {
    let (head, rest) = bytes.split_first_chunk::<2>()?;
    Some((u16::from_be_bytes(*head), rest))
}

impl VlanIds {
    /// The ids, outermost first.
    pub(super) fn as_slice(&self) -> &[u16] {
        self.ids.get(..self.n_ids).unwrap_or_default()
    }

    /// Puts the id of a tag that was taken out of the frame back in its place.
    pub(super) fn put_outermost(&mut self, id: u16) {
        let inner = *self;
        *self = Self::default();
        self.push(id);
        for &id in inner.as_slice() {
            self.push(id);
        }
    }

    /// Adds the id of the next inner tag. Id 0 is a priority tag: the frame
    /// belongs to no VLAN by it.
    fn push(&mut self, id: u16) {
        if id == 0 {
            return;
        }
        if let Some(slot) = self.ids.get_mut(self.n_ids) {
            *slot = id;
            self.n_ids += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dissect::testing::{PHONE_MAC, SERVER_MAC, ethernet, frame};

    const PACKET: &[u8] = &[0x45, 0, 0, 20];

    /// LLC, SNAP with CDP's id, and four bytes of CDP.
    const CDP: &[u8] = &[
        0xaa, 0xaa, 0x03, // LLC: SNAP, unnumbered information
        0x00, 0x00, 0x0c, // organisation: Cisco
        0x20, 0x00, // protocol: CDP
        0x02, 0xb4, 0x00, 0x00, // CDP version, time to live, checksum
    ];

    fn parsed(link_type: LinkType, bytes: &[u8]) -> Link<'_> {
        parse(&frame(1, link_type, bytes)).unwrap()
    }

    fn ip(bytes: &[u8]) -> Network<'_> {
        Network::Ip(Input::whole(bytes))
    }

    /// Tags with these type fields and ids, then IPv4.
    fn tags(tags: &[(u16, u16)]) -> Vec<u8> {
        let mut types: Vec<u16> = tags.iter().map(|(ethertype, _)| *ethertype).collect();
        types.push(0x0800);
        let mut payload = Vec::new();
        for ((_, control), next) in tags.iter().zip(&types[1..]) {
            payload.extend(control.to_be_bytes());
            payload.extend(next.to_be_bytes());
        }
        payload.extend(PACKET);
        ethernet(true, types[0], &payload)
    }

    #[test]
    fn reads_ethernet_with_any_number_of_tags() {
        for (given, ids) in [
            (vec![], vec![]),
            (vec![(0x8100, 0x606e)], vec![110]),
            (vec![(0x8100, 0x6000)], vec![]),
            (vec![(0x88a8, 100), (0x8100, 110)], vec![100, 110]),
            (vec![(0x9100, 100), (0x8100, 0)], vec![100]),
            (
                vec![(0x8100, 1), (0x8100, 2), (0x8100, 3), (0x8100, 4)],
                vec![1, 2, 3, 4],
            ),
            (vec![(0x8100, 9); 8], vec![9; 8]),
        ] {
            let bytes = tags(&given);
            let link = parsed(LinkType::Ethernet, &bytes);
            assert_eq!(link.source, Some(MacAddress(PHONE_MAC)));
            assert_eq!(link.destination, Some(MacAddress(SERVER_MAC)));
            assert_eq!(link.vlans.as_slice(), ids);
            assert_eq!(link.network, ip(PACKET), "{given:x?}");
        }
    }

    #[test]
    fn leaves_a_frame_of_more_tags_alone() {
        let bytes = tags(&[(0x8100, 9); 9]);
        let link = parsed(LinkType::Ethernet, &bytes);
        assert_eq!(link.network, Network::Other);
        assert_eq!(link.vlans.as_slice(), [9; 8]);
    }

    #[test]
    fn tells_what_comes_by_the_ethertype() {
        for (ethertype, network) in [
            (0x0800, ip(PACKET)),
            (0x86dd, ip(PACKET)),
            (0x0806, Network::Arp(Input::whole(PACKET))),
            (0x88cc, Network::Lldp(Input::whole(PACKET))),
            (0x888e, Network::Eapol(Input::whole(PACKET))),
            (0x88c7, Network::Eapol(Input::whole(PACKET))),
            (0x8863, Network::Other),
        ] {
            let bytes = ethernet(true, ethertype, PACKET);
            assert_eq!(parsed(LinkType::Ethernet, &bytes).network, network);
        }
    }

    #[test]
    fn finds_cdp_behind_a_length_with_and_without_a_tag() {
        let length = u16::try_from(CDP.len()).unwrap();
        let padded = [CDP, &[0; 40]].concat();
        let plain = ethernet(true, length, &padded);
        let tag = [&[0x00, 0x6e], &length.to_be_bytes()[..], &padded].concat();
        let tagged = ethernet(true, 0x8100, &tag);
        for (bytes, ids) in [(plain, &[][..]), (tagged, &[110])] {
            let link = parsed(LinkType::Ethernet, &bytes);
            assert_eq!(link.network, Network::Cdp(Input::whole(&CDP[8..])));
            assert_eq!(link.vlans.as_slice(), ids);
        }
    }

    #[test]
    fn takes_ethertypes_out_of_snap_and_leaves_other_llc() {
        let snap = |organisation: [u8; 3], id: u16| {
            let mut llc = vec![0xaa, 0xaa, 3];
            llc.extend(organisation);
            llc.extend(id.to_be_bytes());
            llc.extend(PACKET);
            ethernet(true, u16::try_from(llc.len()).unwrap(), &llc)
        };
        for (bytes, network) in [
            (snap([0; 3], 0x0800), ip(PACKET)),
            (
                snap([0, 0, 0xf8], 0x0806),
                Network::Arp(Input::whole(PACKET)),
            ),
            (snap([0; 3], 0x88cc), Network::Lldp(Input::whole(PACKET))),
            (snap([0; 3], 0x0835), Network::Other),
            (snap([0, 0, 0x0c], 0x2003), Network::Other),
            (snap([0; 3], 0x888e), Network::Eapol(Input::whole(PACKET))),
            (
                snap([0, 0, 0x0c], 0x010b),
                Network::Stp(Input::whole(PACKET), true),
            ),
            (
                ethernet(true, 7, &[0x42, 0x42, 3, 0, 0, 0, 0]),
                Network::Stp(Input::whole(&[0; 4]), false),
            ),
            // GARP: another protocol identifier.
            (
                ethernet(true, 7, &[0x42, 0x42, 3, 0, 1, 0, 0]),
                Network::Other,
            ),
            (
                ethernet(true, 7, &[0xe0, 0xe0, 3, 0, 0, 0, 0]),
                Network::Other,
            ),
            (ethernet(true, 2, &[0xaa, 0xaa]), Network::Other),
        ] {
            assert_eq!(parsed(LinkType::Ethernet, &bytes).network, network);
        }
    }

    /// A cooked header of version 1.
    fn sll(hardware: u16, address_length: u8, protocol: u16, payload: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0, 0];
        bytes.extend(hardware.to_be_bytes());
        bytes.extend([0, address_length]);
        bytes.extend(PHONE_MAC);
        bytes.extend([0, 0]);
        bytes.extend(protocol.to_be_bytes());
        bytes.extend(payload);
        bytes
    }

    /// A cooked header of version 2.
    fn sll2(hardware: u16, address_length: u8, protocol: u16, payload: &[u8]) -> Vec<u8> {
        let mut bytes = protocol.to_be_bytes().to_vec();
        bytes.extend([0, 0, 0, 0, 0, 3]);
        bytes.extend(hardware.to_be_bytes());
        bytes.extend([0, address_length]);
        bytes.extend(PHONE_MAC);
        bytes.extend([0, 0]);
        bytes.extend(payload);
        bytes
    }

    #[test]
    fn reads_cooked_captures_of_both_versions() {
        let mac = Some(MacAddress(PHONE_MAC));
        let tagged = [&[0x00, 0x6e, 0x08, 0x00], PACKET].concat();
        let tagged_cdp = [&[0x00, 0x6e, 0x00, 0x04], CDP].concat();
        let cdp = || Network::Cdp(Input::whole(&CDP[8..]));
        for (hardware, address_length, protocol, payload, source, vlans, network) in [
            (1, 6, 0x0800, PACKET, mac, &[][..], ip(PACKET)),
            (1, 0, 0x86dd, PACKET, None, &[], ip(PACKET)),
            (1, 6, 0x8100, &tagged, mac, &[110], ip(PACKET)),
            (1, 6, 0x0004, CDP, mac, &[], cdp()),
            (1, 6, 0x8100, &tagged_cdp, mac, &[110], cdp()),
            (1, 6, 0x0001, PACKET, mac, &[], Network::Other),
            (824, 6, 0x0800, PACKET, mac, &[], Network::Other),
        ] {
            for (link_type, bytes) in [
                (
                    LinkType::LinuxSll,
                    sll(hardware, address_length, protocol, payload),
                ),
                (
                    LinkType::LinuxSll2,
                    sll2(hardware, address_length, protocol, payload),
                ),
            ] {
                let link = parsed(link_type, &bytes);
                assert_eq!(link.source, source);
                assert_eq!(link.destination, None);
                assert_eq!(link.vlans.as_slice(), vlans);
                assert_eq!(link.network, network, "{link_type:?} {protocol:#x}");
            }
        }
    }

    #[test]
    fn reads_loopback_families_in_both_byte_orders() {
        for family in [2_u32, 10, 24, 28, 30] {
            for head in [family.to_be_bytes(), family.to_le_bytes()] {
                let bytes = [&head, PACKET].concat();
                for link_type in [LinkType::Null, LinkType::Loop] {
                    assert_eq!(parsed(link_type, &bytes).network, ip(PACKET));
                }
            }
        }
        let appletalk = [&[16, 0, 0, 0], PACKET].concat();
        assert_eq!(parsed(LinkType::Null, &appletalk).network, Network::Other);
    }

    #[test]
    fn takes_bare_ip_as_it_is_and_no_unknown_link_type() {
        for link_type in [LinkType::RawIp, LinkType::Ipv4, LinkType::Ipv6] {
            assert_eq!(parsed(link_type, PACKET).network, ip(PACKET));
        }
        assert!(parse(&frame(1, LinkType::Other(147), PACKET)).is_none());
    }

    #[test]
    fn carries_nothing_when_the_header_is_cut() {
        let ethernet = ethernet(true, 0x8100, &[0, 110, 8, 0]);
        for length in 0..17 {
            let link = parsed(LinkType::Ethernet, &ethernet[..length]);
            assert_eq!(link.network, Network::Other);
            assert_eq!(link.source.is_some(), length >= 14);
        }
        for length in 0..16 {
            let bytes = &sll(1, 6, 0x0800, &[])[..length];
            assert_eq!(parsed(LinkType::LinuxSll, bytes).network, Network::Other);
        }
        for length in 0..20 {
            let bytes = &sll2(1, 6, 0x0800, &[])[..length];
            assert_eq!(parsed(LinkType::LinuxSll2, bytes).network, Network::Other);
        }
        assert_eq!(parsed(LinkType::Null, &[2, 0, 0]).network, Network::Other);
    }

    #[test]
    fn says_how_many_bytes_were_not_captured() {
        let bytes = ethernet(true, 0x88cc, PACKET);
        let frame = Frame {
            wire_length: bytes.len() + 100,
            ..frame(1, LinkType::Ethernet, &bytes)
        };
        let link = parse(&frame).unwrap();
        assert_eq!(link.network, Network::Lldp(Input::cut(PACKET, 100)));
    }
}
