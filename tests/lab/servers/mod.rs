//! Real servers, each in its own namespace, with its files in a temporary folder.

use std::fs;
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::Result;
use crate::net::{Net, Role};

pub(crate) mod dnsmasq;
pub(crate) mod lldpd;
pub(crate) mod nginx;
pub(crate) mod registrar;
pub(crate) mod tftpd;
pub(crate) mod vsftpd;

/// How long a server may take until it listens.
const PATIENCE: Duration = Duration::from_secs(10);

/// What a server listens on.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Listens {
    Udp(u16),
    Tcp(u16),
    /// No port: it has a socket `NAME.socket` in the folder when it is ready.
    Socket,
}

/// A server that runs; it ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Server {
    name: &'static str,
    child: Child,
    log: PathBuf,
}

/// Where a scenario's servers find their configuration and their files.
#[derive(Debug)]
pub(crate) struct Place<'a> {
    pub(crate) net: &'a Net,
    /// A folder of the scenario's own.
    pub(crate) folder: &'a Path,
    /// The root of the file servers.
    pub(crate) root: &'a Path,
}

impl Place<'_> {
    /// Writes a server's configuration.
    fn writes(&self, name: &str, text: &str) -> Result<PathBuf> {
        let path = self.folder.join(name);
        fs::write(&path, text)?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644))?;
        Ok(path)
    }

    /// Starts `command` and waits until it listens. What it said meanwhile becomes the
    /// error when it does not.
    fn starts(
        &self,
        name: &'static str,
        command: &mut Command,
        listens: Listens,
    ) -> Result<Server> {
        let log = self.folder.join(format!("{name}.log"));
        let out = fs::File::create(&log)?;
        let child = command
            .stdin(Stdio::null())
            .stdout(out.try_clone()?)
            .stderr(out)
            .spawn()
            .map_err(|error| format!("{name}: {error}"))?;
        let mut server = Server { name, child, log };
        let started = Instant::now();
        loop {
            let ready = match listens {
                Listens::Socket => self.folder.join(format!("{name}.socket")).exists(),
                _ => is_bound(server.child.id(), listens),
            };
            if ready {
                return Ok(server);
            }
            if server.child.try_wait()?.is_some() || started.elapsed() > PATIENCE {
                return Err(format!("{name} does not listen: {}", server.words()).into());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn command(&self, role: Role, program: &str) -> Command {
        self.net.command(role, program)
    }
}

impl Server {
    /// What it has logged.
    pub(crate) fn words(&self) -> String {
        let mut text = String::new();
        if let Ok(mut file) = fs::File::open(&self.log) {
            let _ = file.read_to_string(&mut text);
        }
        format!("{} says:\n{}", self.name, text.trim_end())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Whether somebody in the network of this process is bound to the port. From then on
/// the kernel keeps what arrives until the server looks.
fn is_bound(pid: u32, listens: Listens) -> bool {
    let (table, port, state) = match listens {
        Listens::Udp(port) => ("udp", port, "07"),
        Listens::Tcp(port) => ("tcp", port, "0A"),
        Listens::Socket => return false,
    };
    let Ok(text) = fs::read_to_string(format!("/proc/{pid}/net/{table}")) else {
        return false;
    };
    let port = format!(":{port:04X}");
    text.lines().any(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        fields.get(1).is_some_and(|local| local.ends_with(&port))
            && fields.get(3).is_some_and(|found| *found == state)
    })
}
