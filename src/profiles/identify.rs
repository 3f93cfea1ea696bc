//! From clues to a family: every rule of every family is asked about every clue,
//! and the family with the strongest evidence is the answer.
//!
//! A vendor half of a MAC address is little where the maker also builds switches
//! and computers, and much where it builds phones alone; the profiles say which.

use std::cmp::Reverse;
use std::sync::LazyLock;

use phoneboot_parsers::{MacAddress, WireText};
use regex::bytes::Captures;

use super::pattern::Pattern;
use super::recognition::{Facts, Strength};
use super::{FileRule, Identification, Profile, Profiles, bare_file_name, listed};
use crate::event::Seen;
use crate::session::phone::{Clue, ClueSource, mac_in};

/// What no phone says: where, what, and how strongly it speaks against one.
const NOT_A_PHONE: &[(ClueSource, &str, Doubt)] = &[
    // Switches and access points name themselves in lower case: `cisco WS-C3560G-24PS`.
    (ClueSource::CdpPlatform, "^cisco ", Doubt::Strong),
    (
        ClueSource::CdpPlatform,
        "^(?:AIR-|N[0-9]K-|WS-|C9[0-9]{3})",
        Doubt::Strong,
    ),
    // Small systems of any kind use these clients, some phones among them.
    (
        ClueSource::DhcpVendorClass,
        "^(?i:android|dhcpcd|udhcp)",
        Doubt::Weak,
    ),
    (
        ClueSource::DhcpVendorClass,
        "^(?i:ArubaAP|Cisco AP|ciscopnp|Hewlett-Packard|MSFT|PXEClient|ubnt)",
        Doubt::Strong,
    ),
    (
        ClueSource::HttpUserAgent,
        r"^(?:curl|Wget|python-requests)/",
        Doubt::Strong,
    ),
    (
        ClueSource::HttpUserAgent,
        r"^Mozilla/5\.0 \((?:Macintosh|Windows NT|X11)",
        Doubt::Strong,
    ),
];

/// How strongly something speaks against a phone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Doubt {
    /// Hints no longer count.
    Weak,
    /// Only what is certain counts.
    Strong,
}

static DOUBTS: LazyLock<Vec<(ClueSource, Pattern, Doubt)>> = LazyLock::new(|| {
    NOT_A_PHONE
        .iter()
        .map(|(source, pattern, doubt)| {
            let regex = Pattern::new((*pattern).to_owned(), false);
            (*source, regex, *doubt)
        })
        .collect()
});

/// See [`Profiles::identify`].
pub(super) fn identify<'p>(
    profiles: &'p Profiles,
    clues: &[Seen<Clue>],
) -> Option<Identification<'p>> {
    let doubt = doubt(clues);
    let telephone = telephone_of(clues);
    let all: Vec<Standing<'p>> = profiles
        .all
        .iter()
        .map(|profile| Standing::of(profile, clues, doubt))
        .collect();
    let phones: Vec<Standing<'p>> = all
        .iter()
        .filter(|standing| standing.own_strength() >= Some(Strength::Hint))
        .map(|standing| standing.with_base(&all))
        .filter(|standing| standing.is_a_phone(telephone.is_some()))
        .collect();
    let best = phones
        .iter()
        .filter(|standing| {
            !phones
                .iter()
                .any(|other| other.stands_before(standing.profile))
        })
        .max_by_key(|standing| standing.rank());
    let Some(best) = best else {
        let sign = telephone
            .or_else(|| position_of(clues, ClueSource::SipPnp))
            .or_else(|| registers_and_is_provisioned(clues));
        return sign.map(|sign| unknown_family(clues, sign));
    };
    Some(best.identification(clues, telephone))
}

/// The clue by which a host calls itself a telephone.
pub(super) fn telephone_of(clues: &[Seen<Clue>]) -> Option<usize> {
    position_of(clues, ClueSource::LldpTelephone)
}

fn position_of(clues: &[Seen<Clue>], source: ClueSource) -> Option<usize> {
    clues.iter().position(|clue| clue.value.source == source)
}

/// The strongest doubt that any clue casts.
fn doubt(clues: &[Seen<Clue>]) -> Option<Doubt> {
    clues
        .iter()
        .flat_map(|clue| {
            DOUBTS.iter().filter(move |(source, pattern, _)| {
                *source == clue.value.source && pattern.is_match(clue.value.value.as_bytes())
            })
        })
        .map(|(_, _, doubt)| *doubt)
        .max()
}

/// The clue that a host registers by SIP, when it also asks DHCP for what only phones and
/// their like ask for. A PC with a telephone program does not.
fn registers_and_is_provisioned(clues: &[Seen<Clue>]) -> Option<usize> {
    /// Options 120, 150, 159, 160 and 66: SIP and provisioning servers.
    const WANTED: [&str; 5] = ["120", "150", "159", "160", "66"];
    let asks = clues.iter().any(|clue| {
        clue.value.source == ClueSource::DhcpParameterList
            && clue
                .value
                .value
                .to_string()
                .split(',')
                .any(|code| WANTED.contains(&code))
    });
    position_of(clues, ClueSource::SipUserAgent).filter(|_| asks)
}

/// A host that shows itself a telephone, and that no family fits.
fn unknown_family<'p>(clues: &[Seen<Clue>], sign: usize) -> Identification<'p> {
    let told = text_of(clues, ClueSource::SipPnp)
        .map(|text| listed::plug_and_play(&text))
        .unwrap_or_default();
    Identification {
        profile: None,
        vendor: text_of(clues, ClueSource::LldpManufacturer).or(told.vendor),
        model: text_of(clues, ClueSource::LldpModel).or(told.model),
        firmware: text_of(clues, ClueSource::LldpSoftware).or(told.firmware),
        name: None,
        mac: told.mac,
        evidence: vec![sign],
    }
}

/// The latest clue of a source, if it is not empty.
pub(super) fn text_of(clues: &[Seen<Clue>], source: ClueSource) -> Option<String> {
    let latest = clues.iter().rfind(|clue| clue.value.source == source)?;
    let text = without_nuls(&latest.value.value).to_string();
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}

pub(super) fn without_nuls(text: &WireText) -> WireText {
    WireText::without_trailing_nuls(text.as_bytes())
}

/// What the clues say for one family.
#[derive(Clone)]
struct Standing<'p> {
    profile: &'p Profile,
    /// What its own rules made of the clues, in the order of the clues.
    own: Vec<Match>,
    /// What the rules of its base made of them.
    inherited: Vec<Match>,
}

/// What one rule made of one clue.
#[derive(Debug, Clone)]
struct Match {
    clue: usize,
    source: ClueSource,
    strength: Strength,
    told: Told,
}

impl<'p> Standing<'p> {
    fn of(profile: &'p Profile, clues: &[Seen<Clue>], doubt: Option<Doubt>) -> Self {
        let own = clues
            .iter()
            .enumerate()
            .filter_map(|(index, clue)| {
                let by_rule = profile.understand(&clue.value);
                let (strength, told) =
                    by_rule.or_else(|| profile.understand_plain_words(&clue.value, clues))?;
                Some(Match {
                    clue: index,
                    source: clue.value.source,
                    strength,
                    told,
                })
            })
            .filter(|found| {
                found.strength == Strength::Detail
                    || match doubt {
                        None => true,
                        Some(Doubt::Weak) => found.strength > Strength::Hint,
                        Some(Doubt::Strong) => found.strength == Strength::Certain,
                    }
            })
            .collect();
        Self {
            profile,
            own,
            inherited: Vec::new(),
        }
    }

    /// The same with what the clues say for the base of the family.
    fn with_base(&self, all: &[Self]) -> Self {
        let base = self.profile.base.as_ref().and_then(|id| {
            all.iter()
                .find(|standing| standing.profile.id == *id)
                .map(|standing| standing.own.clone())
        });
        Self {
            inherited: base.unwrap_or_default(),
            ..self.clone()
        }
    }

    fn matches(&self) -> impl Iterator<Item = &Match> {
        self.own.iter().chain(&self.inherited)
    }

    fn own_strength(&self) -> Option<Strength> {
        self.own.iter().map(|found| found.strength).max()
    }

    /// Whether the other family is out because this one speaks: a family that has
    /// something to say for itself is more than its base.
    fn stands_before(&self, other: &Profile) -> bool {
        self.profile.base.as_ref() == Some(&other.id)
            || (self.own_strength() == Some(Strength::Certain)
                && self.profile.overrules.contains(&other.id))
    }

    fn is_a_phone(&self, says_telephone: bool) -> bool {
        let mut hints: Vec<ClueSource> = self
            .matches()
            .filter(|found| found.strength == Strength::Hint)
            .map(|found| found.source)
            .collect();
        hints.sort_unstable();
        hints.dedup();
        self.matches()
            .any(|found| found.strength >= Strength::Telling)
            || hints.len() > 1
            || (says_telephone && !hints.is_empty())
    }

    /// What decides between families: the strongest evidence, then whether it is the
    /// family's own, then how much there is of it. Of equals, the first in the order
    /// of ids wins.
    fn rank(&self) -> impl Ord + use<> {
        let strongest = self.matches().map(|found| found.strength).max();
        let n_strong = self
            .own
            .iter()
            .filter(|found| Some(found.strength) == strongest)
            .count();
        let id = Reverse(self.profile.id.clone());
        (strongest, self.own_strength(), n_strong, self.own.len(), id)
    }

    fn identification(&self, clues: &[Seen<Clue>], telephone: Option<usize>) -> Identification<'p> {
        let mut evidence: Vec<&Match> = self
            .matches()
            .filter(|found| found.strength > Strength::Detail)
            .collect();
        evidence.sort_by_key(|found| (Reverse(found.strength), found.clue));
        let mut indices: Vec<usize> = Vec::new();
        for index in evidence.iter().map(|found| found.clue).chain(telephone) {
            if !indices.contains(&index) {
                indices.push(index);
            }
        }
        Identification {
            profile: Some(self.profile),
            vendor: self
                .first_told(|told| told.vendor.clone())
                .or_else(|| Some(self.profile.vendor.clone())),
            model: self
                .first_told(|told| told.model.clone())
                .or_else(|| text_of(clues, ClueSource::LldpModel))
                .map(|model| self.profile.spelled(model)),
            firmware: self
                .latest_firmware()
                .or_else(|| text_of(clues, ClueSource::LldpSoftware)),
            name: self.first_told(|told| told.name.clone()),
            mac: self.first_told(|told| told.mac),
            evidence: indices,
        }
    }

    /// The strongest rule's word; of equals, that about the first clue.
    fn first_told<T>(&self, fact: impl Fn(&Told) -> Option<T>) -> Option<T> {
        self.matches()
            .filter_map(|found| Some((fact(&found.told)?, found)))
            .min_by_key(|(_, found)| (Reverse(found.strength), found.clue))
            .map(|(value, _)| value)
    }

    /// What runs at the end of what was seen.
    ///
    /// * A load by its name (`SIP42.9-4-2SR3-1S`, from CDP, LLDP or the call server) is
    ///   more than a version (`9.4.2`, from a User-Agent): servers and configurations
    ///   name the load, and the version is only a part of it. Of two loads the later
    ///   runs.
    /// * Of versions the strongest rule's counts; of equals the later, since firmware
    ///   changes in a boot.
    /// * A recovery loader (`term70.default`) runs only until anything else is told.
    fn latest_firmware(&self) -> Option<String> {
        let mut words: Vec<(&String, &Match)> = self
            .matches()
            .filter_map(|found| Some((found.told.firmware.as_ref()?, found)))
            .collect();
        words.sort_by_key(|(_, found)| found.clue);
        words
            .into_iter()
            .reduce(|kept, word| {
                let weight = |(firmware, found): &(&String, &Match)| {
                    if names_load(firmware) {
                        (true, None)
                    } else {
                        (false, Some(found.strength))
                    }
                };
                let is_outdone = is_recovery_loader(kept.0) || weight(&word) >= weight(&kept);
                if is_outdone { word } else { kept }
            })
            .map(|(firmware, _)| firmware.clone())
    }
}

/// Whether firmware is told by the name of its image; versions begin with a digit.
fn names_load(firmware: &str) -> bool {
    firmware.starts_with(|first: char| first.is_ascii_alphabetic())
}

fn is_recovery_loader(firmware: &str) -> bool {
    firmware.to_ascii_lowercase().ends_with(".default")
}

impl Profile {
    /// The first of the family's own rules that knows this clue.
    fn understand(&self, clue: &Clue) -> Option<(Strength, Told)> {
        match clue.source {
            ClueSource::Mac => self.understand_mac(&clue.value),
            ClueSource::FileName => self.understand_file(&clue.value),
            source => self.understand_text(source, &clue.value),
        }
    }

    fn understand_text(&self, source: ClueSource, value: &WireText) -> Option<(Strength, Told)> {
        let value = without_nuls(value);
        // A phone names itself to a call server as to a web server, and the reverse.
        let twin = match source {
            ClueSource::HttpUserAgent => Some(ClueSource::SipUserAgent),
            ClueSource::SipUserAgent => Some(ClueSource::HttpUserAgent),
            _ => None,
        };
        let rules_of = |source| {
            self.identify_rules
                .iter()
                .filter(move |rule| Some(rule.source) == source)
        };
        rules_of(Some(source))
            .chain(rules_of(twin))
            .find_map(|rule| {
                let told = rule.facts.read(&rule.pattern, value.as_bytes())?;
                Some((rule.strength, told))
            })
    }

    fn understand_mac(&self, value: &WireText) -> Option<(Strength, Told)> {
        let mac = MacAddress::parse(value.as_str()?)?;
        Some((self.strength_of(mac)?, Told::default()))
    }

    fn strength_of(&self, mac: MacAddress) -> Option<Strength> {
        self.ouis
            .list
            .binary_search(&mac.oui())
            .ok()
            .and(self.ouis.strength)
    }

    /// A file shows a family by its kind, and by the vendor half of an address in
    /// its name: `0004f2aabbcc.cfg` is a Polycom's, though others use that form too.
    fn understand_file(&self, value: &WireText) -> Option<(Strength, Told)> {
        let name = bare_file_name(&without_nuls(value).to_json());
        let mac = mac_in(&name);
        let by_mac = mac.and_then(|mac| self.strength_of(mac));
        let by_kind = self
            .file_rules
            .iter()
            .find(|rule| rule.pattern.is_match(name.as_bytes()))
            .and_then(|rule| {
                let told = rule.facts.read(&rule.pattern, name.as_bytes())?;
                Some((rule.strength?, told))
            });
        match (by_kind, by_mac) {
            // A name of the family's form around an address of the family's is no accident.
            (Some((kind, told)), Some(mac)) if kind > Strength::Detail => {
                Some((kind.max(mac).max(Strength::Telling), told))
            }
            (Some((kind, told)), by_mac) => Some((by_mac.map_or(kind, |mac| mac.max(kind)), told)),
            (None, Some(strength)) => Some((
                strength,
                Told {
                    mac,
                    ..Told::default()
                },
            )),
            (None, None) => None,
        }
    }
}

impl FileRule {
    /// What a name that matches tells of the phone.
    pub(super) fn facts(&self, name: &[u8]) -> Told {
        self.facts.read(&self.pattern, name).unwrap_or_default()
    }

    /// The name as documents spell it, when `name` differs from that in case alone.
    pub(super) fn expected_spelling(&self, name: &str) -> Option<String> {
        let mac = self
            .pattern
            .captures(name.as_bytes())
            .and_then(|groups| group(&groups, "mac"));
        let digits = mac.unwrap_or_default();
        let expected = self
            .name
            .replace("<MAC>", &digits.to_ascii_uppercase())
            .replace("<mac>", &digits.to_ascii_lowercase());
        (expected != name && expected.eq_ignore_ascii_case(name)).then_some(expected)
    }
}

/// What a clue tells beside the family.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) model: Option<String>,
    pub(super) firmware: Option<String>,
    pub(super) name: Option<String>,
    pub(super) vendor: Option<String>,
    pub(super) mac: Option<MacAddress>,
}

impl Facts {
    /// `None` when the pattern does not match, or matches a model that the list does
    /// not have.
    pub(super) fn read(&self, pattern: &Pattern, value: &[u8]) -> Option<Told> {
        let groups = pattern.captures(value)?;
        let model = group(&groups, "model");
        let model = if self.models.is_empty() {
            match &self.model {
                Some(template) => expand(&groups, template),
                None => model,
            }
        } else {
            let listed = self.models.get(&model?.to_ascii_lowercase())?;
            Some(listed.clone())
        };
        let firmware = match &self.firmware {
            Some(template) => expand(&groups, template),
            None => group(&groups, "firmware"),
        };
        Some(Told {
            model,
            firmware,
            name: self.name.as_ref().and_then(|name| expand(&groups, name)),
            vendor: self.vendor.clone(),
            mac: group(&groups, "mac")
                .and_then(|mac| MacAddress::parse(&mac))
                .filter(|mac| !mac.is_zero()),
        })
    }
}

/// A named group as text; `None` when it matched nothing.
fn group(groups: &Captures<'_>, name: &str) -> Option<String> {
    groups.name(name).and_then(|found| text(found.as_bytes()))
}

fn expand(groups: &Captures<'_>, template: &str) -> Option<String> {
    let mut out = Vec::new();
    groups.expand(template.as_bytes(), &mut out);
    text(&out)
}

fn text(bytes: &[u8]) -> Option<String> {
    let text = WireText::new(bytes).to_json();
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}
