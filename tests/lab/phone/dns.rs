//! A query for an address (RFC 1035), as phones ask: once and again.

use std::net::{Ipv4Addr, UdpSocket};
use std::time::Duration;

use crate::Result;
use crate::phone::handset::Handset;

impl Handset {
    /// The address of a name, or of an address written as text; `None` when nobody
    /// tells.
    pub(crate) fn resolves(&mut self, name: &str) -> Result<Option<Ipv4Addr>> {
        if let Ok(address) = name.parse() {
            return Ok(Some(address));
        }
        let Some(server) = self.lease.address(6) else {
            return Ok(None);
        };
        let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
        socket.set_read_timeout(Some(Duration::from_secs(2)))?;
        let id = socket.local_addr()?.port();
        // Recursion desired, one question; type A, class IN.
        let mut query = id.to_be_bytes().to_vec();
        query.extend([1, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
        for label in name.split('.') {
            query.push(u8::try_from(label.len())?);
            query.extend(label.as_bytes());
        }
        query.extend([0, 0, 1, 0, 1]);
        let mut buffer = [0; 1_500];
        for _ in 0..3 {
            let _ = socket.send_to(&query, (server, 53));
            if let Ok(bytes) = socket.recv(&mut buffer) {
                let answer = buffer.get(..bytes).unwrap_or_default();
                return Ok(first_address(answer.get(query.len()..).unwrap_or_default()));
            }
        }
        Ok(None)
    }
}

/// The first A record among answers whose names are compressed (RFC 1035 §4.1.4), as
/// all of dnsmasq's are.
fn first_address(answers: &[u8]) -> Option<Ipv4Addr> {
    let [_, _, 0, 1, 0, 1, _, _, _, _, 0, 4, a, b, c, d, ..] = answers else {
        return None;
    };
    Some(Ipv4Addr::new(*a, *b, *c, *d))
}
