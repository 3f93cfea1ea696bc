//! Options whose content vendors and relay agents define: 43, 60, 77, 82, 124
//! and 125, and the binary vendor class of Polycom phones.
//!
//! RFC 2132 §8.4 and §9.13, RFC 3004 (77), RFC 3046 (82), RFC 3925 (124, 125).
//! What a vendor's sub-option means is left to whoever knows the phone.

use crate::WireText;
use crate::dhcp::options::Value;
use crate::dhcp::read;
use crate::dhcp::show;
use crate::dhcp::tlv::{self, Fillers};
use crate::notes::Notes;

/// Polycom's enterprise number, 13885, as it opens option 60.
const POLYCOM: [u8; 4] = 13885_u32.to_be_bytes();

/// How text in option 43 begins. URLs: Fanvil, Thomson; `id:`: Mitel. The second
/// letter, taken as a length, could by chance fit the rest.
const TEXT_BEGINNINGS: &[&[u8]] = &[
    b"http://",
    b"https://",
    b"tftp://",
    b"ftp://",
    b"ftps://",
    b"id:",
];

/// One sub-option.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubOption {
    /// Code.
    pub code: u8,
    /// What it says: text when its bytes are printable, else bytes; an address
    /// where RFC 3527 or RFC 5107 says so.
    pub value: Value,
}

/// What one enterprise says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enterprise {
    /// IANA's private enterprise number: 1027 is Mitel.
    pub number: u32,
    /// Sub-options, or in option 124 text or bytes.
    pub value: Value,
}

/// Option 60 of Polycom phones (SIP 2.x to UCS, unless set to ASCII).
///
/// ```text
///     4 bytes      1 byte                                 1 byte
/// +-------------+---------+------+--------+-------+-----+------+
/// | 00 00 36 3d | length  | code | length | value |  …  |  ff  |
/// +-------------+---------+------+--------+-------+-----+------+
/// ```
///
/// The form of RFC 3925 with an end; from Polycom's administrator guides,
/// "Parsing Vendor ID Information". A field is `None` when the phone leaves it
/// out.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PolycomVendorClass {
    /// Code 1: `Polycom`.
    pub company: Option<WireText>,
    /// Code 2: `SoundPointIP-SPIP_601`.
    pub model: Option<WireText>,
    /// Code 3, with the revision: `2345-11605-001,2`.
    pub part_number: Option<WireText>,
    /// Code 4: `SIP/…`; what code 5 says while the boot loader runs.
    pub application: Option<WireText>,
    /// Code 5: `BR/…`.
    pub boot_rom: Option<WireText>,
}

impl PolycomVendorClass {
    /// Whether the boot loader sent it and not the application.
    pub fn is_boot_loader(&self) -> bool {
        self.application == self.boot_rom
            && self
                .boot_rom
                .as_ref()
                .is_some_and(|version| version.as_bytes().starts_with(b"BR/"))
    }
}

/// Reads the binary form of option 60; `None` when it is anything else.
///
/// The total length is not relied upon: an entry that the option cuts off is
/// kept as far as it goes.
pub fn polycom_vendor_class(bytes: &[u8]) -> Option<PolycomVendorClass> {
    let mut class = PolycomVendorClass::default();
    for entry in tlv::entries(polycom_entries(bytes)?, Fillers::PadAndEnd) {
        let field = match entry.code {
            1 => &mut class.company,
            2 => &mut class.model,
            3 => &mut class.part_number,
            4 => &mut class.application,
            5 => &mut class.boot_rom,
            _ => continue,
        };
        field.get_or_insert_with(|| WireText::without_trailing_nuls(entry.bytes));
    }
    Some(class)
}

fn polycom_entries(bytes: &[u8]) -> Option<&[u8]> {
    let (_total_length, entries) = bytes.strip_prefix(&POLYCOM)?.split_first()?;
    Some(entries)
}

/// Option 60: text, or Polycom's binary form.
pub(super) fn class(bytes: &[u8], notes: &mut Notes) -> Value {
    let Some(entries) = polycom_entries(bytes) else {
        return read::text(bytes, notes);
    };
    let offset_bytes = bytes.len() - entries.len();
    Value::Enterprises(vec![Enterprise {
        number: u32::from_be_bytes(POLYCOM),
        value: Value::SubOptions(sub_options(
            entries,
            offset_bytes,
            Fillers::PadAndEnd,
            text_or_bytes,
            notes,
        )),
    }])
}

/// Option 43: sub-options when the bytes are such to the end, else text, else
/// bytes. No fault can be found: the vendor is free (RFC 2132 §8.4).
pub(super) fn specific(bytes: &[u8], notes: &mut Notes) -> Value {
    let begins_as_text = TEXT_BEGINNINGS.iter().any(|text| bytes.starts_with(text));
    if !begins_as_text && let Some(options) = encapsulated(bytes) {
        return Value::SubOptions(options);
    }
    if read::is_printable(bytes) {
        return read::text(bytes, notes);
    }
    Value::Bytes(bytes.to_vec())
}

/// Sub-options that fill `bytes`; `None` when they do not, or when there are none.
fn encapsulated(bytes: &[u8]) -> Option<Vec<SubOption>> {
    let mut options = Vec::new();
    let mut end = 0;
    for entry in tlv::entries(bytes, Fillers::PadAndEnd) {
        if entry.fault().is_some() {
            return None;
        }
        end = entry.offset_bytes + 2 + entry.bytes.len();
        options.push(SubOption {
            code: entry.code,
            value: read::text_or_bytes(entry.bytes),
        });
    }
    let fillers = bytes.get(end..).unwrap_or_default();
    let is_filled = fillers.iter().all(|byte| matches!(byte, 0 | 255));
    (is_filled && !options.is_empty()).then_some(options)
}

/// Option 82 (RFC 3046 §2): sub-options without pads or an end.
pub(super) fn relay_agent(bytes: &[u8], notes: &mut Notes) -> Value {
    // Link selection (RFC 3527 §3) and server identifier override (RFC 5107 §4)
    // are addresses.
    let read = |code, bytes: &[u8]| match code {
        5 | 11 => read::addresses(bytes),
        _ => read::text_or_bytes(bytes),
    };
    Value::SubOptions(sub_options(bytes, 0, Fillers::None, read, notes))
}

/// Option 77: a list of user classes, or plain text, which some phones
/// (of Thomson, for one) and boot loaders send.
///
/// ```text
///  1 byte   length bytes
/// +--------+------------+
/// | length | user class |  …
/// +--------+------------+
/// ```
pub(super) fn user_classes(bytes: &[u8], notes: &mut Notes) -> Value {
    let mut classes = Vec::new();
    let mut rest = bytes;
    while let Some((&length, behind)) = rest.split_first() {
        let start = bytes.len() - rest.len();
        match behind.split_at_checked(length.into()) {
            Some((class, behind)) if !class.is_empty() => {
                classes.push(WireText::new(class));
                rest = behind;
            }
            _ if read::is_printable(bytes) => {
                notes.unusual(0..bytes.len(), "is plain text, not a list of user classes");
                return read::text(bytes, notes);
            }
            Some(_) => {
                notes.malformed(start..bytes.len(), "has an empty user class");
                break;
            }
            None => {
                notes.malformed(
                    start..bytes.len(),
                    format!(
                        "has a user class of {}, but only {} left",
                        show::n_bytes(length.into()),
                        show::n_bytes(behind.len())
                    ),
                );
                break;
            }
        }
    }
    if classes.is_empty() {
        return Value::Bytes(bytes.to_vec());
    }
    Value::Texts(classes)
}

/// What stands behind an enterprise number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Payload {
    /// Option 124: whatever the vendor likes.
    Opaque,
    /// Option 125.
    SubOptions,
}

/// Options 124 and 125 (RFC 3925 §3, §4).
///
/// ```text
///       4 bytes         1 byte   length bytes
/// +-------------------+--------+--------------+
/// | enterprise number | length |     data     |  …
/// +-------------------+--------+--------------+
/// ```
pub(super) fn enterprises(bytes: &[u8], payload: Payload, notes: &mut Notes) -> Value {
    let mut enterprises = Vec::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        let start = bytes.len() - rest.len();
        let Some((number, (&length, behind))) = rest
            .split_first_chunk::<4>()
            .and_then(|(number, behind)| Some((number, behind.split_first()?)))
        else {
            notes.malformed(
                start..bytes.len(),
                format!(
                    "has {} left, an enterprise needs at least 5",
                    show::n_bytes(rest.len())
                ),
            );
            break;
        };
        let number = u32::from_be_bytes(*number);
        let (data, behind) = behind.split_at_checked(length.into()).unwrap_or_else(|| {
            notes.malformed(
                start..bytes.len(),
                format!(
                    "has {} for enterprise {number}, but only {} left",
                    show::n_bytes(length.into()),
                    show::n_bytes(behind.len())
                ),
            );
            (behind, &[])
        });
        let value = match payload {
            Payload::Opaque => read::text_or_bytes(data),
            Payload::SubOptions => Value::SubOptions(sub_options(
                data,
                start + 5,
                Fillers::None,
                text_or_bytes,
                notes,
            )),
        };
        enterprises.push(Enterprise { number, value });
        rest = behind;
    }
    if enterprises.is_empty() {
        return Value::Bytes(bytes.to_vec());
    }
    Value::Enterprises(enterprises)
}

/// The sub-options of a list that starts `offset_bytes` into the option's value.
fn sub_options(
    list: &[u8],
    offset_bytes: usize,
    fillers: Fillers,
    read: impl Fn(u8, &[u8]) -> Value,
    notes: &mut Notes,
) -> Vec<SubOption> {
    let mut options = Vec::new();
    for entry in tlv::entries(list, fillers) {
        if let Some(fault) = entry.fault() {
            notes.malformed(
                offset_bytes + entry.offset_bytes..offset_bytes + list.len(),
                format!("sub-option {} {fault}", entry.code),
            );
        }
        options.push(SubOption {
            code: entry.code,
            value: read(entry.code, entry.bytes),
        });
    }
    options
}

fn text_or_bytes(_code: u8, bytes: &[u8]) -> Value {
    read::text_or_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dhcp::options::value;

    /// What an option prints, and its issues as `kind span detail`.
    fn assert_says(code: u8, bytes: &[u8], text: &str, issues: &[&str]) {
        let (value, found) = value(code, bytes);
        let found: Vec<String> = found
            .iter()
            .map(|i| format!("{} {:?} {}", i.kind.name(), i.span, i.detail))
            .collect();
        assert_eq!(value.to_string(), text, "option {code}");
        assert_eq!(found, issues, "option {code}");
    }

    /// Polycom's form of option 60 with these sub-options.
    fn polycom(entries: &[(u8, &str)]) -> Vec<u8> {
        let mut bytes = vec![0x00, 0x00, 0x36, 0x3d, 0];
        for (code, text) in entries {
            bytes.push(*code);
            bytes.push(u8::try_from(text.len()).unwrap());
            bytes.extend(text.as_bytes());
        }
        bytes.push(255);
        bytes[4] = u8::try_from(bytes.len() - 5).unwrap();
        bytes
    }

    #[test]
    fn reads_the_binary_vendor_class_of_polycom_phones() {
        let bytes = polycom(&[
            (1, "Polycom"),
            (2, "SoundPointIP-SPIP_601"),
            (3, "2345-11605-001,2"),
            (4, "SIP/2.1.0.1000/12-May-07 10:00"),
            (5, "BR/3.1.0.0100/28-Apr-05 13:30"),
        ]);
        let class = polycom_vendor_class(&bytes).unwrap();
        assert_eq!(
            class,
            PolycomVendorClass {
                company: Some("Polycom".into()),
                model: Some("SoundPointIP-SPIP_601".into()),
                part_number: Some("2345-11605-001,2".into()),
                application: Some("SIP/2.1.0.1000/12-May-07 10:00".into()),
                boot_rom: Some("BR/3.1.0.0100/28-Apr-05 13:30".into()),
            }
        );
        assert!(!class.is_boot_loader());
        assert_says(
            60,
            &bytes,
            "enterprise 13885: 1=Polycom, 2=SoundPointIP-SPIP_601, 3=2345-11605-001,2, \
             4=SIP/2.1.0.1000/12-May-07 10:00, 5=BR/3.1.0.0100/28-Apr-05 13:30",
            &[],
        );
    }

    #[test]
    fn knows_the_boot_loader_by_the_same_version_in_codes_4_and_5() {
        let is_boot_loader = |entries: &[(u8, &str)]| {
            let class = polycom_vendor_class(&polycom(entries)).unwrap();
            class.is_boot_loader()
        };
        assert!(is_boot_loader(&[(4, "BR/3.1.0"), (5, "BR/3.1.0")]));
        assert!(!is_boot_loader(&[(4, "BR/3.1.0"), (5, "BR/3.1.1")]));
        assert!(!is_boot_loader(&[(4, "SIP/1"), (5, "SIP/1")]));
        assert!(!is_boot_loader(&[(5, "BR/3.1.0")]));
        assert!(!is_boot_loader(&[]));
    }

    #[test]
    fn keeps_first_and_cut_sub_options_of_polycom_and_passes_over_unknown_ones() {
        let mut bytes = polycom(&[(2, "VVX"), (9, "x"), (2, "later")]);
        bytes.truncate(bytes.len() - 1);
        bytes.extend([1, 7, b'P', b'o']);
        let class = polycom_vendor_class(&bytes).unwrap();
        assert_eq!(
            class,
            PolycomVendorClass {
                company: Some("Po".into()),
                model: Some("VVX".into()),
                ..PolycomVendorClass::default()
            }
        );
        assert_says(
            60,
            &bytes,
            "enterprise 13885: 2=VVX, 9=x, 2=later, 1=Po",
            &["malformed 20..24 sub-option 1 has length 7, but only 2 bytes left"],
        );
    }

    #[test]
    fn takes_any_other_vendor_class_as_text() {
        assert_eq!(polycom_vendor_class(b"Polycom-VVX410"), None);
        assert_eq!(polycom_vendor_class(&[0, 0, 0x36, 0x3d]), None);
        assert_eq!(polycom_vendor_class(&[]), None);
        assert_says(60, b"Polycom-VVX410", "Polycom-VVX410", &[]);
        assert_says(
            60,
            b"Cisco Systems, Inc. IP Phone CP-7970G\0",
            "Cisco Systems, Inc. IP Phone CP-7970G",
            &["unusual 37..38 ends with 1 NUL"],
        );
        assert_says(
            60,
            b"\0\x0eThomson ST2030",
            "\\x00\\x0eThomson ST2030",
            &["unusual 0..16 has a NUL within the text"],
        );
        assert_says(
            60,
            b"",
            "",
            &["malformed 0..0 is 0 bytes, must be at least 1"],
        );
    }

    #[test]
    fn reads_option_43_as_sub_options_text_or_bytes() {
        // Avaya, Unify: text and four bytes.
        assert_says(
            43,
            b"\x01\x046889\x02\x04\0\0\0\x0a",
            "1=6889, 2=0000000a",
            &[],
        );
        // Pads and ends may stand between and behind.
        assert_says(43, b"\0\x42\x01a\0\xff\0\xff", "66=a", &[]);
        assert_says(43, b"\xdc\0", "220=", &[]);
        // A pad or end where no sub-option is, or rubbish behind an end.
        assert_says(43, b"\0\0", "0000", &[]);
        assert_says(43, b"\x01\x01\x07\xff\x09", "010107ff09", &[]);
        // A list that does not fit.
        assert_says(43, b"\x01\x05\x07", "010507", &[]);
        assert_says(43, b"172.18.6.37", "172.18.6.37", &[]);
        assert_says(
            43,
            b"Siemens\0",
            "Siemens",
            &["unusual 7..8 ends with 1 NUL"],
        );
        assert_says(
            43,
            b"",
            "",
            &["malformed 0..0 is 0 bytes, must be at least 1"],
        );
    }

    #[test]
    fn takes_option_43_that_begins_as_text_as_text() {
        // `d`, 100, taken as a length would end exactly at the end.
        let mut mitel = "id:ipphone.mitel.com;sw_tftp=192.0.2.10;".to_owned();
        while mitel.len() < 102 {
            mitel.push(';');
        }
        assert_says(43, mitel.as_bytes(), &mitel, &[]);
        // A printable list: code 66 `B`, length 40 `(`.
        let url = "http://192.0.2.10/provisioning/config/te";
        let list = format!("B({url}");
        assert_says(43, list.as_bytes(), &format!("66={url}"), &[]);
    }

    #[test]
    fn reads_relay_agent_information() {
        assert_says(82, b"\x01\x05Fa0/7\x02\x02\0\x01", "1=Fa0/7, 2=0001", &[]);
        assert_says(
            82,
            &[5, 4, 192, 0, 2, 0, 11, 4, 65, 66, 67, 68],
            "5=192.0.2.0, 11=65.66.67.68",
            &[],
        );
        // Codes 0 and 255 are no fillers here.
        assert_says(82, &[0, 1, 7, 255, 0], "0=07, 255=", &[]);
        assert_says(
            82,
            &[1, 20, 0, 1, 2],
            "1=000102",
            &["malformed 0..5 sub-option 1 has length 20, but only 3 bytes left"],
        );
        assert_says(
            82,
            &[1, 1, 7, 2],
            "1=07, 2=",
            &["malformed 3..4 sub-option 2 has no length, the list ends behind its code"],
        );
    }

    #[test]
    fn reads_user_classes_as_a_list_or_as_plain_text() {
        assert_says(77, b"\x03abc\x02de", "abc, de", &[]);
        assert_says(
            77,
            b"Thomson ST2030S",
            "Thomson ST2030S",
            &["unusual 0..15 is plain text, not a list of user classes"],
        );
        assert_says(
            77,
            b"\x03abc\x05de",
            "abc",
            &["malformed 4..7 has a user class of 5 bytes, but only 2 bytes left"],
        );
        assert_says(
            77,
            b"\0\x01a",
            "000161",
            &["malformed 0..3 has an empty user class"],
        );
        assert_says(
            77,
            b"",
            "",
            &["malformed 0..0 is 0 bytes, must be at least 1"],
        );
    }

    #[test]
    fn reads_enterprises() {
        let mitel = b"\0\0\x04\x03\x12\x01\x10id:ipphone.mitel";
        assert_says(125, mitel, "enterprise 1027: 1=id:ipphone.mitel", &[]);
        assert_says(
            124,
            b"\0\0\x04\x03\x05mitel\0\0\0\x09\x01\x07",
            "enterprise 1027: mitel; enterprise 9: 07",
            &[],
        );
        assert_says(
            125,
            &[0, 0, 4, 3, 3, 1, 9, 7],
            "enterprise 1027: 1=07",
            &["malformed 5..8 sub-option 1 has length 9, but only 1 byte left"],
        );
        assert_says(
            124,
            &[0, 0, 4, 3, 9, 7, 8],
            "enterprise 1027: 0708",
            &["malformed 0..7 has 9 bytes for enterprise 1027, but only 2 bytes left"],
        );
        assert_says(
            125,
            &[0, 0, 4, 3, 0, 0, 0],
            "enterprise 1027: ",
            &["malformed 5..7 has 2 bytes left, an enterprise needs at least 5"],
        );
        assert_says(
            125,
            &[0, 0, 4, 3],
            "00000403",
            &["malformed 0..4 has 4 bytes left, an enterprise needs at least 5"],
        );
    }
}
