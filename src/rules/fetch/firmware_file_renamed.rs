//! A signed firmware file was delivered under another name than it was signed for.
//!
//! ## What it sees
//! The header of Cisco's signed files tells for which file name the signature was made.
//! Here it names another file than the one that was asked for and delivered.
//!
//! ## Why the phone stops
//! The name is part of what is signed: the phone refuses the file, whatever is in it.
//! Renaming a load to the name that a phone asks for does not help, and hides the
//! missing one.
//!
//! ## How to fix it
//! 1. Put the file back under the name that it was signed for.
//! 2. Serve the file that was really meant for the requested name.
//! 3. A server that maps names by rules may map this one wrongly.
//!
//! ## When it may be wrong
//! Only letters' case may differ: that is not reported. Files whose header the capture
//! does not hold whole are passed over.
//!
//! ## References
//! Tag 0x0e of the container: equal to the file's own name in all 127 signed files of
//! `dkgroot/provision_sccp`.

use crate::finding::{Finding, Severity};
use crate::profiles::Role;
use crate::rules::Context;
use crate::session::Boot;
use crate::session::transfer::Transfer;

use super::loss;

pub(in crate::rules) fn check(boot: &Boot, context: &Context<'_>) -> Vec<Finding> {
    let mut renamings: Vec<(&Transfer, String)> = Vec::new();
    for (transfer, verdict) in context.reads(boot) {
        let manifest = transfer.manifest.as_deref();
        let signed_for = manifest.and_then(|manifest| manifest.signed_for.as_ref());
        let Some(signed_for) = signed_for.map(ToString::to_string) else {
            continue;
        };
        let is_renamed = !signed_for.eq_ignore_ascii_case(&transfer.file_name());
        if verdict.is_delivered() && is_firmware(context, transfer) && is_renamed {
            // Of a file that was fetched again, the last time counts.
            renamings.retain(|(other, _)| {
                other.file != transfer.file || other.server != transfer.server
            });
            renamings.push((transfer, signed_for));
        }
    }
    renamings
        .iter()
        .map(|(transfer, signed_for)| renamed(boot, context, transfer, signed_for))
        .collect()
}

/// Trust lists and configurations are in such containers too, and named by the phone.
fn is_firmware(context: &Context<'_>, transfer: &Transfer) -> bool {
    let by_profile = context.file(transfer).is_some_and(|file| {
        matches!(
            file.role(),
            Role::Firmware | Role::FirmwareList | Role::Recovery
        )
    });
    let name = transfer.file_name();
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    by_profile
        || ["loads", "sbn"]
            .iter()
            .any(|known| extension.eq_ignore_ascii_case(known))
}

fn renamed(boot: &Boot, context: &Context<'_>, transfer: &Transfer, signed_for: &str) -> Finding {
    let name = loss::shown(transfer);
    let severity = if context.is_stuck_after(boot, transfer.last) {
        Severity::Error
    } else {
        Severity::Warning
    };
    Finding::new(
        "firmware-file-renamed",
        severity,
        format!("\"{name}\" is really \"{signed_for}\", renamed"),
    )
    .detail(format!(
        "{} delivered {name}, {} bytes; the signature in it is for {signed_for}. The phone \
         compares the two and refuses the file.",
        transfer.server, transfer.bytes
    ))
    .about(loss::about(transfer))
    .evidence(transfer.first, format!("request for {name}"))
    .evidence(transfer.last, format!("complete, signed for {signed_for}"))
    .remedy(format!(
        "On {}, name the file {signed_for} again, and put the real {name} of the archive there.",
        transfer.server
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::fetch::testing::signed;
    use crate::rules::testing::Case;
    use crate::session::testing::BootBuilder;

    fn findings(asked: &str, signed_for: &str) -> Vec<Finding> {
        let boot = signed(BootBuilder::new(), asked, signed_for);
        Case::new("cisco-79x1", boot).check(check)
    }

    #[test]
    fn says_what_the_file_really_is() {
        let findings = findings("term70.default.loads", "SCCP70.9-4-2SR3-1S.loads");
        assert_eq!(
            findings[0].title,
            "\"term70.default.loads\" is really \"SCCP70.9-4-2SR3-1S.loads\", renamed"
        );
        assert_eq!(findings[0].severity, Severity::Error);
    }

    #[test]
    fn a_file_that_is_fetched_again_is_told_once() {
        let (asked, signed_for) = ("term70.default.loads", "SCCP70.9-4-2SR3-1S.loads");
        let boot = signed(BootBuilder::new(), asked, signed_for);
        let boot = signed(boot.after_secs(20), asked, signed_for);
        let boot = signed(boot.after_secs(20), asked, signed_for);
        let case = Case::new("cisco-79x1", boot).ends_after_secs(1);
        let findings = case.check(check);
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].severity, Severity::Error);
    }

    #[test]
    fn its_own_name_in_any_case_is_right() {
        assert!(findings("Jar70sccp.sbn", "jar70sccp.sbn").is_empty());
        assert!(findings("CTLSEP001AA17BE638.tlv", "CTLFile.tlv").is_empty());
    }
}
