//! Servers that cannot be reached, and captures taken on the servers' side.

use crate::forge::dhcp::Lease;
use crate::forge::recipes::cisco_7900::{Bench, PROFILE, elsewhere};
use crate::forge::recipes::{Phone, Recipe};
use crate::forge::scene::Host;

pub(super) fn recipes() -> Vec<Recipe> {
    vec![
        tftp_silent(),
        first_request_lost(),
        tftp_port_closed(),
        server_arp_unanswered(),
        behind_router(),
        relay_side(),
    ]
}

fn tftp_silent() -> Recipe {
    let mut bench = Bench::cp_7961();
    bench.powers_up();
    let file = format!("CTL{}.tlv", bench.phone.cisco_name());
    for _ in 0..4 {
        bench.leases();
        bench
            .scene
            .tftp_read(&bench.phone, &bench.tftp, &file)
            .unanswered(3, 4);
        bench.scene.wait_secs(48);
        bench.neighbors_speak();
        bench.scene.wait_secs(9);
    }
    let phone = Phone {
        outcome: &["failed", "failed", "failed", "failed"],
        notes: &[],
        ..bench.failed(&["boot-loop", "tftp-request-unanswered"])
    };
    Recipe {
        title: "The TFTP server does not even say no",
        story: "The phone shows \"Registering\" and takes its address anew every minute. It finds the TFTP \
                server's MAC address and asks three times for its trust list, four seconds apart; nothing \
                comes back, neither the file nor an error. Then it gives up the lease and starts over, for \
                ever.",
        ..bench.recipe("tftp-silent", file!(), phone)
    }
}

fn first_request_lost() -> Recipe {
    let mut bench = Bench::cp_7961();
    bench.powers_up();
    bench.leases();
    let name = bench.phone.cisco_name();
    let (phone, tftp) = (&bench.phone, &bench.tftp);
    let file = format!("CTL{name}.tlv");
    bench
        .scene
        .tftp_read(phone, tftp, &file)
        .missing_at_second_try(4);
    for file in [format!("ITL{name}.tlv"), "ITLFile.tlv".into()] {
        bench.scene.tftp_read(phone, tftp, &file).missing();
    }
    bench.fetches_config();
    bench.registers();
    let phone = Phone {
        notes: &[
            "file-missing",
            "tftp-request-unanswered",
            "tftp-retransmissions",
        ],
        ..bench.healthy()
    };
    Recipe {
        title: "The first request is lost, the second answered",
        story: "A healthy boot on a network that loses a packet. The phone's first request for its trust \
                list has no answer; four seconds later it asks again, is told that there is none, and goes \
                on to register.",
        ..bench.recipe("first-request-lost", file!(), phone)
    }
}

fn tftp_port_closed() -> Recipe {
    let mut bench = Bench::cp_7961();
    bench.powers_up();
    bench.leases();
    let file = format!("CTL{}.tlv", bench.phone.cisco_name());
    for _ in 0..3 {
        bench
            .scene
            .tftp_read(&bench.phone, &bench.tftp, &file)
            .port_unreachable();
        bench.scene.wait_secs(4);
    }
    bench.scene.wait_secs(40);
    bench.neighbors_speak();
    let phone = Phone {
        notes: &[],
        ..bench.failed(&["server-port-closed"])
    };
    Recipe {
        title: "No TFTP server runs at the address of option 150",
        story: "The phone is stuck after it got its address. To each request for its trust list the server's \
                own system answers with ICMP port unreachable and quotes the request: the machine is up, \
                the TFTP service is not.",
        ..bench.recipe("tftp-port-closed", file!(), phone)
    }
}

fn server_arp_unanswered() -> Recipe {
    let mut bench = Bench::cp_7961();
    bench.powers_up();
    let lease = bench.lease();
    bench.scene.dhcp_lease(&bench.phone, &bench.router, &lease);
    bench.scene.arp_announcement(&bench.phone);
    for _ in 0..3 {
        bench.scene.arp_unanswered(&bench.phone, &bench.tftp, 4);
        bench.scene.wait_secs(12);
    }
    bench.neighbors_speak();
    let phone = Phone {
        notes: &[],
        ..bench.failed(&["server-unreachable"])
    };
    Recipe {
        title: "Nobody has the TFTP server's address",
        story: "The phone has a good lease, whose option 150 names 192.0.2.10 on its own subnet. It asks by \
                ARP who has that address, a dozen times in three rows, and no answer comes. The server \
                is off, or has another address.",
        ..bench.recipe("server-arp-unanswered", file!(), phone)
    }
}

/// The phone as the servers' network sees it: at an address of another subnet,
/// two routers away.
fn from_afar(bench: &Bench) -> Host {
    let mut phone = bench.phone.clone();
    (phone.vlan, phone.ip) = (None, elsewhere(61));
    phone.behind(&bench.router, 2)
}

/// What the phone asks for when it has no configuration, twice. The file names hold
/// its own MAC address, the frames that of `seen`.
fn misses_both_configs(bench: &mut Bench, seen: &Host) {
    let name = bench.phone.cisco_name();
    for _ in 0..2 {
        for file in [
            format!("CTL{name}.tlv"),
            format!("ITL{name}.tlv"),
            "ITLFile.tlv".into(),
            bench.config_name(),
            "XMLDefault.cnf.xml".into(),
        ] {
            bench.scene.tftp_read(seen, &bench.tftp, &file).missing();
        }
        bench.scene.wait_secs(45);
    }
    bench.scene.arp(&bench.tftp, &bench.router);
}

fn behind_router() -> Recipe {
    let mut bench = Bench::cp_7961();
    let seen = from_afar(&bench);
    misses_both_configs(&mut bench, &seen);
    let phone = Phone {
        family: None,
        model: None,
        notes: &["capture-starts-late", "config-fallback-used"],
        ..bench.failed(&["file-missing"])
    };
    Recipe {
        title: "Seen from the TFTP server, two routers away: no configuration for the phone",
        story: "The capture was made on the TFTP server, so every frame of the phone carries the router's \
                MAC address and a time to live of 62. Which phone it is stands only in the names of the \
                files. Its own configuration and the default are both missing, and it asks again \
                45 seconds later.",
        ..bench.recipe("behind-router", file!(), phone)
    }
}

fn relay_side() -> Recipe {
    let mut bench = Bench::cp_7961();
    let server = Host::new([0x52, 0x54, 0x00, 0x5a, 0x10, 0x05], [192, 0, 2, 5]);
    let mut relay = bench.router.clone().with_ttl(254);
    relay.ip = elsewhere(1);
    let seen = from_afar(&bench);
    let phone = Host {
        mac: bench.phone.mac,
        ..seen.clone()
    };
    let lease = Lease::new(phone.ip).tftp_servers(&[bench.tftp.ip]);
    bench
        .scene
        .dhcp_lease_relayed(&phone, &relay, elsewhere(1), &server, &lease);
    bench.scene.wait_ms(40);
    misses_both_configs(&mut bench, &seen);
    let judged = Phone {
        family: Some(PROFILE),
        notes: &["config-fallback-used"],
        ..bench.failed(&["file-missing"])
    };
    Recipe {
        title: "The same phone, with its relayed lease in the capture",
        story: "The capture was made in the server room, where the DHCP server is too. A relay passes the \
                phone's messages on, with its own address in giaddr and its port in option 82; the phone's \
                MAC address stands in chaddr, the leased one sends the requests. The phone has no \
                configuration there, neither its own nor a default.",
        ..bench.recipe("relay-side", file!(), judged)
    }
}
