//! How a phone family shows itself.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::pattern::Pattern;
use crate::session::phone::ClueSource;

/// MAC vendor halves of a family.
#[derive(Debug, Clone, Default)]
pub struct Ouis {
    /// Sorted.
    pub list: Vec<[u8; 3]>,
    /// How strongly one of them shows this family: [`Strength::Hint`] where the
    /// maker also builds what is no phone.
    pub strength: Option<Strength>,
}

/// How strongly something shows a family.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Strength {
    /// Says nothing of the family, only more of a phone whose family is known.
    Detail,
    /// Seen of this family and of others; two such things from different sources
    /// are enough.
    Hint,
    /// Enough by itself, and less than anything likely: what a host asks DHCP for, where
    /// only telephones ask for such things.
    Telling,
    /// Enough unless something certain speaks against it.
    Likely,
    /// Only this family says so.
    Certain,
}

impl Strength {
    /// The word in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Detail => "detail",
            Self::Hint => "hint",
            Self::Telling => "telling",
            Self::Likely => "likely",
            Self::Certain => "certain",
        }
    }
}

/// One way in which a family shows itself.
#[derive(Debug, Clone)]
pub struct IdentifyRule {
    /// Where.
    pub source: ClueSource,
    /// What it looks like there, without NULs at its end.
    pub pattern: Pattern,
    /// How much it says.
    pub strength: Strength,
    /// Such a value; bytes that are no text as `\xNN`.
    pub example: String,
    /// What it tells beside the family.
    pub(super) facts: Facts,
}

/// How to read facts out of what a pattern matched: templates over its named
/// groups. Without a template, the groups `model`, `firmware` and `mac` speak for
/// themselves.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Facts {
    pub(super) model: Option<String>,
    pub(super) firmware: Option<String>,
    pub(super) name: Option<String>,
    pub(super) vendor: Option<String>,
    /// From what the group `model` matched, in lower case, to the model. When it is not
    /// empty, what it does not list shows nothing.
    pub(super) models: BTreeMap<String, String>,
}
