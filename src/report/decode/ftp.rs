//! FTP commands and replies as lines show them.

use phoneboot_parsers::ftp::Message;
use phoneboot_parsers::{WireText, http};
use schemars::JsonSchema;
use serde::Serialize;

use super::text;

/// A command or reply of an FTP control connection. Null is what the other of the two
/// has.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct Ftp {
    /// Which of the two.
    #[schemars(extend("enum" = ["command", "reply"]))]
    pub kind: &'static str,
    /// First word of a command: `RETR`.
    pub command: Option<String>,
    /// What follows it, secrets masked; null when nothing does.
    pub argument: Option<String>,
    /// Code of a reply.
    pub code: Option<u16>,
    /// Text of a reply's lines, without the codes.
    pub lines: Vec<String>,
    /// Address that PORT, EPRT or reply 227 names for the data connection.
    pub data_address: Option<String>,
    /// Port that PORT, EPRT, reply 227 or reply 229 names.
    pub data_port: Option<u16>,
}

pub(super) fn ftp(message: &Message) -> Ftp {
    let (line, listens) = match message {
        Message::Command(command) => {
            let line = Ftp {
                kind: "command",
                command: text(Some(&command.verb)),
                argument: command
                    .argument
                    .as_ref()
                    .map(|argument| http::masked_target(argument).to_json()),
                ..Ftp::default()
            };
            (line, command.listens)
        }
        Message::Reply(reply) => {
            let line = Ftp {
                kind: "reply",
                code: Some(reply.code),
                lines: reply.lines.iter().map(WireText::to_json).collect(),
                ..Ftp::default()
            };
            (line, reply.listens)
        }
    };
    Ftp {
        data_address: listens
            .and_then(|listens| listens.address)
            .map(|address| address.to_string()),
        data_port: listens.map(|listens| listens.port),
        ..line
    }
}
