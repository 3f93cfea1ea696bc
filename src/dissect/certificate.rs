//! What a certificate says: whom it names, who signed it, and for how long.
//!
//! RFC 5280 (X.509 in DER), RFC 6125 (which names it covers). Certificates are read only
//! where somebody asks for one, as that costs more than all else of a handshake; so the
//! decoder of TLS hands them over as DER. Without the feature `tls` none can be read.
//!
//! Left out: whether a signature holds. What the phone thinks of it, the phone says.

use std::net::IpAddr;

use chrono::DateTime;
use phoneboot_parsers::WireText;

/// A certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// Whom it names: `CN=prov.example.com, O=Example`.
    pub subject: WireText,
    /// Who signed it.
    pub issuer: WireText,
    /// The subject's common name; `None` without.
    pub common_name: Option<WireText>,
    /// Host names that it covers (`subjectAltName`); empty without.
    pub names: Vec<WireText>,
    /// Addresses that it covers (`subjectAltName`); empty without.
    pub addresses: Vec<IpAddr>,
    /// The first second at which it holds, since 1970.
    pub not_before_secs: i64,
    /// The last second at which it holds, since 1970.
    pub not_after_secs: i64,
    /// Kind and size of its key: `RSA 2048`.
    pub key: String,
    /// How it is signed: `sha256WithRSAEncryption`, or the algorithm's number.
    pub signature: String,
    /// Whether it may sign others (`basicConstraints`).
    pub is_ca: bool,
}

/// Reads a certificate. `None` when it is none, or cannot be read here.
pub fn read(der: &[u8]) -> Option<Certificate> {
    reading::read(der)
}

impl Certificate {
    /// Whether subject and issuer are the same: a root, or signed by itself.
    pub fn is_self_issued(&self) -> bool {
        self.subject == self.issuer
    }

    /// Whether it holds for a host of this name or address. The common name counts only
    /// where no host name is listed (RFC 6125 §6.4.4).
    pub fn covers(&self, host: &str) -> bool {
        if let Ok(address) = host.parse::<IpAddr>() {
            let by_name = self
                .common_name
                .as_ref()
                .is_some_and(|name| is_same(name, host));
            return self.addresses.contains(&address) || by_name;
        }
        if self.names.is_empty() {
            self.common_name
                .as_ref()
                .is_some_and(|name| matches(name, host))
        } else {
            self.names.iter().any(|name| matches(name, host))
        }
    }
}

/// The day of a second since 1970: `2024-05-01`.
pub fn date(secs: i64) -> String {
    DateTime::from_timestamp(secs, 0).map_or_else(
        || format!("second {secs}"),
        |time| time.format("%Y-%m-%d").to_string(),
    )
}

fn is_same(name: &WireText, host: &str) -> bool {
    name.as_bytes().eq_ignore_ascii_case(host.as_bytes())
}

/// Whether a host name fits a name in a certificate, whose first label may be `*` (RFC
/// 6125 §6.4.3).
fn matches(name: &WireText, host: &str) -> bool {
    let host = host.strip_suffix('.').unwrap_or(host);
    let Some(below) = name.as_bytes().strip_prefix(b"*.") else {
        return is_same(name, host);
    };
    host.split_once('.').is_some_and(|(first, rest)| {
        !first.is_empty() && below.eq_ignore_ascii_case(rest.as_bytes())
    })
}

#[cfg(feature = "tls")]
mod reading {
    use std::net::{Ipv4Addr, Ipv6Addr};

    use phoneboot_parsers::WireText;
    use x509_parser::certificate::X509Certificate;
    use x509_parser::extensions::GeneralName;
    use x509_parser::objects::{oid_registry, oid2sn};
    use x509_parser::oid_registry::Oid;
    use x509_parser::prelude::FromDer;
    use x509_parser::public_key::PublicKey;
    use x509_parser::x509::X509Name;

    use super::{Certificate, IpAddr};

    pub(super) fn read(der: &[u8]) -> Option<Certificate> {
        let (_, parsed) = X509Certificate::from_der(der).ok()?;
        let mut certificate = Certificate {
            subject: name(parsed.subject()),
            issuer: name(parsed.issuer()),
            common_name: parsed
                .subject()
                .iter_common_name()
                .next()
                .map(|value| WireText::new(value.as_slice())),
            names: Vec::new(),
            addresses: Vec::new(),
            not_before_secs: parsed.validity().not_before.timestamp(),
            not_after_secs: parsed.validity().not_after.timestamp(),
            key: key(&parsed),
            signature: algorithm(&parsed.signature_algorithm.algorithm),
            is_ca: parsed.is_ca(),
        };
        let alternatives = parsed.subject_alternative_name().ok().flatten();
        for name in alternatives
            .iter()
            .flat_map(|names| &names.value.general_names)
        {
            match name {
                GeneralName::DNSName(name) => certificate.names.push(WireText::from(*name)),
                GeneralName::IPAddress(bytes) => certificate.addresses.extend(address(bytes)),
                _ => {}
            }
        }
        Some(certificate)
    }

    fn name(name: &X509Name<'_>) -> WireText {
        WireText::from(name.to_string().as_str())
    }

    fn address(bytes: &[u8]) -> Option<IpAddr> {
        let v4 = <[u8; 4]>::try_from(bytes).map(Ipv4Addr::from);
        let v6 = <[u8; 16]>::try_from(bytes).map(Ipv6Addr::from);
        v4.map(IpAddr::from).or(v6.map(IpAddr::from)).ok()
    }

    fn key(certificate: &X509Certificate<'_>) -> String {
        let public = certificate.public_key();
        match public.parsed() {
            Ok(PublicKey::RSA(key)) => format!("RSA {}", bits(key.modulus)),
            Ok(PublicKey::EC(point)) => format!("EC {}", point.key_size()),
            Ok(PublicKey::DSA(number)) => format!("DSA {}", bits(number)),
            _ => algorithm(&public.algorithm.algorithm),
        }
    }

    /// Bits of a number, zeros before it not counted.
    fn bits(number: &[u8]) -> usize {
        let zeros = number.iter().take_while(|&&byte| byte == 0).count();
        let first = number.get(zeros).map_or(0, |byte| byte.leading_zeros());
        (number.len() - zeros) * 8 - usize::try_from(first).unwrap_or(0)
    }

    fn algorithm(oid: &Oid<'_>) -> String {
        oid2sn(oid, oid_registry()).map_or_else(|_| oid.to_id_string(), str::to_owned)
    }
}

#[cfg(not(feature = "tls"))]
mod reading {
    use super::Certificate;

    pub(super) fn read(_der: &[u8]) -> Option<Certificate> {
        None
    }
}

#[cfg(all(test, feature = "tls"))]
mod tests {
    use super::*;

    /// `openssl x509 -text`: subject and issuer as below, from Jun 1 2025 to Jun 1 2027,
    /// 256 bit prime256v1, ecdsa-with-SHA256.
    const GOOD: &[u8] = include_bytes!("../../tests/forge/certificates/good.der");
    const CA: &[u8] = include_bytes!("../../tests/forge/certificates/ca.der");

    #[test]
    fn reads_what_a_certificate_says() {
        let certificate = Certificate {
            subject: "O=Example, CN=prov.example.com".into(),
            issuer: "O=Example, CN=Example Test CA".into(),
            common_name: Some("prov.example.com".into()),
            names: vec!["prov.example.com".into(), "*.prov.example.com".into()],
            addresses: vec![IpAddr::from([192, 0, 2, 20])],
            not_before_secs: 1_748_736_000,
            not_after_secs: 1_811_808_000,
            key: "EC 256".into(),
            signature: "ecdsa-with-SHA256".into(),
            is_ca: false,
        };
        assert_eq!(read(GOOD), Some(certificate));
        let root = read(CA).unwrap();
        assert!(root.is_ca && root.is_self_issued());
    }

    #[test]
    fn a_certificate_that_is_cut_or_garbled_is_none() {
        for end in 0..GOOD.len() {
            assert_eq!(read(&GOOD[..end]), None);
        }
        for at in 0..GOOD.len() {
            let mut garbled = GOOD.to_vec();
            garbled[at] ^= 0xff;
            // What comes out does not matter, only that something does.
            let _ = read(&garbled);
        }
    }

    #[test]
    fn covers_its_names_and_one_label_of_a_wildcard() {
        let certificate = read(GOOD).unwrap();
        for host in [
            "prov.example.com",
            "PROV.example.com.",
            "a.prov.example.com",
            "192.0.2.20",
        ] {
            assert!(certificate.covers(host), "{host}");
        }
        for host in [
            "example.com",
            "a.b.prov.example.com",
            ".prov.example.com",
            "192.0.2.21",
        ] {
            assert!(!certificate.covers(host), "{host}");
        }
        let by_common_name = Certificate {
            names: Vec::new(),
            ..certificate
        };
        assert!(by_common_name.covers("prov.example.com"));
    }
}
