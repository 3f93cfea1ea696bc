//! A web page came in place of the file that was asked for.
//!
//! ## What it sees
//! The server answers "200 OK" and delivers a page of HTML where the phone asked for a
//! configuration, a list or an image.
//!
//! ## Why the phone stops
//! To the phone the file is there and makes no sense: it ignores it and comes up without
//! an account, or begins again. Login pages of portals, error pages that forget to say
//! 404, and the challenge pages of content networks do this.
//!
//! ## How to fix it
//! 1. Fetch the same address by hand and look at it: `curl -i http://server/path`.
//! 2. Exempt the folder of the phones from the portal, the login and the rewriting rules.
//! 3. Let the server answer 404 for what it does not have.
//!
//! ## When it may be wrong
//! Settings files of old snom phones are HTML and end in `.htm`: such names are passed over.
//!
//! ## References
//! RFC 9110 §15.5.5 (404).

use std::collections::BTreeMap;
use std::net::IpAddr;

use phoneboot_parsers::Protocol;
use phoneboot_parsers::manifest::Kind;

use crate::finding::{Confidence, Finding, Severity};
use crate::rules::Context;
use crate::session::Boot;
use crate::session::transfer::Transfer;

use super::loss;

pub(in crate::rules) fn check(boot: &Boot, context: &Context<'_>) -> Vec<Finding> {
    // A server that answers with pages does so for every file: one fault.
    let mut by_server: BTreeMap<IpAddr, Vec<&Transfer>> = BTreeMap::new();
    for (transfer, verdict) in context.reads(boot) {
        let manifest = transfer.manifest.as_deref();
        if verdict.is_delivered()
            && manifest.is_some_and(|manifest| manifest.kind == Kind::WebPage)
            && context.file(transfer).is_some()
            && !may_be_page(&transfer.file_name())
        {
            by_server.entry(transfer.server).or_default().push(transfer);
        }
    }
    by_server
        .values()
        .filter_map(|transfers| page(boot, context, transfers))
        .collect()
}

fn may_be_page(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    [".htm", ".html", ".php", ".asp", ".aspx"]
        .iter()
        .any(|extension| name.ends_with(extension))
}

fn page(boot: &Boot, context: &Context<'_>, transfers: &[&Transfer]) -> Option<Finding> {
    // What the phone stopped at tells most.
    let transfer = *transfers.last()?;
    let name = loss::shown(transfer);
    let server = transfer.server;
    let severity = if !boot.is_registered() && context.is_stuck_after(boot, transfer.last) {
        Severity::Error
    } else {
        Severity::Warning
    };
    let by_hand = match transfer.protocol {
        Protocol::Tftp => format!("tftp {server} -c get {name}"),
        _ => format!("curl -i http://{server}{name}"),
    };
    let mut others: Vec<String> = Vec::new();
    for other in transfers.iter().map(|one| loss::shown(one)) {
        if other != name && !others.contains(&other) {
            others.push(other);
        }
    }
    let also = if others.is_empty() {
        String::new()
    } else {
        format!(" So it was with {}.", others.join(", "))
    };
    let finding = Finding::new(
        "web-page-instead-of-file",
        severity,
        format!("{server} delivers a web page as \"{name}\""),
    )
    .confidence(Confidence::Certain)
    .detail(format!(
        "The {} bytes that came are HTML, no file of a phone: a portal, a login or an error \
         page that says 200.{also}",
        transfer.bytes
    ))
    .about(loss::about(transfer));
    let finding = transfers.iter().fold(finding, |finding, one| {
        finding
            .evidence(one.first, format!("request for {}", loss::shown(one)))
            .evidence(one.last, "a web page is complete")
    });
    Some(
        finding
            .remedy(format!("Look at what comes: `{by_hand}`."))
            .remedy(
                "Exempt the phones' folder from logins, portals and rewriting, and put the file \
                 there.",
            ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::fetch::testing::web_page;
    use crate::rules::testing::Case;
    use crate::session::testing::BootBuilder;

    fn findings(target: &str, family: &'static str) -> Vec<Finding> {
        Case::new(family, web_page(BootBuilder::new(), target)).check(check)
    }

    #[test]
    fn a_page_where_the_configuration_belongs_is_an_error() {
        let findings = findings("/0004f2aabbcc.cfg", "polycom-soundpoint");
        assert_eq!(findings[0].severity, Severity::Error);
        assert_eq!(
            findings[0].title,
            "192.0.2.10 delivers a web page as \"/0004f2aabbcc.cfg\""
        );
    }

    #[test]
    fn pages_for_every_file_are_one_fault() {
        let boot = web_page(BootBuilder::new(), "/000000000000.cfg");
        let boot = web_page(boot, "/0004f2aabbcc.cfg");
        let findings = Case::new("polycom-soundpoint", boot).check(check);
        assert_eq!(findings.len(), 1);
        assert_eq!(
            findings[0].subject.file.as_deref(),
            Some("/0004f2aabbcc.cfg")
        );
        assert!(
            findings[0]
                .detail
                .ends_with("So it was with /000000000000.cfg.")
        );
    }

    #[test]
    fn a_page_that_was_asked_for_is_none() {
        assert!(findings("/snom320.htm", "snom").is_empty());
        assert!(findings("/status", "polycom-soundpoint").is_empty());
    }
}
