//! Where an expectation applies.

use std::collections::BTreeMap;

use super::model::Outcome;
use crate::lab::{VersionBound, When};
use crate::site::Facts;

/// What facts call the mode that kube-proxy works in, which is no version.
const MODE: &str = "kube-proxy-mode";

/// Why an expectation is not asked here: `None` if it is; skipped where it does not apply; inconclusive where the site does not tell what
/// decides that.
pub(crate) fn not_asked(when: Option<&When>, facts: &Facts) -> Option<Outcome> {
    let when = when?;
    let mut unknown = None;
    let backend = when.backends.is_empty() || when.backends.contains(&facts.backend);
    let mut conditions = vec![(Some(backend), format!("only on {}", when.backends.join(", ")))];
    if let Some(mode) = &when.kube_proxy {
        let found = fact(&facts.versions, MODE, &mut unknown);
        conditions.push((found.map(|found| found == mode), format!("only with kube-proxy in {mode} mode")));
    }
    for bound in &when.versions {
        conditions.push(match bound {
            VersionBound::AtLeast(of, least) => {
                let found = fact(&facts.versions, of.key(), &mut unknown);
                (found.map(|found| version(found) >= version(least)), format!("only from version {least} of {of} on"))
            }
            VersionBound::Below(of, limit) => {
                let found = fact(&facts.versions, of.key(), &mut unknown);
                (found.map(|found| version(found) < version(limit)), format!("only before version {limit} of {of}"))
            }
        });
    }
    if let Some((_, words)) = conditions.iter().find(|(holds, _)| *holds == Some(false)) {
        return Some(Outcome::Skipped(format!("{words}: {}", when.because)));
    }
    unknown.map(|key| Outcome::Inconclusive(format!("it applies {}, but the site does not tell `{key}`", undecided(&conditions))))
}

fn undecided(conditions: &[(Option<bool>, String)]) -> &str {
    conditions.iter().find(|(holds, _)| holds.is_none()).map_or("", |(_, words)| words)
}

fn fact<'f>(versions: &'f BTreeMap<String, String>, key: &'static str, unknown: &mut Option<&'static str>) -> Option<&'f String> {
    // A version without a number (`none`, `unknown`) tells nothing.
    let found = versions.get(key).filter(|found| key == MODE || !version(found).is_empty());
    if found.is_none() {
        unknown.get_or_insert(key);
    }
    found
}

/// The numbers of a version, `v3.32.1` as 3, 32, 1; what is no number ends it, and zeros at the end do not count.
fn version(text: &str) -> Vec<u64> {
    let mut numbers = Vec::new();
    for part in text.trim_start_matches(['v', 'V']).split('.') {
        let digits = part.find(|character: char| !character.is_ascii_digit()).unwrap_or(part.len());
        let Ok(number) = part[..digits].parse() else { break };
        numbers.push(number);
        if digits < part.len() {
            break;
        }
    }
    while numbers.last() == Some(&0) {
        numbers.pop();
    }
    numbers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_as_numbers() {
        assert!(version("v3.9.0") < version("3.33"));
        assert!(version("3.33.1") > version("v3.33"));
        assert_eq!(version("3.33.0"), version("v3.33"));
        assert_eq!(version("3.33.0-rc1"), version("3.33"));
        assert_eq!(version("3.33-rc1.5"), version("3.33"));
        assert_eq!(version("none"), Vec::<u64>::new());
    }
}
