//! Rules of the reach phase: the way to the server.

pub(super) mod connection_blocked;
mod neighbors;
pub(super) mod server_port_closed;
pub(super) mod server_unreachable;
