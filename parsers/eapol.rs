//! EAP over LAN: how a switch port asks who is there before it lets anything through.
//!
//! IEEE Std 802.1X-2010 clause 11 (EAPOL); RFC 3748 (EAP); RFC 5216 §3.1 (EAP-TLS,
//! whose flags PEAP, TTLS, FAST and TEAP share).
//!
//! Left out: what is inside the methods, keys, `MACsec` key agreement and
//! announcements. Only a TLS alert is looked for, as it says why a method failed.

use nom::Parser;
use nom::error::context;
use nom::number::complete::{be_u8, be_u16, be_u24, be_u32, be_u64};

use crate::{DecodeError, Decoded, Input, Issue, Outcome, Parsed, WireText};

/// `type` of a message that carries EAP.
pub const EAP_PACKET: u8 = 0;
/// `type` of a supplicant's first message.
pub const START: u8 = 1;
/// `type` of a supplicant's last message.
pub const LOGOFF: u8 = 2;
/// `type` of a message that carries a key, or Wi-Fi's handshake.
pub const KEY: u8 = 3;

/// EAP code of a question.
pub const REQUEST: u8 = 1;
/// EAP code of an answer.
pub const RESPONSE: u8 = 2;
/// EAP code that lets the supplicant in.
pub const SUCCESS: u8 = 3;
/// EAP code that keeps the supplicant out.
pub const FAILURE: u8 = 4;

/// EAP type of "who are you".
pub const IDENTITY: u8 = 1;
/// EAP type of text to show.
pub const NOTIFICATION: u8 = 2;
/// EAP type of an answer that wants another method.
pub const NAK: u8 = 3;
/// EAP type whose vendor and number stand behind it.
pub const EXPANDED: u8 = 254;

/// An EAPOL message (IEEE Std 802.1X-2010 clause 11.3).
///
/// ```text
///  1 byte    1 byte   2 bytes        length bytes
/// +---------+--------+--------+-----------------------+
/// | version |  type  | length | body: EAP, key, none  |
/// +---------+--------+--------+-----------------------+
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// 1 (802.1X-2001), 2 (2004), 3 (2010 and later).
    pub version: u8,
    /// `type`; [`TYPES`] names it.
    pub kind: u8,
    /// Length of the body, as it stands on the wire.
    pub length: u16,
    /// The EAP packet; `None` in other types, or when it could not be read.
    pub eap: Option<Packet>,
    /// Head of a key message; `None` in other types, or when it could not be read.
    pub key: Option<Key>,
}

/// An EAP packet (RFC 3748 §4).
///
/// ```text
///  1 byte   1 byte       2 bytes   1 byte
/// +--------+------------+--------+--------+-----------
/// |  code  | identifier | length |  type  | type-data
/// +--------+------------+--------+--------+-----------
/// ```
///
/// Success and failure end behind the length.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Packet {
    /// Code; [`CODES`] names it.
    pub code: u8,
    /// Identifier: an answer has that of its request.
    pub id: u8,
    /// Length of the packet, as it stands on the wire.
    pub length: u16,
    /// Type; `None` in success and failure. [`METHODS`] names it.
    pub method: Option<u8>,
    /// Vendor and its own type number, of type 254.
    pub expanded: Option<(u32, u32)>,
    /// Who the supplicant says it is, or what the question says. `None` in other
    /// types than 1, or when empty. What follows a NUL is for programs.
    pub identity: Option<WireText>,
    /// What a person should read. `None` in other types than 2.
    pub notification: Option<WireText>,
    /// Methods that the supplicant wants instead, in its order; 0 stands for none.
    /// Empty in other types than 3.
    pub wanted: Vec<u8>,
    /// Flags of a method that carries TLS: 0x80 length, 0x40 more, 0x20 start, the
    /// method's version below. `None` in other methods.
    pub tls_flags: Option<u8>,
    /// Level and description of a TLS alert that the packet begins with, unless it is
    /// encrypted: why the handshake failed.
    pub tls_alert: Option<(u8, u8)>,
}

/// Head of a key message (IEEE Std 802.1X-2004 clause 7.6; IEEE Std 802.11 §12.7.2
/// for descriptors 2 and 254).
///
/// ```text
///  1 byte       2 bytes            2 bytes      8 bytes
/// +------------+------------------+------------+----------------+----
/// | descriptor | info (not RC4)   | key length | replay counter | …
/// +------------+------------------+------------+----------------+----
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key {
    /// 1 RC4, 2 802.11, 254 WPA.
    pub descriptor: u8,
    /// Key information; `None` of descriptors without it.
    pub information: Option<u16>,
    /// Length of the key.
    pub key_length: u16,
    /// Goes up by one with each message.
    pub replay_counter: u64,
}

/// EAPOL types (IEEE Std 802.1X-2020 table 11-3).
pub const TYPES: &[(u8, &str)] = &[
    (0, "eap-packet"),
    (1, "start"),
    (2, "logoff"),
    (3, "key"),
    (4, "asf-alert"),
    (5, "mka"),
    (6, "announcement-generic"),
    (7, "announcement-specific"),
    (8, "announcement-request"),
];

/// EAP codes (RFC 3748 §4; RFC 6696 §5.3 for 5 and 6).
pub const CODES: &[(u8, &str)] = &[
    (1, "request"),
    (2, "response"),
    (3, "success"),
    (4, "failure"),
    (5, "initiate"),
    (6, "finish"),
];

/// EAP types, as phones and switches are configured by (IANA, "Extensible
/// Authentication Protocol Registry: Method Types").
pub const METHODS: &[(u8, &str)] = &[
    (1, "identity"),
    (2, "notification"),
    (3, "nak"),
    (4, "md5"),
    (5, "otp"),
    (6, "gtc"),
    (13, "tls"),
    (17, "leap"),
    (18, "sim"),
    (21, "ttls"),
    (23, "aka"),
    (25, "peap"),
    (26, "mschapv2"),
    (32, "potp"),
    (38, "http-digest"),
    (43, "fast"),
    (46, "pax"),
    (47, "psk"),
    (48, "sake"),
    (49, "ikev2"),
    (50, "aka-prime"),
    (51, "gpsk"),
    (52, "pwd"),
    (53, "eke"),
    (54, "pt-eap"),
    (55, "teap"),
    (56, "noob"),
    (254, "expanded"),
    (255, "experimental"),
];

/// Methods whose type-data begins with flags and carries TLS.
const TLS_METHODS: [u8; 5] = [13, 21, 25, 43, 55];
/// `L`: four bytes of length follow the flags (RFC 5216 §3.1).
const FLAG_LENGTH: u8 = 0x80;
/// `O`: four bytes more, of TEAP only (RFC 7170 §4.1).
const FLAG_OUTER_TLVS: u8 = 0x10;
const TEAP: u8 = 55;

/// The name of a number in one of the tables above.
pub fn name(table: &[(u8, &'static str)], number: u8) -> Option<&'static str> {
    table
        .iter()
        .find(|(known, _)| *known == number)
        .map(|(_, name)| *name)
}

impl Message {
    /// Whether a supplicant sent it: the side that wants to be let in. `None` where
    /// either side may have. Addresses do not tell, as both send to a group address.
    pub fn from_supplicant(&self) -> Option<bool> {
        match (self.kind, self.eap.as_ref().map(|eap| eap.code)) {
            (START | LOGOFF, _) | (EAP_PACKET, Some(RESPONSE)) => Some(true),
            (EAP_PACKET, Some(REQUEST | SUCCESS | FAILURE | 6)) => Some(false),
            _ => None,
        }
    }
}

/// Decodes what follows the ethertype; padding behind the body is passed over.
pub fn decode(input: Input<'_>) -> Outcome<Message> {
    let (rest, mut message) =
        header(input.bytes).map_err(|error| DecodeError::from_nom(input, error))?;
    let mut reader = Reader {
        input,
        issues: Vec::new(),
    };
    let body = reader.body(rest, message.length);
    match message.kind {
        EAP_PACKET => message.eap = reader.eap(body),
        KEY => {
            let read = reader.note(body, BODY_AT, key(body.bytes));
            message.key = read.map(|(_, key)| key);
        }
        _ => {}
    }
    Ok(Decoded {
        value: message,
        issues: reader.issues,
    })
}

fn header(input: &[u8]) -> Parsed<'_, Message> {
    let (input, version) = context("version", be_u8).parse_complete(input)?;
    let (input, kind) = context("type", be_u8).parse_complete(input)?;
    let (input, length) = context("length", be_u16).parse_complete(input)?;
    let message = Message {
        version,
        kind,
        length,
        eap: None,
        key: None,
    };
    Ok((input, message))
}

fn key(input: &[u8]) -> Parsed<'_, Key> {
    let (input, descriptor) = context("key descriptor", be_u8).parse_complete(input)?;
    let (input, information) = if matches!(descriptor, 2 | 254) {
        let (input, information) = context("key information", be_u16).parse_complete(input)?;
        (input, Some(information))
    } else {
        (input, None)
    };
    let (input, key_length) = context("key length", be_u16).parse_complete(input)?;
    let (input, replay_counter) = context("replay counter", be_u64).parse_complete(input)?;
    let key = Key {
        descriptor,
        information,
        key_length,
        replay_counter,
    };
    Ok((input, key))
}

fn eap_header(input: &[u8]) -> Parsed<'_, Packet> {
    let (input, code) = context("EAP code", be_u8).parse_complete(input)?;
    let (input, id) = context("EAP identifier", be_u8).parse_complete(input)?;
    let (input, length) = context("EAP length", be_u16).parse_complete(input)?;
    let packet = Packet {
        code,
        id,
        length,
        ..Packet::default()
    };
    Ok((input, packet))
}

/// Where the body begins.
const BODY_AT: usize = 4;
/// Where an EAP packet's type stands.
const METHOD_AT: usize = 8;

/// Reads the body and notes what is odd about it.
struct Reader<'a> {
    /// The whole message.
    input: Input<'a>,
    issues: Vec<Issue>,
}

impl<'a> Reader<'a> {
    /// The bytes that `length` counts, of those that follow it.
    fn body(&mut self, rest: &'a [u8], length: u16) -> Input<'a> {
        let (body, lacking) = part(rest, length.into(), self.input.missing);
        if lacking > 0 {
            let there = rest.len() + self.input.missing;
            self.issues.push(Issue::malformed(
                "length",
                2..BODY_AT,
                format!("is {length}, but only {there} bytes follow it"),
            ));
        }
        body
    }

    fn eap(&mut self, body: Input<'a>) -> Option<Packet> {
        let (rest, mut packet) = self.note(body, BODY_AT, eap_header(body.bytes))?;
        let length = packet.length;
        let wrong = |detail| Issue::malformed("EAP length", METHOD_AT - 2..METHOD_AT, detail);
        let Some(promised) = usize::from(length).checked_sub(METHOD_AT - BODY_AT) else {
            self.issues
                .push(wrong(format!("is {length}, must be at least 4")));
            return Some(packet);
        };
        let (inner, lacking) = part(rest, promised, body.missing);
        if lacking > 0 {
            let there = body.bytes.len() + body.missing;
            let detail = format!("is {length}, but the body holds {there} bytes");
            self.issues.push(wrong(detail));
        }
        if matches!(packet.code, REQUEST | RESPONSE) {
            self.method(inner, &mut packet);
        }
        Some(packet)
    }

    /// Type and type-data of a request or response.
    fn method(&mut self, inner: Input<'a>, packet: &mut Packet) {
        let kind = context("EAP type", be_u8).parse_complete(inner.bytes);
        let Some((data, method)) = self.note(inner, METHOD_AT, kind) else {
            return;
        };
        packet.method = Some(method);
        let text = || Some(WireText::until_nul(data)).filter(|text| !text.is_empty());
        match method {
            IDENTITY => packet.identity = text(),
            NOTIFICATION => packet.notification = text(),
            NAK => packet.wanted = data.to_vec(),
            EXPANDED => {
                let mut expanded = context("EAP vendor type", be_u24.and(be_u32));
                let data = Input {
                    bytes: data,
                    ..inner
                };
                packet.expanded = self
                    .note(data, METHOD_AT + 1, expanded.parse_complete(data.bytes))
                    .map(|(_, expanded)| expanded);
            }
            method if TLS_METHODS.contains(&method) => {
                packet.tls_flags = data.first().copied();
                packet.tls_alert = tls_alert(method, data);
            }
            _ => {}
        }
        if inner.missing > 0 {
            self.issues.push(Issue::cut_short(
                "EAP type-data",
                METHOD_AT + 1..self.input.bytes.len(),
                format!("{} bytes of it were not captured", inner.missing),
            ));
        }
    }

    /// What was parsed out of `part`, which stands at `offset`; notes where it ends when
    /// it was too short.
    fn note<T>(
        &mut self,
        part: Input<'a>,
        offset: usize,
        parsed: Parsed<'a, T>,
    ) -> Option<(&'a [u8], T)> {
        parsed
            .map_err(|error| {
                let mut error = DecodeError::from_nom(part, error);
                error.offset_bytes += offset;
                self.issues
                    .push(error.into_issue(offset + part.bytes.len()));
            })
            .ok()
    }
}

/// The first `length` bytes of `rest`, and how many of them were neither captured nor,
/// with `missing` bytes behind `rest`, ever sent.
fn part(rest: &[u8], length: usize, missing: usize) -> (Input<'_>, usize) {
    let bytes = rest.get(..length).unwrap_or(rest);
    let absent = length.saturating_sub(rest.len());
    let missing = absent.min(missing);
    (Input { bytes, missing }, absent - missing)
}

/// The alert that a TLS method's type-data holds as its only plain record.
///
/// ```text
///  1 byte   4 bytes, with L   4, with O   1    2        2          1      1
/// +--------+-----------------+-----------+----+---------+--------+-------+------+
/// | flags  | TLS length      | (TEAP)    | 21 | version | length | level | what |
/// +--------+-----------------+-----------+----+---------+--------+-------+------+
/// ```
fn tls_alert(method: u8, data: &[u8]) -> Option<(u8, u8)> {
    let (flags, mut rest) = data.split_first()?;
    if flags & FLAG_LENGTH != 0 {
        rest = rest.get(4..)?;
    }
    if method == TEAP && flags & FLAG_OUTER_TLVS != 0 {
        rest = rest.get(4..)?;
    }
    match rest {
        &[21, 3, _, 0, 2, level, description, ..] => Some((level, description)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::IssueKind;

    /// Frame 19 of `tests/eapon1.pcap` of the tcpdump project (BSD-3-Clause), the
    /// subscriber's number changed. tshark says:
    ///
    /// ```text
    /// 802.1X Authentication
    ///     Version: 802.1X-2001 (1)
    ///     Type: EAP Packet (0)
    ///     Length: 45
    /// Extensible Authentication Protocol
    ///     Code: Response (2)
    ///     Id: 2
    ///     Length: 45
    ///     Type: Identity (1)
    ///     Identity: 1000000000000001@mnc023.mcc295.owlan.org
    /// ```
    fn identity() -> Vec<u8> {
        let mut bytes = vec![
            1, 0, 0, 45, // version, type, length
            2, 2, 0, 45, // code, identifier, length
            1,  // type
        ];
        bytes.extend(b"1000000000000001@mnc023.mcc295.owlan.org");
        bytes
    }

    fn response(method: u8) -> Packet {
        Packet {
            code: RESPONSE,
            id: 2,
            length: 45,
            method: Some(method),
            ..Packet::default()
        }
    }

    fn packet(length: u16, eap: Packet) -> Message {
        Message {
            version: 1,
            kind: EAP_PACKET,
            length,
            eap: Some(eap),
            key: None,
        }
    }

    /// A message around an EAP packet with this code and what follows its length.
    fn around(code: u8, inner: &[u8]) -> Vec<u8> {
        let length = u8::try_from(inner.len() + 4).unwrap();
        let head = [2, 0, 0, length, code, 7, 0, length];
        [&head, inner].concat()
    }

    fn eap_of(bytes: &[u8]) -> Packet {
        let decoded = decode(Input::whole(bytes)).unwrap();
        assert_eq!(decoded.issues, [], "{bytes:?}");
        decoded.value.eap.unwrap()
    }

    #[test]
    fn reads_who_the_supplicant_is() {
        let bytes = identity();
        let expected = packet(
            45,
            Packet {
                identity: Some("1000000000000001@mnc023.mcc295.owlan.org".into()),
                ..response(IDENTITY)
            },
        );
        assert_eq!(
            decode(Input::whole(&bytes)),
            Ok(Decoded::clean(expected.clone()))
        );
        let padded = [&bytes[..], &[0; 11]].concat();
        assert_eq!(decode(Input::whole(&padded)), Ok(Decoded::clean(expected)));
    }

    #[test]
    fn reads_every_code_and_what_the_methods_say() {
        let request = |method| Packet {
            code: REQUEST,
            id: 7,
            method: Some(method),
            ..Packet::default()
        };
        let options = b"\x01\0networkid=office,portid=7";
        assert_eq!(
            eap_of(&around(REQUEST, options)),
            Packet {
                length: 31,
                ..request(IDENTITY)
            }
        );
        assert_eq!(
            eap_of(&around(REQUEST, b"\x02MAC unknown")).notification,
            Some("MAC unknown".into())
        );
        assert_eq!(eap_of(&around(RESPONSE, &[3, 13, 25])).wanted, [13, 25]);
        assert_eq!(
            eap_of(&around(REQUEST, &[254, 0, 0x37, 0x2a, 0, 0, 0, 1])).expanded,
            Some((0x372a, 1))
        );
        assert_eq!(eap_of(&around(REQUEST, &[4, 1, 9])).method, Some(4));
        assert_eq!(eap_of(&around(REQUEST, &[99])).method, Some(99));
        for code in [SUCCESS, FAILURE, 6, 77] {
            let expected = Packet {
                code,
                id: 7,
                length: 4,
                ..Packet::default()
            };
            assert_eq!(eap_of(&around(code, &[])), expected);
        }
    }

    #[test]
    fn finds_the_alert_that_ends_a_handshake() {
        let alert = [21, 3, 1, 0, 2, 2, 48];
        let of = |method: u8, before: &[u8]| {
            eap_of(&around(RESPONSE, &[&[method], before, &alert].concat()))
        };
        let packet = of(13, &[0]);
        assert_eq!(
            (packet.tls_flags, packet.tls_alert),
            (Some(0), Some((2, 48)))
        );
        assert_eq!(of(25, &[0x80, 0, 0, 0, 7]).tls_alert, Some((2, 48)));
        let teap = [0x91, 0, 0, 0, 7, 0, 0, 0, 0];
        assert_eq!(of(55, &teap).tls_alert, Some((2, 48)));
        // Encrypted, a handshake record, nothing at all, and no TLS method.
        for data in [
            &[13, 0, 23, 3, 3, 0, 2, 2, 48][..],
            &[13, 0, 22, 3, 1, 0, 2, 1, 0],
            &[13],
            &[13, 0x80, 0],
            &[55, 0x10, 0],
            &[4, 0, 21, 3, 1, 0, 2, 2, 48],
        ] {
            assert_eq!(eap_of(&around(RESPONSE, data)).tls_alert, None, "{data:?}");
        }
    }

    #[test]
    fn reads_the_types_without_eap() {
        for (kind, padding) in [(START, 46), (LOGOFF, 0), (5, 0), (200, 0)] {
            let mut bytes = vec![3, kind, 0, 0];
            bytes.resize(4 + padding, 0);
            let expected = Message {
                version: 3,
                kind,
                length: 0,
                eap: None,
                key: None,
            };
            assert_eq!(decode(Input::whole(&bytes)), Ok(Decoded::clean(expected)));
        }
    }

    /// RC4: frame 25 of the capture above, the key left out. tshark says: Key Length
    /// 13, Replay Counter 70782488215707. The other descriptors by their layout.
    #[test]
    fn reads_the_head_of_a_key() {
        let rc4 = [1, 3, 0, 11, 1, 0, 13, 0, 0, 0x40, 0x60, 0x55, 0x11, 0, 0x9b];
        let key = |bytes: &[u8]| decode(Input::whole(bytes)).unwrap().value.key;
        assert_eq!(
            key(&rc4),
            Some(Key {
                descriptor: 1,
                information: None,
                key_length: 13,
                replay_counter: 70_782_488_215_707,
            })
        );
        let rsn = [2, 3, 0, 13, 2, 0, 0x8a, 0, 16, 0, 0, 0, 0, 0, 0, 0, 1];
        assert_eq!(
            key(&rsn),
            Some(Key {
                descriptor: 2,
                information: Some(0x8a),
                key_length: 16,
                replay_counter: 1,
            })
        );
        let decoded = decode(Input::whole(&[2, 3, 0, 3, 2, 0, 0x8a])).unwrap();
        assert_eq!(decoded.value.key, None);
        assert_eq!(
            decoded.issues,
            [Issue::malformed(
                "key length",
                7..7,
                "only 0 bytes are left for it"
            )]
        );
    }

    #[test]
    fn says_which_length_is_wrong() {
        let issues = |bytes: &[u8]| decode(Input::whole(bytes)).unwrap().issues;
        assert_eq!(
            issues(&[1, 0, 0, 9, 3, 7, 0, 4]),
            [Issue::malformed(
                "length",
                2..4,
                "is 9, but only 4 bytes follow it"
            )]
        );
        assert_eq!(
            issues(&[1, 0, 0, 4, 3, 7, 0, 3]),
            [Issue::malformed(
                "EAP length",
                6..8,
                "is 3, must be at least 4"
            )]
        );
        assert_eq!(
            issues(&[1, 0, 0, 5, 1, 7, 0, 6, 1]),
            [Issue::malformed(
                "EAP length",
                6..8,
                "is 6, but the body holds 5 bytes"
            )]
        );
        assert_eq!(
            issues(&[1, 0, 0, 4, 1, 7, 0, 4]),
            [Issue::malformed(
                "EAP type",
                8..8,
                "only 0 bytes are left for it"
            )]
        );
        assert_eq!(
            issues(&[1, 0, 0, 2, 1, 7]),
            [Issue::malformed(
                "EAP length",
                6..6,
                "only 0 bytes are left for it"
            )]
        );
        assert_eq!(
            issues(&around(REQUEST, &[254, 0, 0, 1, 0])),
            [Issue::malformed(
                "EAP vendor type",
                12..13,
                "only 1 bytes are left for it"
            )]
        );
    }

    #[test]
    fn names_the_field_that_is_cut_off() {
        for (length, field) in [(0, "version"), (1, "type"), (3, "length")] {
            let error = decode(Input::whole(&identity()[..length])).unwrap_err();
            assert_eq!(
                (error.field.as_str(), error.kind),
                (field, IssueKind::Malformed)
            );
            let error = decode(Input::cut(&identity()[..length], 9)).unwrap_err();
            assert_eq!(error.kind, IssueKind::CutShort);
        }
    }

    #[test]
    fn blames_a_cut_capture_and_not_the_sender() {
        let bytes = identity();
        for length in 4..bytes.len() {
            let cut = Input::cut(&bytes[..length], bytes.len() - length);
            let issues = decode(cut).unwrap().issues;
            assert_eq!(issues.len(), 1, "{length}");
            assert_eq!(issues[0].kind, IssueKind::CutShort, "{length}");
        }
        let cut = decode(Input::cut(&bytes[..20], 29)).unwrap();
        assert_eq!(
            cut.issues,
            [Issue::cut_short(
                "EAP type-data",
                9..20,
                "29 bytes of it were not captured"
            )]
        );
        assert_eq!(cut.value.eap.unwrap().identity, Some("10000000000".into()));
    }

    #[test]
    fn tells_the_sides_apart_by_what_they_say() {
        let side = |bytes: &[u8]| decode(Input::whole(bytes)).unwrap().value.from_supplicant();
        assert_eq!(side(&identity()), Some(true));
        assert_eq!(side(&[1, 1, 0, 0]), Some(true));
        assert_eq!(side(&[1, 2, 0, 0]), Some(true));
        for code in [REQUEST, SUCCESS, FAILURE, 6] {
            assert_eq!(side(&around(code, &[1])), Some(false));
        }
        assert_eq!(side(&[1, 5, 0, 0]), None);
        assert_eq!(side(&around(5, &[])), None);
    }

    #[test]
    fn tables_are_sorted_and_named() {
        for table in [TYPES, CODES, METHODS] {
            assert!(table.windows(2).all(|pair| pair[0].0 < pair[1].0));
        }
        assert_eq!(name(METHODS, 13), Some("tls"));
        assert_eq!(name(METHODS, 99), None);
    }
}
