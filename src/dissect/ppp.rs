//! Point-to-point lines: PPP (RFC 1661, RFC 1662), PPP over Ethernet (RFC 2516) and
//! Cisco's HDLC (as the tcpdump group's `LINKTYPE_C_HDLC` describes it).
//!
//! Only IP is taken up. Compressed, encrypted and multilink frames carry nothing.

use phoneboot_parsers::Input;

use super::link::{ETHERTYPE_IPV4, ETHERTYPE_IPV6, Link, take_u16, typed};
use super::tunnel::{Inner, Peeled};

/// Address and control field of PPP in HDLC framing (RFC 1662 §3.1).
const ALL_STATIONS: [u8; 2] = [0xff, 0x03];

const PPP_IPV4: u16 = 0x0021;
const PPP_IPV6: u16 = 0x0057;

/// Addresses of Cisco's HDLC: unicast and broadcast.
const HDLC_ADDRESSES: [u8; 2] = [0x0f, 0x8f];

/// A PPP frame, with or without HDLC's address and control field before it; Cisco's
/// HDLC may stand in its place on a serial line.
pub(super) fn frame(input: Input<'_>) -> Option<Link<'_>> {
    if input
        .bytes
        .first()
        .is_some_and(|address| HDLC_ADDRESSES.contains(address))
    {
        return hdlc(input);
    }
    let (ethertype, payload) = packet(input)?;
    Some(typed(ethertype, payload))
}

/// The ethertype of the packet in a PPP frame, and the packet.
pub(super) fn packet(input: Input<'_>) -> Option<(u16, Input<'_>)> {
    let framed = input.bytes.strip_prefix(&ALL_STATIONS);
    protocol(Input::cut(framed.unwrap_or(input.bytes), input.missing))
}

/// ```text
///     1         1         2
/// +---------+---------+-----------+--------
/// | address | control | ethertype | packet
/// +---------+---------+-----------+--------
/// ```
pub(super) fn hdlc(input: Input<'_>) -> Option<Link<'_>> {
    let (_address_and_control, rest) = input.bytes.split_first_chunk::<2>()?;
    let (ethertype, rest) = take_u16(rest)?;
    Some(typed(ethertype, Input::cut(rest, input.missing)))
}

/// Peels the header of a PPP session in Ethernet off.
///
/// ```text
///  4 bits    4 bits    1        2            2
/// +---------+--------+--------+------------+--------+-----
/// | version | type 1 | code 0 | session id | length | PPP
/// +---------+--------+--------+------------+--------+-----
/// ```
///
/// RFC 2516 §4.
pub(super) fn session(input: Input<'_>) -> Option<Peeled<'_>> {
    let (&[0x11, 0, _, _, high, low], rest) = input.bytes.split_first_chunk::<6>()? else {
        return None;
    };
    let length = usize::from(u16::from_be_bytes([high, low]));
    let missing = length.saturating_sub(rest.len()).min(input.missing);
    let framed = Input::cut(rest.get(..length).unwrap_or(rest), missing);
    let (ethertype, packet) = protocol(framed)?;
    Some(Peeled {
        name: "pppoe",
        inner: Inner::Typed(ethertype, packet),
        vlan: None,
    })
}

/// The protocol field, of two bytes or compressed to one (RFC 1661 §6.5), as ethertype.
fn protocol(input: Input<'_>) -> Option<(u16, Input<'_>)> {
    let (&first, behind_first) = input.bytes.split_first()?;
    let (protocol, rest) = if first & 1 == 1 {
        (u16::from(first), behind_first)
    } else {
        take_u16(input.bytes)?
    };
    let ethertype = match protocol {
        PPP_IPV4 => ETHERTYPE_IPV4,
        PPP_IPV6 => ETHERTYPE_IPV6,
        _ => return None,
    };
    Some((ethertype, Input::cut(rest, input.missing)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::LinkType;
    use crate::dissect::link::{Network, parse};
    use crate::dissect::testing::{ethernet, frame};

    const PACKET: &[u8] = &[0x45, 0, 0, 20];

    fn network(link_type: LinkType, header: &[u8]) -> bool {
        let bytes = [header, PACKET].concat();
        let link = parse(&frame(1, link_type, &bytes)).unwrap();
        link.network == Network::Ip(Input::whole(PACKET))
    }

    #[test]
    fn finds_ip_behind_every_form_of_header() {
        for (link_type, header) in [
            (LinkType::Ppp, &[0xff, 3, 0, 0x21][..]),
            (LinkType::Ppp, &[0, 0x21]),
            (LinkType::Ppp, &[0x21]),
            (LinkType::Ppp, &[0xff, 3, 0x57]),
            (LinkType::PppSerial, &[0xff, 3, 0, 0x57]),
            (LinkType::PppSerial, &[0x0f, 0, 8, 0]),
            (LinkType::CiscoHdlc, &[0x8f, 0, 0x86, 0xdd]),
        ] {
            assert!(network(link_type, header), "{link_type:?} {header:x?}");
        }
    }

    #[test]
    fn carries_nothing_else() {
        for (link_type, header) in [
            (LinkType::Ppp, &[0xff, 3, 0xc0, 0x21][..]),
            (LinkType::Ppp, &[0xfd]),
            (LinkType::CiscoHdlc, &[0x0f, 0, 0x80, 0x35]),
            (LinkType::CiscoHdlc, &[]),
        ] {
            assert!(!network(link_type, header), "{link_type:?} {header:x?}");
        }
        for length in 0..3 {
            let link = parse(&frame(1, LinkType::Ppp, &[0xff, 3, 0, 0x21][..length])).unwrap();
            assert_eq!(link.network, Network::Other, "{length}");
        }
    }

    #[test]
    fn opens_sessions_over_ethernet_and_cuts_their_padding_off() {
        let header = [0x11, 0, 0x12, 0x34, 0, 6, 0, 0x21];
        let padded = [&header[..], PACKET, &[0; 30]].concat();
        let whole = Peeled {
            name: "pppoe",
            inner: Inner::Typed(0x0800, Input::whole(PACKET)),
            vlan: None,
        };
        assert_eq!(session(Input::whole(&padded)), Some(whole));
        let framed = ethernet(true, 0x8864, &padded);
        let link = parse(&frame(1, LinkType::Ethernet, &framed)).unwrap();
        assert_eq!(link.network, Network::Pppoe(Input::whole(&padded)));
        let link = parse(&frame(1, LinkType::PppEthernet, &padded)).unwrap();
        assert_eq!(link.network, Network::Pppoe(Input::whole(&padded)));
        // Two bytes were not captured; of ten that were not, only two are its own.
        let cut = Peeled {
            inner: Inner::Typed(0x0800, Input::cut(&PACKET[..2], 2)),
            ..whole
        };
        for missing in [2, 10] {
            assert_eq!(session(Input::cut(&padded[..10], missing)), Some(cut));
        }
        for length in 0..8 {
            assert_eq!(session(Input::whole(&padded[..length])), None, "{length}");
        }
        let discovery = [0x11, 9, 0, 0, 0, 6, 0, 0x21, 1, 2, 3, 4];
        assert_eq!(session(Input::whole(&discovery)), None);
    }
}
