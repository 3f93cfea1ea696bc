//! The phone's own configuration is missing and a default takes its place.
//!
//! ## What it sees
//! The file made for this phone alone is not on the server, and the file that the family
//! reads instead was delivered: `XMLDefault.cnf.xml` for `SEP<MAC>.cnf.xml`,
//! `000000000000.cfg` for `<mac>.cfg`.
//!
//! ## Why the phone stops
//! Mostly it does not: it comes up as a new phone, with a number from auto-registration or
//! with none. A phone that should have its own number has lost it.
//!
//! ## How to fix it
//! 1. Create the phone on the call server, so that it writes the file; compare the MAC
//!    address digit by digit, and the case of its letters.
//! 2. Or put the file there by hand.
//! 3. Where defaults are meant to serve all phones, there is nothing to do.
//!
//! ## When it may be wrong
//! Auto-registration and site-wide defaults are legitimate: a phone that registers with them
//! gets a note only, and so do families that ask for both files as a habit.
//!
//! ## References
//! File orders of the families: `phoneboot phones <family>`.

use crate::finding::{Confidence, Finding, Severity};
use crate::profiles::{Role, WhenAbsent};
use crate::rules::Context;
use crate::rules::context::TransferVerdict;
use crate::session::Boot;
use crate::session::transfer::Transfer;

use super::loss;

pub(in crate::rules) fn check(boot: &Boot, context: &Context<'_>) -> Vec<Finding> {
    let Some(default) = default_delivered(boot, context) else {
        return Vec::new();
    };
    let own = context.reads(boot).find(|(transfer, verdict)| {
        *verdict == TransferVerdict::NotFound
            && context
                .file(transfer)
                .is_some_and(|file| file.role() == Role::Config)
            && !context.arrived(boot, &transfer.file_name())
    });
    own.map(|(own, _)| fallback(boot, context, own, default))
        .into_iter()
        .collect()
}

/// The default configuration that this boot fetched.
fn default_delivered<'b>(boot: &'b Boot, context: &'b Context<'_>) -> Option<&'b Transfer> {
    context
        .reads(boot)
        .find(|(transfer, verdict)| {
            verdict.is_delivered()
                && context
                    .file(transfer)
                    .is_some_and(|file| file.role() == Role::ConfigDefault)
        })
        .map(|(transfer, _)| transfer)
}

fn fallback(boot: &Boot, context: &Context<'_>, own: &Transfer, default: &Transfer) -> Finding {
    let habit = matches!(
        context.when_absent(own),
        WhenAbsent::Benign | WhenAbsent::BenignIfOther
    );
    // That it was tried and not accepted, or that nothing follows, shows that the default
    // does not do.
    let came_up_wrongly = !boot.is_registered()
        && (!boot.registrations.is_empty() || context.is_stuck_after(boot, default.last));
    let severity = if habit || !came_up_wrongly {
        Severity::Note
    } else {
        Severity::Warning
    };
    let (own_name, default_name) = (loss::shown(own), loss::shown(default));
    let registered = if boot.is_registered() {
        " It registered with that."
    } else {
        ""
    };
    Finding::new(
        "config-fallback-used",
        severity,
        format!("{own_name} is missing, {default_name} took its place"),
    )
    .confidence(Confidence::Certain)
    .detail(format!(
        "The phone's own configuration is not on {}; it loaded the default for all phones.{registered}",
        own.server
    ))
    .about(loss::about(own))
    .evidence(own.last, format!("{own_name} is not found"))
    .evidence(default.last, format!("{default_name} is delivered"))
    .remedy(format!(
        "If this phone should have settings of its own, create it on the call server, or put \
         {own_name} on {}.",
        own.server
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::Case;
    use crate::session::registration;
    use crate::session::testing::BootBuilder;
    use crate::session::transfer::Status;

    #[test]
    fn a_cisco_phone_that_defaults_do_not_help_is_a_warning() {
        let boot = || {
            BootBuilder::new()
                .tftp("SEP001AA17BE638.cnf.xml", Status::NotFound)
                .tftp("XMLDefault.cnf.xml", Status::Complete)
        };
        let severity = |boot, secs| {
            let case = Case::new("cisco-79x1", boot).ends_after_secs(secs);
            case.check(check)[0].severity
        };
        assert_eq!(severity(boot(), 120), Severity::Warning);
        assert_eq!(severity(boot(), 5), Severity::Note);
        let rejected = boot().registration(registration::Status::Rejected, None);
        assert_eq!(severity(rejected, 5), Severity::Warning);
        let registered = boot().registration(registration::Status::Registered, None);
        assert_eq!(severity(registered, 120), Severity::Note);
    }

    #[test]
    fn both_missing_is_no_fallback() {
        let boot = BootBuilder::new()
            .tftp("SEP001AA17BE638.cnf.xml", Status::NotFound)
            .tftp("XMLDefault.cnf.xml", Status::NotFound);
        assert!(Case::new("cisco-79x1", boot).check(check).is_empty());
    }

    #[test]
    fn a_phone_with_its_own_file_uses_no_fallback() {
        let boot = BootBuilder::new()
            .tftp("SEP001AA17BE638.cnf.xml", Status::Complete)
            .tftp("XMLDefault.cnf.xml", Status::Complete);
        assert!(Case::new("cisco-79x1", boot).check(check).is_empty());
    }
}
