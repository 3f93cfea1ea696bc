//! Frames in the order of their times.
//!
//! A capture of two interfaces, or of a card with several queues, may hold the answer
//! before the question, though each bears the right time. Frames wait here for those that
//! come late; the wait is short, and what is later than it stays where it is.

use std::collections::VecDeque;

use super::{Frame, Timestamp};

/// How much later than its time a frame may come, in nanoseconds. A clock that is set back
/// by less than this is taken for such disorder.
const WINDOW_NANOS: i64 = 500_000_000;

/// Frames that wait at a time.
const MAX_FRAMES: usize = 1024;

/// Bytes that wait at a time.
const MAX_BYTES: usize = 4 << 20;

/// Frames that wait for others with earlier times.
#[derive(Debug, Default)]
pub struct Sorter {
    /// In the order of their times; of equal ones, as they came.
    waiting: VecDeque<Waiting>,
    n_bytes: usize,
    latest: Timestamp,
    /// Buffers of frames that have gone on.
    spare: Vec<Vec<u8>>,
}

#[derive(Debug)]
struct Waiting {
    frame: Frame<'static>,
    bytes: Vec<u8>,
}

impl Sorter {
    /// Takes in the next frame, and gives those that need not wait any more.
    pub fn push(&mut self, frame: &Frame<'_>, give: &mut dyn FnMut(&Frame<'_>)) {
        let mut bytes = self.spare.pop().unwrap_or_default();
        bytes.clear();
        bytes.extend_from_slice(frame.bytes);
        self.n_bytes += bytes.len();
        let held = Waiting {
            frame: Frame {
                bytes: &[],
                ..*frame
            },
            bytes,
        };
        let place = self
            .waiting
            .iter()
            .rposition(|earlier| earlier.frame.time <= frame.time)
            .map_or(0, |before| before + 1);
        self.waiting.insert(place, held);
        self.latest = self.latest.max(frame.time);
        while self.is_due() {
            self.give_first(give);
        }
    }

    /// It is `now`: gives the frames that need not wait any more, though none came since.
    pub fn tick(&mut self, now: Timestamp, give: &mut dyn FnMut(&Frame<'_>)) {
        self.latest = self.latest.max(now);
        while self.is_due() {
            self.give_first(give);
        }
    }

    /// The last frame has come: gives all that still wait.
    pub fn finish(&mut self, give: &mut dyn FnMut(&Frame<'_>)) {
        while !self.waiting.is_empty() {
            self.give_first(give);
        }
    }

    /// Whether the first frame need not wait any more.
    fn is_due(&self) -> bool {
        let is_old = self
            .waiting
            .front()
            .is_some_and(|first| self.latest.nanos_since(first.frame.time) > WINDOW_NANOS);
        is_old || self.waiting.len() > MAX_FRAMES || self.n_bytes > MAX_BYTES
    }

    fn give_first(&mut self, give: &mut dyn FnMut(&Frame<'_>)) {
        let Some(first) = self.waiting.pop_front() else {
            return;
        };
        self.n_bytes = self.n_bytes.saturating_sub(first.bytes.len());
        give(&Frame {
            bytes: &first.bytes,
            ..first.frame
        });
        self.spare.push(first.bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::{FrameNumber, LinkType};

    /// The numbers of the frames as they are given, each with its number of milliseconds.
    fn sorted(millis: &[i64]) -> Vec<u64> {
        let mut given = Vec::new();
        let mut sorter = Sorter::default();
        let mut give = |frame: &Frame<'_>| {
            assert_eq!(frame.bytes, frame.number.0.to_be_bytes());
            given.push(frame.number.0);
        };
        for (number, millis) in (1..).zip(millis) {
            let frame = Frame {
                capture: 0,
                number: FrameNumber(number),
                time: Timestamp(millis * 1_000_000),
                link_type: LinkType::Ethernet,
                bytes: &number.to_be_bytes(),
                wire_length: 8,
            };
            sorter.push(&frame, &mut give);
        }
        sorter.finish(&mut give);
        given
    }

    #[test]
    fn puts_late_frames_into_their_place() {
        assert_eq!(
            sorted(&[10, 30, 20, 30, 600, 590, 1200]),
            [1, 3, 2, 4, 6, 5, 7]
        );
        assert_eq!(sorted(&[0, 0, 0]), [1, 2, 3]);
    }

    #[test]
    fn leaves_what_is_too_late_where_it_is() {
        assert_eq!(sorted(&[1000, 2000, 100, 2001]), [1, 3, 2, 4]);
    }

    #[test]
    fn holds_no_more_than_it_may() {
        let mut millis = vec![1; MAX_FRAMES + 1];
        millis.push(0);
        let given = sorted(&millis);
        assert_eq!(given[..2], [1, u64::try_from(MAX_FRAMES).unwrap() + 2]);
    }
}
