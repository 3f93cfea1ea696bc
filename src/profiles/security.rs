//! What a phone family's TLS can do.

use serde::Deserialize;

/// What the TLS of some firmware can do.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    /// The firmware that this speaks of, in words. Empty for all of it.
    #[serde(default)]
    pub firmware: String,
    /// The highest version that it speaks. `None`: not known.
    pub highest: Option<TlsVersion>,
    /// What else is worth knowing. Empty when nothing is.
    #[serde(default)]
    pub note: String,
}

/// A version of TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub enum TlsVersion {
    /// 1.0 (RFC 2246).
    #[serde(rename = "1.0")]
    V10,
    /// 1.1 (RFC 4346).
    #[serde(rename = "1.1")]
    V11,
    /// 1.2 (RFC 5246).
    #[serde(rename = "1.2")]
    V12,
    /// 1.3 (RFC 8446).
    #[serde(rename = "1.3")]
    V13,
}

impl TlsVersion {
    /// As people write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::V10 => "1.0",
            Self::V11 => "1.1",
            Self::V12 => "1.2",
            Self::V13 => "1.3",
        }
    }
}
