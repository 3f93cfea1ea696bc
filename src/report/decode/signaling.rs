//! MGCP and H.323 messages as lines show them.

use phoneboot_parsers::h323;
use phoneboot_parsers::mgcp::{self, StartLine};
use schemars::JsonSchema;
use serde::Serialize;

use super::{pairs, text};

/// An MGCP message. Null is what commands or responses do not have.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct Mgcp {
    /// Which of the two.
    #[schemars(extend("enum" = ["command", "response"]))]
    pub kind: &'static str,
    /// Verb of a command, in capitals.
    pub verb: Option<String>,
    /// Transaction identifier.
    pub transaction_id: u32,
    /// Endpoint that a command is for.
    pub endpoint: Option<String>,
    /// Version of a command, with the profile behind it.
    pub version: Option<String>,
    /// Code of a response.
    pub code: Option<u16>,
    /// The words behind the code.
    pub comment: Option<String>,
    /// Parameter lines in wire order.
    pub parameters: Vec<[String; 2]>,
}

/// An H.323 message, by its name alone.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct H323 {
    /// `ras`, or `call-signalling`.
    #[schemars(extend("enum" = ["ras", "call-signalling"]))]
    pub kind: &'static str,
    /// Index of the choice (RAS) or Q.931 message type.
    pub message_type: u8,
    /// What H.225.0 calls it; null for a type that it does not use.
    pub name: Option<&'static str>,
}

pub(super) fn mgcp(message: &mgcp::Message) -> Mgcp {
    let line = Mgcp {
        parameters: pairs(&message.parameters),
        ..Mgcp::default()
    };
    match &message.start {
        StartLine::Command {
            verb,
            transaction,
            endpoint,
            version,
        } => Mgcp {
            kind: "command",
            verb: text(Some(verb)),
            transaction_id: *transaction,
            endpoint: text(Some(endpoint)),
            version: text(Some(version)),
            ..line
        },
        StartLine::Response {
            code,
            transaction,
            comment,
        } => Mgcp {
            kind: "response",
            transaction_id: *transaction,
            code: Some(*code),
            comment: text(Some(comment).filter(|comment| !comment.is_empty())),
            ..line
        },
    }
}

pub(super) fn h323(message: h323::Message) -> H323 {
    let (kind, message_type) = match message {
        h323::Message::Ras { index } => ("ras", index),
        h323::Message::CallSignalling { message_type } => ("call-signalling", message_type),
    };
    H323 {
        kind,
        message_type,
        name: Some(message.name()).filter(|&name| name != "unknown"),
    }
}
