//! What the switch port does before it lets a phone through: 802.1X, spanning tree.

use crate::forge::recipes::cisco_7900::Bench;
use crate::forge::recipes::{Expect, Phone, Recipe};
use crate::forge::stp::PortState;

pub(super) fn recipes() -> Vec<Recipe> {
    vec![
        healthy_dot1x(),
        dot1x_refused(),
        dot1x_not_answered(),
        dot1x_mab_lets_in(),
        dot1x_guest_vlan(),
        dot1x_start_not_answered(),
        stp_holds_port_back(),
        stp_still_holds_port_back(),
    ]
}

/// What a phone calls itself for EAP-MD5 and for EAP-TLS alike.
fn name(bench: &Bench) -> String {
    format!("CP-{}G-{}", bench.model.number, bench.phone.cisco_name())
}

/// The switch asks and the phone says who it is.
fn identifies(bench: &mut Bench, id: u8) {
    let name = name(bench);
    bench.scene.eap_asks_identity(&bench.switch, id);
    bench.scene.wait_ms(12);
    bench.scene.eap_identity(&bench.phone, id, &name);
}

/// DISCOVERs that nothing answers, `gaps_secs` apart.
fn discovers(bench: &mut Bench, gaps_secs: &[u16]) {
    let mut waited_secs = 0;
    for gap_secs in gaps_secs {
        bench.scene.dhcp_discover_again(&bench.phone, waited_secs);
        bench.scene.wait_secs(u64::from(*gap_secs));
        waited_secs += gap_secs;
    }
}

fn healthy_dot1x() -> Recipe {
    let mut bench = Bench::cp_7961();
    bench.scene.rstp(&bench.switch, PortState::Forwarding);
    bench.scene.wait_ms(300);
    identifies(&mut bench, 1);
    bench.scene.eap_md5(&bench.phone, &bench.switch, 2);
    bench.scene.eap_success(&bench.phone, &bench.switch, 2);
    bench.powers_up();
    bench.scene.rstp(&bench.switch, PortState::Forwarding);
    bench.leases();
    bench.boots_from_files();
    bench.scene.wait_secs(20);
    bench.neighbors_speak();
    bench.scene.rstp(&bench.switch, PortState::Forwarding);
    let phone = bench.healthy();
    Recipe {
        title: "A 7961 proves who it is and boots",
        story: "The port runs 802.1X and is an edge port of the spanning tree. The switch asks who is there, \
                the phone answers and proves it by EAP-MD5, the switch lets it in, and everything else \
                goes as on any port.",
        ..bench.recipe("healthy-7961-dot1x", file!(), phone)
    }
}

fn dot1x_refused() -> Recipe {
    let mut bench = Bench::cp_7961();
    bench.powers_up();
    identifies(&mut bench, 1);
    bench
        .scene
        .eap_tls_until_alert(&bench.phone, &bench.switch, 2, 48);
    bench.scene.eap_failure(&bench.phone, &bench.switch, 3);
    bench.scene.wait_ms(700);
    discovers(&mut bench, &[4, 8, 16, 20]);
    bench.neighbors_speak();
    let phone = Phone {
        notes: &["dhcp-offer-missing"],
        ..bench.failed(&["port-auth-failed"])
    };
    Recipe {
        title: "802.1X fails: the phone does not trust the RADIUS server's certificate",
        story: "The phone stays at \"Configuring IP\". The port asks for 802.1X; phone and RADIUS server begin \
                EAP-TLS, and the phone ends it with the alert \"unknown CA\". The switch says EAP failure \
                and drops everything: four DISCOVERs get no answer. DHCP is not the fault.",
        ..bench.recipe("dot1x-refused", file!(), phone)
    }
}

fn dot1x_not_answered() -> Recipe {
    let mut bench = Bench::cp_7961();
    bench.powers_up();
    bench.scene.eap_asks_identity(&bench.switch, 1);
    bench.scene.wait_ms(500);
    discovers(&mut bench, &[4, 8, 16]);
    bench.scene.eap_asks_identity(&bench.switch, 2);
    discovers(&mut bench, &[30]);
    bench.scene.eap_asks_identity(&bench.switch, 3);
    discovers(&mut bench, &[32]);
    bench.neighbors_speak();
    let phone = Phone {
        notes: &["dhcp-offer-missing"],
        ..bench.failed(&["port-auth-failed"])
    };
    Recipe {
        title: "The port asks for 802.1X, and the phone does not know it",
        story: "802.1X was switched on in the whole building. This phone has it switched off: to none of \
                three EAP questions, thirty seconds apart, is there an answer, and no DISCOVER \
                gets through. The port has no fallback to the MAC address.",
        ..bench.recipe("dot1x-not-answered", file!(), phone)
    }
}

fn dot1x_mab_lets_in() -> Recipe {
    let mut bench = Bench::cp_7961();
    bench.powers_up();
    bench.scene.eap_asks_identity(&bench.switch, 1);
    bench.scene.wait_ms(500);
    discovers(&mut bench, &[4, 6]);
    bench.scene.eap_asks_identity(&bench.switch, 2);
    bench.scene.wait_secs(10);
    bench.scene.eap_asks_identity(&bench.switch, 3);
    bench.scene.wait_secs(10);
    bench.leases();
    bench.boots_from_files();
    let phone = Phone {
        findings: &["dhcp-answer-slow"],
        ..bench.healthy()
    };
    Recipe {
        title: "Nobody answers 802.1X, and the MAC address lets the phone in",
        story: "The switch asks three times who is there, ten seconds apart, and the phone says nothing. Then \
                the port falls back to the phone's MAC address, which the RADIUS server knows, and \
                the phone boots. It only took half a minute longer.",
        ..bench.recipe("dot1x-mab-lets-in", file!(), phone)
    }
}

fn dot1x_guest_vlan() -> Recipe {
    let mut bench = Bench::cp_7961();
    bench.powers_up();
    identifies(&mut bench, 1);
    bench.scene.eap_md5(&bench.phone, &bench.switch, 2);
    bench.scene.eap_failure(&bench.phone, &bench.switch, 2);
    bench.scene.wait_ms(900);
    bench.leases();
    bench.boots_from_files();
    let phone = Phone {
        notes: &["file-missing", "port-auth-failed"],
        ..bench.healthy()
    };
    Recipe {
        title: "802.1X fails, and the port lets the phone in all the same",
        story: "The phone's password is wrong, so the switch says EAP failure. The port is configured to let \
                such devices in by their MAC address; a second later the phone has its lease and goes on \
                to register.",
        ..bench.recipe("dot1x-fails-mab-lets-in", file!(), phone)
    }
}

fn dot1x_start_not_answered() -> Recipe {
    let mut bench = Bench::cp_7961();
    bench.powers_up();
    for _ in 0..3 {
        bench.scene.eapol_start(&bench.phone);
        bench.scene.wait_secs(3);
    }
    discovers(&mut bench, &[4, 8, 16]);
    bench.neighbors_speak();
    let phone = Phone {
        notes: &[],
        ..bench.failed(&["dhcp-offer-missing", "port-auth-failed"])
    };
    Recipe {
        title: "The phone starts 802.1X, and neither the port nor DHCP answers",
        story: "The phone sends EAPOL-Start three times and gives up, as it would on any port without 802.1X. \
                Its DISCOVERs find no server either. Most likely DHCP is the fault; it may also be that \
                something between phone and switch swallows EAPOL.",
        ..bench.recipe("dot1x-start-not-answered", file!(), phone)
    }
}

/// BPDUs every two seconds for so long.
fn bpdus(bench: &mut Bench, state: PortState, secs: u64) {
    for _ in 0..secs / 2 {
        bench.scene.rstp(&bench.switch, state);
        bench.scene.wait_secs(2);
    }
}

fn stp_holds_port_back() -> Recipe {
    let mut bench = Bench::cp_7961();
    bench.powers_up();
    bpdus(&mut bench, PortState::Proposing, 4);
    bench.scene.dhcp_discover(&bench.phone);
    bpdus(&mut bench, PortState::Proposing, 4);
    bench.scene.dhcp_discover_again(&bench.phone, 4);
    bpdus(&mut bench, PortState::Proposing, 6);
    bpdus(&mut bench, PortState::Learning, 2);
    bench.scene.dhcp_discover_again(&bench.phone, 12);
    bpdus(&mut bench, PortState::Learning, 12);
    bench.scene.rstp(&bench.switch, PortState::Forwarding);
    bench.scene.wait_secs(4);
    bench.scene.dhcp_discover_again(&bench.phone, 28);
    let lease = bench.lease();
    let (phone, router) = (&bench.phone, &bench.router);
    bench.scene.dhcp_offer(phone, router, &lease);
    bench.scene.dhcp_request(phone, router, &lease);
    bench.scene.dhcp_ack(phone, router, &lease);
    bench.settles();
    bench.boots_from_files();
    let phone = Phone {
        findings: &["dhcp-answer-slow"],
        ..bench.healthy()
    };
    Recipe {
        title: "Spanning tree holds the port back for half a minute",
        story: "The port is no edge port. Its BPDUs say that it discards, then that it learns, and only after \
                thirty seconds that it forwards. Three DISCOVERs are lost in that time; the fourth is \
                answered at once, and the phone registers.",
        ..bench.recipe("stp-holds-port-back", file!(), phone)
    }
}

fn stp_still_holds_port_back() -> Recipe {
    let mut bench = Bench::cp_7961();
    bench.powers_up();
    bpdus(&mut bench, PortState::Proposing, 4);
    for waited_secs in [0, 4] {
        bench.scene.dhcp_discover_again(&bench.phone, waited_secs);
        bpdus(&mut bench, PortState::Proposing, 4);
    }
    bpdus(&mut bench, PortState::Learning, 6);
    let phone = Phone {
        outcome: &["incomplete"],
        notes: &[],
        ..bench.healthy()
    };
    Recipe {
        expect: Expect::phone(phone.clone()),
        title: "The capture ends while spanning tree still holds the port back",
        story: "Two DISCOVERs have no answer, and cannot have one: the port's BPDUs say that it lets nothing \
                through yet. Nothing can be said of the DHCP server.",
        ..bench.recipe("stp-still-holds-port-back", file!(), phone)
    }
}
