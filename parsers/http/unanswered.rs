//! Which request a response answers.
//!
//! Responses come in the order of the requests (RFC 9112 §9.3.2).

use std::collections::VecDeque;

use super::StartLine;
use super::head::Parsed;
use crate::{Issue, IssueKind, WireText};

/// The most requests that wait for their responses.
const MAX_UNANSWERED: usize = 4096;

/// The request that a response answers, as far as it decides on a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answered {
    Head,
    Connect,
    /// Any other, and one that was not seen.
    Other,
}

/// The requests that have no response yet.
#[derive(Debug, Default)]
pub(super) struct Unanswered {
    methods: VecDeque<Answered>,
    /// Whether responses may have been lost, so that the oldest request need
    /// not be the one that is answered next.
    is_out_of_step: bool,
    /// Requests that were forgotten because there were too many.
    n_forgotten: usize,
}

impl Unanswered {
    pub(super) fn push(&mut self, method: &WireText) {
        if self.methods.len() >= MAX_UNANSWERED {
            self.methods.pop_front();
            self.n_forgotten += 1;
        }
        // Methods are written in upper case only (RFC 9110 §9.1).
        self.methods.push_back(match method.as_bytes() {
            b"HEAD" => Answered::Head,
            b"CONNECT" => Answered::Connect,
            _ => Answered::Other,
        });
    }

    /// Says that an unknown number of responses was lost.
    pub(super) fn lose_step(&mut self) {
        self.is_out_of_step = true;
    }

    /// What this message answers. Requests answer nothing; an interim response
    /// leaves its request waiting.
    pub(super) fn answered_by(&mut self, parsed: &mut Parsed) -> Answered {
        let StartLine::Response { status, .. } = parsed.start else {
            return Answered::Other;
        };
        if std::mem::take(&mut self.is_out_of_step) {
            // Clients that wait for one response before they send the next
            // request are the rule, so it is the last request that is open.
            let n_older = self.methods.len().saturating_sub(1);
            self.methods.drain(..n_older);
        }
        if self.n_forgotten > 0 {
            let detail = format!(
                "answers an unknown request: more than {MAX_UNANSWERED} were open, {} forgotten",
                std::mem::take(&mut self.n_forgotten)
            );
            parsed.issues.push(Issue {
                kind: IssueKind::Limit,
                field: "status line".into(),
                span: 0..0,
                detail,
            });
        }
        let answered = match status {
            100 | 102..=199 => self.methods.front().copied(),
            _ => self.methods.pop_front(),
        };
        answered.unwrap_or(Answered::Other)
    }
}
