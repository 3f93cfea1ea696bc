//! `captures/capture`: captures that are odd themselves, or hold no phone.

use std::net::Ipv4Addr;

use crate::forge::dhcp::{Client, Lease};
use crate::forge::firmware;
use crate::forge::recipes::cisco_7900;
use crate::forge::recipes::{Expect, Phone, Recipe};
use crate::forge::scene::{Frame, Host, Scene};

const FAMILY: &str = "capture";

/// How much of the last record is missing: more than its padding and trailer.
const CUT_BYTES: usize = 41;

pub(super) fn recipes() -> Vec<Recipe> {
    vec![
        cut_short_mid_record(),
        foreign_traffic_only(),
        empty(),
        mirrored_twice(),
        one_direction_only(),
        clock_set_back(),
        joined_late(),
    ]
}

fn cut_short_mid_record() -> Recipe {
    let phone = Host::new([0x00, 0x1b, 0xd5, 0x85, 0x36, 0x61], [192, 0, 2, 61]);
    let dhcp = Client::cisco("CP-7961G", phone.cisco_name());
    let phone = phone.leasing(dhcp);
    let server = Host::new([0x52, 0x54, 0x00, 0x5a, 0x10, 0x0a], [192, 0, 2, 10]);
    let router = Host::new([0x00, 0x1e, 0x14, 0x40, 0x01, 0x01], [192, 0, 2, 1]);
    let lease = Lease::new(phone.ip).tftp_servers(&[server.ip]);
    let mut scene = Scene::new();
    scene.dhcp_lease(&phone, &router, &lease);
    scene.arp_announcement(&phone);
    scene.arp(&phone, &server);
    let name = phone.cisco_name();
    for file in [format!("CTL{name}.tlv"), format!("ITL{name}.tlv")] {
        scene.tftp_read(&phone, &server, &file).missing();
    }
    let mut config = firmware::sccp_config(Ipv4Addr::new(192, 0, 2, 11), "SCCP41.9-4-2SR3-1S");
    config.resize(1_200, b'\n');
    let file = format!("{name}.cnf.xml");
    scene
        .tftp_read(&phone, &server, &file)
        .stalls_after(&config, 1, 0);
    Recipe {
        family: FAMILY,
        name: "cut-short-mid-record",
        title: "The file ends inside a record",
        story: "The capturing laptop's lid was closed while a 7961 fetched its configuration. The last \
                record of the file is missing some bytes. Up to there everything went well, so the boot \
                is incomplete, and nobody is to blame.",
        scene,
        expect: Expect {
            capture_notes: &["capture-cut-short"],
            ..Expect::phone(Phone {
                outcome: &["incomplete"],
                notes: &["capture-cut-short", "file-missing"],
                ..Phone::healthy(&phone, "cisco-79x1", "7961")
            })
        },
        cut_bytes: CUT_BYTES,
        origin: file!(),
    }
}

fn foreign_traffic_only() -> Recipe {
    let server = Host::new([0x52, 0x54, 0x00, 0x5a, 0x10, 0x0a], [192, 0, 2, 10]);
    let web = Host::new([0x00, 0x1e, 0x14, 0x40, 0x01, 0x01], [198, 51, 100, 80]).with_ttl(57);
    let desktop = Host::new([0x02, 0x00, 0x00, 0x00, 0x00, 0x50], [192, 0, 2, 80])
        .with_ttl(128)
        .leasing(Client {
            vendor_class: b"MSFT 5.0".to_vec(),
            parameters: vec![1, 3, 6, 15, 31, 33, 43, 44, 46, 47, 119, 121, 249, 252],
            host_name: Some("DESK-80".into()),
            option_61: true,
            ..Client::default()
        });
    let pxe = Host::new([0x02, 0x00, 0x00, 0x00, 0x00, 0x51], [192, 0, 2, 81]).leasing(Client {
        vendor_class: b"PXEClient:Arch:00000:UNDI:002001".to_vec(),
        parameters: vec![
            1, 2, 3, 5, 6, 11, 12, 13, 15, 16, 17, 18, 43, 54, 60, 66, 67, 128, 150,
        ],
        broadcast: true,
        ..Client::default()
    });
    let mut scene = Scene::new();
    scene.dhcp_lease(&desktop, &server, &Lease::new(desktop.ip));
    scene.dns(&desktop, &server, "www.example", web.ip);
    scene
        .http_get(
            &desktop,
            &web,
            "/",
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64)",
        )
        .served("text/html", b"<!DOCTYPE html><title>Office</title>\n");
    scene.wait_secs(3);
    let lease = Lease::new(pxe.ip)
        .next_server(server.ip)
        .option(66, "192.0.2.10")
        .option(67, "pxelinux.0");
    scene.dhcp_lease(&pxe, &server, &lease);
    scene.arp(&pxe, &server);
    scene
        .tftp_read(&pxe, &server, "pxelinux.0")
        .option("tsize", 0)
        .error_from_client(1_400, 1, 0, "TFTP Aborted");
    scene
        .tftp_read(&pxe, &server, "pxelinux.0")
        .option("blksize", 1_456)
        .served(&firmware::pattern(1_400));
    for file in [
        "pxelinux.cfg/01-02-00-00-00-00-51",
        "pxelinux.cfg/C0000251",
        "pxelinux.cfg/C000025",
        "pxelinux.cfg/C00002",
    ] {
        scene
            .tftp_read(&pxe, &server, file)
            .option("tsize", 0)
            .missing();
    }
    scene
        .tftp_read(&pxe, &server, "pxelinux.cfg/default")
        .option("tsize", 0)
        .served(b"DEFAULT local\nLABEL local\n LOCALBOOT 0\n");
    Recipe {
        family: FAMILY,
        name: "foreign-traffic-only",
        title: "A PC and a network boot, and no phone",
        story: "The laptop was plugged into the wrong port. A Windows PC takes a lease and opens a web \
                page; another machine boots by PXE, probes a size with error 0 and misses four files on \
                its way to a default, as PXE does. Nobody here is a phone.",
        scene,
        expect: Expect::no_phone(),
        cut_bytes: 0,
        origin: file!(),
    }
}

fn empty() -> Recipe {
    Recipe {
        family: FAMILY,
        name: "empty",
        title: "No frames",
        story: "The capture was started and stopped with the cable unplugged. The file is a proper one \
                and holds no frame.",
        scene: Scene::new(),
        expect: Expect::no_phone(),
        cut_bytes: 0,
        origin: file!(),
    }
}

/// The boot of a 7961 that goes well, as an odd capture shows it.
fn healthy(
    name: &'static str,
    notes: &'static [&'static str],
    odd: impl FnOnce(Vec<Frame>) -> Vec<Frame>,
) -> Recipe {
    let mut recipes = cisco_7900::recipes();
    recipes.retain(|recipe| recipe.name == "healthy-7961-sccp");
    let recipe = recipes.remove(0);
    let mut expect = recipe.expect.clone();
    for phone in &mut expect.phones {
        phone.notes = notes;
    }
    Recipe {
        family: FAMILY,
        name,
        scene: recipe.scene.clone().captured_as(odd),
        expect,
        origin: file!(),
        ..recipe
    }
}

/// What a switch puts before a frame that it mirrors to 198.51.100.2: Ethernet, IPv4,
/// GRE with a sequence number, ERSPAN type II.
fn erspan(frame: &Frame, sequence: u8, time_ns: u64) -> Frame {
    let length = u16::try_from(36 + frame.bytes.len()).unwrap().to_be_bytes();
    let mut bytes = vec![2, 0, 0, 0, 0, 0xa1, 2, 0, 0, 0, 0, 0xa2, 8, 0, 0x45, 0];
    bytes.extend(length);
    bytes.extend([0, sequence, 0x40, 0, 255, 47, 0, 0]);
    bytes.extend([198, 51, 100, 1, 198, 51, 100, 2]);
    let sum = crate::forge::scene::internet_checksum(&[&bytes[14..34]]);
    bytes[24..26].copy_from_slice(&sum.to_be_bytes());
    bytes.extend([0x10, 0, 0x88, 0xbe, 0, 0, 0, sequence]);
    bytes.extend([0x10, 110, 0x18, 7, 0, 0, 0, 1]);
    bytes.extend(&frame.bytes);
    Frame { time_ns, bytes }
}

fn mirrored_twice() -> Recipe {
    let twice = |frames: Vec<Frame>| {
        let mut sequence = 0;
        let mut mirrored = Vec::new();
        for frame in &frames {
            for later_ns in [0, 40_000] {
                sequence += 1;
                mirrored.push(erspan(frame, sequence, frame.time_ns + later_ns));
            }
        }
        mirrored.sort_by_key(|frame| frame.time_ns);
        mirrored
    };
    let recipe = healthy("mirrored-twice", &["file-missing"], twice);
    Recipe {
        title: "A healthy boot through ERSPAN, each frame twice",
        story: "The switch mirrors the phone's VLAN by ERSPAN, frames that come in and frames that \
                go out, so that each arrives twice at the capturing host. The boot inside is the \
                healthy one of a 7961; nothing was retransmitted.",
        expect: Expect {
            capture_notes: &["capture-frames-doubled"],
            ..recipe.expect
        },
        ..recipe
    }
}

fn one_direction_only() -> Recipe {
    let phone = [0x00, 0x1b, 0xd5, 0x85, 0x36, 0x61];
    let from_phone = |mut frames: Vec<Frame>| {
        frames.retain(|frame| frame.bytes[6..12] == phone);
        frames
    };
    let recipe = healthy("one-direction-only", &["capture-one-sided"], from_phone);
    let mut expect = recipe.expect;
    expect.verdict = "incomplete";
    for phone in &mut expect.phones {
        phone.outcome = &["incomplete"];
    }
    Recipe {
        title: "Only what the phone sends",
        story: "The mirror copies frames that come in at the phone's port and not those that go out. \
                The boot is a healthy one: the phone takes an offer, acknowledges blocks and registers. \
                No answer is in the capture, and none is missing.",
        expect,
        ..recipe
    }
}

fn clock_set_back() -> Recipe {
    const HOUR_NS: u64 = 3_600_000_000_000;
    let set_back = |mut frames: Vec<Frame>| {
        let middle = frames.len() / 2;
        for frame in &mut frames[middle..] {
            frame.time_ns -= HOUR_NS;
        }
        frames
    };
    let recipe = healthy("clock-set-back", &["file-missing"], set_back);
    Recipe {
        title: "The laptop's clock is set back by an hour",
        story: "The capturing laptop's clock was an hour fast, and a time server set it right in \
                the middle of a healthy boot. Nothing took an hour, and nothing took less than no time.",
        expect: Expect {
            capture_notes: &["capture-clock-stepped"],
            ..recipe.expect
        },
        ..recipe
    }
}

fn joined_late() -> Recipe {
    let from_first_block = |frames: Vec<Frame>| {
        let is_block = |frame: &Frame| {
            let at = if frame.bytes[12..14] == [0x81, 0] {
                46
            } else {
                42
            };
            frame.bytes.get(at - 19) == Some(&17) && frame.bytes.get(at..at + 2) == Some(&[0, 3])
        };
        let first = frames.iter().position(is_block).unwrap();
        frames[first..].to_vec()
    };
    let recipe = healthy("joined-late", &["capture-starts-late"], from_first_block);
    Recipe {
        title: "The capture begins in the middle of a download",
        story: "Whoever captured plugged the phone in first. The file begins with a block of the \
                phone's configuration; lease and request came before. The phone registers.",
        ..recipe
    }
}
