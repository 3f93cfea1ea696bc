//! `phoneboot phones`: what is known of the phone families.

use std::io::{self, Write};
use std::path::Path;

use crate::error::{Error, Exit};
use crate::profiles::care::{PHASES, Procedure, Sign};
use crate::profiles::{FileRule, Identification, Profile, Profiles, Role, WhenAbsent};

use super::page::Page;
use super::to_output;

/// Where the words about a file begin.
const FILE_COLUMN: usize = 33;
/// Where the words about a phase begin.
const PHASE_COLUMN: usize = 12;
/// More vendor halves of MAC addresses than these are counted, not listed.
const MAX_OUIS: usize = 60;

pub(super) fn run(
    name: &str,
    folder: Option<&Path>,
    to_terminal: bool,
    out: &mut dyn Write,
) -> Result<Exit, Error> {
    let more = folder.map(Profiles::with_folder).transpose()?;
    let profiles = more.as_ref().unwrap_or_else(|| Profiles::embedded());
    let mut page = Page::new(out, to_terminal);
    if name.is_empty() {
        list(profiles, &mut page).map_err(to_output)?;
        return Ok(Exit::Clean);
    }
    let by_sign = profiles.recognize(name);
    // A User-Agent or a file name has letters in it that a search takes for models.
    if let Some(found) = by_sign.as_ref().filter(|found| found.model.is_some()) {
        recognized(name, found, profiles, &mut page).map_err(to_output)?;
        return Ok(Exit::Clean);
    }
    match (profiles.search(name).as_slice(), by_sign) {
        ([], Some(found)) => recognized(name, &found, profiles, &mut page).map_err(to_output)?,
        ([], None) => {
            return Err(Error::Usage(format!(
                "no phone family, model or address is known as {name}; `phoneboot phones` lists \
                 the families"
            )));
        }
        ([one], _) => tell(one, profiles, &mut page).map_err(to_output)?,
        (several, _) => choice(name, several, &mut page).map_err(to_output)?,
    }
    Ok(Exit::Clean)
}

/// Several families with what of theirs the word speaks of.
fn choice(word: &str, several: &[&Profile], page: &mut Page<'_>) -> io::Result<()> {
    page.paragraph(&format!("Several families match {word}:"), "")?;
    for profile in several {
        let models = profile.models_like(word);
        if models.is_empty() {
            row(profile, page)?;
        } else {
            row_with(profile, &models, page)?;
        }
    }
    page.gap()?;
    page.paragraph(
        "`phoneboot phones NAME` with one of these tells all about it.",
        "",
    )
}

/// A phone that something else than its model told.
fn recognized(
    word: &str,
    found: &Identification<'_>,
    profiles: &Profiles,
    page: &mut Page<'_>,
) -> io::Result<()> {
    let Some(profile) = found.profile else {
        return Ok(());
    };
    let vendor = found.vendor.as_deref().unwrap_or(&profile.vendor);
    let model = found
        .model
        .as_ref()
        .map_or(String::new(), |model| format!(", model {model}"));
    let firmware = found
        .firmware
        .as_ref()
        .map_or(String::new(), |firmware| format!(", firmware {firmware}"));
    let phone = format!("{word}: a phone of {vendor}{model}{firmware}.");
    if found.model.is_some() || profiles.heirs(profile).next().is_none() {
        page.paragraph(&phone, "")?;
        page.gap()?;
        return tell(profile, profiles, page);
    }
    page.paragraph(
        &format!(
            "{phone} This does not tell which; its model is on the label below it or behind it."
        ),
        "",
    )?;
    for one in profiles.of_the_same_maker(profile) {
        row(one, page)?;
    }
    page.gap()?;
    page.paragraph("`phoneboot phones MODEL` tells all about one.", "")
}

fn list(profiles: &Profiles, page: &mut Page<'_>) -> io::Result<()> {
    for profile in profiles.all() {
        row(profile, page)?;
    }
    page.gap()?;
    page.paragraph(
        "`phoneboot phones NAME` tells all about one, by family or model. An address, its \
         first half, a SEP name, a User-Agent or a file name will do, too.",
        "",
    )
}

fn row(profile: &Profile, page: &mut Page<'_>) -> io::Result<()> {
    row_with(profile, &short_models(profile), page)
}

fn row_with(profile: &Profile, models: &[&str], page: &mut Page<'_>) -> io::Result<()> {
    let first = format!("  {:<21} ", profile.id);
    let models = if models.is_empty() {
        String::new()
    } else {
        format!(": {}", models.join(", "))
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

fn tell(profile: &Profile, profiles: &Profiles, page: &mut Page<'_>) -> io::Result<()> {
    page.heading(&format!("{} ({})", profile.title, profile.id))?;
    if !profile.models.is_empty() {
        page.paragraph(
            &format!("Models: {}", short_models(profile).join(", ")),
            "  ",
        )?;
    }
    let heirs: Vec<&str> = profiles
        .heirs(profile)
        .map(|heir| heir.id.as_str())
        .collect();
    if !heirs.is_empty() {
        page.paragraph(&format!("More is told under {}.", heirs.join(", ")), "  ")?;
    }
    provisioning(profile, page)?;
    files(profile, page)?;
    patience(profile, page)?;
    power(profile, page)?;
    security(profile, page)?;
    procedures("Recovery", &profile.recovery, page)?;
    procedures("Factory reset", &profile.factory_reset, page)?;
    if heirs.is_empty() {
        not_known(profile, page)?;
    }
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
    if source.static_possible {
        page.paragraph("A server may also be set on the phone itself.", "  ")?;
    }
    if !source.cloud_hosts.is_empty() {
        let text = format!(
            "Without any server, and after a reset, it asks {}. No answer from there is normal \
             on a site that names a server of its own.",
            source.cloud_hosts.join(", ")
        );
        page.paragraph(&text, "  ")?;
    }
    if !source.vlan_options.is_empty() {
        let codes: Vec<String> = source.vlan_options.iter().map(u8::to_string).collect();
        page.paragraph(
            &format!("DHCP options that may name its VLAN: {}.", codes.join(", ")),
            "  ",
        )?;
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
        beside(&rule.name, &describe(rule), FILE_COLUMN, page)?;
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

/// A name, and words about it in a column of their own; a name that reaches into that
/// column gets a line for itself.
fn beside(name: &str, words: &str, column: usize, page: &mut Page<'_>) -> io::Result<()> {
    let rest = " ".repeat(column);
    if name.len() + "  ".len() < column {
        let first = format!("  {name:<width$}", width = column - "  ".len());
        page.hanging(words, &first, &rest)
    } else {
        page.paragraph(name, "  ")?;
        page.paragraph(words, &rest)
    }
}

fn describe(rule: &FileRule) -> String {
    let absent = match rule.when_absent {
        WhenAbsent::Benign if rule.role == Role::Upload => "refused: normal",
        WhenAbsent::Fatal => "absent: it cannot go on",
        WhenAbsent::Degraded => "absent: something is lost",
        WhenAbsent::Benign => "absent: normal",
        WhenAbsent::BenignIfOther => "absent: normal when another of its chain arrives",
        WhenAbsent::BenignIfInstalled => "absent: normal when an image is installed",
    };
    let mut words = format!("{}; {absent}.", rule.role.name());
    if rule.early_close_is_normal {
        words.push_str(" It stops reading when it has the same already.");
    }
    if rule.writes && rule.role != Role::Upload {
        words.push_str(" The phone writes it too.");
    }
    if !rule.note.is_empty() {
        words.push(' ');
        words.push_str(&rule.note);
    }
    words
}

fn patience(profile: &Profile, page: &mut Page<'_>) -> io::Result<()> {
    section("How long it may take", page)?;
    let silence = format!(
        "It may be silent for {} seconds within a boot and still be well.",
        profile.patience_secs
    );
    page.paragraph(&silence, "  ")?;
    if let Some(secs) = profile.first_request_secs {
        let first = format!("Its first request may come {secs} seconds after its address.");
        page.paragraph(&first, "  ")?;
    }
    if profile.firmware_restarts > 1 {
        let restarts = format!(
            "New firmware may restart it {} times in a row.",
            profile.firmware_restarts
        );
        page.paragraph(&restarts, "  ")?;
    }
    Ok(())
}

fn security(profile: &Profile, page: &mut Page<'_>) -> io::Result<()> {
    if profile.tls.is_empty() && profile.clock.is_none() {
        return Ok(());
    }
    section("TLS and time", page)?;
    for tls in &profile.tls {
        let mut words = Vec::new();
        if let Some(highest) = tls.highest {
            words.push(format!("TLS {} at the most.", highest.name()));
        }
        if !tls.note.is_empty() {
            words.push(tls.note.clone());
        }
        let words = words.join(" ");
        let line = if tls.firmware.is_empty() {
            words
        } else {
            format!("{}: {words}", tls.firmware)
        };
        page.hanging(&line, "  ", "    ")?;
    }
    match &profile.clock {
        Some(clock) => page.hanging(clock, "  ", "    "),
        None => Ok(()),
    }
}

fn power(profile: &Profile, page: &mut Page<'_>) -> io::Result<()> {
    if profile.power.needs.is_empty() {
        return Ok(());
    }
    section("Power over the cable", page)?;
    for need in &profile.power.needs {
        let models = if need.models.is_empty() {
            let rest = if profile.power.needs.len() > 1 {
                "All others"
            } else {
                "All models"
            };
            rest.to_owned()
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
        if parts.is_empty() {
            page.hanging(&format!("{models}: {}", need.note), "  ", "    ")?;
            continue;
        }
        page.hanging(&format!("{models}: {}.", parts.join("; ")), "  ", "    ")?;
        if !need.note.is_empty() {
            page.paragraph(&need.note, "    ")?;
        }
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

/// What a person with the phone in hand looks for, and is not known.
fn not_known(profile: &Profile, page: &mut Page<'_>) -> io::Result<()> {
    let missing: Vec<&str> = [
        ("recovery without firmware", profile.recovery.is_empty()),
        ("factory reset", profile.factory_reset.is_empty()),
        ("what the display says", profile.display.is_empty()),
    ]
    .into_iter()
    .filter_map(|(what, is_missing)| is_missing.then_some(what))
    .collect();
    if missing.is_empty() {
        return Ok(());
    }
    section("Not known", page)?;
    let text = missing.join(", ");
    page.paragraph(&format!("For this family: {text}."), "  ")
}

fn signs(title: &str, signs: &[Sign], page: &mut Page<'_>) -> io::Result<()> {
    if signs.is_empty() {
        return Ok(());
    }
    section(title, page)?;
    let phases = PHASES.map(Some).into_iter().chain([None]);
    for phase in phases {
        let of_phase = signs.iter().filter(|sign| sign.phase.as_deref() == phase);
        for (n, sign) in of_phase.enumerate() {
            let label = if n == 0 {
                phase.unwrap_or("any time")
            } else {
                ""
            };
            let first = format!("  {label:<width$}", width = PHASE_COLUMN - "  ".len());
            let rest = " ".repeat(PHASE_COLUMN + "  ".len());
            page.hanging(&format!("{}: {}", sign.shows, sign.means), &first, &rest)?;
        }
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
        let words = format!("{:<8} {}", rule.strength.name(), rule.example);
        let rest = " ".repeat(35);
        page.quote(&words, &format!("  {:<24}", rule.source.name()), &rest)?;
    }
    vendor_halves(profile, page)
}

fn vendor_halves(profile: &Profile, page: &mut Page<'_>) -> io::Result<()> {
    let Some(strength) = profile.ouis.strength else {
        return Ok(());
    };
    let halves: Vec<String> = profile
        .ouis
        .list
        .iter()
        .map(|[a, b, c]| format!("{a:02X}{b:02X}{c:02X}"))
        .collect();
    let which = if halves.len() > MAX_OUIS {
        format!("any of {} vendor halves", halves.len())
    } else {
        halves.join(" ")
    };
    let words = format!("{:<8} {which}", strength.name());
    page.hanging(&words, &format!("  {:<24}", "mac"), &" ".repeat(35))
}
