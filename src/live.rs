//! What is new between two looks at a boot that goes on: [`Progress`] compares one
//! [`Diagnosis`] with the last one.
//!
//! Whoever shows a boot while it happens, line by line or as a screen, is fed by the same
//! [`Update`]. It knows no clock; times are handed in.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use phoneboot_parsers::MacAddress;

use crate::capture::{Frame, LinkType, Timestamp};
use crate::diagnosis::{Diagnosis, PhoneDiagnosis};
use crate::event::At;
use crate::finding::{Finding, Severity};
use crate::session::Step;

/// Hosts that are told apart when frames are counted.
const MAX_HOSTS: usize = 4096;

/// What is new since the last look, and how things stand.
#[derive(Debug)]
pub struct Update<'d> {
    /// All that is known now: phones, boots, files with their bytes.
    pub diagnosis: &'d Diagnosis,
    /// When this look was, by the clock that stamps the frames.
    pub now: Timestamp,
    /// What happened, phone by phone and boot by boot, in the order of the frames.
    pub news: Vec<News>,
    /// What is waited for; `None` while things go on, or are over.
    pub waiting: Option<Waiting>,
    /// What was heard.
    pub heard: Counters,
}

/// Something new.
#[derive(Debug, Clone, PartialEq)]
pub enum News {
    /// A line of a boot's timeline.
    Step {
        /// Whose.
        boot: BootIndex,
        /// Which: an index of [`crate::session::Boot::timeline`].
        step: usize,
    },
    /// A finding that was not there before.
    Appeared {
        /// Whose.
        place: Place,
        /// Which: an index of the findings of that place.
        finding: usize,
    },
    /// A finding that does not hold any more: what came later cleared it.
    Withdrawn {
        /// Whose; `None` when its boot is not there any more.
        place: Option<Place>,
        /// The finding as it was last.
        finding: Box<Finding>,
        /// Whether another one of the same id takes its place, about more or less than it:
        /// nothing was cleared then.
        replaced: bool,
    },
}

/// What a finding is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// A capture: an index of [`Diagnosis::captures`].
    Capture(usize),
    /// A boot.
    Boot(BootIndex),
}

/// A boot in a diagnosis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct BootIndex {
    /// An index of [`Diagnosis::phones`].
    pub phone: usize,
    /// An index of its boots.
    pub boot: usize,
}

/// What is waited for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Waiting {
    /// The first frame of any phone.
    AnyPhone,
    /// What a phone does next: it has done nothing for a while.
    Phone {
        /// Whose boot.
        boot: BootIndex,
        /// Its last effort: an index of its timeline; `None` when it only announced itself.
        step: Option<usize>,
        /// For how long it has tried nothing.
        silent_secs: f64,
    },
}

/// What was heard, phones or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counters {
    /// Frames.
    pub frames: u64,
    /// Bytes of them.
    pub bytes: u64,
    /// Hosts that sent them, by their MAC addresses, as far as they are told apart.
    pub hosts: usize,
}

/// Counts what is heard.
#[derive(Debug, Default)]
pub struct Heard {
    counters: Counters,
    hosts: HashSet<MacAddress>,
}

impl Heard {
    /// Counts a frame.
    pub fn frame(&mut self, frame: &Frame<'_>) {
        self.counters.frames += 1;
        self.counters.bytes += frame.bytes.len() as u64;
        if frame.link_type == LinkType::Ethernet
            && self.hosts.len() < MAX_HOSTS
            && let Some(source) = frame
                .bytes
                .get(6..)
                .and_then(|rest| rest.first_chunk::<6>())
        {
            self.hosts.insert(MacAddress(*source));
            self.counters.hosts = self.hosts.len();
        }
    }

    /// What was counted.
    pub fn counters(&self) -> Counters {
        self.counters
    }
}

/// After this much silence of the phone that did something last, it is said what is waited
/// for.
const SILENCE_SECS: f64 = 5.0;

/// An error or warning is told when it has held for so long: the frame that clears it may
/// follow at once.
const HOLD_SECS: f64 = 2.0;

/// What was told already.
#[derive(Debug, Default)]
pub struct Progress {
    /// Whether nothing more will come.
    is_over: bool,
    /// By the phone's id.
    phones: BTreeMap<String, Told>,
    /// By the capture's index.
    captures: Vec<Findings>,
}

/// What was told of one phone.
#[derive(Debug, Default)]
struct Told {
    /// Up to which frame its steps were told.
    until: Option<At>,
    /// By the boot's number.
    findings: BTreeMap<u32, Findings>,
}

/// The findings of one boot or capture.
#[derive(Debug, Default, Clone)]
struct Findings {
    told: Vec<Finding>,
    /// Those that are not told yet, and since when they hold.
    held: Vec<(Finding, Timestamp)>,
}

impl Progress {
    /// Compares with the last look. `now` is by the clock that stamps the frames.
    pub fn look<'d>(
        &mut self,
        diagnosis: &'d Diagnosis,
        heard: Counters,
        now: Timestamp,
    ) -> Update<'d> {
        let mut news = Vec::new();
        let now_or_over = (!self.is_over).then_some(now);
        self.captures
            .resize(diagnosis.captures.len(), Findings::default());
        for (index, (known, capture)) in self
            .captures
            .iter_mut()
            .zip(&diagnosis.captures)
            .enumerate()
        {
            known.look(
                &capture.notes,
                Place::Capture(index),
                now_or_over,
                &mut news,
            );
        }
        for (index, phone) in diagnosis.phones.iter().enumerate() {
            let mut told = self.told(phone);
            told.look(index, phone, now_or_over, &mut news);
            self.phones.insert(phone.id.clone(), told);
        }
        let ids: BTreeSet<&str> = diagnosis.phones.iter().map(|one| one.id.as_str()).collect();
        self.phones.retain(|id, _| ids.contains(id.as_str()));
        Update {
            diagnosis,
            now,
            news,
            waiting: waiting(diagnosis, now),
            heard,
        }
    }

    /// Nothing more will come: the next look holds nothing back.
    pub fn end(&mut self) {
        self.is_over = true;
    }

    /// What was told of a phone, though it may have had another id: without a MAC address
    /// it is called by its IP address.
    fn told(&mut self, phone: &PhoneDiagnosis) -> Told {
        if let Some(told) = self.phones.remove(&phone.id) {
            return told;
        }
        let former = phone.phone.addresses.iter().find_map(|address| {
            let id = format!("ip:{address}");
            self.phones.remove(&id)
        });
        former.unwrap_or_default()
    }
}

impl Told {
    /// `now` is absent when nothing more will come.
    fn look(
        &mut self,
        phone_index: usize,
        phone: &PhoneDiagnosis,
        now: Option<Timestamp>,
        news: &mut Vec<News>,
    ) {
        let mut until = self.until;
        let mut before = std::mem::take(&mut self.findings);
        for (boot_index, (boot, found)) in phone.boots().enumerate() {
            let index = BootIndex {
                phone: phone_index,
                boot: boot_index,
            };
            for (step_index, step) in boot.timeline.iter().enumerate() {
                if self.until.is_none_or(|until| step.at > until) {
                    until = until.max(Some(step.at));
                    news.push(News::Step {
                        boot: index,
                        step: step_index,
                    });
                }
            }
            let mut known = before.remove(&boot.number).unwrap_or_default();
            known.look(&found.findings, Place::Boot(index), now, news);
            self.findings.insert(boot.number, known);
        }
        for finding in before.into_values().flat_map(|known| known.told) {
            news.push(News::Withdrawn {
                place: None,
                finding: Box::new(finding),
                replaced: false,
            });
        }
        self.until = until;
    }
}

impl Findings {
    /// Tells which findings came and which went. What a finding says may change as more of
    /// it is seen; it is the same while it is about the same thing and as grave.
    fn look(
        &mut self,
        present: &[Finding],
        place: Place,
        now: Option<Timestamp>,
        news: &mut Vec<News>,
    ) {
        let same = |a: &Finding, b: &Finding| {
            a.id == b.id && a.subject == b.subject && a.severity == b.severity
        };
        let is_in = |list: &[Finding], finding: &Finding| list.iter().any(|one| same(one, finding));
        let mut come = Vec::new();
        let mut held = Vec::new();
        for (index, finding) in present.iter().enumerate() {
            if is_in(&self.told, finding) {
                continue;
            }
            let known = self.held.iter().find(|(one, _)| same(one, finding));
            let since = known.map(|(_, since)| *since).or(now);
            match since.zip(now) {
                Some((since, now))
                    if finding.severity > Severity::Note && now.secs_since(since) < HOLD_SECS =>
                {
                    held.push((finding.clone(), since));
                }
                _ => come.push(index),
            }
        }
        self.held = held;
        let comes = |gone: &Finding| {
            let held = self.held.iter().map(|(finding, _)| finding);
            let mut new = come
                .iter()
                .filter_map(|&index| present.get(index))
                .chain(held);
            new.any(|one| one.id == gone.id && one.severity >= gone.severity)
        };
        let (stay, go): (Vec<_>, Vec<_>) = std::mem::take(&mut self.told)
            .into_iter()
            .partition(|finding| is_in(present, finding));
        news.extend(go.into_iter().map(|finding| News::Withdrawn {
            place: Some(place),
            replaced: comes(&finding),
            finding: Box::new(finding),
        }));
        self.told = stay;
        for finding in come {
            news.push(News::Appeared { place, finding });
            self.told.extend(present.get(finding).cloned());
        }
    }
}

/// What is waited for: a phone at all, or the one that did something last.
fn waiting(diagnosis: &Diagnosis, now: Timestamp) -> Option<Waiting> {
    let last = diagnosis
        .phones
        .iter()
        .enumerate()
        .filter_map(|(phone, found)| {
            let boot = found.phone.boots.len().checked_sub(1)?;
            Some((BootIndex { phone, boot }, found.phone.boots.last()?))
        })
        .max_by_key(|(_, boot)| boot.last_effort());
    let Some((index, boot)) = last else {
        return Some(Waiting::AnyPhone);
    };
    let silent_secs = now.secs_since(boot.last_effort().time);
    (silent_secs >= SILENCE_SECS && !boot.is_registered()).then(|| Waiting::Phone {
        boot: index,
        step: last_effort(&boot.timeline),
        silent_secs,
    })
}

/// The last step that is more than an announcement.
fn last_effort(timeline: &[Step]) -> Option<usize> {
    timeline
        .iter()
        .rposition(|step| step.phase != crate::session::Phase::Link)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::About;

    fn finding(id: &'static str, severity: Severity, file: &str) -> Finding {
        Finding::new(id, severity, file).about(About {
            file: Some(file.to_owned()),
            ..About::default()
        })
    }

    /// What is told of the way from one list to the other: `+` came, `-` went, `~` was
    /// replaced.
    fn told(before: &[Finding], present: &[Finding]) -> Vec<String> {
        let mut known = Findings::default();
        let place = Place::Capture(0);
        known.look(before, place, None, &mut Vec::new());
        let mut news = Vec::new();
        known.look(present, place, None, &mut news);
        let words = news.into_iter().map(|news| match news {
            News::Step { .. } => String::new(),
            News::Appeared { finding, .. } => format!("+{}", present[finding].title),
            News::Withdrawn {
                finding, replaced, ..
            } => format!("{}{}", if replaced { '~' } else { '-' }, finding.title),
        });
        words.collect()
    }

    #[test]
    fn findings_come_and_go_once() {
        let one = finding("file-missing", Severity::Error, "a");
        let two = finding("file-missing", Severity::Error, "b");
        let other = finding("boot-loop", Severity::Error, "c");
        let milder = finding("file-missing", Severity::Note, "a");
        let list = |findings: &[&Finding]| findings.iter().copied().cloned().collect::<Vec<_>>();
        for (before, present, expected) in [
            (list(&[]), list(&[&one]), vec!["+a"]),
            (list(&[&one]), list(&[&one]), vec![]),
            (list(&[&one]), list(&[]), vec!["-a"]),
            (list(&[&one]), list(&[&other]), vec!["-a", "+c"]),
            (list(&[&one]), list(&[&one, &two]), vec!["+b"]),
            (list(&[&one]), list(&[&two]), vec!["~a", "+b"]),
            (list(&[&one]), list(&[&milder]), vec!["-a", "+a"]),
            (list(&[&milder]), list(&[&one]), vec!["~a", "+a"]),
        ] {
            assert_eq!(told(&before, &present), expected);
        }
    }

    #[test]
    fn a_fault_is_told_when_it_has_held_for_a_while() {
        let fault = [finding("file-missing", Severity::Error, "a")];
        let note = [finding("file-missing", Severity::Note, "a")];
        let mut known = Findings::default();
        let mut look = |present: &[Finding], secs: i64| {
            let mut news = Vec::new();
            let now = Some(Timestamp(secs * 1_000_000_000));
            known.look(present, Place::Capture(0), now, &mut news);
            news.len()
        };
        assert_eq!(
            (look(&fault, 10), look(&fault, 11), look(&[], 12)),
            (0, 0, 0)
        );
        assert_eq!(
            (look(&fault, 20), look(&fault, 22), look(&fault, 23)),
            (0, 1, 0)
        );
        assert_eq!((look(&[], 24), look(&note, 25)), (1, 1));
    }

    #[test]
    fn what_a_finding_says_may_change() {
        let before = finding("file-missing", Severity::Error, "a");
        let mut present = before.clone();
        present.detail = "asked for 4 times".to_owned();
        assert_eq!(told(&[before], &[present]), [""; 0]);
    }

    #[test]
    fn hosts_are_told_apart_as_far_as_there_is_room() {
        let mut heard = Heard::default();
        for n in 0..5000_u16 {
            let [high, low] = (n % 4500).to_be_bytes();
            let bytes = [0, 0, 0, 0, 0, 0, 2, 0, 0, 0, high, low, 8, 0];
            heard.frame(&Frame {
                capture: 0,
                number: crate::capture::FrameNumber(1),
                time: Timestamp(0),
                link_type: LinkType::Ethernet,
                bytes: &bytes,
                wire_length: 60,
            });
        }
        let expected = Counters {
            frames: 5000,
            bytes: 70_000,
            hosts: MAX_HOSTS,
        };
        assert_eq!(heard.counters(), expected);
    }
}
