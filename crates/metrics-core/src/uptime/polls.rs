//! Many polls of many stores, in any order, at twelve bytes each.

use super::poll::Poll;

/// Parts into which stores are dealt by their numbers. A part is grouped and computed at a time, by one thread, so
/// that what is sorted stays in the processor's cache.
pub const SHARDS: u32 = 64;

/// Polls of a chunk. Chunks, unlike one growing list, are never copied, and given back one by one.
const CHUNK: usize = 1024;

/// A poll and its store: the store's place in its shard, and the halves of the poll, so that no padding is needed.
#[derive(Debug, Clone, Copy)]
struct Entry {
    place: u32,
    high: u32,
    low: u32,
}

impl Entry {
    const fn poll(self) -> Poll {
        Poll::from_halves(self.high, self.low)
    }
}

/// The polls of the stores of one shard.
#[derive(Debug, Clone, Default)]
pub struct Shard {
    full: Vec<Vec<Entry>>,
    open: Vec<Entry>,
}

impl Shard {
    fn push(&mut self, entry: Entry) {
        if self.open.len() == self.open.capacity() {
            let full = std::mem::replace(&mut self.open, Vec::with_capacity(CHUNK));
            if !full.is_empty() {
                self.full.push(full);
            }
        }
        self.open.push(entry);
    }

    fn chunks(&self) -> impl Iterator<Item = &Vec<Entry>> {
        self.full.iter().chain([&self.open])
    }

    fn into_chunks(self) -> impl Iterator<Item = Vec<Entry>> {
        self.full.into_iter().chain([self.open])
    }

    /// The polls by store: those of the one in place `n` are `polls[starts[n]..starts[n + 1]]`.
    pub fn into_groups(self, places: usize, groups: &mut Groups) {
        let Groups { polls, starts } = groups;
        starts.clear();
        starts.resize(places + 1, 0);
        for chunk in self.chunks() {
            for entry in chunk {
                starts[entry.place as usize] += 1;
            }
        }
        // Counts become ends; filling from the back makes of them starts.
        let mut end = 0;
        for start in starts.iter_mut() {
            end += *start;
            *start = end;
        }
        polls.clear();
        polls.resize(end, Poll::from_halves(0, 0));
        for chunk in self.into_chunks() {
            for entry in chunk {
                let start = &mut starts[entry.place as usize];
                *start -= 1;
                polls[*start] = entry.poll();
            }
        }
    }
}

/// Polls of one shard by store; kept from shard to shard for its memory.
#[derive(Debug, Default)]
pub struct Groups {
    /// All polls, those of a store side by side.
    pub polls: Vec<Poll>,
    /// Where those of each place begin, and where the last end.
    pub starts: Vec<usize>,
}

/// Polls of many stores.
#[derive(Debug, Clone)]
pub struct Polls {
    shards: Vec<Shard>,
    len: usize,
}

impl Default for Polls {
    fn default() -> Self {
        Self { shards: std::iter::repeat_with(Shard::default).take(SHARDS as usize).collect(), len: 0 }
    }
}

impl Polls {
    /// How many there are.
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Adds a poll of the store with this number.
    pub fn push(&mut self, store: u32, poll: Poll) {
        let (high, low) = poll.halves();
        self.shards[(store % SHARDS) as usize].push(Entry { place: store / SHARDS, high, low });
        self.len += 1;
    }

    /// Takes over all of another's.
    pub fn append(&mut self, other: Self) {
        for (shard, other) in self.shards.iter_mut().zip(other.shards) {
            shard.full.extend(other.full);
            // Chunks are looked through one by one, so one that is not full does no harm.
            shard.full.push(other.open);
        }
        self.len += other.len;
    }

    /// Drops polls before an instant, and tells of which stores.
    pub fn drop_before(&mut self, start_us: i64, mut dropped: impl FnMut(u32)) {
        let len = &mut self.len;
        for (index, shard) in (0..SHARDS).zip(&mut self.shards) {
            for chunk in std::mem::take(shard).into_chunks() {
                for entry in chunk {
                    if entry.poll().at_us() < start_us {
                        dropped(entry.place * SHARDS + index);
                        *len -= 1;
                    } else {
                        shard.push(entry);
                    }
                }
            }
        }
    }

    /// The shards, in order of their numbers.
    pub fn into_shards(self) -> Vec<Shard> {
        self.shards
    }
}
