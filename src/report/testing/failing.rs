//! A boot that ends at a missing file.

use std::net::{IpAddr, Ipv4Addr};

use phoneboot_parsers::dhcp::MessageType;
use phoneboot_parsers::tftp::Direction;
use phoneboot_parsers::{MacAddress, Protocol, WireText, cdp};

use super::{PHONE, PHONE_IP, SERVER, at};
use crate::diagnosis::{
    BootDiagnosis, Outcome, PhaseReport, PhaseStatus, PowerReport, PowerState, ProvisioningValue,
    TransferReport,
};
use crate::event::{At, Endpoint, Seen};
use crate::finding::{About, Confidence, Finding, Severity};
use crate::session::lease::LeaseMessage;
use crate::session::link::Announcement;
use crate::session::registration::Registration;
use crate::session::transfer::{Status, Transfer, TransferError};
use crate::session::{Beginning, Boot, Phase, Step};

const SWITCH: MacAddress = MacAddress([0x00, 0x25, 0x84, 0x01, 0x02, 0x07]);

/// A boot that ends at a missing file, ten frames a boot.
pub(super) fn failing_boot(number: u32) -> (Boot, BootDiagnosis) {
    let base = u64::from(number - 1) * 100;
    let ms = i64::from(number - 1) * 60_000;
    let frame = |n: u64, after: i64| at(base + n, ms + after);
    let mut boot = Boot::new(number, frame(2, 0), Beginning::FirstSeen);
    boot.ended = frame(99, 41_003);
    boot.followed_by_another = number < 3;
    boot.link.vlans_used = [110].into();
    boot.link.switch_cdp.push(Announcement {
        first: Seen::new(switch(), frame(4, 30)),
        last: frame(4, 30),
        count: 1,
    });
    for (n, kind, from_phone) in [
        (5, MessageType::Discover, true),
        (6, MessageType::Offer, false),
        (7, MessageType::Request, true),
        (8, MessageType::Ack, false),
    ] {
        boot.lease
            .messages
            .push(dhcp(frame(n, 100), kind, from_phone));
    }
    boot.transfers
        .push(missing_file(frame(11, 900), frame(20, 40_500)));
    boot.registrations.push(Registration {
        last: frame(30, 41_000),
        requests: 1,
        ..Registration::new(Protocol::Sccp, None, Some(2000), frame(30, 41_000))
    });
    boot.timeline = timeline(&frame);
    boot.steps_left_out = 7;
    let found = BootDiagnosis {
        outcome: Outcome::Failed,
        phase: Phase::Fetch,
        phases: phases(frame(2, 0)),
        power: PowerReport {
            protocol: Some("cdp"),
            drawn_mw: Some(6300),
            requested_mw: vec![12_000, 10_250],
            available_mw: None,
            state: PowerState::Unanswered,
        },
        voice_vlan: Some(110),
        missing_options: vec![150],
        provisioning: vec![
            ProvisioningValue {
                option: Some(66),
                value: "http://admin:secret@192.0.2.10/".into(),
                at: frame(8, 100),
            },
            ProvisioningValue {
                option: None,
                value: "192.0.2.10".into(),
                at: frame(8, 100),
            },
        ],
        transfers: vec![TransferReport {
            role: Some("recovery"),
            when_absent: Some("fatal"),
            status: "not-found",
        }],
        findings: findings(&frame),
    };
    (boot, found)
}

fn phases(started: At) -> Vec<PhaseReport> {
    let status = [
        PhaseStatus::Trouble,
        PhaseStatus::Ok,
        PhaseStatus::Ok,
        PhaseStatus::Failed,
        PhaseStatus::NotSeen,
    ];
    let seen = |status| (status != PhaseStatus::NotSeen).then_some(started);
    let rows = Phase::ALL.into_iter().zip(status);
    rows.map(|(phase, status)| PhaseReport {
        phase,
        status,
        started: seen(status),
        ended: seen(status),
    })
    .collect()
}

fn switch() -> cdp::Message {
    cdp::Message {
        device_id: Some("sw1".into()),
        port_id: Some("FastEthernet0/7".into()),
        platform: Some("cisco WS-C3560-24PS".into()),
        native_vlan: Some(1),
        ..cdp::Message::default()
    }
}

fn dhcp(at: At, kind: MessageType, from_phone: bool) -> LeaseMessage {
    use phoneboot_parsers::dhcp::{Area, Message, RawOption};
    let given: &[(u8, &[u8])] = if from_phone {
        &[(55, &[1, 66, 6, 3, 15, 150, 35])]
    } else {
        &[
            (54, &[192, 0, 2, 1]),
            (51, &[0, 1, 0x51, 0x80]),
            (3, &[192, 0, 2, 1]),
            (6, &[192, 0, 2, 2, 192, 0, 2, 3]),
        ]
    };
    let options = given.iter().map(|(code, bytes)| RawOption {
        code: *code,
        bytes: bytes.to_vec(),
        area: Area::Options,
        offset_bytes: 240,
    });
    LeaseMessage {
        at,
        vlan: Some(110),
        sender: (!from_phone).then_some(Ipv4Addr::new(192, 0, 2, 1)),
        kind: Some(kind),
        message: Message {
            op: if from_phone { 1 } else { 2 },
            hardware_type: 1,
            hardware_length: 6,
            hops: 0,
            transaction_id: 0x1234_5678,
            elapsed_secs: 0,
            flags: 0x8000,
            client_address: Ipv4Addr::UNSPECIFIED,
            your_address: if from_phone {
                Ipv4Addr::UNSPECIFIED
            } else {
                PHONE_IP
            },
            server_address: Ipv4Addr::UNSPECIFIED,
            relay_address: Ipv4Addr::UNSPECIFIED,
            client_hardware_address: PHONE.0.to_vec(),
            server_name: WireText::default(),
            boot_file: WireText::default(),
            has_cookie: true,
            options: options.collect(),
        },
    }
}

fn missing_file(first: At, last: At) -> Transfer {
    let (file, place) = ("term70.default.loads".into(), (SERVER.into(), 69));
    Transfer {
        client_port: 49_152,
        status: Status::NotFound,
        error: Some(TransferError {
            code: 1,
            message: "File not found".into(),
            from_phone: false,
            at: last,
        }),
        requests: 5,
        last_request: last,
        answered: Some(last),
        progressed: last,
        last,
        ..Transfer::new(file, Protocol::Tftp, Direction::Read, place, first)
    }
}

fn timeline(frame: &dyn Fn(u64, i64) -> At) -> Vec<Step> {
    let phone = Endpoint {
        mac: Some(PHONE),
        ip: Some(PHONE_IP.into()),
        port: Some(49_152),
    };
    let starting = Endpoint {
        ip: Some(IpAddr::V4(Ipv4Addr::UNSPECIFIED)),
        ..phone
    };
    let host = |ip: Ipv4Addr| Endpoint {
        mac: Some(SWITCH),
        ip: Some(ip.into()),
        port: Some(69),
    };
    let group = Endpoint {
        mac: Some(MacAddress([0x01, 0x00, 0x0c, 0xcc, 0xcc, 0xcc])),
        ..Endpoint::default()
    };
    let link = |mac| Endpoint {
        mac: Some(mac),
        ..Endpoint::default()
    };
    let all = host(Ipv4Addr::BROADCAST);
    let dhcp_server = host(Ipv4Addr::new(192, 0, 2, 1));
    let server = host(SERVER);
    let (cdp, dhcp, tftp) = (Protocol::Cdp, Protocol::Dhcp, Protocol::Tftp);
    #[rustfmt::skip]
    let mut rows = vec![
        (frame(2, 0), Phase::Link, cdp, "cdp-phone", link(PHONE), group,
            "says it is a Cisco IP Phone 7970, asks for 12.0 W".to_owned()),
        (frame(4, 30), Phase::Link, cdp, "cdp-switch", link(SWITCH), group,
            "switch sw1: port FastEthernet0/7, voice VLAN 110".to_owned()),
        (frame(5, 100), Phase::Lease, dhcp, "dhcp-discover", starting, all,
            "asks for an address".to_owned()),
        (frame(6, 104), Phase::Lease, dhcp, "dhcp-offer", dhcp_server, all,
            "192.0.2.1 offers 192.0.2.51".to_owned()),
        (frame(7, 110), Phase::Lease, dhcp, "dhcp-request", starting, all,
            "takes 192.0.2.51 from 192.0.2.1".to_owned()),
        (frame(8, 113), Phase::Lease, dhcp, "dhcp-ack", dhcp_server, all,
            "192.0.2.1 gives 192.0.2.51; next server 192.0.2.10".to_owned()),
    ];
    for n in 0..5_i64 {
        let (number, ms) = (11 + 2 * u64::try_from(n).unwrap(), 900 + 9_900 * n);
        rows.push((
            frame(number, ms),
            Phase::Fetch,
            tftp,
            "tftp-request",
            phone,
            server,
            "asks for term70.default.loads (octet)".to_owned(),
        ));
        rows.push((
            frame(number + 1, ms + 4),
            Phase::Fetch,
            tftp,
            "tftp-error",
            server,
            phone,
            "server refuses term70.default.loads: error 1, \"File not found\"".to_owned(),
        ));
    }
    rows.into_iter()
        .map(
            |(at, phase, protocol, event, source, destination, summary)| Step {
                at,
                phase,
                protocol,
                event,
                from_phone: source.mac == Some(PHONE),
                source,
                destination,
                vlan: (phase != Phase::Link).then_some(110),
                summary,
            },
        )
        .collect()
}

fn findings(frame: &dyn Fn(u64, i64) -> At) -> Vec<Finding> {
    let mut missing = Finding::new(
        "file-missing",
        Severity::Error,
        "TFTP server has no file \"term70.default.loads\"",
    )
    .detail(
        "The phone asked 192.0.2.10 five times; each time the server answered error 1, \
         \"File not found\". This phone cannot start without it.",
    )
    .about(About {
        file: Some("term70.default.loads".into()),
        server: Some(SERVER.into()),
        ..About::default()
    })
    .remedy(
        "Put term70.default.loads, and every file named in it, into the TFTP root, \
         spelled exactly like this.",
    )
    .remedy("Power the phone off and on.");
    for n in 0..5_u32 {
        let (number, ms) = (11 + 2 * u64::from(n), 900 + 9_900 * i64::from(n));
        missing = missing
            .evidence(frame(number, ms), "RRQ term70.default.loads")
            .evidence(frame(number + 1, ms + 4), "ERROR 1 File not found");
    }
    vec![
        missing,
        Finding::new(
            "boot-loop",
            Severity::Warning,
            "The phone starts over and over",
        )
        .confidence(Confidence::Likely)
        .detail("Three boots end at the same place.")
        .evidence(frame(2, 0), "a boot begins")
        .caused_by("file-missing"),
        Finding::new(
            "dhcp-option-150-missing",
            Severity::Note,
            "The DHCP server gave no option 150, siaddr took its place",
        )
        .confidence(Confidence::Possible)
        .about(About {
            option: Some(150),
            vlan: Some(110),
            port: Some(67),
            protocol: Some("dhcp"),
            ..About::default()
        })
        .evidence(frame(8, 113), "ACK without option 150"),
    ]
}
