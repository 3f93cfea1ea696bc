//! The report as users get it: the view model of every format, and the contract
//! of the JSON ones.
//!
//! Nothing inside derives `Serialize`; these structs do, so that inner types may
//! change without breaking anyone's script. Fields are added, never renamed or
//! removed, within one [`REPORT_VERSION`]. Doc comments here are the descriptions
//! in the JSON Schema. [`super::build`] makes these values from a diagnosis.

use std::fmt;

use chrono::{DateTime, SecondsFormat};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};

use crate::capture::Timestamp;

/// The version of these structures.
pub const REPORT_VERSION: u32 = 1;

/// What one capture, or several read as one, shows of the phones in it.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Report {
    /// Version of this structure. Fields are added within a version, never renamed.
    pub report_version: u32,
    /// What made the report.
    pub generator: Generator,
    /// When the report was made.
    pub generated_at: Time,
    /// The worst outcome of the phones' last boots.
    #[schemars(extend("enum" = ["registered", "loaded", "incomplete", "stalled", "failed", "no-phone"]))]
    pub verdict: &'static str,
    /// The captures that were read; `capture` elsewhere is an index into these.
    pub captures: Vec<Capture>,
    /// The phones, sorted by id.
    pub phones: Vec<Phone>,
    /// Counts over the whole report.
    pub summary: Summary,
    /// Tables that were full, and what that cost.
    pub limits: Vec<Limit>,
}

/// What made the report.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Generator {
    /// Name of the program.
    pub name: &'static str,
    /// Its version.
    pub version: &'static str,
}

/// One capture.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Capture {
    /// Path as it was given; `-` for standard input.
    pub file: String,
    /// File format: `pcap` or `pcapng`.
    pub format: &'static str,
    /// `gzip` or `zstd`; null for a plain file.
    pub compression: Option<&'static str>,
    /// Every link type that occurs, in the order of its first frame.
    pub link_types: Vec<String>,
    /// Frames read.
    pub frames: u64,
    /// Bytes of frames read, as far as they were kept.
    pub bytes: u64,
    /// Time of the earliest frame; null when there is none.
    pub first: Option<Time>,
    /// Time of the latest frame; null when there is none.
    pub last: Option<Time>,
    /// The largest snap length that the file declares; null when it declares none.
    pub snap_length: Option<u32>,
    /// Frames that were kept shorter than they were on the wire.
    pub sliced_frames: u64,
    /// Whether reading stopped before the end of the file.
    pub cut_short: bool,
    /// Frames that the capture itself reports as lost; null when it does not say.
    pub dropped: Option<u64>,
    /// Encapsulations out of which something was read: `erspan-2`, `vxlan`.
    pub encapsulations: Vec<&'static str>,
    /// Frames that the capture shows again, within milliseconds, and that were counted
    /// once.
    pub duplicates: u64,
    /// What is to be said of the capture's quality.
    pub notes: Vec<Finding>,
}

/// One phone.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Phone {
    /// The MAC address; `ip:10.20.0.55` when that cannot be known.
    pub id: String,
    /// MAC address; null when it cannot be known.
    pub mac: Option<String>,
    /// Vendor; null when unknown.
    pub vendor: Option<String>,
    /// Phone family, as `phoneboot phones` lists them; null when unknown.
    pub family: Option<String>,
    /// Model; null when unknown.
    pub model: Option<String>,
    /// Firmware, as the phone names it; null when unknown.
    pub firmware: Option<String>,
    /// The phone's own name; null when unknown.
    pub name: Option<String>,
    /// IP addresses that it used or was given, in the order they were seen.
    pub addresses: Vec<String>,
    /// What it was recognised by, strongest first.
    pub identified_by: Vec<Clue>,
    /// Its boots, in their order.
    pub boots: Vec<Boot>,
    /// Boots left out behind the first one, because there were more than are kept.
    pub boots_left_out: u64,
}

/// One thing that a phone said about itself.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Clue {
    /// Where it said so: `dhcp-vendor-class`, `file-name` …
    pub source: &'static str,
    /// The words.
    pub value: String,
    /// Index of the capture.
    pub capture: usize,
    /// Frame number there.
    pub frame: u64,
}

/// One boot of a phone.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Boot {
    /// From 1.
    pub number: u32,
    /// Time of its first frame.
    pub started: Time,
    /// Time of its last frame.
    pub ended: Time,
    /// From its first to its last frame.
    pub duration_ms: u64,
    /// Index of the capture of its first frame.
    pub capture: usize,
    /// Its first and last frame.
    pub frames: [u64; 2],
    /// How it ended.
    #[schemars(extend("enum" = ["registered", "loaded", "incomplete", "stalled", "failed"]))]
    pub outcome: &'static str,
    /// The furthest phase that it reached.
    #[schemars(extend("enum" = ["link", "lease", "reach", "fetch", "register"]))]
    pub phase: &'static str,
    /// Every phase, in order.
    pub phases: Vec<Phase>,
    /// What phone and switch told each other.
    pub link: Link,
    /// The DHCP exchange; null when none was captured.
    pub lease: Option<Lease>,
    /// Names that were looked up, each with every server that was asked for it.
    pub lookups: Vec<super::services::NameLookup>,
    /// Servers that were asked for the time.
    pub time: Vec<super::services::TimeSource>,
    /// TLS connections that the phone opened, in their order.
    pub tls: Vec<super::services::TlsConnection>,
    /// Files asked for or sent, in the order of their first request.
    pub transfers: Vec<Transfer>,
    /// The attempt to register that got furthest; null when none was captured.
    pub registration: Option<Registration>,
    /// What happened, in the order of the frames.
    pub timeline: Vec<Step>,
    /// Steps left out of the timeline, because there were more than are kept.
    pub timeline_left_out: u64,
    /// What is wrong, worst first.
    pub findings: Vec<Finding>,
}

/// How one phase of a boot went.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Phase {
    /// Which phase.
    #[schemars(extend("enum" = ["link", "lease", "reach", "fetch", "register"]))]
    pub phase: &'static str,
    /// How it went: `ok` when something succeeded in it and no finding is above a note,
    /// `trouble` by a warning, `failed` by an error, `not-seen` when the capture shows
    /// neither a success nor a fault. Where nothing succeeded and the boot went on or ended
    /// all the same it is `trouble`, and after an earlier error `failed`.
    #[schemars(extend("enum" = ["ok", "trouble", "failed", "not-seen"]))]
    pub status: &'static str,
    /// Its first step; null when none was captured.
    pub started: Option<Time>,
    /// From its first to its last step; null when none was captured.
    pub duration_ms: Option<u64>,
}

/// What phone and switch told each other by CDP and LLDP.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Link {
    /// The switch port; null when no switch announced itself.
    pub switch: Option<Switch>,
    /// Voice VLAN that a switch names; null when none does.
    pub voice_vlan: Option<u16>,
    /// VLAN of untagged frames that a switch names; null when none does.
    pub native_vlan: Option<u16>,
    /// VLAN ids of the phone's own frames.
    pub vlans_used: Vec<u16>,
    /// Power over the cable.
    pub power: Power,
    /// 802.1X; absent when nobody spoke of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth: Option<super::port::PortAuth>,
    /// What switch ports say of their spanning trees; absent when none was heard.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub spanning_tree: Vec<super::port::TreePort>,
}

/// A switch port, as the switch announces it.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Switch {
    /// Name of the switch; null when it does not say.
    pub name: Option<String>,
    /// Name of the port; null when it does not say.
    pub port: Option<String>,
    /// What the switch is; null when it does not say.
    pub platform: Option<String>,
    /// IP address of the switch; null when it does not say.
    pub address: Option<String>,
    /// The frame that says so.
    pub frame: u64,
}

/// What became of the phone's wish for power.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Power {
    /// By which protocol; null when power was never spoken of.
    #[schemars(extend("enum" = ["cdp", "lldp", "lldp-med", null]))]
    pub protocol: Option<&'static str>,
    /// What the phone says it draws; null when it does not say.
    pub drawn_mw: Option<u32>,
    /// What it asks for, best first.
    pub requested_mw: Vec<u32>,
    /// What the switch grants; null when it does not say.
    pub available_mw: Option<u32>,
    /// How that stands.
    #[schemars(extend("enum" = ["granted", "short", "unanswered", "not-negotiated"]))]
    pub state: &'static str,
}

/// What DHCP gave the phone: as acknowledged, else as last offered. All but `ipv6` is of
/// IPv4.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Lease {
    /// The address that was acknowledged; null when none was.
    pub address: Option<String>,
    /// The DHCP server; null when none answered.
    pub server: Option<String>,
    /// The first default router; null when none was given.
    pub router: Option<String>,
    /// Name servers given.
    pub name_servers: Vec<String>,
    /// How long the address holds; null when none was acknowledged.
    pub lease_secs: Option<u32>,
    /// The relay agent; null when the exchange shows none.
    pub relay: Option<String>,
    /// Option codes that the phone asks for, in its order.
    pub wanted_options: Vec<u8>,
    /// What names a provisioning server.
    pub provisioning: Vec<Provisioning>,
    /// Option codes that the phone asked for, needs, and was not given.
    pub missing_options: Vec<u8>,
    /// What IPv6 gave the phone, by DHCPv6 and router advertisements; null when the phone
    /// does not speak it.
    pub ipv6: Option<super::model6::Lease6>,
}

/// One source of a provisioning server.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Provisioning {
    /// Option code; null for the header fields `siaddr` and `sname`.
    pub option: Option<u8>,
    /// The value.
    pub value: String,
    /// The frame that gave it.
    pub frame: u64,
}

/// One file that was asked for or sent.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Transfer {
    /// The file, as it was asked for.
    pub file: String,
    /// `tftp`, `ftp` or `http`.
    pub protocol: &'static str,
    /// Whether the phone reads or writes the file.
    #[schemars(extend("enum" = ["read", "write"]))]
    pub direction: &'static str,
    /// What sort of file it is to this phone; null when its family is not known to use it.
    pub role: Option<&'static str>,
    /// What it means to this phone when the file is absent; null when unknown.
    pub when_absent: Option<&'static str>,
    /// The server that was asked.
    pub server: String,
    /// The port that was asked.
    pub server_port: u16,
    /// How it ended.
    #[schemars(extend("enum" = ["complete", "not-found", "refused", "aborted-by-phone",
        "up-to-date", "stalled", "unanswered", "unauthorized", "redirected", "server-error",
        "truncated", "unknown"]))]
    pub status: &'static str,
    /// What ended it; null when nothing did.
    pub error: Option<TransferError>,
    /// Bytes of the file that were transferred, repeats not counted.
    pub bytes: u64,
    /// Bytes that were announced; null when none were.
    pub expected_bytes: Option<u64>,
    /// TFTP block size as agreed; null before that, and for other protocols.
    pub block_size: Option<u32>,
    /// TFTP blocks transferred, repeats not counted.
    pub blocks: u64,
    /// Blocks that were sent again.
    pub retransmissions: u64,
    /// Requests sent.
    pub requests: u64,
    /// Time of the first request.
    pub started: Time,
    /// From the first request to the last frame that belongs to it.
    pub duration_ms: u64,
    /// First and last frame.
    pub frames: [u64; 2],
}

/// What ended a transfer.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct TransferError {
    /// TFTP error code or HTTP status.
    pub code: u32,
    /// The words that came with it.
    pub message: String,
    /// Who said so.
    #[schemars(extend("enum" = ["server", "phone"]))]
    pub from: &'static str,
}

/// An attempt to register with a call server.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Registration {
    /// `sip` or `sccp`.
    pub protocol: &'static str,
    /// The call server; null when its address was not captured.
    pub server: Option<String>,
    /// How it stands.
    #[schemars(extend("enum" = ["registered", "rejected", "unanswered"]))]
    pub status: &'static str,
    /// The server's words for it; null when it has none.
    pub detail: Option<String>,
    /// The frame that settled it, else that of the last request.
    pub frame: u64,
}

/// One step of a boot.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Step {
    /// When.
    pub time: Time,
    /// From the first frame of the boot.
    pub offset_ms: f64,
    /// Index of the capture.
    pub capture: usize,
    /// Frame number there.
    pub frame: u64,
    /// Which phase of the boot it belongs to.
    #[schemars(extend("enum" = ["link", "lease", "reach", "fetch", "register"]))]
    pub phase: &'static str,
    /// Which protocol said it.
    pub protocol: &'static str,
    /// What sort of step it is: `dhcp-discover`, `tftp-request` …
    pub event: &'static str,
    /// Whether the phone sent it, be it by way of a relay agent.
    pub from_phone: bool,
    /// Who sent the frame: IP address, else MAC address; null when neither is known.
    pub from: Option<String>,
    /// Whom it was sent to: IP address, else MAC address; null when neither is known.
    pub to: Option<String>,
    /// Innermost VLAN id of the frame; null when it has no tag.
    pub vlan: Option<u16>,
    /// What happened, as a clause.
    pub summary: String,
    /// Ids of the findings that cite this frame.
    pub findings: Vec<&'static str>,
}

/// A fault, on what evidence, and what to do about it.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Finding {
    /// Which fault; `phoneboot explain ID` tells all about it.
    #[schemars(regex(pattern = r"^[a-z0-9]+(-[a-z0-9]+)*$"))]
    pub id: &'static str,
    /// `error`: the boot stopped, or will stop, here. `warning`: it came up, but wrongly,
    /// slowly or by luck. `note`: worth knowing, and normal.
    #[schemars(extend("enum" = ["error", "warning", "note"]))]
    pub severity: &'static str,
    /// How sure it is.
    #[schemars(extend("enum" = ["certain", "likely", "possible"]))]
    pub confidence: &'static str,
    /// One line, complete in itself.
    pub title: String,
    /// What was seen.
    pub detail: String,
    /// The frames that prove it.
    pub evidence: Vec<Evidence>,
    /// What it is about; only what applies is there.
    pub subject: Subject,
    /// What to do, in the order to try.
    pub remedy: Vec<String>,
    /// The id of the finding that this one only follows from; null when it stands by
    /// itself.
    pub caused_by: Option<&'static str>,
}

/// One frame that proves a finding.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Evidence {
    /// Index of the capture.
    pub capture: usize,
    /// Frame number there.
    pub frame: u64,
    /// When.
    pub time: Time,
    /// What it shows.
    pub summary: String,
}

/// What a finding is about.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Subject {
    /// A file, as it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// A server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server: Option<String>,
    /// A port there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// A DHCP option.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub option: Option<u8>,
    /// A VLAN.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vlan: Option<u16>,
    /// A protocol.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub protocol: Option<&'static str>,
}

/// Counts over a whole report; findings of captures and of all boots together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Summary {
    /// Phones.
    pub phones: usize,
    /// Boots of all phones.
    pub boots: usize,
    /// Findings of severity `error`.
    pub errors: usize,
    /// Findings of severity `warning`.
    pub warnings: usize,
    /// Findings of severity `note`.
    pub notes: usize,
}

/// A table that was full.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Limit {
    /// Which table.
    pub limit: &'static str,
    /// How many entries it holds at the most.
    pub max: u64,
    /// How many entries were given up to make room.
    pub evicted: u64,
}

/// A moment: RFC 3339, in UTC, with microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Time(pub Timestamp);

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = DateTime::from_timestamp_nanos(self.0.0);
        f.write_str(&time.to_rfc3339_opts(SecondsFormat::Micros, true))
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl JsonSchema for Time {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Time".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "format": "date-time",
            "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$",
        })
    }
}
