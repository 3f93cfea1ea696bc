//! Rules of the reach phase: the way to the server.

pub(super) mod connection_blocked;
mod ftp_data;
pub(super) mod server_port_closed;
pub(super) mod server_unreachable;
