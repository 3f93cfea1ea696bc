//! Neighbor discovery that nobody answers, for `server-unreachable`.

use std::net::{IpAddr, Ipv6Addr};

use phoneboot_parsers::dhcpv6::MessageType;

use crate::finding::Finding;
use crate::rules::{Context, names};
use crate::session::Boot;
use crate::session::lease6::provisioning_servers;
use crate::session::neighbors::Neighbor;

use super::call_servers;
use super::server_unreachable::{NAME_SERVER, is_asked_in_vain, nobody_answers};

/// The option of DHCPv6 that holds name servers (RFC 3646).
const NAME_SERVERS: u16 = 23;

/// Findings for the servers, name servers and routers that nobody answers for.
pub(super) fn silent(boot: &Boot, context: &Context<'_>) -> Vec<Finding> {
    boot.neighbors
        .iter()
        .filter(|neighbor| is_silent(boot, context, neighbor))
        .filter_map(|neighbor| {
            let role = role_of(boot, context, neighbor.address)?;
            Some(unanswered(boot, context, neighbor, role))
        })
        .collect()
}

pub(super) fn is_silent(boot: &Boot, context: &Context<'_>, neighbor: &Neighbor) -> bool {
    !neighbor.probe
        && neighbor.answer.is_none()
        && is_asked_in_vain(boot, context, neighbor.asked, neighbor.first)
        && !was_sent_to(boot, neighbor.address)
}

/// Whether the phone sent the address anything: then it knew its MAC address.
fn was_sent_to(boot: &Boot, address: Ipv6Addr) -> bool {
    let address = IpAddr::V6(address);
    boot.transfers
        .iter()
        .any(|transfer| transfer.server == address)
        || boot
            .reach
            .connections
            .iter()
            .any(|connection| connection.server == address)
        || boot
            .registrations
            .iter()
            .any(|attempt| attempt.server == Some(address))
        || boot
            .lookups
            .iter()
            .flat_map(|lookup| &lookup.asked)
            .any(|asked| asked.server == address)
}

/// What the phone wants of this address; `None` when it is of no weight to the boot.
fn role_of(boot: &Boot, context: &Context<'_>, address: Ipv6Addr) -> Option<&'static str> {
    let is_router = boot
        .router_advertisements
        .iter()
        .any(|said| said.router == address);
    let data = boot.lease6.boot_data();
    let is_server = data.is_some_and(|data| provisioning_servers(&data.message).contains(&address));
    if is_server {
        Some("server")
    } else if is_router {
        Some("router")
    } else if name_servers(boot).contains(&address) {
        Some(NAME_SERVER)
    } else if call_servers::is_named(boot, address.into()) {
        Some(call_servers::CALL_SERVER)
    } else if names::server_at(boot, context.profile, address.into()).is_some() {
        Some("server")
    } else {
        None
    }
}

/// The name servers that DHCPv6 (option 23) or a router's advertisement gives.
fn name_servers(boot: &Boot) -> Vec<Ipv6Addr> {
    let replies = boot.lease6.of_kind(MessageType::Reply);
    let leased = replies.filter_map(|reply| reply.message.addresses(NAME_SERVERS));
    let advertised = boot.router_advertisements.iter();
    let advertised = advertised.flat_map(|said| said.name_servers.iter().copied());
    leased.flatten().chain(advertised).collect()
}

fn unanswered(
    boot: &Boot,
    context: &Context<'_>,
    neighbor: &Neighbor,
    role: &'static str,
) -> Finding {
    let address = neighbor.address;
    let asked = format!("{} times by IPv6 neighbor discovery", neighbor.asked);
    let finding = nobody_answers(
        boot,
        context,
        (role, IpAddr::V6(address)),
        (&asked, "icmp"),
        (neighbor.first, neighbor.last),
    );
    if role == "router" {
        finding.remedy(format!(
            "See that the router which announces itself as {address} is still there, and that the \
             switch lets its answers through."
        ))
    } else if role == NAME_SERVER {
        finding
            .remedy(format!(
                "See that the name server {address} is switched on and in the phone's VLAN; from a \
                 PC there: `ping -6 {address}`."
            ))
            .remedy(
                "Or give the phones another name server: DHCPv6 option 23, and the router's \
                 advertisement where it names one.",
            )
    } else {
        finding
            .remedy(format!(
                "See that {address} is switched on and in the phone's VLAN; from a PC there: \
                 `ping -6 {address}`."
            ))
            .remedy(
                "If the server is in another subnet, the router announces too wide a prefix as \
                 on-link: the phone should ask the router.",
            )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Severity;
    use crate::rules::testing::Case;
    use crate::session::lease6::RouterAdvertisement;
    use crate::session::testing::BootBuilder;

    /// The phone asks for the router's address so many times.
    fn asked(times: u64, change: impl FnOnce(&mut Neighbor)) -> BootBuilder {
        let router: Ipv6Addr = "fe80::1".parse().unwrap();
        BootBuilder::new().with(|boot, at| {
            boot.router_advertisements.push(RouterAdvertisement {
                first: at,
                last: at,
                vlan: None,
                router,
                managed: true,
                other: true,
                lifetime_secs: 1_800,
                prefixes: Vec::new(),
                name_servers: Vec::new(),
            });
            let mut neighbor = Neighbor {
                address: router,
                probe: false,
                first: at,
                last: at,
                asked: times,
                answer: None,
            };
            change(&mut neighbor);
            boot.neighbors.push(neighbor);
        })
    }

    fn check(boot: BootBuilder) -> Vec<Finding> {
        Case::new("cisco-78xx-88xx", boot).check(silent)
    }

    #[test]
    fn a_router_that_nobody_answers_for_is_told() {
        let findings = check(asked(3, |_| {}));
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].severity, Severity::Error);
        assert_eq!(
            findings[0].title,
            "nobody answers for the router's address fe80::1"
        );
    }

    #[test]
    fn a_name_server_that_nobody_answers_for_is_told() {
        let server: Ipv6Addr = "2001:db8::53".parse().unwrap();
        let leased = || asked(3, |neighbor| neighbor.address = server);
        let by_reply = leased().dhcpv6_lease(&[(23, &server.octets())]);
        let by_router =
            leased().with(|boot, _| boot.router_advertisements[0].name_servers = vec![server]);
        for boot in [by_reply, by_router] {
            let findings = check(boot);
            assert_eq!(
                findings[0].title,
                "nobody answers for the name server's address 2001:db8::53"
            );
            assert_eq!(findings[0].severity, Severity::Error);
        }
        let sent_to = leased()
            .dhcpv6_lease(&[(23, &server.octets())])
            .lookup("prov.example.com", 28, 3, None)
            .with(|boot, _| boot.lookups[0].asked[0].server = server.into());
        assert_eq!(check(sent_to), []);
    }

    #[test]
    fn answers_probes_and_neighbors_of_no_weight_are_silent() {
        let mac = phoneboot_parsers::MacAddress([2, 0, 0, 0, 0, 1]);
        let answered = asked(3, |neighbor| {
            neighbor.answer = Some(crate::event::Seen::new(mac, neighbor.last));
        });
        assert_eq!(check(answered), []);
        assert_eq!(check(asked(3, |neighbor| neighbor.probe = true)), []);
        assert_eq!(check(asked(1, |_| {})), []);
        let other = asked(3, |neighbor| {
            neighbor.address = "fe80::77".parse().unwrap();
        });
        assert_eq!(check(other), []);
    }

    #[test]
    fn who_is_sent_something_was_found() {
        let boot = asked(3, |_| {}).with(|boot, at| {
            let place = ("fe80::1".parse().unwrap(), 80);
            let connection = crate::session::reach::Connection::new(place, 50_000, at);
            boot.reach.connections.push(connection);
        });
        assert_eq!(check(boot), []);
    }
}
