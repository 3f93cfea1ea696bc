//! SCCP ("Skinny") registration over TCP.
//!
//! No public specification; layouts as Wireshark 4.0's `packet-skinny.c` reads
//! them. All numbers are little-endian.

use crate::forge::scene::{Host, Scene};
use crate::forge::tcp::{Connection, Side};

const PORT: u16 = 2000;

/// Device types, as configuration files and `RegisterReq` number them.
pub(crate) mod device {
    pub(crate) const CP_7941: u32 = 115;
    pub(crate) const CP_7961: u32 = 30_018;
    pub(crate) const CP_7970: u32 = 30_006;
}

const KEEP_ALIVE: u32 = 0x0000;
const REGISTER: u32 = 0x0001;
const CAPABILITIES: u32 = 0x0010;
const ALARM: u32 = 0x0020;
const REGISTER_ACK: u32 = 0x0081;
const CAPABILITIES_REQUEST: u32 = 0x009b;
const REGISTER_REJECT: u32 = 0x009d;
const KEEP_ALIVE_ACK: u32 = 0x0100;

/// The version that 79xx loads of 9.4 put into the header.
const HEADER_VERSION: u32 = 0x14;

/// A phone about to register.
#[derive(Debug)]
pub(crate) struct Station<'a> {
    scene: &'a mut Scene,
    phone: &'a Host,
    device: u32,
    load: &'a str,
    connection: Connection,
}

impl Scene {
    /// `phone` connects to `call_server` and says how its last run ended: it was
    /// switched on.
    pub(crate) fn sccp<'a>(
        &'a mut self,
        phone: &'a Host,
        call_server: &Host,
        device: u32,
        load: &'a str,
    ) -> Station<'a> {
        self.sccp_after(phone, call_server, device, load, "25: ", "Initialized")
    }

    /// The same with another end of its last run: `number` and `words` of the alarm.
    pub(crate) fn sccp_after<'a>(
        &'a mut self,
        phone: &'a Host,
        call_server: &Host,
        device: u32,
        load: &'a str,
        number: &str,
        words: &str,
    ) -> Station<'a> {
        let connection = self.tcp_connect(phone, call_server, PORT);
        let mut station = Station {
            scene: self,
            phone,
            device,
            load,
            connection,
        };
        station.alarm(number, words);
        station.request();
        station
    }
}

impl Station<'_> {
    /// `RegisterAck`, capabilities, and one round of `KeepAlive` half a minute later.
    pub(crate) fn registers(mut self) {
        self.scene.linger_us(1_000, 4_000);
        let mut body = 30_u32.to_le_bytes().to_vec();
        body.extend(b"D-M-YA\0\0");
        body.extend(60_u32.to_le_bytes());
        body.extend([HEADER_VERSION.to_le_bytes()[0], 0x20, 0xf1, 0xfe]);
        self.says(Side::Server, REGISTER_ACK, &body);
        self.says(Side::Server, CAPABILITIES_REQUEST, &[]);
        self.scene.linger_us(2_000, 6_000);
        // Two codecs: G.711 mu-law (4) and G.729a (12), 40 and 60 frames a packet.
        let mut body = 2_u32.to_le_bytes().to_vec();
        for (codec, frames) in [(4_u32, 40_u32), (12, 60)] {
            body.extend(codec.to_le_bytes());
            body.extend(frames.to_le_bytes());
            body.extend([0; 8]);
        }
        self.says(Side::Client, CAPABILITIES, &body);
        self.scene.wait_secs(30);
        self.says(Side::Client, KEEP_ALIVE, &[]);
        self.scene.linger_us(500, 2_000);
        self.says(Side::Server, KEEP_ALIVE_ACK, &[]);
    }

    /// `RegisterReject` with the call server's words; the phone hangs up.
    pub(crate) fn rejected(mut self, words: &str) {
        self.scene.linger_us(1_000, 4_000);
        let mut body = words.as_bytes().to_vec();
        body.resize(32, 0);
        self.says(Side::Server, REGISTER_REJECT, &body);
        self.scene.linger_us(1_000, 3_000);
        self.connection.closes(self.scene, Side::Client);
    }

    fn alarm(&mut self, number: &str, words: &str) {
        let text = format!(
            "{number}Name={} Load={} Last={words}",
            self.phone.cisco_name(),
            self.load
        );
        let mut body = 2_u32.to_le_bytes().to_vec();
        let mut text = text.into_bytes();
        text.resize(80, 0);
        body.extend(text);
        body.extend(4_u32.to_le_bytes());
        body.extend(self.phone.ip.octets());
        self.says(Side::Client, ALARM, &body);
    }

    fn request(&mut self) {
        let mut body = self.phone.cisco_name().into_bytes();
        body.resize(16, 0);
        // User id and instance, then address, device type, streams.
        body.extend([0, 0, 0, 0, 1, 0, 0, 0]);
        body.extend(self.phone.ip.octets());
        body.extend(self.device.to_le_bytes());
        body.extend(5_u32.to_le_bytes());
        body.extend(0_u32.to_le_bytes());
        // Highest protocol version, then feature bits.
        body.extend([HEADER_VERSION.to_le_bytes()[0], 0, 0x60, 0x85]);
        // Conferences at most and now, MAC address, scope, lines, IPv6, scope.
        body.extend(0_u32.to_le_bytes());
        body.extend(0_u32.to_le_bytes());
        body.extend(self.phone.mac);
        body.extend([0; 6]);
        body.extend(0_u32.to_le_bytes());
        body.extend(36_u32.to_le_bytes());
        body.extend([0; 16]);
        body.extend(0_u32.to_le_bytes());
        let mut load = self.load.as_bytes().to_vec();
        load.resize(32, 0);
        body.extend(load);
        self.says(Side::Client, REGISTER, &body);
    }

    fn says(&mut self, side: Side, message: u32, body: &[u8]) {
        let mut bytes = u32::try_from(4 + body.len())
            .unwrap()
            .to_le_bytes()
            .to_vec();
        let version = if message == KEEP_ALIVE {
            0
        } else {
            HEADER_VERSION
        };
        bytes.extend(version.to_le_bytes());
        bytes.extend(message.to_le_bytes());
        bytes.extend(body);
        self.connection.sends(self.scene, side, &bytes);
    }
}
