//! DHCP for IPv6: one UDP datagram in, one message out, relay agents' envelopes
//! taken off.
//!
//! RFC 8415. What an option means is in [`options`]; who is bound to which address,
//! and for how long, is no concern of this file.

mod ask;
pub mod duid;
mod names;
pub mod options;
mod read;
mod show;
mod tlv;

pub(crate) use names::names;

use std::net::Ipv6Addr;
use std::ops::Range;

use nom::Parser;
use nom::combinator::map;
use nom::error::context;
use nom::number::complete::{be_u8, be_u24, be_u128};

use crate::dhcpv6::options::Value;
use crate::{DecodeError, Decoded, Input, Issue, IssueKind, MacAddress, Outcome, Parsed};

/// How many envelopes may lie within one another. RFC 8415 §7.6 allows 8, RFC 3315
/// allowed 32.
const MAX_RELAYS: usize = 32;

const RELAY_MESSAGE: u16 = 9;

/// Bytes of a relay message before its options.
const RELAY_HEADER_BYTES: usize = 34;
/// Bytes of any other message before its options.
const HEADER_BYTES: usize = 4;

/// One DHCPv6 message between a client and a server (RFC 8415 §8).
///
/// ```text
///  0                   1                   2                   3
///  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
/// +---------------+-----------------------------------------------+
/// |   msg-type    |                transaction-id                 |
/// +---------------+-----------------------------------------------+
/// |                      options, to the end                      |
/// +---------------------------------------------------------------+
/// ```
///
/// Between relay agents and servers it lies in envelopes, the [`Relay`]s.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The relay agents' envelopes, outermost first; empty on the client's link.
    pub relays: Vec<Relay>,
    /// `msg-type`: of the client's or server's message, else that of the innermost
    /// envelope.
    pub kind: MessageType,
    /// `transaction-id`, 24 bits; `None` when the innermost envelope holds no message
    /// that could be read.
    pub transaction_id: Option<u32>,
    /// The message's options in wire order; empty when there is none.
    pub options: Vec<RawOption>,
}

/// What a relay agent puts around a message (RFC 8415 §9).
///
/// ```text
///  1 byte    1 byte      16 bytes       16 bytes
/// +---------+-----------+--------------+--------------+---------+
/// | 12 / 13 | hop-count | link-address | peer-address | options |
/// +---------+-----------+--------------+--------------+---------+
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Relay {
    /// RELAY-FORW or RELAY-REPL.
    pub kind: MessageType,
    /// `hop-count`.
    pub hop_count: u8,
    /// `link-address`: an address on the client's link, or zero.
    pub link_address: Ipv6Addr,
    /// `peer-address`: who sent the message to this agent, or gets it from there.
    pub peer_address: Ipv6Addr,
    /// Its options, without the one that holds the message within (9).
    pub options: Vec<RawOption>,
}

/// One option as it stands on the wire (RFC 8415 §21.1).
///
/// ```text
///  2 bytes  2 bytes   length bytes
/// +--------+---------+--------------+
/// |  code  | length  |    value     |
/// +--------+---------+--------------+
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawOption {
    /// Code.
    pub code: u16,
    /// Its value; shorter than its length said when the message ends within.
    pub bytes: Vec<u8>,
    /// Offset of the code in the datagram, in bytes.
    pub offset_bytes: usize,
}

/// `msg-type` (RFC 8415 §7.3; 14 to 17 from RFC 5007 and 5460, 18 and 19 from
/// RFC 6977, 20 and 21 from RFC 7341).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names of the RFCs")]
pub enum MessageType {
    Solicit,
    Advertise,
    Request,
    Confirm,
    Renew,
    Rebind,
    Reply,
    Release,
    Decline,
    Reconfigure,
    InformationRequest,
    RelayForward,
    RelayReply,
    LeaseQuery,
    LeaseQueryReply,
    LeaseQueryDone,
    LeaseQueryData,
    ReconfigureRequest,
    ReconfigureReply,
    DhcpV4Query,
    DhcpV4Response,
    Unknown(u8),
}

use MessageType as Kind;

/// Every message type with its code and name, sorted by code.
const MESSAGE_TYPES: &[(u8, Kind, &str)] = &[
    (1, Kind::Solicit, "solicit"),
    (2, Kind::Advertise, "advertise"),
    (3, Kind::Request, "request"),
    (4, Kind::Confirm, "confirm"),
    (5, Kind::Renew, "renew"),
    (6, Kind::Rebind, "rebind"),
    (7, Kind::Reply, "reply"),
    (8, Kind::Release, "release"),
    (9, Kind::Decline, "decline"),
    (10, Kind::Reconfigure, "reconfigure"),
    (11, Kind::InformationRequest, "information-request"),
    (12, Kind::RelayForward, "relay-forw"),
    (13, Kind::RelayReply, "relay-repl"),
    (14, Kind::LeaseQuery, "leasequery"),
    (15, Kind::LeaseQueryReply, "leasequery-reply"),
    (16, Kind::LeaseQueryDone, "leasequery-done"),
    (17, Kind::LeaseQueryData, "leasequery-data"),
    (18, Kind::ReconfigureRequest, "reconfigure-request"),
    (19, Kind::ReconfigureReply, "reconfigure-reply"),
    (20, Kind::DhcpV4Query, "dhcpv4-query"),
    (21, Kind::DhcpV4Response, "dhcpv4-response"),
];

impl MessageType {
    /// The type with this code.
    pub fn from_code(code: u8) -> Self {
        MESSAGE_TYPES
            .iter()
            .find(|(known, _, _)| *known == code)
            .map_or(Self::Unknown(code), |(_, kind, _)| *kind)
    }

    /// Its code.
    pub fn code(self) -> u8 {
        match self {
            Self::Unknown(code) => code,
            known => MESSAGE_TYPES
                .iter()
                .find(|(_, kind, _)| *kind == known)
                .map_or(0, |(code, _, _)| *code),
        }
    }

    /// The name in lower case, as reports write it; `None` for an unknown code.
    pub fn name(self) -> Option<&'static str> {
        MESSAGE_TYPES
            .iter()
            .find(|(_, kind, _)| *kind == self)
            .map(|(_, _, name)| *name)
    }

    /// Whether a client sends messages of this type.
    pub fn is_from_client(self) -> bool {
        matches!(
            self,
            Self::Solicit
                | Self::Request
                | Self::Confirm
                | Self::Renew
                | Self::Rebind
                | Self::Release
                | Self::Decline
                | Self::InformationRequest
        )
    }

    /// Whether a server sends messages of this type to a client.
    pub fn is_from_server(self) -> bool {
        matches!(self, Self::Advertise | Self::Reply | Self::Reconfigure)
    }

    fn is_relay(self) -> bool {
        matches!(self, Self::RelayForward | Self::RelayReply)
    }
}

impl RawOption {
    /// What it says.
    pub fn value(&self) -> Value {
        options::value(self.code, &self.bytes).0
    }
}

/// The MAC address that a link-local address was made from (RFC 4291, appendix A);
/// `None` for addresses made otherwise.
pub fn mac_of_link_local(address: Ipv6Addr) -> Option<MacAddress> {
    let [0xfe, 0x80, 0, 0, 0, 0, 0, 0, identifier @ ..] = address.octets() else {
        return None;
    };
    let [first, second, third, 0xff, 0xfe, behind @ ..] = identifier else {
        return None;
    };
    let [fourth, fifth, sixth] = behind;
    let universal = first ^ 0x02;
    Some(MacAddress([universal, second, third, fourth, fifth, sixth]))
}

/// Decodes one datagram's payload.
pub fn decode(input: Input<'_>) -> Outcome<Message> {
    let mut relays = Vec::new();
    let mut issues = Vec::new();
    let mut start = 0;
    let mut bytes = input.bytes;
    let mut short = input.short_kind();
    loop {
        let kind = bytes.first().map(|&code| MessageType::from_code(code));
        if let Some(kind) = kind.filter(|kind| kind.is_relay()) {
            match Envelope::open(bytes, start, short, &mut issues) {
                Ok(Envelope { relay, within }) => {
                    relays.push(relay);
                    let Some(within) = within.filter(|_| relays.len() < MAX_RELAYS) else {
                        note_no_message(&relays, start..start + bytes.len(), short, &mut issues);
                        return Ok(finish(relays, kind, None, Vec::new(), issues));
                    };
                    (bytes, start, short) = (within.bytes, within.start, within.short);
                    continue;
                }
                Err(error) => return unreadable(relays, bytes, start, short, error, issues),
            }
        }
        return match header(bytes) {
            Ok((rest, (kind, transaction_id))) => {
                let options = tlv::read_options(rest, start + HEADER_BYTES, short, &mut issues);
                note_values(&options, &mut issues);
                Ok(finish(relays, kind, Some(transaction_id), options, issues))
            }
            Err(error) => unreadable(relays, bytes, start, short, error, issues),
        };
    }
}

fn finish(
    relays: Vec<Relay>,
    kind: MessageType,
    transaction_id: Option<u32>,
    options: Vec<RawOption>,
    mut issues: Vec<Issue>,
) -> Decoded<Message> {
    issues.sort_by_key(|issue| issue.span.start);
    Decoded {
        value: Message {
            relays,
            kind,
            transaction_id,
            options,
        },
        issues,
    }
}

/// A header that is not whole: an error, or, within an envelope, an issue.
fn unreadable(
    relays: Vec<Relay>,
    bytes: &[u8],
    start: usize,
    short: IssueKind,
    error: nom::Err<crate::NomError>,
    mut issues: Vec<Issue>,
) -> Outcome<Message> {
    let is_cut = usize::from(short == IssueKind::CutShort);
    let mut error = DecodeError::from_nom(Input::cut(bytes, is_cut), error);
    error.offset_bytes += start;
    let Some(kind) = relays.last().map(|relay| relay.kind) else {
        return Err(error);
    };
    issues.push(error.into_issue(start + bytes.len()));
    Ok(finish(relays, kind, None, Vec::new(), issues))
}

fn note_no_message(
    relays: &[Relay],
    span: Range<usize>,
    short: IssueKind,
    issues: &mut Vec<Issue>,
) {
    let (kind, detail) = if relays.len() >= MAX_RELAYS {
        let detail = format!("lies within {MAX_RELAYS} relay messages, no more are opened");
        (IssueKind::Limit, detail)
    } else {
        (short, "is absent from a relay message".to_owned())
    };
    issues.push(Issue {
        kind,
        field: format!("option {RELAY_MESSAGE}"),
        span,
        detail,
    });
}

fn note_values(options: &[RawOption], issues: &mut Vec<Issue>) {
    // What is wrong with the last option's length has been told.
    let cut_at = issues.last().map(|issue| issue.span.start);
    for option in options {
        if cut_at == Some(option.offset_bytes) {
            continue;
        }
        let (_, found) = options::value(option.code, &option.bytes);
        let start = option.offset_bytes + tlv::HEADER_BYTES;
        issues.extend(found.into_iter().map(|issue| Issue {
            span: start + issue.span.start..start + issue.span.end,
            ..issue
        }));
    }
}

/// A relay message, and the message within it.
struct Envelope<'a> {
    relay: Relay,
    /// `None` when option 9 is absent.
    within: Option<Within<'a>>,
}

/// What lies in an envelope.
struct Within<'a> {
    bytes: &'a [u8],
    /// Where in the datagram.
    start: usize,
    /// Whose fault it is when it ends too early.
    short: IssueKind,
}

impl<'a> Envelope<'a> {
    fn open(
        bytes: &'a [u8],
        start: usize,
        short: IssueKind,
        issues: &mut Vec<Issue>,
    ) -> Result<Self, nom::Err<crate::NomError>> {
        let (rest, mut relay) = relay_header(bytes)?;
        let mut within = None;
        let behind_header = start + RELAY_HEADER_BYTES;
        for entry in tlv::entries(rest) {
            let offset_bytes = behind_header + entry.offset_bytes;
            let is_message = entry.code == Some(RELAY_MESSAGE) && within.is_none();
            if is_message && entry.fault().is_some() {
                // The message itself tells where it ends.
                within = Some(Within {
                    bytes: entry.bytes,
                    start: offset_bytes + tlv::HEADER_BYTES,
                    short,
                });
                continue;
            }
            entry.note_fault(offset_bytes, behind_header + rest.len(), short, issues);
            let Some(code) = entry.code else { continue };
            if is_message {
                within = Some(Within {
                    bytes: entry.bytes,
                    start: offset_bytes + tlv::HEADER_BYTES,
                    short: IssueKind::Malformed,
                });
            } else if code == RELAY_MESSAGE {
                let end = offset_bytes + tlv::HEADER_BYTES + entry.bytes.len();
                let span = offset_bytes..end;
                issues.push(Issue::malformed(
                    "option 9",
                    span,
                    "is repeated and ignored",
                ));
            } else {
                relay.options.push(RawOption {
                    code,
                    bytes: entry.bytes.to_vec(),
                    offset_bytes,
                });
            }
        }
        note_values(&relay.options, issues);
        Ok(Self { relay, within })
    }
}

fn header(input: &[u8]) -> Parsed<'_, (MessageType, u32)> {
    let (input, kind) = context("msg-type", be_u8).parse_complete(input)?;
    let (input, transaction_id) = context("transaction-id", be_u24).parse_complete(input)?;
    Ok((input, (MessageType::from_code(kind), transaction_id)))
}

fn relay_header(input: &[u8]) -> Parsed<'_, Relay> {
    let (input, kind) = context("msg-type", be_u8).parse_complete(input)?;
    let (input, hop_count) = context("hop-count", be_u8).parse_complete(input)?;
    let (input, link_address) = context("link-address", address).parse_complete(input)?;
    let (input, peer_address) = context("peer-address", address).parse_complete(input)?;
    let relay = Relay {
        kind: MessageType::from_code(kind),
        hop_count,
        link_address,
        peer_address,
        options: Vec::new(),
    };
    Ok((input, relay))
}

pub(crate) fn address(input: &[u8]) -> Parsed<'_, Ipv6Addr> {
    map(be_u128, Ipv6Addr::from).parse_complete(input)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dhcpv6::duid::Duid;
    use crate::dhcpv6::options::Status;

    /// Frame 1 of `tests/dhcpv6-mud.pcap` in the-tcpdump-group/tcpdump (BSD-3-Clause).
    /// tshark says:
    ///
    /// ```text
    /// Message type: Relay-forw (12), Hopcount: 0
    /// Link address: 2001:8a8:1006:3:225:84ff:fedb:2380
    /// Peer address: fe80::ba27:ebff:feb8:53c8
    /// Relay Message: Message type: Solicit (1), Transaction ID: 0x78244b
    ///     Client Identifier: DUID Type: link-layer address plus time (1)
    ///         Link-layer address: b8:27:eb:b8:53:c8
    ///     Elapsed time: 0ms
    ///     Vendor Class: Enterprise ID: DHCPCD Project (40712)
    ///         vendor-class-data: dhcpcd-6.11.5:Linux-4.1.18-v7+:armv7l:BCM2709
    ///     Rapid Commit
    ///     Identity Association: IAID: ebb853c8, T1: 0, T2: 0
    ///     Client FQDN: Partial domain name: raspberrypi
    ///     Manufacturer Usage Description: https://mudctl.example.com/...
    ///     Reconfigure Accept
    ///     Option Request: 23, 24, 31, 39, 82, 83
    /// Interface-Id: 00000008
    /// ```
    const RELAYED: &str = "0c00200108a810060003022584fffedb2380fe80000000000000ba27ebfffeb853c8
        000900c6
        0178244b0001000e000100011e62770bb827ebb853c8000800020000
        0010003300009f08002d6468637063642d362e31312e353a4c696e75782d342e312e31382d76372b3a61726d
        76376c3a42434d32373039000e00000003000cebb853c80000000000000000
        0027000d010b72617370626572727970690070003668747470733a2f2f6d756463746c2e6578616d706c65
        2e636f6d2f2e77656c6c2d6b6e6f776e2f6d75642f76312f7261736270313031001400000006000c
        00170018001f002700520053
        0012000400000008";

    /// Frame 2 of `tests/dhcpv6-ia-na.pcap` in the-tcpdump-group/tcpdump
    /// (BSD-3-Clause). tshark says:
    ///
    /// ```text
    /// Message type: Advertise (2), Transaction ID: 0x90b45c
    /// Identity Association: IAID: 02030405, T1: 3600, T2: 5400
    ///     IPv6 address: 2a00:1:1:200:38e6:b22e:c440:acdf
    ///     Preferred lifetime: 4500, Valid lifetime: 7200
    /// Client Identifier: DUID Type: link-layer address (3)
    ///     Link-layer address: 00:01:02:03:04:05
    /// Server Identifier: DUID Type: link-layer address plus time (1)
    ///     Link-layer address: 00:11:22:33:44:55
    /// ```
    const ADVERTISE: &str = "0290b45c
        000300280203040500000e1000001518
        000500182a0000010001020038e6b22ec440acdf0000119400001c20
        0001000a00030001000102030405
        0002000e000100011846488c001122334455";

    fn hex(text: &str) -> Vec<u8> {
        let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
        let byte = |pair: &[u8]| {
            let pair = std::str::from_utf8(pair).unwrap();
            u8::from_str_radix(pair, 16).unwrap()
        };
        digits.chunks(2).map(byte).collect()
    }

    fn decode_whole(bytes: &[u8]) -> Decoded<Message> {
        decode(Input::whole(bytes)).unwrap()
    }

    /// Code and words of every option.
    fn values(options: &[RawOption]) -> Vec<String> {
        let value = |option: &RawOption| format!("{}={}", option.code, option.value());
        options.iter().map(value).collect()
    }

    /// The issues as `kind field span detail`.
    fn issues_of(decoded: &Decoded<Message>) -> Vec<String> {
        let words = |issue: &Issue| {
            let kind = issue.kind.name();
            format!("{kind} {} {:?} {}", issue.field, issue.span, issue.detail)
        };
        decoded.issues.iter().map(words).collect()
    }

    #[test]
    fn reads_a_message_between_client_and_server() {
        let decoded = decode_whole(&hex(ADVERTISE));
        assert_eq!(decoded.issues, []);
        let message = decoded.value;
        assert_eq!(message.relays, []);
        assert_eq!(message.kind, MessageType::Advertise);
        assert_eq!(message.transaction_id, Some(0x0090_b45c));
        assert_eq!(
            values(&message.options),
            [
                "3=IAID 33752069, T1 3600 s, T2 5400 s: \
                 2a00:1:1:200:38e6:b22e:c440:acdf (preferred 4500 s, valid 7200 s)",
                "1=DUID-LL 00:01:02:03:04:05",
                "2=DUID-LLT 00:11:22:33:44:55 time 407259276",
            ]
        );
        assert_eq!(message.options[1].offset_bytes, 48);
        let client = message.client_id().and_then(|duid| duid.mac());
        assert_eq!(client, Some(MacAddress([0, 1, 2, 3, 4, 5])));
        assert!(matches!(
            message.server_id(),
            Some(Duid::LinkLayerTime { .. })
        ));
        let leased = message.leased_addresses();
        assert_eq!(leased.len(), 1);
        assert_eq!(
            (leased[0].preferred_secs, leased[0].valid_secs),
            (4_500, 7_200)
        );
        assert_eq!(message.statuses(), []);
        assert_eq!(message.relayed_client_mac(), None);
        assert_eq!(message.relayed_client_address(), None);
        assert_eq!(message.elapsed_hundredths(), None);
    }

    #[test]
    fn takes_the_envelope_off_a_relayed_message() {
        let bytes = hex(RELAYED);
        let decoded = decode_whole(&bytes);
        assert_eq!(decoded.issues, []);
        let message = decoded.value;
        assert_eq!(message.kind, MessageType::Solicit);
        assert_eq!(message.transaction_id, Some(0x0078_244b));
        assert_eq!(
            values(&message.options),
            [
                "1=DUID-LLT b8:27:eb:b8:53:c8 time 509769483",
                "8=0.00 s",
                "16=enterprise 40712: dhcpcd-6.11.5:Linux-4.1.18-v7+:armv7l:BCM2709",
                "14=",
                "3=IAID 3954725832, T1 0 s, T2 0 s",
                "39=raspberrypi",
                "112=https://mudctl.example.com/.well-known/mud/v1/rasbp101",
                "20=",
                "6=23,24,31,39,82,83",
            ]
        );
        // Options stand where they stand in the datagram.
        for option in &message.options {
            let [high, low] = option.code.to_be_bytes();
            assert_eq!(bytes[option.offset_bytes..][..2], [high, low]);
        }
        assert_eq!(message.wanted_options(), [23, 24, 31, 39, 82, 83]);
        assert_eq!(
            message.vendor_classes(),
            ["dhcpcd-6.11.5:Linux-4.1.18-v7+:armv7l:BCM2709".into()]
        );
        assert_eq!(message.elapsed_hundredths(), Some(0));
        let [relay] = &message.relays[..] else {
            panic!("one relay agent");
        };
        assert_eq!(relay.kind, MessageType::RelayForward);
        assert_eq!(relay.hop_count, 0);
        assert_eq!(
            relay.link_address,
            "2001:8a8:1006:3:225:84ff:fedb:2380"
                .parse::<Ipv6Addr>()
                .unwrap()
        );
        assert_eq!(values(&relay.options), ["18=00000008"]);
        let client = message.relayed_client_address().unwrap();
        assert_eq!(
            client,
            "fe80::ba27:ebff:feb8:53c8".parse::<Ipv6Addr>().unwrap()
        );
        assert_eq!(
            mac_of_link_local(client),
            Some(MacAddress([0xb8, 0x27, 0xeb, 0xb8, 0x53, 0xc8]))
        );
        assert_eq!(mac_of_link_local("fe80::1".parse().unwrap()), None);
    }

    /// A RELAY-FORW with these bytes as its option 9, and an option before it.
    fn enveloped(within: &[u8], before: &[u8]) -> Vec<u8> {
        let mut bytes = vec![12, 1];
        bytes.extend([0; 32]);
        bytes.extend(before);
        bytes.extend([0, 9]);
        bytes.extend(u16::try_from(within.len()).unwrap().to_be_bytes());
        bytes.extend(within);
        bytes
    }

    #[test]
    fn opens_envelopes_within_envelopes() {
        let mac = [0, 79, 0, 8, 0, 1, 0, 0x1b, 0xd5, 1, 2, 3];
        let bytes = enveloped(&enveloped(&hex(ADVERTISE), &mac), &[]);
        let decoded = decode_whole(&bytes);
        assert_eq!(decoded.issues, []);
        assert_eq!(decoded.value.relays.len(), 2);
        assert_eq!(decoded.value.kind, MessageType::Advertise);
        assert_eq!(
            decoded.value.relayed_client_mac(),
            Some(MacAddress([0, 0x1b, 0xd5, 1, 2, 3]))
        );
        assert_eq!(decoded.value.options[0].offset_bytes, 38 + 12 + 38 + 4);
    }

    #[test]
    fn gives_up_on_too_many_envelopes() {
        let mut bytes = hex(ADVERTISE);
        for _ in 0..=MAX_RELAYS {
            bytes = enveloped(&bytes, &[]);
        }
        let decoded = decode_whole(&bytes);
        assert_eq!(decoded.value.relays.len(), MAX_RELAYS);
        assert_eq!(decoded.value.kind, MessageType::RelayForward);
        assert_eq!(decoded.value.transaction_id, None);
        let [issue] = &decoded.issues[..] else {
            panic!("one issue");
        };
        assert_eq!(issue.kind, IssueKind::Limit);
        assert_eq!(
            issue.detail,
            "lies within 32 relay messages, no more are opened"
        );
    }

    #[test]
    fn keeps_an_envelope_without_a_message() {
        let empty = decode_whole(&enveloped(&[], &[]));
        assert_eq!(empty.value.kind, MessageType::RelayForward);
        assert_eq!(
            issues_of(&empty),
            ["malformed msg-type 38..38 only 0 bytes are left for it"]
        );
        let absent = decode_whole(&enveloped(&[], &[])[..34]);
        assert_eq!(absent.value.relays.len(), 1);
        assert_eq!(
            issues_of(&absent),
            ["malformed option 9 0..34 is absent from a relay message"]
        );
        let twice = [enveloped(&[1, 0, 0, 7], &[]), vec![0, 9, 0, 1, 7]].concat();
        let twice = decode_whole(&twice);
        assert_eq!(twice.value.transaction_id, Some(7));
        assert_eq!(
            issues_of(&twice),
            ["malformed option 9 42..47 is repeated and ignored"]
        );
        let short = decode_whole(&enveloped(&[12, 0, 1], &[]));
        assert_eq!(short.value.relays.len(), 1);
        assert_eq!(
            issues_of(&short),
            ["malformed link-address 40..41 only 1 bytes are left for it"]
        );
    }

    #[test]
    fn keeps_the_options_before_one_that_is_cut_off() {
        let bytes = hex(ADVERTISE);
        let cut = &bytes[..bytes.len() - 3];
        let decoded = decode_whole(cut);
        assert_eq!(decoded.value.options.len(), 3);
        assert_eq!(
            issues_of(&decoded),
            ["malformed option 2 62..77 has length 14, but only 11 bytes are left"]
        );
        let decoded = decode(Input::cut(cut, 3)).unwrap();
        assert_eq!(decoded.issues[0].kind, IssueKind::CutShort);
        let decoded = decode_whole(&bytes[..64]);
        assert_eq!(
            issues_of(&decoded),
            ["malformed option 2 62..64 ends before its length"]
        );
        let decoded = decode_whole(&bytes[..63]);
        assert_eq!(decoded.value.options.len(), 2);
        assert_eq!(
            issues_of(&decoded),
            ["malformed option 62..63 ends before its length"]
        );
    }

    #[test]
    fn blames_the_capture_for_what_it_cut_within_an_envelope() {
        let bytes = hex(RELAYED);
        for length in 34..bytes.len() {
            let missing = bytes.len() - length;
            let decoded = decode(Input::cut(&bytes[..length], missing)).unwrap();
            // Between the two options of the envelope nothing tells that one is missing.
            let kinds: Vec<_> = decoded.issues.iter().map(|issue| issue.kind).collect();
            assert!(
                kinds.iter().all(|kind| *kind == IssueKind::CutShort),
                "{length}: {:?}",
                decoded.issues
            );
        }
    }

    #[test]
    fn tells_where_in_the_datagram_a_value_is_wrong() {
        let bytes = enveloped(&[1, 0, 0, 7, 0, 8, 0, 1, 9], &[0, 79, 0, 1, 7]);
        assert_eq!(
            issues_of(&decode_whole(&bytes)),
            [
                "malformed option 79 38..39 is 1 byte, must be at least 3",
                "malformed option 8 51..52 is 1 byte, must be 2",
            ]
        );
    }

    #[test]
    fn finds_the_statuses_wherever_they_stand() {
        let status = |code: u8| vec![0, 13, 0, 2, 0, code];
        let mut address = vec![0, 5, 0, 30];
        address.extend([0; 24]);
        address.extend(status(4));
        let mut association = [vec![0; 12], address, status(2)].concat();
        let length = u8::try_from(association.len()).unwrap();
        association.splice(0..0, [0, 3, 0, length]);
        let bytes = [vec![7, 0, 0, 1], association, status(1)].concat();
        let decoded = decode_whole(&bytes);
        assert_eq!(decoded.issues, []);
        let names: Vec<_> = decoded
            .value
            .statuses()
            .iter()
            .filter_map(Status::name)
            .collect();
        assert_eq!(names, ["UnspecFail", "NotOnLink", "NoAddrsAvail"]);
    }

    #[test]
    fn knows_every_type_by_code_and_name() {
        for code in 0..=255 {
            let kind = MessageType::from_code(code);
            assert_eq!(kind.code(), code);
            assert_eq!(kind.name().is_some(), (1..=21).contains(&code));
            assert!(!(kind.is_from_client() && kind.is_from_server()));
        }
        assert_eq!(
            MessageType::InformationRequest.name(),
            Some("information-request")
        );
        assert!(MessageType::Renew.is_from_client());
        assert!(MessageType::Reply.is_from_server());
    }

    #[test]
    fn names_the_field_that_a_short_header_lacks() {
        let field = |bytes: &[u8]| decode(Input::whole(bytes)).unwrap_err().field;
        assert_eq!(field(&[]), "msg-type");
        assert_eq!(field(&[1, 0, 0]), "transaction-id");
        assert_eq!(field(&[12]), "hop-count");
        assert_eq!(field(&[12; 33]), "peer-address");
        assert_eq!(
            decode(Input::cut(&[1], 30)).unwrap_err().kind,
            IssueKind::CutShort
        );
    }
}
