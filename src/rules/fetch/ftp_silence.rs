//! FTP servers that take the phone's connection and do not speak FTP with it to the point
//! where a file could be asked for, for `ftp-transfer-failed`.

use std::net::IpAddr;

use crate::finding::{About, Confidence, Finding, Severity};
use crate::rules::Context;
use crate::rules::sides::only_side;
use crate::session::Boot;
use crate::session::ftp::LoginStatus;
use crate::session::reach::Connection;

use super::loss;

const FTP_PORT: u16 = 21;

/// One finding for each server at which the phone got stuck before its first file.
pub(super) fn check(boot: &Boot, context: &Context<'_>) -> Vec<Finding> {
    let is_stuck = boot.followed_by_another || context.idle_secs(boot) >= context.patience_secs();
    if !is_stuck
        || boot.is_registered()
        || only_side(boot).is_some()
        || context.fetched_anything(boot)
    {
        return Vec::new();
    }
    let mut servers: Vec<IpAddr> = Vec::new();
    for call in taken(boot) {
        if !servers.contains(&call.server) {
            servers.push(call.server);
        }
    }
    servers
        .into_iter()
        .filter(|server| !is_told_otherwise(boot, *server))
        .filter_map(|server| finding(boot, server))
        .collect()
}

/// Connections to an FTP port that a server took.
fn taken(boot: &Boot) -> impl Iterator<Item = &Connection> {
    boot.reach
        .connections
        .iter()
        .filter(|call| call.server_port == FTP_PORT && call.accepted.is_some())
}

/// Whether the phone got further than that, was refused, speaks TLS there, or the capture
/// lost what was said.
fn is_told_otherwise(boot: &Boot, server: IpAddr) -> bool {
    let ftp = &boot.ftp;
    boot.transfers
        .iter()
        .any(|transfer| transfer.server == server)
        || ftp.data.iter().any(|data| data.server == server)
        || ftp
            .refused_directories
            .iter()
            .any(|one| one.server == server)
        || ftp
            .logins
            .iter()
            .any(|login| login.server == server && login.status == LoginStatus::Refused)
        || boot.tls.iter().any(|session| session.server == server)
        || taken(boot).any(|call| call.server == server && call.missing_bytes > 0)
}

fn finding(boot: &Boot, server: IpAddr) -> Option<Finding> {
    let calls = || taken(boot).filter(|call| call.server == server);
    let (first, last) = (calls().next()?, calls().last()?);
    let logins = || {
        boot.ftp
            .logins
            .iter()
            .filter(|login| login.server == server)
    };
    let is_let_in = logins().any(|login| login.status == LoginStatus::Accepted);
    let (title, what) = if is_let_in {
        (
            format!("FTP server {server} lets the phone in, and then the session stops"),
            "It was let in, and did not come to ask for a file.",
        )
    } else if logins().next().is_some() {
        (
            format!("FTP server {server} does not answer the phone's login"),
            "It sent its user, and neither a welcome (230) nor a refusal is in the capture.",
        )
    } else {
        (
            format!("FTP server {server} takes the phone's connection and does not speak FTP"),
            "It did not log in, as it does when an FTP server greets it (220).",
        )
    };
    let times = loss::times(u64::try_from(calls().count()).unwrap_or(u64::MAX));
    let finding = Finding::new("ftp-transfer-failed", Severity::Error, title)
        .confidence(Confidence::Likely)
        .detail(format!("The phone connected {times} to port 21. {what}"))
        .about(About {
            server: Some(server),
            port: Some(FTP_PORT),
            protocol: Some("ftp"),
            ..About::default()
        })
        .evidence(first.first, "the phone connects to port 21")
        .evidence(last.last, "the last attempt");
    Some(
        finding
            .remedy(format!(
                "Restart the FTP server on {server}, look into its log, and see that it is what \
                 listens on port 21 there (`ss -ltnp 'sport = :21'`)."
            ))
            .remedy(format!(
                "Try it from a PC in the phone's VLAN: `curl -v ftp://{server}/`; if it works from \
                 elsewhere, a firewall or FTP helper between them holds the session back."
            )),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::Case;
    use crate::session::ftp::Login;
    use crate::session::testing::{BootBuilder, SERVER};
    use crate::session::transfer::Status;

    fn connected() -> BootBuilder {
        BootBuilder::new()
            .lease(&[66], &[(66, b"ftp://192.0.2.10/")])
            .connection(SERVER, 21, |call, at| call.accepted = Some(at))
    }

    fn login(boot: BootBuilder, status: LoginStatus) -> BootBuilder {
        boot.with(|boot, at| {
            boot.ftp.logins.push(Login {
                server: SERVER.into(),
                server_port: 21,
                user: Some("PlcmSpIp".into()),
                status,
                refusal: None,
                refusals: 0,
                first: at,
                last: at,
            });
        })
    }

    fn titles(boot: BootBuilder, secs: i64) -> Vec<String> {
        let case = Case::new("polycom-soundpoint", boot).ends_after_secs(secs);
        let findings = case.check(check);
        findings.into_iter().map(|found| found.title).collect()
    }

    #[test]
    fn a_server_that_takes_the_call_and_is_no_ftp_server_is_told() {
        let silent = ["FTP server 192.0.2.10 takes the phone's connection and does not speak FTP"];
        assert_eq!(titles(connected(), 600), silent);
        assert_eq!(titles(connected(), 5), [""; 0]);
        let after = |status| titles(login(connected(), status), 600);
        assert_eq!(
            after(LoginStatus::Unanswered),
            ["FTP server 192.0.2.10 does not answer the phone's login"]
        );
        assert_eq!(
            after(LoginStatus::Accepted),
            ["FTP server 192.0.2.10 lets the phone in, and then the session stops"]
        );
        assert_eq!(after(LoginStatus::Refused), [""; 0]);
    }

    #[test]
    fn what_the_capture_lost_and_another_fault_are_silent() {
        let lossy = BootBuilder::new().connection(SERVER, 21, |call, at| {
            call.accepted = Some(at);
            call.missing_bytes = 20;
        });
        assert_eq!(titles(lossy, 600), [""; 0]);
        let elsewhere = connected().http("/a.cfg", Status::Complete, 200);
        assert_eq!(titles(elsewhere, 600), [""; 0]);
        let closed = BootBuilder::new().connection(SERVER, 21, |call, at| call.refused = Some(at));
        assert_eq!(titles(closed, 600), [""; 0]);
    }
}
