//! A TFTP transfer is ended because the file is too large.
//!
//! ## What it sees
//! The phone, or the server, ends a read with error 3 or with words that speak of size
//! ("File too large", "TFTP size error"). Or a transfer stops where 16-bit block numbers
//! end: the size is more than the block size times 65,535.
//!
//! ## Why the phone stops
//! A recovery loader compares the image with the room it has and refuses what does not
//! fit. Mostly the image is an ordinary upgrade file, or one for several models, renamed
//! to the name that the loader asks for. A client without block number wrap cannot get
//! more than 65,535 blocks: 32 MiB with 512-byte blocks, 96 MB with 1,468.
//!
//! ## How to fix it
//! 1. Use the recovery image that the maker publishes for exactly this model; do not
//!    rename an upgrade file.
//! 2. Where the loader asks for parts as well (`.bin`, `.rfs`), provide those of one
//!    package.
//! 3. When block numbers are the limit: let the server agree to a larger block size, or
//!    serve the file by HTTP, or update from USB.
//!
//! ## When it may be wrong
//! Error 0 or 8 from the phone right after the server's OACK is a question for the size,
//! not a refusal, and is not counted.
//!
//! ## References
//! RFC 1350 appendix I (error 3: disk full or allocation exceeded); RFC 2348 (block size);
//! RFC 2349 (transfer size); U-Boot's `net/tftp.c` (its text "File too large").

use phoneboot_parsers::Protocol;

use crate::finding::{Confidence, Finding, Severity};
use crate::profiles::Role;
use crate::rules::Context;
use crate::rules::context::TransferVerdict;
use crate::session::Boot;
use crate::session::transfer::Transfer;

use super::loss;

/// Block numbers are 16 bits wide; this many blocks need no wrap.
const MAX_BLOCKS: u64 = 65_535;

pub(in crate::rules) fn check(boot: &Boot, context: &Context<'_>) -> Vec<Finding> {
    context
        .reads(boot)
        .filter(|(transfer, verdict)| {
            transfer.protocol == Protocol::Tftp
                && !context.arrived(boot, &transfer.file_name())
                && (speaks_of_size(transfer) || ends_with_block_numbers(transfer, *verdict))
        })
        .map(|(transfer, _)| too_large(boot, context, transfer))
        .collect()
}

/// Whether the error that ended the transfer speaks of size.
pub(super) fn speaks_of_size(transfer: &Transfer) -> bool {
    transfer.error.as_ref().is_some_and(|error| {
        let words = error.message.to_string().to_ascii_lowercase();
        error.code == 3
            || words.contains("too large")
            || words.contains("too big")
            || words.contains("size error")
            || words.contains("exceeds")
    })
}

/// Whether the transfer stopped for want of block numbers.
fn ends_with_block_numbers(transfer: &Transfer, verdict: TransferVerdict) -> bool {
    matches!(
        verdict,
        TransferVerdict::Stalled | TransferVerdict::AbortedByPhone | TransferVerdict::Refused
    ) && transfer.blocks + 2 >= MAX_BLOCKS
}

/// The most bytes that fit without block number wrap.
fn limit_bytes(transfer: &Transfer) -> Option<u64> {
    Some(u64::from(transfer.block_size?) * MAX_BLOCKS)
}

fn too_large(boot: &Boot, context: &Context<'_>, transfer: &Transfer) -> Finding {
    let name = loss::shown(transfer);
    let by_phone = transfer.error.as_ref().is_none_or(|error| error.from_phone);
    let who = if by_phone { "the phone" } else { "the server" };
    let title = format!("{who} ends the transfer of \"{name}\": too large");
    let is_recovery = context
        .file(transfer)
        .is_some_and(|file| matches!(file.role(), Role::Recovery | Role::Firmware));
    let severity = match loss::severity(boot, context, transfer) {
        Severity::Note if !boot.is_registered() && is_recovery => Severity::Error,
        Severity::Warning if boot.last_effort() <= transfer.last => Severity::Error,
        severity => severity.max(Severity::Warning),
    };
    let mut finding = Finding::new("tftp-file-too-large", severity, title)
        .detail(detail(transfer, who))
        .about(loss::about(transfer));
    if transfer.error.is_none() {
        finding = finding
            .confidence(Confidence::Likely)
            .evidence(transfer.last, "the last block");
    }
    finding = loss::with_frames(finding, transfer);
    if is_recovery {
        finding = finding.remedy(format!(
            "Replace {name} by the recovery image that the maker publishes for exactly this \
             model{}; an upgrade file, or one for several models, does not fit under this name.",
            context
                .model
                .map_or(String::new(), |model| format!(" ({model})"))
        ));
    } else {
        finding = finding.remedy(format!(
            "Make {name} smaller, or check what stands under this name."
        ));
    }
    if passes_limit(transfer) {
        finding = finding.remedy(
            "Let the server accept a larger block size (tftpd-hpa does by default, up to \
             `--blocksize`), or serve the file by HTTP.",
        );
    } else {
        finding = finding.remedy(
            "Should no image fit, update over HTTP, or from USB where the phone has a port.",
        );
    }
    finding
}

/// Whether size, known or seen, is more than block numbers allow.
fn passes_limit(transfer: &Transfer) -> bool {
    let size = transfer.expected_bytes.unwrap_or(transfer.bytes);
    limit_bytes(transfer).is_some_and(|limit| size > limit) || transfer.blocks + 2 >= MAX_BLOCKS
}

fn detail(transfer: &Transfer, who: &str) -> String {
    let said = match &transfer.error {
        Some(error) => format!("{who} said error {}, \"{}\"", error.code, error.message),
        None => "the transfer stopped without a word".to_owned(),
    };
    let size = match (transfer.expected_bytes, transfer.bytes) {
        (Some(size), _) => format!("; the server had announced {size} bytes"),
        (None, 0) => "; no size was announced and no block had been acknowledged".to_owned(),
        (None, bytes) => format!(" after {bytes} bytes"),
    };
    format!("{}{size}.{}", capitalized(&said), arithmetic(transfer))
}

/// What the block size allows, and whether that is what stops the transfer.
fn arithmetic(transfer: &Transfer) -> String {
    let (Some(block_size), Some(limit)) = (transfer.block_size, limit_bytes(transfer)) else {
        return String::new();
    };
    let judged = if passes_limit(transfer) {
        "less than the file needs."
    } else {
        "so block numbers are not what stops it: the loader has less room than the file needs."
    };
    format!(" With {block_size}-byte blocks, 65,535 blocks hold {limit} bytes, {judged}")
}

fn capitalized(text: &str) -> String {
    let mut letters = text.chars();
    letters
        .next()
        .map(|first| first.to_uppercase().chain(letters).collect())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::Case;
    use crate::session::testing::BootBuilder;
    use crate::session::transfer::Status;

    #[test]
    fn a_loader_that_refuses_for_size_is_an_error() {
        let boot = BootBuilder::new().transfer(
            Protocol::Tftp,
            "T48S.rom",
            Status::AbortedByPhone,
            |transfer| transfer.block_size = Some(1468),
        );
        let findings = Case::new("yealink-t4x", boot).model("T48S").check(check);
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].severity, Severity::Error);
        assert!(
            findings[0]
                .detail
                .contains("65,535 blocks hold 96205380 bytes"),
            "{}",
            findings[0].detail
        );
        assert!(findings[0].remedy[0].contains("(T48S)"));
    }

    #[test]
    fn a_question_for_the_size_is_no_refusal() {
        let boot = BootBuilder::new().transfer(
            Protocol::Tftp,
            "T48S.rom",
            Status::AbortedByPhone,
            |transfer| {
                let error = transfer.error.as_mut().unwrap();
                error.code = 0;
                error.message = "Transfer aborted".into();
            },
        );
        assert!(Case::new("yealink-t4x", boot).check(check).is_empty());
    }

    #[test]
    fn a_transfer_that_stops_at_the_last_block_number_is_too_large() {
        let boot = BootBuilder::new().transfer(
            Protocol::Tftp,
            "rootfs88xx.sbn",
            Status::Running,
            |transfer| {
                transfer.blocks = 65_535;
                transfer.bytes = 65_535 * 512;
            },
        );
        let findings = Case::new("cisco-79x1", boot).check(check);
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].confidence, Confidence::Likely);
        assert!(findings[0].remedy[1].contains("block size"));
    }
}
