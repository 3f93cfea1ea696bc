//! A TCP segment's header, and which connection it belongs to.

use std::net::{IpAddr, Ipv6Addr};

use phoneboot_parsers::Input;

/// A connection's two ends, in an order that does not depend on who sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct FlowKey {
    low: (u128, u16),
    high: (u128, u16),
}

/// Which end of a connection sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Low,
    High,
}

/// A TCP segment.
#[derive(Debug, Clone, Copy)]
pub(super) struct Segment<'a> {
    pub(super) sequence: u32,
    /// `None` without ACK.
    pub(super) acknowledged: Option<u32>,
    pub(super) syn: bool,
    pub(super) fin: bool,
    pub(super) rst: bool,
    pub(super) payload: Input<'a>,
    /// Source and destination port.
    pub(super) ports: [u16; 2],
}

impl FlowKey {
    /// The key of the connection between two ends, and which of them sends.
    pub(super) fn new(source: (Ipv6Addr, u16), destination: (Ipv6Addr, u16)) -> (Self, Side) {
        let source = (source.0.to_bits(), source.1);
        let destination = (destination.0.to_bits(), destination.1);
        if source <= destination {
            let key = Self {
                low: source,
                high: destination,
            };
            (key, Side::Low)
        } else {
            let key = Self {
                low: destination,
                high: source,
            };
            (key, Side::High)
        }
    }
}

impl Side {
    /// The end that receives what this one sends.
    pub(super) fn other(self) -> Self {
        match self {
            Self::Low => Self::High,
            Self::High => Self::Low,
        }
    }
}

impl<'a> Segment<'a> {
    /// Reads a TCP header (RFC 9293 §3.1). `None` when its fixed part is not there
    /// or its length is impossible.
    ///
    /// It is read here and not by etherparse because a small snap length cuts
    /// options off, and what comes before them is still worth having.
    pub(super) fn parse(input: Input<'a>) -> Option<Self> {
        const FIXED_LENGTH: usize = 20;

        let &[
            s0,
            s1,
            d0,
            d1,
            q0,
            q1,
            q2,
            q3,
            a0,
            a1,
            a2,
            a3,
            offset,
            flags,
            ..,
        ] = input.bytes.first_chunk::<FIXED_LENGTH>()?;
        let header_length = usize::from(offset >> 4) * 4;
        if header_length < FIXED_LENGTH {
            return None;
        }
        let options_missing = header_length.saturating_sub(input.bytes.len());
        let payload = Input::cut(
            input.bytes.get(header_length..).unwrap_or_default(),
            input.missing.saturating_sub(options_missing),
        );
        let acknowledged = u32::from_be_bytes([a0, a1, a2, a3]);
        Some(Self {
            sequence: u32::from_be_bytes([q0, q1, q2, q3]),
            acknowledged: (flags & 0x10 != 0).then_some(acknowledged),
            syn: flags & 0x02 != 0,
            fin: flags & 0x01 != 0,
            rst: flags & 0x04 != 0,
            payload,
            ports: [u16::from_be_bytes([s0, s1]), u16::from_be_bytes([d0, d1])],
        })
    }

    /// The key of its connection, and which side sent it.
    pub(super) fn flow(&self, source: IpAddr, destination: IpAddr) -> (FlowKey, Side) {
        let [source_port, destination_port] = self.ports;
        FlowKey::new(
            (mapped(source), source_port),
            (mapped(destination), destination_port),
        )
    }

    /// Bytes that it has on the wire, as far as one can tell.
    pub(super) fn length(&self) -> usize {
        self.payload
            .bytes
            .len()
            .saturating_add(self.payload.missing)
    }

    /// The sequence number of its first payload byte.
    pub(super) fn payload_sequence(&self) -> u32 {
        self.sequence.wrapping_add(u32::from(self.syn))
    }

    /// The sequence number behind its payload.
    pub(super) fn end_sequence(&self) -> u32 {
        let length = u32::try_from(self.length()).unwrap_or_default();
        self.payload_sequence().wrapping_add(length)
    }

    /// Whether it says nothing but what has arrived.
    pub(super) fn is_bare_acknowledgement(&self) -> bool {
        !self.syn && !self.fin && !self.rst && self.length() == 0
    }
}

/// Both kinds of addresses as one.
pub(super) fn mapped(address: IpAddr) -> Ipv6Addr {
    match address {
        IpAddr::V4(v4) => v4.to_ipv6_mapped(),
        IpAddr::V6(v6) => v6,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dissect::testing::{SYN, tcp};

    #[test]
    fn reads_headers_as_far_as_they_were_captured() {
        let mut bytes = tcp(1, 2, SYN, [7, 0], &[0; 20]);
        bytes[12] = 0xa0;
        let cut = Input::cut(&bytes[..30], 10);
        let segment = Segment::parse(cut).unwrap();
        assert!(segment.syn);
        assert_eq!(segment.payload, Input::whole(&[]));
        let segment = Segment::parse(Input::cut(&bytes[..30], 15)).unwrap();
        assert_eq!(segment.payload, Input::cut(&[], 5));
        assert_eq!(segment.end_sequence(), 13);
        assert!(Segment::parse(Input::whole(&bytes[..19])).is_none());
        bytes[12] = 0x40;
        assert!(Segment::parse(Input::whole(&bytes)).is_none());
    }
}
