//! One direction of a TCP connection put in order, within limits.
//!
//! RFC 9293 (TCP), RFC 7323 (window scale). Segments come in as they were
//! captured: late, twice, overlapping, not at all. Bytes go out once and in
//! order, the first copy of each; where bytes are missing for good the direction
//! says how many and goes on behind them.

use std::collections::BTreeMap;

/// Bytes that one direction may keep behind a hole.
const MAX_PENDING_BYTES: usize = 256 << 10;

/// Pieces that one direction may keep behind a hole.
const MAX_PENDING_PIECES: usize = 1024;

/// Bytes that all directions may keep together.
const MAX_TOTAL_BYTES: usize = 32 << 20;

/// The largest window that TCP can have, in bytes (RFC 7323 §2.3): segments and
/// acknowledgements beyond it belong to another connection, or are forged.
const MAX_AHEAD: i32 = 1 << 30;

/// What comes out of a direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Delivery<'a> {
    /// The next bytes.
    Bytes(&'a [u8]),
    /// That many bytes are missing here, and will not come any more.
    Gap(u64),
}

/// What all directions share.
#[derive(Debug, Default)]
pub(super) struct Budget {
    /// Bytes kept behind holes.
    pending: usize,
    /// Holes given up because there was no room to wait.
    given_up: u64,
}

/// One direction of a connection.
///
/// Positions count the direction's bytes. Their low 32 bits are the sequence
/// number, so that the wrap of those needs no care; they start above 2^32 to have
/// room for what lies before the first segment.
#[derive(Debug, Default)]
pub(super) struct Direction {
    /// Position of the next byte to deliver; `None` until the first segment.
    next: Option<u64>,
    /// Up to where the other side has acknowledged.
    acknowledged: u64,
    /// Position of the FIN.
    end: Option<u64>,
    /// What came too early, by position. Pieces do not overlap.
    pending: BTreeMap<u64, Piece>,
    pending_bytes: usize,
}

/// Bytes with the number of bytes behind them that were not captured.
#[derive(Debug)]
struct Piece {
    bytes: Vec<u8>,
    missing: usize,
}

type Deliver<'d> = &'d mut dyn FnMut(Delivery<'_>);

impl Direction {
    /// The direction's first byte has this sequence number.
    pub(super) fn start_at(&mut self, sequence: u32, budget: &mut Budget) {
        self.discard(budget);
        *self = Self {
            next: Some(first_position(sequence)),
            ..Self::default()
        };
    }

    /// A segment came; `missing` bytes at its end were not captured.
    pub(super) fn push(
        &mut self,
        sequence: u32,
        bytes: &[u8],
        missing: usize,
        budget: &mut Budget,
        deliver: Deliver<'_>,
    ) {
        let next = *self.next.get_or_insert(first_position(sequence));
        let Some(start) = position(next, sequence) else {
            return;
        };
        if start <= next {
            self.deliver_piece(start, bytes, missing, deliver);
        } else {
            self.keep(start, bytes, missing, budget);
        }
        self.advance(budget, deliver);
        self.respect_limits(budget, deliver);
    }

    /// The other side has everything before this sequence number.
    pub(super) fn acknowledge(&mut self, sequence: u32, budget: &mut Budget, deliver: Deliver<'_>) {
        let Some(next) = self.next else { return };
        if let Some(position) = position(next, sequence)
            && position > self.acknowledged
        {
            self.acknowledged = position;
            self.advance(budget, deliver);
        }
    }

    /// A FIN has this sequence number.
    pub(super) fn end_at(&mut self, sequence: u32, budget: &mut Budget, deliver: Deliver<'_>) {
        let next = *self.next.get_or_insert(first_position(sequence));
        if self.end.is_none() {
            self.end = position(next, sequence);
            self.advance(budget, deliver);
        }
    }

    /// Whether everything before the FIN was delivered.
    pub(super) fn is_over(&self) -> bool {
        self.end
            .is_some_and(|end| self.next.is_some_and(|next| next >= end))
    }

    /// Nothing more will come: what is kept is delivered, holes are gaps.
    pub(super) fn flush(&mut self, budget: &mut Budget, deliver: Deliver<'_>) {
        while self.give_up_hole(deliver) {
            self.advance(budget, deliver);
        }
        let Some(next) = self.next else { return };
        // One byte more than was seen may be a FIN that was not.
        let end = self
            .end
            .or((self.acknowledged > next.saturating_add(1)).then_some(self.acknowledged));
        self.skip_to(end.unwrap_or(next), deliver);
    }

    /// The direction is of no interest: keeps track of where it stands, and of
    /// nothing else.
    pub(super) fn pass_over(&mut self, sequence: u32, length: usize, budget: &mut Budget) {
        self.discard(budget);
        let next = *self.next.get_or_insert(first_position(sequence));
        if let Some(start) = position(next, sequence) {
            self.next = Some(next.max(start.saturating_add(length as u64)));
        }
    }

    /// Forgets what is kept.
    pub(super) fn discard(&mut self, budget: &mut Budget) {
        budget.pending = budget.pending.saturating_sub(self.pending_bytes);
        self.pending_bytes = 0;
        self.pending.clear();
    }

    /// Delivers what follows without a hole, and declares those holes lost that
    /// the other side does not know of: it acknowledged bytes beyond.
    fn advance(&mut self, budget: &mut Budget, deliver: Deliver<'_>) {
        while let Some(next) = self.next {
            let Some((&start, _)) = self.pending.first_key_value() else {
                // Without a later segment, only an acknowledged FIN tells that
                // nothing can come late.
                if let Some(end) = self.end
                    && self.acknowledged > end
                {
                    self.skip_to(end, deliver);
                }
                return;
            };
            if start <= next {
                if let Some((start, piece)) = self.pending.pop_first() {
                    self.pending_bytes = self.pending_bytes.saturating_sub(piece.bytes.len());
                    budget.pending = budget.pending.saturating_sub(piece.bytes.len());
                    self.deliver_piece(start, &piece.bytes, piece.missing, deliver);
                }
            } else if self.acknowledged > next {
                self.skip_to(start.min(self.acknowledged), deliver);
            } else {
                return;
            }
        }
    }

    /// Delivers the part of a piece that was not delivered yet. The piece begins
    /// at or before the next byte.
    fn deliver_piece(&mut self, start: u64, bytes: &[u8], missing: usize, deliver: Deliver<'_>) {
        let Some(next) = self.next else { return };
        let known = usize::try_from(next.saturating_sub(start)).unwrap_or(usize::MAX);
        let fresh = bytes.get(known..).unwrap_or_default();
        if !fresh.is_empty() {
            deliver(Delivery::Bytes(fresh));
        }
        let captured = start.saturating_add(bytes.len() as u64);
        self.next = Some(next.max(captured));
        self.skip_to(captured.saturating_add(missing as u64), deliver);
    }

    /// Goes on at `to`; what lies before it is a gap.
    fn skip_to(&mut self, to: u64, deliver: Deliver<'_>) {
        if let Some(next) = self.next
            && to > next
        {
            deliver(Delivery::Gap(to - next));
            self.next = Some(to);
        }
    }

    /// Keeps those parts of a piece that are not kept already.
    fn keep(&mut self, start: u64, bytes: &[u8], missing: usize, budget: &mut Budget) {
        let captured = start.saturating_add(bytes.len() as u64);
        let end = captured.saturating_add(missing as u64);
        let mut at = start;
        while at < end {
            let before = self.pending.range(..=at).next_back();
            if let Some(covered) = before.map(|(start, piece)| piece.end(*start))
                && covered > at
            {
                at = covered;
                continue;
            }
            let free_until = self.pending.range(at..).next().map_or(end, |(&s, _)| s);
            let until = free_until.min(end);
            let from = offset(start, at).min(bytes.len());
            let to = offset(start, until).min(bytes.len());
            let kept = bytes.get(from..to).unwrap_or_default();
            let length = offset(at, until);
            self.pending_bytes = self.pending_bytes.saturating_add(kept.len());
            budget.pending = budget.pending.saturating_add(kept.len());
            let piece = Piece {
                bytes: kept.to_vec(),
                missing: length.saturating_sub(kept.len()),
            };
            self.pending.insert(at, piece);
            at = until;
        }
    }

    fn respect_limits(&mut self, budget: &mut Budget, deliver: Deliver<'_>) {
        while self.pending_bytes > MAX_PENDING_BYTES
            || self.pending.len() > MAX_PENDING_PIECES
            || budget.pending > MAX_TOTAL_BYTES
        {
            if !self.give_up_hole(deliver) {
                return;
            }
            budget.given_up += 1;
            self.advance(budget, deliver);
        }
    }

    /// Declares the hole before the first kept piece a gap; `false` when nothing
    /// is kept.
    fn give_up_hole(&mut self, deliver: Deliver<'_>) -> bool {
        let Some((&start, _)) = self.pending.first_key_value() else {
            return false;
        };
        self.skip_to(start, deliver);
        true
    }
}

impl Piece {
    fn end(&self, start: u64) -> u64 {
        start
            .saturating_add(self.bytes.len() as u64)
            .saturating_add(self.missing as u64)
    }
}

impl Budget {
    /// Holes given up because there was no room to wait.
    pub(super) fn given_up(&self) -> u64 {
        self.given_up
    }

    /// The limit that [`Budget::given_up`] counts against, in bytes.
    pub(super) fn max_bytes() -> u64 {
        MAX_PENDING_BYTES as u64
    }
}

/// The position of a direction's first known sequence number.
fn first_position(sequence: u32) -> u64 {
    (1 << 32) | u64::from(sequence)
}

/// The position nearest to `next` with this sequence number; `None` when it is
/// further ahead than a window can be.
fn position(next: u64, sequence: u32) -> Option<u64> {
    let [.., a, b, c, d] = next.to_be_bytes();
    let ahead = sequence
        .wrapping_sub(u32::from_be_bytes([a, b, c, d]))
        .cast_signed();
    (ahead <= MAX_AHEAD)
        .then(|| next.checked_add_signed(i64::from(ahead)))
        .flatten()
}

fn offset(start: u64, at: u64) -> usize {
    usize::try_from(at.saturating_sub(start)).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dissect::testing::Random;

    /// What was delivered: bytes as they are, a gap as `[n]`.
    #[derive(Default)]
    struct Heard {
        direction: Direction,
        budget: Budget,
        text: Vec<u8>,
    }

    impl Heard {
        fn from(sequence: u32) -> Self {
            let mut heard = Self::default();
            heard.direction.start_at(sequence, &mut heard.budget);
            heard
        }

        fn with(
            &mut self,
            act: impl FnOnce(&mut Direction, &mut Budget, &mut dyn FnMut(Delivery<'_>)),
        ) -> &mut Self {
            let text = &mut self.text;
            act(
                &mut self.direction,
                &mut self.budget,
                &mut |delivery| match delivery {
                    Delivery::Bytes(bytes) => text.extend(bytes),
                    Delivery::Gap(missing) => text.extend(format!("[{missing}]").bytes()),
                },
            );
            self
        }

        fn push(&mut self, sequence: u32, bytes: &[u8]) -> &mut Self {
            self.cut(sequence, bytes, 0)
        }

        fn cut(&mut self, sequence: u32, bytes: &[u8], missing: usize) -> &mut Self {
            self.with(|direction, budget, deliver| {
                direction.push(sequence, bytes, missing, budget, deliver);
            })
        }

        fn acknowledge(&mut self, sequence: u32) -> &mut Self {
            self.with(|direction, budget, deliver| {
                direction.acknowledge(sequence, budget, deliver);
            })
        }

        fn end(&mut self, sequence: u32) -> &mut Self {
            self.with(|direction, budget, deliver| direction.end_at(sequence, budget, deliver))
        }

        fn flush(&mut self) -> &mut Self {
            self.with(|direction, budget, deliver| direction.flush(budget, deliver))
        }

        fn text(&self) -> String {
            String::from_utf8_lossy(&self.text).into_owned()
        }
    }

    #[test]
    fn gives_the_same_bytes_whatever_happens_to_the_segments() {
        let mut random = Random(1);
        for round in 0..300 {
            let sent: Vec<u8> = (0..2000).map(|_| random.byte()).collect();
            let first = if round % 2 == 0 { 1000 } else { u32::MAX - 700 };
            // Every byte once, then some of them again in other cuts.
            let mut segments = Vec::new();
            let mut at = 0;
            while at < sent.len() {
                let length = (1 + random.below(300)).min(sent.len() - at);
                segments.push((at, length));
                at += length;
            }
            for _ in 0..random.below(20) {
                let at = random.below(sent.len());
                segments.push((at, (1 + random.below(500)).min(sent.len() - at)));
            }
            random.shuffle(&mut segments);
            let mut heard = Heard::from(first);
            for (at, length) in segments {
                let sequence = first.wrapping_add(u32::try_from(at).unwrap());
                heard.push(sequence, &sent[at..at + length]);
            }
            assert_eq!(heard.text, sent);
            assert_eq!(heard.direction.pending.len(), 0);
            assert_eq!((heard.budget.pending, heard.budget.given_up), (0, 0));
        }
    }

    #[test]
    fn keeps_the_first_copy_of_a_byte() {
        let mut heard = Heard::from(100);
        heard
            .push(102, b"cdef")
            .push(101, b"XYZ")
            .push(104, b"!!gh");
        heard.push(100, b"a");
        assert_eq!(heard.text(), "aXcdefgh");
    }

    #[test]
    fn passes_over_retransmissions_and_keep_alives() {
        let mut heard = Heard::from(100);
        heard
            .push(100, b"abcd")
            .push(100, b"abcd")
            .push(102, b"cdef");
        heard.push(105, b"\0").acknowledge(106);
        assert_eq!(heard.text(), "abcdef");
        assert_eq!(heard.push(106, b"gh").text(), "abcdefgh");
    }

    #[test]
    fn declares_a_hole_lost_that_the_other_side_does_not_know_of() {
        let mut heard = Heard::from(100);
        heard.push(100, b"ab").push(104, b"ef");
        assert_eq!(heard.text(), "ab");
        // It has one of the two bytes: the other can still come.
        assert_eq!(heard.acknowledge(103).text(), "ab[1]");
        assert_eq!(heard.push(103, b"d").text(), "ab[1]def");
        assert_eq!(
            heard.push(110, b"k").acknowledge(111).text(),
            "ab[1]def[4]k"
        );
        assert_eq!(heard.push(106, b"ghij").text(), "ab[1]def[4]k");
    }

    #[test]
    fn accepts_a_segment_that_was_captured_behind_its_acknowledgement() {
        let mut heard = Heard::from(100);
        heard.acknowledge(104).push(100, b"abcd");
        assert_eq!(heard.text(), "abcd");
        assert_eq!(heard.acknowledge(108).push(108, b"ij").text(), "abcd[4]ij");
    }

    #[test]
    fn counts_bytes_cut_off_by_the_capture_as_a_gap() {
        let mut heard = Heard::from(100);
        heard.cut(100, b"ab", 3).push(105, b"fg");
        assert_eq!(heard.text(), "ab[3]fg");
        heard.cut(109, b"kl", 2).push(107, b"hi");
        assert_eq!(heard.text(), "ab[3]fghikl[2]");
        // What is cut off of an early piece may be in a later one.
        heard.cut(114, b"", 4).push(118, b"t").push(113, b"opqrs");
        assert_eq!(heard.text(), "ab[3]fghikl[2]opqrst");
    }

    #[test]
    fn begins_with_the_first_segment_of_a_connection_joined_in_its_middle() {
        let mut heard = Heard::default();
        heard
            .acknowledge(7)
            .push(u32::MAX - 1, b"abcd")
            .push(1, b"de");
        assert_eq!(heard.text(), "abcde");
    }

    #[test]
    fn is_over_at_the_fin_and_not_before() {
        let mut heard = Heard::from(100);
        heard.end(104).push(102, b"cd");
        assert!(!heard.direction.is_over());
        heard.push(100, b"ab");
        assert!(heard.direction.is_over());
        assert_eq!(heard.text(), "abcd");
    }

    #[test]
    fn gives_up_what_is_missing_before_an_acknowledged_fin() {
        let mut heard = Heard::from(100);
        heard.push(100, b"ab").end(104);
        assert!(!heard.direction.is_over());
        heard.acknowledge(105);
        assert!(heard.direction.is_over());
        assert_eq!(heard.text(), "ab[2]");
    }

    #[test]
    fn gives_out_what_it_holds_when_the_connection_ends() {
        let mut heard = Heard::from(100);
        heard.push(101, b"b").push(103, b"d");
        assert_eq!(heard.flush().text(), "[1]b[1]d");
        assert_eq!(heard.flush().text(), "[1]b[1]d");
        let mut heard = Heard::from(100);
        assert_eq!(
            heard.push(100, b"ab").acknowledge(110).flush().text(),
            "ab[8]"
        );
        // The one byte more may be a FIN.
        let mut heard = Heard::from(100);
        assert_eq!(heard.push(100, b"ab").acknowledge(103).flush().text(), "ab");
    }

    #[test]
    fn does_not_believe_what_is_beyond_any_window() {
        let mut heard = Heard::from(100);
        heard
            .push(100 + (1 << 30) + 1, b"x")
            .acknowledge(100 + (1 << 30) + 1);
        heard.push(100, b"ab");
        assert_eq!(heard.flush().text(), "ab");
    }

    #[test]
    fn gives_up_a_hole_when_too_much_waits_behind_it() {
        let mut heard = Heard::from(0);
        let kilobyte = [b'.'; 1024];
        for n in 1..=257 {
            heard.push(n * 1024, &kilobyte);
        }
        assert!(heard.text().starts_with("[1024]..."));
        assert_eq!(heard.budget.given_up, 1);
        assert_eq!(heard.budget.pending, 0);
        let mut heard = Heard::from(0);
        for n in 1..=1025 {
            heard.push(n * 2, b".");
        }
        assert_eq!(heard.text(), "[2].");
        assert_eq!(heard.direction.pending.len(), 1024);
        assert_eq!(heard.budget.pending, 1024);
    }

    #[test]
    fn gives_up_its_own_holes_when_all_directions_hold_too_much() {
        let mut heard = Heard::from(0);
        heard.budget.pending = MAX_TOTAL_BYTES;
        heard.push(2, b"c").push(0, b"ab");
        assert_eq!(heard.text(), "[2]c");
        assert_eq!(heard.budget.pending, MAX_TOTAL_BYTES);
    }

    #[test]
    fn passing_over_keeps_its_place() {
        let mut heard = Heard::from(100);
        heard.push(102, b"x");
        let Heard {
            direction, budget, ..
        } = &mut heard;
        direction.pass_over(100, 10, budget);
        direction.pass_over(100, 5, budget);
        assert_eq!(budget.pending, 0);
        assert_eq!(heard.push(108, b"..ab").text(), "ab");
    }
}
