//! What one point saw of the probe, taken apart and printed.

use std::ops::Range;

use crate::capture::Recording;
use crate::journey::{Leg, Stop, packet_inside};
use crate::packet::{Detail, Field, Hints, Layer, Limit, LinkType, Mark, Printed, Printer, Stack, Value, dissect};

/// How many frames of a probe are looked at in one point's capture; a packet that circles in a loop makes no more than its TTL.
const MOST: usize = 512;

/// One frame of the probe.
pub(crate) struct Seen<'a> {
    pub(crate) leg: Leg,
    pub(crate) link: LinkType,
    pub(crate) stack: Stack<'a>,
    /// The packet in it, in a tunnel that is not known.
    inside: Option<Stack<'a>>,
    /// Fewer bytes were captured than the frame had.
    pub(crate) is_short: bool,
    brief: Printed,
    verbose: Printed,
}

/// All that a point saw of the probe, in order, and how many frames more there were.
pub(crate) fn at<'a>(stop: &Stop, recording: &'a Recording, hints: &Hints) -> (Vec<Seen<'a>>, usize) {
    let (mut brief, mut verbose) = (Printer::new(Detail::Brief), Printer::new(Detail::Verbose));
    let frames = stop.sightings.iter().filter_map(|sighting| recording.frames.get(sighting.frame).map(|frame| (sighting.leg, frame)));
    let seen = frames.take(MOST).map(|(leg, frame)| {
        let stack = dissect(&frame.bytes, frame.wire_length, recording.link, hints);
        let (brief, verbose) = (brief.line(&stack, recording.link), one_line(verbose.line(&stack, recording.link)));
        let inside = packet_inside(&stack, hints);
        let is_short = frame.bytes.len() < frame.wire_length as usize;
        Seen { leg, link: recording.link, stack, inside, is_short, brief: one_line(brief), verbose }
    });
    (seen.collect(), stop.sightings.len().saturating_sub(MOST))
}

impl<'a> Seen<'a> {
    /// As tcpdump prints it, on one line.
    pub(crate) fn printed(&self, detail: Detail) -> &Printed {
        match detail {
            Detail::Brief => &self.brief,
            Detail::Verbose => &self.verbose,
        }
    }

    /// All its layers, those of the packet in a tunnel that is not known included, which no line shows.
    pub(crate) fn layers(&self) -> impl Iterator<Item = &Layer<'a>> {
        self.stack.layers().iter().chain(self.inside.iter().flat_map(Stack::layers))
    }

    /// The innermost bytes, as far as they were captured.
    pub(crate) fn data(&self) -> &'a [u8] {
        self.inside.as_ref().unwrap_or(&self.stack).payload()
    }

    /// Where a field stands in the printed line.
    pub(crate) fn span(&self, detail: Detail, layer: usize, field: Field) -> Option<Range<usize>> {
        self.printed(detail).spans.iter().find(|(at, of, _)| (*at, *of) == (layer, field)).map(|(.., span)| span.clone())
    }

    /// The value of a field as a line shows it: the stream's positions relative to their conversation, all others as they are.
    pub(crate) fn value(&self, layer: usize, field: Field) -> Option<Value> {
        let as_printed = || self.span(Detail::Brief, layer, field).and_then(|span| self.brief.text.get(span));
        match field {
            Field::TcpSequence | Field::TcpSequenceEnd | Field::TcpAcknowledgment => {
                let position =
                    || self.brief.untold.iter().find(|(at, of, _)| (*at, *of) == (layer, field)).map(|(.., position)| u64::from(*position));
                as_printed().map_or_else(position, |text| text.parse().ok()).map(Value::Number)
            }
            // Blanks at its end, as behind a status without a reason, no document shows.
            Field::TcpHttp => as_printed().map(|text| Value::Text(text.trim_end().to_owned())),
            _ => self.stack.layers().get(layer)?.get(field),
        }
    }

    /// Not all of it was captured, and what is missing would have been a layer.
    pub(crate) fn is_cut(&self) -> bool {
        self.stack.stop().is_some_and(|stop| stop.limit == Limit::Snap)
    }

    /// Not all of it was captured, and what is missing may have held this field.
    pub(crate) fn may_have_lost(&self, field: Field) -> bool {
        let behind_headers = matches!(
            field,
            Field::TcpHttp | Field::IcmpTarget | Field::IcmpQuotedDestination | Field::IcmpQuotedProtocol | Field::IcmpQuotedPort
        );
        self.is_cut() || (self.is_short && behind_headers)
    }
}

/// A text of several lines on one, its spans moved along.
fn one_line(printed: Printed) -> Printed {
    if !printed.text.contains('\n') {
        return printed;
    }
    let mut text = String::with_capacity(printed.text.len());
    // Where each byte of the text has gone.
    let mut moved = Vec::with_capacity(printed.text.len() + 1);
    let mut folding = false;
    for character in printed.text.chars() {
        folding = character == '\n' || (folding && character.is_whitespace());
        moved.extend(std::iter::repeat_n(text.len(), character.len_utf8()));
        if !folding {
            text.push(character);
        } else if !text.ends_with(' ') {
            text.push(' ');
        }
    }
    moved.push(text.len());
    let place = |at: usize| moved.get(at).copied().unwrap_or(text.len());
    let spans = printed.spans.into_iter().map(|(layer, field, span)| (layer, field, place(span.start)..place(span.end))).collect();
    let moved_mark = |mark: Mark| Mark { span: place(mark.span.start)..place(mark.span.end), ..mark };
    let marks = printed.marks.into_iter().map(moved_mark).collect();
    let length = text.trim_end().len();
    text.truncate(length);
    Printed { text, spans, marks, untold: printed.untold }
}
