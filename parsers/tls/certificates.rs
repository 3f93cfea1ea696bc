//! Certificate and `CertificateRequest` of TLS 1.2 and before; later they are encrypted.
//!
//! RFC 5246 §7.4.2 and §7.4.4; RFC 4346 §7.4.4.

use super::fields::{Fields, Part};
use super::{CertificateRequest, Version};
use crate::Issue;

/// Reads the chain of a Certificate message: DER, the sender's own first.
///
/// ```text
///     3          3
/// +--------+-----------+-----+-----------+-----+
/// | length | length 1  | DER | length 2  | DER | …
/// +--------+-----------+-----+-----------+-----+
/// ```
///
/// A certificate that is not whole is left out.
pub(super) fn chain(body: Part<'_>, issues: &mut Vec<Issue>) -> Vec<Vec<u8>> {
    let mut chain = Vec::new();
    chain_fields(&mut Fields::of(body, issues), &mut chain);
    chain
}

fn chain_fields(fields: &mut Fields<'_, '_>, chain: &mut Vec<Vec<u8>>) -> Option<()> {
    let length = fields.u24("certificate_list length")?;
    if length == 0 {
        return Some(());
    }
    let list = fields.part(length, "certificate_list")?;
    let mut list = fields.inside(list);
    while list.has_more() {
        let length = list.u24("certificate length")?;
        chain.push(list.bytes(length, "certificate")?.to_vec());
    }
    Some(())
}

/// Reads a `CertificateRequest`.
///
/// ```text
///    1      n        2         m         2
/// +-----+-------+---------+---------+---------+--------------------+
/// |  n  | types |    m    | schemes | length  | names: 2 + DER each |
/// +-----+-------+---------+---------+---------+--------------------+
/// ```
///
/// The schemes are there from TLS 1.2 on.
pub(super) fn request(
    body: Part<'_>,
    version: Option<Version>,
    issues: &mut Vec<Issue>,
) -> CertificateRequest {
    let mut request = CertificateRequest::default();
    request_fields(&mut Fields::of(body, issues), version, &mut request);
    request
}

fn request_fields(
    fields: &mut Fields<'_, '_>,
    version: Option<Version>,
    request: &mut CertificateRequest,
) -> Option<()> {
    let length = fields.u8("certificate_types length")?;
    request.certificate_types = fields.bytes(length.into(), "certificate_types")?.to_vec();
    if version.is_none_or(|version| version >= Version::TLS_1_2) {
        let length = fields.u16("supported_signature_algorithms length")?;
        fields.bytes(length.into(), "supported_signature_algorithms")?;
    }
    let length = fields.u16("certificate_authorities length")?;
    if length == 0 {
        return Some(());
    }
    let list = fields.part(length.into(), "certificate_authorities")?;
    let mut list = fields.inside(list);
    while list.has_more() {
        let length = list.u16("distinguished name length")?;
        let name = list.bytes(length.into(), "distinguished name")?;
        request.authorities.push(name.to_vec());
    }
    Some(())
}
