//! SCCP ("Skinny"): messages out of one direction of a TCP stream.
//!
//! No public specification; layout after chan-sccp's `sccp_protocol.h` and
//! Wireshark's `packet-skinny.c`. All integers are little-endian.
//!
//! Left out: every body that says nothing about a boot.

mod messages;
mod reasons;

pub use messages::MESSAGES;
pub use reasons::{LAST_REASONS, LastReason, last_reason, running_load};

use std::net::{Ipv4Addr, Ipv6Addr};

use nom::Parser;
use nom::error::context;
use nom::number::complete::le_u32;

use crate::{DecodeError, Decoded, Input, Issue, Parsed, WireText};

/// Length and header version: what the length field does not count.
const HEADER_BYTES: usize = 8;

/// Bytes of the message id: the least that the length field may say.
const ID_BYTES: usize = 4;

/// The most that the length field may say, far above any message known. A
/// stream that says more is not SCCP, or out of step.
const MAX_LENGTH_BYTES: usize = 64 * 1024;

/// Device name in a `RegisterReq`.
const NAME_BYTES: usize = 16;

/// Text of an `Alarm`.
const ALARM_TEXT_BYTES: usize = 80;

/// Text of a `RegisterReject`.
const REJECT_TEXT_BYTES: usize = 32;

/// Where a `RegisterReq` has its fields, in bytes from its body's start.
mod register {
    pub(super) const ADDRESS: usize = 24;
    pub(super) const DEVICE_TYPE: usize = 28;
    pub(super) const PROTOCOL_VERSION: usize = 40;
    pub(super) const ADDRESS_V6: usize = 72;
    pub(super) const LOAD: usize = 92;
    pub(super) const LOAD_BYTES: usize = 32;
}

/// Servers in a `ServerRes`.
const SERVERS: usize = 5;
/// Name of one server in a `ServerRes`.
const SERVER_NAME_BYTES: usize = 48;

/// Text of a `Version`.
const VERSION_BYTES: usize = 16;

/// The most text that is kept of an `XMLAlarm` or `LocationInfo`.
const MAX_XML_BYTES: usize = 2048;

const REGISTER: u32 = 0x0001;
const ALARM: u32 = 0x0020;
const UNREGISTER: u32 = 0x0027;
const REGISTER_TOKEN: u32 = 0x0029;
const REGISTER_ACK: u32 = 0x0081;
const VERSION: u32 = 0x0098;
const REGISTER_REJECT: u32 = 0x009d;
const SERVERS_ANSWER: u32 = 0x009e;
const RESET: u32 = 0x009f;
const UNREGISTER_ACK: u32 = 0x0118;
const REGISTER_TOKEN_ACK: u32 = 0x011a;
const REGISTER_TOKEN_REJECT: u32 = 0x011b;
const LOCATION_INFO: u32 = 0x0157;
const XML_ALARM: u32 = 0x015a;
const SPCP_TOKEN: u32 = 0x8000;
const SPCP_TOKEN_ACK: u32 = 0x8100;
const SPCP_TOKEN_REJECT: u32 = 0x8101;

/// One SCCP message.
///
/// ```text
///     4           4              4        length less 4
/// +--------+----------------+------------+-------------+
/// | length | header version | message id |    body     |
/// +--------+----------------+------------+-------------+
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Header version; 0 in the basic protocol.
    pub header_version: u32,
    /// Message id.
    pub id: u32,
    /// What it says, where it matters to a boot.
    pub body: Body,
}

/// What a message says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// 0x0001.
    ///
    /// ```text
    ///      16         4         4         4            4           8
    /// +---------+---------+----------+---------+-------------+---------+--
    /// |  name   | user id | instance | address | device type | streams | …
    /// +---------+---------+----------+---------+-------------+---------+--
    ///        1              3          28         16          4       32
    /// --+----------+----------------+------+--------------+-------+--------+--
    ///   | protocol | feature bits   |  …   | IPv6 address | scope |  load  | …
    /// --+----------+----------------+------+--------------+-------+--------+--
    /// ```
    ///
    /// Phones of the basic protocol end it behind the feature bits.
    Register {
        /// `SEP001AA17BE638`
        device_name: WireText,
        /// The number of the device's type; `None` when the message ends before it.
        device_type: Option<u32>,
        /// The address that the phone believes to have; `None` likewise.
        address: Option<Ipv4Addr>,
        /// The IPv6 address; `None` when it is absent or all zeros.
        address_v6: Option<Ipv6Addr>,
        /// The highest protocol version that it speaks; `None` when the message ends
        /// before it.
        protocol_version: Option<u8>,
        /// The firmware that runs; empty when it is not told.
        load: WireText,
    },
    /// 0x0029, and 0x8000 of SPA phones: the phone asks whether it may register. Its
    /// beginning is that of a `RegisterReq`.
    RegisterToken {
        /// `SEP001AA17BE638`
        device_name: WireText,
        /// As in a `RegisterReq`.
        device_type: Option<u32>,
        /// As in a `RegisterReq`.
        address: Option<Ipv4Addr>,
    },
    /// 0x011a and 0x8100: it may.
    RegisterTokenAck,
    /// 0x011b and 0x8101: it may not, a number of four bytes.
    RegisterTokenReject {
        /// How long to wait before it asks again.
        wait_secs: u32,
    },
    /// 0x0020: the phone tells why its last boot ended.
    ///
    /// ```text
    ///      4        80        4             4
    /// +----------+------+-------------+-------------+
    /// | severity | text | parameter 1 | parameter 2 |
    /// +----------+------+-------------+-------------+
    /// ```
    Alarm {
        /// Severity.
        severity: u32,
        /// The text, `… Last=…` in it, up to its NUL.
        text: WireText,
    },
    /// 0x0081.
    ///
    /// ```text
    ///      4           6          2         4            1           3
    /// +----------+----------+---------+-----------+----------+----------+
    /// | interval | date     | padding | secondary | protocol | feature  |
    /// |          | template |         | interval  | version  | bits     |
    /// +----------+----------+---------+-----------+----------+----------+
    /// ```
    RegisterAck {
        /// Seconds between two keep-alives; `None` when the message ends before it.
        keep_alive_secs: Option<u32>,
        /// The protocol version that is spoken from now on; `None` likewise.
        protocol_version: Option<u8>,
    },
    /// 0x009d: 32 bytes of text.
    RegisterReject {
        /// The server's words, up to their NUL.
        text: WireText,
    },
    /// 0x009f: a number of four bytes.
    Reset {
        /// 1 reset, 2 restart, 3 apply configuration.
        kind: u32,
    },
    /// 0x0027: the phone takes its registration back.
    Unregister {
        /// Why, by number; `None` in the basic protocol, which does not tell.
        reason: Option<u32>,
    },
    /// 0x0118: a number of four bytes.
    UnregisterAck {
        /// 0 done, 1 error, 2 refused: there is a call.
        status: u32,
    },
    /// 0x0098: the firmware that the server wants, 16 bytes of text.
    Version {
        /// A load's name.
        text: WireText,
    },
    /// 0x009e: the call servers in their order, five names of 48 bytes, then five
    /// ports of four.
    Servers {
        /// Name and port of each that is named.
        servers: Vec<(WireText, Option<u32>)>,
    },
    /// 0x0157: where a wireless phone is, as text.
    LocationInfo {
        /// The text.
        text: WireText,
    },
    /// 0x015a: why the phone was last out of service, as XML.
    XmlAlarm {
        /// The XML.
        text: WireText,
    },
    /// Any other message, and one that ends before it says anything.
    Other,
}

/// The name of a message; `unknown` when [`MESSAGES`] does not hold it.
pub fn name(id: u32) -> &'static str {
    find(MESSAGES, id).unwrap_or("unknown")
}

/// Device types by number, sorted. The same numbers stand in
/// `<loadInformation…>` tags and in SIP's `model.ccm`.
#[rustfmt::skip]
pub const DEVICE_TYPES: &[(u32, &str)] = &[
    (6, "7910"),
    (7, "7960"),
    (8, "7940"),
    (115, "7941"),
    (119, "7971"),
    (307, "7911"),
    (308, "7961GE"),
    (309, "7941GE"),
    (348, "7931"),
    (365, "7921"),
    (369, "7906"),
    (404, "7962"),
    (431, "7937"),
    (434, "7942"),
    (435, "7945"),
    (436, "7965"),
    (437, "7975"),
    (484, "7925"),
    (493, "9971"),
    (495, "6921"),
    (496, "6941"),
    (497, "6961"),
    (537, "9951"),
    (540, "8961"),
    (547, "6901"),
    (548, "6911"),
    (564, "6945"),
    (577, "7926"),
    (585, "8945"),
    (586, "8941"),
    (621, "7821"),
    (622, "7841"),
    (623, "7861"),
    (683, "8841"),
    (684, "8851"),
    (685, "8861"),
    (20000, "7905"),
    (30006, "7970"),
    (30007, "7912"),
    (30008, "7902"),
    (30018, "7961"),
    (36217, "8811"),
    (80003, "SPA502G"),
    (80004, "SPA504G"),
    (80005, "SPA525G"),
    (80007, "SPA509G"),
    (80009, "SPA525G2"),
    (80011, "SPA303G"),
];

/// The model of a device type; `None` when [`DEVICE_TYPES`] does not hold it.
pub fn model(device_type: u32) -> Option<&'static str> {
    find(DEVICE_TYPES, device_type)
}

fn find(table: &[(u32, &'static str)], number: u32) -> Option<&'static str> {
    let index = table.binary_search_by_key(&number, |row| row.0).ok()?;
    table.get(index).map(|row| row.1)
}

/// Decodes the first message of `input`. Gives `None` when more bytes are needed,
/// else the message and how many bytes it takes.
///
/// Where the capture lost the message's end (`missing` covers it), what is there
/// of it is read, and the message takes all bytes that are there.
pub fn decode(input: Input<'_>) -> Result<Option<(Decoded<Message>, usize)>, DecodeError> {
    let Some(&length) = input.bytes.first_chunk() else {
        return Ok(None);
    };
    let length = check_length(u32::from_le_bytes(length))?;
    let end = HEADER_BYTES + length;
    let n_there = input.bytes.len();
    if n_there < HEADER_BYTES + ID_BYTES || n_there + input.missing < end {
        return Ok(None);
    }
    let message = Input {
        bytes: input.bytes.get(..end).unwrap_or(input.bytes),
        missing: end.saturating_sub(n_there),
    };
    let (body, (header_version, id)) =
        header(message.bytes).map_err(|error| DecodeError::from_nom(message, error))?;
    let value = Message {
        header_version,
        id,
        body: read_body(id, body),
    };
    let issues = check(message, &value);
    Ok(Some((Decoded { value, issues }, message.bytes.len())))
}

fn check_length(length: u32) -> Result<usize, DecodeError> {
    usize::try_from(length)
        .ok()
        .filter(|length| (ID_BYTES..=MAX_LENGTH_BYTES).contains(length))
        .ok_or_else(|| {
            DecodeError::malformed(
                "length",
                0,
                format!("is {length}, must be {ID_BYTES} to {MAX_LENGTH_BYTES}"),
            )
        })
}

fn header(input: &[u8]) -> Parsed<'_, (u32, u32)> {
    let (input, _length) = context("length", le_u32).parse_complete(input)?;
    let (input, header_version) = context("header version", le_u32).parse_complete(input)?;
    let (input, id) = context("message id", le_u32).parse_complete(input)?;
    Ok((input, (header_version, id)))
}

/// What is odd about a message: its version, and its end.
fn check(message: Input<'_>, value: &Message) -> Vec<Issue> {
    let mut issues = Vec::new();
    if !matches!(value.header_version, 0 | 0x0a..=0x16) {
        issues.push(Issue::malformed(
            "header version",
            4..HEADER_BYTES,
            format!("is {}, must be 0 or 10 to 22", value.header_version),
        ));
    }
    let n_bytes = message.bytes.len();
    if message.missing > 0 {
        issues.push(Issue::cut_short(
            name(value.id),
            0..n_bytes,
            format!(
                "only {n_bytes} of {} bytes were captured",
                n_bytes + message.missing
            ),
        ));
        return issues;
    }
    let n_body = n_bytes - HEADER_BYTES - ID_BYTES;
    let n_needed = needed_bytes(value.id);
    if n_body < n_needed {
        issues.push(Issue::malformed(
            name(value.id),
            0..n_bytes,
            format!("body is {n_body} bytes, must be at least {n_needed}"),
        ));
    }
    issues
}

/// Up to where a body must reach.
fn needed_bytes(id: u32) -> usize {
    match id {
        REGISTER | REGISTER_TOKEN | SPCP_TOKEN => register::DEVICE_TYPE + 4,
        ALARM => 4 + ALARM_TEXT_BYTES,
        REGISTER_REJECT => REJECT_TEXT_BYTES,
        RESET | UNREGISTER_ACK | REGISTER_TOKEN_REJECT | SPCP_TOKEN_REJECT => 4,
        VERSION => VERSION_BYTES,
        _ => 0,
    }
}

fn read_body(id: u32, body: &[u8]) -> Body {
    let read = match id {
        REGISTER => Some(Body::Register {
            device_name: text(body, NAME_BYTES),
            device_type: number(body, register::DEVICE_TYPE),
            address: chunk(body, register::ADDRESS).map(|octets: [u8; 4]| octets.into()),
            address_v6: chunk(body, register::ADDRESS_V6)
                .map(|octets: [u8; 16]| Ipv6Addr::from(octets))
                .filter(|address| !address.is_unspecified()),
            protocol_version: body.get(register::PROTOCOL_VERSION).copied(),
            load: text(
                body.get(register::LOAD..).unwrap_or_default(),
                register::LOAD_BYTES,
            ),
        }),
        REGISTER_TOKEN | SPCP_TOKEN => Some(Body::RegisterToken {
            device_name: text(body, NAME_BYTES),
            device_type: number(body, register::DEVICE_TYPE),
            address: chunk(body, register::ADDRESS).map(|octets: [u8; 4]| octets.into()),
        }),
        REGISTER_TOKEN_ACK | SPCP_TOKEN_ACK => Some(Body::RegisterTokenAck),
        REGISTER_TOKEN_REJECT | SPCP_TOKEN_REJECT => {
            number(body, 0).map(|wait_secs| Body::RegisterTokenReject { wait_secs })
        }
        ALARM => number(body, 0).map(|severity| Body::Alarm {
            severity,
            text: text(body.get(4..).unwrap_or_default(), ALARM_TEXT_BYTES),
        }),
        UNREGISTER => Some(Body::Unregister {
            reason: number(body, 0),
        }),
        UNREGISTER_ACK => number(body, 0).map(|status| Body::UnregisterAck { status }),
        REGISTER_ACK => Some(Body::RegisterAck {
            keep_alive_secs: number(body, 0),
            protocol_version: body.get(16).copied(),
        }),
        REGISTER_REJECT => Some(Body::RegisterReject {
            text: text(body, REJECT_TEXT_BYTES),
        }),
        RESET => number(body, 0).map(|kind| Body::Reset { kind }),
        VERSION => Some(Body::Version {
            text: text(body, VERSION_BYTES),
        }),
        SERVERS_ANSWER => Some(Body::Servers {
            servers: servers(body),
        }),
        LOCATION_INFO => Some(Body::LocationInfo {
            text: text(body, MAX_XML_BYTES),
        }),
        XML_ALARM => Some(Body::XmlAlarm {
            text: text(body, MAX_XML_BYTES),
        }),
        _ => None,
    };
    read.unwrap_or(Body::Other)
}

/// The servers that have a name, with their ports.
fn servers(body: &[u8]) -> Vec<(WireText, Option<u32>)> {
    (0..SERVERS)
        .filter_map(|index| {
            let name = text(body.get(index * SERVER_NAME_BYTES..)?, SERVER_NAME_BYTES);
            let port = number(body, SERVERS * SERVER_NAME_BYTES + index * 4);
            (!name.is_empty()).then_some((name, port))
        })
        .collect()
}

/// A field of fixed length with text up to a NUL, or what is there of it.
fn text(field: &[u8], n_bytes: usize) -> WireText {
    WireText::until_nul(field.get(..n_bytes).unwrap_or(field))
}

fn number(body: &[u8], offset: usize) -> Option<u32> {
    chunk(body, offset).map(u32::from_le_bytes)
}

fn chunk<const N: usize>(body: &[u8], offset: usize) -> Option<[u8; N]> {
    body.get(offset..)?.first_chunk().copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::IssueKind;

    /// A message of the basic protocol.
    fn message(id: u32, body: &[u8]) -> Vec<u8> {
        let length = u32::try_from(ID_BYTES + body.len()).unwrap();
        [&length.to_le_bytes(), &[0; 4][..], &id.to_le_bytes(), body].concat()
    }

    /// The message's body and the details of its issues.
    fn read(id: u32, body: &[u8]) -> (Body, Vec<String>) {
        let bytes = message(id, body);
        let (decoded, n_bytes) = decode(Input::whole(&bytes)).unwrap().unwrap();
        assert_eq!(n_bytes, bytes.len());
        let value = decoded.value;
        assert_eq!((value.header_version, value.id), (0, id));
        let details = decoded.issues.into_iter().map(|issue| issue.detail);
        (value.body, details.collect())
    }

    fn padded(text: &[u8], n_bytes: usize) -> Vec<u8> {
        let mut field = text.to_vec();
        field.resize(n_bytes, 0);
        field
    }

    #[test]
    fn reads_a_registration() {
        // Data length: 48  Header version: Basic  Message ID: RegisterReq (1)
        // DeviceName: SEP001AA17BE638  reserved: 0  instance: 1
        // stationIpAddr: 10.20.0.55  Device Type: 7970  Streams: 5
        let bytes = [
            b"\x30\0\0\0".as_slice(), // length
            b"\0\0\0\0",              // header version
            b"\x01\0\0\0",            // message id
            b"SEP001AA17BE638\0",     // name
            b"\0\0\0\0",              // user id
            b"\x01\0\0\0",            // instance
            b"\x0a\x14\0\x37",        // address
            b"\x36\x75\0\0",          // device type
            b"\x05\0\0\0\0\0\0\0",    // streams
            b"\x0b\0\0\0",            // protocol features
            b"next",
        ]
        .concat();
        let (decoded, n_bytes) = decode(Input::whole(&bytes)).unwrap().unwrap();
        assert_eq!(
            decoded,
            Decoded::clean(Message {
                header_version: 0,
                id: 1,
                body: Body::Register {
                    device_name: "SEP001AA17BE638".into(),
                    device_type: Some(30006),
                    address: Some(Ipv4Addr::new(10, 20, 0, 55)),
                    address_v6: None,
                    protocol_version: Some(11),
                    load: WireText::default(),
                },
            })
        );
        assert_eq!(&bytes[n_bytes..], b"next");
        assert_eq!(model(30006), Some("7970"));
    }

    #[test]
    fn reads_an_alarm() {
        // alarmSeverity: Informational (2)
        // text: 25: Name=SEP001AA17BE638 Load=8.5(3.0S) Last=Initialized
        let text = b"25: Name=SEP001AA17BE638 Load=8.5(3.0S) Last=Initialized";
        let body = [
            b"\x02\0\0\0".as_slice(),
            &padded(text, 80),
            b"\x04\0\0\0\x0a\x14\0\x37",
        ]
        .concat();
        let alarm = |text: &[u8]| Body::Alarm {
            severity: 2,
            text: WireText::new(text),
        };
        assert_eq!(read(0x20, &body), (alarm(text), vec![]));
        assert_eq!(read(0x20, &body[..84]), (alarm(text), vec![]));
        assert_eq!(
            read(0x20, b"\x02\0\0\0short\0"),
            (
                alarm(b"short"),
                vec!["body is 10 bytes, must be at least 84".into()]
            )
        );
        assert_eq!(
            read(0x20, b"\x02\0\0"),
            (
                Body::Other,
                vec!["body is 3 bytes, must be at least 84".into()]
            )
        );
        // Text without a NUL ends with its field.
        let full = [&[2, 0, 0, 0], &[b'a'; 81][..]].concat();
        assert_eq!(read(0x20, &full).0, alarm(&[b'a'; 80]));
    }

    #[test]
    fn reads_the_answers_to_a_registration() {
        // keepAliveInterval: 30  Protocol Version: Unknown (20)
        let acknowledged = |keep_alive_secs, protocol_version| Body::RegisterAck {
            keep_alive_secs,
            protocol_version,
        };
        assert_eq!(
            read(0x81, b"\x1e\0\0\0M/D/YA\0\0\x3c\0\0\0\x14\0\0\0"),
            (acknowledged(Some(30), Some(20)), vec![])
        );
        assert_eq!(read(0x81, b""), (acknowledged(None, None), vec![]));
        // text: No Entry in Database
        let reject = |text: &[u8]| Body::RegisterReject {
            text: WireText::new(text),
        };
        assert_eq!(
            read(0x9d, &padded(b"No Entry in Database", 32)),
            (reject(b"No Entry in Database"), vec![])
        );
        assert_eq!(read(0x9d, &[b'X'; 33]), (reject(&[b'X'; 32]), vec![]));
        assert_eq!(
            read(0x9d, &[b'X'; 31]),
            (
                reject(&[b'X'; 31]),
                vec!["body is 31 bytes, must be at least 32".into()]
            )
        );
    }

    #[test]
    fn reads_a_reset() {
        // resetType: RESTART (2)
        assert_eq!(read(0x9f, b"\x02\0\0\0"), (Body::Reset { kind: 2 }, vec![]));
        assert_eq!(
            read(0x9f, b"\x02\0\0"),
            (
                Body::Other,
                vec!["body is 3 bytes, must be at least 4".into()]
            )
        );
    }

    #[test]
    fn reads_the_end_of_a_new_registration() {
        // Protocol Version: Unknown (22)  IPv6 address: 2001:db8::51
        // loadInfo: SCCP42.9-4-2SR3-1S
        let mut body = padded(b"SEP001AA17BE638", 24);
        body.extend([192, 0, 2, 51, 0xb2, 1, 0, 0]);
        body.resize(40, 0);
        body.push(22);
        body.resize(72, 0);
        let address_v6: Ipv6Addr = "2001:db8::51".parse().unwrap();
        body.extend(address_v6.octets());
        body.resize(92, 0);
        body.extend(padded(b"SCCP42.9-4-2SR3-1S", 32));
        let expected = Body::Register {
            device_name: "SEP001AA17BE638".into(),
            device_type: Some(434),
            address: Some(Ipv4Addr::new(192, 0, 2, 51)),
            address_v6: Some(address_v6),
            protocol_version: Some(22),
            load: "SCCP42.9-4-2SR3-1S".into(),
        };
        assert_eq!(read(1, &body), (expected, vec![]));
    }

    #[test]
    fn reads_tokens() {
        let mut body = padded(b"SEP001AA17BE638", 24);
        body.extend([192, 0, 2, 51, 0x84, 0x38, 1, 0]);
        for id in [0x29, 0x8000] {
            let expected = Body::RegisterToken {
                device_name: "SEP001AA17BE638".into(),
                device_type: Some(80004),
                address: Some(Ipv4Addr::new(192, 0, 2, 51)),
            };
            assert_eq!(read(id, &body), (expected, vec![]));
        }
        for id in [0x11a, 0x8100] {
            assert_eq!(read(id, b"\x05\0\0\0"), (Body::RegisterTokenAck, vec![]));
        }
        for id in [0x11b, 0x8101] {
            let expected = Body::RegisterTokenReject { wait_secs: 60 };
            assert_eq!(read(id, b"\x3c\0\0\0"), (expected, vec![]));
            let short = "body is 0 bytes, must be at least 4".to_owned();
            assert_eq!(read(id, b""), (Body::Other, vec![short]));
        }
    }

    #[test]
    fn reads_what_servers_tell_and_how_phones_leave() {
        let version = Body::Version {
            text: "P0030801SR02".into(),
        };
        assert_eq!(read(0x98, &padded(b"P0030801SR02", 16)), (version, vec![]));
        let mut body = padded(b"cm1.example", 96);
        body.extend(padded(b"192.0.2.11", 144));
        body.extend(2000_u32.to_le_bytes());
        let expected = Body::Servers {
            servers: vec![
                ("cm1.example".into(), Some(2000)),
                ("192.0.2.11".into(), None),
            ],
        };
        assert_eq!(read(0x9e, &body), (expected, vec![]));
        let leaves = |reason| Body::Unregister { reason };
        assert_eq!(read(0x27, b""), (leaves(None), vec![]));
        assert_eq!(read(0x27, b"\x02\0\0\0"), (leaves(Some(2)), vec![]));
        let done = Body::UnregisterAck { status: 0 };
        assert_eq!(read(0x118, &[0; 4]), (done, vec![]));
        let xml = Body::XmlAlarm {
            text: "<x-cisco-alarm/>".into(),
        };
        assert_eq!(read(0x15a, b"<x-cisco-alarm/>\0"), (xml, vec![]));
        let place = Body::LocationInfo { text: "ap".into() };
        assert_eq!(read(0x157, b"ap\0"), (place, vec![]));
    }

    #[test]
    fn reads_a_registration_as_far_as_it_goes() {
        let body = [&padded(b"SEP001AA17BE638", 28)[..], &[7, 0, 0, 0]].concat();
        for n_bytes in 0..32 {
            let (found, details) = read(1, &body[..n_bytes]);
            let name = &b"SEP001AA17BE638"[..n_bytes.min(15)];
            assert_eq!(
                found,
                Body::Register {
                    device_name: WireText::new(name),
                    device_type: None,
                    address: (n_bytes >= 28).then_some(Ipv4Addr::UNSPECIFIED),
                    address_v6: None,
                    protocol_version: None,
                    load: WireText::default(),
                }
            );
            let detail = format!("body is {n_bytes} bytes, must be at least 32");
            assert_eq!(details, [detail]);
        }
        assert_eq!(read(1, &body).1, [""; 0]);
    }

    #[test]
    fn takes_other_messages_whole() {
        assert_eq!(read(0x0000, b""), (Body::Other, vec![]));
        assert_eq!(read(0x7777, b"anything"), (Body::Other, vec![]));
    }

    #[test]
    fn waits_for_more_bytes() {
        let bytes = message(0x9f, &[1, 0, 0, 0]);
        for n_bytes in 0..bytes.len() {
            assert_eq!(decode(Input::whole(&bytes[..n_bytes])), Ok(None));
        }
    }

    #[test]
    fn refuses_lengths_that_no_message_has() {
        for length in [0_u32, 3, 65537, u32::MAX] {
            let error = decode(Input::whole(&length.to_le_bytes())).unwrap_err();
            assert_eq!(
                error,
                DecodeError::malformed("length", 0, format!("is {length}, must be 4 to 65536"))
            );
        }
        for length in [4_u32, 65536] {
            assert_eq!(decode(Input::whole(&length.to_le_bytes())), Ok(None));
        }
    }

    #[test]
    fn notes_a_header_version_that_is_not_known() {
        for (version, is_known) in [(0, true), (1, false), (10, true), (22, true), (23, false)] {
            let mut bytes = message(0x81, b"");
            bytes[4] = version;
            let (decoded, _) = decode(Input::whole(&bytes)).unwrap().unwrap();
            assert_eq!(decoded.value.header_version, u32::from(version));
            assert_eq!(decoded.issues.is_empty(), is_known);
        }
    }

    #[test]
    fn reads_what_the_capture_kept_of_a_message() {
        let text = padded(b"25: Name=SEP001AA17BE638 Last=Phone-Keypad", 80);
        let bytes = message(0x20, &[b"\x02\0\0\0", &text[..]].concat());
        let kept = &bytes[..60];
        let (decoded, n_bytes) = decode(Input::cut(kept, 36)).unwrap().unwrap();
        assert_eq!(n_bytes, 60);
        assert_eq!(
            decoded.value.body,
            Body::Alarm {
                severity: 2,
                text: "25: Name=SEP001AA17BE638 Last=Phone-Keypad".into(),
            }
        );
        assert_eq!(
            decoded.issues,
            [Issue::cut_short(
                "Alarm",
                0..60,
                "only 60 of 96 bytes were captured"
            )]
        );
        assert_eq!(decoded.issues[0].kind, IssueKind::CutShort);
        // The capture lost less than the message still needs.
        assert_eq!(decode(Input::cut(kept, 35)), Ok(None));
        // Its id is gone.
        assert_eq!(decode(Input::cut(&bytes[..11], 85)), Ok(None));
    }

    #[test]
    fn tables_are_sorted_and_found() {
        assert!(MESSAGES.windows(2).all(|pair| pair[0].0 < pair[1].0));
        assert!(DEVICE_TYPES.windows(2).all(|pair| pair[0].0 < pair[1].0));
        assert_eq!(name(0x81), "RegisterAck");
        assert_eq!(name(0x8101), "SPCPRegisterTokenReject");
        assert_eq!(name(0x7777), "unknown");
        assert_eq!(model(436), Some("7965"));
        assert_eq!(model(9), None);
    }
}
