//! TLS handshakes as far as they are clear text; behind that, records of the right
//! lengths with nothing in them.
//!
//! RFC 5246 §7.4, RFC 8446 §4.1. Lengths and order of the records as OpenSSL 3.0 sends
//! them. The certificates in `certificates/` were made with OpenSSL, keys on P-256.

use crate::forge::scene::{Host, Scene};
use crate::forge::tcp::{Connection, Side};

/// Signs the others; in nobody's trust store.
pub(crate) const CA: &[u8] = include_bytes!("certificates/ca.der");
/// For `prov.example.com`, from 2025-06-01 to 2027-06-01.
pub(crate) const GOOD: &[u8] = include_bytes!("certificates/good.der");
/// For `prov.example.com`, until 2024-05-01.
pub(crate) const EXPIRED: &[u8] = include_bytes!("certificates/expired.der");
/// For `www.example.net`.
pub(crate) const OTHER: &[u8] = include_bytes!("certificates/other.der");
/// A phone's own, until 2025-01-01.
pub(crate) const OF_PHONE: &[u8] = include_bytes!("certificates/phone.der");

pub(crate) const TLS_1_0: [u8; 2] = [3, 1];
pub(crate) const TLS_1_2: [u8; 2] = [3, 3];

pub(crate) const UNKNOWN_CA: u8 = 48;
pub(crate) const BAD_CERTIFICATE: u8 = 42;
pub(crate) const CERTIFICATE_EXPIRED: u8 = 45;
pub(crate) const HANDSHAKE_FAILURE: u8 = 40;
pub(crate) const PROTOCOL_VERSION: u8 = 70;

const CHANGE_CIPHER_SPEC: u8 = 20;
const ALERT: u8 = 21;
const HANDSHAKE: u8 = 22;
const APPLICATION_DATA: u8 = 23;

/// What a phone offers.
#[derive(Debug, Clone)]
pub(crate) struct Offer {
    /// The highest version up to TLS 1.2.
    pub(crate) version: [u8; 2],
    /// Whether TLS 1.3 is offered too.
    pub(crate) tls_1_3: bool,
    pub(crate) suites: &'static [u16],
    /// `None` for stacks that send no name.
    pub(crate) name: Option<&'static str>,
    /// The phone's clock, where its stack puts that into the hello.
    pub(crate) clock_secs: Option<u32>,
}

impl Offer {
    /// A phone of today.
    pub(crate) fn modern(name: &'static str) -> Self {
        Self {
            version: TLS_1_2,
            tls_1_3: false,
            suites: &[
                0xc02c, 0xc02b, 0xc030, 0xc02f, 0x009d, 0x009c, 0x0035, 0x002f, 0x00ff,
            ],
            name: Some(name),
            clock_secs: None,
        }
    }

    /// The same with TLS 1.3.
    pub(crate) fn newest(name: &'static str) -> Self {
        Self {
            tls_1_3: true,
            suites: &[
                0x1302, 0x1303, 0x1301, 0xc02c, 0xc02b, 0xc030, 0xc02f, 0x00ff,
            ],
            ..Self::modern(name)
        }
    }

    /// A phone of 2008: TLS 1.0, RSA, no extensions.
    pub(crate) fn old() -> Self {
        Self {
            version: TLS_1_0,
            tls_1_3: false,
            suites: &[0x0035, 0x002f, 0x000a, 0x0005, 0x0004],
            name: None,
            clock_secs: None,
        }
    }
}

/// A TLS connection under way.
#[derive(Debug)]
pub(crate) struct Tls<'a> {
    scene: &'a mut Scene,
    connection: Connection,
    version: [u8; 2],
    /// Extensions are answered only where some were offered.
    extends: bool,
}

impl Scene {
    /// `client` connects and says hello.
    pub(crate) fn tls<'a>(
        &'a mut self,
        client: &Host,
        server: &Host,
        port: u16,
        offer: &Offer,
    ) -> Tls<'a> {
        let mut connection = self.tcp_connect(client, server, port);
        self.linger_us(1_000, 6_000);
        let hello = client_hello(self, offer);
        // The record says TLS 1.0 in a first hello (RFC 5246 appendix E.1).
        connection.sends(self, Side::Client, &record(TLS_1_0, HANDSHAKE, &hello));
        self.linger_us(2_000, 9_000);
        Tls {
            scene: self,
            connection,
            version: offer.version,
            extends: offer.name.is_some(),
        }
    }
}

impl Tls<'_> {
    /// `side` sends an alert in clear text and closes.
    pub(crate) fn fatal(mut self, side: Side, description: u8) {
        self.record(side, ALERT, &[2, description]);
        self.scene.linger_us(100, 900);
        self.connection.closes(self.scene, side);
    }

    /// `side` closes without a word.
    pub(crate) fn closes(mut self, side: Side) {
        self.connection.closes(self.scene, side);
    }

    /// The server's first turn up to TLS 1.2: hello, certificates, key exchange, done.
    pub(crate) fn answers(
        mut self,
        suite: u16,
        chain: &[&[u8]],
        asks_for_certificate: bool,
    ) -> Self {
        let mut flight = handshake(
            2,
            &server_hello(self.scene, self.version, suite, self.extends),
        );
        flight.extend(handshake(11, &certificates(chain)));
        flight.extend(handshake(12, &[4; 111]));
        if asks_for_certificate {
            // RSA and ECDSA, four signature schemes, any issuer.
            let request = [2, 1, 64, 0, 8, 4, 3, 5, 3, 4, 1, 5, 1, 0, 0];
            flight.extend(handshake(13, &request));
        }
        flight.extend(handshake(14, b""));
        self.record(Side::Server, HANDSHAKE, &flight);
        self.scene.linger_us(4_000, 20_000);
        self
    }

    /// The phone's turn up to TLS 1.2, with its certificate where it was asked.
    pub(crate) fn accepts(mut self, own: Option<&[&[u8]]>) -> Self {
        let mut turn = Vec::new();
        if let Some(chain) = own {
            turn.extend(handshake(11, &certificates(chain)));
        }
        turn.extend(handshake(16, &[0x41; 66]));
        if own.is_some_and(|chain| !chain.is_empty()) {
            turn.extend(handshake(15, &[4; 74]));
        }
        self.record(Side::Client, HANDSHAKE, &turn);
        self.record(Side::Client, CHANGE_CIPHER_SPEC, &[1]);
        self.record(Side::Client, HANDSHAKE, &[0x5a; 40]);
        self.scene.linger_us(1_000, 5_000);
        self
    }

    /// The server accepts too.
    pub(crate) fn completes(mut self) -> Self {
        self.record(Side::Server, CHANGE_CIPHER_SPEC, &[1]);
        self.record(Side::Server, HANDSHAKE, &[0xa5; 40]);
        self.scene.linger_us(500, 2_000);
        self
    }

    /// The whole handshake of TLS 1.3, with two tickets.
    pub(crate) fn completes_1_3(mut self) -> Self {
        let mut body = server_hello(self.scene, TLS_1_2, 0x1302, false);
        // supported_versions: TLS 1.3; key_share: X25519.
        body.extend([0, 46, 0, 43, 0, 2, 3, 4, 0, 51, 0, 36, 0, 29, 0, 32]);
        body.extend([0x5c; 32]);
        self.record(Side::Server, HANDSHAKE, &handshake(2, &body));
        self.record(Side::Server, CHANGE_CIPHER_SPEC, &[1]);
        for length in [23, 868, 96, 69] {
            self.data(Side::Server, length);
        }
        self.scene.linger_us(4_000, 20_000);
        self.record(Side::Client, CHANGE_CIPHER_SPEC, &[1]);
        self.data(Side::Client, 69);
        for _ in 0..2 {
            self.data(Side::Server, 250);
        }
        self
    }

    /// The client asks for something of `length` encrypted bytes, gets it, and the
    /// connection stays open.
    pub(crate) fn fetches(mut self, length: usize) -> Self {
        self.data(Side::Client, 210);
        self.scene.linger_us(1_000, 9_000);
        self.data(Side::Server, length);
        self
    }

    /// The server says farewell, and both close.
    pub(crate) fn ends(mut self) {
        self.record(Side::Server, ALERT, &[0x11; 26]);
        self.connection.closes(self.scene, Side::Server);
        self.scene.linger_us(2_000, 9_000);
    }

    fn data(&mut self, side: Side, length: usize) {
        self.record(side, APPLICATION_DATA, &vec![0x99; length]);
    }

    fn record(&mut self, side: Side, content_type: u8, fragment: &[u8]) {
        let record = record(self.version, content_type, fragment);
        self.connection.sends(self.scene, side, &record);
    }
}

fn record(version: [u8; 2], content_type: u8, fragment: &[u8]) -> Vec<u8> {
    let length = u16::try_from(fragment.len()).unwrap().to_be_bytes();
    [&[content_type], version.as_slice(), &length, fragment].concat()
}

fn handshake(kind: u8, body: &[u8]) -> Vec<u8> {
    let [_, length @ ..] = u32::try_from(body.len()).unwrap().to_be_bytes();
    [&[kind], length.as_slice(), body].concat()
}

/// A vector with a length of two bytes.
fn vector(bytes: &[u8]) -> Vec<u8> {
    let length = u16::try_from(bytes.len()).unwrap().to_be_bytes();
    [length.as_slice(), bytes].concat()
}

fn random(scene: &mut Scene) -> Vec<u8> {
    (0..8).flat_map(|_| scene.roll().to_be_bytes()).collect()
}

fn client_hello(scene: &mut Scene, offer: &Offer) -> Vec<u8> {
    let mut body = offer.version.to_vec();
    let mut random = random(scene);
    if let Some(clock_secs) = offer.clock_secs {
        random.splice(..4, clock_secs.to_be_bytes());
    }
    body.extend(random);
    body.push(0);
    let suites: Vec<u8> = offer
        .suites
        .iter()
        .flat_map(|suite| suite.to_be_bytes())
        .collect();
    body.extend(vector(&suites));
    body.extend([1, 0]);
    let mut extensions = Vec::new();
    let mut extend = |kind: u16, data: &[u8]| {
        extensions.extend(kind.to_be_bytes());
        extensions.extend(vector(data));
    };
    if let Some(name) = offer.name {
        let entry = [&[0], vector(name.as_bytes()).as_slice()].concat();
        extend(0, &vector(&entry));
        // supported_groups: X25519, P-256; signature_algorithms.
        extend(10, &vector(&[0, 29, 0, 23]));
        extend(13, &vector(&[4, 3, 8, 4, 4, 1, 2, 1]));
    }
    if offer.tls_1_3 {
        extend(43, &[4, 3, 4, 3, 3]);
        let share = [&[0, 29][..], &vector(&[0x33; 32])].concat();
        extend(51, &vector(&share));
    }
    if !extensions.is_empty() {
        body.extend(vector(&extensions));
    }
    handshake(1, &body)
}

/// Without extensions where `extends` is false: the caller adds its own, or none.
fn server_hello(scene: &mut Scene, version: [u8; 2], suite: u16, extends: bool) -> Vec<u8> {
    let mut body = version.to_vec();
    body.extend(random(scene));
    body.push(0);
    body.extend(suite.to_be_bytes());
    body.push(0);
    if extends {
        // renegotiation_info, empty.
        body.extend([0, 5, 0xff, 1, 0, 1, 0]);
    }
    body
}

fn certificates(chain: &[&[u8]]) -> Vec<u8> {
    let sized = |bytes: &[u8]| {
        let [_, length @ ..] = u32::try_from(bytes.len()).unwrap().to_be_bytes();
        [length.as_slice(), bytes].concat()
    };
    let list: Vec<u8> = chain.iter().flat_map(|der| sized(der)).collect();
    sized(&list)
}
