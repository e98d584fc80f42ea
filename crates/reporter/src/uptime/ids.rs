//! Ids of stores → numbers, for several threads.

use std::hash::{BuildHasher, Hasher as _};
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
    pub fn cache<T>(&self) -> Cache<'_, T> {
        Cache {
            numbers: self,
            hasher: RandomState::default(),
            short: Table::default(),
            long: Table::default(),
            found: Vec::with_capacity(GATHERED),
        }
    }

    /// The ids in order of their numbers.
    pub fn into_ids(self) -> StoreIds {
        self.shared.into_inner().unwrap_or_else(PoisonError::into_inner).ids
    }

    /// Number of a store; `None` when the id is no text that a database could hold.
    fn ask(&self, id: &[u8]) -> Option<u32> {
        text(id).map(|id| self.number(id))
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

/// An id as text, if it is one that a database could hold: UTF-8 without NUL.
fn text(id: &[u8]) -> Option<&str> {
    std::str::from_utf8(id).ok().filter(|id| !id.contains('\0'))
}

/// Whether an id is one that a database could hold.
pub fn is_text(id: &[u8]) -> bool {
    text(id).is_some()
}

/// The numbers that one thread has seen: it asks the others once for each id.
///
/// With many stores the tables do not fit the processor's cache, and looking up an id waits for memory. So many ids are
/// gathered, each with a value, and looked up one right after the other, when the processor waits for several at once:
/// that halves the time of a report.
pub struct Cache<'a, T> {
    numbers: &'a StoreNumbers,
    hasher: RandomState,
    /// Ids of at most 24 bytes, such as numbers.
    short: Table<3, T>,
    /// Ids of at most 40 bytes, such as UUIDs.
    long: Table<5, T>,
    /// Numbers of the ids that were gathered.
    found: Vec<Option<u32>>,
}

/// Ids that are gathered before they are looked up.
const GATHERED: usize = 256;

impl<T> Cache<'_, T> {
    /// Number of a store; `None` when the id is no text that a database could hold (UTF-8 without NUL).
    pub fn number(&mut self, id: &[u8]) -> Option<u32> {
        let Self { numbers, hasher, short, long, .. } = self;
        if let Some(key) = Key::<3>::of(id) {
            short.number(&key, key.hash(hasher), hasher, numbers)
        } else if let Some(key) = Key::<5>::of(id) {
            long.number(&key, key.hash(hasher), hasher, numbers)
        } else {
            numbers.ask(id)
        }
    }

    /// Gathers an id; when there are many, gives their numbers as [`Cache::number`] does, each with its value.
    pub fn gather(&mut self, id: &[u8], value: T, take: impl FnMut(T, Option<u32>)) {
        if let Some(key) = Key::<3>::of(id) {
            self.short.gathered.push((key, key.hash(&self.hasher), value));
        } else if let Some(key) = Key::<5>::of(id) {
            self.long.gathered.push((key, key.hash(&self.hasher), value));
        } else {
            let number = self.numbers.ask(id);
            let mut take = take;
            return take(value, number);
        }
        if self.short.gathered.len() >= GATHERED || self.long.gathered.len() >= GATHERED {
            self.resolve(take);
        }
    }

    /// Gives the numbers of all ids that are still gathered.
    pub fn resolve(&mut self, mut take: impl FnMut(T, Option<u32>)) {
        let Self { numbers, hasher, short, long, found } = self;
        short.resolve(hasher, numbers, found, &mut take);
        long.resolve(hasher, numbers, found, &mut take);
    }
}

/// Ids of up to `N` × 8 bytes side by side with their numbers, so that looking one up is one step through memory.
struct Table<const N: usize, T> {
    known: HashTable<(Key<N>, u32)>,
    /// Ids with their hashes and values.
    gathered: Vec<(Key<N>, u64, T)>,
}

impl<const N: usize, T> Default for Table<N, T> {
    fn default() -> Self {
        Self { known: HashTable::new(), gathered: Vec::with_capacity(GATHERED) }
    }
}

impl<const N: usize, T> Table<N, T> {
    fn number(&mut self, key: &Key<N>, hash: u64, hasher: &RandomState, numbers: &StoreNumbers) -> Option<u32> {
        if let Some((_, number)) = self.known.find(hash, |(known, _)| known.is(key)) {
            return Some(*number);
        }
        let number = numbers.ask(&key.id())?;
        self.known.insert_unique(hash, (*key, number), |(known, _)| known.hash(hasher));
        Some(number)
    }

    fn resolve(
        &mut self,
        hasher: &RandomState,
        numbers: &StoreNumbers,
        found: &mut Vec<Option<u32>>,
        mut take: impl FnMut(T, Option<u32>),
    ) {
        let mut gathered = std::mem::take(&mut self.gathered);
        found.clear();
        // Nothing else is done in this loop: what a processor has in hand is limited.
        found.extend(gathered.iter().map(|(key, hash, _)| self.number(key, *hash, hasher, numbers)));
        for ((_, _, value), number) in gathered.drain(..).zip(&*found) {
            take(value, *number);
        }
        self.gathered = gathered;
    }
}

/// An id in words.
#[derive(Clone, Copy)]
struct Key<const N: usize> {
    /// Its bytes by eights; where some are left, the last word has its last eight bytes, or all when there are fewer.
    /// With the length, no two ids have the same words.
    words: [u64; N],
    len: u32,
}

impl<const N: usize> Key<N> {
    /// `None` when the id is too long.
    fn of(id: &[u8]) -> Option<Self> {
        let mut words = [0; N];
        let (whole, rest) = id.as_chunks::<8>();
        let (first, last) = words.split_at_mut_checked(whole.len())?;
        for (word, bytes) in first.iter_mut().zip(whole) {
            *word = u64::from_be_bytes(*bytes);
        }
        if !rest.is_empty() {
            *last.first_mut()? = match id.last_chunk() {
                Some(bytes) => u64::from_be_bytes(*bytes),
                None => rest.iter().fold(0, |word, byte| (word << 8) | u64::from(*byte)),
            };
        }
        Some(Self { words, len: u32::try_from(id.len()).ok()? })
    }

    /// The id.
    fn id(&self) -> Vec<u8> {
        let len = self.len as usize;
        let mut id = Vec::with_capacity(len + 8);
        for word in &self.words[..len / 8] {
            id.extend_from_slice(&word.to_be_bytes());
        }
        let rest = len % 8;
        if rest > 0 {
            id.extend_from_slice(&self.words[len / 8].to_be_bytes()[8 - rest..]);
        }
        id
    }

    fn is(&self, other: &Self) -> bool {
        let differences = self.words.iter().zip(&other.words).map(|(one, other)| one ^ other);
        self.len == other.len && differences.fold(0, |all, bits| all | bits) == 0
    }

    fn hash(&self, hasher: &RandomState) -> u64 {
        let mut hasher = hasher.build_hasher();
        for word in self.words {
            hasher.write_u64(word);
        }
        hasher.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_threads_agree_on_numbers() {
        let numbers = StoreNumbers::default();
        let seen: Vec<Vec<Option<u32>>> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4)
                .map(|thread| {
                    let mut cache = numbers.cache::<usize>();
                    scope.spawn(move || {
                        let ids = (0..5000_usize).map(|n| (n * 7 + thread * 1234) % 5000);
                        let mut seen = vec![None; 5000];
                        let mut take = |id: usize, number| seen[id] = number;
                        for id in ids.clone().chain(ids) {
                            // Of all lengths that are stored apart.
                            let text = format!("store {id:0width$}", width = id % 60);
                            cache.gather(text.as_bytes(), id, &mut take);
                        }
                        cache.resolve(take);
                        seen
                    })
                })
                .collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(seen.windows(2).all(|pair| pair[0] == pair[1]));
        let ids = numbers.into_ids();
        assert_eq!(ids.len(), 5000);
        for (id, number) in seen[0].iter().enumerate() {
            assert_eq!(ids.get(number.unwrap()), format!("store {id:0width$}", width = id % 60));
        }
    }

    #[test]
    fn an_id_is_text() {
        let numbers = StoreNumbers::default();
        let mut cache = numbers.cache::<usize>();
        assert_eq!(cache.number("é,\"".as_bytes()), Some(0));
        assert_eq!(cache.number(b"8.13992624246019E+018"), Some(1));
        // Of every length, and alike but for the length or one byte.
        let text = "x".repeat(60);
        for round in 0..2 {
            for (length, number) in (1..60).zip((2..).step_by(2)) {
                assert_eq!(cache.number(&text.as_bytes()[..length]), Some(number), "{length}, round {round}");
                let other = format!("{}y", &text[1..length]);
                assert_eq!(cache.number(other.as_bytes()), Some(number + 1), "{length}, round {round}");
            }
        }
        assert_eq!(cache.number(b"\xff"), None);
        assert_eq!(cache.number(b"a\0b"), None);
    }
}
