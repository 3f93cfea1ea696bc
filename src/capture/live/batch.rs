//! [`Batch`]: frames that came together, on their way from the thread that reads them.

use std::ops::Range;

use crate::capture::Frame;

/// Bytes of frames that are handed on together at the most.
const FULL_BYTES: usize = 256 << 10;

/// Frames with their bytes, one behind the other in one piece of memory: at the highest rates
/// a piece for each frame costs more than all that is done with it.
#[derive(Default)]
pub struct Batch {
    frames: Vec<(Frame<'static>, Range<usize>)>,
    bytes: Vec<u8>,
}

impl Batch {
    /// A batch of one frame.
    pub fn of(frame: &Frame<'_>) -> Self {
        let mut batch = Self::default();
        batch.push(frame);
        batch
    }

    /// Takes a copy of the frame.
    pub fn push(&mut self, frame: &Frame<'_>) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(frame.bytes);
        let frame = Frame {
            bytes: &[],
            ..*frame
        };
        self.frames.push((frame, start..self.bytes.len()));
    }

    /// The frames, in their order.
    pub fn frames(&self) -> impl Iterator<Item = Frame<'_>> {
        self.frames.iter().map(|(frame, span)| Frame {
            bytes: self.bytes.get(span.clone()).unwrap_or_default(),
            ..*frame
        })
    }

    /// How many frames it holds.
    pub fn n_frames(&self) -> usize {
        self.frames.len()
    }

    /// The memory that it takes.
    pub fn n_bytes(&self) -> usize {
        self.bytes.len() + self.frames.len() * size_of::<(Frame<'static>, Range<usize>)>()
    }

    /// Whether it should be handed on before it takes more.
    pub fn is_full(&self) -> bool {
        self.n_bytes() >= FULL_BYTES
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::{FrameNumber, LinkType, Timestamp};

    #[test]
    fn gives_the_frames_as_they_were() {
        let frame = |number: u64, bytes| Frame {
            capture: 0,
            number: FrameNumber(number),
            time: Timestamp(7),
            link_type: LinkType::Ethernet,
            wire_length: 60,
            bytes,
        };
        let taken = [frame(1, b"ab".as_slice()), frame(2, b""), frame(3, b"c")];
        let mut batch = Batch::default();
        for frame in &taken {
            batch.push(frame);
        }
        assert_eq!(batch.n_frames(), 3);
        for (given, taken) in batch.frames().zip(taken) {
            assert_eq!((given.number, given.bytes), (taken.number, taken.bytes));
        }
        assert!(!batch.is_full());
        batch.push(&frame(4, &vec![0; FULL_BYTES]));
        assert!(batch.is_full());
    }
}
