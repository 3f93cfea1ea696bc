//! DHCPv6: clients as phones are, and leases as servers give them.
//!
//! RFC 8415, RFC 5970 (boot file URL), RFC 3646 (name servers).

use std::net::Ipv6Addr;

use crate::forge::ipv6::{Ends, group, pseudo_header};
use crate::forge::scene::{Host, Scene, internet_checksum, length_u16};

const PROTOCOL_UDP: u8 = 17;

/// Message types.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Solicit = 1,
    Advertise = 2,
    Request = 3,
    Reply = 7,
    Decline = 9,
    InformationRequest = 11,
}

/// How a client words its requests.
#[derive(Debug, Clone)]
pub(crate) struct Client6 {
    /// Enterprise and text of option 16.
    pub(crate) vendor_class: (u32, &'static str),
    /// Option 6, in its order.
    pub(crate) wanted: Vec<u16>,
}

/// What the server gives.
#[derive(Debug, Clone)]
pub(crate) struct Lease6 {
    /// `None`: there is none to give (status 2).
    pub(crate) address: Option<Ipv6Addr>,
    /// Options beside, code and value.
    pub(crate) options: Vec<(u16, Vec<u8>)>,
}

impl Lease6 {
    /// An address, and this as name server.
    pub(crate) fn new(address: Ipv6Addr, name_server: Ipv6Addr) -> Self {
        Self {
            address: Some(address),
            options: vec![(23, name_server.octets().to_vec())],
        }
    }

    /// No address.
    pub(crate) fn refused() -> Self {
        Self {
            address: None,
            options: Vec::new(),
        }
    }

    /// The same lease with another option.
    pub(crate) fn option(mut self, code: u16, value: &[u8]) -> Self {
        self.options.push((code, value.to_vec()));
        self
    }

    /// Cisco's list of TFTP servers (option 17, enterprise 9, sub-option 1).
    pub(crate) fn cisco_tftp_servers(self, servers: &[Ipv6Addr]) -> Self {
        let mut value = 9_u32.to_be_bytes().to_vec();
        value.extend([0, 1]);
        value.extend(length_u16(servers.len() * 16));
        for server in servers {
            value.extend(server.octets());
        }
        self.option(17, &value)
    }
}

/// One side's DUID-LL.
fn duid(host: &Host) -> Vec<u8> {
    [&[0, 3, 0, 1][..], &host.mac].concat()
}

fn option(code: u16, value: &[u8]) -> Vec<u8> {
    [&code.to_be_bytes()[..], &length_u16(value.len()), value].concat()
}

/// The identity association, with the address that is asked for or given.
fn association(lease: Option<&Lease6>, given: bool) -> Vec<u8> {
    let mut value = vec![0, 0, 0, 1];
    let (renew, rebind) = if given {
        (1_800_u32, 2_880_u32)
    } else {
        (0, 0)
    };
    value.extend(renew.to_be_bytes());
    value.extend(rebind.to_be_bytes());
    let address = lease.and_then(|lease| lease.address);
    if let Some(address) = address {
        let mut leased = address.octets().to_vec();
        let (preferred, valid) = if given {
            (3_600_u32, 7_200_u32)
        } else {
            (0, 0)
        };
        leased.extend(preferred.to_be_bytes());
        leased.extend(valid.to_be_bytes());
        value.extend(option(5, &leased));
    } else if given {
        let words = b"no addresses available";
        value.extend(option(13, &[&[0, 2][..], words].concat()));
    }
    option(3, &value)
}

impl Scene {
    /// SOLICIT, `spent_ms` milliseconds after the first.
    pub(crate) fn dhcpv6_solicit(&mut self, phone: &Host, client: &Client6, spent_ms: u16) {
        if spent_ms == 0 {
            self.dhcp_xids.remove(&phone.mac);
        }
        let tail = association(None, false);
        self.dhcpv6_from_phone(Kind::Solicit, phone, client, spent_ms, &tail);
    }

    /// ADVERTISE.
    pub(crate) fn dhcpv6_advertise(&mut self, phone: &Host, server: &Host, lease: &Lease6) {
        self.linger_us(900, 2_500);
        self.dhcpv6_from_server(Kind::Advertise, phone, server, lease);
    }

    /// SOLICIT, ADVERTISE, REQUEST, REPLY.
    pub(crate) fn dhcpv6_lease(
        &mut self,
        phone: &Host,
        client: &Client6,
        server: &Host,
        lease: &Lease6,
    ) {
        self.dhcpv6_solicit(phone, client, 0);
        self.dhcpv6_advertise(phone, server, lease);
        self.wait_ms(1_000);
        let mut tail = option(2, &duid(server));
        tail.extend(association(Some(lease), false));
        self.dhcp_xids.remove(&phone.mac);
        self.dhcpv6_from_phone(Kind::Request, phone, client, 0, &tail);
        self.linger_us(900, 2_500);
        self.dhcpv6_from_server(Kind::Reply, phone, server, lease);
        self.linger_us(2_000, 9_000);
    }

    /// DECLINE: somebody else has the address.
    pub(crate) fn dhcpv6_decline(
        &mut self,
        phone: &Host,
        client: &Client6,
        server: &Host,
        lease: &Lease6,
    ) {
        let mut tail = option(2, &duid(server));
        tail.extend(association(Some(lease), false));
        self.dhcp_xids.remove(&phone.mac);
        self.dhcpv6_from_phone(Kind::Decline, phone, client, 0, &tail);
    }

    /// INFORMATION-REQUEST, `spent_ms` milliseconds after the first.
    pub(crate) fn dhcpv6_asks_settings(&mut self, phone: &Host, client: &Client6, spent_ms: u16) {
        self.dhcpv6_from_phone(Kind::InformationRequest, phone, client, spent_ms, &[]);
    }

    fn dhcpv6_xid(&mut self, phone: &Host) -> [u8; 3] {
        let fresh = self.roll();
        let [_, xid @ ..] = self
            .dhcp_xids
            .entry(phone.mac)
            .or_insert(fresh)
            .to_be_bytes();
        xid
    }

    fn dhcpv6_from_phone(
        &mut self,
        kind: Kind,
        phone: &Host,
        client: &Client6,
        spent_ms: u16,
        tail: &[u8],
    ) {
        let mut message = vec![kind as u8];
        message.extend(self.dhcpv6_xid(phone));
        message.extend(option(1, &duid(phone)));
        message.extend(tail);
        let wanted: Vec<u8> = client
            .wanted
            .iter()
            .flat_map(|code| code.to_be_bytes())
            .collect();
        message.extend(option(6, &wanted));
        message.extend(option(8, &(spent_ms / 10).to_be_bytes()));
        let (enterprise, text) = client.vendor_class;
        let mut class = enterprise.to_be_bytes().to_vec();
        class.extend(length_u16(text.len()));
        class.extend(text.as_bytes());
        message.extend(option(16, &class));
        let ends = Ends::to_group(phone.link_local(), group([1, 2]));
        self.dhcpv6_datagram(phone, ends, None, [546, 547], &message);
    }

    fn dhcpv6_from_server(&mut self, kind: Kind, phone: &Host, server: &Host, lease: &Lease6) {
        let mut message = vec![kind as u8];
        message.extend(self.dhcpv6_xid(phone));
        message.extend(option(1, &duid(phone)));
        message.extend(option(2, &duid(server)));
        message.extend(association(Some(lease), true));
        for (code, value) in &lease.options {
            message.extend(option(*code, value));
        }
        let ends = Ends {
            source: server.link_local(),
            destination: phone.link_local(),
            to: phone.mac,
        };
        self.dhcpv6_datagram(server, ends, phone.vlan, [547, 546], &message);
    }

    fn dhcpv6_datagram(
        &mut self,
        from: &Host,
        ends: Ends,
        vlan: Option<u16>,
        [source, destination]: [u16; 2],
        payload: &[u8],
    ) {
        let length = 8 + payload.len();
        let mut datagram = source.to_be_bytes().to_vec();
        datagram.extend(destination.to_be_bytes());
        datagram.extend(length_u16(length));
        datagram.extend([0, 0]);
        datagram.extend(payload);
        let pseudo = pseudo_header(ends.source, ends.destination, PROTOCOL_UDP, length);
        let sum = internet_checksum(&[&pseudo, &datagram]);
        datagram[6..8].copy_from_slice(&sum.to_be_bytes());
        self.ipv6(from, ends, vlan, PROTOCOL_UDP, &datagram);
    }
}
