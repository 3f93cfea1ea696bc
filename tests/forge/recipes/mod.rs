//! The captures of the repository, as code: one file a folder of `captures/`.
//!
//! What a recipe expects is what an analyst would say who knows the phones and the
//! report's words; it is written by hand, not copied from the analyzer's output.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use crate::forge::scene::{Host, Scene};
use crate::forge::write;

mod aastra;
mod capture;
mod cisco_7900;
mod ipv6;
mod polycom;
mod registration;
mod tls;
mod yealink;

/// One capture with its story.
#[derive(Debug, Clone)]
pub(crate) struct Recipe {
    /// The folder in `captures/`.
    pub(crate) family: &'static str,
    /// The file's name without its extension.
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    /// What the technician saw, and what the wire shows.
    pub(crate) story: &'static str,
    pub(crate) scene: Scene,
    pub(crate) expect: Expect,
    /// Bytes to cut off the file's end.
    pub(crate) cut_bytes: usize,
    /// The source file that holds the recipe.
    pub(crate) origin: &'static str,
}

/// What a report of the capture must say.
#[derive(Debug, Clone, Default)]
pub(crate) struct Expect {
    pub(crate) exit: u8,
    pub(crate) verdict: &'static str,
    /// Notes on the capture itself.
    pub(crate) capture_notes: &'static [&'static str],
    pub(crate) phones: Vec<Phone>,
}

/// What it must say of one phone.
#[derive(Debug, Clone)]
pub(crate) struct Phone {
    pub(crate) mac: String,
    /// `None` where the capture does not tell, or tells little.
    pub(crate) family: Option<&'static str>,
    /// Likewise.
    pub(crate) model: Option<&'static str>,
    /// One outcome a boot.
    pub(crate) outcome: &'static [&'static str],
    /// Every error and warning, sorted, over all boots.
    pub(crate) findings: &'static [&'static str],
    /// What may also be noted.
    pub(crate) notes: &'static [&'static str],
}

/// Every recipe, by path.
pub(crate) fn all() -> Vec<Recipe> {
    let mut recipes = [
        aastra::recipes(),
        capture::recipes(),
        cisco_7900::recipes(),
        ipv6::recipes(),
        polycom::recipes(),
        tls::recipes(),
        registration::recipes(),
        yealink::recipes(),
    ]
    .concat();
    recipes.sort_by_key(|recipe| (recipe.family, recipe.name));
    recipes
}

/// The recipe of this name.
pub(crate) fn named(name: &str) -> Recipe {
    let recipe = all().into_iter().find(|recipe| recipe.name == name);
    recipe.unwrap_or_else(|| panic!("no recipe {name}"))
}

impl Recipe {
    /// The capture's bytes.
    pub(crate) fn capture(&self) -> Vec<u8> {
        let mut bytes = write::pcapng(&self.scene.frames());
        bytes.truncate(bytes.len() - self.cut_bytes);
        bytes
    }

    /// The `.toml` beside it.
    pub(crate) fn toml(&self) -> String {
        let mut text = format!(
            "title = {:?}\nstory = \"\"\"\n{}\"\"\"\norigin = \"forged: {}\"\n\n\
             [expect]\nexit = {}\nverdict = {:?}\n",
            self.title,
            wrap(self.story),
            self.origin,
            self.expect.exit,
            self.expect.verdict
        );
        if !self.expect.capture_notes.is_empty() {
            writeln!(text, "capture_notes = {:?}", self.expect.capture_notes).unwrap();
        }
        for phone in &self.expect.phones {
            writeln!(text, "\n[[expect.phone]]\nmac = {:?}", phone.mac).unwrap();
            for (key, value) in [("family", phone.family), ("model", phone.model)] {
                if let Some(value) = value {
                    writeln!(text, "{key} = {value:?}").unwrap();
                }
            }
            writeln!(text, "outcome = {:?}", phone.outcome).unwrap();
            writeln!(text, "findings = {:?}", phone.findings).unwrap();
            writeln!(text, "notes = {:?}", phone.notes).unwrap();
        }
        text
    }

    /// Where the capture lies, without its extension.
    fn path(&self) -> PathBuf {
        folder().join(self.family).join(self.name)
    }
}

impl Expect {
    /// One phone, and the run's verdict is that of its last boot.
    pub(crate) fn phone(phone: Phone) -> Self {
        Self::phones(vec![phone])
    }

    /// Several phones; the verdict is the worst of their last boots.
    pub(crate) fn phones(phones: Vec<Phone>) -> Self {
        let severity = ["registered", "loaded", "incomplete", "stalled", "failed"];
        let last = phones.iter().filter_map(|phone| phone.outcome.last());
        let verdict = last
            .max_by_key(|outcome| severity.iter().position(|known| known == *outcome))
            .unwrap();
        let failed = phones.iter().any(|phone| phone.outcome.contains(&"failed"));
        Self {
            exit: u8::from(failed),
            verdict,
            capture_notes: &[],
            phones,
        }
    }

    /// No phone at all.
    pub(crate) fn no_phone() -> Self {
        Self {
            exit: 4,
            verdict: "no-phone",
            ..Self::default()
        }
    }
}

impl Phone {
    /// A phone that comes up in one boot.
    pub(crate) fn healthy(host: &Host, family: &'static str, model: &'static str) -> Self {
        Self {
            mac: host.mac_colons(),
            family: Some(family),
            model: Some(model),
            outcome: &["registered"],
            findings: &[],
            notes: &[],
        }
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("captures")
}

/// Words in lines of at most 100 columns.
fn wrap(text: &str) -> String {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let line = lines.last_mut().unwrap();
        if line.is_empty() {
            line.push_str(word);
        } else if line.len() + 1 + word.len() <= 100 {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines.join("\n") + "\n"
}

/// The files of `captures/`, made or written by hand.
fn files_in(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(files_in(&path));
        } else {
            files.push(path);
        }
    }
    files.sort();
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All captures together stay below this, so that a clone stays quick.
    const ALL_BYTES: usize = 2_000_000;
    const ONE_BYTES: usize = 60_000;

    #[test]
    fn captures_are_what_their_recipes_make() {
        let bless = std::env::var_os("PHONEBOOT_BLESS").is_some();
        for recipe in all() {
            let path = recipe.path();
            for (extension, made) in [
                ("pcapng", recipe.capture()),
                ("toml", recipe.toml().into_bytes()),
            ] {
                let path = path.with_extension(extension);
                if bless {
                    fs::create_dir_all(path.parent().unwrap()).unwrap();
                    fs::write(&path, &made).unwrap();
                }
                let there = fs::read(&path).unwrap_or_default();
                assert!(
                    there == made,
                    "{} differs from its recipe; PHONEBOOT_BLESS=1 writes it anew",
                    path.display()
                );
            }
        }
    }

    #[test]
    fn every_forged_file_has_a_recipe() {
        let recipes: Vec<PathBuf> = all().iter().map(Recipe::path).collect();
        for toml in files_in(&folder()) {
            let forged = toml
                .extension()
                .is_some_and(|extension| extension == "toml")
                && fs::read_to_string(&toml)
                    .unwrap()
                    .contains("origin = \"forged:");
            if forged {
                let path = toml.with_extension("");
                assert!(recipes.contains(&path), "{} has no recipe", path.display());
            }
        }
    }

    #[test]
    fn captures_stay_small() {
        let sizes: Vec<(&str, usize)> = all()
            .iter()
            .map(|recipe| (recipe.name, recipe.capture().len()))
            .collect();
        for (name, size) in &sizes {
            assert!(*size <= ONE_BYTES, "{name}: {size} bytes");
        }
        assert!(sizes.iter().map(|(_, size)| size).sum::<usize>() <= ALL_BYTES);
    }

    #[test]
    fn expectations_are_sorted_and_whole() {
        for recipe in all() {
            let name = recipe.name;
            assert!(
                toml::from_str::<toml::Table>(&recipe.toml()).is_ok(),
                "{name}"
            );
            assert_eq!(
                recipe.expect.phones.is_empty(),
                recipe.expect.exit == 4,
                "{name}"
            );
            for phone in &recipe.expect.phones {
                assert!(phone.findings.is_sorted(), "{name}");
                assert!(phone.notes.is_sorted(), "{name}");
                let healthy = name.starts_with("healthy-");
                assert!(!healthy || phone.findings.is_empty(), "{name}");
            }
        }
    }
}
