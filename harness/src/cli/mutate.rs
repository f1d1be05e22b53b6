//! `cnilab mutate`: a lab that cannot fail proves nothing.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use super::args::{BackendName, Cluster, Mutate};
use super::exit::Exit;
use super::find::{load, read_text, say_problems};
use super::output::{data, say};
use super::progress::Progress;
use super::run::{absolute, cluster_choices, engine, has_programs, needs, sees_to, stop_on_signals, this_program};
use crate::backend::kind::Capture;
use crate::lab::{self, Broken, Consequence, HarnessFault, Lab, Mutation, Victim};
use crate::plain::pad;
use crate::run::{
    Breakage, ClusterChoices, Finished, Request, RunError, Stopper, conduct, conduct_all_on_kind, new_run, noticed, scenarios_of,
};
use crate::site::Needs;

/// Runs the mutations of a lab, one after another.
pub(super) fn mutate(args: &Mutate) -> Exit {
    try_mutate(args).unwrap_or_else(|exit| exit)
}

fn try_mutate(args: &Mutate) -> Result<Exit, Exit> {
    sees_to(args.backend, &args.cluster)?;
    let lab = load(&args.lab)?;
    let mutations = all(&lab)?;
    let wanted = |name: &str| args.only.is_empty() || args.only.iter().any(|glob| lab::matches_glob(glob, name));
    let wanted: Vec<&Mutation> = mutations.iter().filter(|mutation| wanted(&mutation.name)).collect();
    if wanted.is_empty() {
        say(&format!("error: {} has no mutation of that name", lab.name));
        return Err(Exit::BadInput);
    }
    if args.list {
        return data(&wanted.into_iter().map(describe).collect::<String>()).map(|_| Exit::Held);
    }
    let (mut chosen, mut totals) = (Vec::new(), Totals::default());
    let victim = if args.backend == BackendName::Kind { Victim::LastingCluster } else { Victim::Namespaces };
    for mutation in wanted {
        match fits(mutation, victim, &args.cluster) {
            Ok(()) => chosen.push((mutation, request(&lab, mutation, args)?)),
            Err(why) => totals.leave_out(mutation, why),
        }
    }
    if chosen.is_empty() {
        totals.print(&lab);
        return Err(totals.unwritten.unwrap_or(Exit::HostCannot));
    }
    if args.backend == BackendName::Netns {
        has_programs(&all_needs(&lab, args.backend, &chosen))?;
    }
    let stopper = stop_on_signals()?;
    let done = match args.backend {
        BackendName::Kind => on_kind(&lab, &chosen, args, &stopper, &mut totals),
        _ => in_namespaces(&chosen, args, &stopper, &mut totals),
    };
    totals.print(&lab);
    done?;
    if stopper.asked() { Err(Exit::Interrupted) } else { Ok(totals.exit()) }
}

/// A mutation in words: what it does, and what must notice.
fn describe(mutation: &Mutation) -> String {
    let outcome = match mutation.outcome {
        Consequence::Broken => "broken",
        Consequence::Inconclusive => "inconclusive",
    };
    let mut text = format!("{}\n  {}\n", mutation.name, mutation.does);
    for breaks in &mutation.breaks {
        let at = match &breaks.at {
            None => "as a whole".to_owned(),
            Some(Broken::Point(point)) => point.to_string(),
            Some(Broken::State { on, run }) => format!("{on}: {run}"),
        };
        for scenario in &breaks.scenarios {
            let _ = writeln!(text, "  {outcome}: {scenario}, {at}");
        }
    }
    text
}

/// What came of all mutations.
#[derive(Default)]
struct Totals {
    noticed: usize,
    unnoticed: usize,
    failed: usize,
    /// What the failed ones come to.
    failure: Option<Exit>,
    /// How many were left out, by reason.
    left_out: BTreeMap<&'static str, usize>,
    /// The table cannot be written: how the program ends then. It is said once, and the mutations go on, for some must be taken back.
    unwritten: Option<Exit>,
}

impl Totals {
    fn write(&mut self, text: &str) {
        if self.unwritten.is_none() {
            self.unwritten = data(text).err();
        }
    }

    fn leave_out(&mut self, mutation: &Mutation, why: &'static str) {
        *self.left_out.entry(why).or_default() += 1;
        self.write(&format!("left out   {} {why}\n", pad(&mutation.name, 28)));
    }

    fn print(&mut self, lab: &Lab) {
        let left_out: usize = self.left_out.values().sum();
        let all = self.noticed + self.unnoticed + self.failed + left_out;
        let kinds = [(self.noticed, "noticed"), (self.unnoticed, "unnoticed"), (self.failed, "failed"), (left_out, "left out")];
        let counts: Vec<String> = kinds.iter().map(|(count, what)| format!("{count} {what}")).collect();
        let mut text = format!("{}: {all} mutation{}, {}\n", lab.name, if all == 1 { "" } else { "s" }, counts.join(", "));
        for (why, count) in &self.left_out {
            let _ = writeln!(text, "  {count} left out: {why}");
        }
        self.write(&text);
    }

    fn exit(&self) -> Exit {
        let told = match (self.failed, self.unnoticed) {
            (1.., _) => self.failure.unwrap_or(Exit::Fault),
            (0, 1..) => Exit::Broken,
            (0, 0) => Exit::Held,
        };
        self.unwritten.unwrap_or(told)
    }
}

/// Each mutation in a lab of its own.
fn in_namespaces(chosen: &[(&Mutation, Request)], args: &Mutate, stopper: &Stopper, totals: &mut Totals) -> Result<(), Exit> {
    let exe = this_program()?;
    for (mutation, request) in chosen {
        if stopper.asked() {
            break;
        }
        tell(mutation, request, conduct(&exe, request, stopper, |_, _| ()), args, totals);
    }
    Ok(())
}

/// All mutations on one cluster, each taken back before the next.
fn on_kind(lab: &Lab, chosen: &[(&Mutation, Request)], args: &Mutate, stopper: &Stopper, totals: &mut Totals) -> Result<(), Exit> {
    let requests: Vec<Request> = chosen.iter().map(|(_, request)| request.clone()).collect();
    let choices = ClusterChoices { needs: all_needs(lab, BackendName::Kind, chosen), ..cluster_choices(lab, &args.cluster)? };
    let mut progress = Progress::new(false);
    let mut told = 0;
    let conducted = conduct_all_on_kind(
        &requests,
        &choices,
        stopper,
        move |event| progress.show(event, std::process::id()),
        |request, finished| {
            told += 1;
            match chosen.iter().find(|(_, own)| own.run == request.run) {
                Some((mutation, _)) => tell(mutation, request, finished, args, totals),
                None => totals.failed += 1,
            }
        },
    );
    let current = requests.get(told).or(requests.last()).map_or(Path::new(""), |request| &request.evidence);
    conducted.map_err(|error| super::run::fail(&error, current))?;
    if told < chosen.len() {
        say(&format!("note: mutations after it that were not carried out: {}", chosen.len() - told));
    }
    Ok(())
}

/// What all of these need of this host.
fn all_needs(lab: &Lab, backend: BackendName, chosen: &[(&Mutation, Request)]) -> Needs {
    let scenarios: Vec<String> = chosen.iter().flat_map(|(_, request)| request.scenarios.clone()).collect();
    needs(lab, backend, &scenarios, chosen.iter().filter_map(|(_, request)| request.breakage.as_ref()))
}

/// Tells what noticed a mutation.
fn tell(mutation: &Mutation, request: &Request, finished: Result<Finished, RunError>, args: &Mutate, totals: &mut Totals) {
    let finished = match finished {
        Ok(finished) => finished,
        Err(error) => {
            totals.failed += 1;
            totals.write(&format!("failed     {}\n", mutation.name));
            totals.failure = totals.failure.max(Some(super::run::fail(&error, &request.evidence)));
            return;
        }
    };
    match noticed(mutation, &finished.verdict) {
        Ok(by) => {
            totals.noticed += 1;
            totals.write(&format!("noticed    {} {by}\n", pad(&mutation.name, 28)));
            if args.evidence.is_none() {
                // Of no further use: the table says what there was to say.
                let _ = std::fs::remove_dir_all(&request.evidence);
            }
        }
        Err(why) => {
            let (name, does, evidence) = (&mutation.name, &mutation.does, request.evidence.display());
            totals.unnoticed += 1;
            totals.write(&format!("UNNOTICED  {} {why}\n           {does}; evidence in {evidence}\n", pad(name, 28)));
        }
    }
}

fn request(lab: &Lab, mutation: &Mutation, args: &Mutate) -> Result<Request, Exit> {
    let run = format!("{}-{}", new_run(), mutation.name);
    let folder = args.evidence.as_deref().unwrap_or(Path::new("evidence")).join(format!("{}-{run}", lab.name));
    Ok(Request {
        lab: lab.name.clone(),
        lab_path: lab.source.path.clone(),
        lab_text: lab.source.text.clone(),
        backend: args.backend.text().to_owned(),
        run,
        evidence: absolute(&folder)?,
        scenarios: scenarios_of(mutation, lab),
        snap_length: 256,
        engine: engine(&args.cluster),
        breakage: Some(Breakage::of(mutation)),
        mend: args.backend == BackendName::Kind,
        keep: false,
    })
}

/// Whether a mutation can be done to such a lab, with these captures.
pub(super) fn fits(mutation: &Mutation, victim: Victim, cluster: &Cluster) -> Result<(), &'static str> {
    if cluster.capture == Capture::Tcpdump && mutation.harness.as_ref().is_some_and(HarnessFault::in_captures) {
        return Err("it is done to our own captures, and tcpdump captures");
    }
    mutation.fits(victim)
}

/// The mutation of `lab` that was named.
pub(super) fn find(lab: &Lab, name: &str) -> Result<Mutation, Exit> {
    let mutations = all(lab)?;
    let names: Vec<_> = mutations.iter().map(|mutation| mutation.name.as_str()).collect();
    mutations.iter().find(|mutation| mutation.name == name).cloned().ok_or_else(|| {
        say(&format!("error: {} has no mutation `{name}`\nhint: there are {}", lab.name, names.join(", ")));
        Exit::BadInput
    })
}

/// The mutations beside `lab`.
fn all(lab: &Lab) -> Result<Vec<Mutation>, Exit> {
    let file: PathBuf = lab.source.path.with_file_name("mutations.yaml");
    if file.symlink_metadata().is_err() {
        say(&format!(
            "error: {} has no mutations: there is no {}\n\
             hint: that file says how to break the lab on purpose and which expectation must notice; docs/lab-files.md has its format, and \
             labs/calico-ipip/mutations.yaml is one",
            lab.name,
            file.display()
        ));
        return Err(Exit::BadInput);
    }
    let text = read_text(&file)?;
    lab::mutations(&file, &text, lab).map_err(|problems| {
        say_problems(&problems);
        Exit::BadInput
    })
}
