//! How option values are printed: the `Display` of [`Value`] and its parts.

use std::fmt::{self, Display};

use crate::MacAddress;
use crate::dhcp::options::{Route, Value};
use crate::dhcp::vendor::{Enterprise, SubOption};
use crate::dhcp::{MessageType, read};
use crate::show::{hex, list};

impl Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bytes(bytes) => hex(f, bytes),
            Self::Text(text) => text.fmt(f),
            Self::Texts(texts) => list(f, texts, ", "),
            Self::Addresses(addresses) => list(f, addresses, ", "),
            Self::AddressPairs(pairs) => {
                let pairs = pairs
                    .iter()
                    .map(|(address, mask)| format!("{address}/{mask}"));
                list(f, pairs, ", ")
            }
            Self::Routes(routes) => list(f, routes, ", "),
            Self::Number(number) => number.fmt(f),
            Self::SignedNumber(number) => number.fmt(f),
            Self::Numbers(numbers) => list(f, numbers, ", "),
            Self::Codes(codes) => list(f, codes, ","),
            Self::MessageType(kind) => kind.fmt(f),
            Self::ClientIdentifier {
                hardware_type,
                identifier,
            } => client_identifier(f, *hardware_type, identifier),
            Self::ClientName { name, .. } => name.fmt(f),
            Self::SubOptions(options) => list(f, options, ", "),
            Self::Enterprises(enterprises) => list(f, enterprises, "; "),
        }
    }
}

impl Display for MessageType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(code) => code.fmt(f),
            known => f.write_str(known.name().unwrap_or_default()),
        }
    }
}

impl Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.destination.fmt(f)?;
        if let Some(width) = self.prefix_length {
            write!(f, "/{width}")?;
        }
        write!(f, " via {}", self.router)
    }
}

impl Display for SubOption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.code, self.value)
    }
}

impl Display for Enterprise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "enterprise {}: {}", self.number, self.value)
    }
}

/// `1 byte`, `2 bytes`.
pub(super) fn n_bytes(count: usize) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} byte{plural}")
}

/// A MAC address as such, a name without a hardware type as text, all else in hex.
fn client_identifier(f: &mut fmt::Formatter<'_>, hardware_type: u8, bytes: &[u8]) -> fmt::Result {
    if let (1, Ok(mac)) = (hardware_type, <[u8; 6]>::try_from(bytes)) {
        return MacAddress(mac).fmt(f);
    }
    if hardware_type == 0 && read::is_printable(bytes) {
        return read::text_or_bytes(bytes).fmt(f);
    }
    hex(f, &[hardware_type])?;
    hex(f, bytes)
}
