//! What addresses, ports and words stand for in either run.

use std::collections::{BTreeSet, HashMap};

use ipnet::IpNet;

use crate::lab::Lab;
use crate::name::Symbol;
use crate::packet::{Field, Value};
use crate::site::Facts;
use crate::verdict::names;

/// The facts of both runs, turned round.
pub(super) struct Names<'a> {
    facts: [&'a Facts; 2],
    /// For each run, the symbols that stand for a value.
    symbols: [HashMap<Value, BTreeSet<&'a Symbol>>; 2],
    /// The symbols that stand for ports.
    ports: BTreeSet<Symbol>,
}

impl<'a> Names<'a> {
    pub(super) fn of(lab: &Lab, facts: [&'a Facts; 2]) -> Self {
        let turned = |facts: &'a Facts| {
            let mut symbols: HashMap<Value, BTreeSet<&'a Symbol>> = HashMap::new();
            for (symbol, value) in &facts.values {
                symbols.entry(read(value)).or_default().insert(symbol);
            }
            symbols
        };
        Self { facts, symbols: facts.map(turned), ports: lab.ports() }
    }

    /// Whether two values of a field say the same. A number is nobody's name, but for a port.
    pub(super) fn same(&self, field: Field, values: [&Value; 2]) -> bool {
        match values {
            [Value::Mac(_), Value::Mac(_)] | [Value::Ip(_), Value::Ip(_)] => self.same_address(values),
            [one, other] if one == other => true,
            _ => is_port(field) && self.shared(values).any(|symbol| self.ports.contains(symbol)),
        }
    }

    /// Whether two words of commands' output say the same.
    pub(super) fn same_word(&self, words: [&str; 2]) -> bool {
        let values = words.map(read);
        let values = [&values[0], &values[1]];
        if words.iter().all(|word| is_address(word)) {
            self.same_address(values)
        } else {
            names::same(words[0], words[1]) || self.shared(values).next().is_some()
        }
    }

    /// Whether two addresses are the same name's. Equal ones are the same, too, unless they are known to be of two: what is net's in one run and
    /// somebody else's in the other says something else.
    fn same_address(&self, values: [&Value; 2]) -> bool {
        if self.shared(values).next().is_some() {
            return true;
        }
        let known_elsewhere = |here: usize, there: usize| {
            let mut named = self.symbols[here].get(values[here]).into_iter().flatten();
            named.any(|symbol| self.facts[there].values.contains_key(symbol))
        };
        values[0] == values[1] && !known_elsewhere(0, 1) && !known_elsewhere(1, 0)
    }

    /// The symbols that stand for the one value in the first run and for the other in the second.
    fn shared(&self, values: [&Value; 2]) -> impl Iterator<Item = &'a Symbol> {
        let [one, other] = [0, 1].map(|side| self.symbols[side].get(values[side]));
        one.into_iter().zip(other).flat_map(|(one, other)| one.intersection(other).copied())
    }
}

/// What a text is as a value; all spellings of a prefix are one.
fn read(text: &str) -> Value {
    match text.parse::<IpNet>() {
        Ok(prefix) => Value::Text(prefix.to_string()),
        Err(_) => names::value(text),
    }
}

fn is_address(word: &str) -> bool {
    word.parse::<IpNet>().is_ok() || matches!(names::value(word), Value::Mac(_) | Value::Ip(_))
}

fn is_port(field: Field) -> bool {
    matches!(
        field,
        Field::TcpSourcePort | Field::TcpDestinationPort | Field::UdpSourcePort | Field::UdpDestinationPort | Field::IcmpQuotedPort
    )
}
