//! Yealink's boot file: `<mac>.boot`, else `y000000000000.boot`.
//!
//! ```text
//! #!version:1.0.0.1
//! include:config <common.cfg>
//! include:config "http://192.0.2.10/y000000000065.cfg"
//! ```
//!
//! Without its first line phones leave it unread.

use super::{Kind, Manifest, What};

const FIRST_LINE: &[u8] = b"#!version:";
const INCLUDE: &[u8] = b"include:config";

pub(super) fn boot(text: &[u8]) -> Option<Manifest> {
    if !text.trim_ascii_start().starts_with(FIRST_LINE) {
        return None;
    }
    let mut manifest = Manifest::new(Kind::YealinkBoot);
    for line in text.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii) {
        if let Some(value) = line.strip_prefix(INCLUDE) {
            let value = value.trim_ascii();
            let bare = value
                .strip_prefix(b"<")
                .and_then(|value| value.strip_suffix(b">"))
                .or_else(|| {
                    value
                        .strip_prefix(b"\"")
                        .and_then(|value| value.strip_suffix(b"\""))
                });
            manifest.add_file(What::Configuration, bare.unwrap_or(value));
        }
    }
    // Configurations begin with the same line.
    (!manifest.files.is_empty()).then_some(manifest)
}

#[cfg(test)]
mod tests {
    use super::super::tests::texts;
    use super::super::{What, read};

    #[test]
    fn reads_includes_in_either_form() {
        let text = b"#!version:1.0.0.1\r\n## comment\r\n#include:config <no.cfg>\r\n\
            include:config <a.cfg>\r\ninclude:config \"http://192.0.2.10/b.cfg\"\r\n\
            include:config c.cfg\r\noverwrite_mode = 1\r\n";
        assert_eq!(
            texts(read(text).unwrap().names(What::Configuration)),
            ["a.cfg", "http://192.0.2.10/b.cfg", "c.cfg"]
        );
    }

    #[test]
    fn needs_its_first_line() {
        assert!(read(b"include:config <a.cfg>\n").is_none());
    }
}
