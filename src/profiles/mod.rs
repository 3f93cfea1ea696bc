//! What is known of phone families, as data: [`Profile`], and who a phone is:
//! [`Profiles::identify`].
//!
//! One TOML file is one family; its name is the family's id. The files of this
//! folder are built in, `--profiles DIR` adds others or takes the place of built-in
//! ones. A family may name a `base`, from which it inherits what its makers' phones
//! have in common; when nothing tells the families of one maker apart, the base
//! itself is the answer.
//!
//! This module reads no packet and judges no boot.

pub mod care;
mod examples;
mod identify;
mod layout;
mod listed;
pub mod pattern;
mod plausible;
pub mod provisioning;
pub mod recognition;
mod search;
pub mod security;
mod source;

use std::borrow::Cow;
use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use phoneboot_parsers::MacAddress;
use serde::Deserialize;

use care::{Power, Procedure, Sign};
use pattern::Pattern;
use provisioning::Provisioning;
use recognition::{Facts, IdentifyRule, Ouis, Strength};
use security::Tls;

use crate::event::Seen;
use crate::session::phone::Clue;

/// Built-in families: id and file, in the order of ids.
const EMBEDDED: &[(&str, &str)] = &[
    ("aastra", include_str!("aastra.toml")),
    ("alcatel", include_str!("alcatel.toml")),
    ("algo", include_str!("algo.toml")),
    ("audiocodes", include_str!("audiocodes.toml")),
    ("avaya", include_str!("avaya.toml")),
    ("avaya-12xx", include_str!("avaya-12xx.toml")),
    ("avaya-96x1", include_str!("avaya-96x1.toml")),
    ("avaya-j100", include_str!("avaya-j100.toml")),
    ("cisco", include_str!("cisco.toml")),
    ("cisco-69xx", include_str!("cisco-69xx.toml")),
    ("cisco-78xx-88xx", include_str!("cisco-78xx-88xx.toml")),
    ("cisco-7905-7912", include_str!("cisco-7905-7912.toml")),
    ("cisco-792x", include_str!("cisco-792x.toml")),
    ("cisco-7940-7960", include_str!("cisco-7940-7960.toml")),
    ("cisco-79x1", include_str!("cisco-79x1.toml")),
    ("cisco-89xx-99xx", include_str!("cisco-89xx-99xx.toml")),
    ("cisco-ata", include_str!("cisco-ata.toml")),
    ("cisco-mpp", include_str!("cisco-mpp.toml")),
    ("cisco-spa", include_str!("cisco-spa.toml")),
    ("digium", include_str!("digium.toml")),
    ("escene", include_str!("escene.toml")),
    ("fanvil", include_str!("fanvil.toml")),
    ("flyingvoice", include_str!("flyingvoice.toml")),
    ("gigaset", include_str!("gigaset.toml")),
    ("grandstream", include_str!("grandstream.toml")),
    ("htek", include_str!("htek.toml")),
    ("mitel-53xx", include_str!("mitel-53xx.toml")),
    ("obihai", include_str!("obihai.toml")),
    ("panasonic", include_str!("panasonic.toml")),
    ("patton", include_str!("patton.toml")),
    ("poly-edge", include_str!("poly-edge.toml")),
    ("polycom", include_str!("polycom.toml")),
    (
        "polycom-soundpoint",
        include_str!("polycom-soundpoint.toml"),
    ),
    (
        "polycom-soundstation",
        include_str!("polycom-soundstation.toml"),
    ),
    ("polycom-vvx", include_str!("polycom-vvx.toml")),
    ("sangoma", include_str!("sangoma.toml")),
    ("shoretel", include_str!("shoretel.toml")),
    ("snom", include_str!("snom.toml")),
    ("spectralink", include_str!("spectralink.toml")),
    ("thomson", include_str!("thomson.toml")),
    ("unify", include_str!("unify.toml")),
    ("vtech", include_str!("vtech.toml")),
    ("yealink", include_str!("yealink.toml")),
    ("yealink-dect", include_str!("yealink-dect.toml")),
    ("yealink-t4x", include_str!("yealink-t4x.toml")),
    ("yealink-t5x", include_str!("yealink-t5x.toml")),
];

/// All phone families of a run.
#[derive(Debug)]
pub struct Profiles {
    /// In the order of their ids, each id once.
    all: Vec<Profile>,
}

/// A profile file that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}{}: {reason}", .line.map(|line| format!(":{line}")).unwrap_or_default())]
pub struct ProfileError {
    /// The file, or the folder when that could not be read.
    pub file: String,
    /// The line at fault; `None` when the file could not be read.
    pub line: Option<usize>,
    /// What is wrong there.
    pub reason: String,
}

impl Profiles {
    /// The built-in families, read once.
    ///
    /// # Panics
    ///
    /// Never in a tested build: a test reads every built-in file.
    pub fn embedded() -> &'static Self {
        static PROFILES: LazyLock<Profiles> = LazyLock::new(|| {
            let families =
                source::embedded(EMBEDDED, false).and_then(|read| source::resolve(&read));
            Profiles {
                all: families.unwrap_or_else(|error| panic!("built in: {error}")),
            }
        });
        &PROFILES
    }

    /// The built-in families and those of the `*.toml` files in `folder`; a file
    /// with the name of a built-in family takes its place.
    ///
    /// The examples in the added files are put to the test, so that a pattern that
    /// does not do what its author meant is refused here and not silently ignored
    /// later.
    pub fn with_folder(folder: &Path) -> Result<Self, ProfileError> {
        let mut families = source::embedded(EMBEDDED, false)?;
        let mut added = Vec::new();
        for path in toml_files(folder)? {
            let text = fs::read_to_string(&path).map_err(|error| unreadable(&path, &error))?;
            let id = path
                .file_stem()
                .map(|stem| stem.to_string_lossy().into_owned())
                .unwrap_or_default();
            let family = source::Family::read(&id, &path.display().to_string(), &text, true)?;
            families.insert(id.clone(), family);
            added.push(id);
        }
        let profiles = Self {
            all: source::resolve(&families)?,
        };
        for family in added.iter().filter_map(|id| families.get(id)) {
            examples::check(&profiles, family)?;
        }
        Ok(profiles)
    }

    /// Every family, in the order of ids.
    pub fn all(&self) -> &[Profile] {
        &self.all
    }

    /// The family with this id.
    pub fn family(&self, id: &str) -> Option<&Profile> {
        let place = self
            .all
            .binary_search_by(|profile| profile.id.as_str().cmp(id));
        self.all.get(place.ok()?)
    }

    /// Who a phone is, by what it said about itself. `None`: nothing shows that it
    /// is a phone.
    pub fn identify(&self, clues: &[Seen<Clue>]) -> Option<Identification<'_>> {
        identify::identify(self, clues)
    }
}

/// The `*.toml` files of a folder, sorted.
fn toml_files(folder: &Path) -> Result<Vec<std::path::PathBuf>, ProfileError> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(|error| unreadable(folder, &error))? {
        let path = entry.map_err(|error| unreadable(folder, &error))?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "toml")
        {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn unreadable(path: &Path, error: &std::io::Error) -> ProfileError {
    ProfileError {
        file: path.display().to_string(),
        line: None,
        reason: error.to_string(),
    }
}

/// Who a phone is.
#[derive(Debug, Clone)]
pub struct Identification<'p> {
    /// Its family. `None`: a phone, but of no known family.
    pub profile: Option<&'p Profile>,
    /// Its maker.
    pub vendor: Option<String>,
    /// Its model, as in [`Profile::models`] where it is known there.
    pub model: Option<String>,
    /// What runs on it, by its latest word: `SCCP41.8-2-1S`, `66.84.0.10`.
    pub firmware: Option<String>,
    /// What its call server calls it: `SEP001AA17BE638`.
    pub name: Option<String>,
    /// Its MAC address, when a file name or User-Agent tells.
    pub mac: Option<MacAddress>,
    /// The clues that led here, by their index, strongest first.
    pub evidence: Vec<usize>,
}

/// What is known of one phone family.
#[derive(Debug, Clone)]
pub struct Profile {
    /// The name of its file: `cisco-79x1`.
    pub id: String,
    /// Its maker.
    pub vendor: String,
    /// What people call it.
    pub title: String,
    /// The family whose facts it inherits.
    pub base: Option<String>,
    /// Families with the same hardware and other firmware. A certain sign of this one
    /// is more than any of theirs: CDP names the model alone.
    pub overrules: Vec<String>,
    /// Models, spelled as [`Identification::model`] spells them.
    pub models: Vec<String>,
    /// Other words that people use for it.
    pub aliases: Vec<String>,
    /// Files it asks for; the first rule that matches a name speaks.
    pub file_rules: Vec<FileRule>,
    /// Files that stand in for one another.
    pub chains: Vec<Chain>,
    /// Where it learns of its server.
    pub provisioning: Provisioning,
    /// What it needs of a switch.
    pub power: Power,
    /// What its TLS can do, by firmware. Empty when not known.
    pub tls: Vec<Tls>,
    /// What it needs the time of day for. `None`: not known.
    pub clock: Option<String>,
    /// How long it may be silent or repeat itself in a boot and still be well.
    pub patience_secs: u32,
    /// How long after the lease its first request may be. `None`: within
    /// `patience_secs`.
    pub first_request_secs: Option<u32>,
    /// How many boots in a row may end in writing firmware: 2 where a boot loader
    /// and then an application are written, each followed by a restart.
    pub firmware_restarts: u32,
    /// How to bring back one that has no working firmware.
    pub recovery: Vec<Procedure>,
    /// How to forget its settings.
    pub factory_reset: Vec<Procedure>,
    /// What its lamps tell.
    pub lamps: Vec<Sign>,
    /// What its screen says.
    pub display: Vec<Sign>,
    /// Other things worth knowing.
    pub notes: Vec<String>,
    /// Where this was learnt.
    pub sources: Vec<String>,
    /// How it shows itself, strongest first within one source; the rules of `base`
    /// are not among them.
    pub identify_rules: Vec<IdentifyRule>,
    /// MAC vendor halves.
    pub ouis: Ouis,
}

impl Profile {
    /// What a requested file is to this family. Path, query and percent-escapes are
    /// taken off, and case does not matter here. `None`: not a file it is known to
    /// ask for.
    pub fn file(&self, name: &str) -> Option<FileMatch<'_>> {
        let name = bare_file_name(name);
        let rule = self
            .file_rules
            .iter()
            .find(|rule| rule.pattern.is_match(name.as_bytes()))?;
        let facts = rule.facts(name.as_bytes());
        Some(FileMatch {
            rule,
            chain: self.chain_of(rule),
            model: facts.model,
            mac: facts.mac,
            expected_spelling: rule.expected_spelling(&name),
            name,
        })
    }

    /// The chain with this name.
    pub fn chain(&self, name: &str) -> Option<&Chain> {
        self.chains.iter().find(|chain| chain.name == name)
    }

    fn chain_of(&self, rule: &FileRule) -> Option<&Chain> {
        rule.chain.as_deref().and_then(|name| self.chain(name))
    }
}

/// A requested file, as a family sees it.
#[derive(Debug, Clone)]
pub struct FileMatch<'p> {
    /// The rule that speaks of it.
    pub rule: &'p FileRule,
    /// The chain that it belongs to.
    pub chain: Option<&'p Chain>,
    /// The model that such a name stands for.
    pub model: Option<String>,
    /// The MAC address within the name.
    pub mac: Option<MacAddress>,
    /// How this family spells the name, when case is all that differs.
    pub expected_spelling: Option<String>,
    /// The name without path, query and escapes.
    pub name: String,
}

impl FileMatch<'_> {
    /// What the file is for.
    pub fn role(&self) -> Role {
        self.rule.role
    }

    /// What it means when the server does not have it.
    pub fn when_absent(&self) -> WhenAbsent {
        self.rule.when_absent
    }
}

/// The last segment of a path or URL, without query and percent-escapes.
fn bare_file_name(name: &str) -> String {
    let path = name.split(['?', '#']).next().unwrap_or_default();
    let segment = path.rsplit(['/', '\\']).next().unwrap_or_default();
    percent_decode(segment).trim().to_owned()
}

fn percent_decode(text: &str) -> Cow<'_, str> {
    if !text.contains('%') {
        return Cow::Borrowed(text);
    }
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let escaped = (first == b'%')
            .then(|| after.split_first_chunk::<2>())
            .flatten()
            .and_then(|(hex, tail)| {
                let byte = u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok()?;
                Some((byte, tail))
            });
        let (byte, tail) = escaped.unwrap_or((first, after));
        out.push(byte);
        rest = tail;
    }
    Cow::Owned(String::from_utf8_lossy(&out).into_owned())
}

/// A kind of file that a family asks for.
#[derive(Debug, Clone)]
pub struct FileRule {
    /// How documents write it: `SEP<MAC>.cnf.xml`. `<MAC>` stands for twelve
    /// hexadecimal digits in upper case, `<mac>` in lower case; other words in angle
    /// brackets stand for what [`pattern`](Self::pattern) says.
    pub name: String,
    /// Matches the last path segment, case aside.
    pub pattern: Pattern,
    /// A name that it matches.
    pub example: String,
    /// What the file is for.
    pub role: Role,
    /// What it means when the server does not have it.
    pub when_absent: WhenAbsent,
    /// The name of the [`Chain`] that it belongs to.
    pub chain: Option<String>,
    /// Whether the phone also writes it to the server.
    pub writes: bool,
    /// Whether the phone closes early when it has what the file holds.
    pub early_close_is_normal: bool,
    /// What else is worth knowing. Empty when nothing is.
    pub note: String,
    /// What asking for it tells about the phone.
    facts: Facts,
    /// How strongly asking for it shows this family.
    strength: Option<Strength>,
}

/// Which files stand in for one another.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Chain {
    /// Its name within the family.
    pub name: String,
    /// How many of the files a boot needs.
    pub needs: Needs,
    /// [`FileRule::name`]s in the order in which the phone asks.
    pub members: Vec<String>,
    /// What else is worth knowing. Empty when nothing is.
    #[serde(default)]
    pub note: String,
}

/// How many files of a [`Chain`] a boot needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Needs {
    /// One of them, whichever; the phone asks for all.
    Any,
    /// Every one.
    All,
    /// The first that the server has: then the phone asks no further.
    First,
}

impl Needs {
    /// The word in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Any => "any",
            Self::All => "all",
            Self::First => "first",
        }
    }
}

/// What a file is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Brings back a phone without firmware.
    Recovery,
    /// Replaces the boot loader.
    BootLoader,
    /// An image, or a part of one.
    Firmware,
    /// Names the images of a version.
    FirmwareList,
    /// Certificates and keys to check the others by.
    Trust,
    /// Names the files to fetch next.
    Master,
    /// This phone's own configuration.
    Config,
    /// Configuration shared by a model or a site.
    ConfigCommon,
    /// Takes the place of a missing [`Config`](Self::Config).
    ConfigDefault,
    /// Settings that few sites have.
    Optional,
    /// Languages, tones, pictures, directories: what a user sees or hears.
    Ui,
    /// A license.
    License,
    /// Only ever written: logs.
    Upload,
}

impl Role {
    /// The word in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Recovery => "recovery",
            Self::BootLoader => "boot-loader",
            Self::Firmware => "firmware",
            Self::FirmwareList => "firmware-list",
            Self::Trust => "trust",
            Self::Master => "master",
            Self::Config => "config",
            Self::ConfigCommon => "config-common",
            Self::ConfigDefault => "config-default",
            Self::Optional => "optional",
            Self::Ui => "ui",
            Self::License => "license",
            Self::Upload => "upload",
        }
    }
}

/// What it means for a boot that a file is absent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WhenAbsent {
    /// The phone cannot go on.
    Fatal,
    /// It goes on, and something is lost.
    Degraded,
    /// Nothing.
    Benign,
    /// Nothing, when another member of its chain arrived.
    BenignIfOther,
    /// Nothing, unless the phone has no image.
    BenignIfInstalled,
}

impl WhenAbsent {
    /// The word in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Fatal => "fatal",
            Self::Degraded => "degraded",
            Self::Benign => "benign",
            Self::BenignIfOther => "benign-if-other",
            Self::BenignIfInstalled => "benign-if-installed",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::At;
    use crate::session::phone::ClueSource;
    use phoneboot_parsers::WireText;

    fn clue(source: ClueSource, value: &str) -> Seen<Clue> {
        let value = WireText::from(value);
        Seen::new(Clue { source, value }, At::default())
    }

    fn family(id: &str) -> &'static Profile {
        Profiles::embedded().family(id).unwrap()
    }

    fn folder_with(file: &str, text: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(file), text).unwrap();
        folder
    }

    #[test]
    fn embeds_every_file_of_the_folder_in_order() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/profiles");
        let mut ids: Vec<String> = toml_files(&folder)
            .unwrap()
            .iter()
            .map(|path| path.file_stem().unwrap().to_string_lossy().into_owned())
            .collect();
        ids.sort();
        let embedded: Vec<&str> = EMBEDDED.iter().map(|(id, _)| *id).collect();
        assert_eq!(embedded, ids);
    }

    #[test]
    fn every_example_of_every_family_holds() {
        let families = source::embedded(EMBEDDED, true).unwrap();
        if let Err(error) = source::resolve(&families) {
            panic!("{error}");
        }
        for family in families.values() {
            assert!(!family.examples().is_empty(), "{}", family.id());
            if let Err(error) = examples::check(Profiles::embedded(), family) {
                panic!("{error}");
            }
            let models = &Profiles::embedded().family(family.id()).unwrap().models;
            for example in family.examples() {
                if let Some(model) = &example.get_ref().model {
                    assert!(models.contains(model), "{}: {model}", family.id());
                }
            }
        }
    }

    #[test]
    fn examples_stand_last_in_every_built_in_file() {
        for (id, text) in EMBEDDED {
            let (_, examples) = text.split_once("\n[[example]]\n").expect(id);
            let other = examples
                .lines()
                .find(|line| line.starts_with('[') && *line != "[[example]]");
            assert_eq!(other, None, "{id}");
        }
    }

    #[test]
    fn every_family_says_where_its_server_comes_from_and_where_we_know_it_from() {
        for profile in Profiles::embedded().all() {
            assert!(!profile.provisioning.options.is_empty(), "{}", profile.id);
            assert!(!profile.sources.is_empty(), "{}", profile.id);
            assert!(!profile.identify_rules.is_empty(), "{}", profile.id);
        }
    }

    #[test]
    fn takes_no_other_host_for_a_phone() {
        use ClueSource::{
            CdpPlatform, DhcpParameterList, DhcpVendorClass, FileName, HttpUserAgent, Mac,
            SipUserAgent,
        };
        let cisco = clue(Mac, "00:1a:a1:7b:e6:38");
        let asks_150 = clue(DhcpParameterList, "1,3,6,12,42,66,150");
        for clues in [
            vec![],
            vec![cisco.clone()],
            vec![asks_150.clone()],
            vec![clue(Mac, "00:04:0d:01:02:03")],
            vec![clue(Mac, "00:80:f0:01:02:03")],
            vec![cisco.clone(), clue(CdpPlatform, "cisco WS-C3560G-24PS")],
            vec![
                cisco.clone(),
                asks_150.clone(),
                clue(CdpPlatform, "cisco WS-C3560"),
            ],
            vec![
                cisco.clone(),
                asks_150.clone(),
                clue(DhcpVendorClass, "Cisco AP c1240"),
            ],
            vec![
                cisco.clone(),
                clue(DhcpParameterList, "1,6,15,44,3,33,150,43"),
            ],
            vec![
                cisco.clone(),
                clue(DhcpParameterList, "1,66,6,15,44,3,67,12,33,150,43"),
            ],
            vec![
                cisco,
                asks_150.clone(),
                clue(DhcpVendorClass, "udhcp 1.22.1"),
            ],
            vec![
                clue(DhcpVendorClass, "MSFT 5.0"),
                clue(FileName, "0004f20b0c0d.cfg"),
            ],
            vec![
                clue(DhcpVendorClass, "PXEClient:Arch:00000:UNDI:002001"),
                asks_150,
            ],
            vec![clue(DhcpVendorClass, "android-dhcp-13")],
            vec![clue(
                DhcpVendorClass,
                "dhcpcd-6.11.5:Linux-4.1.18-v7+:armv7l:BCM2709",
            )],
            vec![
                clue(HttpUserAgent, "curl/8.5.0"),
                clue(FileName, "SEP001AA17BE638.cnf.xml"),
            ],
            vec![clue(
                HttpUserAgent,
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64)",
            )],
            vec![clue(FileName, "index.html")],
            vec![clue(FileName, "pxelinux.0")],
            // Words that anything may say, on hardware of a maker of phones too.
            vec![
                clue(Mac, "00:1a:a1:7b:e6:38"),
                clue(HttpUserAgent, "Allegro-Software-WebClient/5.40b1"),
            ],
            vec![clue(HttpUserAgent, "Mozilla/5.0")],
            vec![clue(
                HttpUserAgent,
                "Mozilla/4.0 (compatible; MSIE 6.0; Windows NT 5.1)",
            )],
            vec![clue(HttpUserAgent, "Wget/1.21")],
            vec![
                clue(Mac, "00:04:0d:01:02:03"),
                clue(DhcpVendorClass, "Hewlett-Packard JetDirect"),
            ],
            vec![
                clue(Mac, "00:80:f0:01:02:03"),
                clue(DhcpVendorClass, "Panasonic Network Camera"),
            ],
            vec![
                clue(Mac, "00:1a:a1:7b:e6:38"),
                clue(CdpPlatform, "Cisco IP Camera"),
            ],
            vec![
                clue(Mac, "00:1a:a1:7b:e6:38"),
                clue(CdpPlatform, "cisco AIR-CAP2702I-E-K9"),
                clue(FileName, "ap3g2-k9w7-tar.default"),
            ],
            vec![clue(SipUserAgent, "Cisco-SIPGateway/IOS-15.4")],
            vec![clue(SipUserAgent, "Zoiper rv2.10")],
            vec![clue(FileName, "network-confg")],
            vec![clue(FileName, "common.cfg")],
        ] {
            let found = Profiles::embedded().identify(&clues);
            assert!(found.is_none(), "{clues:?} is taken for {found:?}");
        }
    }

    #[test]
    fn small_systems_of_phone_makers_stay_phones() {
        let clues = [
            clue(ClueSource::Mac, "80:5e:c0:0b:0c:0d"),
            clue(ClueSource::DhcpVendorClass, "udhcp 1.22.1"),
        ];
        let found = Profiles::embedded().identify(&clues).unwrap();
        assert_eq!(found.profile.unwrap().id, "yealink");
        assert_eq!(found.evidence, [0]);
    }

    #[test]
    fn a_telephone_of_no_known_family_keeps_its_own_words() {
        let clues = [
            clue(ClueSource::LldpManufacturer, "Acme\0"),
            clue(ClueSource::LldpModel, "Talk 1"),
            clue(ClueSource::LldpSoftware, "1.2"),
            clue(ClueSource::LldpTelephone, "telephone"),
        ];
        let found = Profiles::embedded().identify(&clues).unwrap();
        assert!(found.profile.is_none());
        assert_eq!(found.vendor.as_deref(), Some("Acme"));
        assert_eq!(found.model.as_deref(), Some("Talk 1"));
        assert_eq!(found.firmware.as_deref(), Some("1.2"));
        assert_eq!(found.evidence, [3]);
    }

    #[test]
    fn a_host_that_looks_for_a_server_by_sip_is_a_phone_of_some_maker() {
        let words = "vendor=\"Acme\";model=\"Talk 1\";version=\"1.2\";mac=\"02000a0b0c0d\"";
        let clues = [clue(ClueSource::SipPnp, words)];
        let found = Profiles::embedded().identify(&clues).unwrap();
        assert!(found.profile.is_none());
        assert_eq!(found.vendor.as_deref(), Some("Acme"));
        assert_eq!(found.model.as_deref(), Some("Talk 1"));
        assert_eq!(found.firmware.as_deref(), Some("1.2"));
        assert_eq!(found.mac, MacAddress::parse("02:00:0a:0b:0c:0d"));
    }

    #[test]
    fn evidence_comes_strongest_first() {
        let clues = [
            clue(ClueSource::Mac, "00:1a:a1:7b:e6:38"),
            clue(ClueSource::DhcpHostName, "SEP001AA17BE638"),
            clue(ClueSource::CdpSoftware, "term70.default"),
            clue(ClueSource::DhcpUserClass, "anything"),
        ];
        let found = Profiles::embedded().identify(&clues).unwrap();
        assert_eq!(found.evidence, [2, 1, 0]);
        assert_eq!(found.model.as_deref(), Some("7970"));
    }

    #[test]
    fn knows_what_a_file_is_for() {
        // family, requested name, role, what its absence means, chain
        let table = "
            cisco-79x1 term70.default.loads recovery fatal -
            cisco-79x1 /CTLSEP001AA17BE638.tlv trust benign -
            cisco-79x1 SEP001AA17BE638.cnf.xml config degraded config
            cisco-79x1 XMLDefault.cnf.xml config-default fatal config
            cisco-79x1 SCCP41.9-4-2SR3-1S.loads firmware-list degraded -
            cisco-79x1 Jar70sccp.8-3-2-27.sbn firmware fatal -
            cisco-79x1 United_States/g3-tones.xml ui benign -
            cisco-7940-7960 SIP001AA17BE638.cnf config degraded config
            cisco-7940-7960 SEP001AA17BE638.cnf.xml config benign-if-other config
            polycom-soundpoint bootrom.ld boot-loader benign boot-loader
            polycom-soundpoint 2345-12360-001.sip.ld firmware benign-if-installed application
            polycom-soundpoint 000000000000.cfg config-default degraded master
            polycom-soundpoint 0004f2aabbcc.cfg config benign-if-other master
            polycom-soundpoint 0004f2aabbcc-boot.log upload benign -
            polycom-vvx 000000000000-license.cfg license benign -
            yealink-t4x T48S.rfs recovery fatal recovery
            yealink-t4x 001565aabbcc.cfg?x=1 config benign-if-other config
            yealink-t4x T46S%28T48S%2CT42S%2CT41S%29-66.84.0.125.rom firmware benign -
            aastra security.tuz trust benign -
            aastra 00085DAABBCC.cfg config degraded config
            aastra aastra.tuz config-common benign-if-other config
            aastra 6757i.cfg config-common benign config
            aastra startup.lic license benign -
            aastra 6869i.st firmware benign -
            alcatel /lanpbx.cfg master fatal -
            alcatel sipconfig-00809faabbcc.txt config degraded config
            alcatel config.3c28a6aabbcc.xml config degraded config
            avaya 46xxUPGRADE.SCR master degraded scripts
            avaya-96x1 96x1Supgrade.txt master degraded scripts
            avaya-j100 46xxsettings.txt config-common degraded scripts
            avaya-j100 FW_S_J179_R4_1_3_0_6.bin firmware benign-if-installed -
            avaya-12xx 1230.cfg master benign-if-other master
            avaya-12xx SIP001B4FAABBCC.cfg config degraded -
            cisco-792x WLANDefault.xml optional benign -
            cisco-89xx-99xx sip9971.9-4-1-9.loads firmware-list degraded -
            cisco-mpp CP-8841-3PCC.cfg master degraded config
            cisco-spa spa504G.cfg master degraded config
            digium 000fd3aabbcc-contacts.xml ui benign -
            algo algom0022eeaabbcc.conf config benign-if-other config
            escene 200_Extern.xml ui benign -
            vtech VCS754_00122AAABBCC.cfg config degraded config
            fanvil F0V00X700000.cfg config-common benign-if-other config
            fanvil F0000X600000.cfg config-common benign-if-other config
            fanvil f0X3shw1.100.cfg config-common benign-if-other config
            fanvil fanvil_x210_pro_hwv2_0.txt firmware-list benign -
            grandstream cfg000b82aabbcc config benign -
            grandstream cfg000b82aabbcc.xml config degraded config
            grandstream cfggrp2614.xml config-default benign-if-other config
            grandstream gxp2140fw.bin firmware benign -
            htek cfg0010.xml config-common benign-if-other config
            mitel-53xx MN_generic.CFG config-common benign-if-other config
            mitel-53xx MainIp5360.bin firmware benign-if-installed -
            panasonic KX-HDV230.cfg master degraded -
            panasonic Config0080F0AABBCC.cfg config degraded -
            polycom-soundpoint 0004f2aabbcc-web.cfg optional benign -
            polycom-soundpoint phone1.cfg config-common degraded -
            polycom-soundpoint 0004f2aabbcc-calls.xml ui benign -
            snom snom320-000413AABBCC.htm config benign-if-other config
            snom snom320.htm config-common degraded config
            snom snom820-r.bin recovery fatal -
            snom gui_lang.xml ui benign -
            thomson ST2030S.inf master degraded -
            yealink-t4x y000000000065.cfg config-common benign-if-other config
            yealink-t4x y000000000000.boot optional benign boot
            yealink-t4x 001565aabbcc-local.cfg optional benign -
            yealink-t4x T21D.rom recovery fatal recovery
        ";
        for row in table.lines().filter(|row| !row.trim().is_empty()) {
            let columns: Vec<&str> = row.split_whitespace().collect();
            let found = family(columns[0]).file(columns[1]).expect(row);
            assert_eq!(found.role().name(), columns[2], "{row}");
            assert_eq!(found.when_absent().name(), columns[3], "{row}");
            let chain = found.chain.map_or("-", |chain| chain.name.as_str());
            assert_eq!(chain, columns[4], "{row}");
        }
        assert!(family("cisco-79x1").file("index.html").is_none());
    }

    #[test]
    fn a_file_name_tells_model_address_and_spelling() {
        let found = family("polycom-soundpoint")
            .file("2345-12360-001.SIP.ld")
            .unwrap();
        assert_eq!(found.model.as_deref(), Some("SoundPoint IP 321"));
        assert_eq!(found.expected_spelling, None);
        let found = family("cisco-79x1")
            .file("sep001aa17be638.CNF.xml")
            .unwrap();
        assert_eq!(
            found.expected_spelling.as_deref(),
            Some("SEP001AA17BE638.cnf.xml")
        );
        assert_eq!(found.mac, MacAddress::parse("001aa17be638"));
        let found = family("aastra").file("00085d0b0c0d.cfg").unwrap();
        assert_eq!(found.expected_spelling.as_deref(), Some("00085D0B0C0D.cfg"));
        let found = family("yealink-t4x").file("T48S.rom").unwrap();
        assert_eq!(found.model.as_deref(), Some("T48S"));
    }

    #[test]
    fn recovery_of_a_7970_needs_more_than_low_power() {
        let power = &family("cisco-79x1").power;
        assert!(power.boots_on_low_power(Some("7970")));
        assert!(!power.recovers_on_low_power(Some("7970")));
        assert!(power.recovers_on_low_power(Some("7941")));
        assert!(power.recovers_on_low_power(None));
    }

    #[test]
    fn a_folder_adds_families_and_takes_the_place_of_built_in_ones() {
        let folder = folder_with(
            "acme.toml",
            "vendor = 'Acme'\ntitle = 'Acme Talk'\nbase = 'polycom'\n\
             [[identify]]\nsource = 'dhcp-vendor-class'\npattern = '^acme-(?P<model>\\w+)'\n\
             strength = 'certain'\nexample = 'acme-1'\ngives = { model = '1' }\n\
             [[example]]\nclues = [['dhcp-vendor-class', 'acme-2']]\nmodel = '2'\n",
        );
        fs::write(
            folder.path().join("htek.toml"),
            "vendor = 'Hanlong'\ntitle = 'H'\n",
        )
        .unwrap();
        fs::write(folder.path().join("README"), "not a profile").unwrap();
        let profiles = Profiles::with_folder(folder.path()).unwrap();
        assert_eq!(profiles.all().len(), EMBEDDED.len() + 1);
        assert_eq!(profiles.family("htek").unwrap().vendor, "Hanlong");
        let found = profiles
            .identify(&[clue(ClueSource::DhcpVendorClass, "acme-x")])
            .unwrap();
        assert_eq!(found.model.as_deref(), Some("x"));
        let acme = found.profile.unwrap();
        assert_eq!(acme.patience_secs, 90);
        assert_eq!(
            acme.file("sip.ld").unwrap().chain.unwrap().needs,
            Needs::First
        );
    }

    #[test]
    fn a_bad_file_is_refused_with_line_and_reason() {
        for (text, line, reason) in [
            (
                "vendor = 'A'\ntitle = \n",
                Some(2),
                "string values must be quoted",
            ),
            (
                "vendor = 'A'\ntitle = 'T'\ncolour = 1\n",
                Some(3),
                "unknown field `colour`",
            ),
            (
                "vendor = 'A'\ntitle = 'T'\nbase = 'none'\n",
                Some(3),
                "is no family without a base",
            ),
            (
                "vendor = 'A'\ntitle = 'T'\noverrules = ['cisco', 'none']\n",
                Some(3),
                "is no other family",
            ),
            (
                "vendor = 'A'\ntitle = 'T'\n[[file]]\nname = 'x'\npattern = '('\nexample = 'x'\n\
                 role = 'config'\nwhen_absent = 'fatal'\n",
                Some(5),
                "unclosed group",
            ),
            (
                "vendor = 'A'\ntitle = 'T'\n[[file]]\nname = '<x>'\npattern = '^a$'\nexample = 'b'\n\
                 role = 'config'\nwhen_absent = 'fatal'\n",
                Some(3),
                "does not match",
            ),
            (
                "vendor = 'A'\ntitle = 'T'\n[[chain]]\nname = 'c'\nneeds = 'any'\nmembers = ['x']\n",
                Some(3),
                "names \"x\", which is no file here",
            ),
            (
                "vendor = 'A'\ntitle = 'T'\n[[identify]]\nsource = 'smell'\npattern = 'a'\n\
                 strength = 'hint'\nexample = 'a'\n",
                Some(4),
                "no clue comes from \"smell\"",
            ),
            (
                "vendor = 'A'\ntitle = 'T'\n[[display]]\nphase = 'lunch'\nshows = 'a'\nmeans = 'b'\n",
                Some(3),
                "is no phase of a boot",
            ),
            (
                "vendor = 'A'\ntitle = 'T'\n[[tls]]\nhighest = '1.4'\n",
                Some(4),
                "unknown variant `1.4`",
            ),
            (
                "vendor = 'A'\ntitle = 'T'\n[[example]]\nclues = [['file-name', 'x']]\n",
                Some(3),
                "taken for no phone",
            ),
        ] {
            let folder = folder_with("bad.toml", text);
            let error = Profiles::with_folder(folder.path()).unwrap_err();
            assert_eq!(error.line, line, "{text}: {error}");
            assert!(error.reason.contains(reason), "{text}: {error}");
            assert!(error.to_string().contains("bad.toml:"), "{error}");
        }
    }

    #[test]
    fn an_absent_folder_is_named() {
        let error = Profiles::with_folder(Path::new("/nonexistent/profiles")).unwrap_err();
        assert_eq!(
            (error.file.as_str(), error.line),
            ("/nonexistent/profiles", None)
        );
    }
}
