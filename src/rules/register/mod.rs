//! Rules of the register phase: the call server.

mod attempts;
pub(super) mod call_server_unreachable;
pub(super) mod previous_boot_failure;
pub(super) mod registration_answer_lost;
pub(super) mod registration_rejected;
pub(super) mod registration_unanswered;
mod signaling;
