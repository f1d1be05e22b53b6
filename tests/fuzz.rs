//! What fuzzing found once is not found again, and what the fuzzer starts from breaks no property; the properties are those of `fuzz/properties`.

use std::fs;
use std::path::{Path, PathBuf};

#[path = "../fuzz/properties/captures.rs"]
mod captures;
#[path = "../fuzz/properties/evidence.rs"]
mod evidence;
#[path = "../fuzz/properties/labs.rs"]
mod labs;
#[path = "../fuzz/properties/lines.rs"]
mod lines;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The files below a folder of the repository whose names end so, in order; none if there is no such folder.
fn files(folder: &str, ending: &str) -> Vec<PathBuf> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).into_iter().flatten() {
            let path = entry.expect("an entry").path();
            if path.is_dir() { walk(&path, found) } else { found.push(path) }
        }
    }
    let mut found = Vec::new();
    walk(&root().join(folder), &mut found);
    found.retain(|path| path.to_string_lossy().ends_with(ending));
    found.sort();
    found
}

/// What the fuzzer starts from besides.
fn seeds(folder: &str, ending: &str) -> Vec<PathBuf> {
    let seeds = files(folder, ending);
    assert!(!seeds.is_empty(), "there is nothing in {folder}");
    seeds
}

/// Checks files, and names the one that is at fault.
fn each(files: &[PathBuf], check: impl Fn(&[u8])) {
    for file in files {
        let bytes = fs::read(file).expect("it was listed");
        let checked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| check(&bytes)));
        assert!(checked.is_ok(), "this breaks a property: {}", file.display());
    }
}

#[test]
fn lines_break_no_property() {
    each(&files("fuzz/corpus/lines", ""), lines::check);
    let documents = seeds("harness/fixtures/documents", ".txt").into_iter().map(|path| fs::read_to_string(path).expect("it was listed"));
    for line in documents.collect::<String>().lines() {
        lines::check_at(line, 0..line.len());
    }
}

#[test]
fn captures_break_no_property() {
    each(&files("fuzz/corpus/captures", ""), captures::check);
    each(&seeds("harness/fixtures/evidence", ".pcapng"), captures::check);
}

#[test]
fn labs_break_no_property() {
    let path = root().join("labs/calico-ipip/lab.yaml");
    let text = fs::read_to_string(&path).expect("the lab is there");
    let known = cnilab::lab::load(&path, &text).unwrap_or_else(|problems| panic!("{problems}"));
    let all = [files("fuzz/corpus/labs", ""), seeds("tests/bad-input", ".yaml"), seeds("labs", ".yaml")].concat();
    each(&all, |bytes| labs::check(bytes, &known));
}

#[test]
fn evidence_breaks_no_property() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let recorded = evidence::Recorded::copy(&root().join("harness/fixtures/evidence/flannel-udp-kind"), folder.path());
    each(&files("fuzz/corpus/evidence", ""), |bytes| {
        recorded.check(bytes);
    });
    for scenario in 0..5_u8 {
        assert!(recorded.check(&[scenario, u8::MAX]), "what held when it was recorded is held: scenario {scenario}");
        // Each folder's third file, put in place of itself.
        let manifest = fs::read(folder.path().join(format!("{scenario}/manifest.json"))).expect("it was written");
        assert!(recorded.check(&[&[scenario, 2], &manifest[..]].concat()), "scenario {scenario}");
    }
}
