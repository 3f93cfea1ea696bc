//! Boots made by hand, for the tests of rules.
//!
//! Each call adds one thing that a capture would have shown, a frame and a little
//! time later than the one before; [`BootBuilder::after_secs`] lets more time pass.

mod calls;

use std::net::{IpAddr, Ipv4Addr};

use phoneboot_parsers::dhcp::{self, Area, MessageType, RawOption};
use phoneboot_parsers::tftp::Direction;
use phoneboot_parsers::{Input, MacAddress, Protocol, WireText, cdp, dhcpv6, eapol, icmp, lldp};

use crate::capture::{FrameNumber, Timestamp};
use crate::event::{At, Endpoint, Seen, Unreachable};

use super::lease::LeaseMessage;
use super::lease6::Lease6Message;
use super::link::Announcement;
use super::lookup::{Answer, Asked, Lookup};
use super::port::{TreePort, TreePortId, TreeState};
use super::reach::{ArpTarget, Connection, Undelivered};
use super::transfer::{Status, Transfer, TransferError};
use super::{Beginning, Boot, Phase, Step};

/// The phone of these tests.
pub(crate) const PHONE: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 51);
/// Its server.
pub(crate) const SERVER: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 10);
/// Its MAC address.
pub(crate) const MAC: MacAddress = MacAddress([0x00, 0x1a, 0xa1, 0x7b, 0xe6, 0x38]);

/// Makes one boot.
pub(crate) struct BootBuilder {
    boot: Boot,
    now: At,
}

impl BootBuilder {
    /// A boot that begins one second into its capture.
    pub(crate) fn new() -> Self {
        let now = At {
            capture: 0,
            frame: FrameNumber(1),
            time: Timestamp(1_000_000_000),
        };
        let mut boot = Boot::new(1, now, Beginning::FirstSeen);
        boot.frames_from_phone = 1;
        boot.frames_to_phone = 1;
        Self { boot, now }
    }

    /// The boot.
    pub(crate) fn build(self) -> Boot {
        self.boot
    }

    /// Lets time pass.
    pub(crate) fn after_secs(mut self, secs: u32) -> Self {
        self.now.time = Timestamp(self.now.time.0 + i64::from(secs) * 1_000_000_000);
        self
    }

    /// Changes the boot by hand.
    pub(crate) fn with(mut self, change: impl FnOnce(&mut Boot, At)) -> Self {
        let at = self.tick();
        change(&mut self.boot, at);
        self
    }

    fn tick(&mut self) -> At {
        self.now.frame = FrameNumber(self.now.frame.0 + 1);
        self.now.time = Timestamp(self.now.time.0 + 5_000_000);
        self.now
    }

    fn step(&mut self, phase: Phase, protocol: Protocol, event: &'static str, from_phone: bool) {
        let phone = Endpoint {
            mac: Some(MAC),
            ip: Some(IpAddr::V4(PHONE)),
            port: None,
        };
        let server = Endpoint {
            mac: None,
            ip: Some(IpAddr::V4(SERVER)),
            port: None,
        };
        let (source, destination) = if from_phone {
            (phone, server)
        } else {
            (server, phone)
        };
        self.boot.timeline.push(Step {
            at: self.now,
            phase,
            protocol,
            event,
            from_phone,
            source,
            destination,
            vlan: None,
            summary: event.to_owned(),
        });
        self.boot.ended = self.now;
        if from_phone {
            self.boot.last_heard = self.now;
            self.boot.frames_from_phone += 1;
        } else {
            self.boot.frames_to_phone += 1;
        }
    }

    /// A DHCP message with these options; the server's are sent by [`SERVER`].
    pub(crate) fn dhcp(mut self, kind: MessageType, options: &[(u8, &[u8])]) -> Self {
        let at = self.tick();
        let from_phone = !matches!(
            kind,
            MessageType::Offer | MessageType::Ack | MessageType::Nak
        );
        let mut message = dhcp_message(kind, from_phone);
        message
            .options
            .extend(options.iter().map(|(code, bytes)| RawOption {
                code: *code,
                bytes: bytes.to_vec(),
                area: Area::Options,
                offset_bytes: 240,
            }));
        self.boot.lease.messages.push(LeaseMessage {
            at,
            vlan: None,
            sender: (!from_phone).then_some(SERVER),
            kind: Some(kind),
            message,
        });
        let event = match kind {
            MessageType::Discover => "dhcp-discover",
            MessageType::Offer => "dhcp-offer",
            MessageType::Request => "dhcp-request",
            MessageType::Ack => "dhcp-ack",
            MessageType::Nak => "dhcp-nak",
            _ => "dhcp-other",
        };
        self.step(Phase::Lease, Protocol::Dhcp, event, from_phone);
        self
    }

    /// The whole exchange; the acknowledgement carries these options beside mask,
    /// router and lease time.
    pub(crate) fn lease(self, wanted: &[u8], given: &[(u8, &[u8])]) -> Self {
        let mut options: Vec<(u8, &[u8])> = vec![
            (1, &[255, 255, 255, 0]),
            (3, &[192, 0, 2, 1]),
            (51, &[0, 1, 0x51, 0x80]),
            (54, &[192, 0, 2, 10]),
        ];
        options.extend(given);
        self.dhcp(MessageType::Discover, &[(55, wanted)])
            .dhcp(MessageType::Offer, &options)
            .dhcp(
                MessageType::Request,
                &[(55, wanted), (54, &[192, 0, 2, 10])],
            )
            .dhcp(MessageType::Ack, &options)
    }

    /// Changes the last DHCP message.
    pub(crate) fn last_dhcp(mut self, change: impl FnOnce(&mut dhcp::Message)) -> Self {
        if let Some(last) = self.boot.lease.messages.last_mut() {
            change(&mut last.message);
        }
        self
    }

    /// A file asked for by TFTP from [`SERVER`], with its end.
    pub(crate) fn tftp(self, file: &str, status: Status) -> Self {
        self.transfer(Protocol::Tftp, file, status, |_| {})
    }

    /// A file asked for by HTTP from [`SERVER`], with its end.
    pub(crate) fn http(self, target: &str, status: Status, code: u16) -> Self {
        self.transfer(Protocol::Http, target, status, |transfer| {
            transfer.server_port = 80;
            transfer.http_status = Some(code);
            if let Some(error) = &mut transfer.error {
                error.code = u32::from(code);
                error.message = "".into();
            }
        })
    }

    /// A transfer, changed by hand.
    pub(crate) fn transfer(
        mut self,
        protocol: Protocol,
        file: &str,
        status: Status,
        change: impl FnOnce(&mut Transfer),
    ) -> Self {
        let first = self.tick();
        self.step(Phase::Fetch, protocol, "request", true);
        let answered = (status != Status::Unanswered).then(|| self.tick());
        if answered.is_some() {
            self.step(Phase::Fetch, protocol, "answer", false);
        }
        let last = answered.unwrap_or(first);
        let error = match status {
            Status::NotFound => Some((1, "File not found", false)),
            Status::Refused => Some((2, "Access violation", false)),
            Status::AbortedByPhone => Some((3, "File too large", true)),
            Status::ServerError => Some((500, "Internal Server Error", false)),
            _ => None,
        };
        let place = (IpAddr::V4(SERVER), 69);
        let mut transfer = Transfer {
            client_port: 49152,
            status,
            error: error.map(|(code, words, from_phone)| TransferError {
                code,
                message: words.into(),
                from_phone,
                at: last,
            }),
            bytes: if status == Status::Complete { 700 } else { 0 },
            block_size: Some(512),
            blocks: 2,
            answered,
            progressed: last,
            last,
            ..Transfer::new(file.into(), protocol, Direction::Read, place, first)
        };
        change(&mut transfer);
        self.boot.transfers.push(transfer);
        self
    }

    /// The phone announces itself by CDP.
    pub(crate) fn phone_cdp(mut self, message: cdp::Message) -> Self {
        let at = self.tick();
        self.boot.link.phone_cdp.push(announcement(message, at));
        self.step(Phase::Link, Protocol::Cdp, "cdp-phone", true);
        self
    }

    /// A switch announces itself by CDP.
    pub(crate) fn switch_cdp(mut self, message: cdp::Message) -> Self {
        let at = self.tick();
        self.boot.link.switch_cdp.push(announcement(message, at));
        self.step(Phase::Link, Protocol::Cdp, "cdp-switch", false);
        self
    }

    /// The phone announces itself by LLDP.
    pub(crate) fn phone_lldp(mut self, message: lldp::Message) -> Self {
        let at = self.tick();
        self.boot.link.phone_lldp.push(announcement(message, at));
        self.step(Phase::Link, Protocol::Lldp, "lldp-phone", true);
        self
    }

    /// A switch announces itself by LLDP.
    pub(crate) fn switch_lldp(mut self, message: lldp::Message) -> Self {
        let at = self.tick();
        self.boot.link.switch_lldp.push(announcement(message, at));
        self.step(Phase::Link, Protocol::Lldp, "lldp-switch", false);
        self
    }

    /// An EAP packet of the phone, or of its switch port.
    pub(crate) fn eap(self, from_phone: bool, packet: eapol::Packet) -> Self {
        self.eapol(from_phone, eapol::EAP_PACKET, Some(packet))
    }

    /// The phone sends EAPOL-Start.
    pub(crate) fn eapol_start(self) -> Self {
        self.eapol(true, eapol::START, None)
    }

    fn eapol(mut self, from_phone: bool, kind: u8, eap: Option<eapol::Packet>) -> Self {
        let at = self.tick();
        let message = eapol::Message {
            version: 2,
            kind,
            length: 0,
            eap,
            key: None,
        };
        super::update::port::keep(&mut self.boot.link.auth, &message, at, from_phone);
        self.step(Phase::Link, Protocol::Eapol, "eapol", from_phone);
        self
    }

    /// The port says that its spanning tree is in this state.
    pub(crate) fn tree(mut self, state: TreeState) -> Self {
        let at = self.tick();
        let ports = &mut self.boot.link.spanning_tree.ports;
        if let Some(port) = ports.first_mut() {
            port.states.push(Seen::new(state, at));
        } else {
            ports.push(TreePort {
                id: TreePortId {
                    mac: None,
                    port: 0x800c,
                    vlan: None,
                },
                version: 2,
                forward_delay: Some(15 * 256),
                states: vec![Seen::new(state, at)],
                topology_change: None,
            });
        }
        self
    }

    /// A `DHCPv6` server gives the phone `2001:db8::61`, and these options.
    pub(crate) fn dhcpv6_lease(self, options: &[(u16, &[u8])]) -> Self {
        let association = [
            &[
                0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5, 0, 24, 0x20, 1, 0x0d, 0xb8,
            ][..],
            &[
                0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x61, 0, 0, 1, 0, 0, 0, 1, 0,
            ],
        ]
        .concat();
        let options = [&[(3, &association[..])][..], options].concat();
        self.dhcpv6(7, &options)
    }

    /// A DHCPv6 message of this kind to or from the phone.
    pub(crate) fn dhcpv6(self, kind: u8, options: &[(u16, &[u8])]) -> Self {
        let mut bytes = vec![kind, 1, 2, 3];
        for (code, value) in options {
            bytes.extend(code.to_be_bytes());
            bytes.extend(u16::try_from(value.len()).unwrap().to_be_bytes());
            bytes.extend(*value);
        }
        let message = dhcpv6::decode(Input::whole(&bytes)).unwrap().value;
        self.with(|boot, at| {
            boot.lease6.messages.push(Lease6Message {
                at,
                vlan: None,
                sender: Some("fe80::1".parse().unwrap()),
                message,
            });
        })
    }

    /// The phone asks by ARP for an address, `asked` times within five seconds each.
    pub(crate) fn arp(mut self, address: Ipv4Addr, asked: u32, answered: bool) -> Self {
        let first = self.tick();
        self.step(Phase::Reach, Protocol::Arp, "arp-request", true);
        self = self.after_secs(asked.saturating_sub(1) * 5);
        let last = self.tick();
        let answer = answered.then(|| Seen::new(MacAddress([2, 0, 0, 0, 0, 1]), last));
        self.boot.reach.arp.push(ArpTarget {
            address,
            probe: false,
            first,
            last,
            asked: u64::from(asked),
            answer,
        });
        self.boot.last_heard = last;
        self
    }

    /// The phone asks the name server at 192.0.2.53, `count` times within two seconds
    /// each, and is told this, or nothing.
    pub(crate) fn lookup(
        mut self,
        name: &str,
        kind: u16,
        count: u32,
        told: Option<Answer>,
    ) -> Self {
        let first = self.tick();
        self.step(Phase::Reach, Protocol::Dns, "dns-query", true);
        self = self.after_secs(count.saturating_sub(1) * 2);
        let last = if count > 1 { self.tick() } else { first };
        let answer = told.map(|told| Seen::new(told, self.tick()));
        if answer.is_some() {
            self.step(Phase::Reach, Protocol::Dns, "dns-answer", false);
        }
        self.boot.lookups.push(Lookup {
            name: name.into(),
            kind,
            asked: vec![Asked {
                server: Ipv4Addr::new(192, 0, 2, 53).into(),
                first,
                last,
                count: u64::from(count),
                answer,
                alias: None,
                waiting: Vec::new(),
            }],
        });
        self
    }

    /// A datagram of the phone to `server` is sent back.
    pub(crate) fn unreachable(mut self, why: Unreachable, server: Ipv4Addr, port: u16) -> Self {
        let at = self.tick();
        let quoted = icmp::Quoted {
            source: IpAddr::V4(PHONE),
            destination: IpAddr::V4(server),
            protocol: 17,
            ports: Some((49152, port)),
        };
        let value = Undelivered {
            why,
            from: Some(IpAddr::V4(server)),
            refused_by_phone: false,
            quoted,
            request: self.boot.request_in(&quoted),
        };
        self.boot.reach.unreachables.push(Seen::new(value, at));
        self.step(Phase::Reach, Protocol::Icmp, "icmp-unreachable", false);
        self
    }

    /// The phone calls `server`, changed by hand from a SYN without an answer.
    pub(crate) fn connection(
        mut self,
        server: Ipv4Addr,
        port: u16,
        change: impl FnOnce(&mut Connection, At),
    ) -> Self {
        let first = self.tick();
        self.step(Phase::Reach, Protocol::Tcp, "tcp-open", true);
        let mut connection = Connection::new((IpAddr::V4(server), port), 50000, first);
        change(&mut connection, first);
        self.boot.last_heard = connection.last;
        self.boot.reach.connections.push(connection);
        self
    }
}

fn announcement<T>(message: T, at: At) -> Announcement<T> {
    Announcement {
        first: Seen::new(message, at),
        last: at,
        count: 1,
    }
}

fn dhcp_message(kind: MessageType, from_phone: bool) -> dhcp::Message {
    let code = (1..=13)
        .find(|&code| MessageType::from_code(code) == kind)
        .unwrap_or_default();
    let gives = matches!(kind, MessageType::Offer | MessageType::Ack);
    dhcp::Message {
        op: if from_phone { 1 } else { 2 },
        hardware_type: 1,
        hardware_length: 6,
        hops: 0,
        transaction_id: 0x1234_5678,
        elapsed_secs: 0,
        flags: 0,
        client_address: Ipv4Addr::UNSPECIFIED,
        your_address: if gives { PHONE } else { Ipv4Addr::UNSPECIFIED },
        server_address: Ipv4Addr::UNSPECIFIED,
        relay_address: Ipv4Addr::UNSPECIFIED,
        client_hardware_address: MAC.0.to_vec(),
        server_name: WireText::default(),
        boot_file: WireText::default(),
        has_cookie: true,
        options: vec![RawOption {
            code: 53,
            bytes: vec![code],
            area: Area::Options,
            offset_bytes: 240,
        }],
    }
}
