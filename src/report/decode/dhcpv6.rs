//! DHCPv6 messages as lines show them.

use phoneboot_parsers::dhcpv6::{self, RawOption, options};
use phoneboot_parsers::{WireText, http};
use schemars::JsonSchema;
use serde::Serialize;

/// A DHCPv6 message, by the names of RFC 8415.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Dhcpv6 {
    /// Message type in lower case: `solicit`, `advertise` …; null for unknown types. Of a
    /// relayed message the one within.
    pub message_type: Option<&'static str>,
    /// Its code.
    pub msg_type: u8,
    /// Transaction id; null when an envelope holds no message that could be read.
    pub xid: Option<u32>,
    /// The relay agents' envelopes, outermost first; empty on the client's link.
    pub relays: Vec<Relay>,
    /// The options in wire order.
    pub options: Vec<Dhcpv6Option>,
}

/// A relay agent's envelope.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Relay {
    /// `relay-forw` or `relay-repl`.
    pub message_type: Option<&'static str>,
    /// Relay agents that it passed before.
    pub hop_count: u8,
    /// An address on the client's link, or `::`.
    pub link_address: String,
    /// Who sent the message to this agent, or gets it from there.
    pub peer_address: String,
    /// Its options but the message within.
    pub options: Vec<Dhcpv6Option>,
}

/// One option as it stands on the wire.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Dhcpv6Option {
    /// Code.
    pub code: u16,
    /// Name; `option-N` when it has none.
    pub name: String,
    /// Its bytes, credentials in URLs masked.
    pub hex: String,
    /// What they say, options within it included, credentials in URLs masked.
    pub value: String,
}

pub(super) fn dhcpv6(message: &dhcpv6::Message) -> Dhcpv6 {
    Dhcpv6 {
        message_type: message.kind.name(),
        msg_type: message.kind.code(),
        xid: message.transaction_id,
        relays: message.relays.iter().map(relay).collect(),
        options: message.options.iter().map(option).collect(),
    }
}

fn relay(relay: &dhcpv6::Relay) -> Relay {
    Relay {
        message_type: relay.kind.name(),
        hop_count: relay.hop_count,
        link_address: relay.link_address.to_string(),
        peer_address: relay.peer_address.to_string(),
        options: relay.options.iter().map(option).collect(),
    }
}

fn option(option: &RawOption) -> Dhcpv6Option {
    let name = options::row(option.code).map(|row| row.name.to_owned());
    let value = option.value().to_string();
    let masked = http::masked_target(&WireText::new(&option.bytes));
    Dhcpv6Option {
        code: option.code,
        name: name.unwrap_or_else(|| format!("option-{}", option.code)),
        hex: super::hex(masked.as_bytes(), ""),
        value: http::masked_target(&WireText::from(value.as_str())).to_json(),
    }
}

#[cfg(test)]
mod tests {
    use phoneboot_parsers::Input;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_relayed_message_has_the_names_of_its_specification() {
        let url = b"http://u:p@[2001:db8::10]/";
        let mut within = vec![7, 0, 0, 7, 0, 59, 0, 26];
        within.extend(url);
        within.extend([0xff, 0xf0, 0, 1, 9]);
        let mut bytes = vec![13, 1];
        bytes.extend([0; 15]);
        bytes.extend([1, 0xfe, 0x80]);
        bytes.extend([0; 13]);
        bytes.extend([5, 0, 18, 0, 2, b'G', b'i', 0, 9, 0, 39]);
        bytes.extend(&within);
        let decoded = dhcpv6::decode(Input::whole(&bytes)).unwrap();
        assert_eq!(decoded.issues, []);
        let told = serde_json::to_value(dhcpv6(&decoded.value)).unwrap();
        assert_eq!(
            told,
            json!({
                "message_type": "reply", "msg_type": 7, "xid": 7,
                "relays": [{
                    "message_type": "relay-repl", "hop_count": 1, "link_address": "::1",
                    "peer_address": "fe80::5",
                    "options": [{"code": 18, "name": "interface-id", "hex": "4769",
                        "value": "Gi"}],
                }],
                "options": [
                    {"code": 59, "name": "bootfile-url",
                        "hex": "687474703a2f2f2a2a2a405b323030313a6462383a3a31305d2f",
                        "value": "http://***@[2001:db8::10]/"},
                    {"code": 65520, "name": "option-65520", "hex": "09", "value": "09"},
                ],
            })
        );
    }
}
