//! What CDP and LLDP settle before the lease: voice VLAN, power, duplex; and what ICMP says
//! of the way behind it.

use crate::forge::cdp;
use crate::forge::lldp::{self, Power};
use crate::forge::recipes::cisco_7900::{Bench, SWITCH_PORT, VOICE_VLAN, elsewhere};
use crate::forge::recipes::{Phone, Recipe};
use crate::forge::scene::Host;

pub(super) fn recipes() -> Vec<Recipe> {
    vec![
        voice_vlan_ignored(),
        healthy_tags_stripped(),
        voice_vlan_not_offered(),
        healthy_flat_network(),
        voice_vlan_conflict(),
        healthy_cdp_and_lldp(),
        duplex_mismatch(),
        power_asked_twice(),
        routers_in_a_circle(),
    ]
}

impl Bench {
    /// The phone sends without tags.
    fn untagged(mut self) -> Self {
        self.phone.vlan = None;
        self
    }

    /// The phone's announcement by LLDP, in which it also asks for power or does not.
    fn phone_speaks_lldp(&mut self, power: Option<Power>) {
        let announcement = lldp::Phone {
            name: &self.phone.cisco_name(),
            description: &format!(
                "Cisco IP Phone CP-{}G,V3, {}",
                self.model.number, self.software
            ),
            manufacturer: "Cisco Systems, Inc.",
            model: &format!("CP-{}G", self.model.number),
            software: self.software,
        };
        self.scene
            .lldp_phone_with(&self.phone, &announcement, power);
    }

    fn switch_speaks_lldp(&mut self, voice: Option<u16>, power: Option<Power>) {
        let port = SWITCH_PORT.port;
        self.scene
            .lldp_switch_with(&self.switch, SWITCH_PORT.name, port, voice, power);
    }

    /// DISCOVERs that nobody answers.
    fn discovers_in_vain(&mut self) {
        let mut waited_secs = 0;
        for gap_secs in [4_u16, 8, 16, 32] {
            self.scene.dhcp_discover_again(&self.phone, waited_secs);
            self.scene.wait_secs(u64::from(gap_secs));
            waited_secs += gap_secs;
        }
    }
}

fn voice_vlan_ignored() -> Recipe {
    let mut bench = Bench::cp_7961().untagged();
    let neighbor = Host::new([0x00, 0x1b, 0xd5, 0x85, 0x36, 0x62], [192, 0, 2, 62]);
    bench.powers_up();
    bench.scene.arp_announcement(&neighbor.in_vlan(VOICE_VLAN));
    bench.discovers_in_vain();
    bench.neighbors_speak();
    let phone = Phone {
        notes: &["dhcp-offer-missing"],
        ..bench.failed(&["voice-vlan-ignored"])
    };
    Recipe {
        title: "A 7961 stays out of the voice VLAN",
        story: "The phone shows \"Configuring VLAN\", then \"Configuring IP\", for ever. The switch names voice \
                VLAN 110, and broadcasts of that VLAN arrive with their tag; but the phone asks for its \
                address without a tag, where no DHCP server is. DHCP is not the fault.",
        ..bench.recipe("voice-vlan-ignored", file!(), phone)
    }
}

fn healthy_tags_stripped() -> Recipe {
    let mut bench = Bench::cp_7961().untagged();
    bench.powers_up();
    bench.leases();
    bench.boots_from_files();
    bench.scene.wait_secs(20);
    bench.neighbors_speak();
    let phone = bench.healthy();
    Recipe {
        title: "A healthy 7961, captured by a laptop that strips tags",
        story: "Nothing is wrong. The switch names voice VLAN 110, and no frame bears a tag: not the phone's, \
                and not the servers' answers to it. The laptop's network adapter takes them off \
                before the capture sees them.",
        ..bench.recipe("healthy-tags-stripped", file!(), phone)
    }
}

/// The port is one for PCs.
fn speaks_without_voice_vlan(bench: &mut Bench) {
    let port = cdp::Switch {
        voice_vlan: None,
        available: Some(cdp::Available {
            request_id: 0x3661,
            available_mw: 6_300,
        }),
        ..SWITCH_PORT
    };
    bench.scene.cdp_switch(&bench.switch, &port);
    bench.scene.wait_ms(1_400);
}

fn voice_vlan_not_offered() -> Recipe {
    let mut bench = Bench::cp_7961().untagged();
    bench.phone_speaks(false);
    bench.scene.wait_ms(35);
    speaks_without_voice_vlan(&mut bench);
    bench.discovers_in_vain();
    speaks_without_voice_vlan(&mut bench);
    let phone = Phone {
        notes: &[],
        ..bench.failed(&["dhcp-offer-missing", "voice-vlan-not-offered"])
    };
    Recipe {
        title: "A 7961 on a port without voice VLAN finds no DHCP server",
        story: "The phone was moved to another desk and stays at \"Configuring IP\". It asks by CDP for its voice \
                VLAN; the port was never set up for a phone and names none. In the untagged VLAN nobody \
                answers its DISCOVERs.",
        ..bench.recipe("voice-vlan-not-offered", file!(), phone)
    }
}

fn healthy_flat_network() -> Recipe {
    let mut bench = Bench::cp_7961().untagged();
    bench.phone_speaks(false);
    bench.scene.wait_ms(35);
    speaks_without_voice_vlan(&mut bench);
    bench.leases();
    bench.boots_from_files();
    let phone = bench.healthy();
    Recipe {
        title: "A 7961 boots in a network without VLANs",
        story: "Nothing is wrong. The phone asks for a voice VLAN, nobody names one, and none is needed: DHCP, \
                TFTP and the call server are all in the one network that there is.",
        ..bench.recipe("healthy-flat-network", file!(), phone)
    }
}

fn voice_vlan_conflict() -> Recipe {
    let mut bench = Bench::cp_7961();
    bench.phone_speaks_lldp(None);
    bench.phone_speaks(false);
    bench.scene.wait_ms(35);
    bench.switch_speaks(Some(6_300));
    bench.switch_speaks_lldp(Some(120), None);
    bench.scene.wait_ms(1_400);
    bench.leases();
    bench.boots_from_files();
    let phone = Phone {
        findings: &["voice-vlan-conflict"],
        ..bench.healthy()
    };
    Recipe {
        title: "CDP names VLAN 110, LLDP-MED names VLAN 120",
        story: "This phone came up, and its neighbour of another model did not. When the voice VLAN was \
                renumbered, somebody forgot the network policy of LLDP-MED: the switch names VLAN 110 \
                by CDP and 120 by LLDP, and it depends on the phone which one it believes.",
        ..bench.recipe("voice-vlan-conflict", file!(), phone)
    }
}

fn healthy_cdp_and_lldp() -> Recipe {
    let mut bench = Bench::cp_7961();
    let power = |allocated_dw| Power {
        requested_dw: 63,
        allocated_dw,
    };
    bench.phone_speaks_lldp(Some(power(63)));
    bench.phone_speaks(false);
    bench.scene.wait_ms(35);
    bench.switch_speaks(Some(6_300));
    bench.switch_speaks_lldp(Some(VOICE_VLAN), Some(power(63)));
    bench.scene.wait_ms(1_400);
    bench.leases();
    bench.boots_from_files();
    let phone = bench.healthy();
    Recipe {
        title: "A 7961 is told the same by CDP and by LLDP",
        story: "Nothing is wrong. Phone and switch speak both protocols: both name voice VLAN 110, and both \
                grant the power that the phone asks for.",
        ..bench.recipe("healthy-cdp-and-lldp", file!(), phone)
    }
}

fn duplex_mismatch() -> Recipe {
    let mut bench = Bench::cp_7961();
    bench.phone_speaks(false);
    bench.scene.wait_ms(35);
    let port = cdp::Switch {
        half_duplex: true,
        available: Some(cdp::Available {
            request_id: 0x3661,
            available_mw: 6_300,
        }),
        ..SWITCH_PORT
    };
    bench.scene.cdp_switch(&bench.switch, &port);
    bench.scene.wait_ms(1_400);
    bench.leases();
    bench.boots_from_files();
    let phone = Phone {
        findings: &["duplex-mismatch"],
        ..bench.healthy()
    };
    Recipe {
        title: "The phone works at full duplex, its port at half",
        story: "The phone comes up, and calls are chopped. Somebody fixed its port to 100 Mbit/s full duplex, \
                and later set the switch back to automatic: the switch finds a partner that does not \
                negotiate and takes half duplex. Both say so by CDP.",
        ..bench.recipe("duplex-mismatch", file!(), phone)
    }
}

fn power_asked_twice() -> Recipe {
    let mut bench = Bench::cp_7961();
    let power = Power {
        requested_dw: 63,
        allocated_dw: 63,
    };
    bench.phone_speaks_lldp(Some(power));
    bench.scene.wait_ms(20);
    bench.phone_speaks(false);
    bench.scene.wait_ms(35);
    bench.switch_speaks(None);
    bench.switch_speaks_lldp(Some(VOICE_VLAN), Some(power));
    bench.scene.wait_ms(1_400);
    bench.leases();
    bench.scene.wait_secs(60);
    bench.switch_speaks(None);
    let phone = Phone {
        outcome: &["stalled"],
        findings: &["power-protocols-conflict"],
        notes: &[],
        ..bench.healthy()
    };
    Recipe {
        title: "A 7961 asks for power by CDP and LLDP, and only LLDP is answered",
        story: "The phone hangs after its lease. It asked for power by LLDP first, so that the port negotiates \
                by LLDP and leaves its request by CDP unanswered, while the phone waits for just that.",
        ..bench.recipe("power-asked-twice", file!(), phone)
    }
}

fn routers_in_a_circle() -> Recipe {
    let mut bench = Bench::cp_7961();
    bench.tftp.ip = elsewhere(10);
    bench.powers_up();
    let lease = bench.lease();
    bench.scene.dhcp_lease(&bench.phone, &bench.router, &lease);
    bench.scene.arp_announcement(&bench.phone);
    bench.scene.arp(&bench.phone, &bench.router);
    let file = format!("CTL{}.tlv", bench.phone.cisco_name());
    // Use 192.0.2.3 for that network; then: time to live exceeded in transit.
    for what in [(5, 0, [192, 0, 2, 3]), (11, 0, [0; 4]), (11, 0, [0; 4])] {
        bench
            .scene
            .tftp_read(&bench.phone, &bench.tftp, &file)
            .icmp_from(&bench.router, what);
        bench.scene.wait_secs(4);
    }
    bench.scene.wait_secs(45);
    bench.neighbors_speak();
    let phone = Phone {
        notes: &[],
        ..bench.failed(&["tftp-request-unanswered"])
    };
    Recipe {
        title: "Two routers send the phone's requests to each other",
        story: "The TFTP server stands in another network, and a route to it points back. The router first \
                tells the phone of its neighbour (ICMP redirect), then that the request has passed too many \
                routers (ICMP time exceeded). No answer ever comes.",
        ..bench.recipe("routers-in-a-circle", file!(), phone)
    }
}
