//! Compares two JSON reports of the same lab, expectation by expectation: one of a run with stand-ins, one of a run without any.
//!
//! `scripts/test-kernel` asks it whether a stand-in of ours gives the verdicts that the kernel itself gives.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program that prints a table")]

use std::process::ExitCode;

use serde_json::Value;

/// One expectation of a run: scenario, subject, and the outcomes of its lines.
#[derive(Debug, PartialEq, Eq)]
struct Row {
    scenario: String,
    subject: String,
    outcome: String,
    lines: Vec<String>,
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn rows(report: &Value) -> Vec<Row> {
    let mut rows = Vec::new();
    for scenario in list(&report["scenarios"]) {
        for expectation in list(&scenario["expectations"]) {
            rows.push(Row {
                scenario: text(&scenario["name"]),
                subject: text(&expectation["subject"]),
                outcome: text(&expectation["outcome"]),
                lines: list(&expectation["lines"]).iter().map(|line| text(&line["outcome"])).collect(),
            });
        }
    }
    rows
}

fn emulated(report: &Value) -> String {
    let parts: Vec<String> = list(&report["emulated"]).iter().map(|part| text(&part["what"])).collect();
    if parts.is_empty() { "nothing emulated".to_owned() } else { format!("{} emulated", parts.join(", ")) }
}

/// What a row says in the table: `held, 2 lines`.
fn cell(row: Option<&Row>) -> String {
    match row {
        None => "not there".to_owned(),
        Some(row) if row.lines.is_empty() => row.outcome.clone(),
        Some(row) => format!("{}, {} lines", row.outcome, row.lines.len()),
    }
}

/// The table, and how many expectations differ.
fn compare(here: &Value, there: &Value) -> (String, usize) {
    let (ours, theirs) = (rows(here), rows(there));
    let mut table = vec![format!("{:32}  {:24}  {:20}  {}", "scenario", "expectation", emulated(here), emulated(there))];
    let mut differing = 0;
    for at in 0..ours.len().max(theirs.len()) {
        let (one, other) = (ours.get(at), theirs.get(at));
        let Some(either) = one.or(other) else { break };
        let mark = if one == other { "" } else { "  <- differs" };
        differing += usize::from(one != other);
        table.push(format!("{:32}  {:24}  {:20}  {}{mark}", either.scenario, either.subject, cell(one), cell(other)));
    }
    (table.join("\n"), differing)
}

fn read(path: &str) -> Result<Value, String> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("cannot read {path}: {error}"))?;
    serde_json::from_str(&text).map_err(|error| format!("{path} is not a report: {error}"))
}

fn judge(here: &str, there: &str) -> Result<(), String> {
    let (here, there) = (read(here)?, read(there)?);
    let (table, differing) = compare(&here, &there);
    println!("{table}");
    let rows = rows(&here);
    let count = rows.len();
    if count == 0 {
        return Err("nothing was asserted, so nothing was compared".to_owned());
    }
    if !list(&there["emulated"]).is_empty() {
        return Err(format!("the second run stands in for the real thing, but has {}", emulated(&there)));
    }
    if differing > 0 {
        return Err(format!("{differing} of {count} expectations differ"));
    }
    println!("all {count} expectations came out the same, {} of them held", rows.iter().filter(|row| row.outcome == "held").count());
    Ok(())
}

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [here, there] = args.as_slice() else {
        eprintln!("usage: same-verdicts STAND-IN.json REAL.json");
        return ExitCode::from(2);
    };
    match judge(here, there) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("error: {why}");
            ExitCode::FAILURE
        }
    }
}
