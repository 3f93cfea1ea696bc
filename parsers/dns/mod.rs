//! The Domain Name System: questions for names, and their answers.
//!
//! RFC 1035 (messages), RFC 2181 (clarifications), RFC 6891 (EDNS), RFC 7766
//! (over TCP), RFC 6762 and RFC 4795 (mDNS and LLMNR, which have the same form),
//! and the RFCs of the types in [`TYPES`]. Zone transfers, updates and signatures
//! are read as the records that they are made of; what is inside a type that is
//! not in [`Data`] stays bytes.

mod codes;
mod data;
mod name;

use nom::Parser;
use nom::error::context;
use nom::number::complete::{be_u16, be_u32};

use crate::{DecodeError, Decoded, Input, Issue, IssueKind, Outcome, Parsed, WireText};

pub use codes::{TYPES, opcode_name, rcode_name, type_name};
pub use data::{Data, Naptr, Soa, Srv};

/// Bytes of the header.
const HEADER_BYTES: usize = 12;

/// Questions and records that are read of one message.
const MAX_ENTRIES: usize = 2048;

/// `OPT`, the record that stands for EDNS (RFC 6891 §6.1.1).
const OPT: u16 = 41;

/// A DNS message (RFC 1035 §4.1).
///
/// ```text
///  0                   1                   2                   3
///  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
/// +-------------------------------+-------------------------------+
/// |              id               |             flags             |
/// +-------------------------------+-------------------------------+
/// |       # of questions          |         # of answers          |
/// +-------------------------------+-------------------------------+
/// |       # of authorities        |     # of additional records   |
/// +-------------------------------+-------------------------------+
/// |             questions, answers, authorities, additional       |
/// +---------------------------------------------------------------+
/// ```
///
/// A list ends early where the message does, or where a record cannot be read; an
/// issue says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// `ID`: the same in a question and its answer.
    pub id: u16,
    /// The flags and codes of the header.
    pub flags: Flags,
    /// What is asked.
    pub questions: Vec<Question>,
    /// Records that answer it.
    pub answers: Vec<Record>,
    /// Records of who would know.
    pub authorities: Vec<Record>,
    /// Records that may be of use.
    pub additional: Vec<Record>,
}

/// The second word of the header (RFC 1035 §4.1.1, RFC 4035 §3.1.6).
///
/// ```text
///   0   1   2   3   4   5   6   7   8   9  10  11  12  13  14  15
/// +---+---------------+---+---+---+---+---+---+---+---------------+
/// |QR |    opcode     |AA |TC |RD |RA | 0 |AD |CD |     rcode     |
/// +---+---------------+---+---+---+---+---+---+---+---------------+
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Flags(pub u16);

/// One question (RFC 1035 §4.1.2).
///
/// ```text
///                   2 bytes   2 bytes
/// +----------------+---------+---------+
/// | name, encoded  |  type   |  class  |
/// +----------------+---------+---------+
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// The name, with dots; a lone dot for the root. A dot or backslash inside a
    /// label has a backslash before it.
    pub name: WireText,
    /// Which type of record: [`type_name`].
    pub kind: u16,
    /// `CLASS`: 1 is the Internet. In mDNS the highest bit asks for an answer to
    /// the asker alone (RFC 6762 §5.4).
    pub class: u16,
}

/// One record (RFC 1035 §4.1.3).
///
/// ```text
///                   2 bytes   2 bytes   4 bytes   2 bytes
/// +----------------+---------+---------+---------+---------+--------+
/// | name, encoded  |  type   |  class  |   TTL   | length  |  data  |
/// +----------------+---------+---------+---------+---------+--------+
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Whose record; written as in [`Question`].
    pub name: WireText,
    /// Its type: [`type_name`].
    pub kind: u16,
    /// `CLASS`: 1 is the Internet. In mDNS the highest bit says that older answers
    /// do not hold (RFC 6762 §10.2). In `OPT` the size of datagram that is accepted.
    pub class: u16,
    /// How long it may be kept, in seconds. In `OPT` the extended rcode, version
    /// and flags.
    pub ttl_secs: u32,
    /// What it says.
    pub data: Data,
}

/// What `OPT` says (RFC 6891 §6.1.2, §6.1.3).
///
/// ```text
/// CLASS:  size of datagram that the sender accepts
///
///  0                   1                   2                   3
///  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
/// +---------------+---------------+--+----------------------------+
/// | extended rcode|    version    |DO|             0              | TTL
/// +---------------+---------------+--+----------------------------+
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Edns {
    /// The largest datagram that the sender takes, in bytes.
    pub max_datagram_bytes: u16,
    /// The upper eight bits of the rcode.
    pub extended_rcode: u8,
    /// `VERSION`: 0.
    pub version: u8,
    /// `DO`: the sender wants signatures.
    pub dnssec_ok: bool,
}

impl Flags {
    /// `QR`: an answer; else a question.
    pub fn is_response(self) -> bool {
        self.bit(0)
    }

    /// `OPCODE`: 0 is an ordinary question. See [`opcode_name`].
    pub fn opcode(self) -> u8 {
        let [high, _] = self.0.to_be_bytes();
        high >> 3 & 0x0f
    }

    /// `AA`: the server speaks for the zone itself.
    pub fn is_authoritative(self) -> bool {
        self.bit(5)
    }

    /// `TC`: the answer did not fit and is to be asked for by TCP.
    pub fn is_truncated(self) -> bool {
        self.bit(6)
    }

    /// `RD`: the server is to ask others.
    pub fn recursion_desired(self) -> bool {
        self.bit(7)
    }

    /// `RA`: the server would ask others.
    pub fn recursion_available(self) -> bool {
        self.bit(8)
    }

    /// `AD`: the signatures were found to be right.
    pub fn is_authenticated(self) -> bool {
        self.bit(10)
    }

    /// `CD`: the asker checks signatures itself.
    pub fn checking_disabled(self) -> bool {
        self.bit(11)
    }

    /// The header's `RCODE`, without what EDNS adds: [`Message::rcode`].
    pub fn rcode(self) -> u8 {
        let [_, low] = self.0.to_be_bytes();
        low & 0x0f
    }

    /// A bit by its number in the RFC, from the left.
    fn bit(self, number: u16) -> bool {
        self.0 & (0x8000 >> number) != 0
    }
}

impl Message {
    /// The result code, with the upper bits that EDNS adds (RFC 6891 §6.1.3). See
    /// [`rcode_name`].
    pub fn rcode(&self) -> u16 {
        let upper = self.edns().map_or(0, |edns| edns.extended_rcode);
        u16::from(upper) << 4 | u16::from(self.flags.rcode())
    }

    /// What `OPT` says; `None` without EDNS.
    pub fn edns(&self) -> Option<Edns> {
        let record = self.additional.iter().find(|record| record.kind == OPT)?;
        let [extended_rcode, version, flags, _] = record.ttl_secs.to_be_bytes();
        Some(Edns {
            max_datagram_bytes: record.class,
            extended_rcode,
            version,
            dnssec_ok: flags & 0x80 != 0,
        })
    }
}

/// Reads a message.
pub fn decode(input: Input<'_>) -> Outcome<Message> {
    let (_, header) =
        Header::parse(input.bytes).map_err(|error| DecodeError::from_nom(input, error))?;
    let mut reader = Reader {
        input,
        position: HEADER_BYTES,
        n_read: 0,
        is_over: false,
        issues: Vec::new(),
    };
    let message = Message {
        id: header.id,
        flags: header.flags,
        questions: reader.list("question", header.n_questions, Reader::question),
        answers: reader.list("answer", header.n_answers, Reader::record),
        authorities: reader.list("authority", header.n_authorities, Reader::record),
        additional: reader.list("additional record", header.n_additional, Reader::record),
    };
    reader.note_rest();
    Ok(Decoded {
        value: message,
        issues: reader.issues,
    })
}

/// Reads a message from the beginning of a TCP stream, and how many bytes it takes
/// there (RFC 7766 §8). `None` when its end has not come yet.
///
/// ```text
///  2 bytes   `length` bytes
/// +---------+---------------+
/// | length  |    message    |
/// +---------+---------------+
/// ```
pub fn decode_framed(input: Input<'_>) -> Result<Option<(Decoded<Message>, usize)>, DecodeError> {
    let Some((&length, rest)) = input.bytes.split_first_chunk::<2>() else {
        return Ok(None);
    };
    let length = usize::from(u16::from_be_bytes(length));
    let message = match rest.get(..length) {
        Some(bytes) => Input::whole(bytes),
        None if input.missing > 0 => Input::cut(rest, length - rest.len()),
        None => return Ok(None),
    };
    Ok(Some((decode(message)?, 2 + length)))
}

/// Whether a TCP stream that begins so may hold DNS. `None` when more bytes are
/// needed.
pub fn looks_framed(start: &[u8]) -> Option<bool> {
    /// The highest opcode in use (RFC 8490).
    const MAX_OPCODE: u8 = 6;
    /// The bit that is kept zero.
    const ZERO: u16 = 0x0040;

    let (&[high, low, _, _, f0, f1], _) = start.split_first_chunk::<6>()?;
    let flags = Flags(u16::from_be_bytes([f0, f1]));
    let length = usize::from(u16::from_be_bytes([high, low]));
    Some(length >= HEADER_BYTES && flags.opcode() <= MAX_OPCODE && flags.0 & ZERO == 0)
}

struct Header {
    id: u16,
    flags: Flags,
    n_questions: u16,
    n_answers: u16,
    n_authorities: u16,
    n_additional: u16,
}

impl Header {
    fn parse(input: &[u8]) -> Parsed<'_, Self> {
        let (input, id) = context("id", be_u16).parse_complete(input)?;
        let (input, flags) = context("flags", be_u16).parse_complete(input)?;
        let (input, n_questions) = context("number of questions", be_u16).parse_complete(input)?;
        let (input, n_answers) = context("number of answers", be_u16).parse_complete(input)?;
        let (input, n_authorities) =
            context("number of authorities", be_u16).parse_complete(input)?;
        let (input, n_additional) =
            context("number of additional records", be_u16).parse_complete(input)?;
        let header = Self {
            id,
            flags: Flags(flags),
            n_questions,
            n_answers,
            n_authorities,
            n_additional,
        };
        Ok((input, header))
    }
}

/// Why a name or a record cannot be read, and where.
struct Fault {
    kind: IssueKind,
    field: &'static str,
    at: usize,
    detail: String,
}

/// Walks through the sections of a message.
struct Reader<'a> {
    input: Input<'a>,
    position: usize,
    n_read: usize,
    /// Whether nothing more can be read.
    is_over: bool,
    issues: Vec<Issue>,
}

impl<'a> Reader<'a> {
    /// Reads a section of so many entries, as far as it goes.
    fn list<T>(
        &mut self,
        section: &str,
        announced: u16,
        read: fn(&mut Self) -> Result<T, Fault>,
    ) -> Vec<T> {
        let mut list = Vec::new();
        while !self.is_over && list.len() < usize::from(announced) {
            let number = list.len() + 1;
            if self.n_read >= MAX_ENTRIES {
                self.is_over = true;
                self.issues.push(Issue {
                    kind: IssueKind::Limit,
                    field: format!("{section} {number} of {announced}"),
                    span: self.position..self.input.bytes.len(),
                    detail: format!("no more than {MAX_ENTRIES} entries are read"),
                });
                break;
            }
            self.n_read += 1;
            let n_issues = self.issues.len();
            match read(self) {
                Ok(entry) => list.push(entry),
                Err(fault) => self.give_up(fault),
            }
            for issue in self.issues.iter_mut().skip(n_issues) {
                issue.field = format!("{section} {number} of {announced}, {}", issue.field);
            }
        }
        list
    }

    /// Nothing behind this can be found.
    fn give_up(&mut self, fault: Fault) {
        self.is_over = true;
        self.issues.push(Issue {
            kind: fault.kind,
            field: fault.field.into(),
            span: fault.at..self.input.bytes.len().max(fault.at),
            detail: fault.detail,
        });
    }

    fn question(&mut self) -> Result<Question, Fault> {
        let name = self.name()?;
        let (kind, class) = self.fixed(question_tail)?;
        Ok(Question { name, kind, class })
    }

    fn record(&mut self) -> Result<Record, Fault> {
        let name = self.name()?;
        let (kind, class, ttl_secs, length) = self.fixed(record_tail)?;
        let bytes = self.input.bytes;
        let start = self.position;
        let announced_end = start + usize::from(length);
        let data = if let Some(message) = bytes.get(..announced_end) {
            self.position = announced_end;
            data::read(message, start, kind, class).unwrap_or_else(|fault| {
                self.issues.push(Issue::malformed(
                    fault.field,
                    fault.at..announced_end,
                    fault.detail,
                ));
                // What could be read stands in it, or else the bytes as they are.
                Data::Bytes(message.get(start..).unwrap_or_default().to_vec())
            })
        } else {
            let there = bytes.get(start..).unwrap_or_default();
            self.position = bytes.len();
            self.give_up(Fault {
                kind: self.input.short_kind(),
                field: "data",
                at: start,
                detail: format!(
                    "is {length} bytes by its length, but {} are left",
                    there.len()
                ),
            });
            Data::Bytes(there.to_vec())
        };
        Ok(Record {
            name,
            kind,
            class,
            ttl_secs,
            data,
        })
    }

    fn name(&mut self) -> Result<WireText, Fault> {
        let name = name::read(self.input.bytes, self.position).map_err(|fault| Fault {
            kind: if fault.is_short {
                self.input.short_kind()
            } else {
                IssueKind::Malformed
            },
            field: "name",
            at: self.position,
            detail: fault.detail,
        })?;
        self.position = name.next;
        Ok(name.text)
    }

    /// Reads the fields of fixed length behind a name.
    fn fixed<T>(&mut self, parse: fn(&'a [u8]) -> Parsed<'a, T>) -> Result<T, Fault> {
        let bytes = self.input.bytes;
        let rest = bytes.get(self.position..).unwrap_or_default();
        let (behind, fields) = parse(rest).map_err(|error| {
            let error = DecodeError::from_nom(
                Input {
                    bytes: rest,
                    ..self.input
                },
                error,
            );
            Fault {
                kind: error.kind,
                field: "type, class and length",
                at: self.position,
                detail: format!("{}: {}", error.field, error.detail),
            }
        })?;
        self.position = bytes.len() - behind.len();
        Ok(fields)
    }

    /// Notes what stands behind the last record.
    fn note_rest(&mut self) {
        let n_left = self.input.bytes.len().saturating_sub(self.position);
        if !self.is_over && n_left > 0 {
            self.issues.push(Issue {
                kind: IssueKind::Unusual,
                field: "message".into(),
                span: self.position..self.input.bytes.len(),
                detail: format!("has {n_left} bytes behind its last record"),
            });
        }
    }
}

fn question_tail(input: &[u8]) -> Parsed<'_, (u16, u16)> {
    let (input, kind) = context("type", be_u16).parse_complete(input)?;
    let (input, class) = context("class", be_u16).parse_complete(input)?;
    Ok((input, (kind, class)))
}

fn record_tail(input: &[u8]) -> Parsed<'_, (u16, u16, u32, u16)> {
    let (input, kind) = context("type", be_u16).parse_complete(input)?;
    let (input, class) = context("class", be_u16).parse_complete(input)?;
    let (input, ttl_secs) = context("TTL", be_u32).parse_complete(input)?;
    let (input, length) = context("length", be_u16).parse_complete(input)?;
    Ok((input, (kind, class, ttl_secs, length)))
}

#[cfg(test)]
mod tests;
