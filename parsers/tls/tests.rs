//! The reader on what OpenSSL says, on hellos of old stacks, and on cut and garbled
//! streams.

use super::*;
use crate::{Issue, IssueKind};

/// Everything that a stream gives, cut into segments of `size` bytes.
fn read_in(size: usize, stream: &[u8]) -> Vec<(Message, Vec<Issue>)> {
    let mut reader = Reader::new(None);
    let mut given = Vec::new();
    let mut take = |message, issues: &[Issue]| given.push((message, issues.to_vec()));
    for segment in stream.chunks(size) {
        reader.push(segment, &mut take);
    }
    reader.finish(&mut take);
    given
}

fn read(stream: &[u8]) -> Vec<Message> {
    let whole = read_in(usize::MAX, stream);
    for size in [1, 2, 7, 64] {
        assert_eq!(read_in(size, stream), whole, "in segments of {size} bytes");
    }
    assert!(whole.iter().all(|(_, issues)| issues.is_empty()));
    whole.into_iter().map(|(message, _)| message).collect()
}

/// Bodies in short: what a stream is about.
fn outline(messages: &[Message]) -> Vec<String> {
    messages
        .iter()
        .map(|message| match &message.body {
            Body::ClientHello(_) => "client hello".into(),
            Body::ServerHello(_) => "server hello".into(),
            Body::Certificate(chain) => format!("{} certificates", chain.len()),
            Body::CertificateRequest(_) => "certificate request".into(),
            Body::Handshake { kind, length } => format!("handshake {kind} of {length}"),
            Body::Alert(alert) => format!("alert {} {}", alert.level, alert.description),
            Body::ChangeCipherSpec => "change".into(),
            Body::Encrypted { length } => format!("{} of {length}", message.content_type),
        })
        .collect()
}

fn record(content_type: u8, fragment: &[u8]) -> Vec<u8> {
    let length = u16::try_from(fragment.len()).unwrap().to_be_bytes();
    [&[content_type, 3, 3], length.as_slice(), fragment].concat()
}

fn handshake(kind: u8, body: &[u8]) -> Vec<u8> {
    let [_, high, middle, low] = u32::try_from(body.len()).unwrap().to_be_bytes();
    [&[kind, high, middle, low], body].concat()
}

/// `openssl s_client -tls1_2 -cipher AES128-SHA` 3.0, frame 4 of the capture. tshark:
/// record TLS 1.0, handshake TLS 1.2, GMT Unix Time Jul 21, 1974 06:47:17, session id
/// length 0, suites 0x002f and 0x00ff, extensions 35, 22, 23, 13.
const SHORT_HELLO: &[u8] = &[
    0x16, 0x03, 0x01, 0x00, 0x6b, 0x01, 0x00, 0x00, 0x67, 0x03, 0x03, 0x08, 0x8f, 0x7c, 0x75, 0x38,
    0x1e, 0x39, 0x1e, 0xf6, 0x3b, 0x0b, 0xab, 0xbf, 0x58, 0x3d, 0x8f, 0x50, 0xd8, 0x31, 0xee, 0x5d,
    0xe7, 0x15, 0x17, 0xe6, 0x79, 0x1c, 0x8b, 0x5b, 0x62, 0x76, 0x0a, 0x00, 0x00, 0x04, 0x00, 0x2f,
    0x00, 0xff, 0x01, 0x00, 0x00, 0x3a, 0x00, 0x23, 0x00, 0x00, 0x00, 0x16, 0x00, 0x00, 0x00, 0x17,
    0x00, 0x00, 0x00, 0x0d, 0x00, 0x2a, 0x00, 0x28, 0x04, 0x03, 0x05, 0x03, 0x06, 0x03, 0x08, 0x07,
    0x08, 0x08, 0x08, 0x09, 0x08, 0x0a, 0x08, 0x0b, 0x08, 0x04, 0x08, 0x05, 0x08, 0x06, 0x04, 0x01,
    0x05, 0x01, 0x06, 0x01, 0x03, 0x03, 0x03, 0x01, 0x03, 0x02, 0x04, 0x02, 0x05, 0x02, 0x06, 0x02,
];

/// `openssl s_server` 3.0 answers TLS 1.3. tshark: legacy version TLS 1.2, suite 0x1302,
/// supported version TLS 1.3, extensions 43 and 51; then `ChangeCipherSpec`.
const SERVER_HELLO_1_3: &[u8] = &[
    0x16, 0x03, 0x03, 0x00, 0x7a, 0x02, 0x00, 0x00, 0x76, 0x03, 0x03, 0x0b, 0x06, 0x54, 0x64, 0x2f,
    0xca, 0x6d, 0x08, 0x6e, 0x7c, 0x35, 0x40, 0x4f, 0x6e, 0x1c, 0x64, 0x59, 0x93, 0x7d, 0xcd, 0xad,
    0xf9, 0x7e, 0x74, 0x21, 0x88, 0x34, 0x87, 0xbb, 0x85, 0x9f, 0xf3, 0x20, 0x06, 0x1e, 0xb9, 0x74,
    0x4a, 0xe6, 0x4b, 0x7b, 0x2e, 0x1d, 0xf3, 0x4f, 0x7c, 0x68, 0xdb, 0xde, 0xbd, 0xed, 0x22, 0xa1,
    0x5e, 0x48, 0x54, 0x6b, 0xa0, 0xab, 0x89, 0x02, 0x7f, 0x94, 0xa8, 0x6e, 0x13, 0x02, 0x00, 0x00,
    0x2e, 0x00, 0x2b, 0x00, 0x02, 0x03, 0x04, 0x00, 0x33, 0x00, 0x24, 0x00, 0x1d, 0x00, 0x20, 0x9c,
    0xcb, 0xf8, 0xaa, 0xe5, 0x18, 0x2f, 0x99, 0x3e, 0xd3, 0x05, 0xfa, 0x51, 0x3f, 0x1d, 0x37, 0x73,
    0xf9, 0xae, 0xaa, 0x6a, 0x0e, 0x4d, 0x57, 0x71, 0x2e, 0x84, 0x08, 0x0a, 0xc1, 0xef, 0x66, 0x14,
    0x03, 0x03, 0x00, 0x01, 0x01,
];

#[test]
fn reads_a_client_hello() {
    let given = read(SHORT_HELLO);
    let hello = ClientHello {
        legacy_version: Version::TLS_1_2,
        random_time_secs: Some(143_621_237),
        cipher_suites: vec![0x002f, 0x00ff],
        compression_methods: vec![0],
        extensions: vec![35, 22, 23, 13],
        ..ClientHello::default()
    };
    assert_eq!(hello.highest_version(), Version::TLS_1_2);
    assert!(!hello.offers_resumption());
    assert_eq!(
        given,
        [Message {
            sender: Some(Sender::Client),
            record_version: Version::TLS_1_0,
            content_type: HANDSHAKE,
            body: Body::ClientHello(Box::new(hello)),
        }]
    );
}

/// Name, versions with GREASE, ALPN, ticket and pre-shared key, in RFC 8446's layout.
#[test]
fn reads_what_extensions_of_a_hello_say() {
    let mut body = vec![3, 3];
    body.extend([7; 32]);
    body.extend([1, 0xaa, 0, 2, 0x13, 0x01, 1, 0]);
    let extensions: &[&[u8]] = &[
        b"\0\0\0\x0e\0\x0c\0\0\x09a.example",
        b"\0\x2b\0\x07\x06\x1a\x1a\x03\x04\x03\x03",
        b"\0\x10\0\x0b\0\x09\x08http/1.1",
        b"\0\x23\0\x01t",
        b"\0\x29\0\0",
    ];
    let extensions = extensions.concat();
    body.extend(u16::try_from(extensions.len()).unwrap().to_be_bytes());
    body.extend(extensions);
    let given = read(&record(HANDSHAKE, &handshake(1, &body)));
    let Body::ClientHello(hello) = &given[0].body else {
        panic!("{given:?}");
    };
    assert_eq!(hello.server_name, Some("a.example".into()));
    assert_eq!(hello.session_id, [0xaa]);
    assert_eq!(
        hello.supported_versions,
        [Version(0x1a1a), Version::TLS_1_3, Version::TLS_1_2]
    );
    assert_eq!(hello.highest_version(), Version::TLS_1_3);
    assert_eq!(hello.lowest_version(), Some(Version::TLS_1_2));
    assert_eq!(hello.alpn, ["http/1.1".into()]);
    assert!(hello.has_ticket && hello.has_pre_shared_key && hello.offers_resumption());
}

#[test]
fn a_session_id_means_resumption_before_1_3_only() {
    let mut hello = ClientHello {
        legacy_version: Version::TLS_1_2,
        session_id: vec![1],
        ..ClientHello::default()
    };
    assert!(hello.offers_resumption());
    hello.supported_versions = vec![Version::TLS_1_3];
    assert!(!hello.offers_resumption());
}

#[test]
fn reads_a_server_hello_of_1_3() {
    let given = read(SERVER_HELLO_1_3);
    assert_eq!(outline(&given), ["server hello", "change"]);
    let Body::ServerHello(hello) = &given[0].body else {
        panic!("{given:?}");
    };
    assert_eq!(hello.legacy_version, Version::TLS_1_2);
    assert_eq!(hello.version(), Version::TLS_1_3);
    assert_eq!(hello.cipher_suite, Some(0x1302));
    assert_eq!(hello.session_id.len(), 32);
    assert_eq!(hello.extensions, [43, 51]);
    assert!(!hello.is_retry_request);
    assert_eq!(given[0].sender, Some(Sender::Server));
}

/// RFC 5246 appendix E.2: version 3.1, one suite and one cipher of SSL 2.0, challenge.
#[test]
fn reads_a_hello_in_the_form_of_ssl_2() {
    let mut stream = vec![0x80, 31, 1, 3, 1, 0, 6, 0, 0, 0, 16];
    stream.extend([0, 0, 0x0a, 0x01, 0, 0x80]);
    stream.extend([9; 16]);
    stream.extend(record(HANDSHAKE, &handshake(16, b"key")));
    assert_eq!(speaks_tls(&stream), Some(true));
    let given = read(&stream);
    assert_eq!(outline(&given), ["client hello", "handshake 16 of 3"]);
    let hello = ClientHello {
        legacy_version: Version::TLS_1_0,
        cipher_suites: vec![0x000a],
        ssl2_cipher_specs: vec![0x01_0080],
        ..ClientHello::default()
    };
    assert_eq!(given[0].body, Body::ClientHello(Box::new(hello)));
    assert_eq!(given[0].record_version, Version::SSL_2);
}

/// The server's flight of TLS 1.2 in one record, and cut over three.
#[test]
fn messages_may_share_records_and_span_them() {
    let hello = [&[3, 3][..], &[1; 32], &[0, 0, 0x2f, 0]].concat();
    let certificates = b"\0\0\x09\0\0\x02ab\0\0\x01c";
    let request = b"\x02\x01\x40\0\x02\x04\x01\0\x04\0\x02dn";
    let flight = [
        handshake(2, &hello),
        handshake(11, certificates),
        handshake(13, request),
        handshake(14, b""),
    ]
    .concat();
    let (a, rest) = flight.split_at(50);
    let (b, c) = rest.split_at(3);
    let spanning = [record(22, a), record(22, b), record(22, c)].concat();
    let given = read(&record(22, &flight));
    assert_eq!(read(&spanning), given);
    assert_eq!(
        outline(&given),
        [
            "server hello",
            "2 certificates",
            "certificate request",
            "handshake 14 of 0"
        ]
    );
    assert_eq!(
        given[1].body,
        Body::Certificate(vec![b"ab".to_vec(), b"c".to_vec()])
    );
    let wanted = CertificateRequest {
        certificate_types: vec![1, 64],
        authorities: vec![b"dn".to_vec()],
    };
    assert_eq!(given[2].body, Body::CertificateRequest(wanted));
}

#[test]
fn a_request_of_tls_1_0_has_no_signature_schemes() {
    let hello = [&[3, 1][..], &[1; 32], &[0, 0, 0x2f, 0]].concat();
    let flight = [handshake(2, &hello), handshake(13, b"\x01\x01\0\0")].concat();
    let given = read(&record(22, &flight));
    let wanted = CertificateRequest {
        certificate_types: vec![1],
        authorities: Vec::new(),
    };
    assert_eq!(given[1].body, Body::CertificateRequest(wanted));
}

#[test]
fn an_empty_certificate_message_is_a_client_without_one() {
    let given = read(&record(22, &handshake(11, b"\0\0\0")));
    assert_eq!(given[0].body, Body::Certificate(Vec::new()));
}

#[test]
fn a_fatal_alert_is_the_end() {
    let stream = [
        record(ALERT, &[1, 112]),
        record(ALERT, &[2, 48]),
        record(ALERT, &[2, 40]),
    ]
    .concat();
    let given = read(&stream);
    assert_eq!(outline(&given), ["alert 1 112", "alert 2 48"]);
    let Body::Alert(alert) = given[1].body else {
        panic!("{given:?}");
    };
    assert_eq!(
        (alert.level_name(), alert.name(), alert.is_fatal()),
        (Some("fatal"), Some("unknown_ca"), true)
    );
}

/// As `openssl s_client -tls1_2` goes on: 40 bytes of Finished, data, alert.
#[test]
fn what_is_encrypted_before_1_3_is_told_by_its_types_up_to_the_data() {
    let stream = [
        record(22, &handshake(16, b"key")),
        record(20, &[1]),
        record(22, &[0; 40]),
        record(21, &[0; 26]),
        record(23, &[0; 42]),
        record(23, &[0; 43]),
        record(21, &[0; 26]),
    ]
    .concat();
    let outlined = outline(&read(&stream));
    assert_eq!(
        outlined,
        [
            "handshake 16 of 3",
            "change",
            "22 of 40",
            "21 of 26",
            "23 of 42"
        ]
    );
}

/// As `openssl s_client` sends TLS 1.3 with an empty certificate: 25 bytes, then 69.
#[test]
fn the_first_records_of_1_3_are_told_by_their_lengths() {
    let mut stream = SHORT_HELLO.to_vec();
    for length in [25, 69, 35, 36] {
        stream.extend(record(23, &vec![0; length]));
    }
    let outlined = outline(&read(&stream));
    assert_eq!(
        outlined,
        ["client hello", "23 of 25", "23 of 69", "23 of 35"]
    );
    let mut stream = SERVER_HELLO_1_3.to_vec();
    for length in 1..20 {
        stream.extend(record(23, &vec![0; length]));
    }
    assert_eq!(read(&stream).len(), 2 + 8);
}

/// RFC 8446 §4.1.4 and appendix D.4: `ChangeCipherSpec` stands before the second hello.
#[test]
fn a_second_hello_behind_a_change_is_clear_text() {
    let stream = [SHORT_HELLO, &record(20, &[1]), SHORT_HELLO].concat();
    assert_eq!(
        outline(&read(&stream)),
        ["client hello", "change", "client hello"]
    );
    let retry = [&[3, 3][..], &super::hello::RETRY_RANDOM, &[0, 0x13, 1, 0]].concat();
    let stream = [
        record(22, &handshake(2, &retry)),
        record(20, &[1]),
        SERVER_HELLO_1_3.to_vec(),
    ]
    .concat();
    let given = read(&stream);
    let Body::ServerHello(hello) = &given[0].body else {
        panic!("{given:?}");
    };
    assert!(hello.is_retry_request);
    assert_eq!(given.len(), 4);
}

/// What a capture with a snap length keeps of a hello.
#[test]
fn a_hello_that_is_cut_anywhere_keeps_what_came() {
    for end in 0..SHORT_HELLO.len() {
        let mut reader = Reader::new(Some(Sender::Client));
        let mut given = Vec::new();
        let mut take = |message: Message, issues: &[Issue]| given.push((message, issues.to_vec()));
        reader.push(&SHORT_HELLO[..end], &mut take);
        reader.gap((SHORT_HELLO.len() - end) as u64, &mut take);
        reader.push(&record(22, &handshake(16, b"key")), &mut take);
        reader.finish(&mut take);
        let hello = given
            .iter()
            .find_map(|(message, issues)| match &message.body {
                Body::ClientHello(hello) => Some((hello, issues)),
                _ => None,
            });
        // Without the message's header nothing tells what it is.
        assert_eq!(hello.is_some(), end >= 9, "cut at {end}");
        if let Some((hello, issues)) = hello {
            assert!(!issues.is_empty());
            assert!(issues.iter().all(|issue| issue.kind == IssueKind::CutShort));
            assert_eq!(hello.legacy_version == Version::TLS_1_2, end >= 11);
            assert_eq!(
                hello.cipher_suites.len(),
                usize::from(end >= 48) + usize::from(end >= 50)
            );
        }
        let later = given
            .iter()
            .filter(|(message, _)| matches!(message.body, Body::Handshake { kind: 16, .. }));
        assert_eq!(later.count(), 1, "cut at {end}");
    }
}

#[test]
fn a_gap_within_data_loses_nothing_else() {
    let stream = [record(22, &[0; 40]), record(23, &[0; 42])].concat();
    let mut reader = Reader::new(None);
    let mut given = Vec::new();
    let mut take = |message, _: &[Issue]| given.push(message);
    reader.push(&record(20, &[1]), &mut take);
    reader.push(&stream[..10], &mut take);
    reader.gap(35, &mut take);
    reader.push(&stream[45..], &mut take);
    assert_eq!(outline(&given), ["change", "22 of 40", "23 of 42"]);
}

#[test]
fn a_record_is_found_again_behind_a_gap_of_any_length() {
    let mut reader = Reader::new(None);
    let mut given = Vec::new();
    let mut take = |message, _: &[Issue]| given.push(message);
    reader.push(SHORT_HELLO, &mut take);
    reader.gap(1000, &mut take);
    reader.push(b"the end of something", &mut take);
    reader.push(&record(21, &[2, 42]), &mut take);
    assert_eq!(outline(&given), ["client hello", "alert 2 42"]);
    let mut reader = Reader::new(None);
    reader.push(SHORT_HELLO, &mut |_, _| {});
    reader.gap(1000, &mut |_, _| {});
    for _ in 0..8 {
        assert!(!reader.is_over());
        reader.push(b"nothing", &mut |_, _| {});
    }
    assert!(reader.is_over());
}

#[test]
fn a_message_longer_than_the_limit_is_passed_over() {
    let long = [&[11, 1, 0, 1][..], &vec![0; 65_537]].concat();
    let mut stream = Vec::new();
    for part in long.chunks(16_000) {
        stream.extend(record(22, part));
    }
    stream.extend(record(22, &handshake(14, b"")));
    let given = read_in(1000, &stream);
    assert_eq!(given[0].1[0].kind, IssueKind::Limit);
    let messages: Vec<Message> = given.into_iter().map(|(message, _)| message).collect();
    assert_eq!(
        outline(&messages),
        ["handshake 11 of 65537", "handshake 14 of 0"]
    );
}

#[test]
fn fields_that_run_over_their_message_are_malformed() {
    let mut stream = SHORT_HELLO.to_vec();
    // cipher_suites says 0x0100 bytes.
    stream[44] = 1;
    let given = read_in(usize::MAX, &stream);
    assert_eq!(given[0].1[0].kind, IssueKind::Malformed);
    assert_eq!(given[0].1[0].field, "cipher_suites");
    assert_eq!(given[0].1[0].span, 41..SHORT_HELLO.len() - 5);
    // An extension says more than there is; the suites are kept.
    let mut stream = SHORT_HELLO.to_vec();
    stream[57] = 0x7f;
    let given = read_in(usize::MAX, &stream);
    let Body::ClientHello(hello) = &given[0].0.body else {
        panic!("{given:?}");
    };
    assert_eq!(hello.cipher_suites, [0x002f, 0x00ff]);
    assert_eq!(given[0].1[0].kind, IssueKind::Malformed);
}

#[test]
fn what_is_no_record_ends_the_reading() {
    let mut reader = Reader::new(None);
    let mut given = Vec::new();
    reader.push(SHORT_HELLO, &mut |message, _| given.push(message));
    reader.push(b"GET / HTTP/1.1\r\n", &mut |message, _| given.push(message));
    assert!(reader.is_over());
    assert_eq!(given.len(), 1);
}

#[test]
fn tls_is_told_by_its_first_bytes() {
    assert_eq!(speaks_tls(b""), None);
    assert_eq!(speaks_tls(b"\x16\x03\x01"), None);
    assert_eq!(speaks_tls(SHORT_HELLO), Some(true));
    assert_eq!(speaks_tls(SERVER_HELLO_1_3), Some(true));
    assert_eq!(speaks_tls(b"\x15\x03\x01\0\x02\x02\x46"), Some(true));
    assert_eq!(speaks_tls(b"\x15\x03\x01\0\x30\x02\x46"), Some(false));
    assert_eq!(speaks_tls(b"\x17\x03\x03\0\x30\x02\x46"), Some(false));
    assert_eq!(speaks_tls(b"\x16\x09\x01\0\x30\x01\x46"), Some(false));
    assert_eq!(speaks_tls(b"GET / HTTP/1.1"), Some(false));
    assert_eq!(speaks_tls(b"\x80\x2e\x01\x03\x01"), Some(true));
    assert_eq!(speaks_tls(b"\x80\x2e\x02\x03\x01"), Some(false));
}

#[test]
fn versions_have_names() {
    let names = [0x0002, 0x0300, 0x0301, 0x0304, 0x7f1c, 0x1234].map(|n| Version(n).to_string());
    let known = ["SSL 2.0", "SSL 3.0", "TLS 1.0", "TLS 1.3"];
    assert_eq!(names[..4], known);
    assert_eq!(names[4..], ["TLS 1.3 draft 28", "version 0x1234"]);
}

/// Knuth's MMIX generator, so that every run is the same.
#[test]
fn garbled_streams_do_no_harm() {
    let mut seed = 1_u64;
    let mut next = |limit: usize| {
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(seed >> 33).unwrap() % limit
    };
    let whole = [
        SHORT_HELLO,
        SERVER_HELLO_1_3,
        &record(22, &handshake(11, b"\0\0\x05\0\0\x02ab")),
        &record(21, &[1, 0]),
    ]
    .concat();
    for _ in 0..5000 {
        let mut stream = whole.clone();
        for _ in 0..=next(5) {
            let at = next(stream.len());
            stream[at] = u8::try_from(next(256)).unwrap();
        }
        let mut reader = Reader::new(None);
        let mut n_given = 0;
        let mut take = |_: Message, _: &[Issue]| n_given += 1;
        let cut = next(stream.len());
        reader.push(&stream[..cut], &mut take);
        reader.gap(next(40) as u64, &mut take);
        reader.push(&stream[cut..], &mut take);
        reader.finish(&mut take);
        assert!(n_given <= stream.len());
    }
}
