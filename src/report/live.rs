//! A boot while it goes on: lines for people ([`Lines`]) and for programs ([`events`]).
//!
//! Both show what [`crate::live`] says is new, and decide nothing.

use std::io::{self, Write};

use crate::capture::Timestamp;
use crate::live::{BootIndex, News, Place, Update, Waiting};

use super::model::{Boot, Finding, Phone, Report};
use super::table::Said;
use super::terminal::{Para, Printer, Tone};
use super::{Generated, Style, build, ndjson, words};

/// Lines for a terminal, as the phone acts.
#[derive(Debug)]
pub struct Lines {
    style: Style,
    /// Whose boot the last line was about: the phone's id and the boot's number.
    last: Option<(String, u32)>,
    said: Said,
}

impl Lines {
    /// Lines that look like this.
    pub fn new(style: Style) -> Self {
        Self {
            style,
            last: None,
            said: Said::default(),
        }
    }

    /// Writes what is new.
    pub fn write(&mut self, update: &Update<'_>, out: &mut dyn Write) -> io::Result<()> {
        if update.news.is_empty() {
            return Ok(());
        }
        let report = report(update);
        let style = self.style;
        let mut printer = Printer::new(&style, out);
        for news in &update.news {
            match news {
                News::Step { boot, step } => self.step(&report, *boot, *step, &mut printer)?,
                News::Appeared { place, finding } => {
                    if let Some(found) = finding_of(&report, *place, *finding) {
                        self.place(&report, *place, found, &mut printer)?;
                        self.finding(found, &mut printer)?;
                    }
                }
                News::Withdrawn {
                    place,
                    finding,
                    replaced,
                } => {
                    let finding = build::finding(finding);
                    if finding.severity == "note" {
                        continue;
                    }
                    if let Some(place) = place {
                        self.place(&report, *place, &finding, &mut printer)?;
                    }
                    let text = format!(" {} [{}]", finding.title, finding.id);
                    let lead = if *replaced {
                        // What takes its place follows at once.
                        ("· no longer:", Tone::Dim)
                    } else {
                        ("✓ cleared:", Tone::Good)
                    };
                    say(&mut printer, lead, &text)?;
                }
            }
        }
        Ok(())
    }

    /// `  ✗     1.458  fetch   ← server refuses term70.default.loads`
    fn step(
        &mut self,
        report: &Report,
        index: BootIndex,
        step: usize,
        printer: &mut Printer<'_>,
    ) -> io::Result<()> {
        let Some((phone, boot)) = boot_of(report, index) else {
            return Ok(());
        };
        let Some(step) = boot.timeline.get(step).filter(|_| !self.style.quiet) else {
            return Ok(());
        };
        self.head(phone, boot, printer)?;
        let severity = words::severity_of(step, boot);
        let mark = severity.map_or(" ", words::mark);
        let secs = words::offset_secs(step.offset_ms);
        let lead = format!("{mark} {secs:>9}  {:<8}", step.phase);
        printer.para(Para {
            indent: 2,
            hang: 2 + 2 + 9 + 2 + 8 + 3,
            lead: (&lead, severity.map_or(Tone::Plain, Tone::of_severity)),
            text: &self.said.clause(step),
        })
    }

    /// Says whose boot the next line is about, unless the last one was, too.
    fn place(
        &mut self,
        report: &Report,
        place: Place,
        finding: &Finding,
        printer: &mut Printer<'_>,
    ) -> io::Result<()> {
        let Place::Boot(index) = place else {
            return Ok(());
        };
        if self.style.quiet && finding.severity == "note" {
            return Ok(());
        }
        match boot_of(report, index) {
            Some((phone, boot)) => self.head(phone, boot, printer),
            None => Ok(()),
        }
    }

    fn head(&mut self, phone: &Phone, boot: &Boot, printer: &mut Printer<'_>) -> io::Result<()> {
        let about = (phone.id.clone(), boot.number);
        if self.last.as_ref() == Some(&about) {
            return Ok(());
        }
        self.last = Some(about);
        self.said = Said::default();
        let text = format!(" {}  boot {}", words::names_of_phone(phone), boot.number);
        printer.para(Para {
            indent: 0,
            hang: 2,
            lead: (&words::kind_of_phone(phone), Tone::Bold),
            text: &text,
        })
    }

    fn finding(&self, finding: &Finding, printer: &mut Printer<'_>) -> io::Result<()> {
        let severity = finding.severity;
        if severity == "note" {
            if self.style.quiet {
                return Ok(());
            }
            let text = format!(" {} [{}]", finding.title, finding.id);
            return say(printer, ("· note", Tone::Dim), &text);
        }
        let lead = format!("{} {}", words::mark(severity), severity.to_uppercase());
        let text = format!(
            " {} [{}, {}]",
            finding.title, finding.id, finding.confidence
        );
        say(printer, (&lead, Tone::of_severity(severity)), &text)?;
        for (number, step) in (1..).zip(&finding.remedy) {
            printer.para(Para {
                indent: 6,
                hang: 9,
                lead: (&format!("{number}."), Tone::Plain),
                text: step,
            })?;
        }
        Ok(())
    }
}

fn say(printer: &mut Printer<'_>, lead: (&str, Tone), text: &str) -> io::Result<()> {
    printer.para(Para {
        indent: 2,
        hang: 4,
        lead,
        text,
    })
}

/// What is waited for, in words: `no frame yet from any phone: is it powered? …`.
pub fn waiting(update: &Update<'_>) -> Option<String> {
    let heard = update.heard;
    match update.waiting? {
        Waiting::AnyPhone if heard.frames == 0 => {
            Some("no frame yet: does the phone have power, and is this the right port?".to_owned())
        }
        Waiting::AnyPhone => {
            let frames = words::count(heard.frames, "frame", "frames");
            let hosts = match words::n(heard.hosts) {
                0 => String::new(),
                n => format!(" from {}", words::count(n, "other host", "other hosts")),
            };
            Some(format!(
                "no frame yet from any phone: is it powered? is this the right port? {frames}{hosts}"
            ))
        }
        Waiting::Phone {
            boot,
            step,
            silent_secs,
        } => {
            let phone = update.diagnosis.phones.get(boot.phone)?;
            let name = phone.name.as_ref().unwrap_or(&phone.id);
            let since = step
                .and_then(|step| phone.phone.boots.get(boot.boot)?.timeline.get(step))
                .map_or_else(
                    || "it announced itself".to_owned(),
                    |step| {
                        let sign = if step.from_phone { "→" } else { "←" };
                        format!("{sign} {}", build::masked(&step.summary))
                    },
                );
            Some(
                words::plain(&format!(
                    "waiting for {name}: nothing for {silent_secs:.0} s since: {since}"
                ))
                .into_owned(),
            )
        }
    }
}

/// Lines for programs (`--format ndjson`): steps and findings as they come. Files, boots and
/// captures follow at the end, by [`events_at_end`].
pub fn events(update: &Update<'_>, out: &mut dyn Write) -> io::Result<()> {
    if update.news.is_empty() {
        return Ok(());
    }
    let report = report(update);
    for news in &update.news {
        match news {
            News::Step { boot, step } => ndjson::step(&report, *boot, *step, out)?,
            News::Appeared { place, finding } => {
                if let Some(found) = finding_of(&report, *place, *finding) {
                    ndjson::finding(&report, Some(*place), found, false, out)?;
                }
            }
            News::Withdrawn { place, finding, .. } => {
                ndjson::finding(&report, *place, &build::finding(finding), true, out)?;
            }
        }
    }
    Ok(())
}

/// The lines that close a sniff: every file, boot and capture, as they are in the end.
pub fn events_at_end(update: &Update<'_>, out: &mut dyn Write) -> io::Result<()> {
    ndjson::end(&report(update), out)
}

fn report(update: &Update<'_>) -> Report {
    // The moment of making is in no line.
    build::report(update.diagnosis, Generated { at: Timestamp(0) })
}

fn boot_of(report: &Report, index: BootIndex) -> Option<(&Phone, &Boot)> {
    let phone = report.phones.get(index.phone)?;
    Some((phone, phone.boots.get(index.boot)?))
}

fn finding_of(report: &Report, place: Place, finding: usize) -> Option<&Finding> {
    match place {
        Place::Capture(index) => report.captures.get(index)?.notes.get(finding),
        Place::Boot(index) => boot_of(report, index)?.1.findings.get(finding),
    }
}
