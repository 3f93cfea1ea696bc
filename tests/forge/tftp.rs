//! TFTP reads, with every way that they go and go wrong.
//!
//! RFC 1350, RFC 2347 (options), RFC 2348 (block size), RFC 2349 (timeout, size).

use crate::forge::scene::{Host, Ports, Scene, Unreachable};

const SERVER_PORT: u16 = 69;
const DATA: u8 = 3;
const ACK: u8 = 4;
const ERROR: u8 = 5;
const OPTION_ACK: u8 = 6;

/// The block size without options (RFC 1350 §2).
const DEFAULT_BLOCK_BYTES: usize = 512;

/// How long a server waits for an ACK before it repeats a block, in seconds.
const SERVER_PATIENCE_SECS: u64 = 1;

/// A read request that waits for its fate.
#[derive(Debug)]
pub(crate) struct Read<'a> {
    scene: &'a mut Scene,
    client: &'a Host,
    server: &'a Host,
    file: &'a str,
    client_port: u16,
    options: Vec<(&'static str, String)>,
    lost_acks: Vec<u16>,
    server_delay_ms: Option<u64>,
}

impl Scene {
    /// `client` asks `server` for `file`, in octet mode, without options, from a
    /// port that it has not used before.
    pub(crate) fn tftp_read<'a>(
        &'a mut self,
        client: &'a Host,
        server: &'a Host,
        file: &'a str,
    ) -> Read<'a> {
        let client_port = self.next_port(client);
        Read {
            scene: self,
            client,
            server,
            file,
            client_port,
            options: Vec::new(),
            lost_acks: Vec::new(),
            server_delay_ms: None,
        }
    }
}

impl Read<'_> {
    /// The client's port, where a recipe knows it.
    pub(crate) fn client_port(mut self, port: u16) -> Self {
        self.client_port = port;
        self
    }

    /// Asks with an option; the server's OACK repeats it.
    pub(crate) fn option(mut self, name: &'static str, value: u32) -> Self {
        self.options.push((name, value.to_string()));
        self
    }

    /// How long the server takes to answer, where a recipe knows it.
    pub(crate) fn answered_after_ms(mut self, ms: u64) -> Self {
        self.server_delay_ms = Some(ms);
        self
    }

    /// The ACKs of these blocks get lost, so that the server repeats the blocks.
    pub(crate) fn loses_acks(mut self, blocks: &[u16]) -> Self {
        self.lost_acks = blocks.to_vec();
        self
    }

    /// The file arrives whole.
    pub(crate) fn served(mut self, content: &[u8]) {
        self.request();
        let ports = self.answer_ports(content.len());
        let size = self.block_size();
        let n_blocks = content.len() / size + 1;
        for index in 0..n_blocks {
            let number = u16::try_from(index + 1).unwrap();
            let data = &content[index * size..content.len().min((index + 1) * size)];
            self.block(ports, number, data);
            if self.lost_acks.contains(&number) {
                self.scene.wait_secs(SERVER_PATIENCE_SECS);
                self.block(ports, number, data);
            }
            self.acknowledge(ports, number);
        }
        self.scene.linger_us(1_500, 4_000);
    }

    /// `blocks` blocks of filling go by, of which the capture holds one in `step` and
    /// the last, a short one. Block numbers begin again at 0 after 65,535.
    pub(crate) fn served_in_part(mut self, blocks: usize, step: usize) {
        self.request();
        let size = self.block_size();
        let ports = self.answer_ports(blocks * size);
        let filling = vec![0x5a; size];
        for number in (1..blocks).step_by(step).chain([blocks]) {
            let data = if number == blocks {
                &filling[1..]
            } else {
                &filling
            };
            let number = u16::try_from(number % 0x1_0000).unwrap();
            self.block(ports, number, data);
            self.acknowledge(ports, number);
        }
    }

    /// The first `blocks` blocks arrive; the server repeats the last one `repeats`
    /// times into silence and gives up.
    pub(crate) fn stalls_after(mut self, content: &[u8], blocks: u16, repeats: usize) {
        self.request();
        let ports = self.answer_ports(content.len());
        let size = self.block_size();
        let block = |number: u16| {
            let index = usize::from(number - 1);
            &content[index * size..(index + 1) * size]
        };
        for number in 1..=blocks {
            self.block(ports, number, block(number));
            self.acknowledge(ports, number);
        }
        for _ in 0..=repeats {
            self.block(ports, blocks + 1, block(blocks + 1));
            self.scene.wait_secs(SERVER_PATIENCE_SECS);
        }
    }

    /// The server answers error 1 in the words of tftpd-hpa and most others.
    pub(crate) fn missing(self) {
        self.error_from_server(1, "File not found");
    }

    /// The server answers with an error.
    pub(crate) fn error_from_server(mut self, code: u16, text: &str) {
        self.request();
        self.server_thinks();
        let ports = self.fresh_ports();
        self.server_sends(ports, ERROR, code, &nul_ended(text));
        self.scene.linger_us(4_000, 20_000);
    }

    /// The server accepts the options; the client ends it there with an error,
    /// `after_ms` milliseconds later.
    pub(crate) fn error_from_client(mut self, size: usize, after_ms: u64, code: u16, text: &str) {
        self.request();
        self.server_thinks();
        let ports = self.fresh_ports();
        self.option_ack(ports, size);
        self.scene.wait_ms(after_ms);
        self.client_sends(ports, ERROR, code, &nul_ended(text));
    }

    /// Nobody answers: the client asks `times` times, `gap_secs` seconds apart.
    pub(crate) fn unanswered(mut self, times: usize, gap_secs: u64) {
        for _ in 0..times {
            self.request();
            self.scene.wait_secs(gap_secs);
        }
    }

    /// The first request gets lost; the client asks again `gap_secs` seconds later
    /// and is told that there is no such file.
    pub(crate) fn missing_at_second_try(mut self, gap_secs: u64) {
        self.request();
        self.scene.wait_secs(gap_secs);
        self.missing();
    }

    /// A router on the way says by ICMP what became of the request: type, code, and the
    /// four bytes behind them.
    pub(crate) fn icmp_from(self, router: &Host, what: (u8, u8, [u8; 4])) {
        let (ports, payload) = (self.request_ports(), self.request_bytes());
        let hosts = (self.client, self.server, router);
        self.scene.udp_with_icmp(hosts, ports, &payload, what);
    }

    /// Nothing listens there: the server's system answers for it.
    pub(crate) fn port_unreachable(self) {
        let (ports, payload) = (self.request_ports(), self.request_bytes());
        self.scene
            .udp_unreachable(self.client, self.server, ports, &payload, Unreachable::Port);
    }

    fn request(&mut self) {
        let (ports, payload) = (self.request_ports(), self.request_bytes());
        self.scene.udp(self.client, self.server, ports, &payload);
    }

    fn request_ports(&self) -> Ports {
        Ports {
            from: self.client_port,
            to: SERVER_PORT,
        }
    }

    fn request_bytes(&self) -> Vec<u8> {
        let mut bytes = vec![0, 1];
        bytes.extend(nul_ended(self.file));
        bytes.extend(nul_ended("octet"));
        for (name, value) in &self.options {
            bytes.extend(nul_ended(name));
            bytes.extend(nul_ended(value));
        }
        bytes
    }

    /// The server's port for this transfer and the client's (RFC 1350 §4).
    fn fresh_ports(&mut self) -> Ports {
        Ports {
            from: self.scene.next_port(self.server),
            to: self.client_port,
        }
    }

    /// The ports of the transfer, the options being agreed upon if there are any.
    fn answer_ports(&mut self, size: usize) -> Ports {
        self.server_thinks();
        let ports = self.fresh_ports();
        if !self.options.is_empty() {
            self.option_ack(ports, size);
            self.scene.linger_us(300, 900);
            self.client_sends(ports, ACK, 0, b"");
            self.scene.linger_us(200, 600);
        }
        ports
    }

    fn server_thinks(&mut self) {
        match self.server_delay_ms {
            Some(ms) => self.scene.wait_ms(ms),
            None => self.scene.linger_us(300, 1_200),
        }
    }

    fn option_ack(&mut self, ports: Ports, size: usize) {
        let mut payload = vec![0, OPTION_ACK];
        for (name, value) in &self.options {
            payload.extend(nul_ended(name));
            payload.extend(match *name {
                "tsize" => nul_ended(&size.to_string()),
                _ => nul_ended(value),
            });
        }
        self.scene.udp(self.server, self.client, ports, &payload);
    }

    fn block_size(&self) -> usize {
        let mut options = self.options.iter();
        let blksize = options.find(|(name, _)| *name == "blksize");
        blksize.map_or(DEFAULT_BLOCK_BYTES, |(_, value)| value.parse().unwrap())
    }

    fn block(&mut self, ports: Ports, number: u16, data: &[u8]) {
        self.server_sends(ports, DATA, number, data);
    }

    fn acknowledge(&mut self, ports: Ports, number: u16) {
        self.scene.linger_us(250, 900);
        self.client_sends(ports, ACK, number, b"");
        self.scene.linger_us(150, 500);
    }

    fn server_sends(&mut self, ports: Ports, opcode: u8, number: u16, rest: &[u8]) {
        let payload = message(opcode, number, rest);
        self.scene.udp(self.server, self.client, ports, &payload);
    }

    fn client_sends(&mut self, ports: Ports, opcode: u8, number: u16, rest: &[u8]) {
        let payload = message(opcode, number, rest);
        let ports = Ports {
            from: ports.to,
            to: ports.from,
        };
        self.scene.udp(self.client, self.server, ports, &payload);
    }
}

fn message(opcode: u8, number: u16, rest: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0, opcode];
    bytes.extend(number.to_be_bytes());
    bytes.extend(rest);
    bytes
}

fn nul_ended(text: &str) -> Vec<u8> {
    [text.as_bytes(), b"\0"].concat()
}
