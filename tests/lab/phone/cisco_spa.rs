//! Cisco SPA504G, and an 8841 with multiplatform firmware: a model file, then the
//! phone's own.

use crate::Result;
use crate::forge::dhcp::Client;
use crate::phone::Script;
use crate::phone::handset::Handset;
use crate::scenario::Kind;

pub(super) const SCRIPTS: &[Script] = &[
    Script {
        name: "cisco-spa504g",
        mac: [0x88, 0x43, 0xe1, 0x50, 0x4a, 0x0a],
        needs: &[Kind::Dhcp, Kind::Tftp, Kind::Registrar],
        options: &[(66, "192.0.2.10")],
        files: || {
            let rule = b"<flat-profile>\n<Profile_Rule>tftp://192.0.2.10/spa$MA.cfg</Profile_Rule>\n</flat-profile>\n";
            vec![
                ("spa504G.cfg".to_owned(), rule.to_vec()),
                ("spa8843e1504a0a.cfg".to_owned(), account()),
            ]
        },
        boots: |phone| {
            phone.speaks_dhcp_as(Client {
                vendor_class: b"Cisco SPA504G".to_vec(),
                parameters: vec![1, 3, 42, 6, 7, 15, 58, 59, 66, 2, 150, 151, 160, 159],
                host_name: Some("SipuraSPA".to_owned()),
                option_61: true,
                ..Client::default()
            });
            let agent = "Cisco/SPA504G-7.4.4 (8843E1504A0A)(CBT141100HR)";
            let files = ["spa504G.cfg", "spa8843e1504a0a.cfg"];
            boots(phone, agent, files, "Cisco/SPA504G-7.4.4")
        },
        ..Script::PLAIN
    },
    Script {
        name: "cisco-8841-3pcc",
        mac: [0x00, 0x56, 0x2b, 0x04, 0x36, 0x15],
        needs: &[Kind::Dhcp, Kind::Http, Kind::Registrar],
        options: &[(160, "http://192.0.2.10/")],
        files: || {
            let rule = b"<flat-profile>\n<Profile_Rule>http://192.0.2.10/$MA.cfg</Profile_Rule>\n</flat-profile>\n";
            vec![
                ("CP-8841-3PCC.cfg".to_owned(), rule.to_vec()),
                ("00562b043615.cfg".to_owned(), account()),
            ]
        },
        boots: |phone| {
            phone.speaks_dhcp_as(Client {
                vendor_class: b"CP-8841-3PCC\0".to_vec(),
                parameters: vec![1, 3, 6, 15, 42, 66, 150, 159, 160],
                option_61: true,
                ..Client::default()
            });
            let agent = "Cisco-CP-8841-3PCC/11.0 (00562b043615)";
            let files = ["CP-8841-3PCC.cfg", "00562b043615.cfg"];
            boots(phone, agent, files, "Cisco-CP-8841-3PCC/11.0")
        },
        ..Script::PLAIN
    },
];

fn account() -> Vec<u8> {
    b"<flat-profile>\n<Proxy_1_>192.0.2.20</Proxy_1_>\n<User_ID_1_>2001</User_ID_1_>\n</flat-profile>\n"
        .to_vec()
}

fn boots(phone: &mut Handset, agent: &str, files: [&str; 2], sip_agent: &str) -> Result<()> {
    if !phone.leases()? {
        return Ok(());
    }
    let Some(site) = phone.finds_site(&[66, 160, 159], "tftp", agent.to_owned())? else {
        return Ok(());
    };
    let came = phone.keeps_trying(|phone| {
        let [model, own] = files;
        Ok(phone.fetches(&site, model)?.is_whole() && phone.fetches(&site, own)?.is_whole())
    })?;
    if came {
        phone.waits_ms(500);
        phone.comes_up(sip_agent)?;
    }
    Ok(())
}
