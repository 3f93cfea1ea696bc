//! Files that a phone fetched, tried to fetch, or sent.

use std::net::IpAddr;

use phoneboot_parsers::manifest::Manifest;
use phoneboot_parsers::{Protocol, WireText, tftp::Direction};

use crate::event::At;

/// How many transfers of one boot are kept.
pub const MAX_TRANSFERS: usize = 512;

/// One file, asked for from one server by one protocol.
///
/// Asking again for a file that was not delivered is the same transfer; asking
/// again for one that was is another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transfer {
    /// The file as it was asked for: a TFTP file name, an FTP path with the working
    /// directory before it, or an HTTP target.
    pub file: WireText,
    /// TFTP, FTP or HTTP.
    pub protocol: Protocol,
    /// Fetched or sent.
    pub direction: Direction,
    /// The server that was asked.
    pub server: IpAddr,
    /// The port that was asked.
    pub server_port: u16,
    /// The phone's port, of the last request.
    pub client_port: u16,
    /// The address that answered when it is not the one that was asked.
    pub answered_from: Option<IpAddr>,
    /// How it stands.
    pub status: Status,
    /// What ended it, when something did.
    pub error: Option<TransferError>,
    /// Bytes of the file that were transferred, repeats not counted.
    pub bytes: u64,
    /// Bytes that were announced (`tsize`, `Content-Length`, FTP's SIZE or reply 150);
    /// `None` without.
    pub expected_bytes: Option<u64>,
    /// TFTP block size in bytes, as agreed; `None` for other protocols, and before
    /// the first answer.
    pub block_size: Option<u32>,
    /// TFTP blocks transferred, repeats not counted; goes on beyond 65,535.
    pub blocks: u64,
    /// Whether block numbers passed 65,535.
    pub wrapped: bool,
    /// Blocks that were sent again.
    pub retransmissions: u64,
    /// Requests sent.
    pub requests: u64,
    /// Whether the server accepted options (OACK).
    pub options_accepted: bool,
    /// Options of the last request, names in lower case.
    pub options_asked: Vec<(String, String)>,
    /// HTTP method; `SIZE` when FTP was asked for no more than that.
    pub method: Option<WireText>,
    /// HTTP status of the last response.
    pub http_status: Option<u16>,
    /// HTTP `Location`.
    pub location: Option<WireText>,
    /// What the file names that was delivered last; `None` when it names nothing.
    pub manifest: Option<Box<Manifest>>,
    /// Whether the last request carried credentials.
    pub with_credentials: bool,
    /// The last request that carried them so that everybody on the way can read them (Basic);
    /// `None` when none did.
    pub credentials_in_clear: Option<At>,
    /// HTTP `Host`.
    pub host: Option<WireText>,
    /// The first request.
    pub first: At,
    /// The last request.
    pub last_request: At,
    /// The first frame of an answer.
    pub answered: Option<At>,
    /// The frame that last brought something new.
    pub progressed: At,
    /// The last frame that belongs to it.
    pub last: At,
}

/// What ended a transfer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransferError {
    /// TFTP error code, FTP reply code or HTTP status.
    pub code: u32,
    /// The words that came with it.
    pub message: WireText,
    /// Whether the phone said so; else the server did.
    pub from_phone: bool,
    /// The frame that says so.
    pub at: At,
}

/// How a transfer stands. What it means for the boot, the profile tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Status {
    /// Asked; nothing came back (yet).
    Unanswered,
    /// Bytes flow; the last one has not come (yet).
    Running,
    /// Delivered whole.
    Complete,
    /// The server does not have it: TFTP error 1, FTP 550, HTTP 404 or 410.
    NotFound,
    /// The server refused for another reason.
    Refused,
    /// The phone ended it.
    AbortedByPhone,
    /// HTTP 304: the phone has this version.
    NotModified,
    /// HTTP 401, 403 or 407, FTP 530.
    Unauthorized,
    /// HTTP 3xx with another place to go to.
    Redirected,
    /// HTTP 5xx, FTP 421, 425, 426 or 451.
    ServerError,
    /// The server closed the connection before the announced end.
    Truncated,
    /// Part of it was lost in the capture, so that its end is not known.
    Unknown,
}

impl Transfer {
    /// A file that is asked for, or sent, for the first time at `at`; nothing has come back.
    pub fn new(
        file: WireText,
        protocol: Protocol,
        direction: Direction,
        (server, server_port): (IpAddr, u16),
        at: At,
    ) -> Self {
        Self {
            file,
            protocol,
            direction,
            server,
            server_port,
            client_port: 0,
            answered_from: None,
            status: Status::Unanswered,
            error: None,
            bytes: 0,
            expected_bytes: None,
            block_size: None,
            blocks: 0,
            wrapped: false,
            retransmissions: 0,
            requests: 1,
            options_accepted: false,
            options_asked: Vec::new(),
            method: None,
            http_status: None,
            location: None,
            manifest: None,
            with_credentials: false,
            credentials_in_clear: None,
            host: None,
            first: at,
            last_request: at,
            answered: None,
            progressed: at,
            last: at,
        }
    }

    /// The last segment of the file's path, without a query: what file name patterns
    /// are compared with.
    pub fn file_name(&self) -> String {
        let text = self.file.to_string();
        let path = text.split(['?', '#']).next().unwrap_or_default();
        path.rsplit(['/', '\\'])
            .next()
            .unwrap_or_default()
            .to_owned()
    }

    /// Whether the file arrived, or needs not to.
    pub fn is_delivered(&self) -> bool {
        matches!(self.status, Status::Complete | Status::NotModified)
    }
}
