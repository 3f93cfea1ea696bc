//! tftpd-hpa.

use crate::Result;
use crate::net::Role;
use crate::servers::{Listens, Place, Server};

/// Starts it over the root of the files.
pub(crate) fn start(place: &Place<'_>) -> Result<Server> {
    let mut command = place.command(Role::Files, "in.tftpd");
    command
        .args(["--foreground", "--user", "nobody", "--secure"])
        .args(["--address", "192.0.2.10:69"])
        .arg(place.root);
    place.starts("in.tftpd", &mut command, Listens::Udp(69))
}
