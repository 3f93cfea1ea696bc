//! Call servers whose address nobody answers for, for `server-unreachable`.

use std::net::IpAddr;

use crate::event::At;
use crate::finding::{Finding, Severity};
use crate::rules::context::lasts;
use crate::rules::sides::only_side;
use crate::rules::{Context, names};
use crate::session::Boot;
use crate::session::signaling::Signaling;

use super::neighbors;
use super::server_unreachable::is_silent;

/// What a phone wants of an address that it registers at.
pub(super) const CALL_SERVER: &str = "call server";

/// The option that names SIP servers, and its form that lists addresses (RFC 3361).
const SIP_SERVERS: u8 = 120;
const SIP_ADDRESSES: u8 = 1;

/// The option that names routers.
const ROUTERS: u8 = 3;

/// An address that nobody answers for, and how it was asked for.
struct Silent {
    address: IpAddr,
    asked: u64,
    first: At,
    last: At,
}

/// Whether a configuration or DHCP option 120 names this address as that of a call server,
/// or DNS as that of a SIP service.
pub(super) fn is_named(boot: &Boot, address: IpAddr) -> bool {
    boot.configuration_names(address)
        || leased(boot).contains(&address)
        || serves_sip(boot, address)
}

fn leased(boot: &Boot) -> Vec<IpAddr> {
    let lease = boot.lease.boot_data();
    let value = lease.and_then(|lease| lease.message.option(SIP_SERVERS));
    match value.as_deref() {
        Some([SIP_ADDRESSES, list @ ..]) => list
            .chunks_exact(4)
            .filter_map(|bytes| <[u8; 4]>::try_from(bytes).ok())
            .map(IpAddr::from)
            .collect(),
        _ => Vec::new(),
    }
}

fn serves_sip(boot: &Boot, address: IpAddr) -> bool {
    let Some(called) = names::server_at(boot, None, address) else {
        return false;
    };
    names::wanted(boot, None)
        .iter()
        .any(|known| known.role == names::Role::CallServer && known.host == called)
}

/// Addresses of call servers, or of the router towards them, that a phone which has its
/// files asks for again and again, while it comes to no other call server.
pub(in crate::rules) fn asked_in_vain(boot: &Boot, context: &Context<'_>) -> Vec<IpAddr> {
    let by_arp = boot.reach.arp.iter();
    let by_arp = by_arp
        .filter(|target| is_silent(boot, context, target))
        .map(|target| Silent {
            address: target.address.into(),
            asked: target.asked,
            first: target.first,
            last: target.last,
        });
    let by_neighbor_discovery = boot.neighbors.iter();
    let by_neighbor_discovery = by_neighbor_discovery
        .filter(|neighbor| neighbors::is_silent(boot, context, neighbor))
        .map(|neighbor| Silent {
            address: neighbor.address.into(),
            asked: neighbor.asked,
            first: neighbor.first,
            last: neighbor.last,
        });
    let silent: Vec<Silent> = by_arp.chain(by_neighbor_discovery).collect();
    if silent.is_empty()
        || only_side(boot).is_some()
        || !context.fetched_anything(boot)
        || is_taken(boot)
    {
        return Vec::new();
    }
    silent
        .into_iter()
        .filter(|silent| insists(context, silent))
        .filter(|silent| is_named(boot, silent.address) || is_last_hope(boot, context, silent))
        .map(|silent| silent.address)
        .collect()
}

/// Whether the phone asks long enough to show that it does not go on without an answer.
fn insists(context: &Context<'_>, silent: &Silent) -> bool {
    lasts(silent.asked, silent.last.time.secs_since(silent.first.time))
        || context.watched_secs_after(silent.first) >= context.patience_secs()
}

/// Whether any call server took the phone's call, or heard it.
fn is_taken(boot: &Boot) -> bool {
    !boot.registrations.is_empty()
        || boot.signaling.iter().any(Signaling::is_accepted)
        || boot.reach.connections.iter().any(|call| {
            call.accepted.is_some() && boot.is_call_server(call.server, call.server_port)
        })
}

/// Whether it is the router, or a server that DNS gives, and the phone did nothing else
/// since it has its files: then it wants its call server.
fn is_last_hope(boot: &Boot, context: &Context<'_>, silent: &Silent) -> bool {
    let goes_on = boot.transfers.iter().any(|other| other.last > silent.first)
        || boot
            .reach
            .connections
            .iter()
            .any(|call| call.last > silent.first);
    let address = silent.address;
    let is_other = || boot.configured_call_servers().next().is_some() || !leased(boot).is_empty();
    !goes_on
        && (is_router(boot, address)
            || (!is_other() && names::server_at(boot, context.profile, address).is_some()))
}

fn is_router(boot: &Boot, address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => boot
            .lease
            .boot_data()
            .and_then(|lease| lease.message.addresses(ROUTERS))
            .is_some_and(|list| list.contains(&address)),
        IpAddr::V6(address) => boot
            .router_advertisements
            .iter()
            .any(|said| said.router == address),
    }
}

/// Call servers stand in for each other: that several are silent is one fault.
pub(super) fn one_error(boot: &Boot, context: &Context<'_>, findings: &mut [Finding]) {
    let in_vain = asked_in_vain(boot, context);
    let of_call_servers = findings.iter_mut().filter(|finding| {
        finding
            .subject
            .server
            .is_some_and(|server| in_vain.contains(&server))
    });
    for finding in of_call_servers.skip(1) {
        finding.severity = Severity::Note;
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::super::server_unreachable::check;
    use super::*;
    use crate::rules::testing::Case;
    use crate::session::lookup::Answer;
    use crate::session::registration;
    use crate::session::testing::BootBuilder;
    use crate::session::transfer::Status;

    const PBX: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 20);

    /// What is said, two minutes later, of a phone that has its file, after these steps.
    fn said(
        options: &[(u8, &[u8])],
        steps: impl FnOnce(BootBuilder) -> BootBuilder,
    ) -> Vec<(Severity, String)> {
        let codes: Vec<u8> = options.iter().map(|(code, _)| *code).collect();
        let boot = BootBuilder::new()
            .lease(&codes, options)
            .http("/a.cfg", Status::Complete, 200);
        let case = Case::new("yealink-t4x", steps(boot)).ends_after_secs(300);
        let findings = case.check(check);
        findings
            .into_iter()
            .map(|found| (found.severity, found.title))
            .collect()
    }

    fn found(boot: BootBuilder, name: &str) -> BootBuilder {
        let answer = Answer::Found {
            addresses: vec![PBX.into()],
            targets: Vec::new(),
            canonical: None,
        };
        boot.after_secs(1).lookup(name, 1, 1, Some(answer))
    }

    fn nobody(role: &str) -> String {
        format!("nobody answers for the {role}'s address {PBX}")
    }

    #[test]
    fn a_call_server_that_dhcp_names_is_an_error() {
        let options: &[(u8, &[u8])] = &[(120, &[1, 192, 0, 2, 20])];
        let asked = |boot: BootBuilder| boot.after_secs(1).arp(PBX, 4, false);
        assert_eq!(
            said(options, asked),
            [(Severity::Error, nobody("call server"))]
        );
        assert_eq!(said(&[], asked), []);
    }

    #[test]
    fn a_server_that_dns_gives_after_the_fetch_is_an_error() {
        let asked = |name: &'static str| {
            said(&[], move |boot| {
                found(boot, name).after_secs(1).arp(PBX, 4, false)
            })
        };
        assert_eq!(
            asked("pbx.example.com"),
            [(Severity::Error, nobody("server"))]
        );
        assert_eq!(asked("ntp.example.com"), []);
    }

    #[test]
    fn a_phone_that_comes_to_a_call_server_gets_a_note() {
        let asked = |boot| {
            found(boot, "pbx.example.com")
                .after_secs(1)
                .arp(PBX, 4, false)
        };
        let by_tls = said(&[], |boot| {
            asked(boot).connection([192, 0, 2, 21].into(), 5061, |call, at| {
                call.accepted = Some(at);
            })
        });
        let registered = said(&[], |boot| {
            asked(boot).registration(registration::Status::Registered, None)
        });
        let goes_on = said(&[], |boot| {
            asked(boot).http("/b.cfg", Status::Complete, 200)
        });
        for said in [by_tls, registered, goes_on] {
            assert_eq!(said, [(Severity::Note, nobody("server"))]);
        }
    }

    #[test]
    fn the_router_after_the_fetch_is_an_error_and_two_call_servers_are_one() {
        let router = Ipv4Addr::new(192, 0, 2, 1);
        let options: &[(u8, &[u8])] = &[(3, &router.octets())];
        let to_router = said(options, |boot| boot.after_secs(1).arp(router, 4, false));
        assert_eq!(to_router[0].0, Severity::Error);
        let options: &[(u8, &[u8])] = &[(120, &[1, 192, 0, 2, 20, 192, 0, 2, 21])];
        let both = said(options, |boot| {
            let boot = boot.after_secs(1).arp(PBX, 4, false);
            boot.arp([192, 0, 2, 21].into(), 4, false)
        });
        assert_eq!(
            both.iter().map(|said| said.0).collect::<Vec<_>>(),
            [Severity::Error, Severity::Note]
        );
    }
}
