//! Ids of stores → numbers, for several threads.

use std::hash::BuildHasher;
use std::sync::{Mutex, PoisonError};

use foldhash::fast::RandomState;
use hashbrown::HashTable;
use metrics_core::uptime::StoreIds;

/// Numbers that all threads agree on.
#[derive(Debug, Default)]
pub struct StoreNumbers {
    shared: Mutex<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    ids: StoreIds,
    table: HashTable<u32>,
    hasher: RandomState,
}

impl StoreNumbers {
    /// What one thread looks numbers up in.
    pub fn cache(&self) -> Cache<'_> {
        Cache { numbers: self, text: Vec::new(), table: HashTable::new(), hasher: RandomState::default() }
    }

    /// The ids in order of their numbers.
    pub fn into_ids(self) -> StoreIds {
        self.shared.into_inner().unwrap_or_else(PoisonError::into_inner).ids
    }

    fn number(&self, id: &str) -> u32 {
        let mut shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        let Shared { ids, table, hasher } = &mut *shared;
        let hash = hasher.hash_one(id);
        if let Some(number) = table.find(hash, |number| ids.get(*number) == id) {
            return *number;
        }
        let number = ids.push(id);
        table.insert_unique(hash, number, |number| hasher.hash_one(ids.get(*number)));
        number
    }
}

/// The numbers that one thread has seen: it asks the others once for each id.
pub struct Cache<'a> {
    numbers: &'a StoreNumbers,
    text: Vec<u8>,
    table: HashTable<Entry>,
    hasher: RandomState,
}

/// An id's text, and its number.
struct Entry {
    start: usize,
    len: u32,
    number: u32,
}

impl Cache<'_> {
    /// Number of a store; `None` when the id is no text that a database could hold (UTF-8 without NUL).
    pub fn number(&mut self, id: &[u8]) -> Option<u32> {
        let Self { numbers, text, table, hasher } = self;
        let is_id = |text: &[u8], entry: &Entry| &text[entry.start..entry.start + entry.len as usize] == id;
        let hash = hasher.hash_one(id);
        if let Some(entry) = table.find(hash, |entry| is_id(text, entry)) {
            return Some(entry.number);
        }
        let number = numbers.number(std::str::from_utf8(id).ok().filter(|id| !id.contains('\0'))?);
        let entry = Entry { start: text.len(), len: u32::try_from(id.len()).ok()?, number };
        text.extend_from_slice(id);
        table.insert_unique(hash, entry, |entry| hasher.hash_one(&text[entry.start..entry.start + entry.len as usize]));
        Some(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_threads_agree_on_numbers() {
        let numbers = StoreNumbers::default();
        let seen: Vec<Vec<u32>> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4)
                .map(|thread| {
                    let mut cache = numbers.cache();
                    scope.spawn(move || {
                        let ids = (0..5000_u32).map(|n| (n * 7 + thread * 1234) % 5000);
                        let mut seen = vec![0; 5000];
                        for id in ids.clone().chain(ids) {
                            seen[id as usize] = cache.number(format!("store {id}").as_bytes()).unwrap();
                        }
                        seen
                    })
                })
                .collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(seen.windows(2).all(|pair| pair[0] == pair[1]));
        let ids = numbers.into_ids();
        assert_eq!(ids.len(), 5000);
        assert!((0..).zip(&seen[0]).all(|(id, number): (u32, _)| ids.get(*number) == format!("store {id}")));
    }

    #[test]
    fn an_id_is_text() {
        let numbers = StoreNumbers::default();
        let mut cache = numbers.cache();
        assert_eq!(cache.number("é,\"".as_bytes()), Some(0));
        assert_eq!(cache.number(b"8.13992624246019E+018"), Some(1));
        // Of every length, and alike but for the length or one byte.
        let text = "x".repeat(60);
        for round in 0..2 {
            for (length, number) in (1..60).zip((2..).step_by(2)) {
                assert_eq!(cache.number(&text.as_bytes()[..length]), Some(number), "{length}, round {round}");
                let other = format!("y{}", &text[1..length]);
                assert_eq!(cache.number(other.as_bytes()), Some(number + 1), "{length}, round {round}");
            }
        }
        assert_eq!(cache.number(b"\xff"), None);
        assert_eq!(cache.number(b"a\0b"), None);
    }
}
