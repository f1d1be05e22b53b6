//! Rust text, looked at from afar: what is code, what is a test, what is imported.

/// Rust text with comments and the insides of strings blanked out; lines stay where they are.
pub(crate) fn code(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::new();
    let mut at = 0;
    while at < chars.len() {
        let rest = &chars[at..];
        let length = if rest.starts_with(&['/', '/']) {
            rest.iter().position(|c| *c == '\n').unwrap_or(rest.len())
        } else if rest.starts_with(&['/', '*']) {
            find(rest, &['*', '/'], 2)
        } else if let Some(end) = raw_string(rest).filter(|_| at == 0 || !chars[at - 1].is_alphanumeric()) {
            end
        } else if rest[0] == '"' {
            quoted(rest)
        } else if rest[0] == '\'' && (rest.get(1) == Some(&'\\') || rest.get(2) == Some(&'\'')) {
            if rest[1] == '\\' { 2 + find(&rest[2..], &['\''], 1) } else { 3 }
        } else {
            out.push(rest[0]);
            at += 1;
            continue;
        };
        out.extend(rest[..length].iter().map(|c| if *c == '\n' { '\n' } else { ' ' }));
        at += length;
    }
    out
}

/// How many characters lead up to the end of `what`, searched from `from`.
fn find(text: &[char], what: &[char], from: usize) -> usize {
    (from.min(text.len())..text.len()).find(|at| text[*at..].starts_with(what)).map_or(text.len(), |at| at + what.len())
}

/// The length of the string that starts here.
fn quoted(text: &[char]) -> usize {
    let mut at = 1;
    while at < text.len() && text[at] != '"' {
        at += if text[at] == '\\' { 2 } else { 1 };
    }
    (at + 1).min(text.len())
}

/// The length of the raw string that starts here, if one does.
fn raw_string(text: &[char]) -> Option<usize> {
    let start = match text {
        ['r', ..] => 1,
        ['b', 'r', ..] => 2,
        _ => return None,
    };
    let hashes = text[start..].iter().take_while(|c| **c == '#').count();
    (text.get(start + hashes) == Some(&'"')).then(|| {
        let end: Vec<char> = std::iter::once('"').chain(std::iter::repeat_n('#', hashes)).collect();
        find(text, &end, start + hashes + 1)
    })
}

/// `text` without its `#[cfg(test)]` modules. What rustfmt laid out ends at a brace in the column where it began.
pub(crate) fn without_tests(text: &str) -> String {
    let mut kept = Vec::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        let indent = &line[..line.len() - line.trim_start().len()];
        let opens = lines.peek().is_some_and(|next| next.trim_start().starts_with("mod ") && next.ends_with('{'));
        if line.trim() == "#[cfg(test)]" && opens {
            lines.by_ref().find(|line| *line == format!("{indent}}}"));
        } else {
            kept.push(line);
        }
    }
    kept.join("\n")
}

/// The rooms that `text` names as `crate::room` or in `crate::{room, …}`.
pub(crate) fn imports(text: &str) -> Vec<String> {
    let text: String = code(text).split_whitespace().collect::<Vec<_>>().join(" ");
    let mut rooms = Vec::new();
    for part in text.split("crate::").skip(1) {
        let group = part.strip_prefix('{').map_or_else(|| first_names(part).into_iter().take(1).collect(), first_names);
        rooms.extend(group);
    }
    rooms
}

/// The first names of the paths in a group, up to its closing brace.
fn first_names(group: &str) -> Vec<String> {
    let mut names = Vec::new();
    let (mut depth, mut expects, mut name) = (0_u32, true, String::new());
    for c in group.chars() {
        if expects && (c.is_alphanumeric() || c == '_') {
            name.push(c);
            continue;
        }
        if !name.is_empty() {
            names.push(std::mem::take(&mut name));
            expects = false;
        }
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => expects = true,
            _ => {}
        }
    }
    names.extend((!name.is_empty()).then_some(name));
    names
}
