//! Call signalling beside SIP and SCCP, over UDP: MGCP and the RAS of H.323. Both are
//! taken on their own ports only, and only where the bytes leave no doubt.

use phoneboot_parsers::{Input, Message, Protocol, h323, mgcp};

use super::{Emit, Item, Origin};

/// Where gateways and call agents listen for MGCP (RFC 3435 §3.5).
pub(super) const MGCP_PORTS: [u16; 2] = [2427, 2727];

/// Where gatekeepers listen for RAS: the multicast search, and everything else
/// (H.225.0 §7.2, IANA).
pub(super) const GATEKEEPER_PORTS: [u16; 2] = [1718, 1719];

/// Gives the messages of a datagram; `false` when it is neither protocol's.
pub(super) fn give(ports: [u16; 2], payload: Input<'_>, origin: &Origin, emit: Emit<'_>) -> bool {
    if ports.iter().any(|port| MGCP_PORTS.contains(port)) && mgcp::looks_like_mgcp(payload.bytes) {
        give_mgcp(payload, origin, emit);
        return true;
    }
    if ports.iter().any(|port| GATEKEEPER_PORTS.contains(port))
        && let Ok(decoded) = h323::decode_ras(payload)
    {
        let decoded = decoded.map(Message::H323);
        origin.give(Item::Message(&decoded.value, &decoded.issues), emit);
        return true;
    }
    false
}

fn give_mgcp(payload: Input<'_>, origin: &Origin, emit: Emit<'_>) {
    let mut parts = mgcp::parts(payload.bytes).peekable();
    while let Some(part) = parts.next() {
        // Only the last one can lack what the capture left out.
        let missing = if parts.peek().is_none() {
            payload.missing
        } else {
            0
        };
        match mgcp::decode(Input::cut(part, missing)) {
            Ok(decoded) => {
                let decoded = decoded.map(Message::Mgcp);
                origin.give(Item::Message(&decoded.value, &decoded.issues), emit);
            }
            Err(error) => origin.give(Item::Undecodable(Protocol::Mgcp, &error), emit),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::dissect::testing::{ACK, PHONE, SERVER, all_lines, datagram, segment};

    const RSIP: &[u8] = b"RSIP 1 aaln/1@phone MGCP 1.0\r\nRM: restart\r\n";

    fn protocols(lines: &[String]) -> Vec<&str> {
        let protocol = |line: &String| -> usize { line.match_indices(' ').nth(1).unwrap().0 + 1 };
        lines
            .iter()
            .map(|line| line[protocol(line)..].split(' ').next().unwrap())
            .collect()
    }

    #[test]
    fn tells_mgcp_by_port_and_first_line() {
        let on = |from, to, payload: &[u8]| {
            let lines = all_lines(&[datagram((PHONE, from), (SERVER, to), payload)]);
            lines.len()
        };
        assert_eq!(on(2427, 2727, RSIP), 1);
        assert_eq!(on(40_000, 2427, RSIP), 1);
        assert_eq!(on(40_000, 40_001, RSIP), 0);
        assert_eq!(on(2427, 2727, b"RSIP"), 0);
        let both = [b"200 1 OK\r\n.\r\n", RSIP].concat();
        assert_eq!(on(2427, 2727, &both), 2);
    }

    #[test]
    fn tells_ras_by_its_identifier() {
        let request = [0x0e, 0x40, 0, 0, 6, 0, 8, 0x91, 0x4a, 0, 4, 0x80, 0];
        let ras =
            |to, payload: &[u8]| all_lines(&[datagram((PHONE, 1719), (SERVER, to), payload)]).len();
        assert_eq!(ras(1719, &request), 1);
        assert_eq!(ras(1719, &request[..6]), 0);
    }

    #[test]
    fn reads_calls_out_of_streams() {
        const SETUP: &[u8] = b"\x03\0\0\x0c\x08\x02\x12\x34\x05\x04\x01\x90";
        let on = |port, payload: &[u8]| {
            let frame = segment((PHONE, 40_000), (SERVER, port), ACK, [100, 1], payload);
            all_lines(&[frame])
        };
        let twice = [SETUP, b"\x03\0\0\x04", SETUP].concat();
        assert_eq!(protocols(&on(1720, &twice)), ["h323", "h323"]);
        assert_eq!(on(1721, SETUP), [""; 0]);
        assert_eq!(on(1720, b"\x03\0\0\x13\x0e\xe0"), [""; 0]);
    }
}
