//! Rules of the lease phase: DHCP and DHCPv6.

pub(super) mod address_in_use;
pub(super) mod dhcp_ack_missing;
pub(super) mod dhcp_answer_slow;
pub(super) mod dhcp_name_server_missing;
pub(super) mod dhcp_offer_missing;
pub(super) mod dhcp_offer_not_accepted;
pub(super) mod dhcp_option_150_missing;
pub(super) mod dhcp_provisioning_conflict;
pub(super) mod dhcp_provisioning_malformed;
pub(super) mod dhcp_provisioning_missing;
pub(super) mod dhcp_request_refused;
pub(super) mod dhcp_router_missing;
pub(super) mod dhcp_servers_disagree;
mod dhcpv6;
mod duplicate_address;
mod stateless;

use crate::event::At;
use crate::finding::Severity;
use crate::session::{Boot, Phase};

/// Whether the phone got something over the network: it has an address, from wherever.
fn works(boot: &Boot) -> bool {
    let mut transfers = boot.transfers.iter();
    boot.is_registered() || transfers.any(|transfer| transfer.answered.is_some())
}

/// How bad it is that no IPv4 lease came.
fn without_lease(boot: &Boot) -> Severity {
    if dhcpv6::got_on_by_ipv6(boot) {
        Severity::Note
    } else if works(boot) {
        Severity::Warning
    } else {
        Severity::Error
    }
}

/// Whether the phone asked a server for something after this moment.
fn went_on_after(boot: &Boot, at: At) -> bool {
    let mut connections = boot.reach.connections.iter();
    boot.timeline
        .iter()
        .any(|step| step.phase >= Phase::Fetch && step.at > at)
        || connections.any(|connection| connection.first > at)
}
