//! The server does not take what the phone wants to store: its log, its user's settings.
//!
//! ## What it sees
//! An HTTP PUT or POST, or an FTP STOR that the server answers with an error, and that is not
//! repeated with success. All of a boot's refused uploads are one note. Writes by TFTP are
//! told as `tftp-transfer-refused`.
//!
//! ## Why the phone stops
//! It does not: phones boot without a place for their logs. What a user changed on the phone
//! or its web page stays in the phone alone, and is lost when the phone is reset.
//!
//! ## How to fix it
//! 1. Where logs or overrides are wanted, let the phone write: web servers take PUT only where
//!    it is switched on, FTP users need the right to write (vsftpd: `write_enable=YES`).
//! 2. Disk full: make room; logs of many phones grow.
//! 3. Where they are not wanted, nothing has to be done.
//!
//! ## When it may be wrong
//! A phone that sends its log again later, by another way, has lost nothing.
//!
//! ## References
//! RFC 9110 §15.5.6 (405), §15.6; RFC 959 §5.4 (replies to STOR).

use phoneboot_parsers::Protocol;
use phoneboot_parsers::tftp::Direction;

use crate::finding::{Finding, Severity};
use crate::rules::Context;
use crate::rules::context::TransferVerdict;
use crate::session::Boot;
use crate::session::transfer::Transfer;

use super::loss;

pub(in crate::rules) fn check(boot: &Boot, context: &Context<'_>) -> Vec<Finding> {
    let refused: Vec<&Transfer> = boot
        .transfers
        .iter()
        .filter(|transfer| is_refused(boot, context, transfer))
        .collect();
    finding(&refused).into_iter().collect()
}

fn is_refused(boot: &Boot, context: &Context<'_>, transfer: &Transfer) -> bool {
    let stored = boot.transfers.iter().any(|other| {
        other.direction == Direction::Write
            && other.is_delivered()
            && other.file_name() == transfer.file_name()
    });
    transfer.direction == Direction::Write
        && transfer.protocol != Protocol::Tftp
        && !stored
        && !lacks_data_connection(transfer)
        && matches!(
            context.verdict(boot, transfer),
            TransferVerdict::Refused
                | TransferVerdict::NotFound
                | TransferVerdict::Unauthorized
                | TransferVerdict::ServerError
        )
}

/// Whether the server would take it, and FTP's data connection did not come about or was
/// broken: that is another fault.
fn lacks_data_connection(transfer: &Transfer) -> bool {
    let code = transfer.error.as_ref().map(|error| error.code);
    transfer.protocol == Protocol::Ftp && matches!(code, Some(425 | 426))
}

fn finding(refused: &[&Transfer]) -> Option<Finding> {
    let first = refused.first()?;
    let said = |transfer: &Transfer| {
        let error = transfer.error.as_ref()?;
        let words = if error.message.is_empty() {
            String::new()
        } else {
            format!(" \"{}\"", error.message)
        };
        Some(format!("{}{words}", error.code))
    };
    let answer = said(first).map_or(String::new(), |said| format!(": {said}"));
    let names: Vec<String> = refused
        .iter()
        .map(|transfer| loss::shown(transfer))
        .collect();
    let title = match names.as_slice() {
        [one] => format!("the server does not take the phone's upload \"{one}\"{answer}"),
        many => format!(
            "the server does not take {} uploads of the phone{answer}",
            many.len()
        ),
    };
    let finding = Finding::new("upload-refused", Severity::Note, title)
        .detail(format!(
            "The phone wanted to store {} on {} and goes on without.",
            names.join(", "),
            first.server
        ))
        .about(loss::about(first));
    let finding = refused.iter().fold(finding, |finding, transfer| {
        let at = transfer
            .error
            .as_ref()
            .map_or(transfer.last, |error| error.at);
        let words = said(transfer).map_or(String::new(), |said| format!(": {said}"));
        finding.evidence(at, format!("{} not taken{words}", loss::shown(transfer)))
    });
    Some(finding.remedy(remedy(first)))
}

fn remedy(transfer: &Transfer) -> String {
    let server = transfer.server;
    let code = transfer.error.as_ref().map_or(0, |error| error.code);
    match (transfer.protocol, code) {
        (Protocol::Http, 507) | (Protocol::Ftp, 452 | 552) => {
            format!("Make room on the disk of {server}.")
        }
        (Protocol::Ftp, _) => format!(
            "If the uploads are wanted, let the FTP user write into its directory on {server} \
             (vsftpd: `write_enable=YES`, and the directory's owner and mode)."
        ),
        _ => format!(
            "If the uploads are wanted, let {server} take {} in this folder, and let its user write \
             there.",
            transfer
                .method
                .as_ref()
                .map_or_else(|| "PUT".to_owned(), ToString::to_string)
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::Case;
    use crate::session::testing::BootBuilder;
    use crate::session::transfer::Status;

    fn upload(
        boot: BootBuilder,
        protocol: Protocol,
        file: &str,
        status: Status,
        code: u32,
    ) -> BootBuilder {
        boot.transfer(protocol, file, status, |transfer| {
            transfer.direction = Direction::Write;
            if let Some(error) = &mut transfer.error {
                error.code = code;
                error.message = "No".into();
            }
        })
    }

    fn check_of(boot: BootBuilder) -> Vec<Finding> {
        Case::new("polycom-soundpoint", boot).check(check)
    }

    #[test]
    fn a_refused_upload_is_a_note_by_http_as_by_ftp() {
        for (protocol, status, code, remedy) in [
            (Protocol::Http, Status::Refused, 405, "take PUT"),
            (Protocol::Http, Status::ServerError, 507, "Make room"),
            (Protocol::Ftp, Status::Refused, 553, "write_enable"),
            (Protocol::Ftp, Status::Refused, 552, "Make room"),
        ] {
            let boot = upload(
                BootBuilder::new(),
                protocol,
                "0004f2aabbcc-app.log",
                status,
                code,
            );
            let findings = check_of(boot);
            assert_eq!(findings.len(), 1, "{code}");
            assert_eq!(findings[0].severity, Severity::Note);
            assert_eq!(
                findings[0].title,
                format!(
                    "the server does not take the phone's upload \"0004f2aabbcc-app.log\": {code} \"No\""
                )
            );
            assert!(findings[0].remedy[0].contains(remedy), "{code}");
        }
    }

    #[test]
    fn several_are_still_one_note() {
        let boot = upload(
            BootBuilder::new(),
            Protocol::Ftp,
            "a.log",
            Status::Refused,
            553,
        );
        let findings = check_of(upload(boot, Protocol::Ftp, "b.log", Status::Refused, 553));
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].evidence.len(), 2);
        assert!(findings[0].title.contains("2 uploads"));
    }

    #[test]
    fn an_upload_that_works_at_last_is_silent() {
        let boot = upload(
            BootBuilder::new(),
            Protocol::Ftp,
            "a.log",
            Status::Refused,
            553,
        );
        let boot = upload(boot, Protocol::Ftp, "a.log", Status::Complete, 0);
        assert!(check_of(boot).is_empty());
    }

    #[test]
    fn a_read_and_a_lost_data_connection_are_other_faults() {
        let read = BootBuilder::new().tftp("a.cfg", Status::Refused);
        assert!(check_of(read).is_empty());
        let boot = upload(
            BootBuilder::new(),
            Protocol::Ftp,
            "a.log",
            Status::ServerError,
            425,
        );
        assert!(check_of(boot).is_empty());
    }
}
