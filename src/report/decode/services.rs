//! DNS and NTP messages as lines show them.

use phoneboot_parsers::dns::{self, Question, Record};
use phoneboot_parsers::ntp;
use schemars::JsonSchema;
use serde::Serialize;

use super::super::model::Time;
use super::text;
use crate::capture::Timestamp;

/// A DNS, mDNS or LLMNR message.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "they are the flags of the header"
)]
pub struct Dns {
    /// The same in a question and its answer.
    pub id: u16,
    /// Whether it is an answer.
    pub qr: bool,
    /// Operation code: 0 is an ordinary question.
    pub opcode: u8,
    /// Its name; null when not assigned.
    pub opcode_name: Option<&'static str>,
    /// Authoritative answer.
    pub aa: bool,
    /// Truncated: to be asked for by TCP.
    pub tc: bool,
    /// Recursion desired.
    pub rd: bool,
    /// Recursion available.
    pub ra: bool,
    /// Authenticated data.
    pub ad: bool,
    /// Checking disabled.
    pub cd: bool,
    /// Result code, with the upper bits of EDNS.
    pub rcode: u16,
    /// Its name; null when not assigned.
    pub rcode_name: Option<&'static str>,
    /// What EDNS says; null without.
    pub edns: Option<Edns>,
    /// Questions.
    pub questions: Vec<DnsQuestion>,
    /// Answers.
    pub answers: Vec<DnsRecord>,
    /// Authority section.
    pub authorities: Vec<DnsRecord>,
    /// Additional section, the record of EDNS included.
    pub additional: Vec<DnsRecord>,
}

/// EDNS.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Edns {
    /// Version.
    pub version: u8,
    /// Largest datagram that the sender takes, in bytes.
    pub udp_size: u16,
    /// DNSSEC OK.
    #[serde(rename = "do")]
    pub dnssec_ok: bool,
}

/// A question.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct DnsQuestion {
    /// Name, with dots; `.` is the root. A dot inside a label has a backslash before it.
    pub name: String,
    /// Type; null when not assigned.
    #[serde(rename = "type")]
    pub kind: Option<&'static str>,
    /// Type's number.
    pub type_code: u16,
    /// Class.
    pub class: u16,
}

/// A record.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct DnsRecord {
    /// Name, as in a question.
    pub name: String,
    /// Type; null when not assigned.
    #[serde(rename = "type")]
    pub kind: Option<&'static str>,
    /// Type's number.
    pub type_code: u16,
    /// Class.
    pub class: u16,
    /// Time to live in seconds.
    pub ttl: u32,
    /// Data as in a zone file; of unknown types `\#`, the length and hexadecimal digits; of
    /// OPT each option as number, colon and digits.
    pub data: String,
}

pub(super) fn dns(message: &dns::Message) -> Dns {
    let flags = message.flags;
    let rcode = message.rcode();
    Dns {
        id: message.id,
        qr: flags.is_response(),
        opcode: flags.opcode(),
        opcode_name: dns::opcode_name(flags.opcode()),
        aa: flags.is_authoritative(),
        tc: flags.is_truncated(),
        rd: flags.recursion_desired(),
        ra: flags.recursion_available(),
        ad: flags.is_authenticated(),
        cd: flags.checking_disabled(),
        rcode,
        rcode_name: dns::rcode_name(rcode),
        edns: message.edns().map(|edns| Edns {
            version: edns.version,
            udp_size: edns.max_datagram_bytes,
            dnssec_ok: edns.dnssec_ok,
        }),
        questions: message.questions.iter().map(question).collect(),
        answers: message.answers.iter().map(record).collect(),
        authorities: message.authorities.iter().map(record).collect(),
        additional: message.additional.iter().map(record).collect(),
    }
}

fn question(question: &Question) -> DnsQuestion {
    DnsQuestion {
        name: question.name.to_json(),
        kind: dns::type_name(question.kind),
        type_code: question.kind,
        class: question.class,
    }
}

fn record(record: &Record) -> DnsRecord {
    DnsRecord {
        name: record.name.to_json(),
        kind: dns::type_name(record.kind),
        type_code: record.kind,
        class: record.class,
        ttl: record.ttl_secs,
        data: record.data.to_string(),
    }
}

/// An NTP message. Null is what control and private messages do not have.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct Ntp {
    /// Leap indicator; 3: the clock is not set.
    pub leap: u8,
    /// Version.
    pub version: u8,
    /// Mode.
    pub mode: u8,
    /// Its name.
    #[schemars(extend("enum" = ["reserved", "symmetric-active", "symmetric-passive", "client", "server", "broadcast", "control", "private"]))]
    pub mode_name: &'static str,
    /// Stratum; 0 in an answer that refuses.
    pub stratum: Option<u8>,
    /// Poll interval, as a power of two of seconds.
    pub poll: Option<i8>,
    /// Precision, as a power of two of seconds.
    pub precision: Option<i8>,
    /// Root delay in seconds.
    pub root_delay: Option<String>,
    /// Root dispersion in seconds.
    pub root_dispersion: Option<String>,
    /// Where the time is from: a clock's letters, or an address; null when empty.
    pub reference_id: Option<String>,
    /// The kiss code of an answer that refuses; null in any other.
    pub kiss_code: Option<String>,
    /// Reference timestamp; this and the others are null when zero.
    pub reference: Option<Time>,
    /// Origin timestamp.
    pub origin: Option<Time>,
    /// Receive timestamp.
    pub receive: Option<Time>,
    /// Transmit timestamp.
    pub transmit: Option<Time>,
}

pub(super) fn ntp(message: &ntp::Message) -> Ntp {
    let line = Ntp {
        leap: message.leap,
        version: message.version,
        mode: message.mode.code(),
        mode_name: message.mode.name(),
        ..Ntp::default()
    };
    let Some(told) = message.time else {
        return line;
    };
    let time = |stamp: ntp::Timestamp| stamp.unix_nanos().map(Timestamp).map(Time);
    Ntp {
        stratum: Some(told.stratum),
        poll: Some(told.poll),
        precision: Some(told.precision),
        root_delay: Some(told.root_delay.to_string()),
        root_dispersion: Some(told.root_dispersion.to_string()),
        reference_id: text(message.reference().as_ref()),
        kiss_code: text(message.kiss_code().as_ref()),
        reference: time(told.reference),
        origin: time(told.origin),
        receive: time(told.receive),
        transmit: time(told.transmit),
        ..line
    }
}

#[cfg(test)]
mod tests {
    use phoneboot_parsers::Input;
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn names_have_the_words_of_their_specification() {
        let bytes = b"\x12\x34\x85\x80\0\x01\0\x01\0\0\0\x01\x04prov\x07example\0\0\x01\0\x01\
                      \xc0\x0c\0\x01\0\x01\0\0\x01\x2c\0\x04\xc0\0\x02\x0a\
                      \0\0\x29\x04\xd0\0\0\x80\0\0\0";
        let decoded = phoneboot_parsers::dns::decode(Input::whole(bytes)).unwrap();
        let value = serde_json::to_value(dns(&decoded.value)).unwrap();
        let question = json!({"name": "prov.example", "type": "A", "type_code": 1, "class": 1});
        let answer = json!({"name": "prov.example", "type": "A", "type_code": 1, "class": 1,
            "ttl": 300, "data": "192.0.2.10"});
        let edns = json!({"name": ".", "type": "OPT", "type_code": 41, "class": 1232,
            "ttl": 32_768, "data": ""});
        assert_eq!(
            value,
            json!({
                "id": 0x1234, "qr": true, "opcode": 0, "opcode_name": "QUERY", "aa": true,
                "tc": false, "rd": true, "ra": true, "ad": false, "cd": false, "rcode": 0,
                "rcode_name": "NOERROR", "edns": {"version": 0, "udp_size": 1232, "do": true},
                "questions": [question], "answers": [answer], "authorities": [],
                "additional": [edns],
            })
        );
    }

    #[test]
    fn time_has_the_words_of_its_specification() {
        let mut bytes = [0; 48];
        bytes[..4].copy_from_slice(&[0x24, 2, 6, 0xe7]);
        bytes[4..8].copy_from_slice(&[0, 1, 0x80, 0]);
        bytes[12..16].copy_from_slice(&[192, 0, 2, 1]);
        bytes[40..45].copy_from_slice(&[0xee, 0xab, 0xbc, 0x6a, 0x80]);
        let read = |bytes: &[u8]| -> Value {
            let decoded = phoneboot_parsers::ntp::decode(Input::whole(bytes)).unwrap();
            serde_json::to_value(ntp(&decoded.value)).unwrap()
        };
        assert_eq!(
            read(&bytes),
            json!({
                "leap": 0, "version": 4, "mode": 4, "mode_name": "server", "stratum": 2,
                "poll": 6, "precision": -25, "root_delay": "1.500000",
                "root_dispersion": "0.000000", "reference_id": "192.0.2.1", "kiss_code": null,
                "reference": null, "origin": null, "receive": null,
                "transmit": "2026-11-21T06:44:58.500000Z",
            })
        );
        bytes[1] = 0;
        bytes[12..16].copy_from_slice(b"RATE");
        assert_eq!(read(&bytes)["kiss_code"], json!("RATE"));
        let control = read(&[0x16, 2]);
        assert_eq!(control["mode_name"], json!("control"));
        assert_eq!(control["stratum"], Value::Null);
    }
}
