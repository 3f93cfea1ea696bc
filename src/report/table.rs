//! The report for a terminal.
//!
//! Made for whoever stands in front of a dead phone: the verdict of each boot
//! first, then its steps, then what is wrong and what to do, and the verdict over
//! all once more as the last line. Readable at 80 columns and complete without
//! colours.

use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr};

use super::fold::{Boots, Row, boots, errors, evidence, fold};
use super::model::{Boot, Capture, Evidence, Finding, Phone, Report, Step, Time, Transfer};
use super::terminal::{Para, Printer, Tone};
use super::{Style, build, words};

/// Writes the report.
pub(super) fn write(report: &Report, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let mut page = Page {
        report,
        style,
        printer: Printer::new(style, out),
    };
    for (index, capture) in report.captures.iter().enumerate() {
        page.capture(index, capture)?;
    }
    if report.verdict == "no-phone" {
        page.no_phone()?;
    }
    for phone in &report.phones {
        page.phone(phone)?;
    }
    page.end()
}

/// A report on its way to the terminal.
struct Page<'a> {
    report: &'a Report,
    style: &'a Style,
    printer: Printer<'a>,
}

impl Page<'_> {
    /// A paragraph whose further lines begin two columns deeper.
    fn say(&mut self, indent: usize, lead: (&str, Tone), text: &str) -> io::Result<()> {
        self.printer.para(Para {
            indent,
            hang: indent + 2,
            lead,
            text,
        })
    }

    fn capture(&mut self, index: usize, capture: &Capture) -> io::Result<()> {
        let name = if self.report.captures.len() > 1 {
            format!("[{}] {}", index + 1, capture.file)
        } else {
            capture.file.clone()
        };
        let facts = words::capture_facts(capture);
        self.say(0, (&name, Tone::Bold), &format!(" {facts}"))?;
        for lack in words::capture_lacks(capture) {
            self.say(2, ("!", Tone::Warn), &lack)?;
        }
        if self.style.quiet {
            return Ok(());
        }
        let start = capture.first.unwrap_or(self.report.generated_at);
        for finding in &capture.notes {
            if finding.severity == "note" && !self.style.verbose {
                self.note(2, finding)?;
            } else {
                self.finding(2, finding, start)?;
            }
        }
        Ok(())
    }

    fn no_phone(&mut self) -> io::Result<()> {
        let (seen, checks) = words::no_phone(self.report);
        self.printer.blank()?;
        self.say(0, ("No phone boot found.", Tone::Bold), &seen)?;
        if self.style.quiet {
            return Ok(());
        }
        self.say(0, ("", Tone::Plain), "What to check:")?;
        self.steps(2, checks.iter().copied())
    }

    fn phone(&mut self, phone: &Phone) -> io::Result<()> {
        self.printer.blank()?;
        let kind = words::kind_of_phone(phone);
        let names = words::names_of_phone(phone);
        self.say(0, (&kind, Tone::Bold), &format!(" {names}"))?;
        if self.style.quiet {
            return match phone.boots.last() {
                Some(last) => self.quiet_boot(phone, last),
                None => Ok(()),
            };
        }
        if let Some(firmware) = &phone.firmware {
            self.say(2, ("firmware", Tone::Dim), firmware)?;
        }
        if let Some(clues) = words::recognised_by(phone, self.style.verbose) {
            self.say(2, ("recognised by", Tone::Dim), &clues)?;
        }
        for shown in boots(&phone.boots, self.style.verbose) {
            self.printer.blank()?;
            match shown {
                Boots::Full(boot) => self.boot(phone, boot)?,
                Boots::Alike(alike) => self.alike(phone, alike)?,
            }
        }
        if phone.boots_left_out > 0 {
            let left_out = words::count(phone.boots_left_out, "boot", "boots");
            let text = format!("{left_out} behind the first not kept");
            self.say(2, ("!", Tone::Warn), &text)?;
        }
        Ok(())
    }

    fn quiet_boot(&mut self, phone: &Phone, boot: &Boot) -> io::Result<()> {
        self.verdict(phone, boot)?;
        for finding in &boot.findings {
            if finding.severity != "note" {
                self.headline(4, finding)?;
            }
        }
        Ok(())
    }

    /// `Boot 3 of 3  FAILED in fetch after 41.0 s (frames 3 to 88)`
    fn verdict(&mut self, phone: &Phone, boot: &Boot) -> io::Result<()> {
        let (outcome, rest) = words::ending(boot);
        let number = number_of(phone, boot);
        let [first, last] = boot.frames;
        let lead = format!("{number}  {outcome}");
        let text = format!("{rest} (frames {first} to {last})");
        self.say(2, (&lead, Tone::of_outcome(boot.outcome)), &text)
    }

    fn alike(&mut self, phone: &Phone, alike: &[Boot]) -> io::Result<()> {
        let ([first, ..], [.., last]) = (alike, alike) else {
            return Ok(());
        };
        let (outcome, rest) = words::ending(first);
        let (number, rest) = if alike.len() > 1 {
            let total = total_of(phone);
            let numbers = format!("Boots {} to {} of {total}", first.number, last.number);
            (numbers, format!("in {} each time", first.phase))
        } else {
            (number_of(phone, first), rest)
        };
        let why: Vec<_> = errors(first).collect();
        let why = if why.is_empty() {
            String::new()
        } else {
            format!(": {}, as below", why.join(", "))
        };
        let lead = format!("{number}  {outcome}");
        self.say(
            2,
            (&lead, Tone::of_outcome(first.outcome)),
            &format!("{rest}{why}"),
        )
    }

    fn boot(&mut self, phone: &Phone, boot: &Boot) -> io::Result<()> {
        self.verdict(phone, boot)?;
        self.say(2, ("", Tone::Plain), &words::phases(boot))?;
        for (label, fact) in words::facts(boot) {
            self.printer.para(Para {
                indent: 2,
                hang: 9,
                lead: (&format!("{label:<6}"), Tone::Dim),
                text: &fact,
            })?;
        }
        self.timeline(boot)?;
        if self.style.verbose {
            self.transfers(&boot.transfers)?;
        }
        let (notes, faults): (Vec<_>, Vec<_>) = words::by_cause(&boot.findings)
            .partition(|(_, finding)| finding.severity == "note" && !self.style.verbose);
        for (depth, finding) in faults {
            self.printer.blank()?;
            self.finding(2 + 4 * depth, finding, boot.started)?;
        }
        if !notes.is_empty() {
            self.printer.blank()?;
        }
        for (_, note) in notes {
            self.note(2, note)?;
        }
        Ok(())
    }

    fn timeline(&mut self, boot: &Boot) -> io::Result<()> {
        let rows = if self.style.verbose {
            boot.timeline.iter().map(Row::Step).collect()
        } else {
            fold(&boot.timeline)
        };
        if rows.is_empty() {
            return Ok(());
        }
        let mut said = Said::default();
        let mut cells: Vec<_> = rows
            .iter()
            .map(|row| self.row(row, boot, &mut said))
            .collect();
        if boot.timeline_left_out > 0 {
            let left_out = words::count(boot.timeline_left_out, "step", "steps");
            let text = format!("… {left_out} more, not kept");
            cells.push(row_of_words(text));
        }
        self.printer.blank()?;
        let happened = "what happened (→ from the phone, ← to it)";
        let header = ["", "seconds", "frame", "phase", happened];
        self.printer.table(2, header, &[1, 2], &cells)
    }

    /// The cells of a row.
    fn row(&self, row: &Row<'_>, boot: &Boot, said: &mut Said) -> (Tone, [String; 5]) {
        let step = match row {
            Row::Step(step) => step,
            Row::LeftOut(steps) => {
                let similar = words::count(words::n(steps.len()), "step", "steps");
                return row_of_words(format!("… {similar} like these (-v shows all)"));
            }
        };
        let severity = words::severity_of(step, boot);
        let cells = [
            severity.map(words::mark).unwrap_or_default().to_owned(),
            words::offset_secs(step.offset_ms),
            words::frame(self.report, step.capture, step.frame),
            step.phase.to_owned(),
            said.clause(step),
        ];
        (Tone::of_severity(severity.unwrap_or_default()), cells)
    }

    fn transfers(&mut self, transfers: &[Transfer]) -> io::Result<()> {
        if transfers.is_empty() {
            return Ok(());
        }
        let rows: Vec<_> = transfers
            .iter()
            .map(|transfer| {
                let bytes = match transfer.expected_bytes {
                    Some(expected) => format!("{} of {expected}", transfer.bytes),
                    None => transfer.bytes.to_string(),
                };
                let cells = [
                    transfer.status.replace('-', " "),
                    bytes,
                    words::duration(transfer.duration_ms),
                    transfer.retransmissions.to_string(),
                    format!("{} {}", transfer.direction, transfer.file),
                ];
                (Tone::Plain, cells)
            })
            .collect();
        self.printer.blank()?;
        let header = ["status", "bytes", "took", "repeats", "file"];
        self.printer.table(2, header, &[1, 2, 3], &rows)
    }

    /// `✗ ERROR  TFTP server has no file "x" [file-missing, certain]`
    fn headline(&mut self, indent: usize, finding: &Finding) -> io::Result<()> {
        let severity = finding.severity;
        let lead = format!("{} {}", words::mark(severity), severity.to_uppercase());
        let text = format!(
            " {} [{}, {}]",
            finding.title, finding.id, finding.confidence
        );
        self.say(indent, (&lead, Tone::of_severity(severity)), &text)
    }

    fn finding(&mut self, indent: usize, finding: &Finding, started: Time) -> io::Result<()> {
        self.headline(indent, finding)?;
        let inner = indent + 2;
        if let Some(cause) = finding.caused_by {
            self.say(inner, ("follows from", Tone::Dim), cause)?;
        }
        if !finding.detail.is_empty() {
            self.printer.para(Para {
                indent: inner,
                hang: inner,
                lead: ("", Tone::Plain),
                text: &finding.detail,
            })?;
        }
        self.evidence(inner + 2, &finding.evidence, started)?;
        if !finding.remedy.is_empty() {
            self.say(inner, ("What to do:", Tone::Bold), "")?;
            self.steps(inner + 2, finding.remedy.iter().map(String::as_str))?;
        }
        Ok(())
    }

    fn evidence(&mut self, indent: usize, all: &[Evidence], started: Time) -> io::Result<()> {
        let frame_of = |one: &Evidence| words::frame(self.report, one.capture, one.frame);
        let width = all.iter().map(|one| frame_of(one).len()).max();
        let width = width.unwrap_or_default();
        let (first, hidden, last) = evidence(all, self.style.verbose);
        for one in first {
            self.proof(indent, one, width, started)?;
        }
        if hidden > 0 {
            let text = format!("… {hidden} more frames");
            self.say(indent, (&text, Tone::Dim), "")?;
        }
        for one in last {
            self.proof(indent, one, width, started)?;
        }
        Ok(())
    }

    /// `frame 11    0.012 s  RRQ term70.default.loads`
    fn proof(
        &mut self,
        indent: usize,
        one: &Evidence,
        width: usize,
        started: Time,
    ) -> io::Result<()> {
        let frame = words::frame(self.report, one.capture, one.frame);
        let secs = words::offset_secs(build::offset_ms(one.time.0, started.0));
        let lead = format!("frame {frame:>width$} {secs:>8} s");
        self.printer.para(Para {
            indent,
            hang: indent + lead.len() + 2,
            lead: (&lead, Tone::Dim),
            text: &format!(" {}", one.summary),
        })
    }

    /// Numbered steps.
    fn steps<'a>(&mut self, indent: usize, steps: impl Iterator<Item = &'a str>) -> io::Result<()> {
        for (number, step) in (1..).zip(steps) {
            self.printer.para(Para {
                indent,
                hang: indent + 3,
                lead: (&format!("{number}."), Tone::Plain),
                text: step,
            })?;
        }
        Ok(())
    }

    /// A note in one line.
    fn note(&mut self, indent: usize, note: &Finding) -> io::Result<()> {
        let (first, hidden, last) = evidence(&note.evidence, false);
        let number = |one: &Evidence| words::frame(self.report, one.capture, one.frame);
        let mut frames: Vec<_> = first.iter().map(number).collect();
        if hidden > 0 {
            frames.push("…".to_owned());
        }
        frames.extend(last.iter().map(number));
        let frames = if frames.is_empty() {
            String::new()
        } else {
            format!("; frame {}", frames.join(", "))
        };
        let text = format!("{} [{}{frames}]", note.title, note.id);
        self.say(indent, ("· note", Tone::Dim), &format!(" {text}"))
    }

    fn end(&mut self) -> io::Result<()> {
        self.printer.blank()?;
        for limit in &self.report.limits {
            let text = format!(
                "table {} was full ({}): {} given up, so that something may be missing here",
                limit.limit,
                words::count(limit.max, "entry", "entries"),
                limit.evicted
            );
            self.say(0, ("!", Tone::Warn), &text)?;
        }
        let (who, verdict, counts) = words::verdict(self.report);
        let tone = Tone::of_outcome(self.report.verdict);
        self.say(
            0,
            (&format!("{who} {verdict}"), tone),
            &format!(" {counts}"),
        )
    }
}

/// What the rows before have told already: it is told again only when it changes.
#[derive(Debug, Default)]
pub(super) struct Said {
    /// The tag of the phone's last step.
    vlan: Option<u16>,
    /// Whom the phone last spoke with.
    peer: Option<String>,
}

impl Said {
    /// `→ asks for term70.default.loads [192.0.2.10, VLAN 110]`
    pub(super) fn clause(&mut self, step: &Step) -> String {
        let (sign, peer) = words::way(step);
        let mut news = Vec::new();
        if let Some(peer) = peer.filter(|peer| is_one_host(peer))
            && self.peer.as_deref() != Some(peer)
        {
            self.peer = Some(peer.to_owned());
            if !step.summary.contains(peer) {
                news.push(peer.to_owned());
            }
        }
        // Announcements carry no tag, whatever VLAN the phone is in.
        if step.from_phone && step.phase != "link" && step.vlan != self.vlan {
            self.vlan = step.vlan;
            news.push(match step.vlan {
                Some(id) => format!("VLAN {id}"),
                None => "no VLAN tag".to_owned(),
            });
        }
        if news.is_empty() {
            return format!("{sign} {}", step.summary);
        }
        format!("{sign} {} [{}]", step.summary, news.join(", "))
    }
}

/// Whether this is the IP address of one host: not everyone's, and no MAC address.
fn is_one_host(address: &str) -> bool {
    address
        .parse::<IpAddr>()
        .is_ok_and(|ip| !ip.is_multicast() && ip != IpAddr::V4(Ipv4Addr::BROADCAST))
}

/// A row that only says something.
fn row_of_words(text: String) -> (Tone, [String; 5]) {
    let empty = String::new;
    (Tone::Plain, [empty(), empty(), empty(), empty(), text])
}

fn number_of(phone: &Phone, boot: &Boot) -> String {
    match total_of(phone) {
        1 => "Boot".to_owned(),
        total => format!("Boot {} of {total}", boot.number),
    }
}

/// How many boots there were, those included that were not kept.
fn total_of(phone: &Phone) -> u64 {
    words::n(phone.boots.len()).saturating_add(phone.boots_left_out)
}
