//! The configuration names a load that the server does not have.
//!
//! ## What it sees
//! A configuration was delivered and names a load. The phone asks for that load's list,
//! and the server answers that there is no such file.
//!
//! ## Why the phone stops
//! Most phones keep the firmware that they have and come up; the screen shows "File Not
//! Found" for a moment. Some start over again and again, and one whose firmware was erased
//! has nothing to run.
//!
//! ## How to fix it
//! 1. Put the load's files into the server's root: the list and all that it names.
//! 2. Or correct the load's name in the configuration: without `.loads`, in the same case
//!    as the file; or leave it out, and the phone keeps what it has.
//! 3. With a call manager, the name comes from its device defaults or the phone's page.
//!
//! ## When it may be wrong
//! When another server of the list delivers the load later in the same boot, nothing is
//! reported.
//!
//! ## References
//! `loadInformation` of Cisco's configuration files.

use crate::finding::{Finding, Severity};
use crate::rules::Context;
use crate::rules::context::TransferVerdict;
use crate::session::Boot;
use crate::session::transfer::Transfer;

use super::{firmware, load_name_unusable, loss};

pub(in crate::rules) fn check(boot: &Boot, context: &Context<'_>) -> Vec<Finding> {
    context
        .reads(boot)
        .filter(|(transfer, verdict)| {
            *verdict == TransferVerdict::NotFound
                && !context.arrived(boot, &transfer.file_name())
                && load_name_unusable::fault(transfer).is_none()
        })
        .filter_map(|(transfer, _)| {
            let configuration = firmware::configuration_naming(boot, context, transfer)?;
            Some(missing(boot, context, transfer, configuration))
        })
        .collect()
}

fn missing(
    boot: &Boot,
    context: &Context<'_>,
    transfer: &Transfer,
    configuration: &Transfer,
) -> Finding {
    let name = loss::shown(transfer);
    let file = transfer.file_name();
    let load = file.strip_suffix(".loads").unwrap_or(&file);
    let from = loss::shown(configuration);
    let severity = loss::severity(boot, context, transfer).max(Severity::Warning);
    let finding = Finding::new(
        "configured-firmware-missing",
        severity,
        format!("the configuration names the load \"{load}\", which the server does not have"),
    )
    .detail(format!(
        "{from} tells the phone to run {load}. The phone asked {} for {name} {} and got none.{}",
        transfer.server,
        loss::times(transfer.requests),
        if severity == Severity::Error {
            ""
        } else {
            " It keeps the firmware that it has."
        }
    ))
    .about(loss::about(transfer))
    .evidence(configuration.last, format!("{from} names {load}"));
    loss::with_frames(finding, transfer)
        .remedy(format!(
            "Put {name}, and every file named in it, into the root of {}.",
            transfer.server
        ))
        .remedy(format!(
            "Or correct or remove <loadInformation> in {from}: without it the phone keeps its load."
        ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::fetch::testing::configuration;
    use crate::rules::testing::Case;
    use crate::session::registration;
    use crate::session::testing::BootBuilder;
    use crate::session::transfer::Status;

    fn boot(load: &str) -> BootBuilder {
        configuration(BootBuilder::new(), "SEP001AA17BE638.cnf.xml", load)
            .tftp("SCCP70.9-4-2.loads", Status::NotFound)
    }

    #[test]
    fn a_phone_that_keeps_its_load_is_warned_of() {
        let boot = boot("SCCP70.9-4-2").registration(registration::Status::Registered, None);
        let findings = Case::new("cisco-79x1", boot).check(check);
        assert_eq!(findings[0].severity, Severity::Warning);
        assert_eq!(
            findings[0].title,
            "the configuration names the load \"SCCP70.9-4-2\", which the server does not have"
        );
    }

    #[test]
    fn a_phone_that_stops_there_has_failed() {
        let findings = Case::new("cisco-79x1", boot("SCCP70.9-4-2")).check(check);
        assert_eq!(findings[0].severity, Severity::Error);
    }

    #[test]
    fn a_phone_that_only_reads_its_configuration_again_has_failed_by_http_too() {
        let again = |boot: BootBuilder| {
            configuration(boot, "/SEP001AA17BE638.cnf.xml", "sip8845_65.12-6-1")
                .http("/sip8845_65.12-6-1.loads", Status::NotFound, 404)
                .after_secs(30)
        };
        let boot = configuration(
            again(BootBuilder::new()),
            "/SEP001AA17BE638.cnf.xml",
            "sip8845_65.12-6-1",
        );
        let findings = Case::new("cisco-78xx-88xx", boot).check(check);
        assert_eq!(findings[0].severity, Severity::Error);
        assert!(findings[0].title.contains("\"sip8845_65.12-6-1\""));
        let file = findings[0].subject.file.as_deref();
        assert_eq!(file, Some("/sip8845_65.12-6-1.loads"));
    }

    #[test]
    fn a_load_that_no_configuration_names_is_only_missing() {
        let case = Case::new("cisco-79x1", boot("SCCP70.8-5-2"));
        assert!(case.check(check).is_empty());
    }
}
