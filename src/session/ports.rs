//! [`Ports`]: what switch ports said lately, for boots that begin after it.

use phoneboot_parsers::eapol;

use crate::event::{At, Event, EventKind, Seen};

use super::Boot;
use super::hosts::Hosts;
use super::port::{Auth, AuthMessage};
use super::update::port::{TreeNews, answered_by_other, hear_bpdu, is_verdict, keep};

/// How many ports' trees are remembered.
const MAX_TREES: usize = 64;
/// A port that has said nothing for so long is not there any more: the longest max age.
const TREE_SECS: f64 = 40.0;
/// How many questions to everybody are remembered.
const MAX_QUESTIONS: usize = 16;
/// A switch asks when the link comes up, a moment before the phone's first frame.
const QUESTION_SECS: f64 = 30.0;

/// What switch ports said lately.
#[derive(Debug, Default)]
pub(super) struct Ports {
    /// The last BPDU of each port and tree.
    trees: Vec<Seen<TreeNews>>,
    /// EAPOL messages that were sent to everybody, without verdicts: these are about
    /// somebody who spoke before.
    questions: Vec<Seen<eapol::Message>>,
}

impl Ports {
    /// Remembers what a port says to everybody. `false` for a BPDU that says nothing
    /// new: they come every two seconds.
    pub(super) fn remember(&mut self, event: &Event<'_>) -> bool {
        match event.kind {
            EventKind::Eapol(message) => {
                if is_verdict(message) {
                    return true;
                }
                if self.questions.len() >= MAX_QUESTIONS {
                    self.questions.remove(0);
                }
                self.questions.push(Seen::new(message.clone(), event.at));
                true
            }
            EventKind::Bpdu(..) => self.remember_tree(event),
            _ => true,
        }
    }

    fn remember_tree(&mut self, event: &Event<'_>) -> bool {
        let Some(news) = TreeNews::of(event) else {
            return false;
        };
        if let Some(known) = self
            .trees
            .iter_mut()
            .find(|known| known.value.id == news.id)
        {
            let is_new = known.value != news;
            *known = Seen::new(news, event.at);
            return is_new;
        }
        if self.trees.len() >= MAX_TREES {
            self.trees.remove(0);
        }
        self.trees.push(Seen::new(news, event.at));
        true
    }

    /// Tells everyone on the link that somebody else has answered the switch's question.
    pub(super) fn hear_answer(event: &Event<'_>, hosts: &mut Hosts) {
        if let EventKind::Eapol(message) = event.kind
            && let Some(eap) = &message.eap
            && eap.code == eapol::RESPONSE
        {
            for host in hosts.iter_mut() {
                answered_by_other(host, eap.id, event.source.mac);
            }
        }
    }

    /// What was said shortly before belongs to a boot that begins now.
    pub(super) fn recall(&self, boot: &mut Boot, at: At) {
        let within = |secs: f64, seen: At| at.time.secs_since(seen.time) <= secs;
        for seen in self.trees.iter().filter(|seen| within(TREE_SECS, seen.at)) {
            hear_bpdu(&mut boot.link.spanning_tree, &seen.value, seen.at);
        }
        // Later boots are given what the one before heard last.
        if boot.number > 1 {
            return;
        }
        for seen in &self.questions {
            if within(QUESTION_SECS, seen.at) {
                keep(&mut boot.link.auth, &seen.value, seen.at, false);
            }
        }
    }
}

/// Takes the messages that were sent at or after `since` out of a boot.
pub(super) fn split_auth(auth: &mut Auth, since: At) -> Vec<AuthMessage> {
    let at = auth
        .messages
        .iter()
        .position(|message| message.first >= since)
        .unwrap_or(auth.messages.len());
    auth.messages.split_off(at)
}

#[cfg(test)]
mod tests {
    use phoneboot_parsers::{MacAddress, stp};

    use super::*;
    use crate::capture::{FrameNumber, Timestamp};
    use crate::event::{Endpoint, Subject};
    use crate::session::Beginning;
    use crate::session::port::AuthState;

    fn event(secs: i64, kind: EventKind<'_>) -> Event<'_> {
        Event {
            at: At {
                capture: 0,
                frame: FrameNumber(secs.unsigned_abs()),
                time: Timestamp(secs * 1_000_000_000),
            },
            source: Endpoint {
                mac: Some(MacAddress([2, 0, 0, 0, 0, 9])),
                ..Endpoint::default()
            },
            destination: Endpoint::default(),
            vlans: &[],
            subject: Subject::Segment,
            kind,
        }
    }

    fn bpdu(flags: u8) -> (stp::Message, stp::Body) {
        let body = stp::Body {
            flags: stp::Flags(flags),
            root: None,
            root_path_cost: None,
            bridge: None,
            port: Some(1),
            message_age: None,
            max_age: None,
            hello_time: None,
            forward_delay: None,
            region: None,
        };
        let message = stp::Message {
            version: 2,
            kind: stp::RAPID,
            body: Some(body.clone()),
            vlan: None,
        };
        (message, body)
    }

    #[test]
    fn bpdus_that_say_nothing_new_are_none() {
        let mut ports = Ports::default();
        let mut said = |secs, flags| {
            let (message, body) = bpdu(flags);
            ports.remember(&event(secs, EventKind::Bpdu(&message, &body)))
        };
        assert!(said(1, 0x0e));
        assert!(!said(3, 0x0e));
        assert!(said(5, 0x3c));
        // A root port speaks to other switches.
        assert!(!said(6, 0x38));
        let recalled = |at: i64| {
            let at = event(at, EventKind::RouterSolicited).at;
            let mut boot = Boot::new(1, at, Beginning::FirstSeen);
            ports.recall(&mut boot, at);
            boot.link.spanning_tree.ports.len()
        };
        assert_eq!((recalled(9), recalled(99)), (1, 0));
    }

    #[test]
    fn a_first_boot_hears_the_question_that_came_before_it() {
        let question = eapol::Message {
            version: 2,
            kind: eapol::EAP_PACKET,
            length: 5,
            eap: Some(eapol::Packet {
                code: eapol::REQUEST,
                ..eapol::Packet::default()
            }),
            key: None,
        };
        let mut ports = Ports::default();
        for secs in 1..=40 {
            assert!(ports.remember(&event(secs, EventKind::Eapol(&question))));
        }
        assert_eq!(ports.questions.len(), MAX_QUESTIONS);
        let state = |number, secs| {
            let at = event(secs, EventKind::RouterSolicited).at;
            let mut boot = Boot::new(number, at, Beginning::FirstSeen);
            ports.recall(&mut boot, at);
            boot.link.auth.state()
        };
        assert_eq!(state(1, 41), Some(AuthState::PhoneSilent));
        assert_eq!(state(1, 99), None);
        assert_eq!(state(2, 41), None);
    }
}
