//! How long a capture of foreign traffic with a few boots takes to read.

use std::io::Write;
use std::path::Path;
use std::process::Command;

use crate::run::{Cost, cost};
use crate::traffic::{self, Lengths};
use crate::{Failure, phoneboot};

/// Bytes of each capture.
const CAPTURE_BYTES: u64 = 128 << 20;
/// How often each program runs; the best run counts.
const ROUNDS: usize = 5;

/// Measures every program on captures of tiny and of mixed frames.
pub(crate) fn measure(out: &mut dyn Write) -> Result<(), Failure> {
    let folder = tempfile::tempdir()?;
    for (title, lengths) in [
        ("Frames of 60 to 139 bytes", Lengths::Tiny),
        ("Frames of 60 to 1,514 bytes", Lengths::Mixed),
    ] {
        let path = folder.path().join("traffic.pcap");
        let n_frames = traffic::write(&path, CAPTURE_BYTES, lengths)?;
        writeln!(
            out,
            "{title}: {n_frames} frames, {} MiB\n",
            CAPTURE_BYTES >> 20
        )?;
        writeln!(
            out,
            "| Program | seconds | processor seconds | frames a second | memory, MiB |"
        )?;
        writeln!(out, "|---|---:|---:|---:|---:|")?;
        let mut best: Vec<Option<Cost>> = vec![None; programs(&path).len()];
        for round in 0..ROUNDS {
            for (index, (words, mut command)) in programs(&path).into_iter().enumerate() {
                // It takes minutes, and its place is not close.
                if round > 0 && words.starts_with("tshark") {
                    continue;
                }
                let taken = cost(&mut command)?;
                if let Some(best) = best.get_mut(index)
                    && best.is_none_or(|best| taken.wall < best.wall)
                {
                    *best = Some(taken);
                }
            }
        }
        for ((words, _), cost) in programs(&path).into_iter().zip(best.into_iter().flatten()) {
            row(words, cost, n_frames, out)?;
        }
        writeln!(out)?;
    }
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "figures for people to read")]
fn row(words: &str, cost: Cost, n_frames: u64, out: &mut dyn Write) -> Result<(), Failure> {
    let secs = cost.wall.as_secs_f64();
    writeln!(
        out,
        "| `{words}` | {secs:.2} | {:.2} | {:.1} million | {} |",
        cost.processor.as_secs_f64(),
        n_frames as f64 / secs / 1e6,
        cost.memory_bytes >> 20,
    )?;
    Ok(())
}

/// What is compared, with the words that stand in the table.
fn programs(capture: &Path) -> Vec<(&'static str, Command)> {
    let program = |words, program: &Path, before: &[&str], after: &[&str]| {
        let mut command = Command::new(program);
        command.args(before).arg(capture).args(after);
        (words, command)
    };
    vec![
        program("phoneboot analyze FILE", phoneboot(), &["analyze"], &[]),
        program("phoneboot decode FILE", phoneboot(), &["decode"], &[]),
        program(
            "tcpdump -r FILE -w /dev/null",
            Path::new("tcpdump"),
            &["-r"],
            &["-w", "/dev/null"],
        ),
        program(
            "tcpdump -nr FILE 'udp port 67 or udp port 69'",
            Path::new("tcpdump"),
            &["-nr"],
            &["udp port 67 or udp port 69"],
        ),
        program(
            "tshark -nr FILE -Y 'dhcp or tftp or http or cdp or lldp or sip'",
            Path::new("tshark"),
            &["-nr"],
            &["-Y", "dhcp or tftp or http or cdp or lldp or sip"],
        ),
    ]
}
