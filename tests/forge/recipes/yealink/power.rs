//! A T48S with expansion modules, which negotiates its power by LLDP.

use crate::forge::lldp::{self, Power};
use crate::forge::recipes::{Phone, Recipe};

use super::Bench;

pub(super) fn recipes() -> Vec<Recipe> {
    vec![lldp_power_short(), healthy_lldp_power()]
}

/// What phone and modules need together, in tenths of a watt.
const NEEDS_DW: u16 = 218;

/// What IEEE 802.3af gives, in tenths of a watt.
const AF_DW: u16 = 130;

impl Bench {
    fn asks_for_power(&mut self) {
        let announcement = lldp::Phone {
            name: "SIP-T48S",
            description: "66.84.0.125",
            manufacturer: "Yealink",
            model: "SIP-T48S",
            software: "66.84.0.125",
        };
        let power = Power {
            requested_dw: NEEDS_DW,
            allocated_dw: AF_DW,
        };
        self.scene
            .lldp_phone_with(&self.phone, &announcement, Some(power));
    }

    /// The switch has taken the request in and gives so much.
    fn is_given(&mut self, allocated_dw: u16) {
        self.scene.wait_ms(40);
        let power = Power {
            requested_dw: NEEDS_DW,
            allocated_dw,
        };
        self.scene
            .lldp_switch_with(&self.switch, "access-3", "Fa0/11", None, Some(power));
    }
}

fn lldp_power_short() -> Recipe {
    let mut bench = Bench::running();
    bench.asks_for_power();
    bench.is_given(AF_DW);
    bench.scene.wait_ms(1_900);
    bench.leases("http://192.0.2.20/yealink/");
    bench.scene.wait_secs(60);
    bench.switch_speaks();
    let phone = Phone {
        outcome: &["failed"],
        findings: &["lldp-low-power"],
        ..bench.healthy()
    };
    Recipe {
        title: "A T48S with three expansion modules gets power for none",
        story: "The phone goes dark while it starts, since three expansion modules hang on it. By LLDP it asks \
                for 21.8 W; the switch repeats the request and allocates 13.0 W. The phone takes its lease and \
                then says nothing more.",
        ..bench.recipe("lldp-power-short", phone)
    }
}

fn healthy_lldp_power() -> Recipe {
    let mut bench = Bench::running();
    bench.asks_for_power();
    bench.is_given(AF_DW);
    bench.scene.wait_ms(900);
    bench.is_given(NEEDS_DW);
    bench.scene.wait_ms(900);
    bench.leases("http://192.0.2.20/yealink/");
    let agent = format!("Yealink SIP-T48S 66.84.0.125 {}", bench.phone.mac_colons());
    bench.misses_boot_files(&agent);
    let own = bench.of_phone(".cfg");
    for file in ["y000000000065.cfg".to_owned(), own] {
        let target = format!("/yealink/{file}");
        bench
            .scene
            .http_get(&bench.phone, &bench.server, &target, &agent)
            .served("text/plain", b"#!version:1.0.0.1\naccount.1.enable = 1\n");
    }
    bench.registers();
    let phone = Phone {
        notes: &["file-missing"],
        ..bench.healthy()
    };
    Recipe {
        title: "A T48S with expansion modules gets the power that it asks for",
        story: "Nothing is wrong. The switch allocates 13.0 W at first, as the class says, and the \
                21.8 W that the phone asks for by LLDP a second later. The phone boots and registers.",
        ..bench.recipe("healthy-lldp-power", phone)
    }
}
