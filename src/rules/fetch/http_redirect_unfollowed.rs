//! A web server sends the phone on to another place, and the phone does not go there.
//!
//! ## What it sees
//! An HTTP 3xx answer with a `Location`, and afterwards neither a request for that place
//! nor, for an `https:` place, a connection to port 443.
//!
//! ## Why the phone stops
//! Old phones do not follow redirects from HTTP to HTTPS, or cannot speak the TLS that the
//! server wants. Web servers that send everyone to HTTPS lock them out.
//!
//! ## How to fix it
//! 1. Exempt the provisioning and firmware paths from the redirect.
//! 2. Or serve them by plain HTTP on a port of their own, and hand out that URL.
//! 3. A path without its final slash is often redirected to the one with it: hand out the
//!    final form.
//!
//! ## When it may be wrong
//! When the capture does not show the traffic to the other place, because that goes another
//! way.
//!
//! ## References
//! RFC 9110 §15.4 (redirection).

use std::collections::BTreeMap;
use std::net::IpAddr;

use phoneboot_parsers::Protocol;

use crate::finding::{Confidence, Finding, Severity};
use crate::rules::Context;
use crate::rules::context::TransferVerdict;
use crate::session::Boot;
use crate::session::transfer::Transfer;

use super::loss;

/// A phone that follows a redirect does so at once.
const FOLLOW_SECS: f64 = 5.0;

/// A redirect that the phone did not follow, and where it points to.
struct Unfollowed<'b> {
    transfer: &'b Transfer,
    location: String,
}

pub(in crate::rules) fn check(boot: &Boot, context: &Context<'_>) -> Vec<Finding> {
    // A server that sends everything on is one fault, not one a file.
    let mut by_place: BTreeMap<(IpAddr, String), Vec<Unfollowed<'_>>> = BTreeMap::new();
    let redirected = context.reads(boot).filter(|(transfer, verdict)| {
        *verdict == TransferVerdict::Redirected
            && (context.watched_secs_after(transfer.last) >= FOLLOW_SECS
                || Context::insists(transfer))
            && !context.arrived(boot, &transfer.file_name())
    });
    for (transfer, _) in redirected {
        let Some(location) = &transfer.location else {
            continue;
        };
        let location = phoneboot_parsers::http::masked_target(location).to_string();
        if !is_followed(boot, transfer, &location) {
            by_place
                .entry((transfer.server, origin(&location).to_owned()))
                .or_default()
                .push(Unfollowed { transfer, location });
        }
    }
    by_place
        .into_iter()
        .filter_map(|((_, origin), list)| unfollowed(boot, context, &origin, &list))
        .collect()
}

/// `https://host:port` of a place; empty for a path alone.
fn origin(location: &str) -> &str {
    let Some((scheme, rest)) = location.split_once("://") else {
        return "";
    };
    let authority = rest.split('/').next().unwrap_or_default();
    location
        .get(..scheme.len() + "://".len() + authority.len())
        .unwrap_or_default()
}

/// Whether the phone went where it was sent.
fn is_followed(boot: &Boot, transfer: &Transfer, location: &str) -> bool {
    let (scheme, rest) = location.split_once("://").unwrap_or(("", location));
    if scheme.eq_ignore_ascii_case("https") {
        return boot.reach.connections.iter().any(|connection| {
            connection.first >= transfer.last && connection.server_port == https_port(rest)
        });
    }
    let path = match (scheme, rest.find('/')) {
        ("", _) => rest,
        (_, Some(slash)) => rest.get(slash..).unwrap_or("/"),
        (_, None) => "/",
    };
    boot.transfers.iter().any(|other| {
        other.first > transfer.first
            && other.protocol == Protocol::Http
            && other.file.to_string().ends_with(path)
    })
}

/// The port of `host:port/path`; 443 without one.
fn https_port(rest: &str) -> u16 {
    let authority = rest.split('/').next().unwrap_or_default();
    let authority = authority.rsplit('@').next().unwrap_or_default();
    authority
        .rsplit_once(':')
        .filter(|(host, _)| host.parse::<IpAddr>().is_ok() || !host.contains(':'))
        .and_then(|(_, port)| port.parse().ok())
        .unwrap_or(443)
}

fn unfollowed(
    boot: &Boot,
    context: &Context<'_>,
    origin: &str,
    list: &[Unfollowed<'_>],
) -> Option<Finding> {
    let first = list.first()?;
    // The phone was not told that the files are missing, only where they are: a phone that
    // gets nothing at all has stopped here.
    let severity = if boot.is_registered() || context.fetched_anything(boot) {
        list.iter()
            .map(|one| loss::severity(boot, context, one.transfer))
            .max()?
    } else {
        Severity::Error
    };
    let server = first.transfer.server;
    let name = loss::shown(first.transfer);
    let code = first.transfer.http_status.unwrap_or_default();
    let to_tls = origin.to_ascii_lowercase().starts_with("https:");
    let (title, what) = if list.len() == 1 {
        let title = format!(
            "the phone does not follow the redirect of {name} to {}",
            first.location
        );
        (title, name)
    } else {
        let place = if origin.is_empty() {
            "other paths"
        } else {
            origin
        };
        let title = format!(
            "the phone does not follow the redirects of {} files to {place}",
            list.len()
        );
        (title, "these files".to_owned())
    };
    let finding = Finding::new("http-redirect-unfollowed", severity, title)
        .confidence(Confidence::Likely)
        .detail(format!(
            "{server} answered {code} and named {}{}. The phone made no {} there.",
            first.location,
            if list.len() == 1 { "" } else { " and so on" },
            if to_tls { "connection" } else { "request" }
        ))
        .about(loss::about(first.transfer));
    let finding = list.iter().fold(finding, |finding, one| {
        loss::with_frames(finding, one.transfer)
    });
    Some(
        finding
            .remedy(format!(
                "Let {server} deliver {what} itself: exempt the provisioning and firmware paths \
                 from the redirect{}.",
                if to_tls { " to HTTPS" } else { "" }
            ))
            .remedy("Or serve them by plain HTTP on another port, and give the phones that URL."),
    )
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;
    use crate::rules::testing::Case;
    use crate::session::testing::{BootBuilder, SERVER};
    use crate::session::transfer::Status;

    fn redirected(to: &'static str) -> BootBuilder {
        BootBuilder::new().transfer(
            Protocol::Http,
            "/0004f2aabbcc.cfg",
            Status::Redirected,
            move |transfer| {
                transfer.http_status = Some(301);
                transfer.location = Some(to.into());
            },
        )
    }

    #[test]
    fn a_phone_that_stays_away_from_https_is_stuck() {
        let boot = redirected("https://pbx.example/0004f2aabbcc.cfg");
        let findings = Case::new("polycom-soundpoint", boot).check(check);
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].severity, Severity::Error);
    }

    #[test]
    fn a_phone_that_calls_port_443_follows() {
        let boot = redirected("https://pbx.example/0004f2aabbcc.cfg").connection(
            SERVER,
            443,
            |connection, at| connection.accepted = Some(at),
        );
        assert!(
            Case::new("polycom-soundpoint", boot)
                .check(check)
                .is_empty()
        );
    }

    #[test]
    fn a_phone_that_asks_for_the_new_path_follows() {
        let boot = redirected("http://pbx.example/cfg/0004f2aabbcc.cfg").http(
            "/cfg/0004f2aabbcc.cfg",
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
    fn a_server_that_sends_everything_on_is_one_fault() {
        let boot = ["/a.cfg", "/b.cfg"]
            .into_iter()
            .fold(BootBuilder::new(), |boot, file| {
                boot.transfer(Protocol::Http, file, Status::Redirected, move |transfer| {
                    transfer.http_status = Some(301);
                    transfer.location = Some(format!("https://pbx.example{file}").as_str().into());
                })
            });
        let findings = Case::new("polycom-soundpoint", boot).check(check);
        assert_eq!(findings.len(), 1);
        assert_eq!(
            findings[0].title,
            "the phone does not follow the redirects of 2 files to https://pbx.example"
        );
    }

    #[test]
    fn reads_the_port_of_a_place() {
        assert_eq!(
            origin("https://pbx.example:8443/x/y"),
            "https://pbx.example:8443"
        );
        assert_eq!(origin("/x/y"), "");
        assert_eq!(https_port("pbx.example/x"), 443);
        assert_eq!(https_port("pbx.example:8443/x"), 8443);
        assert_eq!(https_port("user:pw@pbx.example/x"), 443);
        assert_eq!(https_port(&format!("{}:444/x", Ipv4Addr::LOCALHOST)), 444);
    }
}
