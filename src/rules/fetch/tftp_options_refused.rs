//! The server refuses the options of a TFTP request, and the phone does not try without.
//!
//! ## What it sees
//! The server answers a read with error 8. No request without options follows that
//! brings the file.
//!
//! ## Why the phone stops
//! A server that does not know an option should ignore it; one that answers error 8 ends
//! the request. Most clients then ask again without options. A loader that does not has no
//! way to this file.
//!
//! ## How to fix it
//! 1. Let the server accept the options, or ignore them: tftpd-hpa refuses those named by
//!    `--refuse`, dnsmasq those that `tftp-no-blocksize` forbids.
//! 2. Replace a server that knows only RFC 1350 badly.
//!
//! ## When it may be wrong
//! Error 8 from the phone is a size probe, and is not meant here. A file that comes
//! after all, by whatever way, is not reported.
//!
//! ## References
//! RFC 2347 (option negotiation, error 8); RFC 2348 (block size); RFC 2349 (timeout, size).

use std::collections::BTreeMap;
use std::net::IpAddr;

use phoneboot_parsers::Protocol;

use crate::finding::{Finding, Severity};
use crate::rules::Context;
use crate::rules::context::TransferVerdict;
use crate::session::Boot;
use crate::session::transfer::Transfer;

use super::loss;

/// RFC 2347: the options were not accepted.
const OPTIONS_REFUSED: u32 = 8;

pub(in crate::rules) fn check(boot: &Boot, context: &Context<'_>) -> Vec<Finding> {
    // A server that refuses options refuses those of every file.
    let mut by_server: BTreeMap<IpAddr, Vec<&Transfer>> = BTreeMap::new();
    for (transfer, verdict) in context.reads(boot) {
        if verdict == TransferVerdict::Refused
            && is_about_options(transfer)
            && !context.arrived(boot, &transfer.file_name())
        {
            by_server.entry(transfer.server).or_default().push(transfer);
        }
    }
    by_server
        .values()
        .filter_map(|transfers| refused(boot, context, transfers))
        .collect()
}

/// Whether the server ended the transfer for its options.
pub(super) fn is_about_options(transfer: &Transfer) -> bool {
    transfer.protocol == Protocol::Tftp
        && transfer
            .error
            .as_ref()
            .is_some_and(|error| !error.from_phone && error.code == OPTIONS_REFUSED)
}

fn refused(boot: &Boot, context: &Context<'_>, transfers: &[&Transfer]) -> Option<Finding> {
    let first = *transfers.first()?;
    let names: Vec<String> = transfers.iter().map(|one| loss::shown(one)).collect();
    let names = names.join(", ");
    let severity = if loss::stop_the_phone(boot, context, transfers) {
        Severity::Error
    } else {
        let each = transfers.iter();
        each.map(|transfer| loss::severity(boot, context, transfer))
            .max()?
    };
    let options: Vec<String> = first
        .options_asked
        .iter()
        .map(|(option, value)| format!("{option} {value}"))
        .collect();
    let options = options.join(", ");
    let finding = Finding::new(
        "tftp-options-refused",
        severity,
        format!("{} refuses TFTP options: {options}", first.server),
    )
    .detail(format!(
        "The phone asked for {names} with {options}; the server answered error 8, and the phone \
         did not ask without them."
    ))
    .about(loss::about(first));
    let finding = transfers.iter().fold(finding, |finding, transfer| {
        loss::with_frames(finding, transfer)
    });
    Some(
        finding
            .remedy(format!(
                "Let the TFTP server on {} accept these options, or ignore what it does not know \
                 (tftpd-hpa: drop `--refuse`; dnsmasq: drop `tftp-no-blocksize`).",
                first.server
            ))
            .remedy("Or serve the files with another TFTP server, or by HTTP where the phone can."),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::Case;
    use crate::session::testing::BootBuilder;
    use crate::session::transfer::Status;

    fn boot(from_phone: bool) -> BootBuilder {
        let status = if from_phone {
            Status::AbortedByPhone
        } else {
            Status::Refused
        };
        BootBuilder::new().transfer(Protocol::Tftp, "T48S.rom", status, |transfer| {
            transfer.options_asked = vec![("blksize".into(), "1468".into())];
            let error = transfer.error.as_mut().unwrap();
            error.code = OPTIONS_REFUSED;
            error.from_phone = from_phone;
        })
    }

    #[test]
    fn a_loader_that_does_not_ask_again_is_stuck() {
        let findings = Case::new("yealink-t4x", boot(false)).check(check);
        assert_eq!(findings[0].severity, Severity::Error);
        assert_eq!(
            findings[0].title,
            "192.0.2.10 refuses TFTP options: blksize 1468"
        );
    }

    #[test]
    fn a_phone_that_gets_nothing_at_all_is_stuck_whatever_the_file_is_for() {
        let boot = || {
            let refused = Status::Refused;
            BootBuilder::new().transfer(Protocol::Tftp, "cfg000b822726c8", refused, |transfer| {
                transfer.error.as_mut().unwrap().code = OPTIONS_REFUSED;
            })
        };
        let severity = |boot| Case::new("grandstream", boot).check(check)[0].severity;
        assert_eq!(severity(boot()), Severity::Error);
        let other = boot().tftp("gxp2000e.bin", Status::Complete);
        assert_eq!(severity(other), Severity::Note);
    }

    #[test]
    fn a_retry_that_works_and_a_probe_are_silent() {
        let retried = boot(false).tftp("T48S.rom", Status::Complete);
        assert!(Case::new("yealink-t4x", retried).check(check).is_empty());
        assert!(Case::new("yealink-t4x", boot(true)).check(check).is_empty());
    }
}
