//! How a capture was taken must not change the diagnosis: every boot of the forge, seen
//! twice, through tunnels, without tags, from one side only, by a clock that is set, and
//! in several files.

use std::collections::BTreeSet;
use std::io::Cursor;

use phoneboot::analysis::analyze_readers;
use phoneboot::capture::file::Reader;
use phoneboot::diagnosis::Diagnosis;
use phoneboot::finding::Severity;
use phoneboot::profiles::Profiles;
use phoneboot::rules::Options;

use crate::forge::recipes::{self, Recipe};
use crate::forge::scene::{Frame, internet_checksum};
use crate::forge::write::{self, Link, Order, Resolution};

/// Findings about the capture itself, which another way of capturing may add.
const OF_THE_CAPTURE: &[&str] = &[
    "capture-clock-stepped",
    "capture-cut-short",
    "capture-frames-doubled",
    "capture-one-sided",
    "capture-starts-late",
];

fn analyze(files: &[Vec<u8>]) -> Diagnosis {
    let readers = files
        .iter()
        .enumerate()
        .map(|(index, bytes)| {
            Reader::from_read(Box::new(Cursor::new(bytes.clone())), "variant", index).unwrap()
        })
        .collect();
    analyze_readers(readers, Profiles::embedded(), Options::default()).unwrap()
}

fn of_frames(frames: &[Frame]) -> Diagnosis {
    analyze(&[write::pcapng(frames)])
}

/// Recipes with a phone whose capture was not taken in an odd way already.
fn boots() -> Vec<Recipe> {
    let boots: Vec<Recipe> = recipes::all()
        .into_iter()
        .filter(|recipe| recipe.family != "capture" && !recipe.expect.phones.is_empty())
        .collect();
    assert!(boots.len() >= 20);
    boots
}

/// Everything that is judged, but for notes on the capture.
fn findings(diagnosis: &Diagnosis) -> Vec<String> {
    let mut said: Vec<String> = diagnosis
        .findings()
        .filter(|finding| !OF_THE_CAPTURE.contains(&finding.id))
        .map(|finding| format!("{} {}", finding.severity.name(), finding.id))
        .collect();
    for phone in &diagnosis.phones {
        for boot in &phone.boots {
            said.push(format!("{} {}", phone.id, boot.outcome.name()));
        }
    }
    said
}

/// Every step's words, and its VLAN if asked for.
fn timeline(diagnosis: &Diagnosis, with_vlan: bool) -> Vec<String> {
    diagnosis
        .phones
        .iter()
        .flat_map(|phone| &phone.phone.boots)
        .flat_map(|boot| &boot.timeline)
        .map(|step| {
            let vlan = step.vlan.filter(|_| with_vlan);
            format!("{} {vlan:?} {}", step.event, step.summary)
        })
        .collect()
}

/// Counts that copies would spoil.
fn counts(diagnosis: &Diagnosis) -> Vec<String> {
    let boots = diagnosis.phones.iter().flat_map(|phone| &phone.phone.boots);
    boots
        .map(|boot| {
            let transfers: Vec<_> = boot
                .transfers
                .iter()
                .map(|t| (t.requests, t.retransmissions, t.blocks))
                .collect();
            format!(
                "{} {} {} {transfers:?} {:?} {}",
                boot.lease.messages.len(),
                boot.frames_from_phone,
                boot.frames_to_phone,
                boot.link.vlans_used,
                boot.link.sent_untagged
            )
        })
        .collect()
}

fn expect_same(recipe: &Recipe, variant: &Diagnosis, label: &str) {
    let reference = of_frames(&recipe.scene.frames());
    let label = format!("{} {label}", recipe.name);
    assert_eq!(findings(variant), findings(&reference), "{label}");
    assert_eq!(
        timeline(variant, true),
        timeline(&reference, true),
        "{label}"
    );
    assert_eq!(counts(variant), counts(&reference), "{label}");
}

/// Every frame, and behind each what `copy` makes of it, in the order of time.
fn doubled(frames: &[Frame], copy: impl Fn(&Frame) -> Option<Vec<u8>>) -> Vec<Frame> {
    let mut both = Vec::new();
    for frame in frames {
        both.push(frame.clone());
        both.extend(copy(frame).map(|bytes| Frame {
            time_ns: frame.time_ns + 50_000,
            bytes,
        }));
    }
    both.sort_by_key(|frame| frame.time_ns);
    both
}

fn without_tag(bytes: &[u8]) -> Option<Vec<u8>> {
    (bytes[12..14] == [0x81, 0]).then(|| {
        let mut bare = [&bytes[..12], &bytes[16..]].concat();
        bare.resize(bare.len().max(60), 0);
        bare
    })
}

/// A frame as a router sends it on.
fn routed(bytes: &[u8]) -> Option<Vec<u8>> {
    let at = if bytes[12..14] == [0x81, 0] { 18 } else { 14 };
    (bytes[at - 2..at] == [8, 0] && bytes[0] & 1 == 0).then(|| {
        let mut sent_on = bytes.to_vec();
        sent_on[..12].copy_from_slice(&[2, 0, 0, 0, 0, 0xfe, 2, 0, 0, 0, 0, 0xfd]);
        sent_on[at + 1] |= 0x60;
        sent_on[at + 8] -= 1;
        sent_on[at + 10..at + 12].fill(0);
        let sum = internet_checksum(&[&sent_on[at..at + 20]]);
        sent_on[at + 10..at + 12].copy_from_slice(&sum.to_be_bytes());
        sent_on
    })
}

#[test]
fn frames_that_a_mirror_shows_twice_count_once() {
    for recipe in boots() {
        let frames = recipe.scene.frames();
        let twice = doubled(&frames, |frame| Some(frame.bytes.clone()));
        let diagnosis = of_frames(&twice);
        expect_same(&recipe, &diagnosis, "twice");
        let copies = diagnosis.captures[0].facts.taken.copies;
        assert!(copies.frames >= copies.compared * 2 / 5, "{copies:?}");
        let diagnosis = of_frames(&doubled(&frames, |frame| routed(&frame.bytes)));
        expect_same(&recipe, &diagnosis, "routed");
    }
}

/// Whether it is an IPv4 packet that numbers itself.
fn is_numbered(bytes: &[u8]) -> bool {
    let at = if bytes[12..14] == [0x81, 0] { 18 } else { 14 };
    bytes[at - 2..at] == [8, 0] && bytes[at + 4..at + 6] != [0, 0]
}

#[test]
fn copies_that_waited_in_a_queue_count_once() {
    let (mut n_copies, mut n_compared) = (0, 0);
    for recipe in boots() {
        let frames = recipe.scene.frames();
        let mut late = frames.clone();
        late.extend(frames.iter().filter(|f| is_numbered(&f.bytes)).map(|f| {
            let time_ns = f.time_ns + 18_000_000;
            Frame {
                time_ns,
                ..f.clone()
            }
        }));
        late.sort_by_key(|frame| frame.time_ns);
        let diagnosis = of_frames(&late);
        expect_same(&recipe, &diagnosis, "late");
        let copies = diagnosis.captures[0].facts.taken.copies;
        n_copies += copies.frames;
        n_compared += copies.compared;
    }
    assert!(n_copies >= n_compared / 3, "{n_copies} of {n_compared}");
}

#[test]
fn a_copy_without_its_tag_is_no_untagged_frame() {
    for recipe in boots() {
        let frames = recipe.scene.frames();
        let behind = doubled(&frames, |frame| without_tag(&frame.bytes));
        expect_same(&recipe, &of_frames(&behind), "tag lost behind");
        let mut ahead = doubled(&frames, |frame| without_tag(&frame.bytes));
        for frame in &mut ahead {
            if frame.bytes[12..14] == [0x81, 0] {
                frame.time_ns += 60_000;
            }
        }
        ahead.sort_by_key(|frame| frame.time_ns);
        expect_same(&recipe, &of_frames(&ahead), "tag gained");
    }
}

/// The frames in the packets of a tunnel between two switches.
fn wrapped(frames: &[Frame], udp_port: Option<u16>, header: &[u8]) -> Vec<Frame> {
    frames
        .iter()
        .map(|frame| {
            let carried = [header, &frame.bytes].concat();
            let (protocol, payload) = match udp_port {
                None => (47, carried),
                Some(port) => {
                    let length = u16::try_from(8 + carried.len()).unwrap().to_be_bytes();
                    let udp = [&[0xc0, 0][..], &port.to_be_bytes(), &length, &[0, 0]].concat();
                    (17, [udp, carried].concat())
                }
            };
            let length = u16::try_from(20 + payload.len()).unwrap().to_be_bytes();
            let mut bytes = vec![2, 0, 0, 0, 0, 0xa1, 2, 0, 0, 0, 0, 0xa2, 8, 0, 0x45, 0];
            bytes.extend(length);
            bytes.extend([0, 0, 0x40, 0, 255, protocol, 0, 0]);
            bytes.extend([198, 51, 100, 1, 198, 51, 100, 2]);
            bytes.extend(payload);
            Frame {
                time_ns: frame.time_ns,
                bytes,
            }
        })
        .collect()
}

#[test]
fn a_boot_seen_through_a_tunnel_is_the_same_boot() {
    let erspan = [
        0x10, 0, 0x88, 0xbe, 0, 0, 0, 1, 0x10, 1, 0x18, 100, 0, 0, 0, 7,
    ];
    for (name, port, header) in [
        ("erspan-2", None, &erspan[..]),
        ("gre", None, &[0, 0, 0x65, 0x58]),
        ("vxlan", Some(4789), &[8, 0, 0, 0, 0, 0, 42, 0]),
        ("tzsp", Some(37_008), &[1, 0, 0, 1, 1]),
    ] {
        for recipe in boots() {
            let frames = wrapped(&recipe.scene.frames(), port, header);
            let diagnosis = of_frames(&frames);
            expect_same(&recipe, &diagnosis, name);
            assert_eq!(diagnosis.captures[0].facts.taken.encapsulations, [name]);
        }
    }
}

#[test]
fn a_driver_that_strips_tags_brings_no_finding() {
    for recipe in boots() {
        let mut frames = recipe.scene.frames();
        for frame in &mut frames {
            if let Some(bare) = without_tag(&frame.bytes) {
                frame.bytes = bare;
            }
        }
        let (variant, reference) = (of_frames(&frames), of_frames(&recipe.scene.frames()));
        // Where the phone is, tags alone tell.
        if findings(&reference).contains(&"error voice-vlan-ignored".to_owned()) {
            assert!(
                variant
                    .findings()
                    .all(|finding| !finding.id.starts_with("voice-vlan"))
            );
            continue;
        }
        assert_eq!(findings(&variant), findings(&reference), "{}", recipe.name);
        assert_eq!(
            timeline(&variant, false),
            timeline(&reference, false),
            "{}",
            recipe.name
        );
    }
}

/// Ids of all errors.
fn errors(diagnosis: &Diagnosis) -> BTreeSet<&'static str> {
    diagnosis
        .findings()
        .filter(|finding| finding.severity == Severity::Error)
        .map(|finding| finding.id)
        .collect()
}

#[test]
fn one_direction_alone_blames_nobody() {
    let mut wrong = Vec::new();
    for recipe in boots() {
        let frames = recipe.scene.frames();
        let reference = of_frames(&frames);
        let macs: Vec<Vec<u8>> = reference
            .phones
            .iter()
            .filter_map(|phone| phone.mac)
            .map(|mac| mac.0.to_vec())
            .collect();
        let is_from_phone = |frame: &&Frame| macs.iter().any(|mac| frame.bytes[6..12] == *mac);
        let (from, others): (Vec<&Frame>, Vec<&Frame>) = frames.iter().partition(is_from_phone);
        let heard: Vec<Frame> = others
            .iter()
            .copied()
            .filter(|frame| frame.bytes[0] & 1 == 0)
            .cloned()
            .collect();
        for (name, part) in [
            ("from", from.into_iter().cloned().collect()),
            ("to", others.into_iter().cloned().collect()),
            ("unicast to", heard),
        ] {
            let part: Vec<Frame> = part;
            let variant = of_frames(&part);
            // A phone that nobody answers looks the same when the answers refuse it.
            let never_answered = |id: &&str| {
                *id == "dhcp-offer-missing" && name == "from" && !errors(&reference).is_empty()
            };
            let more: Vec<_> = errors(&variant)
                .difference(&errors(&reference))
                .copied()
                .filter(|id| !never_answered(id))
                .collect();
            if !more.is_empty() {
                wrong.push(format!("{} {name}: {more:?}", recipe.name));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// The frame about the middle before which the wire was silent for the shortest time.
fn quickest(frames: &[Frame]) -> usize {
    let (from, to) = (frames.len() / 4, frames.len() * 3 / 4);
    (from.max(1)..=to.max(1))
        .filter(|&index| index < frames.len())
        .min_by_key(|&index| frames[index].time_ns - frames[index - 1].time_ns)
        .unwrap_or(0)
}

#[test]
fn frames_out_of_order_are_put_in_order() {
    for recipe in boots() {
        let frames = recipe.scene.frames();
        let mut pairs = frames.clone();
        for pair in pairs.chunks_mut(2) {
            let span = |pair: &[Frame]| pair[pair.len() - 1].time_ns - pair[0].time_ns;
            if span(pair) < 100_000_000 {
                pair.reverse();
            }
        }
        expect_same_but_numbers(&recipe, &of_frames(&pairs), "in swapped pairs");
        // Two interfaces, each written out every tenth of a second.
        let mut blocks = frames.clone();
        blocks.sort_by_key(|frame| (frame.time_ns / 100_000_000, frame.bytes[0] ^ frame.bytes[5]));
        expect_same_but_numbers(&recipe, &of_frames(&blocks), "of two interfaces");
    }
}

/// The same findings and the same steps; frames have other numbers.
fn expect_same_but_numbers(recipe: &Recipe, variant: &Diagnosis, label: &str) {
    let reference = of_frames(&recipe.scene.frames());
    let label = format!("{} {label}", recipe.name);
    assert_eq!(findings(variant), findings(&reference), "{label}");
    assert_eq!(counts(variant), counts(&reference), "{label}");
}

/// Whether the words depend on what the capture's clock says: what a certificate is worth,
/// how far off a time server is.
fn is_held_against_clock(step: &str) -> bool {
    ["tls-certificate", "tls-phone-certificate", "ntp-answer"]
        .iter()
        .any(|event| step.starts_with(event))
}

#[test]
fn a_clock_that_is_set_makes_no_silence() {
    const HOUR_NS: u64 = 3_600_000_000_000;
    const SINCE_1970_NS: u64 = 1_768_000_000_000_000_000;
    for recipe in boots() {
        let frames = recipe.scene.frames();
        let middle = quickest(&frames);
        let reference = of_frames(&frames);
        for (name, back) in [("back", true), ("from 1970", false)] {
            let mut set = frames.clone();
            if back {
                for frame in &mut set[middle..] {
                    frame.time_ns -= 2 * HOUR_NS;
                }
            } else {
                for frame in &mut set[..middle] {
                    frame.time_ns -= SINCE_1970_NS;
                }
            }
            let label = format!("{} {name}", recipe.name);
            let variant = of_frames(&set);
            assert_eq!(findings(&variant), findings(&reference), "{label}");
            let timeline = |diagnosis| {
                let mut steps = timeline(diagnosis, true);
                steps.retain(|step| !is_held_against_clock(step));
                steps
            };
            assert_eq!(timeline(&variant), timeline(&reference), "{label}");
            assert_eq!(counts(&variant), counts(&reference), "{label}");
            let steps = &variant.captures[0].facts.taken.clock_steps;
            assert_eq!(steps.len(), usize::from(middle > 0), "{label}");
            for boot in variant.phones.iter().flat_map(|phone| &phone.phone.boots) {
                assert!(boot.started.time <= boot.ended.time, "{label}");
            }
        }
    }
}

#[test]
fn a_boot_goes_on_from_file_to_file() {
    for recipe in boots() {
        let frames = recipe.scene.frames();
        let (one, two) = (frames.len() / 3, frames.len() * 2 / 3);
        // The files overlap by a few frames, and are given in the wrong order.
        let parts = [
            write::gzip(&write::pcapng(&frames[two..])),
            write::pcapng(&frames[..(one + 3).min(frames.len())]),
            write::pcap(
                &frames[one..(two + 2).min(frames.len())],
                Order::Big,
                Resolution::Micro,
                Link::Ethernet,
            ),
        ];
        let diagnosis = analyze(&parts);
        expect_same(&recipe, &diagnosis, "in three files");
        for finding in diagnosis.findings() {
            for evidence in &finding.evidence {
                let file = &diagnosis.captures[evidence.at.capture].facts;
                assert!(evidence.at.frame.0 <= file.frames, "{}", recipe.name);
            }
        }
    }
}
