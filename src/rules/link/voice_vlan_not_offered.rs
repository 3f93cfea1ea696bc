//! The phone asks for a voice VLAN, nobody names one, and the boot suffers.
//!
//! ## What it sees
//! The phone asks by CDP (TLV 0x000f without a VLAN) or LLDP-MED (network policy
//! "unknown"). The switch announces itself and names no voice VLAN, nor does DHCP; the phone
//! sends no tagged frame. And then nobody answers its DISCOVERs, or the lease names none of
//! the servers that it needs.
//!
//! ## Why the phone stops
//! It goes on in the port's data VLAN, where DHCP may not know of phones, or not answer
//! at all.
//!
//! ## How to fix it
//! 1. Do phones at this place belong in a VLAN of their own? Then name it on the port:
//!    `switchport voice vlan N` on Cisco; a network policy of LLDP-MED elsewhere.
//! 2. If not, the phone is where it belongs, and DHCP of that VLAN is at fault.
//!
//! ## When it may be wrong
//! In a flat network nobody names a VLAN and none is needed: then the boot works, and the
//! rule is silent. Where it does not work, that need not be for lack of a VLAN. Some switches
//! name the VLAN only after they heard the phone by LLDP-MED, half a minute later.
//!
//! ## References
//! ANSI/TIA-1057 clauses 10.2.3 and 11.2.1; CDP TLVs 0x000e and 0x000f as in Wireshark's
//! packet-cdp.c.

use phoneboot_parsers::dhcp::MessageType;

use crate::event::At;
use crate::finding::{About, Confidence, Finding, Severity};
use crate::rules::Context;
use crate::rules::switch::Port;
use crate::session::Boot;

use super::vlans::{asked_by_cdp, asked_by_lldp, by_dhcp};

/// DISCOVERs over this time without an answer get none.
const OFFER_SECS: f64 = 10.0;

/// What the boot lacks where it is.
enum Lack {
    Lease,
    Server,
}

pub(in crate::rules) fn check(boot: &Boot, context: &Context<'_>) -> Vec<Finding> {
    let asked = [
        asked_by_cdp(boot).map(|at| (at, "CDP")),
        asked_by_lldp(boot).map(|at| (at, "LLDP-MED")),
    ];
    let Some((asked_at, by)) = asked.into_iter().flatten().min_by_key(|(at, _)| *at) else {
        return Vec::new();
    };
    if is_answered(boot) || by_dhcp(boot, context).is_some() || !boot.link.vlans_used.is_empty() {
        return Vec::new();
    }
    let Some((heard, said_by)) = switch_heard(boot) else {
        return Vec::new();
    };
    let Some((lack, suffers_at)) = lack(boot, context).filter(|(_, at)| *at > asked_at) else {
        return Vec::new();
    };
    let (severity, words) = match lack {
        Lack::Lease => (Severity::Warning, "no DHCP server answers there"),
        // Tags in the capture show that this network has VLANs.
        Lack::Server if context.sees_tags() => {
            (Severity::Warning, "the lease there names no server")
        }
        Lack::Server => (Severity::Note, "the lease there names no server"),
    };
    let port = Port::of(boot).words();
    vec![
        Finding::new(
            "voice-vlan-not-offered",
            severity,
            format!("the phone asks for a voice VLAN, and {port} names none"),
        )
        .confidence(Confidence::Possible)
        .detail(format!(
            "The phone asked by {by} and stays in the port's untagged VLAN; {words}. The switch \
             speaks {said_by}, without a voice VLAN."
        ))
        .about(About {
            protocol: Some(if by == "CDP" { "cdp" } else { "lldp" }),
            ..About::default()
        })
        .evidence(asked_at, format!("asks for a voice VLAN by {by}"))
        .evidence(
            heard,
            format!("{said_by} of the switch, without a voice VLAN"),
        )
        .evidence(suffers_at, words)
        .remedy(format!(
            "If phones have a VLAN of their own here, name it on {port}: `switchport voice vlan N` \
             on Cisco, a network policy of LLDP-MED elsewhere."
        ))
        .remedy("If they have none, see to the DHCP of this VLAN."),
    ]
}

/// Whether a switch said anything of the voice VLAN, be it that there is none.
fn is_answered(boot: &Boot) -> bool {
    let by_cdp = boot.link.switch_cdp.iter();
    let mut by_cdp = by_cdp.filter_map(|said| said.first.value.voice_vlan);
    let by_lldp = boot.link.switch_lldp.iter();
    let mut by_lldp = by_lldp.filter_map(|said| said.first.value.med.voice_policy());
    by_cdp.next().is_some() || by_lldp.any(|policy| !policy.unknown)
}

/// Where a switch announced itself last, and by what.
fn switch_heard(boot: &Boot) -> Option<(At, &'static str)> {
    let cdp = boot.link.switch_cdp.iter().map(|said| (said.last, "CDP"));
    let lldp = boot.link.switch_lldp.iter().map(|said| (said.last, "LLDP"));
    cdp.chain(lldp).max_by_key(|(at, _)| *at)
}

/// What the boot lacks, and where that shows.
fn lack(boot: &Boot, context: &Context<'_>) -> Option<(Lack, At)> {
    let got_on = boot.is_registered()
        || !boot.transfers.is_empty()
        || boot.reach.connections.iter().any(|c| c.accepted.is_some())
        || boot.lease6.boot_data().is_some();
    if got_on {
        return None;
    }
    if let Some(lease) = boot.lease.acknowledged() {
        let provisioning = &context.profile?.provisioning;
        let named = provisioning
            .options
            .iter()
            .any(|&code| lease.message.option(code).is_some())
            || !lease.message.server_address.is_unspecified();
        let stopped =
            boot.followed_by_another || context.idle_secs(boot) >= context.patience_secs();
        return (!named && stopped && !provisioning.options.is_empty())
            .then_some((Lack::Server, lease.at));
    }
    let tree = &boot.link.spanning_tree;
    let mut discovers = boot
        .lease
        .of_kind(MessageType::Discover)
        .filter(|discover| !tree.held_back_at(discover.vlan, discover.at));
    let first = discovers.next()?;
    let last = discovers.next_back()?;
    let answered = boot.lease.messages.iter().any(|seen| seen.message.op == 2);
    let proven = last.at.time.secs_since(first.at.time) >= OFFER_SECS;
    (!answered && proven).then_some((Lack::Lease, last.at))
}

#[cfg(test)]
mod tests {
    use super::super::vlans::testing::{cdp_phone, cdp_switch, lldp_phone, lldp_switch};
    use super::*;
    use crate::rules::testing::Case;
    use crate::session::testing::BootBuilder;
    use crate::session::transfer::Status;

    fn asks_in_vain(boot: BootBuilder) -> BootBuilder {
        (0..4).fold(boot, |boot, _| {
            boot.dhcp(MessageType::Discover, &[]).after_secs(4)
        })
    }

    fn by_cdp() -> BootBuilder {
        BootBuilder::new()
            .phone_cdp(cdp_phone())
            .switch_cdp(cdp_switch(None))
    }

    fn by_lldp() -> BootBuilder {
        BootBuilder::new()
            .phone_lldp(lldp_phone())
            .switch_lldp(lldp_switch(None))
    }

    fn findings(boot: BootBuilder) -> Vec<Finding> {
        Case::new("polycom-soundpoint", boot).check(check)
    }

    #[test]
    fn no_vlan_and_no_lease_is_a_warning() {
        for (boot, by) in [(by_cdp(), "by CDP"), (by_lldp(), "by LLDP-MED")] {
            let found = findings(asks_in_vain(boot));
            assert_eq!(found.len(), 1);
            assert_eq!(found[0].severity, Severity::Warning);
            assert!(found[0].detail.contains(by), "{}", found[0].detail);
        }
    }

    #[test]
    fn no_vlan_and_no_server_is_worth_a_look() {
        let found = findings(by_lldp().lease(&[66], &[]));
        assert_eq!(found[0].severity, Severity::Note);
        let tagged = Case::new("polycom-soundpoint", by_lldp().lease(&[66], &[])).with_tags();
        assert_eq!(tagged.check(check)[0].severity, Severity::Warning);
    }

    #[test]
    fn a_flat_network_is_fine() {
        let given = by_lldp().lease(&[66], &[(66, b"http://192.0.2.20/")]);
        assert_eq!(findings(given), []);
        let booted = by_lldp()
            .lease(&[66], &[])
            .tftp("000000000000.cfg", Status::Complete);
        assert_eq!(findings(booted), []);
    }

    #[test]
    fn a_vlan_that_is_named_or_used_is_there() {
        let named = asks_in_vain(by_cdp().switch_cdp(cdp_switch(Some(110))));
        assert_eq!(findings(named), []);
        let none = asks_in_vain(by_cdp().switch_cdp(cdp_switch(Some(4095))));
        assert_eq!(findings(none), []);
        let used = asks_in_vain(by_cdp()).with(|boot, _| boot.link.vlans_used = [20].into());
        assert_eq!(findings(used), []);
        let by_dhcp = by_lldp().lease(&[128], &[(128, b"VLAN-A=110;")]);
        assert_eq!(findings(by_dhcp), []);
    }

    #[test]
    fn who_asks_after_the_lease_had_no_vlan_to_wait_for() {
        let late = BootBuilder::new()
            .lease(&[66], &[])
            .phone_lldp(lldp_phone())
            .switch_lldp(lldp_switch(None));
        assert_eq!(findings(late), []);
    }

    #[test]
    fn who_does_not_ask_or_hears_no_switch_is_left_alone() {
        let silent = BootBuilder::new().switch_cdp(cdp_switch(None));
        assert_eq!(findings(asks_in_vain(silent)), []);
        let alone = BootBuilder::new().phone_cdp(cdp_phone());
        assert_eq!(findings(asks_in_vain(alone)), []);
        let once = by_cdp().dhcp(MessageType::Discover, &[]);
        assert_eq!(findings(once), []);
    }
}
