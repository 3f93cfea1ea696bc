//! Whether a phone that got nothing at one place has given up, or goes on elsewhere.

use std::net::IpAddr;

use crate::event::At;
use crate::session::Boot;

use super::Context;

/// Whether the phone has tried nothing new, and got no answer, anywhere but at these places
/// since this moment: for as long as its family waits, or until it began again. Repeats
/// of what nobody answered are nothing new.
pub(super) fn gave_up(
    boot: &Boot,
    context: &Context<'_>,
    since: At,
    is_place: impl Fn(IpAddr, u16) -> bool,
) -> bool {
    let last = efforts(boot, is_place).max().unwrap_or(since).max(since);
    boot.followed_by_another || context.watched_secs_after(last) >= context.patience_secs()
}

/// Whether it tried anything new, or got an answer, away from these places since this moment.
pub(super) fn is_tried(boot: &Boot, since: At, is_place: impl Fn(IpAddr, u16) -> bool) -> bool {
    efforts(boot, is_place).any(|at| at > since)
}

/// When the phone first tried something, or got an answer, away from these places.
fn efforts(boot: &Boot, is_place: impl Fn(IpAddr, u16) -> bool) -> impl Iterator<Item = At> {
    let is_away = move |server: IpAddr, port: u16| !is_place(server, port);
    let mut efforts = Vec::new();
    for (index, transfer) in boot.transfers.iter().enumerate() {
        let is_new = boot.transfers.iter().take(index).all(|other| {
            other.file != transfer.file
                || other.server != transfer.server
                || other.server_port != transfer.server_port
        });
        if is_away(transfer.server, transfer.server_port) {
            efforts.extend(is_new.then_some(transfer.first));
            efforts.extend(transfer.answered.map(|_| transfer.last));
        }
    }
    for (index, connection) in boot.reach.connections.iter().enumerate() {
        let is_new = boot.reach.connections.iter().take(index).all(|other| {
            other.server != connection.server || other.server_port != connection.server_port
        });
        if is_away(connection.server, connection.server_port) {
            efforts.extend(is_new.then_some(connection.first));
            efforts.extend(connection.accepted);
        }
    }
    efforts.extend(boot.registrations.iter().map(|attempt| attempt.first));
    efforts.into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::Case;
    use crate::session::testing::{BootBuilder, SERVER};
    use crate::session::transfer::Status;

    /// Whether a phone of 60 seconds' patience gave up port 6970 of its server.
    fn is_given_up(boot: BootBuilder, ends_after_secs: i64) -> bool {
        let since = boot_start();
        let found = std::cell::Cell::new(false);
        Case::new("cisco-89xx-99xx", boot)
            .ends_after_secs(ends_after_secs)
            .check(|boot, context| {
                found.set(gave_up(boot, context, since, |_, port| port == 6970));
                Vec::new()
            });
        found.get()
    }

    fn boot_start() -> At {
        BootBuilder::new().build().started
    }

    #[test]
    fn a_phone_that_asks_elsewhere_has_not_given_up() {
        let refused = || {
            BootBuilder::new().connection(SERVER, 6970, |connection, at| {
                connection.refused = Some(at);
            })
        };
        assert!(!is_given_up(refused(), 30));
        assert!(is_given_up(refused(), 61));
        let went_on = refused().after_secs(50).tftp("a.cfg", Status::Unanswered);
        assert!(!is_given_up(went_on, 30));
        // The same again is nothing new.
        let repeats = refused()
            .tftp("a.cfg", Status::Unanswered)
            .after_secs(50)
            .tftp("a.cfg", Status::Unanswered);
        assert!(is_given_up(repeats, 30));
    }
}
