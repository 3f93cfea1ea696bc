//! Boots that go well, and one that goes well beside one that does not.

use crate::forge::dhcp::{Client, Lease};
use crate::forge::recipes::cisco_7900::{Bench, CP_7941, elsewhere};
use crate::forge::recipes::{Expect, Recipe};
use crate::forge::scene::Host;

pub(super) fn recipes() -> Vec<Recipe> {
    vec![
        healthy_7961_sccp(),
        healthy_voice_vlan_hop(),
        two_phones_and_a_pc(),
    ]
}

fn healthy_7961_sccp() -> Recipe {
    let mut bench = Bench::cp_7961();
    bench.powers_up();
    bench.leases();
    bench.boots_from_files();
    bench.scene.wait_secs(20);
    bench.neighbors_speak();
    let phone = bench.healthy();
    Recipe {
        title: "A 7961 boots and registers",
        story: "Nothing is wrong. The phone learns its voice VLAN and its power by CDP, takes a lease that \
                names the TFTP server, misses three trust files that only secured clusters have, fetches \
                its configuration and registers by SCCP. Half a minute later it is still there.",
        ..bench.recipe("healthy-7961-sccp", file!(), phone)
    }
}

fn healthy_voice_vlan_hop() -> Recipe {
    let mut bench = Bench::cp_7961();
    let data_server = Host::new([0x00, 0x1e, 0x14, 0x40, 0x01, 0x02], [198, 51, 100, 1]);
    let mut untagged = bench.phone.clone();
    (untagged.vlan, untagged.ip) = (None, elsewhere(61));
    bench.phone_speaks(false);
    bench.scene.wait_ms(1_600);
    let lease = Lease::new(untagged.ip);
    bench.scene.dhcp_lease(&untagged, &data_server, &lease);
    bench.scene.arp_announcement(&untagged);
    bench.scene.wait_ms(6_200);
    bench.switch_speaks(Some(6_300));
    bench.scene.wait_ms(80);
    bench.scene.dhcp_release(&untagged, &data_server);
    bench.scene.wait_ms(900);
    bench.leases();
    bench.boots_from_files();
    let phone = bench.healthy();
    Recipe {
        title: "A 7961 starts in the data VLAN and moves to the voice VLAN",
        story: "The phone comes up before the switch has spoken to it, so it takes a first lease untagged, \
                in the data VLAN, where nobody names a TFTP server. Six seconds later the switch announces \
                voice VLAN 110; the phone releases that lease, takes another with tag 110 and \
                registers. One boot, and nothing to mend.",
        ..bench.recipe("healthy-voice-vlan-hop", file!(), phone)
    }
}

fn two_phones_and_a_pc() -> Recipe {
    let mut bench = Bench::cp_7961();
    bench.powers_up();
    bench.leases();
    bench.misses_trust_files();
    bench.fetches_config();
    for _ in 0..2 {
        bench.scene.wait_ms(2_300);
        bench.scene.arp(&bench.phone, &bench.call_server);
        bench
            .scene
            .sccp(
                &bench.phone,
                &bench.call_server,
                bench.model.device,
                bench.model.load,
            )
            .rejected("Error: DB Config");
        bench.scene.wait_secs(20);
    }
    let rejected = bench.failed(&["registration-rejected"]);

    let mut neighbor = Bench {
        scene: bench.scene,
        ..Bench::new(
            CP_7941,
            [0x00, 0x1b, 0xd5, 0x10, 0x41, 0x0a],
            [192, 0, 2, 41],
        )
    };
    neighbor.scene.at_ms(700);
    neighbor.leases();
    neighbor.boots_from_files();
    let healthy = neighbor.healthy();

    let scene = &mut neighbor.scene;
    let desktop = Host::new([0x02, 0x00, 0x00, 0x00, 0x00, 0x50], [198, 51, 100, 50])
        .with_ttl(128)
        .leasing(Client {
            vendor_class: b"MSFT 5.0".to_vec(),
            parameters: vec![1, 3, 6, 15, 31, 33, 43, 44, 46, 47, 119, 121, 249, 252],
            host_name: Some("DESK-50".into()),
            option_61: true,
            ..Client::default()
        });
    let router = Host::new([0x00, 0x1e, 0x14, 0x40, 0x01, 0x02], [198, 51, 100, 1]).with_ttl(255);
    let web = Host::new(router.mac, [203, 0, 113, 80]).with_ttl(57);
    scene.at_ms(300);
    scene.dhcp_lease(&desktop, &router, &Lease::new(desktop.ip));
    scene.arp(&desktop, &router);
    let agent = "Mozilla/5.0 (Windows NT 10.0; Win64; x64)";
    for target in ["/", "/favicon.ico"] {
        scene.http_get(&desktop, &web, target, agent).missing();
    }
    Recipe {
        expect: Expect::phones(vec![healthy, rejected.clone()]),
        title: "A 7961 is rejected, a 7941 beside it registers, a PC minds its business",
        story: "A monitor port copies three access ports. A 7961 gets its lease and its files, and the call server \
                rejects it twice with the words \"Error: DB Config\". At the same time a 7941 boots and \
                registers, and a PC in the data VLAN takes a lease and fails to fetch a web page.",
        ..neighbor.recipe("two-phones-and-a-pc", file!(), rejected)
    }
}
