//! Leases that contradict themselves, each other, or another host.

use std::net::Ipv4Addr;

use crate::forge::dhcp::Lease;
use crate::forge::recipes::cisco_7900::{Bench, elsewhere};
use crate::forge::recipes::{Phone, Recipe};
use crate::forge::scene::Host;

pub(super) fn recipes() -> Vec<Recipe> {
    vec![
        address_declined(),
        servers_disagree(),
        healthy_failover_pair(),
        provisioning_conflict(),
        router_missing(),
    ]
}

fn address_declined() -> Recipe {
    let mut bench = Bench::cp_7961();
    let printer = Host::new([0x02, 0x00, 0x00, 0x00, 0x00, 0x99], [192, 0, 2, 61]);
    bench.powers_up();
    let lease = bench.lease();
    for _ in 0..3 {
        let (phone, router) = (&bench.phone, &bench.router);
        bench.scene.dhcp_lease(phone, router, &lease);
        bench.scene.arp_probe(phone, &printer);
        bench.scene.wait_ms(20);
        bench.scene.dhcp_decline(phone, router);
        bench.scene.wait_secs(12);
    }
    bench.scene.wait_secs(30);
    bench.neighbors_speak();
    let phone = Phone {
        notes: &[],
        ..bench.failed(&["address-in-use"])
    };
    Recipe {
        title: "A printer has the address that the phone is given",
        story: "The phone takes its lease, tries the address by ARP before it uses it, and a printer answers: \
                somebody gave it that address by hand. The phone declines and starts over, and the \
                server offers the same address again and again.",
        ..bench.recipe("address-declined", file!(), phone)
    }
}

/// A small router that somebody plugged in, with its own DHCP.
fn rogue() -> Host {
    Host::new([0x02, 0x00, 0x00, 0x00, 0x00, 0xfe], [192, 0, 2, 254])
}

fn servers_disagree() -> Recipe {
    let mut bench = Bench::cp_7961();
    let rogue = rogue();
    bench.powers_up();
    let good = bench.lease();
    let bad = Lease {
        router: Some(rogue.ip),
        ..Lease::new(Ipv4Addr::new(192, 0, 2, 140))
    };
    let (phone, router) = (&bench.phone, &bench.router);
    bench.scene.dhcp_discover(phone);
    bench.scene.dhcp_offer(phone, &rogue, &bad);
    bench.scene.dhcp_offer(phone, router, &good);
    bench.scene.dhcp_request(phone, &rogue, &bad);
    bench.scene.dhcp_ack(phone, &rogue, &bad);
    bench.scene.wait_secs(58);
    bench.neighbors_speak();
    let phone = Phone {
        notes: &["dhcp-option-150-missing"],
        ..bench.failed(&["dhcp-servers-disagree"])
    };
    Recipe {
        title: "A router that somebody plugged in answers first",
        story: "One phone of many does not come up, and only sometimes. Two servers answer its DISCOVER: the \
                company's, with option 150, and a small router under a desk, without. The router is quicker, \
                the phone takes its offer, and knows no TFTP server.",
        ..bench.recipe("dhcp-servers-disagree", file!(), phone)
    }
}

fn healthy_failover_pair() -> Recipe {
    let mut bench = Bench::cp_7961();
    let second = Host::new([0x00, 0x1e, 0x14, 0x40, 0x01, 0x03], [192, 0, 2, 3]).with_ttl(255);
    bench.powers_up();
    let one = bench.lease().next_server(bench.router.ip);
    let other = Lease::new(Ipv4Addr::new(192, 0, 2, 161))
        .tftp_servers(&[bench.tftp.ip])
        .next_server(second.ip);
    let (phone, router) = (&bench.phone, &bench.router);
    bench.scene.dhcp_discover(phone);
    bench.scene.dhcp_offer(phone, router, &one);
    bench.scene.dhcp_offer(phone, &second, &other);
    bench.scene.dhcp_request(phone, router, &one);
    bench.scene.dhcp_ack(phone, router, &one);
    bench.settles();
    bench.boots_from_files();
    let phone = bench.healthy();
    Recipe {
        title: "Two DHCP servers share a scope and offer the same",
        story: "Nothing is wrong. Both servers of a failover pair answer, each with an address of its half, \
                with itself as next server and with the same options. The phone takes the first and registers.",
        ..bench.recipe("healthy-dhcp-failover-pair", file!(), phone)
    }
}

fn provisioning_conflict() -> Recipe {
    let mut bench = Bench::cp_7961();
    let old = Host::new([0; 6], [192, 0, 2, 9]);
    bench.powers_up();
    let lease = Lease::new(bench.phone.ip)
        .tftp_servers(&[old.ip])
        .option(66, bench.tftp.ip.to_string());
    bench.scene.dhcp_lease(&bench.phone, &bench.router, &lease);
    bench.scene.arp_announcement(&bench.phone);
    for _ in 0..3 {
        bench.scene.arp_unanswered(&bench.phone, &old, 4);
        bench.scene.wait_secs(12);
    }
    bench.neighbors_speak();
    let phone = Phone {
        notes: &[],
        ..bench.failed(&["dhcp-provisioning-conflict", "server-unreachable"])
    };
    Recipe {
        title: "Option 150 still names the old server",
        story: "The TFTP server moved, and only option 66 was changed. The phone reads option 150 first and \
                asks by ARP for a machine that is gone.",
        ..bench.recipe("provisioning-conflict", file!(), phone)
    }
}

fn router_missing() -> Recipe {
    let mut bench = Bench::cp_7961();
    let server = Host::new([0; 6], elsewhere(10).octets());
    bench.powers_up();
    let lease = Lease {
        router: None,
        ..Lease::new(bench.phone.ip).tftp_servers(&[server.ip])
    };
    bench.scene.dhcp_lease(&bench.phone, &bench.router, &lease);
    bench.scene.arp_announcement(&bench.phone);
    for _ in 0..3 {
        bench.scene.arp_unanswered(&bench.phone, &server, 4);
        bench.scene.wait_secs(12);
    }
    bench.neighbors_speak();
    let phone = Phone {
        notes: &["server-unreachable"],
        ..bench.failed(&["dhcp-router-missing"])
    };
    Recipe {
        title: "The TFTP server is in another subnet, and the scope has no router",
        story: "The voice scope was copied without option 3. The phone has its address and the server's, which \
                is in another subnet. For lack of a router it asks for the server by ARP on its own wire, \
                where nobody answers.",
        ..bench.recipe("router-missing", file!(), phone)
    }
}
