//! `cnilab doctor`.

use std::path::PathBuf;

use super::args::{BackendName, Doctor};
use super::exit::Exit;
use super::find::{labs_folder, load, names};
use super::output::data;
use super::run::{choices_to_make, recipe_of, this_program};
use crate::backend::kind::Servers;
use crate::backend::netns::Netns;
use crate::lab::Lab;
use crate::plain::pad;
use crate::plan::{self, Plan};
use crate::run::{ClusterChoices, survey_on_kind};
use crate::site::{Ability, Needs, Survey};

/// Says what this host can prove and what it cannot.
pub(super) fn doctor(args: &Doctor) -> Exit {
    try_doctor(args).unwrap_or_else(|exit| exit)
}

fn try_doctor(args: &Doctor) -> Result<Exit, Exit> {
    let labs = if args.labs.is_empty() {
        let all: Vec<PathBuf> = labs_folder().iter().flat_map(|folder| names(folder).into_iter().map(|name| folder.join(name))).collect();
        // One that cannot be read is said to be so; the others are looked at all the same.
        all.iter().filter_map(|name| load(name).ok()).collect()
    } else {
        args.labs.iter().map(|named| load(named)).collect::<Result<Vec<Lab>, Exit>>()?
    };
    let looks_at = |backend| args.backend.is_none_or(|only| only == backend);
    let netns = looks_at(BackendName::Netns).then(|| Ok(Netns::survey_from_outside(&this_program()?))).transpose()?;
    if let Some(survey) = &netns {
        data(&describe(survey))?;
    }
    if looks_at(BackendName::Cluster) {
        data("backend cluster: not in this build\n")?;
    }
    data(if labs.is_empty() { "" } else { "\nlabs:\n" })?;
    let mut able = args.backend != Some(BackendName::Cluster) && netns.as_ref().is_none_or(|survey| survey.able.is_ok());
    for lab in labs {
        let plan = plan::draft(lab);
        data(&format!("  {}\n", plan.lab.name))?;
        if let Some(survey) = &netns {
            let survey = Netns::survey_for(survey.clone(), &needs(&plan, BackendName::Netns));
            able &= survey.able.is_ok();
            data(&in_namespaces(&plan, &survey))?;
        }
        if looks_at(BackendName::Kind) {
            let (text, fit) = on_kind(&plan, args);
            able &= fit || args.backend.is_none();
            data(&text)?;
        }
    }
    Ok(if able { Exit::Held } else { Exit::HostCannot })
}

fn needs(plan: &Plan, backend: BackendName) -> Needs {
    let all: Vec<String> = plan.lab.scenarios.iter().map(|scenario| scenario.name.clone()).collect();
    plan::needs(plan, backend.text(), &all)
}

/// Whether a lab can be proven in network namespaces, and what it needs for it.
fn in_namespaces(plan: &Plan, survey: &Survey) -> String {
    let needed = needs(plan, BackendName::Netns);
    let own = |ability: &&Ability| ability.what.ends_with(" tunnel") || needed.programs.contains_key(&ability.what);
    let lines: String = survey.abilities.iter().filter(own).map(line).collect();
    let verdict = if survey.able.is_ok() { "can be proven here" } else { "cannot be proven here" };
    format!("    netns: {verdict}{}\n{lines}", stand_ins(plan, survey))
}

/// Whether a cluster of kind can be made for a lab, and whether it can; what would hold on it is another matter.
fn on_kind(plan: &Plan, args: &Doctor) -> (String, bool) {
    let Some(recipe) = recipe_of(&plan.lab) else { return ("    kind: the lab names no recipe\n".to_owned(), false) };
    let servers = if args.online { Servers::Asked } else { Servers::LeftAlone };
    let survey = survey_on_kind(&ClusterChoices { servers, needs: needs(plan, BackendName::Kind), ..choices_to_make(recipe, &args.make) });
    let verdict = if survey.able.is_ok() { "a cluster can be made here" } else { "no cluster can be made here" };
    (format!("    kind: {verdict}\n{}", survey.abilities.iter().map(line).collect::<String>()), survey.able.is_ok())
}

/// What of a lab this host can only emulate.
fn stand_ins(plan: &Plan, survey: &Survey) -> String {
    let mut kinds: Vec<_> = plan.topology.nodes.iter().filter_map(|node| node.tunnel.as_ref()).map(|tunnel| tunnel.kind.name()).collect();
    kinds.dedup();
    let missing: Vec<_> =
        kinds.into_iter().filter(|kind| survey.abilities.iter().any(|ability| ability.what == *kind && ability.found.is_err())).collect();
    if missing.is_empty() { String::new() } else { format!(", {} emulated", missing.join(" and ")) }
}

/// What every lab on this backend goes by.
fn describe(survey: &Survey) -> String {
    let verdict = if survey.able.is_ok() { "can run here".to_owned() } else { "cannot run here".to_owned() };
    let why = survey.able.as_ref().err().map(|why| format!("  {why}\n")).unwrap_or_default();
    format!("backend {}: {verdict}\n{why}{}", survey.backend, survey.abilities.iter().map(line).collect::<String>())
}

fn line(ability: &Ability) -> String {
    let (mark, found) = match &ability.found {
        Ok(found) => ("yes", found),
        Err(missing) => ("no ", missing),
    };
    let hint = ability.remedy.as_ref().filter(|_| ability.found.is_err()).map(|remedy| format!("          hint: {remedy}\n"));
    format!("      {mark} {} {found}\n{}", pad(&ability.what, 24), hint.unwrap_or_default())
}
