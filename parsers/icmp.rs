//! ICMP for IPv4 and for IPv6, with the datagram that an error quotes.
//!
//! RFC 792 (ICMP), RFC 1812 §5.2.7 (codes of unreachable), RFC 4443 (the IPv6
//! one); RFC 791 and RFC 8200 for what is quoted. What neighbor discovery carries is
//! read in [`ndp`]. Checksums are not verified, and the bodies of other messages that
//! are no errors are left alone.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use nom::Parser;
use nom::bytes::complete::take;
use nom::error::context;
use nom::number::complete::{be_u8, be_u16, be_u32, be_u128};

use crate::{DecodeError, Decoded, Input, Issue, Outcome, Parsed, ndp};

const TCP: u8 = 6;
const UDP: u8 = 17;

/// One ICMP message (RFC 792; RFC 4443 §2.1).
///
/// ```text
///  1 byte   1 byte   2 bytes    4 bytes          errors: a datagram
/// +--------+--------+----------+---------------+--------------------+
/// |  type  |  code  | checksum | by the type   | header, first bytes |
/// +--------+--------+----------+---------------+--------------------+
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// 4 or 6: which ICMP it is.
    pub ip_version: u8,
    /// Type.
    pub kind: u8,
    /// Code.
    pub code: u8,
    /// Checksum field.
    pub checksum: u16,
    /// The datagram that an error message quotes, as far as it does; `None` for
    /// messages that are no errors.
    pub quoted: Option<Quoted>,
    /// What a message of neighbor discovery carries; `None` for all others.
    pub neighbor: Option<Box<ndp::Message>>,
}

/// The head of the datagram that an ICMP error quotes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quoted {
    /// Who sent the datagram.
    pub source: IpAddr,
    /// Where it should have gone.
    pub destination: IpAddr,
    /// IP protocol number: 6 TCP, 17 UDP. Of IPv6, what stands behind the
    /// extension headers, as far as they are quoted.
    pub protocol: u8,
    /// Source and destination port; `None` when not quoted, or for other protocols.
    pub ports: Option<(u16, u16)>,
}

impl Message {
    /// Whether the message reports an error, and so quotes a datagram.
    pub fn is_error(&self) -> bool {
        matches!(
            (self.ip_version, self.kind),
            (4, 3 | 4 | 5 | 11 | 12) | (6, 1..=4)
        )
    }
}

/// Decodes an IPv4 (`ip_version` 4) or IPv6 (6) ICMP message.
pub fn decode(input: Input<'_>, ip_version: u8) -> Outcome<Message> {
    if !matches!(ip_version, 4 | 6) {
        let detail = format!("is {ip_version}, must be 4 or 6");
        return Err(DecodeError::malformed("IP version", 0, detail));
    }
    let (rest, mut message) =
        header(input.bytes, ip_version).map_err(|error| DecodeError::from_nom(input, error))?;
    let mut quote = Quote {
        input,
        issues: Vec::new(),
    };
    if message.is_error() {
        message.quoted = quote.read(rest, ip_version);
    } else if ip_version == 6 && ndp::is_neighbor_discovery(message.kind) {
        let body = ndp::decode(message.kind, rest, input, &mut quote.issues);
        message.neighbor = body.map(Box::new);
    }
    Ok(Decoded {
        value: message,
        issues: quote.issues,
    })
}

fn header(input: &[u8], ip_version: u8) -> Parsed<'_, Message> {
    let (input, kind) = context("type", be_u8).parse_complete(input)?;
    let (input, code) = context("code", be_u8).parse_complete(input)?;
    let (input, checksum) = context("checksum", be_u16).parse_complete(input)?;
    let message = Message {
        ip_version,
        kind,
        code,
        checksum,
        quoted: None,
        neighbor: None,
    };
    Ok((input, message))
}

/// What an error quotes. RFC 792 has it hold the IP header and eight bytes more,
/// RFC 4443 as much as fits.
struct Quote<'a> {
    /// The whole ICMP message.
    input: Input<'a>,
    issues: Vec<Issue>,
}

impl<'a> Quote<'a> {
    /// Reads the datagram behind the four bytes that depend on the type.
    fn read(&mut self, rest: &'a [u8], ip_version: u8) -> Option<Quoted> {
        let by_type = context("bytes by type", take(4_usize)).parse_complete(rest);
        let (quote, _) = self.note(by_type)?;
        if let Some(first) = quote.first()
            && first >> 4 != ip_version
        {
            self.malformed(
                "quoted version",
                quote,
                format!("is {}, must be {ip_version}", first >> 4),
            );
            return None;
        }
        if ip_version == 4 {
            self.read_v4(quote)
        } else {
            self.read_v6(quote)
        }
    }

    fn read_v4(&mut self, quote: &'a [u8]) -> Option<Quoted> {
        let (rest, header) = self.note(Ipv4Header::parse(quote))?;
        let mut quoted = Quoted {
            source: header.source.into(),
            destination: header.destination.into(),
            protocol: header.protocol,
            ports: None,
        };
        let words = usize::from(header.n_words);
        if let Some(option_words) = words.checked_sub(5) {
            if header.fragment_offset == 0 {
                quoted.ports = self.ports(rest, option_words * 4, header.protocol);
            }
        } else {
            self.malformed(
                "quoted IHL",
                quote,
                format!("is {words}, must be at least 5"),
            );
        }
        Some(quoted)
    }

    fn read_v6(&mut self, quote: &'a [u8]) -> Option<Quoted> {
        let (mut rest, mut quoted) = self.note(ipv6_header(quote))?;
        while let Some(extension) = Extension::of(quoted.protocol) {
            let Some((behind, head)) = self.note(extension.parse(rest)) else {
                return Some(quoted);
            };
            quoted.protocol = head.next_header;
            if head.fragment_offset != 0 {
                return Some(quoted);
            }
            rest = behind;
        }
        quoted.ports = self.ports(rest, 0, quoted.protocol);
        Some(quoted)
    }

    /// The ports behind `n_options` bytes, when the protocol has some.
    fn ports(&mut self, rest: &'a [u8], n_options: usize, protocol: u8) -> Option<(u16, u16)> {
        if !matches!(protocol, TCP | UDP) {
            return None;
        }
        let (_rest, ports) = self.note(ports(rest, n_options))?;
        Some(ports)
    }

    /// What was parsed; notes where the quote ends when it was too short.
    fn note<T>(&mut self, parsed: Parsed<'a, T>) -> Option<(&'a [u8], T)> {
        parsed
            .map_err(|error| {
                let error = DecodeError::from_nom(self.input, error);
                self.issues.push(error.into_issue(self.input.bytes.len()));
            })
            .ok()
    }

    /// Notes a fault in the first byte of `quote`.
    fn malformed(&mut self, field: &str, quote: &[u8], detail: String) {
        let start = self.input.bytes.len() - quote.len();
        self.issues
            .push(Issue::malformed(field, start..start + 1, detail));
    }
}

/// What matters of an IPv4 header (RFC 791 §3.1).
///
/// ```text
///  0                   1                   2                   3
///  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
/// +-------+-------+---------------+-------------------------------+
/// |   4   |  IHL  |      TOS      |         total length          |
/// +-------+-------+---------------+-----+-------------------------+
/// |        identification         |flags|     fragment offset     |
/// +---------------+---------------+-----+-------------------------+
/// |      TTL      |   protocol    |           checksum            |
/// +---------------+---------------+-------------------------------+
/// |                            source                             |
/// +---------------------------------------------------------------+
/// |                          destination                          |
/// +---------------------------------------------------------------+
/// |                  options, up to IHL x 4 bytes                 |
/// +---------------------------------------------------------------+
/// ```
struct Ipv4Header {
    /// `IHL`: length in four-byte words, options included.
    n_words: u8,
    /// Not zero behind the first fragment, where ports cannot stand.
    fragment_offset: u16,
    protocol: u8,
    source: Ipv4Addr,
    destination: Ipv4Addr,
}

impl Ipv4Header {
    fn parse(input: &[u8]) -> Parsed<'_, Self> {
        let (input, first) = context("quoted IHL", be_u8).parse_complete(input)?;
        let (input, _) = context("quoted TOS", be_u8).parse_complete(input)?;
        let (input, _) = context("quoted total length", be_u16).parse_complete(input)?;
        let (input, _) = context("quoted identification", be_u16).parse_complete(input)?;
        let (input, fragment) = context("quoted fragment offset", be_u16).parse_complete(input)?;
        let (input, _) = context("quoted TTL", be_u8).parse_complete(input)?;
        let (input, protocol) = context("quoted protocol", be_u8).parse_complete(input)?;
        let (input, _) = context("quoted checksum", be_u16).parse_complete(input)?;
        let (input, source) = context("quoted source", be_u32).parse_complete(input)?;
        let (input, destination) = context("quoted destination", be_u32).parse_complete(input)?;
        let header = Self {
            n_words: first & 0x0f,
            fragment_offset: fragment & 0x1fff,
            protocol,
            source: source.into(),
            destination: destination.into(),
        };
        Ok((input, header))
    }
}

/// An IPv6 header (RFC 8200 §3).
///
/// ```text
///  0                   1                   2                   3
///  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
/// +-------+---------------+---------------------------------------+
/// |   6   | traffic class |              flow label               |
/// +-------+---------------+-------+---------------+---------------+
/// |        payload length         |  next header  |   hop limit   |
/// +-------------------------------+---------------+---------------+
/// |                       source, 16 bytes                        |
/// +---------------------------------------------------------------+
/// |                     destination, 16 bytes                     |
/// +---------------------------------------------------------------+
/// ```
fn ipv6_header(input: &[u8]) -> Parsed<'_, Quoted> {
    let (input, _) = context("quoted flow label", be_u32).parse_complete(input)?;
    let (input, _) = context("quoted payload length", be_u16).parse_complete(input)?;
    let (input, protocol) = context("quoted next header", be_u8).parse_complete(input)?;
    let (input, _) = context("quoted hop limit", be_u8).parse_complete(input)?;
    let (input, source) = context("quoted source", be_u128).parse_complete(input)?;
    let (input, destination) = context("quoted destination", be_u128).parse_complete(input)?;
    let quoted = Quoted {
        source: Ipv6Addr::from(source).into(),
        destination: Ipv6Addr::from(destination).into(),
        protocol,
        ports: None,
    };
    Ok((input, quoted))
}

fn ports(input: &[u8], n_options: usize) -> Parsed<'_, (u16, u16)> {
    let (input, _) = context("quoted IPv4 options", take(n_options)).parse_complete(input)?;
    let (input, source) = context("quoted source port", be_u16).parse_complete(input)?;
    let (input, destination) = context("quoted destination port", be_u16).parse_complete(input)?;
    Ok((input, (source, destination)))
}

/// What matters of an IPv6 extension header.
struct ExtensionHead {
    next_header: u8,
    /// Not zero behind the first fragment, where ports cannot stand.
    fragment_offset: u16,
}

/// How an IPv6 extension header tells its length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Extension {
    /// In 8 bytes, the first 8 not counted (RFC 6564 §4).
    Common,
    /// Always 8 bytes (RFC 8200 §4.5).
    Fragment,
    /// In 4 bytes, the first 8 not counted (RFC 4302 §2.2).
    Authentication,
}

impl Extension {
    /// The kind of the header with this number; `None` for what is none, or
    /// cannot be looked into (ESP).
    fn of(next_header: u8) -> Option<Self> {
        match next_header {
            // Hop-by-hop, routing, destination options, mobility, HIP, Shim6.
            0 | 43 | 60 | 135 | 139 | 140 => Some(Self::Common),
            44 => Some(Self::Fragment),
            51 => Some(Self::Authentication),
            _ => None,
        }
    }

    fn n_bytes(self, length: u8) -> usize {
        let length = usize::from(length);
        match self {
            Self::Common => 8 + length * 8,
            Self::Fragment => 8,
            Self::Authentication => 8 + length * 4,
        }
    }

    fn parse(self, input: &[u8]) -> Parsed<'_, ExtensionHead> {
        let (input, next_header) =
            context("quoted extension header", be_u8).parse_complete(input)?;
        let (input, length) = context("quoted extension length", be_u8).parse_complete(input)?;
        let (input, word) = context("quoted extension header", be_u16).parse_complete(input)?;
        let behind = self.n_bytes(length) - 4;
        let (input, _) = context("quoted extension header", take(behind)).parse_complete(input)?;
        let fragment_offset = if self == Self::Fragment { word >> 3 } else { 0 };
        let head = ExtensionHead {
            next_header,
            fragment_offset,
        };
        Ok((input, head))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::IssueKind;

    /// Frame 1 of `testing/btest/Traces/icmp/icmp-destunreach-udp.pcap` in zeek/zeek
    /// (BSD-3-Clause), up to the ports it quotes. tshark says:
    ///
    /// ```text
    /// Internet Control Message Protocol
    ///     Type: 3 (Destination unreachable)
    ///     Code: 3 (Port unreachable)
    ///     Checksum: 0x03bb [correct]
    ///     Internet Protocol Version 4, Src: 192.168.1.1, Dst: 192.168.1.102
    ///         Protocol: UDP (17)
    ///     User Datagram Protocol, Src Port: 53, Dst Port: 59207
    /// ```
    const PORT_UNREACHABLE: [u8; 36] = [
        3, 3, 0x03, 0xbb, // type, code, checksum
        0, 0, 0, 0, // unused
        0x45, 0x00, 0x00, 0xa3, // version and IHL, TOS, total length
        0x37, 0x11, 0x00, 0x00, // identification, fragment offset
        0x40, 0x11, 0xbf, 0x81, // TTL, protocol, checksum
        192, 168, 1, 1, // source
        192, 168, 1, 102, // destination
        0x00, 0x35, 0xe7, 0x47, // ports
        0x00, 0x8f, 0x76, 0xd2, // length, checksum
    ];

    /// Frame 1 of `testing/btest/Traces/icmp/icmp6-destunreach-ip6ext-trunc.pcap` in
    /// zeek/zeek (BSD-3-Clause). tshark says:
    ///
    /// ```text
    /// Internet Control Message Protocol v6
    ///     Type: Destination Unreachable (1)
    ///     Code: 0 (no route to destination)
    ///     Checksum: 0x690e [correct]
    ///     Internet Protocol Version 6, Src: fe80::beef, Dst: fe80::dead
    ///         Next Header: IPv6 Hop-by-Hop Option (0)
    /// ```
    const NO_ROUTE_V6: [u8; 48] = [
        1, 0, 0x69, 0x0e, // type, code, checksum
        0, 0, 0, 0, // reserved
        0x60, 0, 0, 0, // version, traffic class, flow label
        0, 8, 0, 64, // payload length, next header, hop limit
        0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xbe, 0xef, // source
        0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xde, 0xad, // destination
    ];

    fn port_unreachable() -> Message {
        Message {
            ip_version: 4,
            kind: 3,
            code: 3,
            checksum: 0x03bb,
            quoted: Some(Quoted {
                source: [192, 168, 1, 1].into(),
                destination: [192, 168, 1, 102].into(),
                protocol: 17,
                ports: Some((53, 59207)),
            }),
            neighbor: None,
        }
    }

    fn without_ports(message: &Message) -> Message {
        let quoted = message.quoted.map(|quoted| Quoted {
            ports: None,
            ..quoted
        });
        Message {
            quoted,
            ..message.clone()
        }
    }

    /// An error for IPv6 that quotes `behind` after an IPv6 header with this next
    /// header: the protocol and the ports found, and the issues.
    fn v6(next_header: u8, behind: &[u8]) -> (u8, Option<(u16, u16)>, Vec<Issue>) {
        let mut bytes = NO_ROUTE_V6.to_vec();
        bytes[14] = next_header;
        bytes.extend(behind);
        let decoded = decode(Input::whole(&bytes), 6).unwrap();
        let quoted = decoded.value.quoted.unwrap();
        (quoted.protocol, quoted.ports, decoded.issues)
    }

    #[test]
    fn reads_an_error_and_the_ports_it_quotes() {
        assert_eq!(
            decode(Input::whole(&PORT_UNREACHABLE), 4),
            Ok(Decoded::clean(port_unreachable()))
        );
        let four_bytes_less = Input::whole(&PORT_UNREACHABLE[..32]);
        assert_eq!(
            decode(four_bytes_less, 4),
            Ok(Decoded::clean(port_unreachable()))
        );
    }

    #[test]
    fn reads_a_quoted_datagram_for_every_error_and_for_nothing_else() {
        let quotes = |bytes: &[u8], version| -> Vec<u8> {
            (0..=255)
                .filter(|&kind| {
                    let mut bytes = bytes.to_vec();
                    bytes[0] = kind;
                    let decoded = decode(Input::whole(&bytes), version).unwrap();
                    decoded.value.quoted.is_some()
                })
                .collect()
        };
        assert_eq!(quotes(&PORT_UNREACHABLE, 4), [3, 4, 5, 11, 12]);
        assert_eq!(quotes(&NO_ROUTE_V6, 6), [1, 2, 3, 4]);
    }

    #[test]
    fn reads_messages_that_are_no_errors() {
        let echo = [8, 0, 0xf7, 0xff, 0, 0, 0, 0];
        assert_eq!(
            decode(Input::whole(&echo), 4),
            Ok(Decoded::clean(Message {
                ip_version: 4,
                kind: 8,
                code: 0,
                checksum: 0xf7ff,
                quoted: None,
                neighbor: None,
            }))
        );
    }

    #[test]
    fn skips_ip_options_by_the_header_length() {
        let mut bytes = PORT_UNREACHABLE[..28].to_vec();
        bytes[8] = 0x46;
        bytes.extend([0x94, 0x04, 0, 0]); // router alert
        bytes.extend(&PORT_UNREACHABLE[28..]);
        assert_eq!(
            decode(Input::whole(&bytes), 4),
            Ok(Decoded::clean(port_unreachable()))
        );
        let decoded = decode(Input::whole(&bytes[..30]), 4).unwrap();
        assert_eq!(decoded.value, without_ports(&port_unreachable()));
        assert_eq!(
            decoded.issues,
            [Issue::malformed(
                "quoted IPv4 options",
                28..30,
                "only 2 bytes are left for it"
            )]
        );
    }

    #[test]
    fn keeps_addresses_of_a_header_length_that_cannot_be() {
        let mut bytes = PORT_UNREACHABLE;
        bytes[8] = 0x44;
        let decoded = decode(Input::whole(&bytes), 4).unwrap();
        assert_eq!(decoded.value, without_ports(&port_unreachable()));
        assert_eq!(
            decoded.issues,
            [Issue::malformed(
                "quoted IHL",
                8..9,
                "is 4, must be at least 5"
            )]
        );
    }

    #[test]
    fn takes_ports_only_from_tcp_and_udp_and_the_first_fragment() {
        let with = |position: usize, byte: u8| {
            let mut bytes = PORT_UNREACHABLE;
            bytes[position] = byte;
            let decoded = decode(Input::whole(&bytes), 4).unwrap();
            assert_eq!(decoded.issues, []);
            decoded.value.quoted.unwrap().ports
        };
        assert_eq!(with(17, TCP), Some((53, 59207)));
        assert_eq!(with(17, 1), None);
        assert_eq!(with(14, 0x40), Some((53, 59207))); // do not fragment
        assert_eq!(with(15, 0x01), None); // fragment offset 8
    }

    #[test]
    fn keeps_what_a_short_quote_holds() {
        let cut = |length: usize| {
            let decoded = decode(Input::whole(&PORT_UNREACHABLE[..length]), 4).unwrap();
            let issue = decoded
                .issues
                .first()
                .map(|i| (i.field.clone(), i.span.clone()));
            (decoded.value.quoted, issue)
        };
        let quoted = without_ports(&port_unreachable()).quoted;
        let at = |field: &str, span| Some((field.to_owned(), span));
        assert_eq!(cut(31), (quoted, at("quoted destination port", 30..31)));
        assert_eq!(cut(29), (quoted, at("quoted source port", 28..29)));
        assert_eq!(cut(27), (None, at("quoted destination", 24..27)));
        assert_eq!(cut(23), (None, at("quoted source", 20..23)));
        assert_eq!(cut(17), (None, at("quoted protocol", 17..17)));
        assert_eq!(cut(8), (None, at("quoted IHL", 8..8)));
        assert_eq!(cut(7), (None, at("bytes by type", 4..7)));
    }

    #[test]
    fn blames_a_cut_capture_and_not_the_sender() {
        let decoded = decode(Input::cut(&PORT_UNREACHABLE[..28], 8), 4).unwrap();
        assert_eq!(
            decoded.issues,
            [Issue::cut_short(
                "quoted source port",
                28..28,
                "only 0 bytes are left for it"
            )]
        );
    }

    #[test]
    fn names_the_field_that_a_short_header_lacks() {
        let cut = |length: usize| {
            let error = decode(Input::whole(&PORT_UNREACHABLE[..length]), 4).unwrap_err();
            (error.kind, error.field, error.offset_bytes)
        };
        assert_eq!(cut(0), (IssueKind::Malformed, "type".into(), 0));
        assert_eq!(cut(1), (IssueKind::Malformed, "code".into(), 1));
        assert_eq!(cut(3), (IssueKind::Malformed, "checksum".into(), 2));
    }

    #[test]
    fn refuses_other_versions_of_ip_outside_and_inside() {
        assert_eq!(
            decode(Input::whole(&PORT_UNREACHABLE), 5),
            Err(DecodeError::malformed(
                "IP version",
                0,
                "is 5, must be 4 or 6"
            ))
        );
        let mut bytes = PORT_UNREACHABLE;
        bytes[8] = 0x65;
        let decoded = decode(Input::whole(&bytes), 4).unwrap();
        assert_eq!(decoded.value.quoted, None);
        assert_eq!(
            decoded.issues,
            [Issue::malformed("quoted version", 8..9, "is 6, must be 4")]
        );
    }

    #[test]
    fn reads_an_ipv6_error_whose_extension_header_is_not_quoted() {
        let decoded = decode(Input::whole(&NO_ROUTE_V6), 6).unwrap();
        assert_eq!(
            decoded.value,
            Message {
                ip_version: 6,
                kind: 1,
                code: 0,
                checksum: 0x690e,
                quoted: Some(Quoted {
                    source: "fe80::beef".parse().unwrap(),
                    destination: "fe80::dead".parse().unwrap(),
                    protocol: 0,
                    ports: None,
                }),
                neighbor: None,
            }
        );
        assert_eq!(
            decoded.issues,
            [Issue::malformed(
                "quoted extension header",
                48..48,
                "only 0 bytes are left for it"
            )]
        );
    }

    #[test]
    fn takes_nothing_from_an_ipv6_header_that_is_cut() {
        let decoded = decode(Input::whole(&NO_ROUTE_V6[..47]), 6).unwrap();
        assert_eq!(decoded.value.quoted, None);
        assert_eq!(decoded.issues[0].field, "quoted destination");
    }

    #[test]
    fn walks_over_ipv6_extension_headers_to_the_ports() {
        let ports = Some((0x1234, 69));
        let udp = [0x12, 0x34, 0, 69];
        assert_eq!(v6(17, &udp), (17, ports, vec![]));

        let mut options = vec![60, 0, 1, 4, 0, 0, 0, 0]; // hop-by-hop, then destination options
        options.extend([44, 1, 1, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]); // 16 bytes of them
        options.extend([51, 9, 0, 1, 0, 0, 0, 7]); // first fragment, 9 is reserved
        options.extend([17, 4, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1]); // authentication
        options.extend([0; 12]); // its check value: (4 + 2) x 4 bytes in all
        options.extend(udp);
        assert_eq!(v6(0, &options), (17, ports, vec![]));
    }

    #[test]
    fn stops_at_later_fragments_and_at_what_is_encrypted() {
        let fragment = [17, 0, 0, 8, 0, 0, 0, 7, 0x12, 0x34, 0, 69];
        assert_eq!(v6(44, &fragment), (17, None, vec![]));
        assert_eq!(v6(50, &[0; 16]), (50, None, vec![]));
        assert_eq!(v6(59, &[]), (59, None, vec![]));
    }
}
