//! The terminal of the live screen: taken over, drawn on, and given back. What stands on it,
//! [`crate::report::screen`] says.

use std::io;
use std::time::{Duration, Instant};

use ratatui::DefaultTerminal;
use ratatui::crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use crate::live::Update;
use crate::report::live::waiting;
use crate::report::screen::{Live, draw};

/// Notices that are kept until the terminal is given back.
const MAX_NOTICES: usize = 64;

/// A terminal that is taken over until this goes.
pub(super) struct Screen {
    terminal: DefaultTerminal,
    source: String,
    color: bool,
    began: Instant,
    phone: usize,
    scroll: usize,
    notices: Vec<String>,
}

/// What a key asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asked {
    End,
    NextPhone,
    Up,
    Down,
    Nothing,
}

/// What the keys pressed since the last time ask for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Pressed {
    /// To end.
    pub(super) end: bool,
    /// To draw anew.
    pub(super) anything: bool,
}

impl Screen {
    /// Takes the terminal over.
    pub(super) fn open(source: &str, color: bool) -> io::Result<Self> {
        Ok(Self {
            terminal: ratatui::try_init()?,
            source: source.to_owned(),
            color,
            began: Instant::now(),
            phone: 0,
            scroll: 0,
            notices: Vec::new(),
        })
    }

    /// Takes in the keys that were pressed, without waiting for any.
    pub(super) fn keys(&mut self) -> io::Result<Pressed> {
        let mut pressed = Pressed::default();
        while event::poll(Duration::ZERO)? {
            pressed.anything = true;
            let Event::Key(key) = event::read()? else {
                continue;
            };
            match asked(key) {
                Asked::End => pressed.end = true,
                Asked::NextPhone => (self.phone, self.scroll) = (self.phone.wrapping_add(1), 0),
                Asked::Up => self.scroll = self.scroll.saturating_sub(1),
                Asked::Down => self.scroll = self.scroll.saturating_add(1),
                Asked::Nothing => {}
            }
        }
        Ok(pressed)
    }

    /// Draws how things stand.
    pub(super) fn draw(&mut self, update: &Update<'_>) -> io::Result<()> {
        let waits = self.notices.last().cloned().or_else(|| waiting(update));
        let dropped = update
            .diagnosis
            .captures
            .iter()
            .filter_map(|capture| capture.facts.dropped)
            .max();
        let live = Live {
            source: &self.source,
            now: update.now,
            elapsed_ms: u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX),
            frames: update.heard.frames,
            dropped,
            waiting: waits.as_deref(),
            phone: self.phone,
            scroll: self.scroll,
            color: self.color,
        };
        self.terminal
            .draw(|frame| draw(update.diagnosis, &live, frame))?;
        Ok(())
    }

    /// Shows a notice on the screen, and keeps it for afterwards.
    pub(super) fn notice(&mut self, words: &dyn std::fmt::Display) {
        if self.notices.len() < MAX_NOTICES {
            self.notices.push(words.to_string());
        }
    }

    /// Gives the terminal back, with what there was to notice.
    pub(super) fn close(mut self) -> Vec<String> {
        std::mem::take(&mut self.notices)
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        ratatui::restore();
    }
}

/// What a key asks for. The terminal sends Ctrl-C as a key while it is taken over.
fn asked(key: KeyEvent) -> Asked {
    if key.kind == KeyEventKind::Release {
        return Asked::Nothing;
    }
    match key.code {
        KeyCode::Char('q') | KeyCode::Esc => Asked::End,
        KeyCode::Char('c') if key.modifiers.contains(KeyModifiers::CONTROL) => Asked::End,
        KeyCode::Tab => Asked::NextPhone,
        KeyCode::Up | KeyCode::Char('k') => Asked::Up,
        KeyCode::Down | KeyCode::Char('j') => Asked::Down,
        _ => Asked::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_its_keys() {
        let key = |code| asked(KeyEvent::new(code, KeyModifiers::NONE));
        assert_eq!(key(KeyCode::Char('q')), Asked::End);
        assert_eq!(key(KeyCode::Char('c')), Asked::Nothing);
        assert_eq!(key(KeyCode::Tab), Asked::NextPhone);
        assert_eq!(key(KeyCode::Down), Asked::Down);
        let break_off = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
        assert_eq!(asked(break_off), Asked::End);
        let mut released = KeyEvent::new(KeyCode::Char('q'), KeyModifiers::NONE);
        released.kind = KeyEventKind::Release;
        assert_eq!(asked(released), Asked::Nothing);
    }
}
