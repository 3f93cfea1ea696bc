//! What every phone has: a link with its neighbors, a lease, and patience.

use std::io::Write as _;
use std::net::Ipv4Addr;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use crate::Result;
use crate::forge::cdp;
use crate::forge::dhcp::{Client, Lease as Wish};
use crate::forge::lldp;
use crate::forge::scene::{Host, Scene};
use crate::net::run;
use crate::phone::{Orders, Script};
use crate::wire::{Ear, Mouth, PatientEar, TO_THE_CARD};

const CDP_ADDRESS: [u8; 6] = [0x01, 0x00, 0x0c, 0xcc, 0xcc, 0xcc];

/// Pauses between DISCOVERs, in milliseconds. RFC 2131 §4.1 says 4, 8 and 16 seconds;
/// most phones begin like this.
const DISCOVER_GAPS_MS: [u64; 4] = [2_000, 4_000, 8_000, 8_000];

/// How often a phone does all of it again, and what it waits in between: it outlasts
/// every family's patience.
const ROUNDS: usize = 7;
const PAUSE_MS: u64 = 22_000;

/// What a phone says on standard output when its first long pause begins.
pub(crate) const RESTS: &str = "rests";

/// A phone at work.
pub(crate) struct Handset {
    pub(crate) orders: Orders,
    /// Its MAC address and, once it has a lease, its address.
    pub(crate) host: Host,
    pub(crate) lease: Lease,
    ear: PatientEar,
    mouth: Mouth,
    /// Makes its raw frames, with fresh transaction ids.
    scene: Scene,
    n_frames: usize,
    has_rested: bool,
}

/// What it was given.
#[derive(Debug, Clone, Default)]
pub(crate) struct Lease {
    pub(crate) options: Vec<(u8, Vec<u8>)>,
    /// The header's next server.
    pub(crate) next_server: Option<Ipv4Addr>,
}

impl Lease {
    /// An option's value.
    pub(crate) fn option(&self, code: u8) -> Option<&[u8]> {
        let (_, value) = self.options.iter().find(|(found, _)| *found == code)?;
        Some(value)
    }

    /// An option that is text, as RFC 2132 allows it: with or without NUL.
    pub(crate) fn text(&self, code: u8) -> Option<String> {
        let text = String::from_utf8_lossy(self.option(code)?);
        Some(text.trim_end_matches('\0').to_owned())
    }

    /// The first address of an option.
    pub(crate) fn address(&self, code: u8) -> Option<Ipv4Addr> {
        let octets: [u8; 4] = self.option(code)?.get(..4)?.try_into().ok()?;
        Some(Ipv4Addr::from(octets))
    }
}

/// What the switch said by CDP.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Neighbor {
    pub(crate) voice_vlan: Option<u16>,
    pub(crate) power_mw: Option<u32>,
}

impl Handset {
    pub(crate) fn new(script: &Script, orders: Orders) -> Result<Self> {
        Ok(Self {
            orders,
            host: Host::new(script.mac, [0; 4]),
            lease: Lease::default(),
            ear: Ear::new("eth0")?.without_waiting()?,
            mouth: Mouth::new("eth0")?,
            scene: Scene::new(),
            n_frames: 0,
            has_rested: false,
        })
    }

    /// How it words its DHCP.
    pub(crate) fn speaks_dhcp_as(&mut self, client: Client) {
        self.host.dhcp = client;
    }

    /// `00085d237429`.
    pub(crate) fn mac_lower(&self) -> String {
        self.host.mac_digits()
    }

    /// Lets time pass.
    #[expect(clippy::unused_self, reason = "the phone waits, not the program")]
    pub(crate) fn waits_ms(&self, ms: u64) {
        thread::sleep(Duration::from_millis(ms));
    }

    /// Announces itself by CDP and listens for the switch.
    pub(crate) fn speaks_cdp(&mut self, phone: &cdp::Phone<'_>) -> Result<Option<Neighbor>> {
        let host = self.host.clone();
        self.sends(|scene| scene.cdp_phone(&host, phone))?;
        let heard = self.hears(600, |frame| frame.starts_with(&CDP_ADDRESS));
        Ok(heard.map(|frame| neighbor(&frame)))
    }

    /// Announces itself by LLDP-MED and listens for the switch's voice VLAN.
    pub(crate) fn speaks_lldp(&mut self, phone: &lldp::Phone<'_>) -> Result<Option<u16>> {
        let host = self.host.clone();
        self.sends(|scene| scene.lldp_phone(&host, phone))?;
        let heard = self.hears(3_000, |frame| med_voice_vlan(frame).is_some());
        Ok(heard.as_deref().and_then(med_voice_vlan))
    }

    /// From now on all but the link's own protocols goes tagged.
    pub(crate) fn joins_vlan(&mut self, vlan: u16) -> Result<()> {
        let [high, low] = vlan.to_be_bytes();
        let mut frame = [[0xff; 6], self.host.mac].concat();
        frame.extend(TO_THE_CARD);
        frame.extend([high, low]);
        frame.resize(60, 0);
        self.mouth.says(&frame)
    }

    /// DISCOVER to ACK, as often as it takes; `false` when the phone gives up.
    pub(crate) fn leases(&mut self) -> Result<bool> {
        if let Some(address) = self.orders.remembered.take()
            && self.leases_again(address)?
        {
            return Ok(true);
        }
        let host = self.host.clone();
        let mut waited_ms = 0;
        for gap_ms in DISCOVER_GAPS_MS {
            let secs = u16::try_from(waited_ms / 1_000)?;
            waited_ms += gap_ms;
            self.sends(|scene| {
                if secs == 0 {
                    scene.dhcp_discover(&host);
                } else {
                    scene.dhcp_discover_again(&host, secs);
                }
            })?;
            let Some(offer) = self.hears_dhcp(&[2], gap_ms) else {
                self.rests(0)?;
                continue;
            };
            self.waits_ms(5);
            if self.requests(&offer)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Asks for an address that it had once (RFC 2131 §4.3.2, INIT-REBOOT); `false`
    /// when the server refuses it or says nothing.
    fn leases_again(&mut self, address: Ipv4Addr) -> Result<bool> {
        let host = self.host.clone();
        self.sends(|scene| scene.dhcp_request_remembered(&host, address))?;
        match self.hears_dhcp(&[5, 6], 3_000) {
            Some(reply) if reply.kind() == Some(5) => self.takes(&reply).map(|()| true),
            _ => Ok(false),
        }
    }

    /// REQUEST, at most three times.
    fn requests(&mut self, offer: &Reply) -> Result<bool> {
        let host = self.host.clone();
        let Some(server) = offer.lease.address(54) else {
            return Ok(false);
        };
        let server = Host::new([0xff; 6], server.octets());
        let wish = Wish::new(offer.address);
        for _ in 0..3 {
            self.sends(|scene| scene.dhcp_request(&host, &server, &wish))?;
            match self.hears_dhcp(&[5, 6], 3_000) {
                Some(reply) if reply.kind() == Some(5) => {
                    self.takes(&reply)?;
                    return Ok(true);
                }
                Some(_) => return Ok(false),
                None => {}
            }
        }
        Ok(false)
    }

    /// Puts the address on the interface, where ordinary sockets find it.
    fn takes(&mut self, ack: &Reply) -> Result<()> {
        ip("addr flush dev eth0")?;
        let mask = ack
            .lease
            .address(1)
            .map_or(24, |mask| mask.to_bits().count_ones());
        ip(&format!("addr add {}/{mask} brd + dev eth0", ack.address))?;
        if let Some(router) = ack.lease.address(3) {
            ip(&format!("route add default via {router}"))?;
        }
        self.host.ip = ack.address;
        self.lease = ack.lease.clone();
        Ok(())
    }

    /// Has an address that somebody typed in.
    pub(crate) fn has_address(&mut self, address: Ipv4Addr) -> Result<()> {
        ip(&format!("addr add {address}/24 brd + dev eth0"))?;
        self.host.ip = address;
        Ok(())
    }

    /// Does its work until that succeeds, with pauses as phones make that have nothing
    /// else to try; in the end it gives up.
    pub(crate) fn keeps_trying(
        &mut self,
        mut attempt: impl FnMut(&mut Self) -> Result<bool>,
    ) -> Result<bool> {
        for round in 0..ROUNDS {
            if round > 0 {
                self.rests(PAUSE_MS)?;
            }
            if attempt(self)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// A long pause, during which others may work: the lab is told.
    pub(crate) fn rests(&mut self, ms: u64) -> Result<()> {
        if !self.has_rested {
            self.has_rested = true;
            writeln!(std::io::stdout(), "{RESTS}")?;
        }
        self.waits_ms(ms);
        Ok(())
    }

    /// Restarts: address and VLAN are forgotten.
    pub(crate) fn restarts(&mut self) -> Result<()> {
        ip("addr flush dev eth0")?;
        // What its TCP still had to say goes nowhere; so does it in a phone without power.
        self.host.ip = Ipv4Addr::UNSPECIFIED;
        self.lease = Lease::default();
        self.joins_vlan(crate::wire::NATIVE_VLAN)
    }

    /// Sends the frames that `make` puts on the forge's wire.
    fn sends(&mut self, make: impl FnOnce(&mut Scene)) -> Result<()> {
        make(&mut self.scene);
        let frames = self.scene.frames();
        for frame in frames.iter().skip(self.n_frames) {
            self.mouth.says(&frame.bytes)?;
        }
        self.n_frames = frames.len();
        Ok(())
    }

    /// The first frame that `fits`, within so long.
    fn hears(&mut self, ms: u64, fits: impl Fn(&[u8]) -> bool) -> Option<Vec<u8>> {
        let end = Instant::now() + Duration::from_millis(ms);
        while Instant::now() < end {
            match self.ear.heard() {
                Some(frame) if fits(&frame) => return Some(frame),
                Some(_) => {}
                None => thread::sleep(Duration::from_millis(1)),
            }
        }
        None
    }

    /// A DHCP answer to this phone, of one of these kinds (option 53).
    fn hears_dhcp(&mut self, kinds: &[u8], ms: u64) -> Option<Reply> {
        let mac = self.host.mac;
        let frame = self.hears(ms, |frame| {
            Reply::read(frame, mac)
                .and_then(|reply| reply.kind())
                .is_some_and(|kind| kinds.contains(&kind))
        })?;
        Reply::read(&frame, mac)
    }
}

/// A DHCP server's answer.
#[derive(Debug)]
struct Reply {
    address: Ipv4Addr,
    lease: Lease,
}

impl Reply {
    /// Reads an untagged Ethernet frame (RFC 2131 §2), if it is one for `mac`.
    fn read(frame: &[u8], mac: [u8; 6]) -> Option<Self> {
        let udp = ipv4_payload(frame, 17)?;
        let (ports, message) = (udp.get(..4)?, udp.get(8..)?);
        if ports != [0, 67, 0, 68] || message.first()? != &2 || message.get(28..34)? != mac {
            return None;
        }
        let word = |place: usize| -> Option<Ipv4Addr> {
            let octets: [u8; 4] = message.get(place..place + 4)?.try_into().ok()?;
            Some(Ipv4Addr::from(octets))
        };
        let mut options = Vec::new();
        let mut rest = message.get(240..)?;
        while let [code, after @ ..] = rest {
            rest = match code {
                0 => after,
                255 => break,
                _ => {
                    let length = usize::from(*after.first()?);
                    options.push((*code, after.get(1..=length)?.to_vec()));
                    after.get(1 + length..)?
                }
            };
        }
        Some(Self {
            address: word(16)?,
            lease: Lease {
                options,
                next_server: word(20).filter(|server| !server.is_unspecified()),
            },
        })
    }

    fn kind(&self) -> Option<u8> {
        self.lease.option(53)?.first().copied()
    }
}

/// What an untagged IPv4 frame carries, if it is this protocol.
fn ipv4_payload(frame: &[u8], protocol: u8) -> Option<&[u8]> {
    let packet = frame.get(14..)?;
    if frame.get(12..14)? != [0x08, 0x00] || *packet.get(9)? != protocol {
        return None;
    }
    packet.get(usize::from(packet.first()? & 0x0f) * 4..)
}

/// Voice VLAN (TLV 0x000e) and power (0x001a) of a switch's announcement.
fn neighbor(frame: &[u8]) -> Neighbor {
    let mut neighbor = Neighbor::default();
    // Addresses, length, LLC and SNAP; version, time to live, checksum.
    let mut rest = frame.get(14 + 8 + 4..).unwrap_or_default();
    while let [kind_high, kind_low, high, low, value @ ..] = rest {
        let length = usize::from(u16::from_be_bytes([*high, *low])).max(4);
        match ([*kind_high, *kind_low], value) {
            ([0x00, 0x0e], [_, high, low, ..]) => {
                neighbor.voice_vlan = Some(u16::from_be_bytes([*high, *low]));
            }
            ([0x00, 0x1a], [_, _, _, _, a, b, c, d, ..]) => {
                neighbor.power_mw = Some(u32::from_be_bytes([*a, *b, *c, *d]));
            }
            _ => {}
        }
        rest = rest.get(length..).unwrap_or_default();
    }
    neighbor
}

/// The VLAN of LLDP-MED's network policy for voice (TIA-1057 §10.2.3).
fn med_voice_vlan(frame: &[u8]) -> Option<u16> {
    if frame.get(12..14)? != [0x88, 0xcc] {
        return None;
    }
    let mut rest = frame.get(14..)?;
    while let [high, low, after @ ..] = rest {
        let head = u16::from_be_bytes([*high, *low]);
        let value = after.get(..usize::from(head & 0x01ff))?;
        if let (127, [0x00, 0x12, 0xbb, 2, 1, policy @ ..]) = (head >> 9, value) {
            let [a, b, _] = policy else { return None };
            let bits = u16::from_be_bytes([*a, *b]);
            return Some(bits >> 1 & 0x0fff);
        }
        rest = after.get(value.len()..)?;
    }
    None
}

fn ip(arguments: &str) -> Result<()> {
    run(Command::new("ip").args(arguments.split(' ')))
}
