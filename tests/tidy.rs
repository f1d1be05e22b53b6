//! The rules of the house that no lint knows. Each rule has a test that it holds, and one that it can fail.
//!
//! Rules read the tree as it is, ignored folders aside; they need no tool and no privileges.

#[path = "tidy/source.rs"]
mod source;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use source::{code, imports, without_tests};

/// The floors of `harness/src`, from the lowest. A room imports from lower floors only; `packet` imports nothing at all.
const FLOORS: [&[&str]; 15] = [
    &["fault", "name", "packet", "plain"],
    &["place", "wait"],
    &["expect", "site"],
    &["lab", "capture"],
    &["nettool"],
    &["plan", "backend"],
    &["probe"],
    &["evidence"],
    &["journey"],
    &["verdict"],
    &["diff"],
    &["event"],
    &["report"],
    &["run"],
    &["cli"],
];

/// No file is longer, tests aside.
const LONGEST: usize = 400;
/// Half of the files are no longer, tests aside.
const MEDIAN: usize = 120;
/// No script has as many lines.
const SCRIPT: usize = 60;

struct File {
    /// From the root of the repository.
    path: String,
    text: String,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().expect("the crate stands in the repository")
}

/// Every file that is text, but for what `.gitignore` leaves out.
fn files() -> Vec<File> {
    fn walk(folder: &Path, root: &Path, found: &mut Vec<File>) {
        for entry in fs::read_dir(folder).expect("a folder of the repository can be read") {
            let path = entry.expect("an entry can be read").path();
            let name = path.strip_prefix(root).expect("below the root").to_string_lossy().into_owned();
            if ["target", "evidence", "fuzz/target", "fuzz/artifacts", ".git"].contains(&name.as_str()) {
                continue;
            }
            if path.is_dir() {
                walk(&path, root, found);
            } else if let Ok(text) = fs::read_to_string(&path) {
                found.push(File { path: name, text });
            }
        }
    }
    let mut found = Vec::new();
    walk(&root(), &root(), &mut found);
    found.sort_by(|a, b| a.path.cmp(&b.path));
    assert!(found.iter().any(|file| file.path == "harness/src/lib.rs"), "this is not the repository");
    found
}

fn rust_files() -> Vec<File> {
    files().into_iter().filter(|file| is_rust(&file.path)).collect()
}

fn is_rust(path: &str) -> bool {
    Path::new(path).extension().is_some_and(|extension| extension == "rs")
}

/// Holds if `offences` is empty; shows all of them otherwise.
#[track_caller]
fn none(offences: &[String]) {
    assert!(offences.is_empty(), "\n{}\n", offences.join("\n"));
}

/// The files that only tests see: those that some module declares under `#[cfg(test)]`, and the folders `tests`.
fn is_test(path: &str, all: &[File]) -> bool {
    if !path.starts_with("harness/src/") {
        return true;
    }
    all.iter().filter(|file| is_rust(&file.path)).any(|file| {
        let mut lines = file.text.lines();
        let folder = file.path.strip_suffix("/mod.rs").or_else(|| file.path.strip_suffix(".rs")).unwrap_or_default();
        let mut found = false;
        while let Some(line) = lines.next() {
            if line == "#[cfg(test)]" {
                let declared = lines.next().unwrap_or_default();
                let name = declared.strip_prefix("mod ").and_then(|rest| rest.strip_suffix(';'));
                found |= name.is_some_and(|name| path == format!("{folder}/{name}.rs") || path.starts_with(&format!("{folder}/{name}/")));
            }
        }
        found
    })
}

/// The code of the library, tests aside, as (path, text).
fn library() -> Vec<(String, String)> {
    let all = files();
    let own = all.iter().filter(|file| is_rust(&file.path) && !is_test(&file.path, &all));
    own.map(|file| (file.path.clone(), without_tests(&file.text))).collect()
}

fn room_of(path: &str) -> Option<&str> {
    let first = path.strip_prefix("harness/src/")?.split('/').next()?;
    Some(first.strip_suffix(".rs").unwrap_or(first)).filter(|room| !["lib", "main"].contains(room))
}

fn floor(room: &str) -> Option<usize> {
    FLOORS.iter().position(|rooms| rooms.contains(&room))
}

fn floor_offences(path: &str, text: &str) -> Vec<String> {
    let Some(room) = room_of(path) else { return Vec::new() };
    let Some(own) = floor(room) else { return vec![format!("{path}: the room `{room}` is on no floor")] };
    let others = imports(text).into_iter().filter(|other| other != room);
    others
        .filter(|other| room == "packet" || floor(other).is_none_or(|floor| floor >= own))
        .map(|other| format!("{path}: `{room}` imports `{other}`, which is not on a lower floor"))
        .collect()
}

#[test]
fn rooms_import_from_lower_floors() {
    none(&library().iter().flat_map(|(path, text)| floor_offences(path, text)).collect::<Vec<_>>());
}

#[test]
fn rooms_import_from_lower_floors_can_fail() {
    let offences = |path: &str, text: &str| floor_offences(&format!("harness/src/{path}"), text).len();
    assert_eq!(offences("journey/trace.rs", "use crate::verdict::Outcome;"), 1);
    assert_eq!(offences("journey/trace.rs", "use crate::{evidence::{Evidence, report}, run::{self, cli}, cli};"), 2);
    assert_eq!(offences("lab/load.rs", "fn f() { crate::capture::arm() }"), 1);
    assert_eq!(offences("packet/frame.rs", "use crate::name::PointName;"), 1);
    assert_eq!(offences("attic/mod.rs", ""), 1);
    assert_eq!(
        offences("journey/trace.rs", "use crate::evidence::Evidence; use crate::journey::Leg; // crate::cli\nlet s = \"crate::run\";"),
        0
    );
}

#[test]
fn every_room_is_on_a_floor() {
    let text = fs::read_to_string(root().join("harness/src/lib.rs")).expect("lib.rs");
    let declared: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';')).collect();
    let floors: Vec<&str> = FLOORS.iter().flat_map(|rooms| rooms.iter().copied()).collect();
    for room in &floors {
        assert!(declared.contains(room), "`{room}` has a floor, but lib.rs does not declare it");
    }
    for room in &declared {
        assert!(floors.contains(room), "lib.rs declares `{room}`, but it has no floor");
    }
}

fn front_door_offences(path: &str, text: &str) -> Vec<String> {
    let mut offences = Vec::new();
    let docs: Vec<&str> = text.lines().take_while(|line| line.starts_with("//!")).collect();
    for part in ["In:", "Out:", "Never:"] {
        if !docs.iter().any(|line| line.contains(part)) {
            offences.push(format!("{path}: its doc has no `{part}`"));
        }
    }
    let is_door = path.ends_with("/mod.rs");
    for statement in code(text).split(';').map(str::trim).filter(|statement| is_door && !statement.is_empty()) {
        let bare =
            statement.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("#[")).collect::<Vec<_>>().join(" ");
        let item = bare.strip_prefix("pub").map_or(bare.as_str(), |rest| rest.trim_start_matches(|c: char| c != ' ').trim_start());
        if !item.starts_with("mod ") && !item.starts_with("use ") || item.starts_with("mod ") && item.contains('{') {
            offences
                .push(format!("{path}: a front door holds `mod` and `pub use` only, not `{}`", bare.chars().take(60).collect::<String>()));
        }
    }
    offences
}

#[test]
fn rooms_have_a_front_door() {
    let all = files();
    let doors = library().into_iter().filter(|(path, _)| {
        let alone = room_of(path).is_some_and(|room| path == &format!("harness/src/{room}.rs"));
        (path.ends_with("/mod.rs") || alone) && !is_test(path, &all)
    });
    none(&doors.flat_map(|(path, text)| front_door_offences(&path, &text)).collect::<Vec<_>>());
}

#[test]
fn rooms_have_a_front_door_can_fail() {
    let good = "//! Rooms.\n//!\n//! In: a. Out: b.\n//! Never: c.\n\nmod a;\n#[cfg(test)]\nmod tests;\n\npub use a::{A, B};\npub(crate) use a::C;\n";
    assert_eq!(front_door_offences("x/mod.rs", good), Vec::<String>::new());
    assert_eq!(front_door_offences("x/mod.rs", "//! Rooms.\nmod a;\n").len(), 3);
    assert_eq!(front_door_offences("x/mod.rs", &format!("{good}fn f() {{ 1; }}\n")).len(), 2);
    assert_eq!(front_door_offences("x/mod.rs", &format!("{good}mod b {{}}\n")).len(), 1);
}

fn length(text: &str) -> usize {
    without_tests(text).lines().count()
}

#[test]
fn files_are_short() {
    let mut lengths: Vec<(usize, String)> = library().into_iter().map(|(path, text)| (length(&text), path)).collect();
    lengths.sort();
    let long: Vec<String> =
        lengths.iter().filter(|(length, _)| *length > LONGEST).map(|(length, path)| format!("{path}: {length} lines")).collect();
    none(&long);
    let median = lengths[lengths.len() / 2].0;
    assert!(median <= MEDIAN, "half of the files are longer than {median} lines");
}

#[test]
fn files_are_short_can_fail() {
    let body = "fn f() {}\n".repeat(LONGEST);
    assert_eq!(length(&format!("{body}#[cfg(test)]\nmod tests {{\n    fn g() {{\n    }}\n}}\n")), LONGEST);
    assert!(length(&format!("{body}fn g() {{}}\n")) > LONGEST);
}

fn leftovers(path: &str, text: &str) -> Vec<String> {
    let code = code(text);
    let found = code.lines().enumerate().flat_map(|(at, line)| {
        let bad = ["todo!", "unimplemented!", "dbg!", "#[allow(", "#![allow("];
        bad.into_iter().filter(|what| line.contains(what)).map(move |what| (at, what))
    });
    found.map(|(at, what)| format!("{path}:{}: `{what}`", at + 1)).collect()
}

#[test]
fn nothing_is_left_to_do() {
    none(&rust_files().iter().flat_map(|file| leftovers(&file.path, &file.text)).collect::<Vec<_>>());
}

#[test]
fn nothing_is_left_to_do_can_fail() {
    assert_eq!(leftovers("a.rs", "fn f() { todo!() }\n#[allow(dead_code)]\nlet a = '\"'; dbg!(a);").len(), 3);
    assert_eq!(leftovers("a.rs", "// todo!\nlet a = \"dbg!\"; let b = r#\"\" todo!\"#; /* dbg! */"), Vec::<String>::new());
}

/// Dependencies of a member whose version is not the workspace's, and those of a workspace of its own that `root` has, too.
fn pinned(path: &str, text: &str, root: &str) -> Vec<String> {
    let is_apart = text.lines().any(|line| line == "[workspace]");
    let is_known = |name: &str| root.lines().any(|line| line.split(" =").next() == Some(name));
    let mut section = "";
    let mut offences = Vec::new();
    for line in text.lines().map(str::trim) {
        if line.starts_with('[') {
            section = line;
        } else if section.contains("dependencies") && line.contains('=') && !line.contains("workspace = true") {
            let name = line.split([' ', '=']).next().unwrap_or_default();
            if !is_apart || is_known(name) {
                offences.push(format!("{path}: `{line}` is not the workspace's"));
            }
        }
    }
    offences
}

#[test]
fn versions_are_pinned_in_one_place() {
    let members = files().into_iter().filter(|file| file.path.ends_with("/Cargo.toml"));
    let root = fs::read_to_string(root().join("Cargo.toml")).expect("it is there");
    none(&members.flat_map(|file| pinned(&file.path, &file.text, &root)).collect::<Vec<_>>());
}

#[test]
fn versions_are_pinned_in_one_place_can_fail() {
    let member = "[package]\nversion = \"1\"\n[dependencies]\na.workspace = true\nb = \"1\"\n";
    assert_eq!(pinned("Cargo.toml", member, "").len(), 1);
    let apart = "[workspace]\n[dependencies]\na = \"1\"\nb = { path = \"../b\" }\n";
    assert_eq!(pinned("Cargo.toml", apart, "[workspace.dependencies]\na = \"2\"\n").len(), 1);
    assert_eq!(pinned("Cargo.toml", apart, "[workspace.dependencies]\naa = \"2\"\n").len(), 0);
}

fn script_offences(path: &str, text: &str) -> Vec<String> {
    let lines: Vec<&str> = text.lines().collect();
    let mut offences = Vec::new();
    let mut demand = |holds: bool, what: &str| {
        if !holds {
            offences.push(format!("{path}: {what}"));
        }
    };
    demand(lines.first().is_some_and(|line| line.starts_with("#!") && line.ends_with("bash")), "does not start with `#!/usr/bin/env bash`");
    demand(lines.get(1).is_some_and(|line| line.starts_with("# ")), "does not say what it is for in its second line");
    demand(lines.contains(&"set -euo pipefail"), "has no `set -euo pipefail`");
    demand(lines.len() < SCRIPT, &format!("has {} lines, which is not below {SCRIPT}", lines.len()));
    offences
}

#[test]
fn scripts_are_short_and_strict() {
    use std::os::unix::fs::PermissionsExt;
    let scripts: Vec<File> =
        files().into_iter().filter(|file| file.path.starts_with("scripts/") || file.path.starts_with(".ci/")).collect();
    none(&scripts.iter().flat_map(|file| script_offences(&file.path, &file.text)).collect::<Vec<_>>());
    for file in &scripts {
        let mode = fs::metadata(root().join(&file.path)).expect("the file was just read").permissions().mode();
        assert_ne!(mode & 0o111, 0, "{} cannot be executed", file.path);
    }
}

#[test]
fn scripts_are_short_and_strict_can_fail() {
    assert_eq!(script_offences("a", "#!/usr/bin/env bash\n# Does a.\nset -euo pipefail\n"), Vec::<String>::new());
    assert_eq!(script_offences("a", "echo\n").len(), 3);
    assert_eq!(script_offences("a", &format!("#!/bin/bash\n# Does a.\nset -euo pipefail\n{}", "echo\n".repeat(SCRIPT))).len(), 1);
}

/// Paths and hosts that only exist on somebody's machine.
fn machine_offences(path: &str, text: &str) -> Vec<String> {
    // Spelt in pieces, so that this file does not offend.
    let homes = ["home", "root", "work", "Users"].map(|folder| format!("/{folder}/"));
    let settings =
        ["replace-", "index-", "extra-index-"].map(|start| format!("{start}{}", if start == "replace-" { "with" } else { "url" }));
    let proxies = ["http", "https"].map(|scheme| format!("{scheme}_{}", "proxy"));
    let needles: Vec<&String> = homes.iter().chain(&settings).chain(&proxies).collect();
    let mut offences = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let lower = line.to_lowercase();
        let is_path = |needle: &str| {
            line.match_indices(needle).any(|(at, _)| !line[..at].ends_with(|c: char| c.is_alphanumeric() || "._-}".contains(c)))
        };
        if needles.iter().any(|needle| if needle.starts_with('/') { is_path(needle) } else { lower.contains(needle.as_str()) }) {
            offences.push(format!("{path}:{}: speaks of one machine: {}", at + 1, line.trim()));
        }
        if line.starts_with("source = ") && path.ends_with("Cargo.lock") && !line.contains("github.com/rust-lang/crates.io-index") {
            offences.push(format!("{path}:{}: not from crates.io: {line}", at + 1));
        }
    }
    offences
}

#[test]
fn nothing_speaks_of_one_machine() {
    none(&files().iter().flat_map(|file| machine_offences(&file.path, &file.text)).collect::<Vec<_>>());
}

#[test]
fn nothing_speaks_of_one_machine_can_fail() {
    let home = format!("cd {}", ["", "home", "me"].join("/") + "/x");
    assert_eq!(machine_offences("a.md", &home).len(), 1);
    assert_eq!(machine_offences("a.md", &format!("{}{}", "HTTPS_", "PROXY=x")).len(), 1);
    assert_eq!(machine_offences("Cargo.lock", "source = \"sparse+https://crates.example.org/\"").len(), 1);
    assert_eq!(machine_offences("a.md", "see target/home/x and /dev/net/tun"), Vec::<String>::new());
}

/// Commands of ours that a document spells in code and that do not exist.
fn command_offences(path: &str, text: &str, commands: &[String], exists: impl Fn(&str) -> bool) -> Vec<String> {
    let mut offences = Vec::new();
    let mut fenced = false;
    for (at, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
            continue;
        }
        let spans: Vec<&str> =
            if fenced { vec![line.trim_start().trim_start_matches("$ ")] } else { line.split('`').skip(1).step_by(2).collect() };
        for span in spans {
            let mut words = span.split_whitespace();
            let first = words.next().unwrap_or_default();
            if first == "cnilab" {
                let command = words.next().unwrap_or_default();
                if command.starts_with(|c: char| c.is_ascii_lowercase()) && !commands.iter().any(|known| known == command) {
                    offences.push(format!("{path}:{}: there is no `cnilab {command}`", at + 1));
                }
            }
            let script = first.strip_prefix("./").unwrap_or(first);
            if script.starts_with("scripts/") && script.len() > "scripts/".len() && !exists(script) {
                offences.push(format!("{path}:{}: there is no `{script}`", at + 1));
            }
        }
    }
    offences
}

/// The commands that a help page lists.
fn commands(help: &str) -> Vec<String> {
    let listed = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let names = listed.filter_map(|line| line.strip_prefix("  ").filter(|rest| !rest.starts_with(' ')));
    names.filter_map(|rest| rest.split_whitespace().next()).map(str::to_owned).collect()
}

#[test]
fn documents_mention_commands_that_exist() {
    #[expect(clippy::disallowed_methods, reason = "the program under test is started here, in no place of a lab")]
    let help = std::process::Command::new(env!("CARGO_BIN_EXE_cnilab")).arg("--help").output().expect("cnilab was built for this test");
    let commands = commands(&String::from_utf8_lossy(&help.stdout));
    assert!(commands.len() > 1, "`cnilab --help` lists no commands");
    let documents = files().into_iter().filter(|file| Path::new(&file.path).extension().is_some_and(|extension| extension == "md"));
    let exists = |script: &str| root().join(script).is_file();
    none(&documents.flat_map(|file| command_offences(&file.path, &file.text, &commands, exists)).collect::<Vec<_>>());
}

#[test]
fn documents_mention_commands_that_exist_can_fail() {
    let text =
        "Run `cnilab run x` or `cnilab frobnicate`, cnilab itself is prose.\n```sh\n$ cnilab gone\n./scripts/gone x\n./scripts/here\n```\n";
    let commands = commands("Does this.\n\nCommands:\n  run   Run a lab\n          and more\n  help  Print\n\nOptions:\n  -h\n");
    assert_eq!(commands, ["run", "help"]);
    assert_eq!(command_offences("a.md", text, &commands, |script| script == "scripts/here").len(), 3);
}

fn lab_offences(labs: &[(String, bool)], readme: Option<&str>) -> Vec<String> {
    let missing = labs.iter().filter(|(_, has_file)| !has_file).map(|(name, _)| format!("labs/{name} has no lab.yaml"));
    let unlisted = labs.iter().filter(|(name, _)| readme.is_some_and(|readme| !readme.contains(name.as_str())));
    missing.chain(unlisted.map(|(name, _)| format!("README.md does not list the lab {name}"))).collect()
}

#[test]
fn labs_have_a_file_and_are_listed() {
    let folders = fs::read_dir(root().join("labs")).expect("there are labs");
    let folders = folders.map(|entry| entry.expect("an entry can be read").path()).filter(|path| path.is_dir());
    let labs: Vec<(String, bool)> = folders
        .map(|path| (path.file_name().unwrap_or_default().to_string_lossy().into_owned(), path.join("lab.yaml").is_file()))
        .collect();
    none(&lab_offences(&labs, fs::read_to_string(root().join("README.md")).ok().as_deref()));
}

#[test]
fn labs_have_a_file_and_are_listed_can_fail() {
    let labs = [("a-lab".to_owned(), true), ("b-lab".to_owned(), false)];
    assert_eq!(lab_offences(&labs, Some("the lab a-lab")).len(), 2);
    assert_eq!(lab_offences(&labs[..1], None), Vec::<String>::new());
}

/// The variables of ours that a text names: `CNILAB_` and capitals.
fn variables(text: &str) -> BTreeSet<String> {
    let word = |rest: &str| rest.chars().take_while(|c| c.is_ascii_uppercase() || *c == '_').collect::<String>();
    text.match_indices("CNILAB_").map(|(at, _)| word(&text[at..]).trim_end_matches('_').to_owned()).collect()
}

fn undocumented(path: &str, text: &str, help: &str, contributing: &str) -> Vec<String> {
    // What tests tell their own processes is nobody else's business.
    let own = ["CNILAB_TEST", "CNILAB_TRIAL", "CNILAB_NETNS_TEST"];
    let known = if path.starts_with("harness/src/") { help.to_owned() + contributing } else { contributing.to_owned() };
    let known = variables(&known);
    let named = variables(text).into_iter().filter(|name| !known.contains(name) && !own.iter().any(|own| name.starts_with(own)));
    named.map(|name| format!("{path}: `{name}` is neither in `cnilab --help` nor in CONTRIBUTING.md")).collect()
}

#[test]
fn every_variable_is_documented() {
    let read = |path: &str| fs::read_to_string(root().join(path)).expect("it is there");
    let (help, contributing) = (read("harness/src/cli/args.rs"), read("CONTRIBUTING.md"));
    let readers =
        files().into_iter().filter(|file| is_rust(&file.path) && file.path != "tests/tidy.rs" || file.path.starts_with("scripts/"));
    none(&readers.flat_map(|file| undocumented(&file.path, &file.text, &help, &contributing)).collect::<Vec<_>>());
}

#[test]
fn every_variable_is_documented_can_fail() {
    let offences = |path: &str, text: &str| undocumented(path, text, "env = \"CNILAB_SET\"", "`CNILAB_BLESS=1`").len();
    assert_eq!(offences("harness/src/cli/run.rs", "var(\"CNILAB_SET\") var(\"CNILAB_BLESS\")"), 0);
    assert_eq!(offences("harness/src/cli/run.rs", "var(\"CNILAB_SETTING\")"), 1);
    assert_eq!(offences("scripts/x", "$CNILAB_SET $CNILAB_BLESS $CNILAB_OTHER"), 2);
    assert_eq!(offences("tests/x.rs", "\"CNILAB_TEST_MARK\" \"CNILAB_TRIAL_FOLDER\""), 0);
}
