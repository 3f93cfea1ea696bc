//! The server is in another subnet, and the lease names no router.
//!
//! ## What it sees
//! An acknowledgement without option 3 (and without routes in options 33, 121 or 249) that names
//! a provisioning server by an address outside the phone's own subnet.
//!
//! ## Why the phone stops
//! Without a router it has no way out of its subnet. Some phones ask by ARP for the server as
//! if it were next door, which only a router with proxy ARP answers.
//!
//! ## How to fix it
//! Add option 3 with the router's address in this VLAN: `default-router` (IOS), `option routers`
//! (ISC), `dhcp-option=3` (dnsmasq), "003 Router" (Windows).
//!
//! ## When it may be wrong
//! A router set by hand on the phone, or proxy ARP, makes up for it: the rule is silent as soon
//! as that server answers anything.
//!
//! ## References
//! RFC 2132 §3.5 (option 3), §5.8 (option 33); RFC 3442 (option 121).

use std::net::{IpAddr, Ipv4Addr};

use crate::finding::{About, Confidence, Finding, Severity};
use crate::rules::Context;
use crate::rules::servers::{self, Named};
use crate::session::Boot;

/// Options that name routers or routes.
const ROUTE_OPTIONS: [u8; 4] = [3, 33, 121, 249];

/// Options that name a provisioning server by address or URL, where the family is unknown.
const SERVER_OPTIONS: &[u8] = &[150, 66];

/// Who asks by ARP this often gets no answer.
const PROOF: u64 = 3;

pub(in crate::rules) fn check(boot: &Boot, context: &Context<'_>) -> Vec<Finding> {
    let Some(lease) = boot.lease.acknowledged() else {
        return Vec::new();
    };
    let message = &lease.message;
    if ROUTE_OPTIONS
        .iter()
        .any(|&code| message.option(code).is_some())
    {
        return Vec::new();
    }
    let options = context
        .profile
        .map(|profile| profile.provisioning.options.as_slice())
        .filter(|options| !options.is_empty())
        .unwrap_or(SERVER_OPTIONS);
    let named = options
        .iter()
        .filter_map(|&code| servers::by_option(message, code))
        .chain(servers::by_next_server(message));
    let away: Vec<Ipv4Addr> = named
        .filter_map(|named| match named {
            Named::Addresses(list) => Some(list),
            Named::Name(_) => None,
        })
        .flatten()
        .filter(|address| context.same_subnet(boot, *address) == Some(false))
        .collect();
    let Some(&server) = away.first() else {
        return Vec::new();
    };
    let went_on = boot.is_registered() || context.fetched_anything(boot);
    if went_on || away.iter().any(|address| answered(boot, *address)) {
        return Vec::new();
    }
    let asked_in_vain = boot
        .reach
        .arp
        .iter()
        .any(|target| away.contains(&target.address) && target.asked >= PROOF);
    let stuck = boot.followed_by_another
        || asked_in_vain
        || context.idle_secs(boot) >= context.patience_secs();
    let severity = if stuck {
        Severity::Error
    } else {
        Severity::Warning
    };
    vec![
        Finding::new(
            "dhcp-router-missing",
            severity,
            format!("the lease names no router, and the server {server} is in another subnet"),
        )
        .confidence(Confidence::Likely)
        .detail(format!(
            "The phone has {} with mask {}; to {server} it needs option 3, which is absent.",
            message.your_address,
            message
                .addresses(1)
                .and_then(|masks| masks.first().copied())
                .map_or_else(String::new, |mask| mask.to_string()),
        ))
        .about(About {
            server: Some(IpAddr::V4(server)),
            option: Some(3),
            vlan: lease.vlan,
            protocol: Some("dhcp"),
            ..About::default()
        })
        .evidence(lease.at, "ACK without option 3")
        .remedy(
            "Add option 3 with the router's address in this VLAN to the scope: `default-router` \
             (IOS), `option routers` (ISC), `dhcp-option=3` (dnsmasq), \"003 Router\" (Windows).",
        ),
    ]
}

/// Whether the server answered anything.
fn answered(boot: &Boot, server: Ipv4Addr) -> bool {
    let server = IpAddr::V4(server);
    boot.transfers
        .iter()
        .any(|transfer| transfer.server == server && transfer.answered.is_some())
        || boot.reach.connections.iter().any(|call| {
            call.server == server && (call.accepted.is_some() || call.refused.is_some())
        })
        || boot
            .reach
            .arp
            .iter()
            .any(|target| IpAddr::V4(target.address) == server && target.answer.is_some())
}

#[cfg(test)]
mod tests {
    use phoneboot_parsers::dhcp::MessageType;

    use super::*;
    use crate::rules::testing::Case;
    use crate::session::testing::BootBuilder;
    use crate::session::transfer::Status;

    const MASK: (u8, &[u8]) = (1, &[255, 255, 255, 0]);
    const AWAY: (u8, &[u8]) = (150, &[198, 51, 100, 10]);
    const SERVER: Ipv4Addr = Ipv4Addr::new(198, 51, 100, 10);

    fn acknowledged(options: &[(u8, &[u8])]) -> BootBuilder {
        BootBuilder::new().dhcp(MessageType::Ack, options)
    }

    fn check_of(boot: BootBuilder) -> Vec<Finding> {
        Case::new("cisco-79x1", boot).check(check)
    }

    #[test]
    fn a_server_elsewhere_without_a_router_is_out_of_reach() {
        let findings = check_of(acknowledged(&[MASK, AWAY]).arp(SERVER, 3, false));
        assert_eq!(findings[0].severity, Severity::Error);
        assert_eq!(findings[0].subject.option, Some(3));
        let soon = Case::new("cisco-79x1", acknowledged(&[MASK, AWAY])).ends_after_secs(3);
        assert_eq!(soon.check(check)[0].severity, Severity::Warning);
    }

    #[test]
    fn a_router_or_a_route_is_enough() {
        for route in [
            (3, &[192, 0, 2, 1][..]),
            (121, &[0, 192, 0, 2, 1]),
            (33, &[198, 51, 100, 10, 192, 0, 2, 1]),
        ] {
            assert!(check_of(acknowledged(&[MASK, AWAY, route])).is_empty());
        }
    }

    #[test]
    fn a_server_next_door_needs_none() {
        let near = (150, &[192, 0, 2, 10][..]);
        assert!(check_of(acknowledged(&[MASK, near])).is_empty());
        // Without a mask nobody can tell.
        assert!(check_of(acknowledged(&[AWAY])).is_empty());
    }

    #[test]
    fn proxy_arp_makes_up_for_it() {
        let boot = acknowledged(&[MASK, AWAY]);
        assert!(check_of(boot.arp(SERVER, 1, true)).is_empty());
        let boot = acknowledged(&[MASK, AWAY]);
        assert!(check_of(boot.tftp("a", Status::Complete)).is_empty());
    }
}
