//! A TFTP transfer is ended by an error that is neither "not found" nor about size.
//!
//! ## What it sees
//! A read that the server ends with error 0, 2 or 4 to 8, or that the phone ends with an
//! error of its own ("File has bad magic"); a write that either ends, which is only a note.
//! The phone's questions for a size (error 0 or 8 right after the OACK) are not counted.
//!
//! ## Why the phone stops
//! The server has the file and will not give it, or the phone has it and cannot use it.
//!
//! ## How to fix it
//! 1. Access violation (2): the server's user cannot read the file, or it lies outside the
//!    server's root. tftpd-hpa wants files readable for all; some servers want the name
//!    without a leading slash.
//! 2. Error 0 carries the reason in its words.
//! 3. Refused options (8): switch the server's option handling on, or use another server.
//! 4. "bad magic" from a loader: what stands under this name is no image for it, but an
//!    archive, an HTML page or another model's file.
//!
//! ## When it may be wrong
//! A phone that ends a transfer in order to ask again otherwise gets the file in the end;
//! then nothing is reported.
//!
//! ## References
//! RFC 1350 appendix I (error codes); RFC 2347 (error 8); U-Boot's `net/tftp.c`.

use phoneboot_parsers::Protocol;
use phoneboot_parsers::tftp::Direction;

use crate::finding::{Finding, Severity};
use crate::rules::Context;
use crate::rules::context::TransferVerdict;
use crate::session::Boot;
use crate::session::transfer::Transfer;

use super::loss;
use super::tftp_file_too_large::speaks_of_size;
use super::tftp_options_refused::is_about_options;

pub(in crate::rules) fn check(boot: &Boot, context: &Context<'_>) -> Vec<Finding> {
    boot.transfers
        .iter()
        .filter(|transfer| transfer.protocol == Protocol::Tftp)
        .filter(|transfer| match context.verdict(boot, transfer) {
            TransferVerdict::Refused | TransferVerdict::AbortedByPhone => true,
            TransferVerdict::NotFound => transfer.direction == Direction::Write,
            _ => false,
        })
        .filter(|transfer| !is_probe(transfer) && !context.arrived(boot, &transfer.file_name()))
        .filter(|transfer| {
            transfer.direction == Direction::Write
                || !(speaks_of_size(transfer) || is_about_options(transfer))
        })
        .map(|transfer| refused(boot, context, transfer))
        .collect()
}

/// Whether the phone only wanted to know the size: it ended the transfer before the
/// first block, without a reason of its own.
fn is_probe(transfer: &Transfer) -> bool {
    transfer.blocks == 0
        && transfer.options_accepted
        && transfer
            .error
            .as_ref()
            .is_some_and(|error| error.from_phone && matches!(error.code, 0 | 8))
}

fn refused(boot: &Boot, context: &Context<'_>, transfer: &Transfer) -> Finding {
    let name = loss::shown(transfer);
    let error = transfer.error.as_ref();
    let code = error.map_or(0, |error| error.code);
    let words = error.map_or(String::new(), |error| error.message.to_string());
    let from_phone = error.is_some_and(|error| error.from_phone);
    let who = if from_phone {
        "the phone"
    } else {
        "the server"
    };
    let writes = transfer.direction == Direction::Write;
    let severity = if writes {
        Severity::Note
    } else {
        loss::severity(boot, context, transfer)
    };
    let verb = match (writes, from_phone) {
        (true, _) => "does not take",
        (false, true) => "ends the transfer of",
        (false, false) => "does not give out",
    };
    let finding = Finding::new(
        "tftp-transfer-refused",
        severity,
        format!("{who} {verb} \"{name}\": error {code}, \"{words}\""),
    )
    .detail(format!(
        "The phone asked {} {}; {who} ended it with error {code} ({}).",
        transfer.server,
        loss::times(transfer.requests),
        meaning(code)
    ))
    .about(loss::about(transfer));
    let finding = loss::with_frames(finding, transfer);
    match (code, from_phone) {
        (2, false) => finding
            .remedy(format!(
                "Make {name} readable for the user that the TFTP server runs as (`chmod 644`), \
                 and see that it lies within the server's root."
            ))
            .remedy("For uploads: create the file beforehand or allow creation (tftpd-hpa: `--create`)."),
        (_, true) => finding.remedy(format!(
            "Check what stands under the name {name}: the raw image for exactly this model is \
             wanted, no archive and no web page."
        )),
        (8, false) => finding.remedy(
            "Let the server accept TFTP options (RFC 2347), or replace it by one that does.",
        ),
        _ => finding.remedy(format!(
            "Look into the log of {}: it knows the reason.",
            transfer.server
        )),
    }
}

/// What a code stands for.
fn meaning(code: u32) -> &'static str {
    match code {
        0 => "the words tell",
        2 => "access violation",
        3 => "disk full or allocation exceeded",
        4 => "illegal operation",
        5 => "unknown transfer id",
        6 => "file exists",
        7 => "no such user",
        8 => "options refused",
        _ => "a code of no standard",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::Case;
    use crate::session::testing::BootBuilder;
    use crate::session::transfer::Status;

    #[test]
    fn an_unreadable_configuration_is_reported_with_its_code() {
        let boot = BootBuilder::new().tftp("term70.default.loads", Status::Refused);
        let findings = Case::new("cisco-79x1", boot).check(check);
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].severity, Severity::Error);
        assert!(findings[0].title.ends_with("error 2, \"Access violation\""));
        assert!(findings[0].remedy[0].contains("chmod 644"));
    }

    fn probe(boot: BootBuilder) -> BootBuilder {
        boot.transfer(
            Protocol::Tftp,
            "T48S.rom",
            Status::AbortedByPhone,
            |transfer| {
                transfer.blocks = 0;
                transfer.options_accepted = true;
                let error = transfer.error.as_mut().unwrap();
                error.code = 0;
                error.message = "Transfer aborted".into();
            },
        )
    }

    #[test]
    fn a_question_for_the_size_is_no_refusal() {
        let boot = probe(BootBuilder::new());
        assert!(Case::new("yealink-t4x", boot).check(check).is_empty());
    }

    #[test]
    fn a_file_that_arrives_at_the_second_attempt_is_none() {
        let boot = BootBuilder::new()
            .tftp("term70.default.loads", Status::Refused)
            .tftp("term70.default.loads", Status::Complete);
        assert!(Case::new("cisco-79x1", boot).check(check).is_empty());
    }

    #[test]
    fn an_upload_that_either_ends_is_a_note() {
        for status in [Status::AbortedByPhone, Status::Refused, Status::NotFound] {
            let boot = BootBuilder::new().transfer(
                Protocol::Tftp,
                "0004f2aabbcc-app.log",
                status,
                |transfer| transfer.direction = Direction::Write,
            );
            let findings = Case::new("polycom-soundpoint", boot).check(check);
            assert_eq!(findings[0].severity, Severity::Note);
        }
    }
}
