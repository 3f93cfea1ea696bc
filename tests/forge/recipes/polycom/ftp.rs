//! The same phones with an FTP server, which they ask unless told otherwise.
//!
//! USER and PASS `PlcmSpIp` as Polycom documents them; the order of files is that of the
//! boots over HTTP.

use crate::forge::dhcp::Lease;
use crate::forge::firmware::pattern;
use crate::forge::ftp::Session;
use crate::forge::recipes::{Phone, Recipe};

use super::{Bench, HEADER_READ_BYTES, IMAGE_BYTES, master};

pub(super) fn recipes() -> Vec<Recipe> {
    vec![
        healthy_ftp(),
        ftp_login_refused(),
        ftp_file_missing(),
        ftp_data_blocked(),
        ftp_active_mode_blocked(),
        ftp_transfer_failed(),
        healthy_ftp_upload_refused(),
    ]
}

impl Bench {
    /// A lease whose option 66 names the server without a scheme: FTP then.
    fn finds_ftp_server(&mut self) {
        let lease = Lease::new(self.phone.ip).option(66, "192.0.2.20");
        self.leases(&lease);
        self.scene.arp(&self.phone, &self.server);
        self.scene.wait_ms(600);
    }

    /// A control connection with the user that every Polycom has.
    fn ftp(&mut self) -> Session<'_> {
        let mut session = self.scene.ftp(&self.phone, &self.server);
        session.logs_in("PlcmSpIp", "PlcmSpIp");
        session
    }

    fn keeps_speaking(&mut self, times: usize) {
        for _ in 0..times {
            self.scene.wait_secs(30);
            self.neighbors_speak();
        }
    }
}

/// Two stages of a healthy boot; `stores` says whether the server takes the logs.
fn boots(bench: &mut Bench, stores: bool) {
    let (own, image) = (bench.of_phone(".cfg"), bench.of_part("sip.ld"));
    let (boot_log, app_log) = (bench.of_phone("-boot.log"), bench.of_phone("-app.log"));
    let overrides = bench.of_phone("-phone.cfg");
    let log = b"0101000000|so   |4|00|---------- Initial log entry\n";
    bench.finds_ftp_server();
    let mut session = bench.ftp();
    if stores {
        session.stores(&boot_log, log);
    } else {
        session.may_not_store(&boot_log);
    }
    session.misses(&own);
    session.fetches("000000000000.cfg", &master("phone1.cfg"));
    session.misses(&image);
    session.breaks_off_after("sip.ld", &pattern(IMAGE_BYTES), HEADER_READ_BYTES);
    session.quits();
    bench.scene.wait_secs(4);
    let mut session = bench.ftp();
    session.asks("CWD /config", "250 Directory successfully changed.");
    session.asks("SIZE phone1.cfg", "213 32");
    session.fetches("phone1.cfg", b"<phone1 reg.1.address=\"2033\"/>\n\n");
    session.misses(&overrides);
    if stores {
        session.stores(&app_log, log);
    } else {
        session.may_not_store(&app_log);
    }
    session.quits();
    bench.registers();
    bench.scene.wait_secs(10);
    bench.neighbors_speak();
}

fn healthy_ftp() -> Recipe {
    let mut bench = Bench::ip_331();
    boots(&mut bench, true);
    let phone = Phone {
        notes: &[
            "config-fallback-used",
            "credentials-in-clear",
            "file-missing",
        ],
        ..bench.healthy()
    };
    Recipe {
        title: "A 331 boots from an FTP server and registers",
        story: "Option 66 names the server without a scheme, so the phone speaks FTP, as user PlcmSpIp. Each \
                file has a passive data connection of its own. It has no file under its own MAC address and \
                takes the common one; reads the head of sip.ld, has that version already and resets the data \
                connection, to which the server says 426; stores two logs; and registers.",
        ..bench.recipe("healthy-ftp", phone)
    }
}

fn healthy_ftp_upload_refused() -> Recipe {
    let mut bench = Bench::ip_331();
    boots(&mut bench, false);
    let phone = Phone {
        notes: &[
            "config-fallback-used",
            "credentials-in-clear",
            "file-missing",
            "upload-refused",
        ],
        ..bench.healthy()
    };
    Recipe {
        title: "The same with a server that takes no uploads",
        story: "The FTP user may read and not write: the server answers 553 to both logs. The phone does not \
                mind and registers.",
        ..bench.recipe("healthy-ftp-upload-refused", phone)
    }
}

fn ftp_login_refused() -> Recipe {
    let mut bench = Bench::ip_321();
    bench.finds_ftp_server();
    for _ in 0..3 {
        let mut session = bench.scene.ftp(&bench.phone, &bench.server);
        session.asks("USER PlcmSpIp", "331 Please specify the password.");
        session.asks("PASS PlcmSpIp", "530 Login incorrect.");
        session.quits();
        bench.scene.wait_secs(5);
    }
    bench.keeps_speaking(4);
    let phone = Phone {
        notes: &["credentials-in-clear"],
        ..bench.failed(&["ftp-login-refused"])
    };
    Recipe {
        title: "The FTP server does not know the user PlcmSpIp",
        story: "A new server was set up and the user that every Polycom logs in as was forgotten. The phone \
                tries three times, each time the server answers 530, and nothing else follows.",
        ..bench.recipe("ftp-login-refused", phone)
    }
}

fn ftp_file_missing() -> Recipe {
    let mut bench = Bench::ip_321();
    bench.finds_ftp_server();
    let own = bench.of_phone(".cfg");
    let mut session = bench.ftp();
    session.misses(&own);
    session.misses("000000000000.cfg");
    session.quits();
    bench.keeps_speaking(4);
    let phone = Phone {
        notes: &["credentials-in-clear"],
        ..bench.failed(&["file-missing"])
    };
    Recipe {
        title: "The FTP server has no master configuration",
        story: "A formatted 321 logs in, and the server answers 550 both to its own file and to \
                000000000000.cfg: they lie in another folder than the user's. The phone stops there.",
        ..bench.recipe("ftp-file-missing", phone)
    }
}

fn ftp_data_blocked() -> Recipe {
    let mut bench = Bench::ip_321();
    bench.finds_ftp_server();
    for _ in 0..2 {
        let mut session = bench.ftp();
        session.calls_in_vain(&[3, 6, 12]);
        bench.scene.wait_secs(10);
    }
    bench.keeps_speaking(4);
    let phone = Phone {
        notes: &["credentials-in-clear"],
        ..bench.failed(&["connection-blocked"])
    };
    Recipe {
        title: "Port 21 is open, the server's passive ports are not",
        story: "The firewall lets FTP's port 21 through. The phone logs in, and the server names a port for the \
                data; four SYN to it get no answer. The phone tries again, with another port, and no more luck.",
        ..bench.recipe("ftp-data-blocked", phone)
    }
}

fn ftp_active_mode_blocked() -> Recipe {
    let mut bench = Bench::ip_321();
    bench.finds_ftp_server();
    let own = bench.of_phone(".cfg");
    let mut session = bench.ftp();
    session.is_not_called_back(&own);
    session.is_not_called_back("000000000000.cfg");
    session.quits();
    bench.keeps_speaking(4);
    let phone = Phone {
        notes: &["credentials-in-clear"],
        ..bench.failed(&["connection-blocked"])
    };
    Recipe {
        title: "The server shall call the phone back, and a firewall lets nobody in",
        story: "The phone uses active mode: it names a port of its own with PORT. The server's SYN to it never \
                reach the phone's net; after a minute the server gives up with 425, once for each file.",
        ..bench.recipe("ftp-active-mode-blocked", phone)
    }
}

fn ftp_transfer_failed() -> Recipe {
    let mut bench = Bench::ip_321();
    bench.finds_ftp_server();
    let own = bench.of_phone(".cfg");
    let image = pattern(IMAGE_BYTES);
    let mut session = bench.ftp();
    session.fetches(&own, &master("phone1.cfg"));
    for _ in 0..2 {
        session.fails_after("sip.ld", &image, 4_380);
    }
    session.hangs_up();
    bench.keeps_speaking(4);
    let phone = Phone {
        notes: &["credentials-in-clear"],
        ..bench.failed(&["ftp-transfer-failed"])
    };
    Recipe {
        title: "The FTP server cannot read the application to its end",
        story: "The server's disk is failing. The phone gets its configuration; of sip.ld come 4,380 bytes of \
                10,000, then the server closes the data connection and says 451, twice. The formatted phone \
                has no application to start.",
        ..bench.recipe("ftp-transfer-failed", phone)
    }
}
