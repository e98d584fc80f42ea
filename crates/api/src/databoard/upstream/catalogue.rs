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
        let mut catalogue = Self::default();
        catalogue.add(&list.into_iter().map(Arc::new).collect::<Vec<_>>());
        catalogue
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

    /// Whether this very channel is among them.
    pub fn contains(&self, channel: &Channel) -> bool {
        self.first(&self.by_name, |other| name_key(other).cmp(&name_key(channel))).is_some()
    }

    /// Adds those that are not among them yet, as long as there is room.
    pub fn add(&mut self, channels: &[Arc<Channel>]) {
        let mut new: Vec<(usize, &Arc<Channel>)> =
            channels.iter().enumerate().filter(|(_, channel)| !self.contains(channel)).collect();
        new.sort_by(|one, other| name_key(one.1).cmp(&name_key(other.1)));
        new.dedup_by(|one, other| name_key(one.1) == name_key(other.1));
        new.sort_unstable_by_key(|(place, _)| *place);
        let room = MAX_CHANNELS.saturating_sub(self.channels.len());
        let first = self.channels.len();
        self.channels.extend(new.into_iter().take(room).map(|(_, channel)| channel.clone()));
        let places = (first..self.channels.len()).filter_map(|place| u32::try_from(place).ok());
        self.by_name.extend(places.clone());
        self.by_id.extend(places);
        let channels = &self.channels;
        self.by_name
            .sort_by(|one, other| name_key(&channels[*one as usize]).cmp(&name_key(&channels[*other as usize])));
        self.by_id.sort_by(|one, other| id_key(&channels[*one as usize]).cmp(&id_key(&channels[*other as usize])));
    }

    fn first(&self, places: &[u32], compare: impl Fn(&Channel) -> Ordering) -> Option<&Arc<Channel>> {
        let place = places.partition_point(|place| compare(&self.channels[*place as usize]).is_lt());
        let channel = &self.channels[*places.get(place)? as usize];
        compare(channel).is_eq().then_some(channel)
    }
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
        let mut catalogue = Catalogue::new(vec![
            channel("b", "z", "1"),
            channel("a", "z", "2"),
            channel("b", "z", "1"),
            channel("b", "a", "3"),
        ]);
        assert_eq!(ids(&catalogue), ["1", "2", "3"]);
        catalogue.add(&[channel("b", "z", "4"), channel("a", "z", "2"), channel("b", "z", "4")].map(Arc::new));
        assert_eq!(ids(&catalogue), ["1", "2", "3", "4"]);
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
