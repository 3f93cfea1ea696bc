//! The capture shows frames twice.
//!
//! ## What it sees
//! A good part of the frames comes again within five milliseconds, or 25 where IPv4 packets
//! bear a number of their own, the same from the IP header on: a mirror of both directions of
//! two ports, of a whole VLAN, or of both sides of a router. Each is counted once, by its
//! first copy.
//!
//! ## Why the phone stops
//! This says nothing about the phone. Repeats that a phone or server makes come later, and
//! are counted.
//!
//! ## How to fix it
//! 1. Mirror the phone's port alone, in both directions; or, of several ports or a VLAN, one
//!    direction: `monitor session 1 source vlan 110 rx`.
//! 2. On Linux, capture on one interface and not on `any`.
//!
//! ## When it may be wrong
//! A loop in the network doubles frames too; then the switches' own counters are high.
//!
//! ## References
//! Cisco, "Configuring SPAN and RSPAN": a packet that is both received and sent at source
//! ports is copied twice.

use crate::capture::CaptureFacts;
use crate::event::At;
use crate::finding::{Finding, Severity};

/// So many copies may be chance.
const FEW: u64 = 5;

/// One copy in this many frames is many.
const SHARE: u64 = 10;

pub(in crate::rules) fn check(facts: &CaptureFacts, index: usize) -> Vec<Finding> {
    let copies = facts.taken.copies;
    let Some(first) = copies.first else {
        return Vec::new();
    };
    let many = copies.in_same_capture.saturating_mul(SHARE) >= copies.compared;
    if copies.in_same_capture < FEW || !many {
        return Vec::new();
    }
    let at = |(frame, time)| At {
        time,
        capture: index,
        frame,
    };
    vec![
        Finding::new(
            "capture-frames-doubled",
            Severity::Note,
            format!("the capture shows {} frames twice", copies.in_same_capture),
        )
        .detail(
            "The same packets come again within milliseconds: the mirror copies them on their \
             way in and on their way out. Each was counted once.",
        )
        .evidence(at(first.original), "a frame")
        .evidence(at(first.copy), "the same frame again")
        .remedy(
            "Mirror the phone's port alone; of several ports or a VLAN, mirror one direction \
             (`monitor session 1 source vlan <id> rx`).",
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::{Copied, Copies, FrameNumber, Taken, Timestamp};
    use crate::rules::testing::capture;

    fn said(in_same_capture: u64, compared: u64) -> Vec<Finding> {
        let facts = CaptureFacts {
            taken: Taken {
                copies: Copies {
                    frames: in_same_capture,
                    compared,
                    in_same_capture,
                    first: (in_same_capture > 0).then_some(Copied {
                        original: (FrameNumber(3), Timestamp(5)),
                        copy: (FrameNumber(4), Timestamp(6)),
                    }),
                },
                ..Taken::default()
            },
            ..capture(1)
        };
        check(&facts, 0)
    }

    #[test]
    fn many_copies_are_told_with_the_first_pair() {
        let findings = said(40, 80);
        assert_eq!(findings[0].title, "the capture shows 40 frames twice");
        let frames: Vec<u64> = findings[0].evidence.iter().map(|e| e.at.frame.0).collect();
        assert_eq!(frames, [3, 4]);
    }

    #[test]
    fn a_few_copies_are_silent() {
        for (copies, compared) in [(0, 80), (4, 8), (7, 80)] {
            assert!(said(copies, compared).is_empty(), "{copies} of {compared}");
        }
    }
}
