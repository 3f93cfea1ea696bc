//! The program as its user calls it: options, exit status, messages, bad input.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

fn phoneboot() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_phoneboot"));
    command
        .env_remove("SOURCE_DATE_EPOCH")
        .env_remove("NO_COLOR");
    command
}

fn run(arguments: &[&str]) -> Output {
    phoneboot().args(arguments).output().unwrap()
}

fn capture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("captures")
        .join(name)
}

fn path(name: &str) -> String {
    capture(name).to_str().unwrap().to_owned()
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

const FAILED: &str = "cisco-7900/recovery-load-missing.pcapng";
const HEALTHY: &str = "cisco-7900/healthy-7961-sccp.pcapng";

#[test]
fn exit_status_tells_what_was_found() {
    assert_eq!(code(&run(&["analyze", &path(FAILED)])), 1);
    assert_eq!(
        code(&run(&["analyze", "--fail-on", "never", &path(FAILED)])),
        0
    );
    assert_eq!(code(&run(&["analyze", &path(HEALTHY)])), 0);
    assert_eq!(
        code(&run(&[
            "analyze",
            &path("capture/foreign-traffic-only.pcapng")
        ])),
        4
    );
    assert_eq!(code(&run(&["analyze", "/nonexistent.pcap"])), 3);
    assert_eq!(code(&run(&["analyze", "--no-such-option"])), 2);
    assert_eq!(code(&run(&["analyze"])), 2);
    assert_eq!(
        code(&run(&["analyze", "--phone", "nonsense", &path(FAILED)])),
        2
    );
}

#[test]
fn one_bad_file_among_several_is_named_and_the_others_are_reported() {
    let output = run(&[
        "analyze",
        "--format",
        "json",
        "/nonexistent.pcap",
        &path(HEALTHY),
    ]);
    assert_eq!(code(&output), 3);
    assert!(text(&output.stderr).contains("/nonexistent.pcap"));
    let reports: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(reports.as_array().unwrap().len(), 1);
}

#[test]
fn one_file_is_one_document_and_a_folder_is_an_array() {
    let one = run(&["analyze", "--format", "json", &path(HEALTHY)]);
    let report: serde_json::Value = serde_json::from_slice(&one.stdout).unwrap();
    assert_eq!(report["report_version"], 1);
    let folder = capture("cisco-7900");
    let many = run(&["analyze", "--format", "json", folder.to_str().unwrap()]);
    let reports: serde_json::Value = serde_json::from_slice(&many.stdout).unwrap();
    let files: Vec<&str> = reports
        .as_array()
        .unwrap()
        .iter()
        .map(|report| report["captures"][0]["file"].as_str().unwrap())
        .collect();
    assert!(files.len() > 5);
    assert!(files.is_sorted());
}

#[test]
fn bad_files_are_named_with_their_reason() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        path.to_str().unwrap().to_owned()
    };
    for (name, bytes, word) in [
        ("empty.pcap", &b""[..], "empty"),
        (
            "letter.pcap",
            b"Dear technician, my phone does not boot.\n",
            "44 65 61 72",
        ),
        ("zeros.pcap", &[0; 100], "00 00 00 00"),
    ] {
        let output = run(&["analyze", &write(name, bytes)]);
        let message = text(&output.stderr);
        assert_eq!(code(&output), 3, "{message}");
        assert!(
            message.contains(name) && message.contains(word),
            "{message}"
        );
        assert!(output.stdout.is_empty());
    }
    let nothing = folder.path().join("nothing");
    fs::create_dir(&nothing).unwrap();
    let output = run(&["analyze", nothing.to_str().unwrap()]);
    assert_eq!(code(&output), 3);
    assert!(text(&output.stderr).contains("no capture"));
}

#[test]
fn a_capture_without_frames_has_no_phone_in_it() {
    let output = run(&["analyze", "--format", "json", &path("capture/empty.pcapng")]);
    assert_eq!(code(&output), 4);
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["verdict"], "no-phone");
    assert_eq!(report["captures"][0]["frames"], 0);
}

#[test]
fn reads_standard_input() {
    let mut child = phoneboot()
        .args(["analyze", "--format", "json", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(&fs::read(capture(FAILED)).unwrap())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(code(&output), 1);
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["captures"][0]["file"], "-");
    assert_eq!(report["verdict"], "failed");
}

#[test]
fn a_closed_pipe_ends_quietly() {
    let mut child = phoneboot()
        .args(["decode", capture("cisco-7900").to_str().unwrap()])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(text(&output.stderr), "");
}

#[test]
fn colour_is_for_terminals_and_for_those_who_ask() {
    let plain = run(&["analyze", &path(FAILED)]);
    assert!(!plain.stdout.contains(&0x1b));
    let colored = run(&["analyze", "--color", "always", &path(FAILED)]);
    assert!(colored.stdout.contains(&0x1b));
}

#[test]
fn the_format_follows_the_outputs_extension() {
    let folder = tempfile::tempdir().unwrap();
    let json = folder.path().join("report.json");
    let output = run(&["analyze", "-o", json.to_str().unwrap(), &path(FAILED)]);
    assert_eq!(code(&output), 1);
    assert!(output.stdout.is_empty());
    let report: serde_json::Value = serde_json::from_slice(&fs::read(&json).unwrap()).unwrap();
    assert_eq!(report["report_version"], 1);
    let odd = folder.path().join("report.odd");
    assert_eq!(
        code(&run(&[
            "analyze",
            "-o",
            odd.to_str().unwrap(),
            &path(FAILED)
        ])),
        2
    );
    let nowhere = folder.path().join("no/such/folder/report.json");
    assert_eq!(
        code(&run(&[
            "analyze",
            "-o",
            nowhere.to_str().unwrap(),
            &path(FAILED)
        ])),
        3
    );
}

#[test]
fn one_phone_of_several_can_be_chosen() {
    let several = path("cisco-7900/two-phones-and-a-pc.pcapng");
    let count = |arguments: &[&str]| {
        let output = run(arguments);
        let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        report["phones"].as_array().unwrap().clone()
    };
    let all = count(&["analyze", "--format", "json", &several]);
    assert_eq!(all.len(), 2);
    let mac = all[0]["mac"].as_str().unwrap();
    let one = count(&["analyze", "--format", "json", "--phone", mac, &several]);
    assert_eq!(one, [all[0].clone()]);
    let ip = all[1]["addresses"][0].as_str().unwrap();
    let other = count(&["analyze", "--format", "json", "--phone", ip, &several]);
    assert_eq!(other, [all[1].clone()]);
}

#[test]
fn the_time_of_the_report_can_be_fixed() {
    let output = phoneboot()
        .env("SOURCE_DATE_EPOCH", "86400")
        .args(["analyze", "--format", "json", &path(FAILED)])
        .output()
        .unwrap();
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["generated_at"], "1970-01-02T00:00:00.000000Z");
}

#[test]
fn decode_prints_one_json_line_a_message() {
    let output = run(&["decode", "--protocol", "tftp", &path(FAILED)]);
    assert_eq!(code(&output), 0);
    let lines: Vec<serde_json::Value> = text(&output.stdout)
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert!(lines.len() >= 2);
    assert_eq!(lines[0]["message"]["opcode"], "rrq");
    assert_eq!(lines[0]["message"]["file"], "term70.default.loads");
    assert_eq!(lines[1]["message"]["opcode"], "error");
    assert_eq!(lines[1]["message"]["of_file"], "term70.default.loads");
    let schema: serde_json::Value =
        serde_json::from_slice(&run(&["schema", "decode"]).stdout).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let everything = run(&["decode", capture("").to_str().unwrap()]);
    for line in text(&everything.stdout).lines() {
        let value = serde_json::from_str(line).unwrap();
        assert!(validator.is_valid(&value), "{line}");
    }
}

#[test]
fn explain_and_phones_tell_and_list() {
    let list = text(&run(&["explain"]).stdout);
    assert!(list.contains("tftp-file-too-large"));
    let one = text(&run(&["explain", "tftp-file-too-large"]).stdout);
    assert!(one.contains("How to fix it") && one.contains("RFC 1350"));
    let unknown = run(&["explain", "file-too-large"]);
    assert_eq!(code(&unknown), 2);
    assert!(text(&unknown.stderr).contains("tftp-file-too-large"));
    let phone = text(&run(&["phones", "7970"]).stdout);
    assert!(
        phone.contains("term70") || phone.contains("term"),
        "{phone}"
    );
    assert!(text(&run(&["phones"]).stdout).contains("yealink-t4x"));
    assert_eq!(code(&run(&["phones", "nonsense-phone"])), 2);
    let half = text(&run(&["phones", "00:04:f2:aa:bb:cc"]).stdout);
    assert!(half.contains("a phone of Polycom"), "{half}");
    assert!(half.contains("polycom-vvx") && !half.contains("yealink"));
    let file = text(&run(&["phones", "term70.default.loads"]).stdout);
    assert!(file.starts_with("term70.default.loads: a phone of Cisco, model 7970"));
    assert!(file.contains("123456789*0#"));
    let several = text(&run(&["phones", "67"]).stdout);
    assert!(several.contains("6757i") && !several.contains("X6U"));
    for page in [list, one, phone] {
        for line in page.lines() {
            assert!(line.chars().count() <= 80, "{line}");
        }
    }
}

#[test]
fn several_files_can_be_one_time_line() {
    let both = [path(FAILED), path(HEALTHY)];
    let output = run(&["analyze", "--merge", "--format", "json", &both[0], &both[1]]);
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["captures"].as_array().unwrap().len(), 2);
}
