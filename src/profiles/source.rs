//! From a profile file to a [`Profile`]: the TOML layout, its checks, and the line
//! to blame when one fails.

use std::collections::BTreeMap;
use std::ops::Range;

use phoneboot_parsers::{MacAddress, WireText};
use toml::Spanned;

use super::care::{PHASES, Power, Sign};
use super::layout::{Example, Gives, IdentifyLayout, Layout};
use super::pattern::Pattern;
use super::provisioning::Provisioning;
use super::recognition::{Facts, IdentifyRule, Ouis};
use super::{Chain, FileRule, Profile, ProfileError};
use crate::session::phone::ClueSource;

/// How long a phone may be silent where its profile says nothing.
const DEFAULT_PATIENCE_SECS: u32 = 30;

/// Every place that a rule may look at, for finding one by its name.
const CLUE_SOURCES: [ClueSource; 22] = [
    ClueSource::Mac,
    ClueSource::DhcpVendorClass,
    ClueSource::DhcpUserClass,
    ClueSource::DhcpParameterList,
    ClueSource::DhcpHostName,
    ClueSource::CdpDeviceId,
    ClueSource::CdpPlatform,
    ClueSource::CdpSoftware,
    ClueSource::LldpSystemName,
    ClueSource::LldpSystemDescription,
    ClueSource::LldpManufacturer,
    ClueSource::LldpModel,
    ClueSource::LldpSoftware,
    ClueSource::LldpTelephone,
    ClueSource::HttpUserAgent,
    ClueSource::SipUserAgent,
    ClueSource::SipPnp,
    ClueSource::FileName,
    ClueSource::TftpOption,
    ClueSource::SccpDeviceName,
    ClueSource::RunningLoad,
    ClueSource::EapIdentity,
];

/// Reads the built-in files.
///
/// Their patterns and examples are checked by a test, not in every run; without the
/// check the examples, half of every file, are not even read.
pub(super) fn embedded(
    files: &[(&str, &str)],
    is_checked: bool,
) -> Result<BTreeMap<String, Family>, ProfileError> {
    files
        .iter()
        .map(|(id, text)| {
            let text = if is_checked {
                text
            } else {
                without_examples(text)
            };
            let family = Family::read(id, &format!("{id}.toml"), text, is_checked)?;
            Ok(((*id).to_owned(), family))
        })
        .collect()
}

/// A built-in file as far as its examples; they stand last in it.
fn without_examples(text: &str) -> &str {
    text.split_once("\n[[example]]\n")
        .map_or(text, |(before, _)| before)
}

/// Makes profiles of files, each with what it inherits, in the order of ids.
pub(super) fn resolve(families: &BTreeMap<String, Family>) -> Result<Vec<Profile>, ProfileError> {
    let mut profiles = BTreeMap::new();
    for (id, family) in families {
        for overruled in &family.layout.overrules {
            let name = overruled.get_ref();
            if name == id || !families.contains_key(name) {
                let reason = format!("overrules {name:?}, which is no other family");
                return Err(family.error(&overruled.span(), reason));
            }
        }
        if family.layout.base.is_none() {
            profiles.insert(id.clone(), family.profile(None)?);
        }
    }
    for (id, family) in families {
        if let Some(base) = &family.layout.base {
            let name = base.get_ref();
            let found = profiles
                .get(name)
                .filter(|profile: &&Profile| profile.base.is_none());
            let found = found.ok_or_else(|| {
                let reason = format!("base {name:?} is no family without a base");
                family.error(&base.span(), reason)
            })?;
            let profile = family.profile(Some(found))?;
            profiles.insert(id.clone(), profile);
        }
    }
    Ok(profiles.into_values().collect())
}

/// One profile file as it was read.
pub(super) struct Family {
    id: String,
    file: String,
    text: String,
    layout: Layout,
    /// Whether patterns and examples are put to the test as the file is taken in.
    is_checked: bool,
}

impl Family {
    /// Reads one file. `file` is what errors call it.
    pub(super) fn read(
        id: &str,
        file: &str,
        text: &str,
        is_checked: bool,
    ) -> Result<Self, ProfileError> {
        let layout = toml::from_str(text).map_err(|error| ProfileError {
            file: file.to_owned(),
            line: error.span().map(|span| line_of(text, span.start)),
            reason: plain(error.message()),
        })?;
        Ok(Self {
            id: id.to_owned(),
            file: file.to_owned(),
            text: text.to_owned(),
            layout,
            is_checked,
        })
    }

    pub(super) fn id(&self) -> &str {
        &self.id
    }

    pub(super) fn layout(&self) -> &Layout {
        &self.layout
    }

    pub(super) fn examples(&self) -> &[Spanned<Example>] {
        &self.layout.example
    }

    /// An error that blames the line where `span` begins.
    pub(super) fn error(&self, span: &Range<usize>, reason: String) -> ProfileError {
        ProfileError {
            file: self.file.clone(),
            line: Some(line_of(&self.text, span.start)),
            reason,
        }
    }

    fn profile(&self, base: Option<&Profile>) -> Result<Profile, ProfileError> {
        let layout = &self.layout;
        if self.is_checked {
            self.check_plausible()?;
        }
        let mut file_rules = self.file_rules()?;
        let mut chains: Vec<Chain> = layout
            .chain
            .iter()
            .map(|chain| chain.get_ref().clone())
            .collect();
        if let Some(base) = base {
            inherit_files(&mut file_rules, base);
            let inherited = base.chains.iter().filter(|chain| {
                layout
                    .chain
                    .iter()
                    .all(|own| own.get_ref().name != chain.name)
            });
            chains.extend(inherited.cloned());
        }
        self.join_chains(&mut file_rules, &chains)?;
        let profile = Profile {
            id: self.id.clone(),
            vendor: layout.vendor.clone(),
            title: layout.title.clone(),
            base: layout.base.as_ref().map(|id| id.get_ref().clone()),
            overrules: layout
                .overrules
                .iter()
                .map(|id| id.get_ref().clone())
                .collect(),
            models: layout
                .models
                .iter()
                .map(|it| it.get_ref().clone())
                .collect(),
            aliases: layout.aliases.clone(),
            file_rules,
            chains,
            provisioning: match (&layout.provisioning, base) {
                (Some(own), _) => own.provisioning(),
                (None, Some(base)) => base.provisioning.clone(),
                (None, None) => Provisioning::default(),
            },
            power: Power {
                needs: own_then(&layout.power, base.map(|base| base.power.needs.as_slice())),
            },
            tls: match (layout.tls.as_slice(), base) {
                ([], Some(base)) => base.tls.clone(),
                (own, _) => own.to_vec(),
            },
            clock: layout
                .clock
                .clone()
                .or_else(|| base.and_then(|base| base.clock.clone())),
            patience_secs: layout
                .patience_secs
                .or_else(|| base.map(|base| base.patience_secs))
                .unwrap_or(DEFAULT_PATIENCE_SECS),
            first_request_secs: layout
                .first_request_secs
                .or_else(|| base?.first_request_secs),
            firmware_restarts: layout
                .firmware_restarts
                .or_else(|| base.map(|base| base.firmware_restarts))
                .unwrap_or(1),
            recovery: own_then(&layout.recovery, base.map(|base| base.recovery.as_slice())),
            factory_reset: own_then(
                &layout.factory_reset,
                base.map(|base| base.factory_reset.as_slice()),
            ),
            lamps: own_then(
                &self.signs(&layout.lamp)?,
                base.map(|base| base.lamps.as_slice()),
            ),
            display: own_then(
                &self.signs(&layout.display)?,
                base.map(|base| base.display.as_slice()),
            ),
            notes: own_then(&layout.notes, base.map(|base| base.notes.as_slice())),
            sources: own_then(&layout.sources, base.map(|base| base.sources.as_slice())),
            identify_rules: self.identify_rules()?,
            ouis: self.ouis()?,
        };
        if self.is_checked {
            self.check_file_examples(&profile)?;
        }
        Ok(profile)
    }

    /// A pattern, looked at now when the file is checked, else when it is first asked.
    fn pattern(
        &self,
        text: String,
        ignore_case: bool,
        span: &Range<usize>,
    ) -> Result<Pattern, ProfileError> {
        let pattern = Pattern::new(text, ignore_case);
        if self.is_checked {
            pattern
                .check()
                .map_err(|error| self.error(span, last_line(&error.to_string())))?;
        }
        Ok(pattern)
    }

    fn file_rules(&self) -> Result<Vec<FileRule>, ProfileError> {
        self.layout
            .file
            .iter()
            .map(|spanned| {
                let file = spanned.get_ref();
                let name = file.name.get_ref();
                let (pattern, blamed) = match &file.pattern {
                    Some(pattern) => (pattern.get_ref().clone(), pattern.span()),
                    None => (pattern_of(name), file.name.span()),
                };
                let pattern = self.pattern(pattern, true, &blamed)?;
                if self.is_checked {
                    let templates = [&file.model, &file.firmware, &file.phone_name];
                    self.check_templates(&pattern, templates, &blamed)?;
                }
                let example = match &file.example {
                    Some(example) => example.get_ref().clone(),
                    None => example_of(name),
                };
                Ok(FileRule {
                    name: name.clone(),
                    pattern,
                    example,
                    role: file.role,
                    when_absent: file.when_absent,
                    chain: None,
                    writes: file.writes,
                    early_close_is_normal: file.early_close_is_normal,
                    note: file.note.clone(),
                    facts: Facts {
                        model: file.model.clone(),
                        firmware: file.firmware.clone(),
                        name: file.phone_name.clone(),
                        vendor: file.vendor.clone(),
                        models: file.models.clone(),
                    },
                    strength: file.identifies,
                })
            })
            .collect()
    }

    /// Tells every file its chain.
    fn join_chains(
        &self,
        file_rules: &mut [FileRule],
        chains: &[Chain],
    ) -> Result<(), ProfileError> {
        for chain in chains {
            for member in &chain.members {
                let rule = file_rules.iter_mut().find(|rule| rule.name == *member);
                let problem = match rule {
                    None => format!(
                        "chain {:?} names {member:?}, which is no file here",
                        chain.name
                    ),
                    Some(rule)
                        if rule
                            .chain
                            .as_ref()
                            .is_some_and(|other| *other != chain.name) =>
                    {
                        format!("{member:?} belongs to two chains")
                    }
                    Some(rule) => {
                        rule.chain = Some(chain.name.clone());
                        continue;
                    }
                };
                let own = |spanned: &&Spanned<Chain>| spanned.get_ref().name == chain.name;
                let span = self.layout.chain.iter().find(own).map(Spanned::span);
                return Err(self.error(&span.unwrap_or_default(), problem));
            }
        }
        Ok(())
    }

    /// Every file's example must be matched by its own rule before any other.
    fn check_file_examples(&self, profile: &Profile) -> Result<(), ProfileError> {
        for (layout, rule) in self.layout.file.iter().zip(&profile.file_rules) {
            let first = profile.file(&rule.example).map(|found| found.rule);
            let problem = match first {
                Some(first) if std::ptr::eq(first, rule) => continue,
                Some(first) => format!("example {:?} is taken by {:?}", rule.example, first.name),
                None => format!("example {:?} does not match", rule.example),
            };
            return Err(self.error(&layout.span(), problem));
        }
        Ok(())
    }

    fn identify_rules(&self) -> Result<Vec<IdentifyRule>, ProfileError> {
        self.layout
            .identify
            .iter()
            .map(|spanned| self.identify_rule(spanned.get_ref()))
            .collect()
    }

    fn identify_rule(&self, layout: &IdentifyLayout) -> Result<IdentifyRule, ProfileError> {
        let source = clue_source(layout.source.get_ref()).ok_or_else(|| {
            let reason = format!("no clue comes from {:?}", layout.source.get_ref());
            self.error(&layout.source.span(), reason)
        })?;
        let pattern = layout.pattern.get_ref().clone();
        let pattern = self.pattern(pattern, false, &layout.pattern.span())?;
        let facts = Facts {
            model: layout.model.clone(),
            firmware: layout.firmware.clone(),
            name: layout.name.clone(),
            vendor: layout.vendor.clone(),
            models: layout.models.clone(),
        };
        let example = unescape(layout.example.get_ref());
        let example = WireText::without_trailing_nuls(&example);
        if self.is_checked {
            let templates = [&layout.model, &layout.firmware, &layout.name];
            self.check_templates(&pattern, templates, &layout.pattern.span())?;
            self.check_identify_example(layout, &pattern, &facts, &example)?;
        }
        Ok(IdentifyRule {
            source,
            pattern,
            strength: layout.strength,
            example: layout.example.get_ref().clone(),
            facts,
        })
    }

    /// An identification's example must be told as its author says.
    fn check_identify_example(
        &self,
        layout: &IdentifyLayout,
        pattern: &Pattern,
        facts: &Facts,
        example: &WireText,
    ) -> Result<(), ProfileError> {
        let Some(told) = facts.read(pattern, example.as_bytes()) else {
            return Err(self.error(&layout.example.span(), "example does not match".to_owned()));
        };
        let gives = Gives {
            model: told.model,
            firmware: told.firmware,
            name: told.name,
            vendor: told.vendor,
            mac: told.mac.map(|mac| mac.to_string()),
        };
        if gives != layout.gives {
            let reason = format!("example gives {gives}");
            return Err(self.error(&layout.example.span(), reason));
        }
        Ok(())
    }

    fn ouis(&self) -> Result<Ouis, ProfileError> {
        let Some(layout) = &self.layout.oui else {
            return Ok(Ouis::default());
        };
        let mut list = Vec::new();
        for digits in layout.list.get_ref().split_whitespace() {
            let mac = MacAddress::parse(&format!("{digits}000000")).ok_or_else(|| {
                let reason = format!("{digits:?} is not six hexadecimal digits");
                self.error(&layout.list.span(), reason)
            })?;
            list.push(mac.oui());
        }
        list.sort_unstable();
        list.dedup();
        Ok(Ouis {
            list,
            strength: Some(layout.strength),
        })
    }

    fn signs(&self, layout: &[Spanned<Sign>]) -> Result<Vec<Sign>, ProfileError> {
        layout
            .iter()
            .map(|spanned| {
                let sign = spanned.get_ref();
                match &sign.phase {
                    Some(phase) if !PHASES.contains(&phase.as_str()) => {
                        Err(self.error(&spanned.span(), format!("{phase:?} is no phase of a boot")))
                    }
                    _ => Ok(sign.clone()),
                }
            })
            .collect()
    }
}

/// What serde says, without the names of its types.
fn plain(message: &str) -> String {
    let bounds = [("u8", u32::from(u8::MAX)), ("u32", u32::MAX)];
    bounds
        .into_iter()
        .fold(message.to_owned(), |text, (name, most)| {
            text.replace(
                &format!("expected {name}"),
                &format!("expected a number from 0 to {most}"),
            )
        })
}

/// What is wrong with a regular expression, without its picture.
fn last_line(message: &str) -> String {
    let last = message.lines().last().unwrap_or(message);
    last.trim_start_matches("error: ").to_owned()
}

/// What the family says itself, then what its base says.
fn own_then<T: Clone>(own: &[T], base: Option<&[T]>) -> Vec<T> {
    let mut all = own.to_vec();
    all.extend_from_slice(base.unwrap_or_default());
    all
}

/// Adds the files of the base. Asking for one of them shows the base, not the
/// family: they lose their strength here.
fn inherit_files(file_rules: &mut Vec<FileRule>, base: &Profile) {
    let own: Vec<String> = file_rules.iter().map(|rule| rule.name.clone()).collect();
    let inherited = base
        .file_rules
        .iter()
        .filter(|rule| !own.contains(&rule.name));
    file_rules.extend(inherited.map(|rule| FileRule {
        strength: None,
        chain: None,
        ..rule.clone()
    }));
}

fn pattern_of(name: &str) -> String {
    let one_kind = regex::escape(name).replace("<MAC>", "<mac>");
    format!("^{}$", one_kind.replace("<mac>", "(?P<mac>[0-9a-f]{12})"))
}

fn example_of(name: &str) -> String {
    name.replace("<MAC>", "02000A0B0C0D")
        .replace("<mac>", "02000a0b0c0d")
}

/// The source with this name.
pub(super) fn clue_source(name: &str) -> Option<ClueSource> {
    CLUE_SOURCES
        .into_iter()
        .find(|source| source.name() == name)
}

/// Bytes from text in which `\xNN` stands for one byte.
pub(super) fn unescape(text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("\\x") {
        out.extend_from_slice(before.as_bytes());
        let byte = after
            .split_at_checked(2)
            .and_then(|(hex, tail)| Some((u8::from_str_radix(hex, 16).ok()?, tail)));
        if let Some((byte, tail)) = byte {
            out.push(byte);
            rest = tail;
        } else {
            out.extend_from_slice(b"\\x");
            rest = after;
        }
    }
    out.extend_from_slice(rest.as_bytes());
    out
}

/// The line, from 1, that holds a byte.
fn line_of(text: &str, offset: usize) -> usize {
    1 + text
        .bytes()
        .take(offset)
        .filter(|&byte| byte == b'\n')
        .count()
}
