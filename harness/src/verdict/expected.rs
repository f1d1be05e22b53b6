//! A documented line with everything filled in that it stands for.

use std::ops::Range;

use super::compare::stands_for;
use super::names::Names;
use super::variables::{Kind, Variables};
use crate::expect::{Pattern, Want, time_stamp};
use crate::lab::Line;
use crate::packet::Value;

/// A filled-in line, and where the parts of the documented one have gone.
pub(super) struct Expected {
    pub(super) text: String,
    /// What was replaced: where it stood in the documented line, where it stands now. In order.
    replaced: Vec<(Range<usize>, Range<usize>)>,
    /// How many bytes were left out at the head.
    head: usize,
}

impl Expected {
    /// Fills in a line of a capture, without its time stamp: addresses and placeholders by what they stand for on the site, numbers that
    /// differ from run to run by what they stand for in the scenario, each as far as it is known.
    pub(super) fn line(line: &Line<Pattern>, names: Names<'_>, variables: &Variables) -> Self {
        let parts = line.pattern.layers.iter().flat_map(|layer| layer.fields.iter().map(move |part| (layer, part)));
        let parts = parts.filter_map(|(layer, part)| {
            let documented = line.text.get(part.span.clone())?;
            let filled = match &part.want {
                // A length or position that follows from how addresses are spelt here.
                Want::Exact(Value::Number(number)) if documented.parse().is_ok_and(|stated: u64| stated != *number) => number.to_string(),
                Want::Exact(_) => return None,
                Want::Variable(number) => variables.known(Kind::of_part(part.field, layer), *number)?.to_string(),
                Want::Literal(_) | Want::Name(_) => stands_for(part, documented, names).ok()?.to_owned(),
            };
            Some((part.span.clone(), filled))
        });
        Self::fill(&line.text, time_stamp(&line.text), parts.collect())
    }

    /// `text` from `head` on, with its `parts` replaced.
    pub(super) fn fill(text: &str, head: usize, mut parts: Vec<(Range<usize>, String)>) -> Self {
        parts.sort_by_key(|(span, _)| span.start);
        let mut filled = String::with_capacity(text.len());
        let mut replaced = Vec::with_capacity(parts.len());
        let mut at = head;
        for (span, part) in parts {
            // Spans of a line that parsed do not overlap; if they did, the first would count.
            let Some(between) = text.get(at..span.start) else { continue };
            filled.push_str(between);
            let start = filled.len();
            filled.push_str(&part);
            at = span.end;
            replaced.push((span, start..filled.len()));
        }
        filled.push_str(text.get(at..).unwrap_or_default());
        let length = filled.trim_end().len();
        filled.truncate(length);
        Self { text: filled, replaced, head }
    }

    /// Where a part of the documented line stands now.
    pub(super) fn place(&self, documented: &Range<usize>) -> Option<Range<usize>> {
        let before = self.replaced.iter().take_while(|(span, _)| span.start <= documented.start).last();
        let place = match before {
            Some((span, now)) if span == documented => now.clone(),
            Some((span, now)) => {
                let offset = documented.start.checked_sub(span.end)?;
                now.end + offset..now.end + offset + documented.len()
            }
            None => {
                let start = documented.start.checked_sub(self.head)?;
                start..start + documented.len()
            }
        };
        (place.end <= self.text.len()).then_some(place)
    }
}
