//! An HTTP client (RFC 9112) as small as those in phones; TLS is the system's openssl.

use std::fmt::Write as _;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::Result;
use crate::phone::handset::Handset;
use crate::phone::tftp::Fetched;

/// How long a phone waits for a connection, and for each piece of an answer.
const PATIENCE: Duration = Duration::from_secs(8);

/// `http://prov.example.com:8080/phones/`, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Url {
    pub(crate) scheme: String,
    pub(crate) host: String,
    pub(crate) port: u16,
    /// From the first slash on, the last one included.
    pub(crate) folder: String,
}

impl Url {
    /// Reads what an option says; what has no scheme goes by `default_scheme`.
    pub(crate) fn read(text: &str, default_scheme: &str) -> Self {
        let (scheme, rest) = text.split_once("://").unwrap_or((default_scheme, text));
        let (authority, folder) = rest.split_once('/').unwrap_or((rest, ""));
        let (host, port) = authority.split_once(':').unwrap_or((authority, ""));
        let usual = match scheme {
            "https" => 443,
            "ftp" => 21,
            "tftp" => 69,
            _ => 80,
        };
        let folder = folder.trim_end_matches('/');
        Self {
            scheme: scheme.to_owned(),
            host: host.to_owned(),
            port: port.parse().unwrap_or(usual),
            folder: if folder.is_empty() {
                "/".to_owned()
            } else {
                format!("/{folder}/")
            },
        }
    }
}

/// A request.
#[derive(Debug, Clone)]
pub(crate) struct Request<'a> {
    pub(crate) url: &'a Url,
    pub(crate) file: &'a str,
    pub(crate) user_agent: &'a str,
    /// Sent with PUT; without it, GET.
    pub(crate) body: Option<&'a [u8]>,
    /// Reads so much and hangs up: the header of an image tells whether it is new.
    pub(crate) at_most_bytes: usize,
}

impl<'a> Request<'a> {
    /// GET, to the end.
    pub(crate) fn get(url: &'a Url, file: &'a str, user_agent: &'a str) -> Self {
        Self {
            url,
            file,
            user_agent,
            body: None,
            at_most_bytes: usize::MAX,
        }
    }
}

/// A connection, in clear or through openssl.
enum Stream {
    Clear(TcpStream),
    Tls(Child),
}

impl Handset {
    /// Asks, and reads the answer. The host must be known.
    pub(crate) fn asks_by_http(
        &mut self,
        address: Ipv4Addr,
        request: &Request<'_>,
    ) -> Result<Fetched> {
        let url = request.url;
        let opened = if url.scheme == "https" {
            opens_tls(address, url, &self.orders.folder).map(Some)?
        } else {
            let to = SocketAddr::from((address, url.port));
            match TcpStream::connect_timeout(&to, PATIENCE) {
                Ok(stream) => {
                    stream.set_read_timeout(Some(PATIENCE))?;
                    Some(Stream::Clear(stream))
                }
                Err(_) => None,
            }
        };
        let Some(mut stream) = opened else {
            return Ok(Fetched::Silent);
        };
        let method = if request.body.is_some() { "PUT" } else { "GET" };
        let mut text = format!(
            "{method} {}{} HTTP/1.1\r\nHost: {}\r\nUser-Agent: {}\r\nAccept: */*\r\n\
             Connection: close\r\n",
            url.folder, request.file, url.host, request.user_agent
        );
        if let Some(body) = request.body {
            write!(text, "Content-Length: {}\r\n", body.len())?;
        }
        text += "\r\n";
        let message = [text.as_bytes(), request.body.unwrap_or_default()].concat();
        if stream.sends(&message).is_err() {
            return Ok(Fetched::Silent);
        }
        let answer = stream.reads(request.at_most_bytes);
        stream.closes();
        Ok(outcome(&answer))
    }
}

impl Stream {
    fn sends(&mut self, message: &[u8]) -> std::io::Result<()> {
        match self {
            Self::Clear(stream) => stream.write_all(message),
            Self::Tls(child) => match &mut child.stdin {
                Some(stdin) => stdin.write_all(message).and_then(|()| stdin.flush()),
                None => Ok(()),
            },
        }
    }

    /// Up to the announced end, the connection's, or `at_most_bytes`.
    fn reads(&mut self, at_most_bytes: usize) -> Vec<u8> {
        let mut answer = Vec::new();
        let mut buffer = [0; 4_096];
        while answer.len() < at_most_bytes && !is_complete(&answer) {
            let read = match self {
                Self::Clear(stream) => stream.read(&mut buffer),
                Self::Tls(child) => match &mut child.stdout {
                    Some(stdout) => stdout.read(&mut buffer),
                    None => Ok(0),
                },
            };
            match read {
                Ok(bytes) if bytes > 0 => {
                    answer.extend_from_slice(buffer.get(..bytes).unwrap_or_default());
                }
                _ => break,
            }
        }
        answer
    }

    /// Closes, and waits for openssl to have done so.
    fn closes(self) {
        if let Self::Tls(mut child) = self {
            drop(child.stdin.take());
            drop(child.stdout.take());
            let _ = child.wait();
        }
    }
}

/// `openssl s_client` as a phone with the CA that it was given, TLS 1.2 at most, and an
/// eye on name and dates.
fn opens_tls(address: Ipv4Addr, url: &Url, folder: &Path) -> Result<Stream> {
    let child = Command::new("openssl")
        .args(["s_client", "-quiet", "-no_ign_eof", "-tls1_2"])
        .args(["-verify_return_error", "-verify", "4"])
        .args(["-connect", &format!("{address}:{}", url.port)])
        .args(["-servername", &url.host, "-verify_hostname", &url.host])
        .arg("-CAfile")
        .arg(folder.join("trusted.pem"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    Ok(Stream::Tls(child))
}

/// Whether the body is as long as its header says.
fn is_complete(answer: &[u8]) -> bool {
    let Some((head, body)) = parts(answer) else {
        return false;
    };
    let announced = head
        .to_ascii_lowercase()
        .lines()
        .find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
    announced.is_some_and(|length: usize| body.len() >= length)
}

/// Header and body.
fn parts(answer: &[u8]) -> Option<(String, &[u8])> {
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n")?;
    let (head, body) = answer.split_at_checked(end + 4)?;
    Some((String::from_utf8_lossy(head).into_owned(), body))
}

fn outcome(answer: &[u8]) -> Fetched {
    let Some((head, body)) = parts(answer) else {
        return Fetched::Silent;
    };
    let status = head
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok())
        .unwrap_or(0);
    match status {
        200..300 => Fetched::Whole(body.to_vec()),
        _ => Fetched::Refused(status),
    }
}
