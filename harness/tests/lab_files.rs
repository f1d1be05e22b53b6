//! The lab files of this repository: they load, their schema is current, they hold their document's lines, and every mistake of
//! `tests/bad-input` is told as its golden text tells it.
//!
//! `CNILAB_BLESS=1 cargo test --test lab_files` writes the generated files anew.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use cnilab::lab;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The file `path` is `current`; written anew if we are told to.
fn check_generated(path: &str, current: &str) -> Result<(), String> {
    if std::env::var_os("CNILAB_BLESS").is_some() {
        fs::write(root().join(path), current).map_err(|error| format!("{path}: {error}"))?;
    }
    let there = fs::read_to_string(root().join(path)).map_err(|error| format!("{path}: {error}"))?;
    if there == current { Ok(()) } else { Err(format!("{path} is not current; it should be:\n{current}")) }
}

fn calico_ipip() -> lab::Lab {
    lab_called("calico-ipip")
}

fn lab_called(name: &str) -> lab::Lab {
    let path = format!("labs/{name}/lab.yaml");
    lab::load(Path::new(&path), &read(&path)).unwrap_or_else(|problems| panic!("{problems}"))
}

/// Every documented line that a lab holds, verbatim.
fn documented(lab: &lab::Lab) -> Vec<&str> {
    let packets = lab.scenarios.iter().flat_map(|scenario| &scenario.expect).filter_map(|expectation| match &expectation.claim {
        lab::Claim::Lines(lines) => Some(lines.iter().map(|line| line.documented.text.as_str())),
        lab::Claim::None => None,
    });
    let state = lab.scenarios.iter().flat_map(|scenario| &scenario.state).flat_map(|state| &state.has);
    let answers = lab.scenarios.iter().flat_map(|scenario| &scenario.answers);
    packets.flatten().chain(state.chain(answers).map(|line| line.documented.text.as_str())).collect()
}

#[test]
fn the_schema_is_current() {
    check_generated("labs/lab.schema.json", &lab::schema()).unwrap();
}

#[test]
fn calico_ipip_loads() {
    let lab = calico_ipip();
    assert_eq!(lab.scenarios.len(), 4);
    assert!(lab.scenarios.iter().all(|scenario| scenario.probe.is_some()));
}

#[test]
fn calico_ipip_holds_every_data_line_of_its_document() {
    let text = read("labs/calico-ipip/document.txt");
    let lab = calico_ipip();
    let held = documented(&lab);
    let missing: Vec<&str> = text.lines().filter(|line| !held.contains(line)).collect();
    assert_eq!(missing, Vec::<&str>::new());
    assert_eq!(text.lines().count(), 24, "the part of the document that this lab covers has 20 captured lines and 4 of state");
}

#[test]
fn flannel_udp_holds_every_data_line_of_its_document() {
    let text = read("labs/flannel-udp/document.txt");
    let lab = lab_called("flannel-udp");
    let held = documented(&lab);
    // What commands print is indented, and ends in blanks here and there.
    let missing: Vec<&str> = text.lines().map(str::trim).filter(|line| !held.contains(line)).collect();
    assert_eq!(missing, Vec::<&str>::new());
    assert_eq!(text.lines().count(), 101, "the part of the document that this lab covers");
}

#[test]
fn the_mutations_of_flannel_udp_load() {
    let path = "labs/flannel-udp/mutations.yaml";
    let mutations = lab::mutations(Path::new(path), &read(path), &lab_called("flannel-udp"));
    assert!(mutations.unwrap_or_else(|problems| panic!("{problems}")).len() >= 20);
}

/// The first column of the table, or the lines of the listing, below a heading of `docs/lab-files.md`.
fn listed(heading: &str) -> BTreeSet<String> {
    let text = read("docs/lab-files.md");
    let section = text.split("\n## ").find_map(|section| section.strip_prefix(heading)).expect("there is such a heading");
    let rows = section.lines().filter_map(|line| line.strip_prefix("| `")?.split(" | ").next());
    let mut words: BTreeSet<String> = rows.flat_map(|row| row.split(", ")).map(|word| word.replace('`', "").trim().to_owned()).collect();
    let listing = section.split("```text\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap_or_default();
    words.extend(listing.lines().map(str::to_owned));
    words
}

/// A name of a lab with what it is the name of in its place: `node1.underlay.ip` is `NODE.CARD.ip`.
fn kind_of(name: &str, lab: &lab::Lab) -> String {
    let network = &lab.cluster.network;
    let tunnel = network.tunnel.as_ref().map(|tunnel| tunnel.device.as_str());
    let is_card = |word: &str| lab.nodes.iter().flat_map(|node| &node.nics).any(|nic| nic.name == word);
    let in_place = |word: &str, is_first: bool| match word {
        _ if is_first && lab.pods.iter().any(|pod| pod.name.as_str() == word) => "POD".to_owned(),
        _ if is_first && lab.nodes.iter().any(|node| node.name.as_str() == word) => "NODE".to_owned(),
        _ if is_first && lab.services.iter().any(|service| service.name == word) => "SERVICE".to_owned(),
        _ if is_first && network.veth_prefix == word => "PREFIX".to_owned(),
        _ if Some(word) == tunnel => "TUNNEL".to_owned(),
        _ if Some(word) == network.bridge() => "BRIDGE".to_owned(),
        _ if is_card(word) => "CARD".to_owned(),
        _ if word.starts_with("veth(") => "veth(POD)".to_owned(),
        _ => word.to_owned(),
    };
    let separator = if name.contains('/') { "/" } else { "." };
    name.split(separator).enumerate().map(|(at, word)| in_place(word, at == 0)).collect::<Vec<_>>().join(separator)
}

#[test]
fn the_page_on_lab_files_lists_what_the_labs_of_all_kinds_have() {
    let labs = [calico_ipip(), lab_called("flannel-udp")];
    let kinds = |names: fn(&lab::Lab) -> Vec<String>| -> BTreeSet<String> {
        labs.iter().flat_map(|lab| names(lab).into_iter().map(|name| kind_of(&name, lab))).collect()
    };
    assert_eq!(listed("Symbols"), kinds(|lab| lab.symbols().keys().map(ToString::to_string).collect()));
    assert_eq!(listed("Points"), kinds(|lab| lab.points().keys().map(ToString::to_string).collect()));
}

#[test]
fn the_page_on_lab_files_lists_the_commands() {
    let golden = read("tests/bad-input/command-not-listed.txt");
    let hint = golden.split_once("hint: ").and_then(|(_, rest)| rest.lines().next()).expect("it lists them");
    let commands: BTreeSet<String> = hint.split('`').skip(1).step_by(2).map(str::to_owned).collect();
    assert_eq!(listed("Commands"), commands);
}

#[test]
fn the_page_on_lab_files_shows_a_mutation_of_the_lab() {
    let text = read("docs/lab-files.md");
    let example = text.split("```yaml\n").nth(1).and_then(|rest| rest.split("```").next()).expect("it shows one");
    let mutations = lab::mutations(Path::new("mutations.yaml"), example, &calico_ipip());
    assert_eq!(mutations.unwrap_or_else(|problems| panic!("{problems}")).len(), 1);
}

#[test]
fn every_mistake_is_told_as_its_golden_text_tells_it() {
    let folder = root().join("tests/bad-input");
    let mut files: Vec<PathBuf> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let mut wrong = Vec::new();
    let mut seen = 0;
    for file in files.iter().filter(|file| file.extension().is_some_and(|extension| extension == "yaml")) {
        seen += 1;
        let path = format!("tests/bad-input/{}", file.file_name().unwrap().to_string_lossy());
        let result = if path.contains("/mutations-") {
            lab::mutations(Path::new(&path), &read(&path), &calico_ipip()).map(drop)
        } else {
            lab::load(Path::new(&path), &read(&path)).map(drop)
        };
        match result {
            Ok(()) => wrong.push(format!("{path} was accepted")),
            Err(problems) => wrong.extend(check_generated(&path.replace(".yaml", ".txt"), &problems.to_string()).err()),
        }
    }
    let orphans =
        files.iter().filter(|file| file.extension().is_some_and(|extension| extension == "txt") && !file.with_extension("yaml").exists());
    wrong.extend(orphans.map(|file| format!("{} belongs to no yaml file", file.display())));
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    assert!(seen >= 30, "only {seen} mistakes");
}
