//! [`Duid`]: how DHCPv6 clients and servers name themselves (RFC 8415 §11,
//! RFC 6355).

use std::fmt;

use crate::MacAddress;
use crate::show::hex;

/// The length of a DUID without its type is at most this, in bytes (RFC 8415 §11.1).
const MAX_BYTES: usize = 128;

/// A DHCP unique identifier.
///
/// ```text
///  2 bytes
/// +--------+-------------------+----------------+--------------------+
/// |   1    | hardware type (2) | time (4)       | link-layer address |
/// |   2    | enterprise (4)    | identifier                          |
/// |   3    | hardware type (2) | link-layer address                  |
/// |   4    | UUID (16)                                               |
/// +--------+---------------------------------------------------------+
/// ```
///
/// The address of types 1 and 3 may be that of another interface of the host.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Duid {
    /// DUID-LLT.
    LinkLayerTime {
        /// 1 is Ethernet.
        hardware_type: u16,
        /// Seconds since 2000, when it was made.
        time_secs: u32,
        /// The address.
        address: Vec<u8>,
    },
    /// DUID-EN.
    Enterprise {
        /// IANA's private enterprise number.
        number: u32,
        /// What the enterprise likes.
        identifier: Vec<u8>,
    },
    /// DUID-LL.
    LinkLayer {
        /// 1 is Ethernet.
        hardware_type: u16,
        /// The address.
        address: Vec<u8>,
    },
    /// DUID-UUID.
    Uuid([u8; 16]),
    /// Of another type, or of a length that its type does not allow.
    Other(Vec<u8>),
}

impl Duid {
    /// The DUID that these bytes, type included, are.
    pub fn of(bytes: &[u8]) -> Self {
        Self::known(bytes).unwrap_or_else(|| Self::Other(bytes.to_vec()))
    }

    fn known(bytes: &[u8]) -> Option<Self> {
        let (kind, rest) = bytes.split_first_chunk::<2>()?;
        match u16::from_be_bytes(*kind) {
            1 => {
                let (hardware_type, rest) = rest.split_first_chunk::<2>()?;
                let (time_secs, address) = rest.split_first_chunk::<4>()?;
                Some(Self::LinkLayerTime {
                    hardware_type: u16::from_be_bytes(*hardware_type),
                    time_secs: u32::from_be_bytes(*time_secs),
                    address: address.to_vec(),
                })
            }
            2 => {
                let (number, identifier) = rest.split_first_chunk::<4>()?;
                Some(Self::Enterprise {
                    number: u32::from_be_bytes(*number),
                    identifier: identifier.to_vec(),
                })
            }
            3 => {
                let (hardware_type, address) = rest.split_first_chunk::<2>()?;
                Some(Self::LinkLayer {
                    hardware_type: u16::from_be_bytes(*hardware_type),
                    address: address.to_vec(),
                })
            }
            4 => Some(Self::Uuid(rest.try_into().ok()?)),
            _ => None,
        }
    }

    /// The MAC address in it, when there is one.
    pub fn mac(&self) -> Option<MacAddress> {
        match self {
            Self::LinkLayerTime {
                hardware_type: 1,
                address,
                ..
            }
            | Self::LinkLayer {
                hardware_type: 1,
                address,
            } => <[u8; 6]>::try_from(address.as_slice()).ok().map(MacAddress),
            _ => None,
        }
    }

    /// What is wrong with the bytes of a DUID; `None` when nothing is.
    pub(super) fn fault(bytes: &[u8]) -> Option<String> {
        let length = bytes.len();
        if !(3..=MAX_BYTES + 2).contains(&length) {
            return Some(format!(
                "is {length} bytes, must be between 3 and {}",
                MAX_BYTES + 2
            ));
        }
        let kind = bytes
            .first_chunk::<2>()
            .map_or(0, |kind| u16::from_be_bytes(*kind));
        let is_known = (1..=4).contains(&kind);
        (is_known && Self::known(bytes).is_none())
            .then(|| format!("is {length} bytes, which a DUID of type {kind} cannot be"))
    }
}

impl fmt::Display for Duid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LinkLayerTime {
                hardware_type,
                time_secs,
                address,
            } => {
                f.write_str("DUID-LLT ")?;
                link_layer(f, *hardware_type, address)?;
                write!(f, " time {time_secs}")
            }
            Self::Enterprise { number, identifier } => {
                write!(f, "DUID-EN enterprise {number} ")?;
                hex(f, identifier)
            }
            Self::LinkLayer {
                hardware_type,
                address,
            } => {
                f.write_str("DUID-LL ")?;
                link_layer(f, *hardware_type, address)
            }
            Self::Uuid(bytes) => {
                f.write_str("DUID-UUID ")?;
                for (index, byte) in bytes.iter().enumerate() {
                    let separator = if matches!(index, 4 | 6 | 8 | 10) {
                        "-"
                    } else {
                        ""
                    };
                    write!(f, "{separator}{byte:02x}")?;
                }
                Ok(())
            }
            Self::Other(bytes) => {
                f.write_str("DUID ")?;
                hex(f, bytes)
            }
        }
    }
}

/// A MAC address as such, other hardware with its type.
pub(super) fn link_layer(
    f: &mut fmt::Formatter<'_>,
    hardware_type: u16,
    address: &[u8],
) -> fmt::Result {
    if let (1, Ok(mac)) = (hardware_type, <[u8; 6]>::try_from(address)) {
        return write!(f, "{}", MacAddress(mac));
    }
    write!(f, "hardware type {hardware_type} ")?;
    hex(f, address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_every_type_and_the_mac_address_in_it() {
        let mac = MacAddress([0x00, 0x1b, 0xd5, 0x85, 0x36, 0x61]);
        for (bytes, text, known_mac) in [
            (
                &[
                    0, 1, 0, 1, 0x2a, 0, 0, 1, 0x00, 0x1b, 0xd5, 0x85, 0x36, 0x61,
                ][..],
                "DUID-LLT 00:1b:d5:85:36:61 time 704643073",
                Some(mac),
            ),
            (
                &[0, 3, 0, 1, 0x00, 0x1b, 0xd5, 0x85, 0x36, 0x61],
                "DUID-LL 00:1b:d5:85:36:61",
                Some(mac),
            ),
            (
                &[0, 2, 0, 0, 0, 9, 0xab, 0xcd],
                "DUID-EN enterprise 9 abcd",
                None,
            ),
            (
                &[0, 4, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16],
                "DUID-UUID 01020304-0506-0708-090a-0b0c0d0e0f10",
                None,
            ),
            (
                &[0, 3, 0, 32, 1, 2, 3, 4, 5, 6, 7, 8],
                "DUID-LL hardware type 32 0102030405060708",
                None,
            ),
            (&[0, 9, 7], "DUID 000907", None),
        ] {
            let duid = Duid::of(bytes);
            assert_eq!(duid.to_string(), text);
            assert_eq!(duid.mac(), known_mac, "{text}");
            assert_eq!(Duid::fault(bytes), None, "{text}");
        }
    }

    #[test]
    fn tells_lengths_that_cannot_be() {
        let fault = |bytes: &[u8]| Duid::fault(bytes).unwrap();
        assert_eq!(fault(&[0, 1]), "is 2 bytes, must be between 3 and 130");
        assert_eq!(
            fault(&[0, 1, 0, 1, 9]),
            "is 5 bytes, which a DUID of type 1 cannot be"
        );
        assert_eq!(
            fault(&[0, 4, 1]),
            "is 3 bytes, which a DUID of type 4 cannot be"
        );
        assert_eq!(fault(&[0; 131]), "is 131 bytes, must be between 3 and 130");
        assert_eq!(Duid::of(&[0, 4, 1]), Duid::Other(vec![0, 4, 1]));
    }
}
