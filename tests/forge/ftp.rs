//! FTP sessions: one control connection, and a data connection for each file.
//!
//! RFC 959; RFC 3659 (SIZE). The replies are vsftpd's.

use std::net::Ipv4Addr;

use crate::forge::scene::{Host, Scene};
use crate::forge::tcp::{Connection, Side};

/// The first of the server's passive ports.
const FIRST_PASSIVE_PORT: u16 = 40_001;

/// A control connection.
#[derive(Debug)]
pub(crate) struct Session<'a> {
    scene: &'a mut Scene,
    client: &'a Host,
    server: &'a Host,
    control: Connection,
    passive_port: u16,
}

impl Scene {
    /// The client connects and the server greets.
    pub(crate) fn ftp<'a>(&'a mut self, client: &'a Host, server: &'a Host) -> Session<'a> {
        let control = self.tcp_connect(client, server, 21);
        let step = u16::try_from(self.roll() % 500).unwrap();
        let mut session = Session {
            scene: self,
            client,
            server,
            control,
            passive_port: FIRST_PASSIVE_PORT + step,
        };
        session.replies("220 (vsFTPd 3.0.3)");
        session
    }
}

impl Session<'_> {
    /// A command and the first reply to it.
    pub(crate) fn asks(&mut self, command: &str, reply: &str) {
        self.sends(command);
        self.replies(reply);
    }

    /// USER and PASS, accepted.
    pub(crate) fn logs_in(&mut self, user: &str, password: &str) {
        self.asks(&format!("USER {user}"), "331 Please specify the password.");
        self.asks(&format!("PASS {password}"), "230 Login successful.");
        self.asks("TYPE I", "200 Switching to Binary mode.");
    }

    /// A file that is there.
    pub(crate) fn fetches(&mut self, file: &str, content: &[u8]) {
        let mut data = self.opens();
        self.begins(file, content.len());
        data.sends(self.scene, Side::Server, content);
        data.closes(self.scene, Side::Server);
        self.replies("226 Transfer complete.");
    }

    /// A file that the client reads some bytes of and then does not want any more.
    pub(crate) fn breaks_off_after(&mut self, file: &str, content: &[u8], read_bytes: usize) {
        let mut data = self.opens();
        self.begins(file, content.len());
        data.sends(self.scene, Side::Server, &content[..read_bytes]);
        data.resets(self.scene, Side::Client);
        self.replies("426 Failure writing network stream.");
    }

    /// A file that the server gives up in its middle.
    pub(crate) fn fails_after(&mut self, file: &str, content: &[u8], sent_bytes: usize) {
        let mut data = self.opens();
        self.begins(file, content.len());
        data.sends(self.scene, Side::Server, &content[..sent_bytes]);
        data.closes(self.scene, Side::Server);
        self.replies("451 Failure reading local file.");
    }

    /// A file that is not there.
    pub(crate) fn misses(&mut self, file: &str) {
        let mut data = self.opens();
        self.asks(&format!("RETR {file}"), "550 Failed to open file.");
        data.closes(self.scene, Side::Client);
    }

    /// A file that the server takes.
    pub(crate) fn stores(&mut self, file: &str, content: &[u8]) {
        let mut data = self.opens();
        self.asks(&format!("STOR {file}"), "150 Ok to send data.");
        data.sends(self.scene, Side::Client, content);
        data.closes(self.scene, Side::Client);
        self.replies("226 Transfer complete.");
    }

    /// A file that the server does not take.
    pub(crate) fn may_not_store(&mut self, file: &str) {
        let mut data = self.opens();
        self.asks(&format!("STOR {file}"), "553 Could not create file.");
        data.closes(self.scene, Side::Client);
    }

    /// The client calls the port that the server names, again after each of the gaps, and
    /// nothing comes back.
    pub(crate) fn calls_in_vain(&mut self, gaps_secs: &[u64]) {
        let port = self.names_port();
        self.scene
            .tcp_connect_unanswered(self.client, self.server, port, gaps_secs);
    }

    /// The client names a port of its own, asks for a file, and the server's calls there
    /// are lost before they reach the capture.
    pub(crate) fn is_not_called_back(&mut self, file: &str) {
        let port = self.scene.next_port(self.client);
        self.asks(
            &format!("PORT {}", host_port(self.client.ip, port)),
            "200 PORT command successful. Consider using PASV.",
        );
        self.sends(&format!("RETR {file}"));
        self.scene.wait_secs(60);
        self.replies("425 Failed to establish connection.");
    }

    /// QUIT, and both sides close.
    pub(crate) fn quits(mut self) {
        self.asks("QUIT", "221 Goodbye.");
        self.hangs_up();
    }

    /// The client closes without a word.
    pub(crate) fn hangs_up(mut self) {
        self.control.closes(self.scene, Side::Client);
    }

    fn opens(&mut self) -> Connection {
        let port = self.names_port();
        self.scene.tcp_connect(self.client, self.server, port)
    }

    fn names_port(&mut self) -> u16 {
        self.passive_port += 1 + u16::try_from(self.scene.roll() % 7).unwrap();
        let port = self.passive_port;
        let reply = format!(
            "227 Entering Passive Mode ({}).",
            host_port(self.server.ip, port)
        );
        self.asks("PASV", &reply);
        port
    }

    fn begins(&mut self, file: &str, n_bytes: usize) {
        let reply =
            format!("150 Opening BINARY mode data connection for {file} ({n_bytes} bytes).");
        self.asks(&format!("RETR {file}"), &reply);
    }

    fn sends(&mut self, command: &str) {
        let line = format!("{command}\r\n");
        self.control
            .sends(self.scene, Side::Client, line.as_bytes());
        self.scene.linger_us(200, 1_500);
    }

    fn replies(&mut self, reply: &str) {
        let line = format!("{reply}\r\n");
        self.control
            .sends(self.scene, Side::Server, line.as_bytes());
        self.scene.linger_us(300, 2_500);
    }
}

/// `192,0,2,20,156,65`
fn host_port(address: Ipv4Addr, port: u16) -> String {
    let [a, b, c, d] = address.octets();
    let [high, low] = port.to_be_bytes();
    format!("{a},{b},{c},{d},{high},{low}")
}
