//! The capture shows only one direction of a boot.
//!
//! ## What it sees
//! Frames that the phone sends, and none that is sent to it, though it does what it can do
//! only after an answer; or frames to the phone, and none that it sends.
//!
//! ## Why the phone stops
//! This says nothing about the phone. That an answer is missing cannot be told from such a
//! capture, and is not.
//!
//! ## How to fix it
//! 1. Mirror both directions of the phone's port: `monitor session 1 source interface … both`
//!    on Cisco, "ingress and egress" elsewhere.
//! 2. Capture at the phone's own port, not at another port of the switch.
//! 3. With a network tap, join the two files: `phoneboot analyze --merge a.pcap b.pcap`.
//!
//! ## When it may be wrong
//! When answers come to the phone by another link than the captured one.
//!
//! ## References
//! RFC 826 (an ARP answer goes to the asker alone); RFC 2131 §3.1.

use crate::finding::{Finding, Severity};
use crate::rules::Context;
use crate::rules::sides::{Side, only_side};
use crate::session::Boot;

pub(in crate::rules) fn check(boot: &Boot, _context: &Context<'_>) -> Vec<Finding> {
    let (title, detail, at, seen) = match only_side(boot) {
        Some(Side::FromPhone(at)) => (
            "the capture shows only what the phone sends",
            "No frame to the phone alone is in it, though the phone goes on as it does only \
             when it is answered. Whether answers are missing cannot be told.",
            at,
            "the phone has been answered before this frame",
        ),
        Some(Side::ToPhone(at)) => (
            "the capture shows only what is sent to the phone",
            "No frame of the phone is in it. What the phone asked for and whether it went on \
             cannot be told.",
            at,
            "the first frame to the phone",
        ),
        None => return Vec::new(),
    };
    vec![
        Finding::new("capture-one-sided", Severity::Note, title)
            .detail(detail)
            .evidence(at, seen)
            .remedy(
                "Capture again with both directions of the phone's port mirrored, and start it \
                 before the phone is plugged in.",
            ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::Case;
    use crate::session::testing::BootBuilder;
    use crate::session::transfer::Status;

    fn boot(to_phone: u64, from_phone: u64) -> BootBuilder {
        let boot = BootBuilder::new().tftp("term70.default.loads", Status::Unanswered);
        boot.with(|boot, _| {
            boot.frames_to_phone = to_phone;
            boot.frames_from_phone = from_phone;
        })
    }

    #[test]
    fn each_direction_alone_is_told() {
        for (boot, words) in [
            (boot(0, 9), "the phone sends"),
            (boot(9, 0), "sent to the phone"),
        ] {
            let findings = Case::new("cisco-79x1", boot).check(check);
            assert!(findings[0].title.ends_with(words), "{}", findings[0].title);
        }
    }

    #[test]
    fn both_directions_are_silent() {
        assert!(Case::new("cisco-79x1", boot(1, 9)).check(check).is_empty());
    }
}
