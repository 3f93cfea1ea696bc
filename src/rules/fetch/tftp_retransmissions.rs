//! So many blocks of a TFTP transfer were sent again that it suffered.
//!
//! ## What it sees
//! Blocks that came more than once within one read, a hundredth of them or more.
//!
//! ## Why the phone stops
//! TFTP waits for each block's acknowledgement; each loss costs a second or more. Losses
//! of this rate come from a duplex mismatch, a bad cable, a full link or an overloaded
//! server. A loader with little patience gives up.
//!
//! ## How to fix it
//! 1. Look at the errors of the switch port: `show interfaces counters errors`.
//! 2. Set speed and duplex to automatic on both sides.
//! 3. When every block comes twice, client and server repeat each other's repeats:
//!    replace a server that answers doubled acknowledgements.
//!
//! ## When it may be wrong
//! A mirror port that copies both directions of two ports shows each frame twice; such
//! copies within milliseconds are not counted here.
//!
//! ## References
//! RFC 1350 §2 (lock step); RFC 1123 §4.2.3.1 (the Sorcerer's Apprentice Syndrome).

use phoneboot_parsers::Protocol;

use crate::finding::{Finding, Severity};
use crate::rules::Context;
use crate::session::Boot;
use crate::session::transfer::Transfer;

use super::loss;

/// Fewer repeats than this are chance.
const MIN_REPEATS: u64 = 3;
/// One repeat in this many blocks is worth a note.
const NOTED_ONE_IN: u64 = 100;
/// From this many repeats on, of at least one block in [`WARNED_ONE_IN`], the boot is
/// slow enough to be felt.
const MIN_WARNED: u64 = 10;
/// See [`MIN_WARNED`].
const WARNED_ONE_IN: u64 = 20;

pub(in crate::rules) fn check(boot: &Boot, context: &Context<'_>) -> Vec<Finding> {
    context
        .reads(boot)
        .map(|(transfer, _)| transfer)
        .filter(|transfer| {
            transfer.protocol == Protocol::Tftp
                && transfer.retransmissions >= MIN_REPEATS
                && transfer.retransmissions * NOTED_ONE_IN >= transfer.blocks
        })
        .map(repeated)
        .collect()
}

fn repeated(transfer: &Transfer) -> Finding {
    let name = loss::shown(transfer);
    let (repeats, blocks) = (transfer.retransmissions, transfer.blocks);
    let severity = if repeats >= MIN_WARNED && repeats * WARNED_ONE_IN >= blocks {
        Severity::Warning
    } else {
        Severity::Note
    };
    let took_secs = transfer.last.time.secs_since(transfer.first.time).max(0.0);
    // Nearly all of them twice.
    let each_twice = blocks >= MIN_WARNED && repeats * 10 >= blocks * 9;
    let finding = Finding::new(
        "tftp-retransmissions",
        severity,
        format!("{repeats} of the {blocks} blocks of \"{name}\" were sent again"),
    )
    .detail(format!(
        "The transfer took {took_secs:.1} s. {}",
        if each_twice {
            "Nearly every block came twice: server and phone answer each other's repeats."
        } else {
            "Blocks or their acknowledgements get lost between server and phone, or the phone \
             does not take them."
        }
    ))
    .about(loss::about(transfer))
    .evidence(transfer.first, format!("request for {name}"))
    .evidence(transfer.last, "the transfer's last frame");
    if each_twice {
        finding.remedy(format!(
            "Replace or update the TFTP server on {}: it answers doubled acknowledgements.",
            transfer.server
        ))
    } else {
        finding
            .remedy("See the error counters of the phone's switch port, and set speed and duplex to automatic on both sides.")
            .remedy("Try another cable and another port.")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::Case;
    use crate::session::testing::BootBuilder;
    use crate::session::transfer::Status;

    fn findings(retransmissions: u64, blocks: u64) -> Vec<Finding> {
        let boot = BootBuilder::new().transfer(
            Protocol::Tftp,
            "apps70.9-4-2ES26.sbn",
            Status::Complete,
            |transfer| {
                transfer.retransmissions = retransmissions;
                transfer.blocks = blocks;
            },
        );
        Case::new("cisco-79x1", boot).check(check)
    }

    #[test]
    fn judges_by_number_and_share() {
        for (repeats, blocks, severity) in [
            (2, 10, None),
            (3, 301, None),
            (3, 300, Some(Severity::Note)),
            (10, 201, Some(Severity::Note)),
            (10, 200, Some(Severity::Warning)),
        ] {
            let found = findings(repeats, blocks).first().map(|f| f.severity);
            assert_eq!(found, severity, "{repeats} of {blocks}");
        }
    }

    #[test]
    fn knows_the_sorcerers_apprentice() {
        assert!(findings(95, 100)[0].remedy[0].contains("doubled"));
        assert!(!findings(50, 100)[0].remedy[0].contains("doubled"));
    }
}
