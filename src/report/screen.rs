//! The live screen: one phone's boot as a checklist, and what is wrong below it.
//!
//! Drawn with ratatui, because what changes is all that has to be sent again (a sniff often
//! runs over ssh), and because width, resizing and foreign terminals are its job. This file
//! only draws; who reads keys and owns the terminal is the command line.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;
use textwrap::core::display_width;

use crate::capture::Timestamp;
use crate::diagnosis::Diagnosis;

use super::checklist::{Checklist, Mark, Row, checklist};
use super::model::{Boot, Finding, Phone, Report};
use super::terminal::Tone;
use super::{Generated, build, words};

/// Columns before the text of a row: mark, label, seconds.
const MARGIN: usize = 23;
/// Columns of a progress bar.
const BAR: usize = 20;
/// A phone that asks for nothing more for so long has all that it wants, in seconds.
const SETTLED_SECS: f64 = 10.0;
/// At least so many files are shown when there are more than fit.
const MIN_FILES: usize = 3;

/// What stands on the screen and in no report.
#[derive(Debug, Clone, Copy)]
pub struct Live<'a> {
    /// What is listened to.
    pub source: &'a str,
    /// The time by the clock that stamps the frames.
    pub now: Timestamp,
    /// Since listening began.
    pub elapsed_ms: u64,
    /// Frames heard.
    pub frames: u64,
    /// Frames that were lost on the way to us; `None` when nobody says.
    pub dropped: Option<u64>,
    /// What is waited for.
    pub waiting: Option<&'a str>,
    /// Which phone is shown, counted around.
    pub phone: usize,
    /// How many lines of the findings are scrolled away.
    pub scroll: usize,
    /// Whether colours are used.
    pub color: bool,
}

/// Draws the boot of one phone as it stands.
pub fn draw(diagnosis: &Diagnosis, live: &Live<'_>, frame: &mut Frame<'_>) {
    // The moment of making does not stand on it.
    let report = build::report(diagnosis, Generated { at: Timestamp(0) });
    let [head, body, foot] = Layout::vertical([
        Constraint::Length(2),
        Constraint::Min(0),
        Constraint::Length(1),
    ])
    .areas(frame.area());
    let painter = Painter {
        width: usize::from(frame.area().width),
        color: live.color,
    };
    frame.render_widget(Paragraph::new(painter.head(live)), head);
    let phones = report.phones.len();
    let shown = report
        .phones
        .get(live.phone.checked_rem(phones).unwrap_or(0));
    let lines = match shown.and_then(|phone| Some((phone, phone.boots.last()?))) {
        Some((phone, boot)) => painter.phone(phone, boot, live, body),
        None => painter.nobody(live),
    };
    frame.render_widget(Paragraph::new(lines), body);
    frame.render_widget(Paragraph::new(painter.foot(&report)), foot);
}

/// Makes lines that fit.
struct Painter {
    width: usize,
    color: bool,
}

impl Painter {
    fn head(&self, live: &Live<'_>) -> Vec<Line<'static>> {
        let mut parts = vec![
            live.source.to_owned(),
            words::duration(live.elapsed_ms / 1_000 * 1_000),
            words::count(live.frames, "frame", "frames"),
        ];
        parts.extend(live.dropped.map(|dropped| format!("{dropped} dropped")));
        vec![Line::from(vec![
            self.span("phoneboot", Tone::Bold),
            self.span(&format!("  {}", parts.join(" · ")), Tone::Plain),
        ])]
    }

    /// Nobody has been heard yet.
    fn nobody(&self, live: &Live<'_>) -> Vec<Line<'static>> {
        let waiting = live.waiting.unwrap_or("waiting for a phone");
        self.wrapped(waiting, 0, Tone::Plain)
    }

    fn phone(&self, phone: &Phone, boot: &Boot, live: &Live<'_>, area: Rect) -> Vec<Line<'static>> {
        let mut lines = vec![
            self.title(phone),
            self.outcome(phone, boot, live.now),
            Line::default(),
        ];
        let Checklist {
            before,
            files,
            after,
        } = checklist(boot);
        let height = usize::from(area.height);
        let findings = self.findings(boot);
        let waiting = live.waiting.map_or_else(
            || vec![Line::default()],
            |waiting| self.wrapped(waiting, 0, Tone::Dim),
        );
        // The registration, too.
        let fixed = lines.len() + before.len() + 1 + waiting.len();
        let room = height.saturating_sub(fixed);
        // Both want the room: the files get what the findings leave, and at least a few rows.
        let for_files = room.saturating_sub(findings.len()).max(MIN_FILES);
        lines.extend(before.iter().map(|row| self.row(row)));
        lines.extend(self.some_files(&files, for_files));
        lines.push(self.row(&after));
        lines.extend(waiting);
        let most = findings
            .len()
            .saturating_sub(height.saturating_sub(lines.len()));
        lines.extend(findings.into_iter().skip(live.scroll.min(most)));
        lines
    }

    /// `Cisco 7970  SEP001AA17BE638  00:1a:a1:7b:e6:38  192.0.2.51`
    fn title(&self, phone: &Phone) -> Line<'static> {
        let names = words::names_of_phone(phone);
        let firmware = phone.firmware.iter().map(|name| format!(" · {name}"));
        let rest = format!("  {names}{}", firmware.collect::<String>());
        Line::from(vec![
            self.span(&words::kind_of_phone(phone), Tone::Bold),
            self.span(&rest, Tone::Plain),
        ])
    }

    /// `boot 2  BOOTING fetch · 41.0 s`, `boot  FAILED in fetch after 41.0 s`
    fn outcome(&self, phone: &Phone, boot: &Boot, now: Timestamp) -> Line<'static> {
        let number = match words::n(phone.boots.len()).saturating_add(phone.boots_left_out) {
            1 => "boot".to_owned(),
            _ => format!("boot {}", boot.number),
        };
        // The capture has not ended: what has all it asked for may ask for more.
        let goes_on = match boot.outcome {
            "incomplete" => true,
            "loaded" => now.secs_since(boot.ended.0) < SETTLED_SECS,
            _ => false,
        };
        let (word, tone, rest) = if goes_on {
            let lasts = words::duration(boot.duration_ms);
            let rest = format!("{} · {lasts}", boot.phase);
            ("BOOTING".to_owned(), Tone::Bold, rest)
        } else {
            let (word, rest) = words::ending(boot);
            (word, Tone::of_outcome(boot.outcome), rest)
        };
        Line::from(vec![
            self.span(&format!("{number}  "), Tone::Plain),
            self.span(&word, tone),
            self.span(&format!(" {rest}"), Tone::Plain),
        ])
    }

    /// `✓ address      1.446  192.0.2.51`
    fn row(&self, row: &Row) -> Line<'static> {
        let secs = row.secs.map_or(String::new(), |secs| format!("{secs:.3}"));
        let mut spans = vec![
            self.span(row.mark.sign(), row.mark.tone()),
            self.span(&format!(" {:<9}{secs:>9}  ", row.label), Tone::Plain),
        ];
        let tone = if row.mark == Mark::Waiting {
            Tone::Dim
        } else {
            Tone::Plain
        };
        let bar = row
            .progress
            .map(|(bytes, of)| bar(bytes, of))
            .unwrap_or_default();
        let room = self.width.saturating_sub(MARGIN + display_width(&bar));
        spans.push(self.span(&shortened(&row.text, room), tone));
        spans.push(self.span(&bar, Tone::Bold));
        Line::from(spans)
    }

    /// The last files, and in how many words the others went.
    fn some_files(&self, files: &[Row], most: usize) -> Vec<Line<'static>> {
        let hidden = files.len().saturating_sub(most);
        if hidden == 0 {
            return files.iter().map(|row| self.row(row)).collect();
        }
        // One row is for the words.
        let hidden = hidden + 1;
        let (earlier, last) = files.split_at_checked(hidden).unwrap_or((files, &[]));
        let came = earlier.iter().filter(|row| row.mark == Mark::Done).count();
        let text = format!(
            "{} earlier, {came} delivered",
            words::count(words::n(hidden), "file", "files")
        );
        let worst = earlier.iter().map(|row| row.mark).max();
        let words = Row {
            mark: worst.unwrap_or(Mark::Done),
            label: "files",
            secs: None,
            text,
            progress: None,
        };
        let mut lines = vec![self.row(&words)];
        lines.extend(last.iter().map(|row| self.row(row)));
        lines
    }

    /// What is wrong, and what to do.
    fn findings(&self, boot: &Boot) -> Vec<Line<'static>> {
        let told = |finding: &&Finding| finding.severity != "note";
        let mut lines = Vec::new();
        for finding in boot.findings.iter().filter(told) {
            let tone = Tone::of_severity(finding.severity);
            let mark = words::mark(finding.severity);
            let severity = finding.severity.to_uppercase();
            let title = format!("{mark} {severity} {} [{}]", finding.title, finding.id);
            lines.extend(self.wrapped(&title, 0, tone));
            if finding.caused_by.is_some() {
                continue;
            }
            for (number, step) in (1..).zip(&finding.remedy) {
                lines.extend(self.wrapped(&format!("{number}. {step}"), 2, Tone::Plain));
            }
        }
        lines
    }

    fn wrapped(&self, text: &str, indent: usize, tone: Tone) -> Vec<Line<'static>> {
        let text = words::plain(text);
        let (first, further) = (" ".repeat(indent), " ".repeat(indent + 2));
        let options = textwrap::Options::new(self.width.max(MARGIN))
            .initial_indent(&first)
            .subsequent_indent(&further);
        textwrap::wrap(&text, options)
            .into_iter()
            .map(|line| Line::from(self.span(&line, tone)))
            .collect()
    }

    fn foot(&self, report: &Report) -> Line<'static> {
        let (who, _, counts) = words::verdict(report);
        let next = if report.phones.len() > 1 {
            " · Tab next phone"
        } else {
            ""
        };
        let text = format!("q report{next} · ↑↓ scroll   {who} {counts}");
        Line::from(self.span(&text, Tone::Dim))
    }

    /// Words that no terminal acts on.
    fn span(&self, text: &str, tone: Tone) -> Span<'static> {
        Span::styled(words::plain(text).into_owned(), self.style(tone))
    }

    fn style(&self, tone: Tone) -> Style {
        let bold = Style::new().add_modifier(Modifier::BOLD);
        let colored = |color| if self.color { bold.fg(color) } else { bold };
        match tone {
            Tone::Plain => Style::new(),
            Tone::Bold => bold,
            Tone::Dim => Style::new().add_modifier(Modifier::DIM),
            Tone::Good => colored(Color::Green),
            Tone::Warn => colored(Color::Yellow),
            Tone::Bad => colored(Color::Red),
        }
    }
}

/// `  ━━━━━━━━━━━━────────  61 %`
fn bar(bytes: u64, of: u64) -> String {
    let share = u128::from(bytes) * 100 / u128::from(of.max(1));
    let share = usize::try_from(share).unwrap_or(100).min(100);
    let full = BAR * share / 100;
    format!(
        "  {}{} {share:>3} %",
        "━".repeat(full),
        "─".repeat(BAR - full)
    )
}

/// The text, its middle left out where it is too wide: of a file's name both ends matter.
fn shortened(text: &str, room: usize) -> String {
    let text = words::plain(text);
    let width = display_width(&text);
    if width <= room {
        return text.into_owned();
    }
    let keep = room.saturating_sub(1);
    let head: String = text.chars().take(keep.div_ceil(2)).collect();
    let skipped = text.chars().count().saturating_sub(keep / 2);
    let tail: String = text.chars().skip(skipped).collect();
    format!("{head}…{tail}")
}

#[cfg(test)]
mod tests {
    use ratatui::Terminal;
    use ratatui::backend::TestBackend;

    use super::super::testing::{diagnosis, no_phone};
    use super::*;

    const LIVE: Live<'static> = Live {
        source: "eth0",
        now: Timestamp(i64::MAX),
        elapsed_ms: 72_345,
        frames: 812,
        dropped: Some(3),
        waiting: None,
        phone: 0,
        scroll: 0,
        color: false,
    };

    /// What stands on a screen of this size, without the blanks at the ends of lines.
    fn drawn(diagnosis: &Diagnosis, live: &Live<'_>, width: u16, height: u16) -> Vec<String> {
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        terminal.draw(|frame| draw(diagnosis, live, frame)).unwrap();
        let buffer = terminal.backend().buffer().clone();
        buffer
            .content
            .chunks(usize::from(width))
            .map(|cells| {
                let text: String = cells.iter().map(ratatui::buffer::Cell::symbol).collect();
                text.trim_end().to_owned()
            })
            .collect()
    }

    #[test]
    fn shows_a_boot_as_a_checklist() {
        let lines = drawn(&diagnosis(), &LIVE, 80, 24);
        let expected = "\
phoneboot  eth0 · 72.0 s · 812 frames · 3 dropped

Cisco 7970  SEP001AA17BE638  00:1a:a1:7b:e6:38  192.0.2.51 · term70.default
boot 3  FAILED in fetch after 41.0 s

✓ link         0.030  switch sw1 FastEthernet0/7
▸ power               by CDP: 12.0 W or 10.3 W asked, no answer
✓ VLAN                110
✓ address      0.113  192.0.2.51
✓ server       0.900  option 66 = http://***@192.0.2.10/ (and 1 more)
✗ files        0.900  term70.default.loads  not found
▸ register            SCCP: its call server asked, no answer yet

✗ ERROR TFTP server has no file \"term70.default.loads\" [file-missing]
  1. Put term70.default.loads, and every file named in it, into the TFTP root,
    spelled exactly like this.
  2. Power the phone off and on.
! WARNING The phone starts over and over [boot-loop]





q report · Tab next phone · ↑↓ scroll   2 phones, 4 boots: 3 errors, 4 warnings,";
        assert_eq!(lines.join("\n"), expected);
    }

    #[test]
    fn fits_any_screen() {
        for (width, height) in [(1, 1), (5, 3), (20, 6), (40, 12), (80, 8), (300, 100)] {
            let lines = drawn(&diagnosis(), &LIVE, width, height);
            assert_eq!(lines.len(), usize::from(height));
        }
    }

    #[test]
    fn says_what_it_waits_for() {
        let live = Live {
            waiting: Some("no frame yet from any phone: is it powered?"),
            ..LIVE
        };
        let lines = drawn(&no_phone(12), &live, 80, 24);
        assert!(lines[2].contains("is it powered?"), "{lines:#?}");
    }

    #[test]
    fn turns_to_the_next_phone() {
        let of = |phone| drawn(&diagnosis(), &Live { phone, ..LIVE }, 80, 24)[2].clone();
        assert_ne!(of(0), of(1));
        assert_eq!(of(0), of(2));
    }

    #[test]
    fn scrolls_no_further_than_the_last_finding() {
        let of = |scroll| drawn(&diagnosis(), &Live { scroll, ..LIVE }, 80, 16);
        assert_ne!(of(0), of(1));
        assert_eq!(of(50), of(500));
    }

    #[test]
    fn draws_progress() {
        assert_eq!(bar(0, 10), "  ────────────────────   0 %");
        assert_eq!(bar(5, 10), "  ━━━━━━━━━━──────────  50 %");
        assert_eq!(bar(u64::MAX, 1), "  ━━━━━━━━━━━━━━━━━━━━ 100 %");
    }

    #[test]
    fn keeps_both_ends_of_a_name() {
        assert_eq!(
            shortened("term70.default.loads", 20),
            "term70.default.loads"
        );
        assert_eq!(shortened("term70.default.loads", 11), "term7…loads");
        assert_eq!(shortened("abc", 0), "…");
    }
}
