//! [`Window`]: the part of a stream that is being looked at.
//!
//! It is refilled in large reads, whatever the stream gives per read, and grows
//! only as far as bytes arrive: a length that a file merely claims allocates
//! nothing.

use std::io::{self, Read};

/// Size of a window at first, in bytes: larger ones leave the processor's cache.
const START_BYTES: usize = 256 * 1024;

/// The largest record of any format, in bytes. A record that claims more is
/// broken.
pub(super) const MAX_RECORD_BYTES: usize = 64 * 1024 * 1024;

/// Bytes of a stream, from a position that only moves on.
pub(super) struct Window {
    input: Box<dyn Read + Send>,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    offset: u64,
    ending: Option<Ending>,
}

/// Why no more bytes come.
pub(super) enum Ending {
    /// The stream is over.
    End,
    /// Reading or decompressing failed.
    Failed(io::Error),
}

impl Window {
    pub(super) fn new(input: Box<dyn Read + Send>) -> Self {
        Self {
            input,
            buffer: vec![0; START_BYTES],
            start: 0,
            end: 0,
            offset: 0,
            ending: None,
        }
    }

    /// What is there and not yet consumed.
    pub(super) fn bytes(&self) -> &[u8] {
        self.buffer.get(self.start..self.end).unwrap_or_default()
    }

    /// How many bytes of the stream were consumed.
    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    /// Why no more bytes come; `None` as long as they do.
    pub(super) fn ending(&self) -> Option<&Ending> {
        self.ending.as_ref()
    }

    /// Consumes `length` bytes and gives them; they stay in place until the next
    /// [`fill`](Self::fill).
    pub(super) fn take(&mut self, length: usize) -> &[u8] {
        let taken = self.start..self.start.saturating_add(length).min(self.end);
        self.start = taken.end;
        self.offset += taken.len() as u64;
        self.buffer.get(taken).unwrap_or_default()
    }

    /// Reads on until `wanted` bytes are there; `false` when the stream ends
    /// before that.
    pub(super) fn fill(&mut self, wanted: usize) -> bool {
        while self.end - self.start < wanted {
            if self.ending.is_some() {
                return false;
            }
            self.make_room();
            self.read();
        }
        true
    }

    fn make_room(&mut self) {
        if self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        } else if self.end == self.buffer.len() {
            self.buffer.resize(self.buffer.len() * 2, 0);
        }
    }

    fn read(&mut self) {
        let room = self.buffer.get_mut(self.end..).unwrap_or_default();
        match self.input.read(room) {
            Ok(0) => self.ending = Some(Ending::End),
            Ok(length) => self.end += length.min(room.len()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => self.ending = Some(Ending::Failed(error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;
    use crate::capture::samples::OneByte;

    #[test]
    fn keeps_the_rest_when_it_reads_on() {
        let data: Vec<u8> = (0..=255).cycle().take(START_BYTES * 2 + 5).collect();
        let mut window = Window::new(Box::new(Cursor::new(data.clone())));
        let mut seen = Vec::new();
        while window.fill(1000) {
            seen.extend_from_slice(window.take(1000));
        }
        let rest = window.bytes().len();
        seen.extend_from_slice(window.take(rest));
        assert_eq!(seen, data);
        assert_eq!(window.offset(), data.len() as u64);
        assert!(matches!(window.ending(), Some(Ending::End)));
    }

    #[test]
    fn grows_only_as_far_as_bytes_arrive() {
        let mut window = Window::new(Box::new(Cursor::new(vec![7; START_BYTES + 1])));
        assert!(!window.fill(MAX_RECORD_BYTES));
        assert_eq!(window.bytes().len(), START_BYTES + 1);
        assert_eq!(window.buffer.len(), START_BYTES * 2);
    }

    #[test]
    fn tries_again_after_an_interruption() {
        let mut window = Window::new(Box::new(OneByte::new(vec![1, 2, 3])));
        assert!(window.fill(3));
        assert_eq!(window.bytes(), [1, 2, 3]);
        assert!(!window.fill(4));
        assert_eq!(window.take(9), [1, 2, 3]);
        assert_eq!(window.take(1), [0_u8; 0]);
    }
}
