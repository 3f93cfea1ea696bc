//! A TFTP request gets no answer at all: no block, no option acknowledgement, no error.
//!
//! ## What it sees
//! A request that the phone repeats, or after which the capture goes on for some seconds,
//! and no datagram of any server to the port that it was sent from.
//!
//! ## Why the phone stops
//! A phone reads "not found" as an answer and goes on. Silence it cannot read: it asks
//! again until it gives up, starts over with DHCP, and never gets further. One silent
//! `CTLSEP….tlv` is enough to keep a Cisco phone in that circle.
//!
//! ## How to fix it
//! 1. Is the TFTP server running, and does it listen on this address? `ss -lun | grep :69`.
//! 2. Does a firewall let UDP port 69 in, and the server's answer out? The answer comes
//!    from a new high port: a stateless filter needs that range opened, a stateful one the
//!    TFTP helper.
//! 3. Is the address right, and does the server know the way back to the phone's subnet?
//! 4. A server that answers from another of its addresses is not heard: bind it to the one
//!    that the phone asks.
//!
//! ## When it may be wrong
//! A capture that shows only what the phone sends cannot show answers. The rule takes a
//! repeated request as the sign that none came; for a request sent once it asks for other
//! frames to the phone. The last of few requests must have had time to be answered.
//!
//! ## References
//! RFC 1350 §4 (the server picks a new port); RFC 1350 §7 (retransmission).

use std::collections::BTreeMap;
use std::net::IpAddr;

use phoneboot_parsers::Protocol;

use crate::finding::{Confidence, Finding, Severity};
use crate::rules::Context;
use crate::rules::context::TransferVerdict;
use crate::rules::servers;
use crate::session::Boot;
use crate::session::transfer::Transfer;

use super::loss;

/// A request that was sent once counts after this many seconds.
const SINGLE_REQUEST_SECS: f64 = 10.0;

pub(in crate::rules) fn check(boot: &Boot, context: &Context<'_>) -> Vec<Finding> {
    let mut by_server: BTreeMap<IpAddr, Vec<&Transfer>> = BTreeMap::new();
    for (transfer, verdict) in context.reads(boot) {
        if transfer.protocol == Protocol::Tftp
            && verdict == TransferVerdict::Unanswered
            && is_proven(boot, context, transfer)
            && !servers::is_another_left(boot, context, transfer.server, transfer.first)
            && !context.arrived(boot, &transfer.file_name())
        {
            by_server.entry(transfer.server).or_default().push(transfer);
        }
    }
    by_server
        .into_iter()
        .map(|(server, transfers)| unanswered(boot, context, server, &transfers))
        .collect()
}

/// Whether the capture can show that nothing came.
fn is_proven(boot: &Boot, context: &Context<'_>, transfer: &Transfer) -> bool {
    transfer.requests > 1
        || (context.sees_answers(boot)
            && context.watched_secs_after(transfer.last_request) >= SINGLE_REQUEST_SECS)
}

fn unanswered(
    boot: &Boot,
    context: &Context<'_>,
    server: IpAddr,
    transfers: &[&Transfer],
) -> Finding {
    let files: Vec<String> = transfers
        .iter()
        .map(|transfer| loss::shown(transfer))
        .collect();
    let answered_others = boot
        .transfers
        .iter()
        .any(|other| other.server == server && other.answered.is_some());
    let came_up = boot.is_registered() || context.is_loaded(boot);
    let went_on = transfers
        .iter()
        .any(|transfer| servers::another_answers(boot, transfer.server, transfer.first));
    let severity = match (came_up || went_on, answered_others) {
        (true, true) => Severity::Note,
        (true, false) => Severity::Warning,
        (false, _) => Severity::Error,
    };
    let requests: u64 = transfers.iter().map(|transfer| transfer.requests).sum();
    let title = match files.as_slice() {
        [one] => format!("TFTP server {server} does not answer the request for \"{one}\""),
        many => format!(
            "TFTP server {server} does not answer the requests for {} files",
            many.len()
        ),
    };
    let confidence = if context.sees_answers(boot) {
        Confidence::Certain
    } else {
        Confidence::Likely
    };
    let mut finding = Finding::new("tftp-request-unanswered", severity, title)
        .confidence(confidence)
        .detail(format!(
            "The phone asked {} for {}; neither a block nor an error came back.{}",
            loss::times(requests),
            files.join(", "),
            if answered_others {
                " The server answered other requests of this boot."
            } else {
                ""
            }
        ));
    if let Some(first) = transfers.first() {
        finding = finding.about(loss::about(first));
    }
    for transfer in transfers {
        finding = loss::with_frames(finding, transfer);
    }
    finding
        .remedy(format!(
            "See that a TFTP server runs on {server} and listens on UDP port 69."
        ))
        .remedy(
            "Open UDP port 69 towards it, and its high ports back: TFTP answers come from a \
             new port. Stateful firewalls need their TFTP helper.",
        )
        .remedy(format!(
            "Ask it from the phone's VLAN: `curl -o /dev/null tftp://{server}/{}`; \"not found\" \
             is an answer, silence is the fault.",
            files.first().map_or("test", String::as_str)
        ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::Case;
    use crate::session::testing::BootBuilder;
    use crate::session::transfer::Status;

    #[test]
    fn a_repeated_request_without_an_answer_is_an_error() {
        let boot = BootBuilder::new().transfer(
            Protocol::Tftp,
            "CTLSEP001AA17BE638.tlv",
            Status::Unanswered,
            |transfer| transfer.requests = 3,
        );
        let findings = Case::new("cisco-79x1", boot).check(check);
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].severity, Severity::Error);
        assert_eq!(findings[0].subject.port, Some(69));
    }

    #[test]
    fn a_request_that_is_answered_in_the_end_is_none() {
        let boot = BootBuilder::new().transfer(
            Protocol::Tftp,
            "CTLSEP001AA17BE638.tlv",
            Status::NotFound,
            |transfer| transfer.requests = 3,
        );
        assert!(Case::new("cisco-79x1", boot).check(check).is_empty());
    }

    #[test]
    fn a_second_server_of_the_list_is_waited_for() {
        let boot = || {
            let list = (150, &[192, 0, 2, 10, 192, 0, 2, 11][..]);
            BootBuilder::new().lease(&[150], &[list]).transfer(
                Protocol::Tftp,
                "CTLSEP001AA17BE638.tlv",
                Status::Unanswered,
                |transfer| transfer.requests = 3,
            )
        };
        let soon = Case::new("cisco-79x1", boot()).ends_after_secs(5);
        assert!(soon.check(check).is_empty());
        let late = Case::new("cisco-79x1", boot()).check(check);
        assert_eq!(late[0].severity, Severity::Error);
        let second = [192, 0, 2, 11];
        let answered = boot().transfer(
            Protocol::Tftp,
            "CTLSEP001AA17BE638.tlv",
            Status::NotFound,
            |transfer| transfer.server = second.into(),
        );
        let findings = Case::new("cisco-79x1", answered)
            .ends_after_secs(5)
            .check(check);
        assert_eq!(findings[0].severity, Severity::Warning);
    }

    #[test]
    fn a_capture_that_ends_right_after_the_request_proves_nothing() {
        let boot = BootBuilder::new().tftp("SEP001AA17BE638.cnf.xml", Status::Unanswered);
        let case = Case::new("cisco-79x1", boot).ends_after_secs(1);
        assert!(case.check(check).is_empty());
    }

    #[test]
    fn the_last_of_few_requests_may_still_be_answered() {
        let found = |requests, secs| {
            let file = "CTLSEP001AA17BE638.tlv";
            let boot =
                BootBuilder::new().transfer(Protocol::Tftp, file, Status::Unanswered, |transfer| {
                    transfer.requests = requests;
                });
            let case = Case::new("cisco-79x1", boot).ends_after_secs(secs);
            case.check(check).len()
        };
        assert_eq!(found(2, 1), 0);
        assert_eq!(found(2, 5), 1);
        assert_eq!(found(5, 1), 1);
    }

    #[test]
    fn a_single_request_in_a_capture_of_one_direction_proves_nothing() {
        let boot = BootBuilder::new()
            .tftp("SEP001AA17BE638.cnf.xml", Status::Unanswered)
            .with(|boot, _| boot.frames_to_phone = 0);
        assert!(Case::new("cisco-79x1", boot).check(check).is_empty());
    }
}
