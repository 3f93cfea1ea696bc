//! An FTP server does not deliver a file, for another reason than that it is absent.
//!
//! ## What it sees
//! A read that the server refuses (450 busy, 553 name not allowed), breaks off (426, 451, the
//! connection closed before the announced size), cannot open a data connection for (425), or
//! never answers; or a server that takes the connection and is silent, or no FTP server, before
//! the phone could ask for a file.
//!
//! ## Why the phone stops
//! The file is there, and does not arrive. Phones ask again some times and then go on with
//! what they have.
//!
//! ## How to fix it
//! 1. The reply's words and the server's log name the reason.
//! 2. 425: the data connection did not come about. The server's passive ports must be open in
//!    the firewall, or the phone must use passive mode.
//! 3. 450, 451: the file is locked, being written, or on a disk with errors.
//! 4. A transfer that stops in its middle: look at duplex, cabling, and firewalls that drop
//!    idle control connections.
//!
//! ## When it may be wrong
//! A phone that closes early because it has the image already is not reported, nor is a file
//! that arrives at a later attempt.
//!
//! ## References
//! RFC 959 §4.2.2 and §5.4 (replies), §3.4 (how a transfer ends).

use phoneboot_parsers::Protocol;

use crate::finding::{Confidence, Finding, Severity};
use crate::rules::Context;
use crate::rules::context::TransferVerdict;
use crate::session::Boot;
use crate::session::transfer::Transfer;

use super::{ftp_silence, loss};

/// A server that says nothing for this long will not: vsftpd waits a minute for a data
/// connection, and then says so.
const ANSWER_SECS: f64 = 10.0;

pub(in crate::rules) fn check(boot: &Boot, context: &Context<'_>) -> Vec<Finding> {
    let failures = context.reads(boot).filter(|(transfer, verdict)| {
        transfer.protocol == Protocol::Ftp
            && failed(boot, context, transfer, *verdict)
            && !context.arrived(boot, &transfer.file_name())
    });
    let mut groups: Vec<Group<'_>> = Vec::new();
    for (transfer, verdict) in failures {
        let severity = severity(boot, context, transfer, verdict);
        let same = groups.iter_mut().find(|group| {
            let reply = reply_of(transfer);
            reply.is_some()
                && reply_of(group.transfer) == reply
                && group.transfer.server == transfer.server
        });
        match same {
            Some(group) if group.severity >= severity => group.others.push(transfer),
            Some(group) => {
                group.others.push(group.transfer);
                (group.transfer, group.verdict, group.severity) = (transfer, verdict, severity);
            }
            None => groups.push(Group {
                transfer,
                verdict,
                severity,
                others: Vec::new(),
            }),
        }
    }
    let mut findings: Vec<Finding> = groups.iter().map(finding).collect();
    findings.extend(ftp_silence::check(boot, context));
    findings
}

/// Files of one server that failed with the same reply: one fault.
struct Group<'b> {
    /// The worst of them, the first one of those.
    transfer: &'b Transfer,
    verdict: TransferVerdict,
    severity: Severity,
    others: Vec<&'b Transfer>,
}

/// The code of the reply that ended it; `None` when none did.
fn reply_of(transfer: &Transfer) -> Option<u32> {
    transfer
        .error
        .as_ref()
        .map(|error| error.code)
        .filter(|code| *code != 0)
}

fn severity(
    boot: &Boot,
    context: &Context<'_>,
    transfer: &Transfer,
    verdict: TransferVerdict,
) -> Severity {
    let severity = loss::severity(boot, context, transfer);
    let is_broken_off =
        verdict == TransferVerdict::Truncated && context.is_asked_in_vain(boot, transfer);
    if is_broken_off && !boot.is_registered() {
        severity.max(Severity::Warning)
    } else {
        severity
    }
}

fn failed(
    boot: &Boot,
    context: &Context<'_>,
    transfer: &Transfer,
    verdict: TransferVerdict,
) -> bool {
    match verdict {
        TransferVerdict::Refused
        | TransferVerdict::ServerError
        | TransferVerdict::Truncated
        | TransferVerdict::Stalled => true,
        TransferVerdict::Unanswered => {
            context.sees_answers(boot)
                && context.watched_secs_after(transfer.last_request) >= ANSWER_SECS
        }
        _ => false,
    }
}

fn finding(group: &Group<'_>) -> Finding {
    let (transfer, verdict, severity) = (group.transfer, group.verdict, group.severity);
    let name = loss::shown(transfer);
    let (title, confidence) = match (&transfer.error, verdict) {
        (Some(error), _) => (
            format!(
                "FTP server does not deliver \"{name}\": {} \"{}\"",
                error.code, error.message
            ),
            Confidence::Certain,
        ),
        (None, TransferVerdict::Truncated) => (
            format!("FTP server ends \"{name}\" before its end"),
            Confidence::Likely,
        ),
        (None, TransferVerdict::Unanswered) => (
            format!("FTP server does not answer the request for \"{name}\""),
            Confidence::Likely,
        ),
        (None, _) => (
            format!("the FTP transfer of \"{name}\" stops and does not go on"),
            Confidence::Likely,
        ),
    };
    let size = match (transfer.expected_bytes, transfer.bytes) {
        (Some(expected), bytes) => format!("{bytes} of {expected} bytes came"),
        (None, 0) => "nothing of it came".to_owned(),
        (None, bytes) => format!("{bytes} bytes came"),
    };
    let finding = Finding::new("ftp-transfer-failed", severity, title)
        .confidence(confidence)
        .detail(
            format!(
                "The phone asked {} {} for the file; {size}.",
                transfer.server,
                loss::times(transfer.requests)
            ) + &also(&group.others),
        )
        .about(loss::about(transfer));
    let finding = loss::with_frames(finding, transfer);
    let finding = group.others.iter().fold(finding, |finding, other| {
        finding.evidence(other.last, format!("nor {}", loss::shown(other)))
    });
    let finding = if transfer.error.is_none() && severity > Severity::Note {
        finding.evidence(transfer.last, "the last frame of it")
    } else {
        finding
    };
    let code = transfer.error.as_ref().map_or(0, |error| error.code);
    finding.remedy(remedy(transfer, code))
}

/// The other files that failed likewise, in a sentence.
fn also(others: &[&Transfer]) -> String {
    if others.is_empty() {
        return String::new();
    }
    let names: Vec<String> = others.iter().map(|other| loss::shown(other)).collect();
    format!(" The same holds for {}.", names.join(", "))
}

fn remedy(transfer: &Transfer, code: u32) -> String {
    let (server, name) = (transfer.server, loss::shown(transfer));
    match code {
        425 => format!(
            "Open the passive ports of {server} in the firewall (vsftpd: `pasv_min_port`, \
             `pasv_max_port`), or let the phone use passive mode."
        ),
        421 => format!("Look into the log of {server}: it closed the connection by itself."),
        450 | 451 => format!(
            "See on {server} whether {name} is locked or being written, and whether its disk is \
             well."
        ),
        0 | 426 => format!(
            "Look into the log of {server}, and for what drops packets between it and the phone."
        ),
        _ => format!("Look into the log of {server}: it knows why {name} is not given out."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::Case;
    use crate::session::testing::BootBuilder;
    use crate::session::transfer::Status;

    fn ftp(file: &str, status: Status, change: impl FnOnce(&mut Transfer)) -> BootBuilder {
        BootBuilder::new().transfer(Protocol::Ftp, file, status, change)
    }

    fn with_error(transfer: &mut Transfer, code: u32, words: &str) {
        if let Some(error) = &mut transfer.error {
            error.code = code;
            error.message = words.into();
        }
    }

    #[test]
    fn a_busy_file_is_an_error_where_the_phone_stops() {
        let boot = ftp("000000000000.cfg", Status::Refused, |transfer| {
            with_error(transfer, 450, "File busy");
        });
        let findings = Case::new("polycom-soundpoint", boot).check(check);
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].severity, Severity::Error);
        assert_eq!(
            findings[0].title,
            "FTP server does not deliver \"000000000000.cfg\": 450 \"File busy\""
        );
        assert!(findings[0].remedy[0].contains("locked"));
    }

    #[test]
    fn files_with_the_same_reply_are_one_fault() {
        let failing = |boot: BootBuilder, file: &str, code| {
            boot.transfer(Protocol::Ftp, file, Status::ServerError, |transfer| {
                with_error(transfer, code, "local error");
            })
        };
        let one = || failing(BootBuilder::new(), "0004f2112233.cfg", 451);
        let same = failing(one(), "000000000000.cfg", 451);
        let findings = Case::new("polycom-soundpoint", same).check(check);
        assert_eq!(findings.len(), 1);
        assert!(findings[0].detail.contains("holds for 000000000000.cfg"));
        let differing = failing(one(), "000000000000.cfg", 450);
        let findings = Case::new("polycom-soundpoint", differing).check(check);
        assert_eq!(findings.len(), 2);
    }

    #[test]
    fn an_image_that_the_server_breaks_off_each_time_is_a_warning() {
        for (requests, severity, outcome) in
            [(3, Severity::Warning, false), (1, Severity::Note, true)]
        {
            let boot = BootBuilder::new()
                .transfer(Protocol::Ftp, "phone1.cfg", Status::Complete, |_| {})
                .transfer(Protocol::Ftp, "sip.ld", Status::Truncated, |transfer| {
                    with_error(transfer, 426, "Aborted");
                    transfer.requests = requests;
                });
            let case = Case::new("polycom-soundpoint", boot).ends_after_secs(1);
            let findings = case.check(|boot, context| {
                assert_eq!(context.is_loaded(boot), outcome);
                check(boot, context)
            });
            assert_eq!(findings[0].severity, severity);
        }
    }

    #[test]
    fn each_way_of_failing_has_its_words() {
        for (status, code, title, remedy) in [
            (Status::ServerError, 425, "425", "passive ports"),
            (Status::ServerError, 421, "421", "closed the connection"),
            (Status::Refused, 553, "553", "not given out"),
            (Status::Truncated, 0, "before its end", "drops packets"),
            (
                Status::Running,
                0,
                "stops and does not go on",
                "drops packets",
            ),
            (Status::Unanswered, 0, "does not answer", "drops packets"),
        ] {
            let boot = ftp("phone1.cfg", status, |transfer| {
                with_error(transfer, code, "No");
            });
            let findings = Case::new("polycom-soundpoint", boot).check(check);
            assert!(findings[0].title.contains(title), "{}", findings[0].title);
            assert!(findings[0].remedy[0].contains(remedy), "{title}");
        }
    }

    #[test]
    fn an_image_that_the_phone_has_is_none() {
        let boot = ftp("sip.ld", Status::AbortedByPhone, |transfer| {
            transfer.error = None;
        });
        assert!(
            Case::new("polycom-soundpoint", boot)
                .check(check)
                .is_empty()
        );
    }

    #[test]
    fn a_file_that_arrives_later_is_none() {
        let boot = ftp("phone1.cfg", Status::Refused, |_| {}).transfer(
            Protocol::Ftp,
            "phone1.cfg",
            Status::Complete,
            |_| {},
        );
        assert!(
            Case::new("polycom-soundpoint", boot)
                .check(check)
                .is_empty()
        );
    }

    #[test]
    fn a_request_at_the_end_of_the_capture_proves_nothing() {
        let boot = ftp("phone1.cfg", Status::Unanswered, |_| {});
        let case = Case::new("polycom-soundpoint", boot).ends_after_secs(5);
        assert!(case.check(check).is_empty());
    }
}
