//! What it means for a boot that one file did not arrive, whatever the reason.

use crate::finding::{About, Finding, Severity};
use crate::profiles::{Needs, Role, WhenAbsent};
use crate::rules::{Context, TransferVerdict};
use crate::session::Boot;
use crate::session::transfer::Transfer;

use super::firmware;

/// How bad it is that this file did not arrive.
pub(super) fn severity(boot: &Boot, context: &Context<'_>, transfer: &Transfer) -> Severity {
    let came_otherwise = context.arrived(boot, &transfer.file_name());
    if came_otherwise || context.stand_in_arrived(boot, transfer) {
        return Severity::Note;
    }
    let stuck = context.is_stuck_after(boot, transfer.last)
        || (!went_on(boot, context, transfer) && context.missed_before(transfer));
    let Some(file) = context.file(transfer) else {
        return of_unknown_file(boot, context, transfer, stuck);
    };
    let registered = boot.is_registered();
    match file.when_absent() {
        WhenAbsent::Fatal if registered || went_on(boot, context, transfer) => Severity::Warning,
        WhenAbsent::Fatal => Severity::Error,
        WhenAbsent::Benign => Severity::Note,
        WhenAbsent::Degraded if is_extra(file.role()) => Severity::Note,
        WhenAbsent::BenignIfInstalled if came_up_later(context) => Severity::Note,
        // It runs, on another version than it was told to.
        WhenAbsent::Degraded if registered && file.role() == Role::FirmwareList => {
            Severity::Warning
        }
        _ if registered => Severity::Note,
        WhenAbsent::BenignIfInstalled if configures_after(boot, context, transfer) => {
            Severity::Note
        }
        _ if stuck => Severity::Error,
        WhenAbsent::Degraded | WhenAbsent::BenignIfOther => Severity::Warning,
        WhenAbsent::BenignIfInstalled => Severity::Note,
    }
}

/// Whether a later boot registered.
fn came_up_later(context: &Context<'_>) -> bool {
    let later = context.phone.boots.iter().skip(context.boot_index + 1);
    later.into_iter().any(Boot::is_registered)
}

/// Whether the phone got no file at all and stopped at these: then it stops there whatever
/// they are for.
pub(super) fn stop_the_phone(boot: &Boot, context: &Context<'_>, transfers: &[&Transfer]) -> bool {
    !boot.is_registered()
        && !context.fetched_anything(boot)
        && transfers
            .iter()
            .all(|transfer| context.is_stuck_after(boot, transfer.last))
}

/// Files that the phone asked for in place of this one, or this one in their place, with
/// how they ended.
fn of_its_chain<'b>(
    boot: &'b Boot,
    context: &'b Context<'_>,
    transfer: &'b Transfer,
) -> impl Iterator<Item = (&'b Transfer, TransferVerdict)> {
    let chain = context.file(transfer).and_then(|file| file.chain);
    context.reads(boot).filter(move |(other, _)| {
        other.file != transfer.file
            && chain.is_some_and(|chain| {
                chain.needs != Needs::All
                    && context
                        .file(other)
                        .and_then(|file| file.chain)
                        .is_some_and(|known| known.name == chain.name)
            })
    })
}

/// Whether the phone asks for this file only because the server has another and does not
/// give it out: then that one is the fault.
pub(super) fn stands_in_for_refused(
    boot: &Boot,
    context: &Context<'_>,
    transfer: &Transfer,
) -> bool {
    of_its_chain(boot, context, transfer)
        .any(|(other, verdict)| verdict == TransferVerdict::Refused && other.first < transfer.first)
}

/// Whether the server has another file of the chain that came in part: then that one is the
/// fault. A common file takes no place of the phone's own.
pub(super) fn another_came_in_part(
    boot: &Boot,
    context: &Context<'_>,
    transfer: &Transfer,
) -> bool {
    let role = |transfer: &Transfer| context.file(transfer).map(|file| file.role());
    of_its_chain(boot, context, transfer).any(|(other, verdict)| {
        verdict == TransferVerdict::Truncated
            && (role(transfer) != Some(Role::Config) || role(other) == Some(Role::Config))
    })
}

/// How bad it is that the server does not give out this file: as bad as that nothing else
/// could take its place.
pub(super) fn severity_of_refused(
    boot: &Boot,
    context: &Context<'_>,
    transfer: &Transfer,
) -> Severity {
    of_its_chain(boot, context, transfer)
        .filter(|(_, verdict)| *verdict == TransferVerdict::NotFound)
        .map(|(other, _)| severity(boot, context, other))
        .fold(severity(boot, context, transfer), Severity::max)
}

/// A file that no profile speaks of matters only when the phone stops at it.
fn of_unknown_file(
    boot: &Boot,
    context: &Context<'_>,
    transfer: &Transfer,
    stuck: bool,
) -> Severity {
    let asked_last = boot
        .transfers
        .iter()
        .all(|other| other.first <= transfer.last || other.file == transfer.file);
    if boot.is_registered() || !stuck || !asked_last {
        Severity::Note
    } else if context.fetched_anything(boot) && !firmware::is_listed(boot, context, transfer) {
        Severity::Warning
    } else {
        Severity::Error
    }
}

/// Whether the phone fetched something new after it had failed to get this file.
pub(super) fn went_on(boot: &Boot, context: &Context<'_>, transfer: &Transfer) -> bool {
    context.reads(boot).any(|(other, _)| {
        other.first > transfer.last
            && other.is_delivered()
            && !context.is_known_already(boot, other)
    })
}

/// Whether the phone asked for configuration only after this image was not to be had: what
/// asks runs on an image that it has.
fn configures_after(boot: &Boot, context: &Context<'_>, transfer: &Transfer) -> bool {
    let configuration = context.reads(boot).map(|(other, _)| other).find(|other| {
        context.file(other).is_some_and(|file| {
            matches!(
                file.role(),
                Role::Master | Role::Config | Role::ConfigCommon | Role::ConfigDefault
            )
        })
    });
    configuration.is_some_and(|first| first.first > transfer.last)
}

/// Files without which a phone does all its work.
fn is_extra(role: Role) -> bool {
    matches!(
        role,
        Role::Ui | Role::Optional | Role::License | Role::Upload | Role::Trust
    )
}

/// What a finding about a transfer is about.
pub(super) fn about(transfer: &Transfer) -> About {
    About {
        file: Some(shown(transfer)),
        server: Some(transfer.server),
        port: Some(transfer.server_port),
        protocol: Some(transfer.protocol.name()),
        ..About::default()
    }
}

/// The file's name for people, credentials masked.
pub(super) fn shown(transfer: &Transfer) -> String {
    phoneboot_parsers::http::masked_target(&transfer.file).to_string()
}

/// Adds the request and the answer to a finding.
pub(super) fn with_frames(finding: Finding, transfer: &Transfer) -> Finding {
    let name = shown(transfer);
    let finding = finding.evidence(transfer.first, format!("request for {name}"));
    let finding = if transfer.last_request == transfer.first {
        finding
    } else {
        finding.evidence(transfer.last_request, format!("last request for {name}"))
    };
    match &transfer.error {
        Some(error) => {
            let who = if error.from_phone { "phone" } else { "server" };
            let words = if error.message.is_empty() {
                String::new()
            } else {
                format!(" \"{}\"", error.message)
            };
            finding.evidence(error.at, format!("{who}: {}{words}", error.code))
        }
        None => finding,
    }
}

/// `once`, `twice`, `5 times`.
pub(super) fn times(count: u64) -> String {
    match count {
        0 | 1 => "once".to_owned(),
        2 => "twice".to_owned(),
        more => format!("{more} times"),
    }
}
