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
