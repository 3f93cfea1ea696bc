//! What FTP means: a phone asks for files, and gets them on connections of their own.

use phoneboot_parsers::ftp::Message;

use crate::dissect::{Dissected, FtpControl, FtpData};
use crate::event::{Endpoint, EventKind, Subject};

use super::one_side;

pub(super) fn control<'a>(
    dissected: &Dissected<'a>,
    message: &'a Message,
) -> (Subject, EventKind<'a>) {
    match message {
        Message::Command(command) => (
            one_side(dissected, true, true),
            EventKind::FtpCommand(command),
        ),
        Message::Reply(reply) => (
            one_side(dissected, false, false),
            EventKind::FtpReply(reply),
        ),
    }
}

/// A data connection belongs to the client of its control connection, whoever opened it.
pub(super) fn data<'a>(
    dissected: &Dissected<'a>,
    control: FtpControl,
    what: FtpData<'a>,
) -> (Subject, EventKind<'a>) {
    let (client, _) = control.client;
    let (endpoint, hop_limit) = if dissected.source.ip == Some(client) {
        (dissected.source, dissected.hop_limit)
    } else if dissected.destination.ip == Some(client) {
        (dissected.destination, None)
    } else {
        let endpoint = Endpoint {
            ip: Some(client),
            ..Endpoint::default()
        };
        (endpoint, None)
    };
    let subject = Subject::Host {
        endpoint,
        hop_limit,
        telling: false,
    };
    (subject, EventKind::FtpData { control, what })
}
