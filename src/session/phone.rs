//! Who a phone is, as far as the wire tells: [`Clue`]s, judged by
//! [`crate::profiles`].

use std::sync::LazyLock;

use phoneboot_parsers::{MacAddress, WireText};
use regex::Regex;

/// One thing that a host said about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clue {
    /// Where it said so.
    pub source: ClueSource,
    /// The words. For [`ClueSource::DhcpParameterList`] the codes in decimal with
    /// commas: `1,66,6,3,15,150,35`. For [`ClueSource::Mac`] the address with colons.
    /// For binary vendor classes the bytes as they are.
    pub value: WireText,
}

/// Where a host says who it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ClueSource {
    /// Its MAC address: the vendor half.
    Mac,
    /// DHCP option 60.
    DhcpVendorClass,
    /// DHCP option 77.
    DhcpUserClass,
    /// DHCP option 55, in its order.
    DhcpParameterList,
    /// DHCP option 12.
    DhcpHostName,
    /// CDP TLV 0x0001.
    CdpDeviceId,
    /// CDP TLV 0x0006.
    CdpPlatform,
    /// CDP TLV 0x0005.
    CdpSoftware,
    /// LLDP TLV 5.
    LldpSystemName,
    /// LLDP TLV 6.
    LldpSystemDescription,
    /// LLDP-MED inventory, manufacturer.
    LldpManufacturer,
    /// LLDP-MED inventory, model.
    LldpModel,
    /// LLDP-MED inventory, software or firmware revision.
    LldpSoftware,
    /// LLDP TLV 7 says telephone, or MED device class 3.
    LldpTelephone,
    /// HTTP `User-Agent`.
    HttpUserAgent,
    /// SIP `User-Agent`, or the model number in a Contact.
    SipUserAgent,
    /// The `Event` of a SIP plug-and-play SUBSCRIBE, as
    /// `vendor="snom";model="snom370";version="8.7.5";mac="000413…"`.
    SipPnp,
    /// A file asked for, last segment of its path.
    FileName,
    /// TFTP request options that only one vendor sends, as `name=value`.
    TftpOption,
    /// SCCP device name.
    SccpDeviceName,
    /// The firmware that it tells its call server that it runs: in SCCP's `RegisterReq`,
    /// behind `Load=` in an alarm, behind `ActiveLoad=` in SIP's `Reason`.
    RunningLoad,
    /// The name that it gives to 802.1X.
    EapIdentity,
}

impl ClueSource {
    /// The name that reports use.
    pub fn name(self) -> &'static str {
        match self {
            Self::Mac => "mac",
            Self::DhcpVendorClass => "dhcp-vendor-class",
            Self::DhcpUserClass => "dhcp-user-class",
            Self::DhcpParameterList => "dhcp-parameter-list",
            Self::DhcpHostName => "dhcp-host-name",
            Self::CdpDeviceId => "cdp-device-id",
            Self::CdpPlatform => "cdp-platform",
            Self::CdpSoftware => "cdp-software",
            Self::LldpSystemName => "lldp-system-name",
            Self::LldpSystemDescription => "lldp-system-description",
            Self::LldpManufacturer => "lldp-manufacturer",
            Self::LldpModel => "lldp-model",
            Self::LldpSoftware => "lldp-software",
            Self::LldpTelephone => "lldp-telephone",
            Self::HttpUserAgent => "http-user-agent",
            Self::SipUserAgent => "sip-user-agent",
            Self::SipPnp => "sip-pnp",
            Self::FileName => "file-name",
            Self::TftpOption => "tftp-option",
            Self::SccpDeviceName => "sccp-device-name",
            Self::RunningLoad => "running-load",
            Self::EapIdentity => "eap-identity",
        }
    }
}

/// Twelve hexadecimal digits that no other letter `a`-`f` or digit touches, or
/// six pairs with `:` or `-` between them.
static MAC_SHAPES: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?:^|[^0-9A-Fa-f])([0-9A-Fa-f]{12}|(?:[0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}|(?:[0-9A-Fa-f]{2}-){5}[0-9A-Fa-f]{2})(?:$|[^0-9A-Fa-f:])",
    )
    .expect("a literal")
});

/// Finds the MAC address inside a name that a phone made from it: `SEP001AA17BE638.cnf.xml`,
/// `0004f2aabbcc-phone.cfg`, `cfg000b82aabbcc.xml`, `Yealink SIP-T48S 66.84.0.10 00:15:65:aa:bb:cc`.
///
/// A vendor half of zeros is a file's own name (`000000000000.cfg`,
/// `y000000000065.cfg`), not an address.
pub fn mac_in(text: &str) -> Option<MacAddress> {
    MAC_SHAPES
        .captures_iter(text)
        .filter_map(|found| MacAddress::parse(found.get(1)?.as_str()))
        .find(|mac| mac.oui() != [0; 3] && !mac.is_group())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_address_in_the_names_that_phones_use() {
        for (text, mac) in [
            ("SEP001AA17BE638.cnf.xml", "00:1a:a1:7b:e6:38"),
            ("/cfg/0004f2aabbcc-phone.cfg", "00:04:f2:aa:bb:cc"),
            ("cfg000b82aabbcc.xml", "00:0b:82:aa:bb:cc"),
            (
                "Yealink SIP-T48G 35.72.0.6 00:15:65:5c:60:82",
                "00:15:65:5c:60:82",
            ),
            (
                "Aastra6731i MAC:00-08-5D-23-74-29 V:3.2.0.70-SIP",
                "00:08:5d:23:74:29",
            ),
            ("CTLSEP001AA17BE638.tlv", "00:1a:a1:7b:e6:38"),
        ] {
            assert_eq!(mac_in(text), MacAddress::parse(mac), "{text}");
        }
    }

    #[test]
    fn takes_no_other_digits_for_an_address() {
        for text in [
            "000000000000.cfg",
            "y000000000065.cfg",
            "term70.default.loads",
            "3111-44500-001.sip.ld",
            "0004f2aabbccdd",
            "FCH12345678",
        ] {
            assert_eq!(mac_in(text), None, "{text}");
        }
    }
}
