//! What one direction of a TCP connection says: which protocol it speaks, told by
//! its first bytes, and the messages of that protocol.

use std::collections::VecDeque;

use phoneboot_parsers::http::{Head, Piece, StartLine};
use phoneboot_parsers::{
    DecodeError, Decoded, Input, Issue, Message, Protocol, WireText, h323, http, sccp, sip,
};

use super::stream::Delivery;
use super::{Emit, Item, Origin, TcpNotice};

/// Bytes after which a direction that nobody understands is given up.
const MAX_OPENING_BYTES: usize = 8192;

/// Segments that may be the first of a message, in a direction that was joined
/// in its middle.
const MAX_OPENINGS: u8 = 8;

/// The largest SIP or SCCP message that is waited for, in bytes.
const MAX_MESSAGE_BYTES: usize = 16 << 10;

/// Requests whose answers are awaited at a time.
const MAX_REQUESTS: usize = 64;

/// Cisco's call manager listens here for SCCP.
const SCCP_PORT: u16 = 2000;

/// Where H.323 terminals listen for calls.
const H323_PORT: u16 = 1720;

/// What one direction says.
#[derive(Debug)]
pub(super) struct Voice {
    speech: Speech,
    /// Whether one of the connection's ports is SCCP's.
    sccp_port: bool,
    /// Whether one of them is that of H.323's call signalling.
    h323_port: bool,
    /// Methods of requests whose answers this direction will bring, for a reader
    /// that does not exist yet.
    awaited: VecDeque<WireText>,
    /// Methods of requests that this direction brought and that the other
    /// direction was not told of.
    asked: Vec<WireText>,
}

#[derive(Debug)]
enum Speech {
    /// Not known yet.
    Opening {
        /// Its bytes so far.
        bytes: Vec<u8>,
        /// How many segments were tried as a message's first.
        n_tried: u8,
        /// Whether `bytes` begin where the connection or a message surely begins.
        from_start: bool,
    },
    Http(Box<http::Reader>),
    Framed(Framed),
    /// Nothing that is understood; it may still answer an HTTP request.
    Foreign,
    /// Over.
    Silent,
}

/// A protocol of messages that tell their own length.
#[derive(Debug)]
struct Framed {
    protocol: FramedProtocol,
    /// Begins with the next message.
    bytes: Vec<u8>,
    /// Bytes of the last message's body that are still to come.
    skip: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum FramedProtocol {
    H323,
    Sccp,
    Sip,
}

/// What the first bytes of a direction turn out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Recognized {
    Http,
    Framed(FramedProtocol),
    NeedsMore,
    Foreign,
}

impl Voice {
    /// A direction between these ports of which nothing is known.
    pub(super) fn new(ports: [u16; 2]) -> Self {
        Self {
            speech: Speech::unknown(false),
            sccp_port: ports.contains(&SCCP_PORT),
            h323_port: ports.contains(&H323_PORT),
            awaited: VecDeque::new(),
            asked: Vec::new(),
        }
    }

    /// The next bytes will be the direction's first.
    pub(super) fn begin(&mut self) {
        self.speech = Speech::unknown(true);
    }

    /// Whether there is no use in listening.
    pub(super) fn is_mute(&self) -> bool {
        matches!(self.speech, Speech::Foreign | Speech::Silent)
    }

    /// Takes in what the stream delivers.
    pub(super) fn hear(&mut self, delivery: Delivery<'_>, origin: &Origin, emit: Emit<'_>) {
        match delivery {
            Delivery::Bytes(bytes) => self.hear_bytes(bytes, origin, emit),
            Delivery::Gap(missing_bytes) => self.hear_gap(missing_bytes, origin, emit),
        }
    }

    /// The sender closed this direction, or the connection was reset.
    pub(super) fn close(&mut self, origin: &Origin, emit: Emit<'_>) {
        if let Speech::Http(reader) = &mut self.speech {
            reader.close(&mut give_pieces(origin, &mut self.asked, emit));
        }
        self.speech = Speech::Silent;
    }

    /// Nobody will tell how this direction goes on.
    pub(super) fn finish(&mut self, origin: &Origin, emit: Emit<'_>) {
        if let Speech::Http(reader) = &mut self.speech {
            reader.finish(&mut give_pieces(origin, &mut self.asked, emit));
        }
        self.speech = Speech::Silent;
    }

    /// The methods of the requests heard since this was last asked.
    pub(super) fn take_asked(&mut self) -> Vec<WireText> {
        std::mem::take(&mut self.asked)
    }

    /// The other direction brought a request of this method: an answer is to come
    /// here, whatever was heard before.
    pub(super) fn expect_answer_to(&mut self, method: WireText) {
        match &mut self.speech {
            Speech::Http(reader) => reader.expect_answer_to(&method),
            Speech::Silent | Speech::Framed(_) => {}
            Speech::Opening { .. } => self.await_answer_to(method),
            Speech::Foreign => {
                self.speech = Speech::unknown(false);
                self.await_answer_to(method);
            }
        }
    }

    fn await_answer_to(&mut self, method: WireText) {
        if self.awaited.len() < MAX_REQUESTS {
            self.awaited.push_back(method);
        }
    }

    fn hear_bytes(&mut self, heard: &[u8], origin: &Origin, emit: Emit<'_>) {
        match &mut self.speech {
            Speech::Foreign | Speech::Silent => {}
            Speech::Http(reader) => {
                reader.push(heard, &mut give_pieces(origin, &mut self.asked, emit));
                if reader.failed() {
                    self.speech = Speech::Foreign;
                }
            }
            Speech::Framed(framed) => {
                if framed.hear(heard, origin, emit).is_err() {
                    self.speech = Speech::Foreign;
                }
            }
            Speech::Opening {
                bytes, from_start, ..
            } => {
                bytes.extend_from_slice(heard);
                let recognized = if self.h323_port {
                    recognize_h323(bytes)
                } else {
                    recognize(bytes, *from_start, self.sccp_port)
                };
                match recognized {
                    Recognized::NeedsMore if bytes.len() < MAX_OPENING_BYTES => {}
                    Recognized::NeedsMore | Recognized::Foreign => self.try_next_opening(),
                    Recognized::Http => {
                        let bytes = std::mem::take(bytes);
                        let mut reader = Box::new(http::Reader::new());
                        for method in self.awaited.drain(..) {
                            reader.expect_answer_to(&method);
                        }
                        self.speech = Speech::Http(reader);
                        self.hear_bytes(&bytes, origin, emit);
                    }
                    Recognized::Framed(protocol) => {
                        let bytes = std::mem::take(bytes);
                        self.speech = Speech::Framed(Framed {
                            protocol,
                            bytes: Vec::new(),
                            skip: 0,
                        });
                        self.hear_bytes(&bytes, origin, emit);
                    }
                }
            }
        }
    }

    fn hear_gap(&mut self, missing_bytes: u64, origin: &Origin, emit: Emit<'_>) {
        if self.is_mute() {
            return;
        }
        origin.give(Item::Tcp(TcpNotice::Gap { missing_bytes }), emit);
        match &mut self.speech {
            Speech::Foreign | Speech::Silent => {}
            Speech::Http(reader) => {
                reader.gap(
                    missing_bytes,
                    &mut give_pieces(origin, &mut self.asked, emit),
                );
                if reader.failed() {
                    self.speech = Speech::Foreign;
                }
            }
            Speech::Framed(framed) => {
                if !framed.hear_gap(missing_bytes, origin, emit) {
                    self.speech = Speech::unknown(false);
                }
            }
            Speech::Opening {
                bytes, from_start, ..
            } => {
                bytes.clear();
                *from_start = false;
            }
        }
    }

    /// What was heard is no message's beginning. In a direction that was joined in
    /// its middle, a later segment may be one.
    fn try_next_opening(&mut self) {
        if let Speech::Opening {
            bytes,
            n_tried,
            from_start,
        } = &mut self.speech
        {
            *n_tried += 1;
            bytes.clear();
            if *from_start || *n_tried >= MAX_OPENINGS {
                self.speech = Speech::Foreign;
            }
        }
    }
}

impl Speech {
    fn unknown(from_start: bool) -> Self {
        Self::Opening {
            bytes: Vec::new(),
            n_tried: 0,
            from_start,
        }
    }
}

impl Framed {
    /// Gives every message that is whole. `Err` when what follows is none.
    fn hear(&mut self, heard: &[u8], origin: &Origin, emit: Emit<'_>) -> Result<(), ()> {
        self.bytes.extend_from_slice(heard);
        loop {
            self.drop_front(0);
            if self.skip > 0 || self.bytes.is_empty() {
                return Ok(());
            }
            match self.protocol.decode(Input::whole(&self.bytes)) {
                Ok(Some((message, length))) if length > 0 => {
                    if let Some(message) = message {
                        origin.give(Item::Message(&message.value, &message.issues), emit);
                    }
                    self.drop_front(length);
                }
                Ok(None) if self.bytes.len() < MAX_MESSAGE_BYTES => return Ok(()),
                Ok(_) => return Err(()),
                Err(error) => {
                    origin.give(Item::Undecodable(self.protocol.protocol(), &error), emit);
                    return Err(());
                }
            }
        }
    }

    /// Whether the next message still can be found: the gap lies in a body whose
    /// length is known. Else the message that has begun is given as far as it was
    /// captured.
    fn hear_gap(&mut self, missing_bytes: u64, origin: &Origin, emit: Emit<'_>) -> bool {
        let missing = usize::try_from(missing_bytes).unwrap_or(usize::MAX);
        if let Some(rest) = self.skip.checked_sub(missing) {
            self.skip = rest;
            return true;
        }
        if !self.bytes.is_empty()
            && let Ok(Some((Some(message), _))) =
                self.protocol.decode(Input::cut(&self.bytes, missing))
        {
            origin.give(Item::Message(&message.value, &message.issues), emit);
        }
        false
    }

    /// Drops a message, and what of it is still to come when it comes; then the
    /// blank lines that SIP sends to keep a connection alive.
    fn drop_front(&mut self, length: usize) {
        self.skip = self.skip.saturating_add(length);
        let here = self.skip.min(self.bytes.len());
        self.bytes.drain(..here);
        self.skip -= here;
        if self.protocol == FramedProtocol::Sip && self.skip == 0 {
            let blank = self.bytes.iter().take_while(|b| b"\r\n".contains(b));
            let n_blank = blank.count();
            self.bytes.drain(..n_blank);
        }
    }
}

impl FramedProtocol {
    fn protocol(self) -> Protocol {
        match self {
            Self::H323 => Protocol::H323,
            Self::Sccp => Protocol::Sccp,
            Self::Sip => Protocol::Sip,
        }
    }

    /// The next message, and how many bytes it takes. Some bytes carry none.
    fn decode(self, input: Input<'_>) -> Result<Option<Next>, DecodeError> {
        Ok(match self {
            Self::H323 => h323::decode_call(input)?
                .map(|(m, length)| (m.map(|m| m.map(Message::H323)), length)),
            Self::Sccp => {
                sccp::decode(input)?.map(|(m, length)| (Some(m.map(Message::Sccp)), length))
            }
            Self::Sip => sip::decode(input)?.map(|(m, length)| (Some(m.map(Message::Sip)), length)),
        })
    }
}

type Next = (Option<Decoded<Message<'static>>>, usize);

/// Gives a reader's pieces out, and notes the methods of requests.
fn give_pieces(
    origin: &Origin,
    asked: &mut Vec<WireText>,
    emit: Emit<'_>,
) -> impl FnMut(Piece<'_>, &[Issue]) {
    move |piece, issues| {
        if let Piece::Head(Head {
            start: StartLine::Request { method, .. },
            ..
        }) = &piece
            && asked.len() < MAX_REQUESTS
        {
            asked.push(method.clone());
        }
        origin.give(Item::Message(&Message::Http(piece), issues), emit);
    }
}

/// `from_start` when these surely are the first bytes of a message.
fn recognize(start: &[u8], from_start: bool, sccp_port: bool) -> Recognized {
    if sccp_port {
        match looks_like_sccp(start) {
            Some(true) => return Recognized::Framed(FramedProtocol::Sccp),
            Some(false) => {}
            None => return Recognized::NeedsMore,
        }
    }
    if sip::looks_like_sip(start) {
        return Recognized::Framed(FramedProtocol::Sip);
    }
    // SIP is told by the end of its first line.
    let may_be_line = from_start && start.iter().all(|byte| (b' '..=b'~').contains(byte));
    match http::speaks_http(start) {
        Some(true) => Recognized::Http,
        Some(false) if !may_be_line => Recognized::Foreign,
        Some(false) | None => Recognized::NeedsMore,
    }
}

/// On the port of call signalling nothing else is looked for.
fn recognize_h323(start: &[u8]) -> Recognized {
    match h323::looks_like_call(start) {
        Some(true) => Recognized::Framed(FramedProtocol::H323),
        Some(false) => Recognized::Foreign,
        None => Recognized::NeedsMore,
    }
}

/// Whether an SCCP header stands here: little-endian length (of what follows the
/// second word), header version and message id. `None` when more bytes are needed.
fn looks_like_sccp(start: &[u8]) -> Option<bool> {
    /// Ids of messages in use end below 0x0160; those of stations' extensions at
    /// 0x8000 are rare.
    const PLAUSIBLE_IDS: u32 = 0x8200;
    /// Header versions in use: 0 and 0x0a to 0x16.
    const PLAUSIBLE_VERSIONS: u32 = 0x20;
    /// Length of the message id and of the largest body seen, in bytes.
    const PLAUSIBLE_LENGTHS: std::ops::RangeInclusive<u32> = 4..=8192;

    let (words, _) = start.as_chunks::<4>();
    let mut words = words.iter().map(|word| u32::from_le_bytes(*word));
    let length = words.next()?;
    let version = words.next()?;
    let id = words.next()?;
    Some(PLAUSIBLE_LENGTHS.contains(&length) && version <= PLAUSIBLE_VERSIONS && id < PLAUSIBLE_IDS)
}
