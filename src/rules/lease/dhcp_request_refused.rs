//! The DHCP server refuses the address that the phone asks for (NAK, or a status by DHCPv6).
//!
//! ## What it sees
//! A NAK. When the phone gets another address afterwards this is a note: that is how a
//! phone that was moved finds its new subnet. Of DHCPv6: an ADVERTISE or REPLY with a status
//! other than success (`NoAddrsAvail`, `NotOnLink` …) and without an address.
//!
//! ## Why the phone stops
//! It must start over from DISCOVER. If the next offer is refused too, it never gets an
//! address.
//!
//! ## How to fix it
//! 1. Two servers for one subnet that do not know of each other: the one refuses what the
//!    other offers. Make one authoritative, or let them share their leases.
//! 2. A reservation for this MAC address in another scope than the one that offers.
//! 3. A phone that was moved to another VLAN: clear its old lease on the server.
//! 4. `NoAddrsAvail`: the DHCPv6 pool of this VLAN's prefix is absent or used up. `NotOnLink`:
//!    the pool's prefix is not that of the VLAN.
//!
//! ## When it may be wrong
//! A single NAK after a move, followed by a new lease, is normal and only noted. So is a
//! refusal by DHCPv6 of a phone that works by IPv4.
//!
//! ## References
//! RFC 2131 §3.1 (step 4), §4.3.2; RFC 8415 §21.13 (status codes).

use phoneboot_parsers::dhcp::MessageType;

use super::dhcpv6;
use crate::finding::{About, Finding, Severity};
use crate::rules::Context;
use crate::session::Boot;
use crate::session::lease::LeaseMessage;

/// A phone that is refused has another address within this time, by a new round.
const ANOTHER_SECS: f64 = 10.0;
/// Refusals over more than this time are of more than one round.
const REPEAT_SECS: f64 = 2.0;

pub(in crate::rules) fn check(boot: &Boot, context: &Context<'_>) -> Vec<Finding> {
    let by_ipv4 = refused(boot, context);
    let by_ipv6 = dhcpv6::refused(boot, context);
    by_ipv4.into_iter().chain(by_ipv6).collect()
}

fn refused(boot: &Boot, context: &Context<'_>) -> Option<Finding> {
    let refusals: Vec<_> = boot.lease.of_kind(MessageType::Nak).collect();
    let (first, last) = (refusals.first()?, refusals.last()?);
    let settled = boot
        .lease
        .acknowledged()
        .is_some_and(|acknowledged| acknowledged.at > last.at);
    let lasted_secs = last.at.time.secs_since(first.at.time);
    if !settled && lasted_secs < REPEAT_SECS && context.watched_secs_after(last.at) < ANOTHER_SECS {
        return None;
    }
    let severity = match (settled, boot.is_registered()) {
        (true, _) => Severity::Note,
        (false, true) => Severity::Warning,
        (false, false) => Severity::Error,
    };
    let server = last
        .server()
        .map_or("the DHCP server".to_owned(), |server| {
            format!("DHCP server {server}")
        });
    let address = refused_address(boot, last);
    let words = last
        .message
        .text(56)
        .map_or(String::new(), |text| format!(" It said \"{text}\"."));
    let after = if settled {
        " The phone then got another address."
    } else {
        " No acknowledgement followed."
    };
    Some(
        Finding::new(
            "dhcp-request-refused",
            severity,
            format!("{server} refuses {address}"),
        )
        .detail(format!(
            "{} NAK{} in this boot.{words}{after}",
            refusals.len(),
            if refusals.len() == 1 { "" } else { "s" }
        ))
        .about(About {
            server: last.server().map(Into::into),
            protocol: Some("dhcp"),
            vlan: last.vlan,
            ..About::default()
        })
        .evidence(first.at, "first NAK")
        .evidence(last.at, "last NAK")
        .remedy(
            "Look for a second DHCP server in this subnet (the offers' option 54): only one may \
             be authoritative for it.",
        )
        .remedy(
            "Delete the phone's old lease and any reservation of its MAC address in another scope.",
        ),
    )
}

/// The address that the phone had asked for before this refusal.
fn refused_address(boot: &Boot, refusal: &LeaseMessage) -> String {
    boot.lease
        .of_kind(MessageType::Request)
        .filter(|request| request.at <= refusal.at)
        .filter_map(|request| {
            request
                .message
                .requested_address()
                .or(Some(request.message.client_address).filter(|ip| !ip.is_unspecified()))
        })
        .next_back()
        .map_or("the request".to_owned(), |address| address.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::Case;
    use crate::session::testing::BootBuilder;

    fn refused() -> BootBuilder {
        BootBuilder::new()
            .dhcp(MessageType::Request, &[(50, &[198, 51, 100, 7])])
            .dhcp(MessageType::Nak, &[(54, &[192, 0, 2, 10])])
    }

    #[test]
    fn a_refusal_without_a_new_lease_is_an_error() {
        let findings = Case::new("cisco-79x1", refused()).check(check);
        assert_eq!(findings[0].severity, Severity::Error);
        assert_eq!(
            findings[0].title,
            "DHCP server 192.0.2.10 refuses 198.51.100.7"
        );
    }

    #[test]
    fn a_refusal_at_the_end_of_the_capture_is_not_judged() {
        let case = |boot: BootBuilder| Case::new("cisco-79x1", boot).ends_after_secs(2);
        assert!(case(refused()).check(check).is_empty());
        let again = refused()
            .after_secs(4)
            .dhcp(MessageType::Nak, &[(54, &[192, 0, 2, 10])]);
        assert_eq!(case(again).check(check)[0].severity, Severity::Error);
    }

    #[test]
    fn a_refusal_before_a_new_lease_is_a_note() {
        let boot = refused().lease(&[1], &[]);
        let findings = Case::new("cisco-79x1", boot).check(check);
        assert_eq!(findings[0].severity, Severity::Note);
    }

    #[test]
    fn a_lease_without_refusal_is_silent() {
        let boot = BootBuilder::new().lease(&[1], &[]);
        assert!(Case::new("cisco-79x1", boot).check(check).is_empty());
    }
}
