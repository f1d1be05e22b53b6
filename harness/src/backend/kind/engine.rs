//! Docker, as far as a cluster of kind needs looking after.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::sync::Arc;

use bollard::Docker;
use bollard::container::LogOutput;
use bollard::exec::StartExecResults;
use bollard::models::ExecConfig;
use bollard::query_parameters::{ListContainersOptionsBuilder, UploadToContainerOptionsBuilder};
use futures_util::{FutureExt as _, StreamExt as _};

use super::error::KindError;
use crate::place::{Cmd, Process, Said};

/// The label by which kind knows its nodes; its value is the cluster's name.
const CLUSTER: &str = "io.x-k8s.kind.cluster";

/// A connection to the Docker daemon.
#[derive(Clone, Debug)]
pub(super) struct Engine(Docker);

impl Engine {
    /// Connects to the daemon that `DOCKER_HOST` names, or the usual one, and agrees on a version with it.
    pub(super) async fn connect() -> Result<Self, KindError> {
        let unreachable = |error| KindError::Lacks {
            what: "a Docker daemon that can be reached".to_owned(),
            remedy: "see that `docker info` works for this user".to_owned(),
            source: Some(Box::new(error)),
        };
        let docker = Docker::connect_with_local_defaults().map_err(unreachable)?;
        docker.negotiate_version().await.map(Self).map_err(unreachable)
    }

    /// The daemon's version.
    pub(super) async fn version(&self) -> Result<String, KindError> {
        let version = self.0.version().await.map_err(KindError::docker("tell its version"))?;
        Ok(version.version.unwrap_or_default())
    }

    /// Whether the image is in the daemon's store.
    pub(super) async fn has_image(&self, name: &str) -> Result<bool, KindError> {
        match self.0.inspect_image(name).await {
            Ok(_) => Ok(true),
            Err(bollard::errors::Error::DockerResponseServerError { status_code: 404, .. }) => Ok(false),
            Err(error) => Err(KindError::docker(format!("look up the image {name}"))(error)),
        }
    }

    /// The names of the containers that are, or were, nodes of the cluster.
    pub(super) async fn containers(&self, cluster: &str) -> Result<Vec<String>, KindError> {
        Ok(self.clusters().await?.remove(cluster).unwrap_or_default())
    }

    /// Every cluster of kind and its containers.
    pub(super) async fn clusters(&self) -> Result<BTreeMap<String, Vec<String>>, KindError> {
        let filters = HashMap::from([("label", vec![CLUSTER])]);
        let options = ListContainersOptionsBuilder::new().all(true).filters(&filters).build();
        let list = self.0.list_containers(Some(options)).await.map_err(KindError::docker("list containers"))?;
        let mut clusters: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for container in list {
            let cluster = container.labels.and_then(|mut labels| labels.remove(CLUSTER));
            let name = container.names.and_then(|names| names.into_iter().next());
            if let (Some(cluster), Some(name)) = (cluster, name) {
                clusters.entry(cluster).or_default().push(name.trim_start_matches('/').to_owned());
            }
        }
        for containers in clusters.values_mut() {
            containers.sort();
        }
        Ok(clusters)
    }

    /// The id of a container that runs, and its first process, as the daemon's host numbers it.
    pub(super) async fn process(&self, container: &str) -> Result<(String, u32), KindError> {
        let details = self.0.inspect_container(container, None).await.map_err(KindError::docker(format!("inspect {container}")))?;
        let pid = details.state.and_then(|state| state.pid).and_then(|pid| u32::try_from(pid).ok()).filter(|pid| *pid > 0);
        let pid = pid.ok_or_else(|| KindError::Unfit(format!("the node {container} does not run")))?;
        Ok((details.id.unwrap_or_default(), pid))
    }

    /// Starts a command in a container, and leaves it running.
    pub(super) async fn exec(&self, container: &str, cmd: &Cmd) -> io::Result<Process> {
        let config = ExecConfig {
            attach_stdin: Some(true),
            attach_stdout: Some(true),
            attach_stderr: Some(true),
            // Tools speak the documents' language, whatever the node's is.
            env: Some(vec!["LC_ALL=C".to_owned()]),
            cmd: Some(std::iter::once(&cmd.program).chain(&cmd.args).cloned().collect()),
            ..ExecConfig::default()
        };
        let id = self.0.create_exec(container, config).await.map_err(io::Error::other)?.id;
        let StartExecResults::Attached { output, input } = self.0.start_exec(&id, None).await.map_err(io::Error::other)? else {
            return Err(io::Error::other("Docker did not attach to the command"));
        };
        let said = output.map(|piece| match piece {
            Ok(LogOutput::StdErr { message }) => Ok(Said::Error(message.to_vec())),
            Ok(piece) => Ok(Said::Output(piece.into_bytes().to_vec())),
            Err(error) => Err(io::Error::other(error)),
        });
        let docker = self.0.clone();
        let status = async move {
            let ended = docker.inspect_exec(&id).await.map_err(io::Error::other)?;
            let status = ended.exit_code.and_then(|status| i32::try_from(status).ok());
            status.ok_or_else(|| io::Error::other("Docker does not say how the command ended"))
        };
        Ok(Process { input, said: said.boxed(), status: status.boxed() })
    }

    /// Unpacks a tar archive in a folder of a container.
    pub(super) async fn upload(&self, container: &str, folder: &str, tape: &Arc<[u8]>) -> Result<(), KindError> {
        let options = UploadToContainerOptionsBuilder::new().path(folder).build();
        let body = bollard::body_full(tape.to_vec().into());
        self.0
            .upload_to_container(container, Some(options), body)
            .await
            .map_err(KindError::docker(format!("write to {folder} of {container}")))
    }
}
