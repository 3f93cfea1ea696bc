//! SIP registration, and plug and play.
//!
//! RFC 3261 §10 and §22 (digest credentials); the digests here are made up.

use crate::forge::scene::{Host, Ports, Scene};
use crate::forge::tcp::{Connection, Side};

const PORT: u16 = 5060;

/// A SIP phone and its registrar, message by message; [`Scene::sip_registers`] is the
/// short form for what is usual.
#[derive(Debug)]
pub(crate) struct Dialog<'a> {
    pub(crate) phone: &'a Host,
    pub(crate) registrar: &'a Host,
    pub(crate) account: &'a Account<'a>,
    /// Over this connection, else by UDP.
    pub(crate) tcp: Option<Connection>,
    /// Where the answers go.
    pub(crate) answers_to: u16,
    mark: u32,
    sequence: u32,
    nonce: u32,
}

impl<'a> Dialog<'a> {
    /// A new `Call-ID`, by UDP.
    pub(crate) fn new(
        scene: &mut Scene,
        phone: &'a Host,
        registrar: &'a Host,
        account: &'a Account<'a>,
    ) -> Self {
        let mark = scene.roll();
        Self {
            phone,
            registrar,
            account,
            tcp: None,
            answers_to: PORT,
            mark,
            sequence: 0,
            nonce: mark,
        }
    }

    /// The next REGISTER; `expires` 0 takes the registration back.
    pub(crate) fn asks(&mut self, scene: &mut Scene, expires: u32, with_credentials: bool) {
        self.sequence += 1;
        self.repeats(scene, expires, with_credentials);
    }

    /// The same REGISTER again.
    pub(crate) fn repeats(&mut self, scene: &mut Scene, expires: u32, with_credentials: bool) {
        let Account {
            user,
            domain,
            user_agent,
        } = *self.account;
        let credentials = if with_credentials {
            format!(
                "Authorization: Digest username=\"{user}\", realm=\"{domain}\", \
                 nonce=\"{:08x}\", uri=\"sip:{domain}\", \
                 response=\"0123456789abcdef0123456789abcdef\", algorithm=MD5\r\n",
                self.nonce
            )
        } else {
            String::new()
        };
        let text = format!(
            "REGISTER sip:{domain} SIP/2.0\r\n{}Contact: <sip:{user}@{}:{PORT}{}>\r\n\
             Max-Forwards: 70\r\nUser-Agent: {user_agent}\r\nExpires: {expires}\r\n\
             {credentials}Content-Length: 0\r\n\r\n",
            self.common(""),
            self.phone.ip,
            if self.tcp.is_some() {
                ";transport=tcp"
            } else {
                ""
            },
        );
        self.sends(scene, true, &text);
        scene.linger_us(800, 3_000);
    }

    /// 401 with another nonce: the one that the phone used is stale.
    pub(crate) fn is_told_stale(&mut self, scene: &mut Scene) {
        self.nonce = self.nonce.wrapping_add(1);
        let challenge = format!(
            "WWW-Authenticate: Digest realm=\"{}\", nonce=\"{:08x}\", stale=true, \
             algorithm=MD5\r\n",
            self.account.domain, self.nonce
        );
        let text = format!(
            "SIP/2.0 401 Unauthorized\r\n{}{challenge}Content-Length: 0\r\n\r\n",
            self.common(";tag=as58f4201b")
        );
        self.sends(scene, false, &text);
        scene.linger_us(3_000, 9_000);
    }

    /// An answer to the last REGISTER: `401 Unauthorized`, with more header lines.
    pub(crate) fn is_told(&mut self, scene: &mut Scene, status: &str, more: &str) {
        let challenge = if status.starts_with("401") {
            format!(
                "WWW-Authenticate: Digest realm=\"{}\", nonce=\"{:08x}\", algorithm=MD5\r\n",
                self.account.domain, self.nonce
            )
        } else {
            String::new()
        };
        let text = format!(
            "SIP/2.0 {status}\r\n{}{challenge}{more}Content-Length: 0\r\n\r\n",
            self.common(";tag=as58f4201b")
        );
        self.sends(scene, false, &text);
        scene.linger_us(3_000, 9_000);
    }

    fn common(&self, to_tag: &str) -> String {
        let call = (self.mark, self.sequence);
        let text = common(self.phone, self.account, call, to_tag);
        if self.tcp.is_some() {
            text.replacen("/UDP ", "/TCP ", 1)
        } else {
            text
        }
    }

    fn sends(&mut self, scene: &mut Scene, from_phone: bool, text: &str) {
        if let Some(connection) = &mut self.tcp {
            let side = if from_phone {
                Side::Client
            } else {
                Side::Server
            };
            connection.sends(scene, side, text.as_bytes());
            return;
        }
        let (from, to, port) = if from_phone {
            (self.phone, self.registrar, PORT)
        } else {
            (self.registrar, self.phone, self.answers_to)
        };
        scene.udp(
            from,
            to,
            Ports {
                from: PORT,
                to: port,
            },
            text.as_bytes(),
        );
    }
}

impl Scene {
    /// `phone` asks by multicast for a provisioning server; `server`, if there is one,
    /// tells it `url`.
    pub(crate) fn sip_plug_and_play(
        &mut self,
        phone: &Host,
        event: &str,
        answer: Option<(&Host, Option<&str>)>,
    ) {
        let ports = Ports {
            from: PORT,
            to: PORT,
        };
        let mark = self.roll();
        let mac = phone.mac_digits();
        let group = Host::new([0x01, 0x00, 0x5e, 0x00, 0x01, 0x4b], [224, 0, 1, 75]);
        let uri = format!("sip:MAC%3a{mac}@224.0.1.75");
        let dialog = |to_tag: &str, sequence: &str| {
            format!(
                "Via: SIP/2.0/UDP {}:{PORT};branch=z9hG4bK{mark:08x};rport\r\n\
                 From: <{uri}>;tag={mark:08x}\r\nTo: <{uri}>{to_tag}\r\n\
                 Call-ID: {mark:08x}\r\nCSeq: {sequence}\r\n",
                phone.ip
            )
        };
        let event = format!("Event: ua-profile;profile-type=\"device\";{event}\r\n");
        let text = format!(
            "SUBSCRIBE {uri} SIP/2.0\r\n{}Contact: <sip:{}:{PORT}>\r\n{event}\
             Accept: application/url\r\nExpires: 0\r\nContent-Length: 0\r\n\r\n",
            dialog("", "1 SUBSCRIBE"),
            phone.ip
        );
        self.udp(phone, &group, ports, text.as_bytes());
        self.linger_us(2_000, 9_000);
        let Some((server, url)) = answer else {
            return;
        };
        let tag = ";tag=pnp";
        let text = format!(
            "SIP/2.0 200 OK\r\n{}Expires: 0\r\nContent-Length: 0\r\n\r\n",
            dialog(tag, "1 SUBSCRIBE")
        );
        self.udp(server, phone, ports, text.as_bytes());
        self.linger_us(2_000, 9_000);
        let Some(url) = url else {
            return;
        };
        let text = format!(
            "NOTIFY sip:{}:{PORT} SIP/2.0\r\n{}{event}\
             Subscription-State: terminated;reason=timeout\r\n\
             Content-Type: application/url\r\nContent-Length: {}\r\n\r\n{url}",
            phone.ip,
            dialog(tag, "2 NOTIFY"),
            url.len()
        );
        self.udp(server, phone, ports, text.as_bytes());
        self.linger_us(2_000, 9_000);
        let text = format!(
            "SIP/2.0 200 OK\r\n{}Content-Length: 0\r\n\r\n",
            dialog(tag, "2 NOTIFY")
        );
        self.udp(phone, server, ports, text.as_bytes());
        self.linger_us(2_000, 9_000);
    }
}

/// Who registers, and how it calls itself.
#[derive(Debug, Clone)]
pub(crate) struct Account<'a> {
    pub(crate) user: &'a str,
    pub(crate) domain: &'a str,
    pub(crate) user_agent: &'a str,
}

impl Scene {
    /// REGISTER, 401, REGISTER with credentials, 200.
    pub(crate) fn sip_registers(&mut self, phone: &Host, registrar: &Host, account: &Account<'_>) {
        let mark = self.roll();
        let challenge = format!(
            "WWW-Authenticate: Digest realm=\"{}\", nonce=\"{mark:08x}\", algorithm=MD5\r\n",
            account.domain
        );
        let credentials = format!(
            "Authorization: Digest username=\"{}\", realm=\"{}\", nonce=\"{mark:08x}\", \
             uri=\"sip:{}\", response=\"0123456789abcdef0123456789abcdef\", algorithm=MD5\r\n",
            account.user, account.domain, account.domain
        );
        self.sip_register(phone, registrar, account, (mark, 1), "");
        self.linger_us(800, 3_000);
        self.sip_response(
            phone,
            registrar,
            account,
            (mark, 1),
            "401 Unauthorized",
            &challenge,
        );
        self.linger_us(3_000, 9_000);
        self.sip_register(phone, registrar, account, (mark, 2), &credentials);
        self.linger_us(800, 3_000);
        let contact = format!(
            "Contact: <sip:{}@{}:{PORT}>;expires=3600\r\n",
            account.user,
            phone.url_host()
        );
        self.sip_response(phone, registrar, account, (mark, 2), "200 OK", &contact);
        self.linger_us(2_000, 5_000);
    }

    /// `phone` sends the same REGISTER again and again, with the growing gaps of RFC 3261
    /// §17.1.2, and nobody answers.
    pub(crate) fn sip_registers_in_vain(
        &mut self,
        phone: &Host,
        registrar: &Host,
        account: &Account<'_>,
    ) {
        let mark = self.roll();
        for wait_ms in [500, 1_000, 2_000, 4_000, 4_000, 4_000] {
            self.sip_register(phone, registrar, account, (mark, 1), "");
            self.wait_ms(wait_ms);
        }
    }

    fn sip_register(
        &mut self,
        phone: &Host,
        registrar: &Host,
        account: &Account<'_>,
        call: (u32, u32),
        credentials: &str,
    ) {
        let text = format!(
            "REGISTER sip:{} SIP/2.0\r\n{}Contact: <sip:{}@{}:{PORT}>\r\nMax-Forwards: 70\r\n\
             User-Agent: {}\r\nExpires: 3600\r\n{credentials}Content-Length: 0\r\n\r\n",
            account.domain,
            common(phone, account, call, ""),
            account.user,
            phone.url_host(),
            account.user_agent
        );
        let ports = Ports {
            from: PORT,
            to: PORT,
        };
        self.udp(phone, registrar, ports, text.as_bytes());
    }

    fn sip_response(
        &mut self,
        phone: &Host,
        registrar: &Host,
        account: &Account<'_>,
        call: (u32, u32),
        status: &str,
        more: &str,
    ) {
        let text = format!(
            "SIP/2.0 {status}\r\n{}{more}Content-Length: 0\r\n\r\n",
            common(phone, account, call, ";tag=as58f4201b")
        );
        let ports = Ports {
            from: PORT,
            to: PORT,
        };
        self.udp(registrar, phone, ports, text.as_bytes());
    }
}

/// The header fields that a response repeats.
fn common(phone: &Host, account: &Account<'_>, call: (u32, u32), to_tag: &str) -> String {
    let (mark, sequence) = call;
    let (user, domain, ip) = (account.user, account.domain, phone.url_host());
    format!(
        "Via: SIP/2.0/UDP {ip}:{PORT};branch=z9hG4bK{mark:08x}{sequence}\r\n\
         From: <sip:{user}@{domain}>;tag={mark:08x}\r\nTo: <sip:{user}@{domain}>{to_tag}\r\n\
         Call-ID: {mark:08x}@{ip}\r\nCSeq: {sequence} REGISTER\r\n"
    )
}
