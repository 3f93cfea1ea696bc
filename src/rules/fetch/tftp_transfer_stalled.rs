//! A TFTP transfer began and stopped before its last block.
//!
//! ## What it sees
//! Blocks, or the server's OACK, were seen, then nothing for ten seconds, or the phone
//! went on or started over, and no block shorter than the block size came.
//!
//! ## Why the phone stops
//! A file that lacks its end is thrown away. An image that does not arrive whole is not
//! written, and the phone asks for it again or stays as it is.
//!
//! ## How to fix it
//! 1. When the server repeats a block and the phone does not acknowledge it, look at the way
//!    to the phone: duplex, cable, a switch port that drops, a firewall that forgets the
//!    flow, blocks larger than the smallest MTU on the way.
//! 2. When the server falls silent, look at its log and disk.
//! 3. When the phone loses power in the middle (CDP or LLDP begin anew), use its power
//!    supply for the update.
//!
//! ## When it may be wrong
//! A phone that has the image already may look at its header and leave without a word; for
//! files where that is known the rule is silent. A capture that lost frames shows gaps that
//! the phone never saw.
//!
//! ## References
//! RFC 1350 §6 (normal end) and §7 (premature end).

use phoneboot_parsers::Protocol;

use crate::finding::{Confidence, Finding, Severity};
use crate::rules::Context;
use crate::rules::context::TransferVerdict;
use crate::session::Boot;
use crate::session::transfer::Transfer;

use super::loss;
use super::tftp_file_too_large::speaks_of_size;

/// Blocks beyond this count stop for want of numbers; that is another rule's.
const MAX_BLOCKS: u64 = 65_533;

pub(in crate::rules) fn check(boot: &Boot, context: &Context<'_>) -> Vec<Finding> {
    context
        .reads(boot)
        .filter(|(transfer, verdict)| {
            transfer.protocol == Protocol::Tftp
                && *verdict == TransferVerdict::Stalled
                && transfer.blocks < MAX_BLOCKS
                && !speaks_of_size(transfer)
                && !context.arrived(boot, &transfer.file_name())
        })
        .map(|(transfer, _)| stalled(boot, context, transfer))
        .collect()
}

fn stalled(boot: &Boot, context: &Context<'_>, transfer: &Transfer) -> Finding {
    let name = loss::shown(transfer);
    // A phone that does nothing after its transfer broke off has stopped there.
    let went_on = boot.last_effort() > transfer.last;
    let severity = match loss::severity(boot, context, transfer) {
        Severity::Warning if !went_on => Severity::Error,
        severity => severity,
    };
    let of = transfer
        .expected_bytes
        .map_or(String::new(), |size| format!(" of {size}"));
    let repeats = if transfer.retransmissions > 0 {
        format!(
            " The server sent blocks again {}: the phone did not acknowledge them.",
            loss::times(transfer.retransmissions)
        )
    } else {
        String::new()
    };
    Finding::new(
        "tftp-transfer-stalled",
        severity,
        format!(
            "the transfer of \"{name}\" stops after {} blocks",
            transfer.blocks
        ),
    )
    .confidence(if transfer.retransmissions > 0 {
        Confidence::Certain
    } else {
        Confidence::Likely
    })
    .detail(format!(
        "{} bytes{of} arrived from {}, then nothing more.{repeats}",
        transfer.bytes, transfer.server
    ))
    .about(loss::about(transfer))
    .evidence(transfer.last_request, format!("request for {name}"))
    .evidence(transfer.last, "the transfer's last frame")
    .remedy(
        "Look at the way between server and phone: duplex and errors on the switch port, \
         a firewall that forgets UDP flows, blocks larger than the smallest MTU.",
    )
    .remedy(format!(
        "Look at the log and the disk of {}.",
        transfer.server
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::Case;
    use crate::session::testing::BootBuilder;
    use crate::session::transfer::Status;

    #[test]
    fn an_image_that_stops_is_an_error() {
        let boot = BootBuilder::new().transfer(
            Protocol::Tftp,
            "cnu70.8-3-3ES2.sbn",
            Status::Running,
            |transfer| {
                transfer.retransmissions = 5;
                transfer.blocks = 40;
            },
        );
        let findings = Case::new("cisco-79x1", boot).check(check);
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].severity, Severity::Error);
        assert!(findings[0].detail.contains("5 times"));
    }

    #[test]
    fn a_transfer_that_the_capture_leaves_in_its_middle_is_none() {
        let boot = BootBuilder::new().tftp("cnu70.8-3-3ES2.sbn", Status::Running);
        let case = Case::new("cisco-79x1", boot).ends_after_secs(1);
        assert!(case.check(check).is_empty());
    }

    #[test]
    fn repeated_blocks_of_a_whole_file_are_none() {
        let boot = BootBuilder::new().transfer(
            Protocol::Tftp,
            "cnu70.8-3-3ES2.sbn",
            Status::Complete,
            |transfer| transfer.retransmissions = 5,
        );
        assert!(Case::new("cisco-79x1", boot).check(check).is_empty());
    }
}
