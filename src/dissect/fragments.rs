//! IP fragments put together again, within limits.
//!
//! RFC 791 §3.2 and RFC 815 (IPv4), RFC 8200 §4.5 (IPv6). The fragments of one
//! datagram may come in any order and more than once. A datagram that is never
//! whole is given up in silence when its time is over, and counted when it had to
//! make room.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;

use etherparse::defrag::IpDefragBuf;
use etherparse::{IpFragOffset, IpNumber};

use super::LimitReached;
use crate::capture::Timestamp;

/// Datagrams that may be incomplete at a time.
const MAX_DATAGRAMS: usize = 256;

/// Bytes that incomplete datagrams may take together.
const MAX_BYTES: usize = 8 << 20;

/// How long fragments wait for the rest of their datagram, in nanoseconds of
/// capture time (RFC 8200 §4.5 says 60 seconds).
const MAX_AGE_NANOS: i64 = 60_000_000_000;

/// Which datagram a fragment belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct DatagramId {
    pub(super) source: IpAddr,
    pub(super) destination: IpAddr,
    /// IPv4 tells datagrams apart by it too; 0 in IPv6.
    pub(super) protocol: u8,
    pub(super) identification: u32,
}

/// One fragment.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fragment<'a> {
    pub(super) id: DatagramId,
    /// The protocol of the datagram's payload; only the first fragment's counts
    /// (RFC 8200 §4.5).
    pub(super) protocol: IpNumber,
    pub(super) offset: IpFragOffset,
    pub(super) more_fragments: bool,
    pub(super) bytes: &'a [u8],
    /// Bytes at its end that were not captured.
    pub(super) missing: usize,
}

/// A datagram's payload, whole again.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Whole {
    /// Its protocol.
    pub(super) protocol: IpNumber,
    /// Its bytes up to the first that was not captured.
    pub(super) bytes: Vec<u8>,
    /// How many follow.
    pub(super) missing: usize,
}

/// The datagrams that are not whole yet.
#[derive(Debug, Default)]
pub(super) struct Fragments {
    datagrams: HashMap<DatagramId, Waiting>,
    /// Every datagram once, oldest first. A number tells an entry of a datagram
    /// that is gone from one of a later datagram with the same id.
    order: VecDeque<(DatagramId, u64)>,
    n_begun: u64,
    bytes: usize,
    evicted: u64,
}

#[derive(Debug)]
struct Waiting {
    buffer: IpDefragBuf,
    protocol: IpNumber,
    number: u64,
    since: Timestamp,
    /// Offset of the first byte that some fragment has and the capture has not.
    cut_at: usize,
}

impl Fragments {
    /// Takes a fragment in; gives the datagram when this was the last of it.
    pub(super) fn add(&mut self, fragment: Fragment<'_>, now: Timestamp) -> Option<Whole> {
        self.forget_old(now);
        let waiting = self.datagrams.entry(fragment.id).or_insert_with(|| {
            self.n_begun += 1;
            self.order.push_back((fragment.id, self.n_begun));
            Waiting {
                buffer: IpDefragBuf::new(fragment.protocol, Vec::new(), Vec::new()),
                protocol: fragment.protocol,
                number: self.n_begun,
                since: now,
                cut_at: usize::MAX,
            }
        });
        let before = waiting.buffer.data().len();
        waiting.add(fragment);
        self.bytes = self
            .bytes
            .saturating_sub(before)
            .saturating_add(waiting.buffer.data().len());
        let complete = waiting.buffer.is_complete();
        if complete {
            return self.take(&fragment.id);
        }
        self.make_room();
        None
    }

    /// What had to be given up.
    pub(super) fn limit(&self) -> LimitReached {
        LimitReached {
            limit: "ip-fragments",
            max: MAX_DATAGRAMS as u64,
            evicted: self.evicted,
        }
    }

    fn take(&mut self, id: &DatagramId) -> Option<Whole> {
        let waiting = self.remove(id)?;
        let (protocol, cut_at) = (waiting.protocol, waiting.cut_at);
        let (mut bytes, _) = waiting.buffer.take_bufs();
        let missing = bytes.len().saturating_sub(cut_at);
        bytes.truncate(cut_at);
        Some(Whole {
            protocol,
            bytes,
            missing,
        })
    }

    fn remove(&mut self, id: &DatagramId) -> Option<Waiting> {
        let waiting = self.datagrams.remove(id)?;
        self.bytes = self.bytes.saturating_sub(waiting.buffer.data().len());
        Some(waiting)
    }

    fn forget_old(&mut self, now: Timestamp) {
        while let Some(&(id, number)) = self.order.front() {
            match self.datagrams.get(&id) {
                Some(waiting)
                    if waiting.number == number
                        && now.nanos_since(waiting.since) <= MAX_AGE_NANOS =>
                {
                    return;
                }
                Some(waiting) if waiting.number == number => {
                    self.remove(&id);
                }
                _ => {}
            }
            self.order.pop_front();
        }
    }

    /// Gives up the oldest until the limits hold.
    fn make_room(&mut self) {
        if self.order.len() > 2 * MAX_DATAGRAMS {
            let datagrams = &self.datagrams;
            self.order
                .retain(|(id, number)| datagrams.get(id).is_some_and(|w| w.number == *number));
        }
        while self.datagrams.len() > MAX_DATAGRAMS || self.bytes > MAX_BYTES {
            let Some((id, number)) = self.order.pop_front() else {
                return;
            };
            if self.datagrams.get(&id).is_some_and(|w| w.number == number) {
                self.remove(&id);
                self.evicted += 1;
            }
        }
    }
}

impl Waiting {
    /// Puts a fragment in its place. One that contradicts what is there (a second
    /// end, a length that is no multiple of eight) is passed over.
    fn add(&mut self, fragment: Fragment<'_>) {
        let Fragment {
            offset,
            more_fragments,
            bytes,
            missing,
            ..
        } = fragment;
        if offset.value() == 0 {
            self.protocol = fragment.protocol;
        }
        if missing == 0 {
            let _ = self.buffer.add(offset, more_fragments, bytes);
            return;
        }
        // The place of the bytes that were not captured is kept by zeros, which
        // are cut off again in the end.
        let mut padded = bytes.to_vec();
        padded.resize(bytes.len().saturating_add(missing), 0);
        if self.buffer.add(offset, more_fragments, &padded).is_ok() {
            let cut_at = usize::from(offset.byte_offset()).saturating_add(bytes.len());
            self.cut_at = self.cut_at.min(cut_at);
        }
    }
}

#[cfg(test)]
mod tests {
    use etherparse::ip_number;

    use super::*;
    use crate::dissect::testing::{OTHER_SERVER, PHONE, SERVER, millis};

    const PAYLOAD: &[u8; 40] = b"0123456789abcdefghijklmnopqrstuvwxyzABCD";

    /// The bytes `from..to` of [`PAYLOAD`], as part of datagram `id`.
    fn part(id: u32, from: usize, to: usize) -> Fragment<'static> {
        Fragment {
            id: DatagramId {
                source: PHONE.into(),
                destination: SERVER.into(),
                protocol: 17,
                identification: id,
            },
            protocol: ip_number::UDP,
            offset: IpFragOffset::try_new(u16::try_from(from / 8).unwrap()).unwrap(),
            more_fragments: to < PAYLOAD.len(),
            bytes: &PAYLOAD[from..to],
            missing: 0,
        }
    }

    fn whole() -> Whole {
        Whole {
            protocol: ip_number::UDP,
            bytes: PAYLOAD.to_vec(),
            missing: 0,
        }
    }

    fn last_of(parts: &[Fragment<'_>]) -> Option<Whole> {
        let mut fragments = Fragments::default();
        let (last, before) = parts.split_last().unwrap();
        for part in before {
            assert_eq!(fragments.add(*part, millis(0)), None);
        }
        let whole = fragments.add(*last, millis(0));
        if whole.is_some() {
            assert_eq!((fragments.datagrams.len(), fragments.bytes), (0, 0));
        }
        whole
    }

    #[test]
    fn puts_fragments_together_in_every_order() {
        let (a, b, c) = (part(1, 0, 16), part(1, 16, 32), part(1, 32, 40));
        for order in [
            [a, b, c],
            [a, c, b],
            [b, a, c],
            [b, c, a],
            [c, a, b],
            [c, b, a],
        ] {
            assert_eq!(last_of(&order), Some(whole()));
        }
    }

    #[test]
    fn accepts_duplicates_and_overlaps() {
        let (a, b, c) = (part(1, 0, 16), part(1, 16, 32), part(1, 32, 40));
        assert_eq!(last_of(&[a, a, c, c, b]), Some(whole()));
        assert_eq!(last_of(&[part(1, 0, 24), c, part(1, 8, 32)]), Some(whole()));
    }

    #[test]
    fn passes_over_what_contradicts_itself() {
        let (a, b, c) = (part(1, 0, 16), part(1, 16, 32), part(1, 32, 40));
        let second_end = Fragment {
            more_fragments: false,
            ..part(1, 8, 24)
        };
        let unaligned = Fragment {
            bytes: b"0123",
            ..a
        };
        assert_eq!(last_of(&[c, second_end, unaligned, a, b]), Some(whole()));
    }

    #[test]
    fn tells_datagrams_apart() {
        let (a, c) = (part(1, 0, 16), part(1, 16, 40));
        let strangers = [
            part(2, 0, 16),
            Fragment {
                id: DatagramId {
                    destination: OTHER_SERVER.into(),
                    ..a.id
                },
                ..a
            },
            Fragment {
                id: DatagramId {
                    protocol: 6,
                    ..a.id
                },
                ..a
            },
        ];
        for stranger in strangers {
            assert_eq!(last_of(&[stranger, c]), None);
        }
    }

    #[test]
    fn takes_the_protocol_from_the_first_fragment() {
        let c = Fragment {
            protocol: ip_number::TCP,
            ..part(1, 16, 40)
        };
        assert_eq!(last_of(&[c, part(1, 0, 16)]), Some(whole()));
    }

    #[test]
    fn counts_what_was_not_captured_of_a_fragment() {
        let a = Fragment {
            bytes: &PAYLOAD[..10],
            missing: 6,
            ..part(1, 0, 16)
        };
        let cut = Some(Whole {
            protocol: ip_number::UDP,
            bytes: PAYLOAD[..10].to_vec(),
            missing: 30,
        });
        assert_eq!(last_of(&[a, part(1, 16, 40)]), cut);
    }

    #[test]
    fn forgets_a_datagram_whose_time_is_over() {
        let mut fragments = Fragments::default();
        assert_eq!(fragments.add(part(1, 0, 16), millis(0)), None);
        assert_eq!(fragments.add(part(2, 0, 16), millis(1000)), None);
        assert_eq!(fragments.add(part(1, 16, 40), millis(60_001)), None);
        assert_eq!(
            fragments.add(part(2, 16, 40), millis(60_002)),
            Some(whole())
        );
        assert_eq!(fragments.add(part(1, 0, 16), millis(60_003)), Some(whole()));
        assert_eq!(fragments.limit().evicted, 0);
        // What is left in the queue of those that are gone goes with them.
        assert_eq!(fragments.add(part(3, 0, 16), millis(130_000)), None);
        assert_eq!(fragments.order.len(), 1);
    }

    #[test]
    fn gives_up_the_oldest_when_there_are_too_many() {
        let mut fragments = Fragments::default();
        for id in 0..300 {
            assert_eq!(fragments.add(part(id, 0, 16), millis(0)), None);
        }
        assert_eq!(fragments.limit().evicted, 300 - 256);
        assert_eq!(fragments.add(part(44, 16, 40), millis(0)), Some(whole()));
        assert_eq!(fragments.add(part(43, 16, 40), millis(0)), None);
    }

    #[test]
    fn gives_up_the_oldest_when_they_take_too_much() {
        let mut fragments = Fragments::default();
        let far = |id| Fragment {
            offset: IpFragOffset::try_new(8000).unwrap(),
            ..part(id, 0, 16)
        };
        for id in 0..200 {
            assert_eq!(fragments.add(far(id), millis(0)), None);
        }
        assert!(fragments.bytes <= MAX_BYTES);
        assert!(fragments.limit().evicted >= 200 - 8 * 1024 / 62 - 1);
    }

    #[test]
    fn keeps_its_queue_short_while_an_old_datagram_waits() {
        let mut fragments = Fragments::default();
        assert_eq!(fragments.add(part(0, 0, 16), millis(0)), None);
        for id in 1..2000 {
            assert_eq!(fragments.add(part(id, 0, 16), millis(0)), None);
            assert_eq!(fragments.add(part(id, 16, 40), millis(0)), Some(whole()));
        }
        assert!(fragments.order.len() <= 2 * MAX_DATAGRAMS + 1);
        assert_eq!(fragments.add(part(0, 16, 40), millis(0)), Some(whole()));
        assert_eq!(fragments.limit().evicted, 0);
    }
}
