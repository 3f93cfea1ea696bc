//! The phone's network card and the switch port: two small programs between cables.
//!
//! Not every kernel has VLANs, and none has a switch that speaks CDP, so both are done
//! here, frame by frame. The card tags what the phone sends once the phone has told it
//! its VLAN, but for the protocols of the link itself (CDP, LLDP, 802.1X). The port lets
//! through the office's VLAN alone and answers the phone's CDP. Both fill in checksums
//! that a sending Linux leaves to its hardware.

use std::io::{Read, Write as _};
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::thread;
use std::time::Duration;

use pcap::{Active, Capture, Direction};
use serde::{Deserialize, Serialize};

use crate::Result;
use crate::forge::cdp;
use crate::forge::scene::{Host, Scene};

/// `EtherType` for local experiments (IEEE 802 §9.2.4): how the phone tells its card the
/// VLAN, in the two bytes that follow. Such frames never leave the card.
pub(crate) const TO_THE_CARD: [u8; 2] = [0x88, 0xb5];

/// What untagged frames belong to on every port.
pub(crate) const NATIVE_VLAN: u16 = 1;

const CDP_ADDRESS: [u8; 6] = [0x01, 0x00, 0x0c, 0xcc, 0xcc, 0xcc];
const LLDP: [u8; 2] = [0x88, 0xcc];
const EAPOL: [u8; 2] = [0x88, 0x8e];
const VLAN_TAG: [u8; 2] = [0x81, 0x00];

/// The MAC address of the switch port.
const SWITCH_MAC: [u8; 6] = [0x02, 0x00, 0x5e, 0x00, 0x02, 0x02];

/// How the port works.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Port {
    /// The VLAN in which the servers are; [`NATIVE_VLAN`] where nothing is tagged.
    pub(crate) office_vlan: u16,
    /// What it says by CDP; `None` on a switch that speaks none.
    pub(crate) cdp: Option<Cdp>,
}

/// What the switch announces.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Cdp {
    pub(crate) voice_vlan: Option<u16>,
    /// What it grants when it is asked for power; `None` when it never negotiates.
    pub(crate) power_mw: Option<u32>,
}

/// An interface that frames come from.
pub(crate) struct Ear {
    capture: Capture<Active>,
}

/// An interface that frames go to.
pub(crate) struct Mouth {
    capture: Capture<Active>,
}

impl Ear {
    /// Hears only what arrives, and each frame at once.
    pub(crate) fn new(interface: &str) -> Result<Self> {
        let capture = open(interface)?;
        capture.direction(Direction::In)?;
        Ok(Self { capture })
    }

    /// Never waits for a frame.
    pub(crate) fn without_waiting(self) -> Result<PatientEar> {
        Ok(PatientEar {
            capture: self.capture.setnonblock()?,
        })
    }

    fn next(&mut self) -> Result<Vec<u8>> {
        loop {
            match self.capture.next_packet() {
                Ok(packet) => return Ok(packet.data.to_vec()),
                Err(pcap::Error::TimeoutExpired) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}

/// An [`Ear`] that looks whether something came.
pub(crate) struct PatientEar {
    capture: Capture<Active>,
}

impl PatientEar {
    /// A frame, if one has come.
    pub(crate) fn heard(&mut self) -> Option<Vec<u8>> {
        let packet = self.capture.next_packet().ok()?;
        Some(packet.data.to_vec())
    }
}

impl Mouth {
    pub(crate) fn new(interface: &str) -> Result<Self> {
        Ok(Self {
            capture: open(interface)?,
        })
    }

    pub(crate) fn says(&mut self, frame: &[u8]) -> Result<()> {
        Ok(self.capture.sendpacket(frame)?)
    }
}

fn open(interface: &str) -> Result<Capture<Active>> {
    let inactive = Capture::from_device(interface)?
        .promisc(true)
        .immediate_mode(true)
        .snaplen(65_535)
        .timeout(50);
    Ok(inactive.open()?)
}

/// Card and port, until they are killed. Says `ready` when frames can come.
pub(crate) fn serve() -> Result<()> {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text)?;
    let port: Port = serde_json::from_str(&text)?;
    let card_vlan = Arc::new(AtomicU16::new(NATIVE_VLAN));

    let (mut ear, mut mouth) = (Ear::new("nic")?, Mouth::new("phone")?);
    let vlan = Arc::clone(&card_vlan);
    let to_wire = thread::spawn(move || -> Result<()> {
        loop {
            let frame = ear.next()?;
            if let Some(told) = told_vlan(&frame) {
                vlan.store(told, Ordering::Relaxed);
            } else {
                mouth.says(&tagged(checked(frame), vlan.load(Ordering::Relaxed)))?;
            }
        }
    });
    let (mut ear, mut mouth) = (Ear::new("phone")?, Mouth::new("nic")?);
    let vlan = card_vlan;
    let from_wire = thread::spawn(move || -> Result<()> {
        loop {
            if let Some(frame) = untagged(&ear.next()?, vlan.load(Ordering::Relaxed)) {
                mouth.says(&frame)?;
            }
        }
    });
    let (mut ear, mut mouth, mut back) = (
        Ear::new("port")?,
        Mouth::new("uplink")?,
        Mouth::new("port")?,
    );
    let office = port.office_vlan;
    let to_office = thread::spawn(move || -> Result<()> {
        loop {
            let frame = ear.next()?;
            if frame.starts_with(&CDP_ADDRESS) {
                if let Some(cdp) = &port.cdp {
                    thread::sleep(Duration::from_millis(35));
                    back.says(&announcement(cdp, &frame))?;
                }
            } else if !is_of_the_link(&frame)
                && let Some(frame) = untagged(&frame, office)
            {
                mouth.says(&frame)?;
            }
        }
    });
    let (mut ear, mut mouth) = (Ear::new("uplink")?, Mouth::new("port")?);
    let from_office = thread::spawn(move || -> Result<()> {
        loop {
            mouth.says(&tagged(checked(ear.next()?), office))?;
        }
    });
    writeln!(std::io::stdout(), "ready")?;
    for thread in [to_wire, from_wire, to_office, from_office] {
        thread.join().map_err(|_| "a thread of the wire broke")??;
    }
    Ok(())
}

/// The VLAN that the phone tells its card.
fn told_vlan(frame: &[u8]) -> Option<u16> {
    if frame.get(12..14)? != TO_THE_CARD {
        return None;
    }
    let [high, low] = frame.get(14..16)?.try_into().ok()?;
    Some(u16::from_be_bytes([high, low]))
}

/// CDP and its like with a length in place of a type, LLDP, 802.1X: never tagged, and
/// never passed on by a switch.
fn is_of_the_link(frame: &[u8]) -> bool {
    frame
        .get(12..14)
        .is_none_or(|kind| kind < [0x06, 0x00].as_slice() || kind == LLDP || kind == EAPOL)
}

/// The frame as it leaves towards `vlan`.
fn tagged(frame: Vec<u8>, vlan: u16) -> Vec<u8> {
    if vlan == NATIVE_VLAN || is_of_the_link(&frame) {
        return frame;
    }
    let mut tagged = frame;
    // Voice goes with priority 5.
    let [high, low] = (5 << 13 | vlan).to_be_bytes();
    tagged.splice(12..12, [VLAN_TAG[0], VLAN_TAG[1], high, low]);
    tagged
}

/// The frame without its tag; `None` when it belongs to another VLAN.
fn untagged(frame: &[u8], vlan: u16) -> Option<Vec<u8>> {
    if is_of_the_link(frame) {
        return Some(frame.to_vec());
    }
    let (rest, tag) = match frame.get(12..14)? {
        kind if kind == VLAN_TAG => {
            let tag: [u8; 2] = frame.get(14..16)?.try_into().ok()?;
            (frame.get(16..)?, u16::from_be_bytes(tag) & 0x0fff)
        }
        _ => (frame.get(12..)?, NATIVE_VLAN),
    };
    (tag == vlan).then(|| [frame.get(..12).unwrap_or_default(), rest].concat())
}

/// The frame with the checksum of its UDP or TCP filled in (RFC 1071).
fn checked(mut frame: Vec<u8>) -> Vec<u8> {
    let _ = check(&mut frame);
    frame
}

/// `None` where there is nothing to fill in.
fn check(frame: &mut [u8]) -> Option<()> {
    if frame.get(12..14)? != [0x08, 0x00] {
        return None;
    }
    let packet = frame.get_mut(14..)?;
    let header_bytes = usize::from(packet.first()? & 0x0f) * 4;
    let total_bytes = usize::from(u16::from_be_bytes([*packet.get(2)?, *packet.get(3)?]));
    let is_fragment = packet.get(6)? & 0x3f != 0 || *packet.get(7)? != 0;
    let place = match *packet.get(9)? {
        6 => 16,
        17 => 6,
        _ => return None,
    };
    let is_udp = place == 6;
    let (header, rest) = packet.split_at_mut_checked(header_bytes)?;
    let segment = rest.get_mut(..total_bytes.checked_sub(header_bytes)?)?;
    // A sum of 0 says that a UDP sender made none.
    if is_fragment || is_udp && segment.get(place..place + 2)? == [0, 0] {
        return None;
    }
    segment.get_mut(place..place + 2)?.fill(0);
    let length = u16::try_from(segment.len()).ok()?.to_be_bytes();
    let protocol = [0, *header.get(9)?];
    let mut sum = 0_u32;
    for part in [header.get(12..20)?, &protocol, &length, segment] {
        for pair in part.chunks(2) {
            let mut word = [0; 2];
            word.get_mut(..pair.len())?.copy_from_slice(pair);
            sum += u32::from(u16::from_be_bytes(word));
        }
    }
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    let sum = match !u16::try_from(sum).ok()? {
        0 if is_udp => 0xffff,
        sum => sum,
    };
    segment
        .get_mut(place..place + 2)?
        .copy_from_slice(&sum.to_be_bytes());
    Some(())
}

/// What the switch says after the phone's announcement `heard`.
fn announcement(cdp: &Cdp, heard: &[u8]) -> Vec<u8> {
    let host = Host {
        ip: Ipv4Addr::new(192, 0, 2, 2),
        ..Host::new(SWITCH_MAC, [192, 0, 2, 2])
    };
    let request = power_request(heard);
    let switch = cdp::Switch {
        name: "access-3",
        port: "FastEthernet0/7",
        platform: "cisco WS-C3560-24PS",
        voice_vlan: cdp.voice_vlan,
        available: cdp.power_mw.map(|available_mw| cdp::Available {
            request_id: request.unwrap_or(0),
            available_mw: if request.is_some() { available_mw } else { 0 },
        }),
        half_duplex: false,
    };
    let mut scene = Scene::new();
    scene.cdp_switch(&host, &switch);
    let mut frames = scene.frames();
    frames.pop().map(|frame| frame.bytes).unwrap_or_default()
}

/// The id of the power request (TLV 0x0019) in a phone's announcement.
fn power_request(frame: &[u8]) -> Option<u16> {
    // Addresses, length, LLC and SNAP; version, time to live, checksum.
    let mut rest = frame.get(14 + 8 + 4..)?;
    loop {
        let [kind @ .., high, low]: [u8; 4] = rest.get(..4)?.try_into().ok()?;
        let length = usize::from(u16::from_be_bytes([high, low])).max(4);
        if kind == [0x00, 0x19] {
            return Some(u16::from_be_bytes(rest.get(4..6)?.try_into().ok()?));
        }
        rest = rest.get(length..)?;
    }
}
