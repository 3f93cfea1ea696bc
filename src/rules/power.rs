//! What became of a phone's wish for power over the cable.

use phoneboot_parsers::lldp::Message;

use crate::diagnosis::{PowerReport, PowerState};
use crate::profiles::WhenAbsent;
use crate::session::Boot;
use crate::session::link::Announcement;

use super::Context;
use super::context::TransferVerdict;

/// Power as this boot negotiated it: by CDP, else by LLDP (IEEE 802.3, then MED).
pub(super) fn power(boot: &Boot) -> PowerReport {
    by_cdp(boot)
        .or_else(|| by_lldp(boot))
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

/// Power as it was negotiated by CDP; `None` when the phone asked for none.
pub(super) fn by_cdp(boot: &Boot) -> Option<PowerReport> {
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

/// Power as it was negotiated by LLDP: by IEEE 802.3's part, else by MED's. `None` when
/// the phone asked for none.
pub(super) fn by_lldp(boot: &Boot) -> Option<PowerReport> {
    let dot3 = by_dot3(boot);
    let by_med = || by_med(boot);
    match dot3 {
        Some(dot3) if dot3.state == PowerState::Unanswered => by_med()
            .filter(|med| med.state != PowerState::Unanswered)
            .or(Some(dot3)),
        dot3 => dot3.or_else(by_med),
    }
}

/// Whether the phone did not come up and has stopped, and nothing that a server did
/// explains it.
pub(super) fn stops_for_nothing_else(boot: &Boot, context: &Context<'_>) -> bool {
    let came_up = boot.is_registered() || context.is_loaded(boot);
    let stopped = boot.followed_by_another || context.idle_secs(boot) >= context.patience_secs();
    let explained = context
        .reads(boot)
        .any(|(transfer, verdict)| match verdict {
            TransferVerdict::Complete
            | TransferVerdict::UpToDate
            | TransferVerdict::Stalled
            | TransferVerdict::Unknown => false,
            TransferVerdict::NotFound => context.when_absent(transfer) == WhenAbsent::Fatal,
            _ => true,
        });
    !came_up
        && stopped
        && !explained
        && boot.lease.acknowledged().is_some()
        && boot.registrations.is_empty()
}

fn by_dot3(boot: &Boot) -> Option<PowerReport> {
    let requested_mw = boot.link.phone_lldp.iter().rev().find_map(|announcement| {
        let said = announcement.first.value.dot3.power?;
        let power = said.negotiation.filter(|_| !said.is_pse())?;
        (power.requested_dw > 0).then(|| u32::from(power.requested_dw) * 100)
    })?;
    let available_mw = latest(&boot.link.switch_lldp, |message| {
        let said = message.dot3.power?;
        let power = said.negotiation.filter(|_| said.is_pse())?;
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

/// What was said last, by whoever said it.
fn latest<T>(list: &[Announcement<Message>], of: impl Fn(&Message) -> Option<T>) -> Option<T> {
    list.iter()
        .filter_map(|announcement| Some((announcement.last, of(&announcement.first.value)?)))
        .max_by_key(|(at, _)| *at)
        .map(|(_, said)| said)
}

fn by_med(boot: &Boot) -> Option<PowerReport> {
    let requested_mw = boot.link.phone_lldp.iter().rev().find_map(|announcement| {
        let power = announcement.first.value.med.power?;
        (!power.is_pse() && power.power_dw > 0).then(|| u32::from(power.power_dw) * 100)
    })?;
    let available_mw = latest(&boot.link.switch_lldp, |message| {
        let power = message.med.power?;
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
