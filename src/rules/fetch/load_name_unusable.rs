//! The phone asks for a load under a name that no load has.
//!
//! ## What it sees
//! A request for `NAME.loads.loads`, or for a load whose name is a serial number
//! (`FCH1234ABCD.loads`), and the answer that there is no such file.
//!
//! ## Why the phone stops
//! The phone adds `.loads` to what the configuration calls its load. Where the extension
//! stands there already it comes twice; where another field was copied into the load's place
//! there is nothing to find. The phone keeps the firmware that it has, if it has any.
//!
//! ## How to fix it
//! 1. Correct `loadInformation` in the configuration: the load's name without `.loads`, in the
//!    case of its file.
//! 2. With a call manager: the phone's page, field "Phone Load Name", or the device defaults.
//! 3. Leave the field empty, and the phone keeps what it has.
//!
//! ## When it may be wrong
//! A server that makes such names up by rules of its own may mean them so; it then has the
//! files, and nothing is reported.
//!
//! ## References
//! `loadInformation` of Cisco's configuration files: `phoneboot phones cisco`.

use crate::finding::{Finding, Severity};
use crate::rules::Context;
use crate::rules::context::TransferVerdict;
use crate::session::Boot;
use crate::session::transfer::Transfer;

use super::{firmware, loss};

/// What load lists end in.
const EXTENSION: &str = ".loads";
/// How long a serial number is.
const SERIAL_NUMBER_BYTES: usize = 11;

pub(in crate::rules) fn check(boot: &Boot, context: &Context<'_>) -> Vec<Finding> {
    context
        .reads(boot)
        .filter(|(transfer, verdict)| {
            *verdict == TransferVerdict::NotFound && !context.arrived(boot, &transfer.file_name())
        })
        .filter_map(|(transfer, _)| Some(unusable(boot, context, transfer, fault(transfer)?)))
        .collect()
}

/// What is wrong with the name of a load list; `None` when it may be one.
pub(super) fn fault(transfer: &Transfer) -> Option<&'static str> {
    let name = transfer.file_name();
    let load = name.strip_suffix(EXTENSION)?;
    if load.to_ascii_lowercase().ends_with(EXTENSION) {
        Some("it ends in .loads twice")
    } else if is_serial_number(load) {
        Some("it is a serial number, not a load")
    } else {
        None
    }
}

/// Three letters for the place, year and week in four digits, four more signs: `FCH1234ABCD`.
fn is_serial_number(text: &str) -> bool {
    let is_of = |(at, byte): (usize, u8)| match at {
        0..3 => byte.is_ascii_uppercase(),
        3..7 => byte.is_ascii_digit(),
        _ => byte.is_ascii_digit() || byte.is_ascii_uppercase(),
    };
    text.len() == SERIAL_NUMBER_BYTES && text.bytes().enumerate().all(is_of)
}

fn unusable(
    boot: &Boot,
    context: &Context<'_>,
    transfer: &Transfer,
    fault: &'static str,
) -> Finding {
    let name = loss::shown(transfer);
    let configuration = firmware::configuration_naming(boot, context, transfer);
    let place = configuration.map_or("the configuration".to_owned(), loss::shown);
    let load = name.strip_suffix(EXTENSION).unwrap_or(&name);
    let mut finding = Finding::new(
        "load-name-unusable",
        loss::severity(boot, context, transfer).max(Severity::Warning),
        format!("the phone is told to run the load \"{load}\": {fault}"),
    )
    .detail(format!(
        "The phone adds .loads to the load's name and asked {} for {name}, which is not there.",
        transfer.server
    ))
    .about(loss::about(transfer));
    if let Some(configuration) = configuration {
        finding = finding.evidence(configuration.last, format!("{place} names {load}"));
    }
    loss::with_frames(finding, transfer).remedy(format!(
        "Correct <loadInformation> in {place}: the load's name without .loads, as in {}.",
        load.strip_suffix(EXTENSION).unwrap_or("SCCP41.9-4-2SR3-1S")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::fetch::testing::configuration;
    use crate::rules::testing::Case;
    use crate::session::testing::BootBuilder;
    use crate::session::transfer::Status;

    fn findings(load: &str) -> Vec<Finding> {
        let boot = configuration(BootBuilder::new(), "SEP001AA17BE638.cnf.xml", load)
            .tftp(&format!("{load}.loads"), Status::NotFound);
        Case::new("cisco-79x1", boot).check(check)
    }

    #[test]
    fn an_extension_too_many_is_told() {
        let found = findings("SCCP41.9-4-2SR3-1S.loads");
        assert_eq!(found.len(), 1);
        assert!(found[0].severity >= Severity::Warning);
        assert_eq!(
            found[0].remedy[0],
            "Correct <loadInformation> in SEP001AA17BE638.cnf.xml: the load's name without .loads, as \
             in SCCP41.9-4-2SR3-1S."
        );
    }

    #[test]
    fn a_serial_number_is_no_load() {
        assert_eq!(
            findings("FCH1234ABCD")[0].title,
            "the phone is told to run the load \"FCH1234ABCD\": it is a serial number, not a load"
        );
    }

    #[test]
    fn loads_that_are_only_missing_are_not_judged_here() {
        for load in [
            "SCCP41.9-4-2SR3-1S",
            "FCH1234ABC",
            "P0S3-8-12-00",
            "fch1234abcd",
        ] {
            assert!(findings(load).is_empty(), "{load}");
        }
    }
}
