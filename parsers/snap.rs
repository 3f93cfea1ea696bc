//! 802.3 length form, LLC and SNAP: the only road to CDP.
//!
//! IEEE Std 802.3 clause 3.2.6 (length below 0x0600), IEEE Std 802.2 (LLC),
//! IEEE Std 802 clause 9 (SNAP).
//!
//! Left out: what the control field says beyond its length. Only unnumbered
//! information (3) carries SNAP.

use nom::Parser;
use nom::bytes::complete::take;
use nom::error::context;
use nom::number::complete::{be_u16, u8};

use crate::{DecodeError, Decoded, Input, Issue, Outcome, Parsed};

/// Organisation code and protocol id of CDP.
pub const CDP: ([u8; 3], u16) = ([0x00, 0x00, 0x0c], 0x2000);

/// The access point that says a SNAP header follows.
const SNAP_ACCESS_POINT: u8 = 0xaa;

/// Control field of unnumbered information, the only one that SNAP uses.
const UNNUMBERED_INFORMATION: u16 = 0x03;

/// The most that the length field may say (IEEE Std 802.3 clause 3.2.6); what is
/// above, up to 0x05ff, is not defined.
const MAX_LENGTH_BYTES: u16 = 1500;

/// A frame's LLC header, SNAP's part when there is one, and what they carry.
///
/// ```text
///     1        1      1 or 2         3              2
/// +--------+--------+---------+--------------+-------------+---------+
/// |  DSAP  |  SSAP  | control | organisation | protocol id | payload |
/// +--------+--------+---------+--------------+-------------+---------+
/// |<--------- LLC ----------->|<----------- SNAP --------->|
/// ```
///
/// The SNAP part stands there only when DSAP and SSAP are aa and control is 03.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame<'a> {
    /// Destination service access point.
    pub dsap: u8,
    /// Source service access point.
    pub ssap: u8,
    /// Control field: one byte in unnumbered frames, else two.
    pub control: u16,
    /// Organisation code and protocol id; `None` unless both access points are 0xaa.
    pub snap: Option<([u8; 3], u16)>,
    /// What the frame carries, padding cut off.
    pub payload: Input<'a>,
}

/// Decodes what follows the length field. `length` is that field: bytes of LLC
/// and payload, padding not counted.
///
/// The payload's `missing` counts what `length` promises and the capture does
/// not hold. Bytes that were never on the wire are not missing: a frame shorter
/// than its length field is the sender's fault.
pub fn decode(input: Input<'_>, length: u16) -> Outcome<Frame<'_>> {
    let promised = usize::from(length);
    let absent = promised.saturating_sub(input.bytes.len());
    let inner = Input {
        bytes: input.bytes.get(..promised).unwrap_or(input.bytes),
        missing: absent.min(input.missing),
    };
    let mut issues = Vec::new();
    if length > MAX_LENGTH_BYTES {
        issues.push(Issue::malformed(
            "length",
            0..inner.bytes.len(),
            format!("is {length}, must be at most {MAX_LENGTH_BYTES}"),
        ));
    }
    if absent > input.missing {
        issues.push(Issue::malformed(
            "length",
            0..inner.bytes.len(),
            format!(
                "is {length}, but only {} bytes follow it",
                input.bytes.len() + input.missing
            ),
        ));
    }
    let (payload, (dsap, ssap, control)) =
        llc(inner.bytes).map_err(|error| DecodeError::from_nom(inner, error))?;
    let is_snap =
        dsap == SNAP_ACCESS_POINT && ssap == SNAP_ACCESS_POINT && control == UNNUMBERED_INFORMATION;
    let (payload, protocol) = if is_snap {
        let header = Input {
            bytes: payload,
            ..inner
        };
        let (payload, protocol) = snap(payload).map_err(|error| {
            let mut error = DecodeError::from_nom(header, error);
            error.offset_bytes += inner.bytes.len() - header.bytes.len();
            error
        })?;
        (payload, Some(protocol))
    } else {
        (payload, None)
    };
    let value = Frame {
        dsap,
        ssap,
        control,
        snap: protocol,
        payload: Input {
            bytes: payload,
            missing: inner.missing,
        },
    };
    Ok(Decoded { value, issues })
}

fn llc(input: &[u8]) -> Parsed<'_, (u8, u8, u16)> {
    let (input, dsap) = context("DSAP", u8).parse_complete(input)?;
    let (input, ssap) = context("SSAP", u8).parse_complete(input)?;
    let is_unnumbered = input.first().is_some_and(|first| first & 0b11 == 0b11);
    let (input, control) = if is_unnumbered {
        u8.map(u16::from).parse_complete(input)?
    } else {
        context("control", be_u16).parse_complete(input)?
    };
    Ok((input, (dsap, ssap, control)))
}

fn snap(input: &[u8]) -> Parsed<'_, ([u8; 3], u16)> {
    let (input, organization) =
        context("organization code", take(3_usize)).parse_complete(input)?;
    let (input, protocol) = context("protocol id", be_u16).parse_complete(input)?;
    let organization = organization.first_chunk().copied().unwrap_or_default();
    Ok((input, (organization, protocol)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::IssueKind;

    const CDP_FRAME: [u8; 13] = [
        0xaa, 0xaa, // DSAP, SSAP
        0x03, // control
        0x00, 0x00, 0x0c, // organisation
        0x20, 0x00, // protocol id
        0x02, 0xb4, 0x00, 0x01, // payload
        0x55, // padding
    ];

    fn cdp(payload: Input<'_>) -> Frame<'_> {
        Frame {
            dsap: 0xaa,
            ssap: 0xaa,
            control: 3,
            snap: Some(CDP),
            payload,
        }
    }

    #[test]
    fn cuts_the_payload_at_the_length_field() {
        let decoded = decode(Input::whole(&CDP_FRAME), 12).unwrap();
        let payload = Input::whole(&CDP_FRAME[8..12]);
        assert_eq!(decoded, Decoded::clean(cdp(payload)));
    }

    #[test]
    fn takes_an_empty_payload() {
        let decoded = decode(Input::whole(&CDP_FRAME), 8).unwrap();
        assert_eq!(decoded, Decoded::clean(cdp(Input::whole(&[]))));
    }

    #[test]
    fn counts_what_the_capture_left_out_and_no_padding() {
        // 3 of the 4 payload bytes are captured; of the frame 20 more are
        // missing, nearly all of them padding.
        let decoded = decode(Input::cut(&CDP_FRAME[..11], 20), 12).unwrap();
        let payload = Input::cut(&CDP_FRAME[8..11], 1);
        assert_eq!(decoded, Decoded::clean(cdp(payload)));
        // Only padding is missing.
        let decoded = decode(Input::cut(&CDP_FRAME[..12], 20), 12).unwrap();
        let payload = Input::whole(&CDP_FRAME[8..12]);
        assert_eq!(decoded, Decoded::clean(cdp(payload)));
    }

    #[test]
    fn blames_the_sender_for_a_frame_shorter_than_its_length() {
        let decoded = decode(Input::whole(&CDP_FRAME[..12]), 13).unwrap();
        assert_eq!(decoded.value, cdp(Input::whole(&CDP_FRAME[8..12])));
        assert_eq!(
            decoded.issues,
            [Issue::malformed(
                "length",
                0..12,
                "is 13, but only 12 bytes follow it"
            )]
        );
        // The same with a snap length: one byte is missing, two were promised.
        let decoded = decode(Input::cut(&CDP_FRAME[..12], 1), 14).unwrap();
        assert_eq!(decoded.value, cdp(Input::cut(&CDP_FRAME[8..12], 1)));
        assert_eq!(
            decoded.issues,
            [Issue::malformed(
                "length",
                0..12,
                "is 14, but only 13 bytes follow it"
            )]
        );
    }

    #[test]
    fn notes_a_length_that_is_not_defined() {
        let mut bytes = vec![0_u8; 1501];
        bytes[2] = 0x03;
        let decoded = decode(Input::whole(&bytes), 1501).unwrap();
        assert_eq!(
            decoded.issues,
            [Issue::malformed(
                "length",
                0..1501,
                "is 1501, must be at most 1500"
            )]
        );
        assert_eq!(decode(Input::whole(&bytes), 1500).unwrap().issues, []);
    }

    #[test]
    fn reads_other_access_points_without_snap() {
        // Spanning tree.
        let bytes = [0x42, 0x42, 0x03, 0x00, 0x00];
        let decoded = decode(Input::whole(&bytes), 5).unwrap();
        assert_eq!(
            decoded,
            Decoded::clean(Frame {
                dsap: 0x42,
                ssap: 0x42,
                control: 3,
                snap: None,
                payload: Input::whole(&bytes[3..]),
            })
        );
        // One access point alone does not make it SNAP.
        for bytes in [[0xaa, 0x42, 0x03], [0x42, 0xaa, 0x03], [0xaa, 0xaa, 0xe3]] {
            assert_eq!(
                decode(Input::whole(&bytes), 3).unwrap().value.snap,
                None,
                "{bytes:02x?}"
            );
        }
    }

    #[test]
    fn reads_two_control_bytes_unless_unnumbered() {
        // Supervisory: receiver ready.
        let bytes = [0xf0, 0xf1, 0x01, 0x0a, 0x77];
        let decoded = decode(Input::whole(&bytes), 5).unwrap();
        assert_eq!(
            decoded,
            Decoded::clean(Frame {
                dsap: 0xf0,
                ssap: 0xf1,
                control: 0x010a,
                snap: None,
                payload: Input::whole(&bytes[4..]),
            })
        );
    }

    #[test]
    fn names_the_first_field_that_is_not_there() {
        let fields = [
            (0, "DSAP", 0),
            (1, "SSAP", 1),
            (2, "control", 2),
            (3, "organization code", 3),
            (5, "organization code", 3),
            (6, "protocol id", 6),
            (7, "protocol id", 6),
        ];
        for (length, field, offset) in fields {
            let error = decode(Input::whole(&CDP_FRAME), length).unwrap_err();
            assert_eq!(error.kind, IssueKind::Malformed);
            assert_eq!((error.field.as_str(), error.offset_bytes), (field, offset));
            let cut = Input::cut(&CDP_FRAME[..usize::from(length)], 60);
            let error = decode(cut, 12).unwrap_err();
            assert_eq!(error.kind, IssueKind::CutShort);
            assert_eq!((error.field.as_str(), error.offset_bytes), (field, offset));
        }
        // A two-byte control field of which one byte is there.
        let error = decode(Input::whole(&[0xf0, 0xf0, 0x01]), 3).unwrap_err();
        assert_eq!((error.field.as_str(), error.offset_bytes), ("control", 2));
    }
}
