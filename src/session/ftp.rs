//! What FTP needs beside the files: logins, and data connections.

use std::net::IpAddr;

use phoneboot_parsers::WireText;

use crate::event::At;

/// How many logins are kept in a boot.
pub const MAX_LOGINS: usize = 64;
/// How many refused directories are kept in a boot.
pub const MAX_DIRECTORIES: usize = 64;
/// How many data connections are kept in a boot.
pub const MAX_DATA_CONNECTIONS: usize = 256;

/// FTP in a boot.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ftp {
    /// Logins, one a server and user, in their order.
    pub logins: Vec<Login>,
    /// Directories that a server did not change to, one a server and path.
    pub refused_directories: Vec<RefusedDirectory>,
    /// Data connections that were named, in their order.
    pub data: Vec<DataConnection>,
}

/// The attempts to log in to one server as one user. The password is never kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Login {
    /// The server.
    pub server: IpAddr,
    /// Its port.
    pub server_port: u16,
    /// The user; `None` when the server turned the phone away before it gave a name.
    pub user: Option<WireText>,
    /// How it stands.
    pub status: LoginStatus,
    /// The server's last refusal.
    pub refusal: Option<Refusal>,
    /// How often the server refused.
    pub refusals: u64,
    /// The first frame of it.
    pub first: At,
    /// The frame that settled it, else the last attempt.
    pub last: At,
}

/// How a login stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum LoginStatus {
    /// Nothing came back (yet).
    Unanswered,
    /// The server let the phone in (reply 230).
    Accepted,
    /// The server did not (530, and whatever else it says no with).
    Refused,
}

/// A reply that says no.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Its code.
    pub code: u16,
    /// Its words.
    pub words: WireText,
    /// Where it stands.
    pub at: At,
}

/// A directory that a server did not change to (CWD).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedDirectory {
    /// The server.
    pub server: IpAddr,
    /// Its port.
    pub server_port: u16,
    /// The path, from the directory of the login on.
    pub path: WireText,
    /// The server's last refusal.
    pub refusal: Refusal,
    /// How often the server refused.
    pub refusals: u64,
    /// The first refusal.
    pub first: At,
}

/// A connection for one file or list, or the attempt to open it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataConnection {
    /// The server.
    pub server: IpAddr,
    /// The port of its control connection.
    pub server_port: u16,
    /// Who opens it.
    pub mode: Mode,
    /// The address that reply 227, PORT or EPRT names; `None` in reply 229.
    pub address: Option<IpAddr>,
    /// The port that is to be called.
    pub port: u16,
    /// The frame that names it.
    pub named: At,
    /// The file it was for; `None` for a list, or when nothing was asked for.
    pub file: Option<WireText>,
    /// SYNs, repeats included.
    pub opens: u64,
    /// The first SYN; `None` when none was captured.
    pub first_open: Option<At>,
    /// The last SYN.
    pub last_open: Option<At>,
    /// SYN and ACK.
    pub accepted: Option<At>,
    /// RST in answer to the SYN.
    pub refused: Option<At>,
    /// The server says that it was not opened: reply 425, or a refusal of PORT.
    pub failed: Option<Refusal>,
}

/// Who opens a data connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Mode {
    /// The phone, to a port of the server (PASV, EPSV).
    Passive,
    /// The server, to a port of the phone (PORT, EPRT).
    Active,
}

impl Ftp {
    /// Whether this port of the server was named for data.
    pub fn is_data_port(&self, server: IpAddr, port: u16) -> bool {
        self.data.iter().any(|data| {
            data.mode == Mode::Passive
                && data.port == port
                && (data.server == server || data.address == Some(server))
        })
    }

    /// The user that the server let in last.
    pub fn user_at(&self, server: IpAddr) -> Option<&WireText> {
        self.logins
            .iter()
            .filter(|login| login.server == server && login.status == LoginStatus::Accepted)
            .max_by_key(|login| login.last)
            .and_then(|login| login.user.as_ref())
    }
}
