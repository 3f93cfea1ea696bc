//! Models in plain words: `SIP-T48S`, `snom715`, `VVX-VVX_500` and `Polycom VVX 410`
//! beside a model that a profile lists.
//!
//! LLDP and CDP have a field each for the maker and for the model, so that a family is
//! known by them without a pattern of its own.

use phoneboot_parsers::MacAddress;

use super::Profile;
use super::identify::{Told, telephone_of, text_of, without_nuls};
use super::recognition::Strength;
use crate::event::Seen;
use crate::session::phone::{Clue, ClueSource};

impl Profile {
    /// What no rule of the family knows, but says in plain words who made what: a listed
    /// model beside the maker's name, or the maker's name of a host that shows itself a
    /// telephone. Which of the maker's families it is, the maker's name does not tell.
    pub(super) fn understand_plain_words(
        &self,
        clue: &Clue,
        clues: &[Seen<Clue>],
    ) -> Option<(Strength, Told)> {
        let text = without_nuls(&clue.value);
        let text = text.as_str()?.trim();
        match clue.source {
            ClueSource::LldpModel => {
                let maker = text_of(clues, ClueSource::LldpManufacturer)?;
                self.certain_model(&maker, text, Told::default())
            }
            ClueSource::CdpPlatform => self.certain_model(text, text, Told::default()),
            ClueSource::SipPnp => {
                let told = plug_and_play(text);
                let maker = told.vendor.clone()?;
                let model = told.model.clone()?;
                let told = Told {
                    vendor: None,
                    ..told
                };
                self.certain_model(&maker, &model, told.clone())
                    .or_else(|| self.base_of(&maker).then_some((Strength::Likely, told)))
            }
            ClueSource::LldpManufacturer => (self.base_of(text) && telephone_of(clues).is_some())
                .then(|| (Strength::Hint, Told::default())),
            _ => None,
        }
    }

    fn certain_model(&self, maker: &str, text: &str, told: Told) -> Option<(Strength, Told)> {
        // A model that another family has too does not tell this one.
        if !self.overrules.is_empty() {
            return None;
        }
        let maker = self.maker_in(maker)?;
        let told = Told {
            model: Some(self.listed_model(text)?.to_owned()),
            vendor: (maker != self.vendor).then(|| maker.to_owned()),
            ..told
        };
        Some((Strength::Certain, told))
    }

    /// Whether the family is the maker's, and not a part of another.
    fn base_of(&self, maker: &str) -> bool {
        self.base.is_none() && self.maker_in(maker).is_some()
    }

    /// A model as this family spells it, where case, blanks and punctuation are all that
    /// differs: `1120e` is the 1120E. Another is left as it is.
    pub(super) fn spelled(&self, model: String) -> String {
        if self.models.contains(&model) {
            return model;
        }
        let letters = alphanumeric(&model);
        self.models
            .iter()
            .find(|listed| alphanumeric(listed) == letters)
            .map_or(model, Clone::clone)
    }

    /// The listed model that a text names, alone or behind words for the maker, the
    /// protocol or the series.
    fn listed_model(&self, text: &str) -> Option<&str> {
        let letters = alphanumeric(text);
        self.models
            .iter()
            .filter(|listed| {
                letters
                    .strip_suffix(&alphanumeric(listed))
                    .is_some_and(|before| before.bytes().all(|byte| byte.is_ascii_alphabetic()))
            })
            .max_by_key(|listed| listed.len())
            .map(String::as_str)
    }

    /// The maker's name, or another of the family's, that a text begins with.
    fn maker_in(&self, text: &str) -> Option<&str> {
        let text = text.to_ascii_lowercase();
        std::iter::once(&self.vendor)
            .chain(&self.aliases)
            .map(String::as_str)
            .find(|name| {
                text.strip_prefix(&name.to_ascii_lowercase())
                    .is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_alphanumeric()))
            })
    }
}

/// What a host says of itself as it looks for a server:
/// `vendor="snom";model="snom370";version="8.7.5";mac="000413…"`.
pub(super) fn plug_and_play(text: &str) -> Told {
    let value = |name: &str| {
        text.split(';').find_map(|part| {
            let (key, value) = part.split_once('=')?;
            let value = value.trim_matches('"').trim();
            (key == name && !value.is_empty()).then(|| value.to_owned())
        })
    };
    Told {
        vendor: value("vendor"),
        model: value("model"),
        firmware: value("version"),
        mac: value("mac").and_then(|mac| MacAddress::parse(&mac)),
        name: None,
    }
}

/// Letters in lower case, and digits.
fn alphanumeric(text: &str) -> String {
    text.chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_lowercase())
        .collect()
}

#[cfg(test)]
mod tests {
    use crate::profiles::{Profile, Profiles};

    fn family(id: &str) -> &'static Profile {
        Profiles::embedded().family(id).unwrap()
    }

    #[test]
    fn spells_models_as_the_family_does() {
        for (id, found, spelled) in [
            ("avaya-12xx", "1120e", "1120E"),
            ("polycom-vvx", "VVX_410", "VVX 410"),
            ("yealink-t4x", "t19p_e2", "T19P_E2"),
            ("yealink-t4x", "T99", "T99"),
        ] {
            assert_eq!(family(id).spelled(found.to_owned()), spelled);
        }
    }

    #[test]
    fn finds_a_listed_model_behind_other_words() {
        for (id, text, model) in [
            ("yealink-t4x", "SIP-T48S", Some("T48S")),
            ("snom", "snom715", Some("715")),
            ("snom", "snomD715", Some("D715")),
            ("polycom-vvx", "VVX-VVX_500", Some("VVX 500")),
            ("polycom-vvx", "Polycom VVX 410", Some("VVX 410")),
            ("poly-edge", "Edge-Edge_E450", Some("Edge E450")),
            ("cisco-89xx-99xx", "CP-9971", Some("9971")),
            ("snom", "D1715", None),
            ("cisco-78xx-88xx", "CP-8841-3PCC", None),
            ("yealink-t4x", "", None),
        ] {
            assert_eq!(family(id).listed_model(text), model, "{text}");
        }
    }

    #[test]
    fn knows_its_maker() {
        for (id, text, maker) in [
            ("snom", "snom technology AG", Some("Snom")),
            ("unify", "Siemens", Some("Siemens")),
            ("unify", "SiemensX", None),
            ("poly-edge", "Polycom", None),
            ("snom", "", None),
        ] {
            assert_eq!(family(id).maker_in(text), maker, "{text}");
        }
    }
}
