//! Rules of the fetch phase: files.

pub(super) mod boot_loop;
pub(super) mod config_fallback_used;
pub(super) mod config_not_accepted;
pub(super) mod configured_firmware_missing;
pub(super) mod credentials_in_clear;
pub(super) mod file_missing;
pub(super) mod file_name_case_mismatch;
pub(super) mod file_name_doubled;
mod firmware;
pub(super) mod firmware_fetched_again;
pub(super) mod firmware_file_renamed;
pub(super) mod firmware_incomplete;
pub(super) mod firmware_not_requested;
pub(super) mod ftp_login_refused;
pub(super) mod ftp_transfer_failed;
pub(super) mod http_authentication_required;
pub(super) mod http_body_truncated;
pub(super) mod http_redirect_unfollowed;
pub(super) mod http_server_error;
pub(super) mod load_name_unusable;
mod loss;
pub(super) mod provisioned_elsewhere;
mod refusals;
#[cfg(test)]
mod testing;
pub(super) mod tftp_block_wrap;
pub(super) mod tftp_file_too_large;
pub(super) mod tftp_options_refused;
pub(super) mod tftp_request_unanswered;
pub(super) mod tftp_retransmissions;
pub(super) mod tftp_transfer_refused;
pub(super) mod tftp_transfer_stalled;
pub(super) mod tls_handshake_failed;
mod tls_reason;
mod tls_remedy;
pub(super) mod upload_refused;
pub(super) mod web_page_instead_of_file;
