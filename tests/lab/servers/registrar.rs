//! Kamailio as a registrar with one user, at the call server's address.

use crate::Result;
use crate::net::Role;
use crate::servers::{Listens, Place, Server};

/// The one user, of the realm `example.com`.
pub(crate) const USER: &str = "2001";

/// Starts it; `password` is the user's.
pub(crate) fn start(place: &Place<'_>, password: &str) -> Result<Server> {
    let text = CONFIG.replace("PASSWORD", password).replace("USER", USER);
    let path = place.writes("kamailio.cfg", &text)?;
    let mut command = place.command(Role::Calls, "kamailio");
    command
        .args(["-DD", "-E", "-m", "16", "-M", "4", "-f"])
        .arg(path)
        .arg("-Y")
        .arg(place.folder)
        .arg("-w")
        .arg(place.folder);
    place.starts("kamailio", &mut command, Listens::Udp(5060))
}

/// Asks everybody for the password, as PBXs do, and keeps registrations in memory.
const CONFIG: &str = r#"
debug=0
log_stderror=yes
children=1
tcp_children=1
auto_aliases=no
listen=udp:192.0.2.20:5060
listen=tcp:192.0.2.20:5060
server_header="Server: example"
loadmodule "tm.so"
loadmodule "sl.so"
loadmodule "pv.so"
loadmodule "usrloc.so"
loadmodule "registrar.so"
loadmodule "auth.so"
modparam("usrloc", "db_mode", 0)
modparam("registrar", "max_expires", 3600)
request_route {
    if ($rm != "REGISTER") {
        sl_send_reply("405", "Method Not Allowed");
        exit;
    }
    if ($au != "USER" || !pv_auth_check("example.com", "PASSWORD", "0", "0")) {
        auth_challenge("example.com", "0");
        exit;
    }
    save("location");
}
"#;
