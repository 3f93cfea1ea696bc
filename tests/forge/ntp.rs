//! SNTP requests for the time, and their answers.
//!
//! RFC 4330 §4, §5.

use crate::forge::scene::{Host, Ports, Scene};

const PORT: u16 = 123;

/// Seconds from 1900 to 1970 (RFC 5905 §6).
const SECS_1900_TO_1970: u64 = 2_208_988_800;

impl Scene {
    /// `client` asks for the time and is told that of the wire's own clock.
    pub(crate) fn ntp(&mut self, client: &Host, server: &Host) {
        let from = self.next_port(client);
        self.udp(client, server, Ports { from, to: PORT }, &request());
        self.linger_us(300, 900);
        let seconds = u32::try_from(self.now_secs() + SECS_1900_TO_1970).unwrap();
        let mut answer = request();
        // Version 4, server, stratum 2, from a server with this address.
        answer[..4].copy_from_slice(&[0x24, 2, 6, 0xec]);
        answer[12..16].copy_from_slice(&[203, 0, 113, 123]);
        for at in [16, 32, 40] {
            answer[at..at + 4].copy_from_slice(&seconds.to_be_bytes());
        }
        let ports = Ports {
            from: PORT,
            to: from,
        };
        self.udp(server, client, ports, &answer);
        self.linger_us(300, 900);
    }

    /// `client` asks so many times, with so many seconds after each, and nobody answers.
    pub(crate) fn ntp_unanswered(
        &mut self,
        client: &Host,
        server: &Host,
        times: usize,
        gap_secs: u64,
    ) {
        let from = self.next_port(client);
        for _ in 0..times {
            self.udp(client, server, Ports { from, to: PORT }, &request());
            self.wait_secs(gap_secs);
        }
    }
}

/// Version 4, client, nothing else.
fn request() -> Vec<u8> {
    let mut bytes = vec![0; 48];
    bytes[0] = 0x23;
    bytes
}
