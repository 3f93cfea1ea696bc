//! A diagnosis into the report's own structs. Everything is decided already; here
//! it is only put into the words and the shape of the contract.

use phoneboot_parsers::tftp::Direction;
use phoneboot_parsers::{WireText, cdp, http, lldp};

use crate::capture::Timestamp;
use crate::diagnosis::{
    BootDiagnosis, CaptureDiagnosis, Diagnosis, PhaseReport, PhoneDiagnosis, PowerReport,
    TransferReport,
};
use crate::event::{At, Endpoint, Seen};
use crate::finding::{self, Severity};
use crate::session;
use crate::session::Boot;
use crate::session::lease::LeaseMessage;
use crate::session::phone::Clue;
use crate::session::registration::Registration;
use crate::session::transfer::Transfer;

use super::{Generated, clock, model, model6, services};

/// The report of one diagnosis.
pub(super) fn report(diagnosis: &Diagnosis, generated: Generated) -> model::Report {
    let mut report = model::Report {
        report_version: model::REPORT_VERSION,
        generator: model::Generator {
            name: env!("CARGO_PKG_NAME"),
            version: env!("CARGO_PKG_VERSION"),
        },
        generated_at: model::Time(generated.at),
        verdict: diagnosis.verdict.name(),
        captures: diagnosis.captures.iter().map(capture).collect(),
        phones: diagnosis.phones.iter().map(phone).collect(),
        summary: summary(diagnosis),
        limits: diagnosis
            .limits
            .iter()
            .map(|reached| model::Limit {
                limit: reached.limit,
                max: reached.max,
                evicted: reached.evicted,
            })
            .collect(),
    };
    clock::set(&mut report, diagnosis);
    report
}

fn summary(diagnosis: &Diagnosis) -> model::Summary {
    let count = |severity: Severity| {
        diagnosis
            .findings()
            .filter(|finding| finding.severity == severity)
            .count()
    };
    model::Summary {
        phones: diagnosis.phones.len(),
        boots: diagnosis
            .phones
            .iter()
            .map(|phone| phone.boots().count())
            .sum(),
        errors: count(Severity::Error),
        warnings: count(Severity::Warning),
        notes: count(Severity::Note),
    }
}

fn capture(capture: &CaptureDiagnosis) -> model::Capture {
    let facts = &capture.facts;
    model::Capture {
        file: facts.name.clone(),
        format: facts.format,
        compression: facts.compression,
        link_types: facts.link_types.iter().map(|link| link.name()).collect(),
        frames: facts.frames,
        bytes: facts.bytes,
        first: facts.first.map(model::Time),
        last: facts.last.map(model::Time),
        snap_length: facts.snap_length,
        sliced_frames: facts.sliced_frames,
        cut_short: facts.cut_short.is_some(),
        dropped: facts.dropped,
        encapsulations: facts.taken.encapsulations.clone(),
        duplicates: facts.taken.copies.frames,
        notes: capture.notes.iter().map(finding).collect(),
    }
}

fn phone(phone: &PhoneDiagnosis) -> model::Phone {
    model::Phone {
        id: phone.id.clone(),
        mac: phone.mac.map(|mac| mac.to_string()),
        vendor: phone.vendor.clone(),
        family: phone.family.clone(),
        model: phone.model.clone(),
        firmware: phone.firmware.clone(),
        name: phone.name.clone(),
        addresses: phone
            .phone
            .addresses
            .iter()
            .map(ToString::to_string)
            .collect(),
        identified_by: phone.identified_by.iter().map(clue).collect(),
        boots: phone
            .boots()
            .map(|(boot, found)| boot_of(boot, found))
            .collect(),
        boots_left_out: phone.phone.boots_evicted,
    }
}

fn clue(seen: &Seen<Clue>) -> model::Clue {
    model::Clue {
        source: seen.value.source.name(),
        value: http::masked_target(&seen.value.value).to_json(),
        capture: seen.at.capture,
        frame: seen.at.frame.0,
    }
}

fn boot_of(boot: &Boot, found: &BootDiagnosis) -> model::Boot {
    model::Boot {
        number: boot.number,
        started: model::Time(boot.started.time),
        ended: model::Time(boot.ended.time),
        duration_ms: duration_ms(boot.started, boot.ended),
        capture: boot.started.capture,
        frames: [boot.started.frame.0, boot.ended.frame.0],
        outcome: found.outcome.name(),
        phase: found.phase.name(),
        phases: found.phases.iter().map(phase).collect(),
        link: link(boot, found),
        lease: lease(boot, found),
        lookups: services::lookups(&boot.lookups),
        time: services::time(&boot.time),
        tls: services::tls(&boot.tls),
        transfers: boot
            .transfers
            .iter()
            .zip(&found.transfers)
            .map(|(file, meaning)| transfer(file, meaning))
            .collect(),
        registration: registration(&boot.registrations),
        timeline: boot
            .timeline
            .iter()
            .map(|step| step_of(step, boot.started.time, &found.findings))
            .collect(),
        timeline_left_out: boot.steps_left_out,
        findings: found.findings.iter().map(finding).collect(),
    }
}

fn phase(report: &PhaseReport) -> model::Phase {
    model::Phase {
        phase: report.phase.name(),
        status: report.status.name(),
        started: report.started.map(|at| model::Time(at.time)),
        duration_ms: report
            .started
            .zip(report.ended)
            .map(|(started, ended)| duration_ms(started, ended)),
    }
}

fn link(boot: &Boot, found: &BootDiagnosis) -> model::Link {
    let by_cdp = boot.link.switch_cdp.last().map(|last| &last.first);
    let by_lldp = boot.link.switch_lldp.last().map(|last| &last.first);
    let native_by_cdp = boot.link.switch_cdp.iter().rev();
    let native_by_lldp = boot.link.switch_lldp.iter().rev();
    model::Link {
        switch: by_cdp
            .map(switch_by_cdp)
            .or_else(|| by_lldp.map(switch_by_lldp)),
        voice_vlan: found.voice_vlan,
        native_vlan: native_by_cdp
            .filter_map(|said| said.first.value.native_vlan)
            .chain(native_by_lldp.filter_map(|said| said.first.value.dot1.port_vlan))
            .next(),
        vlans_used: boot.link.vlans_used.iter().copied().collect(),
        power: power(&found.power),
        auth: super::port::auth(&boot.link.auth),
        spanning_tree: super::port::trees(&boot.link.spanning_tree),
    }
}

fn power(report: &PowerReport) -> model::Power {
    model::Power {
        protocol: report.protocol,
        drawn_mw: report.drawn_mw,
        requested_mw: report.requested_mw.clone(),
        available_mw: report.available_mw,
        state: report.state.name(),
    }
}

fn switch_by_cdp(seen: &Seen<cdp::Message>) -> model::Switch {
    let said = &seen.value;
    let name = said.device_id.as_ref().or(said.system_name.as_ref());
    let address = said.management_addresses.first();
    model::Switch {
        name: name.map(WireText::to_json),
        port: said.port_id.as_ref().map(WireText::to_json),
        platform: said.platform.as_ref().map(WireText::to_json),
        address: address.or(said.addresses.first()).map(ToString::to_string),
        frame: seen.at.frame.0,
    }
}

fn switch_by_lldp(seen: &Seen<lldp::Message>) -> model::Switch {
    let said = &seen.value;
    let name = said.system_name.as_ref().map(WireText::to_json);
    let platform = said.system_description.as_ref();
    model::Switch {
        name: name.or_else(|| said.chassis_id.as_ref().map(id_text)),
        port: said.port_id.as_ref().map(id_text),
        platform: platform.map(WireText::to_json),
        address: said
            .management_addresses
            .iter()
            .find_map(lldp::ManagementAddress::ip)
            .map(|ip| ip.to_string()),
        frame: seen.at.frame.0,
    }
}

/// A chassis or port id as text.
pub(super) fn id_text(id: &lldp::Id) -> String {
    match &id.value {
        lldp::IdValue::Mac(mac) => mac.to_string(),
        lldp::IdValue::Address(address) => address.to_string(),
        lldp::IdValue::Text(text) => text.to_json(),
    }
}

fn lease(boot: &Boot, found: &BootDiagnosis) -> Option<model::Lease> {
    let ipv6 = model6::lease6(boot);
    if boot.lease.messages.is_empty() && ipv6.is_none() {
        return None;
    }
    let data = boot.lease.boot_data();
    let message = data.map(|data| &data.message);
    let acknowledged = boot.lease.acknowledged().map(|held| &held.message);
    let addresses = |code| message.and_then(|message| message.addresses(code));
    let relay = message
        .into_iter()
        .chain(boot.lease.messages.iter().map(|one| &one.message))
        .map(|message| message.relay_address)
        .find(|address| !address.is_unspecified());
    Some(model::Lease {
        address: acknowledged.map(|held| held.your_address.to_string()),
        server: data
            .and_then(LeaseMessage::server)
            .map(|server| server.to_string()),
        router: addresses(3)
            .and_then(|routers| routers.first().copied())
            .map(|router| router.to_string()),
        name_servers: addresses(6)
            .unwrap_or_default()
            .iter()
            .map(ToString::to_string)
            .collect(),
        lease_secs: acknowledged.and_then(|held| held.number(51)),
        relay: relay.map(|address| address.to_string()),
        wanted_options: boot.lease.wanted_options(),
        provisioning: found
            .provisioning
            .iter()
            .map(|source| model::Provisioning {
                option: source.option,
                value: masked(&source.value),
                frame: source.at.frame.0,
            })
            .collect(),
        missing_options: found.missing_options.clone(),
        ipv6,
    })
}

fn transfer(file: &Transfer, meaning: &TransferReport) -> model::Transfer {
    model::Transfer {
        file: http::masked_target(&file.file).to_json(),
        protocol: file.protocol.name(),
        direction: match file.direction {
            Direction::Read => "read",
            Direction::Write => "write",
        },
        role: meaning.role,
        when_absent: meaning.when_absent,
        server: file.server.to_string(),
        server_port: file.server_port,
        status: meaning.status,
        error: file.error.as_ref().map(|error| model::TransferError {
            code: error.code,
            message: http::masked_target(&error.message).to_json(),
            from: if error.from_phone { "phone" } else { "server" },
        }),
        bytes: file.bytes,
        expected_bytes: file.expected_bytes,
        block_size: file.block_size,
        blocks: file.blocks,
        retransmissions: file.retransmissions,
        requests: file.requests,
        started: model::Time(file.first.time),
        duration_ms: duration_ms(file.first, file.last),
        frames: [file.first.frame.0, file.last.frame.0],
    }
}

/// The attempt that got furthest, the last one of those.
fn registration(attempts: &[Registration]) -> Option<model::Registration> {
    let attempt = attempts.iter().max_by_key(|attempt| attempt.status)?;
    Some(model::Registration {
        protocol: attempt.protocol.name(),
        server: attempt.server.map(|server| server.to_string()),
        status: attempt.status.name(),
        detail: attempt.detail.as_deref().map(masked),
        frame: attempt.last.frame.0,
    })
}

fn step_of(step: &session::Step, started: Timestamp, findings: &[finding::Finding]) -> model::Step {
    let mut cited_by = Vec::new();
    for finding in findings {
        let cites = finding
            .evidence
            .iter()
            .any(|one| one.at.capture == step.at.capture && one.at.frame == step.at.frame);
        if cites && !cited_by.contains(&finding.id) {
            cited_by.push(finding.id);
        }
    }
    model::Step {
        time: model::Time(step.at.time),
        offset_ms: offset_ms(step.at.time, started),
        capture: step.at.capture,
        frame: step.at.frame.0,
        phase: step.phase.name(),
        protocol: step.protocol.name(),
        event: step.event,
        from_phone: step.from_phone,
        from: address_of(step.source),
        to: address_of(step.destination),
        vlan: step.vlan,
        summary: masked(&step.summary),
        findings: cited_by,
    }
}

/// The IP address of one side, else its MAC address. 0.0.0.0 says nothing about
/// who sends.
fn address_of(endpoint: Endpoint) -> Option<String> {
    let ip = endpoint.ip.filter(|ip| !ip.is_unspecified());
    ip.map(|ip| ip.to_string())
        .or_else(|| endpoint.mac.map(|mac| mac.to_string()))
}

pub(super) fn finding(finding: &finding::Finding) -> model::Finding {
    let about = &finding.subject;
    model::Finding {
        id: finding.id,
        severity: finding.severity.name(),
        confidence: finding.confidence.name(),
        title: masked(&finding.title),
        detail: masked(&finding.detail),
        evidence: finding
            .evidence
            .iter()
            .map(|one| model::Evidence {
                capture: one.at.capture,
                frame: one.at.frame.0,
                time: model::Time(one.at.time),
                summary: masked(&one.summary),
            })
            .collect(),
        subject: model::Subject {
            file: about.file.as_deref().map(masked),
            server: about.server.map(|server| server.to_string()),
            port: about.port,
            option: about.option,
            vlan: about.vlan,
            protocol: about.protocol,
        },
        remedy: finding.remedy.iter().map(|step| masked(step)).collect(),
        caused_by: finding.caused_by,
    }
}

/// Text without the credentials of URLs in it: a last guard, whoever wrote the text.
pub(super) fn masked(text: &str) -> String {
    http::masked_target(&WireText::from(text)).to_json()
}

/// Whole milliseconds; 0 when the clock stepped back.
fn duration_ms(from: At, to: At) -> u64 {
    let nanos = to.time.nanos_since(from.time).saturating_add(500_000);
    u64::try_from(nanos / 1_000_000).unwrap_or(0)
}

/// Milliseconds with one decimal; negative when the clock stepped back.
#[expect(
    clippy::cast_precision_loss,
    reason = "tenths of a millisecond of a boot stay far below 2^52"
)]
pub(super) fn offset_ms(time: Timestamp, started: Timestamp) -> f64 {
    let nanos = time.nanos_since(started).saturating_add(50_000);
    let tenths = nanos.div_euclid(100_000);
    tenths as f64 / 10.0
}
