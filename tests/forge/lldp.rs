//! LLDP announcements of phones and switches, with LLDP-MED.
//!
//! IEEE 802.1AB §8, ANSI/TIA-1057 §10.2.

use crate::forge::scene::{Host, Mac, Scene};

const MULTICAST: Mac = [0x01, 0x80, 0xc2, 0x00, 0x00, 0x0e];
const ETHERTYPE: [u8; 2] = [0x88, 0xcc];
const MED: [u8; 3] = [0x00, 0x12, 0xbb];

/// What a phone announces.
#[derive(Debug, Clone)]
pub(crate) struct Phone<'a> {
    pub(crate) name: &'a str,
    pub(crate) description: &'a str,
    pub(crate) manufacturer: &'a str,
    pub(crate) model: &'a str,
    pub(crate) software: &'a str,
}

/// Power via MDI as IEEE 802.3at has it, in tenths of a watt.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Power {
    pub(crate) requested_dw: u16,
    pub(crate) allocated_dw: u16,
}

impl Scene {
    /// The phone announces itself and asks which VLAN its voice belongs in.
    pub(crate) fn lldp_phone(&mut self, host: &Host, phone: &Phone<'_>) {
        self.lldp_phone_with(host, phone, None);
    }

    /// The same, and it asks for power by IEEE 802.3.
    pub(crate) fn lldp_phone_with(&mut self, host: &Host, phone: &Phone<'_>, power: Option<Power>) {
        let mut tlvs = Vec::new();
        tlv(&mut tlvs, 1, &[&[4], host.mac.as_slice()].concat());
        tlv(&mut tlvs, 2, &[&[3], host.mac.as_slice()].concat());
        tlv(&mut tlvs, 3, &120_u16.to_be_bytes());
        tlv(&mut tlvs, 4, b"WAN PORT");
        tlv(&mut tlvs, 5, phone.name.as_bytes());
        tlv(&mut tlvs, 6, phone.description.as_bytes());
        // Bridge and telephone, both enabled.
        tlv(&mut tlvs, 7, &[0, 0x24, 0, 0x24]);
        // Capabilities, network policy, inventory; class III endpoint.
        med(&mut tlvs, 1, &[0, 0x33, 3]);
        // Voice, policy unknown: this is the question.
        med(&mut tlvs, 2, &[1, 0x80, 0, 0]);
        med(&mut tlvs, 7, phone.software.as_bytes());
        med(&mut tlvs, 9, phone.manufacturer.as_bytes());
        med(&mut tlvs, 10, phone.model.as_bytes());
        if let Some(power) = power {
            dot3_power(&mut tlvs, false, power);
        }
        self.lldp(host, tlvs);
    }

    /// The switch announces itself and, if it has one, the voice VLAN.
    pub(crate) fn lldp_switch(&mut self, host: &Host, name: &str, port: &str, voice: Option<u16>) {
        self.lldp_switch_with(host, name, port, voice, None);
    }

    /// The same, and it answers for power by IEEE 802.3.
    pub(crate) fn lldp_switch_with(
        &mut self,
        host: &Host,
        name: &str,
        port: &str,
        voice: Option<u16>,
        power: Option<Power>,
    ) {
        let mut tlvs = Vec::new();
        tlv(&mut tlvs, 1, &[&[4], host.mac.as_slice()].concat());
        tlv(&mut tlvs, 2, &[&[5], port.as_bytes()].concat());
        tlv(&mut tlvs, 3, &120_u16.to_be_bytes());
        tlv(&mut tlvs, 4, port.as_bytes());
        tlv(&mut tlvs, 5, name.as_bytes());
        tlv(&mut tlvs, 6, b"Access switch, 24 ports");
        tlv(&mut tlvs, 7, &[0, 0x14, 0, 0x04]);
        let mut address = vec![5, 1];
        address.extend(host.ip.octets());
        address.extend([2, 0, 0, 0, 1, 0]);
        tlv(&mut tlvs, 8, &address);
        if let Some(vlan) = voice {
            med(&mut tlvs, 1, &[0, 0x03, 4]);
            // Voice, tagged, this VLAN, priority 5, DSCP 46.
            let policy = 0x0140_0000 | u32::from(vlan) << 9 | 5 << 6 | 0x2e;
            med(&mut tlvs, 2, &policy.to_be_bytes());
        }
        if let Some(power) = power {
            dot3_power(&mut tlvs, true, power);
        }
        self.lldp(host, tlvs);
    }

    fn lldp(&mut self, host: &Host, mut tlvs: Vec<u8>) {
        tlv(&mut tlvs, 0, &[]);
        let rest = [ETHERTYPE.as_slice(), &tlvs].concat();
        self.ethernet(host.mac, MULTICAST, None, &rest);
    }
}

fn tlv(tlvs: &mut Vec<u8>, kind: u16, value: &[u8]) {
    let length = u16::try_from(value.len()).unwrap();
    tlvs.extend((kind << 9 | length).to_be_bytes());
    tlvs.extend(value);
}

/// IEEE 802.3 clause 79.3.2; power sourcing equipment, or the powered device.
fn dot3_power(tlvs: &mut Vec<u8>, sourcing: bool, power: Power) {
    let (support, kind) = if sourcing { (0x07, 0x10) } else { (0, 0x50) };
    // Class 4, source known, priority low.
    let mut value = vec![0, 0x12, 0x0f, 2, support, 1, 5, kind | 3];
    value.extend(power.requested_dw.to_be_bytes());
    value.extend(power.allocated_dw.to_be_bytes());
    tlv(tlvs, 127, &value);
}

fn med(tlvs: &mut Vec<u8>, subtype: u8, value: &[u8]) {
    tlv(tlvs, 127, &[&MED, [subtype].as_slice(), value].concat());
}
