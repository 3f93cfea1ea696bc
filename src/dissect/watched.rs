//! MAC addresses whose every frame counts, within limits.

use std::collections::{HashSet, VecDeque};

use phoneboot_parsers::MacAddress;

use super::LimitReached;
use super::prefilter::Bits;

/// Addresses that can be watched at a time.
const MAX_WATCHED: usize = 4096;

/// The addresses.
#[derive(Debug)]
pub(super) struct Watched {
    /// The lower 16 bits of each address: most frames need no more than a look
    /// here.
    low_halves: Bits,
    addresses: HashSet<MacAddress>,
    /// The same addresses, in the order in which they came.
    order: VecDeque<MacAddress>,
    evicted: u64,
}

impl Watched {
    /// No address.
    pub(super) fn new() -> Self {
        Self {
            low_halves: Bits::of(&[]),
            addresses: HashSet::new(),
            order: VecDeque::new(),
            evicted: 0,
        }
    }

    /// Adds an address; the one that is watched for longest makes room.
    pub(super) fn add(&mut self, address: MacAddress) {
        if !self.addresses.insert(address) {
            return;
        }
        self.low_halves.insert(low_half(address));
        self.order.push_back(address);
        if self.order.len() > MAX_WATCHED
            && let Some(oldest) = self.order.pop_front()
        {
            self.addresses.remove(&oldest);
            self.evicted += 1;
        }
    }

    /// Whether the address, if there is one, is watched.
    pub(super) fn contains(&self, address: Option<MacAddress>) -> bool {
        address.is_some_and(|address| {
            self.low_halves.contains(low_half(address)) && self.addresses.contains(&address)
        })
    }

    /// Whether one of an Ethernet frame's two addresses is watched.
    pub(super) fn is_in(&self, ethernet: &[u8]) -> bool {
        if self.addresses.is_empty() {
            return false;
        }
        let (addresses, _) = ethernet.as_chunks::<6>();
        addresses
            .iter()
            .take(2)
            .any(|address| self.contains(Some(MacAddress(*address))))
    }

    /// What had to be given up.
    pub(super) fn limit(&self) -> LimitReached {
        LimitReached {
            limit: "watched-hosts",
            max: MAX_WATCHED as u64,
            evicted: self.evicted,
        }
    }
}

fn low_half(address: MacAddress) -> u16 {
    let MacAddress([_, _, _, _, high, low]) = address;
    u16::from_be_bytes([high, low])
}
