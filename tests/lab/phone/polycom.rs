//! Polycom SoundPoint IP 335 by FTP, as from the factory, and VVX 410 by HTTP.
//!
//! Order after a 4.0.15 SoundPoint and a 5.9.7 VVX; option 60 in Polycom's binary form,
//! and as text from the VVX.

use crate::Result;
use crate::forge::dhcp::Client;
use crate::forge::firmware::pattern;
use crate::phone::Script;
use crate::phone::ftp;
use crate::phone::handset::Handset;
use crate::phone::tftp::Fetched;
use crate::scenario::Kind;
use crate::servers::vsftpd;

const SIP_335: &str = "2345-12375-001.sip.ld";
const SIP_410: &str = "3111-46162-001.sip.ld";

pub(super) const SCRIPTS: &[Script] = &[
    Script {
        name: "polycom-soundpoint-335",
        mac: [0x00, 0x04, 0xf2, 0xa1, 0x33, 0x5d],
        needs: &[Kind::Dhcp, Kind::Ftp, Kind::Registrar],
        options: &[(66, "192.0.2.10")],
        files: || files(SIP_335),
        boots: boots_by_ftp,
        ..Script::PLAIN
    },
    Script {
        name: "polycom-vvx-410",
        mac: [0x64, 0x16, 0x7f, 0x41, 0x0a, 0x0b],
        needs: &[Kind::Dhcp, Kind::Http, Kind::Registrar],
        options: &[(160, "http://192.0.2.10/")],
        files: || files(SIP_410),
        boots: boots_by_http,
        ..Script::PLAIN
    },
];

fn files(image: &str) -> Vec<(String, Vec<u8>)> {
    let master = "<?xml version=\"1.0\"?>\n<APPLICATION APP_FILE_PATH=\"sip.ld\" \
                  CONFIG_FILES=\"site.cfg\"/>\n";
    let site = "<?xml version=\"1.0\"?>\n<site><reg reg.1.address=\"2001\" \
                reg.1.server.1.address=\"192.0.2.20\"/></site>\n";
    vec![
        ("000000000000.cfg".to_owned(), master.into()),
        ("site.cfg".to_owned(), site.into()),
        (image.to_owned(), pattern(400_000)),
    ]
}

fn boots_by_ftp(phone: &mut Handset) -> Result<()> {
    phone.speaks_dhcp_as(Client {
        vendor_class: vendor_class("SoundPointIP-SPIP_335", "2345-12375-001"),
        parameters: vec![1, 28, 160, 66, 3, 4, 42, 2, 6, 15],
        ..Client::default()
    });
    if !phone.leases()? {
        return Ok(());
    }
    let Some(site) = phone.finds_site(&[160, 66], "ftp", String::new())? else {
        return Ok(());
    };
    let mac = phone.mac_lower();
    let came = phone.keeps_trying(|_| {
        let user = vsftpd::USER;
        let Ok(mut ftp) = ftp::Session::opens_as(site.address, user, user)? else {
            return Ok(false);
        };
        let mut came = ftp.reads(&format!("{mac}.cfg"), usize::MAX)?.is_whole();
        if !came {
            came = ftp.reads("000000000000.cfg", usize::MAX)?.is_whole();
        }
        if came {
            ftp.reads(SIP_335, 2_920)?;
            came = ftp.reads("site.cfg", usize::MAX)?.is_whole();
            for suffix in ["-phone.cfg", "-web.cfg", "-license.cfg"] {
                ftp.reads(&format!("{mac}{suffix}"), usize::MAX)?;
            }
            ftp.writes(&format!("{mac}-app.log"), b"application started\n")?;
        }
        ftp.quits()?;
        Ok(came)
    })?;
    if came {
        phone.waits_ms(500);
        let agent = "PolycomSoundPointIP-SPIP_335-UA/4.0.15.1047";
        phone.comes_up(agent)?;
    }
    Ok(())
}

fn boots_by_http(phone: &mut Handset) -> Result<()> {
    phone.speaks_dhcp_as(Client {
        vendor_class: b"Polycom-VVX410".to_vec(),
        parameters: vec![1, 28, 160, 66, 3, 4, 42, 2, 6, 15],
        ..Client::default()
    });
    if !phone.leases()? {
        return Ok(());
    }
    let agent = "FileTransport PolycomVVX-VVX_410-UA/5.9.7.3480".to_owned();
    let Some(mut site) = phone.finds_site(&[160, 66], "ftp", agent)? else {
        return Ok(());
    };
    let mac = phone.mac_lower();
    let came = phone.keeps_trying(|phone| {
        "FileTransport PolycomVVX-VVX_410-UA/5.9.7.3480 Type/Updater"
            .clone_into(&mut site.user_agent);
        let log = phone.uploads(&site, &format!("{mac}-boot.log"), b"updater started\n")?;
        if log == Fetched::Silent {
            return Ok(false);
        }
        let mut master = phone.fetches(&site, &format!("{mac}.cfg"))?;
        if !master.is_whole() {
            master = phone.fetches(&site, "000000000000.cfg")?;
        }
        if !matches!(&master, Fetched::Whole(content) if content.starts_with(b"<?xml")) {
            return Ok(false);
        }
        phone.looks_into(&site, SIP_410)?;
        "FileTransport PolycomVVX-VVX_410-UA/5.9.7.3480 Type/Application"
            .clone_into(&mut site.user_agent);
        let came = matches!(phone.fetches(&site, "site.cfg")?, Fetched::Whole(_));
        for suffix in ["-phone.cfg", "-web.cfg", "-license.cfg", "-directory.xml"] {
            phone.fetches(&site, &format!("{mac}{suffix}"))?;
        }
        phone.uploads(&site, &format!("{mac}-app.log"), b"application started\n")?;
        Ok(came)
    })?;
    if came {
        phone.waits_ms(500);
        let agent = "PolycomVVX-VVX_410-UA/5.9.7.3480";
        phone.comes_up(agent)?;
    }
    Ok(())
}

/// Option 60: enterprise 13885, length, then code, length, value, and 255.
fn vendor_class(model: &str, part: &str) -> Vec<u8> {
    let mut fields = Vec::new();
    for (code, value) in [
        (1, "Polycom"),
        (2, model),
        (3, &format!("{part},1")),
        (4, "SIP/4.0.15.1047/23-Mar-18 14:26"),
        (5, "BR/5.0.3.1667/12-Dec-12 10:12"),
    ] {
        fields.push(code);
        fields.push(u8::try_from(value.len()).unwrap_or(u8::MAX));
        fields.extend(value.as_bytes());
    }
    let length = u8::try_from(fields.len()).unwrap_or(u8::MAX);
    [&[0, 0, 0x36, 0x3d, length], fields.as_slice(), &[0xff]].concat()
}
