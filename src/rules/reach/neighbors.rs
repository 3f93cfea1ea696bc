//! Neighbor discovery that nobody answers, for `server-unreachable`.

use std::net::{IpAddr, Ipv6Addr};

use crate::finding::{About, Confidence, Finding};
use crate::rules::Context;
use crate::session::Boot;
use crate::session::lease6::provisioning_servers;
use crate::session::neighbors::Neighbor;

use super::server_unreachable::severity;

/// An answer comes within milliseconds; this many seconds are enough.
const ANSWER_SECS: f64 = 3.0;

/// Who asks this often has got no answer, whatever the capture shows: a host asks three
/// times, a second apart, and gives up (RFC 4861 §10, `MAX_MULTICAST_SOLICIT`).
const PROOF: u64 = 3;

/// Findings for the servers and routers that nobody answers for.
pub(super) fn silent(boot: &Boot, context: &Context<'_>) -> Vec<Finding> {
    boot.neighbors
        .iter()
        .filter(|neighbor| is_silent(boot, context, neighbor))
        .filter_map(|neighbor| {
            let role = role_of(boot, neighbor.address)?;
            Some(unanswered(boot, context, neighbor, role))
        })
        .collect()
}

fn is_silent(boot: &Boot, context: &Context<'_>, neighbor: &Neighbor) -> bool {
    !neighbor.probe
        && neighbor.answer.is_none()
        && (neighbor.asked >= PROOF || (neighbor.asked > 1 && context.sees_answers(boot)))
        && context.watched_secs_after(neighbor.first) >= ANSWER_SECS
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
}

/// What the phone wants of this address; `None` when it is of no weight to the boot.
fn role_of(boot: &Boot, address: Ipv6Addr) -> Option<&'static str> {
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
    } else {
        None
    }
}

fn unanswered(
    boot: &Boot,
    context: &Context<'_>,
    neighbor: &Neighbor,
    role: &'static str,
) -> Finding {
    let address = neighbor.address;
    let finding = Finding::new(
        "server-unreachable",
        severity(boot, context, role),
        format!("nobody answers for the {role}'s address {address}"),
    )
    .confidence(Confidence::Likely)
    .detail(format!(
        "The phone asked {} times by IPv6 neighbor discovery who has {address}; no answer is in \
         the capture.",
        neighbor.asked
    ))
    .about(About {
        server: Some(IpAddr::V6(address)),
        protocol: Some("icmp"),
        ..About::default()
    })
    .evidence(neighbor.first, format!("who has {address}?"))
    .evidence(neighbor.last, format!("still: who has {address}?"));
    if role == "router" {
        finding.remedy(format!(
            "See that the router which announces itself as {address} is still there, and that the \
             switch lets its answers through."
        ))
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
