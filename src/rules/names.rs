//! Which names a boot depends on, and what became of each: what the rules about names
//! share.

use std::net::IpAddr;

use phoneboot_parsers::{WireText, dhcp};

use crate::event::At;
use crate::profiles::Profile;
use crate::session::Boot;
use crate::session::lease6::BOOT_FILE_URL;
use crate::session::lookup::{Answer, Lookup, NAPTR, SRV};

/// Options whose values may name a provisioning server, of any family.
const PROVISIONING: &[u8] = &[66, 160, 159, 161, 156, 114, 43, 125, 67, 128, 176, 242];

/// The option that names TFTP servers (RFC 5859).
const TFTP_SERVERS: u8 = 150;

/// The option that names SIP servers (RFC 3361).
const SIP_SERVERS: u8 = 120;

/// What Cisco's phones look up for luck: it need not exist.
const LUCKY_NAME: &str = "ciscocm1";

/// The shortest run of printable bytes in a binary option that may hold a name.
const MIN_RUN_BYTES: usize = 4;

/// A name, and everything that was asked to find it: all types, and the name with the
/// search domains behind it.
#[derive(Debug)]
pub(super) struct Wanted<'b> {
    /// The name in lower case, without the labels of a service.
    pub(super) host: String,
    pub(super) role: Role,
    /// In the order of the first questions; empty when the name was not looked up.
    pub(super) lookups: Vec<&'b Lookup>,
}

/// What the phone wants of a name, what weighs most first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Role {
    /// A lease names it as provisioning server, in this option; `None`: in the header.
    Provisioning(Option<u8>),
    /// The URL in DHCPv6 option 59 names it as provisioning server.
    BootUrl,
    /// An answer sent the phone there.
    Redirect,
    /// The phone registers there.
    CallServer,
    /// Not known.
    Unknown,
    /// It tells the time.
    Time,
    /// The maker's own service, which phones ask when nobody else names a server.
    Maker,
}

/// Why a name was not found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Failure {
    NoName,
    Refused,
    ServerFailed,
    NoData,
    Failed(u16),
    /// It leads to an address that no server can have.
    Unusable(IpAddr),
    /// Nobody answered.
    Silence,
}

/// The names of a boot: those that the lease names and those that were looked up.
pub(super) fn wanted<'b>(boot: &'b Boot, profile: Option<&Profile>) -> Vec<Wanted<'b>> {
    let mut names = leased(boot);
    let add = |names: &mut Vec<Wanted<'b>>, host: String, role| {
        if !names.iter().any(|known| known.host == host) {
            names.push(Wanted {
                host,
                role,
                lookups: Vec::new(),
            });
        }
    };
    for transfer in &boot.transfers {
        for host in transfer.location.iter().flat_map(hosts_in) {
            add(&mut names, host, Role::Redirect);
        }
    }
    let registered = boot.registrations.iter().filter_map(|r| r.name.as_ref());
    for host in registered.flat_map(hosts_in) {
        add(&mut names, host, Role::CallServer);
    }
    for lookup in boot.lookups.iter().filter(|lookup| is_for_calls(lookup)) {
        add(&mut names, base(&lookup.name), Role::CallServer);
        if let Some(Answer::Found { targets, .. }) = lookup.answer().map(|seen| &seen.value) {
            for target in targets {
                add(&mut names, base(&target.host), Role::CallServer);
            }
        }
    }
    let mut bases: Vec<(String, &Lookup)> = boot
        .lookups
        .iter()
        .map(|lookup| (base(&lookup.name), lookup))
        .collect();
    // A name stands before itself with a search domain, whichever was asked first.
    bases.sort_by_key(|(base, _)| base.len());
    for (base, lookup) in bases {
        let known = names
            .iter_mut()
            .find(|known| is_attempt_at(&base, &known.host));
        if let Some(known) = known {
            known.lookups.push(lookup);
        } else if base.split('.').next() != Some(LUCKY_NAME) {
            let role = role_by_name(&base, profile);
            names.push(Wanted {
                host: base,
                role,
                lookups: vec![lookup],
            });
        }
    }
    for name in &mut names {
        name.lookups.sort_by_key(|lookup| lookup.first());
    }
    names
}

/// The name by which the phone found the address of a server that it needs; `None` when it
/// did not, or when the address is a clock's or the maker's own.
pub(super) fn server_at(boot: &Boot, profile: Option<&Profile>, address: IpAddr) -> Option<String> {
    let called = base(boot.name_of(address)?);
    let is_spare = wanted(boot, profile)
        .iter()
        .any(|name| name.host == called && matches!(name.role, Role::Time | Role::Maker));
    (!is_spare).then_some(called)
}

/// Hosts that the lease names, with their options.
pub(super) fn leased<'b>(boot: &Boot) -> Vec<Wanted<'b>> {
    let mut names = boot
        .lease
        .boot_data()
        .map_or_else(Vec::new, |lease| leased_by_ipv4(&lease.message));
    let urls = boot.lease6.boot_data().into_iter();
    let urls = urls.filter_map(|data| data.message.text(BOOT_FILE_URL));
    for host in urls.flat_map(|url| hosts_in(&url)) {
        if !names.iter().any(|known| known.host == host) {
            names.push(Wanted {
                host,
                role: Role::BootUrl,
                lookups: Vec::new(),
            });
        }
    }
    names
}

fn leased_by_ipv4<'b>(message: &dhcp::Message) -> Vec<Wanted<'b>> {
    let by_option = PROVISIONING.iter().flat_map(|&code| {
        let bytes = message.option(code).unwrap_or_default();
        let role = Role::Provisioning(Some(code));
        hosts_in_bytes(&bytes)
            .into_iter()
            .map(move |host| (host, role))
    });
    let in_header = hosts_in(&message.server_name)
        .into_iter()
        .map(|host| (host, Role::Provisioning(None)));
    let for_calls = message
        .value(SIP_SERVERS)
        .map(|value| hosts_in_bytes(value.to_string().as_bytes()))
        .unwrap_or_default()
        .into_iter()
        .map(|host| (host, Role::CallServer));
    let mut names: Vec<Wanted<'b>> = Vec::new();
    for (host, role) in by_option.chain(in_header).chain(for_calls) {
        if !names.iter().any(|known| known.host == host) {
            names.push(Wanted {
                host,
                role,
                lookups: Vec::new(),
            });
        }
    }
    names
}

impl Wanted<'_> {
    /// Whether an address was found, or a host that has to be looked up for itself.
    pub(super) fn is_found(&self) -> bool {
        self.lookups.iter().any(|lookup| {
            matches!(
                lookup.answer().map(|seen| &seen.value),
                Some(Answer::Found { addresses, targets, .. })
                    if addresses.iter().any(is_usable)
                        || (lookup.kind == SRV && targets.iter().any(|t| t.host.as_bytes() != b"."))
            )
        })
    }

    /// Why it was not found; `None` when it was, or nobody can say.
    pub(super) fn failure(&self) -> Option<Failure> {
        if self.lookups.is_empty() || self.is_found() {
            return None;
        }
        let for_address = |lookup: &&&Lookup| lookup.is_for_address();
        let by_address: Vec<&Lookup> = self.lookups.iter().filter(for_address).copied().collect();
        let decisive = if by_address.is_empty() {
            self.lookups.clone()
        } else {
            by_address
        };
        let answers: Vec<&Answer> = decisive
            .iter()
            .flat_map(|lookup| &lookup.asked)
            .filter_map(|asked| Some(&asked.answer.as_ref()?.value))
            .collect();
        let has = |wanted: &Answer| answers.contains(&wanted);
        let other = answers.iter().find_map(|answer| match answer {
            Answer::Failed(code) => Some(*code),
            _ => None,
        });
        let unusable = answers.iter().find_map(|answer| match answer {
            Answer::Found { addresses, .. } => addresses.first().copied(),
            _ => None,
        });
        if let Some(address) = unusable {
            Some(Failure::Unusable(address))
        } else if has(&Answer::Truncated)
            || answers.iter().any(|a| matches!(a, Answer::Found { .. }))
        {
            None
        } else if has(&Answer::NoData) {
            // The name is there; without the record that the phone needs.
            Some(Failure::NoData)
        } else if has(&Answer::NoName) {
            Some(Failure::NoName)
        } else if has(&Answer::Refused) {
            Some(Failure::Refused)
        } else if has(&Answer::ServerFailed) {
            Some(Failure::ServerFailed)
        } else if let Some(code) = other {
            Some(Failure::Failed(code))
        } else {
            Some(Failure::Silence)
        }
    }

    /// The first question.
    pub(super) fn first(&self) -> Option<At> {
        self.lookups
            .iter()
            .filter_map(|lookup| lookup.first())
            .min()
    }

    /// The last question or answer.
    pub(super) fn last(&self) -> Option<At> {
        self.lookups.iter().filter_map(|lookup| lookup.last()).max()
    }

    /// The servers that were asked, in the order of the questions.
    pub(super) fn servers(&self) -> Vec<IpAddr> {
        let mut servers = Vec::new();
        for asked in self.lookups.iter().flat_map(|lookup| &lookup.asked) {
            if !servers.contains(&asked.server) {
                servers.push(asked.server);
            }
        }
        servers
    }

    /// The name that it stands for, where that is what is not found.
    pub(super) fn alias(&self) -> Option<&WireText> {
        let mut asked = self
            .lookups
            .iter()
            .filter(|_| !self.is_found())
            .flat_map(|lookup| &lookup.asked);
        asked
            .find_map(|asked| asked.alias.as_ref())
            .filter(|alias| base(alias) != self.host)
    }

    /// Whether the phone asked the same thing more than once: it insists.
    pub(super) fn is_asked_again(&self) -> bool {
        self.lookups.iter().any(|lookup| lookup.count() > 1)
    }
}

/// Whether a server can have this address: what filters of name servers answer, and a host's
/// own address, are none.
fn is_usable(address: &IpAddr) -> bool {
    !address.is_unspecified() && !address.is_loopback()
}

/// Whether only a phone that looks for its call server asks this.
fn is_for_calls(lookup: &Lookup) -> bool {
    let name = lookup.name.to_string().to_ascii_lowercase();
    lookup.kind == NAPTR || name.starts_with("_sip._") || name.starts_with("_sips._")
}

/// A name in lower case, without the labels of a service before it (RFC 2782).
fn base(name: &WireText) -> String {
    let name = name.to_string().to_ascii_lowercase();
    let mut rest = name.trim_end_matches('.');
    while let Some((label, behind)) = rest.split_once('.')
        && label.starts_with('_')
    {
        rest = behind;
    }
    rest.to_owned()
}

/// Whether a name is the host, or the host with a search domain behind it.
fn is_attempt_at(name: &str, host: &str) -> bool {
    name.strip_prefix(host)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

fn role_by_name(name: &str, profile: Option<&Profile>) -> Role {
    let hosts = profile.map_or(&[][..], |profile| &profile.provisioning.cloud_hosts);
    let is_makers = hosts.iter().any(|host| {
        let domain = domain_of(host);
        name == domain
            || name
                .strip_suffix(domain)
                .is_some_and(|rest| rest.ends_with('.'))
    });
    let is_clock = name
        .split('.')
        .any(|label| label.starts_with("ntp") || label.starts_with("time") || label == "pool");
    if is_makers {
        Role::Maker
    } else if is_clock {
        Role::Time
    } else {
        Role::Unknown
    }
}

/// Whether this address is the maker's own service, by the name that led there, and
/// another server was named to the phone, or found by it.
pub(super) fn is_spare_service(boot: &Boot, profile: Option<&Profile>, server: IpAddr) -> bool {
    let Some(name) = boot.name_of(server).map(base) else {
        return false;
    };
    let hosts = leased(boot);
    let is_makers = role_by_name(&name, profile) == Role::Maker;
    if !is_makers || hosts.iter().any(|host| host.host == name) {
        return false;
    }
    let by_option = boot.lease.boot_data().is_some_and(|lease| {
        let mut codes = PROVISIONING.iter().chain([&TFTP_SERVERS]);
        !hosts.is_empty() || codes.any(|code| lease.message.option(*code).is_some())
    });
    let others = boot.transfers.iter().any(|other| other.server != server);
    by_option || boot.lease6.names_a_server() || others
}

/// The last two labels: a maker's own domain.
fn domain_of(host: &str) -> &str {
    let mut dots = host.rmatch_indices('.').map(|(at, _)| at + 1);
    let before = dots.nth(1).unwrap_or(0);
    host.get(before..).unwrap_or(host)
}

/// Host names in a value's bytes: runs of printable ones are looked into.
pub(super) fn hosts_in_bytes(bytes: &[u8]) -> Vec<String> {
    bytes
        .split(|byte| !byte.is_ascii_graphic() && *byte != b' ')
        .filter(|run| run.len() >= MIN_RUN_BYTES)
        .flat_map(|run| hosts_in(&WireText::new(run)))
        .collect()
}

/// Host names in a text: a host, a URL, or a list of `NAME=host`.
fn hosts_in(text: &WireText) -> Vec<String> {
    text.to_string()
        .split([',', ';', ' ', '"', '|', '<', '>'])
        .filter_map(host_of)
        .collect()
}

/// The host that one piece of text names; `None` when it is an address or no host.
fn host_of(piece: &str) -> Option<String> {
    let piece = piece.split_once("://").map_or(piece, |(_, rest)| rest);
    let piece = ["sip:", "sips:"]
        .iter()
        .find_map(|scheme| piece.strip_prefix(scheme))
        .unwrap_or(piece);
    let authority = piece.split(['/', '?', '#']).next()?;
    let authority = authority.rsplit(['@', '=']).next()?;
    let host = authority.split(':').next()?.trim_end_matches('.');
    let is_name = host.contains(|c: char| c.is_ascii_alphabetic())
        && host
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'))
        && host.parse::<IpAddr>().is_err();
    is_name.then(|| host.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_hosts_where_options_hold_them() {
        for (value, hosts) in [
            (&b"prov.example.com"[..], &["prov.example.com"][..]),
            (
                b"http://user:word@Prov.Example.com:8080/p/a.cfg",
                &["prov.example.com"],
            ),
            (b"192.0.2.10", &[]),
            (b"https://192.0.2.10/cfg", &[]),
            (b"prov", &["prov"]),
            (
                b"MCIPADD=192.0.2.9,HTTPSRVR=prov.example.com\0",
                &["prov.example.com"],
            ),
            (
                b"\x01\x18ftp://prov.example.com/x\x02\x01\x05",
                &["prov.example.com"],
            ),
            (b"\xc0\0\x02\x0a", &[]),
            (b"sip:100@pbx.example.com", &["pbx.example.com"]),
        ] {
            assert_eq!(hosts_in_bytes(value), hosts, "{value:?}");
        }
    }

    #[test]
    fn a_name_with_a_search_domain_is_an_attempt_at_it() {
        assert!(is_attempt_at("prov.voice.example.com", "prov"));
        assert!(is_attempt_at("prov.example.com.lan", "prov.example.com"));
        assert!(!is_attempt_at("provision.example.com", "prov"));
        assert!(!is_attempt_at("example.com", "prov.example.com"));
    }

    #[test]
    fn knows_makers_and_clocks_by_name() {
        let profile = crate::profiles::Profiles::embedded().family("yealink-t4x");
        assert_eq!(role_by_name("rps.yealink.com", profile), Role::Maker);
        assert_eq!(role_by_name("dm.yealink.com", profile), Role::Maker);
        assert_eq!(role_by_name("notyealink.com", profile), Role::Unknown);
        assert_eq!(role_by_name("0.pool.ntp.org", profile), Role::Time);
        assert_eq!(role_by_name("pbx.example.com", None), Role::Unknown);
        assert_eq!(domain_of("gdms.cloud"), "gdms.cloud");
        assert_eq!(base(&"_sip._udp.Example.com.".into()), "example.com");
    }
}
