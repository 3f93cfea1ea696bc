//! Lines out of a stream that comes in parts of any size.

/// The lines that are being collected, line ends included.
#[derive(Debug, Default)]
pub(super) struct Lines {
    bytes: Vec<u8>,
    /// Where the line begins that has no end yet.
    open_at: usize,
    n_whole: usize,
}

/// What [`Lines::take`] met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Taken {
    /// Everything was taken and the last line has no end yet.
    Part,
    /// A line that holds something.
    Line,
    /// An empty line: LF or CR LF.
    Blank,
    /// As many bytes as allowed, and the last line has no end yet.
    Full,
}

impl Lines {
    /// Takes bytes up to the end of a line, and no more than make `limit` bytes
    /// in all. Gives those that are left.
    pub(super) fn take<'b>(&mut self, input: &'b [u8], limit: usize) -> (&'b [u8], Taken) {
        let room = limit.saturating_sub(self.bytes.len());
        let end = input.iter().take(room).position(|&byte| byte == b'\n');
        let taken = end.map_or(room.min(input.len()), |end| end + 1);
        let (line, rest) = input.split_at_checked(taken).unwrap_or((input, b""));
        self.bytes.extend_from_slice(line);
        if end.is_none() {
            let is_full = self.bytes.len() >= limit;
            return (rest, if is_full { Taken::Full } else { Taken::Part });
        }
        let is_blank = matches!(self.bytes.get(self.open_at..), Some(b"\n" | b"\r\n"));
        self.open_at = self.bytes.len();
        self.n_whole += 1;
        (rest, if is_blank { Taken::Blank } else { Taken::Line })
    }

    /// All bytes, those of the open line included.
    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The lines that are whole.
    pub(super) fn whole(&self) -> &[u8] {
        self.bytes.get(..self.open_at).unwrap_or_default()
    }

    /// How many lines are whole.
    pub(super) fn n_lines(&self) -> usize {
        self.n_whole
    }

    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        *self = Self {
            bytes: std::mem::take(&mut self.bytes),
            ..Self::default()
        };
        self.bytes.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_one_line_at_a_time() {
        let mut lines = Lines::default();
        assert_eq!(lines.take(b"ab", 9), (&b""[..], Taken::Part));
        assert_eq!(lines.whole(), b"");
        assert_eq!(lines.take(b"c\r\nd", 9), (&b"d"[..], Taken::Line));
        assert_eq!(lines.take(b"\r", 9), (&b""[..], Taken::Part));
        assert_eq!(lines.take(b"\n\n", 9), (&b"\n"[..], Taken::Blank));
        assert_eq!(lines.take(b"\n", 9), (&b""[..], Taken::Blank));
        assert_eq!(lines.n_lines(), 3);
        assert_eq!(lines.as_bytes(), b"abc\r\n\r\n\n");
        assert_eq!(lines.whole(), lines.as_bytes());
        lines.clear();
        assert_eq!((lines.as_bytes(), lines.n_lines()), (&b""[..], 0));
    }

    #[test]
    fn stops_at_the_limit() {
        let mut lines = Lines::default();
        assert_eq!(lines.take(b"abc\n", 4), (&b""[..], Taken::Line));
        lines.clear();
        assert_eq!(lines.take(b"abcd\n", 4), (&b"\n"[..], Taken::Full));
        assert_eq!(lines.take(b"\n", 4), (&b"\n"[..], Taken::Full));
    }
}
