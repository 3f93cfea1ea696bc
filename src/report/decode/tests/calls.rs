//! Lines of what registers.

use std::net::Ipv4Addr;

use phoneboot_parsers::{Message, h323, mgcp, sccp, sip};
use serde_json::{Value, json};

use super::message;

#[test]
fn sip_and_sccp_have_their_natural_names() {
    let sip = |start| {
        message(&Message::Sip(sip::Message {
            start,
            headers: vec![("Proxy-Authorization".into(), "Digest a=\"b\"".into())],
            body_length: 0,
            url: Some("http://u:p@192.0.2.10/".into()),
        }))
    };
    let told = sip(sip::StartLine::Request {
        method: "REGISTER".into(),
        uri: "sip:192.0.2.10".into(),
    });
    assert_eq!(
        told,
        json!({"kind": "request", "method": "REGISTER", "uri": "sip:192.0.2.10",
            "status": null, "reason": null, "headers": [["Proxy-Authorization", "Digest ***"]],
            "body_length": 0, "url": "http://***@192.0.2.10/"})
    );
    let told = sip(sip::StartLine::Response {
        status: 403,
        reason: "Forbidden".into(),
    });
    assert_eq!(told["status"], 403);
    let sccp = |id, body| {
        message(&Message::Sccp(sccp::Message {
            header_version: 0,
            id,
            body,
        }))
    };
    let register = sccp::Body::Register {
        device_name: "SEP001AA17BE638".into(),
        device_type: Some(119),
        address: Some(Ipv4Addr::new(192, 0, 2, 51)),
        address_v6: None,
        protocol_version: Some(20),
        load: "SCCP70.9-4-2SR3-1S".into(),
    };
    assert_eq!(
        sccp(1, register),
        json!({"id": 1, "name": "RegisterReq", "header_version": 0,
            "device_name": "SEP001AA17BE638", "device_type": 119, "device_model": "7971",
            "severity": null, "text": null, "reset_type": null, "address": "192.0.2.51",
            "address_v6": null, "protocol_version": 20, "load": "SCCP70.9-4-2SR3-1S",
            "keep_alive_secs": null, "wait_secs": null, "reason": null, "status": null,
            "servers": []})
    );
    let alarm = sccp::Body::Alarm {
        severity: 2,
        text: "Last=X".into(),
    };
    assert_eq!(sccp(0x20, alarm)["text"], "Last=X");
    let text = "Error".into();
    let told = sccp(0x9d, sccp::Body::RegisterReject { text });
    assert_eq!(
        (&told["name"], &told["text"]),
        (&json!("RegisterReject"), &json!("Error"))
    );
    assert_eq!(sccp(0x9f, sccp::Body::Reset { kind: 2 })["reset_type"], 2);
    let acknowledged = sccp::Body::RegisterAck {
        keep_alive_secs: Some(30),
        protocol_version: Some(20),
    };
    let told = sccp(0x81, acknowledged);
    assert_eq!(
        (&told["name"], &told["keep_alive_secs"]),
        (&json!("RegisterAck"), &json!(30))
    );
    let told = sccp(0x11b, sccp::Body::RegisterTokenReject { wait_secs: 60 });
    assert_eq!(told["wait_secs"], 60);
    let servers = vec![("cm1.example".into(), Some(2000))];
    let told = sccp(0x9e, sccp::Body::Servers { servers });
    assert_eq!(
        told["servers"],
        json!([{"name": "cm1.example", "port": 2000}])
    );
    assert_eq!(
        sccp(0x118, sccp::Body::UnregisterAck { status: 2 })["status"],
        2
    );
    assert_eq!(
        sccp(0x27, sccp::Body::Unregister { reason: Some(1) })["reason"],
        1
    );
    assert_eq!(sccp(0xffff, sccp::Body::Other)["name"], Value::Null);
}

#[test]
fn mgcp_and_h323_have_their_natural_names() {
    let told = message(&Message::Mgcp(mgcp::Message {
        start: mgcp::StartLine::Command {
            verb: "RSIP".into(),
            transaction: 1200,
            endpoint: "aaln/1@192.0.2.51".into(),
            version: "1.0".into(),
        },
        parameters: vec![("RM".into(), "restart".into())],
    }));
    assert_eq!(
        told,
        json!({"kind": "command", "verb": "RSIP", "transaction_id": 1200,
            "endpoint": "aaln/1@192.0.2.51", "version": "1.0", "code": null, "comment": null,
            "parameters": [["RM", "restart"]]})
    );
    let told = message(&Message::Mgcp(mgcp::Message {
        start: mgcp::StartLine::Response {
            code: 200,
            transaction: 1200,
            comment: "OK".into(),
        },
        parameters: vec![],
    }));
    assert_eq!(
        (&told["code"], &told["comment"]),
        (&json!(200), &json!("OK"))
    );
    let ras = h323::Message::Ras { index: 3 };
    assert_eq!(
        message(&Message::H323(ras)),
        json!({"kind": "ras", "message_type": 3, "name": "registrationRequest"})
    );
    let other = h323::Message::CallSignalling { message_type: 0x7f };
    assert_eq!(message(&Message::H323(other))["name"], Value::Null);
}
