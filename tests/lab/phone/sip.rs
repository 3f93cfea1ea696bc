//! REGISTER by UDP, with digest credentials (RFC 3261 §10, §22; RFC 2617).

use std::net::{Ipv4Addr, UdpSocket};
use std::process::{Command, Stdio};
use std::time::Duration;

use std::io::Write as _;

use crate::Result;
use crate::phone::handset::Handset;
use crate::servers::registrar::USER;

/// Where SIP is spoken.
const PORT: u16 = 5060;

/// Where the call server is.
const REGISTRAR: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 20);

/// The realm and domain of the call server.
const DOMAIN: &str = "example.com";

/// How the registration ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Registered {
    Yes,
    No,
    Silent,
}

impl Handset {
    /// Registers, and does not stop trying.
    pub(crate) fn comes_up(&mut self, user_agent: &str) -> Result<bool> {
        self.keeps_trying(|phone| Ok(phone.registers(REGISTRAR, user_agent)? == Registered::Yes))
    }

    /// Registers the one user. An unanswered REGISTER is repeated after 0.5, 1, 2 and 4
    /// seconds (RFC 3261 §17.1.2.2, timer E), as long as phones wait at least.
    fn registers(&mut self, registrar: Ipv4Addr, user_agent: &str) -> Result<Registered> {
        let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, PORT))?;
        let call = self.mac_lower();
        let mut credentials = String::new();
        for sequence in 1..=3 {
            let me = self.host.ip;
            let text = format!(
                "REGISTER sip:{DOMAIN} SIP/2.0\r\n\
                 Via: SIP/2.0/UDP {me}:{PORT};branch=z9hG4bK{call}{sequence}\r\n\
                 From: <sip:{USER}@{DOMAIN}>;tag={call}\r\nTo: <sip:{USER}@{DOMAIN}>\r\n\
                 Call-ID: {call}@{me}\r\nCSeq: {sequence} REGISTER\r\n\
                 Contact: <sip:{USER}@{me}:{PORT}>\r\nMax-Forwards: 70\r\n\
                 User-Agent: {user_agent}\r\nExpires: 3600\r\n{credentials}\
                 Content-Length: 0\r\n\r\n"
            );
            let Some(answer) = asks(&socket, registrar, &text)? else {
                return Ok(Registered::Silent);
            };
            let status = answer
                .split(' ')
                .nth(1)
                .and_then(|status| status.parse().ok())
                .unwrap_or(0);
            let refused_again = sequence > 1;
            match (status, challenge(&answer)) {
                (200, _) => return Ok(Registered::Yes),
                (401 | 407, Some(nonce)) if !refused_again => {
                    credentials = self.credentials(&nonce)?;
                }
                _ => return Ok(Registered::No),
            }
            self.waits_ms(6);
        }
        Ok(Registered::Silent)
    }

    fn credentials(&self, nonce: &str) -> Result<String> {
        let uri = format!("sip:{DOMAIN}");
        let who = md5(&format!("{USER}:{DOMAIN}:{}", self.orders.password))?;
        let what = md5(&format!("REGISTER:{uri}"))?;
        let response = md5(&format!("{who}:{nonce}:{what}"))?;
        Ok(format!(
            "Authorization: Digest username=\"{USER}\", realm=\"{DOMAIN}\", nonce=\"{nonce}\", \
             uri=\"{uri}\", response=\"{response}\", algorithm=MD5\r\n"
        ))
    }
}

/// The final answer; `None` after all repetitions.
fn asks(socket: &UdpSocket, registrar: Ipv4Addr, text: &str) -> Result<Option<String>> {
    let mut buffer = vec![0; 65_536];
    for gap_ms in [500, 1_000, 2_000, 4_000, 4_000] {
        socket.set_read_timeout(Some(Duration::from_millis(gap_ms)))?;
        let _ = socket.send_to(text.as_bytes(), (registrar, PORT));
        while let Ok((bytes, _)) = socket.recv_from(&mut buffer) {
            let answer = String::from_utf8_lossy(buffer.get(..bytes).unwrap_or_default());
            if !answer.starts_with("SIP/2.0 1") {
                return Ok(Some(answer.into_owned()));
            }
        }
    }
    Ok(None)
}

/// The nonce of a challenge.
fn challenge(answer: &str) -> Option<String> {
    let line = answer
        .lines()
        .find(|line| line.starts_with("WWW-Authenticate:"))?;
    let (_, rest) = line.split_once("nonce=\"")?;
    Some(rest.split('"').next()?.to_owned())
}

/// MD5 in hexadecimal, by the system's `md5sum`.
fn md5(text: &str) -> Result<String> {
    let mut child = Command::new("md5sum")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(text.as_bytes())?;
    }
    let output = child.wait_with_output()?;
    let words = String::from_utf8_lossy(&output.stdout);
    Ok(words.split(' ').next().unwrap_or_default().to_owned())
}
