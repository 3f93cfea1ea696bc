//! H.323: the names of its messages, out of RAS datagrams and call signalling.
//!
//! ITU-T H.225.0 §7 (call signalling, RAS) and Annex H (its ASN.1, packed by
//! X.691), Q.931 §4 (headers), RFC 2126 §4.3 (TPKT). Only what is sure is read:
//! which message it is. Everything inside is left out.

use crate::{DecodeError, Decoded, Input, Issue, Outcome};

/// TPKT's header: version, reserved, length.
const TPKT_BYTES: usize = 4;

/// What begins every Q.931 message of H.323: protocol discriminator, length of the
/// call reference, call reference, message type.
const Q931_BYTES: usize = 5;

/// Q.931's protocol discriminator.
const Q931: u8 = 0x08;

/// `protocolIdentifier` of H.225.0: the object 0.0.8.2250.0, and its version
/// behind it.
const H225_OBJECT: [u8; 5] = [0x00, 0x08, 0x91, 0x4a, 0x00];

/// Within so many bytes stands the protocol identifier of a RAS message.
const IDENTIFIER_WITHIN_BYTES: usize = 12;

/// One message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Message {
    /// A RAS message: how an endpoint finds its gatekeeper and registers with it.
    ///
    /// ```text
    ///  1 bit     5 bits    some bits        2 bytes
    /// +---------+-------+--------------+-----------------+----------------------
    /// | 0: root | index | which fields | sequence number | protocol identifier …
    /// +---------+-------+--------------+-----------------+----------------------
    /// ```
    ///
    /// The six messages that carry the protocol identifier there are told for sure;
    /// no other is read.
    Ras {
        /// Index of the choice `RasMessage`: 0 to 5.
        index: u8,
    },
    /// A message of call signalling, over TCP.
    ///
    /// ```text
    ///    1         1         2        1           1              2             1
    /// +-----+----------+--------+---------+-----------------+-----------+--------------+--
    /// | 3   | reserved | length | 0x08    | 2 (reference's) | reference | message type | …
    /// +-----+----------+--------+---------+-----------------+-----------+--------------+--
    /// ```
    CallSignalling {
        /// Q.931 message type.
        message_type: u8,
    },
}

/// Messages of RAS that carry a protocol identifier, by index (H.225.0 §7.8, §7.9).
#[rustfmt::skip]
const RAS_MESSAGES: &[(u8, &str)] = &[
    (0, "gatekeeperRequest"),
    (1, "gatekeeperConfirm"),
    (2, "gatekeeperReject"),
    (3, "registrationRequest"),
    (4, "registrationConfirm"),
    (5, "registrationReject"),
];

/// Messages of call signalling, sorted by type (H.225.0 table 4).
#[rustfmt::skip]
const CALL_MESSAGES: &[(u8, &str)] = &[
    (0x01, "ALERTING"),
    (0x02, "CALL PROCEEDING"),
    (0x03, "PROGRESS"),
    (0x05, "SETUP"),
    (0x07, "CONNECT"),
    (0x0d, "SETUP ACKNOWLEDGE"),
    (0x5a, "RELEASE COMPLETE"),
    (0x62, "FACILITY"),
    (0x6e, "NOTIFY"),
    (0x75, "STATUS ENQUIRY"),
    (0x7b, "INFORMATION"),
    (0x7d, "STATUS"),
];

impl Message {
    /// What the specification calls it; `unknown` for a Q.931 type that H.323 does
    /// not use.
    pub fn name(self) -> &'static str {
        let (table, number) = match self {
            Self::Ras { index } => (RAS_MESSAGES, index),
            Self::CallSignalling { message_type } => (CALL_MESSAGES, message_type),
        };
        let row = table.iter().find(|row| row.0 == number);
        row.map_or("unknown", |row| row.1)
    }
}

/// Decodes a RAS datagram. `Err` for everything that is not surely one.
pub fn decode_ras(input: Input<'_>) -> Outcome<Message> {
    let unsure = || DecodeError {
        kind: input.short_kind(),
        field: "RAS message".into(),
        offset_bytes: 0,
        detail: "carries no protocol identifier of H.225.0 where one must stand".into(),
    };
    let (&first, rest) = input.bytes.split_first().ok_or_else(unsure)?;
    let index = first >> 2;
    let begin = rest.get(..IDENTIFIER_WITHIN_BYTES).unwrap_or(rest);
    let is_identified = begin
        .windows(H225_OBJECT.len())
        .any(|window| window == H225_OBJECT);
    if is_identified && RAS_MESSAGES.iter().any(|row| row.0 == index) {
        Ok(Decoded::clean(Message::Ras { index }))
    } else {
        Err(unsure())
    }
}

/// What a TPKT packet carries, and how many bytes it takes.
pub type CallPart = (Option<Decoded<Message>>, usize);

/// Decodes the first message of a stream of call signalling. Gives `None` when more
/// bytes are needed, else the message and how many bytes it takes: one that carries
/// no Q.931, as the keep-alives of some gateways, has no message.
pub fn decode_call(input: Input<'_>) -> Result<Option<CallPart>, DecodeError> {
    let Some((&[version, _reserved, high, low], body)) =
        input.bytes.split_first_chunk::<TPKT_BYTES>()
    else {
        return Ok(None);
    };
    let length = usize::from(u16::from_be_bytes([high, low]));
    if version != 3 || length < TPKT_BYTES {
        let detail = format!("is version {version} and {length} bytes, must be 3 and 4 or more");
        return Err(DecodeError::malformed("TPKT", 0, detail));
    }
    let n_there = input.bytes.len();
    if n_there.saturating_add(input.missing) < length {
        return Ok(None);
    }
    let end = length.min(n_there);
    let body = body.get(..end - TPKT_BYTES).unwrap_or(body);
    let Some(&[Q931, 2, _, _, message_type]) = body.first_chunk::<Q931_BYTES>() else {
        return Ok(Some((None, end)));
    };
    let mut decoded = Decoded::clean(Message::CallSignalling { message_type });
    if end < length {
        let detail = format!("only {end} of {length} bytes were captured");
        decoded
            .issues
            .push(Issue::cut_short("TPKT", 0..end, detail));
    }
    Ok(Some((Some(decoded), end)))
}

/// Whether a stream begins with TPKT and Q.931. `None` when more bytes are needed.
pub fn looks_like_call(start: &[u8]) -> Option<bool> {
    let pattern = [Some(3), Some(0), None, None, Some(Q931), Some(2)];
    let fits = start
        .iter()
        .zip(pattern)
        .all(|(byte, wanted)| wanted.is_none_or(|wanted| wanted == *byte));
    if fits && start.len() < pattern.len() {
        None
    } else {
        Some(fits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::IssueKind;

    // tshark:
    //     H.225.0 RAS
    //         RasMessage: registrationRequest (3)
    //             registrationRequest
    //                 requestSeqNum: 1
    //                 protocolIdentifier: 0.0.8.2250.0.4 (Version 4)
    const REGISTRATION_REQUEST: &[u8] = &[
        0x0e, 0x40, 0x00, 0x00, 0x06, 0x00, 0x08, 0x91, 0x4a, 0x00, 0x04, 0x80, 0x00,
    ];

    #[test]
    fn names_ras_messages() {
        let decoded = decode_ras(Input::whole(REGISTRATION_REQUEST)).unwrap();
        assert_eq!(decoded, Decoded::clean(Message::Ras { index: 3 }));
        assert_eq!(decoded.value.name(), "registrationRequest");
    }

    #[test]
    fn reads_no_datagram_that_only_may_be_ras() {
        let mut other = REGISTRATION_REQUEST.to_vec();
        other[0] = 0x26;
        for bytes in [
            &b""[..],
            &REGISTRATION_REQUEST[..9],
            &other,
            b"\x0e\x40\0\0",
        ] {
            let error = decode_ras(Input::whole(bytes)).unwrap_err();
            assert_eq!(error.kind, IssueKind::Malformed);
        }
        let error = decode_ras(Input::cut(b"\x0e", 40)).unwrap_err();
        assert_eq!(error.kind, IssueKind::CutShort);
    }

    // tshark:
    //     TPKT, Version: 3, Length: 12
    //     Q.931
    //         Protocol discriminator: Q.931
    //         Call reference value length: 2
    //         Message type: SETUP (0x05)
    const SETUP: &[u8] = b"\x03\0\0\x0c\x08\x02\x12\x34\x05\x04\x01\x90";

    #[test]
    fn names_messages_of_call_signalling() {
        let setup = Message::CallSignalling { message_type: 5 };
        let bytes = [SETUP, b"next"].concat();
        let (decoded, length) = decode_call(Input::whole(&bytes)).unwrap().unwrap();
        assert_eq!((decoded, length), (Some(Decoded::clean(setup)), 12));
        assert_eq!(setup.name(), "SETUP");
        let other = Message::CallSignalling { message_type: 0x7f };
        assert_eq!(other.name(), "unknown");
    }

    #[test]
    fn waits_for_the_rest_and_keeps_what_was_captured() {
        for length in 0..SETUP.len() {
            assert_eq!(decode_call(Input::whole(&SETUP[..length])), Ok(None));
        }
        let (decoded, length) = decode_call(Input::cut(&SETUP[..9], 3)).unwrap().unwrap();
        let cut = Issue::cut_short("TPKT", 0..9, "only 9 of 12 bytes were captured");
        assert_eq!(decoded.unwrap().issues, [cut]);
        assert_eq!(length, 9);
        // A keep-alive: TPKT with nothing in it.
        let (decoded, length) = decode_call(Input::whole(b"\x03\0\0\x04")).unwrap().unwrap();
        assert_eq!((decoded, length), (None, 4));
    }

    #[test]
    fn rejects_other_streams() {
        for (bytes, detail) in [
            (
                b"\x02\0\0\x0c",
                "is version 2 and 12 bytes, must be 3 and 4 or more",
            ),
            (
                b"\x03\0\0\x03",
                "is version 3 and 3 bytes, must be 3 and 4 or more",
            ),
        ] {
            let error = decode_call(Input::whole(bytes)).unwrap_err();
            assert_eq!(error, DecodeError::malformed("TPKT", 0, detail));
        }
        assert_eq!(looks_like_call(SETUP), Some(true));
        assert_eq!(looks_like_call(&SETUP[..5]), None);
        assert_eq!(looks_like_call(b""), None);
        // RDP has TPKT too, with X.224 in it.
        assert_eq!(looks_like_call(b"\x03\0\0\x13\x0e\xe0"), Some(false));
    }

    #[test]
    fn tables_are_sorted() {
        assert!(RAS_MESSAGES.windows(2).all(|pair| pair[0].0 < pair[1].0));
        assert!(CALL_MESSAGES.windows(2).all(|pair| pair[0].0 < pair[1].0));
    }
}
