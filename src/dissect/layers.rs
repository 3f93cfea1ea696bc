//! Layers of a frame that stand in each other, and frames that stand twice in the
//! capture: the first look through tunnels, going on inside of them, and copies.

use super::copies;
use super::dissector::Dissector;
use super::link::{self, Link};
use super::prefilter::{self, Glance};
use super::tunnel::{self, Inner, Peeled};
use super::{Dissected, Emit, Item, Origin, wireless};
use crate::capture::{Copied, Taken};

impl Dissector {
    /// Whether the frame is a copy of an earlier one, and counts it.
    pub(super) fn is_copy(&mut self, link: &Link<'_>, origin: &Origin, emit: Emit<'_>) -> bool {
        let Some(recent) = &mut self.recent else {
            return false;
        };
        let at = origin.at;
        let original = recent.original_of(link, at);
        if copies::is_reset(link) {
            return original.is_some();
        }
        let copies = &mut self.taken(at.capture).copies;
        copies.compared += 1;
        let Some(original) = original else {
            return false;
        };
        copies.frames += 1;
        if original.at.capture == at.capture {
            copies.in_same_capture += 1;
            copies.first.get_or_insert(Copied {
                original: (original.at.frame, original.at.time),
                copy: (at.frame, at.time),
            });
        }
        if !original.tagged && !link.vlans.as_slice().is_empty() {
            origin.give(Item::TaggedCopy { of: original.at }, emit);
            self.taken(at.capture).tagged_frames += 1;
        }
        true
    }

    /// How a capture was taken, as far as its frames have shown.
    pub fn taken_of(&self, capture: usize) -> Taken {
        self.taken.get(capture).cloned().unwrap_or_default()
    }

    /// The same, to be added to.
    pub(super) fn taken(&mut self, capture: usize) -> &mut Taken {
        if self.taken.len() <= capture {
            self.taken.resize(capture + 1, Taken::default());
        }
        #[expect(clippy::indexing_slicing, reason = "it was made that long")]
        &mut self.taken[capture]
    }

    /// Goes on with what stood in an encapsulation.
    pub(super) fn inside(&mut self, peeled: Peeled<'_>, outside: &Origin, emit: Emit<'_>) {
        let (at, nesting) = (outside.at, outside.nesting + 1);
        if nesting > tunnel::MAX_NESTING {
            return;
        }
        let mut given = false;
        let mut emit = |dissected: Dissected<'_>| {
            given = true;
            emit(dissected);
        };
        match peeled.inner {
            Inner::Ethernet(input) => {
                if let Some(mut link) = link::ethernet(input) {
                    if let Some(vlan) = peeled.vlan {
                        link.vlans.put_outermost(vlan);
                    }
                    self.link(&link, at, nesting, &mut emit);
                }
            }
            Inner::Wireless(input) => wireless::bare(input, &mut |link| {
                self.link(link, at, nesting, &mut emit);
            }),
            Inner::Typed(ethertype, input) => {
                self.link(&link::typed(ethertype, input), at, nesting, &mut emit);
            }
        }
        if given {
            let names = &mut self.taken(at.capture).encapsulations;
            if let Err(place) = names.binary_search(&peeled.name) {
                names.insert(place, peeled.name);
            }
        }
    }

    /// The first look: `false` for an Ethernet frame that certainly brings nothing.
    pub(super) fn frame_may_matter(&self, ethernet: &[u8], nesting: u8) -> bool {
        prefilter::packet_of(ethernet).is_none_or(|packet| self.packet_may_matter(packet, nesting))
    }

    /// The first look at a packet, through all its tunnels.
    pub(super) fn packet_may_matter(&self, packet: &[u8], nesting: u8) -> bool {
        match prefilter::glance(packet) {
            Glance::Look => true,
            Glance::Foreign => false,
            Glance::Tcp(key) => !self.connections.is_foreign(&key),
            Glance::Tunnel(protocol, payload) => tunnel::behind_ip(protocol, payload.into())
                .is_some_and(|peeled| self.inner_may_matter(peeled.inner, nesting)),
            Glance::Udp { ports, payload } => match tunnel::behind_udp(ports, payload.into()) {
                Some(peeled) => self.inner_may_matter(peeled.inner, nesting),
                None => {
                    ports.iter().any(|&port| self.ports.contains(port))
                        || payload
                            .first_chunk()
                            .copied()
                            .is_some_and(may_open_a_message)
                }
            },
        }
    }

    fn inner_may_matter(&self, inner: Inner<'_>, nesting: u8) -> bool {
        let nesting = nesting + 1;
        match inner {
            _ if nesting > tunnel::MAX_NESTING => false,
            Inner::Ethernet(input) => self.frame_may_matter(input.bytes, nesting),
            Inner::Typed(link::ETHERTYPE_IPV4 | link::ETHERTYPE_IPV6, input) => {
                self.packet_may_matter(input.bytes, nesting)
            }
            Inner::Typed(..) | Inner::Wireless(_) => true,
        }
    }
}

/// Whether the payload of a UDP datagram may be a message that is recognized on
/// any port: TFTP by its opcode, SIP by being text. Of TFTP not only requests: where a
/// capture is out of order, the answer is looked at before its request is known.
fn may_open_a_message(opening: [u8; 4]) -> bool {
    let is_text = |byte: &u8| byte.is_ascii_graphic() || byte.is_ascii_whitespace();
    matches!(opening, [0, 1..=6, ..]) || opening.iter().all(is_text)
}
