//! The provisioning server is given by name, and no name server to look it up.
//!
//! ## What it sees
//! A lease whose provisioning option holds a host name, without option 6, and a phone that
//! asks no name server at all.
//!
//! ## Why the phone stops
//! It has a name and nobody to ask for the address.
//!
//! ## How to fix it
//! 1. Add option 6 (name servers) to the DHCP scope.
//! 2. Or write the server's address instead of its name.
//!
//! ## When it may be wrong
//! Name servers can be typed into the phone, or come by IPv6. Then it looks the name up, or
//! fetches its files, and the rule is silent.
//!
//! ## References
//! RFC 2132 §3.8 (option 6), §9.4 (option 66).

use crate::finding::{About, Confidence, Finding, Severity};
use crate::rules::Context;
use crate::rules::names::{self, Role};
use crate::session::Boot;

/// A phone that can look the name up does so within this time.
const ASK_SECS: f64 = 10.0;

const NAME_SERVERS: u8 = 6;

pub(in crate::rules) fn check(boot: &Boot, context: &Context<'_>) -> Vec<Finding> {
    let Some(lease) = boot.lease.acknowledged() else {
        return Vec::new();
    };
    let has_server = boot
        .lease
        .messages
        .iter()
        .any(|seen| seen.message.op == 2 && seen.message.option(NAME_SERVERS).is_some());
    let reached = boot
        .transfers
        .iter()
        .any(|transfer| transfer.answered.is_some())
        || boot.reach.connections.iter().any(|c| c.accepted.is_some());
    if has_server || reached || !boot.lookups.is_empty() {
        return Vec::new();
    }
    let Some((option, host)) = first_source(boot, context) else {
        return Vec::new();
    };
    let severity = if boot.is_registered() {
        Severity::Warning
    } else if boot.followed_by_another || context.watched_secs_after(lease.at) >= ASK_SECS {
        Severity::Error
    } else {
        return Vec::new();
    };
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
    vec![
        finding
            .remedy("Add option 6 with the name servers' addresses to this scope.")
            .remedy(format!(
                "Or write the server's address into option {option} instead of its name."
            )),
    ]
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
