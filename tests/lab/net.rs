//! The network of one scenario: namespaces, the cables between them, and the end of both.
//!
//! ```text
//!  phone        switch                                           router  192.0.2.1
//! +------+     +---------------------------------------------+   files   192.0.2.10
//! | eth0 |-----| nic ~ phone -- port ~ uplink -- office = bridge-- calls   192.0.2.20
//! +------+     +---------------------------------------------+
//! ```
//!
//! `-` is a cable (a veth pair), `=` belongs to the bridge, and `~` is done by [`wire`]:
//! the phone's network card on the left, the switch port on the right. What passes on
//! `port` is what a mirror of the phone's port shows, tags included; there one sniffs.
//!
//! Everything lives in namespaces named after this process. They go when [`Net`] is
//! dropped; when this process ends in any other way, its janitor removes them; and what
//! a janitor could not, the next run does.
//!
//! [`wire`]: crate::wire

use std::fs;
use std::io::Read;
use std::net::Ipv4Addr;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::Result;

/// What all namespaces of all labs begin with.
const PREFIX: &str = "phoneboot-lab";

/// What all namespaces and folders of one lab begin with.
pub(crate) fn prefix_of(pid: u32) -> String {
    format!("{PREFIX}-{pid}-")
}

/// Who has a namespace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Switch,
    Phone,
    /// Router, DHCP and DNS.
    Router,
    /// TFTP, HTTP and FTP.
    Files,
    /// The call server.
    Calls,
}

const ROLES: &[Role] = &[
    Role::Switch,
    Role::Phone,
    Role::Router,
    Role::Files,
    Role::Calls,
];

impl Role {
    fn name(self) -> &'static str {
        match self {
            Self::Switch => "switch",
            Self::Phone => "phone",
            Self::Router => "router",
            Self::Files => "files",
            Self::Calls => "calls",
        }
    }

    /// Where a server lives; `None` for those that have no fixed address.
    pub(crate) fn address(self) -> Option<Ipv4Addr> {
        let host = match self {
            Self::Switch | Self::Phone => return None,
            Self::Router => 1,
            Self::Files => 10,
            Self::Calls => 20,
        };
        Some(Ipv4Addr::new(192, 0, 2, host))
    }

    /// Locally administered, and the same in every run.
    fn mac(self) -> Option<String> {
        let [.., host] = self.address()?.octets();
        Some(format!("02:00:5e:00:02:{host:02x}"))
    }
}

/// The namespaces of one scenario.
#[derive(Debug)]
pub(crate) struct Net {
    prefix: String,
}

impl Net {
    /// Lays all cables. `number` tells scenarios of one run apart; `phone` is the MAC
    /// address of the phone.
    pub(crate) fn new(number: usize, phone: &str) -> Result<Self> {
        let net = Self {
            prefix: format!("{}{number}", prefix_of(std::process::id())),
        };
        for role in ROLES {
            ip(&["netns", "add", &net.name(*role)])?;
            // No router solicitations and the like: only the phone speaks for itself.
            let mut quiet = net.command(*role, "sh");
            quiet.args([
                "-c",
                "echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6 2>/dev/null; ip link set lo up",
            ]);
            run(&mut quiet)?;
        }
        net.cable((Role::Phone, "eth0", Some(phone)), (Role::Switch, "nic"))?;
        net.cable((Role::Switch, "phone", None), (Role::Switch, "port"))?;
        net.cable((Role::Switch, "uplink", None), (Role::Switch, "office"))?;
        net.ip(Role::Switch, "link add bridge type bridge")?;
        net.ip(Role::Switch, "link set bridge up")?;
        net.ip(Role::Switch, "link set office master bridge")?;
        for role in ROLES {
            let (Some(address), Some(mac)) = (role.address(), role.mac()) else {
                continue;
            };
            let end = (Role::Switch, role.name());
            net.cable((*role, "eth0", Some(&mac)), end)?;
            net.ip(Role::Switch, &format!("link set {} master bridge", end.1))?;
            net.ip(*role, &format!("addr add {address}/24 brd + dev eth0"))?;
        }
        Ok(net)
    }

    /// A command that will run in the namespace of `role`.
    pub(crate) fn command(&self, role: Role, program: &str) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.name(role), program]);
        command
    }

    /// `ip` in the namespace of `role`.
    pub(crate) fn ip(&self, role: Role, arguments: &str) -> Result<()> {
        let mut command = Command::new("ip");
        command.args(["-n", &self.name(role)]);
        run(command.args(arguments.split_whitespace()))
    }

    /// A rule for all that comes in from the phone, in nftables' words: `tcp dport 80 drop`.
    pub(crate) fn filters(&self, whose: Role, rule: &str) -> Result<()> {
        for line in [
            "add table inet lab",
            "add chain inet lab in { type filter hook input priority 0 ; }",
            &format!("add rule inet lab in {rule}"),
        ] {
            run(self.command(whose, "nft").arg(line))?;
        }
        Ok(())
    }

    fn name(&self, role: Role) -> String {
        format!("{}-{}", self.prefix, role.name())
    }

    /// A veth pair, both ends up. Neither end sends more than one segment at a time, so
    /// that frames are as long as on a real cable.
    fn cable(&self, one: (Role, &str, Option<&str>), other: (Role, &str)) -> Result<()> {
        let short = "gso_max_segs 1";
        let mac = one.2.map_or(String::new(), |mac| format!("address {mac}"));
        let text = format!(
            "link add {} netns {} {mac} {short} type veth peer name {} netns {} {short}",
            one.1,
            self.name(one.0),
            other.1,
            self.name(other.0)
        );
        let words: Vec<&str> = text.split_whitespace().collect();
        ip(&words)?;
        self.ip(one.0, &format!("link set {} up", one.1))?;
        self.ip(other.0, &format!("link set {} up", other.1))
    }
}

impl Drop for Net {
    fn drop(&mut self) {
        remove(|name| name.starts_with(&format!("{}-", self.prefix)));
    }
}

/// Removes what runs before this one left behind: their process is gone.
pub(crate) fn remove_leftovers() {
    remove(|name| owner(name).is_some_and(|pid| !Path::new(&format!("/proc/{pid}")).exists()));
}

/// Starts the process that removes this one's namespaces when it is gone.
///
/// The janitor is in a process group of its own, where Ctrl-C does not reach it, and
/// learns of our end from its standard input: the system closes it, whatever kills us.
pub(crate) fn start_janitor() -> Result<Child> {
    let mut command = Command::new(std::env::current_exe()?);
    command
        .args(["--janitor", &std::process::id().to_string()])
        .stdin(Stdio::piped())
        .process_group(0);
    Ok(command.spawn()?)
}

/// The janitor's whole work.
pub(crate) fn keep_clean(pid: &str) {
    let mut nothing = Vec::new();
    // An error means the same as the end: nobody is there any more.
    let _ = std::io::stdin().read_to_end(&mut nothing);
    let mine = |name: &str| owner(name).is_some_and(|owner| owner == pid);
    // What was being created at that very moment may come a little late.
    for _ in 0..2 {
        remove(mine);
        std::thread::sleep(std::time::Duration::from_millis(200));
    }
    for entry in fs::read_dir(std::env::temp_dir())
        .into_iter()
        .flatten()
        .flatten()
    {
        if mine(&entry.file_name().to_string_lossy()) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// The process that a namespace or folder was made by.
fn owner(name: &str) -> Option<&str> {
    name.strip_prefix(PREFIX)?
        .strip_prefix('-')?
        .split('-')
        .next()
}

/// Ends all that runs in these namespaces, and removes them. Errors do not matter: who
/// is gone already is gone.
fn remove(which: impl Fn(&str) -> bool) {
    let Ok(entries) = fs::read_dir("/run/netns") else {
        return;
    };
    for entry in entries.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if !which(&name) {
            continue;
        }
        if let Ok(output) = Command::new("ip").args(["netns", "pids", &name]).output() {
            for pid in String::from_utf8_lossy(&output.stdout).split_whitespace() {
                let _ = Command::new("kill").args(["-KILL", pid]).status();
            }
        }
        let _ = Command::new("ip")
            .args(["netns", "delete", &name])
            .stderr(Stdio::null())
            .status();
    }
}

fn ip(arguments: &[&str]) -> Result<()> {
    run(Command::new("ip").args(arguments))
}

/// Runs to the end; what it complained about becomes the error.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let output = command.stdin(Stdio::null()).output()?;
    if output.status.success() {
        return Ok(());
    }
    let words = String::from_utf8_lossy(&output.stderr);
    Err(format!("{command:?}: {}", words.trim()).into())
}
