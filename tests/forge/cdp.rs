//! CDP announcements of phones and switches.
//!
//! Layout and order of a phone's TLVs after a recorded Cisco 7970 (SIP70.8-5-3S),
//! those of a switch after a recorded WS-C3560G. No public specification exists.

use crate::forge::scene::{Host, Mac, Scene, length_u16};

const MULTICAST: Mac = [0x01, 0x00, 0x0c, 0xcc, 0xcc, 0xcc];

/// How long a neighbour is remembered, in seconds; both recordings say so.
const TTL_SECS: u8 = 180;

/// What a phone announces.
#[derive(Debug, Clone)]
pub(crate) struct Phone<'a> {
    /// `Cisco IP Phone 7970`.
    pub(crate) platform: &'a str,
    /// The load that runs, `SIP70.8-5-3S`.
    pub(crate) software: &'a str,
    /// Asks for the voice VLAN (TLV 0x000f).
    pub(crate) asks_vlan: bool,
    /// What it draws (TLV 0x0010), in milliwatts; absent on an external supply.
    pub(crate) drawn_mw: Option<u16>,
    /// What it asks for (TLV 0x0019), best first; phones of a fixed draw do not ask.
    pub(crate) request: Option<Request<'a>>,
    /// Whether it has its address already; until then it announces 0.0.0.0.
    pub(crate) leased: bool,
}

/// TLV 0x0019.
#[derive(Debug, Clone)]
pub(crate) struct Request<'a> {
    pub(crate) id: u16,
    pub(crate) levels_mw: &'a [u32],
}

/// What a switch announces.
#[derive(Debug, Clone, Default)]
pub(crate) struct Switch<'a> {
    pub(crate) name: &'a str,
    pub(crate) port: &'a str,
    pub(crate) platform: &'a str,
    /// TLV 0x000e; absent on a port without a voice VLAN.
    pub(crate) voice_vlan: Option<u16>,
    /// TLV 0x001a; absent on switches that do not negotiate power.
    pub(crate) available: Option<Available>,
    /// Whether the port works at half duplex (TLV 0x000b).
    pub(crate) half_duplex: bool,
}

/// TLV 0x001a.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Available {
    /// The request answered; 0 when none is pending.
    pub(crate) request_id: u16,
    pub(crate) available_mw: u32,
}

impl Scene {
    /// The phone announces itself.
    pub(crate) fn cdp_phone(&mut self, host: &Host, phone: &Phone<'_>) {
        let address = if phone.leased {
            host.ip.octets()
        } else {
            [0; 4]
        };
        let mut tlvs = Vec::new();
        tlv(&mut tlvs, 0x0001, host.cisco_name().as_bytes());
        tlv(&mut tlvs, 0x0002, &one_address(address));
        tlv(&mut tlvs, 0x0003, b"Port 1");
        tlv(&mut tlvs, 0x0004, &0x0490_u32.to_be_bytes());
        tlv(&mut tlvs, 0x0005, phone.software.as_bytes());
        tlv(&mut tlvs, 0x0006, phone.platform.as_bytes());
        tlv(&mut tlvs, 0x001c, &[0, 2, 0]);
        if phone.asks_vlan {
            tlv(&mut tlvs, 0x000f, &[0x20, 2, 0]);
        }
        if let Some(request) = &phone.request {
            let mut value = request.id.to_be_bytes().to_vec();
            value.extend([0, 0]);
            value.extend(
                request
                    .levels_mw
                    .iter()
                    .flat_map(|level| level.to_be_bytes()),
            );
            tlv(&mut tlvs, 0x0019, &value);
        }
        tlv(&mut tlvs, 0x000b, &[1]);
        if let Some(drawn_mw) = phone.drawn_mw {
            tlv(&mut tlvs, 0x0010, &drawn_mw.to_be_bytes());
        }
        // A phone speaks CDP untagged, whatever VLAN its voice is in.
        self.ethernet(host.mac, MULTICAST, None, &announcement(&tlvs));
    }

    /// The switch announces itself. `host` is its port: MAC and management address.
    pub(crate) fn cdp_switch(&mut self, host: &Host, switch: &Switch<'_>) {
        let software = "Cisco IOS Software, C3560 Software (C3560-IPBASEK9-M), \
                        Version 12.2(55)SE5, RELEASE SOFTWARE (fc1)";
        let mut tlvs = Vec::new();
        tlv(&mut tlvs, 0x0001, switch.name.as_bytes());
        tlv(&mut tlvs, 0x0005, software.as_bytes());
        tlv(&mut tlvs, 0x0006, switch.platform.as_bytes());
        tlv(&mut tlvs, 0x0002, &one_address(host.ip.octets()));
        tlv(&mut tlvs, 0x0003, switch.port.as_bytes());
        tlv(&mut tlvs, 0x0004, &0x28_u32.to_be_bytes());
        tlv(&mut tlvs, 0x0009, b"lab");
        tlv(&mut tlvs, 0x000a, &1_u16.to_be_bytes());
        tlv(&mut tlvs, 0x000b, &[u8::from(!switch.half_duplex)]);
        if let Some(vlan) = switch.voice_vlan {
            let [high, low] = vlan.to_be_bytes();
            tlv(&mut tlvs, 0x000e, &[1, high, low]);
        }
        tlv(&mut tlvs, 0x0012, &[0]);
        tlv(&mut tlvs, 0x0013, &[0]);
        tlv(&mut tlvs, 0x0016, &one_address(host.ip.octets()));
        if let Some(available) = switch.available {
            let mut value = available.request_id.to_be_bytes().to_vec();
            value.extend([0, 1]);
            value.extend(available.available_mw.to_be_bytes());
            value.extend([0xff; 4]);
            tlv(&mut tlvs, 0x001a, &value);
        }
        self.ethernet(host.mac, MULTICAST, None, &announcement(&tlvs));
    }
}

/// From the 802.3 length to the last TLV.
fn announcement(tlvs: &[u8]) -> Vec<u8> {
    let mut cdp = vec![2, TTL_SECS, 0, 0];
    cdp.extend(tlvs);
    let sum = checksum(&cdp);
    cdp[2..4].copy_from_slice(&sum.to_be_bytes());
    let snap = [0xaa, 0xaa, 3, 0, 0, 0x0c, 0x20, 0];
    let mut rest = length_u16(snap.len() + cdp.len()).to_vec();
    rest.extend(snap);
    rest.extend(cdp);
    rest
}

/// CDP's own checksum: the Internet checksum, but an odd last byte counts as the
/// low half of a word, and one with its top bit set as a signed number less one.
/// (Wireshark's `packet-cdp.c` and lldpd's `cdp.c` describe the same.)
fn checksum(cdp: &[u8]) -> u16 {
    let mut sum = 0_u32;
    let (words, odd) = cdp.as_chunks::<2>();
    for word in words {
        sum += u32::from(u16::from_be_bytes(*word));
    }
    if let [last] = odd {
        sum += match u32::from(*last) {
            last @ 0x80.. => 0xff00 + last - 1,
            last => last,
        };
    }
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !u16::try_from(sum).unwrap()
}

fn tlv(tlvs: &mut Vec<u8>, kind: u16, value: &[u8]) {
    tlvs.extend(kind.to_be_bytes());
    tlvs.extend(length_u16(4 + value.len()));
    tlvs.extend(value);
}

/// A list of one IPv4 address (NLPID 0xcc).
fn one_address(address: [u8; 4]) -> Vec<u8> {
    let mut value = vec![0, 0, 0, 1, 1, 1, 0xcc, 0, 4];
    value.extend(address);
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    /// tshark 4.0.17 calls the checksums of all captures' announcements "Good";
    /// that of SEP001AA1221904 in `load-name-case` is of odd length and ends in 9c.
    #[test]
    fn counts_an_odd_last_byte_as_cisco_does() {
        let even = [2, 180, 0, 0, 0, 0x10, 0, 6, 0x18, 0x9c];
        assert_eq!(checksum(&even), !(0x02b4_u16 + 0x0010 + 0x0006 + 0x189c));
        assert_eq!(checksum(&[0, 1, 0x7f]), !0x0080);
        assert_eq!(checksum(&[0, 1, 0x80]), !0xff80);
        assert_eq!(checksum(&[0, 1, 0xf1]), !0xfff1);
    }
}
