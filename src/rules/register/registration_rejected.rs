//! The call server refuses the phone's registration.
//!
//! ## What it sees
//! A SIP answer of 400 and above to REGISTER, after credentials were sent where they were
//! asked for; or an SCCP `RegisterReject`.
//!
//! ## Why the phone stops
//! It has all its files and no line: the server does not know it, or its password is wrong.
//!
//! ## How to fix it
//! 1. SIP 401, 403, 407: compare user and password on both sides; is the account switched on?
//! 2. SIP 404: the account or the domain does not exist on this server.
//! 3. SCCP: add the device under exactly this name, or allow auto-registration.
//!
//! ## When it may be wrong
//! A server under load answers 503 and takes the phone a little later; then the boot is
//! registered and this is not reported.
//!
//! ## References
//! RFC 3261 §10.3, §21.4 to §21.6; SCCP message 0x009d as in chan-sccp's `sccp_protocol.h`.

use phoneboot_parsers::Protocol;

use crate::finding::{About, Finding, Severity};
use crate::rules::Context;
use crate::session::Boot;
use crate::session::registration::Status;

pub(in crate::rules) fn check(boot: &Boot, _context: &Context<'_>) -> Vec<Finding> {
    if boot.is_registered() {
        return Vec::new();
    }
    boot.registrations
        .iter()
        .filter(|attempt| attempt.status == Status::Rejected)
        .map(|attempt| {
            let words = attempt.detail.as_deref().unwrap_or("no reason given");
            let name = attempt
                .name
                .as_ref()
                .map_or("the phone".to_owned(), ToString::to_string);
            let server = attempt
                .server
                .map_or("the call server".to_owned(), |server| server.to_string());
            let finding = Finding::new(
                "registration-rejected",
                Severity::Error,
                format!("{server} refuses to register {name}: {words}"),
            )
            .detail(format!(
                "The phone asked {} times{}.",
                attempt.requests,
                if attempt.with_credentials {
                    ", with credentials"
                } else {
                    ""
                }
            ))
            .about(About {
                server: attempt.server,
                port: attempt.server_port,
                protocol: Some(attempt.protocol.name()),
                ..About::default()
            })
            .evidence(attempt.first, "first request to register")
            .evidence(attempt.last, format!("refused: {words}"));
            if attempt.protocol == Protocol::Sccp {
                finding.remedy(format!(
                    "Add the device {name} on {server}, or allow auto-registration there."
                ))
            } else {
                finding.remedy(format!(
                    "Compare user name and password of {name} in the phone's configuration and \
                     on {server}, and see that the account is switched on."
                ))
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::Case;
    use crate::session::testing::BootBuilder;

    #[test]
    fn a_refusal_is_told_in_the_servers_words() {
        let boot = BootBuilder::new().registration(Status::Rejected, Some("403 Forbidden"));
        let findings = Case::new("yealink-t4x", boot).check(check);
        assert_eq!(
            findings[0].title,
            "192.0.2.10 refuses to register sip:100@pbx.example: 403 Forbidden"
        );
    }

    #[test]
    fn a_phone_that_is_registered_is_fine() {
        let boot = BootBuilder::new()
            .registration(Status::Rejected, Some("503 Service Unavailable"))
            .registration(Status::Registered, Some("200 OK"));
        assert!(Case::new("yealink-t4x", boot).check(check).is_empty());
    }
}
