//! What documented literals and placeholders stand for on the site.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::net::IpAddr;

use ipnet::IpNet;

use crate::expect::{PartToken, WordPart, host_of, mac, made_up_names, observed_parts};
use crate::name::Symbol;
use crate::packet::Value;

/// A scenario's names table and the site's facts.
#[derive(Clone, Copy)]
pub(super) struct Names<'a> {
    /// What each literal stands for.
    pub(super) table: &'a BTreeMap<String, Symbol>,
    /// What each symbol stands for.
    pub(super) values: &'a BTreeMap<Symbol, String>,
}

impl<'a> Names<'a> {
    /// What a symbol stands for; `Err` says that the site does not tell.
    pub(super) fn symbol(&self, symbol: &Symbol) -> Result<&'a str, String> {
        self.values.get(symbol).map(String::as_str).ok_or_else(|| format!("the site does not tell what `{symbol}` is"))
    }

    /// What a documented literal stands for; `Err` says that no name covers it, or that the site does not tell.
    pub(super) fn literal(&self, literal: &str) -> Result<&'a str, String> {
        self.symbol(self.covering(literal).ok_or_else(|| format!("no name says what `{literal}` stands for"))?)
    }

    /// The same of an address or a prefix: an interface's prefix of which only the address has a name is what that stands for, as long.
    pub(super) fn address(&self, literal: &str) -> Result<Cow<'a, str>, String> {
        match host_of(literal) {
            Some((address, length)) if self.covering(literal).is_none() => Ok(Cow::Owned(self.literal(address)?.to_owned() + length)),
            _ => self.literal(literal).map(Cow::Borrowed),
        }
    }

    fn covering(&self, literal: &str) -> Option<&'a Symbol> {
        self.table.get(literal).or_else(|| self.table.iter().find(|(key, _)| same(key, literal)).map(|(_, symbol)| symbol))
    }

    /// What a documented word stands for, if a name covers it or an interface's name in it; words that none covers stand for themselves.
    pub(super) fn word(&self, word: &str) -> Option<Result<Cow<'a, str>, String>> {
        if let Some(symbol) = self.table.get(word) {
            return Some(self.symbol(symbol).map(Cow::Borrowed));
        }
        let mut filled = String::new();
        let mut done = 0;
        for span in made_up_names(word) {
            let Some(symbol) = self.table.get(&word[span.clone()]) else { continue };
            match self.symbol(symbol) {
                Ok(value) => filled = filled + &word[done..span.start] + value,
                Err(why) => return Some(Err(why)),
            }
            done = span.end;
        }
        (done > 0).then(|| Ok(Cow::Owned(filled + &word[done..])))
    }

    /// What a part of a documented word must be.
    pub(super) fn part<'p>(&self, part: &'p WordPart) -> Result<Cow<'p, str>, String>
    where
        'a: 'p,
    {
        match &part.token {
            PartToken::Text(text) => Ok(Cow::Borrowed(text)),
            PartToken::Word(word) => self.word(word).unwrap_or(Ok(Cow::Borrowed(word))),
            PartToken::Literal(literal) => self.address(literal),
            PartToken::Unclear(text) => self.word(text).unwrap_or_else(|| Err(format!("`{text}` looks like an address and is none"))),
            PartToken::Name(symbol) => self.symbol(symbol).map(Cow::Borrowed),
        }
    }
}

/// What a fact's text is as a field's value.
pub(crate) fn value(text: &str) -> Value {
    if let Some(mac) = mac(text) {
        Value::Mac(mac)
    } else if let Ok(ip) = text.parse::<IpAddr>() {
        Value::Ip(ip)
    } else if let Ok(number) = text.parse() {
        Value::Number(number)
    } else {
        Value::Text(text.to_owned())
    }
}

/// Whether two texts are the same word, or differ only in how addresses in them are spelt.
pub(crate) fn same(one: &str, other: &str) -> bool {
    // Of IPv4 addresses there is one spelling each.
    one == other || one.contains(':') && other.contains(':') && canonical(one) == canonical(other)
}

/// A word with every address in it spelt in one way.
fn canonical(word: &str) -> String {
    let spell = |part: WordPart| match part.token {
        PartToken::Literal(text) | PartToken::Word(text) => {
            let ip = || Some(text.parse::<IpAddr>().ok()?.to_string());
            let prefix = || Some(text.parse::<IpNet>().ok()?.to_string());
            let mac = || Some(Value::Mac(mac(&text)?).to_string());
            mac().or_else(ip).or_else(prefix).unwrap_or(text)
        }
        PartToken::Text(text) | PartToken::Unclear(text) => text,
        PartToken::Name(symbol) => symbol.to_string(),
    };
    observed_parts(word).into_iter().map(spell).collect()
}
