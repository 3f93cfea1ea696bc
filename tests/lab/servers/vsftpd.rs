//! vsftpd with the one user that Polycom's phones have from the factory.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use crate::Result;
use crate::net::Role;
use crate::servers::{Listens, Place, Server};

/// User and password from the factory.
pub(crate) const USER: &str = "PlcmSpIp";

/// Starts it over the root of the files; `open` is whether it lets the phone in.
///
/// vsftpd asks PAM and looks for its users in `/etc/passwd`; it sees those of the
/// scenario, in a mount namespace of its own.
pub(crate) fn start(place: &Place<'_>, open: bool) -> Result<Server> {
    let folder = place.folder.display();
    let empty = place.folder.join("empty");
    fs::create_dir(&empty)?;
    fs::set_permissions(&empty, fs::Permissions::from_mode(0o555))?;
    let users = fs::read_to_string("/etc/passwd")?;
    let root = place.root.display();
    place.writes(
        "passwd",
        &format!("{users}{USER}:x:65534:65534::{root}:/bin/sh\n"),
    )?;
    let says = if open { "permit" } else { "deny" };
    place.writes(
        "pam",
        &format!(
            "auth required pam_{says}.so\naccount required pam_permit.so\n\
             session required pam_permit.so\n"
        ),
    )?;
    let config = place.writes(
        "vsftpd.conf",
        &format!(
            "listen=YES\nlisten_address=192.0.2.10\nbackground=NO\nanonymous_enable=NO\n\
             local_enable=YES\nwrite_enable=YES\nlocal_root={root}\ncheck_shell=NO\n\
             seccomp_sandbox=NO\nisolate=NO\nisolate_network=NO\nsecure_chroot_dir={}\n\
             pam_service_name=vsftpd\nxferlog_enable=NO\n",
            empty.display()
        ),
    )?;
    let script = format!(
        "mount --bind {folder}/passwd /etc/passwd && \
         mount --bind {folder}/pam /etc/pam.d/vsftpd && exec vsftpd {}",
        config.display()
    );
    let mut command = place.command(Role::Files, "unshare");
    command.args(["--mount", "sh", "-c", &script]);
    place.starts("vsftpd", &mut command, Listens::Tcp(21))
}
