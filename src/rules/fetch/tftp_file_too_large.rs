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
    let mut groups: Vec<Vec<&Transfer>> = Vec::new();
    for (transfer, verdict) in context.reads(boot) {
        let is_too_large = speaks_of_size(transfer) || ends_with_block_numbers(transfer, verdict);
        if transfer.protocol != Protocol::Tftp
            || context.arrived(boot, &transfer.file_name())
            || !is_too_large
        {
            continue;
        }
        let known = groups.iter_mut().find(|group| {
            let first = group.first();
            first.is_some_and(|first| is_same_fault(first, transfer, context))
        });
        match known {
            Some(group) => group.push(transfer),
            None => groups.push(vec![transfer]),
        }
    }
    let found = groups.iter().filter_map(|group| {
        let (first, others) = group.split_first()?;
        Some(too_large(boot, context, first, others))
    });
    found.collect()
}

/// Whether one of the two stands in for the other, and the same side ends both.
fn is_same_fault(one: &Transfer, other: &Transfer, context: &Context<'_>) -> bool {
    let chain = |transfer: &Transfer| Some(&context.file(transfer)?.chain?.name);
    let ended_by = |transfer: &Transfer| transfer.error.as_ref().map(|error| error.from_phone);
    one.server == other.server
        && chain(one).is_some()
        && chain(one) == chain(other)
        && ended_by(one) == ended_by(other)
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

fn too_large(
    boot: &Boot,
    context: &Context<'_>,
    transfer: &Transfer,
    others: &[&Transfer],
) -> Finding {
    let names: Vec<String> = std::iter::once(transfer)
        .chain(others.iter().copied())
        .map(|transfer| format!("\"{}\"", loss::shown(transfer)))
        .collect();
    let role = context.file(transfer).map(|file| file.role());
    let is_image = matches!(role, Some(Role::Recovery | Role::Firmware));
    let severity = |transfer: &Transfer| match loss::severity(boot, context, transfer) {
        Severity::Note if !boot.is_registered() && is_image => Severity::Error,
        Severity::Warning if boot.last_effort() <= transfer.last => Severity::Error,
        severity => severity.max(Severity::Warning),
    };
    let worst = others
        .iter()
        .map(|other| severity(other))
        .fold(severity(transfer), Severity::max);
    let title = title(transfer, &names.join(" and "));
    let mut finding = Finding::new("tftp-file-too-large", worst, title)
        .detail(detail(transfer))
        .about(loss::about(transfer));
    if transfer.error.is_none() {
        finding = finding
            .confidence(Confidence::Likely)
            .evidence(transfer.last, "the last block");
    }
    finding = loss::with_frames(finding, transfer);
    for other in others {
        finding = loss::with_frames(finding, other);
    }
    let larger_blocks = "Let the server accept a larger block size (tftpd-hpa does by default, up \
                         to `--blocksize`), or serve the file by HTTP.";
    let names = names.join(" and ").replace('"', "");
    match role {
        Some(Role::Recovery) => {
            let model = context.model.map(|model| format!(" ({model})"));
            finding = finding.remedy(format!(
                "Replace {names} by the recovery image that the maker publishes for exactly this \
                 model{}; an upgrade file, or one for several models, does not fit under this name.",
                model.unwrap_or_default()
            ));
            if passes_limit(transfer) {
                finding = finding.remedy(larger_blocks);
            }
        }
        // What the phone runs in the end is that large for good reason.
        Some(Role::Firmware) if passes_limit(transfer) => {
            let is_cisco = context.profile.is_some_and(|known| known.vendor == "Cisco");
            let port = if is_cisco {
                ", on a Cisco port 6970"
            } else {
                ""
            };
            return finding
                .remedy(format!(
                    "Serve {names} by HTTP where the phone can fetch it so{port}: block numbers do \
                     not count there."
                ))
                .remedy(
                    "Or let the server accept a larger block size, where the phone asks for one \
                     (tftpd-hpa does by default, up to `--blocksize`), or go on counting after \
                     block 65,535.",
                );
        }
        _ => {
            finding = finding.remedy(format!(
                "Make {names} smaller, or check what stands under this name."
            ));
            if passes_limit(transfer) {
                finding = finding.remedy(larger_blocks);
            }
        }
    }
    if passes_limit(transfer) {
        finding
    } else {
        finding.remedy(
            "Should no image fit, update over HTTP, or from USB where the phone has a port.",
        )
    }
}

/// Who ends the transfer, where anybody says so.
fn title(transfer: &Transfer, names: &str) -> String {
    match &transfer.error {
        Some(_) => format!("{} ends the transfer of {names}: too large", who(transfer)),
        None => format!("the transfer of {names} stops at block 65,535: too large"),
    }
}

fn who(transfer: &Transfer) -> &'static str {
    match &transfer.error {
        Some(error) if !error.from_phone => "the server",
        _ => "the phone",
    }
}

/// Whether size, known or seen, is more than block numbers allow.
fn passes_limit(transfer: &Transfer) -> bool {
    let size = transfer.expected_bytes.unwrap_or(transfer.bytes);
    limit_bytes(transfer).is_some_and(|limit| size > limit) || transfer.blocks + 2 >= MAX_BLOCKS
}

fn detail(transfer: &Transfer) -> String {
    let said = match &transfer.error {
        Some(error) => format!(
            "{} said error {}, \"{}\"",
            who(transfer),
            error.code,
            error.message
        ),
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
    fn an_image_that_has_its_size_for_good_reason_is_to_come_by_http() {
        let file = "rootfs88xx.12-5-1.sbn";
        let boot = BootBuilder::new().transfer(Protocol::Tftp, file, Status::Running, |transfer| {
            transfer.blocks = 65_535;
            transfer.block_size = Some(512);
        });
        let findings = Case::new("cisco-78xx-88xx", boot).check(check);
        assert!(findings[0].remedy[0].contains("HTTP"));
        assert!(findings[0].remedy[0].contains("6970"));
        assert!(
            findings[0]
                .remedy
                .iter()
                .all(|words| !words.contains("recovery"))
        );
    }

    #[test]
    fn a_file_and_its_stand_in_are_one_fault() {
        let boot = BootBuilder::new()
            .tftp("T48S.rom", Status::AbortedByPhone)
            .tftp("T48S.bin", Status::AbortedByPhone);
        let findings = Case::new("yealink-t4x", boot).check(check);
        assert_eq!(findings.len(), 1);
        assert!(findings[0].title.contains("\"T48S.rom\" and \"T48S.bin\""));
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
        assert!(
            findings[0]
                .title
                .ends_with("stops at block 65,535: too large")
        );
    }
}
