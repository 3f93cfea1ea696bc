//! A boot that begins with the first file asked for again by FTP: what the phone did
//! on the way to that file belongs to it.

use phoneboot_parsers::WireText;
use phoneboot_parsers::ftp::Command;

use crate::event::Event;
use crate::session::ftp::Login;
use crate::session::hosts::Host;

use super::{Flow, ends};

/// The file that a command asks for on a control connection that is younger than the
/// boot's first file: what a phone that starts over does.
pub(in crate::session) fn file_on_new_connection(
    host: &Host,
    event: &Event<'_>,
    command: &Command,
) -> Option<WireText> {
    if !command.is("RETR") {
        return None;
    }
    let (server, client_port) = ends(event, true)?;
    let first = host.boot.transfers.first()?.first;
    let mut flows = host.flows.ftp.iter();
    let flow = flows.find(|flow| flow.is_between(server, client_port))?;
    (flow.opened > first).then(|| flow.path(command.argument.as_ref()?).into())?
}

/// Takes out the control connection of a frame, so that it can go over into a new boot.
pub(in crate::session) fn take_flow(host: &mut Host, event: &Event<'_>) -> Option<Flow> {
    let (server, client_port) = ends(event, true)?;
    let flows = &mut host.flows.ftp;
    let index = flows
        .iter()
        .position(|flow| flow.is_between(server, client_port))?;
    Some(flows.remove(index))
}

/// Moves what a phone did on its control connection before it asked for its first file
/// into the boot that this file began.
pub(in crate::session) fn carry_over(host: &mut Host, mut flow: Flow) {
    let Some(old) = host.last_boot_mut() else {
        return;
    };
    let before = old.transfers.iter().map(|transfer| transfer.last).max();
    let opened = old.reach.connections.iter().rev().find(|connection| {
        (connection.server, connection.server_port) == (flow.server, flow.server_port)
            && connection.client_port == flow.client_port
            && Some(connection.first) > before
    });
    let since = opened.map_or(flow.opened, |connection| connection.first);
    let connections = split(&mut old.reach.connections, |connection| {
        connection.first >= since
    });
    let timeline = split(&mut old.timeline, |step| step.at >= since);
    let is_new = |login: &&Login| login.last >= since;
    let mut logins: Vec<Login> = old.ftp.logins.iter().filter(is_new).cloned().collect();
    for login in &mut logins {
        if login.first < since {
            login.first = flow.opened;
            login.refusals = login.refusals.min(1);
        }
    }
    // The same user's login before stays where it was.
    old.ftp.logins.retain(|login| login.first < since);
    let n_data = old.ftp.data.len();
    let data = split(&mut old.ftp.data, |data| data.named >= since);
    let n_left = n_data - data.len();
    if let Some(last) = old.timeline.last() {
        old.ended = last.at;
    }
    flow.data = flow.data.and_then(|index| index.checked_sub(n_left));
    flow.transfer = None;
    flow.waiting.clear();
    host.boot.started = host.boot.started.min(since);
    host.boot.reach.connections = connections;
    host.boot.timeline.extend(timeline);
    host.boot.ftp.logins = logins;
    host.boot.ftp.data = data;
    host.flows.ftp.push(flow);
}

/// Takes what is at or behind the first item that `is_new` out of the list.
fn split<T>(list: &mut Vec<T>, is_new: impl Fn(&T) -> bool) -> Vec<T> {
    let at = list.iter().position(is_new).unwrap_or(list.len());
    list.split_off(at)
}
