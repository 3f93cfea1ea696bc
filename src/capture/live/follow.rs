//! [`Tail`]: a file that somebody else still writes, read as if it were a pipe.

use std::fs::File;
use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

/// How long to wait before looking again whether the file has grown.
const PAUSE: Duration = Duration::from_millis(100);

/// Reads a growing file. Its end is no end: the reader waits there until it is told to
/// stop.
#[derive(Debug)]
pub struct Tail {
    file: File,
    stop: Arc<AtomicBool>,
}

impl Tail {
    /// A reader of this file, until `stop` is set.
    pub fn new(file: File, stop: Arc<AtomicBool>) -> Self {
        Self { file, stop }
    }
}

impl Read for Tail {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let stopped = self.stop.load(Ordering::Relaxed);
            let length = self.file.read(buffer)?;
            if length > 0 || stopped || buffer.is_empty() {
                return Ok(length);
            }
            thread::sleep(PAUSE);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Seek, Write};

    use super::*;

    #[test]
    fn waits_for_more_until_it_is_stopped() {
        let mut file = tempfile::tempfile().unwrap();
        let mut other = file.try_clone().unwrap();
        file.write_all(b"one").unwrap();
        file.rewind().unwrap();
        let stop = Arc::new(AtomicBool::new(false));
        let mut tail = Tail::new(file, Arc::clone(&stop));
        let mut buffer = [0; 8];
        assert_eq!(tail.read(&mut buffer).unwrap(), 3);
        let writer = thread::spawn(move || {
            thread::sleep(Duration::from_millis(20));
            // Both handles share one place in the file.
            other.write_all(b"two").unwrap();
            other.seek_relative(-3).unwrap();
        });
        assert_eq!(tail.read(&mut buffer).unwrap(), 3);
        writer.join().unwrap();
        stop.store(true, Ordering::Relaxed);
        assert_eq!(tail.read(&mut buffer).unwrap(), 0);
    }
}
