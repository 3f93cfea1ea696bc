//! What delivered files name.

use phoneboot_parsers::Protocol;
use phoneboot_parsers::manifest::{CallProtocol, Kind, Manifest, What};
use phoneboot_parsers::tftp::Direction;

use crate::event::Event;
use crate::session::Phase;
use crate::session::hosts::Host;
use crate::session::transfer::Transfer;

use super::{Change, step};

/// How many names a line of the timeline shows.
const MAX_SHOWN: usize = 4;

/// A file was just delivered that names others.
pub(super) fn names(host: &mut Host, event: &Event<'_>, manifest: &Manifest) -> Change {
    let just_delivered = host
        .boot
        .transfers
        .iter_mut()
        .filter(|transfer| {
            transfer.direction == Direction::Read
                && transfer.is_delivered()
                && is_end_of(transfer, event)
        })
        .max_by_key(|transfer| transfer.last);
    let Some(transfer) = just_delivered else {
        return Change::default();
    };
    transfer.manifest = Some(Box::new(manifest.clone()));
    let protocol: Protocol = transfer.protocol;
    let file = transfer.file_name();
    if let Some(summary) = describe(&file, manifest) {
        step(
            host,
            event,
            Phase::Fetch,
            protocol,
            "file-contents",
            summary,
        );
    }
    Change::default()
}

/// Whether the frame is the one that ends the transfer. With FTP that may be a frame of the
/// data connection, behind the server's reply.
fn is_end_of(transfer: &Transfer, event: &Event<'_>) -> bool {
    if transfer.protocol == Protocol::Ftp {
        return Some(transfer.server) == event.source.ip && transfer.manifest.is_none();
    }
    transfer.last == event.at && Some(transfer.client_port) == event.destination.port
}

/// A line for the timeline; `None` when the file tells nothing that is not known.
fn describe(file: &str, manifest: &Manifest) -> Option<String> {
    let mut parts = Vec::new();
    match manifest.kind {
        Kind::WebPage => parts.push("is a web page, not the file".to_owned()),
        Kind::SignedImage => {}
        Kind::LoadList => {
            let images: Vec<_> = manifest
                .names(What::Image)
                .map(ToString::to_string)
                .collect();
            parts.push(format!("lists {}", shortened(&images)));
        }
        Kind::CiscoConfiguration | Kind::PolycomMaster | Kind::YealinkBoot => {
            let files: Vec<_> = manifest
                .files
                .iter()
                .map(|named| named.name.to_string())
                .collect();
            if !files.is_empty() {
                parts.push(format!("names {}", shortened(&files)));
            }
        }
    }
    if let Some(signed_for) = &manifest.signed_for
        && signed_for.to_string() != file
    {
        parts.push(format!("is signed as {signed_for}"));
    }
    if !manifest.servers.is_empty() {
        let servers: Vec<_> = manifest.servers.iter().map(ToString::to_string).collect();
        parts.push(format!("names the call server {}", shortened(&servers)));
    }
    if let Some(protocol) = manifest.protocol {
        parts.push(format!("is for {}", CallProtocol::name(protocol)));
    }
    (!parts.is_empty()).then(|| format!("{file} {}", parts.join(", ")))
}

fn shortened(names: &[String]) -> String {
    let more = names.len().saturating_sub(MAX_SHOWN);
    let shown = names.get(..MAX_SHOWN).unwrap_or(names).join(", ");
    if more == 0 {
        shown
    } else {
        format!("{shown} and {more} more")
    }
}
