//! What addresses, ports and words stand for in either run.

use std::collections::{BTreeSet, HashMap};
use std::ops::Range;

use ipnet::IpNet;

use crate::expect::{WordPart, host_of, made_up_names, observed_parts};
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

    /// Whether two words of commands' output say the same, part by part if they are not the same as a whole.
    pub(super) fn same_word(&self, words: [&str; 2]) -> bool {
        let [one, other] = words.map(observed_parts);
        if one.len() == 1 && other.len() == 1 {
            return self.same_part(words);
        }
        let same = |(one, other): (&WordPart, &WordPart)| self.same_part([&words[0][one.span.clone()], &words[1][other.span.clone()]]);
        one.len() == other.len() && one.iter().zip(&other).all(same)
    }

    fn same_part(&self, words: [&str; 2]) -> bool {
        let values = words.map(read);
        let values = [&values[0], &values[1]];
        if let [Some((one, length)), Some((other, other_length))] = words.map(host_of)
            && length == other_length
            && (0..2).all(|side| !self.symbols[side].contains_key(values[side]))
        {
            // An interface's prefix that has no name of its own goes by its address.
            self.same_address([&read(one), &read(other)])
        } else if words.iter().all(|word| is_address(word)) {
            self.same_address(values)
        } else {
            names::same(words[0], words[1]) || self.shared(values).next().is_some() || self.same_within(words)
        }
    }

    /// Whether two words are the same but for interfaces' names in them that are the same name's.
    fn same_within(&self, words: [&str; 2]) -> bool {
        let [one, other] = words.map(made_up_names);
        let around = |word: &str, spans: &[Range<usize>]| {
            spans.iter().rev().fold(word.to_owned(), |mut word, span| {
                word.replace_range(span.clone(), "\0");
                word
            })
        };
        let same = |(one, other): (&Range<usize>, &Range<usize>)| {
            let values = [read(&words[0][one.clone()]), read(&words[1][other.clone()])];
            values[0] == values[1] || self.shared([&values[0], &values[1]]).next().is_some()
        };
        !one.is_empty() && around(words[0], &one) == around(words[1], &other) && one.iter().zip(&other).all(same)
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
