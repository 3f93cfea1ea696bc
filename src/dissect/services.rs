//! DNS and NTP: services that are told by their port alone.

use phoneboot_parsers::{Input, Message, Protocol, dns, ntp, sip};

use super::give::give;
use super::{Emit, Origin};

/// DNS (RFC 1035 §4.2).
pub(super) const DNS_PORT: u16 = 53;

/// NTP (RFC 5905 §7.2).
pub(super) const NTP_PORT: u16 = 123;

/// Multicast DNS (RFC 6762 §3).
pub(super) const MDNS_PORT: u16 = 5353;

/// LLMNR (RFC 4795 §2).
pub(super) const LLMNR_PORT: u16 = 5355;

/// Gives a datagram of one of these services; `false` when it is none.
pub(super) fn datagram(
    ports: [u16; 2],
    payload: Input<'_>,
    origin: &Origin,
    emit: Emit<'_>,
) -> bool {
    // Nothing was sent: some hosts keep a way through a firewall open so.
    if payload.bytes.is_empty() && payload.missing == 0 {
        return false;
    }
    let on_port = |served: &[u16]| ports.iter().any(|port| served.contains(port));
    // Some providers let phones speak SIP on these ports, as firewalls let them pass.
    let may_be_text = |bytes: &[u8]| bytes.first().is_some_and(u8::is_ascii_uppercase);
    let is_sip = || may_be_text(payload.bytes) && sip::looks_like_sip(payload.bytes);
    if on_port(&[DNS_PORT, MDNS_PORT, LLMNR_PORT]) && !is_sip() {
        let outcome = dns::decode(payload);
        give(Protocol::Dns, outcome, Message::Dns, origin, emit);
    } else if on_port(&[NTP_PORT]) && !is_sip() {
        let outcome = ntp::decode(payload);
        give(Protocol::Ntp, outcome, Message::Ntp, origin, emit);
    } else {
        return false;
    }
    true
}

#[cfg(test)]
mod tests {
    use crate::dissect::testing::{ACK, PHONE, SERVER, SYN, all_lines, datagram, lines, segment};
    use crate::dissect::{Dissector, Item};

    const QUERY: &[u8] = b"\x12\x34\x01\0\0\x01\0\0\0\0\0\0\x07example\0\0\x01\0\x01";

    fn heads(frames: &[Vec<u8>]) -> Vec<String> {
        let words = |line: &String| line.split(' ').take(3).collect::<Vec<_>>().join(" ");
        all_lines(frames).iter().map(words).collect()
    }

    #[test]
    fn tells_names_and_time_by_their_ports() {
        let ntp = [&[0x23][..], &[0; 47]].concat();
        let frames = [
            datagram((PHONE, 40_000), (SERVER, 53), QUERY),
            datagram((SERVER, 53), (PHONE, 40_000), QUERY),
            datagram((PHONE, 5353), (SERVER, 5353), QUERY),
            datagram((PHONE, 40_000), (SERVER, 5355), QUERY),
            datagram((PHONE, 40_000), (SERVER, 123), &ntp),
            datagram((PHONE, 40_000), (SERVER, 54), QUERY),
            datagram((PHONE, 40_000), (SERVER, 53), b"short"),
            datagram((PHONE, 40_000), (SERVER, 53), b""),
        ];
        assert_eq!(
            heads(&frames),
            [
                "1 phone dns",
                "2 server dns",
                "3 phone dns",
                "4 phone dns",
                "5 phone ntp",
                "7 phone undecodable",
            ]
        );
    }

    #[test]
    fn leaves_calls_on_these_ports_to_sip() {
        let register =
            b"REGISTER sip:192.0.2.10 SIP/2.0\r\nCSeq: 1 REGISTER\r\nContent-Length: 0\r\n\r\n";
        let frames = [datagram((PHONE, 5060), (SERVER, 53), register)];
        assert_eq!(heads(&frames), ["1 phone sip"]);
    }

    #[test]
    fn an_id_that_looks_like_a_tftp_opcode_is_no_transfer() {
        let mut query = QUERY.to_vec();
        query[..2].copy_from_slice(&[0, 1]);
        let frames = [datagram((PHONE, 40_000), (SERVER, 53), &query)];
        assert_eq!(heads(&frames), ["1 phone dns"]);
    }

    #[test]
    fn reads_dns_over_tcp_message_by_message() {
        let length = u16::try_from(QUERY.len()).unwrap().to_be_bytes();
        let stream = [&length[..], QUERY, &length, QUERY].concat();
        let (first, second) = stream.split_at(20);
        let (client, server) = ((PHONE, 40_000), (SERVER, 53));
        let mut frames = vec![
            segment(client, server, SYN, [99, 0], b""),
            segment(server, client, SYN | ACK, [499, 100], b""),
            segment(client, server, ACK, [100, 500], first),
            segment(client, server, ACK, [120, 500], second),
            segment(server, client, ACK, [500, 154], &stream),
        ];
        assert_eq!(
            heads(&frames),
            [
                "1 phone Open",
                "2 server Accept",
                "4 phone dns",
                "4 phone dns",
                "5 server dns",
                "5 server dns",
            ]
        );
        // What does not look like it is left alone.
        frames.truncate(2);
        frames.push(segment(
            client,
            server,
            ACK,
            [100, 500],
            b"\xff\xff\xff\xff\xff\xff",
        ));
        assert_eq!(heads(&frames), ["1 phone Open", "2 server Accept"]);
    }

    #[test]
    fn keeps_what_was_captured_of_a_message_in_a_stream() {
        let mut message = QUERY.to_vec();
        message.extend([0; 30]);
        let length = u16::try_from(message.len()).unwrap().to_be_bytes();
        let stream = [&length[..], &message].concat();
        let (client, server) = ((PHONE, 40_000), (SERVER, 53));
        let whole = segment(client, server, ACK, [100, 500], &stream);
        let cut = whole.len() - 30;
        let mut frames = vec![
            segment(client, server, SYN, [99, 0], b""),
            segment(server, client, SYN | ACK, [499, 100], b""),
            whole,
        ];
        frames[2].truncate(cut);
        let mut n_questions = Vec::new();
        let mut dissector = Dissector::new();
        let wire = cut + 30;
        for (number, bytes) in (1..).zip(&frames) {
            let mut frame =
                crate::dissect::testing::frame(number, crate::capture::LinkType::Ethernet, bytes);
            if number == 3 {
                frame.wire_length = wire;
            }
            dissector.frame(&frame, &mut |dissected| {
                if let Item::Message(phoneboot_parsers::Message::Dns(message), _) = dissected.item {
                    n_questions.push(message.questions.len());
                }
            });
        }
        dissector.finish(&mut |_| {});
        assert_eq!(n_questions, [1]);
        assert!(lines(&mut Dissector::new(), &[]).is_empty());
    }
}
