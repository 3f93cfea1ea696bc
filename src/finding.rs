//! [`Finding`]: a fault of a boot or of a capture, with its evidence and its cure.

use std::net::IpAddr;

use crate::event::At;

/// A fault, on what evidence, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The rule's id: `file-missing`.
    pub id: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// How sure the rule is.
    pub confidence: Confidence,
    /// One line, complete in itself.
    pub title: String,
    /// What was seen, in whole sentences.
    pub detail: String,
    /// The frames that prove it, in their order; never empty.
    pub evidence: Vec<Evidence>,
    /// What it is about.
    pub subject: About,
    /// What to do, in the order to try.
    pub remedy: Vec<String>,
    /// The id of the finding that this one only follows from; `None` when it stands
    /// by itself.
    pub caused_by: Option<&'static str>,
}

/// One frame that proves a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// Which frame.
    pub at: At,
    /// What it shows.
    pub summary: String,
}

/// What a finding is about; what does not apply is `None`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct About {
    /// A file's name, as it was asked for.
    pub file: Option<String>,
    /// A server.
    pub server: Option<IpAddr>,
    /// A port there.
    pub port: Option<u16>,
    /// A DHCP option.
    pub option: Option<u8>,
    /// A VLAN.
    pub vlan: Option<u16>,
    /// A protocol.
    pub protocol: Option<&'static str>,
}

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// Worth knowing, and normal.
    Note,
    /// The phone came up, but wrongly, slowly or by luck.
    Warning,
    /// The boot stopped, or will stop, here.
    Error,
}

/// How sure a rule is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Confidence {
    /// It could be so.
    Possible,
    /// All signs but one say so.
    Likely,
    /// The frames say so themselves.
    Certain,
}

impl Severity {
    /// The word that reports use.
    pub fn name(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

impl Confidence {
    /// The word that reports use.
    pub fn name(self) -> &'static str {
        match self {
            Self::Possible => "possible",
            Self::Likely => "likely",
            Self::Certain => "certain",
        }
    }
}

impl Finding {
    /// A finding that is certain, without evidence, remedy or subject yet.
    pub fn new(id: &'static str, severity: Severity, title: impl Into<String>) -> Self {
        Self {
            id,
            severity,
            confidence: Confidence::Certain,
            title: title.into(),
            detail: String::new(),
            evidence: Vec::new(),
            subject: About::default(),
            remedy: Vec::new(),
            caused_by: None,
        }
    }

    /// Says how sure the rule is.
    #[must_use]
    pub fn confidence(mut self, confidence: Confidence) -> Self {
        self.confidence = confidence;
        self
    }

    /// Says what was seen.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = detail.into();
        self
    }

    /// Adds a frame that proves it; the same frame twice in a row counts once.
    #[must_use]
    pub fn evidence(mut self, at: At, summary: impl Into<String>) -> Self {
        if self.evidence.last().is_some_and(|last| last.at == at) {
            return self;
        }
        self.evidence.push(Evidence {
            at,
            summary: summary.into(),
        });
        self
    }

    /// Says what it is about.
    #[must_use]
    pub fn about(mut self, subject: About) -> Self {
        self.subject = subject;
        self
    }

    /// Adds a thing to do.
    #[must_use]
    pub fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy.push(remedy.into());
        self
    }

    /// Names the finding that this one follows from.
    #[must_use]
    pub fn caused_by(mut self, id: &'static str) -> Self {
        self.caused_by = Some(id);
        self
    }
}
