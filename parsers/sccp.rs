//! SCCP ("Skinny"): messages out of one direction of a TCP stream.
//!
//! No public specification; layout after chan-sccp's `sccp_protocol.h` and
//! Wireshark's `packet-skinny.c`. All integers are little-endian.
//!
//! Left out: every body that says nothing about a boot.

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

/// What stands between device name and device type in a `RegisterReq`: user
/// id, instance and address.
const BEFORE_TYPE_BYTES: usize = 12;

/// Text of an `Alarm`.
const ALARM_TEXT_BYTES: usize = 80;

/// Text of a `RegisterReject`.
const REJECT_TEXT_BYTES: usize = 32;

const REGISTER: u32 = 0x0001;
const ALARM: u32 = 0x0020;
const REGISTER_ACK: u32 = 0x0081;
const REGISTER_REJECT: u32 = 0x009d;
const RESET: u32 = 0x009f;

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
    ///      16         4         4         4            4
    /// +---------+---------+----------+---------+-------------+--
    /// |  name   | user id | instance | address | device type | …
    /// +---------+---------+----------+---------+-------------+--
    /// ```
    Register {
        /// `SEP001AA17BE638`
        device_name: WireText,
        /// The number of the device's type; `None` when the message ends before it.
        device_type: Option<u32>,
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
    RegisterAck,
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
    /// Any other message, and one that ends before it says anything.
    Other,
}

/// Names of the messages that a boot shows, sorted by id.
#[rustfmt::skip]
pub const MESSAGES: &[(u32, &str)] = &[
    (0x0000, "KeepAliveReq"),
    (REGISTER, "RegisterReq"),
    (0x0002, "IpPort"),
    (0x000b, "LineStatReq"),
    (0x000d, "TimeDateReq"),
    (0x000e, "ButtonTemplateReq"),
    (0x0010, "CapabilitiesRes"),
    (ALARM, "Alarm"),
    (0x0025, "SoftKeySetReq"),
    (0x0027, "UnregisterReq"),
    (0x0028, "SoftKeyTemplateReq"),
    (0x0029, "RegisterTokenReq"),
    (REGISTER_ACK, "RegisterAck"),
    (0x0092, "LineStatRes"),
    (0x0094, "TimeDateRes"),
    (0x0097, "ButtonTemplateRes"),
    (0x009b, "CapabilitiesReq"),
    (REGISTER_REJECT, "RegisterReject"),
    (RESET, "Reset"),
    (0x0100, "KeepAliveAck"),
    (0x0108, "SoftKeyTemplateRes"),
    (0x0109, "SoftKeySetRes"),
    (0x0118, "UnregisterAck"),
    (0x011a, "RegisterTokenAck"),
    (0x011b, "RegisterTokenReject"),
    (0x015a, "XMLAlarm"),
    (0x8000, "SPCPRegisterTokenReq"),
    (0x8100, "SPCPRegisterTokenAck"),
    (0x8101, "SPCPRegisterTokenReject"),
];

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

/// Why a phone's last boot ended, in its own words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastReason {
    /// The number that stands before the text or behind `Last=`.
    pub number: u32,
    /// The words behind `Last=`; empty where only the number is known.
    pub wire: &'static str,
    /// What it means.
    pub meaning: &'static str,
}

const fn reason(number: u32, wire: &'static str, meaning: &'static str) -> LastReason {
    LastReason {
        number,
        wire,
        meaning,
    }
}

/// The reasons that phones give behind `Last=`, sorted by number.
#[rustfmt::skip]
pub const LAST_REASONS: &[LastReason] = &[
    reason(0, "Load Rejected HC", "the firmware was rejected by the hardware"),
    reason(1, "TFTP Size Error", "a file was too large for TFTP or for the phone"),
    reason(2, "Compression Type Error", "a file was compressed in an unknown way"),
    reason(3, "Version Error", "the firmware is of a wrong version"),
    reason(4, "Disk Full Error", "the phone's storage is full"),
    reason(5, "ROM Checksum Error", "the firmware's checksum is wrong"),
    reason(6, "File Not Found", "the firmware is not on the TFTP server"),
    reason(7, "TFTP Timeout", "the TFTP server did not answer"),
    reason(8, "TFTP Access Error", "the TFTP server refused access to a file"),
    reason(9, "TFTP Error", "the TFTP server sent an error"),
    reason(10, "TCP-timeout", "the call server did not answer on TCP"),
    reason(11, "TCP-Bad-ACK", "the TCP connection was closed on a bad acknowledgment"),
    reason(12, "CM-reset-TCP", "the call server reset the TCP connection"),
    reason(13, "CM-aborted-TCP", "the call server aborted the TCP connection"),
    reason(14, "CM-closed-TCP", "the call server closed the TCP connection"),
    reason(15, "CM-ICMP-Unreach", "the call server was unreachable (ICMP)"),
    reason(16, "CM-NAKed", "the call server refused the TCP connection"),
    reason(17, "KeepaliveTO", "the call server's keepalives stopped"),
    reason(18, "Failback", "the phone went back to a call server of higher rank"),
    reason(19, "Phone-Diag", "diagnostics on the phone"),
    reason(20, "Phone-Keypad", "a reset by the phone's keypad"),
    reason(21, "Phone-Re-IP", "the phone's IP configuration changed"),
    reason(22, "Reset-Reset", "the call server told it to reset"),
    reason(23, "Reset-Restart", "the call server told it to restart"),
    reason(24, "Phone-Reg-Rej", "the call server rejected the registration"),
    reason(25, "Initialized", "a first boot, power applied"),
    reason(26, "", "closed for a reason that the phone does not know"),
    reason(27, "", "it was waiting for the call server"),
    reason(28, "", "it was waiting for an answer of the call server"),
    reason(29, "DSP Error", "the signal processor raised an alarm"),
    reason(30, "Phone-Abort", "the phone aborted the TCP connection"),
    reason(31, "FileAuthError", "a file's signature could not be verified"),
];

/// Why the last boot ended, from the text of an alarm (SCCP) or of a `Reason`
/// header (SIP): `25: Name=SEP… Load=… Last=Initialized`, `Last=0x0E`.
///
/// What stands behind `Last=` counts, as words in any case or as a number;
/// where it is neither known, the number at the front does. `None` without
/// `Last=`.
pub fn last_reason(text: &[u8]) -> Option<&'static LastReason> {
    const LAST: &[u8] = b"last=";

    let at = text
        .windows(LAST.len())
        .position(|window| window.eq_ignore_ascii_case(LAST))?;
    let (front, last) = text.split_at_checked(at)?;
    let last = last.get(LAST.len()..).unwrap_or_default();
    words_reason(last)
        .or_else(|| number_reason(last_number(last)?))
        .or_else(|| number_reason(front_number(front)?))
}

fn words_reason(last: &[u8]) -> Option<&'static LastReason> {
    LAST_REASONS.iter().find(|reason| {
        let words = last.get(..reason.wire.len()).unwrap_or_default();
        !reason.wire.is_empty() && words.eq_ignore_ascii_case(reason.wire.as_bytes())
    })
}

fn number_reason(number: u32) -> Option<&'static LastReason> {
    LAST_REASONS.iter().find(|reason| reason.number == number)
}

/// `14` or `0x0E`.
fn last_number(last: &[u8]) -> Option<u32> {
    match last {
        [b'0', b'x' | b'X', hex @ ..] => leading_number(hex, 16),
        _ => leading_number(last, 10),
    }
}

/// The number of `25: Name=…` and of `cisco-alarm:25 Name=…`.
fn front_number(front: &[u8]) -> Option<u32> {
    let start = front.iter().position(u8::is_ascii_digit)?;
    leading_number(front.get(start..)?, 10)
}

/// Too many digits are no number that could be known.
fn leading_number(digits: &[u8], radix: u32) -> Option<u32> {
    let is_digit = |byte: &u8| char::from(*byte).is_digit(radix);
    let end = digits
        .iter()
        .position(|byte| !is_digit(byte))
        .unwrap_or(digits.len());
    let digits = str::from_utf8(digits.get(..end)?).ok()?;
    u32::from_str_radix(digits, radix).ok()
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

/// Up to where a body is read.
fn needed_bytes(id: u32) -> usize {
    match id {
        REGISTER => NAME_BYTES + BEFORE_TYPE_BYTES + 4,
        ALARM => 4 + ALARM_TEXT_BYTES,
        REGISTER_REJECT => REJECT_TEXT_BYTES,
        RESET => 4,
        _ => 0,
    }
}

fn read_body(id: u32, body: &[u8]) -> Body {
    let read = match id {
        REGISTER => Some(Body::Register {
            device_name: text(body, NAME_BYTES),
            device_type: number(body, NAME_BYTES + BEFORE_TYPE_BYTES),
        }),
        ALARM => number(body, 0).map(|severity| Body::Alarm {
            severity,
            text: text(body.get(4..).unwrap_or_default(), ALARM_TEXT_BYTES),
        }),
        REGISTER_ACK => Some(Body::RegisterAck),
        REGISTER_REJECT => Some(Body::RegisterReject {
            text: text(body, REJECT_TEXT_BYTES),
        }),
        RESET => number(body, 0).map(|kind| Body::Reset { kind }),
        _ => None,
    };
    read.unwrap_or(Body::Other)
}

/// A field of fixed length with text up to a NUL, or what is there of it.
fn text(field: &[u8], n_bytes: usize) -> WireText {
    WireText::until_nul(field.get(..n_bytes).unwrap_or(field))
}

fn number(body: &[u8], offset: usize) -> Option<u32> {
    let bytes = body.get(offset..)?.first_chunk()?;
    Some(u32::from_le_bytes(*bytes))
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
        assert_eq!(
            read(0x81, b"\x1e\0\0\0M/D/YA\0\0\x3c\0\0\0\0\0\0\0"),
            (Body::RegisterAck, vec![])
        );
        assert_eq!(read(0x81, b""), (Body::RegisterAck, vec![]));
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
        let numbers = LAST_REASONS.iter().map(|reason| reason.number);
        assert!(numbers.eq(0..32));
        assert_eq!(name(0x81), "RegisterAck");
        assert_eq!(name(0x8101), "SPCPRegisterTokenReject");
        assert_eq!(name(0x7777), "unknown");
        assert_eq!(model(436), Some("7965"));
        assert_eq!(model(9), None);
    }

    #[test]
    fn finds_the_reason_in_words_and_numbers() {
        let cases: [(&str, Option<u32>); 16] = [
            ("25: Name=SEP0 Load=8.5(3.0S) Last=Initialized", Some(25)),
            ("cisco-alarm:14 Name=SEP0 Last=cm-closed-tcp", Some(14)),
            ("Name=SEP0 Last=TFTP Size Error", Some(1)),
            ("Name=SEP0 Last=TFTP Error", Some(9)),
            ("Name=SEP0 Last=Reset-Restart", Some(23)),
            ("Last=6", Some(6)),
            ("Last=0x1F", Some(31)),
            ("Last=0X18 ", Some(24)),
            ("26: Name=SEP0 Last=0x40", Some(26)),
            ("17: Name=SEP0 Last=something new", Some(17)),
            ("99: Name=SEP0 Last=something new", None),
            ("Last=4294967296", None),
            ("Last=0x", None),
            ("Last=", None),
            ("25: Name=SEP0", None),
            ("", None),
        ];
        for (text, number) in cases {
            let found = last_reason(text.as_bytes()).map(|reason| reason.number);
            assert_eq!(found, number, "{text}");
        }
    }

    #[test]
    fn finds_every_reason_by_its_own_words() {
        for reason in LAST_REASONS.iter().filter(|reason| !reason.wire.is_empty()) {
            let text = format!("Name=SEP001AA17BE638 Last={}", reason.wire);
            assert_eq!(last_reason(text.as_bytes()), Some(reason));
        }
    }
}
