//! What documented literals and placeholders stand for on the site.

use std::collections::BTreeMap;
use std::net::IpAddr;

use ipnet::IpNet;

use crate::expect::mac;
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
        let symbol = self.table.get(literal).or_else(|| self.table.iter().find(|(key, _)| same(key, literal)).map(|(_, symbol)| symbol));
        self.symbol(symbol.ok_or_else(|| format!("no name says what `{literal}` stands for"))?)
    }

    /// What a documented word stands for, if a name covers it; words that none covers stand for themselves.
    pub(super) fn word(&self, word: &str) -> Option<Result<&'a str, String>> {
        self.table.get(word).map(|symbol| self.symbol(symbol))
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

/// Whether two texts are the same word, or two spellings of one address or prefix.
pub(crate) fn same(one: &str, other: &str) -> bool {
    if one == other {
        return true;
    }
    let address = |text: &str| text.parse::<IpAddr>().ok();
    let prefix = |text: &str| text.parse::<IpNet>().ok();
    let macs = mac(one).is_some() && mac(one) == mac(other);
    let addresses = address(one).is_some() && address(one) == address(other);
    macs || addresses || (prefix(one).is_some() && prefix(one) == prefix(other))
}
