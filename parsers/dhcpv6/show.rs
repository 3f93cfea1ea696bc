//! How option values are printed: the `Display` of [`Value`] and its parts.

use std::fmt::{self, Display};

use crate::dhcpv6::MessageType;
use crate::dhcpv6::duid::link_layer;
use crate::dhcpv6::options::{
    Association, LeasedAddress, LeasedPrefix, Status, SubOption, TimeServer, Value, VendorOptions,
    row, vendor_row,
};
use crate::show::{hex, list};

impl Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bytes(bytes) => hex(f, bytes),
            Self::Text(text) => text.fmt(f),
            Self::Texts(texts) => list(f, texts, ", "),
            Self::Addresses(addresses) => list(f, addresses, ", "),
            Self::Number(number) => number.fmt(f),
            Self::Numbers(numbers) => list(f, numbers, ", "),
            Self::Hundredths(hundredths) => {
                write!(f, "{}.{:02} s", hundredths / 100, hundredths % 100)
            }
            Self::Codes(codes) => list(f, codes, ","),
            Self::Duid(duid) => duid.fmt(f),
            Self::Association(association) => association.fmt(f),
            Self::Address(address) => address.fmt(f),
            Self::Prefix(prefix) => prefix.fmt(f),
            Self::Status(status) => status.fmt(f),
            Self::VendorClass {
                enterprise,
                classes,
            } => {
                write!(f, "enterprise {enterprise}: ")?;
                list(f, classes, ", ")
            }
            Self::VendorOptions(options) => options.fmt(f),
            Self::RemoteId { enterprise, id } => {
                write!(f, "enterprise {enterprise}: ")?;
                hex(f, id)
            }
            Self::MessageType(kind) => kind.fmt(f),
            Self::ClientName { name, .. } => name.fmt(f),
            Self::LinkLayer {
                hardware_type,
                address,
            } => link_layer(f, *hardware_type, address),
            Self::TimeServers(servers) => list(f, servers, ", "),
            Self::Options(options) => list(f, options, ", "),
        }
    }
}

impl Display for MessageType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => self.code().fmt(f),
        }
    }
}

impl Display for Association {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IAID {}", self.id)?;
        if let (Some(renew), Some(rebind)) = (self.renew_secs, self.rebind_secs) {
            write!(f, ", T1 {renew} s, T2 {rebind} s")?;
        }
        if !self.options.is_empty() {
            f.write_str(": ")?;
            list(f, &self.options, ", ")?;
        }
        Ok(())
    }
}

impl Display for LeasedAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.address.fmt(f)?;
        lifetimes(f, self.preferred_secs, self.valid_secs, &self.options)
    }
}

impl Display for LeasedPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.prefix, self.length)?;
        lifetimes(f, self.preferred_secs, self.valid_secs, &self.options)
    }
}

fn lifetimes(
    f: &mut fmt::Formatter<'_>,
    preferred_secs: u32,
    valid_secs: u32,
    options: &[SubOption],
) -> fmt::Result {
    write!(f, " (preferred {preferred_secs} s, valid {valid_secs} s")?;
    for option in options {
        write!(f, ", {option}")?;
    }
    f.write_str(")")
}

impl Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name)?,
            None => self.code.fmt(f)?,
        }
        if self.message.is_empty() {
            return Ok(());
        }
        write!(f, " \"{}\"", self.message)
    }
}

impl Display for VendorOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "enterprise {}: ", self.enterprise)?;
        for (index, option) in self.options.iter().enumerate() {
            if index > 0 {
                f.write_str(", ")?;
            }
            match vendor_row(self.enterprise, option.code) {
                Some(row) => f.write_str(row.name)?,
                None => option.code.fmt(f)?,
            }
            write!(f, "={}", option.value)?;
        }
        Ok(())
    }
}

impl Display for TimeServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => address.fmt(f),
            Self::Multicast(group) => write!(f, "multicast {group}"),
            Self::Name(name) => name.fmt(f),
            Self::Other { code, bytes } => {
                write!(f, "{code}=")?;
                hex(f, bytes)
            }
        }
    }
}

/// What names itself stands alone; the rest behind its option's name.
impl Display for SubOption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.value {
            Value::Address(_) | Value::Prefix(_) | Value::Status(_) => self.value.fmt(f),
            value => match row(self.code) {
                Some(row) => write!(f, "{}={value}", row.name),
                None => write!(f, "{}={value}", self.code),
            },
        }
    }
}
