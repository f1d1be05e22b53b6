use super::*;
use crate::backend::kind::error::RecipeError;

fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(future)
}

fn configs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../kind-configs")
}

/// A folder with this recipe, and the `kind.yaml` and manifest of flannel-udp.
fn folder(recipe: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("recipe.yaml"), recipe).expect("writable");
    for file in ["kind.yaml", "kube-flannel.yaml"] {
        std::fs::copy(configs().join("flannel-udp").join(file), folder.path().join(file)).expect("copied");
    }
    folder
}

fn flannel_udp() -> String {
    std::fs::read_to_string(configs().join("flannel-udp/recipe.yaml")).expect("it is there")
}

#[track_caller]
fn refused(recipe: &str, wanted: &str) {
    let folder = folder(recipe);
    let error = run(prepare(folder.path(), &Choices::default(), Servers::Asked)).expect_err("it must be refused");
    assert!(error.to_string().contains(wanted), "{error}");
}

#[test]
fn every_recipe_can_be_read() {
    let mut seen = 0;
    for entry in std::fs::read_dir(configs()).expect("a folder") {
        let folder = entry.expect("an entry").path();
        let recipe: Recipe = read_yaml(&folder.join("recipe.yaml")).unwrap_or_else(|error| panic!("{error}"));
        let cluster: Value = read_yaml(&folder.join("kind.yaml")).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(unfit_cluster(&recipe, &cluster), Vec::<String>::new(), "{}", folder.display());
        assert!(recipe.versions.contains_key(&recipe.version), "{}", folder.display());
        for source in recipe.versions.values().flat_map(|version| version.manifests.values()) {
            if let Source::Download { url, sha256 } = source {
                assert!(url.starts_with("https://") && sha256.len() == 64 && sha256.bytes().all(|byte| byte.is_ascii_hexdigit()), "{url}");
            }
        }
        seen += 1;
    }
    assert_eq!(seen, 5);
}

#[test]
fn flannel_udp_needs_no_download() {
    let prepared = run(prepare(&configs().join("flannel-udp"), &Choices::default(), Servers::Asked)).expect("complete");
    assert_eq!(
        prepared.images.iter().collect::<Vec<_>>(),
        ["ghcr.io/flannel-io/flannel-cni-plugin:v1.9.1-flannel3", "ghcr.io/flannel-io/flannel:v0.28.9"]
    );
    assert_eq!(node_names(&prepared.cluster), ["control-plane", "worker", "worker2"]);
}

#[test]
fn images_can_be_chosen_over_the_recipe_s_own() {
    let by = |pairs: &[(&str, &str)]| pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect::<BTreeMap<_, _>>();
    let images = by(&[("docker.io/rancher/mirrored-flannelcni-flannel:v0.19.2", "mine:1"), ("unknown", "other")]);
    let choices = Choices { version: Some("v0.19.2".to_owned()), images, offline: None };
    let prepared = run(prepare(&configs().join("flannel-udp"), &choices, Servers::Asked)).expect("complete");
    assert_eq!(prepared.images.iter().collect::<Vec<_>>(), ["docker.io/rancher/mirrored-flannelcni-flannel-cni-plugin:v1.1.0", "mine:1"]);
}

#[test]
fn a_recipe_that_does_not_add_up_is_refused() {
    let good = flannel_udp();
    refused(&good.replace("title:", "titel:"), "titel");
    refused(&good.replace("within: 30s", "within: 30"), "is not a time in seconds");
    refused(&good.replace("within: 30s", "within: 0s"), "is not a time in seconds");
    refused(&good.replace("version: v0.28.9\n", "version: v9\n"), "there is no version v9; there are v0.19.2, v0.28.9");
    refused(&good.replace("kube-flannel/kube-flannel-ds", "kube-flannel/kube-flannel"), "no manifest applied before has that");
    refused(&good.replace("- apply: kube-flannel", "- apply: flannel"), "has none of that name");
    refused(&good.replace("worker, worker2", "worker, worker3"), "makes no node worker3");
    refused(&good.replace("DaemonSet/kube-system/kube-proxy", "DaemonSet//kube-proxy"), "a part is empty");
    refused(&format!("{good}\npatches:\n- data: {{of: ConfigMap/kube-flannel/other, set: {{a: b}}}}\n"), "no manifest has that");
}

#[test]
fn all_contradictions_are_told_at_once() {
    let bad = flannel_udp().replace("worker, worker2", "worker, worker3").replace("kube-flannel/kube-flannel-ds", "a/b");
    let folder = folder(&bad);
    let error = run(prepare(folder.path(), &Choices::default(), Servers::Asked)).expect_err("it must be refused");
    let RecipeError::Invalid { problems, .. } = error else { panic!("{error}") };
    assert_eq!(problems.len(), 3, "{problems:?}");
}

/// Needs the manifests themselves, which are other projects': a folder of them in `CNILAB_OFFLINE_DIR`.
#[test]
#[ignore = "needs the published manifests in the folder CNILAB_OFFLINE_DIR"]
fn every_version_s_manifest_has_what_its_recipe_names() {
    let offline = std::env::var_os("CNILAB_OFFLINE_DIR").map(PathBuf::from);
    assert!(offline.is_some(), "CNILAB_OFFLINE_DIR is not set");
    let mut seen = 0;
    for entry in std::fs::read_dir(configs()).expect("a folder") {
        let folder = entry.expect("an entry").path();
        let recipe: Recipe = read_yaml(&folder.join("recipe.yaml")).expect("good");
        for version in recipe.versions.keys() {
            let choices = Choices { version: Some(version.clone()), images: BTreeMap::new(), offline: offline.clone() };
            let prepared =
                run(prepare(&folder, &choices, Servers::Asked)).unwrap_or_else(|error| panic!("{} {version}: {error}", folder.display()));
            assert!(prepared.images.iter().any(|image| image.ends_with(version.as_str())), "{version}: {:?}", prepared.images);
            seen += 1;
        }
    }
    assert_eq!(seen, 2 + 3 + 3 + 4 + 4);
}
