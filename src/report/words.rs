//! The words that the formats for people share: who a phone is, how a boot went,
//! how long it took.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::model::{Boot, Capture, Finding, Link, Phone, Power, Report, Step};
use super::model6::Lease6;
use crate::session::watts;

/// Whether a terminal may act on this character instead of showing it: control
/// characters, line separators, and the marks that turn the direction of writing.
pub(super) fn acts_on_a_terminal(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// The text with every character escaped that a terminal may act on, as `\xNN`.
pub(super) fn plain(text: &str) -> Cow<'_, str> {
    use std::fmt::Write;

    if !text.contains(acts_on_a_terminal) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        if acts_on_a_terminal(character) {
            let mut utf8 = [0; 4];
            for byte in character.encode_utf8(&mut utf8).bytes() {
                // Writing to a String cannot fail.
                let _ = write!(safe, "\\x{byte:02x}");
            }
        } else {
            safe.push(character);
        }
    }
    Cow::Owned(safe)
}

/// Milliseconds as people say them: `12 ms`, `41.0 s`, `3 min 20 s`, `2 h 5 min`.
pub(super) fn duration(ms: u64) -> String {
    let secs = ms / 1000;
    match ms {
        0..1_000 => format!("{ms} ms"),
        1_000..120_000 => format!("{secs}.{} s", ms % 1000 / 100),
        120_000..7_200_000 => format!("{} min {} s", secs / 60, secs % 60),
        _ => format!("{} h {} min", secs / 3600, secs % 3600 / 60),
    }
}

/// An offset within a boot: `12.345`, in seconds.
pub(super) fn offset_secs(offset_ms: f64) -> String {
    format!("{:.3}", offset_ms / 1000.0)
}

/// `1 frame`, `2 frames`.
pub(super) fn count(n: u64, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

/// A number of list elements, for [`count`].
pub(super) fn n(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

/// Vendor and model of a phone in a few words.
pub(super) fn kind_of_phone(phone: &Phone) -> String {
    match (&phone.vendor, &phone.model) {
        (Some(vendor), Some(model)) => format!("{vendor} {model}"),
        (Some(vendor), None) => format!("{vendor} phone"),
        (None, Some(model)) => model.clone(),
        (None, None) => "Phone of unknown make".to_owned(),
    }
}

/// Name, MAC and IP addresses of a phone, as far as they are known.
pub(super) fn names_of_phone(phone: &Phone) -> String {
    let name = phone.name.clone();
    let id = phone.mac.clone().unwrap_or_else(|| phone.id.clone());
    let addresses = phone.addresses.iter().cloned();
    let names: Vec<_> = name.into_iter().chain([id]).chain(addresses).collect();
    names.join("  ")
}

/// What a phone was recognised by; the first three of it unless `all`.
pub(super) fn recognised_by(phone: &Phone, all: bool) -> Option<String> {
    let shown = if all { usize::MAX } else { 3 };
    let mut parts: Vec<_> = phone
        .identified_by
        .iter()
        .take(shown)
        .map(|clue| {
            // Some phones count the NUL of their C strings in.
            let value = clue.value.trim_end_matches('\0');
            format!("{} \"{value}\" (frame {})", clue.source, clue.frame)
        })
        .collect();
    if let Some(more) = phone.identified_by.len().checked_sub(shown)
        && more > 0
    {
        parts.push(format!("{more} more"));
    }
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// How a boot ended, in words behind its capital one: (`FAILED`, `in fetch after 41.0 s`).
pub(super) fn ending(boot: &Boot) -> (String, String) {
    let took = duration(boot.duration_ms);
    // Where it failed, which need not be the furthest phase that it reached.
    let failed = boot.phases.iter().find(|phase| phase.status == "failed");
    let phase = failed.map_or(boot.phase, |phase| phase.phase);
    let rest = match boot.outcome {
        "registered" => format!("after {}", registered_after(boot).unwrap_or(took)),
        "loaded" => format!("after {took}; no registration was seen"),
        "incomplete" => format!("in {phase}: the capture ends after {took}"),
        _ => format!("in {phase} after {took}"),
    };
    (boot.outcome.to_uppercase(), rest)
}

/// How long the phone took from its first frame to its registration.
fn registered_after(boot: &Boot) -> Option<String> {
    let frame = boot.registration.as_ref()?.frame;
    let step = boot
        .timeline
        .iter()
        .find(|step| step.frame == frame && step.phase == "register")?;
    Some(format!("{:.1} s", step.offset_ms / 1000.0))
}

/// A boot's phases in one line, whatever is not well in capitals:
/// `link ok · fetch FAILED · register not seen`.
pub(super) fn phases(boot: &Boot) -> String {
    let words = boot.phases.iter().map(|phase| {
        let status = match phase.status {
            "not-seen" => "not seen".to_owned(),
            "ok" => "ok".to_owned(),
            bad => bad.to_uppercase(),
        };
        format!("{} {status}", phase.phase)
    });
    words.collect::<Vec<_>>().join(" · ")
}

/// What is known of a boot, as label and words: the switch port, the lease, the
/// files, the registration. What was not seen is left out.
pub(super) fn facts(boot: &Boot) -> Vec<(&'static str, String)> {
    let mut facts = Vec::new();
    let link = link_facts(&boot.link);
    if !link.is_empty() {
        facts.push(("port", link));
    }
    if let Some(lease) = lease_facts(boot) {
        facts.push(("lease", lease));
    }
    if !boot.transfers.is_empty() {
        facts.push(("files", file_facts(boot)));
    }
    if let Some(registration) = &boot.registration {
        let mut parts = vec![format!(
            "{} {}",
            registration.protocol.to_uppercase(),
            registration.status
        )];
        parts.extend(
            registration
                .server
                .iter()
                .map(|server| format!("server {server}")),
        );
        parts.extend(
            registration
                .detail
                .iter()
                .map(|detail| format!("\"{detail}\"")),
        );
        facts.push(("call", parts.join(" · ")));
    }
    facts
}

fn link_facts(link: &Link) -> String {
    let mut parts = Vec::new();
    if let Some(switch) = &link.switch {
        let known = [&switch.name, &switch.port].into_iter().flatten();
        let name = known.cloned().collect::<Vec<_>>().join(" ");
        parts.push(format!(
            "switch {}",
            if name.is_empty() { "unnamed" } else { &name }
        ));
    }
    parts.extend(
        link.voice_vlan
            .map(|vlan| format!("voice VLAN {vlan} offered")),
    );
    if !link.vlans_used.is_empty() {
        let vlans: Vec<_> = link.vlans_used.iter().map(ToString::to_string).collect();
        parts.push(format!("phone in VLAN {}", vlans.join(", ")));
    }
    parts.extend(link.auth.as_ref().map(|auth| {
        let method = auth.method.as_ref();
        let by = method.map_or_else(String::new, |method| {
            format!(" by EAP-{}", method.to_uppercase())
        });
        format!("802.1X{by}: {}", auth.state.replace('-', " "))
    }));
    parts.extend(power_facts(&link.power));
    parts.join(" · ")
}

/// What became of the wish for power; `None` when power was never spoken of.
pub(super) fn power_facts(power: &Power) -> Option<String> {
    let protocol = power.protocol?.to_uppercase();
    let asked: Vec<_> = power.requested_mw.iter().map(|&mw| watts(mw)).collect();
    let mut words = format!("power by {protocol}");
    if !asked.is_empty() {
        words = format!("{words}: {} asked", asked.join(" or "));
    }
    let granted = power.available_mw.map_or("an unknown amount".into(), watts);
    Some(match power.state {
        "granted" => format!("{words}, {granted} granted"),
        "short" => format!("{words}, only {granted} granted"),
        "unanswered" => format!("{words}, no answer"),
        _ => match power.drawn_mw {
            Some(drawn) => format!("{words}: draws {}", watts(drawn)),
            None => words,
        },
    })
}

/// Whether the capture cannot show what is missing.
fn is_one_sided(boot: &Boot) -> bool {
    let findings = &boot.findings;
    findings.iter().any(|found| found.id == "capture-one-sided")
}

fn lease_facts(boot: &Boot) -> Option<String> {
    let lease = boot.lease.as_ref()?;
    let asked_ipv4 = !lease.wanted_options.is_empty() || lease.server.is_some();
    let mut parts = Vec::from_iter(match (&lease.address, &lease.server) {
        (Some(address), Some(server)) => Some(format!("{address} from {server}")),
        (Some(address), None) => Some(address.clone()),
        (None, Some(server)) => Some(format!("no address acknowledged by {server}")),
        (None, None) if lease.ipv6.is_some() && !asked_ipv4 => None,
        (None, None) if is_one_sided(boot) => Some("answers were not captured".to_owned()),
        (None, None) => Some("no DHCP server answered".to_owned()),
    });
    parts.extend(lease.relay.iter().map(|relay| format!("relay {relay}")));
    parts.extend(lease.router.iter().map(|router| format!("router {router}")));
    parts.extend(lease.provisioning.iter().map(|source| match source.option {
        None => format!("boot server {}", source.value),
        Some(option) => format!("option {option} = {}", source.value),
    }));
    if !lease.missing_options.is_empty() {
        let missing = lease.missing_options.iter().map(ToString::to_string);
        parts.push(format!(
            "not given: {}",
            missing.collect::<Vec<_>>().join(", ")
        ));
    }
    if let Some(ipv6) = &lease.ipv6 {
        parts.extend(ipv6_facts(ipv6));
    }
    Some(parts.join(" · "))
}

/// What IPv6 gave, as parts of the lease's line.
fn ipv6_facts(ipv6: &Lease6) -> Vec<String> {
    let addresses = ipv6.addresses.join(", ");
    let mut parts = vec![match (addresses.is_empty(), &ipv6.server) {
        (false, Some(server)) => format!("IPv6 {addresses}, DHCPv6 server {server}"),
        (false, None) => format!("IPv6 {addresses}"),
        (true, Some(server)) => format!("no IPv6 address from DHCPv6 server {server}"),
        (true, None) => "no IPv6 address".to_owned(),
    }];
    parts.extend(ipv6.relay.iter().map(|relay| format!("IPv6 relay {relay}")));
    parts.extend(ipv6.router.iter().map(|router| {
        let how = match (ipv6.managed, ipv6.other) {
            (Some(true), _) => " (addresses by DHCPv6)",
            (_, Some(true)) => " (settings by DHCPv6)",
            _ => "",
        };
        format!("IPv6 router {router}{how}")
    }));
    parts.extend(
        ipv6.provisioning
            .iter()
            .map(|source| format!("DHCPv6 option {} = {}", source.option, source.value)),
    );
    parts
}

/// How many files came to what.
fn file_facts(boot: &Boot) -> String {
    let mut by_status = BTreeMap::<_, u64>::new();
    for transfer in &boot.transfers {
        *by_status.entry(transfer.status).or_default() += 1;
    }
    let words = by_status
        .iter()
        .map(|(status, n)| format!("{n} {}", status.replace('-', " ")));
    words.collect::<Vec<_>>().join(" · ")
}

/// Which way a step goes, seen from the phone, and who is at its other end.
pub(super) fn way(step: &Step) -> (&'static str, Option<&str>) {
    if step.from_phone {
        ("→", step.to.as_deref())
    } else {
        ("←", step.from.as_deref())
    }
}

/// The gravest finding that cites a step.
pub(super) fn severity_of(step: &Step, boot: &Boot) -> Option<&'static str> {
    let cites = |severity: &str| {
        boot.findings
            .iter()
            .any(|found| found.severity == severity && step.findings.contains(&found.id))
    };
    ["error", "warning", "note"]
        .into_iter()
        .find(|severity| cites(severity))
}

/// The sign of a severity.
pub(super) fn mark(severity: &str) -> &'static str {
    match severity {
        "error" => "✗",
        "warning" => "!",
        _ => "·",
    }
}

/// A frame as the reader finds it: its number, with that of its capture before it
/// when there are several.
pub(super) fn frame(report: &Report, capture: usize, frame: u64) -> String {
    if report.captures.len() > 1 {
        format!("{}:{frame}", capture + 1)
    } else {
        frame.to_string()
    }
}

/// What was read, in one line: `pcapng, 812 frames in 41.2 s from 2026-01-15 09:36:00 UTC`.
pub(super) fn capture_facts(capture: &Capture) -> String {
    let mut words = capture.format.to_owned();
    if let Some(compression) = capture.compression {
        words = format!("{words} ({compression})");
    }
    words = format!("{words}, {}", count(capture.frames, "frame", "frames"));
    if let Some((first, last)) = capture.first.zip(capture.last) {
        let nanos = last.0.nanos_since(first.0);
        let took = duration(u64::try_from(nanos / 1_000_000).unwrap_or(0));
        let start: String = first.to_string().chars().take(19).collect();
        words = format!("{words} in {took} from {} UTC", start.replace('T', " "));
    }
    if !capture.encapsulations.is_empty() {
        words = format!("{words}, out of {}", capture.encapsulations.join(", "));
    }
    words
}

/// What the capture lacks by its own account; empty when nothing. That it is cut short,
/// a finding says.
pub(super) fn capture_lacks(capture: &Capture) -> Vec<String> {
    let mut lacks = Vec::new();
    if let Some(dropped) = capture.dropped.filter(|&dropped| dropped > 0) {
        lacks.push(format!(
            "{} lost in capturing",
            count(dropped, "frame", "frames")
        ));
    }
    if capture.sliced_frames > 0 {
        lacks.push(format!(
            "{} not kept in full",
            count(capture.sliced_frames, "frame", "frames")
        ));
    }
    if capture.duplicates > 0 {
        lacks.push(format!(
            "{} seen twice, counted once",
            count(capture.duplicates, "frame", "frames")
        ));
    }
    lacks
}

/// The findings with how deep each stands below its cause.
pub(super) fn by_cause(findings: &[Finding]) -> impl Iterator<Item = (usize, &Finding)> {
    findings.iter().map(|finding| {
        let mut depth = 0;
        let mut cause = finding.caused_by;
        // A chain is no longer than the list; the bound also ends a circle.
        while let Some(found) = cause.and_then(|id| findings.iter().find(|other| other.id == id))
            && depth < 3
        {
            depth += 1;
            cause = found.caused_by;
        }
        (depth, finding)
    })
}

/// What a report without a phone boot says, and what to look at then.
pub(super) fn no_phone(report: &Report) -> (String, &'static [&'static str]) {
    let frames: u64 = report.captures.iter().map(|capture| capture.frames).sum();
    let seen = match (frames, report.phones.len()) {
        (0, _) => "There are no frames in this capture.".to_owned(),
        (frames, 0) => format!(
            "{} read, and in none of them does an IP phone boot.",
            count(frames, "frame was", "frames were")
        ),
        (frames, hosts) => format!(
            "{} read and {} seen, but none shows the boot of an IP phone.",
            count(frames, "frame was", "frames were"),
            count(n(hosts), "host was", "hosts were")
        ),
    };
    (seen, CHECKS)
}

const CHECKS: &[&str] = &[
    "Was it captured at the phone's own switch port, or on a mirror of that port that shows \
     both directions?",
    "Did the capture run before the phone got power, and until it stopped? Start it first, \
     then unplug and replug the phone.",
    "Does the mirror port pass VLAN tags? A phone in a voice VLAN is invisible where tagged \
     frames are dropped.",
];

/// The last line: `1 phone, 3 boots: FAILED. 4 errors, 0 warnings, 2 notes.`
pub(super) fn verdict(report: &Report) -> (String, String, String) {
    let sum = report.summary;
    let who = format!(
        "{}, {}:",
        count(n(sum.phones), "phone", "phones"),
        count(n(sum.boots), "boot", "boots")
    );
    let counts = format!(
        "{}, {}, {}",
        count(n(sum.errors), "error", "errors"),
        count(n(sum.warnings), "warning", "warnings"),
        count(n(sum.notes), "note", "notes")
    );
    (who, report.verdict.to_uppercase().replace('-', " "), counts)
}
