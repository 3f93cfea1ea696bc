//! [`Notes`]: what is found odd in one value while it is read.

use std::ops::Range;

use crate::{Issue, IssueKind};

/// The issues of one field, spans counted from its value's first byte.
pub(crate) struct Notes {
    field: String,
    pub(crate) issues: Vec<Issue>,
}

impl Notes {
    pub(crate) fn of_option(code: impl Into<u32>) -> Self {
        Self::of_field(format!("option {}", code.into()))
    }

    /// Notes of a part of what these are of.
    pub(crate) fn of_part(&self) -> Self {
        Self::of_field(self.field.clone())
    }

    fn of_field(field: String) -> Self {
        Self {
            field,
            issues: Vec::new(),
        }
    }

    pub(crate) fn malformed(&mut self, span: Range<usize>, detail: impl Into<String>) {
        self.push(IssueKind::Malformed, span, detail.into());
    }

    pub(crate) fn unusual(&mut self, span: Range<usize>, detail: impl Into<String>) {
        self.push(IssueKind::Unusual, span, detail.into());
    }

    fn push(&mut self, kind: IssueKind, span: Range<usize>, detail: String) {
        self.issues.push(Issue {
            kind,
            field: self.field.clone(),
            span,
            detail,
        });
    }
}
