//! What two runs agree on, and what differs.

use std::collections::BTreeMap;
use std::ops::{AddAssign, Range};

use crate::verdict::Subject;

/// Two runs of one lab, side by side. Whatever there is of either, the first run's stands first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diff {
    /// The lab's name.
    pub lab: String,
    /// The two runs have different texts of the lab file; the first's lines are held against both.
    pub lab_changed: bool,
    /// The runs.
    pub sides: [Side; 2],
    /// One per scenario, in the lab's order.
    pub scenarios: Vec<ScenarioDiff>,
}

/// One of the two runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Side {
    /// The run's name.
    pub run: String,
    /// `netns`, `kind`, `cluster`.
    pub backend: String,
    /// Versions of what took part.
    pub versions: BTreeMap<String, String>,
}

/// One scenario in both runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScenarioDiff {
    /// Its name.
    pub name: String,
    /// Whether it could be compared.
    pub standing: Standing,
    /// Points in path order, then the answer, then state.
    pub parts: Vec<Part>,
}

/// Whether two things could be held against each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// They were; what came of it is told pair by pair.
    Compared,
    /// The lab asks this of one of the runs only.
    OneAsked {
        /// Which: 0 the first, 1 the second.
        run: usize,
        /// Why not of the other.
        because: String,
    },
    /// Neither run was asked this, or did it: why.
    Skipped(String),
    /// They cannot be compared: why, by run.
    Unknown([Option<String>; 2]),
}

/// A point, the answer, or a command's output, in both runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// What it is about.
    pub subject: Subject,
    /// The interfaces behind the point; empty where none is known, and for all but points.
    pub interfaces: [String; 2],
    /// Whether it could be compared.
    pub standing: Standing,
    /// How many documented lines it has; of a point 1.
    pub lines: usize,
    /// What was held against what.
    pub pairs: Vec<Pair>,
}

/// A packet or a line of one run, and what is in its place in the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    /// What it is: `packet 2`, or the documented line.
    pub what: String,
    /// The line of the lab file that documents it; of packets none.
    pub lab_line: Option<usize>,
    /// As tools print it; `None`: there is none.
    pub texts: [Option<String>; 2],
    /// How many fields or words were held against each other.
    pub fields: usize,
    /// What differs.
    pub differences: Vec<Difference>,
    /// Why it could not be compared, or not all of it, by run.
    pub unknown: [Option<String>; 2],
}

/// One field or word that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The field: `IPv4 TTL`, `layers`, `word 3`.
    pub field: String,
    /// What it is in either run.
    pub values: [String; 2],
    /// Where it stands in the pair's texts, in bytes, if it does.
    pub spans: [Option<Range<usize>>; 2],
    /// Why two numbers that differ from run to run do not stand for each other.
    pub note: Option<String>,
    /// What explains it; `None`: nothing does.
    pub explained: Option<String>,
}

/// How much of a diff came out how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Points and lines that are the same.
    pub agree: usize,
    /// Differences that are explained.
    pub explained: usize,
    /// Differences that nothing explains.
    pub unexplained: usize,
    /// Points, lines, packets and scenarios that could not be compared.
    pub unknown: usize,
    /// Points, lines and scenarios that neither run was asked.
    pub skipped: usize,
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.agree += other.agree;
        self.explained += other.explained;
        self.unexplained += other.unexplained;
        self.unknown += other.unknown;
        self.skipped += other.skipped;
    }
}

impl Diff {
    /// How much of it came out how.
    pub fn tally(&self) -> Tally {
        let mut tally = Tally::default();
        self.scenarios.iter().for_each(|scenario| tally += scenario.tally());
        tally
    }

    /// The exit code that tells how the runs compare: 0 nothing differs that is not explained, and all could be compared; 1 something
    /// differs; 4 nothing does, but something could not be compared, or there was nothing to compare. (2 is bad input, which never gets as far.)
    pub fn exit_code(&self) -> u8 {
        match self.tally() {
            Tally { unexplained: 1.., .. } => 1,
            Tally { unknown: 1.., .. } | Tally { agree: 0, explained: 0, .. } => 4,
            _ => 0,
        }
    }
}

impl ScenarioDiff {
    /// How much of it came out how.
    pub fn tally(&self) -> Tally {
        let mut tally = self.standing.tally(1);
        self.parts.iter().for_each(|part| tally += part.tally());
        tally
    }
}

impl Standing {
    /// What so many that stand so count for; those that were compared count by themselves.
    fn tally(&self, count: usize) -> Tally {
        match self {
            Self::Compared => Tally::default(),
            Self::OneAsked { .. } => Tally { explained: count, ..Tally::default() },
            Self::Skipped(_) => Tally { skipped: count, ..Tally::default() },
            Self::Unknown(_) => Tally { unknown: count, ..Tally::default() },
        }
    }
}

impl Part {
    /// How much of it came out how: a point agrees as a whole, of all others each line by itself.
    pub fn tally(&self) -> Tally {
        let mut tally = self.standing.tally(self.lines);
        self.pairs.iter().for_each(|pair| tally += pair.tally());
        if self.standing == Standing::Compared && matches!(self.subject, Subject::Point(_)) {
            let all_agree = tally.unknown + tally.explained + tally.unexplained == 0;
            tally.agree = usize::from(all_agree);
        }
        tally
    }
}

impl Pair {
    /// Whether all of it could be compared.
    pub fn is_known(&self) -> bool {
        self.unknown == [None, None]
    }

    /// What it counts for.
    pub fn tally(&self) -> Tally {
        let explained = self.differences.iter().filter(|difference| difference.explained.is_some()).count();
        let unknown = usize::from(!self.is_known());
        let unexplained = self.differences.len() - explained;
        let agree = usize::from(unknown + self.differences.len() == 0);
        Tally { agree, explained, unexplained, unknown, skipped: 0 }
    }
}
