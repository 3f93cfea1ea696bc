//! A scenario: which phone, which network, what is broken, and what must be found.
//!
//! ```toml
//! title = "The load list is not on the TFTP server"
//! story = "What the technician sees, and what really happened."
//! phone = "cisco-7970-erased"          # phone/mod.rs lists them
//!
//! [[fault]]                            # as many as it takes; a healthy one has none
//! kind = "file-removed"
//! file = "term70.default.loads"
//!
//! [expect]
//! verdict = "failed"
//! family = "cisco-79x1"
//! model = "7970"
//! findings = ["error file-missing"]    # every error and warning, no more, no less
//! files = ["term70.default.loads not-found"]   # these, whatever else was fetched
//! ```

use std::fs;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::Result;

/// A scenario's file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Scenario {
    /// `cisco-79x1/healthy`: its path.
    #[serde(skip)]
    pub(crate) name: String,
    pub(crate) title: String,
    #[expect(dead_code, reason = "for whoever reads the scenario")]
    story: String,
    /// The script that the phone follows.
    pub(crate) phone: String,
    #[serde(default)]
    pub(crate) fault: Vec<Fault>,
    pub(crate) expect: Expect,
}

/// One thing that is not as it should be.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) enum Fault {
    /// The file servers do not have this file.
    FileRemoved { file: String },
    /// They have it under another name.
    FileRenamed { file: String, to: String },
    /// They have it and may not read it.
    FileUnreadable { file: String },
    /// They have so many bytes under its name.
    FileOf { file: String, bytes: usize },
    /// They have this text under its name.
    FileSays { file: String, text: String },
    /// A server's program does not run; its host is there.
    ServerStopped { server: Kind },
    /// A server's host does not answer for its address.
    HostGone { server: Kind },
    /// The server's host filters what comes from the phone, in nftables' words.
    Filtered { server: Kind, rule: String },
    /// The DHCP server does not give this option.
    OptionMissing { option: u8 },
    /// It gives another value, in dnsmasq's words.
    OptionSays { option: u8, value: String },
    /// The phone remembers an address that the DHCP server does not give here.
    AddressRemembered { address: Ipv4Addr },
    /// The name server does not know this name.
    NameUnknown { name: String },
    /// The web server answers this status for everything.
    HttpStatus { status: u16 },
    /// It wants a user name and a password.
    HttpLogin,
    /// Its certificate is not good.
    Certificate { what: Certificate },
    /// The FTP server knows the phone's user by another password.
    FtpPassword,
    /// So does the call server.
    SipPassword,
    /// The switch offers this voice VLAN; the servers are in another.
    VoiceVlan { vlan: u16 },
    /// The switch grants this much by CDP, or never speaks of power.
    Power { granted_mw: Option<u32> },
    /// The phone's flash takes no file of more bytes.
    Flash { bytes: usize },
}

/// Why nobody trusts it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Certificate {
    Expired,
    OtherName,
    Untrusted,
}

/// What a network needs for a phone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Kind {
    /// With DNS, in one program, as in small offices.
    Dhcp,
    Tftp,
    Http,
    Https,
    Ftp,
    Registrar,
    /// A switch that speaks LLDP-MED, with the voice VLAN 110.
    Lldp,
}

/// What the report must say.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Expect {
    pub(crate) verdict: String,
    pub(crate) family: String,
    /// Absent where the wire does not tell.
    pub(crate) model: Option<String>,
    /// `error file-missing`: all of them, over all boots, sorted.
    pub(crate) findings: Vec<String>,
    /// `NAME STATUS`: among the transfers, in this order.
    #[serde(default)]
    pub(crate) files: Vec<String>,
}

impl Scenario {
    /// Every scenario, healthy ones last, by name.
    pub(crate) fn all() -> Result<Vec<Self>> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/lab/scenarios");
        let mut scenarios = Vec::new();
        for path in files_in(&folder)? {
            let text = fs::read_to_string(&path)?;
            let inside = path.strip_prefix(&folder)?.with_extension("");
            let mut scenario: Self =
                toml::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))?;
            scenario.name = inside.to_string_lossy().into_owned();
            scenario
                .agrees_with_its_name()
                .map_err(|wrong| format!("{}: {wrong}", path.display()))?;
            scenarios.push(scenario);
        }
        // What takes longest to judge begins first: broken networks, in which phones wait.
        scenarios.sort_by_cached_key(|scenario| (scenario.fault.is_empty(), scenario.name.clone()));
        Ok(scenarios)
    }

    /// What serde cannot see.
    fn agrees_with_its_name(&self) -> Result<()> {
        let healthy = self
            .name
            .rsplit('/')
            .next()
            .is_some_and(|name| name.starts_with("healthy"));
        if healthy != self.fault.is_empty() {
            return Err(
                "a scenario is called healthy when nothing is broken, and only then".into(),
            );
        }
        if healthy && !self.expect.findings.is_empty() {
            return Err("a healthy boot has no findings".into());
        }
        if !self.expect.findings.is_sorted() {
            return Err("findings are to be sorted".into());
        }
        for finding in &self.expect.findings {
            let known = finding.split_once(' ').is_some_and(|(severity, id)| {
                ["error", "warning"].contains(&severity)
                    && phoneboot::rules::RULES.iter().any(|rule| rule.id == id)
            });
            if !known {
                return Err(format!("no finding {finding:?}: it is SEVERITY ID").into());
            }
        }
        Ok(())
    }
}

fn files_in(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(files_in(&path)?);
        } else {
            found.push(path);
        }
    }
    Ok(found)
}
