//! `phoneboot explain`: what a finding means.

use std::io::Write;

use crate::error::{Error, Exit};
use crate::rules::{RULES, Rule};

use super::page::Page;
use super::to_output;

pub(super) fn run(id: Option<&str>, to_terminal: bool, out: &mut dyn Write) -> Result<Exit, Error> {
    let mut page = Page::new(out, to_terminal);
    match id {
        None => list(&mut page).map_err(to_output)?,
        Some(id) => {
            let rule = Rule::by_id(id).ok_or_else(|| unknown(id))?;
            one(rule, &mut page).map_err(to_output)?;
        }
    }
    Ok(Exit::Clean)
}

fn unknown(id: &str) -> Error {
    let near: Vec<&str> = RULES
        .iter()
        .map(|rule| rule.id)
        .filter(|known| known.contains(id) || shared_words(known, id) >= 2)
        .collect();
    let hint = if near.is_empty() {
        "`phoneboot explain` lists them all".to_owned()
    } else {
        format!("is it {}?", near.join(", "))
    };
    Error::Usage(format!("no finding has the id {id}; {hint}"))
}

/// How many words two ids have in common.
fn shared_words(a: &str, b: &str) -> usize {
    a.split('-')
        .filter(|word| b.split('-').any(|other| other == *word))
        .count()
}

fn list(page: &mut Page<'_>) -> std::io::Result<()> {
    let mut phase = "";
    for rule in RULES {
        if rule.phase_name() != phase {
            if !phase.is_empty() {
                page.gap()?;
            }
            phase = rule.phase_name();
            page.heading(phase)?;
        }
        let first = format!("  {:<29} ", rule.id);
        page.hanging(&rule.documentation().summary, &first, &" ".repeat(32))?;
    }
    Ok(())
}

fn one(rule: &Rule, page: &mut Page<'_>) -> std::io::Result<()> {
    let docs = rule.documentation();
    page.heading(&format!("{} (phase: {})", rule.id, rule.phase_name()))?;
    page.gap()?;
    page.markdown(&docs.summary, "")?;
    for (heading, text) in &docs.sections {
        page.gap()?;
        page.heading(heading)?;
        page.markdown(text, "  ")?;
    }
    Ok(())
}
