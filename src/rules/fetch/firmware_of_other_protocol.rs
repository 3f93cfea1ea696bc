//! The configuration is for one call protocol, and the load that it names for the other.
//!
//! ## What it sees
//! The phone's own configuration says in `deviceProtocol` that it is for SCCP, and the load that
//! it names was delivered and lists SIP images; or the other way round. The phone then stops, or
//! is not registered.
//!
//! ## Why the phone stops
//! Cisco has firmware for SCCP and for SIP; each speaks one of them. The phone takes the load,
//! restarts, and speaks a protocol for which its configuration holds nothing and which the call
//! server does not expect of it.
//!
//! ## How to fix it
//! 1. Name the load of the configuration's protocol in `loadInformation`: `SCCP…` or `SIP…`.
//! 2. Or change `deviceProtocol`, with the template that belongs to it: the two look different.
//! 3. On a call manager, the device's protocol decides; the device must be created anew to
//!    change it.
//!
//! ## When it may be wrong
//! A configuration for all models names loads of both protocols, one without `deviceProtocol` is
//! taken to agree with its load, and a phone that registers has what it needs: then nothing is
//! reported.
//!
//! ## References
//! `deviceProtocol` and `loadInformation` of Cisco's configuration files: `phoneboot phones cisco`.

use phoneboot_parsers::manifest::{CallProtocol, What};

use crate::finding::{Confidence, Finding, Severity};
use crate::profiles::Role;
use crate::rules::Context;
use crate::session::Boot;
use crate::session::registration::Status;
use crate::session::transfer::Transfer;

use super::loss;

pub(in crate::rules) fn check(boot: &Boot, context: &Context<'_>) -> Vec<Finding> {
    // What the load does shows in the boots after the one that fetched it.
    if boot.is_registered() || boot.followed_by_another {
        return Vec::new();
    }
    let config = context
        .reads(boot)
        .filter(|(transfer, verdict)| verdict.is_delivered() && is_own_config(context, transfer))
        .last();
    let found = config.and_then(|(config, _)| disagreement(boot, context, config));
    found.into_iter().collect()
}

fn is_own_config(context: &Context<'_>, transfer: &Transfer) -> bool {
    context
        .file(transfer)
        .is_some_and(|file| file.role() == Role::Config)
}

fn disagreement(boot: &Boot, context: &Context<'_>, config: &Transfer) -> Option<Finding> {
    let configured = protocol(config)?;
    let mut loads = config.manifest.as_deref()?.names(What::Load);
    let (load, others) = (loads.next()?.to_string(), loads.next());
    let list = context
        .phone
        .boots
        .iter()
        .take(context.boot_index + 1)
        .flat_map(|boot| &boot.transfers)
        .rfind(|list| list.is_delivered() && list.file_name() == format!("{load}.loads"))?;
    let loaded = protocol(list)?;
    let turned_away = boot
        .registrations
        .iter()
        .any(|attempt| attempt.status != Status::Registered);
    let came_to_nothing = turned_away || context.is_stuck_after(boot, config.last.max(list.last));
    (others.is_none() && loaded != configured && came_to_nothing)
        .then(|| found((list, loaded), (config, configured)))
}

fn protocol(transfer: &Transfer) -> Option<CallProtocol> {
    transfer.manifest.as_deref()?.protocol
}

fn found(
    (list, loaded): (&Transfer, CallProtocol),
    (config, configured): (&Transfer, CallProtocol),
) -> Finding {
    let (name, place) = (loss::shown(list), loss::shown(config));
    let (loaded, configured) = (loaded.name(), configured.name());
    Finding::new(
        "firmware-of-other-protocol",
        Severity::Error,
        format!("the configuration is for {configured}, and its load \"{name}\" for {loaded}"),
    )
    .confidence(Confidence::Likely)
    .detail(format!(
        "{place} is for {configured} and tells the phone to run this load, whose files are for \
         {loaded}. With it the phone speaks {loaded}, for which it has no settings."
    ))
    .about(loss::about(list))
    .evidence(list.last, format!("{name} lists files for {loaded}"))
    .evidence(config.last, format!("{place} is for {configured}"))
    .remedy(format!(
        "Name the model's {configured} load in <loadInformation> of {place} on {}, and put its \
         files there.",
        config.server
    ))
    .remedy(format!(
        "Or make {place} from the {loaded} template (<deviceProtocol>{loaded}), and see that the \
         call server speaks {loaded}."
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::fetch::testing::{configuration, load_list};
    use crate::rules::testing::Case;
    use crate::session::testing::BootBuilder;

    /// A configuration for SCCP names a load that lists this image.
    fn boot(image: &str) -> BootBuilder {
        let boot = configuration(BootBuilder::new(), "SEP001AA17BE638.cnf.xml", "X70.9-4-2");
        let boot = boot.with(|boot, _| {
            let manifest = boot.transfers[0].manifest.as_deref_mut().unwrap();
            manifest.protocol = Some(CallProtocol::Sccp);
        });
        load_list(boot, "X70.9-4-2.loads", &[image])
    }

    fn findings(boot: BootBuilder) -> Vec<Finding> {
        Case::new("cisco-79x1", boot).check(check)
    }

    #[test]
    fn sip_images_for_an_sccp_configuration_are_told() {
        let found = findings(boot("jar70sip.9-4-2.sbn"));
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].severity, Severity::Error);
        let rejected = boot("jar70sip.9-4-2.sbn").registration(Status::Rejected, None);
        assert_eq!(findings(rejected).len(), 1);
        let registers = boot("jar70sip.9-4-2.sbn").registration(Status::Registered, None);
        assert_eq!(findings(registers), []);
    }

    #[test]
    fn the_list_may_be_of_an_earlier_boot() {
        let mut next = boot("jar70sip.9-4-2.sbn").build();
        next.transfers.truncate(1);
        let boots = vec![boot("jar70sip.9-4-2.sbn").build(), next];
        assert_eq!(Case::of_boots("cisco-79x1", boots).check(check).len(), 1);
    }

    #[test]
    fn images_of_the_same_or_of_no_protocol_agree() {
        assert_eq!(findings(boot("jar70sccp.9-4-2.sbn")), []);
        assert_eq!(findings(boot("cnu70.9-4-2.sbn")), []);
        let list = load_list(
            BootBuilder::new(),
            "term70.default.loads",
            &["jar70sip.9-4-2.sbn"],
        );
        assert_eq!(findings(list), []);
        let early = Case::new("cisco-79x1", boot("jar70sip.9-4-2.sbn")).ends_after_secs(5);
        assert_eq!(early.check(check), []);
    }
}
