//! The capture does not hold all that was on the wire.
//!
//! ## What it sees
//! A file that ends inside a record, or frames that were kept shorter than they were on the
//! wire (a snap length).
//!
//! ## Why the phone stops
//! This says nothing about the phone. What the capture lacks is not judged: the part that is
//! there was read to its end.
//!
//! ## How to fix it
//! 1. Copy the file again (binary mode with FTP), and stop the capture before copying.
//! 2. Capture without a snap length: `tcpdump -s 0`, or 262144 where a number is wanted.
//!
//! ## When it may be wrong
//! A file that is still being written ends inside a record until the next flush.
//!
//! ## References
//! pcap: draft-ietf-opsawg-pcap; pcapng: draft-ietf-opsawg-pcapng.

use crate::capture::{CaptureFacts, FrameNumber};
use crate::event::At;
use crate::finding::{Finding, Severity};

pub(in crate::rules) fn check(facts: &CaptureFacts, index: usize) -> Vec<Finding> {
    let last = At {
        capture: index,
        frame: FrameNumber(facts.frames),
        time: facts.last.unwrap_or_default(),
    };
    let mut findings = Vec::new();
    if let Some(cut) = &facts.cut_short {
        findings.push(
            Finding::new(
                "capture-cut-short",
                Severity::Note,
                "the capture file is cut short",
            )
            .detail(format!(
                "{} (at byte {} of the file). The {} frames before that were read.",
                cut.reason, cut.offset_bytes, facts.frames
            ))
            .evidence(last, "the last whole frame")
            .remedy("Stop the capture before copying it, and copy it in binary mode."),
        );
    }
    if facts.sliced_frames > 0 {
        findings.push(
            Finding::new(
                "capture-cut-short",
                Severity::Note,
                format!(
                    "{} of {} frames are cut off",
                    facts.sliced_frames, facts.frames
                ),
            )
            .detail(format!(
                "They were kept shorter than they were on the wire{}; what is missing in them \
                 is not judged.",
                facts
                    .snap_length
                    .map_or(String::new(), |length| format!(" (snap length {length})"))
            ))
            .evidence(last, "the last frame")
            .remedy("Capture without a snap length: `tcpdump -s 0`."),
        );
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::CutShort;
    use crate::rules::testing::capture;

    fn facts() -> CaptureFacts {
        CaptureFacts {
            frames: 12,
            snap_length: Some(96),
            ..capture(1)
        }
    }

    #[test]
    fn a_whole_capture_is_silent() {
        assert!(check(&facts(), 0).is_empty());
    }

    #[test]
    fn a_cut_file_names_the_byte() {
        let cut = CaptureFacts {
            cut_short: Some(CutShort {
                offset_bytes: 1234,
                reason: "the record of frame 13 needs 90 bytes, the file ends after 41".into(),
            }),
            ..facts()
        };
        let findings = check(&cut, 0);
        assert!(findings[0].detail.contains("at byte 1234 of the file"));
        assert_eq!(findings[0].evidence[0].at.frame, FrameNumber(12));
    }

    #[test]
    fn a_snap_length_is_told() {
        let sliced = CaptureFacts {
            sliced_frames: 3,
            ..facts()
        };
        assert_eq!(check(&sliced, 0)[0].title, "3 of 12 frames are cut off");
    }
}
