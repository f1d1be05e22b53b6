//! `cnilab doctor`.

use super::args::Make;
use super::exit::Exit;
use super::find::{labs_folder, load, names};
use super::output::data;
use super::run::{choices_to_make, recipe_of, this_program};
use crate::backend::netns::Netns;
use crate::lab::Lab;
use crate::plain::pad;
use crate::plan;
use crate::run::survey_on_kind;
use crate::site::Survey;

/// Says what this host can prove and what it cannot.
pub(super) fn doctor(make: &Make) -> Exit {
    try_doctor(make).unwrap_or_else(|exit| exit)
}

fn try_doctor(make: &Make) -> Result<Exit, Exit> {
    let exe = this_program()?;
    let survey = Netns::survey_from_outside(&exe);
    data(&describe(&survey))?;
    data("backend cluster: not in this build\n\nlabs:\n")?;
    for name in labs_folder().iter().flat_map(|folder| names(folder).into_iter().map(|name| folder.join(name))) {
        let Ok(lab) = load(&name) else { continue };
        let ability = match &survey.able {
            Ok(()) => "can be proven here".to_owned(),
            Err(why) => format!("cannot run here: {why}"),
        };
        let stand_ins = stand_ins(&plan::draft(lab.clone()), &survey);
        data(&format!("  {} netns: {ability}{stand_ins}\n", pad(&lab.name, 16)))?;
        data(&format!("  {:<16} kind: {}\n", "", on_kind(&lab, make)))?;
    }
    Ok(if survey.able.is_ok() { Exit::Held } else { Exit::HostCannot })
}

/// Whether a cluster of kind can be made for a lab, in a line; what would hold on it is another matter.
fn on_kind(lab: &Lab, make: &Make) -> String {
    let Some(recipe) = recipe_of(lab) else { return "names no recipe".to_owned() };
    let survey = survey_on_kind(&choices_to_make(recipe, make));
    match &survey.able {
        Ok(()) => {
            let lacking = survey.abilities.iter().filter_map(|ability| {
                let remedy = ability.remedy.as_deref().unwrap_or_default();
                ability.found.as_ref().err().map(|why| format!("\n  {:<16}   but {}: {why}; {remedy}", "", ability.what))
            });
            format!("a cluster can be made here{}", lacking.collect::<String>())
        }
        Err(why) => format!("no cluster can be made here: {why}"),
    }
}

/// What of a lab this host can only emulate.
fn stand_ins(plan: &plan::Plan, survey: &Survey) -> String {
    let mut kinds: Vec<_> = plan.topology.nodes.iter().filter_map(|node| node.tunnel.as_ref()).map(|tunnel| tunnel.kind.name()).collect();
    kinds.dedup();
    let missing: Vec<_> =
        kinds.into_iter().filter(|kind| survey.abilities.iter().any(|ability| ability.what == *kind && ability.found.is_err())).collect();
    if missing.is_empty() { String::new() } else { format!(", {} emulated", missing.join(" and ")) }
}

fn describe(survey: &Survey) -> String {
    use std::fmt::Write;
    let mut text = format!("backend {}: {}\n", survey.backend, if survey.able.is_ok() { "can run here" } else { "cannot run here" });
    if let Err(why) = &survey.able {
        let _ = writeln!(text, "  {why}");
    }
    for ability in &survey.abilities {
        let (mark, found) = match &ability.found {
            Ok(found) => ("yes", found),
            Err(missing) => ("no ", missing),
        };
        let _ = writeln!(text, "  {mark} {:<20} {found}", ability.what);
        if let (Err(_), Some(remedy)) = (&ability.found, &ability.remedy) {
            let _ = writeln!(text, "      hint: {remedy}");
        }
    }
    text
}
