//! [`Tracker`]: which event belongs to which phone, and to which of its boots.

use std::net::IpAddr;

use phoneboot_parsers::dhcp::{self, MessageType};
use phoneboot_parsers::{WireText, cdp, lldp, tftp};

use crate::dissect::LimitReached;
use crate::event::{At, Event, EventKind, Seen, Subject};

use super::begin6;
use super::hosts::{Host, Hosts, MAX_HOSTS};
use super::lease6::RouterAdvertisement;
use super::phone::{Clue, ClueSource, mac_in};
use super::ports::{Ports, split_auth};
use super::update::{self, Change};
use super::{Beginning, Boot, Phase, Phone};

/// Says of clues whether they make a phone. The profiles answer.
pub type Recognizer<'r> = Box<dyn Fn(&[Seen<Clue>]) -> bool + 'r>;

/// After this much silence a phone that was given an address and did nothing with it
/// has started over when it asks again; sooner, it may only have changed its VLAN.
const LEASE_RETRY_SECS: f64 = 30.0;
/// A phone without DHCP that asks for its first file again after this silence has
/// started over. Running phones that cannot use their configuration ask for it again
/// every 15 to 45 seconds without starting over.
const FIRST_FILE_AGAIN_SECS: f64 = 60.0;
/// A loader that asks from the same port again, which it makes from the time since it was
/// started, has started over after this silence already.
const SAME_PORT_AGAIN_SECS: f64 = 20.0;
/// What a phone announced by CDP or LLDP this long before its first DHCP message
/// belongs to the same boot.
const LINK_BEFORE_DHCP_SECS: f64 = 30.0;
/// How long a switch's announcement is held against the boots of its link.
const ANNOUNCEMENT_SECS: f64 = 90.0;
/// How long a router's advertisement is held against boots that begin later. Routers
/// repeat it every ten minutes or sooner (RFC 4861 §6.2.1).
const ADVERTISEMENT_SECS: f64 = 600.0;
/// How many switch announcements are remembered for boots to come.
const MAX_SWITCH_ANNOUNCEMENTS: usize = 32;

/// Puts events together to phones and their boots.
pub struct Tracker<'r> {
    hosts: Hosts,
    recognize: Recognizer<'r>,
    cdp: Vec<Seen<cdp::Message>>,
    lldp: Vec<Seen<lldp::Message>>,
    ports: Ports,
    routers: Vec<Seen<RouterAdvertisement>>,
    n_changes: u64,
}

impl<'r> Tracker<'r> {
    /// A tracker without phones.
    pub fn new(recognize: Recognizer<'r>) -> Self {
        Self {
            hosts: Hosts::default(),
            recognize,
            cdp: Vec::new(),
            lldp: Vec::new(),
            ports: Ports::default(),
            routers: Vec::new(),
            n_changes: 0,
        }
    }

    /// Takes one event. Events come in the order of the frames.
    pub fn event(&mut self, event: &Event<'_>) {
        Ports::hear_answer(event, &mut self.hosts);
        match (event.subject, event.kind) {
            (Subject::Segment, _) => self.announcement(event),
            (_, EventKind::TaggedCopy { of }) => {
                if let Some(&vlan) = event.vlans.last() {
                    self.n_changes += 1;
                    for host in self.hosts.iter_mut() {
                        let from_phone = host.sent(event);
                        update::tags::put_in(&mut host.boot, of, vlan, from_phone);
                    }
                }
            }
            (Subject::Either, EventKind::Unreachable { why, quoted }) => {
                let sender = self.hosts.by_address(quoted.source);
                let refuser = self.hosts.by_address(quoted.destination);
                let refused_by_phone = sender.is_none();
                if let Some(index) = sender.or(refuser) {
                    self.apply(index, event, |host, event| {
                        update::reach::unreachable(host, event, why, quoted, refused_by_phone)
                    });
                }
            }
            (Subject::Either, _) => {
                let ends = [event.source, event.destination];
                let known = |end: &crate::event::Endpoint| {
                    end.ip
                        .and_then(|ip| self.hosts.by_address(ip))
                        .or_else(|| self.hosts.by_known_mac(end.mac?))
                };
                if let Some(index) = ends.iter().find_map(known) {
                    self.apply(index, event, update::apply);
                }
            }
            (subject, _) => {
                let Some(index) = self.hosts.resolve(subject, event.at, &*self.recognize) else {
                    return;
                };
                self.cut_boot(index, event);
                self.apply(index, event, update::apply);
                self.learn_address(index, event);
            }
        }
    }

    /// The hosts with their boots, in no particular order.
    pub fn finish(self) -> Vec<Phone> {
        self.hosts.into_phones()
    }

    /// The same as far as it has come. Of hosts that show no sign of being a phone only
    /// the files are given, unless `strangers_too`.
    pub fn phones(&self, strangers_too: bool) -> Vec<Phone> {
        self.hosts.phones(strangers_too)
    }

    /// The tables that were full.
    pub fn limits(&self) -> Option<LimitReached> {
        let evicted = self.hosts.evicted;
        (evicted > 0).then_some(LimitReached {
            limit: "hosts",
            max: MAX_HOSTS as u64,
            evicted,
        })
    }

    /// A number that grows with every event that changed a host.
    pub fn n_changes(&self) -> u64 {
        self.n_changes
    }

    /// Lets one event change one host, and takes up the clues that it brought.
    fn apply(
        &mut self,
        index: usize,
        event: &Event<'_>,
        change: impl FnOnce(&mut Host, &Event<'_>) -> Change,
    ) {
        let Some(host) = self.hosts.get_mut(index) else {
            return;
        };
        self.n_changes += 1;
        let from_phone = host.sent(event);
        if from_phone {
            host.boot.last_heard = event.at;
            host.boot.frames_from_phone += 1;
            if let Some(IpAddr::V4(address)) = event.source.ip {
                host.boot.lease6.ipv4_in_use |= !address.is_unspecified();
            }
            match event.vlans.last() {
                Some(&vlan) => {
                    host.boot.link.vlans_used.insert(vlan);
                }
                None => update::tags::lacking(&mut host.boot.link, event.at),
            }
        } else if host.is_sent_to(event) {
            host.boot.frames_to_phone += 1;
        }
        let Change { clues } = change(host, event);
        for clue in clues {
            self.take_clue(index, clue, event.at);
        }
    }

    fn take_clue(&mut self, index: usize, clue: Clue, at: At) {
        let names_itself = matches!(
            clue.source,
            ClueSource::FileName
                | ClueSource::HttpUserAgent
                | ClueSource::SccpDeviceName
                | ClueSource::SipPnp
                | ClueSource::SipUserAgent
                | ClueSource::TftpOption
        );
        let named = clue
            .value
            .as_str()
            .filter(|_| names_itself)
            .and_then(mac_in);
        // A host that asks for the file of another is no such phone, or stands behind a
        // router.
        if let Some(mac) = named
            && !self.hosts.name_mac(index, mac, at, true)
        {
            let proven = self.hosts.dispute_mac(index, mac, Seen::new(clue, at));
            for clue in proven {
                self.take_clue(index, clue.value, clue.at);
            }
            return;
        }
        // The host may have become part of another one by its name.
        let index = named
            .and_then(|mac| self.hosts.by_known_mac(mac))
            .unwrap_or(index);
        let Some(host) = self.hosts.get_mut(index) else {
            return;
        };
        if host.add_clue(clue, at) && !host.is_phone {
            host.is_phone = (self.recognize)(&host.clues);
        }
    }

    /// Ties the address of a lease to the host.
    fn learn_address(&mut self, index: usize, event: &Event<'_>) {
        if let EventKind::Dhcp(message) = event.kind {
            let address = match message.message_type() {
                Some(MessageType::Ack) | None if message.op == 2 => message.your_address,
                Some(MessageType::Request | MessageType::Inform) => message.client_address,
                _ => return,
            };
            self.hosts.attach(index, Some(IpAddr::V4(address)));
        }
        self.learn_ipv6_addresses(index, event);
    }

    /// Ties the addresses to the host that it leases, or makes for itself.
    fn learn_ipv6_addresses(&mut self, index: usize, event: &Event<'_>) {
        let addresses = match event.kind {
            EventKind::Dhcpv6(message) => update::lease6::addresses_of_phone(event, message),
            // One that is another host's already is not free.
            EventKind::NeighborAsked {
                target,
                probe: true,
            } if self.hosts.by_address(target.into()).is_none() => vec![target],
            _ => return,
        };
        for address in addresses {
            self.hosts.attach(index, Some(IpAddr::V6(address)));
        }
    }

    /// A switch announces itself: every boot on the link may hear it.
    fn announcement(&mut self, event: &Event<'_>) {
        match event.kind {
            EventKind::Cdp(message) => remember(&mut self.cdp, message, event.at),
            EventKind::Lldp(message) => remember(&mut self.lldp, message, event.at),
            EventKind::RouterAdvertised(message) => {
                if let Some(said) = update::neighbors::router_fact(event, message) {
                    self.routers
                        .retain(|known| !known.value.says_the_same_as(&said));
                    remember(&mut self.routers, &said, event.at);
                }
            }
            _ if !self.ports.remember(event) => return,
            _ => {}
        }
        self.n_changes += 1;
        for host in self.hosts.iter_mut().filter(|host| host.is_on_link()) {
            update::link::segment(host, event);
        }
    }

    /// Begins a new boot when the event shows that the phone started over.
    fn cut_boot(&mut self, index: usize, event: &Event<'_>) {
        let Some(host) = self.hosts.get_mut(index) else {
            return;
        };
        if host.boot.timeline.is_empty() {
            let joined = host.boot.joined.or_else(|| joined_in_the_middle(event));
            host.boot = Boot::new(host.boot.number, event.at, host.boot.began_by);
            host.boot.joined = joined;
            self.recall_announcements(index, event.at);
            return;
        }
        let began_by = match event.kind {
            EventKind::Dhcp(message) if starts_over_by_dhcp(&host.boot, message, event) => {
                Beginning::Dhcp
            }
            EventKind::Dhcpv6(message) if begin6::starts_over(host, message, event) => {
                Beginning::Dhcp
            }
            EventKind::TftpRequest(request)
                if starts_over_by_file(&host.boot, &request.file, event) =>
            {
                Beginning::FirstFileAgain
            }
            EventKind::HttpRequest(head) => match &head.start {
                phoneboot_parsers::http::StartLine::Request { target, .. }
                    if starts_over_by_file(&host.boot, target, event) =>
                {
                    Beginning::FirstFileAgain
                }
                _ => return,
            },
            EventKind::FtpCommand(command) => {
                match update::ftp::file_on_new_connection(host, event, command) {
                    Some(file) if starts_over_by_file(&host.boot, &file, event) => {
                        Beginning::FirstFileAgain
                    }
                    _ => return,
                }
            }
            _ => return,
        };
        let control = update::ftp::take_flow(host, event);
        host.begin_boot(event.at, began_by);
        carry_link_over(host, event.at);
        if let Some(control) = control {
            update::ftp::carry_over(host, control);
        }
        self.recall_announcements(index, event.at);
    }

    /// What switches announced shortly before belongs to a boot that begins now.
    fn recall_announcements(&mut self, index: usize, at: At) {
        let Some(host) = self.hosts.get_mut(index) else {
            return;
        };
        let recent = |seen: &At| at.time.secs_since(seen.time) <= ANNOUNCEMENT_SECS;
        for seen in self.cdp.iter().filter(|seen| recent(&seen.at)) {
            update::link::hear(&mut host.boot.link.switch_cdp, &seen.value, seen.at);
        }
        for seen in self.lldp.iter().filter(|seen| recent(&seen.at)) {
            update::link::hear(&mut host.boot.link.switch_lldp, &seen.value, seen.at);
        }
        self.ports.recall(&mut host.boot, at);
        let recent = |seen: &At| at.time.secs_since(seen.time) <= ADVERTISEMENT_SECS;
        for seen in self.routers.iter().filter(|seen| recent(&seen.at)) {
            update::neighbors::hear_router(&mut host.boot, &seen.value);
        }
    }
}

/// Keeps an announcement for the boots to come; the same one only once, with its
/// latest frame.
fn remember<T: Clone + PartialEq>(list: &mut Vec<Seen<T>>, message: &T, at: At) {
    list.retain(|seen| seen.value != *message);
    if list.len() >= MAX_SWITCH_ANNOUNCEMENTS {
        list.remove(0);
    }
    list.push(Seen::new(message.clone(), at));
}

/// The frame, if it is part of a file whose request was not captured.
fn joined_in_the_middle(event: &Event<'_>) -> Option<At> {
    let is_part = match event.kind {
        EventKind::Tftp { message, .. } => {
            matches!(
                message,
                tftp::Message::Data { .. } | tftp::Message::Ack { .. }
            )
        }
        _ => false,
    };
    is_part.then_some(event.at)
}

/// Whether a DHCP message of the phone begins a new boot.
///
/// A renewal does not (its `ciaddr` is set). Neither does a new round in another
/// VLAN, nor one after a refusal, nor the application's round after its boot
/// loader's, nor a repeated DISCOVER. The transaction id tells nothing: Cisco phones make
/// it from their MAC address, the same in every boot.
fn starts_over_by_dhcp(boot: &Boot, message: &dhcp::Message, event: &Event<'_>) -> bool {
    let begins = match message.message_type() {
        Some(MessageType::Discover) => true,
        Some(MessageType::Request) => {
            message.server_identifier().is_none()
                && message.client_address.is_unspecified()
                && message.requested_address().is_some()
        }
        _ => false,
    };
    if !begins || message.op != 1 {
        return false;
    }
    if is_application_after_loader(boot, message) {
        return false;
    }
    let got_on = !boot.transfers.is_empty()
        || !boot.registrations.is_empty()
        || boot.reach.connections.iter().any(|c| c.accepted.is_some());
    let Some(acknowledged) = boot.lease.acknowledged() else {
        return got_on;
    };
    // A phone that goes back to no tag starts over: it has forgotten its voice VLAN.
    let vlan = event.vlans.last().copied();
    let vlan_changed = vlan.is_some() && acknowledged.vlan != vlan;
    let idle_secs = event.at.time.secs_since(acknowledged.at.time);
    got_on || (!vlan_changed && idle_secs >= LEASE_RETRY_SECS)
}

/// Whether the message is of the application and the boot's last one was of the
/// boot loader: Polycom's option 60 tells them apart.
fn is_application_after_loader(boot: &Boot, message: &dhcp::Message) -> bool {
    let loader = |message: &dhcp::Message| {
        let class = message.option(60)?;
        Some(dhcp::vendor::polycom_vendor_class(&class)?.is_boot_loader())
    };
    let before = boot
        .lease
        .messages
        .iter()
        .rev()
        .filter(|seen| seen.message.op == 1)
        .find_map(|seen| loader(&seen.message));
    before == Some(true) && loader(message) == Some(false)
}

/// Whether asking for this file begins a new boot: it was the first file of this
/// boot, the phone was silent since, and no DHCP could have told.
fn starts_over_by_file(boot: &Boot, file: &WireText, event: &Event<'_>) -> bool {
    let by_dhcp =
        boot.lease.messages.iter().any(|seen| seen.message.op == 1) || begin6::was_begun_by(boot);
    let Some(first) = boot.transfers.first() else {
        return false;
    };
    let last = boot.transfers.iter().map(|transfer| transfer.last).max();
    let quiet_secs = last.map_or(0.0, |last| event.at.time.secs_since(last.time));
    let patience_secs = if event.source.port == Some(first.client_port) {
        SAME_PORT_AGAIN_SECS
    } else {
        FIRST_FILE_AGAIN_SECS
    };
    !by_dhcp
        && !boot.is_registered()
        && first.file == *file
        && first.answered.is_some()
        && quiet_secs >= patience_secs
}

/// Moves what the phone announced just before it started over into the new boot.
fn carry_link_over(host: &mut Host, at: At) {
    let Some(old) = host.last_boot_mut() else {
        return;
    };
    let after_all_else = old
        .timeline
        .iter()
        .rposition(|step| step.phase != Phase::Link && !begin6::is_prelude(step))
        .map_or(0, |last| last + 1);
    let recent = |seen: At| at.time.secs_since(seen.time) <= LINK_BEFORE_DHCP_SECS;
    let keep = old
        .timeline
        .iter()
        .enumerate()
        .skip(after_all_else)
        .find(|(_, step)| step.from_phone && recent(step.at))
        .map_or(old.timeline.len(), |(index, _)| index);
    let moved = old.timeline.split_off(keep);
    let Some(since) = moved.first().map(|step| step.at) else {
        return;
    };
    if let Some(last) = old.timeline.last() {
        old.ended = last.at;
    }
    let cdp = split_since(&mut old.link.phone_cdp, since);
    let lldp = split_since(&mut old.link.phone_lldp, since);
    let auth = split_auth(&mut old.link.auth, since);
    let known_by_ipv6 = begin6::Known::split_off(old, since);
    host.boot.started = since;
    host.boot.timeline = moved;
    host.boot.link.phone_cdp = cdp;
    host.boot.link.phone_lldp = lldp;
    host.boot.link.auth.messages = auth;
    known_by_ipv6.put_into(&mut host.boot);
}

/// Takes the announcements that began at or after `since` out of the list.
fn split_since<T>(
    list: &mut Vec<super::link::Announcement<T>>,
    since: At,
) -> Vec<super::link::Announcement<T>> {
    let at = list
        .iter()
        .position(|announcement| announcement.first.at >= since)
        .unwrap_or(list.len());
    list.split_off(at)
}
