//! What CDP and LLDP announcements mean: a phone speaks of itself, or the switch
//! tells what it offers on this port.

use phoneboot_parsers::{cdp, lldp};

use crate::dissect::Dissected;
use crate::event::{EventKind, Subject};

/// The bits of CDP's capabilities that only end devices set: host and phone.
const CDP_ENDPOINT: u32 = 0x0010 | 0x0080;
/// The bits that only network devices set: router, bridges, switch.
const CDP_NETWORK: u32 = 0x0001 | 0x0002 | 0x0004 | 0x0008;

pub(super) fn cdp<'a>(
    dissected: &Dissected<'a>,
    message: &'a cdp::Message,
) -> Option<(Subject, EventKind<'a>)> {
    let subject = if is_cdp_endpoint(message) {
        Subject::Mac(dissected.source.mac?)
    } else {
        Subject::Segment
    };
    Some((subject, EventKind::Cdp(message)))
}

/// Whether an end device sent the announcement.
///
/// Recovery loaders announce little: a query for the voice VLAN or a request for
/// power is enough, as only powered devices send them.
fn is_cdp_endpoint(message: &cdp::Message) -> bool {
    let capabilities = message.capabilities.unwrap_or_default();
    if message.voice_vlan_query.is_some() || message.power_request.is_some() {
        return true;
    }
    capabilities & CDP_ENDPOINT != 0 && capabilities & CDP_NETWORK == 0
}

pub(super) fn lldp<'a>(
    dissected: &Dissected<'a>,
    message: &'a lldp::Message,
) -> Option<(Subject, EventKind<'a>)> {
    let subject = if is_lldp_endpoint(message) {
        Subject::Mac(dissected.source.mac?)
    } else {
        Subject::Segment
    };
    Some((subject, EventKind::Lldp(message)))
}

/// Whether an end device sent the announcement: a telephone bridges to its PC
/// port, so that the bridge bit says nothing once the telephone bit is set. Who gives
/// power is a switch, with capabilities or without: they are optional (IEEE 802.1AB).
fn is_lldp_endpoint(message: &lldp::Message) -> bool {
    const TELEPHONE: u16 = 0x0020;
    const NETWORK: u16 = 0x0004 | 0x0008 | 0x0010;
    if let Some((_, class)) = message.med.capabilities {
        return (1..=3).contains(&class);
    }
    let by_dot3 = message.dot3.power.is_some_and(lldp::dot3::Power::is_pse);
    let by_med = message.med.power.is_some_and(lldp::med::Power::is_pse);
    if (by_dot3 || by_med) && !message.is_telephone() {
        return false;
    }
    let system = message.capabilities.map_or(0, |bits| bits.system);
    system & TELEPHONE != 0 || system & NETWORK == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_gives_power_is_the_switch() {
        let speaks = |mdi_support| lldp::Message {
            dot3: lldp::dot3::Dot3 {
                power: Some(lldp::dot3::Power {
                    mdi_support,
                    pse_pair: 1,
                    class: 4,
                    negotiation: None,
                    four_pair: None,
                }),
                ..lldp::dot3::Dot3::default()
            },
            ..lldp::Message::default()
        };
        assert!(!is_lldp_endpoint(&speaks(0x0f)));
        assert!(is_lldp_endpoint(&speaks(0x00)));
        let by_med = |kind| lldp::Message {
            med: lldp::med::Med {
                power: Some(lldp::med::Power {
                    kind,
                    source: 1,
                    priority: 3,
                    power_dw: 40,
                }),
                ..lldp::med::Med::default()
            },
            ..lldp::Message::default()
        };
        assert!(!is_lldp_endpoint(&by_med(0)));
        assert!(is_lldp_endpoint(&by_med(1)));
    }
}
