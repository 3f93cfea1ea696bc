//! A file by HTTP ends before its announced end.
//!
//! ## What it sees
//! The server closes or resets the connection before Content-Length bytes, or the last
//! chunk, have come.
//!
//! ## Why the phone stops
//! Half a configuration is refused, half an image fails its checksum; the phone tries again
//! or keeps what it has.
//!
//! ## How to fix it
//! 1. Compare the file's size on the server with what was announced: a script that
//!    computes the length wrongly, or a file that was replaced while it was sent.
//! 2. Look for a time limit of the web server or of a proxy: slow phones take minutes for
//!    an image.
//! 3. Look for a path MTU problem when it always ends at the first full packet.
//!
//! ## When it may be wrong
//! A phone that closes the connection itself, having seen that it has this image, is not
//! meant. Bytes that only the capture lacks are not counted as missing.
//!
//! ## References
//! RFC 9112 §6.3 and §8 (message length, incomplete messages).

use crate::finding::{Finding, Severity};
use crate::rules::Context;
use crate::rules::context::TransferVerdict;
use crate::session::Boot;
use crate::session::transfer::Transfer;
use phoneboot_parsers::Protocol;

use super::loss;

pub(in crate::rules) fn check(boot: &Boot, context: &Context<'_>) -> Vec<Finding> {
    context
        .reads(boot)
        .filter(|(transfer, verdict)| {
            *verdict == TransferVerdict::Truncated
                && transfer.protocol == Protocol::Http
                && !context.arrived(boot, &transfer.file_name())
        })
        .map(|(transfer, _)| truncated(boot, context, transfer))
        .collect()
}

fn truncated(boot: &Boot, context: &Context<'_>, transfer: &Transfer) -> Finding {
    let name = loss::shown(transfer);
    let severity = loss::severity(boot, context, transfer).max(Severity::Warning);
    let of = transfer
        .expected_bytes
        .map_or(String::new(), |expected| format!(" of {expected}"));
    Finding::new(
        "http-body-truncated",
        severity,
        format!("\"{name}\" ends after {}{of} bytes", transfer.bytes),
    )
    .detail(format!(
        "{} closed the connection before the file's end. The phone asked {}.",
        transfer.server,
        loss::times(transfer.requests)
    ))
    .about(loss::about(transfer))
    .evidence(transfer.last_request, format!("request for {name}"))
    .evidence(
        transfer.last,
        format!("the end after {} bytes", transfer.bytes),
    )
    .remedy(format!(
        "Fetch it by hand and compare the size: `curl -o /dev/null http://{}{name}`.",
        transfer.server
    ))
    .remedy("Raise the time limits of the web server and of any proxy before it.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::Case;
    use crate::session::testing::BootBuilder;
    use crate::session::transfer::Status;

    fn boot() -> BootBuilder {
        BootBuilder::new().transfer(Protocol::Http, "/sip.ld", Status::Truncated, |transfer| {
            transfer.bytes = 5_000;
            transfer.expected_bytes = Some(9_000);
        })
    }

    #[test]
    fn tells_how_far_it_came() {
        let findings = Case::new("polycom-soundpoint", boot()).check(check);
        assert_eq!(findings[0].severity, Severity::Error);
        assert_eq!(
            findings[0].title,
            "\"/sip.ld\" ends after 5000 of 9000 bytes"
        );
    }

    #[test]
    fn a_second_try_that_works_is_silent() {
        let boot = boot().http("/sip.ld", Status::Complete, 200);
        assert!(
            Case::new("polycom-soundpoint", boot)
                .check(check)
                .is_empty()
        );
    }
}
