//! Who names which voice VLAN to the phone, for the rules about it.

use std::collections::BTreeSet;

use phoneboot_parsers::{cdp, dhcp, lldp};

use crate::event::At;
use crate::rules::Context;
use crate::session::Boot;
use crate::session::link::Announcement;

/// VLAN ids that frames can bear (IEEE 802.1Q clause 9.6); CDP says 4095 for none.
const VLAN_IDS: std::ops::RangeInclusive<u16> = 1..=4094;

/// The application of the voice VLAN, in CDP and in LLDP-MED alike.
const VOICE: u8 = 1;

/// A VLAN that was named to the phone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Named {
    /// The VLAN.
    pub(super) vlan: u16,
    /// Where it was named first.
    pub(super) at: At,
    /// By what.
    pub(super) by: By,
}

/// What names a VLAN.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum By {
    Cdp,
    Lldp,
    /// This option of DHCP.
    Dhcp(u8),
}

impl By {
    /// As a word for sentences.
    pub(super) fn words(self) -> String {
        match self {
            Self::Cdp => "CDP".to_owned(),
            Self::Lldp => "LLDP-MED".to_owned(),
            Self::Dhcp(code) => format!("DHCP option {code}"),
        }
    }
}

/// Whether all announcements of switches came from one port. A mirror of several ports
/// shows what was said to other phones too.
pub(super) fn is_one_port(boot: &Boot) -> bool {
    let by_cdp = differ(&boot.link.switch_cdp, |said| {
        (said.device_id.clone(), said.port_id.clone())
    });
    let by_lldp = differ(&boot.link.switch_lldp, |said| {
        (said.chassis_id.clone(), said.port_id.clone())
    });
    !by_cdp && !by_lldp && !names_differ(boot)
}

fn differ<T, P: PartialEq>(list: &[Announcement<T>], port: impl Fn(&T) -> P) -> bool {
    let mut ports = list.iter().map(|said| port(&said.first.value));
    let first = ports.next();
    ports.any(|other| Some(other) != first)
}

/// Whether CDP and LLDP come from switches of different names. The domain may be left
/// out in one of them.
fn names_differ(boot: &Boot) -> bool {
    let host = |name: String| {
        let host = name.split(['.', '(']).next().unwrap_or_default();
        host.to_lowercase()
    };
    let cdp = boot.link.switch_cdp.last();
    let cdp = cdp.and_then(|said| said.first.value.device_id.as_ref());
    let lldp = boot.link.switch_lldp.last();
    let lldp = lldp.and_then(|said| said.first.value.system_name.as_ref());
    match (cdp, lldp) {
        (Some(cdp), Some(lldp)) => host(cdp.to_string()) != host(lldp.to_string()),
        _ => false,
    }
}

/// The VLAN that CDP named last.
pub(super) fn by_cdp(boot: &Boot) -> Option<Named> {
    latest(&boot.link.switch_cdp, By::Cdp, |message| {
        let voice = message.voice_vlan?;
        voice.vlan.filter(|_| voice.application == VOICE)
    })
}

/// The VLAN that LLDP-MED named last.
pub(super) fn by_lldp(boot: &Boot) -> Option<Named> {
    latest(&boot.link.switch_lldp, By::Lldp, |message| {
        let policy = message.med.voice_policy()?;
        (policy.tagged && !policy.unknown).then_some(policy.vlan)
    })
}

fn latest<T>(list: &[Announcement<T>], by: By, vlan: impl Fn(&T) -> Option<u16>) -> Option<Named> {
    let said = list
        .iter()
        .filter_map(|said| Some((said, vlan(&said.first.value)?)))
        .filter(|(_, vlan)| VLAN_IDS.contains(vlan));
    let (said, vlan) = said.max_by_key(|(said, _)| said.last)?;
    let at = said.first.at;
    Some(Named { vlan, at, by })
}

/// The VLAN that the lease names in an option that the phone's family reads for it.
pub(super) fn by_dhcp(boot: &Boot, context: &Context<'_>) -> Option<Named> {
    let codes = &context.profile?.provisioning.vlan_options;
    let lease = boot.lease.boot_data()?;
    codes.iter().find_map(|&code| {
        let vlan = in_option(&lease.message, code).filter(|vlan| VLAN_IDS.contains(vlan))?;
        let (at, by) = (lease.at, By::Dhcp(code));
        Some(Named { vlan, at, by })
    })
}

/// The VLAN in an option: `VLAN-A=110;` of Polycom, `L2QVLAN=110` of Avaya, or option 132
/// as a number of two or four bytes, or in digits.
fn in_option(message: &dhcp::Message, code: u8) -> Option<u16> {
    let bytes = message.option(code)?;
    if code == 132 {
        match bytes.as_slice() {
            [0, 0, high, low] => return Some(u16::from_be_bytes([*high, *low])),
            // Two digits are no number of two bytes.
            [high, low] if !high.is_ascii_digit() => {
                return Some(u16::from_be_bytes([*high, *low]));
            }
            _ => {}
        }
    }
    let text = std::str::from_utf8(&bytes).ok()?.trim_end_matches('\0');
    let value = ["VLAN-A=", "VLAN-A:", "L2QVLAN="]
        .iter()
        .find_map(|key| Some(text.split_once(key)?.1))
        .or_else(|| (code == 132).then_some(text))?;
    let end = value.find(|c: char| !c.is_ascii_alphanumeric());
    let value = value.split_at_checked(end.unwrap_or(value.len()))?.0;
    match value.strip_prefix("0x") {
        Some(hex) => u16::from_str_radix(hex, 16).ok(),
        None => value.parse().ok(),
    }
}

/// Every VLAN that was named to the phone, each by its latest word.
pub(super) fn all(boot: &Boot, context: &Context<'_>) -> Vec<Named> {
    [by_cdp(boot), by_lldp(boot), by_dhcp(boot, context)]
        .into_iter()
        .flatten()
        .collect()
}

/// VLANs that the switch sends untagged on the port.
pub(super) fn untagged(boot: &Boot) -> BTreeSet<u16> {
    let cdp = boot.link.switch_cdp.iter();
    let lldp = boot.link.switch_lldp.iter();
    cdp.filter_map(|said| said.first.value.native_vlan)
        .chain(lldp.filter_map(|said| said.first.value.dot1.port_vlan))
        .collect()
}

/// Whether the phone would hear what is said by this protocol: it speaks it.
pub(super) fn listens(boot: &Boot, by: By) -> bool {
    match by {
        By::Cdp => !boot.link.phone_cdp.is_empty(),
        By::Lldp => {
            let mut said = boot.link.phone_lldp.iter();
            said.any(|said| said.first.value.med.capabilities.is_some())
        }
        By::Dhcp(_) => true,
    }
}

/// Where the phone asked by CDP for a voice VLAN, of which it knows none. `20 02 00` is a
/// marker, not VLAN 512.
pub(super) fn asked_by_cdp(boot: &Boot) -> Option<At> {
    let asks = |message: &cdp::Message| {
        message.voice_vlan_query.is_some_and(|query| {
            query.application == 0x20 || query.vlan.is_none_or(|vlan| vlan == 0)
        })
    };
    let mut said = boot.link.phone_cdp.iter();
    Some(said.find(|said| asks(&said.first.value))?.first.at)
}

/// Where the phone asked by LLDP-MED for a voice VLAN: it says that it knows no policy.
pub(super) fn asked_by_lldp(boot: &Boot) -> Option<At> {
    let asks = |message: &lldp::Message| message.med.voice_policy().is_some_and(|p| p.unknown);
    let mut said = boot.link.phone_lldp.iter();
    Some(said.find(|said| asks(&said.first.value))?.first.at)
}

#[cfg(test)]
pub(super) mod testing {
    //! Announcements with voice VLANs.

    use phoneboot_parsers::lldp::{Id, IdValue, med};
    use phoneboot_parsers::{cdp, lldp};

    /// A switch port by CDP.
    pub(in crate::rules::link) fn cdp_switch(vlan: Option<u16>) -> cdp::Message {
        cdp::Message {
            device_id: Some("sw1".into()),
            port_id: Some("Gi1/0/7".into()),
            native_vlan: Some(1),
            voice_vlan: vlan.map(|vlan| cdp::VoiceVlan {
                application: 1,
                vlan: Some(vlan),
            }),
            ..cdp::Message::default()
        }
    }

    /// A phone that asks by CDP.
    pub(in crate::rules::link) fn cdp_phone() -> cdp::Message {
        cdp::Message {
            platform: Some("Cisco IP Phone 7961".into()),
            voice_vlan_query: Some(cdp::VoiceVlan {
                application: 0x20,
                vlan: Some(0x0200),
            }),
            ..cdp::Message::default()
        }
    }

    fn med(class: u8, policy: Option<med::Policy>) -> med::Med {
        med::Med {
            capabilities: Some((3, class)),
            policies: policy.into_iter().collect(),
            ..med::Med::default()
        }
    }

    fn policy(vlan: u16, unknown: bool) -> med::Policy {
        med::Policy {
            application: 1,
            unknown,
            tagged: !unknown,
            vlan,
            priority: 5,
            dscp: 46,
        }
    }

    /// A switch port by LLDP.
    pub(in crate::rules::link) fn lldp_switch(vlan: Option<u16>) -> lldp::Message {
        lldp::Message {
            port_id: Some(Id {
                subtype: 5,
                value: IdValue::Text("Gi1/0/7".into()),
            }),
            system_name: Some("sw1.example.com".into()),
            med: med(4, vlan.map(|vlan| policy(vlan, false))),
            ..lldp::Message::default()
        }
    }

    /// A phone that asks by LLDP-MED.
    pub(in crate::rules::link) fn lldp_phone() -> lldp::Message {
        lldp::Message {
            med: med(3, Some(policy(0, true))),
            ..lldp::Message::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::testing::{cdp_switch, lldp_switch};
    use super::*;
    use crate::session::testing::BootBuilder;

    fn vlan_in(code: u8, bytes: &[u8]) -> Option<u16> {
        let boot = BootBuilder::new().lease(&[], &[(code, bytes)]).build();
        in_option(&boot.lease.boot_data().unwrap().message, code)
    }

    #[test]
    fn reads_the_forms_of_the_makers() {
        assert_eq!(vlan_in(128, b"VLAN-A=110;"), Some(110));
        assert_eq!(vlan_in(157, b"VLAN-A=0x6e;\0"), Some(110));
        assert_eq!(vlan_in(191, b"VLAN-A:110+20."), Some(110));
        assert_eq!(vlan_in(242, b"L2Q=1,L2QVLAN=110,VLANTEST=60"), Some(110));
        assert_eq!(vlan_in(132, &[0, 0, 0, 110]), Some(110));
        assert_eq!(vlan_in(132, &[0, 110]), Some(110));
        assert_eq!(vlan_in(132, b"110"), Some(110));
        assert_eq!(vlan_in(132, b"10"), Some(10));
        assert_eq!(vlan_in(128, &[192, 0, 2, 10]), None);
        assert_eq!(vlan_in(128, b"110"), None);
        assert_eq!(vlan_in(242, b"HTTPSRVR=192.0.2.10"), None);
    }

    #[test]
    fn ports_are_told_apart_and_domains_are_not() {
        let one = BootBuilder::new()
            .switch_cdp(cdp_switch(Some(110)))
            .switch_cdp(cdp_switch(None))
            .switch_lldp(lldp_switch(Some(110)));
        assert!(is_one_port(&one.build()));
        let mut other = cdp_switch(Some(120));
        other.port_id = Some("Gi1/0/8".into());
        let two = BootBuilder::new()
            .switch_cdp(cdp_switch(Some(110)))
            .switch_cdp(other);
        assert!(!is_one_port(&two.build()));
        let mut other = lldp_switch(None);
        other.system_name = Some("core".into());
        let two = BootBuilder::new()
            .switch_cdp(cdp_switch(Some(110)))
            .switch_lldp(other);
        assert!(!is_one_port(&two.build()));
    }

    #[test]
    fn no_vlan_is_none() {
        for vlan in [0, 4095] {
            let boot = BootBuilder::new()
                .switch_cdp(cdp_switch(Some(vlan)))
                .build();
            assert_eq!(by_cdp(&boot), None);
        }
    }
}
