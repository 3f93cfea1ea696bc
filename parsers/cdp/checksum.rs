//! CDP's checksum: RFC 1071, with two readings of an odd last byte.
//!
//! RFC 1071 §1 puts a zero byte behind an odd message, so that the last byte
//! is the high half of a word. Cisco's code takes it for the low half, and as
//! a signed number: from 0x80 on, 0xff00 is added and one taken off. Wireshark
//! and lldpd do as Cisco does. Devices of others may follow the RFC, so either
//! is taken for right.

/// Whether the message's checksum is right by either rule.
pub(super) fn is_right(message: &[u8]) -> bool {
    let (words, last) = message.as_chunks::<2>();
    let even = sum(words);
    let Some(&last) = last.first() else {
        return fold(even) == 0xffff;
    };
    let plain = u64::from(last) << 8;
    fold(even + cisco_last(last)) == 0xffff || fold(even + plain) == 0xffff
}

/// The checksum that the message should carry, by Cisco's rule.
pub(super) fn of(message: &[u8]) -> u16 {
    let (words, last) = message.as_chunks::<2>();
    // The checksum itself, which counts as zero, is the second word.
    let own = words
        .get(1)
        .map_or(0, |word| u64::from(u16::from_be_bytes(*word)));
    let last = last.first().map_or(0, |&last| cisco_last(last));
    !fold(sum(words) - own + last)
}

/// What an odd last byte adds by Cisco's rule.
fn cisco_last(last: u8) -> u64 {
    if last < 0x80 {
        u64::from(last)
    } else {
        0xff00 + u64::from(last) - 1
    }
}

fn sum(words: &[[u8; 2]]) -> u64 {
    words
        .iter()
        .map(|word| u64::from(u16::from_be_bytes(*word)))
        .sum()
}

fn fold(mut sum: u64) -> u16 {
    loop {
        match u16::try_from(sum) {
            Ok(folded) => return folded,
            Err(_) => sum = (sum & 0xffff) + (sum >> 16),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_an_odd_last_byte_by_either_rule() {
        // Words 0x02b4, the checksum, then the odd byte.
        for (last, cisco, plain) in [(0x00, 0xfd4b, 0xfd4b), (0x7f, 0xfccc, 0x7e4b)] {
            for checksum in [cisco, plain] {
                let [high, low] = u16::to_be_bytes(checksum);
                let message = [0x02, 0xb4, high, low, last];
                assert!(is_right(&message), "{last:#x} {checksum:#x}");
                assert_eq!(of(&message), cisco);
                let wrong = [0x02, 0xb4, high, low ^ 1, last];
                assert!(!is_right(&wrong), "{last:#x} {checksum:#x}");
            }
        }
    }

    #[test]
    fn adds_a_high_last_byte_as_a_negative_number() {
        // 0x02b4 + 0xff7f folds to 0x0234.
        assert_eq!(of(&[0x02, 0xb4, 0, 0, 0x80]), 0xfdcb);
        assert!(is_right(&[0x02, 0xb4, 0xfd, 0xcb, 0x80]));
        // 0x02b4 + 0x8000.
        assert!(is_right(&[0x02, 0xb4, 0x7d, 0x4b, 0x80]));
        assert!(!is_right(&[0x02, 0xb4, 0xfd, 0xca, 0x80]));
    }

    #[test]
    fn folds_more_than_one_carry() {
        assert_eq!(fold(0x1_ffff), 1);
        assert_eq!(fold(0xffff_ffff), 0xffff);
        assert_eq!(fold(u64::MAX), 0xffff);
    }
}
