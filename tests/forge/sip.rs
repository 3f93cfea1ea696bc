//! SIP registration over UDP.
//!
//! RFC 3261 §10 and §22 (digest credentials); the digests here are made up.

use crate::forge::scene::{Host, Ports, Scene};

const PORT: u16 = 5060;

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
