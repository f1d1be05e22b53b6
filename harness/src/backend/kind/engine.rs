//! Docker, as far as a cluster of kind needs looking after.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;
use std::pin::pin;
use std::sync::Arc;

use bollard::Docker;
use bollard::container::LogOutput;
use bollard::errors::Error;
use bollard::exec::StartExecResults;
use bollard::models::{ContainerCreateBody, ExecConfig};
use bollard::query_parameters::{
    ContainerArchiveInfoOptionsBuilder, ImportImageOptions, ListContainersOptionsBuilder, RemoveContainerOptionsBuilder,
    UploadToContainerOptionsBuilder,
};
use futures_util::stream::unfold;
use futures_util::{FutureExt as _, StreamExt as _};

use super::error::KindError;
use crate::fault::in_words;
use crate::place::{Cmd, Process, Said};

/// The label by which kind knows its nodes; its value is the cluster's name.
const CLUSTER: &str = "io.x-k8s.kind.cluster";

/// How many bytes of an archive are read at once.
const PIECE: u64 = 1 << 20;

/// A connection to the Docker daemon.
#[derive(Clone, Debug)]
pub(super) struct Engine {
    docker: Docker,
    /// The daemon's version.
    pub(super) version: String,
}

impl Engine {
    /// Connects to the daemon that `DOCKER_HOST` names, or the usual one, and agrees on a version with it.
    pub(super) async fn connect() -> Result<Self, KindError> {
        let unreachable = |error| KindError::Lacks {
            what: "a Docker daemon that can be reached".to_owned(),
            remedy: "see that `docker info` works for this user".to_owned(),
            source: Some(Box::new(error)),
        };
        let docker = Docker::connect_with_local_defaults().map_err(unreachable)?;
        let docker = docker.negotiate_version().await.map_err(unreachable)?;
        let version = docker.version().await.map_err(unreachable)?.version.unwrap_or_default();
        Ok(Self { docker, version })
    }

    /// Whether the image is in the daemon's store.
    pub(super) async fn has_image(&self, name: &str) -> Result<bool, KindError> {
        match self.docker.inspect_image(name).await {
            Ok(_) => Ok(true),
            Err(Error::DockerResponseServerError { status_code: 404, .. }) => Ok(false),
            Err(error) => Err(KindError::docker(format!("look up the image {name}"))(error)),
        }
    }

    /// Whether the image's registry has it, as the daemon is told.
    pub(super) async fn published(&self, name: &str) -> Result<(), String> {
        self.docker.inspect_registry_image(name, None).await.map(drop).map_err(|error| in_words(&error))
    }

    /// Puts the images of an archive, as `docker save` writes it, into the daemon's store.
    pub(super) async fn load(&self, archive: &Path) -> Result<(), KindError> {
        let file = File::open(archive).map_err(KindError::host(format!("read {}", archive.display())))?;
        let pieces = unfold(file, async |mut file| {
            let mut piece = Vec::new();
            match file.by_ref().take(PIECE).read_to_end(&mut piece) {
                Ok(0) => None,
                read => Some((read.map(|_| piece.into()), file)),
            }
        });
        let mut said = pin!(self.docker.import_image_stream(ImportImageOptions::default(), pieces, None));
        while let Some(piece) = said.next().await {
            piece.map_err(KindError::docker(format!("load the images of {}", archive.display())))?;
        }
        Ok(())
    }

    /// Which of these files an image lacks, looked up in a container of it that is never started and is gone when this returns.
    pub(super) async fn lacking<'f>(&self, image: &str, files: &[&'f str]) -> Result<Vec<&'f str>, KindError> {
        let config = ContainerCreateBody { image: Some(image.to_owned()), ..ContainerCreateBody::default() };
        let made = self.docker.create_container(None, config).await.map_err(KindError::docker(format!("look into the image {image}")))?;
        let mut lacking = Ok(Vec::new());
        for file in files {
            let options = ContainerArchiveInfoOptionsBuilder::new().path(file).build();
            match self.docker.get_container_archive_info(&made.id, Some(options)).await {
                Ok(_) => {}
                Err(Error::DockerResponseServerError { status_code: 404, .. }) => {
                    if let Ok(list) = &mut lacking {
                        list.push(*file);
                    }
                }
                Err(error) => lacking = Err(KindError::docker(format!("look for {file} in {image}"))(error)),
            }
        }
        let options = RemoveContainerOptionsBuilder::new().force(true).v(true).build();
        self.docker
            .remove_container(&made.id, Some(options))
            .await
            .map_err(KindError::docker(format!("remove the container {}", made.id)))?;
        lacking
    }

    /// The names of the containers that are, or were, nodes of the cluster.
    pub(super) async fn containers(&self, cluster: &str) -> Result<Vec<String>, KindError> {
        Ok(self.clusters().await?.remove(cluster).unwrap_or_default())
    }

    /// Every cluster of kind and its containers.
    pub(super) async fn clusters(&self) -> Result<BTreeMap<String, Vec<String>>, KindError> {
        let filters = HashMap::from([("label", vec![CLUSTER])]);
        let options = ListContainersOptionsBuilder::new().all(true).filters(&filters).build();
        let list = self.docker.list_containers(Some(options)).await.map_err(KindError::docker("list containers"))?;
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
        let details = self.docker.inspect_container(container, None).await.map_err(KindError::docker(format!("inspect {container}")))?;
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
        let id = self.docker.create_exec(container, config).await.map_err(io::Error::other)?.id;
        let StartExecResults::Attached { output, input } = self.docker.start_exec(&id, None).await.map_err(io::Error::other)? else {
            return Err(io::Error::other("Docker did not attach to the command"));
        };
        let said = output.map(|piece| match piece {
            Ok(LogOutput::StdErr { message }) => Ok(Said::Error(message.to_vec())),
            Ok(piece) => Ok(Said::Output(piece.into_bytes().to_vec())),
            Err(error) => Err(io::Error::other(error)),
        });
        let docker = self.docker.clone();
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
        self.docker
            .upload_to_container(container, Some(options), body)
            .await
            .map_err(KindError::docker(format!("write to {folder} of {container}")))
    }
}
