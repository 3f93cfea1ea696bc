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
use crate::session::lease6::{BOOT_FILE_URL, Lease6Message, VENDOR_OPTIONS};
use crate::session::{Boot, Phase};

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
fn has_ipv4(boot: &Boot, context: &Context<'_>) -> bool {
    boot.lease.acknowledged().is_some() || context.phone.addresses.iter().any(IpAddr::is_ipv4)
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

fn went_on(boot: &Boot) -> bool {
    boot.is_registered()
        || boot
            .transfers
            .iter()
            .any(|transfer| transfer.answered.is_some())
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
    let needs_none = has_ipv4(boot, context) || went_on(boot);
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
        || went_on(boot)
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
    let severity = if settled || has_ipv4(boot, context) || went_on(boot) {
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
    let went_on = boot
        .timeline
        .iter()
        .any(|step| step.phase >= Phase::Fetch && step.at > reply.at)
        || boot
            .reach
            .connections
            .iter()
            .any(|connection| connection.first > reply.at);
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
