//! Files that name other files or servers: firmware lists, configurations, master
//! and boot files.
//!
//! [`read`] is given the whole of a delivered file and tells by its contents what it
//! is. Only file names, server addresses and the protocol are taken out of it; nothing
//! else of a configuration is kept.
//!
//! A name is what the vendor's syntax says it is. Where it will be asked for, and
//! under which prefix, only the phone's family tells.

mod cisco;
mod container;
mod markup;
mod polycom;
mod yealink;

pub use container::Container;

use crate::WireText;

/// How many names are taken out of one file.
const MAX_NAMES: usize = 128;

/// The longest name of a file or server, in bytes: `PATH_MAX` of common servers is
/// far beyond what any phone takes.
const MAX_NAME_BYTES: usize = 255;

/// How many bytes of a file tell what it is, and hold what is taken out of it.
///
/// Load lists have less than a kilobyte, master files a few; Cisco's configurations
/// have up to about 100 KB and name their load near the end.
pub const MAX_FILE_BYTES: usize = 256 * 1024;

/// What a file names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    /// What sort of file it is.
    pub kind: Kind,
    /// The file name that a signature in it is made for; `None` without a signature.
    pub signed_for: Option<WireText>,
    /// Files, in the order in which the text names them.
    pub files: Vec<Named>,
    /// Call servers (names or addresses), in the order in which the text names them.
    pub servers: Vec<WireText>,
    /// The call protocol that it is for; `None` when it does not tell.
    pub protocol: Option<CallProtocol>,
}

/// What sort of file a [`Manifest`] was read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// Cisco's list of firmware files (`….loads`).
    LoadList,
    /// One image within Cisco's signed container: it names only itself.
    SignedImage,
    /// Cisco's phone or default configuration (`SEP….cnf.xml`, `XMLDefault.cnf.xml`).
    CiscoConfiguration,
    /// Polycom's master file (`<mac>.cfg`, `000000000000.cfg`).
    PolycomMaster,
    /// Yealink's boot file (`<mac>.boot`, `y000000000000.boot`).
    YealinkBoot,
    /// A web page: a portal or an error page that came in place of a file.
    WebPage,
}

impl Kind {
    /// What people call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::LoadList => "firmware list",
            Self::SignedImage => "signed image",
            Self::CiscoConfiguration => "configuration",
            Self::PolycomMaster => "master file",
            Self::YealinkBoot => "boot file",
            Self::WebPage => "web page",
        }
    }
}

/// One name in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// What it is the name of.
    pub what: What,
    /// The name as it is written, blanks around it removed.
    pub name: WireText,
}

/// What a name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum What {
    /// A firmware image.
    Image,
    /// A load: the name of a load list without `.loads`.
    Load,
    /// A configuration file.
    Configuration,
}

/// A protocol that firmware or a configuration is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CallProtocol {
    /// Skinny Client Control Protocol.
    Sccp,
    /// Session Initiation Protocol.
    Sip,
}

impl CallProtocol {
    /// The name that people use.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sccp => "SCCP",
            Self::Sip => "SIP",
        }
    }
}

impl Manifest {
    fn new(kind: Kind) -> Self {
        Self {
            kind,
            signed_for: None,
            files: Vec::new(),
            servers: Vec::new(),
            protocol: None,
        }
    }

    /// Names of one sort, in their order.
    pub fn names(&self, what: What) -> impl Iterator<Item = &WireText> {
        self.files
            .iter()
            .filter(move |named| named.what == what)
            .map(|named| &named.name)
    }

    /// Takes up a name unless it is known, empty, or no name.
    fn add_file(&mut self, what: What, name: &[u8]) {
        let name = WireText::new(name.trim_ascii());
        let known = self.files.iter().any(|named| named.name == name);
        if !known && is_name(name.as_bytes()) && self.files.len() < MAX_NAMES {
            self.files.push(Named { what, name });
        }
    }

    /// Takes up a server unless it is known, empty, or no name.
    fn add_server(&mut self, name: &[u8]) {
        let name = WireText::new(name.trim_ascii());
        if !self.servers.contains(&name)
            && is_name(name.as_bytes())
            && self.servers.len() < MAX_NAMES
        {
            self.servers.push(name);
        }
    }
}

fn is_name(name: &[u8]) -> bool {
    !name.is_empty() && name.len() <= MAX_NAME_BYTES && !name.iter().any(u8::is_ascii_control)
}

/// Reads the whole contents of a file. `None` when it names nothing, or is of no sort
/// that is known here.
pub fn read(bytes: &[u8]) -> Option<Manifest> {
    let bytes = bytes.get(..MAX_FILE_BYTES).unwrap_or(bytes);
    if let Some(container) = Container::read(bytes) {
        return Some(cisco::signed(&container));
    }
    // A byte order mark is no part of the text.
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if markup::is_web_page(text) {
        return Some(Manifest::new(Kind::WebPage));
    }
    cisco::configuration(text)
        .or_else(|| polycom::master(text))
        .or_else(|| yealink::boot(text))
        .or_else(|| cisco::plain_load_list(text))
}

/// Whether [`read`] could make anything of a file that begins so; at least 16 bytes
/// are needed to turn one away. Images are megabytes, and need not be kept for it.
pub fn may_name_others(start: &[u8]) -> bool {
    Container::begins(start) || start.iter().take(64).all(|byte| is_text_byte(*byte))
}

fn is_text_byte(byte: u8) -> bool {
    byte >= b' ' && byte != 0x7f || matches!(byte, b'\t' | b'\r' | b'\n')
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn texts<'a>(names: impl Iterator<Item = &'a WireText>) -> Vec<String> {
        names.map(ToString::to_string).collect()
    }

    #[test]
    fn tells_files_by_their_contents() {
        for (bytes, kind) in [
            (
                &b"\xef\xbb\xbf<device><loadInformation>a</loadInformation></device>"[..],
                Some(Kind::CiscoConfiguration),
            ),
            (
                b"<?xml?><APPLICATION APP_FILE_PATH='sip.ld'/>",
                Some(Kind::PolycomMaster),
            ),
            (
                b"#!version:1.0.0.1\ninclude:config <a.cfg>\n",
                Some(Kind::YealinkBoot),
            ),
            (
                b"# RELEASE load version 9\r\njar41sccp.9-4-2.sbn\r\n",
                Some(Kind::LoadList),
            ),
            (b"\r\n <!DOCTYPE html><html>", Some(Kind::WebPage)),
            (b"<HTML><head>", Some(Kind::WebPage)),
            (b"#!version:1.0.0.1\naccount.1.enable = 1\n", None),
            (b"jar41sccp is what I ordered\n", None),
            (b"", None),
        ] {
            let found = read(bytes).map(|manifest| manifest.kind);
            assert_eq!(found, kind, "{}", WireText::new(bytes));
        }
    }

    #[test]
    fn turns_images_away_by_their_beginning() {
        for (start, kept) in [
            (&b"\x01\0\x02\x01\x01\x02\0\x02\x01\x90"[..], true),
            (b"<?xml version=\"1.0\"?>\r\n<device>", true),
            (b"\x7fELF\x01\x01\x01\0\0\0\0\0\0\0\0\0", false),
            (b"PK\x03\x04\0\0\0\0", false),
        ] {
            assert_eq!(may_name_others(start), kept, "{}", WireText::new(start));
        }
    }

    #[test]
    fn bounds_what_is_taken_out() {
        let mut text = b"#!version:1.0.0.1\n".to_vec();
        for number in 0..1000 {
            text.extend(format!("include:config <{number}.cfg>\n").into_bytes());
        }
        assert_eq!(read(&text).unwrap().files.len(), MAX_NAMES);
        let long = format!("#!version:1.0.0.1\ninclude:config <{}>\n", "a".repeat(256));
        assert!(read(long.as_bytes()).is_none());
    }
}
