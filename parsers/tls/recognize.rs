//! What TLS looks like from its first bytes.

use super::{ALERT, CHANGE_CIPHER_SPEC, HANDSHAKE};

/// Bytes of a record's header.
pub(super) const RECORD_HEADER_BYTES: usize = 5;

/// The longest fragment of a record (RFC 5246 §6.2.3: 2^14 and 2048 for the cipher).
const MAX_FRAGMENT_BYTES: usize = (1 << 14) + 2048;

/// The record type that comes last (RFC 6520 §3).
const HEARTBEAT: u8 = 24;

/// Whether a direction of a connection that begins with these bytes is TLS. `None` when
/// more of them are needed.
pub fn speaks_tls(start: &[u8]) -> Option<bool> {
    match *start.first()? {
        HANDSHAKE => {
            let &[_, major, minor, high, _, kind] = start.first_chunk()?;
            Some(is_version(major, minor) && high <= 0x48 && matches!(kind, 1 | 2))
        }
        ALERT => {
            let &[_, major, minor, 0, 2, level] = start.first_chunk()? else {
                return Some(false);
            };
            Some(is_version(major, minor) && matches!(level, 1 | 2))
        }
        first if first & 0x80 != 0 => {
            let &[_, low, kind, major, minor, ..] = start.first_chunk::<5>()?;
            Some(is_ssl2_hello(first, low, kind, major, minor))
        }
        _ => Some(false),
    }
}

fn is_version(major: u8, minor: u8) -> bool {
    major == 3 && minor <= 4
}

/// A client hello in SSL 2.0's form: bit 15 of the length set, type 1, a version that
/// exists, and room for its fixed fields.
pub(super) fn is_ssl2_hello(high: u8, low: u8, kind: u8, major: u8, minor: u8) -> bool {
    let length = u16::from_be_bytes([high & 0x7f, low]);
    kind == 1
        && (is_version(major, minor) || (major, minor) == (0, 2))
        && (9..=1024).contains(&length)
}

/// Whether a record's header stands here.
pub(super) fn is_record(
    [content_type, major, minor, high, low]: [u8; RECORD_HEADER_BYTES],
) -> bool {
    let length = usize::from(u16::from_be_bytes([high, low]));
    (CHANGE_CIPHER_SPEC..=HEARTBEAT).contains(&content_type)
        && is_version(major, minor)
        && length <= MAX_FRAGMENT_BYTES
}
