//! An FTP client (RFC 959) with passive data connections.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

use crate::Result;
use crate::phone::tftp::Fetched;

/// How long a phone waits for a connection or a reply.
const PATIENCE: Duration = Duration::from_secs(8);

/// A control connection whose user is let in.
pub(crate) struct Session {
    control: BufReader<TcpStream>,
}

impl Session {
    /// Connects and logs in; an error code when the server says no, 0 when nobody is
    /// there.
    pub(crate) fn opens_as(
        address: Ipv4Addr,
        user: &str,
        password: &str,
    ) -> Result<std::result::Result<Self, u16>> {
        let to = SocketAddr::from((address, 21));
        let Ok(stream) = TcpStream::connect_timeout(&to, PATIENCE) else {
            return Ok(Err(0));
        };
        stream.set_read_timeout(Some(PATIENCE))?;
        let mut session = Self {
            control: BufReader::new(stream),
        };
        session.hears()?;
        session.asks(&format!("USER {user}"))?;
        let (code, _) = session.asks(&format!("PASS {password}"))?;
        if code != 230 {
            let _ = session.asks("QUIT");
            return Ok(Err(code));
        }
        session.asks("TYPE I")?;
        Ok(Ok(session))
    }

    /// Reads a file, at most so much of it.
    pub(crate) fn reads(&mut self, file: &str, at_most_bytes: usize) -> Result<Fetched> {
        let mut data = self.opens()?;
        let (code, _) = self.asks(&format!("RETR {file}"))?;
        if code >= 400 {
            return Ok(Fetched::Refused(code));
        }
        let mut content = vec![0; 4_096];
        let mut n_bytes = 0;
        loop {
            let read = data.read(content.get_mut(n_bytes..).unwrap_or_default())?;
            n_bytes += read;
            if read == 0 || n_bytes >= at_most_bytes {
                break;
            }
            content.resize(n_bytes + 4_096, 0);
        }
        drop(data);
        content.truncate(n_bytes);
        self.hears()?;
        Ok(Fetched::Whole(content))
    }

    /// Writes a file; whether the server took it.
    pub(crate) fn writes(&mut self, file: &str, content: &[u8]) -> Result<bool> {
        let mut data = self.opens()?;
        let (code, _) = self.asks(&format!("STOR {file}"))?;
        if code >= 400 {
            return Ok(false);
        }
        data.write_all(content)?;
        drop(data);
        Ok(self.hears()?.0 < 400)
    }

    /// Takes its leave.
    pub(crate) fn quits(mut self) -> Result<()> {
        self.asks("QUIT").map(|_| ())
    }

    fn opens(&mut self) -> Result<TcpStream> {
        let (_, words) = self.asks("PASV")?;
        let numbers: Vec<u8> = words
            .split(['(', ')', ','])
            .filter_map(|number| number.parse().ok())
            .collect();
        let [a, b, c, d, high, low] = numbers[..] else {
            return Err(format!("no passive port: {words}").into());
        };
        let to = SocketAddr::from(([a, b, c, d], u16::from_be_bytes([high, low])));
        Ok(TcpStream::connect_timeout(&to, PATIENCE)?)
    }

    fn asks(&mut self, command: &str) -> Result<(u16, String)> {
        self.control
            .get_mut()
            .write_all(format!("{command}\r\n").as_bytes())?;
        self.hears()
    }

    fn hears(&mut self) -> Result<(u16, String)> {
        let mut line = String::new();
        self.control.read_line(&mut line)?;
        let code = line
            .get(..3)
            .and_then(|code| code.parse().ok())
            .unwrap_or(0);
        Ok((code, line))
    }
}
