//! One lease names different provisioning servers.
//!
//! ## What it sees
//! An acknowledgement in which two sources that this family reads (option 150, 66, 160 …, and
//! for some families the header's next server and server name) name servers that have nothing
//! in common. Names and addresses are not compared with each other.
//!
//! ## Why the phone stops
//! The phone takes the first source in its own order. If that is the one that was forgotten when
//! the server moved, it asks the wrong machine.
//!
//! ## How to fix it
//! Make all sources name the same server, or remove those that are not needed. `phoneboot
//! phones` tells the order in which the family reads them.
//!
//! ## When it may be wrong
//! Two models in one scope may be meant to go to two servers by two options. A phone that comes
//! up is only noted. A next-server field that names the DHCP server itself is passed over: many
//! servers put it there unasked.
//!
//! ## References
//! RFC 5859 (option 150); RFC 2132 §9.4 (option 66); RFC 2131 §2 (`siaddr`, `sname`).

use phoneboot_parsers::dhcp;

use crate::finding::{About, Confidence, Finding, Severity};
use crate::profiles::provisioning::{Provisioning, ValueForm};
use crate::rules::Context;
use crate::rules::servers::{self, Named, Source};
use crate::session::Boot;

pub(in crate::rules) fn check(boot: &Boot, context: &Context<'_>) -> Vec<Finding> {
    let (Some(profile), Some(lease)) = (context.profile, boot.lease.acknowledged()) else {
        return Vec::new();
    };
    let sources = sources(&profile.provisioning, &lease.message);
    let Some(((used, first), rest)) = sources.split_first() else {
        return Vec::new();
    };
    let other: Vec<&(Source, Named)> = rest
        .iter()
        .filter(|(_, named)| named.differs(first))
        .collect();
    if other.is_empty() {
        return Vec::new();
    }
    let came_up = boot.is_registered() || context.is_loaded(boot) || context.fetched_anything(boot);
    let severity = if came_up {
        Severity::Note
    } else {
        Severity::Warning
    };
    let others: Vec<String> = other
        .iter()
        .map(|(source, named)| format!("{} names {}", source.words(), named.words()))
        .collect();
    let used_server = match first {
        Named::Addresses(list) => list.first().copied(),
        Named::Name(_) => None,
    };
    vec![
        Finding::new(
            "dhcp-provisioning-conflict",
            severity,
            format!(
                "the lease names different servers: {} in {}, {} in {}",
                first.words(),
                used.words(),
                other
                    .first()
                    .map_or(String::new(), |(_, named)| named.words()),
                other
                    .first()
                    .map_or(String::new(), |(source, _)| source.words()),
            ),
        )
        .confidence(Confidence::Likely)
        .detail(format!(
            "This phone reads {} first, which names {}; {}.",
            used.words(),
            first.words(),
            others.join(", and ")
        ))
        .about(About {
            server: used_server.map(Into::into),
            option: match used {
                Source::Option(code) => Some(*code),
                Source::NextServer | Source::ServerName => None,
            },
            vlan: lease.vlan,
            protocol: Some("dhcp"),
            ..About::default()
        })
        .evidence(lease.at, "ACK")
        .remedy(format!(
            "Decide which server is the right one and let {} and {} name it, or remove the one \
             that is not needed.",
            used.words(),
            other
                .first()
                .map_or(String::new(), |(source, _)| source.words()),
        )),
    ]
}

/// What the family reads, in its order, as far as it names a server that can be compared.
fn sources(provisioning: &Provisioning, message: &dhcp::Message) -> Vec<(Source, Named)> {
    let comparable = |code: &u8| {
        matches!(
            provisioning.value_forms.get(code),
            Some(ValueForm::Addresses | ValueForm::Host | ValueForm::Url { .. })
        )
    };
    let options = provisioning
        .options
        .iter()
        .filter(|code| comparable(code))
        .filter_map(|&code| Some((Source::Option(code), servers::by_option(message, code)?)));
    let header = [
        (Source::NextServer, servers::by_next_server(message)),
        (Source::ServerName, servers::by_server_name(message)),
    ]
    .into_iter()
    .filter(|_| provisioning.header_fields)
    .filter_map(|(source, named)| Some((source, named?)));
    options.chain(header).collect()
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;
    use crate::rules::testing::Case;
    use crate::session::testing::BootBuilder;
    use crate::session::transfer::Status;

    const WANTED: &[u8] = &[150, 66];

    fn check_of(boot: BootBuilder) -> Vec<Finding> {
        Case::new("cisco-79x1", boot).check(check)
    }

    fn two_options(other: &[u8]) -> BootBuilder {
        BootBuilder::new().lease(WANTED, &[(150, &[192, 0, 2, 10]), (66, other)])
    }

    #[test]
    fn two_addresses_are_a_conflict() {
        let findings = check_of(two_options(b"192.0.2.99"));
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].severity, Severity::Warning);
        assert_eq!(
            findings[0].title,
            "the lease names different servers: 192.0.2.10 in option 150, 192.0.2.99 in option 66"
        );
    }

    #[test]
    fn a_phone_that_comes_up_is_a_note() {
        let boot = two_options(b"192.0.2.99").tftp("SEP001AA17BE638.cnf.xml", Status::Complete);
        assert_eq!(check_of(boot)[0].severity, Severity::Note);
    }

    #[test]
    fn one_server_in_common_is_none() {
        assert!(check_of(two_options(b"192.0.2.10")).is_empty());
        let pair = BootBuilder::new().lease(
            WANTED,
            &[(150, &[192, 0, 2, 9, 192, 0, 2, 10]), (66, b"192.0.2.10")],
        );
        assert!(check_of(pair).is_empty());
    }

    #[test]
    fn a_name_may_be_the_same_server() {
        assert!(check_of(two_options(b"tftp.example")).is_empty());
    }

    #[test]
    fn a_next_server_that_is_the_dhcp_server_says_nothing() {
        let with_next = |last| {
            BootBuilder::new()
                .lease(WANTED, &[(150, &[192, 0, 2, 20])])
                .last_dhcp(move |message| message.server_address = Ipv4Addr::new(192, 0, 2, last))
        };
        assert!(check_of(with_next(10)).is_empty());
        assert_eq!(check_of(with_next(77)).len(), 1);
    }
}
