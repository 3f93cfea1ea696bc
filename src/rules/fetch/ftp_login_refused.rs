//! The FTP server does not let the phone in.
//!
//! ## What it sees
//! A refusal of USER or PASS, or of a file for want of a login: reply 530, and whatever else
//! a server says no with (421 too many clients, 500 from a vsftpd whose root is writable).
//! The user is named, the password never.
//!
//! ## Why the phone stops
//! Without a login there are no files. Phones that have a configuration from before go on
//! with that one; a formatted one has nothing to run on.
//!
//! ## How to fix it
//! 1. Create the user on the server, with the password that the phone has: a Polycom uses
//!    `PlcmSpIp` for both unless others are set in its menu, by DHCP or in the URL.
//! 2. Or give the phone the server's user and password: menu, provisioning server, or
//!    `ftp://user:password@server/` in option 160 or 66.
//! 3. Try it from a PC: `curl -v --user NAME ftp://SERVER/`.
//! 4. On the server: the user's shell must be in /etc/shells, and vsftpd's user list and
//!    writable root are the usual obstacles; its log tells.
//!
//! ## When it may be wrong
//! Phones try one account after the other. When a later login works, or the files come by
//! another way, this is a note.
//!
//! ## References
//! RFC 959 §5.4 (replies to USER and PASS); Polycom UC Software administrator guide
//! (provisioning server, default user).

use std::net::IpAddr;

use crate::finding::{About, Finding, Severity};
use crate::rules::Context;
use crate::session::Boot;
use crate::session::ftp::{Login, LoginStatus, Refusal};

use super::loss;

pub(in crate::rules) fn check(boot: &Boot, context: &Context<'_>) -> Vec<Finding> {
    boot.ftp
        .logins
        .iter()
        .filter(|login| login.status == LoginStatus::Refused)
        .filter_map(|login| refused(boot, context, login))
        .collect()
}

fn refused(boot: &Boot, context: &Context<'_>, login: &Login) -> Option<Finding> {
    let refusal = login.refusal.as_ref()?;
    let server = login.server;
    let said = format!("{} \"{}\"", refusal.code, refusal.words);
    let user = login.user.as_ref();
    let title = match user {
        Some(user) => format!("FTP server {server} refuses user {user}: {said}"),
        None => format!("FTP server {server} turns the phone away: {said}"),
    };
    let detail = match user {
        Some(user) => format!(
            "The phone logged in as {user} {}; the server answered {said}.",
            loss::times(login.refusals)
        ),
        None => format!(
            "The server greeted the phone {} with {said}, before any login.",
            loss::times(login.refusals)
        ),
    };
    let finding = Finding::new("ftp-login-refused", severity(boot, context, login), title)
        .detail(detail)
        .about(About {
            server: Some(server),
            port: Some(login.server_port),
            protocol: Some("ftp"),
            ..About::default()
        })
        .evidence(login.first, "the login begins")
        .evidence(refusal.at, format!("server: {said}"));
    Some(if wants_encryption(refusal) {
        encryption(finding, server)
    } else {
        advise(finding, login, refusal.code)
    })
}

/// Whether the server turns away whoever does not encrypt: its words are all there is.
fn wants_encryption(refusal: &Refusal) -> bool {
    let words = refusal.words.to_string().to_ascii_lowercase();
    ["encrypt", "ssl", "tls", "cleartext", "clear text"]
        .iter()
        .any(|word| words.contains(word))
}

/// What to do when the server wants FTP over TLS, which phones do not speak.
fn encryption(finding: Finding, server: IpAddr) -> Finding {
    finding
        .remedy(format!(
            "Allow plain FTP on {server} for the phones (vsftpd: `force_local_logins_ssl=NO` and \
             `force_local_data_ssl=NO`): it wants TLS, which the phone does not speak on FTP. The \
             user and its password are not at fault."
        ))
        .remedy("Or give the files out by HTTPS, and the phone a URL that begins with https://.")
}

fn advise(finding: Finding, login: &Login, code: u16) -> Finding {
    let server = login.server;
    match (code, &login.user) {
        (421, _) | (_, None) => finding.remedy(format!(
            "Look into the log of {server}: it limits the number of clients, or the addresses \
             that may connect."
        )),
        (500, Some(_)) => finding.remedy(format!(
            "The server broke off in itself. vsftpd does so when the user's directory is writable: \
             see its words, then `allow_writeable_chroot=YES` or take the right to write away on \
             {server}."
        )),
        (_, Some(user)) => finding
            .remedy(format!(
                "Create user {user} on {server}, or correct its password there or in the phone. A \
                 Polycom logs in as PlcmSpIp with the password PlcmSpIp unless it was told \
                 otherwise."
            ))
            .remedy(format!(
                "Try it from a PC: `curl -v --user {} ftp://{server}/`.",
                shell_word(user.as_str().unwrap_or("NAME"))
            )),
    }
}

/// A name that can stand in a command as it is, else a place holder.
fn shell_word(name: &str) -> &str {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '@');
    if !name.is_empty() && name.chars().all(is_plain) {
        name
    } else {
        "NAME"
    }
}

fn severity(boot: &Boot, context: &Context<'_>, login: &Login) -> Severity {
    let let_in = boot.ftp.logins.iter().any(|other| {
        other.server == login.server
            && other.status == LoginStatus::Accepted
            && other.last > login.first
    });
    let fetched = context.fetched_anything(boot);
    if let_in || (fetched && (boot.is_registered() || context.is_loaded(boot))) {
        Severity::Note
    } else if boot.is_registered() || got_more_after(boot, context, login) {
        // It runs on what it remembers, or got on by another way.
        Severity::Warning
    } else {
        Severity::Error
    }
}

/// Whether a file arrived after the refusal.
fn got_more_after(boot: &Boot, context: &Context<'_>, login: &Login) -> bool {
    let mut reads = context.reads(boot);
    reads.any(|(transfer, verdict)| verdict.is_delivered() && transfer.last > login.last)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::Case;
    use crate::session::registration::Status as Registered;
    use crate::session::testing::{BootBuilder, SERVER};
    use crate::session::transfer::Status;

    fn login(boot: BootBuilder, user: Option<&str>, code: u16) -> BootBuilder {
        boot.with(|boot, at| {
            let refusal = (code >= 400).then(|| Refusal {
                code,
                words: "Login incorrect.".into(),
                at,
            });
            boot.ftp.logins.push(Login {
                server: SERVER.into(),
                server_port: 21,
                user: user.map(Into::into),
                status: if refusal.is_some() {
                    LoginStatus::Refused
                } else {
                    LoginStatus::Accepted
                },
                refusals: u64::from(refusal.is_some()),
                refusal,
                first: at,
                last: at,
            });
        })
    }

    fn check_of(boot: BootBuilder) -> Vec<Finding> {
        Case::new("polycom-soundpoint", boot).check(check)
    }

    #[test]
    fn a_refused_user_is_an_error_that_names_it() {
        let findings = check_of(login(BootBuilder::new(), Some("PlcmSpIp"), 530));
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].severity, Severity::Error);
        assert_eq!(
            findings[0].title,
            "FTP server 192.0.2.10 refuses user PlcmSpIp: 530 \"Login incorrect.\""
        );
        assert!(findings[0].remedy[0].starts_with("Create user PlcmSpIp on 192.0.2.10"));
    }

    #[test]
    fn a_login_that_works_later_makes_it_a_note() {
        let boot = login(BootBuilder::new(), Some("anonymous"), 530);
        let findings = check_of(login(boot, Some("PlcmSpIp"), 230));
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].severity, Severity::Note);
    }

    #[test]
    fn a_phone_that_registers_without_its_files_is_a_warning() {
        let boot = login(BootBuilder::new(), Some("PlcmSpIp"), 530);
        let findings = check_of(boot.registration(Registered::Registered, None));
        assert_eq!(findings[0].severity, Severity::Warning);
    }

    #[test]
    fn files_from_elsewhere_make_it_a_note() {
        let boot = login(BootBuilder::new(), Some("PlcmSpIp"), 530)
            .http("/phone1.cfg", Status::Complete, 200)
            .registration(Registered::Registered, None);
        assert_eq!(check_of(boot)[0].severity, Severity::Note);
    }

    #[test]
    fn a_server_without_room_is_another_remedy() {
        let findings = check_of(login(BootBuilder::new(), None, 421));
        assert!(findings[0].title.contains("turns the phone away"));
        assert!(findings[0].remedy[0].contains("number of clients"));
        let findings = check_of(login(BootBuilder::new(), Some("a b"), 530));
        assert!(findings[0].remedy[1].contains("--user NAME"));
        let findings = check_of(login(BootBuilder::new(), Some("a"), 500));
        assert!(findings[0].remedy[0].contains("allow_writeable_chroot"));
    }

    #[test]
    fn a_server_that_wants_tls_is_not_a_matter_of_the_user() {
        let boot = login(BootBuilder::new(), Some("PlcmSpIp"), 530).with(|boot, _| {
            let refusal = boot.ftp.logins[0].refusal.as_mut().unwrap();
            refusal.words = "Non-anonymous sessions must use encryption.".into();
        });
        let findings = check_of(boot);
        assert_eq!(findings[0].severity, Severity::Error);
        assert!(findings[0].remedy[0].contains("force_local_logins_ssl=NO"));
        assert!(findings[0].remedy[1].contains("HTTPS"));
        assert!(!findings[0].remedy.iter().any(|one| one.contains("Create")));
    }

    #[test]
    fn a_server_that_turns_the_phone_away_again_and_again_is_told() {
        let mut later = None;
        let boot = login(BootBuilder::new(), None, 421).with(|boot, at| {
            let login = &mut boot.ftp.logins[0];
            login.refusals = 3;
            login.last = at;
            login.refusal.as_mut().unwrap().at = at;
            later = Some((login.first, at));
        });
        assert!(later.is_some_and(|(first, last)| first < last));
        let findings = check_of(boot);
        assert_eq!(findings[0].severity, Severity::Error);
        assert!(findings[0].detail.contains("3 times"));
    }

    #[test]
    fn a_login_that_works_is_silent() {
        assert!(check_of(login(BootBuilder::new(), Some("PlcmSpIp"), 230)).is_empty());
    }
}
