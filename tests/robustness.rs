//! Every frame of every capture, cut and garbled: nothing panics, nothing hangs, and
//! what comes out stays within bounds.

use std::fs;
use std::path::PathBuf;

use phoneboot::analysis::analyze_readers;
use phoneboot::capture::file::Reader;
use phoneboot::profiles::Profiles;
use phoneboot::rules::Options;

/// The same numbers in every run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next()).unwrap() % limit.max(1)
    }
}

fn captures() -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("captures")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path
                .extension()
                .is_some_and(|extension| extension != "toml")
            {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// Analyses bytes as a capture; a file that is no capture any more is fine.
fn survives(bytes: Vec<u8>) {
    let input = Box::new(std::io::Cursor::new(bytes));
    if let Ok(reader) = Reader::from_read(input, "garbled", 0) {
        let diagnosis = analyze_readers(
            vec![reader],
            Profiles::embedded(),
            Options { all_hosts: true },
        );
        assert!(diagnosis.unwrap().phones.len() < 1000);
    }
}

#[test]
fn captures_cut_at_any_byte_are_read_as_far_as_they_go() {
    for path in captures() {
        let bytes = fs::read(&path).unwrap();
        let step = (bytes.len() / 40).max(1);
        for end in (0..bytes.len()).step_by(step) {
            survives(bytes[..end].to_vec());
        }
    }
}

#[test]
fn captures_with_garbled_bytes_do_no_harm() {
    let mut random = Random(7);
    for path in captures() {
        let bytes = fs::read(&path).unwrap();
        for _ in 0..25 {
            let mut garbled = bytes.clone();
            for _ in 0..=random.below(40) {
                let at = random.below(garbled.len());
                if let Some(byte) = garbled.get_mut(at) {
                    *byte = u8::try_from(random.next() & 0xff).unwrap();
                }
            }
            survives(garbled);
        }
    }
}

#[test]
fn captures_with_single_bytes_changed_to_extremes_do_no_harm() {
    let mut random = Random(11);
    for path in captures() {
        let bytes = fs::read(&path).unwrap();
        for value in [0x00, 0xff, 0x7f, 0x80] {
            for _ in 0..8 {
                let mut garbled = bytes.clone();
                let at = random.below(garbled.len());
                if let Some(byte) = garbled.get_mut(at) {
                    *byte = value;
                }
                survives(garbled);
            }
        }
    }
}
