//! A T48S whose servers are known by name.

use crate::forge::dns::{A, AAAA, NAPTR, SRV, Told};
use crate::forge::recipes::{Phone, Recipe};
use crate::forge::scene::Host;
use crate::forge::tls::{CA, GOOD, Offer};

use super::{ACCOUNT, Bench};

const PROV: &str = "prov.example.com";
const URL: &str = "http://prov.example.com/yealink/";

/// NXDOMAIN.
const NO_SUCH_NAME: Told<'_> = Told::Code(3);

pub(super) fn recipes() -> Vec<Recipe> {
    vec![
        healthy_servers_by_name(),
        healthy_registrar_by_srv(),
        name_missing(),
        name_servers_silent(),
        registrar_name_missing(),
        time_unanswered(),
        provisioned_elsewhere(),
    ]
}

impl Bench {
    /// The name server that the lease names.
    fn name_server() -> Host {
        Host::new([0x52, 0x54, 0x00, 0x5a, 0x10, 0x05], [192, 0, 2, 5])
    }

    /// A lease that names the server; the phone finds the name server.
    fn leases_name(&mut self) -> Host {
        let name_server = Self::name_server();
        let lease = self.lease(URL);
        self.scene.dhcp_lease(&self.phone, &self.router, &lease);
        self.scene.arp_announcement(&self.phone);
        self.scene.arp(&self.phone, &name_server);
        self.scene.wait_ms(200);
        name_server
    }

    fn asks(&mut self, server: &Host, name: &str, kind: u16, told: Told<'_>) {
        self.scene.dns_asks(&self.phone, server, (name, kind), told);
    }

    fn fetches_configuration(&mut self) {
        self.scene.arp(&self.phone, &self.server);
        let agent = format!("Yealink SIP-T48S 66.84.0.125 {}", self.phone.mac_colons());
        self.misses_boot_files(&agent);
        let own = b"#!version:1.0.0.1\naccount.1.enable = 1\naccount.1.user_name = 4801\n";
        for file in ["y000000000065.cfg".into(), self.of_phone(".cfg")] {
            let target = format!("/yealink/{file}");
            self.scene
                .http_get(&self.phone, &self.server, &target, &agent)
                .served("text/plain", own);
        }
    }

    /// The capture still runs, and so does the network.
    fn half_minutes(&mut self, n: usize) {
        for _ in 0..n {
            self.scene.wait_secs(30);
            self.switch_speaks();
        }
    }
}

fn healthy_servers_by_name() -> Recipe {
    let mut bench = Bench::running();
    let name_server = bench.leases_name();
    bench.scene.ntp(&bench.phone, &name_server);
    // A broken server that says of a name without an IPv6 address that it is not there.
    bench.asks(&name_server, PROV, AAAA, NO_SUCH_NAME);
    let server = bench.server.ip;
    bench.asks(
        &name_server,
        PROV,
        A,
        Told::Alias("www.example.com", server),
    );
    bench.fetches_configuration();
    bench.asks(&name_server, "pbx.example", AAAA, Told::Nothing);
    bench.asks(&name_server, "pbx.example", A, Told::Address(server));
    bench.registers();
    // Hours later it looks again.
    bench.scene.wait_secs(3_600);
    bench.asks(&name_server, "pbx.example", A, Told::Address(server));
    let phone = Phone {
        notes: &["file-missing"],
        ..bench.healthy()
    };
    Recipe {
        title: "Option 66 and the configuration name servers, and DNS knows them",
        story: "Nothing is wrong. The phone asks for IPv4 and IPv6 addresses of its provisioning server \
                and of its registrar; there are only IPv4 addresses, and one name server even says \
                NXDOMAIN to the question for the other kind. It is told the time, fetches its \
                configuration, registers, and looks its registrar up again an hour later.",
        ..bench.recipe("healthy-servers-by-name", phone)
    }
}

fn healthy_registrar_by_srv() -> Recipe {
    let mut bench = Bench::running();
    let name_server = bench.leases_name();
    let server = bench.server.ip;
    bench.asks(&name_server, PROV, A, Told::Address(server));
    bench.fetches_configuration();
    bench.asks(&name_server, "pbx.example", NAPTR, Told::Nothing);
    bench.asks(
        &name_server,
        "_sip._udp.pbx.example",
        SRV,
        Told::Services(&[
            (10, 5060, "sip1.pbx.example"),
            (20, 5060, "sip2.pbx.example"),
        ]),
    );
    bench.asks(&name_server, "sip1.pbx.example", A, Told::Address(server));
    bench.registers();
    let phone = Phone {
        notes: &["file-missing"],
        ..bench.healthy()
    };
    Recipe {
        title: "The registrar is found by SRV, without NAPTR",
        story: "Nothing is wrong. The phone looks for its registrar by the book: NAPTR, of which there is \
                none, then SRV, which names two hosts; it asks for the first one's address and registers \
                there.",
        ..bench.recipe("healthy-registrar-by-srv", phone)
    }
}

fn name_missing() -> Recipe {
    let mut bench = Bench::running();
    let name_server = bench.leases_name();
    for name in [PROV, "prov.example.com.office.example", "rps.yealink.com"] {
        bench.asks(&name_server, name, AAAA, NO_SUCH_NAME);
        bench.asks(&name_server, name, A, NO_SUCH_NAME);
    }
    bench.half_minutes(2);
    bench.asks(&name_server, PROV, A, NO_SUCH_NAME);
    bench.half_minutes(3);
    let phone = Phone {
        family: Some("yealink"),
        model: None,
        outcome: &["failed"],
        findings: &["dns-name-unresolved"],
        notes: &["dns-name-unresolved"],
        ..bench.healthy()
    };
    Recipe {
        title: "DNS has no such name as option 66 says",
        story: "DHCP names prov.example.com as provisioning server, and the name server says NXDOMAIN: to \
                the name itself and to the name with the lease's domain behind it. Yealink's redirection \
                service cannot be found either, which in a closed network is no fault. The phone asks \
                again after a minute and never contacts a server.",
        ..bench.recipe("name-missing", phone)
    }
}

fn name_servers_silent() -> Recipe {
    let mut bench = Bench::running();
    let first = bench.leases_name();
    let second = Host::new([0x52, 0x54, 0x00, 0x5a, 0x10, 0x06], [192, 0, 2, 6]);
    for _ in 0..2 {
        bench
            .scene
            .dns_unanswered(&bench.phone, &[&first, &second, &first], PROV, 5);
        bench.half_minutes(1);
    }
    bench.half_minutes(2);
    let phone = Phone {
        family: Some("yealink"),
        model: None,
        outcome: &["failed"],
        findings: &["dns-name-unresolved"],
        notes: &[],
        ..bench.healthy()
    };
    Recipe {
        title: "Neither name server answers",
        story: "The phone asks two name servers in turn for its provisioning server, six questions in all, \
                and none is ever answered. The first one answers ARP, so the machine is up.",
        ..bench.recipe("name-servers-silent", phone)
    }
}

fn registrar_name_missing() -> Recipe {
    let mut bench = Bench::running();
    let name_server = bench.leases_name();
    let server = bench.server.ip;
    bench.asks(&name_server, PROV, A, Told::Address(server));
    bench.fetches_configuration();
    for _ in 0..2 {
        bench.asks(&name_server, "_sip._udp.pbx.example", SRV, NO_SUCH_NAME);
        bench.asks(&name_server, "pbx.example", A, NO_SUCH_NAME);
        bench.half_minutes(1);
    }
    bench.half_minutes(2);
    let phone = Phone {
        outcome: &["failed"],
        findings: &["dns-name-unresolved"],
        notes: &["file-missing"],
        ..bench.healthy()
    };
    Recipe {
        title: "The phone is configured, and DNS does not know its registrar",
        story: "Provisioning goes well. Then the phone looks for its registrar pbx.example by SRV and by \
                address, is told NXDOMAIN both times, tries again half a minute later, and never sends a \
                REGISTER.",
        ..bench.recipe("registrar-name-missing", phone)
    }
}

fn time_unanswered() -> Recipe {
    let mut bench = Bench::running();
    let clock = bench.leases_name();
    let server = bench.server.ip;
    bench.asks(&clock, PROV, A, Told::Address(server));
    bench.scene.ntp_unanswered(&bench.phone, &clock, 3, 2);
    bench.fetches_configuration();
    bench
        .scene
        .sip_registers(&bench.phone, &bench.server, &ACCOUNT);
    bench.half_minutes(1);
    let phone = Phone {
        notes: &["file-missing", "time-server-unanswered"],
        ..bench.healthy()
    };
    Recipe {
        title: "The time server of option 42 says nothing",
        story: "The phone asks the server of option 42 three times for the time and is told none. It goes \
                on without, by HTTP and UDP, and registers; with HTTPS it might have taken the server's \
                certificate for one of the future.",
        ..bench.recipe("time-unanswered", phone)
    }
}

fn provisioned_elsewhere() -> Recipe {
    let mut bench = Bench::running();
    let name_server = bench.leases_name();
    bench.scene.arp(&bench.phone, &bench.router);
    for (name, host) in [("rps.yealink.com", 20), ("provider.example.net", 30)] {
        let server = Host::new(bench.router.mac, [203, 0, 113, host]).with_ttl(57);
        bench.asks(&name_server, name, A, Told::Address(server.ip));
        bench
            .scene
            .tls(&bench.phone, &server, 443, &Offer::modern(name))
            .answers(0xc02c, &[GOOD, CA], false)
            .accepts(None)
            .completes()
            .fetches(1_480)
            .ends();
        bench.scene.wait_ms(900);
    }
    bench.half_minutes(2);
    let phone = Phone {
        // Over TLS it tells nobody else which model it is.
        family: Some("yealink"),
        model: None,
        outcome: &["loaded"],
        notes: &["provisioned-elsewhere"],
        ..bench.healthy()
    };
    Recipe {
        title: "A second-hand T48S asks its maker where to go, and is sent to its former owner's provider",
        story: "The phone was reset. The lease names the local server, but the phone asks rps.yealink.com \
                first, where its MAC address is still entered for another company, and fetches its \
                configuration from that company's provider.",
        ..bench.recipe("provisioned-elsewhere", phone)
    }
}
