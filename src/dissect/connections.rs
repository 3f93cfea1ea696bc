//! All TCP connections at a time, within limits.
//!
//! A connection of which neither direction says anything that is understood
//! shrinks to a marker, and its segments are dismissed after one look into the
//! table.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;

use super::connection::{Connection, Marker};
use super::ftp;
use super::segment::{FlowKey, Segment};
use super::stream::Budget;
use super::{Emit, LimitReached, Origin};

/// Connections that are listened to at a time.
const MAX_CONNECTIONS: usize = 4096;

/// Connections that are given up at a time when the table is full: looking for
/// the oldest takes time, and is done for many at once.
const EVICTED_AT_ONCE: usize = MAX_CONNECTIONS / 4;

/// Connections that are remembered as foreign or over. Forgetting one costs no
/// more than a second look at it.
const MAX_MARKERS: usize = 65_536;

/// All connections.
#[derive(Debug, Default)]
pub(super) struct Connections {
    flows: HashMap<FlowKey, Flow>,
    n_live: usize,
    /// Flows in the order in which they became markers. A flow stands here more
    /// than once when its ports are used again and again.
    markers: VecDeque<FlowKey>,
    /// Segments of live connections so far: what is oldest is told by it.
    n_segments: u64,
    budget: Budget,
    evicted: u64,
    /// Data connections of FTP that are to come.
    ftp: ftp::Expectations,
}

#[derive(Debug)]
enum Flow {
    Live(Box<Connection>),
    Marker(Marker),
}

impl Connections {
    /// Whether segments without SYN, FIN and RST of this connection say nothing.
    pub(super) fn is_foreign(&self, key: &FlowKey) -> bool {
        matches!(self.flows.get(key), Some(Flow::Marker(_)))
    }

    /// Takes in a segment.
    pub(super) fn segment(
        &mut self,
        source: IpAddr,
        destination: IpAddr,
        segment: &Segment<'_>,
        origin: &Origin,
        emit: Emit<'_>,
    ) {
        let (key, side) = segment.flow(source, destination);
        match self.flows.get_mut(&key) {
            Some(Flow::Marker(marker)) if !segment.syn => {
                marker.segment(side, segment, origin, emit);
                return;
            }
            Some(Flow::Live(_)) => {}
            Some(Flow::Marker(_)) | None => {
                if segment.is_bare_acknowledgement() {
                    return;
                }
                self.make_room(emit);
                let [source_port, destination_port] = segment.ports;
                let data = self
                    .ftp
                    .find((source, source_port), (destination, destination_port));
                let connection = Box::new(Connection::new(segment.ports, data));
                self.flows.insert(key, Flow::Live(connection));
                self.n_live += 1;
            }
        }
        self.n_segments += 1;
        let Some(flow) = self.flows.get_mut(&key) else {
            return;
        };
        if let Flow::Live(connection) = flow {
            connection.last_segment = self.n_segments;
            connection.segment(side, segment, &mut self.budget, origin, emit);
            let [source_port, destination_port] = segment.ports;
            let ends = [(source, source_port), (destination, destination_port)];
            connection.take_ftp(side, ends, &mut self.ftp);
            if let Some(marker) = connection.spent(segment.rst) {
                connection.discard(&mut self.budget);
                *flow = Flow::Marker(marker);
                self.n_live = self.n_live.saturating_sub(1);
                self.remember(key);
            }
        }
    }

    /// The capture is over: gives out what the connections still hold, in the
    /// order of their last segments.
    pub(super) fn finish(&mut self, emit: Emit<'_>) {
        self.evict(usize::MAX, emit);
    }

    /// What had to be given up.
    pub(super) fn limits(&self) -> [LimitReached; 3] {
        [
            LimitReached {
                limit: "tcp-streams",
                max: MAX_CONNECTIONS as u64,
                evicted: self.evicted,
            },
            LimitReached {
                limit: "tcp-buffers",
                max: Budget::max_bytes(),
                evicted: self.budget.given_up(),
            },
            self.ftp.limit(),
        ]
    }

    fn make_room(&mut self, emit: Emit<'_>) {
        if self.n_live >= MAX_CONNECTIONS {
            self.evicted += self.evict(EVICTED_AT_ONCE, emit);
        }
    }

    /// Gives up the connections that were silent for longest; says how many.
    fn evict(&mut self, at_most: usize, emit: Emit<'_>) -> u64 {
        let mut oldest: Vec<(u64, FlowKey)> = self
            .flows
            .iter()
            .filter_map(|(key, flow)| match flow {
                Flow::Live(connection) => Some((connection.last_segment, *key)),
                Flow::Marker(_) => None,
            })
            .collect();
        if let Some(last) = at_most.checked_sub(1)
            && last < oldest.len()
        {
            oldest.select_nth_unstable(last);
            oldest.truncate(at_most);
        }
        oldest.sort_unstable();
        for (_, key) in &oldest {
            if let Some(Flow::Live(mut connection)) = self.flows.remove(key) {
                connection.finish(&mut self.budget, emit);
            }
        }
        self.n_live = self.n_live.saturating_sub(oldest.len());
        oldest.len() as u64
    }

    fn remember(&mut self, key: FlowKey) {
        self.markers.push_back(key);
        if self.markers.len() > MAX_MARKERS
            && let Some(oldest) = self.markers.pop_front()
            && self.is_foreign(&oldest)
        {
            self.flows.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use phoneboot_parsers::Input;

    use super::*;
    use crate::dissect::segment::mapped;
    use crate::dissect::testing::{
        ACK, End, FIN, PHONE, RST, SERVER, SYN, all_lines, lines, segment,
    };
    use crate::dissect::{Dissector, testing};

    const CLIENT: End = (PHONE, 40_000);
    const WEB: End = (SERVER, 80);

    fn up(flags: u8, numbers: [u32; 2], payload: &[u8]) -> Vec<u8> {
        segment(CLIENT, WEB, flags, numbers, payload)
    }

    fn down(flags: u8, numbers: [u32; 2], payload: &[u8]) -> Vec<u8> {
        segment(WEB, CLIENT, flags, numbers, payload)
    }

    fn handshake() -> Vec<Vec<u8>> {
        vec![
            up(SYN, [100, 0], b""),
            down(SYN | ACK, [500, 101], b""),
            up(ACK, [101, 501], b""),
        ]
    }

    const HANDSHAKE: [&str; 2] = ["1 phone Open { again: false }", "2 server Accept"];

    fn expect(frames: &[Vec<u8>], expected: &[&str]) {
        assert_eq!(all_lines(frames), expected);
    }

    #[test]
    fn tells_of_opening_accepting_and_closing_once_each() {
        let mut frames = handshake();
        frames.extend([
            down(SYN | ACK, [500, 101], b""),
            up(ACK | FIN, [101, 501], b""),
            up(ACK | FIN, [101, 501], b""),
            down(ACK | FIN, [501, 102], b""),
            up(ACK, [102, 502], b""),
            down(ACK | FIN, [501, 102], b""),
            up(RST, [102, 0], b""),
        ]);
        let [open, accept] = HANDSHAKE;
        expect(
            &frames,
            &[open, accept, "5 phone Finish", "7 server Finish"],
        );
    }

    #[test]
    fn tells_of_attempts_that_repeat_themselves() {
        let frames = [
            up(SYN, [100, 0], b""),
            up(SYN, [100, 0], b""),
            up(SYN, [900, 0], b""),
            down(SYN | ACK, [500, 901], b""),
            up(SYN, [900, 0], b""),
        ];
        expect(
            &frames,
            &[
                "1 phone Open { again: false }",
                "2 phone Open { again: true }",
                "3 phone Open { again: true }",
                "4 server Accept",
                "5 phone Open { again: true }",
            ],
        );
    }

    #[test]
    fn tells_a_refusal_from_a_reset() {
        let frames = [
            up(SYN, [100, 0], b""),
            down(RST | ACK, [0, 101], b""),
            down(RST | ACK, [0, 101], b""),
            up(SYN, [100, 0], b""),
            down(RST | ACK, [0, 101], b""),
            up(SYN, [300, 0], b""),
            up(RST, [301, 0], b""),
        ];
        expect(
            &frames,
            &[
                "1 phone Open { again: false }",
                "2 server Refuse",
                "4 phone Open { again: true }",
                "5 server Refuse",
                "6 phone Open { again: false }",
                "7 phone Reset",
            ],
        );
        let mut frames = handshake();
        frames.extend([down(RST, [501, 0], b""), up(RST, [101, 0], b"")]);
        let [open, accept] = HANDSHAKE;
        expect(&frames, &[open, accept, "4 server Reset"]);
        expect(&[down(RST, [501, 0], b"")], &["1 server Reset"]);
    }

    #[test]
    fn takes_the_same_ports_for_another_connection() {
        let mut frames = handshake();
        frames.extend([up(RST, [101, 0], b""), up(SYN, [7000, 0], b"")]);
        let [open, accept] = HANDSHAKE;
        let reset = "4 phone Reset";
        expect(
            &frames,
            &[open, accept, reset, "5 phone Open { again: false }"],
        );
        // Without seeing the end of the first, or the second's SYN.
        let mut frames = handshake();
        frames.extend([
            up(ACK, [101, 501], b"\x16\x03\x01......"),
            up(SYN, [7000, 0], b""),
            down(SYN | ACK, [9000, 7001], b""),
            up(ACK, [7001, 9001], b"\x16\x03\x01......"),
            down(SYN | ACK, [30_000, 8001], b""),
        ]);
        expect(
            &frames,
            &[
                open,
                accept,
                "5 phone Open { again: false }",
                "6 server Accept",
                "8 server Accept",
            ],
        );
    }

    #[test]
    fn accepts_a_syn_that_was_captured_behind_its_answer() {
        let frames = [
            down(SYN | ACK, [500, 101], b""),
            up(SYN, [100, 0], b""),
            up(RST, [101, 0], b""),
        ];
        expect(
            &frames,
            &[
                "1 server Accept",
                "2 phone Open { again: false }",
                "3 phone Reset",
            ],
        );
    }

    #[test]
    fn forgets_what_nobody_understands() {
        let mut dissector = Dissector::new();
        let mut frames = handshake();
        frames.extend([
            up(ACK, [101, 501], b"\x16\x03\x01......"),
            down(ACK, [501, 110], b"\x16\x03\x03......"),
            up(ACK, [110, 510], b"GET / HTTP/1.1\r\n\r\n"),
            up(ACK | FIN, [128, 510], b""),
            up(ACK | FIN, [128, 510], b""),
            down(RST, [510, 0], b""),
            up(RST, [128, 0], b""),
        ]);
        let [open, accept] = HANDSHAKE;
        let given = lines(&mut dissector, &frames);
        assert_eq!(given, [open, accept, "7 phone Finish", "9 server Reset"]);
    }

    #[test]
    fn says_nothing_of_bare_acknowledgements() {
        expect(&[up(ACK, [101, 501], b""), down(ACK, [501, 101], b"")], &[]);
        expect(&[up(FIN | ACK, [101, 501], b"")], &["1 phone Finish"]);
    }

    #[test]
    fn gives_up_the_connections_that_were_silent_for_longest() {
        let mut connections = Connections::default();
        let mut n_lost = 0;
        let mut send = |connections: &mut Connections, port: u16| {
            let bytes = testing::tcp(port, 80, SYN, [1, 0], b"");
            let segment = Segment::parse(Input::whole(&bytes)).unwrap();
            connections.segment(
                PHONE.into(),
                SERVER.into(),
                &segment,
                &testing::origin(),
                &mut |_| n_lost += 1,
            );
        };
        for port in 0..4096 {
            send(&mut connections, port);
        }
        assert_eq!(connections.limits()[0].evicted, 0);
        send(&mut connections, 0);
        send(&mut connections, 5000);
        assert_eq!(connections.limits()[0].evicted, 1024);
        assert_eq!(connections.n_live, 4096 - 1024 + 1);
        let key = |port| FlowKey::new((mapped(PHONE.into()), port), (mapped(SERVER.into()), 80)).0;
        assert!(connections.flows.contains_key(&key(0)));
        assert!(!connections.flows.contains_key(&key(1)));
        assert!(!connections.flows.contains_key(&key(1024)));
        assert!(connections.flows.contains_key(&key(1025)));
    }

    #[test]
    fn remembers_a_limited_number_of_foreign_connections() {
        let mut connections = Connections::default();
        for n in 0..70_000_u32 {
            let [a, b, c, d] = n.to_be_bytes();
            let bytes = testing::tcp(1, 80, RST, [1, 0], b"");
            let segment = Segment::parse(Input::whole(&bytes)).unwrap();
            let source = IpAddr::from([10, b, c, d.wrapping_add(a)]);
            let origin = testing::origin();
            connections.segment(source, SERVER.into(), &segment, &origin, &mut |_| {});
        }
        assert_eq!(connections.flows.len(), MAX_MARKERS);
        assert_eq!(connections.markers.len(), MAX_MARKERS);
        assert_eq!((connections.n_live, connections.evicted), (0, 0));
    }
}
