//! The DHCP exchange of a boot.

use std::net::Ipv4Addr;

use phoneboot_parsers::dhcp::{self, MessageType};

use crate::event::At;

/// How many DHCP messages of one boot are kept.
pub const MAX_MESSAGES: usize = 128;

/// The lease phase of a boot: every DHCP message to and from the phone.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Lease {
    /// The messages in the order of their frames. The same message seen twice (a
    /// relay agent's two sides, a mirror of both directions) stands here twice.
    pub messages: Vec<LeaseMessage>,
    /// Messages left out because there were more than are kept.
    pub left_out: u64,
}

/// One DHCP message of the exchange.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeaseMessage {
    /// Which frame, when.
    pub at: At,
    /// Innermost VLAN id of its frame; `None` when untagged.
    pub vlan: Option<u16>,
    /// The IP address of its sender; `None` when that was 0.0.0.0.
    pub sender: Option<Ipv4Addr>,
    /// Option 53; `None` in plain BOOTP.
    pub kind: Option<MessageType>,
    /// The message.
    pub message: dhcp::Message,
}

impl LeaseMessage {
    /// Which server sent an answer: option 54, else the sender's address.
    pub fn server(&self) -> Option<Ipv4Addr> {
        self.message.server_identifier().or(self.sender)
    }
}

impl Lease {
    /// All messages of one kind, in their order.
    pub fn of_kind(&self, kind: MessageType) -> impl DoubleEndedIterator<Item = &LeaseMessage> {
        self.messages
            .iter()
            .filter(move |message| message.kind == Some(kind))
    }

    /// The last acknowledgement that gives an address: the one that holds. An answer
    /// to an INFORM gives none.
    pub fn acknowledged(&self) -> Option<&LeaseMessage> {
        self.of_kind(MessageType::Ack)
            .rfind(|message| !message.message.your_address.is_unspecified())
    }

    /// The message to read boot data from: the acknowledgement, else the last offer.
    pub fn boot_data(&self) -> Option<&LeaseMessage> {
        self.acknowledged()
            .or_else(|| self.of_kind(MessageType::Offer).next_back())
            .or_else(|| self.of_kind(MessageType::Ack).next_back())
    }

    /// The phone's last message that carries a parameter request list.
    pub fn wanted_options(&self) -> Vec<u8> {
        self.messages
            .iter()
            .rev()
            .filter(|message| message.message.op == 1)
            .map(|message| message.message.wanted_options())
            .find(|list| !list.is_empty())
            .unwrap_or_default()
    }
}
