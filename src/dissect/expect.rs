//! TFTP transfers: which datagrams between ports that nobody knows beforehand
//! belong to which request.
//!
//! RFC 1350 §4: the client picks a port and asks the server's port 69; the server
//! answers from a port of its own choosing, and the two ports (transfer
//! identifiers) are the transfer's until its end.
//!
//! Some phones use one port for all their transfers, one after another or several
//! at once. So the server's port decides first, once it is known.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;

use phoneboot_parsers::WireText;

use super::LimitReached;
use crate::capture::Timestamp;

/// The port that requests go to.
pub(super) const SERVER_PORT: u16 = 69;

/// Clients (address and port) that are remembered.
const MAX_CLIENTS: usize = 4096;

/// Transfers of one client port that are remembered; the oldest is forgotten
/// first, as the port is used again.
const MAX_TRANSFERS_PER_CLIENT: usize = 16;

/// Server ports that are remembered of one transfer. A request that was sent
/// twice may be answered from two.
const MAX_SERVER_PORTS: usize = 4;

/// A client that was silent for longer is forgotten without loss, in nanoseconds.
const MAX_IDLE_NANOS: i64 = 300_000_000_000;

/// How long two unanswered requests of one port count as made at once, in
/// nanoseconds. A client that has waited longer has given the older one up.
const AT_ONCE_NANOS: i64 = 500_000_000;

/// An address and a UDP port.
pub(super) type Socket = (IpAddr, u16);

/// Where a datagram belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Belongs<'a> {
    /// The transfer's file.
    pub(super) file: &'a WireText,
    /// Whether the transfer's client sent it.
    pub(super) from_client: bool,
}

/// The transfers whose datagrams are expected.
#[derive(Debug, Default)]
pub(super) struct Expectations {
    clients: HashMap<Socket, Client>,
    /// The clients, by their first request.
    order: VecDeque<Socket>,
    evicted: u64,
}

#[derive(Debug)]
struct Client {
    /// Its transfers, oldest first.
    transfers: VecDeque<Transfer>,
    /// When one of them last went on.
    last: Timestamp,
}

#[derive(Debug)]
struct Transfer {
    file: WireText,
    /// Whom the client asked.
    server: Socket,
    asked: Timestamp,
    /// Where the server's side of the transfer sends from, in the order in which
    /// they were seen. Empty until it answers.
    server_sockets: Vec<Socket>,
}

impl Expectations {
    /// `client` asks `server` for a file, or offers it one.
    pub(super) fn request(
        &mut self,
        client: Socket,
        server: Socket,
        file: &WireText,
        now: Timestamp,
    ) {
        let entry = self.clients.entry(client).or_insert_with(|| {
            self.order.push_back(client);
            Client {
                transfers: VecDeque::new(),
                last: now,
            }
        });
        entry.last = now;
        entry.request(server, file, now);
        if self.clients.len() > MAX_CLIENTS
            && let Some(oldest) = self.order.pop_front()
            && let Some(oldest) = self.clients.remove(&oldest)
            && now.nanos_since(oldest.last) <= MAX_IDLE_NANOS
        {
            self.evicted += 1;
        }
    }

    /// Whether a datagram between these two could belong to a transfer.
    pub(super) fn may_belong(&self, source: Socket, destination: Socket) -> bool {
        self.clients.contains_key(&source) || self.clients.contains_key(&destination)
    }

    /// Finds the transfer of a datagram with a TFTP opcode, and learns the server's
    /// port from it. `looks_right` when the whole of it looks like TFTP: that much
    /// is asked of a stranger.
    pub(super) fn find(
        &mut self,
        source: Socket,
        destination: Socket,
        looks_right: bool,
        now: Timestamp,
    ) -> Option<Belongs<'_>> {
        let (from_client, index) = [false, true].into_iter().find_map(|from_client| {
            let (client, peer) = ends(source, destination, from_client);
            let may_be_strange = looks_right && !from_client;
            let index = self.clients.get(&client)?.position(peer, may_be_strange)?;
            Some((from_client, index))
        })?;
        let (client, peer) = ends(source, destination, from_client);
        let client = self.clients.get_mut(&client)?;
        client.last = now;
        let transfer = client.transfers.get_mut(index)?;
        transfer.learn(peer);
        Some(Belongs {
            file: &transfer.file,
            from_client,
        })
    }

    /// What had to be given up.
    pub(super) fn limit(&self) -> LimitReached {
        LimitReached {
            limit: "tftp-flows",
            max: MAX_CLIENTS as u64,
            evicted: self.evicted,
        }
    }
}

impl Client {
    fn request(&mut self, server: Socket, file: &WireText, now: Timestamp) {
        if let Some(last) = self.transfers.back_mut()
            && last.file == *file
            && last.server == server
            && last.server_sockets.is_empty()
        {
            last.asked = now;
            return;
        }
        self.transfers.retain(|older| {
            !older.server_sockets.is_empty() || now.nanos_since(older.asked) <= AT_ONCE_NANOS
        });
        if self.transfers.len() >= MAX_TRANSFERS_PER_CLIENT {
            self.transfers.pop_front();
        }
        self.transfers.push_back(Transfer {
            file: file.clone(),
            server,
            asked: now,
            server_sockets: Vec::new(),
        });
    }

    /// Which transfer a datagram from or to the server's side belongs to.
    ///
    /// A server that answers from the port it is asked at does so in all its
    /// transfers: the latest counts. Any other port is one transfer's own. Where it
    /// is new, the transfer that waits longest for its first answer from that server
    /// gets it, else from anyone (a server with two addresses); else the latest with
    /// that server, whose request was then answered twice.
    fn position(&self, peer: Socket, may_be_strange: bool) -> Option<usize> {
        let asked_there = |transfer: &Transfer| transfer.server.0 == peer.0;
        let waits = |transfer: &Transfer| transfer.server_sockets.is_empty();
        let transfers = &self.transfers;
        let asked_this = transfers.iter().rposition(|t| t.server == peer);
        asked_this
            .or_else(|| {
                transfers
                    .iter()
                    .rposition(|t| t.server_sockets.contains(&peer))
            })
            .or_else(|| transfers.iter().position(|t| waits(t) && asked_there(t)))
            .or_else(|| transfers.iter().position(|t| waits(t) && may_be_strange))
            .or_else(|| transfers.iter().rposition(asked_there))
    }
}

impl Transfer {
    fn learn(&mut self, peer: Socket) {
        if !self.server_sockets.contains(&peer) && self.server_sockets.len() < MAX_SERVER_PORTS {
            self.server_sockets.push(peer);
        }
    }
}

/// Client and server's side of a datagram.
fn ends(source: Socket, destination: Socket, from_client: bool) -> (Socket, Socket) {
    if from_client {
        (source, destination)
    } else {
        (destination, source)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dissect::testing::{OTHER_SERVER, PHONE, SERVER, millis};

    fn phone(port: u16) -> Socket {
        (PHONE.into(), port)
    }

    fn server(port: u16) -> Socket {
        (SERVER.into(), port)
    }

    fn other_server(port: u16) -> Socket {
        (OTHER_SERVER.into(), port)
    }

    /// The transfers of the phone's port 1024, every step a millisecond.
    #[derive(Default)]
    struct Told {
        expectations: Expectations,
        now: u64,
    }

    impl Told {
        fn wait(&mut self, n_millis: u64) {
            self.now += n_millis;
        }

        fn asks(&mut self, whom: Socket, file: &str) {
            self.now += 1;
            let now = millis(self.now);
            self.expectations
                .request(phone(1024), whom, &file.into(), now);
        }

        /// Which file the datagram is of, and `>` when the client sent it.
        fn finds(&mut self, source: Socket, destination: Socket) -> String {
            self.now += 1;
            self.expectations
                .find(source, destination, true, millis(self.now))
                .map_or_else(String::new, |found| {
                    let mark = if found.from_client { ">" } else { "" };
                    format!("{mark}{}", found.file)
                })
        }

        fn from(&mut self, peer: Socket) -> String {
            self.finds(peer, phone(1024))
        }

        fn to(&mut self, peer: Socket) -> String {
            self.finds(phone(1024), peer)
        }
    }

    #[test]
    fn follows_a_transfer_to_the_port_that_the_server_picks() {
        let mut told = Told::default();
        told.asks(server(69), "a");
        assert_eq!(told.from(server(5001)), "a");
        assert_eq!(told.to(server(5001)), ">a");
        assert_eq!(told.from(server(5001)), "a");
        assert_eq!(told.finds(phone(1025), server(5001)), "");
        assert_eq!(told.finds(server(5001), phone(1025)), "");
        assert_eq!(told.from(other_server(5001)), "");
    }

    #[test]
    fn follows_one_transfer_after_another_from_one_port() {
        let mut told = Told::default();
        told.asks(server(69), "a");
        assert_eq!(told.from(server(5001)), "a");
        told.asks(server(69), "b");
        // A late packet of the first does not become the second's.
        assert_eq!(told.from(server(5001)), "a");
        assert_eq!(told.from(server(5002)), "b");
        assert_eq!(told.to(server(5001)), ">a");
        assert_eq!(told.to(server(5002)), ">b");
    }

    #[test]
    fn follows_transfers_at_once_from_one_port() {
        let mut told = Told::default();
        told.asks(server(69), "a");
        told.asks(server(69), "b");
        told.asks(other_server(69), "c");
        assert_eq!(told.from(other_server(7000)), "c");
        assert_eq!(told.from(server(5001)), "a");
        assert_eq!(told.from(server(5002)), "b");
        for (port, file) in [(5002, "b"), (5001, "a"), (5002, "b")] {
            assert_eq!(told.from(server(port)), file);
            assert_eq!(told.to(server(port)), format!(">{file}"));
        }
    }

    #[test]
    fn gives_up_a_request_that_was_not_answered_when_the_next_comes() {
        let mut told = Told::default();
        told.asks(server(69), "a");
        told.wait(1000);
        told.asks(server(69), "b");
        assert_eq!(told.from(server(5001)), "b");
    }

    #[test]
    fn takes_a_repeated_request_for_the_same_transfer() {
        let mut told = Told::default();
        told.asks(server(69), "a");
        told.wait(1000);
        told.asks(server(69), "a");
        // Answered twice.
        assert_eq!(told.from(server(5001)), "a");
        assert_eq!(told.from(server(5002)), "a");
        // Asked once more after it was served, it is another transfer.
        told.asks(server(69), "a");
        told.asks(server(69), "b");
        assert_eq!(told.from(server(5003)), "a");
        assert_eq!(told.from(server(5004)), "b");
        assert_eq!(told.from(server(5005)), "b");
    }

    #[test]
    fn takes_the_latest_from_a_server_that_stays_on_its_port() {
        let mut told = Told::default();
        told.asks(server(69), "a");
        assert_eq!(told.from(server(69)), "a");
        assert_eq!(told.to(server(69)), ">a");
        told.asks(server(69), "b");
        assert_eq!(told.from(server(69)), "b");
        assert_eq!(told.to(server(69)), ">b");
    }

    #[test]
    fn accepts_an_answer_from_another_address() {
        let mut told = Told::default();
        told.asks(server(69), "a");
        // The client speaks to nobody else, though.
        assert_eq!(told.to(other_server(5001)), "");
        assert_eq!(told.from(other_server(5001)), "a");
        assert_eq!(told.to(other_server(5001)), ">a");
    }

    #[test]
    fn learns_the_port_from_the_client_when_the_server_is_not_heard() {
        let mut told = Told::default();
        told.asks(server(69), "a");
        assert_eq!(told.to(server(5001)), ">a");
        told.asks(server(69), "b");
        assert_eq!(told.to(server(5002)), ">b");
        assert_eq!(told.to(server(5001)), ">a");
    }

    #[test]
    fn forgets_the_oldest_transfers_of_a_port() {
        let mut told = Told::default();
        for n in 0..17_u16 {
            told.asks(server(69), &format!("f{n}"));
            assert_eq!(told.from(server(5000 + n)), format!("f{n}"));
        }
        assert_eq!(told.from(server(5016)), "f16");
        assert_eq!(told.from(server(5001)), "f1");
        // Not known any more: the latest with this server gets it.
        assert_eq!(told.from(server(5000)), "f16");
    }

    #[test]
    fn forgets_the_oldest_client_and_counts_it_unless_it_was_long_silent() {
        let file = "a".into();
        let mut expectations = Expectations::default();
        for port in 0..5000 {
            expectations.request(phone(port), server(69), &file, millis(0));
        }
        assert_eq!(expectations.limit().evicted, 5000 - 4096);
        assert_eq!(expectations.clients.len(), 4096);
        assert!(!expectations.may_belong(phone(903), server(1)));
        assert!(expectations.may_belong(server(1), phone(904)));
        for port in 10_000..10_100 {
            expectations.request(phone(port), server(69), &file, millis(300_001));
        }
        assert_eq!(expectations.limit().evicted, 5000 - 4096);
    }
}
