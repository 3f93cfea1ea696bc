//! Code, length, value: how options follow one another (RFC 8415 §21.1).

use crate::dhcpv6::RawOption;
use crate::{Issue, IssueKind};

/// Bytes of code and length.
pub(super) const HEADER_BYTES: usize = 4;

/// One entry of a list of options.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tlv<'a> {
    /// `None` when the list ends within the code.
    pub(super) code: Option<u16>,
    /// Where the code stands in the list.
    pub(super) offset_bytes: usize,
    /// The length field; `None` when the list ends within it.
    pub(super) length: Option<usize>,
    /// The value, as far as the list holds it.
    pub(super) bytes: &'a [u8],
}

impl Tlv<'_> {
    /// What is wrong with an entry that the list cuts off.
    pub(super) fn fault(&self) -> Option<String> {
        let left = self.bytes.len();
        match self.length {
            None => Some("ends before its length".into()),
            Some(length) if length > left => Some(format!(
                "has length {length}, but only {left} bytes are left"
            )),
            Some(_) => None,
        }
    }

    /// Notes that the list cuts the entry off. `offset_bytes` is where the entry
    /// stands, `end` where the list ends.
    pub(super) fn note_fault(
        &self,
        offset_bytes: usize,
        end: usize,
        short: IssueKind,
        issues: &mut Vec<Issue>,
    ) {
        if let Some(detail) = self.fault() {
            let field = self
                .code
                .map_or("option".to_owned(), |code| format!("option {code}"));
            issues.push(Issue {
                kind: short,
                field,
                span: offset_bytes..end,
                detail,
            });
        }
    }
}

/// The entries of a list. One that the list cuts off is given as far as it goes.
pub(super) fn entries(list: &[u8]) -> impl Iterator<Item = Tlv<'_>> {
    let mut rest = list;
    std::iter::from_fn(move || {
        let offset_bytes = list.len() - rest.len();
        if rest.is_empty() {
            return None;
        }
        let code = rest.split_first_chunk::<2>();
        let length = code.and_then(|(_, behind)| behind.split_first_chunk::<2>());
        let code = code.map(|(code, _)| u16::from_be_bytes(*code));
        let Some((length, behind)) = length else {
            rest = &[];
            return Some(Tlv {
                code,
                offset_bytes,
                length: None,
                bytes: &[],
            });
        };
        let length = usize::from(u16::from_be_bytes(*length));
        let (bytes, behind) = behind.split_at_checked(length).unwrap_or((behind, &[]));
        rest = behind;
        Some(Tlv {
            code,
            offset_bytes,
            length: Some(length),
            bytes,
        })
    })
}

/// The options of a list that stands `start` bytes into the datagram.
pub(super) fn read_options(
    list: &[u8],
    start: usize,
    short: IssueKind,
    issues: &mut Vec<Issue>,
) -> Vec<RawOption> {
    let mut options = Vec::new();
    for entry in entries(list) {
        let offset_bytes = start + entry.offset_bytes;
        entry.note_fault(offset_bytes, start + list.len(), short, issues);
        if let Some(code) = entry.code {
            options.push(RawOption {
                code,
                bytes: entry.bytes.to_vec(),
                offset_bytes,
            });
        }
    }
    options
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(
        code: Option<u16>,
        offset_bytes: usize,
        length: Option<usize>,
        bytes: &[u8],
    ) -> Tlv<'_> {
        Tlv {
            code,
            offset_bytes,
            length,
            bytes,
        }
    }

    fn all(list: &[u8]) -> Vec<Tlv<'_>> {
        entries(list).collect()
    }

    #[test]
    fn gives_entries_one_by_one_and_the_last_as_far_as_it_goes() {
        assert_eq!(all(&[]), []);
        assert_eq!(
            all(&[0, 14, 0, 0, 0, 8, 0, 2, 0, 100]),
            [
                entry(Some(14), 0, Some(0), &[]),
                entry(Some(8), 4, Some(2), &[0, 100]),
            ]
        );
        assert_eq!(all(&[0, 8, 0, 2, 7]), [entry(Some(8), 0, Some(2), &[7])]);
        assert_eq!(all(&[0, 8, 0]), [entry(Some(8), 0, None, &[])]);
        assert_eq!(all(&[0]), [entry(None, 0, None, &[])]);
    }
}
