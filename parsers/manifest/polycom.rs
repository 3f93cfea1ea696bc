//! Polycom's master file: `<mac>.cfg`, else `000000000000.cfg`.
//!
//! ```text
//! <APPLICATION APP_FILE_PATH="sip.ld" CONFIG_FILES="phone1.cfg, sip.cfg" …>
//!    <APPLICATION_SPIP300 APP_FILE_PATH_SPIP300="…" CONFIG_FILES_SPIP300="…"/>
//! </APPLICATION>
//! ```
//!
//! The attributes with a model behind them hold for that model alone, and are left out.

use super::{Kind, Manifest, What, markup};

pub(super) fn master(text: &[u8]) -> Option<Manifest> {
    let tag = markup::Tags(text).find(|tag| tag.name == b"APPLICATION")?;
    let mut manifest = Manifest::new(Kind::PolycomMaster);
    for (name, value) in tag.attributes() {
        match name {
            b"APP_FILE_PATH" => manifest.add_file(What::Image, value),
            b"CONFIG_FILES" => {
                for file in value.split(|&byte| byte == b',') {
                    manifest.add_file(What::Configuration, file);
                }
            }
            _ => {}
        }
    }
    Some(manifest)
}

#[cfg(test)]
mod tests {
    use super::super::tests::texts;
    use super::super::{What, read};

    #[test]
    fn reads_image_and_configurations() {
        let text = b"<?xml version=\"1.0\" standalone=\"yes\"?>\n\
            <!-- APP_FILE_PATH=\"old.ld\" -->\n\
            <APPLICATION APP_FILE_PATH=\"sip.ld\" CONFIG_FILES=\"phone1.cfg, sip.cfg,\" \
            MISC_FILES=\"\" LOG_FILE_DIRECTORY=\"logs\">\n\
            <APPLICATION_SPIP300 APP_FILE_PATH_SPIP300=\"sip_213.ld\"/></APPLICATION>";
        let manifest = read(text).unwrap();
        assert_eq!(texts(manifest.names(What::Image)), ["sip.ld"]);
        assert_eq!(
            texts(manifest.names(What::Configuration)),
            ["phone1.cfg", "sip.cfg"]
        );
    }

    #[test]
    fn leaves_other_configurations_alone() {
        assert!(read(b"<PHONE_CONFIG><reg reg.1.auth.password=\"x\"/></PHONE_CONFIG>").is_none());
    }
}
