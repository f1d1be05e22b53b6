//! Manifests as objects: read, patched, their images replaced.

use std::collections::{BTreeMap, BTreeSet};

use kube::core::DynamicObject;
use serde_json::{Value, json};

use super::recipe::{ObjectName, Patch};

/// The objects of a manifest, in its order.
///
/// # Errors
/// If it is not YAML, or a document of it is not an object with a kind and a name; says where.
pub(super) fn objects(text: &str) -> Result<Vec<DynamicObject>, String> {
    // As kubectl reads it: `defaultMode: 0644` is octal.
    let options = serde_saphyr::options! { legacy_octal_numbers: true };
    let documents: Vec<Value> = serde_saphyr::from_multiple_with_options(text, options).map_err(|error| error.to_string())?;
    let documents = documents.into_iter().filter(|document| !document.is_null());
    documents
        .enumerate()
        .map(|(index, document)| {
            let object: DynamicObject = serde_json::from_value(document).map_err(|error| format!("object {}: {error}", index + 1))?;
            match (&object.types, &object.metadata.name) {
                (Some(_), Some(_)) => Ok(object),
                _ => Err(format!("object {} has no apiVersion, kind or name", index + 1)),
            }
        })
        .collect()
}

/// What an object is called.
pub(super) fn name(object: &DynamicObject) -> ObjectName {
    ObjectName {
        kind: object.types.as_ref().map(|types| types.kind.clone()).unwrap_or_default(),
        namespace: object.metadata.namespace.clone(),
        name: object.metadata.name.clone().unwrap_or_default(),
    }
}

/// Makes a recipe's changes.
///
/// # Errors
/// If there is no such object, container or entry among `objects`.
pub(super) fn patch(objects: &mut [DynamicObject], patch: &Patch) -> Result<(), String> {
    let wanted = patch.object();
    let Some(object) = objects.iter_mut().find(|object| name(object) == *wanted) else {
        return Err(format!("a patch is for {wanted}, and no manifest has that"));
    };
    match patch {
        Patch::Data { set, .. } => {
            let data = object.data.get_mut("data").and_then(Value::as_object_mut);
            let data = data.ok_or_else(|| format!("a patch is for the data of {wanted}, which has none"))?;
            for (key, text) in set {
                let entry = data.get_mut(key).ok_or_else(|| format!("a patch is for {key} of {wanted}, which has no such entry"))?;
                *entry = json!(text);
            }
        }
        Patch::Env { container, set, .. } => {
            let found = containers(&mut object.data).into_iter().find(|found| found["name"] == json!(container));
            let found =
                found.ok_or_else(|| format!("a patch is for the container {container} of {wanted}, which has no such container"))?;
            env(found, set);
        }
    }
    Ok(())
}

fn env(container: &mut Value, set: &BTreeMap<String, String>) {
    if !container["env"].is_array() {
        container["env"] = json!([]);
    }
    let Some(list) = container["env"].as_array_mut() else { return };
    for (name, value) in set {
        let entry = json!({ "name": name, "value": value });
        match list.iter_mut().find(|old| old["name"] == json!(name)) {
            Some(old) => *old = entry,
            None => list.push(entry),
        }
    }
}

/// Every image that the objects name.
pub(super) fn images(objects: &[DynamicObject]) -> BTreeSet<String> {
    let mut images = BTreeSet::new();
    for object in objects {
        let mut data = object.data.clone();
        images.extend(containers(&mut data).iter().filter_map(|container| container["image"].as_str().map(str::to_owned)));
    }
    images
}

/// Replaces images by those that stand in for them.
pub(super) fn replace_images(objects: &mut [DynamicObject], by: &BTreeMap<String, String>) {
    for object in objects {
        for container in containers(&mut object.data) {
            if let Some(other) = container["image"].as_str().and_then(|image| by.get(image)) {
                container["image"] = json!(other);
            }
        }
    }
}

/// The containers of an object that has a pod template, or is a pod.
fn containers(data: &mut Value) -> Vec<&mut Value> {
    let spec = if data.pointer("/spec/template/spec").is_some() { "/spec/template/spec" } else { "/spec" };
    let Some(spec) = data.pointer_mut(spec).and_then(Value::as_object_mut) else { return Vec::new() };
    let lists = spec.iter_mut().filter(|(key, _)| ["containers", "initContainers"].contains(&key.as_str()));
    lists.filter_map(|(_, list)| list.as_array_mut()).flatten().filter(|container| container.is_object()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "
apiVersion: v1
kind: ConfigMap
metadata: {name: cfg, namespace: net}
data: {a: '1'}
---
# nothing but a remark
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: agent, namespace: net}
spec:
  template:
    spec:
      initContainers: [{name: copy, image: 'x:1'}]
      containers: [{name: main, image: 'y:1', env: [{name: A, value: 'old'}]}]
      volumes: [{name: v, configMap: {name: cfg, defaultMode: 0644}}]
";

    fn object(text: &str) -> ObjectName {
        ObjectName::try_from(text.to_owned()).expect("a name")
    }

    #[test]
    fn is_read_as_kubectl_reads_it() {
        let objects = objects(TEXT).expect("good");
        assert_eq!(objects.iter().map(|object| name(object).to_string()).collect::<Vec<_>>(), ["ConfigMap/net/cfg", "DaemonSet/net/agent"]);
        assert_eq!(objects[1].data.pointer("/spec/template/spec/volumes/0/configMap/defaultMode"), Some(&json!(0o644)));
    }

    #[test]
    fn a_patch_changes_just_that() {
        let mut objects = objects(TEXT).expect("good");
        let set = |pairs: &[(&str, &str)]| pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        let of = object("DaemonSet/net/agent");
        patch(&mut objects, &Patch::Env { of, container: "main".to_owned(), set: set(&[("A", "new"), ("B", "2")]) }).expect("fits");
        patch(&mut objects, &Patch::Data { of: object("ConfigMap/net/cfg"), set: set(&[("a", "3")]) }).expect("fits");
        let env = json!([{"name": "A", "value": "new"}, {"name": "B", "value": "2"}]);
        assert_eq!(objects[1].data.pointer("/spec/template/spec/containers/0/env"), Some(&env));
        assert_eq!(objects[0].data["data"], json!({"a": "3"}));
    }

    #[test]
    fn a_patch_for_nothing_is_an_error() {
        let mut objects = objects(TEXT).expect("good");
        let set: BTreeMap<String, String> = [("b".to_owned(), String::new())].into();
        for (of, container) in [("DaemonSet/net/agent", Some("other")), ("DaemonSet/net/gone", Some("main")), ("ConfigMap/net/cfg", None)] {
            let of = object(of);
            let change = match container {
                Some(container) => Patch::Env { of, container: container.to_owned(), set: set.clone() },
                None => Patch::Data { of, set: set.clone() },
            };
            assert!(patch(&mut objects, &change).is_err(), "{change:?}");
        }
    }

    #[test]
    fn images_are_found_and_replaced() {
        let mut objects = objects(TEXT).expect("good");
        replace_images(&mut objects, &[("x:1".to_owned(), "z:2".to_owned())].into());
        assert_eq!(images(&objects).into_iter().collect::<Vec<_>>(), ["y:1", "z:2"]);
    }

    #[test]
    fn what_is_no_object_is_named() {
        assert!(objects("a: [1").is_err());
        assert_eq!(objects("apiVersion: v1\nkind: Pod\nmetadata: {}\n").unwrap_err(), "object 1 has no apiVersion, kind or name");
    }
}
