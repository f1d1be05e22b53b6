//! What a run recorded, read by tools that nobody here wrote: `tcpdump` and `tshark` see in our pcapng what our report says of it.

#![expect(clippy::disallowed_methods, reason = "runs the tools to compare with")]

#[path = "support/evidence.rs"]
mod evidence;
#[path = "support/needs.rs"]
mod needs;
#[path = "support/netns_able.rs"]
mod netns_able;
#[path = "support/root.rs"]
mod root;
#[path = "support/run.rs"]
mod run;
#[path = "support/trial.rs"]
mod trial;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use libtest_mimic::{Arguments, Failed, Trial};
use serde_json::Value;

fn main() -> std::process::ExitCode {
    let netns = netns_able::netns_able("calico-ipip");
    let with = |tool: &str| netns.clone().and_then(|()| installed(tool));
    let trials: Vec<Trial> = vec![
        trial::trial("tcpdump reads every line that the report shows", "netns", with("tcpdump"), tcpdump_agrees),
        trial::trial("tshark shows every interface and the same fields", "netns", with("tshark"), tshark_agrees),
        trial::trial("show prints what tcpdump prints of a run", "netns", with("tcpdump"), show_agrees),
        trial::trial("judging again gives the same verdict", "netns", netns, judged_again),
    ];
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

fn installed(tool: &str) -> Result<(), String> {
    let found = Command::new(tool).arg("--version").output().is_ok_and(|output| output.status.success());
    if found { Ok(()) } else { Err(format!("{tool} is not installed")) }
}

/// A run of the lab: its evidence folder and its report as JSON.
fn recorded(name: &str) -> Result<(PathBuf, Value), Failed> {
    let evidence = evidence::evidence_folder(name);
    let output = run::run(&["run", "calico-ipip", "--format", "json", "--evidence", &evidence.display().to_string()]);
    if output.status.code() != Some(0) {
        return Err(Failed::from(format!("the lab does not hold: {}", String::from_utf8_lossy(&output.stderr))));
    }
    Ok((evidence, serde_json::from_slice(&output.stdout)?))
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// The pcapng files of a scenario, by place: those with a link layer and those without.
fn captures(evidence: &Path, index: usize) -> BTreeMap<String, Vec<PathBuf>> {
    let prefix = format!("{:02}-", index + 1);
    let scenarios = std::fs::read_dir(evidence.join("scenarios")).into_iter().flatten().flatten();
    let folder =
        scenarios.map(|entry| entry.path()).find(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(&prefix)));
    let files = folder.into_iter().flat_map(|folder| std::fs::read_dir(folder).into_iter().flatten().flatten()).map(|entry| entry.path());
    let mut captures: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
    for path in files.filter(|path| path.extension().is_some_and(|extension| extension == "pcapng")) {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        captures.entry(name.split('.').next().unwrap_or_default().to_owned()).or_default().push(path);
    }
    captures
}

/// What a program prints of several captures, one after another.
fn lines_of_all(program: &str, args: &[&str], files: &[PathBuf]) -> Result<Vec<String>, Failed> {
    let lines: Result<Vec<_>, _> = files.iter().map(|file| lines_of(program, args, file)).collect();
    Ok(lines?.concat())
}

fn lines_of(program: &str, args: &[&str], file: &Path) -> Result<Vec<String>, Failed> {
    let output = Command::new(program).args(args).arg(file).output()?;
    if !output.status.success() {
        return Err(Failed::from(format!("{program} {}: {}", file.display(), String::from_utf8_lossy(&output.stderr))));
    }
    Ok(String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect())
}

/// Every line that the report shows as seen at a point, with the place and the interface it was seen at.
fn shown(scenario: &Value) -> Vec<(String, String, String)> {
    let mut shown = Vec::new();
    for expectation in list(&scenario["expectations"]).iter().filter(|expectation| expectation["kind"] == "point") {
        let place = expectation["subject"].as_str().unwrap_or_default().split('/').next().unwrap_or_default();
        for line in list(&expectation["lines"]) {
            let observed = line["observed"].as_str().unwrap_or_default();
            shown.push((place.to_owned(), expectation["interface"].as_str().unwrap_or_default().to_owned(), observed.to_owned()));
        }
    }
    shown
}

fn tcpdump_agrees() -> Result<(), Failed> {
    let (evidence, report) = recorded("tcpdump")?;
    let mut compared = 0;
    for (index, scenario) in list(&report["scenarios"]).iter().enumerate() {
        let captures = captures(&evidence, index);
        for (place, _, observed) in shown(scenario) {
            let files = captures.get(&place).ok_or_else(|| format!("no pcapng of {place} in scenario {}", index + 1))?;
            // A line with the IP header's fields is tcpdump's -v, which breaks it in two.
            let detail = if observed.contains("(tos ") { "-ennvt" } else { "-ennt" };
            let read = lines_of_all("tcpdump", &[detail, "-r"], files)?.join("\n").replace("\n    ", " ");
            if !read.lines().any(|line| line == observed) {
                return Err(Failed::from(format!("{place}: the report shows\n  {observed}\ntcpdump shows\n{read}")));
            }
            compared += 1;
        }
    }
    if compared < 20 { Err(Failed::from(format!("only {compared} lines compared"))) } else { Ok(()) }
}

fn tshark_agrees() -> Result<(), Failed> {
    let (evidence, report) = recorded("tshark")?;
    let fields = ["frame.interface_name", "eth.src", "eth.dst", "ip.src", "ip.dst", "frame.len", "icmp.ident", "icmp.seq"];
    let mut args = vec!["-n", "-T", "fields", "-E", "occurrence=a", "-E", "aggregator=,"];
    for field in fields {
        args.extend(["-e", field]);
    }
    args.push("-r");
    let mut compared = 0;
    for (index, scenario) in list(&report["scenarios"]).iter().enumerate() {
        let captures = captures(&evidence, index);
        for (place, interface, observed) in shown(scenario) {
            let rows = lines_of_all("tshark", &args, &captures[&place])?;
            if !rows.iter().any(|row| row.split('\t').next() == Some(&interface) && row_is(row, &observed)) {
                return Err(Failed::from(format!("{place} {interface}: no row of tshark is\n  {observed}\n{}", rows.join("\n"))));
            }
            compared += 1;
        }
    }
    if compared < 20 { Err(Failed::from(format!("only {compared} lines compared"))) } else { Ok(()) }
}

/// Whether every value of tshark's row stands in our line: hardware addresses, addresses of both headers, lengths, id and seq.
fn row_is(row: &str, line: &str) -> bool {
    let columns: Vec<&str> = row.split('\t').collect();
    let [_, eth_src, eth_dst, ip_src, ip_dst, length, ident, seq] = columns[..] else { return false };
    let pair = |(source, destination): (&str, &str)| line.contains(&format!("{source} > {destination}"));
    let right_link =
        if eth_src.is_empty() { line.starts_with("ip: ") } else { pair((eth_src, eth_dst)) && line.contains(&format!("length {length}:")) };
    // ident and seq come twice, big and little endian (tshark shows both readings).
    let number = |name: &str, readings: &str| readings.split(',').next().is_some_and(|value| line.contains(&format!("{name} {value},")));
    right_link && ip_src.split(',').zip(ip_dst.split(',')).all(pair) && (line.contains('(') || number("id", ident) && number("seq", seq))
}

fn show_agrees() -> Result<(), Failed> {
    let (evidence, report) = recorded("show")?;
    for index in 0..list(&report["scenarios"]).len() {
        for file in captures(&evidence, index).values().flatten() {
            let theirs = lines_of("tcpdump", &["-ennt", "-r"], file)?;
            let ours = run::run(&["show", &file.display().to_string()]);
            let ours: Vec<_> = String::from_utf8_lossy(&ours.stdout).lines().map(str::to_owned).collect();
            if ours != theirs {
                return Err(Failed::from(format!("{}: ours\n{}\ntcpdump's\n{}", file.display(), ours.join("\n"), theirs.join("\n"))));
            }
        }
    }
    Ok(())
}

fn judged_again() -> Result<(), Failed> {
    let (evidence, report) = recorded("again")?;
    let folder = evidence.display().to_string();
    let output = run::run(&["judge", &folder, "--format", "json"]);
    let again: Value = serde_json::from_slice(&output.stdout)?;
    if output.status.code() == Some(0) && again == report {
        Ok(())
    } else {
        Err(Failed::from(format!("first\n{report:#}\nagain\n{again:#}")))
    }
}
