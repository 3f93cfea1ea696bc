//! The capturing host's clock was set while it captured.
//!
//! ## What it sees
//! A frame that is stamped more than a second before the one ahead of it in the file, or a
//! month and more after it. Times go on across such a step: order and durations are those of
//! the wire, and moments are shown by the clock as it was set last.
//!
//! ## Why the phone stops
//! This says nothing about the phone.
//!
//! ## How to fix it
//! 1. Let the capturing host set its clock (NTP) before the capture is started.
//! 2. Join files by time, not one behind the other: `mergecap`, or
//!    `phoneboot analyze --merge`. `reordercap` sorts a file that is out of order.
//!
//! ## When it may be wrong
//! Two interfaces in one file whose clocks differ look like a clock that is set to and fro.
//! A clock that is set forward by less than a month looks like silence.
//!
//! ## References
//! draft-ietf-opsawg-pcapng §4.3: time stamps of a file need not increase.

use crate::capture::{CaptureFacts, ClockStep};
use crate::event::At;
use crate::finding::{Finding, Severity};

/// Steps that are cited one by one.
const MAX_CITED: usize = 5;

pub(in crate::rules) fn check(facts: &CaptureFacts, index: usize) -> Vec<Finding> {
    let steps = &facts.taken.clock_steps;
    let Some(first) = steps.first() else {
        return Vec::new();
    };
    let title = match steps.len() {
        1 => format!("the capture's clock was set {}", by(first)),
        many => format!("the capture's clock was set {many} times"),
    };
    let mut finding = Finding::new("capture-clock-stepped", Severity::Note, title).detail(
        "Silences and durations are measured as if it had gone on. Moments are shown by the \
         clock as it was set last, so that those before differ from the file's.",
    );
    for step in steps.iter().take(MAX_CITED) {
        let at = At {
            time: step.time,
            capture: index,
            frame: step.frame,
        };
        finding = finding.evidence(at, format!("the first frame behind the step {}", by(step)));
    }
    vec![finding.remedy(
        "Let the capturing host set its clock before the capture starts; sort a file that is \
         out of order with `reordercap`.",
    )]
}

/// `back by 2 h`, `forward by 56 years`.
fn by(step: &ClockStep) -> String {
    let secs = step.by_nanos.unsigned_abs() / 1_000_000_000;
    let direction = if step.by_nanos < 0 { "back" } else { "forward" };
    let (count, unit) = match secs {
        0..120 => (secs, "s"),
        120..7140 => (rounded(secs, 60), "min"),
        7140..172_800 => (rounded(secs, 3600), "h"),
        172_800..63_072_000 => (rounded(secs, 86_400), "days"),
        _ => (rounded(secs, 31_557_600), "years"),
    };
    format!("{direction} by {count} {unit}")
}

fn rounded(secs: u64, unit_secs: u64) -> u64 {
    (secs + unit_secs / 2) / unit_secs
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::{FrameNumber, Taken, Timestamp};
    use crate::rules::testing::capture;

    fn said(by_secs: &[i64]) -> Vec<Finding> {
        let facts = CaptureFacts {
            taken: Taken {
                clock_steps: (1..)
                    .zip(by_secs)
                    .map(|(number, secs)| ClockStep {
                        frame: FrameNumber(number),
                        time: Timestamp(5),
                        by_nanos: secs * 1_000_000_000,
                        offset_nanos: -secs * 1_000_000_000,
                    })
                    .collect(),
                ..Taken::default()
            },
            ..capture(1)
        };
        check(&facts, 0)
    }

    #[test]
    fn says_by_how_much_and_where() {
        for (secs, words) in [
            (-3, "back by 3 s"),
            (-600, "back by 10 min"),
            (-3599, "back by 60 min"),
            (-7199, "back by 2 h"),
            (2_700_000, "forward by 31 days"),
            (1_768_000_000, "forward by 56 years"),
        ] {
            let findings = said(&[secs]);
            assert_eq!(
                findings[0].title,
                format!("the capture's clock was set {words}")
            );
            assert_eq!(findings[0].evidence[0].at.frame, FrameNumber(1));
        }
        let findings = said(&[-3, 3, -3, 3, -3, 3]);
        assert_eq!(findings[0].title, "the capture's clock was set 6 times");
        assert_eq!(findings[0].evidence.len(), MAX_CITED);
    }

    #[test]
    fn a_clock_that_goes_on_is_silent() {
        assert!(said(&[]).is_empty());
    }
}
