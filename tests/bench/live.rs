//! How many frames of an interface are heard at the highest rate, and whether memory stays
//! flat. Two network namespaces joined by a cable of veth: nothing leaves them. Needs root,
//! iproute2 and tcpreplay.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::traffic::{self, Lengths};
use crate::{Failure, phoneboot};

/// Bytes of the capture that is replayed, again and again.
const CAPTURE_BYTES: u64 = 64 << 20;
/// How often it is replayed for one row.
const LOOPS: u32 = 3;
/// How often each listener runs; the run that lost least counts.
const ROUNDS: usize = 2;
/// How long memory is watched, and how often it is read.
const WATCH: Duration = Duration::from_secs(60);
const WATCH_STEP: Duration = Duration::from_secs(10);
/// What a listener needs to begin, and to end with what is still in its queue.
const SETTLE: Duration = Duration::from_millis(1_500);

/// What one listener made of the frames.
struct Heard {
    sent: u64,
    rate: u64,
    received: u64,
    dropped: u64,
}

/// Measures the programs one after the other.
pub(crate) fn measure(out: &mut dyn Write) -> Result<(), Failure> {
    let folder = tempfile::tempdir()?;
    let capture = folder.path().join("traffic.pcap");
    traffic::write(&capture, CAPTURE_BYTES, Lengths::Tiny)?;
    let cable = Cable::new()?;
    writeln!(
        out,
        "| Program | frames sent | a second | received | dropped | heard |"
    )?;
    writeln!(out, "|---|---:|---:|---:|---:|---:|")?;
    let mut best: Vec<Option<Heard>> = listeners().iter().map(|_| None).collect();
    for _ in 0..ROUNDS {
        for (listener, best) in listeners().iter().zip(&mut best) {
            let heard = hear(listener, &cable, &capture, folder.path())?;
            if best
                .as_ref()
                .is_none_or(|best| heard.received > best.received)
            {
                *best = Some(heard);
            }
        }
    }
    for (listener, heard) in listeners().iter().zip(best.iter().flatten()) {
        row(listener.words, heard, out)?;
    }
    writeln!(out)?;
    memory(&cable, &capture, folder.path(), out)
}

#[expect(clippy::cast_precision_loss, reason = "figures for people to read")]
fn row(words: &str, heard: &Heard, out: &mut dyn Write) -> Result<(), Failure> {
    let Heard {
        sent,
        rate,
        received,
        dropped,
    } = heard;
    let share = *received as f64 / *sent as f64 * 100.0;
    writeln!(
        out,
        "| `{words}` | {sent} | {rate} | {received} | {dropped} | {share:.1} % |"
    )?;
    Ok(())
}

/// A program that listens.
struct Listener {
    words: &'static str,
    program: &'static Path,
    arguments: &'static [&'static str],
}

fn listeners() -> [Listener; 3] {
    let sniff = &["sniff", "-q", "-i", "far", "-f", "", "--format", "json"];
    let saving = &[
        "sniff",
        "-q",
        "-i",
        "far",
        "-f",
        "",
        "--format",
        "json",
        "-w",
        "/dev/null",
    ];
    [
        Listener {
            words: "tcpdump -w /dev/null",
            program: Path::new("tcpdump"),
            arguments: &["-i", "far", "-w", "/dev/null"],
        },
        Listener {
            words: "phoneboot sniff",
            program: phoneboot(),
            arguments: sniff,
        },
        Listener {
            words: "phoneboot sniff -w /dev/null",
            program: phoneboot(),
            arguments: saving,
        },
    ]
}

/// Replays the capture while one listener listens.
fn hear(
    listener: &Listener,
    cable: &Cable,
    capture: &Path,
    folder: &Path,
) -> Result<Heard, Failure> {
    let (output, mut child) = listen(listener, cable, folder)?;
    let sent = cable.replay(capture, &["--topspeed", &format!("--loop={LOOPS}")])?;
    sleep(SETTLE);
    interrupt(&mut child)?;
    let words = fs::read_to_string(&output)?;
    let (received, dropped) = if listener.program == phoneboot() {
        from_report(&words)?
    } else {
        from_tcpdump(&words)?
    };
    Ok(Heard {
        sent: number_before(&sent, " packets")?,
        rate: number_before(&sent, " pps")?,
        received,
        dropped,
    })
}

fn listen(
    listener: &Listener,
    cable: &Cable,
    folder: &Path,
) -> Result<(std::path::PathBuf, Child), Failure> {
    let output = folder.join("output");
    let file = File::create(&output)?;
    let is_phoneboot = listener.program == phoneboot();
    let child = Command::new("ip")
        .args(["netns", "exec", &cable.far])
        .arg(listener.program)
        .args(listener.arguments)
        .stdin(Stdio::null())
        .stdout(if is_phoneboot {
            file.try_clone()?.into()
        } else {
            Stdio::null()
        })
        .stderr(if is_phoneboot {
            Stdio::inherit()
        } else {
            file.into()
        })
        .spawn()?;
    sleep(SETTLE);
    Ok((output, child))
}

/// Watches the memory of a sniff under steady traffic.
fn memory(
    cable: &Cable,
    capture: &Path,
    folder: &Path,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let [_, sniff, _] = listeners();
    let (_, mut child) = listen(&sniff, cable, folder)?;
    let duration = format!("--duration={}", WATCH.as_secs());
    let mut sender = cable
        .replayer(capture, &["--pps=200000", "--loop=0", &duration])
        .spawn()?;
    writeln!(
        out,
        "| seconds at 200,000 frames a second | memory of `phoneboot sniff`, KiB |"
    )?;
    writeln!(out, "|---:|---:|")?;
    let started = Instant::now();
    while started.elapsed() < WATCH {
        let status = fs::read_to_string(format!("/proc/{}/status", child.id()))?;
        let resident = number_before(
            status.split_once("VmRSS:").map_or("", |(_, rest)| rest),
            " kB",
        )?;
        writeln!(out, "| {} | {resident} |", started.elapsed().as_secs())?;
        sleep(WATCH_STEP);
    }
    sender.wait()?;
    interrupt(&mut child)
}

/// Ends a listener as Ctrl-C does, and waits for it.
fn interrupt(child: &mut Child) -> Result<(), Failure> {
    run(Command::new("kill").args(["-INT", &child.id().to_string()]))?;
    child.wait()?;
    Ok(())
}

fn from_report(report: &str) -> Result<(u64, u64), Failure> {
    let report: serde_json::Value = serde_json::from_str(report)?;
    let count = |name: &str| {
        report
            .pointer(&format!("/captures/0/{name}"))
            .and_then(serde_json::Value::as_u64)
            .ok_or_else(|| format!("the report does not tell {name}"))
    };
    Ok((count("frames")?, count("dropped")?))
}

fn from_tcpdump(words: &str) -> Result<(u64, u64), Failure> {
    Ok((
        number_before(words, " packets captured")?,
        number_before(words, " packets dropped by kernel")?,
    ))
}

/// The number that stands right before these words, without its decimals.
fn number_before(text: &str, words: &str) -> Result<u64, Failure> {
    let end = text
        .find(words)
        .ok_or_else(|| format!("{words:?} not found in {text:?}"))?;
    let number = text[..end]
        .rsplit([' ', '\t', '\n'])
        .next()
        .unwrap_or_default();
    let whole = number.split('.').next().unwrap_or_default();
    Ok(whole.parse()?)
}

/// Two namespaces and the cable between them, taken down when it goes.
struct Cable {
    near: String,
    far: String,
}

impl Cable {
    fn new() -> Result<Self, Failure> {
        let id = std::process::id();
        let cable = Self {
            near: format!("pbbench{id}n"),
            far: format!("pbbench{id}f"),
        };
        run(ip(&["netns", "add", &cable.near]))?;
        run(ip(&["netns", "add", &cable.far]))?;
        run(ip(&[
            "-n",
            &cable.near,
            "link",
            "add",
            "near",
            "type",
            "veth",
            "peer",
            "name",
            "far",
            "netns",
            &cable.far,
        ]))?;
        for (space, end) in [(&cable.near, "near"), (&cable.far, "far")] {
            run(ip(&["-n", space, "link", "set", end, "up"]))?;
        }
        Ok(cable)
    }

    /// Replays a capture into the near end; what the replayer says of it.
    fn replay(&self, capture: &Path, how: &[&str]) -> Result<String, Failure> {
        let output = self
            .replayer(capture, how)
            .stdout(Stdio::piped())
            .output()?;
        let words = String::from_utf8_lossy(&output.stdout).into_owned();
        if output.status.success() {
            Ok(words)
        } else {
            let reason = String::from_utf8_lossy(&output.stderr).into_owned();
            Err(format!("tcpreplay: {reason}").into())
        }
    }

    fn replayer(&self, capture: &Path, how: &[&str]) -> Command {
        let mut command = ip(&[
            "netns",
            "exec",
            &self.near,
            "tcpreplay",
            "-q",
            "-K",
            "-i",
            "near",
        ]);
        command
            .args(how)
            .arg(capture)
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command
    }
}

impl Drop for Cable {
    fn drop(&mut self) {
        for space in [&self.near, &self.far] {
            // What was never made cannot be removed.
            let _ = run(ip(&["netns", "delete", space]));
        }
    }
}

fn ip(words: &[&str]) -> Command {
    let mut command = Command::new("ip");
    command.args(words);
    command
}

fn run(mut command: impl std::borrow::BorrowMut<Command>) -> Result<(), Failure> {
    let command = command.borrow_mut();
    let status = command.status()?;
    if status.success() {
        return Ok(());
    }
    Err(format!("{command:?}: {status}").into())
}
