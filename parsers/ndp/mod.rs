//! Neighbor discovery: what ICMPv6 messages 133 to 137 carry.
//!
//! RFC 4861 (messages and options 1 to 5), RFC 4191 (route information, router
//! preference), RFC 8106 (name servers and search list). That the hop limit must be
//! 255 is for whoever sees the IP header to check; what options mean for a host's
//! addresses is left out.

mod show;

use std::net::Ipv6Addr;

use nom::Parser;
use nom::error::context;
use nom::number::complete::{be_u8, be_u16, be_u32};

use crate::dhcpv6::{address, names};
use crate::{DecodeError, Input, Issue, IssueKind, MacAddress, Parsed, WireText};

/// Options of one message that are read; RFC 4861 knows no limit, a frame holds 180.
const MAX_OPTIONS: usize = 512;

/// The body of a neighbor discovery message, its ICMPv6 header left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// What it says.
    pub body: Body,
    /// Its options in wire order.
    pub options: Vec<RawOption>,
}

/// What a message says before its options.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// Type 133: a host looks for routers. Four reserved bytes, nothing else.
    RouterSolicitation,
    /// Type 134: a router tells how this link works.
    RouterAdvertisement(RouterAdvertisement),
    /// Type 135: who has this address?
    NeighborSolicitation {
        /// The address.
        target: Ipv6Addr,
    },
    /// Type 136: I have this address.
    NeighborAdvertisement(NeighborAdvertisement),
    /// Type 137: a router knows a better way.
    Redirect {
        /// The better way.
        target: Ipv6Addr,
        /// To where.
        destination: Ipv6Addr,
    },
}

/// A router advertisement (RFC 4861 §4.2; preference: RFC 4191 §2.2).
///
/// ```text
///  0                   1                   2                   3
///  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
/// +---------------+-+-+-+---+-----+-------------------------------+
/// | cur hop limit |M|O|H|Prf| rsv |        router lifetime        |
/// +---------------+-+-+-+---+-----+-------------------------------+
/// |                        reachable time                         |
/// +---------------------------------------------------------------+
/// |                         retrans timer                         |
/// +---------------------------------------------------------------+
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouterAdvertisement {
    /// `Cur Hop Limit` for the hosts' packets; 0 leaves it to them.
    pub hop_limit: u8,
    /// `M`: addresses are to be had by DHCPv6.
    pub managed: bool,
    /// `O`: other settings are to be had by DHCPv6.
    pub other: bool,
    /// `Prf`.
    pub preference: Preference,
    /// `Router Lifetime` in seconds; 0 when this is no default router.
    pub lifetime_secs: u16,
    /// `Reachable Time`; 0 leaves it to the hosts.
    pub reachable_ms: u32,
    /// `Retrans Timer`; 0 leaves it to the hosts.
    pub retransmit_ms: u32,
}

/// How much a router would like to be taken (RFC 4191 §2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names of the RFC")]
pub enum Preference {
    High,
    Medium,
    Low,
    Reserved,
}

impl Preference {
    /// Bits 3 and 4 of a byte of flags.
    fn of_flags(flags: u8) -> Self {
        match flags >> 3 & 3 {
            0 => Self::Medium,
            1 => Self::High,
            2 => Self::Reserved,
            _ => Self::Low,
        }
    }

    /// The name in lower case.
    pub fn name(self) -> &'static str {
        match self {
            Self::High => "high",
            Self::Medium => "medium",
            Self::Low => "low",
            Self::Reserved => "reserved",
        }
    }
}

/// A neighbor advertisement (RFC 4861 §4.4).
///
/// ```text
///  0                   1                   2                   3
///  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
/// +-+-+-+---------------------------------------------------------+
/// |R|S|O|                       reserved                          |
/// +-+-+-+---------------------------------------------------------+
/// |                   target address, 16 bytes                    |
/// +---------------------------------------------------------------+
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NeighborAdvertisement {
    /// `R`: the sender is a router.
    pub router: bool,
    /// `S`: it answers a solicitation.
    pub solicited: bool,
    /// `O`: what was known before no longer holds.
    pub overrides: bool,
    /// The sender's address.
    pub target: Ipv6Addr,
}

/// One option (RFC 4861 §4.6).
///
/// ```text
///  1 byte   1 byte    length x 8 - 2 bytes
/// +--------+--------+----------------------+
/// |  type  | length |        value         |
/// +--------+--------+----------------------+
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawOption {
    /// Type.
    pub code: u8,
    /// What stands behind type and length.
    pub bytes: Vec<u8>,
    /// What it says.
    pub value: Value,
}

/// What an option says. Its `Display` is the one string that reports print.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// Options 1 and 2: the sender's or the target's MAC address.
    LinkLayer(MacAddress),
    /// Option 3.
    Prefix(Prefix),
    /// Option 5: the largest packet of the link, in bytes.
    Mtu(u32),
    /// Option 24.
    Route {
        /// Where to.
        prefix: Ipv6Addr,
        /// Length of the prefix in bits.
        length: u8,
        /// `Prf`.
        preference: Preference,
        /// How long it holds.
        lifetime_secs: u32,
    },
    /// Option 25.
    NameServers {
        /// How long they may be used.
        lifetime_secs: u32,
        /// Their addresses.
        servers: Vec<Ipv6Addr>,
    },
    /// Option 31.
    SearchList {
        /// How long it may be used.
        lifetime_secs: u32,
        /// The domains.
        domains: Vec<WireText>,
    },
    /// Option 37: the URL of a captive portal.
    Url(WireText),
    /// Any other, or one whose length its type does not allow.
    Bytes,
}

/// Prefix information (RFC 4861 §4.6.2).
///
/// ```text
///  1 byte    1 byte  4 bytes          4 bytes              4   16 bytes
/// +--------+-+-+----+----------------+--------------------+---+---------+
/// | length |L|A|    | valid lifetime | preferred lifetime | 0 | prefix  |
/// +--------+-+-+----+----------------+--------------------+---+---------+
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Prefix {
    /// The prefix.
    pub prefix: Ipv6Addr,
    /// Its length in bits.
    pub length: u8,
    /// `L`: its addresses are on this link.
    pub on_link: bool,
    /// `A`: hosts may make addresses from it (SLAAC).
    pub autonomous: bool,
    /// `Valid Lifetime`.
    pub valid_secs: u32,
    /// `Preferred Lifetime`.
    pub preferred_secs: u32,
}

/// How an option is read.
type Read = fn(&[u8]) -> Option<Value>;

/// Every option that is known by name, sorted by type: its length in units of 8 bytes,
/// at least, and whether exactly that.
#[rustfmt::skip] // One row a line.
const OPTIONS: &[(u8, &str, usize, bool, Read)] = &[
    (1, "source-link-layer-address", 1, false, link_layer), // RFC 4861 §4.6.1
    (2, "target-link-layer-address", 1, false, link_layer), // RFC 4861 §4.6.1
    (3, "prefix-information", 4, true, prefix), // RFC 4861 §4.6.2
    (4, "redirected-header", 1, false, |_| None), // RFC 4861 §4.6.3
    (5, "mtu", 1, true, mtu), // RFC 4861 §4.6.4
    (14, "nonce", 1, false, |_| None), // RFC 3971 §5.3.2
    (24, "route-information", 1, false, route), // RFC 4191 §2.3
    (25, "recursive-dns-server", 3, false, name_servers), // RFC 8106 §5.1
    (26, "flags-extension", 1, false, |_| None), // RFC 5175 §4
    (31, "dns-search-list", 2, false, search_list), // RFC 8106 §5.2
    (37, "captive-portal", 1, false, |bytes| Some(Value::Url(WireText::without_trailing_nuls(bytes)))), // RFC 8910 §2.3
    (38, "pref64", 2, true, |_| None), // RFC 8781 §4
];

/// The name of an option; `None` when it has none here.
pub fn option_name(code: u8) -> Option<&'static str> {
    row(code).map(|(_, name, ..)| *name)
}

fn row(code: u8) -> Option<&'static (u8, &'static str, usize, bool, Read)> {
    OPTIONS.iter().find(|(known, ..)| *known == code)
}

impl Message {
    /// The sender's MAC address as it says itself (option 1); `None` when it does not.
    pub fn source_mac(&self) -> Option<MacAddress> {
        self.link_layer(1)
    }

    /// The target's MAC address (option 2); `None` when absent.
    pub fn target_mac(&self) -> Option<MacAddress> {
        self.link_layer(2)
    }

    fn link_layer(&self, code: u8) -> Option<MacAddress> {
        self.options
            .iter()
            .find(|option| option.code == code)
            .and_then(|option| match option.value {
                Value::LinkLayer(mac) => Some(mac),
                _ => None,
            })
    }

    /// Every prefix that a router announces.
    pub fn prefixes(&self) -> impl Iterator<Item = &Prefix> {
        self.options
            .iter()
            .filter_map(|option| match &option.value {
                Value::Prefix(prefix) => Some(prefix),
                _ => None,
            })
    }

    /// Every name server that a router announces and that may be used.
    pub fn name_servers(&self) -> impl Iterator<Item = Ipv6Addr> {
        self.options
            .iter()
            .filter_map(|option| match &option.value {
                Value::NameServers {
                    lifetime_secs: 1..,
                    servers,
                } => Some(servers.iter().copied()),
                _ => None,
            })
            .flatten()
    }
}

/// Whether messages of this ICMPv6 type are neighbor discovery.
pub(crate) fn is_neighbor_discovery(kind: u8) -> bool {
    (133..=137).contains(&kind)
}

/// Reads what stands behind type, code and checksum of the message in `input`.
/// `None` when the capture or the sender left too little of it.
pub(crate) fn decode(
    kind: u8,
    rest: &[u8],
    input: Input<'_>,
    issues: &mut Vec<Issue>,
) -> Option<Message> {
    let whole = input.bytes.len();
    let (rest, body) = body(kind, rest)
        .map_err(|error| issues.push(DecodeError::from_nom(input, error).into_issue(whole)))
        .ok()?;
    let options = options(rest, input, issues);
    Some(Message { body, options })
}

fn body(kind: u8, input: &[u8]) -> Parsed<'_, Body> {
    match kind {
        134 => router_advertisement(input),
        135 => {
            let (input, _) = context("reserved", be_u32).parse_complete(input)?;
            let (input, target) = context("target address", address).parse_complete(input)?;
            Ok((input, Body::NeighborSolicitation { target }))
        }
        136 => {
            let (input, flags) = context("flags", be_u32).parse_complete(input)?;
            let (input, target) = context("target address", address).parse_complete(input)?;
            let body = Body::NeighborAdvertisement(NeighborAdvertisement {
                router: flags & 1 << 31 != 0,
                solicited: flags & 1 << 30 != 0,
                overrides: flags & 1 << 29 != 0,
                target,
            });
            Ok((input, body))
        }
        137 => {
            let (input, _) = context("reserved", be_u32).parse_complete(input)?;
            let (input, target) = context("target address", address).parse_complete(input)?;
            let (input, destination) =
                context("destination address", address).parse_complete(input)?;
            let body = Body::Redirect {
                target,
                destination,
            };
            Ok((input, body))
        }
        _ => {
            let (input, _) = context("reserved", be_u32).parse_complete(input)?;
            Ok((input, Body::RouterSolicitation))
        }
    }
}

fn router_advertisement(input: &[u8]) -> Parsed<'_, Body> {
    let (input, hop_limit) = context("cur hop limit", be_u8).parse_complete(input)?;
    let (input, flags) = context("flags", be_u8).parse_complete(input)?;
    let (input, lifetime_secs) = context("router lifetime", be_u16).parse_complete(input)?;
    let (input, reachable_ms) = context("reachable time", be_u32).parse_complete(input)?;
    let (input, retransmit_ms) = context("retrans timer", be_u32).parse_complete(input)?;
    let body = Body::RouterAdvertisement(RouterAdvertisement {
        hop_limit,
        managed: flags & 0x80 != 0,
        other: flags & 0x40 != 0,
        preference: Preference::of_flags(flags),
        lifetime_secs,
        reachable_ms,
        retransmit_ms,
    });
    Ok((input, body))
}

fn options(list: &[u8], input: Input<'_>, issues: &mut Vec<Issue>) -> Vec<RawOption> {
    let end = input.bytes.len();
    let mut options = Vec::new();
    let mut rest = list;
    while !rest.is_empty() {
        let start = end - rest.len();
        if options.len() >= MAX_OPTIONS {
            issues.push(Issue {
                kind: IssueKind::Limit,
                field: "options".into(),
                span: start..end,
                detail: format!("has more than {MAX_OPTIONS} options, the rest is passed over"),
            });
            break;
        }
        let (code, n_bytes) = match rest {
            // A length of zero would never end; hosts discard the packet
            // (RFC 4861 §6.1.1).
            [code, 0, ..] => {
                let field = format!("option {code}");
                let detail = "has length 0, must be at least 1";
                issues.push(Issue::malformed(field, start..end, detail));
                break;
            }
            [code, units, ..] => (*code, usize::from(*units) * 8),
            // A lone byte: whatever its length would be, it is not there.
            _ => (rest.first().copied().unwrap_or_default(), 8),
        };
        let Some((whole, behind)) = rest.split_at_checked(n_bytes) else {
            let left = rest.len();
            issues.push(Issue {
                kind: input.short_kind(),
                field: format!("option {code}"),
                span: start..end,
                detail: format!("has {n_bytes} bytes, but only {left} are left"),
            });
            break;
        };
        let bytes = whole.get(2..).unwrap_or_default();
        let value = row(code).and_then(|(_, _, units, exactly, read)| {
            let found = n_bytes / 8;
            if found < *units || (*exactly && found != *units) {
                let least = if *exactly { "" } else { "at least " };
                let detail = format!("has length {found}, must be {least}{units}");
                let span = start..start + n_bytes;
                issues.push(Issue::malformed(format!("option {code}"), span, detail));
                return None;
            }
            read(bytes)
        });
        options.push(RawOption {
            code,
            bytes: bytes.to_vec(),
            value: value.unwrap_or(Value::Bytes),
        });
        rest = behind;
    }
    options
}

fn link_layer(bytes: &[u8]) -> Option<Value> {
    let mac = <[u8; 6]>::try_from(bytes).ok()?;
    Some(Value::LinkLayer(MacAddress(mac)))
}

fn prefix(bytes: &[u8]) -> Option<Value> {
    let parsed: Parsed<'_, _> =
        (be_u8, be_u8, be_u32, be_u32, be_u32, address).parse_complete(bytes);
    let (_, (length, flags, valid_secs, preferred_secs, _, prefix)) = parsed.ok()?;
    Some(Value::Prefix(Prefix {
        prefix,
        length,
        on_link: flags & 0x80 != 0,
        autonomous: flags & 0x40 != 0,
        valid_secs,
        preferred_secs,
    }))
}

fn mtu(bytes: &[u8]) -> Option<Value> {
    let parsed: Parsed<'_, _> = (be_u16, be_u32).parse_complete(bytes);
    let (_, (_, bytes)) = parsed.ok()?;
    Some(Value::Mtu(bytes))
}

/// Route information (RFC 4191 §2.3); of the prefix only the bytes that matter stand
/// there.
fn route(bytes: &[u8]) -> Option<Value> {
    let parsed: Parsed<'_, _> = (be_u8, be_u8, be_u32).parse_complete(bytes);
    let (octets, (length, flags, lifetime_secs)) = parsed.ok()?;
    let mut prefix = [0; 16];
    for (to, from) in prefix.iter_mut().zip(octets) {
        *to = *from;
    }
    Some(Value::Route {
        prefix: prefix.into(),
        length,
        preference: Preference::of_flags(flags),
        lifetime_secs,
    })
}

fn name_servers(bytes: &[u8]) -> Option<Value> {
    let parsed: Parsed<'_, _> = (be_u16, be_u32).parse_complete(bytes);
    let (servers, (_, lifetime_secs)) = parsed.ok()?;
    let (servers, _rest) = servers.as_chunks::<16>();
    Some(Value::NameServers {
        lifetime_secs,
        servers: servers
            .iter()
            .map(|octets| Ipv6Addr::from(*octets))
            .collect(),
    })
}

fn search_list(bytes: &[u8]) -> Option<Value> {
    let parsed: Parsed<'_, _> = (be_u16, be_u32).parse_complete(bytes);
    let (domains, (_, lifetime_secs)) = parsed.ok()?;
    Some(Value::SearchList {
        lifetime_secs,
        domains: names(domains, false).0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Decoded, icmp};

    /// Frame 3 of `tests/ipv6-evasion/ipv6-malformed-fragments-10/frag-10.pcap` in
    /// OISF/suricata-verify (MIT). tshark says:
    ///
    /// ```text
    /// Type: Router Advertisement (134), Checksum: 0x8472, Cur hop limit: 64
    /// Flags: 0x18, Prf (Default Router Preference): Low
    /// Router lifetime (s): 30, Reachable time (ms): 0, Retrans timer (ms): 0
    /// ICMPv6 Option (Prefix information : 2001:db8:1::/64)
    ///     Flag: 0xc0, On-link flag(L), Autonomous address-configuration flag(A)
    ///     Valid Lifetime: 86400, Preferred Lifetime: 14400
    /// ICMPv6 Option (Source link-layer address : 64:00:6a:5b:8e:b3)
    /// ```
    const ADVERTISEMENT: [u8; 56] = [
        134, 0, 0x84, 0x72, // type, code, checksum
        0x40, 0x18, 0x00, 0x1e, // hop limit, flags, router lifetime
        0, 0, 0, 0, // reachable time
        0, 0, 0, 0, // retrans timer
        3, 4, 0x40, 0xc0, // prefix information: length, flags
        0x00, 0x01, 0x51, 0x80, // valid lifetime
        0x00, 0x00, 0x38, 0x40, // preferred lifetime
        0, 0, 0, 0, // reserved
        0x20, 0x01, 0x0d, 0xb8, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, // prefix
        1, 1, 0x64, 0x00, 0x6a, 0x5b, 0x8e, 0xb3, // source link-layer address
    ];

    /// Made with scapy; tshark says:
    ///
    /// ```text
    /// Cur hop limit: 0
    /// Flags: 0xc8, Managed address configuration, Other configuration, Prf: High
    /// Router lifetime (s): 1800, Reachable time (ms): 30000, Retrans timer (ms): 1000
    /// ICMPv6 Option (MTU : 1492)
    /// ICMPv6 Option (Recursive DNS Server 2001:db8::53 2001:db8::54) Lifetime: 600
    /// ICMPv6 Option (DNS Search List Option lab.example example) Lifetime: 600
    /// ICMPv6 Option (Route Information : Low 2001:db8:1::/48) Route Lifetime: 900
    /// ```
    const MANAGED: &str = "8600831900c8070800007530000003e80501000000 0005d4
        190500000000025820010db800000000000000000000005320010db8000000000000000000000054
        1f04000000000258036c6162076578616d706c6500076578616d706c65000000
        180330180000038420010db8000100000000000000000000";

    fn hex(text: &str) -> Vec<u8> {
        let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
        let byte = |pair: &[u8]| {
            let pair = std::str::from_utf8(pair).unwrap();
            u8::from_str_radix(pair, 16).unwrap()
        };
        digits.chunks(2).map(byte).collect()
    }

    fn decode_whole(bytes: &[u8]) -> Decoded<icmp::Message> {
        icmp::decode(Input::whole(bytes), 6).unwrap()
    }

    /// Code and words of every option, and the issues as `field span detail`.
    fn options_of(bytes: &[u8]) -> (Vec<String>, Vec<String>) {
        let decoded = decode_whole(bytes);
        let options = decoded.value.neighbor.map_or(Vec::new(), |m| m.options);
        let option = |option: &RawOption| format!("{}={option}", option.code);
        let issue = |issue: &Issue| format!("{} {:?} {}", issue.field, issue.span, issue.detail);
        (
            options.iter().map(option).collect(),
            decoded.issues.iter().map(issue).collect(),
        )
    }

    #[test]
    fn reads_a_router_advertisement() {
        let decoded = decode_whole(&ADVERTISEMENT);
        assert_eq!(decoded.issues, []);
        let message = *decoded.value.neighbor.unwrap();
        assert_eq!(
            message.body,
            Body::RouterAdvertisement(RouterAdvertisement {
                hop_limit: 64,
                managed: false,
                other: false,
                preference: Preference::Low,
                lifetime_secs: 30,
                reachable_ms: 0,
                retransmit_ms: 0,
            })
        );
        let mac = MacAddress([0x64, 0x00, 0x6a, 0x5b, 0x8e, 0xb3]);
        assert_eq!(message.source_mac(), Some(mac));
        assert_eq!(message.target_mac(), None);
        assert_eq!(
            message.prefixes().collect::<Vec<_>>(),
            [&Prefix {
                prefix: "2001:db8:1::".parse().unwrap(),
                length: 64,
                on_link: true,
                autonomous: true,
                valid_secs: 86_400,
                preferred_secs: 14_400,
            }]
        );
        assert_eq!(
            options_of(&ADVERTISEMENT).0,
            [
                "3=2001:db8:1::/64 (on-link, autonomous, valid 86400 s, preferred 14400 s)",
                "1=64:00:6a:5b:8e:b3"
            ]
        );
    }

    #[test]
    fn reads_flags_name_servers_and_domains() {
        let bytes = hex(MANAGED);
        let message = *decode_whole(&bytes).value.neighbor.unwrap();
        let Body::RouterAdvertisement(router) = &message.body else {
            panic!("not a router's");
        };
        assert!(router.managed && router.other);
        assert_eq!(router.preference, Preference::High);
        assert_eq!((router.lifetime_secs, router.reachable_ms), (1_800, 30_000));
        assert_eq!(router.retransmit_ms, 1_000);
        let servers: Vec<String> = message.name_servers().map(|ip| ip.to_string()).collect();
        assert_eq!(servers, ["2001:db8::53", "2001:db8::54"]);
        assert_eq!(
            options_of(&bytes),
            (
                vec![
                    "5=1492".to_owned(),
                    "25=2001:db8::53, 2001:db8::54 (lifetime 600 s)".to_owned(),
                    "31=lab.example, example (lifetime 600 s)".to_owned(),
                    "24=2001:db8:1::/48 (preference low, lifetime 900 s)".to_owned(),
                ],
                vec![]
            )
        );
    }

    #[test]
    fn name_servers_without_a_lifetime_are_none() {
        let mut bytes = hex(MANAGED);
        bytes[28..32].copy_from_slice(&[0; 4]);
        let message = *decode_whole(&bytes).value.neighbor.unwrap();
        assert_eq!(message.name_servers().count(), 0);
    }

    #[test]
    fn reads_questions_and_answers_about_neighbors() {
        let target: Ipv6Addr = "2001:db8::1".parse().unwrap();
        // Made with scapy; tshark says: Flags: 0xc0000000, Router, Solicited,
        // Target Address: 2001:db8::1, Target link-layer address: 02:00:00:00:00:01
        let answer = hex("880088e3c000000020010db80000000000000000000000010201020000000001");
        let message = *decode_whole(&answer).value.neighbor.unwrap();
        assert_eq!(
            message.body,
            Body::NeighborAdvertisement(NeighborAdvertisement {
                router: true,
                solicited: true,
                overrides: false,
                target,
            })
        );
        assert_eq!(message.target_mac(), Some(MacAddress([2, 0, 0, 0, 0, 1])));
        let mut question = answer.clone();
        question[0] = 135;
        let message = *decode_whole(&question).value.neighbor.unwrap();
        assert_eq!(message.body, Body::NeighborSolicitation { target });
        let mut redirect = [&answer[..24], &target.octets()].concat();
        redirect[0] = 137;
        let message = *decode_whole(&redirect).value.neighbor.unwrap();
        let destination = target;
        let body = Body::Redirect {
            target,
            destination,
        };
        assert_eq!(message.body, body);
        let message = *decode_whole(&[133, 0, 0, 0, 0, 0, 0, 0])
            .value
            .neighbor
            .unwrap();
        assert_eq!(message.body, Body::RouterSolicitation);
        assert_eq!(message.options, []);
    }

    #[test]
    fn reads_neighbor_discovery_only_in_its_types_of_icmpv6() {
        let read: Vec<u8> = (128..=255)
            .filter(|&kind| {
                let mut bytes = [0; 48];
                bytes[0] = kind;
                let decoded = decode_whole(&bytes);
                decoded.value.neighbor.is_some()
            })
            .collect();
        assert_eq!(read, [133, 134, 135, 136, 137]);
        let v4 = icmp::decode(Input::whole(&[134; 48]), 4).unwrap();
        assert_eq!(v4.value.neighbor, None);
    }

    #[test]
    fn keeps_the_options_before_a_fault() {
        let with = |option: &[u8]| options_of(&[&ADVERTISEMENT[..16], option].concat());
        let fault = |option: &[u8], words: &[&str], issue: &str| {
            let words: Vec<String> = words.iter().map(|&word| word.into()).collect();
            assert_eq!(with(option), (words, vec![issue.into()]));
        };
        fault(
            &[1, 0, 7],
            &[],
            "option 1 16..19 has length 0, must be at least 1",
        );
        fault(
            &[1, 2, 7],
            &[],
            "option 1 16..19 has 16 bytes, but only 3 are left",
        );
        fault(
            &[1],
            &[],
            "option 1 16..17 has 8 bytes, but only 1 are left",
        );
        fault(
            &[3, 1, 0, 0, 0, 0, 0, 7],
            &["3=000000000007"],
            "option 3 16..24 has length 1, must be 4",
        );
        fault(
            &[25, 1, 0, 0, 0, 0, 0, 7],
            &["25=000000000007"],
            "option 25 16..24 has length 1, must be at least 3",
        );
        assert_eq!(
            with(&[200, 1, 1, 2, 3, 4, 5, 6]),
            (vec!["200=010203040506".into()], vec![])
        );
        assert_eq!(
            with(b"\x25\x02http://a.b/\0\0\0"),
            (vec!["37=http://a.b/".into()], vec![])
        );
        assert_eq!(option_name(25), Some("recursive-dns-server"));
        assert_eq!(option_name(200), None);
    }

    #[test]
    fn tells_a_body_that_is_not_whole_and_whose_fault_it_is() {
        let (options, issues) = options_of(&ADVERTISEMENT[..15]);
        assert_eq!(options, Vec::<String>::new());
        assert_eq!(
            issues,
            ["retrans timer 12..15 only 3 bytes are left for it"]
        );
        let cut = icmp::decode(Input::cut(&ADVERTISEMENT[..50], 6), 6).unwrap();
        assert_eq!(cut.issues[0].kind, IssueKind::CutShort);
        assert_eq!(cut.value.neighbor.unwrap().options.len(), 1);
    }
}
