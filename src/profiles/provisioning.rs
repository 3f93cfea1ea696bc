//! Where a phone family learns of its provisioning server.

use std::collections::BTreeMap;

use serde::Deserialize;

/// Where a family learns of its provisioning server.
#[derive(Debug, Clone, Default)]
pub struct Provisioning {
    /// DHCP options in the order in which the family reads them. Empty: not known.
    pub options: Vec<u8>,
    /// Whether `siaddr` and `sname` of the DHCP header count too.
    pub header_fields: bool,
    /// What each of `options` must look like.
    pub value_forms: BTreeMap<u8, ValueForm>,
    /// What the phone speaks when a value names no protocol: `tftp`, `ftp` or `http`.
    pub default_protocol: Option<String>,
    /// Whether a server may be set on the phone itself, so that DHCP need not name one.
    pub static_possible: bool,
    /// Hosts that it asks when nothing else names a server, and after a reset.
    pub cloud_hosts: Vec<String>,
    /// DHCP options that may name its VLAN, in the order in which it reads them.
    pub vlan_options: Vec<u8>,
    /// What else is worth knowing of the order of sources. Empty when nothing is.
    pub note: String,
}

/// What a provisioning option must look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ValueForm {
    /// IPv4 addresses, four bytes each.
    Addresses,
    /// A host name or an address as text.
    Host,
    /// A host, or a URL.
    Url {
        /// Whether `http://` or the like must stand before it.
        scheme_required: bool,
    },
    /// Text in the maker's own form.
    Text,
    /// A list of the maker's own sub-options.
    SubOptions,
}

impl ValueForm {
    /// The word in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Addresses => "addresses",
            Self::Host => "host",
            Self::Url {
                scheme_required: false,
            } => "url",
            Self::Url {
                scheme_required: true,
            } => "url-with-scheme",
            Self::Text => "text",
            Self::SubOptions => "sub-options",
        }
    }
}
