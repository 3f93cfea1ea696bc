//! A file is missing under the spelling that the phone asks for, and known under
//! another that differs only in upper and lower case.
//!
//! ## What it sees
//! A read answered with "not found", while the same capture shows a server delivering a
//! file whose name is the same but for the case of its letters.
//!
//! ## Why the phone stops
//! TFTP servers on Linux compare names byte for byte. Firmware lists of Cisco's 8.2 and
//! 8.3 loads name `Jar70sccp…` where the archive holds `jar70sccp…`: Windows servers
//! deliver it, Linux servers do not.
//!
//! ## How to fix it
//! 1. Add a copy or a link with the exact spelling that the phone asks for.
//! 2. Or let the server map names: a map file with tftpd-hpa (`-m`), or
//!    `--tftp-lowercase` with dnsmasq where all names are in lower case.
//!
//! ## When it may be wrong
//! The delivered file may come from another server than the one that was asked; then the
//! spelling is right and the file is simply on the wrong machine.
//!
//! ## References
//! RFC 1350 §5 leaves the meaning of file names to the server; Cisco's 8.2(2) and
//! 8.3(3) load lists, as reported by their users.

use crate::finding::{Finding, Severity};
use crate::rules::Context;
use crate::rules::context::TransferVerdict;
use crate::session::Boot;
use crate::session::transfer::Transfer;

use super::loss;

pub(in crate::rules) fn check(boot: &Boot, context: &Context<'_>) -> Vec<Finding> {
    context
        .reads(boot)
        .filter(|(transfer, verdict)| {
            *verdict == TransferVerdict::NotFound && !context.arrived(boot, &transfer.file_name())
        })
        .filter_map(|(transfer, _)| {
            Some(mismatch(boot, context, transfer, &twin(context, transfer)?))
        })
        .collect()
}

/// The spelling under which some server of the run delivered this file; `None` when
/// that is the same, or when there is none.
pub(super) fn twin(context: &Context<'_>, transfer: &Transfer) -> Option<String> {
    let asked = transfer.file_name();
    context
        .delivered
        .get(&asked.to_ascii_lowercase())
        .filter(|known| **known != asked)
        .cloned()
}

fn mismatch(boot: &Boot, context: &Context<'_>, transfer: &Transfer, known: &str) -> Finding {
    let name = transfer.file_name();
    let severity = loss::severity(boot, context, transfer).max(Severity::Warning);
    let finding = Finding::new(
        "file-name-case-mismatch",
        severity,
        format!("\"{name}\" is missing, yet the server has \"{known}\""),
    )
    .detail(format!(
        "The phone asked {} {}. The two names differ only in upper and lower case.",
        transfer.server,
        loss::times(transfer.requests)
    ))
    .about(loss::about(transfer));
    loss::with_frames(finding, transfer).remedy(format!(
        "Add a copy or a link named {name}, beside {known}, on {}.",
        transfer.server
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::Case;
    use crate::session::testing::BootBuilder;
    use crate::session::transfer::Status;

    fn boot() -> BootBuilder {
        BootBuilder::new()
            .tftp("term70.default.loads", Status::Complete)
            .tftp("Jar70sccp.8-2-2.sbn", Status::NotFound)
    }

    #[test]
    fn names_both_spellings() {
        let case = Case::new("cisco-79x1", boot()).delivered("jar70sccp.8-2-2.sbn");
        let findings = case.check(check);
        assert_eq!(
            findings[0].title,
            "\"Jar70sccp.8-2-2.sbn\" is missing, yet the server has \"jar70sccp.8-2-2.sbn\""
        );
        assert_eq!(findings[0].severity, Severity::Error);
    }

    #[test]
    fn another_file_is_no_twin() {
        let case = Case::new("cisco-79x1", boot()).delivered("jar70sccp.8-3-3.sbn");
        assert!(case.check(check).is_empty());
    }
}
