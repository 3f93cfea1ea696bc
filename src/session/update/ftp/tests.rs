//! Sessions told line by line, as a capture shows them.

use std::net::IpAddr;

use phoneboot_parsers::ftp::{Message, decode};
use phoneboot_parsers::tftp::Direction;

use crate::capture::{FrameNumber, Timestamp};
use crate::dissect::{FtpControl, FtpData, TcpNotice};
use crate::event::{At, Endpoint, Event, EventKind, Seen, Subject};
use crate::session::ftp::{LoginStatus, Mode};
use crate::session::phone::Clue;
use crate::session::testing::{MAC, PHONE, SERVER};
use crate::session::tracker::Tracker;
use crate::session::transfer::{Status, Transfer};
use crate::session::{Beginning, Boot};

/// The port on which the server listens for data in these tests.
const DATA_PORT: u16 = 40_001;
const PASSIVE: [&str; 2] = ["PASV", "227 Ok (192,0,2,10,156,65)"];

struct Told<'r> {
    tracker: Tracker<'r>,
    now: At,
    control_port: u16,
}

impl<'r> Told<'r> {
    fn new(recognize: &'r dyn Fn(&[Seen<Clue>]) -> bool) -> Self {
        Self {
            tracker: Tracker::new(Box::new(recognize)),
            now: At::default(),
            control_port: 50_000,
        }
    }

    fn wait(&mut self, secs: i64) {
        self.now.time = Timestamp(self.now.time.0 + secs * 1_000_000_000);
    }

    fn give(&mut self, by_phone: bool, ports: [u16; 2], kind: EventKind<'_>) {
        self.now.frame = FrameNumber(self.now.frame.0 + 1);
        self.now.time = Timestamp(self.now.time.0 + 1_000_000);
        let end = |mac, ip: IpAddr, port| Endpoint {
            mac,
            ip: Some(ip),
            port: Some(port),
        };
        let [phone_port, server_port] = ports;
        let phone = end(Some(MAC), PHONE.into(), phone_port);
        let server = end(None, SERVER.into(), server_port);
        let (source, destination) = if by_phone {
            (phone, server)
        } else {
            (server, phone)
        };
        let telling = matches!(kind, EventKind::FtpCommand(_));
        self.tracker.event(&Event {
            at: self.now,
            source,
            destination,
            vlans: &[],
            subject: Subject::Host {
                endpoint: phone,
                hop_limit: by_phone.then_some(64),
                telling,
            },
            kind,
        });
    }

    /// Lines of the control connection; the server's begin with a digit.
    fn lines<const N: usize>(&mut self, lines: [&str; N]) {
        let ports = [self.control_port, 21];
        for line in lines {
            let text = format!("{line}\r\n");
            let (decoded, _) = decode(text.as_bytes().into()).unwrap().unwrap();
            match &decoded.value {
                Message::Command(command) => self.give(true, ports, EventKind::FtpCommand(command)),
                Message::Reply(reply) => self.give(false, ports, EventKind::FtpReply(reply)),
            }
        }
    }

    /// The control connection itself.
    fn control(&mut self, by_phone: bool, notice: TcpNotice) {
        self.give(by_phone, [self.control_port, 21], EventKind::Tcp(notice));
    }

    fn data(&mut self, by_phone: bool, what: FtpData<'_>) {
        let control = FtpControl {
            client: (PHONE.into(), self.control_port),
            server: (SERVER.into(), 21),
        };
        let kind = EventKind::FtpData { control, what };
        self.give(by_phone, [50_001, DATA_PORT], kind);
    }

    /// The phone opens a data connection.
    fn opens(&mut self) {
        self.lines(PASSIVE);
        self.data(true, FtpData::Tcp(TcpNotice::Open { again: false }));
        self.data(false, FtpData::Tcp(TcpNotice::Accept));
    }

    fn server_sends(&mut self, n_bytes: usize) {
        self.data(false, FtpData::Bytes(&vec![0; n_bytes]));
    }

    fn closes_data(&mut self, by_phone: bool) {
        self.data(by_phone, FtpData::Tcp(TcpNotice::Finish));
    }

    fn boots(self) -> Vec<Boot> {
        let mut phones = self.tracker.finish();
        phones.remove(0).boots
    }
}

/// The boot that is told by `tell`, behind a login.
fn boot(tell: impl FnOnce(&mut Told<'_>)) -> Boot {
    let recognize = |_: &[Seen<Clue>]| true;
    let mut told = Told::new(&recognize);
    told.lines(["220 Hi", "USER PlcmSpIp", "331 Go on", "PASS x", "230 In"]);
    tell(&mut told);
    told.boots().remove(0)
}

/// Its only transfer.
fn transfer(tell: impl FnOnce(&mut Told<'_>)) -> Transfer {
    let mut boot = boot(tell);
    assert_eq!(boot.transfers.len(), 1);
    boot.transfers.remove(0)
}

const FILE_150: &str = "150 Opening connection for a.cfg (100 bytes).";

#[test]
fn a_file_is_complete_when_the_server_says_so() {
    let whole = transfer(|told| {
        told.opens();
        told.lines(["RETR a.cfg", FILE_150]);
        told.server_sends(60);
        told.server_sends(40);
        told.closes_data(false);
        told.closes_data(true);
        told.lines(["226 Done"]);
    });
    assert_eq!(whole.status, Status::Complete);
    assert_eq!((whole.bytes, whole.expected_bytes), (100, Some(100)));
    assert_eq!((whole.server_port, whole.client_port), (21, 50_000));
}

#[test]
fn bytes_count_that_come_behind_the_last_reply() {
    let whole = boot(|told| {
        told.opens();
        told.lines(["RETR a.cfg", FILE_150]);
        told.server_sends(60);
        told.lines(["226 Done"]);
        told.server_sends(40);
        told.closes_data(false);
    });
    assert_eq!(whole.transfers[0].bytes, 100);
    let last = whole.timeline.last().unwrap();
    assert_eq!(last.summary, "a.cfg is complete: 100 bytes");
}

#[test]
fn bytes_that_the_capture_lacks_were_transferred_all_the_same() {
    let whole = transfer(|told| {
        told.opens();
        told.lines(["RETR a.cfg", FILE_150]);
        told.server_sends(60);
        told.data(false, FtpData::Tcp(TcpNotice::Gap { missing_bytes: 40 }));
        told.closes_data(false);
        told.lines(["226 Done"]);
    });
    assert_eq!((whole.status, whole.bytes), (Status::Complete, 100));
}

#[test]
fn a_phone_that_closes_first_has_given_the_file_up() {
    let ways: [fn(&mut Told<'_>); 4] = [
        |told| told.closes_data(true),
        |told| told.data(true, FtpData::Tcp(TcpNotice::Reset)),
        |told| told.lines(["ABOR"]),
        |told| told.control(true, TcpNotice::Reset),
    ];
    for way in ways {
        let aborted = transfer(|told| {
            told.opens();
            told.lines(["RETR sip.ld", FILE_150]);
            told.server_sends(60);
            way(told);
            told.lines(["426 Failure writing network stream.", "226 Aborted"]);
        });
        assert_eq!(aborted.status, Status::AbortedByPhone);
        assert_eq!(aborted.error, None);
    }
    // Asked once more, it is another attempt.
    let again = transfer(|told| {
        for n_bytes in [60, 100] {
            told.opens();
            told.lines(["RETR sip.ld", FILE_150]);
            told.server_sends(n_bytes);
            told.closes_data(n_bytes < 100);
            told.lines(["226 Done"]);
        }
    });
    assert_eq!((again.status, again.requests), (Status::Complete, 2));
}

#[test]
fn a_server_that_hangs_up_has_cut_the_file_off() {
    let cut = transfer(|told| {
        told.opens();
        told.lines(["RETR a.cfg", FILE_150]);
        told.server_sends(60);
        told.control(false, TcpNotice::Reset);
    });
    assert_eq!(cut.status, Status::Truncated);
    let whole = transfer(|told| {
        told.opens();
        told.lines(["RETR a.cfg", FILE_150]);
        told.server_sends(100);
        told.control(false, TcpNotice::Finish);
    });
    assert_eq!(whole.status, Status::Complete);
    let unknown = transfer(|told| {
        told.opens();
        told.lines(["RETR a.cfg", "150 Here it comes"]);
        told.server_sends(100);
        told.closes_data(false);
        told.control(true, TcpNotice::Finish);
    });
    assert_eq!(unknown.status, Status::Unknown);
}

#[test]
fn refusals_are_told_apart() {
    for (reply, status) in [
        ("550 Failed to open file.", Status::NotFound),
        ("450 Busy", Status::Refused),
        ("553 No such name", Status::Refused),
        ("530 Please login", Status::Unauthorized),
        ("425 No connection", Status::ServerError),
        ("451 Disk", Status::ServerError),
        ("421 Closing", Status::ServerError),
    ] {
        let refused = transfer(|told| told.lines(["RETR a.cfg", reply]));
        assert_eq!(refused.status, status, "{reply}");
        let error = refused.error.unwrap();
        assert_eq!(error.code.to_string(), reply[..3]);
        assert_eq!(error.message, reply[4..].into());
    }
    let upload = transfer(|told| told.lines(["STOR a.log", "550 Permission denied."]));
    assert_eq!(upload.status, Status::Refused);
    let broken = transfer(|told| {
        told.opens();
        told.lines(["RETR a.cfg", FILE_150]);
        told.server_sends(60);
        told.closes_data(false);
        told.lines(["426 Broken"]);
    });
    assert_eq!(broken.status, Status::Truncated);
}

#[test]
fn names_carry_the_working_directory() {
    let boot = boot(|told| {
        told.lines(["CWD conf", "250 Ok", "RETR a", "550 No"]);
        told.lines(["CWD none", "550 No", "RETR b", "550 No"]);
        told.lines(["CWD /x/y/", "250 Ok", "RETR c", "550 No"]);
        told.lines(["CDUP", "250 Ok", "RETR d", "550 No"]);
        told.lines(["CWD ..", "250 Ok", "CWD .", "250 Ok", "RETR /e", "550 No"]);
    });
    let refused: Vec<String> = boot
        .ftp
        .refused_directories
        .iter()
        .map(|one| one.path.to_string())
        .collect();
    assert_eq!(refused, ["conf/none"]);
    assert!(
        boot.timeline
            .iter()
            .any(|step| step.summary == "server refuses directory conf/none: 550 \"No\"")
    );
    let files: Vec<String> = boot.transfers.iter().map(|t| t.file.to_string()).collect();
    assert_eq!(files, ["conf/a", "conf/b", "/x/y/c", "/x/y/d", "/e"]);
}

#[test]
fn a_size_that_is_asked_for_counts_as_asking_for_the_file() {
    let missing = transfer(|told| told.lines(["SIZE a.cfg", "550 No", "QUIT", "221 Bye"]));
    assert_eq!(missing.status, Status::NotFound);
    let ascii = boot(|told| told.lines(["SIZE a.cfg", "550 SIZE not allowed in ASCII mode"]));
    assert!(ascii.transfers.is_empty());
    let known = transfer(|told| told.lines(["SIZE a.cfg", "213 77", "RETR a.cfg", "150 Ok"]));
    assert_eq!(
        (known.status, known.expected_bytes),
        (Status::Running, Some(77))
    );
    // The rest of a file that the phone has half of.
    let rest = transfer(|told| {
        told.lines([
            "SIZE a.cfg",
            "213 77",
            "REST 70",
            "350 Ok",
            "RETR a.cfg",
            "150 Ok",
        ]);
    });
    assert_eq!(rest.expected_bytes, Some(7));
    let stored = transfer(|told| {
        told.lines(["SIZE a.log", "550 No", "STOR a.log", "150 Ok", "226 Done"]);
    });
    assert_eq!((stored.status, stored.requests), (Status::Complete, 1));
    assert_eq!(stored.direction, Direction::Write);
}

#[test]
fn logins_keep_the_user_and_the_servers_words() {
    let recognize = |_: &[Seen<Clue>]| true;
    let mut told = Told::new(&recognize);
    told.lines([
        "220 Hi",
        "USER a",
        "331 Go on",
        "PASS x",
        "530 Login incorrect.",
    ]);
    told.lines(["USER a", "331 Go on", "PASS x", "530 Login incorrect."]);
    told.lines(["USER b", "230 In"]);
    // An answer to something that is not in the capture.
    told.lines(["550 No such file"]);
    told.control_port = 50_100;
    told.lines(["421 Too many"]);
    told.control_port = 50_101;
    told.lines(["550 No such file"]);
    let logins = told.boots().remove(0).ftp.logins;
    let seen: Vec<_> = logins
        .iter()
        .map(|login| {
            (
                login.user.as_ref().map(ToString::to_string),
                login.status,
                login.refusals,
            )
        })
        .collect();
    assert_eq!(
        seen,
        [
            (Some("a".to_owned()), LoginStatus::Refused, 2),
            (Some("b".to_owned()), LoginStatus::Accepted, 0),
            (None, LoginStatus::Refused, 1),
        ]
    );
    assert_eq!(logins[0].refusal.as_ref().unwrap().code, 530);
}

#[test]
fn data_connections_know_their_file_and_how_they_went() {
    let boot = boot(|told| {
        told.opens();
        told.lines(["RETR a.cfg", "550 No"]);
        told.lines(["PORT 192,0,2,51,19,137", "500 Illegal PORT command."]);
        told.lines([
            "PORT 192,0,2,51,19,138",
            "200 Ok",
            "RETR a.cfg",
            "425 No connection",
        ]);
        told.lines(["NLST", "425 No connection"]);
    });
    let seen: Vec<_> = boot
        .ftp
        .data
        .iter()
        .map(|data| {
            let failed = data.failed.as_ref().map(|refusal| refusal.code);
            let file = data.file.as_ref().map(ToString::to_string);
            (data.mode, data.port, file, data.accepted.is_some(), failed)
        })
        .collect();
    let file = Some("a.cfg".to_owned());
    assert_eq!(
        seen,
        [
            (Mode::Passive, DATA_PORT, file.clone(), true, None),
            (Mode::Active, 5001, None, false, Some(500)),
            (Mode::Active, 5002, file, false, Some(425)),
        ]
    );
    // The phone's own call stands among its connections, the server's does not.
    assert_eq!(boot.reach.connections.len(), 1);
}

#[test]
fn lost_replies_do_not_put_the_others_out_of_step() {
    let boot = boot(|told| {
        told.lines(["RETR a.cfg", "RETR b.cfg"]);
        told.control(false, TcpNotice::Gap { missing_bytes: 20 });
        told.lines(["RETR c.cfg", "550 No"]);
    });
    let statuses: Vec<Status> = boot.transfers.iter().map(|t| t.status).collect();
    assert_eq!(
        statuses,
        [Status::Unanswered, Status::Unanswered, Status::NotFound]
    );
}

/// Logs in and asks for the first file.
fn first_file(told: &mut Told<'_>) {
    told.control(true, TcpNotice::Open { again: false });
    told.control(false, TcpNotice::Accept);
    told.lines(["220 Hi", "USER PlcmSpIp", "331 Go on", "PASS x", "230 In"]);
    told.opens();
    told.lines(["RETR a.cfg", "550 No"]);
}

#[test]
fn the_first_file_on_a_new_connection_begins_a_boot_with_its_login() {
    let recognize = |_: &[Seen<Clue>]| true;
    let mut told = Told::new(&recognize);
    // Without DHCP nothing else tells that the phone started over.
    told.lines(["220 Hi"]);
    first_file(&mut told);
    told.wait(90);
    told.control_port = 50_200;
    first_file(&mut told);
    let boots = told.boots();
    assert_eq!(boots.len(), 2);
    let begun = &boots[1];
    assert_eq!(begun.began_by, Beginning::FirstFileAgain);
    let steps: Vec<&str> = begun.timeline.iter().map(|step| step.event).collect();
    assert_eq!(steps[..2], ["tcp-open", "ftp-login"]);
    assert_eq!(begun.started, begun.timeline[0].at);
    for boot in &boots {
        assert_eq!(boot.ftp.logins.len(), 1);
        assert_eq!(boot.ftp.data.len(), 1);
        assert_eq!(boot.ftp.data[0].file, Some("a.cfg".into()));
        assert_eq!(boot.transfers[0].status, Status::NotFound);
    }
}

#[test]
fn the_first_file_on_the_same_connection_begins_none() {
    let recognize = |_: &[Seen<Clue>]| true;
    let mut told = Told::new(&recognize);
    first_file(&mut told);
    told.wait(90);
    told.lines(["RETR a.cfg", "550 No"]);
    // Nor does a login alone.
    told.wait(90);
    told.control_port = 50_200;
    told.lines(["220 Hi", "USER PlcmSpIp", "331 Go on", "PASS x", "230 In"]);
    assert_eq!(told.boots().len(), 1);
}
