//! Runs one scenario: network, servers with their faults, the program that watches, and
//! the phone.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::Ipv4Addr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::expect;
use crate::net::{self, Net, Role};
use crate::phone::{self, Orders, Script};
use crate::scenario::{Fault, Kind, Scenario};
use crate::servers::{self, Place, Server, dnsmasq::Office, nginx::Web};
use crate::trials::Trial;
use crate::wire::{Cdp, NATIVE_VLAN, Port};
use crate::{Error, Result};

/// The voice VLAN of the office, where there is one.
const VOICE_VLAN: u16 = 110;

/// The longest boot that a script plays.
const PHONE_PATIENCE: Duration = Duration::from_secs(200);

/// The user's password, at the FTP server and the call server alike; faults say another.
const PASSWORD: &str = "s3same";

/// Every scenario as a trial.
pub(crate) fn trials() -> Result<Vec<Trial>> {
    let required = std::env::var("PHONEBOOT_LAB").is_ok_and(|value| value == "required");
    let scenarios = Scenario::all()?;
    let all_missing = missing_everywhere();
    if all_missing.is_none() {
        net::remove_leftovers();
    }
    let mut trials = Vec::new();
    for (number, scenario) in scenarios.into_iter().enumerate() {
        let script = phone::script(&scenario.phone)
            .ok_or_else(|| format!("{}: no phone {:?}", scenario.name, scenario.phone))?;
        let missing = all_missing.clone().or_else(|| missing_for(script));
        let name = scenario.name.clone();
        let run: Box<dyn FnOnce() -> Result<()> + Send> = match &missing {
            Some(missing) if required => {
                let words = format!("PHONEBOOT_LAB=required, and {missing}");
                Box::new(move || Err(words.into()))
            }
            _ => Box::new(move || Bench::run(number, &scenario, script)),
        };
        trials.push(Trial {
            name,
            skipped: missing.filter(|_| !required),
            run,
        });
    }
    if all_missing.is_none() {
        // It waits for our end, and nobody for its.
        std::mem::forget(net::start_janitor()?);
    }
    Ok(trials)
}

/// What no scenario can do without.
fn missing_everywhere() -> Option<String> {
    let is_root = fs::metadata("/proc/self")
        .is_ok_and(|metadata| std::os::unix::fs::MetadataExt::uid(&metadata) == 0);
    if !is_root {
        return Some("needs root".to_owned());
    }
    for program in ["ip", "nft"] {
        if !is_installed(program) {
            return Some(format!("{program} is not installed"));
        }
    }
    if pcap_dl::libpcap_version().is_err() {
        return Some("libpcap is not installed".to_owned());
    }
    let probe = format!("phoneboot-lab-{}-probe", std::process::id());
    let made = net::run(Command::new("ip").args(["netns", "add", &probe]));
    let _ = Command::new("ip")
        .args(["netns", "delete", &probe])
        .output();
    made.err()
        .map(|_| "network namespaces are not allowed here".to_owned())
}

fn missing_for(script: &Script) -> Option<String> {
    script
        .needs
        .iter()
        .flat_map(|kind| programs(*kind))
        .find_map(|program| (!is_installed(program)).then(|| format!("{program} is not installed")))
}

fn programs(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Dhcp => &["dnsmasq"],
        Kind::Tftp => &["in.tftpd"],
        Kind::Http => &["nginx"],
        Kind::Https => &["nginx", "openssl"],
        Kind::Ftp => &["vsftpd"],
        Kind::Registrar => &["kamailio"],
        Kind::Lldp => &["lldpd", "lldpcli"],
    }
}

fn is_installed(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain([PathBuf::from("/usr/sbin"), PathBuf::from("/sbin")])
        .any(|folder| folder.join(program).is_file())
}

/// A scenario on its bench.
struct Bench<'a> {
    scenario: &'a Scenario,
    script: &'a Script,
    net: Net,
    folder: tempfile::TempDir,
}

impl<'a> Bench<'a> {
    fn new(number: usize, scenario: &'a Scenario, script: &'a Script) -> Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix(&net::prefix_of(std::process::id()))
            .tempdir()?;
        // The servers give up root and must still reach their files.
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755))?;
        Ok(Self {
            scenario,
            script,
            net: Net::new(number, &script.mac_colons())?,
            folder,
        })
    }

    fn run(number: usize, scenario: &'a Scenario, script: &'a Script) -> Result<()> {
        let slot = AT_WORK.take();
        Self::new(number, scenario, script)?.boots_and_compares(slot)
    }

    fn boots_and_compares(&self, slot: Slot) -> Result<()> {
        let root = self.folder.path().join("files");
        self.lays_out(&root)?;
        let place = Place {
            net: &self.net,
            folder: self.folder.path(),
            root: &root,
        };
        let _wire = self.starts_wire()?;
        let servers = self.starts_servers(&place)?;
        for fault in &self.scenario.fault {
            self.breaks(fault)?;
        }
        // What fails is watched until the program is sure of it, all else until the phone
        // has nothing left to do.
        let until = (self.scenario.expect.verdict == "failed").then_some("failed");
        let capture = self.folder.path().join("boot.pcapng");
        let mut sniffer = Sniffer::start(&self.net, &capture, until)?;
        let booted = self.boots_phone(&mut sniffer, slot);
        let report = sniffer.report()?;
        self.keeps(&report)?;
        booted
            .and_then(|()| expect::compare(&report, &self.scenario.expect))
            .map_err(|error| {
                let words: Vec<String> = servers.iter().map(Server::words).collect();
                format!("{}\n{error}\n{}", self.scenario.title, words.join("\n")).into()
            })
    }

    /// Where `PHONEBOOT_LAB_KEEP` names a folder, capture and report go there.
    fn keeps(&self, report: &Value) -> Result<()> {
        let Some(folder) = std::env::var_os("PHONEBOOT_LAB_KEEP") else {
            return Ok(());
        };
        let path = Path::new(&folder).join(&self.scenario.name);
        fs::create_dir_all(path.parent().unwrap_or(Path::new(".")))?;
        fs::copy(
            self.folder.path().join("boot.pcapng"),
            path.with_extension("pcapng"),
        )?;
        fs::write(
            path.with_extension("json"),
            serde_json::to_string_pretty(report)?,
        )?;
        Ok(())
    }

    /// Puts the phone's files under `root`, but for what is wrong with them.
    fn lays_out(&self, root: &Path) -> Result<()> {
        fs::create_dir(root)?;
        // Phones write their logs here.
        fs::set_permissions(root, fs::Permissions::from_mode(0o777))?;
        for (mut name, mut content) in (self.script.files)() {
            let mut mode = 0o644;
            let mut removed = false;
            for fault in &self.scenario.fault {
                match fault {
                    Fault::FileRemoved { file } if *file == name => removed = true,
                    Fault::FileRenamed { file, to } if *file == name => name.clone_from(to),
                    Fault::FileUnreadable { file } if *file == name => mode = 0o600,
                    Fault::FileOf { file, bytes } if *file == name => content = vec![b'.'; *bytes],
                    Fault::FileSays { file, text } if *file == name => {
                        content = text.clone().into_bytes();
                    }
                    _ => {}
                }
            }
            if removed {
                continue;
            }
            let path = root.join(name);
            fs::create_dir_all(path.parent().unwrap_or(root))?;
            fs::write(&path, content)?;
            fs::set_permissions(&path, fs::Permissions::from_mode(mode))?;
        }
        Ok(())
    }

    fn starts_wire(&self) -> Result<Wire> {
        let mut port = Port {
            office_vlan: if self.script.voice_vlan {
                VOICE_VLAN
            } else {
                NATIVE_VLAN
            },
            cdp: self.script.cdp_mw.map(|power_mw| Cdp {
                voice_vlan: self.script.voice_vlan.then_some(VOICE_VLAN),
                power_mw: Some(power_mw),
            }),
        };
        for fault in &self.scenario.fault {
            match (fault, &mut port.cdp) {
                (Fault::VoiceVlan { vlan }, Some(cdp)) => cdp.voice_vlan = Some(*vlan),
                (Fault::Power { granted_mw }, Some(cdp)) => cdp.power_mw = *granted_mw,
                _ => {}
            }
        }
        let program = std::env::current_exe()?;
        let mut child = self
            .net
            .command(Role::Switch, &program.to_string_lossy())
            .arg("--wire")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        if let Some(mut stdin) = child.stdin.take() {
            stdin.write_all(serde_json::to_string(&port)?.as_bytes())?;
        }
        let mut line = String::new();
        if let Some(stdout) = child.stdout.take() {
            BufReader::new(stdout).read_line(&mut line)?;
        }
        let wire = Wire(child);
        if line.trim_end() == "ready" {
            Ok(wire)
        } else {
            Err("the wire is dead".into())
        }
    }

    fn starts_servers(&self, place: &Place<'_>) -> Result<Vec<Server>> {
        let mut started = Vec::new();
        let stopped = |kind: Kind| {
            self.scenario
                .fault
                .iter()
                .any(|fault| matches!(fault, Fault::ServerStopped { server } if *server == kind))
        };
        for kind in self.script.needs {
            let server = match kind {
                Kind::Dhcp => servers::dnsmasq::start(place, &self.office(), !stopped(Kind::Dhcp))?,
                kind if stopped(*kind) => continue,
                Kind::Tftp => servers::tftpd::start(place)?,
                Kind::Registrar => {
                    let wrong = |fault: &Fault| matches!(fault, Fault::SipPassword);
                    let other = self.scenario.fault.iter().any(wrong);
                    servers::registrar::start(place, if other { "other" } else { PASSWORD })?
                }
                Kind::Http => servers::nginx::start(place, &self.web(80, false))?,
                Kind::Https => servers::nginx::start(place, &self.web(443, true))?,
                Kind::Ftp => {
                    let wrong = |fault: &Fault| matches!(fault, Fault::FtpPassword);
                    let other = self.scenario.fault.iter().any(wrong);
                    servers::vsftpd::start(place, !other)?
                }
                Kind::Lldp => {
                    let vlan = self.scenario.fault.iter().find_map(|fault| match fault {
                        Fault::VoiceVlan { vlan } => Some(*vlan),
                        _ => None,
                    });
                    servers::lldpd::start(place, vlan.unwrap_or(VOICE_VLAN))?
                }
            };
            started.push(server);
        }
        Ok(started)
    }

    /// How the web server answers, faults included.
    fn web(&self, port: u16, tls: bool) -> Web {
        let mut web = Web {
            port,
            tls,
            ..Web::default()
        };
        for fault in &self.scenario.fault {
            match fault {
                Fault::HttpStatus { status } => web.status = Some(*status),
                Fault::HttpLogin => web.login = true,
                Fault::Certificate { what } => web.certificate = Some(*what),
                _ => {}
            }
        }
        web
    }

    /// What DHCP and DNS say, faults included.
    fn office(&self) -> Office {
        let own = |(code, value): &(u8, &str)| (*code, (*value).to_owned());
        let mut office = Office {
            options: self.script.options.iter().map(own).collect(),
            names: self
                .script
                .names
                .iter()
                .map(|(name, address)| ((*name).to_owned(), Ipv4Addr::from(*address)))
                .collect(),
            lease: (self.script.mac_colons(), Ipv4Addr::new(192, 0, 2, 51)),
        };
        for fault in &self.scenario.fault {
            match fault {
                Fault::OptionMissing { option } => {
                    office.options.retain(|(code, _)| code != option);
                    if matches!(option, 3 | 6) {
                        office.options.push((*option, String::new()));
                    }
                }
                Fault::OptionSays { option, value } => {
                    office.options.retain(|(code, _)| code != option);
                    office.options.push((*option, value.clone()));
                }
                Fault::NameUnknown { name } => office.names.retain(|(known, _)| known != name),
                _ => {}
            }
        }
        office
    }

    /// What is broken in the network itself.
    fn breaks(&self, fault: &Fault) -> Result<()> {
        match fault {
            Fault::HostGone { server } => self.net.ip(role(*server), "link set eth0 down"),
            Fault::Filtered { server, rule } => self.net.filters(role(*server), rule),
            _ => Ok(()),
        }
    }

    /// Plays the phone until its script or the sniffer ends.
    fn boots_phone(&self, sniffer: &mut Sniffer, slot: Slot) -> Result<()> {
        let flash_bytes = self.scenario.fault.iter().find_map(|fault| match fault {
            Fault::Flash { bytes } => Some(*bytes),
            _ => None,
        });
        let remembered = self.scenario.fault.iter().find_map(|fault| match fault {
            Fault::AddressRemembered { address } => Some(*address),
            _ => None,
        });
        let orders = Orders {
            script: self.script.name.to_owned(),
            password: PASSWORD.to_owned(),
            flash_bytes,
            remembered,
            folder: self.folder.path().to_owned(),
        };
        let program = std::env::current_exe()?;
        let mut child = self
            .net
            .command(Role::Phone, &program.to_string_lossy())
            .arg("--phone")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(fs::File::create(self.folder.path().join("phone.log"))?)
            .spawn()?;
        if let Some(mut stdin) = child.stdin.take() {
            stdin.write_all(serde_json::to_string(&orders)?.as_bytes())?;
        }
        let stdout = child.stdout.take();
        std::thread::spawn(move || {
            // A line, or its end: from now on others may work.
            let _ = stdout.map(|stdout| BufReader::new(stdout).read_line(&mut String::new()));
            drop(slot);
        });
        let started = Instant::now();
        let mut done = None;
        // Who waits for a failure is given the time to be sure, and all else a moment.
        let ends = loop {
            if done.is_none()
                && let Some(status) = child.try_wait()?
            {
                done = Some((status, Instant::now()));
            }
            if sniffer.has_ended()? {
                break true;
            }
            let moment = if self.scenario.expect.verdict == "failed" {
                Duration::from_secs(40)
            } else {
                Duration::from_millis(300)
            };
            if done.is_some_and(|(_, at)| at.elapsed() > moment) {
                break true;
            }
            if started.elapsed() > PHONE_PATIENCE {
                break false;
            }
            std::thread::sleep(Duration::from_millis(20));
        };
        child.kill()?;
        child.wait()?;
        match done {
            _ if !ends => Err("the phone's script does not end".into()),
            Some((status, _)) if !status.success() => {
                let words = fs::read_to_string(self.folder.path().join("phone.log"))?;
                Err(format!("the phone's script broke: {words}").into())
            }
            _ => Ok(()),
        }
    }
}

/// The process that is card and port.
struct Wire(Child);

impl Drop for Wire {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Whose host this server runs on.
fn role(kind: Kind) -> Role {
    match kind {
        Kind::Dhcp => Role::Router,
        Kind::Tftp | Kind::Http | Kind::Https | Kind::Ftp => Role::Files,
        Kind::Registrar => Role::Calls,
        Kind::Lldp => Role::Switch,
    }
}

/// Who watches the phone's port: the program under test, as its user starts it.
struct Sniffer {
    child: Child,
    stdout: Option<std::thread::JoinHandle<std::io::Result<Vec<u8>>>>,
    stderr: Option<std::thread::JoinHandle<std::io::Result<String>>>,
}

impl Sniffer {
    fn start(net: &Net, capture: &Path, until: Option<&str>) -> Result<Self> {
        let mut command = net.command(Role::Switch, env!("CARGO_BIN_EXE_phoneboot"));
        command
            .args(["sniff", "-i", "port", "--format", "json", "-w"])
            .arg(capture);
        if let Some(until) = until {
            command.args(["--until", until]);
        }
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let (Some(mut stdout), Some(stderr)) = (child.stdout.take(), child.stderr.take()) else {
            return Err("no pipes".into());
        };
        let mut stderr = BufReader::new(stderr);
        let mut words = String::new();
        while !words.contains("listening on") {
            if stderr.read_line(&mut words)? == 0 {
                return Err(format!("phoneboot sniff does not listen: {words}").into());
            }
        }
        let report = std::thread::spawn(move || {
            let mut bytes = Vec::new();
            stdout.read_to_end(&mut bytes).map(|_| bytes)
        });
        let rest = std::thread::spawn(move || stderr.read_to_string(&mut words).map(|_| words));
        Ok(Self {
            child,
            stdout: Some(report),
            stderr: Some(rest),
        })
    }

    fn has_ended(&mut self) -> Result<bool> {
        Ok(self.child.try_wait()?.is_some())
    }

    /// Ends it with Ctrl-C, if it has not ended, and reads its report.
    fn report(mut self) -> Result<Value> {
        if !self.has_ended()? {
            net::run(Command::new("kill").args(["-INT", &self.child.id().to_string()]))?;
            self.child.wait()?;
        }
        let broken = || Error::from("a reader broke");
        let (Some(stdout), Some(stderr)) = (self.stdout.take(), self.stderr.take()) else {
            return Err(broken());
        };
        let bytes = stdout.join().map_err(|_| broken())??;
        let words = stderr.join().map_err(|_| broken())??;
        serde_json::from_slice(&bytes)
            .map_err(|error| format!("no report: {error}: {words}").into())
    }
}

impl Drop for Sniffer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Scenarios at work at once; those whose phone only waits do not count.
static AT_WORK: Slots = Slots {
    free: Mutex::new(2),
    changed: Condvar::new(),
};

struct Slots {
    free: Mutex<usize>,
    changed: Condvar,
}

/// The right to work.
struct Slot;

impl Slots {
    fn take(&self) -> Slot {
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        while *free == 0 {
            free = self
                .changed
                .wait(free)
                .unwrap_or_else(PoisonError::into_inner);
        }
        *free -= 1;
        Slot
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut free = AT_WORK.free.lock().unwrap_or_else(PoisonError::into_inner);
        *free += 1;
        AT_WORK.changed.notify_one();
    }
}
