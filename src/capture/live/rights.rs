//! Rights that capture needs, and that are given up before the first frame is parsed.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::Path;

/// Opens a file for writing, as what it is while rights are still there. What is in it
/// stays. A new file belongs to the user who called `sudo`.
pub fn create(path: &Path) -> io::Result<File> {
    match OpenOptions::new().write(true).create_new(true).open(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            OpenOptions::new().write(true).open(path)
        }
        Ok(file) => {
            #[cfg(target_os = "linux")]
            hand_over(&file);
            Ok(file)
        }
        Err(error) => Err(error),
    }
}

/// Gives a file to the user who called `sudo`, where the file system knows owners.
#[cfg(target_os = "linux")]
fn hand_over(file: &File) {
    use rustix::process::{Gid, Uid, geteuid};
    let (user, group) = user_to_be(|name| std::env::var(name).ok());
    if geteuid().is_root() && user != NOBODY {
        let owner = (Uid::from_raw(user), Gid::from_raw(group));
        let _ = rustix::fs::fchown(file, Some(owner.0), Some(owner.1));
    }
}

/// Who has no rights, by Linux's custom: user and group.
#[cfg(target_os = "linux")]
const NOBODY: u32 = 65_534;

/// The right that this process lacks for capture: `None` when it lacks none, or when this
/// system does not tell.
pub(super) fn missing() -> Option<&'static str> {
    let status = fs::read_to_string("/proc/thread-self/status").ok()?;
    (!has_raw_sockets(&status)?).then_some("CAP_NET_RAW")
}

/// The commands that grant it, for this very program.
pub(super) fn remedy() -> String {
    let program = std::env::current_exe().ok();
    let program = program.map_or_else(
        || "PATH-OF-PHONEBOOT".to_owned(),
        |path| quoted(&path.display().to_string()),
    );
    format!("run it with sudo, or once: sudo setcap cap_net_raw,cap_net_admin=eip {program}")
}

/// A path as a shell takes it.
fn quoted(path: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-+:@".contains(&byte);
    if path.bytes().all(is_plain) {
        return path.to_owned();
    }
    format!("'{}'", path.replace('\'', "'\\''"))
}

/// Whether `CAP_NET_RAW` is among the effective capabilities in the text of Linux's
/// `/proc/PID/status`; `None` when the text does not tell.
fn has_raw_sockets(status: &str) -> Option<bool> {
    const CAP_NET_RAW: u32 = 13;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("CapEff:"))?;
    let effective = u64::from_str_radix(line.trim(), 16).ok()?;
    Some(effective >> CAP_NET_RAW & 1 == 1)
}

/// The user who called `sudo`; else nobody.
#[cfg(target_os = "linux")]
fn user_to_be(variable: impl Fn(&str) -> Option<String>) -> (u32, u32) {
    let number = |name: &str| variable(name)?.parse::<u32>().ok();
    match (number("SUDO_UID"), number("SUDO_GID")) {
        (Some(user), Some(group)) if user != 0 && user != u32::MAX && group != u32::MAX => {
            (user, group)
        }
        _ => (NOBODY, NOBODY),
    }
}

/// Gives up all rights beyond those of an ordinary user, for this thread and all that it
/// starts: root becomes the user who called `sudo`, else nobody; capabilities are cleared
/// and cannot come back. Threads that run already keep theirs. Says in words what was had
/// and what is left: `root given up, goes on as user 1000`.
///
/// Root inside a container may not be able to become somebody else: it stays root
/// without any capability, and the words say so.
#[cfg(target_os = "linux")]
pub fn give_up() -> io::Result<String> {
    use rustix::process::{Gid, Uid, geteuid};
    use rustix::thread::{
        CapabilitySet, CapabilitySets, capabilities, clear_ambient_capability_set,
        set_capabilities, set_no_new_privs, set_thread_groups, set_thread_res_gid,
        set_thread_res_uid,
    };

    let was_root = geteuid().is_root();
    let had_some = !capabilities(None)?.effective.is_empty();
    let (user, group) = user_to_be(|name| std::env::var(name).ok());
    let become_user = || {
        let (uid, gid) = (Uid::from_raw(user), Gid::from_raw(group));
        set_thread_groups(&[gid])?;
        set_thread_res_gid(gid, gid, gid)?;
        set_thread_res_uid(uid, uid, uid)
    };
    let became = was_root.then(become_user);
    // Kernels before 4.3 know no ambient capabilities.
    let _ = clear_ambient_capability_set();
    let none = CapabilitySet::empty();
    set_capabilities(
        None,
        CapabilitySets {
            effective: none,
            permitted: none,
            inheritable: none,
        },
    )?;
    set_no_new_privs(true)?;
    Ok(match became {
        Some(Ok(())) if user == NOBODY => "root given up, goes on as nobody".to_owned(),
        Some(Ok(())) => format!("root given up, goes on as user {user}"),
        Some(Err(reason)) => format!("capabilities given up, stays root all the same ({reason})"),
        None if had_some => "capabilities given up".to_owned(),
        None => "none were needed".to_owned(),
    })
}

/// Other systems have no such rights.
#[cfg(not(target_os = "linux"))]
pub fn give_up() -> io::Result<String> {
    Ok("as they are".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_capability_in_the_status() {
        let status = "Name:\tphoneboot\nCapPrm:\t0000000000000000\nCapEff:\t0000000000002000\n";
        assert_eq!(has_raw_sockets(status), Some(true));
        let status = status.replace("2000", "1fff");
        assert_eq!(has_raw_sockets(&status), Some(false));
        assert_eq!(has_raw_sockets("Name:\tphoneboot\n"), None);
        assert_eq!(has_raw_sockets("CapEff:\tx\n"), None);
    }

    #[test]
    fn the_command_names_a_path_that_a_shell_takes() {
        assert_eq!(quoted("/usr/bin/phoneboot"), "/usr/bin/phoneboot");
        assert_eq!(quoted("/my tools/p'b"), "'/my tools/p'\\''b'");
        let remedy = remedy();
        assert!(
            remedy.contains("setcap cap_net_raw,cap_net_admin=eip "),
            "{remedy}"
        );
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn becomes_who_called_sudo_and_never_root() {
        let with = |user: &'static str, group: &'static str| {
            user_to_be(move |name| Some(if name == "SUDO_UID" { user } else { group }.to_owned()))
        };
        assert_eq!(with("1000", "100"), (1000, 100));
        let nobody = (65_534, 65_534);
        for (user, group) in [("0", "0"), ("-1", "0"), ("4294967295", "1"), ("x", "1")] {
            assert_eq!(with(user, group), nobody);
        }
        assert_eq!(user_to_be(|_| None), nobody);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn has_no_right_left_and_cannot_get_one_back() {
        // Rights are a thread's own, so that the other tests keep theirs.
        let status = std::thread::spawn(|| {
            give_up().unwrap();
            fs::read_to_string("/proc/thread-self/status").unwrap()
        });
        let status = status.join().unwrap();
        for set in ["CapEff", "CapPrm", "CapInh", "CapAmb"] {
            let none = format!("{set}:\t0000000000000000\n");
            assert!(status.contains(&none), "{status}");
        }
        assert!(status.contains("NoNewPrivs:\t1\n"), "{status}");
    }
}
