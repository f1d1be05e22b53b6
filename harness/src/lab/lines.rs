//! Documented lines in a lab file: each parsed, corrected where the lab says so, and every name in it resolved.

use std::collections::BTreeSet;
use std::ops::Range;

use super::at::At;
use super::command;
use super::file::CorrectionFile;
use super::model::{Correction, DocumentedLine, Line, Network};
use super::names::{self, Names};
use super::placeholder;
use super::problem::{Problem, position};
use super::suggest;
use super::symbol::{BY_LOT, Known, Sort, Symbols};
use crate::expect::{LineProblem, PartToken, Pattern, StateLine, StateToken, Want, Word, WordPart, host_of, made_up_names};
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
    pub(super) network: &'a Network,
}

impl Context<'_> {
    /// What a literal stands for here.
    pub(super) fn stands_for(&self, literal: &str) -> Option<Symbol> {
        self.names.stands_for(literal, self.outer)
    }

    /// Whether a word looks like the name of a host veth that only some run had: the prefix, and hexadecimal digits behind it. What is derived from a
    /// pod of this lab is the same in every run.
    fn is_opaque(&self, word: &str) -> bool {
        let is_hex = |digits: &str| digits.bytes().all(|digit| digit.is_ascii_digit() || matches!(digit, b'a'..=b'f'));
        let is_mixed = |digits: &str| digits.contains(|digit: char| digit.is_ascii_digit()) && digits.contains(char::is_alphabetic);
        let digits = word.strip_prefix(&*self.network.veth_prefix).filter(|digits| is_hex(digits));
        let looks_so = digits.is_some_and(|digits| digits.len() >= BY_LOT || digits.len() >= BY_LOT / 2 && is_mixed(digits));
        let derived = |known: &Known| known.sort == Sort::Interface && known.value.as_deref() == Some(word);
        looks_so && (self.network.bridge().is_some() || !self.symbols.values().any(derived))
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
    /// What looks like an address and cannot be read as one.
    Unclear(String),
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
    fn read(text: &str, servers: &BTreeSet<u16>) -> Result<Self, Vec<LineProblem>> {
        crate::expect::state_line_of(text, servers)
    }

    fn names(&self) -> Vec<(Mention, Range<usize>)> {
        let mut mentions = Vec::new();
        for (index, word) in self.words.iter().enumerate() {
            let StateToken::Parts(parts) = &word.token else { continue };
            let key = index.checked_sub(1).and_then(|before| whole_text(&self.words[before]));
            for (at, part) in parts.iter().enumerate() {
                match &part.token {
                    PartToken::Text(_) => {}
                    PartToken::Literal(literal) => mentions.push((Mention::Literal(literal.clone()), part.span.clone())),
                    PartToken::Unclear(text) => mentions.push((Mention::Unclear(text.clone()), part.span.clone())),
                    PartToken::Name(symbol) => {
                        mentions.push((Mention::Symbol(symbol.clone(), sort_at(parts, at, key)), part.span.clone()));
                    }
                    PartToken::Word(text) => {
                        let place = |span: &Range<usize>| part.span.start + span.start..part.span.start + span.end;
                        let within =
                            made_up_names(text).into_iter().map(|span| (Mention::Word(text[span.clone()].to_owned()), place(&span)));
                        mentions.extend(within);
                        mentions.push((Mention::Word(text.clone()), part.span.clone()));
                    }
                }
            }
        }
        mentions
    }
}

/// The text of a word that is one word.
fn whole_text(word: &Word) -> Option<&str> {
    match &word.token {
        StateToken::Parts(parts) => match parts.as_slice() {
            [WordPart { token: PartToken::Word(text), .. }] => Some(text),
            _ => None,
        },
        _ => None,
    }
}

/// The sort that a placeholder must have for what stands around it: behind a `key` of conntrack's, before a port or a prefix length, behind the
/// colon of a port.
fn sort_at(parts: &[WordPart], at: usize, key: Option<&str>) -> Option<Sort> {
    let text = |at: usize| match &parts.get(at)?.token {
        PartToken::Text(text) | PartToken::Word(text) => Some(text.as_str()),
        _ => None,
    };
    let is_address = |at: usize| matches!(parts[at].token, PartToken::Name(_) | PartToken::Literal(_));
    let is_port = at >= 2 && is_address(at - 2) && text(at - 1) == Some(":");
    let behind = text(at + 1).unwrap_or_default();
    match key {
        Some("src=" | "dst=") => Some(Sort::Ip),
        Some("sport=" | "dport=") => Some(Sort::Port),
        _ if is_port => Some(Sort::Port),
        _ if behind == ":" && parts.len() > at + 2 => Some(Sort::Ip),
        _ if behind.starts_with([':', '/']) && behind[1..].starts_with(|digit: char| digit.is_ascii_digit()) => Some(Sort::Ip),
        _ => None,
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
            Mention::Word(text) | Mention::Literal(text) | Mention::Unclear(text) if context.stands_for(&text).is_some() || !judged => {}
            Mention::Word(text) if !context.is_opaque(&text) => {}
            Mention::Word(text) | Mention::Literal(text) => {
                let problem = Problem::new(within(&span), format!("nothing says what `{text}` stands for"));
                problems.push(problem.hint(name_it(&text, context.symbols)));
            }
            Mention::Unclear(text) => {
                let problem = Problem::new(within(&span), format!("`{text}` looks like an address, but cannot be read as one"));
                problems.push(problem.hint("give it as the command prints it, or put `*` for the whole word"));
            }
        }
    }
    Some(Line { text: line.text.to_owned(), pattern })
}

/// How to say what a literal stands for.
fn name_it(literal: &str, symbols: &Symbols) -> String {
    let quoted = |literal: &str| if literal.contains(':') { format!("\"{literal}\"") } else { literal.to_owned() };
    let known = |literal: &str| symbols.iter().find(|(_, known)| known.value.as_deref() == Some(literal)).map(|(name, _)| name.as_str());
    if let Some((address, length)) = host_of(literal).filter(|_| known(literal).is_none()) {
        let symbol = known(address);
        let way = symbol.map(|symbol| format!(", or write `{{{symbol}}}{length}`")).unwrap_or_default();
        return format!("add its address to `names`: `{}: {}`{way}", quoted(address), symbol.unwrap_or("…"));
    }
    format!("add it to `names`: `{}: {}`", quoted(literal), known(literal).unwrap_or("…"))
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

/// Checks the placeholders of a command, and the interfaces that it names.
pub(super) fn in_command(command: &At<String>, context: &Context<'_>, problems: &mut Vec<Problem>) {
    placeholders(command, context.symbols, context.text, problems);
    let start = start_of(command, context.text);
    for (word, span) in command::interfaces(command.trim()) {
        // To look a name up is to use it.
        if context.stands_for(&word).is_none() && context.is_opaque(&word) {
            let problem = Problem::new(start + span.start..start + span.end, format!("nothing says what `{word}` stands for"));
            problems.push(problem.hint(format!("{}, or write a placeholder like `{{pod1.veth}}`", name_it(&word, context.symbols))));
        }
    }
}

/// Checks the placeholders of a command.
pub(super) fn placeholders(command: &At<String>, symbols: &Symbols, text: &str, problems: &mut Vec<Problem>) {
    let start = start_of(command, text);
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

/// Where a command starts in the file.
fn start_of(command: &At<String>, text: &str) -> usize {
    split(command, text).first().map_or(command.span.start, |line| line.span.start)
}
