//! An option that names the provisioning server holds something that the phone cannot use.
//!
//! ## What it sees
//! Option 150 that is no list of four-byte addresses (a length that four does not divide, or
//! the address as text), a text option with four raw bytes, with blanks, quotes, backslashes
//! or control characters in it, without a scheme where the family needs one, or empty. Of
//! DHCPv6: option 59 that is no URL, or Cisco's TFTP servers (option 17) that are no list of
//! 16-byte addresses.
//!
//! ## Why the phone stops
//! The phone reads the bytes as they stand: the text `10.1.1.5` in option 150 is the
//! addresses 49.48.46.49 and 46.49.46.53 to it. It asks there, or nowhere.
//!
//! ## How to fix it
//! 1. Enter option 150 with the type "IP address" (array), not "string". On IOS:
//!    `option 150 ip <address>`.
//! 2. Enter options 66, 159, 160 and 161 with the type "string".
//! 3. Take blanks, quotes and backslashes out of URLs; write `http://host/path`.
//!
//! ## When it may be wrong
//! Some phones accept more than their manuals say. When the phone fetches its files all the
//! same, this is a warning. A NUL at the end of a text option is not reported.
//!
//! ## References
//! RFC 5970 §3.1 (DHCPv6 option 59); RFC 5859 §2 (option 150); RFC 2132 §2 and §9.4 (text options, option 66).

use phoneboot_parsers::IssueKind;
use phoneboot_parsers::dhcp;

use super::dhcpv6 as by_ipv6;
use crate::finding::{About, Confidence, Finding, Severity};
use crate::profiles::provisioning::ValueForm;
use crate::rules::Context;
use crate::session::Boot;
use crate::session::lease::LeaseMessage;

const TFTP_SERVERS: u8 = 150;

pub(in crate::rules) fn check(boot: &Boot, context: &Context<'_>) -> Vec<Finding> {
    let v6 = by_ipv6::malformed(boot, context);
    let Some(lease) = boot.lease.boot_data() else {
        return v6;
    };
    let options = match context.profile {
        Some(profile) if !profile.provisioning.options.is_empty() => {
            profile.provisioning.options.clone()
        }
        _ => vec![TFTP_SERVERS],
    };
    options
        .into_iter()
        .filter_map(|code| {
            let bytes = lease.message.option(code)?;
            let form = context
                .profile
                .and_then(|profile| profile.provisioning.value_forms.get(&code).copied());
            let fault = fault(code, &bytes, form)?;
            Some(malformed(boot, context, lease, code, &bytes, &fault))
        })
        .chain(v6)
        .collect()
}

/// What is wrong with a value; `None` when the phone can use it.
fn fault(code: u8, bytes: &[u8], form: Option<ValueForm>) -> Option<String> {
    let (_, issues) = dhcp::options::value(code, bytes);
    let malformed = issues
        .into_iter()
        .find(|issue| issue.kind == IssueKind::Malformed)
        .map(|issue| issue.detail);
    if malformed.is_some() {
        return malformed;
    }
    match form {
        Some(ValueForm::Addresses) if bytes.is_empty() || !bytes.len().is_multiple_of(4) => {
            Some(format!("is {} bytes, must be a multiple of 4", bytes.len()))
        }
        Some(ValueForm::Host | ValueForm::Url { .. }) => text_fault(bytes, form),
        _ => None,
    }
}

/// What is wrong with a host or URL.
fn text_fault(bytes: &[u8], form: Option<ValueForm>) -> Option<String> {
    let end = bytes
        .iter()
        .rposition(|&b| b != 0)
        .map_or(0, |last| last + 1);
    let text = bytes.get(..end).unwrap_or_default();
    if text.is_empty() {
        return Some("is empty".to_owned());
    }
    if text.len() == 4 && text.iter().any(|b| !b.is_ascii_graphic()) {
        return Some("holds four raw bytes where text belongs".to_owned());
    }
    let bad = text
        .iter()
        .find(|&&b| b <= b' ' || b == 0x7f || matches!(b, b'"' | b'\'' | b'\\' | b'<' | b'>'));
    if let Some(&bad) = bad {
        return Some(match bad {
            b' ' | b'\t' => "holds a blank".to_owned(),
            b'"' | b'\'' => "holds a quotation mark".to_owned(),
            b'\\' => "holds a backslash".to_owned(),
            b'\r' | b'\n' => "holds a line end".to_owned(),
            other => format!("holds the byte 0x{other:02x}"),
        });
    }
    let text = String::from_utf8_lossy(text);
    let lower = text.to_ascii_lowercase();
    let schemes = ["http", "https", "ftp", "tftp", "ftps"];
    let broken_scheme = schemes.iter().any(|scheme| {
        lower
            .strip_prefix(scheme)
            .and_then(|rest| rest.strip_prefix(':'))
            .is_some_and(|rest| !rest.starts_with("//") || rest == "//")
    });
    if broken_scheme {
        return Some("has a scheme without `//` and a host behind it".to_owned());
    }
    let needs_scheme = matches!(
        form,
        Some(ValueForm::Url {
            scheme_required: true
        })
    );
    (needs_scheme && !lower.contains("://"))
        .then(|| "has no scheme (`http://` …), which this phone needs".to_owned())
}

fn malformed(
    boot: &Boot,
    context: &Context<'_>,
    lease: &LeaseMessage,
    code: u8,
    bytes: &[u8],
    fault: &str,
) -> Finding {
    let works = boot.is_registered() || context.fetched_anything(boot);
    let name = dhcp::options::row(code).map_or("", |row| row.name);
    let text = phoneboot_parsers::WireText::without_trailing_nuls(bytes);
    let shown = bytes
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect::<Vec<_>>()
        .join(" ");
    let finding = Finding::new(
        "dhcp-provisioning-malformed",
        if works {
            Severity::Warning
        } else {
            Severity::Error
        },
        format!("DHCP option {code} {fault}"),
    )
    .confidence(Confidence::Certain)
    .detail(format!(
        "Option {code} ({name}) holds \"{text}\", bytes {shown}.{}",
        if works {
            " The phone got files all the same."
        } else {
            ""
        }
    ))
    .about(About {
        server: lease.server().map(Into::into),
        option: Some(code),
        vlan: lease.vlan,
        protocol: Some("dhcp"),
        ..About::default()
    })
    .evidence(lease.at, format!("option {code} = {shown}"));
    match (
        code,
        text.as_str()
            .and_then(|text| text.trim().parse::<std::net::Ipv4Addr>().ok()),
    ) {
        (TFTP_SERVERS, Some(address)) => {
            let hex = address.octets().map(|byte| format!("{byte:02x}")).join(" ");
            finding.remedy(format!(
                "Enter option 150 as IP address, not as string: the bytes must be {hex}. IOS: \
                 `option 150 ip {address}`; dnsmasq: `dhcp-option=150,{address}`."
            ))
        }
        (TFTP_SERVERS, None) => finding.remedy(
            "Enter option 150 as a list of IP addresses, four bytes each: `option 150 ip \
             <address>` on IOS.",
        ),
        _ => finding.remedy(format!(
            "Enter option {code} as plain text: a host, or a URL like http://host/path, without \
             blanks, quotes or backslashes."
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::Case;
    use crate::session::testing::BootBuilder;

    fn check_one(family: &'static str, code: u8, bytes: &[u8]) -> Vec<Finding> {
        let boot = BootBuilder::new().lease(&[code], &[(code, bytes)]);
        Case::new(family, boot).check(check)
    }

    #[test]
    fn an_address_as_text_in_option_150_is_told_with_the_right_bytes() {
        let findings = check_one("cisco-79x1", 150, b"192.0.2.10");
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].severity, Severity::Error);
        assert!(
            findings[0].remedy[0].contains("c0 00 02 0a"),
            "{:?}",
            findings[0].remedy
        );
    }

    #[test]
    fn text_of_a_length_that_four_divides_is_still_text() {
        let findings = check_one("cisco-79x1", 150, b"192.168.1.25");
        assert_eq!(findings.len(), 1, "twelve characters");
    }

    #[test]
    fn addresses_are_fine() {
        assert!(check_one("cisco-79x1", 150, &[192, 0, 2, 10]).is_empty());
        assert!(check_one("cisco-79x1", 150, &[192, 0, 2, 10, 192, 0, 2, 11]).is_empty());
    }

    #[test]
    fn urls_with_blanks_or_broken_schemes_are_told() {
        for (value, word) in [
            (&b"http://192.0.2.10/ cfg"[..], "blank"),
            (b"http:/192.0.2.10", "scheme"),
            (b"\"http://192.0.2.10\"", "quotation"),
            (b"http://192.0.2.10\r\n", "line end"),
            (&[192, 0, 2, 10], "raw bytes"),
        ] {
            let findings = check_one("polycom-soundpoint", 66, value);
            assert_eq!(findings.len(), 1, "{value:?}");
            assert!(findings[0].title.contains(word), "{}", findings[0].title);
        }
    }

    #[test]
    fn plain_hosts_urls_and_trailing_nuls_are_fine() {
        for value in [
            &b"192.0.2.10"[..],
            b"http://u:p@host/dir/",
            b"pbx.example\0",
        ] {
            assert!(
                check_one("polycom-soundpoint", 66, value).is_empty(),
                "{value:?}"
            );
        }
    }
}
