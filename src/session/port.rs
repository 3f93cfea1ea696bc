//! What the switch port does to the phone: 802.1X and spanning tree.

use phoneboot_parsers::{MacAddress, WireText, eapol};

use crate::event::{At, Seen};

/// How many EAPOL messages of a boot are kept.
pub const MAX_AUTH_MESSAGES: usize = 64;
/// How many ports' trees are kept in a boot. A phone hears one port, in one tree or one
/// a VLAN; a monitor port hears many.
pub const MAX_TREE_PORTS: usize = 8;
/// How many changes of state of one port are kept.
pub const MAX_TREE_STATES: usize = 16;

/// 802.1X between phone and switch port.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Auth {
    /// Messages in the order of their frames: start, logoff and EAP. Starts, and
    /// questions for the identity, that follow each other are one.
    pub messages: Vec<AuthMessage>,
    /// Messages left out because there were more than are kept.
    pub left_out: u64,
}

/// One EAPOL message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthMessage {
    /// Where it was seen first.
    pub first: At,
    /// Where it was seen last.
    pub last: At,
    /// How often it was sent in a row.
    pub count: u64,
    /// Whether the phone sent it.
    pub from_phone: bool,
    /// Whether another host on the link answered it: a PC behind the phone, or behind
    /// another port of a monitored switch.
    pub answered_by_other: bool,
    /// The last such message.
    pub message: eapol::Message,
}

/// How far 802.1X came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum AuthState {
    /// The switch let the phone in.
    Success,
    /// The switch kept the phone out.
    Failure,
    /// The switch asks, and the phone never answers.
    PhoneSilent,
    /// The phone starts, and the switch never asks.
    SwitchSilent,
    /// Neither side has come to an end.
    Unfinished,
}

impl AuthState {
    /// The word that reports use.
    pub fn name(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failure => "failure",
            Self::PhoneSilent => "phone-silent",
            Self::SwitchSilent => "switch-silent",
            Self::Unfinished => "unfinished",
        }
    }
}

impl AuthMessage {
    fn eap(&self, code: u8) -> Option<&eapol::Packet> {
        self.message.eap.as_ref().filter(|eap| eap.code == code)
    }
}

impl Auth {
    /// How far it came; `None` when nobody spoke of 802.1X to this phone.
    pub fn state(&self) -> Option<AuthState> {
        if let Some((succeeded, _)) = self.result() {
            return Some(if succeeded {
                AuthState::Success
            } else {
                AuthState::Failure
            });
        }
        let asked = self.requests().next().is_some();
        let answered = self.responses().next().is_some();
        match (asked, answered) {
            (true, false) => Some(AuthState::PhoneSilent),
            (_, true) => Some(AuthState::Unfinished),
            (false, false) => self.starts().next().map(|_| AuthState::SwitchSilent),
        }
    }

    /// The switch's last word, success or failure, and the message.
    pub fn result(&self) -> Option<(bool, &AuthMessage)> {
        self.messages
            .iter()
            .rev()
            .find_map(|message| match message.message.eap.as_ref()?.code {
                eapol::SUCCESS => Some((true, message)),
                eapol::FAILURE => Some((false, message)),
                _ => None,
            })
    }

    /// Questions of the switch, as far as no other host took them for its own.
    pub fn requests(&self) -> impl DoubleEndedIterator<Item = &AuthMessage> {
        self.messages
            .iter()
            .filter(|message| message.eap(eapol::REQUEST).is_some() && !message.answered_by_other)
    }

    /// Answers of the phone.
    pub fn responses(&self) -> impl DoubleEndedIterator<Item = &AuthMessage> {
        self.messages
            .iter()
            .filter(|message| message.eap(eapol::RESPONSE).is_some())
    }

    /// Starts of the phone.
    pub fn starts(&self) -> impl DoubleEndedIterator<Item = &AuthMessage> {
        self.messages
            .iter()
            .filter(|message| message.message.kind == eapol::START)
    }

    /// Who the phone says it is.
    pub fn identity(&self) -> Option<&WireText> {
        self.responses()
            .rev()
            .find_map(|message| message.message.eap.as_ref()?.identity.as_ref())
    }

    /// The method that the switch asked for last.
    pub fn method(&self) -> Option<u8> {
        self.requests()
            .rev()
            .filter_map(|message| message.message.eap.as_ref()?.method)
            .find(|&method| method > eapol::NAK)
    }

    /// Methods that the phone wants instead, where it said so last; 0 stands for none.
    pub fn wanted(&self) -> Option<(&[u8], &AuthMessage)> {
        self.responses().rev().find_map(|message| {
            let wanted = &message.message.eap.as_ref()?.wanted;
            (!wanted.is_empty()).then_some((wanted.as_slice(), message))
        })
    }

    /// The description of the last TLS alert, and the message that carries it.
    pub fn alert(&self) -> Option<(u8, &AuthMessage)> {
        self.messages.iter().rev().find_map(|message| {
            let (_, description) = message.message.eap.as_ref()?.tls_alert?;
            Some((description, message))
        })
    }

    /// What the switch wants shown.
    pub fn notification(&self) -> Option<&WireText> {
        self.messages
            .iter()
            .rev()
            .find_map(|message| message.message.eap.as_ref()?.notification.as_ref())
    }
}

/// The name of an EAP method as people write it: `EAP-TLS`.
pub fn method_name(method: u8) -> String {
    eapol::name(eapol::METHODS, method).map_or_else(
        || format!("EAP method {method}"),
        |name| format!("EAP-{}", name.to_ascii_uppercase()),
    )
}

/// A TLS alert in words (RFC 8446 §6): `alert 48, unknown CA`.
pub fn tls_alert_words(description: u8) -> String {
    let name = match description {
        0 => "close notify",
        10 => "unexpected message",
        20 => "bad record MAC",
        40 => "handshake failure",
        42 => "bad certificate",
        43 => "unsupported certificate",
        44 => "certificate revoked",
        45 => "certificate expired",
        46 => "certificate unknown",
        47 => "illegal parameter",
        48 => "unknown CA",
        49 => "access denied",
        50 => "decode error",
        51 => "decrypt error",
        70 => "protocol version",
        71 => "insufficient security",
        80 => "internal error",
        116 => "certificate required",
        _ => return format!("alert {description}"),
    };
    format!("alert {description}, {name}")
}

/// What the ports on the phone's link say of their spanning trees.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SpanningTree {
    /// One entry a port and tree, in the order of their first BPDU.
    pub ports: Vec<TreePort>,
}

/// One port in one tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TreePort {
    /// Which port.
    pub id: TreePortId,
    /// 0 STP, 2 RSTP, 3 MSTP.
    pub version: u8,
    /// How long the port listens, and then learns, before it forwards, in 1/256 s; `None`
    /// when the BPDU was cut before it.
    pub forward_delay: Option<u16>,
    /// Its states, each where it was seen first; never empty.
    pub states: Vec<Seen<TreeState>>,
    /// The first BPDU of this boot that tells of a change in the tree.
    pub topology_change: Option<At>,
}

/// Which port, in which tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TreePortId {
    /// Address that its frames come from; `None` on link types without one.
    pub mac: Option<MacAddress>,
    /// Priority and number.
    pub port: u16,
    /// VLAN of the tree in PVST+, else the frame's tag; `None` without both.
    pub vlan: Option<u16>,
}

/// What a port does with frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TreeState {
    /// It does not say: BPDUs of STP look the same in every state.
    Unknown,
    /// It lets nothing through.
    Discarding,
    /// It lets nothing through yet, and learns addresses.
    Learning,
    /// It lets frames through.
    Forwarding,
}

impl TreeState {
    /// The word that reports use.
    pub fn name(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Discarding => "discarding",
            Self::Learning => "learning",
            Self::Forwarding => "forwarding",
        }
    }

    /// Whether the port says that it lets nothing through.
    pub fn holds_back(self) -> bool {
        matches!(self, Self::Discarding | Self::Learning)
    }
}

impl TreePort {
    /// The state that held at this moment.
    pub fn state_at(&self, at: At) -> Option<TreeState> {
        self.states
            .iter()
            .rev()
            .find(|seen| seen.at <= at)
            .map(|seen| seen.value)
    }

    /// Where the port said that it holds frames back, and where it let them through
    /// after that, if it did.
    pub fn held_back(&self) -> Option<(At, Option<At>)> {
        let held = self.states.iter().find(|seen| seen.value.holds_back())?.at;
        let opened = self
            .states
            .iter()
            .find(|seen| seen.at > held && seen.value == TreeState::Forwarding);
        Some((held, opened.map(|seen| seen.at)))
    }

    /// Its forward delay in seconds.
    pub fn forward_delay_secs(&self) -> Option<f64> {
        self.forward_delay.map(|delay| f64::from(delay) / 256.0)
    }
}

impl SpanningTree {
    /// The port that is to be looked at for frames in this VLAN (`None`: untagged): that
    /// VLAN's own tree, else the tree for all, else the only port's first.
    pub fn port_for(&self, vlan: Option<u16>) -> Option<&TreePort> {
        let of = |wanted: Option<u16>| self.ports.iter().find(move |port| port.id.vlan == wanted);
        let first = self.ports.first()?;
        let is_one_port = self.ports.iter().all(|port| port.id.mac == first.id.mac);
        of(vlan)
            .or_else(|| of(None))
            .or_else(|| Some(first).filter(|_| is_one_port))
    }

    /// Whether a port says that it held back what was sent at this moment.
    pub fn held_back_at(&self, vlan: Option<u16>, at: At) -> bool {
        self.port_for(vlan)
            .and_then(|port| port.state_at(at))
            .is_some_and(TreeState::holds_back)
    }
}
