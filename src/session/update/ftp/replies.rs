//! What the server's replies say of logins and files.

use phoneboot_parsers::ftp::Reply;
use phoneboot_parsers::tftp::Direction;
use phoneboot_parsers::{Protocol, WireText, http};

use crate::event::{At, Event};
use crate::session::Phase;
use crate::session::ftp::{LoginStatus, MAX_DIRECTORIES, Mode, Refusal, RefusedDirectory};
use crate::session::hosts::Host;
use crate::session::transfer::{Status, Transfer, TransferError};
use crate::session::update::{Change, step, tftp};

use super::{Asked, SIZE, Said, ends, flow_index, login_mut, name_data};

pub(in crate::session::update) fn reply(
    host: &mut Host,
    event: &Event<'_>,
    reply: &Reply,
) -> Change {
    let Some((server, client_port)) = ends(event, false) else {
        return Change::default();
    };
    let index = flow_index(host, server, client_port, event.at);
    let Some(flow) = host.flows.ftp.get_mut(index) else {
        return Change::default();
    };
    let is_first = flow.opened == event.at;
    let asked = if reply.is_preliminary() {
        // Its command stays in wait for the last reply.
        match flow.waiting.front() {
            Some(Asked::Transfer(transfer)) => Some(Asked::Transfer(*transfer)),
            _ => None,
        }
    } else {
        flow.waiting.pop_front().or_else(|| {
            // What was asked is not in the capture.
            let running = flow.transfer.and_then(|at| host.boot.transfers.get(at));
            let goes_on = running.is_some_and(|transfer| transfer.status == Status::Running);
            flow.transfer.filter(|_| goes_on).map(Asked::Transfer)
        })
    };
    let said = match asked {
        Some(Asked::Transfer(transfer)) if reply.is_preliminary() => {
            begin(host, index, transfer, reply, event.at)
        }
        Some(Asked::Transfer(transfer)) => settle(host, index, transfer, reply, event.at),
        Some(Asked::Login) => answer_login(host, index, reply, event.at),
        Some(Asked::Active(data)) if reply.is_refusal() => {
            fail_data(host, Some(data), reply, event.at);
            None
        }
        Some(Asked::Passive) => {
            if let Some(listens) = reply.listens {
                name_data(host, index, Mode::Passive, listens, event.at);
            }
            None
        }
        Some(Asked::Size(path)) => answer_size(host, index, path, reply, event.at),
        Some(Asked::Directory(before)) => answer_directory(host, index, before, reply, event.at),
        Some(asked) => {
            take_back(host, index, &asked, reply);
            None
        }
        None if is_first && turns_away(reply) => answer_login(host, index, reply, event.at),
        None => None,
    };
    if let Some((name, summary)) = said {
        step(host, event, Phase::Fetch, Protocol::Ftp, name, summary);
    }
    Change::default()
}

/// Whether a greeting sends the phone away: too many clients, an address that is not
/// wanted, or a server that cannot start (vsftpd's OOPS).
fn turns_away(reply: &Reply) -> bool {
    match reply.code {
        421 | 530 => true,
        500 => reply.text().as_bytes().starts_with(b"OOPS"),
        _ => false,
    }
}

/// A refused command has changed nothing.
fn take_back(host: &mut Host, index: usize, asked: &Asked, reply: &Reply) {
    let Some(flow) = host.flows.ftp.get_mut(index).filter(|_| reply.is_refusal()) else {
        return;
    };
    if matches!(asked, Asked::Restart) {
        flow.restart_bytes = 0;
    }
}

/// The answer to CWD and CDUP: a refusal leaves the phone where it was.
fn answer_directory(
    host: &mut Host,
    index: usize,
    before: WireText,
    reply: &Reply,
    at: At,
) -> Option<Said> {
    let flow = host.flows.ftp.get_mut(index)?;
    let (server, server_port) = (flow.server, flow.server_port);
    let list = &mut host.boot.ftp.refused_directories;
    let known = list
        .iter()
        .position(|one| one.server == server && one.path == flow.directory);
    if !reply.is_refusal() {
        if let Some(known) = known {
            list.remove(known);
        }
        return None;
    }
    let path = std::mem::replace(&mut flow.directory, before);
    let refusal = Refusal {
        code: reply.code,
        words: reply.text(),
        at,
    };
    let summary = format!(
        "server refuses directory {path}: {} \"{}\"",
        refusal.code, refusal.words
    );
    if let Some(one) = known.and_then(|known| list.get_mut(known)) {
        one.refusals = one.refusals.saturating_add(1);
        one.refusal = refusal;
    } else if list.len() < MAX_DIRECTORIES {
        list.push(RefusedDirectory {
            server,
            server_port,
            path,
            refusal,
            refusals: 1,
            first: at,
        });
    }
    Some(("ftp-error", summary))
}

/// The answer to USER, PASS or ACCT.
fn answer_login(host: &mut Host, index: usize, reply: &Reply, at: At) -> Option<Said> {
    if !reply.is_refusal() && reply.code != 230 {
        return None;
    }
    let flow = host.flows.ftp.get(index)?;
    let is_greeting = flow.user.is_none() && flow.opened == at;
    if flow.user.is_none() && !is_greeting && reply.code != 230 {
        // The phone's side is not in the capture.
        let words = reply.text();
        let summary = format!("server refuses the login: {} \"{words}\"", reply.code);
        return Some(("ftp-login-refused", summary));
    }
    let login = login_mut(host, index, at)?;
    login.last = at;
    let words = reply.text();
    if reply.code == 230 {
        login.status = LoginStatus::Accepted;
        return Some(("ftp-login-accepted", "server lets the phone in".to_owned()));
    }
    login.status = LoginStatus::Refused;
    login.refusals = login.refusals.saturating_add(1);
    let what = if is_greeting {
        "turns the phone away"
    } else {
        "refuses the login"
    };
    let summary = format!("server {what}: {} \"{words}\"", reply.code);
    login.refusal = Some(Refusal {
        code: reply.code,
        words,
        at,
    });
    Some(("ftp-login-refused", summary))
}

fn fail_data(host: &mut Host, data: Option<usize>, reply: &Reply, at: At) {
    if let Some(data) = data.and_then(|data| host.boot.ftp.data.get_mut(data)) {
        data.failed = Some(Refusal {
            code: reply.code,
            words: reply.text(),
            at,
        });
    }
}

/// The answer to SIZE. A file that is not there has no size, and phones ask no further.
fn answer_size(
    host: &mut Host,
    index: usize,
    path: WireText,
    reply: &Reply,
    at: At,
) -> Option<Said> {
    const MISSING: u16 = 550;

    let flow = host.flows.ftp.get_mut(index)?;
    if reply.code == 213 {
        flow.size = reply.number().map(|bytes| (path, bytes));
        return None;
    }
    // Some servers tell no sizes in ASCII mode (RFC 3659 §4.1).
    let words = reply.text();
    let lower = words.as_bytes().to_ascii_lowercase();
    if reply.code != MISSING || lower.windows(5).any(|window| window == b"ascii") {
        return None;
    }
    let (server, client_port) = ((flow.server, flow.server_port), flow.client_port);
    let found = tftp::find_or_add(host, at, Protocol::Ftp, Direction::Read, &path, server)?;
    let transfer = host.boot.transfers.get_mut(found)?;
    if transfer.status != Status::Unanswered {
        return None;
    }
    transfer.client_port = client_port;
    transfer.method = Some(SIZE.into());
    transfer.status = Status::NotFound;
    transfer.answered = Some(at);
    transfer.error = Some(TransferError {
        code: u32::from(reply.code),
        message: words.clone(),
        from_phone: false,
        at,
    });
    let summary = format!(
        "server has no size of {}: {} \"{words}\"",
        http::masked_target(&path),
        reply.code
    );
    Some(("ftp-error", summary))
}

/// The data is about to flow (replies 125 and 150).
fn begin(host: &mut Host, index: usize, transfer: usize, reply: &Reply, at: At) -> Option<Said> {
    let restart_bytes = host.flows.ftp.get(index)?.restart_bytes;
    let transfer = host.boot.transfers.get_mut(transfer)?;
    transfer.answered = transfer.answered.or(Some(at));
    transfer.progressed = at;
    transfer.last = at;
    if matches!(transfer.status, Status::AbortedByPhone | Status::Complete) {
        return None;
    }
    transfer.status = Status::Running;
    transfer.error = None;
    transfer.method = None;
    if transfer.direction == Direction::Read
        && let Some(bytes) = reply.announced_bytes()
    {
        transfer.expected_bytes = Some(bytes.saturating_sub(restart_bytes));
    }
    let size = transfer
        .expected_bytes
        .map_or(String::new(), |bytes| format!(", {bytes} bytes"));
    let shown = http::masked_target(&transfer.file);
    let summary = match transfer.direction {
        Direction::Read => format!("{shown} begins to flow{size}"),
        Direction::Write => format!("server is ready for {shown}"),
    };
    Some(("ftp-data", summary))
}

/// The last reply to a transfer.
fn settle(
    host: &mut Host,
    index: usize,
    transfer_index: usize,
    reply: &Reply,
    at: At,
) -> Option<Said> {
    const NO_DATA_CONNECTION: u16 = 425;
    const NOT_LOGGED_IN: u16 = 530;

    let data = host.flows.ftp.get(index)?.data;
    if reply.code == NO_DATA_CONNECTION {
        fail_data(host, data, reply, at);
    }
    if reply.code == NOT_LOGGED_IN {
        answer_login(host, index, reply, at);
    }
    let data_opened = data
        .and_then(|data| host.boot.ftp.data.get(data))
        .is_some_and(|data| data.accepted.is_some());
    let flow = host.flows.ftp.get_mut(index)?;
    flow.restart_bytes = 0;
    let transfer = host.boot.transfers.get_mut(transfer_index)?;
    transfer.answered = transfer.answered.or(Some(at));
    transfer.last = transfer.last.max(at);
    transfer.method = None;
    if transfer.status == Status::AbortedByPhone {
        // The phone had it all when it closed, and the server says so too.
        let has_all = transfer
            .expected_bytes
            .is_some_and(|all| transfer.bytes >= all);
        if reply.is_refusal() || !has_all {
            return None;
        }
    }
    if !reply.is_refusal() {
        transfer.status = Status::Complete;
        transfer.error = None;
        transfer.progressed = at;
        // The last bytes may come behind this reply.
        flow.is_confirmed = data_opened && !flow.data_is_over;
        return (!flow.is_confirmed).then(|| complete(transfer));
    }
    let words = reply.text();
    transfer.status = refused(reply.code, transfer);
    let shown = http::masked_target(&transfer.file);
    let verb = if transfer.status == Status::Truncated {
        "breaks off"
    } else {
        "refuses"
    };
    let summary = format!("server {verb} {shown}: {} \"{words}\"", reply.code);
    transfer.error = Some(TransferError {
        code: u32::from(reply.code),
        message: words,
        from_phone: false,
        at,
    });
    Some(("ftp-error", summary))
}

/// What a refusal says of a transfer (RFC 959 §4.2.2, §5.4).
fn refused(code: u16, transfer: &Transfer) -> Status {
    match code {
        530 | 532 => Status::Unauthorized,
        550 if transfer.direction == Direction::Read => Status::NotFound,
        426 | 451 if transfer.bytes > 0 && transfer.direction == Direction::Read => {
            Status::Truncated
        }
        421 | 425 | 426 | 451 => Status::ServerError,
        _ => Status::Refused,
    }
}

pub(super) fn complete(transfer: &Transfer) -> Said {
    let shown = http::masked_target(&transfer.file);
    let done = match transfer.direction {
        Direction::Read => "complete",
        Direction::Write => "stored",
    };
    (
        "ftp-complete",
        format!("{shown} is {done}: {} bytes", transfer.bytes),
    )
}
