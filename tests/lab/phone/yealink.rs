//! Yealink T46S by HTTP and HTTPS, with its VLAN from LLDP-MED; and a T48S in its
//! recovery loader.

use std::net::Ipv4Addr;

use crate::Result;
use crate::forge::dhcp::Client;
use crate::forge::lldp;
use crate::phone::Script;
use crate::phone::handset::Handset;
use crate::phone::tftp::{Fetched, Manner};
use crate::scenario::Kind;

/// As U-Boot asks: option order, port range and words are its own.
const LOADER: Manner<'static> = Manner {
    options: &[("timeout", "5"), ("tsize", "0"), ("blksize", "1468")],
    tries: 2,
    gap_ms: 5_000,
    port: 1_049,
    too_large: (3, "File too large"),
};

pub(super) const SCRIPTS: &[Script] = &[
    Script {
        name: "yealink-t46s",
        mac: [0x00, 0x15, 0x65, 0x46, 0x51, 0x0a],
        needs: &[Kind::Lldp, Kind::Dhcp, Kind::Http, Kind::Registrar],
        voice_vlan: true,
        options: &[(66, "http://192.0.2.10/yealink/")],
        files: || files("yealink/"),
        boots,
        ..Script::PLAIN
    },
    Script {
        name: "yealink-t46s-https",
        mac: [0x00, 0x15, 0x65, 0x46, 0x51, 0x0a],
        needs: &[Kind::Dhcp, Kind::Https, Kind::Registrar],
        options: &[(66, "https://prov.example.com/")],
        names: &[("prov.example.com", [192, 0, 2, 10])],
        files: || files(""),
        boots,
        ..Script::PLAIN
    },
    Script {
        name: "yealink-t48s-loader",
        mac: [0x00, 0x15, 0x65, 0x48, 0x51, 0x0a],
        needs: &[Kind::Tftp],
        files: || {
            vec![(
                "T48S.rom".to_owned(),
                crate::forge::firmware::pattern(20_000),
            )]
        },
        boots: recovers,
        ..Script::PLAIN
    },
];

fn files(folder: &str) -> Vec<(String, Vec<u8>)> {
    let head = "#!version:1.0.0.1\n";
    vec![
        (
            format!("{folder}y000000000066.cfg"),
            format!("{head}local_time.ntp_server1 = 192.0.2.1\n").into_bytes(),
        ),
        (
            format!("{folder}00156546510a.cfg"),
            format!("{head}account.1.enable = 1\naccount.1.user_name = 2001\n").into_bytes(),
        ),
    ]
}

fn boots(phone: &mut Handset) -> Result<()> {
    phone.speaks_dhcp_as(Client {
        vendor_class: b"yealink".to_vec(),
        parameters: vec![1, 2, 3, 4, 6, 7, 12, 15, 28, 42, 66, 67, 43, 120],
        host_name: Some("SIP-T46S".into()),
        option_61: true,
        ..Client::default()
    });
    let voice_vlan = announces(phone)?;
    if let Some(vlan) = voice_vlan {
        phone.joins_vlan(vlan)?;
    }
    if !phone.leases()? {
        announces(phone)?;
        return Ok(());
    }
    let agent = format!("Yealink SIP-T46S 66.84.0.125 {}", phone.host.mac_colons());
    let Some(site) = phone.finds_site(&[66], "tftp", agent)? else {
        return Ok(());
    };
    let mac = phone.mac_lower();
    let came = phone.keeps_trying(|phone| {
        if phone.fetches(&site, &format!("{mac}.boot"))? == Fetched::Silent {
            return Ok(false);
        }
        phone.fetches(&site, "y000000000000.boot")?;
        let common = phone.fetches(&site, "y000000000066.cfg")?.is_whole();
        let own = phone.fetches(&site, &format!("{mac}.cfg"))?.is_whole();
        Ok(common || own)
    })?;
    if came {
        phone.waits_ms(500);
        let agent = "Yealink SIP-T46S 66.84.0.125";
        phone.comes_up(agent)?;
    }
    Ok(())
}

/// Speaks LLDP-MED, and learns its VLAN where the switch knows one.
fn announces(phone: &mut Handset) -> Result<Option<u16>> {
    phone.speaks_lldp(&lldp::Phone {
        name: "SIP-T46S",
        description: "66.84.0.125",
        manufacturer: "Yealink",
        model: "SIP-T46S",
        software: "66.84.0.125",
    })
}

/// Started with the speaker key held, addresses typed in on its screen.
fn recovers(phone: &mut Handset) -> Result<()> {
    phone.has_address(Ipv4Addr::new(192, 0, 2, 100))?;
    phone.keeps_trying(|phone| {
        for file in ["T48S.rom", "T48S.bin", "T48S.rfs"] {
            let server = Ipv4Addr::new(192, 0, 2, 10);
            if phone.reads_by_tftp(server, file, &LOADER)?.is_whole() {
                phone.waits_ms(1_000);
                return Ok(true);
            }
        }
        Ok(false)
    })?;
    Ok(())
}
