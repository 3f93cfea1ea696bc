//! Names of what TLS numbers: record types, handshake messages, alerts.
//!
//! RFC 8446 §5.1, §4, §6; RFC 5246 §6.2.1, §7.4, §7.2; RFC 4346 §7.2.2; IANA, "TLS
//! Alerts".

/// Record types (RFC 8446 §5.1; heartbeat: RFC 6520 §3), sorted.
const CONTENT_TYPES: &[(u8, &str)] = &[
    (20, "change_cipher_spec"),
    (21, "alert"),
    (22, "handshake"),
    (23, "application_data"),
    (24, "heartbeat"),
];

/// Handshake messages, sorted.
const HANDSHAKE_TYPES: &[(u8, &str)] = &[
    (0, "hello_request"),
    (1, "client_hello"),
    (2, "server_hello"),
    (3, "hello_verify_request"),
    (4, "new_session_ticket"),
    (5, "end_of_early_data"),
    (8, "encrypted_extensions"),
    (11, "certificate"),
    (12, "server_key_exchange"),
    (13, "certificate_request"),
    (14, "server_hello_done"),
    (15, "certificate_verify"),
    (16, "client_key_exchange"),
    (20, "finished"),
    (21, "certificate_url"),
    (22, "certificate_status"),
    (23, "supplemental_data"),
    (24, "key_update"),
    (25, "compressed_certificate"),
    (67, "next_protocol"),
];

/// Alerts, sorted. 41 is of SSL 3.0 (RFC 6101 §5.4.2), 21 and 60 of TLS 1.0 (RFC 2246
/// §7.2.2), 30 and 100 of TLS 1.2 (RFC 5246 §7.2.2), 86 of RFC 7507 §4, 109 to 120 of
/// RFC 8446 §6.2, 111 and 114 of RFC 6066 §9, 121 of
/// TLS Encrypted Client Hello.
const ALERTS: &[(u8, &str)] = &[
    (0, "close_notify"),
    (10, "unexpected_message"),
    (20, "bad_record_mac"),
    (21, "decryption_failed"),
    (22, "record_overflow"),
    (30, "decompression_failure"),
    (40, "handshake_failure"),
    (41, "no_certificate"),
    (42, "bad_certificate"),
    (43, "unsupported_certificate"),
    (44, "certificate_revoked"),
    (45, "certificate_expired"),
    (46, "certificate_unknown"),
    (47, "illegal_parameter"),
    (48, "unknown_ca"),
    (49, "access_denied"),
    (50, "decode_error"),
    (51, "decrypt_error"),
    (60, "export_restriction"),
    (70, "protocol_version"),
    (71, "insufficient_security"),
    (80, "internal_error"),
    (86, "inappropriate_fallback"),
    (90, "user_canceled"),
    (100, "no_renegotiation"),
    (109, "missing_extension"),
    (110, "unsupported_extension"),
    (111, "certificate_unobtainable"),
    (112, "unrecognized_name"),
    (113, "bad_certificate_status_response"),
    (114, "bad_certificate_hash_value"),
    (115, "unknown_psk_identity"),
    (116, "certificate_required"),
    (120, "no_application_protocol"),
    (121, "ech_required"),
];

/// The name of a record type; `None` for an unknown one.
pub fn content_type(code: u8) -> Option<&'static str> {
    name(CONTENT_TYPES, code)
}

/// The name of a handshake message; `None` for an unknown one.
pub fn handshake_type(code: u8) -> Option<&'static str> {
    name(HANDSHAKE_TYPES, code)
}

/// The name of an alert; `None` for an unknown one.
pub fn alert(code: u8) -> Option<&'static str> {
    name(ALERTS, code)
}

fn name(table: &[(u8, &'static str)], code: u8) -> Option<&'static str> {
    let index = table.binary_search_by_key(&code, |row| row.0).ok()?;
    table.get(index).map(|row| row.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_sorted_and_unique() {
        for table in [CONTENT_TYPES, HANDSHAKE_TYPES, ALERTS] {
            assert!(table.windows(2).all(|pair| pair[0].0 < pair[1].0));
        }
    }

    #[test]
    fn unknown_codes_have_no_name() {
        assert_eq!(alert(48), Some("unknown_ca"));
        assert_eq!(alert(49 + 128), None);
        assert_eq!(content_type(25), None);
        assert_eq!(handshake_type(11), Some("certificate"));
    }
}
