//! Wireless LAN: from an 802.11 frame, and the capture headers before it, to what it
//! carries.
//!
//! IEEE Std 802.11-2020 clause 9.2 (general format), 9.3.2 (data frames, A-MSDU);
//! the tcpdump group's list of link types for the capture headers (radiotap, PPI,
//! Prism, AVS). Encrypted frames, frames without data and all but data frames carry
//! nothing.

use phoneboot_parsers::{Input, MacAddress};

use super::link::{self, Link, logical_link};
use crate::capture::LinkType;

/// Bits of the frame control field's first byte: version, type and subtype.
const VERSION_AND_TYPE: u8 = 0b1111;
const DATA: u8 = 0b1000;
const SUBTYPE_NULL: u8 = 0x40;
const SUBTYPE_QOS: u8 = 0x80;

/// Bits of its second byte.
const TO_DS: u8 = 0x01;
const FROM_DS: u8 = 0x02;
const MORE_FRAGMENTS: u8 = 0x04;
const PROTECTED: u8 = 0x40;
const ORDER: u8 = 0x80;

/// Bit of the `QoS` control field's first byte: an A-MSDU follows.
const AGGREGATE: u8 = 0x80;

/// Length of the frame check sequence, in bytes.
const CHECK_SEQUENCE: usize = 4;

/// What a capture header tells about the 802.11 frame behind it.
#[derive(Debug, Clone, Copy, Default)]
struct Radio {
    /// The frame check sequence stands at the frame's end.
    has_check_sequence: bool,
    /// The header is padded to a multiple of four bytes.
    is_padded: bool,
}

/// Whether frames of this link type are wireless.
pub(super) fn is_wireless(link_type: LinkType) -> bool {
    matches!(
        link_type,
        LinkType::Wireless
            | LinkType::WirelessPrism
            | LinkType::WirelessRadiotap
            | LinkType::WirelessAvs
            | LinkType::Ppi
    )
}

/// Gives what a wireless frame carries: nothing, one packet, or those of an A-MSDU.
pub(super) fn links<'a>(link_type: LinkType, input: Input<'a>, give: &mut dyn FnMut(&Link<'a>)) {
    let found = match link_type {
        LinkType::WirelessRadiotap => radiotap(input),
        LinkType::WirelessPrism => prism(input),
        LinkType::WirelessAvs => avs(input),
        LinkType::Ppi => ppi(input),
        _ => Some((Radio::default(), input)),
    };
    if let Some((radio, frame)) = found {
        data_frame(radio, frame, give);
    } else if link_type == LinkType::Ppi
        && let Some(link) = ppi_ethernet(input)
    {
        give(&link);
    }
}

/// PPI with an Ethernet frame in it, as mirrors of some access points send it.
fn ppi_ethernet(input: Input<'_>) -> Option<Link<'_>> {
    let (&[_, _, low, high, kind @ ..], _) = input.bytes.split_first_chunk::<8>()?;
    if LinkType::from_number(u32::from_le_bytes(kind)) != LinkType::Ethernet {
        return None;
    }
    let length = usize::from(u16::from_le_bytes([low, high]));
    link::ethernet(behind(input, length)?)
}

/// Gives what an 802.11 frame without a capture header carries.
pub(super) fn bare<'a>(input: Input<'a>, give: &mut dyn FnMut(&Link<'a>)) {
    data_frame(Radio::default(), input, give);
}

/// ```text
///     1         1        2         4 x n      …
/// +---------+-------+--------+-----------+--------+--------------
/// | version | (pad) | length | present   | fields | 802.11 frame
/// +---------+-------+--------+-----------+--------+--------------
/// ```
///
/// All little-endian. Bit 31 of a word of `present` says that another one follows; bit
/// 0 of the first stands for the time stamp (8 bytes), bit 1 for the flags (1 byte).
fn radiotap(input: Input<'_>) -> Option<(Radio, Input<'_>)> {
    const HAS_TIME: u32 = 1;
    const HAS_FLAGS: u32 = 1 << 1;
    const MORE: u32 = 1 << 31;
    const FLAG_CHECK_SEQUENCE: u8 = 0x10;
    const FLAG_PADDED: u8 = 0x20;

    let (&[0, _, low, high], rest) = input.bytes.split_first_chunk::<4>()? else {
        return None;
    };
    let length = usize::from(u16::from_le_bytes([low, high]));
    let header = input.bytes.get(..length)?;
    let (words, _) = rest.as_chunks::<4>();
    let present = u32::from_le_bytes(*words.first()?);
    let n_words = 1 + words
        .iter()
        .position(|word| u32::from_le_bytes(*word) & MORE == 0)?;
    let flags = (present & HAS_FLAGS != 0)
        .then(|| {
            let fields = 4 + 4 * n_words;
            let at = if present & HAS_TIME == 0 {
                fields
            } else {
                // Fields stand at multiples of their size.
                fields.next_multiple_of(8) + 8
            };
            header.get(at).copied()
        })
        .flatten()
        .unwrap_or_default();
    let radio = Radio {
        has_check_sequence: flags & FLAG_CHECK_SEQUENCE != 0,
        is_padded: flags & FLAG_PADDED != 0,
    };
    Some((radio, behind(input, length)?))
}

/// ```text
///     1         1        2           4            …
/// +---------+-------+--------+-----------+----------------+------
/// | version | flags | length | link type | tagged fields  | frame
/// +---------+-------+--------+-----------+----------------+------
/// ```
///
/// Little-endian, after the PPI specification of CACE Technologies. `None` for other link
/// types than 802.11.
fn ppi(input: Input<'_>) -> Option<(Radio, Input<'_>)> {
    const COMMON: [u8; 2] = [2, 0];

    let (&[_, _, low, high, kind @ ..], fields) = input.bytes.split_first_chunk::<8>()?;
    if LinkType::from_number(u32::from_le_bytes(kind)) != LinkType::Wireless {
        return None;
    }
    let length = usize::from(u16::from_le_bytes([low, high]));
    // 802.11-Common (type 2) mostly comes first: TSF timer (8 bytes), flags, …
    let has_check_sequence = match fields.split_first_chunk::<12>() {
        Some((&[k0, k1, _, _, _, _, _, _, _, _, _, _], &[flags, ..])) => {
            [k0, k1] == COMMON && flags & 1 == 1
        }
        _ => false,
    };
    let radio = Radio {
        has_check_sequence,
        is_padded: false,
    };
    Some((radio, behind(input, length)?))
}

/// A message code and the header's length (4 bytes each, in the byte order of the
/// capturing host), then the device's name and its values. Drivers put an AVS header
/// under the same link type.
fn prism(input: Input<'_>) -> Option<(Radio, Input<'_>)> {
    let (code, rest) = input.bytes.split_first_chunk::<4>()?;
    if u32::from_be_bytes(*code) >> 12 == AVS_MAGIC >> 12 {
        return avs(input);
    }
    let length = rest.first_chunk::<4>()?;
    // The smaller of both readings is the length: no header has 16 million bytes.
    let length = u32::from_le_bytes(*length).min(u32::from_be_bytes(*length));
    let frame = behind(input, usize::try_from(length).ok()?)?;
    Some((Radio::default(), frame))
}

/// Its lower 12 bits are the version.
const AVS_MAGIC: u32 = 0x8021_1000;

/// Magic number and length (4 bytes each, big-endian), then values.
fn avs(input: Input<'_>) -> Option<(Radio, Input<'_>)> {
    let (magic, rest) = input.bytes.split_first_chunk::<4>()?;
    if u32::from_be_bytes(*magic) >> 12 != AVS_MAGIC >> 12 {
        return None;
    }
    let length = u32::from_be_bytes(*rest.first_chunk::<4>()?);
    let frame = behind(input, usize::try_from(length).ok()?)?;
    Some((Radio::default(), frame))
}

fn behind(input: Input<'_>, length: usize) -> Option<Input<'_>> {
    Some(Input::cut(input.bytes.get(length..)?, input.missing))
}

/// ```text
///  2 bytes         2          6     6     6     2                6      2      4
/// +---------------+----------+-----+-----+-----+----------+-----+-----+-----+------
/// | frame control | duration | a1  | a2  | a3  | sequence | (a4)|(QoS)|(HTC)| LLC …
/// +---------------+----------+-----+-----+-----+----------+-----+-----+-----+------
/// ```
///
/// Clause 9.3.2.1. The fourth address stands there with both DS bits, the `QoS` control
/// field in `QoS` data frames, and the HT control field where those have the order bit.
fn data_frame<'a>(radio: Radio, input: Input<'a>, give: &mut dyn FnMut(&Link<'a>)) {
    if let Some((header, body)) = header(radio, input) {
        if header.aggregate {
            each_subframe(body, give);
        } else if let Some(link) = llc(header.source, header.destination, body) {
            give(&link);
        }
    }
}

struct Header {
    source: MacAddress,
    destination: MacAddress,
    aggregate: bool,
}

/// The header's addresses, and what follows it; `None` when that is no readable data.
fn header(radio: Radio, input: Input<'_>) -> Option<(Header, Input<'_>)> {
    const FOURTH_ADDRESS: usize = 24;

    let input = without_check_sequence(radio, input);
    let fixed = input.bytes.first_chunk::<24>()?;
    let &[first, second, ..] = fixed;
    // Cisco's access points swap the two bytes in tunnels to their controller.
    let [kind, flags] = if first & VERSION_AND_TYPE == DATA {
        [first, second]
    } else {
        [second, first]
    };
    if kind & VERSION_AND_TYPE != DATA || kind & SUBTYPE_NULL != 0 || flags & PROTECTED != 0 {
        return None;
    }
    let [_, number @ ..] = fixed.last_chunk::<3>()?;
    let is_later_fragment = number.first()? & 0x0f != 0;
    if is_later_fragment || flags & MORE_FRAGMENTS != 0 {
        return None;
    }
    let address = |at| {
        let bytes: &[u8; 6] = input.bytes.get(at..)?.first_chunk()?;
        Some(MacAddress(*bytes))
    };
    let (destination, source) = match flags & (TO_DS | FROM_DS) {
        0 => (address(4)?, address(10)?),
        TO_DS => (address(16)?, address(10)?),
        FROM_DS => (address(4)?, address(16)?),
        _ => (address(16)?, address(FOURTH_ADDRESS)?),
    };
    let mut length = FOURTH_ADDRESS;
    if flags & (TO_DS | FROM_DS) == TO_DS | FROM_DS {
        length += 6;
    }
    let mut aggregate = false;
    if kind & SUBTYPE_QOS != 0 {
        aggregate = input.bytes.get(length)? & AGGREGATE != 0;
        length += 2;
        if flags & ORDER != 0 {
            length += 4;
        }
    }
    if radio.is_padded {
        length = length.next_multiple_of(4);
    }
    let header = Header {
        source,
        destination,
        aggregate,
    };
    Some((header, behind(input, length)?))
}

fn without_check_sequence(radio: Radio, input: Input<'_>) -> Input<'_> {
    if !radio.has_check_sequence {
        return input;
    }
    let from_captured = CHECK_SEQUENCE.saturating_sub(input.missing);
    let kept = input.bytes.len().saturating_sub(from_captured);
    Input::cut(
        input.bytes.get(..kept).unwrap_or_default(),
        input.missing.saturating_sub(CHECK_SEQUENCE),
    )
}

/// ```text
///  6 bytes      6        2
/// +-------------+--------+--------+-------+-----------------------
/// | destination | source | length | LLC … | padding to four bytes
/// +-------------+--------+--------+-------+-----------------------
/// ```
///
/// Clause 9.3.2.2.
fn each_subframe<'a>(body: Input<'a>, give: &mut dyn FnMut(&Link<'a>)) {
    const HEADER: usize = 14;

    let mut rest = body.bytes;
    while let Some((destination, behind)) = rest.split_first_chunk::<6>()
        && let Some((source, behind)) = behind.split_first_chunk::<6>()
        && let Some((length, behind)) = behind.split_first_chunk::<2>()
    {
        let length = usize::from(u16::from_be_bytes(*length));
        let missing = length.saturating_sub(behind.len()).min(body.missing);
        let bytes = behind.get(..length).unwrap_or(behind);
        let carried = Input::cut(bytes, missing);
        if let Some(link) = llc(MacAddress(*source), MacAddress(*destination), carried) {
            give(&link);
        }
        let whole = (HEADER + length).next_multiple_of(4);
        rest = rest.get(whole..).unwrap_or_default();
    }
}

fn llc(source: MacAddress, destination: MacAddress, body: Input<'_>) -> Option<Link<'_>> {
    let length = body.bytes.len().saturating_add(body.missing);
    let network = logical_link(body, u16::try_from(length).ok()?);
    Some(Link::between(source, destination, network))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dissect::Dissector;
    use crate::dissect::link::Network;
    use crate::dissect::testing::{
        PHONE, PHONE_MAC, SERVER, SERVER_MAC, frame, ipv4, read_request, udp,
    };

    const ACCESS_POINT: [u8; 6] = [0x02, 0, 0, 0, 0, 9];
    const OTHER_POINT: [u8; 6] = [0x02, 0, 0, 0, 0, 8];

    /// LLC and SNAP of IPv4, and four bytes of it.
    const BODY: &[u8] = &[0xaa, 0xaa, 3, 0, 0, 0, 8, 0, 0x45, 0, 0, 20];

    /// An 802.11 header with these addresses, and what follows it.
    fn wlan(control: [u8; 2], addresses: [[u8; 6]; 3], rest: &[&[u8]]) -> Vec<u8> {
        let mut bytes = [&control[..], &[0, 0], &addresses.concat(), &[0x10, 0x20]].concat();
        bytes.extend(rest.concat());
        bytes
    }

    /// Who sends what to whom, of every packet in an 802.11 frame.
    fn carried(link_type: LinkType, input: Input<'_>) -> Vec<(MacAddress, MacAddress, usize)> {
        let mut found = Vec::new();
        links(link_type, input, &mut |link| {
            let (Some(source), Some(destination)) = (link.source, link.destination) else {
                panic!("no addresses");
            };
            if let Network::Ip(packet) = &link.network {
                found.push((source, destination, packet.bytes.len()));
            }
        });
        found
    }

    fn bare_frame(bytes: &[u8]) -> Vec<(MacAddress, MacAddress, usize)> {
        carried(LinkType::Wireless, Input::whole(bytes))
    }

    fn up(length: usize) -> (MacAddress, MacAddress, usize) {
        (MacAddress(PHONE_MAC), MacAddress(SERVER_MAC), length)
    }

    #[test]
    fn tells_who_sends_to_whom_by_the_ds_bits() {
        for (control, addresses, rest) in [
            (
                [0x08, 0x00],
                [SERVER_MAC, PHONE_MAC, ACCESS_POINT],
                vec![BODY],
            ),
            (
                [0x08, 0x01],
                [ACCESS_POINT, PHONE_MAC, SERVER_MAC],
                vec![BODY],
            ),
            (
                [0x08, 0x02],
                [SERVER_MAC, ACCESS_POINT, PHONE_MAC],
                vec![BODY],
            ),
            (
                [0x08, 0x03],
                [ACCESS_POINT, OTHER_POINT, SERVER_MAC],
                vec![&PHONE_MAC[..], BODY],
            ),
            // Retry, power management and more data.
            (
                [0x08, 0x39],
                [ACCESS_POINT, PHONE_MAC, SERVER_MAC],
                vec![BODY],
            ),
            // QoS control, and an HT control field with the order bit.
            (
                [0x88, 0x01],
                [ACCESS_POINT, PHONE_MAC, SERVER_MAC],
                vec![&[6, 0][..], BODY],
            ),
            (
                [0x88, 0x81],
                [ACCESS_POINT, PHONE_MAC, SERVER_MAC],
                vec![&[6, 0, 1, 2, 3, 4][..], BODY],
            ),
            (
                [0x88, 0x03],
                [ACCESS_POINT, OTHER_POINT, SERVER_MAC],
                vec![&PHONE_MAC[..], &[6, 0], BODY],
            ),
            // With the control field's bytes swapped.
            (
                [0x01, 0x08],
                [ACCESS_POINT, PHONE_MAC, SERVER_MAC],
                vec![BODY],
            ),
        ] {
            let frame = wlan(control, addresses, &rest);
            assert_eq!(bare_frame(&frame), [up(4)], "{control:x?}");
        }
    }

    #[test]
    fn takes_nothing_out_of_other_frames() {
        let addresses = [ACCESS_POINT, PHONE_MAC, SERVER_MAC];
        for control in [
            [0x80, 0x00], // beacon
            [0xd4, 0x00], // acknowledgement
            [0x48, 0x01], // no data
            [0xc8, 0x01], // QoS, no data
            [0x08, 0x41], // encrypted
            [0x08, 0x05], // more fragments
            [0x09, 0x01], // a later version
        ] {
            assert_eq!(
                bare_frame(&wlan(control, addresses, &[BODY])),
                [],
                "{control:x?}"
            );
        }
        let mut later_fragment = wlan([0x08, 0x01], addresses, &[BODY]);
        later_fragment[22] = 0x11;
        assert_eq!(bare_frame(&later_fragment), []);
        let whole = wlan([0x88, 0x81], addresses, &[&[6, 0, 1, 2, 3, 4], BODY]);
        for length in 0..whole.len() - 4 {
            assert_eq!(bare_frame(&whole[..length]), [], "{length}");
        }
    }

    #[test]
    fn opens_aggregates() {
        let subframe = |body: &[u8], padding: usize| {
            let length = u16::try_from(body.len()).unwrap().to_be_bytes();
            [
                &SERVER_MAC[..],
                &PHONE_MAC,
                &length,
                body,
                &vec![0; padding],
            ]
            .concat()
        };
        let longer = [BODY, &[1]].concat();
        let subframes = [subframe(&longer, 1), subframe(BODY, 2), subframe(BODY, 0)].concat();
        let addresses = [ACCESS_POINT, PHONE_MAC, ACCESS_POINT];
        let whole = wlan([0x88, 0x01], addresses, &[&[0x80, 0], &subframes]);
        assert_eq!(bare_frame(&whole), [up(5), up(4), up(4)]);
        let cut = Input::cut(&whole[..whole.len() - 2], 2);
        assert_eq!(carried(LinkType::Wireless, cut), [up(5), up(4), up(2)]);
    }

    #[test]
    fn opens_ethernet_in_ppi() {
        let mut frame = vec![0, 0, 8, 0, 1, 0, 0, 0];
        frame.extend(crate::dissect::testing::ethernet(true, 0x0800, BODY));
        let mut sources = Vec::new();
        links(LinkType::Ppi, Input::whole(&frame), &mut |link| {
            sources.push(link.source);
        });
        assert_eq!(sources, [Some(MacAddress(PHONE_MAC))]);
    }

    #[test]
    fn reads_capture_headers() {
        let addresses = [ACCESS_POINT, PHONE_MAC, SERVER_MAC];
        let data = wlan([0x08, 0x01], addresses, &[BODY]);
        let qos_padded = wlan([0x88, 0x01], addresses, &[&[6, 0], &[0, 0], BODY]);
        let check = [0xde, 0xad, 0xbe, 0xef];
        let ppi = [
            &[0, 0, 28, 0, 105, 0, 0, 0][..],
            &[2, 0, 20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0],
        ]
        .concat();
        let prism = [&[0x44, 0, 0, 0, 144, 0, 0, 0][..], &[0; 136]].concat();
        let prism_big = [&[0, 0, 0, 0x44, 0, 0, 0, 144][..], &[0; 136]].concat();
        let avs = [&[0x80, 0x21, 0x10, 0x01, 0, 0, 0, 64][..], &[0; 56]].concat();
        let radiotap = LinkType::WirelessRadiotap;
        for (link_type, frame) in [
            // Nothing said, time stamp and flags, flags alone, two words of presence.
            (radiotap, [&[0, 0, 8, 0, 0, 0, 0, 0][..], &data].concat()),
            (
                radiotap,
                [
                    &[0, 0, 17, 0, 3, 0, 0, 0][..],
                    &[1, 2, 3, 4, 5, 6, 7, 8, 0x10],
                    &data,
                    &check,
                ]
                .concat(),
            ),
            (
                radiotap,
                [&[0, 0, 9, 0, 2, 0, 0, 0, 0x20][..], &qos_padded].concat(),
            ),
            (
                radiotap,
                [
                    &[0, 0, 13, 0, 2, 0, 0, 0x80, 0, 0, 0, 0, 0x10][..],
                    &data,
                    &check,
                ]
                .concat(),
            ),
            (LinkType::Ppi, [&ppi[..], &data, &check].concat()),
            (LinkType::WirelessPrism, [&prism[..], &data].concat()),
            (LinkType::WirelessPrism, [&prism_big[..], &data].concat()),
            (LinkType::WirelessPrism, [&avs[..], &data].concat()),
            (LinkType::WirelessAvs, [&avs[..], &data].concat()),
        ] {
            let input = Input::whole(&frame);
            assert_eq!(carried(link_type, input), [up(4)], "{frame:x?}");
            for length in 0..frame.len() - 8 {
                let cut = Input::cut(&frame[..length], frame.len() - length);
                for (.., captured) in carried(link_type, cut) {
                    assert!(captured < 4, "{length}");
                }
            }
        }
        let ethernet = [&[0, 0, 8, 0, 1, 0, 0, 0][..], &data].concat();
        assert_eq!(carried(LinkType::Ppi, Input::whole(&ethernet)), []);
        assert_eq!(carried(LinkType::WirelessAvs, Input::whole(&prism)), []);
        // No word of presence is the last.
        let endless = [&[0, 0, 8, 0][..], &[0xff; 40]].concat();
        assert_eq!(carried(radiotap, Input::whole(&endless)), []);
    }

    #[test]
    fn a_check_sequence_that_was_cut_off_is_not_missing() {
        let data = wlan([0x08, 0x01], [ACCESS_POINT, PHONE_MAC, SERVER_MAC], &[BODY]);
        let header = [0, 0, 9, 0, 2, 0, 0, 0, 0x10];
        for (kept, missing, expected) in [(0, 4, 0), (1, 3, 0), (0, 6, 2)] {
            let frame = [&header[..], &data, &[7; 4][..kept]].concat();
            let input = Input::cut(&frame, missing);
            links(LinkType::WirelessRadiotap, input, &mut |link| {
                let Network::Ip(packet) = &link.network else {
                    panic!("{link:?}");
                };
                assert_eq!((packet.bytes.len(), packet.missing), (4, expected));
            });
        }
    }

    #[test]
    fn a_phone_on_a_wireless_lan_is_heard() {
        let packet = ipv4(17, PHONE, SERVER, 0, &udp(2000, 69, &read_request("a")));
        let foreign = ipv4(17, PHONE, SERVER, 0, &udp(2000, 3000, &[0x80; 20]));
        let snap = [0xaa, 0xaa, 3, 0, 0, 0, 8, 0];
        let addresses = [ACCESS_POINT, PHONE_MAC, SERVER_MAC];
        for (packet, expected) in [(&packet, 1), (&foreign, 0)] {
            let bytes = wlan([0x08, 0x01], addresses, &[&snap, packet]);
            let mut given = 0;
            Dissector::new().frame(&frame(1, LinkType::Wireless, &bytes), &mut |dissected| {
                assert_eq!(dissected.source.mac, Some(MacAddress(PHONE_MAC)));
                given += 1;
            });
            assert_eq!(given, expected);
        }
    }
}
