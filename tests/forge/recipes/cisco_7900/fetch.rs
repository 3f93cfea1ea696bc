//! Configurations that are missing, replaced or refused.

use crate::forge::firmware;
use crate::forge::recipes::cisco_7900::Bench;
use crate::forge::recipes::{Phone, Recipe};

pub(super) fn recipes() -> Vec<Recipe> {
    vec![
        config_default_used(),
        config_missing(),
        access_violation(),
        registration_rejected(),
    ]
}

fn registration_rejected() -> Recipe {
    let mut bench = Bench::cp_7961();
    bench.powers_up();
    bench.leases();
    bench.misses_trust_files();
    bench.fetches_config();
    bench.is_rejected("Device is not configured");
    bench.scene.wait_secs(40);
    bench.neighbors_speak();
    let phone = Phone {
        notes: &["file-missing"],
        ..bench.failed(&["registration-rejected"])
    };
    Recipe {
        title: "The call server does not know the phone",
        story: "All files arrive. The phone calls the call server, reports its last start and asks to be \
                registered; the answer is RegisterReject with the words \"Device is not configured\".",
        ..bench.recipe("registration-rejected", file!(), phone)
    }
}

fn config_default_used() -> Recipe {
    let mut bench = Bench::cp_7961();
    bench.powers_up();
    bench.leases();
    bench.misses_trust_files();
    let name = bench.config_name();
    bench.misses(&name);
    let config = firmware::default_config(bench.call_server.ip);
    bench.fetches("XMLDefault.cnf.xml", &config);
    bench.registers();
    let phone = Phone {
        notes: &["config-fallback-used", "file-missing"],
        ..bench.healthy()
    };
    Recipe {
        title: "The phone registers with the default configuration",
        story: "The phone works, but shows a number that nobody gave it. The TFTP server has no \
                configuration for its MAC address; the phone takes XMLDefault.cnf.xml and the call server \
                registers it by itself.",
        ..bench.recipe("config-default-used", file!(), phone)
    }
}

fn config_missing() -> Recipe {
    let mut bench = Bench::cp_7961();
    bench.powers_up();
    bench.leases();
    for _ in 0..3 {
        bench.misses_trust_files();
        let name = bench.config_name();
        bench.misses(&name);
        bench.misses("XMLDefault.cnf.xml");
        bench.scene.wait_secs(45);
    }
    bench.neighbors_speak();
    let phone = bench.failed(&["file-missing"]);
    Recipe {
        title: "The server has no configuration for the phone, and no default",
        story: "The phone shows \"CFG file not found\". Its trust files are missing, which is normal, then \
                its own configuration, then XMLDefault.cnf.xml; it asks for all of them again every \
                45 seconds.",
        ..bench.recipe("config-missing", file!(), phone)
    }
}

fn access_violation() -> Recipe {
    let mut bench = Bench::cp_7961();
    bench.powers_up();
    bench.leases();
    for _ in 0..2 {
        bench.misses_trust_files();
        for file in [bench.config_name(), "XMLDefault.cnf.xml".into()] {
            bench
                .scene
                .tftp_read(&bench.phone, &bench.tftp, &file)
                .error_from_server(2, "Access violation");
        }
        bench.scene.wait_secs(45);
    }
    bench.neighbors_speak();
    let phone = bench.failed(&["tftp-transfer-refused"]);
    Recipe {
        title: "The server has the configuration and may not read it",
        story: "The phone shows \"TFTP access error\". The trust files are missing as usual, but its own \
                configuration and the default are answered with error 2, access violation: the files are \
                there, and the TFTP server's user lacks the right to read them.",
        ..bench.recipe("access-violation", file!(), phone)
    }
}
