//! Cisco's load lists and phone configurations.

use super::{CallProtocol, Container, Kind, Manifest, What, markup};

/// A file in the signed container: a load list, or an image.
pub(super) fn signed(container: &Container<'_>) -> Manifest {
    let is_list = container
        .signed_for
        .is_some_and(|name| has_extension(name, b".loads"));
    let mut manifest = Manifest::new(if is_list {
        Kind::LoadList
    } else {
        Kind::SignedImage
    });
    manifest.signed_for = container.signed_name();
    if is_list {
        add_lines(&mut manifest, container.content);
    }
    manifest
}

/// A load list without signature, as 7940, 7960 and 792x have it: comment lines begin
/// with `#`, every other one with a file name; `NAME=value` lines tell other things.
///
/// It is told by its names alone: every one must look like firmware.
pub(super) fn plain_load_list(text: &[u8]) -> Option<Manifest> {
    let mut manifest = Manifest::new(Kind::LoadList);
    add_lines(&mut manifest, text);
    let all_are_images = names(text).all(is_image_name);
    (all_are_images && !manifest.files.is_empty()).then_some(manifest)
}

fn add_lines(manifest: &mut Manifest, text: &[u8]) {
    for name in names(text) {
        manifest.add_file(What::Image, name);
        manifest.protocol = manifest.protocol.or_else(|| protocol_in(name));
    }
}

/// The first word of each line that names a file. Lines end in CR and LF or in LF;
/// some have a blank at their end, those of 792x size and MD5 sum behind the name.
/// There, `#+` and a blank stand before names that only some phones want.
fn names(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|&byte| byte == b'\n')
        .map(<[u8]>::trim_ascii)
        .filter(|line| !line.starts_with(b"#") && !line.contains(&b'='))
        .filter_map(|line| line.split(u8::is_ascii_whitespace).next())
        .filter(|name| !name.is_empty())
}

/// Extensions of what load lists name, in any case.
const IMAGE_EXTENSIONS: &[&[u8]] = &[
    b".sbn", b".sb2", b".sgn", b".bin", b".zz", b".sebn", b".rom",
];

fn is_image_name(name: &[u8]) -> bool {
    IMAGE_EXTENSIONS
        .iter()
        .any(|extension| has_extension(name, extension))
}

fn has_extension(name: &[u8], extension: &[u8]) -> bool {
    name.len()
        .checked_sub(extension.len())
        .and_then(|at| name.get(at..))
        .is_some_and(|end| end.eq_ignore_ascii_case(extension))
}

/// `SCCP` or `sip` inside a name tells which protocol the image speaks:
/// `jar41sccp.9-4-2ES26.sbn`, `cvm70sip.8-5-2.sbn`, `SIP42.9-4-2SR3-1S`.
fn protocol_in(name: &[u8]) -> Option<CallProtocol> {
    let name = name.to_ascii_lowercase();
    let has = |word: &[u8]| name.windows(word.len()).any(|part| part == word);
    if has(b"sccp") {
        Some(CallProtocol::Sccp)
    } else if has(b"sip") {
        Some(CallProtocol::Sip)
    } else {
        None
    }
}

/// `SEP….cnf.xml` and `XMLDefault.cnf.xml`.
///
/// The load is in `loadInformation`, or, in the default configuration, in one such
/// element for each model: `<loadInformation30006 model="…">`. The call servers are in
/// `processNodeName`. `callManagerGroup` alone tells that it is such a file.
pub(super) fn configuration(text: &[u8]) -> Option<Manifest> {
    let is_one = [
        &b"loadInformation"[..],
        b"processNodeName",
        b"callManagerGroup",
    ]
    .iter()
    .any(|name| markup::has_element(text, name));
    if !is_one {
        return None;
    }
    let mut manifest = Manifest::new(Kind::CiscoConfiguration);
    // Loads for other models are no concern of this phone.
    for load in markup::elements(text, b"loadInformation") {
        manifest.add_file(What::Load, load);
        manifest.protocol = manifest.protocol.or_else(|| protocol_in(load));
    }
    for server in markup::elements(text, b"processNodeName") {
        manifest.add_server(server);
    }
    for protocol in markup::elements(text, b"deviceProtocol") {
        manifest.protocol = protocol_in(protocol).or(manifest.protocol);
    }
    Some(manifest)
}

#[cfg(test)]
mod tests {
    use super::super::tests::texts;
    use super::super::{What, read};
    use super::*;

    #[test]
    fn reads_a_79xx_list_with_its_blanks() {
        let text = b"# RELEASE load version 9-4-2ES26\r\n#HARDWARE_COMP_1 15\r\n\
            jar41sccp.9-4-2ES26.sbn\r\ncnu41.9-4-2ES26.sbn\r\ndsp41.9-4-2ES26.sbn \r\n";
        let manifest = read(text).unwrap();
        assert_eq!(manifest.kind, Kind::LoadList);
        assert_eq!(manifest.protocol, Some(CallProtocol::Sccp));
        assert_eq!(
            texts(manifest.names(What::Image)),
            [
                "jar41sccp.9-4-2ES26.sbn",
                "cnu41.9-4-2ES26.sbn",
                "dsp41.9-4-2ES26.sbn"
            ]
        );
    }

    #[test]
    fn reads_the_lists_of_other_models() {
        let p003 = b"P0030801SR02.sbn\nP0030801SR02.sb2\nLA_VERSION=PAS30831\n";
        assert_eq!(
            texts(read(p003).unwrap().names(What::Image)),
            ["P0030801SR02.sbn", "P0030801SR02.sb2"]
        );
        let cp7921 =
            b"#? HW_REV 0-4.*\nAPPSH-1.4.6.3.SBN  1234567  0123456789abcdef0123456789abcdef\n";
        assert_eq!(
            texts(read(cp7921).unwrap().names(What::Image)),
            ["APPSH-1.4.6.3.SBN"]
        );
    }

    #[test]
    fn reads_load_and_servers_of_a_configuration_and_nothing_else() {
        let text = b"<device><deviceProtocol>SIP</deviceProtocol>\
            <!-- <loadInformation>old</loadInformation> -->\
            <sshPassword>secret</sshPassword>\
            <processNodeName>192.0.2.5</processNodeName><processNodeName> cm2.example.com </processNodeName>\
            <processNodeName>192.0.2.5</processNodeName><processNodeName></processNodeName>\
            <loadInformation>SIP42.9-4-2SR3-1S</loadInformation></device>";
        let manifest = read(text).unwrap();
        assert_eq!(texts(manifest.names(What::Load)), ["SIP42.9-4-2SR3-1S"]);
        assert_eq!(
            texts(manifest.servers.iter()),
            ["192.0.2.5", "cm2.example.com"]
        );
        assert_eq!(manifest.protocol, Some(CallProtocol::Sip));
        assert!(!format!("{manifest:?}").contains("secret"));
    }

    #[test]
    fn takes_no_load_of_other_models_out_of_the_default_configuration() {
        let text = b"<Default><callManagerGroup><processNodeName>192.0.2.5</processNodeName>\
            </callManagerGroup><loadInformation30006 model=\"7970\">SCCP70.8</loadInformation30006></Default>";
        let manifest = read(text).unwrap();
        assert!(manifest.files.is_empty());
        assert_eq!(manifest.protocol, None);
    }
}
