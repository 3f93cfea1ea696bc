//! The provisioning server is given by name, and no name server to look it up.
//!
//! ## What it sees
//! A lease whose provisioning option holds a host name, without option 6, and a phone that
//! asks no name server at all. Of DHCPv6: option 59 with a host name, without option 23, and
//! no router that announces a name server.
//!
//! ## Why the phone stops
//! It has a name and nobody to ask for the address.
//!
//! ## How to fix it
//! 1. Add option 6 (name servers) to the DHCP scope; option 23 to the DHCPv6 pool.
//! 2. Or write the server's address instead of its name.
//!
//! ## When it may be wrong
//! Name servers can be typed into the phone, or come by IPv6. Then it looks the name up, or
//! fetches its files, and the rule is silent.
//!
//! ## References
//! RFC 2132 §3.8 (option 6), §9.4 (option 66); RFC 3646 §3 (option 23 of DHCPv6); RFC 8106
//! §5.1 (name servers of routers).

use phoneboot_parsers::dhcpv6::MessageType;

use super::dhcpv6::has_ipv4;
use crate::event::At;
use crate::finding::{About, Confidence, Finding, Severity};
use crate::rules::Context;
use crate::rules::names::{self, Role};
use crate::session::Boot;
use crate::session::lease6::BOOT_FILE_URL;

/// A phone that can look the name up does so within this time.
const ASK_SECS: f64 = 10.0;

const NAME_SERVERS: u8 = 6;

/// The same of DHCPv6.
const NAME_SERVERS_6: u16 = 23;

pub(in crate::rules) fn check(boot: &Boot, context: &Context<'_>) -> Vec<Finding> {
    let reached = boot
        .transfers
        .iter()
        .any(|transfer| transfer.answered.is_some())
        || boot.reach.connections.iter().any(|c| c.accepted.is_some());
    if reached || !boot.lookups.is_empty() {
        return Vec::new();
    }
    by_ipv4(boot, context)
        .or_else(|| by_ipv6(boot, context))
        .into_iter()
        .collect()
}

/// How bad it is that the name which came at this moment is not looked up; `None` when the
/// phone may still do so.
fn severity(boot: &Boot, context: &Context<'_>, named: At) -> Option<Severity> {
    if boot.is_registered() {
        Some(Severity::Warning)
    } else if boot.followed_by_another || context.watched_secs_after(named) >= ASK_SECS {
        Some(Severity::Error)
    } else {
        None
    }
}

/// Option 59 of DHCPv6 with a name, for a phone without IPv4.
fn by_ipv6(boot: &Boot, context: &Context<'_>) -> Option<Finding> {
    let mut replies = boot.lease6.of_kind(MessageType::Reply);
    let has_server = replies.any(|reply| reply.message.option(NAME_SERVERS_6).is_some())
        || boot
            .router_advertisements
            .iter()
            .any(|said| !said.name_servers.is_empty());
    if has_server || has_ipv4(boot, context) {
        return None;
    }
    let reply = boot
        .lease6
        .of_kind(MessageType::Reply)
        .rfind(|reply| reply.message.option(BOOT_FILE_URL).is_some())?;
    let host = names::leased(boot)
        .into_iter()
        .find(|name| name.role == Role::BootUrl)?
        .host;
    let finding = Finding::new(
        "dhcp-name-server-missing",
        severity(boot, context, reply.at)?,
        format!("DHCPv6 option 59 names \"{host}\", and nobody gives a name server (option 23)"),
    )
    .confidence(Confidence::Likely)
    .detail(
        "The phone learns its provisioning server by name and has no one to ask for the address: \
         neither the REPLY nor a router's advertisement brings a name server. It sent no DNS \
         question.",
    )
    .about(About {
        server: reply.server().map(Into::into),
        option: u8::try_from(NAME_SERVERS_6).ok(),
        vlan: reply.vlan,
        protocol: Some("dhcpv6"),
        ..About::default()
    })
    .evidence(reply.at, format!("REPLY: option 59 {host}, no option 23"));
    Some(
        finding
            .remedy(
                "Add option 23 with the name servers' addresses to the DHCPv6 pool (`dns-server` \
                 in Cisco's `ipv6 dhcp pool`).",
            )
            .remedy(
                "Or write the server's address into option 59, in brackets: \
                 `http://[2001:db8::10]/`.",
            ),
    )
}

fn by_ipv4(boot: &Boot, context: &Context<'_>) -> Option<Finding> {
    let lease = boot.lease.acknowledged()?;
    let has_server = boot
        .lease
        .messages
        .iter()
        .any(|seen| seen.message.op == 2 && seen.message.option(NAME_SERVERS).is_some());
    if has_server {
        return None;
    }
    let (option, host) = first_source(boot, context)?;
    let severity = severity(boot, context, lease.at)?;
    let wanted = boot.lease.wanted_options();
    let unasked = !wanted.is_empty() && !wanted.contains(&NAME_SERVERS);
    let finding = Finding::new(
        "dhcp-name-server-missing",
        severity,
        format!("option {option} names \"{host}\", and the lease has no name server (option 6)"),
    )
    .confidence(Confidence::Likely)
    .detail(format!(
        "The phone learns its provisioning server by name and has no one to ask for the address. \
         It sent no DNS question.{}",
        if unasked {
            " It does not ask for option 6 (it is not in its option 55)."
        } else {
            ""
        }
    ))
    .about(About {
        server: lease.server().map(Into::into),
        option: Some(NAME_SERVERS),
        vlan: lease.vlan,
        protocol: Some("dhcp"),
        ..About::default()
    })
    .evidence(
        lease.at,
        format!("ACK: option {option} {host}, no option 6"),
    );
    Some(
        finding
            .remedy("Add option 6 with the name servers' addresses to this scope.")
            .remedy(format!(
                "Or write the server's address into option {option} instead of its name."
            )),
    )
}

/// The first option that this family reads and that the lease gives, when it names a host.
fn first_source(boot: &Boot, context: &Context<'_>) -> Option<(u8, String)> {
    let message = &boot.lease.acknowledged()?.message;
    let by_family = context.profile.map(|profile| &profile.provisioning.options);
    let known: &[u8] = match by_family {
        Some(options) if !options.is_empty() => options,
        _ => &[150, 160, 66],
    };
    let first = *known.iter().find(|&&code| message.option(code).is_some())?;
    names::leased(boot)
        .into_iter()
        .find(|name| name.role == Role::Provisioning(Some(first)))
        .map(|name| (first, name.host))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::Case;
    use crate::session::lease6::RouterAdvertisement;
    use crate::session::testing::BootBuilder;
    use crate::session::transfer::Status;

    const URL: (u8, &[u8]) = (66, b"http://prov.example.com/");

    #[test]
    fn a_name_without_a_name_server_is_an_error() {
        let boot = BootBuilder::new().lease(&[66, 6], &[URL]);
        let findings = Case::new("polycom-soundpoint", boot).check(check);
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].severity, Severity::Error);
        assert_eq!(
            findings[0].title,
            "option 66 names \"prov.example.com\", and the lease has no name server (option 6)"
        );
    }

    #[test]
    fn a_name_server_or_an_address_is_enough() {
        for given in [
            vec![URL, (6, &[192, 0, 2, 53][..])],
            vec![(66, &b"http://192.0.2.10/"[..])],
            // What the family reads first is an address.
            vec![URL, (160, &b"192.0.2.10"[..])],
        ] {
            let boot = BootBuilder::new().lease(&[66, 6], &given);
            let case = Case::new("polycom-soundpoint", boot);
            assert!(case.check(check).is_empty(), "{given:?}");
        }
    }

    #[test]
    fn of_dhcpv6_option_59_needs_option_23_or_a_router_that_knows() {
        const NAMED: (u16, &[u8]) = (59, b"http://prov.example.com/");
        let check_v6 = |boot| {
            let case = Case::new("yealink-t4x", boot);
            case.without_addresses().check(check)
        };
        let leased = |given: &[(u16, &[u8])]| BootBuilder::new().dhcpv6_lease(given);
        let findings = check_v6(leased(&[NAMED]));
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].severity, Severity::Error);
        assert_eq!(
            findings[0].title,
            "DHCPv6 option 59 names \"prov.example.com\", and nobody gives a name server \
             (option 23)"
        );
        assert_eq!(check_v6(leased(&[NAMED, (23, &[1; 16])])), []);
        assert_eq!(check_v6(leased(&[(59, b"http://[2001:db8::10]/")])), []);
        let announced = leased(&[NAMED]).with(|boot, at| {
            boot.router_advertisements.push(RouterAdvertisement {
                first: at,
                last: at,
                vlan: None,
                router: "fe80::1".parse().unwrap(),
                managed: true,
                other: true,
                lifetime_secs: 1_800,
                prefixes: Vec::new(),
                name_servers: vec!["2001:db8::53".parse().unwrap()],
            });
        });
        assert_eq!(check_v6(announced), []);
        let dual = Case::new("yealink-t4x", leased(&[NAMED]));
        assert!(dual.check(check).is_empty());
    }

    #[test]
    fn a_phone_that_gets_there_has_another_way() {
        let boot = BootBuilder::new().lease(&[66], &[URL]).http(
            "/0004f2aabbcc.cfg",
            Status::Complete,
            200,
        );
        let case = Case::new("polycom-soundpoint", boot);
        assert!(case.check(check).is_empty());
    }

    #[test]
    fn a_capture_that_ends_with_the_lease_proves_nothing() {
        let boot = BootBuilder::new().lease(&[66], &[URL]);
        let case = Case::new("polycom-soundpoint", boot).ends_after_secs(3);
        assert!(case.check(check).is_empty());
    }
}
