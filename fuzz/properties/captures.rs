//! Capture files: whatever is in one, it is read within its limits, taken apart, printed, and written to be read again as it was; and what is printed is
//! understood as what it was printed from, or refused.

use cnilab::expect::{FieldPattern, Pattern, Want, packet_line};
use cnilab::packet::{
    Capture, CodecError, Detail, Field, Hints, Layer, LayerKind, Limits, LinkType, Printed, Printer, Stack, Value, dissect, read_capture,
    tree, write_pcapng,
};

/// Checks one input.
pub(crate) fn check(bytes: &[u8]) {
    let Some(capture) = read(bytes) else { return };
    cut_off(bytes, &capture);
    let hints = Hints::default();
    let mut printers = [Detail::Brief, Detail::Verbose].map(Printer::new);
    for (interface, frame) in &capture.frames {
        let link = capture.interfaces[*interface].link;
        let stack = dissect(&frame.bytes, frame.wire_length, link, &hints);
        headers(&frame.bytes, &stack);
        for printer in &mut printers {
            line(&printer.line(&stack, link), &stack, link);
        }
        plain(&tree(&stack));
    }
    let mut again = Vec::new();
    write_pcapng(&mut again, &capture.interfaces, &capture.frames, "fuzz").expect("a vector takes all");
    let read = read_capture(&again[..], &Limits::default()).expect("what was written is read");
    assert_eq!(read, capture, "what was written is not what is read");
}

/// What there is of a capture.
fn read(bytes: &[u8]) -> Option<Capture> {
    let limits = Limits { frame: 1 << 16, total: 1 << 20, frames: 256, interfaces: 64 };
    let capture = match read_capture(bytes, &limits) {
        Ok(capture) => capture,
        Err(CodecError::Truncated { before, .. }) => *before,
        Err(_) => return None,
    };
    assert!(capture.frames.len() <= limits.frames && capture.interfaces.len() <= limits.interfaces, "the limits are not held");
    assert!(capture.frames.iter().all(|(interface, _)| *interface < capture.interfaces.len()), "a frame of no interface");
    Some(capture)
}

/// Of a capture that was cut off, what is before that is read.
fn cut_off(bytes: &[u8], whole: &Capture) {
    let before = read(&bytes[..bytes.len() / 2]).expect("the half of what can be read can be read");
    assert!(whole.frames.starts_with(&before.frames), "half of a capture has other frames");
}

/// Headers stand one behind the other, and what is left behind them is the frame's.
fn headers(frame: &[u8], stack: &Stack<'_>) {
    let start = frame.as_ptr().addr();
    let mut end = start;
    for layer in stack.layers() {
        let header = layer.header();
        assert!(header.is_empty() || header.as_ptr().addr() == end, "a header does not stand behind the one before it");
        end += header.len();
    }
    let payload = stack.payload();
    assert!(payload.is_empty() || payload.as_ptr().addr() >= end, "a header is payload, too");
    assert!(payload.is_empty() || payload.as_ptr().addr() + payload.len() <= start + frame.len(), "the payload is longer than the frame");
}

fn plain(text: &str) {
    let steers = text.chars().find(|letter| *letter != '\n' && *letter != '\t' && !cnilab::plain::is_plain(*letter));
    assert_eq!(steers, None, "this would steer a terminal: {text:?}");
}

/// A printed line: its fields are the frame's, and it is understood as what it was printed from, or refused.
fn line(printed: &Printed, stack: &Stack<'_>, link: LinkType) {
    plain(&printed.text);
    for (layer, field, span) in &printed.spans {
        assert!(printed.text.get(span.clone()).is_some(), "{field:?} stands outside of its line");
        assert!(stack.layers().get(*layer).is_none_or(|layer| layer.get(*field).is_some()), "{field:?} is printed and not there");
    }
    let text = printed.text.split('\n').map(str::trim_start).collect::<Vec<_>>().join(" ");
    let Ok(pattern) = packet_line(&text) else { return };
    // Of an ICMP message that another quotes it cannot be told which of them ends early.
    let is_unclear = text.ends_with("[|icmp]") && text.matches("ICMP ").count() > 1;
    assert!(is_unclear || pattern.marks.len() == printed.marks.len(), "other complaints are read than printed: {text}");
    assert!(pattern.link.is_none_or(|read| read == link), "another link layer is read than printed: {text}");
    // What ends a walk over headers early stands in the line as a mark.
    if printed.marks.is_empty() && stack.stop().is_none() {
        layers(&text, &pattern, printed, stack);
    }
}

/// The layers that a line shows are the frame's, each field with its value.
fn layers(text: &str, pattern: &Pattern, printed: &Printed, stack: &Stack<'_>) {
    let there: Vec<LayerKind> = stack.layers().iter().map(Layer::kind).filter(|kind| *kind != LayerKind::Payload).collect();
    let read: Vec<LayerKind> = pattern.layers.iter().map(|layer| layer.kind).collect();
    assert_eq!(read, there, "other layers are read than printed: {text}");
    for (index, layer) in pattern.layers.iter().enumerate() {
        for part in &layer.fields {
            let value = value(part, index, printed, stack);
            assert!(value.is_some(), "{:?} is read and not there: {text}", part.field);
            let as_read = match &part.want {
                Want::Exact(value) | Want::Literal(value) => Some(value.clone()),
                Want::Variable(number) => Some(Value::Number(*number)),
                Want::Name(_) => None,
            };
            assert_eq!(as_read, value, "{:?} is read otherwise than printed: {text}", part.field);
        }
    }
}

/// What a frame has of a field, as a line shows it: positions in a stream are relative to its conversation behind the handshake.
fn value(part: &FieldPattern, index: usize, printed: &Printed, stack: &Stack<'_>) -> Option<Value> {
    let relative = matches!(part.field, Field::TcpSequence | Field::TcpSequenceEnd | Field::TcpAcknowledgment);
    if relative || part.field == Field::TcpHttp {
        let (.., span) = printed.spans.iter().find(|(layer, field, _)| (*layer, *field) == (index, part.field))?;
        let text = printed.text.get(span.clone())?;
        return if relative { text.parse().ok().map(Value::Number) } else { Some(Value::Text(text.trim_end().to_owned())) };
    }
    stack.layers().get(index)?.get(part.field)
}
