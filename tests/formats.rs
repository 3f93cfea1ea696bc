//! One boot in every container and link type: the same frames, the same judgement.

use std::io::Cursor;

use phoneboot::analysis::analyze_readers;
use phoneboot::capture::file::Reader;
use phoneboot::diagnosis::Diagnosis;
use phoneboot::finding::Severity;
use phoneboot::profiles::Profiles;
use phoneboot::rules::Options;

use crate::forge::recipes;
use crate::forge::write;

fn analyze(name: &str, bytes: Vec<u8>) -> Diagnosis {
    let reader = Reader::from_read(Box::new(Cursor::new(bytes)), name, 0)
        .unwrap_or_else(|error| panic!("{name}: {error}"));
    analyze_readers(vec![reader], Profiles::embedded(), Options::default()).unwrap()
}

/// What must be the same: who, what came of it, and why.
fn judgement(diagnosis: &Diagnosis) -> (Vec<String>, &'static str, Vec<(&'static str, Severity)>) {
    let phones = diagnosis
        .phones
        .iter()
        .map(|phone| format!("{} {:?} {:?}", phone.id, phone.family, phone.model))
        .collect();
    let findings = diagnosis
        .findings()
        .filter(|finding| finding.severity > Severity::Note)
        .map(|finding| (finding.id, finding.severity))
        .collect();
    (phones, diagnosis.verdict.name(), findings)
}

#[test]
fn a_boot_is_judged_alike_in_every_container_and_link_type() {
    for name in [
        "healthy-7961-sccp",
        "recovery-load-missing",
        "tftp-port-closed",
    ] {
        let recipe = recipes::named(name);
        let reference = analyze(name, recipe.capture());
        for variant in write::variants(&recipe.scene) {
            let label = format!("{name} as {}", variant.name);
            let diagnosis = analyze(&label, variant.bytes);
            if variant.complete && variant.timed {
                assert_eq!(judgement(&diagnosis), judgement(&reference), "{label}");
            } else {
                // Link types without frames of their own lose CDP and ARP; the boot is
                // still there.
                let (phones, ..) = judgement(&diagnosis);
                assert_eq!(phones.len(), 1, "{label}");
                let (_, _, findings) = judgement(&reference);
                for (id, _) in judgement(&diagnosis).2 {
                    assert!(
                        findings.iter().any(|(known, _)| *known == id),
                        "{label}: {id}"
                    );
                }
            }
        }
    }
}

#[test]
fn times_and_counts_are_those_of_the_file() {
    let recipe = recipes::named("healthy-7961-sccp");
    let reference = analyze("reference", recipe.capture());
    for variant in write::variants(&recipe.scene) {
        let diagnosis = analyze(variant.name, variant.bytes);
        let (facts, known) = (&diagnosis.captures[0].facts, &reference.captures[0].facts);
        if variant.complete && variant.timed {
            assert_eq!(facts.frames, known.frames, "{}", variant.name);
            let micros = |time: Option<phoneboot::capture::Timestamp>| time.unwrap().0 / 1000;
            assert_eq!(micros(facts.first), micros(known.first), "{}", variant.name);
            assert_eq!(micros(facts.last), micros(known.last), "{}", variant.name);
        }
        assert_eq!(facts.cut_short, None, "{}", variant.name);
    }
}
