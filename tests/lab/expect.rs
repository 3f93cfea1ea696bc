//! Compares a report with what its scenario expects.

use serde_json::Value;

use crate::Result;
use crate::scenario::Expect;

/// Fails with everything that differs, and with the report's own findings in full.
pub(crate) fn compare(report: &Value, expect: &Expect) -> Result<()> {
    let mut wrong = Vec::new();
    let mut same = |what: &str, found: String, wanted: String| {
        if found != wanted {
            wrong.push(format!("{what}: found {found}, expected {wanted}"));
        }
    };
    same("verdict", text(&report["verdict"]), expect.verdict.clone());
    let phones = list(&report["phones"]);
    same("phones", phones.len().to_string(), "1".to_owned());
    let phone = phones.first().unwrap_or(&Value::Null);
    same("family", text(&phone["family"]), expect.family.clone());
    if let Some(model) = &expect.model {
        same("model", text(&phone["model"]), model.clone());
    }
    let boots = list(&phone["boots"]);
    let findings: Vec<&Value> = boots
        .iter()
        .flat_map(|boot| list(&boot["findings"]))
        .collect();
    let mut found: Vec<String> = findings
        .iter()
        .filter(|finding| finding["severity"] != "note")
        .map(|finding| format!("{} {}", text(&finding["severity"]), text(&finding["id"])))
        .collect();
    found.sort();
    found.dedup();
    same(
        "findings",
        format!("{found:?}"),
        format!("{:?}", expect.findings),
    );
    let notes: Vec<String> = list(&report["captures"])
        .iter()
        .flat_map(|capture| list(&capture["notes"]))
        .map(|note| format!("{} {}", text(&note["severity"]), text(&note["id"])))
        .collect();
    same(
        "notes on the capture",
        format!("{notes:?}"),
        "[]".to_owned(),
    );
    let transfers: Vec<String> = boots
        .iter()
        .flat_map(|boot| list(&boot["transfers"]))
        .map(|transfer| format!("{} {}", text(&transfer["file"]), text(&transfer["status"])))
        .collect();
    let mut rest = transfers.iter();
    for wanted in &expect.files {
        if !rest.any(|transfer| transfer == wanted) {
            same("files", format!("{transfers:?}"), wanted.clone());
            break;
        }
    }
    for finding in findings.iter().chain(&notes_of(report)) {
        if !wrong.is_empty() && finding["severity"] != "note" {
            wrong.push(format!(
                "  {} {}: {} {}",
                text(&finding["severity"]),
                text(&finding["id"]),
                text(&finding["title"]),
                text(&finding["detail"])
            ));
        }
    }
    if wrong.is_empty() {
        Ok(())
    } else {
        Err(wrong.join("\n").into())
    }
}

fn notes_of(report: &Value) -> Vec<&Value> {
    list(&report["captures"])
        .iter()
        .flat_map(|capture| list(&capture["notes"]))
        .collect()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

fn text(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}
