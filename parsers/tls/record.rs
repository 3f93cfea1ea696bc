//! Records, and the handshake messages that span them: [`Reader`].

use super::fields::Part;
use super::recognize::{RECORD_HEADER_BYTES, is_record, is_ssl2_hello};
use super::{
    ALERT, APPLICATION_DATA, Alert, Body, CHANGE_CIPHER_SPEC, HANDSHAKE, Message, Sender, Version,
    certificates, hello,
};
use crate::{Input, Issue};

/// The longest handshake message that is read, in bytes.
const MAX_MESSAGE_BYTES: usize = 64 * 1024;

/// Bytes of a handshake message's header: type and three of length.
const MESSAGE_HEADER_BYTES: usize = 4;

/// Encrypted records of TLS 1.3 that are told of a client: its certificate if it was
/// asked for one, its proof, and Finished.
const MAX_CLIENT_RECORDS: u8 = 3;

/// The same of a server: five of its handshake, two tickets, and its first data.
const MAX_SERVER_RECORDS: u8 = 8;

/// Segments that may be a record's beginning, behind a gap.
const MAX_TRIES: u8 = 8;

/// Reads the messages of one direction.
///
/// The messages do not depend on how the bytes were cut into segments. It holds at most
/// one handshake message of 64 KiB. Once nothing more can be learned, it is
/// [over](Reader::is_over) and passes over whatever comes.
#[derive(Debug, Default)]
pub struct Reader {
    sender: Option<Sender>,
    state: State,
    header: Vec<u8>,
    /// The handshake message that is being collected.
    message: Vec<u8>,
    /// Version of the record in which it began.
    message_version: Version,
    /// Bytes of handshake messages that are still to be passed over.
    skip_bytes: usize,
    /// The version that this side, a server, has chosen.
    chosen: Option<Version>,
    secrecy: Secrecy,
    is_begun: bool,
}

#[derive(Debug, Default)]
enum State {
    /// Collects a record's header.
    #[default]
    Header,
    /// Within a record.
    Fragment(Fragment),
    /// Collects a hello in SSL 2.0's form, of so many bytes.
    Ssl2(usize),
    /// Looks for a record behind a gap.
    Lost { n_tried: u8 },
    /// Nothing more can be learned, or this is not TLS.
    Over,
}

/// The fragment of a record.
#[derive(Debug, Clone, Copy)]
struct Fragment {
    version: Version,
    content_type: u8,
    length: usize,
    left: usize,
    reading: Reading,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reading {
    Handshake,
    /// A handshake record of which only its first bytes tell whether it is encrypted.
    MayBeEncrypted,
    Alerts,
    Nothing,
}

/// What is known of the encryption.
#[derive(Debug, Default)]
struct Secrecy {
    /// Whether a `ChangeCipherSpec` came, or may have come behind a gap.
    changed: Option<Changed>,
    /// Type of the last encrypted record.
    last_type: Option<u8>,
    /// Encrypted records that were given while none of their types was seen.
    n_hidden: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Changed {
    Surely,
    Maybe,
}

impl Reader {
    /// A reader at the start of a direction, that of `sender` if that is known.
    pub fn new(sender: Option<Sender>) -> Self {
        Self {
            sender,
            ..Self::default()
        }
    }

    /// Whose direction it is, as far as that is known; a hello tells.
    pub fn sender(&self) -> Option<Sender> {
        self.sender
    }

    /// Says whose direction it is, unless that is known.
    pub fn set_sender(&mut self, sender: Sender) {
        self.sender.get_or_insert(sender);
    }

    /// Whether more bytes give nothing.
    pub fn is_over(&self) -> bool {
        matches!(self.state, State::Over)
    }

    /// Takes the next bytes of the stream.
    pub fn push(&mut self, bytes: &[u8], emit: &mut dyn FnMut(Message, &[Issue])) {
        let mut rest = bytes;
        while !rest.is_empty() {
            rest = match self.state {
                State::Header => self.push_header(rest, emit),
                State::Fragment(fragment) => self.push_fragment(fragment, rest, emit),
                State::Ssl2(length) => self.push_ssl2(length, rest, emit),
                State::Lost { n_tried } => self.find_record(n_tried, rest),
                State::Over => return,
            };
        }
    }

    /// Says that the capture lost the next `missing_bytes` of the stream.
    ///
    /// Within a record the reader goes on behind them. Elsewhere the next record has to
    /// be found again.
    pub fn gap(&mut self, missing_bytes: u64, emit: &mut dyn FnMut(Message, &[Issue])) {
        let missing = usize::try_from(missing_bytes).unwrap_or(usize::MAX);
        let State::Fragment(mut fragment) = self.state else {
            if !self.is_over() && missing > 0 {
                self.lose_step(missing, emit);
            }
            return;
        };
        let Some(left) = fragment.left.checked_sub(missing) else {
            self.lose_step(missing, emit);
            return;
        };
        match fragment.reading {
            Reading::Handshake => {
                self.skip_message(missing, emit);
                if let State::Fragment(now) = self.state {
                    fragment.reading = now.reading;
                }
            }
            Reading::MayBeEncrypted | Reading::Alerts => {
                self.message.clear();
                fragment.reading = Reading::Nothing;
            }
            Reading::Nothing => {}
        }
        fragment.left = left;
        self.state = State::Fragment(fragment);
        if left == 0 {
            self.end_fragment(fragment, emit);
        }
    }

    /// Says that this direction is over: closed, or not followed any more. A message that
    /// is not whole is given as far as it came.
    pub fn finish(&mut self, emit: &mut dyn FnMut(Message, &[Issue])) {
        self.cut_message(1, emit);
        self.state = State::Over;
    }

    fn push_header<'b>(
        &mut self,
        input: &'b [u8],
        emit: &mut dyn FnMut(Message, &[Issue]),
    ) -> &'b [u8] {
        let wanted = RECORD_HEADER_BYTES.saturating_sub(self.header.len());
        let (now, rest) = input.split_at(wanted.min(input.len()));
        self.header.extend_from_slice(now);
        let Some(&header) = self.header.first_chunk::<RECORD_HEADER_BYTES>() else {
            return rest;
        };
        let is_first = !std::mem::replace(&mut self.is_begun, true);
        let [first, low, kind, major, minor] = header;
        if is_first && first & 0x80 != 0 {
            let length = usize::from(u16::from_be_bytes([first & 0x7f, low]));
            self.state = if is_ssl2_hello(first, low, kind, major, minor) {
                State::Ssl2(length)
            } else {
                State::Over
            };
            self.message = vec![kind, major, minor];
        } else {
            self.begin_fragment(header, emit);
        }
        self.header.clear();
        rest
    }

    fn begin_fragment(&mut self, header: [u8; 5], emit: &mut dyn FnMut(Message, &[Issue])) {
        let [content_type, major, minor, high, low] = header;
        let length = usize::from(u16::from_be_bytes([high, low]));
        if content_type != HANDSHAKE || !is_record(header) {
            self.cut_message(1, emit);
        }
        if !is_record(header) {
            self.state = State::Over;
            return;
        }
        let version = Version(u16::from_be_bytes([major, minor]));
        let reading = match content_type {
            HANDSHAKE if self.secrecy.changed.is_some() && self.message.is_empty() => {
                Reading::MayBeEncrypted
            }
            HANDSHAKE => Reading::Handshake,
            // Two bytes an alert; one that is encrypted has at least the cipher's tag.
            ALERT if length <= 4 => Reading::Alerts,
            _ => Reading::Nothing,
        };
        let fragment = Fragment {
            version,
            content_type,
            length,
            left: length,
            reading,
        };
        self.state = State::Fragment(fragment);
        match (content_type, reading) {
            (CHANGE_CIPHER_SPEC, _) => {
                self.secrecy.changed = Some(Changed::Surely);
                self.give(version, content_type, Body::ChangeCipherSpec, &[], emit);
            }
            (ALERT | APPLICATION_DATA, Reading::Nothing) => self.give_encrypted(fragment, emit),
            _ => {}
        }
        if length == 0 && !self.is_over() {
            self.state = State::Header;
        }
    }

    fn push_fragment<'b>(
        &mut self,
        mut fragment: Fragment,
        input: &'b [u8],
        emit: &mut dyn FnMut(Message, &[Issue]),
    ) -> &'b [u8] {
        let (now, rest) = input.split_at(fragment.left.min(input.len()));
        fragment.left -= now.len();
        self.state = State::Fragment(fragment);
        match fragment.reading {
            Reading::Nothing => {}
            Reading::Handshake => self.push_handshake(fragment.version, now, emit),
            Reading::MayBeEncrypted => {
                self.message.extend_from_slice(now);
                if self.message.len() >= MESSAGE_HEADER_BYTES || fragment.left == 0 {
                    self.decide(fragment, emit);
                }
            }
            Reading::Alerts => self.push_alert(fragment.version, now, emit),
        }
        if let State::Fragment(fragment) = self.state
            && fragment.left == 0
        {
            self.end_fragment(fragment, emit);
        }
        rest
    }

    fn end_fragment(&mut self, fragment: Fragment, emit: &mut dyn FnMut(Message, &[Issue])) {
        if fragment.reading == Reading::MayBeEncrypted {
            self.decide(fragment, emit);
        }
        if !self.is_over() {
            self.state = State::Header;
        }
    }

    /// Says of a handshake record behind a `ChangeCipherSpec` whether it is encrypted. A
    /// client that was asked for another hello sends it in clear text, and the server
    /// answers likewise (RFC 8446 appendix D.4).
    fn decide(&mut self, mut fragment: Fragment, emit: &mut dyn FnMut(Message, &[Issue])) {
        let is_clear = match (self.message.first_chunk(), self.secrecy.changed) {
            (Some(&[kind, high, middle, low]), changed) => {
                let length = usize::from(u16::from_be_bytes([middle, low]));
                let fits = high == 0 && length + MESSAGE_HEADER_BYTES <= fragment.length;
                let may_be = match changed {
                    Some(Changed::Surely) => matches!(kind, 1 | 2),
                    _ => matches!(kind, 1 | 2 | 4 | 11..=16 | 22),
                };
                fits && may_be
            }
            (None, _) => false,
        };
        if is_clear {
            fragment.reading = Reading::Handshake;
            self.state = State::Fragment(fragment);
            let bytes = std::mem::take(&mut self.message);
            self.push_handshake(fragment.version, &bytes, emit);
        } else {
            self.message.clear();
            fragment.reading = Reading::Nothing;
            self.state = State::Fragment(fragment);
            self.give_encrypted(fragment, emit);
        }
    }

    fn push_handshake(
        &mut self,
        version: Version,
        bytes: &[u8],
        emit: &mut dyn FnMut(Message, &[Issue]),
    ) {
        let passed = self.skip_bytes.min(bytes.len());
        self.skip_bytes -= passed;
        let bytes = bytes.get(passed..).unwrap_or_default();
        if self.message.is_empty() {
            self.message_version = version;
        }
        self.message.extend_from_slice(bytes);
        while let Some(&[kind, high, middle, low]) = self.message.first_chunk() {
            let length = u32::from_be_bytes([0, high, middle, low]);
            let length = usize::try_from(length).unwrap_or(usize::MAX);
            let whole = length.saturating_add(MESSAGE_HEADER_BYTES);
            if length > MAX_MESSAGE_BYTES {
                let issue = Issue {
                    kind: crate::IssueKind::Limit,
                    field: "handshake length".into(),
                    span: 1..MESSAGE_HEADER_BYTES,
                    detail: format!("is {length}, more than {MAX_MESSAGE_BYTES} are not read"),
                };
                let body = Body::Handshake { kind, length };
                self.give(self.message_version, HANDSHAKE, body, &[issue], emit);
                self.skip_bytes = whole.saturating_sub(self.message.len());
                self.message.clear();
            } else if self.message.len() >= whole {
                let behind = self.message.split_off(whole);
                let message = std::mem::replace(&mut self.message, behind);
                self.give_handshake(Input::whole(&message), emit);
                self.message_version = version;
            } else {
                return;
            }
        }
    }

    fn push_alert(
        &mut self,
        version: Version,
        bytes: &[u8],
        emit: &mut dyn FnMut(Message, &[Issue]),
    ) {
        self.message.extend_from_slice(bytes);
        while let Some(&[level, description]) = self.message.first_chunk() {
            self.message.drain(..2);
            let alert = Alert { level, description };
            self.give(version, ALERT, Body::Alert(alert), &[], emit);
            if alert.is_fatal() {
                self.message.clear();
                self.state = State::Over;
                return;
            }
        }
    }

    fn push_ssl2<'b>(
        &mut self,
        length: usize,
        input: &'b [u8],
        emit: &mut dyn FnMut(Message, &[Issue]),
    ) -> &'b [u8] {
        let wanted = length.saturating_sub(self.message.len());
        let (now, rest) = input.split_at(wanted.min(input.len()));
        self.message.extend_from_slice(now);
        if self.message.len() >= length {
            let message = std::mem::take(&mut self.message);
            self.give_ssl2(Input::whole(&message), emit);
        }
        rest
    }

    fn give_ssl2(&mut self, message: Input<'_>, emit: &mut dyn FnMut(Message, &[Issue])) {
        let mut issues = Vec::new();
        self.sender = Some(Sender::Client);
        // A server of today answers in records, and the client goes on in them.
        self.state = State::Header;
        let body = Body::ClientHello(Box::new(hello::ssl2_client(message, &mut issues)));
        self.give(Version::SSL_2, HANDSHAKE, body, &issues, emit);
    }

    fn give_handshake(&mut self, message: Input<'_>, emit: &mut dyn FnMut(Message, &[Issue])) {
        let Some((&[kind, high, middle, low], bytes)) = message.bytes.split_first_chunk() else {
            return;
        };
        let length = u32::from_be_bytes([0, high, middle, low]);
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        let part = Part {
            input: Input::cut(bytes, message.missing),
            start: MESSAGE_HEADER_BYTES,
        };
        let mut issues = Vec::new();
        let body = match kind {
            1 => {
                self.sender = Some(Sender::Client);
                Body::ClientHello(Box::new(hello::client(part, &mut issues)))
            }
            2 => {
                self.sender = Some(Sender::Server);
                let hello = hello::server(part, &mut issues);
                self.chosen = Some(hello.version());
                Body::ServerHello(Box::new(hello))
            }
            11 => Body::Certificate(certificates::chain(part, &mut issues)),
            13 => {
                let request = certificates::request(part, self.chosen, &mut issues);
                Body::CertificateRequest(request)
            }
            _ => Body::Handshake { kind, length },
        };
        self.give(self.message_version, HANDSHAKE, body, &issues, emit);
    }

    /// Tells of an encrypted record where that tells something, and is over where what
    /// follows is data.
    fn give_encrypted(&mut self, fragment: Fragment, emit: &mut dyn FnMut(Message, &[Issue])) {
        let last = self.secrecy.last_type.replace(fragment.content_type);
        let is_hidden = fragment.content_type == APPLICATION_DATA
            && last.is_none_or(|last| last == APPLICATION_DATA);
        if is_hidden || last != Some(fragment.content_type) {
            let body = Body::Encrypted {
                length: fragment.length,
            };
            self.give(fragment.version, fragment.content_type, body, &[], emit);
        }
        self.secrecy.n_hidden += u8::from(is_hidden);
        let most = match self.sender {
            Some(Sender::Client) => MAX_CLIENT_RECORDS,
            _ => MAX_SERVER_RECORDS,
        };
        let data_began = fragment.content_type == APPLICATION_DATA && !is_hidden;
        if data_began || self.secrecy.n_hidden >= most {
            self.state = State::Over;
        }
    }

    fn give(
        &self,
        record_version: Version,
        content_type: u8,
        body: Body,
        issues: &[Issue],
        emit: &mut dyn FnMut(Message, &[Issue]),
    ) {
        let message = Message {
            sender: self.sender,
            record_version,
            content_type,
            body,
        };
        emit(message, issues);
    }

    /// Gives the message that has begun, as far as it came, at least `missing` bytes of
    /// it being lost.
    fn cut_message(&mut self, missing: usize, emit: &mut dyn FnMut(Message, &[Issue])) {
        let message = std::mem::take(&mut self.message);
        if message.is_empty() {
            return;
        }
        if let State::Ssl2(_) = self.state {
            self.give_ssl2(Input::cut(&message, missing.max(1)), emit);
        } else if !matches!(
            self.state,
            State::Fragment(Fragment {
                reading: Reading::MayBeEncrypted | Reading::Alerts,
                ..
            })
        ) {
            self.give_handshake(Input::cut(&message, missing.max(1)), emit);
        }
    }

    /// Goes on behind `missing` bytes of handshake messages, if what is lost is of one
    /// message alone.
    fn skip_message(&mut self, missing: usize, emit: &mut dyn FnMut(Message, &[Issue])) {
        if let Some(rest) = self.skip_bytes.checked_sub(missing)
            && self.message.is_empty()
        {
            self.skip_bytes = rest;
            return;
        }
        let length = match self.message.first_chunk() {
            Some(&[_, high, middle, low]) => u32::from_be_bytes([0, high, middle, low]),
            None => 0,
        };
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        let whole = length.saturating_add(MESSAGE_HEADER_BYTES);
        let lacking = whole.saturating_sub(self.message.len());
        self.cut_message(lacking, emit);
        match lacking.checked_sub(missing) {
            Some(rest) if length > 0 => self.skip_bytes = rest,
            _ => self.doubt(),
        }
    }

    /// Where messages begin is not known any more, nor whether they are encrypted.
    fn doubt(&mut self) {
        self.skip_bytes = 0;
        self.secrecy.changed.get_or_insert(Changed::Maybe);
        if let State::Fragment(fragment) = &mut self.state {
            fragment.reading = Reading::Nothing;
        }
    }

    fn lose_step(&mut self, missing: usize, emit: &mut dyn FnMut(Message, &[Issue])) {
        self.cut_message(missing, emit);
        if !self.is_over() {
            self.header.clear();
            self.is_begun = true;
            self.doubt();
            self.state = State::Lost { n_tried: 0 };
        }
    }

    /// Behind a gap the next segment, or a later one, may begin with a record.
    fn find_record<'b>(&mut self, n_tried: u8, input: &'b [u8]) -> &'b [u8] {
        if input.first_chunk().is_some_and(|header| is_record(*header)) {
            self.state = State::Header;
            return input;
        }
        self.state = if n_tried + 1 >= MAX_TRIES {
            State::Over
        } else {
            State::Lost {
                n_tried: n_tried + 1,
            }
        };
        &[]
    }
}
