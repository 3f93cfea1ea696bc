//! DHCP messages as lines show them.

use phoneboot_parsers::dhcp::{self, RawOption, options};
use phoneboot_parsers::{WireText, http};
use schemars::JsonSchema;
use serde::Serialize;

/// A DHCP or BOOTP message, by the names of RFC 2131.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Dhcp {
    /// 1 from a client, 2 from a server.
    pub op: u8,
    /// Hardware type; 1 is Ethernet.
    pub htype: u8,
    /// Length of the hardware address as it stands on the wire, in bytes.
    pub hlen: u8,
    /// Relay agents on the way.
    pub hops: u8,
    /// Transaction id.
    pub xid: u32,
    /// How long the client has been trying.
    pub secs: u16,
    /// Flags; 32768 asks for broadcast answers.
    pub flags: u16,
    /// The client's address, while it renews.
    pub ciaddr: String,
    /// The address given.
    pub yiaddr: String,
    /// The server to boot from.
    pub siaddr: String,
    /// The relay agent.
    pub giaddr: String,
    /// The client's hardware address.
    pub chaddr: String,
    /// Name of the server to boot from; empty when option 52 puts options there.
    pub sname: String,
    /// Boot file; empty when option 52 puts options there.
    pub file: String,
    /// Option 53 in lower case; null in plain BOOTP, and for unknown types.
    pub message_type: Option<&'static str>,
    /// The options in wire order, those in `file` and `sname` last.
    pub options: Vec<DhcpOption>,
}

/// One option as it stands on the wire.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct DhcpOption {
    /// Code.
    pub code: u8,
    /// Name; `option-N` when it has none.
    pub name: String,
    /// Its bytes, credentials in URLs masked.
    pub hex: String,
    /// What they say, credentials in URLs masked.
    pub value: String,
}

pub(super) fn dhcp(message: &dhcp::Message) -> Dhcp {
    Dhcp {
        op: message.op,
        htype: message.hardware_type,
        hlen: message.hardware_length,
        hops: message.hops,
        xid: message.transaction_id,
        secs: message.elapsed_secs,
        flags: message.flags,
        ciaddr: message.client_address.to_string(),
        yiaddr: message.your_address.to_string(),
        siaddr: message.server_address.to_string(),
        giaddr: message.relay_address.to_string(),
        chaddr: super::hex(&message.client_hardware_address, ":"),
        sname: http::masked_target(&message.server_name).to_json(),
        file: http::masked_target(&message.boot_file).to_json(),
        message_type: message.message_type().and_then(dhcp::MessageType::name),
        options: message.options.iter().map(option).collect(),
    }
}

fn option(option: &RawOption) -> DhcpOption {
    let name = options::row(option.code).map(|row| row.name.to_owned());
    let value = option.value().to_string();
    DhcpOption {
        code: option.code,
        name: name.unwrap_or_else(|| format!("option-{}", option.code)),
        hex: super::hex(
            http::masked_target(&WireText::new(&option.bytes)).as_bytes(),
            "",
        ),
        value: http::masked_target(&WireText::from(value.as_str())).to_json(),
    }
}
