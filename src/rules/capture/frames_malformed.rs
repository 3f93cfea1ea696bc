//! Messages of the boot break their specification.
//!
//! ## What it sees
//! Fields whose length or value the specification forbids, in messages of the phone or to
//! it that were captured whole.
//!
//! ## Why the phone stops
//! Mostly it does not: receivers pass over what they cannot read. Where a field is one that
//! the phone needs, another finding says so.
//!
//! ## How to fix it
//! 1. Look at the frame that is cited, and at what sent it: a DHCP server's hand-written
//!    option, an old switch, a phone's firmware.
//! 2. Correct the field there, or install a newer firmware.
//!
//! ## When it may be wrong
//! A capture that was anonymised or cut by a program may have broken the messages itself.
//!
//! ## References
//! The specification that is named with each field.

use std::collections::BTreeMap;

use phoneboot_parsers::{Protocol, dhcp};

use crate::event::{At, Seen};
use crate::finding::{About, Finding, Severity};
use crate::rules::Context;
use crate::session::{Boot, Malformed};

/// Fields of one protocol that are cited one by one.
const MAX_CITED: usize = 5;

/// Where each protocol is specified.
const SPECIFICATIONS: &[(&str, &str)] = &[
    ("arp", "RFC 826"),
    ("cdp", "as Wireshark's packet-cdp.c reads it"),
    ("dhcp", "RFC 2131 §2"),
    ("dhcpv6", "RFC 8415"),
    ("dns", "RFC 1035"),
    ("eapol", "IEEE Std 802.1X"),
    ("ftp", "RFC 959"),
    ("http", "RFC 9112"),
    ("icmp", "RFC 792, RFC 4443"),
    ("lldp", "IEEE Std 802.1AB"),
    ("sccp", "as chan-sccp's sccp_protocol.h reads it"),
    ("sip", "RFC 3261 §7"),
    ("stp", "IEEE Std 802.1D"),
    ("tftp", "RFC 1350 §5, RFC 2347"),
    ("tls", "RFC 8446"),
];

/// The first of each malformed field, and how many there are; by whether the phone sent
/// it, and by name.
type Fields<'b> = BTreeMap<(bool, &'b str), (&'b Seen<Malformed>, u64)>;

pub(in crate::rules) fn check(boot: &Boot, _context: &Context<'_>) -> Vec<Finding> {
    let mut by_protocol: BTreeMap<Protocol, Fields<'_>> = BTreeMap::new();
    for seen in &boot.malformed {
        let fields = by_protocol.entry(seen.value.protocol).or_default();
        let field = (seen.value.from_phone, seen.value.field.as_str());
        fields.entry(field).or_insert((seen, 0)).1 += 1;
    }
    by_protocol
        .into_iter()
        .map(|(protocol, fields)| {
            let mut fields: Vec<_> = fields.into_values().collect();
            fields.sort_by_key(|(seen, _)| seen.at);
            of_protocol(protocol, &fields)
        })
        .collect()
}

fn of_protocol(protocol: Protocol, fields: &[(&Seen<Malformed>, u64)]) -> Finding {
    let messages: u64 = fields.iter().map(|(_, count)| count).sum();
    let name = protocol.name().to_ascii_uppercase();
    let sentences: Vec<String> = fields
        .iter()
        .take(MAX_CITED)
        .map(|(seen, count)| sentence(seen, *count))
        .collect();
    let more = match fields.len().saturating_sub(MAX_CITED) {
        0 => String::new(),
        1 => " One more field is malformed.".to_owned(),
        more => format!(" {more} more fields are malformed."),
    };
    let mut finding = Finding::new(
        "frames-malformed",
        Severity::Note,
        match messages {
            1 => format!("a field of {name} breaks its specification"),
            many => format!("fields of {name} break their specification, {many} times"),
        },
    )
    .detail(format!("{}{more}", sentences.join(" ")))
    .about(About {
        protocol: Some(protocol.name()),
        ..About::default()
    });
    for (at, summary) in fields.iter().take(MAX_CITED).map(|(seen, _)| cited(seen)) {
        finding = finding.evidence(at, summary);
    }
    finding
}

fn cited(seen: &Seen<Malformed>) -> (At, String) {
    let Malformed { field, detail, .. } = &seen.value;
    (seen.at, format!("{field} {detail}"))
}

/// Who sent what, and where it is specified.
fn sentence(seen: &Seen<Malformed>, count: u64) -> String {
    let Malformed {
        protocol,
        from_phone,
        field,
        detail,
    } = &seen.value;
    let sender = if *from_phone {
        "From the phone"
    } else {
        "To the phone"
    };
    let times = if count > 1 {
        format!(", {count} times")
    } else {
        String::new()
    };
    let source = specification(*protocol, field);
    format!("{sender}: {field} {detail} ({source}){times}.")
}

fn specification(protocol: Protocol, field: &str) -> &'static str {
    let option = field
        .strip_prefix("option ")
        .and_then(|code| code.split_whitespace().next()?.parse().ok())
        .filter(|_| protocol == Protocol::Dhcp)
        .and_then(dhcp::options::row);
    if let Some(row) = option {
        return row.source;
    }
    SPECIFICATIONS
        .iter()
        .find(|(name, _)| *name == protocol.name())
        .map_or("its specification", |(_, source)| source)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::Case;
    use crate::session::testing::BootBuilder;

    fn malformed(protocol: Protocol, from_phone: bool, field: &str) -> Malformed {
        Malformed {
            protocol,
            from_phone,
            field: field.to_owned(),
            detail: "is 6 bytes, must be a multiple of 4".to_owned(),
        }
    }

    fn boot(fields: Vec<Malformed>) -> BootBuilder {
        fields.into_iter().fold(BootBuilder::new(), |boot, value| {
            boot.with(|boot, at| boot.malformed.push(Seen::new(value, at)))
        })
    }

    #[test]
    fn names_field_sender_and_section() {
        let findings = Case::new(
            "cisco-79x1",
            boot(vec![
                malformed(Protocol::Dhcp, false, "option 150"),
                malformed(Protocol::Tftp, true, "mode"),
                malformed(Protocol::Dhcp, false, "option 150"),
                malformed(Protocol::Dhcp, true, "hops"),
            ]),
        )
        .check(check);
        assert_eq!(findings.len(), 2);
        assert_eq!(
            findings[0].title,
            "fields of DHCP break their specification, 3 times"
        );
        assert_eq!(
            findings[0].detail,
            "To the phone: option 150 is 6 bytes, must be a multiple of 4 (RFC 5859 §2), 2 \
             times. From the phone: hops is 6 bytes, must be a multiple of 4 (RFC 2131 §2)."
        );
        assert_eq!(findings[0].evidence.len(), 2);
        assert_eq!(
            findings[1].title,
            "a field of TFTP breaks its specification"
        );
    }

    #[test]
    fn cites_a_few_and_counts_the_others() {
        let fields = (1..=7)
            .map(|n| malformed(Protocol::Lldp, true, &format!("TLV {n}")))
            .collect();
        let findings = Case::new("cisco-79x1", boot(fields)).check(check);
        assert_eq!(findings[0].evidence.len(), MAX_CITED);
        assert!(findings[0].detail.ends_with("2 more fields are malformed."));
    }

    #[test]
    fn a_clean_boot_is_silent() {
        assert!(
            Case::new("cisco-79x1", boot(vec![]))
                .check(check)
                .is_empty()
        );
    }
}
