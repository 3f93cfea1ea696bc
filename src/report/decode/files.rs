//! TFTP and HTTP messages as lines show them.

use phoneboot_parsers::http::StartLine;
use phoneboot_parsers::tftp::{Direction, Message};
use phoneboot_parsers::{WireText, http};
use schemars::JsonSchema;
use serde::Serialize;

use super::{headers, pairs, text};

/// A TFTP message. Null is what this opcode does not have.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct Tftp {
    /// Which message.
    #[schemars(extend("enum" = ["rrq", "wrq", "data", "ack", "error", "oack"]))]
    pub opcode: &'static str,
    /// The file of a request.
    pub file: Option<String>,
    /// The mode of a request.
    pub mode: Option<String>,
    /// Options of a request or an OACK, in wire order.
    pub options: Vec<[String; 2]>,
    /// Block number of data and acknowledgements.
    pub block: Option<u16>,
    /// Bytes of data that the block has on the wire.
    pub length: Option<usize>,
    /// Error code.
    pub error_code: Option<u16>,
    /// The words that came with it.
    pub error_message: Option<String>,
    /// The file of the transfer, behind its request; null when that was not captured.
    pub of_file: Option<String>,
}

/// An HTTP message. Null is what requests or responses do not have.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct Http {
    /// Which of the two.
    #[schemars(extend("enum" = ["request", "response"]))]
    pub kind: &'static str,
    /// Method of a request.
    pub method: Option<String>,
    /// Target of a request, credentials masked.
    pub target: Option<String>,
    /// `HTTP/1.1`
    pub version: String,
    /// Status of a response.
    pub status: Option<u16>,
    /// The words behind the status.
    pub reason: Option<String>,
    /// Header fields in wire order, credentials masked.
    pub headers: Vec<[String; 2]>,
    /// Bytes of the body, as far as they were delivered.
    pub body_length: u64,
    /// Bytes of the body that the head announced; null when it announced none.
    pub announced_length: Option<u64>,
    /// Why the message is over: as its framing says, because the connection was closed,
    /// because bytes of it were lost in capturing, because the capture ended, or
    /// because its framing is not HTTP.
    #[schemars(extend("enum" = ["complete", "closed", "gap", "unfinished", "malformed"]))]
    pub ending: &'static str,
}

pub(super) fn tftp(message: &Message<'_>, of_file: Option<&WireText>) -> Tftp {
    let line = Tftp {
        of_file: of_file.map(|file| http::masked_target(file).to_json()),
        ..Tftp::default()
    };
    match message {
        Message::Request(request) => Tftp {
            opcode: match request.direction {
                Direction::Read => "rrq",
                Direction::Write => "wrq",
            },
            file: Some(http::masked_target(&request.file).to_json()),
            mode: text(Some(&request.mode)),
            options: pairs(&request.options),
            of_file: None,
            ..line
        },
        Message::Data {
            block, wire_length, ..
        } => Tftp {
            opcode: "data",
            block: Some(*block),
            length: Some(*wire_length),
            ..line
        },
        Message::Ack { block } => Tftp {
            opcode: "ack",
            block: Some(*block),
            ..line
        },
        Message::Error { code, message } => Tftp {
            opcode: "error",
            error_code: Some(*code),
            error_message: text(Some(message)),
            ..line
        },
        Message::OptionAck { options } => Tftp {
            opcode: "oack",
            options: pairs(options),
            ..line
        },
    }
}

pub(super) fn http(end: &http::End) -> Http {
    let line = Http {
        headers: headers(&end.head.headers),
        body_length: end.body_length,
        announced_length: end.announced_length,
        ending: match end.ending {
            http::Ending::Complete => "complete",
            http::Ending::Closed => "closed",
            http::Ending::Gap => "gap",
            http::Ending::Unfinished => "unfinished",
            http::Ending::Malformed => "malformed",
        },
        ..Http::default()
    };
    match &end.head.start {
        StartLine::Request {
            method,
            target,
            version,
        } => Http {
            kind: "request",
            method: text(Some(method)),
            target: Some(http::masked_target(target).to_json()),
            version: version.to_json(),
            ..line
        },
        StartLine::Response {
            version,
            status,
            reason,
        } => Http {
            kind: "response",
            version: version.to_json(),
            status: Some(*status),
            reason: text(Some(reason)),
            ..line
        },
    }
}
