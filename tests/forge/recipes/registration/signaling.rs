//! Phones that speak to a call agent or a plug and play server, and get no further.

use crate::forge::recipes::Recipe;
use crate::forge::recipes::registration::Bench;
use crate::forge::scene::Ports;

pub(super) fn recipes() -> Vec<Recipe> {
    vec![mgcp_unanswered(), plug_and_play_without_url()]
}

fn mgcp_unanswered() -> Recipe {
    let mut bench = Bench::cisco();
    let ports = Ports {
        from: 2427,
        to: 2727,
    };
    let text = b"RSIP 1 aaln/1@192.0.2.48 MGCP 1.0\r\nRM: restart\r\n";
    for gap_secs in [1, 2, 4, 4, 4] {
        bench.scene.udp(&bench.phone, &bench.server, ports, text);
        bench.scene.wait_secs(gap_secs);
    }
    bench.ends_after_secs(40);
    let phone = bench.failed(&["registration-unanswered"]);
    Recipe {
        origin: file!(),
        ..bench.recipe(
        "mgcp-unanswered",
        phone,
        "A phone that is controlled by MGCP finds no call agent",
        "The phone fetches its configuration and announces itself to the call agent five times by MGCP. \
         Nothing comes back, so that it has no line.",
    )
    }
}

fn plug_and_play_without_url() -> Recipe {
    let mut bench = Bench::snom();
    bench.scene.sip_plug_and_play(
        &bench.phone,
        "vendor=\"snom\";model=\"snom370\";version=\"8.7.5.35\"",
        Some((&bench.server, None)),
    );
    bench.ends_after_secs(90);
    let phone = bench.failed(&["dhcp-provisioning-missing"]);
    Recipe {
        origin: file!(),
        ..bench.recipe(
        "plug-and-play-without-url",
        phone,
        "A snom 370 is answered by SIP plug and play, and told no URL",
        "The lease names no server. The PBX answers the phone's search by multicast with 200 and never sends \
         the NOTIFY that would tell where the configuration is: it does not know this phone.",
    )
    }
}
