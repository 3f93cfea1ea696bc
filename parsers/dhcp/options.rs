//! What DHCP options say: one row a code in [`OPTIONS`], read by [`value`].
//!
//! RFC 2132 and the RFCs that the rows name; codes that phones use in their own
//! way are marked with the family that does. What servers and phones put there
//! against the book is reported as an [`Issue`], never mended.

use std::net::Ipv4Addr;

use crate::dhcp::read;
use crate::dhcp::vendor::{Enterprise, SubOption};
use crate::dhcp::{MessageType, show};
use crate::notes::Notes;
use crate::{Issue, WireText};

/// One option's row: its name, what its value looks like, where that is written.
#[derive(Debug, Clone, Copy)]
pub struct OptionRow {
    /// Code.
    pub code: u8,
    /// Name as its RFC titles it, in lower case with hyphens.
    pub name: &'static str,
    /// What the value looks like.
    pub shape: Shape,
    /// How long the value may be.
    pub length: Length,
    /// RFC and section, or where the option was seen.
    pub source: &'static str,
}

/// What an option's value looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Any bytes.
    Bytes,
    /// Text.
    Text,
    /// One address.
    Address,
    /// One or more addresses.
    Addresses,
    /// One byte.
    Number8,
    /// Two bytes.
    Number16,
    /// Four bytes.
    Number32,
    /// Four bytes, two's complement.
    Signed32,
    /// Two-byte numbers.
    Numbers16,
    /// One byte that is one of these.
    Choice(&'static [u8]),
    /// Pairs of an address and its mask.
    AddressPairs,
    /// Pairs of a destination and a router (option 33).
    StaticRoutes,
    /// Destinations with the width of their mask, and routers (RFC 3442).
    ClasslessRoutes,
    /// Option codes.
    Codes,
    /// Option 53.
    MessageType,
    /// Sub-options, text or bytes: option 43 is the vendor's own.
    VendorSpecific,
    /// Text, or Polycom's binary form.
    VendorClass,
    /// A hardware type and an address, or what the client likes.
    ClientIdentifier,
    /// User classes (RFC 3004), or plain text.
    UserClasses,
    /// Flags, two old result codes and a name (RFC 4702).
    ClientName,
    /// Sub-options of relay agents (RFC 3046).
    RelayAgent,
    /// Encoded domain names (RFC 3397).
    DomainNames,
    /// An encoding byte, then domain names or addresses (RFC 3361).
    SipServers,
    /// Enterprises, each with opaque data (RFC 3925 §3).
    VendorClasses,
    /// Enterprises, each with sub-options (RFC 3925 §4).
    VendorOptions,
    /// Text with most phones, a four-byte address with some.
    TextOrAddress,
    /// Text with some phones, a number of one, two or four bytes with others.
    TextOrNumber,
}

/// How long an option's value may be, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Length {
    /// As long as it likes.
    Any,
    /// This long.
    Exactly(usize),
    /// This long or longer.
    AtLeast(usize),
    /// One or more times this long.
    Times(usize),
    /// This many times this long, or not there at all.
    TimesOrNone(usize),
}

use Length::{Any, AtLeast, Exactly, Times, TimesOrNone};
use Shape::{
    Address, AddressPairs, Addresses, Bytes, Choice, ClasslessRoutes, ClientIdentifier, ClientName,
    Codes, DomainNames, Number8, Number16, Number32, Numbers16, RelayAgent, Signed32, SipServers,
    StaticRoutes, Text, TextOrAddress, TextOrNumber, UserClasses, VendorClass, VendorClasses,
    VendorOptions, VendorSpecific,
};

/// A byte that says yes or no.
const FLAG: Shape = Choice(&[0, 1]);

/// Every option that is known by name, sorted by code.
#[rustfmt::skip] // One row a line.
pub const OPTIONS: &[OptionRow] = &[
    option(1, "subnet-mask", Address, Exactly(4), "RFC 2132 §3.3"),
    option(2, "time-offset", Signed32, Exactly(4), "RFC 2132 §3.4"),
    option(3, "router", Addresses, Times(4), "RFC 2132 §3.5"),
    option(4, "time-server", Addresses, Times(4), "RFC 2132 §3.6"),
    option(5, "name-server", Addresses, Times(4), "RFC 2132 §3.7"),
    option(6, "domain-name-server", Addresses, Times(4), "RFC 2132 §3.8"),
    option(7, "log-server", Addresses, Times(4), "RFC 2132 §3.9"),
    option(8, "cookie-server", Addresses, Times(4), "RFC 2132 §3.10"),
    option(9, "lpr-server", Addresses, Times(4), "RFC 2132 §3.11"),
    option(10, "impress-server", Addresses, Times(4), "RFC 2132 §3.12"),
    option(11, "resource-location-server", Addresses, Times(4), "RFC 2132 §3.13"),
    option(12, "host-name", Text, AtLeast(1), "RFC 2132 §3.14"),
    option(13, "boot-file-size", Number16, Exactly(2), "RFC 2132 §3.15"),
    option(14, "merit-dump-file", Text, AtLeast(1), "RFC 2132 §3.16"),
    option(15, "domain-name", Text, AtLeast(1), "RFC 2132 §3.17"),
    option(16, "swap-server", Address, Exactly(4), "RFC 2132 §3.18"),
    option(17, "root-path", Text, AtLeast(1), "RFC 2132 §3.19"),
    option(18, "extensions-path", Text, AtLeast(1), "RFC 2132 §3.20"),
    option(19, "ip-forwarding", FLAG, Exactly(1), "RFC 2132 §4.1"),
    option(20, "non-local-source-routing", FLAG, Exactly(1), "RFC 2132 §4.2"),
    option(21, "policy-filter", AddressPairs, Times(8), "RFC 2132 §4.3"),
    option(22, "maximum-datagram-reassembly-size", Number16, Exactly(2), "RFC 2132 §4.4"),
    option(23, "default-ip-time-to-live", Number8, Exactly(1), "RFC 2132 §4.5"),
    option(24, "path-mtu-aging-timeout", Number32, Exactly(4), "RFC 2132 §4.6"),
    option(25, "path-mtu-plateau-table", Numbers16, Times(2), "RFC 2132 §4.7"),
    option(26, "interface-mtu", Number16, Exactly(2), "RFC 2132 §5.1"),
    option(27, "all-subnets-are-local", FLAG, Exactly(1), "RFC 2132 §5.2"),
    option(28, "broadcast-address", Address, Exactly(4), "RFC 2132 §5.3"),
    option(29, "perform-mask-discovery", FLAG, Exactly(1), "RFC 2132 §5.4"),
    option(30, "mask-supplier", FLAG, Exactly(1), "RFC 2132 §5.5"),
    option(31, "perform-router-discovery", FLAG, Exactly(1), "RFC 2132 §5.6"),
    option(32, "router-solicitation-address", Address, Exactly(4), "RFC 2132 §5.7"),
    option(33, "static-route", StaticRoutes, Times(8), "RFC 2132 §5.8"),
    option(34, "trailer-encapsulation", FLAG, Exactly(1), "RFC 2132 §6.1"),
    option(35, "arp-cache-timeout", Number32, Exactly(4), "RFC 2132 §6.2"),
    option(36, "ethernet-encapsulation", FLAG, Exactly(1), "RFC 2132 §6.3"),
    option(37, "tcp-default-ttl", Number8, Exactly(1), "RFC 2132 §7.1"),
    option(38, "tcp-keepalive-interval", Number32, Exactly(4), "RFC 2132 §7.2"),
    option(39, "tcp-keepalive-garbage", FLAG, Exactly(1), "RFC 2132 §7.3"),
    option(40, "nis-domain", Text, AtLeast(1), "RFC 2132 §8.1"),
    option(41, "nis-servers", Addresses, Times(4), "RFC 2132 §8.2"),
    option(42, "ntp-servers", Addresses, Times(4), "RFC 2132 §8.3"),
    option(43, "vendor-specific-information", VendorSpecific, AtLeast(1), "RFC 2132 §8.4"),
    option(44, "netbios-name-server", Addresses, Times(4), "RFC 2132 §8.5"),
    option(45, "netbios-datagram-distribution-server", Addresses, Times(4), "RFC 2132 §8.6"),
    option(46, "netbios-node-type", Choice(&[1, 2, 4, 8]), Exactly(1), "RFC 2132 §8.7"),
    option(47, "netbios-scope", Text, AtLeast(1), "RFC 2132 §8.8"),
    option(48, "x-window-system-font-server", Addresses, Times(4), "RFC 2132 §8.9"),
    option(49, "x-window-system-display-manager", Addresses, Times(4), "RFC 2132 §8.10"),
    option(50, "requested-ip-address", Address, Exactly(4), "RFC 2132 §9.1"),
    option(51, "ip-address-lease-time", Number32, Exactly(4), "RFC 2132 §9.2"),
    option(52, "option-overload", Choice(&[1, 2, 3]), Exactly(1), "RFC 2132 §9.3"),
    option(53, "dhcp-message-type", Shape::MessageType, Exactly(1), "RFC 2132 §9.6"),
    option(54, "server-identifier", Address, Exactly(4), "RFC 2132 §9.7"),
    option(55, "parameter-request-list", Codes, AtLeast(1), "RFC 2132 §9.8"),
    option(56, "message", Text, AtLeast(1), "RFC 2132 §9.9"),
    option(57, "maximum-dhcp-message-size", Number16, Exactly(2), "RFC 2132 §9.10"),
    option(58, "renewal-time-value", Number32, Exactly(4), "RFC 2132 §9.11"),
    option(59, "rebinding-time-value", Number32, Exactly(4), "RFC 2132 §9.12"),
    option(60, "vendor-class-identifier", VendorClass, AtLeast(1), "RFC 2132 §9.13"),
    option(61, "client-identifier", ClientIdentifier, AtLeast(2), "RFC 2132 §9.14"),
    option(62, "netware-ip-domain-name", Text, AtLeast(1), "RFC 2242 §2"),
    option(63, "netware-ip-information", Bytes, AtLeast(1), "RFC 2242 §3"),
    option(64, "nis-plus-domain", Text, AtLeast(1), "RFC 2132 §8.11"),
    option(65, "nis-plus-servers", Addresses, Times(4), "RFC 2132 §8.12"),
    option(66, "tftp-server-name", Text, AtLeast(1), "RFC 2132 §9.4"),
    option(67, "bootfile-name", Text, AtLeast(1), "RFC 2132 §9.5"),
    option(68, "mobile-ip-home-agent", Addresses, TimesOrNone(4), "RFC 2132 §8.13"),
    option(69, "smtp-server", Addresses, Times(4), "RFC 2132 §8.14"),
    option(70, "pop3-server", Addresses, Times(4), "RFC 2132 §8.15"),
    option(71, "nntp-server", Addresses, Times(4), "RFC 2132 §8.16"),
    option(72, "www-server", Addresses, Times(4), "RFC 2132 §8.17"),
    option(73, "finger-server", Addresses, Times(4), "RFC 2132 §8.18"),
    option(74, "irc-server", Addresses, Times(4), "RFC 2132 §8.19"),
    option(75, "streettalk-server", Addresses, Times(4), "RFC 2132 §8.20"),
    option(76, "streettalk-directory-assistance-server", Addresses, Times(4), "RFC 2132 §8.21"),
    option(77, "user-class", UserClasses, AtLeast(1), "RFC 3004 §4"),
    option(78, "directory-agent", Bytes, AtLeast(1), "RFC 2610 §3"),
    option(79, "service-scope", Bytes, AtLeast(1), "RFC 2610 §4"),
    option(80, "rapid-commit", Bytes, Exactly(0), "RFC 4039 §4"),
    option(81, "client-fqdn", ClientName, AtLeast(3), "RFC 4702 §2"),
    option(82, "relay-agent-information", RelayAgent, AtLeast(2), "RFC 3046 §2"),
    option(83, "isns", Bytes, AtLeast(14), "RFC 4174 §2"),
    option(85, "nds-servers", Addresses, Times(4), "RFC 2241 §2"),
    option(86, "nds-tree-name", Text, AtLeast(1), "RFC 2241 §3"),
    option(87, "nds-context", Text, AtLeast(1), "RFC 2241 §4"),
    option(88, "bcmcs-controller-domain-names", DomainNames, AtLeast(1), "RFC 4280 §4.1"),
    option(89, "bcmcs-controller-addresses", Addresses, Times(4), "RFC 4280 §4.3"),
    option(90, "authentication", Bytes, AtLeast(11), "RFC 3118 §2"),
    option(91, "client-last-transaction-time", Number32, Exactly(4), "RFC 4388 §6.1"),
    option(92, "associated-ip", Addresses, Times(4), "RFC 4388 §6.1"),
    option(93, "client-system-architecture", Numbers16, Times(2), "RFC 4578 §2.1"),
    option(94, "client-network-interface", Bytes, Exactly(3), "RFC 4578 §2.2"),
    option(95, "ldap", Text, AtLeast(1), "RFC 3679 §3.2"),
    option(97, "client-machine-identifier", Bytes, AtLeast(1), "RFC 4578 §2.3"),
    option(98, "user-authentication", Text, AtLeast(1), "RFC 2485"),
    option(99, "geoconf-civic", Bytes, AtLeast(3), "RFC 4776 §3.1"),
    option(100, "posix-timezone", Text, AtLeast(1), "RFC 4833 §2"),
    option(101, "tzdb-timezone", Text, AtLeast(1), "RFC 4833 §2"),
    option(108, "ipv6-only-preferred", Number32, Exactly(4), "RFC 8925 §3.1"),
    option(112, "netinfo-parent-server-address", Addresses, Times(4), "RFC 3679 §3.2"),
    option(113, "netinfo-parent-server-tag", Text, AtLeast(1), "RFC 3679 §3.2"),
    option(114, "default-url", Text, AtLeast(1), "RFC 3679 §3.1; RFC 8910 §2.1; Gigaset"),
    option(116, "auto-configuration", FLAG, Exactly(1), "RFC 2563 §2"),
    option(117, "name-service-search", Numbers16, Times(2), "RFC 2937"),
    option(118, "subnet-selection", Address, Exactly(4), "RFC 3011"),
    option(119, "domain-search", DomainNames, AtLeast(1), "RFC 3397 §2"),
    option(120, "sip-servers", SipServers, AtLeast(2), "RFC 3361 §3"),
    option(121, "classless-static-route", ClasslessRoutes, AtLeast(5), "RFC 3442"),
    option(122, "cablelabs-client-configuration", Bytes, AtLeast(1), "RFC 3495 §4"),
    option(123, "geoconf", Bytes, Exactly(16), "RFC 6225 §2.2"),
    option(124, "vendor-identifying-vendor-class", VendorClasses, AtLeast(5), "RFC 3925 §3"),
    option(125, "vendor-identifying-vendor-specific-information", VendorOptions, AtLeast(5), "RFC 3925 §4"),
    option(128, "tftp-server-ip-address", TextOrAddress, AtLeast(1), "RFC 4578 §4; Mitel; Polycom VLAN"),
    option(129, "call-server-ip-address", TextOrAddress, AtLeast(1), "RFC 4578 §4; Mitel"),
    option(130, "discrimination-string", TextOrAddress, AtLeast(1), "RFC 4578 §4; Mitel"),
    option(131, "remote-statistics-server-ip-address", TextOrAddress, AtLeast(1), "RFC 4578 §4; Mitel"),
    option(132, "vlan-id", TextOrNumber, AtLeast(1), "RFC 4578 §4; Mitel; Yealink"),
    option(133, "layer-2-priority", TextOrNumber, AtLeast(1), "RFC 4578 §4; Mitel"),
    option(134, "diffserv-code-point", TextOrNumber, AtLeast(1), "RFC 4578 §4; Mitel"),
    option(135, "http-proxy", TextOrAddress, AtLeast(1), "RFC 4578 §4"),
    option(136, "pana-agent", Addresses, Times(4), "RFC 5192 §3"),
    option(137, "lost-server", DomainNames, AtLeast(1), "RFC 5223 §3"),
    option(138, "capwap-access-controllers", Addresses, Times(4), "RFC 5417 §2"),
    option(139, "mos-addresses", Bytes, AtLeast(1), "RFC 5678 §2"),
    option(140, "mos-domain-names", Bytes, AtLeast(1), "RFC 5678 §3"),
    option(141, "sip-ua-configuration-service-domains", DomainNames, AtLeast(1), "RFC 6011 §4.1"),
    option(142, "andsf-addresses", Addresses, Times(4), "RFC 6153 §2"),
    option(143, "sztp-redirect", Bytes, AtLeast(1), "RFC 8572 §8.1"),
    option(144, "geoloc", TextOrAddress, AtLeast(1), "RFC 6225 §2.2; Polycom VLAN"),
    option(145, "forcerenew-nonce-capable", Bytes, AtLeast(1), "RFC 6704 §3.1.1"),
    option(146, "rdnss-selection", Bytes, AtLeast(9), "RFC 6731 §4.3"),
    option(150, "tftp-server-address", Addresses, Times(4), "RFC 5859 §2"),
    option(151, "status-code", TextOrAddress, AtLeast(1), "RFC 6926 §6.2.2; Cisco"),
    option(152, "base-time", Number32, Exactly(4), "RFC 6926 §6.2.3"),
    option(153, "start-time-of-state", Number32, Exactly(4), "RFC 6926 §6.2.4"),
    option(154, "query-start-time", Number32, Exactly(4), "RFC 6926 §6.2.5"),
    option(155, "query-end-time", Number32, Exactly(4), "RFC 6926 §6.2.6"),
    option(156, "dhcp-state", TextOrAddress, AtLeast(1), "RFC 6926 §6.2.7; ShoreTel"),
    option(157, "data-source", TextOrAddress, AtLeast(1), "RFC 6926 §6.2.8; Polycom VLAN"),
    option(158, "pcp-servers", Bytes, AtLeast(5), "RFC 7291 §4"),
    option(159, "port-parameters", TextOrAddress, AtLeast(1), "RFC 7618 §9; Panasonic, Aastra, Cisco SPA"),
    option(160, "provisioning-server", TextOrAddress, AtLeast(1), "Polycom, Panasonic, Aastra, AudioCodes"),
    option(161, "manufacturer-usage-description", TextOrAddress, AtLeast(1), "RFC 8520 §10; phones before it"),
    option(176, "ip-telephone", TextOrAddress, AtLeast(1), "Avaya 46xx"),
    option(188, "site-specific-188", TextOrAddress, AtLeast(1), "Nortel"),
    option(191, "vlan-list", TextOrAddress, AtLeast(1), "Nortel; Polycom VLAN"),
    option(208, "pxelinux-magic", Bytes, Exactly(4), "RFC 5071 §3"),
    option(209, "configuration-file", Text, AtLeast(1), "RFC 5071 §4"),
    option(210, "path-prefix", Text, AtLeast(1), "RFC 5071 §5"),
    option(211, "reboot-time", Number32, Exactly(4), "RFC 5071 §6"),
    option(212, "6rd", Bytes, AtLeast(22), "RFC 5969 §7.1.1"),
    option(213, "access-domain", DomainNames, AtLeast(1), "RFC 5986 §3.2"),
    option(220, "subnet-allocation", Bytes, AtLeast(1), "RFC 6656 §3"),
    option(221, "virtual-subnet-selection", Bytes, AtLeast(1), "RFC 6607 §3.1"),
    option(224, "site-specific-224", TextOrAddress, AtLeast(1), "Mitel"),
    option(242, "ip-telephone-settings", TextOrAddress, AtLeast(1), "Avaya 96xx, 16xx, J100"),
    option(249, "microsoft-classless-static-route", ClasslessRoutes, AtLeast(5), "MS-DHCPE §2.2.8"),
    option(252, "web-proxy-auto-discovery", Text, Any, "draft-ietf-wrec-wpad-01 §4.4.1"),
];

const fn option(
    code: u8,
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

/// What an option says. Its `Display` is the one string that reports print.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// Bytes of no known shape, or of a length that their shape does not allow.
    Bytes(Vec<u8>),
    /// Text, NULs at its end removed.
    Text(WireText),
    /// User classes or domain names.
    Texts(Vec<WireText>),
    /// Addresses.
    Addresses(Vec<Ipv4Addr>),
    /// Addresses, each with its mask.
    AddressPairs(Vec<(Ipv4Addr, Ipv4Addr)>),
    /// Routes of options 33, 121 and 249.
    Routes(Vec<Route>),
    /// A number.
    Number(u32),
    /// A number that may be below zero.
    SignedNumber(i32),
    /// Numbers.
    Numbers(Vec<u16>),
    /// Option codes, in the sender's order.
    Codes(Vec<u8>),
    /// Option 53.
    MessageType(MessageType),
    /// Option 61: a hardware type (0 for none) and what identifies the client.
    ClientIdentifier {
        /// Type; 1 is Ethernet, 255 announces a DUID (RFC 4361).
        hardware_type: u8,
        /// The bytes behind it.
        identifier: Vec<u8>,
    },
    /// Option 81.
    ClientName {
        /// Flags of RFC 4702 §2.1.
        flags: u8,
        /// The name, whole or partial.
        name: WireText,
    },
    /// Sub-options, in wire order.
    SubOptions(Vec<SubOption>),
    /// Options 124 and 125, and option 60 of Polycom phones.
    Enterprises(Vec<Enterprise>),
}

/// One route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Route {
    /// Network or host.
    pub destination: Ipv4Addr,
    /// Width of its mask; `None` in option 33, which goes by address classes.
    pub prefix_length: Option<u8>,
    /// The way there.
    pub router: Ipv4Addr,
}

/// Reads an option's value by its row. Issues tell what is wrong with it, spans
/// counted from the value's first byte.
///
/// The value of a code without a row is text when it can be, else bytes.
pub fn value(code: u8, bytes: &[u8]) -> (Value, Vec<Issue>) {
    let mut notes = Notes::of_option(code);
    let value = match row(code) {
        Some(row) => read::by_row(row, bytes, &mut notes),
        None => read::text_or_bytes(bytes),
    };
    (value, notes.issues)
}

/// The row of a code.
pub fn row(code: u8) -> Option<&'static OptionRow> {
    OPTIONS
        .binary_search_by_key(&code, |row| row.code)
        .ok()
        .and_then(|index| OPTIONS.get(index))
}

impl Length {
    /// What is wrong with a value of `found` bytes; `None` when nothing is.
    pub fn fault(self, found: usize) -> Option<String> {
        let (qualifier, needed) = match self {
            Exactly(length) if found != length => ("", length),
            AtLeast(least) if found < least => ("at least ", least),
            Times(unit) if found == 0 => ("at least ", unit),
            Times(unit) | TimesOrNone(unit) if !found.is_multiple_of(unit) => {
                ("a multiple of ", unit)
            }
            _ => return None,
        };
        let found = show::n_bytes(found);
        Some(format!("is {found}, must be {qualifier}{needed}"))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// What an option prints, and its issues as `kind span detail`.
    fn says(code: u8, bytes: &[u8]) -> (String, Vec<String>) {
        let (value, issues) = value(code, bytes);
        let issues = issues.into_iter().map(|issue| {
            assert_eq!(issue.field, format!("option {code}"));
            format!("{} {:?} {}", issue.kind.name(), issue.span, issue.detail)
        });
        (value.to_string(), issues.collect())
    }

    fn assert_clean(code: u8, bytes: &[u8], text: &str) {
        assert_eq!(says(code, bytes), (text.into(), vec![]), "option {code}");
    }

    fn assert_issue(code: u8, bytes: &[u8], text: &str, issue: &str) {
        let expected = (text.into(), vec![issue.into()]);
        assert_eq!(says(code, bytes), expected, "option {code}");
    }

    #[test]
    fn rows_are_sorted_and_their_names_unique_and_plain() {
        assert!(OPTIONS.windows(2).all(|pair| pair[0].code < pair[1].code));
        let names: BTreeSet<&str> = OPTIONS.iter().map(|row| row.name).collect();
        assert_eq!(names.len(), OPTIONS.len());
        let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        assert!(names.iter().all(|name| name.chars().all(is_plain)));
        assert!(OPTIONS.iter().all(|row| !row.source.is_empty()));
    }

    #[test]
    fn every_option_of_rfc_2132_has_a_row() {
        for code in (1..=61).chain(64..=76) {
            let row = row(code).unwrap();
            assert!(row.source.starts_with("RFC 2132 §"), "option {code}");
        }
        assert!(row(0).is_none());
        assert!(row(255).is_none());
    }

    #[test]
    fn no_value_of_any_code_and_length_panics_or_is_silent_about_its_length() {
        let pattern: Vec<u8> = (0..=255).map(|byte: u8| byte.wrapping_mul(37)).collect();
        for code in 0..=255 {
            for length in 0..40 {
                let (read, issues) = value(code, &pattern[..length]);
                let _ = read.to_string();
                let fault = row(code).and_then(|row| row.length.fault(length));
                assert!(fault.is_none() || !issues.is_empty(), "option {code}");
            }
        }
    }

    #[test]
    fn a_length_may_be_free_fixed_least_or_a_multiple() {
        let fault = |length: Length, found: usize| length.fault(found);
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(fault(Any, 0), None);
        assert_eq!(fault(Exactly(4), 4), None);
        assert_eq!(fault(Exactly(4), 3), some("is 3 bytes, must be 4"));
        assert_eq!(fault(Exactly(4), 5), some("is 5 bytes, must be 4"));
        assert_eq!(fault(Exactly(0), 1), some("is 1 byte, must be 0"));
        assert_eq!(fault(AtLeast(2), 2), None);
        assert_eq!(fault(AtLeast(2), 1), some("is 1 byte, must be at least 2"));
        assert_eq!(fault(Times(4), 8), None);
        assert_eq!(fault(Times(4), 0), some("is 0 bytes, must be at least 4"));
        assert_eq!(
            fault(Times(4), 11),
            some("is 11 bytes, must be a multiple of 4")
        );
        assert_eq!(fault(TimesOrNone(4), 0), None);
        assert_eq!(
            fault(TimesOrNone(4), 6),
            some("is 6 bytes, must be a multiple of 4")
        );
    }

    #[test]
    fn prints_addresses_and_tells_wrong_lengths() {
        assert_clean(1, &[255, 255, 255, 0], "255.255.255.0");
        assert_clean(3, &[192, 0, 2, 1], "192.0.2.1");
        assert_clean(6, &[192, 0, 2, 1, 192, 0, 2, 2], "192.0.2.1, 192.0.2.2");
        assert_clean(68, &[], "");
        let short = "malformed 0..3 is 3 bytes, must be 4";
        assert_issue(1, &[255, 255, 255], "ffffff", short);
        let long = "malformed 0..5 is 5 bytes, must be 4";
        assert_issue(54, &[192, 0, 2, 1, 7], "192.0.2.1", long);
        let empty = "malformed 0..0 is 0 bytes, must be at least 4";
        assert_issue(150, &[], "", empty);
        let odd = "malformed 0..11 is 11 bytes, must be a multiple of 4";
        let eleven = [192, 0, 2, 10, 192, 0, 2, 11, 192, 0, 2];
        assert_issue(150, &eleven, "192.0.2.10, 192.0.2.11", odd);
    }

    #[test]
    fn tells_text_where_addresses_belong() {
        for (text, length) in [
            ("192.0.2.10", 10),
            ("192.0.2.100\0", 12),
            ("tftp.example", 12),
        ] {
            let name = text.trim_end_matches('\0');
            assert_issue(
                150,
                text.as_bytes(),
                name,
                &format!(
                    "malformed 0..{length} holds the text \"{name}\" where 4-byte addresses belong"
                ),
            );
        }
        // Four bytes are an address, whatever letters they spell.
        assert_clean(150, b"ABCD", "65.66.67.68");
    }

    #[test]
    fn prints_numbers_in_decimal() {
        assert_clean(23, &[64], "64");
        assert_clean(57, &[0x02, 0x40], "576");
        assert_clean(51, &[0, 1, 0x51, 0x80], "86400");
        assert_clean(51, &[255; 4], "4294967295");
        assert_clean(2, &[0xff, 0xff, 0xb9, 0xb0], "-18000");
        assert_clean(25, &[0, 68, 1, 40], "68, 296");
        assert_clean(93, &[0, 7], "7");
        assert_issue(
            51,
            &[0, 14, 16],
            "000e10",
            "malformed 0..3 is 3 bytes, must be 4",
        );
        assert_issue(
            2,
            &[0; 5],
            "0000000000",
            "malformed 0..5 is 5 bytes, must be 4",
        );
        assert_issue(
            25,
            &[0, 68, 1],
            "68",
            "malformed 0..3 is 3 bytes, must be a multiple of 2",
        );
        assert_issue(
            25,
            &[1],
            "01",
            "malformed 0..1 is 1 byte, must be a multiple of 2",
        );
    }

    #[test]
    fn tells_a_byte_that_is_not_among_the_allowed() {
        assert_clean(19, &[1], "1");
        assert_clean(46, &[8], "8");
        assert_issue(19, &[2], "2", "malformed 0..1 is 2, must be one of 0, 1");
        assert_issue(52, &[4], "4", "malformed 0..1 is 4, must be one of 1, 2, 3");
        assert_issue(52, &[1, 1], "0101", "malformed 0..2 is 2 bytes, must be 1");
    }

    #[test]
    fn prints_the_message_type_and_the_wanted_options() {
        assert_clean(53, &[1], "discover");
        assert_clean(53, &[99], "99");
        assert_issue(53, &[1, 1], "0101", "malformed 0..2 is 2 bytes, must be 1");
        assert_clean(55, &[1, 66, 6, 3, 15, 150, 35], "1,66,6,3,15,150,35");
        assert_issue(55, &[], "", "malformed 0..0 is 0 bytes, must be at least 1");
    }

    #[test]
    fn prints_text_and_tells_what_receivers_trip_over() {
        assert_clean(66, b"tftp.example.com", "tftp.example.com");
        assert_clean(12, b"caf\xc3\xa9", "caf\u{e9}");
        assert_clean(66, b"a\x1b[0m", "a\\x1b[0m");
        assert_issue(66, b"a\0", "a", "unusual 1..2 ends with 1 NUL");
        assert_issue(67, b"a\0\0", "a", "unusual 1..3 ends with 2 NULs");
        assert_issue(
            66,
            b"a\0b",
            "a\\x00b",
            "unusual 1..3 has a NUL within the text",
        );
        assert_issue(66, b"a ", "a ", "unusual 0..2 begins or ends with a blank");
        assert_issue(66, b" a", " a", "unusual 0..2 begins or ends with a blank");
        assert_issue(66, b"", "", "malformed 0..0 is 0 bytes, must be at least 1");
        assert_clean(252, b"", "");
    }

    #[test]
    fn prints_pairs_and_routes() {
        let pair = [10, 0, 0, 0, 255, 0, 0, 0];
        assert_clean(21, &pair, "10.0.0.0/255.0.0.0");
        let odd = "malformed 0..7 is 7 bytes, must be a multiple of 8";
        assert_issue(
            21,
            &pair[..7],
            "0a0000 00ff0000".replace(' ', "").as_str(),
            odd,
        );
        let route = [10, 0, 0, 1, 10, 0, 0, 2];
        assert_clean(33, &route, "10.0.0.1 via 10.0.0.2");
        let odd = "malformed 0..3 is 3 bytes, must be a multiple of 8";
        assert_issue(33, &route[..3], "0a0000", odd);
    }

    #[test]
    fn prints_classless_routes_and_keeps_those_before_a_fault() {
        let routes = [
            0, 192, 0, 2, 1, // default
            9, 10, 128, 192, 0, 2, 2, // 10.128/9
            32, 198, 51, 100, 7, 192, 0, 2, 3, // a host
        ];
        for code in [121, 249] {
            assert_clean(
                code,
                &routes,
                "0.0.0.0/0 via 192.0.2.1, 10.128.0.0/9 via 192.0.2.2, \
                 198.51.100.7/32 via 192.0.2.3",
            );
        }
        assert_issue(
            121,
            &routes[..11],
            "0.0.0.0/0 via 192.0.2.1",
            "malformed 5..11 has a route of 7 bytes, but only 6 bytes left",
        );
        assert_issue(
            121,
            &[33, 1, 2, 3, 4, 5],
            "210102030405",
            "malformed 0..1 has a mask of 33 bits, must be at most 32",
        );
        assert_issue(
            121,
            &[],
            "",
            "malformed 0..0 is 0 bytes, must be at least 5",
        );
    }

    #[test]
    fn prints_client_identifiers_by_their_type() {
        assert_clean(
            61,
            &[1, 0, 0x1a, 0xa1, 0x7b, 0xe6, 0x38],
            "00:1a:a1:7b:e6:38",
        );
        assert_clean(61, b"\0nathan1clientid", "nathan1clientid");
        assert_clean(61, &[255, 0, 1, 2, 3], "ff00010203");
        assert_clean(61, &[1, 2, 3], "010203");
        assert_clean(61, b"phone-7", "phone-7");
        assert_issue(
            61,
            &[1],
            "01",
            "malformed 0..1 is 1 byte, must be at least 2",
        );
        assert_eq!(
            value(61, &[255, 7, 8]).0,
            Value::ClientIdentifier {
                hardware_type: 255,
                identifier: vec![7, 8]
            }
        );
    }

    #[test]
    fn takes_site_specific_options_as_text_address_or_number() {
        for code in [
            128, 144, 151, 156, 157, 159, 160, 161, 176, 188, 191, 224, 242,
        ] {
            assert_clean(code, b"VLAN-A=10;", "VLAN-A=10;");
            assert_clean(code, &[192, 0, 2, 10], "192.0.2.10");
            assert_clean(code, &[10, 0, 0], "0a0000");
        }
        assert_issue(
            160,
            b"http://a/\0",
            "http://a/",
            "unusual 9..10 ends with 1 NUL",
        );
        // Mitel: VLAN id, priority, code point.
        assert_clean(132, &[0, 0, 0, 110], "110");
        assert_clean(132, &[0, 110], "110");
        assert_clean(132, b"110", "110");
        assert_clean(133, &[6], "6");
        assert_clean(133, b"6", "6");
        assert_clean(134, &[46], "46");
        assert_clean(134, &[0, 0, 46], "00002e");
    }

    #[test]
    fn takes_unknown_codes_as_text_or_bytes() {
        assert_eq!(row(254).map(|row| row.name), None);
        assert_clean(254, b"http://192.0.2.10/\0", "http://192.0.2.10/");
        assert_clean(254, &[0xde, 0xad], "dead");
        assert_clean(254, &[], "");
        assert_clean(208, &[0xf1, 0x00, 0x74, 0x7e], "f100747e");
    }
}
