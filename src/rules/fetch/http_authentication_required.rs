//! The web server wants a name and a password, or forbids the file, and the phone does
//! not get it.
//!
//! ## What it sees
//! Reads answered with 401, 407 or 403, none of which is followed by the file.
//!
//! ## Why the phone stops
//! A challenge once is normal: the phone asks again with its credentials. A phone that has
//! none, has wrong ones, or does not know the server's method stops at it. 403 means that
//! the server will not give the file whoever asks: its rights, a filter by address or
//! User-Agent, or a client certificate that is wanted.
//!
//! ## How to fix it
//! 1. Give the phone the credentials: in the URL of the DHCP option
//!    (`http://user:password@server/`), or in its menu.
//! 2. Or exempt the phones' folder from the login.
//! 3. Old boot loaders know only Basic: Polycom bootROM before 4.2.0 cannot do Digest.
//! 4. With 403, see the server's error log: it names the rule.
//!
//! ## When it may be wrong
//! A capture that ends right behind the challenge does not show the second request.
//!
//! ## References
//! RFC 9110 §15.5.2, §15.5.4, §15.5.8 (401, 403, 407); RFC 7617 (Basic); RFC 7616 (Digest).

use crate::finding::{Confidence, Finding, Severity};
use crate::rules::Context;
use crate::rules::context::TransferVerdict;
use crate::session::Boot;

use super::loss;
use super::refusals::{self, Refusals};

/// A phone that has credentials sends them at once.
const RETRY_SECS: f64 = 5.0;

pub(in crate::rules) fn check(boot: &Boot, context: &Context<'_>) -> Vec<Finding> {
    refusals::of_verdict(boot, context, TransferVerdict::Unauthorized)
        .iter()
        .filter(|refusals| {
            refusals.transfers.iter().any(|transfer| {
                context.watched_secs_after(transfer.last) >= RETRY_SECS
                    || Context::insists(transfer)
            })
        })
        .map(|refusals| required(boot, context, refusals))
        .collect()
}

fn required(boot: &Boot, context: &Context<'_>, refusals: &Refusals<'_>) -> Finding {
    let (server, what, answer) = (refusals.server, refusals.what(), refusals.answer());
    let forbidden = refusals.code == 403;
    let tried = refusals.transfers.iter().any(|one| one.with_credentials);
    let severity = if loss::stop_the_phone(boot, context, &refusals.transfers) {
        Severity::Error
    } else {
        refusals.severity
    };
    let title = if forbidden {
        format!("{server} forbids {what} to the phone: {answer}")
    } else {
        format!("{server} asks for a login for {what}: {answer}")
    };
    let told = match (forbidden, tried) {
        (true, _) => "The server has its reasons not to give it, whoever asks.",
        (false, true) => {
            "The phone sent credentials and was refused: they are wrong, or the server wants \
             another method than the phone's."
        }
        (false, false) => {
            "The phone sent no credentials: it has none, or does not know the server's method."
        }
    };
    let finding = Finding::new("http-authentication-required", severity, title)
        .confidence(if tried || forbidden {
            Confidence::Certain
        } else {
            Confidence::Likely
        })
        .detail(format!("Asked for: {}. {told}", refusals.names()));
    let finding = refusals.prove(finding);
    if forbidden {
        finding
            .remedy(format!(
                "Look into the error log of {server}: it names the rule or the right that forbids it."
            ))
            .remedy("See that the web server's user may read the files (`chmod 644`, folders 755).")
    } else {
        finding
            .remedy(
                "Give the phone name and password: before the server's name in the URL of the DHCP \
                 option, or in its menu.",
            )
            .remedy(format!(
                "Or exempt the phones' folder on {server} from the login."
            ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::Case;
    use crate::session::testing::BootBuilder;
    use crate::session::transfer::Status;
    use phoneboot_parsers::Protocol;

    fn refused(boot: BootBuilder, file: &str, code: u16) -> BootBuilder {
        boot.transfer(Protocol::Http, file, Status::Unauthorized, |transfer| {
            transfer.with_credentials = true;
            transfer.error = Some(crate::session::transfer::TransferError {
                code: u32::from(code),
                message: "Unauthorized".into(),
                from_phone: false,
                at: transfer.last,
            });
        })
    }

    #[test]
    fn all_files_behind_one_login_are_one_error() {
        let boot = refused(BootBuilder::new(), "/0004f2aabbcc.cfg", 401);
        let boot = refused(boot, "/000000000000.cfg", 401);
        let findings = Case::new("polycom-soundpoint", boot).check(check);
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].severity, Severity::Error);
        assert_eq!(
            findings[0].title,
            "192.0.2.10 asks for a login for 2 files: 401 Unauthorized"
        );
    }

    #[test]
    fn a_file_that_comes_after_all_is_silent() {
        let boot = refused(BootBuilder::new(), "/0004f2aabbcc.cfg", 401).http(
            "/0004f2aabbcc.cfg",
            Status::Complete,
            200,
        );
        assert!(
            Case::new("polycom-soundpoint", boot)
                .check(check)
                .is_empty()
        );
    }

    #[test]
    fn a_capture_that_ends_at_the_challenge_says_nothing() {
        let boot = refused(BootBuilder::new(), "/0004f2aabbcc.cfg", 401);
        let case = Case::new("polycom-soundpoint", boot).ends_after_secs(1);
        assert!(case.check(check).is_empty());
    }

    #[test]
    fn a_forbidden_extra_of_a_phone_that_works_is_a_note() {
        let boot = BootBuilder::new().http("/0004f2aabbcc.cfg", Status::Complete, 200);
        let boot = refused(boot, "/0004f2aabbcc-directory.xml", 403)
            .registration(crate::session::registration::Status::Registered, None);
        let findings = Case::new("polycom-soundpoint", boot).check(check);
        assert_eq!(findings[0].severity, Severity::Note);
    }
}
