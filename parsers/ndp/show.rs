//! How options are printed: the `Display` of [`RawOption`] and its parts.

use std::fmt;

use crate::ndp::{Prefix, RawOption, Value};

impl RawOption {
    /// The bytes in hex where nothing better is known.
    fn hex(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.bytes
            .iter()
            .try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Display for RawOption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.value {
            Value::LinkLayer(mac) => mac.fmt(f),
            Value::Prefix(prefix) => prefix.fmt(f),
            Value::Mtu(bytes) => bytes.fmt(f),
            Value::Route {
                prefix,
                length,
                preference,
                lifetime_secs,
            } => write!(
                f,
                "{prefix}/{length} (preference {}, lifetime {lifetime_secs} s)",
                preference.name()
            ),
            Value::NameServers {
                lifetime_secs,
                servers,
            } => {
                joined(f, servers)?;
                write!(f, " (lifetime {lifetime_secs} s)")
            }
            Value::SearchList {
                lifetime_secs,
                domains,
            } => {
                joined(f, domains)?;
                write!(f, " (lifetime {lifetime_secs} s)")
            }
            Value::Url(url) => url.fmt(f),
            Value::Bytes => self.hex(f),
        }
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{} (", self.prefix, self.length)?;
        if self.on_link {
            f.write_str("on-link, ")?;
        }
        if self.autonomous {
            f.write_str("autonomous, ")?;
        }
        write!(
            f,
            "valid {} s, preferred {} s)",
            self.valid_secs, self.preferred_secs
        )
    }
}

fn joined<T: fmt::Display>(f: &mut fmt::Formatter<'_>, items: &[T]) -> fmt::Result {
    for (index, item) in items.iter().enumerate() {
        let separator = if index > 0 { ", " } else { "" };
        write!(f, "{separator}{item}")?;
    }
    Ok(())
}
