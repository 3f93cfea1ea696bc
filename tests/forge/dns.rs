//! DNS questions for one address, and their answers.
//!
//! RFC 1035 §4.1.

use std::net::Ipv4Addr;

use crate::forge::scene::{Host, Ports, Scene};

impl Scene {
    /// `client` asks for `name`'s address and is told it.
    pub(crate) fn dns(&mut self, client: &Host, server: &Host, name: &str, address: Ipv4Addr) {
        let ports = Ports {
            from: self.next_port(client),
            to: 53,
        };
        let [id, ..] = self.roll().to_be_bytes();
        let mut question = vec![id, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
        for label in name.split('.') {
            question.push(u8::try_from(label.len()).unwrap());
            question.extend(label.as_bytes());
        }
        question.extend([0, 0, 1, 0, 1]);
        self.udp(client, server, ports, &question);
        self.linger_us(2_000, 20_000);
        let mut answer = question;
        // Response, recursion desired and available; one answer.
        answer[2..4].copy_from_slice(&[0x81, 0x80]);
        answer[7] = 1;
        answer.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 1, 0x2c, 0, 4]);
        answer.extend(address.octets());
        let ports = Ports {
            from: 53,
            to: ports.from,
        };
        self.udp(server, client, ports, &answer);
        self.linger_us(500, 2_000);
    }
}
