//! [`Context`]: what a rule may know beside the boot that it judges.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use phoneboot_parsers::{Protocol, tftp::Direction};

use crate::capture::{CaptureFacts, Timestamp};
use crate::event::At;
use crate::profiles::{FileMatch, Needs, Profile, Role, WhenAbsent};
use crate::session::tls::Session;
use crate::session::transfer::{Status, Transfer};
use crate::session::{Boot, Phone};

use super::reach::call_servers;
use super::sides::{Side, only_side};

/// How long a family of which nothing is known may be silent, in seconds.
const DEFAULT_PATIENCE_SECS: f64 = 30.0;
/// A request without any answer for this long is unanswered. TFTP clients repeat after
/// one to five seconds (RFC 1350 leaves it open).
const ANSWER_SECS: f64 = 3.0;
/// This many requests show that none is answered, however soon the capture ends after them.
const UNANSWERED_REQUESTS: u64 = 4;
/// A transfer that brings nothing for this long has stalled.
const STALL_SECS: f64 = 10.0;
/// Files of one rotation follow each other within this time on a quiet link.
const ROTATION_SECS: f64 = 60.0;
/// An early close within this many bytes of an image is a look at its header.
const HEADER_LOOK_BYTES: u64 = 256 * 1024;

/// Who asks this often for the same file does not go on without it.
const IN_VAIN: u64 = 3;
/// That it does so is sure when it lasts this long: clients repeat a request at once, too.
const IN_VAIN_SECS: f64 = 10.0;
/// A phone that asks for a refused file again after this long has begun its round again.
const NEXT_ROUND_SECS: f64 = 30.0;

/// What a rule may know beside the boot.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// The phone whose boot is judged.
    pub phone: &'a Phone,
    /// Which of its boots: an index of [`Phone::boots`].
    pub boot_index: usize,
    /// Its family; `None` when unknown.
    pub profile: Option<&'a Profile>,
    /// Its model; `None` when unknown.
    pub model: Option<&'a str>,
    /// The captures of the run.
    pub captures: &'a [CaptureFacts],
    /// Every file name (last segment of its path) that some server of the run
    /// delivered, by the name in lower case.
    pub delivered: &'a BTreeMap<String, String>,
}

/// How a transfer ended, as reports say it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the words of the report, explained there")]
pub enum TransferVerdict {
    Complete,
    NotFound,
    Refused,
    AbortedByPhone,
    UpToDate,
    Stalled,
    Unanswered,
    Unauthorized,
    Redirected,
    ServerError,
    Truncated,
    Unknown,
}

impl TransferVerdict {
    /// Whether the phone has what it asked for.
    pub fn is_delivered(self) -> bool {
        matches!(self, Self::Complete | Self::UpToDate)
    }

    /// The word that reports use.
    pub fn name(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::NotFound => "not-found",
            Self::Refused => "refused",
            Self::AbortedByPhone => "aborted-by-phone",
            Self::UpToDate => "up-to-date",
            Self::Stalled => "stalled",
            Self::Unanswered => "unanswered",
            Self::Unauthorized => "unauthorized",
            Self::Redirected => "redirected",
            Self::ServerError => "server-error",
            Self::Truncated => "truncated",
            Self::Unknown => "unknown",
        }
    }
}

/// Whether a file came, or is on its way: the server said 200, and the capture lacks its
/// bytes or ends among them.
pub(super) fn came(transfer: &Transfer, verdict: TransferVerdict) -> bool {
    match verdict {
        TransferVerdict::Complete | TransferVerdict::UpToDate => true,
        TransferVerdict::Unknown => transfer.http_status == Some(200),
        _ => false,
    }
}

/// Whether so many requests over this time show that a phone does not go on.
pub(super) fn lasts(requests: u64, secs: f64) -> bool {
    (requests >= IN_VAIN && secs >= IN_VAIN_SECS) || (requests > 1 && secs >= NEXT_ROUND_SECS)
}

impl<'a> Context<'a> {
    /// When the capture that holds `at` ended, and every one that goes on where it ends.
    pub fn capture_end(&self, at: At) -> Timestamp {
        let own = self.captures.get(at.capture).and_then(CaptureFacts::span);
        let mut end = own.map_or(at.time, |(_, last)| last);
        let goes_on = |end: Timestamp| {
            self.spans()
                .filter(|(first, last)| *last > end && first.secs_since(end) <= ROTATION_SECS)
                .map(|(_, last)| last)
                .max()
        };
        while let Some(later) = goes_on(end) {
            end = later;
        }
        end
    }

    /// When the capture that holds `at` began, or the first one that it goes on from.
    fn capture_start(&self, at: At) -> Timestamp {
        let own = self.captures.get(at.capture).and_then(CaptureFacts::span);
        let mut start = own.map_or(at.time, |(first, _)| first);
        let goes_back = |start: Timestamp| {
            self.spans()
                .filter(|(first, last)| *first < start && start.secs_since(*last) <= ROTATION_SECS)
                .map(|(first, _)| first)
                .min()
        };
        while let Some(earlier) = goes_back(start) {
            start = earlier;
        }
        start
    }

    /// First and last moment of every capture.
    fn spans(&self) -> impl Iterator<Item = (Timestamp, Timestamp)> {
        self.captures.iter().filter_map(CaptureFacts::span)
    }

    /// Seconds that the capture went on after `at`. For a boot that another followed,
    /// only the time until that other one counts.
    pub fn watched_secs_after(&self, at: At) -> f64 {
        let next = self
            .phone
            .boots
            .get(self.boot_index + 1)
            .map(|boot| boot.started.time);
        let end = next.unwrap_or_else(|| self.capture_end(at));
        end.secs_since(at.time).max(0.0)
    }

    /// Seconds of capture before `at`.
    pub fn watched_secs_before(&self, at: At) -> f64 {
        at.time.secs_since(self.capture_start(at)).max(0.0)
    }

    /// How long this phone may be silent before it is stuck, in seconds.
    pub fn patience_secs(&self) -> f64 {
        self.profile.map_or(DEFAULT_PATIENCE_SECS, |profile| {
            f64::from(profile.patience_secs)
        })
    }

    /// Seconds for which the capture went on after the phone had last tried anything.
    pub fn idle_secs(&self, boot: &Boot) -> f64 {
        self.watched_secs_after(boot.last_effort())
    }

    /// Whether frames that were sent to the phone alone are in the capture. If none
    /// are, an answer that is not seen may well have come.
    pub fn sees_answers(&self, boot: &Boot) -> bool {
        boot.frames_to_phone > 0
    }

    /// Whether frames of the run's captures bear VLAN tags at all. Some drivers strip
    /// them all: then a frame without a tag proves nothing.
    pub fn sees_tags(&self) -> bool {
        self.captures
            .iter()
            .any(|facts| facts.taken.tagged_frames > 0)
    }

    /// What the profile says of a transfer's file.
    pub fn file(&self, transfer: &Transfer) -> Option<FileMatch<'a>> {
        self.profile?.file(&transfer.file_name())
    }

    /// What an absent file means: by the profile, else degraded where it is read,
    /// benign where it is sent.
    pub fn when_absent(&self, transfer: &Transfer) -> WhenAbsent {
        self.file(transfer)
            .map_or(WhenAbsent::Degraded, |file| file.rule.when_absent)
    }

    /// How a transfer ended.
    pub fn verdict(&self, boot: &Boot, transfer: &Transfer) -> TransferVerdict {
        match transfer.status {
            Status::Complete => TransferVerdict::Complete,
            Status::NotModified => TransferVerdict::UpToDate,
            Status::NotFound => TransferVerdict::NotFound,
            Status::Refused => TransferVerdict::Refused,
            Status::Unauthorized => TransferVerdict::Unauthorized,
            Status::Redirected => TransferVerdict::Redirected,
            Status::ServerError => TransferVerdict::ServerError,
            Status::Truncated => TransferVerdict::Truncated,
            Status::Unknown => TransferVerdict::Unknown,
            Status::AbortedByPhone if self.is_header_look(transfer) => TransferVerdict::UpToDate,
            Status::AbortedByPhone => TransferVerdict::AbortedByPhone,
            Status::Unanswered if matches!(only_side(boot), Some(Side::FromPhone(_))) => {
                TransferVerdict::Unknown
            }
            Status::Unanswered => self.unanswered(transfer),
            Status::Running => self.running(boot, transfer),
        }
    }

    /// Phones open an image, read its header and close when they have it already
    /// (Polycom's `sip.ld`, "Polycom IP Phone Boot Analysis" on blog.wireshark.org).
    fn is_header_look(&self, transfer: &Transfer) -> bool {
        let refused_in_words = transfer
            .error
            .as_ref()
            .is_some_and(|error| error.from_phone && error.code != 0);
        self.file(transfer)
            .is_some_and(|file| file.rule.early_close_is_normal)
            && transfer.bytes <= HEADER_LOOK_BYTES
            && !refused_in_words
    }

    fn unanswered(&self, transfer: &Transfer) -> TransferVerdict {
        let waited = self.watched_secs_after(transfer.last_request);
        if waited >= ANSWER_SECS || transfer.requests >= UNANSWERED_REQUESTS {
            TransferVerdict::Unanswered
        } else {
            TransferVerdict::Unknown
        }
    }

    fn running(&self, boot: &Boot, transfer: &Transfer) -> TransferVerdict {
        let header_look = self.is_header_look(transfer) && boot.ended > transfer.last;
        if header_look {
            return TransferVerdict::UpToDate;
        }
        let moved_on = boot.followed_by_another
            || boot
                .transfers
                .iter()
                .any(|other| other.first > transfer.last && other.protocol == Protocol::Tftp);
        // Repeats that bring nothing new are no progress.
        if moved_on || self.watched_secs_after(transfer.progressed) >= STALL_SECS {
            TransferVerdict::Stalled
        } else {
            TransferVerdict::Unknown
        }
    }

    /// Transfers of files that the phone wanted, with how each ended.
    pub fn reads<'b>(
        &'b self,
        boot: &'b Boot,
    ) -> impl Iterator<Item = (&'b Transfer, TransferVerdict)> + 'b {
        boot.transfers
            .iter()
            .filter(|transfer| transfer.direction == Direction::Read)
            .map(|transfer| (transfer, self.verdict(boot, transfer)))
    }

    /// Whether any file that the phone wanted was delivered, as far as one can see: what
    /// goes over TLS is not seen, and phones do not keep such a connection for nothing.
    pub fn fetched_anything(&self, boot: &Boot) -> bool {
        boot.tls.iter().any(Session::is_established)
            || self.reads(boot).any(|(_, verdict)| verdict.is_delivered())
    }

    /// Whether all that the phone asked for and needs was delivered, and it has not
    /// tried to register, nor asked for its call server's address in vain.
    pub fn is_loaded(&self, boot: &Boot) -> bool {
        let all_settled = self.reads(boot).all(|(transfer, verdict)| match verdict {
            TransferVerdict::Complete | TransferVerdict::UpToDate => true,
            TransferVerdict::Unknown => false,
            TransferVerdict::Truncated if self.is_asked_in_vain(boot, transfer) => false,
            _ => {
                self.when_absent(transfer) != WhenAbsent::Fatal
                    || self.stand_in_arrived(boot, transfer)
            }
        });
        boot.registrations.is_empty()
            && self.fetched_anything(boot)
            && all_settled
            && call_servers::asked_in_vain(boot, self).is_empty()
    }

    /// Whether the phone asked for an FTP file again and again, and got no other file
    /// since: it starts over each time.
    pub fn is_asked_in_vain(&self, boot: &Boot, transfer: &Transfer) -> bool {
        transfer.protocol == Protocol::Ftp
            && transfer.requests >= IN_VAIN
            && !boot
                .transfers
                .iter()
                .any(|other| other.first > transfer.last && other.is_delivered())
    }

    /// Whether a file of this name arrived within the boot, from wherever.
    pub fn arrived(&self, boot: &Boot, name: &str) -> bool {
        self.reads(boot)
            .any(|(transfer, verdict)| verdict.is_delivered() && transfer.file_name() == name)
    }

    /// Whether a file that can stand in for this one arrived within the boot.
    pub fn stand_in_arrived(&self, boot: &Boot, transfer: &Transfer) -> bool {
        let Some(chain) = self.file(transfer).and_then(|file| file.chain) else {
            return false;
        };
        // What all phones share comes beside a phone's own settings, not in their place.
        let is_own = self.when_absent(transfer) == WhenAbsent::Degraded
            && self.file(transfer).map(|file| file.role()) == Some(Role::Config);
        let stands_in = |file: FileMatch<'_>| {
            file.chain.is_some_and(|known| known.name == chain.name)
                && !(is_own && file.role() == Role::ConfigCommon)
        };
        chain.needs != Needs::All
            && self.reads(boot).any(|(other, verdict)| {
                came(other, verdict) && self.file(other).is_some_and(stands_in)
            })
    }

    /// Whether the boot before this one missed the same file, and did not register.
    pub fn missed_before(&self, transfer: &Transfer) -> bool {
        let before = self.boot_index.checked_sub(1);
        before
            .and_then(|index| self.phone.boots.get(index))
            .is_some_and(|boot| {
                !boot.is_registered()
                    && boot
                        .transfers
                        .iter()
                        .any(|other| other.file == transfer.file && other.status == transfer.status)
            })
    }

    /// Whether the phone got nothing more after this moment and stopped or started over.
    pub fn is_stuck_after(&self, boot: &Boot, at: At) -> bool {
        let tried_to_register = boot.registrations.iter().any(|attempt| attempt.first > at);
        let idle_secs = self.watched_secs_after(at.max(boot.last_effort()));
        let stopped = boot.followed_by_another
            || idle_secs >= self.patience_secs()
            || (idle_secs >= STALL_SECS && self.ended_so_before(boot))
            || self.asks_again_in_vain(boot);
        !self.got_more_after(boot, at) && !tried_to_register && stopped
    }

    /// Whether the phone got anything after this moment that it had not got before.
    pub fn got_more_after(&self, boot: &Boot, at: At) -> bool {
        self.reads(boot).any(|(transfer, verdict)| {
            let advances = verdict.is_delivered()
                || (verdict == TransferVerdict::Unknown && transfer.bytes > 0);
            transfer.last > at && advances && !self.is_known_already(boot, transfer)
        })
    }

    /// Whether the same file had arrived before this transfer of it began.
    pub fn is_known_already(&self, boot: &Boot, transfer: &Transfer) -> bool {
        boot.transfers.iter().any(|other| {
            other.last < transfer.first
                && other.file == transfer.file
                && other.server == transfer.server
                && other.is_delivered()
        })
    }

    /// Whether the phone asks again and again for what it does not get, or has read already,
    /// and gets nothing new in between: it has begun its round again.
    pub fn asks_again_in_vain(&self, boot: &Boot) -> bool {
        self.reads(boot).any(|(transfer, verdict)| {
            let (in_vain, since) = match verdict {
                TransferVerdict::Complete => (Self::reads_again(boot, transfer), transfer.last),
                TransferVerdict::UpToDate
                | TransferVerdict::Unknown
                | TransferVerdict::Unanswered
                | TransferVerdict::Stalled => return false,
                _ => (Self::insists(transfer), transfer.first),
            };
            in_vain && !self.got_more_after(boot, since)
        })
    }

    /// Whether the phone has asked for this file often and long enough to show that it does
    /// not go on without it.
    pub fn insists(transfer: &Transfer) -> bool {
        let lasted_secs = transfer.last_request.time.secs_since(transfer.first.time);
        lasts(transfer.requests, lasted_secs)
    }

    /// Whether the phone fetches this file, which it has whole, over and over.
    fn reads_again(boot: &Boot, transfer: &Transfer) -> bool {
        let is_again = |other: &&Transfer| {
            other.file == transfer.file
                && other.server == transfer.server
                && other.is_delivered()
                && other.first > transfer.last
        };
        let again = boot.transfers.iter().filter(is_again);
        let Some(last) = again.clone().map(|other| other.first).max() else {
            return false;
        };
        let rounds = u64::try_from(again.count()).unwrap_or(u64::MAX);
        let lasted_secs = last.time.secs_since(transfer.first.time);
        lasts(rounds.saturating_add(1), lasted_secs)
    }

    /// Whether the boot before this one ended with the same file, and did not register.
    fn ended_so_before(&self, boot: &Boot) -> bool {
        let before = self.boot_index.checked_sub(1);
        let before = before.and_then(|index| self.phone.boots.get(index));
        let (Some(before), Some(last)) = (before, boot.transfers.last()) else {
            return false;
        };
        !before.is_registered()
            && before.transfers.last().is_some_and(|transfer| {
                transfer.file == last.file && transfer.status == last.status
            })
    }

    /// Whether two addresses are in one subnet by the phone's lease. `None` without a
    /// mask.
    pub fn same_subnet(&self, boot: &Boot, address: Ipv4Addr) -> Option<bool> {
        let lease = boot.lease.acknowledged()?;
        let mask = *lease.message.addresses(1)?.first()?;
        let own = u32::from(lease.message.your_address) & u32::from(mask);
        Some(u32::from(address) & u32::from(mask) == own)
    }

    /// The vendor's name as a word for sentences: `Cisco`, else `This`.
    pub fn vendor(&self) -> &str {
        self.profile.map_or("This", |profile| &profile.vendor)
    }
}

#[cfg(test)]
mod tests {
    use crate::capture::Timestamp;
    use crate::rules::testing::Case;
    use crate::session::testing::BootBuilder;

    const SEC: i64 = 1_000_000_000;

    /// Seconds before and after the boot's start, in captures with these seconds of
    /// first and last frame; the boot stands in the first of them, at its second 1.
    fn watched(spans: &[(i64, i64)]) -> (f64, f64) {
        let mut case = Case::new("cisco-79x1", BootBuilder::new());
        case.captures(
            spans
                .iter()
                .map(|(first, last)| (Timestamp(first * SEC), Timestamp(last * SEC))),
        );
        let found = std::cell::Cell::new((0.0, 0.0));
        case.check(|boot, context| {
            found.set((
                context.watched_secs_before(boot.started),
                context.watched_secs_after(boot.started),
            ));
            Vec::new()
        });
        found.get()
    }

    #[test]
    fn files_of_a_rotation_are_one_span_of_time() {
        for (spans, expected) in [
            (&[(0, 10)][..], (1.0, 9.0)),
            (&[(0, 10), (10, 20), (50, 90)], (1.0, 89.0)),
            (&[(0, 10), (-30, -5)], (31.0, 9.0)),
            // A day later another capture began.
            (&[(0, 10), (86_400, 86_500)], (1.0, 9.0)),
        ] {
            let (before, after) = watched(spans);
            assert!((before - expected.0).abs() < 0.01, "{spans:?}: {before}");
            assert!((after - expected.1).abs() < 0.01, "{spans:?}: {after}");
        }
    }

    #[test]
    fn a_capture_without_any_tag_does_not_see_tags() {
        let mut case = Case::new("cisco-79x1", BootBuilder::new());
        for (tagged_frames, sees) in [(0, false), (3, true)] {
            case.tagged_frames(tagged_frames);
            case.check(|_, context| {
                assert_eq!(context.sees_tags(), sees);
                Vec::new()
            });
        }
    }
}
