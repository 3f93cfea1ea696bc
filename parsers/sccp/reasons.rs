//! Why a Cisco phone last went off its call server, as it says itself.
//!
//! Numbers and words after chan-sccp's `sccp_protocol.h` and the "Restart Cause" of
//! the phones' own statistics page; the same stand in alarms of SCCP and in the
//! `Reason` of a SIP REGISTER.

/// Why a phone's last boot ended, in its own words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastReason {
    /// The number that stands before the text or behind `Last=`.
    pub number: u32,
    /// The words behind `Last=`; empty where only the number is known.
    pub wire: &'static str,
    /// What it means.
    pub meaning: &'static str,
}

const fn reason(number: u32, wire: &'static str, meaning: &'static str) -> LastReason {
    LastReason {
        number,
        wire,
        meaning,
    }
}

/// The reasons that phones give behind `Last=`, sorted by number.
#[rustfmt::skip]
pub const LAST_REASONS: &[LastReason] = &[
    reason(0, "Load Rejected HC", "the firmware was rejected by the hardware"),
    reason(1, "TFTP Size Error", "a file was too large for TFTP or for the phone"),
    reason(2, "Compression Type Error", "a file was compressed in an unknown way"),
    reason(3, "Version Error", "the firmware is of a wrong version"),
    reason(4, "Disk Full Error", "the phone's storage is full"),
    reason(5, "ROM Checksum Error", "the firmware's checksum is wrong"),
    reason(6, "File Not Found", "the firmware is not on the TFTP server"),
    reason(7, "TFTP Timeout", "the TFTP server did not answer"),
    reason(8, "TFTP Access Error", "the TFTP server refused access to a file"),
    reason(9, "TFTP Error", "the TFTP server sent an error"),
    reason(10, "TCP-timeout", "the call server did not answer on TCP"),
    reason(11, "TCP-Bad-ACK", "the TCP connection was closed on a bad acknowledgment"),
    reason(12, "CM-reset-TCP", "the call server reset the TCP connection"),
    reason(13, "CM-aborted-TCP", "the call server aborted the TCP connection"),
    reason(14, "CM-closed-TCP", "the call server closed the TCP connection"),
    reason(15, "CM-ICMP-Unreach", "the call server was unreachable (ICMP)"),
    reason(16, "CM-NAKed", "the call server refused the TCP connection"),
    reason(17, "KeepaliveTO", "the call server's keepalives stopped"),
    reason(18, "Failback", "the phone went back to a call server of higher rank"),
    reason(19, "Phone-Diag", "diagnostics on the phone"),
    reason(20, "Phone-Keypad", "a reset by the phone's keypad"),
    reason(21, "Phone-Re-IP", "the phone's IP configuration changed"),
    reason(22, "Reset-Reset", "the call server told it to reset"),
    reason(23, "Reset-Restart", "the call server told it to restart"),
    reason(24, "Phone-Reg-Rej", "the call server rejected the registration"),
    reason(25, "Initialized", "a first boot, power applied"),
    reason(26, "", "closed for a reason that the phone does not know"),
    reason(27, "", "it was waiting for the call server"),
    reason(28, "", "it was waiting for an answer of the call server"),
    reason(29, "DSP Error", "the signal processor raised an alarm"),
    reason(30, "Phone-Abort", "the phone aborted the TCP connection"),
    reason(31, "FileAuthError", "a file's signature could not be verified"),
];

/// Why the last boot ended, from the text of an alarm (SCCP) or of a `Reason`
/// header (SIP): `25: Name=SEP… Load=… Last=Initialized`, `Last=0x0E`.
///
/// What stands behind `Last=` counts, as words in any case or as a number;
/// where it is neither known, the number at the front does. `None` without
/// `Last=`.
pub fn last_reason(text: &[u8]) -> Option<&'static LastReason> {
    const LAST: &[u8] = b"last=";

    let at = text
        .windows(LAST.len())
        .position(|window| window.eq_ignore_ascii_case(LAST))?;
    let (front, last) = text.split_at_checked(at)?;
    let last = last.get(LAST.len()..).unwrap_or_default();
    words_reason(last)
        .or_else(|| number_reason(last_number(last)?))
        .or_else(|| number_reason(front_number(front)?))
}

/// The firmware that an alarm's text says is running: `SCCP42.9-4-2SR3-1S` of
/// `25: Name=SEP… Load=SCCP42.9-4-2SR3-1S Last=…`, and what stands behind `ActiveLoad=`
/// where SIP says it. `None` when it says neither.
pub fn running_load(text: &[u8]) -> Option<&[u8]> {
    text.split(u8::is_ascii_whitespace).find_map(|word| {
        let equals = word.iter().position(|&byte| byte == b'=')?;
        let (key, value) = word.split_at_checked(equals)?;
        let is_running =
            key.eq_ignore_ascii_case(b"load") || key.eq_ignore_ascii_case(b"activeload");
        let value = value.get(1..).filter(|value| !value.is_empty())?;
        is_running.then_some(value)
    })
}

fn words_reason(last: &[u8]) -> Option<&'static LastReason> {
    LAST_REASONS.iter().find(|reason| {
        let words = last.get(..reason.wire.len()).unwrap_or_default();
        !reason.wire.is_empty() && words.eq_ignore_ascii_case(reason.wire.as_bytes())
    })
}

fn number_reason(number: u32) -> Option<&'static LastReason> {
    LAST_REASONS.iter().find(|reason| reason.number == number)
}

/// `14` or `0x0E`.
fn last_number(last: &[u8]) -> Option<u32> {
    match last {
        [b'0', b'x' | b'X', hex @ ..] => leading_number(hex, 16),
        _ => leading_number(last, 10),
    }
}

/// The number of `25: Name=…` and of `cisco-alarm:25 Name=…`. The digits of the name
/// behind it are none.
fn front_number(front: &[u8]) -> Option<u32> {
    let name = front
        .windows(5)
        .position(|window| window.eq_ignore_ascii_case(b"name="))
        .unwrap_or(front.len());
    let front = front.get(..name)?;
    let start = front.iter().position(u8::is_ascii_digit)?;
    leading_number(front.get(start..)?, 10)
}

/// Too many digits are no number that could be known.
fn leading_number(digits: &[u8], radix: u32) -> Option<u32> {
    let is_digit = |byte: &u8| char::from(*byte).is_digit(radix);
    let end = digits
        .iter()
        .position(|byte| !is_digit(byte))
        .unwrap_or(digits.len());
    let digits = str::from_utf8(digits.get(..end)?).ok()?;
    u32::from_str_radix(digits, radix).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_reason_in_words_and_numbers() {
        let cases: [(&str, Option<u32>); 17] = [
            ("25: Name=SEP0 Load=8.5(3.0S) Last=Initialized", Some(25)),
            ("cisco-alarm:14 Name=SEP0 Last=cm-closed-tcp", Some(14)),
            ("Name=SEP0 Last=TFTP Size Error", Some(1)),
            ("Name=SEP0 Last=TFTP Error", Some(9)),
            ("Name=SEP0 Last=Reset-Restart", Some(23)),
            ("Last=6", Some(6)),
            ("Last=0x1F", Some(31)),
            ("Last=0X18 ", Some(24)),
            ("26: Name=SEP0 Last=0x40", Some(26)),
            ("17: Name=SEP0 Last=something new", Some(17)),
            ("99: Name=SEP0 Last=something new", None),
            ("Name=SEP001AA17BE638 Last=something new", None),
            ("Last=4294967296", None),
            ("Last=0x", None),
            ("Last=", None),
            ("25: Name=SEP0", None),
            ("", None),
        ];
        for (text, number) in cases {
            let found = last_reason(text.as_bytes()).map(|reason| reason.number);
            assert_eq!(found, number, "{text}");
        }
    }

    #[test]
    fn tells_the_load_that_runs() {
        for (text, load) in [
            (
                "25: Name=SEP001AA17BE638 Load=SCCP70.8-5-2S Last=Initialized",
                Some("SCCP70.8-5-2S"),
            ),
            (
                "Name=SEP001AA17BE638 Load=8.1(2.0) Last=0x19",
                Some("8.1(2.0)"),
            ),
            (
                "cisco-alarm:14 Name=SEP001AA17BE638 InactiveLoad=sip88xx.12-5-1SR1-4 \
                 ActiveLoad=sip88xx.12-8-1-0001-455 Last=cm-closed-tcp",
                Some("sip88xx.12-8-1-0001-455"),
            ),
            ("Name=SEP001AA17BE638 Load= Last=initialized", None),
            ("Name=SEP001AA17BE638", None),
            ("", None),
        ] {
            assert_eq!(
                running_load(text.as_bytes()),
                load.map(str::as_bytes),
                "{text}"
            );
        }
    }

    #[test]
    fn reasons_are_numbered_through() {
        let numbers = LAST_REASONS.iter().map(|reason| reason.number);
        assert!(numbers.eq(0..32));
    }

    #[test]
    fn finds_every_reason_by_its_own_words() {
        for reason in LAST_REASONS.iter().filter(|reason| !reason.wire.is_empty()) {
            let text = format!("Name=SEP001AA17BE638 Last={}", reason.wire);
            assert_eq!(last_reason(text.as_bytes()), Some(reason));
        }
    }
}
