//! Addresses and ports as FTP writes them, in commands and in the text of replies.
//!
//! RFC 959 §5.3.2 (host-port), RFC 1123 §4.1.2.6, RFC 2428 §2 and §3.

use std::net::{IpAddr, Ipv4Addr};

use super::DataAddress;

/// `h1,h2,h3,h4,p1,p2` in decimal, wherever it stands in the text: servers write
/// reply 227 with and without parentheses (RFC 1123 §4.1.2.6).
pub(super) fn host_port(text: &[u8]) -> Option<DataAddress> {
    let is_number = |byte: &u8| byte.is_ascii_digit() || matches!(byte, b',' | b' ');
    text.split(|byte| !is_number(byte)).find_map(|run| {
        let mut numbers = run
            .split(|&byte| byte == b',')
            .map(<[u8]>::trim_ascii)
            .map(octet);
        let octets: Option<Vec<u8>> = numbers.by_ref().take(6).collect();
        let [a, b, c, d, high, low] = *octets?.as_slice() else {
            return None;
        };
        let port = u16::from_be_bytes([high, low]);
        (numbers.next().is_none() && port != 0).then_some(DataAddress {
            address: Some(Ipv4Addr::new(a, b, c, d).into()),
            port,
        })
    })
}

fn octet(digits: &[u8]) -> Option<u8> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}

/// `(|||port|)` in the text of reply 229 (RFC 2428 §3).
pub(super) fn extended_in(text: &[u8]) -> Option<DataAddress> {
    let open = text.iter().position(|&byte| byte == b'(')?;
    let inside = text.get(open + 1..)?;
    let close = inside.iter().position(|&byte| byte == b')')?;
    extended(inside.get(..close)?)
}

/// `|family|address|port|` with any mark for a bar (RFC 2428 §2).
pub(super) fn extended(text: &[u8]) -> Option<DataAddress> {
    let text = text.trim_ascii();
    let (mark, fields) = text.split_first()?;
    let mut fields = fields.split(|byte| byte == mark);
    let (family, address, port) = (fields.next()?, fields.next()?, fields.next()?);
    let port: u16 = std::str::from_utf8(port).ok()?.parse().ok()?;
    let address = std::str::from_utf8(address).ok()?;
    let address = match family {
        b"" => None,
        b"1" | b"2" => Some(address.parse::<IpAddr>().ok()?),
        _ => return None,
    };
    (port != 0).then_some(DataAddress { address, port })
}
