//! The first stage: takes namespaces, and dies with the outer process.

use std::os::unix::process::ExitStatusExt;
use std::process::{Command, ExitCode};

use nix::errno::Errno;
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use nix::sys::prctl::set_pdeathsig;
use nix::sys::signal::Signal;
use nix::unistd::Uid;

use super::EnclosureError;
use super::handshake::{Order, Told, obey, tell};
use crate::backend::netns::survey;

/// The whole of `enclosed`: takes namespaces, starts `enclosed --inner` in them, and ends as that ends.
///
/// To be called by a process that has one thread and has read nothing of its standard input.
pub fn first_stage() -> ExitCode {
    let user_namespace = match unshare_all() {
        Ok(user_namespace) => user_namespace,
        Err(Refusal { step, errno }) => {
            // The outer process says it to people; without one there is nobody to tell.
            let _ = tell(&Told::Refused { step: step.to_owned(), errno: errno as i32 });
            return ExitCode::FAILURE;
        }
    };
    run(user_namespace).unwrap_or(ExitCode::FAILURE)
}

/// A step that the kernel refused.
struct Refusal {
    step: &'static str,
    errno: Errno,
}

/// Takes namespaces of every kind that matters; says whether a user namespace is among them.
fn unshare_all() -> Result<bool, Refusal> {
    let refused = |step| move |errno| Refusal { step, errno };
    set_pdeathsig(Signal::SIGKILL).map_err(refused("tie this process to its parent"))?;
    let user_namespace = match unshare(CloneFlags::CLONE_NEWUSER) {
        Ok(()) => true,
        // Root can have the others without it. What is lost is only that root in the lab could not touch the host by mistake.
        Err(_) if Uid::effective().is_root() => false,
        Err(errno) => return Err(refused("create a user namespace")(errno)),
    };
    let rest =
        CloneFlags::CLONE_NEWNS | CloneFlags::CLONE_NEWPID | CloneFlags::CLONE_NEWNET | CloneFlags::CLONE_NEWIPC | CloneFlags::CLONE_NEWUTS;
    // Where AppArmor restricts user namespaces one can be had, but nothing can be done in it: it shows here.
    unshare(rest).map_err(refused("create mount, pid and network namespaces"))?;
    let private = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
    mount(None::<&str>, "/", None::<&str>, private, None::<&str>).map_err(refused("make mounts private"))?;
    // A change of credentials clears it (prctl(2)).
    set_pdeathsig(Signal::SIGKILL).map_err(refused("tie this process to its parent"))?;
    Ok(user_namespace)
}

#[expect(clippy::disallowed_methods, reason = "this backend starts itself again, in its own namespaces")]
fn run(user_namespace: bool) -> Result<ExitCode, EnclosureError> {
    tell(&Told::Unshared { user_namespace }).map_err(|_| EnclosureError::Orphaned)?;
    match obey()? {
        Order::Survey => {
            // No thread can be started from here: this process is not in the pid namespace that its children will be in (unshare(2)).
            tell(&Told::Surveyed(survey::look())).map_err(|_| EnclosureError::Orphaned)?;
            Ok(ExitCode::SUCCESS)
        }
        Order::Enter => {
            // The link outlives the file: a program that was replaced meanwhile still starts itself.
            let program = "/proc/self/exe";
            let status = Command::new(program).args(["enclosed", "--inner"]).status().map_err(|source| {
                // The outer process says it to people: it still listens.
                let errno = source.raw_os_error().unwrap_or_default();
                let _ = tell(&Told::Refused { step: "start this program again in its namespaces".to_owned(), errno });
                EnclosureError::Start { program: program.into(), source }
            })?;
            let code = status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or_default());
            Ok(ExitCode::from(u8::try_from(code).unwrap_or(u8::MAX)))
        }
    }
}
