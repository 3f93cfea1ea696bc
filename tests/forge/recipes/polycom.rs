//! `captures/polycom`: SoundPoint IP 321 and 331.
//!
//! Request order after the boot stories of SIP 3.x (bootROM, application) and of UC
//! Software 4.0.15; option 60 in the binary form that Polycom documents.

mod ftp;
mod lease;
mod web;

use crate::forge::dhcp::{Client, Lease};
use crate::forge::firmware::pattern;
use crate::forge::lldp;
use crate::forge::recipes::{Expect, Phone, Recipe};
use crate::forge::scene::{Host, Scene};
use crate::forge::sip::Account;

const FAMILY: &str = "polycom";
const PROFILE: &str = "polycom-soundpoint";

/// What a SoundPoint asks for by DHCP.
const PARAMETERS: [u8; 10] = [1, 28, 160, 66, 3, 4, 42, 2, 6, 15];

/// How much of an image the phone reads before it knows that it has it already.
const HEADER_READ_BYTES: usize = 2_920;

/// What stands for an application of some megabytes.
const IMAGE_BYTES: usize = 10_000;

const BOOT_ROM: &str = "BR/4.1.2.0037/14-Jan-09 10:12";

pub(super) fn recipes() -> Vec<Recipe> {
    let mut recipes = vec![
        formatted_321_application_missing(),
        formatted_321_recovered(),
        https_only_provider(),
        redirect_followed(),
        provider_blocked_by_firewall(),
        healthy_soundpoint_331(),
    ];
    recipes.extend(ftp::recipes());
    recipes.extend(lease::recipes());
    recipes.extend(web::recipes());
    recipes
}

/// One SoundPoint, its server and its router.
#[derive(Debug, Clone)]
struct Bench {
    scene: Scene,
    model: &'static str,
    /// The model as reports call it.
    full_model: &'static str,
    part: &'static str,
    /// The version of what runs now, and how it calls itself in HTTP.
    version: &'static str,
    agent: String,
    phone: Host,
    server: Host,
    router: Host,
    switch: Host,
}

impl Bench {
    fn new(full_model: &'static str, part: &'static str, low: [u8; 3], ip: [u8; 4]) -> Self {
        let [a, b, c] = low;
        let mut bench = Self {
            scene: Scene::new(),
            model: full_model.rsplit(' ').next().unwrap(),
            full_model,
            part,
            version: "",
            agent: String::new(),
            phone: Host::new([0x00, 0x04, 0xf2, a, b, c], ip),
            server: Host::new([0x52, 0x54, 0x00, 0x5a, 0x10, 0x14], [192, 0, 2, 20]),
            router: Host::new([0x00, 0x1e, 0x14, 0x40, 0x01, 0x01], [192, 0, 2, 1]).with_ttl(255),
            switch: Host::new([0x00, 0x1e, 0x14, 0x40, 0x07, 0x07], [192, 0, 2, 2]),
        };
        bench.runs("4.1.2.0037", BOOT_ROM, "");
        bench
    }

    fn ip_321() -> Self {
        Self::new(
            "SoundPoint IP 321",
            "2345-12360-001",
            [0xa1, 0x32, 0x1c],
            [192, 0, 2, 32],
        )
    }

    fn ip_331() -> Self {
        let mut bench = Self::new(
            "SoundPoint IP 331",
            "2345-12365-001",
            [0xa1, 0x33, 0x1d],
            [192, 0, 2, 33],
        );
        bench.runs(
            "4.0.15.1047",
            "SIP/4.0.15.1047/23-Mar-18 14:26",
            " Type/Application",
        );
        bench
    }

    /// What the phone calls itself in HTTP and DHCP from now on: the bootROM, or the
    /// application that it has started.
    fn runs(&mut self, version: &'static str, stage: &str, suffix: &str) {
        let model = self.model;
        self.version = version;
        self.agent = format!("FileTransport PolycomSoundPointIP-SPIP_{model}-UA/{version}{suffix}");
        self.phone.dhcp = Client {
            vendor_class: vendor_class(model, self.part, stage),
            parameters: PARAMETERS.to_vec(),
            ..Client::default()
        };
    }

    fn leases(&mut self, lease: &Lease) {
        self.scene.dhcp_lease(&self.phone, &self.router, lease);
        self.scene.arp_announcement(&self.phone);
    }

    /// A lease whose option 66 names the provisioning server.
    fn lease(&self) -> Lease {
        Lease::new(self.phone.ip).option(66, "http://192.0.2.20/")
    }

    fn finds_server(&mut self) {
        let lease = self.lease();
        self.leases(&lease);
        self.scene.arp(&self.phone, &self.server);
        self.scene.wait_ms(600);
    }

    fn misses(&mut self, file: &str) {
        let target = format!("/{file}");
        self.scene
            .http_get(&self.phone, &self.server, &target, &self.agent)
            .missing();
    }

    fn is_answered(&mut self, file: &str, status: u16, headers: &[(&str, &str)]) {
        let target = format!("/{file}");
        self.scene
            .http_get(&self.phone, &self.server, &target, &self.agent)
            .answer(status, headers, b"");
    }

    fn fetches(&mut self, file: &str, content: &[u8]) {
        let target = format!("/{file}");
        self.scene
            .http_get(&self.phone, &self.server, &target, &self.agent)
            .served("application/octet-stream", content);
    }

    /// The image is there, and is the one that the phone has.
    fn finds_up_to_date(&mut self, file: &str, image: &[u8]) {
        let target = format!("/{file}");
        self.scene
            .http_get(&self.phone, &self.server, &target, &self.agent)
            .client_breaks_off_after(image, HEADER_READ_BYTES);
    }

    fn uploads(&mut self, file: &str, log: &[u8]) {
        let target = format!("/{file}");
        self.scene
            .http_put(&self.phone, &self.server, &target, &self.agent, log)
            .answer(201, &[], b"");
    }

    fn of_phone(&self, suffix: &str) -> String {
        format!("{}{suffix}", self.phone.mac_digits())
    }

    fn of_part(&self, file: &str) -> String {
        format!("{}.{file}", self.part)
    }

    fn registers(&mut self) {
        let agent = format!("PolycomSoundPointIP-SPIP_{}-UA/4.0.15.1047", self.model);
        let account = Account {
            user: "2033",
            domain: "pbx.example",
            user_agent: &agent,
        };
        self.scene.wait_secs(4);
        self.scene
            .sip_registers(&self.phone, &self.server, &account);
    }

    /// Half a minute's announcements, which show that the capture still runs.
    fn neighbors_speak(&mut self) {
        let description = format!("Polycom;SoundPointIP-SPIP_{};{},1", self.model, self.part);
        let phone = lldp::Phone {
            name: &format!("Polycom SoundPoint IP {}", self.model),
            description: &description,
            manufacturer: "Polycom",
            model: &format!("SoundPointIP-SPIP_{}", self.model),
            software: self.version,
        };
        self.scene.lldp_phone(&self.phone, &phone);
        self.scene.wait_ms(300);
        self.scene
            .lldp_switch(&self.switch, "access-3", "Fa0/9", None);
    }

    fn healthy(&self) -> Phone {
        Phone {
            notes: &["file-missing"],
            ..Phone::healthy(&self.phone, PROFILE, self.full_model)
        }
    }

    fn failed(&self, findings: &'static [&'static str]) -> Phone {
        Phone {
            outcome: &["failed"],
            findings,
            ..self.healthy()
        }
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

    /// The same of a recipe that stands in another file.
    fn recipe_of(self, origin: &'static str, name: &'static str, phone: Phone) -> Recipe {
        Recipe {
            origin,
            ..self.recipe(name, phone)
        }
    }
}

/// Option 60: enterprise 13885, length, then code, length, value, and 255. Codes 4
/// and 5 hold the same string while the bootROM runs.
fn vendor_class(model: &str, part: &str, stage: &str) -> Vec<u8> {
    let mut fields = Vec::new();
    for (code, value) in [
        (1, "Polycom".to_owned()),
        (2, format!("SoundPointIP-SPIP_{model}")),
        (3, format!("{part},1")),
        (4, stage.to_owned()),
        (5, BOOT_ROM.to_owned()),
    ] {
        fields.extend([code, u8::try_from(value.len()).unwrap()]);
        fields.extend(value.into_bytes());
    }
    let mut option = vec![0, 0, 0x36, 0x3d, u8::try_from(fields.len()).unwrap()];
    option.extend(fields);
    option.push(0xff);
    option
}

/// A master configuration: names the application and the files that it reads.
fn master(files: &str) -> Vec<u8> {
    format!("<?xml version=\"1.0\"?>\n<APPLICATION APP_FILE_PATH=\"sip.ld\" CONFIG_FILES=\"{files}\"/>\n")
        .into_bytes()
}

fn formatted_321_application_missing() -> Recipe {
    let mut bench = Bench::ip_321();
    for _ in 0..3 {
        bench.finds_server();
        let (own_rom, own_image) = (bench.of_part("bootrom.ld"), bench.of_part("sip.ld"));
        bench.misses(&own_rom);
        bench.misses("bootrom.ld");
        let own = bench.of_phone(".cfg");
        bench.misses(&own);
        bench.fetches("000000000000.cfg", &master("phone1.cfg, sip.cfg"));
        bench.misses(&own_image);
        bench.misses("sip.ld");
        bench.scene.wait_secs(38);
        bench.neighbors_speak();
        bench.scene.wait_secs(31);
    }
    let phone = Phone {
        outcome: &["failed", "failed", "failed"],
        notes: &["config-fallback-used", "file-missing"],
        ..bench.failed(&["boot-loop", "file-missing"])
    };
    Recipe {
        title: "A formatted 321 finds no application to load",
        story: "After \"Format File System\" the phone shows \"Application is not present\" and restarts \
                about every minute. Each time it takes a lease as its bootROM, finds no new bootROM, which \
                would be no harm, fetches the common master configuration, and then finds neither \
                2345-12360-001.sip.ld nor sip.ld. With its file system empty it has nothing else to start.",
        ..bench.recipe("formatted-321-application-missing", phone)
    }
}

fn formatted_321_recovered() -> Recipe {
    let mut bench = Bench::ip_321();
    let (rom, image) = (pattern(6_000), pattern(IMAGE_BYTES));
    let (own_rom, own_image) = (bench.of_part("bootrom.ld"), bench.of_part("sip.ld"));
    let own = bench.of_phone(".cfg");
    let config = master("phone1.cfg, sip.cfg");

    bench.finds_server();
    bench.misses(&own_rom);
    bench.fetches("bootrom.ld", &rom);
    bench.scene.wait_secs(62);

    bench.finds_server();
    bench.misses(&own_rom);
    bench.finds_up_to_date("bootrom.ld", &rom);
    bench.fetches(&own, &config);
    bench.fetches(&own_image, &image);
    bench.scene.wait_secs(75);

    bench.finds_server();
    bench.misses(&own_rom);
    bench.finds_up_to_date("bootrom.ld", &rom);
    bench.fetches(&own, &config);
    bench.finds_up_to_date(&own_image, &image);
    let log = bench.of_phone("-boot.log");
    bench.uploads(
        &log,
        b"0101000000|so   |4|00|---------- Initial log entry\n",
    );
    bench.scene.wait_secs(5);
    bench.runs("3.2.4.0267", "SIP/3.2.4.0267/10-Nov-10 16:25", "");
    bench.finds_server();
    bench.fetches(&own, &config);
    bench.fetches("phone1.cfg", b"<phone1 reg.1.address=\"2033\"/>\n");
    bench.fetches(
        "sip.cfg",
        b"<sip voIpProt.server.1.address=\"192.0.2.20\"/>\n",
    );
    let overrides = bench.of_phone("-phone.cfg");
    bench.misses(&overrides);
    bench.registers();
    let phone = Phone {
        outcome: &["loaded", "loaded", "registered"],
        ..bench.healthy()
    };
    Recipe {
        title: "The same 321 gets a bootROM, then an application, and registers",
        story: "The technician put bootROM and application on a web server. The phone fetches the bootROM \
                and restarts; fetches the application and restarts; then reads only the heads of both, as \
                it has them already, starts the application, which leases again, reads its configuration \
                and registers. Three boots, each further than the one before.",
        ..bench.recipe("formatted-321-recovered", phone)
    }
}

fn https_only_provider() -> Recipe {
    let mut bench = Bench::ip_321();
    let name_server = Host::new([0x52, 0x54, 0x00, 0x5a, 0x10, 0x05], [192, 0, 2, 5]);
    let provider = Host::new(bench.router.mac, [203, 0, 113, 20]).with_ttl(54);
    let lease = Lease::new(bench.phone.ip).option(66, "http://prov.example/p/");
    bench.leases(&lease);
    bench.scene.arp(&bench.phone, &name_server);
    bench
        .scene
        .dns(&bench.phone, &name_server, "prov.example", provider.ip);
    bench.scene.arp(&bench.phone, &bench.router);
    for file in [
        bench.of_part("bootrom.ld"),
        "bootrom.ld".into(),
        bench.of_phone(".cfg"),
        "000000000000.cfg".into(),
        bench.of_part("sip.ld"),
        "sip.ld".into(),
    ] {
        let location = format!("https://prov.example/p/{file}");
        let page = b"<html><head><title>301 Moved Permanently</title></head></html>\r\n";
        bench
            .scene
            .http_get(&bench.phone, &provider, &format!("/p/{file}"), &bench.agent)
            .answer(
                301,
                &[("Location", &location), ("Content-Type", "text/html")],
                page,
            );
    }
    for _ in 0..2 {
        bench.scene.wait_secs(30);
        bench.neighbors_speak();
    }
    let phone = Phone {
        notes: &[],
        ..bench.failed(&["http-redirect-unfollowed"])
    };
    Recipe {
        title: "The provider sends every request to https, where the phone never goes",
        story: "A formatted 321 should be recovered from a provider's archive. The phone asks for bootROM, \
                configuration and application by HTTP; the server answers each with 301 and an https \
                address. No connection to port 443 follows, and nothing is ever delivered.",
        ..bench.recipe("https-only-provider", phone)
    }
}

/// What UC Software reads after its master configuration, most of it missing.
fn reads_overrides(bench: &mut Bench) {
    for suffix in ["-phone.cfg", "-web.cfg"] {
        let file = bench.of_phone(suffix);
        bench.misses(&file);
    }
    bench.misses("000000000000-license.cfg");
    for suffix in ["-license.cfg", "-directory.xml"] {
        let file = bench.of_phone(suffix);
        bench.misses(&file);
    }
    bench.misses("000000000000-directory.xml");
}

fn redirect_followed() -> Recipe {
    let mut bench = Bench::ip_331();
    bench.finds_server();
    let own = bench.of_phone(".cfg");
    let location = format!("http://192.0.2.20:8088/prov/{own}");
    bench
        .scene
        .http_get(
            &bench.phone,
            &bench.server,
            &format!("/{own}"),
            &bench.agent,
        )
        .answer(302, &[("Location", &location)], b"");
    bench
        .scene
        .http_get(
            &bench.phone,
            &bench.server,
            &format!("/prov/{own}"),
            &bench.agent,
        )
        .port(8_088)
        .served("text/xml", &master("site.cfg"));
    let image = bench.of_part("sip.ld");
    bench.finds_up_to_date(&image, &pattern(IMAGE_BYTES));
    bench.fetches("site.cfg", b"<site reg.1.address=\"2033\"/>\n");
    reads_overrides(&mut bench);
    bench.registers();
    let phone = bench.healthy();
    Recipe {
        title: "The server sends the phone to another port, and the phone goes there",
        story: "A healthy boot with a detour. The request for the phone's configuration is answered with \
                302 and an address on port 8088 of the same server; the phone connects there, gets the \
                file, and goes on to register.",
        ..bench.recipe("redirect-followed", phone)
    }
}

fn provider_blocked_by_firewall() -> Recipe {
    let mut bench = Bench::ip_331();
    let name_server = Host::new([0x52, 0x54, 0x00, 0x5a, 0x10, 0x05], [192, 0, 2, 5]);
    let provider = Host::new(bench.router.mac, [198, 51, 100, 80]);
    let lease = Lease::new(bench.phone.ip);
    bench.leases(&lease);
    bench.scene.arp(&bench.phone, &name_server);
    bench
        .scene
        .dns(&bench.phone, &name_server, "pp.example", provider.ip);
    bench.scene.arp(&bench.phone, &bench.router);
    for port in [443, 80] {
        let phone = &bench.phone;
        bench
            .scene
            .tcp_connect_unanswered(phone, &provider, port, &[3, 6, 12, 24]);
        bench.scene.wait_secs(30);
        bench.neighbors_speak();
    }
    bench.scene.wait_secs(30);
    bench.neighbors_speak();
    let phone = Phone {
        notes: &["dhcp-provisioning-missing"],
        ..bench.failed(&["connection-blocked"])
    };
    Recipe {
        title: "The provider's server is behind a firewall that says nothing",
        story: "The phone comes from a hosting provider, whose server it has stored; in the office it keeps \
                the name of the user before. The name resolves; then the phone opens a connection to port \
                443 five times with growing gaps, and to port 80 five times, and no answer ever comes. At \
                the user's home the same phone works.",
        ..bench.recipe("provider-blocked-by-firewall", phone)
    }
}

fn healthy_soundpoint_331() -> Recipe {
    let mut bench = Bench::ip_331();
    bench.neighbors_speak();
    bench.scene.wait_ms(900);
    bench.runs("5.0.3.1667", BOOT_ROM, " Type/Updater");
    bench.finds_server();
    let (own, image) = (bench.of_phone(".cfg"), bench.of_part("sip.ld"));
    let log = bench.of_phone("-boot.log");
    bench.uploads(
        &log,
        b"000008.112|cfg  |3|00|Prm|Configuration file(s) loaded\n",
    );
    let config = master("features.cfg, site.cfg");
    bench.fetches(&own, &config);
    bench.finds_up_to_date(&image, &pattern(IMAGE_BYTES));
    bench.scene.wait_secs(3);
    bench.runs(
        "4.0.15.1047",
        "SIP/4.0.15.1047/23-Mar-18 14:26",
        " Type/Application",
    );
    bench.fetches(&own, &config);
    bench.fetches(
        "features.cfg",
        b"<features up.welcomeSoundEnabled=\"0\"/>\n",
    );
    bench.fetches("site.cfg", b"<site reg.1.address=\"2033\"/>\n");
    reads_overrides(&mut bench);
    let log = bench.of_phone("-app.log");
    bench.uploads(&log, b"000021.004|cfg  |3|00|Prov|Provisioning succeeded\n");
    bench.registers();
    bench.scene.wait_secs(10);
    bench.neighbors_speak();
    let phone = bench.healthy();
    Recipe {
        title: "A 331 boots past a row of missing files and registers",
        story: "Nothing is wrong, though the web server's log is full of 404. Overrides, licenses and \
                directories are optional and missing; the application is read for some kilobytes and then \
                left, as it is the one installed; two logs are uploaded; the registrar asks for \
                credentials, gets them, and accepts.",
        ..bench.recipe("healthy-soundpoint-331", phone)
    }
}
