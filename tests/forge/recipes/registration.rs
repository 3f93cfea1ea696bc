//! `captures/registration`: the last step of a boot, by SIP, SCCP and MGCP.
//!
//! The phones are a Yealink T48S, a snom 370 and a Cisco 7961; messages after RFC 3261 and
//! after what these phones send. The digests are made up.

mod refused;
mod signaling;

use crate::forge::dhcp::{Client, Lease};
use crate::forge::recipes::{Expect, Phone, Recipe};
use crate::forge::sccp::device;
use crate::forge::scene::{Host, Ports, Scene, Unreachable};
use crate::forge::sip::{Account, Dialog};
use crate::forge::tcp::Side;

const FAMILY: &str = "registration";
const AGENT: &str = "Yealink SIP-T48S 66.84.0.125";
const LOAD: &str = "SCCP41.9-4-2SR3-1S";
const EXPIRES: u32 = 3_600;

const LINE_1: Account<'_> = Account {
    user: "4801",
    domain: "pbx.example",
    user_agent: AGENT,
};
const LINE_2: Account<'_> = Account {
    user: "4802",
    ..LINE_1
};

pub(super) fn recipes() -> Vec<Recipe> {
    let mut recipes = vec![
        healthy_sip_over_tcp(),
        healthy_renews(),
        healthy_plug_and_play(),
        plug_and_play_unanswered(),
        one_of_two_lines_refused(),
        wrong_password(),
        answer_to_wrong_port(),
        answer_lost_twice(),
        silent_over_tcp(),
        silent_after_the_challenge(),
        interval_too_brief(),
        registered_for_no_time(),
        registrar_port_closed(),
        call_server_refuses(),
        call_server_silent(),
        second_call_server_takes_it(),
        alarm_file_not_found(),
        mgcp_named(),
    ];
    recipes.extend(refused::recipes());
    recipes.extend(signaling::recipes());
    recipes
}

/// A phone with its configuration, and two servers.
#[derive(Debug, Clone)]
struct Bench {
    scene: Scene,
    phone: Host,
    server: Host,
    second: Host,
    family: &'static str,
    model: &'static str,
}

impl Bench {
    fn new(mac: [u8; 6], client: Client, family: &'static str, model: &'static str) -> Self {
        Self {
            scene: Scene::new(),
            phone: Host::new(mac, [192, 0, 2, 48]).leasing(client),
            server: Host::new([0x52, 0x54, 0x00, 0x5a, 0x10, 0x14], [192, 0, 2, 20]),
            second: Host::new([0x52, 0x54, 0x00, 0x5a, 0x10, 0x15], [192, 0, 2, 21]),
            family,
            model,
        }
    }

    /// A T48S that has fetched its configuration by HTTP.
    fn yealink() -> Self {
        let client = Client {
            vendor_class: b"yealink".to_vec(),
            parameters: vec![1, 2, 3, 4, 6, 7, 12, 15, 28, 42, 66, 67, 43, 120],
            host_name: Some("SIP-T48S".into()),
            option_61: true,
            ..Client::default()
        };
        let mac = [0x00, 0x15, 0x65, 0x48, 0x51, 0x0a];
        let mut bench = Self::new(mac, client, "yealink-t4x", "T48S");
        bench.leases(Some((66, "http://192.0.2.20/")));
        let agent = format!("{AGENT} {}", bench.phone.mac_colons());
        for file in ["y000000000065".to_owned(), bench.phone.mac_digits()] {
            bench.fetches(&format!("/{file}.cfg"), &agent);
        }
        bench.scene.wait_secs(3);
        bench
    }

    /// A snom 370 that nobody has told where its configuration is.
    fn snom() -> Self {
        let client = Client {
            vendor_class: b"snom370".to_vec(),
            parameters: vec![1, 3, 6, 12, 15, 42, 66, 67, 120],
            ..Client::default()
        };
        let mac = [0x00, 0x04, 0x13, 0x37, 0x51, 0x0a];
        let mut bench = Self::new(mac, client, "snom", "370");
        bench.leases(None);
        bench
    }

    /// A 7961 that has fetched its configuration by TFTP.
    fn cisco() -> Self {
        let client = Client {
            vendor_class: b"Cisco Systems, Inc. IP Phone CP-7961G\0".to_vec(),
            parameters: vec![1, 66, 6, 3, 15, 150, 35],
            ..Client::default()
        };
        let mac = [0x00, 0x1b, 0xd5, 0x85, 0x36, 0x61];
        let mut bench = Self::new(mac, client, "cisco-79x1", "7961");
        bench.leases(Some((150, "")));
        let file = format!("{}.cnf.xml", bench.phone.cisco_name());
        bench
            .scene
            .tftp_read(&bench.phone, &bench.server, &file)
            .served(b"<device><deviceProtocol>SCCP</deviceProtocol></device>\n");
        bench.scene.wait_secs(2);
        bench
    }

    fn leases(&mut self, option: Option<(u8, &str)>) {
        let lease = Lease::new(self.phone.ip);
        let lease = match option {
            Some((150, _)) => lease.option(150, self.server.ip.octets()),
            Some((code, text)) => lease.option(code, text),
            None => lease,
        };
        self.scene.dhcp_lease(&self.phone, &self.server, &lease);
        self.scene.arp(&self.phone, &self.server);
        self.scene.wait_ms(900);
    }

    fn fetches(&mut self, target: &str, agent: &str) {
        self.scene
            .http_get(&self.phone, &self.server, target, agent)
            .served("text/plain", b"#!version:1.0.0.1\naccount.1.enable = 1\n");
    }

    /// What is there when the capture ends: the phone asks for an address once more.
    fn ends_after_secs(&mut self, secs: u64) {
        self.scene.wait_secs(secs);
        self.scene.arp(&self.server, &self.phone);
    }

    fn healthy(&self) -> Phone {
        Phone::healthy(&self.phone, self.family, self.model)
    }

    fn failed(&self, findings: &'static [&'static str]) -> Phone {
        Phone {
            outcome: &["failed"],
            findings,
            ..self.healthy()
        }
    }

    fn recipe(
        self,
        name: &'static str,
        phone: Phone,
        title: &'static str,
        story: &'static str,
    ) -> Recipe {
        Recipe {
            family: FAMILY,
            name,
            title,
            story,
            scene: self.scene,
            expect: Expect::phone(phone),
            cut_bytes: 0,
            origin: file!(),
        }
    }
}

/// Challenge, credentials and 200 for one account.
fn registers(scene: &mut Scene, dialog: &mut Dialog<'_>) {
    dialog.asks(scene, EXPIRES, false);
    dialog.is_told(scene, "401 Unauthorized", "");
    dialog.asks(scene, EXPIRES, true);
    dialog.is_told(scene, "200 OK", "Expires: 3600\r\n");
}

fn healthy_sip_over_tcp() -> Recipe {
    let mut bench = Bench::yealink();
    let Bench {
        scene,
        phone,
        server,
        ..
    } = &mut bench;
    let connection = scene.tcp_connect(phone, server, 5060);
    let mut dialog = Dialog::new(scene, phone, server, &LINE_1);
    dialog.tcp = Some(connection);
    registers(scene, &mut dialog);
    // Keep-alives of RFC 5626: two line ends, answered by one.
    for _ in 0..2 {
        scene.wait_secs(25);
        let connection = dialog.tcp.as_mut().unwrap();
        connection.sends(scene, Side::Client, b"\r\n\r\n");
        connection.sends(scene, Side::Server, b"\r\n");
    }
    let healthy = bench.healthy();
    bench.recipe(
        "healthy-sip-over-tcp",
        healthy,
        "A T48S registers by SIP over TCP",
        "Nothing is wrong. The phone opens a connection to port 5060, is asked for its password, sends it \
         and is registered; then it keeps the connection alive with line ends.",
    )
}

fn healthy_renews() -> Recipe {
    let mut bench = Bench::yealink();
    let Bench {
        scene,
        phone,
        server,
        ..
    } = &mut bench;
    let mut old = Dialog::new(scene, phone, server, &LINE_1);
    old.asks(scene, 0, false);
    old.is_told(scene, "401 Unauthorized", "");
    old.asks(scene, 0, true);
    old.is_told(scene, "200 OK", "");
    let mut dialog = Dialog::new(scene, phone, server, &LINE_1);
    dialog.asks(scene, 60, false);
    dialog.is_told(scene, "100 Trying", "");
    dialog.is_told(scene, "401 Unauthorized", "");
    dialog.asks(scene, 60, true);
    dialog.is_told(scene, "423 Interval Too Brief", "Min-Expires: 90\r\n");
    dialog.asks(scene, 90, true);
    dialog.is_told(scene, "200 OK", "Expires: 90\r\n");
    for _ in 0..2 {
        scene.wait_secs(80);
        dialog.asks(scene, 90, true);
        dialog.is_told(scene, "200 OK", "Expires: 90\r\n");
    }
    let healthy = bench.healthy();
    bench.recipe(
        "healthy-renews",
        healthy,
        "A T48S takes an old registration back, registers for long enough, and renews",
        "Nothing is wrong. The phone first removes what it had registered before it lost power. Then it asks \
         for a minute, is told that 90 seconds are the least, takes those, and renews twice.",
    )
}

fn healthy_plug_and_play() -> Recipe {
    let mut bench = Bench::snom();
    bench.scene.sip_plug_and_play(
        &bench.phone,
        "vendor=\"snom\";model=\"snom370\";version=\"8.7.5.35\"",
        Some((&bench.server, Some("http://192.0.2.20/snom/{mac}.htm"))),
    );
    let target = format!("/snom/{}.htm", bench.phone.mac_digits().to_uppercase());
    bench.fetches(
        &target,
        "Mozilla/4.0 (compatible; snom370-SIP 8.7.5.35 1.1.3-s)",
    );
    bench.scene.wait_secs(3);
    let account = Account {
        user_agent: "snom370/8.7.5.35",
        ..LINE_1
    };
    let Bench {
        scene,
        phone,
        server,
        ..
    } = &mut bench;
    let mut dialog = Dialog::new(scene, phone, server, &account);
    registers(scene, &mut dialog);
    let healthy = bench.healthy();
    bench.recipe(
        "healthy-plug-and-play",
        healthy,
        "A snom 370 is told by SIP multicast where its configuration is",
        "Nothing is wrong. The lease names no provisioning server, and needs not: the phone asks by multicast \
         (SIP plug and play), the PBX answers with a URL, and the phone fetches it and registers.",
    )
}

fn plug_and_play_unanswered() -> Recipe {
    let mut bench = Bench::snom();
    bench.scene.sip_plug_and_play(
        &bench.phone,
        "vendor=\"snom\";model=\"snom370\";version=\"8.7.5.35\"",
        None,
    );
    bench.ends_after_secs(90);
    let phone = bench.failed(&["dhcp-provisioning-missing"]);
    bench.recipe(
        "plug-and-play-unanswered",
        phone,
        "A snom 370 finds no provisioning server, neither by DHCP nor by multicast",
        "The lease names no server. The search by multicast is not answered, which is normal in most networks, \
         so that the missing option is what is wrong.",
    )
}

fn one_of_two_lines_refused() -> Recipe {
    let mut bench = Bench::yealink();
    let Bench {
        scene,
        phone,
        server,
        ..
    } = &mut bench;
    let mut first = Dialog::new(scene, phone, server, &LINE_1);
    registers(scene, &mut first);
    let mut second = Dialog::new(scene, phone, server, &LINE_2);
    second.asks(scene, EXPIRES, false);
    second.is_told(scene, "401 Unauthorized", "");
    second.asks(scene, EXPIRES, true);
    second.is_told(scene, "404 Not Found", "");
    bench.ends_after_secs(20);
    let phone = Phone {
        findings: &["registration-rejected"],
        ..bench.healthy()
    };
    bench.recipe(
        "one-of-two-lines-refused",
        phone,
        "One of the phone's two lines is unknown to the server",
        "The phone is up with its first line. The second one, 4802, does not exist on the PBX.",
    )
}

fn wrong_password() -> Recipe {
    let mut bench = Bench::yealink();
    let Bench {
        scene,
        phone,
        server,
        ..
    } = &mut bench;
    for _ in 0..2 {
        let mut dialog = Dialog::new(scene, phone, server, &LINE_1);
        dialog.asks(scene, EXPIRES, false);
        dialog.is_told(scene, "401 Unauthorized", "");
        dialog.asks(scene, EXPIRES, true);
        dialog.is_told(scene, "401 Unauthorized", "");
        scene.wait_secs(30);
    }
    let phone = bench.failed(&["registration-rejected"]);
    bench.recipe(
        "wrong-password",
        phone,
        "The password in the phone's configuration is wrong",
        "The registrar asks for credentials, the phone sends them, and the registrar asks again: they were \
         made with another password. Half a minute later the same once more.",
    )
}

fn answer_to_wrong_port() -> Recipe {
    let mut bench = Bench::yealink();
    let Bench {
        scene,
        phone,
        server,
        ..
    } = &mut bench;
    let mut dialog = Dialog::new(scene, phone, server, &LINE_1);
    dialog.answers_to = 62_011;
    dialog.asks(scene, EXPIRES, false);
    dialog.is_told(scene, "401 Unauthorized", "");
    for wait_ms in [500, 1_000, 2_000, 4_000, 4_000, 4_000] {
        scene.wait_ms(wait_ms);
        dialog.repeats(scene, EXPIRES, false);
        dialog.is_told(scene, "401 Unauthorized", "");
    }
    bench.ends_after_secs(20);
    let phone = bench.failed(&["registration-answer-lost"]);
    bench.recipe(
        "answer-to-wrong-port",
        phone,
        "The answers to REGISTER go to a port where the phone does not listen",
        "The phone sends REGISTER from port 5060. The server answers each time, but to port 62011, which a \
         SIP ALG had once written into a request. The phone hears nothing and repeats itself.",
    )
}

fn answer_lost_twice() -> Recipe {
    let mut bench = Bench::yealink();
    let Bench {
        scene,
        phone,
        server,
        ..
    } = &mut bench;
    let mut dialog = Dialog::new(scene, phone, server, &LINE_1);
    dialog.asks(scene, EXPIRES, false);
    dialog.is_told(scene, "401 Unauthorized", "");
    for wait_ms in [500, 1_000] {
        scene.wait_ms(wait_ms);
        dialog.repeats(scene, EXPIRES, false);
        dialog.is_told(scene, "401 Unauthorized", "");
    }
    dialog.asks(scene, EXPIRES, true);
    dialog.is_told(scene, "200 OK", "Expires: 3600\r\n");
    bench.ends_after_secs(20);
    let healthy = bench.healthy();
    bench.recipe(
        "answer-lost-twice",
        healthy,
        "Two answers are lost, the third one is heard",
        "The network loses two answers of the registrar; the phone repeats its request, as it should, hears \
         the third answer, and registers.",
    )
}

fn silent_over_tcp() -> Recipe {
    let mut bench = Bench::yealink();
    let Bench {
        scene,
        phone,
        server,
        ..
    } = &mut bench;
    let connection = scene.tcp_connect(phone, server, 5060);
    let mut dialog = Dialog::new(scene, phone, server, &LINE_1);
    dialog.tcp = Some(connection);
    dialog.asks(scene, EXPIRES, false);
    bench.ends_after_secs(60);
    let phone = bench.failed(&["registration-unanswered"]);
    bench.recipe(
        "silent-over-tcp",
        phone,
        "The registrar takes the connection and the REGISTER and says nothing",
        "The phone sends one REGISTER over TCP. It arrives, so that nothing is repeated; the registrar's \
         process hangs and never answers.",
    )
}

fn silent_after_the_challenge() -> Recipe {
    let mut bench = Bench::yealink();
    let Bench {
        scene,
        phone,
        server,
        ..
    } = &mut bench;
    let mut dialog = Dialog::new(scene, phone, server, &LINE_1);
    dialog.asks(scene, EXPIRES, false);
    dialog.is_told(scene, "401 Unauthorized", "");
    dialog.asks(scene, EXPIRES, true);
    for wait_ms in [500, 1_000, 2_000, 4_000, 4_000, 4_000] {
        scene.wait_ms(wait_ms);
        dialog.repeats(scene, EXPIRES, true);
    }
    bench.ends_after_secs(8);
    let phone = bench.failed(&["registration-unanswered"]);
    bench.recipe(
        "silent-after-the-challenge",
        phone,
        "The registrar asks for a password and answers no more",
        "The first REGISTER is answered with 401. What the phone sends with its credentials is longer, and a \
         filter drops it.",
    )
}

fn interval_too_brief() -> Recipe {
    let mut bench = Bench::yealink();
    let Bench {
        scene,
        phone,
        server,
        ..
    } = &mut bench;
    for _ in 0..3 {
        scene.wait_secs(20);
        let mut dialog = Dialog::new(scene, phone, server, &LINE_1);
        dialog.asks(scene, 60, false);
        dialog.is_told(scene, "423 Interval Too Brief", "Min-Expires: 300\r\n");
    }
    let phone = bench.failed(&["registration-rejected"]);
    bench.recipe(
        "interval-too-brief",
        phone,
        "The registrar wants five minutes, the phone asks for one",
        "Each REGISTER asks for 60 seconds and is answered with 423 and Min-Expires 300. The phone does not \
         take the hint and asks for 60 again.",
    )
}

fn registered_for_no_time() -> Recipe {
    let mut bench = Bench::yealink();
    let Bench {
        scene,
        phone,
        server,
        ..
    } = &mut bench;
    let mut dialog = Dialog::new(scene, phone, server, &LINE_1);
    dialog.asks(scene, EXPIRES, false);
    let contact = format!("Contact: <sip:4801@{}:5060>;expires=0\r\n", phone.ip);
    dialog.is_told(scene, "200 OK", &contact);
    bench.ends_after_secs(30);
    let phone = bench.failed(&["registration-rejected"]);
    bench.recipe(
        "registered-for-no-time",
        phone,
        "The registrar says 200 OK and holds the phone for no time",
        "The phone asks for an hour. The answer is 200 OK, and the phone's contact in it has expires=0: \
         the registrar has removed it.",
    )
}

fn registrar_port_closed() -> Recipe {
    let mut bench = Bench::yealink();
    let text = "REGISTER sip:pbx.example SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.48:5060;branch=z9hG4bK1\r\n\
                From: <sip:4801@pbx.example>;tag=1\r\nTo: <sip:4801@pbx.example>\r\nCall-ID: 1\r\n\
                CSeq: 1 REGISTER\r\nContact: <sip:4801@192.0.2.48:5060>\r\nContent-Length: 0\r\n\r\n";
    let ports = Ports {
        from: 5060,
        to: 5060,
    };
    for wait_ms in [500, 1_000, 2_000, 4_000, 4_000] {
        bench.scene.udp_unreachable(
            &bench.phone,
            &bench.server,
            ports,
            text.as_bytes(),
            Unreachable::Port,
        );
        bench.scene.wait_ms(wait_ms);
    }
    bench.ends_after_secs(20);
    let phone = bench.failed(&["call-server-unreachable"]);
    bench.recipe(
        "registrar-port-closed",
        phone,
        "Nobody listens for SIP on the registrar",
        "The PBX machine is up, the PBX is not: every REGISTER comes back as ICMP port unreachable.",
    )
}

fn call_server_refuses() -> Recipe {
    let mut bench = Bench::cisco();
    for _ in 0..3 {
        bench
            .scene
            .tcp_connect_refused(&bench.phone, &bench.server, 2000);
        bench.scene.wait_secs(10);
    }
    bench.ends_after_secs(20);
    let phone = bench.failed(&["call-server-unreachable"]);
    bench.recipe(
        "call-server-refuses",
        phone,
        "Nobody listens for SCCP on the call server",
        "The phone has its configuration and calls port 2000 of the server named there. The machine sends RST \
         each time: the call manager's service is not running.",
    )
}

fn call_server_silent() -> Recipe {
    let mut bench = Bench::cisco();
    bench
        .scene
        .tcp_connect_unanswered(&bench.phone, &bench.second, 2000, &[3, 6, 12]);
    bench.ends_after_secs(30);
    let phone = bench.failed(&["call-server-unreachable"]);
    bench.recipe(
        "call-server-silent",
        phone,
        "The call server in the configuration does not answer",
        "processNodeName holds the address of a server that was switched off. The phone's calls to port 2000 \
         vanish.",
    )
}

fn second_call_server_takes_it() -> Recipe {
    let mut bench = Bench::cisco();
    bench
        .scene
        .tcp_connect_unanswered(&bench.phone, &bench.second, 2000, &[3, 6]);
    bench.scene.wait_secs(3);
    bench
        .scene
        .sccp(&bench.phone, &bench.server, device::CP_7961, LOAD)
        .registers();
    let phone = Phone {
        notes: &["call-server-unreachable"],
        ..bench.healthy()
    };
    bench.recipe(
        "second-call-server-takes-it",
        phone,
        "The first call server is down, the second one registers the phone",
        "The phone calls the first server of its list in vain, goes to the second, and is registered there, as \
         it is meant to be.",
    )
}

fn alarm_file_not_found() -> Recipe {
    let mut bench = Bench::cisco();
    bench
        .scene
        .sccp_after(
            &bench.phone,
            &bench.server,
            device::CP_7961,
            LOAD,
            "6: ",
            "File Not Found",
        )
        .registers();
    let phone = Phone {
        findings: &["previous-boot-failure"],
        ..bench.healthy()
    };
    bench.recipe(
        "alarm-file-not-found",
        phone,
        "The phone reports that its last run ended for a missing file",
        "The phone registers. In its alarm it says why it had gone down before: the firmware that the call \
         server wanted was not on the TFTP server. It will try again at the next restart.",
    )
}

fn mgcp_named() -> Recipe {
    let mut bench = Bench::cisco();
    let ports = Ports {
        from: 2427,
        to: 2727,
    };
    let text = b"RSIP 1 aaln/1@192.0.2.48 MGCP 1.0\r\nRM: restart\r\n";
    bench.scene.udp(&bench.phone, &bench.server, ports, text);
    bench.scene.linger_us(900, 3_000);
    let ports = Ports {
        from: 2727,
        to: 2427,
    };
    bench
        .scene
        .udp(&bench.server, &bench.phone, ports, b"200 1 OK\r\n");
    bench.ends_after_secs(60);
    let phone = Phone {
        outcome: &["loaded"],
        ..bench.healthy()
    };
    bench.recipe(
        "healthy-mgcp",
        phone,
        "A phone that is controlled by MGCP",
        "The phone fetches its configuration and announces itself to the call agent by MGCP, which answers. \
         What follows is no registration as SIP and SCCP know it.",
    )
}
