//! Answers that say the same of several files of one server: they are one fault.

use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::finding::{About, Finding, Severity};
use crate::rules::Context;
use crate::rules::context::TransferVerdict;
use crate::session::Boot;
use crate::session::transfer::Transfer;

use super::loss;

/// Files of one server that got the same answer.
pub(super) struct Refusals<'b> {
    pub(super) server: IpAddr,
    /// HTTP status.
    pub(super) code: u32,
    /// The words that came with it first.
    pub(super) words: String,
    /// Never empty.
    pub(super) transfers: Vec<&'b Transfer>,
    /// The worst that one of them means.
    pub(super) severity: Severity,
}

/// Reads with this verdict that did not arrive otherwise, by server and status.
pub(super) fn of_verdict<'b>(
    boot: &'b Boot,
    context: &'b Context<'_>,
    wanted: TransferVerdict,
) -> Vec<Refusals<'b>> {
    let mut found: BTreeMap<(IpAddr, u32), Refusals<'b>> = BTreeMap::new();
    for (transfer, verdict) in context.reads(boot) {
        let Some(error) = transfer.error.as_ref() else {
            continue;
        };
        if verdict != wanted || context.arrived(boot, &transfer.file_name()) {
            continue;
        }
        let refusals = found
            .entry((transfer.server, error.code))
            .or_insert_with(|| Refusals {
                server: transfer.server,
                code: error.code,
                words: error.message.to_string(),
                transfers: Vec::new(),
                severity: Severity::Note,
            });
        let severity = loss::severity(boot, context, transfer);
        refusals.severity = refusals.severity.max(severity);
        refusals.transfers.push(transfer);
    }
    found.into_values().collect()
}

impl Refusals<'_> {
    /// `"/a.cfg"`, or `3 files`.
    pub(super) fn what(&self) -> String {
        match self.transfers.as_slice() {
            [one] => format!("\"{}\"", loss::shown(one)),
            many => format!("{} files", many.len()),
        }
    }

    /// `401 Unauthorized`
    pub(super) fn answer(&self) -> String {
        format!("{} {}", self.code, self.words)
            .trim_end()
            .to_owned()
    }

    /// The files' names.
    pub(super) fn names(&self) -> String {
        let names: Vec<String> = self.transfers.iter().map(|one| loss::shown(one)).collect();
        names.join(", ")
    }

    /// Adds subject and frames to a finding.
    pub(super) fn prove(&self, finding: Finding) -> Finding {
        let Some(first) = self.transfers.first() else {
            return finding;
        };
        let finding = if self.transfers.len() == 1 {
            finding.about(loss::about(first))
        } else {
            finding.about(About {
                file: None,
                ..loss::about(first)
            })
        };
        self.transfers.iter().fold(finding, |finding, transfer| {
            loss::with_frames(finding, transfer)
        })
    }
}
