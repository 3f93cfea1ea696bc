//! Captures judged while they grow: frame by frame, with time handed in.

use std::fs;
use std::path::{Path, PathBuf};

use phoneboot::analysis::{Analysis, analyze_file};
use phoneboot::capture::file::Reader;
use phoneboot::capture::{CaptureFacts, Timestamp};
use phoneboot::diagnosis::{Diagnosis, Outcome};
use phoneboot::finding::Severity;
use phoneboot::live::{Counters, News, Progress, Waiting};
use phoneboot::profiles::Profiles;
use phoneboot::report::live::{Lines, events, waiting};
use phoneboot::report::{self, Format, Generated, Style};
use phoneboot::rules::Options;

const SEC: i64 = 1_000_000_000;
const STYLE: Style = Style {
    color: false,
    width: 80,
    quiet: false,
    verbose: false,
};

fn capture(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("captures")
        .join(name)
}

fn json(diagnosis: Diagnosis) -> String {
    let mut out = Vec::new();
    let generated = Generated { at: Timestamp(0) };
    let reports = [diagnosis];
    report::write(&reports, Format::Json, true, &generated, &STYLE, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

/// A capture that is played; what is said of it is gathered.
struct Play {
    analysis: Analysis<'static>,
    facts: CaptureFacts,
    progress: Progress,
    /// Lines for people, and those of NDJSON.
    lines: Lines,
    text: Vec<u8>,
    events: Vec<u8>,
    appeared: Vec<String>,
    withdrawn: Vec<String>,
    steps: usize,
    waiting: Option<String>,
}

impl Play {
    fn new() -> Self {
        Self {
            analysis: Analysis::new(Profiles::embedded(), Options::default()),
            facts: CaptureFacts::new("eth0", "interface"),
            progress: Progress::default(),
            lines: Lines::new(STYLE),
            text: Vec::new(),
            events: Vec::new(),
            appeared: Vec::new(),
            withdrawn: Vec::new(),
            steps: 0,
            waiting: None,
        }
    }

    /// All frames of a capture, with a look behind each of them.
    fn play(&mut self, path: &Path) {
        let mut reader = Reader::open(path, 0).unwrap();
        while let Some(frame) = reader.next_frame() {
            self.facts.count(&frame);
            self.analysis.frame(&frame);
            let now = frame.time;
            self.look(now);
        }
        self.facts = reader.facts().clone();
    }

    /// So many seconds of silence behind the last frame, with a look every second.
    fn silence(&mut self, secs: i64) {
        let last = self.facts.last.unwrap();
        for second in 1..=secs {
            let now = Timestamp(last.0 + second * SEC);
            self.analysis.tick(now);
            self.facts.taken.listened = Some((self.facts.first.unwrap(), now));
            self.look(now);
        }
    }

    fn look(&mut self, now: Timestamp) -> Diagnosis {
        let diagnosis = self.analysis.diagnosis(vec![self.facts.clone()]);
        let update = self.progress.look(&diagnosis, Counters::default(), now);
        self.lines.write(&update, &mut self.text).unwrap();
        events(&update, &mut self.events).unwrap();
        self.waiting = waiting(&update);
        for news in &update.news {
            match news {
                News::Step { .. } => self.steps += 1,
                News::Appeared { place, finding } => {
                    let found = match place {
                        phoneboot::live::Place::Capture(index) => {
                            &diagnosis.captures[*index].notes[*finding]
                        }
                        phoneboot::live::Place::Boot(at) => {
                            &diagnosis.phones[at.phone].boots[at.boot].findings[*finding]
                        }
                    };
                    if found.severity > Severity::Note {
                        self.appeared.push(found.id.to_owned());
                    }
                }
                News::Withdrawn { finding, .. } if finding.severity > Severity::Note => {
                    self.withdrawn.push(finding.id.to_owned());
                }
                News::Withdrawn { .. } => {}
            }
        }
        diagnosis
    }
}

#[test]
fn looks_in_between_do_not_change_what_comes_out() {
    for name in [
        "cisco-7900/recovery-load-missing.pcapng",
        "cisco-7900/healthy-7961-sccp.pcapng",
        "cisco-7900/behind-router.pcapng",
    ] {
        let path = capture(name);
        let mut play = Play::new();
        play.play(&path);
        let watched = play.analysis.finish(vec![play.facts]);
        let at_once = analyze_file(&path, Profiles::embedded(), Options::default()).unwrap();
        let n_steps: usize = at_once
            .phones
            .iter()
            .flat_map(|phone| &phone.phone.boots)
            .map(|boot| boot.timeline.len())
            .sum();
        assert_eq!(json(watched), json(at_once), "{name}");
        // The last half second waits for frames that come late.
        assert!(play.steps <= n_steps && play.steps > 0, "{name}");
    }
}

#[test]
fn every_step_and_finding_is_told_once() {
    let mut play = Play::new();
    play.play(&capture("cisco-7900/recovery-load-missing.pcapng"));
    play.silence(3);
    let told = play.steps;
    play.silence(60);
    assert_eq!(play.steps, told);
    assert_eq!(play.appeared, ["file-missing"]);
    assert!(play.withdrawn.is_empty());
    let text = String::from_utf8(play.text).unwrap();
    assert!(text.starts_with("Cisco 7970  "), "{text}");
    let error = "✗ ERROR  TFTP server has no file \"term70.default.loads\"";
    assert_eq!(text.matches(error).count(), 1, "{text}");
    assert!(
        text.lines().all(|line| line.chars().count() <= 80),
        "{text}"
    );
    let lines = String::from_utf8(play.events).unwrap();
    let events: Vec<serde_json::Value> = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let count = |event: &str| events.iter().filter(|line| line["event"] == event).count();
    assert_eq!((count("step"), count("finding")), (told, 1));
}

#[test]
fn a_healthy_boot_stays_silent_while_it_goes_on() {
    let mut n_captures = 0;
    for family in fs::read_dir(capture("")).unwrap() {
        for file in fs::read_dir(family.unwrap().path()).unwrap() {
            let path = file.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            if name.starts_with("healthy-") && name.ends_with(".pcapng") {
                let mut play = Play::new();
                play.play(&path);
                play.silence(5);
                assert_eq!(play.appeared, play.withdrawn, "{name}");
                // Patience runs out before the server's does.
                let told = name.contains("late") || name.contains("lldp-power");
                assert!(
                    told || play.appeared.is_empty(),
                    "{name} {:?}",
                    play.appeared
                );
                n_captures += 1;
            }
        }
    }
    assert!(n_captures >= 20, "only {n_captures}");
}

#[test]
fn silence_is_judged_when_it_has_lasted() {
    let mut play = Play::new();
    play.play(&capture("cisco-7900/ack-missing.pcapng"));
    let last = play.facts.last.unwrap();
    let now = play.look(last);
    let outcome = |diagnosis: &Diagnosis| diagnosis.phones[0].boots.last().unwrap().outcome;
    let before = outcome(&now);
    play.silence(200);
    let after = play.look(Timestamp(last.0 + 201 * SEC));
    assert!(matches!(before, Outcome::Incomplete | Outcome::Failed));
    assert!(matches!(
        outcome(&after),
        Outcome::Failed | Outcome::Stalled
    ));
    let words = play.waiting.unwrap();
    assert!(words.contains("nothing for "), "{words}");
}

#[test]
fn says_what_is_waited_for_before_there_is_a_phone() {
    let analysis = Analysis::new(Profiles::embedded(), Options::default());
    let diagnosis = analysis.diagnosis(vec![CaptureFacts::new("eth0", "interface")]);
    let words = |frames, hosts| {
        let heard = Counters {
            frames,
            bytes: 0,
            hosts,
        };
        let mut progress = Progress::default();
        let update = progress.look(&diagnosis, heard, Timestamp(0));
        assert_eq!(update.waiting, Some(Waiting::AnyPhone));
        waiting(&update).unwrap()
    };
    assert_eq!(
        words(0, 0),
        "no frame yet: does the phone have power, and is this the right port?"
    );
    assert_eq!(
        words(12, 2),
        "no frame yet from any phone: is it powered? is this the right port? 12 frames from 2 \
         other hosts"
    );
}
