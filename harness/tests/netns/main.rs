//! The embedded backend on this machine's kernel. Needs root, or user namespaces for ordinary users; without both every trial that would
//! build something is ignored, with the reason in its name.
//!
//! This program is also the one that is enclosed: a trial starts it again as `enclosed`, and the lab lives in there.

mod bridged;
mod carrying;
mod echo;
mod leaving;
mod lifetime;
mod standing;
mod topology;

use std::io::{BufRead, Read, Write};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::process::ExitCode;

use cnilab::backend::netns::{Netns, enclosure};
use libtest_mimic::{Arguments, Failed, Trial};

/// A trial that runs enclosed; `Err` tells what did not hold.
type Inside = fn() -> Pin<Box<dyn Future<Output = Result<(), String>>>>;

/// The trials that run enclosed.
const INSIDE: [(&str, Inside); 12] = [
    ("routes, neighbours and switches are as documented", || Box::pin(standing::routes())),
    ("facts are what the kernel says", || Box::pin(standing::facts())),
    ("a topology that contradicts itself is not built", || Box::pin(standing::contradictions())),
    ("every documented ping is answered, with its TTL and source", || Box::pin(carrying::pings())),
    ("the outer header is the kernel's", || Box::pin(carrying::outer_header())),
    ("a route that changes changes the wire", || Box::pin(carrying::changed_route())),
    ("the longest packet fits, one byte more is cut up before the tunnel", || Box::pin(carrying::longest())),
    ("a bridge stands, and what is known of it", || Box::pin(bridged::stands())),
    ("a proxy is a hop on either side", || Box::pin(bridged::pings())),
    ("a proxy does wrong what it is told to", || Box::pin(bridged::faults())),
    ("down leaves neither descriptor nor thread nor device", || Box::pin(leaving::nothing())),
    ("down tells of a process that was left", || Box::pin(leaving::process())),
];

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["enclosed"] => enclosure::first_stage(),
        ["enclosed", "--inner"] => inner(),
        ["hold"] => lifetime::hold(),
        _ => trials(),
    }
}

/// What runs enclosed: the trial that standard input names.
fn inner() -> ExitCode {
    enclosure::second_stage().expect("enclosed");
    let mut name = String::new();
    std::io::stdin().lock().read_line(&mut name).expect("a line");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let ran = match INSIDE.iter().find(|(known, _)| *known == name.trim()) {
        Some((_, trial)) => runtime.block_on(trial()),
        None => runtime.block_on(lifetime::held()),
    };
    let Err(failure) = ran else { return ExitCode::SUCCESS };
    let _ = std::io::stdout().write_all(failure.as_bytes());
    ExitCode::FAILURE
}

/// Runs a trial enclosed, and tells what it told.
fn enclosed(name: &str) -> Result<(), Failed> {
    let mut outer = enclosure::Outer::spawn(&this_program())?;
    writeln!(outer.take_stdin(), "{name}")?;
    let mut said = String::new();
    outer.take_stdout().read_to_string(&mut said)?;
    let status = outer.wait()?;
    if status.success() { Ok(()) } else { Err(Failed::from(format!("{status}\n{said}"))) }
}

fn this_program() -> PathBuf {
    std::env::current_exe().expect("this program")
}

fn trials() -> ExitCode {
    let able = Netns::survey_from_outside(&this_program()).able;
    let trial = |name: &'static str, run: fn(&str) -> Result<(), Failed>| match &able {
        Ok(()) => Trial::test(name, move || run(name)),
        Err(why) => Trial::test(format!("{name} (skipped: {why})"), || Ok(())).with_ignored_flag(true),
    };
    let mut trials: Vec<_> = INSIDE.iter().map(|(name, _)| trial(name, enclosed)).collect();
    trials.push(trial("killed at thirty moments it leaves nothing", |_| lifetime::killed()));
    trials.push(trial("dropped it leaves nothing", |_| lifetime::dropped()));
    trials.push(Trial::test("a program that does not enclose itself is told apart", stranger));
    // One after another: some compare the host before and after.
    let mut arguments = Arguments::from_args();
    arguments.test_threads = Some(1);
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn stranger() -> Result<(), Failed> {
    let survey = Netns::survey_from_outside(Path::new("/bin/true"));
    expect_eq(&survey.able, &Err("the enclosed process ended before it had begun".to_owned()))?;
    let survey = Netns::survey_from_outside(Path::new("/nonexistent/program"));
    expect_eq(&survey.able, &Err("cannot start /nonexistent/program: No such file or directory (os error 2)".to_owned()))?;
    Ok(())
}

/// `Err` tells both if `seen` is not `wanted`.
fn expect_eq<T: PartialEq + std::fmt::Debug + ?Sized>(seen: &T, wanted: &T) -> Result<(), String> {
    if seen == wanted { Ok(()) } else { Err(format!("wanted {wanted:#?}\nseen   {seen:#?}")) }
}
