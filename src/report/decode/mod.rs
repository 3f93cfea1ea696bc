//! The lines of `phoneboot decode`: one JSON object for every message, no diagnosis.
//!
//! Names are those of the protocols' specifications, so that a line can be held
//! against a dissector's. HTTP is told once a message, where it ends. Contents of
//! files never stand here, and credentials are masked.

mod calls;
mod cdp;
mod dhcp;
mod dhcpv6;
mod files;
mod ftp;
mod lldp;
mod neighbor;
mod port;
mod reach;
mod services;
mod signaling;
mod tls;

use std::io::{self, Write};

use phoneboot_parsers::{DecodeError, Issue, Message, Protocol, WireText, http, tftp};
use schemars::JsonSchema;
use serde::Serialize;

use super::json;
use super::model::Time;
use crate::event::{At, Endpoint};

/// What one frame brought, as the dissector gives it.
#[derive(Debug, Clone, Copy)]
pub struct DecodeLine<'a> {
    /// Which frame, when.
    pub at: At,
    /// Who sent it.
    pub source: Endpoint,
    /// Whom it was sent to.
    pub destination: Endpoint,
    /// VLAN ids of its tags, outermost first.
    pub vlans: &'a [u16],
    /// What it brought.
    pub content: Content<'a>,
}

/// What a frame brought.
#[derive(Debug, Clone, Copy)]
pub enum Content<'a> {
    /// A message, and what is odd about it.
    Message(&'a Message<'a>, &'a [Issue]),
    /// A TFTP message.
    Tftp {
        /// The message.
        message: &'a tftp::Message<'a>,
        /// What is odd about it.
        issues: &'a [Issue],
        /// The file of its transfer; `None` when the request was not captured.
        of_file: Option<&'a WireText>,
    },
    /// A message that could not be read at all.
    Undecodable(Protocol, &'a DecodeError),
}

/// Writes one line; none for the parts of an HTTP message before its end.
pub fn decode_line(line: &DecodeLine<'_>, out: &mut dyn Write) -> io::Result<()> {
    let Some((protocol, message)) = told(line.content) else {
        return Ok(());
    };
    let line = Line {
        capture: line.at.capture,
        frame: line.at.frame.0,
        time: Time(line.at.time),
        protocol: protocol.name(),
        src_mac: line.source.mac.map(|mac| mac.to_string()),
        dst_mac: line.destination.mac.map(|mac| mac.to_string()),
        src_ip: line.source.ip.map(|ip| ip.to_string()),
        dst_ip: line.destination.ip.map(|ip| ip.to_string()),
        src_port: line.source.port,
        dst_port: line.destination.port,
        vlans: line.vlans.to_vec(),
        issues: issues(line.content),
        message,
    };
    writeln!(out, "{}", json::line(&line)?)
}

/// One message of one frame.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Line {
    /// Index of the capture.
    pub capture: usize,
    /// Frame number there; of a message in several frames the last one.
    pub frame: u64,
    /// When that frame was captured.
    pub time: Time,
    /// Which protocol.
    pub protocol: &'static str,
    /// Sender's MAC address; null on link types without one.
    pub src_mac: Option<String>,
    /// Receiver's MAC address; null on link types without one.
    pub dst_mac: Option<String>,
    /// Sender's IP address; null below IP.
    pub src_ip: Option<String>,
    /// Receiver's IP address; null below IP.
    pub dst_ip: Option<String>,
    /// Sender's port; null below UDP and TCP.
    pub src_port: Option<u16>,
    /// Receiver's port; null below UDP and TCP.
    pub dst_port: Option<u16>,
    /// VLAN ids of the frame's tags, outermost first.
    pub vlans: Vec<u16>,
    /// What is odd about the message, in the order of its bytes.
    pub issues: Vec<LineIssue>,
    /// The message; null when nothing of it could be read.
    pub message: Option<Body>,
}

/// Something odd in a message.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct LineIssue {
    /// `malformed`: it breaks the specification. `cut-short`: the capture does not hold
    /// it all. `unusual`: allowed, yet receivers trip over it. `limit`: the decoder's own.
    #[schemars(extend("enum" = ["malformed", "cut-short", "unusual", "limit"]))]
    pub kind: &'static str,
    /// The field, as the specification names it.
    pub field: String,
    /// What was found and what is allowed.
    pub detail: String,
    /// Where in the message, in bytes from its start: first, and first behind.
    pub span: [usize; 2],
}

/// What a message says; `protocol` tells which of these it is.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Body {
    /// ARP.
    Arp(reach::Arp),
    /// CDP.
    Cdp(Box<cdp::Cdp>),
    /// DHCP and BOOTP.
    Dhcp(Box<dhcp::Dhcp>),
    /// FTP.
    Ftp(ftp::Ftp),
    /// DNS.
    Dns(Box<services::Dns>),
    /// EAPOL.
    Eapol(port::Eapol),
    /// DHCPv6.
    Dhcpv6(Box<dhcpv6::Dhcpv6>),
    /// H.323.
    H323(signaling::H323),
    /// HTTP.
    Http(files::Http),
    /// ICMP.
    Icmp(reach::Icmp),
    /// LLDP.
    Lldp(Box<lldp::Lldp>),
    /// NTP.
    Ntp(services::Ntp),
    /// MGCP.
    Mgcp(signaling::Mgcp),
    /// SCCP.
    Sccp(Box<calls::Sccp>),
    /// SIP.
    Sip(calls::Sip),
    /// Spanning tree.
    Stp(Box<port::Stp>),
    /// TFTP.
    Tftp(files::Tftp),
    /// TLS.
    Tls(Box<tls::Tls>),
}

/// What is told of a frame's content; `None` for the parts of an HTTP message before
/// its end.
fn told(content: Content<'_>) -> Option<(Protocol, Option<Body>)> {
    let message = match content {
        Content::Message(message, _) => message,
        Content::Tftp {
            message, of_file, ..
        } => {
            let body = Body::Tftp(files::tftp(message, of_file));
            return Some((Protocol::Tftp, Some(body)));
        }
        Content::Undecodable(protocol, _) => return Some((protocol, None)),
    };
    let body = match message {
        Message::Arp(message) => Body::Arp(reach::arp(message)),
        Message::Cdp(message) => Body::Cdp(Box::new(cdp::cdp(message))),
        Message::Dhcp(message) => Body::Dhcp(Box::new(dhcp::dhcp(message))),
        Message::Ftp(message) => Body::Ftp(ftp::ftp(message)),
        Message::Dns(message) => Body::Dns(Box::new(services::dns(message))),
        Message::Eapol(message) => Body::Eapol(port::eapol(message)),
        Message::Dhcpv6(message) => Body::Dhcpv6(Box::new(dhcpv6::dhcpv6(message))),
        Message::H323(message) => Body::H323(signaling::h323(*message)),
        Message::Http(http::Piece::End(end)) => Body::Http(files::http(end)),
        Message::Http(http::Piece::Head(_) | http::Piece::Body(_)) => return None,
        Message::Icmp(message) => Body::Icmp(reach::icmp(message)),
        Message::Lldp(message) => Body::Lldp(Box::new(lldp::lldp(message))),
        Message::Ntp(message) => Body::Ntp(services::ntp(message)),
        Message::Sccp(message) => Body::Sccp(Box::new(calls::sccp(message))),
        Message::Mgcp(message) => Body::Mgcp(signaling::mgcp(message)),
        Message::Sip(message) => Body::Sip(calls::sip(message)),
        Message::Stp(message) => Body::Stp(Box::new(port::stp(message))),
        Message::Tftp(message) => Body::Tftp(files::tftp(message, None)),
        Message::Tls(message) => Body::Tls(Box::new(tls::tls(message))),
    };
    Some((message.protocol(), Some(body)))
}

fn issues(content: Content<'_>) -> Vec<LineIssue> {
    match content {
        Content::Message(_, issues) | Content::Tftp { issues, .. } => issues
            .iter()
            .map(|issue| LineIssue {
                kind: issue.kind.name(),
                field: issue.field.clone(),
                detail: issue.detail.clone(),
                span: [issue.span.start, issue.span.end],
            })
            .collect(),
        Content::Undecodable(_, error) => vec![LineIssue {
            kind: error.kind.name(),
            field: error.field.clone(),
            detail: error.detail.clone(),
            span: [error.offset_bytes, error.offset_bytes],
        }],
    }
}

/// Names of the bits that are set, in the order of the bits.
fn bit_names<B>(bits: B, names: &[(B, &'static str)]) -> Vec<&'static str>
where
    B: Copy + PartialEq + std::ops::BitAnd<Output = B>,
{
    names
        .iter()
        .filter(|(bit, _)| bits & *bit == *bit)
        .map(|(_, name)| *name)
        .collect()
}

/// Text as JSON has it; null when absent.
fn text(text: Option<&WireText>) -> Option<String> {
    text.map(WireText::to_json)
}

/// Pairs of texts as JSON has them.
fn pairs(pairs: &[(WireText, WireText)]) -> Vec<[String; 2]> {
    pairs
        .iter()
        .map(|(name, value)| [name.to_json(), value.to_json()])
        .collect()
}

/// Header fields as JSON has them, credentials masked.
fn headers(headers: &[(WireText, WireText)]) -> Vec<[String; 2]> {
    headers
        .iter()
        .map(|(name, value)| [name.to_json(), http::masked(name, value).to_json()])
        .collect()
}

/// Bytes as lower-case hexadecimal digits, `between` each two.
fn hex(bytes: &[u8], between: &str) -> String {
    let bytes: Vec<_> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    bytes.join(between)
}

#[cfg(test)]
mod tests;
