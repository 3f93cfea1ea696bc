//! Joins the parts: frames through dissection and observation into phones and their
//! boots, and these through the rules into a [`Diagnosis`].

use std::path::Path;

use crate::capture::clock::Clock;
use crate::capture::file::Reader;
use crate::capture::order::Sorter;
use crate::capture::{self, CaptureFacts, Frame, LinkType, Timestamp};
use crate::diagnosis::Diagnosis;
use crate::dissect::{Dissected, Dissector};
use crate::event::Seen;
use crate::observe::Observer;
use crate::profiles::Profiles;
use crate::rules::{self, diagnose};
use crate::session::phone::Clue;
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
    let recognize = |clues: &[Seen<Clue>]| profiles.identify(clues).is_some();
    let mut dissector = Dissector::new();
    let mut observer = Observer::default();
    let mut tracker = Tracker::new(&recognize);
    let mut take = |dissected: Dissected<'_>| {
        observer.observe(&dissected, &mut |event| tracker.event(event));
    };
    let mut clock = Clock::default();
    let mut sorter = Sorter::default();
    let mut spans: Vec<Option<(Timestamp, Timestamp)>> = vec![None; readers.len()];
    let mut captures = each_frame(readers, |frame| {
        let frame = clock.mend(frame);
        if let Some(span) = spans.get_mut(frame.capture) {
            let (first, last) = span.unwrap_or((frame.time, frame.time));
            *span = Some((first.min(frame.time), last.max(frame.time)));
        }
        if dissector.may_matter_at_first_look(&frame) {
            sorter.push(&frame, &mut |frame| dissector.frame(frame, &mut take));
        }
    });
    sorter.finish(&mut |frame| dissector.frame(frame, &mut take));
    dissector.finish(&mut take);
    for (index, facts) in captures.iter_mut().enumerate() {
        facts.taken = dissector.taken(index).clone();
        facts.taken.clock_steps = clock.steps(index);
        // What goes on for how long is measured by the clock that was never set.
        if let Some(Some((first, last))) = spans.get(index) {
            (facts.first, facts.last) = (Some(*first), Some(*last));
        }
    }
    let mut limits = dissector.limits();
    let (phones, tracker_limits) = tracker.finish();
    limits.extend(tracker_limits);
    Ok(diagnose(phones, captures, limits, profiles, options))
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
