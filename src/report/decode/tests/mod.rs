//! Every message as a line, held against the schema.

mod calls;

use std::net::Ipv4Addr;

use phoneboot_parsers::dhcp::{Area, RawOption};
use phoneboot_parsers::http::{End, Ending, Head, Piece, StartLine};
use phoneboot_parsers::lldp::{dot3, med};
use phoneboot_parsers::tftp::{Direction, Request};
use phoneboot_parsers::{IssueKind, MacAddress, arp, cdp, icmp, lldp};
use serde_json::{Value, json};

use super::*;
use crate::capture::{FrameNumber, Timestamp};
use crate::report::{SchemaOf, schema};

/// The line of a message, held against the schema.
fn line(content: Content<'_>) -> Option<Value> {
    let line = DecodeLine {
        at: At {
            capture: 1,
            frame: FrameNumber(11),
            time: Timestamp(1_768_469_760_123_456_789),
        },
        source: Endpoint {
            mac: Some(MacAddress([0x00, 0x1A, 0xA1, 0x7B, 0xE6, 0x38])),
            ip: Some(Ipv4Addr::new(192, 0, 2, 51).into()),
            port: Some(49_152),
        },
        destination: Endpoint::default(),
        vlans: &[7, 110],
        content,
    };
    let mut out = Vec::new();
    decode_line(&line, &mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    if text.is_empty() {
        return None;
    }
    assert_eq!(text.lines().count(), 1);
    let value: Value = serde_json::from_str(&text).unwrap();
    jsonschema::validate(&schema(SchemaOf::Decode), &value).unwrap();
    Some(value)
}

pub(super) fn message(message: &Message<'_>) -> Value {
    line(Content::Message(message, &[])).unwrap()["message"].clone()
}

fn request() -> tftp::Message<'static> {
    tftp::Message::Request(Request {
        direction: Direction::Read,
        file: "a.cfg".into(),
        mode: "octet".into(),
        options: vec![("blksize".into(), "1468".into())],
    })
}

#[test]
fn a_line_names_frame_time_addresses_and_issues() {
    let issues = [Issue::malformed("mode", 3..9, "has no NUL behind it")];
    let request = Message::Tftp(request());
    assert_eq!(
        line(Content::Message(&request, &issues)).unwrap(),
        json!({
            "capture": 1, "frame": 11, "time": "2026-01-15T09:36:00.123456Z", "protocol": "tftp",
            "src_mac": "00:1a:a1:7b:e6:38", "dst_mac": null, "src_ip": "192.0.2.51",
            "dst_ip": null, "src_port": 49152, "dst_port": null, "vlans": [7, 110],
            "issues": [{"kind": "malformed", "field": "mode", "detail": "has no NUL behind it",
                "span": [3, 9]}],
            "message": {"opcode": "rrq", "file": "a.cfg", "mode": "octet",
                "options": [["blksize", "1468"]], "block": null, "length": null,
                "error_code": null, "error_message": null, "of_file": null},
        })
    );
}

#[test]
fn every_kind_of_issue_is_a_word_of_the_schema() {
    for kind in [
        IssueKind::Malformed,
        IssueKind::CutShort,
        IssueKind::Unusual,
        IssueKind::Limit,
    ] {
        let issue = Issue {
            kind,
            ..Issue::malformed("x", 0..1, "y")
        };
        let request = request();
        let content = Content::Tftp {
            message: &request,
            issues: &[issue],
            of_file: None,
        };
        assert_eq!(line(content).unwrap()["issues"][0]["kind"], kind.name());
    }
}

#[test]
fn a_message_that_cannot_be_read_is_an_issue_without_a_message() {
    let error = DecodeError::malformed("opcode", 0, "is 9, must be 1 to 6");
    let value = line(Content::Undecodable(Protocol::Tftp, &error)).unwrap();
    assert_eq!(value["protocol"], "tftp");
    assert_eq!(value["message"], Value::Null);
    assert_eq!(value["issues"][0]["detail"], "is 9, must be 1 to 6");
}

#[test]
fn tftp_messages_behind_the_request_name_the_file() {
    let file = WireText::from("a.cfg");
    let of_file = Some(&file);
    let told = |message: &tftp::Message<'_>| {
        let content = Content::Tftp {
            message,
            issues: &[],
            of_file,
        };
        line(content).unwrap()["message"].clone()
    };
    let data = tftp::Message::Data {
        block: 2,
        data: b"abc",
        wire_length: 512,
    };
    assert_eq!(
        told(&data),
        json!({"opcode": "data", "file": null, "mode": null, "options": [], "block": 2,
            "length": 512, "error_code": null, "error_message": null, "of_file": "a.cfg"})
    );
    let error = tftp::Message::Error {
        code: 1,
        message: WireText::new(b"no\xff"),
    };
    assert_eq!(told(&error)["error_code"], 1);
    assert_eq!(told(&error)["error_message"], r"no\xff");
    assert_eq!(told(&tftp::Message::Ack { block: 65_535 })["block"], 65_535);
    let options = vec![("tsize".into(), "9".into())];
    let oack = tftp::Message::OptionAck { options };
    assert_eq!(told(&oack)["options"], json!([["tsize", "9"]]));
    let mut write = request();
    if let tftp::Message::Request(request) = &mut write {
        request.direction = Direction::Write;
    }
    assert_eq!(told(&write)["opcode"], "wrq");
    assert_eq!(told(&write)["of_file"], Value::Null);
}

#[test]
fn dhcp_options_have_name_bytes_and_value() {
    let option = |code, bytes: &[u8]| RawOption {
        code,
        bytes: bytes.to_vec(),
        area: Area::Options,
        offset_bytes: 240,
    };
    let dhcp = phoneboot_parsers::dhcp::Message {
        op: 1,
        hardware_type: 1,
        hardware_length: 6,
        hops: 0,
        transaction_id: 0xdead_beef,
        elapsed_secs: 4,
        flags: 0x8000,
        client_address: Ipv4Addr::UNSPECIFIED,
        your_address: Ipv4Addr::UNSPECIFIED,
        server_address: Ipv4Addr::new(192, 0, 2, 10),
        relay_address: Ipv4Addr::UNSPECIFIED,
        client_hardware_address: vec![0x00, 0x1a, 0xa1, 0x7b, 0xe6, 0x38],
        server_name: WireText::default(),
        boot_file: "http://u:p@192.0.2.10/x".into(),
        has_cookie: true,
        options: vec![
            option(53, &[1]),
            option(60, b"udhcp"),
            option(66, b"http://u:p@192.0.2.10/"),
            option(253, &[0xAB, 0x01]),
        ],
    };
    assert_eq!(
        message(&Message::Dhcp(Box::new(dhcp))),
        json!({
            "op": 1, "htype": 1, "hlen": 6, "hops": 0, "xid": 0xdead_beef_u32, "secs": 4,
            "flags": 32768, "ciaddr": "0.0.0.0", "yiaddr": "0.0.0.0", "siaddr": "192.0.2.10",
            "giaddr": "0.0.0.0", "chaddr": "00:1a:a1:7b:e6:38", "sname": "",
            "file": "http://***@192.0.2.10/x", "message_type": "discover",
            "options": [
                {"code": 53, "name": "dhcp-message-type", "hex": "01", "value": "discover"},
                {"code": 60, "name": "vendor-class-identifier", "hex": "7564686370",
                    "value": "udhcp"},
                {"code": 66, "name": "tftp-server-name",
                    "hex": "687474703a2f2f2a2a2a403139322e302e322e31302f",
                    "value": "http://***@192.0.2.10/"},
                {"code": 253, "name": "option-253", "hex": "ab01", "value": "ab01"},
            ],
        })
    );
}

#[test]
fn http_is_told_at_its_end_without_credentials() {
    let head = Head {
        start: StartLine::Request {
            method: "GET".into(),
            target: "/a.cfg?password=x".into(),
            version: "HTTP/1.1".into(),
        },
        headers: vec![
            ("Host".into(), "192.0.2.10".into()),
            ("Authorization".into(), "Basic dTpw".into()),
        ],
    };
    let part = Message::Http(Piece::Head(head.clone()));
    assert_eq!(line(Content::Message(&part, &[])), None);
    let part = Message::Http(Piece::Body(b"secret"));
    assert_eq!(line(Content::Message(&part, &[])), None);
    let end = |head, ending| {
        message(&Message::Http(Piece::End(End {
            head,
            body_length: 6,
            announced_length: Some(9),
            ending,
        })))
    };
    assert_eq!(
        end(head, Ending::Closed),
        json!({"kind": "request", "method": "GET", "target": "/a.cfg?password=***",
            "version": "HTTP/1.1", "status": null, "reason": null,
            "headers": [["Host", "192.0.2.10"], ["Authorization", "Basic ***"]],
            "body_length": 6, "announced_length": 9, "ending": "closed"})
    );
    for ending in [
        Ending::Complete,
        Ending::Gap,
        Ending::Unfinished,
        Ending::Malformed,
    ] {
        let start = StartLine::Response {
            version: "HTTP/1.0".into(),
            status: 404,
            reason: "Not Found".into(),
        };
        let headers = Vec::new();
        let told = end(Head { start, headers }, ending);
        assert_eq!(told["status"], 404);
        assert_eq!(told["target"], Value::Null);
    }
}

#[test]
fn cdp_fields_have_the_names_of_the_contract() {
    let full = cdp::Message {
        version: 2,
        ttl_secs: 180,
        checksum_ok: Some(true),
        capabilities: Some(0x0490),
        full_duplex: Some(true),
        voice_vlan: Some(cdp::VoiceVlan {
            application: 1,
            vlan: Some(110),
        }),
        voice_vlan_query: Some(cdp::VoiceVlan {
            application: 0x20,
            vlan: None,
        }),
        power_request: Some(cdp::PowerRequest {
            request_id: 7,
            management_id: 1,
            levels_mw: vec![12_000],
        }),
        power_available: Some(cdp::PowerAvailable {
            request_id: 7,
            management_id: 1,
            available_mw: 15_400,
            management_level_mw: None,
        }),
        addresses: vec![Ipv4Addr::new(192, 0, 2, 7).into()],
        tlvs: vec![cdp::TlvHead {
            kind: 1,
            length: 19,
        }],
        ..cdp::Message::default()
    };
    let told = message(&Message::Cdp(Box::new(full)));
    assert_eq!(
        told["capabilities"],
        json!(["host", "phone", "two-port-mac-relay"])
    );
    assert_eq!(told["duplex"], "full");
    assert_eq!(told["voice_vlan"], 110);
    assert_eq!(told["voice_vlan_query"], Value::Null);
    assert_eq!(told["power_request"]["levels_mw"], json!([12_000]));
    assert_eq!(
        told["power_available"],
        json!({"request_id": 7, "management_id": 1, "available_mw": 15400,
            "management_level_mw": null})
    );
    assert_eq!(told["tlvs"][0], json!({"type": 1, "length": 19}));
    let half = cdp::Message {
        full_duplex: Some(false),
        ..cdp::Message::default()
    };
    assert_eq!(message(&Message::Cdp(Box::new(half)))["duplex"], "half");
    let empty = message(&Message::Cdp(Box::default()));
    assert_eq!(empty["duplex"], Value::Null);
    assert_eq!(empty["power_request"], Value::Null);
}

#[test]
fn lldp_fields_have_the_names_of_the_contract() {
    let mut announced = lldp::Message {
        chassis_id: Some(lldp::Id {
            subtype: 5,
            value: lldp::IdValue::Address(Ipv4Addr::new(192, 0, 2, 51).into()),
        }),
        port_id: Some(lldp::Id {
            subtype: 3,
            value: lldp::IdValue::Mac(MacAddress([0, 0x1a, 0xa1, 0x7b, 0xe6, 0x38])),
        }),
        ttl_secs: Some(120),
        capabilities: Some(lldp::Capabilities {
            system: 0x24,
            enabled: 0x20,
        }),
        management_addresses: vec![managed(1, &[192, 0, 2, 51]), managed(6, &[0, 1, 2])],
        tlvs: vec![lldp::TlvHead {
            kind: 127,
            length: 7,
            organization: Some(([0x00, 0x12, 0xbb], 4)),
        }],
        ..lldp::Message::default()
    };
    announced.dot3.power = Some(dot3::Power {
        mdi_support: 0b0110,
        pse_pair: 1,
        class: 3,
        negotiation: Some(dot3::PowerNegotiation {
            type_source_priority: 0b0101_0010,
            requested_dw: 65,
            allocated_dw: 63,
        }),
        four_pair: None,
    });
    announced.med.capabilities = Some((0x33, 3));
    announced.med.policies = [1, 99]
        .map(|application| med::Policy {
            application,
            unknown: false,
            tagged: true,
            vlan: 110,
            priority: 5,
            dscp: 46,
        })
        .to_vec();
    announced.med.power = Some(med::Power {
        kind: 1,
        source: 0,
        priority: 2,
        power_dw: 63,
    });
    announced.med.inventory.model = Some("7970".into());
    let told = message(&Message::Lldp(Box::new(announced)));
    assert_eq!(told["chassis_id"], "192.0.2.51");
    assert_eq!(told["chassis_id_subtype"], 5);
    assert_eq!(told["port_id"], "00:1a:a1:7b:e6:38");
    assert_eq!(
        told["capabilities"],
        json!({"system": ["bridge", "telephone"], "enabled": ["telephone"]})
    );
    assert_eq!(
        told["management_addresses"],
        json!(["192.0.2.51", "00:01:02"])
    );
    assert_eq!(
        told["dot3_power"],
        json!({"pse": false, "supported": true, "enabled": true, "pair": 1, "class": 2,
            "type": 1, "source": 1, "priority": 2, "requested_mw": 6500, "allocated_mw": 6300,
            "max_available_mw": null})
    );
    assert_eq!(
        told["med"]["capabilities"],
        json!({"bits": 0x33, "device_class": 3})
    );
    assert_eq!(
        told["med"]["policies"][0],
        json!({"application": 1, "name": "voice", "unknown": false, "tagged": true,
            "vlan": 110, "priority": 5, "dscp": 46})
    );
    assert_eq!(told["med"]["policies"][1]["name"], Value::Null);
    assert_eq!(told["med"]["power"]["power_mw"], 6300);
    assert_eq!(told["med"]["inventory"]["model"], "7970");
    assert_eq!(
        told["tlvs"][0],
        json!({"type": 127, "length": 7, "oui": "00-12-bb", "subtype": 4})
    );
}

fn managed(family: u8, address: &[u8]) -> lldp::ManagementAddress {
    lldp::ManagementAddress {
        family,
        address: address.to_vec(),
        interface_subtype: 2,
        interface: 1,
        object_id: Vec::new(),
    }
}

#[test]
fn arp_and_icmp_have_their_natural_names() {
    let mac = MacAddress([0, 0x1a, 0xa1, 0x7b, 0xe6, 0x38]);
    let asked = arp::Message {
        operation: 1,
        sender_mac: mac,
        sender_address: Ipv4Addr::UNSPECIFIED,
        target_mac: MacAddress::default(),
        target_address: Ipv4Addr::new(192, 0, 2, 51),
    };
    assert_eq!(
        message(&Message::Arp(asked)),
        json!({"operation": 1, "sender_mac": "00:1a:a1:7b:e6:38", "sender_ip": "0.0.0.0",
            "target_mac": "00:00:00:00:00:00", "target_ip": "192.0.2.51"})
    );
    let closed = icmp::Message {
        ip_version: 4,
        kind: 3,
        code: 3,
        checksum: 0,
        quoted: Some(icmp::Quoted {
            source: Ipv4Addr::new(192, 0, 2, 51).into(),
            destination: Ipv4Addr::new(192, 0, 2, 10).into(),
            protocol: 17,
            ports: Some((49_152, 69)),
        }),
        neighbor: None,
    };
    assert_eq!(
        message(&Message::Icmp(closed)),
        json!({"ip_version": 4, "type": 3, "code": 3, "quoted": {"src_ip": "192.0.2.51",
            "dst_ip": "192.0.2.10", "protocol": 17, "src_port": 49152, "dst_port": 69},
            "neighbor": null})
    );
}

#[test]
fn ftp_says_where_data_goes_and_no_password() {
    use phoneboot_parsers::ftp;

    let read = |line: &str| {
        let (decoded, _) = ftp::decode(line.as_bytes().into()).unwrap().unwrap();
        message(&Message::Ftp(decoded.value))
    };
    assert_eq!(
        read("PASS secret\r\n"),
        json!({"kind": "command", "command": "PASS", "argument": "****", "code": null,
            "lines": [], "data_address": null, "data_port": null})
    );
    assert_eq!(
        read("227-Ok\r\n227 (192,0,2,10,156,65)\r\n"),
        json!({"kind": "reply", "command": null, "argument": null, "code": 227,
            "lines": ["Ok", "(192,0,2,10,156,65)"], "data_address": "192.0.2.10",
            "data_port": 40001})
    );
}
