//! The boot had begun before the first frame of the capture.
//!
//! ## What it sees
//! The first thing that the capture shows of the phone belongs to the middle of a boot or
//! of its life: an answer or a renewal of DHCP without a question, blocks of a file that it
//! did not ask for in the capture, a registration shortly after the capture's first frame
//! without anything before it.
//!
//! ## Why the phone stops
//! This says nothing about the phone. What came before the first frame is not judged.
//!
//! ## How to fix it
//! 1. Start the capture first, then plug the phone in, or switch its port off and on.
//! 2. With a rotation of files, read the earlier ones too: `phoneboot analyze --merge`.
//!
//! ## When it may be wrong
//! A phone that was up all the time and only renewed its lease did not boot at all.
//!
//! ## References
//! RFC 2131 §4.4.5 (renewal), RFC 1350 §4 (a transfer begins with a request).

use phoneboot_parsers::dhcp::MessageType;
use phoneboot_parsers::dhcpv6;

use crate::event::At;
use crate::finding::{Finding, Severity};
use crate::rules::Context;
use crate::rules::sides::{Side, only_side};
use crate::session::lease::LeaseMessage;
use crate::session::{Boot, Phase, Step};

/// A registration this soon after the first frame belongs to a boot before it; later it
/// may be that of a phone that was up.
const SOON_SECS: f64 = 30.0;

pub(in crate::rules) fn check(boot: &Boot, context: &Context<'_>) -> Vec<Finding> {
    let Some((at, seen)) = sign(boot, context) else {
        return Vec::new();
    };
    vec![
        Finding::new(
            "capture-starts-late",
            Severity::Note,
            "the boot had begun before the capture",
        )
        .detail("What came before the first frame of the phone is not judged.")
        .evidence(at, seen)
        .remedy("Start the capture before the phone is plugged in, or switch its port off and on."),
    ]
}

/// The frame that shows it, and how.
fn sign(boot: &Boot, context: &Context<'_>) -> Option<(At, &'static str)> {
    if context.boot_index > 0 || matches!(only_side(boot), Some(Side::ToPhone(_))) {
        return None;
    }
    let first = boot
        .timeline
        .iter()
        .find(|step| step.phase != Phase::Link)?;
    if boot.lease.messages.iter().any(begins) || begins_by_ipv6(boot) {
        return None;
    }
    if let Some(at) = boot.joined {
        return Some((at, "part of a file that was asked for before the capture"));
    }
    if first.phase == Phase::Lease {
        return Some((first.at, lease_sign(first)));
    }
    let registers_at_once = first.phase == Phase::Register
        && context.phone.mac.is_some()
        && boot.lease.messages.is_empty()
        && context.watched_secs_before(first.at) <= SOON_SECS;
    registers_at_once.then_some((first.at, "registers, and nothing before that was captured"))
}

/// Whether a boot can begin with this message: whoever asks from scratch does.
fn begins(message: &LeaseMessage) -> bool {
    match message.kind {
        Some(MessageType::Discover | MessageType::Inform) => true,
        Some(MessageType::Request) => {
            message.message.client_address.is_unspecified()
                && message.message.server_identifier().is_none()
        }
        None => message.message.op == 1,
        _ => false,
    }
}

/// The same of DHCPv6: a phone solicits, asks for information, or confirms a lease that
/// it had before its link went down (RFC 8415 §18.2.1, §18.2.3, §18.2.6).
fn begins_by_ipv6(boot: &Boot) -> bool {
    // A host that comes up asks for routers, and probes its link-local address first of all
    // (RFC 4861 §6.3.7, RFC 4862 §5.4).
    let comes_up = boot
        .timeline
        .iter()
        .any(|step| step.event == "router-solicitation")
        || boot
            .neighbors
            .iter()
            .any(|asked| asked.probe && asked.address.is_unicast_link_local());
    comes_up
        || boot.lease6.messages.iter().any(|message| {
            matches!(
                message.message.kind,
                dhcpv6::MessageType::Solicit
                    | dhcpv6::MessageType::InformationRequest
                    | dhcpv6::MessageType::Confirm
            )
        })
}

fn lease_sign(step: &Step) -> &'static str {
    match (step.event, step.from_phone) {
        ("dhcp-request", _) => "renews a lease, or takes an offer, that was made before",
        (_, true) => "ends what was begun before",
        (_, false) => "answers what was asked before",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::Case;
    use crate::session::neighbors::Neighbor;
    use crate::session::registration;
    use crate::session::testing::BootBuilder;
    use crate::session::transfer::Status;

    fn said(boot: BootBuilder) -> usize {
        Case::new("cisco-79x1", boot).check(check).len()
    }

    fn renewal() -> BootBuilder {
        BootBuilder::new()
            .dhcp(MessageType::Request, &[])
            .last_dhcp(|message| message.client_address = [192, 0, 2, 51].into())
    }

    #[test]
    fn a_boot_joined_in_its_middle_is_told() {
        assert_eq!(said(renewal()), 1);
        assert_eq!(said(BootBuilder::new().dhcp(MessageType::Ack, &[])), 1);
        let joined = |boot: BootBuilder| boot.with(|boot, at| boot.joined = Some(at));
        let fetches = || BootBuilder::new().tftp("SEP001AA17BE638.cnf.xml", Status::Complete);
        assert_eq!(said(joined(fetches())), 1);
        let registers = || BootBuilder::new().registration(registration::Status::Registered, None);
        assert_eq!(said(registers()), 1);
    }

    #[test]
    fn a_boot_from_its_beginning_is_silent() {
        let leases = || BootBuilder::new().lease(&[150], &[]);
        assert_eq!(said(leases()), 0);
        // The phone asks for its former address at once.
        let former = BootBuilder::new().dhcp(MessageType::Request, &[(50, &[192, 0, 2, 51])]);
        assert_eq!(said(former), 0);
        // What it did before it started over is not this boot's.
        assert_eq!(said(leases().with(|boot, at| boot.joined = Some(at))), 0);
    }

    #[test]
    fn a_boot_that_begins_with_its_link_local_address_is_silent() {
        let probes = |address: &str| {
            let address = address.parse().unwrap();
            BootBuilder::new()
                .dhcp(MessageType::Ack, &[])
                .with(|boot, at| {
                    boot.neighbors.push(Neighbor {
                        address,
                        probe: true,
                        first: at,
                        last: at,
                        asked: 1,
                        answer: None,
                    });
                })
        };
        assert_eq!(said(probes("fe80::1:2")), 0);
        assert_eq!(said(probes("2001:db8::1:2")), 1);
    }

    #[test]
    fn a_capture_at_the_server_begins_with_requests() {
        let fetches = BootBuilder::new().tftp("SEP001AA17BE638.cnf.xml", Status::Complete);
        assert_eq!(said(fetches), 0);
        let later = BootBuilder::new()
            .after_secs(60)
            .registration(registration::Status::Registered, None);
        assert_eq!(said(later), 0);
    }

    #[test]
    fn a_later_boot_of_the_capture_began_in_it() {
        let first = BootBuilder::new().lease(&[150], &[]).build();
        let boots = vec![first, renewal().build()];
        assert!(Case::of_boots("cisco-79x1", boots).check(check).is_empty());
    }
}
