//! What a lab needs of the host that it is built on.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::{Ability, Survey, TunnelKind};
use crate::place::package_of;

/// What a lab needs of a host, besides what every lab of the same backend needs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// What its nodes' tunnel devices do, each kind once.
    pub tunnels: Vec<TunnelKind>,
    /// The programs of the host that are run for it, each with what it is for: `brctl showmacs cni0`.
    pub programs: BTreeMap<String, String>,
}

impl Needs {
    /// Notes that a program is needed; the first reason is kept.
    pub fn program(&mut self, program: &str, what_for: impl Into<String>) {
        self.programs.entry(program.to_owned()).or_insert_with(|| what_for.into());
    }

    /// Whether each of the programs is found.
    pub fn look(&self, find: impl Fn(&str) -> Option<PathBuf>) -> Vec<Ability> {
        let ability = |(program, what_for): (&String, &String)| {
            let found = find(program).map(|file| file.display().to_string());
            let found = found.ok_or_else(|| format!("not in PATH, and `{what_for}` needs it"));
            let install = || {
                package_of(program).map_or_else(|| format!("install what has `{program}`"), |package| format!("apt-get install {package}"))
            };
            Ability { what: program.clone(), remedy: found.is_err().then(install), found }
        };
        self.programs.iter().map(ability).collect()
    }
}

/// Whether all of these are there.
///
/// # Errors
/// Everything that is missing, each with its remedy, in one line.
pub fn all_there<'a>(abilities: impl IntoIterator<Item = &'a Ability>) -> Result<(), String> {
    let missing: Vec<String> = abilities.into_iter().filter_map(Ability::lack).collect();
    if missing.is_empty() { Ok(()) } else { Err(missing.join("; ")) }
}

impl Ability {
    /// What is missing and what to do about it, if it is missing.
    pub fn lack(&self) -> Option<String> {
        let why = self.found.as_ref().err()?;
        let remedy = self.remedy.as_ref().map(|remedy| format!(" ({remedy})")).unwrap_or_default();
        Some(format!("{}: {why}{remedy}", self.what))
    }
}

impl Survey {
    /// The same host for a lab that needs all of these as well.
    #[must_use]
    pub fn with(mut self, abilities: Vec<Ability>) -> Self {
        self.able = match (self.able, all_there(&abilities)) {
            (Err(one), Err(other)) => Err(format!("{one}; {other}")),
            (able, all) => able.and(all),
        };
        self.abilities.extend(abilities);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whatever program a lab needs, a host without it is told so, with the package, and a host with all of them is not.
    #[test]
    fn each_program_that_is_taken_away_is_missed() {
        let programs = [
            ("arp", "net-tools"),
            ("brctl", "bridge-utils"),
            ("conntrack", "conntrack"),
            ("ifconfig", "net-tools"),
            ("ip", "iproute2"),
            ("ipset", "ipset"),
            ("iptables", "iptables"),
            ("iptables-restore", "iptables"),
            ("iptables-save", "iptables"),
            ("route", "net-tools"),
            ("sysctl", "procps"),
        ];
        let folder = tempfile::tempdir().expect("a folder");
        let find = |program: &str| Some(folder.path().join(program)).filter(|file| file.is_file());
        let put = |program: &str| std::fs::write(folder.path().join(program), "").expect("writable");
        let mut needs = Needs::default();
        for (program, _) in programs {
            needs.program(program, format!("{program} -x"));
            put(program);
        }
        let survey = || Survey { backend: "netns".to_owned(), able: Ok(()), abilities: Vec::new() }.with(needs.look(find));
        assert_eq!(survey().able, Ok(()));
        for (program, package) in programs {
            std::fs::remove_file(folder.path().join(program)).expect("it is there");
            let why = format!("{program}: not in PATH, and `{program} -x` needs it (apt-get install {package})");
            assert_eq!(survey().able, Err(why));
            put(program);
        }
        for (program, _) in programs {
            std::fs::remove_file(folder.path().join(program)).expect("it is there");
        }
        let why = survey().able.expect_err("nothing is there");
        assert_eq!(why.split("; ").count(), programs.len(), "all at once: {why}");
    }

    #[test]
    fn a_program_of_no_known_package_is_missed_by_name() {
        let mut needs = Needs::default();
        needs.program("birdcl", "birdcl show protocols");
        let lack = needs.look(|_| None)[0].lack();
        assert_eq!(lack.as_deref(), Some("birdcl: not in PATH, and `birdcl show protocols` needs it (install what has `birdcl`)"));
    }
}
