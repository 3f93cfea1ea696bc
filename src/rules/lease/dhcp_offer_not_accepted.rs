//! Servers offer an address and the phone never takes one.
//!
//! ## What it sees
//! OFFER after OFFER reaches this place of the network, the phone goes on sending DISCOVER,
//! and no REQUEST ever comes.
//!
//! ## Why the phone stops
//! A phone may leave out an offer that lacks what it needs: Avaya wants a lease time (option
//! 51), Mitel 53xx its own options, every phone the server's identifier (option 54). Or the
//! offers are lost on the last part of the way and the phone never hears them.
//!
//! ## How to fix it
//! 1. Add what the offer lacks; the report names it where it can be seen.
//! 2. Capture at the phone's own port. If the OFFERs do not show up there, DHCP snooping, a
//!    filter or the VLAN of the way back drops them.
//! 3. Compare the OFFER with that of a phone that comes up in the same VLAN.
//!
//! ## When it may be wrong
//! A phone that waits for a better offer takes one after some seconds: fewer than two
//! DISCOVERs behind an OFFER, or less than eight seconds of them, are not reported, nor are
//! offers in a VLAN that the phone has left. A DISCOVER that is sent from an address, and not
//! from 0.0.0.0, comes from a phone that has one.
//!
//! ## References
//! RFC 2131 §3.1, §4.4.1; RFC 2132 §9.2 (option 51), §9.7 (option 54).

use phoneboot_parsers::dhcp::MessageType;

use crate::finding::{About, Finding};
use crate::rules::Context;
use crate::session::Boot;
use crate::session::lease::LeaseMessage;

use super::without_lease;

/// Who still sends DISCOVER so long after an OFFER does not take it. Phones that wait for
/// a better one wait up to five seconds.
const UNDECIDED_SECS: f64 = 8.0;
/// So many DISCOVERs behind an OFFER show that it was not taken.
const PROOF: usize = 2;

pub(in crate::rules) fn check(boot: &Boot, context: &Context<'_>) -> Vec<Finding> {
    found(boot, context).into_iter().collect()
}

fn found(boot: &Boot, context: &Context<'_>) -> Option<Finding> {
    let lease = &boot.lease;
    let last = lease.of_kind(MessageType::Discover).next_back()?;
    let taken = lease.messages.iter().any(|message| {
        matches!(
            message.kind,
            Some(MessageType::Request | MessageType::Ack | MessageType::Inform)
        )
    });
    // Offers in the VLAN that a phone has left need not be taken.
    let here = |message: &&LeaseMessage| !context.sees_tags() || message.vlan == last.vlan;
    let offers: Vec<_> = lease.of_kind(MessageType::Offer).filter(here).collect();
    let (first_offer, last_offer) = (offers.first()?, offers.last()?);
    let later = lease
        .of_kind(MessageType::Discover)
        .filter(here)
        .filter(|discover| discover.at > first_offer.at)
        .count();
    // Who sends from an address of its own has one, and only asks what a server would say.
    let has_address = last.message.relay_address.is_unspecified()
        && last.sender.is_some_and(|own| !own.is_unspecified());
    let undecided_secs = last.at.time.secs_since(first_offer.at.time);
    if taken
        || has_address
        || later < PROOF
        || offers.len() < PROOF
        || undecided_secs < UNDECIDED_SECS
    {
        return None;
    }
    let severity = without_lease(boot);
    let lacks = lacks(last_offer, context);
    let server = last_offer.server();
    let whom = server.map_or("the DHCP server".to_owned(), |server| {
        format!("DHCP server {server}")
    });
    let finding = Finding::new(
        "dhcp-offer-not-accepted",
        severity,
        format!("the phone takes none of the addresses that {whom} offers"),
    )
    .detail(format!(
        "{} OFFERs came, the first with {}. The phone went on with {later} more DISCOVERs over \
         {undecided_secs:.0} s and sent no REQUEST.{}",
        offers.len(),
        first_offer.message.your_address,
        lacks
            .as_ref()
            .map_or(String::new(), |(what, _)| format!(" The OFFER {what}."))
    ))
    .about(About {
        server: server.map(Into::into),
        option: lacks.as_ref().and_then(|(_, option)| *option),
        vlan: last.vlan,
        protocol: Some("dhcp"),
        ..About::default()
    })
    .evidence(first_offer.at, "first OFFER")
    .evidence(last.at, "the phone still sends DISCOVER");
    Some(advise(finding, lacks.as_ref(), &whom))
}

/// What an offer has not that this phone, or any, needs: as the rest of a sentence, and the
/// option.
fn lacks(offer: &LeaseMessage, context: &Context<'_>) -> Option<(String, Option<u8>)> {
    let message = &offer.message;
    if message.your_address.is_unspecified() {
        return Some(("holds no address (yiaddr is 0.0.0.0)".to_owned(), None));
    }
    if message.server_identifier().is_none() {
        let what = "does not name its server (option 54)";
        return Some((what.to_owned(), Some(54)));
    }
    if message.option(51).is_none() {
        let what = "has no lease time (option 51), without which Avaya phones take none";
        return Some((what.to_owned(), Some(51)));
    }
    let profile = context.profile?;
    let wanted = &profile.provisioning.options;
    let given = wanted.iter().any(|&code| message.option(code).is_some());
    let first = *wanted.first().filter(|_| !given)?;
    let names: Vec<String> = wanted.iter().map(ToString::to_string).collect();
    Some((
        format!(
            "has none of the options that {} phones read ({})",
            profile.vendor,
            names.join(", ")
        ),
        Some(first),
    ))
}

fn advise(finding: Finding, lacks: Option<&(String, Option<u8>)>, whom: &str) -> Finding {
    let finding = match lacks {
        Some((_, Some(option))) => finding.remedy(format!(
            "Add option {option} to what {whom} gives in this scope."
        )),
        Some((_, None)) => finding.remedy(format!("See why {whom} offers no address.")),
        None => finding,
    };
    finding
        .remedy(
            "Capture at the phone's own port: if the OFFERs do not show up there, DHCP snooping or \
             the VLAN of the way back drops them.",
        )
        .remedy("Compare the OFFER with that of a phone that comes up in this VLAN.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Severity;
    use crate::rules::testing::Case;
    use crate::session::testing::BootBuilder;

    const SERVER: (u8, &[u8]) = (54, &[192, 0, 2, 10]);
    const LEASE_TIME: (u8, &[u8]) = (51, &[0, 1, 0x51, 0x80]);

    fn offered(times: u32, options: &[(u8, &[u8])]) -> BootBuilder {
        (0..times).fold(BootBuilder::new(), |boot, _| {
            boot.after_secs(4)
                .dhcp(MessageType::Discover, &[])
                .dhcp(MessageType::Offer, options)
        })
    }

    #[test]
    fn offers_that_are_never_taken_are_an_error() {
        let boot = offered(4, &[SERVER]);
        let findings = Case::new("avaya", boot).check(check);
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].severity, Severity::Error);
        assert_eq!(findings[0].subject.option, Some(51));
        assert!(findings[0].detail.starts_with("4 OFFERs came"));
    }

    #[test]
    fn tells_an_offer_without_the_familys_options() {
        let boot = offered(4, &[SERVER, LEASE_TIME]);
        let findings = Case::new("cisco-79x1", boot).check(check);
        assert_eq!(findings[0].subject.option, Some(150));
        let boot = offered(4, &[SERVER, LEASE_TIME, (150, &[192, 0, 2, 10])]);
        let findings = Case::new("cisco-79x1", boot).check(check);
        assert_eq!(findings[0].subject.option, None);
    }

    #[test]
    fn an_offer_that_is_taken_after_all_is_fine() {
        let boot = offered(4, &[SERVER]).dhcp(MessageType::Request, &[SERVER]);
        assert!(Case::new("avaya", boot).check(check).is_empty());
    }

    #[test]
    fn a_phone_that_waits_for_a_better_offer_is_left_alone() {
        assert!(
            Case::new("avaya", offered(2, &[SERVER]))
                .check(check)
                .is_empty()
        );
    }

    #[test]
    fn a_phone_that_sends_from_an_address_needs_none() {
        let boot = offered(4, &[SERVER]).with(|boot, _| {
            for message in &mut boot.lease.messages {
                message.sender = Some([192, 0, 2, 51].into());
            }
        });
        assert!(Case::new("avaya", boot).check(check).is_empty());
    }

    #[test]
    fn a_phone_without_ipv4_that_goes_on_is_only_warned_of() {
        let boot = offered(4, &[SERVER]).tftp(
            "46xxsettings.txt",
            crate::session::transfer::Status::Complete,
        );
        let findings = Case::new("avaya", boot).check(check);
        assert_eq!(findings[0].severity, Severity::Warning);
    }
}
