//! TCP connections that behave: handshake, segments, acknowledgements, an end.
//!
//! RFC 9293. Nothing is lost and nothing is reordered here; a recipe that wants
//! loss says so by not answering.

use crate::forge::scene::{Host, Scene, internet_checksum, pseudo_header};

const PROTOCOL_TCP: u8 = 6;
const FIN: u8 = 0x01;
const SYN: u8 = 0x02;
const RST: u8 = 0x04;
const PSH: u8 = 0x08;
const ACK: u8 = 0x10;

/// What fits into one segment on Ethernet.
const MSS_BYTES: u16 = 1_460;

/// A receiver acknowledges every other segment (RFC 9293 §3.8.6.3).
const SEGMENTS_PER_ACK: usize = 2;

/// One end of a connection.
#[derive(Debug, Clone)]
struct End {
    host: Host,
    port: u16,
    /// The next sequence number it sends.
    next: u32,
}

/// An established connection.
#[derive(Debug, Clone)]
pub(crate) struct Connection {
    client: End,
    server: End,
}

/// Which end acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Client,
    Server,
}

impl Scene {
    /// SYN, SYN and ACK, ACK.
    pub(crate) fn tcp_connect(&mut self, client: &Host, server: &Host, port: u16) -> Connection {
        let mut connection = Connection::new(self, client, server, port);
        connection.segment(self, Side::Client, SYN, b"");
        self.linger_us(150, 700);
        connection.segment(self, Side::Server, SYN | ACK, b"");
        self.linger_us(150, 500);
        connection.segment(self, Side::Client, ACK, b"");
        connection
    }

    /// SYN, and RST from a machine on which nobody listens there.
    pub(crate) fn tcp_connect_refused(&mut self, client: &Host, server: &Host, port: u16) {
        let mut connection = Connection::new(self, client, server, port);
        connection.segment(self, Side::Client, SYN, b"");
        self.linger_us(150, 700);
        connection.server.next = 0;
        connection.segment(self, Side::Server, RST | ACK, b"");
        self.linger_us(300, 900);
    }

    /// SYN, and again after each of `gaps_secs`, and no answer.
    pub(crate) fn tcp_connect_unanswered(
        &mut self,
        client: &Host,
        server: &Host,
        port: u16,
        gaps_secs: &[u64],
    ) {
        let mut connection = Connection::new(self, client, server, port);
        let first = connection.client.next;
        connection.segment(self, Side::Client, SYN, b"");
        for gap_secs in gaps_secs {
            self.wait_secs(*gap_secs);
            connection.client.next = first;
            connection.segment(self, Side::Client, SYN, b"");
        }
    }
}

impl Connection {
    fn new(scene: &mut Scene, client: &Host, server: &Host, port: u16) -> Self {
        let end = |host: &Host, port: u16, next: u32| End {
            host: host.clone(),
            port,
            next,
        };
        let client_port = scene.next_port(client);
        Self {
            client: end(client, client_port, scene.roll()),
            server: end(server, port, scene.roll()),
        }
    }

    /// `side` sends `bytes`; the other acknowledges them all.
    pub(crate) fn sends(&mut self, scene: &mut Scene, side: Side, bytes: &[u8]) {
        let segments = bytes.chunks(usize::from(MSS_BYTES));
        let last = segments.len().saturating_sub(1);
        for (index, payload) in segments.enumerate() {
            let flags = if index == last { PSH | ACK } else { ACK };
            self.segment(scene, side, flags, payload);
            if index == last || (index + 1) % SEGMENTS_PER_ACK == 0 {
                scene.linger_us(80, 400);
                self.segment(scene, side.other(), ACK, b"");
                scene.linger_us(60, 300);
            }
        }
    }

    /// `side` closes; the other closes too.
    pub(crate) fn closes(&mut self, scene: &mut Scene, side: Side) {
        self.segment(scene, side, FIN | ACK, b"");
        scene.linger_us(100, 500);
        self.segment(scene, side.other(), FIN | ACK, b"");
        scene.linger_us(100, 500);
        self.segment(scene, side, ACK, b"");
        scene.linger_us(300, 900);
    }

    /// `side` breaks the connection off.
    pub(crate) fn resets(&mut self, scene: &mut Scene, side: Side) {
        self.segment(scene, side, RST | ACK, b"");
        scene.linger_us(300, 900);
    }

    fn segment(&mut self, scene: &mut Scene, side: Side, flags: u8, payload: &[u8]) {
        let (from, to) = match side {
            Side::Client => (&mut self.client, &self.server),
            Side::Server => (&mut self.server, &self.client),
        };
        let options: &[u8] = if flags & SYN == 0 {
            &[]
        } else {
            let [high, low] = MSS_BYTES.to_be_bytes();
            &[2, 4, high, low]
        };
        let acknowledged = if flags & ACK == 0 { 0 } else { to.next };
        let mut bytes = Vec::with_capacity(24 + payload.len());
        bytes.extend(from.port.to_be_bytes());
        bytes.extend(to.port.to_be_bytes());
        bytes.extend(from.next.to_be_bytes());
        bytes.extend(acknowledged.to_be_bytes());
        bytes.push(u8::try_from((20 + options.len()) / 4 * 16).unwrap());
        bytes.push(flags);
        bytes.extend(8_192_u16.to_be_bytes());
        bytes.extend([0; 4]);
        bytes.extend(options);
        bytes.extend(payload);
        let pseudo = pseudo_header(&from.host, &to.host, PROTOCOL_TCP, bytes.len());
        let sum = internet_checksum(&[&pseudo, &bytes]);
        bytes[16..18].copy_from_slice(&sum.to_be_bytes());
        let counted = u32::try_from(payload.len()).unwrap() + u32::from(flags & (SYN | FIN) != 0);
        from.next = from.next.wrapping_add(counted);
        let (from, to) = (from.host.clone(), to.host.clone());
        scene.ipv4(&from, &to, PROTOCOL_TCP, &bytes);
    }
}

impl Side {
    fn other(self) -> Self {
        match self {
            Self::Client => Self::Server,
            Self::Server => Self::Client,
        }
    }
}
