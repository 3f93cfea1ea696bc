//! The hellos of both sides, in the form of records and in that of SSL 2.0.
//!
//! RFC 8446 §4.1 and §4.2, RFC 5246 §7.4.1 and appendix E.2 (SSL 2.0 form), RFC 6066 §3
//! (server name), RFC 7301 (ALPN), RFC 5077 (tickets).

use super::fields::{Fields, Part};
use super::{ClientHello, ServerHello, Version};
use crate::{Input, Issue, WireText};

const SERVER_NAME: u16 = 0;
const ALPN: u16 = 16;
const SESSION_TICKET: u16 = 35;
const PRE_SHARED_KEY: u16 = 41;
const SUPPORTED_VERSIONS: u16 = 43;

/// Names of hosts are the only kind of server name.
const HOST_NAME: u8 = 0;

/// The random of a server hello that asks for another client hello (RFC 8446 §4.1.3).
pub(super) const RETRY_RANDOM: [u8; 32] = [
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
    0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
];

/// Reads what follows the header of a client hello.
pub(super) fn client(body: Part<'_>, issues: &mut Vec<Issue>) -> ClientHello {
    let mut hello = ClientHello::default();
    client_fields(&mut Fields::of(body, issues), &mut hello);
    hello
}

fn client_fields(fields: &mut Fields<'_, '_>, hello: &mut ClientHello) -> Option<()> {
    hello.legacy_version = Version(fields.u16("legacy_version")?);
    let random = fields.bytes(32, "random")?;
    hello.random_time_secs = random.first_chunk().map(|time| u32::from_be_bytes(*time));
    let length = fields.u8("session_id length")?;
    hello.session_id = fields.bytes(length.into(), "session_id")?.to_vec();
    let length = fields.u16("cipher_suites length")?;
    let suites = fields.part(length.into(), "cipher_suites")?;
    hello.cipher_suites = fields.numbers(suites, "cipher_suites");
    let length = fields.u8("compression_methods length")?;
    hello.compression_methods = fields.bytes(length.into(), "compression_methods")?.to_vec();
    each_extension(fields, |extension, data, inside| {
        hello.extensions.push(extension);
        client_extension(extension, data, inside, hello);
    })
}

fn client_extension(
    extension: u16,
    data: Part<'_>,
    inside: &mut Fields<'_, '_>,
    hello: &mut ClientHello,
) -> Option<()> {
    match extension {
        SERVER_NAME => {
            let length = inside.u16("server_name list length")?;
            let list = inside.part(length.into(), "server_name list")?;
            let mut list = inside.inside(list);
            while list.has_more() {
                let kind = list.u8("name_type")?;
                let length = list.u16("server_name length")?;
                let name = list.bytes(length.into(), "server_name")?;
                if kind == HOST_NAME && hello.server_name.is_none() {
                    hello.server_name = Some(WireText::new(name));
                }
            }
        }
        ALPN => alpn(inside, &mut hello.alpn)?,
        SESSION_TICKET => hello.has_ticket = !data.input.bytes.is_empty(),
        PRE_SHARED_KEY => hello.has_pre_shared_key = true,
        SUPPORTED_VERSIONS => {
            let length = inside.u8("supported_versions length")?;
            let versions = inside.part(length.into(), "supported_versions")?;
            let versions = inside.numbers(versions, "supported_versions");
            hello.supported_versions = versions.into_iter().map(Version).collect();
        }
        _ => {}
    }
    Some(())
}

/// Reads what follows the header of a server hello.
pub(super) fn server(body: Part<'_>, issues: &mut Vec<Issue>) -> ServerHello {
    let mut hello = ServerHello::default();
    server_fields(&mut Fields::of(body, issues), &mut hello);
    hello
}

fn server_fields(fields: &mut Fields<'_, '_>, hello: &mut ServerHello) -> Option<()> {
    hello.legacy_version = Version(fields.u16("legacy_version")?);
    hello.is_retry_request = fields.bytes(32, "random")? == RETRY_RANDOM;
    let length = fields.u8("session_id length")?;
    hello.session_id = fields.bytes(length.into(), "session_id")?.to_vec();
    hello.cipher_suite = Some(fields.u16("cipher_suite")?);
    hello.compression_method = Some(fields.u8("compression_method")?);
    each_extension(fields, |extension, _, inside| {
        hello.extensions.push(extension);
        server_extension(extension, inside, hello);
    })
}

fn server_extension(
    extension: u16,
    inside: &mut Fields<'_, '_>,
    hello: &mut ServerHello,
) -> Option<()> {
    match extension {
        ALPN => alpn(inside, &mut hello.alpn)?,
        SUPPORTED_VERSIONS => {
            hello.selected_version = Some(Version(inside.u16("selected_version")?));
        }
        _ => {}
    }
    Some(())
}

/// Names of application protocols (RFC 7301 §3.1).
fn alpn(inside: &mut Fields<'_, '_>, names: &mut Vec<WireText>) -> Option<()> {
    let length = inside.u16("protocol_name_list length")?;
    let list = inside.part(length.into(), "protocol_name_list")?;
    let mut list = inside.inside(list);
    while list.has_more() {
        let length = list.u8("protocol name length")?;
        names.push(WireText::new(list.bytes(length.into(), "protocol name")?));
    }
    Some(())
}

/// Gives every extension to `take`. Hellos of SSL 3.0 and of some TLS 1.0 stacks have
/// none.
fn each_extension<'a>(
    fields: &mut Fields<'a, '_>,
    mut take: impl FnMut(u16, Part<'a>, &mut Fields<'a, '_>),
) -> Option<()> {
    if fields.is_over() {
        return Some(());
    }
    let length = fields.u16("extensions length")?;
    let list = fields.part(length.into(), "extensions")?;
    let mut list = fields.inside(list);
    while list.has_more() {
        let extension = list.u16("extension type")?;
        let length = list.u16("extension length")?;
        if length == 0 {
            let data = list.empty_part();
            take(extension, data, &mut list.inside(data));
        } else {
            let data = list.part(length.into(), "extension data")?;
            take(extension, data, &mut list.inside(data));
        }
    }
    Some(())
}

/// Reads a client hello in SSL 2.0's form, from its message type on.
///
/// ```text
///    1       2           2             2            2
/// +------+---------+-------------+------------+-----------+---------+----+-----------+
/// | 1    | version | spec length | id length  | challenge | specs   | id | challenge |
/// |      |         |             |            | length    | 3 each  |    |           |
/// +------+---------+-------------+------------+-----------+---------+----+-----------+
/// ```
pub(super) fn ssl2_client(message: Input<'_>, issues: &mut Vec<Issue>) -> ClientHello {
    let mut hello = ClientHello::default();
    let part = Part {
        input: message,
        start: 0,
    };
    ssl2_client_fields(&mut Fields::of(part, issues), &mut hello);
    hello
}

fn ssl2_client_fields(fields: &mut Fields<'_, '_>, hello: &mut ClientHello) -> Option<()> {
    fields.u8("message type")?;
    hello.legacy_version = Version(fields.u16("version")?);
    let specs_length = fields.u16("cipher_spec_length")?;
    let id_length = fields.u16("session_id_length")?;
    let challenge_length = fields.u16("challenge_length")?;
    let specs = fields.part(specs_length.into(), "cipher_specs")?;
    let (specs, _) = specs.input.bytes.as_chunks::<3>();
    for &[high, middle, low] in specs {
        if high == 0 {
            hello.cipher_suites.push(u16::from_be_bytes([middle, low]));
        } else {
            let spec = u32::from_be_bytes([0, high, middle, low]);
            hello.ssl2_cipher_specs.push(spec);
        }
    }
    hello.session_id = fields.bytes(id_length.into(), "session_id")?.to_vec();
    fields.bytes(challenge_length.into(), "challenge")?;
    Some(())
}
