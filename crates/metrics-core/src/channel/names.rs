//! Names of our own channels: what they are of, and what they tell of it.
//!
//! A name is a stem that stands for a subject (a cooling unit, a company, a store, a KPI) and, where the subject has
//! several, a colon and the metric: `COOL-17:OCCUPANCY`, `KPI-Active_users`. It consists of letters and digits of ASCII,
//! `_`, `:` and `-`, is never digits alone, and never changes, since saved dashboards hold it.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};

use crate::ids::{CompanyId, CoolingUnitId};

/// Who measures our channels, as they say it.
pub const SOURCE: &str = "metrics-backend";

/// Characters at most of the part of a stem that stands for a text; a number may follow.
const LONGEST: usize = 100;

/// Where our channels are looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Backend {
    /// Days of cooling units and companies.
    Cooling,
    /// Polls and uptime of stores.
    Store,
    /// KPIs.
    Kpi,
}

impl Backend {
    /// All of them, in the order of lists.
    pub const ALL: [Self; 3] = [Self::Cooling, Self::Store, Self::Kpi];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cooling => "cooling",
            Self::Store => "store",
            Self::Kpi => "kpi",
        }
    }

    /// The one with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|backend| backend.name() == name)
    }
}

/// What a channel is of.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Subject {
    /// A cooling unit.
    CoolingUnit(CoolingUnitId),
    /// The cooling units of a company.
    Company(CompanyId),
    /// A store, by its id in its rows.
    Store(String),
    /// A KPI.
    Kpi {
        /// Environment of its definition.
        environment: String,
        /// Its name there.
        name: String,
    },
}

impl Subject {
    /// The subject that is stored as `environment` and `key`; `None` when the back end has no such subjects.
    pub fn stored(backend: Backend, environment: &str, key: &str) -> Option<Self> {
        Some(match backend {
            Backend::Cooling => {
                let (kind, id) = key.split_once('-')?;
                let id = id.parse().ok()?;
                match kind {
                    "COOL" => Self::CoolingUnit(CoolingUnitId(id)),
                    "COMP" => Self::Company(CompanyId(id)),
                    _ => return None,
                }
            }
            Backend::Store => Self::Store(key.to_owned()),
            Backend::Kpi => Self::Kpi { environment: environment.to_owned(), name: key.to_owned() },
        })
    }

    /// Where its channels are looked up.
    pub const fn backend(&self) -> Backend {
        match self {
            Self::CoolingUnit(_) | Self::Company(_) => Backend::Cooling,
            Self::Store(_) => Backend::Store,
            Self::Kpi { .. } => Backend::Kpi,
        }
    }

    /// Environment under which it is stored; empty for all but KPIs.
    pub fn environment(&self) -> &str {
        match self {
            Self::Kpi { environment, .. } => environment,
            Self::CoolingUnit(_) | Self::Company(_) | Self::Store(_) => "",
        }
    }

    /// What tells it from other subjects of its back end and environment, as it is stored.
    pub fn key(&self) -> Cow<'_, str> {
        match self {
            Self::CoolingUnit(_) | Self::Company(_) => self.stem().into(),
            Self::Store(key) | Self::Kpi { name: key, .. } => key.into(),
        }
    }

    /// What its names begin with, unless another subject came first.
    fn stem(&self) -> String {
        match self {
            Self::CoolingUnit(id) => format!("COOL-{id}"),
            Self::Company(id) => format!("COMP-{id}"),
            Self::Store(id) => format!("STORE-{}", slug(id)),
            Self::Kpi { name, .. } => format!("KPI-{}", slug(name)),
        }
    }

    /// What can be told of it, in the order of lists.
    pub const fn metrics(&self) -> &'static [Metric] {
        match self {
            Self::CoolingUnit(_) | Self::Company(_) => &Metric::OF_ROOMS,
            Self::Store(_) => &Metric::OF_STORES,
            Self::Kpi { .. } => &[Metric::Value],
        }
    }
}

/// What a channel tells of its subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "each has its words in `definition`")]
pub enum Metric {
    Occupancy,
    Co2Saved,
    Revenue,
    RevenueUsd,
    CratesIn,
    CratesOut,
    OpsIn,
    OpsOut,
    KgIn,
    KgOut,
    ActiveUsers,
    Operators,
    Beneficiaries,
    CapacityCrates,
    CapacityTons,
    Status,
    UptimeHour,
    DowntimeHour,
    UptimeDay,
    DowntimeDay,
    UptimeWeek,
    DowntimeWeek,
    /// The value of a KPI.
    Value,
}

/// Kind of the values of a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Numbers.
    Float,
    /// Whole numbers.
    Integer,
    /// Numbers that stand for words.
    Enum,
}

impl Kind {
    /// As a channel says it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Float => "f64",
            Self::Integer => "i64",
            Self::Enum => "enum",
        }
    }
}

/// Unit of the values of a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// This one; empty for numbers of things.
    Fixed(&'static str),
    /// The subject's: its currency, or the unit of the KPI.
    OfSubject,
}

impl Metric {
    /// What is told of cooling units and companies.
    const OF_ROOMS: [Self; 15] = [
        Self::Occupancy,
        Self::Co2Saved,
        Self::Revenue,
        Self::RevenueUsd,
        Self::CratesIn,
        Self::CratesOut,
        Self::OpsIn,
        Self::OpsOut,
        Self::KgIn,
        Self::KgOut,
        Self::ActiveUsers,
        Self::Operators,
        Self::Beneficiaries,
        Self::CapacityCrates,
        Self::CapacityTons,
    ];

    /// What is told of stores.
    const OF_STORES: [Self; 7] = [
        Self::Status,
        Self::UptimeHour,
        Self::DowntimeHour,
        Self::UptimeDay,
        Self::DowntimeDay,
        Self::UptimeWeek,
        Self::DowntimeWeek,
    ];

    /// Name, kind, unit, and what it is for people.
    const fn definition(self) -> (&'static str, Kind, Unit, &'static str) {
        use Kind::{Enum, Float, Integer};
        use Unit::{Fixed, OfSubject};

        match self {
            Self::Occupancy => ("OCCUPANCY", Float, Fixed("%"), "average occupancy"),
            Self::Co2Saved => ("CO2_SAVED", Float, Fixed("kg"), "avoided emissions (CO₂e)"),
            Self::Revenue => ("REVENUE", Float, OfSubject, "revenue"),
            Self::RevenueUsd => ("REVENUE_USD", Float, Fixed("USD"), "revenue in US dollars"),
            Self::CratesIn => ("CRATES_IN", Integer, Fixed(""), "crates checked in"),
            Self::CratesOut => ("CRATES_OUT", Integer, Fixed(""), "crates checked out"),
            Self::OpsIn => ("OPS_IN", Integer, Fixed(""), "check-in operations"),
            Self::OpsOut => ("OPS_OUT", Integer, Fixed(""), "check-out operations"),
            Self::KgIn => ("KG_IN", Float, Fixed("kg"), "weight checked in"),
            Self::KgOut => ("KG_OUT", Float, Fixed("kg"), "weight checked out"),
            Self::ActiveUsers => ("ACTIVE_USERS", Integer, Fixed(""), "active users"),
            Self::Operators => ("OPERATORS", Integer, Fixed(""), "operators"),
            Self::Beneficiaries => ("BENEFICIARIES", Float, Fixed(""), "beneficiaries"),
            Self::CapacityCrates => ("CAPACITY_CRATES", Integer, Fixed(""), "capacity in crates"),
            Self::CapacityTons => ("CAPACITY_TONS", Float, Fixed("t"), "capacity"),
            Self::Status => ("STATUS", Enum, Fixed(""), "status"),
            Self::UptimeHour => ("UPTIME_HOUR", Float, Fixed("min"), "uptime of the last hour"),
            Self::DowntimeHour => ("DOWNTIME_HOUR", Float, Fixed("min"), "downtime of the last hour"),
            Self::UptimeDay => ("UPTIME_DAY", Float, Fixed("h"), "uptime of the last day"),
            Self::DowntimeDay => ("DOWNTIME_DAY", Float, Fixed("h"), "downtime of the last day"),
            Self::UptimeWeek => ("UPTIME_WEEK", Float, Fixed("h"), "uptime of the last week"),
            Self::DowntimeWeek => ("DOWNTIME_WEEK", Float, Fixed("h"), "downtime of the last week"),
            Self::Value => ("", Float, OfSubject, ""),
        }
    }

    /// Its part of names; empty for the value of a KPI, which is all that there is of it.
    pub const fn name(self) -> &'static str {
        self.definition().0
    }

    /// Kind of its values.
    pub const fn kind(self) -> Kind {
        self.definition().1
    }

    /// Unit of its values.
    pub const fn unit(self) -> Unit {
        self.definition().2
    }

    /// The one of `subject` with this name.
    pub fn stored(subject: &Subject, name: &str) -> Option<Self> {
        subject.metrics().iter().copied().find(|metric| metric.name() == name)
    }

    /// What it is, for people.
    pub const fn label(self) -> &'static str {
        self.definition().3
    }

    /// Labels of 0 and 1, where its values stand for words.
    pub const LABELS: [&str; 2] = ["inactive", "active"];

    /// The name of the channel that tells this of the subject with this stem.
    fn of(self, stem: &str) -> String {
        match self.name() {
            "" => stem.to_owned(),
            name => format!("{stem}:{name}"),
        }
    }

    /// The stem in a name of this metric.
    fn stem_of(self, name: &str) -> Option<&str> {
        match self.name() {
            "" => Some(name),
            metric => name.strip_suffix(metric)?.strip_suffix(':'),
        }
    }
}

/// `text` with one `_` for each run of characters that a name may not have, cut where it is long.
fn slug(text: &str) -> String {
    let mut slug = String::new();
    let mut is_in_run = false;
    for character in text.chars() {
        let is_fine = character.is_ascii_alphanumeric() || matches!(character, '_' | ':' | '-');
        if is_fine {
            slug.push(character);
        } else if !is_in_run {
            slug.push('_');
        }
        is_in_run = !is_fine;
        if slug.len() == LONGEST {
            break;
        }
    }
    slug
}

/// A channel that has its name already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// What it is of.
    pub subject: Subject,
    /// What it tells.
    pub metric: Metric,
    /// Its name.
    pub name: String,
}

/// Names for the channels of `subjects` that are not among `named`, all of one back end, in order.
///
/// A stem that stands for another subject gets `-2`, `-3`, …; all channels of a subject have the same stem.
pub fn new_names<'a>(
    named: impl IntoIterator<Item = &'a Named>,
    subjects: impl IntoIterator<Item = &'a Subject>,
) -> Vec<Named> {
    let mut stems: HashMap<&Subject, (Cow<'_, str>, Vec<Metric>)> = HashMap::new();
    let mut taken = BTreeSet::new();
    for Named { subject, metric, name } in named {
        if let Some(stem) = metric.stem_of(name) {
            stems.entry(subject).or_insert_with(|| (stem.into(), Vec::new())).1.push(*metric);
            taken.insert(Cow::from(stem));
        }
    }
    let mut new = Vec::new();
    for subject in subjects {
        let (stem, there) =
            stems.entry(subject).or_insert_with(|| (free(&subject.stem(), &mut taken).into(), Vec::new()));
        for metric in subject.metrics() {
            if !there.contains(metric) {
                new.push(Named { subject: subject.clone(), metric: *metric, name: metric.of(stem) });
                there.push(*metric);
            }
        }
    }
    new
}

/// `stem`, or with `-2`, `-3`, … when it is taken. It is taken from then on.
fn free(stem: &str, taken: &mut BTreeSet<Cow<'_, str>>) -> String {
    let mut free = stem.to_owned();
    let mut number = 1;
    while !taken.insert(free.clone().into()) {
        number += 1;
        free = format!("{stem}-{number}");
    }
    free
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn kpi(environment: &str, name: &str) -> Subject {
        Subject::Kpi { environment: environment.to_owned(), name: name.to_owned() }
    }

    fn names(named: &[Named]) -> Vec<&str> {
        named.iter().map(|named| named.name.as_str()).collect()
    }

    #[test]
    fn cooling_units_and_companies_are_named_by_their_ids() {
        let subjects = [Subject::CoolingUnit(CoolingUnitId(17)), Subject::Company(CompanyId(9))];
        let new = new_names(&[], &subjects);
        assert_eq!(new.len(), 30);
        assert_eq!((new[0].name.as_str(), new[29].name.as_str()), ("COOL-17:OCCUPANCY", "COMP-9:CAPACITY_TONS"));
        for subject in subjects {
            assert_eq!(Subject::stored(Backend::Cooling, "", &subject.key()), Some(subject));
        }
        assert_eq!(Subject::stored(Backend::Cooling, "", "COLD-17"), None);
    }

    #[test]
    fn what_a_name_may_not_have_becomes_one_underscore() {
        assert_eq!(slug("A7: Number of  (new) users…"), "A7:_Number_of_new_users_");
        assert_eq!(slug("a__b-c"), "a__b-c");
        assert_eq!(slug("सक्रिय"), "_");
        assert_eq!(slug(&"ab ".repeat(100)).len(), LONGEST);
    }

    #[test]
    fn of_two_with_one_stem_the_second_has_a_number_and_keeps_it() {
        let stores = ["a/b", "a b", "a b-2"].map(|id| Subject::Store(id.to_owned()));
        let first = new_names(&[], stores[..2].iter());
        assert_eq!([first[0].name.as_str(), first[7].name.as_str()], ["STORE-a_b:STATUS", "STORE-a_b-2:STATUS"]);
        let then = new_names(&first, stores.iter().rev());
        assert_eq!(then.len(), 7);
        assert_eq!(then[0].name, "STORE-a_b-2-2:STATUS");
    }

    #[test]
    fn a_kpi_is_named_once_per_environment() {
        let kpis = [kpi("production", "Users (30 d)"), kpi("staging", "Users (30 d)"), kpi("staging", "1")];
        let new = new_names(&[], kpis.iter());
        assert_eq!(names(&new), ["KPI-Users_30_d_", "KPI-Users_30_d_-2", "KPI-1"]);
        assert_eq!(new_names(&new, kpis.iter()), []);
    }

    /// A metric that the program learns later joins the stem of its subject.
    #[test]
    fn a_new_metric_of_a_subject_has_its_stem() {
        let stores = ["a b", "a/b"].map(|id| Subject::Store(id.to_owned()));
        let mut named = new_names(&[], stores.iter());
        let gone = named.remove(13);
        assert_eq!(gone.name, "STORE-a_b-2:DOWNTIME_WEEK");
        assert_eq!(new_names(&named, stores[1..].iter()), [gone]);
    }

    proptest! {
        #[test]
        fn names_are_different_and_need_no_escaping(ids in prop::collection::vec("[ab/ -]{0,4}|.*", 0..8)) {
            let subjects: Vec<_> = ids.into_iter().map(Subject::Store).collect();
            let different: BTreeSet<_> = subjects.iter().map(Subject::key).collect();
            let new = new_names(&[], &subjects);
            prop_assert_eq!(new.len(), different.len() * 7);
            prop_assert_eq!(names(&new).into_iter().collect::<BTreeSet<_>>().len(), new.len());
            for named in &new {
                let is_fine = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | ':' | '-');
                prop_assert!(named.name.chars().all(is_fine), "{}", named.name);
                prop_assert!(!named.name.chars().all(|c| c.is_ascii_digit()));
            }
        }
    }
}
