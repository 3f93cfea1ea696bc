//! Encapsulations: from the header that a mirror, tunnel or access line put before
//! a frame to that frame.
//!
//! GRE (RFC 2784, RFC 2890; PPTP's form, RFC 2637; `EoIP`, which is `MikroTik`'s own),
//! ERSPAN type I, II and III (draft-foschiano-erspan-03), IP in IP (RFC 2003,
//! RFC 4213), VXLAN (RFC 7348, and its generic extension), Geneve (RFC 8926), TZSP (as
//! Wireshark's packet-tzsp.c describes it), CAPWAP data (RFC 5415), MPLS (RFC 3032) and Ethernet pseudowires over it (RFC 4448).
//!
//! Each peels one layer off; the dissector goes on with what is inside, up to
//! [`MAX_NESTING`]. A header that was not captured whole carries nothing. Left out:
//! GRE with source routes, CAPWAP fragments, and whatever is encrypted.

use phoneboot_parsers::Input;

use super::link::{ETHERTYPE_IPV4, ETHERTYPE_IPV6, ETHERTYPE_MPLS, take_u16};
use super::ppp;

/// Layers that are peeled off one frame. Mirrors of tunnels stack two or three; more
/// is a frame made to waste time.
pub(super) const MAX_NESTING: u8 = 4;

/// One layer, taken off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Peeled<'a> {
    /// What the layer is called in reports.
    pub(super) name: &'static str,
    pub(super) inner: Inner<'a>,
    /// VLAN id that the layer took out of the frame and tells in its own header.
    pub(super) vlan: Option<u16>,
}

/// What stood behind the layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Inner<'a> {
    /// An Ethernet frame.
    Ethernet(Input<'a>),
    /// An 802.11 frame.
    Wireless(Input<'a>),
    /// What follows this ethertype.
    Typed(u16, Input<'a>),
}

const PROTOCOL_IPV4: u8 = 4;
const PROTOCOL_IPV6: u8 = 41;
const PROTOCOL_GRE: u8 = 47;

const PORT_VXLAN: u16 = 4789;
/// Where Linux sends VXLAN when it is not told otherwise.
const PORT_LINUX_VXLAN: u16 = 8472;
const PORT_VXLAN_GPE: u16 = 4790;
const PORT_CAPWAP_DATA: u16 = 5247;
const PORT_GENEVE: u16 = 6081;
const PORT_TZSP: u16 = 37_008;

/// Transparent Ethernet bridging (RFC 1701, used by NVGRE and Geneve too).
const TYPE_ETHERNET: u16 = 0x6558;
/// 802.11 frames between an Aruba access point and its controller.
const TYPE_ARUBA: u16 = 0x8200;
const TYPE_EOIP: u16 = 0x6400;
const TYPE_PPP: u16 = 0x880b;
const TYPE_ERSPAN: u16 = 0x88be;
const TYPE_ERSPAN_III: u16 = 0x22eb;

/// IP protocols that carry frames or packets.
pub(super) fn is_protocol(protocol: u8) -> bool {
    matches!(protocol, PROTOCOL_IPV4 | PROTOCOL_IPV6 | PROTOCOL_GRE)
}

/// Peels what an IP packet of this protocol carries.
pub(super) fn behind_ip(protocol: u8, payload: Input<'_>) -> Option<Peeled<'_>> {
    match protocol {
        PROTOCOL_GRE => gre(payload),
        PROTOCOL_IPV4 => Some(typed("ip-in-ip", ETHERTYPE_IPV4, payload)),
        PROTOCOL_IPV6 => Some(typed("6in4", ETHERTYPE_IPV6, payload)),
        _ => None,
    }
}

/// Peels what a UDP datagram between these ports carries. `None` when the port is no
/// tunnel's, or is one by chance: the headers say what they are.
pub(super) fn behind_udp(ports: [u16; 2], payload: Input<'_>) -> Option<Peeled<'_>> {
    let [source, destination] = ports;
    match destination {
        PORT_VXLAN | PORT_LINUX_VXLAN => vxlan(payload),
        PORT_VXLAN_GPE => vxlan_gpe(payload),
        PORT_GENEVE => geneve(payload),
        PORT_TZSP => tzsp(payload),
        _ if destination == PORT_CAPWAP_DATA || source == PORT_CAPWAP_DATA => capwap(payload),
        _ => None,
    }
}

fn typed<'a>(name: &'static str, ethertype: u16, input: Input<'a>) -> Peeled<'a> {
    let inner = match ethertype {
        TYPE_ETHERNET => Inner::Ethernet(input),
        _ => Inner::Typed(ethertype, input),
    };
    Peeled {
        name,
        inner,
        vlan: None,
    }
}

fn ethernet<'a>(name: &'static str, input: Input<'a>) -> Peeled<'a> {
    typed(name, TYPE_ETHERNET, input)
}

/// What follows the first `length` bytes; `None` when those are not all there.
fn skip(input: Input<'_>, length: usize) -> Option<Input<'_>> {
    let rest = input.bytes.get(length..)?;
    Some(Input::cut(rest, input.missing))
}

/// ```text
///  0                   1                   2                   3
///  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
/// +-+-+-+-+-----------------+-----+-------------------------------+
/// |C|R|K|S|    (reserved)   | Ver |         Protocol Type         |
/// +-+-+-+-+-----------------+-----+-------------------------------+
/// |  Checksum, if C is set        |          (reserved)           |
/// |  Key, if K is set                                             |
/// |  Sequence Number, if S is set                                 |
/// +---------------------------------------------------------------+
/// ```
///
/// RFC 2784 §2.1, RFC 2890 §2. `EoIP` is version 1 with a key of its own making; PPTP
/// (RFC 2637 §4.1) is too, and has an acknowledgement number if bit 8 is set.
fn gre(input: Input<'_>) -> Option<Peeled<'_>> {
    const CHECKSUM: u16 = 0x8000;
    const ROUTING: u16 = 0x4000;
    const KEY: u16 = 0x2000;
    const SEQUENCE: u16 = 0x1000;
    const ACKNOWLEDGEMENT: u16 = 0x0080;
    const VERSION: u16 = 0x0007;

    let (flags, rest) = take_u16(input.bytes)?;
    let (protocol, _) = take_u16(rest)?;
    if flags & VERSION == 1 && protocol == TYPE_EOIP {
        return Some(ethernet("eoip", skip(input, 8)?));
    }
    let is_pptp = flags & VERSION == 1 && protocol == TYPE_PPP;
    if flags & ROUTING != 0 || (flags & VERSION != 0 && !is_pptp) {
        return None;
    }
    let optional: &[u16] = if is_pptp {
        &[KEY, SEQUENCE, ACKNOWLEDGEMENT]
    } else {
        &[CHECKSUM, KEY, SEQUENCE]
    };
    let n_optional = optional.iter().filter(|&&flag| flags & flag != 0).count();
    let payload = skip(input, 4 + 4 * n_optional)?;
    match protocol {
        TYPE_PPP => {
            let (ethertype, packet) = ppp::packet(payload)?;
            Some(typed("gre", ethertype, packet))
        }
        TYPE_ARUBA => Some(wireless("gre", payload)),
        TYPE_ERSPAN if flags & SEQUENCE == 0 => Some(ethernet("erspan-1", payload)),
        TYPE_ERSPAN => erspan_2(payload),
        TYPE_ERSPAN_III => erspan_3(payload),
        _ => Some(typed("gre", protocol, payload)),
    }
}

/// ```text
///  0                   1                   2                   3
///  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
/// +-------+-----------------------+-----+---+-+-------------------+
/// | Ver 1 |          VLAN         | COS |En |T|    Session ID     |
/// +-------+-----------------------+-----+---+-+-------------------+
/// |       (reserved)      |                 Index                 |
/// +-----------------------+---------------------------------------+
/// ```
///
/// draft-foschiano-erspan-03 §4.2. With `En` 2 the switch has taken the frame's
/// 802.1Q tag out of it, and VLAN is what stood there.
fn erspan_2(input: Input<'_>) -> Option<Peeled<'_>> {
    const TAG_TAKEN_OUT: u16 = 2;

    let (version_and_vlan, rest) = take_u16(input.bytes)?;
    let (session, _) = take_u16(rest)?;
    let peeled = ethernet("erspan-2", skip(input, 8)?);
    let took_out = session >> 11 & 0b11 == TAG_TAKEN_OUT;
    Some(Peeled {
        vlan: took_out.then_some(version_and_vlan & 0x0fff),
        ..peeled
    })
}

/// ```text
///  0                   1                   2                   3
///  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
/// +-------+-----------------------+-----+---+-+-------------------+
/// | Ver 2 |          VLAN         | COS |BSO|T|    Session ID     |
/// +-------+-----------------------+-----+---+-+-------------------+
/// |                           Timestamp                           |
/// +-------------------------------+-+---------+-----------+-+---+-+
/// |              SGT              |P|   FT    |   Hw ID   |D|Gra|O|
/// +-------------------------------+-+---------+-----------+-+---+-+
/// |         Platform specific subheader (8 bytes) if O is set     |
/// +---------------------------------------------------------------+
/// ```
///
/// draft-foschiano-erspan-03 §4.3. FT is 0 for an Ethernet frame and 2 for an IP packet.
fn erspan_3(input: Input<'_>) -> Option<Peeled<'_>> {
    let (flags, _) = take_u16(input.bytes.get(10..)?)?;
    let has_subheader = flags & 1 == 1;
    let payload = skip(input, if has_subheader { 20 } else { 12 })?;
    match flags >> 10 & 0x1f {
        0 => Some(ethernet("erspan-3", payload)),
        2 => Some(typed("erspan-3", ip_ethertype(payload)?, payload)),
        _ => None,
    }
}

/// Ethertype of a packet by its first four bits.
fn ip_ethertype(packet: Input<'_>) -> Option<u16> {
    match packet.bytes.first()? >> 4 {
        4 => Some(ETHERTYPE_IPV4),
        6 => Some(ETHERTYPE_IPV6),
        _ => None,
    }
}

/// ```text
/// +-+-+-+-+-+-+-+-+-----------------------------------------------+
/// |R|R|R|R|I|R|R|R|                  (reserved)                   |
/// +-+-+-+-+-+-+-+-+-----------------------------------------------+
/// |          VXLAN Network Identifier (VNI)       |  (reserved)   |
/// +-----------------------------------------------+---------------+
/// ```
///
/// RFC 7348 §5. Without the I flag it is no VXLAN.
fn vxlan(input: Input<'_>) -> Option<Peeled<'_>> {
    let flags = input.bytes.first()?;
    if flags & 0x08 == 0 {
        return None;
    }
    Some(ethernet("vxlan", skip(input, 8)?))
}

/// VXLAN whose last reserved byte before the VNI says what follows, if flag P (4) is set
/// (draft-ietf-nvo3-vxlan-gpe-13 §3).
fn vxlan_gpe(input: Input<'_>) -> Option<Peeled<'_>> {
    let &[flags, _, _, next] = input.bytes.first_chunk()?;
    let payload = skip(input, 8)?;
    match next {
        1 if flags & 0x04 != 0 => Some(typed("vxlan", ETHERTYPE_IPV4, payload)),
        2 if flags & 0x04 != 0 => Some(typed("vxlan", ETHERTYPE_IPV6, payload)),
        3 if flags & 0x04 != 0 => Some(ethernet("vxlan", payload)),
        _ if flags & 0x04 == 0 => vxlan(input),
        _ => None,
    }
}

/// ```text
/// +---+-----------+-+-+-----------+-------------------------------+
/// |Ver|  Opt Len  |O|C|  (rsvd)   |         Protocol Type         |
/// +---+-----------+-+-+-----------+---------------+---------------+
/// |       Virtual Network Identifier (VNI)        |  (reserved)   |
/// +-----------------------------------------------+---------------+
/// |           Variable-Length Options, Opt Len x 4 bytes          |
/// +---------------------------------------------------------------+
/// ```
///
/// RFC 8926 §3.4.
fn geneve(input: Input<'_>) -> Option<Peeled<'_>> {
    let (&first, _) = input.bytes.split_first()?;
    let (protocol, _) = take_u16(input.bytes.get(2..)?)?;
    if first >> 6 != 0 {
        return None;
    }
    let options_length = usize::from(first & 0x3f) * 4;
    Some(typed("geneve", protocol, skip(input, 8 + options_length)?))
}

/// ```text
///     1         1         2           tagged fields
/// +-----------+------+----------+------------------------------+--------
/// | version 1 | type | protocol | tag, length, value … end (1) | frame
/// +-----------+------+----------+------------------------------+--------
/// ```
///
/// The tags padding (0) and end (1) have no length and value. Type 0 brings a frame
/// that was received, 1 one that is to be sent; others bring none.
fn tzsp(input: Input<'_>) -> Option<Peeled<'_>> {
    const ETHERNET: u16 = 1;
    const WIRELESS: u16 = 18;

    let ([1, 0 | 1], rest) = input.bytes.split_first_chunk::<2>()? else {
        return None;
    };
    let (protocol, mut rest) = take_u16(rest)?;
    loop {
        let (&tag, behind) = rest.split_first()?;
        rest = match tag {
            0 => behind,
            1 => {
                rest = behind;
                break;
            }
            _ => {
                let (&length, value) = behind.split_first()?;
                value.get(usize::from(length)..)?
            }
        };
    }
    let payload = Input::cut(rest, input.missing);
    match protocol {
        ETHERNET => Some(ethernet("tzsp", payload)),
        WIRELESS => Some(wireless("tzsp", payload)),
        _ => None,
    }
}

fn wireless<'a>(name: &'static str, input: Input<'a>) -> Peeled<'a> {
    Peeled {
        name,
        inner: Inner::Wireless(input),
        vlan: None,
    }
}

/// ```text
///  0                   1                   2                   3
///  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
/// +-------+-------+---------+---------+---------+-+-+-+-+-+-+-----+
/// | Ver 0 | Type 0|  HLEN   |   RID   |  WBID   |T|F|L|W|M|K|(rsv)|
/// +-------+-------+---------+---------+---------+-+-+-+-+-+-+-----+
/// |          Fragment ID          |     Fragment offset     |(rsv)|
/// +-------------------------------+-------------------------+-----+
/// ```
///
/// RFC 5415 §4.3. HLEN counts the whole header in units of four bytes. Type 1 is DTLS.
/// T says that the frame is of the kind WBID (1: 802.11), else it is 802.3; F that it
/// is a fragment; K that it only keeps the channel alive.
fn capwap(input: Input<'_>) -> Option<Peeled<'_>> {
    const NATIVE: u8 = 0x01;
    const FRAGMENT: u8 = 0x80;
    const KEEP_ALIVE: u8 = 0x08;
    const BINDING_WIRELESS: u8 = 1;

    let &[preamble, lengths, binding, flags, ..] = input.bytes.first_chunk::<8>()?;
    let header_length = usize::from(lengths >> 3) * 4;
    if preamble != 0 || header_length < 8 || flags & (FRAGMENT | KEEP_ALIVE) != 0 {
        return None;
    }
    let payload = skip(input, header_length)?;
    if binding & NATIVE == 0 {
        return Some(ethernet("capwap", payload));
    }
    (binding >> 1 & 0x1f == BINDING_WIRELESS).then(|| wireless("capwap", payload))
}

/// Peels a stack of MPLS labels off.
///
/// ```text
///  20 bits  3 bits   1 bit             8 bits
/// +-------+--------+-----------------+--------------+
/// | label |   TC   | bottom of stack | time to live |
/// +-------+--------+-----------------+--------------+
/// ```
///
/// Nothing says what follows the bottom (RFC 3032 §2.2): by its first four bits it is IP
/// (RFC 4928), else an Ethernet pseudowire, with a control word before it or not.
pub(super) fn mpls(input: Input<'_>) -> Option<Peeled<'_>> {
    /// Labels that are walked through. Networks stack two or three.
    const MAX_LABELS: usize = 16;

    let (entries, _) = input.bytes.as_chunks::<4>();
    let bottom = entries
        .iter()
        .take(MAX_LABELS)
        .position(|[_, _, third, _]| third & 1 == 1)?;
    let payload = skip(input, 4 * (bottom + 1))?;
    if let Some(ethertype) = ip_ethertype(payload)
        && !is_ethernet(payload)
    {
        return Some(typed("mpls", ethertype, payload));
    }
    let behind_control_word = skip(payload, 4)?;
    let has_control_word = payload.bytes.first()? >> 4 == 0
        && (is_ethernet(behind_control_word) || !is_ethernet(payload));
    let frame = if has_control_word {
        behind_control_word
    } else {
        payload
    };
    Some(ethernet("mpls", frame))
}

/// Whether bytes look like an Ethernet frame: where its type stands is one that is
/// carried in practice, or a length with LLC behind it.
fn is_ethernet(input: Input<'_>) -> bool {
    let Some((ethertype, rest)) = input.bytes.get(12..).and_then(take_u16) else {
        return false;
    };
    match ethertype {
        ETHERTYPE_IPV4 | ETHERTYPE_IPV6 | ETHERTYPE_MPLS | 0x0806 | 0x8100 | 0x88a8 | 0x8863
        | 0x8864 | 0x888e | 0x88cc => true,
        length if length < 0x0600 => matches!(rest, [0xaa, 0xaa, 3, ..] | [0x42, 0x42, 3, ..]),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::LinkType;
    use crate::dissect::Dissector;
    use crate::dissect::testing::{
        OTHER_SERVER, PHONE, PHONE_MAC, SERVER, datagram, ethernet, frame, ipv4, ipv6, lines,
        read_request, udp,
    };

    /// Header bytes of each encapsulation, with the IP protocol or UDP port that it goes
    /// under. tshark finds the inner frame behind each.
    fn headers() -> Vec<(&'static str, Under, Vec<u8>)> {
        use Under::{Ip, Udp};
        vec![
            ("gre", Ip(47), vec![0, 0, 0x65, 0x58]),
            (
                "gre",
                Ip(47),
                // Checksum, key and sequence number.
                [&[0xb0, 0, 0x65, 0x58][..], &[9; 12]].concat(),
            ),
            ("eoip", Ip(47), vec![0x20, 1, 0x64, 0, 0, 60, 5, 0]),
            ("erspan-1", Ip(47), vec![0, 0, 0x88, 0xbe]),
            (
                "erspan-2",
                Ip(47),
                vec![0x10, 0, 0x88, 0xbe, 0, 0, 0, 1, 0x10, 1, 0, 100, 0, 0, 0, 7],
            ),
            (
                "erspan-3",
                Ip(47),
                [
                    &[0x10, 0, 0x22, 0xeb, 0, 0, 0, 1, 0x20, 1, 0, 100][..],
                    &[0; 8],
                ]
                .concat(),
            ),
            (
                "erspan-3",
                Ip(47),
                [
                    &[0x10, 0, 0x22, 0xeb, 0, 0, 0, 1, 0x20, 1, 0, 100][..],
                    &[0, 0, 0, 0, 0, 0, 0, 1],
                    &[8; 8],
                ]
                .concat(),
            ),
            ("vxlan", Udp(4789), vec![0x08, 0, 0, 0, 0, 0, 42, 0]),
            ("vxlan", Udp(8472), vec![0x88, 0, 0, 0, 0, 0, 42, 0]),
            ("vxlan", Udp(4790), vec![0x0c, 0, 0, 3, 0, 0, 42, 0]),
            ("vxlan", Udp(4790), vec![0x08, 0, 0, 0, 0, 0, 42, 0]),
            (
                "geneve",
                Udp(6081),
                // Two words of options.
                [
                    &[2, 0, 0x65, 0x58, 0, 0, 42, 0][..],
                    &[1, 2, 3, 1, 5, 6, 7, 8],
                ]
                .concat(),
            ),
            ("tzsp", Udp(37_008), vec![1, 0, 0, 1, 1]),
            (
                "tzsp",
                Udp(37_008),
                // Padding, a signal strength, the channel, and the end.
                vec![1, 1, 0, 1, 0, 10, 1, 0xc4, 18, 1, 6, 1],
            ),
            ("capwap", Udp(5247), vec![0, 0x10, 2, 0, 0, 0, 0, 0]),
        ]
    }

    #[derive(Clone, Copy)]
    enum Under {
        Ip(u8),
        Udp(u16),
    }

    impl Under {
        /// The Ethernet frame that carries these bytes between two switches.
        fn carry(self, bytes: &[u8]) -> Vec<u8> {
            let packet = match self {
                Self::Ip(protocol) => ipv4(protocol, SERVER, OTHER_SERVER, 0, bytes),
                Self::Udp(port) => ipv4(17, SERVER, OTHER_SERVER, 0, &udp(50_000, port, bytes)),
            };
            ethernet(false, 0x0800, &packet)
        }
    }

    fn request() -> Vec<u8> {
        datagram(
            (PHONE, 2000),
            (SERVER, 69),
            &read_request("term70.default.loads"),
        )
    }

    /// What comes out of Ethernet frames, and out of which encapsulations.
    fn dissected(frames: &[Vec<u8>]) -> (Vec<String>, Vec<&'static str>) {
        let mut dissector = Dissector::new();
        let lines = lines(&mut dissector, frames);
        (lines, dissector.taken(0).encapsulations.clone())
    }

    #[test]
    fn finds_the_frame_in_every_encapsulation() {
        for (name, under, header) in headers() {
            let frame = under.carry(&[&header[..], &request()].concat());
            let (lines, names) = dissected(&[frame]);
            assert_eq!(
                lines,
                ["1 phone tftp client term70.default.loads"],
                "{name}"
            );
            assert_eq!(names, [name]);
        }
    }

    #[test]
    fn gives_the_addresses_tags_and_hop_limit_of_the_inner_frame() {
        let tagged = |mut frame: Vec<u8>| {
            frame.splice(12..12, [0x81, 0, 0, 110]);
            frame
        };
        // The switch took the tag 110 out of the first, and left it in the second.
        let taken_out = [
            0x10, 0, 0x88, 0xbe, 0, 0, 0, 1, 0x10, 110, 0x10, 100, 0, 0, 0, 7,
        ];
        let left_in = [
            0x10, 0, 0x88, 0xbe, 0, 0, 0, 1, 0x10, 110, 0x18, 100, 0, 0, 0, 7,
        ];
        for bytes in [
            [&taken_out[..], &request()].concat(),
            [&left_in[..], &tagged(request())].concat(),
        ] {
            let bytes = tagged(Under::Ip(47).carry(&bytes));
            let mut dissector = Dissector::new();
            let mut given = 0;
            dissector.frame(&frame(1, LinkType::Ethernet, &bytes), &mut |dissected| {
                given += 1;
                assert_eq!(dissected.vlans, [110]);
                assert_eq!(dissected.hop_limit, Some(64));
                assert_eq!(dissected.source.ip, Some(PHONE.into()));
                assert_eq!(dissected.source.port, Some(2000));
                assert_eq!(
                    dissected.source.mac,
                    Some(phoneboot_parsers::MacAddress(PHONE_MAC))
                );
            });
            assert_eq!(given, 1);
        }
    }

    #[test]
    fn goes_on_with_packets_behind_gre_ip_and_mpls() {
        let v4 = ipv4(17, PHONE, SERVER, 0, &udp(2000, 69, &read_request("a")));
        let v6 = ipv6(17, &udp(2000, 69, &read_request("a")));
        let frames = [
            Under::Ip(4).carry(&v4),
            Under::Ip(41).carry(&v6),
            Under::Ip(47).carry(&[&[0, 0, 8, 0][..], &v4].concat()),
            Under::Ip(47).carry(&[&[0, 0, 0x86, 0xdd][..], &v6].concat()),
            // PPTP: key, sequence and acknowledgement, then PPP with and without HDLC.
            Under::Ip(47).carry(
                &[
                    &[0x30, 0x81, 0x88, 0x0b][..],
                    &[7; 12],
                    &[0xff, 3, 0, 0x21],
                    &v4,
                ]
                .concat(),
            ),
            Under::Ip(47).carry(&[&[0x20, 0x01, 0x88, 0x0b][..], &[7; 4], &[0x21], &v4].concat()),
            ethernet(false, 0x0800, &ipv6(4, &v4)),
            ethernet(false, 0x86dd, &ipv6(47, &[&[0, 0, 8, 0][..], &v4].concat())),
            // One label and two, and one in GRE.
            ethernet(false, 0x8847, &[&[0, 1, 1, 64][..], &v4].concat()),
            ethernet(
                false,
                0x8848,
                &[&[0, 1, 0, 64, 0, 1, 1, 64][..], &v6].concat(),
            ),
            Under::Ip(47).carry(&[&[0, 0, 0x88, 0x47, 0, 1, 1, 64][..], &v4].concat()),
        ];
        let (lines, names) = dissected(&frames);
        let numbers: Vec<&str> = lines
            .iter()
            .filter_map(|line| line.strip_suffix(" server tftp client a"))
            .collect();
        assert_eq!(
            numbers,
            ["1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11"]
        );
        assert_eq!(names, ["6in4", "gre", "ip-in-ip", "mpls"]);
    }

    #[test]
    fn finds_ethernet_in_pseudowires_with_and_without_control_word() {
        let label = [0, 1, 1, 64];
        let mut from_cisco = request();
        from_cisco[..3].copy_from_slice(&[0x00, 0x1e, 0x14]);
        for payload in [
            [&[0; 4][..], &request()].concat(),
            [&[0; 4][..], &from_cisco].concat(),
            request(),
            from_cisco,
        ] {
            let frame = ethernet(false, 0x8847, &[&label[..], &payload].concat());
            let (lines, names) = dissected(&[frame]);
            assert_eq!(lines.len(), 1, "{payload:x?}");
            assert_eq!(names, ["mpls"]);
        }
    }

    #[test]
    fn peels_a_few_layers_and_no_more() {
        let vxlan = [0x08, 0, 0, 0, 0, 0, 42, 0];
        let mut frame = request();
        for layers in 1..=6 {
            frame = Under::Udp(4789).carry(&[&vxlan[..], &frame].concat());
            let (lines, _) = dissected(std::slice::from_ref(&frame));
            assert_eq!(lines.len(), usize::from(layers <= MAX_NESTING), "{layers}");
        }
    }

    #[test]
    fn puts_a_tunnel_together_from_fragments() {
        let inner = [&[0, 0, 0x65, 0x58][..], &request()].concat();
        let (first, second) = inner.split_at(48);
        let frames = [
            ethernet(
                false,
                0x0800,
                &ipv4(47, SERVER, OTHER_SERVER, 0x2000, first),
            ),
            ethernet(false, 0x0800, &ipv4(47, SERVER, OTHER_SERVER, 6, second)),
        ];
        let (lines, names) = dissected(&frames);
        assert_eq!(lines, ["2 phone tftp client term70.default.loads"]);
        assert_eq!(names, ["gre"]);
    }

    #[test]
    fn leaves_alone_what_is_no_tunnel() {
        for (under, header) in [
            (Under::Ip(47), vec![0x40, 0, 0x65, 0x58]),
            (Under::Ip(47), vec![0, 1, 0x65, 0x58]),
            (Under::Ip(47), vec![0, 0, 0x88, 0x99]),
            (
                Under::Ip(47),
                // A frame type that is neither Ethernet nor IP.
                [&[0x10, 0, 0x22, 0xeb, 0, 0, 0, 1][..], &[0; 10], &[0x0c, 0]].concat(),
            ),
            (Under::Udp(4789), vec![0, 0, 0, 0, 0, 0, 42, 0]),
            (Under::Udp(4790), vec![0x0c, 0, 0, 9, 0, 0, 42, 0]),
            (Under::Udp(6081), vec![0x40, 0, 0x65, 0x58, 0, 0, 42, 0]),
            (Under::Udp(37_008), vec![1, 4, 0, 1, 1]),
            (Under::Udp(37_008), vec![1, 0, 0, 9, 1]),
            (Under::Udp(37_008), vec![2, 0, 0, 1, 1]),
            (Under::Udp(5247), vec![1, 0x10, 2, 0, 0, 0, 0, 0]),
            (Under::Udp(5247), vec![0, 0x10, 2, 0x80, 0, 0, 0, 0]),
            (Under::Udp(5247), vec![0, 0x10, 2, 8, 0, 0, 0, 0]),
            (Under::Udp(5247), vec![0, 0x08, 2, 0, 0, 0, 0, 0]),
            (Under::Udp(5247), vec![0, 0x10, 7, 0, 0, 0, 0, 0]),
        ] {
            let frame = under.carry(&[&header[..], &request()].concat());
            assert_eq!(dissected(&[frame]), (vec![], vec![]), "{header:x?}");
        }
        // A phone whose own port is a tunnel's.
        let (lines, names) = dissected(&[
            datagram((PHONE, 37_008), (SERVER, 69), &read_request("a")),
            datagram((SERVER, 3000), (PHONE, 37_008), b"\0\x03\0\x01data"),
        ]);
        assert_eq!(lines, ["1 phone tftp client a", "2 server tftp server a"]);
        assert_eq!(names, [""; 0]);
    }

    #[test]
    fn carries_nothing_when_a_header_is_cut() {
        for (name, under, header) in headers() {
            let whole = under.carry(&[&header[..], &request()].concat());
            let inner_from = whole.len() - request().len();
            for length in 0..inner_from + 42 {
                let (lines, _) = dissected(&[whole[..length].to_vec()]);
                assert_eq!(lines, [""; 0], "{name} {length}");
            }
        }
        let labelled = ethernet(
            false,
            0x8847,
            &[&[0, 1, 1, 64, 0, 0, 0, 0][..], &request()].concat(),
        );
        for length in 14..64 {
            assert_eq!(
                dissected(&[labelled[..length].to_vec()]).0,
                [""; 0],
                "{length}"
            );
        }
        let endless = ethernet(false, 0x8847, &[0; 400]);
        assert_eq!(dissected(&[endless]).0, [""; 0]);
    }

    #[test]
    fn says_how_much_of_the_inner_frame_is_missing() {
        let whole = Under::Ip(47).carry(&[&[0, 0, 0x65, 0x58][..], &request()].concat());
        let cut = crate::capture::Frame {
            wire_length: whole.len(),
            ..frame(1, LinkType::Ethernet, &whole[..whole.len() - 3])
        };
        let mut issues = Vec::new();
        Dissector::new().frame(&cut, &mut |dissected| {
            if let crate::dissect::Item::Tftp { issues: found, .. } = dissected.item {
                issues.extend(found.iter().map(|issue| issue.kind));
            }
        });
        assert_eq!(issues, [phoneboot_parsers::IssueKind::CutShort]);
    }

    #[test]
    fn throws_foreign_frames_away_at_the_first_look() {
        let foreign = datagram((PHONE, 3000), (SERVER, 3000), &[0x80; 20]);
        for (name, under, header) in headers() {
            let outer = under.carry(&[&header[..], &foreign].concat());
            let dissector = Dissector::new();
            assert!(!dissector.frame_may_matter(&outer, 0), "{name}");
            let outer = under.carry(&[&header[..], &request()].concat());
            assert!(dissector.frame_may_matter(&outer, 0), "{name}");
        }
    }
}
