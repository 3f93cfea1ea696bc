//! What a run concludes: values that `rules` makes and `report`
//! prints. Everything that had to be decided is decided here; a report only shows it.

use phoneboot_parsers::MacAddress;

use crate::capture::CaptureFacts;
use crate::dissect::LimitReached;
use crate::event::{At, Seen};
use crate::finding::Finding;
use crate::session::phone::Clue;
use crate::session::{Boot, Phase, Phone};

/// One report: what was read, and what every phone in it did.
#[derive(Debug, Clone)]
pub struct Diagnosis {
    /// The captures, by their index in [`At::capture`].
    pub captures: Vec<CaptureDiagnosis>,
    /// The phones, sorted by their id.
    pub phones: Vec<PhoneDiagnosis>,
    /// Tables that were full.
    pub limits: Vec<LimitReached>,
    /// The worst outcome of the phones' last boots.
    pub verdict: Verdict,
}

/// One capture and what is to be said of its quality.
#[derive(Debug, Clone)]
pub struct CaptureDiagnosis {
    /// What is known of it.
    pub facts: CaptureFacts,
    /// Findings of the capture phase.
    pub notes: Vec<Finding>,
}

/// One phone: who it is, and what each of its boots came to.
#[derive(Debug, Clone)]
pub struct PhoneDiagnosis {
    /// Its MAC address; `ip:10.20.0.55` when that cannot be known.
    pub id: String,
    /// What the wire shows.
    pub phone: Phone,
    /// MAC address, also when only a file name or User-Agent tells it.
    pub mac: Option<MacAddress>,
    /// `Cisco`; `None` when unknown, like the following.
    pub vendor: Option<String>,
    /// Id of its profile: `cisco-79x1`.
    pub family: Option<String>,
    /// `7970`.
    pub model: Option<String>,
    /// `SCCP41.8-2-1S`, `66.84.0.10`.
    pub firmware: Option<String>,
    /// `SEP001AA17BE638`.
    pub name: Option<String>,
    /// What it was recognised by, strongest first.
    pub identified_by: Vec<Seen<Clue>>,
    /// One row for each of [`Phone::boots`], in the same order.
    pub boots: Vec<BootDiagnosis>,
}

/// What one boot came to.
#[derive(Debug, Clone)]
pub struct BootDiagnosis {
    /// How it ended.
    pub outcome: Outcome,
    /// The furthest phase that it reached.
    pub phase: Phase,
    /// Every phase, in order.
    pub phases: Vec<PhaseReport>,
    /// Power over the cable.
    pub power: PowerReport,
    /// Voice VLAN that a switch named.
    pub voice_vlan: Option<u16>,
    /// Options that the phone asked for, that its family reads, and that it was not
    /// given, in the order of its wishes. Empty without an acknowledgement or offer.
    pub missing_options: Vec<u8>,
    /// Options (and header fields) that name a server, as given.
    pub provisioning: Vec<ProvisioningValue>,
    /// One row for each of [`Boot::transfers`], in the same order.
    pub transfers: Vec<TransferReport>,
    /// What is wrong, worst first; what only follows stands behind its cause.
    pub findings: Vec<Finding>,
}

/// One source of a provisioning server in the lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProvisioningValue {
    /// DHCP option code; `None` for the header fields `siaddr` and `sname`.
    pub option: Option<u8>,
    /// The value, escaped.
    pub value: String,
    /// Which frame gave it.
    pub at: At,
}

/// How one phase of a boot went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PhaseReport {
    /// Which phase.
    pub phase: Phase,
    /// How it went.
    pub status: PhaseStatus,
    /// Its first step; `None` when none was captured.
    pub started: Option<At>,
    /// Its last step.
    pub ended: Option<At>,
}

/// How a phase went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PhaseStatus {
    /// Neither a success nor a fault was captured.
    NotSeen,
    /// Something succeeded, and no finding is above a note.
    Ok,
    /// With a warning, or without a success where the boot went on or ended.
    Trouble,
    /// With an error, or without a success after an earlier error.
    Failed,
}

/// What became of the phone's wish for power.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PowerReport {
    /// `cdp`, `lldp` or `lldp-med`; `None` when power was never spoken of.
    pub protocol: Option<&'static str>,
    /// What the phone says it draws, in milliwatts.
    pub drawn_mw: Option<u32>,
    /// What it asks for, best first, in milliwatts.
    pub requested_mw: Vec<u32>,
    /// What the switch grants, in milliwatts.
    pub available_mw: Option<u32>,
    /// How that stands.
    pub state: PowerState,
}

/// How a negotiation for power stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum PowerState {
    /// The phone asked for none.
    #[default]
    NotNegotiated,
    /// Asked, and no answer.
    Unanswered,
    /// Granted, less than the lowest level asked for.
    Short,
    /// Granted.
    Granted,
}

/// What a transfer means to this phone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TransferReport {
    /// What sort of file it is, by the profile; `None` when it does not know it.
    pub role: Option<&'static str>,
    /// What it means when the file is absent, by the profile.
    pub when_absent: Option<&'static str>,
    /// How it ended, in the words of reports: `complete`, `not-found`, `up-to-date` …
    pub status: &'static str,
}

/// How a boot ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Outcome {
    /// The call server accepted the phone.
    Registered,
    /// All that it needs was delivered; no registration can be seen.
    Loaded,
    /// The capture ends while it was still getting on.
    Incomplete,
    /// It fell silent or repeats itself, and no definite error says why.
    Stalled,
    /// An error finding explains why it cannot go on.
    Failed,
}

impl Outcome {
    /// The word that reports use.
    pub fn name(self) -> &'static str {
        match self {
            Self::Registered => "registered",
            Self::Loaded => "loaded",
            Self::Incomplete => "incomplete",
            Self::Stalled => "stalled",
            Self::Failed => "failed",
        }
    }
}

/// What a run as a whole came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Verdict {
    /// No phone booted in it.
    NoPhone,
    /// The worst outcome of the phones' last boots.
    Boot(Outcome),
}

impl Verdict {
    /// The worst outcome of these phones' last boots.
    pub fn of(phones: &[PhoneDiagnosis]) -> Self {
        phones
            .iter()
            .filter_map(|phone| phone.boots.last())
            .map(|boot| Self::Boot(boot.outcome))
            .max()
            .unwrap_or(Self::NoPhone)
    }

    /// The word that reports use.
    pub fn name(self) -> &'static str {
        match self {
            Self::NoPhone => "no-phone",
            Self::Boot(outcome) => outcome.name(),
        }
    }
}

impl PhaseStatus {
    /// The word that reports use.
    pub fn name(self) -> &'static str {
        match self {
            Self::NotSeen => "not-seen",
            Self::Ok => "ok",
            Self::Trouble => "trouble",
            Self::Failed => "failed",
        }
    }
}

impl PowerState {
    /// The word that reports use.
    pub fn name(self) -> &'static str {
        match self {
            Self::NotNegotiated => "not-negotiated",
            Self::Unanswered => "unanswered",
            Self::Short => "short",
            Self::Granted => "granted",
        }
    }
}

impl PhoneDiagnosis {
    /// The boots with what they came to.
    pub fn boots(&self) -> impl Iterator<Item = (&Boot, &BootDiagnosis)> {
        self.phone.boots.iter().zip(&self.boots)
    }
}

impl Diagnosis {
    /// Every finding: of the captures, then phone by phone and boot by boot.
    pub fn findings(&self) -> impl Iterator<Item = &Finding> {
        let of_captures = self.captures.iter().flat_map(|capture| &capture.notes);
        let of_boots = self
            .phones
            .iter()
            .flat_map(|phone| &phone.boots)
            .flat_map(|boot| &boot.findings);
        of_captures.chain(of_boots)
    }
}
