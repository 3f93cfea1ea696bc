//! The JSON report against the contract and its own schema.

use std::sync::LazyLock;

use phoneboot_parsers::tftp::Direction;
use serde_json::{Value, json};

use crate::diagnosis::{BootDiagnosis, Diagnosis, Outcome, PhaseStatus, PowerState, Verdict};
use crate::finding::{Confidence, Severity};
use crate::report::testing::{GENERATED, PLAIN, diagnosis, no_phone, written};
use crate::report::{Format, SchemaOf, schema, write};
use crate::session::{Boot, Phase, registration};

static REPORT: LazyLock<jsonschema::Validator> =
    LazyLock::new(|| jsonschema::validator_for(&schema(SchemaOf::Report)).unwrap());

/// The JSON report, held against the schema.
pub(super) fn json_of(diagnosis: &Diagnosis) -> Value {
    let value = serde_json::from_str(&written(diagnosis, Format::Json, &PLAIN)).unwrap();
    REPORT.validate(&value).unwrap();
    value
}

#[test]
fn json_says_what_the_contract_says() {
    let report = json_of(&diagnosis());
    assert_eq!(report["report_version"], 1);
    assert_eq!(report["generator"]["name"], "phoneboot");
    assert_eq!(report["generated_at"], "2026-01-01T00:00:00.000000Z");
    assert_eq!(report["verdict"], "failed");
    let mut capture = report["captures"][0].clone();
    assert_eq!(capture["notes"].as_array().unwrap().len(), 2);
    capture["notes"] = json!([]);
    assert_eq!(
        capture,
        json!({"file": "captures/boot.pcapng", "format": "pcapng", "compression": "gzip",
            "link_types": ["ethernet", "linktype-147"], "frames": 812, "bytes": 99120,
            "first": "2026-01-15T09:36:00.000123Z", "last": "2026-01-15T09:39:10.000123Z",
            "snap_length": 262_144, "sliced_frames": 2, "cut_short": true, "dropped": 3,
            "encapsulations": ["erspan-2"], "duplicates": 4,
            "notes": []})
    );
    assert_eq!(
        report["summary"],
        json!({"phones": 2, "boots": 4, "errors": 3, "warnings": 4, "notes": 4})
    );
    assert_eq!(
        report["limits"],
        json!([{"limit": "tcp-streams", "max": 4096, "evicted": 12}])
    );
    let phone = &report["phones"][0];
    assert_eq!(phone["id"], "00:1a:a1:7b:e6:38");
    assert_eq!(phone["boots_left_out"], 4);
    assert_eq!(
        phone["identified_by"][1],
        json!({"source": "cdp-platform", "value": "Cisco IP Phone 7970", "capture": 0, "frame": 2})
    );
}

#[test]
fn json_of_a_boot_says_what_the_contract_says() {
    let report = json_of(&diagnosis());
    let boot = &report["phones"][0]["boots"][0];
    assert_eq!(boot["number"], 1);
    assert_eq!(boot["started"], "2026-01-15T09:36:00.000123Z");
    assert_eq!(boot["duration_ms"], 41_003);
    assert_eq!(
        (&boot["outcome"], &boot["phase"]),
        (&json!("failed"), &json!("fetch"))
    );
    assert_eq!(
        boot["phases"][0],
        json!({"phase": "link", "status": "trouble", "started": "2026-01-15T09:36:00.000123Z",
            "duration_ms": 0})
    );
    assert_eq!(
        boot["phases"][4],
        json!({"phase": "register", "status": "not-seen", "started": null, "duration_ms": null})
    );
    assert_eq!(
        boot["link"],
        json!({"switch": {"name": "sw1", "port": "FastEthernet0/7",
                "platform": "cisco WS-C3560-24PS", "address": null, "frame": 4},
            "voice_vlan": 110, "native_vlan": 1, "vlans_used": [110],
            "power": {"protocol": "cdp", "drawn_mw": 6300, "requested_mw": [12000, 10250],
                "available_mw": null, "state": "unanswered"}})
    );
    assert_eq!(
        boot["lease"],
        json!({"address": "192.0.2.51", "server": "192.0.2.1", "router": "192.0.2.1",
            "name_servers": ["192.0.2.2", "192.0.2.3"], "lease_secs": 86400, "relay": null,
            "wanted_options": [1, 66, 6, 3, 15, 150, 35],
            "provisioning": [
                {"option": 66, "value": "http://***@192.0.2.10/", "frame": 8},
                {"option": null, "value": "192.0.2.10", "frame": 8}],
            "missing_options": [150], "ipv6": null})
    );
}

#[test]
fn json_of_files_and_steps_says_what_the_contract_says() {
    let report = json_of(&diagnosis());
    let boot = &report["phones"][0]["boots"][0];
    assert_eq!(
        boot["transfers"],
        json!([{"file": "term70.default.loads", "protocol": "tftp", "direction": "read",
            "role": "recovery", "when_absent": "fatal", "server": "192.0.2.10",
            "server_port": 69, "status": "not-found",
            "error": {"code": 1, "message": "File not found", "from": "server"}, "bytes": 0,
            "expected_bytes": null, "block_size": null, "blocks": 0, "retransmissions": 0,
            "requests": 5, "started": "2026-01-15T09:36:00.900123Z", "duration_ms": 39600,
            "frames": [11, 20]}])
    );
    assert_eq!(
        boot["registration"],
        json!({"protocol": "sccp", "server": null, "status": "unanswered", "detail": null,
            "frame": 30})
    );
    assert_eq!(
        boot["timeline"][2],
        json!({"time": "2026-01-15T09:36:00.100123Z", "offset_ms": 100.0, "capture": 0,
            "frame": 5, "phase": "lease", "protocol": "dhcp", "event": "dhcp-discover", "from_phone": true,
            "from": "00:1a:a1:7b:e6:38", "to": "255.255.255.255", "vlan": 110,
            "summary": "asks for an address", "findings": []})
    );
    assert_eq!(boot["timeline"][6]["findings"], json!(["file-missing"]));
    assert_eq!(boot["timeline_left_out"], 7);
}

#[test]
fn json_of_a_finding_says_what_the_contract_says() {
    let report = json_of(&diagnosis());
    let findings = &report["phones"][0]["boots"][0]["findings"];
    let mut missing = findings[0].clone();
    missing["evidence"].as_array_mut().unwrap().truncate(1);
    assert_eq!(
        missing,
        json!({"id": "file-missing", "severity": "error", "confidence": "certain",
            "title": "TFTP server has no file \"term70.default.loads\"",
            "detail": "The phone asked 192.0.2.10 five times; each time the server answered \
                error 1, \"File not found\". This phone cannot start without it.",
            "evidence": [{"capture": 0, "frame": 11, "time": "2026-01-15T09:36:00.900123Z",
                "summary": "RRQ term70.default.loads"}],
            "subject": {"file": "term70.default.loads", "server": "192.0.2.10"},
            "remedy": ["Put term70.default.loads, and every file named in it, into the TFTP \
                root, spelled exactly like this.", "Power the phone off and on."],
            "caused_by": null})
    );
    assert_eq!(findings[1]["caused_by"], "file-missing");
    assert_eq!(
        findings[2]["subject"],
        json!({"port": 67, "option": 150, "vlan": 110, "protocol": "dhcp"})
    );
}

#[test]
fn what_is_unknown_is_null_and_every_list_is_a_list() {
    let report = json_of(&diagnosis());
    let phone = &report["phones"][1];
    for field in ["mac", "vendor", "family", "model", "firmware", "name"] {
        assert_eq!(phone[field], Value::Null, "{field}");
    }
    assert_eq!(phone["identified_by"], json!([]));
    let boot = &phone["boots"][0];
    assert_eq!(boot["lease"], Value::Null);
    assert_eq!(
        boot["link"],
        json!({"switch": null, "voice_vlan": null, "native_vlan": null, "vlans_used": [],
            "power": {"protocol": null, "drawn_mw": null, "requested_mw": [],
                "available_mw": null, "state": "not-negotiated"}})
    );
    assert_eq!(boot["registration"]["status"], "registered");
    let empty = json_of(&no_phone(0));
    assert_eq!(empty["phones"], json!([]));
    assert_eq!(empty["captures"][0]["first"], Value::Null);
}

#[test]
fn an_offer_that_was_never_acknowledged_is_no_address() {
    let mut diagnosis = diagnosis();
    let boot = &mut diagnosis.phones[0].phone.boots[0];
    boot.lease.messages.pop();
    let lease = json_of(&diagnosis)["phones"][0]["boots"][0]["lease"].clone();
    assert_eq!(lease["address"], Value::Null);
    assert_eq!(lease["lease_secs"], Value::Null);
    assert_eq!(lease["server"], "192.0.2.1");
    assert_eq!(lease["router"], "192.0.2.1");
}

/// Whether the report with this change to its first boot is one by the schema.
fn holds(change: impl FnOnce(&mut Boot, &mut BootDiagnosis)) -> bool {
    let mut one = diagnosis();
    let phone = &mut one.phones[0];
    change(&mut phone.phone.boots[0], &mut phone.boots[0]);
    let value = serde_json::from_str(&written(&one, Format::Json, &PLAIN)).unwrap();
    REPORT.is_valid(&value)
}

#[test]
fn every_word_of_a_diagnosis_is_a_word_of_the_schema() {
    for outcome in [
        Outcome::Registered,
        Outcome::Loaded,
        Outcome::Incomplete,
        Outcome::Stalled,
        Outcome::Failed,
    ] {
        assert!(holds(|_, found| found.outcome = outcome));
        let mut one = diagnosis();
        one.verdict = Verdict::Boot(outcome);
        assert_eq!(json_of(&one)["verdict"], outcome.name());
    }
    assert_eq!(json_of(&no_phone(3))["verdict"], "no-phone");
    for phase in Phase::ALL {
        assert!(holds(|_, found| found.phase = phase));
        assert!(holds(|boot, _| boot.timeline[0].phase = phase));
    }
    for status in [
        PhaseStatus::NotSeen,
        PhaseStatus::Ok,
        PhaseStatus::Trouble,
        PhaseStatus::Failed,
    ] {
        assert!(holds(|_, found| found.phases[0].status = status));
    }
    for severity in [Severity::Note, Severity::Warning, Severity::Error] {
        assert!(holds(|_, found| found.findings[0].severity = severity));
    }
    for confidence in [
        Confidence::Possible,
        Confidence::Likely,
        Confidence::Certain,
    ] {
        assert!(holds(|_, found| found.findings[0].confidence = confidence));
    }
}

#[test]
fn every_word_of_power_files_and_calls_is_a_word_of_the_schema() {
    for state in [
        PowerState::NotNegotiated,
        PowerState::Unanswered,
        PowerState::Short,
        PowerState::Granted,
    ] {
        assert!(holds(|_, found| found.power.state = state));
    }
    for protocol in [None, Some("cdp"), Some("lldp"), Some("lldp-med")] {
        assert!(holds(|_, found| found.power.protocol = protocol));
    }
    for status in [
        registration::Status::Unanswered,
        registration::Status::Rejected,
        registration::Status::Registered,
    ] {
        assert!(holds(|boot, _| boot.registrations[0].status = status));
    }
    for status in [
        "complete",
        "not-found",
        "refused",
        "aborted-by-phone",
        "up-to-date",
        "stalled",
        "unanswered",
        "unauthorized",
        "redirected",
        "server-error",
        "truncated",
        "unknown",
    ] {
        assert!(holds(|_, found| found.transfers[0].status = status));
    }
    assert!(holds(|boot, _| {
        boot.transfers[0].direction = Direction::Write;
        boot.transfers[0].error.as_mut().unwrap().from_phone = true;
    }));
    assert!(!holds(|_, found| found.transfers[0].status = "lost"));
}

#[test]
fn json_is_one_document_or_an_array() {
    let text = |reports: &[Diagnosis], single| {
        let mut out = Vec::new();
        write(reports, Format::Json, single, &GENERATED, &PLAIN, &mut out).unwrap();
        serde_json::from_slice::<Value>(&out).unwrap()
    };
    let one = [diagnosis()];
    assert!(text(&one, true).is_object());
    assert_eq!(text(&one, false).as_array().unwrap().len(), 1);
    assert_eq!(
        text(&[diagnosis(), diagnosis()], false)
            .as_array()
            .unwrap()
            .len(),
        2
    );
    assert_eq!(text(&[], false), json!([]));
}
