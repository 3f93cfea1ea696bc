//! Who may use whom, as data; and the habits that every file keeps.

use std::fs;
use std::path::{Path, PathBuf};

/// Parts of `src`, and the parts that each may import.
const MAY_USE: &[(&str, &[&str])] = &[
    (
        "analysis",
        &[
            "capture",
            "diagnosis",
            "dissect",
            "event",
            "observe",
            "profiles",
            "rules",
            "session",
        ],
    ),
    ("capture", &[]),
    (
        "cli",
        &[
            "analysis",
            "capture",
            "diagnosis",
            "dissect",
            "error",
            "event",
            "finding",
            "live",
            "profiles",
            "report",
            "rules",
            "session",
        ],
    ),
    (
        "diagnosis",
        &["capture", "dissect", "event", "finding", "session"],
    ),
    ("dissect", &["capture", "event"]),
    ("error", &["capture", "profiles"]),
    ("event", &["capture", "dissect"]),
    ("finding", &["event"]),
    (
        "live",
        &["capture", "diagnosis", "event", "finding", "session"],
    ),
    ("observe", &["dissect", "event"]),
    ("profiles", &["capture", "event", "session"]),
    (
        "report",
        &[
            "capture",
            "diagnosis",
            "dissect",
            "event",
            "finding",
            "live",
            "session",
        ],
    ),
    (
        "rules",
        &[
            "capture",
            "diagnosis",
            "dissect",
            "event",
            "finding",
            "profiles",
            "session",
        ],
    ),
    ("session", &["capture", "dissect", "event"]),
];

/// Longest file without its tests, in lines.
const MAX_LINES: usize = 560;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// The text of a file up to its tests.
fn without_tests(text: &str) -> &str {
    text.split("#[cfg(test)]\nmod tests").next().unwrap()
}

#[test]
fn no_part_uses_what_it_must_not() {
    let source = root().join("src");
    for path in rust_files(&source) {
        let inside = path.strip_prefix(&source).unwrap();
        let part = inside.iter().next().unwrap().to_str().unwrap();
        let part = part.strip_suffix(".rs").unwrap_or(part);
        if matches!(part, "lib" | "main") || inside.starts_with("capture/pcap-dl") {
            continue;
        }
        let (_, allowed) = MAY_USE
            .iter()
            .find(|(name, _)| *name == part)
            .unwrap_or_else(|| panic!("{} belongs to no part", inside.display()));
        let text = fs::read_to_string(&path).unwrap();
        for (number, line) in without_tests(&text).lines().enumerate() {
            let Some((_, rest)) = line.split_once("crate::") else {
                continue;
            };
            if line.trim_start().starts_with("//") {
                continue;
            }
            let used: String = rest
                .chars()
                .take_while(|c| c.is_alphanumeric() || *c == '_')
                .collect();
            let is_part = MAY_USE.iter().any(|(name, _)| *name == used);
            assert!(
                !is_part || used == part || allowed.contains(&used.as_str()),
                "{}:{}: {part} must not use {used}",
                inside.display(),
                number + 1
            );
        }
    }
}

#[test]
fn the_table_of_parts_is_the_tree() {
    let mut parts: Vec<String> = fs::read_dir(root().join("src"))
        .unwrap()
        .map(|entry| {
            entry
                .unwrap()
                .path()
                .file_stem()
                .unwrap()
                .to_str()
                .unwrap()
                .to_owned()
        })
        .filter(|name| !matches!(name.as_str(), "lib" | "main"))
        .collect();
    parts.sort();
    let named: Vec<&str> = MAY_USE.iter().map(|(name, _)| *name).collect();
    assert_eq!(parts, named);
}

#[test]
fn every_file_says_what_it_is_for() {
    for folder in ["src", "parsers", "tests"] {
        for path in rust_files(&root().join(folder)) {
            if path.components().any(|part| part.as_os_str() == "target") {
                continue;
            }
            let text = fs::read_to_string(&path).unwrap();
            assert!(
                text.starts_with("//!"),
                "{} opens without //!",
                path.display()
            );
        }
    }
}

#[test]
fn no_file_outgrows_a_reader() {
    for folder in ["src", "parsers"] {
        for path in rust_files(&root().join(folder)) {
            let text = fs::read_to_string(&path).unwrap();
            let lines = without_tests(&text).lines().count();
            assert!(lines <= MAX_LINES, "{}: {lines} lines", path.display());
        }
    }
}

#[test]
fn nothing_is_left_undone() {
    for folder in ["src", "parsers", "tests"] {
        for path in rust_files(&root().join(folder)) {
            let text = fs::read_to_string(&path).unwrap();
            for word in [
                concat!("to", "do!("),
                concat!("unimple", "mented!("),
                concat!("#[ig", "nore"),
                concat!("should_", "panic"),
            ] {
                assert!(!text.contains(word), "{}: {word}", path.display());
            }
        }
    }
}

#[test]
fn the_readme_lists_every_finding() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    for rule in phoneboot::rules::RULES {
        assert!(
            readme.contains(&format!("| `{}` |", rule.id)),
            "README.md does not list {}",
            rule.id
        );
    }
}
