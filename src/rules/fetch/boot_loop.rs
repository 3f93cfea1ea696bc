//! The phone starts over again and again, and stops at the same place each time.
//!
//! ## What it sees
//! Three or more boots in a row that reach the same phase and end with the same file, with
//! the same result, and none of which registers.
//!
//! ## Why the phone stops
//! It cannot go on without what it misses there, and restarts in the hope of finding it.
//! The finding on the last boot that names a file or a server says what that is.
//!
//! ## How to fix it
//! 1. Mend what the other finding names; the loop ends by itself.
//! 2. Where no other finding stands beside it: a load that was fetched whole and is asked
//!    for again was refused by the phone (wrong model, or signed with a key that its old
//!    loader does not know).
//!
//! ## When it may be wrong
//! A firmware recovery restarts once or twice, each time further on: boots that end at
//! different places are no loop. Without DHCP in the capture, a phone that asks for its
//! files again after a pause looks like one that restarts.
//!
//! ## References
//! "Application is not present" loops of Polycom SoundPoint phones; "Auth Fail" loops of
//! Cisco 79xx phones: `phoneboot phones polycom-soundpoint`, `phoneboot phones cisco-79x1`.

use crate::finding::{About, Confidence, Finding, Severity};
use crate::rules::Context;
use crate::rules::context::TransferVerdict;
use crate::session::{Beginning, Boot, Phase};

/// This many boots that end alike are a loop.
const MIN_BOOTS: usize = 3;

/// Where a boot ended.
#[derive(Debug, PartialEq, Eq)]
struct End {
    phase: Option<Phase>,
    file: Option<(String, TransferVerdict)>,
}

pub(in crate::rules) fn check(boot: &Boot, context: &Context<'_>) -> Vec<Finding> {
    let boots = &context.phone.boots;
    if boot.followed_by_another || boots.len() < MIN_BOOTS {
        return Vec::new();
    }
    // The last boot may not have come as far yet as the capture ends.
    let complete = boots.len() - 1;
    let alike = |last: usize| {
        let reference = boots.get(last).map(|boot| end(boot, context, last));
        boots
            .iter()
            .enumerate()
            .take(last + 1)
            .rev()
            .take_while(|(index, boot)| {
                !boot.is_registered() && Some(end(boot, context, *index)) == reference
            })
            .count()
    };
    let with_last = alike(complete);
    let without_last = alike(complete - 1);
    let (count, last) = if with_last >= without_last {
        (with_last, complete)
    } else {
        (without_last, complete - 1)
    };
    if count < MIN_BOOTS || boot.is_registered() {
        return Vec::new();
    }
    let Some(reference) = boots.get(last).map(|boot| end(boot, context, last)) else {
        return Vec::new();
    };
    vec![found(boots, count, last, &reference)]
}

/// Where a boot ended: its furthest phase and its last file with its result.
fn end(boot: &Boot, context: &Context<'_>, boot_index: usize) -> End {
    let context = Context {
        boot_index,
        ..*context
    };
    let file = context
        .reads(boot)
        .last()
        .map(|(transfer, verdict)| (transfer.file_name(), verdict));
    End {
        phase: boot.timeline.iter().map(|step| step.phase).max(),
        file,
    }
}

fn found(boots: &[Boot], count: usize, last: usize, end: &End) -> Finding {
    let place = match (&end.file, end.phase) {
        (Some((file, verdict)), _) => format!("at \"{file}\" ({})", verdict.name()),
        (None, Some(phase)) => format!("in the phase {}", phase.name()),
        (None, None) => "at the same place".to_owned(),
    };
    let by_dhcp = boots
        .iter()
        .skip(1)
        .all(|boot| boot.began_by == Beginning::Dhcp);
    let mut finding = Finding::new(
        "boot-loop",
        Severity::Error,
        format!("{count} boots in a row end {place}"),
    )
    .confidence(if by_dhcp {
        Confidence::Certain
    } else {
        Confidence::Likely
    })
    .detail(format!(
        "The phone has started {} times in this capture; the last {count} of these boots \
         reached the same point and went no further.",
        boots.len()
    ))
    .about(About {
        file: end.file.as_ref().map(|(file, _)| file.clone()),
        ..About::default()
    });
    for boot in boots.iter().take(last + 1).skip(last + 1 - count) {
        finding = finding.evidence(boot.started, format!("boot {} begins", boot.number));
    }
    finding.remedy(remedy(boots.get(last), end))
}

/// What to do about the place where the boots end.
fn remedy(last: Option<&Boot>, end: &End) -> String {
    let place = last.and_then(|boot| boot.transfers.last());
    let server = place.map_or("the server".to_owned(), |one| one.server.to_string());
    let number = last.map_or(1, |boot| boot.number);
    match &end.file {
        Some((file, TransferVerdict::NotFound)) => format!(
            "Put {file} on {server}, spelled exactly like this: see what is said of boot {number}. \
             The loop ends by itself."
        ),
        Some((file, verdict)) if verdict.is_delivered() => format!(
            "Check {file} on {server}: the phone has it whole and starts over. A configuration: is \
             it well-formed, and for this model? An image: is it of this model, unchanged, and \
             signed by a key that the phone's loader knows?"
        ),
        _ => format!(
            "Mend what is said of boot {number}, where the phone stops; the loop ends by itself."
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::Case;
    use crate::session::testing::BootBuilder;
    use crate::session::transfer::Status;

    fn boot(file: &str, status: Status) -> Boot {
        BootBuilder::new().tftp(file, status).build()
    }

    #[test]
    fn three_boots_that_end_alike_are_a_loop() {
        let mut boots = vec![boot("sip.ld", Status::NotFound); 3];
        for (frame, boot) in (1..).zip(&mut boots) {
            boot.started.frame = crate::capture::FrameNumber(frame);
        }
        let findings = Case::of_boots("polycom-soundpoint", boots).check(check);
        assert_eq!(findings.len(), 1);
        assert_eq!(
            findings[0].title,
            "3 boots in a row end at \"sip.ld\" (not-found)"
        );
        assert_eq!(findings[0].evidence.len(), 3);
        assert_eq!(
            findings[0].remedy[0],
            "Put sip.ld on 192.0.2.10, spelled exactly like this: see what is said of boot 3. The \
             loop ends by itself."
        );
    }

    #[test]
    fn a_last_boot_that_is_cut_off_does_not_hide_the_loop() {
        let mut boots = vec![boot("sip.ld", Status::NotFound); 3];
        boots.push(boot("0004f2aabbcc.cfg", Status::Unanswered));
        assert_eq!(
            Case::of_boots("polycom-soundpoint", boots)
                .check(check)
                .len(),
            1
        );
    }

    #[test]
    fn a_recovery_in_steps_is_no_loop() {
        let boots = vec![
            boot("bootrom.ld", Status::Complete),
            boot("sip.ld", Status::Complete),
            boot("phone1.cfg", Status::Complete),
        ];
        assert!(
            Case::of_boots("polycom-soundpoint", boots)
                .check(check)
                .is_empty()
        );
    }

    #[test]
    fn two_boots_are_no_loop() {
        let boots = vec![boot("sip.ld", Status::NotFound); 2];
        assert!(
            Case::of_boots("polycom-soundpoint", boots)
                .check(check)
                .is_empty()
        );
    }
}
