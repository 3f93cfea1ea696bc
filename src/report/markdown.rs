//! The report for a ticket: headings, tables and lists in GitHub's Markdown.
//!
//! Text from the capture is data: [`escape`] keeps it from becoming markup, HTML
//! or another column.

use std::io::{self, Write};

use super::build;
use super::fold::{Boots, Row, boots, errors, evidence, fold};
use super::model::{Boot, Capture, Evidence, Finding, Phone, Report, Time, Transfer};
use super::words::{self, plain};

/// Writes the report.
pub(super) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let (who, verdict, counts) = words::verdict(report);
    writeln!(out, "# Phone boot report\n")?;
    writeln!(
        out,
        "**{} {}** {}\n",
        escape(&who),
        escape(&verdict),
        escape(&counts)
    )?;
    for (index, capture) in report.captures.iter().enumerate() {
        write_capture(report, index, capture, out)?;
    }
    if report.verdict == "no-phone" {
        let (seen, checks) = words::no_phone(report);
        writeln!(
            out,
            "## No phone boot found\n\n{}\n\nWhat to check:\n",
            escape(&seen)
        )?;
        write_list(checks.iter().copied(), out)?;
    }
    for phone in &report.phones {
        write_phone(report, phone, out)?;
    }
    for limit in &report.limits {
        writeln!(
            out,
            "Table {} was full ({} entries): {} given up, so that something may be missing here.\n",
            limit.limit, limit.max, limit.evicted
        )?;
    }
    let generator = &report.generator;
    writeln!(
        out,
        "{} {}, {}",
        generator.name, generator.version, report.generated_at
    )
}

fn write_capture(
    report: &Report,
    index: usize,
    capture: &Capture,
    out: &mut dyn Write,
) -> io::Result<()> {
    let number = if report.captures.len() > 1 {
        format!(" {}", index + 1)
    } else {
        String::new()
    };
    let facts = words::capture_facts(capture);
    writeln!(
        out,
        "Capture{number} {}: {}\n",
        escape(&capture.file),
        escape(&facts)
    )?;
    let lacks = words::capture_lacks(capture);
    for lack in &lacks {
        writeln!(out, "- {}", escape(lack))?;
    }
    if !lacks.is_empty() {
        writeln!(out)?;
    }
    let start = capture.first.unwrap_or(report.generated_at);
    for note in &capture.notes {
        write_finding(report, note, start, out)?;
    }
    Ok(())
}

fn write_phone(report: &Report, phone: &Phone, out: &mut dyn Write) -> io::Result<()> {
    let kind = words::kind_of_phone(phone);
    let id = phone
        .name
        .as_ref()
        .or(phone.mac.as_ref())
        .unwrap_or(&phone.id);
    writeln!(out, "## {} {}\n", escape(&kind), escape(id))?;
    let clues = words::recognised_by(phone, false);
    let about = [
        ("MAC address", phone.mac.clone()),
        (
            "Addresses",
            (!phone.addresses.is_empty()).then(|| phone.addresses.join(", ")),
        ),
        ("Family", phone.family.clone()),
        ("Firmware", phone.firmware.clone()),
        ("Recognised by", clues),
    ];
    for (label, value) in about {
        if let Some(value) = value {
            writeln!(out, "- {label}: {}", escape(&value))?;
        }
    }
    writeln!(out)?;
    for shown in boots(&phone.boots, false) {
        match shown {
            Boots::Full(boot) => write_boot(report, boot, out)?,
            Boots::Alike(alike) => write_alike(alike, out)?,
        }
    }
    if phone.boots_left_out > 0 {
        writeln!(
            out,
            "{} boots behind the first not kept.\n",
            phone.boots_left_out
        )?;
    }
    Ok(())
}

fn write_alike(alike: &[Boot], out: &mut dyn Write) -> io::Result<()> {
    for boot in alike {
        let (outcome, rest) = words::ending(boot);
        writeln!(
            out,
            "### Boot {}: {outcome} {}\n",
            boot.number,
            escape(&rest)
        )?;
        let why: Vec<_> = errors(boot).collect();
        if !why.is_empty() {
            writeln!(out, "{}, as below.\n", escape(&why.join(", ")))?;
        }
    }
    Ok(())
}

fn write_boot(report: &Report, boot: &Boot, out: &mut dyn Write) -> io::Result<()> {
    let (outcome, rest) = words::ending(boot);
    writeln!(
        out,
        "### Boot {}: {outcome} {}\n",
        boot.number,
        escape(&rest)
    )?;
    writeln!(out, "{}\n", escape(&words::phases(boot)))?;
    let facts = words::facts(boot);
    for (label, fact) in &facts {
        writeln!(out, "- {label}: {}", escape(fact))?;
    }
    if !facts.is_empty() {
        writeln!(out)?;
    }
    for finding in &boot.findings {
        write_finding(report, finding, boot.started, out)?;
    }
    write_timeline(report, boot, out)?;
    write_transfers(&boot.transfers, out)
}

fn write_timeline(report: &Report, boot: &Boot, out: &mut dyn Write) -> io::Result<()> {
    if boot.timeline.is_empty() {
        return Ok(());
    }
    writeln!(
        out,
        "| Seconds | Frame | VLAN | Phase | Phone and | What happened | Finding |"
    )?;
    writeln!(out, "| ---: | ---: | ---: | --- | --- | --- | --- |")?;
    for row in fold(&boot.timeline) {
        let step = match row {
            Row::Step(step) => step,
            Row::LeftOut(steps) => {
                let similar = words::count(words::n(steps.len()), "step", "steps");
                writeln!(out, "| | | | | | … {similar} like these | |")?;
                continue;
            }
        };
        let vlan = step.vlan.map(|vlan| vlan.to_string());
        let (sign, peer) = words::way(step);
        writeln!(
            out,
            "| {} | {} | {} | {} | {sign} {} | {} | {} |",
            words::offset_secs(step.offset_ms),
            words::frame(report, step.capture, step.frame),
            vlan.unwrap_or_default(),
            step.phase,
            escape(peer.unwrap_or_default()),
            escape(&step.summary),
            step.findings.join(", ")
        )?;
    }
    if boot.timeline_left_out > 0 {
        let left_out = words::count(boot.timeline_left_out, "step", "steps");
        writeln!(out, "| | | | | | … {left_out} more, not kept | |")?;
    }
    writeln!(out)
}

fn write_transfers(transfers: &[Transfer], out: &mut dyn Write) -> io::Result<()> {
    if transfers.is_empty() {
        return Ok(());
    }
    writeln!(out, "| File | Protocol | Server | Status | Bytes | Took |")?;
    writeln!(out, "| --- | --- | --- | --- | ---: | ---: |")?;
    for transfer in transfers {
        writeln!(
            out,
            "| {} | {} {} | {} | {} | {} | {} |",
            escape(&transfer.file),
            transfer.protocol,
            transfer.direction,
            escape(&transfer.server),
            transfer.status,
            transfer.bytes,
            words::duration(transfer.duration_ms)
        )?;
    }
    writeln!(out)
}

fn write_finding(
    report: &Report,
    finding: &Finding,
    started: Time,
    out: &mut dyn Write,
) -> io::Result<()> {
    let severity = finding.severity.to_uppercase();
    writeln!(out, "#### {severity}: {}\n", escape(&finding.title))?;
    let cause = finding
        .caused_by
        .map(|cause| format!("; follows from {cause}"));
    let cause = cause.unwrap_or_default();
    writeln!(out, "{}, {}{cause}\n", finding.id, finding.confidence)?;
    if !finding.detail.is_empty() {
        writeln!(out, "{}\n", escape(&finding.detail))?;
    }
    let mut prove = |one: &Evidence| {
        let offset = build::offset_ms(one.time.0, started.0);
        writeln!(
            out,
            "- frame {}, {} s: {}",
            words::frame(report, one.capture, one.frame),
            words::offset_secs(offset),
            escape(&one.summary)
        )
    };
    let (first, hidden, last) = evidence(&finding.evidence, false);
    first.iter().try_for_each(&mut prove)?;
    last.iter().try_for_each(&mut prove)?;
    if hidden > 0 {
        writeln!(out, "- and {hidden} more frames between these")?;
    }
    if !finding.evidence.is_empty() {
        writeln!(out)?;
    }
    if !finding.remedy.is_empty() {
        writeln!(out, "What to do:\n")?;
        write_list(finding.remedy.iter().map(String::as_str), out)?;
    }
    Ok(())
}

/// A numbered list.
fn write_list<'a>(items: impl Iterator<Item = &'a str>, out: &mut dyn Write) -> io::Result<()> {
    for (number, item) in (1..).zip(items) {
        writeln!(out, "{number}. {}", escape(item))?;
    }
    writeln!(out)
}

/// Text that Markdown shows as it is, anywhere: in a paragraph, at its beginning,
/// in a list and in a table.
fn escape(text: &str) -> String {
    let text = plain(text);
    let mut safe = String::with_capacity(text.len() + 8);
    // A number with a dot or a bracket, and one of these signs, begin a list or
    // underline a heading only where a line begins.
    let is_digit = |character: char| character.is_ascii_digit();
    let digits = text.chars().take_while(char::is_ascii_digit).count();
    for (index, character) in text.char_indices() {
        let behind = |n: usize| text.get(index + n..).unwrap_or_default();
        match character {
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '&' => safe.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '#' | '~' | '$' => {
                safe.push('\\');
                safe.push(character);
            }
            '-' | '+' | '=' if index == 0 => {
                safe.push('\\');
                safe.push(character);
            }
            '.' | ')' if digits > 0 && index == digits && !behind(1).starts_with(is_digit) => {
                safe.push('\\');
                safe.push(character);
            }
            // Whoever is named behind it would be called to the ticket, and a link
            // would lead where the capture's sender likes.
            '@' => safe.push_str("&#64;"),
            ':' if behind(1).starts_with("//") => safe.push_str("&#58;"),
            _ => safe.push(character),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_of_the_wire_stays_text() {
        for (text, expected) in [
            ("a|b", r"a\|b"),
            ("`rm`", r"\`rm\`"),
            ("<script>", "&lt;script&gt;"),
            ("&amp;", "&amp;amp;"),
            ("**bold** _it_", r"\*\*bold\*\* \_it\_"),
            ("[x](http://y)", r"\[x\](http&#58;//y)"),
            ("# head", r"\# head"),
            ("- item", r"\- item"),
            ("1. item", r"1\. item"),
            ("12) item", r"12\) item"),
            ("192.0.2.1", "192.0.2.1"),
            ("a - b", "a - b"),
            ("\u{1b}[31m\n", r"\\x1b\[31m\\x0a"),
            (r"C:\cfg", r"C:\\cfg"),
            ("ask @all", "ask &#64;all"),
        ] {
            assert_eq!(escape(text), expected);
        }
    }
}
