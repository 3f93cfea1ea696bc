//! One boot as a checklist: power, VLAN, address, server, each file, registration; how far
//! each has come. The live screen shows it while the boot goes on.

use super::model::{Boot, Lease, Link, Transfer};
use super::terminal::Tone;
use super::words;

/// One row.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Row {
    /// How far it has come.
    pub(super) mark: Mark,
    /// `address`, `server`; empty for every file but the first.
    pub(super) label: &'static str,
    /// Since the boot's first frame; `None` when it has not come yet, or has no time.
    pub(super) secs: Option<f64>,
    /// What is known of it, not escaped.
    pub(super) text: String,
    /// How much of a file has come, of how much; `None` for all else, and while the size
    /// is not known.
    pub(super) progress: Option<(u64, u64)>,
}

/// How far a row has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Mark {
    /// Not yet, or not at all: nothing is known.
    Waiting,
    /// It goes on at this moment.
    Running,
    /// Well.
    Done,
    /// Not as it should be, and the boot may come up all the same.
    Trouble,
    /// The boot cannot go on with it.
    Failed,
}

impl Mark {
    /// Its sign.
    pub(super) fn sign(self) -> &'static str {
        match self {
            Self::Waiting => "·",
            Self::Running => "▸",
            Self::Done => "✓",
            Self::Trouble => "!",
            Self::Failed => "✗",
        }
    }

    /// What it is coloured by.
    pub(super) fn tone(self) -> Tone {
        match self {
            Self::Waiting => Tone::Dim,
            Self::Running => Tone::Bold,
            Self::Done => Tone::Good,
            Self::Trouble => Tone::Warn,
            Self::Failed => Tone::Bad,
        }
    }
}

/// The rows of a boot, the files apart: what comes before them, they, and what comes after.
pub(super) struct Checklist {
    pub(super) before: Vec<Row>,
    pub(super) files: Vec<Row>,
    pub(super) after: Row,
}

/// The checklist of a boot.
pub(super) fn checklist(boot: &Boot) -> Checklist {
    Checklist {
        before: vec![
            link(boot),
            power(&boot.link),
            vlan(&boot.link),
            address(boot),
            server(boot),
        ],
        files: files(boot),
        after: registration(boot),
    }
}

/// A row that says only that nothing is known yet.
fn waiting(label: &'static str, text: &str) -> Row {
    Row {
        mark: Mark::Waiting,
        label,
        secs: None,
        text: text.to_owned(),
        progress: None,
    }
}

fn row(mark: Mark, label: &'static str, secs: Option<f64>, text: String) -> Row {
    Row {
        mark,
        secs,
        text,
        ..waiting(label, "")
    }
}

fn link(boot: &Boot) -> Row {
    let secs = boot
        .timeline
        .iter()
        .find(|step| step.phase == "link" && !step.from_phone)
        .map(|step| step.offset_ms / 1000.0);
    match &boot.link.switch {
        Some(switch) => {
            let known = [&switch.name, &switch.port].into_iter().flatten();
            let name = known.cloned().collect::<Vec<_>>().join(" ");
            row(Mark::Done, "link", secs, format!("switch {name}"))
        }
        None => waiting("link", "no switch announces itself"),
    }
}

fn power(link: &Link) -> Row {
    let mark = match link.power.state {
        "granted" => Mark::Done,
        "short" => Mark::Trouble,
        "unanswered" => Mark::Running,
        _ => return waiting("power", "not negotiated"),
    };
    let words = words::power_facts(&link.power).unwrap_or_default();
    let words = words.trim_start_matches("power ").to_owned();
    row(mark, "power", None, words)
}

fn vlan(link: &Link) -> Row {
    let used: Vec<_> = link.vlans_used.iter().map(ToString::to_string).collect();
    let used = used.join(", ");
    match (link.voice_vlan, used.is_empty()) {
        (None, true) => waiting("VLAN", "untagged; none offered"),
        (None, false) => row(Mark::Done, "VLAN", None, used),
        (Some(offered), true) => {
            let text = format!("{offered} offered, not used yet");
            row(Mark::Running, "VLAN", None, text)
        }
        (Some(offered), false) if link.vlans_used.contains(&offered) => {
            row(Mark::Done, "VLAN", None, used)
        }
        (Some(offered), false) => {
            let text = format!("{offered} offered, {used} used");
            row(Mark::Trouble, "VLAN", None, text)
        }
    }
}

fn address(boot: &Boot) -> Row {
    let Some(lease) = &boot.lease else {
        return waiting("address", "no DHCP seen yet");
    };
    let addresses = addresses(lease);
    if addresses.is_empty() {
        let text = if lease.server.is_some() {
            "offered, not given yet"
        } else {
            "asked for; no DHCP server has answered"
        };
        let mark = unless_judged(Mark::Running, boot, "lease");
        return row(mark, "address", None, text.to_owned());
    }
    let given = ["dhcp-ack", "dhcpv6-reply"];
    let secs = boot
        .timeline
        .iter()
        .find(|step| given.contains(&step.event))
        .map(|step| step.offset_ms / 1000.0);
    row(Mark::Done, "address", secs, addresses.join(", "))
}

fn addresses(lease: &Lease) -> Vec<String> {
    let of_ipv6 = lease.ipv6.iter().flat_map(|ipv6| &ipv6.addresses);
    lease.address.iter().chain(of_ipv6).cloned().collect()
}

fn server(boot: &Boot) -> Row {
    let named = boot.lease.iter().flat_map(|lease| &lease.provisioning);
    let mut named: Vec<_> = named
        .map(|source| match source.option {
            Some(option) => format!("option {option} = {}", source.value),
            None => format!("boot server {}", source.value),
        })
        .collect();
    let asked = boot.transfers.first().map(|transfer| &transfer.server);
    if named.is_empty() {
        named.extend(asked.map(|server| format!("{server} asked; no option names it")));
    }
    if named.is_empty() {
        return waiting("server", "none named yet");
    }
    let secs = boot.transfers.first().map(|transfer| {
        let nanos = transfer.started.0.nanos_since(boot.started.0);
        std::time::Duration::from_nanos(u64::try_from(nanos).unwrap_or(0)).as_secs_f64()
    });
    let well = if asked.is_some() {
        Mark::Done
    } else {
        Mark::Running
    };
    let mark = unless_judged(well, boot, "reach");
    let more = match named.len() {
        1 => String::new(),
        n => format!(" (and {} more)", n - 1),
    };
    row(mark, "server", secs, named.swap_remove(0) + &more)
}

fn files(boot: &Boot) -> Vec<Row> {
    let rows = boot.transfers.iter().enumerate().map(|(index, transfer)| {
        let label = if index == 0 { "files" } else { "" };
        let nanos = transfer.started.0.nanos_since(boot.started.0);
        let started = std::time::Duration::from_nanos(u64::try_from(nanos).unwrap_or(0));
        Row {
            progress: progress(transfer),
            ..row(
                file_mark(boot, transfer),
                label,
                Some(started.as_secs_f64()),
                file_words(transfer),
            )
        }
    });
    let rows: Vec<_> = rows.collect();
    if rows.is_empty() {
        return vec![waiting("files", "none asked for yet")];
    }
    rows
}

/// A file that is not there is a fault only where a finding says so.
fn file_mark(boot: &Boot, transfer: &Transfer) -> Mark {
    let blamed = boot
        .findings
        .iter()
        .filter(|found| found.subject.file.as_ref() == Some(&transfer.file))
        .map(|found| found.severity);
    let blamed: Vec<_> = blamed.collect();
    match transfer.status {
        "complete" | "up-to-date" => Mark::Done,
        _ if blamed.contains(&"error") => Mark::Failed,
        _ if blamed.contains(&"warning") => Mark::Trouble,
        "unknown" | "stalled" | "unanswered" | "redirected" => Mark::Running,
        _ => Mark::Waiting,
    }
}

fn progress(transfer: &Transfer) -> Option<(u64, u64)> {
    let expected = transfer.expected_bytes.filter(|&expected| expected > 0)?;
    let runs = matches!(transfer.status, "unknown" | "stalled") && transfer.bytes > 0;
    runs.then(|| (transfer.bytes.min(expected), expected))
}

/// `term70.default.loads  4.2 KiB`, `SEP001AA17BE638.cnf.xml  not found`.
fn file_words(transfer: &Transfer) -> String {
    let state = match transfer.status {
        "complete" => size(transfer.bytes),
        "unknown" | "stalled" if transfer.bytes > 0 => size(transfer.bytes),
        "unknown" | "unanswered" => "asked for".to_owned(),
        other => other.replace('-', " "),
    };
    format!("{}  {state}", transfer.file)
}

/// Bytes as people say them.
fn size(bytes: u64) -> String {
    let tenths_of = |unit: u64| (bytes / unit, bytes % unit * 10 / unit);
    match bytes {
        0..1_024 => words::count(bytes, "byte", "bytes"),
        1_024..1_048_576 => {
            let (whole, tenths) = tenths_of(1_024);
            format!("{whole}.{tenths} KiB")
        }
        _ => {
            let (whole, tenths) = tenths_of(1_048_576);
            format!("{whole}.{tenths} MiB")
        }
    }
}

fn registration(boot: &Boot) -> Row {
    let Some(attempt) = &boot.registration else {
        return waiting("register", "not tried yet");
    };
    let mark = match attempt.status {
        "registered" => Mark::Done,
        "rejected" => unless_judged(Mark::Trouble, boot, "register"),
        _ => unless_judged(Mark::Running, boot, "register"),
    };
    let server = attempt.server.as_deref().unwrap_or("its call server");
    let protocol = attempt.protocol.to_uppercase();
    let words = match attempt.status {
        "registered" => format!("{protocol} at {server}"),
        "rejected" => format!("{protocol}: refused by {server}"),
        _ => format!("{protocol}: {server} asked, no answer yet"),
    };
    let step = boot
        .timeline
        .iter()
        .find(|step| step.frame == attempt.frame && step.phase == "register");
    let secs = step.map(|step| step.offset_ms / 1000.0);
    row(mark, "register", secs, words)
}

/// How a phase stands, unless a finding has judged it already.
fn unless_judged(mark: Mark, boot: &Boot, phase: &str) -> Mark {
    let status = boot
        .phases
        .iter()
        .find(|one| one.phase == phase)
        .map(|one| one.status);
    match status {
        Some("failed") => Mark::Failed,
        Some("trouble") => Mark::Trouble,
        _ => mark,
    }
}
