//! Which symbols a scenario needs values for.

use std::collections::BTreeSet;

use super::command;
use super::lines::{Documented, Mention};
use super::model::{Claim, DocumentedLine, Scenario};
use super::names::canonical;
use super::placeholder;
use crate::expect::host_of;
use crate::name::Symbol;

impl Scenario {
    /// Every symbol that its commands and its documented lines use.
    pub fn symbols(&self) -> BTreeSet<Symbol> {
        let mut symbols = BTreeSet::new();
        self.of_lines(&self.answers, &mut symbols);
        for expectation in &self.expect {
            if let Claim::Lines(lines) = &expectation.claim {
                self.of_lines(lines, &mut symbols);
            }
        }
        for state in &self.state {
            let placeholders = placeholder::find(&state.run).unwrap_or_default();
            symbols.extend(placeholders.into_iter().map(|(symbol, _)| Symbol::new(symbol)));
            symbols.extend(command::interfaces(&state.run).iter().filter_map(|(word, _)| self.names.get(word).cloned()));
            self.of_lines(&state.has, &mut symbols);
            self.of_lines(&state.lacks, &mut symbols);
        }
        symbols
    }

    fn of_lines<P: Documented>(&self, lines: &[DocumentedLine<P>], symbols: &mut BTreeSet<Symbol>) {
        let patterns = lines.iter().flat_map(|line| {
            let corrected = line.correction.as_ref().map(|correction| &correction.reads.pattern);
            [&line.documented.pattern].into_iter().chain(corrected)
        });
        for (mention, _) in patterns.flat_map(Documented::names) {
            match mention {
                Mention::Symbol(symbol, _) => symbols.extend([symbol]),
                Mention::Literal(literal) | Mention::Word(literal) | Mention::Unclear(literal) => {
                    let covering = |literal: &str| self.names.get(&canonical(literal)).cloned();
                    symbols.extend(covering(&literal).or_else(|| covering(host_of(&literal)?.0)));
                }
            }
        }
    }
}
