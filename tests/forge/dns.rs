//! DNS questions, and what servers say to them.
//!
//! RFC 1035 §4.1, RFC 2782 (SRV), RFC 3596 (AAAA).

use std::net::Ipv4Addr;

use crate::forge::scene::{Host, Ports, Scene};

/// Types of records.
pub(crate) const A: u16 = 1;
pub(crate) const AAAA: u16 = 28;
pub(crate) const SRV: u16 = 33;
pub(crate) const NAPTR: u16 = 35;

const PORT: u16 = 53;

/// What a name server says.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Told<'a> {
    Address(Ipv4Addr),
    /// Another name, and its address.
    Alias(&'a str, Ipv4Addr),
    /// Where a service is: priority, port, host.
    Services(&'a [(u16, u16, &'a str)]),
    /// The name is there, without such a record.
    Nothing,
    /// A result code: 3 is NXDOMAIN.
    Code(u8),
}

impl Scene {
    /// `client` asks for `name`'s address and is told it.
    pub(crate) fn dns(&mut self, client: &Host, server: &Host, name: &str, address: Ipv4Addr) {
        self.dns_asks(client, server, (name, A), Told::Address(address));
    }

    /// `client` asks for a name's record of a type and is told something.
    pub(crate) fn dns_asks(
        &mut self,
        client: &Host,
        server: &Host,
        (name, kind): (&str, u16),
        told: Told<'_>,
    ) {
        let from = self.next_port(client);
        let [id, ..] = self.roll().to_be_bytes();
        let question = question(id, name, kind);
        self.udp(client, server, Ports { from, to: PORT }, &question);
        self.linger_us(2_000, 20_000);
        let ports = Ports {
            from: PORT,
            to: from,
        };
        self.udp(server, client, ports, &answer(question, told));
        self.linger_us(500, 2_000);
    }

    /// `client` asks each server in turn, with so many seconds after each question, and
    /// none answers.
    pub(crate) fn dns_unanswered(
        &mut self,
        client: &Host,
        servers: &[&Host],
        name: &str,
        gap_secs: u64,
    ) {
        let from = self.next_port(client);
        let [id, ..] = self.roll().to_be_bytes();
        let question = question(id, name, A);
        for server in servers {
            self.udp(client, server, Ports { from, to: PORT }, &question);
            self.wait_secs(gap_secs);
        }
    }
}

fn question(id: u8, name: &str, kind: u16) -> Vec<u8> {
    let mut bytes = vec![id, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    bytes.extend(encoded(name));
    bytes.extend(kind.to_be_bytes());
    bytes.extend([0, 1]);
    bytes
}

fn encoded(name: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    for label in name.split('.') {
        bytes.push(u8::try_from(label.len()).unwrap());
        bytes.extend(label.as_bytes());
    }
    bytes.push(0);
    bytes
}

/// Response, recursion desired and available; the question again, and the records.
fn answer(question: Vec<u8>, told: Told<'_>) -> Vec<u8> {
    let mut bytes = question;
    bytes[2..4].copy_from_slice(&[0x81, 0x80]);
    match told {
        Told::Nothing => {}
        Told::Code(code) => bytes[3] |= code,
        Told::Address(address) => {
            record(&mut bytes, &[0xc0, 12], A, &address.octets());
            bytes[7] = 1;
        }
        Told::Alias(name, address) => {
            let alias = encoded(name);
            record(&mut bytes, &[0xc0, 12], 5, &alias);
            record(&mut bytes, &alias, A, &address.octets());
            bytes[7] = 2;
        }
        Told::Services(services) => {
            for (priority, port, host) in services {
                let mut data = [priority.to_be_bytes(), [0, 0], port.to_be_bytes()].concat();
                data.extend(encoded(host));
                record(&mut bytes, &[0xc0, 12], SRV, &data);
            }
            bytes[7] = u8::try_from(services.len()).unwrap();
        }
    }
    bytes
}

/// A record that may be kept for five minutes.
fn record(bytes: &mut Vec<u8>, name: &[u8], kind: u16, data: &[u8]) {
    bytes.extend(name);
    bytes.extend(kind.to_be_bytes());
    bytes.extend([0, 1, 0, 0, 1, 0x2c]);
    bytes.extend(u16::try_from(data.len()).unwrap().to_be_bytes());
    bytes.extend(data);
}
