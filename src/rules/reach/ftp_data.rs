//! FTP's data connections that do not come about: what the rules of this phase say of
//! them.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::IpAddr;

use crate::event::Seen;
use crate::finding::{About, Confidence, Finding, Severity};
use crate::rules::Context;
use crate::session::Boot;
use crate::session::ftp::{DataConnection, Mode};
use crate::session::reach::Undelivered;

/// A SYN is answered within this time on any way.
const ANSWER_SECS: f64 = 5.0;
/// Who calls this often has got no answer, whatever the capture shows.
const PROOF: u64 = 3;
/// So many ports are named one by one.
const MAX_PORTS_NAMED: usize = 3;
/// A boot that lost so much time over its data connections came up slowly.
const SLOW_SECS: f64 = 5.0;

/// One finding for each server and way of opening that fails.
pub(super) fn blocked(boot: &Boot, context: &Context<'_>) -> Vec<Finding> {
    let mut groups: BTreeMap<(IpAddr, Mode), Vec<&DataConnection>> = BTreeMap::new();
    for data in boot
        .ftp
        .data
        .iter()
        .filter(|data| is_shut(boot, context, data))
    {
        groups
            .entry((data.server, data.mode))
            .or_default()
            .push(data);
    }
    groups
        .into_iter()
        .filter(|((server, _), group)| is_proven(boot, context, *server, group))
        .filter_map(|((server, mode), group)| finding(boot, context, server, mode, &group))
        .collect()
}

/// Whether a data connection was wanted, did not open, and is missed, or was waited for.
fn is_shut(boot: &Boot, context: &Context<'_>, data: &DataConnection) -> bool {
    let arrived = match &data.file {
        Some(file) => boot.transfers.iter().any(|transfer| {
            let name = transfer.file_name();
            transfer.file == *file && (transfer.is_delivered() || context.arrived(boot, &name))
        }),
        None => boot
            .ftp
            .data
            .iter()
            .any(|later| later.named > data.named && later.accepted.is_some()),
    };
    let tried = data.opens > 0 || data.failed.is_some();
    let is_missed = !arrived || lost_secs(&[data]) >= SLOW_SECS;
    tried && data.accepted.is_none() && data.refused.is_none() && is_missed
}

/// How long calls were repeated in vain.
fn lost_secs(group: &[&DataConnection]) -> f64 {
    group
        .iter()
        .filter_map(|data| data.first_open.zip(data.last_open))
        .map(|(first, last)| last.time.secs_since(first.time))
        .sum()
}

/// Whether the server says so, or enough calls went unanswered.
fn is_proven(
    boot: &Boot,
    context: &Context<'_>,
    server: IpAddr,
    group: &[&DataConnection],
) -> bool {
    let opens: u64 = group.iter().map(|data| data.opens).sum();
    let waited = group
        .iter()
        .filter_map(|data| data.first_open)
        .map(|at| context.watched_secs_after(at))
        .fold(0.0, f64::max);
    let sent_back = |seen: &Seen<Undelivered>| seen.value.quoted.destination == server;
    let is_silent = (opens >= PROOF || (opens > 1 && context.sees_answers(boot)))
        && waited >= ANSWER_SECS
        && !boot.reach.unreachables.iter().any(sent_back);
    is_silent || group.iter().any(|data| data.failed.is_some())
}

fn finding(
    boot: &Boot,
    context: &Context<'_>,
    server: IpAddr,
    mode: Mode,
    group: &[&DataConnection],
) -> Option<Finding> {
    let first = group.first()?;
    let ports = ports(group);
    let came_up = boot.is_registered() || context.is_loaded(boot);
    let severity = if came_up && lost_secs(group) >= SLOW_SECS {
        Severity::Warning
    } else if came_up {
        Severity::Note
    } else {
        Severity::Error
    };
    let strange = strange_address(server, mode, group);
    let title = match mode {
        Mode::Passive => {
            let called = strange.unwrap_or(server);
            format!("FTP's data connection to {called} port {ports} does not open")
        }
        Mode::Active => {
            format!("FTP's data connection from {server} to the phone's port {ports} does not open")
        }
    };
    let mut finding = Finding::new("connection-blocked", severity, title)
        .confidence(Confidence::Likely)
        .detail(detail(server, mode, group))
        .about(About {
            server: Some(server),
            port: Some(first.port),
            protocol: Some("ftp"),
            file: first.file.as_ref().map(ToString::to_string),
            ..About::default()
        })
        .evidence(
            first.named,
            format!("port {} is named for data", first.port),
        );
    if let Some(at) = first.first_open {
        finding = finding.evidence(at, format!("first SYN to port {}", first.port));
    }
    if let Some((data, at)) = group
        .iter()
        .rev()
        .find_map(|data| Some((data, data.last_open?)))
    {
        finding = finding.evidence(at, format!("last SYN to port {}", data.port));
    }
    if let Some(failed) = group.iter().find_map(|data| data.failed.as_ref()) {
        let words = format!("server: {} \"{}\"", failed.code, failed.words);
        finding = finding.evidence(failed.at, words);
    }
    let finding = match mode {
        Mode::Passive => match strange {
            Some(address) => open_passive_ports(
                finding.remedy(format!(
                    "Let {server} name the address that phones reach it by (vsftpd: \
                     `pasv_address={server}`): its reply sends them to {address}. Or let the \
                     firewall follow FTP."
                )),
                server,
            ),
            None => passive_remedies(finding, server),
        },
        Mode::Active => finding
            .remedy(
                "Let the phone use passive mode, where it is the one who calls; or let the firewall \
                 follow FTP (its FTP helper or ALG), so that it lets the server's call through.",
            )
            .remedy(format!(
                "Without either, allow connections from {server} port 20 to the phones."
            )),
    };
    Some(finding)
}

/// What to do when the passive ports of a server cannot be reached.
pub(super) fn passive_remedies(finding: Finding, server: IpAddr) -> Finding {
    open_passive_ports(finding, server).remedy(
        "If the server stands behind address translation, it must name its outer address (vsftpd: \
         `pasv_address`), or the firewall must follow FTP.",
    )
}

fn open_passive_ports(finding: Finding, server: IpAddr) -> Finding {
    finding.remedy(format!(
        "Port 21 alone is not enough: let the phone's subnet reach the passive ports of {server} \
         as well. Give the server a fixed range of them (vsftpd: `pasv_min_port`, \
         `pasv_max_port`) and open that range in every firewall on the way."
    ))
}

/// The address that the server's reply names, when it is not the one that the phone called.
fn strange_address(server: IpAddr, mode: Mode, group: &[&DataConnection]) -> Option<IpAddr> {
    group
        .iter()
        .filter_map(|data| data.address)
        .find(|address| mode == Mode::Passive && *address != server)
}

fn ports(group: &[&DataConnection]) -> String {
    let mut ports: Vec<u16> = group.iter().map(|data| data.port).collect();
    ports.sort_unstable();
    ports.dedup();
    match (ports.first(), ports.last()) {
        (Some(first), Some(last)) if ports.len() > MAX_PORTS_NAMED => {
            format!("{first} to {last} ({} ports)", ports.len())
        }
        _ => {
            let words: Vec<String> = ports.iter().map(ToString::to_string).collect();
            words.join(" and ")
        }
    }
}

fn detail(server: IpAddr, mode: Mode, group: &[&DataConnection]) -> String {
    let opens: u64 = group.iter().map(|data| data.opens).sum();
    let files: Vec<String> = group
        .iter()
        .filter_map(|data| data.file.as_ref())
        .map(ToString::to_string)
        .collect();
    let for_what = match files.first() {
        Some(first) => format!(" for {first}"),
        None => String::new(),
    };
    let mut text = match mode {
        Mode::Passive => format!(
            "The control connection to {server} works. On it the server named a port that the \
             phone is to call{for_what} (passive mode)."
        ),
        Mode::Active => format!(
            "The control connection to {server} works. On it the phone named a port that the \
             server is to call{for_what} (active mode)."
        ),
    };
    let caller = match mode {
        Mode::Passive => "The phone",
        Mode::Active => "The server",
    };
    if opens > 0 {
        let _ = write!(
            text,
            " {caller} sent {opens} SYN there and got neither an answer nor a refusal: something on \
             the way drops them."
        );
        let lost_secs = lost_secs(group);
        if lost_secs >= SLOW_SECS {
            let _ = write!(text, " Over that {lost_secs:.0} s were lost.");
        }
    }
    if let Some(failed) = group.iter().find_map(|data| data.failed.as_ref()) {
        let _ = write!(
            text,
            " The server answered {} \"{}\".",
            failed.code, failed.words
        );
    }
    if let Some(address) = strange_address(server, mode, group) {
        let _ = write!(
            text,
            " Its reply names the address {address}, which is not the one that the phone called."
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::reach::connection_blocked::check;
    use crate::rules::testing::Case;
    use crate::session::ftp::Refusal;
    use crate::session::registration;
    use crate::session::testing::{BootBuilder, SERVER};
    use crate::session::transfer::Status;
    use phoneboot_parsers::Protocol;

    fn data(
        boot: BootBuilder,
        mode: Mode,
        port: u16,
        change: impl FnOnce(&mut DataConnection),
    ) -> BootBuilder {
        boot.with(|boot, at| {
            let mut data = DataConnection {
                server: SERVER.into(),
                server_port: 21,
                mode,
                address: None,
                port,
                named: at,
                file: Some("000000000000.cfg".into()),
                opens: 3,
                first_open: Some(at),
                last_open: Some(at),
                accepted: None,
                refused: None,
                failed: None,
            };
            change(&mut data);
            boot.ftp.data.push(data);
        })
    }

    fn check_of(boot: BootBuilder) -> Vec<Finding> {
        Case::new("polycom-soundpoint", boot).check(check)
    }

    fn not_opened(data: &mut DataConnection) {
        data.opens = 0;
        data.first_open = None;
        data.last_open = None;
        data.failed = Some(Refusal {
            code: 425,
            words: "Failed to establish connection.".into(),
            at: data.named,
        });
    }

    #[test]
    fn a_passive_port_that_does_not_answer_is_an_error_of_its_own() {
        let boot = data(BootBuilder::new(), Mode::Passive, 40_001, |_| {}).connection(
            SERVER,
            40_001,
            |connection, _| connection.opens = 3,
        );
        let findings = check_of(boot);
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].severity, Severity::Error);
        assert_eq!(
            findings[0].title,
            "FTP's data connection to 192.0.2.10 port 40001 does not open"
        );
        assert_eq!(findings[0].subject.port, Some(40_001));
        assert!(findings[0].detail.contains("sent 3 SYN"));
        assert!(findings[0].remedy[0].contains("pasv_min_port"));
    }

    #[test]
    fn many_ports_of_one_server_are_one_fault() {
        let mut boot = BootBuilder::new();
        for port in 40_001..40_006 {
            boot = data(boot, Mode::Passive, port, |data| data.opens = 1);
        }
        let findings = check_of(boot);
        assert_eq!(findings.len(), 1);
        assert!(findings[0].title.contains("port 40001 to 40005 (5 ports)"));
    }

    #[test]
    fn the_server_says_that_it_could_not_call_back() {
        let boot = data(BootBuilder::new(), Mode::Active, 5001, not_opened);
        let findings = check_of(boot);
        assert!(findings[0].title.contains("to the phone's port 5001"));
        assert!(
            findings[0]
                .detail
                .contains("425 \"Failed to establish connection.\"")
        );
        assert!(findings[0].remedy[0].contains("passive mode"));
    }

    #[test]
    fn an_address_of_another_net_is_told() {
        let boot = data(BootBuilder::new(), Mode::Passive, 40_001, |data| {
            data.address = Some([198, 51, 100, 9].into());
        });
        let findings = check_of(boot);
        assert!(
            findings[0]
                .detail
                .contains("names the address 198.51.100.9")
        );
        assert!(findings[0].title.contains("198.51.100.9"));
        assert!(findings[0].remedy[0].contains("pasv_address=192.0.2.10"));
    }

    #[test]
    fn a_file_that_comes_by_another_connection_is_not_missed() {
        let boot = data(BootBuilder::new(), Mode::Active, 5001, not_opened).transfer(
            Protocol::Ftp,
            "000000000000.cfg",
            Status::Complete,
            |_| {},
        );
        assert!(check_of(boot).is_empty());
        let boot = data(BootBuilder::new(), Mode::Active, 5001, |data| {
            not_opened(data);
            data.file = None;
        });
        let boot = data(boot, Mode::Passive, 40_001, |data| {
            data.accepted = Some(data.named);
        });
        assert!(check_of(boot).is_empty());
    }

    #[test]
    fn time_that_was_lost_is_told_though_the_file_came_otherwise() {
        let boot = data(BootBuilder::new(), Mode::Passive, 40_001, |data| {
            data.last_open = data.first_open.map(|mut at| {
                at.time.0 += 18_000_000_000;
                at
            });
        })
        .transfer(Protocol::Ftp, "000000000000.cfg", Status::Complete, |_| {})
        .registration(registration::Status::Registered, None);
        let findings = check_of(boot);
        assert_eq!(findings[0].severity, Severity::Warning);
        assert!(findings[0].detail.contains("18 s were lost"));
    }

    #[test]
    fn one_call_proves_nothing_and_an_open_one_is_fine() {
        let boot = data(BootBuilder::new(), Mode::Passive, 40_001, |data| {
            data.opens = 1;
        });
        assert!(check_of(boot).is_empty());
        let boot = data(BootBuilder::new(), Mode::Passive, 40_001, |data| {
            data.accepted = Some(data.named);
        });
        assert!(check_of(boot).is_empty());
    }

    #[test]
    fn a_phone_that_comes_up_is_a_note() {
        let boot = data(BootBuilder::new(), Mode::Passive, 40_001, |_| {})
            .registration(registration::Status::Registered, None);
        assert_eq!(check_of(boot)[0].severity, Severity::Note);
    }
}
