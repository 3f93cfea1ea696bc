//! What happens on the wire, as a phone's boot knows it: [`Event`].
//!
//! An event is one message's meaning, with the frame and time that prove it. It
//! is made in [`crate::observe`] and spent in [`crate::session`].

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use phoneboot_parsers::manifest::Manifest;
use phoneboot_parsers::{
    MacAddress, Protocol, cdp, dhcp, dhcpv6, dns, eapol, ftp, h323, http, icmp, lldp, mgcp, ndp,
    ntp, sccp, sip, stp, tftp, tls,
};

use crate::capture::{FrameNumber, Timestamp};
use crate::dissect::{FtpControl, FtpData, TcpNotice};

/// A place in the input: which capture, which frame, when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct At {
    /// When the frame was captured, by a clock that was never set (see
    /// [`crate::capture::clock`]). It stands first because it orders: files of a run are
    /// given in any order.
    pub time: Timestamp,
    /// Which of the run's captures, from 0.
    pub capture: usize,
    /// The frame's number there.
    pub frame: FrameNumber,
}

/// A fact that knows its frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen<T> {
    /// The fact.
    pub value: T,
    /// Where it was seen.
    pub at: At,
}

impl<T> Seen<T> {
    /// A fact seen in the frame `at`.
    pub fn new(value: T, at: At) -> Self {
        Self { value, at }
    }
}

/// One side of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Endpoint {
    /// MAC address; `None` on link types without one.
    pub mac: Option<MacAddress>,
    /// IP address; `None` below IP.
    pub ip: Option<IpAddr>,
    /// UDP or TCP port; `None` below those.
    pub port: Option<u16>,
}

/// One message's meaning in a phone's boot.
#[derive(Debug, Clone, Copy)]
pub struct Event<'a> {
    /// Which frame, when.
    pub at: At,
    /// Who sent the frame.
    pub source: Endpoint,
    /// Whom it was sent to.
    pub destination: Endpoint,
    /// VLAN ids of the frame's tags, outermost first.
    pub vlans: &'a [u16],
    /// Which host's boot it belongs to.
    pub subject: Subject,
    /// What happened.
    pub kind: EventKind<'a>,
}

/// Which host's boot an event belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// The host with this MAC address, wherever it stands: a DHCP client, known by
    /// `chaddr` also behind a relay agent, or the sender of a CDP or LLDP frame.
    Mac(MacAddress),
    /// The host at this end of an IP exchange.
    Host {
        /// Its side of the frame.
        endpoint: Endpoint,
        /// Time to live or hop limit of a frame that it sent; `None` when the frame
        /// was sent to it. Tells whether a router stands between it and the capture.
        hop_limit: Option<u8>,
        /// Whether this event alone makes the host worth watching. A file asked for
        /// does; a lone SYN does not, or every PC of an office would be one.
        telling: bool,
    },
    /// The host at this end of an IP exchange, when it is watched already. What every
    /// host of an office does makes none worth watching.
    Known {
        /// Its side of the frame.
        endpoint: Endpoint,
        /// As in [`Subject::Host`].
        hop_limit: Option<u8>,
    },
    /// Whichever end of the frame is a host that is watched.
    Either,
    /// Everyone on the link: a switch announces itself.
    Segment,
}

/// What happened.
#[derive(Debug, Clone, Copy)]
pub enum EventKind<'a> {
    /// A CDP announcement.
    Cdp(&'a cdp::Message),
    /// An LLDP announcement.
    Lldp(&'a lldp::Message),
    /// A DHCP message to or from the subject.
    Dhcp(&'a dhcp::Message),
    /// An EAPOL message between the subject and its switch port.
    Eapol(&'a eapol::Message),
    /// A BPDU, with its body: a switch port tells its state.
    Bpdu(&'a stp::Message, &'a stp::Body),
    /// A DHCPv6 message to or from the subject.
    Dhcpv6(&'a dhcpv6::Message),
    /// The subject asks for IPv6 routers.
    RouterSolicited,
    /// A router tells everyone on the link how it works.
    RouterAdvertised(&'a ndp::Message),
    /// The subject asks by neighbor discovery who has an address.
    NeighborAsked {
        /// The address.
        target: Ipv6Addr,
        /// Whether it only probes whether the address is free (RFC 4862 §5.4).
        probe: bool,
    },
    /// Someone tells by neighbor discovery that it has an address.
    NeighborAnswered {
        /// The address.
        address: Ipv6Addr,
        /// Who has it; `None` on link types without MAC addresses.
        mac: Option<MacAddress>,
    },
    /// The subject asks by ARP who has an address.
    ArpAsked {
        /// The address.
        target: Ipv4Addr,
        /// Whether it only probes whether the address is free (RFC 5227).
        probe: bool,
    },
    /// Someone tells by ARP that it has an address.
    ArpAnswered {
        /// The address.
        address: Ipv4Addr,
        /// Who has it.
        mac: MacAddress,
    },
    /// ICMP: a datagram of the subject could not be delivered.
    Unreachable {
        /// Why.
        why: Unreachable,
        /// Which datagram.
        quoted: icmp::Quoted,
    },
    /// Something happened to a TCP connection.
    Tcp(TcpNotice),
    /// RRQ or WRQ.
    TftpRequest(&'a tftp::Request),
    /// A TFTP message of a transfer whose request may or may not have been seen.
    Tftp {
        /// The message.
        message: &'a tftp::Message<'a>,
        /// Whether the subject sent it; else the server did.
        from_client: bool,
    },
    /// An FTP command.
    FtpCommand(&'a ftp::Command),
    /// An FTP reply.
    FtpReply(&'a ftp::Reply),
    /// Something happened on a data connection of FTP: bytes of a file or list, or the
    /// connection opens, fails or ends.
    FtpData {
        /// The control connection that asked for it.
        control: FtpControl,
        /// What happened.
        what: FtpData<'a>,
    },
    /// An HTTP request's head.
    HttpRequest(&'a http::Head),
    /// An HTTP response's head.
    HttpResponse(&'a http::Head),
    /// Body bytes, of a request or an answer: the session knows by who sent the frame.
    HttpBody(&'a [u8]),
    /// An HTTP message ended; a request when the subject sent it.
    HttpEnd {
        /// How.
        end: &'a http::End,
        /// Whether the subject sent it.
        from_client: bool,
    },
    /// What a file names that the subject was just given whole.
    Contents(&'a Manifest),
    /// A SIP message to or from the subject.
    Sip {
        /// The message.
        message: &'a sip::Message,
        /// Whether the subject sent it.
        from_client: bool,
    },
    /// An SCCP message to or from the subject.
    Sccp {
        /// The message.
        message: &'a sccp::Message,
        /// Whether the subject sent it.
        from_client: bool,
    },
    /// A DNS question of the subject, or an answer to it.
    Dns {
        /// The message.
        message: &'a dns::Message,
        /// Whether the subject sent it.
        from_client: bool,
    },
    /// An NTP request of the subject, or an answer to it.
    Ntp {
        /// The message.
        message: &'a ntp::Message,
        /// Whether the subject sent it.
        from_client: bool,
    },
    /// An MGCP message.
    Mgcp(&'a mgcp::Message),
    /// An H.323 message.
    H323(&'a h323::Message),
    /// A TLS message of a connection that the subject opened.
    Tls(&'a tls::Message),
    /// The capture does not hold all of a message of this protocol.
    CutShort(Protocol),
    /// A message breaks its specification.
    Malformed {
        /// Of which protocol.
        protocol: Protocol,
        /// Which field.
        field: &'a str,
        /// What was found and what is allowed.
        detail: &'a str,
    },
    /// A copy of an earlier frame of a watched host bears the tags that it lacked.
    TaggedCopy {
        /// The earlier frame.
        of: At,
    },
}

/// Why a datagram could not be delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Unreachable {
    /// Nobody listens on the port.
    Port,
    /// The host does not answer, or there is no way to it.
    Host,
    /// There is no way to the network.
    Network,
    /// A filter forbids it.
    Prohibited,
    /// The datagram is too big for a link and must not be cut.
    TooBig,
    /// It passed too many routers: mostly two that send it to each other.
    HopsExceeded,
    /// Its fragments did not all arrive in time.
    NotReassembled,
    /// It was delivered all the same; a router knows a better one.
    Redirected,
    /// Another reason.
    Other,
}
