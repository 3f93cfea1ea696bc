//! A user's name and password cross the network where everybody on the way can read them.
//!
//! ## What it sees
//! Basic authentication or a password in a URL by HTTP without TLS, an FTP login that is not
//! anonymous, or a lease whose provisioning URL holds a password. It is said once a boot, and
//! neither name nor password is shown.
//!
//! ## Why the phone stops
//! It does not. But whoever hears the exchange can fetch the configurations of all phones, and
//! in them the passwords of their lines.
//!
//! ## How to fix it
//! 1. Serve the files by HTTPS where the phones are new enough for the server's TLS.
//! 2. Else use Digest authentication, and a password that opens nothing but these files.
//! 3. Change a maker's default, and keep such traffic in the voice VLAN.
//!
//! ## When it may be wrong
//! In a closed network this may be as it is meant to be: it is a note, never more.
//!
//! ## References
//! RFC 7617 §4 (Basic); RFC 959 §4.1.1 (USER, PASS).

use phoneboot_parsers::{Protocol, http};

use crate::event::At;
use crate::finding::{Confidence, Finding, Severity};
use crate::rules::Context;
use crate::session::Boot;

/// Names under which a server lets everybody in.
const EVERYBODY: [&str; 2] = ["anonymous", "ftp"];
/// Options that phones read URLs from.
const URL_OPTIONS: [u8; 6] = [66, 67, 114, 159, 160, 161];
/// How many places are shown.
const MAX_SHOWN: usize = 4;

pub(in crate::rules) fn check(boot: &Boot, _context: &Context<'_>) -> Vec<Finding> {
    let mut places = in_lease(boot);
    places.extend(by_http(boot));
    places.extend(by_ftp(boot));
    places.sort_by_key(|(at, _)| *at);
    places.dedup_by(|one, other| one.1 == other.1);
    if places.is_empty() {
        return Vec::new();
    }
    let words: Vec<&str> = places
        .iter()
        .take(MAX_SHOWN)
        .map(|(_, words)| words.as_str())
        .collect();
    let mut finding = Finding::new(
        "credentials-in-clear",
        Severity::Note,
        "a user's name and password cross the network in clear text",
    )
    .confidence(Confidence::Certain)
    .detail(format!("They can be read in {}.", words.join("; ")));
    for (at, words) in places.iter().take(MAX_SHOWN) {
        finding = finding.evidence(*at, words.clone());
    }
    vec![
        finding
            .remedy("Serve the phones' files by HTTPS where they are new enough for it.")
            .remedy("Use a password that opens nothing else, and change a maker's default."),
    ]
}

type Place = (At, String);

/// URLs of the lease with a password in them.
fn in_lease(boot: &Boot) -> Vec<Place> {
    let Some(lease) = boot.lease.acknowledged() else {
        return Vec::new();
    };
    URL_OPTIONS
        .into_iter()
        .filter(|&code| {
            let text = lease.message.text(code);
            text.is_some_and(|text| http::masked_target(&text) != text)
        })
        .map(|code| (lease.at, format!("option {code} of the lease")))
        .collect()
}

fn by_http(boot: &Boot) -> impl Iterator<Item = Place> + '_ {
    boot.transfers
        .iter()
        .filter(|transfer| transfer.protocol == Protocol::Http)
        .filter_map(|transfer| {
            let server = transfer.server;
            if let Some(at) = transfer.credentials_in_clear {
                let words = format!("Basic authentication by HTTP at {server}");
                return Some((at, words));
            }
            let in_url = http::masked_target(&transfer.file) != transfer.file;
            in_url.then(|| {
                (
                    transfer.first,
                    format!("a URL asked for by HTTP at {server}"),
                )
            })
        })
}

fn by_ftp(boot: &Boot) -> impl Iterator<Item = Place> + '_ {
    boot.ftp
        .logins
        .iter()
        .filter(|login| {
            login.user.as_ref().is_some_and(|user| {
                let user = user.to_string();
                !EVERYBODY.iter().any(|all| user.eq_ignore_ascii_case(all))
            })
        })
        .map(|login| (login.first, format!("the FTP login at {}", login.server)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::Case;
    use crate::session::testing::BootBuilder;
    use crate::session::transfer::Status;

    fn details(boot: BootBuilder) -> Vec<String> {
        let findings = Case::new("polycom-soundpoint", boot).check(check);
        assert!(findings.iter().all(|one| one.severity == Severity::Note));
        findings.into_iter().map(|finding| finding.detail).collect()
    }

    fn with_basic(boot: BootBuilder, target: &str) -> BootBuilder {
        boot.transfer(Protocol::Http, target, Status::Complete, |transfer| {
            transfer.with_credentials = true;
            transfer.credentials_in_clear = Some(transfer.first);
        })
    }

    #[test]
    fn basic_authentication_is_noted_once() {
        let boot = with_basic(with_basic(BootBuilder::new(), "/a.cfg"), "/b.cfg");
        assert_eq!(
            details(boot),
            ["They can be read in Basic authentication by HTTP at 192.0.2.10."]
        );
    }

    #[test]
    fn a_password_in_a_url_is_noted_and_not_shown() {
        let lease = BootBuilder::new().lease(&[66], &[(66, b"ftp://phones:swordfish@192.0.2.10/")]);
        let found = details(lease.http("/cfg?password=swordfish", Status::Complete, 200));
        assert_eq!(
            found,
            ["They can be read in option 66 of the lease; a URL asked for by HTTP at 192.0.2.10."]
        );
    }

    #[test]
    fn digest_and_files_for_everybody_are_no_secret() {
        let digest = |boot: BootBuilder| {
            boot.transfer(Protocol::Http, "/a.cfg", Status::Complete, |transfer| {
                transfer.with_credentials = true;
            })
        };
        let boot = digest(BootBuilder::new()).lease(&[66], &[(66, b"http://192.0.2.10/cfg/")]);
        assert!(details(boot).is_empty());
    }
}
