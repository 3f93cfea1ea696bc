//! INFORMATION-REQUEST that no server answers, for `dhcp-offer-missing`: a phone that makes
//! its IPv6 address itself and asks for the rest (RFC 8415 §18.2.6).

use phoneboot_parsers::dhcpv6::MessageType;

use crate::finding::{About, Confidence, Finding, Severity};
use crate::rules::Context;
use crate::session::Boot;

use super::dhcpv6::has_ipv4;
use super::works;

/// A server that is going to answer does so within this time.
const REPLY_SECS: f64 = 10.0;

pub(super) fn unanswered(boot: &Boot, context: &Context<'_>) -> Option<Finding> {
    let mut requests = boot.lease6.of_kind(MessageType::InformationRequest);
    let first = requests.next()?;
    let last = requests.next_back().unwrap_or(first);
    let count = boot.lease6.of_kind(MessageType::InformationRequest).count();
    let answered = boot.lease6.of_kind(MessageType::Reply).next().is_some();
    // Who has another way, by what it had stored or by IPv4, needs no answer.
    let needs_none = has_ipv4(boot, context)
        || works(boot)
        || !boot.reach.connections.is_empty()
        || !boot.transfers.is_empty()
        || !boot.lookups.is_empty();
    let waited_secs = context.watched_secs_after(first.at);
    if answered || needs_none || count < 2 || waited_secs < REPLY_SECS {
        return None;
    }
    let place = last
        .vlan
        .map_or("untagged".to_owned(), |vlan| format!("in VLAN {vlan}"));
    let router = boot
        .router_advertisements
        .iter()
        .find(|router| router.vlan == last.vlan && (router.other || router.managed));
    let told = router.map_or(String::new(), |router| {
        let flag = if router.managed { 'M' } else { 'O' };
        format!(
            " Router {} sends phones to DHCPv6 for it (flag {flag}).",
            router.router
        )
    });
    let mut finding = Finding::new(
        "dhcp-offer-missing",
        Severity::Error,
        format!("no DHCPv6 server tells the phone its settings ({place})"),
    )
    .confidence(Confidence::Likely)
    .detail(format!(
        "The phone makes its address itself and asks for name servers and boot options by \
         INFORMATION-REQUEST, {count} times; no REPLY is in the {waited_secs:.0} s that follow.{told}"
    ))
    .about(About {
        vlan: last.vlan,
        protocol: Some("dhcpv6"),
        ..About::default()
    })
    .evidence(first.at, "first INFORMATION-REQUEST")
    .evidence(last.at, "last INFORMATION-REQUEST");
    if let Some(router) = router {
        finding = finding.evidence(router.first, "router advertisement");
    }
    Some(
        finding
            .remedy(format!(
                "Let a DHCPv6 server answer the phones {place}, if only for settings: on Cisco a pool without \
                 addresses and `ipv6 dhcp server <pool>` on the interface, with the provisioning \
                 server in option 59 or 17."
            ))
            .remedy(
                "If the server is in another subnet, set the relay agent on this VLAN's router \
                 (`ipv6 dhcp relay destination <server>` on Cisco); see that the switch lets its \
                 answers in (DHCPv6 guard).",
            )
            .remedy("Or type the server into the phone's own settings."),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::Case;
    use crate::session::lease6::RouterAdvertisement;
    use crate::session::testing::BootBuilder;
    use crate::session::transfer::Status;

    fn asked(times: u32) -> BootBuilder {
        (0..times).fold(BootBuilder::new(), |boot, _| {
            boot.after_secs(2).dhcpv6(11, &[(8, &[0, 0])])
        })
    }

    fn case(boot: BootBuilder) -> Case {
        Case::new("yealink-t4x", boot).without_addresses()
    }

    fn check(case: &Case) -> Vec<Finding> {
        case.check(|boot, context| unanswered(boot, context).into_iter().collect())
    }

    #[test]
    fn questions_for_settings_that_nobody_answers_are_an_error() {
        let announced = asked(3).with(|boot, at| {
            boot.router_advertisements.push(RouterAdvertisement {
                first: at,
                last: at,
                vlan: None,
                router: "fe80::1".parse().unwrap(),
                managed: false,
                other: true,
                lifetime_secs: 1_800,
                prefixes: Vec::new(),
                name_servers: Vec::new(),
            });
        });
        let findings = check(&case(announced));
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].severity, Severity::Error);
        assert_eq!(
            findings[0].title,
            "no DHCPv6 server tells the phone its settings (untagged)"
        );
        assert!(findings[0].detail.ends_with("(flag O)."));
        assert_eq!(check(&case(asked(3))).len(), 1, "no router is heard");
    }

    #[test]
    fn an_answer_another_way_or_a_short_capture_is_silent() {
        assert_eq!(check(&case(asked(3).dhcpv6(7, &[]))), []);
        assert_eq!(check(&case(asked(1))), []);
        assert_eq!(check(&Case::new("yealink-t4x", asked(3))), [], "IPv4");
        let went_on = asked(3).http("/a.cfg", Status::Complete, 200);
        assert_eq!(check(&case(went_on)), []);
        let looked_up = asked(3).lookup("prov.example.com", 28, 1, None);
        assert_eq!(check(&case(looked_up)), []);
        assert_eq!(check(&case(asked(2)).ends_after_secs(1)), []);
    }
}
