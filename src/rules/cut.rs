//! What cannot be said where a snap length cut messages off.

use phoneboot_parsers::Protocol;

use crate::finding::Finding;
use crate::session::Boot;

/// Findings about something absent, and the protocols whose messages would have to be
/// whole to show it.
const NEED_WHOLE: &[(&str, &[Protocol])] = &[
    ("call-server-unreachable", &[Protocol::Sip, Protocol::Sccp]),
    ("cdp-low-power", &[Protocol::Cdp]),
    ("connection-blocked", &[Protocol::Tcp]),
    (
        "dhcp-name-server-missing",
        &[Protocol::Dhcp, Protocol::Dhcpv6],
    ),
    ("dhcp-option-150-missing", &[Protocol::Dhcp]),
    ("dhcp-provisioning-conflict", &[Protocol::Dhcp]),
    (
        "dhcp-provisioning-malformed",
        &[Protocol::Dhcp, Protocol::Dhcpv6],
    ),
    (
        "dhcp-provisioning-missing",
        &[Protocol::Dhcp, Protocol::Dhcpv6],
    ),
    ("dhcp-router-missing", &[Protocol::Dhcp]),
    ("dhcp-servers-disagree", &[Protocol::Dhcp]),
    ("file-missing", &[Protocol::Http, Protocol::Ftp]),
    ("ftp-login-refused", &[Protocol::Ftp]),
    ("ftp-transfer-failed", &[Protocol::Ftp]),
    ("lldp-low-power", &[Protocol::Lldp]),
    ("power-protocols-conflict", &[Protocol::Cdp, Protocol::Lldp]),
    ("registration-answer-lost", &[Protocol::Sip, Protocol::Sccp]),
    (
        "registration-unanswered",
        &[
            Protocol::Sip,
            Protocol::Sccp,
            Protocol::Mgcp,
            Protocol::H323,
        ],
    ),
    ("server-port-closed", &[Protocol::Http]),
    ("tftp-transfer-stalled", &[Protocol::Tftp]),
    ("tls-handshake-failed", &[Protocol::Tls]),
    ("voice-vlan-conflict", &[Protocol::Cdp, Protocol::Lldp]),
    ("voice-vlan-ignored", &[Protocol::Cdp, Protocol::Lldp]),
    ("voice-vlan-not-offered", &[Protocol::Cdp, Protocol::Lldp]),
];

/// Takes out what messages that are not whole could disprove.
pub(super) fn keep_what_is_whole(boot: &Boot, findings: &mut Vec<Finding>) {
    findings.retain(|finding| {
        let needs = NEED_WHOLE.iter().find(|(id, _)| *id == finding.id);
        needs.is_none_or(|(_, protocols)| {
            !protocols
                .iter()
                .any(|protocol| boot.cut_short.contains(protocol))
        })
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Severity;
    use crate::rules::Rule;
    use crate::session::testing::BootBuilder;

    #[test]
    fn names_rules_that_exist() {
        for (id, _) in NEED_WHOLE {
            assert!(Rule::by_id(id).is_some(), "{id}");
        }
        assert!(NEED_WHOLE.is_sorted_by_key(|(id, _)| id));
    }

    #[test]
    fn a_lease_that_was_cut_lacks_nothing_for_sure() {
        let kept = |cut: Option<Protocol>| {
            let mut boot = BootBuilder::new().build();
            boot.cut_short.extend(cut);
            let mut findings = vec![
                Finding::new("dhcp-option-150-missing", Severity::Error, "no option"),
                Finding::new("dhcp-offer-missing", Severity::Error, "no offer"),
            ];
            keep_what_is_whole(&boot, &mut findings);
            findings.len()
        };
        assert_eq!(kept(None), 2);
        assert_eq!(kept(Some(Protocol::Cdp)), 2);
        assert_eq!(kept(Some(Protocol::Dhcp)), 1);
    }
}
