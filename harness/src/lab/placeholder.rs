//! Placeholders in commands: `{pod1.veth}`.

use std::ops::Range;

/// A placeholder: the symbol's name, and where it stands with its braces, in bytes.
pub(super) type Placeholder<'a> = (&'a str, Range<usize>);

/// The placeholders of `text` in order.
///
/// # Errors
/// The place of a `{` that is not closed.
pub(super) fn find(text: &str) -> Result<Vec<Placeholder<'_>>, usize> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(open) = text[at..].find('{').map(|offset| at + offset) {
        let close = text[open..].find('}').map(|offset| open + offset).ok_or(open)?;
        found.push((&text[open + 1..close], open..close + 1));
        at = close + 1;
    }
    Ok(found)
}

/// `text` with every placeholder replaced by what `value` says it stands for.
///
/// # Errors
/// The first symbol for which `value` has nothing; all of `text` if a `{` is not closed.
pub(super) fn fill<'v>(text: &str, value: impl Fn(&str) -> Option<&'v str>) -> Result<String, String> {
    let mut filled = String::new();
    let mut at = 0;
    for (symbol, span) in find(text).map_err(|_| text.to_owned())? {
        filled.push_str(&text[at..span.start]);
        filled.push_str(value(symbol).ok_or(symbol)?);
        at = span.end;
    }
    filled.push_str(&text[at..]);
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_found_and_filled() {
        assert_eq!(find("a {b} c{d}"), Ok(vec![("b", 2..5), ("d", 7..10)]));
        assert_eq!(find("a {b"), Err(2));
        let value = |symbol: &str| (symbol == "pod1.veth").then_some("cali1");
        assert_eq!(fill("x.{pod1.veth}.y", value), Ok("x.cali1.y".to_owned()));
        assert_eq!(fill("{pod2.veth}", value), Err("pod2.veth".to_owned()));
    }
}
