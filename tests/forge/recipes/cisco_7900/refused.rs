//! What was delivered whole, and the phone does not take.

use crate::forge::firmware;
use crate::forge::recipes::cisco_7900::Bench;
use crate::forge::recipes::{Phone, Recipe};

pub(super) fn recipes() -> Vec<Recipe> {
    vec![
        config_not_accepted(),
        config_not_accepted_each_boot(),
        healthy_config_read_again(),
        image_fetched_again(),
        load_name_with_extension(),
    ]
}

/// A configuration whose elements are not closed as they were opened.
fn broken_config(bench: &Bench) -> Vec<u8> {
    let config = firmware::sccp_config(bench.call_server.ip, bench.model.load);
    let text = String::from_utf8(config).unwrap();
    text.replace("</callManagerGroup>", "</callmanagergroup>")
        .into_bytes()
}

fn config_not_accepted() -> Recipe {
    let mut bench = Bench::cp_7961();
    bench.powers_up();
    bench.leases();
    let (name, config) = (bench.config_name(), broken_config(&bench));
    for _ in 0..5 {
        bench.misses_trust_files();
        bench.fetches(&name, &config);
        bench.scene.wait_secs(15);
    }
    bench.neighbors_speak();
    let phone = bench.failed(&["config-not-accepted"]);
    Recipe {
        title: "The configuration's XML is broken; the phone fetches it every 15 seconds",
        story: "Somebody changed the file by hand, and one element is not closed as it was opened. The phone \
                gets it whole, finds no call server in it, and begins again with the trust lists.",
        ..bench.recipe("config-not-accepted", file!(), phone)
    }
}

fn config_not_accepted_each_boot() -> Recipe {
    let mut bench = Bench::cp_7961();
    let (name, config) = (bench.config_name(), broken_config(&bench));
    for _ in 0..3 {
        bench.powers_up();
        bench.leases();
        bench.misses_trust_files();
        bench.fetches(&name, &config);
        bench.scene.wait_secs(70);
    }
    bench.neighbors_speak();
    let phone = Phone {
        outcome: &["failed", "failed", "failed"],
        ..bench.failed(&["boot-loop", "config-not-accepted"])
    };
    Recipe {
        title: "The same file makes the phone start over",
        story: "This phone does not ask again by itself: after a minute it restarts, gets the broken file once \
                more, and restarts.",
        ..bench.recipe("config-not-accepted-each-boot", file!(), phone)
    }
}

fn healthy_config_read_again() -> Recipe {
    let mut bench = Bench::cp_7961();
    bench.powers_up();
    bench.leases();
    bench.boots_from_files();
    for _ in 0..3 {
        bench.scene.wait_secs(20);
        bench.fetches_config();
    }
    bench.neighbors_speak();
    let phone = bench.healthy();
    Recipe {
        title: "A running phone is told three times to read its configuration again",
        story: "Nothing is wrong. While somebody changes lines on the call server, the phone fetches its \
                configuration three times in a minute. It is registered all the time.",
        ..bench.recipe("healthy-config-read-again", file!(), phone)
    }
}

fn image_fetched_again() -> Recipe {
    let mut bench = Bench::erased_7970();
    let files = ["jar70sccp.9-4-2ES26.sbn", "cnu70.9-4-2ES26.sbn"];
    for _ in 0..2 {
        bench.powers_up();
        bench.leases();
        bench.recovers("term70.default.loads", "9-4-2ES26", &files);
        bench.scene.wait_secs(70);
    }
    bench.neighbors_speak();
    let phone = Phone {
        outcome: &["loaded", "failed"],
        notes: &[],
        ..bench.failed(&["firmware-fetched-again"])
    };
    Recipe {
        title: "The images of a load arrive whole, and after the restart the loader fetches them again",
        story: "The list and both images were taken from the archive of a sister model. The loader writes \
                them, restarts, finds nothing that it can run, and begins again.",
        ..bench.recipe("image-fetched-again", file!(), phone)
    }
}

fn load_name_with_extension() -> Recipe {
    let mut bench = Bench::cp_7961();
    bench.powers_up();
    bench.leases();
    bench.misses_trust_files();
    let load = format!("{}.loads", bench.model.load);
    let config = firmware::sccp_config(bench.call_server.ip, &load);
    let name = bench.config_name();
    bench.fetches(&name, &config);
    bench.misses(&format!("{load}.loads"));
    bench.registers();
    let phone = Phone {
        findings: &["load-name-unusable"],
        ..bench.healthy()
    };
    Recipe {
        title: "The load's name in the configuration ends in .loads, and the phone adds that again",
        story: "The phone works with the firmware that it has. It will never get another: it asks for \
                SCCP41.9-4-2SR3-1S.loads.loads, because the file's name was copied into loadInformation.",
        ..bench.recipe("load-name-with-extension", file!(), phone)
    }
}
