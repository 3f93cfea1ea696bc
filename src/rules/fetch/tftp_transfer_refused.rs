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

use std::collections::BTreeMap;

use phoneboot_parsers::Protocol;
use phoneboot_parsers::tftp::Direction;

use crate::event::At;
use crate::finding::{Finding, Severity};
use crate::rules::Context;
use crate::rules::context::TransferVerdict;
use crate::rules::sides::{Side, only_side};
use crate::session::Boot;
use crate::session::transfer::Transfer;

use super::loss;
use super::tftp_file_too_large::speaks_of_size;
use super::tftp_options_refused::is_about_options;

pub(in crate::rules) fn check(boot: &Boot, context: &Context<'_>) -> Vec<Finding> {
    let mut by_answer: BTreeMap<_, Vec<&Transfer>> = BTreeMap::new();
    boot.transfers
        .iter()
        .filter(|transfer| transfer.protocol == Protocol::Tftp)
        .filter(|transfer| match context.verdict(boot, transfer) {
            TransferVerdict::Refused | TransferVerdict::AbortedByPhone => true,
            TransferVerdict::NotFound => transfer.direction == Direction::Write,
            _ => false,
        })
        .filter(|transfer| {
            !is_probe(boot, transfer) && !context.arrived(boot, &transfer.file_name())
        })
        .filter(|transfer| {
            transfer.direction == Direction::Write
                || !(speaks_of_size(transfer) || is_about_options(transfer))
        })
        .for_each(|transfer| {
            let group = (transfer.server, transfer.direction, said_by(transfer));
            by_answer.entry(group).or_default().push(transfer);
        });
    by_answer
        .values()
        .filter_map(|transfers| refused(boot, context, transfers))
        .collect()
}

/// The code of the error that ended it, and whether the phone sent it.
fn said_by(transfer: &Transfer) -> (u32, bool) {
    let error = transfer.error.as_ref();
    error.map_or((0, false), |error| (error.code, error.from_phone))
}

/// Whether the phone only wanted to know the size: it ended the transfer before the
/// first block, without a reason of its own. The server's OACK belongs to that, where the
/// capture shows what the server says.
fn is_probe(boot: &Boot, transfer: &Transfer) -> bool {
    let is_one_sided = matches!(only_side(boot), Some(Side::FromPhone(_)));
    // The question for the file itself may have followed already.
    let asks_now = |at: At| transfer.last_request > at;
    transfer.blocks == 0
        && transfer.error.as_ref().is_some_and(|error| {
            error.from_phone
                && matches!(error.code, 0 | 8)
                && (transfer.options_accepted || is_one_sided || asks_now(error.at))
        })
}

/// One finding for the files of one server that ended with the same error.
fn refused(boot: &Boot, context: &Context<'_>, transfers: &[&Transfer]) -> Option<Finding> {
    let severity_of = |transfer: &Transfer| {
        if transfer.direction == Direction::Write {
            Severity::Note
        } else {
            loss::severity_of_refused(boot, context, transfer)
        }
    };
    let severity = transfers.iter().map(|one| severity_of(one)).max()?;
    // The first of the worst stands for all.
    let transfer = *transfers.iter().find(|one| severity_of(one) == severity)?;
    let severity = if transfer.direction == Direction::Read
        && loss::stop_the_phone(boot, context, transfers)
    {
        Severity::Error
    } else {
        severity
    };
    let name = loss::shown(transfer);
    let words = transfer.error.as_ref();
    let words = words.map_or(String::new(), |error| error.message.to_string());
    let (code, from_phone) = said_by(transfer);
    // tftpd-hpa tells of rights in words alone.
    let is_access = code == 2 || words.to_ascii_lowercase().contains("permission denied");
    let who = if from_phone {
        "the phone"
    } else {
        "the server"
    };
    let writes = transfer.direction == Direction::Write;
    let others: Vec<String> = transfers
        .iter()
        .map(|one| loss::shown(one))
        .filter(|other| *other != name)
        .collect();
    let (also, and) = if others.is_empty() {
        (String::new(), String::new())
    } else {
        let others = others.join(", ");
        (
            format!(" {others} ended alike."),
            format!(", and {others},"),
        )
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
        "The phone asked {} {}; {who} ended it with error {code} ({}).{also}",
        transfer.server,
        loss::times(transfer.requests),
        meaning(code)
    ))
    .about(loss::about(transfer));
    let finding = transfers
        .iter()
        .fold(finding, |finding, one| loss::with_frames(finding, one));
    Some(match (code, from_phone) {
        (_, false) if is_access && writes => finding.remedy(format!(
            "Create {name} on {} beforehand, writable for the TFTP server's user, or allow \
             creation (tftpd-hpa: `--create`); or leave it: the phone does without.",
            transfer.server
        )),
        (_, false) if is_access => finding.remedy(format!(
            "Make {name}{and} readable on {} for the user that the TFTP server runs as (`chmod \
             644`, every folder above `chmod 755`), and see that it lies within the server's root.",
            transfer.server
        )),
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
    })
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
    use crate::session::transfer::{Status, TransferError};
    use phoneboot_parsers::dhcp::MessageType;

    #[test]
    fn a_refused_file_is_the_fault_and_its_missing_stand_in_is_not() {
        let boot = || {
            BootBuilder::new()
                .tftp("SEP001AA17BE638.cnf.xml", Status::Refused)
                .with(|boot, at| {
                    boot.transfers[0].error = Some(TransferError {
                        code: 0,
                        message: "Permission denied".into(),
                        from_phone: false,
                        at,
                    });
                })
                .tftp("XMLDefault.cnf.xml", Status::NotFound)
        };
        let findings = Case::new("cisco-79x1", boot()).check(check);
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].severity, Severity::Error);
        assert!(findings[0].remedy[0].contains("chmod 644"));
        let missing = Case::new("cisco-79x1", boot()).check(super::super::file_missing::check);
        assert!(missing.iter().all(|one| one.severity == Severity::Note));
    }

    #[test]
    fn an_unreadable_configuration_is_reported_with_its_code() {
        let boot = BootBuilder::new().tftp("term70.default.loads", Status::Refused);
        let findings = Case::new("cisco-79x1", boot).check(check);
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].severity, Severity::Error);
        assert!(findings[0].title.ends_with("error 2, \"Access violation\""));
        assert!(findings[0].remedy[0].contains("chmod 644"));
    }

    #[test]
    fn files_that_a_server_ends_alike_are_one_fault() {
        let boot = BootBuilder::new()
            .tftp("SEP001AA17BE638.cnf.xml", Status::Refused)
            .tftp("XMLDefault.cnf.xml", Status::Refused);
        let findings = Case::new("cisco-79x1", boot).check(check);
        assert_eq!(findings.len(), 1);
        let file = findings[0].subject.file.as_deref();
        assert_eq!(file, Some("SEP001AA17BE638.cnf.xml"));
        assert!(
            findings[0]
                .detail
                .ends_with("XMLDefault.cnf.xml ended alike.")
        );
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
        let asked = probe(BootBuilder::new()).with(|boot, at| {
            boot.transfers[0].options_accepted = false;
            boot.transfers[0].last_request = at;
        });
        assert!(Case::new("yealink-t4x", asked).check(check).is_empty());
    }

    #[test]
    fn a_question_whose_answer_was_not_captured_is_none() {
        let asks = |boot: BootBuilder| {
            let boot = probe(boot).with(|boot, _| {
                boot.transfers[0].options_accepted = false;
                boot.frames_to_phone = 0;
            });
            Case::new("yealink-t4x", boot).check(check)
        };
        assert!(asks(BootBuilder::new()).is_empty());
        // Where the server is heard it has sent no OACK, and the phone gave up.
        let heard = BootBuilder::new().dhcp(MessageType::Offer, &[]);
        assert_eq!(asks(heard).len(), 1);
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
