//! From an option's bytes to its [`Value`], by the shape that its row gives.
//!
//! Values of the wrong length are kept as far as they make sense, else as bytes.

use std::net::Ipv6Addr;

use nom::Parser;
use nom::number::complete::{be_u8, be_u16, be_u32};

use crate::dhcp::options::Length;
use crate::dhcpv6::duid::Duid;
use crate::dhcpv6::options::{
    self, Association, LeasedAddress, LeasedPrefix, Shape, Status, SubOption, TimeServer, Value,
    VendorOptions,
};
use crate::dhcpv6::{MessageType, address, names, tlv};
use crate::notes::Notes;
use crate::{Issue, IssueKind, WireText};

/// How deep options are opened: an association, its address, the status in that, and
/// one more for leasequeries. Deeper ones are kept as bytes.
const MAX_DEPTH: usize = 4;

/// Reads the value of an option that lies `depth` options deep.
pub(super) fn option(code: u16, bytes: &[u8], depth: usize) -> (Value, Vec<Issue>) {
    let mut notes = Notes::of_option(code);
    let value = match options::row(code) {
        Some(row) => by_shape(row.shape, row.length, bytes, depth, &mut notes),
        None => text_or_bytes(bytes),
    };
    (value, notes.issues)
}

fn by_shape(shape: Shape, length: Length, bytes: &[u8], depth: usize, notes: &mut Notes) -> Value {
    let value = if bytes.is_empty() || depth > MAX_DEPTH {
        None
    } else {
        shaped(shape, bytes, depth, notes)
    };
    // A wrong length is told once: by the reader where it knows more.
    if notes.issues.is_empty()
        && let Some(detail) = length.fault(bytes.len())
    {
        notes.malformed(0..bytes.len(), detail);
    }
    value.unwrap_or_else(|| Value::Bytes(bytes.to_vec()))
}

/// `None` when the bytes cannot have the shape.
fn shaped(shape: Shape, bytes: &[u8], depth: usize, notes: &mut Notes) -> Option<Value> {
    match shape {
        Shape::Bytes | Shape::Empty => None,
        Shape::Text => Some(text(bytes, notes)),
        Shape::TextOrBytes => Some(text_or_bytes(bytes)),
        Shape::Addresses => addresses(bytes),
        Shape::Number => number(bytes),
        Shape::Numbers => numbers(bytes).map(Value::Numbers),
        Shape::Codes => numbers(bytes).map(Value::Codes),
        Shape::Hundredths => {
            let bytes: [u8; 2] = bytes.try_into().ok()?;
            Some(Value::Hundredths(u16::from_be_bytes(bytes)))
        }
        Shape::Duid => {
            if let Some(fault) = Duid::fault(bytes) {
                notes.malformed(0..bytes.len(), fault);
            }
            Some(Value::Duid(Duid::of(bytes)))
        }
        Shape::Association => association(bytes, depth, notes),
        Shape::TemporaryAssociation => {
            let (rest, id) = parsed(be_u32, bytes)?;
            Some(Value::Association(Association {
                id,
                renew_secs: None,
                rebind_secs: None,
                options: nested(rest, bytes, depth, notes),
            }))
        }
        Shape::LeasedAddress => leased_address(bytes, depth, notes),
        Shape::LeasedPrefix => leased_prefix(bytes, depth, notes),
        Shape::Status => {
            let (rest, code) = parsed(be_u16, bytes)?;
            Some(Value::Status(Status {
                code,
                message: WireText::without_trailing_nuls(rest),
            }))
        }
        Shape::CountedTexts => Some(Value::Texts(counted_texts(bytes, bytes, notes))),
        Shape::VendorClass => {
            let (rest, enterprise) = parsed(be_u32, bytes)?;
            Some(Value::VendorClass {
                enterprise,
                classes: counted_texts(rest, bytes, notes),
            })
        }
        Shape::VendorOptions => vendor_options(bytes, depth, notes),
        Shape::RemoteId => {
            let (id, enterprise) = parsed(be_u32, bytes)?;
            Some(Value::RemoteId {
                enterprise,
                id: id.to_vec(),
            })
        }
        Shape::MessageType => match bytes {
            [code] => Some(Value::MessageType(MessageType::from_code(*code))),
            _ => None,
        },
        Shape::DomainNames => {
            let (found, fault) = names(bytes, false);
            if let Some((start, detail)) = fault {
                notes.malformed(start..bytes.len(), detail);
            }
            (!found.is_empty()).then_some(Value::Texts(found))
        }
        Shape::ClientName => client_name(bytes, notes),
        Shape::TimeServers => Some(time_servers(bytes, notes)),
        Shape::LinkLayer => {
            let (address, hardware_type) = parsed(be_u16, bytes)?;
            Some(Value::LinkLayer {
                hardware_type,
                address: address.to_vec(),
            })
        }
        Shape::Options => Some(Value::Options(nested(bytes, bytes, depth, notes))),
    }
}

/// What one parser reads; `None` when the bytes are too few.
fn parsed<'a, T>(
    mut parser: impl Parser<&'a [u8], Output = T, Error = crate::NomError>,
    bytes: &'a [u8],
) -> Option<(&'a [u8], T)> {
    parser.parse_complete(bytes).ok()
}

/// Options at the end of the value `whole`.
fn nested(list: &[u8], whole: &[u8], depth: usize, notes: &mut Notes) -> Vec<SubOption> {
    let start = whole.len() - list.len();
    let mut options = Vec::new();
    for entry in tlv::entries(list) {
        let offset_bytes = start + entry.offset_bytes;
        let end = whole.len();
        entry.note_fault(offset_bytes, end, IssueKind::Malformed, &mut notes.issues);
        let Some(code) = entry.code else { continue };
        let value = if entry.fault().is_some() {
            Value::Bytes(entry.bytes.to_vec())
        } else {
            let (value, issues) = option(code, entry.bytes, depth + 1);
            let value_start = offset_bytes + tlv::HEADER_BYTES;
            notes.issues.extend(moved(issues, value_start));
            value
        };
        options.push(SubOption { code, value });
    }
    options
}

/// The issues of a value that starts at `start` of another.
fn moved(issues: Vec<Issue>, start: usize) -> impl Iterator<Item = Issue> {
    issues.into_iter().map(move |issue| Issue {
        span: start + issue.span.start..start + issue.span.end,
        ..issue
    })
}

fn association(bytes: &[u8], depth: usize, notes: &mut Notes) -> Option<Value> {
    let (rest, (id, renew_secs, rebind_secs)) = parsed((be_u32, be_u32, be_u32), bytes)?;
    Some(Value::Association(Association {
        id,
        renew_secs: Some(renew_secs),
        rebind_secs: Some(rebind_secs),
        options: nested(rest, bytes, depth, notes),
    }))
}

fn leased_address(bytes: &[u8], depth: usize, notes: &mut Notes) -> Option<Value> {
    let (rest, (address, preferred_secs, valid_secs)) = parsed((address, be_u32, be_u32), bytes)?;
    if preferred_secs > valid_secs {
        notes.malformed(
            16..20,
            format!("has a preferred lifetime of {preferred_secs} s, longer than the valid {valid_secs} s"),
        );
    }
    Some(Value::Address(LeasedAddress {
        address,
        preferred_secs,
        valid_secs,
        options: nested(rest, bytes, depth, notes),
    }))
}

fn leased_prefix(bytes: &[u8], depth: usize, notes: &mut Notes) -> Option<Value> {
    let (rest, (preferred_secs, valid_secs, length, prefix)) =
        parsed((be_u32, be_u32, be_u8, address), bytes)?;
    if length > 128 {
        notes.malformed(
            8..9,
            format!("has a prefix of {length} bits, must be at most 128"),
        );
    }
    Some(Value::Prefix(LeasedPrefix {
        prefix,
        length,
        preferred_secs,
        valid_secs,
        options: nested(rest, bytes, depth, notes),
    }))
}

/// Every whole address; `None` when there is none.
fn addresses(bytes: &[u8]) -> Option<Value> {
    let (whole, _rest) = bytes.as_chunks::<16>();
    (!whole.is_empty())
        .then(|| Value::Addresses(whole.iter().map(|bytes| Ipv6Addr::from(*bytes)).collect()))
}

fn number(bytes: &[u8]) -> Option<Value> {
    let number = match bytes {
        [one] => u32::from(*one),
        [one, two] => u32::from(u16::from_be_bytes([*one, *two])),
        _ => u32::from_be_bytes(bytes.try_into().ok()?),
    };
    Some(Value::Number(number))
}

fn numbers(bytes: &[u8]) -> Option<Vec<u16>> {
    let (pairs, _rest) = bytes.as_chunks::<2>();
    (!pairs.is_empty()).then(|| pairs.iter().map(|two| u16::from_be_bytes(*two)).collect())
}

/// Texts at the end of the value `whole`, each behind its length (RFC 8415 §21.15,
/// RFC 5970 §3.2).
///
/// ```text
///  2 bytes   length bytes
/// +--------+--------------+
/// | length |     text     |  …
/// +--------+--------------+
/// ```
fn counted_texts(list: &[u8], whole: &[u8], notes: &mut Notes) -> Vec<WireText> {
    let mut texts = Vec::new();
    let mut rest = list;
    while !rest.is_empty() {
        let start = whole.len() - rest.len();
        let Some((length, behind)) = rest.split_first_chunk::<2>() else {
            notes.malformed(start..whole.len(), "has 1 byte left, a length needs 2");
            break;
        };
        let length = usize::from(u16::from_be_bytes(*length));
        let Some((text, behind)) = behind.split_at_checked(length) else {
            let left = behind.len();
            notes.malformed(
                start..whole.len(),
                format!("has {length} bytes announced, but only {left} left"),
            );
            break;
        };
        texts.push(WireText::without_trailing_nuls(text));
        rest = behind;
    }
    texts
}

fn vendor_options(bytes: &[u8], depth: usize, notes: &mut Notes) -> Option<Value> {
    let (list, enterprise) = parsed(be_u32, bytes)?;
    let start = bytes.len() - list.len();
    let mut found = Vec::new();
    for entry in tlv::entries(list) {
        let offset_bytes = start + entry.offset_bytes;
        if let Some(fault) = entry.fault() {
            let code = entry.code.map_or(String::new(), |code| format!(" {code}"));
            notes.malformed(
                offset_bytes..bytes.len(),
                format!("sub-option{code} {fault}"),
            );
        }
        let Some(code) = entry.code else { continue };
        let value = match options::vendor_row(enterprise, code) {
            Some(row) if entry.fault().is_none() => {
                let mut within = notes.of_part();
                let unit = if row.shape == Shape::Addresses { 16 } else { 1 };
                let value = by_shape(
                    row.shape,
                    Length::Times(unit),
                    entry.bytes,
                    depth + 1,
                    &mut within,
                );
                let faults = moved(within.issues, offset_bytes + tlv::HEADER_BYTES);
                notes.issues.extend(faults.map(|issue| Issue {
                    detail: format!("sub-option {code} {}", issue.detail),
                    ..issue
                }));
                value
            }
            _ => text_or_bytes(entry.bytes),
        };
        found.push(SubOption { code, value });
    }
    Some(Value::VendorOptions(VendorOptions {
        enterprise,
        options: found,
    }))
}

/// Time servers (RFC 5908 §4): 1 an address, 2 a multicast address, 3 a name.
fn time_servers(bytes: &[u8], notes: &mut Notes) -> Value {
    let mut found = Vec::new();
    for entry in tlv::entries(bytes) {
        if let Some(fault) = entry.fault() {
            let code = entry.code.map_or(String::new(), |code| format!(" {code}"));
            notes.malformed(
                entry.offset_bytes..bytes.len(),
                format!("sub-option{code} {fault}"),
            );
        }
        let Some(code) = entry.code else { continue };
        found.push(time_server(code, entry.bytes));
    }
    Value::TimeServers(found)
}

fn time_server(code: u16, bytes: &[u8]) -> TimeServer {
    let known = match (code, <[u8; 16]>::try_from(bytes)) {
        (1, Ok(octets)) => Some(TimeServer::Address(octets.into())),
        (2, Ok(octets)) => Some(TimeServer::Multicast(octets.into())),
        (3, _) => names(bytes, false)
            .0
            .into_iter()
            .next()
            .map(TimeServer::Name),
        _ => None,
    };
    known.unwrap_or_else(|| TimeServer::Other {
        code,
        bytes: bytes.to_vec(),
    })
}

/// The client's name (RFC 4704 §4): a byte of flags, then an encoded name.
fn client_name(bytes: &[u8], notes: &mut Notes) -> Option<Value> {
    let (&flags, rest) = bytes.split_first()?;
    let (found, fault) = names(rest, true);
    if let Some((start, detail)) = fault {
        notes.malformed(1 + start..bytes.len(), detail);
    }
    let name = found.into_iter().next().unwrap_or_default();
    Some(Value::ClientName { flags, name })
}

/// Text; notes what receivers are known to trip over.
fn text(bytes: &[u8], notes: &mut Notes) -> Value {
    let text = WireText::without_trailing_nuls(bytes);
    let kept = text.as_bytes();
    if kept.contains(&0) {
        notes.unusual(0..kept.len(), "has a NUL within the text");
    }
    if kept.starts_with(b" ") || kept.ends_with(b" ") {
        notes.unusual(0..kept.len(), "begins or ends with a blank");
    }
    if kept.len() < bytes.len() {
        // RFC 5970 §3.1: not terminated by NUL.
        notes.unusual(kept.len()..bytes.len(), "ends with a NUL");
    }
    Value::Text(text)
}

fn text_or_bytes(bytes: &[u8]) -> Value {
    let text = WireText::without_trailing_nuls(bytes);
    let printable = |byte: &u8| matches!(byte, b' '..=b'~');
    if !text.is_empty() && text.as_bytes().iter().all(printable) {
        Value::Text(text)
    } else {
        Value::Bytes(bytes.to_vec())
    }
}
