//! Power was asked for by CDP and by LLDP, and the answers differ.
//!
//! ## What it sees
//! In one boot the phone asks for power by CDP (TLV 0x0019) and by LLDP (IEEE 802.3 "power via
//! MDI", or LLDP-MED). One is granted and the other is short, or only one is answered
//! by a switch that speaks both protocols.
//!
//! ## Why the phone stops
//! A switch port holds on to the protocol that asked first, and answers the other no more
//! until the link goes down. A phone that waits for the other answer stays at low power.
//!
//! ## How to fix it
//! 1. Let one protocol do it: on Cisco phones set "Power Negotiation" or "LLDP Power Priority" in
//!    the call manager, or switch LLDP or CDP off there.
//! 2. On the switch: `no lldp tlv-select power-management` on Cisco leaves power to CDP.
//! 3. Take the phone off the port and on again, so that the port forgets what it held on
//!    to.
//!
//! ## When it may be wrong
//! Phones that ask both ways are content with one answer: a phone that comes up has enough, and
//! this is a note.
//!
//! ## References
//! Cisco IP Phone 7800 and 9951 administration guides ("power negotiation over LLDP": the
//! switch locks to the first protocol); IEEE Std 802.3 clause 79.3.2.

use crate::diagnosis::{PowerReport, PowerState};
use crate::finding::{About, Confidence, Finding, Severity};
use crate::rules::Context;
use crate::rules::power::{self, stops_for_nothing_else};
use crate::session::{Boot, watts};

use super::vlans::is_one_port;

pub(in crate::rules) fn check(boot: &Boot, context: &Context<'_>) -> Vec<Finding> {
    let (Some(cdp), Some(lldp)) = (power::by_cdp(boot), power::by_lldp(boot)) else {
        return Vec::new();
    };
    let link = &boot.link;
    // An answer cannot come from a switch that does not speak the protocol.
    let could_answer = match (cdp.state, lldp.state) {
        (PowerState::Unanswered, _) => !link.switch_cdp.is_empty(),
        (_, PowerState::Unanswered) => !link.switch_lldp.is_empty(),
        _ => true,
    };
    if cdp.state == lldp.state || !could_answer || !is_one_port(boot) {
        return Vec::new();
    }
    let asked_cdp = link
        .phone_cdp
        .iter()
        .find(|said| said.first.value.power_request.is_some());
    let asked_lldp = link.phone_lldp.iter().find(|said| {
        let message = &said.first.value;
        message.dot3.power.is_some() || message.med.power.is_some()
    });
    let (Some(asked_cdp), Some(asked_lldp)) = (asked_cdp, asked_lldp) else {
        return Vec::new();
    };
    let mut asked = [(asked_cdp.first.at, "CDP"), (asked_lldp.first.at, "LLDP")];
    asked.sort_by_key(|(at, _)| *at);
    let [(first_at, first), (second_at, second)] = asked;
    let severity = if stops_for_nothing_else(boot, context) {
        Severity::Warning
    } else {
        Severity::Note
    };
    vec![
        Finding::new(
            "power-protocols-conflict",
            severity,
            format!(
                "power by CDP is {}, by LLDP {}",
                word(cdp.state),
                word(lldp.state)
            ),
        )
        .confidence(Confidence::Possible)
        .detail(format!(
            "The phone asked by {first} first, then by {second}; a port holds on to the first. \
             By CDP {}; by LLDP {}.",
            account(&cdp),
            account(&lldp)
        ))
        .about(About {
            protocol: Some("cdp"),
            ..About::default()
        })
        .evidence(first_at, format!("asks for power by {first}"))
        .evidence(second_at, format!("asks for power by {second}"))
        .remedy(
            "Let one protocol negotiate power: set it in the phone's configuration, or on the \
             switch `no lldp tlv-select power-management`.",
        )
        .remedy("Then take the phone off the port and on again."),
    ]
}

fn word(state: PowerState) -> &'static str {
    match state {
        PowerState::Granted => "granted",
        PowerState::Short => "short",
        PowerState::Unanswered | PowerState::NotNegotiated => "not answered",
    }
}

fn account(power: &PowerReport) -> String {
    let asked: Vec<String> = power.requested_mw.iter().map(|&mw| watts(mw)).collect();
    let granted = power.available_mw.map_or("nothing".to_owned(), watts);
    format!("{} asked, {granted} granted", asked.join(" or "))
}

#[cfg(test)]
pub(super) mod testing {
    //! Announcements with power by CDP.

    use phoneboot_parsers::cdp::{Message, PowerAvailable, PowerRequest};

    /// A phone that asks.
    pub(in crate::rules::link) fn phone(level_mw: u32) -> Message {
        Message {
            power_request: Some(PowerRequest {
                request_id: 7,
                management_id: 0,
                levels_mw: vec![level_mw],
            }),
            ..Message::default()
        }
    }

    /// A switch that grants.
    pub(in crate::rules::link) fn switch(available_mw: u32) -> Message {
        Message {
            power_available: Some(PowerAvailable {
                request_id: 7,
                management_id: 1,
                available_mw,
                management_level_mw: None,
            }),
            ..Message::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use phoneboot_parsers::cdp;

    use super::super::lldp_low_power::testing as lldp;
    use super::testing::{phone, switch};
    use super::*;
    use crate::rules::testing::Case;
    use crate::session::registration::Status;
    use crate::session::testing::BootBuilder;

    fn both() -> BootBuilder {
        BootBuilder::new()
            .phone_cdp(phone(20_000))
            .phone_lldp(lldp::phone(200))
    }

    fn findings(boot: BootBuilder) -> Vec<Finding> {
        let boot = boot.lease(&[150], &[(150, &[192, 0, 2, 10])]);
        Case::new("cisco-78xx-88xx", boot).check(check)
    }

    #[test]
    fn one_answer_of_two_is_a_note_while_the_phone_comes_up() {
        let boot = || {
            both()
                .switch_cdp(switch(20_000))
                .switch_lldp(lldp::old_switch())
        };
        let up = findings(boot().registration(Status::Registered, None));
        assert_eq!(up.len(), 1);
        assert_eq!(up[0].severity, Severity::Note);
        assert_eq!(up[0].title, "power by CDP is granted, by LLDP not answered");
        assert!(up[0].detail.starts_with("The phone asked by CDP first"));
        assert_eq!(findings(boot())[0].severity, Severity::Warning);
    }

    #[test]
    fn different_answers_are_told() {
        let boot = both()
            .switch_cdp(switch(15_400))
            .switch_lldp(lldp::switch(200, 200));
        let found = findings(boot);
        assert_eq!(found[0].title, "power by CDP is short, by LLDP granted");
        assert!(
            found[0]
                .detail
                .contains("By CDP 20.0 W asked, 15.4 W granted")
        );
    }

    #[test]
    fn the_same_answer_twice_is_fine() {
        let boot = both()
            .switch_cdp(switch(20_000))
            .switch_lldp(lldp::switch(200, 200));
        assert_eq!(findings(boot), []);
        assert_eq!(findings(both()), [], "nobody answers at all");
    }

    #[test]
    fn a_switch_that_speaks_one_protocol_answers_by_that() {
        assert_eq!(findings(both().switch_cdp(switch(20_000))), []);
        let lldp_only = both().switch_lldp(lldp::switch(200, 200));
        assert_eq!(findings(lldp_only), []);
        let silent = both()
            .switch_cdp(cdp::Message::default())
            .switch_lldp(lldp::switch(200, 200));
        assert_eq!(findings(silent).len(), 1);
    }

    #[test]
    fn one_request_is_no_conflict() {
        let boot = BootBuilder::new()
            .phone_cdp(phone(20_000))
            .switch_cdp(cdp::Message::default())
            .switch_lldp(lldp::switch(200, 200));
        assert_eq!(findings(boot), []);
    }
}
