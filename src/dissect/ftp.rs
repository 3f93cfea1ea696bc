//! FTP's data connections: which connection carries what a control connection
//! asked for.
//!
//! RFC 959 §3.2 (the two ways to open one), §5.2; RFC 2428 (EPRT, EPSV). The server
//! listens (PASV, EPSV) or the client does (PORT, EPRT), on a port that only the
//! control connection names.

use std::collections::{HashMap, VecDeque};
use std::net::{IpAddr, Ipv6Addr};

use phoneboot_parsers::Message;
use phoneboot_parsers::ftp::{self, DataAddress};

use super::segment::mapped;
use super::{LimitReached, TcpNotice};

/// FTP's port for control connections.
pub(super) const CONTROL_PORT: u16 = 21;

/// Reply to AUTH: from here on the control connection speaks TLS (RFC 4217 §4).
const SECURED: u16 = 234;

/// Ports that are remembered as named by a control connection.
const MAX_EXPECTED: usize = 4096;

/// The ends of a control connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FtpControl {
    /// The client's address and port.
    pub client: (IpAddr, u16),
    /// The server's.
    pub server: (IpAddr, u16),
}

/// What happened on a data connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FtpData<'a> {
    /// The next bytes of the file or list, in their order.
    Bytes(&'a [u8]),
    /// Something happened to the connection itself.
    Tcp(TcpNotice),
}

/// What one direction of a control connection said that others must know of.
#[derive(Debug, Default)]
pub(super) struct Talk {
    /// Ports that were named.
    ports: Vec<Listener>,
    /// Whether both directions go on with TLS.
    pub(super) is_secured: bool,
}

/// Somebody listens for a data connection.
#[derive(Debug, Clone, Copy)]
pub(super) struct Listener {
    is_server: bool,
    named: DataAddress,
}

/// The data connections that are expected.
#[derive(Debug, Default)]
pub(super) struct Expectations {
    listeners: HashMap<(Ipv6Addr, u16), Expected>,
    /// In the order in which they were named.
    order: VecDeque<(Ipv6Addr, u16)>,
    evicted: u64,
}

#[derive(Debug)]
struct Expected {
    control: FtpControl,
    /// Who will call.
    caller: Ipv6Addr,
    called: bool,
}

impl Talk {
    /// Takes in a message of its direction.
    pub(super) fn hear(&mut self, message: &Message<'_>) {
        let Message::Ftp(message) = message else {
            return;
        };
        let (is_server, named) = match message {
            ftp::Message::Command(command) => (false, command.listens),
            ftp::Message::Reply(reply) => {
                self.is_secured |= reply.code == SECURED;
                (true, reply.listens)
            }
        };
        let listener = named.map(|named| Listener { is_server, named });
        self.ports.extend(listener);
    }

    /// Whether there is anything new.
    pub(super) fn is_empty(&self) -> bool {
        self.ports.is_empty() && !self.is_secured
    }
}

impl Expectations {
    /// Takes up what the sender `from` of a control connection said to `to`.
    pub(super) fn learn(&mut self, talk: &Talk, from: (IpAddr, u16), to: (IpAddr, u16)) {
        for listener in &talk.ports {
            let (client, server) = if listener.is_server {
                (to, from)
            } else {
                (from, to)
            };
            let control = FtpControl { client, server };
            // Behind address translation the address in the text is one that nobody
            // sees: that of the control connection counts as well.
            let said = listener.named.address.filter(|said| *said != from.0);
            for address in [Some(from.0), said].into_iter().flatten() {
                self.expect((mapped(address), listener.named.port), control, to.0);
            }
        }
    }

    fn expect(&mut self, socket: (Ipv6Addr, u16), control: FtpControl, caller: IpAddr) {
        let expected = Expected {
            control,
            caller: mapped(caller),
            called: false,
        };
        if self.listeners.insert(socket, expected).is_none() {
            self.order.push_back(socket);
        }
        if self.order.len() > MAX_EXPECTED
            && let Some(oldest) = self.order.pop_front()
            && let Some(oldest) = self.listeners.remove(&oldest)
            && !oldest.called
        {
            self.evicted += 1;
        }
    }

    /// The control connection that a new connection between these two belongs to.
    pub(super) fn find(&mut self, one: (IpAddr, u16), other: (IpAddr, u16)) -> Option<FtpControl> {
        if self.listeners.is_empty() {
            return None;
        }
        [(one, other), (other, one)]
            .into_iter()
            .find_map(|(listener, caller)| {
                let socket = (mapped(listener.0), listener.1);
                let expected = self.listeners.get_mut(&socket)?;
                if expected.caller != mapped(caller.0) {
                    return None;
                }
                expected.called = true;
                Some(expected.control)
            })
    }

    /// What had to be given up.
    pub(super) fn limit(&self) -> LimitReached {
        LimitReached {
            limit: "ftp-data",
            max: MAX_EXPECTED as u64,
            evicted: self.evicted,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dissect::testing::{
        ACK, End, FIN, OTHER_SERVER, PHONE, RST, SYN, all_lines, segment,
    };

    const CLIENT: (IpAddr, u16) = (IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 51)), 50_000);
    const SERVER: (IpAddr, u16) = (IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 10)), 21);
    const STRANGER: (IpAddr, u16) = (IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 99)), 50_001);

    /// Lets one side say a line.
    fn says(expectations: &mut Expectations, line: &str, from_server: bool) {
        let (decoded, _) = ftp::decode(line.as_bytes().into()).unwrap().unwrap();
        let mut talk = Talk::default();
        talk.hear(&Message::Ftp(decoded.value));
        let (from, to) = if from_server {
            (SERVER, CLIENT)
        } else {
            (CLIENT, SERVER)
        };
        expectations.learn(&talk, from, to);
    }

    #[test]
    fn a_passive_port_is_called_by_the_client_alone() {
        let mut expectations = Expectations::default();
        says(&mut expectations, "229 Ok (|||40001|)\r\n", true);
        let data = (SERVER.0, 40_001);
        let control = FtpControl {
            client: CLIENT,
            server: SERVER,
        };
        assert_eq!(expectations.find((CLIENT.0, 50_002), data), Some(control));
        assert_eq!(expectations.find(data, (CLIENT.0, 50_002)), Some(control));
        assert_eq!(expectations.find(STRANGER, data), None);
        assert_eq!(expectations.find(CLIENT, (SERVER.0, 40_002)), None);
    }

    #[test]
    fn a_private_address_in_reply_227_gives_way_to_the_control_connections() {
        let mut expectations = Expectations::default();
        let line = "227 Entering Passive Mode (10,0,0,5,156,65).\r\n";
        says(&mut expectations, line, true);
        let private = (IpAddr::from([10, 0, 0, 5]), 40_001);
        for data in [(SERVER.0, 40_001), private] {
            assert!(expectations.find(CLIENT, data).is_some(), "{data:?}");
        }
    }

    #[test]
    fn an_active_port_is_called_by_the_server_from_any_port() {
        let mut expectations = Expectations::default();
        says(&mut expectations, "PORT 192,0,2,51,156,65\r\n", false);
        let data = (CLIENT.0, 40_001);
        assert!(expectations.find((SERVER.0, 20), data).is_some());
        assert!(expectations.find((SERVER.0, 1025), data).is_some());
        assert!(expectations.find(STRANGER, data).is_none());
    }

    #[test]
    fn forgets_the_oldest_port_and_counts_it_unless_it_was_called() {
        let mut expectations = Expectations::default();
        for port in 1..=4096 {
            says(
                &mut expectations,
                &format!("EPRT |1|192.0.2.51|{port}|\r\n"),
                false,
            );
        }
        assert!(expectations.find(SERVER, (CLIENT.0, 1)).is_some());
        says(&mut expectations, "EPRT |1|192.0.2.51|5000|\r\n", false);
        assert_eq!(expectations.limit().evicted, 0);
        says(&mut expectations, "EPRT |1|192.0.2.51|5001|\r\n", false);
        assert_eq!(expectations.limit().evicted, 1);
        assert!(expectations.find(SERVER, (CLIENT.0, 2)).is_none());
        assert!(expectations.find(SERVER, (CLIENT.0, 3)).is_some());
    }

    /// Lines of a conversation: the server's begin with a digit.
    fn conversation(server: End, lines: &[&[u8]]) -> Vec<Vec<u8>> {
        let phone = (PHONE, 50_000);
        let mut next = [1_u32, 1];
        let mut frames = vec![
            segment(phone, server, SYN, [0, 0], b""),
            segment(server, phone, SYN | ACK, [0, 1], b""),
        ];
        for line in lines {
            let by_server = usize::from(line[0].is_ascii_digit());
            let (from, to) = [(phone, server), (server, phone)][by_server];
            let numbers = [next[by_server], next[1 - by_server]];
            frames.push(segment(from, to, ACK, numbers, line));
            next[by_server] += u32::try_from(line.len()).unwrap();
        }
        frames
    }

    /// What was given, protocols and senders alone, without the handshake.
    fn heads(frames: &[Vec<u8>]) -> Vec<String> {
        let words = |line: &String| line.split(' ').take(3).collect::<Vec<_>>().join(" ");
        all_lines(frames).iter().skip(2).map(words).collect()
    }

    const USUAL: (End, [&[u8]; 4]) = (
        (SERVER_IP, 21),
        [
            b"220 Hello\r\n",
            b"USER a\r\n",
            b"331 Go on\r\n",
            b"QUIT\r\n",
        ],
    );
    const SERVER_IP: [u8; 4] = [192, 0, 2, 10];

    #[test]
    fn tells_control_connections_by_port_or_by_both_sides() {
        let ftp = ["3 server ftp", "4 phone ftp", "5 server ftp", "6 phone ftp"];
        let (server, lines) = USUAL;
        assert_eq!(heads(&conversation(server, &lines)), ftp);
        // Elsewhere the greeting waits for the command that settles it.
        let elsewhere = conversation((SERVER_IP, 2121), &lines);
        let given = ["4 server ftp", "4 phone ftp", "5 server ftp", "6 phone ftp"];
        let mut heads_elsewhere = heads(&elsewhere);
        heads_elsewhere.sort_by_key(|head| (head[..1].to_owned(), head.contains("phone")));
        assert_eq!(heads_elsewhere, given);
        let named = conversation(
            (SERVER_IP, 2121),
            &[
                b"220 (vsFTPd 3.0.3)\r\n",
                b"FEAT\r\n",
                b"211 No\r\n",
                b"QUIT\r\n",
            ],
        );
        assert_eq!(heads(&named), ftp);
    }

    #[test]
    fn leaves_mail_and_other_protocols_alone() {
        let smtp: [&[u8]; 3] = [b"220 mx.example ready\r\n", b"EHLO a\r\n", b"250 Ok\r\n"];
        let greeted: [&[u8]; 2] = [b"220 ftp.example ESMTP\r\n", b"USER a\r\n"];
        for port in [25, 587, 2121] {
            assert!(heads(&conversation((SERVER_IP, port), &smtp)).is_empty());
            assert!(heads(&conversation((SERVER_IP, port), &greeted)).is_empty());
        }
        // POP3's server speaks first, and not with a number.
        let phone = (PHONE, 50_000);
        let server = (SERVER_IP, 110);
        let mut frames = conversation(server, &[]);
        frames.push(segment(server, phone, ACK, [1, 1], b"+OK\r\n"));
        frames.push(segment(phone, server, ACK, [1, 6], b"USER a\r\n"));
        frames.push(segment(phone, server, ACK, [9, 6], b"RETR 1\r\n"));
        assert!(heads(&frames).is_empty());
    }

    #[test]
    fn stops_where_the_connection_turns_to_tls() {
        let tls: &[u8] = b"\x16\x03\x01\0\x05hello";
        let (server, _) = USUAL;
        let frames = conversation(
            server,
            &[b"220 Hi\r\n", b"AUTH TLS\r\n", b"234 Go\r\n", tls],
        );
        assert_eq!(
            heads(&frames),
            ["3 server ftp", "4 phone ftp", "5 server ftp"]
        );
        let refused: [&[u8]; 4] = [
            b"220 Hi\r\n",
            b"AUTH TLS\r\n",
            b"530 Please login with USER and PASS.\r\n",
            b"USER a\r\n",
        ];
        assert_eq!(heads(&conversation(server, &refused)).len(), 4);
        // The reply is not in the capture.
        let frames = conversation(server, &[b"220 Hi\r\n", b"AUTH TLS\r\n", tls]);
        assert_eq!(heads(&frames), ["3 server ftp", "4 phone ftp"]);
    }

    #[test]
    fn reads_on_behind_a_line_that_is_no_ftp() {
        let (server, lines) = USUAL;
        let mut lines = lines.to_vec();
        lines.insert(1, b"99 no reply\r\n");
        let frames = conversation(server, &lines);
        assert_eq!(heads(&frames)[1], "4 server undecodable");
        assert_eq!(heads(&frames).len(), 5);
        let mut lines = lines[..1].to_vec();
        lines.extend([&b"99 no reply\r\n"[..]; 20]);
        assert_eq!(heads(&conversation(server, &lines)).len(), 9);
    }

    #[test]
    fn reads_on_behind_lost_bytes() {
        let (server, lines) = USUAL;
        let mut frames = conversation(server, &lines);
        // The phone's first command is lost; later frames acknowledge it.
        frames.remove(3);
        assert_eq!(
            heads(&frames),
            ["3 server ftp", "4 server ftp", "5 phone Gap", "5 phone ftp"]
        );
    }

    /// A control connection whose server listens, and a data connection to there.
    fn passive(reply: &[u8], data: End) -> Vec<Vec<u8>> {
        let (server, _) = USUAL;
        let phone = (PHONE, 50_001);
        let mut frames = conversation(server, &[b"PASV\r\n", reply]);
        frames.extend([
            segment(phone, data, SYN, [100, 0], b""),
            segment(data, phone, SYN | ACK, [500, 101], b""),
            segment(data, phone, ACK, [504, 101], b"late"),
            segment(data, phone, ACK, [501, 101], b"GET"),
            segment(data, phone, ACK | FIN, [508, 101], b""),
            segment(phone, data, ACK | FIN, [101, 509], b""),
        ]);
        frames
    }

    #[test]
    fn gives_the_bytes_of_data_connections_in_order() {
        let reply = b"227 Entering Passive Mode (10,0,0,5,156,65).\r\n";
        let lines = all_lines(&passive(reply, (SERVER_IP, 40_001)));
        assert_eq!(
            lines.get(4..).unwrap(),
            [
                "5 phone ftp data Tcp(Open { again: false })",
                "6 server ftp data Tcp(Accept)",
                "8 server ftp data Bytes([71, 69, 84])",
                "8 server ftp data Bytes([108, 97, 116, 101])",
                "9 server ftp data Tcp(Finish)",
                "10 phone ftp data Tcp(Finish)",
            ]
        );
        // Another server's port of that number is none of it.
        let lines = all_lines(&passive(reply, (OTHER_SERVER, 40_001)));
        assert!(!lines.iter().any(|line| line.contains("ftp data")));
    }

    #[test]
    fn follows_a_server_that_calls_back() {
        let (server, phone) = ((SERVER_IP, 21), (PHONE, 40_001));
        let data = (SERVER_IP, 20);
        let mut frames = conversation(server, &[b"PORT 192,0,2,51,156,65\r\n"]);
        frames.extend([
            segment(data, phone, SYN, [500, 0], b""),
            segment(data, phone, SYN, [500, 0], b""),
            segment(phone, data, RST | ACK, [0, 501], b""),
        ]);
        assert_eq!(
            all_lines(&frames).get(3..).unwrap(),
            [
                "4 server ftp data Tcp(Open { again: false })",
                "5 server ftp data Tcp(Open { again: true })",
                "6 phone ftp data Tcp(Refuse)",
            ]
        );
    }

    #[test]
    fn says_how_many_bytes_of_data_are_lost() {
        let mut frames = passive(b"229 Ok (|||40001|)\r\n", (SERVER_IP, 40_001));
        frames.remove(7);
        let lines = all_lines(&frames);
        assert!(
            lines.contains(&"9 server ftp data Tcp(Gap { missing_bytes: 3 })".to_owned()),
            "{lines:?}"
        );
    }
}
