//! Rules of the reach phase: the way to the server.

pub(super) mod call_servers;
pub(super) mod connection_blocked;
pub(super) mod dns_name_unresolved;
mod ftp_data;
mod neighbors;
pub(super) mod server_port_closed;
pub(super) mod server_unreachable;
pub(super) mod time_server_unanswered;
