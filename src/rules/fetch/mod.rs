//! Rules of the fetch phase: files.

pub(super) mod boot_loop;
pub(super) mod config_fallback_used;
pub(super) mod file_missing;
pub(super) mod file_name_case_mismatch;
pub(super) mod http_redirect_unfollowed;
mod loss;
pub(super) mod tftp_file_too_large;
pub(super) mod tftp_request_unanswered;
pub(super) mod tftp_transfer_refused;
pub(super) mod tftp_transfer_stalled;
pub(super) mod tls_handshake_failed;
mod tls_reason;
mod tls_remedy;
