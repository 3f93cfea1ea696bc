//! Rules of the fetch phase: files.

pub(super) mod boot_loop;
pub(super) mod config_fallback_used;
pub(super) mod file_missing;
pub(super) mod file_name_case_mismatch;
pub(super) mod ftp_login_refused;
pub(super) mod ftp_transfer_failed;
pub(super) mod http_redirect_unfollowed;
mod loss;
pub(super) mod tftp_file_too_large;
pub(super) mod tftp_request_unanswered;
pub(super) mod tftp_transfer_refused;
pub(super) mod tftp_transfer_stalled;
pub(super) mod upload_refused;
