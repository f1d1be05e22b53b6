//! The nettool image: a program and the shared libraries it names, as an archive that `docker load` and containerd understand.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io;
use std::path::{Path, PathBuf};

use serde_json::json;

use super::{elf, fetch};
use crate::place::Cmd;

/// Where the program stands in the image.
pub(super) const PROGRAM: &str = "/cnilab";

/// An image that is ready to be loaded into a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Image {
    /// Its name, which changes with its contents.
    pub(super) name: String,
    /// The archive that holds it.
    pub(super) archive: PathBuf,
    /// The archive's length in bytes.
    pub(super) size: u64,
}

/// Writes an image that holds nothing but `program` and what it needs to run.
///
/// The name is under a domain that does not exist, so that nobody ever pulls it.
///
/// # Errors
/// If the program or a library it names cannot be read, or the archive cannot be written.
pub(super) fn pack(program: &Path, archive: &Path) -> io::Result<Image> {
    let files = collect(program)?;
    let layer = tape(files.iter().map(|(path, bytes)| (path.as_str(), bytes.as_slice(), 0o755)))?;
    let layer_hash = fetch::hash(&layer);
    let search = libraries(&files, "");
    let config = json!({
        "architecture": architecture(),
        "os": "linux",
        "config": { "Entrypoint": [PROGRAM], "Env": [format!("LD_LIBRARY_PATH={search}")], "Labels": { "cnilab": env!("CARGO_PKG_VERSION") } },
        "rootfs": { "type": "layers", "diff_ids": [format!("sha256:{layer_hash}")] },
    })
    .to_string();
    let name = format!("cnilab.local/nettool:{}", &layer_hash[..12]);
    let config_name = format!("{}.json", fetch::hash(config.as_bytes()));
    // The layout of `docker save` (moby, image/spec/v1.2.md, "Combined Image JSON + Filesystem Changeset Format").
    let manifest = json!([{ "Config": config_name, "RepoTags": [name], "Layers": ["layer.tar"] }]).to_string();
    let whole =
        tape([("manifest.json", manifest.as_bytes(), 0o644), (&config_name, config.as_bytes(), 0o644), ("layer.tar", &layer, 0o644)])?;
    std::fs::write(archive, &whole)?;
    Ok(Image { name, archive: archive.to_owned(), size: whole.len() as u64 })
}

/// The program and its libraries, by their path in the image.
fn collect(program: &Path) -> io::Result<BTreeMap<String, Vec<u8>>> {
    let invalid = |path: &Path, why: String| io::Error::new(io::ErrorKind::InvalidData, format!("{}: {why}", path.display()));
    let bytes = std::fs::read(program)?;
    let needs = elf::needs(&bytes).map_err(|why| invalid(program, why))?;
    let mut files = BTreeMap::from([(PROGRAM.to_owned(), elf::strip(&bytes, &needs))]);
    let mut wanted: VecDeque<String> = needs.libraries.into();
    let Some(loader) = needs.loader else { return Ok(files) };
    let folders = library_folders(&loader)?;
    files.insert(loader.clone(), std::fs::read(&loader)?);
    let mut seen = BTreeSet::from([loader.rsplit('/').next().unwrap_or_default().to_owned()]);
    while let Some(name) = wanted.pop_front() {
        if !seen.insert(name.clone()) {
            continue;
        }
        let path = folders.iter().map(|folder| folder.join(&name)).find(|path| path.is_file());
        let path = path.ok_or_else(|| invalid(program, format!("the shared library {name} that it names is not on this host")))?;
        let library = std::fs::read(&path)?;
        wanted.extend(elf::needs(&library).map_err(|why| invalid(&path, why))?.libraries);
        files.insert(path.to_string_lossy().into_owned(), library);
    }
    Ok(files)
}

/// Where this host's loader finds libraries: where it found this very process', and where it looks by default (ld.so(8)).
fn library_folders(loader: &str) -> io::Result<Vec<PathBuf>> {
    let maps = std::fs::read_to_string("/proc/self/maps")?;
    let mapped = maps.lines().filter_map(|line| line.find('/').map(|start| Path::new(&line[start..])));
    let mapped = mapped.filter(|path| path.to_string_lossy().contains(".so")).chain([Path::new(loader)]).filter_map(Path::parent);
    let usual = ["/lib64", "/usr/lib64", "/lib", "/usr/lib"].map(Path::new);
    let mut folders: Vec<PathBuf> = Vec::new();
    for folder in mapped.chain(usual) {
        if !folders.iter().any(|known| known == folder) {
            folders.push(folder.to_owned());
        }
    }
    Ok(folders)
}

/// A program and what it needs to run, to be unpacked at the root of a container's files: an archive that has all of it under `folder`, and how
/// the program is called there, whatever libraries and whatever loader are there besides.
///
/// # Errors
/// If the program or a library it names cannot be read.
pub(super) fn agent(program: &Path, folder: &str) -> io::Result<(Vec<u8>, Cmd)> {
    let files = collect(program)?;
    let placed: Vec<(String, &[u8])> = files.iter().map(|(path, bytes)| (format!("{folder}{path}"), bytes.as_slice())).collect();
    let tape = tape(placed.iter().map(|(path, bytes)| (path.as_str(), *bytes, 0o755)))?;
    let program = format!("{folder}{PROGRAM}");
    let loader = files.keys().find(|path| path.rsplit('/').next().is_some_and(|name| name.starts_with("ld-") || name.starts_with("ld.so")));
    let command = match loader {
        // ld.so(8): a loader that is called itself loads the program that it is given.
        Some(loader) => Cmd::new(format!("{folder}{loader}"), ["--library-path", &libraries(&files, folder), &program]),
        None => Cmd::new(program, [""; 0]),
    };
    Ok((tape, command))
}

/// The folders of files, as a loader's search path; each below `root`.
fn libraries(files: &BTreeMap<String, Vec<u8>>, root: &str) -> String {
    let folders: BTreeSet<&str> = files.keys().filter_map(|path| path.rsplit_once('/')).map(|(folder, _)| folder).collect();
    folders.into_iter().filter(|folder| !folder.is_empty()).map(|folder| format!("{root}{folder}")).collect::<Vec<_>>().join(":")
}

/// A tar archive of these files; the same files give the same bytes.
pub(super) fn tape<'a>(files: impl IntoIterator<Item = (&'a str, &'a [u8], u32)>) -> io::Result<Vec<u8>> {
    let mut builder = tar::Builder::new(Vec::new());
    for (path, bytes, mode) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(mode);
        header.set_mtime(0);
        builder.append_data(&mut header, path.trim_start_matches('/'), bytes)?;
    }
    builder.into_inner()
}

/// This host's architecture as images spell it (the Go names).
fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    #[test]
    fn an_image_has_the_program_its_loader_and_its_libraries() {
        let folder = tempfile::tempdir().expect("a folder");
        let archive = folder.path().join("image.tar");
        let image = pack(Path::new("/proc/self/exe"), &archive).expect("packed");
        assert_eq!(image.size, std::fs::metadata(&archive).expect("written").len());
        let mut outer: BTreeMap<String, Vec<u8>> = BTreeMap::new();
        for entry in tar::Archive::new(std::fs::File::open(&archive).expect("there")).entries().expect("a tape") {
            let mut entry = entry.expect("an entry");
            let path = entry.path().expect("a path").to_string_lossy().into_owned();
            entry.read_to_end(outer.entry(path).or_default()).expect("readable");
        }
        let manifest: serde_json::Value = serde_json::from_slice(&outer["manifest.json"]).expect("JSON");
        assert_eq!(manifest[0]["RepoTags"][0], json!(image.name));
        let config: serde_json::Value = serde_json::from_slice(&outer[manifest[0]["Config"].as_str().expect("named")]).expect("JSON");
        assert_eq!(config["rootfs"]["diff_ids"][0], json!(format!("sha256:{}", fetch::hash(&outer["layer.tar"]))));
        let mut layer = tar::Archive::new(outer["layer.tar"].as_slice());
        let paths: Vec<String> =
            layer.entries().expect("a tape").map(|entry| entry.expect("an entry").path().expect("a path").display().to_string()).collect();
        assert!(paths.contains(&"cnilab".to_owned()), "{paths:?}");
        let needs = elf::needs(&std::fs::read("/proc/self/exe").expect("readable")).expect("an ELF file");
        for library in needs.libraries {
            assert!(paths.iter().any(|path| path.ends_with(&library)), "{library} is not in {paths:?}");
        }
    }

    #[test]
    fn an_agent_runs_from_its_own_folder_by_its_own_loader() {
        let folder = tempfile::tempdir().expect("a folder");
        let (tape, command) = agent(Path::new("/bin/true"), "/opt/agent").expect("packed");
        tar::Archive::new(tape.as_slice()).unpack(folder.path()).expect("a tape");
        let here = |text: &str| text.replace("/opt/agent", &folder.path().join("opt/agent").to_string_lossy());
        #[expect(clippy::disallowed_methods, reason = "the test is whether it runs")]
        let status = std::process::Command::new(here(&command.program)).args(command.args.iter().map(|arg| here(arg))).status();
        assert!(status.expect("it starts").success(), "{command}");
    }

    #[test]
    fn the_same_program_gives_the_same_name() {
        let folder = tempfile::tempdir().expect("a folder");
        let pack = |program: &str, to: &str| pack(Path::new(program), &folder.path().join(to)).expect("packed").name;
        assert_eq!(pack("/bin/true", "a"), pack("/bin/true", "b"));
        assert_ne!(pack("/bin/true", "a"), pack("/bin/false", "c"));
    }
}
