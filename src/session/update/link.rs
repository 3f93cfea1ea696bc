//! CDP and LLDP announcements of a phone and of the switches on its link.

use phoneboot_parsers::{Protocol, WireText, cdp, lldp};

use crate::event::{At, Event, EventKind, Seen};
use crate::session::hosts::Host;
use crate::session::link::{Announcement, MAX_ANNOUNCEMENTS};
use crate::session::phone::{Clue, ClueSource};
use crate::session::{Phase, watts};

use super::{Change, step};

/// Keeps an announcement; gives whether it says something new.
pub(in crate::session) fn hear<T: Clone + PartialEq>(
    list: &mut Vec<Announcement<T>>,
    message: &T,
    at: At,
) -> bool {
    if let Some(known) = list.iter_mut().find(|known| known.first.value == *message) {
        known.last = at;
        known.count = known.count.saturating_add(1);
        return false;
    }
    if list.len() >= MAX_ANNOUNCEMENTS {
        list.remove(0);
    }
    list.push(Announcement {
        first: Seen::new(message.clone(), at),
        last: at,
        count: 1,
    });
    true
}

/// A line for an announcement, unless it reads like the last one of its kind: what
/// changed in it is of no weight to a boot.
fn news(
    host: &mut Host,
    event: &Event<'_>,
    protocol: Protocol,
    name: &'static str,
    summary: String,
) {
    let last = host.boot.timeline.iter().rfind(|step| step.event == name);
    if last.is_none_or(|last| last.summary != summary) {
        step(host, event, Phase::Link, protocol, name, summary);
    }
}

/// The phone announces itself by CDP.
pub(super) fn phone_cdp(host: &mut Host, event: &Event<'_>, message: &cdp::Message) -> Change {
    if hear(&mut host.boot.link.phone_cdp, message, event.at) {
        let summary = describe_phone(message);
        news(host, event, Protocol::Cdp, "cdp-phone", summary);
    }
    let clue = |source, value: &Option<WireText>| value.clone().map(|value| Clue { source, value });
    Change {
        clues: [
            clue(ClueSource::CdpDeviceId, &message.device_id),
            clue(ClueSource::CdpPlatform, &message.platform),
            clue(ClueSource::CdpSoftware, &message.software),
        ]
        .into_iter()
        .flatten()
        .collect(),
    }
}

fn describe_phone(message: &cdp::Message) -> String {
    let mut parts = Vec::new();
    if let Some(platform) = &message.platform {
        parts.push(format!("says it is a {platform}"));
    }
    if let Some(software) = &message.software {
        parts.push(format!("runs {software}"));
    }
    if let Some(query) = message.voice_vlan_query {
        match query.vlan {
            // 0x20 0x0200: seen in queries of phones that know no VLAN yet.
            Some(vlan) if query.application != 0x20 && vlan != 0 => {
                parts.push(format!("uses voice VLAN {vlan}"));
            }
            _ => parts.push("asks for a voice VLAN".to_owned()),
        }
    }
    if let Some(request) = &message.power_request {
        let levels = levels(&request.levels_mw);
        parts.push(format!(
            "asks for power: {levels} (request {})",
            request.request_id
        ));
    }
    if let Some(drawn) = message.power_consumption_mw {
        parts.push(format!("draws {}", watts(drawn)));
    }
    join("announces itself", &parts)
}

/// The phone announces itself by LLDP.
pub(super) fn phone_lldp(host: &mut Host, event: &Event<'_>, message: &lldp::Message) -> Change {
    if hear(&mut host.boot.link.phone_lldp, message, event.at) {
        let mut parts = Vec::new();
        if let Some(name) = message
            .med
            .inventory
            .model
            .as_ref()
            .or(message.system_description.as_ref())
            .or(message.system_name.as_ref())
        {
            parts.push(format!("says it is a {name}"));
        }
        if let Some(power) = message.dot3.power.and_then(|power| power.negotiation) {
            parts.push(format!(
                "asks for {}",
                watts(u32::from(power.requested_dw) * 100)
            ));
        } else if let Some(power) = message.med.power {
            parts.push(format!(
                "asks for {}",
                watts(u32::from(power.power_dw) * 100)
            ));
        }
        if message.med.policies.iter().any(|policy| policy.unknown) {
            parts.push("asks for a voice VLAN".to_owned());
        }
        let summary = join("announces itself", &parts);
        news(host, event, Protocol::Lldp, "lldp-phone", summary);
    }
    let inventory = &message.med.inventory;
    let is_telephone = message.is_telephone();
    let clue = |source, value: &Option<WireText>| value.clone().map(|value| Clue { source, value });
    Change {
        clues: [
            clue(ClueSource::LldpSystemName, &message.system_name),
            clue(
                ClueSource::LldpSystemDescription,
                &message.system_description,
            ),
            clue(ClueSource::LldpManufacturer, &inventory.manufacturer),
            clue(ClueSource::LldpModel, &inventory.model),
            // Beside a software revision, the firmware revision is the boot loader's.
            clue(
                ClueSource::LldpSoftware,
                inventory
                    .software
                    .as_ref()
                    .map_or(&inventory.firmware, |_| &inventory.software),
            ),
            is_telephone.then(|| Clue {
                source: ClueSource::LldpTelephone,
                value: "telephone".into(),
            }),
        ]
        .into_iter()
        .flatten()
        .collect(),
    }
}

/// A switch announces itself on the host's link.
pub(in crate::session) fn segment(host: &mut Host, event: &Event<'_>) {
    match event.kind {
        EventKind::Cdp(message) => {
            hear(&mut host.boot.link.switch_cdp, message, event.at);
            news(
                host,
                event,
                Protocol::Cdp,
                "cdp-switch",
                describe_switch(message),
            );
        }
        EventKind::Lldp(message) => {
            hear(&mut host.boot.link.switch_lldp, message, event.at);
            let summary = describe_lldp_switch(message);
            news(host, event, Protocol::Lldp, "lldp-switch", summary);
        }
        EventKind::Eapol(message) => {
            super::port::eapol(host, event, message);
        }
        EventKind::Bpdu(..) => super::port::bpdu(host, event),
        EventKind::ArpAnswered { address, mac } => {
            super::reach::arp_answered(host, event, address, mac);
        }
        EventKind::CutShort(protocol) => {
            host.boot.cut_short.insert(protocol);
        }
        EventKind::NeighborAnswered { address, mac } => {
            super::neighbors::answered(host, event, address, mac);
        }
        EventKind::RouterAdvertised(message) => {
            if let Some(said) = super::neighbors::router_fact(event, message) {
                super::neighbors::router_advertised(host, event, &said);
            }
        }
        _ => {}
    }
}

fn describe_switch(message: &cdp::Message) -> String {
    let mut parts = Vec::new();
    if let Some(port) = &message.port_id {
        parts.push(format!("port {port}"));
    }
    if let Some(vlan) = message.voice_vlan.and_then(|voice| voice.vlan) {
        parts.push(format!("voice VLAN {vlan}"));
    }
    if let Some(power) = message.power_available {
        if power.request_id == 0 && power.available_mw == 0 {
            parts.push("no power request pending".to_owned());
        } else {
            parts.push(format!(
                "grants {} (request {})",
                watts(power.available_mw),
                power.request_id
            ));
        }
    }
    let name = message
        .device_id
        .as_ref()
        .map_or_else(|| "switch".to_owned(), |name| format!("switch {name}"));
    join(&name, &parts)
}

fn describe_lldp_switch(message: &lldp::Message) -> String {
    let mut parts = Vec::new();
    if let Some(port) = &message.port_id {
        parts.push(format!("port {}", port.value.to_text()));
    }
    if let Some(policy) = message.med.voice_policy() {
        parts.push(if policy.tagged {
            format!("voice VLAN {}", policy.vlan)
        } else {
            "voice untagged".to_owned()
        });
    }
    if let Some(power) = message.dot3.power.and_then(|power| power.negotiation) {
        parts.push(format!(
            "grants {}",
            watts(u32::from(power.allocated_dw) * 100)
        ));
    }
    let name = message
        .system_name
        .as_ref()
        .map_or_else(|| "switch".to_owned(), |name| format!("switch {name}"));
    join(&name, &parts)
}

fn join(head: &str, parts: &[String]) -> String {
    if parts.is_empty() {
        head.to_owned()
    } else {
        format!("{head}: {}", parts.join(", "))
    }
}

/// Levels as a phrase: `12.0 W, else 6.3 W`. Zeros fill unused places.
fn levels(levels_mw: &[u32]) -> String {
    let words: Vec<String> = levels_mw
        .iter()
        .filter(|&&level| level != 0)
        .map(|&level| watts(level))
        .collect();
    words.join(", else ")
}
