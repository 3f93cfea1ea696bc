//! `captures/yealink`: the T48S, its firmware and its recovery loader.
//!
//! The loader's ports, options, gaps and error texts after the log of a TFTP server
//! that a T48S was recovered from; the loader is U-Boot.

mod names;
mod power;

use crate::forge::dhcp::{Client, Lease};
use crate::forge::firmware::pattern;
use crate::forge::lldp;
use crate::forge::recipes::{Expect, Phone, Recipe};
use crate::forge::scene::{Host, Scene};
use crate::forge::sip::Account;

const FAMILY: &str = "yealink";
const PROFILE: &str = "yealink-t4x";
const MODEL: &str = "T48S";
const ACCOUNT: Account<'_> = Account {
    user: "4801",
    domain: "pbx.example",
    user_agent: "Yealink SIP-T48S 66.84.0.125",
};

pub(super) fn recipes() -> Vec<Recipe> {
    let mut recipes = vec![
        t48s_wrong_name_then_too_large(),
        recovery_served(),
        recovery_options_refused(),
        healthy_recovery_block_wrap(),
        size_probe(),
        healthy_t48s(),
        registration_unanswered(),
    ];
    recipes.extend(names::recipes());
    recipes.extend(power::recipes());
    recipes
}

/// A T48S, a server and a switch.
#[derive(Debug, Clone)]
struct Bench {
    scene: Scene,
    phone: Host,
    server: Host,
    router: Host,
    switch: Host,
}

impl Bench {
    /// The phone as its firmware runs; its server is a Linux machine.
    fn running() -> Self {
        let client = Client {
            vendor_class: b"yealink".to_vec(),
            parameters: vec![1, 2, 3, 4, 6, 7, 12, 15, 28, 42, 66, 67, 43, 120],
            host_name: Some("SIP-T48S".into()),
            option_61: true,
            ..Client::default()
        };
        let phone = Host::new([0x00, 0x15, 0x65, 0x48, 0x51, 0x0a], [192, 0, 2, 48]);
        Self {
            scene: Scene::new(),
            phone: phone.leasing(client),
            server: Host::new([0x52, 0x54, 0x00, 0x5a, 0x10, 0x14], [192, 0, 2, 20]),
            router: Host::new([0x00, 0x1e, 0x14, 0x40, 0x01, 0x01], [192, 0, 2, 1]).with_ttl(255),
            switch: Host::new([0x00, 0x1e, 0x14, 0x40, 0x07, 0x07], [192, 0, 2, 2]),
        }
    }

    /// The phone in its recovery loader, with addresses typed in; the server is a
    /// technician's Windows laptop.
    fn recovering() -> Self {
        let mut bench = Self::running();
        bench.phone.ip = [192, 0, 2, 100].into();
        bench.server =
            Host::new([0x02, 0x00, 0x00, 0x00, 0x00, 0x32], [192, 0, 2, 50]).with_ttl(128);
        bench
    }

    fn lease(&self, provisioning: &str) -> Lease {
        Lease::new(self.phone.ip)
            .option(42, [192, 0, 2, 5])
            .option(66, provisioning)
    }

    fn leases(&mut self, provisioning: &str) {
        let lease = self.lease(provisioning);
        self.scene.dhcp_lease(&self.phone, &self.router, &lease);
        self.scene.arp_announcement(&self.phone);
        self.scene.arp(&self.phone, &self.server);
        self.scene.wait_ms(1_200);
    }

    fn of_phone(&self, suffix: &str) -> String {
        format!("{}{suffix}", self.phone.mac_digits())
    }

    /// Neither boot file is there, which lets the phone ask for its configuration.
    fn misses_boot_files(&mut self, agent: &str) {
        for file in [self.of_phone(".boot"), "y000000000000.boot".into()] {
            let target = format!("/yealink/{file}");
            self.scene
                .http_get(&self.phone, &self.server, &target, agent)
                .missing();
        }
    }

    fn registers(&mut self) {
        self.scene.wait_secs(3);
        self.scene
            .sip_registers(&self.phone, &self.server, &ACCOUNT);
    }

    fn switch_speaks(&mut self) {
        self.scene
            .lldp_switch(&self.switch, "access-3", "Fa0/11", None);
    }

    fn healthy(&self) -> Phone {
        Phone::healthy(&self.phone, PROFILE, MODEL)
    }

    fn recipe(self, name: &'static str, phone: Phone) -> Recipe {
        Recipe {
            family: FAMILY,
            name,
            title: "",
            story: "",
            scene: self.scene,
            expect: Expect::phone(phone),
            cut_bytes: 0,
            origin: file!(),
        }
    }

    /// The loader finds the server and gets error 1 for `file`.
    fn loader_misses(&mut self, file: &str, port: u16, server_ms: u64) {
        self.scene.arp(&self.phone, &self.server);
        self.scene
            .tftp_read(&self.phone, &self.server, file)
            .client_port(port)
            .option("timeout", 5)
            .option("blksize", 1_468)
            .answered_after_ms(server_ms)
            .missing();
    }
}

/// Gaps of the server's log: 48.53 s between the two readings of T48S.rom, 3 ms to
/// the OACK, 5 ms to the phone's error, then T48S.bin 90 ms and T48S.rfs 111 ms
/// after that reading began.
fn t48s_wrong_name_then_too_large() -> Recipe {
    let mut bench = Bench::recovering();
    bench.switch_speaks();
    bench.scene.at_ms(1_770);
    bench.loader_misses("T48S.rom", 1_037, 6);
    bench.scene.at_ms(30_000);
    bench.switch_speaks();
    bench.scene.at_ms(50_300);
    bench.scene.arp(&bench.phone, &bench.server);
    bench
        .scene
        .tftp_read(&bench.phone, &bench.server, "T48S.rom")
        .client_port(1_037)
        .option("timeout", 5)
        .option("blksize", 1_468)
        .answered_after_ms(3)
        .error_from_client(0, 5, 3, "File too large");
    bench.scene.at_ms(50_390);
    bench.loader_misses("T48S.bin", 1_041, 4);
    bench.scene.at_ms(50_411);
    bench.loader_misses("T48S.rfs", 1_061, 3);
    for second in [60, 90, 120] {
        bench.scene.at_ms(second * 1_000);
        bench.switch_speaks();
    }
    let phone = Phone {
        outcome: &["failed", "failed"],
        findings: &["file-missing", "tftp-file-too-large"],
        ..bench.healthy()
    };
    Recipe {
        title: "T48S.rom has the wrong name, then the wrong size",
        story: "Started with the speaker key held, the T48S asks the technician's laptop for T48S.rom, which \
                is there under another name. After renaming and another start the server agrees to the \
                phone's options, and five milliseconds later the phone itself ends the transfer: error 3, \
                \"File too large\". It then asks for T48S.bin and T48S.rfs, which are not there, and stays \
                at its update screen.",
        ..bench.recipe("t48s-wrong-name-then-too-large", phone)
    }
}

fn recovery_served() -> Recipe {
    let mut bench = Bench::recovering();
    bench.switch_speaks();
    bench.scene.wait_ms(1_770);
    bench.scene.arp(&bench.phone, &bench.server);
    bench
        .scene
        .tftp_read(&bench.phone, &bench.server, "T48S.rom")
        .client_port(1_049)
        .option("timeout", 5)
        .option("blksize", 1_468)
        .served(&pattern(20_000));
    for _ in 0..3 {
        bench.scene.wait_secs(30);
        bench.switch_speaks();
    }
    let phone = Phone {
        outcome: &["loaded"],
        ..bench.healthy()
    };
    Recipe {
        title: "The loader of a T48S takes T48S.rom whole",
        story: "The same recovery with the image that is made for it. The server agrees to blocks of 1468 \
                bytes, the phone acknowledges each of them to the last, shorter one, and then writes its \
                flash without a word.",
        ..bench.recipe("recovery-served", phone)
    }
}

fn recovery_options_refused() -> Recipe {
    let mut bench = Bench::recovering();
    for _ in 0..2 {
        bench.switch_speaks();
        for file in ["T48S.rom", "T48S.bin", "T48S.rfs"] {
            bench.scene.arp(&bench.phone, &bench.server);
            bench
                .scene
                .tftp_read(&bench.phone, &bench.server, file)
                .client_port(1_049)
                .option("timeout", 5)
                .option("blksize", 1_468)
                .error_from_server(8, "option negotiation failed");
        }
        bench.scene.wait_secs(48);
    }
    bench.switch_speaks();
    let phone = Phone {
        outcome: &["failed", "failed"],
        findings: &["tftp-options-refused"],
        ..bench.healthy()
    };
    Recipe {
        title: "A small TFTP server refuses the block size that the loader asks for",
        story: "The loader asks for T48S.rom with a block size of 1468 bytes. The server, a program for \
                switches, answers error 8 to any option; the loader tries its two other names, does not \
                ask without options, and shows its IP screen again.",
        ..bench.recipe("recovery-options-refused", phone)
    }
}

fn healthy_recovery_block_wrap() -> Recipe {
    let mut bench = Bench::recovering();
    bench.switch_speaks();
    bench.scene.wait_ms(1_770);
    bench.scene.arp(&bench.phone, &bench.server);
    bench
        .scene
        .tftp_read(&bench.phone, &bench.server, "T48S.rom")
        .client_port(1_049)
        .served_in_part(65_600, 1_000);
    for _ in 0..3 {
        bench.scene.wait_secs(30);
        bench.switch_speaks();
    }
    let phone = Phone {
        outcome: &["loaded"],
        notes: &["tftp-block-wrap"],
        ..bench.healthy()
    };
    Recipe {
        title: "An image of 32 MiB in blocks of 512 bytes passes block 65,535",
        story: "The server knows no options, so that the image takes 65,600 blocks. Behind 65,535 both sides \
                go on with 0, and the image arrives. The capture was taken by a busy laptop and holds \
                one block in a thousand.",
        ..bench.recipe("healthy-recovery-block-wrap", phone)
    }
}

fn size_probe() -> Recipe {
    let mut bench = Bench::running();
    bench.leases("192.0.2.20");
    for file in [bench.of_phone(".boot"), "y000000000000.boot".into()] {
        bench
            .scene
            .tftp_read(&bench.phone, &bench.server, &file)
            .option("tsize", 0)
            .missing();
    }
    let common = b"#!version:1.0.0.1\nlocal_time.ntp_server1 = 192.0.2.5\n";
    let own = b"#!version:1.0.0.1\naccount.1.enable = 1\naccount.1.user_name = 4801\n";
    for (file, content) in [
        ("y000000000065.cfg".into(), common.as_slice()),
        (bench.of_phone(".cfg"), own.as_slice()),
    ] {
        let (phone, server) = (&bench.phone, &bench.server);
        bench
            .scene
            .tftp_read(phone, server, &file)
            .option("tsize", 0)
            .error_from_client(content.len(), 1, 0, "");
        bench.scene.wait_ms(12);
        bench
            .scene
            .tftp_read(phone, server, &file)
            .option("blksize", 1_428)
            .served(content);
    }
    bench.registers();
    let phone = Phone {
        notes: &["file-missing"],
        ..bench.healthy()
    };
    Recipe {
        title: "The phone asks only for a size first, ends that, and then reads",
        story: "A healthy boot by TFTP. For each configuration file the phone first asks with the option \
                tsize, reads the size in the server's OACK and ends that exchange with error 0; then it \
                asks again and takes the file. The errors are the phone's own and mean nothing.",
        ..bench.recipe("size-probe", phone)
    }
}

fn registration_unanswered() -> Recipe {
    let mut bench = Bench::running();
    let agent = format!("Yealink SIP-T48S 66.84.0.125 {}", bench.phone.mac_colons());
    bench.leases("http://192.0.2.20/yealink/");
    bench.misses_boot_files(&agent);
    let own = b"#!version:1.0.0.1\naccount.1.enable = 1\naccount.1.user_name = 4801\n";
    for file in ["y000000000065.cfg".into(), bench.of_phone(".cfg")] {
        let target = format!("/yealink/{file}");
        bench
            .scene
            .http_get(&bench.phone, &bench.server, &target, &agent)
            .served("text/plain", own);
    }
    bench
        .scene
        .sip_registers_in_vain(&bench.phone, &bench.server, &ACCOUNT);
    bench.scene.wait_secs(20);
    bench.switch_speaks();
    let phone = Phone {
        outcome: &["failed"],
        findings: &["registration-unanswered"],
        notes: &["file-missing"],
        ..bench.healthy()
    };
    Recipe {
        title: "The call server says nothing to REGISTER",
        story: "The phone has its configuration and sends REGISTER six times over a quarter of a minute. \
                The machine answers HTTP, but nothing comes back for SIP: not even a refusal.",
        ..bench.recipe("registration-unanswered", phone)
    }
}

fn healthy_t48s() -> Recipe {
    let mut bench = Bench::running();
    let agent = format!("Yealink SIP-T48S 66.84.0.125 {}", bench.phone.mac_colons());
    let announcement = lldp::Phone {
        name: "SIP-T48S",
        description: "66.84.0.125",
        manufacturer: "Yealink",
        model: "SIP-T48S",
        software: "66.84.0.125",
    };
    bench.scene.lldp_phone(&bench.phone, &announcement);
    bench.scene.wait_ms(40);
    bench.switch_speaks();
    bench.scene.wait_ms(1_900);
    bench.leases("http://192.0.2.20/yealink/");
    bench.misses_boot_files(&agent);
    let common = b"#!version:1.0.0.1\nlocal_time.ntp_server1 = 192.0.2.5\n";
    let own = b"#!version:1.0.0.1\naccount.1.enable = 1\naccount.1.user_name = 4801\n";
    for (file, content) in [
        ("y000000000065.cfg".into(), common.as_slice()),
        (bench.of_phone(".cfg"), own.as_slice()),
    ] {
        let target = format!("/yealink/{file}");
        bench
            .scene
            .http_get(&bench.phone, &bench.server, &target, &agent)
            .served("text/plain", content);
    }
    bench.registers();
    bench.scene.wait_secs(20);
    bench.scene.lldp_phone(&bench.phone, &announcement);
    let phone = Phone {
        notes: &["file-missing"],
        ..bench.healthy()
    };
    Recipe {
        title: "A T48S fetches its two configuration files and registers",
        story: "Nothing is wrong. The phone asks for its boot file and the common boot file, which are \
                optional and missing; then for the file of its model, y000000000065.cfg, and the one of its \
                MAC address, gets both, and registers after the registrar asked for credentials.",
        ..bench.recipe("healthy-t48s", phone)
    }
}
