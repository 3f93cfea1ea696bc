//! HTTP exchanges of a host.

use std::collections::VecDeque;
use std::net::IpAddr;

use phoneboot_parsers::http::{self, Ending, Head, StartLine};
use phoneboot_parsers::tftp::Direction;
use phoneboot_parsers::{Protocol, WireText};

use crate::dissect::TcpNotice;
use crate::event::{At, Event};
use crate::session::Phase;
use crate::session::hosts::Host;
use crate::session::phone::{Clue, ClueSource};
use crate::session::transfer::{Status, Transfer, TransferError};

use super::{Change, step, tftp};

/// How many connections of one host can carry HTTP at once.
const MAX_FLOWS: usize = 64;
/// How many requests of one connection can wait for an answer.
const MAX_PIPELINE: usize = 64;

/// A connection that carries HTTP.
#[derive(Debug)]
pub(in crate::session) struct Flow {
    server: IpAddr,
    server_port: u16,
    client_port: u16,
    /// Indices of transfers whose answers are to come, in their order.
    waiting: VecDeque<usize>,
    /// The transfer whose answer is coming.
    answering: Option<usize>,
    /// When the phone closed or reset the connection.
    closed_by_phone: Option<At>,
}

pub(super) fn request(host: &mut Host, event: &Event<'_>, head: &Head) -> Change {
    let StartLine::Request { method, target, .. } = &head.start else {
        return Change::default();
    };
    let (Some(server), Some(server_port), Some(client_port)) = (
        event.destination.ip,
        event.destination.port,
        event.source.port,
    ) else {
        return Change::default();
    };
    let direction = match method.as_bytes() {
        b"PUT" | b"POST" => Direction::Write,
        _ => Direction::Read,
    };
    let found = tftp::find_or_add(
        host,
        event.at,
        Protocol::Http,
        direction,
        target,
        (server, server_port),
    );
    let Some(index) = found else {
        return Change::default();
    };
    if let Some(transfer) = host.boot.transfers.get_mut(index) {
        transfer.client_port = client_port;
        transfer.method = Some(method.clone());
        transfer.host = head.header("Host").cloned();
        let credentials = || {
            ["Authorization", "Proxy-Authorization"]
                .iter()
                .filter_map(|name| head.header(name))
        };
        transfer.with_credentials = credentials().next().is_some();
        let is_basic = credentials().any(|value| {
            let scheme = value.as_bytes().get(..5).unwrap_or_default();
            scheme.eq_ignore_ascii_case(b"Basic")
        });
        if is_basic {
            transfer.credentials_in_clear = Some(event.at);
        }
        transfer.bytes = 0;
    }
    let flow = flow_mut(host, server, server_port, client_port);
    if flow.waiting.len() < MAX_PIPELINE {
        flow.waiting.push_back(index);
    }
    flow.closed_by_phone = None;
    let shown = http::masked_target(target);
    let summary = format!("{method} {shown}");
    step(
        host,
        event,
        Phase::Fetch,
        Protocol::Http,
        "http-request",
        summary,
    );
    let agent = head.header("User-Agent").cloned().map(|value| Clue {
        source: ClueSource::HttpUserAgent,
        value,
    });
    let name = host.boot.transfers.get(index).map(|transfer| Clue {
        source: ClueSource::FileName,
        value: transfer.file_name().as_str().into(),
    });
    Change {
        clues: agent.into_iter().chain(name).collect(),
    }
}

fn flow_mut(host: &mut Host, server: IpAddr, server_port: u16, client_port: u16) -> &mut Flow {
    let flows = &mut host.flows.http;
    let known = flows.iter().position(|flow| {
        flow.server == server && flow.server_port == server_port && flow.client_port == client_port
    });
    let index = known.unwrap_or_else(|| {
        if flows.len() >= MAX_FLOWS {
            flows.remove(0);
        }
        flows.push(Flow {
            server,
            server_port,
            client_port,
            waiting: VecDeque::new(),
            answering: None,
            closed_by_phone: None,
        });
        flows.len() - 1
    });
    #[expect(clippy::indexing_slicing, reason = "the index was just found or made")]
    &mut flows[index]
}

/// The flow of a frame, whichever way it goes.
fn find_flow<'h>(host: &'h mut Host, event: &Event<'_>) -> Option<&'h mut Flow> {
    let (source, destination) = (event.source, event.destination);
    host.flows.http.iter_mut().rev().find(|flow| {
        let to_server = destination.ip == Some(flow.server)
            && destination.port == Some(flow.server_port)
            && source.port == Some(flow.client_port);
        let from_server = source.ip == Some(flow.server)
            && source.port == Some(flow.server_port)
            && destination.port == Some(flow.client_port);
        to_server || from_server
    })
}

pub(super) fn response(host: &mut Host, event: &Event<'_>, head: &Head) -> Change {
    let StartLine::Response { status, reason, .. } = &head.start else {
        return Change::default();
    };
    // An interim answer is none yet (RFC 9110 §15.2).
    if (100..200).contains(status) {
        return Change::default();
    }
    let Some(flow) = find_flow(host, event) else {
        return Change::default();
    };
    flow.answering = flow.waiting.pop_front();
    let Some(index) = flow.answering else {
        return Change::default();
    };
    let Some(transfer) = host.boot.transfers.get_mut(index) else {
        return Change::default();
    };
    transfer.answered = transfer.answered.or(Some(event.at));
    transfer.last = event.at;
    transfer.http_status = Some(*status);
    transfer.status = meaning(*status, transfer.direction);
    transfer.location = head.header("Location").cloned();
    transfer.expected_bytes = match transfer.direction {
        Direction::Read if *status == 200 => head.content_length(),
        _ => None,
    };
    transfer.error = (*status >= 300 && *status != 304).then(|| TransferError {
        code: u32::from(*status),
        message: reason.clone(),
        from_phone: false,
        at: event.at,
    });
    let to = transfer
        .location
        .as_ref()
        .filter(|_| transfer.status == Status::Redirected)
        .map_or(String::new(), |location| {
            format!(", sent on to {}", http::masked_target(location))
        });
    let summary = format!("{status} {reason}: {}{to}", shown(transfer));
    step(
        host,
        event,
        Phase::Fetch,
        Protocol::Http,
        "http-response",
        summary,
    );
    Change::default()
}

fn shown(transfer: &Transfer) -> WireText {
    http::masked_target(&transfer.file)
}

/// What a status says of the transfer.
fn meaning(status: u16, direction: Direction) -> Status {
    match (status, direction) {
        (304, _) => Status::NotModified,
        (200..=299, _) => Status::Running,
        (300..=399, _) => Status::Redirected,
        (401 | 403 | 407, _) => Status::Unauthorized,
        (404 | 410, Direction::Read) => Status::NotFound,
        (500..=599, _) => Status::ServerError,
        _ => Status::Refused,
    }
}

pub(super) fn body(host: &mut Host, event: &Event<'_>, bytes: &[u8]) -> Change {
    let Some(flow) = find_flow(host, event) else {
        return Change::default();
    };
    let from_server =
        event.source.port == Some(flow.server_port) && event.source.ip == Some(flow.server);
    let index = if from_server {
        flow.answering
    } else {
        flow.waiting.back().copied()
    };
    let Some(transfer) = index.and_then(|index| host.boot.transfers.get_mut(index)) else {
        return Change::default();
    };
    transfer.last = event.at;
    transfer.progressed = event.at;
    let carries_file = from_server == (transfer.direction == Direction::Read);
    if carries_file && (!from_server || transfer.status == Status::Running) {
        transfer.bytes = transfer.bytes.saturating_add(bytes.len() as u64);
    }
    if event.at > host.boot.ended {
        host.boot.ended = event.at;
    }
    Change::default()
}

pub(super) fn end(
    host: &mut Host,
    event: &Event<'_>,
    end: &http::End,
    from_client: bool,
) -> Change {
    let StartLine::Response { status, .. } = &end.head.start else {
        return Change::default();
    };
    if from_client || (100..200).contains(status) {
        return Change::default();
    }
    let Some(flow) = find_flow(host, event) else {
        return Change::default();
    };
    let closed_by_phone = flow.closed_by_phone.is_some();
    let Some(index) = flow.answering.take() else {
        return Change::default();
    };
    let Some(transfer) = host.boot.transfers.get_mut(index) else {
        return Change::default();
    };
    if transfer.status != Status::Running {
        return Change::default();
    }
    transfer.last = transfer.last.max(event.at);
    let (bytes, expected) = (transfer.bytes, transfer.expected_bytes);
    transfer.status = match end.ending {
        Ending::Complete => Status::Complete,
        Ending::Closed if closed_by_phone => Status::AbortedByPhone,
        Ending::Closed => Status::Truncated,
        Ending::Gap | Ending::Malformed => Status::Unknown,
        Ending::Unfinished => Status::Running,
    };
    let file = shown(transfer);
    let of = expected.map_or(String::new(), |expected| format!(" of {expected}"));
    let said = match transfer.status {
        Status::Complete if transfer.direction == Direction::Write => {
            ("http-complete", format!("{file} is stored"))
        }
        Status::Complete => (
            "http-complete",
            format!("{file} is complete: {bytes} bytes"),
        ),
        Status::AbortedByPhone => (
            "http-aborted",
            format!("closes {file} after {bytes}{of} bytes"),
        ),
        Status::Truncated => (
            "http-truncated",
            format!("{file} ends after {bytes}{of} bytes"),
        ),
        _ => return Change::default(),
    };
    step(host, event, Phase::Fetch, Protocol::Http, said.0, said.1);
    Change::default()
}

/// A connection ends: who ended it decides whether an unfinished file was cut off or
/// given up.
pub(super) fn connection(host: &mut Host, event: &Event<'_>, notice: TcpNotice) {
    if !matches!(notice, TcpNotice::Finish | TcpNotice::Reset) {
        return;
    }
    let Some(flow) = find_flow(host, event) else {
        return;
    };
    let by_phone = event.destination.port == Some(flow.server_port)
        && event.destination.ip == Some(flow.server);
    if !by_phone {
        return;
    }
    flow.closed_by_phone.get_or_insert(event.at);
    let client_port = flow.client_port;
    let (server, server_port) = (flow.server, flow.server_port);
    // The answer's end may have been told before, within the same frame.
    let just_cut = host.boot.transfers.iter_mut().rev().find(|transfer| {
        transfer.protocol == Protocol::Http
            && transfer.client_port == client_port
            && transfer.server == server
            && transfer.server_port == server_port
            && transfer.status == Status::Truncated
            && transfer.last == event.at
    });
    if let Some(transfer) = just_cut {
        transfer.status = Status::AbortedByPhone;
    }
}
