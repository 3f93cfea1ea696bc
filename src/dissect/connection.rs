//! One TCP connection: who opened, accepted, refused, reset and closed it, and
//! what its two directions say.
//!
//! RFC 9293 §3.5 (opening), §3.5.2 (reset), §3.6 (closing).

use std::net::IpAddr;

use phoneboot_parsers::Input;
use phoneboot_parsers::tls::Sender;

use super::ftp::{self, FtpControl, FtpData};
use super::segment::{Segment, Side};
use super::stream::{Budget, Direction};
use super::voice::Voice;
use super::{Emit, Item, Origin, TcpNotice};

/// What is kept of a connection that is foreign or over.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Marker {
    /// Which sides have closed.
    finished: Pair<bool>,
    reset: bool,
}

/// One of each for the two sides.
#[derive(Debug, Clone, Copy, Default)]
struct Pair<T> {
    low: T,
    high: T,
}

/// A connection that is listened to.
#[derive(Debug)]
pub(super) struct Connection {
    opened: Option<Opened>,
    accepted: Option<Accepted>,
    /// Whether the last SYN was answered by RST.
    refused: bool,
    halves: Pair<Half>,
    /// How many segments all connections had seen at its last one.
    pub(super) last_segment: u64,
    /// The control connection that asked for it; `None` unless it carries FTP's data.
    data_of: Option<FtpControl>,
}

/// The SYN that opened a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Opened {
    by: Side,
    sequence: u32,
}

/// The SYN and ACK that accepted it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Accepted {
    by: Side,
    sequence: u32,
    acknowledged: u32,
}

/// One direction.
#[derive(Debug)]
struct Half {
    stream: Direction,
    voice: Voice,
    /// Under which addresses and tags its last segment came, and where.
    last: Option<Origin>,
    /// Whether any payload came.
    spoke: bool,
    /// Whether a FIN came.
    finished: bool,
}

impl<T> Pair<T> {
    fn of(&mut self, side: Side) -> &mut T {
        match side {
            Side::Low => &mut self.low,
            Side::High => &mut self.high,
        }
    }
}

impl Pair<bool> {
    fn both(self) -> bool {
        self.low && self.high
    }
}

impl Marker {
    /// Takes in a segment other than SYN.
    pub(super) fn segment(
        &mut self,
        side: Side,
        segment: &Segment<'_>,
        origin: &Origin,
        emit: Emit<'_>,
    ) {
        if self.reset {
            return;
        }
        if segment.rst {
            // A reset after both sides have closed is housekeeping.
            if !(self.finished.both()) {
                origin.give(Item::Tcp(TcpNotice::Reset), emit);
            }
            self.reset = true;
        } else if segment.fin && !std::mem::replace(self.finished.of(side), true) {
            origin.give(Item::Tcp(TcpNotice::Finish), emit);
        }
    }
}

impl Connection {
    /// A connection between these ports of which nothing was seen. `data_of` says that
    /// it carries the data of a control connection of FTP.
    pub(super) fn new(ports: [u16; 2], data_of: Option<FtpControl>) -> Self {
        Self {
            opened: None,
            accepted: None,
            refused: false,
            halves: Pair {
                low: Half::new(ports, data_of),
                high: Half::new(ports, data_of),
            },
            last_segment: 0,
            data_of,
        }
    }

    /// Takes in a segment.
    pub(super) fn segment(
        &mut self,
        side: Side,
        segment: &Segment<'_>,
        budget: &mut Budget,
        origin: &Origin,
        emit: Emit<'_>,
    ) {
        if segment.syn && !segment.rst {
            self.synchronize(side, segment, budget, origin, emit);
        }
        if segment.rst {
            self.reset(side, budget, origin, emit);
            return;
        }
        let data_of = self.data_of;
        self.halves.of(side).last = Some(*origin);
        if let Some(sequence) = segment.acknowledged {
            let other = self.halves.of(side.other());
            let origin = other.origin_behind(origin);
            other.acknowledge(sequence, budget, &origin, emit);
        }
        let half = self.halves.of(side);
        half.payload(segment, budget, origin, emit);
        if segment.fin {
            if !std::mem::replace(&mut half.finished, true) {
                give(TcpNotice::Finish, data_of, origin, emit);
            }
            half.end_at(segment.end_sequence(), budget, origin, emit);
        }
        for asking in [Side::Low, Side::High] {
            if let Some(sender) = self.halves.of(asking).voice.tls_sender() {
                let other = self.halves.of(asking.other());
                other.voice.set_sender(sender.other());
            }
            for method in self.halves.of(asking).voice.take_asked() {
                self.halves
                    .of(asking.other())
                    .voice
                    .expect_answer_to(method);
            }
        }
        self.agree_on_ftp(origin, emit);
    }

    fn synchronize(
        &mut self,
        side: Side,
        segment: &Segment<'_>,
        budget: &mut Budget,
        origin: &Origin,
        emit: Emit<'_>,
    ) {
        let first_byte = segment.sequence.wrapping_add(1);
        if let Some(acknowledged) = segment.acknowledged {
            let accepted = Accepted {
                by: side,
                sequence: segment.sequence,
                acknowledged,
            };
            if self.accepted == Some(accepted) {
                return;
            }
            if self.has_spoken() {
                self.replace(segment.ports, budget, emit);
            }
            self.accepted = Some(accepted);
            self.halves
                .of(side)
                .begin(first_byte, Sender::Server, budget);
            self.halves
                .of(side.other())
                .begin(acknowledged, Sender::Client, budget);
            give(TcpNotice::Accept, self.data_of, origin, emit);
            return;
        }
        let opened = Opened {
            by: side,
            sequence: segment.sequence,
        };
        let again = self.repeats(opened);
        if self.is_before_acceptance(opened) {
            self.opened = Some(opened);
        } else if self.opened != Some(opened) {
            if !again {
                self.replace(segment.ports, budget, emit);
            }
            self.opened = Some(opened);
            self.halves
                .of(side)
                .begin(first_byte, Sender::Client, budget);
        }
        self.refused = false;
        give(TcpNotice::Open { again }, self.data_of, origin, emit);
    }

    /// Whether this SYN was sent before, or tries once more what nobody answered.
    fn repeats(&self, new: Opened) -> bool {
        self.opened.is_some_and(|old| {
            old == new || (old.by == new.by && self.accepted.is_none() && !self.refused)
        })
    }

    /// Whether this SYN is the one that was accepted, captured behind its answer.
    fn is_before_acceptance(&self, opened: Opened) -> bool {
        self.opened.is_none()
            && self.accepted.is_some_and(|accepted| {
                accepted.by != opened.by && accepted.acknowledged == opened.sequence.wrapping_add(1)
            })
    }

    /// Whether any payload came.
    fn has_spoken(&self) -> bool {
        self.halves.low.spoke || self.halves.high.spoke
    }

    /// The same ports are used for another connection.
    fn replace(&mut self, ports: [u16; 2], budget: &mut Budget, emit: Emit<'_>) {
        self.finish(budget, emit);
        *self = Self {
            last_segment: self.last_segment,
            ..Self::new(ports, self.data_of)
        };
    }

    fn reset(&mut self, side: Side, budget: &mut Budget, origin: &Origin, emit: Emit<'_>) {
        let answers_syn = self.accepted.is_none()
            && self.opened.is_some_and(|opened| opened.by != side)
            && !self.has_spoken();
        if answers_syn {
            if !std::mem::replace(&mut self.refused, true) {
                give(TcpNotice::Refuse, self.data_of, origin, emit);
            }
            return;
        }
        if !(self.finished().both()) {
            give(TcpNotice::Reset, self.data_of, origin, emit);
        }
        for end in [side, side.other()] {
            let half = self.halves.of(end);
            let origin = if end == side {
                *origin
            } else {
                half.origin_behind(origin)
            };
            half.flush(budget, &origin, emit);
            half.voice.close(&origin, emit);
        }
    }

    /// Lets the two directions tell each other that they speak FTP. On a port that is
    /// not FTP's own, one alone cannot know: SMTP greets alike, POP3 logs in alike.
    fn agree_on_ftp(&mut self, origin: &Origin, emit: Emit<'_>) {
        let low = &self.halves.low.voice;
        let high = &self.halves.high.voice;
        let is_ftp =
            low.speaks_ftp() || high.speaks_ftp() || (low.may_speak_ftp() && high.may_speak_ftp());
        let is_none = low.is_mute() || high.is_mute();
        for side in [Side::Low, Side::High] {
            let half = self.halves.of(side);
            if is_ftp {
                let origin = half.origin_behind(origin);
                half.voice.hear_that_it_is_ftp(&origin, emit);
            } else if is_none {
                half.voice.give_up_ftp();
            }
        }
    }

    /// Takes up which ports the two directions named for data connections, and that
    /// they go on with TLS.
    pub(super) fn take_ftp(
        &mut self,
        side: Side,
        [source, destination]: [(IpAddr, u16); 2],
        expectations: &mut ftp::Expectations,
    ) {
        let ends = [
            (side, source, destination),
            (side.other(), destination, source),
        ];
        for (side, from, to) in ends {
            let Some(talk) = self.halves.of(side).voice.take_ftp() else {
                continue;
            };
            expectations.learn(&talk, from, to);
            if talk.is_secured {
                self.halves.low.voice.begin_again();
                self.halves.high.voice.begin_again();
            }
        }
    }

    /// Nobody will tell how the connection goes on.
    pub(super) fn finish(&mut self, budget: &mut Budget, emit: Emit<'_>) {
        for side in [Side::Low, Side::High] {
            let half = self.halves.of(side);
            if let Some(origin) = half.last {
                half.flush(budget, &origin, emit);
                half.voice.finish(&origin, emit);
            }
            half.stream.discard(budget);
        }
    }

    /// What remains of the connection when neither side has anything more to say.
    pub(super) fn spent(&self, reset: bool) -> Option<Marker> {
        (self.halves.low.voice.is_mute() && self.halves.high.voice.is_mute()).then_some(Marker {
            finished: self.finished(),
            reset,
        })
    }

    fn finished(&self) -> Pair<bool> {
        Pair {
            low: self.halves.low.finished,
            high: self.halves.high.finished,
        }
    }

    /// Forgets what is kept.
    pub(super) fn discard(&mut self, budget: &mut Budget) {
        self.halves.low.stream.discard(budget);
        self.halves.high.stream.discard(budget);
    }
}

impl Half {
    fn new(ports: [u16; 2], data_of: Option<FtpControl>) -> Self {
        Self {
            stream: Direction::default(),
            voice: Voice::new(ports, data_of),
            last: None,
            spoke: false,
            finished: false,
        }
    }

    /// The place of something that this direction said, and that only a segment of
    /// the other direction brought to light.
    fn origin_behind(&self, other: &Origin) -> Origin {
        match &self.last {
            Some(last) => Origin {
                at: other.at,
                ..*last
            },
            None => other.turned(),
        }
    }

    /// The first byte has this sequence number, and is this side's.
    fn begin(&mut self, sequence: u32, sender: Sender, budget: &mut Budget) {
        self.stream.start_at(sequence, budget);
        self.voice.begin(sender);
    }

    fn payload(
        &mut self,
        segment: &Segment<'_>,
        budget: &mut Budget,
        origin: &Origin,
        emit: Emit<'_>,
    ) {
        if segment.length() == 0 {
            return;
        }
        self.spoke = true;
        let sequence = segment.payload_sequence();
        if self.voice.is_mute() {
            self.stream.pass_over(sequence, segment.length(), budget);
            return;
        }
        let Input { bytes, missing } = segment.payload;
        let voice = &mut self.voice;
        self.stream
            .push(sequence, bytes, missing, budget, &mut |delivery| {
                voice.hear(delivery, origin, emit);
            });
    }

    fn acknowledge(&mut self, sequence: u32, budget: &mut Budget, origin: &Origin, emit: Emit<'_>) {
        let voice = &mut self.voice;
        self.stream.acknowledge(sequence, budget, &mut |delivery| {
            voice.hear(delivery, origin, emit);
        });
        self.close_at_end(origin, emit);
    }

    fn end_at(&mut self, sequence: u32, budget: &mut Budget, origin: &Origin, emit: Emit<'_>) {
        let voice = &mut self.voice;
        self.stream.end_at(sequence, budget, &mut |delivery| {
            voice.hear(delivery, origin, emit);
        });
        self.close_at_end(origin, emit);
    }

    fn flush(&mut self, budget: &mut Budget, origin: &Origin, emit: Emit<'_>) {
        let voice = &mut self.voice;
        self.stream.flush(budget, &mut |delivery| {
            voice.hear(delivery, origin, emit);
        });
    }

    fn close_at_end(&mut self, origin: &Origin, emit: Emit<'_>) {
        if self.stream.is_over() {
            self.voice.close(origin, emit);
        }
    }
}

/// Gives what happened to a connection, together with the control connection that
/// asked for it when it carries FTP's data.
fn give(notice: TcpNotice, data_of: Option<FtpControl>, origin: &Origin, emit: Emit<'_>) {
    let item = data_of.map_or(Item::Tcp(notice), |control| Item::FtpData {
        control,
        what: FtpData::Tcp(notice),
    });
    origin.give(item, emit);
}
