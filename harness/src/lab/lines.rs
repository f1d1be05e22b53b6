//! Documented lines in a lab file: each parsed, corrected where the lab says so, and every name in it resolved.

use std::collections::BTreeSet;
use std::ops::Range;

use super::at::At;
use super::file::CorrectionFile;
use super::model::{Correction, DocumentedLine, Line};
use super::names::{self, Names};
use super::placeholder;
use super::problem::{Problem, position};
use super::suggest;
use super::symbol::{Sort, Symbols};
use crate::expect::{LineProblem, Pattern, StateLine, StateToken, Want};
use crate::name::Symbol;
use crate::packet::{Field, Value};

/// What lines are read against.
pub(super) struct Context<'a> {
    /// The lab file's text.
    pub(super) text: &'a str,
    pub(super) symbols: &'a Symbols,
    /// The scenario's table.
    pub(super) names: &'a Names,
    /// The lab's table.
    pub(super) outer: &'a Names,
    /// The ports at which the lab's servers and tunnels listen.
    pub(super) servers: &'a BTreeSet<u16>,
}

impl Context<'_> {
    /// What a literal stands for here.
    pub(super) fn stands_for(&self, literal: &str) -> Option<Symbol> {
        self.names.stands_for(literal, self.outer)
    }
}

/// A line of a block, and where it stands in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Spelt<'a> {
    pub(super) text: &'a str,
    pub(super) span: Range<usize>,
}

/// A kind of documented line: how it is read, and which names it holds.
pub(super) trait Documented: Sized {
    /// Reads a line of a lab with these servers' ports.
    fn read(text: &str, servers: &BTreeSet<u16>) -> Result<Self, Vec<LineProblem>>;

    /// Each name or literal, with the sort it must have (if that is known) and where it stands in the line, in bytes.
    fn names(&self) -> Vec<(Mention, Range<usize>)>;
}

/// A part of a documented line that stands for something of the lab.
pub(super) enum Mention {
    /// `{pod1.ip}`.
    Symbol(Symbol, Option<Sort>),
    /// `10.244.153.204`; it must have a name.
    Literal(String),
    /// A word that may have a name, as interfaces do.
    Word(String),
}

impl Documented for Pattern {
    fn read(text: &str, servers: &BTreeSet<u16>) -> Result<Self, Vec<LineProblem>> {
        crate::expect::packet_line_of(text, servers)
    }

    fn names(&self) -> Vec<(Mention, Range<usize>)> {
        let fields = self.layers.iter().flat_map(|layer| &layer.fields);
        fields
            .filter_map(|field| {
                let mention = match &field.want {
                    Want::Literal(value) => Mention::Literal(value.to_string()),
                    Want::Name(symbol) => Mention::Symbol(symbol.clone(), sort_of(field.field)),
                    Want::Exact(value @ (Value::Ip(_) | Value::Mac(_))) => Mention::Word(value.to_string()),
                    Want::Exact(_) | Want::Variable(_) => return None,
                };
                Some((mention, field.span.clone()))
            })
            .collect()
    }
}

impl Documented for StateLine {
    fn read(text: &str, _: &BTreeSet<u16>) -> Result<Self, Vec<LineProblem>> {
        crate::expect::state_line(text)
    }

    fn names(&self) -> Vec<(Mention, Range<usize>)> {
        let mention = |token: &StateToken| match token {
            StateToken::Word(word) => Some(Mention::Word(word.clone())),
            StateToken::Literal(literal) => Some(Mention::Literal(literal.clone())),
            StateToken::Name(symbol) => Some(Mention::Symbol(symbol.clone(), None)),
            StateToken::Hole | StateToken::Gap | StateToken::Variable(_) | StateToken::Volatile(_) => None,
        };
        self.words.iter().filter_map(|word| Some((mention(&word.token)?, word.span.clone()))).collect()
    }
}

/// The sort of thing that a field holds; `None` for numbers and words.
fn sort_of(field: Field) -> Option<Sort> {
    match field {
        Field::EthernetSource | Field::EthernetDestination | Field::ArpSenderMac | Field::ArpTargetMac => Some(Sort::Mac),
        Field::IpSource | Field::IpDestination | Field::ArpSenderIp | Field::ArpTargetIp => Some(Sort::Ip),
        _ => None,
    }
}

/// The lines of `block`, with their places in the file.
pub(super) fn split<'a>(block: &'a At<String>, text: &str) -> Vec<Spelt<'a>> {
    let mut at = block.span.start;
    block
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .map(|line| {
            // Blocks, plain and quoted texts hold a line as it is; only one with escapes in it does not, and then the whole text is meant.
            let found = text.get(at..).and_then(|rest| rest.find(line)).map(|offset| at + offset..at + offset + line.len());
            let span = found.unwrap_or_else(|| block.span.clone());
            at = span.end.max(at);
            Spelt { text: line, span }
        })
        .collect()
}

/// Reads all lines of a block and its corrections. `owner` is what to point at if there is none.
pub(super) fn read<P: Documented>(
    block: &At<String>,
    owner: &At<String>,
    corrections: &[CorrectionFile],
    context: &Context<'_>,
    problems: &mut Vec<Problem>,
) -> Vec<DocumentedLine<P>> {
    let spelt = split(block, context.text);
    if spelt.is_empty() {
        problems.push(Problem::new(owner.span.clone(), "there is no line here").hint("give at least one line as the document prints it"));
    }
    spelt
        .into_iter()
        .filter_map(|line| {
            let file = corrections.iter().find(|correction| correction.documented.trim() == line.text);
            let documented = read_line(&line, file.is_none(), context, problems);
            let correction = match file {
                Some(file) => Some(correction(file, context, problems)?),
                None => None,
            };
            let position = position(context.text, line.span.start);
            Some(DocumentedLine { documented: documented?, correction, position })
        })
        .collect()
}

/// Reads one line. `judged`: it is what will be compared, so each literal needs a name; of a line that is corrected it may be the very mistake.
fn read_line<P: Documented>(line: &Spelt<'_>, judged: bool, context: &Context<'_>, problems: &mut Vec<Problem>) -> Option<Line<P>> {
    let within = |span: &Range<usize>| line.span.start + span.start..line.span.start + span.end;
    let pattern = match P::read(line.text, context.servers) {
        Ok(pattern) => pattern,
        Err(found) => {
            problems
                .extend(found.into_iter().map(|found| Problem { hint: found.hint, ..Problem::new(within(&found.span), found.message) }));
            return None;
        }
    };
    for (mention, span) in pattern.names() {
        match mention {
            Mention::Symbol(symbol, sort) => problems.extend(resolve(&symbol, sort, within(&span), context)),
            Mention::Word(word) => {
                context.stands_for(&word);
            }
            Mention::Literal(literal) => {
                if context.stands_for(&literal).is_none() && judged {
                    let problem = Problem::new(within(&span), format!("nothing says what `{literal}` stands for"));
                    problems.push(problem.hint(name_it(&literal, context.symbols)));
                }
            }
        }
    }
    Some(Line { text: line.text.to_owned(), pattern })
}

/// How to say what a literal stands for.
fn name_it(literal: &str, symbols: &Symbols) -> String {
    let key = if literal.contains(':') { format!("\"{literal}\"") } else { literal.to_owned() };
    let known = symbols.iter().find(|(_, known)| known.value.as_deref() == Some(literal)).map(|(name, _)| name.as_str());
    format!("add it to `names`: `{key}: {}`", known.unwrap_or("…"))
}

/// What is wrong with a placeholder, if anything.
fn resolve(symbol: &Symbol, sort: Option<Sort>, span: Range<usize>, context: &Context<'_>) -> Option<Problem> {
    let Some(known) = context.symbols.get(symbol.as_str()) else {
        return Some(names::unknown(symbol.as_str(), span, context.symbols));
    };
    let sort = sort.filter(|sort| *sort != known.sort)?;
    Some(Problem::new(span, format!("`{symbol}` is {}, but here stands {}", known.sort.words(), sort.words())))
}

fn correction<P: Documented>(file: &CorrectionFile, context: &Context<'_>, problems: &mut Vec<Problem>) -> Option<Correction<P>> {
    let lines = split(&file.reads, context.text);
    let [line] = lines.as_slice() else {
        problems.push(Problem::new(file.reads.span.clone(), "a correction reads one line").hint("give the line that holds"));
        return None;
    };
    if line.text == file.documented.trim() {
        let problem = Problem::new(line.span.clone(), "this correction changes nothing");
        problems.push(problem.hint("`reads` is what holds instead of the documented line"));
    }
    if file.because.trim().is_empty() {
        problems.push(Problem::new(file.because.span.clone(), "a correction says why").hint("what shows that the document is wrong?"));
    }
    Some(Correction { reads: read_line(line, true, context, problems)?, because: file.because.trim().to_owned() })
}

/// Corrections of lines that do not stand in any of `blocks`, and second corrections of the same line.
pub(super) fn stray(corrections: &[CorrectionFile], blocks: &[&At<String>], context: &Context<'_>, problems: &mut Vec<Problem>) {
    let lines: Vec<&str> = blocks.iter().flat_map(|block| split(block, context.text)).map(|line| line.text).collect();
    for (index, correction) in corrections.iter().enumerate() {
        let documented = correction.documented.trim();
        if !lines.contains(&documented) {
            let hint = suggest::closest(documented, lines.iter().copied())
                .map_or_else(|| "`documented` is a line exactly as it stands there".to_owned(), |line| format!("did you mean `{line}`?"));
            problems.push(Problem::new(correction.documented.span.clone(), "this is not one of the lines it would correct").hint(hint));
        }
        if let Some(first) = corrections[..index].iter().find(|other| other.documented.trim() == documented) {
            let problem = Problem::new(correction.documented.span.clone(), "this line is corrected twice").label("again");
            problems.push(problem.also(first.documented.span.clone(), "first here").hint("keep one of the two"));
        }
    }
}

/// Checks the placeholders of a command.
pub(super) fn placeholders(command: &At<String>, symbols: &Symbols, text: &str, problems: &mut Vec<Problem>) {
    let start = split(command, text).first().map_or(command.span.start, |line| line.span.start);
    match placeholder::find(command.trim()) {
        Err(open) => {
            let problem = Problem::new(start + open..start + open + 1, "this `{` is not closed");
            problems.push(problem.hint("a placeholder is like `{pod1.veth}`"));
        }
        Ok(found) => {
            for (symbol, span) in found.into_iter().filter(|(symbol, _)| !symbols.contains_key(*symbol)) {
                problems.push(names::unknown(symbol, start + span.start..start + span.end, symbols));
            }
        }
    }
}
