//! Our own channels, to be listed and looked up.

use std::collections::HashMap;
use std::sync::Arc;

use super::names::{Backend, Metric, Named, SOURCE, Subject, Unit};
use super::{Channel, Shape};

/// A channel of ours as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Series {
    /// Its id, which no other channel of any back end of ours has.
    pub series_id: i64,
    /// Its name, and what it stands for.
    pub named: Named,
}

/// A subject with what is shown of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Described {
    /// The subject.
    pub subject: Subject,
    /// What it is, for people.
    pub title: String,
    /// What else there is to say of it; may be empty.
    pub remark: String,
    /// Its currency, or the unit of the KPI; empty where there is none.
    pub unit: String,
}

/// A channel of ours in a catalogue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its id.
    pub series_id: i64,
    /// Its name.
    pub name: Box<str>,
    /// What it tells.
    pub metric: Metric,
    /// What it is of.
    pub of: Arc<Described>,
}

impl Entry {
    /// Where it is looked up.
    pub fn backend(&self) -> Backend {
        self.of.subject.backend()
    }

    /// Unit of its values.
    pub fn unit(&self) -> &str {
        match self.metric.unit() {
            Unit::Fixed(unit) => unit,
            Unit::OfSubject => &self.of.unit,
        }
    }

    /// The channel as it is listed.
    pub fn channel(&self) -> Channel {
        Channel {
            backend: self.backend().name().to_owned(),
            name: self.name.to_string(),
            series_id: self.series_id.to_string(),
            source: SOURCE.to_owned(),
            kind: self.metric.kind().name().to_owned(),
            shape: Shape::scalar(),
            unit: self.unit().to_owned(),
            description: self.description(),
        }
    }

    fn description(&self) -> String {
        let Described { title, remark, .. } = &*self.of;
        [title.as_str(), self.metric.label(), remark]
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join(", ")
    }
}

/// Channels of ours.
#[derive(Debug, Clone, Default)]
pub struct Catalogue {
    /// By back end, subject and metric, in the order of lists.
    entries: Vec<Entry>,
    /// Places in `entries`, by back end and name.
    by_name: Vec<usize>,
    /// Places in `entries`, by id.
    by_id: Vec<usize>,
}

impl Catalogue {
    /// The channels of `subjects` that have an id in `series`; those of subjects that are gone are left out.
    pub fn new(subjects: Vec<Described>, series: Vec<Series>) -> Self {
        let mut ids: HashMap<(Subject, Metric), (i64, String)> = series
            .into_iter()
            .map(|Series { series_id, named: Named { subject, metric, name } }| ((subject, metric), (series_id, name)))
            .collect();
        let mut entries = Vec::with_capacity(ids.len());
        for of in subjects {
            let of = Arc::new(of);
            for metric in of.subject.metrics() {
                if let Some((series_id, name)) = ids.remove(&(of.subject.clone(), *metric)) {
                    entries.push(Entry { series_id, name: name.into(), metric: *metric, of: of.clone() });
                }
            }
        }
        let mut by_name: Vec<usize> = (0..entries.len()).collect();
        let mut by_id = by_name.clone();
        by_name.sort_unstable_by_key(|place| name_of(&entries[*place]));
        by_id.sort_unstable_by_key(|place| entries[*place].series_id);
        Self { entries, by_name, by_id }
    }

    /// All of them.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The channel of `backend` with exactly this name or, where it consists of digits, this id.
    pub fn find(&self, backend: Backend, name_or_id: &str) -> Option<&Entry> {
        let place = if !name_or_id.is_empty() && name_or_id.bytes().all(|byte| byte.is_ascii_digit()) {
            // Zeros in front make another text of the same number.
            let id: i64 = name_or_id.parse().ok().filter(|_| !name_or_id.starts_with('0'))?;
            self.by_id.binary_search_by_key(&id, |place| self.entries[*place].series_id).map(|found| self.by_id[found])
        } else {
            let wanted = (backend, name_or_id);
            self.by_name
                .binary_search_by(|place| name_of(&self.entries[*place]).cmp(&wanted))
                .map(|found| self.by_name[found])
        };
        place.ok().map(|place| &self.entries[place]).filter(|entry| entry.backend() == backend)
    }
}

fn name_of(entry: &Entry) -> (Backend, &str) {
    (entry.backend(), &entry.name)
}

#[cfg(test)]
mod tests {
    use super::super::names::new_names;
    use super::*;
    use crate::ids::CoolingUnitId;

    fn catalogue() -> Catalogue {
        let subjects = [
            (Subject::CoolingUnit(CoolingUnitId(17)), "Cold room 3 (FreshCo)", "", "NGN"),
            (Subject::Store("a b".to_owned()), "Store a b", "", ""),
            (Subject::Kpi { environment: "e".to_owned(), name: "Users".to_owned() }, "Users (e)", "who came", "people"),
        ];
        let described: Vec<_> = subjects
            .into_iter()
            .map(|(subject, title, remark, unit)| Described {
                subject,
                title: title.to_owned(),
                remark: remark.to_owned(),
                unit: unit.to_owned(),
            })
            .collect();
        let named = new_names(&[], described.iter().map(|described| &described.subject));
        // In another order than the list's, and with one that is gone.
        let gone = new_names(&[], &[Subject::CoolingUnit(CoolingUnitId(5))]);
        let series =
            named.into_iter().rev().chain(gone).zip(1_000_001..).map(|(named, series_id)| Series { series_id, named });
        Catalogue::new(described, series.collect())
    }

    #[test]
    fn a_channel_has_eight_members_that_say_what_it_is() {
        let catalogue = catalogue();
        let listed: Vec<_> = catalogue.entries().iter().map(Entry::channel).collect();
        assert_eq!(listed.len(), 15 + 7 + 1);
        let first = serde_json::to_string(&listed[0]).unwrap();
        assert_eq!(
            first,
            r#"{"backend":"cooling","name":"COOL-17:OCCUPANCY","seriesId":"1000023","source":"metrics-backend","type":"f64","shape":[],"unit":"%","description":"Cold room 3 (FreshCo), average occupancy"}"#
        );
        assert_eq!((listed[2].unit.as_str(), listed[4].unit.as_str()), ("NGN", ""));
        let kpi = &listed[22];
        assert_eq!(
            (kpi.name.as_str(), kpi.unit.as_str(), kpi.description.as_str()),
            ("KPI-Users", "people", "Users (e), who came")
        );
    }

    #[test]
    fn a_channel_is_found_by_its_exact_name_or_id_in_its_back_end() {
        let catalogue = catalogue();
        for entry in catalogue.entries() {
            assert_eq!(catalogue.find(entry.backend(), &entry.name), Some(entry));
            assert_eq!(catalogue.find(entry.backend(), &entry.series_id.to_string()), Some(entry));
        }
        for (backend, name) in [
            (Backend::Store, "COOL-17:OCCUPANCY"),
            (Backend::Store, "1000023"),
            (Backend::Cooling, "01000023"),
            (Backend::Cooling, "cool-17:OCCUPANCY"),
            (Backend::Cooling, "COOL-17"),
            (Backend::Cooling, "COOL-5:OCCUPANCY"),
            (Backend::Cooling, "99999999999999999999"),
            (Backend::Cooling, ""),
        ] {
            assert_eq!(catalogue.find(backend, name), None, "{name}");
        }
    }
}
