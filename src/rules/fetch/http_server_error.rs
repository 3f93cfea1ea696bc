//! The web server fails over a file that the phone asks for.
//!
//! ## What it sees
//! Reads answered with 5xx that did not bring the file later, or never answered on a connection
//! that the server had accepted.
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
//! 5. No answer at all: the program behind the server hangs, or its large packets are lost on
//!    the way, because a tunnel has a smaller MTU and ICMP "fragmentation needed" is filtered.
//!
//! ## When it may be wrong
//! A failure that is over by the next request is not reported. Silence counts only while the
//! phone has not come up without the file.
//!
//! ## References
//! RFC 9110 §15.6; RFC 4918 §11.5 (507).

use std::net::SocketAddr;

use phoneboot_parsers::Protocol;

use crate::finding::{Confidence, Finding, Severity};
use crate::rules::Context;
use crate::rules::context::TransferVerdict;
use crate::session::Boot;
use crate::session::transfer::Transfer;

use super::loss;
use super::refusals::{self, Refusals};

/// A web server that is going to answer does so within this time.
const SILENT_SECS: f64 = 20.0;

pub(in crate::rules) fn check(boot: &Boot, context: &Context<'_>) -> Vec<Finding> {
    refusals::of_verdict(boot, context, TransferVerdict::ServerError)
        .iter()
        .filter(|refusals| (500..600).contains(&refusals.code))
        .map(failed)
        .chain(silent(boot, context))
        .collect()
}

/// The first request that a web server took and did not answer.
fn silent(boot: &Boot, context: &Context<'_>) -> Option<Finding> {
    let is_up = boot.is_registered() || context.is_loaded(boot);
    let blind = !context.sees_answers(boot) || boot.cut_short.contains(&Protocol::Http);
    if is_up || blind {
        return None;
    }
    let (transfer, _) = context.reads(boot).find(|(transfer, verdict)| {
        transfer.protocol == Protocol::Http
            && *verdict == TransferVerdict::Unanswered
            && !context.arrived(boot, &transfer.file_name())
            && context.watched_secs_after(transfer.last_request) >= SILENT_SECS
            && was_taken(boot, transfer)
            && !boot
                .transfers
                .iter()
                .any(|other| other.answered > Some(transfer.last_request))
    })?;
    let (server, file) = (transfer.server, loss::shown(transfer));
    let finding = Finding::new(
        "http-server-error",
        Severity::Error,
        format!("{server} takes the request for \"{file}\" and does not answer"),
    )
    .confidence(Confidence::Likely)
    .detail(format!(
        "The connection was accepted. The phone asked {}; no answer came.",
        loss::times(transfer.requests)
    ))
    .about(loss::about(transfer));
    Some(
        loss::with_frames(finding, transfer)
            .remedy(format!(
                "Fetch it from the phone's VLAN: `curl -m 60 -o /dev/null http://{}{file}`; if that \
                 hangs too, look into the log of the web server and of what stands behind it.",
                SocketAddr::new(server, transfer.server_port)
            ))
            .remedy(
                "If small files come and large ones hang, let ICMP \"fragmentation needed\" through \
                 to the server, or lower the MSS on the router before the tunnel.",
            ),
    )
}

/// Whether the server accepted the connection of this request, and the capture holds all that
/// it sent on it.
fn was_taken(boot: &Boot, transfer: &Transfer) -> bool {
    boot.reach.connections.iter().any(|connection| {
        connection.server == transfer.server
            && connection.server_port == transfer.server_port
            && connection.client_port == transfer.client_port
            && connection.accepted.is_some()
            && connection.missing_bytes == 0
    })
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
    use crate::rules::testing::Case;
    use crate::session::testing::{BootBuilder, SERVER};
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

    /// A request on a connection that the server accepted, without an answer.
    fn unanswered() -> BootBuilder {
        BootBuilder::new()
            .connection(SERVER, 80, |connection, at| connection.accepted = Some(at))
            .transfer(Protocol::Http, "/a.cfg", Status::Unanswered, |transfer| {
                transfer.server_port = 80;
                transfer.client_port = 50_000;
            })
    }

    #[test]
    fn a_request_that_is_taken_and_not_answered_is_an_error() {
        let findings = Case::new("yealink-t4x", unanswered()).check(check);
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].severity, Severity::Error);
        assert_eq!(
            findings[0].title,
            "192.0.2.10 takes the request for \"/a.cfg\" and does not answer"
        );
        assert!(findings[0].remedy[0].contains("http://192.0.2.10:80/a.cfg"));
    }

    #[test]
    fn a_request_that_may_still_be_answered_is_silent() {
        let silent = |boot| Case::new("yealink-t4x", boot).check(check).is_empty();
        let short = Case::new("yealink-t4x", unanswered()).ends_after_secs(10);
        assert!(short.check(check).is_empty());
        assert!(silent(unanswered().http("/b.cfg", Status::Complete, 200)));
        assert!(silent(unanswered().with(|boot, _| {
            boot.reach.connections[0].missing_bytes = 100;
        })));
        assert!(silent(unanswered().with(|boot, _| {
            boot.reach.connections[0].accepted = None;
        })));
        assert!(silent(
            unanswered().with(|boot, _| boot.frames_to_phone = 0)
        ));
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
