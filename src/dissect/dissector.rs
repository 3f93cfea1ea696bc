//! [`Dissector`]: takes a frame through the layers and decides which decoder gets
//! it.

use std::net::IpAddr;

use etherparse::{IpNumber, UdpHeaderSlice, ip_number};
use phoneboot_parsers::{
    Input, Message, Protocol, arp, cdp, dhcp, dhcpv6, eapol, lldp, sip, stp, tftp,
};

use super::connections::Connections;
use super::copies::Recent;
use super::expect::{self, Expectations, Socket};
use super::fragments::Fragments;
use super::give;
use super::link::{self, Link, Network};
use super::network::{self, Carried};
use super::prefilter::Bits;
use super::segment::Segment;
use super::services;
use super::signaling;
use super::tunnel;
use super::{Emit, LimitReached, Origin, ppp, wireless};
use crate::capture::{Frame, LinkType, Taken};
use crate::event::{At, Endpoint};

/// DHCP server and client (RFC 2131 §4.1).
const DHCP_PORTS: [u16; 2] = [67, 68];

/// DHCPv6 client and server (RFC 8415 §7.2).
const DHCPV6_PORTS: [u16; 2] = [546, 547];

/// Where PXE clients ask boot servers in DHCP messages.
const BOOT_SERVER_PORT: u16 = 4011;

/// SIP's port; SIP is recognized on any other too.
const SIP_PORT: u16 = 5060;

/// Turns frames into messages.
///
/// It keeps what spans frames: fragments, TCP connections, TFTP transfers. All of
/// it is bounded; what the bounds cost is told by [`Dissector::limits`].
#[derive(Debug)]
pub struct Dissector {
    prefilter: bool,
    /// UDP ports on which every datagram is looked at.
    pub(super) ports: Bits,
    fragments: Fragments,
    transfers: Expectations,
    pub(super) connections: Connections,
    /// `None` when copies are given like other frames.
    pub(super) recent: Option<Recent>,
    /// By capture.
    pub(super) taken: Vec<Taken>,
    n_unknown_link_types: u64,
}

impl Default for Dissector {
    fn default() -> Self {
        Self::new()
    }
}

impl Dissector {
    /// A dissector that has seen nothing.
    pub fn new() -> Self {
        let [server, client] = DHCP_PORTS;
        let [client_v6, server_v6] = DHCPV6_PORTS;
        Self {
            prefilter: true,
            ports: Bits::of(&[
                server,
                client,
                client_v6,
                server_v6,
                BOOT_SERVER_PORT,
                expect::SERVER_PORT,
                SIP_PORT,
                services::DNS_PORT,
                services::NTP_PORT,
                services::MDNS_PORT,
                services::LLMNR_PORT,
                signaling::GATEKEEPER_PORTS[0],
                signaling::GATEKEEPER_PORTS[1],
                signaling::MGCP_PORTS[0],
                signaling::MGCP_PORTS[1],
            ]),
            fragments: Fragments::default(),
            transfers: Expectations::default(),
            connections: Connections::default(),
            recent: Some(Recent::default()),
            taken: Vec::new(),
            n_unknown_link_types: 0,
        }
    }

    /// Switches the first look off or on. Without it everything is taken through
    /// all layers, to the same result.
    #[must_use]
    pub fn with_prefilter(mut self, prefilter: bool) -> Self {
        self.prefilter = prefilter;
        self
    }

    /// Gives what copies of frames bring too: a mirror shows a frame twice, and else it
    /// counts once.
    #[must_use]
    pub fn with_copies(mut self) -> Self {
        self.recent = None;
        self
    }

    /// `false` for a frame that certainly brings nothing.
    pub fn may_matter(&self, frame: &Frame<'_>) -> bool {
        !self.prefilter
            || frame.link_type != LinkType::Ethernet
            || self.frame_may_matter(frame.bytes, 0)
    }

    /// Takes in the next frame and gives out what it brings.
    pub fn frame(&mut self, frame: &Frame<'_>, emit: &mut dyn FnMut(super::Dissected<'_>)) {
        if self.may_matter(frame) {
            self.frame_that_matters(frame, emit);
        }
    }

    /// Takes in a frame that [`may_matter`](Self::may_matter) by an earlier look.
    pub fn frame_that_matters(
        &mut self,
        frame: &Frame<'_>,
        emit: &mut dyn FnMut(super::Dissected<'_>),
    ) {
        let at = At {
            capture: frame.capture,
            frame: frame.number,
            time: frame.time,
        };
        if wireless::is_wireless(frame.link_type) {
            let missing = frame.wire_length.saturating_sub(frame.bytes.len());
            let input = Input::cut(frame.bytes, missing);
            wireless::links(frame.link_type, input, &mut |link| {
                self.link(link, at, 0, emit);
            });
        } else if let Some(link) = link::parse(frame) {
            self.link(&link, at, 0, emit);
        } else {
            self.n_unknown_link_types += 1;
        }
    }

    /// Takes in what a link layer carries, be it the frame's own or one in a tunnel.
    pub(super) fn link(&mut self, link: &Link<'_>, at: At, nesting: u8, emit: Emit<'_>) {
        if self.prefilter
            && let Network::Ip(packet) = &link.network
            && !self.packet_may_matter(packet.bytes, nesting)
        {
            return;
        }
        let mut origin = Origin::below_ip(at, link, nesting);
        if self.is_copy(link, &origin, emit) {
            return;
        }
        let mut given = false;
        self.network(&link.network, &mut origin, &mut |dissected| {
            given = true;
            emit(dissected);
        });
        if given && !link.vlans.as_slice().is_empty() {
            self.taken(at.capture).tagged_frames += 1;
        }
    }

    /// The capture is over: gives out what streams still hold.
    pub fn finish(&mut self, emit: &mut dyn FnMut(super::Dissected<'_>)) {
        self.connections.finish(emit);
    }

    /// The tables that were full, and what that cost.
    pub fn limits(&self) -> Vec<LimitReached> {
        let [streams, buffers, ftp] = self.connections.limits();
        [
            ftp,
            self.fragments.limit(),
            buffers,
            streams,
            self.transfers.limit(),
        ]
        .into_iter()
        .filter(|limit| limit.evicted > 0)
        .collect()
    }

    /// Frames that were passed over because their link type is not known.
    pub fn n_unknown_link_types(&self) -> u64 {
        self.n_unknown_link_types
    }

    fn network(&mut self, network: &Network<'_>, origin: &mut Origin, emit: Emit<'_>) {
        match *network {
            Network::Arp(input) => give::give(
                Protocol::Arp,
                arp::decode(input),
                Message::Arp,
                origin,
                emit,
            ),
            Network::Cdp(input) => {
                give::give(Protocol::Cdp, cdp::decode(input), give::cdp, origin, emit);
            }
            Network::Lldp(input) => give::give(
                Protocol::Lldp,
                lldp::decode(input),
                give::lldp,
                origin,
                emit,
            ),
            Network::Eapol(input) => give::give(
                Protocol::Eapol,
                eapol::decode(input),
                give::eapol,
                origin,
                emit,
            ),
            Network::Stp(input, per_vlan) => give::give(
                Protocol::Stp,
                stp::decode(input, per_vlan),
                give::stp,
                origin,
                emit,
            ),
            Network::Ip(input) => self.packet(input, origin, emit),
            Network::Mpls(input) => {
                if let Some(peeled) = tunnel::mpls(input) {
                    self.inside(peeled, origin, emit);
                }
            }
            Network::Pppoe(input) => {
                if let Some(peeled) = ppp::session(input) {
                    self.inside(peeled, origin, emit);
                }
            }
            Network::Other => {}
        }
    }

    fn packet(&mut self, input: Input<'_>, origin: &mut Origin, emit: Emit<'_>) {
        let Some(packet) = network::parse(input) else {
            return;
        };
        let (source, destination) = (packet.source, packet.destination);
        origin.source.ip = Some(source);
        origin.destination.ip = Some(destination);
        origin.hop_limit = Some(packet.hop_limit);
        match packet.carried {
            Carried::Whole(protocol, input) => self.datagram(protocol, input, origin, emit),
            Carried::Fragment(part) => {
                let now = origin.at.time;
                let fragment = part.of(source, destination);
                if let Some(whole) = self.fragments.add(fragment, now) {
                    let input = Input::cut(&whole.bytes, whole.missing);
                    let (protocol, input) = if source.is_ipv6() {
                        network::behind_extensions(whole.protocol, input)
                    } else {
                        (whole.protocol, input)
                    };
                    self.datagram(protocol, input, origin, emit);
                }
            }
        }
    }

    fn datagram(
        &mut self,
        protocol: IpNumber,
        input: Input<'_>,
        origin: &mut Origin,
        emit: Emit<'_>,
    ) {
        let is_ipv6 = is_ipv6(origin);
        match protocol {
            ip_number::UDP => self.udp(input, origin, emit),
            ip_number::TCP => self.tcp(input, origin, emit),
            ip_number::ICMP if !is_ipv6 => give::give_icmp(input, 4, origin, emit),
            ip_number::IPV6_ICMP if is_ipv6 => give::give_icmp(input, 6, origin, emit),
            _ => {
                if let Some(peeled) = tunnel::behind_ip(protocol.0, input) {
                    self.inside(peeled, origin, emit);
                }
            }
        }
    }

    fn tcp(&mut self, input: Input<'_>, origin: &mut Origin, emit: Emit<'_>) {
        let Some(segment) = Segment::parse(input) else {
            return;
        };
        origin.set_ports(segment.ports);
        if let (Some(source), Some(destination)) = (origin.source.ip, origin.destination.ip) {
            self.connections
                .segment(source, destination, &segment, origin, emit);
        }
    }

    fn udp(&mut self, input: Input<'_>, origin: &mut Origin, emit: Emit<'_>) {
        let Some((ports, payload)) = udp_payload(input) else {
            return;
        };
        if let Some(peeled) = tunnel::behind_udp(ports, payload) {
            self.inside(peeled, origin, emit);
            return;
        }
        origin.set_ports(ports);
        if ports.iter().any(|port| DHCP_PORTS.contains(port)) {
            give::give(
                Protocol::Dhcp,
                dhcp::decode(payload),
                give::dhcp,
                origin,
                emit,
            );
        } else if is_ipv6(origin) && ports.iter().any(|port| DHCPV6_PORTS.contains(port)) {
            let outcome = dhcpv6::decode(payload);
            give::give(Protocol::Dhcpv6, outcome, give::dhcpv6, origin, emit);
        } else if services::datagram(ports, payload, origin, emit)
            || self.tftp(payload, origin, emit)
        {
            // Given.
        } else if sip::looks_like_sip(payload.bytes) {
            give::give_sip(payload, origin, emit);
        } else if signaling::give(ports, payload, origin, emit) {
            // Given.
        } else if ports.contains(&BOOT_SERVER_PORT)
            && let Ok(decoded) = dhcp::decode(payload)
            && decoded.value.has_cookie
        {
            // Without the cookie it is somebody's port by chance.
            give::give(Protocol::Dhcp, Ok(decoded), give::dhcp, origin, emit);
        }
    }

    /// Gives a TFTP message; `false` when the datagram is none.
    fn tftp(&mut self, payload: Input<'_>, origin: &Origin, emit: Emit<'_>) -> bool {
        let (Some(source), Some(destination)) =
            (socket(&origin.source), socket(&origin.destination))
        else {
            return false;
        };
        let bytes = payload.bytes;
        let to_server = destination.1 == expect::SERVER_PORT;
        let on_its_port = to_server || source.1 == expect::SERVER_PORT;
        let looks_right = tftp::looks_like_tftp(bytes);
        let is_request = matches!(bytes, [0, 1 | 2, ..]) && (to_server || looks_right);
        let is_expected =
            matches!(bytes, [0, 1..=6, ..]) && self.transfers.may_belong(source, destination);
        if !(on_its_port || is_request || is_expected) {
            return false;
        }
        let outcome = tftp::decode(payload);
        let now = origin.at.time;
        if is_request
            && let Ok(decoded) = &outcome
            && let tftp::Message::Request(request) = &decoded.value
        {
            self.transfers
                .request(source, destination, &request.file, now);
            self.ports.insert(source.1);
            give::give_tftp(&outcome, Some(&request.file), true, origin, emit);
            return true;
        }
        let belongs = if is_expected {
            self.transfers.find(source, destination, looks_right, now)
        } else {
            None
        };
        if belongs.is_none() && !on_its_port {
            return false;
        }
        let of_file = belongs.map(|belongs| belongs.file);
        let from_client = belongs.map_or(to_server, |belongs| belongs.from_client);
        give::give_tftp(&outcome, of_file, from_client, origin, emit);
        true
    }
}

impl Origin {
    /// What a frame's link layer tells.
    fn below_ip(at: At, link: &Link<'_>, nesting: u8) -> Self {
        let endpoint = |mac| Endpoint {
            mac,
            ip: None,
            port: None,
        };
        Self {
            at,
            source: endpoint(link.source),
            destination: endpoint(link.destination),
            vlans: link.vlans,
            hop_limit: None,
            nesting,
        }
    }

    fn set_ports(&mut self, [source, destination]: [u16; 2]) {
        self.source.port = Some(source);
        self.destination.port = Some(destination);
    }
}

fn socket(endpoint: &Endpoint) -> Option<Socket> {
    Some((endpoint.ip?, endpoint.port?))
}

/// Ports and payload of a UDP datagram (RFC 768), what follows its length cut off.
/// `None` when the header is not whole.
fn udp_payload(input: Input<'_>) -> Option<([u16; 2], Input<'_>)> {
    let header = UdpHeaderSlice::from_slice(input.bytes).ok()?;
    let ports = [header.source_port(), header.destination_port()];
    let header_length = header.slice().len();
    let captured = input.bytes.get(header_length..)?;
    // Zero where the network card cuts a large datagram only after the capture.
    let Some(announced) = usize::from(header.length()).checked_sub(header_length) else {
        return Some((ports, Input::cut(captured, input.missing)));
    };
    let payload = captured.get(..announced).unwrap_or(captured);
    let missing = announced.saturating_sub(payload.len()).min(input.missing);
    Some((ports, Input::cut(payload, missing)))
}

fn is_ipv6(origin: &Origin) -> bool {
    matches!(origin.source.ip, Some(IpAddr::V6(_)))
}

#[cfg(test)]
mod tests {
    use phoneboot_parsers::MacAddress;

    use super::*;
    use crate::dissect::testing::{
        ACK, End, FIN, OTHER_SERVER, PHONE, PHONE_MAC, RST, Random, SERVER, SYN, all_lines,
        datagram, ethernet, frame, ipv4, ipv6, lines, read_request, segment, tcp, udp,
    };
    use crate::dissect::{Item, prefilter};

    const CLIENT: End = (PHONE, 40_000);
    const TFTP: End = (SERVER, 69);
    const WEB: End = (SERVER, 8080);

    /// The first words of each line: frame, sender, protocol.
    fn heads(lines: &[String]) -> Vec<String> {
        let words = |line: &String| line.split(' ').take(3).collect::<Vec<_>>().join(" ");
        lines.iter().map(words).collect()
    }

    /// A DHCP message with this transaction id and nothing in it.
    fn dhcp_payload(id: u8) -> Vec<u8> {
        let mut bytes = vec![1, 1, 6, 0, 0, 0, 0, id];
        bytes.resize(236, 0);
        bytes[28..34].copy_from_slice(&PHONE_MAC);
        bytes.extend([99, 130, 83, 99, 53, 1, 1, 255]);
        bytes
    }

    const SIP_REGISTER: &[u8] =
        b"REGISTER sip:192.0.2.10 SIP/2.0\r\nCSeq: 1 REGISTER\r\nContent-Length: 0\r\n\r\n";

    #[test]
    fn tells_dhcp_by_its_ports() {
        let message = dhcp_payload(1);
        for (from, to, given) in [
            (68, 67, true),
            (67, 68, true),
            (67, 67, true),
            (4011, 68, true),
            (50_000, 4011, true),
            (50_000, 50_001, false),
        ] {
            let lines = all_lines(&[datagram((PHONE, from), (SERVER, to), &message)]);
            assert_eq!(heads(&lines) == ["1 phone dhcp"], given, "{from} {to}");
        }
        let garbage = [
            datagram((PHONE, 68), (SERVER, 67), b"x"),
            datagram((PHONE, 50_000), (SERVER, 4011), b"x"),
        ];
        assert_eq!(all_lines(&garbage), ["1 phone undecodable dhcp"]);
    }

    #[test]
    fn tells_dhcpv6_by_its_ports_and_only_over_ipv6() {
        let message = [11, 0, 0, 1, 0, 6, 0, 2, 0, 59];
        let over_v6 = |from, to| ethernet(true, 0x86dd, &ipv6(17, &udp(from, to, &message)));
        let frames = [
            over_v6(546, 547),
            over_v6(547, 547),
            over_v6(40_000, 546),
            over_v6(40_000, 548),
            datagram((PHONE, 546), (SERVER, 547), &message),
        ];
        assert_eq!(
            heads(&all_lines(&frames)),
            ["1 phone dhcpv6", "2 phone dhcpv6", "3 phone dhcpv6"]
        );
    }

    #[test]
    fn follows_a_tftp_transfer_to_its_ports() {
        let answer = (SERVER, 5001);
        let frames = [
            datagram(answer, CLIENT, b"\0\x03\0\x01before"),
            datagram(CLIENT, TFTP, &read_request("term70.default.loads")),
            datagram(answer, CLIENT, b"\0\x06blksize\x001468\0"),
            datagram(CLIENT, answer, b"\0\x04\0\0"),
            datagram(answer, CLIENT, b"\0\x03\0\x01data"),
            datagram(answer, CLIENT, b"\x80no TFTP"),
            datagram(CLIENT, answer, b"\0\x05\0\0without its end"),
            datagram(CLIENT, (SERVER, 54), b"\x01\x02\x01\0\0\x01\0\0\0\0\0\0"),
        ];
        let file = "term70.default.loads";
        let client = format!("phone tftp client {file}");
        let server = format!("server tftp server {file}");
        assert_eq!(
            all_lines(&frames),
            [
                format!("2 {client}"),
                format!("3 {server}"),
                format!("4 {client}"),
                format!("5 {server}"),
                format!("7 {client}"),
            ]
        );
    }

    #[test]
    fn tells_tftp_on_its_port_without_a_request() {
        let frames = [
            datagram(TFTP, CLIENT, b"\0\x03\0\x01data"),
            datagram(CLIENT, TFTP, b"\0\x04\0\x01"),
            datagram(CLIENT, TFTP, b"\x07\x07"),
        ];
        assert_eq!(
            all_lines(&frames),
            [
                "1 server tftp server ?",
                "2 phone tftp client ?",
                "3 phone undecodable tftp",
            ]
        );
    }

    #[test]
    fn finds_a_tftp_server_on_a_port_of_its_own() {
        let server = (SERVER, 6969);
        let frames = [
            datagram(CLIENT, server, b"\0\x01no request"),
            datagram(CLIENT, server, &read_request("a")),
            datagram((SERVER, 5001), CLIENT, b"\0\x05\0\x01File not found\0"),
        ];
        assert_eq!(
            all_lines(&frames),
            ["2 phone tftp client a", "3 server tftp server a"]
        );
    }

    #[test]
    fn tells_sip_on_any_port_and_leaves_what_keeps_it_alive() {
        let frames = [
            datagram((PHONE, 5060), (SERVER, 5060), SIP_REGISTER),
            datagram((PHONE, 5062), (SERVER, 12_345), SIP_REGISTER),
            datagram((PHONE, 5060), (SERVER, 5060), b"\r\n\r\n"),
            datagram((PHONE, 5060), (SERVER, 5060), &SIP_REGISTER[..60]),
        ];
        assert_eq!(
            heads(&all_lines(&frames)),
            ["1 phone sip", "2 phone sip", "4 phone undecodable"]
        );
    }

    #[test]
    fn reads_neighbours_and_arp_and_icmp() {
        let lldp = [
            2, 7, 4, 2, 0, 0, 0, 0, 1, // chassis id: MAC address
            4, 2, 7, b'1', // port id: local
            6, 2, 0, 120, // time to live
            0, 0, // end
        ];
        let arp = [
            0, 1, 8, 0, 6, 4, 0, 1, // request for IPv4 over Ethernet
            2, 0, 0, 0, 0, 1, 192, 0, 2, 51, // sender
            0, 0, 0, 0, 0, 0, 192, 0, 2, 10, // target
        ];
        // Port unreachable, with a quoted datagram that looks like DHCP.
        let quoted = ipv4(17, PHONE, SERVER, 0, &udp(68, 67, &dhcp_payload(1)));
        let unreachable = [&[3, 3, 0, 0, 0, 0, 0, 0], &quoted[..]].concat();
        let frames = [
            ethernet(true, 0x88cc, &lldp),
            ethernet(true, 0x0806, &arp),
            ethernet(false, 0x0800, &ipv4(1, SERVER, PHONE, 0, &unreachable)),
            ethernet(true, 0x888e, &[2, 1, 0, 0]),
            ethernet(false, 0x888e, &[2, 0, 0, 5, 1, 1, 0, 5, 1]),
            ethernet(false, 7, &[0x42, 0x42, 3, 0, 0, 0, 128]),
            ethernet(true, 0x86dd, &ipv6(58, &[128, 0, 0, 0, 0, 1, 0, 1])),
            ethernet(true, 0x86dd, &ipv6(1, &[8, 0, 0, 0, 0, 1, 0, 1])),
            ethernet(true, 0x0800, &ipv4(58, PHONE, SERVER, 0, &[128, 0, 0, 0])),
        ];
        assert_eq!(
            heads(&all_lines(&frames)),
            [
                "1 phone lldp",
                "2 phone arp",
                "3 server icmp",
                "4 phone eapol",
                "5 server eapol",
                "6 server stp",
                "7 phone icmp"
            ]
        );
    }

    #[test]
    fn gives_addresses_tags_and_hop_limit() {
        let packet = ipv4(17, PHONE, SERVER, 0, &udp(68, 67, &dhcp_payload(1)));
        let tagged = [&[0x60, 0x6e, 0x08, 0x00], &packet[..]].concat();
        let bytes = ethernet(true, 0x8100, &tagged);
        let mut n_given = 0;
        Dissector::new().frame(&frame(7, LinkType::Ethernet, &bytes), &mut |given| {
            n_given += 1;
            assert_eq!(given.at.frame.0, 7);
            let source = Endpoint {
                mac: Some(MacAddress(PHONE_MAC)),
                ip: Some(PHONE.into()),
                port: Some(68),
            };
            assert_eq!(given.source, source);
            assert_eq!(given.destination.port, Some(67));
            assert_eq!(given.vlans, [110]);
            assert_eq!(given.hop_limit, Some(64));
        });
        assert_eq!(n_given, 1);
    }

    /// What the decoder gets of one DHCP message, by its issues and its options.
    fn dhcp_of(frames: &[Frame<'_>]) -> Vec<(u64, usize, bool)> {
        let mut given = Vec::new();
        let mut dissector = Dissector::new();
        for frame in frames {
            dissector.frame(frame, &mut |dissected| {
                if let Item::Message(Message::Dhcp(message), issues) = dissected.item {
                    let cut = issues
                        .iter()
                        .any(|issue| issue.kind == phoneboot_parsers::IssueKind::CutShort);
                    given.push((dissected.at.frame.0, message.options.len(), cut));
                }
            });
        }
        given
    }

    #[test]
    fn puts_ipv4_and_ipv6_fragments_together() {
        let datagram = udp(68, 67, &dhcp_payload(1));
        let (head, tail) = datagram.split_at(240);
        let v4 = |fragment, part| ethernet(true, 0x0800, &ipv4(17, PHONE, SERVER, fragment, part));
        let v6 = |offset_and_more: u16, part: &[u8]| {
            // In the datagram, destination options come before UDP.
            let mut header = vec![60, 0];
            header.extend(offset_and_more.to_be_bytes());
            header.extend([0, 0, 0, 7]);
            header.extend(part);
            ethernet(true, 0x86dd, &ipv6(44, &header))
        };
        let with_options = [&[17, 0, 1, 4, 0, 0, 0, 0], head].concat();
        for (first, second) in [
            (v4(0x2000, head), v4(30, tail)),
            (v6(0x0001, &with_options), v6(31 << 3, tail)),
        ] {
            let (first, second) = (
                frame(1, LinkType::Ethernet, &first),
                frame(2, LinkType::Ethernet, &second),
            );
            assert_eq!(dhcp_of(&[first, second]), [(2, 1, false)]);
            assert_eq!(dhcp_of(&[second, first]), [(1, 1, false)]);
            assert_eq!(dhcp_of(&[first, first]), []);
        }
    }

    #[test]
    fn says_what_a_snap_length_cut_off() {
        let bytes = datagram((PHONE, 68), (SERVER, 67), &dhcp_payload(1));
        let whole = frame(1, LinkType::Ethernet, &bytes);
        assert_eq!(dhcp_of(&[whole]), [(1, 1, false)]);
        let cut = Frame {
            bytes: &bytes[..bytes.len() - 2],
            ..whole
        };
        assert_eq!(dhcp_of(&[cut]), [(1, 1, true)]);
        let payload = Input::cut(b"abc", 9);
        let mut datagram = udp(1, 2, b"abcdef");
        datagram.truncate(11);
        let expected = ([1, 2], Input::cut(b"abc", 3));
        assert_eq!(udp_payload(Input::cut(&datagram, 9)), Some(expected));
        datagram[4..6].fill(0);
        assert_eq!(
            udp_payload(Input::cut(&datagram, 9)),
            Some(([1, 2], payload))
        );
        assert_eq!(udp_payload(Input::cut(&datagram[..7], 9)), None);
    }

    fn up(flags: u8, numbers: [u32; 2], payload: &[u8]) -> Vec<u8> {
        segment(CLIENT, WEB, flags, numbers, payload)
    }

    fn down(flags: u8, numbers: [u32; 2], payload: &[u8]) -> Vec<u8> {
        segment(WEB, CLIENT, flags, numbers, payload)
    }

    /// Only what became of HTTP: `<frame> <sender> <piece> …`, bodies as text.
    fn http(frames: &[Vec<u8>]) -> Vec<String> {
        use phoneboot_parsers::http::{Piece, StartLine};

        let mut told = Vec::new();
        let mut tell = |dissected: super::super::Dissected<'_>| {
            let what = match dissected.item {
                Item::Message(Message::Http(Piece::Head(head)), _) => match &head.start {
                    StartLine::Request { method, .. } => method.to_string(),
                    StartLine::Response { status, .. } => status.to_string(),
                },
                Item::Message(Message::Http(Piece::Body(bytes)), _) => {
                    String::from_utf8_lossy(bytes).into_owned()
                }
                Item::Message(Message::Http(Piece::End(end)), _) => format!("{:?}", end.ending),
                Item::Tcp(super::super::TcpNotice::Gap { missing_bytes }) => {
                    format!("[{missing_bytes}]")
                }
                _ => return,
            };
            let side = if dissected.source.ip == Some(PHONE.into()) {
                ">"
            } else {
                "<"
            };
            told.push(format!("{} {side} {what}", dissected.at.frame));
        };
        let mut dissector = Dissector::new();
        for (number, bytes) in (1..).zip(frames) {
            dissector.frame(&frame(number, LinkType::Ethernet, bytes), &mut tell);
        }
        dissector.finish(&mut tell);
        told
    }

    const GET: &[u8] = b"GET /a HTTP/1.1\r\n\r\n";
    const HEAD: &[u8] = b"HEAD /a HTTP/1.1\r\n\r\n";
    const OK_4: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n";

    #[test]
    fn reads_http_on_any_port_and_in_any_order() {
        let frames = [
            up(SYN, [99, 0], b""),
            down(SYN | ACK, [499, 100], b""),
            up(ACK, [104, 500], &GET[4..]),
            up(ACK, [100, 500], &GET[..4]),
            down(ACK, [500, 119], OK_4),
            down(ACK | FIN, [540, 119], b"cd"),
            down(ACK, [538, 119], b"ab"),
            up(ACK, [119, 543], b""),
        ];
        assert_eq!(
            http(&frames),
            [
                "4 > GET",
                "4 > Complete",
                "5 < 200",
                "7 < ab",
                "7 < cd",
                "7 < Complete",
            ]
        );
    }

    #[test]
    fn tells_the_answer_of_head_by_its_request() {
        let frames = [
            up(SYN, [99, 0], b""),
            up(ACK, [100, 500], HEAD),
            down(ACK, [500, 120], OK_4),
            up(ACK, [120, 538], GET),
            down(ACK, [538, 139], OK_4),
            down(RST, [576, 139], b""),
        ];
        assert_eq!(
            http(&frames),
            [
                "2 > HEAD",
                "2 > Complete",
                "3 < 200",
                "3 < Complete",
                "4 > GET",
                "4 > Complete",
                "5 < 200",
                "6 < Closed",
            ]
        );
    }

    #[test]
    fn goes_on_behind_a_gap() {
        let frames = [
            up(ACK, [100, 500], GET),
            down(ACK, [500, 119], OK_4),
            down(ACK, [540, 119], b"cd"),
            up(ACK, [119, 542], b""),
        ];
        assert_eq!(
            http(&frames),
            [
                "1 > GET",
                "1 > Complete",
                "2 < 200",
                "4 < [2]",
                "4 < cd",
                "4 < Gap",
            ]
        );
    }

    #[test]
    fn joins_a_connection_in_its_middle() {
        let frames = [
            down(ACK, [400, 100], b"the rest of a file"),
            up(ACK, [100, 418], GET),
            down(ACK, [418, 119], OK_4),
            down(ACK, [456, 119], b"abcd"),
        ];
        assert_eq!(
            http(&frames),
            [
                "2 > GET",
                "2 > Complete",
                "3 < 200",
                "4 < abcd",
                "4 < Complete",
            ]
        );
        // Given up long before the request comes, and listened to again.
        let mut frames: Vec<_> = (0..20)
            .map(|n| down(ACK, [400 + n * 5, 100], b"\x80\x81\x82\x83\x84"))
            .collect();
        frames.push(up(ACK, [100, 500], GET));
        frames.push(down(ACK, [500, 119], OK_4));
        assert_eq!(
            http(&frames),
            ["21 > GET", "21 > Complete", "22 < 200", "22 < Unfinished"]
        );
    }

    #[test]
    fn reads_sip_and_sccp_out_of_streams() {
        let register = [SIP_REGISTER, b"\r\n\r\n", SIP_REGISTER].concat();
        let length = u32::try_from(register.len()).unwrap();
        let mut frames = vec![up(SYN, [99, 0], b"")];
        for (at, byte) in (100..).zip(&register) {
            frames.push(up(ACK, [at, 500], &[*byte]));
        }
        // The next comes behind a gap, and one whose end was not captured.
        frames.push(up(ACK, [100 + length + 50, 500], &SIP_REGISTER[..60]));
        frames.push(down(ACK, [500, 100 + length + 110], b""));
        frames.push(up(RST, [100 + length + 200, 0], b""));
        let words = heads(&all_lines(&frames));
        let whole = 1 + SIP_REGISTER.len();
        let expected = [
            "1 phone Open".to_owned(),
            format!("{whole} phone sip"),
            format!("{} phone sip", 1 + register.len()),
            format!("{} phone Gap", 3 + register.len()),
            format!("{} phone Reset", 4 + register.len()),
        ];
        assert_eq!(words, expected);

        let keep_alive = [4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        let sccp = |payload: &[u8]| segment(CLIENT, (SERVER, 2000), ACK, [100, 1], payload);
        assert_eq!(heads(&all_lines(&[sccp(&keep_alive)])), ["1 phone sccp"]);
        assert_eq!(
            http(&[segment(CLIENT, (SERVER, 2000), ACK, [100, 1], GET)]),
            ["1 > GET", "1 > Complete"]
        );
    }

    #[test]
    fn keeps_step_with_sip_through_a_gap_in_a_body() {
        let invite: &[u8] =
            b"INVITE sip:1@192.0.2.10 SIP/2.0\r\nCSeq: 1 INVITE\r\nContent-Length: 30\r\n\r\n";
        let length = u32::try_from(invite.len()).unwrap();
        let frames = [
            up(SYN, [99, 0], b""),
            up(ACK, [100, 500], invite),
            up(ACK, [100 + length + 20, 500], b"body.body."),
            up(ACK, [100 + length + 30, 500], SIP_REGISTER),
            down(ACK, [500, 100 + length + 30], b""),
            up(ACK, [130 + length + 72, 500], b"no SIP at all\r\n"),
            up(ACK, [130 + length + 72 + 15, 500], SIP_REGISTER),
        ];
        assert_eq!(
            heads(&all_lines(&frames)),
            [
                "1 phone Open",
                "2 phone sip",
                "5 phone Gap",
                "5 phone sip",
                "6 phone undecodable",
            ]
        );
    }

    #[test]
    fn counts_frames_of_unknown_link_types() {
        let mut dissector = Dissector::default();
        let frame = frame(1, LinkType::Other(147), &[0; 60]);
        dissector.frame(&frame, &mut |given| panic!("{given:?}"));
        assert_eq!(dissector.n_unknown_link_types(), 1);
        assert_eq!(dissector.limits(), []);
    }

    /// Traffic of every kind, of a phone and of others, in which each connection
    /// and transfer keeps its order for the most part.
    fn mixed_traffic(random: &mut Random) -> Vec<Vec<u8>> {
        let mut frames = Vec::new();
        let mut sent = [[100_u32; 2]; 40];
        for _ in 0..3000 {
            let n = random.below(40);
            let port = u16::try_from(40_000 + n).unwrap();
            let client = ([PHONE, OTHER_SERVER][n % 2], port);
            let server = (SERVER, [80, 2000, 443, 5060][n % 4]);
            let turned = random.below(2) == 1;
            let (from, to) = if turned {
                (server, client)
            } else {
                (client, server)
            };
            let [ours, theirs] = &mut sent[n];
            let (sequence, acknowledged) = if turned {
                (theirs, *ours)
            } else {
                (ours, *theirs)
            };
            let payload: &[u8] = match random.below(12) {
                0 | 1 => GET,
                2 | 3 => OK_4,
                4 => SIP_REGISTER,
                5 => &[0x16, 3, 1, 0, 5, 1, 2, 3, 4, 5],
                6 => &[4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
                _ => b"",
            };
            frames.push(match random.below(24) {
                0 => segment(from, to, SYN, [*sequence, 0], b""),
                1 => segment(from, to, SYN | ACK, [*sequence, acknowledged], b""),
                2 => segment(from, to, FIN | ACK, [*sequence, acknowledged], payload),
                3 => segment(from, to, RST, [*sequence, 0], b""),
                4 => datagram(client, TFTP, &read_request(&format!("file{n}"))),
                5 | 6 => datagram((SERVER, 5000 + port % 7), client, b"\0\x03\0\x01data"),
                7 => datagram(client, (SERVER, 5000 + port % 7), b"\0\x04\0\x01"),
                8 => datagram((SERVER, 68), (PHONE, 67), &dhcp_payload(2)),
                9 => datagram(from, to, payload),
                10 => datagram((PHONE, 3000), (SERVER, 3000), &[random.byte(); 20]),
                11 => ethernet(true, 0x0806, payload),
                12 => ethernet(true, 0x88cc, payload),
                13 => ethernet(false, 0x0800, &ipv4(1, SERVER, PHONE, 0, payload)),
                14 => ethernet(false, 0x0800, &ipv4(2, SERVER, PHONE, 0, payload)),
                15 => ethernet(true, 0x86dd, &ipv6(6, &tcp(port, 80, ACK, [1, 1], payload))),
                16 => ethernet(true, 0x86dd, &ipv6(17, &udp(68, 67, &dhcp_payload(1)))),
                17 => ethernet(true, 0x0800, &ipv4(17, PHONE, SERVER, 0x2000, &[0; 8])),
                18 => ethernet(true, 0x0800, &ipv4(17, PHONE, SERVER, 1, &[0; 8])),
                _ => {
                    let numbers = [*sequence, acknowledged];
                    *sequence += u32::try_from(payload.len()).unwrap();
                    segment(from, to, ACK, numbers, payload)
                }
            });
            // Some are cut, some are damaged.
            if let Some(last) = frames.last_mut()
                && random.below(10) == 0
            {
                if random.below(2) == 0 {
                    last.truncate(random.below(last.len()));
                } else {
                    let at = random.below(last.len());
                    last[at] = random.byte();
                }
            }
        }
        frames
    }

    #[test]
    fn gives_the_same_with_and_without_the_first_look() {
        let mut random = Random(7);
        for _ in 0..20 {
            let frames = mixed_traffic(&mut random);
            let mut given = [false, true].map(|prefilter| {
                let mut dissector = Dissector::new().with_prefilter(prefilter);
                let mut told = Vec::new();
                for (number, bytes) in (1..).zip(&frames) {
                    let frame = frame(number, LinkType::Ethernet, bytes);
                    dissector.frame(&frame, &mut |item| told.push(format!("{item:?}")));
                }
                dissector.finish(&mut |item| told.push(format!("{item:?}")));
                (told, dissector.limits())
            });
            let [(without, _), (with, _)] = &given;
            assert!(without.len() > 1000);
            for (without, with) in without.iter().zip(with) {
                assert_eq!(without, with);
            }
            let [without, with] = &mut given;
            assert_eq!(without, with);
        }
    }

    #[test]
    fn the_first_look_turns_foreign_frames_away() {
        let mut dissector = Dissector::new();
        let data = [0x17, 3, 1, 0, 5, 1, 2, 3, 4, 5];
        let opening = [
            up(SYN, [99, 0], b""),
            down(SYN | ACK, [499, 100], b""),
            up(ACK, [100, 500], &data),
            down(ACK, [500, 110], &data),
        ];
        assert_eq!(lines(&mut dissector, &opening).len(), 2);
        for (bytes, matters) in [
            (up(ACK, [110, 510], &data), false),
            (up(ACK | FIN, [110, 510], &data), true),
            (segment(CLIENT, (SERVER, 443), ACK, [1, 1], b""), true),
            (datagram(CLIENT, WEB, &[0x80; 20]), false),
            (datagram(CLIENT, WEB, &[0x41, 0x80, 0, 0]), false),
            (datagram(CLIENT, WEB, b""), false),
            (datagram(CLIENT, WEB, SIP_REGISTER), true),
            (datagram(CLIENT, WEB, &read_request("a")), true),
            (datagram(CLIENT, TFTP, b""), true),
            (
                ethernet(true, 0x0800, &ipv4(47, PHONE, SERVER, 0, b"")),
                false,
            ),
            (
                ethernet(true, 0x0800, &ipv4(51, PHONE, SERVER, 0, b"")),
                true,
            ),
            (
                ethernet(true, 0x0800, &ipv4(17, PHONE, SERVER, 0, b"")),
                true,
            ),
            (
                ethernet(true, 0x0800, &ipv4(17, PHONE, SERVER, 1, b"")),
                true,
            ),
            (ethernet(true, 0x0800, &[0x46; 60]), true),
            (
                ethernet(true, 0x86dd, &ipv6(17, &udp(1, 2, &[0x80; 9]))),
                false,
            ),
            (ethernet(true, 0x86dd, &ipv6(44, &[0; 8])), true),
        ] {
            let packet = prefilter::packet_of(&bytes).unwrap();
            assert_eq!(
                dissector.packet_may_matter(packet, 0),
                matters,
                "{bytes:x?}"
            );
        }
        for (bytes, is_packet) in [
            (ethernet(true, 0x8100, &[0, 1, 0x86, 0xdd]), true),
            (ethernet(true, 0x88a8, &[0, 1, 0x81, 0, 0, 1, 8, 0]), true),
            (
                ethernet(true, 0x8100, &[[0, 1, 0x81, 0]; 3].concat()),
                false,
            ),
            (ethernet(true, 0x0806, b""), false),
            (ethernet(true, 0x8100, &[0]), false),
        ] {
            assert_eq!(prefilter::packet_of(&bytes).is_some(), is_packet);
        }
    }

    #[test]
    fn survives_any_bytes() {
        let mut random = Random(3);
        let mut dissector = Dissector::new();
        let link_types = [
            LinkType::Ethernet,
            LinkType::LinuxSll,
            LinkType::LinuxSll2,
            LinkType::Null,
            LinkType::RawIp,
        ];
        for bytes in mixed_traffic(&mut random) {
            let mut bytes = bytes;
            for _ in 0..3 {
                let link_type = link_types[random.below(link_types.len())];
                let whole = Frame {
                    wire_length: random.below(2000),
                    ..frame(1, link_type, &bytes)
                };
                dissector.frame(&whole, &mut |_| {});
                if !bytes.is_empty() {
                    let at = random.below(bytes.len());
                    bytes[at] = random.byte();
                }
            }
        }
        dissector.finish(&mut |_| {});
    }
}
