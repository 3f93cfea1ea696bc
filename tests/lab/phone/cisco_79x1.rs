//! Cisco 7941 to 7975: voice VLAN and power by CDP, files by TFTP, SIP or SCCP.
//!
//! Order and options as in the recordings that the forge's recipes name.

use std::net::Ipv4Addr;

use crate::Result;
use crate::forge::cdp;
use crate::forge::dhcp::Client;
use crate::forge::firmware;
use crate::phone::Script;
use crate::phone::handset::{Handset, Neighbor};
use crate::phone::tftp::{Fetched, Manner, PLAIN};
use crate::scenario::Kind;

/// The load that the recovery installs.
const LOAD: &str = "SIP70.9-4-2SR3-1S";

const IMAGES: [&str; 5] = [
    "jar70sip.9-4-2ES26.sbn",
    "cnu70.9-4-2ES26.sbn",
    "apps70.9-4-2ES26.sbn",
    "dsp70.9-4-2ES26.sbn",
    "cvm70sip.9-4-2ES26.sbn",
];

/// What a 7970 asks for, best first, in milliwatts.
const LEVELS_MW: [u32; 2] = [10_250, 6_300];

/// As the loader asks: no options, three tries.
const MANNER: Manner<'static> = Manner { tries: 3, ..PLAIN };

/// The load of a 7961 in daily use.
const LOAD_7961: &str = "SIP41.9-4-2SR3-1S";

pub(super) const SCRIPTS: &[Script] = &[
    Script {
        name: "cisco-7970-erased",
        mac: [0x00, 0x1a, 0xa1, 0x7b, 0xe6, 0x38],
        needs: &[Kind::Dhcp, Kind::Tftp, Kind::Registrar],
        voice_vlan: true,
        cdp_mw: Some(12_000),
        options: &[(150, "192.0.2.10")],
        files,
        boots: recovers,
        ..Script::PLAIN
    },
    Script {
        name: "cisco-7961",
        mac: [0x00, 0x1b, 0xd5, 0x85, 0x36, 0x61],
        needs: &[Kind::Dhcp, Kind::Tftp, Kind::Registrar],
        voice_vlan: true,
        cdp_mw: Some(6_300),
        options: &[(150, "192.0.2.10")],
        files: || {
            let config = config(LOAD_7961).into_bytes();
            vec![("SEP001BD5853661.cnf.xml".to_owned(), config)]
        },
        boots: starts,
        ..Script::PLAIN
    },
];

/// What differs between the two.
struct Model {
    number: &'static str,
    software: &'static str,
    levels_mw: &'static [u32],
}

const CP_7970: Model = Model {
    number: "7970",
    software: "term70.default",
    levels_mw: &LEVELS_MW,
};

const CP_7961: Model = Model {
    number: "7961",
    software: LOAD_7961,
    levels_mw: &[6_300],
};

fn files() -> Vec<(String, Vec<u8>)> {
    let list = firmware::load_list("term70.default.loads", "9-4-2ES26", &IMAGES);
    let mut files = vec![("term70.default.loads".to_owned(), list)];
    for image in IMAGES {
        files.push((image.to_owned(), firmware::image(image, 3_000)));
    }
    files.push((
        "SEP001AA17BE638.cnf.xml".to_owned(),
        config(LOAD).into_bytes(),
    ));
    files
}

/// A configuration for SIP, as short as they take it.
pub(super) fn config(load: &str) -> String {
    format!(
        "<device>\r\n <deviceProtocol>SIP</deviceProtocol>\r\n <devicePool>\r\n  <callManagerGroup>\r\n   \
         <members>\r\n    <member priority=\"0\">\r\n     <callManager>\r\n      <ports>\r\n       \
         <sipPort>5060</sipPort>\r\n      </ports>\r\n      \
         <processNodeName>192.0.2.20</processNodeName>\r\n     </callManager>\r\n    </member>\r\n   \
         </members>\r\n  </callManagerGroup>\r\n </devicePool>\r\n \
         <loadInformation>{load}</loadInformation>\r\n</device>\r\n"
    )
}

/// The loader fetches the load and starts it; the load then boots as every day.
fn recovers(phone: &mut Handset) -> Result<()> {
    let name = phone.host.cisco_name();
    phone.speaks_dhcp_as(Client::cisco("CP-7970G", name));
    let granted = comes_up(phone, &CP_7970)?;
    if !phone.leases()? {
        return Ok(());
    }
    if !granted {
        // Without an answer it assumes low power, and asks for no file.
        phone.keeps_trying(|phone| announces(phone, &CP_7970).map(|_| false))?;
        return Ok(());
    }
    let Some(server) = server(phone) else {
        phone.keeps_trying(|phone| announces(phone, &CP_7970).map(|_| false))?;
        return Ok(());
    };
    let came = phone.keeps_trying(|phone| {
        announces(phone, &CP_7970)?;
        let list = phone.reads_by_tftp(server, "term70.default.loads", &MANNER)?;
        Ok(list.is_whole())
    })?;
    if !came {
        return Ok(());
    }
    for image in IMAGES {
        phone.waits_ms(300);
        if !phone.reads_by_tftp(server, image, &MANNER)?.is_whole() {
            // It hangs; the switch hears of it all the same.
            phone.keeps_trying(|phone| announces(phone, &CP_7970).map(|_| false))?;
            return Ok(());
        }
    }
    phone.waits_ms(1_500);
    phone.restarts()?;
    let started = Model {
        software: LOAD,
        ..CP_7970
    };
    comes_up(phone, &started)?;
    if !phone.leases()? {
        return Ok(());
    }
    boots(phone, server, &started)
}

/// An ordinary start, with its configuration on the server.
fn starts(phone: &mut Handset) -> Result<()> {
    let name = phone.host.cisco_name();
    phone.speaks_dhcp_as(Client::cisco("CP-7961G", name));
    comes_up(phone, &CP_7961)?;
    if !phone.leases()? {
        return Ok(());
    }
    let Some(server) = server(phone) else {
        phone.keeps_trying(|phone| announces(phone, &CP_7961).map(|_| false))?;
        return Ok(());
    };
    boots(phone, server, &CP_7961)
}

/// From the trust files to the registration.
fn boots(phone: &mut Handset, server: Ipv4Addr, model: &Model) -> Result<()> {
    let name = phone.host.cisco_name();
    let came = phone.keeps_trying(|phone| {
        for file in [
            format!("CTL{name}.tlv"),
            format!("ITL{name}.tlv"),
            "ITLFile.tlv".to_owned(),
        ] {
            if phone.reads_by_tftp(server, &file, &MANNER)? == Fetched::Silent {
                return Ok(false);
            }
        }
        let own = phone.reads_by_tftp(server, &format!("{name}.cnf.xml"), &MANNER)?;
        if own.is_whole() {
            return Ok(true);
        }
        let default = phone.reads_by_tftp(server, "XMLDefault.cnf.xml", &MANNER)?;
        Ok(default.is_whole())
    })?;
    if came {
        phone.waits_ms(800);
        let agent = format!("Cisco-CP{}G/9.4.2", model.number);
        phone.comes_up(&agent)?;
        phone.waits_ms(500);
    }
    announces(phone, model)?;
    Ok(())
}

/// Agrees with the switch on VLAN and power; whether power was granted.
fn comes_up(phone: &mut Handset, model: &Model) -> Result<bool> {
    let neighbor = announces(phone, model)?.unwrap_or_default();
    if let Some(vlan) = neighbor.voice_vlan {
        phone.joins_vlan(vlan)?;
    }
    phone.waits_ms(400);
    Ok(neighbor.power_mw.is_some_and(|mw| mw > 0))
}

fn announces(phone: &mut Handset, model: &Model) -> Result<Option<Neighbor>> {
    let leased = !phone.host.ip.is_unspecified();
    let [.., high, low] = phone.host.mac;
    phone.speaks_cdp(&cdp::Phone {
        platform: &format!("Cisco IP Phone {}", model.number),
        software: model.software,
        asks_vlan: true,
        drawn_mw: Some(6_300),
        request: Some(cdp::Request {
            id: u16::from_be_bytes([high, low]),
            levels_mw: model.levels_mw,
        }),
        leased,
    })
}

/// Where its files are: option 150, then 66, then the next server.
fn server(phone: &Handset) -> Option<Ipv4Addr> {
    phone
        .lease
        .address(150)
        .or_else(|| phone.lease.text(66)?.parse().ok())
        .or(phone.lease.next_server)
}
