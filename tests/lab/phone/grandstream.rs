//! Grandstream GXP2160: TFTP with options of its own.

use crate::Result;
use crate::forge::dhcp::Client;
use crate::phone::Script;
use crate::phone::handset::Handset;
use crate::phone::tftp::{Manner, PLAIN};
use crate::scenario::Kind;

pub(super) const SCRIPTS: &[Script] = &[Script {
    name: "grandstream-gxp2160",
    mac: [0x00, 0x0b, 0x82, 0x21, 0x60, 0x0a],
    needs: &[Kind::Dhcp, Kind::Tftp, Kind::Registrar],
    options: &[(66, "192.0.2.10")],
    files: || {
        let config = "<?xml version=\"1.0\"?>\n<gs_provision version=\"1\">\n\
                      <config version=\"1\"><P47>192.0.2.20</P47><P35>2001</P35></config>\n\
                      </gs_provision>\n";
        vec![("cfg000b8221600a.xml".to_owned(), config.into())]
    },
    boots,
    ..Script::PLAIN
}];

const MANNER: Manner<'static> = Manner {
    options: &[
        ("blksize", "1024"),
        ("tsize", "0"),
        ("timeout", "4"),
        ("grandstream_MODEL", "GXP2160"),
        ("grandstream_ID", "000b8221600a"),
        ("grandstream_REV_BOOT", "1.0.9.3"),
        ("grandstream_REV_PHONE", "1.0.9.26"),
    ],
    ..PLAIN
};

fn boots(phone: &mut Handset) -> Result<()> {
    phone.speaks_dhcp_as(Client {
        vendor_class: b"Grandstream GXP2160 dslforum.org".to_vec(),
        parameters: vec![1, 2, 3, 6, 12, 15, 28, 42, 43, 66, 125],
        option_61: true,
        ..Client::default()
    });
    if !phone.leases()? {
        return Ok(());
    }
    let Some(site) = phone.finds_site(&[66], "tftp", String::new())? else {
        return Ok(());
    };
    phone.fetches_by(&site, "gxp2160fw.bin", &MANNER)?;
    let came = phone.keeps_trying(|phone| {
        for file in [
            "cfg000b8221600a",
            "cfg000b8221600a.xml",
            "cfggxp2160.xml",
            "cfg.xml",
        ] {
            if phone.fetches_by(&site, file, &MANNER)?.is_whole() {
                return Ok(true);
            }
        }
        Ok(false)
    })?;
    if came {
        phone.waits_ms(500);
        phone.comes_up("Grandstream GXP2160 1.0.9.26")?;
    }
    Ok(())
}
