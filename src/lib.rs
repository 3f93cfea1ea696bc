//! phoneboot: tells from a packet capture why an IP phone does not boot.
//!
//! One word for one thing:
//!
//! * **phone**: a host that shows by what it says that it is an IP phone.
//! * **boot**: one phone's way from its first frame after power-up to its
//!   registration, or to where it stopped.
//! * **phase**: link, lease, reach, fetch, register; the steps of a boot.
//! * **fetch**: getting files from a provisioning server; one file is one transfer.
//! * **finding**: a fault of a boot, with its evidence and its cure.
//! * **issue**: something odd in one message.
//! * **profile**: what is known of a phone family.

pub mod analysis;
pub mod capture;
pub mod cli;
pub mod diagnosis;
pub mod dissect;
pub mod error;
pub mod event;
pub mod finding;
pub mod live;
pub mod observe;
pub mod profiles;
pub mod report;
pub mod rules;
pub mod session;
