//! Firmware that is named, renamed, refused or not whole.

use crate::forge::firmware;
use crate::forge::recipes::cisco_7900::{Bench, CP_7970, FILES_7970};
use crate::forge::recipes::{Phone, Recipe};

pub(super) fn recipes() -> Vec<Recipe> {
    vec![
        load_refused(),
        load_renamed(),
        load_incomplete(),
        configured_load_missing(),
        load_of_other_protocol(),
        healthy_upgrade(),
    ]
}

fn load_refused() -> Recipe {
    let mut bench = Bench::erased_7970();
    let list = firmware::load_list("term70.default.loads", "9-4-2ES26", &FILES_7970);
    for _ in 0..2 {
        bench.powers_up();
        bench.leases();
        bench.fetches("term70.default.loads", &list);
        bench.scene.wait_secs(70);
    }
    bench.neighbors_speak();
    let phone = Phone {
        outcome: &["failed", "failed"],
        notes: &[],
        ..bench.failed(&["firmware-not-requested"])
    };
    Recipe {
        title: "A reset 7970 of the 8.0 age reads a 9.4 load list and asks for nothing",
        story: "The screen shows \"Auth Fail\". The loader fetches term70.default.loads of load 9.4(2) \
                whole, asks for none of the five files in it, and starts over after a minute. The list is \
                signed with a key that its old firmware does not know.",
        ..bench.recipe("load-refused", file!(), phone)
    }
}

fn load_renamed() -> Recipe {
    let mut bench = Bench::erased_7970();
    bench.powers_up();
    bench.leases();
    let list = firmware::load_list("SCCP70.9-4-2SR3-1S.loads", "9-4-2SR3-1", &FILES_7970);
    bench.fetches("term70.default.loads", &list);
    bench.scene.wait_secs(70);
    bench.neighbors_speak();
    let phone = Phone {
        notes: &["firmware-not-requested"],
        ..bench.failed(&["firmware-file-renamed"])
    };
    Recipe {
        title: "Another load list was renamed to term70.default.loads",
        story: "The archive at hand had no term70.default.loads, so SCCP70.9-4-2SR3-1S.loads was copied \
                to that name. The phone fetches it, finds that it is signed for another name, and asks for \
                nothing that it lists.",
        ..bench.recipe("load-renamed", file!(), phone)
    }
}

fn load_incomplete() -> Recipe {
    let mut bench = Bench::erased_7970();
    bench.powers_up();
    bench.leases();
    let list = firmware::load_list("term70.default.loads", "9-4-2ES26", &FILES_7970);
    for _ in 0..2 {
        bench.fetches("term70.default.loads", &list);
        bench.scene.wait_ms(2_400);
        bench.fetches(FILES_7970[0], &firmware::image(FILES_7970[0], 900));
        bench.scene.wait_ms(2_400);
        bench.misses(FILES_7970[1]);
        bench.scene.wait_secs(30);
    }
    bench.neighbors_speak();
    let phone = Phone {
        notes: &["firmware-incomplete"],
        ..bench.failed(&["file-missing"])
    };
    Recipe {
        title: "One of the five images of the load is not on the server",
        story: "A reset 7970 fetches its load list and the first image, and is told that the second, \
                cnu70.9-4-2ES26.sbn, is not there: it was forgotten when the archive was copied. The \
                phone begins with the list again.",
        ..bench.recipe("load-incomplete", file!(), phone)
    }
}

fn configured_load_missing() -> Recipe {
    let mut bench = Bench::cp_7961();
    bench.powers_up();
    bench.leases();
    bench.misses_trust_files();
    let config = firmware::sccp_config(bench.call_server.ip, "SCCP41.9-4-2SR4-1S");
    let name = bench.config_name();
    bench.fetches(&name, &config);
    bench.misses("SCCP41.9-4-2SR4-1S.loads");
    bench.registers();
    let phone = Phone {
        findings: &["configured-firmware-missing"],
        ..bench.healthy()
    };
    Recipe {
        title: "The configuration names a load that the server lacks; the phone keeps its own",
        story: "The phone works, and shows \"File Not Found\" for a moment at each start. Its configuration \
                tells it to run SCCP41.9-4-2SR4-1S, the server has no such list, and the phone registers \
                with the load that it has.",
        ..bench.recipe("configured-load-missing", file!(), phone)
    }
}

fn load_of_other_protocol() -> Recipe {
    let mut bench = Bench::new(
        CP_7970,
        [0x00, 0x1a, 0xa1, 0x22, 0x19, 0x05],
        [192, 0, 2, 53],
    );
    let config = firmware::sccp_config(bench.call_server.ip, "SIP70.9-4-2SR3-1S");
    let name = bench.config_name();
    bench.powers_up();
    bench.leases();
    bench.misses_trust_files();
    bench.fetches(&name, &config);
    bench.recovers(
        "SIP70.9-4-2SR3-1S.loads",
        "9-4-2SR3-1",
        &["jar70sip.9-4-2ES26.sbn", "cvm70sip.9-4-2ES26.sbn"],
    );
    bench.scene.wait_secs(40);
    bench.software = "SIP70.9-4-2SR3-1S";
    bench.powers_up();
    bench.leases();
    bench.misses_trust_files();
    bench.fetches(&name, &config);
    bench.scene.wait_secs(70);
    bench.neighbors_speak();
    let phone = Phone {
        outcome: &["loaded", "failed"],
        ..bench.failed(&["firmware-of-other-protocol"])
    };
    Recipe {
        title: "A SIP load is named in a configuration for SCCP",
        story: "The phone ran with SCCP. In its configuration somebody wrote the name of a SIP load into \
                loadInformation and left deviceProtocol as it was. The phone takes the load, restarts, \
                reads the same file for SCCP, and shows \"Unprovisioned\".",
        ..bench.recipe("load-of-other-protocol", file!(), phone)
    }
}

fn healthy_upgrade() -> Recipe {
    let mut bench = Bench::new(
        CP_7970,
        [0x00, 0x1a, 0xa1, 0x22, 0x19, 0x04],
        [192, 0, 2, 52],
    );
    bench.software = "SCCP70.8-5-2S";
    bench.powers_up();
    bench.leases();
    bench.misses_trust_files();
    let config = firmware::sccp_config(bench.call_server.ip, CP_7970.load);
    let name = bench.config_name();
    bench.fetches(&name, &config);
    // The signal processor's image has not changed since 8.5(2): it is not asked for.
    let list = firmware::load_list("SCCP70.9-4-2ES26S.loads", "9-4-2ES26", &FILES_7970);
    bench.fetches("SCCP70.9-4-2ES26S.loads", &list);
    for file in [FILES_7970[0], FILES_7970[1], FILES_7970[2]] {
        bench.scene.wait_ms(2_400);
        bench.fetches(file, &firmware::image(file, 900));
    }
    bench.scene.wait_secs(40);
    bench.software = CP_7970.load;
    bench.powers_up();
    bench.leases();
    bench.boots_from_files();
    let phone = Phone {
        outcome: &["loaded", "registered"],
        ..bench.healthy()
    };
    Recipe {
        title: "A 7970 upgrades from 8.5(2) to 9.4(2) and leaves out what it has",
        story: "The configuration names a newer load. The phone fetches its list and three of the five \
                images, has the other two already, restarts and registers with the new load.",
        ..bench.recipe("healthy-upgrade", file!(), phone)
    }
}
