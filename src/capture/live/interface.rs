//! [`Interface`](super::Interface)s that are listened on: opening, reading, watching the
//! link.

use std::fs;
use std::path::PathBuf;

use pcap::{Active, Capture, Precision};

use crate::capture::save::Origin;
use crate::capture::{Error, Frame, FrameNumber, LinkType, Timestamp};

use super::{filter, load_libpcap, rights, words};

/// Bytes that the kernel keeps for us while we are busy.
const BUFFER_BYTES: i32 = 16 << 20;

/// How long the kernel keeps a frame to itself at the most, in milliseconds. libpcap's immediate
/// mode, which waits for nothing, gives every frame as much of the buffer as the longest may
/// need: of 64-byte frames it then loses half at rates that this way are heard whole.
const BLOCK_MS: i32 = 10;

/// Most bytes of a frame that are kept unless the user says otherwise: all of any.
pub const SNAP_LENGTH: u32 = 262_144;

/// How an interface is listened on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Its name.
    pub interface: String,
    /// The capture filter in tcpdump's words; `None` for [`filter::DEFAULT`].
    pub filter: Option<String>,
    /// Most bytes of a frame that are kept.
    pub snap_length: u32,
    /// Whether frames to others are heard, too.
    pub promiscuous: bool,
}

/// An interface that is listened on.
pub struct Listener {
    pcap: Capture<Active>,
    /// How many nanoseconds one unit of the fraction of a time stamp is.
    nanos_per_unit: i64,
    link_type: LinkType,
    origin: Origin,
    n_frames: u64,
}

/// What the interface gives.
pub enum Given<'a> {
    /// A frame.
    Frame(Frame<'a>),
    /// Nothing at present.
    Nothing,
    /// It fails, for now or for ever.
    Trouble(String),
}

/// How many frames there were, by the kernel's account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Statistics {
    /// Frames that passed the filter.
    pub received: u64,
    /// Frames of these that were lost because nobody took them in time, or that the
    /// interface itself lost.
    pub dropped: u64,
}

impl Listener {
    /// Opens an interface. Needs the right to capture.
    pub fn open(settings: &Settings) -> Result<Self, Error> {
        load_libpcap()?;
        let name = &settings.interface;
        let refused = |error: pcap::Error| refusal(name, &words(error));
        // Whatever is no network interface may know no nanoseconds, and libpcap does not
        // say so.
        let in_nanos = name == "any" || system_folder(name).exists();
        let pcap = Capture::from_device(name.as_str())
            .map_err(refused)?
            .promisc(settings.promiscuous)
            .snaplen(i32::try_from(settings.snap_length).unwrap_or(i32::MAX))
            .buffer_size(BUFFER_BYTES)
            .timeout(BLOCK_MS)
            .precision(if in_nanos {
                Precision::Nano
            } else {
                Precision::Micro
            })
            .open()
            .map_err(refused)?;
        let mut pcap = pcap.setnonblock().map_err(refused)?;
        let filter = match &settings.filter {
            Some(filter) => {
                pcap.filter(filter, true).map_err(|error| Error::Filter {
                    filter: filter.clone(),
                    reason: words(error),
                })?;
                Some(filter.clone())
            }
            // It means nothing on some link types.
            None => pcap
                .filter(filter::DEFAULT, true)
                .is_ok()
                .then(|| filter::DEFAULT.to_owned()),
        };
        let number = link_type_of_dlt(pcap.get_datalink().0);
        Ok(Self {
            nanos_per_unit: if in_nanos { 1 } else { 1000 },
            link_type: LinkType::from_number(number.into()),
            origin: Origin {
                interface: name.clone(),
                filter,
                system: system(),
                link_type: number,
                snap_length: settings.snap_length,
            },
            pcap,
            n_frames: 0,
        })
    }

    /// What it is, and which filter it has.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// What its frames begin with.
    pub fn link_type(&self) -> LinkType {
        self.link_type
    }

    /// The next frame, if there is one.
    #[allow(clippy::useless_conversion, reason = "C's types differ by system")]
    pub fn next_frame(&mut self) -> Given<'_> {
        match self.pcap.next_packet() {
            Ok(packet) => {
                self.n_frames += 1;
                let stamp = packet.header.ts;
                // With nanoseconds, the field for microseconds holds these.
                let nanos = i64::from(stamp.tv_usec).saturating_mul(self.nanos_per_unit);
                let secs = i64::from(stamp.tv_sec).saturating_mul(1_000_000_000);
                Given::Frame(Frame {
                    capture: 0,
                    number: FrameNumber(self.n_frames),
                    time: Timestamp(secs.saturating_add(nanos)),
                    link_type: self.link_type,
                    wire_length: usize::try_from(packet.header.len).unwrap_or(packet.data.len()),
                    bytes: packet.data,
                })
            }
            Err(pcap::Error::TimeoutExpired | pcap::Error::NoMorePackets) => Given::Nothing,
            Err(error) => Given::Trouble(words(error)),
        }
    }

    /// Waits until there may be a frame, 100 ms at the most.
    #[cfg(unix)]
    pub fn wait(&self) {
        use rustix::event::{PollFd, PollFlags, Timespec, poll};

        let timeout = Timespec {
            tv_sec: 0,
            tv_nsec: 100_000_000,
        };
        let mut fds = [PollFd::new(&self.pcap, PollFlags::IN)];
        // Interrupted or not: the caller looks again.
        let _ = poll(&mut fds, Some(&timeout));
        let [fd] = fds;
        if !fd.revents().is_empty() && !fd.revents().contains(PollFlags::IN) {
            // An error stands until it is fetched: no reason to spin.
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
    }

    /// Waits until there may be a frame.
    #[cfg(not(unix))]
    pub fn wait(&self) {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }

    /// How many frames there were; `None` when the system does not tell.
    pub fn statistics(&mut self) -> Option<Statistics> {
        let told = self.pcap.stats().ok()?;
        Some(Statistics {
            received: told.received.into(),
            dropped: u64::from(told.dropped) + u64::from(told.if_dropped),
        })
    }
}

/// Whether an interface carries frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkState {
    /// It does.
    Up,
    /// Nothing is plugged in, or what is at the other end has no power.
    NoCarrier,
    /// It is switched off.
    Down,
    /// It is not there any more.
    Gone,
}

/// Whether an interface carries frames; `None` when the system does not tell, as for `any`.
pub fn link_state(name: &str) -> Option<LinkState> {
    let folder = system_folder(name);
    if !folder.exists() {
        return system_folder("").exists().then_some(LinkState::Gone);
    }
    // Reading it fails while the interface is switched off.
    match fs::read_to_string(folder.join("carrier")) {
        Err(_) => Some(LinkState::Down),
        Ok(text) if text.trim() == "0" => Some(LinkState::NoCarrier),
        Ok(_) => Some(LinkState::Up),
    }
}

/// Where Linux tells of an interface.
fn system_folder(name: &str) -> PathBuf {
    PathBuf::from("/sys/class/net").join(name)
}

/// `Linux 6.1.0-18-amd64`; empty where the system does not tell.
fn system() -> String {
    let read = |name: &str| {
        let text = fs::read_to_string(format!("/proc/sys/kernel/{name}")).ok()?;
        Some(text.trim().to_owned())
    };
    match (read("ostype"), read("osrelease")) {
        (Some(name), Some(release)) => format!("{name} {release}"),
        _ => String::new(),
    }
}

/// The number that files bear for a link type. libpcap's own differ where systems never
/// agreed: raw IP is 12, or 14 on OpenBSD.
fn link_type_of_dlt(dlt: i32) -> u16 {
    match dlt {
        12 | 14 => 101,
        other => u16::try_from(other).unwrap_or(u16::MAX),
    }
}

/// Why an interface cannot be opened, with what helps.
fn refusal(name: &str, reason: &str) -> Error {
    let known = || {
        let devices = pcap::Device::list().unwrap_or_default();
        let names: Vec<_> = devices.into_iter().map(|device| device.name).collect();
        format!("there are {}", names.join(", "))
    };
    let remedy = if name != "any" && link_state(name) == Some(LinkState::Gone) {
        known()
    } else if let Some(right) = rights::missing() {
        return Error::NoRight {
            right,
            remedy: rights::remedy(),
        };
    } else if link_state(name) == Some(LinkState::Down) {
        format!("switch it on: sudo ip link set {name} up")
    } else {
        known()
    };
    Error::Interface {
        name: name.to_owned(),
        reason: reason.to_owned(),
        remedy,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::live::permission;

    #[test]
    fn the_default_filter_compiles_for_what_can_be_captured() {
        if load_libpcap().is_err() {
            return;
        }
        for link_type in [1, 113, 276, 12, 105, 127, 0, 108] {
            let dead = Capture::dead(pcap::Linktype(link_type)).unwrap();
            let compiled = dead.compile(filter::DEFAULT, true);
            assert!(compiled.is_ok(), "{link_type}: {:?}", compiled.err());
        }
    }

    #[test]
    fn the_default_filter_passes_all_but_bulk() {
        if load_libpcap().is_err() {
            return;
        }
        let dead = Capture::dead(pcap::Linktype(1)).unwrap();
        let program = dead.compile(filter::DEFAULT, true).unwrap();
        let ip = |protocol: u8, fragment: [u8; 2], rest: &[u8]| {
            let mut bytes = vec![2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0, 0x45, 0, 0, 200];
            bytes.extend([0, 1, fragment[0], fragment[1], 64, protocol, 0, 0]);
            bytes.extend([192, 0, 2, 1, 192, 0, 2, 2]);
            bytes.extend(rest);
            bytes
        };
        let udp = |from: u16, to: u16, first: u8| {
            let mut bytes = [from.to_be_bytes(), to.to_be_bytes()].concat();
            bytes.extend([0, 50, 0, 0, first]);
            bytes.resize(50, 0);
            bytes
        };
        let tagged = |frame: &[u8]| [&frame[..12], &[0x81, 0, 0, 110], &frame[12..]].concat();
        let whole = [0, 0];
        let rtp = ip(17, whole, &udp(20_000, 30_000, 0x80));
        let quic = ip(17, whole, &udp(50_000, 443, 0xc3));
        for (name, frame, passes) in [
            ("RTP", rtp.clone(), false),
            ("QUIC", quic, false),
            ("ESP", ip(50, whole, &[0; 60]), false),
            ("RTP in a tag", tagged(&rtp), true),
            ("TFTP data", ip(17, whole, &udp(20_000, 30_000, 0)), true),
            ("SIP", ip(17, whole, &udp(20_000, 30_000, b'S')), true),
            ("TFTP", ip(17, whole, &udp(2070, 69, 0)), true),
            ("DNS", ip(17, whole, &udp(5000, 53, 0x80)), true),
            ("H.323", ip(17, whole, &udp(5000, 1719, 0x80)), true),
            (
                "first fragment",
                ip(17, [0x20, 0], &udp(2000, 3000, 0x80)),
                true,
            ),
            (
                "last fragment",
                ip(17, [0, 9], &udp(2000, 3000, 0x80)),
                true,
            ),
            ("TCP", ip(6, whole, &[0x80; 60]), true),
            ("ICMP", ip(1, whole, &[0x80; 60]), true),
            ("ARP", [&[2; 12][..], &[8, 6], &[0x80; 46]].concat(), true),
            (
                "CDP",
                [&[1; 12][..], &[0, 60, 0xaa], &[0x80; 60]].concat(),
                true,
            ),
            (
                "EAPOL",
                [&[2; 12][..], &[0x88, 0x8e], &[0x80; 46]].concat(),
                true,
            ),
            (
                "IPv6",
                [&[2; 12][..], &[0x86, 0xdd], &[0x80; 60]].concat(),
                true,
            ),
        ] {
            assert_eq!(program.filter(&frame), passes, "{name}");
        }
    }

    #[test]
    fn says_which_interfaces_there_are() {
        let settings = Settings {
            interface: "none0".into(),
            filter: None,
            snap_length: SNAP_LENGTH,
            promiscuous: false,
        };
        let error = Listener::open(&settings).err().unwrap().to_string();
        // Without libpcap that is said, without /sys or rights these.
        if load_libpcap().is_ok() && permission(&[]).is_ok() && system_folder("").exists() {
            assert!(error.starts_with("none0: "), "{error}");
            assert!(error.contains("there are "), "{error}");
        }
    }

    #[test]
    fn numbers_link_types_as_files_do() {
        assert_eq!(link_type_of_dlt(12), 101);
        assert_eq!(link_type_of_dlt(1), 1);
        assert_eq!(link_type_of_dlt(276), 276);
    }
}
