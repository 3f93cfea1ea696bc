//! The network layer: from an IP header to what the packet carries, or to the
//! fragment that it is.
//!
//! RFC 791 (IPv4), RFC 8200 (IPv6 and its extension headers), RFC 4302
//! (authentication header). etherparse reads the headers; what this file adds is
//! how many bytes of the packet the capture left out.

use std::net::IpAddr;

use etherparse::{
    IpNumber, Ipv6ExtensionSlice, Ipv6ExtensionsSlice, LaxIpSlice, LaxIpv4Slice, LaxIpv6Slice,
};
use phoneboot_parsers::Input;

use super::fragments::{DatagramId, Fragment};

/// An IP packet.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Packet<'a> {
    pub(super) source: IpAddr,
    pub(super) destination: IpAddr,
    /// Time to live, or hop limit.
    pub(super) hop_limit: u8,
    pub(super) carried: Carried<'a>,
}

/// What an IP packet carries.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Carried<'a> {
    /// A whole payload, and the number of its protocol.
    Whole(IpNumber, Input<'a>),
    /// Part of one.
    Fragment(FragmentPart<'a>),
}

/// A fragment without its packet's addresses.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct FragmentPart<'a> {
    pub(super) protocol: IpNumber,
    pub(super) identification: u32,
    pub(super) offset: etherparse::IpFragOffset,
    pub(super) more_fragments: bool,
    pub(super) input: Input<'a>,
}

/// Reads a packet from its IP header on. `None` when the header itself is not
/// whole or not IP.
pub(super) fn parse(input: Input<'_>) -> Option<Packet<'_>> {
    match LaxIpSlice::from_slice(input.bytes).ok()?.0 {
        LaxIpSlice::Ipv4(ip) => Some(ipv4(&ip, input)),
        LaxIpSlice::Ipv6(ip) => Some(ipv6(&ip, input)),
    }
}

/// Skips the extension headers that an IPv6 datagram put together from fragments
/// begins with.
pub(super) fn behind_extensions(protocol: IpNumber, input: Input<'_>) -> (IpNumber, Input<'_>) {
    let (_, protocol, rest, _) = Ipv6ExtensionsSlice::from_slice_lax(protocol, input.bytes);
    (protocol, Input::cut(rest, input.missing))
}

impl<'a> FragmentPart<'a> {
    /// The fragment, once the packet's addresses are known.
    pub(super) fn of(&self, source: IpAddr, destination: IpAddr) -> Fragment<'a> {
        let protocol = if source.is_ipv4() { self.protocol.0 } else { 0 };
        Fragment {
            id: DatagramId {
                source,
                destination,
                protocol,
                identification: self.identification,
            },
            protocol: self.protocol,
            offset: self.offset,
            more_fragments: self.more_fragments,
            bytes: self.input.bytes,
            missing: self.input.missing,
        }
    }
}

fn ipv4<'a>(ip: &LaxIpv4Slice<'a>, input: Input<'a>) -> Packet<'a> {
    let header = ip.header();
    let payload = ip.payload();
    let announced = usize::from(header.total_len());
    let missing = if announced < header.slice().len() {
        // Zero where the network card cuts a large packet into segments only
        // after it was captured.
        input.missing
    } else {
        missing_bytes(announced, input)
    };
    let input = Input::cut(payload.payload, missing);
    let carried = if payload.fragmented {
        Carried::Fragment(FragmentPart {
            protocol: payload.ip_number,
            identification: u32::from(header.identification()),
            offset: header.fragments_offset(),
            more_fragments: header.more_fragments(),
            input,
        })
    } else {
        Carried::Whole(payload.ip_number, input)
    };
    Packet {
        source: header.source_addr().into(),
        destination: header.destination_addr().into(),
        hop_limit: header.ttl(),
        carried,
    }
}

fn ipv6<'a>(ip: &LaxIpv6Slice<'a>, input: Input<'a>) -> Packet<'a> {
    const HEADER_LENGTH: usize = 40;

    let header = ip.header();
    let payload = ip.payload();
    let missing = match usize::from(header.payload_length()) {
        0 => input.missing,
        announced => missing_bytes(HEADER_LENGTH.saturating_add(announced), input),
    };
    // What follows a fragment header belongs to the datagram and not to the
    // packet: only the headers up to it are walked through. etherparse's iterator
    // takes a header that the packet ends in for whole, so it is not asked beyond
    // the headers that are.
    let mut walked = HEADER_LENGTH;
    let mut fragment = None;
    let extensions_end = HEADER_LENGTH.saturating_add(ip.extensions().slice().len());
    let mut extensions = ip.extensions().clone().into_iter();
    while walked < extensions_end
        && let Some(extension) = extensions.next()
    {
        let length = match &extension {
            Ipv6ExtensionSlice::HopByHop(slice)
            | Ipv6ExtensionSlice::Routing(slice)
            | Ipv6ExtensionSlice::DestinationOptions(slice) => slice.slice().len(),
            Ipv6ExtensionSlice::Fragment(slice) => slice.slice().len(),
            Ipv6ExtensionSlice::Authentication(slice) => slice.slice().len(),
        };
        walked = walked.saturating_add(length);
        if let Ipv6ExtensionSlice::Fragment(slice) = extension
            && slice.is_fragmenting_payload()
        {
            fragment = Some(slice);
            break;
        }
    }
    let carried = match fragment {
        None => Carried::Whole(payload.ip_number, Input::cut(payload.payload, missing)),
        Some(fragment) => {
            let end = extensions_end.saturating_add(payload.payload.len());
            let bytes = input.bytes.get(walked..end).unwrap_or_default();
            Carried::Fragment(FragmentPart {
                protocol: fragment.next_header(),
                identification: fragment.identification(),
                offset: fragment.fragment_offset(),
                more_fragments: fragment.more_fragments(),
                input: Input::cut(bytes, missing),
            })
        }
    };
    Packet {
        source: header.source_addr().into(),
        destination: header.destination_addr().into(),
        hop_limit: header.hop_limit(),
        carried,
    }
}

/// How many of the bytes that a header announces the capture left out. A header
/// that announces more than was on the wire is its sender's fault, and nothing is
/// missing.
fn missing_bytes(announced: usize, input: Input<'_>) -> usize {
    announced
        .saturating_sub(input.bytes.len())
        .min(input.missing)
}

#[cfg(test)]
mod tests {
    use etherparse::ip_number;

    use super::*;
    use crate::dissect::testing::{PHONE, SERVER, ipv4, ipv6};

    fn carried(input: Input<'_>) -> Carried<'_> {
        parse(input).unwrap().carried
    }

    fn udp(input: Input<'_>) -> Carried<'_> {
        Carried::Whole(ip_number::UDP, input)
    }

    #[test]
    fn reads_addresses_and_hop_limit() {
        let bytes = ipv4(17, PHONE, SERVER, 0, b"payload");
        let packet = Packet {
            source: PHONE.into(),
            destination: SERVER.into(),
            hop_limit: 64,
            carried: udp(Input::whole(b"payload")),
        };
        assert_eq!(parse(Input::whole(&bytes)), Some(packet));
        let bytes = ipv6(17, b"payload");
        let packet = Packet {
            source: "2001:db8::1".parse().unwrap(),
            destination: "2001:db8::2".parse().unwrap(),
            hop_limit: 63,
            carried: udp(Input::whole(b"payload")),
        };
        assert_eq!(parse(Input::whole(&bytes)), Some(packet));
    }

    #[test]
    fn cuts_padding_off() {
        for packet in [ipv4(17, PHONE, SERVER, 0, b"payload"), ipv6(17, b"payload")] {
            let padded = [&packet[..], &[0; 19]].concat();
            assert_eq!(
                carried(Input::whole(&padded)),
                udp(Input::whole(b"payload"))
            );
        }
    }

    #[test]
    fn counts_what_a_snap_length_cut_off() {
        for packet in [ipv4(17, PHONE, SERVER, 0, b"payload"), ipv6(17, b"payload")] {
            let cut = Input::cut(&packet[..packet.len() - 3], 3);
            assert_eq!(carried(cut), udp(Input::cut(b"payl", 3)));
            // Padding behind the packet is no part of what is missing.
            let cut = Input::cut(&packet[..packet.len() - 3], 13);
            assert_eq!(carried(cut), udp(Input::cut(b"payl", 3)));
            // Nothing was cut off: the length is wrong.
            let lying = Input::whole(&packet[..packet.len() - 3]);
            assert_eq!(carried(lying), udp(Input::whole(b"payl")));
        }
    }

    #[test]
    fn takes_everything_where_the_length_is_zero() {
        let mut v4 = ipv4(17, PHONE, SERVER, 0, b"payload");
        v4[2..4].fill(0);
        let mut v6 = ipv6(17, b"payload");
        v6[4..6].fill(0);
        for packet in [v4, v6] {
            assert_eq!(
                carried(Input::cut(&packet, 5)),
                udp(Input::cut(b"payload", 5))
            );
        }
    }

    #[test]
    fn walks_through_extension_headers() {
        let hop_by_hop = [60, 0, 5, 2, 0, 0, 1, 0];
        let destination_options = [17, 0, 1, 4, 0, 0, 0, 0];
        let payload = [&hop_by_hop[..], &destination_options, b"payload"].concat();
        let bytes = ipv6(0, &payload);
        assert_eq!(carried(Input::whole(&bytes)), udp(Input::whole(b"payload")));
    }

    #[test]
    fn takes_an_ipv6_fragment_from_behind_its_header() {
        // Not the first: what looks like destination options is in its middle.
        let inside = [17, 0, 1, 4, 0, 0, 0, 0];
        let payload = [&[60, 0, 0x00, 0x11, 0, 0, 0, 7][..], &inside].concat();
        let bytes = ipv6(44, &payload);
        let part = FragmentPart {
            protocol: ip_number::IPV6_DEST_OPTIONS,
            identification: 7,
            offset: etherparse::IpFragOffset::try_new(2).unwrap(),
            more_fragments: true,
            input: Input::whole(&inside),
        };
        assert_eq!(carried(Input::whole(&bytes)), Carried::Fragment(part));
        // An atomic fragment (RFC 6946) is whole.
        let payload = [&[17, 0, 0, 0, 0, 0, 0, 7][..], b"payload"].concat();
        let bytes = ipv6(44, &payload);
        assert_eq!(carried(Input::whole(&bytes)), udp(Input::whole(b"payload")));
    }

    #[test]
    fn stops_before_an_extension_header_that_is_not_whole() {
        // Hop-by-hop options that announce each other extension header, and nothing there.
        for next in [43, 44, 51, 60] {
            let bytes = ipv6(0, &[next, 0, 1, 4, 0, 0, 0, 0]);
            let packet = parse(Input::whole(&bytes)).unwrap();
            assert_eq!(
                packet.carried,
                Carried::Whole(IpNumber(next), Input::whole(&[]))
            );
        }
    }

    #[test]
    fn reads_no_header_that_is_not_whole() {
        let v4 = ipv4(17, PHONE, SERVER, 0, b"");
        let v6 = ipv6(17, b"");
        for packet in [v4, v6] {
            for length in 0..packet.len() {
                assert_eq!(parse(Input::cut(&packet[..length], 9)), None);
            }
        }
        assert_eq!(parse(Input::whole(&[0x15; 60])), None);
    }
}
