//! Puts the examples in a profile file to the test: clues in, and out must come this
//! very family with the model, firmware, name and address that the file says.

use phoneboot_parsers::{MacAddress, WireText};

use super::layout::Example;
use super::source::{Family, clue_source, unescape};
use super::{Identification, ProfileError, Profiles};
use crate::event::{At, Seen};
use crate::session::phone::Clue;

/// Runs every example of one family. The first that fails is the error.
pub(super) fn check(profiles: &Profiles, family: &Family) -> Result<(), ProfileError> {
    for spanned in family.examples() {
        if let Err(reason) = run(profiles, family.id(), spanned.get_ref()) {
            return Err(family.error(&spanned.span(), reason));
        }
    }
    Ok(())
}

fn run(profiles: &Profiles, id: &str, example: &Example) -> Result<(), String> {
    let mut clues = Vec::new();
    for (source, value) in &example.clues {
        let source = clue_source(source).ok_or_else(|| format!("no clue comes from {source:?}"))?;
        let value = WireText(unescape(value));
        clues.push(Seen::new(Clue { source, value }, At::default()));
    }
    let Some(found) = profiles.identify(&clues) else {
        return Err("example is taken for no phone".to_owned());
    };
    let vendor = profiles.family(id).map(|profile| profile.vendor.clone());
    let expected = Who {
        family: Some(id.to_owned()),
        vendor: example.vendor.clone().or(vendor),
        model: example.model.clone(),
        firmware: example.firmware.clone(),
        name: example.name.clone(),
        mac: example.mac.as_deref().and_then(MacAddress::parse),
    };
    let found = Who::from(&found);
    if found == expected {
        Ok(())
    } else {
        Err(format!("example is taken for {found}, expected {expected}"))
    }
}

/// What an example speaks about.
#[derive(Debug, PartialEq, Eq)]
struct Who {
    family: Option<String>,
    vendor: Option<String>,
    model: Option<String>,
    firmware: Option<String>,
    name: Option<String>,
    mac: Option<MacAddress>,
}

impl std::fmt::Display for Who {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mac = self.mac.map(|mac| mac.to_string());
        let facts = [
            ("family", &self.family),
            ("vendor", &self.vendor),
            ("model", &self.model),
            ("firmware", &self.firmware),
            ("name", &self.name),
            ("mac", &mac),
        ];
        let told: Vec<String> = facts
            .into_iter()
            .filter_map(|(name, value)| Some(format!("{name} = {:?}", value.as_ref()?)))
            .collect();
        f.write_str(&told.join(", "))
    }
}

impl From<&Identification<'_>> for Who {
    fn from(found: &Identification<'_>) -> Self {
        Self {
            family: found.profile.map(|profile| profile.id.clone()),
            vendor: found.vendor.clone(),
            model: found.model.clone(),
            firmware: found.firmware.clone(),
            name: found.name.clone(),
            mac: found.mac,
        }
    }
}
