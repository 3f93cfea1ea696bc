//! [`Feed`]: frames as they come, read by a thread of its own, so that waiting for the
//! next one never keeps anybody from noticing that time goes by.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant, SystemTime};

use crate::capture::file::{Reader, STANDARD_INPUT, note_link_type};
use crate::capture::save::Save;
use crate::capture::{CaptureFacts, Error, Frame, Timestamp};

use super::follow::Tail;
use super::interface::{Given, LinkState, Listener, Statistics, link_state};

/// Frames that may wait for the analysis. Beyond, the kernel keeps them, and counts those
/// that it has no room for.
const MAX_WAITING: usize = 4096;

/// How often the interface is asked for its link and its losses.
const LOOK_AROUND: Duration = Duration::from_millis(500);

/// How long the last frames of a pipe are waited for.
const LAST_FRAMES: Duration = Duration::from_millis(500);

/// What a feed brings.
pub enum News {
    /// The next frame.
    Frame(Held),
    /// Something that the user should know of the input: its link is down, its file is full.
    Notice(String),
    /// It is no capture, or cannot be read.
    Failed(Error),
    /// Nothing came in time.
    Nothing,
    /// Nothing will come any more.
    End,
}

/// A frame with its bytes.
pub struct Held {
    frame: Frame<'static>,
    bytes: Vec<u8>,
}

impl Held {
    fn new(frame: &Frame<'_>) -> Self {
        Self {
            frame: Frame {
                bytes: &[],
                ..*frame
            },
            bytes: frame.bytes.to_vec(),
        }
    }

    /// The frame.
    pub fn frame(&self) -> Frame<'_> {
        Frame {
            bytes: &self.bytes,
            ..self.frame
        }
    }
}

/// What the two threads share.
#[derive(Default)]
struct Shared {
    stop: Arc<AtomicBool>,
    received: AtomicU64,
    dropped: AtomicU64,
    /// What the reader knows beside the frames: at its beginning, and all at its end.
    known: Mutex<Option<CaptureFacts>>,
}

impl Shared {
    fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    fn tell(&self, facts: &CaptureFacts) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        *known = Some(facts.clone());
    }

    fn told(&self) -> Option<CaptureFacts> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.take()
    }
}

/// Frames as they come.
pub struct Feed {
    news: Receiver<News>,
    shared: Arc<Shared>,
    /// `None` where the thread may wait for ever and is left alone.
    thread: Option<JoinHandle<()>>,
    /// Whether the kernel counts what is lost.
    counts: bool,
    facts: CaptureFacts,
    /// By the clock that stamps the frames: since when it is listened; `None` where that
    /// is not known.
    since: Option<Timestamp>,
    /// The last moment that is known by that clock, and when that was.
    last: Option<(Timestamp, Instant)>,
}

impl Feed {
    /// Listens on an interface, and saves all that it hears.
    pub fn listen(listener: Listener, save: Option<(Save, PathBuf)>) -> Self {
        let origin = listener.origin();
        let mut facts = CaptureFacts::new(&origin.interface, "interface");
        facts.snap_length = Some(origin.snap_length);
        facts.link_types.push(listener.link_type());
        facts.dropped = Some(0);
        let shared = Arc::new(Shared::default());
        let (sender, news) = sync_channel(MAX_WAITING);
        let listening = Listening {
            listener,
            save,
            shared: Arc::clone(&shared),
            sender,
            since: now(),
            trouble: None,
        };
        let since = listening.since;
        Self {
            news,
            shared,
            thread: Some(thread::spawn(move || listening.run())),
            counts: true,
            facts,
            since: Some(since),
            last: Some((since, Instant::now())),
        }
    }

    /// Reads a capture that still grows: a pipe, or a file, whose end is waited at.
    pub fn follow(path: &Path) -> Self {
        let shared = Arc::new(Shared::default());
        let (sender, news) = sync_channel(MAX_WAITING);
        let facts = CaptureFacts::new(&path.display().to_string(), "pcap");
        let (path, for_thread) = (path.to_owned(), Arc::clone(&shared));
        thread::spawn(move || {
            let last = match read(&path, &for_thread, &sender) {
                Ok(()) => News::End,
                Err(error) => News::Failed(error),
            };
            // Nobody listens any more when it cannot be sent.
            let _ = sender.send(last);
        });
        Self {
            news,
            shared,
            thread: None,
            counts: false,
            facts,
            since: None,
            last: None,
        }
    }

    /// What comes next, within `patience`.
    pub fn next(&mut self, patience: Duration) -> News {
        let news = match self.news.recv_timeout(patience) {
            Ok(news) => news,
            Err(RecvTimeoutError::Timeout) => News::Nothing,
            Err(RecvTimeoutError::Disconnected) => News::End,
        };
        self.take_in(&news);
        news
    }

    fn take_in(&mut self, news: &News) {
        if let Some(known) = self.shared.told() {
            let counted = std::mem::replace(&mut self.facts, known);
            self.facts.frames = counted.frames;
            self.facts.bytes = counted.bytes;
            self.facts.sliced_frames = counted.sliced_frames;
            (self.facts.first, self.facts.last) = (counted.first, counted.last);
        }
        if let News::Frame(held) = news {
            let frame = held.frame();
            self.facts.count(&frame);
            note_link_type(&mut self.facts, frame.link_type);
            // A clock that was set meanwhile is mended by the analysis.
            self.last = Some((frame.time, Instant::now()));
            self.since.get_or_insert(frame.time);
        }
    }

    /// What time it is by the clock that stamps the frames: the last frame's, and what has
    /// gone by since. `None` before the first frame of a pipe.
    pub fn now(&self) -> Option<Timestamp> {
        let (time, at) = self.last?;
        let nanos = i64::try_from(at.elapsed().as_nanos()).unwrap_or(i64::MAX);
        Some(Timestamp(time.0.saturating_add(nanos)))
    }

    /// What is known of the capture so far, and that it is listened until now.
    pub fn facts(&self) -> CaptureFacts {
        let mut facts = self.facts.clone();
        if self.counts {
            facts.dropped = Some(self.shared.dropped.load(Ordering::Relaxed));
        }
        facts.taken.listened = self.since.zip(self.now());
        facts
    }

    /// How many frames there were by the kernel's account; zeros where it has none.
    pub fn statistics(&self) -> Statistics {
        Statistics {
            received: self.shared.received.load(Ordering::Relaxed),
            dropped: self.shared.dropped.load(Ordering::Relaxed),
        }
    }

    /// Stops, and gives what has come until then. The file that is saved is complete
    /// afterwards.
    pub fn stop(&mut self, give: &mut dyn FnMut(News)) {
        self.shared.stop.store(true, Ordering::Relaxed);
        let begun = Instant::now();
        loop {
            let patience = match &self.thread {
                // It ends by itself.
                Some(_) => Duration::from_secs(5),
                None => LAST_FRAMES.saturating_sub(begun.elapsed()),
            };
            match self.next(patience) {
                News::End | News::Nothing => break,
                news => give(news),
            }
        }
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            give(News::Notice("reading the interface broke off".to_owned()));
        }
    }
}

fn now() -> Timestamp {
    let since_1970 = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let nanos = since_1970.map_or(0, |since| since.as_nanos());
    Timestamp(i64::try_from(nanos).unwrap_or(i64::MAX))
}

/// Reads a file or pipe to its end.
fn read(path: &Path, shared: &Shared, sender: &SyncSender<News>) -> Result<(), Error> {
    let mut reader = if path == Path::new(STANDARD_INPUT) {
        Reader::open(path, 0)?
    } else {
        let file = File::open(path).map_err(|source| Error::Io {
            path: path.to_owned(),
            source,
        })?;
        let tail = Tail::new(file, Arc::clone(&shared.stop));
        Reader::from_read(Box::new(tail), &path.display().to_string(), 0)?
    };
    shared.tell(reader.facts());
    while let Some(frame) = reader.next_frame() {
        if sender.send(News::Frame(Held::new(&frame))).is_err() {
            return Ok(());
        }
    }
    shared.tell(reader.facts());
    Ok(())
}

/// An interface that a thread listens on.
struct Listening {
    listener: Listener,
    save: Option<(Save, PathBuf)>,
    shared: Arc<Shared>,
    sender: SyncSender<News>,
    since: Timestamp,
    /// What libpcap complained of last, until a frame comes.
    trouble: Option<String>,
}

impl Listening {
    fn run(mut self) {
        let name = self.listener.origin().interface.clone();
        // What is no network interface has no link, and `any` none of its own.
        let has_link = link_state(&name) != Some(LinkState::Gone);
        let mut state = Some(LinkState::Up);
        let mut looked = Instant::now().checked_sub(LOOK_AROUND);
        while !self.shared.stopped() {
            if !self.take_frames() {
                break;
            }
            if looked.is_none_or(|at| at.elapsed() >= LOOK_AROUND) {
                looked = Some(Instant::now());
                self.count();
                let present = if has_link { link_state(&name) } else { state };
                if present != state && !self.say(state_words(&name, present)) {
                    break;
                }
                state = present;
                if present == Some(LinkState::Gone) {
                    break;
                }
            }
            self.listener.wait();
        }
        // What came while it was told to stop.
        self.take_frames();
        self.count();
        if let Some((save, path)) = self.save.take() {
            let statistics = Statistics {
                received: self.shared.received.load(Ordering::Relaxed),
                dropped: self.shared.dropped.load(Ordering::Relaxed),
            };
            let listened = (self.since, now());
            if let Err(error) = save.end(listened, statistics.received, statistics.dropped) {
                self.say(format!("-w {}: {error}", path.display()));
            }
        }
    }

    /// Takes the frames that are there; `false` when nobody wants more.
    fn take_frames(&mut self) -> bool {
        for _ in 0..MAX_WAITING {
            let failed = match self.listener.next_frame() {
                Given::Frame(frame) => {
                    self.trouble = None;
                    let saved = match &mut self.save {
                        Some((save, _)) => save.frame(&frame),
                        None => Ok(()),
                    };
                    if self.sender.send(News::Frame(Held::new(&frame))).is_err() {
                        return false;
                    }
                    saved.err()
                }
                Given::Nothing => break,
                Given::Trouble(words) => {
                    if self.trouble.as_ref() != Some(&words) {
                        self.trouble = Some(words.clone());
                        let name = self.listener.origin().interface.clone();
                        return self.say(format!("{name}: {words}"));
                    }
                    break;
                }
            };
            if let Some(error) = failed
                && !self.give_save_up(&error)
            {
                return false;
            }
        }
        match &mut self.save {
            Some((save, _)) => match save.flush() {
                Ok(()) => true,
                Err(error) => self.give_save_up(&error),
            },
            None => true,
        }
    }

    /// Nothing can be saved any more; `false` when that is the end.
    fn give_save_up(&mut self, error: &io::Error) -> bool {
        let Some((_, path)) = self.save.take() else {
            return true;
        };
        // Whoever reads the frames has seen what he wanted.
        if error.kind() == io::ErrorKind::BrokenPipe {
            return false;
        }
        self.say(format!(
            "-w {}: {error}; no more is saved, the analysis goes on",
            path.display()
        ))
    }

    fn count(&mut self) {
        if let Some(told) = self.listener.statistics() {
            self.shared.received.store(told.received, Ordering::Relaxed);
            self.shared.dropped.store(told.dropped, Ordering::Relaxed);
        }
    }

    fn say(&self, words: String) -> bool {
        self.sender.send(News::Notice(words)).is_ok()
    }
}

/// What it means that the link of an interface is in this state now.
fn state_words(name: &str, state: Option<LinkState>) -> String {
    match state {
        Some(LinkState::Up) | None => format!("{name} has its link again"),
        Some(LinkState::NoCarrier) => format!(
            "{name} has no link: is the cable plugged in, and does what is at its other end \
             have power? Goes on when it comes"
        ),
        Some(LinkState::Down) => format!("{name} is switched off; goes on when it is up again"),
        Some(LinkState::Gone) => format!("{name} is gone"),
    }
}
