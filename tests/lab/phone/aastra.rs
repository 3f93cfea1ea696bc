//! Aastra 6731i and Mitel 6869i: DHCP option 66, files by HTTP, most of them absent.

use crate::Result;
use crate::forge::dhcp::Client;
use crate::phone::Script;
use crate::phone::handset::Handset;
use crate::phone::tftp::Fetched;
use crate::scenario::Kind;

pub(super) const SCRIPTS: &[Script] = &[
    Script {
        name: "aastra-6731i",
        mac: [0x00, 0x08, 0x5d, 0x23, 0x74, 0x29],
        needs: &[Kind::Dhcp, Kind::Http, Kind::Registrar],
        options: &[(66, "http://192.0.2.10/aastra")],
        files: || {
            let own = "aastra/00085D237429.cfg".to_owned();
            vec![
                ("aastra/aastra.cfg".to_owned(), COMMON.to_vec()),
                (own, b"sip line1 user name: 2001\n".to_vec()),
            ]
        },
        boots: |phone| boots(phone, "Aastra", "6731i", "3.2.0.70", "aastra.cfg"),
        ..Script::PLAIN
    },
    Script {
        name: "mitel-6869i",
        mac: [0x00, 0x08, 0x5d, 0x68, 0x69, 0x0a],
        needs: &[Kind::Dhcp, Kind::Http, Kind::Registrar],
        options: &[(66, "http://192.0.2.10/mitel")],
        files: || {
            vec![
                ("mitel/startup.cfg".to_owned(), COMMON.to_vec()),
                (
                    "mitel/00085D68690A.cfg".to_owned(),
                    b"sip line1 user name: 2001\n".to_vec(),
                ),
            ]
        },
        boots: |phone| boots(phone, "Mitel", "6869i", "4.2.0.181", "startup.cfg"),
        ..Script::PLAIN
    },
];

const COMMON: &[u8] =
    b"download protocol: HTTP\nhttp server: 192.0.2.10\nsip proxy ip: 192.0.2.20\n";

fn boots(phone: &mut Handset, brand: &str, model: &str, version: &str, common: &str) -> Result<()> {
    phone.speaks_dhcp_as(Client {
        vendor_class: format!("AastraIPPhone{model}").into_bytes(),
        parameters: vec![1, 3, 6, 42, 43, 66, 159, 160],
        option_61: true,
        ..Client::default()
    });
    if !phone.leases()? {
        return Ok(());
    }
    let digits = phone.mac_lower().to_uppercase();
    let dashes = phone.host.mac_colons().to_uppercase().replace(':', "-");
    let agent = format!("{brand}{model} MAC:{dashes} V:{version}-SIP");
    let Some(site) = phone.finds_site(&[160, 159, 66], "tftp", agent)? else {
        return Ok(());
    };
    let came = phone.keeps_trying(|phone| {
        if phone.fetches(&site, "security.tuz")? == Fetched::Silent {
            return Ok(false);
        }
        let common = phone.fetches(&site, common)?.is_whole();
        phone.fetches(&site, &format!("{model}.cfg"))?;
        let own = phone.fetches(&site, &format!("{digits}.cfg"))?.is_whole();
        phone.fetches(&site, &format!("{model}.st"))?;
        Ok(common || own)
    })?;
    if came {
        phone.waits_ms(700);
        let agent = format!("{brand} {model}/{version}");
        phone.comes_up(&agent)?;
    }
    Ok(())
}
