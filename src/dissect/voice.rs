//! What one direction of a TCP connection says: which protocol it speaks, told by
//! its first bytes, and the messages of that protocol.

use std::collections::VecDeque;

use phoneboot_parsers::http::{Head, Piece, StartLine};
use phoneboot_parsers::{Issue, Message, WireText, http, tls};

use super::framed::{Framed, FramedProtocol};
use super::ftp::{FtpControl, FtpData, Talk};
use super::recognize::{Hint, Recognized, recognize};
use super::stream::Delivery;
use super::{Emit, Item, Origin, TcpNotice};

/// Bytes after which a direction that nobody understands is given up.
const MAX_OPENING_BYTES: usize = 8192;

/// Segments that may be the first of a message, in a direction that was joined
/// in its middle.
const MAX_OPENINGS: u8 = 8;

/// Requests whose answers are awaited at a time.
const MAX_REQUESTS: usize = 64;

/// What one direction says.
#[derive(Debug)]
pub(super) struct Voice {
    speech: Speech,
    hint: Hint,
    /// The control connection whose data it carries.
    data_of: Option<FtpControl>,
    /// Methods of requests whose answers this direction will bring, for a reader
    /// that does not exist yet.
    awaited: VecDeque<WireText>,
    /// Methods of requests that this direction brought and that the other
    /// direction was not told of.
    asked: Vec<WireText>,
    /// Which side speaks, if the connection's opening or TLS told.
    sender: Option<tls::Sender>,
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
        /// Whether it is FTP if the other direction is.
        may_be_ftp: bool,
    },
    Http(Box<http::Reader>),
    Framed(Framed),
    /// Data of FTP.
    Data(FtpControl),
    Tls(Box<tls::Reader>),
    /// Nothing that is understood; it may still answer an HTTP request.
    Foreign,
    /// Over.
    Silent,
}

impl Voice {
    /// A direction between these ports of which nothing is known.
    pub(super) fn new(ports: [u16; 2], data_of: Option<FtpControl>) -> Self {
        Self {
            speech: Speech::of(data_of, false),
            hint: Hint::of(ports),
            data_of,
            awaited: VecDeque::new(),
            asked: Vec::new(),
            sender: None,
        }
    }

    /// The next bytes will be the direction's first, and this side's.
    pub(super) fn begin(&mut self, sender: tls::Sender) {
        self.speech = Speech::of(self.data_of, true);
        self.sender = Some(sender);
    }

    /// The connection goes on with another protocol.
    pub(super) fn begin_again(&mut self) {
        self.speech = Speech::of(self.data_of, true);
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
        self.finish_tls(origin, emit);
        self.speech = Speech::Silent;
    }

    /// Nobody will tell how this direction goes on.
    pub(super) fn finish(&mut self, origin: &Origin, emit: Emit<'_>) {
        if let Speech::Http(reader) = &mut self.speech {
            reader.finish(&mut give_pieces(origin, &mut self.asked, emit));
        }
        self.finish_tls(origin, emit);
        self.speech = Speech::Silent;
    }

    /// Whether it speaks FTP.
    pub(super) fn speaks_ftp(&self) -> bool {
        matches!(&self.speech, Speech::Framed(framed) if framed.protocol == FramedProtocol::Ftp)
    }

    /// Whether it is FTP if the other direction is.
    pub(super) fn may_speak_ftp(&self) -> bool {
        matches!(&self.speech, Speech::Opening { may_be_ftp, .. } if *may_be_ftp)
    }

    /// The other direction speaks FTP: so does this one.
    pub(super) fn hear_that_it_is_ftp(&mut self, origin: &Origin, emit: Emit<'_>) {
        let is_known = std::mem::replace(&mut self.hint, Hint::Ftp) == Hint::Ftp;
        if !is_known && self.may_speak_ftp() {
            self.hear_bytes(b"", origin, emit);
        }
    }

    /// The other direction says nothing that is understood: what looked like FTP was
    /// another protocol.
    pub(super) fn give_up_ftp(&mut self) {
        if self.may_speak_ftp() {
            self.speech = Speech::Foreign;
        }
    }

    /// What FTP told of other connections since this was last asked.
    pub(super) fn take_ftp(&mut self) -> Option<Talk> {
        match &mut self.speech {
            Speech::Framed(framed) if !framed.talk.is_empty() => {
                Some(std::mem::take(&mut framed.talk))
            }
            _ => None,
        }
    }

    fn finish_tls(&mut self, origin: &Origin, emit: Emit<'_>) {
        if let Speech::Tls(reader) = &mut self.speech {
            reader.finish(&mut give_tls(origin, emit));
        }
    }

    /// Which side this direction is, as far as TLS told.
    pub(super) fn tls_sender(&self) -> Option<tls::Sender> {
        match &self.speech {
            Speech::Tls(reader) => reader.sender(),
            _ => None,
        }
    }

    /// The other direction told which side this one is.
    pub(super) fn set_sender(&mut self, sender: tls::Sender) {
        self.sender.get_or_insert(sender);
        if let Speech::Tls(reader) = &mut self.speech {
            reader.set_sender(sender);
        }
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
            Speech::Silent | Speech::Framed(_) | Speech::Data(_) | Speech::Tls(_) => {}
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
            Speech::Data(control) => {
                let what = FtpData::Bytes(heard);
                let control = *control;
                origin.give(Item::FtpData { control, what }, emit);
            }
            Speech::Tls(reader) => {
                reader.push(heard, &mut give_tls(origin, emit));
                if reader.is_over() {
                    self.speech = Speech::Silent;
                }
            }
            Speech::Opening {
                bytes,
                from_start,
                may_be_ftp,
                ..
            } => {
                bytes.extend_from_slice(heard);
                let recognized = recognize(bytes, *from_start, self.hint);
                *may_be_ftp = recognized == Recognized::PerhapsFtp;
                match recognized {
                    Recognized::NeedsMore | Recognized::PerhapsFtp
                        if bytes.len() < MAX_OPENING_BYTES => {}
                    Recognized::NeedsMore | Recognized::PerhapsFtp | Recognized::Foreign => {
                        self.try_next_opening();
                    }
                    Recognized::Http => {
                        let bytes = std::mem::take(bytes);
                        let mut reader = Box::new(http::Reader::new());
                        for method in self.awaited.drain(..) {
                            reader.expect_answer_to(&method);
                        }
                        self.speech = Speech::Http(reader);
                        self.hear_bytes(&bytes, origin, emit);
                    }
                    Recognized::Tls => {
                        let bytes = std::mem::take(bytes);
                        self.speech = Speech::Tls(Box::new(tls::Reader::new(self.sender)));
                        self.hear_bytes(&bytes, origin, emit);
                    }
                    Recognized::Framed(protocol) => {
                        let bytes = std::mem::take(bytes);
                        self.speech = Speech::Framed(Framed::new(protocol));
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
        let gap = TcpNotice::Gap { missing_bytes };
        let item = self
            .data_of
            .map_or(Item::Tcp(gap), |control| Item::FtpData {
                control,
                what: FtpData::Tcp(gap),
            });
        origin.give(item, emit);
        match &mut self.speech {
            Speech::Foreign | Speech::Silent | Speech::Data(_) => {}
            Speech::Http(reader) => {
                reader.gap(
                    missing_bytes,
                    &mut give_pieces(origin, &mut self.asked, emit),
                );
                if reader.failed() {
                    self.speech = Speech::Foreign;
                }
            }
            Speech::Tls(reader) => {
                reader.gap(missing_bytes, &mut give_tls(origin, emit));
                if reader.is_over() {
                    self.speech = Speech::Silent;
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
            may_be_ftp,
        } = &mut self.speech
        {
            *n_tried += 1;
            *may_be_ftp = false;
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
            may_be_ftp: false,
        }
    }

    /// FTP's data when it is known to be, else not known yet.
    fn of(data_of: Option<FtpControl>, from_start: bool) -> Self {
        data_of.map_or_else(|| Self::unknown(from_start), Self::Data)
    }
}

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

/// Gives a TLS reader's messages out.
fn give_tls(origin: &Origin, emit: Emit<'_>) -> impl FnMut(tls::Message, &[Issue]) {
    move |message, issues| origin.give(Item::Message(&Message::Tls(message), issues), emit)
}

#[cfg(test)]
mod tests {
    use crate::dissect::testing::{ACK, End, FIN, PHONE, RST, SERVER, SYN, all_lines, segment};

    const CLIENT: End = (PHONE, 40_000);
    const HTTPS: End = (SERVER, 8443);

    /// A record of TLS 1.2 with a handshake message, or whatever else.
    fn record(content_type: u8, fragment: &[u8]) -> Vec<u8> {
        let length = u16::try_from(fragment.len()).unwrap().to_be_bytes();
        [&[content_type, 3, 3], length.as_slice(), fragment].concat()
    }

    /// The least that a client hello may be.
    fn client_hello() -> Vec<u8> {
        let body = [&[3, 1][..], &[0; 32], &[0, 0, 2, 0, 5, 1, 0]].concat();
        record(
            22,
            &[
                &[1, 0, 0, u8::try_from(body.len()).unwrap()],
                body.as_slice(),
            ]
            .concat(),
        )
    }

    /// Each line up to the body's name: frame, who, what.
    fn told(frames: &[Vec<u8>]) -> Vec<String> {
        let short = |line: String| {
            let words = ["ClientHello", "Alert {", "ChangeCipherSpec", "Encrypted {"];
            let body = words.into_iter().find(|word| line.contains(word));
            let sender = ["Some(Client)", "Some(Server)"];
            let sender = sender.into_iter().find(|sender| line.contains(sender));
            let head: Vec<&str> = line.split(' ').take(3).collect();
            [Some(head.join(" ").as_str()), sender, body]
                .into_iter()
                .flatten()
                .collect::<Vec<_>>()
                .join(" ")
        };
        all_lines(frames).into_iter().map(short).collect()
    }

    #[test]
    fn tells_tls_on_any_port_and_who_is_client() {
        let hello = client_hello();
        let (a, b) = hello.split_at(20);
        let n = u32::try_from(hello.len()).unwrap();
        let frames = [
            segment(CLIENT, HTTPS, SYN, [99, 0], b""),
            segment(HTTPS, CLIENT, SYN | ACK, [499, 100], b""),
            segment(CLIENT, HTTPS, ACK, [100, 500], a),
            segment(CLIENT, HTTPS, ACK, [120, 500], b),
            segment(HTTPS, CLIENT, ACK, [500, 100 + n], &record(21, &[2, 70])),
            segment(HTTPS, CLIENT, ACK | FIN, [507, 100 + n], b""),
            segment(CLIENT, HTTPS, ACK | RST, [100 + n, 508], b""),
        ];
        assert_eq!(
            told(&frames),
            [
                "1 phone Open",
                "2 server Accept",
                "4 phone tls Some(Client) ClientHello",
                "5 server tls Some(Server) Alert {",
                "6 server Finish",
                "7 phone Reset",
            ]
        );
    }

    #[test]
    fn a_hello_tells_the_sides_where_the_opening_was_not_captured() {
        let hello = client_hello();
        let n = u32::try_from(hello.len()).unwrap();
        let frames = [
            segment(CLIENT, HTTPS, ACK, [100, 500], &hello),
            segment(HTTPS, CLIENT, ACK, [500, 100 + n], &record(21, &[2, 40])),
        ];
        assert_eq!(
            told(&frames),
            [
                "1 phone tls Some(Client) ClientHello",
                "2 server tls Some(Server) Alert {"
            ]
        );
    }

    /// Nothing is given behind the first data, and the connection's end still is.
    #[test]
    fn falls_silent_at_the_first_data_and_still_tells_the_end() {
        let hello = client_hello();
        let n = u32::try_from(hello.len()).unwrap();
        let data = [
            record(20, &[1]),
            record(22, &[0; 40]),
            record(23, &[0; 40]),
            record(21, &[2, 40]),
        ]
        .concat();
        let m = u32::try_from(data.len()).unwrap();
        let frames = [
            segment(CLIENT, HTTPS, ACK, [100, 500], &hello),
            segment(CLIENT, HTTPS, ACK, [100 + n, 500], &data),
            segment(
                CLIENT,
                HTTPS,
                ACK,
                [100 + n + m, 500],
                &record(21, &[2, 40]),
            ),
            segment(CLIENT, HTTPS, ACK | FIN, [107 + n + m, 500], b""),
        ];
        assert_eq!(
            told(&frames),
            [
                "1 phone tls Some(Client) ClientHello",
                "2 phone tls Some(Client) ChangeCipherSpec",
                "2 phone tls Some(Client) Encrypted {",
                "2 phone tls Some(Client) Encrypted {",
                "4 phone Finish",
            ]
        );
    }
}
