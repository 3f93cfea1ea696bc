//! Decoders for the protocols an IP phone speaks while it boots.
//!
//! The contract every decoder here keeps:
//!
//! * It is a pure function from bytes to a value. It knows no clock, no port and
//!   no other packet.
//! * It never panics, whatever the bytes are, and takes time linear in their
//!   number.
//! * It takes an [`Input`] and gives `Result<Decoded<Message>, DecodeError>`:
//!   what was read before a fault is kept, beside an [`Issue`] that names the
//!   field, the bytes and the reason. [`DecodeError`] is left for messages of
//!   which nothing could be read.
//! * Unknown codes are kept as numbers, duplicates stay, in the order of the wire.
//! * Bytes that the capture left out are [`IssueKind::CutShort`], never the
//!   sender's fault.

pub mod arp;
pub mod cdp;
mod decoded;
pub mod dhcp;
pub mod dhcpv6;
pub mod dns;
pub mod eapol;
mod error;
pub mod ftp;
pub mod h323;
pub mod http;
pub mod icmp;
pub mod lldp;
mod mac;
pub mod manifest;
pub mod mgcp;
pub mod ndp;
mod notes;
pub mod ntp;
pub mod sccp;
mod show;
pub mod sip;
pub mod snap;
pub mod stp;
mod text;
pub mod tftp;
pub mod tls;

pub use decoded::{Decoded, Input, Issue, IssueKind};
pub use error::{DecodeError, NomError, Parsed};
pub use mac::MacAddress;
pub use text::WireText;

/// What every decoder's `decode` gives.
pub type Outcome<T> = Result<Decoded<T>, DecodeError>;

/// A decoded message of any protocol.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message<'a> {
    /// Address Resolution Protocol.
    Arp(arp::Message),
    /// Cisco Discovery Protocol.
    Cdp(Box<cdp::Message>),
    /// Dynamic Host Configuration Protocol, and BOOTP.
    Dhcp(Box<dhcp::Message>),
    /// Dynamic Host Configuration Protocol for IPv6.
    Dhcpv6(Box<dhcpv6::Message>),
    /// Domain Name System.
    Dns(dns::Message),
    /// EAP over LAN, IEEE 802.1X.
    Eapol(Box<eapol::Message>),
    /// A command or a reply of the File Transfer Protocol.
    Ftp(ftp::Message),
    /// H.323: RAS, or call signalling.
    H323(h323::Message),
    /// Part of an HTTP/1.x message, as its stream delivers it.
    Http(http::Piece<'a>),
    /// Internet Control Message Protocol, version 4 or 6.
    Icmp(icmp::Message),
    /// Link Layer Discovery Protocol.
    Lldp(Box<lldp::Message>),
    /// Media Gateway Control Protocol.
    Mgcp(mgcp::Message),
    /// Network Time Protocol.
    Ntp(ntp::Message),
    /// Skinny Client Control Protocol.
    Sccp(sccp::Message),
    /// Session Initiation Protocol.
    Sip(sip::Message),
    /// Spanning tree: STP, RSTP, MSTP, PVST+.
    Stp(Box<stp::Message>),
    /// Trivial File Transfer Protocol.
    Tftp(tftp::Message<'a>),
    /// Transport Layer Security, its clear part.
    Tls(tls::Message),
}

/// The protocols, by the names that reports and `--protocol` use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "each is the protocol that its name says")]
pub enum Protocol {
    Arp,
    Cdp,
    Dhcp,
    Dhcpv6,
    Dns,
    Eapol,
    Ftp,
    H323,
    Http,
    Icmp,
    Lldp,
    Mgcp,
    Ntp,
    Sccp,
    Sip,
    Stp,
    Tcp,
    Tftp,
    Tls,
}

/// Every protocol with the name that users see, sorted by name.
pub const PROTOCOLS: &[(Protocol, &str)] = &[
    (Protocol::Arp, "arp"),
    (Protocol::Cdp, "cdp"),
    (Protocol::Dhcp, "dhcp"),
    (Protocol::Dhcpv6, "dhcpv6"),
    (Protocol::Dns, "dns"),
    (Protocol::Eapol, "eapol"),
    (Protocol::Ftp, "ftp"),
    (Protocol::H323, "h323"),
    (Protocol::Http, "http"),
    (Protocol::Icmp, "icmp"),
    (Protocol::Lldp, "lldp"),
    (Protocol::Mgcp, "mgcp"),
    (Protocol::Ntp, "ntp"),
    (Protocol::Sccp, "sccp"),
    (Protocol::Sip, "sip"),
    (Protocol::Stp, "stp"),
    (Protocol::Tcp, "tcp"),
    (Protocol::Tftp, "tftp"),
    (Protocol::Tls, "tls"),
];

impl Protocol {
    /// The name that reports use.
    pub fn name(self) -> &'static str {
        PROTOCOLS
            .iter()
            .find(|(protocol, _)| *protocol == self)
            .map_or("unknown", |(_, name)| name)
    }
}

impl Message<'_> {
    /// Which protocol the message belongs to.
    pub fn protocol(&self) -> Protocol {
        match self {
            Self::Arp(_) => Protocol::Arp,
            Self::Cdp(_) => Protocol::Cdp,
            Self::Dhcp(_) => Protocol::Dhcp,
            Self::Dhcpv6(_) => Protocol::Dhcpv6,
            Self::Dns(_) => Protocol::Dns,
            Self::Eapol(_) => Protocol::Eapol,
            Self::Ftp(_) => Protocol::Ftp,
            Self::H323(_) => Protocol::H323,
            Self::Http(_) => Protocol::Http,
            Self::Icmp(_) => Protocol::Icmp,
            Self::Lldp(_) => Protocol::Lldp,
            Self::Mgcp(_) => Protocol::Mgcp,
            Self::Ntp(_) => Protocol::Ntp,
            Self::Sccp(_) => Protocol::Sccp,
            Self::Sip(_) => Protocol::Sip,
            Self::Stp(_) => Protocol::Stp,
            Self::Tftp(_) => Protocol::Tftp,
            Self::Tls(_) => Protocol::Tls,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn protocol_names_are_sorted_and_unique() {
        assert!(PROTOCOLS.windows(2).all(|pair| pair[0].1 < pair[1].1));
    }
}
