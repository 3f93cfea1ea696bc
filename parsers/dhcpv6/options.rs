//! What DHCPv6 options say: one row a code in [`OPTIONS`], read by [`value`].
//!
//! RFC 8415 and the RFCs that the rows name. What servers and phones put there
//! against the book is reported as an [`Issue`], never mended.

use std::net::Ipv6Addr;

use crate::dhcp::options::Length;
use crate::dhcpv6::duid::Duid;
use crate::dhcpv6::{MessageType, read};
use crate::{Issue, WireText};

/// One option's row: its name, what its value looks like, where that is written.
#[derive(Debug, Clone, Copy)]
pub struct OptionRow {
    /// Code.
    pub code: u16,
    /// Name as IANA lists it, without `OPTION_`, in lower case with hyphens.
    pub name: &'static str,
    /// What the value looks like.
    pub shape: Shape,
    /// How long the value may be.
    pub length: Length,
    /// RFC and section.
    pub source: &'static str,
}

/// What an option's value looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Any bytes.
    Bytes,
    /// Nothing: the option's presence says it all.
    Empty,
    /// Text.
    Text,
    /// Text when it can be, else bytes.
    TextOrBytes,
    /// One or more addresses.
    Addresses,
    /// A number that fills the value: one, two or four bytes.
    Number,
    /// Two-byte numbers.
    Numbers,
    /// Two bytes, in hundredths of a second.
    Hundredths,
    /// Option codes.
    Codes,
    /// Who a client or server is.
    Duid,
    /// An identity association with two times (`IA_NA`, `IA_PD`).
    Association,
    /// An identity association without times (`IA_TA`).
    TemporaryAssociation,
    /// An address with its lifetimes.
    LeasedAddress,
    /// A prefix with its lifetimes.
    LeasedPrefix,
    /// A code and words.
    Status,
    /// Texts, each behind its length of two bytes (15, 60).
    CountedTexts,
    /// An enterprise, then texts, each behind its length.
    VendorClass,
    /// An enterprise, then options of its own.
    VendorOptions,
    /// An enterprise, then bytes.
    RemoteId,
    /// A message type.
    MessageType,
    /// Encoded domain names.
    DomainNames,
    /// Flags and a name, which may be partial.
    ClientName,
    /// Time servers, each a sub-option (RFC 5908).
    TimeServers,
    /// A hardware type and an address.
    LinkLayer,
    /// Options, as at the top of a message.
    Options,
}

use Length::{Any, AtLeast, Exactly, Times};
use Shape::{
    Addresses, Bytes, ClientName, Codes, CountedTexts, DomainNames, Empty, Hundredths, LinkLayer,
    Number, Numbers, RemoteId, TemporaryAssociation, Text, TextOrBytes, TimeServers, VendorClass,
};

/// Every option that is known by name, sorted by code.
#[rustfmt::skip] // One row a line.
pub const OPTIONS: &[OptionRow] = &[
    option(1, "client-identifier", Shape::Duid, AtLeast(3), "RFC 8415 §21.2"),
    option(2, "server-identifier", Shape::Duid, AtLeast(3), "RFC 8415 §21.3"),
    option(3, "ia-na", Shape::Association, AtLeast(12), "RFC 8415 §21.4"),
    option(4, "ia-ta", TemporaryAssociation, AtLeast(4), "RFC 8415 §21.5"),
    option(5, "ia-address", Shape::LeasedAddress, AtLeast(24), "RFC 8415 §21.6"),
    option(6, "option-request", Codes, Times(2), "RFC 8415 §21.7"),
    option(7, "preference", Number, Exactly(1), "RFC 8415 §21.8"),
    option(8, "elapsed-time", Hundredths, Exactly(2), "RFC 8415 §21.9"),
    option(9, "relay-message", Bytes, AtLeast(4), "RFC 8415 §21.10"),
    option(11, "authentication", Bytes, AtLeast(11), "RFC 8415 §21.11"),
    option(12, "server-unicast", Addresses, Exactly(16), "RFC 8415 §21.12"),
    option(13, "status-code", Shape::Status, AtLeast(2), "RFC 8415 §21.13"),
    option(14, "rapid-commit", Empty, Exactly(0), "RFC 8415 §21.14"),
    option(15, "user-class", CountedTexts, AtLeast(2), "RFC 8415 §21.15"),
    option(16, "vendor-class", VendorClass, AtLeast(4), "RFC 8415 §21.16"),
    option(17, "vendor-specific-information", Shape::VendorOptions, AtLeast(4), "RFC 8415 §21.17"),
    option(18, "interface-id", TextOrBytes, AtLeast(1), "RFC 8415 §21.18"),
    option(19, "reconfigure-message", Shape::MessageType, Exactly(1), "RFC 8415 §21.19"),
    option(20, "reconfigure-accept", Empty, Exactly(0), "RFC 8415 §21.20"),
    option(21, "sip-server-domain-names", DomainNames, AtLeast(1), "RFC 3319 §3.1"),
    option(22, "sip-server-addresses", Addresses, Times(16), "RFC 3319 §3.2"),
    option(23, "dns-servers", Addresses, Times(16), "RFC 3646 §3"),
    option(24, "domain-search", DomainNames, AtLeast(1), "RFC 3646 §4"),
    option(25, "ia-pd", Shape::Association, AtLeast(12), "RFC 8415 §21.21"),
    option(26, "ia-prefix", Shape::LeasedPrefix, AtLeast(25), "RFC 8415 §21.22"),
    option(27, "nis-servers", Addresses, Times(16), "RFC 3898 §3"),
    option(28, "nisp-servers", Addresses, Times(16), "RFC 3898 §4"),
    option(29, "nis-domain-name", DomainNames, AtLeast(1), "RFC 3898 §5"),
    option(30, "nisp-domain-name", DomainNames, AtLeast(1), "RFC 3898 §6"),
    option(31, "sntp-servers", Addresses, Times(16), "RFC 4075 §4"),
    option(32, "information-refresh-time", Number, Exactly(4), "RFC 8415 §21.23"),
    option(33, "bcmcs-controller-domain-names", DomainNames, AtLeast(1), "RFC 4280 §4.2"),
    option(34, "bcmcs-controller-addresses", Addresses, Times(16), "RFC 4280 §4.4"),
    option(36, "geoconf-civic", Bytes, AtLeast(3), "RFC 4776 §3.2"),
    option(37, "remote-id", RemoteId, AtLeast(5), "RFC 4649 §3"),
    option(38, "subscriber-id", TextOrBytes, AtLeast(1), "RFC 4580 §2"),
    option(39, "client-fqdn", ClientName, AtLeast(1), "RFC 4704 §4"),
    option(40, "pana-agent", Addresses, Times(16), "RFC 5192 §4"),
    option(41, "posix-timezone", Text, AtLeast(1), "RFC 4833 §3"),
    option(42, "tzdb-timezone", Text, AtLeast(1), "RFC 4833 §3"),
    option(43, "echo-request", Codes, Times(2), "RFC 4994 §4"),
    option(44, "leasequery", Bytes, AtLeast(17), "RFC 5007 §4.1.2.1"),
    option(45, "client-data", Shape::Options, AtLeast(1), "RFC 5007 §4.1.2.2"),
    option(46, "client-last-transaction-time", Number, Exactly(4), "RFC 5007 §4.1.2.3"),
    option(47, "leasequery-relay-data", Bytes, AtLeast(16), "RFC 5007 §4.1.2.4"),
    option(48, "leasequery-client-link", Addresses, Times(16), "RFC 5007 §4.1.2.5"),
    option(51, "lost-server", DomainNames, AtLeast(1), "RFC 5223 §4"),
    option(52, "capwap-access-controllers", Addresses, Times(16), "RFC 5417 §3"),
    option(53, "relay-id", Shape::Duid, AtLeast(3), "RFC 5460 §5.4.1"),
    option(54, "mos-addresses", Bytes, AtLeast(1), "RFC 5678 §2"),
    option(55, "mos-domain-names", Bytes, AtLeast(1), "RFC 5678 §3"),
    option(56, "ntp-server", TimeServers, AtLeast(4), "RFC 5908 §4"),
    option(57, "access-domain", DomainNames, AtLeast(1), "RFC 5986 §3.3"),
    option(58, "sip-ua-configuration-service-domains", DomainNames, AtLeast(1), "RFC 6011 §4.2"),
    option(59, "bootfile-url", Text, AtLeast(1), "RFC 5970 §3.1"),
    option(60, "bootfile-parameters", CountedTexts, AtLeast(2), "RFC 5970 §3.2"),
    option(61, "client-architecture-type", Numbers, Times(2), "RFC 5970 §3.3"),
    option(62, "client-network-interface", Bytes, Exactly(3), "RFC 5970 §3.4"),
    option(63, "geolocation", Bytes, Exactly(16), "RFC 6225 §2.1"),
    option(64, "aftr-name", DomainNames, AtLeast(1), "RFC 6334 §3"),
    option(65, "erp-local-domain-name", DomainNames, AtLeast(1), "RFC 6440 §4"),
    option(66, "relay-supplied-options", Shape::Options, AtLeast(4), "RFC 6422 §5"),
    option(67, "prefix-exclude", Bytes, AtLeast(2), "RFC 6603 §4.2"),
    option(68, "virtual-subnet-selection", Bytes, AtLeast(1), "RFC 6607 §3.3"),
    option(74, "rdnss-selection", Bytes, AtLeast(17), "RFC 6731 §4.2"),
    option(79, "client-link-layer-address", LinkLayer, AtLeast(3), "RFC 6939 §4"),
    option(80, "link-address", Addresses, Exactly(16), "RFC 6977 §6.1"),
    option(81, "radius", Bytes, AtLeast(1), "RFC 7037 §4"),
    option(82, "solicit-max-rt", Number, Exactly(4), "RFC 8415 §21.24"),
    option(83, "information-max-rt", Number, Exactly(4), "RFC 8415 §21.25"),
    option(84, "address-selection", Bytes, AtLeast(1), "RFC 7078 §2"),
    option(86, "pcp-server", Addresses, Times(16), "RFC 7291 §4.1"),
    option(87, "dhcpv4-message", Bytes, AtLeast(1), "RFC 7341 §6.2"),
    option(88, "dhcp4o6-server", Bytes, Any, "RFC 7341 §6.3"),
    option(94, "s46-map-e-container", Shape::Options, AtLeast(4), "RFC 7598 §5.1"),
    option(95, "s46-map-t-container", Shape::Options, AtLeast(4), "RFC 7598 §5.2"),
    option(103, "captive-portal", Text, AtLeast(1), "RFC 8910 §2.2"),
    option(112, "manufacturer-usage-description", Text, AtLeast(1), "RFC 8520 §10"),
    option(136, "sztp-redirect", Bytes, AtLeast(1), "RFC 8572 §8.2"),
    option(143, "andsf-addresses", Addresses, Times(16), "RFC 6153 §3"),
];

const fn option(
    code: u16,
    name: &'static str,
    shape: Shape,
    length: Length,
    source: &'static str,
) -> OptionRow {
    OptionRow {
        code,
        name,
        shape,
        length,
        source,
    }
}

/// One sub-option of a vendor, within option 17.
#[derive(Debug, Clone, Copy)]
pub struct VendorRow {
    /// IANA's private enterprise number.
    pub enterprise: u32,
    /// Code.
    pub code: u16,
    /// Name in lower case with hyphens.
    pub name: &'static str,
    /// What the value looks like.
    pub shape: Shape,
    /// Where that is written.
    pub source: &'static str,
}

/// Cisco's enterprise number.
pub const CISCO: u32 = 9;
/// The enterprise number of Cable Labs.
pub const CABLELABS: u32 = 4491;

/// Vendor sub-options that are known, sorted by enterprise and code.
#[rustfmt::skip] // One row a line.
pub const VENDOR_OPTIONS: &[VendorRow] = &[
    vendor(CISCO, 1, "tftp-servers", Addresses, "Cisco, DHCPv6 vendor-specific sub-options"),
    vendor(CISCO, 2, "tftp-service", TextOrBytes, "Cisco, DHCPv6 vendor-specific sub-options"),
    vendor(CABLELABS, 1, "option-request", Codes, "CL-SP-CANN-DHCP §5"),
    vendor(CABLELABS, 2, "device-type", Text, "CL-SP-CANN-DHCP §5"),
    vendor(CABLELABS, 4, "serial-number", Text, "CL-SP-CANN-DHCP §5"),
    vendor(CABLELABS, 32, "tftp-servers", Addresses, "CL-SP-CANN-DHCP §5"),
    vendor(CABLELABS, 33, "configuration-file", Text, "CL-SP-CANN-DHCP §5"),
    vendor(CABLELABS, 34, "syslog-servers", Addresses, "CL-SP-CANN-DHCP §5"),
    vendor(CABLELABS, 37, "time-servers", Addresses, "CL-SP-CANN-DHCP §5"),
];

const fn vendor(
    enterprise: u32,
    code: u16,
    name: &'static str,
    shape: Shape,
    source: &'static str,
) -> VendorRow {
    VendorRow {
        enterprise,
        code,
        name,
        shape,
        source,
    }
}

/// What an option says. Its `Display` is the one string that reports print.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// Bytes of no known shape, or of a length that their shape does not allow.
    Bytes(Vec<u8>),
    /// Text, NULs at its end removed.
    Text(WireText),
    /// User classes, boot parameters or domain names.
    Texts(Vec<WireText>),
    /// Addresses.
    Addresses(Vec<Ipv6Addr>),
    /// A number.
    Number(u32),
    /// Numbers.
    Numbers(Vec<u16>),
    /// A time in hundredths of a second.
    Hundredths(u16),
    /// Option codes, in the sender's order.
    Codes(Vec<u16>),
    /// Who a client or server is.
    Duid(Duid),
    /// Options 3, 4 and 25.
    Association(Association),
    /// Option 5.
    Address(LeasedAddress),
    /// Option 26.
    Prefix(LeasedPrefix),
    /// Option 13.
    Status(Status),
    /// Option 16.
    VendorClass {
        /// IANA's private enterprise number.
        enterprise: u32,
        /// What the sender calls itself.
        classes: Vec<WireText>,
    },
    /// Option 17.
    VendorOptions(VendorOptions),
    /// Option 37.
    RemoteId {
        /// IANA's private enterprise number of the relay agent's maker.
        enterprise: u32,
        /// What it likes.
        id: Vec<u8>,
    },
    /// Option 19.
    MessageType(MessageType),
    /// Option 39.
    ClientName {
        /// Flags of RFC 4704 §4.1.
        flags: u8,
        /// The name, whole or partial; empty when the client leaves it to the server.
        name: WireText,
    },
    /// Option 79.
    LinkLayer {
        /// 1 is Ethernet.
        hardware_type: u16,
        /// The address.
        address: Vec<u8>,
    },
    /// Option 56.
    TimeServers(Vec<TimeServer>),
    /// Options within an option.
    Options(Vec<SubOption>),
}

/// One time server of option 56 (RFC 5908 §4.1 to §4.3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TimeServer {
    /// Sub-option 1.
    Address(Ipv6Addr),
    /// Sub-option 2: a group that the server sends to.
    Multicast(Ipv6Addr),
    /// Sub-option 3.
    Name(WireText),
    /// Another sub-option, or one of these that cannot be read.
    Other {
        /// Code.
        code: u16,
        /// Its bytes.
        bytes: Vec<u8>,
    },
}

impl Value {
    /// The status, when it is one.
    pub(super) fn into_status(self) -> Option<Status> {
        match self {
            Self::Status(status) => Some(status),
            _ => None,
        }
    }
}

/// An option within an option.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubOption {
    /// Code.
    pub code: u16,
    /// What it says.
    pub value: Value,
}

/// An identity association (RFC 8415 §21.4, §21.5, §21.21).
///
/// ```text
///  4 bytes   4 bytes   4 bytes
/// +---------+---------+---------+---------+
/// |  IAID   |   T1    |   T2    | options |
/// +---------+---------+---------+---------+
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Association {
    /// `IAID`: which of the client's interfaces.
    pub id: u32,
    /// `T1`: when to renew; `None` in an `IA_TA`.
    pub renew_secs: Option<u32>,
    /// `T2`: when to ask any server; `None` in an `IA_TA`.
    pub rebind_secs: Option<u32>,
    /// Addresses or prefixes, and a status when there are none to give.
    pub options: Vec<SubOption>,
}

/// An address that is leased, or asked for (RFC 8415 §21.6).
///
/// ```text
///  16 bytes   4 bytes              4 bytes
/// +---------+--------------------+----------------+---------+
/// | address | preferred-lifetime | valid-lifetime | options |
/// +---------+--------------------+----------------+---------+
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeasedAddress {
    /// The address.
    pub address: Ipv6Addr,
    /// `preferred-lifetime`; zero when the client asks.
    pub preferred_secs: u32,
    /// `valid-lifetime`; zero when the client asks, or may not use it any more.
    pub valid_secs: u32,
    /// A status, when there is something to say.
    pub options: Vec<SubOption>,
}

/// A prefix that is delegated, or asked for (RFC 8415 §21.22).
///
/// ```text
///  4 bytes              4 bytes          1 byte   16 bytes
/// +--------------------+----------------+--------+---------+---------+
/// | preferred-lifetime | valid-lifetime | length | prefix  | options |
/// +--------------------+----------------+--------+---------+---------+
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeasedPrefix {
    /// The prefix.
    pub prefix: Ipv6Addr,
    /// Its length in bits.
    pub length: u8,
    /// `preferred-lifetime`.
    pub preferred_secs: u32,
    /// `valid-lifetime`.
    pub valid_secs: u32,
    /// A status, when there is something to say.
    pub options: Vec<SubOption>,
}

/// What a server, or a client, thinks of a request (RFC 8415 §21.13).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// The code; 0 is success.
    pub code: u16,
    /// Words for people; often empty.
    pub message: WireText,
}

impl Status {
    /// The code's name (RFC 8415 §21.13; 7 to 10 from RFC 5007 and 5460);
    /// `None` for an unknown one.
    pub fn name(&self) -> Option<&'static str> {
        Some(match self.code {
            0 => "Success",
            1 => "UnspecFail",
            2 => "NoAddrsAvail",
            3 => "NoBinding",
            4 => "NotOnLink",
            5 => "UseMulticast",
            6 => "NoPrefixAvail",
            7 => "UnknownQueryType",
            8 => "MalformedQuery",
            9 => "NotConfigured",
            10 => "NotAllowed",
            11 => "QueryTerminated",
            _ => return None,
        })
    }
}

/// What one enterprise says in option 17.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VendorOptions {
    /// IANA's private enterprise number.
    pub enterprise: u32,
    /// Its sub-options in wire order.
    pub options: Vec<SubOption>,
}

/// Reads an option's value by its row. Issues tell what is wrong with it and with
/// the options within it, spans counted from the value's first byte.
///
/// The value of a code without a row is text when it can be, else bytes.
pub fn value(code: u16, bytes: &[u8]) -> (Value, Vec<Issue>) {
    read::option(code, bytes, 0)
}

/// The row of a code.
pub fn row(code: u16) -> Option<&'static OptionRow> {
    OPTIONS
        .binary_search_by_key(&code, |row| row.code)
        .ok()
        .and_then(|index| OPTIONS.get(index))
}

/// The row of a vendor's sub-option.
pub fn vendor_row(enterprise: u32, code: u16) -> Option<&'static VendorRow> {
    VENDOR_OPTIONS
        .iter()
        .find(|row| row.enterprise == enterprise && row.code == code)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// What an option prints, and its issues as `field kind span detail`.
    fn says(code: u16, bytes: &[u8]) -> (String, Vec<String>) {
        let (value, issues) = value(code, bytes);
        let issues = issues.into_iter().map(|issue| {
            let kind = issue.kind.name();
            format!("{} {kind} {:?} {}", issue.field, issue.span, issue.detail)
        });
        (value.to_string(), issues.collect())
    }

    fn assert_clean(code: u16, bytes: &[u8], text: &str) {
        assert_eq!(says(code, bytes), (text.into(), vec![]), "option {code}");
    }

    fn assert_issue(code: u16, bytes: &[u8], text: &str, issue: &str) {
        let expected = (text.into(), vec![issue.into()]);
        assert_eq!(says(code, bytes), expected, "option {code}");
    }

    const ADDRESS: [u8; 16] = [0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x51];

    fn joined(parts: &[&[u8]]) -> Vec<u8> {
        parts.concat()
    }

    #[test]
    fn rows_are_sorted_and_their_names_unique_and_plain() {
        assert!(OPTIONS.windows(2).all(|pair| pair[0].code < pair[1].code));
        let names: BTreeSet<&str> = OPTIONS.iter().map(|row| row.name).collect();
        assert_eq!(names.len(), OPTIONS.len());
        let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        assert!(names.iter().all(|name| name.chars().all(is_plain)));
        assert!(OPTIONS.iter().all(|row| !row.source.is_empty()));
        let keys = |row: &VendorRow| (row.enterprise, row.code);
        assert!(
            VENDOR_OPTIONS
                .windows(2)
                .all(|pair| keys(&pair[0]) < keys(&pair[1]))
        );
        assert_eq!(
            vendor_row(CISCO, 1).map(|row| row.name),
            Some("tftp-servers")
        );
        assert!(vendor_row(CISCO, 77).is_none());
    }

    #[test]
    fn no_value_of_any_code_and_length_panics_or_is_silent_about_its_length() {
        let pattern: Vec<u8> = (0..=255).map(|byte: u8| byte.wrapping_mul(37)).collect();
        for code in 0..=150 {
            for length in 0..48 {
                let (read, issues) = value(code, &pattern[..length]);
                let _ = read.to_string();
                let fault = row(code).and_then(|row| row.length.fault(length));
                assert!(fault.is_none() || !issues.is_empty(), "option {code}");
            }
        }
    }

    #[test]
    fn prints_addresses_numbers_and_codes() {
        assert_clean(23, &ADDRESS, "2001:db8::51");
        assert_clean(
            23,
            &[ADDRESS, ADDRESS].concat(),
            "2001:db8::51, 2001:db8::51",
        );
        assert_clean(7, &[255], "255");
        assert_clean(8, &[0, 105], "1.05 s");
        assert_clean(82, &[0, 0, 0x0e, 0x10], "3600");
        assert_clean(61, &[0, 7, 0, 9], "7, 9");
        assert_clean(6, &[0, 23, 0, 59, 0, 17], "23,59,17");
        assert_clean(14, &[], "");
        assert_clean(19, &[5], "renew");
        assert_clean(19, &[99], "99");
        assert_issue(
            23,
            &ADDRESS[..15],
            "20010db80000000000000000000000",
            "option 23 malformed 0..15 is 15 bytes, must be a multiple of 16",
        );
        assert_issue(
            8,
            &[1],
            "01",
            "option 8 malformed 0..1 is 1 byte, must be 2",
        );
        assert_issue(
            14,
            &[1],
            "01",
            "option 14 malformed 0..1 is 1 byte, must be 0",
        );
        assert_issue(
            6,
            &[0, 23, 0],
            "23",
            "option 6 malformed 0..3 is 3 bytes, must be a multiple of 2",
        );
    }

    #[test]
    fn prints_texts_and_names() {
        assert_clean(59, b"tftp://[2001:db8::10]/", "tftp://[2001:db8::10]/");
        assert_issue(
            59,
            b" http://a",
            " http://a",
            "option 59 unusual 0..9 begins or ends with a blank",
        );
        assert_clean(24, b"\x03lab\x07example\0", "lab.example");
        assert_clean(18, b"Gi1/0/7", "Gi1/0/7");
        assert_clean(18, &[1, 2], "0102");
        assert_clean(60, b"\0\x03abc\0\x01d", "abc, d");
        assert_clean(39, b"\x01\x0fSEP001BD5853661", "SEP001BD5853661");
        assert_clean(39, b"\x01", "");
        assert_issue(
            24,
            b"\x03lab\0\x05ex",
            "lab",
            "option 24 malformed 5..8 has a label of 5 bytes, but only 2 are left",
        );
        assert_issue(
            15,
            b"\0\x03abc\0\x09d",
            "abc",
            "option 15 malformed 5..8 has 9 bytes announced, but only 1 left",
        );
        assert_issue(
            15,
            b"\0\x03abc\0",
            "abc",
            "option 15 malformed 5..6 has 1 byte left, a length needs 2",
        );
        // A code that has no row.
        assert_clean(999, b"text", "text");
        assert_clean(999, &[7], "07");
    }

    #[test]
    fn prints_leases_with_what_stands_in_them() {
        let address = joined(&[
            &[0, 5, 0, 24],
            &ADDRESS,
            &[0, 0, 0x0e, 0x10, 0, 0, 0x1c, 0x20],
        ]);
        let association = joined(&[&[0, 0, 0, 1, 0, 0, 7, 8, 0, 0, 0x0b, 0x40], &address]);
        assert_clean(
            3,
            &association,
            "IAID 1, T1 1800 s, T2 2880 s: 2001:db8::51 (preferred 3600 s, valid 7200 s)",
        );
        let refused = joined(&[&[0, 0, 0, 1], &[0; 8], &[0, 13, 0, 4, 0, 2, b'n', b'o']]);
        assert_clean(3, &refused, "IAID 1, T1 0 s, T2 0 s: NoAddrsAvail \"no\"");
        assert_clean(
            4,
            &joined(&[&[0, 0, 0, 9], &address]),
            "IAID 9: 2001:db8::51 (preferred 3600 s, valid 7200 s)",
        );
        let mut prefix = vec![0, 0, 0, 1, 0, 0, 0, 2, 56];
        prefix.extend([0x20, 1, 0x0d, 0xb8]);
        prefix.resize(25, 0);
        assert_clean(26, &prefix, "2001:db8::/56 (preferred 1 s, valid 2 s)");
        assert_clean(13, &[0, 4], "NotOnLink");
        assert_clean(13, &[0, 99, b'x'], "99 \"x\"");
        assert_issue(
            3,
            &[0; 11],
            "0000000000000000000000",
            "option 3 malformed 0..11 is 11 bytes, must be at least 12",
        );
        // An address of which the association cuts off the end.
        let (text, issues) = says(3, &association[..20]);
        assert_eq!(text, "IAID 1, T1 1800 s, T2 2880 s: ia-address=20010db8");
        assert_eq!(
            issues,
            ["option 5 malformed 12..20 has length 24, but only 4 bytes are left"]
        );
    }

    #[test]
    fn prints_vendors_and_their_options() {
        assert_clean(16, b"\0\0\0\x09\0\x03CP-", "enterprise 9: CP-");
        let cisco = joined(&[&[0, 0, 0, 9, 0, 1, 0, 16], &ADDRESS]);
        assert_clean(17, &cisco, "enterprise 9: tftp-servers=2001:db8::51");
        let address = format!("010db8{}51", "00".repeat(11));
        assert_issue(
            17,
            &joined(&[&[0, 0, 0, 9, 0, 1, 0, 15], &ADDRESS[1..]]),
            &format!("enterprise 9: tftp-servers={address}"),
            "option 17 malformed 8..23 sub-option 1 is 15 bytes, must be a multiple of 16",
        );
        assert_issue(
            17,
            b"\0\0\0\x09\0\x02\0\x09ab",
            "enterprise 9: tftp-service=ab",
            "option 17 malformed 4..10 sub-option 2 has length 9, but only 2 bytes are left",
        );
        assert_clean(
            17,
            b"\0\0\x11\x8b\0\x21\0\x05a.cfg\0\x4d\0\x01\x07",
            "enterprise 4491: configuration-file=a.cfg, 77=07",
        );
        assert_clean(37, b"\0\0\0\x09\x01\x02", "enterprise 9: 0102");
        assert_issue(
            16,
            b"\0\0",
            "0000",
            "option 16 malformed 0..2 is 2 bytes, must be at least 4",
        );
    }

    #[test]
    fn prints_time_servers_and_link_layer_addresses() {
        let address = joined(&[&[0, 1, 0, 16], &ADDRESS]);
        let multicast = joined(&[&[0, 2, 0, 16, 0xff, 5], &[0; 12], &[1, 1]]);
        assert_clean(
            56,
            &joined(&[
                &address,
                &multicast,
                b"\0\x03\0\x06\x04time\0",
                b"\0\x09\0\x01\x07",
            ]),
            "2001:db8::51, multicast ff05::101, time, 9=07",
        );
        assert_issue(
            56,
            &address[..10],
            "1=20010db80000",
            "option 56 malformed 0..10 sub-option 1 has length 16, but only 6 bytes are left",
        );
        assert_clean(79, &[0, 1, 0, 0x1b, 0xd5, 1, 2, 3], "00:1b:d5:01:02:03");
        assert_clean(79, &[0, 6, 7], "hardware type 6 07");
        assert_clean(
            1,
            &[0, 3, 0, 1, 0, 0x1b, 0xd5, 1, 2, 3],
            "DUID-LL 00:1b:d5:01:02:03",
        );
        assert_issue(
            2,
            &[0, 4, 1],
            "DUID 000401",
            "option 2 malformed 0..3 is 3 bytes, which a DUID of type 4 cannot be",
        );
    }

    #[test]
    fn tells_what_cannot_be_of_lifetimes_and_prefixes() {
        let short_lived = joined(&[&ADDRESS, &[0, 0, 0, 2, 0, 0, 0, 1]]);
        assert_issue(
            5,
            &short_lived,
            "2001:db8::51 (preferred 2 s, valid 1 s)",
            "option 5 malformed 16..20 has a preferred lifetime of 2 s, longer than the valid 1 s",
        );
        let wide = joined(&[&[0; 8], &[129], &ADDRESS]);
        assert_issue(
            26,
            &wide,
            "2001:db8::51/129 (preferred 0 s, valid 0 s)",
            "option 26 malformed 8..9 has a prefix of 129 bits, must be at most 128",
        );
    }

    #[test]
    fn opens_options_only_so_deep() {
        let mut bytes = vec![0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0];
        for _ in 0..50 {
            let length = u16::try_from(bytes.len()).unwrap().to_be_bytes();
            bytes = joined(&[&[0; 12], &[0, 3], &length, &bytes]);
        }
        let (text, issues) = says(3, &bytes);
        assert_eq!(issues, Vec::<String>::new());
        assert_eq!(text.matches("IAID").count(), 5);
    }
}
