//! [`Feed`]: frames as they come, read by a thread of its own, so that waiting for the
//! next one never keeps anybody from noticing that time goes by.

use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant, SystemTime};

use crate::capture::file::{Reader, STANDARD_INPUT, note_link_type};
use crate::capture::save::Save;
use crate::capture::{CaptureFacts, Error, Timestamp};

use super::batch::Batch;
use super::follow::Tail;
use super::interface::{Given, LinkState, Listener, Statistics, link_state};

/// Batches that may wait for the analysis. Beyond, the kernel keeps their frames, and counts
/// those that it has no room for.
const MAX_WAITING: usize = 32;

/// Batches that are taken at the most before the link is looked at.
const MAX_BATCHES: usize = 32;

/// Bytes of frames that may wait beyond that where frames are saved: what comes then is
/// saved all the same, and not analyzed.
const MAX_BACKLOG_BYTES: usize = 64 << 20;

/// A frame that comes this much too early, in nanoseconds, only waited in another queue.
const JITTER_NANOS: i64 = 1_000_000_000;

/// How often the interface is asked for its link and its losses.
const LOOK_AROUND: Duration = Duration::from_millis(500);

/// How long the last frames of a pipe are waited for.
const LAST_FRAMES: Duration = Duration::from_millis(500);

/// What a feed brings.
pub enum News {
    /// The next frames.
    Frames(Batch),
    /// Something that the user should know of the input: its link is down, its file is full.
    Notice(String),
    /// It is no capture, or cannot be read.
    Failed(Error),
    /// Nothing came in time.
    Nothing,
    /// Nothing will come any more.
    End,
}

/// What the two threads share.
#[derive(Default)]
struct Shared {
    stop: Arc<AtomicBool>,
    received: AtomicU64,
    dropped: AtomicU64,
    /// Frames that were saved and not analyzed.
    passed_over: AtomicU64,
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
    /// Listens on an interface until `most` frames have come, and saves all that it hears.
    pub fn listen(listener: Listener, save: Option<(Save, PathBuf)>, most: Option<u64>) -> Self {
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
            left: most.unwrap_or(u64::MAX),
            shared: Arc::clone(&shared),
            sender,
            since: now(),
            trouble: None,
            backlog: VecDeque::new(),
            backlog_bytes: 0,
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
        let name = path.display().to_string();
        let path = path.to_owned();
        Self::read_by(&name, move |shared, sender| {
            let reader = open(&path, shared)?;
            read(reader, shared, sender);
            Ok(())
        })
    }

    /// Goes on with a pipe whose first frames were read.
    pub fn go_on(first: Batch, reader: Reader) -> Self {
        let name = reader.facts().name.clone();
        Self::read_by(&name, move |shared, sender| {
            if sender.send(News::Frames(first)).is_ok() {
                read(reader, shared, sender);
            }
            Ok(())
        })
    }

    fn read_by(
        name: &str,
        read: impl FnOnce(&Shared, &SyncSender<News>) -> Result<(), Error> + Send + 'static,
    ) -> Self {
        let shared = Arc::new(Shared::default());
        let (sender, news) = sync_channel(MAX_WAITING);
        let facts = CaptureFacts::new(name, "pcap");
        let for_thread = Arc::clone(&shared);
        thread::spawn(move || {
            let last = match read(&for_thread, &sender) {
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
        if let News::Frames(batch) = news {
            for frame in batch.frames() {
                self.facts.count(&frame);
                note_link_type(&mut self.facts, frame.link_type);
                self.since.get_or_insert(frame.time);
            }
            if let Some(last) = batch.frames().last() {
                self.set_clock(last.time);
            }
        }
    }

    /// Frames of several queues come in some disorder. More than that is a clock that was
    /// set, which the analysis mends.
    fn set_clock(&mut self, time: Timestamp) {
        let early = self.now().map(|now| now.nanos_since(time));
        if early.is_none_or(|nanos| !(0..=JITTER_NANOS).contains(&nanos)) {
            self.last = Some((time, Instant::now()));
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
            let passed_over = self.shared.passed_over.load(Ordering::Relaxed);
            facts.dropped = Some(self.shared.dropped.load(Ordering::Relaxed) + passed_over);
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

    /// Frames that were saved and not analyzed, because the analysis did not keep up.
    pub fn passed_over(&self) -> u64 {
        self.shared.passed_over.load(Ordering::Relaxed)
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

/// Opens a pipe, or a file whose end is waited at.
fn open(path: &Path, shared: &Shared) -> Result<Reader, Error> {
    if path == Path::new(STANDARD_INPUT) {
        return Reader::open(path, 0);
    }
    let file = File::open(path).map_err(|source| Error::Io {
        path: path.to_owned(),
        source,
    })?;
    let tail = Tail::new(file, Arc::clone(&shared.stop));
    Reader::from_read(Box::new(tail), &path.display().to_string(), 0)
}

/// Reads a capture to its end.
fn read(mut reader: Reader, shared: &Shared, sender: &SyncSender<News>) {
    shared.tell(reader.facts());
    while let Some(frame) = reader.next_frame() {
        // Whether the next one is there already, a pipe does not tell.
        if sender.send(News::Frames(Batch::of(&frame))).is_err() {
            return;
        }
    }
    shared.tell(reader.facts());
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
    /// Frames that are still wanted.
    left: u64,
    /// Saved frames that wait until the analysis can take them.
    backlog: VecDeque<Batch>,
    backlog_bytes: usize,
}

impl Listening {
    fn run(mut self) {
        let name = self.listener.origin().interface.clone();
        // What is no network interface has no link, and `any` none of its own.
        let has_link = link_state(&name) != Some(LinkState::Gone);
        let mut state = Some(LinkState::Up);
        let mut looked = Instant::now().checked_sub(LOOK_AROUND);
        while !self.shared.stopped() && self.left > 0 {
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
            if !self.work_off() {
                break;
            }
            if self.backlog.is_empty() {
                self.listener.wait();
            } else {
                thread::sleep(Duration::from_millis(1));
            }
        }
        // What came while it was told to stop.
        self.take_frames();
        for batch in std::mem::take(&mut self.backlog) {
            if self.sender.send(News::Frames(batch)).is_err() {
                break;
            }
        }
        self.count();
        if let Some((save, path)) = self.save.take() {
            let dropped = self.shared.dropped.load(Ordering::Relaxed);
            if let Err(error) = save.end((self.since, now()), dropped) {
                self.say(format!("-w {}: {error}", path.display()));
            }
        }
    }

    /// Takes the frames that are there; `false` when nobody wants more.
    fn take_frames(&mut self) -> bool {
        for _ in 0..MAX_BATCHES {
            let mut batch = Batch::default();
            let failed = self.take_batch(&mut batch);
            let is_last = !batch.is_full();
            if batch.n_frames() > 0 && !self.hand_on(batch) {
                return false;
            }
            if let Some(error) = failed
                && !self.give_save_up(&error)
            {
                return false;
            }
            if is_last {
                break;
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

    /// Takes and saves frames until the batch is full or no more are there; the error when
    /// they cannot be saved.
    fn take_batch(&mut self, batch: &mut Batch) -> Option<io::Error> {
        while self.left > 0 && !batch.is_full() {
            match self.listener.next_frame() {
                Given::Frame(frame) => {
                    self.left -= 1;
                    self.trouble = None;
                    batch.push(&frame);
                    if let Some((save, _)) = &mut self.save
                        && let Err(error) = save.frame(&frame)
                    {
                        return Some(error);
                    }
                }
                Given::Nothing => break,
                Given::Trouble(words) => {
                    if self.trouble.as_ref() != Some(&words) {
                        let name = &self.listener.origin().interface;
                        // Nobody listens any more when it cannot be sent.
                        let _ = self.sender.send(News::Notice(format!("{name}: {words}")));
                        self.trouble = Some(words);
                    }
                    break;
                }
            }
        }
        None
    }

    /// Gives frames to the analysis. Where frames are saved, nothing waits for it: the
    /// file is to be complete, however slow the terminal. `false` when nobody wants more.
    fn hand_on(&mut self, batch: Batch) -> bool {
        if self.save.is_none() && self.backlog.is_empty() {
            return self.sender.send(News::Frames(batch)).is_ok();
        }
        if self.backlog_bytes < MAX_BACKLOG_BYTES {
            self.backlog_bytes += batch.n_bytes();
            self.backlog.push_back(batch);
        } else {
            let n_frames = u64::try_from(batch.n_frames()).unwrap_or(u64::MAX);
            self.shared
                .passed_over
                .fetch_add(n_frames, Ordering::Relaxed);
        }
        self.work_off()
    }

    /// Gives what waits, as far as it is taken; `false` when nobody wants more.
    fn work_off(&mut self) -> bool {
        while let Some(batch) = self.backlog.pop_front() {
            self.backlog_bytes -= batch.n_bytes();
            match self.sender.try_send(News::Frames(batch)) {
                Ok(()) => {}
                Err(TrySendError::Full(News::Frames(batch))) => {
                    self.backlog_bytes += batch.n_bytes();
                    self.backlog.push_front(batch);
                    return true;
                }
                Err(_) => return false,
            }
        }
        true
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

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::capture::samples::every_block;

    /// All that comes until nothing comes for a while: `f` for a frame.
    fn told(feed: &mut Feed) -> String {
        let mut told = String::new();
        loop {
            match feed.next(Duration::from_millis(400)) {
                News::Frames(batch) => told.push_str(&"f".repeat(batch.n_frames())),
                News::Notice(_) => told.push('n'),
                News::Failed(_) => told.push('x'),
                News::Nothing => return told + ".",
                News::End => return told + "!",
            }
        }
    }

    #[test]
    fn gives_what_a_growing_file_holds_and_waits_at_its_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("grows.pcapng");
        let whole = every_block();
        let (begin, rest) = whole.split_at(whole.len() / 2);
        fs::write(&path, begin).unwrap();
        let mut feed = Feed::follow(&path);
        assert_eq!(feed.now(), None);
        let first = told(&mut feed);
        assert!(first.starts_with('f') && first.ends_with('.'), "{first}");
        let mut file = fs::OpenOptions::new().append(true).open(&path).unwrap();
        io::Write::write_all(&mut file, rest).unwrap();
        let second = told(&mut feed);
        assert!(second.starts_with('f') && second.ends_with('.'), "{second}");
        let mut more = 0;
        feed.stop(&mut |_| more += 1);
        assert_eq!(more, 0);
        let facts = feed.facts();
        let mut reader = Reader::open(&path, 0).unwrap();
        while reader.next_frame().is_some() {}
        let mut expected = reader.facts().clone();
        expected.taken = facts.taken.clone();
        assert_eq!(facts, expected);
        assert!(feed.now().is_some());
    }

    #[test]
    fn goes_on_behind_a_first_frame() {
        let input = Box::new(io::Cursor::new(every_block()));
        let mut reader = Reader::from_read(input, "-", 0).unwrap();
        let first = Batch::of(&reader.next_frame().unwrap());
        let mut feed = Feed::go_on(first, reader);
        let told = told(&mut feed);
        assert!(told.ends_with('!'), "{told}");
        assert_eq!(feed.facts().frames, told.len() as u64 - 1);
    }

    #[test]
    fn says_why_there_is_nothing() {
        let mut feed = Feed::follow(Path::new("/nonexistent/capture"));
        assert_eq!(told(&mut feed), "x!");
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notes");
        fs::write(&path, "no capture at all").unwrap();
        let mut feed = Feed::follow(&path);
        feed.stop(&mut |_| {});
        assert_eq!(feed.facts().frames, 0);
    }
}
