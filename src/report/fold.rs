//! What repeats itself made short: a phone that asks twenty times says so in three
//! rows, and boots that end as a later one does take one line.

use super::model::{Boot, Evidence, Step};

/// The longest cycle that is looked for: discover, offer, request, refusal.
const MAX_CYCLE: usize = 4;

/// What stands in one row of a timeline.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Row<'a> {
    /// A step.
    Step(&'a Step),
    /// Steps that are like those around them.
    LeftOut(&'a [Step]),
}

/// Rows for `steps`: of a cycle that repeats, the first and the last round are kept.
/// A cycle of one step folds from four rounds on, longer ones from three.
pub(super) fn fold(steps: &[Step]) -> Vec<Row<'_>> {
    let mut rows = Vec::new();
    let mut rest = steps;
    while let Some((first, others)) = rest.split_first() {
        let Some((cycle, rounds)) = cycle_at(rest) else {
            rows.push(Row::Step(first));
            rest = others;
            continue;
        };
        let (run, behind) = rest.split_at(cycle * rounds);
        let (head, run) = run.split_at(cycle);
        let (middle, tail) = run.split_at(run.len() - cycle);
        rows.extend(head.iter().map(Row::Step));
        rows.push(Row::LeftOut(middle));
        rows.extend(tail.iter().map(Row::Step));
        rest = behind;
    }
    rows
}

/// The shortest cycle that `steps` begin with, and how many rounds of it follow.
fn cycle_at(steps: &[Step]) -> Option<(usize, usize)> {
    (1..=MAX_CYCLE).find_map(|cycle| {
        let repeats = steps
            .iter()
            .zip(steps.get(cycle..)?)
            .take_while(|(before, after)| are_similar(before, after))
            .count();
        let rounds = 1 + repeats / cycle;
        let enough = if cycle == 1 { 4 } else { 3 };
        (rounds >= enough).then_some((cycle, rounds))
    })
}

/// Whether two steps say the same but for numbers. Which findings cite them does not
/// matter: these cite the ends of a run, and its ends are shown.
fn are_similar(one: &Step, other: &Step) -> bool {
    fn letters(text: &str) -> impl Iterator<Item = char> {
        text.chars().filter(|character| !character.is_ascii_digit())
    }
    one.event == other.event
        && one.from == other.from
        && one.to == other.to
        && letters(&one.summary).eq(letters(&other.summary))
}

/// How many frames of evidence are shown before and behind those left out.
const EVIDENCE_SHOWN: (usize, usize) = (4, 2);

/// Evidence as it is shown: the first frames, how many are left out, the last ones.
pub(super) fn evidence(all: &[Evidence], verbose: bool) -> (&[Evidence], usize, &[Evidence]) {
    let (before, behind) = EVIDENCE_SHOWN;
    // To leave out one frame and say so saves nothing.
    if verbose || all.len() <= before + behind + 1 {
        return (all, 0, &[]);
    }
    let (first, rest) = all.split_at(before);
    let (hidden, last) = rest.split_at(rest.len() - behind);
    (first, hidden.len(), last)
}

/// What stands for one boot, or for several alike.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Boots<'a> {
    /// A boot that is shown with everything.
    Full(&'a Boot),
    /// Boots that one line is enough for, as all of them ended alike. Never empty.
    Alike(&'a [Boot]),
}

/// The boots of a phone: in full the last one, and every earlier one with an error or
/// warning that no later one tells of; all of them when `all` is set.
pub(super) fn boots(boots: &[Boot], all: bool) -> Vec<Boots<'_>> {
    let mut told = Vec::new();
    let mut full = vec![all; boots.len()];
    for (index, (boot, full)) in boots.iter().zip(&mut full).enumerate().rev() {
        *full |= index + 1 == boots.len();
        for finding in boot.findings.iter().filter(|one| one.severity != "note") {
            let fault = (finding.id, &finding.subject);
            if !told.contains(&fault) {
                told.push(fault);
                *full = true;
            }
        }
    }
    let mut shown = Vec::new();
    let mut rest = boots;
    let mut full = full.into_iter();
    while let (Some((first, others)), Some(in_full)) = (rest.split_first(), full.next()) {
        if in_full {
            shown.push(Boots::Full(first));
            rest = others;
            continue;
        }
        let more = others
            .iter()
            .zip(full.clone())
            .take_while(|(other, in_full)| !in_full && end_alike(first, other))
            .count();
        let (alike, behind) = rest.split_at(more + 1);
        shown.push(Boots::Alike(alike));
        rest = behind;
        full.by_ref().take(more).for_each(drop);
    }
    shown
}

fn end_alike(one: &Boot, other: &Boot) -> bool {
    one.outcome == other.outcome && one.phase == other.phase && errors(one).eq(errors(other))
}

/// Ids of the errors of a boot.
pub(super) fn errors(boot: &Boot) -> impl Iterator<Item = &'static str> {
    boot.findings
        .iter()
        .filter(|finding| finding.severity == "error")
        .map(|finding| finding.id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::testing::{model_boot, step};

    #[test]
    fn earlier_boots_stand_in_one_line_unless_they_tell_of_something_else() {
        let numbers = |all: &[Boot], verbose: bool| {
            let words = boots(all, verbose).into_iter().map(|boots| match boots {
                Boots::Full(boot) => boot.number.to_string(),
                Boots::Alike(alike) => format!("({})", alike.len()),
            });
            words.collect::<Vec<_>>().join(" ")
        };
        let same: Vec<_> = (1..=4).map(|n| model_boot(n, "file-missing")).collect();
        assert_eq!(numbers(&same, false), "(3) 4");
        assert_eq!(numbers(&same, true), "1 2 3 4");
        let mut other = same;
        other[1] = model_boot(2, "dhcp-offer-missing");
        assert_eq!(numbers(&other, false), "(1) 2 (1) 4");
        other[3].findings.clear();
        assert_eq!(numbers(&other, false), "(1) 2 3 4");
        assert_eq!(numbers(&[], false), "");
    }

    fn rows(events: &[&'static str]) -> String {
        let steps: Vec<_> = (1..).zip(events).map(|(n, event)| step(n, event)).collect();
        let shown = fold(&steps).into_iter().map(|row| match row {
            Row::Step(step) => format!("{} ", step.event),
            Row::LeftOut(steps) => format!("({}) ", steps.len()),
        });
        shown.collect::<String>().trim_end().to_owned()
    }

    #[test]
    fn folds_runs_and_cycles_and_leaves_the_rest() {
        for (events, expected) in [
            ("", ""),
            ("a", "a"),
            ("a a a", "a a a"),
            ("a a a a", "a (2) a"),
            ("b a a a a a c", "b a (3) a c"),
            ("a b a b", "a b a b"),
            ("a b a b a b", "a b (2) a b"),
            ("a b a b a b a", "a b (2) a b a"),
            ("a b c d a b c d a b c d", "a b c d (4) a b c d"),
            ("a a a a b b b b", "a (2) a b (2) b"),
        ] {
            let events: Vec<&'static str> = events.split_whitespace().collect();
            assert_eq!(rows(&events), expected);
        }
    }

    #[test]
    fn steps_that_differ_in_more_than_numbers_are_not_folded() {
        let mut steps: Vec<_> = (1..=4).map(|n| step(n, "tftp-request")).collect();
        for (step, file) in steps.iter_mut().zip(["a.cfg", "b.cfg", "c.cfg", "d.cfg"]) {
            step.summary = format!("asks for {file}");
        }
        assert_eq!(fold(&steps).len(), 4);
        for (step, block) in steps.iter_mut().zip(["1", "22", "333", "4444"]) {
            step.summary = format!("sends block {block} again");
        }
        assert_eq!(fold(&steps).len(), 3);
    }
}
