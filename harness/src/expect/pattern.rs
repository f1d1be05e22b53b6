//! What a documented line says, part by part.

use std::ops::Range;

use super::open::Open;
use super::volatile::Volatile;
use crate::name::Symbol;
use crate::packet::{Field, LayerKind, LinkType, Value};

/// A documented line of a capture: the stack of layers it shows, from the outermost.
///
/// The stack is exact: a frame with one layer more or less (payload aside) does not match.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pattern {
    /// `Ethernet` if the line prints hardware addresses, `Raw` if it starts with `ip:`; `None` if it shows no link layer
    /// either way (`IP a > b: …`, or a bare `a > b: …`).
    pub link: Option<LinkType>,
    /// The layers it names, outermost first; never a payload.
    pub layers: Vec<LayerPattern>,
    /// What tcpdump complains of in it, in the order of the line. A frame that is printed with other such marks does not match.
    pub marks: Vec<LineMark>,
    /// What else it prints, which is not asserted.
    pub open: Vec<Open>,
}

/// A mark in a documented line: `truncated-ip - 16 bytes missing!`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineMark {
    /// Where in the line, in bytes.
    pub span: Range<usize>,
    /// How many IP headers' addresses stand before it: to which of several nested packets it belongs.
    pub depth: usize,
}

/// One layer of a documented line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayerPattern {
    /// Which layer.
    pub kind: LayerKind,
    /// The fields that the line mentions, in the order of the line; what it does not mention is not asserted.
    pub fields: Vec<FieldPattern>,
}

/// One field of a documented line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldPattern {
    /// Which field.
    pub field: Field,
    /// What the line says of it.
    pub want: Want,
    /// Where in the line, in bytes.
    pub span: Range<usize>,
}

/// What a line says of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Want {
    /// This very value: a length, a flag, an MSS, a well-known port.
    Exact(Value),
    /// An address of the document's own cluster: the lab's `names` say what it stands for.
    Literal(Value),
    /// A placeholder, `{pod1.ip}`.
    Name(Symbol),
    /// A number that differs from run to run (ICMP id and seq, ephemeral port, TCP sequence number, TS val): the document's value.
    Variable(u64),
}

/// A documented line of a command's output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateLine {
    /// Its words, in order.
    pub words: Vec<Word>,
}

impl StateLine {
    /// For each word of a text of `length` words, which of this line's words stands for it, by index: one for one, but a gap stands for all
    /// that the others leave. More or fewer than `length` if no gap makes up for what differs.
    ///
    /// ```
    /// let line = cnilab::expect::state_line("default ** dev eth0")?;
    /// assert_eq!(line.spread(3), [0, 2, 3]);
    /// assert_eq!(line.spread(5), [0, 1, 1, 2, 3]);
    /// # Ok::<(), Vec<cnilab::expect::LineProblem>>(())
    /// ```
    pub fn spread(&self, length: usize) -> Vec<usize> {
        let gap = (length + 1).saturating_sub(self.words.len());
        let count = |word: &Word| if word.token == StateToken::Gap { gap } else { 1 };
        self.words.iter().enumerate().flat_map(|(index, word)| std::iter::repeat_n(index, count(word))).collect()
    }
}

/// One word of a documented line of a command's output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// What it says.
    pub token: StateToken,
    /// Where in the line, in bytes.
    pub span: Range<usize>,
}

/// What a word of a command's output says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StateToken {
    /// These parts, one behind the other; there is at least one.
    Parts(Vec<WordPart>),
    /// A number that differs from run to run, a connection's port or the id of its ICMP echoes: of which field's numbers it is one, and the
    /// document's number.
    Variable(Field, u64),
    /// `*`: any one word; also a timer of conntrack's.
    Hole,
    /// `**`: any number of words, also none; once in a line.
    Gap,
    /// A word that a kernel chooses anew each time: any other of its kind.
    Volatile(Volatile),
}

/// A part of a word of a command's output: `10.0.0.1:80` is an address and what is behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WordPart {
    /// What it says.
    pub token: PartToken,
    /// Where in the line, in bytes.
    pub span: Range<usize>,
}

/// What a part of a word says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PartToken {
    /// This very text: what is between the others.
    Text(String),
    /// This very word, unless the lab's `names` cover it (interface names are words, and so are addresses that mean the same in every cluster).
    Word(String),
    /// An IP address, a prefix or a hardware address of the document's own cluster, as it is spelt.
    Literal(String),
    /// What looks like such an address and cannot be read as one, `10.1.2.999`: it says nothing unless the lab's `names` cover it.
    Unclear(String),
    /// A placeholder, `{pod1.ip}`.
    Name(Symbol),
}

/// What is wrong with a documented line, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineProblem {
    /// Where in the line, in bytes.
    pub span: Range<usize>,
    /// What is wrong: lower case, no full stop.
    pub message: String,
    /// What to do about it, if there is something to say.
    pub hint: Option<String>,
}
