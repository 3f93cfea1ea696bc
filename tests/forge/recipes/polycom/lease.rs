//! Leases that lack what leads to the server.

use crate::forge::dhcp::Lease;
use crate::forge::recipes::polycom::Bench;
use crate::forge::recipes::{Phone, Recipe};

pub(super) fn recipes() -> Vec<Recipe> {
    vec![provisioning_missing(), name_server_missing()]
}

fn provisioning_missing() -> Recipe {
    let mut bench = Bench::ip_321();
    let lease = Lease::new(bench.phone.ip);
    bench.leases(&lease);
    bench.scene.wait_ms(700);
    for gap_secs in [5, 10, 20] {
        bench.scene.dhcp_inform(&bench.phone);
        bench.scene.wait_secs(gap_secs);
    }
    for _ in 0..3 {
        bench.neighbors_speak();
        bench.scene.wait_secs(30);
    }
    bench.neighbors_speak();
    let phone = Phone {
        notes: &[],
        ..bench.failed(&["dhcp-provisioning-missing"])
    };
    Recipe {
        title: "No option names a provisioning server",
        story: "A formatted 321 takes a lease and then does nothing. The ACK has none of the options that \
                it asked for a server with, 160 and 66; it asks again with three INFORMs, and nobody \
                answers those. In the two minutes that follow it contacts no server at all.",
        ..bench.recipe_of(file!(), "provisioning-missing", phone)
    }
}

fn name_server_missing() -> Recipe {
    let mut bench = Bench::ip_321();
    let mut lease = Lease::new(bench.phone.ip).option(66, "http://prov.example.com/polycom/");
    lease.name_servers.clear();
    bench.leases(&lease);
    for _ in 0..4 {
        bench.scene.wait_secs(30);
        bench.neighbors_speak();
    }
    let phone = Phone {
        notes: &[],
        ..bench.failed(&["dhcp-name-server-missing"])
    };
    Recipe {
        title: "The server is named, and no name server is",
        story: "A formatted 321 asks for options 66 and 6 and gets only 66, with the name of a server. It \
                sends no DNS question, as it has nobody to ask, and in two minutes contacts no server at \
                all.",
        ..bench.recipe_of(file!(), "name-server-missing", phone)
    }
}
