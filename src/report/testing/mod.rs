//! Diagnoses made by hand, for the tests of reports.

mod failing;

use std::net::{IpAddr, Ipv4Addr};

use phoneboot_parsers::{MacAddress, Protocol, WireText};

use crate::capture::{CaptureFacts, CutShort, FrameNumber, LinkType, Timestamp};
use crate::diagnosis::{
    BootDiagnosis, CaptureDiagnosis, Diagnosis, Outcome, PhaseReport, PhaseStatus, PhoneDiagnosis,
    PowerReport, Verdict,
};
use crate::dissect::LimitReached;
use crate::event::{At, Seen};
use crate::finding::{Confidence, Finding, Severity};
use crate::session::phone::{Clue, ClueSource};
use crate::session::registration::{self, Registration};
use crate::session::{Beginning, Boot, Phase, Phone};

use super::{Format, Generated, Style, build, model};

const PHONE: MacAddress = MacAddress([0x00, 0x1a, 0xa1, 0x7b, 0xe6, 0x38]);
const PHONE_IP: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 51);
const SERVER: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 10);
/// 2026-01-15 09:36:00 UTC.
const START: i64 = 1_768_469_760_000_000_000;

/// When the reports of these tests are made: 2026-01-01 00:00:00 UTC.
pub(super) const GENERATED: Generated = Generated {
    at: Timestamp(1_767_225_600_000_000_000),
};

/// 80 columns, no colours.
pub(super) const PLAIN: Style = Style {
    color: false,
    width: 80,
    quiet: false,
    verbose: false,
};

/// What a format makes of one diagnosis.
pub(super) fn written(diagnosis: &Diagnosis, format: Format, style: &Style) -> String {
    let mut out = Vec::new();
    let all = std::slice::from_ref(diagnosis);
    super::write(all, format, true, &GENERATED, style, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

/// The frame of this number, as many milliseconds into the capture.
pub(super) fn at(frame: u64, ms: i64) -> At {
    At {
        capture: 0,
        frame: FrameNumber(frame),
        time: Timestamp(START + ms * 1_000_000 + 123_456),
    }
}

/// Two phones: one that fails for want of a file, in three boots, and one that
/// registers; in a capture that is cut short.
pub(super) fn diagnosis() -> Diagnosis {
    let facts = CaptureFacts {
        name: "captures/boot.pcapng".into(),
        format: "pcapng",
        compression: Some("gzip"),
        link_types: vec![LinkType::Ethernet, LinkType::Other(147)],
        frames: 812,
        bytes: 99_120,
        first: Some(at(1, 0).time),
        last: Some(at(812, 190_000).time),
        snap_length: Some(262_144),
        sliced_frames: 2,
        cut_short: Some(CutShort {
            offset_bytes: 99_000,
            reason: "the record of frame 813 needs 90 bytes, the file has 41".into(),
        }),
        dropped: Some(3),
        taken: crate::capture::Taken {
            encapsulations: vec!["erspan-2"],
            copies: crate::capture::Copies {
                frames: 4,
                ..crate::capture::Copies::default()
            },
            ..crate::capture::Taken::default()
        },
    };
    let notes = vec![
        Finding::new(
            "capture-cut-short",
            Severity::Warning,
            "The capture ends inside a record",
        )
        .confidence(Confidence::Likely)
        .evidence(at(812, 190_000), "the last whole frame"),
        Finding::new("capture-starts-late", Severity::Note, "The boot had begun")
            .evidence(at(1, 0), "the first frame"),
    ];
    Diagnosis {
        captures: vec![CaptureDiagnosis { facts, notes }],
        phones: vec![failing_phone(), registered_phone()],
        limits: vec![LimitReached {
            limit: "tcp-streams",
            max: 4096,
            evicted: 12,
        }],
        verdict: Verdict::Boot(Outcome::Failed),
    }
}

/// A capture without a phone.
pub(super) fn no_phone(frames: u64) -> Diagnosis {
    let mut diagnosis = diagnosis();
    diagnosis.phones.clear();
    diagnosis.limits.clear();
    diagnosis.verdict = Verdict::NoPhone;
    let capture = &mut diagnosis.captures[0];
    capture.notes.clear();
    capture.facts.cut_short = None;
    capture.facts.frames = frames;
    if frames == 0 {
        (capture.facts.first, capture.facts.last) = (None, None);
    }
    diagnosis
}

fn failing_phone() -> PhoneDiagnosis {
    let boots: Vec<_> = (1..=3).map(failing::failing_boot).collect();
    let (boots, found) = boots.into_iter().unzip();
    let clue = |source, value: &str, frame| {
        let value = WireText::from(value);
        Seen::new(Clue { source, value }, at(frame, 12))
    };
    let class = "Cisco Systems, Inc. IP Phone CP-7970G\0";
    PhoneDiagnosis {
        id: PHONE.to_string(),
        phone: Phone {
            mac: Some(PHONE),
            addresses: vec![PHONE_IP.into()],
            clues: Vec::new(),
            boots,
            boots_evicted: 4,
        },
        mac: Some(PHONE),
        vendor: Some("Cisco".into()),
        family: Some("cisco-79x1".into()),
        model: Some("7970".into()),
        firmware: Some("term70.default".into()),
        name: Some("SEP001AA17BE638".into()),
        identified_by: vec![
            clue(ClueSource::DhcpVendorClass, class, 3),
            clue(ClueSource::CdpPlatform, "Cisco IP Phone 7970", 2),
            clue(ClueSource::FileName, "term70.default.loads", 11),
            clue(ClueSource::Mac, "00:1a:a1:7b:e6:38", 2),
        ],
        boots: found,
    }
}

/// A phone of which only its address is known, and that registers.
fn registered_phone() -> PhoneDiagnosis {
    let address = IpAddr::V4(Ipv4Addr::new(10, 20, 0, 55));
    let mut boot = Boot::new(1, at(400, 120_000), Beginning::FirstSeen);
    boot.ended = at(410, 121_250);
    boot.registrations.push(Registration {
        status: registration::Status::Registered,
        detail: Some("200 OK".into()),
        with_credentials: true,
        last: at(410, 121_250),
        requests: 2,
        ..Registration::new(
            Protocol::Sip,
            Some(SERVER.into()),
            Some(5060),
            at(400, 120_000),
        )
    });
    let found = BootDiagnosis {
        outcome: Outcome::Registered,
        phase: Phase::Register,
        phases: Phase::ALL
            .map(|phase| PhaseReport {
                phase,
                status: PhaseStatus::NotSeen,
                started: None,
                ended: None,
            })
            .to_vec(),
        power: PowerReport::default(),
        voice_vlan: None,
        missing_options: Vec::new(),
        provisioning: Vec::new(),
        transfers: Vec::new(),
        findings: Vec::new(),
    };
    PhoneDiagnosis {
        id: "ip:10.20.0.55".into(),
        phone: Phone {
            mac: None,
            addresses: vec![address],
            clues: Vec::new(),
            boots: vec![boot],
            boots_evicted: 0,
        },
        mac: None,
        vendor: None,
        family: None,
        model: None,
        firmware: None,
        name: None,
        identified_by: Vec::new(),
        boots: vec![found],
    }
}

/// The report of [`diagnosis`].
pub(super) fn report() -> model::Report {
    build::report(&diagnosis(), GENERATED)
}

/// A step of this sort in this frame.
pub(super) fn step(frame: u64, event: &'static str) -> model::Step {
    model::Step {
        time: model::Time(at(frame, 0).time),
        offset_ms: 0.0,
        capture: 0,
        frame,
        phase: "fetch",
        protocol: "tftp",
        event,
        from_phone: true,
        from: None,
        to: None,
        vlan: None,
        summary: format!("step {frame}"),
        findings: Vec::new(),
    }
}

/// A boot with one error of this id.
pub(super) fn model_boot(number: u32, id: &'static str) -> model::Boot {
    let mut boot = report().phones[0].boots[0].clone();
    boot.number = number;
    boot.findings.truncate(1);
    boot.findings[0].id = id;
    boot
}
