//! Bring-up: from a topology to a site, in phases.

use std::collections::BTreeMap;

use serde_json::json;

use super::archive::Image;
use super::clear::clear;
use super::engine::Engine;
use super::error::KindError;
use super::facts::{Seen, SeenNode, SeenPod, facts};
use super::machine::{self, Machine};
use super::options::{Clock, Options, Share};
use super::pods::{self, PodImage, RUN, Running};
use super::prepare::Prepared;
use super::program::Program;
use super::reach::{Container, Reach, forget};
use super::recipe::Step;
use super::services::{self, Serving};
use super::steps::{self, Cluster};
use super::{api, archive, links, load, stock, versions};
use crate::name::PlaceName;
use crate::place::Place;
use crate::site::{Site, Topology};

const CUT_SHORT: &str = "packing nettool's image was cut short";

/// Everything a bring-up works with.
pub(super) struct Build<'a> {
    pub(super) options: &'a Options,
    pub(super) clock: &'a Clock,
    pub(super) engine: &'a Engine,
    pub(super) program: &'a Program,
    pub(super) prepared: &'a Prepared,
    pub(super) topology: &'a Topology,
}

impl Build<'_> {
    /// Creates the cluster, and nettool's image meanwhile.
    pub(super) async fn create(&self) -> Result<Option<Image>, KindError> {
        let config = self.options.kind_config();
        let text = labelled(&self.prepared.cluster, &self.options.run).to_string();
        std::fs::write(&config, text).map_err(KindError::host(format!("write {}", config.display())))?;
        let node_image = self.options.node_image.as_ref().unwrap_or(&self.prepared.recipe.node_image);
        let what = format!("create the cluster {}", self.program.cluster);
        let packed = self.pack();
        if let Some(folder) = &self.options.choices.offline {
            let images = self.prepared.images.iter().chain([node_image]).chain(&self.options.pod_image);
            stock::unpack(self.engine, images, folder).await?;
        }
        let created = self.clock.phase(&self.options.watch, Share::Others, &what, self.program.create(&config, node_image)).await;
        // Packing never fails for lack of a cluster: whichever failed, it is told.
        let packed = packed.await.map_err(|_| KindError::Unfit(CUT_SHORT.to_owned()))?;
        match created {
            // Its registry had it, and did not give all of it.
            Err(error) if self.nothing_made(node_image).await? => Err(KindError::Lacks {
                what: format!("the node image {node_image}"),
                remedy: format!("docker pull {node_image}, or name one that is there: --node-image"),
                source: Some(Box::new(error)),
            }),
            created => created.and(packed),
        }
    }

    /// Whether there is neither a node nor an image to make one of.
    async fn nothing_made(&self, node_image: &str) -> Result<bool, KindError> {
        Ok(!self.engine.has_image(node_image).await? && self.engine.containers(&self.program.cluster).await?.is_empty())
    }

    /// Packs nettool's image on a thread of its own; it is a second's work that needs nothing but this host.
    fn pack(&self) -> tokio::sync::oneshot::Receiver<Result<Option<Image>, KindError>> {
        let (tell, told) = tokio::sync::oneshot::channel();
        let (program, archive) = (self.options.program.clone(), self.options.archive());
        let wanted = self.options.pod_image.is_none();
        std::thread::spawn(move || {
            let doing = format!("make an image of {}", program.display());
            let packed = wanted.then(|| archive::pack(&program, &archive).map_err(KindError::host(doing))).transpose();
            if tell.send(packed).is_err() {
                // Whoever waited is gone, and has cleaned up already, but for this.
                let _ = std::fs::remove_file(&archive);
                let _ = archive.parent().map(std::fs::remove_dir);
            }
        });
        told
    }

    /// Prepares a cluster that stands already: earlier runs' pods go.
    pub(super) async fn take_over(&self) -> Result<Option<Image>, KindError> {
        let packed = self.pack();
        self.program.export_kubeconfig().await?;
        let client = api::connect(&self.program.kubeconfig).await?;
        let (nodes, memories) = (self.engine.containers(&self.program.cluster).await?, &self.prepared.recipe.forget);
        let clear = async {
            clear(&client).await?;
            forget(self.engine, &nodes, memories).await.map_err(KindError::host("make the nodes forget earlier pods"))
        };
        self.phase(Share::Own, "take earlier runs' pods away", clear).await?;
        packed.await.map_err(|_| KindError::Unfit(CUT_SHORT.to_owned()))?
    }

    /// Makes a cluster whose containers run into a site.
    pub(super) async fn finish(&self, image: Option<Image>) -> Result<Site, KindError> {
        let client = api::connect(&self.program.kubeconfig).await?;
        let cluster = Cluster { client, machines: self.machines().await? };
        let nodes = self.node_names();
        self.steps(&cluster, image.as_ref(), &nodes).await?;
        let pod_image = match (&self.options.pod_image, image) {
            (Some(image), _) => PodImage::Users(image.clone()),
            (None, Some(image)) => PodImage::Nettool(image.name),
            (None, None) => return Err(KindError::Unfit("there is no image for the pods".to_owned())),
        };
        let what = format!("start {} pods", self.topology.pods.len());
        let running = self.phase(Share::Own, &what, self.pods(&cluster, &nodes, &pod_image)).await?;
        let services = services::ready(&cluster.client, &cluster.machines, &self.topology.services);
        let services = self.phase(Share::Own, "Services answer on every node", services).await?;
        self.phase(Share::Own, "learn facts", self.site(&cluster, &nodes, &running, services)).await
    }

    /// The cluster's nodes, each as it is reached.
    async fn machines(&self) -> Result<Vec<Machine>, KindError> {
        let mut containers = Vec::new();
        for name in self.engine.containers(&self.program.cluster).await? {
            let (id, pid) = self.engine.process(&name).await?;
            containers.push(Container { name, id, pid });
        }
        let reach = Reach::find(self.engine, self.options, &containers).await?;
        let open = |node: &Container| {
            let doing = format!("enter the node {}, which Docker says is process {}", node.name, node.pid);
            Machine::open(node, &reach).map_err(KindError::host(doing))
        };
        containers.iter().map(open).collect()
    }

    /// The recipe's steps. What the nodes lack is brought while the steps before the first manifest are waited for.
    async fn steps(&self, cluster: &Cluster, image: Option<&Image>, nodes: &BTreeMap<PlaceName, String>) -> Result<(), KindError> {
        let steps = &self.prepared.recipe.steps;
        let first = steps.iter().position(|step| matches!(step, Step::Apply(_))).unwrap_or(steps.len());
        let (before, after) = steps.split_at(first);
        let bring = self.phase(Share::Others, "load images", self.bring(cluster, image, nodes));
        let (before, bring) = futures_util::future::join(self.take(cluster, before), bring).await;
        before.and(bring)?;
        self.take(cluster, after).await
    }

    async fn take(&self, cluster: &Cluster, steps: &[Step]) -> Result<(), KindError> {
        // A cluster that stands has its CNI; whether it is ready is another matter.
        let applies = |step: &&Step| self.options.reuse.is_none() || !matches!(step, Step::Apply(_));
        for step in steps.iter().filter(applies) {
            self.phase(Share::Others, &steps::title(step), steps::take(cluster, self.prepared, step)).await?;
        }
        Ok(())
    }

    async fn bring(&self, cluster: &Cluster, image: Option<&Image>, nodes: &BTreeMap<PlaceName, String>) -> Result<(), KindError> {
        if self.options.reuse.is_none() {
            load::plugins(self.engine, &cluster.machines, &self.prepared.recipe.plugins, &self.options.plugin_folders).await?;
            load::images(self.engine, self.program, self.prepared, &self.options.watch).await?;
        }
        if let Some(image) = &self.options.pod_image {
            load::user_image(self.engine, self.program, image).await?;
        }
        if let Some(image) = image {
            let mut of_pods: Vec<String> = self.topology.pods.iter().map(|pod| nodes[&pod.node].clone()).collect();
            of_pods.sort();
            of_pods.dedup();
            load::nettool(self.program, image, &of_pods).await?;
        }
        Ok(())
    }

    async fn pods(&self, cluster: &Cluster, nodes: &BTreeMap<PlaceName, String>, image: &PodImage) -> Result<Vec<Running>, KindError> {
        let (pods, run) = (&self.topology.pods, &self.options.run);
        pods::create(&cluster.client, self.topology, nodes, image, run).await?;
        let running = pods::ready(cluster, pods, nodes, image, run).await?;
        pods::reachable(&cluster.machines, &running).await?;
        Ok(running)
    }

    /// Looks at everything once, and freezes what it sees.
    async fn site(
        &self,
        cluster: &Cluster,
        nodes: &BTreeMap<PlaceName, String>,
        running: &[Running],
        services: Vec<Serving>,
    ) -> Result<Site, KindError> {
        let known = api::nodes(&cluster.client).await?;
        let mut places: BTreeMap<PlaceName, Box<dyn Place>> = BTreeMap::new();
        let mut seen_nodes = Vec::new();
        for spec in &self.topology.nodes {
            let name = &nodes[&spec.name];
            let machine = self.machine(cluster, name)?;
            seen_nodes.push(SeenNode {
                spec: spec.clone(),
                name: name.clone(),
                links: machine.links().await?,
                routes: machine.routes().await?,
                pod_cidr: known.get(name).and_then(|node| node.spec.as_ref()?.pod_cidr.clone()),
            });
            places.insert(spec.name.clone(), Box::new(machine.place(&spec.name)));
        }
        let mut seen_pods = Vec::new();
        for (spec, pod) in self.topology.pods.iter().zip(running) {
            let (links, routes) = (links::links(&pod.place).await?, machine::routes(&pod.place).await?);
            seen_pods.push(SeenPod { spec: spec.clone(), address: pod.address, links, routes });
            places.insert(pod.name.clone(), Box::new(pod.place.clone()));
        }
        let proxy = api::proxy(&cluster.client).await?;
        let versions = versions::versions(self.engine, &cluster.client, &self.prepared.recipe.facts.version_of, &known, proxy.mode).await?;
        let seen = Seen { nodes: seen_nodes, pods: seen_pods, services, pods_range: proxy.pods, versions };
        let facts = facts(&self.prepared.recipe.facts, &seen)?;
        Ok(Site { places, facts })
    }

    fn machine<'c>(&self, cluster: &'c Cluster, name: &str) -> Result<&'c Machine, KindError> {
        let found = cluster.machines.iter().find(|machine| machine.name == name);
        found.ok_or_else(|| KindError::Unfit(format!("the cluster {} has no node {name}", self.program.cluster)))
    }

    /// The cluster's name of each of the lab's nodes.
    fn node_names(&self) -> BTreeMap<PlaceName, String> {
        let names = self.topology.nodes.iter().zip(&self.prepared.recipe.nodes);
        names.map(|(spec, node)| (spec.name.clone(), format!("{}-{node}", self.program.cluster))).collect()
    }

    async fn phase<T>(&self, share: Share, what: &str, doing: impl Future<Output = Result<T, KindError>>) -> Result<T, KindError> {
        self.clock.phase(&self.options.watch, share, what, doing).await
    }
}

/// What `kind.yaml` says, with every node labelled by the run.
fn labelled(cluster: &serde_json::Value, run: &str) -> serde_json::Value {
    let mut cluster = cluster.clone();
    for node in cluster["nodes"].as_array_mut().into_iter().flatten() {
        if !node["labels"].is_object() {
            node["labels"] = json!({});
        }
        node["labels"][RUN] = json!(run);
    }
    cluster
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_node_is_labelled_by_the_run() {
        let cluster = json!({"kind": "Cluster", "nodes": [{"role": "control-plane"}, {"role": "worker", "labels": {"a": "b"}}]});
        let nodes = json!([{"role": "control-plane", "labels": {RUN: "r1"}}, {"role": "worker", "labels": {"a": "b", RUN: "r1"}}]);
        assert_eq!(labelled(&cluster, "r1")["nodes"], nodes);
    }
}
