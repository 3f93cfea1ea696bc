//! Call servers that refuse in roundabout ways, and one that goes.

use crate::forge::recipes::registration::{Bench, EXPIRES, LINE_1, LOAD, registers};
use crate::forge::recipes::{Phone, Recipe};
use crate::forge::sccp::device;
use crate::forge::scene::Ports;
use crate::forge::sip::Dialog;

pub(super) fn recipes() -> Vec<Recipe> {
    vec![
        stale_nonces(),
        healthy_redirected(),
        both_refuse(),
        mgcp_refused(),
        server_goes(),
    ]
}

fn stale_nonces() -> Recipe {
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
    for _ in 0..6 {
        dialog.asks(scene, EXPIRES, true);
        dialog.is_told_stale(scene);
        scene.wait_secs(2);
    }
    bench.ends_after_secs(30);
    let phone = bench.failed(&["registration-rejected"]);
    Recipe {
        origin: file!(),
        ..bench.recipe(
            "stale-nonces",
            phone,
            "The server calls every nonce stale that it has given",
            "The phone sends its credentials with each nonce that it is given, and each is stale at once: two \
             servers behind one address do not share them.",
        )
    }
}

fn healthy_redirected() -> Recipe {
    let mut bench = Bench::yealink();
    let Bench {
        scene,
        phone,
        server,
        second,
        ..
    } = &mut bench;
    let mut dialog = Dialog::new(scene, phone, server, &LINE_1);
    dialog.asks(scene, EXPIRES, false);
    let contact = "Contact: <sip:192.0.2.21:5060>\r\n";
    dialog.is_told(scene, "302 Moved Temporarily", contact);
    scene.arp(phone, second);
    let mut dialog = Dialog::new(scene, phone, second, &LINE_1);
    registers(scene, &mut dialog);
    bench.ends_after_secs(30);
    let healthy = bench.healthy();
    Recipe {
        origin: file!(),
        ..bench.recipe(
            "healthy-redirected",
            healthy,
            "The first server sends the phone to the second, which registers it",
            "Nothing is wrong. The first server answers 302 and names the second, and the phone registers there.",
        )
    }
}

fn both_refuse() -> Recipe {
    let mut bench = Bench::cisco();
    for server in [bench.server.clone(), bench.second.clone()] {
        bench.scene.arp(&bench.phone, &server);
        bench
            .scene
            .sccp(&bench.phone, &server, device::CP_7961, LOAD)
            .rejected("Error: DB Config");
        bench.scene.wait_secs(2);
    }
    bench.ends_after_secs(40);
    let phone = bench.failed(&["registration-rejected"]);
    Recipe {
        origin: file!(),
        ..bench.recipe(
            "both-call-servers-refuse",
            phone,
            "Both servers of a cluster refuse the phone in the same words",
            "The phone is not in the database of the cluster. Publisher and subscriber both say so, which is one \
             fault.",
        )
    }
}

fn mgcp_refused() -> Recipe {
    let mut bench = Bench::cisco();
    let text = b"RSIP 1 aaln/1@192.0.2.48 MGCP 1.0\r\nRM: restart\r\n";
    let ports = Ports {
        from: 2427,
        to: 2727,
    };
    bench.scene.udp(&bench.phone, &bench.server, ports, text);
    bench.scene.linger_us(900, 3_000);
    let ports = Ports {
        from: 2727,
        to: 2427,
    };
    let text = b"500 1 Unknown endpoint\r\n";
    bench.scene.udp(&bench.server, &bench.phone, ports, text);
    bench.ends_after_secs(60);
    let phone = bench.failed(&["registration-rejected"]);
    Recipe {
        origin: file!(),
        ..bench.recipe(
            "mgcp-refused",
            phone,
            "The call agent does not know the phone",
            "The phone announces itself by MGCP, and the call agent answers that it knows no such endpoint.",
        )
    }
}

fn server_goes() -> Recipe {
    let mut bench = Bench::cisco();
    bench
        .scene
        .sccp(&bench.phone, &bench.server, device::CP_7961, LOAD)
        .registers();
    for _ in 0..4 {
        bench.scene.wait_secs(5);
        bench
            .scene
            .tcp_connect_refused(&bench.phone, &bench.server, 2000);
    }
    bench.ends_after_secs(30);
    let phone = Phone {
        findings: &["call-server-unreachable"],
        ..bench.healthy()
    };
    Recipe {
        origin: file!(),
        ..bench.recipe(
            "call-server-goes",
            phone,
            "The call server registers the phone, and its service then stops",
            "The phone is up. Half a minute later it calls the server again and is refused each time: it has no \
             line any more.",
        )
    }
}
