use super::*;

fn date(text: &str) -> NaiveDate {
    text.parse().expect("a date")
}

fn span(first: &str, last: &str) -> Span {
    date(first)..=date(last)
}

fn decimal(text: &str) -> Decimal {
    text.parse().expect("a decimal")
}

fn day(unit: i64, text: &str) -> SeriesDay {
    SeriesDay {
        cooling_unit_id: CoolingUnitId(unit),
        sums: DayRow {
            date: date(text),
            time_zone: "Africa/Lagos".into(),
            parameter_set: "2026.1".into(),
            ..DayRow::default()
        },
        cap_num_crates: None,
        currency: Some("NGN".into()),
        room_stock_kg: 0.0,
        household_size: decimal("4.7"),
        household_fem_share: decimal("0.495"),
        household_ma_share: decimal("0.505"),
    }
}

fn series(spans: Vec<Span>, weighting: Weighting, days: &[SeriesDay]) -> Vec<Point> {
    let mut sums = SeriesSums::new(spans, weighting);
    for day in days {
        sums.add(day);
    }
    sums.finish().0
}

fn one(weighting: Weighting, days: &[SeriesDay]) -> Point {
    series(vec![span("2026-11-01", "2026-11-30")], weighting, days).remove(0)
}

/// 1 November 2026 is a Sunday.
#[test]
fn weeks_run_from_monday_and_the_range_clips_the_first_and_the_last() {
    let spans = Bucket::Week.spans(&span("2026-11-01", "2026-11-18"));
    let expected = [
        span("2026-11-01", "2026-11-01"),
        span("2026-11-02", "2026-11-08"),
        span("2026-11-09", "2026-11-15"),
        span("2026-11-16", "2026-11-18"),
    ];
    assert_eq!(spans, expected);
}

#[test]
fn months_end_on_their_last_day_also_in_february_and_december() {
    let spans = Bucket::Month.spans(&span("2027-12-30", "2028-03-01"));
    let expected = [
        span("2027-12-30", "2027-12-31"),
        span("2028-01-01", "2028-01-31"),
        span("2028-02-01", "2028-02-29"),
        span("2028-03-01", "2028-03-01"),
    ];
    assert_eq!(spans, expected);
}

#[test]
fn buckets_cover_every_range_without_gap_or_overlap() {
    for bucket in [Bucket::Day, Bucket::Week, Bucket::Month] {
        for start in 0..40 {
            for days in 0..80 {
                let first = date("2027-12-10") + Days::new(start);
                let range = first..=first + Days::new(days);
                let spans = bucket.spans(&range);
                assert_eq!(spans.first().map(|span| *span.start()), Some(*range.start()));
                assert_eq!(spans.last().map(|span| *span.end()), Some(*range.end()));
                assert!(spans.windows(2).all(|pair| *pair[0].end() + Days::new(1) == *pair[1].start()));
                assert_eq!(spans.iter().map(length).sum::<u64>(), length(&range));
            }
        }
    }
}

#[test]
fn the_ends_of_the_calendar_are_no_trap() {
    let end = NaiveDate::MAX;
    let range = end - Days::new(1)..=end;
    for bucket in [Bucket::Day, Bucket::Week, Bucket::Month] {
        assert_eq!(bucket.spans(&range).last().map(|span| *span.end()), Some(end));
    }
    assert_eq!(moved_back(&(NaiveDate::MIN..=NaiveDate::MIN), 1), None);
}

/// 31 days of March, moved back by 31 days: 29 January to 28 February.
#[test]
fn the_previous_period_is_as_long_and_ends_the_day_before() {
    let march = span("2026-03-01", "2026-03-31");
    assert_eq!(moved_back(&march, length(&march)), Some(span("2026-01-29", "2026-02-28")));
}

#[test]
fn rows_fall_into_their_buckets_and_a_bucket_without_rows_has_no_figure() {
    let spans = Bucket::Day.spans(&span("2026-11-01", "2026-11-03"));
    let mut first = day(1, "2026-11-01");
    first.sums.room_crates_in = 3;
    let outside = day(1, "2026-11-09");
    let points = series(spans, Weighting::Equal, &[first, day(1, "2026-11-03"), outside]);
    assert_eq!(points.iter().map(|point| point.sums.days).collect::<Vec<_>>(), [1, 0, 1]);
    assert_eq!(points[0].sums.room_crates_in, 3);
    assert!(points[1].is_empty());
    assert_eq!((points[1].room_stock_kg(), points[1].beneficiaries(), points[1].currency()), (None, None, None));
}

/// Cooling unit 1 has 100 crates at 20 %, 2 has 300 at 40 %, 3 states no capacity: (20·100 + 40·300) ÷ 400 = 35.
#[test]
fn a_companys_occupancy_is_weighted_by_capacity() {
    let row = |unit, capacity, occupancy| {
        let mut row = day(unit, "2026-11-01");
        row.cap_num_crates = capacity;
        row.sums.average_room_occupancy = occupancy;
        row
    };
    let rows = [row(1, Some(100), Some(20.0)), row(2, Some(300), Some(40.0)), row(3, None, None)];
    assert_eq!(one(Weighting::Capacity, &rows).average_room_occupancy(), Some(35.0));
    assert_eq!(one(Weighting::Equal, &rows).average_room_occupancy(), Some(30.0));
    let point = one(Weighting::Capacity, &rows);
    assert_eq!((point.cooling_units(), point.sums.days), (3, 3));
    assert_eq!(point.missing_days().next(), Some(("average_room_occupancy", 1)));
    assert_eq!(one(Weighting::Capacity, &rows[2..]).average_room_occupancy(), None);
}

/// 40 + 2 at the end of the 2nd; the 1st is over, and a cooling unit without a row on the 2nd has nothing there.
#[test]
fn stock_is_that_of_the_latest_day() {
    let row = |unit, date, kg| SeriesDay { room_stock_kg: kg, ..day(unit, date) };
    let rows =
        [row(1, "2026-11-01", 10.0), row(3, "2026-11-01", 5.0), row(1, "2026-11-02", 40.0), row(2, "2026-11-02", 2.0)];
    assert_eq!(one(Weighting::Capacity, &rows).room_stock_kg(), Some(42.0));
}

/// Farmers {7, 8} of two cooling units: 2 × 4.7 = 9.4.
#[test]
fn a_farmer_of_two_cooling_units_counts_once() {
    let row = |unit, farmers: &[i64]| {
        let mut row = day(unit, "2026-11-01");
        row.sums.room_active_farmer_ids = farmers.to_vec();
        row
    };
    let point = one(Weighting::Capacity, &[row(1, &[7, 8]), row(2, &[8])]);
    assert_eq!(point.beneficiaries().map(|people| people.total.to_string()), Some("9.4".into()));
}

#[test]
fn amounts_in_several_currencies_are_not_added_up() {
    let row = |date, currency: &str| {
        let mut row = SeriesDay { currency: Some(currency.into()), ..day(1, date) };
        row.sums.room_revenue = Some(decimal("1.50"));
        row
    };
    let same = one(Weighting::Equal, &[row("2026-11-01", "NGN"), row("2026-11-02", "NGN")]);
    assert_eq!((same.room_revenue(), same.currency()), (Some(decimal("3.00")), Some("NGN")));
    let mixed = one(Weighting::Equal, &[row("2026-11-01", "NGN"), row("2026-11-02", "USD")]);
    assert_eq!((mixed.room_revenue(), mixed.currency()), (None, None));
    assert!(mixed.missing_days().any(|missing| missing == ("room_revenue", 2)));
}
