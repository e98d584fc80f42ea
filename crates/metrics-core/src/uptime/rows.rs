//! Rows of text → typed rows, or why not. Fields are trimmed of ASCII white space here.

use std::str::FromStr;

use chrono_tz::Tz;

use super::opening_hours::{OpeningHours, parse_end_us, parse_start_us, parse_weekday};
use super::poll::{Poll, Status};
use crate::instant::parse_us;

/// Why a row changes nothing but a count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// No store, or a field that cannot be read.
    Bad,
    /// A status that is neither active nor inactive.
    UnknownStatus,
}

/// A row of polls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PollRow<'a> {
    /// Whose.
    pub store_id: &'a [u8],
    /// When, and what it says.
    pub poll: Poll,
}

impl<'a> PollRow<'a> {
    /// From its fields.
    pub fn parse([store_id, status, timestamp_utc]: [&'a [u8]; 3]) -> Result<Self, Refused> {
        let store_id = store_id.trim_ascii();
        let at_us = parse_us(timestamp_utc.trim_ascii()).filter(|_| !store_id.is_empty()).ok_or(Refused::Bad)?;
        let status = Status::parse(status.trim_ascii()).ok_or(Refused::UnknownStatus)?;
        Ok(Self { store_id, poll: Poll::new(at_us, status) })
    }
}

/// A row of opening hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HoursRow<'a> {
    /// Whose.
    pub store_id: &'a [u8],
    /// When it is open.
    pub hours: OpeningHours,
}

impl<'a> HoursRow<'a> {
    /// From its fields.
    pub fn parse([store_id, day, start, end]: [&'a [u8]; 4]) -> Result<Self, Refused> {
        let store_id = store_id.trim_ascii();
        let hours = || {
            let (start, end) = (parse_start_us(start.trim_ascii())?, parse_end_us(end.trim_ascii())?);
            OpeningHours::new(parse_weekday(day.trim_ascii())?, start, end)
        };
        let hours = hours().filter(|_| !store_id.is_empty()).ok_or(Refused::Bad)?;
        Ok(Self { store_id, hours })
    }
}

/// A row of zones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ZoneRow<'a> {
    /// Whose.
    pub store_id: &'a [u8],
    /// Its zone; `None` when no zone has the name.
    pub zone: Option<Tz>,
}

impl<'a> ZoneRow<'a> {
    /// From its fields.
    pub fn parse([store_id, zone]: [&'a [u8]; 2]) -> Result<Self, Refused> {
        let store_id = store_id.trim_ascii();
        if store_id.is_empty() {
            return Err(Refused::Bad);
        }
        let zone = std::str::from_utf8(zone.trim_ascii()).ok().and_then(|name| Tz::from_str(name).ok());
        Ok(Self { store_id, zone })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_instant_is_looked_at_before_the_status() {
        let poll = |id: &'static str, status: &'static str, at: &'static str| {
            PollRow::parse([id.as_bytes(), status.as_bytes(), at.as_bytes()]).map(|row| row.store_id)
        };
        assert_eq!(poll(" A ", "\tACTIVE", "2023-01-25 17:00:00 UTC\r"), Ok(&b"A"[..]));
        assert_eq!(poll("A", "closed", "2023-01-25 17:00:00 UTC"), Err(Refused::UnknownStatus));
        assert_eq!(poll("A", "closed", "soon"), Err(Refused::Bad));
        assert_eq!(poll(" ", "closed", "2023-01-25 17:00:00 UTC"), Err(Refused::Bad));
        assert_eq!(poll("A", "", "2023-01-25 17:00:00 UTC"), Err(Refused::UnknownStatus));
    }

    #[test]
    fn a_zone_needs_a_store_but_not_a_known_name() {
        assert_eq!(ZoneRow::parse([b"A", b" Asia/Kolkata "]).map(|row| row.zone), Ok(Some(Tz::Asia__Kolkata)));
        assert_eq!(ZoneRow::parse([b"A", b"Mars/Olympus"]).map(|row| row.zone), Ok(None));
        assert_eq!(ZoneRow::parse([b"", b"UTC"]).map(|row| row.zone), Err(Refused::Bad));
    }
}
