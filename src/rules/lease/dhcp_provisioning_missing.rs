//! The lease carries none of the options from which this family learns its server.
//!
//! ## What it sees
//! An acknowledgement without any of the options that the family reads (66, 160, 159, 43 …),
//! and without the header fields where the family reads those. Cisco's option 150 has a rule
//! of its own. A phone with IPv6 only: a REPLY without a boot file URL (option 59) and without
//! vendor options (17). It tells, too, when a server answers the phone's search by SIP plug and
//! play and names no URL.
//!
//! ## Why the phone stops
//! A phone that has lost its settings knows no server. One with settings goes on with those,
//! and the missing option does not matter.
//!
//! ## How to fix it
//! 1. Add the option that the family reads first, with the server's address or URL.
//! 2. Some DHCP servers send only options that the phone asks for (option 55): check that
//!    the one you set is among them.
//!
//! ## When it may be wrong
//! The server may be set on the phone itself, or be found by SIP plug and play or by the maker's
//! redirection service. When the phone fetches anything this is a note.
//!
//! ## References
//! RFC 2132 §9.4 (option 66); RFC 5970 §3.1 (DHCPv6 option 59); the families' own options: `phoneboot phones`.

use super::{dhcpv6, went_on_after};
use crate::finding::{About, Confidence, Finding, Severity};
use crate::rules::Context;
use crate::session::Boot;

/// A phone that knows its server asks it within this time after the lease, where the
/// family is not known to wait longer.
const ASK_SECS: f64 = 30.0;

pub(in crate::rules) fn check(boot: &Boot, context: &Context<'_>) -> Vec<Finding> {
    let (Some(profile), Some(lease)) = (context.profile, boot.lease.acknowledged()) else {
        let by_ipv6 = dhcpv6::provisioning_missing(boot, context);
        return by_ipv6.into_iter().collect();
    };
    let wanted = &profile.provisioning.options;
    let message = &lease.message;
    let in_header = profile.provisioning.header_fields
        && (!message.server_address.is_unspecified() || !message.server_name.is_empty());
    // An answer to an INFORM can bring what the lease did not.
    let given = boot.lease.messages.iter().any(|seen| {
        seen.message.op == 2
            && seen.at >= lease.at
            && wanted
                .iter()
                .any(|&code| seen.message.option(code).is_some())
    });
    let given = given || dhcpv6::names_a_server(boot) || boot.plug_and_play.url.is_some();
    if wanted.is_empty() || wanted.first() == Some(&150) || given || in_header {
        return Vec::new();
    }
    let went_on = went_on_after(boot, lease.at);
    let idle_secs = context.watched_secs_after(lease.at);
    let patience = profile.first_request_secs.map_or(ASK_SECS, f64::from);
    let severity = if went_on {
        Severity::Note
    } else if idle_secs >= patience || boot.followed_by_another {
        Severity::Error
    } else {
        // It may yet ask a server that it was told of before.
        return Vec::new();
    };
    let names: Vec<String> = wanted.iter().map(ToString::to_string).collect();
    let asked = boot.lease.wanted_options();
    let askable: Vec<String> = wanted
        .iter()
        .filter(|code| asked.contains(code))
        .map(ToString::to_string)
        .collect();
    let best = askable
        .first()
        .or(names.first())
        .map_or("66", String::as_str);
    let finding = Finding::new(
        "dhcp-provisioning-missing",
        severity,
        format!(
            "the lease names no provisioning server (options {})",
            names.join(", ")
        ),
    )
    .confidence(if severity == Severity::Error {
        Confidence::Likely
    } else {
        Confidence::Certain
    })
    .detail(format!(
        "This phone reads options {} in this order{}; the acknowledgement has none of them.",
        names.join(", "),
        if askable.is_empty() {
            String::new()
        } else {
            format!(" and asked for {}", askable.join(", "))
        }
    ))
    .about(About {
        server: lease.server().map(Into::into),
        option: best.parse().ok(),
        vlan: lease.vlan,
        protocol: Some("dhcp"),
        ..About::default()
    })
    .evidence(lease.at, "ACK without a provisioning option")
    .remedy(format!(
        "Add option {best} with the provisioning server's address or URL to this scope."
    ))
    .remedy("Or type the server into the phone's own settings.");
    vec![plug_and_play(boot, finding)]
}

/// What became of the search by SIP plug and play, where somebody answered it.
fn plug_and_play(boot: &Boot, finding: Finding) -> Finding {
    let Some(answer) = &boot.plug_and_play.answer else {
        return finding;
    };
    let (status, from) = answer.value;
    let who = from.map_or("A server".to_owned(), |from| from.to_string());
    let detail = format!(
        "{} {who} answered the phone's search by SIP plug and play with {status} and sent no \
         NOTIFY with a URL.",
        finding.detail
    );
    finding
        .detail(detail)
        .evidence(answer.at, format!("{status} to SUBSCRIBE, and no NOTIFY"))
        .remedy(format!(
            "Or let plug and play do it: see that {who} knows this phone's MAC address and has a \
             provisioning URL to tell, and that its NOTIFY reaches the phone."
        ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::Case;
    use crate::session::testing::BootBuilder;
    use crate::session::transfer::Status;

    #[test]
    fn a_phone_without_any_server_is_stuck() {
        let boot = BootBuilder::new().lease(&[1, 3, 66, 160], &[]);
        let findings = Case::new("polycom-soundpoint", boot)
            .ends_after_secs(1000)
            .check(check);
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].severity, Severity::Error);
    }

    #[test]
    fn a_search_that_is_answered_without_a_url_is_told() {
        let boot = BootBuilder::new().lease(&[66], &[]).with(|boot, at| {
            boot.plug_and_play.asked = Some(at);
            let from = Some([192, 0, 2, 20].into());
            boot.plug_and_play.answer = Some(crate::event::Seen::new((200, from), at));
        });
        let findings = Case::new("snom", boot).ends_after_secs(1000).check(check);
        assert!(
            findings[0].detail.contains("192.0.2.20 answered"),
            "{}",
            findings[0].detail
        );
        assert_eq!(findings[0].remedy.len(), 3);
        assert_eq!(findings[0].evidence.len(), 2);
    }

    #[test]
    fn a_phone_with_settings_of_its_own_is_a_note() {
        let boot = BootBuilder::new().lease(&[1, 3, 66, 160], &[]).http(
            "/0004f2aabbcc.cfg",
            Status::Complete,
            200,
        );
        let findings = Case::new("polycom-soundpoint", boot).check(check);
        assert_eq!(findings[0].severity, Severity::Note);
    }

    #[test]
    fn a_capture_that_ends_with_the_lease_proves_nothing() {
        let boot = BootBuilder::new().lease(&[1, 3, 66, 160], &[]);
        let case = Case::new("polycom-soundpoint", boot).ends_after_secs(2);
        assert!(case.check(check).is_empty());
    }

    #[test]
    fn one_of_the_options_is_enough() {
        let boot = BootBuilder::new().lease(&[66, 160], &[(66, b"http://192.0.2.10")]);
        assert!(
            Case::new("polycom-soundpoint", boot)
                .check(check)
                .is_empty()
        );
    }
}
