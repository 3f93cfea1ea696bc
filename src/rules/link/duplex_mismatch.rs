//! Phone and switch port work in different duplex modes.
//!
//! ## What it sees
//! The latest CDP of the phone and that of its switch port, both with TLV 0x000b, and one
//! says full duplex, the other half. Only when all CDP of switches comes from one port, and
//! both spoke within a minute and a half of each other.
//!
//! ## Why the phone stops
//! The side at half duplex takes what comes while it sends for a collision and stops; the
//! other does not notice. Small exchanges go well: DHCP works. Long transfers lose frames
//! all the time, so that firmware comes slowly, with many repeats, or not at all.
//!
//! ## How to fix it
//! 1. Set the switch port to automatic: on Cisco `speed auto` and `duplex auto`.
//! 2. Set the phone to automatic too. On a Cisco: Settings, Network Configuration, SW Port
//!    Configuration.
//! 3. One side fixed and the other automatic gives half duplex on the automatic side: fix
//!    both, or none.
//! 4. Nothing fixed, and it stays: the cable has a broken pair.
//!
//! ## When it may be wrong
//! A media converter or small switch between phone and port passes CDP on and has two links
//! of its own: then both sides are right.
//!
//! ## References
//! IEEE Std 802.3 clause 28 (auto-negotiation, parallel detection); CDP TLV 0x000b as in
//! Wireshark's packet-cdp.c.

use phoneboot_parsers::cdp;

use crate::finding::{About, Confidence, Finding, Severity};
use crate::rules::Context;
use crate::rules::switch::Port;
use crate::session::Boot;
use crate::session::link::Announcement;

use super::vlans::is_one_port;

/// CDP is sent every minute; what was said longer ago than this may have changed.
const SAME_TIME_SECS: f64 = 90.0;

pub(in crate::rules) fn check(boot: &Boot, _context: &Context<'_>) -> Vec<Finding> {
    let phone = latest(&boot.link.phone_cdp);
    let switch = latest(&boot.link.switch_cdp);
    let (Some((phone, phone_full)), Some((switch, switch_full))) = (phone, switch) else {
        return Vec::new();
    };
    let apart_secs = phone.last.time.secs_since(switch.last.time).abs();
    if phone_full == switch_full || apart_secs > SAME_TIME_SECS || !is_one_port(boot) {
        return Vec::new();
    }
    let port = Port::of(boot);
    let name = port.name.as_deref().unwrap_or("<port>");
    vec![
        Finding::new(
            "duplex-mismatch",
            Severity::Warning,
            format!(
                "the phone works at {} duplex, {} at {}",
                word(phone_full),
                port.words(),
                word(switch_full)
            ),
        )
        .confidence(Confidence::Likely)
        .detail(
            "Both say so by CDP. The half duplex side loses what comes while it sends: long \
             transfers are slow or fail.",
        )
        .about(About {
            protocol: Some("cdp"),
            ..About::default()
        })
        .evidence(
            phone.last,
            format!("the phone: {} duplex", word(phone_full)),
        )
        .evidence(
            switch.last,
            format!("the switch: {} duplex", word(switch_full)),
        )
        .remedy(format!(
            "Set the port to automatic: `interface {name}`, `speed auto`, `duplex auto`."
        ))
        .remedy("Set the phone's network port to automatic too; replace the cable if it stays."),
    ]
}

/// What was said last of the duplex mode.
fn latest(list: &[Announcement<cdp::Message>]) -> Option<(&Announcement<cdp::Message>, bool)> {
    list.iter()
        .filter_map(|said| Some((said, said.first.value.full_duplex?)))
        .max_by_key(|(said, _)| said.last)
}

fn word(full: bool) -> &'static str {
    if full { "full" } else { "half" }
}

#[cfg(test)]
mod tests {
    use super::super::vlans::testing::{cdp_phone, cdp_switch};
    use super::*;
    use crate::rules::testing::Case;
    use crate::session::testing::BootBuilder;

    fn said(message: cdp::Message, full_duplex: Option<bool>) -> cdp::Message {
        cdp::Message {
            full_duplex,
            ..message
        }
    }

    fn findings(boot: BootBuilder) -> Vec<Finding> {
        Case::new("cisco-79x1", boot).check(check)
    }

    #[test]
    fn different_modes_are_a_warning() {
        let boot = BootBuilder::new()
            .phone_cdp(said(cdp_phone(), Some(false)))
            .switch_cdp(said(cdp_switch(None), Some(true)));
        let found = findings(boot);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].severity, Severity::Warning);
        assert_eq!(
            found[0].title,
            "the phone works at half duplex, port Gi1/0/7 at full"
        );
        assert_eq!(found[0].evidence.len(), 2);
    }

    #[test]
    fn the_same_mode_or_an_unknown_one_is_fine() {
        for (phone, switch) in [
            (Some(true), Some(true)),
            (Some(false), Some(false)),
            (None, Some(true)),
            (Some(true), None),
        ] {
            let boot = BootBuilder::new()
                .phone_cdp(said(cdp_phone(), phone))
                .switch_cdp(said(cdp_switch(None), switch));
            assert_eq!(findings(boot), []);
        }
    }

    #[test]
    fn what_was_negotiated_anew_counts_and_old_words_do_not() {
        let anew = BootBuilder::new()
            .phone_cdp(said(cdp_phone(), Some(false)))
            .phone_cdp(said(cdp_phone(), Some(true)))
            .switch_cdp(said(cdp_switch(None), Some(true)));
        assert_eq!(findings(anew), []);
        let old = BootBuilder::new()
            .switch_cdp(said(cdp_switch(None), Some(true)))
            .after_secs(100)
            .phone_cdp(said(cdp_phone(), Some(false)));
        assert_eq!(findings(old), []);
    }

    #[test]
    fn another_port_says_nothing_of_this_phone() {
        let mut other = cdp_switch(None);
        other.port_id = Some("Gi1/0/8".into());
        let boot = BootBuilder::new()
            .phone_cdp(said(cdp_phone(), Some(true)))
            .switch_cdp(said(cdp_switch(None), Some(true)))
            .switch_cdp(said(other, Some(false)));
        assert_eq!(findings(boot), []);
    }
}
