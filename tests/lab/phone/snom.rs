//! Snom 370: options 66 and 67 make the URL, two setting files, most other things
//! absent.

use crate::Result;
use crate::forge::dhcp::Client;
use crate::phone::Script;
use crate::phone::handset::Handset;
use crate::phone::tftp::Fetched;
use crate::scenario::Kind;

pub(super) const SCRIPTS: &[Script] = &[Script {
    name: "snom-370",
    mac: [0x00, 0x04, 0x13, 0x37, 0x0a, 0x0b],
    needs: &[Kind::Dhcp, Kind::Http, Kind::Registrar],
    options: &[(66, "http://192.0.2.10"), (67, "snom370.htm")],
    files: || {
        let settings = b"<html><pre>\nsetting_server$: http://192.0.2.10/\nuser_host1$: 192.0.2.20\n</pre></html>\n";
        vec![
            ("snom370.htm".to_owned(), settings.to_vec()),
            (
                "snom370-000413370A0B.htm".to_owned(),
                b"<html><pre>\nuser_name1$: 2001\n</pre></html>\n".to_vec(),
            ),
        ]
    },
    boots,
    ..Script::PLAIN
}];

fn boots(phone: &mut Handset) -> Result<()> {
    phone.speaks_dhcp_as(Client {
        vendor_class: b"snom370".to_vec(),
        parameters: vec![1, 3, 6, 12, 15, 42, 66, 67, 120],
        host_name: Some("snom370-370A0B".to_owned()),
        option_61: true,
        ..Client::default()
    });
    if !phone.leases()? {
        return Ok(());
    }
    let agent = "Mozilla/4.0 (compatible; snom370-SIP 8.7.5.35 1.1.3-s)".to_owned();
    let Some(site) = phone.finds_site(&[66], "tftp", agent)? else {
        return Ok(());
    };
    let file = phone
        .lease
        .text(67)
        .unwrap_or_else(|| "snom370.htm".to_owned());
    let came = phone.keeps_trying(|phone| {
        let common = phone.fetches(&site, &file)?;
        if common == Fetched::Silent {
            return Ok(false);
        }
        let own = phone.fetches(&site, "snom370-000413370A0B.htm")?.is_whole();
        phone.fetches(&site, "snom370-firmware.xml")?;
        Ok(common.is_whole() || own)
    })?;
    if came {
        phone.waits_ms(500);
        phone.comes_up("snom370/8.7.5.35")?;
    }
    Ok(())
}
