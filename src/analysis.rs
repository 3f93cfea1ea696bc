//! Joins the parts: frames through dissection and observation into phones and their
//! boots, and these through the rules into a [`Diagnosis`].

use std::path::Path;

use crate::capture::clock::Clock;
use crate::capture::file::Reader;
use crate::capture::order::Sorter;
use crate::capture::{self, CaptureFacts, Frame, LinkType, Timestamp};
use crate::diagnosis::Diagnosis;
use crate::dissect::{Dissector, LimitReached};
use crate::observe::Observer;
use crate::profiles::Profiles;
use crate::rules::{self, diagnose};
use crate::session::tracker::Tracker;

/// Reads one capture from its first frame to its last and judges it.
pub fn analyze_file(
    path: &Path,
    profiles: &Profiles,
    options: rules::Options,
) -> Result<Diagnosis, capture::Error> {
    analyze_readers(vec![Reader::open(path, 0)?], profiles, options)
}

/// Reads several captures as one time line: always the frame with the earliest time
/// comes next.
pub fn analyze_merged(
    paths: &[impl AsRef<Path>],
    profiles: &Profiles,
    options: rules::Options,
) -> Result<Diagnosis, capture::Error> {
    let readers = paths
        .iter()
        .enumerate()
        .map(|(index, path)| Reader::open(path.as_ref(), index))
        .collect::<Result<_, _>>()?;
    analyze_readers(readers, profiles, options)
}

/// Judges captures that are already open.
pub fn analyze_readers(
    readers: Vec<Reader>,
    profiles: &Profiles,
    options: rules::Options,
) -> Result<Diagnosis, capture::Error> {
    let mut analysis = Analysis::new(profiles, options);
    let captures = each_frame(readers, |frame| analysis.frame(frame));
    Ok(analysis.finish(captures))
}

/// The analysis of one run, be it of files or of what is heard at this moment. It knows
/// no clock: frames bear their times, and [`Analysis::tick`] hands in one when none come.
pub struct Analysis<'p> {
    profiles: &'p Profiles,
    options: rules::Options,
    clock: Clock,
    sorter: Sorter,
    dissector: Dissector,
    observer: Observer,
    tracker: Tracker<'p>,
    /// By capture, the times of its first and last frame by the clock that was never set.
    spans: Vec<Option<(Timestamp, Timestamp)>>,
}

impl<'p> Analysis<'p> {
    /// An analysis that has seen nothing.
    pub fn new(profiles: &'p Profiles, options: rules::Options) -> Self {
        Self {
            profiles,
            options,
            clock: Clock::default(),
            sorter: Sorter::default(),
            dissector: Dissector::new(),
            observer: Observer::default(),
            tracker: Tracker::new(Box::new(|clues| profiles.identify(clues).is_some())),
            spans: Vec::new(),
        }
    }

    /// Takes in the next frame. What it brings shows once frames that come late cannot
    /// come before it any more.
    pub fn frame(&mut self, frame: &Frame<'_>) {
        let frame = self.clock.mend(frame);
        if self.spans.len() <= frame.capture {
            self.spans.resize(frame.capture + 1, None);
        }
        if let Some(span) = self.spans.get_mut(frame.capture) {
            let (first, last) = span.unwrap_or((frame.time, frame.time));
            *span = Some((first.min(frame.time), last.max(frame.time)));
        }
        if self.dissector.may_matter(&frame) {
            let (sorter, mut take) = self.parts();
            sorter.push(&frame, &mut take);
        }
    }

    /// It is `now` by the clock that stamps the frames, and none came since the last one:
    /// lets frames go on that wait for others.
    pub fn tick(&mut self, now: Timestamp) {
        let now = self.clock.now(now);
        let (sorter, mut take) = self.parts();
        sorter.tick(now, &mut take);
    }

    /// A number that grows with everything that can change the diagnosis, time apart.
    pub fn n_changes(&self) -> u64 {
        self.tracker.n_changes()
    }

    /// Judges what has been seen so far. `captures` tells of every capture as much as is
    /// known; its [`listened`](capture::Taken::listened) says for how long nothing came.
    pub fn diagnosis(&self, captures: Vec<CaptureFacts>) -> Diagnosis {
        let phones = self.tracker.phones(self.options.all_hosts);
        let captures = self.completed(captures);
        diagnose(phones, captures, self.limits(), self.profiles, self.options)
    }

    /// The last frame has come: judges all.
    pub fn finish(mut self, captures: Vec<CaptureFacts>) -> Diagnosis {
        {
            let (sorter, mut take) = self.parts();
            sorter.finish(&mut take);
        }
        let Self {
            dissector,
            observer,
            tracker,
            ..
        } = &mut self;
        dissector.finish(&mut |dissected| {
            observer.observe(&dissected, &mut |event| tracker.event(event));
        });
        let captures = self.completed(captures);
        let limits = self.limits();
        let phones = self.tracker.finish();
        diagnose(phones, captures, limits, self.profiles, self.options)
    }

    /// Where frames wait, and what takes them in then.
    fn parts(&mut self) -> (&mut Sorter, impl FnMut(&Frame<'_>)) {
        let Self {
            sorter,
            dissector,
            observer,
            tracker,
            ..
        } = self;
        let take = |frame: &Frame<'_>| {
            dissector.frame_that_matters(frame, &mut |dissected| {
                observer.observe(&dissected, &mut |event| tracker.event(event));
            });
        };
        (sorter, take)
    }

    /// The facts of the captures with what their frames show.
    fn completed(&self, mut captures: Vec<CaptureFacts>) -> Vec<CaptureFacts> {
        for (index, facts) in captures.iter_mut().enumerate() {
            let listened = facts.taken.listened;
            facts.taken = self.dissector.taken_of(index);
            facts.taken.clock_steps = self.clock.steps(index);
            facts.taken.listened = listened.map(|(from, to)| (from, self.clock.now(to)));
            // What goes on for how long is measured by the clock that was never set.
            if let Some(Some((first, last))) = self.spans.get(index) {
                (facts.first, facts.last) = (Some(*first), Some(*last));
            }
        }
        captures
    }

    fn limits(&self) -> Vec<LimitReached> {
        let mut limits = self.dissector.limits();
        limits.extend(self.tracker.limits());
        limits
    }
}

/// Gives every frame of the captures, in the order of time when there are several.
pub fn each_frame(mut readers: Vec<Reader>, mut give: impl FnMut(&Frame<'_>)) -> Vec<CaptureFacts> {
    if let [reader] = readers.as_mut_slice() {
        while let Some(frame) = reader.next_frame() {
            give(&frame);
        }
    } else {
        let mut heads: Vec<Option<OwnedFrame>> = readers.iter_mut().map(OwnedFrame::next).collect();
        while let Some(index) = earliest(&heads) {
            let (Some(head), Some(reader)) = (heads.get_mut(index), readers.get_mut(index)) else {
                break;
            };
            let next = OwnedFrame::next(reader);
            if let Some(frame) = std::mem::replace(head, next) {
                give(&frame.as_frame());
            }
        }
    }
    readers
        .iter()
        .map(|reader| reader.facts().clone())
        .collect()
}

/// Which of the waiting frames is the earliest; the first capture's when equal.
fn earliest(heads: &[Option<OwnedFrame>]) -> Option<usize> {
    heads
        .iter()
        .enumerate()
        .filter_map(|(index, head)| Some((head.as_ref()?.frame.time, index)))
        .min()
        .map(|(_, index)| index)
}

/// A frame that waits for its turn among several captures.
struct OwnedFrame {
    frame: Frame<'static>,
    bytes: Vec<u8>,
}

impl OwnedFrame {
    fn next(reader: &mut Reader) -> Option<Self> {
        let frame = reader.next_frame()?;
        let bytes = frame.bytes.to_vec();
        let link_type: LinkType = frame.link_type;
        Some(Self {
            frame: Frame {
                bytes: &[],
                capture: frame.capture,
                number: frame.number,
                time: frame.time,
                link_type,
                wire_length: frame.wire_length,
            },
            bytes,
        })
    }

    fn as_frame(&self) -> Frame<'_> {
        Frame {
            bytes: &self.bytes,
            ..self.frame
        }
    }
}
