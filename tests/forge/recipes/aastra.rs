//! `captures/aastra`: Aastra 67xx with SIP firmware.

use std::net::Ipv4Addr;

use crate::forge::dhcp::{Client, Lease};
use crate::forge::recipes::{Expect, Phone, Recipe};
use crate::forge::scene::{Host, Scene};
use crate::forge::sip::Account;

pub(super) fn recipes() -> Vec<Recipe> {
    vec![healthy_6731i()]
}

fn healthy_6731i() -> Recipe {
    let phone = Host::new([0x00, 0x08, 0x5d, 0x23, 0x74, 0x29], [192, 0, 2, 73]).leasing(Client {
        vendor_class: b"AastraIPPhone6731i".to_vec(),
        parameters: vec![1, 3, 6, 42, 43, 66, 159, 160],
        option_61: true,
        ..Client::default()
    });
    let server = Host::new([0x52, 0x54, 0x00, 0x5a, 0x10, 0x14], [192, 0, 2, 20]);
    let router = Host::new([0x00, 0x1e, 0x14, 0x40, 0x01, 0x01], [192, 0, 2, 1]);
    let agent = "Aastra6731i MAC:00-08-5D-23-74-29 V:3.2.0.70-SIP";
    let mut scene = Scene::new();
    let lease = Lease::new(phone.ip)
        .option(42, Ipv4Addr::new(192, 0, 2, 5).octets())
        .option(66, "http://192.0.2.20/aastra");
    scene.dhcp_lease(&phone, &router, &lease);
    scene.arp_announcement(&phone);
    scene.arp(&phone, &server);
    scene.wait_ms(850);
    scene
        .http_get(&phone, &server, "/aastra/security.tuz", agent)
        .missing();
    let config = b"download protocol: HTTP\nhttp server: 192.0.2.20\nhttp path: aastra\nsip proxy ip: 192.0.2.20\n";
    scene
        .http_get(&phone, &server, "/aastra/aastra.cfg", agent)
        .served("text/plain", config);
    scene
        .http_get(&phone, &server, "/aastra/6731i.cfg", agent)
        .missing();
    scene
        .http_get(&phone, &server, "/aastra/00085D237429.cfg", agent)
        .served(
            "text/plain",
            b"sip line1 user name: 731\nsip line1 screen name: Reception\n",
        );
    scene
        .http_get(&phone, &server, "/aastra/6731i.st", agent)
        .missing();
    scene.wait_secs(6);
    let account = Account {
        user: "731",
        domain: "pbx.example",
        user_agent: "Aastra 6731i/3.2.0.70",
    };
    scene.sip_registers(&phone, &server, &account);
    Recipe {
        family: "aastra",
        name: "healthy-6731i",
        title: "A 6731i fetches what there is and registers",
        story: "The phone works. On the wire it asks for a key file, a model file and firmware that the \
                server does not have, which every 6731i does; the common file and its own are there, and \
                the registrar accepts it.",
        scene,
        expect: Expect::phone(Phone {
            notes: &["file-missing"],
            ..Phone::healthy(&phone, "aastra", "6731i")
        }),
        cut_bytes: 0,
        origin: file!(),
    }
}
