//! The `names` tables: what each literal of a document stands for.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::ops::Range;

use ipnet::IpNet;

use super::at::{At, Table};
use super::problem::Problem;
use super::suggest;
use super::symbol::{Sort, Symbols};
use super::value::{is_interface, parse_mac};
use crate::expect::{host_of, is_universal};
use crate::name::Symbol;

/// One entry of a table.
#[derive(Clone, Debug)]
struct Entry {
    symbol: String,
    span: Range<usize>,
    /// The literal as the file spells it.
    spelt: String,
}

/// A table that has been checked, keyed by how tools spell each literal. Remembers which entries lines have used.
#[derive(Debug, Default)]
pub(super) struct Names {
    entries: BTreeMap<String, Entry>,
    used: RefCell<BTreeSet<String>>,
}

impl Names {
    /// Checks a table: on its own, against what the lab gives, and against the `outer` table that holds here, too.
    pub(super) fn check(table: &Table<At<String>>, outer: Option<&Names>, symbols: &Symbols, problems: &mut Vec<Problem>) -> Self {
        let mut names = Self::default();
        for (key, symbol) in &table.0 {
            let literal = canonical(key);
            let Some(sort) = sort_of(&literal) else {
                let problem = Problem::new(key.span.clone(), format!("`{}` is no address, no prefix and no interface's name", **key));
                problems.push(problem.hint("a name is given to a literal of a documented line"));
                continue;
            };
            if fits(key, symbol, sort, symbols, problems) {
                names.contradictions(&literal, key, symbol, outer, symbols, problems);
            }
            names.entries.insert(literal, Entry { symbol: symbol.value.clone(), span: key.span.clone(), spelt: key.value.clone() });
        }
        names
    }

    /// What a literal stands for, in this table or the `outer` one; whichever says so has been used then. An interface's prefix that has no name of
    /// its own goes by its address.
    pub(super) fn stands_for(&self, literal: &str, outer: &Names) -> Option<Symbol> {
        self.covering(literal, outer).or_else(|| self.covering(host_of(literal)?.0, outer))
    }

    fn covering(&self, literal: &str, outer: &Names) -> Option<Symbol> {
        let literal = canonical(literal);
        [self, outer].into_iter().find_map(|names| {
            let entry = names.entries.get(&literal)?;
            names.used.borrow_mut().insert(literal.clone());
            Some(Symbol::new(entry.symbol.clone()))
        })
    }

    /// The table, with the `outer` one's entries.
    pub(super) fn with(&self, outer: &Names) -> BTreeMap<String, Symbol> {
        let both = outer.entries.iter().chain(&self.entries);
        both.map(|(literal, entry)| (literal.clone(), Symbol::new(entry.symbol.clone()))).collect()
    }

    /// Entries that no line has used: most often slips of the pen. Lines that have problems may use what stands anywhere in `unread`.
    pub(super) fn unused(&self, unread: &str, problems: &mut Vec<Problem>) {
        let unread = unread.to_lowercase();
        for (literal, entry) in &self.entries {
            let spelt = [literal, &entry.spelt].map(|text| text.to_lowercase());
            if !self.used.borrow().contains(literal) && !spelt.iter().any(|text| unread.contains(text)) {
                let problem = Problem::new(entry.span.clone(), format!("`{literal}` stands in no documented line"));
                problems.push(problem.hint("correct it, or take it out of the table"));
            }
        }
    }

    fn contradictions(
        &self,
        literal: &str,
        key: &At<String>,
        symbol: &At<String>,
        outer: Option<&Names>,
        symbols: &Symbols,
        problems: &mut Vec<Problem>,
    ) {
        let own = self.entries.get(literal);
        if let Some(entry) = own.or_else(|| outer?.entries.get(literal)).filter(|entry| own.is_some() || entry.symbol != **symbol) {
            let message = format!("`{literal}` cannot stand for `{}` and for `{}`", entry.symbol, **symbol);
            let problem = Problem::new(key.span.clone(), message).label("here");
            problems.push(problem.also(entry.span.clone(), "and here").hint("one literal stands for one thing"));
        }
        if let Some((other, entry)) = self.entries.iter().find(|(other, entry)| entry.symbol == **symbol && *other != literal) {
            let message = format!("`{}` cannot be both `{other}` and `{literal}`", **symbol);
            let problem = Problem::new(key.span.clone(), message).label("here").also(entry.span.clone(), "and here");
            problems.push(problem.hint("if the document's lines are from different runs, each scenario gets `names` of its own"));
        }
        let is = |name: &str| symbols.get(name).and_then(|known| known.value.as_deref()) == Some(literal);
        if let Some(other) = symbols.keys().find(|name| is(name)).filter(|_| !is(symbol)) {
            let message = format!("`{literal}` is `{other}` in this lab, not `{}`", **symbol);
            problems.push(Problem::new(symbol.span.clone(), message).hint(format!("`{literal}: {other}`")));
        }
    }
}

/// Whether `symbol` exists and is of the sort that `key` is.
fn fits(key: &At<String>, symbol: &At<String>, sort: Sort, symbols: &Symbols, problems: &mut Vec<Problem>) -> bool {
    let Some(known) = symbols.get(&**symbol) else {
        problems.push(unknown(symbol, symbol.span.clone(), symbols));
        return false;
    };
    if is_universal(key) {
        let message = format!("`{}` means the same in every cluster, so that it stands for itself", **key);
        problems.push(Problem::new(key.span.clone(), message).hint("take it out of the table"));
        return false;
    }
    // Any pod may be called as an interface is.
    let alike = known.sort == sort || (known.sort, sort) == (Sort::Name, Sort::Interface);
    if !alike {
        let message = format!("`{}` is {}, but `{}` is {}", **key, sort.words(), **symbol, known.sort.words());
        let alike = symbols.iter().filter(|(_, known)| known.sort == sort).map(|(name, _)| name.as_str());
        let problem = Problem::new(symbol.span.clone(), message);
        problems.push(problem.hint(suggest::hint(symbol, &format!("what stands for {}", sort.words()), alike)));
        return false;
    }
    let families = (family(key), known.value.as_deref().and_then(family));
    if let (Some(own), Some(other)) = families
        && own != other
    {
        let noun = if sort == Sort::Prefix { "prefix" } else { "address" };
        let message = format!("`{}` is an {} {noun}, but `{}` is an {} one", **key, own.words(), **symbol, other.words());
        let alike = symbols.iter().filter(|(_, known)| known.sort == sort && known.value.as_deref().and_then(family) == Some(own));
        let what = format!("{} {noun}es in this lab", own.words());
        let problem = Problem::new(symbol.span.clone(), message);
        problems.push(problem.hint(suggest::hint(symbol, &what, alike.map(|(name, _)| name.as_str()))));
        return false;
    }
    let length = |text: &str| text.rsplit_once('/').map(|(_, length)| length.to_owned());
    if let Some(value) = known.value.as_deref().filter(|value| length(value) != length(key))
        && sort == Sort::Prefix
    {
        let message = format!("`{}` and `{}`, which is {value} in this lab, are not of one length", **key, **symbol);
        problems.push(
            Problem::new(symbol.span.clone(), message)
                .hint("a prefix stands for one that is as long; on a site of its own that may differ"),
        );
        return false;
    }
    true
}

/// The versions of the Internet Protocol that addresses are of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Family {
    V4,
    V6,
}

impl Family {
    fn words(self) -> &'static str {
        match self {
            Self::V4 => "IPv4",
            Self::V6 => "IPv6",
        }
    }
}

/// Of which family an address or a prefix is.
fn family(literal: &str) -> Option<Family> {
    let ip = literal.parse::<IpAddr>().ok().or_else(|| Some(literal.parse::<IpNet>().ok()?.addr()))?;
    Some(if ip.is_ipv4() { Family::V4 } else { Family::V6 })
}

/// A symbol that the lab does not have.
pub(super) fn unknown(symbol: &str, span: Range<usize>, symbols: &Symbols) -> Problem {
    let hint = suggest::closest(symbol, symbols.keys().map(String::as_str)).map_or_else(
        || "symbols are like `pod1.ip`, `pod1.mac`, `pod1.veth`, `node1.block`, `node1.underlay.ip`".to_owned(),
        |meant| format!("did you mean `{meant}`?"),
    );
    Problem::new(span, format!("this lab has no symbol `{symbol}`")).hint(hint)
}

/// A literal as tools spell it.
pub(super) fn canonical(literal: &str) -> String {
    if parse_mac(literal).is_some() {
        return literal.to_lowercase();
    }
    let prefix = || literal.parse::<IpNet>().map_or_else(|_| literal.to_owned(), |prefix| prefix.to_string());
    literal.parse::<IpAddr>().map_or_else(|_| prefix(), |ip| ip.to_string())
}

/// What kind of thing a literal is.
pub(super) fn sort_of(literal: &str) -> Option<Sort> {
    if parse_mac(literal).is_some() {
        Some(Sort::Mac)
    } else if literal.parse::<IpAddr>().is_ok() {
        Some(Sort::Ip)
    } else if literal.parse::<IpNet>().is_ok() {
        Some(Sort::Prefix)
    } else {
        let name = |literal: &str| literal.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.'));
        is_interface(literal).then_some(Sort::Interface).or_else(|| name(literal).then_some(Sort::Name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_are_told_apart() {
        assert_eq!(sort_of("10.244.153.204"), Some(Sort::Ip));
        assert_eq!(sort_of("10.244.153.192/26"), Some(Sort::Prefix));
        assert_eq!(sort_of("32:21:45:C4:c5:d5"), Some(Sort::Mac));
        assert_eq!(sort_of("calice0906292e2"), Some(Sort::Interface));
        assert_eq!(sort_of("two words"), None);
        assert_eq!(canonical("32:21:45:C4:c5:d5"), "32:21:45:c4:c5:d5");
    }
}
