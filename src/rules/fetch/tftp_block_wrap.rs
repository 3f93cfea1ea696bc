//! The block numbers of a TFTP transfer pass 65,535.
//!
//! ## What it sees
//! A read with more blocks than sixteen bits can number.
//!
//! ## Why the phone stops
//! What follows block 65,535 is laid down nowhere: some servers go on with 0, some with 1,
//! some clients stop, and old loaders take the block for an old one and wait for ever. With
//! 512-byte blocks this happens after 32 MiB.
//!
//! ## How to fix it
//! 1. Let phone and server agree on larger blocks: 1468 bytes hold 96 MB.
//! 2. Serve large images by HTTP.
//! 3. A file that should be small is the wrong one: see what stands under its name.
//!
//! ## When it may be wrong
//! When the transfer ends well both sides count alike, and this is a note.
//!
//! ## References
//! RFC 1350 §5 (16-bit block numbers); RFC 2348 (block size); RFC 7440 §4 on wrapping.

use crate::finding::{Finding, Severity};
use crate::rules::Context;
use crate::rules::context::TransferVerdict;
use crate::session::Boot;
use crate::session::transfer::Transfer;

use super::loss;

pub(in crate::rules) fn check(boot: &Boot, context: &Context<'_>) -> Vec<Finding> {
    context
        .reads(boot)
        .filter(|(transfer, _)| transfer.wrapped)
        .map(|(transfer, verdict)| wraps(boot, context, transfer, verdict))
        .collect()
}

fn wraps(
    boot: &Boot,
    context: &Context<'_>,
    transfer: &Transfer,
    verdict: TransferVerdict,
) -> Finding {
    let name = loss::shown(transfer);
    let whole = verdict.is_delivered();
    let severity = match verdict {
        _ if whole => Severity::Note,
        TransferVerdict::Unknown => Severity::Note,
        _ => loss::severity(boot, context, transfer).max(Severity::Warning),
    };
    let block_size = transfer.block_size.unwrap_or(512);
    let end = if whole {
        "It arrived whole: server and phone go on with the same number."
    } else {
        "It did not arrive whole: server and phone may go on with different numbers."
    };
    Finding::new(
        "tftp-block-wrap",
        severity,
        format!("\"{name}\" has more blocks than TFTP can number"),
    )
    .detail(format!(
        "{} blocks of {block_size} bytes went by; block numbers end at 65,535. {end}",
        transfer.blocks
    ))
    .about(loss::about(transfer))
    .evidence(transfer.first, format!("request for {name}"))
    .evidence(transfer.last, format!("block {} counted on", transfer.blocks))
    .remedy(format!(
        "Let the server on {} accept a larger block size than {block_size}, or serve {name} by HTTP.",
        transfer.server
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::Case;
    use crate::session::testing::BootBuilder;
    use crate::session::transfer::Status;
    use phoneboot_parsers::Protocol;

    fn findings(status: Status, blocks: u64) -> Vec<Finding> {
        let file = "rootfs88xx.BE-01-010.sbn";
        let boot = BootBuilder::new().transfer(Protocol::Tftp, file, status, |transfer| {
            transfer.blocks = blocks;
            transfer.wrapped = blocks > 65_535;
        });
        Case::new("cisco-78xx-88xx", boot).check(check)
    }

    #[test]
    fn a_transfer_that_ends_well_is_a_note() {
        assert_eq!(
            findings(Status::Complete, 70_000)[0].severity,
            Severity::Note
        );
    }

    #[test]
    fn one_that_stops_beyond_the_last_number_is_more() {
        assert!(findings(Status::Running, 65_540)[0].severity > Severity::Note);
    }

    #[test]
    fn the_last_number_itself_is_no_wrap() {
        assert!(findings(Status::Complete, 65_535).is_empty());
    }
}
