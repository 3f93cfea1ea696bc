//! `phoneboot phones`: what is known of the phone families.

use std::io::{self, Write};
use std::path::Path;

use crate::error::{Error, Exit};
use crate::profiles::care::{Procedure, Sign};
use crate::profiles::{FileRule, Profile, Profiles, WhenAbsent};

use super::page::Page;
use super::to_output;

pub(super) fn run(
    name: Option<&str>,
    folder: Option<&Path>,
    to_terminal: bool,
    out: &mut dyn Write,
) -> Result<Exit, Error> {
    let more = folder.map(Profiles::with_folder).transpose()?;
    let profiles = more.as_ref().unwrap_or_else(|| Profiles::embedded());
    let mut page = Page::new(out, to_terminal);
    let Some(name) = name else {
        list(profiles, &mut page).map_err(to_output)?;
        return Ok(Exit::Clean);
    };
    let found = profiles.search(name);
    match found.as_slice() {
        [] => {
            return Err(Error::Usage(format!(
                "no phone family is called {name}; `phoneboot phones` lists them"
            )));
        }
        [one] => tell(one, &mut page).map_err(to_output)?,
        several => {
            page.paragraph(&format!("Several families match {name}:"), "")
                .map_err(to_output)?;
            for profile in several {
                row(profile, &mut page).map_err(to_output)?;
            }
        }
    }
    Ok(Exit::Clean)
}

fn list(profiles: &Profiles, page: &mut Page<'_>) -> io::Result<()> {
    for profile in profiles.all() {
        row(profile, page)?;
    }
    page.gap()?;
    page.paragraph(
        "`phoneboot phones NAME` tells all about one, by family or model.",
        "",
    )
}

fn row(profile: &Profile, page: &mut Page<'_>) -> io::Result<()> {
    let first = format!("  {:<21} ", profile.id);
    let models = if profile.models.is_empty() {
        String::new()
    } else {
        format!(": {}", short_models(profile).join(", "))
    };
    page.hanging(
        &format!("{}{models}", profile.title),
        &first,
        &" ".repeat(24),
    )
}

/// The models without the words that all of them begin with.
fn short_models(profile: &Profile) -> Vec<&str> {
    let models: Vec<&str> = profile.models.iter().map(String::as_str).collect();
    let Some(first) = models.first() else {
        return models;
    };
    let common = first
        .match_indices(' ')
        .map(|(at, _)| at + 1)
        .take_while(|&end| {
            models
                .iter()
                .all(|model| model.get(..end) == first.get(..end))
        })
        .last()
        .unwrap_or(0);
    models
        .iter()
        .filter_map(|model| model.get(common..))
        .collect()
}

fn tell(profile: &Profile, page: &mut Page<'_>) -> io::Result<()> {
    page.heading(&format!("{} ({})", profile.title, profile.id))?;
    if !profile.models.is_empty() {
        page.paragraph(
            &format!("Models: {}", short_models(profile).join(", ")),
            "  ",
        )?;
    }
    provisioning(profile, page)?;
    files(profile, page)?;
    power(profile, page)?;
    procedures("Recovery", &profile.recovery, page)?;
    procedures("Factory reset", &profile.factory_reset, page)?;
    signs("What the display says", &profile.display, page)?;
    signs("What the lamps say", &profile.lamps, page)?;
    bullets("Worth knowing", &profile.notes, page)?;
    recognition(profile, page)
}

fn section(title: &str, page: &mut Page<'_>) -> io::Result<()> {
    page.gap()?;
    page.heading(title)
}

fn provisioning(profile: &Profile, page: &mut Page<'_>) -> io::Result<()> {
    let source = &profile.provisioning;
    section("Where it learns its server", page)?;
    let options: Vec<String> = source
        .options
        .iter()
        .map(|code| {
            let form = source
                .value_forms
                .get(code)
                .map_or(String::new(), |form| format!(" ({})", form.name()));
            format!("{code}{form}")
        })
        .collect();
    if options.is_empty() {
        page.paragraph("No DHCP option is known.", "  ")?;
    } else {
        page.paragraph(
            &format!("DHCP options, in this order: {}.", options.join(", ")),
            "  ",
        )?;
    }
    if source.header_fields {
        page.paragraph("The next-server and server name fields count too.", "  ")?;
    }
    if let Some(protocol) = &source.default_protocol {
        page.paragraph(&format!("Without a scheme it speaks {protocol}."), "  ")?;
    }
    if !source.cloud_hosts.is_empty() {
        let hosts = source.cloud_hosts.join(", ");
        page.paragraph(&format!("Without any server it asks {hosts}."), "  ")?;
    }
    if !source.note.is_empty() {
        page.paragraph(&source.note, "  ")?;
    }
    Ok(())
}

fn files(profile: &Profile, page: &mut Page<'_>) -> io::Result<()> {
    if profile.file_rules.is_empty() {
        return Ok(());
    }
    section("Files it asks for", page)?;
    for rule in &profile.file_rules {
        let first = format!("  {:<30} ", rule.name);
        page.hanging(&describe(rule), &first, &" ".repeat(33))?;
    }
    for chain in profile
        .chains
        .iter()
        .filter(|chain| chain.members.len() > 1)
    {
        let text = format!(
            "{}: {} of {}. {}",
            chain.name,
            chain.needs.name(),
            chain.members.join(", "),
            chain.note
        );
        page.hanging(text.trim_end(), "  ", "    ")?;
    }
    Ok(())
}

fn describe(rule: &FileRule) -> String {
    let absent = match rule.when_absent {
        WhenAbsent::Fatal => "absent: it cannot go on",
        WhenAbsent::Degraded => "absent: something is lost",
        WhenAbsent::Benign => "absent: normal",
        WhenAbsent::BenignIfOther => "absent: normal when another of its chain arrives",
        WhenAbsent::BenignIfInstalled => "absent: normal when an image is installed",
    };
    let note = if rule.note.is_empty() {
        String::new()
    } else {
        format!(". {}", rule.note)
    };
    format!("{}; {absent}{note}", rule.role.name())
}

fn power(profile: &Profile, page: &mut Page<'_>) -> io::Result<()> {
    if profile.power.needs.is_empty() {
        return Ok(());
    }
    section("Power over the cable", page)?;
    for need in &profile.power.needs {
        let models = if need.models.is_empty() {
            "All others".to_owned()
        } else {
            need.models.join(", ")
        };
        let mut parts = Vec::new();
        if let Some(start) = need.start_mw {
            parts.push(format!("starts on {}", crate::session::watts(start)));
        }
        if let Some(most) = need.cdp_levels_mw.first() {
            parts.push(format!("asks for {} by CDP", crate::session::watts(*most)));
        }
        if !need.boots_on_low_power {
            parts.push("does not boot on less".to_owned());
        }
        if !need.recovers_on_low_power {
            parts.push("cannot recover its firmware on less".to_owned());
        }
        if !need.note.is_empty() {
            parts.push(need.note.clone());
        }
        page.hanging(&format!("{models}: {}", parts.join("; ")), "  ", "    ")?;
    }
    Ok(())
}

fn procedures(title: &str, procedures: &[Procedure], page: &mut Page<'_>) -> io::Result<()> {
    for procedure in procedures {
        section(&format!("{title}: {}", procedure.title), page)?;
        if !procedure.models.is_empty() {
            page.paragraph(&procedure.models, "  ")?;
        }
        for (number, step) in (1..).zip(&procedure.steps) {
            page.hanging(step, &format!("  {number:>2}. "), "      ")?;
        }
        for trap in &procedure.traps {
            page.hanging(trap, "   !  ", "      ")?;
        }
        for line in &procedure.on_the_wire {
            page.hanging(line, "   ~  on the wire: ", "      ")?;
        }
    }
    Ok(())
}

fn signs(title: &str, signs: &[Sign], page: &mut Page<'_>) -> io::Result<()> {
    if signs.is_empty() {
        return Ok(());
    }
    section(title, page)?;
    for sign in signs {
        page.hanging(&format!("{}: {}", sign.shows, sign.means), "  ", "    ")?;
    }
    Ok(())
}

fn bullets(title: &str, lines: &[String], page: &mut Page<'_>) -> io::Result<()> {
    if lines.is_empty() {
        return Ok(());
    }
    section(title, page)?;
    for line in lines {
        page.hanging(line, "  * ", "    ")?;
    }
    Ok(())
}

fn recognition(profile: &Profile, page: &mut Page<'_>) -> io::Result<()> {
    if profile.identify_rules.is_empty() {
        return Ok(());
    }
    section("How it is recognised", page)?;
    for rule in &profile.identify_rules {
        let first = format!("  {:<23} ", rule.source.name());
        page.hanging(&rule.example, &first, &" ".repeat(26))?;
    }
    Ok(())
}
