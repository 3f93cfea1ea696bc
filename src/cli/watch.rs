//! Captures that still grow: the loop that `sniff` and `analyze --follow` share.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::time::{Duration, Instant};

use clap::ValueEnum;

use crate::analysis::Analysis;
use crate::capture::Timestamp;
use crate::capture::live::feed::{Feed, News};
use crate::capture::live::rights;
use crate::diagnosis::{Diagnosis, Outcome};
use crate::error::{Error, Exit};
use crate::live::{Heard, Progress, Update, Waiting};
use crate::profiles::Profiles;
use crate::report::Format;
use crate::report::live::{Lines, events, events_at_end, waiting};

use super::screen::{Pressed, Screen};
use super::shared::{Shared, Wanted, keep_wanted, keep_wanted_or_say};
use super::signals::Asked;
use super::{say, to_output};

/// How often time is looked at while nothing comes.
const TICK: Duration = Duration::from_millis(100);
/// Batches of frames that are taken at most before time is looked at.
const MAX_BATCHES_PER_TICK: usize = 16;
/// How often it is judged while nothing comes: silence is evidence, too.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Judging may take this share of the time, the reciprocal of it.
const LOOK_SHARE: u32 = 10;
/// A boot has failed when no later frame took that back for so long, in seconds.
const SETTLED_SECS: f64 = 5.0;
/// What is waited for is said first after so long, then at ever longer intervals.
const FIRST_WAITING: Duration = Duration::from_secs(5);
const LAST_WAITING: Duration = Duration::from_secs(60);

/// What a sniff may end with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Until {
    /// A phone is registered
    Registered,
    /// A boot has failed, and nothing takes that back for 5 seconds
    Failed,
    /// Registered or failed
    Done,
    /// No phone does anything for --idle seconds
    Idle,
}

/// When to end without being asked.
#[derive(Debug, Clone, Default)]
pub(super) struct Limits {
    /// After so long.
    pub(super) duration: Option<Duration>,
    /// When this happens.
    pub(super) until: Vec<Until>,
    /// How long is idle, in seconds.
    pub(super) idle_secs: f64,
}

/// Where everything goes.
pub(super) struct Outputs<'o> {
    out: &'o mut dyn Write,
    messages: &'o mut dyn Write,
    /// `--output`, which was opened while it could be.
    pub(super) file: Option<File>,
    /// Whether standard output carries frames.
    pub(super) out_is_taken: bool,
}

impl<'o> Outputs<'o> {
    /// Opens `--output`, if there is one.
    pub(super) fn new(
        out: &'o mut dyn Write,
        messages: &'o mut dyn Write,
        shared: &Shared,
    ) -> Result<Self, Error> {
        let file = shared.output.as_deref().map(rights::create).transpose();
        Ok(Self {
            out,
            messages,
            file: file.map_err(|source| shared.failed(source))?,
            out_is_taken: false,
        })
    }

    /// Tells the user something.
    pub(super) fn say(&mut self, words: &dyn std::fmt::Display) {
        say(self.messages, words);
    }

    /// Where lines go.
    fn lines(&mut self) -> &mut dyn Write {
        if self.out_is_taken {
            self.messages
        } else {
            self.out
        }
    }
}

/// A capture that is watched while it grows.
pub(super) struct Watch<'a> {
    pub(super) shared: &'a Shared,
    pub(super) wanted: Vec<Wanted>,
    pub(super) format: Format,
    pub(super) profiles: &'a Profiles,
    pub(super) limits: Limits,
    pub(super) to_terminal: bool,
    /// What is listened to, where the live screen is wanted.
    pub(super) screen: Option<&'a str>,
}

impl Watch<'_> {
    /// Shows what happens until something ends it, and writes the report.
    pub(super) fn run(
        &self,
        mut feed: Feed,
        asked: &Asked,
        outputs: &mut Outputs<'_>,
    ) -> Result<Exit, Error> {
        let mut analysis = Analysis::new(self.profiles, self.shared.options());
        let mut view = View::new(self, outputs.file.is_some())?;
        if let Some(file) = outputs
            .file
            .as_ref()
            .filter(|_| self.format == Format::Ndjson)
        {
            // A pipe has no length.
            let _ = file.set_len(0);
        }
        let mut heard = Heard::default();
        let mut looks = Looks::default();
        let mut ending = Ending::new(&self.limits);
        let mut ended = false;
        while !ended
            && !asked.to_end()
            && !ending.is_reached()
            && !is_closed(self.to_terminal, outputs)
        {
            let pressed = view.pressed()?;
            if pressed.end {
                break;
            }
            let mut patience = TICK;
            for _ in 0..MAX_BATCHES_PER_TICK {
                match feed.next(patience) {
                    News::Frames(batch) => {
                        for frame in batch.frames() {
                            heard.frame(&frame);
                            analysis.frame(&frame);
                        }
                    }
                    News::Notice(words) => view.notice(&words, outputs),
                    News::Failed(error) => return Err(error.into()),
                    News::Nothing => break,
                    News::End => ended = true,
                }
                if ended {
                    break;
                }
                patience = Duration::ZERO;
            }
            let Some(now) = feed.now() else { continue };
            analysis.tick(now);
            if looks.are_due(analysis.n_changes()) || pressed.anything {
                let began = Instant::now();
                let mut diagnosis = analysis.diagnosis(vec![feed.facts()]);
                keep_wanted(&mut diagnosis, &self.wanted);
                ending.look(&diagnosis, now);
                let update = view.progress.look(&diagnosis, heard.counters(), now);
                view.show(&update, outputs)?;
                view.say_what_is_waited_for(&update, outputs);
                looks.took(began.elapsed());
            }
        }
        view.close_screen(outputs);
        feed.stop(&mut |news| match news {
            News::Frames(batch) => {
                for frame in batch.frames() {
                    heard.frame(&frame);
                    analysis.frame(&frame);
                }
            }
            News::Notice(words) => outputs.say(&words),
            _ => {}
        });
        let facts = feed.facts();
        if !self.shared.look.quiet || facts.dropped.is_some_and(|dropped| dropped > 0) {
            outputs.say(&received(heard.counters().frames, facts.dropped));
            if feed.passed_over() > 0 {
                outputs.say(&"not all that was saved could be analyzed in time: analyze the file");
            }
        }
        let now = feed.now().unwrap_or_default();
        let mut diagnosis = analysis.finish(vec![facts]);
        keep_wanted_or_say(&mut diagnosis, &self.wanted, outputs.messages);
        view.progress.end();
        let update = view.progress.look(&diagnosis, heard.counters(), now);
        view.end(&update, outputs)?;
        Ok(self.shared.status(&diagnosis))
    }
}

/// How much was heard, in words.
fn received(frames: u64, dropped: Option<u64>) -> String {
    let noun = if frames == 1 { "frame" } else { "frames" };
    match dropped {
        Some(0) => format!("{frames} {noun} received, none dropped"),
        Some(dropped) => format!("{frames} {noun} received, {dropped} more dropped unseen"),
        None => format!("{frames} {noun} received"),
    }
}

/// What the user sees.
struct View<'a> {
    watch: &'a Watch<'a>,
    progress: Progress,
    /// Lines as the phone acts; `None` where standard output carries something else.
    lines: Option<Lines>,
    /// The terminal, while it is taken over.
    screen: Option<Screen>,
    to_file: bool,
    said: Option<(Waited, Instant)>,
    pause: Duration,
}

/// What was said to be waited for: whose boot, behind which step.
type Waited = Option<(usize, usize, Option<usize>)>;

impl<'a> View<'a> {
    fn new(watch: &'a Watch<'a>, to_file: bool) -> Result<Self, Error> {
        let is_free = watch.format == Format::Table || to_file;
        let style = watch.shared.look.style(watch.to_terminal);
        let screen = watch
            .screen
            .map(|source| Screen::open(source, style.color).map_err(to_output))
            .transpose()?;
        Ok(Self {
            watch,
            progress: Progress::default(),
            lines: (is_free && screen.is_none()).then(|| Lines::new(style)),
            screen,
            to_file,
            said: None,
            pause: FIRST_WAITING,
        })
    }

    /// What keys were pressed; none without a screen.
    fn pressed(&mut self) -> Result<Pressed, Error> {
        self.screen
            .as_mut()
            .map_or(Ok(Pressed::default()), |screen| {
                screen.keys().map_err(to_output)
            })
    }

    /// Tells the user something, where it does not disturb the screen.
    fn notice(&mut self, words: &dyn std::fmt::Display, outputs: &mut Outputs<'_>) {
        match &mut self.screen {
            Some(screen) => screen.notice(words),
            None => outputs.say(words),
        }
    }

    /// Gives the terminal back.
    fn close_screen(&mut self, outputs: &mut Outputs<'_>) {
        for words in self.screen.take().into_iter().flat_map(Screen::close) {
            outputs.say(&words);
        }
    }

    /// Shows what is new.
    fn show(&mut self, update: &Update<'_>, outputs: &mut Outputs<'_>) -> Result<(), Error> {
        if let Some(screen) = &mut self.screen {
            screen.draw(update).map_err(to_output)?;
        }
        if let Some(lines) = &mut self.lines {
            let out = outputs.lines();
            lines.write(update, out).map_err(to_output)?;
        }
        if self.watch.format == Format::Ndjson {
            match &mut outputs.file {
                Some(file) if self.to_file => {
                    let mut text = Vec::new();
                    events(update, &mut text).map_err(to_output)?;
                    let written = file.write_all(&text);
                    written.map_err(|source| self.watch.shared.failed(source))?;
                }
                _ => events(update, outputs.lines()).map_err(to_output)?,
            }
        }
        outputs.lines().flush().map_err(to_output)
    }

    fn say_what_is_waited_for(&mut self, update: &Update<'_>, outputs: &mut Outputs<'_>) {
        // The screen has a line for it.
        if self.watch.shared.look.quiet || self.screen.is_some() {
            return;
        }
        let Some(present) = update.waiting else {
            self.said = None;
            return;
        };
        let key = match present {
            Waiting::AnyPhone => None,
            Waiting::Phone { boot, step, .. } => Some((boot.phone, boot.boot, step)),
        };
        match self.said {
            Some((said, at)) if said == key => {
                if at.elapsed() < self.pause {
                    return;
                }
                self.pause = (self.pause * 2).min(LAST_WAITING);
            }
            _ => {
                self.pause = FIRST_WAITING;
                self.said = Some((key, Instant::now()));
                // The first frames are only just coming.
                if key.is_none() {
                    return;
                }
            }
        }
        self.said = Some((key, Instant::now()));
        if let Some(words) = waiting(update) {
            outputs.say(&words);
        }
    }

    /// Shows what is new in the end, and the report.
    fn end(&mut self, update: &Update<'_>, outputs: &mut Outputs<'_>) -> Result<(), Error> {
        self.show(update, outputs)?;
        let shared = self.watch.shared;
        let format = self.watch.format;
        if format == Format::Ndjson {
            let mut text = Vec::new();
            events_at_end(update, &mut text).map_err(to_output)?;
            return match &mut outputs.file {
                Some(file) => file.write_all(&text).map_err(|error| shared.failed(error)),
                None => outputs.lines().write_all(&text).map_err(to_output),
            };
        }
        let reports = std::slice::from_ref(update.diagnosis);
        let mut failure = Ok(());
        if let Some(file) = outputs.file.take() {
            // What is there stays until the new report is written. A pipe has no length.
            let _ = file.set_len(0);
            let mut file = BufWriter::new(file);
            let written = shared
                .write_to(reports, format, true, false, &mut file)
                .and_then(|()| file.flush().map_err(to_output));
            failure = written.map_err(|error| shared.of_output(error));
            if failure.is_ok() {
                return Ok(());
            }
            // A report that nobody gets is worse than one in another place.
        }
        let to_terminal = self.watch.to_terminal;
        let out = outputs.lines();
        if self.lines.is_some() {
            writeln!(out).map_err(to_output)?;
        }
        shared.write_to(reports, format, true, to_terminal, out)?;
        failure
    }
}

/// When to judge again.
#[derive(Default)]
struct Looks {
    last: Option<Instant>,
    n_changes: u64,
    took: Duration,
}

impl Looks {
    fn are_due(&mut self, n_changes: u64) -> bool {
        let Some(last) = self.last else {
            return true;
        };
        let since = last.elapsed();
        let pause = TICK.max(self.took * LOOK_SHARE);
        let due = if n_changes == self.n_changes {
            since >= pause.max(LOOK_EVERY)
        } else {
            since >= pause
        };
        if due {
            self.n_changes = n_changes;
        }
        due
    }

    fn took(&mut self, took: Duration) {
        self.last = Some(Instant::now());
        self.took = took;
    }
}

/// When to end.
struct Ending<'l> {
    limits: &'l Limits,
    began: Instant,
    first: Option<Timestamp>,
    failed_since: Option<Timestamp>,
    reached: bool,
}

impl<'l> Ending<'l> {
    fn new(limits: &'l Limits) -> Self {
        Self {
            limits,
            began: Instant::now(),
            first: None,
            failed_since: None,
            reached: false,
        }
    }

    fn is_reached(&self) -> bool {
        let over = |most: Duration| self.began.elapsed() >= most;
        self.reached || self.limits.duration.is_some_and(over)
    }

    /// Whether what is known now is what is waited for.
    fn look(&mut self, diagnosis: &Diagnosis, now: Timestamp) {
        let first = *self.first.get_or_insert(now);
        let came_to = |outcome| {
            let mut last = diagnosis
                .phones
                .iter()
                .filter_map(|found| found.boots.last());
            last.any(|boot| boot.outcome == outcome)
        };
        let registered = came_to(Outcome::Registered);
        self.failed_since = if came_to(Outcome::Failed) {
            self.failed_since.or(Some(now))
        } else {
            None
        };
        let failed = self
            .failed_since
            .is_some_and(|since| now.secs_since(since) >= SETTLED_SECS);
        let last_effort = diagnosis
            .phones
            .iter()
            .filter_map(|found| Some(found.phone.boots.last()?.last_effort().time))
            .max()
            .map_or(first, |last| last.max(first));
        let idle = now.secs_since(last_effort) >= self.limits.idle_secs;
        self.reached |= self.limits.until.iter().any(|until| match until {
            Until::Registered => registered,
            Until::Failed => failed,
            Until::Done => registered || failed,
            Until::Idle => idle,
        });
    }
}

/// Whether the reader of standard output went away, which a writer learns else only when
/// there is something to write.
fn is_closed(to_terminal: bool, outputs: &Outputs<'_>) -> bool {
    if to_terminal || outputs.out_is_taken {
        return false;
    }
    #[cfg(unix)]
    {
        use rustix::event::{PollFd, PollFlags, Timespec, poll};
        let out = io::stdout();
        let mut fds = [PollFd::new(&out, PollFlags::empty())];
        let at_once = Timespec {
            tv_sec: 0,
            tv_nsec: 0,
        };
        let _ = poll(&mut fds, Some(&at_once));
        let [fd] = fds;
        fd.revents().contains(PollFlags::ERR)
    }
    #[cfg(not(unix))]
    false
}
