//! The server does not have a file that the phone asks for.
//!
//! ## What it sees
//! A read that the server answers with TFTP error 1, FTP reply 550, or HTTP 404 or 410. How bad that is
//! depends on what the family does without the file: its profile says so. Misses that
//! are normal are gathered in one note.
//!
//! ## Why the phone stops
//! Without its recovery file or image the phone has nothing to run and asks again for
//! ever. Without its configuration, and without a default in its place, it comes up with
//! nothing to register.
//!
//! ## How to fix it
//! 1. Put the file into the server's root, spelled exactly as the phone asks: letters'
//!    case counts on most servers.
//! 2. For a firmware list, put every file that it names there too.
//! 3. The server's words may tell where it looked: dnsmasq prints the whole path.
//! 4. FTP says 550 of files that its user must not read, too.
//! 5. With tftpd-hpa, `--secure` and the folder in its command line decide what the root is.
//!
//! ## When it may be wrong
//! A phone that is only checking for an update goes on without the file; then this is a
//! note. A file that arrives later in the same boot, by another way or under another name
//! of the same chain, is not missing.
//!
//! ## References
//! RFC 1350 appendix I (error codes); RFC 959 §5.4 (reply 550); RFC 9110 §15.5.5 and §15.5.11 (404, 410).

use phoneboot_parsers::Protocol;

use crate::finding::{Finding, Severity};
use crate::profiles::{Needs, Role};
use crate::rules::Context;
use crate::rules::context::TransferVerdict;
use crate::session::Boot;
use crate::session::transfer::Transfer;

use super::file_name_case_mismatch::twin;
use super::{file_name_doubled, firmware, load_name_unusable, loss};

pub(in crate::rules) fn check(boot: &Boot, context: &Context<'_>) -> Vec<Finding> {
    let mut normal = Vec::new();
    let mut wanted = Vec::new();
    for (transfer, verdict) in context.reads(boot) {
        if verdict != TransferVerdict::NotFound
            || context.arrived(boot, &transfer.file_name())
            || twin(context, transfer).is_some()
            || file_name_doubled::single(transfer).is_some()
            || load_name_unusable::fault(transfer).is_some()
            || is_replaced_by_default(boot, context, transfer)
            || firmware::configuration_naming(boot, context, transfer).is_some()
        {
            continue;
        }
        match loss::severity(boot, context, transfer) {
            Severity::Note => normal.push(transfer),
            severity => wanted.push((transfer, severity)),
        }
    }
    let mut findings: Vec<Finding> = one_a_chain(wanted, context)
        .iter()
        .map(|group| missing(group, boot, context))
        .collect();
    findings.extend(expected(&normal));
    findings
}

/// Whether the file is the phone's own configuration and a default took its place: that
/// is said once, as such.
fn is_replaced_by_default(boot: &Boot, context: &Context<'_>, transfer: &Transfer) -> bool {
    let role = |transfer: &Transfer| context.file(transfer).map(|file| file.role());
    role(transfer) == Some(Role::Config)
        && context.reads(boot).any(|(other, verdict)| {
            matches!(
                verdict,
                TransferVerdict::Complete | TransferVerdict::UpToDate
            ) && role(other) == Some(Role::ConfigDefault)
        })
}

/// Files of which any would do, all of them missing, with the worst that this means.
struct Group<'b> {
    /// What the phone asked for first.
    first: &'b Transfer,
    /// What it asked for instead, in that order.
    others: Vec<&'b Transfer>,
    severity: Severity,
}

/// Puts the files that can stand in for each other together: they are one fault.
fn one_a_chain<'b>(wanted: Vec<(&'b Transfer, Severity)>, context: &Context<'_>) -> Vec<Group<'b>> {
    let chain_of = |transfer: &Transfer| {
        let chain = context.file(transfer)?.chain?;
        (chain.needs != Needs::All).then(|| chain.name.clone())
    };
    let mut groups: Vec<(Option<String>, Group<'b>)> = Vec::new();
    for (transfer, severity) in wanted {
        let chain = chain_of(transfer);
        let known = groups
            .iter_mut()
            .find(|(name, _)| chain.is_some() && *name == chain);
        if let Some((_, group)) = known {
            group.others.push(transfer);
            group.severity = group.severity.max(severity);
        } else {
            let group = Group {
                first: transfer,
                others: Vec::new(),
                severity,
            };
            groups.push((chain, group));
        }
    }
    groups.into_iter().map(|(_, group)| group).collect()
}

fn missing(group: &Group<'_>, boot: &Boot, context: &Context<'_>) -> Finding {
    let (transfer, others) = (group.first, group.others.as_slice());
    let name = loss::shown(transfer);
    let protocol = transfer.protocol.name().to_ascii_uppercase();
    let server = transfer.server;
    let verb = if is_forbidden(transfer) {
        "does not give out"
    } else {
        "has no file"
    };
    let finding = Finding::new(
        "file-missing",
        group.severity,
        format!("{protocol} server {verb} \"{name}\""),
    )
    .detail(detail(transfer, others, group.severity, context))
    .about(loss::about(transfer));
    let root = match transfer.protocol {
        Protocol::Tftp => "the TFTP root".to_owned(),
        Protocol::Ftp => match boot.ftp.user_at(server) {
            Some(user) => format!("the directory of FTP user {user}"),
            None => "the FTP user's directory".to_owned(),
        },
        _ => "the web server's root, at this path".to_owned(),
    };
    let finding = loss::with_frames(finding, transfer).remedy(format!(
        "Put {name}{} into {root} of {server}, spelled exactly like this.",
        if names_others(&name) {
            ", and every file named in it,"
        } else {
            ""
        }
    ));
    let finding = if transfer.protocol == Protocol::Ftp {
        finding.remedy(format!(
            "If {name} is there, let the FTP user read it (`chmod 644`, and its folders): servers \
             answer 550 then as well."
        ))
    } else {
        finding
    };
    let finding = others.iter().fold(finding, |finding, other| {
        finding.evidence(other.last, format!("nor {}", loss::shown(other)))
    });
    match others {
        [] => finding,
        others => finding.remedy(format!("Or put {} there.", names(others).join(" or "))),
    }
}

/// Whether an FTP server says that the file is there: 550 means both (RFC 959 §5.4).
fn is_forbidden(transfer: &Transfer) -> bool {
    let words = transfer
        .error
        .as_ref()
        .map_or(String::new(), |error| error.message.to_string());
    let words = words.to_ascii_lowercase();
    transfer.protocol == Protocol::Ftp
        && ["permission", "denied", "not allowed"]
            .iter()
            .any(|word| words.contains(word))
}

fn names(transfers: &[&Transfer]) -> Vec<String> {
    transfers
        .iter()
        .map(|transfer| loss::shown(transfer))
        .collect()
}

/// Whether the file lists other files.
fn names_others(name: &str) -> bool {
    name.to_ascii_lowercase().ends_with(".loads")
}

fn detail(
    transfer: &Transfer,
    others: &[&Transfer],
    severity: Severity,
    context: &Context<'_>,
) -> String {
    let answer = transfer.error.as_ref().map_or(String::new(), |error| {
        if error.message.is_empty() {
            format!("{}", error.code)
        } else {
            format!("{}, \"{}\"", error.code, error.message)
        }
    });
    let mut text = format!(
        "The phone asked {} {}; the server answered {answer}.",
        transfer.server,
        loss::times(transfer.requests)
    );
    if !others.is_empty() {
        text.push(' ');
        text.push_str(&names(others).join(" or "));
        text.push_str(" could take its place and is missing too.");
    }
    if let Some(note) = context
        .file(transfer)
        .map(|file| file.rule.note.as_str())
        .filter(|note| !note.is_empty())
    {
        text.push(' ');
        text.push_str(note);
        if !note.ends_with('.') {
            text.push('.');
        }
    }
    if severity == Severity::Error {
        text.push_str(" This phone cannot go on without it.");
    }
    text
}

/// One note for all misses that are normal.
fn expected(normal: &[&Transfer]) -> Option<Finding> {
    let first = normal.first()?;
    let names = names(normal);
    let title = match names.as_slice() {
        [one] => format!("{one} is not on the server; the phone does without"),
        many => format!(
            "{} files are not on the server; the phone does without",
            many.len()
        ),
    };
    let mut finding = Finding::new("file-missing", Severity::Note, title)
        .detail(format!("The phone goes on without: {}.", names.join(", ")))
        .about(loss::about(first));
    for transfer in normal {
        finding = finding.evidence(transfer.last, format!("no {}", loss::shown(transfer)));
    }
    Some(finding)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::Case;
    use crate::session::registration;
    use crate::session::testing::BootBuilder;
    use crate::session::transfer::Status;

    #[test]
    fn a_missing_recovery_file_is_an_error_with_the_name_in_it() {
        let boot = BootBuilder::new().tftp("term70.default.loads", Status::NotFound);
        let findings = Case::new("cisco-79x1", boot).check(check);
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].severity, Severity::Error);
        assert_eq!(
            findings[0].title,
            "TFTP server has no file \"term70.default.loads\""
        );
        assert_eq!(
            findings[0].remedy,
            [
                "Put term70.default.loads, and every file named in it, into the TFTP root of \
              192.0.2.10, spelled exactly like this."
            ]
        );
        assert_eq!(findings[0].evidence.len(), 2);
    }

    #[test]
    fn a_configuration_and_its_default_that_are_both_missing_are_one_fault() {
        let boot = BootBuilder::new()
            .tftp("SEP001AA17BE638.cnf.xml", Status::NotFound)
            .tftp("XMLDefault.cnf.xml", Status::NotFound);
        let findings = Case::new("cisco-79x1", boot)
            .ends_after_secs(5)
            .check(check);
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].severity, Severity::Error);
        assert_eq!(findings[0].evidence.len(), 3);
        assert!(findings[0].remedy[1].contains("XMLDefault.cnf.xml"));
    }

    #[test]
    fn normal_misses_of_a_healthy_boot_are_one_note() {
        let boot = BootBuilder::new()
            .tftp("CTLSEP001AA17BE638.tlv", Status::NotFound)
            .tftp("ITLSEP001AA17BE638.tlv", Status::NotFound)
            .tftp("SEP001AA17BE638.cnf.xml", Status::Complete)
            .registration(registration::Status::Registered, None);
        let findings = Case::new("cisco-79x1", boot).check(check);
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].severity, Severity::Note);
        assert_eq!(findings[0].evidence.len(), 2);
    }

    #[test]
    fn a_file_that_arrives_by_another_way_is_not_missing() {
        let boot = BootBuilder::new()
            .http("/SEP001AA17BE638.cnf.xml", Status::NotFound, 404)
            .tftp("SEP001AA17BE638.cnf.xml", Status::Complete);
        assert!(Case::new("cisco-79x1", boot).check(check).is_empty());
    }

    #[test]
    fn an_application_that_is_missing_after_a_format_is_an_error() {
        let boot = BootBuilder::new().http("/sip.ld", Status::NotFound, 404);
        let findings = Case::new("polycom-soundpoint", boot).check(check);
        assert_eq!(findings[0].severity, Severity::Error);
    }

    #[test]
    fn ftp_says_in_words_whether_a_file_is_absent_or_forbidden() {
        for (words, title) in [
            ("Failed to open file.", "FTP server has no file \"sip.ld\""),
            (
                "sip.ld: Permission denied",
                "FTP server does not give out \"sip.ld\"",
            ),
        ] {
            let boot = BootBuilder::new().transfer(
                Protocol::Ftp,
                "sip.ld",
                Status::NotFound,
                |transfer| {
                    let error = transfer.error.as_mut().unwrap();
                    error.code = 550;
                    error.message = words.into();
                },
            );
            let findings = Case::new("polycom-soundpoint", boot).check(check);
            assert_eq!(findings[0].title, title);
            assert!(findings[0].detail.contains(words));
            assert!(findings[0].remedy[1].contains("let the FTP user read it"));
        }
    }

    #[test]
    fn an_application_that_is_missing_while_one_is_installed_is_a_note() {
        let boot = BootBuilder::new()
            .http("/sip.ld", Status::NotFound, 404)
            .http("/phone1.cfg", Status::Complete, 200)
            .registration(registration::Status::Registered, None);
        let findings = Case::new("polycom-soundpoint", boot).check(check);
        assert_eq!(findings[0].severity, Severity::Note);
    }
}
