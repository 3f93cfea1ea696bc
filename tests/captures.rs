//! Every capture in `captures/`, against what an analyst expects of it, and against
//! the reports of the last time somebody read them.
//!
//! `PHONEBOOT_BLESS=1 cargo test` writes the reports in `tests/golden/` anew. Read the
//! difference before keeping it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use phoneboot::analysis::analyze_file;
use phoneboot::capture::Timestamp;
use phoneboot::diagnosis::{Diagnosis, PhoneDiagnosis};
use phoneboot::finding::Severity;
use phoneboot::profiles::Profiles;
use phoneboot::report::{self, Format, Generated, Style};
use phoneboot::rules::{Options, RULES};

/// What a `.toml` beside a capture expects of it.
pub(crate) struct Expected {
    pub(crate) name: String,
    capture: PathBuf,
    table: toml::Table,
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

pub(crate) fn all() -> Vec<Expected> {
    let mut found = Vec::new();
    let mut folders = vec![root().join("captures")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path
                .extension()
                .is_some_and(|extension| extension == "toml")
            {
                found.push(read(&path));
            }
        }
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    assert!(found.len() >= 20, "only {} captures", found.len());
    found
}

fn read(path: &Path) -> Expected {
    let name = path.strip_prefix(root().join("captures")).unwrap();
    let text = fs::read_to_string(path).unwrap();
    let capture = ["pcapng", "pcap"]
        .map(|extension| path.with_extension(extension))
        .into_iter()
        .find(|path| path.exists())
        .unwrap_or_else(|| panic!("{}: no capture beside it", path.display()));
    Expected {
        name: name.with_extension("").to_str().unwrap().to_owned(),
        capture,
        table: text
            .parse()
            .unwrap_or_else(|error| panic!("{}: {error}", path.display())),
    }
}

pub(crate) fn analyze(expected: &Expected) -> Diagnosis {
    let mut diagnosis =
        analyze_file(&expected.capture, Profiles::embedded(), Options::default()).unwrap();
    // The reports must not know where the tree stands.
    for capture in &mut diagnosis.captures {
        capture.facts.name = expected
            .capture
            .file_name()
            .unwrap()
            .to_str()
            .unwrap()
            .to_owned();
    }
    diagnosis
}

fn expectation(expected: &Expected) -> &toml::Table {
    expected.table["expect"].as_table().unwrap()
}

/// Ids of a phone's findings at or above a severity.
fn ids(phone: &PhoneDiagnosis, at_least: Severity) -> BTreeSet<&str> {
    phone
        .boots
        .iter()
        .flat_map(|boot| &boot.findings)
        .filter(|finding| finding.severity >= at_least)
        .map(|finding| finding.id)
        .collect()
}

fn strings(value: Option<&toml::Value>) -> Vec<&str> {
    value
        .and_then(toml::Value::as_array)
        .map(|list| list.iter().filter_map(toml::Value::as_str).collect())
        .unwrap_or_default()
}

fn differences(expected: &Expected) -> Vec<String> {
    let diagnosis = analyze(expected);
    let expect = expectation(expected);
    let mut wrong = Vec::new();
    let mut compare = |what: &str, found: String, wanted: String| {
        if found != wanted {
            wrong.push(format!(
                "{}: {what}: found {found}, expected {wanted}",
                expected.name
            ));
        }
    };
    compare(
        "verdict",
        diagnosis.verdict.name().to_owned(),
        expect["verdict"].as_str().unwrap().to_owned(),
    );
    let phones = expect
        .get("phone")
        .and_then(toml::Value::as_array)
        .cloned()
        .unwrap_or_default();
    compare(
        "phones",
        diagnosis.phones.len().to_string(),
        phones.len().to_string(),
    );
    for wanted in &phones {
        let mac = wanted["mac"].as_str().unwrap();
        let Some(phone) = diagnosis.phones.iter().find(|phone| phone.id == mac) else {
            compare("phone", "none".to_owned(), mac.to_owned());
            continue;
        };
        for (key, found) in [("family", &phone.family), ("model", &phone.model)] {
            // Where a capture cannot show it, nothing is expected.
            if let Some(text) = wanted.get(key).and_then(toml::Value::as_str) {
                compare(key, format!("{found:?}"), format!("{:?}", Some(text)));
            }
        }
        let outcomes: Vec<&str> = phone.boots.iter().map(|boot| boot.outcome.name()).collect();
        compare(
            "outcomes",
            format!("{outcomes:?}"),
            format!("{:?}", strings(wanted.get("outcome"))),
        );
        let findings: Vec<&str> = ids(phone, Severity::Warning).into_iter().collect();
        compare(
            "findings",
            format!("{findings:?}"),
            format!("{:?}", strings(wanted.get("findings"))),
        );
        let allowed = strings(wanted.get("notes"));
        for id in ids(phone, Severity::Note) {
            if !findings.contains(&id) && !allowed.contains(&id) {
                compare("note", id.to_owned(), "none".to_owned());
            }
        }
    }
    wrong
}

#[test]
fn every_capture_is_judged_as_an_analyst_would() {
    let wrong: Vec<String> = all().iter().flat_map(differences).collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn healthy_boots_raise_nothing_above_a_note() {
    let healthy: Vec<Expected> = all()
        .into_iter()
        .filter(|expected| expected.name.contains("/healthy-"))
        .collect();
    assert!(healthy.len() >= 3, "a Cisco, a Polycom and a Yealink");
    for expected in healthy {
        for finding in analyze(&expected).findings() {
            assert!(
                finding.severity == Severity::Note,
                "{}: {} {}",
                expected.name,
                finding.id,
                finding.title
            );
        }
    }
}

#[test]
fn every_rule_fires_in_some_capture_and_is_silent_in_another() {
    let mut fired: BTreeSet<&str> = BTreeSet::new();
    for expected in all() {
        fired.extend(analyze(&expected).findings().map(|finding| finding.id));
    }
    let silent: Vec<&str> = RULES
        .iter()
        .map(|rule| rule.id)
        .filter(|id| !fired.contains(id))
        .collect();
    assert!(silent.is_empty(), "no capture fires {silent:?}");
}

#[test]
fn every_finding_cites_frames_that_exist() {
    for expected in all() {
        let diagnosis = analyze(&expected);
        let frames = diagnosis.captures[0].facts.frames;
        for finding in diagnosis.findings() {
            assert!(
                !finding.evidence.is_empty(),
                "{}: {}",
                expected.name,
                finding.id
            );
            for evidence in &finding.evidence {
                let frame = evidence.at.frame.0;
                assert!(
                    frame <= frames,
                    "{}: {} cites {frame}",
                    expected.name,
                    finding.id
                );
            }
            assert!(
                finding.severity == Severity::Note || !finding.remedy.is_empty(),
                "{}: {} has no remedy",
                expected.name,
                finding.id
            );
        }
    }
}

/// The formats that golden reports are kept of.
const GOLDEN: &[(Format, &str)] = &[
    (Format::Table, "txt"),
    (Format::Json, "json"),
    (Format::Ndjson, "ndjson"),
    (Format::Markdown, "md"),
];

fn render(diagnosis: Diagnosis, format: Format) -> String {
    let mut out = Vec::new();
    let generated = Generated { at: Timestamp(0) };
    let style = Style {
        color: false,
        width: 80,
        quiet: false,
        verbose: false,
    };
    report::write(&[diagnosis], format, true, &generated, &style, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn reports_are_as_they_were_last_read() {
    let bless = std::env::var_os("PHONEBOOT_BLESS").is_some();
    let mut wrong = Vec::new();
    for expected in all() {
        let diagnosis = analyze(&expected);
        for (format, extension) in GOLDEN {
            let path = root()
                .join("tests/golden")
                .join(format!("{}.{extension}", expected.name));
            let found = render(diagnosis.clone(), *format);
            if bless {
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(&path, found).unwrap();
            } else if fs::read_to_string(&path).unwrap_or_default() != found {
                wrong.push(path.display().to_string());
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "these reports changed:\n{}",
        wrong.join("\n")
    );
}

#[test]
fn every_json_report_keeps_its_schema() {
    let schema = report::schema(report::SchemaOf::Report);
    let validator = jsonschema::validator_for(&schema).unwrap();
    for expected in all() {
        let text = render(analyze(&expected), Format::Json);
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        let errors: Vec<String> = validator
            .iter_errors(&value)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(errors.is_empty(), "{}: {errors:?}", expected.name);
    }
}

#[test]
fn the_table_is_at_most_eighty_columns_wide() {
    for expected in all() {
        for line in render(analyze(&expected), Format::Table).lines() {
            assert!(line.chars().count() <= 80, "{}: {line}", expected.name);
        }
    }
}

#[test]
fn the_same_capture_gives_the_same_bytes() {
    for expected in all().iter().take(5) {
        assert_eq!(
            render(analyze(expected), Format::Json),
            render(analyze(expected), Format::Json)
        );
    }
}
