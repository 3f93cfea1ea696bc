//! `captures/cisco-7900`: Cisco 7941, 7961 and 7970 with SCCP loads.
//!
//! File order, ports and block size after a recorded boot of a 7962; DHCP after
//! recorded 7961s; CDP after a recorded 7970; recovery after the server log of a
//! 7961 (2 to 8 seconds between images, while flash is written).

use std::net::Ipv4Addr;

use crate::forge::cdp;
use crate::forge::dhcp::{Client, Lease};
use crate::forge::firmware as files;
use crate::forge::recipes::{Expect, Phone, Recipe};
use crate::forge::sccp::device;
use crate::forge::scene::{Host, Scene};

mod fetch;
mod firmware;
mod healthy;
mod lease;
mod link;
mod port;
mod reach;
mod recovery;
mod refused;
mod scope;

const FAMILY: &str = "cisco-7900";
const PROFILE: &str = "cisco-79x1";
const VOICE_VLAN: u16 = 110;

pub(super) fn recipes() -> Vec<Recipe> {
    [
        recovery::recipes(),
        lease::recipes(),
        link::recipes(),
        port::recipes(),
        scope::recipes(),
        reach::recipes(),
        fetch::recipes(),
        firmware::recipes(),
        refused::recipes(),
        healthy::recipes(),
    ]
    .concat()
}

/// What a model says of itself.
#[derive(Debug, Clone, Copy)]
struct Model {
    /// `7961`.
    number: &'static str,
    vendor_class: &'static str,
    device: u32,
    /// The load that runs; 7941 and 7961 share theirs.
    load: &'static str,
    /// What it asks for by CDP, best first.
    levels_mw: &'static [u32],
}

const CP_7941: Model = Model {
    number: "7941",
    vendor_class: "CP-7941G",
    device: device::CP_7941,
    load: "SCCP41.9-4-2SR3-1S",
    levels_mw: &[6_300],
};

const CP_7961: Model = Model {
    number: "7961",
    vendor_class: "CP-7961G",
    device: device::CP_7961,
    load: "SCCP41.9-4-2SR3-1S",
    levels_mw: &[6_300],
};

const CP_7970: Model = Model {
    number: "7970",
    vendor_class: "CP-7970G",
    device: device::CP_7970,
    load: "SCCP70.9-4-2ES26S",
    levels_mw: &[10_250, 6_300],
};

/// The recovery loader of a 7970, as it calls itself.
const RECOVERY_LOAD: &str = "term70.default";

/// What every 79xx draws until it is granted more, in milliwatts.
const LOW_POWER_MW: u16 = 6_300;

/// What the switch says of the phone's port, power aside.
const SWITCH_PORT: cdp::Switch<'static> = cdp::Switch {
    name: "access-3",
    port: "FastEthernet0/7",
    platform: "cisco WS-C3560-24PS",
    voice_vlan: Some(VOICE_VLAN),
    available: None,
    half_duplex: false,
};

/// A phone's access port, watched from the switch: the phone, its switch and
/// router, the servers, and what has happened so far.
#[derive(Debug, Clone)]
struct Bench {
    scene: Scene,
    model: Model,
    /// What CDP calls the running software.
    software: &'static str,
    phone: Host,
    switch: Host,
    router: Host,
    tftp: Host,
    call_server: Host,
}

impl Bench {
    fn new(model: Model, mac: [u8; 6], ip: [u8; 4]) -> Self {
        let phone = Host::new(mac, ip);
        let client = Client::cisco(model.vendor_class, phone.cisco_name());
        Self {
            scene: Scene::new(),
            model,
            software: model.load,
            phone: phone.leasing(client).in_vlan(VOICE_VLAN),
            switch: Host::new([0x00, 0x1e, 0x14, 0x40, 0x07, 0x07], [192, 0, 2, 2]),
            router: Host::new([0x00, 0x1e, 0x14, 0x40, 0x01, 0x01], [192, 0, 2, 1]).with_ttl(255),
            tftp: Host::new([0x52, 0x54, 0x00, 0x5a, 0x10, 0x0a], [192, 0, 2, 10]),
            call_server: Host::new([0x52, 0x54, 0x00, 0x5a, 0x10, 0x0b], [192, 0, 2, 11]),
        }
    }

    /// A 7961 of the company's.
    fn cp_7961() -> Self {
        Self::new(
            CP_7961,
            [0x00, 0x1b, 0xd5, 0x85, 0x36, 0x61],
            [192, 0, 2, 61],
        )
    }

    /// A 7970 whose flash was erased: only its recovery loader runs.
    fn erased_7970() -> Self {
        Self {
            software: RECOVERY_LOAD,
            ..Self::new(
                CP_7970,
                [0x00, 0x1a, 0xa1, 0x7b, 0xe6, 0x38],
                [192, 0, 2, 51],
            )
        }
    }

    /// The lease that the voice scope should give.
    fn lease(&self) -> Lease {
        Lease::new(self.phone.ip).tftp_servers(&[self.tftp.ip])
    }

    /// The phone's announcement, by inline power.
    fn phone_speaks(&mut self, leased: bool) {
        let [.., high, low] = self.phone.mac;
        let announcement = cdp::Phone {
            platform: &format!("Cisco IP Phone {}", self.model.number),
            software: self.software,
            asks_vlan: true,
            drawn_mw: Some(LOW_POWER_MW),
            request: Some(cdp::Request {
                id: u16::from_be_bytes([high, low]),
                levels_mw: self.model.levels_mw,
            }),
            leased,
        };
        self.scene.cdp_phone(&self.phone, &announcement);
    }

    /// The switch's announcement, which grants `available_mw`; `None` on a switch
    /// that never negotiates power.
    fn switch_speaks(&mut self, available_mw: Option<u32>) {
        let [.., high, low] = self.phone.mac;
        let available = available_mw.map(|available_mw| cdp::Available {
            request_id: u16::from_be_bytes([high, low]),
            available_mw,
        });
        self.switch_says(available);
    }

    fn switch_says(&mut self, available: Option<cdp::Available>) {
        let announcement = cdp::Switch {
            available,
            ..SWITCH_PORT
        };
        self.scene.cdp_switch(&self.switch, &announcement);
    }

    /// The link comes up: VLAN and power are agreed upon.
    fn powers_up(&mut self) {
        self.phone_speaks(false);
        self.scene.wait_ms(35);
        self.switch_speaks(Some(self.model.levels_mw[0]));
        self.scene.wait_ms(1_400);
    }

    /// The minute's announcements, which show that the capture still runs.
    fn neighbors_speak(&mut self) {
        self.phone_speaks(true);
        self.scene.wait_ms(35);
        self.switch_speaks(Some(self.model.levels_mw[0]));
    }

    /// The usual lease, then the way to the TFTP server.
    fn leases(&mut self) {
        let lease = self.lease();
        self.scene.dhcp_lease(&self.phone, &self.router, &lease);
        self.settles();
    }

    /// Announces the leased address and finds the TFTP server's.
    fn settles(&mut self) {
        self.scene.arp_announcement(&self.phone);
        self.scene.arp(&self.phone, &self.tftp);
    }

    /// The three trust files that a cluster without security does not have.
    fn misses_trust_files(&mut self) {
        let name = self.phone.cisco_name();
        for file in [
            format!("CTL{name}.tlv"),
            format!("ITL{name}.tlv"),
            "ITLFile.tlv".to_owned(),
        ] {
            self.scene
                .tftp_read(&self.phone, &self.tftp, &file)
                .missing();
        }
    }

    /// The phone's own configuration.
    fn config_name(&self) -> String {
        format!("{}.cnf.xml", self.phone.cisco_name())
    }

    fn fetches_config(&mut self) {
        let config = files::sccp_config(self.call_server.ip, self.model.load);
        let name = self.config_name();
        self.fetches(&name, &config);
    }

    fn fetches(&mut self, file: &str, content: &[u8]) {
        self.scene
            .tftp_read(&self.phone, &self.tftp, file)
            .served(content);
    }

    fn misses(&mut self, file: &str) {
        self.scene
            .tftp_read(&self.phone, &self.tftp, file)
            .missing();
    }

    /// Registers with the call server.
    fn registers(&mut self) {
        self.scene.wait_ms(2_300);
        self.scene.arp(&self.phone, &self.call_server);
        let (model, phone) = (self.model, &self.phone);
        self.scene
            .sccp(phone, &self.call_server, model.device, model.load)
            .registers();
    }

    /// The call server refuses the phone with these words.
    fn is_rejected(&mut self, words: &str) {
        self.scene.arp(&self.phone, &self.call_server);
        let (model, phone) = (self.model, &self.phone);
        self.scene
            .sccp(phone, &self.call_server, model.device, model.load)
            .rejected(words);
    }

    /// Everything from the trust files on, as it should be.
    fn boots_from_files(&mut self) {
        self.misses_trust_files();
        self.fetches_config();
        self.registers();
    }

    /// The load list, then each file in it, with the time that flash takes.
    fn recovers(&mut self, list: &str, release: &str, files: &[&str]) {
        let content = files::load_list(list, release, files);
        self.fetches(list, &content);
        for file in files {
            self.scene.wait_ms(2_400);
            let name = file.trim_end();
            self.fetches(name, &files::image(name, 900));
        }
    }

    /// The recipe, judged as a healthy boot until the caller says otherwise.
    fn recipe(self, name: &'static str, origin: &'static str, phone: Phone) -> Recipe {
        Recipe {
            family: FAMILY,
            name,
            title: "",
            story: "",
            scene: self.scene,
            expect: Expect::phone(phone),
            cut_bytes: 0,
            origin,
        }
    }

    /// What a report says when nothing is wrong.
    fn healthy(&self) -> Phone {
        Phone {
            notes: &["file-missing"],
            ..Phone::healthy(&self.phone, PROFILE, self.model.number)
        }
    }

    /// What it says of one boot that fails for one reason.
    fn failed(&self, findings: &'static [&'static str]) -> Phone {
        Phone {
            outcome: &["failed"],
            findings,
            ..self.healthy()
        }
    }
}

/// The files of the 7970's load 9.4(2)ES26, two names with the blank that ends
/// them in Cisco's own lists.
const FILES_7970: [&str; 5] = [
    "jar70sccp.9-4-2ES26.sbn",
    "cnu70.9-4-2ES26.sbn",
    "apps70.9-4-2ES26.sbn",
    "dsp70.9-4-2ES26.sbn ",
    "cvm70sccp.9-4-2ES26.sbn ",
];

/// A scope's address that belongs to nobody on the bench.
fn elsewhere(host: u8) -> Ipv4Addr {
    Ipv4Addr::new(198, 51, 100, host)
}
