//! What happens on data connections, and when a control connection ends.

use phoneboot_parsers::tftp::Direction;
use phoneboot_parsers::{Protocol, http};

use crate::dissect::{FtpControl, FtpData, TcpNotice};
use crate::event::{At, Event};
use crate::session::Phase;
use crate::session::ftp::Mode;
use crate::session::hosts::Host;
use crate::session::transfer::Status;
use crate::session::update::{Change, reach, step};

use super::replies::complete;
use super::{ends, give_up};

/// Something happened on a data connection.
pub(in crate::session::update) fn data(
    host: &mut Host,
    event: &Event<'_>,
    control: FtpControl,
    what: FtpData<'_>,
) -> Change {
    let from_phone = event.source.ip == Some(control.client.0);
    let known = find_data(host, event, control, from_phone);
    let index = host
        .flows
        .ftp
        .iter()
        .position(|flow| flow.is_between(control.server, control.client.1));
    match what {
        FtpData::Bytes(bytes) => {
            if let Some(index) = index {
                count(host, index, from_phone, bytes.len() as u64, event.at);
            }
        }
        FtpData::Tcp(notice) => {
            notice_of_data(host, event, known, notice);
            if let Some(index) = index {
                ending(host, event, index, from_phone, notice);
            }
        }
    }
    if event.at > host.boot.ended {
        host.boot.ended = event.at;
    }
    Change::default()
}

/// Index of the data connection that a frame belongs to.
fn find_data(
    host: &Host,
    event: &Event<'_>,
    control: FtpControl,
    from_phone: bool,
) -> Option<usize> {
    let (phone, server) = if from_phone {
        (event.source.port, event.destination.port)
    } else {
        (event.destination.port, event.source.port)
    };
    host.boot.ftp.data.iter().rposition(|data| {
        let port = match data.mode {
            Mode::Passive => server,
            Mode::Active => phone,
        };
        (data.server, data.server_port) == control.server && Some(data.port) == port
    })
}

fn notice_of_data(host: &mut Host, event: &Event<'_>, known: Option<usize>, notice: TcpNotice) {
    let mode = known
        .and_then(|known| host.boot.ftp.data.get_mut(known))
        .map(|data| {
            match notice {
                TcpNotice::Open { .. } => {
                    data.opens = data.opens.saturating_add(1);
                    data.first_open.get_or_insert(event.at);
                    data.last_open = Some(event.at);
                }
                TcpNotice::Accept => data.accepted = data.accepted.or(Some(event.at)),
                TcpNotice::Refuse => data.refused = data.refused.or(Some(event.at)),
                TcpNotice::Reset | TcpNotice::Finish | TcpNotice::Gap { .. } => {}
            }
            data.mode
        });
    match (mode, notice) {
        (Some(Mode::Active), TcpNotice::Open { again }) => {
            let again = if again { " again" } else { "" };
            let port = event.destination.port.unwrap_or_default();
            let summary = format!("server calls the phone's port {port} for FTP data{again}");
            step(
                host,
                event,
                Phase::Reach,
                Protocol::Tcp,
                "tcp-open",
                summary,
            );
        }
        (Some(Mode::Active), TcpNotice::Refuse) => {
            let summary = "the phone refuses the connection".to_owned();
            step(
                host,
                event,
                Phase::Reach,
                Protocol::Tcp,
                "tcp-refuse",
                summary,
            );
        }
        (Some(Mode::Active), _) => {}
        _ => {
            reach::tcp(host, event, notice);
        }
    }
}

/// Bytes of the running transfer, captured or known to be missing.
fn count(host: &mut Host, index: usize, from_phone: bool, n_bytes: u64, at: At) {
    let running = host.flows.ftp.get(index).and_then(|flow| flow.transfer);
    let Some(transfer) = running.and_then(|running| host.boot.transfers.get_mut(running)) else {
        return;
    };
    if from_phone != (transfer.direction == Direction::Write) {
        return;
    }
    transfer.bytes = transfer.bytes.saturating_add(n_bytes);
    transfer.answered = transfer.answered.or(Some(at));
    transfer.last = at;
    transfer.progressed = at;
    if transfer.status == Status::Unanswered {
        transfer.status = Status::Running;
    }
}

/// A data connection ends: who ended it decides whether the file is whole or was given
/// up.
fn ending(host: &mut Host, event: &Event<'_>, index: usize, from_phone: bool, notice: TcpNotice) {
    if let TcpNotice::Gap { missing_bytes } = notice {
        count(host, index, from_phone, missing_bytes, event.at);
    }
    if !matches!(notice, TcpNotice::Finish | TcpNotice::Reset) {
        return;
    }
    let Some(flow) = host.flows.ftp.get_mut(index) else {
        return;
    };
    let Some(transfer) = flow
        .transfer
        .and_then(|running| host.boot.transfers.get_mut(running))
    else {
        return;
    };
    let by_sender = from_phone == (transfer.direction == Direction::Write);
    if by_sender {
        flow.data_is_over = true;
        let said = std::mem::take(&mut flow.is_confirmed).then(|| complete(transfer));
        if let Some((name, summary)) = said {
            step(host, event, Phase::Fetch, Protocol::Ftp, name, summary);
        }
        return;
    }
    let lacks = transfer
        .expected_bytes
        .is_none_or(|all| transfer.bytes < all);
    let goes_on = matches!(
        transfer.status,
        Status::Running | Status::Unanswered | Status::Complete
    );
    if from_phone && lacks && goes_on && !flow.data_is_over {
        flow.is_confirmed = false;
        let said = give_up(transfer, event.at);
        step(host, event, Phase::Fetch, Protocol::Ftp, said.0, said.1);
    }
}

/// A control connection opens, loses bytes or ends.
pub(in crate::session::update) fn connection(
    host: &mut Host,
    event: &Event<'_>,
    notice: TcpNotice,
) {
    let between = |from_client| {
        let (server, client_port) = ends(event, from_client)?;
        let flows = host.flows.ftp.iter();
        let index = flows
            .clone()
            .position(|flow| flow.is_between(server, client_port))?;
        Some((index, from_client))
    };
    let Some((index, from_client)) = between(true).or_else(|| between(false)) else {
        return;
    };
    match notice {
        TcpNotice::Open { again: false } => {
            host.flows.ftp.remove(index);
        }
        TcpNotice::Gap { .. } => {
            if let Some(flow) = host.flows.ftp.get_mut(index) {
                flow.waiting.clear();
            }
        }
        TcpNotice::Finish | TcpNotice::Reset => hang_up(host, event, index, from_client),
        TcpNotice::Open { again: true } | TcpNotice::Accept | TcpNotice::Refuse => {}
    }
}

/// One side ends the control connection while a transfer may go on.
fn hang_up(host: &mut Host, event: &Event<'_>, index: usize, by_phone: bool) {
    let Some(flow) = host.flows.ftp.get(index) else {
        return;
    };
    let data_is_over = flow.data_is_over;
    let running = flow.transfer.and_then(|at| host.boot.transfers.get_mut(at));
    let Some(transfer) = running.filter(|transfer| transfer.status == Status::Running) else {
        return;
    };
    let has_all = transfer
        .expected_bytes
        .is_some_and(|all| transfer.bytes >= all);
    let said = if has_all {
        transfer.status = Status::Complete;
        complete(transfer)
    } else if data_is_over {
        // Whole or not, the server did not say.
        transfer.status = Status::Unknown;
        return;
    } else if by_phone {
        give_up(transfer, event.at)
    } else {
        transfer.status = Status::Truncated;
        let shown = http::masked_target(&transfer.file);
        (
            "ftp-truncated",
            format!("{shown} ends after {} bytes", transfer.bytes),
        )
    };
    step(host, event, Phase::Fetch, Protocol::Ftp, said.0, said.1);
}
