//! Leases that do not come, are refused, or say nothing of a TFTP server.

use crate::forge::dhcp::Lease;
use crate::forge::recipes::cisco_7900::{Bench, elsewhere};
use crate::forge::recipes::{Phone, Recipe};

pub(super) fn recipes() -> Vec<Recipe> {
    vec![
        option_150_missing(),
        option_150_absent_siaddr_used(),
        option_150_as_text(),
        offer_missing(),
        offer_late_but_comes(),
        offer_not_accepted(),
        healthy_offer_taken_late(),
        ack_missing(),
        request_refused(),
        nak_then_new_lease(),
    ]
}

/// Two rounds of a lease that the phone can do nothing with.
fn leases_in_vain(bench: &mut Bench, lease: &Lease) {
    for _ in 0..2 {
        bench.powers_up();
        bench.scene.dhcp_lease(&bench.phone, &bench.router, lease);
        bench.scene.arp_announcement(&bench.phone);
        bench.scene.wait_secs(58);
        bench.neighbors_speak();
        bench.scene.wait_secs(20);
    }
}

fn option_150_missing() -> Recipe {
    let mut bench = Bench::cp_7961();
    let lease = Lease::new(bench.phone.ip);
    leases_in_vain(&mut bench, &lease);
    let phone = Phone {
        outcome: &["failed", "failed"],
        notes: &[],
        ..bench.failed(&["dhcp-option-150-missing"])
    };
    Recipe {
        title: "The voice scope names no TFTP server",
        story: "The phone shows \"Configuring IP\" and starts over. It asks for options 150 and 66 in each \
                DISCOVER and REQUEST; the ACK has neither, the next-server field is 0.0.0.0 and the \
                server name empty. No file is ever asked for.",
        ..bench.recipe("option-150-missing", file!(), phone)
    }
}

fn option_150_absent_siaddr_used() -> Recipe {
    let mut bench = Bench::cp_7961();
    let lease = Lease::new(bench.phone.ip).next_server(bench.tftp.ip);
    bench.powers_up();
    bench.scene.dhcp_lease(&bench.phone, &bench.router, &lease);
    bench.settles();
    bench.boots_from_files();
    let phone = Phone {
        findings: &["dhcp-option-150-missing"],
        ..bench.healthy()
    };
    Recipe {
        title: "No option 150, but the next-server field will do",
        story: "A lab hands out leases from a small router that knows no option 150. Its ACK carries the \
                TFTP server in the next-server field only. The phone takes it from there, fetches its \
                configuration and registers; another model might not.",
        ..bench.recipe("option-150-absent-siaddr-used", file!(), phone)
    }
}

fn option_150_as_text() -> Recipe {
    let mut bench = Bench::cp_7961();
    let lease = Lease::new(bench.phone.ip).option(150, "192.0.2.10");
    leases_in_vain(&mut bench, &lease);
    let phone = Phone {
        outcome: &["failed", "failed"],
        notes: &["frames-malformed"],
        ..bench.failed(&["dhcp-provisioning-malformed"])
    };
    Recipe {
        title: "Option 150 holds the address as text",
        story: "Somebody entered option 150 as a string. The ACK carries the ten characters 192.0.2.10 \
                where groups of four bytes belong, so the phone has no server and asks for nothing. It \
                takes the lease again a minute later, with the same end.",
        ..bench.recipe("option-150-as-text", file!(), phone)
    }
}

/// DISCOVERs with the client's back-off: 4, 8, 16, 32 seconds.
fn discovers(bench: &mut Bench, times: u32) {
    let mut waited_secs = 0;
    for time in 0..times {
        bench.scene.dhcp_discover_again(&bench.phone, waited_secs);
        if time + 1 < times {
            let gap_secs = 4_u16 << time;
            bench.scene.wait_secs(u64::from(gap_secs));
            waited_secs += gap_secs;
        }
    }
}

fn offer_missing() -> Recipe {
    let mut bench = Bench::cp_7961();
    bench.powers_up();
    discovers(&mut bench, 5);
    bench.scene.wait_secs(35);
    bench.phone_speaks(false);
    bench.scene.wait_ms(40);
    bench.switch_speaks(Some(6_300));
    let phone = Phone {
        notes: &[],
        ..bench.failed(&["dhcp-offer-missing"])
    };
    Recipe {
        title: "Nobody answers the phone's DISCOVER in the voice VLAN",
        story: "The phone stays at \"Configuring IP\". By CDP it learnt VLAN 110 and its DISCOVERs carry \
                that tag; five of them, with growing gaps, find no server. The voice VLAN has neither \
                a scope nor a relay.",
        ..bench.recipe("offer-missing", file!(), phone)
    }
}

fn offer_late_but_comes() -> Recipe {
    let mut bench = Bench::cp_7961();
    bench.powers_up();
    discovers(&mut bench, 3);
    let lease = bench.lease();
    bench.scene.dhcp_offer(&bench.phone, &bench.router, &lease);
    bench
        .scene
        .dhcp_request(&bench.phone, &bench.router, &lease);
    bench.scene.dhcp_ack(&bench.phone, &bench.router, &lease);
    bench.settles();
    bench.boots_from_files();
    let phone = Phone {
        findings: &["dhcp-answer-slow"],
        ..bench.healthy()
    };
    Recipe {
        title: "The OFFER comes after twelve seconds",
        story: "The phone takes long but comes up. Its first two DISCOVERs are lost while the port still \
                waits for spanning tree; the third is answered at once, and everything after that is in \
                order.",
        ..bench.recipe("offer-late-but-comes", file!(), phone)
    }
}

fn ack_missing() -> Recipe {
    let mut bench = Bench::cp_7961();
    bench.powers_up();
    let lease = bench.lease();
    bench.scene.dhcp_discover(&bench.phone);
    bench.scene.dhcp_offer(&bench.phone, &bench.router, &lease);
    for _ in 0..3 {
        bench
            .scene
            .dhcp_request(&bench.phone, &bench.router, &lease);
        bench.scene.wait_secs(4);
    }
    bench.scene.wait_secs(35);
    bench.phone_speaks(false);
    let phone = Phone {
        notes: &[],
        ..bench.failed(&["dhcp-ack-missing"])
    };
    Recipe {
        title: "The server offers an address and never confirms it",
        story: "The OFFER comes at once. The phone requests the address three times, naming the server, and \
                hears nothing more: neither ACK nor NAK.",
        ..bench.recipe("ack-missing", file!(), phone)
    }
}

fn request_refused() -> Recipe {
    let mut bench = Bench::cp_7961();
    bench.powers_up();
    let lease = bench.lease();
    for _ in 0..4 {
        bench.scene.dhcp_discover(&bench.phone);
        bench.scene.dhcp_offer(&bench.phone, &bench.router, &lease);
        bench
            .scene
            .dhcp_request(&bench.phone, &bench.router, &lease);
        bench
            .scene
            .dhcp_nak(&bench.phone, &bench.router, "address not available");
        bench.scene.wait_secs(10);
    }
    bench.phone_speaks(false);
    let phone = Phone {
        notes: &[],
        ..bench.failed(&["dhcp-request-refused"])
    };
    Recipe {
        title: "The server offers an address and refuses it",
        story: "The phone asks for a lease again and again. Every round the server offers 192.0.2.61, the \
                phone requests it, and the server answers NAK with the words \"address not available\".",
        ..bench.recipe("request-refused", file!(), phone)
    }
}

fn nak_then_new_lease() -> Recipe {
    let mut bench = Bench::cp_7961();
    bench.powers_up();
    bench
        .scene
        .dhcp_request_remembered(&bench.phone, elsewhere(77));
    bench
        .scene
        .dhcp_nak(&bench.phone, &bench.router, "wrong network");
    bench.scene.wait_secs(2);
    bench.leases();
    bench.boots_from_files();
    let phone = Phone {
        notes: &["dhcp-request-refused", "file-missing"],
        ..bench.healthy()
    };
    Recipe {
        title: "A phone that moved is refused its old address and takes a new one",
        story: "The phone was carried here from another floor. It requests the address that it had there, \
                the server answers NAK, as it must, and two seconds later the phone starts from DISCOVER, \
                gets its lease and registers.",
        ..bench.recipe("nak-then-new-lease", file!(), phone)
    }
}

/// The rounds of a phone that sends DISCOVER and is offered `lease` each time.
fn is_offered(bench: &mut Bench, lease: &Lease, times: u16) {
    for time in 0..times {
        bench.scene.dhcp_discover_again(&bench.phone, time * 4);
        bench.scene.dhcp_offer(&bench.phone, &bench.router, lease);
        bench.scene.wait_secs(4);
    }
}

fn offer_not_accepted() -> Recipe {
    let mut bench = Bench::cp_7961();
    bench.powers_up();
    let lease = bench.lease();
    is_offered(&mut bench, &lease, 5);
    bench.scene.wait_secs(35);
    bench.phone_speaks(false);
    bench.scene.wait_ms(40);
    bench.switch_speaks(Some(6_300));
    let phone = Phone {
        notes: &[],
        ..bench.failed(&["dhcp-offer-not-accepted"])
    };
    Recipe {
        title: "The server offers an address five times and the phone never asks for it",
        story: "The capture was taken at the DHCP server. It answers each DISCOVER with a complete OFFER, and \
                the phone sends the next DISCOVER: a filter on the phone's switch drops the OFFERs.",
        ..bench.recipe("offer-not-accepted", file!(), phone)
    }
}

fn healthy_offer_taken_late() -> Recipe {
    let mut bench = Bench::cp_7961();
    bench.powers_up();
    let lease = bench.lease();
    is_offered(&mut bench, &lease, 3);
    bench.leases();
    bench.boots_from_files();
    let phone = bench.healthy();
    Recipe {
        title: "The phone misses three offers and takes the fourth",
        story: "The phone's link lost what was sent to it for the first twelve seconds. Then an OFFER gets \
                through, and the boot goes on as it should.",
        ..bench.recipe("healthy-offer-taken-late", file!(), phone)
    }
}
