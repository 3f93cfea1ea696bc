//! Rules of the register phase: the call server.

pub(super) mod registration_rejected;
pub(super) mod registration_unanswered;
