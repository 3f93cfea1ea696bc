//! What a person needs to know who has the phone in hand: power, recovery, reset, and
//! what lamps and display say.

use serde::Deserialize;

/// What a family needs of a switch that powers it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Power {
    /// By model; the first that names a model speaks, and one without models speaks
    /// for all.
    pub needs: Vec<PowerNeed>,
}

impl Power {
    /// What is known of a model.
    pub fn of(&self, model: Option<&str>) -> Option<&PowerNeed> {
        self.needs.iter().find(|need| {
            need.models.is_empty()
                || model.is_some_and(|model| need.models.iter().any(|one| one == model))
        })
    }

    /// Whether a model comes up on the power that a port gives before anything is
    /// negotiated. True where nothing is known.
    pub fn boots_on_low_power(&self, model: Option<&str>) -> bool {
        self.of(model).is_none_or(|need| need.boots_on_low_power)
    }

    /// Whether a model can fetch its firmware anew on that power, after a factory
    /// reset. True where nothing is known.
    pub fn recovers_on_low_power(&self, model: Option<&str>) -> bool {
        self.of(model).is_none_or(|need| need.recovers_on_low_power)
    }
}

/// What some models need of a switch.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PowerNeed {
    /// The models; empty for all.
    #[serde(default)]
    pub models: Vec<String>,
    /// What it draws before anything is negotiated.
    pub start_mw: Option<u32>,
    /// What it asks for by CDP, best first. Empty when not known.
    #[serde(default)]
    pub cdp_levels_mw: Vec<u32>,
    /// Whether it comes up on `start_mw` alone.
    #[serde(default = "yes")]
    pub boots_on_low_power: bool,
    /// Whether it can fetch its firmware anew on `start_mw` alone.
    #[serde(default = "yes")]
    pub recovers_on_low_power: bool,
    /// What else is worth knowing. Empty when nothing is.
    #[serde(default)]
    pub note: String,
}

fn yes() -> bool {
    true
}

/// Something a person does to a phone.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Procedure {
    /// What it does, in few words.
    pub title: String,
    /// The models that it is for, in words. Empty for the whole family.
    #[serde(default)]
    pub models: String,
    /// One after the other.
    pub steps: Vec<String>,
    /// Where people go wrong.
    #[serde(default)]
    pub traps: Vec<String>,
    /// What a capture shows when it works.
    #[serde(default)]
    pub on_the_wire: Vec<String>,
}

/// The phases of a boot that a [`Sign`] may name, in their order.
pub const PHASES: [&str; 5] = ["link", "lease", "reach", "fetch", "register"];

/// What a phone shows a person who looks at it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sign {
    /// The phase of the boot in which it is seen: `link`, `lease`, `reach`, `fetch`
    /// or `register`. `None`: in no one phase.
    pub phase: Option<String>,
    /// The words on the screen, or what the lamps do.
    pub shows: String,
    /// What that means.
    pub means: String,
}
