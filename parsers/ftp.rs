//! FTP commands and replies, from the start of a control connection's next line.
//!
//! RFC 959 §4 (commands, replies) and §5.3 (syntax), RFC 854 (telnet, which the
//! control connection speaks), RFC 1123 §4.1.2.6 (reply 227), RFC 2228 (AUTH),
//! RFC 2428 (EPRT, EPSV), RFC 3659 (SIZE, MDTM). Left out: what data connections
//! carry, and the long forms of RFC 1639.
//!
//! Secrets are never kept: what stands behind PASS and ACCT is replaced while it
//! is read. So is what stands behind a command that nobody knows, which may be the
//! rest of a PASS whose beginning was lost.

mod address;

use std::net::IpAddr;

use self::address::{extended, extended_in, host_port};
use crate::{DecodeError, Decoded, Input, Issue, IssueKind, WireText};

/// What stands in place of a secret.
const MASK: &str = "****";

/// The longest word that is taken for a command. RFC 959 §4.1 allows four letters;
/// the servers' own commands have some more.
const MAX_VERB_BYTES: usize = 8;

/// A command, or a reply of several lines, that is longer is not waited for, in bytes.
const MAX_MESSAGE_BYTES: usize = 8 * 1024;

/// Telnet's "interpret as command" (RFC 854).
const IAC: u8 = 255;

/// A command of the client, or a reply of the server.
///
/// ```text
/// VERB [SP argument] CRLF
///
/// code SP text CRLF                         (one line)
///
/// code "-" text CRLF                        (several)
/// any text CRLF
/// code SP text CRLF
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// What the client asks for.
    Command(Command),
    /// What the server answers.
    Reply(Reply),
}

/// A command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// The first word, as it was sent: `RETR`, `retr`.
    pub verb: WireText,
    /// What follows it; `None` when nothing does. Secrets are `****`.
    pub argument: Option<WireText>,
    /// Where the client listens for a data connection (PORT, EPRT).
    pub listens: Option<DataAddress>,
}

/// A reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// Three digits.
    pub code: u16,
    /// The text of its lines, without the codes.
    pub lines: Vec<WireText>,
    /// Where the server listens for a data connection (replies 227 and 229).
    pub listens: Option<DataAddress>,
}

/// Where somebody waits for a data connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DataAddress {
    /// `None` in reply 229: the address of the control connection's server.
    pub address: Option<IpAddr>,
    /// Its port.
    pub port: u16,
}

/// How much of a command may be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shown {
    All,
    /// The first word of the argument.
    FirstWord,
    Nothing,
}

/// Known commands, sorted: what of the argument is no secret, and where it is
/// defined.
#[rustfmt::skip]
const COMMANDS: &[(&str, Shown, &str)] = &[
    ("ABOR", Shown::All, "RFC 959 §4.1.3"),
    ("ACCT", Shown::Nothing, "RFC 959 §4.1.1"),
    ("ADAT", Shown::Nothing, "RFC 2228 §3"),
    ("ALLO", Shown::All, "RFC 959 §4.1.3"),
    ("APPE", Shown::All, "RFC 959 §4.1.3"),
    ("AUTH", Shown::All, "RFC 2228 §3"),
    ("CCC", Shown::All, "RFC 2228 §3"),
    ("CDUP", Shown::All, "RFC 959 §4.1.1"),
    ("CLNT", Shown::All, "a client names itself"),
    ("CONF", Shown::Nothing, "RFC 2228 §3"),
    ("CWD", Shown::All, "RFC 959 §4.1.1"),
    ("DELE", Shown::All, "RFC 959 §4.1.3"),
    ("ENC", Shown::Nothing, "RFC 2228 §3"),
    ("EPRT", Shown::All, "RFC 2428 §2"),
    ("EPSV", Shown::All, "RFC 2428 §3"),
    ("FEAT", Shown::All, "RFC 2389 §3"),
    ("HELP", Shown::All, "RFC 959 §4.1.3"),
    ("HOST", Shown::All, "RFC 7151 §3"),
    ("LANG", Shown::All, "RFC 2640 §4.1"),
    ("LIST", Shown::All, "RFC 959 §4.1.3"),
    ("LPRT", Shown::All, "RFC 1639 §4"),
    ("LPSV", Shown::All, "RFC 1639 §4"),
    ("MDTM", Shown::All, "RFC 3659 §3"),
    ("MFMT", Shown::All, "draft-somers-ftp-mfxx"),
    ("MIC", Shown::Nothing, "RFC 2228 §3"),
    ("MKD", Shown::All, "RFC 959 §4.1.3"),
    ("MLSD", Shown::All, "RFC 3659 §7"),
    ("MLST", Shown::All, "RFC 3659 §7"),
    ("MODE", Shown::All, "RFC 959 §4.1.2"),
    ("NLST", Shown::All, "RFC 959 §4.1.3"),
    ("NOOP", Shown::All, "RFC 959 §4.1.3"),
    ("OPTS", Shown::All, "RFC 2389 §4"),
    ("PASS", Shown::Nothing, "RFC 959 §4.1.1"),
    ("PASV", Shown::All, "RFC 959 §4.1.2"),
    ("PBSZ", Shown::All, "RFC 2228 §3"),
    ("PORT", Shown::All, "RFC 959 §4.1.2"),
    ("PROT", Shown::All, "RFC 2228 §3"),
    ("PWD", Shown::All, "RFC 959 §4.1.3"),
    ("QUIT", Shown::All, "RFC 959 §4.1.1"),
    ("REIN", Shown::All, "RFC 959 §4.1.1"),
    ("REST", Shown::All, "RFC 3659 §5"),
    ("RETR", Shown::All, "RFC 959 §4.1.3"),
    ("RMD", Shown::All, "RFC 959 §4.1.3"),
    ("RNFR", Shown::All, "RFC 959 §4.1.3"),
    ("RNTO", Shown::All, "RFC 959 §4.1.3"),
    ("SITE", Shown::FirstWord, "RFC 959 §4.1.3; some change passwords"),
    ("SIZE", Shown::All, "RFC 3659 §4"),
    ("SMNT", Shown::All, "RFC 959 §4.1.1"),
    ("STAT", Shown::All, "RFC 959 §4.1.3"),
    ("STOR", Shown::All, "RFC 959 §4.1.3"),
    ("STOU", Shown::All, "RFC 959 §4.1.3"),
    ("STRU", Shown::All, "RFC 959 §4.1.2"),
    ("SYST", Shown::All, "RFC 959 §4.1.3"),
    ("TYPE", Shown::All, "RFC 959 §4.1.2"),
    ("USER", Shown::All, "RFC 959 §4.1.1"),
    ("XCUP", Shown::All, "RFC 775"),
    ("XCWD", Shown::All, "RFC 775"),
    ("XMKD", Shown::All, "RFC 775"),
    ("XPWD", Shown::All, "RFC 775"),
    ("XRMD", Shown::All, "RFC 775"),
];

impl Command {
    /// Whether it is this command, given in capitals.
    pub fn is(&self, verb: &str) -> bool {
        self.verb.as_bytes().eq_ignore_ascii_case(verb.as_bytes())
    }
}

impl Reply {
    /// Whether it only tells that another one will follow (RFC 959 §4.2.1).
    pub fn is_preliminary(&self) -> bool {
        self.code < 200
    }

    /// Whether it says no, for now (4xx) or for good (5xx).
    pub fn is_refusal(&self) -> bool {
        (400..600).contains(&self.code)
    }

    /// Its words in one line.
    pub fn text(&self) -> WireText {
        let lines: Vec<&[u8]> = self
            .lines
            .iter()
            .map(|line| line.as_bytes().trim_ascii())
            .filter(|line| !line.is_empty())
            .collect();
        WireText(lines.join(&b' '))
    }

    /// The size that servers put behind the file's name when a transfer begins:
    /// `150 Opening BINARY mode data connection for sip.ld (1234 bytes).`
    pub fn announced_bytes(&self) -> Option<u64> {
        let text = self.text();
        let text = text.as_bytes();
        let mut starts = (0..text.len())
            .rev()
            .filter(|&at| text.get(at) == Some(&b'('));
        starts.find_map(|at| {
            let (number, rest) = leading_number(text.get(at + 1..)?)?;
            rest.starts_with(b" byte").then_some(number)
        })
    }

    /// The number that the text is; the answer to SIZE (RFC 3659 §4).
    pub fn number(&self) -> Option<u64> {
        let text = self.text();
        let (number, rest) = leading_number(text.as_bytes())?;
        rest.is_empty().then_some(number)
    }
}

/// Decodes the first command or reply of `input`. Gives `None` when it is not yet
/// whole, else the message and how many bytes it takes.
///
/// Telnet's commands are left out, and lines may end in a bare LF.
pub fn decode(input: Input<'_>) -> Result<Option<(Decoded<Message>, usize)>, DecodeError> {
    let blank = |byte: &&u8| matches!(byte, b'\r' | b'\n');
    let offset = input.bytes.iter().take_while(blank).count();
    let bytes = input.bytes.get(offset..).unwrap_or_default();
    let Some(first) = bytes.split_inclusive(|&byte| byte == b'\n').next() else {
        return Ok(None);
    };
    let is_too_long = input.missing == 0 && bytes.len() >= MAX_MESSAGE_BYTES;
    let is_partial = input.missing > 0 || is_too_long;
    if !first.ends_with(b"\n") && !is_partial {
        return Ok(None);
    }
    let line = without_telnet(first);
    let read = if let Some((code, mark, _)) = reply_line(&line) {
        reply(bytes, offset, code, mark == Some(b'-'), is_partial)
    } else {
        let mut issues = Vec::new();
        let mut command = command(&line, offset..offset + first.len(), &mut issues)?;
        if !first.ends_with(b"\n") {
            // What is cut off is nobody's fault, and half a port is none.
            issues.clear();
            command.listens = None;
        }
        Some((Message::Command(command), issues, offset + first.len()))
    };
    let Some((value, mut issues, end)) = read else {
        return Ok(None);
    };
    if end >= input.bytes.len() && input.missing > 0 {
        let detail = "is not whole in the capture";
        issues.push(Issue::cut_short("line", offset..end, detail));
    } else if end >= input.bytes.len() && is_too_long {
        issues.push(Issue {
            kind: IssueKind::Limit,
            field: "line".into(),
            span: offset..end,
            detail: format!("does not end within {MAX_MESSAGE_BYTES} bytes"),
        });
    }
    Ok(Some((Decoded { value, issues }, end)))
}

/// Whether bytes of a connection to port 21 begin with FTP. `None` when more bytes
/// are needed to tell.
pub fn looks_like_ftp(start: &[u8]) -> Option<bool> {
    let start = start.trim_ascii_start();
    let line = without_telnet(first_line(start));
    let is_whole = start.contains(&b'\n');
    if let Some((_, mark, _)) = reply_line(&line) {
        return (is_whole || mark.is_some()).then_some(true);
    }
    let word = line.split(|&byte| byte == b' ').next().unwrap_or_default();
    if is_whole || word.len() < line.len() {
        return Some(known(word).is_some());
    }
    let may_become = line.len() <= MAX_VERB_BYTES
        && (line.iter().all(u8::is_ascii_alphabetic) || line.iter().all(u8::is_ascii_digit));
    if may_become { None } else { Some(false) }
}

/// What the first bytes of one direction, on a port that is not FTP's, tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opening {
    /// A greeting that names FTP.
    Ftp,
    /// `220` as SMTP says it too, or `USER` as in POP3: FTP when the other side
    /// says the other of the two.
    Perhaps,
    /// More bytes are needed to tell.
    NeedsMore,
    /// Something else.
    Other,
}

/// Judges the first bytes of a direction of a connection between any ports.
pub fn opening(start: &[u8]) -> Opening {
    const GREETING: &[u8] = b"220";
    const FIRST_COMMANDS: &[&[u8]] = &[b"USER ", b"AUTH TLS", b"AUTH SSL", b"FEAT"];

    let line = first_line(start);
    let is_whole = start.contains(&b'\n');
    let mut begins = FIRST_COMMANDS.iter().chain([&GREETING]);
    let head = |known: &[u8]| {
        line.get(..known.len().min(line.len()))
            .unwrap_or_default()
            .to_ascii_uppercase()
    };
    if !begins.any(|known| known.starts_with(&head(known))) {
        return Opening::Other;
    }
    if !is_whole {
        return Opening::NeedsMore;
    }
    if !matches!(reply_line(line), Some((220, Some(_), _))) {
        let is_command = FIRST_COMMANDS.iter().any(|known| head(known) == **known);
        return if is_command {
            Opening::Perhaps
        } else {
            Opening::Other
        };
    }
    // The name may stand in any line of a long greeting.
    let text = start.to_ascii_uppercase();
    let says = |word: &[u8]| text.windows(word.len()).any(|window| window == word);
    if says(b"SMTP") {
        Opening::Other
    } else if says(b"FTP") {
        Opening::Ftp
    } else {
        Opening::Perhaps
    }
}

fn first_line(bytes: &[u8]) -> &[u8] {
    let line = bytes
        .split(|&byte| byte == b'\n')
        .next()
        .unwrap_or_default();
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// The row of a command.
fn known(verb: &[u8]) -> Option<&'static (&'static str, Shown, &'static str)> {
    COMMANDS
        .iter()
        .find(|(name, _, _)| name.as_bytes().eq_ignore_ascii_case(verb))
}

/// The line without its end, telnet's commands taken out (RFC 854; RFC 959 §4.1.3
/// puts them before ABOR).
fn without_telnet(line: &[u8]) -> Vec<u8> {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let mut text = Vec::with_capacity(line.len());
    let mut bytes = line.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        match (byte, bytes.peek()) {
            (IAC, Some(&IAC)) => {
                bytes.next();
                text.push(IAC);
            }
            // WILL, WONT, DO and DONT name an option.
            (IAC, Some(251..=254)) => {
                bytes.next();
                bytes.next();
            }
            (IAC, Some(240..=250)) => {
                bytes.next();
            }
            // The data mark, whose IAC was sent as urgent data, out of the stream.
            (242, _) if text.is_empty() => {}
            _ => text.push(byte),
        }
    }
    text
}

/// Code, what stands behind it (`None` at the line's end) and text of a reply's line.
fn reply_line(line: &[u8]) -> Option<(u16, Option<u8>, &[u8])> {
    let (digits, rest) = line.split_first_chunk::<3>()?;
    let [b'1'..=b'6', b'0'..=b'9', b'0'..=b'9'] = digits else {
        return None;
    };
    let code = digits
        .iter()
        .fold(0, |code, digit| code * 10 + u16::from(digit - b'0'));
    match rest.split_first() {
        None => Some((code, None, b"")),
        Some((&mark @ (b' ' | b'-'), text)) => Some((code, Some(mark), text)),
        Some(_) => None,
    }
}

/// Reads a reply's lines up to its last one; `None` when that has not come yet, unless
/// a part of them is wanted.
fn reply(
    bytes: &[u8],
    offset: usize,
    code: u16,
    is_long: bool,
    is_partial: bool,
) -> Option<(Message, Vec<Issue>, usize)> {
    let mut lines = Vec::new();
    let mut end = offset;
    let mut is_over = false;
    let mut is_cut = false;
    for raw in bytes.split_inclusive(|&byte| byte == b'\n') {
        is_cut = !raw.ends_with(b"\n");
        if is_cut && !is_partial {
            break;
        }
        end += raw.len();
        let line = without_telnet(raw);
        let own = reply_line(&line).filter(|(of, _, _)| *of == code);
        lines.push(WireText::new(
            own.map_or(line.as_slice(), |(_, _, text)| text),
        ));
        is_over = own.is_some_and(|(_, mark, _)| mark != Some(b'-')) || !is_long;
        if is_over {
            break;
        }
    }
    if !is_over && !is_partial {
        return None;
    }
    let is_over = is_over && !is_cut;
    let mut issues = Vec::new();
    let listens = match code {
        227 if is_over => lines.iter().find_map(|line| host_port(line.as_bytes())),
        229 if is_over => lines.iter().find_map(|line| extended_in(line.as_bytes())),
        _ => None,
    };
    if listens.is_none() && matches!(code, 227 | 229) && is_over {
        let detail = "names no port to connect to";
        issues.push(Issue::malformed(
            format!("reply {code}"),
            offset..end,
            detail,
        ));
    }
    let reply = Reply {
        code,
        lines,
        listens,
    };
    Some((Message::Reply(reply), issues, end))
}

/// Reads a command out of its line.
fn command(
    line: &[u8],
    span: std::ops::Range<usize>,
    issues: &mut Vec<Issue>,
) -> Result<Command, DecodeError> {
    let n_letters = line.iter().take_while(|byte| byte.is_ascii_alphabetic());
    let (mut verb, mut rest) = line
        .split_at_checked(n_letters.count())
        .unwrap_or((line, b""));
    // Without the blank, what follows the four letters is the password.
    for secret in [b"PASS", b"ACCT"] {
        if let Some((head, tail)) = line.split_first_chunk::<4>()
            && head.eq_ignore_ascii_case(secret)
            && verb.len() > 4
        {
            issues.push(Issue::malformed(
                "command",
                span.clone(),
                "has no blank behind its name",
            ));
            (verb, rest) = (head, tail);
        }
    }
    if verb.is_empty() || verb.len() > MAX_VERB_BYTES {
        return Err(DecodeError {
            kind: IssueKind::Malformed,
            field: "command".into(),
            offset_bytes: span.start,
            detail: format!("begins with {} letters, must be 3 or 4", verb.len()),
        });
    }
    let row = known(verb);
    if row.is_none() {
        let detail = "is none that is known";
        issues.push(Issue {
            kind: IssueKind::Unusual,
            field: "command".into(),
            span: span.clone(),
            detail: detail.into(),
        });
    }
    let argument = match rest.split_first() {
        None => None,
        Some((b' ', argument)) => Some(argument),
        Some(_) => Some(rest),
    };
    let listens = match argument {
        Some(argument) if verb.eq_ignore_ascii_case(b"PORT") => Some(host_port(argument)),
        Some(argument) if verb.eq_ignore_ascii_case(b"EPRT") => Some(extended(argument)),
        _ => None,
    };
    if listens == Some(None) {
        let detail = "is no address and port";
        issues.push(Issue::malformed("host-port", span, detail));
    }
    let shown = row.map_or(Shown::Nothing, |(_, shown, _)| *shown);
    Ok(Command {
        verb: verb.into(),
        argument: argument.map(|argument| masked(argument, shown)),
        listens: listens.flatten(),
    })
}

fn masked(argument: &[u8], shown: Shown) -> WireText {
    let first_word = argument
        .split(|&byte| byte == b' ')
        .next()
        .unwrap_or_default();
    match shown {
        Shown::All => argument.into(),
        _ if argument.is_empty() => WireText::default(),
        Shown::FirstWord if first_word.len() == argument.len() => argument.into(),
        Shown::FirstWord => WireText([first_word, b" ", MASK.as_bytes()].concat()),
        Shown::Nothing => MASK.into(),
    }
}

fn leading_number(text: &[u8]) -> Option<(u64, &[u8])> {
    let n_digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, rest) = text.split_at_checked(n_digits)?;
    let number = std::str::from_utf8(digits).ok()?.parse().ok()?;
    Some((number, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(bytes: &[u8]) -> (Message, Vec<Issue>, usize) {
        let (decoded, length) = decode(bytes.into()).unwrap().unwrap();
        (decoded.value, decoded.issues, length)
    }

    fn command_of(bytes: &[u8]) -> Command {
        match whole(bytes).0 {
            Message::Command(command) => command,
            Message::Reply(reply) => panic!("{reply:?}"),
        }
    }

    fn reply_of(bytes: &[u8]) -> Reply {
        match whole(bytes).0 {
            Message::Reply(reply) => reply,
            Message::Command(command) => panic!("{command:?}"),
        }
    }

    fn address(address: Option<[u8; 4]>, port: u16) -> DataAddress {
        DataAddress {
            address: address.map(IpAddr::from),
            port,
        }
    }

    #[test]
    fn reads_commands_with_and_without_argument() {
        // tshark: ftp.request.command RETR, ftp.request.arg "a file.cfg"
        let bytes = b"RETR a file.cfg\r\nPASV\r\n";
        let (message, issues, length) = whole(bytes);
        let command = Command {
            verb: "RETR".into(),
            argument: Some("a file.cfg".into()),
            listens: None,
        };
        assert!(command.is("RETR"));
        assert_eq!(
            (message, issues, length),
            (Message::Command(command), vec![], 17)
        );
        // tshark: ftp.request.command PASV, no ftp.request.arg
        let command = command_of(b"PASV\r\n");
        assert_eq!(command.argument, None);
        assert!(command_of(b"retr x\n").is("RETR"));
        assert_eq!(whole(b"\r\n\nNOOP\r\n").2, 9);
    }

    #[test]
    fn keeps_no_secret() {
        for (line, argument) in [
            ("PASS PlcmSpIp\r\n", Some("****")),
            ("pass PlcmSpIp\n", Some("****")),
            ("PASSPlcmSpIp\r\n", Some("****")),
            ("PASS \r\n", Some("")),
            ("PASS\r\n", None),
            ("ACCT 4711\r\n", Some("****")),
            ("ADAT cGFzcw==\r\n", Some("****")),
            ("ASS PlcmSpIp\r\n", Some("****")),
            ("SITE PSWD old new\r\n", Some("PSWD ****")),
            ("SITE HELP\r\n", Some("HELP")),
            ("USER PlcmSpIp\r\n", Some("PlcmSpIp")),
        ] {
            let command = command_of(line.as_bytes());
            assert_eq!(command.argument, argument.map(WireText::from), "{line}");
        }
        let (decoded, _) = decode(Input::cut(b"PASS Plcm", 6)).unwrap().unwrap();
        assert!(!format!("{decoded:?}").contains("Plcm"));
        let error = decode(b"PlcmSpIpPlcmSpIp x\r\n".as_slice().into()).unwrap_err();
        assert!(!format!("{error:?}").contains("Plcm"));
    }

    #[test]
    fn says_what_is_wrong_with_a_command() {
        let (_, issues, _) = whole(b"PASSx\r\n");
        assert_eq!(issues[0].kind, IssueKind::Malformed);
        assert_eq!(issues[0].detail, "has no blank behind its name");
        let (_, issues, _) = whole(b"XYZ 1\r\n");
        assert_eq!(issues[0].kind, IssueKind::Unusual);
        let (_, issues, _) = whole(b"PORT 192,0,2,51,4\r\n");
        assert_eq!(
            (issues[0].field.as_str(), issues[0].span.clone()),
            ("host-port", 0..19)
        );
        for garbage in [
            &b"\x16\x03\x01\0\n"[..],
            b"22 x\r\n",
            b"ABCDEFGHI\r\n",
            b"2200 x\r\n",
        ] {
            let error = decode(garbage.into()).unwrap_err();
            assert_eq!(error.kind, IssueKind::Malformed, "{garbage:?}");
        }
    }

    #[test]
    fn reads_where_the_client_listens() {
        // tshark: ftp.active.ip 192.0.2.51, ftp.active.port 40001
        let command = command_of(b"PORT 192,0,2,51,156,65\r\n");
        assert_eq!(
            command.listens,
            Some(address(Some([192, 0, 2, 51]), 40_001))
        );
        // tshark: ftp.eprt.ip 192.0.2.51, ftp.eprt.port 40001
        let command = command_of(b"EPRT |1|192.0.2.51|40001|\r\n");
        assert_eq!(
            command.listens,
            Some(address(Some([192, 0, 2, 51]), 40_001))
        );
        // tshark: ftp.eprt.ipv6 2001:db8::51, ftp.eprt.port 5282
        let command = command_of(b"EPRT |2|2001:db8::51|5282|\r\n");
        assert_eq!(
            command.listens,
            Some(DataAddress {
                address: Some("2001:db8::51".parse().unwrap()),
                port: 5282
            })
        );
        for line in [
            "PORT 192,0,2,51,156,256\r\n",
            "PORT 192,0,2,51,156,65,1\r\n",
            "PORT 192,0,2,51,0,0\r\n",
            "EPRT |3|192.0.2.51|40001|\r\n",
            "EPRT |1|192.0.2|40001|\r\n",
            "EPRT |1|192.0.2.51|0|\r\n",
            "EPRT |1|192.0.2.51\r\n",
            "EPRT  \r\n",
        ] {
            assert_eq!(command_of(line.as_bytes()).listens, None, "{line}");
            assert_eq!(whole(line.as_bytes()).1.len(), 1, "{line}");
        }
    }

    #[test]
    fn reads_where_the_server_listens() {
        // tshark: ftp.passive.ip 192.0.2.10, ftp.passive.port 40001
        for line in [
            "227 Entering Passive Mode (192,0,2,10,156,65).\r\n",
            "227 Entering Passive Mode. 192,0,2,10,156,65\r\n",
            "227 =192,0,2,10,156,65\r\n",
            "227-Entering\r\n227 Passive Mode (192, 0, 2, 10, 156, 65)\r\n",
        ] {
            let reply = reply_of(line.as_bytes());
            assert_eq!(
                reply.listens,
                Some(address(Some([192, 0, 2, 10]), 40_001)),
                "{line}"
            );
        }
        // tshark: ftp.epasv.port 6446
        let reply = reply_of(b"229 Entering Extended Passive Mode (|||6446|)\r\n");
        assert_eq!(reply.listens, Some(address(None, 6446)));
        let reply = reply_of(b"229 Ok (!!!6446!)\r\n");
        assert_eq!(reply.listens, Some(address(None, 6446)));
        for line in [
            "227 Ok (1,2,3)\r\n",
            "229 Ok\r\n",
            "229 (|||\r\n",
            "229 Ok (|||70000|)\r\n",
        ] {
            let (message, issues, _) = whole(line.as_bytes());
            assert!(
                matches!(message, Message::Reply(Reply { listens: None, .. })),
                "{line}"
            );
            assert_eq!(issues[0].kind, IssueKind::Malformed, "{line}");
        }
    }

    #[test]
    fn reads_replies_of_several_lines() {
        let bytes =
            b"220-Welcome\r\n 220 not yet\r\n221 nor here\r\n220-\r\n220 Ready\r\n331 x\r\n";
        let (message, issues, length) = whole(bytes);
        let Message::Reply(reply) = message else {
            panic!("no reply");
        };
        let lines = ["Welcome", " 220 not yet", "221 nor here", "", "Ready"];
        assert_eq!(reply.lines, lines.map(WireText::from));
        assert_eq!(reply.code, 220);
        assert_eq!((issues, length), (vec![], bytes.len() - 7));
        assert_eq!(
            reply.text(),
            "Welcome 220 not yet 221 nor here Ready".into()
        );
        assert_eq!(
            decode(b"220-Welcome\r\n220 Read".as_slice().into()),
            Ok(None)
        );
        assert_eq!(reply_of(b"226\n").lines, [WireText::default()]);
        assert_eq!(
            reply_of(b"226-a\n226\n").lines,
            ["a".into(), WireText::default()]
        );
    }

    #[test]
    fn tells_how_large_a_file_is() {
        for (line, bytes) in [
            (
                "150 Opening BINARY mode data connection for sip.ld (1234 bytes).\r\n",
                Some(1234),
            ),
            (
                "150 Opening data connection for a (2).cfg (7 bytes)\r\n",
                Some(7),
            ),
            ("150 Here comes the directory listing.\r\n", None),
            ("150 a (2).cfg\r\n", None),
            ("125 (99999999999999999999 bytes)\r\n", None),
        ] {
            let reply = reply_of(line.as_bytes());
            assert_eq!(reply.announced_bytes(), bytes, "{line}");
            assert!(reply.is_preliminary());
        }
        assert_eq!(reply_of(b"213 1234\r\n").number(), Some(1234));
        assert_eq!(reply_of(b"213 File status\r\n").number(), None);
        assert!(reply_of(b"550 Failed to open file.\r\n").is_refusal());
        assert!(!reply_of(b"226 Transfer complete.\r\n").is_refusal());
    }

    #[test]
    fn leaves_telnet_out() {
        for line in [
            &b"\xff\xf4\xff\xf2ABOR\r\n"[..],
            b"\xff\xf4\xf2ABOR\r\n",
            b"\xff\xfb\x06ABOR\r\n",
            b"\xff\xfd\x06ABOR\r\n",
        ] {
            assert!(command_of(line).is("ABOR"), "{line:?}");
            assert_eq!(looks_like_ftp(line), Some(true));
        }
        let command = command_of(b"RETR \xff\xff\xff.cfg\r\n");
        assert_eq!(command.argument, Some(WireText::new(b"\xff\xff.cfg")));
        assert_eq!(decode(b"\xff\xf4\xff\xf2".as_slice().into()), Ok(None));
    }

    #[test]
    fn waits_for_the_end_of_a_line() {
        for part in [
            &b""[..],
            b"\r\n",
            b"RET",
            b"RETR sip.ld",
            b"RETR sip.ld\r",
            b"220 x",
        ] {
            assert_eq!(decode(part.into()), Ok(None), "{part:?}");
        }
    }

    #[test]
    fn waits_no_longer_than_for_a_limited_number_of_bytes() {
        for start in [&b"RETR "[..], b"220 ", b"220-"] {
            let mut line = start.to_vec();
            line.resize(MAX_MESSAGE_BYTES - 1, b'a');
            assert_eq!(decode(line.as_slice().into()), Ok(None));
            line.push(b'a');
            let (_, issues, length) = whole(&line);
            assert_eq!(
                (issues[0].kind, length),
                (IssueKind::Limit, MAX_MESSAGE_BYTES)
            );
        }
        let mut long = b"220-Hello\r\n".repeat(1000);
        long.extend(b"220 Ready\r\nRETR");
        let (_, issues, length) = whole(&long);
        assert_eq!((issues, length), (vec![], long.len() - 4));
    }

    #[test]
    fn keeps_what_was_captured_of_a_line() {
        let (decoded, length) = decode(Input::cut(b"RETR sip", 5)).unwrap().unwrap();
        let Message::Command(command) = decoded.value else {
            panic!("no command");
        };
        assert_eq!(command.argument, Some("sip".into()));
        assert_eq!(decoded.issues[0].kind, IssueKind::CutShort);
        assert_eq!(length, 8);
        for cut in [
            "PORT 192,0,2,51,156,6",
            "EPRT |1|192.0.2.51|4000",
            "227 Ok (192,0,2,10,156,6",
            "229 Ok (|||400",
            "220-Welcome\r\n",
        ] {
            let (decoded, _) = decode(Input::cut(cut.as_bytes(), 5)).unwrap().unwrap();
            let kinds: Vec<IssueKind> = decoded.issues.iter().map(|issue| issue.kind).collect();
            assert_eq!(kinds, [IssueKind::CutShort], "{cut}");
            match decoded.value {
                Message::Command(command) => assert_eq!(command.listens, None),
                Message::Reply(reply) => assert_eq!(reply.listens, None),
            }
        }
    }

    #[test]
    fn tells_ftp_on_its_port() {
        for (start, is_ftp) in [
            (&b"220 x"[..], Some(true)),
            (b"220-", Some(true)),
            (b"226\r\n", Some(true)),
            (b"RETR ", Some(true)),
            (b"quit\r\n", Some(true)),
            (b"RET", None),
            (b"22", None),
            (b"", None),
            (b"RETRX ", Some(false)),
            (b"ASS secret\r\n", Some(false)),
            (b"SSH-2.0-x\r\n", Some(false)),
            (b"GET / HTTP/1.1\r\n", Some(false)),
            (b"\x16\x03\x01", Some(false)),
            (b"700 x", Some(false)),
        ] {
            assert_eq!(looks_like_ftp(start), is_ftp, "{start:?}");
        }
    }

    #[test]
    fn tells_ftp_on_other_ports_from_its_neighbors() {
        for (start, told) in [
            (&b"220 (vsFTPd 3.0.3)\r\n"[..], Opening::Ftp),
            (b"220-Welcome\r\n220 ProFTPD\r\n", Opening::Ftp),
            (b"220 ftp.example.com ESMTP Postfix\r\n", Opening::Other),
            (b"220-FileZilla Server 1.2\r\n", Opening::Perhaps),
            (b"220 Ready\r\n", Opening::Perhaps),
            (b"220\r\n", Opening::Other),
            (b"2201 x\r\n", Opening::Other),
            (b"220 (vsFT", Opening::NeedsMore),
            (b"USER PlcmSpIp\r\n", Opening::Perhaps),
            (b"AUTH TLS\r\n", Opening::Perhaps),
            (b"USE", Opening::NeedsMore),
            (b"", Opening::NeedsMore),
            (b"EHLO x\r\n", Opening::Other),
            (b"+OK POP3\r\n", Opening::Other),
            (b"* OK IMAP4\r\n", Opening::Other),
            (b"GET / HTTP/1.1\r\n", Opening::Other),
            (b"USED\r\n", Opening::Other),
        ] {
            assert_eq!(opening(start), told, "{:?}", WireText::new(start));
        }
    }

    #[test]
    fn commands_are_sorted() {
        assert!(COMMANDS.windows(2).all(|pair| pair[0].0 < pair[1].0));
        assert!(
            COMMANDS
                .iter()
                .all(|row| row.0.len() <= MAX_VERB_BYTES && !row.2.is_empty())
        );
    }
}
