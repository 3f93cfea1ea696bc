//! The web server fails over a file that the phone asks for.
//!
//! ## What it sees
//! Reads answered with 5xx that did not bring the file later.
//!
//! ## Why the phone stops
//! The file may well be there: the program that makes it, or the machine behind the proxy,
//! failed. Phones treat this as "no file", and some try for ever.
//!
//! ## How to fix it
//! 1. Fetch the same address by hand: `curl -i http://server/path`.
//! 2. 500: the error log of the web server or of the provisioning script tells why.
//! 3. 502, 503, 504: the machine or service behind the proxy is down or slow.
//! 4. 507: the disk is full.
//!
//! ## When it may be wrong
//! A failure that is over by the next request is not reported.
//!
//! ## References
//! RFC 9110 §15.6; RFC 4918 §11.5 (507).

use crate::finding::Finding;
use crate::rules::Context;
use crate::rules::context::TransferVerdict;
use crate::session::Boot;

use super::refusals::{self, Refusals};

pub(in crate::rules) fn check(boot: &Boot, context: &Context<'_>) -> Vec<Finding> {
    refusals::of_verdict(boot, context, TransferVerdict::ServerError)
        .iter()
        .filter(|refusals| (500..600).contains(&refusals.code))
        .map(failed)
        .collect()
}

fn failed(refusals: &Refusals<'_>) -> Finding {
    let (server, what, answer) = (refusals.server, refusals.what(), refusals.answer());
    let finding = Finding::new(
        "http-server-error",
        refusals.severity,
        format!("{server} fails over {what}: {answer}"),
    )
    .detail(format!(
        "Asked for: {}. The fault is the server's, not the phone's.",
        refusals.names()
    ));
    let finding = refusals.prove(finding);
    match refusals.code {
        502..=504 => finding.remedy(format!(
            "Start or look after the service behind the web server on {server}: the proxy does not \
             reach it."
        )),
        507 => finding.remedy(format!("Free space on the disk of {server}.")),
        _ => finding.remedy(format!(
            "Look into the error log of the web server on {server}: a script there fails over this \
             request."
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Severity;
    use crate::rules::testing::Case;
    use crate::session::testing::BootBuilder;
    use crate::session::transfer::Status;

    fn boot(code: u16) -> BootBuilder {
        BootBuilder::new().http("/0004f2aabbcc.cfg", Status::ServerError, code)
    }

    #[test]
    fn a_server_that_fails_is_named_with_its_answer() {
        let findings = Case::new("polycom-soundpoint", boot(502)).check(check);
        assert_eq!(findings[0].severity, Severity::Error);
        assert!(
            findings[0]
                .title
                .starts_with("192.0.2.10 fails over \"/0004f2aabbcc.cfg\": 502")
        );
        assert!(findings[0].remedy[0].contains("behind"));
    }

    #[test]
    fn a_failure_that_passes_is_silent() {
        let boot = boot(500).http("/0004f2aabbcc.cfg", Status::Complete, 200);
        assert!(
            Case::new("polycom-soundpoint", boot)
                .check(check)
                .is_empty()
        );
    }
}
