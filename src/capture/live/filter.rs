//! The capture filter that is used when the user gives none.
//!
//! It names what is of no use rather than what is: whoever lists ports loses tagged
//! frames, fragments, and the TFTP answers that come from ports that nobody knows. What
//! it throws away is bulk that no phone boots with, and only where the whole of it is plain
//! to see: RTP and QUIC in unfragmented IPv4, and what is encrypted by ESP. Tagged frames
//! pass, be it with the tag in the frame (nothing here matches) or beside it, as Linux
//! hands it out (then the frame is judged as if it had none).

/// The filter, in tcpdump's words. It stands for every link type that knows IPv4.
///
/// `ip[6:2] & 0x3fff` is zero where a datagram is no fragment; `udp[8]` is the first byte
/// of its payload. RTP begins with the bits `10` (RFC 3550 §5.1), and is spoken between
/// ports from 1024 on, none of them one of which messages are known: H.323 (1718, 1719),
/// MGCP (2427, 2727), PXE (4011), tunnels (4789, 6081, 8472, 37008, 5246, 5247), SIP
/// (5060), multicast DNS and LLMNR (5353, 5355). QUIC has the second bit set (RFC 9000 §17).
pub const DEFAULT: &str = "not (ip proto 50 or (udp and ip[6:2] & 0x3fff = 0 and (\
    (udp port 443 and udp[8] & 0x40 != 0) or \
    (udp[8] & 0xc0 = 0x80 and udp[0:2] >= 1024 and udp[2:2] >= 1024 and not udp port \
    (1718 or 1719 or 2427 or 2727 or 4011 or 4789 or 5060 or 5246 or 5247 or 5353 or 5355 \
    or 6081 or 8472 or 37008)))))";
