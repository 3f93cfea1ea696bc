//! CDP, LLDP-MED and DHCP name different VLANs to the phone.
//!
//! ## What it sees
//! The latest voice VLANs of CDP (TLV 0x000e) and LLDP-MED (network policy for voice) of one
//! switch port, and that of the DHCP options which this family reads for it, as
//! `VLAN-A=110;` of Polycom or option 132. Two of them differ.
//!
//! ## Why the phone stops
//! It takes the one that it believes most, or the one that came first: not the same in every
//! boot. Where DHCP of one VLAN names another one, the phone goes there, and, when that one
//! names the first again, it starts over for ever.
//!
//! ## How to fix it
//! 1. Decide which VLAN it is, and name that everywhere.
//! 2. On the switch: `switchport voice vlan N` on Cisco serves CDP and LLDP-MED alike;
//!    elsewhere the network policy of LLDP-MED and the voice VLAN of CDP are set apart.
//! 3. In DHCP: correct the option in the scopes of both VLANs, or leave it out.
//!
//! ## When it may be wrong
//! Most phones that hear LLDP do not read CDP or the DHCP option any more: then nothing
//! is wrong yet, and this is a note. So it is when the phone does not speak one of the
//! protocols.
//!
//! ## References
//! ANSI/TIA-1057 clause 10.2.3; CDP TLV 0x000e as in Wireshark's packet-cdp.c; RFC 3942
//! (site-specific DHCP options).

use crate::finding::{About, Confidence, Finding, Severity};
use crate::rules::Context;
use crate::rules::switch::Port;
use crate::session::Boot;

use super::vlans::{By, Named, all, is_one_port, listens};

pub(in crate::rules) fn check(boot: &Boot, context: &Context<'_>) -> Vec<Finding> {
    let named = all(boot, context);
    let Some(first) = named.first() else {
        return Vec::new();
    };
    let Some(other) = named.iter().find(|named| named.vlan != first.vlan) else {
        return Vec::new();
    };
    if !is_one_port(boot) {
        return Vec::new();
    }
    let words: Vec<String> = named
        .iter()
        .map(|named| format!("{} names VLAN {}", named.by.words(), named.vlan))
        .collect();
    let severity = severity(boot, context, &named);
    let used = used(boot);
    let mut finding = Finding::new(
        "voice-vlan-conflict",
        severity,
        format!(
            "{} and {} name different voice VLANs: {} and {}",
            first.by.words(),
            other.by.words(),
            first.vlan,
            other.vlan
        ),
    )
    .confidence(if severity == Severity::Note {
        Confidence::Certain
    } else {
        Confidence::Likely
    })
    .detail(format!("{}. {used}", words.join(", ")))
    .about(About {
        vlan: Some(first.vlan),
        ..About::default()
    });
    let mut named_in_order = named.clone();
    named_in_order.sort_by_key(|named| named.at);
    for named in named_in_order {
        finding = finding.evidence(
            named.at,
            format!("{} names VLAN {}", named.by.words(), named.vlan),
        );
    }
    vec![remedies(finding, boot, &named)]
}

/// A phone that hears only one of them is not misled.
fn severity(boot: &Boot, context: &Context<'_>, named: &[Named]) -> Severity {
    let came_up = boot.is_registered() || context.is_loaded(boot);
    let heard = |by: By| named.iter().any(|n| n.by == by) && listens(boot, by);
    let by_switch = heard(By::Cdp) && heard(By::Lldp);
    let cdp_and_lldp_differ = {
        let of = |by: By| named.iter().find(|n| n.by == by).map(|n| n.vlan);
        of(By::Cdp).is_some() && of(By::Lldp).is_some() && of(By::Cdp) != of(By::Lldp)
    };
    let moved = boot.followed_by_another || boot.link.vlans_used.len() > 1;
    if (by_switch && cdp_and_lldp_differ) || (!came_up && moved) {
        Severity::Warning
    } else {
        Severity::Note
    }
}

fn used(boot: &Boot) -> String {
    let vlans: Vec<String> = boot.link.vlans_used.iter().map(u16::to_string).collect();
    if vlans.is_empty() {
        "No frame of the phone in the capture bears a tag.".to_owned()
    } else {
        format!("The phone's frames are in VLAN {}.", vlans.join(" and "))
    }
}

fn remedies(finding: Finding, boot: &Boot, named: &[Named]) -> Finding {
    let by_switch = named.iter().any(|n| matches!(n.by, By::Cdp | By::Lldp));
    let by_dhcp = named.iter().find_map(|named| match named.by {
        By::Dhcp(code) => Some((code, named.vlan)),
        _ => None,
    });
    let mut finding = finding;
    if by_switch {
        finding = finding.remedy(format!(
            "Name one VLAN on {}, by CDP and by LLDP-MED: `switchport voice vlan N` on Cisco does \
             both.",
            Port::of(boot).words()
        ));
    }
    if let Some((code, vlan)) = by_dhcp {
        finding = finding.remedy(format!(
            "Correct option {code} in DHCP, which names VLAN {vlan}, or leave it out: in the scope \
             of the data VLAN and in that of the voice VLAN."
        ));
    }
    finding
}

#[cfg(test)]
mod tests {
    use super::super::vlans::testing::{cdp_phone, cdp_switch, lldp_phone, lldp_switch};
    use super::*;
    use crate::rules::testing::Case;
    use crate::session::registration::Status;
    use crate::session::testing::BootBuilder;

    fn both(cdp: u16, lldp: u16) -> BootBuilder {
        BootBuilder::new()
            .phone_cdp(cdp_phone())
            .phone_lldp(lldp_phone())
            .switch_cdp(cdp_switch(Some(cdp)))
            .switch_lldp(lldp_switch(Some(lldp)))
    }

    fn findings(family: &'static str, boot: BootBuilder) -> Vec<Finding> {
        Case::new(family, boot).check(check)
    }

    #[test]
    fn cdp_and_lldp_that_differ_are_a_warning() {
        let found = findings("cisco-78xx-88xx", both(110, 120));
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].severity, Severity::Warning);
        assert_eq!(
            found[0].title,
            "CDP and LLDP-MED name different voice VLANs: 110 and 120"
        );
        assert_eq!(found[0].evidence.len(), 2);
    }

    #[test]
    fn one_vlan_is_no_conflict() {
        assert_eq!(findings("cisco-78xx-88xx", both(110, 110)), []);
        let alone = BootBuilder::new().switch_cdp(cdp_switch(Some(110)));
        assert_eq!(findings("cisco-78xx-88xx", alone), []);
    }

    #[test]
    fn a_phone_that_hears_one_of_them_is_not_misled() {
        let boot = BootBuilder::new()
            .phone_lldp(lldp_phone())
            .switch_cdp(cdp_switch(Some(110)))
            .switch_lldp(lldp_switch(Some(120)));
        let found = findings("yealink-t4x", boot);
        assert_eq!(found[0].severity, Severity::Note);
    }

    #[test]
    fn dhcp_is_only_read_where_the_family_reads_it() {
        let boot = || {
            BootBuilder::new()
                .phone_lldp(lldp_phone())
                .switch_lldp(lldp_switch(Some(120)))
                .lease(&[128], &[(128, b"VLAN-A=110;")])
                .registration(Status::Registered, None)
        };
        let found = findings("polycom-soundpoint", boot());
        assert_eq!(found[0].severity, Severity::Note);
        assert_eq!(
            found[0].title,
            "LLDP-MED and DHCP option 128 name different voice VLANs: 120 and 110"
        );
        assert_eq!(findings("cisco-79x1", boot()), []);
    }

    #[test]
    fn a_phone_that_goes_to_and_fro_is_misled() {
        let boot = BootBuilder::new()
            .phone_lldp(lldp_phone())
            .switch_lldp(lldp_switch(Some(120)))
            .lease(&[128], &[(128, b"VLAN-A=110;")])
            .with(|boot, _| boot.link.vlans_used = [110, 120].into());
        let found = findings("polycom-soundpoint", boot);
        assert_eq!(found[0].severity, Severity::Warning);
        assert!(found[0].detail.contains("VLAN 110 and 120"));
    }

    #[test]
    fn what_other_ports_say_is_no_conflict() {
        let mut other = cdp_switch(Some(120));
        other.port_id = Some("Gi1/0/8".into());
        let boot = both(110, 120).switch_cdp(other);
        assert_eq!(findings("cisco-78xx-88xx", boot), []);
    }
}
