//! Rules: what is wrong with a boot, on what evidence, and what to do.
//!
//! A rule is a pure function over one [`Boot`] and its [`Context`]. It knows no other
//! rule; what follows from what is said in [`causes`]. Its file's own comment is its
//! documentation: `phoneboot explain` prints it.

mod capture;
mod causes;
mod context;
mod cut;
mod diagnose;
mod docs;
mod elsewhere;
mod fetch;
mod lease;
mod link;
mod names;
mod outcome;
mod phases;
mod power;
mod reach;
mod register;
mod servers;
mod sides;
mod switch;
#[cfg(test)]
mod testing;

pub use context::{Context, TransferVerdict};
pub use diagnose::{Options, diagnose};
pub use docs::{Documentation, HEADINGS};

use crate::capture::CaptureFacts;
use crate::finding::Finding;
use crate::session::{Boot, Phase};

/// One rule.
pub struct Rule {
    /// Its findings' id.
    pub id: &'static str,
    /// Which phase of a boot it judges; `None` for the capture itself.
    pub phase: Option<Phase>,
    /// How it judges.
    pub check: Check,
    /// Its file, whose comment is its documentation.
    source: &'static str,
}

/// How a rule judges.
#[derive(Clone, Copy)]
pub enum Check {
    /// One boot.
    Boot(fn(&Boot, &Context<'_>) -> Vec<Finding>),
    /// One capture.
    Capture(fn(&CaptureFacts, usize) -> Vec<Finding>),
}

impl Rule {
    /// What the rule's file says about it.
    pub fn documentation(&self) -> Documentation {
        Documentation::of_source(self.source)
    }

    /// The rule with this id.
    pub fn by_id(id: &str) -> Option<&'static Self> {
        RULES.iter().find(|rule| rule.id == id)
    }

    /// The name of the phase that it judges.
    pub fn phase_name(&self) -> &'static str {
        self.phase.map_or("capture", Phase::name)
    }
}

/// A row of [`RULES`] for a rule that judges a boot.
const fn boot(
    id: &'static str,
    phase: Phase,
    check: fn(&Boot, &Context<'_>) -> Vec<Finding>,
    source: &'static str,
) -> Rule {
    Rule {
        id,
        phase: Some(phase),
        check: Check::Boot(check),
        source,
    }
}

/// A row of [`RULES`] for what a boot tells of its capture.
const fn of_capture(
    id: &'static str,
    check: fn(&Boot, &Context<'_>) -> Vec<Finding>,
    source: &'static str,
) -> Rule {
    Rule {
        id,
        phase: None,
        check: Check::Boot(check),
        source,
    }
}

/// A row of [`RULES`] for a rule that judges a capture.
const fn capture(
    id: &'static str,
    check: fn(&CaptureFacts, usize) -> Vec<Finding>,
    source: &'static str,
) -> Rule {
    Rule {
        id,
        phase: None,
        check: Check::Capture(check),
        source,
    }
}

/// Every rule, in the order of the phases.
#[rustfmt::skip]
pub const RULES: &[Rule] = &[
    boot("cdp-low-power", Phase::Link, link::cdp_low_power::check, include_str!("link/cdp_low_power.rs")),
    boot("lldp-low-power", Phase::Link, link::lldp_low_power::check, include_str!("link/lldp_low_power.rs")),
    boot("power-protocols-conflict", Phase::Link, link::power_protocols_conflict::check, include_str!("link/power_protocols_conflict.rs")),
    boot("voice-vlan-not-offered", Phase::Link, link::voice_vlan_not_offered::check, include_str!("link/voice_vlan_not_offered.rs")),
    boot("voice-vlan-ignored", Phase::Link, link::voice_vlan_ignored::check, include_str!("link/voice_vlan_ignored.rs")),
    boot("voice-vlan-conflict", Phase::Link, link::voice_vlan_conflict::check, include_str!("link/voice_vlan_conflict.rs")),
    boot("duplex-mismatch", Phase::Link, link::duplex_mismatch::check, include_str!("link/duplex_mismatch.rs")),
    boot("port-auth-failed", Phase::Link, link::port_auth_failed::check, include_str!("link/port_auth_failed.rs")),
    boot("dhcp-offer-missing", Phase::Lease, lease::dhcp_offer_missing::check, include_str!("lease/dhcp_offer_missing.rs")),
    boot("dhcp-offer-not-accepted", Phase::Lease, lease::dhcp_offer_not_accepted::check, include_str!("lease/dhcp_offer_not_accepted.rs")),
    boot("dhcp-ack-missing", Phase::Lease, lease::dhcp_ack_missing::check, include_str!("lease/dhcp_ack_missing.rs")),
    boot("dhcp-request-refused", Phase::Lease, lease::dhcp_request_refused::check, include_str!("lease/dhcp_request_refused.rs")),
    boot("dhcp-answer-slow", Phase::Lease, lease::dhcp_answer_slow::check, include_str!("lease/dhcp_answer_slow.rs")),
    boot("dhcp-option-150-missing", Phase::Lease, lease::dhcp_option_150_missing::check, include_str!("lease/dhcp_option_150_missing.rs")),
    boot("dhcp-provisioning-missing", Phase::Lease, lease::dhcp_provisioning_missing::check, include_str!("lease/dhcp_provisioning_missing.rs")),
    boot("dhcp-provisioning-malformed", Phase::Lease, lease::dhcp_provisioning_malformed::check, include_str!("lease/dhcp_provisioning_malformed.rs")),
    boot("dhcp-provisioning-conflict", Phase::Lease, lease::dhcp_provisioning_conflict::check, include_str!("lease/dhcp_provisioning_conflict.rs")),
    boot("dhcp-servers-disagree", Phase::Lease, lease::dhcp_servers_disagree::check, include_str!("lease/dhcp_servers_disagree.rs")),
    boot("dhcp-router-missing", Phase::Lease, lease::dhcp_router_missing::check, include_str!("lease/dhcp_router_missing.rs")),
    boot("address-in-use", Phase::Lease, lease::address_in_use::check, include_str!("lease/address_in_use.rs")),
    boot("dhcp-name-server-missing", Phase::Lease, lease::dhcp_name_server_missing::check, include_str!("lease/dhcp_name_server_missing.rs")),
    boot("dns-name-unresolved", Phase::Reach, reach::dns_name_unresolved::check, include_str!("reach/dns_name_unresolved.rs")),
    boot("server-unreachable", Phase::Reach, reach::server_unreachable::check, include_str!("reach/server_unreachable.rs")),
    boot("server-port-closed", Phase::Reach, reach::server_port_closed::check, include_str!("reach/server_port_closed.rs")),
    boot("connection-blocked", Phase::Reach, reach::connection_blocked::check, include_str!("reach/connection_blocked.rs")),
    boot("time-server-unanswered", Phase::Reach, reach::time_server_unanswered::check, include_str!("reach/time_server_unanswered.rs")),
    boot("file-missing", Phase::Fetch, fetch::file_missing::check, include_str!("fetch/file_missing.rs")),
    boot("file-name-case-mismatch", Phase::Fetch, fetch::file_name_case_mismatch::check, include_str!("fetch/file_name_case_mismatch.rs")),
    boot("file-name-doubled", Phase::Fetch, fetch::file_name_doubled::check, include_str!("fetch/file_name_doubled.rs")),
    boot("tftp-file-too-large", Phase::Fetch, fetch::tftp_file_too_large::check, include_str!("fetch/tftp_file_too_large.rs")),
    boot("tftp-request-unanswered", Phase::Fetch, fetch::tftp_request_unanswered::check, include_str!("fetch/tftp_request_unanswered.rs")),
    boot("tftp-transfer-stalled", Phase::Fetch, fetch::tftp_transfer_stalled::check, include_str!("fetch/tftp_transfer_stalled.rs")),
    boot("tftp-transfer-refused", Phase::Fetch, fetch::tftp_transfer_refused::check, include_str!("fetch/tftp_transfer_refused.rs")),
    boot("tftp-options-refused", Phase::Fetch, fetch::tftp_options_refused::check, include_str!("fetch/tftp_options_refused.rs")),
    boot("tftp-block-wrap", Phase::Fetch, fetch::tftp_block_wrap::check, include_str!("fetch/tftp_block_wrap.rs")),
    boot("tftp-retransmissions", Phase::Fetch, fetch::tftp_retransmissions::check, include_str!("fetch/tftp_retransmissions.rs")),
    boot("http-authentication-required", Phase::Fetch, fetch::http_authentication_required::check, include_str!("fetch/http_authentication_required.rs")),
    boot("ftp-login-refused", Phase::Fetch, fetch::ftp_login_refused::check, include_str!("fetch/ftp_login_refused.rs")),
    boot("ftp-transfer-failed", Phase::Fetch, fetch::ftp_transfer_failed::check, include_str!("fetch/ftp_transfer_failed.rs")),
    boot("upload-refused", Phase::Fetch, fetch::upload_refused::check, include_str!("fetch/upload_refused.rs")),
    boot("http-redirect-unfollowed", Phase::Fetch, fetch::http_redirect_unfollowed::check, include_str!("fetch/http_redirect_unfollowed.rs")),
    boot("http-server-error", Phase::Fetch, fetch::http_server_error::check, include_str!("fetch/http_server_error.rs")),
    boot("http-body-truncated", Phase::Fetch, fetch::http_body_truncated::check, include_str!("fetch/http_body_truncated.rs")),
    boot("tls-handshake-failed", Phase::Fetch, fetch::tls_handshake_failed::check, include_str!("fetch/tls_handshake_failed.rs")),
    boot("config-fallback-used", Phase::Fetch, fetch::config_fallback_used::check, include_str!("fetch/config_fallback_used.rs")),
    boot("config-not-accepted", Phase::Fetch, fetch::config_not_accepted::check, include_str!("fetch/config_not_accepted.rs")),
    boot("configured-firmware-missing", Phase::Fetch, fetch::configured_firmware_missing::check, include_str!("fetch/configured_firmware_missing.rs")),
    boot("load-name-unusable", Phase::Fetch, fetch::load_name_unusable::check, include_str!("fetch/load_name_unusable.rs")),
    boot("firmware-incomplete", Phase::Fetch, fetch::firmware_incomplete::check, include_str!("fetch/firmware_incomplete.rs")),
    boot("firmware-not-requested", Phase::Fetch, fetch::firmware_not_requested::check, include_str!("fetch/firmware_not_requested.rs")),
    boot("firmware-fetched-again", Phase::Fetch, fetch::firmware_fetched_again::check, include_str!("fetch/firmware_fetched_again.rs")),
    boot("firmware-file-renamed", Phase::Fetch, fetch::firmware_file_renamed::check, include_str!("fetch/firmware_file_renamed.rs")),
    boot("firmware-of-other-protocol", Phase::Fetch, fetch::firmware_of_other_protocol::check, include_str!("fetch/firmware_of_other_protocol.rs")),
    boot("web-page-instead-of-file", Phase::Fetch, fetch::web_page_instead_of_file::check, include_str!("fetch/web_page_instead_of_file.rs")),
    boot("provisioned-elsewhere", Phase::Fetch, fetch::provisioned_elsewhere::check, include_str!("fetch/provisioned_elsewhere.rs")),
    boot("credentials-in-clear", Phase::Fetch, fetch::credentials_in_clear::check, include_str!("fetch/credentials_in_clear.rs")),
    boot("boot-loop", Phase::Fetch, fetch::boot_loop::check, include_str!("fetch/boot_loop.rs")),
    boot("call-server-unreachable", Phase::Register, register::call_server_unreachable::check, include_str!("register/call_server_unreachable.rs")),
    boot("registration-rejected", Phase::Register, register::registration_rejected::check, include_str!("register/registration_rejected.rs")),
    boot("registration-unanswered", Phase::Register, register::registration_unanswered::check, include_str!("register/registration_unanswered.rs")),
    boot("registration-answer-lost", Phase::Register, register::registration_answer_lost::check, include_str!("register/registration_answer_lost.rs")),
    boot("previous-boot-failure", Phase::Register, register::previous_boot_failure::check, include_str!("register/previous_boot_failure.rs")),
    capture("capture-cut-short", capture::capture_cut_short::check, include_str!("capture/capture_cut_short.rs")),
    of_capture("capture-one-sided", capture::capture_one_sided::check, include_str!("capture/capture_one_sided.rs")),
    of_capture("capture-starts-late", capture::capture_starts_late::check, include_str!("capture/capture_starts_late.rs")),
    capture("capture-frames-doubled", capture::capture_frames_doubled::check, include_str!("capture/capture_frames_doubled.rs")),
    capture("capture-clock-stepped", capture::capture_clock_stepped::check, include_str!("capture/capture_clock_stepped.rs")),
    of_capture("frames-malformed", capture::frames_malformed::check, include_str!("capture/frames_malformed.rs")),
];
