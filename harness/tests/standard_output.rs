//! What becomes of a command whose output cannot be written, or whose reader went away.

#![expect(clippy::disallowed_methods, reason = "runs the binary under test")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// The evidence of a run that held.
fn evidence() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/evidence/flannel-udp-kind")
}

/// Some capture of it.
fn capture() -> PathBuf {
    fn find(folder: &Path) -> Option<PathBuf> {
        let entries = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
        let mut paths: Vec<PathBuf> = entries.collect();
        paths.sort();
        let own = paths.iter().find(|path| path.extension().is_some_and(|ending| ending == "pcapng")).cloned();
        own.or_else(|| paths.iter().filter(|path| path.is_dir()).find_map(|path| find(path)))
    }
    find(&evidence()).expect("evidence has captures")
}

/// Every command that writes to standard output and needs neither privileges nor a cluster.
fn commands() -> Vec<Vec<String>> {
    let (evidence, capture) = (evidence().display().to_string(), capture().display().to_string());
    let commands: [&[&str]; 19] = [
        &["list"],
        &["plan", "calico-ipip"],
        &["plan", "flannel-udp"],
        &["show", &capture],
        &["show", "--tree", &capture],
        &["show", "-v", &capture],
        &["judge", &evidence],
        &["report", &evidence],
        &["report", &evidence, "-v"],
        &["report", &evidence, "--format", "json"],
        &["report", &evidence, "--format", "junit"],
        &["diff", &evidence, &evidence],
        &["diff", &evidence, &evidence, "--format", "json"],
        &["schema"],
        &["completions", "bash"],
        &["mutate", "calico-ipip", "--list"],
        &["--version"],
        &["--help"],
        &["check", "--help"],
    ];
    commands.iter().map(|command| command.iter().map(|word| (*word).to_owned()).collect()).collect()
}

fn run(command: &[String], stdout: impl Into<Stdio>) -> Output {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the crate lies in the repository");
    let child = Command::new(env!("CARGO_BIN_EXE_cnilab"))
        .args(command)
        .current_dir(root)
        .stdin(Stdio::null())
        .stdout(stdout)
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    child.wait_with_output().expect("it ends")
}

#[test]
fn output_that_cannot_be_written_is_an_error() {
    for command in commands() {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").expect("Linux has it");
        let ended = run(&command, full);
        let said = String::from_utf8_lossy(&ended.stderr).into_owned();
        assert_eq!(
            (ended.status.code(), said.matches("error: cannot write to standard output: ").count()),
            (Some(5), 1),
            "{command:?}: {said}"
        );
    }
}

#[test]
fn a_reader_that_went_away_ends_the_output_and_nothing_else() {
    for command in commands() {
        let with_a_reader = run(&command, Stdio::piped());
        assert!(!with_a_reader.stdout.is_empty(), "{command:?}");
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let ended = run(&command, writer);
        let said = String::from_utf8_lossy(&ended.stderr).into_owned();
        assert_eq!((ended.status.code(), said.as_str()), (with_a_reader.status.code(), ""), "{command:?}");
    }
}

#[test]
fn a_report_that_cannot_be_written_keeps_no_other_back() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("report.xml");
    let words = ["report", &evidence().display().to_string(), "--format", "terminal", "--format", &format!("junit={}", file.display())];
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").expect("Linux has it");
    let ended = run(&words.map(str::to_owned), full);
    assert_eq!(ended.status.code(), Some(5));
    assert!(std::fs::read_to_string(&file).expect("it was written").contains("<testsuites"));
}

/// Text that steers a terminal, in places where commands show what they were given.
#[test]
fn nothing_that_steers_a_terminal_is_passed_on() {
    let evil = "\u{1b}[31m\u{9b}2J\u{202e}\u{2066}\u{7}\r\u{200f}\u{61c}";
    let folder = tempfile::tempdir().expect("a folder");
    let lab = folder.path().join("lab.yaml");
    std::fs::write(&lab, format!("lab: \"{evil}\"\n# {evil}\nnodes: {evil}\n{evil}: 1\n")).expect("ours");
    let path = |name: &str| folder.path().join(format!("{name}{evil}")).display().to_string();
    let copy = path("evidence");
    std::fs::create_dir(&copy).expect("ours");
    std::fs::write(Path::new(&copy).join("manifest.json"), format!("{{\"format\": 1, \"{evil}\": 2}}")).expect("ours");
    let commands: Vec<Vec<String>> = [
        vec!["check", &lab.display().to_string()],
        vec!["check", &path("no")],
        vec!["plan", evil],
        vec!["run", evil],
        vec!["run", "calico-ipip", "--mutate", evil],
        vec!["run", "calico-ipip", "--scenario", evil],
        vec!["mutate", "calico-ipip", "--only", evil],
        vec!["judge", &path("none")],
        vec!["judge", &copy],
        vec!["report", &copy, &format!("--format={evil}")],
        vec!["diff", &copy, &copy],
        vec!["show", &path("none")],
        vec!["show", "-", "--decode", evil],
        vec![evil],
        vec!["list", &format!("--{evil}")],
    ]
    .iter()
    .map(|words| words.iter().map(|word| (*word).to_owned()).collect())
    .collect();
    for command in commands {
        let ended = run(&command, Stdio::piped());
        let said = format!("{}{}", String::from_utf8_lossy(&ended.stdout), String::from_utf8_lossy(&ended.stderr));
        let bad = |c: &char| {
            (c.is_control() && *c != '\n')
                || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' | '\u{61c}')
        };
        assert_eq!(said.chars().find(bad), None, "{command:?}: {said:?}");
        assert!(!said.is_empty(), "{command:?}");
        assert_ne!(ended.status.code(), Some(0), "{command:?}");
    }
}
