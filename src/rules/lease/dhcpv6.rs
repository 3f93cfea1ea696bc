//! What the rules of the lease phase say of DHCPv6, and what they ask about it.
//!
//! A phone that speaks IPv4 and IPv6 needs only one of them: what goes wrong with the other
//! is a note at the most.

use std::net::IpAddr;

use phoneboot_parsers::dhcpv6::MessageType;
use phoneboot_parsers::dhcpv6::options::{self, Value};
use phoneboot_parsers::{IssueKind, WireText};

use crate::finding::{About, Confidence, Finding, Severity};
use crate::rules::Context;
use crate::session::Boot;
use crate::session::lease6::{BOOT_FILE_URL, Lease6Message, VENDOR_OPTIONS};

use super::{went_on_after, works};

/// A server that is going to answer a SOLICIT does so within this time.
const ADVERTISE_SECS: f64 = 10.0;
/// A server that is going to answer a REQUEST does so within this time.
const REPLY_SECS: f64 = 8.0;
/// A phone whose first SOLICIT in the capture is older than this has been trying since
/// before the capture, in hundredths of a second.
const LATE_HUNDREDTHS: u16 = 3_000;
/// A phone that knows its server asks it within this time after the lease, where the
/// family is not known to wait longer.
const ASK_SECS: f64 = 30.0;

/// Whether the phone has what it needs by IPv4: a lease, or an address that it uses.
pub(super) fn has_ipv4(boot: &Boot, context: &Context<'_>) -> bool {
    boot.lease.acknowledged().is_some()
        || boot.lease6.ipv4_in_use
        || context.phone.addresses.iter().any(IpAddr::is_ipv4)
}

/// Whether the phone got on by IPv6: a lease, or an answer of a server.
pub(super) fn got_on_by_ipv6(boot: &Boot) -> bool {
    boot.lease6.granted().is_some()
        || boot
            .transfers
            .iter()
            .any(|transfer| transfer.server.is_ipv6() && transfer.answered.is_some())
        || boot
            .reach
            .connections
            .iter()
            .any(|connection| connection.server.is_ipv6() && connection.accepted.is_some())
}

/// Whether a router of the phone's VLAN says that addresses are to be had by DHCPv6;
/// `None` when no router is heard.
fn managed(boot: &Boot, vlan: Option<u16>) -> Option<bool> {
    let mut said = boot
        .router_advertisements
        .iter()
        .filter(|router| router.vlan == vlan)
        .map(|router| router.managed)
        .peekable();
    said.peek()?;
    Some(said.any(|managed| managed))
}

fn about(seen: &Lease6Message, option: Option<u8>) -> About {
    About {
        server: seen.server().map(Into::into),
        option,
        vlan: seen.vlan,
        protocol: Some("dhcpv6"),
        ..About::default()
    }
}

/// SOLICITs that no server answers.
pub(super) fn offer_missing(boot: &Boot, context: &Context<'_>) -> Option<Finding> {
    let solicits: Vec<_> = boot.lease6.of_kind(MessageType::Solicit).collect();
    let (first, last) = (solicits.first()?, solicits.last()?);
    let answered = boot.lease6.answers().next().is_some()
        || boot.lease6.of_kind(MessageType::Request).next().is_some();
    let late = first
        .message
        .elapsed_hundredths()
        .is_some_and(|spent| spent > LATE_HUNDREDTHS);
    let asked_secs = last.at.time.secs_since(first.at.time);
    let waited_secs = context.watched_secs_after(first.at);
    let proven = (solicits.len() > 1 && asked_secs >= 2.0 && waited_secs >= ADVERTISE_SECS / 2.0)
        || waited_secs >= ADVERTISE_SECS;
    if answered || late || !proven {
        return None;
    }
    let managed = managed(boot, last.vlan);
    let needs_none = has_ipv4(boot, context) || works(boot);
    // Where routers say that there is no DHCPv6, phones make their addresses themselves.
    // Where IPv4 works and nobody announces DHCPv6, asking in vain is normal.
    if managed == Some(false) || (needs_none && managed.is_none()) {
        return None;
    }
    let severity = if needs_none {
        Severity::Note
    } else {
        Severity::Error
    };
    let place = last
        .vlan
        .map_or("untagged".to_owned(), |vlan| format!("in VLAN {vlan}"));
    let router = boot
        .router_advertisements
        .iter()
        .find(|router| router.vlan == last.vlan && router.managed);
    let told = router.map_or(String::new(), |router| {
        format!(
            " Router {} tells phones to get their addresses by DHCPv6 (flag M).",
            router.router
        )
    });
    let mut finding = Finding::new(
        "dhcp-offer-missing",
        severity,
        format!("no DHCPv6 server answers ({place})"),
    )
    .confidence(if solicits.len() > 1 {
        Confidence::Certain
    } else {
        Confidence::Likely
    })
    .detail(format!(
        "The phone sent {} SOLICIT over {asked_secs:.0} s; the capture goes on for \
         {waited_secs:.0} s after the first and holds no ADVERTISE.{told}",
        solicits.len()
    ))
    .about(about(last, None))
    .evidence(first.at, "first SOLICIT")
    .evidence(last.at, "last SOLICIT")
    .remedy(format!(
        "Check that a DHCPv6 pool serves the phones {place}, with addresses of the router's \
         prefix."
    ))
    .remedy(
        "If the server is in another subnet, set the relay agent on this VLAN's router \
         (`ipv6 dhcp relay destination <server>` on Cisco).",
    )
    .remedy("Check that the switch lets the server's answers in (DHCPv6 guard).");
    if let Some(router) = router {
        finding = finding
            .evidence(router.first, "router advertisement with flag M")
            .remedy(
                "Or let the router announce its prefix for autonomous addresses and take back \
                 flag M, if there is to be no DHCPv6.",
            );
    }
    Some(finding)
}

/// A REQUEST that the server does not answer.
pub(super) fn reply_missing(boot: &Boot, context: &Context<'_>) -> Option<Finding> {
    let mut requests = boot.lease6.of_kind(MessageType::Request);
    let first = requests.next()?;
    let last = requests.next_back().unwrap_or(first);
    let settled = boot
        .lease6
        .of_kind(MessageType::Reply)
        .any(|reply| reply.at > first.at);
    let count = boot.lease6.of_kind(MessageType::Request).count();
    if settled
        || works(boot)
        || got_on_by_ipv6(boot)
        || has_ipv4(boot, context)
        || !context.sees_answers(boot)
        || context.watched_secs_after(last.at) < REPLY_SECS
    {
        return None;
    }
    let server = boot
        .lease6
        .answers()
        .next_back()
        .and_then(Lease6Message::server)
        .map_or("the DHCPv6 server".to_owned(), |server| {
            format!("DHCPv6 server {server}")
        });
    Some(
        Finding::new(
            "dhcp-ack-missing",
            Severity::Error,
            format!("{server} does not confirm the address that the phone takes"),
        )
        .confidence(if count > 1 {
            Confidence::Certain
        } else {
            Confidence::Likely
        })
        .detail(format!(
            "The phone sent {count} DHCPv6 REQUEST; no REPLY followed."
        ))
        .about(about(last, None))
        .evidence(first.at, "first REQUEST")
        .evidence(last.at, "last REQUEST")
        .remedy(format!(
            "See whether {server} runs and gets the REQUEST (its log names it)."
        ))
        .remedy("Look for a second DHCPv6 server, and for DHCPv6 guard on the way back."),
    )
}

/// A server that says no.
pub(super) fn refused(boot: &Boot, context: &Context<'_>) -> Option<Finding> {
    let refusals: Vec<(&Lease6Message, String)> = boot
        .lease6
        .answers()
        // One that gives an address has only something to say beside it.
        .filter(|seen| seen.given_addresses().is_empty())
        .filter_map(|seen| Some((seen, seen.refusal()?)))
        .collect();
    let ((first, _), (last, words)) = (refusals.first()?, refusals.last()?);
    let settled = boot
        .lease6
        .granted()
        .is_some_and(|granted| granted.at > last.at);
    let severity = if settled || has_ipv4(boot, context) || works(boot) {
        Severity::Note
    } else {
        Severity::Error
    };
    let server = last
        .server()
        .map_or("the DHCPv6 server".to_owned(), |server| {
            format!("DHCPv6 server {server}")
        });
    let after = if settled {
        " The phone then got an address."
    } else if severity == Severity::Note {
        " The phone goes on without."
    } else {
        " No address followed."
    };
    let finding = Finding::new(
        "dhcp-request-refused",
        severity,
        format!("{server} refuses an address: {words}"),
    )
    .detail(format!(
        "{} refusal{} by DHCPv6 in this boot; the last status is {words}.{after}",
        refusals.len(),
        if refusals.len() == 1 { "" } else { "s" }
    ))
    .about(about(last, None))
    .evidence(first.at, "first refusal")
    .evidence(last.at, "last refusal");
    Some(match words.split(' ').next() {
        Some("NoAddrsAvail") => finding
            .remedy(
                "Give the server a DHCPv6 pool of this VLAN's prefix, or enlarge it: none of its \
                 addresses is free for this phone.",
            )
            .remedy(
                "Behind a relay agent the server picks the pool by the relay's link-address: check \
                 that it lies within the pool's prefix.",
            ),
        Some("NotOnLink") => finding.remedy(
            "The address belongs to another link: compare the pool's prefix with what the router \
             of this VLAN advertises.",
        ),
        _ => finding.remedy(format!("Look into the log of {server} for the reason.")),
    })
}

/// A lease by DHCPv6 alone that names no provisioning server.
pub(super) fn provisioning_missing(boot: &Boot, context: &Context<'_>) -> Option<Finding> {
    let profile = context.profile?;
    let reply = boot
        .lease6
        .granted()
        .or_else(|| boot.lease6.of_kind(MessageType::Reply).next_back())?;
    let by_dhcp = !profile.provisioning.options.is_empty();
    if !by_dhcp
        || boot.lease6.names_a_server()
        || has_ipv4(boot, context)
        || (reply.given_addresses().is_empty() && reply.refusal().is_some())
    {
        return None;
    }
    let went_on = went_on_after(boot, reply.at);
    let patience = profile.first_request_secs.map_or(ASK_SECS, f64::from);
    if went_on || (context.watched_secs_after(reply.at) < patience && !boot.followed_by_another) {
        return None;
    }
    let wanted = boot.lease6.wanted_options();
    let cisco = profile.vendor == "Cisco";
    let best = if cisco || !wanted.contains(&BOOT_FILE_URL) && wanted.contains(&VENDOR_OPTIONS) {
        VENDOR_OPTIONS
    } else {
        BOOT_FILE_URL
    };
    let finding = Finding::new(
        "dhcp-provisioning-missing",
        Severity::Error,
        "the DHCPv6 lease names no provisioning server (options 59, 17)",
    )
    .confidence(Confidence::Likely)
    .detail(
        "The phone has its address by IPv6 only. The REPLY carries neither a boot file URL \
         (option 59) nor vendor options (17) that name a server, and the phone asks nobody.",
    )
    .about(about(reply, u8::try_from(best).ok()))
    .evidence(reply.at, "REPLY without a provisioning server");
    Some(if cisco {
        finding.remedy(
            "Add the TFTP server's address to the DHCPv6 pool: option 17, enterprise 9, sub-option \
             1. IOS: `vendor-specific 9` and `suboption 1 address <server>` in the `ipv6 dhcp \
             pool`.",
        )
    } else {
        finding
            .remedy(
                "Add option 59 with the URL of the provisioning server to the DHCPv6 pool; an \
                 address in it stands in brackets: `http://[2001:db8::10]/`.",
            )
            .remedy("Or type the server into the phone's own settings.")
    })
}

/// Provisioning values that the phone cannot use.
pub(super) fn malformed(boot: &Boot, context: &Context<'_>) -> Vec<Finding> {
    let Some(data) = boot.lease6.boot_data() else {
        return Vec::new();
    };
    let url = data.message.option(BOOT_FILE_URL).and_then(|bytes| {
        let fault = url_fault(bytes)?;
        Some((BOOT_FILE_URL, WireText::new(bytes), fault))
    });
    let vendors = data.message.all(VENDOR_OPTIONS).filter_map(|bytes| {
        let (value, issues) = options::value(VENDOR_OPTIONS, bytes);
        let fault = issues
            .into_iter()
            .find(|issue| issue.kind == IssueKind::Malformed)?;
        let shown = match value {
            Value::VendorOptions(_) => value.to_string(),
            _ => return None,
        };
        Some((VENDOR_OPTIONS, WireText::from(shown.as_str()), fault.detail))
    });
    url.into_iter()
        .chain(vendors)
        .map(|(code, shown, fault)| {
            let works = boot.is_registered() || context.fetched_anything(boot);
            let name = options::row(code).map_or("", |row| row.name);
            let after = if works {
                " The phone got files all the same."
            } else {
                ""
            };
            let finding = Finding::new(
                "dhcp-provisioning-malformed",
                if works {
                    Severity::Warning
                } else {
                    Severity::Error
                },
                format!("DHCPv6 option {code} {fault}"),
            )
            .confidence(Confidence::Certain)
            .detail(format!("Option {code} ({name}) holds \"{shown}\".{after}"))
            .about(about(data, u8::try_from(code).ok()))
            .evidence(data.at, format!("option {code} = {shown}"));
            if code == BOOT_FILE_URL {
                finding.remedy(
                    "Enter option 59 as a URL with its scheme; an IPv6 address in it stands in \
                     brackets: `tftp://[2001:db8::10]/` or `http://[2001:db8::10]/file`.",
                )
            } else {
                finding.remedy(
                    "Enter the sub-option as a list of IPv6 addresses, 16 bytes each, not as text. \
                     IOS: `suboption 1 address <server>` under `vendor-specific 9`.",
                )
            }
        })
        .collect()
}

/// What is wrong with a boot file URL (RFC 5970 §3.1); `None` when nothing is.
fn url_fault(bytes: &[u8]) -> Option<String> {
    let text = WireText::without_trailing_nuls(bytes);
    let shown = text.to_string();
    if text.is_empty() {
        return Some("is empty".to_owned());
    }
    if text
        .as_bytes()
        .iter()
        .any(|&byte| byte <= b' ' || matches!(byte, b'"' | b'\\' | b'<' | b'>' | 0x7f))
    {
        return Some("holds a blank, quotation mark, backslash or control character".to_owned());
    }
    let Some((_, behind)) = shown.split_once("://") else {
        return Some("has no scheme, which a URL needs".to_owned());
    };
    let authority = behind.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    if host.is_empty() {
        return Some("names no host".to_owned());
    }
    let bare = !host.starts_with('[') && host.matches(':').count() > 1;
    if bare {
        return Some("has an IPv6 address without brackets".to_owned());
    }
    let inside = host.strip_prefix('[').map(|rest| rest.split(']').next());
    match inside {
        Some(Some(address)) if address.parse::<std::net::Ipv6Addr>().is_err() => {
            Some("has no IPv6 address within its brackets".to_owned())
        }
        _ => None,
    }
}

/// Whether the DHCPv6 exchange names a provisioning server.
pub(super) fn names_a_server(boot: &Boot) -> bool {
    boot.lease6.names_a_server()
}

#[cfg(test)]
mod tests {
    use phoneboot_parsers::{Input, dhcpv6};

    use super::*;
    use crate::rules::testing::Case;
    use crate::session::lease6::RouterAdvertisement;
    use crate::session::testing::BootBuilder;
    use crate::session::transfer::Status;

    const FAMILY: &str = "cisco-78xx-88xx";

    /// Adds a DHCPv6 message of this type with these options behind its address.
    fn with_message(boot: BootBuilder, kind: u8, options: &[(u16, &[u8])]) -> BootBuilder {
        let mut bytes = vec![kind, 0, 0, 1];
        for (code, value) in options {
            bytes.extend(code.to_be_bytes());
            bytes.extend(u16::try_from(value.len()).unwrap().to_be_bytes());
            bytes.extend(*value);
        }
        let message = dhcpv6::decode(Input::whole(&bytes)).unwrap().value;
        boot.with(|boot, at| {
            boot.lease6.messages.push(Lease6Message {
                at,
                vlan: None,
                sender: Some("fe80::1".parse().unwrap()),
                message,
            });
            boot.ended = at;
        })
    }

    fn solicits(times: u32) -> BootBuilder {
        (0..times).fold(BootBuilder::new(), |boot, _| {
            with_message(boot.after_secs(2), 1, &[(8, &[0, 0])])
        })
    }

    fn router(boot: BootBuilder, managed: bool) -> BootBuilder {
        boot.with(|boot, at| {
            boot.router_advertisements.push(RouterAdvertisement {
                first: at,
                last: at,
                vlan: None,
                router: "fe80::1".parse().unwrap(),
                managed,
                other: false,
                lifetime_secs: 1_800,
                prefixes: Vec::new(),
                name_servers: Vec::new(),
            });
        })
    }

    /// An `IA_NA` with an address.
    fn association() -> Vec<u8> {
        let mut value = vec![0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5, 0, 24];
        value.extend([0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x61]);
        value.extend([0, 0, 1, 0, 0, 0, 1, 0]);
        value
    }

    fn leased(more: &[(u16, &[u8])]) -> BootBuilder {
        let association = association();
        let options = [&[(3, &association[..])][..], more].concat();
        with_message(solicits(1), 7, &options)
    }

    /// What a check says of a phone without any IPv4 address.
    fn check_v6(
        boot: BootBuilder,
        check: impl Fn(&Boot, &Context<'_>) -> Vec<Finding>,
    ) -> Vec<Finding> {
        Case::new(FAMILY, boot).without_addresses().check(check)
    }

    fn offer(boot: &Boot, context: &Context<'_>) -> Vec<Finding> {
        offer_missing(boot, context).into_iter().collect()
    }

    #[test]
    fn a_silence_where_dhcpv6_is_announced_is_an_error() {
        let findings = check_v6(router(solicits(4), true), offer);
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].severity, Severity::Error);
        assert!(findings[0].detail.contains("(flag M)"));
        let findings = check_v6(solicits(4), offer);
        assert_eq!(findings[0].severity, Severity::Error, "no IPv4 either");
    }

    #[test]
    fn a_silence_is_nothing_where_ipv4_works_or_no_dhcpv6_is_to_be() {
        let has_ipv4 = Case::new(FAMILY, solicits(4)).check(offer);
        assert_eq!(has_ipv4, []);
        let announced = Case::new(FAMILY, router(solicits(4), true)).check(offer);
        assert_eq!(announced[0].severity, Severity::Note);
        assert_eq!(check_v6(router(solicits(4), false), offer), []);
        let in_use = solicits(4).with(|boot, _| boot.lease6.ipv4_in_use = true);
        assert_eq!(check_v6(in_use, offer), []);
        assert_eq!(check_v6(leased(&[]), offer), []);
        let late = with_message(BootBuilder::new(), 1, &[(8, &[0xff, 0xff])]);
        assert_eq!(check_v6(late, offer), [], "began before the capture");
        let short = Case::new(FAMILY, solicits(1)).without_addresses();
        assert_eq!(short.ends_after_secs(2).check(offer), []);
    }

    #[test]
    fn a_request_without_a_reply_is_an_error() {
        let check =
            |boot: &Boot, context: &Context<'_>| reply_missing(boot, context).into_iter().collect();
        let asked = || with_message(with_message(solicits(1), 2, &[]), 3, &[]);
        let findings = check_v6(asked(), check);
        assert_eq!(findings.len(), 1);
        assert_eq!(
            findings[0].title,
            "DHCPv6 server fe80::1 does not confirm the address that the phone takes"
        );
        assert_eq!(check_v6(with_message(asked(), 7, &[]), check), []);
        assert_eq!(Case::new(FAMILY, asked()).check(check), []);
    }

    #[test]
    fn a_refusal_is_an_error_unless_the_phone_goes_on() {
        let check =
            |boot: &Boot, context: &Context<'_>| refused(boot, context).into_iter().collect();
        let refused = || with_message(solicits(1), 7, &[(13, &[0, 4])]);
        let findings: Vec<Finding> = check_v6(refused(), check);
        assert_eq!(findings[0].severity, Severity::Error);
        assert_eq!(
            findings[0].title,
            "DHCPv6 server fe80::1 refuses an address: NotOnLink"
        );
        let association = association();
        let settled = with_message(refused(), 7, &[(3, &association)]);
        assert_eq!(check_v6(settled, check)[0].severity, Severity::Note);
        let by_ipv4 = Case::new(FAMILY, refused()).check(check);
        assert_eq!(by_ipv4[0].severity, Severity::Note);
        assert_eq!(check_v6(leased(&[]), check), []);
    }

    #[test]
    fn a_lease_must_name_a_server_or_the_phone_know_one() {
        let check = |boot: &Boot, context: &Context<'_>| {
            provisioning_missing(boot, context).into_iter().collect()
        };
        let findings: Vec<Finding> = check_v6(leased(&[]), check);
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].subject.option, Some(17));
        assert!(findings[0].remedy[0].contains("suboption 1 address"));
        let url: &[u8] = b"tftp://[2001:db8::10]/";
        assert_eq!(check_v6(leased(&[(59, url)]), check), []);
        let went_on = leased(&[]).tftp("SEP001AA17BE638.cnf.xml", Status::Complete);
        assert_eq!(check_v6(went_on, check), []);
        assert_eq!(Case::new(FAMILY, leased(&[])).check(check), []);
        let short = Case::new(FAMILY, leased(&[])).without_addresses();
        assert_eq!(short.ends_after_secs(2).check(check), []);
    }

    #[test]
    fn urls_and_sub_options_that_cannot_be_used_are_told() {
        for (url, fault) in [
            (
                &b"http://2001:db8::10/"[..],
                "has an IPv6 address without brackets",
            ),
            (
                b"http://[2001:db8::zz]/",
                "has no IPv6 address within its brackets",
            ),
            (b"2001:db8::10", "has no scheme, which a URL needs"),
            (b"http:///x", "names no host"),
            (
                b"http://a b/",
                "holds a blank, quotation mark, backslash or control character",
            ),
            (b"", "is empty"),
        ] {
            let findings = check_v6(leased(&[(59, url)]), malformed);
            assert_eq!(findings.len(), 1, "{fault}");
            assert_eq!(findings[0].title, format!("DHCPv6 option 59 {fault}"));
            assert_eq!(findings[0].severity, Severity::Error);
        }
        let text = b"\0\0\0\x09\0\x01\0\x0c2001:db8::10";
        let findings = check_v6(leased(&[(17, text)]), malformed);
        assert_eq!(
            findings[0].title,
            "DHCPv6 option 17 sub-option 1 is 12 bytes, must be a multiple of 16"
        );
        for url in [
            &b"http://[2001:db8::10]:8080/a"[..],
            b"tftp://u:p@host.example/a",
            b"http://host:80",
        ] {
            assert_eq!(check_v6(leased(&[(59, url)]), malformed), []);
        }
    }
}
