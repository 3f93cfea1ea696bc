//! Traffic of an office with a phone's boot in it, always the same for the same size.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use crate::Failure;

/// How long the frames are.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Lengths {
    /// 60 to 139 bytes: the most frames a second.
    Tiny,
    /// 60 to 1,514 bytes.
    Mixed,
}

/// A phone's boot, put in once among so many frames of others.
const FRAMES_PER_BOOT: u64 = 100_000;
/// Conversations that go on at the same time.
const N_FLOWS: usize = 2_000;
/// What is served by TCP: the web, files, remote desktops, mail, databases.
const TCP_PORTS: &[u16] = &[443, 443, 443, 445, 3389, 993, 1433, 5432];
/// What is served by UDP: QUIC, and media.
const UDP_PORTS: &[u16] = &[443, 443, 16_384, 40_000];
/// Time between two frames, in nanoseconds.
const GAP_NS: u64 = 2_000;

/// Writes a capture of about `size` bytes (pcap, nanoseconds, Ethernet): four fifths TCP,
/// one fifth UDP, a tenth with a VLAN tag. Returns the number of frames.
pub(crate) fn write(path: &Path, size: u64, lengths: Lengths) -> Result<u64, Failure> {
    let mut out = BufWriter::with_capacity(1 << 20, File::create(path)?);
    for word in [0xa1b2_3c4d_u32, 0x0004_0002, 0, 0, 0x0004_0000, 1] {
        out.write_all(&word.to_le_bytes())?;
    }
    let boot = boot()?;
    let mut random = fastrand::Rng::with_seed(7);
    let mut flows: Vec<Flow> = (0..N_FLOWS).map(|_| Flow::new(&mut random)).collect();
    let (mut written, mut n_frames) = (0, 0);
    while written < size {
        let frames = if n_frames % FRAMES_PER_BOOT == FRAMES_PER_BOOT / 2 {
            boot.clone()
        } else {
            let flow = random.usize(..flows.len());
            flows
                .get_mut(flow)
                .map(|flow| vec![flow.frame(&mut random, lengths)])
                .unwrap_or_default()
        };
        for frame in frames {
            let time = 1_767_225_600_000_000_000 + n_frames * GAP_NS;
            let length = u32::try_from(frame.len())?;
            for word in [
                u32::try_from(time / 1_000_000_000)?,
                u32::try_from(time % 1_000_000_000)?,
                length,
                length,
            ] {
                out.write_all(&word.to_le_bytes())?;
            }
            out.write_all(&frame)?;
            written += u64::from(length) + 16;
            n_frames += 1;
        }
    }
    out.flush()?;
    Ok(n_frames)
}

/// What two hosts say to each other.
struct Flow {
    source: u16,
    destination: u16,
    ports: [u16; 2],
    is_udp: bool,
    has_tag: bool,
    sequence: u32,
}

impl Flow {
    fn new(random: &mut fastrand::Rng) -> Self {
        let is_udp = random.u8(..5) == 0;
        let served = if is_udp { UDP_PORTS } else { TCP_PORTS };
        Self {
            source: random.u16(..1_000),
            destination: random.u16(1_000..2_000),
            ports: [random.u16(32_768..), *random.choice(served).unwrap_or(&0)],
            is_udp,
            has_tag: random.u8(..10) == 0,
            sequence: random.u32(..),
        }
    }

    /// The next frame, with random content.
    fn frame(&mut self, random: &mut fastrand::Rng, lengths: Lengths) -> Vec<u8> {
        let length = match lengths {
            Lengths::Tiny => random.usize(60..140),
            Lengths::Mixed => random.usize(60..1_515),
        };
        let mut frame = Vec::with_capacity(length);
        for host in [self.destination, self.source] {
            frame.extend_from_slice(&[0x02, 0, 0, 0]);
            frame.extend_from_slice(&host.to_be_bytes());
        }
        if self.has_tag {
            frame.extend_from_slice(&[0x81, 0, 0, 110]);
        }
        let ip_length = u16::try_from(length - frame.len() - 2).unwrap_or(u16::MAX);
        frame.extend_from_slice(&[0x08, 0, 0x45, 0]);
        frame.extend_from_slice(&ip_length.to_be_bytes());
        frame.extend_from_slice(&random.u16(..).to_be_bytes());
        frame.extend_from_slice(&[0x40, 0, 64, if self.is_udp { 17 } else { 6 }, 0, 0]);
        for host in [self.source, self.destination] {
            frame.extend_from_slice(&[198, 18]);
            frame.extend_from_slice(&host.to_be_bytes());
        }
        for port in self.ports {
            frame.extend_from_slice(&port.to_be_bytes());
        }
        if self.is_udp {
            frame.extend_from_slice(&(ip_length - 20).to_be_bytes());
            frame.extend_from_slice(&[0, 0]);
        } else {
            frame.extend_from_slice(&self.sequence.to_be_bytes());
            frame.extend_from_slice(&[0, 0, 0, 1, 0x50, 0x10, 0xff, 0xff, 0, 0, 0, 0]);
            self.sequence = self.sequence.wrapping_add(u32::from(ip_length) - 40);
        }
        while frame.len() < length {
            frame.push(random.u8(..));
        }
        frame
    }
}

/// The frames of a bundled capture.
fn boot() -> Result<Vec<Vec<u8>>, Failure> {
    use pcap_parser::traits::{PcapNGPacketBlock, PcapReaderIterator};
    use pcap_parser::{Block, PcapBlockOwned, PcapError, PcapNGReader};

    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("captures/yealink/healthy-t48s.pcapng");
    let mut reader = PcapNGReader::new(1 << 16, File::open(&path)?)
        .map_err(|error| format!("{}: {error}", path.display()))?;
    let mut frames = Vec::new();
    loop {
        match reader.next() {
            Ok((offset, block)) => {
                if let PcapBlockOwned::NG(Block::EnhancedPacket(packet)) = block {
                    frames.push(packet.packet_data().to_vec());
                }
                reader.consume(offset);
            }
            Err(PcapError::Eof) => return Ok(frames),
            Err(PcapError::Incomplete(_)) => reader
                .refill()
                .map_err(|error| format!("{}: {error}", path.display()))?,
            Err(error) => return Err(format!("{}: {error}", path.display()).into()),
        }
    }
}
