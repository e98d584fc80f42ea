//! A set of the shape of real ones, smaller, made here: rows in no order, fractions without their last zeros, hours
//! to 23:59, split days, stores without zone, hours or polls, and hours in which nobody was polled.

use std::fmt::Write as _;
use std::io::Write as _;

use metrics_core::instant::{HOUR_US, SECOND_US, format_us, parse_us};

use super::{Folder, printed, uptime};

/// Stores of the set.
const STORES: usize = 400;

/// Reproducible numbers (xorshift).
pub struct Random(u64);

impl Random {
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below `end`.
    pub fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }

    /// Brings rows into another order.
    pub fn shuffle<T>(&mut self, rows: &mut [T]) {
        for index in (1..rows.len()).rev() {
            let other = usize::try_from(self.below(index as u64 + 1)).unwrap();
            rows.swap(index, other);
        }
    }
}

/// The three files of the set, in a folder.
pub fn folder(seed: u64) -> Folder {
    let set = set(&mut Random::new(seed));
    let [status_header, hours_header, zones_header] = HEADERS;
    Folder::of(&csv(status_header, &set.status), &csv(hours_header, &set.hours), &csv(zones_header, &set.zones))
}

/// Rows of the three files, without their headers.
struct Set {
    status: Vec<String>,
    hours: Vec<String>,
    zones: Vec<String>,
}

const HEADERS: [&str; 3] =
    ["store_id,status,timestamp_utc", "store_id,day,start_time_local,end_time_local", "store_id,timezone_str"];

/// An instant as files have it: without the last zeros of its fraction, or without a fraction.
fn instant(at_us: i64) -> String {
    let text = format_us(at_us).replace('T', " ").replace('Z', "");
    format!("{} UTC", text.trim_end_matches('0').trim_end_matches('.'))
}

fn set(random: &mut Random) -> Set {
    const ZONES: [&str; 11] = [
        "America/New_York",
        "America/Chicago",
        "America/Boise",
        "America/Denver",
        "America/Los_Angeles",
        "America/Phoenix",
        "America/Anchorage",
        "America/Puerto_Rico",
        "Pacific/Honolulu",
        "Asia/Beirut",
        "America/Detroit",
    ];
    let start_us = parse_us(b"2023-01-18 00:00:00").unwrap();
    // 187 hours, of which the whole fleet was polled in two thirds.
    let polled: Vec<i64> = (0..187).filter(|hour| !(110..149).contains(hour) && hour % 8 != 5).collect();
    let mut set = Set { status: Vec::new(), hours: Vec::new(), zones: Vec::new() };
    for _ in 0..STORES {
        let id = format!("{}", 10_u64.pow(14 + u32::try_from(random.below(5)).unwrap()) + random.below(1 << 40));
        if random.below(100) > 4 {
            let zone = ZONES[usize::try_from(random.below(11) * random.below(11) / 11).unwrap()];
            set.zones.push(format!("{id},{zone}"));
        }
        if random.below(100) >= 22 {
            let (opens, closes) = (random.below(12), 12 + random.below(11));
            for day in 0..7 {
                match random.below(20) {
                    0 => {}
                    1..=5 => set.hours.push(format!("{id},{day},00:00:00,23:59:{:02}", 59 * random.below(2))),
                    6 | 7 => {
                        set.hours.push(format!("{id},{day},{opens}:00,12:00:00"));
                        set.hours.push(format!("{id},{day},13:30:00,{closes}:30:00"));
                    }
                    8 => set.hours.push(format!("{id},{day},18:00:00,{:02}:00:00", random.below(6))),
                    _ => set.hours.push(format!("{id},{day},{opens:02}:15:00,{closes}:00:00")),
                }
            }
        }
        if random.below(100) == 0 {
            continue;
        }
        let share = [0, 0, 5, 30, 60][usize::try_from(random.below(5)).unwrap()];
        for hour in &polled {
            let at_us = start_us + hour * HOUR_US + i64::try_from(random.below(3_599_000_000)).unwrap();
            let at_us = if random.below(50) == 0 {
                at_us - at_us % SECOND_US
            } else {
                at_us - at_us % 10_i64.pow(u32::from(random.below(10) == 0))
            };
            let status = if random.below(100) < share { "inactive" } else { "active" };
            let row = format!("{id},{status},{}", instant(at_us));
            if random.below(100) == 0 {
                set.status.push(row.clone());
            }
            set.status.push(row);
        }
    }
    set
}

fn csv(header: &str, rows: &[String]) -> String {
    let mut text = format!("{header}\n");
    for row in rows {
        writeln!(text, "{row}").unwrap();
    }
    text
}

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn threads_order_parts_and_compression_change_no_byte() {
    let mut random = Random::new(20_230_125);
    let mut set = set(&mut random);
    let [status_header, hours_header, zones_header] = HEADERS;
    let folder =
        Folder::of(&csv(status_header, &set.status), &csv(hours_header, &set.hours), &csv(zones_header, &set.zones));
    let policies: [&[&str]; 4] = [
        &[],
        &["--max-carry", "90", "--assume", "active", "--stores", "polled"],
        &["--policy", "capped-60m"],
        &["--policy", "count-hours-edges"],
    ];
    let reports = |status: &[&str], threads| -> Vec<String> {
        let status: Vec<_> = status.iter().map(|name| folder.path(name)).collect();
        let report = |policy: &&[&str]| {
            let arguments = [&["--format", "full", "--threads", threads], *policy].concat();
            printed(uptime(&status, &folder.path("hours.csv"), &folder.path("zones.csv"), &arguments))
        };
        policies.iter().map(report).collect()
    };
    let expected = reports(&["status.csv"], "1");
    let lines = expected[0].lines().count();
    assert!((STORES..=STORES + 1).contains(&lines), "{lines}");
    assert!(expected[1].lines().count() < lines);
    assert!(expected.windows(2).all(|pair| pair[0] != pair[1]));
    assert_eq!(reports(&["status.csv"], "2"), expected);

    random.shuffle(&mut set.status);
    random.shuffle(&mut set.hours);
    random.shuffle(&mut set.zones);
    folder.write("hours.csv", gzip(csv(hours_header, &set.hours).as_bytes()));
    folder.write("zones.csv", csv(zones_header, &set.zones));
    let text = csv(status_header, &set.status);
    folder.write("status.csv", text.replace('\n', "\r\n"));
    assert_eq!(reports(&["status.csv"], "3"), expected);
    folder.write("status.csv.gz", gzip(text.as_bytes()));
    assert_eq!(reports(&["status.csv.gz"], "2"), expected);
    let compressed = ruzstd::encoding::compress_to_vec(text.as_bytes(), ruzstd::encoding::CompressionLevel::Fastest);
    folder.write("status.zst", compressed);
    assert_eq!(reports(&["status.zst"], "2"), expected);
    let (one, other) = set.status.split_at(set.status.len() / 3);
    folder.write("one.csv", csv(status_header, one));
    // The columns in another order, everything quoted.
    let other: Vec<String> = other
        .iter()
        .map(|row| {
            let fields: Vec<&str> = row.split(',').collect();
            format!("\"{}\",\"{}\",,\"{}\"", fields[2], fields[0], fields[1])
        })
        .collect();
    folder.write("other.csv", csv("timestamp_utc,store_id,remark,status", &other));
    assert_eq!(reports(&["one.csv", "other.csv"], "2"), expected);
}
