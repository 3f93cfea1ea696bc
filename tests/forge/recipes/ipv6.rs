//! `captures/ipv6`: phones that boot with IPv6, alone or beside IPv4.
//!
//! Cisco's TFTP servers by DHCPv6 after its option 17, enterprise 9, sub-option 1; the
//! boot file URL after RFC 5970.

use std::net::Ipv6Addr;

use crate::forge::dhcp::{Client, Lease};
use crate::forge::dhcpv6::{Client6, Lease6};
use crate::forge::firmware::pattern;
use crate::forge::ipv6::Advertised;
use crate::forge::recipes::{Expect, Phone, Recipe};
use crate::forge::scene::{Host, Scene};
use crate::forge::sip::Account;

const FAMILY: &str = "ipv6";

/// Managed: no address without DHCPv6.
const MANAGED: Advertised = Advertised {
    managed: true,
    other: true,
    prefix: address(0, 0),
    autonomous: false,
};

/// How a Cisco 8841 asks.
const CISCO_CLASS: &str = "Cisco Systems, Inc. IP Phone CP-8841";

pub(super) fn recipes() -> Vec<Recipe> {
    vec![
        healthy_8841_ipv6_only(),
        healthy_8841_dual_stack(),
        solicit_unanswered(),
        addresses_used_up(),
        provisioning_missing(),
        tftp_server_unreachable(),
        healthy_t48s_boot_url(),
        boot_url_without_brackets(),
        address_in_use(),
        name_server_unreachable(),
        settings_unanswered(),
    ]
}

/// An address of the documentation prefix.
const fn address(subnet: u16, host: u16) -> Ipv6Addr {
    Ipv6Addr::new(0x2001, 0xdb8, subnet, 0, 0, 0, 0, host)
}

/// A phone, its router, which serves DHCPv6 too, and its servers.
#[derive(Debug, Clone)]
struct Bench {
    scene: Scene,
    phone: Host,
    client: Client6,
    router: Host,
    server: Host,
    call_server: Host,
}

impl Bench {
    fn new(phone: Host, client: Client6) -> Self {
        let router = Host::new([0x00, 0x1e, 0x14, 0x40, 0x01, 0x01], [192, 0, 2, 1]).with_ttl(255);
        let server = Host::new([0x52, 0x54, 0x00, 0x5a, 0x10, 0x0a], [192, 0, 2, 10]);
        let call_server = Host::new([0x52, 0x54, 0x00, 0x5a, 0x10, 0x0b], [192, 0, 2, 11]);
        Self {
            scene: Scene::new(),
            phone: phone.with_ipv6(address(0, 0x41)),
            client,
            router,
            server: server.with_ipv6(address(0, 0x10)),
            call_server: call_server.with_ipv6(address(0, 0x11)),
        }
    }

    fn cp_8841() -> Self {
        let phone = Host::new([0x00, 0x56, 0x2b, 0x04, 0x88, 0x41], [192, 0, 2, 41]);
        let dhcp = Client::cisco("CP-8841", phone.cisco_name());
        let client = Client6 {
            vendor_class: (9, CISCO_CLASS),
            wanted: vec![23, 24, 17],
        };
        Self::new(phone.leasing(dhcp), client)
    }

    fn t48s() -> Self {
        let phone = Host::new([0x00, 0x15, 0x65, 0x48, 0x51, 0x0a], [192, 0, 2, 48]);
        let client = Client6 {
            vendor_class: (3990, "yealink"),
            wanted: vec![23, 24, 59],
        };
        Self::new(phone, client)
    }

    fn lease(&self) -> Lease6 {
        Lease6::new(self.phone.ip6.unwrap(), address(0, 0x53))
    }

    /// Its link-local address, and the router that it finds.
    fn comes_up(&mut self) {
        let own = self.phone.link_local();
        self.scene.ipv6_claim(&self.phone, own);
        self.scene.ipv6_router(&self.phone, &self.router, &MANAGED);
    }

    fn leases(&mut self, lease: &Lease6) {
        let (phone, client) = (&self.phone, &self.client);
        self.scene.dhcpv6_lease(phone, client, &self.router, lease);
        if let Some(address) = lease.address {
            self.scene.ipv6_claim(&self.phone, address);
        }
    }

    /// SOLICITs with the client's back-off: 1, 2, 4, 8 … seconds.
    fn solicits(&mut self, times: u32) {
        let mut spent_ms = 0;
        for time in 0..times {
            self.scene
                .dhcpv6_solicit(&self.phone, &self.client, spent_ms);
            let gap_ms = 1_050_u16 << time;
            self.scene.wait_ms(u64::from(gap_ms));
            spent_ms = spent_ms.saturating_add(gap_ms);
        }
    }

    /// The files of a Cisco phone, its configuration in blocks that IPv6 must cut.
    fn boots_from_tftp(&mut self) {
        let name = self.phone.cisco_name();
        for file in [
            format!("CTL{name}.tlv"),
            format!("ITL{name}.tlv"),
            "ITLFile.tlv".to_owned(),
        ] {
            self.scene
                .tftp_read(&self.phone, &self.server, &file)
                .missing();
        }
        let config = format!("{name}.cnf.xml");
        self.scene
            .tftp_read(&self.phone, &self.server, &config)
            .option("blksize", 2_048)
            .served(&pattern(5_000));
    }

    fn registers(&mut self, user_agent: &str) {
        let account = Account {
            user: "8841",
            domain: "pbx.example",
            user_agent,
        };
        self.scene.wait_secs(2);
        self.scene
            .sip_registers(&self.phone, &self.call_server, &account);
    }

    /// The router goes on for two minutes, which show that the capture still runs.
    fn time_passes(&mut self) {
        for _ in 0..2 {
            self.scene.wait_secs(60);
            self.scene.ipv6_router_speaks(&self.router, None, &MANAGED);
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

    /// A T48S that asks for no file, so that nobody can say which Yealink it is.
    fn failed_t48s(&self, findings: &'static [&'static str]) -> Phone {
        Phone {
            family: None,
            model: None,
            outcome: &["failed"],
            findings,
            ..Phone::healthy(&self.phone, "yealink-t4x", "T48S")
        }
    }

    fn healthy_8841(&self) -> Phone {
        Phone {
            notes: &["file-missing"],
            ..Phone::healthy(&self.phone, "cisco-78xx-88xx", "8841")
        }
    }

    fn failed_8841(&self, findings: &'static [&'static str]) -> Phone {
        Phone {
            outcome: &["failed"],
            findings,
            notes: &[],
            ..self.healthy_8841()
        }
    }
}

fn healthy_8841_ipv6_only() -> Recipe {
    let mut bench = Bench::cp_8841();
    bench.comes_up();
    let lease = bench
        .lease()
        .cisco_tftp_servers(&[bench.server.ip6.unwrap()]);
    bench.leases(&lease);
    bench.scene.ipv6_neighbor(&bench.phone, &bench.server);
    bench.boots_from_tftp();
    bench.scene.ipv6_neighbor(&bench.phone, &bench.call_server);
    bench.registers("Cisco-CP8841/12.6.1");
    let phone = bench.healthy_8841();
    Recipe {
        title: "An 8841 boots with IPv6 alone",
        story: "The router announces DHCPv6 (flag M). The REPLY carries the address and, in option 17 of \
                Cisco (enterprise 9, sub-option 1), the TFTP server. The configuration comes in blocks \
                of 2,048 bytes, each in two fragments; the phone registers by SIP over IPv6. There is \
                no DHCP for IPv4 and no option 150, and nothing is wrong.",
        ..bench.recipe("healthy-8841-ipv6-only", phone)
    }
}

fn healthy_8841_dual_stack() -> Recipe {
    let mut bench = Bench::cp_8841();
    let own = bench.phone.link_local();
    bench.scene.ipv6_claim(&bench.phone, own);
    bench.scene.dhcpv6_solicit(&bench.phone, &bench.client, 0);
    bench.scene.wait_ms(300);
    for host in [&mut bench.server, &mut bench.call_server, &mut bench.phone] {
        host.ip6 = None;
    }
    let lease = Lease::new(bench.phone.ip).tftp_servers(&[bench.server.ip]);
    bench.scene.dhcp_lease(&bench.phone, &bench.router, &lease);
    bench.scene.arp_announcement(&bench.phone);
    bench.scene.arp(&bench.phone, &bench.server);
    let mut spent_ms = 1_050;
    for gap_ms in [2_100, 4_200, 8_400] {
        bench
            .scene
            .dhcpv6_solicit(&bench.phone, &bench.client, spent_ms);
        bench.scene.wait_ms(gap_ms);
        spent_ms += 2_000;
    }
    bench.boots_from_tftp();
    bench.registers("Cisco-CP8841/12.6.1");
    bench.scene.wait_secs(17);
    bench
        .scene
        .dhcpv6_solicit(&bench.phone, &bench.client, 31_000);
    let phone = bench.healthy_8841();
    Recipe {
        title: "A dual-stack 8841 whose SOLICITs nobody answers",
        story: "The phone is set to IPv4 and IPv6. The network has no IPv6: no router announces itself, \
                and its SOLICITs go unanswered for ever. By IPv4 it gets its lease with option 150, its \
                files and its registration. Nothing is wrong.",
        ..bench.recipe("healthy-8841-dual-stack", phone)
    }
}

fn solicit_unanswered() -> Recipe {
    let mut bench = Bench::cp_8841();
    bench.comes_up();
    bench.solicits(6);
    bench.time_passes();
    let phone = bench.failed_8841(&["dhcp-offer-missing"]);
    Recipe {
        title: "The router promises DHCPv6 and there is none",
        story: "The voice VLAN is IPv6 only. The router's advertisement has flag M set and its prefix is \
                not for autonomous addresses, so the phone must get its address by DHCPv6. Six SOLICITs \
                over a minute find no server: the relay was never set.",
        ..bench.recipe("solicit-unanswered", phone)
    }
}

fn addresses_used_up() -> Recipe {
    let mut bench = Bench::cp_8841();
    bench.comes_up();
    let mut spent_ms = 0;
    for _ in 0..4 {
        bench
            .scene
            .dhcpv6_solicit(&bench.phone, &bench.client, spent_ms);
        let lease = Lease6::refused();
        bench
            .scene
            .dhcpv6_advertise(&bench.phone, &bench.router, &lease);
        bench.scene.wait_secs(4);
        spent_ms += 4_000;
    }
    bench.time_passes();
    let phone = bench.failed_8841(&["dhcp-request-refused"]);
    Recipe {
        title: "The DHCPv6 pool has no address for the phone",
        story: "The server answers every SOLICIT, with the status NoAddrsAvail in the identity \
                association and no address. The phone has nothing to go on with.",
        ..bench.recipe("addresses-used-up", phone)
    }
}

fn provisioning_missing() -> Recipe {
    let mut bench = Bench::cp_8841();
    bench.comes_up();
    let lease = bench.lease();
    bench.leases(&lease);
    bench.time_passes();
    let phone = bench.failed_8841(&["dhcp-provisioning-missing"]);
    Recipe {
        title: "The DHCPv6 lease names no TFTP server",
        story: "Somebody moved the phones to IPv6 and left option 150 behind in the IPv4 scope. The REPLY \
                has an address and a name server; neither a boot file URL nor Cisco's vendor option names \
                a TFTP server. The phone asks for nothing.",
        ..bench.recipe("provisioning-missing", phone)
    }
}

fn tftp_server_unreachable() -> Recipe {
    let mut bench = Bench::cp_8841();
    bench.comes_up();
    let lease = bench
        .lease()
        .cisco_tftp_servers(&[bench.server.ip6.unwrap()]);
    bench.leases(&lease);
    for _ in 0..3 {
        bench
            .scene
            .ipv6_neighbor_unanswered(&bench.phone, &bench.server, 3);
        bench.scene.wait_secs(5);
    }
    bench.time_passes();
    let phone = bench.failed_8841(&["server-unreachable"]);
    Recipe {
        title: "Nobody answers for the TFTP server's IPv6 address",
        story: "The lease is in order and names 2001:db8::10 as TFTP server. The phone asks by neighbor \
                discovery who has that address, nine times; the server is switched off.",
        ..bench.recipe("tftp-server-unreachable", phone)
    }
}

fn healthy_t48s_boot_url() -> Recipe {
    let mut bench = Bench::t48s();
    bench.comes_up();
    let url = format!("http://{}/yealink/", bench.server.url_host());
    let lease = bench.lease().option(59, url.as_bytes());
    bench.leases(&lease);
    bench.scene.ipv6_neighbor(&bench.phone, &bench.server);
    let agent = "Yealink SIP-T48S 66.84.0.125 00:15:65:48:51:0a";
    let own = format!("/yealink/{}.cfg", bench.phone.mac_digits());
    for target in ["/yealink/y000000000065.cfg", &own] {
        bench
            .scene
            .http_get(&bench.phone, &bench.server, target, agent)
            .served("text/plain", &pattern(3_000));
    }
    bench.scene.ipv6_neighbor(&bench.phone, &bench.call_server);
    bench.registers("Yealink SIP-T48S 66.84.0.125");
    let phone = Phone::healthy(&bench.phone, "yealink-t4x", "T48S");
    Recipe {
        title: "A T48S takes its boot file URL from DHCPv6",
        story: "Option 59 of the REPLY is http://[2001:db8::10]/yealink/. The phone fetches both \
                configurations there by HTTP over IPv6 and registers by SIP over IPv6.",
        ..bench.recipe("healthy-t48s-boot-url", phone)
    }
}

fn boot_url_without_brackets() -> Recipe {
    let mut bench = Bench::t48s();
    bench.comes_up();
    let lease = bench.lease().option(59, b"http://2001:db8::10/yealink/");
    bench.leases(&lease);
    bench.time_passes();
    let phone = bench.failed_t48s(&["dhcp-provisioning-malformed"]);
    Recipe {
        title: "The boot file URL has an IPv6 address without brackets",
        story: "Option 59 reads http://2001:db8::10/yealink/. A phone takes what stands behind the first \
                colon for a port, and asks nobody.",
        ..bench.recipe("boot-url-without-brackets", phone)
    }
}

fn address_in_use() -> Recipe {
    let mut bench = Bench::cp_8841();
    bench.comes_up();
    let other = Host::new([0x52, 0x54, 0x00, 0x5a, 0x10, 0x99], [192, 0, 2, 99]).with_ttl(255);
    let lease = bench
        .lease()
        .cisco_tftp_servers(&[bench.server.ip6.unwrap()]);
    for _ in 0..3 {
        let (scene, phone, client) = (&mut bench.scene, &bench.phone, &bench.client);
        scene.dhcpv6_lease(phone, client, &bench.router, &lease);
        scene.ipv6_claim_answered(phone, &other, lease.address.unwrap());
        scene.dhcpv6_decline(phone, client, &bench.router, &lease);
        scene.wait_secs(10);
    }
    bench.time_passes();
    let phone = bench.failed_8841(&["address-in-use"]);
    Recipe {
        title: "Somebody has the IPv6 address that DHCPv6 gives",
        story: "The pool gives out 2001:db8::41, which a server was set to by hand. The phone probes it \
                by neighbor discovery, gets an answer and declines; three times over, the DHCPv6 server \
                gives the same address again.",
        ..bench.recipe("address-in-use", phone)
    }
}

fn name_server_unreachable() -> Recipe {
    let mut bench = Bench::t48s();
    bench.comes_up();
    let lease = bench
        .lease()
        .option(59, b"http://prov.example.com/yealink/");
    bench.leases(&lease);
    let name_server = Host::new([0x52, 0x54, 0x00, 0x5a, 0x10, 0x53], [192, 0, 2, 53])
        .with_ipv6(address(0, 0x53));
    for _ in 0..3 {
        bench
            .scene
            .ipv6_neighbor_unanswered(&bench.phone, &name_server, 3);
        bench.scene.wait_secs(5);
    }
    bench.time_passes();
    let phone = bench.failed_t48s(&["server-unreachable"]);
    Recipe {
        title: "Nobody answers for the name server's IPv6 address",
        story: "Option 59 names the provisioning server prov.example.com, option 23 the name server \
                2001:db8::53, which is switched off. The phone asks by neighbor discovery who has that \
                address, nine times, and never gets to ask for the name.",
        ..bench.recipe("name-server-unreachable", phone)
    }
}

fn settings_unanswered() -> Recipe {
    let mut bench = Bench::t48s();
    let said = Advertised {
        managed: false,
        autonomous: true,
        ..MANAGED
    };
    let own = bench.phone.link_local();
    bench.scene.ipv6_claim(&bench.phone, own);
    bench.scene.ipv6_router(&bench.phone, &bench.router, &said);
    bench
        .scene
        .ipv6_claim(&bench.phone, bench.phone.ip6.unwrap());
    let mut spent_ms = 0;
    for gap_ms in [1_050, 2_100, 4_200, 8_400, 16_800] {
        bench
            .scene
            .dhcpv6_asks_settings(&bench.phone, &bench.client, spent_ms);
        bench.scene.wait_ms(u64::from(gap_ms));
        spent_ms += gap_ms;
    }
    for _ in 0..2 {
        bench.scene.wait_secs(60);
        bench.scene.ipv6_router_speaks(&bench.router, None, &said);
    }
    let phone = bench.failed_t48s(&["dhcp-offer-missing"]);
    Recipe {
        title: "Nobody answers the phone's INFORMATION-REQUEST",
        story: "The router's prefix is for autonomous addresses, and flag O sends hosts to DHCPv6 for the \
                rest. The phone makes its address and asks five times; no server listens in this VLAN, so \
                it never learns of its provisioning server.",
        ..bench.recipe("settings-unanswered", phone)
    }
}
