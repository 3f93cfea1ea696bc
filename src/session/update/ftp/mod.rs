//! FTP sessions of a host: logins, files, and the connections that carry them.

mod carry;
mod data;
mod replies;

use std::collections::VecDeque;
use std::net::IpAddr;

use phoneboot_parsers::ftp::{Command, DataAddress};
use phoneboot_parsers::tftp::Direction;
use phoneboot_parsers::{Protocol, WireText, http};

use crate::event::{At, Event};
use crate::session::Phase;
use crate::session::ftp::{
    DataConnection, Login, LoginStatus, MAX_DATA_CONNECTIONS, MAX_LOGINS, Mode,
};
use crate::session::hosts::Host;
use crate::session::phone::{Clue, ClueSource};
use crate::session::transfer::{Status, Transfer};

use super::{Change, step, tftp};

pub(in crate::session) use carry::{carry_over, file_on_new_connection, take_flow};
pub(super) use data::{connection, data};
pub(super) use replies::reply;

/// How many control connections of one host can go on at once.
const MAX_FLOWS: usize = 64;
/// How many commands of one connection can wait for a reply.
const MAX_WAITING: usize = 64;
/// How long the path of the working directory can become, in bytes.
const MAX_DIRECTORY_BYTES: usize = 4096;

/// The method of a transfer that was asked for by its size alone.
const SIZE: &str = "SIZE";

/// A control connection.
#[derive(Debug)]
pub(in crate::session) struct Flow {
    server: IpAddr,
    server_port: u16,
    client_port: u16,
    /// Its first message.
    opened: At,
    user: Option<WireText>,
    /// The working directory as far as CWD told it; empty at the login.
    directory: WireText,
    /// Commands whose replies are to come, in their order.
    waiting: VecDeque<Asked>,
    /// Index of the data connection that was named last.
    data: Option<usize>,
    /// Index of the transfer that was asked for last.
    transfer: Option<usize>,
    /// The file's bytes that the phone has already (REST).
    restart_bytes: u64,
    /// What SIZE told last.
    size: Option<(WireText, u64)>,
    /// The side that has the file closed the data connection.
    data_is_over: bool,
    /// The server confirmed the transfer, and its data has not ended yet.
    is_confirmed: bool,
}

/// What a command was, for its reply.
#[derive(Debug)]
enum Asked {
    Login,
    /// With the directory to go back to when it is refused.
    Directory(WireText),
    Restart,
    Size(WireText),
    Passive,
    /// Index of the data connection.
    Active(usize),
    /// Index of the transfer.
    Transfer(usize),
    /// A list, and all the rest.
    Other,
}

type Said = (&'static str, String);

impl Flow {
    fn new(server: (IpAddr, u16), client_port: u16, opened: At) -> Self {
        Self {
            server: server.0,
            server_port: server.1,
            client_port,
            opened,
            user: None,
            directory: WireText::default(),
            waiting: VecDeque::new(),
            data: None,
            transfer: None,
            restart_bytes: 0,
            size: None,
            data_is_over: false,
            is_confirmed: false,
        }
    }

    fn is_between(&self, server: (IpAddr, u16), client_port: u16) -> bool {
        (self.server, self.server_port) == server && self.client_port == client_port
    }

    /// The path of a file, the working directory before it.
    fn path(&self, file: &WireText) -> WireText {
        let is_absolute = file.as_bytes().starts_with(b"/");
        if self.directory.is_empty() || is_absolute {
            return file.clone();
        }
        let directory = self.directory.as_bytes();
        let between: &[u8] = if directory.ends_with(b"/") { b"" } else { b"/" };
        WireText([directory, between, file.as_bytes()].concat())
    }

    fn change_directory(&mut self, to: &WireText) {
        let new = match to.as_bytes() {
            b".." => parent(&self.directory),
            b"." => self.directory.clone(),
            _ => self.path(to),
        };
        if new.as_bytes().len() <= MAX_DIRECTORY_BYTES {
            self.directory = new;
        }
    }

    /// Commands that change nothing but the connection's own state.
    fn take_up(&mut self, verb: &[u8], argument: &WireText) -> Asked {
        match verb {
            b"PASS" | b"ACCT" => Asked::Login,
            b"CWD" | b"XCWD" | b"CDUP" | b"XCUP" => {
                let before = self.directory.clone();
                if verb.ends_with(b"CWD") {
                    self.change_directory(argument);
                } else {
                    self.directory = parent(&before);
                }
                Asked::Directory(before)
            }
            b"REST" => {
                let offset = argument.as_str().and_then(|text| text.parse().ok());
                self.restart_bytes = offset.unwrap_or_default();
                Asked::Restart
            }
            b"SIZE" => Asked::Size(self.path(argument)),
            b"PASV" | b"EPSV" => Asked::Passive,
            b"LIST" | b"NLST" | b"MLSD" => {
                self.transfer = None;
                Asked::Other
            }
            b"REIN" => {
                self.user = None;
                self.directory = WireText::default();
                Asked::Other
            }
            _ => Asked::Other,
        }
    }
}

fn parent(directory: &WireText) -> WireText {
    let bytes = directory.as_bytes();
    match bytes.iter().rposition(|&byte| byte == b'/') {
        Some(0) => "/".into(),
        Some(at) => bytes.get(..at).unwrap_or_default().into(),
        None => WireText::default(),
    }
}

/// The ends of a control connection's frame: the server, and the client's port.
fn ends(event: &Event<'_>, from_client: bool) -> Option<((IpAddr, u16), u16)> {
    let (client, server) = if from_client {
        (event.source, event.destination)
    } else {
        (event.destination, event.source)
    };
    Some(((server.ip?, server.port?), client.port?))
}

/// Index of the flow between these; made when there is none.
fn flow_index(host: &mut Host, server: (IpAddr, u16), client_port: u16, at: At) -> usize {
    let flows = &mut host.flows.ftp;
    let known = flows
        .iter()
        .position(|flow| flow.is_between(server, client_port));
    known.unwrap_or_else(|| {
        if flows.len() >= MAX_FLOWS {
            flows.remove(0);
        }
        flows.push(Flow::new(server, client_port, at));
        flows.len() - 1
    })
}

pub(super) fn command(host: &mut Host, event: &Event<'_>, command: &Command) -> Change {
    let Some((server, client_port)) = ends(event, true) else {
        return Change::default();
    };
    let index = flow_index(host, server, client_port, event.at);
    let argument = command.argument.clone().unwrap_or_default();
    let verb = command.verb.as_bytes().to_ascii_uppercase();
    match verb.as_slice() {
        b"USER" => log_in(host, event, index, argument),
        b"RETR" => return transfer(host, event, index, Direction::Read, &argument),
        b"STOR" | b"APPE" | b"STOU" => {
            return transfer(host, event, index, Direction::Write, &argument);
        }
        b"PORT" | b"EPRT" => {
            let data = command
                .listens
                .and_then(|listens| name_data(host, index, Mode::Active, listens, event.at));
            wait_for(host, index, data.map_or(Asked::Other, Asked::Active));
        }
        b"ABOR" => {
            abort(host, event, index);
            wait_for(host, index, Asked::Other);
        }
        _ => {
            if let Some(flow) = host.flows.ftp.get_mut(index) {
                let asked = flow.take_up(&verb, &argument);
                wait_for(host, index, asked);
            }
        }
    }
    Change::default()
}

fn wait_for(host: &mut Host, index: usize, asked: Asked) {
    if let Some(flow) = host.flows.ftp.get_mut(index) {
        // So many without a reply: the server's side is not in the capture.
        if flow.waiting.len() >= MAX_WAITING {
            flow.waiting.clear();
        }
        flow.waiting.push_back(asked);
    }
}

fn log_in(host: &mut Host, event: &Event<'_>, index: usize, user: WireText) {
    let summary = format!("logs in to FTP as {user}");
    if let Some(flow) = host.flows.ftp.get_mut(index) {
        flow.user = Some(user);
        flow.directory = WireText::default();
    }
    if let Some(login) = login_mut(host, index, event.at) {
        login.last = event.at;
    }
    wait_for(host, index, Asked::Login);
    step(
        host,
        event,
        Phase::Fetch,
        Protocol::Ftp,
        "ftp-login",
        summary,
    );
}

/// The login of a flow's user. `None` when there is no room for it.
fn login_mut(host: &mut Host, index: usize, at: At) -> Option<&mut Login> {
    let flow = host.flows.ftp.get(index)?;
    let logins = &mut host.boot.ftp.logins;
    let known = logins.iter().position(|login| {
        login.server == flow.server
            && login.server_port == flow.server_port
            && login.user == flow.user
    });
    if known.is_none() {
        if logins.len() >= MAX_LOGINS {
            return None;
        }
        logins.push(Login {
            server: flow.server,
            server_port: flow.server_port,
            user: flow.user.clone(),
            status: LoginStatus::Unanswered,
            refusal: None,
            refusals: 0,
            first: at,
            last: at,
        });
    }
    let last = logins.len().checked_sub(1)?;
    logins.get_mut(known.unwrap_or(last))
}

/// Remembers where a data connection is to go, and gives its index.
fn name_data(
    host: &mut Host,
    index: usize,
    mode: Mode,
    listens: DataAddress,
    at: At,
) -> Option<usize> {
    let flow = host.flows.ftp.get_mut(index)?;
    let list = &mut host.boot.ftp.data;
    if list.len() >= MAX_DATA_CONNECTIONS {
        return None;
    }
    list.push(DataConnection {
        server: flow.server,
        server_port: flow.server_port,
        mode,
        address: listens.address,
        port: listens.port,
        named: at,
        file: None,
        opens: 0,
        first_open: None,
        last_open: None,
        accepted: None,
        refused: None,
        failed: None,
    });
    flow.data = Some(list.len() - 1);
    flow.data
}

fn transfer(
    host: &mut Host,
    event: &Event<'_>,
    index: usize,
    direction: Direction,
    file: &WireText,
) -> Change {
    let Some(flow) = host.flows.ftp.get(index) else {
        return Change::default();
    };
    let path = flow.path(file);
    let (server, client_port) = ((flow.server, flow.server_port), flow.client_port);
    let before = flow.transfer;
    if let Some(before) = before.and_then(|before| host.boot.transfers.get_mut(before))
        && before.status == Status::Running
    {
        // Its last reply is not in the capture.
        before.status = Status::Unknown;
    }
    if direction == Direction::Write {
        turn_size_into_upload(host, &path, server);
    }
    let found = tftp::find_or_add(host, event.at, Protocol::Ftp, direction, &path, server);
    let Some(transfer) = found else {
        return Change::default();
    };
    if let Some(flow) = host.flows.ftp.get_mut(index) {
        flow.transfer = Some(transfer);
        flow.data_is_over = false;
        flow.is_confirmed = false;
        let size = flow.size.take().filter(|(of, _)| *of == path);
        if let Some(known) = host.boot.transfers.get_mut(transfer) {
            known.client_port = client_port;
            known.bytes = 0;
            // Another attempt, whatever became of a broken one.
            if matches!(
                known.status,
                Status::AbortedByPhone | Status::Truncated | Status::Unknown
            ) {
                known.status = Status::Unanswered;
                known.error = None;
            }
            known.expected_bytes = match direction {
                Direction::Read => size.map(|(_, bytes)| bytes.saturating_sub(flow.restart_bytes)),
                Direction::Write => None,
            };
        }
        if let Some(data) = flow.data.and_then(|data| host.boot.ftp.data.get_mut(data)) {
            data.file.get_or_insert_with(|| path.clone());
        }
    }
    wait_for(host, index, Asked::Transfer(transfer));
    let verb = match direction {
        Direction::Read => "asks for",
        Direction::Write => "wants to store",
    };
    let summary = format!("{verb} {}", http::masked_target(&path));
    step(
        host,
        event,
        Phase::Fetch,
        Protocol::Ftp,
        "ftp-request",
        summary,
    );
    let name = host.boot.transfers.get(transfer).map(|transfer| Clue {
        source: ClueSource::FileName,
        value: transfer.file_name().as_str().into(),
    });
    Change {
        clues: name.into_iter().collect(),
    }
}

/// A phone that asked for the size of a file that it then stores did not want to read
/// it.
fn turn_size_into_upload(host: &mut Host, path: &WireText, server: (IpAddr, u16)) {
    let asked = host.boot.transfers.iter_mut().rev().find(|transfer| {
        transfer.protocol == Protocol::Ftp
            && transfer.file == *path
            && (transfer.server, transfer.server_port) == server
            && transfer.direction == Direction::Read
            && transfer
                .method
                .as_ref()
                .is_some_and(|method| *method == SIZE.into())
            && transfer.requests == 1
    });
    if let Some(transfer) = asked {
        transfer.direction = Direction::Write;
        transfer.status = Status::Unanswered;
        transfer.error = None;
        transfer.method = None;
        transfer.requests = 0;
    }
}

/// The phone breaks the running transfer off (ABOR).
fn abort(host: &mut Host, event: &Event<'_>, index: usize) {
    let running = host.flows.ftp.get(index).and_then(|flow| flow.transfer);
    let Some(transfer) = running.and_then(|running| host.boot.transfers.get_mut(running)) else {
        return;
    };
    if !matches!(transfer.status, Status::Running | Status::Unanswered) {
        return;
    }
    let said = give_up(transfer, event.at);
    step(host, event, Phase::Fetch, Protocol::Ftp, said.0, said.1);
}

fn give_up(transfer: &mut Transfer, at: At) -> Said {
    transfer.status = Status::AbortedByPhone;
    transfer.error = None;
    transfer.last = at;
    let of = transfer
        .expected_bytes
        .map_or(String::new(), |expected| format!(" of {expected}"));
    let shown = http::masked_target(&transfer.file);
    (
        "ftp-aborted",
        format!("closes {shown} after {}{of} bytes", transfer.bytes),
    )
}

#[cfg(test)]
mod tests;
