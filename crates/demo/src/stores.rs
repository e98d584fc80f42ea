//! Stores that are polled every hour: eight days of an invented fleet, as files for `reporter ingest stores`.
//!
//! Some stores have no zone, no opening hours or no polls, some are closed on Sundays or open over night, and for one
//! night nobody was polled at all.

use std::fmt::Write as _;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};

use crate::random::Random;

/// Stores of the fleet.
const STORES: i64 = 160;

/// Hours of polls.
const HOURS: i64 = 8 * 24;

/// Hours before the end in which nobody was polled.
const GAP: std::ops::Range<i64> = 70..79;

const SEED: u64 = 20_261_122;

const ZONES: [&str; 6] =
    ["Africa/Lagos", "Asia/Kolkata", "America/Chicago", "America/New_York", "America/Denver", "Europe/Paris"];

/// Opening hours of a day.
const OPENINGS: [&[(&str, &str)]; 5] = [
    &[("08:00", "20:00")],
    &[("09:00", "17:00")],
    &[("10:00", "14:00"), ("17:00", "23:59:59")],
    &[("00:00", "24:00")],
    &[("18:00", "03:00")],
];

/// The files: status, hours, zones.
#[derive(Debug, PartialEq, Eq)]
pub struct Files {
    /// `store_id,status,timestamp_utc`
    pub status: String,
    /// `store_id,day,start_time_local,end_time_local`
    pub hours: String,
    /// `store_id,timezone_str`
    pub zones: String,
}

/// The fleet whose polls end before `until`, always the same for the same instant.
pub fn generate(until: DateTime<Utc>) -> Files {
    let mut random = Random::new(SEED);
    let mut files = Files {
        status: "store_id,status,timestamp_utc\n".to_owned(),
        hours: "store_id,day,start_time_local,end_time_local\n".to_owned(),
        zones: "store_id,timezone_str\n".to_owned(),
    };
    for number in 1..=STORES {
        add(&mut files, &mut random, number, until);
    }
    files
}

fn add(files: &mut Files, random: &mut Random, number: i64, until: DateTime<Utc>) {
    let id = format!("{number:03}-{:06}", random.between(0, 999_999));
    if let Some(zone) = random.pick(&ZONES).filter(|_| number % 20 != 0) {
        push(&mut files.zones, &[&id, zone]);
    }
    if let Some(openings) = random.pick(&OPENINGS).filter(|_| number % 5 != 0) {
        let days = if random.chance(30) { 6 } else { 7 };
        for day in 0..days {
            for (start, end) in *openings {
                push(&mut files.hours, &[&id, &day.to_string(), start, end]);
            }
        }
    }
    if number % 40 == 7 {
        return;
    }
    // How often in a thousand hours it fails, and how likely an hour later it is up again.
    let (fails, recovers) = match random.between(1, 100) {
        1..=45 => (2, 80),
        46..=80 => (15, 50),
        81..=95 => (40, 20),
        _ => (60, 4),
    };
    let mut is_up = true;
    for hour in (1..=HOURS).rev() {
        is_up = if is_up { random.between(1, 1000) > fails } else { random.chance(recovers) };
        let at = until - TimeDelta::hours(hour) + TimeDelta::seconds(random.between(0, 3_599));
        if GAP.contains(&hour) || random.chance(3) {
            continue;
        }
        let status = if is_up { "active" } else { "inactive" };
        push(&mut files.status, &[&id, status, &at.to_rfc3339_opts(SecondsFormat::Secs, true)]);
    }
}

fn push(file: &mut String, fields: &[&str]) {
    let _ = writeln!(file, "{}", fields.join(","));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fleet_is_the_same_every_time_and_ends_before_the_end() {
        let until = "2026-11-21T00:00:00Z".parse().expect("an instant");
        let files = generate(until);
        assert_eq!(files, generate(until));
        let lines = files.status.lines().count();
        assert!((20_000..30_000).contains(&lines), "{lines}");
        assert!(files.status.lines().skip(1).all(|line| line.rsplit(',').next() < Some("2026-11-21T00:00:00Z")));
        assert!(files.zones.lines().count() < 160 && files.hours.lines().count() > 700);
    }
}
