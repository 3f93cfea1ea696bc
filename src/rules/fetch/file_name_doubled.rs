//! The phone asks for an image with its part number twice in the name.
//!
//! ## What it sees
//! A request for a file like `2345-12365-001.2345-12365-001.sip.ld`, and the answer that there
//! is none.
//!
//! ## Why the phone stops
//! Polycom phones put their part number before the name in `APP_FILE_PATH`, and ask for the
//! name alone only when that is missing. Where the part number stands in the setting already,
//! the first name has it twice. The plain name may still be found; without it there is no
//! application to load.
//!
//! ## How to fix it
//! 1. Set `APP_FILE_PATH="sip.ld"` in the master file and leave the image under the name with
//!    the part number: the phone puts it there itself.
//! 2. Or copy the image to the name that the phone asks for.
//!
//! ## When it may be wrong
//! When the phone then finds the name with one part number, nothing is lost but a request:
//! that is a note.
//!
//! ## References
//! `APP_FILE_PATH` in the master file of Polycom phones: `phoneboot phones polycom`.

use crate::finding::{Finding, Severity};
use crate::rules::Context;
use crate::rules::context::TransferVerdict;
use crate::session::Boot;
use crate::session::transfer::Transfer;

use super::loss;

pub(in crate::rules) fn check(boot: &Boot, context: &Context<'_>) -> Vec<Finding> {
    let mut said = Vec::new();
    context
        .reads(boot)
        .filter(|(_, verdict)| *verdict == TransferVerdict::NotFound)
        .filter_map(|(transfer, _)| {
            let name = transfer.file_name();
            let single = single(transfer)?;
            // The bootROM's two attempts at one name are one fault.
            let is_new = !said.contains(&name);
            said.push(name);
            is_new.then(|| doubled(boot, context, transfer, &single))
        })
        .collect()
}

/// The name without its second part number; `None` when there is none too many.
pub(super) fn single(transfer: &Transfer) -> Option<String> {
    let name = transfer.file_name();
    let (first, rest) = name.split_once('.')?;
    let (second, _) = rest.split_once('.')?;
    (first == second && is_part_number(first)).then(|| rest.to_owned())
}

/// `2345-12365-001`.
fn is_part_number(text: &str) -> bool {
    let fields: Vec<&str> = text.split('-').collect();
    let digits = |field: &&str| field.bytes().all(|byte| byte.is_ascii_digit());
    fields.iter().map(|field| field.len()).eq([4, 5, 3]) && fields.iter().all(digits)
}

fn doubled(boot: &Boot, context: &Context<'_>, transfer: &Transfer, single: &str) -> Finding {
    let name = loss::shown(transfer);
    let plain = single.split_once('.').map_or(single, |(_, plain)| plain);
    let found = [single, plain]
        .into_iter()
        .find(|other| context.arrived(boot, other));
    let severity = match found {
        Some(_) => Severity::Note,
        None => loss::severity(boot, context, transfer).max(Severity::Warning),
    };
    let what_then = match found {
        Some(other) => format!("It then found {other}."),
        None => "No other name brought it the image.".to_owned(),
    };
    let finding = Finding::new(
        "file-name-doubled",
        severity,
        format!("the phone asks for \"{name}\", its part number twice"),
    )
    .detail(format!(
        "The master file already names {single}; the phone puts its part number before it once \
         more, and {} has no such file. {what_then}",
        transfer.server
    ))
    .about(loss::about(transfer));
    loss::with_frames(finding, transfer)
        .remedy(format!(
            "Set APP_FILE_PATH=\"{plain}\" in the master file; the phone adds the part number itself."
        ))
        .remedy(format!("See that {single} or {plain} is on the server."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::Case;
    use crate::session::testing::BootBuilder;
    use crate::session::transfer::Status;

    const DOUBLED: &str = "2345-12365-001.2345-12365-001.sip.ld";
    const SINGLE: &str = "2345-12365-001.sip.ld";

    fn findings(boot: BootBuilder) -> Vec<Finding> {
        Case::new("polycom-soundpoint", boot).check(check)
    }

    fn asked(then: Status) -> BootBuilder {
        BootBuilder::new()
            .tftp(DOUBLED, Status::NotFound)
            .tftp(SINGLE, then)
    }

    #[test]
    fn a_doubled_part_number_is_at_least_a_warning() {
        let found = findings(asked(Status::NotFound));
        assert_eq!(found.len(), 1);
        assert!(found[0].severity >= Severity::Warning);
        assert_eq!(
            found[0].remedy[0],
            "Set APP_FILE_PATH=\"sip.ld\" in the master file; the phone adds the part number itself."
        );
    }

    #[test]
    fn a_phone_that_finds_its_image_otherwise_lost_only_a_request() {
        assert_eq!(
            findings(asked(Status::Complete))[0].severity,
            Severity::Note
        );
    }

    #[test]
    fn one_part_number_is_as_it_should_be() {
        let boot = BootBuilder::new()
            .tftp(SINGLE, Status::NotFound)
            .tftp("sip.sip.ld", Status::NotFound)
            .tftp("2345-12365-001.2345-12345-001.sip.ld", Status::NotFound);
        assert!(findings(boot).is_empty());
    }
}
