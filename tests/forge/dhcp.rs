//! DHCP: clients as phones are, and leases as servers give them.
//!
//! RFC 2131 and RFC 2132; RFC 5859 (option 150), RFC 3046 (option 82).

use std::net::Ipv4Addr;

use crate::forge::scene::{BROADCAST, Host, Mac, Ports, Scene};

/// An option: its code and its value.
pub(crate) type TypedOption = (u8, Vec<u8>);

/// How a client words its requests.
#[derive(Debug, Clone, Default)]
pub(crate) struct Client {
    /// Option 60, byte for byte: Cisco's ends in NUL, Polycom's is binary.
    pub(crate) vendor_class: Vec<u8>,
    /// Option 55, in its order.
    pub(crate) parameters: Vec<u8>,
    /// Option 12.
    pub(crate) host_name: Option<String>,
    /// Sends option 61 with its MAC address.
    pub(crate) option_61: bool,
    /// Sets the broadcast flag.
    pub(crate) broadcast: bool,
    /// Fills the message to 548 bytes and leaves the UDP checksum out, as the
    /// recorded 7911, 7941 and 7961 do; their transaction id is the last
    /// four octets of their MAC address.
    pub(crate) cisco_shape: bool,
}

/// What a server gives.
#[derive(Debug, Clone)]
pub(crate) struct Lease {
    pub(crate) address: Ipv4Addr,
    pub(crate) mask: Ipv4Addr,
    pub(crate) valid_secs: u32,
    pub(crate) router: Option<Ipv4Addr>,
    pub(crate) name_servers: Vec<Ipv4Addr>,
    pub(crate) domain: Option<&'static str>,
    /// The header's next server.
    pub(crate) next_server: Ipv4Addr,
    /// Further options, in wire order.
    pub(crate) options: Vec<TypedOption>,
}

/// The kinds of message (option 53).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Discover = 1,
    Offer = 2,
    Request = 3,
    Decline = 4,
    Ack = 5,
    Nak = 6,
    Release = 7,
    Inform = 8,
}

/// A message before it is sent.
#[derive(Debug, Clone)]
pub(crate) struct Message {
    pub(crate) reply: bool,
    pub(crate) hops: u8,
    pub(crate) xid: u32,
    pub(crate) secs: u16,
    pub(crate) broadcast: bool,
    pub(crate) client_ip: Ipv4Addr,
    pub(crate) your_ip: Ipv4Addr,
    pub(crate) next_server: Ipv4Addr,
    pub(crate) relay: Ipv4Addr,
    pub(crate) client_mac: Mac,
    pub(crate) options: Vec<TypedOption>,
    pub(crate) filled: bool,
}

impl Client {
    /// A Cisco 79xx as recorded: `CP-7961G`, host name, parameter list.
    pub(crate) fn cisco(model: &str, host_name: String) -> Self {
        Self {
            vendor_class: format!("Cisco Systems, Inc. IP Phone {model}\0").into_bytes(),
            parameters: vec![1, 66, 6, 3, 15, 150, 35],
            host_name: Some(host_name),
            option_61: true,
            broadcast: true,
            cisco_shape: true,
        }
    }
}

impl Lease {
    /// `address` in a /24 whose router is its host 1, for a day.
    pub(crate) fn new(address: Ipv4Addr) -> Self {
        let [a, b, c, _] = address.octets();
        Self {
            address,
            mask: Ipv4Addr::new(255, 255, 255, 0),
            valid_secs: 86_400,
            router: Some(Ipv4Addr::new(a, b, c, 1)),
            name_servers: vec![Ipv4Addr::new(a, b, c, 5)],
            domain: Some("office.example"),
            next_server: Ipv4Addr::UNSPECIFIED,
            options: Vec::new(),
        }
    }

    /// Adds an option.
    pub(crate) fn option(mut self, code: u8, value: impl AsRef<[u8]>) -> Self {
        self.options.push((code, value.as_ref().to_vec()));
        self
    }

    /// Adds option 150 (RFC 5859): the addresses of TFTP servers.
    pub(crate) fn tftp_servers(self, servers: &[Ipv4Addr]) -> Self {
        let value: Vec<u8> = servers.iter().flat_map(Ipv4Addr::octets).collect();
        self.option(150, value)
    }

    /// Names the next server in the header.
    pub(crate) fn next_server(mut self, server: Ipv4Addr) -> Self {
        self.next_server = server;
        self
    }

    fn options_of(&self, server: &Host) -> Vec<TypedOption> {
        let mut options = vec![
            (54, server.ip.octets().to_vec()),
            (51, self.valid_secs.to_be_bytes().to_vec()),
            (1, self.mask.octets().to_vec()),
        ];
        options.extend(self.router.map(|router| (3, router.octets().to_vec())));
        if !self.name_servers.is_empty() {
            let servers = self.name_servers.iter().flat_map(Ipv4Addr::octets);
            options.push((6, servers.collect()));
        }
        options.extend(self.domain.map(|domain| (15, domain.into())));
        options.extend(self.options.iter().cloned());
        options
    }
}

impl Message {
    /// A client's message: what `phone` always says, then `options`.
    pub(crate) fn from_client(kind: Kind, phone: &Host, xid: u32, options: &[TypedOption]) -> Self {
        let client = &phone.dhcp;
        let mut all = vec![(53, vec![kind as u8])];
        if client.option_61 {
            all.push((61, [&[1], phone.mac.as_slice()].concat()));
        }
        all.extend(options.iter().cloned());
        if let Some(name) = &client.host_name {
            all.push((12, name.clone().into_bytes()));
        }
        if !client.vendor_class.is_empty() {
            all.push((60, client.vendor_class.clone()));
        }
        if !client.parameters.is_empty() && kind != Kind::Release {
            all.push((55, client.parameters.clone()));
        }
        Self {
            reply: false,
            hops: 0,
            xid,
            secs: 0,
            broadcast: client.broadcast,
            client_ip: Ipv4Addr::UNSPECIFIED,
            your_ip: Ipv4Addr::UNSPECIFIED,
            next_server: Ipv4Addr::UNSPECIFIED,
            relay: Ipv4Addr::UNSPECIFIED,
            client_mac: phone.mac,
            options: all,
            filled: client.cisco_shape,
        }
    }

    /// A server's answer to `phone`.
    pub(crate) fn from_server(
        kind: Kind,
        phone: &Host,
        xid: u32,
        options: Vec<TypedOption>,
    ) -> Self {
        let mut all = vec![(53, vec![kind as u8])];
        all.extend(options);
        Self {
            reply: true,
            options: all,
            filled: false,
            ..Self::from_client(kind, phone, xid, &[])
        }
    }

    /// The message as UDP carries it.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut bytes = vec![if self.reply { 2 } else { 1 }, 1, 6, self.hops];
        bytes.extend(self.xid.to_be_bytes());
        bytes.extend(self.secs.to_be_bytes());
        bytes.extend(if self.broadcast { [0x80, 0] } else { [0, 0] });
        for address in [self.client_ip, self.your_ip, self.next_server, self.relay] {
            bytes.extend(address.octets());
        }
        bytes.extend(self.client_mac);
        bytes.resize(28 + 16 + 64 + 128, 0);
        bytes.extend([0x63, 0x82, 0x53, 0x63]);
        for (code, value) in &self.options {
            bytes.extend([*code, u8::try_from(value.len()).unwrap()]);
            bytes.extend(value);
        }
        bytes.push(255);
        // BOOTP's least length (RFC 951 §3), which servers still fill up to.
        bytes.resize(bytes.len().max(if self.filled { 548 } else { 300 }), 0);
        bytes
    }
}

impl Scene {
    /// DISCOVER.
    pub(crate) fn dhcp_discover(&mut self, phone: &Host) {
        self.dhcp_xids.remove(&phone.mac);
        self.dhcp_discover_again(phone, 0);
    }

    /// DISCOVER, `secs` seconds after the first.
    pub(crate) fn dhcp_discover_again(&mut self, phone: &Host, secs: u16) {
        let mut message = self.dhcp_from(Kind::Discover, phone, &[]);
        message.secs = secs;
        self.dhcp_broadcast(phone, &message);
    }

    /// OFFER, after the server has tried the address.
    pub(crate) fn dhcp_offer(&mut self, phone: &Host, server: &Host, lease: &Lease) {
        self.linger_us(900, 2_500);
        self.dhcp_grant(Kind::Offer, phone, server, lease);
    }

    /// REQUEST of an offer (RFC 2131 §4.3.2, SELECTING).
    pub(crate) fn dhcp_request(&mut self, phone: &Host, server: &Host, lease: &Lease) {
        self.linger_us(2_000, 9_000);
        let options = [
            (54, server.ip.octets().to_vec()),
            (50, lease.address.octets().to_vec()),
        ];
        let message = self.dhcp_from(Kind::Request, phone, &options);
        self.dhcp_broadcast(phone, &message);
    }

    /// REQUEST of a remembered address (RFC 2131 §4.3.2, INIT-REBOOT).
    pub(crate) fn dhcp_request_remembered(&mut self, phone: &Host, address: Ipv4Addr) {
        self.dhcp_xids.remove(&phone.mac);
        let options = [(50, address.octets().to_vec())];
        let message = self.dhcp_from(Kind::Request, phone, &options);
        self.dhcp_broadcast(phone, &message);
    }

    /// ACK.
    pub(crate) fn dhcp_ack(&mut self, phone: &Host, server: &Host, lease: &Lease) {
        self.linger_us(600, 2_000);
        self.dhcp_grant(Kind::Ack, phone, server, lease);
        self.linger_us(4_000, 12_000);
    }

    /// NAK, with the server's words in option 56.
    pub(crate) fn dhcp_nak(&mut self, phone: &Host, server: &Host, words: &str) {
        self.linger_us(600, 2_000);
        let options = vec![(54, server.ip.octets().to_vec()), (56, words.into())];
        let xid = self.dhcp_xid(phone);
        let mut message = Message::from_server(Kind::Nak, phone, xid, options);
        message.broadcast = true;
        self.dhcp_answer(phone, server, &message);
    }

    /// DECLINE: the phone found its address in use.
    pub(crate) fn dhcp_decline(&mut self, phone: &Host, server: &Host) {
        let options = [
            (54, server.ip.octets().to_vec()),
            (50, phone.ip.octets().to_vec()),
        ];
        let message = self.dhcp_from(Kind::Decline, phone, &options);
        self.dhcp_broadcast(phone, &message);
    }

    /// RELEASE, to the server alone.
    pub(crate) fn dhcp_release(&mut self, phone: &Host, server: &Host) {
        let options = [(54, server.ip.octets().to_vec())];
        let mut message = self.dhcp_from(Kind::Release, phone, &options);
        message.client_ip = phone.ip;
        message.broadcast = false;
        self.udp(phone, server, Ports { from: 68, to: 67 }, &message.bytes());
    }

    /// INFORM: has an address, wants options.
    pub(crate) fn dhcp_inform(&mut self, phone: &Host) {
        let mut message = self.dhcp_from(Kind::Inform, phone, &[]);
        message.client_ip = phone.ip;
        let everybody = Host::new(BROADCAST, [255; 4]);
        self.udp(
            phone,
            &everybody,
            Ports { from: 68, to: 67 },
            &message.bytes(),
        );
    }

    /// DISCOVER, OFFER, REQUEST, ACK.
    pub(crate) fn dhcp_lease(&mut self, phone: &Host, server: &Host, lease: &Lease) {
        self.dhcp_discover(phone);
        self.dhcp_offer(phone, server, lease);
        self.dhcp_request(phone, server, lease);
        self.dhcp_ack(phone, server, lease);
    }

    /// The same four messages as they pass between a relay and the server: unicast,
    /// `giaddr` set, and the relay's circuit in option 82 (RFC 3046) both ways.
    pub(crate) fn dhcp_lease_relayed(
        &mut self,
        phone: &Host,
        relay: &Host,
        relay_address: Ipv4Addr,
        server: &Host,
        lease: &Lease,
    ) {
        let circuit = (82, vec![1, 6, 0, 4, 0, 110, 1, 7]);
        let ports = Ports { from: 67, to: 67 };
        let wish = [
            (54, server.ip.octets().to_vec()),
            (50, lease.address.octets().to_vec()),
        ];
        let rounds: [(Kind, Kind, &[TypedOption]); 2] = [
            (Kind::Discover, Kind::Offer, &[]),
            (Kind::Request, Kind::Ack, &wish),
        ];
        for (question, answer, options) in rounds {
            let mut message = self.dhcp_from(question, phone, options);
            (message.hops, message.relay) = (1, relay_address);
            message.options.push(circuit.clone());
            self.udp(relay, server, ports, &message.bytes());
            self.linger_us(900, 2_500);
            let mut message = self.dhcp_grant_message(answer, phone, server, lease);
            (message.hops, message.relay) = (1, relay_address);
            message.options.push(circuit.clone());
            self.udp(server, relay, ports, &message.bytes());
            self.linger_us(4_000, 12_000);
        }
    }

    /// The transaction id of the phone's present exchange.
    fn dhcp_xid(&mut self, phone: &Host) -> u32 {
        if phone.dhcp.cisco_shape {
            let [_, _, octets @ ..] = phone.mac;
            return u32::from_be_bytes(octets);
        }
        let fresh = self.roll();
        *self.dhcp_xids.entry(phone.mac).or_insert(fresh)
    }

    fn dhcp_from(&mut self, kind: Kind, phone: &Host, options: &[TypedOption]) -> Message {
        let xid = self.dhcp_xid(phone);
        Message::from_client(kind, phone, xid, options)
    }

    fn dhcp_broadcast(&mut self, phone: &Host, message: &Message) {
        let nobody = Host {
            ip: Ipv4Addr::UNSPECIFIED,
            ..phone.clone()
        };
        let everybody = Host::new(BROADCAST, [255; 4]);
        let ports = Ports { from: 68, to: 67 };
        if phone.dhcp.cisco_shape {
            self.udp_unchecked(&nobody, &everybody, ports, &message.bytes());
        } else {
            self.udp(&nobody, &everybody, ports, &message.bytes());
        }
    }

    fn dhcp_grant_message(
        &mut self,
        kind: Kind,
        phone: &Host,
        server: &Host,
        lease: &Lease,
    ) -> Message {
        let xid = self.dhcp_xid(phone);
        let mut message = Message::from_server(kind, phone, xid, lease.options_of(server));
        message.your_ip = lease.address;
        message.next_server = lease.next_server;
        message
    }

    fn dhcp_grant(&mut self, kind: Kind, phone: &Host, server: &Host, lease: &Lease) {
        let message = self.dhcp_grant_message(kind, phone, server, lease);
        self.dhcp_answer(phone, server, &message);
    }

    /// To everybody when the client asked for that, else to the offered address.
    fn dhcp_answer(&mut self, phone: &Host, server: &Host, message: &Message) {
        let to = if message.broadcast {
            Host::new(BROADCAST, [255; 4])
        } else {
            Host {
                ip: message.your_ip,
                ..phone.clone()
            }
        };
        let to = Host {
            vlan: phone.vlan,
            ..to
        };
        self.udp(server, &to, Ports { from: 67, to: 68 }, &message.bytes());
    }
}
