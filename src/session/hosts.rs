//! Which host an event belongs to: hosts by MAC address and by IP address, joined
//! by whatever ties the two.
//!
//! A MAC address is *certain* when the host itself names it (`chaddr`, CDP, LLDP,
//! a file name made from it) and *assumed* when it is only the source of its
//! frames, which behind a router is the router's.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;

use phoneboot_parsers::MacAddress;

use crate::capture::Timestamp;
use crate::event::{At, Endpoint, Event, EventKind, Seen, Subject};

use super::phone::{Clue, ClueSource, mac_in};
use super::update::Flows;
use super::{Beginning, Boot, Phone};

/// How many hosts are watched at a time.
pub(super) const MAX_HOSTS: usize = 1024;
/// How many boots of one host are kept; the first and the latest ones.
pub(super) const MAX_BOOTS: usize = 64;
/// How many different clues of one host are kept.
const MAX_CLUES: usize = 128;
/// How many clues under another MAC address are kept.
const MAX_PENDING: usize = 8;
/// How many addresses of one host are kept.
const MAX_ADDRESSES: usize = 16;

/// A watched host.
#[derive(Debug)]
pub(super) struct Host {
    pub(super) mac: Option<MacAddress>,
    pub(super) mac_is_certain: bool,
    /// What it said under another MAC address than its frames have, until it is clear
    /// whether those are a router's.
    pending: Vec<Seen<Clue>>,
    pub(super) addresses: Vec<IpAddr>,
    pub(super) clues: Vec<Seen<Clue>>,
    /// Never empty.
    earlier: Vec<Boot>,
    pub(super) boot: Boot,
    pub(super) boots_evicted: u64,
    pub(super) flows: Flows,
    /// Whether its clues make it a phone, as far as is known.
    pub(super) is_phone: bool,
    last_seen: Timestamp,
}

impl Host {
    fn new(at: At) -> Self {
        Self {
            mac: None,
            mac_is_certain: false,
            pending: Vec::new(),
            addresses: Vec::new(),
            clues: Vec::new(),
            earlier: Vec::new(),
            boot: Boot::new(1, at, Beginning::FirstSeen),
            boots_evicted: 0,
            flows: Flows::default(),
            is_phone: false,
            last_seen: at.time,
        }
    }

    /// Whether the host sent the frame.
    pub(super) fn sent(&self, event: &Event<'_>) -> bool {
        let by_ip = event
            .source
            .ip
            .is_some_and(|ip| self.addresses.contains(&ip));
        let by_mac = self.mac.is_some() && self.mac == event.source.mac;
        by_ip || by_mac
    }

    /// Whether the frame was sent to the host alone. A relay agent's question to a
    /// server was not; the answer to it was.
    pub(super) fn is_sent_to(&self, event: &Event<'_>) -> bool {
        let destination = event.destination;
        if destination.mac.is_some_and(MacAddress::is_group) {
            return false;
        }
        if let EventKind::Dhcp(message) = event.kind {
            let everybody = destination.ip.is_none_or(|ip| match ip {
                IpAddr::V4(ip) => ip.is_broadcast(),
                IpAddr::V6(ip) => ip.is_multicast(),
            });
            return message.op == 2 && (destination.mac.is_some() || !everybody);
        }
        let by_ip = destination
            .ip
            .is_some_and(|ip| self.addresses.contains(&ip));
        by_ip || (self.mac.is_some() && self.mac == destination.mac)
    }

    /// Ends the present boot and begins another.
    pub(super) fn begin_boot(&mut self, at: At, began_by: Beginning) {
        let next = Boot::new(self.boot.number.saturating_add(1), at, began_by);
        let mut ended = std::mem::replace(&mut self.boot, next);
        ended.followed_by_another = true;
        self.earlier.push(ended);
        if self.earlier.len() >= MAX_BOOTS {
            // The first boot tells how it began, so the second goes.
            self.earlier.remove(1);
            self.boots_evicted = self.boots_evicted.saturating_add(1);
        }
        self.flows = Flows::default();
    }

    /// The boot before the present one.
    pub(super) fn last_boot_mut(&mut self) -> Option<&mut Boot> {
        self.earlier.last_mut()
    }

    /// Keeps a clue unless it is known.
    pub(super) fn add_clue(&mut self, clue: Clue, at: At) -> bool {
        if clue.value.is_empty()
            || self.clues.len() >= MAX_CLUES
            || self.clues.iter().any(|known| known.value == clue)
        {
            return false;
        }
        self.clues.push(Seen::new(clue, at));
        true
    }

    /// Whether the host's address is known from one of its own frames' headers.
    pub(super) fn is_on_link(&self) -> bool {
        self.mac.is_some()
    }

    /// The host as a phone-to-be; of a stranger the files alone, for these tell what the
    /// servers have.
    fn as_phone(&self, with_everything: bool) -> Phone {
        let boots = self.earlier.iter().chain([&self.boot]);
        if with_everything {
            return Phone {
                mac: self.mac,
                addresses: self.addresses.clone(),
                clues: self.clues.clone(),
                boots: boots.cloned().collect(),
                boots_evicted: self.boots_evicted,
            };
        }
        let files = boots.map(|boot| Boot {
            transfers: boot.transfers.clone(),
            ..Boot::new(boot.number, boot.started, boot.began_by)
        });
        Phone {
            mac: None,
            addresses: Vec::new(),
            clues: Vec::new(),
            boots: files.collect(),
            boots_evicted: 0,
        }
    }

    fn did_something(&self) -> bool {
        let mut boots = self.earlier.iter().chain([&self.boot]);
        boots.any(|boot| !boot.timeline.is_empty())
    }

    fn into_phone(self) -> Phone {
        let mut boots = self.earlier;
        boots.push(self.boot);
        Phone {
            mac: self.mac,
            addresses: self.addresses,
            clues: self.clues,
            boots,
            boots_evicted: self.boots_evicted,
        }
    }
}

/// All watched hosts.
#[derive(Debug, Default)]
pub(super) struct Hosts {
    list: Vec<Host>,
    by_mac: HashMap<MacAddress, usize>,
    by_ip: HashMap<IpAddr, usize>,
    /// MAC addresses that stand for several hosts.
    routers: HashSet<MacAddress>,
    pub(super) evicted: u64,
}

/// Hop limits that senders begin with; any other has passed a router.
fn is_initial(hop_limit: u8) -> bool {
    matches!(hop_limit, 30 | 32 | 60 | 64 | 128 | 255)
}

impl Hosts {
    /// The host with this index.
    pub(super) fn get_mut(&mut self, index: usize) -> Option<&mut Host> {
        self.list.get_mut(index)
    }

    /// All hosts.
    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Host> {
        self.list.iter_mut()
    }

    /// The host with this address, if it is watched.
    pub(super) fn by_address(&self, address: IpAddr) -> Option<usize> {
        self.by_ip.get(&address).copied()
    }

    /// The host with this MAC address, if it is watched.
    pub(super) fn by_known_mac(&self, mac: MacAddress) -> Option<usize> {
        self.by_mac.get(&mac).copied()
    }

    /// The host that an event belongs to; made when the event is worth it.
    /// `may_be_phone` says so of a MAC address alone.
    pub(super) fn resolve(
        &mut self,
        subject: Subject,
        at: At,
        may_be_phone: &dyn Fn(&[Seen<Clue>]) -> bool,
    ) -> Option<usize> {
        let index = match subject {
            Subject::Mac(mac) if mac.is_zero() || mac.is_group() => return None,
            Subject::Mac(mac) => {
                let index = match self.by_mac.get(&mac) {
                    Some(&index) => index,
                    None => self.add(at),
                };
                self.name_mac(index, mac, at, true);
                index
            }
            Subject::Host {
                endpoint,
                hop_limit,
                telling,
            } => self.resolve_endpoint(endpoint, hop_limit, telling, at, may_be_phone)?,
            // No frame of it makes a host.
            Subject::Known {
                endpoint,
                hop_limit,
            } => self.resolve_endpoint(endpoint, hop_limit, false, at, &|_| false)?,
            Subject::Either | Subject::Segment => return None,
        };
        if let Some(host) = self.list.get_mut(index) {
            host.last_seen = at.time;
        }
        Some(index)
    }

    fn resolve_endpoint(
        &mut self,
        endpoint: Endpoint,
        hop_limit: Option<u8>,
        telling: bool,
        at: At,
        may_be_phone: &dyn Fn(&[Seen<Clue>]) -> bool,
    ) -> Option<usize> {
        if let Some(index) = endpoint.ip.and_then(|ip| self.by_address(ip)) {
            return Some(index);
        }
        let usable = |mac: &MacAddress| !mac.is_zero() && !mac.is_group();
        let mac = endpoint
            .mac
            .filter(usable)
            .filter(|mac| !self.routers.contains(mac));
        let on_link = hop_limit.is_none_or(is_initial);
        if let Some(&index) = mac.as_ref().and_then(|mac| self.by_mac.get(mac)) {
            if on_link && !self.is_shared(index, endpoint.ip) {
                self.attach(index, endpoint.ip);
                return Some(index);
            }
            // A frame that passed a router, or one of another host behind the same MAC
            // address: that address is a router's.
            if !telling {
                return None;
            }
            self.forget_assumed_mac(mac?);
        }
        let mac = mac
            .filter(|_| on_link)
            .filter(|mac| !self.routers.contains(mac) && !self.by_mac.contains_key(mac));
        if !telling && !mac.is_some_and(|mac| may_be_phone(&[mac_clue(mac, at)])) {
            return None;
        }
        endpoint.ip.or(mac.map(|_| IpAddr::from([0, 0, 0, 0])))?;
        let index = self.add(at);
        self.attach(index, endpoint.ip);
        if let Some(mac) = mac {
            self.name_mac(index, mac, at, false);
        }
        Some(index)
    }

    /// Whether another host than this one must have the address: this one is known by its
    /// frames alone, and has an address of that kind already.
    fn is_shared(&self, index: usize, address: Option<IpAddr>) -> bool {
        let (Some(host), Some(address)) = (self.list.get(index), address) else {
            return false;
        };
        !host.mac_is_certain
            && address.is_ipv4()
            && host
                .addresses
                .iter()
                .any(|known| known.is_ipv4() && *known != address)
    }

    /// Takes up what a host says under another MAC address than its frames have. One such
    /// file can be a PC's that fetches a phone's file; a second one, or a User-Agent, is
    /// proof that the frames' address is a router's. Gives the clues that hold then.
    pub(super) fn dispute_mac(
        &mut self,
        index: usize,
        mac: MacAddress,
        clue: Seen<Clue>,
    ) -> Vec<Seen<Clue>> {
        let Some(host) = self.list.get_mut(index).filter(|host| !host.mac_is_certain) else {
            return Vec::new();
        };
        let by_agent = clue.value.source == ClueSource::HttpUserAgent;
        let names_it = |known: &Seen<Clue>| {
            known.value != clue.value && known.value.value.as_str().and_then(mac_in) == Some(mac)
        };
        let proven = by_agent || host.pending.iter().any(names_it);
        let at = clue.at;
        if host.pending.len() < MAX_PENDING && !host.pending.contains(&clue) {
            host.pending.push(clue);
        }
        if !proven {
            return Vec::new();
        }
        let mut clues = std::mem::take(&mut host.pending);
        clues.retain(|clue| clue.value.value.as_str().and_then(mac_in) == Some(mac));
        if let Some(assumed) = host.mac {
            self.forget_assumed_mac(assumed);
        }
        self.name_mac(index, mac, at, true);
        clues
    }

    /// Ties an address to a host.
    pub(super) fn attach(&mut self, index: usize, address: Option<IpAddr>) {
        let Some(address) = address.filter(|address| !address.is_unspecified()) else {
            return;
        };
        let before = self.by_ip.insert(address, index);
        let Some(host) = self.list.get_mut(index) else {
            return;
        };
        if !host.addresses.contains(&address) && host.addresses.len() < MAX_ADDRESSES {
            host.addresses.push(address);
        }
        if let Some(other) = before.filter(|&other| other != index)
            && self.list.get(other).is_some_and(|host| host.mac.is_none())
        {
            self.merge(other, index);
        }
    }

    /// Says which MAC address a host has. Gives whether it holds: a host that is
    /// known to have another one keeps that.
    pub(super) fn name_mac(
        &mut self,
        index: usize,
        mac: MacAddress,
        at: At,
        certain: bool,
    ) -> bool {
        let Some(host) = self.list.get_mut(index) else {
            return false;
        };
        match host.mac {
            Some(known) if known == mac => {
                host.mac_is_certain |= certain;
                return true;
            }
            Some(_) => return false,
            None => {}
        }
        if let Some(&other) = self.by_mac.get(&mac) {
            self.merge(index, other);
            return true;
        }
        host.mac = Some(mac);
        host.mac_is_certain = certain;
        host.add_clue(mac_clue(mac, at).value, at);
        self.by_mac.insert(mac, index);
        true
    }

    /// A MAC address turned out to be a router's.
    fn forget_assumed_mac(&mut self, mac: MacAddress) {
        let Some(&index) = self.by_mac.get(&mac) else {
            return;
        };
        let Some(host) = self.list.get_mut(index).filter(|host| !host.mac_is_certain) else {
            return;
        };
        host.mac = None;
        host.clues
            .retain(|clue| clue.value.source != ClueSource::Mac);
        self.by_mac.remove(&mac);
        if self.routers.len() < MAX_HOSTS {
            self.routers.insert(mac);
        }
    }

    /// Moves what is known of one host into another: they are the same.
    fn merge(&mut self, from: usize, into: usize) {
        let fresh = Host::new(At::default());
        let Some(slot) = self.list.get_mut(from) else {
            return;
        };
        let gone = std::mem::replace(slot, fresh);
        for address in &gone.addresses {
            self.by_ip.insert(*address, into);
        }
        let Some(host) = self.list.get_mut(into) else {
            return;
        };
        for address in gone.addresses {
            if !host.addresses.contains(&address) && host.addresses.len() < MAX_ADDRESSES {
                host.addresses.push(address);
            }
        }
        for clue in gone.clues {
            host.add_clue(clue.value, clue.at);
        }
        let mut boots = gone.earlier;
        boots.push(gone.boot);
        boots.retain(|boot| !boot.timeline.is_empty());
        if host.boot.timeline.is_empty()
            && host.earlier.is_empty()
            && let Some(last) = boots.pop()
        {
            host.boot = last;
            host.flows = gone.flows;
        }
        host.earlier.append(&mut boots);
        host.earlier.sort_by_key(|boot| boot.started);
        for (number, boot) in (1..).zip(&mut host.earlier) {
            boot.number = number;
            boot.followed_by_another = true;
        }
        host.boot.number = u32::try_from(host.earlier.len() + 1).unwrap_or(u32::MAX);
    }

    /// Makes room for another host and gives its index.
    fn add(&mut self, at: At) -> usize {
        if self.list.len() < MAX_HOSTS {
            self.list.push(Host::new(at));
            return self.list.len() - 1;
        }
        let least = self
            .list
            .iter()
            .enumerate()
            .min_by_key(|(_, host)| (host.is_phone, host.last_seen))
            .map_or(0, |(index, _)| index);
        self.evicted = self.evicted.saturating_add(1);
        self.by_mac.retain(|_, index| *index != least);
        self.by_ip.retain(|_, index| *index != least);
        if let Some(slot) = self.list.get_mut(least) {
            *slot = Host::new(at);
        }
        least
    }

    /// All hosts that did something, as phones-to-be.
    pub(super) fn into_phones(self) -> Vec<Phone> {
        self.list
            .into_iter()
            .filter(Host::did_something)
            .map(Host::into_phone)
            .collect()
    }

    /// Copies of the same, of strangers in full only when `strangers_too`.
    pub(super) fn phones(&self, strangers_too: bool) -> Vec<Phone> {
        self.list
            .iter()
            .filter(|host| host.did_something())
            .map(|host| host.as_phone(host.is_phone || strangers_too))
            .collect()
    }
}

fn mac_clue(mac: MacAddress, at: At) -> Seen<Clue> {
    Seen::new(
        Clue {
            source: ClueSource::Mac,
            value: mac.to_string().as_str().into(),
        },
        at,
    )
}
