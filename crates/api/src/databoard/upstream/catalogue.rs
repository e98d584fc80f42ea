//! The channels of a data-api that are known.

use std::cmp::Ordering;
use std::sync::Arc;

use metrics_core::channel::Channel;

/// Channels that are kept at most.
const MAX_CHANNELS: usize = 2_000_000;

/// Channels in the order in which they came, no two of one back end, name and id.
#[derive(Debug, Clone, Default)]
pub struct Catalogue {
    channels: Vec<Arc<Channel>>,
    /// Their places, by name, back end and id.
    by_name: Vec<u32>,
    /// Their places, by id, back end and name.
    by_id: Vec<u32>,
}

impl Catalogue {
    /// The channels of a list.
    pub fn new(list: Vec<Channel>) -> Self {
        Self::default().with(&list.into_iter().map(Arc::new).collect::<Vec<_>>())
    }

    /// All of them.
    pub fn iter(&self) -> std::slice::Iter<'_, Arc<Channel>> {
        self.channels.iter()
    }

    /// The first channel of this name, in `backend` if one is given.
    pub fn by_name(&self, backend: Option<&str>, name: &str) -> Option<&Arc<Channel>> {
        self.first(&self.by_name, |channel| {
            channel.name.as_str().cmp(name).then_with(|| compare_backend(channel, backend))
        })
    }

    /// The first channel of this id, in `backend` if one is given.
    pub fn by_id(&self, backend: Option<&str>, series_id: &str) -> Option<&Arc<Channel>> {
        self.first(&self.by_id, |channel| {
            channel.series_id.as_str().cmp(series_id).then_with(|| compare_backend(channel, backend))
        })
    }

    /// Whether one of `channels` is not among them, and has room.
    pub fn lacks(&self, channels: &[Arc<Channel>]) -> bool {
        self.channels.len() < MAX_CHANNELS && channels.iter().any(|channel| !self.contains(channel))
    }

    /// Whether this very channel is among them.
    fn contains(&self, channel: &Channel) -> bool {
        self.first(&self.by_name, |other| name_key(other).cmp(&name_key(channel))).is_some()
    }

    /// These, and those of `channels` that are not among them, as long as there is room.
    pub fn with(&self, channels: &[Arc<Channel>]) -> Self {
        let mut new: Vec<(usize, &Arc<Channel>)> =
            channels.iter().enumerate().filter(|(_, channel)| !self.contains(channel)).collect();
        new.sort_by(|one, other| name_key(one.1).cmp(&name_key(other.1)));
        new.dedup_by(|one, other| name_key(one.1) == name_key(other.1));
        new.sort_unstable_by_key(|(place, _)| *place);
        let room = MAX_CHANNELS.saturating_sub(self.channels.len());
        let new = new.into_iter().take(room).map(|(_, channel)| channel);
        let channels: Vec<_> = self.channels.iter().chain(new).cloned().collect();
        let places = (self.channels.len()..channels.len()).filter_map(|place| u32::try_from(place).ok());
        let by_name = merged(&self.by_name, places.clone().collect(), |place| name_key(&channels[place as usize]));
        let by_id = merged(&self.by_id, places.collect(), |place| id_key(&channels[place as usize]));
        Self { channels, by_name, by_id }
    }

    fn first(&self, places: &[u32], compare: impl Fn(&Channel) -> Ordering) -> Option<&Arc<Channel>> {
        let place = places.partition_point(|place| compare(&self.channels[*place as usize]).is_lt());
        let channel = &self.channels[*places.get(place)? as usize];
        compare(channel).is_eq().then_some(channel)
    }
}

/// `old`, which is sorted by `key`, and `new` in one: few that are new among millions take no more than a copy.
fn merged<'a>(old: &[u32], mut new: Vec<u32>, key: impl Fn(u32) -> [&'a str; 3]) -> Vec<u32> {
    new.sort_by(|one, other| key(*one).cmp(&key(*other)));
    let mut all = Vec::with_capacity(old.len() + new.len());
    let mut rest = old;
    for place in new {
        let (before, after) = rest.split_at(rest.partition_point(|other| key(*other) < key(place)));
        all.extend_from_slice(before);
        all.push(place);
        rest = after;
    }
    all.extend_from_slice(rest);
    all
}

/// Any back end is the right one where none is given.
fn compare_backend(channel: &Channel, backend: Option<&str>) -> Ordering {
    backend.map_or(Ordering::Equal, |backend| channel.backend.as_str().cmp(backend))
}

fn name_key(channel: &Channel) -> [&str; 3] {
    [&channel.name, &channel.backend, &channel.series_id]
}

fn id_key(channel: &Channel) -> [&str; 3] {
    [&channel.series_id, &channel.backend, &channel.name]
}

#[cfg(test)]
mod tests {
    use metrics_core::channel::Shape;

    use super::*;

    fn channel(backend: &str, name: &str, series_id: &str) -> Channel {
        Channel {
            backend: backend.to_owned(),
            name: name.to_owned(),
            series_id: series_id.to_owned(),
            source: String::new(),
            kind: "f64".to_owned(),
            shape: Shape::scalar(),
            unit: String::new(),
            description: String::new(),
        }
    }

    fn ids(catalogue: &Catalogue) -> Vec<&str> {
        catalogue.iter().map(|channel| channel.series_id.as_str()).collect()
    }

    #[test]
    fn channels_keep_their_order_and_come_once() {
        let catalogue = Catalogue::new(vec![
            channel("b", "z", "1"),
            channel("a", "z", "2"),
            channel("b", "z", "1"),
            channel("b", "a", "3"),
        ]);
        assert_eq!(ids(&catalogue), ["1", "2", "3"]);
        let more = [channel("b", "z", "4"), channel("a", "z", "2"), channel("b", "z", "4")].map(Arc::new);
        assert!(catalogue.lacks(&more) && !catalogue.lacks(&more[1..2]));
        let larger = catalogue.with(&more);
        assert_eq!(ids(&larger), ["1", "2", "3", "4"]);
        assert!(!larger.lacks(&more));
        assert_eq!(ids(&catalogue), ["1", "2", "3"], "whoever has the old one keeps it as it is");
    }

    /// However they come, they are found as in one list.
    #[test]
    fn what_comes_later_is_found_as_what_came_first() {
        let all: Vec<Channel> = (0..200)
            .map(|n: usize| {
                channel(["a", "b", "c"][n % 3], &format!("N{}", n * 7919 % 101), &(n * 104_729 % 307).to_string())
            })
            .collect();
        let whole = Catalogue::new(all.clone());
        for size in [1, 7, 150] {
            let parts = all.chunks(size).map(|part| part.iter().cloned().map(Arc::new).collect::<Vec<_>>());
            let grown = parts.fold(Catalogue::default(), |catalogue, part| catalogue.with(&part));
            assert_eq!(ids(&grown), ids(&whole));
            assert_eq!((&grown.by_name, &grown.by_id), (&whole.by_name, &whole.by_id));
        }
    }

    #[test]
    fn a_channel_is_found_by_its_exact_name_or_id_in_its_back_end() {
        let catalogue =
            Catalogue::new(vec![channel("b", "TEMP", "7"), channel("a", "TEMP", "8"), channel("a", "TEMP:X", "9")]);
        let id = |found: Option<&Arc<Channel>>| found.map(|channel| channel.series_id.clone());
        assert_eq!(id(catalogue.by_name(Some("b"), "TEMP")).as_deref(), Some("7"));
        assert_eq!(id(catalogue.by_name(Some("a"), "TEMP")).as_deref(), Some("8"));
        assert_eq!(id(catalogue.by_name(None, "TEMP")).as_deref(), Some("8"));
        assert_eq!(id(catalogue.by_name(Some("c"), "TEMP")), None);
        assert_eq!(id(catalogue.by_name(None, "temp")), None);
        assert_eq!(id(catalogue.by_name(None, "TEM")), None);
        assert_eq!(id(catalogue.by_id(None, "9")).as_deref(), Some("9"));
        assert_eq!(id(catalogue.by_id(Some("b"), "9")), None);
        assert!(catalogue.contains(&channel("a", "TEMP", "8")) && !catalogue.contains(&channel("a", "TEMP", "7")));
    }

    #[test]
    fn nothing_is_known_at_first() {
        assert!(Catalogue::default().by_name(None, "").is_none());
    }
}
