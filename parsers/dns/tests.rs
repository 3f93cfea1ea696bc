//! Tests of whole messages.

use super::*;

/// An answer of dnsmasq, which tshark reads as follows:
///
/// ```text
/// Transaction ID: 0x0cad, Flags: 0x8580 (authoritative, recursion desired, available)
/// Queries: _sip._udp.example.com: type SRV, class IN
/// Answers: SRV, TTL 0, priority 20, weight 0, port 5062, target sip2.example.com
///          SRV, TTL 0, priority 10, weight 20, port 5060, target sip.example.com
/// Additional records: sip.example.com: type A, class IN, addr 192.0.2.20
///          <Root>: OPT, UDP payload size 1232, version 0
/// ```
const SRV_ANSWER: &[u8] = b"\x0c\xad\x85\x80\0\x01\0\x02\0\0\0\x02\
    \x04_sip\x04_udp\x07example\x03com\0\0\x21\0\x01\
    \xc0\x0c\0\x21\0\x01\0\0\0\0\0\x18\0\x14\0\0\x13\xc6\x04sip2\x07example\x03com\0\
    \xc0\x0c\0\x21\0\x01\0\0\0\0\0\x17\0\x0a\0\x14\x13\xc4\x03sip\x07example\x03com\0\
    \xc0\x5d\0\x01\0\x01\0\0\0\0\0\x04\xc0\0\x02\x14\
    \0\0\x29\x04\xd0\0\0\0\0\0\0";

/// Flags of an answer without fault.
const ANSWER: u16 = 0x8180;

/// Where the record that [`with_record`] adds begins.
const RECORD_AT: usize = HEADER_BYTES + 13;

fn record(name: &str, kind: u16, data: Data) -> Record {
    Record {
        name: name.into(),
        kind,
        class: 1,
        ttl_secs: 0,
        data,
    }
}

fn srv(priority: u16, weight: u16, port: u16, target: &str) -> Data {
    Data::Srv(Srv {
        priority,
        weight,
        port,
        target: target.into(),
    })
}

/// A question for `example`, and one answer with these data.
fn with_record(kind: u16, class: u16, data: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0x12, 0x34, 0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0];
    bytes.extend(b"\x07example\0\0\x01\0\x01");
    bytes.extend([0xc0, 12]);
    bytes.extend(kind.to_be_bytes());
    bytes.extend(class.to_be_bytes());
    bytes.extend([0, 0, 1, 0x2c]);
    bytes.extend(u16::try_from(data.len()).unwrap().to_be_bytes());
    bytes.extend(data);
    bytes
}

fn read(bytes: &[u8]) -> Decoded<Message> {
    decode(Input::whole(bytes)).unwrap()
}

/// What one answer of this type says, and the issues with it.
fn data_of(kind: u16, data: &[u8]) -> (Data, Vec<String>) {
    let decoded = read(&with_record(kind, 1, data));
    let issues = decoded.issues.iter().map(words).collect();
    (decoded.value.answers[0].data.clone(), issues)
}

fn words(issue: &Issue) -> String {
    format!("{} {}: {}", issue.kind.name(), issue.field, issue.detail)
}

#[test]
fn reads_an_answer_with_services() {
    let decoded = read(SRV_ANSWER);
    assert_eq!(decoded.issues, []);
    let message = decoded.value;
    let expected = Message {
        id: 0x0cad,
        flags: Flags(0x8580),
        questions: vec![Question {
            name: "_sip._udp.example.com".into(),
            kind: 33,
            class: 1,
        }],
        answers: vec![
            record(
                "_sip._udp.example.com",
                33,
                srv(20, 0, 5062, "sip2.example.com"),
            ),
            record(
                "_sip._udp.example.com",
                33,
                srv(10, 20, 5060, "sip.example.com"),
            ),
        ],
        authorities: vec![],
        additional: vec![
            record("sip.example.com", 1, Data::A([192, 0, 2, 20].into())),
            Record {
                class: 1232,
                ..record(".", 41, Data::Opt(vec![]))
            },
        ],
    };
    assert_eq!(message, expected);
    let flags = message.flags;
    assert!(flags.is_response() && flags.is_authoritative());
    assert!(flags.recursion_desired() && flags.recursion_available());
    assert!(!flags.is_truncated() && !flags.is_authenticated() && !flags.checking_disabled());
    assert_eq!((flags.opcode(), message.rcode()), (0, 0));
    let edns = message.edns().unwrap();
    assert_eq!(edns.max_datagram_bytes, 1232);
    assert!(!edns.dnssec_ok);
}

#[test]
fn tells_each_flag_by_its_own_bit() {
    let set = |bits| Flags(bits);
    assert!(set(0x8000).is_response());
    assert_eq!(set(0x7800).opcode(), 15);
    assert_eq!(set(0x2800).opcode(), 5);
    assert!(set(0x0400).is_authoritative());
    assert!(set(0x0200).is_truncated());
    assert!(set(0x0100).recursion_desired());
    assert!(set(0x0080).recursion_available());
    assert!(set(0x0020).is_authenticated());
    assert!(set(0x0010).checking_disabled());
    assert_eq!(set(0x000f).rcode(), 15);
    let none = set(0);
    assert!(!none.is_response() && !none.is_truncated() && none.rcode() == 0);
}

#[test]
fn adds_the_upper_bits_of_the_rcode() {
    // OPT with extended rcode 1, version 0 and DO: 0x10 is BADVERS.
    let mut bytes = vec![0, 1, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 1];
    bytes.extend([
        0, 0, 41, 4, 0xd0, 1, 0, 0x80, 0, 0, 6, 0, 10, 0, 2, 0xaa, 0xbb,
    ]);
    let decoded = read(&bytes);
    assert_eq!(decoded.issues, []);
    assert_eq!(decoded.value.rcode(), 16);
    assert_eq!(rcode_name(16), Some("BADVERS"));
    assert!(decoded.value.edns().unwrap().dnssec_ok);
    let options = Data::Opt(vec![(10, vec![0xaa, 0xbb])]);
    assert_eq!(decoded.value.additional[0].data, options);
    assert_eq!(options.to_string(), "10:aabb");
}

#[test]
fn reads_every_form_of_data() {
    // The zone-file forms are those that dig prints.
    let soa = [
        b"\x02ns\xc0\x0c\x04root\xc0\x0c".as_slice(),
        &[
            0, 0, 0, 7, 0, 0, 0x0e, 0x10, 0, 0, 2, 0x58, 0, 1, 0x51, 0x80,
        ],
        &[0, 0, 0, 60],
    ]
    .concat();
    let naptr = b"\0\x64\0\x0a\x01u\x07E2U+sip\x1a!^.*$!sip:\\\\1@example.com!\0";
    let rows: [(u16, &[u8], &str); 14] = [
        (1, &[192, 0, 2, 10], "192.0.2.10"),
        (
            28,
            &[0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10],
            "2001:db8::10",
        ),
        (2, b"\x02ns\xc0\x0c", "ns.example"),
        (5, b"\xc0\x0c", "example"),
        (12, b"\x04prov\xc0\x0c", "prov.example"),
        (39, b"\0", "."),
        (6, &soa, "ns.example root.example 7 3600 600 86400 60"),
        (15, b"\0\x0a\x04mail\xc0\x0c", "10 mail.example"),
        (16, b"\x03a\"b\0\x02\\c", r#""a\"b" "" "\\c""#),
        (33, b"\0\x0a\0\x14\x13\xc4\0", "10 20 5060 ."),
        (
            35,
            b"\0\x0a\0\x64\x01s\x07SIP+D2U\0\x04_sip\x04_udp\xc0\x0c",
            r#"10 100 "s" "SIP+D2U" "" _sip._udp.example"#,
        ),
        (
            35,
            naptr,
            r#"100 10 "u" "E2U+sip" "!^.*$!sip:\\\\1@example.com!" ."#,
        ),
        (64, b"\0\x01\0", "\\# 3 000100"),
        (65_000, b"", "\\# 0"),
    ];
    for (kind, data, shown) in rows {
        let (read, issues) = data_of(kind, data);
        assert_eq!(read.to_string(), shown, "{kind}");
        assert!(issues.is_empty(), "{kind}: {issues:?}");
    }
}

#[test]
fn keeps_data_that_do_not_have_the_form_of_their_type() {
    let field = "answer 1 of 1,";
    for (kind, data, fault) in [
        (1, &[192, 0, 2][..], "address: only 3 bytes are left for it"),
        (
            1,
            &[192, 0, 2, 10, 0],
            "data: has 1 bytes more than its type needs",
        ),
        (28, &[0; 15], "address: only 15 bytes are left for it"),
        (5, b"\x04prov", "name: has no end"),
        (
            5,
            b"\xc0\x40",
            "name: has a pointer to byte 64, must point before byte 37",
        ),
        (15, &[0], "preference: only 1 bytes are left for it"),
        (16, b"\x03ab", "string: only 2 bytes are left for it"),
        (33, &[0, 1, 0, 1, 0], "port: only 1 bytes are left for it"),
        (35, &[0, 1, 0, 1, 1], "flags: only 0 bytes are left for it"),
        (41, &[0, 1, 0, 9, 1], "option: only 1 bytes are left for it"),
        (1, &[], "address: only 0 bytes are left for it"),
    ] {
        let (read, issues) = data_of(kind, data);
        assert_eq!(read, Data::Bytes(data.to_vec()), "{kind}");
        assert_eq!(issues, [format!("malformed {field} {fault}")], "{kind}");
    }
}

#[test]
fn leaves_data_of_other_classes_alone() {
    // An address of Chaosnet is a name and a number.
    let chaos = read(&with_record(1, 3, &[0, 0, 1]));
    assert_eq!(chaos.value.answers[0].data, Data::Bytes(vec![0, 0, 1]));
    assert_eq!(chaos.issues, []);
    // "Delete all addresses" of an update.
    let update = read(&with_record(28, 255, &[]));
    assert_eq!(update.value.answers[0].data, Data::Bytes(vec![]));
    assert_eq!(update.issues, []);
    // The highest bit is mDNS's.
    let multicast = read(&with_record(1, 0x8001, &[192, 0, 2, 10]));
    assert_eq!(
        multicast.value.answers[0].data,
        Data::A([192, 0, 2, 10].into())
    );
}

#[test]
fn keeps_what_was_captured() {
    for length in HEADER_BYTES..SRV_ANSWER.len() {
        let input = Input::cut(&SRV_ANSWER[..length], SRV_ANSWER.len() - length);
        let decoded = decode(input).unwrap();
        assert_eq!(decoded.value.flags, Flags(0x8580), "{length}");
        let kinds: Vec<IssueKind> = decoded.issues.iter().map(|issue| issue.kind).collect();
        assert_eq!(kinds, [IssueKind::CutShort], "{length}");
        // The question ends at 39, the answers at 75 and 110, the address at 126.
        let counts = [
            decoded.value.questions.len(),
            decoded.value.answers.len(),
            decoded.value.additional.len(),
        ];
        let expected = match length {
            ..39 => [0, 0, 0],
            39..51 => [1, 0, 0],
            51..87 => [1, 1, 0],
            87..122 => [1, 2, 0],
            122..137 => [1, 2, 1],
            _ => [1, 2, 2],
        };
        assert_eq!(counts, expected, "{length}");
    }
    let cut = decode(Input::cut(&SRV_ANSWER[..60], 60)).unwrap();
    assert_eq!(
        words(&cut.issues[0]),
        "cut-short answer 1 of 2, data: is 24 bytes by its length, but 9 are left"
    );
}

#[test]
fn blames_the_sender_when_nothing_was_cut_off() {
    let mut bytes = with_record(1, 1, &[192, 0, 2, 10]);
    bytes[7] = 2;
    let decoded = read(&bytes);
    assert_eq!(decoded.value.answers.len(), 1);
    assert_eq!(
        words(&decoded.issues[0]),
        "malformed answer 2 of 2, name: has no end"
    );
    bytes.push(0);
    assert_eq!(
        words(&read(&bytes).issues[0]),
        "malformed answer 2 of 2, type, class and length: type: only 0 bytes are left for it"
    );
    bytes[7] = 1;
    assert_eq!(
        words(&read(&bytes).issues[0]),
        "unusual message: has 1 bytes behind its last record"
    );
    // A length that goes beyond the end.
    bytes[RECORD_AT + 11] = 6;
    assert_eq!(
        words(&read(&bytes).issues[0]),
        "malformed answer 1 of 1, data: is 6 bytes by its length, but 5 are left"
    );
}

#[test]
fn reads_nothing_without_a_header() {
    for length in 0..HEADER_BYTES {
        let error = decode(Input::whole(&SRV_ANSWER[..length])).unwrap_err();
        assert_eq!(error.kind, IssueKind::Malformed, "{length}");
        let cut = decode(Input::cut(&SRV_ANSWER[..length], 9)).unwrap_err();
        assert_eq!(cut.kind, IssueKind::CutShort, "{length}");
    }
    let error = decode(Input::whole(&SRV_ANSWER[..3])).unwrap_err();
    assert_eq!(
        error.to_string(),
        "flags at byte 2: only 1 bytes are left for it"
    );
    let empty = read(&[0, 0, 0x81, 0x80, 0, 0, 0, 0, 0, 0, 0, 0]);
    assert_eq!(empty.value.flags, Flags(ANSWER));
    assert_eq!(empty.issues, []);
}

#[test]
fn reads_no_more_entries_than_it_may() {
    let mut bytes = vec![0, 1, 0, 0, 0xff, 0xff, 0, 0, 0, 0, 0, 0];
    bytes.extend([0, 0, 1, 0, 1].repeat(3000));
    let decoded = read(&bytes);
    assert_eq!(decoded.value.questions.len(), MAX_ENTRIES);
    assert_eq!(
        words(&decoded.issues[0]),
        "limit question 2049 of 65535: no more than 2048 entries are read"
    );
}

#[test]
fn takes_messages_out_of_a_stream() {
    let length = u16::try_from(SRV_ANSWER.len()).unwrap().to_be_bytes();
    let stream = [&length[..], SRV_ANSWER, &length].concat();
    let (message, taken) = decode_framed(Input::whole(&stream)).unwrap().unwrap();
    assert_eq!(message.value.id, 0x0cad);
    assert_eq!(taken, 2 + SRV_ANSWER.len());
    for short in 0..taken {
        assert_eq!(decode_framed(Input::whole(&stream[..short])), Ok(None));
    }
    let cut = decode_framed(Input::cut(&stream[..62], 9))
        .unwrap()
        .unwrap();
    assert_eq!(cut.0.value.answers.len(), 1);
    assert_eq!(cut.0.issues[0].kind, IssueKind::CutShort);
    assert_eq!(cut.1, taken);
    assert!(decode_framed(Input::whole(&[0, 3, 1, 2, 3])).is_err());
}

#[test]
fn tells_a_stream_of_messages_from_others() {
    assert_eq!(looks_framed(b"\0\x20\x12\x34\x01\0"), Some(true));
    assert_eq!(looks_framed(b"\0\x20\x12\x34\x01"), None);
    assert_eq!(looks_framed(b"\0\x0b\x12\x34\x01\0"), Some(false));
    assert_eq!(looks_framed(b"\0\x20\x12\x34\x78\0"), Some(false));
    assert_eq!(looks_framed(b"\0\x20\x12\x34\x01\x40"), Some(false));
}

#[test]
fn names_types_and_codes() {
    assert!(TYPES.windows(2).all(|pair| pair[0].0 < pair[1].0));
    assert_eq!(type_name(35), Some("NAPTR"));
    assert_eq!(type_name(3), None);
    assert_eq!(opcode_name(5), Some("UPDATE"));
    assert_eq!(opcode_name(3), None);
    assert_eq!(rcode_name(3), Some("NXDOMAIN"));
    assert_eq!(rcode_name(4095), None);
    let unnamed = (0..=16).filter(|&code| rcode_name(code).is_none());
    assert_eq!(unnamed.collect::<Vec<_>>(), [12, 13, 14, 15]);
}
