//! One boot of one phone in one capture, for the tests of rules.

use std::collections::BTreeMap;

use crate::capture::{CaptureFacts, LinkType, Timestamp};
use crate::finding::Finding;
use crate::profiles::Profiles;
use crate::session::testing::{BootBuilder, MAC};
use crate::session::{Boot, Phone};

use super::Context;

/// A phone, its boots, and the capture that they stand in.
pub(super) struct Case {
    phone: Phone,
    family: Option<&'static str>,
    model: Option<&'static str>,
    captures: Vec<CaptureFacts>,
    judged: usize,
    delivered: BTreeMap<String, String>,
}

impl Case {
    /// A phone of a family with one boot; the capture goes on for two minutes after
    /// the boot's last frame.
    pub(super) fn new(family: &'static str, boot: BootBuilder) -> Self {
        Self::of_boots(family, vec![boot.build()])
    }

    /// The same with several boots.
    pub(super) fn of_boots(family: &'static str, mut boots: Vec<Boot>) -> Self {
        let last = boots.len().saturating_sub(1);
        for (index, boot) in boots.iter_mut().enumerate() {
            boot.number = u32::try_from(index + 1).unwrap();
            boot.followed_by_another = index < last;
        }
        let end = boots.iter().map(|boot| boot.ended.time.0).max().unwrap();
        Self {
            phone: Phone {
                mac: Some(MAC),
                addresses: vec![crate::session::testing::PHONE.into()],
                clues: Vec::new(),
                boots,
                boots_evicted: 0,
            },
            family: Some(family),
            model: None,
            captures: vec![capture(end + 120_000_000_000)],
            judged: last,
            delivered: BTreeMap::new(),
        }
    }

    /// Says that no address of the phone is known.
    pub(super) fn without_addresses(mut self) -> Self {
        self.phone.addresses.clear();
        self
    }

    /// Says that frames of the capture bear VLAN tags.
    pub(super) fn with_tags(mut self) -> Self {
        for facts in &mut self.captures {
            facts.taken.tagged_frames = 3;
        }
        self
    }

    /// Says which model the phone is.
    pub(super) fn model(mut self, model: &'static str) -> Self {
        self.model = Some(model);
        self
    }

    /// Lets the capture end this many seconds after the last boot's last frame.
    pub(super) fn ends_after_secs(mut self, secs: i64) -> Self {
        let end = self
            .phone
            .boots
            .iter()
            .map(|b| b.ended.time.0)
            .max()
            .unwrap();
        self.captures = vec![capture(end + secs * 1_000_000_000)];
        self
    }

    /// Replaces the captures by ones with these first and last moments.
    pub(super) fn captures(&mut self, spans: impl Iterator<Item = (Timestamp, Timestamp)>) {
        self.captures = spans
            .map(|(first, last)| CaptureFacts {
                first: Some(first),
                ..capture(last.0)
            })
            .collect();
    }

    /// Says how many frames of the captures bear tags.
    pub(super) fn tagged_frames(&mut self, count: u64) {
        for facts in &mut self.captures {
            facts.taken.tagged_frames = count;
        }
    }

    /// Some server of the run has delivered a file of this name.
    pub(super) fn delivered(mut self, name: &str) -> Self {
        self.delivered
            .insert(name.to_ascii_lowercase(), name.to_owned());
        self
    }

    /// Says which of the boots is judged, instead of the last.
    pub(super) fn judge_boot(&mut self, index: usize) {
        self.judged = index;
    }

    /// What a rule says of the judged boot.
    pub(super) fn check(
        &self,
        check: impl Fn(&Boot, &Context<'_>) -> Vec<Finding>,
    ) -> Vec<Finding> {
        let boot_index = self.judged;
        let context = Context {
            phone: &self.phone,
            boot_index,
            profile: self
                .family
                .and_then(|family| Profiles::embedded().family(family)),
            model: self.model,
            captures: &self.captures,
            delivered: &self.delivered,
        };
        check(&self.phone.boots[boot_index], &context)
    }
}

/// A capture that ends at this moment, with nothing to be said of it.
pub(super) fn capture(end_nanos: i64) -> CaptureFacts {
    CaptureFacts {
        name: "test.pcap".into(),
        format: "pcap",
        compression: None,
        link_types: vec![LinkType::Ethernet],
        frames: 100,
        bytes: 10_000,
        first: Some(Timestamp(0)),
        last: Some(Timestamp(end_nanos)),
        snap_length: None,
        sliced_frames: 0,
        cut_short: None,
        dropped: None,
        taken: crate::capture::Taken::default(),
    }
}
