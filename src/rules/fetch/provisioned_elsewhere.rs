//! The phone asks its maker or a provider where its configuration is, not the local server.
//!
//! ## What it sees
//! The phone gets through, by TLS or HTTP, to its maker's redirection service or to a provider
//! that such services send phones to, and the lease does not name that host. Makers' services
//! are asked after a factory reset; they know a phone by its MAC address.
//!
//! ## Why the phone stops
//! It mostly does not: it comes up with somebody else's settings, or waits for them. A phone
//! that was bought second-hand may still belong to its former owner there, and goes back to
//! that provider after each reset.
//!
//! ## How to fix it
//! 1. Have the phone's MAC address taken out of the maker's service: by its former owner or
//!    provider, or by the maker's support, who want a proof of purchase.
//! 2. Give the local server by DHCP in an option that comes before the service.
//! 3. Switch zero-touch provisioning off in the phone's settings, or keep these names from
//!    being resolved in the phones' network.
//!
//! ## When it may be wrong
//! Many phones ask their maker as a habit, find nothing there, and go on; and a hosted telephone
//! system may be meant. It is a note, never more.
//!
//! ## References
//! Redirection services of the makers: `phoneboot phones <family>`.

use std::net::IpAddr;

use phoneboot_parsers::tftp::Direction;

use crate::event::At;
use crate::finding::{About, Confidence, Finding, Severity};
use crate::profiles::Profiles;
use crate::rules::Context;
use crate::rules::servers::{self, Named};
use crate::session::Boot;
use crate::session::transfer::Status;

/// Providers and older services to which makers' services send phones.
const PROVIDERS: [&str; 5] = [
    "pp.ringcentral.com",
    "provisioning.auerswald.de",
    "provpp.zoom.us",
    "www.snomag.de",
    "zerotouch.polycom.com",
];

/// A host that the phone got through to.
struct Contact {
    name: String,
    server: IpAddr,
    at: At,
}

pub(in crate::rules) fn check(boot: &Boot, context: &Context<'_>) -> Vec<Finding> {
    let local = named_by_dhcp(boot, context);
    let mut contacts = contacts(boot);
    contacts.sort_by_key(|contact| contact.at);
    let told = boot.plug_and_play.url.as_ref();
    let elsewhere = contacts.iter().position(|contact| {
        is_elsewhere(&contact.name)
            && !local.iter().any(|(_, named)| is_named(named, contact))
            && !told.is_some_and(|(url, _)| url.to_string().contains(&contact.name))
    });
    let Some(contact) = elsewhere.and_then(|index| contacts.get(index)) else {
        return Vec::new();
    };
    let next = contacts
        .iter()
        .find(|other| other.at > contact.at && other.name != contact.name);
    vec![found(contact, next, &local)]
}

/// Hosts that the phone spoke to by a name, and that answered as servers of files do.
fn contacts(boot: &Boot) -> Vec<Contact> {
    let known = |server| boot.name_of(server).map(ToString::to_string);
    let by_tls = boot
        .tls
        .iter()
        .filter(|session| session.is_established() && !session.is_for_registration())
        .filter_map(|session| {
            let hello = &session.hello;
            let sent = hello.value.server_name.as_ref().map(ToString::to_string);
            Some((
                sent.or_else(|| known(session.server))?,
                session.server,
                hello.at,
            ))
        });
    let by_http = boot
        .transfers
        .iter()
        .filter(|transfer| {
            transfer.direction == Direction::Read
                && (transfer.is_delivered() || transfer.status == Status::Redirected)
        })
        .filter_map(|transfer| {
            let asked = transfer.host.as_ref().map(ToString::to_string);
            let asked = asked.map(|host| host.split(':').next().unwrap_or_default().to_owned());
            Some((
                asked.or_else(|| known(transfer.server))?,
                transfer.server,
                transfer.first,
            ))
        });
    by_tls
        .chain(by_http)
        .map(|(name, server, at)| Contact {
            name: name.to_ascii_lowercase(),
            server,
            at,
        })
        .collect()
}

/// Whether this is a maker's service or a provider that one sends phones to. Makers put a
/// region before some names: `eu-api.ymcs.yealink.com`.
fn is_elsewhere(name: &str) -> bool {
    let is = |known: &str| {
        let before = name.strip_suffix(known);
        before.is_some_and(|before| before.is_empty() || before.ends_with(['.', '-']))
    };
    PROVIDERS.iter().any(|known| is(known))
        || Profiles::embedded()
            .all()
            .iter()
            .flat_map(|profile| &profile.provisioning.cloud_hosts)
            .any(|known| is(known))
}

/// The provisioning servers that the lease names, with the option.
fn named_by_dhcp(boot: &Boot, context: &Context<'_>) -> Vec<(u8, Named)> {
    let (Some(profile), Some(lease)) = (context.profile, boot.lease.acknowledged()) else {
        return Vec::new();
    };
    let options = profile.provisioning.options.iter();
    options
        .filter_map(|&code| Some((code, servers::by_option(&lease.message, code)?)))
        .collect()
}

fn is_named(named: &Named, contact: &Contact) -> bool {
    match named {
        Named::Name(name) => *name == contact.name,
        Named::Addresses(list) => list.iter().any(|own| IpAddr::V4(*own) == contact.server),
    }
}

fn found(contact: &Contact, next: Option<&Contact>, local: &[(u8, Named)]) -> Finding {
    let dhcp = match local.first() {
        Some((code, named)) => format!("The lease names {} (option {code})", named.words()),
        None => "The lease names no provisioning server".to_owned(),
    };
    let then = next.map_or(String::new(), |next| {
        format!(" and then with {} ({})", next.name, next.server)
    });
    let finding = Finding::new(
        "provisioned-elsewhere",
        Severity::Note,
        format!("the phone asks {} for its configuration", contact.name),
    )
    .confidence(Confidence::Likely)
    .detail(format!(
        "{dhcp}; the phone spoke with {} ({}){then}. A phone that was used elsewhere before may \
         still be entered there, and gets that owner's settings after each reset.",
        contact.name, contact.server
    ))
    .about(About {
        server: Some(contact.server),
        ..About::default()
    })
    .evidence(
        contact.at,
        format!("the phone speaks with {}", contact.name),
    );
    let finding = match next {
        Some(next) => finding.evidence(next.at, format!("then with {}", next.name)),
        None => finding,
    };
    finding
        .remedy(format!(
            "Have the phone's MAC address taken out of {}: by its former owner, or by the maker's \
             support.",
            contact.name
        ))
        .remedy(
            "Or switch zero-touch provisioning off on the phone, or keep the name from being \
             resolved in the phones' network.",
        )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::Case;
    use crate::session::testing::BootBuilder;

    fn speaks_with(boot: BootBuilder, host: &str) -> BootBuilder {
        boot.http("/cfg/001565123456.cfg", Status::Complete, 200)
            .with(|boot, _| {
                let transfer = boot.transfers.last_mut().unwrap();
                transfer.host = Some(host.into());
            })
    }

    fn findings(boot: BootBuilder) -> Vec<Finding> {
        Case::new("yealink-t4x", boot).check(check)
    }

    fn leased(server: &str) -> BootBuilder {
        BootBuilder::new().lease(&[66], &[(66, server.as_bytes())])
    }

    #[test]
    fn a_makers_service_beside_the_local_server_is_noted() {
        let boot = speaks_with(leased("http://192.0.2.20/"), "eu-rps.yealink.com:443");
        let found = findings(speaks_with(boot, "prov.example.com"));
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].severity, Severity::Note);
        assert!(found[0].detail.starts_with(
            "The lease names 192.0.2.20 (option 66); the phone spoke with eu-rps.yealink.com \
             (192.0.2.10) and then with prov.example.com"
        ));
    }

    #[test]
    fn a_service_that_the_lease_names_is_meant() {
        for named in ["https://rps.yealink.com/", "http://192.0.2.10/"] {
            let boot = speaks_with(leased(named), "rps.yealink.com");
            assert!(findings(boot).is_empty(), "{named}");
        }
    }

    #[test]
    fn other_hosts_are_no_service() {
        for host in [
            "prov.example.com",
            "yealink.com",
            "notrps.yealink.com.example",
        ] {
            let boot = speaks_with(leased("http://192.0.2.20/"), host);
            assert!(findings(boot).is_empty(), "{host}");
        }
    }
}
