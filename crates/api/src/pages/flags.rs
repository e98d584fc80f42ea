//! What limits figures, in words.

use std::collections::{BTreeMap, BTreeSet};

use super::Page;
use crate::locale::Lang;

/// A flag, explained.
#[derive(Debug)]
pub struct Flag {
    /// As it stands in `data_quality`.
    pub code: String,
    /// What it says.
    pub name: String,
    /// Which figures it limits.
    pub limits: String,
    /// What to do about it.
    pub remedy: String,
    /// Cooling units with it.
    pub units: Vec<String>,
}

impl Flag {
    /// The flag `code`. Of one that this version does not know, only the code is said.
    pub fn new(page: &Page, code: String, units: Vec<String>) -> Self {
        let text = |part: &str| {
            let key = format!("flag.{code}_{part}");
            if Lang::knows(&key) { page.t(&key).to_owned() } else { String::new() }
        };
        Self { name: text("name"), limits: text("limits"), remedy: text("remedy"), units, code }
    }
}

/// The flags of cooling units, each with the units that have it, in the order of the list.
pub fn explain<'a>(page: &Page, flags: impl Iterator<Item = (String, &'a str)>) -> Vec<Flag> {
    let mut by_flag: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for (unit, flag) in flags {
        by_flag.entry(flag).or_default().insert(unit);
    }
    by_flag.into_iter().map(|(code, units)| Flag::new(page, code.to_owned(), units.into_iter().collect())).collect()
}
