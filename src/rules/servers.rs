//! The servers that DHCP names to a phone, source by source.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};

use phoneboot_parsers::dhcp;

use crate::event::At;
use crate::session::Boot;

use super::Context;
use super::context::TransferVerdict;

/// Where a DHCP message names a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    /// An option.
    Option(u8),
    /// The header's `siaddr`.
    NextServer,
    /// The header's `sname`.
    ServerName,
}

impl Source {
    /// `option 150`, `next server`.
    pub(super) fn words(self) -> String {
        match self {
            Self::Option(code) => format!("option {code}"),
            Self::NextServer => "next server".to_owned(),
            Self::ServerName => "server name".to_owned(),
        }
    }
}

/// Servers by address, or one by name: the two cannot be compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Named {
    Addresses(BTreeSet<Ipv4Addr>),
    Name(String),
}

impl Named {
    /// Whether both certainly mean other servers.
    pub(super) fn differs(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Addresses(one), Self::Addresses(other)) => one.is_disjoint(other),
            (Self::Name(one), Self::Name(other)) => one != other,
            _ => false,
        }
    }

    /// For sentences.
    pub(super) fn words(&self) -> String {
        match self {
            Self::Addresses(list) => {
                let list: Vec<String> = list.iter().map(ToString::to_string).collect();
                list.join(", ")
            }
            Self::Name(name) => name.clone(),
        }
    }
}

/// What an option names; `None` when it is absent or cannot be read.
pub(super) fn by_option(message: &dhcp::Message, code: u8) -> Option<Named> {
    if code == 150 {
        let list = message.addresses(code)?;
        return (!list.is_empty()).then(|| Named::Addresses(list.into_iter().collect()));
    }
    named(&message.text(code)?.to_string())
}

/// What the header's next server names. Servers that were told nothing put themselves
/// there, which says nothing.
pub(super) fn by_next_server(message: &dhcp::Message) -> Option<Named> {
    let address = message.server_address;
    let own = message.server_identifier() == Some(address);
    (!address.is_unspecified() && !own).then(|| Named::Addresses(BTreeSet::from([address])))
}

/// What the header's server name names.
pub(super) fn by_server_name(message: &dhcp::Message) -> Option<Named> {
    named(&message.server_name.to_string())
}

/// Whether the list of option 150 that this server stands in has another one that the phone
/// has not asked, and still may: since that moment it has waited for less than its family's
/// patience.
pub(super) fn is_another_left(
    boot: &Boot,
    context: &Context<'_>,
    server: IpAddr,
    since: At,
) -> bool {
    let Some(lease) = boot.lease.acknowledged() else {
        return false;
    };
    let list = lease.message.addresses(150).unwrap_or_default();
    let is_listed = list.iter().any(|address| IpAddr::V4(*address) == server);
    is_listed
        && !boot.followed_by_another
        && context.watched_secs_after(since) < context.patience_secs()
        && list.into_iter().map(IpAddr::V4).any(|address| {
            let mut asked = context
                .reads(boot)
                .filter(|(transfer, _)| transfer.server == address);
            // A question that may yet be answered is no silence.
            address != server && asked.all(|(_, verdict)| verdict == TransferVerdict::Unknown)
        })
}

/// Whether another server than this one answered what the phone asked it after that moment.
pub(super) fn another_answers(boot: &Boot, server: IpAddr, since: At) -> bool {
    boot.transfers
        .iter()
        .any(|transfer| transfer.server != server && transfer.answered.is_some_and(|at| at > since))
}

/// The host in a text: an address, a name or a URL.
fn named(text: &str) -> Option<Named> {
    let behind_scheme = text.split_once("://").map_or(text, |(_, rest)| rest);
    let authority = behind_scheme.split(['/', '\\']).next()?;
    let host = authority.rsplit('@').next()?;
    let host = host.split(':').next()?.trim();
    if host.is_empty() {
        return None;
    }
    Some(host.parse().map_or_else(
        |_| Named::Name(host.to_ascii_lowercase()),
        |address| Named::Addresses(BTreeSet::from([address])),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(last: u8) -> Named {
        Named::Addresses(BTreeSet::from([Ipv4Addr::new(192, 0, 2, last)]))
    }

    #[test]
    fn finds_the_host_in_what_people_write() {
        for (text, host) in [
            ("192.0.2.10", Some(address(10))),
            ("http://192.0.2.10:8080/cfg", Some(address(10))),
            ("ftp://user:word@192.0.2.10/a", Some(address(10))),
            (
                "https://PROV.example/x/",
                Some(Named::Name("prov.example".into())),
            ),
            ("", None),
            ("http://", None),
        ] {
            assert_eq!(named(text), host, "{text}");
        }
    }

    #[test]
    fn compares_like_with_like() {
        let name = || Named::Name("a.example".into());
        assert!(address(10).differs(&address(11)));
        assert!(!address(10).differs(&address(10)));
        assert!(!address(10).differs(&name()));
        assert!(name().differs(&Named::Name("b.example".into())));
    }
}
