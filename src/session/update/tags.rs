//! Tags that only a copy of a frame bears.

use crate::event::At;
use crate::session::Boot;
use crate::session::link::Link;

/// Untagged frames that are remembered of a boot. A phone that sent more of them than
/// copies have put right so far sends untagged.
const MAX_LATEST: usize = 64;

/// The frame `of` was taken in without a tag, and a copy shows that it bears one.
/// `from_phone` when the phone sent it.
pub(in crate::session) fn put_in(boot: &mut Boot, of: At, vlan: u16, from_phone: bool) {
    let steps = boot.timeline.iter_mut().rev();
    for step in steps.take_while(|step| step.at >= of) {
        if step.at == of {
            step.vlan = step.vlan.or(Some(vlan));
        }
    }
    let messages = boot.lease.messages.iter_mut().rev();
    for message in messages.take_while(|message| message.at >= of) {
        if message.at == of {
            message.vlan = message.vlan.or(Some(vlan));
        }
    }
    if from_phone {
        let link = &mut boot.link;
        link.vlans_used.insert(vlan);
        let before = link.latest_untagged.len();
        link.latest_untagged.retain(|at| *at != of);
        let was_all = before > 0 && before < MAX_LATEST && link.latest_untagged.is_empty();
        link.sent_untagged &= !was_all;
    }
}

/// The phone sent a frame without a tag.
pub(in crate::session) fn lacking(link: &mut Link, at: At) {
    link.sent_untagged = true;
    if link.latest_untagged.len() < MAX_LATEST && link.latest_untagged.back() != Some(&at) {
        link.latest_untagged.push_back(at);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::testing::BootBuilder;

    #[test]
    fn puts_the_tag_into_the_frame_and_no_other() {
        let mut boot = BootBuilder::new().lease(&[150], &[]).build();
        let [first, second] = [0, 1].map(|index| boot.timeline[index].at);
        lacking(&mut boot.link, first);
        lacking(&mut boot.link, first);
        lacking(&mut boot.link, second);
        put_in(&mut boot, second, 110, true);
        assert!(boot.link.sent_untagged);
        put_in(&mut boot, first, 110, true);
        assert!(!boot.link.sent_untagged);
        assert_eq!(boot.link.vlans_used, [110].into());
        let vlans: Vec<_> = boot.timeline.iter().map(|step| step.vlan).collect();
        assert_eq!(vlans, [Some(110), Some(110), None, None]);
        let vlans: Vec<_> = boot.lease.messages.iter().map(|m| m.vlan).collect();
        assert_eq!(vlans, [Some(110), Some(110), None, None]);
    }

    #[test]
    fn a_copy_of_a_frame_that_was_not_counted_proves_nothing() {
        let mut boot = BootBuilder::new().lease(&[150], &[]).build();
        let [first, second] = [0, 1].map(|index| boot.timeline[index].at);
        lacking(&mut boot.link, first);
        put_in(&mut boot, second, 110, true);
        assert!(boot.link.sent_untagged);
    }
}
