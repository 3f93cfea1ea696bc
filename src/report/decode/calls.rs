//! SIP and SCCP messages as lines show them.

use phoneboot_parsers::sccp::{self, Body};
use phoneboot_parsers::sip::{self, StartLine};
use phoneboot_parsers::{WireText, http};
use schemars::JsonSchema;
use serde::Serialize;

use super::{headers, text};

/// A SIP message. Null is what requests or responses do not have.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct Sip {
    /// Which of the two.
    #[schemars(extend("enum" = ["request", "response"]))]
    pub kind: &'static str,
    /// Method of a request.
    pub method: Option<String>,
    /// Request URI, credentials masked.
    pub uri: Option<String>,
    /// Status of a response.
    pub status: Option<u16>,
    /// The words behind the status.
    pub reason: Option<String>,
    /// Header fields in wire order, compact names in full, credentials masked.
    pub headers: Vec<[String; 2]>,
    /// Bytes of the body.
    pub body_length: usize,
    /// The URL that a plug-and-play body (`application/url`) names, credentials masked; null without one.
    pub url: Option<String>,
}

/// An SCCP message. Null is what a message of this name does not have.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct Sccp {
    /// Message id.
    pub id: u32,
    /// Its name: `RegisterReq`, `Alarm` …; null for an unknown one.
    pub name: Option<&'static str>,
    /// Header version; 0 in the basic protocol.
    pub header_version: u32,
    /// Name that the phone registers.
    pub device_name: Option<String>,
    /// Number of the device's type.
    pub device_type: Option<u32>,
    /// The model of that number; null when it is not known.
    pub device_model: Option<&'static str>,
    /// Severity of an alarm.
    pub severity: Option<u32>,
    /// IPv4 address in a registration.
    pub address: Option<String>,
    /// IPv6 address in a registration; null when it is all zeros.
    pub address_v6: Option<String>,
    /// Highest protocol version of the phone, or the one that the server takes.
    pub protocol_version: Option<u8>,
    /// Firmware that the phone says it runs.
    pub load: Option<String>,
    /// Seconds between two keep-alives.
    pub keep_alive_secs: Option<u32>,
    /// Seconds to wait before the next request for a token.
    pub wait_secs: Option<u32>,
    /// Why the phone unregisters, by number.
    pub reason: Option<u32>,
    /// 0 unregistered, 1 error, 2 refused.
    pub status: Option<u32>,
    /// Call servers with their ports.
    pub servers: Vec<Server>,
    /// Text of an alarm, a reject, a version or a place.
    pub text: Option<String>,
    /// 1 reset, 2 restart, 3 apply configuration.
    pub reset_type: Option<u32>,
}

/// A call server that another one names.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Server {
    /// Name or address.
    pub name: String,
    /// TCP port; null when the message ends before it.
    pub port: Option<u32>,
}

pub(super) fn sip(message: &sip::Message) -> Sip {
    let masked = |url: &WireText| http::masked_target(url).to_json();
    let line = Sip {
        headers: headers(&message.headers),
        body_length: message.body_length,
        url: message.url.as_ref().map(masked),
        ..Sip::default()
    };
    match &message.start {
        StartLine::Request { method, uri } => Sip {
            kind: "request",
            method: text(Some(method)),
            uri: Some(masked(uri)),
            ..line
        },
        StartLine::Response { status, reason } => Sip {
            kind: "response",
            status: Some(*status),
            reason: text(Some(reason)),
            ..line
        },
    }
}

pub(super) fn sccp(message: &sccp::Message) -> Sccp {
    let line = Sccp {
        id: message.id,
        name: Some(sccp::name(message.id)).filter(|&name| name != "unknown"),
        header_version: message.header_version,
        ..Sccp::default()
    };
    match &message.body {
        Body::Register {
            device_name,
            device_type,
            address,
            address_v6,
            protocol_version,
            load,
        } => Sccp {
            device_name: text(Some(device_name)),
            device_type: *device_type,
            device_model: device_type.and_then(sccp::model),
            address: address.map(|address| address.to_string()),
            address_v6: address_v6.map(|address| address.to_string()),
            protocol_version: *protocol_version,
            load: text(Some(load).filter(|load| !load.is_empty())),
            ..line
        },
        Body::RegisterToken {
            device_name,
            device_type,
            address,
        } => Sccp {
            device_name: text(Some(device_name)),
            device_type: *device_type,
            device_model: device_type.and_then(sccp::model),
            address: address.map(|address| address.to_string()),
            ..line
        },
        Body::RegisterAck {
            keep_alive_secs,
            protocol_version,
        } => Sccp {
            keep_alive_secs: *keep_alive_secs,
            protocol_version: *protocol_version,
            ..line
        },
        Body::RegisterTokenReject { wait_secs } => Sccp {
            wait_secs: Some(*wait_secs),
            ..line
        },
        Body::Unregister { reason } => Sccp {
            reason: *reason,
            ..line
        },
        Body::UnregisterAck { status } => Sccp {
            status: Some(*status),
            ..line
        },
        Body::Servers { servers } => Sccp {
            servers: servers
                .iter()
                .map(|(name, port)| Server {
                    name: name.to_json(),
                    port: *port,
                })
                .collect(),
            ..line
        },
        Body::Alarm {
            severity,
            text: words,
        } => Sccp {
            severity: Some(*severity),
            text: text(Some(words)),
            ..line
        },
        Body::RegisterReject { text: words }
        | Body::Version { text: words }
        | Body::LocationInfo { text: words }
        | Body::XmlAlarm { text: words } => Sccp {
            text: text(Some(words)),
            ..line
        },
        Body::Reset { kind } => Sccp {
            reset_type: Some(*kind),
            ..line
        },
        Body::RegisterTokenAck | Body::Other => line,
    }
}
