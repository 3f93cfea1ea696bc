//! From hosts and their boots to a [`Diagnosis`]: who is a phone, what each boot came
//! to, what the run as a whole did.

use std::collections::BTreeMap;

use phoneboot_parsers::tftp::Direction;

use crate::capture::CaptureFacts;
use crate::diagnosis::{
    BootDiagnosis, CaptureDiagnosis, Diagnosis, PhoneDiagnosis, ProvisioningValue, TransferReport,
    Verdict,
};
use crate::dissect::LimitReached;
use crate::event::Seen;
use crate::profiles::{Identification, Profiles};
use crate::session::phone::{Clue, ClueSource};
use crate::session::transfer::Transfer;
use crate::session::{Boot, Phone};

use super::context::Context;
use super::{Check, RULES, causes, cut, outcome, phases, power, sides};

/// DHCP options that can name a provisioning server, of any family.
const PROVISIONING_OPTIONS: &[u8] = &[150, 66, 67, 160, 159, 161, 156, 114, 43, 125, 128, 176, 242];

/// What the user wants judged.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options {
    /// Also hosts that show no sign of being a phone.
    pub all_hosts: bool,
}

/// Judges everything that a run has seen.
pub fn diagnose(
    hosts: Vec<Phone>,
    captures: Vec<CaptureFacts>,
    limits: Vec<LimitReached>,
    profiles: &Profiles,
    options: Options,
) -> Diagnosis {
    let delivered = delivered(&hosts);
    let mut phones: Vec<PhoneDiagnosis> = hosts
        .into_iter()
        .filter_map(|phone| {
            let who = profiles.identify(&phone.clues);
            if who.is_none() && !options.all_hosts {
                return None;
            }
            Some(judge(phone, who.as_ref(), &captures, &delivered))
        })
        .collect();
    phones.sort_by(|a, b| a.id.cmp(&b.id));
    let verdict = Verdict::of(&phones);
    let captures = captures
        .into_iter()
        .enumerate()
        .map(|(index, facts)| CaptureDiagnosis {
            notes: RULES
                .iter()
                .filter_map(|rule| match rule.check {
                    Check::Capture(check) => Some(check(&facts, index)),
                    Check::Boot(_) => None,
                })
                .flatten()
                .collect(),
            facts,
        })
        .collect();
    Diagnosis {
        captures,
        phones,
        limits,
        verdict,
    }
}

/// Names of files that arrived somewhere in the run, by the name in lower case.
fn delivered(hosts: &[Phone]) -> BTreeMap<String, String> {
    hosts
        .iter()
        .flat_map(|phone| &phone.boots)
        .flat_map(|boot| &boot.transfers)
        .filter(|transfer| transfer.direction == Direction::Read && transfer.is_delivered())
        .map(Transfer::file_name)
        .map(|name| (name.to_ascii_lowercase(), name))
        .collect()
}

fn judge(
    phone: Phone,
    who: Option<&Identification<'_>>,
    captures: &[CaptureFacts],
    delivered: &BTreeMap<String, String>,
) -> PhoneDiagnosis {
    let mac = phone.mac.or_else(|| who.and_then(|who| who.mac));
    let boots = phone
        .boots
        .iter()
        .enumerate()
        .map(|(boot_index, boot)| {
            let context = Context {
                phone: &phone,
                boot_index,
                profile: who.and_then(|who| who.profile),
                model: who.and_then(|who| who.model.as_deref()),
                captures,
                delivered,
            };
            judge_boot(boot, &context)
        })
        .collect();
    let id = match (mac, phone.addresses.first()) {
        (Some(mac), _) => mac.to_string(),
        (None, Some(address)) => format!("ip:{address}"),
        (None, None) => "unknown".to_owned(),
    };
    PhoneDiagnosis {
        id,
        mac,
        vendor: who.and_then(|who| who.vendor.clone()),
        family: who.and_then(|who| Some(who.profile?.id.clone())),
        model: who.and_then(|who| who.model.clone()),
        firmware: who.and_then(|who| who.firmware.clone()),
        name: who.and_then(|who| who.name.clone()),
        identified_by: identified_by(&phone, who),
        phone,
        boots,
    }
}

/// The clues that told who the phone is; a vendor half alone only where there is
/// nothing better.
fn identified_by(phone: &Phone, who: Option<&Identification<'_>>) -> Vec<Seen<Clue>> {
    let clues: Vec<Seen<Clue>> = who
        .into_iter()
        .flat_map(|who| &who.evidence)
        .filter_map(|&index| phone.clues.get(index).cloned())
        .collect();
    let better = clues
        .iter()
        .any(|clue| clue.value.source != ClueSource::Mac);
    clues
        .into_iter()
        .filter(|clue| !better || clue.value.source != ClueSource::Mac)
        .collect()
}

fn judge_boot(boot: &Boot, context: &Context<'_>) -> BootDiagnosis {
    let mut findings: Vec<_> = RULES
        .iter()
        .filter_map(|rule| match rule.check {
            Check::Boot(check) => Some(check(boot, context)),
            Check::Capture(_) => None,
        })
        .flatten()
        .collect();
    sides::keep_what_is_proven(boot, &mut findings);
    cut::keep_what_is_whole(boot, &mut findings);
    causes::fold(&mut findings);
    let outcome = outcome::outcome(boot, context, &findings);
    let phases = phases::phases(boot, context, outcome, &findings);
    BootDiagnosis {
        outcome,
        phase: phases::furthest(&phases),
        phases,
        power: power::power(boot),
        voice_vlan: boot.link.voice_vlan().map(|seen| seen.value),
        missing_options: missing_options(boot),
        provisioning: provisioning(boot),
        transfers: boot
            .transfers
            .iter()
            .map(|transfer| {
                let file = context.file(transfer);
                TransferReport {
                    role: file.as_ref().map(|file| file.rule.role.name()),
                    when_absent: file.as_ref().map(|file| file.rule.when_absent.name()),
                    status: context.verdict(boot, transfer).name(),
                }
            })
            .collect(),
        findings,
    }
}

fn missing_options(boot: &Boot) -> Vec<u8> {
    let Some(given) = boot.lease.boot_data() else {
        return Vec::new();
    };
    boot.lease
        .wanted_options()
        .into_iter()
        .filter(|&code| given.message.option(code).is_none())
        .collect()
}

fn provisioning(boot: &Boot) -> Vec<ProvisioningValue> {
    let Some(given) = boot.lease.boot_data() else {
        return Vec::new();
    };
    let options = PROVISIONING_OPTIONS.iter().filter_map(|&code| {
        let bytes = given.message.option(code)?;
        let (value, _) = phoneboot_parsers::dhcp::options::value(code, &bytes);
        Some((Some(code), value.to_string()))
    });
    let server = &given.message.server_address;
    let next_server = (!server.is_unspecified()).then(|| (None, server.to_string()));
    let name = &given.message.server_name;
    let server_name = (!name.is_empty()).then(|| (None, name.to_string()));
    options
        .chain(next_server)
        .chain(server_name)
        .map(|(option, value)| ProvisioningValue {
            option,
            value,
            at: given.at,
        })
        .collect()
}
