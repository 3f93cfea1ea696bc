//! What phone and switch tell each other by CDP and LLDP: power, VLANs, duplex.

use std::collections::{BTreeSet, VecDeque};

use phoneboot_parsers::{cdp, lldp};

use crate::event::{At, Seen};

use super::port::{Auth, SpanningTree};

/// How many different announcements of one side and protocol are kept in a boot.
pub const MAX_ANNOUNCEMENTS: usize = 32;

/// The link phase of a boot.
///
/// Announcements that say the same as the one before are counted by their last
/// frame only: a phone repeats itself every minute.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Link {
    /// CDP that the phone sent.
    pub phone_cdp: Vec<Announcement<cdp::Message>>,
    /// CDP of switches on the link, while this boot went on.
    pub switch_cdp: Vec<Announcement<cdp::Message>>,
    /// LLDP that the phone sent.
    pub phone_lldp: Vec<Announcement<lldp::Message>>,
    /// LLDP of switches on the link, while this boot went on.
    pub switch_lldp: Vec<Announcement<lldp::Message>>,
    /// 802.1X between phone and switch port.
    pub auth: Auth,
    /// What the switch ports on the link say of their spanning trees.
    pub spanning_tree: SpanningTree,
    /// VLAN ids (innermost) of the phone's own frames.
    pub vlans_used: BTreeSet<u16>,
    /// Whether the phone sent frames without a tag.
    pub sent_untagged: bool,
    /// The latest of these, which a copy may yet show to have borne one.
    pub latest_untagged: VecDeque<At>,
}

/// An announcement, and how often it was repeated unchanged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Announcement<T> {
    /// What it said, where it said so first.
    pub first: Seen<T>,
    /// Where it said so last.
    pub last: crate::event::At,
    /// How many frames said so.
    pub count: u64,
}

impl Link {
    /// The best answer of a switch to a request for power by CDP: the last
    /// announcement that carries 0x001a, other than the "nothing pending" form (both
    /// request id and power zero).
    pub fn power_granted_by_cdp(&self) -> Option<&Seen<cdp::Message>> {
        self.switch_cdp
            .iter()
            .rev()
            .map(|announcement| &announcement.first)
            .find(|seen| {
                seen.value
                    .power_available
                    .is_some_and(|power| power.request_id != 0 || power.available_mw != 0)
            })
    }

    /// The phone's last request for power by CDP.
    pub fn power_requested_by_cdp(&self) -> Option<&Seen<cdp::Message>> {
        self.phone_cdp
            .iter()
            .rev()
            .map(|announcement| &announcement.first)
            .find(|seen| seen.value.power_request.is_some())
    }

    /// The voice VLAN that a switch names, by CDP or LLDP-MED, where it did so last.
    pub fn voice_vlan(&self) -> Option<Seen<u16>> {
        let cdp = self.switch_cdp.iter().rev().find_map(|announcement| {
            let vlan = announcement.first.value.voice_vlan?.vlan?;
            Some(Seen::new(vlan, announcement.first.at))
        });
        let lldp = self.switch_lldp.iter().rev().find_map(|announcement| {
            let policy = announcement
                .first
                .value
                .med
                .policies
                .iter()
                .find(|policy| policy.application == 1 && !policy.unknown && policy.tagged)?;
            Some(Seen::new(policy.vlan, announcement.first.at))
        });
        cdp.or(lldp)
    }
}
