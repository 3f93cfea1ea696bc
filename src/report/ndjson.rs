//! The report cut into lines for log shippers (`--format ndjson`).
//!
//! Every line is an object of its own below [`MAX_LINE_BYTES`]. What it tells of
//! stands under the key that `event` names, in the very shape of the report:
//! `{"event":"step", …, "step":{…}}`. The objects cannot lie flat in the line, as a
//! step has an `event` itself.

use std::io::{self, Write};

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::live::{BootIndex, Place};

use super::json;
use super::model::{
    Boot, Capture, Finding, Lease, Link, Phase, Phone, REPORT_VERSION, Registration, Report, Step,
    Time, Transfer,
};
use super::services::{NameLookup, TimeSource, TlsConnection};

/// How long a line may be, its line end included. Log shippers cut or drop
/// longer ones.
pub const MAX_LINE_BYTES: usize = 100 * 1024;

/// How far texts (in characters) and lists (in elements) are shortened to fit a
/// line, tried one after the other. The last always fits: a character is written
/// in 6 bytes at the most, and the largest object, a boot, holds 4 TLS connections of 2
/// certificates with 4 names, 4 lookups of 4 answers, and a few shorter lists then: under
/// 300 texts of 32 x 6 bytes, and the keys.
const CUTS: &[(usize, usize)] = &[(4096, 256), (512, 64), (64, 8), (32, 4)];

/// One line.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(extend("oneOf" = [{"required": ["step"]}, {"required": ["transfer"]},
    {"required": ["finding"]}, {"required": ["boot"]}, {"required": ["capture"]}]))]
pub struct Line<'a> {
    /// Version of this structure. Fields are added within a version, never renamed.
    pub report_version: u32,
    /// What the line tells of; the object under this key tells it.
    #[schemars(extend("enum" = ["step", "transfer", "finding", "boot", "capture"]))]
    pub event: &'static str,
    /// Which boot of which phone in which capture, the same in every run; null for a
    /// capture.
    pub boot_id: Option<String>,
    /// Id of the phone; null for a capture.
    pub phone: Option<&'a str>,
    /// Whether long texts and lists were shortened to keep the line short.
    pub shortened: bool,
    /// True when the finding does not hold any more, by what came later; absent else.
    /// Only while it is listened.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub withdrawn: bool,
    /// A step of a boot, as in the report's `timeline`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<&'a Step>,
    /// A file, as in the report's `transfers`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transfer: Option<&'a Transfer>,
    /// A fault, as in the report's `findings`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finding: Option<&'a Finding>,
    /// A boot, as in the report's `boots`, without what has lines of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub boot: Option<BootLine<'a>>,
    /// A capture, as in the report's `captures`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub capture: Option<&'a Capture>,
}

/// A boot without what has lines of its own, and whose it is.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct BootLine<'a> {
    /// From 1.
    pub number: u32,
    /// Time of its first frame.
    pub started: Time,
    /// Time of its last frame.
    pub ended: Time,
    /// From its first to its last frame.
    pub duration_ms: u64,
    /// Index of the capture of its first frame.
    pub capture: usize,
    /// Its first and last frame.
    pub frames: [u64; 2],
    /// How it ended.
    #[schemars(extend("enum" = ["registered", "loaded", "incomplete", "stalled", "failed"]))]
    pub outcome: &'static str,
    /// The furthest phase that it reached.
    #[schemars(extend("enum" = ["link", "lease", "reach", "fetch", "register"]))]
    pub phase: &'static str,
    /// Every phase, in order.
    pub phases: &'a [Phase],
    /// What phone and switch told each other.
    pub link: &'a Link,
    /// The DHCP exchange; null when none was captured.
    pub lease: Option<&'a Lease>,
    /// Names that were looked up, each with every server that was asked for it.
    pub lookups: &'a [NameLookup],
    /// Servers that were asked for the time.
    pub time: &'a [TimeSource],
    /// TLS connections that the phone opened, in their order.
    pub tls: &'a [TlsConnection],
    /// The attempt to register that got furthest; null when none was captured.
    pub registration: Option<&'a Registration>,
    /// Ids of its findings.
    pub findings: Vec<&'static str>,
    /// Vendor of the phone; null when unknown.
    pub vendor: Option<&'a str>,
    /// Family of the phone; null when unknown.
    pub family: Option<&'a str>,
    /// Model of the phone; null when unknown.
    pub model: Option<&'a str>,
    /// Firmware of the phone; null when unknown.
    pub firmware: Option<&'a str>,
    /// Name of the phone; null when unknown.
    pub name: Option<&'a str>,
}

/// Writes a report: its captures, then boot by boot the steps, transfers, findings
/// and what the boot came to.
pub(super) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    write_parts(report, true, out)
}

/// The same without what was written while it happened: steps and findings.
pub(super) fn end(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    write_parts(report, false, out)
}

fn write_parts(report: &Report, all: bool, out: &mut dyn Write) -> io::Result<()> {
    for capture in &report.captures {
        let line = Line {
            capture: Some(capture),
            ..empty("capture")
        };
        write_line(&line, out)?;
    }
    for phone in &report.phones {
        for boot in &phone.boots {
            let of_boot = |event| of_boot(report, phone, boot, event);
            for step in boot.timeline.iter().filter(|_| all) {
                let step = Some(step);
                write_line(
                    &Line {
                        step,
                        ..of_boot("step")
                    },
                    out,
                )?;
            }
            for transfer in &boot.transfers {
                let transfer = Some(transfer);
                write_line(
                    &Line {
                        transfer,
                        ..of_boot("transfer")
                    },
                    out,
                )?;
            }
            for finding in boot.findings.iter().filter(|_| all) {
                let finding = Some(finding);
                write_line(
                    &Line {
                        finding,
                        ..of_boot("finding")
                    },
                    out,
                )?;
            }
            let line = Line {
                boot: Some(boot_line(phone, boot)),
                ..of_boot("boot")
            };
            write_line(&line, out)?;
        }
    }
    Ok(())
}

/// One step, when it happens.
pub(super) fn step(
    report: &Report,
    index: BootIndex,
    step: usize,
    out: &mut dyn Write,
) -> io::Result<()> {
    let phone = report.phones.get(index.phone);
    let boot = phone.and_then(|phone| phone.boots.get(index.boot));
    if let Some((phone, boot)) = phone.zip(boot) {
        let line = Line {
            step: boot.timeline.get(step),
            ..of_boot(report, phone, boot, "step")
        };
        write_line(&line, out)?;
    }
    Ok(())
}

/// One finding, when it appears or is withdrawn.
pub(super) fn finding(
    report: &Report,
    place: Option<Place>,
    finding: &Finding,
    withdrawn: bool,
    out: &mut dyn Write,
) -> io::Result<()> {
    let boot = match place {
        Some(Place::Boot(index)) => report
            .phones
            .get(index.phone)
            .and_then(|phone| Some((phone, phone.boots.get(index.boot)?))),
        _ => None,
    };
    let line = match boot {
        Some((phone, boot)) => of_boot(report, phone, boot, "finding"),
        None => empty("finding"),
    };
    write_line(
        &Line {
            finding: Some(finding),
            withdrawn,
            ..line
        },
        out,
    )
}

/// A line about a boot.
fn of_boot<'a>(report: &Report, phone: &'a Phone, boot: &Boot, event: &'static str) -> Line<'a> {
    Line {
        boot_id: Some(boot_id(report, phone, boot)),
        phone: Some(&phone.id),
        ..empty(event)
    }
}

fn empty<'a>(event: &'static str) -> Line<'a> {
    Line {
        report_version: REPORT_VERSION,
        event,
        boot_id: None,
        phone: None,
        shortened: false,
        withdrawn: false,
        step: None,
        transfer: None,
        finding: None,
        boot: None,
        capture: None,
    }
}

fn boot_line<'a>(phone: &'a Phone, boot: &'a Boot) -> BootLine<'a> {
    BootLine {
        number: boot.number,
        started: boot.started,
        ended: boot.ended,
        duration_ms: boot.duration_ms,
        capture: boot.capture,
        frames: boot.frames,
        outcome: boot.outcome,
        phase: boot.phase,
        phases: &boot.phases,
        link: &boot.link,
        lease: boot.lease.as_ref(),
        lookups: &boot.lookups,
        time: &boot.time,
        tls: &boot.tls,
        registration: boot.registration.as_ref(),
        findings: boot.findings.iter().map(|finding| finding.id).collect(),
        vendor: phone.vendor.as_deref(),
        family: phone.family.as_deref(),
        model: phone.model.as_deref(),
        firmware: phone.firmware.as_deref(),
        name: phone.name.as_deref(),
    }
}

/// The same 16 hexadecimal digits for the same boot in every run: FNV-1a (64 bits)
/// over the time of its capture's first frame, the phone's id, and number and time
/// of the boot's first frame. The capture's name, length and end are left out, so
/// that the lines of a sniff carry the ids that its saved file gives later.
fn boot_id(report: &Report, phone: &Phone, boot: &Boot) -> String {
    let first = report
        .captures
        .get(boot.capture)
        .and_then(|capture| capture.first);
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    let mut feed = |bytes: &[u8]| {
        for &byte in bytes {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    };
    feed(&first.map_or(0, |time| time.0.0).to_be_bytes());
    feed(phone.id.as_bytes());
    feed(&boot.frames[0].to_be_bytes());
    feed(&boot.started.0.0.to_be_bytes());
    format!("{hash:016x}")
}

fn write_line(line: &Line<'_>, out: &mut dyn Write) -> io::Result<()> {
    let mut text = json::line(line)?;
    for &(max_chars, max_items) in CUTS {
        if text.len() < MAX_LINE_BYTES {
            break;
        }
        let shortened = Line {
            shortened: true,
            ..line.clone()
        };
        let mut value = serde_json::to_value(shortened)?;
        if let Some(object) = value.get_mut(line.event) {
            shorten(object, max_chars, max_items);
        }
        text = json::line(&value)?;
    }
    writeln!(out, "{text}")
}

/// Cuts texts to `max_chars` characters and lists to `max_items` elements.
fn shorten(value: &mut Value, max_chars: usize, max_items: usize) {
    match value {
        Value::String(text) => {
            if let Some((end, _)) = text.char_indices().nth(max_chars) {
                text.truncate(end);
                text.push('…');
            }
        }
        Value::Array(items) => {
            items.truncate(max_items);
            for item in items {
                shorten(item, max_chars, max_items);
            }
        }
        Value::Object(fields) => {
            for field in fields.values_mut() {
                shorten(field, max_chars, max_items);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
