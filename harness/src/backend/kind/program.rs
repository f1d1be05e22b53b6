//! The user's own `kind` binary.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use tokio::process::Command;

use super::engine::Engine;
use super::error::KindError;
use crate::fault::in_words;
use crate::wait::{Look, until};

/// A cluster as `kind` sees it: a name, and a kubeconfig file of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Program {
    /// The cluster's name.
    pub(super) cluster: String,
    /// Where its kubeconfig is, or will be; the user's own is never touched.
    pub(super) kubeconfig: PathBuf,
}

/// No cluster takes longer to come up, unless its node image has to be pulled first.
const CREATE: Duration = Duration::from_mins(15);
/// Nothing else that `kind` is asked takes longer.
const OTHER: Duration = Duration::from_mins(5);
/// How much of what a program said is kept in an error.
const TAIL: usize = 1200;

impl Program {
    /// `kind version`, in one line.
    pub(super) async fn version() -> Result<String, KindError> {
        run(["version"], OTHER).await.map(|text| text.trim().to_owned())
    }

    /// Creates the cluster; nodes of one that fails are kept, so that there are logs.
    pub(super) async fn create(&self, config: &Path, image: &str) -> Result<(), KindError> {
        let mut args = self.args(["create", "cluster", "--retain", "--wait", "0s"]);
        args.extend(["--config".into(), config.into(), "--image".into(), image.into()]);
        args.extend(["--kubeconfig".into(), self.kubeconfig.clone().into_os_string()]);
        run(args, CREATE).await.map(drop)
    }

    /// Writes the kubeconfig file of a cluster that stands.
    pub(super) async fn export_kubeconfig(&self) -> Result<(), KindError> {
        let mut args = self.args(["export", "kubeconfig"]);
        args.extend(["--kubeconfig".into(), self.kubeconfig.clone().into_os_string()]);
        run(args, OTHER).await.map(drop)
    }

    /// Deletes the cluster, or what there is of it.
    pub(super) async fn delete(&self) -> Result<(), KindError> {
        let mut args = self.args(["delete", "cluster"]);
        args.extend(["--kubeconfig".into(), self.kubeconfig.clone().into_os_string()]);
        run(args, OTHER).await.map(drop)
    }

    /// Writes all logs of the cluster's nodes into `folder`.
    pub(super) async fn export_logs(&self, folder: &Path) -> Result<(), KindError> {
        let mut args = self.args(["export", "logs"]);
        args.push(folder.into());
        run(args, OTHER).await.map(drop)
    }

    /// Puts an image archive into nodes.
    pub(super) async fn load_archive(&self, archive: &Path, nodes: &[String]) -> Result<(), KindError> {
        let mut args = self.args(["load", "image-archive"]);
        args.extend([archive.into(), "--nodes".into(), nodes.join(",").into()]);
        run(args, OTHER).await.map(drop)
    }

    /// Puts images of Docker's store into all nodes; those that a node has already are left out.
    pub(super) async fn load_images(&self, images: &[&String]) -> Result<(), KindError> {
        let mut args = self.args(["load", "docker-image"]);
        args.extend(images.iter().map(Into::into));
        run(args, OTHER).await.map(drop)
    }

    fn args<const N: usize>(&self, words: [&str; N]) -> Vec<std::ffi::OsString> {
        words.into_iter().map(Into::into).chain(["--name".into(), self.cluster.clone().into()]).collect()
    }
}

/// Deletes a cluster until Docker has nothing of it any more: a container whose creation was under way when bring-up was abandoned comes late.
pub(super) async fn take_away(program: &Program) -> Result<(), KindError> {
    let engine = Engine::connect().await?;
    let what = format!("the cluster {} gone", program.cluster);
    Ok(until(&what, Duration::from_mins(1), Duration::from_millis(200), async || {
        // An earlier `kind` may still be deleting it, in which case Docker refuses this one.
        let refused = program.delete().await.err().map(|error| format!("; {error}")).unwrap_or_default();
        match engine.containers(&program.cluster).await {
            Ok(left) if left.is_empty() => Look::Done(()),
            Ok(left) => Look::NotYet(format!("left: {}{refused}", left.join(", "))),
            Err(error) => Look::NotYet(in_words(&error)),
        }
    })
    .await?)
}

/// Runs `kind` to its end and returns what it printed; ends it if nobody waits for it any more.
async fn run<A: AsRef<OsStr>>(args: impl IntoIterator<Item = A>, within: Duration) -> Result<String, KindError> {
    let mut command = Command::new("kind");
    command.args(args).env("KIND_EXPERIMENTAL_PROVIDER", "docker").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    // An interrupt from the terminal is for us: what is half built is deleted, not abandoned.
    command.process_group(0).kill_on_drop(true);
    let spelt = spell(command.as_std());
    let failed = |status: String, stderr: &[u8]| KindError::Program { command: spelt.clone(), status, stderr: tail(stderr) };
    let child = command.spawn().map_err(|error| KindError::Lacks {
        what: "kind".to_owned(),
        remedy: "install it from https://kind.sigs.k8s.io and put it on PATH".to_owned(),
        source: Some(Box::new(error)),
    })?;
    let mut group = Group(child.id());
    let ended = tokio::time::timeout(within, child.wait_with_output()).await;
    if matches!(ended, Ok(Ok(_))) {
        group.0 = None;
    }
    match ended {
        Err(_) => Err(failed(format!("not done within {} s", within.as_secs()), b"")),
        Ok(Err(error)) => Err(failed(error.to_string(), b"")),
        Ok(Ok(output)) if output.status.success() => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
        Ok(Ok(output)) => Err(failed(output.status.to_string(), &output.stderr)),
    }
}

/// A process group that is ended with us: `kind` starts `docker` again and again, and what that has begun must not go on without it.
struct Group(Option<u32>);

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(leader) = self.0.and_then(|pid| i32::try_from(pid).ok()) {
            // The leader has not been waited for, so nobody else has its number; it may have ended already.
            let _ = killpg(Pid::from_raw(leader), Signal::SIGKILL);
        }
    }
}

fn spell(command: &std::process::Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(OsStr::to_string_lossy).collect::<Vec<_>>().join(" ")
}

/// The last lines, as many as fit.
fn tail(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    let text = text.trim();
    let start = text.len().saturating_sub(TAIL);
    let start = (start..=text.len()).find(|index| text.is_char_boundary(*index)).unwrap_or(0);
    let from = if start == 0 { 0 } else { text[start..].find('\n').map_or(start, |line| start + line + 1) };
    text[from..].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tail_is_whole_lines() {
        assert_eq!(tail(b" one\ntwo\n"), "one\ntwo");
        let long = "ä line that is long\n".repeat(200);
        let tail = tail(long.as_bytes());
        assert!(tail.len() <= TAIL && tail.len() > TAIL - 25 && tail.starts_with('ä'), "{}", tail.len());
    }
}
