//! Which echoes of a ping documented lines show.

use super::pattern::{LayerPattern, Pattern, Want};
use crate::packet::{Field, LayerKind, Value};

/// For each line of a block, which echo of a ping it belongs to, counted from 0 in the order in which they are first shown.
///
/// An echo is known by its sequence number (RFC 792): a point may see one packet twice, and its reply. A line without one belongs to the echo before
/// it, unless that has a line just like it.
pub fn echoes(lines: &[&Pattern]) -> Vec<usize> {
    let mut shown: Vec<(Option<u64>, Vec<&Pattern>)> = Vec::new();
    lines.iter().map(|line| place(line, &mut shown)).collect()
}

fn place<'p>(line: &'p Pattern, shown: &mut Vec<(Option<u64>, Vec<&'p Pattern>)>) -> usize {
    let number = documented_sequence(line);
    let known = shown.iter().position(|(other, _)| number.is_some() && *other == number);
    let open = |(other, lines): &(Option<u64>, Vec<&Pattern>)| {
        (number.is_none() || other.is_none()) && !lines.iter().any(|known| is_alike(known, line))
    };
    let last = || shown.last().filter(|last| open(last)).map(|_| shown.len() - 1);
    let index = known.or_else(last).unwrap_or(shown.len());
    if index == shown.len() {
        shown.push((None, Vec::new()));
    }
    let (of, lines) = &mut shown[index];
    *of = of.or(number);
    lines.push(line);
    index
}

/// The sequence number of the innermost ICMP echo that a line shows, if it says.
pub fn documented_sequence(line: &Pattern) -> Option<u64> {
    let icmp = line.layers.iter().rev().find(|layer| matches!(layer.kind, LayerKind::Icmp | LayerKind::Icmpv6))?;
    match icmp.fields.iter().find(|part| part.field == Field::IcmpSequence)?.want {
        Want::Variable(number) | Want::Exact(Value::Number(number)) => Some(number),
        _ => None,
    }
}

/// Whether two lines say the same, the numbers that differ from run to run aside.
fn is_alike(one: &Pattern, other: &Pattern) -> bool {
    let says = |layer: &LayerPattern| {
        let part = |want: &Want| (!matches!(want, Want::Variable(_))).then(|| want.clone());
        (layer.kind, layer.fields.iter().map(|field| (field.field, part(&field.want))).collect::<Vec<_>>())
    };
    one.link == other.link && one.layers.iter().map(says).eq(other.layers.iter().map(says))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expect::packet_line;

    const REQUEST: &str = "IP 10.0.0.1 > 10.0.0.2: ICMP echo request";
    const REPLY: &str = "IP 10.0.0.2 > 10.0.0.1: ICMP echo reply";

    #[test]
    fn lines_belong_to_the_echo_whose_number_they_show() {
        let cases: [(&[&str], &[usize]); 12] = [
            (&["Q id 7, seq 1", "P id 7, seq 1"], &[0, 0]),
            (&["Q id 7, seq 1", "P id 7, seq 1", "Q id 7, seq 2", "P id 7, seq 2"], &[0, 0, 1, 1]),
            (&["Q id 7, seq 1", "Q id 7, seq 2", "P id 7, seq 1", "P id 7, seq 2"], &[0, 1, 0, 1]),
            // One packet that a point sees twice is one echo.
            (&["Q id 7, seq 9", "Q id 8, seq 9", "P id 8, seq 9", "P id 7, seq 9"], &[0, 0, 0, 0]),
            (&["Q id 7, seq 106", "Q id 7, seq 106", "Q id 7, seq 107"], &[0, 0, 1]),
            (&["P id 7, seq 3", "P id 7, seq 4", "P id 7, seq 5"], &[0, 1, 2]),
            (&["Q", "P"], &[0, 0]),
            (&["Q", "P", "Q", "P"], &[0, 0, 1, 1]),
            (&["Q", "Q", "Q"], &[0, 1, 2]),
            (&["Q id 7", "P id 7", "Q id 9", "P id 9"], &[0, 0, 1, 1]),
            (&["Q id 7, seq 1", "P", "Q id 7, seq 2", "P"], &[0, 0, 1, 1]),
            (&[], &[]),
        ];
        for (lines, expected) in cases {
            let texts = lines.iter().map(|line| match line.split_once(' ') {
                Some((kind, rest)) => format!("{}, {rest}", if kind == "Q" { REQUEST } else { REPLY }),
                None => (if *line == "Q" { REQUEST } else { REPLY }).to_owned(),
            });
            let patterns: Vec<Pattern> = texts.map(|text| packet_line(&text).unwrap_or_else(|why| panic!("{text}: {why:?}"))).collect();
            assert_eq!(echoes(&patterns.iter().collect::<Vec<_>>()), expected, "{lines:?}");
        }
    }

    #[test]
    fn datagrams_of_a_tunnel_are_told_by_what_they_say() {
        let one = packet_line("IP 172.18.0.3.8285 > 172.18.0.4.8285: UDP, length 84").unwrap();
        let other = packet_line("IP 172.18.0.4.8285 > 172.18.0.3.8285: UDP, length 84").unwrap();
        assert_eq!(echoes(&[&one, &other, &one, &other]), [0, 0, 1, 1]);
    }
}
