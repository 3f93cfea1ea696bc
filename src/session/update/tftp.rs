//! TFTP transfers of a host.

use std::net::IpAddr;

use phoneboot_parsers::tftp::{self, Direction, Message};
use phoneboot_parsers::{Protocol, WireText};

use crate::event::{At, Event};
use crate::session::Phase;
use crate::session::hosts::Host;
use crate::session::phone::{Clue, ClueSource};
use crate::session::transfer::{MAX_TRANSFERS, Status, Transfer, TransferError};

use super::{Change, step};

/// How many TFTP transfers of one host can go on at once.
const MAX_FLOWS: usize = 64;
/// The block size without an agreement (RFC 1350 §2).
const DEFAULT_BLOCK_SIZE: u32 = 512;
/// The largest step between two blocks that is still taken for progress; larger
/// ones are old blocks that come again. RFC 7440 windows are smaller in practice.
const MAX_BLOCKS_AHEAD: u16 = 1024;

/// A transfer that goes on.
#[derive(Debug)]
pub(in crate::session) struct Flow {
    client_port: u16,
    /// The port that the server answers from; `None` until it did.
    server_port: Option<u16>,
    /// Index in the boot's transfers.
    transfer: usize,
    /// The short block that ends the file was sent.
    last_block_sent: bool,
}

pub(super) fn request(host: &mut Host, event: &Event<'_>, request: &tftp::Request) -> Change {
    let (Some(server), Some(server_port), Some(client_port)) = (
        event.destination.ip,
        event.destination.port,
        event.source.port,
    ) else {
        return Change::default();
    };
    let transfer = find_or_add(
        host,
        event.at,
        Protocol::Tftp,
        request.direction,
        &request.file,
        (server, server_port),
    );
    let Some(index) = transfer else {
        return Change::default();
    };
    if let Some(transfer) = host.boot.transfers.get_mut(index) {
        transfer.client_port = client_port;
        transfer.options_asked = request
            .options
            .iter()
            .map(|(name, value)| (name.to_string().to_ascii_lowercase(), value.to_string()))
            .collect();
        transfer.blocks = 0;
        transfer.bytes = 0;
        transfer.block_size = None;
        transfer.options_accepted = false;
    }
    let flows = &mut host.flows.tftp;
    flows.retain(|flow| flow.transfer != index || flow.client_port != client_port);
    if flows.len() >= MAX_FLOWS {
        flows.remove(0);
    }
    flows.push(Flow {
        client_port,
        server_port: None,
        transfer: index,
        last_block_sent: false,
    });
    let verb = match request.direction {
        Direction::Read => "asks for",
        Direction::Write => "wants to store",
    };
    let options: Vec<String> = request
        .options
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    let tail = if options.is_empty() {
        String::new()
    } else {
        format!(" ({})", options.join(", "))
    };
    let summary = format!("{verb} {}{tail}", request.file);
    step(
        host,
        event,
        Phase::Fetch,
        Protocol::Tftp,
        "tftp-request",
        summary,
    );
    Change {
        clues: request_clues(request),
    }
}

fn request_clues(request: &tftp::Request) -> Vec<Clue> {
    let name = request
        .file
        .as_bytes()
        .rsplit(|&byte| byte == b'/' || byte == b'\\')
        .next()
        .unwrap_or_default();
    let mut clues = vec![Clue {
        source: ClueSource::FileName,
        value: name.into(),
    }];
    for (option, value) in &request.options {
        let option = option.to_string();
        if option.contains('_') {
            clues.push(Clue {
                source: ClueSource::TftpOption,
                value: format!("{option}={value}").as_str().into(),
            });
        }
    }
    clues
}

/// The transfer that asking for a file belongs to: the one that did not deliver it
/// before, or a new one. `None` when there is no room.
pub(super) fn find_or_add(
    host: &mut Host,
    at: At,
    protocol: Protocol,
    direction: Direction,
    file: &WireText,
    (server, server_port): (IpAddr, u16),
) -> Option<usize> {
    let transfers = &mut host.boot.transfers;
    let known = transfers.iter().rposition(|known| {
        known.file == *file
            && known.protocol == protocol
            && known.direction == direction
            && known.server == server
            && known.server_port == server_port
            && !known.is_delivered()
    });
    if let Some(index) = known {
        let transfer = transfers.get_mut(index)?;
        transfer.requests = transfer.requests.saturating_add(1);
        transfer.last_request = at;
        transfer.progressed = at;
        transfer.last = at;
        return Some(index);
    }
    if transfers.len() >= MAX_TRANSFERS {
        return None;
    }
    let place = (server, server_port);
    transfers.push(Transfer::new(file.clone(), protocol, direction, place, at));
    Some(transfers.len() - 1)
}

pub(super) fn message(
    host: &mut Host,
    event: &Event<'_>,
    message: &Message<'_>,
    from_client: bool,
) -> Change {
    let Some(position) = find_flow(host, event, from_client) else {
        return Change::default();
    };
    let Some(flow) = host.flows.tftp.get_mut(position) else {
        return Change::default();
    };
    let index = flow.transfer;
    if !from_client {
        flow.server_port = event.source.port;
    }
    let Some(transfer) = host.boot.transfers.get_mut(index) else {
        return Change::default();
    };
    transfer.last = event.at;
    if !from_client {
        transfer.answered = transfer.answered.or(Some(event.at));
        transfer.answered_from = event.source.ip.filter(|ip| *ip != transfer.server);
    }
    let from_sender = from_client == (transfer.direction == Direction::Write);
    let said = match message {
        Message::Data {
            block, wire_length, ..
        } if from_sender => data(transfer, flow, *block, *wire_length),
        Message::Request(_) | Message::Data { .. } => None,
        Message::Ack { block } => acknowledge(transfer, flow, *block, from_sender),
        Message::OptionAck { options } => Some(accept_options(transfer, options)),
        Message::Error { code, message } => {
            Some(fail(transfer, *code, message, from_client, event.at))
        }
    };
    let ended = matches!(message, Message::Error { .. });
    if ended {
        host.flows.tftp.remove(position);
    }
    if let Some((name, summary)) = said {
        step(host, event, Phase::Fetch, Protocol::Tftp, name, summary);
    } else if event.at > host.boot.ended {
        host.boot.ended = event.at;
    }
    Change::default()
}

/// The flow that a datagram belongs to: by both ports, else by the client's port
/// alone while the server has not answered.
fn find_flow(host: &Host, event: &Event<'_>, from_client: bool) -> Option<usize> {
    let (client, server) = if from_client {
        (event.source.port?, event.destination.port?)
    } else {
        (event.destination.port?, event.source.port?)
    };
    let flows = &host.flows.tftp;
    flows
        .iter()
        .rposition(|flow| flow.client_port == client && flow.server_port == Some(server))
        .or_else(|| {
            flows
                .iter()
                .rposition(|flow| flow.client_port == client && flow.server_port.is_none())
        })
}

type Said = (&'static str, String);

/// DATA from the side that has the file.
fn data(transfer: &mut Transfer, flow: &mut Flow, block: u16, length: usize) -> Option<Said> {
    let length_bytes = u32::try_from(length).unwrap_or(u32::MAX);
    let block_size = *transfer
        .block_size
        .get_or_insert_with(|| agreed_block_size(&transfer.options_asked, length_bytes));
    // The low sixteen bits are what the wire carries; the rest is how often it wrapped.
    let known = u16::try_from(transfer.blocks & 0xffff).unwrap_or_default();
    let mut ahead = block.wrapping_sub(known);
    // Some servers go from 65,535 to 1, not to 0.
    if known == u16::MAX && block == 1 {
        transfer.blocks += 1;
        ahead = 1;
    }
    if ahead == 0 || ahead > MAX_BLOCKS_AHEAD {
        transfer.retransmissions = transfer.retransmissions.saturating_add(1);
        return None;
    }
    transfer.progressed = transfer.last;
    let began = transfer.blocks == 0;
    transfer.blocks += u64::from(ahead);
    transfer.wrapped |= transfer.blocks > 65_535;
    transfer.bytes += u64::from(ahead - 1) * u64::from(block_size) + u64::from(length_bytes);
    transfer.status = Status::Running;
    transfer.error = None;
    if length_bytes < block_size {
        flow.last_block_sent = true;
        // One block is proof of nothing until it is acknowledged, yet a capture of
        // one direction shows no acknowledgements at all.
        transfer.status = Status::Complete;
        return Some((
            "tftp-complete",
            format!(
                "{} is complete: {} bytes in {} block{}",
                transfer.file,
                transfer.bytes,
                transfer.blocks,
                if transfer.blocks == 1 { "" } else { "s" }
            ),
        ));
    }
    began.then(|| {
        (
            "tftp-data",
            format!(
                "{} begins to flow, {block_size} bytes a block",
                transfer.file
            ),
        )
    })
}

/// The block size of a transfer whose OACK was not seen: the one asked for when the
/// first block has it, else the default.
fn agreed_block_size(asked: &[(String, String)], first_block_bytes: u32) -> u32 {
    asked
        .iter()
        .find(|(name, _)| name == "blksize")
        .and_then(|(_, value)| value.parse().ok())
        .filter(|&size: &u32| size == first_block_bytes)
        .unwrap_or(DEFAULT_BLOCK_SIZE)
}

fn acknowledge(
    transfer: &mut Transfer,
    flow: &Flow,
    block: u16,
    from_sender: bool,
) -> Option<Said> {
    if from_sender {
        return None;
    }
    if transfer.status == Status::Unanswered && transfer.direction == Direction::Write {
        // ACK 0 lets the client begin to send.
        transfer.status = Status::Running;
    }
    let last = u16::try_from(transfer.blocks & 0xffff).unwrap_or_default();
    if flow.last_block_sent && block == last && transfer.status == Status::Running {
        transfer.status = Status::Complete;
    }
    None
}

fn accept_options(transfer: &mut Transfer, options: &[(WireText, WireText)]) -> Said {
    transfer.options_accepted = true;
    transfer.progressed = transfer.last;
    transfer.status = Status::Running;
    transfer.error = None;
    let number = |name| {
        tftp::option(options, name)
            .and_then(WireText::as_str)
            .and_then(|value| value.parse::<u64>().ok())
    };
    transfer.block_size = Some(
        number("blksize")
            .and_then(|size| u32::try_from(size).ok())
            .unwrap_or(DEFAULT_BLOCK_SIZE),
    );
    if transfer.direction == Direction::Read {
        transfer.expected_bytes = number("tsize");
    }
    let words: Vec<String> = options
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    (
        "tftp-options",
        format!(
            "server has {} and accepts {}",
            transfer.file,
            words.join(", ")
        ),
    )
}

fn fail(transfer: &mut Transfer, code: u16, message: &WireText, from_client: bool, at: At) -> Said {
    transfer.status = match code {
        _ if from_client => Status::AbortedByPhone,
        1 => Status::NotFound,
        _ => Status::Refused,
    };
    transfer.error = Some(TransferError {
        code: u32::from(code),
        message: message.clone(),
        from_phone: from_client,
        at,
    });
    let words = if message.is_empty() {
        String::new()
    } else {
        format!(", \"{message}\"")
    };
    let who = if from_client {
        "gives up"
    } else {
        "server refuses"
    };
    (
        "tftp-error",
        format!("{who} {}: error {code}{words}", transfer.file),
    )
}
