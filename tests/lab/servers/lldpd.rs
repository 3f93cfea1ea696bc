//! lldpd as an access switch: LLDP-MED with a network policy for voice.

use crate::Result;
use crate::net::Role;
use crate::servers::{Listens, Place, Server};

/// Starts it on the phone's port. `voice_vlan` is what its policy says.
pub(crate) fn start(place: &Place<'_>, voice_vlan: u16) -> Result<Server> {
    let config = place.writes(
        "lldpd.conf",
        &format!(
            "configure system hostname access-3\nconfigure system description \"Access switch\"\n\
             configure lldp portidsubtype ifname\nconfigure lldp tx-interval 2\n\
             configure med policy application voice tagged vlan {voice_vlan} priority voice dscp 46\n"
        ),
    )?;
    let socket = place.folder.join("lldpd.socket");
    let mut command = place.command(Role::Switch, "lldpd");
    command
        .args(["-d", "-k", "-I", "port", "-C", "port", "-M", "4", "-u"])
        .arg(&socket)
        .arg("-O")
        .arg(config);
    place.starts("lldpd", &mut command, Listens::Socket)
}
