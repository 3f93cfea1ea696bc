//! Frames that the capture shows more than once: a mirror of both directions or of two
//! ports, a packet before and behind a router or a tagging port, files that overlap.
//!
//! A copy is the same packet from its IP header on, but for what routers and switches
//! change on the way (hop limit, header checksum, traffic class); of other protocols,
//! what stands behind the tags. It comes within milliseconds. Whoever repeats something
//! waits longer: the fastest, TCP's loss probes, for 10 ms and more (RFC 8985 §7.2).
//!
//! Mirrors whose directions wait in queues of their own show a copy later than that. An
//! IPv4 packet that numbers itself may be so late: who sends it again gives it another
//! number (RFC 6864 §4.2), or waits for a timer of its application.

use std::collections::hash_map::DefaultHasher;
use std::hash::Hasher;

use phoneboot_parsers::Input;

use super::link::{Link, Network};
use crate::capture::Timestamp;
use crate::event::At;

/// How long after its original a copy comes at the latest, in nanoseconds.
const MAX_DELAY_NANOS: i64 = 5_000_000;

/// The same of an IPv4 packet whose identification is not zero, in nanoseconds.
const MAX_NUMBERED_DELAY_NANOS: i64 = 25_000_000;

/// Frames are remembered in so many groups, by their keys, …
const GROUPS: usize = 256;

/// … and so many in each: what was looked at before that many others of its group is
/// forgotten.
const GROUP_FRAMES: usize = 4;

/// Packets up to this length are compared whole. Longer ones are parts of files, and
/// differ in their headers: block or sequence number, checksum.
const MAX_COMPARED_BYTES: usize = 640;

/// How much is compared of longer packets: the headers of a tunnel and those in it.
const HEAD_BYTES: usize = 160;

/// Packets that a snap length cut are compared in steps of so many bytes: with its tag one
/// copy is cut four bytes earlier than the other without.
const CUT_STEP_BYTES: usize = 8;

/// Packets of which less was captured are compared with nothing: addresses, ports and
/// numbers tell a question from its answer.
const MIN_COMPARED_BYTES: usize = 24;

/// The frames that may come again.
#[derive(Debug)]
pub(super) struct Recent {
    /// Each group with its latest frame first.
    groups: Vec<[Option<Original>; GROUP_FRAMES]>,
}

impl Default for Recent {
    fn default() -> Self {
        Self {
            groups: vec![[None; GROUP_FRAMES]; GROUPS],
        }
    }
}

/// A frame that was taken in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Original {
    key: u64,
    pub(super) at: At,
    /// Whether it bore a VLAN tag.
    pub(super) tagged: bool,
}

impl Recent {
    /// The frame that this one is a copy of; `None` when it is new, and remembered.
    pub(super) fn original_of(&mut self, link: &Link<'_>, at: At) -> Option<Original> {
        // Formats without times say 0 for all frames.
        if at.time == Timestamp(0) {
            return None;
        }
        let Key {
            hash: key,
            max_delay_nanos,
        } = key(&link.network)?;
        let group = usize::try_from(key % GROUPS as u64).ok()?;
        let frames = self.groups.get_mut(group)?;
        let found = frames.iter().flatten().find(|seen| {
            let nanos = at.time.nanos_since(seen.at.time);
            seen.key == key && nanos.saturating_abs() <= max_delay_nanos
        });
        if let Some(original) = found {
            return Some(*original);
        }
        frames.rotate_right(1);
        if let Some(latest) = frames.first_mut() {
            *latest = Some(Original {
                key,
                at,
                tagged: !link.vlans.as_slice().is_empty(),
            });
        }
        None
    }
}

/// Whether a frame is a TCP reset. A closed socket answers everything that still comes
/// with the very same one, within microseconds: that shows no mirror.
pub(super) fn is_reset(link: &Link<'_>) -> bool {
    const TCP: u8 = 6;
    const RESET: u8 = 0x04;
    let Network::Ip(input) = &link.network else {
        return false;
    };
    let tcp = match input.bytes {
        [first @ 0x40..=0x4f, ..] if input.bytes.get(9) == Some(&TCP) => {
            input.bytes.get(usize::from(first & 0x0f) * 4..)
        }
        [0x60..=0x6f, ..] if input.bytes.get(6) == Some(&TCP) => input.bytes.get(40..),
        _ => None,
    };
    tcp.and_then(|tcp| tcp.get(13))
        .is_some_and(|flags| flags & RESET != 0)
}

/// By what a frame's copies are known.
struct Key {
    /// A number for what it carries, the same for all copies.
    hash: u64,
    /// How late they may come.
    max_delay_nanos: i64,
}

fn key(network: &Network<'_>) -> Option<Key> {
    let mut hasher = DefaultHasher::new();
    let (kind, input) = if let Network::Ip(input) = network {
        let is_numbered = packet(*input, &mut hasher)?;
        return Some(Key {
            hash: hasher.finish(),
            max_delay_nanos: if is_numbered {
                MAX_NUMBERED_DELAY_NANOS
            } else {
                MAX_DELAY_NANOS
            },
        });
    } else if let Network::Arp(input) = network {
        (1, input)
    } else if let Network::Lldp(input) = network {
        (2, input)
    } else if let Network::Cdp(input) = network {
        (3, input)
    } else if let Network::Eapol(input) = network {
        (4, input)
    } else if let Network::Stp(input, _) = network {
        (5, input)
    } else {
        return None;
    };
    hasher.write_u8(kind);
    // A frame without its tag is padded more.
    let end = input.bytes.iter().rposition(|byte| *byte != 0)?;
    hasher.write(input.bytes.get(..=end)?);
    Some(Key {
        hash: hasher.finish(),
        max_delay_nanos: MAX_DELAY_NANOS,
    })
}

/// Takes in a packet without its padding and without what changes on the way. Gives
/// whether the packet bears a number of its own.
fn packet(input: Input<'_>, hasher: &mut DefaultHasher) -> Option<bool> {
    let bytes = input.bytes;
    let (is_numbered, payload) = match bytes.first()? >> 4 {
        4 => {
            let (&[version, _, l0, l1, i0, i1, f0, f1, _, protocol, _, _], rest) =
                bytes.split_first_chunk::<12>()?;
            hasher.write(&[version, l0, l1, i0, i1, f0, f1, protocol]);
            let length = usize::from(u16::from_be_bytes([l0, l1]));
            // Zero where the network card cuts a large packet only after the capture.
            let payload = length
                .checked_sub(12)
                .and_then(|rest_of| rest.get(..rest_of))
                .unwrap_or(rest);
            ([i0, i1] != [0, 0], payload)
        }
        6 => {
            let (&[first, second, f0, f1, l0, l1, next, _], rest) =
                bytes.split_first_chunk::<8>()?;
            hasher.write(&[first & 0xf0, second & 0x0f, f0, f1, l0, l1, next]);
            let length = usize::from(u16::from_be_bytes([l0, l1]));
            (false, rest.get(..32 + length).unwrap_or(rest))
        }
        _ => return None,
    };
    let compared_bytes = if input.missing > 0 {
        let captured = payload.len().min(HEAD_BYTES);
        captured - captured % CUT_STEP_BYTES
    } else if payload.len() > MAX_COMPARED_BYTES {
        HEAD_BYTES
    } else {
        payload.len()
    };
    if input.missing > 0 && compared_bytes < MIN_COMPARED_BYTES {
        return None;
    }
    hasher.write(payload.get(..compared_bytes).unwrap_or(payload));
    Some(is_numbered)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::{Frame, FrameNumber, LinkType};
    use crate::dissect::Dissector;
    use crate::dissect::testing::{
        PHONE, SERVER, datagram, ethernet, frame_at, ipv6, segment, tcp, udp,
    };

    /// Which of the frames, each with its time in microseconds, are copies of which.
    fn copies(frames: &[(i64, Vec<u8>)]) -> Vec<(u64, u64)> {
        let mut recent = Recent::default();
        let mut found = Vec::new();
        for (number, (micros, bytes)) in (1..).zip(frames) {
            let time = Timestamp(1_000_000_000 + micros * 1000);
            let at = At {
                time,
                capture: 0,
                frame: FrameNumber(number),
            };
            let frame = frame_at(number, time, LinkType::Ethernet, bytes);
            let link = crate::dissect::link::parse(&frame).unwrap();
            let original = recent.original_of(&link, at);
            found.extend(original.map(|original| (number, original.at.frame.0)));
        }
        found
    }

    /// A block in a packet that numbers itself.
    fn block(byte: u8) -> Vec<u8> {
        let mut frame = datagram((SERVER, 3000), (PHONE, 2000), &[0, 3, 0, 1, byte]);
        frame[18..20].copy_from_slice(&[0x12, 0x34]);
        frame
    }

    fn tagged(mut frame: Vec<u8>) -> Vec<u8> {
        frame.splice(12..12, [0x81, 0, 0, 110]);
        frame
    }

    #[test]
    fn a_copy_comes_within_milliseconds() {
        let mut unnumbered = block(1);
        unnumbered[18..20].fill(0);
        let v6 = ethernet(true, 0x86dd, &ipv6(17, &udp(1, 2, b"abc")));
        for (micros, is_copy) in [(0, true), (50, true), (5000, true), (5001, false)] {
            for frame in [&unnumbered, &v6] {
                let frames = [(0, frame.clone()), (micros, frame.clone())];
                assert_eq!(copies(&frames) == [(2, 1)], is_copy, "{micros}");
            }
        }
        for (micros, is_copy) in [(8000, true), (25_000, true), (25_001, false)] {
            let frames = [(0, block(1)), (micros, block(1))];
            assert_eq!(copies(&frames) == [(2, 1)], is_copy, "{micros}");
        }
        // Of three, both later ones are copies of the first.
        let frames = [
            (0, block(1)),
            (10, block(2)),
            (20, block(1)),
            (30, block(1)),
        ];
        assert_eq!(copies(&frames), [(3, 1), (4, 1)]);
    }

    #[test]
    fn knows_a_packet_behind_a_router_a_tagging_port_and_padding() {
        let mut routed = block(1);
        routed[..12].fill(7);
        routed[15] = 0x60; // traffic class
        routed[22] -= 1; // time to live
        routed[24..26].fill(9); // header checksum
        let padded = [block(1), vec![0; 12]].concat();
        let v6 = ethernet(true, 0x86dd, &ipv6(17, &udp(1, 2, b"abc")));
        let mut routed_v6 = v6.clone();
        routed_v6[14] |= 0x0b;
        routed_v6[15] |= 0x80;
        routed_v6[21] -= 1;
        let arp = ethernet(true, 0x0806, &[5; 28]);
        let padded_arp = tagged([arp.clone(), vec![0; 18]].concat());
        for (original, copy) in [
            (block(1), routed),
            (block(1), tagged(block(1))),
            (tagged(block(1)), block(1)),
            (block(1), padded),
            (v6, routed_v6),
            (arp, padded_arp),
        ] {
            assert_eq!(copies(&[(0, original), (50, copy)]), [(2, 1)]);
        }
    }

    #[test]
    fn takes_nothing_else_for_a_copy() {
        let mut other_identification = block(1);
        other_identification[19] ^= 1;
        let mut other_sender = block(1);
        other_sender[29] ^= 1;
        for other in [block(2), other_identification, other_sender] {
            assert_eq!(copies(&[(0, block(1)), (50, other)]), []);
        }
        let beacon = ethernet(true, 0x1234, &[5; 28]);
        assert_eq!(copies(&[(0, beacon.clone()), (50, beacon)]), []);
        // A relay agent puts its address into the message.
        let relayed = datagram((SERVER, 67), (PHONE, 67), &[1; 300]);
        let question = datagram((PHONE, 68), (SERVER, 67), &[1; 300]);
        assert_eq!(copies(&[(0, question), (50, relayed)]), []);
    }

    #[test]
    fn compares_what_both_copies_kept_where_frames_are_cut() {
        let mut recent = Recent::default();
        let whole = datagram((SERVER, 3000), (PHONE, 2000), &[7; 400]);
        let mut found = 0;
        for bytes in [whole.clone(), tagged(whole)] {
            let time = Timestamp(5);
            let frame = Frame {
                wire_length: bytes.len(),
                ..frame_at(1, time, LinkType::Ethernet, &bytes[..96])
            };
            let link = crate::dissect::link::parse(&frame).unwrap();
            let at = At {
                time,
                ..At::default()
            };
            found += usize::from(recent.original_of(&link, at).is_some());
        }
        assert_eq!(found, 1);
    }

    #[test]
    fn frames_without_times_are_no_copies() {
        let mut dissector = Dissector::new();
        for number in 1..=3 {
            let bytes = block(1);
            let frame = frame_at(number, Timestamp(0), LinkType::Ethernet, &bytes);
            dissector.frame(&frame, &mut |_| {});
        }
        assert_eq!(dissector.taken(0).copies.frames, 0);
    }

    #[test]
    fn remembers_many_frames_and_no_more_than_its_limit() {
        let numbered = |number: u16| {
            let [high, low] = number.to_be_bytes();
            (0, datagram((SERVER, 1), (PHONE, 1), &[high, low]))
        };
        let mut frames: Vec<_> = (0..100).map(numbered).collect();
        frames.extend((0..100).map(numbered));
        assert_eq!(copies(&frames).len(), 100);
        let mut frames: Vec<_> = (0..20_000).map(numbered).collect();
        frames.extend((0..20_000).map(numbered));
        assert_eq!(copies(&frames), []);
    }

    #[test]
    fn resets_that_come_again_are_dropped_and_show_no_mirror() {
        let reset = segment((PHONE, 2000), (SERVER, 80), 0x04, [7, 0], b"");
        let data = segment((PHONE, 2000), (SERVER, 80), 0x18, [7, 9], b"a");
        let v6 = |flags| ethernet(true, 0x86dd, &ipv6(6, &tcp(1, 2, flags, [7, 0], b"")));
        for (bytes, counted) in [(reset, 0), (data, 1), (v6(0x14), 0), (v6(0x10), 1)] {
            let mut dissector = Dissector::new();
            for number in [3, 4] {
                let frame = frame_at(number, Timestamp(9), LinkType::Ethernet, &bytes);
                dissector.frame(&frame, &mut |_| {});
            }
            assert_eq!(dissector.taken(0).copies.frames, counted);
        }
    }

    #[test]
    fn tells_of_tags_that_only_the_copy_bears_and_counts() {
        let request = datagram((PHONE, 2000), (SERVER, 69), b"\0\x01a\0octet\0");
        for (first, second, expected) in [
            (
                request.clone(),
                tagged(request.clone()),
                vec!["tftp", "copy"],
            ),
            (tagged(request.clone()), request.clone(), vec!["tftp"]),
            (request.clone(), request.clone(), vec!["tftp"]),
        ] {
            let mut dissector = Dissector::new();
            let mut told = Vec::new();
            for (number, bytes) in [(3, &first), (4, &second)] {
                let frame = frame_at(number, Timestamp(9), LinkType::Ethernet, bytes);
                dissector.frame(&frame, &mut |dissected| match dissected.item {
                    crate::dissect::Item::TaggedCopy { of } => {
                        assert_eq!((of.frame.0, dissected.vlans), (3, &[110][..]));
                        told.push("copy");
                    }
                    _ => told.push("tftp"),
                });
            }
            assert_eq!(told, expected);
            let copies = dissector.taken(0).copies;
            assert_eq!((copies.frames, copies.compared), (1, 2));
            assert_eq!(copies.first.unwrap().copy.0, FrameNumber(4));
        }
        let mut all = Dissector::new().with_copies();
        let mut given = 0;
        for number in 1..=2 {
            let frame = frame_at(number, Timestamp(9), LinkType::Ethernet, &request);
            all.frame(&frame, &mut |_| given += 1);
        }
        assert_eq!(given, 2);
    }
}
