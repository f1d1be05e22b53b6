//! Docker itself, asked by its own client, and a socket that can be taken away from others.

use std::io::copy;
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use libtest_mimic::Failed;

use super::child::say;

/// What Docker says.
pub(crate) fn docker(args: &[&str]) -> String {
    say("docker", args)
}

/// The containers of a cluster, by name; none if there is none.
pub(crate) fn containers(cluster: &str) -> Vec<String> {
    let label = format!("label=io.x-k8s.kind.cluster={cluster}");
    docker(&["ps", "-a", "--format", "{{.Names}}", "--filter", &label]).lines().map(str::to_owned).collect()
}

/// The processes in a cluster's nodes whose command lines have `word`.
pub(crate) fn processes(cluster: &str, word: &str) -> Vec<String> {
    let all = containers(cluster).into_iter().flat_map(|node| {
        let lines = docker(&["top", &node, "-eo", "pid,args"]);
        lines.lines().map(str::to_owned).collect::<Vec<_>>()
    });
    all.filter(|line| line.contains(word)).collect()
}

/// Passes on what is said to Docker's socket, until it is stopped.
pub(crate) struct Proxy {
    folder: tempfile::TempDir,
    open: Arc<Mutex<Option<Vec<UnixStream>>>>,
}

impl Proxy {
    pub(crate) fn start() -> Result<Self, Failed> {
        let folder = tempfile::tempdir()?;
        let listener = UnixListener::bind(folder.path().join("docker.sock"))?;
        let open = Arc::new(Mutex::new(Some(Vec::new())));
        let connections = Arc::clone(&open);
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let mut connections = connections.lock().unwrap_or_else(PoisonError::into_inner);
                let (Some(all), Ok(server)) = (connections.as_mut(), UnixStream::connect(socket())) else { return };
                pass(&client, &server);
                pass(&server, &client);
                all.extend([client, server]);
            }
        });
        Ok(Self { folder, open })
    }

    /// As `DOCKER_HOST` spells it.
    pub(crate) fn address(&self) -> String {
        format!("unix://{}", self.folder.path().join("docker.sock").display())
    }

    /// Breaks all connections, and takes no more.
    pub(crate) fn stop(&self) {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner).take();
        let _ = std::fs::remove_file(self.folder.path().join("docker.sock"));
        for stream in open.into_iter().flatten() {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

fn pass(from: &UnixStream, to: &UnixStream) {
    let (Ok(mut from), Ok(mut to)) = (from.try_clone(), to.try_clone()) else { return };
    std::thread::spawn(move || {
        let _ = copy(&mut from, &mut to);
        let _ = to.shutdown(Shutdown::Write);
    });
}

/// Docker's own socket.
fn socket() -> PathBuf {
    let named = std::env::var("DOCKER_HOST").ok().and_then(|host| host.strip_prefix("unix://").map(PathBuf::from));
    named.unwrap_or_else(|| PathBuf::from("/var/run/docker.sock"))
}
