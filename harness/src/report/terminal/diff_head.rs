//! The head of a comparison: what the two runs are.

use super::paint::{Paint, add, column, plain};
use crate::diff::{Diff, Side};
use crate::plain::pad;
use crate::report::about::{About, Style};
use crate::site::Emulated;

/// What the two runs are called: by their backends if these differ, otherwise by their order.
pub(super) fn labels(sides: &[Side; 2]) -> [&'static str; 2] {
    let known = |side: &Side| ["netns", "kind", "cluster"].into_iter().find(|known| *known == side.backend);
    match [known(&sides[0]), known(&sides[1])] {
        [Some(one), Some(other)] if one != other => [one, other],
        _ => ["first", "second"],
    }
}

/// What the two runs are, side by side, and what was emulated in either.
pub(super) fn head(diff: &Diff, abouts: [&About; 2], style: &Style) -> String {
    let paint = Paint::new(style);
    let mut text = String::new();
    add(&mut text, format_args!("{}, two runs side by side", paint.strong(&plain(&diff.lab))));
    let rows = rows(diff, abouts);
    let keys = column(rows.iter().map(|(key, _)| key.as_str()));
    let wide = column(rows.iter().map(|(_, values)| values[0].as_str()));
    for (key, values) in &rows {
        let [one, other] = values.each_ref().map(|value| plain(value));
        add(&mut text, format_args!("  {}", format!("{}  {}  {other}", pad(&plain(key), keys), pad(&one, wide)).trim_end()));
    }
    for (key, part) in emulated(diff, abouts) {
        add(&mut text, format_args!("  {key}: {}: {}", plain(&part.what), plain(&part.how)));
    }
    if diff.lab_changed {
        add(&mut text, format_args!("  the runs have different texts of the lab file; the first's lines are held against both"));
    }
    text
}

/// What there is to say of both, the versions that differ included.
fn rows(diff: &Diff, abouts: [&About; 2]) -> Vec<(String, [String; 2])> {
    let sides = &diff.sides;
    let or_none = |value: Option<&String>| value.map_or("-", String::as_str).to_owned();
    let mut rows = vec![
        (String::new(), labels(sides).map(str::to_owned)),
        ("backend".to_owned(), sides.each_ref().map(|side| side.backend.clone())),
        ("run".to_owned(), sides.each_ref().map(|side| side.run.clone())),
        ("evidence".to_owned(), abouts.map(|about| or_none(about.evidence.as_ref()))),
    ];
    for (key, of) in
        [("broken on purpose", abouts.map(|about| about.mutation.as_ref())), ("cut short", abouts.map(|about| about.cut_short.as_ref()))]
    {
        if of.iter().any(Option::is_some) {
            rows.push((key.to_owned(), of.map(or_none)));
        }
    }
    let mut keys: Vec<&String> = sides.iter().flat_map(|side| side.versions.keys()).collect();
    keys.sort();
    keys.dedup();
    for key in keys {
        let versions = sides.each_ref().map(|side| side.versions.get(key));
        if versions[0] != versions[1] {
            rows.push((key.clone(), versions.map(or_none)));
        }
    }
    rows
}

/// What is emulated, and in which of the runs.
fn emulated<'a>(diff: &Diff, abouts: [&'a About; 2]) -> Vec<(String, &'a Emulated)> {
    let [one, other] = labels(&diff.sides);
    let [first, second] = abouts.map(|about| &about.emulated);
    let of_first =
        first.iter().map(|part| (if second.contains(part) { "emulated (both)".to_owned() } else { format!("emulated ({one})") }, part));
    let of_second = second.iter().filter(|part| !first.contains(part)).map(|part| (format!("emulated ({other})"), part));
    of_first.chain(of_second).collect()
}
