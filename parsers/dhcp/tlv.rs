//! Code, length, value: how options and sub-options follow one another.

use crate::dhcp::show;

/// One entry of a list.
///
/// ```text
///  1 byte   1 byte    length bytes
/// +--------+--------+--------------+
/// |  code  | length |    value     |
/// +--------+--------+--------------+
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tlv<'a> {
    pub(super) code: u8,
    /// Where the code stands in the list.
    pub(super) offset_bytes: usize,
    /// The length byte; `None` when the list ends behind the code.
    pub(super) length: Option<usize>,
    /// The value, as far as the list holds it.
    pub(super) bytes: &'a [u8],
}

impl Tlv<'_> {
    /// What is wrong with an entry that the list cuts off.
    pub(super) fn fault(&self) -> Option<String> {
        match self.length {
            None => Some("has no length, the list ends behind its code".into()),
            Some(length) if length > self.bytes.len() => Some(format!(
                "has length {length}, but only {} left",
                show::n_bytes(self.bytes.len())
            )),
            Some(_) => None,
        }
    }
}

/// Which codes stand alone, without a length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fillers {
    /// Code 0 is a pad, code 255 ends the list (RFC 2132 §3.1, §3.2).
    PadAndEnd,
    /// Every code has a length (RFC 3046 §2, RFC 3925 §4).
    None,
}

/// The entries of a list. One that the list cuts off is given as far as it goes.
pub(super) fn entries(list: &[u8], fillers: Fillers) -> impl Iterator<Item = Tlv<'_>> {
    let mut rest = list;
    std::iter::from_fn(move || {
        loop {
            let offset_bytes = list.len() - rest.len();
            let (&code, behind_code) = rest.split_first()?;
            if fillers == Fillers::PadAndEnd {
                match code {
                    0 => {
                        rest = behind_code;
                        continue;
                    }
                    255 => return None,
                    _ => {}
                }
            }
            let Some((&length, behind_length)) = behind_code.split_first() else {
                rest = &[];
                return Some(Tlv {
                    code,
                    offset_bytes,
                    length: None,
                    bytes: &[],
                });
            };
            let length = usize::from(length);
            let (bytes, behind) = behind_length
                .split_at_checked(length)
                .unwrap_or((behind_length, &[]));
            rest = behind;
            return Some(Tlv {
                code,
                offset_bytes,
                length: Some(length),
                bytes,
            });
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(list: &[u8], fillers: Fillers) -> Vec<(u8, usize, Option<usize>, &[u8])> {
        entries(list, fillers)
            .map(|entry| (entry.code, entry.offset_bytes, entry.length, entry.bytes))
            .collect()
    }

    #[test]
    fn takes_pads_and_ends_as_such_only_where_they_exist() {
        let list = [0, 1, 1, 7, 255, 1, 9];
        assert_eq!(all(&list, Fillers::PadAndEnd), [(1, 1, Some(1), &[7][..])]);
        assert_eq!(
            all(&list, Fillers::None),
            [(0, 0, Some(1), &[1][..]), (7, 3, Some(255), &[1, 9])]
        );
        assert_eq!(all(&[], Fillers::PadAndEnd), []);
        assert_eq!(all(&[0, 0], Fillers::PadAndEnd), []);
    }

    #[test]
    fn keeps_what_is_there_of_an_entry_that_the_list_cuts_off() {
        let cut = |list: &[u8]| {
            let entry = entries(list, Fillers::PadAndEnd).last().unwrap();
            (entry.length, entry.bytes.to_vec(), entry.fault())
        };
        assert_eq!(cut(&[6, 2, 1, 1]), (Some(2), vec![1, 1], None));
        assert_eq!(cut(&[6, 0]), (Some(0), vec![], None));
        assert_eq!(
            cut(&[6, 3, 1]),
            (
                Some(3),
                vec![1],
                Some("has length 3, but only 1 byte left".into())
            )
        );
        assert_eq!(
            cut(&[6, 1, 9, 7]),
            (
                None,
                vec![],
                Some("has no length, the list ends behind its code".into())
            )
        );
    }
}
