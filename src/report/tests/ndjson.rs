//! The lines of NDJSON against their schema and their limit.

use serde_json::{Value, json};

use super::json::json_of;
use crate::diagnosis::Diagnosis;
use crate::report::testing::{PLAIN, at, diagnosis, written};
use crate::report::{Format, SchemaOf, ndjson, schema};

/// The lines of NDJSON, each held against the schema and the limit.
fn lines_of(diagnosis: &Diagnosis) -> Vec<Value> {
    let schema = jsonschema::validator_for(&schema(SchemaOf::Event)).unwrap();
    written(diagnosis, Format::Ndjson, &PLAIN)
        .lines()
        .map(|line| {
            assert!(line.len() < ndjson::MAX_LINE_BYTES);
            let value = serde_json::from_str(line).unwrap();
            schema.validate(&value).unwrap();
            value
        })
        .collect()
}

#[test]
fn ndjson_has_a_line_for_everything_the_report_holds() {
    let lines = lines_of(&diagnosis());
    let count = |event: &str| lines.iter().filter(|line| line["event"] == event).count();
    let events = ["capture", "step", "transfer", "finding", "boot"].map(count);
    assert_eq!(events, [1, 48, 3, 9, 4]);
    let report = json_of(&diagnosis());
    let boot = &report["phones"][0]["boots"][0];
    assert_eq!(lines[0]["capture"], report["captures"][0]);
    assert_eq!(lines[0]["boot_id"], Value::Null);
    assert_eq!(lines[1]["step"], boot["timeline"][0]);
    assert_eq!(lines[1]["phone"], "00:1a:a1:7b:e6:38");
    assert_eq!(lines[1]["shortened"], false);
    assert_eq!(lines[17]["transfer"], boot["transfers"][0]);
    assert_eq!(lines[18]["finding"], boot["findings"][0]);
    assert_eq!(lines[21]["boot"]["link"], boot["link"]);
    assert_eq!(
        lines[21]["boot"]["findings"],
        json!(["file-missing", "boot-loop", "dhcp-option-150-missing"])
    );
}

#[test]
fn boot_ids_are_stable_and_differ() {
    let ids = |diagnosis: &Diagnosis| -> Vec<String> {
        let lines = lines_of(diagnosis).into_iter();
        let boots = lines.filter(|line| line["event"] == "boot");
        boots
            .map(|line| line["boot_id"].as_str().unwrap().to_owned())
            .collect()
    };
    let first = ids(&diagnosis());
    let mut unique = first.clone();
    unique.sort();
    unique.dedup();
    assert_eq!(unique.len(), 4);
    assert!(first.iter().all(|id| id.len() == 16));
    // Neither the file's name nor how much of it has been read yet matters.
    let mut later = diagnosis();
    later.captures[0].facts.name = "moved.pcapng".into();
    later.captures[0].facts.frames = 9000;
    later.captures[0].facts.last = Some(at(9000, 900_000).time);
    assert_eq!(ids(&later), first);
}

#[test]
fn ndjson_lines_stay_short_whatever_they_hold() {
    let mut huge = diagnosis();
    let long = "\u{1}".repeat(70_000);
    huge.captures[0].notes[0].detail.clone_from(&long);
    let note = huge.captures[0].notes[0].clone();
    huge.captures[0].notes = vec![note; 30];
    let found = &mut huge.phones[0].boots[0];
    let evidence = found.findings[0].evidence[0].clone();
    found.findings[0].evidence = vec![evidence; 5000];
    found.findings[0].remedy = vec![long.clone(); 9];
    found.provisioning[0].value.clone_from(&long);
    huge.phones[0].phone.boots[0].timeline[0]
        .summary
        .clone_from(&long);
    huge.phones[0].phone.boots[0].transfers[0].file = long.as_str().into();
    let lines = lines_of(&huge);
    let shortened = lines
        .iter()
        .filter(|line| line["shortened"] == true)
        .count();
    assert_eq!(shortened, 5);
    assert_eq!(lines[1]["phone"], "00:1a:a1:7b:e6:38");
    assert!(lines[1]["step"]["summary"].as_str().unwrap().ends_with('…'));
}
