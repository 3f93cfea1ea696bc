//! 802.1X between a phone and its switch port.
//!
//! IEEE Std 802.1X-2004 §7 (EAPOL), RFC 3748 (EAP), RFC 5216 (EAP-TLS).

use crate::forge::scene::{Host, Mac, Scene, length_u16};

/// Where both sides send until they know each other.
const MULTICAST: Mac = [0x01, 0x80, 0xc2, 0x00, 0x00, 0x03];
const ETHERTYPE: [u8; 2] = [0x88, 0x8e];
const VERSION: u8 = 2;

const REQUEST: u8 = 1;
const RESPONSE: u8 = 2;
const SUCCESS: u8 = 3;
const FAILURE: u8 = 4;

const IDENTITY: u8 = 1;
const MD5: u8 = 4;
const TLS: u8 = 13;

impl Scene {
    /// The phone wants in.
    pub(crate) fn eapol_start(&mut self, phone: &Host) {
        self.eapol(phone.mac, MULTICAST, 1, &[]);
    }

    /// The switch asks everybody on the port who is there.
    pub(crate) fn eap_asks_identity(&mut self, port: &Host, id: u8) {
        self.eap(port.mac, MULTICAST, REQUEST, id, &[IDENTITY]);
    }

    /// The phone says who it is.
    pub(crate) fn eap_identity(&mut self, phone: &Host, id: u8, name: &str) {
        let data = [&[IDENTITY], name.as_bytes()].concat();
        self.eap(phone.mac, MULTICAST, RESPONSE, id, &data);
        self.linger_us(8_000, 20_000);
    }

    /// A round of MD5: challenge and answer.
    pub(crate) fn eap_md5(&mut self, phone: &Host, port: &Host, id: u8) {
        let value = [&[MD5, 16], [0x5a; 16].as_slice()].concat();
        self.eap(port.mac, phone.mac, REQUEST, id, &value);
        self.linger_us(2_000, 6_000);
        self.eap(phone.mac, MULTICAST, RESPONSE, id, &value);
        self.linger_us(8_000, 20_000);
    }

    /// TLS up to the phone's word on the server's certificate: an alert.
    pub(crate) fn eap_tls_until_alert(&mut self, phone: &Host, port: &Host, id: u8, alert: u8) {
        let hello = [22, 3, 1, 0, 4, 1, 0, 0, 0];
        let server = [22, 3, 1, 0, 4, 2, 0, 0, 0];
        let ends = [21, 3, 1, 0, 2, 2, alert];
        let rounds: [(&[u8], &[u8]); 2] = [(&[], &hello), (&server, &ends)];
        for (number, (asked, answered)) in (id..).zip(rounds) {
            let flags = if asked.is_empty() { 0x20 } else { 0 };
            let asked = [&[TLS, flags], asked].concat();
            self.eap(port.mac, phone.mac, REQUEST, number, &asked);
            self.linger_us(30_000, 90_000);
            let answered = [&[TLS, 0], answered].concat();
            self.eap(phone.mac, MULTICAST, RESPONSE, number, &answered);
            self.linger_us(8_000, 20_000);
        }
    }

    /// The switch lets the phone in.
    pub(crate) fn eap_success(&mut self, phone: &Host, port: &Host, id: u8) {
        self.eap(port.mac, phone.mac, SUCCESS, id, &[]);
        self.linger_us(2_000, 6_000);
    }

    /// The switch keeps the phone out.
    pub(crate) fn eap_failure(&mut self, phone: &Host, port: &Host, id: u8) {
        self.eap(port.mac, phone.mac, FAILURE, id, &[]);
        self.linger_us(2_000, 6_000);
    }

    fn eap(&mut self, from: Mac, to: Mac, code: u8, id: u8, data: &[u8]) {
        let mut packet = vec![code, id];
        packet.extend(length_u16(4 + data.len()));
        packet.extend(data);
        self.eapol(from, to, 0, &packet);
    }

    fn eapol(&mut self, from: Mac, to: Mac, kind: u8, body: &[u8]) {
        let mut rest = ETHERTYPE.to_vec();
        rest.extend([VERSION, kind]);
        rest.extend(length_u16(body.len()));
        rest.extend(body);
        // 802.1X is about the port: never tagged.
        self.ethernet(from, to, None, &rest);
    }
}
