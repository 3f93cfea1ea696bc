//! How a profile file is laid out: what TOML is turned into before it is a profile.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use super::care::{PowerNeed, Procedure, Sign};
use super::provisioning::{Provisioning, ValueForm};
use super::recognition::Strength;
use super::security::Tls;
use super::{Chain, Role, WhenAbsent};

/// The layout of a profile file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Layout {
    pub(super) vendor: String,
    pub(super) title: String,
    pub(super) base: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) overrules: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) models: Vec<Spanned<String>>,
    /// Other words that people use for it: `SPIP`, `3PCC`.
    #[serde(default)]
    pub(super) aliases: Vec<String>,
    pub(super) patience_secs: Option<u32>,
    pub(super) first_request_secs: Option<u32>,
    pub(super) firmware_restarts: Option<u32>,
    #[serde(default)]
    pub(super) notes: Vec<String>,
    #[serde(default)]
    pub(super) sources: Vec<String>,
    pub(super) oui: Option<OuiLayout>,
    pub(super) provisioning: Option<ProvisioningLayout>,
    #[serde(default)]
    pub(super) identify: Vec<Spanned<IdentifyLayout>>,
    #[serde(default)]
    pub(super) file: Vec<Spanned<FileLayout>>,
    #[serde(default)]
    pub(super) chain: Vec<Spanned<Chain>>,
    #[serde(default)]
    pub(super) power: Vec<PowerNeed>,
    #[serde(default)]
    pub(super) tls: Vec<Tls>,
    /// What it needs the time of day for, and where it takes it from.
    pub(super) clock: Option<String>,
    #[serde(default)]
    pub(super) recovery: Vec<Procedure>,
    #[serde(default)]
    pub(super) factory_reset: Vec<Procedure>,
    #[serde(default)]
    pub(super) lamp: Vec<Spanned<Sign>>,
    #[serde(default)]
    pub(super) display: Vec<Spanned<Sign>>,
    #[serde(default)]
    pub(super) example: Vec<Spanned<Example>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OuiLayout {
    pub(super) strength: Strength,
    /// Six hexadecimal digits each, with blanks between.
    pub(super) list: Spanned<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ProvisioningLayout {
    #[serde(default)]
    pub(super) option: Vec<Spanned<OptionLayout>>,
    #[serde(default)]
    pub(super) header_fields: bool,
    pub(super) default_protocol: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) static_possible: bool,
    #[serde(default)]
    pub(super) cloud_hosts: Vec<String>,
    #[serde(default)]
    pub(super) vlan_options: Vec<u8>,
    #[serde(default)]
    pub(super) note: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OptionLayout {
    pub(super) code: u8,
    pub(super) form: FormLayout,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "kebab-case")]
pub(super) enum FormLayout {
    Addresses,
    Host,
    Url,
    UrlWithScheme,
    Text,
    SubOptions,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct IdentifyLayout {
    pub(super) source: Spanned<String>,
    pub(super) pattern: Spanned<String>,
    pub(super) strength: Strength,
    /// Templates over the named groups.
    pub(super) model: Option<String>,
    pub(super) firmware: Option<String>,
    pub(super) name: Option<String>,
    pub(super) vendor: Option<String>,
    #[serde(default)]
    pub(super) models: BTreeMap<String, String>,
    pub(super) example: Spanned<String>,
    /// What the example must give; what is left out must stay unknown.
    #[serde(default)]
    pub(super) gives: Gives,
}

#[derive(Deserialize, Default, PartialEq, Eq, Debug)]
#[serde(deny_unknown_fields)]
pub(super) struct Gives {
    pub(super) model: Option<String>,
    pub(super) firmware: Option<String>,
    pub(super) name: Option<String>,
    pub(super) vendor: Option<String>,
    pub(super) mac: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FileLayout {
    pub(super) name: Spanned<String>,
    /// Made from the name when that holds no placeholder but `<MAC>` and `<mac>`.
    pub(super) pattern: Option<Spanned<String>>,
    /// Made from the name likewise.
    pub(super) example: Option<Spanned<String>>,
    pub(super) role: Role,
    pub(super) when_absent: WhenAbsent,
    #[serde(default)]
    pub(super) writes: bool,
    #[serde(default)]
    pub(super) early_close_is_normal: bool,
    #[serde(default)]
    pub(super) note: String,
    /// How strongly asking for such a file shows the family.
    pub(super) identifies: Option<Strength>,
    pub(super) model: Option<String>,
    pub(super) firmware: Option<String>,
    pub(super) phone_name: Option<String>,
    pub(super) vendor: Option<String>,
    #[serde(default)]
    pub(super) models: BTreeMap<String, String>,
}

/// Clues, and who they must turn out to come from.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Example {
    /// Source and value, the latter with `\xNN` for bytes that are no text.
    pub(super) clues: Vec<(String, String)>,
    /// The vendor, where it is not the family's.
    pub(super) vendor: Option<String>,
    pub(super) model: Option<String>,
    pub(super) firmware: Option<String>,
    pub(super) name: Option<String>,
    pub(super) mac: Option<String>,
}

impl ProvisioningLayout {
    fn options(&self) -> impl Iterator<Item = &OptionLayout> {
        self.option.iter().map(Spanned::get_ref)
    }

    pub(super) fn provisioning(&self) -> Provisioning {
        Provisioning {
            options: self.options().map(|option| option.code).collect(),
            header_fields: self.header_fields,
            value_forms: self
                .options()
                .map(|option| (option.code, option.form.value_form()))
                .collect(),
            default_protocol: self
                .default_protocol
                .as_ref()
                .map(|it| it.get_ref().clone()),
            static_possible: self.static_possible,
            cloud_hosts: self.cloud_hosts.clone(),
            vlan_options: self.vlan_options.clone(),
            note: self.note.clone(),
        }
    }
}

impl FormLayout {
    pub(super) fn value_form(self) -> ValueForm {
        match self {
            Self::Addresses => ValueForm::Addresses,
            Self::Host => ValueForm::Host,
            Self::Url => ValueForm::Url {
                scheme_required: false,
            },
            Self::UrlWithScheme => ValueForm::Url {
                scheme_required: true,
            },
            Self::Text => ValueForm::Text,
            Self::SubOptions => ValueForm::SubOptions,
        }
    }
}
