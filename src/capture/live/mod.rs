//! The interfaces that frames can be captured from, and whether they may be.
//!
//! libpcap is found at run time (crate `pcap-dl`); where it is not installed,
//! everything here fails with a message that says so, and reading files goes on
//! working.

pub mod batch;
pub mod feed;
pub mod filter;
pub mod follow;
pub mod interface;
pub mod rights;

use std::net::IpAddr;

use crate::capture::Error;

/// A network interface, as libpcap describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interface {
    /// The name that capture is started with, such as `eth0`.
    pub name: String,
    /// What the system says about it; `None` when it says nothing.
    pub description: Option<String>,
    /// Whether it is switched on.
    pub up: bool,
    /// Whether it is ready to carry frames, which for a cable means plugged in.
    pub running: bool,
    /// Whether it leads back to this host only.
    pub loopback: bool,
    /// Its IPv4 and IPv6 addresses, in the order of the system.
    pub addresses: Vec<IpAddr>,
}

/// Whether this process may capture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Permission {
    /// It may: an interface was opened, and closed at once.
    Granted,
    /// It may not.
    Missing {
        /// Which right it lacks.
        right: &'static str,
        /// How to get it.
        remedy: String,
    },
    /// Capture fails, and for something other than rights.
    Refused {
        /// libpcap's words.
        reason: String,
    },
}

/// The interfaces of this host, in libpcap's order: those most likely to be wanted
/// come first.
pub fn interfaces() -> Result<Vec<Interface>, Error> {
    let devices = load_libpcap().and_then(|()| {
        pcap::Device::list().map_err(|error| Error::Interfaces {
            reason: words(error),
        })
    })?;
    Ok(devices.into_iter().map(Interface::from).collect())
}

/// Tells whether this process may capture, by opening one of `interfaces`: the
/// first that is up, or the first.
pub fn permission(interfaces: &[Interface]) -> Result<Permission, Error> {
    load_libpcap()?;
    let candidate = interfaces
        .iter()
        .find(|interface| interface.up)
        .or(interfaces.first());
    let Some(interface) = candidate else {
        return Ok(missing().unwrap_or(Permission::Refused {
            reason: "there is no interface to capture from".into(),
        }));
    };
    let opened = pcap::Capture::from_device(interface.name.as_str()).and_then(pcap::Capture::open);
    Ok(match opened {
        Ok(_) => Permission::Granted,
        Err(error) => missing().unwrap_or(Permission::Refused {
            reason: format!("{}: {}", interface.name, words(error)),
        }),
    })
}

/// Makes sure that libpcap is there, which also keeps the linker from leaving
/// `pcap-dl` out.
fn load_libpcap() -> Result<(), Error> {
    match pcap_dl::libpcap_version() {
        Ok(_) => Ok(()),
        Err(reason) => Err(Error::Interfaces {
            reason: format!(
                "{reason}; install it with: sudo apt install libpcap0.8 (elsewhere the package is \
                 called libpcap)"
            ),
        }),
    }
}

/// What libpcap says of a failure.
fn words(error: pcap::Error) -> String {
    match error {
        pcap::Error::PcapError(words) => words,
        other => other.to_string(),
    }
}

/// The right that this process lacks; `None` when it lacks none, or when this
/// system does not tell.
fn missing() -> Option<Permission> {
    rights::missing().map(|right| Permission::Missing {
        right,
        remedy: rights::remedy(),
    })
}

impl From<pcap::Device> for Interface {
    fn from(device: pcap::Device) -> Self {
        Self {
            up: device.flags.is_up(),
            running: device.flags.is_running(),
            loopback: device.flags.is_loopback(),
            addresses: device.addresses.iter().map(|known| known.addr).collect(),
            name: device.name,
            description: device.desc,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_the_loopback_or_says_what_is_missing() {
        match interfaces() {
            // A sandbox may have no interface at all.
            Ok(interfaces) => {
                for interface in interfaces {
                    assert!(!interface.name.is_empty());
                    if interface.name == "lo" {
                        assert!(interface.loopback);
                    }
                }
            }
            Err(error) => {
                let words = error.to_string();
                assert!(words.starts_with("cannot use the capture interfaces: "));
            }
        }
    }

    #[test]
    fn asks_for_rights_only_where_libpcap_is() {
        let known = interfaces();
        match permission(known.as_deref().unwrap_or_default()) {
            Ok(Permission::Granted) => assert!(known.is_ok()),
            Ok(Permission::Missing { right, .. }) => assert_eq!(right, "CAP_NET_RAW"),
            Ok(Permission::Refused { reason }) => assert!(!reason.is_empty()),
            Err(Error::Interfaces { .. }) => assert!(known.is_err()),
            Err(other) => panic!("{other}"),
        }
    }
}
