//! The server does not have a file that the phone asks for.
//!
//! ## What it sees
//! A read that the server answers with TFTP error 1, FTP reply 550, or HTTP 404 or 410. How bad that is
//! depends on what the family does without the file: its profile says so. Misses that
//! are normal are gathered in one note. A directory that an FTP server does not change to is
//! told of when the phone stops there.
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

use crate::finding::{About, Finding, Severity};
use crate::profiles::{FileMatch, Needs, Role};
use crate::rules::Context;
use crate::rules::context::{TransferVerdict, came};
use crate::session::Boot;
use crate::session::ftp::RefusedDirectory;
use crate::session::transfer::{Status, Transfer};

use super::file_name_case_mismatch::twin;
use super::{file_name_doubled, firmware, load_name_unusable, loss};

/// A phone that can do with another file asks for it within this many seconds.
const STAND_IN_SECS: f64 = 5.0;

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
            || may_ask_on(boot, context, transfer)
            || replaces_unusable(boot, context, transfer)
        {
            continue;
        }
        if loss::stands_in_for_refused(boot, context, transfer)
            || loss::another_came_in_part(boot, context, transfer)
        {
            normal.push(transfer);
            continue;
        }
        match loss::severity(boot, context, transfer) {
            Severity::Note => normal.push(transfer),
            severity => wanted.push((transfer, severity)),
        }
    }
    let groups = one_a_server(one_a_chain(wanted, context), boot, context);
    let mut findings: Vec<Finding> = groups
        .iter()
        .map(|group| missing(group, boot, context))
        .collect();
    findings.extend(directory_missing(boot, context));
    findings.extend(expected(&normal));
    findings
}

/// Whether the file is the phone's own configuration and a default took its place: that
/// is said once, as such.
fn is_replaced_by_default(boot: &Boot, context: &Context<'_>, transfer: &Transfer) -> bool {
    let role = |transfer: &Transfer| context.file(transfer).map(|file| file.role());
    role(transfer) == Some(Role::Config)
        && context.reads(boot).any(|(other, verdict)| {
            came(other, verdict) && role(other) == Some(Role::ConfigDefault)
        })
}

/// Whether the phone asks for this file only because it could not use another of the same
/// role that it was given: that other one is at fault.
fn replaces_unusable(boot: &Boot, context: &Context<'_>, transfer: &Transfer) -> bool {
    let Some(role) = context.file(transfer).map(|file| file.role()) else {
        return false;
    };
    matches!(role, Role::Recovery | Role::Firmware)
        && boot.transfers.iter().any(|other| {
            other.last < transfer.first
                && other.server == transfer.server
                && other.status == Status::AbortedByPhone
                && other.error.as_ref().is_some_and(|error| error.code != 0)
                && context.file(other).is_some_and(|file| file.role() == role)
        })
}

/// Whether the capture ends before the phone would have asked for the file's stand-in.
fn may_ask_on(boot: &Boot, context: &Context<'_>, transfer: &Transfer) -> bool {
    let Some(chain) = context.file(transfer).and_then(|file| file.chain) else {
        return false;
    };
    let asked = |member: &String| {
        context.reads(boot).any(|(other, _)| {
            context
                .file(other)
                .is_some_and(|file| file.rule.name == *member)
        })
    };
    // One that is on its way may be it.
    let is_awaited = context.reads(boot).any(|(other, verdict)| {
        let same = |file: FileMatch<'_>| file.chain.is_some_and(|one| one.name == chain.name);
        verdict == TransferVerdict::Unknown
            && other.first > transfer.last
            && context.file(other).is_some_and(same)
    });
    let last = chain.members.last();
    let own = context.file(transfer).map(|file| &file.rule.name);
    let has_stand_in = chain.needs != Needs::All && own != last;
    if has_stand_in && is_awaited {
        return true;
    }
    has_stand_in
        && !last.is_some_and(asked)
        && !context.asks_again_in_vain(boot)
        && !boot.is_registered()
        && !loss::went_on(boot, context, transfer)
        && context.watched_secs_after(transfer.last) < STAND_IN_SECS
}

/// Files of one chain, all of them missing, with the worst that this means.
struct Group<'b> {
    /// What the phone asked for first.
    first: &'b Transfer,
    /// What else it asked for, in that order.
    others: Vec<&'b Transfer>,
    severity: Severity,
    /// Whether the server gave out no file at all, so that its directory is at fault.
    is_all: bool,
}

/// Puts the files together that stand in for each other, or that a boot needs together:
/// that they are missing is one fault.
fn one_a_chain<'b>(wanted: Vec<(&'b Transfer, Severity)>, context: &Context<'_>) -> Vec<Group<'b>> {
    let chain_of = |transfer: &Transfer| Some(context.file(transfer)?.chain?.name.clone());
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
                is_all: false,
            };
            groups.push((chain, group));
        }
    }
    groups.into_iter().map(|(_, group)| group).collect()
}

/// Whether the phone needs every file of the group.
fn needs_all(group: &Group<'_>, context: &Context<'_>) -> bool {
    context
        .file(group.first)
        .and_then(|file| file.chain)
        .is_some_and(|chain| chain.needs == Needs::All)
}

/// Puts together what a server misses that gave out no file at all: the phone was led to the
/// wrong directory, or must not read it, or the server is empty.
fn one_a_server<'b>(groups: Vec<Group<'b>>, boot: &Boot, context: &Context<'_>) -> Vec<Group<'b>> {
    let mut merged: Vec<Group<'b>> = Vec::new();
    for mut group in groups {
        let first = group.first;
        group.is_all = !group.others.is_empty()
            && needs_all(&group, context)
            && gives_out_nothing(boot, context, first);
        let known = merged.iter_mut().find(|known| {
            known.first.protocol == first.protocol
                && known.first.server == first.server
                && known.first.server_port == first.server_port
                && gives_out_nothing(boot, context, first)
        });
        let Some(known) = known else {
            merged.push(group);
            continue;
        };
        known.is_all = true;
        if group.severity > known.severity {
            known.others.insert(0, known.first);
            known.first = group.first;
            known.severity = group.severity;
        } else {
            known.others.push(group.first);
        }
        known.others.extend(group.others);
    }
    merged
}

/// Whether the server of this transfer answered every request for a file by this protocol
/// with "not found".
fn gives_out_nothing(boot: &Boot, context: &Context<'_>, transfer: &Transfer) -> bool {
    context
        .reads(boot)
        .filter(|(other, _)| other.protocol == transfer.protocol && other.server == transfer.server)
        .all(|(_, verdict)| verdict == TransferVerdict::NotFound)
}

/// Directories that the FTP server does not change to, where the phone stops there.
fn directory_missing(boot: &Boot, context: &Context<'_>) -> Vec<Finding> {
    const NOT_FOUND: u16 = 550;

    if boot.is_registered() || context.fetched_anything(boot) {
        return Vec::new();
    }
    boot.ftp
        .refused_directories
        .iter()
        .filter(|directory| {
            let refused = directory.refusal.at;
            // A phone that asks for files all the same is judged by those.
            let asks_on = boot
                .transfers
                .iter()
                .any(|transfer| transfer.last_request > directory.first);
            directory.refusal.code == NOT_FOUND && !asks_on && context.is_stuck_after(boot, refused)
        })
        .map(|directory| no_directory(directory, boot))
        .collect()
}

fn no_directory(directory: &RefusedDirectory, boot: &Boot) -> Finding {
    let (server, path, refusal) = (directory.server, &directory.path, &directory.refusal);
    let user = boot.ftp.user_at(server).map_or_else(
        || "the FTP user".to_owned(),
        |user| format!("FTP user {user}"),
    );
    let said = format!("{} \"{}\"", refusal.code, refusal.words);
    let finding = Finding::new(
        "file-missing",
        Severity::Error,
        format!("FTP server has no directory \"{path}\""),
    )
    .detail(format!(
        "The phone wanted to change to {path} on {server} {}; the server answered {said}, and the \
         phone asked for no file.",
        loss::times(directory.refusals)
    ))
    .about(About {
        file: Some(path.to_string()),
        server: Some(server),
        port: Some(directory.server_port),
        protocol: Some("ftp"),
        ..About::default()
    })
    .evidence(directory.first, format!("server: {said}"));
    let finding = if refusal.at == directory.first {
        finding
    } else {
        finding.evidence(refusal.at, "the last refusal")
    };
    finding
        .remedy(format!(
            "Create {path} in the directory of {user} on {server}, let that user read it (`chmod \
             755`), and put the phone's files there."
        ))
        .remedy(
            "Or take the directory out of the URL that the phone was given (DHCP, or its menu), \
             or spell it as on the server.",
        )
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
    let title = if group.is_all {
        format!(
            "{protocol} server gives out none of the {} files that the phone needs",
            others.len() + 1
        )
    } else {
        format!("{protocol} server {verb} \"{name}\"")
    };
    let finding = Finding::new("file-missing", group.severity, title)
        .detail(detail(group, context))
        .about(loss::about(transfer));
    let root = match transfer.protocol {
        Protocol::Tftp => "the TFTP root".to_owned(),
        Protocol::Ftp => match boot.ftp.user_at(server) {
            Some(user) => format!("the directory of FTP user {user}"),
            None => "the FTP user's directory".to_owned(),
        },
        _ => "the web server's root, at this path".to_owned(),
    };
    let finding = loss::with_frames(finding, transfer);
    if group.is_all {
        return whole_directory(finding, group, &root);
    }
    let finding = finding.remedy(format!(
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
        others if needs_all(group, context) => {
            finding.remedy(format!("Put {} there, too.", names(others).join(" and ")))
        }
        others => finding.remedy(format!("Or put {} there.", names(others).join(" or "))),
    }
}

/// What to do when a server gives out no file at all.
fn whole_directory(finding: Finding, group: &Group<'_>, root: &str) -> Finding {
    let server = group.first.server;
    let finding = group.others.iter().fold(finding, |finding, other| {
        finding.evidence(other.last, format!("nor {}", loss::shown(other)))
    });
    if group.first.protocol != Protocol::Ftp {
        return finding
            .remedy(format!(
                "Put {}, {} into {root} of {server}, spelled exactly like this.",
                loss::shown(group.first),
                names(&group.others).join(", ")
            ))
            .remedy(elsewhere_on(group.first));
    }
    let permission = "Let the FTP user read the files there (`chmod 644`) and enter every folder \
                      above them (`chmod 755`); SELinux and a chroot hide files, too.";
    let place = format!(
        "See that {root} of {server} is the one that holds the phone's files: {}, {} must lie \
         there, or the phone's URL must name their folder.",
        loss::shown(group.first),
        names(&group.others).join(", ")
    );
    if is_forbidden(group.first) {
        finding.remedy(permission).remedy(place)
    } else {
        finding.remedy(place).remedy(permission)
    }
}

/// Where to look when the files lie on the server already.
fn elsewhere_on(transfer: &Transfer) -> String {
    let server = transfer.server;
    if transfer.protocol == Protocol::Tftp {
        format!(
            "If they are on {server}: the root is what the server's command line says (tftpd-hpa: \
             `--secure` and its folder; dnsmasq: `tftp-root`). Else correct the server's address in \
             DHCP."
        )
    } else {
        format!(
            "If they are on {server}: correct the folder in the URL that the phone was given, or \
             the web server's root (nginx: `root`, Apache: `DocumentRoot`)."
        )
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

fn detail(group: &Group<'_>, context: &Context<'_>) -> String {
    let (transfer, others) = (group.first, group.others.as_slice());
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
    if group.is_all {
        text = format!(
            "The phone asked {} for {}, {}; the server answered every one with {answer}. {} is \
             the likely cause.",
            transfer.server,
            loss::shown(transfer),
            names(others).join(", "),
            if transfer.protocol == Protocol::Ftp {
                "A wrong directory, or one that the FTP user must not read,"
            } else {
                "A wrong root or folder, or the wrong server,"
            }
        );
    } else if !others.is_empty() {
        text.push(' ');
        if needs_all(group, context) {
            text.push_str(&names(others).join(" and "));
            text.push_str(" goes with it and is missing too.");
        } else {
            text.push_str(&names(others).join(" or "));
            text.push_str(" could take its place and is missing too.");
        }
    }
    if let Some(note) = context
        .file(transfer)
        .map(|file| file.rule.note.as_str())
        .filter(|note| !note.is_empty() && !group.is_all)
    {
        text.push(' ');
        text.push_str(note);
        if !note.ends_with('.') {
            text.push('.');
        }
    }
    if group.severity == Severity::Error {
        text.push_str(if group.is_all {
            " This phone cannot go on without them."
        } else {
            " This phone cannot go on without it."
        });
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
    use crate::rules::fetch::testing::load_list;
    use crate::rules::testing::Case;
    use crate::session::ftp::Refusal;
    use crate::session::registration;
    use crate::session::testing::BootBuilder;
    use crate::session::transfer::Status;

    #[test]
    fn beside_the_phones_own_file_that_ends_too_early_it_is_a_note() {
        let boot = BootBuilder::new()
            .http("/y000000000028.cfg", Status::NotFound, 404)
            .http("/0015655c6097.cfg", Status::Truncated, 200)
            .http("/y000000000028.cfg", Status::NotFound, 404);
        let findings = Case::new("yealink-t4x", boot).check(check);
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].severity, Severity::Note);
        let boot = BootBuilder::new()
            .http("/y000000000028.cfg", Status::Truncated, 200)
            .http("/0015655c6097.cfg", Status::NotFound, 404);
        let findings = Case::new("yealink-t4x", boot).check(check);
        assert_eq!(findings[0].severity, Severity::Error);
    }

    #[test]
    fn files_that_a_boot_needs_together_are_missing_together() {
        let boot = BootBuilder::new()
            .tftp("Mlf_J169_Dutch.xml", Status::Complete)
            .tftp("J100Supgrade.txt", Status::NotFound)
            .tftp("46xxsettings.txt", Status::NotFound);
        let findings = Case::new("avaya-j100", boot).check(check);
        assert_eq!(findings.len(), 1);
        assert_eq!(
            findings[0].title,
            "TFTP server has no file \"J100Supgrade.txt\""
        );
        assert_eq!(findings[0].remedy[1], "Put 46xxsettings.txt there, too.");
        let boot = BootBuilder::new()
            .tftp("96x1Supgrade.txt", Status::Complete)
            .tftp("46xxsettings.txt", Status::NotFound);
        let findings = Case::new("avaya-96x1", boot).check(check);
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].severity, Severity::Error);
    }

    #[test]
    fn a_default_for_all_phones_is_no_configuration_of_a_7940() {
        let boot = BootBuilder::new()
            .tftp("SIPDefault.cnf", Status::Complete)
            .tftp("SIP001AA17BE638.cnf", Status::NotFound);
        let findings = Case::new("cisco-7940-7960", boot).check(check);
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].severity, Severity::Error);
        let boot = BootBuilder::new()
            .tftp("SEP001AA17BE638.cnf.xml", Status::NotFound)
            .tftp("SIPDefault.cnf", Status::NotFound)
            .tftp("SIP001AA17BE638.cnf", Status::Complete);
        let findings = Case::new("cisco-7940-7960", boot).check(check);
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].severity, Severity::Note);
    }

    #[test]
    fn a_phone_that_asks_for_its_configuration_has_an_image() {
        let boot = BootBuilder::new()
            .tftp("MainIp5360.bin", Status::NotFound)
            .tftp("MN_Generic.cfg", Status::NotFound)
            .tftp("MN_08000F0B0C0D.cfg", Status::NotFound);
        let findings = Case::new("mitel-53xx", boot).check(check);
        let errors: Vec<&str> = findings
            .iter()
            .filter(|finding| finding.severity == Severity::Error)
            .map(|finding| finding.title.as_str())
            .collect();
        assert_eq!(errors, ["TFTP server has no file \"MN_Generic.cfg\""]);
        let boot = BootBuilder::new().tftp("MainIp5360.bin", Status::NotFound);
        let findings = Case::new("mitel-53xx", boot).check(check);
        assert_eq!(findings[0].severity, Severity::Error);
    }

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
    fn a_phone_that_begins_its_round_again_asks_for_no_other_stand_in() {
        let round = |boot: BootBuilder| {
            boot.tftp("SEP001AA17BE638.cnf.xml", Status::NotFound)
                .after_secs(20)
                .with(|boot, at| {
                    let transfer = &mut boot.transfers[0];
                    (transfer.requests, transfer.last_request, transfer.last) = (3, at, at);
                    boot.ended = at;
                })
        };
        let case = Case::new("cisco-7905-7912", round(BootBuilder::new())).ends_after_secs(1);
        assert_eq!(case.check(check)[0].severity, Severity::Error);
    }

    #[test]
    fn a_file_with_a_stand_in_is_judged_when_that_had_its_time() {
        let case = |secs| {
            let boot = BootBuilder::new().http("/64167f112233.cfg", Status::NotFound, 404);
            Case::new("polycom-vvx", boot).ends_after_secs(secs)
        };
        assert!(case(1).check(check).is_empty());
        assert_eq!(case(6).check(check)[0].severity, Severity::Warning);
    }

    #[test]
    fn a_stand_in_that_was_cut_short_in_the_capture_has_come() {
        let boot = BootBuilder::new()
            .http("/64167f112233.cfg", Status::NotFound, 404)
            .http("/000000000000.cfg", Status::Unknown, 200);
        let findings = Case::new("polycom-vvx", boot).check(check);
        assert!(findings.iter().all(|f| f.severity == Severity::Note));
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
    fn a_round_that_begins_again_needs_no_long_end() {
        let asked = |requests: u64, secs: u32| {
            let boot = BootBuilder::new().http("/000fd31c22a9.cfg", Status::NotFound, 404);
            let boot = boot.after_secs(secs).with(|boot, at| {
                boot.transfers[0].requests = requests;
                boot.transfers[0].last_request = at;
                boot.transfers[0].last = at;
                boot.ended = at;
            });
            let case = Case::new("digium", boot).ends_after_secs(1);
            case.check(check)[0].severity
        };
        assert_eq!(asked(1, 0), Severity::Warning);
        assert_eq!(asked(3, 2), Severity::Warning);
        assert_eq!(asked(3, 12), Severity::Error);
        assert_eq!(asked(2, 30), Severity::Error);
    }

    #[test]
    fn a_file_of_a_list_is_needed_whatever_its_name() {
        let boot = load_list(
            BootBuilder::new(),
            "sip9971.loads",
            &["kern.sebn", "rootfs.sebn"],
        )
        .tftp("kern.sebn", Status::Complete)
        .tftp("rootfs.sebn", Status::NotFound);
        let findings = Case::new("cisco-89xx-99xx", boot).check(check);
        assert_eq!(findings[0].severity, Severity::Error);
    }

    #[test]
    fn what_all_phones_share_does_not_stand_in_for_a_phone_s_own_file() {
        let boot = BootBuilder::new()
            .tftp("SIPDefault.cnf", Status::Complete)
            .tftp("SIP001AA17BE638.cnf", Status::NotFound);
        let findings = Case::new("cisco-7940-7960", boot).check(check);
        assert_eq!(findings[0].severity, Severity::Error);
    }

    #[test]
    fn a_web_server_that_gives_out_nothing_is_one_fault_too() {
        let boot = || {
            BootBuilder::new()
                .http("/J100Supgrade.txt", Status::NotFound, 404)
                .http("/46xxsettings.txt", Status::NotFound, 404)
        };
        let findings = Case::new("avaya-j100", boot()).check(check);
        assert_eq!(findings.len(), 1, "{findings:?}");
        assert_eq!(findings[0].severity, Severity::Error);
        assert!(findings[0].remedy[0].contains("/J100Supgrade.txt, /46xxsettings.txt"));
        assert!(findings[0].remedy[1].contains("nginx"));
    }

    #[test]
    fn a_stand_in_for_an_image_that_the_phone_could_not_use_is_no_fault_of_its_own() {
        let boot = BootBuilder::new()
            .tftp("T48S.rom", Status::AbortedByPhone)
            .tftp("T48S.bin", Status::NotFound);
        let findings = Case::new("yealink-t4x", boot).check(check);
        assert!(findings.is_empty());
    }

    #[test]
    fn a_file_whose_stand_in_is_on_its_way_is_not_judged() {
        let boot = BootBuilder::new()
            .http("/64167f112233.cfg", Status::NotFound, 404)
            .http("/000000000000.cfg", Status::Running, 200);
        let before = BootBuilder::new().http("/64167f112233.cfg", Status::NotFound, 404);
        let boots = vec![before.build(), boot.after_secs(100).build()];
        let case = Case::of_boots("polycom-vvx", boots).ends_after_secs(1);
        assert!(case.check(check).is_empty());
    }

    #[test]
    fn an_ftp_server_that_gives_out_nothing_is_one_fault() {
        let boot = || {
            BootBuilder::new()
                .transfer(Protocol::Ftp, "000000000000.cfg", Status::NotFound, |_| {})
                .transfer(Protocol::Ftp, "sip.ld", Status::NotFound, |_| {})
        };
        let findings = Case::new("polycom-soundpoint", boot()).check(check);
        assert_eq!(findings.len(), 1, "{findings:?}");
        assert_eq!(findings[0].severity, Severity::Error);
        assert!(findings[0].title.contains("none of the 2 files"));
        assert!(findings[0].remedy[0].contains("sip.ld must lie there"));
        let other = boot().transfer(Protocol::Ftp, "phone1.cfg", Status::Complete, |_| {});
        let findings = Case::new("polycom-soundpoint", other).check(check);
        assert!(!findings.iter().any(|one| one.title.contains("none of")));
    }

    fn without_directory(boot: BootBuilder) -> Vec<Finding> {
        let boot = boot.with(|boot, at| {
            boot.ftp.refused_directories.push(RefusedDirectory {
                server: crate::session::testing::SERVER.into(),
                server_port: 21,
                path: "polycom".into(),
                refusal: Refusal {
                    code: 550,
                    words: "Failed to change directory.".into(),
                    at,
                },
                refusals: 3,
                first: at,
            });
        });
        Case::new("polycom-soundpoint", boot).check(check)
    }

    #[test]
    fn a_directory_that_is_missing_is_an_error_where_the_phone_stops() {
        let findings = without_directory(BootBuilder::new());
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].severity, Severity::Error);
        assert_eq!(findings[0].title, "FTP server has no directory \"polycom\"");
        let registered = BootBuilder::new().registration(registration::Status::Registered, None);
        assert!(without_directory(registered).is_empty());
        let fetched = BootBuilder::new().http("/sip.cfg", Status::Complete, 200);
        assert!(without_directory(fetched).is_empty());
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
