//! NTP requests of a host, and their answers.

use std::net::IpAddr;

use chrono::DateTime;
use phoneboot_parsers::Protocol;
use phoneboot_parsers::ntp::Message;

use crate::event::{Event, Seen};
use crate::session::Phase;
use crate::session::clock::{MAX_TIME_SERVERS, TimeAnswer, TimeServer};
use crate::session::hosts::Host;

use super::{Change, step};

/// Repeats of a request that the timeline shows.
const MAX_REPEATS_SHOWN: u64 = 3;
/// A server's clock that differs more than this from the capture's is worth a word.
const OFFSET_WORTH_A_WORD_SECS: i64 = 60;

pub(super) fn message(
    host: &mut Host,
    event: &Event<'_>,
    message: &Message,
    from_client: bool,
) -> Change {
    if from_client {
        ask(host, event);
    } else {
        answer(host, event, message);
    }
    Change::default()
}

fn ask(host: &mut Host, event: &Event<'_>) {
    let Some(server) = event.destination.ip else {
        return;
    };
    let list = &mut host.boot.time;
    let known = list.iter_mut().find(|known| known.server == server);
    let again = if let Some(known) = known {
        known.asked = known.asked.saturating_add(1);
        known.last = event.at;
        if known.answer.is_some() || known.asked > MAX_REPEATS_SHOWN {
            return;
        }
        " again"
    } else {
        if list.len() >= MAX_TIME_SERVERS {
            return;
        }
        list.push(TimeServer {
            server,
            first: event.at,
            last: event.at,
            asked: 1,
            answer: None,
        });
        ""
    };
    let server = host.boot.called(server);
    let summary = format!("asks {server} for the time{again}");
    step(
        host,
        event,
        Phase::Reach,
        Protocol::Ntp,
        "ntp-request",
        summary,
    );
}

fn answer(host: &mut Host, event: &Event<'_>, message: &Message) {
    let list = &mut host.boot.time;
    let by_name = list
        .iter()
        .position(|known| Some(known.server) == event.source.ip);
    // Who asked everybody may be answered by anybody.
    let by_chance = || list.iter().position(|known| asks_all(known.server));
    let Some(known) = by_name
        .or_else(by_chance)
        .and_then(|index| list.get_mut(index))
    else {
        return;
    };
    let new = meaning(event, message);
    let is_news = match known.answer.as_ref().map(|seen| &seen.value) {
        None => true,
        Some(TimeAnswer::Told { .. }) => return,
        Some(before) => *before != new,
    };
    if is_news {
        let summary = told(&new);
        known.answer = Some(Seen::new(new, event.at));
        step(
            host,
            event,
            Phase::Reach,
            Protocol::Ntp,
            "ntp-answer",
            summary,
        );
    }
}

fn asks_all(address: IpAddr) -> bool {
    address.is_multicast()
        || matches!(address, IpAddr::V4(v4) if v4.is_broadcast() || v4.octets()[3] == 255)
}

fn meaning(event: &Event<'_>, message: &Message) -> TimeAnswer {
    let transmit = message.time.and_then(|time| {
        let nanos = time.transmit.unix_nanos()?;
        Some((nanos, time.stratum))
    });
    match (message.tells_time(), transmit, message.kiss_code()) {
        (true, Some((unix_nanos, stratum)), _) => TimeAnswer::Told {
            unix_nanos,
            offset_nanos: unix_nanos.saturating_sub(event.at.time.0),
            stratum,
        },
        // A server that has just started says so in the same place.
        (_, _, Some(code)) if !matches!(code.as_bytes(), b"" | b"INIT" | b"STEP" | b"NONE") => {
            TimeAnswer::Refused(code)
        }
        _ => TimeAnswer::NotSet,
    }
}

/// What the timeline says of an answer.
fn told(answer: &TimeAnswer) -> String {
    match answer {
        TimeAnswer::Told {
            unix_nanos,
            offset_nanos,
            ..
        } => {
            let time = DateTime::from_timestamp_nanos(*unix_nanos);
            let offset_secs = offset_nanos / 1_000_000_000;
            let off = if offset_secs.abs() < OFFSET_WORTH_A_WORD_SECS {
                String::new()
            } else {
                let side = if offset_secs > 0 {
                    "ahead of"
                } else {
                    "behind"
                };
                format!(", {} s {side} the capture's clock", offset_secs.abs())
            };
            format!(
                "is told it is {} UTC{off}",
                time.format("%Y-%m-%d %H:%M:%S")
            )
        }
        TimeAnswer::Refused(code) => format!("is refused the time: {code}"),
        TimeAnswer::NotSet => "is told that the server's own clock is not set".to_owned(),
    }
}
