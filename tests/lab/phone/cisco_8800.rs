//! Cisco 8851 with enterprise firmware: each file by HTTP on port 6970, then by TFTP.

use crate::Result;
use crate::forge::cdp;
use crate::forge::dhcp::Client;
use crate::phone::Script;
use crate::phone::handset::Handset;
use crate::phone::http::Url;
use crate::phone::tftp::Fetched;
use crate::phone::web::Site;
use crate::scenario::Kind;

const LOAD: &str = "sip88xx.12-8-1-0001-455";

pub(super) const SCRIPTS: &[Script] = &[Script {
    name: "cisco-8851",
    mac: [0x00, 0x25, 0x84, 0x88, 0x51, 0x0a],
    needs: &[Kind::Dhcp, Kind::Tftp, Kind::Registrar],
    voice_vlan: true,
    cdp_mw: Some(15_400),
    options: &[(150, "192.0.2.10")],
    files: || {
        let config = crate::phone::cisco_79x1::config(LOAD);
        vec![("SEP00258488510A.cnf.xml".to_owned(), config.into_bytes())]
    },
    boots,
    ..Script::PLAIN
}];

fn boots(phone: &mut Handset) -> Result<()> {
    let name = phone.host.cisco_name();
    phone.speaks_dhcp_as(Client {
        vendor_class: b"Cisco Systems, Inc. IP Phone CP-8851\0".to_vec(),
        parameters: vec![1, 3, 6, 12, 15, 28, 42, 66, 149, 150],
        host_name: Some(name.clone()),
        option_61: true,
        ..Client::default()
    });
    let neighbor = phone.speaks_cdp(&announcement(false))?.unwrap_or_default();
    if let Some(vlan) = neighbor.voice_vlan {
        phone.joins_vlan(vlan)?;
    }
    if !phone.leases()? {
        return Ok(());
    }
    phone.speaks_cdp(&announcement(true))?;
    let Some(address) = phone.lease.address(150) else {
        return Ok(());
    };
    // Nobody has written down what these phones call themselves on this port.
    let by_http = Site {
        url: Url::read("http://192.0.2.10:6970", "http"),
        address,
        user_agent: String::new(),
    };
    let by_tftp = Site {
        url: Url::read("tftp://192.0.2.10", "tftp"),
        ..by_http.clone()
    };
    let came = phone.keeps_trying(|phone| {
        let mut config = Fetched::Silent;
        for file in [
            format!("ITL{name}.tlv"),
            "ITLFile.tlv".to_owned(),
            format!("{name}.cnf.xml"),
        ] {
            config = phone.fetches(&by_http, &file)?;
            if !config.is_whole() {
                config = phone.fetches(&by_tftp, &file)?;
            }
        }
        Ok(config.is_whole())
    })?;
    if came {
        phone.waits_ms(600);
        phone.comes_up("Cisco-CP8851/12.8.1")?;
        phone.waits_ms(300);
        phone.speaks_cdp(&announcement(true))?;
    }
    Ok(())
}

fn announcement(leased: bool) -> cdp::Phone<'static> {
    cdp::Phone {
        platform: "Cisco IP Phone 8851",
        software: LOAD,
        asks_vlan: true,
        drawn_mw: Some(4_000),
        request: Some(cdp::Request {
            id: 0x510a,
            levels_mw: &[12_000, 6_300],
        }),
        leased,
    }
}
