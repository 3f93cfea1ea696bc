//! The phone itself says why its last run ended.
//!
//! ## What it sees
//! The `Last=` of an SCCP alarm, or of the `Reason` field in the REGISTER of a Cisco SIP
//! phone. Phones send it when they find their call server again.
//!
//! ## Why the phone stops
//! It does not stop now; it tells what stopped it before. That is often the fault one is
//! looking for, and nobody else knows it.
//!
//! ## How to fix it
//! 1. Files: put right what the phone could not read on the TFTP server.
//! 2. Timeouts: look at the way between phone and call server, and at its load.
//! 3. Registration rejected: the call server did not know the device.
//! 4. A reset or restart that was ordered needs nothing.
//!
//! ## When it may be wrong
//! The phone tells it once more with every registration, so that it may be old news. Newer
//! models use some of the numbers otherwise; the words count before the number.
//!
//! ## References
//! Alarm message 0x0020 as in chan-sccp's `sccp_protocol.h`; Cisco IP Phone administration
//! guides, "Restart Cause"; RFC 3326 (`Reason`).

use phoneboot_parsers::Protocol;
use phoneboot_parsers::sccp::LastReason;

use crate::finding::{About, Finding, Severity};
use crate::rules::Context;
use crate::session::Boot;
use crate::session::registration::Status;

/// Power was applied, or nothing is known: nothing to tell.
const INITIALIZED: u32 = 25;

/// The call server had refused the phone.
const REJECTED: u32 = 24;

/// What each reason is worth and what to do about it, by number. The others are as normal
/// as a reset.
#[rustfmt::skip]
const FAULTS: &[(u32, &str)] = &[
    (0, "Give the phone a firmware made for its hardware revision, and see which load the call server sets for it."),
    (1, "See that the TFTP server sends files of this size: block size, and the limit of 65535 blocks."),
    (2, "Fetch the firmware anew from its maker: the file is damaged or for another model."),
    (3, "Set a load for this model on the call server; an upgrade may have to go by an older load first."),
    (4, "Reset the phone to factory settings, so that its storage is emptied."),
    (5, "Fetch the firmware anew from its maker, and transfer it in binary mode."),
    (6, "Put the load that the call server names for this phone, with all files in its .loads, on the TFTP server."),
    (7, "See that the TFTP server answers the phone's subnet, and look for loss on the way."),
    (8, "Mend the rights of the files on the TFTP server."),
    (9, "Look into the log of the TFTP server."),
    (10, "Look for loss on the way to the call server, and at its load."),
    (11, "Look for a firewall or a load balancer that interferes with TCP between phone and call server."),
    (15, "See that the call server is up and that there is a way to it."),
    (16, "See that the call server's service runs; newer models mean here that they lost their IP address: look at DHCP."),
    (17, "Look for loss on the way to the call server, and for firewalls that forget idle connections."),
    (24, "Add the device on the call server, or allow auto-registration."),
    (27, "Look at the load of the call server, and at the way to it."),
    (28, "Look at the load of the call server, and at the way to it."),
    (29, "If it comes again, load another firmware; else replace the phone."),
    (31, "The phone trusts other certificates than the server signs with: erase its trust list (CTL, ITL), or restore the server's certificates."),
];

pub(in crate::rules) fn check(boot: &Boot, _context: &Context<'_>) -> Vec<Finding> {
    let Some(seen) = &boot.previous_end else {
        return Vec::new();
    };
    let Some(reason) = seen
        .value
        .reason
        .filter(|reason| reason.number != INITIALIZED)
    else {
        return Vec::new();
    };
    let remedy = remedy(reason);
    // What this boot shows again is told by a finding of its own.
    let is_told = reason.number == REJECTED
        && boot
            .registrations
            .iter()
            .any(|attempt| attempt.status == Status::Rejected);
    let severity = if remedy.is_some() && !is_told {
        Severity::Warning
    } else {
        Severity::Note
    };
    let source = if seen.value.protocol == Protocol::Sccp {
        "an SCCP alarm"
    } else {
        "the Reason of its REGISTER"
    };
    let finding = Finding::new(
        "previous-boot-failure",
        severity,
        format!("the phone says of its last run: {}", reason.meaning),
    )
    .detail(format!(
        "It reports by {source}: \"{}\". This is about the time before this boot.",
        seen.value.text
    ))
    .about(About {
        protocol: Some(seen.value.protocol.name()),
        ..About::default()
    })
    .evidence(seen.at, format!("\"{}\"", seen.value.text));
    vec![match remedy {
        Some(remedy) => finding.remedy(remedy),
        None => finding,
    }]
}

fn remedy(reason: &LastReason) -> Option<&'static str> {
    let row = FAULTS.iter().find(|row| row.0 == reason.number);
    row.map(|row| row.1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Seen;
    use crate::rules::testing::Case;
    use crate::session::registration::PreviousEnd;
    use crate::session::testing::BootBuilder;

    fn judge(text: &str) -> Vec<Finding> {
        let boot = BootBuilder::new().with(|boot, at| {
            let end = PreviousEnd {
                protocol: Protocol::Sccp,
                text: text.into(),
                reason: phoneboot_parsers::sccp::last_reason(text.as_bytes()),
            };
            boot.previous_end = Some(Seen::new(end, at));
        });
        Case::new("cisco-79x1", boot).check(check)
    }

    #[test]
    fn a_fault_is_a_warning_with_a_remedy() {
        let findings = judge("6: Name=SEP001AA17BE638 Last=File Not Found");
        assert_eq!(findings[0].severity, Severity::Warning);
        assert!(findings[0].remedy[0].contains(".loads"));
    }

    #[test]
    fn an_ordered_restart_is_a_note() {
        let findings = judge("23: Name=SEP001AA17BE638 Last=Reset-Restart");
        assert_eq!(findings[0].severity, Severity::Note);
        assert!(findings[0].remedy.is_empty());
    }

    #[test]
    fn power_applied_and_words_that_nobody_knows_are_silent() {
        assert!(judge("25: Name=SEP001AA17BE638 Last=Initialized").is_empty());
        assert!(judge("Name=SEP001AA17BE638 Last=Something").is_empty());
        let boot = BootBuilder::new();
        assert!(Case::new("cisco-79x1", boot).check(check).is_empty());
    }

    #[test]
    fn reasons_are_sorted() {
        assert!(FAULTS.windows(2).all(|pair| pair[0].0 < pair[1].0));
    }
}
