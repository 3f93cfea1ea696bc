//! What became of a phone's wish for power over the cable.

use crate::diagnosis::{PowerReport, PowerState};
use crate::session::Boot;

/// Power as this boot negotiated it: by CDP, else by LLDP (IEEE 802.3, then MED).
pub(super) fn power(boot: &Boot) -> PowerReport {
    by_cdp(boot)
        .or_else(|| by_dot3(boot))
        .or_else(|| by_med(boot))
        .unwrap_or_else(|| PowerReport {
            drawn_mw: drawn_mw(boot),
            ..PowerReport::default()
        })
}

fn drawn_mw(boot: &Boot) -> Option<u32> {
    boot.link
        .phone_cdp
        .iter()
        .rev()
        .find_map(|announcement| announcement.first.value.power_consumption_mw)
}

fn by_cdp(boot: &Boot) -> Option<PowerReport> {
    let request = boot
        .link
        .power_requested_by_cdp()?
        .value
        .power_request
        .clone()?;
    let requested_mw: Vec<u32> = request
        .levels_mw
        .iter()
        .copied()
        .filter(|&level| level > 0)
        .collect();
    if requested_mw.is_empty() {
        return None;
    }
    let available_mw = boot
        .link
        .power_granted_by_cdp()
        .and_then(|seen| seen.value.power_available)
        .map(|power| power.available_mw);
    let least = requested_mw.iter().copied().min().unwrap_or_default();
    Some(PowerReport {
        protocol: Some("cdp"),
        drawn_mw: drawn_mw(boot),
        state: state(available_mw, least),
        requested_mw,
        available_mw,
    })
}

fn state(available_mw: Option<u32>, least_mw: u32) -> PowerState {
    match available_mw {
        None => PowerState::Unanswered,
        Some(available) if available < least_mw => PowerState::Short,
        Some(_) => PowerState::Granted,
    }
}

fn by_dot3(boot: &Boot) -> Option<PowerReport> {
    let requested_mw = boot.link.phone_lldp.iter().rev().find_map(|announcement| {
        let power = announcement.first.value.dot3.power?.negotiation?;
        (power.requested_dw > 0).then(|| u32::from(power.requested_dw) * 100)
    })?;
    let available_mw = boot.link.switch_lldp.iter().rev().find_map(|announcement| {
        let power = announcement.first.value.dot3.power?.negotiation?;
        (power.allocated_dw > 0).then(|| u32::from(power.allocated_dw) * 100)
    });
    Some(PowerReport {
        protocol: Some("lldp"),
        drawn_mw: drawn_mw(boot),
        requested_mw: vec![requested_mw],
        available_mw,
        state: state(available_mw, requested_mw),
    })
}

fn by_med(boot: &Boot) -> Option<PowerReport> {
    let requested_mw = boot.link.phone_lldp.iter().rev().find_map(|announcement| {
        let power = announcement.first.value.med.power?;
        (!power.is_pse() && power.power_dw > 0).then(|| u32::from(power.power_dw) * 100)
    })?;
    let available_mw = boot.link.switch_lldp.iter().rev().find_map(|announcement| {
        let power = announcement.first.value.med.power?;
        power.is_pse().then(|| u32::from(power.power_dw) * 100)
    });
    Some(PowerReport {
        protocol: Some("lldp-med"),
        drawn_mw: drawn_mw(boot),
        requested_mw: vec![requested_mw],
        available_mw,
        state: state(available_mw, requested_mw),
    })
}
