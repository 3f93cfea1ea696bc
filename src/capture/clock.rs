//! [`Clock`]: frame times as they would be if the capturing host's clock had never been
//! set while it captured.
//!
//! A laptop that starts in 1970 asks a time server while it captures; a virtual machine
//! is set back by an hour; two files were joined in the wrong order; two interfaces of
//! one file have clocks of their own. Whoever measures silences needs one clock that
//! goes on.

use super::{ClockStep, Frame, Timestamp};

/// A frame that comes this much too early, in nanoseconds, only waited in another queue.
const JITTER_NANOS: i64 = 1_000_000_000;

/// Nobody captures through a silence of this length, in nanoseconds: the clock was set.
const SET_FORWARD_NANOS: i64 = 30 * 86_400 * 1_000_000_000;

/// How far a clock that one knows may have gone on, in nanoseconds, to be taken for the
/// one that this frame was stamped with.
const RETURN_NANOS: i64 = 60_000_000_000;

/// Returns to a former clock after which two clocks are taken for two interfaces.
const ALTERNATING: usize = 2;

/// Offsets that are remembered, so that interfaces with clocks of their own are told
/// apart.
const MAX_OFFSETS: usize = 8;

/// Steps that are told of one capture. Those beyond are mended all the same.
const MAX_STEPS: usize = 64;

/// Mends the times of a run's frames, one after the other.
#[derive(Debug, Default)]
pub struct Clock {
    /// The latest time given, and the capture it stands in.
    last: Option<(Timestamp, usize)>,
    /// What is added to the times in the files at present.
    offset_nanos: i64,
    /// What was added at some time, newest last.
    offsets: Vec<i64>,
    /// By capture.
    steps: Vec<Vec<ClockStep>>,
    n_returns: usize,
}

impl Clock {
    /// The frame with the time that it would have if the clock had not been set.
    pub fn mend<'f>(&mut self, frame: &Frame<'f>) -> Frame<'f> {
        let in_file = frame.time;
        let mut time = shifted(in_file, self.offset_nanos);
        if let Some((last, capture)) = self.last {
            let nanos = time.nanos_since(last);
            if (0..=JITTER_NANOS).contains(&nanos) {
                self.last = Some((time, frame.capture));
                return Frame { time, ..*frame };
            }
            // Files of a run may lie years apart.
            let is_set_forward = nanos >= SET_FORWARD_NANOS && capture == frame.capture;
            if nanos < -JITTER_NANOS || is_set_forward || self.goes_on(in_file, last).is_some() {
                time = self.set(frame, last);
            }
        }
        let latest = self.last.map_or(time, |(last, _)| last.max(time));
        self.last = Some((latest, frame.capture));
        Frame { time, ..*frame }
    }

    /// A moment by the clock that stamps the frames, as the clock would tell it if it had
    /// not been set.
    pub fn now(&self, by_clock: Timestamp) -> Timestamp {
        shifted(by_clock, self.offset_nanos)
    }

    /// Where a capture's clock was set, in the order of its frames.
    pub fn steps(&self, capture: usize) -> Vec<ClockStep> {
        self.steps.get(capture).cloned().unwrap_or_default()
    }

    /// The clock was set between the frame before and this one, which came when that
    /// came. Gives its time.
    fn set(&mut self, frame: &Frame<'_>, last: Timestamp) -> Timestamp {
        let in_file = frame.time;
        let former = self.goes_on(in_file, last);
        self.n_returns += usize::from(former.is_some());
        let offset = former.unwrap_or_else(|| last.nanos_since(in_file));
        let time = shifted(in_file, offset);
        let by_nanos = self.offset_nanos.saturating_sub(offset);
        self.remember(self.offset_nanos);
        self.remember(offset);
        self.offset_nanos = offset;
        if self.steps.len() <= frame.capture {
            self.steps.resize(frame.capture + 1, Vec::new());
        }
        if let Some(steps) = self.steps.get_mut(frame.capture)
            && steps.len() < MAX_STEPS
        {
            steps.push(ClockStep {
                frame: frame.number,
                time,
                by_nanos,
                offset_nanos: offset,
            });
        }
        time
    }

    /// A former offset with which the time goes on where the last one was, closer than
    /// it does with the present one.
    fn goes_on(&self, in_file: Timestamp, last: Timestamp) -> Option<i64> {
        let nanos_with = |offset: i64| shifted(in_file, offset).nanos_since(last);
        let now = nanos_with(self.offset_nanos);
        if (-JITTER_NANOS..=JITTER_NANOS).contains(&now) {
            return None;
        }
        // Forward it may as well be a silence that is as long as the clock was set back.
        let reach = if now < 0 || self.n_returns >= ALTERNATING {
            RETURN_NANOS
        } else {
            JITTER_NANOS
        };
        self.offsets
            .iter()
            .copied()
            .filter(|&offset| (-JITTER_NANOS..=reach).contains(&nanos_with(offset)))
            .min_by_key(|&offset| nanos_with(offset).saturating_abs())
            .filter(|&offset| nanos_with(offset).saturating_abs() < now.saturating_abs())
    }

    fn remember(&mut self, offset: i64) {
        self.offsets.retain(|&known| known != offset);
        if self.offsets.len() >= MAX_OFFSETS {
            self.offsets.remove(0);
        }
        self.offsets.push(offset);
    }
}

fn shifted(time: Timestamp, nanos: i64) -> Timestamp {
    Timestamp(time.0.saturating_add(nanos))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::{FrameNumber, LinkType};

    const SEC: i64 = 1_000_000_000;

    /// Mended times of frames, which are given as capture and seconds; and the clock.
    fn mended(frames: &[(usize, i64)]) -> (Vec<i64>, Clock) {
        let mut clock = Clock::default();
        let times = (1..)
            .zip(frames)
            .map(|(number, &(capture, secs))| {
                let frame = Frame {
                    capture,
                    number: FrameNumber(number),
                    time: Timestamp(secs * SEC),
                    link_type: LinkType::Ethernet,
                    bytes: &[],
                    wire_length: 0,
                };
                clock.mend(&frame).time.0 / SEC
            })
            .collect();
        (times, clock)
    }

    fn in_one(secs: &[i64]) -> (Vec<i64>, Clock) {
        let frames: Vec<_> = secs.iter().map(|&secs| (0, secs)).collect();
        mended(&frames)
    }

    #[test]
    fn a_clock_that_goes_on_is_left_alone() {
        let secs = [100, 100, 101, 100, 4000, 90_000, 2_000_000];
        let (times, clock) = in_one(&secs);
        assert_eq!(times, secs);
        assert_eq!(clock.steps(0), []);
        assert_eq!(clock.steps(7), []);
    }

    #[test]
    fn goes_on_where_the_clock_was_set_back() {
        let (times, clock) = in_one(&[8000, 8010, 810, 811, 840]);
        assert_eq!(times, [8000, 8010, 8010, 8011, 8040]);
        let step = ClockStep {
            frame: FrameNumber(3),
            time: Timestamp(8010 * SEC),
            by_nanos: -7200 * SEC,
            offset_nanos: 7200 * SEC,
        };
        assert_eq!(clock.steps(0), [step]);
    }

    #[test]
    fn goes_on_where_the_clock_was_set_forward_by_decades() {
        let (times, clock) = in_one(&[30, 40, 1_768_000_000, 1_768_000_005]);
        assert_eq!(times, [30, 40, 40, 45]);
        assert_eq!(clock.steps(0)[0].by_nanos, (1_768_000_000 - 40) * SEC);
    }

    #[test]
    fn a_clock_that_is_set_back_and_forward_again_is_right_in_the_end() {
        let (times, _) = in_one(&[8000, 800, 810, 8010, 8020]);
        assert_eq!(times, [8000, 8000, 8010, 8010, 8020]);
    }

    #[test]
    fn a_silence_after_a_step_back_is_a_silence() {
        let (times, clock) = in_one(&[8000, 7940, 7945, 8500]);
        assert_eq!(times, [8000, 8000, 8005, 8560]);
        assert_eq!(clock.steps(0).len(), 1);
    }

    #[test]
    fn interfaces_with_clocks_of_their_own_do_not_add_up() {
        for behind in [30, 3000, 1_000_000_000] {
            let frames: Vec<i64> = (0..200)
                .map(|n| 2_000_000_000 + n / 2 - behind * (n % 2))
                .collect();
            let (times, clock) = in_one(&frames);
            let last = times[199] - times[0];
            assert!((98..=101).contains(&last), "{behind}: {last}");
            assert_eq!(clock.steps(0).len(), MAX_STEPS);
        }
    }

    #[test]
    fn files_that_are_years_apart_are_years_apart() {
        let (times, clock) = mended(&[(0, 100), (1, 100_000_000)]);
        assert_eq!(times, [100, 100_000_000]);
        assert_eq!(clock.steps(1), []);
        // The second file's clock was set back.
        let (times, clock) = mended(&[(0, 100), (1, 50), (0, 101)]);
        assert_eq!(times, [100, 100, 101]);
        assert_eq!((clock.steps(0).len(), clock.steps(1).len()), (1, 1));
    }

    #[test]
    fn survives_the_ends_of_time() {
        let mut clock = Clock::default();
        for nanos in [i64::MAX, i64::MIN, 0, i64::MAX, -1, i64::MIN] {
            let frame = Frame {
                capture: 0,
                number: FrameNumber(1),
                time: Timestamp(nanos),
                link_type: LinkType::Ethernet,
                bytes: &[],
                wire_length: 0,
            };
            clock.mend(&frame);
        }
    }
}
