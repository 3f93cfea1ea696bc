//! What records say: [`Data`], one variant a form.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

use nom::Parser;
use nom::bytes::complete::take;
use nom::error::context;
use nom::multi::length_data;
use nom::number::complete::{be_u8, be_u16, be_u32};

use super::name;
use crate::{DecodeError, Input, Parsed, WireText};

/// The Internet. The highest bit is mDNS's own.
const CLASS_IN: u16 = 1;
const CLASS_BITS: u16 = 0x7fff;

/// What a record says. The type tells the form, not the other way round: a record
/// whose data do not have the form of its type has [`Data::Bytes`], and an issue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Data {
    /// A: an IPv4 address.
    A(Ipv4Addr),
    /// AAAA: an IPv6 address.
    Aaaa(Ipv6Addr),
    /// CNAME, DNAME, NS and PTR: another name.
    Name(WireText),
    /// SOA: how a zone is run.
    Soa(Box<Soa>),
    /// MX: who takes mail.
    Mx {
        /// The lowest is tried first.
        preference: u16,
        /// The host.
        exchange: WireText,
    },
    /// TXT: strings.
    Txt(Vec<WireText>),
    /// SRV: where a service is.
    Srv(Srv),
    /// NAPTR: how to go on with a name.
    Naptr(Box<Naptr>),
    /// OPT: numbers and contents of options.
    Opt(Vec<(u16, Vec<u8>)>),
    /// Whatever else, as it is.
    Bytes(Vec<u8>),
}

/// How a zone is run (RFC 1035 §3.3.13).
///
/// ```text
///                                     4 bytes each
/// +---------------------+------------+--------+---------+-------+--------+---------+
/// | first name server   | mailbox    | serial | refresh | retry | expire | minimum |
/// +---------------------+------------+--------+---------+-------+--------+---------+
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Soa {
    /// `MNAME`: the first name server.
    pub server: WireText,
    /// `RNAME`: who is responsible, with a dot for the `@`.
    pub mailbox: WireText,
    /// Grows with each version.
    pub serial: u32,
    /// When other servers look for a new version.
    pub refresh_secs: u32,
    /// When they look again after a failure.
    pub retry_secs: u32,
    /// When they give the zone up.
    pub expire_secs: u32,
    /// `MINIMUM`: how long "no such name" holds (RFC 2308 §4).
    pub minimum_secs: u32,
}

/// Where a service is (RFC 2782).
///
/// ```text
///  2 bytes    2 bytes   2 bytes
/// +----------+---------+--------+----------------+
/// | priority | weight  |  port  | target         |
/// +----------+---------+--------+----------------+
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Srv {
    /// The lowest is tried first.
    pub priority: u16,
    /// Share among those of one priority.
    pub weight: u16,
    /// Port of the service.
    pub port: u16,
    /// The host; a lone dot says that there is no such service.
    pub target: WireText,
}

/// How to go on with a name (RFC 3403 §4.1).
///
/// ```text
///  2 bytes    2 bytes      1 byte + text each
/// +-------+------------+-------+---------+--------+-------------+
/// | order | preference | flags | service | regexp | replacement |
/// +-------+------------+-------+---------+--------+-------------+
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Naptr {
    /// The lowest is tried first.
    pub order: u16,
    /// The lowest is tried first, within one order.
    pub preference: u16,
    /// `s`: ask for SRV next; `a`: for an address.
    pub flags: WireText,
    /// `SIP+D2U`, `SIP+D2T`, `SIPS+D2T`.
    pub service: WireText,
    /// A rule to make the next name by; empty when `replacement` is it.
    pub regexp: WireText,
    /// The next name; a lone dot when `regexp` makes it.
    pub replacement: WireText,
}

/// Why data do not have the form of their type.
pub(super) struct Fault {
    pub(super) field: &'static str,
    pub(super) at: usize,
    pub(super) detail: String,
}

/// Reads the data that stand from `start` to the end of `message`.
pub(super) fn read(message: &[u8], start: usize, kind: u16, class: u16) -> Result<Data, Fault> {
    let mut fields = Fields {
        message,
        position: start,
    };
    let is_internet = class & CLASS_BITS == CLASS_IN;
    let is_empty = fields.rest().is_empty();
    let data = match kind {
        // In updates, a record without data stands for all of its type (RFC 2136 §2.4).
        1..=39 if is_empty && !is_internet => Data::Bytes(Vec::new()),
        1 if is_internet => Data::A(fields.take("address", be_u32)?.into()),
        28 => Data::Aaaa(fields.take("address", ipv6)?),
        2 | 5 | 12 | 39 => Data::Name(fields.name("name")?),
        6 => Data::Soa(Box::new(fields.soa()?)),
        15 => Data::Mx {
            preference: fields.take("preference", be_u16)?,
            exchange: fields.name("exchange")?,
        },
        16 => Data::Txt(fields.texts()?),
        33 => Data::Srv(Srv {
            priority: fields.take("priority", be_u16)?,
            weight: fields.take("weight", be_u16)?,
            port: fields.take("port", be_u16)?,
            target: fields.name("target")?,
        }),
        35 => Data::Naptr(Box::new(fields.naptr()?)),
        41 => Data::Opt(fields.options()?),
        _ => return Ok(Data::Bytes(fields.rest().to_vec())),
    };
    match fields.rest().len() {
        0 => Ok(data),
        n_left => Err(Fault {
            field: "data",
            at: fields.position,
            detail: format!("has {n_left} bytes more than its type needs"),
        }),
    }
}

/// Takes data apart, field by field.
struct Fields<'a> {
    /// The message up to the end of the data: names may point back into it.
    message: &'a [u8],
    position: usize,
}

impl<'a> Fields<'a> {
    fn rest(&self) -> &'a [u8] {
        self.message.get(self.position..).unwrap_or_default()
    }

    fn take<T>(
        &mut self,
        field: &'static str,
        parse: fn(&'a [u8]) -> Parsed<'a, T>,
    ) -> Result<T, Fault> {
        let rest = self.rest();
        let (behind, value) = context(field, parse)
            .parse_complete(rest)
            .map_err(|error| {
                let error = DecodeError::from_nom(Input::whole(rest), error);
                Fault {
                    field,
                    at: self.position,
                    detail: error.detail,
                }
            })?;
        self.position = self.message.len() - behind.len();
        Ok(value)
    }

    fn name(&mut self, field: &'static str) -> Result<WireText, Fault> {
        let name = name::read(self.message, self.position).map_err(|fault| Fault {
            field,
            at: self.position,
            detail: fault.detail,
        })?;
        self.position = name.next;
        Ok(name.text)
    }

    /// A length of one byte, and so many bytes (RFC 1035 §3.3).
    fn text(&mut self, field: &'static str) -> Result<WireText, Fault> {
        self.take(field, character_string).map(WireText::new)
    }

    fn texts(&mut self) -> Result<Vec<WireText>, Fault> {
        let mut texts = Vec::new();
        while !self.rest().is_empty() {
            texts.push(self.text("string")?);
        }
        Ok(texts)
    }

    fn soa(&mut self) -> Result<Soa, Fault> {
        Ok(Soa {
            server: self.name("first name server")?,
            mailbox: self.name("mailbox")?,
            serial: self.take("serial", be_u32)?,
            refresh_secs: self.take("refresh", be_u32)?,
            retry_secs: self.take("retry", be_u32)?,
            expire_secs: self.take("expire", be_u32)?,
            minimum_secs: self.take("minimum", be_u32)?,
        })
    }

    fn naptr(&mut self) -> Result<Naptr, Fault> {
        Ok(Naptr {
            order: self.take("order", be_u16)?,
            preference: self.take("preference", be_u16)?,
            flags: self.text("flags")?,
            service: self.text("service")?,
            regexp: self.text("regexp")?,
            replacement: self.name("replacement")?,
        })
    }

    /// ```text
    ///  2 bytes  2 bytes
    /// +--------+--------+---------+
    /// |  code  | length | content | …
    /// +--------+--------+---------+
    /// ```
    fn options(&mut self) -> Result<Vec<(u16, Vec<u8>)>, Fault> {
        let mut options = Vec::new();
        while !self.rest().is_empty() {
            let code = self.take("option code", be_u16)?;
            let content = self.take("option", option_content)?;
            options.push((code, content.to_vec()));
        }
        Ok(options)
    }
}

fn ipv6(input: &[u8]) -> Parsed<'_, Ipv6Addr> {
    let (input, bytes) = take(16_usize).parse_complete(input)?;
    let address = bytes.first_chunk::<16>().copied().unwrap_or_default();
    Ok((input, address.into()))
}

fn character_string(input: &[u8]) -> Parsed<'_, &[u8]> {
    length_data(be_u8).parse_complete(input)
}

fn option_content(input: &[u8]) -> Parsed<'_, &[u8]> {
    length_data(be_u16).parse_complete(input)
}

/// As zone files and `dig` write it (RFC 1035 §5.1); options of `OPT`, and what is not
/// known, in the manner of RFC 3597 §5.
impl fmt::Display for Data {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::A(address) => address.fmt(f),
            Self::Aaaa(address) => address.fmt(f),
            Self::Name(name) => name.fmt(f),
            Self::Soa(soa) => write!(
                f,
                "{} {} {} {} {} {} {}",
                soa.server,
                soa.mailbox,
                soa.serial,
                soa.refresh_secs,
                soa.retry_secs,
                soa.expire_secs,
                soa.minimum_secs
            ),
            Self::Mx {
                preference,
                exchange,
            } => write!(f, "{preference} {exchange}"),
            Self::Txt(texts) => {
                for (index, text) in texts.iter().enumerate() {
                    let blank = if index == 0 { "" } else { " " };
                    write!(f, "{blank}{}", quoted(text))?;
                }
                Ok(())
            }
            Self::Srv(srv) => write!(
                f,
                "{} {} {} {}",
                srv.priority, srv.weight, srv.port, srv.target
            ),
            Self::Naptr(naptr) => write!(
                f,
                "{} {} {} {} {} {}",
                naptr.order,
                naptr.preference,
                quoted(&naptr.flags),
                quoted(&naptr.service),
                quoted(&naptr.regexp),
                naptr.replacement
            ),
            Self::Opt(options) => {
                for (index, (code, content)) in options.iter().enumerate() {
                    let blank = if index == 0 { "" } else { " " };
                    write!(f, "{blank}{code}:")?;
                    write_hex(f, content)?;
                }
                Ok(())
            }
            Self::Bytes(bytes) => {
                write!(f, "\\# {}", bytes.len())?;
                if !bytes.is_empty() {
                    f.write_str(" ")?;
                }
                write_hex(f, bytes)
            }
        }
    }
}

fn quoted(text: &WireText) -> String {
    let mut inside = Vec::with_capacity(text.as_bytes().len());
    for &byte in text.as_bytes() {
        if matches!(byte, b'"' | b'\\') {
            inside.push(b'\\');
        }
        inside.push(byte);
    }
    format!("\"{}\"", WireText(inside))
}

fn write_hex(f: &mut fmt::Formatter<'_>, bytes: &[u8]) -> fmt::Result {
    bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
}
