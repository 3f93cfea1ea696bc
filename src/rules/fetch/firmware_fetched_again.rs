//! An image was delivered whole, the phone started over, and fetched the same image again.
//!
//! ## What it sees
//! An image that is complete in two or more boots, with the same name and the same length,
//! as the last thing that each of these boots got. The phone never registers in between.
//!
//! ## Why the phone stops
//! It has the image and does not run it: the image holds nothing for this hardware, is of a
//! generation that its loader cannot check, or lacks a step that must come first. So the
//! phone starts its loader again, which fetches the image again.
//!
//! ## How to fix it
//! 1. Take the image for exactly this model and hardware revision.
//! 2. Take the step in between: a newer loader (Polycom's Upgrader, Cisco's 8.5(2) loads), or
//!    the releases that the maker names as a path.
//! 3. Compare size and checksum with the maker's; copy the file again, in binary mode.
//! 4. A phone that loses power while it writes its flash begins again, too: try a power brick.
//!
//! ## When it may be wrong
//! A technician who repeats a recovery by hand looks the same. A recovery in steps fetches
//! another file each time, and one whose image was exchanged another length: both are passed
//! over. So is a phone that goes on to its configuration behind the image.
//!
//! ## References
//! Recovery steps of the families: `phoneboot phones <family>`.

use phoneboot_parsers::manifest::Kind;

use crate::finding::{Confidence, Finding, Severity};
use crate::profiles::Role;
use crate::rules::Context;
use crate::rules::context::TransferVerdict;
use crate::session::Boot;
use crate::session::transfer::Transfer;

use super::loss;

pub(in crate::rules) fn check(boot: &Boot, context: &Context<'_>) -> Vec<Finding> {
    let boots = &context.phone.boots;
    if boots.iter().any(Boot::is_registered) {
        return Vec::new();
    }
    let Some(again) = last_image(boot, context) else {
        return Vec::new();
    };
    let before: Vec<(&Boot, &Transfer)> = boots
        .iter()
        .enumerate()
        .take(context.boot_index)
        .filter_map(|(boot_index, boot)| {
            let context = Context {
                boot_index,
                ..*context
            };
            let image = last_image(boot, &context)?;
            let same = image.file_name() == again.file_name() && image.bytes == again.bytes;
            same.then_some((boot, image))
        })
        .collect();
    // The image must have been the end of the boot right before this one.
    let is_next = before
        .last()
        .is_some_and(|(last, _)| last.number + 1 == boot.number);
    if !is_next {
        return Vec::new();
    }
    vec![found(boot, context, again, &before)]
}

/// The image that this boot got last of all; `None` when it got something else after it.
fn last_image<'b>(boot: &'b Boot, context: &Context<'_>) -> Option<&'b Transfer> {
    let complete = |transfer: &&Transfer| {
        transfer.direction == phoneboot_parsers::tftp::Direction::Read
            && context.verdict(boot, transfer).is_delivered()
    };
    let last = boot.transfers.iter().rfind(complete)?;
    let went_on = !boot.registrations.is_empty() || !boot.signaling.is_empty();
    let is_whole = context.verdict(boot, last) == TransferVerdict::Complete;
    (is_image(context, last) && is_whole && !went_on).then_some(last)
}

/// Lists of images are read at every start; images are not.
fn is_image(context: &Context<'_>, transfer: &Transfer) -> bool {
    let by_contents = transfer.manifest.as_deref().map(|manifest| manifest.kind);
    let by_profile = context.file(transfer).map(|file| file.role());
    by_contents.is_none_or(|kind| kind == Kind::SignedImage)
        && !transfer
            .file_name()
            .to_ascii_lowercase()
            .ends_with(".loads")
        && matches!(
            by_profile,
            Some(Role::Firmware | Role::Recovery | Role::BootLoader)
        )
}

fn found(
    boot: &Boot,
    context: &Context<'_>,
    again: &Transfer,
    before: &[(&Boot, &Transfer)],
) -> Finding {
    let name = loss::shown(again);
    let n_times = before.len() + 1;
    let severity = if context.is_stuck_after(boot, again.last) {
        Severity::Error
    } else {
        Severity::Warning
    };
    let mut finding = Finding::new(
        "firmware-fetched-again",
        severity,
        format!("the phone gets \"{name}\" whole, starts over, and fetches it again"),
    )
    .confidence(Confidence::Likely)
    .detail(format!(
        "{} delivered all {} bytes of {name} in each of {n_times} boots. The phone has what it \
         asked for and does not run it: it is not for this hardware, or the phone's loader refuses it.",
        again.server, again.bytes
    ))
    .about(loss::about(again));
    if let Some((first_boot, first)) = before.first() {
        finding = finding.evidence(
            first.last,
            format!("{name} is complete, in boot {}", first_boot.number),
        );
    }
    let model = context
        .model
        .map_or("this model".to_owned(), |model| format!("the {model}"));
    finding
        .evidence(boot.started, "the phone starts over")
        .evidence(again.last, format!("{name} is complete again"))
        .remedy(format!(
            "Serve the {name} that was made for {model} and its hardware revision; compare its size, \
             {} bytes, with the maker's.",
            again.bytes
        ))
        .remedy(
            "See whether the maker wants a step in between: a newer loader, or an older release first.",
        )
        .remedy("Feed the phone from a power brick and another port while it writes its flash.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::Case;
    use crate::session::registration;
    use crate::session::testing::BootBuilder;
    use crate::session::transfer::Status;

    fn image(file: &str) -> Boot {
        boot(BootBuilder::new().tftp(file, Status::Complete))
    }

    fn boot(boot: BootBuilder) -> Boot {
        boot.build()
    }

    fn findings(boots: Vec<Boot>) -> Vec<Finding> {
        Case::of_boots("yealink-t4x", boots).check(check)
    }

    #[test]
    fn the_same_image_after_a_restart_is_an_error() {
        let found = findings(vec![image("T48S.rom"), image("T48S.rom")]);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].severity, Severity::Error);
        assert!(found[0].detail.contains("in each of 2 boots"));
        assert!(findings(vec![image("T48S.rom")]).is_empty());
    }

    #[test]
    fn steps_of_a_recovery_are_other_files() {
        assert!(findings(vec![image("T48S.rom"), image("T46S.rom")]).is_empty());
        let exchanged = BootBuilder::new().transfer(
            phoneboot_parsers::Protocol::Tftp,
            "T48S.rom",
            Status::Complete,
            |transfer| transfer.bytes = 900,
        );
        assert!(findings(vec![image("T48S.rom"), boot(exchanged)]).is_empty());
    }

    #[test]
    fn a_phone_that_goes_on_has_taken_it() {
        let goes_on = || {
            BootBuilder::new()
                .tftp("T48S.rom", Status::Complete)
                .tftp("001565123456.cfg", Status::Complete)
        };
        assert!(findings(vec![boot(goes_on()), boot(goes_on())]).is_empty());
        let registers = BootBuilder::new()
            .tftp("T48S.rom", Status::Complete)
            .registration(registration::Status::Registered, None);
        assert!(findings(vec![image("T48S.rom"), boot(registers)]).is_empty());
    }
}
