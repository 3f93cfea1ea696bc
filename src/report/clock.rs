//! Moments as they are shown when the capturing host's clock was set meanwhile.
//!
//! Within a run all times are of one clock that goes on. They are shown by the clock as
//! it was set last: order and durations hold, and what comes behind the last step has
//! the times of the file.

use crate::capture::{ClockStep, Timestamp};
use crate::diagnosis::Diagnosis;

use super::model::{Finding, Report, Time};

/// Puts every moment of the report on the clock as it was set last.
pub(super) fn set(report: &mut Report, diagnosis: &Diagnosis) {
    let steps = diagnosis
        .captures
        .iter()
        .flat_map(|capture| &capture.facts.taken.clock_steps);
    let last: Option<&ClockStep> = steps.max_by_key(|step| step.time);
    let Some(nanos) = last.map(|step| step.offset_nanos).filter(|&n| n != 0) else {
        return;
    };
    let put = |time: &mut Time| time.0 = Timestamp(time.0.0.saturating_sub(nanos));
    let put_all = |findings: &mut [Finding]| {
        for one in findings
            .iter_mut()
            .flat_map(|finding| &mut finding.evidence)
        {
            put(&mut one.time);
        }
    };
    for capture in &mut report.captures {
        capture.first.iter_mut().for_each(put);
        capture.last.iter_mut().for_each(put);
        put_all(&mut capture.notes);
    }
    for boot in report.phones.iter_mut().flat_map(|phone| &mut phone.boots) {
        put(&mut boot.started);
        put(&mut boot.ended);
        for phase in &mut boot.phases {
            phase.started.iter_mut().for_each(put);
        }
        for transfer in &mut boot.transfers {
            put(&mut transfer.started);
        }
        for step in &mut boot.timeline {
            put(&mut step.time);
        }
        put_all(&mut boot.findings);
    }
}
