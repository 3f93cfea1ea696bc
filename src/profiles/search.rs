//! From a word that a person types to the families it speaks of: `7970`, `CP-7970G`,
//! `sip-t48s`, `polycom 321`, `SPIP_335`.

use phoneboot_parsers::{MacAddress, WireText};

use super::{Identification, Profile, Profiles};
use crate::event::{At, Seen};
use crate::session::phone::{Clue, ClueSource};

/// What of a phone a person may have at hand besides its model, as clues come: first what
/// tells most.
const READABLE: [ClueSource; 8] = [
    ClueSource::SccpDeviceName,
    ClueSource::HttpUserAgent,
    ClueSource::SipUserAgent,
    ClueSource::DhcpVendorClass,
    ClueSource::CdpPlatform,
    ClueSource::FileName,
    ClueSource::CdpSoftware,
    ClueSource::DhcpHostName,
];

/// The shortest word and the shortest model with a number that say anything when they
/// are found inside what a person typed.
const SHORTEST_WORD: usize = 3;
const SHORTEST_MODEL: usize = 2;
/// The shortest model without a number.
const SHORTEST_NAME: usize = 8;

impl Profiles {
    /// The families that a word speaks of: an id alone when it is one, else those that
    /// explain most of it by their models, id, vendor, title and other names. Case,
    /// blanks and punctuation do not matter.
    pub fn search(&self, word: &str) -> Vec<&Profile> {
        let id = word.trim().to_ascii_lowercase();
        if let Some(exact) = self.family(&id) {
            return vec![exact];
        }
        let wanted = letters_and_digits(without_kind(word));
        if wanted.is_empty() {
            return Vec::new();
        }
        let ranked: Vec<(Fit, &Profile)> = self
            .all()
            .iter()
            .filter_map(|profile| Some((profile.fit(&wanted)?, profile)))
            .collect();
        let best = ranked.iter().map(|(fit, _)| *fit).max();
        ranked
            .into_iter()
            .filter(|(fit, _)| Some(*fit) == best)
            .map(|(_, profile)| profile)
            .collect()
    }

    /// Who a phone is by one thing that a person reads on it or in a log: its address or
    /// the vendor half of it, its SEP name, what it says to a server, a file it asks for.
    pub fn recognize(&self, word: &str) -> Option<Identification<'_>> {
        let word = word.trim();
        let clue = |source, value: &str| {
            let value = WireText::from(value);
            Seen::new(Clue { source, value }, At::default())
        };
        let by_address = address(word).and_then(|mac| {
            // Whoever asks here has a telephone.
            let clues = [
                clue(ClueSource::Mac, &mac.to_string()),
                clue(ClueSource::LldpTelephone, "telephone"),
            ];
            self.identify(&clues)
        });
        READABLE
            .iter()
            .filter_map(|source| self.identify(&[clue(*source, word)]))
            .chain(by_address)
            .find(|found| found.profile.is_some())
    }

    /// The family and its maker's others, in the order of ids.
    pub fn of_the_same_maker<'p>(&'p self, one: &'p Profile) -> impl Iterator<Item = &'p Profile> {
        self.all().iter().filter(|profile| {
            profile.vendor == one.vendor || profile.base.as_ref() == Some(&one.id)
        })
    }

    /// The families that inherit from one.
    pub fn heirs<'p>(&'p self, base: &'p Profile) -> impl Iterator<Item = &'p Profile> {
        self.all()
            .iter()
            .filter(|profile| profile.base.as_ref() == Some(&base.id))
    }
}

/// How well a family explains a word; more is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Fit {
    /// How many of the word's characters it explains.
    n_explained: usize,
    /// Whether a model is all that the word says: `320` is a 320 rather than a 320HD.
    is_model: bool,
    /// Whether a model or its number begins with the word: `67` is a 6757i rather than a
    /// GRP2670.
    begins: bool,
}

impl Profile {
    /// The models that a word speaks of; none where it speaks of the family.
    pub fn models_like(&self, word: &str) -> Vec<&str> {
        let wanted = letters_and_digits(without_kind(word));
        self.models
            .iter()
            .filter(|model| spellings(model).any(|model| begins(&model, &wanted)))
            .map(String::as_str)
            .collect()
    }

    /// `None`: it says nothing of the family.
    fn fit(&self, wanted: &str) -> Option<Fit> {
        let models: Vec<String> = self
            .models
            .iter()
            .flat_map(|model| spellings(model))
            .collect();
        let is_model = models.iter().any(|model| model == wanted);
        let names = [&self.id, &self.title, &self.vendor];
        let is_part = |text: &String| letters_and_digits(text).contains(wanted);
        if is_model
            || models.iter().any(|model| model.contains(wanted))
            || names.into_iter().chain(&self.aliases).any(is_part)
        {
            return Some(Fit {
                n_explained: wanted.len(),
                is_model,
                begins: models.iter().any(|model| begins(model, wanted)),
            });
        }
        // The number is what tells phones apart: `CP-7970G` is a 7970.
        let model = models
            .iter()
            .filter(|model| is_telling(model) && wanted.contains(model.as_str()))
            .max_by_key(|model| model.len())?;
        let rest = wanted.replacen(model, " ", 1);
        let words = names
            .into_iter()
            .chain(&self.aliases)
            .flat_map(|text| text.split(|c: char| !c.is_alphanumeric()))
            .map(letters_and_digits)
            .filter(|word| word.len() >= SHORTEST_WORD && rest.contains(word.as_str()));
        Some(Fit {
            n_explained: model.len() + words.map(|word| word.len()).max().unwrap_or(0),
            is_model: false,
            begins: false,
        })
    }
}

/// Whether a model begins with a word, or its number does.
fn begins(model: &str, wanted: &str) -> bool {
    let number = model.trim_start_matches(|c: char| !c.is_ascii_digit());
    !wanted.is_empty() && (model.starts_with(wanted) || number.starts_with(wanted))
}

/// The address that a word is, or one with the vendor half that it is: `00:04:f2`,
/// `0004f2`.
fn address(word: &str) -> Option<MacAddress> {
    const HALF_DIGITS: usize = 6;

    let digits: String = word.chars().filter(|c| !":-. ".contains(*c)).collect();
    if digits.len() == HALF_DIGITS {
        return MacAddress::parse(&format!("{digits}000001"));
    }
    MacAddress::parse(&digits)
}

/// The word without `SIP-` or `CP-` before it: makers put these before any model.
fn without_kind(word: &str) -> &str {
    let word = word.trim();
    match word.split_once(['-', ' ', '_']) {
        Some((kind, model)) if ["cp", "sip"].contains(&kind.to_ascii_lowercase().as_str()) => model,
        _ => word,
    }
}

/// A model as it is, and without the words before its number.
fn spellings(model: &str) -> impl Iterator<Item = String> {
    let last = model.rsplit(' ').next().filter(|last| *last != model);
    std::iter::once(model).chain(last).map(letters_and_digits)
}

/// Whether finding a model inside a word means anything: a number does, and so does a
/// name of two words, `SoundStation Duo`.
fn is_telling(model: &str) -> bool {
    let has_digit = model.contains(|c: char| c.is_ascii_digit());
    model.len()
        >= if has_digit {
            SHORTEST_MODEL
        } else {
            SHORTEST_NAME
        }
}

/// The word without case, blanks and punctuation: `SIP-T48S` and `sip t48s` are one.
fn letters_and_digits(word: &str) -> String {
    word.chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(word: &str) -> Vec<&'static str> {
        let found = Profiles::embedded().search(word);
        found.iter().map(|profile| profile.id.as_str()).collect()
    }

    #[test]
    fn finds_families_by_what_people_type() {
        for (word, families) in [
            ("7970", &["cisco-79x1"][..]),
            ("CP-7970G", &["cisco-79x1"]),
            ("cisco cp-7941g-ge", &["cisco-79x1"]),
            ("7841", &["cisco-78xx-88xx", "cisco-mpp"]),
            ("CP-7841-3PCC", &["cisco-mpp"]),
            ("SPA-504G", &["cisco-spa"]),
            ("sip-t48s", &["yealink-t4x"]),
            ("Yealink SIP-T54W", &["yealink-t5x"]),
            ("t19p e2", &["yealink-t4x"]),
            ("soundpoint", &["polycom-soundpoint"]),
            ("SPIP_335", &["polycom-soundpoint"]),
            ("Polycom 321", &["polycom-soundpoint"]),
            ("SoundStation IP 6000", &["polycom-soundstation"]),
            ("ssip6000", &["polycom-soundstation"]),
            ("vvx-410", &["polycom-vvx"]),
            ("polycom", &["polycom"]),
            ("Poly Edge E450", &["poly-edge"]),
            ("6757i", &["aastra"]),
            ("snomd785", &["snom"]),
            ("snom 320", &["snom"]),
            ("320", &["polycom-soundpoint", "snom"]),
            ("SIP-320", &["polycom-soundpoint", "snom"]),
            ("avaya J179", &["avaya-j100"]),
            ("GXP-2160", &["grandstream"]),
            ("KX-UT113", &["panasonic"]),
            ("ut113", &["panasonic"]),
            ("toaster", &[]),
            ("", &[]),
            ("--", &[]),
        ] {
            assert_eq!(ids(word), families, "{word}");
        }
    }

    #[test]
    fn knows_a_phone_by_what_is_read_on_it_or_in_a_log() {
        for (word, family, model) in [
            ("00:04:f2:aa:bb:cc", "polycom", None),
            ("00-04-F2-AA-BB-CC", "polycom", None),
            ("0004.f2aa.bbcc", "polycom", None),
            ("0004f2", "polycom", None),
            ("00:15:65", "yealink", None),
            ("SEP001AA17BE638", "cisco", None),
            ("Cisco-CP7942G/9.4.2", "cisco-79x1", Some("7942")),
            ("term70.default.loads", "cisco-79x1", Some("7970")),
            ("digium_D40_1_0_5_46476", "digium", Some("D40")),
        ] {
            let found = Profiles::embedded().recognize(word).expect(word);
            assert_eq!(found.profile.unwrap().id, family, "{word}");
            assert_eq!(found.model.as_deref(), model, "{word}");
        }
        for word in ["12:34:56", "nosuch", "", "dead beef"] {
            assert!(Profiles::embedded().recognize(word).is_none(), "{word}");
        }
    }

    #[test]
    fn a_short_number_is_the_beginning_of_a_model() {
        assert_eq!(
            ids("67"),
            [
                "aastra",
                "fanvil",
                "gigaset",
                "panasonic",
                "polycom-soundpoint"
            ]
        );
        let models = |id: &str, word| Profiles::embedded().family(id).unwrap().models_like(word);
        assert_eq!(models("fanvil", "67"), ["V67"]);
        assert_eq!(models("yealink-t4x", "SIP-T46"), ["T46G", "T46S", "T46U"]);
        assert!(models("yealink-t4x", "yealink").is_empty());
    }

    #[test]
    fn finds_every_model_of_every_family_by_its_own_name_in_any_case() {
        for profile in Profiles::embedded().all() {
            for model in &profile.models {
                let mut words = vec![
                    model.clone(),
                    model.to_ascii_lowercase(),
                    model.to_ascii_uppercase(),
                    format!("{} {model}", profile.vendor),
                    format!("SIP-{model}"),
                ];
                if profile.vendor == "Cisco" {
                    words.push(format!("CP-{model}G"));
                }
                for word in words {
                    let found = ids(&word);
                    assert!(found.contains(&profile.id.as_str()), "{word}: {found:?}");
                    // What is recognized goes before what is searched.
                    let sign = Profiles::embedded().recognize(&word);
                    let family =
                        sign.and_then(|sign| sign.profile.filter(|_| sign.model.is_some()));
                    assert!(family.is_none_or(|family| found.contains(&family.id.as_str())));
                }
            }
            let id = profile.id.to_ascii_uppercase();
            assert_eq!(ids(&id), [profile.id.as_str()]);
            assert!(ids(&profile.title).contains(&profile.id.as_str()));
        }
    }
}
