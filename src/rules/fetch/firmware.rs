//! What became of the files that a firmware list names.

use phoneboot_parsers::manifest::{Kind, Manifest, What};

use crate::rules::Context;
use crate::rules::context::TransferVerdict;
use crate::session::Boot;
use crate::session::transfer::Transfer;

/// A firmware list that was delivered, and what became of the files in it.
pub(super) struct List<'b> {
    /// The list's own transfer.
    pub(super) transfer: &'b Transfer,
    /// What it names, in its order.
    pub(super) entries: Vec<Entry<'b>>,
}

/// A file that a list names.
pub(super) struct Entry<'b> {
    /// Its name.
    pub(super) name: String,
    /// The last request for it in this boot, in any case; `None` when it was not asked for.
    pub(super) asked: Option<(&'b Transfer, TransferVerdict)>,
}

impl Entry<'_> {
    /// Whether it arrived.
    pub(super) fn arrived(&self) -> bool {
        self.asked
            .is_some_and(|(_, verdict)| verdict.is_delivered())
    }

    /// Whether it is on its way, as far as the capture shows.
    pub(super) fn may_arrive(&self) -> bool {
        self.asked
            .is_some_and(|(_, verdict)| verdict == TransferVerdict::Unknown)
    }
}

/// The firmware lists that this boot fetched; of one that was fetched more than once,
/// the last time counts.
pub(super) fn lists<'b>(boot: &'b Boot, context: &'b Context<'_>) -> Vec<List<'b>> {
    let fetched: Vec<(&Transfer, &Manifest)> = context
        .reads(boot)
        .filter(|(_, verdict)| verdict.is_delivered())
        .filter_map(|(transfer, _)| Some((transfer, transfer.manifest.as_deref()?)))
        .filter(|(_, manifest)| manifest.kind == Kind::LoadList)
        .collect();
    let is_last = |transfer: &Transfer| {
        fetched
            .iter()
            .all(|(other, _)| other.file != transfer.file || other.first <= transfer.first)
    };
    fetched
        .iter()
        .filter(|(transfer, _)| is_last(transfer))
        .map(|(transfer, manifest)| list(boot, context, transfer, manifest))
        .collect()
}

/// Whether a list that this boot fetched names the file.
pub(super) fn is_listed(boot: &Boot, context: &Context<'_>, transfer: &Transfer) -> bool {
    let name = transfer.file_name();
    let mut lists = lists(boot, context).into_iter();
    lists.any(|list| list.entries.iter().any(|entry| entry.name == name))
}

fn list<'b>(
    boot: &'b Boot,
    context: &'b Context<'_>,
    transfer: &'b Transfer,
    manifest: &Manifest,
) -> List<'b> {
    let entries = manifest
        .names(What::Image)
        .map(ToString::to_string)
        .map(|name| Entry {
            asked: context
                .reads(boot)
                .filter(|(other, _)| {
                    other.last_request >= transfer.first
                        && other.file_name().eq_ignore_ascii_case(&name)
                })
                .last(),
            name,
        })
        .collect();
    List { transfer, entries }
}

/// The configuration of this boot that names the load whose list this transfer asks for.
pub(super) fn configuration_naming<'b>(
    boot: &'b Boot,
    context: &'b Context<'_>,
    transfer: &Transfer,
) -> Option<&'b Transfer> {
    let asked = transfer.file_name();
    let load = asked.strip_suffix(".loads").unwrap_or(&asked);
    context.reads(boot).map(|(other, _)| other).find(|other| {
        other.first < transfer.first
            && other.manifest.as_deref().is_some_and(|manifest| {
                manifest
                    .names(What::Load)
                    .any(|name| name.as_bytes().eq_ignore_ascii_case(load.as_bytes()))
            })
    })
}
