//! A Cisco phone's lease does not carry option 150, the list of TFTP servers.
//!
//! ## What it sees
//! The acknowledgement to a phone of a family that reads option 150 first, without that
//! option.
//!
//! ## Why the phone stops
//! Without option 150 the phone looks at option 66, at the next-server field and at the
//! server name. If none of them names a server, it knows nobody to ask for its files. A
//! factory reset erases a TFTP address that was typed in.
//!
//! ## How to fix it
//! 1. Add option 150 to the scope of the voice VLAN, as a list of IP addresses (four bytes
//!    each), not as text.
//! 2. Cisco IOS: `option 150 ip <server>` in the pool. dnsmasq: `dhcp-option=150,<server>`.
//!    ISC: `option tftp150 code 150 = array of ip-address;`. Windows: define option 150 as
//!    an array of IP addresses.
//!
//! ## When it may be wrong
//! A phone with a typed-in TFTP address needs no option; when it fetches its files all the
//! same this is a warning. One that is told its server by DHCPv6 does not need it either; then
//! the rule is silent.
//!
//! ## References
//! RFC 5859 (option 150).

use phoneboot_parsers::dhcp::MessageType;

use super::dhcpv6;
use crate::finding::{About, Confidence, Finding, Severity};
use crate::rules::Context;
use crate::session::Boot;
use crate::session::lease::LeaseMessage;

const TFTP_SERVERS: u8 = 150;

pub(in crate::rules) fn check(boot: &Boot, context: &Context<'_>) -> Vec<Finding> {
    let reads_150_first = context.profile.is_some_and(|profile| {
        profile.vendor == "Cisco" && profile.provisioning.options.first() == Some(&TFTP_SERVERS)
    });
    let Some(lease) = boot.lease.acknowledged().filter(|_| reads_150_first) else {
        return Vec::new();
    };
    // The TFTP server may come by DHCPv6 instead.
    if lease.message.option(TFTP_SERVERS).is_some() || dhcpv6::names_a_server(boot) {
        return Vec::new();
    }
    if asks_again(boot, context, lease) {
        return Vec::new();
    }
    let message = &lease.message;
    let names_itself = names_itself(boot, lease);
    let others: Vec<&str> = [
        (message.option(66).is_some(), "option 66"),
        (
            !message.server_address.is_unspecified() && !names_itself,
            "the next-server field",
        ),
        (!message.server_name.is_empty(), "the server name field"),
    ]
    .into_iter()
    .filter_map(|(given, name)| given.then_some(name))
    .collect();
    let fetched = context.fetched_anything(boot);
    let severity = if others.is_empty() && !fetched && !boot.is_registered() {
        Severity::Error
    } else {
        Severity::Warning
    };
    let asked = if boot.lease.wanted_options().contains(&TFTP_SERVERS) {
        "The phone asked for option 150 and was not given it."
    } else {
        "The lease has no option 150."
    };
    let instead = if names_itself && others.is_empty() {
        " The next-server field names the DHCP server itself, as some do of their own accord, \
         and no TFTP server answers there."
            .to_owned()
    } else if others.is_empty() {
        " Neither option 66 nor the next-server field names a server.".to_owned()
    } else {
        format!(" A server is named by {} instead.", others.join(" and "))
    };
    let came = if fetched {
        " The phone got files all the same."
    } else {
        ""
    };
    let server = boot
        .transfers
        .iter()
        .find(|transfer| transfer.answered.is_some())
        .map_or("<TFTP server>".to_owned(), |transfer| {
            transfer.server.to_string()
        });
    let finding = Finding::new(
        "dhcp-option-150-missing",
        severity,
        "the lease names no TFTP server in option 150",
    )
    .confidence(if severity == Severity::Error {
        Confidence::Likely
    } else {
        Confidence::Certain
    })
    .detail(format!("{asked}{instead}{came}"))
    .about(About {
        server: lease.server().map(Into::into),
        option: Some(TFTP_SERVERS),
        vlan: lease.vlan,
        protocol: Some("dhcp"),
        ..About::default()
    })
    .evidence(lease.at, "ACK without option 150")
    .remedy(format!(
        "Add option 150 with the address of the TFTP server to the scope of this VLAN: \
             `option 150 ip {server}` (IOS), `dhcp-option=150,{server}` (dnsmasq)."
    ));
    if names_itself && severity == Severity::Error {
        return vec![finding.remedy(format!(
            "If {} is meant to be the TFTP server, start its TFTP service.",
            message.server_address
        ))];
    }
    vec![finding]
}

/// Whether the next-server field says no more than who gave the lease (dnsmasq and others
/// fill it in so), and the phone found nobody there who answers for files.
fn names_itself(boot: &Boot, lease: &LeaseMessage) -> bool {
    let named = lease.message.server_address;
    lease.server() == Some(named)
        && !boot
            .transfers
            .iter()
            .any(|transfer| transfer.server == named && transfer.answered.is_some())
}

/// Whether the phone gave this lease up for another one that may yet come, as it does when
/// it hops into its voice VLAN, or was offered the option there.
fn asks_again(boot: &Boot, context: &Context<'_>, lease: &LeaseMessage) -> bool {
    let mut later = boot.lease.messages.iter().filter(|message| {
        message.at > lease.at
            && matches!(
                message.kind,
                Some(MessageType::Discover | MessageType::Offer | MessageType::Release)
            )
    });
    let is_offered = |message: &LeaseMessage| {
        message.kind == Some(MessageType::Offer) && message.message.option(TFTP_SERVERS).is_some()
    };
    if later.clone().any(is_offered) {
        return true;
    }
    // A second lease without it is no passing state.
    let is_only_lease = boot.lease.of_kind(MessageType::Ack).count() == 1;
    let is_recent =
        |message: &LeaseMessage| context.watched_secs_after(message.at) < context.patience_secs();
    is_only_lease && later.next_back().is_some_and(is_recent)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::Case;
    use crate::session::testing::{BootBuilder, SERVER};
    use crate::session::transfer::Status;

    #[test]
    fn no_server_at_all_is_an_error() {
        let boot = BootBuilder::new().lease(&[1, 66, 150], &[]);
        let findings = Case::new("cisco-79x1", boot).check(check);
        assert_eq!(findings[0].severity, Severity::Error);
        assert_eq!(findings[0].subject.option, Some(150));
    }

    #[test]
    fn a_phone_that_hops_to_another_vlan_is_not_judged_by_its_first_lease() {
        let hops = || {
            BootBuilder::new()
                .lease(&[1, 66, 150], &[])
                .dhcp(MessageType::Release, &[])
                .dhcp(MessageType::Discover, &[(55, &[1, 66, 150])])
        };
        let early = Case::new("cisco-79x1", hops()).ends_after_secs(2);
        assert!(early.check(check).is_empty());
        assert_eq!(Case::new("cisco-79x1", hops()).check(check).len(), 1);
        let offered = hops().dhcp(MessageType::Offer, &[(150, &SERVER.octets())]);
        assert!(Case::new("cisco-79x1", offered).check(check).is_empty());
    }

    #[test]
    fn another_source_makes_it_a_warning() {
        let boot = BootBuilder::new()
            .lease(&[1, 66, 150], &[])
            .last_dhcp(|message| message.server_address = SERVER)
            .tftp("SEP001AA17BE638.cnf.xml", Status::Complete);
        let findings = Case::new("cisco-79x1", boot).check(check);
        assert_eq!(findings[0].severity, Severity::Warning);
    }

    #[test]
    fn a_next_server_that_is_the_dhcp_server_itself_names_nobody() {
        let boot = |status| {
            BootBuilder::new()
                .lease(&[1, 66, 150], &[(54, &SERVER.octets())])
                .last_dhcp(|message| message.server_address = SERVER)
                .tftp("CTLSEP001AA17BE638.tlv", status)
        };
        let alone = Case::new("cisco-79x1", boot(Status::Unanswered)).check(check);
        assert_eq!(alone[0].severity, Severity::Error);
        assert_eq!(alone[0].remedy.len(), 2);
        let serves = Case::new("cisco-79x1", boot(Status::NotFound)).check(check);
        assert_eq!(serves[0].severity, Severity::Warning);
    }

    #[test]
    fn a_lease_with_the_option_is_fine() {
        let boot = BootBuilder::new().lease(&[150], &[(150, &[192, 0, 2, 10])]);
        assert!(Case::new("cisco-79x1", boot).check(check).is_empty());
    }

    #[test]
    fn other_makers_do_not_need_it() {
        let boot = BootBuilder::new().lease(&[66], &[]);
        assert!(
            Case::new("polycom-soundpoint", boot)
                .check(check)
                .is_empty()
        );
    }
}
