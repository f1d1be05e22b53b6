//! What a CNI's agent adds to the packet filter, checked as far as it can be without one.

use super::at::At;
use super::problem::Problem;

/// The tables that there are (iptables(8)).
const TABLES: [&str; 5] = ["filter", "nat", "mangle", "raw", "security"];

/// What stands for the node's own block.
const BLOCK: &str = "{block}";

/// Reads lines as `iptables-save` prints them: `*nat`, `:CHAIN - [0:0]`, `-A CHAIN …`, `COMMIT`; comments are left out.
pub(super) fn rules(text: &At<String>, problems: &mut Vec<Problem>) -> Vec<String> {
    let mut table = None;
    let mut rules = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let mut wrong = |message: String, hint: &str| problems.push(Problem::new(text.span.clone(), message).hint(hint));
        match (line.split_at(1), table) {
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
        problems.push(Problem::new(text.span.clone(), format!("the table `{open}` is not closed")).hint("a table ends with `COMMIT`"));
    }
    rules
}
