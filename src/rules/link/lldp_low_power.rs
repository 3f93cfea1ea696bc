//! The switch grants by LLDP less power than the phone asks for.
//!
//! ## What it sees
//! The phone's LLDP asks for power (IEEE 802.3 "power via MDI" with a value, or LLDP-MED
//! "extended power"), and the switch's latest LLDP allocates less; or the switch speaks of
//! power by LLDP and never answers the value, and the boot stops.
//!
//! ## Why the phone stops
//! The port gives what the phone's class says, and the phone wants more: it may stay dim,
//! switch its extras off, or draw more than it has and lose power in the middle of the boot.
//!
//! ## How to fix it
//! 1. See what the switch has left: `show power inline` on Cisco, `show power-over-ethernet`
//!    on Aruba, `show poe interface` on Juniper.
//! 2. Allow the port more, or take away its limit: `power inline auto max 30000` on Cisco.
//! 3. Or use the phone's own power supply; take off extension modules to see if it comes
//!    up without.
//!
//! ## When it may be wrong
//! A phone on its own power supply asks too; when it says so, the rule is silent. A switch
//! may take some announcements until it answers: as long as it repeats another request than
//! the phone's, it is not taken at its word. What CDP granted holds too.
//!
//! ## References
//! IEEE Std 802.3 clauses 33.6, 79.3.2 and 145.5; ANSI/TIA-1057 clause 10.2.5.

use phoneboot_parsers::lldp;

use crate::diagnosis::PowerState;
use crate::event::At;
use crate::finding::{About, Confidence, Finding, Severity};
use crate::rules::Context;
use crate::rules::power::{self, stops_for_nothing_else};
use crate::rules::switch::Port;
use crate::session::{Boot, watts};

use super::vlans::is_one_port;

/// A switch that speaks LLDP answers within its interval of 30 s; twice that is no answer.
const ANSWER_SECS: f64 = 60.0;

/// A shortfall below this part of the request is one of rounding and cables.
const SHORT_PERCENT: u32 = 10;

/// The bits that say where a powered device's power comes from: its own supply, alone or
/// beside the cable's.
const LOCAL: u8 = 0x20;

pub(in crate::rules) fn check(boot: &Boot, context: &Context<'_>) -> Vec<Finding> {
    let Some(power) = power::by_lldp(boot) else {
        return Vec::new();
    };
    let by_cdp = power::by_cdp(boot).map(|cdp| cdp.state);
    let Some(asked) = asked_at(boot) else {
        return Vec::new();
    };
    if by_cdp == Some(PowerState::Granted) || has_own_supply(boot) || !is_one_port(boot) {
        return Vec::new();
    }
    let requested = power.requested_mw.first().copied().unwrap_or_default();
    let Some(answer) = answer_at(boot) else {
        return Vec::new();
    };
    let stops = stops_for_nothing_else(boot, context);
    let (severity, title) = match power.state {
        PowerState::Short if is_settled(boot, context, asked) => {
            let granted = power.available_mw.unwrap_or_default();
            let title = format!(
                "the switch grants {}, the phone asks for {}",
                watts(granted),
                watts(requested)
            );
            let missing = requested.saturating_sub(granted);
            if missing.saturating_mul(100) < requested.saturating_mul(SHORT_PERCENT) {
                (Severity::Note, title)
            } else if stops {
                (Severity::Error, title)
            } else {
                (Severity::Warning, title)
            }
        }
        PowerState::Unanswered if stops && context.watched_secs_after(asked) >= ANSWER_SECS => {
            let title = format!(
                "no switch answers the phone's request for {} by LLDP",
                watts(requested)
            );
            (Severity::Warning, title)
        }
        _ => return Vec::new(),
    };
    let port = Port::of(boot).words();
    vec![
        Finding::new("lldp-low-power", severity, title)
            .confidence(Confidence::Possible)
            .detail(format!(
                "The phone asked for {} by LLDP{}.",
                watts(requested),
                match power.available_mw {
                    Some(granted) => format!(", and {port} allocates {}", watts(granted)),
                    None => format!("; {port} speaks of power by LLDP and allocates nothing"),
                }
            ))
            .about(About {
                protocol: Some("lldp"),
                ..About::default()
            })
            .evidence(asked, "the phone's LLDP asks for power")
            .evidence(answer, "the switch's latest LLDP of power")
            .remedy(format!(
                "Give {port} more: look at the switch's power budget and at a limit on the port \
                 (`show power inline`, `power inline auto max 30000` on Cisco)."
            ))
            .remedy("Or connect the phone's own power supply, and start it again."),
    ]
}

/// Where the phone asked first for what it asked for last.
fn asked_at(boot: &Boot) -> Option<At> {
    let asks = |message: &lldp::Message| {
        let dot3 = message.dot3.power.filter(|power| !power.is_pse());
        let dot3 = dot3.and_then(|power| power.negotiation);
        dot3.is_some_and(|power| power.requested_dw > 0)
            || message.med.power.is_some_and(|power| !power.is_pse())
    };
    let said = boot.link.phone_lldp.iter();
    let said = said.filter(|said| asks(&said.first.value));
    Some(said.max_by_key(|said| said.last)?.first.at)
}

/// Where the switch spoke of power last, with a value or without.
fn answer_at(boot: &Boot) -> Option<At> {
    let speaks = |message: &lldp::Message| {
        message.dot3.power.is_some_and(lldp::dot3::Power::is_pse)
            || message.med.power.is_some_and(lldp::med::Power::is_pse)
    };
    let said = boot.link.switch_lldp.iter();
    said.filter(|said| speaks(&said.first.value))
        .map(|said| said.last)
        .max()
}

/// Whether the phone says that it has a power supply of its own.
fn has_own_supply(boot: &Boot) -> bool {
    boot.link.phone_lldp.iter().any(|said| {
        let message = &said.first.value;
        let dot3 = message.dot3.power.and_then(|power| power.negotiation);
        let by_dot3 = dot3.is_some_and(|power| power.type_source_priority & LOCAL != 0);
        let med = message.med.power.filter(|power| !power.is_pse());
        by_dot3 || med.is_some_and(|power| power.source & 2 != 0)
    })
}

/// Whether the switch has taken the phone's latest request in: it repeats it, or had time
/// enough.
fn is_settled(boot: &Boot, context: &Context<'_>, asked: At) -> bool {
    let requested = |message: &lldp::Message, pse: bool| {
        let power = message.dot3.power.filter(|power| power.is_pse() == pse)?;
        Some(power.negotiation?.requested_dw)
    };
    let phone = boot.link.phone_lldp.iter();
    let phone = phone.filter_map(|said| Some((said.last, requested(&said.first.value, false)?)));
    let switch = boot.link.switch_lldp.iter();
    let switch = switch.filter_map(|said| Some((said.last, requested(&said.first.value, true)?)));
    let phone = phone.max_by_key(|(at, _)| *at).map(|(_, value)| value);
    let switch = switch.max_by_key(|(at, _)| *at).map(|(_, value)| value);
    (phone.is_some() && phone == switch) || context.watched_secs_after(asked) >= ANSWER_SECS
}

#[cfg(test)]
pub(super) mod testing {
    //! Announcements with power, in tenths of a watt.

    use phoneboot_parsers::lldp::{Message, dot3, med};

    fn dot3(mdi_support: u8, negotiation: Option<(u16, u16)>) -> Message {
        let mut message = Message::default();
        message.dot3.power = Some(dot3::Power {
            mdi_support,
            pse_pair: 1,
            class: 5,
            negotiation: negotiation.map(|(requested_dw, allocated_dw)| dot3::PowerNegotiation {
                type_source_priority: 0x50,
                requested_dw,
                allocated_dw,
            }),
            four_pair: None,
        });
        message
    }

    /// A phone that asks by IEEE 802.3.
    pub(in crate::rules::link) fn phone(requested_dw: u16) -> Message {
        dot3(0, Some((requested_dw, requested_dw)))
    }

    /// A switch that answers so.
    pub(in crate::rules::link) fn switch(requested_dw: u16, allocated_dw: u16) -> Message {
        dot3(7, Some((requested_dw, allocated_dw)))
    }

    /// A switch that speaks of power as before IEEE 802.3at.
    pub(in crate::rules::link) fn old_switch() -> Message {
        dot3(7, None)
    }

    /// Power by LLDP-MED: of type 0 the switch's, of type 1 the phone's.
    pub(in crate::rules::link) fn med(kind: u8, power_dw: u16) -> Message {
        let mut message = Message::default();
        message.med.power = Some(med::Power {
            kind,
            source: 1,
            priority: 3,
            power_dw,
        });
        message
    }
}

#[cfg(test)]
mod tests {
    use super::testing::{med, old_switch, phone, switch};
    use super::*;
    use crate::rules::testing::Case;
    use crate::session::registration::Status;
    use crate::session::testing::BootBuilder;
    use crate::session::transfer;

    fn said(phone: lldp::Message, switch: lldp::Message) -> BootBuilder {
        BootBuilder::new()
            .phone_lldp(phone)
            .switch_lldp(switch)
            .lease(&[66], &[(66, b"http://192.0.2.20/")])
    }

    fn findings(boot: BootBuilder) -> Vec<Finding> {
        Case::new("yealink-t5x", boot).check(check)
    }

    #[test]
    fn too_little_and_a_boot_that_stops_is_an_error() {
        let found = findings(said(phone(255), switch(255, 154)));
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].severity, Severity::Error);
        assert_eq!(
            found[0].title,
            "the switch grants 15.4 W, the phone asks for 25.5 W"
        );
    }

    #[test]
    fn too_little_and_a_phone_that_comes_up_is_a_warning() {
        let boot = said(phone(255), switch(255, 154)).registration(Status::Registered, None);
        assert_eq!(findings(boot)[0].severity, Severity::Warning);
        let boot = said(med(1, 100), med(0, 65)).registration(Status::Registered, None);
        assert_eq!(findings(boot)[0].severity, Severity::Warning);
        let cable = said(phone(130), switch(130, 127)).registration(Status::Registered, None);
        assert_eq!(findings(cable)[0].severity, Severity::Note);
    }

    #[test]
    fn enough_is_enough() {
        assert_eq!(findings(said(phone(130), switch(130, 130))), []);
        assert_eq!(findings(said(med(1, 65), med(0, 154))), []);
    }

    #[test]
    fn another_reason_to_stop_makes_it_a_warning() {
        let boot = said(phone(255), switch(255, 154)).http(
            "/y000000000000.cfg",
            transfer::Status::ServerError,
            500,
        );
        assert_eq!(findings(boot)[0].severity, Severity::Warning);
    }

    #[test]
    fn an_old_answer_is_none() {
        let boot = said(phone(255), switch(130, 130));
        let early = Case::new("yealink-t5x", boot).ends_after_secs(20);
        assert_eq!(early.check(check), []);
        let grows = said(phone(255), switch(130, 130)).switch_lldp(switch(255, 255));
        assert_eq!(findings(grows), []);
    }

    #[test]
    fn no_answer_matters_only_when_the_boot_stops() {
        let stops = findings(said(phone(130), old_switch()));
        assert_eq!(stops[0].severity, Severity::Warning);
        let up = said(phone(130), old_switch()).registration(Status::Registered, None);
        assert_eq!(findings(up), []);
        let no_power = said(phone(130), lldp::Message::default());
        assert_eq!(findings(no_power), []);
    }

    #[test]
    fn its_own_supply_or_cdp_is_power_too() {
        let mut own = phone(255);
        own.dot3
            .power
            .as_mut()
            .unwrap()
            .negotiation
            .as_mut()
            .unwrap()
            .type_source_priority = 0x60;
        assert_eq!(findings(said(own, switch(255, 154))), []);
        let by_cdp = said(phone(255), switch(255, 154))
            .phone_cdp(super::super::power_protocols_conflict::testing::phone(
                20_000,
            ))
            .switch_cdp(super::super::power_protocols_conflict::testing::switch(
                20_000,
            ));
        assert_eq!(findings(by_cdp), []);
    }
}
