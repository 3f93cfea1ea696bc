//! Streams of messages that tell their own length: one after the other is cut off and
//! decoded.

use phoneboot_parsers::{
    DecodeError, Decoded, Input, Message, Protocol, dns, ftp, h323, sccp, sip,
};

use super::ftp::Talk;
use super::{Emit, Item, Origin};

/// The largest SIP or SCCP message that is waited for, in bytes.
const MAX_MESSAGE_BYTES: usize = 16 << 10;

/// The largest DNS message, its length included (RFC 7766 §8), in bytes.
const MAX_DNS_BYTES: usize = 2 + (64 << 10);

/// Lines of FTP that may be no FTP before the direction is given up.
const MAX_UNREAD_LINES: u8 = 8;

/// A message, if the bytes carry one, and how many bytes it takes.
type Next = (Option<Decoded<Message<'static>>>, usize);

/// A protocol of messages that tell their own length.
#[derive(Debug)]
pub(super) struct Framed {
    pub(super) protocol: FramedProtocol,
    /// Begins with the next message.
    bytes: Vec<u8>,
    /// Bytes of the last message's body that are still to come.
    skip: usize,
    /// What FTP told of other connections.
    pub(super) talk: Talk,
    /// Lines of FTP that could not be read.
    n_unread: u8,
}

/// The protocols of that sort.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FramedProtocol {
    Dns,
    Ftp,
    H323,
    Sccp,
    Sip,
}

impl Framed {
    /// A direction that speaks this protocol and has said nothing yet.
    pub(super) fn new(protocol: FramedProtocol) -> Self {
        Self {
            protocol,
            bytes: Vec::new(),
            skip: 0,
            talk: Talk::default(),
            n_unread: 0,
        }
    }

    /// Gives every message that is whole. `Err` when what follows is none.
    pub(super) fn hear(&mut self, heard: &[u8], origin: &Origin, emit: Emit<'_>) -> Result<(), ()> {
        self.bytes.extend_from_slice(heard);
        loop {
            self.drop_front(0);
            if self.skip > 0 || self.bytes.is_empty() {
                return Ok(());
            }
            match self.protocol.decode(Input::whole(&self.bytes)) {
                Ok(Some((message, length))) if length > 0 => {
                    if let Some(message) = message {
                        self.talk.hear(&message.value);
                        origin.give(Item::Message(&message.value, &message.issues), emit);
                    }
                    self.drop_front(length);
                }
                Ok(None) if self.bytes.len() < self.protocol.max_bytes() => return Ok(()),
                Ok(_) => return Err(()),
                Err(_) if self.is_tls_after_ftp() => return Err(()),
                Err(error) => {
                    origin.give(Item::Undecodable(self.protocol.protocol(), &error), emit);
                    self.drop_line()?;
                }
            }
        }
    }

    /// Drops a line that is no FTP: the next one may be. Other protocols have nothing
    /// that tells where their next message begins.
    fn drop_line(&mut self) -> Result<(), ()> {
        let end = self
            .bytes
            .iter()
            .position(|&byte| byte == b'\n')
            .ok_or(())?;
        self.n_unread += 1;
        if self.protocol != FramedProtocol::Ftp || self.n_unread >= MAX_UNREAD_LINES {
            return Err(());
        }
        self.drop_front(end + 1);
        Ok(())
    }

    /// Whether FTP goes on with a TLS record (RFC 4217), the reply that agrees to it
    /// not being captured.
    fn is_tls_after_ftp(&self) -> bool {
        self.protocol == FramedProtocol::Ftp
            && matches!(self.bytes.as_slice(), [0x14..=0x17, 3, ..])
    }

    /// Whether the next message still can be found: the gap lies in a body whose
    /// length is known. Else the message that has begun is given as far as it was
    /// captured.
    pub(super) fn hear_gap(&mut self, missing_bytes: u64, origin: &Origin, emit: Emit<'_>) -> bool {
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
            Self::Dns => Protocol::Dns,
            Self::Ftp => Protocol::Ftp,
            Self::H323 => Protocol::H323,
            Self::Sccp => Protocol::Sccp,
            Self::Sip => Protocol::Sip,
        }
    }

    /// How much is waited for until a message is whole.
    fn max_bytes(self) -> usize {
        match self {
            Self::Dns => MAX_DNS_BYTES,
            Self::Ftp | Self::H323 | Self::Sccp | Self::Sip => MAX_MESSAGE_BYTES,
        }
    }

    /// The next message, and how many bytes it takes. Some bytes carry none.
    fn decode(self, input: Input<'_>) -> Result<Option<Next>, DecodeError> {
        Ok(match self {
            Self::Dns => dns::decode_framed(input)?.map(|(m, n)| (Some(m.map(Message::Dns)), n)),
            Self::Ftp => ftp::decode(input)?.map(|(m, n)| (Some(m.map(Message::Ftp)), n)),
            Self::H323 => {
                h323::decode_call(input)?.map(|(m, n)| (m.map(|m| m.map(Message::H323)), n))
            }
            Self::Sccp => sccp::decode(input)?.map(|(m, n)| (Some(m.map(Message::Sccp)), n)),
            Self::Sip => sip::decode(input)?.map(|(m, n)| (Some(m.map(Message::Sip)), n)),
        })
    }
}
