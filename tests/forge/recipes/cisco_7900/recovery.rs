//! Factory resets: the loader, its load list and its power.

use crate::forge::cdp::Available;
use crate::forge::firmware;
use crate::forge::recipes::cisco_7900::{Bench, CP_7970, FILES_7970, PROFILE};
use crate::forge::recipes::{Expect, Phone, Recipe};

pub(super) fn recipes() -> Vec<Recipe> {
    vec![
        recovery_load_missing(),
        recovery_on_inline_power(),
        recovery_power_granted(),
        healthy_7970_recovery(),
        load_name_case(),
        transfer_stalled(),
        transfer_with_retransmissions(),
        transfer_over_a_bad_cable(),
    ]
}

fn recovery_load_missing() -> Recipe {
    let mut bench = Bench::erased_7970();
    bench.powers_up();
    bench.leases();
    for _ in 0..4 {
        bench.misses("term70.default.loads");
        bench.scene.wait_secs(30);
    }
    bench.neighbors_speak();
    let phone = Phone {
        notes: &[],
        ..bench.failed(&["file-missing"])
    };
    Recipe {
        title: "A reset 7970 asks for term70.default.loads, which the server does not have",
        story: "After 123456789*0# the display stays dark and the line lamps light up one after the \
                other. Power and lease are fine. The loader asks the TFTP server for \
                term70.default.loads, is told that there is no such file, and asks again every half \
                minute.",
        ..bench.recipe("recovery-load-missing", file!(), phone)
    }
}

fn recovery_on_inline_power() -> Recipe {
    let mut bench = Bench::erased_7970();
    for _ in 0..2 {
        bench.phone_speaks(false);
        bench.scene.wait_ms(35);
        bench.switch_speaks(None);
        bench.scene.wait_ms(1_400);
        bench.leases();
        bench.scene.wait_secs(20);
        for _ in 0..2 {
            bench.phone_speaks(true);
            bench.scene.wait_ms(900);
            bench.switch_speaks(None);
            bench.scene.wait_secs(30);
        }
    }
    let phone = Phone {
        outcome: &["failed", "failed"],
        notes: &[],
        ..bench.failed(&["cdp-low-power"])
    };
    Recipe {
        title: "A reset 7970 on inline power is never granted more than 6.3 W",
        story: "The phone was reset without its power cube and its screen has been dark since. By CDP it \
                says that it draws 6.3 W and asks for 10.25 W or 6.3 W; the switch names the voice VLAN in \
                each of its answers, but no power. The lease is good and names the TFTP server, and \
                yet the loader asks for no file: without an answer it assumes low power. After a \
                minute and a half it starts over.",
        ..bench.recipe("recovery-on-inline-power", file!(), phone)
    }
}

fn recovery_power_granted() -> Recipe {
    let mut bench = Bench::erased_7970();
    bench.switch_says(Some(Available {
        request_id: 0,
        available_mw: 0,
    }));
    bench.scene.wait_ms(600);
    bench.phone_speaks(false);
    bench.scene.wait_ms(35);
    bench.switch_speaks(Some(12_000));
    bench.scene.wait_ms(1_400);
    bench.leases();
    bench.recovers("term70.default.loads", "9-4-2ES26", &FILES_7970);
    bench.scene.wait_secs(20);
    bench.software = CP_7970.load;
    bench.powers_up();
    bench.leases();
    bench.boots_from_files();
    let phone = Phone {
        outcome: &["loaded", "registered"],
        ..bench.healthy()
    };
    Recipe {
        title: "The same reset 7970 on a switch that grants 12 W",
        story: "Before the phone has asked, the switch announces 0 mW for request 0, which only means \
                that nobody asked. When the phone asks, the next announcement repeats its request id and \
                grants 12 W. The loader then fetches term70.default.loads and all that it names, \
                starts again with the new load and registers.",
        ..bench.recipe("recovery-power-granted", file!(), phone)
    }
}

fn healthy_7970_recovery() -> Recipe {
    let mut bench = Bench::erased_7970();
    bench.powers_up();
    bench.leases();
    bench.recovers("term70.default.loads", "9-4-2ES26", &FILES_7970);
    bench.scene.wait_secs(34);
    bench.software = CP_7970.load;
    bench.powers_up();
    bench.leases();
    bench.boots_from_files();
    bench.scene.wait_secs(20);
    bench.neighbors_speak();
    let phone = Phone {
        outcome: &["loaded", "registered"],
        ..bench.healthy()
    };
    Recipe {
        title: "A reset 7970 fetches its load, restarts and registers",
        story: "The reset went as it should. The loader fetches the load list and five images with some \
                seconds of flash writing between them; the phone restarts, takes its lease again, misses \
                the trust files as usual, fetches its configuration and registers. Two boots, and \
                the second is the cure, not a loop.",
        ..bench.recipe("healthy-7970-recovery", file!(), phone)
    }
}

/// Load 8.2(2), whose list of the recovery writes one name with a capital letter.
fn load_name_case() -> Recipe {
    let files = [
        "jar70sccp.8-2-2.sbn",
        "cnu70.8-2-2.sbn",
        "apps70.8-2-2.sbn",
        "dsp70.8-2-2.sbn ",
        "cvm70sccp.8-2-2.sbn ",
    ];
    let recovery = [
        "Jar70sccp.8-2-2.sbn",
        files[1],
        files[2],
        files[3],
        files[4],
    ];
    let mut neighbor = Bench::new(
        CP_7970,
        [0x00, 0x1a, 0xa1, 0x22, 0x19, 0x04],
        [192, 0, 2, 52],
    );
    neighbor.software = "SCCP70.8-0-3S";
    neighbor.powers_up();
    neighbor.leases();
    neighbor.misses_trust_files();
    let config = firmware::sccp_config(neighbor.call_server.ip, "SCCP70.8-2-2S");
    let name = neighbor.config_name();
    neighbor.fetches(&name, &config);
    neighbor.recovers("SCCP70.8-2-2S.loads", "8-2-2", &files);
    let upgraded = Phone {
        outcome: &["loaded"],
        ..neighbor.healthy()
    };

    let mut bench = Bench {
        scene: neighbor.scene,
        ..Bench::erased_7970()
    };
    bench.scene.wait_secs(12);
    bench.powers_up();
    bench.leases();
    let list = firmware::load_list("term70.default.loads", "8-2-2", &recovery);
    for _ in 0..2 {
        bench.fetches("term70.default.loads", &list);
        bench.scene.wait_ms(2_400);
        bench.misses(recovery[0]);
        bench.scene.wait_secs(30);
    }
    bench.neighbors_speak();
    let stuck = Phone {
        notes: &["file-missing", "firmware-incomplete"],
        ..bench.failed(&["file-name-case-mismatch"])
    };
    Recipe {
        expect: Expect::phones(vec![stuck, upgraded]),
        title: "The load list says Jar70sccp, the server has jar70sccp",
        story: "Two 7970 are brought to load 8.2(2) from a Linux TFTP server. The first upgrades by its \
                configuration, and its load list names jar70sccp.8-2-2.sbn, which it gets. The second was \
                reset, and term70.default.loads of the same package names Jar70sccp.8-2-2.sbn, with a \
                capital J, which a server that distinguishes case does not have.",
        ..bench.recipe(
            "load-name-case",
            file!(),
            Phone::healthy(&neighbor.phone, PROFILE, "7970"),
        )
    }
}

fn transfer_stalled() -> Recipe {
    let mut bench = Bench::erased_7970();
    bench.powers_up();
    bench.leases();
    let list = firmware::load_list("term70.default.loads", "9-4-2ES26", &FILES_7970);
    bench.fetches("term70.default.loads", &list);
    bench.scene.wait_ms(2_400);
    bench.fetches(FILES_7970[0], &firmware::image(FILES_7970[0], 900));
    bench.scene.wait_ms(2_400);
    let image = firmware::image(FILES_7970[1], 9_000);
    bench
        .scene
        .tftp_read(&bench.phone, &bench.tftp, FILES_7970[1])
        .stalls_after(&image, 7, 5);
    for _ in 0..2 {
        bench.scene.wait_secs(30);
        bench.switch_speaks(Some(bench.model.levels_mw[0]));
    }
    let phone = Phone {
        notes: &["firmware-incomplete", "tftp-retransmissions"],
        ..bench.failed(&["tftp-transfer-stalled"])
    };
    Recipe {
        title: "An image stops in its middle and the phone falls silent",
        story: "A reset 7970 hangs with green lamps. It fetched the load list and the first image; of the \
                second, block 8 is sent six times in five seconds and never acknowledged. After that the \
                phone says nothing any more, though the switch still announces itself to it.",
        ..bench.recipe("transfer-stalled", file!(), phone)
    }
}

fn transfer_with_retransmissions() -> Recipe {
    let mut bench = Bench::erased_7970();
    bench.powers_up();
    bench.leases();
    let list = firmware::load_list("term70.default.loads", "9-4-2ES26", &FILES_7970);
    bench.fetches("term70.default.loads", &list);
    for file in FILES_7970.map(str::trim_end) {
        bench.scene.wait_ms(2_400);
        let repeated: &[u16] = if file.starts_with("cnu") {
            &[5, 13]
        } else {
            &[]
        };
        let size = if repeated.is_empty() { 900 } else { 9_000 };
        bench
            .scene
            .tftp_read(&bench.phone, &bench.tftp, file)
            .loses_acks(repeated)
            .served(&firmware::image(file, size));
    }
    bench.scene.wait_secs(34);
    bench.software = CP_7970.load;
    bench.powers_up();
    bench.leases();
    bench.boots_from_files();
    let phone = Phone {
        outcome: &["loaded", "registered"],
        notes: &["file-missing", "tftp-retransmissions"],
        ..bench.healthy()
    };
    Recipe {
        title: "Two blocks of an image are sent twice, and all is well",
        story: "A reset 7970 recovers over a busy link. Two acknowledgements of its second image got lost, \
                the server repeated those blocks after a second, and the phone went on. Load and \
                registration follow as they should.",
        ..bench.recipe("transfer-with-retransmissions", file!(), phone)
    }
}

fn transfer_over_a_bad_cable() -> Recipe {
    let mut bench = Bench::erased_7970();
    bench.powers_up();
    bench.leases();
    let list = firmware::load_list("term70.default.loads", "9-4-2ES26", &FILES_7970);
    bench.fetches("term70.default.loads", &list);
    for file in FILES_7970.map(str::trim_end) {
        bench.scene.wait_ms(2_400);
        let is_large = file.starts_with("apps");
        let without_ack: Vec<u16> = if is_large {
            (2..=24).step_by(2).collect()
        } else {
            Vec::new()
        };
        let size = if is_large { 20_000 } else { 900 };
        bench
            .scene
            .tftp_read(&bench.phone, &bench.tftp, file)
            .loses_acks(&without_ack)
            .served(&firmware::image(file, size));
    }
    bench.scene.wait_secs(34);
    bench.software = CP_7970.load;
    bench.powers_up();
    bench.leases();
    bench.boots_from_files();
    let phone = Phone {
        outcome: &["loaded", "registered"],
        findings: &["tftp-retransmissions"],
        ..bench.healthy()
    };
    Recipe {
        title: "Every third block of an image gets lost on a bad cable",
        story: "A recovery that takes minutes instead of seconds: twelve of the 40 blocks of one image were \
                sent twice. All files arrive in the end and the phone registers.",
        ..bench.recipe("transfer-over-a-bad-cable", file!(), phone)
    }
}
