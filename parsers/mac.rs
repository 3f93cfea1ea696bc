//! [`MacAddress`]: an IEEE 802 MAC-48 address.

use std::fmt::{self, Write};

/// An IEEE 802 MAC address, as it stands on the wire.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct MacAddress(pub [u8; 6]);

impl MacAddress {
    /// Reads twelve hexadecimal digits, with or without `:`, `-` or `.` between
    /// them, in either case: `001565AABBCC`, `00:15:65:aa:bb:cc`, `0015.65aa.bbcc`.
    pub fn parse(text: &str) -> Option<Self> {
        let mut digits = text
            .chars()
            .filter(|c| !matches!(c, ':' | '-' | '.'))
            .map(|c| c.to_digit(16));
        let mut bytes = [0_u8; 6];
        for byte in &mut bytes {
            let high = digits.next()??;
            let low = digits.next()??;
            *byte = u8::try_from(high << 4 | low).ok()?;
        }
        digits.next().is_none().then_some(Self(bytes))
    }

    /// Whether the group bit is set: multicast and broadcast.
    pub fn is_group(self) -> bool {
        self.0[0] & 1 == 1
    }

    /// Whether all bytes are zero.
    pub fn is_zero(self) -> bool {
        self.0 == [0; 6]
    }

    /// The vendor half.
    pub fn oui(self) -> [u8; 3] {
        [self.0[0], self.0[1], self.0[2]]
    }

    /// Twelve hexadecimal digits in upper case, as in `SEP001AA17BE638`.
    pub fn upper_hex(self) -> String {
        self.hex(|byte, text| write!(text, "{byte:02X}"))
    }

    /// Twelve hexadecimal digits in lower case, as in `0004f2aabbcc.cfg`.
    pub fn lower_hex(self) -> String {
        self.hex(|byte, text| write!(text, "{byte:02x}"))
    }

    fn hex(self, digits: impl Fn(u8, &mut String) -> fmt::Result) -> String {
        let mut text = String::with_capacity(12);
        for byte in self.0 {
            // Writing to a String cannot fail.
            let _ = digits(byte, &mut text);
        }
        text
    }
}

impl fmt::Display for MacAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, byte) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { ":" };
            write!(f, "{separator}{byte:02x}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for MacAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_every_common_spelling_and_nothing_else() {
        let mac = Some(MacAddress([0x00, 0x15, 0x65, 0xaa, 0xbb, 0xcc]));
        assert_eq!(MacAddress::parse("00:15:65:aa:bb:cc"), mac);
        assert_eq!(MacAddress::parse("001565AABBCC"), mac);
        assert_eq!(MacAddress::parse("00-15-65-AA-bb-cc"), mac);
        assert_eq!(MacAddress::parse("0015.65aa.bbcc"), mac);
        assert_eq!(MacAddress::parse("001565AABBC"), None);
        assert_eq!(MacAddress::parse("001565AABBCCD"), None);
        assert_eq!(MacAddress::parse("001565AABBCG"), None);
    }
}
