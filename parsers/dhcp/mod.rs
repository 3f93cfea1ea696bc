//! DHCP for IPv4, and BOOTP: one UDP datagram in, one message out.
//!
//! RFC 951 (BOOTP), RFC 2131 (DHCP), RFC 2132 (options, overload in §9.3),
//! RFC 3396 (long options). What an option means is in [`options`]; relay agent
//! and lease logic are no concern of this file.

mod area;
mod names;
pub mod options;
mod read;
mod show;
mod tlv;
pub mod vendor;

use std::net::Ipv4Addr;
use std::ops::Range;

use nom::Parser;
use nom::bytes::complete::take;
use nom::combinator::map;
use nom::error::context;
use nom::number::complete::{be_u8, be_u16, be_u32};

use crate::dhcp::area::Areas;
use crate::dhcp::options::Value;
use crate::{DecodeError, Decoded, Input, Issue, IssueKind, MacAddress, Outcome, Parsed, WireText};

/// What stands before DHCP's options (RFC 2131 §3).
const MAGIC_COOKIE: [u8; 4] = [99, 130, 83, 99];

const SERVER_NAME: Range<usize> = 44..108;
const BOOT_FILE: Range<usize> = 108..236;
const COOKIE: Range<usize> = 236..240;

/// Bytes of `chaddr`, whatever `hlen` says.
const CHADDR_BYTES: u8 = 16;

/// One DHCP or BOOTP message (RFC 2131 §2, figure 1).
///
/// ```text
///  0                   1                   2                   3
///  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
/// +---------------+---------------+---------------+---------------+
/// |      op       |     htype     |     hlen      |     hops      |
/// +---------------+---------------+---------------+---------------+
/// |                              xid                              |
/// +-------------------------------+-------------------------------+
/// |             secs              |B|           flags             |
/// +-------------------------------+-------------------------------+
/// |                            ciaddr                             |
/// +---------------------------------------------------------------+
/// |                            yiaddr                             |
/// +---------------------------------------------------------------+
/// |                            siaddr                             |
/// +---------------------------------------------------------------+
/// |                            giaddr                             |
/// +---------------------------------------------------------------+
/// |                       chaddr, 16 bytes                        |
/// +---------------------------------------------------------------+
/// |                        sname, 64 bytes                        |
/// +---------------------------------------------------------------+
/// |                        file, 128 bytes                        |
/// +---------------------------------------------------------------+
/// |                 magic cookie 99, 130, 83, 99                  |
/// +---------------------------------------------------------------+
/// |                     options, to the end                       |
/// +---------------------------------------------------------------+
/// ```
///
/// The cookie and the options are absent in plain BOOTP, where a vendor area of
/// 64 bytes may take their place. Servers that leave out the end option (255)
/// are common enough to be let pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// `op`: 1 from a client, 2 from a server.
    pub op: u8,
    /// `htype`: 1 is Ethernet.
    pub hardware_type: u8,
    /// `hlen`, in bytes, as it stands on the wire.
    pub hardware_length: u8,
    /// `hops`.
    pub hops: u8,
    /// `xid`.
    pub transaction_id: u32,
    /// `secs`: how long the client has been trying.
    pub elapsed_secs: u16,
    /// `flags`: the highest bit asks for broadcast answers.
    pub flags: u16,
    /// `ciaddr`: set by a client that renews.
    pub client_address: Ipv4Addr,
    /// `yiaddr`: the address given.
    pub your_address: Ipv4Addr,
    /// `siaddr`: the server to boot from.
    pub server_address: Ipv4Addr,
    /// `giaddr`: the relay agent.
    pub relay_address: Ipv4Addr,
    /// `chaddr`, `hlen` bytes of it, 16 at the most.
    pub client_hardware_address: Vec<u8>,
    /// `sname` up to its first NUL; empty when option 52 puts options there.
    pub server_name: WireText,
    /// `file` up to its first NUL; empty when option 52 puts options there.
    pub boot_file: WireText,
    /// Whether the magic cookie stands before the options; without it the message
    /// is plain BOOTP and `options` is empty.
    pub has_cookie: bool,
    /// Every option in wire order, those in `file` and `sname` (option 52) behind
    /// them in that order. Pads and ends are left out.
    pub options: Vec<RawOption>,
}

/// One option as it stands on the wire (RFC 2132 §2).
///
/// ```text
///  1 byte   1 byte    length bytes
/// +--------+--------+--------------+
/// |  code  | length |    value     |
/// +--------+--------+--------------+
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawOption {
    /// Code.
    pub code: u8,
    /// Its value; shorter than its length byte said when the message ends within.
    pub bytes: Vec<u8>,
    /// Where it stands.
    pub area: Area,
    /// Offset of the code in the message, in bytes.
    pub offset_bytes: usize,
}

/// The part of a message that holds options.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Area {
    /// Behind the magic cookie.
    Options,
    /// The `file` field (option 52 is 1 or 3).
    File,
    /// The `sname` field (option 52 is 2 or 3).
    ServerName,
}

/// Option 53 (RFC 2132 §9.6; 9 from RFC 3203, 10 to 13 from RFC 4388).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names of the RFC")]
pub enum MessageType {
    Discover,
    Offer,
    Request,
    Decline,
    Ack,
    Nak,
    Release,
    Inform,
    ForceRenew,
    LeaseQuery,
    LeaseUnassigned,
    LeaseUnknown,
    LeaseActive,
    Unknown(u8),
}

impl Message {
    /// The client's MAC address, when `chaddr` holds an Ethernet one.
    pub fn client_mac(&self) -> Option<MacAddress> {
        let bytes: [u8; 6] = self.client_hardware_address.as_slice().try_into().ok()?;
        (self.hardware_type == 1).then_some(MacAddress(bytes))
    }

    /// The value of an option: all its pieces joined (RFC 3396). `None` when absent.
    pub fn option(&self, code: u8) -> Option<Vec<u8>> {
        let mut pieces = self.options.iter().filter(|o| o.code == code).peekable();
        pieces.peek()?;
        Some(area::join(pieces))
    }

    /// What an option says, all its pieces joined. `None` when absent.
    pub fn value(&self, code: u8) -> Option<Value> {
        self.option(code)
            .map(|bytes| options::value(code, &bytes).0)
    }

    /// A text option, NULs at its end removed.
    pub fn text(&self, code: u8) -> Option<WireText> {
        self.option(code)
            .map(|bytes| WireText::without_trailing_nuls(&bytes))
    }

    /// An option that holds addresses. `None` when absent; bytes behind the last
    /// whole address are left out.
    pub fn addresses(&self, code: u8) -> Option<Vec<Ipv4Addr>> {
        let bytes = self.option(code)?;
        let (whole, _rest) = bytes.as_chunks::<4>();
        Some(whole.iter().map(|four| Ipv4Addr::from(*four)).collect())
    }

    /// An option that holds one 32-bit number.
    pub fn number(&self, code: u8) -> Option<u32> {
        let bytes: [u8; 4] = self.option(code)?.try_into().ok()?;
        Some(u32::from_be_bytes(bytes))
    }

    /// Option 53. `None` in plain BOOTP.
    pub fn message_type(&self) -> Option<MessageType> {
        self.option(53)?
            .first()
            .copied()
            .map(MessageType::from_code)
    }

    /// Option 54: which server speaks, or is spoken to.
    pub fn server_identifier(&self) -> Option<Ipv4Addr> {
        self.addresses(54)?.first().copied()
    }

    /// Option 50: the address that the client would like.
    pub fn requested_address(&self) -> Option<Ipv4Addr> {
        self.addresses(50)?.first().copied()
    }

    /// Option 55: the options that the client asks for, in its order.
    pub fn wanted_options(&self) -> Vec<u8> {
        self.option(55).unwrap_or_default()
    }
}

/// Decodes one datagram's payload.
///
/// Issues cover what [`options::value`] finds in each option, all pieces of an
/// option joined.
pub fn decode(input: Input<'_>) -> Outcome<Message> {
    // Which client speaks stands in the first bytes; a small snap length costs only
    // the names behind them.
    let filled_up = fill_up(input);
    let bytes = filled_up.as_deref().unwrap_or(input.bytes);
    let (rest, header) = header(bytes).map_err(|error| DecodeError::from_nom(input, error))?;
    let mut message = header.message;
    let mut issues = header_issues(&message);

    if has_cookie(rest, input, &mut issues) {
        message.has_cookie = true;
        let mut areas = Areas::default();
        let listed = rest.get(MAGIC_COOKIE.len()..).unwrap_or_default();
        areas.read(Area::Options, listed, input.short_kind());
        let overload = areas.overload();
        if overload.file {
            areas.read(Area::File, header.boot_file, IssueKind::Malformed);
            message.boot_file = WireText::default();
        }
        if overload.server_name {
            areas.read(Area::ServerName, header.server_name, IssueKind::Malformed);
            message.server_name = WireText::default();
        }
        areas.note_idle_overloads();
        areas.note_values();
        message.options = areas.options;
        issues.append(&mut areas.issues);
    }
    note_unterminated(&message, &mut issues);
    issues.sort_by_key(|issue| issue.span.start);
    Ok(Decoded {
        value: message,
        issues,
    })
}

/// The fixed header with zeros for what the capture cut off of `sname` and `file`;
/// `None` when it is whole, or when more than those is missing.
fn fill_up(input: Input<'_>) -> Option<Vec<u8>> {
    let cut = input.missing > 0 && (SERVER_NAME.start..BOOT_FILE.end).contains(&input.bytes.len());
    cut.then(|| {
        let mut bytes = input.bytes.to_vec();
        bytes.resize(BOOT_FILE.end, 0);
        bytes
    })
}

/// The fixed header, `sname` and `file` also as they stand.
struct Header<'a> {
    message: Message,
    server_name: &'a [u8],
    boot_file: &'a [u8],
}

fn header(input: &[u8]) -> Parsed<'_, Header<'_>> {
    let (input, op) = context("op", be_u8).parse_complete(input)?;
    let (input, hardware_type) = context("htype", be_u8).parse_complete(input)?;
    let (input, hardware_length) = context("hlen", be_u8).parse_complete(input)?;
    let (input, hops) = context("hops", be_u8).parse_complete(input)?;
    let (input, transaction_id) = context("xid", be_u32).parse_complete(input)?;
    let (input, elapsed_secs) = context("secs", be_u16).parse_complete(input)?;
    let (input, flags) = context("flags", be_u16).parse_complete(input)?;
    let (input, client_address) = context("ciaddr", address).parse_complete(input)?;
    let (input, your_address) = context("yiaddr", address).parse_complete(input)?;
    let (input, server_address) = context("siaddr", address).parse_complete(input)?;
    let (input, relay_address) = context("giaddr", address).parse_complete(input)?;
    let (input, chaddr) = context("chaddr", take(CHADDR_BYTES)).parse_complete(input)?;
    let (input, server_name) = context("sname", take(SERVER_NAME.len())).parse_complete(input)?;
    let (input, boot_file) = context("file", take(BOOT_FILE.len())).parse_complete(input)?;
    let message = Message {
        op,
        hardware_type,
        hardware_length,
        hops,
        transaction_id,
        elapsed_secs,
        flags,
        client_address,
        your_address,
        server_address,
        relay_address,
        client_hardware_address: chaddr
            .iter()
            .take(hardware_length.into())
            .copied()
            .collect(),
        server_name: WireText::until_nul(server_name),
        boot_file: WireText::until_nul(boot_file),
        has_cookie: false,
        options: Vec::new(),
    };
    let header = Header {
        message,
        server_name,
        boot_file,
    };
    Ok((input, header))
}

fn address(input: &[u8]) -> Parsed<'_, Ipv4Addr> {
    map(be_u32, Ipv4Addr::from).parse_complete(input)
}

fn header_issues(message: &Message) -> Vec<Issue> {
    let mut issues = Vec::new();
    if !matches!(message.op, 1 | 2) {
        let detail = format!("is {}, must be 1 or 2", message.op);
        issues.push(Issue::malformed("op", 0..1, detail));
    }
    if message.hardware_length > CHADDR_BYTES {
        let detail = format!(
            "is {}, must be at most {CHADDR_BYTES}",
            message.hardware_length
        );
        issues.push(Issue::malformed("hlen", 2..3, detail));
    }
    issues
}

/// Names that fill their field have no NUL behind them, which RFC 2131 §2 demands.
fn note_unterminated(message: &Message, issues: &mut Vec<Issue>) {
    for (field, span, text) in [
        ("sname", SERVER_NAME, &message.server_name),
        ("file", BOOT_FILE, &message.boot_file),
    ] {
        if text.as_bytes().len() == span.len() {
            issues.push(Issue::malformed(field, span, "has no NUL at its end"));
        }
    }
}

/// Whether the magic cookie opens `rest`. Nothing at all, or zeros, are plain
/// BOOTP; what else may stand there is worth telling.
fn has_cookie(rest: &[u8], input: Input<'_>, issues: &mut Vec<Issue>) -> bool {
    let Some((found, _)) = rest.split_first_chunk::<4>() else {
        if input.missing > 0 || !rest.is_empty() {
            issues.push(Issue {
                kind: input.short_kind(),
                field: "magic cookie".into(),
                span: COOKIE.start.min(input.bytes.len())..input.bytes.len(),
                detail: format!("has 4 bytes, but only {} left", show::n_bytes(rest.len())),
            });
        }
        return false;
    };
    if *found != MAGIC_COOKIE && *found != [0; 4] {
        let [a, b, c, d] = found;
        let detail = format!("is {a:02x}{b:02x}{c:02x}{d:02x}, must be 63825363");
        issues.push(Issue::malformed("magic cookie", COOKIE, detail));
    }
    *found == MAGIC_COOKIE
}

impl RawOption {
    /// Offset of the value in the message, in bytes.
    pub fn value_offset_bytes(&self) -> usize {
        self.offset_bytes + 2
    }

    /// What this piece says by itself. An option in several pieces is read with
    /// [`Message::value`].
    pub fn value(&self) -> Value {
        options::value(self.code, &self.bytes).0
    }
}

impl MessageType {
    /// The type with this code.
    pub fn from_code(code: u8) -> Self {
        match code {
            1 => Self::Discover,
            2 => Self::Offer,
            3 => Self::Request,
            4 => Self::Decline,
            5 => Self::Ack,
            6 => Self::Nak,
            7 => Self::Release,
            8 => Self::Inform,
            9 => Self::ForceRenew,
            10 => Self::LeaseQuery,
            11 => Self::LeaseUnassigned,
            12 => Self::LeaseUnknown,
            13 => Self::LeaseActive,
            other => Self::Unknown(other),
        }
    }

    /// The name in lower case, as reports write it; `None` for an unknown code.
    pub fn name(self) -> Option<&'static str> {
        Some(match self {
            Self::Discover => "discover",
            Self::Offer => "offer",
            Self::Request => "request",
            Self::Decline => "decline",
            Self::Ack => "ack",
            Self::Nak => "nak",
            Self::Release => "release",
            Self::Inform => "inform",
            Self::ForceRenew => "forcerenew",
            Self::LeaseQuery => "leasequery",
            Self::LeaseUnassigned => "leaseunassigned",
            Self::LeaseUnknown => "leaseunknown",
            Self::LeaseActive => "leaseactive",
            Self::Unknown(_) => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `op` to `chaddr` of a reply to 00:1a:a1:7b:e6:38, offering 192.0.2.51.
    const HEAD: &str = "02010600 d41f4ec9 00030000 00000000 c0000233 c000020a 00000000
        001aa17be638 00000000000000000000";

    fn hex(text: &str) -> Vec<u8> {
        let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
        let byte = |pair: &[u8]| {
            let pair = std::str::from_utf8(pair).unwrap();
            u8::from_str_radix(pair, 16).unwrap()
        };
        digits.chunks(2).map(byte).collect()
    }

    /// A message from its first 44 bytes, `sname` and `file` (filled up with
    /// zeros), and all that follows them, cookie included; all in hex.
    fn wire(head: &str, server_name: &str, boot_file: &str, rest: &str) -> Vec<u8> {
        let mut bytes = hex(head);
        assert_eq!(bytes.len(), SERVER_NAME.start);
        bytes.extend(hex(server_name));
        bytes.resize(SERVER_NAME.end, 0);
        bytes.extend(hex(boot_file));
        bytes.resize(BOOT_FILE.end, 0);
        bytes.extend(hex(rest));
        bytes
    }

    /// A reply with these options.
    fn reply(options: &str) -> Vec<u8> {
        wire(HEAD, "", "", &format!("63825363 {options}"))
    }

    fn decode_whole(bytes: &[u8]) -> Decoded<Message> {
        decode(Input::whole(bytes)).unwrap()
    }

    /// Code and value of every option, `code=value`.
    fn values(message: &Message) -> Vec<String> {
        let value = |option: &RawOption| format!("{}={}", option.code, option.value());
        message.options.iter().map(value).collect()
    }

    fn raw(code: u8, bytes: &[u8], area: Area, offset_bytes: usize) -> RawOption {
        RawOption {
            code,
            bytes: bytes.to_vec(),
            area,
            offset_bytes,
        }
    }

    fn plain(code: u8, bytes: &[u8], offset_bytes: usize) -> RawOption {
        raw(code, bytes, Area::Options, offset_bytes)
    }

    /// Frame 2845 of `unit_tests/pcaps/capture2.pcap` in cisco/mercury
    /// (BSD-2-Clause), without what the phone left in `chaddr`'s padding and behind
    /// the NULs of `sname` and `file`. tshark says:
    ///
    /// ```text
    /// Transaction ID: 0xd41f4ec9
    /// Bootp flags: 0x8000, Broadcast flag (Broadcast)
    /// Client MAC address: Cisco_1f:4e:c9 (a8:b1:d4:1f:4e:c9)
    /// Server host name not given
    /// Boot file name not given
    /// Option: (53) DHCP Message Type (Discover)
    /// Option: (61) Client identifier
    ///     Client MAC address: Cisco_1f:4e:c9 (a8:b1:d4:1f:4e:c9)
    /// Option: (12) Host Name
    ///     Host Name: SEPA8B1D41F4EC9
    /// Option: (60) Vendor class identifier
    ///     Vendor class identifier: Cisco Systems, Inc. IP Phone CP-7911G
    /// Option: (55) Parameter Request List
    ///     1, 66, 6, 3, 15, 150, 35
    /// ```
    #[test]
    fn reads_the_discover_of_a_cisco_7911() {
        let bytes = wire(
            "01010600 d41f4ec9 00008000 00000000 00000000 00000000 00000000
             a8b1d41f4ec9 00000000000000000000",
            "",
            "",
            "63825363 350101 3d0701a8b1d41f4ec9
             0c0f534550413842314434314634454339
             3c26436973636f2053797374656d732c20496e632e2049502050686f6e652043502d373931314700
             3707014206030f9623 ff 000000",
        );
        let decoded = decode_whole(&bytes);
        let message = decoded.value;
        assert_eq!(
            message,
            Message {
                op: 1,
                hardware_type: 1,
                hardware_length: 6,
                hops: 0,
                transaction_id: 0xd41f_4ec9,
                elapsed_secs: 0,
                flags: 0x8000,
                client_address: Ipv4Addr::UNSPECIFIED,
                your_address: Ipv4Addr::UNSPECIFIED,
                server_address: Ipv4Addr::UNSPECIFIED,
                relay_address: Ipv4Addr::UNSPECIFIED,
                client_hardware_address: vec![0xa8, 0xb1, 0xd4, 0x1f, 0x4e, 0xc9],
                server_name: WireText::default(),
                boot_file: WireText::default(),
                has_cookie: true,
                options: vec![
                    plain(53, &[1], 240),
                    plain(61, &[1, 0xa8, 0xb1, 0xd4, 0x1f, 0x4e, 0xc9], 243),
                    plain(12, b"SEPA8B1D41F4EC9", 252),
                    plain(60, b"Cisco Systems, Inc. IP Phone CP-7911G\0", 269),
                    plain(55, &[1, 66, 6, 3, 15, 150, 35], 309),
                ],
            }
        );
        assert_eq!(
            decoded.issues,
            [Issue {
                kind: IssueKind::Unusual,
                field: "option 60".into(),
                span: 308..309,
                detail: "ends with 1 NUL".into(),
            }]
        );
        assert_eq!(message.client_mac(), MacAddress::parse("a8:b1:d4:1f:4e:c9"));
        assert_eq!(message.message_type(), Some(MessageType::Discover));
        assert_eq!(message.wanted_options(), [1, 66, 6, 3, 15, 150, 35]);
        assert_eq!(
            message.text(60),
            Some("Cisco Systems, Inc. IP Phone CP-7911G".into())
        );
        assert_eq!(
            message.value(12),
            Some(Value::Text("SEPA8B1D41F4EC9".into()))
        );
        assert_eq!(message.value(66), None);
    }

    /// Frame 2846 of the same capture. tshark says:
    ///
    /// ```text
    /// Your (client) IP address: 10.10.15.149
    /// Server name option overloaded by DHCP
    /// Boot file name option overloaded by DHCP
    /// Option: (53) DHCP Message Type (Offer)
    /// Option: (54) DHCP Server Identifier (10.10.0.2)
    /// Option: (1) Subnet Mask (255.255.0.0)
    /// Option: (51) IP Address Lease Time
    ///     IP Address Lease Time: (86400s) 1 day
    /// Option: (52) Option Overload
    ///     Option Overload: Boot file and server host names hold options (3)
    ///     Server host name option overload
    ///         Option: (255) End
    ///     Boot file name option overload
    ///         Option: (255) End
    /// Option: (6) Domain Name Server
    ///     Domain Name Server: 128.109.131.3
    ///     Domain Name Server: 128.109.249.27
    /// Option: (3) Router
    ///     Router: 10.10.0.2
    /// Option: (15) Domain Name
    ///     Domain Name: high.swain
    /// Option: (150) TFTP Server Address
    ///     Length: 15
    ///     TFTP Server Address: 55.52.46.50
    ///     TFTP Server Address: 49.51.46.49
    ///     TFTP Server Address: 51.55.46.49
    ///     [Expert Info (Error/Protocol): Option length isn't a multiple of 4]
    /// ```
    #[test]
    fn tells_that_a_server_sends_option_150_as_text() {
        let bytes = wire(
            "02010600 d41f4ec9 00008000 00000000 0a0a0f95 00000000 00000000
             a8b1d41f4ec9 00000000000000000000",
            "ff",
            "ff",
            "63825363 350102 36040a0a0002 0104ffff0000 330400015180 340103
             0608806d8303806df91b 03040a0a0002 0f0b686967682e737761696e00
             960f37342e3231332e3133372e31333800 ff",
        );
        let decoded = decode_whole(&bytes);
        assert_eq!(
            values(&decoded.value),
            [
                "53=offer",
                "54=10.10.0.2",
                "1=255.255.0.0",
                "51=86400",
                "52=3",
                "6=128.109.131.3, 128.109.249.27",
                "3=10.10.0.2",
                "15=high.swain",
                "150=74.213.137.138",
            ]
        );
        assert!(decoded.value.server_name.is_empty());
        assert!(decoded.value.boot_file.is_empty());
        assert_eq!(
            decoded.value.server_identifier(),
            Some([10, 10, 0, 2].into())
        );
        assert_eq!(decoded.value.number(51), Some(86_400));
        assert_eq!(
            decoded.issues,
            [
                Issue {
                    kind: IssueKind::Unusual,
                    field: "option 15".into(),
                    span: 292..293,
                    detail: "ends with 1 NUL".into(),
                },
                Issue::malformed(
                    "option 150",
                    295..310,
                    "holds the text \"74.213.137.138\" where 4-byte addresses belong"
                ),
            ]
        );
    }

    /// Frame 2 of `tests/dhcp-rfc5859.pcap` in the-tcpdump-group/tcpdump
    /// (BSD-3-Clause), its padding shortened. tshark says:
    ///
    /// ```text
    /// Transaction ID: 0xde549277
    /// Your (client) IP address: 192.168.1.4
    /// Client MAC address: VMware_1f:74:06 (00:0c:29:1f:74:06)
    /// Option: (53) DHCP Message Type (Offer)
    /// Option: (54) DHCP Server Identifier (192.168.1.1)
    /// Option: (51) IP Address Lease Time
    ///     IP Address Lease Time: (43200s) 12 hours
    /// Option: (1) Subnet Mask (255.255.255.0)
    /// Option: (3) Router
    ///     Router: 192.168.1.1
    /// Option: (150) TFTP Server Address
    ///     TFTP Server Address: 192.168.1.10
    ///     TFTP Server Address: 192.168.1.11
    /// ```
    #[test]
    fn reads_an_offer_with_two_tftp_servers() {
        let bytes = wire(
            "02010600 de549277 00000000 00000000 c0a80104 00000000 00000000
             000c291f7406 00000000000000000000",
            "",
            "",
            "63825363 350102 3604c0a80101 33040000a8c0 0104ffffff00 0304c0a80101
             9608c0a8010ac0a8010b ff 00000000",
        );
        let decoded = decode_whole(&bytes);
        assert_eq!(decoded.issues, []);
        assert_eq!(
            values(&decoded.value),
            [
                "53=offer",
                "54=192.168.1.1",
                "51=43200",
                "1=255.255.255.0",
                "3=192.168.1.1",
                "150=192.168.1.10, 192.168.1.11",
            ]
        );
        assert_eq!(
            decoded.value.addresses(150),
            Some(vec![[192, 168, 1, 10].into(), [192, 168, 1, 11].into()])
        );
        assert_eq!(decoded.value.your_address, Ipv4Addr::new(192, 168, 1, 4));
    }

    /// `Tests/Packet++Test/PacketExamples/Dhcp1.pcap` in seladb/PcapPlusPlus
    /// (Unlicense). tshark says:
    ///
    /// ```text
    /// Hops: 1
    /// Transaction ID: 0x7771cf85
    /// Seconds elapsed: 10
    /// Your (client) IP address: 10.10.8.235
    /// Next server IP address: 172.22.178.234
    /// Relay agent IP address: 10.10.8.240
    /// Client MAC address: AlcatelN_11:c0:75 (00:0e:86:11:c0:75)
    /// Option: (53) DHCP Message Type (Offer)
    /// Option: (1) Subnet Mask (255.255.255.0)
    /// Option: (54) DHCP Server Identifier (172.22.178.234)
    /// Option: (51) IP Address Lease Time
    ///     IP Address Lease Time: (43200s) 12 hours
    /// Option: (3) Router
    ///     Router: 10.10.8.254
    /// Option: (6) Domain Name Server
    ///     Domain Name Server: 143.209.4.1
    ///     Domain Name Server: 143.209.5.1
    /// Option: (66) TFTP Server Name
    ///     TFTP Server Name: 172.22.178.234
    /// Option: (120) SIP Servers
    ///     SIP Server Encoding: IPv4 Address (1)
    ///     SIP Server Address: 172.22.178.234
    /// Option: (61) Client identifier
    ///     Type: 0
    ///     Client Identifier: nathan1clientid
    /// Option: (90) Authentication
    ///     Length: 31
    /// Option: (82) Agent Information Option
    ///     Option 82 Suboption: (1) Agent Circuit ID
    ///         Agent Circuit ID: 20504f4e20312f312f30372f30313a312e302e31
    /// ```
    #[test]
    fn reads_an_offer_that_a_relay_agent_passed_on() {
        let bytes = wire(
            "02010601 7771cf85 000a0000 00000000 0a0a08eb ac16b2ea 0a0a08f0
             000e8611c075 00000000000000000000",
            "",
            "",
            "63825363 350102 0104ffffff00 3604ac16b2ea 33040000a8c0 03040a0a08fe
             06088fd104018fd10501 420e3137322e32322e3137382e323334 780501ac16b2ea
             3d10006e617468616e31636c69656e746964
             5a1f010100c878c45256402081313233348fe0cce2ee8596abb25817c480b2fd30
             5216011420504f4e20312f312f30372f30313a312e302e31 ff",
        );
        let decoded = decode_whole(&bytes);
        assert_eq!(decoded.issues, []);
        assert_eq!(
            values(&decoded.value),
            [
                "53=offer",
                "1=255.255.255.0",
                "54=172.22.178.234",
                "51=43200",
                "3=10.10.8.254",
                "6=143.209.4.1, 143.209.5.1",
                "66=172.22.178.234",
                "120=172.22.178.234",
                "61=nathan1clientid",
                "90=010100c878c45256402081313233348fe0cce2ee8596abb25817c480b2fd30",
                "82=1= PON 1/1/07/01:1.0.1",
            ]
        );
        let message = decoded.value;
        assert_eq!(message.hops, 1);
        assert_eq!(message.elapsed_secs, 10);
        assert_eq!(message.server_address, Ipv4Addr::new(172, 22, 178, 234));
        assert_eq!(message.relay_address, Ipv4Addr::new(10, 10, 8, 240));
    }

    /// Frame 2 of `testing/btest/Traces/dhcp/dhcp.pcap` in zeek/zeek
    /// (BSD-3-Clause), without the options that the other tests have. tshark says:
    ///
    /// ```text
    /// Option: (67) Bootfile name
    ///     Bootfile name: network-confg
    /// Option: (43) Vendor-Specific Information (Aruba AP)
    ///     Aruba Controller IP: 172.18.6.37
    /// Option: (60) Vendor class identifier
    ///     Vendor class identifier: ArubaAP
    /// Option: (46) NetBIOS over TCP/IP Node Type
    ///     NetBIOS over TCP/IP Node Type: P-node (2)
    /// ```
    #[test]
    fn reads_an_offer_with_plain_text_in_option_43() {
        let bytes = reply(
            "430d6e6574776f726b2d636f6e6667 2b0b3137322e31382e362e3337
             3c0741727562614150 2e0102 ff",
        );
        let decoded = decode_whole(&bytes);
        assert_eq!(decoded.issues, []);
        assert_eq!(
            values(&decoded.value),
            ["67=network-confg", "43=172.18.6.37", "60=ArubaAP", "46=2"]
        );
    }

    #[test]
    fn reads_sname_and_file_up_to_their_nul() {
        let bytes = wire(HEAD, "7466747000ff", "6c6f6164", "63825363 350105");
        let message = decode_whole(&bytes).value;
        assert_eq!(message.server_name, "tftp".into());
        assert_eq!(message.boot_file, "load".into());
    }

    #[test]
    fn tells_names_without_a_nul() {
        let mut bytes = reply("350105 ff");
        bytes[SERVER_NAME].fill(b'a');
        bytes[BOOT_FILE].fill(b'b');
        let decoded = decode_whole(&bytes);
        assert_eq!(decoded.value.server_name, WireText::new(&[b'a'; 64]));
        assert_eq!(decoded.value.boot_file, WireText::new(&[b'b'; 128]));
        assert_eq!(
            decoded.issues,
            [
                Issue::malformed("sname", SERVER_NAME, "has no NUL at its end"),
                Issue::malformed("file", BOOT_FILE, "has no NUL at its end"),
            ]
        );
    }

    #[test]
    fn names_the_field_that_a_short_header_lacks() {
        let bytes = reply("ff");
        let fields = [
            (0, "op"),
            (1, "htype"),
            (2, "hlen"),
            (3, "hops"),
            (4, "xid"),
            (8, "secs"),
            (10, "flags"),
            (12, "ciaddr"),
            (16, "yiaddr"),
            (20, "siaddr"),
            (24, "giaddr"),
            (28, "chaddr"),
            (44, "sname"),
            (108, "file"),
        ];
        for (index, (start, field)) in fields.iter().enumerate() {
            let end = fields.get(index + 1).map_or(236, |(next, _)| *next);
            let error = decode(Input::whole(&bytes[..end - 1])).unwrap_err();
            assert_eq!(error.kind, IssueKind::Malformed);
            assert_eq!((error.field.as_str(), error.offset_bytes), (*field, *start));
        }
    }

    #[test]
    fn keeps_who_speaks_when_the_capture_cuts_the_names_off() {
        let bytes = reply("ff");
        for end in SERVER_NAME.start..BOOT_FILE.end {
            let decoded = decode(Input::cut(&bytes[..end], 9)).unwrap();
            assert_eq!(
                decoded.value.client_mac(),
                decode_whole(&bytes).value.client_mac()
            );
            assert_eq!(decoded.issues.len(), 1);
            assert_eq!(decoded.issues[0].kind, IssueKind::CutShort);
            assert_eq!(decoded.issues[0].span, end..end);
        }
        for end in 0..SERVER_NAME.start {
            let error = decode(Input::cut(&bytes[..end], 9)).unwrap_err();
            assert_eq!(error.kind, IssueKind::CutShort);
        }
    }

    #[test]
    fn tells_an_op_and_a_hardware_length_that_cannot_be() {
        let mut bytes = reply("ff");
        bytes[0] = 3;
        bytes[2] = 17;
        let decoded = decode_whole(&bytes);
        assert_eq!(
            decoded.issues,
            [
                Issue::malformed("op", 0..1, "is 3, must be 1 or 2"),
                Issue::malformed("hlen", 2..3, "is 17, must be at most 16"),
            ]
        );
        assert_eq!(decoded.value.hardware_length, 17);
        assert_eq!(decoded.value.client_hardware_address.len(), 16);
        assert_eq!(decoded.value.client_mac(), None);
        bytes[0] = 1;
        bytes[2] = 16;
        assert_eq!(decode_whole(&bytes).issues, []);
        bytes[2] = 0;
        assert_eq!(decode_whole(&bytes).value.client_hardware_address, []);
        bytes[1] = 6;
        bytes[2] = 6;
        assert_eq!(decode_whole(&bytes).value.client_mac(), None);
    }

    #[test]
    fn takes_a_message_without_cookie_as_plain_bootp() {
        let bootp = |rest: &str| {
            let decoded = decode_whole(&wire(HEAD, "", "", rest));
            assert!(!decoded.value.has_cookie);
            assert_eq!(decoded.value.options, []);
            assert_eq!(decoded.value.message_type(), None);
            decoded.issues
        };
        assert_eq!(bootp(""), []);
        assert_eq!(bootp("00000000 00000000"), []);
        assert_eq!(
            bootp("434d5500 350101"),
            [Issue::malformed(
                "magic cookie",
                COOKIE,
                "is 434d5500, must be 63825363"
            )]
        );
        assert_eq!(
            bootp("638253"),
            [Issue::malformed(
                "magic cookie",
                236..239,
                "has 4 bytes, but only 3 bytes left"
            )]
        );
    }

    #[test]
    fn blames_a_cut_capture_and_not_the_sender() {
        let bytes = wire(HEAD, "", "", "63825363 350102 3604c000020a");
        let decoded = decode(Input::cut(&bytes[..236], 20)).unwrap();
        assert_eq!(
            decoded.issues,
            [Issue::cut_short(
                "magic cookie",
                236..236,
                "has 4 bytes, but only 0 bytes left"
            )]
        );
        // What is missing of option 54 is not held against its length either.
        let decoded = decode(Input::cut(&bytes[..247], 20)).unwrap();
        assert_eq!(
            decoded.issues,
            [Issue::cut_short(
                "option 54",
                243..247,
                "has length 4, but only 2 bytes left"
            )]
        );
        assert_eq!(
            decoded.value.options,
            [plain(53, &[2], 240), plain(54, &[192, 0], 243)]
        );
    }

    #[test]
    fn keeps_what_is_there_of_an_option_that_overruns() {
        let decoded = decode_whole(&reply("350102 9608c000020a"));
        assert_eq!(
            decoded.value.options,
            [plain(53, &[2], 240), plain(150, &[192, 0, 2, 10], 243)]
        );
        assert_eq!(
            decoded.issues,
            [Issue::malformed(
                "option 150",
                243..249,
                "has length 8, but only 4 bytes left"
            )]
        );
        let decoded = decode_whole(&reply("350102 96"));
        assert_eq!(
            decoded.value.options,
            [plain(53, &[2], 240), plain(150, &[], 243)]
        );
        assert_eq!(
            decoded.issues,
            [Issue::malformed(
                "option 150",
                243..244,
                "has no length, the list ends behind its code"
            )]
        );
    }

    #[test]
    fn keeps_options_after_one_bad_length() {
        let decoded = decode_whole(&reply("3303000e10 9600 0304c0000201 ff"));
        assert_eq!(values(&decoded.value), ["51=000e10", "150=", "3=192.0.2.1"]);
        assert_eq!(
            decoded.issues,
            [
                Issue::malformed("option 51", 242..245, "is 3 bytes, must be 4"),
                Issue::malformed("option 150", 247..247, "is 0 bytes, must be at least 4"),
            ]
        );
    }

    #[test]
    fn leaves_out_pads_and_what_follows_the_end_and_needs_no_end() {
        let options = |hex: &str| {
            let decoded = decode_whole(&reply(hex));
            assert_eq!(decoded.issues, []);
            decoded.value.options
        };
        assert_eq!(options("00 350102 0000 ff 350105"), [plain(53, &[2], 241)]);
        assert_eq!(options("350102"), [plain(53, &[2], 240)]);
        assert_eq!(options(""), []);
    }

    #[test]
    fn keeps_unknown_codes_and_duplicates_in_wire_order() {
        let decoded = decode_whole(&reply("fe02dead 0304c0000201 fe01aa 0304c0000202 ff"));
        assert_eq!(decoded.issues, []);
        assert_eq!(
            decoded.value.options,
            [
                plain(254, &[0xde, 0xad], 240),
                plain(3, &[192, 0, 2, 1], 244),
                plain(254, &[0xaa], 250),
                plain(3, &[192, 0, 2, 2], 253),
            ]
        );
        assert_eq!(decoded.value.option(254), Some(vec![0xde, 0xad, 0xaa]));
        assert_eq!(
            decoded.value.value(3).unwrap().to_string(),
            "192.0.2.1, 192.0.2.2"
        );
        assert_eq!(decoded.value.option(1), None);
    }

    #[test]
    fn judges_a_split_option_as_a_whole_and_points_at_the_piece() {
        // RFC 3396: `tftp.exam`, another option, `ple` and a NUL.
        let split = "4209746674702e6578616d 350102 4204706c6500 ff";
        let decoded = decode_whole(&reply(split));
        assert_eq!(decoded.value.text(66), Some("tftp.example".into()));
        assert_eq!(
            decoded.issues,
            [Issue {
                kind: IssueKind::Unusual,
                field: "option 66".into(),
                span: 259..260,
                detail: "ends with 1 NUL".into(),
            }]
        );
        // An issue of the whole is given in its first piece.
        let decoded = decode_whole(&reply("9603c00002 350102 9604 0ac00002 ff"));
        assert_eq!(
            decoded.issues,
            [Issue::malformed(
                "option 150",
                242..245,
                "is 7 bytes, must be a multiple of 4"
            )]
        );
    }

    #[test]
    fn reads_options_in_file_and_then_in_sname() {
        let server_name = "4304632f6400 ff 350101";
        let boot_file = "0304c0000201 43022f62 ff";
        let overloaded = |how: u8| {
            let rest = format!("63825363 350102 3401{how:02x} 430161 ff");
            decode_whole(&wire(HEAD, server_name, boot_file, &rest))
        };
        let listed = [
            plain(53, &[2], 240),
            plain(52, &[3], 243),
            plain(67, b"a", 246),
            raw(3, &[192, 0, 2, 1], Area::File, 108),
            raw(67, b"/b", Area::File, 114),
            raw(67, b"c/d\0", Area::ServerName, 44),
        ];
        let both = overloaded(3);
        assert_eq!(both.value.options, listed);
        assert_eq!(both.value.option(67), Some(b"a/bc/d\0".to_vec()));
        assert!(both.value.server_name.is_empty() && both.value.boot_file.is_empty());
        assert_eq!(
            both.issues,
            [Issue {
                kind: IssueKind::Unusual,
                field: "option 67".into(),
                span: 49..50,
                detail: "ends with 1 NUL".into(),
            }]
        );

        let file = overloaded(1).value;
        assert_eq!(file.options.len(), 5);
        assert_eq!(file.server_name, WireText::new(b"C\x04c/d"));
        assert!(file.boot_file.is_empty());

        let server_name = overloaded(2).value;
        assert_eq!(server_name.options.len(), 4);
        assert!(server_name.server_name.is_empty());
        assert_eq!(server_name.boot_file, WireText::new(b"\x03\x04\xc0"));

        let neither = overloaded(4);
        assert_eq!(neither.value.options.len(), 3);
        assert_eq!(
            neither.issues,
            [Issue::malformed(
                "option 52",
                245..246,
                "is 4, must be one of 1, 2, 3"
            )]
        );
    }

    #[test]
    fn ends_an_overloaded_field_where_the_field_ends() {
        // Zeros are pads, so an option may start at the very end of `sname`.
        let mut bytes = reply("340102 ff");
        bytes[106] = 66;
        bytes[107] = 9;
        let decoded = decode(Input::cut(&bytes, 5)).unwrap();
        assert_eq!(
            decoded.value.options,
            [plain(52, &[2], 240), raw(66, &[], Area::ServerName, 106)]
        );
        assert_eq!(
            decoded.issues,
            [Issue::malformed(
                "option 66",
                106..108,
                "has length 9, but only 0 bytes left"
            )]
        );
    }

    #[test]
    fn ignores_a_second_overload_and_one_in_an_overloaded_field() {
        let bytes = wire(HEAD, "430161", "340103", "63825363 340101 340102 ff");
        let decoded = decode_whole(&bytes);
        assert_eq!(
            decoded.value.options,
            [
                plain(52, &[1], 240),
                plain(52, &[2], 243),
                raw(52, &[3], Area::File, 108),
            ]
        );
        assert_eq!(decoded.value.server_name, WireText::new(b"C\x01a"));
        assert_eq!(
            decoded.issues,
            [
                Issue::malformed(
                    "option 52",
                    108..111,
                    "stands in an overloaded field and is ignored"
                ),
                Issue::malformed("option 52", 243..246, "is repeated and ignored"),
            ]
        );
    }

    #[test]
    fn gives_addresses_and_numbers_only_where_there_are_some() {
        let message = decode_whole(&reply("3204c0000233 9605c0000201aa 3303000e10 ff")).value;
        assert_eq!(message.requested_address(), Some([192, 0, 2, 51].into()));
        assert_eq!(message.addresses(150), Some(vec![[192, 0, 2, 1].into()]));
        assert_eq!(message.number(51), None);
        assert_eq!(message.addresses(6), None);
        assert_eq!(message.server_identifier(), None);
        assert_eq!(message.wanted_options(), []);
        assert_eq!(message.text(66), None);
    }

    #[test]
    fn names_every_message_type() {
        let names: Vec<String> = (1..=14)
            .map(|code| MessageType::from_code(code).to_string())
            .collect();
        assert_eq!(
            names.join(" "),
            "discover offer request decline ack nak release inform forcerenew leasequery \
             leaseunassigned leaseunknown leaseactive 14"
        );
        assert_eq!(MessageType::from_code(14), MessageType::Unknown(14));
        assert_eq!(MessageType::Unknown(14).name(), None);
    }

    #[test]
    fn no_cut_and_no_changed_byte_panics() {
        let bytes = wire(
            HEAD,
            "4304632f6400",
            "0304c0000201 ff",
            "63825363 350102 340103 2b0401020304 5204010206ff 7807000373697000 c0
             770501610001 62 7907180a0000c0000201 7d0a000004030501036162 63 ff",
        );
        for end in 0..bytes.len() {
            let _ = decode(Input::whole(&bytes[..end]));
            let _ = decode(Input::cut(&bytes[..end], bytes.len() - end));
            for change in [0x01, 0x80, 0xff] {
                let mut changed = bytes.clone();
                changed[end] ^= change;
                let decoded = decode_whole(&changed);
                let spans = decoded.issues.iter().map(|issue| &issue.span);
                assert!(
                    spans
                        .clone()
                        .all(|span| span.start <= span.end && span.end <= bytes.len())
                );
                assert!(spans.is_sorted_by_key(|span| span.start));
            }
        }
    }
}
