//! What TOML allows and a profile must not say: each check names the line.

use std::collections::BTreeSet;
use std::ops::Range;

use super::ProfileError;
use super::layout::Gives;
use super::pattern::Pattern;
use super::source::Family;

/// What a value without a scheme may mean.
const PROTOCOLS: [&str; 4] = ["ftp", "http", "https", "tftp"];

impl Family {
    /// Finds what is said twice, not at all, or in words that mean nothing.
    pub(super) fn check_plausible(&self) -> Result<(), ProfileError> {
        let layout = self.layout();
        let models = layout
            .models
            .iter()
            .map(|it| (it.get_ref().clone(), it.span()));
        self.check_once("model", models)?;
        if let Some(provisioning) = &layout.provisioning {
            let codes = provisioning
                .option
                .iter()
                .map(|it| (it.get_ref().code.to_string(), it.span()));
            self.check_once("option", codes)?;
            if let Some(protocol) = &provisioning.default_protocol
                && !PROTOCOLS.contains(&protocol.get_ref().as_str())
            {
                let name = protocol.get_ref();
                let reason = format!("{name:?} is none of {}", PROTOCOLS.join(", "));
                return Err(self.error(&protocol.span(), reason));
            }
        }
        let chains = &layout.chain;
        self.check_once(
            "chain",
            chains
                .iter()
                .map(|it| (it.get_ref().name.clone(), it.span())),
        )?;
        if let Some(empty) = chains.iter().find(|it| it.get_ref().members.is_empty()) {
            let reason = format!("chain {:?} has no members", empty.get_ref().name);
            return Err(self.error(&empty.span(), reason));
        }
        for file in &layout.file {
            let name = &file.get_ref().name;
            let rest = name.get_ref().replace("<MAC>", "").replace("<mac>", "");
            if file.get_ref().pattern.is_none() && rest.contains('<') {
                let reason = format!(
                    "{:?} needs a pattern: what is in brackets may be anything",
                    name.get_ref()
                );
                return Err(self.error(&name.span(), reason));
            }
        }
        Ok(())
    }

    fn check_once(
        &self,
        what: &str,
        values: impl Iterator<Item = (String, Range<usize>)>,
    ) -> Result<(), ProfileError> {
        let mut seen = BTreeSet::new();
        for (value, span) in values {
            if seen.contains(&value) {
                return Err(self.error(&span, format!("{what} {value:?} is there twice")));
            }
            seen.insert(value);
        }
        Ok(())
    }

    /// A template may name the groups of its pattern only.
    pub(super) fn check_templates<'t>(
        &self,
        pattern: &Pattern,
        templates: impl IntoIterator<Item = &'t Option<String>>,
        span: &Range<usize>,
    ) -> Result<(), ProfileError> {
        for template in templates.into_iter().flatten() {
            for part in template.split("${").skip(1) {
                let name = part.split('}').next().unwrap_or(part);
                if !pattern.names_group(name) {
                    let reason =
                        format!("{template:?} names {name:?}, which is no group of the pattern");
                    return Err(self.error(span, reason));
                }
            }
        }
        Ok(())
    }
}

impl std::fmt::Display for Gives {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let facts = [
            ("model", &self.model),
            ("firmware", &self.firmware),
            ("name", &self.name),
            ("vendor", &self.vendor),
            ("mac", &self.mac),
        ];
        let told: Vec<String> = facts
            .into_iter()
            .filter_map(|(name, value)| Some(format!("{name} = {:?}", value.as_ref()?)))
            .collect();
        if told.is_empty() {
            f.write_str("nothing")
        } else {
            f.write_str(&told.join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::profiles::source;

    #[test]
    fn what_means_nothing_is_refused_with_its_line() {
        for (text, line, reason) in [
            (
                "vendor = 'A'\ntitle = 'T'\nmodels = ['x',\n'x']\n",
                Some(4),
                "model \"x\" is there twice",
            ),
            (
                "vendor = 'A'\ntitle = 'T'\n[provisioning]\noption = [{ code = 66, form = 'url' },\n\
                 { code = 66, form = 'host' }]\n",
                Some(5),
                "option \"66\" is there twice",
            ),
            (
                "vendor = 'A'\ntitle = 'T'\n[provisioning]\ndefault_protocol = 'gopher'\n",
                Some(4),
                "\"gopher\" is none of ftp, http, https, tftp",
            ),
            (
                "vendor = 'A'\ntitle = 'T'\n[[chain]]\nname = 'c'\nneeds = 'any'\nmembers = []\n",
                Some(3),
                "chain \"c\" has no members",
            ),
            (
                "vendor = 'A'\ntitle = 'T'\n[[file]]\nname = '<x>.cfg'\nrole = 'config'\n\
                 when_absent = 'fatal'\n",
                Some(4),
                "\"<x>.cfg\" needs a pattern",
            ),
            (
                "vendor = 'A'\ntitle = 'T'\n[[identify]]\nsource = 'http-user-agent'\npattern = '^a'\n\
                 strength = 'certain'\nmodel = '${m}'\nexample = 'a'\n",
                Some(5),
                "names \"m\", which is no group",
            ),
            (
                "vendor = 'A'\ntitle = 'T'\npatience_secs = -5\n",
                Some(3),
                "expected a number from 0 to 4294967295",
            ),
            (
                "vendor = 'A'\ntitle = 'T'\n[[identify]]\nsource = 'http-user-agent'\n\
                 pattern = '^a(?P<model>.)'\nstrength = 'certain'\nexample = 'ab'\n",
                Some(7),
                "example gives model = \"b\"",
            ),
        ] {
            let error = Family::read("bad", "bad.toml", text, true)
                .and_then(|family| source::resolve(&BTreeMap::from([("bad".to_owned(), family)])))
                .unwrap_err();
            assert_eq!(error.line, line, "{text}: {error}");
            assert!(error.reason.contains(reason), "{text}: {error}");
        }
    }
}
