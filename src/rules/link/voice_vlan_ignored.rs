//! A voice VLAN was offered, and the phone goes on elsewhere.
//!
//! ## What it sees
//! The switch port names a voice VLAN by CDP or LLDP-MED. After that the phone asks for its
//! address and goes on without a tag, or in another VLAN, to the end, and no frame of it is
//! in the voice VLAN in any of its boots. A first DISCOVER without a tag is normal, and
//! so is a restart into the VLAN.
//!
//! ## Why the phone stops
//! The data VLAN has another DHCP scope: without the phone's server, or behind a port
//! security that lets only PCs in. Where it comes up all the same, its voice has no
//! priority and it stands in the wrong network.
//!
//! ## How to fix it
//! 1. Switch on what tells the phone its VLAN: CDP or LLDP-MED (and "VLAN discovery") in
//!    the phone's network settings.
//! 2. Take away a VLAN that was typed in or kept from an earlier place: on a Cisco "Admin.
//!    VLAN Id", on others a factory reset does it.
//! 3. Or make the VLAN that it uses the right one on the port.
//!
//! ## When it may be wrong
//! Many network adapters and drivers strip tags: where no frame at all in the capture bears
//! one, the rule is silent. It is also silent when several ports announce themselves, when
//! the voice VLAN is the port's untagged one, and while the phone may still move. Where
//! answers to the phone come without a tag too, it is silent when the phone comes up, and
//! else says no more than a note.
//! A phone that does not speak the protocol was never told: that is a note.
//!
//! ## References
//! IEEE Std 802.1Q clause 9; ANSI/TIA-1057 clause 10.2.3; CDP TLV 0x000e as in Wireshark's
//! packet-cdp.c.

use crate::event::At;
use crate::finding::{About, Confidence, Finding, Severity};
use crate::rules::Context;
use crate::rules::switch::Port;
use crate::session::lease::LeaseMessage;
use crate::session::{Boot, Phase};

use super::vlans::{Named, by_cdp, by_lldp, is_one_port, listens, untagged};

/// A phone that heard of its VLAN is in it after this time, or has restarted.
const MOVE_SECS: f64 = 10.0;

pub(in crate::rules) fn check(boot: &Boot, context: &Context<'_>) -> Vec<Finding> {
    let Some(offer) = offer(boot).filter(|_| context.sees_tags()) else {
        return Vec::new();
    };
    let has_moved = context
        .phone
        .boots
        .iter()
        .any(|boot| boot.link.vlans_used.contains(&offer.vlan));
    let Some(asked) = asked_after(boot, offer.at) else {
        return Vec::new();
    };
    let Some(went_on) = went_on_after(boot, offer.at) else {
        return Vec::new();
    };
    let came_up = boot.is_registered() || context.is_loaded(boot);
    let doubtful = asked.vlan.is_none() && is_answered(boot, offer.at, None);
    // Answers in the VLAN show that the capture lacks the tags of what the phone sends.
    if has_moved
        || boot.followed_by_another
        || asked.vlan == Some(offer.vlan)
        || is_answered(boot, offer.at, Some(offer.vlan))
        || (doubtful && came_up)
    {
        return Vec::new();
    }
    vec![finding(boot, context, &offer, asked, went_on)]
}

/// The voice VLAN that the phone's own port names; the first, where CDP and LLDP agree.
fn offer(boot: &Boot) -> Option<Named> {
    let (cdp, lldp) = (by_cdp(boot), by_lldp(boot));
    let agree = cdp.is_none_or(|cdp| lldp.is_none_or(|lldp| lldp.vlan == cdp.vlan));
    // What the phone would hear counts before what it would not.
    [cdp, lldp]
        .into_iter()
        .flatten()
        .min_by_key(|named| (!listens(boot, named.by), named.at))
        .filter(|named| agree && is_one_port(boot) && !untagged(boot).contains(&named.vlan))
}

/// The phone's last DHCP message after this moment.
fn asked_after(boot: &Boot, at: At) -> Option<&LeaseMessage> {
    let mut messages = boot.lease.messages.iter();
    messages.rfind(|seen| seen.message.op == 1 && seen.at > at)
}

/// Whether DHCP answered the phone in this VLAN after this moment. Answers without a tag
/// may have borne one before the capture took them.
fn is_answered(boot: &Boot, at: At, vlan: Option<u16>) -> bool {
    let mut messages = boot.lease.messages.iter();
    messages.any(|seen| seen.message.op == 2 && seen.at > at && seen.vlan == vlan)
}

/// Where the phone goes on long after it heard of its VLAN, or has come up.
fn went_on_after(boot: &Boot, at: At) -> Option<At> {
    let last = boot
        .timeline
        .iter()
        .rfind(|step| step.from_phone && step.phase != Phase::Link)?;
    let is_late = last.at.time.secs_since(at.time) >= MOVE_SECS;
    (is_late || boot.is_registered()).then_some(last.at)
}

fn finding(
    boot: &Boot,
    context: &Context<'_>,
    offer: &Named,
    asked: &LeaseMessage,
    went_on: At,
) -> Finding {
    let vlan = offer.vlan;
    let place = asked
        .vlan
        .map_or("without a tag".to_owned(), |vlan| format!("in VLAN {vlan}"));
    let (severity, confidence) = severity(boot, context, offer, asked);
    let by = offer.by.words();
    let port = Port::of(boot).words();
    let heard = if listens(boot, offer.by) {
        String::new()
    } else {
        format!(" The phone itself sends no {by}: it may not know of it.")
    };
    let finding = Finding::new(
        "voice-vlan-ignored",
        severity,
        format!("voice VLAN {vlan} is offered, the phone goes on {place}"),
    )
    .confidence(confidence)
    .detail(format!(
        "{by} names VLAN {vlan} on {port}; after that the phone asks for its address {place}, and \
         no frame of it is in VLAN {vlan}.{heard}"
    ))
    .about(About {
        vlan: Some(vlan),
        ..About::default()
    })
    .evidence(offer.at, format!("{by}: voice VLAN {vlan}"))
    .evidence(asked.at, format!("DHCP {place}"))
    .evidence(went_on, format!("the phone still goes on {place}"));
    let finding = match asked.vlan {
        Some(other) => finding.remedy(format!(
            "Take VLAN {other} out of the phone's network settings (\"Admin. VLAN Id\" on a \
             Cisco), or reset them."
        )),
        None => finding.remedy(format!(
            "Switch on {by} and VLAN discovery in the phone's network settings, or set VLAN {vlan} \
             there."
        )),
    };
    finding.remedy(format!(
        "If the phone belongs where it is, take voice VLAN {vlan} off {port}."
    ))
}

fn severity(
    boot: &Boot,
    context: &Context<'_>,
    offer: &Named,
    asked: &LeaseMessage,
) -> (Severity, Confidence) {
    let came_up = boot.is_registered() || context.is_loaded(boot);
    let doubtful = asked.vlan.is_none() && is_answered(boot, offer.at, None);
    if doubtful || !listens(boot, offer.by) {
        return (Severity::Note, Confidence::Possible);
    }
    let has_nothing = boot.lease.acknowledged().is_none() || boot.transfers.is_empty();
    let stopped = context.idle_secs(boot) >= context.patience_secs();
    if !came_up && has_nothing && (stopped || boot.lease.acknowledged().is_none()) {
        (Severity::Error, Confidence::Likely)
    } else {
        (Severity::Warning, Confidence::Likely)
    }
}

#[cfg(test)]
mod tests {
    use phoneboot_parsers::dhcp::MessageType;

    use super::super::vlans::testing::{cdp_phone, cdp_switch, lldp_phone, lldp_switch};
    use super::*;
    use crate::rules::testing::Case;
    use crate::session::registration::Status;
    use crate::session::testing::BootBuilder;

    fn offered() -> BootBuilder {
        BootBuilder::new()
            .phone_cdp(cdp_phone())
            .switch_cdp(cdp_switch(Some(110)))
    }

    /// Four DISCOVERs without a tag, over twelve seconds.
    fn asks_in_vain(boot: BootBuilder) -> BootBuilder {
        (0..4).fold(boot, |boot, _| {
            boot.dhcp(MessageType::Discover, &[]).after_secs(4)
        })
    }

    fn findings(boot: BootBuilder) -> Vec<Finding> {
        Case::new("cisco-79x1", boot).with_tags().check(check)
    }

    #[test]
    fn a_phone_that_gets_nothing_elsewhere_is_in_the_wrong_vlan() {
        let found = findings(asks_in_vain(offered()));
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].severity, Severity::Error);
        assert_eq!(
            found[0].title,
            "voice VLAN 110 is offered, the phone goes on without a tag"
        );
        assert_eq!(found[0].subject.vlan, Some(110));
    }

    #[test]
    fn a_phone_that_comes_up_elsewhere_is_a_warning() {
        let boot = |vlan| {
            offered()
                .lease(&[150], &[(150, &[192, 0, 2, 10])])
                .registration(Status::Registered, None)
                .with(move |boot, _| {
                    for seen in &mut boot.lease.messages {
                        seen.vlan = vlan;
                    }
                })
        };
        assert_eq!(findings(boot(Some(20)))[0].severity, Severity::Warning);
        assert_eq!(findings(boot(None)), [], "the capture may strip tags");
    }

    #[test]
    fn answers_tell_what_the_capture_does_with_tags() {
        let leased = |vlan: Option<u16>| {
            offered()
                .lease(&[150], &[])
                .after_secs(15)
                .arp(std::net::Ipv4Addr::new(192, 0, 2, 1), 2, true)
                .with(move |boot, _| {
                    let answers = boot.lease.messages.iter_mut();
                    for seen in answers.filter(|seen| seen.message.op == 2) {
                        seen.vlan = vlan;
                    }
                })
        };
        assert_eq!(findings(leased(Some(110))), []);
        assert_eq!(findings(leased(None))[0].severity, Severity::Note);
    }

    #[test]
    fn another_vlan_is_named() {
        let boot = asks_in_vain(offered())
            .dhcp(MessageType::Discover, &[])
            .with(|boot, _| {
                boot.lease.messages.last_mut().unwrap().vlan = Some(20);
                boot.link.vlans_used = [20].into();
            });
        let found = findings(boot);
        assert_eq!(
            found[0].title,
            "voice VLAN 110 is offered, the phone goes on in VLAN 20"
        );
        assert!(found[0].remedy[0].contains("VLAN 20"));
    }

    #[test]
    fn a_capture_without_tags_proves_nothing() {
        let boot = asks_in_vain(offered());
        assert_eq!(Case::new("cisco-79x1", boot).check(check), []);
    }

    #[test]
    fn first_untagged_then_tagged_is_normal() {
        let boot = asks_in_vain(offered()).with(|boot, _| {
            boot.link.vlans_used = [110].into();
        });
        assert_eq!(findings(boot), []);
    }

    #[test]
    fn a_phone_that_may_still_move_is_left_alone() {
        assert_eq!(
            findings(offered().dhcp(MessageType::Discover, &[])),
            [],
            "too early"
        );
        let restarted = Case::of_boots(
            "polycom-soundpoint",
            vec![
                asks_in_vain(offered()).build(),
                BootBuilder::new()
                    .with(|boot, _| boot.link.vlans_used = [110].into())
                    .build(),
            ],
        );
        assert_eq!(restarted.with_tags().check(check), []);
    }

    #[test]
    fn offers_after_the_lease_and_of_other_ports_are_none() {
        let late = asks_in_vain(BootBuilder::new().phone_cdp(cdp_phone()))
            .switch_cdp(cdp_switch(Some(110)));
        assert_eq!(findings(late), []);
        let mut other = cdp_switch(Some(120));
        other.port_id = Some("Gi1/0/8".into());
        assert_eq!(findings(asks_in_vain(offered().switch_cdp(other))), []);
        let untagged = BootBuilder::new()
            .phone_cdp(cdp_phone())
            .switch_cdp(cdp_switch(Some(1)));
        assert_eq!(findings(asks_in_vain(untagged)), []);
        let differ = offered()
            .phone_lldp(lldp_phone())
            .switch_lldp(lldp_switch(Some(120)));
        assert_eq!(findings(asks_in_vain(differ)), []);
    }

    #[test]
    fn a_phone_that_does_not_speak_the_protocol_was_not_told() {
        let boot = BootBuilder::new()
            .phone_cdp(cdp_phone())
            .switch_lldp(lldp_switch(Some(110)));
        let found = findings(asks_in_vain(boot));
        assert_eq!(found[0].severity, Severity::Note);
        assert!(found[0].detail.contains("sends no LLDP-MED"));
    }
}
