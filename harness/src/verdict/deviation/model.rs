//! Where a run left the documented way.

use serde::Serialize;

use crate::name::PointName;
use crate::verdict::model::{Finding, Subject};

/// What a scenario that is broken departs from what was documented with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Deviation {
    /// A packet of the probe was not where, or not what, it was to be.
    OnTheWay(Departure),
    /// At every point the probe was as documented; what is not: the answer, or what a command prints.
    Beside(Vec<Subject>),
}

/// The first point at which a packet of the probe is not as documented, in the order of causes: packet by packet, each in the order in which it passes
/// the points.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Departure {
    /// Which way the packet went.
    pub way: Way,
    /// Which of the probe's packets it is, from 1, and how many are documented; `None` for a ping, which is one packet each way.
    pub segment: Option<(usize, usize)>,
    /// The last point before it that saw this packet; `None`: there is none, or none can tell.
    pub last: Option<(PointName, Before)>,
    /// The point.
    pub at: PointName,
    /// What is not as documented there.
    pub how: How,
    /// Points between the two at which nothing can be said.
    pub unknown: Vec<PointName>,
    /// What was seen instead.
    pub instead: Vec<Instead>,
    /// The expectations that show it, by index.
    pub shown_by: Vec<usize>,
    /// The expectations that are broken only because of it, by index.
    pub follows: Vec<usize>,
}

/// Which way a packet of the probe went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Way {
    /// From the sender to whom it asks.
    Request,
    /// Back.
    Reply,
    /// Back, from anybody: an ICMP error about it.
    Error,
}

/// What is known of a packet at the last point before it departs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Before {
    /// It was as documented.
    AsDocumented,
    /// It was seen; nothing is documented there.
    Seen,
    /// It is a reply that no point saw before; the request was seen there.
    Asked,
}

/// What is not as documented.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum How {
    /// The packet is not there, and the capture is proven to have missed nothing.
    NotSeen,
    /// It is there and differs in these fields.
    Differs(Vec<Finding>),
    /// It is there as documented, but not where its line stands among the others: `behind line 2 in place of before line 2`.
    OutOfOrder(String),
    /// A packet that nothing documents, as tcpdump prints it.
    Undocumented(String),
}

/// What was seen in place of a packet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Instead {
    /// The packet itself, where none of it should be.
    OffTheWay {
        /// Where.
        at: PointName,
    },
    /// The packet itself, behind the point that did not see it.
    FurtherOn {
        /// Where.
        at: PointName,
    },
    /// A question for a hardware address that nobody answered (RFC 826).
    Unanswered {
        /// Who asked, as an IP address.
        by: String,
        /// For whom.
        target: String,
        /// What the site calls that: `node2.underlay.ip`.
        name: Option<String>,
        /// Where.
        at: PointName,
    },
    /// An ICMP error about the probe (RFC 792).
    Icmp {
        /// In tcpdump's words: `ICMP host 10.0.0.1 unreachable`.
        words: String,
        /// Its type and code.
        kind: (u64, u64),
        /// Who sent it, as an IP address.
        from: String,
        /// What the site calls that.
        name: Option<String>,
        /// Where, nearest to who sent it.
        at: PointName,
    },
    /// A TCP segment that ends the connection (RFC 9293 section 3.5.2).
    Reset {
        /// Who sent it, as an IP address.
        from: String,
        /// What the site calls that.
        name: Option<String>,
        /// Where, nearest to who sent it.
        at: PointName,
    },
}
