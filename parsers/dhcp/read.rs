//! From an option's bytes to its [`Value`], by the shape that its row gives.
//!
//! Values of the wrong length are kept as far as they make sense, else as bytes.
//! Lists of names are in `names`, those of vendors and relay agents in `vendor`.

use std::net::Ipv4Addr;

use crate::WireText;
use crate::dhcp::options::{OptionRow, Route, Shape, Value};
use crate::dhcp::{MessageType, names, show, vendor};
use crate::notes::Notes;

/// Reads a value by its row and notes what is wrong with it.
pub(super) fn by_row(row: &OptionRow, bytes: &[u8], notes: &mut Notes) -> Value {
    if matches!(row.shape, Shape::Address | Shape::Addresses)
        && let Some(text) = text_for_addresses(bytes)
    {
        notes.malformed(
            0..bytes.len(),
            format!("holds the text \"{text}\" where 4-byte addresses belong"),
        );
        return Value::Text(text);
    }
    let value = match row.shape {
        _ if bytes.is_empty() => Value::Bytes(Vec::new()),
        Shape::Text => text(bytes, notes),
        Shape::Address | Shape::Addresses => addresses(bytes),
        Shape::Number8 => number(bytes, 1),
        Shape::Number16 => number(bytes, 2),
        Shape::Number32 => number(bytes, 4),
        Shape::Signed32 => signed(bytes),
        Shape::Numbers16 => numbers(bytes),
        Shape::Choice(allowed) => choice(bytes, allowed, notes),
        Shape::AddressPairs if bytes.len() >= 8 => {
            Value::AddressPairs(address_pairs(bytes).collect())
        }
        Shape::StaticRoutes if bytes.len() >= 8 => static_routes(bytes),
        Shape::ClasslessRoutes => classless_routes(bytes, notes),
        Shape::Codes => Value::Codes(bytes.to_vec()),
        Shape::MessageType => message_type(bytes),
        Shape::VendorSpecific => vendor::specific(bytes, notes),
        Shape::VendorClass => vendor::class(bytes, notes),
        Shape::ClientIdentifier => client_identifier(bytes),
        Shape::UserClasses => vendor::user_classes(bytes, notes),
        Shape::ClientName => names::client_name(bytes, notes),
        Shape::RelayAgent => vendor::relay_agent(bytes, notes),
        Shape::DomainNames => names::domain_names(bytes, notes),
        Shape::SipServers => names::sip_servers(bytes, notes),
        Shape::VendorClasses => vendor::enterprises(bytes, vendor::Payload::Opaque, notes),
        Shape::VendorOptions => vendor::enterprises(bytes, vendor::Payload::SubOptions, notes),
        Shape::TextOrAddress => text_or_address(bytes, notes),
        Shape::TextOrNumber => text_or_number(bytes, notes),
        Shape::Bytes | Shape::AddressPairs | Shape::StaticRoutes => Value::Bytes(bytes.to_vec()),
    };
    // A wrong length is told once: by the reader where it knows more.
    if notes.issues.is_empty()
        && let Some(detail) = row.length.fault(bytes.len())
    {
        notes.malformed(0..bytes.len(), detail);
    }
    value
}

/// Whether the bytes are ASCII text without control characters, NULs at the end
/// aside. Where bytes may be text or not, this decides.
pub(super) fn is_printable(bytes: &[u8]) -> bool {
    let text = WireText::without_trailing_nuls(bytes);
    !text.is_empty()
        && text
            .as_bytes()
            .iter()
            .all(|byte| matches!(byte, b' '..=b'~'))
}

/// Text when the bytes are printable, else bytes.
pub(super) fn text_or_bytes(bytes: &[u8]) -> Value {
    if is_printable(bytes) {
        Value::Text(WireText::without_trailing_nuls(bytes))
    } else {
        Value::Bytes(bytes.to_vec())
    }
}

/// Text; notes what receivers are known to trip over.
pub(super) fn text(bytes: &[u8], notes: &mut Notes) -> Value {
    let text = WireText::without_trailing_nuls(bytes);
    let kept = text.as_bytes();
    if let Some(position) = kept.iter().position(|&byte| byte == 0) {
        notes.unusual(position..kept.len(), "has a NUL within the text");
    }
    if kept.starts_with(b" ") || kept.ends_with(b" ") {
        notes.unusual(0..kept.len(), "begins or ends with a blank");
    }
    if kept.len() < bytes.len() {
        let count = bytes.len() - kept.len();
        let plural = if count == 1 { "" } else { "s" };
        notes.unusual(
            kept.len()..bytes.len(),
            format!("ends with {count} NUL{plural}"),
        );
    }
    Value::Text(text)
}

/// Every whole address; bytes when there is none.
pub(super) fn addresses(bytes: &[u8]) -> Value {
    let (whole, _rest) = bytes.as_chunks::<4>();
    if whole.is_empty() {
        return Value::Bytes(bytes.to_vec());
    }
    Value::Addresses(whole.iter().map(|four| Ipv4Addr::from(*four)).collect())
}

/// A name or dotted address that stands where binary addresses belong.
///
/// Four bytes are always an address. More are text only when every byte fits a
/// host name or a list of dotted addresses, which addresses hardly ever do.
fn text_for_addresses(bytes: &[u8]) -> Option<WireText> {
    let text = WireText::without_trailing_nuls(bytes);
    let fits = |byte: &u8| {
        byte.is_ascii_alphanumeric()
            || matches!(byte, b'.' | b'-' | b'_' | b',' | b' ' | b':' | b'/')
    };
    (text.as_bytes().len() > 4 && text.as_bytes().iter().all(fits)).then_some(text)
}

/// One number of `size` bytes; bytes when there are more or fewer.
fn number(bytes: &[u8], size: usize) -> Value {
    if bytes.len() != size {
        return Value::Bytes(bytes.to_vec());
    }
    Value::Number(
        bytes
            .iter()
            .fold(0, |number, &byte| number << 8 | u32::from(byte)),
    )
}

fn signed(bytes: &[u8]) -> Value {
    match <[u8; 4]>::try_from(bytes) {
        Ok(four) => Value::SignedNumber(i32::from_be_bytes(four)),
        Err(_) => Value::Bytes(bytes.to_vec()),
    }
}

fn numbers(bytes: &[u8]) -> Value {
    let (pairs, _rest) = bytes.as_chunks::<2>();
    if pairs.is_empty() {
        return Value::Bytes(bytes.to_vec());
    }
    Value::Numbers(pairs.iter().map(|two| u16::from_be_bytes(*two)).collect())
}

fn choice(bytes: &[u8], allowed: &[u8], notes: &mut Notes) -> Value {
    if let [found] = bytes
        && !allowed.contains(found)
    {
        let allowed: Vec<String> = allowed.iter().map(u8::to_string).collect();
        notes.malformed(
            0..1,
            format!("is {found}, must be one of {}", allowed.join(", ")),
        );
    }
    number(bytes, 1)
}

fn message_type(bytes: &[u8]) -> Value {
    match bytes {
        [code] => Value::MessageType(MessageType::from_code(*code)),
        _ => Value::Bytes(bytes.to_vec()),
    }
}

fn address_pairs(bytes: &[u8]) -> impl Iterator<Item = (Ipv4Addr, Ipv4Addr)> {
    let (addresses, _rest) = bytes.as_chunks::<4>();
    let (pairs, _rest) = addresses.as_chunks::<2>();
    pairs
        .iter()
        .map(|[first, second]| (Ipv4Addr::from(*first), Ipv4Addr::from(*second)))
}

fn static_routes(bytes: &[u8]) -> Value {
    let routes = address_pairs(bytes).map(|(destination, router)| Route {
        destination,
        prefix_length: None,
        router,
    });
    Value::Routes(routes.collect())
}

/// Classless routes (RFC 3442, "Classless Route Option Format").
///
/// ```text
///   1 byte      0 ..= 4 bytes       4 bytes
/// +---------+---------------------+----------+
/// |  width  | significant octets  |  router  |  …
/// +---------+---------------------+----------+
/// ```
fn classless_routes(bytes: &[u8], notes: &mut Notes) -> Value {
    let mut routes = Vec::new();
    let mut rest = bytes;
    while let Some((&width, behind_width)) = rest.split_first() {
        let start = bytes.len() - rest.len();
        if width > 32 {
            notes.malformed(
                start..start + 1,
                format!("has a mask of {width} bits, must be at most 32"),
            );
            break;
        }
        let significant = usize::from(width).div_ceil(8);
        let Some((octets, (via, next))) = behind_width
            .split_at_checked(significant)
            .and_then(|(octets, tail)| Some((octets, tail.split_first_chunk::<4>()?)))
        else {
            notes.malformed(
                start..bytes.len(),
                format!(
                    "has a route of {}, but only {} left",
                    show::n_bytes(1 + significant + 4),
                    show::n_bytes(rest.len())
                ),
            );
            break;
        };
        let mut destination = [0; 4];
        for (to, from) in destination.iter_mut().zip(octets) {
            *to = *from;
        }
        routes.push(Route {
            destination: destination.into(),
            prefix_length: Some(width),
            router: Ipv4Addr::from(*via),
        });
        rest = next;
    }
    if routes.is_empty() {
        return Value::Bytes(bytes.to_vec());
    }
    Value::Routes(routes)
}

/// A client identifier (RFC 2132 §9.14). Some clients send plain text without
/// the type byte.
fn client_identifier(bytes: &[u8]) -> Value {
    match bytes.split_first() {
        Some((&hardware_type, identifier)) if !is_printable(bytes) && !identifier.is_empty() => {
            Value::ClientIdentifier {
                hardware_type,
                identifier: identifier.to_vec(),
            }
        }
        _ => text_or_bytes(bytes),
    }
}

fn text_or_address(bytes: &[u8], notes: &mut Notes) -> Value {
    if is_printable(bytes) {
        return text(bytes, notes);
    }
    match bytes.len() {
        4 => addresses(bytes),
        _ => Value::Bytes(bytes.to_vec()),
    }
}

/// A single byte is text only when it is a digit: 46, the usual code point of
/// voice, would else be a full stop.
fn text_or_number(bytes: &[u8], notes: &mut Notes) -> Value {
    match bytes {
        [digit] if !digit.is_ascii_digit() => number(bytes, 1),
        _ if is_printable(bytes) => text(bytes, notes),
        [_, _] => number(bytes, 2),
        [_, _, _, _] => number(bytes, 4),
        _ => Value::Bytes(bytes.to_vec()),
    }
}
