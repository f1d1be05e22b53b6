//! What a CNI's agent adds to the packet filter, checked as far as it can be without one.

use super::at::At;
use super::lines::{self, Spelt};
use super::problem::Problem;

/// The tables that there are (iptables(8)).
const TABLES: [&str; 5] = ["filter", "nat", "mangle", "raw", "security"];

/// What stands for the node's own block.
const BLOCK: &str = "{block}";

/// Reads lines as `iptables-save` prints them: `*nat`, `:CHAIN - [0:0]`, `-A CHAIN …`, `COMMIT`; comments are left out.
/// `text` is the file's.
pub(super) fn rules(block: &At<String>, text: &str, problems: &mut Vec<Problem>) -> Vec<String> {
    let mut table = None;
    let mut rules = Vec::new();
    for Spelt { text: line, span } in lines::split(block, text).into_iter().filter(|line| !line.text.starts_with('#')) {
        let mut wrong = |message: String, hint: &str| problems.push(Problem::new(span.clone(), message).hint(hint));
        // Every line starts with a character of one byte, or it is wrong.
        match (line.split_at_checked(1).unwrap_or(("", line)), table) {
            (("*", name), None) if TABLES.contains(&name) => table = Some(name),
            (("*", name), None) => wrong(format!("there is no table `{name}`"), &format!("one of {}", TABLES.join(", "))),
            (("*", _), Some(open)) => wrong(format!("the table `{open}` is not closed before `{line}`"), "a table ends with `COMMIT`"),
            (_, None) => wrong(format!("`{line}` is in no table"), "a table begins with a line like `*nat`"),
            (("C", "OMMIT"), Some(_)) => table = None,
            ((":", _), Some(_)) => {}
            (("-", _), Some(_)) if ["-A ", "-I "].iter().any(|word| line.starts_with(word)) => {
                if line.replace(BLOCK, "").contains(['{', '}']) {
                    wrong(
                        format!("`{line}` has another placeholder than `{BLOCK}`"),
                        "the rules are the same on every node but for its block",
                    );
                }
            }
            _ => wrong(format!("`{line}` is not a line of `iptables-save`"), "rules start with `-A`, chains with `:`"),
        }
        rules.push(line.to_owned());
    }
    if let Some(open) = table {
        problems.push(Problem::new(block.span.clone(), format!("the table `{open}` is not closed")).hint("a table ends with `COMMIT`"));
    }
    rules
}
