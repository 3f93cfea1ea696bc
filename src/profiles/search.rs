//! From a word that a person types to the families it speaks of: `7970`, `CP-7970G`,
//! `sip-t48s`, `polycom 321`, `SPIP_335`.

use super::{Profile, Profiles};

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
}

impl Profile {
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
        })
    }
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
                }
            }
            let id = profile.id.to_ascii_uppercase();
            assert_eq!(ids(&id), [profile.id.as_str()]);
            assert!(ids(&profile.title).contains(&profile.id.as_str()));
        }
    }
}
