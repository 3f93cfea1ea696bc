//! Delivered files that name other files: put together from the messages that bring
//! them, as far as they are short and tell by their beginning that they may do so.

use std::collections::VecDeque;
use std::net::IpAddr;

use phoneboot_parsers::ftp;
use phoneboot_parsers::http::{Ending, Piece, StartLine};
use phoneboot_parsers::manifest::{self, MAX_FILE_BYTES, Manifest};
use phoneboot_parsers::tftp::{self, Direction};
use phoneboot_parsers::{Message, WireText};

use crate::dissect::{Dissected, FtpControl, FtpData, Item, TcpNotice};
use crate::event::Endpoint;

/// Files that are put together at a time; the one that was begun first is given up when
/// there are more.
const MAX_FILES: usize = 64;

/// Bytes by which a file that names nothing is told and turned away.
const TELLING_BYTES: usize = 16;

/// TFTP's block size unless another one was agreed on (RFC 1350 §2).
const DEFAULT_BLOCK_BYTES: usize = 512;

/// Other commands of FTP that use a data connection.
const FTP_TRANSFERS: [&str; 6] = ["STOR", "APPE", "STOU", "LIST", "NLST", "MLSD"];

/// Files on their way.
#[derive(Debug, Default)]
pub(super) struct Contents {
    files: VecDeque<File>,
}

#[derive(Debug)]
struct File {
    key: Key,
    bytes: Vec<u8>,
    /// TFTP's next block.
    next_block: u16,
    /// TFTP's block size.
    block_bytes: usize,
    /// FTP's server has said on the control connection that it has sent all.
    is_confirmed: bool,
    /// FTP's server has closed the data connection.
    is_over: bool,
    /// FTP's client has the file's beginning already.
    lacks_start: bool,
}

/// Who fetches what from whom.
#[derive(Debug, PartialEq, Eq)]
struct Key {
    client: (IpAddr, u16),
    server: IpAddr,
    /// What else tells one file of the two from another: TFTP's file, as a client may
    /// fetch several from one port; the server's port of a TCP connection, with FTP that of the
    /// control connection.
    file: Tells,
}

#[derive(Debug, PartialEq, Eq)]
enum Tells {
    Name(WireText),
    ServerPort(u16),
}

impl Contents {
    /// Takes in a message. Gives what the file names that ends with it.
    pub(super) fn take(&mut self, dissected: &Dissected<'_>) -> Option<Manifest> {
        match dissected.item {
            Item::Tftp {
                message,
                of_file: Some(file),
                from_client,
                ..
            } => self.tftp(dissected, message, file, from_client),
            Item::Message(Message::Http(piece), _) => self.http(dissected, piece),
            Item::Message(Message::Ftp(message), _) => self.ftp(dissected, message),
            Item::FtpData { control, what } => self.ftp_data(dissected, control, what),
            _ => None,
        }
    }

    fn tftp(
        &mut self,
        dissected: &Dissected<'_>,
        message: &tftp::Message<'_>,
        file: &WireText,
        from_client: bool,
    ) -> Option<Manifest> {
        let (client, server) = ends(dissected, from_client);
        let key = Key {
            client: (client.ip?, client.port?),
            server: server.ip?,
            file: Tells::Name(file.clone()),
        };
        match message {
            tftp::Message::Request(request) if request.direction == Direction::Read => {
                self.begin(key);
                None
            }
            tftp::Message::OptionAck { options } => {
                let agreed = tftp::number_option(options, "blksize");
                if let (Some(file), Some(bytes)) = (self.find(&key), agreed) {
                    file.block_bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
                }
                None
            }
            tftp::Message::Data {
                block,
                data,
                wire_length,
            } if !from_client => {
                let file = self.find(&key)?;
                if *block != file.next_block {
                    // Sent again; or lost in the capture, and the end never comes.
                    return None;
                }
                file.next_block = file.next_block.wrapping_add(1);
                let is_last = *wire_length < file.block_bytes;
                let is_whole = data.len() == *wire_length;
                if is_whole && self.add(&key, data) && is_last {
                    return self.end(&key);
                }
                if !is_whole {
                    self.give_up(&key);
                }
                None
            }
            _ => None,
        }
    }

    fn http(&mut self, dissected: &Dissected<'_>, piece: &Piece<'_>) -> Option<Manifest> {
        // Only answers: their receiver is the client.
        let (client, server) = ends(dissected, false);
        let key = Key {
            client: (client.ip?, client.port?),
            server: server.ip?,
            file: Tells::ServerPort(server.port?),
        };
        match piece {
            Piece::Head(head) => {
                let plain = head
                    .header("Content-Encoding")
                    .is_none_or(|coding| coding.as_bytes().eq_ignore_ascii_case(b"identity"));
                if plain && matches!(head.start, StartLine::Response { status: 200, .. }) {
                    self.begin(key);
                }
                None
            }
            Piece::Body(bytes) => {
                self.add(&key, bytes);
                None
            }
            Piece::End(end) if end.ending == Ending::Complete => self.end(&key),
            Piece::End(_) => {
                self.give_up(&key);
                None
            }
        }
    }

    /// What control connections say. A file of which only the rest is asked for (REST) is
    /// passed over.
    fn ftp(&mut self, dissected: &Dissected<'_>, message: &ftp::Message) -> Option<Manifest> {
        let from_client = matches!(message, ftp::Message::Command(_));
        let (client, server) = ends(dissected, from_client);
        let key = Key {
            client: (client.ip?, client.port?),
            server: server.ip?,
            file: Tells::ServerPort(server.port?),
        };
        match message {
            ftp::Message::Command(command) => {
                if command.is("RETR") {
                    let is_resumed = self.find(&key).is_some_and(|file| file.lacks_start);
                    self.begin(key);
                    if is_resumed {
                        self.files.pop_back();
                    }
                } else if command.is("REST") {
                    let offset = command.argument.as_ref().and_then(|text| text.as_str());
                    let lacks_start = offset.is_none_or(|text| text.trim() != "0");
                    self.begin(key);
                    if let Some(file) = self.files.back_mut() {
                        file.lacks_start = lacks_start;
                    }
                } else if FTP_TRANSFERS.iter().any(|verb| command.is(verb)) {
                    self.give_up(&key);
                }
                None
            }
            ftp::Message::Reply(reply) if matches!(reply.code, 226 | 250) => {
                let file = self.find(&key)?;
                file.is_confirmed = true;
                if file.is_over { self.end(&key) } else { None }
            }
            ftp::Message::Reply(reply) => {
                if reply.is_refusal() {
                    self.give_up(&key);
                }
                None
            }
        }
    }

    /// What the data connection of a control connection brings. Its end may come before the
    /// server's reply or behind it.
    fn ftp_data(
        &mut self,
        dissected: &Dissected<'_>,
        control: FtpControl,
        what: FtpData<'_>,
    ) -> Option<Manifest> {
        let from_client = dissected.source.ip == Some(control.client.0);
        let key = Key {
            client: control.client,
            server: control.server.0,
            file: Tells::ServerPort(control.server.1),
        };
        match what {
            FtpData::Bytes(bytes) if !from_client => {
                self.add(&key, bytes);
                None
            }
            FtpData::Tcp(TcpNotice::Finish) if !from_client => {
                let file = self.find(&key)?;
                file.is_over = true;
                if file.is_confirmed {
                    self.end(&key)
                } else {
                    None
                }
            }
            FtpData::Tcp(TcpNotice::Reset | TcpNotice::Gap { .. }) => {
                self.give_up(&key);
                None
            }
            FtpData::Bytes(_) | FtpData::Tcp(_) => None,
        }
    }

    fn find(&mut self, key: &Key) -> Option<&mut File> {
        self.files.iter_mut().rfind(|file| file.key == *key)
    }

    fn begin(&mut self, key: Key) {
        self.give_up(&key);
        if self.files.len() >= MAX_FILES {
            self.files.pop_front();
        }
        self.files.push_back(File {
            key,
            bytes: Vec::new(),
            next_block: 1,
            block_bytes: DEFAULT_BLOCK_BYTES,
            is_confirmed: false,
            is_over: false,
            lacks_start: false,
        });
    }

    /// Adds the next bytes of a file; `false` when it is not kept, or not any more.
    fn add(&mut self, key: &Key, bytes: &[u8]) -> bool {
        let Some(file) = self.find(key) else {
            return false;
        };
        file.bytes.extend_from_slice(bytes);
        let is_foreign =
            file.bytes.len() >= TELLING_BYTES && !manifest::may_name_others(&file.bytes);
        if is_foreign || file.bytes.len() > MAX_FILE_BYTES {
            self.give_up(key);
            return false;
        }
        true
    }

    fn give_up(&mut self, key: &Key) {
        self.files.retain(|file| file.key != *key);
    }

    fn end(&mut self, key: &Key) -> Option<Manifest> {
        let index = self.files.iter().rposition(|file| file.key == *key)?;
        let file = self.files.remove(index)?;
        manifest::read(&file.bytes)
    }
}

/// Client and server of a message.
fn ends<'d>(dissected: &'d Dissected<'_>, from_client: bool) -> (&'d Endpoint, &'d Endpoint) {
    if from_client {
        (&dissected.source, &dissected.destination)
    } else {
        (&dissected.destination, &dissected.source)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::{FrameNumber, Timestamp};
    use crate::event::At;

    const CLIENT: (IpAddr, u16) = (IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 33)), 49_200);
    const SERVER: (IpAddr, u16) = (IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 20)), 21);
    const MASTER: &[u8] = b"<APPLICATION APP_FILE_PATH=\"sip.ld\" CONFIG_FILES=\"phone1.cfg\"/>";

    /// One frame of an FTP session.
    enum Frame {
        Asks(&'static str),
        Says(u16),
        Brings(&'static [u8]),
        Closes,
        Loses,
    }
    use Frame::{Asks, Brings, Closes, Loses, Says};

    fn endpoint((ip, port): (IpAddr, u16)) -> Endpoint {
        Endpoint {
            ip: Some(ip),
            port: Some(port),
            ..Endpoint::default()
        }
    }

    /// How many names the files have that were put together, and at which frame.
    fn read(frames: &[Frame]) -> Vec<(usize, usize)> {
        let mut contents = Contents::default();
        let control = FtpControl {
            client: CLIENT,
            server: SERVER,
        };
        let mut found = Vec::new();
        for (index, frame) in frames.iter().enumerate() {
            let message = match frame {
                Asks(line) => {
                    let (verb, argument) = line.split_once(' ').unwrap();
                    Some(ftp::Message::Command(ftp::Command {
                        verb: verb.into(),
                        argument: Some(argument.into()),
                        listens: None,
                    }))
                }
                Says(code) => Some(ftp::Message::Reply(ftp::Reply {
                    code: *code,
                    lines: Vec::new(),
                    listens: None,
                })),
                _ => None,
            };
            let message = message.map(Message::Ftp);
            let data = |what| Item::FtpData { control, what };
            let item = match (frame, &message) {
                (_, Some(message)) => Item::Message(message, &[]),
                (Brings(bytes), _) => data(FtpData::Bytes(bytes)),
                (Closes, _) => data(FtpData::Tcp(TcpNotice::Finish)),
                _ => data(FtpData::Tcp(TcpNotice::Gap { missing_bytes: 9 })),
            };
            let (source, destination) = match frame {
                Asks(_) => (CLIENT, SERVER),
                Says(_) => (SERVER, CLIENT),
                _ => ((SERVER.0, 40_000), (CLIENT.0, 49_201)),
            };
            let manifest = contents.take(&Dissected {
                at: At {
                    capture: 0,
                    frame: FrameNumber(index as u64),
                    time: Timestamp(0),
                },
                source: endpoint(source),
                destination: endpoint(destination),
                vlans: &[],
                hop_limit: None,
                item,
            });
            found.extend(manifest.map(|manifest| (index, manifest.files.len())));
        }
        found
    }

    #[test]
    fn a_file_by_ftp_ends_with_reply_and_data_in_either_order() {
        let (asks, brings) = (Asks("RETR a.cfg"), Brings(MASTER));
        assert_eq!(
            read(&[asks, Says(150), brings, Closes, Says(226)]),
            [(4, 2)]
        );
        let (asks, brings) = (Asks("retr a.cfg"), Brings(MASTER));
        assert_eq!(
            read(&[asks, Says(150), Says(226), brings, Closes]),
            [(4, 2)]
        );
    }

    #[test]
    fn what_is_no_whole_file_names_nothing() {
        let whole = || [Brings(MASTER), Closes, Says(226)];
        let after = |before: Vec<Frame>| {
            let frames: Vec<Frame> = before.into_iter().chain(whole()).collect();
            read(&frames)
        };
        assert!(after(vec![Asks("REST 9"), Asks("RETR a.cfg")]).is_empty());
        assert_eq!(after(vec![Asks("REST 0"), Asks("RETR a.cfg")]).len(), 1);
        assert!(after(vec![Asks("RETR a.cfg"), Loses]).is_empty());
        assert!(after(vec![Asks("RETR a.cfg"), Says(451)]).is_empty());
        assert!(after(vec![Asks("RETR a.cfg"), Asks("LIST /")]).is_empty());
    }
}
