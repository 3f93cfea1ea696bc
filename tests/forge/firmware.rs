//! What servers deliver: containers and configurations, small and made up.
//!
//! The container of Cisco's signed files is a row of tags (one byte), lengths (two
//! bytes, big-endian) and values; tag 0x0d is a filling byte without length. Tag
//! 0x0e names the file that the signature is for. The signature here is a pattern.

use crate::forge::scene::length_u16;

/// Header lengths of signed files are multiples of this.
const HEADER_STEP: usize = 4;

/// A signed file: header, then `content`.
pub(crate) fn signed(name: &str, content: &[u8]) -> Vec<u8> {
    let mut signer = tag(0x04, b"CN=someSigner;OU=someOrgUnit;O=someOrg\0");
    signer.extend(tag(0x05, &[0x12, 0x34, 0x56, 0x78, 0x90, 0xab, 0xcd, 0xef]));
    signer.extend(tag(0x06, b"CN=someCA;OU=someOrgUnit;O=someOrg\0"));
    let algorithm = [tag(0x0a, &[0]), tag(0x0b, &[2])].concat();
    let signature = [
        tag(0x08, &[1]),
        tag(0x09, &algorithm),
        tag(0x0c, &pattern(256)),
    ]
    .concat();
    let rest = [
        tag(0x03, &signer),
        tag(0x07, &signature),
        tag(0x0e, format!("{name}\0").as_bytes()),
    ]
    .concat();
    let version = tag(0x01, &[1, 1]);
    let unpadded = version.len() + 5 + rest.len();
    let length = unpadded.next_multiple_of(HEADER_STEP);
    let mut file = [version, tag(0x02, &length_u16(length)), rest].concat();
    file.resize(length, 0x0d);
    file.extend(content);
    file
}

/// A load list of a 79xx: the names are asked for in this order.
pub(crate) fn load_list(name: &str, release: &str, files: &[&str]) -> Vec<u8> {
    let mut text = format!("# RELEASE load version {release}\r\n");
    for file in files {
        text += file;
        text += "\r\n";
    }
    signed(name, text.as_bytes())
}

/// An image of a 79xx, its body `bytes` long.
pub(crate) fn image(name: &str, bytes: usize) -> Vec<u8> {
    signed(
        name,
        &[b"CNU_File".as_slice(), &pattern(bytes - 8)].concat(),
    )
}

/// A phone's configuration for SCCP.
pub(crate) fn sccp_config(call_server: std::net::Ipv4Addr, load: &str) -> Vec<u8> {
    format!(
        "<device>\r\n <deviceProtocol>SCCP</deviceProtocol>\r\n <devicePool>\r\n  <callManagerGroup>\r\n   \
         <members>\r\n    <member priority=\"0\">\r\n     <callManager>\r\n      <ports>\r\n       \
         <ethernetPhonePort>2000</ethernetPhonePort>\r\n      </ports>\r\n      \
         <processNodeName>{call_server}</processNodeName>\r\n     </callManager>\r\n    </member>\r\n   \
         </members>\r\n  </callManagerGroup>\r\n </devicePool>\r\n \
         <loadInformation>{load}</loadInformation>\r\n</device>\r\n"
    )
    .into_bytes()
}

/// The default configuration, from which unknown phones register by themselves.
pub(crate) fn default_config(call_server: std::net::Ipv4Addr) -> Vec<u8> {
    format!(
        "<Default>\r\n <callManagerGroup>\r\n  <members>\r\n   <member priority=\"0\">\r\n    \
         <callManager>\r\n     <ports>\r\n      <ethernetPhonePort>2000</ethernetPhonePort>\r\n     \
         </ports>\r\n     <processNodeName>{call_server}</processNodeName>\r\n    </callManager>\r\n   \
         </member>\r\n  </members>\r\n </callManagerGroup>\r\n</Default>\r\n"
    )
    .into_bytes()
}

/// Bytes in a fixed order, no two neighbours alike.
pub(crate) fn pattern(bytes: usize) -> Vec<u8> {
    (0..bytes)
        .map(|index| u8::try_from(index * 7 % 251).unwrap())
        .collect()
}

fn tag(tag: u8, value: &[u8]) -> Vec<u8> {
    let mut bytes = vec![tag];
    bytes.extend(length_u16(value.len()));
    bytes.extend(value);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signed_files_begin_and_are_filled_as_real_ones() {
        let file = signed("term70.default.loads", b"#\r\n");
        assert_eq!(file[..8], [1, 0, 2, 1, 1, 2, 0, 2]);
        let length = usize::from(u16::from_be_bytes([file[8], file[9]]));
        assert_eq!((length % HEADER_STEP, file.len()), (0, length + 3));
        assert!((400..=420).contains(&length), "{length}");
    }
}
